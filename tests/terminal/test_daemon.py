"""``tidelock kernel start``: its ports and limits, detaching, its log and its files."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import stat
from pathlib import Path

import pytest

from kit.jupyter import JupyterPeer
from kit.timeline import until
from tidelock.shared import log
from tidelock.shared.errors import KernelError
from tidelock.terminal.daemon import pid_file

from .conftest import Place, detached, gone


def files_with(paths: list[Path], text: str) -> int:
    """In how many files a text stands; one may be moved just now."""
    found = 0
    for path in paths:
        with contextlib.suppress(FileNotFoundError):
            found += text in path.read_text()
    return found


def default_log(place: Place, name: str) -> Path:
    return place.home / "run" / "kernels" / f"tidelock-kernel-{name}.log"


# -- detaching -----------------------------------------------------------------------------------


def test_it_answers_when_the_command_returns(place: Place) -> None:
    started = place.run("kernel", "start", "--daemon", "--id", "k1", "--pid-file", "pid").expect()
    (fields,) = place.registered()
    assert started.stdout == (
        f"Kernel k1, Lua {fields['lua']}\n"
        f"  workspace        {place.work}\n"
        f"  process          {fields['pid']}\n"
        f"  shell            tcp://127.0.0.1:{fields['shell_port']}\n"
        f"  debug adapter    127.0.0.1:{fields['dap_port']}\n"
        f"  connection file  {place.home}/run/kernels/tidelock-kernel-k1.json\n"
        "'tidelock kernel stop k1' stops it.\n"
    )
    assert started.stderr == ""
    assert (place.work / "pid").read_text() == f"{fields['pid']}\n"
    assert place.run("exec", "6 * 7", "--connect", "k1").expect().stdout == "42\n"
    environment = place.run("exec", "os.getenv('TIDELOCK_DAEMON_PIPE')", "--connect", "k1")
    assert environment.expect().stdout.strip() in ("", "nil")
    assert place.run("kernel", "stop", "k1").expect().stdout == "k1: stopped (graceful)\n"
    until(lambda: gone(fields["pid"]), "its end")
    assert not (place.work / "pid").exists()
    assert list((place.home / "run" / "kernels").glob("tidelock-kernel-*")) == []


def test_it_survives_its_terminal_and_holds_nothing_of_it(place: Place) -> None:
    with place.pty("kernel", "start", "--daemon", "--id", "k1") as terminal:
        terminal.expect("stops it.\n")
        assert terminal.wait() == 0
    (fields,) = place.registered()  # the terminal is closed
    pid = fields["pid"]
    assert os.getsid(pid) == pid
    assert os.getpgid(pid) == pid
    held = {os.readlink(f"/proc/{pid}/fd/{number}") for number in (0, 1, 2)}
    assert held == {"/dev/null", str(default_log(place, "k1"))}
    assert place.run("exec", "1", "--connect", "k1").expect().stdout == "1\n"
    place.run("kernel", "stop", "k1").expect()
    until(lambda: gone(pid), "its end")


def test_one_detached_kernel_is_the_workspaces(place: Place) -> None:
    with detached(place) as document:
        assert document["shared"] is True
        assert place.run("exec", "1", "--workspace-kernel").expect().stdout == "1\n"
        second = place.run("kernel", "start", "--daemon").expect(4)
        assert f"{document['kernel_id']} is the kernel of {place.work} already" in second.stderr
        taken = place.run("kernel", "start", "--daemon", "--id", document["kernel_id"]).expect(2)
        assert "is running" in taken.stderr


def test_a_start_that_fails_shows_the_end_of_the_log(place: Place) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        flags = ["--id", "k1", "--dap-port", port, "--log-file", "kernel.log"]
        place.file("kernel.log", "of an earlier one\n")
        failed = place.run("kernel", "start", "--daemon", *flags).expect(4)
    assert failed.stdout == ""
    first, *_, last, end = failed.stderr.splitlines()
    assert first.startswith(f"tidelock: port {port} for the debug adapter: ")
    assert last == f"The whole log: {place.work}/kernel.log"
    assert end == "tidelock: the kernel did not start"
    assert place.registered() == []


def test_a_log_that_cannot_be_written(place: Place) -> None:
    refused = place.run("kernel", "start", "--daemon", "--log-file", "no/such/folder")
    said = refused.expect(4).stderr
    assert f"log file {place.work}/no/such/folder: " in said
    assert "choose another --log-file" in said
    foreground = place.run("kernel", "start", "--log-file", "no/such/folder").expect(4)
    assert "choose another --log-file" in foreground.stderr


def test_a_kernel_that_does_not_answer_is_ended(place: Place) -> None:
    flags = ["--id", "k1", "--set", "client.connect_timeout_s=0"]
    failed = place.run("kernel", "start", "--daemon", *flags).expect(4)
    assert "does not answer" in failed.stderr
    (fields,) = place.registered() or [{"pid": 2**22 + 1}]
    until(lambda: gone(fields["pid"]), "its end")
    place.run("kernel", "list").expect()
    assert place.registered() == []


def test_it_ends_when_nobody_uses_it(place: Place) -> None:
    with detached(place, "--id", "k1", "--idle-timeout", "0.2") as document:
        until(lambda: gone(document["pid"]), "its end")
    assert place.registered() == []


# -- ports, transports, limits -------------------------------------------------------------------


def free_block() -> int:
    """The first of six ports that were free a moment ago."""
    for first in range(21000, 60000, 7):
        with contextlib.ExitStack() as held:
            try:
                for number in range(6):
                    held.enter_context(socket.create_server(("127.0.0.1", first + number)))
            except OSError:
                continue
            return first
    raise AssertionError("no free ports")


def test_a_block_of_ports(place: Place) -> None:
    first = free_block()
    names = ["shell_port", "iopub_port", "stdin_port", "control_port", "hb_port", "dap_port"]
    with place.kernel("--id", "k1", "--port", str(first)):
        (fields,) = place.registered()
        assert [fields[name] for name in names] == list(range(first, first + 6))
        assert place.run("exec", "1", "--connect", "k1").expect().stdout == "1\n"
        taken = place.run("kernel", "start", "--id", "k2", "--port", str(first)).expect(4)
        assert f"port {first} of 127.0.0.1 for shell: " in taken.stderr
        assert "choose another --port" in taken.stderr
        with place.kernel("--id", "k3", "--set", f"kernel.port={first}"):
            fields = {one["kernel_id"]: one for one in place.registered()}["k3"]
            ports = [fields[name] for name in names]
            assert ports == list(range(ports[0], ports[0] + 6))
            assert ports[0] > first
    with place.kernel("--id", "k4", "--set", "kernel.port=0"):
        ports = [place.registered()[0][name] for name in names]
        assert ports != list(range(ports[0], ports[0] + 6))


def test_a_port_beside_which_there_is_no_room(place: Place) -> None:
    refused = place.run("kernel", "start", "--port", "65533").expect(4)
    assert "no six free ports in a row from 65533 on" in refused.stderr


def test_a_kernel_over_ipc(place: Place) -> None:
    with place.kernel("--id", "k1", "--transport", "ipc") as kernel:
        (fields,) = place.registered()
        assert fields["transport"] == "ipc"
        assert place.run("exec", "6 * 7", "--connect", "k1").expect().stdout == "42\n"
        sockets = place.home / "run" / "kernels"
        assert len(list(sockets.glob("tidelock-kernel-k1-?"))) == 5
        kernel.signal(signal.SIGKILL)
        kernel.wait()
        place.run("kernel", "list").expect()
        assert list(sockets.iterdir()) == []  # nothing of a dead one stays


def test_an_address_that_others_can_reach_is_warned_of(place: Place) -> None:
    with place.spawn("kernel", "start", "--id", "k1", "--ip", "0.0.0.0") as kernel:
        kernel.wait_for_line("the channels listen on 0.0.0.0: messages are signed, not encrypted")
        kernel.wait_for_line("stops it")
        kernel.signal(signal.SIGTERM)
        kernel.wait()


def test_flags_stand_for_options(place: Place) -> None:
    with place.kernel("--id", "k1", "--max-clients", "1"):
        (fields,) = place.registered()
        with JupyterPeer(fields) as peer:
            assert peer.execute("return 1").result == "1"
            refused = place.run("exec", "1", "--connect", "k1").expect(4)
            assert "kernel.max_clients is 1, and as many" in refused.stderr


# -- the log -------------------------------------------------------------------------------------


def test_a_log_of_the_foreground(place: Place) -> None:
    with place.kernel("--id", "k1", "--log-file", "kernel.log") as kernel:
        kernel.signal(signal.SIGUSR1)
        path = place.work / "kernel.log"
        text = until(lambda: "MainThread" in path.read_text() and path.read_text(), "the stacks")
        assert "asked by a signal\nstate idle, 0 waiting, 0 clients" in text
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert "asked by a signal" not in kernel.stdout + kernel.stderr


def test_a_detached_kernels_log_is_rotated(place: Place) -> None:
    flags = ["--log-file", "k.log", "--log-rotate-size", "2000", "--log-rotate-count", "2"]
    with detached(place, "--id", "k1", *flags) as document:
        written = [place.work / f"k.log{end}" for end in ("", ".1", ".2")]
        for count in (1, 2, 3, 3):
            os.kill(document["pid"], signal.SIGUSR1)
            until(lambda wanted=count: files_with(written, "MainThread") == wanted, "the file")  # type: ignore[misc]
        place.run("exec", "os.execute('echo from a child')", "--connect", "k1").expect()
        assert sorted(path.name for path in place.work.glob("k.log*")) == [
            "k.log", "k.log.1", "k.log.2",
        ]  # fmt: skip
        output = os.readlink(f"/proc/{document['pid']}/fd/2")
        assert output == str(written[0])  # standard error goes along


@pytest.mark.parametrize(
    ("count", "left"), [(0, [b""]), (1, [b"", b"7"]), (3, [b"", b"7", b"6", b"5"])]
)
def test_how_many_files_are_kept(tmp_path: Path, count: int, left: list[bytes]) -> None:
    path = tmp_path / "log"
    file = log.LogFile(str(path), 10, count)
    for number in range(8):
        file.write(f"{number}" * 9 + "\n")
    file.write("ä" * 20 + "\n")
    file.close()
    found = [tmp_path / name for name in ("log", "log.1", "log.2", "log.3")][: len(left)]
    assert sorted(tmp_path.iterdir()) == sorted(found)
    assert path.read_text() == "ä" * 20 + "\n"  # a line is never cut
    assert [one.read_bytes()[:1] for one in found[1:]] == left[1:]


def test_a_log_that_cannot_be_rotated_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "log"
    file = log.LogFile(str(path), 10, 1)
    (tmp_path / "log.1" / "full").mkdir(parents=True)
    file.write("first line\n")
    file.write("second line\n")
    file.close()
    assert path.read_text() == "first line\nsecond line\n"


# -- the file of its number ----------------------------------------------------------------------


def test_a_pid_file_of_a_process_that_lives_is_left_alone(place: Place, tmp_path: Path) -> None:
    path = place.file("pid", f"{os.getpid()}\n")
    refused = place.run("kernel", "start", "--pid-file", "pid").expect(4)
    assert f"pid file pid names process {os.getpid()}, which lives; stop that" in refused.stderr
    assert path.read_text() == f"{os.getpid()}\n"
    missing = place.run("kernel", "start", "--pid-file", "no/such/pid").expect(4)
    assert "pid file no/such/pid: " in missing.stderr
    path.write_text(f"{2**22 + 1}\n")
    with place.kernel("--id", "k1", "--pid-file", "pid") as kernel:
        assert path.read_text() == f"{kernel.pid}\n"
    assert not path.exists()


@pytest.mark.parametrize("text", ["", "no number", "²", "99999999999999999999", "ours"])
def test_a_pid_file_that_names_nobody_is_written_over(tmp_path: Path, text: str) -> None:
    path = tmp_path / "pid"
    path.write_text(str(os.getpid()) if text == "ours" else text)
    with pid_file(str(path)):
        assert path.read_text() == f"{os.getpid()}\n"
    assert not path.exists()


def test_a_pid_file_of_somebody_elses_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(pid: int, number: int) -> None:
        raise PermissionError

    (tmp_path / "pid").write_text("1")
    monkeypatch.setattr(os, "kill", refuse)
    with pytest.raises(KernelError, match="names process 1"), pid_file(str(tmp_path / "pid")):
        pass

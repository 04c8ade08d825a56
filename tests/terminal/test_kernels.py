"""``tidelock kernel``: processes started, found, asked, interrupted and stopped."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import stat
import sys
from pathlib import Path
from typing import Any

import pytest

from kit.kernels import external
from kit.programs import Program
from kit.timeline import until

from .conftest import Place


def listed(place: Place) -> list[dict[str, Any]]:
    """The kernels as ``kernel list`` has them."""
    document = json.loads(place.run("kernel", "list", "--output", "json").expect().stdout)
    kernels: list[dict[str, Any]] = document["kernels"]
    return kernels


def test_a_kernel_introduces_itself(place: Place) -> None:
    with place.kernel("--id", "k1") as kernel:
        (connection,) = place.registered()
        file = place.home / "run" / "kernels" / "tidelock-kernel-k1.json"
        assert kernel.stdout == (
            f"Kernel k1, Lua {connection['lua']}\n"
            f"  workspace        {place.work}\n"
            f"  shell            tcp://127.0.0.1:{connection['shell_port']}\n"
            f"  debug adapter    127.0.0.1:{connection['dap_port']}\n"
            f"  connection file  {file}\n"
            "Ctrl-C or 'tidelock kernel stop k1' stops it.\n"
        )
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        for port in ("shell_port", "dap_port"):  # said only when it listens
            socket.create_connection(("127.0.0.1", connection[port]), 5).close()
        result = place.run("kernel", "stop", "k1")
        assert (result.code, result.stdout) == (0, "k1: stopped (graceful)\n")
        assert kernel.wait().code == 0
        assert not file.exists()


def test_a_kernel_introduces_itself_to_programs(place: Place) -> None:
    with place.spawn("kernel", "start", "--id", "k1", "--output", "json") as kernel:
        document = json.loads(kernel.wait_for_line("{").string)
        (connection,) = place.registered()
        assert (document["ok"], document["kernel_id"]) == (True, "k1")
        assert document["ports"]["shell"] == connection["shell_port"]
        assert connection["key"] not in kernel.stdout + kernel.stderr
        kernel.signal(signal.SIGTERM)
        assert kernel.wait().code == 0
    assert place.registered() == []


def test_the_kernel_of_the_workspace(place: Place) -> None:
    assert place.run("exec", "1", "--workspace-kernel").expect(4).stderr == (
        f"tidelock: no kernel runs for {place.work}; start one: tidelock kernel start\n"
    )
    with place.kernel():
        (kernel,) = listed(place)
        assert (kernel["shared"], kernel["workspace"]) == (True, str(place.work))
        place.run("exec", "x = 5", "--workspace-kernel").expect()
        assert place.run("exec", "x", "--workspace-kernel").stdout == "5\n"
        second = place.run("kernel", "start").expect(4)
        assert f"{kernel['kernel_id']} is the kernel of {place.work} already" in second.stderr
        with place.kernel("--id", "other"):
            assert place.run("exec", "x", "--workspace-kernel").stdout == "5\n"
            assert place.run("exec", "tostring(x)", "--connect", "other").stdout == '"nil"\n'


def test_every_form_of_an_address(place: Place) -> None:
    with place.kernel("--id", "letters-and-more"):
        (connection,) = place.registered()
        port = connection["shell_port"]
        file = next((place.home / "run" / "kernels").glob("*.json"))
        for address in ("letters-and-more", "lett", f"127.0.0.1:{port}", f"localhost:{port}",
                        f"tcp://127.0.0.1:{port}", str(file)):  # fmt: skip
            assert place.run("exec", "6 * 7", "--connect", address).expect().stdout == "42\n"
        assert "no kernel 'let'" in place.run("exec", "1", "--connect", "let").expect(4).stderr
        refused = place.run("exec", "1", "--connect", "127.0.0.1:1").expect(4).stderr
        assert "so its key is not known" in refused
        with place.kernel("--id", "letters-again"):
            stderr = place.run("exec", "1", "--connect", "letters").expect(2).stderr
            assert "letters-again" in stderr
            assert "letters-and-more" in stderr


def test_an_id_that_is_taken(place: Place) -> None:
    with place.kernel("--id", "one"):
        result = place.run("kernel", "start", "--id", "one")
        assert (result.code, result.stdout) == (2, "")
        assert "a kernel one is running" in result.stderr


def test_a_port_that_is_taken(place: Place) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        result = place.run("kernel", "start", "--dap-port", port)
        assert (result.code, result.stdout) == (4, "")
        assert f"port {port} for the debug adapter" in result.stderr
    assert place.registered() == []
    with place.kernel("--dap-port", port):
        assert place.registered()[0]["dap_port"] == int(port)


def test_what_kernels_do_is_shown(place: Place) -> None:
    assert place.run("kernel", "list").expect().stdout == "No kernels running\n"
    assert place.run("kernel", "status").expect().stdout == "No kernels running\n"
    with place.kernel("--id", "busy"), place.kernel("--id", "calm"):
        with place.spawn("exec", "print('on') while true do end", "--connect", "busy") as script:
            script.wait_for_line("on")
            table = place.run("kernel", "list").expect().stdout.splitlines()
            assert table[0].split() == ["ID", "STATE", "PID", "LUA", "STARTED", "WORKSPACE"]
            assert [line.split()[:2] for line in table[1:]] == [
                ["busy", "running"],
                ["calm", "idle"],
            ]
            full = place.run("kernel", "status", "busy").expect().stdout
            assert re.search(r"^status +running$", full, re.MULTILINE)
            assert re.search(r"^heartbeat port +\d+$", full, re.MULTILINE)
            interrupted = place.run("kernel", "interrupt", "busy").expect()
            assert interrupted.stdout == "busy: interrupted\n"
            assert script.wait().code == 130
        with place.spawn("exec", "print('on') return io.read()", "--connect", "busy") as script:
            script.wait_for_line("on")
            states = {kernel["kernel_id"]: kernel["status"] for kernel in listed(place)}
            assert states == {"busy": "waiting for input", "calm": "idle"}
            script.write("done\n")
            script.wait_for_line('"done"')


def test_fields_of_the_list(place: Place) -> None:
    with place.kernel("--id", "k1") as program:
        (kernel,) = listed(place)
    assert kernel["pid"] == program.pid
    assert set(kernel["ports"]) == {"shell", "iopub", "stdin", "control", "heartbeat"}
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", kernel["started_at"])
    assert set(kernel) == {
        "kernel_id", "status", "pid", "started_at", "workspace", "shared", "lua", "ports",
        "dap_port",
    }  # fmt: skip


def test_a_restart_in_place(place: Place) -> None:
    with place.kernel("--id", "k1") as program:
        place.run("exec", "x = 1", "--connect", "k1").expect()
        assert place.run("kernel", "restart", "k1").expect().stdout == "k1: restarted\n"
        assert place.run("exec", "tostring(x)", "--connect", "k1").stdout == '"nil"\n'
        assert listed(place)[0]["pid"] == program.pid
        assert place.run("kernel", "interrupt", "k1").expect().stdout == "k1: interrupted\n"


def test_kernels_that_are_not_there(place: Place) -> None:
    for command in ("status", "interrupt", "restart", "stop"):
        result = place.run("kernel", command, "nobody")
        assert (result.code, result.stdout) == (4, "")
        assert result.stderr.startswith("tidelock: no kernel 'nobody': ")
    for command in ("interrupt", "restart"):
        assert "no kernel runs for" in place.run("kernel", command).expect(4).stderr
    assert place.run("kernel", "stop").expect().stdout == "No kernels running\n"


def test_a_busy_kernel_stops_in_order(place: Place) -> None:
    code = "print('on') while true do pcall(function() while true do end end) end"
    with (
        place.kernel("--id", "k1") as kernel,
        place.spawn("exec", code, "--connect", "k1") as script,
    ):
        script.wait_for_line("on")
        assert place.run("kernel", "stop", "k1").stdout == "k1: stopped (graceful)\n"
        assert kernel.wait().code == 0
        assert script.wait().code == 130


def test_all_kernels_are_stopped(place: Place) -> None:
    with place.kernel("--id", "a") as first, place.kernel("--id", "b") as second:
        stopped = place.run("kernel", "stop", "--all").expect().stdout
        assert sorted(stopped.splitlines()) == ["a: stopped (graceful)", "b: stopped (graceful)"]
        assert (first.wait().code, second.wait().code) == (0, 0)


def test_a_kernel_that_does_not_listen_is_forced(place: Place) -> None:
    with place.kernel("--id", "k1") as kernel:
        kernel.signal(signal.SIGSTOP)
        assert listed(place)[0]["status"] == "unresponsive"
        result = place.run("kernel", "stop", "k1", "--timeout", "0.1", "--output", "json").expect()
        stopped = json.loads(result.stdout)["stopped"]
        assert stopped == [{"kernel_id": "k1", "how": "forced"}]
        assert kernel.wait().code == -signal.SIGKILL
    assert place.registered() == []


def killed(program: Program) -> None:
    """A kernel that died without cleaning up."""
    program.signal(signal.SIGKILL)
    program.wait()


def test_a_dead_kernel_was_already_stopped(place: Place) -> None:
    with place.kernel("--id", "k1") as kernel:
        killed(kernel)
        assert len(place.registered()) == 1
        assert place.run("kernel", "stop", "k1").expect().stdout == "k1: was already stopped\n"
        assert place.registered() == []
    with place.kernel("--id", "k2") as kernel:
        killed(kernel)
        assert place.run("kernel", "list").expect().stdout == "No kernels running\n"


def test_a_kernel_that_dies_under_a_command(place: Place) -> None:
    """On paths, which nobody takes over at once; a dead kernel's ports may be another's next."""
    with place.kernel("--id", "k1", "--transport", "ipc") as kernel:
        flags = ["--connect", "k1", "--set", "client.heartbeat_interval_ms=400"]
        with place.spawn("exec", "print('on') while true do end", *flags) as script:
            script.wait_for_line("on")
            killed(kernel)
            result = script.wait()
        assert (result.code, result.stdout) == (4, "on\n")
        assert result.stderr == "tidelock: kernel lost: its heartbeat stopped\n"
        assert listed(place) == []


def test_a_file_that_is_no_connection_file(place: Place) -> None:
    place.run("kernel", "list").expect()
    broken = place.home / "run" / "kernels" / "tidelock-kernel-x.json"
    broken.write_text("{half")
    document = json.loads(place.run("kernel", "list", "--output", "json").expect().stdout)
    assert document["kernels"] == [{"kernel_id": broken.name, "status": "broken"}]
    assert "is not JSON" in document["warnings"][0]
    broken.unlink()


def test_a_runtime_folder_that_cannot_be_made(place: Place) -> None:
    blocked = place.file("file", "")
    result = place.run("kernel", "list", env={"TIDELOCK_RUNTIME_DIR": str(blocked)})
    assert result.expect(4).stderr.startswith(f"tidelock: runtime folder {blocked}/kernels: ")


def test_signals_of_a_kernel_in_the_foreground(place: Place) -> None:
    with place.kernel("--id", "k1") as kernel:
        with place.spawn("exec", "print('on') while true do end", "--connect", "k1") as script:
            script.wait_for_line("on")
            kernel.signal(signal.SIGINT)  # interrupts what runs
            assert script.wait().code == 130
        assert place.run("exec", "1", "--connect", "k1").stdout == "1\n"
        kernel.signal(signal.SIGINT)  # stops it when nothing does
        assert kernel.wait().code == 0
    for number in (signal.SIGTERM, signal.SIGHUP):
        with place.kernel("--id", "k2") as kernel:
            kernel.signal(number)
            assert kernel.wait().code == 0
        assert place.registered() == []


def test_ctrl_c_on_a_kernels_terminal(place: Place) -> None:
    with place.pty("kernel", "start", "--id", "k1") as terminal:
        terminal.expect("stops it.\n")
        terminal.key("ctrl-c")
        assert terminal.wait() == 0
    assert place.registered() == []


def test_several_kernels_are_not_stopped_unasked(place: Place) -> None:
    with place.kernel("--id", "a") as first, place.kernel("--id", "b"):
        with place.pty("kernel", "stop") as terminal:
            terminal.expect("Stop these 2 kernels? [y/N] ")
            terminal.send_line("n")
            assert terminal.wait() == 2
        assert [kernel["kernel_id"] for kernel in listed(place)] == ["a", "b"]
        with place.pty("kernel", "stop") as terminal:
            terminal.expect("[y/N] ")
            terminal.send_line("y")
            terminal.expect("b: stopped (graceful)")
            assert terminal.wait() == 0
        assert first.wait().code == 0


RACE = """
import sys
from tidelock.shared.config import Settings
from tidelock.shared.link.start import find_or_start
sys.stdin.readline()
print(find_or_start(sys.argv[1], Settings(kernel_idle_timeout_s=60)).kernel_id, flush=True)
sys.stdin.readline()
"""


def test_eight_starters_at_once_start_one_kernel(place: Place) -> None:
    starters = [
        place.spawn("-c", RACE, str(place.work), program=[sys.executable]) for _ in range(8)
    ]
    try:
        for starter in starters:
            starter.write("go\n")
        names = {starter.wait_for_line("-", timeout=60).string for starter in starters}
        (kernel,) = listed(place)
        assert names == {kernel["kernel_id"]}
        assert kernel["shared"]
        place.run("kernel", "stop", kernel["kernel_id"]).expect()
        registry = place.home / "run" / "kernels"
        assert list(registry.glob("tidelock-kernel-*")) == []  # not even an empty log
    finally:
        for starter in starters:
            starter.stop()


def test_a_killed_kernel_is_dead_while_its_starter_lives(place: Place) -> None:
    with place.spawn("-c", RACE, str(place.work), program=[sys.executable]) as starter:
        starter.write("go\n")
        starter.wait_for_line("-", timeout=30)
        (connection,) = place.registered()
        os.kill(connection["pid"], signal.SIGKILL)
        process = Path(f"/proc/{connection['pid']}/stat")
        until(lambda: process.read_text().rsplit(")", 1)[1].split()[0] == "Z", "its end")
        assert place.run("kernel", "list").expect().stdout == "No kernels running\n"


@pytest.mark.parametrize("level", ["off", "warn"])
def test_a_launched_kernel_logs_as_its_options_say(tmp_path: Path, level: str) -> None:
    with external(tmp_path, log_level=level) as served:
        raw = served.raw().ready()
        raw.assert_dropped("shell", raw.forged(raw.message("execute_request", {"code": "1"})))
    log = (tmp_path / "kernel.log").read_text()
    assert ("dropped a message" in log) == (level == "warn")

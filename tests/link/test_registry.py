"""Connection files and the registry: who is alive, who is found, what is left alone."""

from __future__ import annotations

import json
import os
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from kit.kernels import external
from tidelock.shared import processes
from tidelock.shared.errors import KernelError, UsageError
from tidelock.shared.link import connection as files
from tidelock.shared.link import registry
from tidelock.shared.link.connection import Connection

PLAIN = Connection("tcp", "127.0.0.1", 1, 2, 3, 4, 5, "key", kernel_id="abcd-1", pid=os.getpid())


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TIDELOCK_RUNTIME_DIR", str(tmp_path / "runtime"))
    return Path(registry.folder())


def register(connection: Connection) -> str:
    path = registry.path_of(connection.kernel_id)
    files.write(path, connection)
    return path


def test_a_connection_file_comes_back_and_is_its_owners_alone(folder: Path) -> None:
    before = os.umask(0)
    try:
        path = register(PLAIN)
    finally:
        os.umask(before)
    assert files.read(path) == PLAIN
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o600
    assert stat.S_IMODE(os.stat(folder).st_mode) == 0o700
    assert "key" not in repr(PLAIN).replace("kernel", "")
    assert [entry.name for entry in folder.iterdir()] == [Path(path).name]


def test_a_folder_that_others_may_read_is_closed(folder: Path) -> None:
    folder.chmod(0o755)
    assert stat.S_IMODE(os.stat(registry.folder()).st_mode) == 0o700


def test_a_folder_that_cannot_be_made_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("TIDELOCK_RUNTIME_DIR", str(tmp_path / "file"))
    with pytest.raises(KernelError, match="set TIDELOCK_RUNTIME_DIR"):
        registry.folder()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "not JSON"),
        ("[]", "no JSON object"),
        ("{}", "is missing"),
        (json.dumps({**PLAIN._asdict(), "shell_port": "x"}), "shell_port"),
        (json.dumps({**PLAIN._asdict(), "hb_port": True}), "hb_port"),
        (json.dumps({**PLAIN._asdict(), "key": ""}), "key is empty"),
        (json.dumps({**PLAIN._asdict(), "signature_scheme": "hmac-md5"}), "only hmac-sha256"),
    ],
)
def test_a_broken_file_is_reported_and_harms_nobody(folder: Path, text: str, words: str) -> None:
    path = folder / "tidelock-kernel-broken.json"
    path.write_text(text)
    with pytest.raises(KernelError, match=words):
        files.read(str(path))
    register(PLAIN)
    broken = [entry for entry in registry.scan(check=False) if entry.health == "broken"]
    assert [words in entry.fault for entry in broken] == [True]


def test_unknown_and_wrongly_typed_extras_are_passed_over(folder: Path) -> None:
    path = folder / "x.json"
    path.write_text(json.dumps({**PLAIN._asdict(), "more": 1, "dap_port": "no"}))
    assert files.read(str(path)).dap_port == 0


def test_a_dead_kernels_file_is_removed_by_who_looks(folder: Path) -> None:
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    path = register(PLAIN._replace(pid=gone.pid))
    assert registry.look(path).health == "dead"
    assert not os.path.exists(path)


def test_a_log_goes_with_its_kernel_unless_it_says_something(folder: Path) -> None:
    for said, left in (("", []), ("it broke\n", ["tidelock-kernel-gone.log"])):
        path = register(PLAIN._replace(kernel_id="gone", pid=2**22 + 1))
        Path(registry.log_of(path)).write_text(said)
        assert registry.look(path).health == "dead"
        assert [entry.name for entry in folder.iterdir()] == left


def test_a_process_with_the_same_number_is_not_the_kernel(folder: Path) -> None:
    path = register(PLAIN._replace(process_started=processes.started(os.getpid()) + 1))
    assert registry.look(path).health == "dead"


def test_a_file_of_another_host_is_left_alone(folder: Path) -> None:
    path = register(PLAIN._replace(host="elsewhere.example", pid=1))
    assert registry.look(path).health == "foreign"
    assert os.path.exists(path)


def test_a_silent_process_is_unresponsive_and_kept(folder: Path) -> None:
    path = register(PLAIN)
    assert registry.look(path).health == "unresponsive"
    assert os.path.exists(path)


def test_a_living_kernel_is_found_in_every_way(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with external(tmp_path) as served:
        monkeypatch.setenv("TIDELOCK_RUNTIME_DIR", str(tmp_path / "runtime"))
        where = served.connection
        path = registry.path_of(where.kernel_id)
        for address in (
            path,
            f"tcp://127.0.0.1:{where.shell_port}",
            f"localhost:{where.shell_port}",
            where.kernel_id,
            where.kernel_id[:4],
        ):
            assert registry.resolve(address).kernel_id == where.kernel_id
        assert registry.look(path).health == "alive"
        assert registry.shared_kernel(str(tmp_path)) is None  # it was not started as shared
        assert served.process is not None
        served.process.send_signal(signal.SIGSTOP)
        os.waitpid(served.process.pid, os.WUNTRACED)  # until then it may answer
        assert registry.look(path).health == "unresponsive"
        served.process.send_signal(signal.SIGCONT)
        assert registry.look(path).health == "alive"
    assert not os.path.exists(path)


@pytest.mark.parametrize(
    ("address", "words"),
    [("nothing-like-it", "no kernel"), ("127.0.0.1:1", "key is not known"), ("abc", "no kernel")],
)
def test_what_cannot_be_found_says_what_was_tried(folder: Path, address: str, words: str) -> None:
    with pytest.raises(KernelError, match=words):
        registry.resolve(address)


def test_a_prefix_that_fits_several_is_refused(folder: Path) -> None:
    register(PLAIN)
    register(PLAIN._replace(kernel_id="abcd-2"))
    with pytest.raises(UsageError, match="abcd-1, abcd-2"):
        registry.resolve("abcd")


def test_the_lock_of_a_workspace_is_held_by_one(folder: Path) -> None:
    code = (
        "from tidelock.shared.link import registry\n"
        "import sys\n"
        "with registry.lock('w'): print('held', flush=True); sys.stdin.readline()\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdin is not None
        assert holder.stdout.readline() == b"held\n"
        with pytest.raises(KernelError, match="another process"), registry.lock("w", 0.1):
            pass
        with registry.lock("another", 0.1):
            pass
        holder.stdin.close()
    with registry.lock("w", 1):
        pass

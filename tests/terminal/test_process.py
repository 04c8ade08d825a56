"""A kernel's process seen from outside, with and without the platform's help."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tidelock.shared import processes
from tidelock.shared.config import Settings
from tidelock.shared.errors import KernelError
from tidelock.shared.link import connection as files
from tidelock.shared.link import registry
from tidelock.shared.link.connection import Connection
from tidelock.terminal.process import Process
from tidelock.terminal.stopping import stop

BODY = "import signal, sys, time; {}; print('up', flush=True); time.sleep(60)"


def started(body: str = "0") -> subprocess.Popen[bytes]:
    """A process that does nothing, once it has done something."""
    argv = [sys.executable, "-c", BODY.format(body)]
    child = subprocess.Popen(argv, stdout=subprocess.PIPE)
    assert child.stdout is not None
    assert child.stdout.readline() == b"up\n"
    return child


def ended(child: subprocess.Popen[bytes]) -> int:
    """The exit code of a process that has ended, or is ended now."""
    child.kill()
    assert child.stdout is not None
    child.stdout.close()
    return child.wait()


def connection(pid: int, **fields: int) -> Connection:
    """Where a kernel would be, had the process one."""
    ports = dict.fromkeys(("shell_port", "iopub_port", "stdin_port", "control_port", "hb_port"), 9)
    start = {"process_started": processes.started(pid), **fields}
    return Connection("tcp", "127.0.0.1", **ports, key="00", kernel_id="k1", pid=pid, **start)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TIDELOCK_RUNTIME_DIR", str(tmp_path))
    return tmp_path


@pytest.fixture(params=["pidfd", "polling"])
def child(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> Iterator[subprocess.Popen[bytes]]:
    if request.param == "polling":
        monkeypatch.delattr(os, "pidfd_open")
    made = started()
    yield made
    ended(made)


def test_a_process_is_waited_for_and_signalled(child: subprocess.Popen[bytes]) -> None:
    with Process(connection(child.pid)) as process:
        assert not process.wait(0)
        process.send(signal.SIGTERM)
        assert process.wait(10)  # though it is a zombie: nobody has asked for its code
        process.send(signal.SIGTERM)
    assert ended(child) == -signal.SIGTERM


def test_a_later_process_of_the_same_number_is_left_alone(child: subprocess.Popen[bytes]) -> None:
    with Process(connection(child.pid, process_started=1)) as process:
        assert process.wait(0)
        process.send(signal.SIGKILL)
    assert child.poll() is None


@pytest.mark.parametrize(
    ("body", "code"),
    [("0", -signal.SIGTERM), ("signal.signal(signal.SIGTERM, signal.SIG_IGN)", -signal.SIGKILL)],
)
def test_what_does_not_answer_is_ended(body: str, code: int) -> None:
    child = started(body)
    where = connection(child.pid)
    files.write(registry.path_of("k1"), where)
    assert stop(where, Settings(), 0.05) == "forced"
    assert not Path(registry.path_of("k1")).exists()
    assert ended(child) == code


def test_a_file_that_names_no_process() -> None:
    with pytest.raises(KernelError, match="its file names no process"):
        stop(connection(0), Settings(), 0.05)
    assert registry.lives(connection(0))

"""Processes of this machine: whether one is still there, and no later one with its number."""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import subprocess


def end(process: subprocess.Popen[Any]) -> None:
    """End a process of ours that is talked to by pipes, whatever it does."""
    process.kill()
    process.wait()
    for stream in (process.stdin, process.stdout):
        if stream is not None:
            with contextlib.suppress(OSError):  # what it did not read
                stream.close()


def _stat(pid: int) -> list[bytes]:
    """What Linux tells of a process, from its state on (proc_pid_stat(5)); else nothing."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            return file.read().rsplit(b")", 1)[1].split()
    except (OSError, IndexError):
        return []


def started(pid: int) -> int:
    """When a process started, in clock ticks since boot; 0 where that cannot be told."""
    fields = _stat(pid)
    return int(fields[19]) if len(fields) > 19 else 0


def lives(pid: int, start: int = 0) -> bool:
    """Whether a process is there and, where its start is known, started then."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    if _stat(pid)[:1] in ([b"Z"], [b"X"]):
        return False  # it has ended, and its parent has not asked yet
    now = started(pid)
    return not now or not start or now == start

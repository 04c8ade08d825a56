"""The threads of a process: which are Tidelock's own, and what each of them does.

A Python debugger in the same process must not stop ours: they serve its own client, and everybody
else, while the program stands.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable


def start(name: str, target: Callable[[], None]) -> threading.Thread:
    """Start a thread of ours, a daemon, which also begins while the program stands."""

    def run() -> None:
        _introduce()
        target()

    thread = threading.Thread(target=run, name=name, daemon=True)
    mark_as_ours(thread)
    thread.start()
    return thread


def mark_as_ours(thread: threading.Thread) -> None:
    """Have debugpy neither trace nor suspend a thread (what pydevd looks for).

    The main thread stays one of the program's in its books: without any it takes a program for
    ended.
    """
    thread.pydev_do_not_trace = True  # type: ignore[attr-defined]
    if thread is not threading.main_thread():
        thread.is_pydev_daemon_thread = True  # type: ignore[attr-defined]


def _introduce() -> None:
    """Have pydevd look again who the calling thread is.

    From Python 3.12 on it may meet a new thread before ``threading`` knows it, take it for one
    that nothing marks, and stop it with all others.
    """
    for name in ("_pydevd_sys_monitoring_cython", "_pydevd_sys_monitoring._pydevd_sys_monitoring"):
        known = getattr(sys.modules.get(name), "_thread_local_info", None)
        if known is not None:
            vars(known).pop("thread_info", None)


def stacks() -> list[str]:
    """What every thread of the process does now, line by line; asked of none of them."""
    import traceback  # late: costs a kernel's start 9 ms

    lines = []
    names = {thread.ident: thread.name for thread in threading.enumerate()}
    for number, frame in sys._current_frames().items():
        lines.append(f"thread {names.get(number, number)}")
        lines += (line.rstrip("\n") for line in traceback.format_stack(frame))
    return lines

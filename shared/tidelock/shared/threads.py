"""Which threads of a process are Tidelock's own, for a Python debugger in the same process.

It must not stop them: they serve its own client, and everybody else, while the program stands.
"""

from __future__ import annotations

import threading


def mark_as_ours(thread: threading.Thread) -> None:
    """Have debugpy neither trace nor suspend a thread (what pydevd looks for).

    The main thread stays one of the program's in its books: without any it takes a program for
    ended.
    """
    thread.pydev_do_not_trace = True  # type: ignore[attr-defined]
    if thread is not threading.main_thread():
        thread.is_pydev_daemon_thread = True  # type: ignore[attr-defined]

"""Ctrl-C and SIGTERM while a script runs, and a wait that they always end.

The first Ctrl-C interrupts Lua (under a debugger it pauses Lua and the second one interrupts),
one more within two seconds ends the command. Where the interrupt must wait, as in a long call
of a C function, the user is told, and then any further one ends it. SIGTERM interrupts and ends
the command as soon as the interrupt is done, at the latest after a grace. Outside the ``with``
block the signals do what they did before.
"""

from __future__ import annotations

import contextlib
import os
import signal
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Generic, Self, TypeVar

from tidelock.terminal import exits

T = TypeVar("T")
_AGAIN_S = 2.0
_PATIENCE_S = 0.5
_GRACE_S = 1.5
_CHUNK = 4096
_PENDING = b"tidelock: the interrupt waits for a call to return; Ctrl-C again quits\n"


class Inbox(Generic[T]):
    """Things that other threads hand to the main one, which waits for them here.

    A wait on a queue can miss a signal that comes just before it begins, and then hears of it
    with the next item only; this one waits for a pipe, which signals write to as well.
    """

    def __init__(self) -> None:
        self._items: deque[T] = deque()
        self._closing = threading.Lock()
        self._read, self.wake = os.pipe()
        os.set_blocking(self.wake, False)

    def put(self, item: T) -> None:
        """Hand something over; from any thread. Nothing happens once it is closed."""
        self._items.append(item)
        with self._closing:
            if self.wake >= 0:
                with contextlib.suppress(BlockingIOError):  # full: it will be seen anyway
                    os.write(self.wake, b"\0")

    def get(self) -> T:
        """The next thing, in order; on the thread that closes it."""
        while not self._items:
            os.read(self._read, _CHUNK)
        return self._items.popleft()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        with self._closing:
            os.close(self._read)
            os.close(self.wake)
            self.wake = -1


class Signals:
    """The signals of the foreground execution; to be used on the main thread.

    Args:
        inbox: where the main thread waits meanwhile.
        ways: what each Ctrl-C of a row does, milder ones first, the last one interrupts Lua;
            none may block.
    """

    def __init__(self, inbox: Inbox[Any], ways: Sequence[Callable[[], object]]) -> None:
        self._ways = ways
        self._inbox = inbox
        self._last = 0.0
        self._row = 0  # how many have come within two seconds of each other
        self._is_pending = False
        self._timers: list[threading.Timer] = []
        self._before: dict[int, Any] = {}
        self.terminated = False

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():
            for number, handler in ((signal.SIGINT, self._int), (signal.SIGTERM, self._term)):
                self._before[number] = signal.signal(number, handler)
            signal.set_wakeup_fd(self._inbox.wake, warn_on_full_buffer=False)
        return self

    def __exit__(self, *_: object) -> None:
        if self._before:
            signal.set_wakeup_fd(-1)
        for number, handler in self._before.items():
            signal.signal(number, handler)
        for timer in self._timers:
            timer.cancel()

    @contextlib.contextmanager
    def suspended(self) -> Iterator[None]:
        """Let the signals do what they did before for a while: nothing runs."""
        self.__exit__()
        self._last, self._is_pending = 0.0, False
        try:
            yield
        finally:
            self.__enter__()

    def _int(self, *_: object) -> None:
        now = time.monotonic()
        if now - self._last >= _AGAIN_S:
            self._row = 0
        if self._is_pending or self._row >= len(self._ways):
            # Everything said so far is written; Lua may be deep in a call that never returns.
            os._exit(exits.INTERRUPTED)
        self._last = now
        self._row += 1
        self._later(_PATIENCE_S, self._tell)
        self._ways[self._row - 1]()

    def _tell(self) -> None:
        self._is_pending = True
        os.write(2, _PENDING)

    def _term(self, *_: object) -> None:
        if not self.terminated:
            self.terminated = True
            self._later(_GRACE_S, lambda: os._exit(exits.TERMINATED))
            self._ways[-1]()

    def _later(self, seconds: float, call: Callable[[], None]) -> None:
        timer = threading.Timer(seconds, call)
        timer.daemon = True
        timer.start()
        self._timers.append(timer)

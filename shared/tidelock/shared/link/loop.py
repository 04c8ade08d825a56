"""One thread that serves sockets: the only loop of a kernel or of a client.

ZeroMQ sockets and plain file descriptors, calls from other threads, and timers. It never
blocks for more than its callbacks do, and a callback that raises is logged, not fatal.
"""

from __future__ import annotations

import heapq
import os
import signal
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Any

import zmq

from tidelock.shared.log import layer

log = layer("wire")

Call = Callable[[], None]


class Timer:
    """A call that is due at a time; ``cancel`` makes it nothing."""

    __slots__ = ("call", "due")

    def __init__(self, due: float, call: Call | None) -> None:
        self.due = due
        self.call = call

    def cancel(self) -> None:
        """Do not call."""
        self.call = None

    def __lt__(self, other: Timer) -> bool:
        return self.due < other.due


class Loop:
    """The thread and what it watches. ``call`` and ``stop`` from anywhere, the rest on it."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._poller = zmq.Poller()
        self._readers: dict[Any, Call] = {}
        self._calls: deque[Call] = deque()
        self._timers: list[Timer] = []
        self._wake_read, self._wake_write = os.pipe()
        os.set_blocking(self._wake_read, False)
        os.set_blocking(self._wake_write, False)
        self._woken = False
        self._hears_signals = False
        self._stopping = False
        self._thread: threading.Thread | None = None
        self.turns = 0
        self.is_waiting = True
        self.woke: threading.Event | None = None
        """Set at every turn, for who watches whether turns end (``turns``, ``is_waiting``)."""
        self._poller.register(self._wake_read, zmq.POLLIN)

    def start(self) -> None:
        """Run on a thread of its own."""
        self._thread = threading.Thread(target=self.run, name=self.name, daemon=True)
        self._thread.start()

    def run(self) -> None:
        """Serve on the calling thread until ``stop``."""
        self._thread = threading.current_thread()
        while not self._stopping:
            self.is_waiting = True
            ready = self._poller.poll(self._wait_ms())
            self.turns += 1  # before the next line: else this turn would seem as long as the wait
            self.is_waiting = False
            if self.woke is not None and not self.woke.is_set():
                self.woke.set()
            for item, _ in ready:
                if item == self._wake_read:
                    os.read(self._wake_read, 4096)
                    continue
                reader = self._readers.get(item)
                if reader is not None:
                    self._guard(reader)
            self._woken = False
            while self._calls:
                self._guard(self._calls.popleft())
            now = time.monotonic()
            while self._timers and self._timers[0].due <= now:
                timer = heapq.heappop(self._timers)
                if timer.call is not None:
                    self._guard(timer.call)
        self.is_waiting = True
        if self._hears_signals:
            signal.set_wakeup_fd(-1)
        os.close(self._wake_read)
        os.close(self._wake_write)

    def _wait_ms(self) -> int | None:
        if self._calls:
            return 0
        while self._timers and self._timers[0].call is None:
            heapq.heappop(self._timers)
        if not self._timers:
            return None
        return max(int((self._timers[0].due - time.monotonic()) * 1000) + 1, 0)

    @staticmethod
    def _guard(call: Call) -> None:
        try:
            call()
        except Exception as error:
            log.error("a callback failed", error=repr(error), where=_place(error))

    def call(self, call: Call) -> None:
        """Call on the loop's thread, soon; in order with other calls."""
        self._calls.append(call)
        if not self._woken:
            self._woken = True
            try:
                os.write(self._wake_write, b"\0")
            except OSError:  # full: it will wake anyway; closed: nobody is there any more
                return

    def woken_by_signals(self) -> None:
        """Let signals end the wait; on the main thread, which runs the loop.

        One that came just before the wait would else be heard of with the next message only.
        """
        signal.set_wakeup_fd(self._wake_write, warn_on_full_buffer=False)
        self._hears_signals = True

    def later(self, seconds: float, call: Call) -> Timer:
        """Call on the loop's thread after a time."""
        timer = Timer(time.monotonic() + seconds, call)
        heapq.heappush(self._timers, timer)
        return timer

    def watch(self, item: Any, reader: Call) -> None:
        """Call when a ZeroMQ socket or file descriptor can be read."""
        self._readers[item] = reader
        self._poller.register(item, zmq.POLLIN)

    def unwatch(self, item: Any) -> None:
        """Stop watching."""
        if self._readers.pop(item, None) is not None:
            self._poller.unregister(item)

    def stop(self, wait_s: float = 2.0) -> None:
        """End the thread after the calls that are due."""
        self.call(self._stop)
        thread = self._thread
        if thread is not None and thread is not threading.current_thread():
            thread.join(wait_s)

    def _stop(self) -> None:
        self._stopping = True


def _place(error: BaseException) -> str:
    """File and line where an error was raised."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return f"{trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}" if trace else ""

"""The thread on which a store is written and asked, so that nobody else waits for a disk."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from typing import TypeVar

from tidelock.shared import threads
from tidelock.shared.answers import Answer
from tidelock.shared.errors import KernelError
from tidelock.shared.log import layer

log = layer("store")

T = TypeVar("T")
_GATHER_S = 0.1
"""How long what is to be written may wait for more. A kernel's first reply is out by then, which
would otherwise share the processor with the opening of the store."""


class Keeper:
    """One thread that begins with the first thing to do; its methods are for any thread.

    Args:
        write: writes what there is to write.
        end: called last.
    """

    def __init__(self, write: Callable[[], None], end: Callable[[], None]) -> None:
        self._write = write
        self._end = end
        self._changed = threading.Condition()
        self._asked: deque[Callable[[], None]] = deque()
        self._is_due = self._is_closing = False
        self._thread: threading.Thread | None = None

    def write_soon(self) -> None:
        """There is something to write: it is done within moments."""
        with self._changed:
            self._is_due = True
            self._begin()

    def ask(self, question: Callable[[], T]) -> Answer[T]:
        """Ask on the thread, soon."""
        answer: Answer[T] = Answer()

        def work() -> None:
            try:
                answer.resolve(question())
            except Exception as error:
                answer.fail(error)

        with self._changed:
            if not self._is_closing:
                self._asked.append(work)
                self._begin()
                return answer
        answer.fail(KernelError("the kernel is stopping"))
        return answer

    def close(self, seconds: float) -> bool:
        """Write what there is, then end; False when that takes too long."""
        with self._changed:
            self._is_closing = True
            self._changed.notify()
            thread = self._thread
        if thread is None:
            return True
        thread.join(seconds)
        return not thread.is_alive()

    def _begin(self) -> None:
        if self._thread is None and not self._is_closing:
            self._thread = threads.start("tidelock-store", self._run)
        self._changed.notify()

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._asked or self._is_due or self._is_closing)
                self._changed.wait_for(lambda: self._asked or self._is_closing, _GATHER_S)
                asked, self._asked = self._asked, deque()
                is_due, self._is_due = self._is_due, False
                is_closing = self._is_closing
            if is_due or is_closing:
                self._guarded(self._write)
            for question in asked:
                question()
            if is_closing:
                self._guarded(self._end)
                return

    @staticmethod
    def _guarded(work: Callable[[], None]) -> None:
        try:
            work()
        except Exception as error:
            log.error("the store could not be written", error=repr(error))

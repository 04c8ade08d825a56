"""An answer that comes later: the one way in which threads of Tidelock hand results over.

Whoever owes the answer resolves or fails it once; whoever wants it waits or is called back
on the resolving thread. It never runs a callback twice and never swallows an error of its own.
(``concurrent.futures`` does the same, at 13 ms of the kernel's start for its imports.)
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any, Generic, TypeVar

T = TypeVar("T")
R = TypeVar("R")


class Answer(Generic[T]):
    """One result or one error, set once; safe from any thread."""

    __slots__ = ("_callbacks", "_done", "_error", "_lock", "_source", "_value", "cancelled")

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._callbacks: list[Callable[[Answer[T]], None]] = []
        self._done = False
        self._value: T | None = None
        self._error: BaseException | None = None
        self._source: Answer[Any] | None = None
        self.cancelled = False

    @property
    def done(self) -> bool:
        """Whether a result or an error is there."""
        return self._done

    @property
    def error(self) -> BaseException | None:
        """The error, once done; None for a result."""
        return self._error

    def resolve(self, value: T) -> bool:
        """Set the result; False when something was set before (a late answer is dropped)."""
        return self._settle(value, None)

    def fail(self, error: BaseException) -> bool:
        """Set the error; False when something was set before."""
        return self._settle(None, error)

    def cancel(self) -> None:
        """Say that nobody waits any more; whoever works on it may stop."""
        self.cancelled = True
        if self._source is not None:
            self._source.cancel()

    def _settle(self, value: T | None, error: BaseException | None) -> bool:
        with self._lock:
            if self._done:
                return False
            self._value, self._error, self._done = value, error, True
            callbacks, self._callbacks = self._callbacks, []
        for callback in callbacks:
            callback(self)
        return True

    def then(self, callback: Callable[[Answer[T]], None]) -> None:
        """Call back when done: at once if it is, else on the thread that settles it."""
        with self._lock:
            if not self._done:
                self._callbacks.append(callback)
                return
        callback(self)

    def map(self, convert: Callable[[T], R]) -> Answer[R]:
        """The answer converted; errors, also those of the conversion, are handed on."""
        out: Answer[R] = Answer()
        out._source = self

        def settle(done: Answer[T]) -> None:
            try:
                out.resolve(convert(done.result()))
            except BaseException as error:
                out.fail(error)

        self.then(settle)
        return out

    def wait(self, timeout: float | None = None) -> bool:
        """Wait at most ``timeout`` seconds; whether it is done."""
        if self._done:
            return True
        event = threading.Event()
        self.then(lambda _: event.set())
        return event.wait(timeout)

    def result(self, timeout: float | None = None) -> T:
        """The result, or the error raised.

        Raises:
            TimeoutError: nothing came within ``timeout`` seconds.
        """
        if not self.wait(timeout):
            raise TimeoutError(f"no answer within {timeout} s")
        if self._error is not None:
            raise self._error
        return self._value  # type: ignore[return-value]


def answered(value: T) -> Answer[T]:
    """An answer that is there already."""
    answer: Answer[T] = Answer()
    answer.resolve(value)
    return answer


def failed(error: BaseException) -> Answer[T]:
    """An answer that has failed already."""
    answer: Answer[T] = Answer()
    answer.fail(error)
    return answer

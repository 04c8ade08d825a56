"""Work that nobody waits for any more ends in the middle.

Whoever has something worked out says how to tell that it is not wanted; what works for long looks
now and then. Code that says nothing of itself is wanted.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TypeVar, final

T = TypeVar("T")
_EACH = 32
"""Items between two looks: some tenths of a millisecond where one costs as much as a node."""


class Unwanted(BaseException):
    """Nobody waits for this; raised through all that works, as a keyboard interrupt is."""


@final
class _Told(threading.local):
    """What this thread was told."""

    is_unwanted: Callable[[], bool] | None = None


_told = _Told()


@contextmanager
def ends_if(is_unwanted: Callable[[], bool]) -> Iterator[None]:
    """In this thread, have the work inside end with ``Unwanted`` once it is not wanted."""
    before, _told.is_unwanted = _told.is_unwanted, is_unwanted
    try:
        yield
    finally:
        _told.is_unwanted = before


def look() -> None:
    """Raise ``Unwanted`` if nobody waits for what this thread does."""
    is_unwanted = _told.is_unwanted
    if is_unwanted is not None and is_unwanted():
        raise Unwanted


def each(items: Iterable[T]) -> Iterator[T]:
    """Some items in turn, with a look before the first and now and then."""
    for count, item in enumerate(items):
        if count % _EACH == 0:
            look()
        yield item

"""The runtime error of the last run, as a problem of the text that it was raised in.

It stays while its line says what it said when it ran, and goes when something else is run.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, NamedTuple, final

from tidelock.lsp.moment import moved
from tidelock.shared.positions import Lines
from tidelock.shared.sources import path_of_chunk

if TYPE_CHECKING:
    from tidelock.lsp.documents import Document

_FRAMES = 20


class Place(NamedTuple):
    """A frame of the failed run; the line counts from one."""

    name: str
    chunk: str
    line: int


class Failure(NamedTuple):
    """An error that ended a run: Lua's words, and its stack from the innermost frame on.

    ``texts`` are those of which one ran for the chunk of that frame.
    """

    message: str
    stack: tuple[Place, ...]
    texts: tuple[str, ...]


class Shown(NamedTuple):
    """A failure in a text: where its line stands now, and the frames around it."""

    start: int
    end: int
    message: str
    stack: tuple[Place, ...]


@final
class Failures:
    """What became of the last run; from any thread.

    ``texts_of`` gives the texts of which one ran for a chunk, the likeliest first.
    """

    def __init__(self, texts_of: Callable[[str], tuple[str, ...]]) -> None:
        self._texts_of = texts_of
        self._failure: Failure | None = None
        self._lock = threading.Lock()

    def take(self, message: str, stack: Iterable[Place]) -> set[str]:
        """A run has failed; the chunks whose problems are others now."""
        places = tuple(one for one in stack if path_of_chunk(one.chunk) and one.line > 0)
        texts = self._texts_of(places[0].chunk) if places else ()
        failure = Failure(message, places[:_FRAMES], texts)
        with self._lock:
            before, self._failure = self._failure, failure
        return _chunks(before) | _chunks(failure)

    def clear(self) -> set[str]:
        """Something is run; the chunks whose problems are others now."""
        with self._lock:
            before, self._failure = self._failure, None
        return _chunks(before)

    def of(self, document: Document) -> Shown | None:
        """What the last run says of a text; None when its line has changed since."""
        failure = self._failure
        if failure is None or not failure.stack or failure.stack[0].chunk != document.chunk:
            return None
        for ran in failure.texts:
            span = shown_line(ran, document, failure.stack[0].line)
            if span is not None:
                return Shown(*span, failure.message, failure.stack[1:])
        return None


def shown_line(ran: str, document: Document, line: int) -> tuple[int, int] | None:
    """The stretch of a line, counted from 1, of a text that ran; None if it has changed since."""
    before = Lines(ran)
    now = moved(ran, document.text, line)
    if now is None or line > len(before) or now > len(document.lines):
        return None
    is_same = before.line_text(line - 1) == document.lines.line_text(now - 1)
    if not is_same:
        return None
    start, end = document.lines.span(now - 1)
    text = document.text[start:end]
    return start + len(text) - len(text.lstrip()), end


def _chunks(failure: Failure | None) -> set[str]:
    return {one.chunk for one in failure.stack[:1]} if failure else set()

"""The runtime errors of runs, as problems of the texts that they were raised in.

One stays while its line says what it said when it ran, and goes when what was run, or the text
that it stands in, is run anew. Cells have no file: they are known by what they say when they run.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, NamedTuple, final

from tidelock.lsp.moment import moved
from tidelock.shared.positions import Lines
from tidelock.shared.report import with_helps
from tidelock.shared.sources import path_of_chunk

if TYPE_CHECKING:
    from tidelock.lsp.documents import Document

_FRAMES = 20
_MOST = 100


class Began(NamedTuple):
    """What is run: the name of its chunk, why (``Run.kind``), and the code as it was sent."""

    chunk: str = ""
    kind: str = ""
    code: str = ""


class Place(NamedTuple):
    """A frame of a failed run; the line counts from one. The chunk of a cell is its URI."""

    name: str
    chunk: str
    line: int


class Failure(NamedTuple):
    """An error that ended a run: Lua's words, what may help, and its stack, innermost first.

    ``texts`` are those of which one ran for the chunk of that frame.
    """

    message: str
    helps: tuple[str, ...]
    stack: tuple[Place, ...]
    texts: tuple[str, ...]


class Shown(NamedTuple):
    """A failure in a text: where its line stands now, its words, and the frames around it."""

    start: int
    end: int
    message: str
    stack: tuple[Place, ...]


@final
class Failures:
    """What became of the last run of each file and cell; from any thread.

    ``texts_of`` gives the texts of which one ran for a file's chunk, the likeliest first, and
    ``cell_of`` the URI of the open cell that says this, empty for none.
    """

    def __init__(
        self, texts_of: Callable[[str], tuple[str, ...]], cell_of: Callable[[str], str]
    ) -> None:
        self._texts_of = texts_of
        self._cell_of = cell_of
        self._failures: dict[str, Failure] = {}  # by the file or cell that was run
        self._cells: dict[str, tuple[str, str]] = {}  # by chunk: URI, and the text that ran
        self._lock = threading.Lock()

    def begin(self, began: Began) -> set[str]:
        """Something is run; the texts whose problems are others now, by chunk or URI.

        What is no whole file and no cell takes along what the last such run has left.
        """
        is_cell = began.kind == "notebook" or (began.kind == "selection" and began.chunk[:1] == "=")
        cell = self._cell_of(began.code) if is_cell else ""
        with self._lock:
            self._cells.pop(began.chunk, None)
            if cell:
                self._cells[began.chunk] = cell, began.code
                _drop_oldest(self._cells)
            run = self._run(began.chunk, began.kind)
            gone = [
                one
                for one, failure in self._failures.items()
                if run in (one, failure.stack[0].chunk)
            ]
            return {self._failures.pop(one).stack[0].chunk for one in gone}

    def take(
        self, began: Began, message: str, helps: tuple[str, ...], stack: Iterable[Place]
    ) -> set[str]:
        """A run has failed; the texts whose problems are others now, by chunk or URI."""
        with self._lock:
            cells = dict(self._cells)
        user = [
            one
            for one in stack
            if one.line > 0 and (one.chunk in cells or path_of_chunk(one.chunk))
        ]
        if not user:
            return set()
        chunk = user[0].chunk
        texts = (cells[chunk][1],) if chunk in cells else self._texts_of(chunk)
        places = tuple(
            one._replace(chunk=cells[one.chunk][0]) if one.chunk in cells else one
            for one in user[:_FRAMES]
        )
        failure = Failure(message, helps, places, texts)
        with self._lock:
            run = self._run(began.chunk, began.kind)
            before = self._failures.pop(run, None)
            self._failures[run] = failure
            _drop_oldest(self._failures)
        return {one.stack[0].chunk for one in (before, failure) if one is not None}

    def _run(self, chunk: str, kind: str) -> str:
        """What is run: a cell's URI, a file's chunk; empty for other inputs and for selections."""
        if chunk in self._cells:
            return self._cells[chunk][0]
        return chunk if path_of_chunk(chunk) and kind != "selection" else ""

    def of(self, document: Document) -> list[Shown]:
        """What runs say of a text, but for lines that have changed since."""
        own = document.chunk or document.uri
        with self._lock:
            found = [one for one in self._failures.values() if one.stack[0].chunk == own]
        shown: list[Shown] = []
        for failure in found:
            for ran in failure.texts:
                span = shown_line(ran, document, failure.stack[0].line)
                if span is not None:
                    words = with_helps(failure.message, failure.helps)
                    shown.append(Shown(*span, words, failure.stack[1:]))
                    break
        return shown


def _drop_oldest(found: dict[str, Any]) -> None:
    while len(found) > _MOST:
        del found[next(iter(found))]


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

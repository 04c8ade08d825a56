"""The open texts, each as an immutable snapshot with its tree; nobody else applies an edit.

Edits are applied with ``positions.Lines``, because a line ends at LF, CR LF and CR only: pygls
splits at form feeds and U+2028 too, and every later edit then lands elsewhere.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple, final

from tidelock.shared.log import layer
from tidelock.shared.positions import Encoding, Lines, Place
from tidelock.shared.sources import chunk_of_path, path_of_chunk, path_of_uri

if TYPE_CHECKING:
    from tidelock.shared.model import Dialect
    from tidelock.shared.syntax.tree import Mode, Tree

log = layer("lsp")


class Change(NamedTuple):
    """New text for what lies between two places, or for everything when there are none."""

    text: str
    start: Place | None = None
    end: Place | None = None


@final
class Document:
    """One version of one text; safe from any thread, never changed.

    ``path`` and ``chunk`` are empty for a text without a file; ``search`` are the folders where
    its ``require`` looks.
    """

    __slots__ = (
        "_before",
        "_lines",
        "_lock",
        "_tree",
        "chunk",
        "dialect",
        "mode",
        "search",
        "text",
        "uri",
        "version",
    )

    def __init__(
        self,
        uri: str,
        version: int,
        text: str,
        dialect: Dialect = "5.4",
        search: tuple[str, ...] = (),
        mode: Mode = "chunk",
    ) -> None:
        self.uri = uri
        self.version = version
        self.text = text
        self.dialect = dialect
        self.search = search
        self.mode = mode
        self.chunk = chunk_of_uri(uri)
        self._lines: Lines | None = None
        self._tree: Tree | None = None
        # The newest tree that an earlier version has, until there is one of its own.
        self._before: Tree | None = None
        self._lock = threading.Lock()

    def __del__(self) -> None:
        """What was made of its tree refers back to it: nothing of that waits for the collector."""
        if self._tree is not None:
            self._tree.forget()

    @property
    def path(self) -> str:
        """The canonical path of its file."""
        return path_of_chunk(self.chunk)

    @property
    def lines(self) -> Lines:
        """Its lines, found at first use."""
        if self._lines is None:
            self._lines = Lines(self.text)
        return self._lines

    @property
    def tree(self) -> Tree:
        """Its tree; the first who asks parses what has changed, others wait for that."""
        with self._lock:
            if self._tree is None:
                # late: not before initialize is answered
                from tidelock.shared.syntax.changes import parse_again
                from tidelock.shared.syntax.parser import LONGEST, parse_bounded

                before = self._before
                if before is None or max(len(before.text), len(self.text)) > LONGEST:
                    self._tree = parse_bounded(self.text, self.dialect, self.mode)
                else:
                    self._tree = parse_again(before, self.text)
                self._before = None
                if self._lines is not None:
                    self._tree.take_lines(self._lines)
            return self._tree

    def foresee(self, breathe: Callable[[], None]) -> None:
        """Make the first edits as quick as later ones, when there is time."""
        from tidelock.shared.syntax.changes import foresee

        if self.mode == "chunk":
            foresee(self.tree, breathe)

    def read_as(self, dialect: Dialect, search: tuple[str, ...]) -> Document:
        """The same version, read as another Lua or with modules in other folders."""
        return Document(self.uri, self.version, self.text, dialect, search, self.mode)

    def changed(self, version: int, changes: Iterable[Change], encoding: Encoding) -> Document:
        """The next version: each change counts in the text that the one before it left."""
        text, lines = self.text, self.lines
        for change in changes:
            if change.start is None or change.end is None:
                text = change.text
                lines = Lines(text)
            else:
                start = lines.offset(*change.start, encoding)
                end = max(lines.offset(*change.end, encoding), start)
                text = text[:start] + change.text + text[end:]
                lines = lines.edited(text, start, end)
        made = Document(self.uri, version, text, self.dialect, self.search, self.mode)
        made._lines = lines
        # Without the lock, which who parses holds; one of the two is there in this order.
        before = self._before
        made._before = before if self._tree is None else self._tree
        return made


@lru_cache(maxsize=1000)
def chunk_of_uri(uri: str) -> str:
    """The chunk name of a file's URI, however it is spelled; empty for other schemes."""
    path = path_of_uri(uri) if uri.startswith("file:") else ""
    return chunk_of_path(path) if path else ""


@final
class Documents:
    """The open documents by identity. Changed on the document lane only, read from anywhere."""

    def __init__(self) -> None:
        self._open: dict[str, Document] = {}

    @staticmethod
    def _key(uri: str) -> str:
        return chunk_of_uri(uri) or uri

    def __iter__(self) -> Iterator[Document]:
        return iter(list(self._open.values()))

    def cell_of(self, code: str) -> str:
        """The open cell with this text, spaces at its end aside: its URI, or chunk with a path.

        Empty for none, and for code that says nothing.
        """
        wanted = code.rstrip()
        cells = (one for one in self if wanted and one.mode == "input")
        return next((one.chunk or one.uri for one in cells if one.text.rstrip() == wanted), "")

    def get(self, uri: str) -> Document | None:
        """The present version of a text; None when it is not open."""
        return self._open.get(self._key(uri))

    def is_present(self, document: Document) -> bool:
        """Whether a version is the newest one of an open text."""
        return self._open.get(self._key(document.uri)) is document

    def open(self, document: Document) -> None:
        """Take a text in; one that is open already is replaced."""
        key = self._key(document.uri)
        if key in self._open:
            log.warn("opened again", uri=document.uri)
        self._open[key] = document

    def renew(self, document: Document) -> None:
        """Put another form of the same version in the place of an open text."""
        self._open[self._key(document.uri)] = document

    def change(
        self, uri: str, version: int, changes: Iterable[Change], encoding: Encoding
    ) -> Document | None:
        """Apply changes; None, and nothing done, for an unknown text or a version not newer."""
        before = self.get(uri)
        if before is None or version <= before.version:
            known = "not open" if before is None else f"has version {before.version}"
            log.warn("ignored a change", uri=uri, version=version, document=known)
            return None
        made = before.changed(version, changes, encoding)
        self._open[self._key(uri)] = made
        return made

    def close(self, uri: str) -> Document | None:
        """Forget a text; its last version, None when it was not open."""
        return self._open.pop(self._key(uri), None)

"""The trees of files that a question led to, kept while there is room for them."""

from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING, NamedTuple, final

from tidelock.shared.sources import read_text
from tidelock.shared.syntax.parser import parse_bounded
from tidelock.shared.unwanted import look

if TYPE_CHECKING:
    from tidelock.shared.model import Dialect
    from tidelock.shared.syntax.tree import Tree

_MOST = 4_000_000


class _Kept(NamedTuple):
    stamp: tuple[int, int]
    tree: Tree


@final
class Trees:
    """Trees of files as they are on disk; from any thread.

    Args:
        dialect: the Lua they are read as.
        most: letters of text that are kept at most, the longest unused given up first.

    ``read`` counts the letters that were parsed so far.
    """

    def __init__(self, dialect: Dialect, most: int = _MOST) -> None:
        self.dialect = dialect
        self.most = most
        self._kept: dict[str, _Kept] = {}
        self._size = 0
        self.read = 0
        self._lock = threading.Lock()

    def kept(self, path: str) -> Tree | None:
        """The tree of a file as it is now, if it is here; nothing is read."""
        with self._lock:
            found = self._kept.get(path)
        try:
            return found.tree if found is not None and found.stamp == _stamp(path) else None
        except OSError:
            return None

    def get(self, path: str) -> Tree | None:
        """The tree of a file as it is now; None when it cannot be read."""
        look()
        try:
            stamp = _stamp(path)
            with self._lock:
                kept = self._kept.pop(path, None)
                if kept is not None and kept.stamp == stamp:
                    self._kept[path] = kept  # the newest again
                    return kept.tree
                if kept is not None:
                    self._size -= len(kept.tree.text)
            text = read_text(path)
        except OSError:
            return None
        tree = parse_bounded(text, self.dialect)
        with self._lock:
            self.read += len(text)
            if path not in self._kept:
                self._kept[path] = _Kept(stamp, tree)
                self._size += len(text)
            while self._size > self.most and len(self._kept) > 1:
                oldest = next(iter(self._kept))
                self._size -= len(self._kept.pop(oldest).tree.text)
        return tree


def _stamp(path: str) -> tuple[int, int]:
    status = os.stat(path)
    return status.st_mtime_ns, status.st_size

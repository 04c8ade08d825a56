"""The words of semantic tokens, and what of them an editor has: it is told only what changes."""

from __future__ import annotations

import itertools
import threading
from typing import NamedTuple, final

TYPES = (
    *("namespace", "type", "class", "parameter", "variable", "property", "function", "method"),
    *("keyword", "comment", "string", "number", "operator", "label"),
)
MODIFIERS = (
    *("declaration", "definition", "readonly", "deprecated", "defaultLibrary", "modification"),
    *("documentation", "global", "upvalue", "observed"),
)
_MOST = 40


class Kept(NamedTuple):
    """What was sent for a text, and the id by which the editor names it."""

    id: str
    data: list[int]


NOTHING = Kept("", [])


@final
class Sent:
    """The newest tokens of some texts; from any thread."""

    def __init__(self) -> None:
        self._kept: dict[str, Kept] = {}
        self._ids = itertools.count(1)
        self._lock = threading.Lock()

    def exchange(self, uri: str, data: list[int]) -> tuple[Kept, Kept]:
        """Keep what is sent now; it with its id, and what was there before it."""
        with self._lock:
            before = self._kept.pop(uri, NOTHING)
            now = self._kept[uri] = Kept(str(next(self._ids)), data)
            while len(self._kept) > _MOST:
                del self._kept[next(iter(self._kept))]
        return now, before

    def forget(self, uri: str) -> None:
        """The text is closed."""
        with self._lock:
            self._kept.pop(uri, None)


def difference(old: list[int], new: list[int]) -> tuple[int, int, list[int]]:
    """Where two lists begin to differ, how many of the old ones go, and what comes there."""
    shorter = min(len(old), len(new))
    head = 0
    while head < shorter and old[head] == new[head]:
        head += 1
    tail = 0
    while tail < shorter - head and old[-1 - tail] == new[-1 - tail]:
        tail += 1
    return head, len(old) - head - tail, new[head : len(new) - tail]

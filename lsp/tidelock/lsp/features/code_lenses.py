"""What can be run: the text, and its cells where ``-- %%`` divides it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from tidelock.lsp.documents import Document

_CELL = re.compile(r"^--[ \t]*%%.*$", re.MULTILINE)


class Lens(NamedTuple):
    """A stretch of the text and the command for it; ``is_part`` if it is not all of the text."""

    start: int
    end: int
    title: str
    command: str
    is_part: bool = False


def code_lenses(document: Document, *, is_wanted: bool = True) -> list[Lens]:
    """Run and debug the text, run each of its cells; nothing for an empty text."""
    text = document.text
    if not is_wanted or not text.strip():
        return []
    found = [
        Lens(0, 0, "Run", "tidelock.run"),
        Lens(0, 0, "Debug", "tidelock.debug"),
    ]
    for start, end in cells(text):
        found.append(Lens(start, end, "Run cell", "tidelock.run", is_part=True))
    return found


def cells(text: str) -> Iterator[tuple[int, int]]:
    """The stretches that ``-- %%`` lines begin; what stands before the first is none."""
    starts = [match.start() for match in _CELL.finditer(text)]
    return pairwise([*starts, len(text)])

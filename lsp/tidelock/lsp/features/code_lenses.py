"""What can be run: the text, its module again, and its cells where ``-- %%`` divides it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from tidelock.lsp.reloads import is_changed

if TYPE_CHECKING:
    from tidelock.lsp.documents import Document
    from tidelock.lsp.moment import View

_CELL = re.compile(r"^--[ \t]*%%.*$", re.MULTILINE)


class Lens(NamedTuple):
    """A stretch of the text and the command for it; ``is_part`` if it is not all of the text."""

    start: int
    end: int
    title: str
    command: str
    is_part: bool = False


def code_lenses(
    document: Document, view: View, *, is_wanted: bool = True, is_loaded_wanted: bool = True
) -> list[Lens]:
    """Run and debug the text, reload it where it is a loaded module, run each of its cells."""
    text = document.text
    found: list[Lens] = []
    modules = [one for one in view.moment.loaded if one.path == document.path]
    if is_loaded_wanted and modules:
        title = "Reload (changed since loaded)" if any(map(is_changed, modules)) else "Reload"
        found.append(Lens(0, 0, title, "tidelock.reload"))
    if not is_wanted or not text.strip():
        return found
    found[:0] = [
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

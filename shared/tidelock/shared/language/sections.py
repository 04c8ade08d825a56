"""The parts that comments divide a text into: ``-- %%`` cells, and regions with both ends.

They are found in comments alone, so that broken code has them too.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Literal, NamedTuple

if TYPE_CHECKING:
    from tidelock.shared.syntax.tree import Tree

_CELL = re.compile(r"^--[ \t]*%%[ \t]*(.*?)[ \t]*$", re.MULTILINE)
MARK = re.compile(r"--\s?#?(region|endregion)\b[ \t]*([^\r\n]*)|--(\{\{\{|\}\}\})[ \t]*([^\r\n]*)")
"""What begins and ends a region: ``--#region name``, ``--{{{ name``."""


class Section(NamedTuple):
    """A part of a text with the comment that begins it; ``name`` may be empty.

    ``head`` is the end of that comment.
    """

    kind: Literal["cell", "region"]
    name: str
    start: int
    end: int
    head: int


def cells(text: str) -> list[Section]:
    """The stretches that ``-- %%`` lines begin; what stands before the first is none."""
    found = list(_CELL.finditer(text))
    ends = [*(one.start() for one in found), len(text)][1:]
    return [
        Section("cell", one[1], one.start(), end, one.end())
        for one, end in zip(found, ends, strict=True)
    ]


def regions(tree: Tree) -> Iterator[Section]:
    """What lies between the marks of a region, from the first to the last; the inner ones first."""
    opened: list[tuple[int, int, str]] = []
    if "region" not in tree.text and "--{{{" not in tree.text:
        return
    for comment in tree.comments:
        mark = MARK.match(comment.text)
        if mark is None:
            continue
        if mark[1] == "region" or mark[3] == "{{{":
            opened.append((comment.start, comment.end, (mark[2] or mark[4] or "").strip()))
        elif opened:
            start, head, name = opened.pop()
            yield Section("region", name, start, comment.end, head)

"""A way to mend a problem, and the pieces that all such ways are put together of.

Nothing is decided here: what is offered for which problem is ``fixes``.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from tidelock.shared.language.scopes import resolve
from tidelock.shared.syntax.parser import parse
from tidelock.shared.syntax.tree import Node

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import UnionType

    from tidelock.shared.syntax.tree import Tree

N = TypeVar("N", bound=Node)


class Edit(NamedTuple):
    """New text for what lies between two offsets."""

    start: int
    end: int
    text: str


class Fix(NamedTuple):
    """One way to mend a problem; ``is_preferred`` marks the one that is surely meant."""

    title: str
    edits: tuple[Edit, ...]
    is_preferred: bool = False


def indent(tree: Tree, offset: int) -> str:
    """The space that the line of an offset begins with."""
    start, _ = tree.lines.span(tree.lines.line_of(offset))
    found = _INDENT.match(tree.text, start)
    return "" if found is None else found[0]


_INDENT = re.compile(r"[ \t]*")


def around(tree: Tree, offset: int, kind: type[N] | UnionType) -> N | None:
    """The innermost node of a kind around an offset."""
    found = [one for one in tree.path(offset) if isinstance(one, kind)]
    return found[-1] if found else None


def exactly(tree: Tree, start: int, end: int, kind: type[N]) -> N | None:
    """The node of a kind that lies between two offsets."""
    for one in tree.path(start):
        if isinstance(one, kind) and (one.start, one.end) == (start, end):
            return one
    return None


def line(tree: Tree, start: int, end: int) -> Edit:
    """Takes a stretch away, and its lines where nothing else is on them."""
    text = tree.text
    first, _ = tree.lines.span(tree.lines.line_of(start))
    rest = REST.match(text, end)
    if not text[first:start].strip() and rest is not None:
        return Edit(first, rest.end(), "")
    gap = _GAP.match(text, end)
    return Edit(start, end if gap is None else gap.end(), "")


REST = re.compile(r"[ \t]*;?[ \t]*(?:\r\n|\n|\r|\Z)")
"""What may stand between a statement and the end of its line."""
_GAP = re.compile(r";?[ \t]+")


def before_statement(tree: Tree, start: int, words: str) -> Edit:
    """Puts a statement before the one that begins at an offset: a line, if that begins one."""
    first, _ = tree.lines.span(tree.lines.line_of(start))
    if tree.text[first:start].strip():
        return Edit(start, start, f"{words} ")
    return Edit(first, first, f"{indent(tree, start)}{words}\n")


def short(words: str) -> str:
    """Words on one line, cut to the length of a title."""
    words = " ".join(words.split())
    return words if len(words) <= 40 else f"{words[:37]}..."


def helps(tree: Tree, place: int, edits: Sequence[Edit]) -> bool:
    """Whether Lua has less against the statements around a place after some edits.

    They are read anew alone: from the one before the first edit or the place, to one behind all.
    """
    ends = [place, *(one.start for one in edits)]
    begins = tree.begins
    first, last = max(tree.unit_at(min(ends)) - 1, 0), tree.unit_at(max(ends)) + 2
    start = begins[first] if first else 0
    end = begins[last] if last < len(begins) else len(tree.text)
    before = after = tree.text[start:end]
    for one in sorted(edits, reverse=True):
        after = after[: one.start - start] + one.text + after[one.end - start :]
    return _faults(tree, after) < _faults(tree, before)


def _faults(tree: Tree, text: str) -> int:
    made = parse(text, tree.dialect, tree.mode)
    return len(made.problems) or len(resolve(made).problems)

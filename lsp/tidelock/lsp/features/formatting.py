"""A whole text laid out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from tidelock.shared.language.checks.mending import Edit
from tidelock.shared.language.format import layout, stylua

if TYPE_CHECKING:
    from tidelock.lsp.documents import Document

Tool = Literal["auto", "own", "stylua"]


def formatting(document: Document, indent: str = "  ", tool: Tool = "auto") -> list[Edit] | None:
    """The changes; None for a text with errors.

    ``auto`` is StyLua where the user has it, else our own layout with an ``indent`` for each step.

    Raises:
        TidelockError: StyLua is wanted and does not do it.
    """
    tree = document.tree
    if tree.problems:
        return None
    if tool == "own" or (tool == "auto" and not stylua.is_there()):
        return layout.edits(tree, indent)
    return _difference(document.text, stylua.formatted(document.text, document.path))


def _difference(old: str, new: str) -> list[Edit]:
    """The lines that differ, as one edit."""
    before, after = old.splitlines(keepends=True), new.splitlines(keepends=True)
    shorter = min(len(before), len(after))
    head = 0
    while head < shorter and before[head] == after[head]:
        head += 1
    tail = 0
    while tail < shorter - head and before[-1 - tail] == after[-1 - tail]:
        tail += 1
    gone = "".join(before[head : len(before) - tail])
    come = "".join(after[head : len(after) - tail])
    start = len("".join(before[:head]))
    return [Edit(start, start + len(gone), come)] if gone or come else []

"""The line that is being typed, indented as its beginning asks for; it works in broken text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tidelock.shared.language.checks.mending import Edit
from tidelock.shared.language.format.layout import COMMENT, Levels, items
from tidelock.shared.syntax.tree import within

if TYPE_CHECKING:
    from tidelock.lsp.documents import Document

_CLOSING = frozenset(("end", "else", "elseif", "until", "}", ")"))


def on_type_formatting(
    document: Document, offset: int, indent: str = "  ", character: str = "\n"
) -> list[Edit]:
    """The indentation of the line of an offset, where a character was typed right before it.

    After a line end, a comment of three dashes goes on.
    """
    lines, text = document.lines, document.text
    line = lines.line_of(offset)
    start, end = lines.span(line)
    tree = document.tree
    # What stands before the statement of the main chunk that the line is in has no say.
    around = within(tree.body, max(start - 1, 0))
    root = around[0] if around else tree.body
    levels = Levels(root)
    begun = -1
    found = list(items(tree, root.start, end))
    for item in found:
        if item.start >= start:
            break
        if item.end > start:
            return []  # in a long string or comment
        here = lines.line_of(item.start)
        if here != begun:
            levels.begin(item)
            begun = here
        levels.take(item)
    first = next((one for one in found if one.start >= start), None)
    typed = text[start:end]
    blank = len(typed) - len(typed.lstrip(" \t"))
    before = lines.line_text(line - 1) if line else ""
    if character == "\n" and not typed.strip() and before.lstrip().startswith("---"):
        margin = before[: len(before) - len(before.lstrip())]
        return _changed(Edit(start, end, f"{margin}--- "), text)
    if character != "\n" and (first is None or first.end != offset or first.kind not in _CLOSING):
        return []
    kind, place = (first.kind, first.start) if first else (COMMENT, start)
    return _changed(Edit(start, start + blank, indent * levels.level(kind, place)), text)


def _changed(edit: Edit, text: str) -> list[Edit]:
    return [] if text[edit.start : edit.end] == edit.text else [edit]

"""A stretch of a text laid out, by our own layout."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tidelock.shared.language.format import layout

if TYPE_CHECKING:
    from tidelock.lsp.documents import Document
    from tidelock.shared.language.checks.mending import Edit


def range_formatting(
    document: Document, start: int, end: int, indent: str = "  "
) -> list[Edit] | None:
    """The changes on the lines of a stretch; None for a text with errors."""
    found = layout.edits(document.tree, indent)
    if found is None:
        return None
    lines = document.lines
    first, _ = lines.span(lines.line_of(start))
    _, last = lines.span(lines.line_of(end))
    return [one for one in found if one.end >= first and one.start <= last and one.end <= last]

"""What "run what stands here" means: the statement around a place, or the cell."""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING

from tidelock.shared.language.sections import cells
from tidelock.shared.syntax.tree import Empty

if TYPE_CHECKING:
    from tidelock.lsp.documents import Document

Span = tuple[int, int]


def statement_range(document: Document, offset: int) -> Span | None:
    """The statement of the main chunk at an offset or behind it, the cell on its `-- %%` line.

    Statements inside of others cannot run alone: they may need the locals around them. A cell of a
    notebook is always meant as a whole. None where nothing follows.
    """
    text, lines = document.text, document.lines
    if document.mode == "input":
        return (0, len(text)) if text.strip() else None
    line = lines.line_of(offset)
    for one in cells(text):
        if lines.line_of(one.start) == line:
            return one.start, one.start + len(text[one.start : one.end].rstrip())
    statements = [one for one in document.tree.body.statements if not isinstance(one, Empty)]
    here = bisect_left([one.end for one in statements], offset)
    following = [lines.line_of(one.start) for one in statements[here : here + 1]]
    if here < len(statements) and statements[here].start <= offset:
        touching = statements[here + 1 : here + 2]
        here += any(one.start == offset for one in touching)
    elif here and line == lines.line_of(statements[here - 1].end) and line not in following:
        here -= 1  # behind the last statement of its line
    if here == len(statements):
        return None
    return statements[here].start, statements[here].end

"""How often a function is used: what a lens above it says, found when it comes into sight."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from tidelock.lsp.features.references import references

if TYPE_CHECKING:
    from tidelock.lsp.documents import Document
    from tidelock.shared.language.index.space import Space


class Counted(NamedTuple):
    """A stretch of a text, and how many uses of what stands there are known in all texts."""

    start: int
    end: int
    uses: int


def lens_references(
    document: Document, start: int, end: int, space: Space, *, nested: Sequence[Space] = ()
) -> Counted:
    """The uses of the function whose name begins at ``start``, without its declaration."""
    found = references(document, start, space, declaration=False, nested=nested)
    return Counted(start, end, len(found))

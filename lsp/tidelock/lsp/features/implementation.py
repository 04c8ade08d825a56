"""Where a field gets its values: in its own table or class, and in those that inherit from it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tidelock.shared.language.index import kinship
from tidelock.shared.language.modules import Module

if TYPE_CHECKING:
    from tidelock.lsp.documents import Document
    from tidelock.shared.language.index.links import Link
    from tidelock.shared.language.index.space import Space


def implementation(document: Document, offset: int, space: Space) -> list[Link]:
    """The assignments and functions behind what stands at an offset."""
    return kinship.implementations(space, Module(document.uri, document.tree), offset)

"""Where the type of a value is declared, or its table is written."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tidelock.shared.language.index import kinship
from tidelock.shared.language.modules import Module

if TYPE_CHECKING:
    from tidelock.lsp.documents import Document
    from tidelock.shared.language.index.links import Link
    from tidelock.shared.language.index.space import Space


def type_definition(document: Document, offset: int, space: Space) -> list[Link]:
    """The places of the types of what stands at an offset."""
    return kinship.type_places(space, Module(document.uri, document.tree), offset)

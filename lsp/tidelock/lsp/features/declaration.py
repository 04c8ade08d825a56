"""Where something is declared: its annotation, or its line in a definition file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tidelock.shared.language.index import declaring
from tidelock.shared.language.modules import Module

if TYPE_CHECKING:
    from tidelock.lsp.documents import Document
    from tidelock.shared.language.index.links import Link
    from tidelock.shared.language.index.space import Space


def declaration(document: Document, offset: int, space: Space) -> list[Link]:
    """The annotations or definition-file lines of what stands at an offset, or its definitions."""
    return declaring.places(space, Module(document.uri, document.tree), offset)

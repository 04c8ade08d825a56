"""The classes that a class is inherited by."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tidelock.lsp.features.type_hierarchy import ClassItem, items
from tidelock.shared.language.index import kinship
from tidelock.shared.language.modules import Module

if TYPE_CHECKING:
    from tidelock.lsp.documents import Document
    from tidelock.shared.language.index.space import Space


def subtypes(document: Document, offset: int, space: Space) -> list[ClassItem]:
    """The annotated heirs of the class whose name stands at an offset."""
    module = Module(document.uri, document.tree)
    names = kinship.class_names(space, module, offset)
    return items(space, module, kinship.heirs(space, module, names))

"""The annotated classes that a place names."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from tidelock.shared.language.index import kinship, links
from tidelock.shared.language.modules import Module

if TYPE_CHECKING:
    from tidelock.lsp.documents import Document
    from tidelock.shared.language.index.links import Link
    from tidelock.shared.language.index.space import Space


class ClassItem(NamedTuple):
    """A class and one of the places that declare it."""

    name: str
    link: Link


def type_hierarchy(document: Document, offset: int, space: Space) -> list[ClassItem]:
    """The classes that are named at an offset, or of which a value there is."""
    module = Module(document.uri, document.tree)
    names = kinship.class_names(space, module, offset)
    return items(space, module, names)


def items(space: Space, module: Module, names: list[str]) -> list[ClassItem]:
    """The declarations of classes."""
    return [
        ClassItem(name, link) for name in names for link in links.declarations(space, module, name)
    ]

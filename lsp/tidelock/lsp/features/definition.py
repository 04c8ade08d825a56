"""Where a name is defined: in this text, in others of the workspace, or where it was observed."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from tidelock.lsp.features import observed
from tidelock.shared.language.hover import symbol_path
from tidelock.shared.language.index import mentioned
from tidelock.shared.language.index.links import Link, definitions, required
from tidelock.shared.language.mentions import mention_at
from tidelock.shared.language.modules import Module
from tidelock.shared.positions import Lines
from tidelock.shared.sources import path_of_chunk, uri_of_path

if TYPE_CHECKING:
    from tidelock.lsp.documents import Document
    from tidelock.lsp.moment import View
    from tidelock.shared.language.index.space import Space
    from tidelock.shared.syntax.tree import String


class Definition(NamedTuple):
    """Places to go to, the best first, and the stretch of text (``origin``) that leads there.

    ``lines`` are places of which only the line is known, from zero, with the URI of their file.
    """

    origin: tuple[int, int]
    links: tuple[Link, ...] = ()
    lines: tuple[tuple[str, int], ...] = ()


def definition(document: Document, offset: int, view: View, space: Space) -> Definition | None:
    """The definitions of what stands at an offset; what no text shows is observed."""
    tree = document.tree
    module = required(tree, offset)
    if module is not None:
        return _module(document, module, space)
    mention = mention_at(tree, offset)
    if mention is not None:
        named = mentioned.definitions(space, Module(document.uri, tree), offset)
        return Definition((mention.start, mention.end), tuple(named)) if named else None
    symbol = symbol_path(tree, offset)
    origin = (symbol.start, symbol.end) if symbol else (offset, offset)
    found = definitions(space, Module(document.uri, tree), offset)
    if found:
        return Definition(origin, tuple(found))
    facts = observed.value(document, symbol, view) if symbol else None
    if facts is None or facts.value is None:
        return None
    chunk, _, line = facts.value.where.rpartition(":")
    path = path_of_chunk(chunk)
    if not path or not line.isdigit():
        return None
    return Definition(origin, lines=((uri_of_path(path), max(int(line) - 1, 0)),))


def _module(document: Document, name: String, space: Space) -> Definition | None:
    """The file of a module, or where it is put into ``package.preload``."""
    origin = name.start, name.end
    path = space.find(name.value, document.search)
    if path:
        return Definition(origin, (Link(uri_of_path(path), Lines(""), 0, 0),))
    places = tuple((uri, place.line) for uri, place in space.preloading(name.value))
    return Definition(origin, lines=places) if places else None

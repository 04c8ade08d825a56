"""Where a name is defined: in this text, in the file of a module, or where it was loaded from."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from tidelock.lsp.features import modules, observed
from tidelock.shared.language import symbols
from tidelock.shared.language.hover import symbol_path
from tidelock.shared.sources import path_of_chunk, uri_of_path
from tidelock.shared.syntax.tree import Call, Name, String

if TYPE_CHECKING:
    from tidelock.lsp.documents import Document
    from tidelock.lsp.moment import View


class Definition(NamedTuple):
    """A place to go to, and the stretch of text (``origin``) that leads there.

    In the document itself it is ``start`` to ``end``; in another file it is the beginning of
    ``line``, from zero.
    """

    uri: str
    origin: tuple[int, int]
    start: int = 0
    end: int = 0
    line: int = 0


def definition(document: Document, offset: int, view: View) -> Definition | None:
    """The definition of what stands at an offset; what the text does not show is observed."""
    module = _required(document, offset)
    if module is not None:
        path = modules.find(module.value, document.search)
        return Definition(uri_of_path(path), (module.start, module.end)) if path else None
    tree = document.tree
    symbol = symbol_path(tree, offset)
    origin = (symbol.start, symbol.end) if symbol else (offset, offset)
    span = symbols.definition(tree, offset)
    if span is not None:
        return Definition(document.uri, origin, *span)
    facts = observed.value(document, symbol, view) if symbol else None
    if facts is None or facts.value is None:
        return None
    chunk, _, line = facts.value.where.rpartition(":")
    path = path_of_chunk(chunk)
    if not path or not line.isdigit():
        return None
    return Definition(uri_of_path(path), origin, line=max(int(line) - 1, 0))


def _required(document: Document, offset: int) -> String | None:
    """The string under the cursor, when it names a module for ``require``."""
    path = document.tree.path(offset)
    if len(path) < 2 or not isinstance(path[-1], String) or not isinstance(path[-2], Call):
        return None
    caller = path[-2].function
    return path[-1] if isinstance(caller, Name) and caller.name == "require" else None

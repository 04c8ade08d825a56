"""Who calls a function."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from tidelock.lsp.features.call_hierarchy import Callee, around, module_of
from tidelock.shared.language.index.links import references
from tidelock.shared.language.modules import Module
from tidelock.shared.syntax.tree import Call, MethodCall

if TYPE_CHECKING:
    from tidelock.lsp.documents import Document
    from tidelock.shared.language.index.links import Link
    from tidelock.shared.language.index.space import Space
    from tidelock.shared.syntax.tree import Tree

Caller = tuple[Callee, list["Link"]]


def incoming_calls(
    document: Document, offset: int, space: Space, *, nested: Sequence[Space] = ()
) -> list[Caller]:
    """The functions that call the one named at an offset, each with the places of its calls."""
    found: dict[Callee, list[Link]] = {}
    module = Module(document.uri, document.tree)
    for link in references(space, module, offset, declaration=False, nested=nested):
        text = module_of(document, link.uri, space, *nested)
        if text is not None and _is_call(text.tree, link):
            found.setdefault(around(text, link.start), []).append(link)
    return list(found.items())


def _is_call(tree: Tree, link: Link) -> bool:
    """Whether what is named is called right there."""
    for node in tree.path(link.start):
        if isinstance(node, Call) and node.function.end == link.end:
            return True
        if isinstance(node, MethodCall) and node.key_start == link.start:
            return True
    return False

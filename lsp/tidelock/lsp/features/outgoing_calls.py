"""What a function calls."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tidelock.lsp.features.call_hierarchy import Callee, callees, functions
from tidelock.shared.language.index.links import Link
from tidelock.shared.language.modules import Module
from tidelock.shared.syntax.tree import Call, MethodCall

if TYPE_CHECKING:
    from tidelock.lsp.documents import Document
    from tidelock.shared.language.index.space import Space
    from tidelock.shared.syntax.tree import Node


def outgoing_calls(
    document: Document, offset: int, space: Space
) -> list[tuple[Callee, list[Link]]]:
    """The functions of the workspace that are called in the one named at an offset."""
    tree = document.tree
    module = Module(document.uri, tree)
    named = [one for one in functions(module) if one.name_start <= offset <= one.name_end]
    start, end = (named[0].start, named[0].end) if named else (0, len(tree.text))
    found: dict[Callee, list[Link]] = {}
    todo: list[Node] = [tree.body]
    while todo:
        node = todo.pop()
        todo += reversed([one for one in node.children() if one.end > start and one.start < end])
        if not isinstance(node, Call | MethodCall) or not start <= node.start < end:
            continue
        if isinstance(node, Call):
            first, last = node.function.start, node.function.end
        else:
            first, last = node.key_start, node.key_start + len(node.key)
        for callee in callees(document, module, last, space):
            found.setdefault(callee, []).append(Link(document.uri, tree.lines, first, last))
    return list(found.items())

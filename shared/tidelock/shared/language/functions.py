"""The text of a function, found by the line on which Lua says that it is defined.

Works on any text, also one with errors; it never asks the running program.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tidelock.shared.positions import Lines
from tidelock.shared.syntax.tree import Function, FunctionBody, LocalFunction, Member, Name

if TYPE_CHECKING:
    from tidelock.shared.syntax.tree import Node, Tree


def source(tree: Tree, line: int, name: str) -> str:
    """The function whose ``linedefined`` is this one-based line, empty when there is none.

    Of several on one line it is the one that is defined under the name, else the first.
    """
    start, end = Lines(tree.text).span(line - 1)
    first = ""
    waiting: list[Node] = [tree.body]
    while waiting:
        node = waiting.pop()
        body, known = node, ""
        if isinstance(node, Function | LocalFunction):
            body, known = node.body, _name(node)
        if isinstance(body, FunctionBody) and start <= body.header <= end:
            text = tree.text[node.start : node.end]
            if known == name:
                return text
            first = first or text
        below = reversed(body.children())
        waiting += [one for one in below if one.start <= end and one.end >= start]
    return first


def _name(node: Function | LocalFunction) -> str:
    """The last word of the name that a statement gives its function."""
    target = node.name if isinstance(node, LocalFunction) else node.target
    if isinstance(target, Member):
        return target.key
    return target.name if isinstance(target, Name) else ""

"""The names of parameters, where an argument does not tell what it is for."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Literal, NamedTuple

from tidelock.shared.language.types.kinds import Function, options
from tidelock.shared.syntax.tree import (
    Call,
    Constant,
    Member,
    MethodCall,
    Name,
    Number,
    String,
    Unary,
)

if TYPE_CHECKING:
    from tidelock.lsp.documents import Document
    from tidelock.shared.language.index.space import Space
    from tidelock.shared.language.types.inference import Types
    from tidelock.shared.language.types.texts import Text
    from tidelock.shared.syntax.tree import Expression, Node, Tree

Which = Literal["literals", "all", "off"]


class Hint(NamedTuple):
    """A word to show before an offset."""

    offset: int
    text: str


def inlay_hints(
    document: Document, start: int, end: int, space: Space, which: Which = "literals"
) -> list[Hint]:
    """The names of parameters before the arguments of the calls that touch a stretch.

    ``which`` are the arguments: literals, all but those that say the same by themselves, or none.
    On a line with a syntax error there is none.
    """
    if which == "off":
        return []
    tree = document.tree
    broken = {tree.lines.line_of(one.start) for one in tree.problems}
    text = space.types.text(tree, document.uri)
    found: list[Hint] = []
    for call in _calls(tree, start, end):
        wanted = [
            (place, one)
            for place, one in enumerate(call.arguments)
            if start <= one.start <= end
            and tree.lines.line_of(one.start) not in broken
            and (which == "all" or _is_literal(one))
        ]
        if not wanted or tree.text[call.opening : call.opening + 1] != "(":
            continue
        names = _parameters(space.types, text, call)
        for place, one in wanted:
            name = names[place] if place < len(names) else ""
            if name.strip("_") and not name.startswith("_") and _said(one) != name:
                found.append(Hint(one.start, f"{name}:"))
    return sorted(found)


def _calls(tree: Tree, start: int, end: int) -> Iterator[Call | MethodCall]:
    todo: list[Node] = [tree.body]
    while todo:
        node = todo.pop()
        if isinstance(node, Call | MethodCall) and node.arguments and not _is_plain(node):
            yield node
        todo += [one for one in node.children() if one.start <= end and one.end >= start]


def _is_plain(call: Call | MethodCall) -> bool:
    """Whether everybody knows what the argument is for."""
    called = call.function if isinstance(call, Call) else None
    return isinstance(called, Name) and called.name == "require"


def _is_literal(node: Expression) -> bool:
    if isinstance(node, Unary):
        return isinstance(node.operand, Number)
    return isinstance(node, String | Number | Constant)


def _said(node: Expression) -> str:
    """The last word of an argument that is a name or a field."""
    if isinstance(node, Name):
        return node.name
    return node.key if isinstance(node, Member) else ""


def _parameters(types: Types, text: Text, call: Call | MethodCall) -> list[str]:
    """The names of the parameters that take the arguments; none where several may be meant."""
    with types.asking(text):
        if isinstance(call, Call):
            kind = types.expression(text, call.function)
        else:
            receiver = types.expression(text, call.object)
            called = types.properties.get(receiver, call.key)
            if called is None:
                return []
            kind = called
        functions = [one for one in options(kind) if isinstance(one, Function)]
        if len(functions) != 1:
            return []
        signatures = types.calls.signatures(functions[0])
    count = len(call.arguments) + isinstance(call, MethodCall)
    takes = [one for one in signatures if len(one.parameters) >= count or one.rest is not None]
    names = [parameter.name for one in (*takes, *signatures)[:1] for parameter in one.parameters]
    return names[1:] if isinstance(call, MethodCall) else names

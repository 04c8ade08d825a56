"""Words beside a text: the names of parameters, and what else its options want to see there."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Literal

from tidelock.lsp.features.hints import Hint, end_hints, type_hints, value_hints, within
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
    from tidelock.lsp.moment import View
    from tidelock.shared.language.index.space import Space
    from tidelock.shared.language.types.inference import Types
    from tidelock.shared.language.types.texts import Text
    from tidelock.shared.syntax.tree import Expression, Tree

Which = Literal["literals", "all", "off"]


def inlay_hints(
    document: Document,
    start: int,
    end: int,
    view: View,
    space: Space,
    which: Which = "literals",
    *,
    types: bool = False,
    ends: bool = False,
    values: str = "off",
) -> list[Hint]:
    """What is shown beside the text from ``start`` to ``end``.

    ``which`` arguments show the name of their parameter: literals, all but those that say the same
    by themselves, or none. ``types`` are those of locals and returns, ``ends`` names what long
    blocks began with, ``values`` (``auto``, ``on`` or ``off``) come from the running program.
    On a line with a syntax error there is none.
    """
    tree = document.tree
    broken = {tree.lines.line_of(one.start) for one in tree.problems}
    found: list[Hint] = []
    if which != "off" or types:
        text = space.types.text(tree, document.uri)
        if which != "off":
            found += _parameter_hints(space.types, text, (start, end), which)
        if types:
            found += type_hints(space.types, text, start, end)
    if ends:
        found += end_hints(document, start, end)
    if values != "off":
        found += value_hints(document, start, end, view, values)
    return sorted(one for one in found if tree.lines.line_of(one.offset) not in broken)


def _parameter_hints(
    types: Types, text: Text, stretch: tuple[int, int], which: Which
) -> Iterator[Hint]:
    """The names of parameters before the arguments of the calls that touch a stretch."""
    start, end = stretch
    tree = text.tree
    for call in _calls(tree, start, end):
        wanted = [
            (place, one)
            for place, one in enumerate(call.arguments)
            if start <= one.start <= end and (which == "all" or _is_literal(one))
        ]
        if not wanted or tree.text[call.opening : call.opening + 1] != "(":
            continue
        names = _parameters(types, text, call)
        for place, one in wanted:
            name = names[place] if place < len(names) else ""
            if name.strip("_") and not name.startswith("_") and _said(one) != name:
                yield Hint(one.start, f"{name}:")


def _calls(tree: Tree, start: int, end: int) -> Iterator[Call | MethodCall]:
    for node in within(tree.body, start, end):
        if isinstance(node, Call | MethodCall) and node.arguments and not _is_plain(node):
            yield node


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
        functions = [one for one in options(types.called(text, call)) if isinstance(one, Function)]
        if len(functions) != 1:
            return []
        signatures = types.calls.signatures(functions[0])
    count = len(call.arguments) + isinstance(call, MethodCall)
    takes = [one for one in signatures if len(one.parameters) >= count or one.rest is not None]
    names = [parameter.name for one in (*takes, *signatures)[:1] for parameter in one.parameters]
    return names[1:] if isinstance(call, MethodCall) else names

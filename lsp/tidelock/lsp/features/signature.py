"""How the call around the cursor is made, and which of its parameters is being typed."""

from __future__ import annotations

import re
from bisect import bisect_left
from typing import TYPE_CHECKING, NamedTuple

from tidelock.lsp.features import observed
from tidelock.shared.language.descriptions import overloads
from tidelock.shared.language.hover import hover, symbol_path
from tidelock.shared.language.types.kinds import Function
from tidelock.shared.syntax.tree import Call, FunctionBody, MethodCall

if TYPE_CHECKING:
    from tidelock.lsp.documents import Document
    from tidelock.lsp.moment import View
    from tidelock.shared.language.index.space import Space
    from tidelock.shared.language.types.inference import Types
    from tidelock.shared.language.types.kinds import Type
    from tidelock.shared.syntax.tree import Tree

_OPEN, _CLOSE = "([{<", ")]}>"
_SELF = re.compile(r"\(self(?:\s*:\s*[\w.]+)?(?:,\s*|(?=\)))")


class Signature(NamedTuple):
    """The text of a signature, the stretches of its parameters in it, and the one being typed."""

    text: str
    documentation: str
    parameters: tuple[tuple[int, int], ...]
    active: int


class Signatures(NamedTuple):
    """The ways to make a call, and which of them takes as many arguments as are written."""

    ways: tuple[Signature, ...]
    active: int = 0


def signature(document: Document, offset: int, view: View, space: Space) -> Signatures | None:
    """The signatures of the innermost call whose arguments hold an offset."""
    tree = document.tree
    call = _call(tree, offset)
    if call is None:
        return None
    name = call.key_start if isinstance(call, MethodCall) else call.function.end
    found = hover(tree, name, types=space.types, uri=document.uri)
    text, documentation = (found.signature, found.documentation) if found else ("", "")
    text = text.removeprefix("local ").removeprefix("function ")
    if "(" not in text:
        symbol = symbol_path(tree, name)
        facts = observed.value(document, symbol, view) if symbol else None
        if facts is None or facts.value is None or not facts.value.signature:
            return None
        text, documentation = facts.value.signature, facts.label
    commas = _argument(tree, call, offset)
    written = max(len(call.arguments), commas + 1) if call.arguments else 0
    others = _overloads(tree, call, text[: text.index("(")], space.types, document.uri)
    paragraphs = documentation.split("\n\n")
    told = "\n\n".join(one for one in paragraphs if one[1:-1] not in others)
    if ":" in text[: text.index("(")]:
        others = [_SELF.sub("(", one, count=1) for one in others]
    ways = tuple(_way(call, one, told, commas) for one in (text, *others))
    fitting = (n for n, one in enumerate(ways) if _takes(one, written + one.active - commas))
    return Signatures(tuple(map(_at_last, ways)), next(fitting, 0))


def _overloads(tree: Tree, call: Call | MethodCall, name: str, types: Types, uri: str) -> list[str]:
    """The other ways to call the function, as they are written, under a name."""
    text = types.text(tree, uri)
    with types.asking(text):
        if isinstance(call, Call):
            kind: Type | None = types.expression(text, call.function)
        else:
            kind = types.properties.get(types.expression(text, call.object), call.key)
        if not isinstance(kind, Function) or kind.body is None or kind.text is None:
            return []
        return overloads(name, types.calls.comment(kind.text, kind.body))


def _way(call: Call | MethodCall, text: str, documentation: str, commas: int) -> Signature:
    """One way to make a call, with the parameter behind so many commas as the active one."""
    spans, active = parameters(text), commas
    head = text[: text.index("(")]
    if isinstance(call, MethodCall) and ":" not in head:
        active += 1  # what is before the colon is the first
    elif isinstance(call, Call) and ":" in head:
        active -= 1  # self is written out
    return Signature(text, documentation, spans, active)


def _takes(way: Signature, count: int) -> bool:
    return count <= len(way.parameters) or _is_open(way)


def _is_open(way: Signature) -> bool:
    return bool(way.parameters) and way.text[way.parameters[-1][0] :].startswith("...")


def _at_last(way: Signature) -> Signature:
    """Whatever is behind the last comma is one of ``...``, where a way ends with that."""
    most = len(way.parameters) - 1 if _is_open(way) else way.active
    return way._replace(active=max(min(way.active, most), 0))


def _call(tree: Tree, offset: int) -> Call | MethodCall | None:
    # An unfinished call ends with its last token, and the cursor may stand behind it.
    index = bisect_left(tree.tokens.starts, offset) - 1
    place = min(offset, tree.tokens.ends[index]) if index >= 0 else offset
    for node in reversed(tree.path(place)):
        if isinstance(node, FunctionBody):
            return None
        if isinstance(node, Call | MethodCall) and node.opening < offset:
            is_inside = offset < node.end or not _is_closed(tree, node)
            if is_inside and tree.text[node.opening : node.opening + 1] == "(":
                return node
    return None


def _is_closed(tree: Tree, call: Call | MethodCall) -> bool:
    inner = call.arguments[-1].end if call.arguments else call.opening + 1
    return inner < call.end and tree.text[call.end - 1] == ")"


def _argument(tree: Tree, call: Call | MethodCall, offset: int) -> int:
    """How many arguments are finished by a comma before an offset."""
    tokens = tree.tokens
    count = 0
    for argument in call.arguments:
        index = bisect_left(tokens.starts, argument.end)
        if tokens.kinds[index] != "," or tokens.starts[index] >= offset:
            break
        count += 1
    return count


def parameters(text: str) -> tuple[tuple[int, int], ...]:
    """Where the parameters stand in a signature, which must have an opening bracket."""
    found: list[tuple[int, int]] = []
    start = text.index("(") + 1
    depth = 1
    for place in range(start, len(text)):
        sign = text[place]
        depth += (sign in _OPEN) - (sign in _CLOSE)
        if depth > 1 or (depth == 1 and sign != ","):
            continue
        while start < place and text[start] == " ":
            start += 1
        if start < place:
            found.append((start, place))
        start = place + 1
        if not depth:
            break
    return tuple(found)

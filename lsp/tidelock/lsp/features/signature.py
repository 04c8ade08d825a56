"""How the call around the cursor is made, and which of its parameters is being typed."""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING, NamedTuple

from tidelock.lsp.features import observed
from tidelock.shared.language.hover import hover, symbol_path
from tidelock.shared.syntax.tree import Call, FunctionBody, MethodCall

if TYPE_CHECKING:
    from tidelock.lsp.documents import Document
    from tidelock.lsp.moment import View
    from tidelock.shared.language.index.space import Space
    from tidelock.shared.syntax.tree import Tree

_OPEN, _CLOSE = "([{<", ")]}>"


class Signature(NamedTuple):
    """The text of a signature, the stretches of its parameters in it, and the one being typed."""

    text: str
    documentation: str
    parameters: tuple[tuple[int, int], ...]
    active: int


def signature(document: Document, offset: int, view: View, space: Space) -> Signature | None:
    """The signature of the innermost call whose arguments hold an offset."""
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
    spans = parameters(text)
    active = _argument(tree, call, offset)
    head = text[: text.index("(")]
    if isinstance(call, MethodCall) and ":" not in head:
        active += 1  # what is before the colon is the first
    elif isinstance(call, Call) and ":" in head:
        active -= 1  # self is written out
    last = len(spans) - 1
    if spans and active > last and text[spans[last][0] :].startswith("..."):
        active = last
    return Signature(text, documentation, spans, max(active, 0))


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

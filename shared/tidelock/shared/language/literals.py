"""The texts that a string is expected to be: what its parameter takes, what it is compared with.

They come from types alone; nothing in here knows what is typed so far.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from tidelock.shared.language.types.kinds import (
    Function,
    Literal,
    options,
)
from tidelock.shared.syntax.tree import Assign, Binary, Call, Local, MethodCall, String

if TYPE_CHECKING:
    from tidelock.shared.language.types.inference import Types
    from tidelock.shared.language.types.kinds import Type
    from tidelock.shared.language.types.texts import Text
    from tidelock.shared.syntax.tree import Node

_UNWRITTEN = frozenset("'\"\\\r\n")
"""What would have to be escaped, one way or the other."""


def literals(types: Types, text: Text, offset: int) -> list[str]:
    """The texts that a string around an offset may have, in the order in which they are written."""
    path = text.tree.path(offset)
    if len(path) < 2 or not isinstance(path[-1], String):
        return []
    with types.asking(text):
        expected = list(_expected(types, text, path[-1], path[-2]))
    found = [
        one.value
        for kind in expected
        for one in options(kind)
        if isinstance(one, Literal) and isinstance(one.value, str)
    ]
    return [one for one in dict.fromkeys(found) if _UNWRITTEN.isdisjoint(one)]


def _expected(types: Types, text: Text, node: String, around: Node) -> Iterator[Type]:
    """The types that a string must be of where it stands."""
    if isinstance(around, Call | MethodCall):
        yield from _parameter(types, text, node, around)
    elif isinstance(around, Binary) and around.operator in ("==", "~="):
        yield types.expression(text, around.left if node is around.right else around.right)
    elif isinstance(around, Local | Assign):
        place = next((at for at, one in enumerate(around.values) if one is node), -1)
        declared = types.names.annotated(text, around, place) if place >= 0 else None
        if declared is not None:
            yield declared


def _parameter(types: Types, text: Text, node: String, call: Call | MethodCall) -> Iterator[Type]:
    """What the ways to call a function take where an argument stands."""
    place = next((at for at, one in enumerate(call.arguments) if one is node), -1)
    if place < 0:
        return
    place += isinstance(call, MethodCall)
    for one in options(types.called(text, call)):
        for signature in types.calls.signatures(one) if isinstance(one, Function) else ():
            if place < len(signature.parameters):
                yield signature.parameters[place].type
            elif signature.rest is not None:
                yield signature.rest

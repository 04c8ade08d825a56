"""Functions of Lua whose results no signature can tell: ``require``, ``setmetatable``, ``pcall``.

They count only where the name means the library's own function.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, final

from tidelock.shared.language.types.kinds import (
    ANYTHING,
    BOOLEAN,
    INTEGER,
    NIL,
    UNKNOWN,
    Function,
    Literal,
    Tuple,
    Values,
    truthy,
    union,
)
from tidelock.shared.syntax.tree import Call, String

if TYPE_CHECKING:
    from tidelock.shared.language.types.inference import Types
    from tidelock.shared.language.types.texts import Text


@final
class Builtins:
    """The functions of Lua in the texts of one ``Types``; used by its thread."""

    __slots__ = ("_table", "_types")

    def __init__(self, types: Types) -> None:
        self._types = types
        self._table: dict[tuple[object, ...], Callable[[Text, Call], Values | None]] = {
            ("assert",): self._assert,
            ("getmetatable",): self._getmetatable,
            ("pcall",): self._pcall,
            ("rawget",): self._rawget,
            ("require",): self._require,
            ("select",): self._select,
            ("setmetatable",): self._setmetatable,
            ("table", "unpack"): self._unpack,
            ("unpack",): self._unpack,
            ("xpcall",): self._pcall,
        }

    def call(self, text: Text, node: Call) -> Values | None:
        """What a call gives when it calls one of these functions, else None."""
        members = text.members
        path = members.path(node.function)
        if path is None:
            return None
        path = members.real(path)
        found = self._table.get(path)
        if found is None or not node.arguments:
            return None
        if members.places(path) or members.places(path[:1]):
            return None
        return found(text, node)

    def _require(self, text: Text, node: Call) -> Values | None:
        name = node.arguments[0]
        if not isinstance(name, String):
            return ANYTHING
        return Values((self._types.names.module(text, name.value),))

    def _setmetatable(self, text: Text, node: Call) -> Values | None:
        if len(node.arguments) < 2:
            return ANYTHING
        return Values((self._types.metatables.set(text, node),))

    def _getmetatable(self, text: Text, node: Call) -> Values | None:
        kind = self._types.expression(text, node.arguments[0])
        found = self._types.metatables.of(kind)
        return Values((union(found) if found else UNKNOWN,))

    def _assert(self, text: Text, node: Call) -> Values | None:
        given = self._types.values(text, node.arguments)
        first = truthy(given.nth(0))
        return Values((first, *given.types[1:]), given.rest)

    def _pcall(self, text: Text, node: Call) -> Values | None:
        function, *others = node.arguments
        is_handled = text.members.path(node.function) == ("xpcall",)
        called = self._types.expression(text, function)
        given = self._types.values(text, others[1:] if is_handled else others)
        results = self._types.calls.call(called, given)
        if not isinstance(called, Function):
            return Values((BOOLEAN,), UNKNOWN)
        first = union([results.nth(0), UNKNOWN])  # or the error
        more = [union([one, NIL]) for one in results.types[1:]]
        return Values((BOOLEAN, first, *more), results.rest)

    def _rawget(self, text: Text, node: Call) -> Values | None:
        kind = self._types.expression(text, node.arguments[0])
        given = self._types.values(text, node.arguments)
        key = given.nth(1)
        if isinstance(key, Literal) and not isinstance(key.value, bool):
            found = self._types.properties.get(kind, key.value)
        else:
            found = self._types.elements.get(kind, key)
        return Values((UNKNOWN if found is None else found,))

    def _select(self, text: Text, node: Call) -> Values | None:
        first = self._types.expression(text, node.arguments[0])
        if not isinstance(first, Literal):
            return ANYTHING
        if first.value == "#":
            return Values((INTEGER,))
        given = self._types.values(text, node.arguments)
        if isinstance(first.value, bool) or not isinstance(first.value, int) or first.value < 1:
            return ANYTHING
        return Values(given.types[first.value :], given.rest)

    def _unpack(self, text: Text, node: Call) -> Values | None:
        kind = self._types.expression(text, node.arguments[0])
        if isinstance(kind, Tuple) and len(node.arguments) == 1:
            return Values(kind.items)
        element = self._types.elements.get(kind, INTEGER)
        return Values((), UNKNOWN if element is None else element)

"""What operators give, by Lua's own rules and by the operators of classes."""

from __future__ import annotations

from typing import TYPE_CHECKING, final

from tidelock.shared.language.types.kinds import (
    BOOLEAN,
    FALSE,
    INTEGER,
    NEVER,
    NUMBER,
    STRING,
    TRUE,
    UNKNOWN,
    ClassType,
    Literal,
    Shape,
    Type,
    Values,
    falsy,
    lua_type,
    may_be_false,
    may_be_true,
    options,
    truthy,
    union,
)

if TYPE_CHECKING:
    from tidelock.shared.language.types.inference import Types
    from tidelock.shared.language.types.texts import Text
    from tidelock.shared.syntax.tree import Binary, Unary

_COMPARISONS = frozenset(("==", "~=", "<", ">", "<=", ">=", "!="))
_BITS = frozenset(("&", "|", "~", "<<", ">>"))
_NAMES = {
    "+": "add", "-": "sub", "*": "mul", "/": "div", "%": "mod", "^": "pow", "//": "idiv",
    "&": "band", "|": "bor", "~": "bxor", "<<": "shl", ">>": "shr", "..": "concat",
}  # fmt: skip
_UNARY_NAMES = {"-": "unm", "~": "bnot", "#": "len"}


@final
class Operators:
    """The operators on the values of one ``Types``; used by its thread."""

    __slots__ = ("_types",)

    def __init__(self, types: Types) -> None:
        self._types = types

    def binary(self, text: Text, node: Binary) -> Type:
        """What ``left operator right`` gives."""
        operator = node.operator
        if operator in _COMPARISONS:
            return BOOLEAN
        left = self._types.expression(text, node.left)
        if operator in ("and", "&&"):
            return self._either(text, node, falsy(left), may_be_true(left))
        if operator in ("or", "||"):
            return self._either(text, node, truthy(left), may_be_false(left))
        right = self._types.expression(text, node.right)
        if operator not in _NAMES:
            return UNKNOWN
        found = [
            self._one(operator, one, other)
            for one in options(left)[:4] or (NEVER,)
            for other in options(right)[:4] or (NEVER,)
        ]
        return union(found)

    def _either(self, text: Text, node: Binary, kept: Type, goes_on: bool) -> Type:
        if not goes_on:
            return kept
        return union([kept, self._types.expression(text, node.right)])

    def _one(self, operator: str, left: Type, right: Type) -> Type:
        for one, other in ((left, right), (right, left)):
            declared = self._declared(one, _NAMES[operator], other)
            if declared is not None:
                return declared
        if operator == "..":
            is_text = any(lua_type(one) in ("string", "number") for one in (left, right))
            return STRING if is_text else UNKNOWN
        if left is NEVER or right is NEVER:  # comes round in a loop: the other side decides
            left, right = (right, right) if left is NEVER else (left, left)
        kinds = lua_type(left), lua_type(right)
        if not all(kind in ("number", "string") for kind in kinds):
            return UNKNOWN
        if operator in _BITS:
            return INTEGER
        if operator in ("/", "^") or not (_is_whole(left) and _is_whole(right)):
            return NUMBER
        return INTEGER

    def _declared(self, kind: Type, name: str, other: Type | None) -> Type | None:
        """The result of a class's own operator."""
        if not isinstance(kind, ClassType | Shape):
            return None
        types = self._types
        if isinstance(kind, ClassType):
            for text, declaration, scope in types.meanings.classes(kind):
                place = declaration.run.start
                for operator in declaration.operators:
                    if operator.name.text != name or operator.result is None:
                        continue
                    if operator.operand is not None and other is not None:
                        wanted = types.meanings.type(operator.operand, text, scope, place)
                        if not types.generics.fits(wanted, other, 0):
                            continue
                    return types.meanings.type(operator.result, text, scope, place)
        for meta in types.metatables.of(kind):
            method = types.properties.get(meta, f"__{name}")
            if method is not None and method is not UNKNOWN:
                given = (kind,) if other is None else (kind, other)
                return types.calls.call(method, Values(given), kind).nth(0)
        return None

    def unary(self, text: Text, node: Unary) -> Type:
        """What ``operator operand`` gives."""
        kind = self._types.expression(text, node.operand)
        operator = node.operator
        if operator in ("not", "!"):
            if not may_be_false(kind):
                return FALSE if kind is not NEVER else BOOLEAN
            return BOOLEAN if may_be_true(kind) else TRUE
        if operator == "-" and isinstance(kind, Literal) and not isinstance(kind.value, str | bool):
            return Literal(-kind.value)
        name = _UNARY_NAMES[operator]
        found = []
        for one in options(kind):
            declared = self._declared(one, name, None)
            if declared is not None:
                found.append(declared)
            elif operator in ("#", "~"):
                found.append(INTEGER)
            elif lua_type(one) in ("number", "string"):
                found.append(INTEGER if _is_whole(one) else NUMBER)
            else:
                found.append(UNKNOWN)
        return union(found)


def _is_whole(kind: Type) -> bool:
    return (kind.basic if isinstance(kind, Literal) else kind) is INTEGER

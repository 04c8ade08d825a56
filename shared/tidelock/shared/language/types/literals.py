"""The types of literals."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tidelock.shared.language.types.kinds import FALSE, NIL, NUMBER, STRING, TRUE, Literal, Type
from tidelock.shared.syntax.tree import Constant, Expression, Number, String

_TEXT = 200
"""How long a string may be to be known letter by letter."""

_INTEGERS = ("5.3", "5.4", "5.5")


def _number(node: Number) -> Type:
    value = node.value
    if value is None or isinstance(value, complex):
        return NUMBER
    if isinstance(value, float) and node.dialect not in _INTEGERS and value.is_integer():
        return Literal(int(value))
    return Literal(value)


def _string(node: String) -> Type:
    return Literal(node.value) if node.end - node.start <= _TEXT else STRING


def _constant(node: Constant) -> Type:
    return {"nil": NIL, "true": TRUE}.get(node.text, FALSE)


_KINDS: dict[type[Expression], Callable[[Any], Type]] = {
    Constant: _constant,
    Number: _number,
    String: _string,
}


def literal(node: Expression) -> Type | None:
    """The type of a literal, None for any other expression."""
    find = _KINDS.get(type(node))
    return None if find is None else find(node)

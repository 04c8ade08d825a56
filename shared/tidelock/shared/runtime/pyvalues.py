"""How Python values look in a debugger: short texts that run no code of the program.

Only values of the exact built-in types are read; of everything else the type is named.
"""

from __future__ import annotations

from itertools import islice
from types import BuiltinFunctionType, FunctionType, MethodType, ModuleType
from typing import Any

_ITEMS = 10
_TEXT = 100
_DIGITS = 10**40
_BRACKETS: dict[Any, tuple[str, str]] = {
    list: ("[", "]"),
    tuple: ("(", ")"),
    set: ("{", "}"),
    frozenset: ("{", "}"),
    dict: ("{", "}"),
}
_name_of = type.__dict__["__name__"].__get__
_qualified_name_of = type.__dict__["__qualname__"].__get__


def type_name(value: Any) -> str:
    """The name of a value's type."""
    return str(_name_of(type(value)))


def brief(value: Any, depth: int = 2) -> str:
    """A value on one line.

    Args:
        value: anything.
        depth: how many containers within each other are opened.
    """
    kind = type(value)
    if value is None or kind in (bool, float, complex):
        return repr(value)
    if kind is int:
        return repr(value) if -_DIGITS < value < _DIGITS else "<a large int>"
    if kind in (str, bytes, bytearray):
        left = len(value) - _TEXT
        return f"{value[:_TEXT]!r}… {left} more" if left > 0 else repr(value)
    if kind in _BRACKETS:
        return _container(value, kind, depth)
    if kind in (FunctionType, BuiltinFunctionType):
        return f"<function {value.__qualname__}>"
    if kind is MethodType:
        return f"<method of {type_name(value.__self__)}>"
    if kind is ModuleType:
        return f"<module {ModuleType.__getattribute__(value, '__dict__').get('__name__')!s}>"
    if isinstance(kind, type) and issubclass(kind, type):
        return f"<class {_qualified_name_of(value)}>"
    return f"<{type_name(value)} object>"


def _container(value: Any, kind: type, depth: int) -> str:
    first, last = _BRACKETS[kind]
    if not value:
        return f"{_name_of(kind)}()" if kind in (set, frozenset) else first + last
    if depth == 0:
        return f"{first}…{last}"
    if kind is dict:
        shown = islice(value.items(), _ITEMS)
        parts = [f"{brief(key, depth - 1)}: {brief(item, depth - 1)}" for key, item in shown]
    else:
        parts = [brief(item, depth - 1) for item in islice(value, _ITEMS)]
    if len(value) > _ITEMS:
        parts.append(f"… {len(value) - _ITEMS} more")
    comma = "," if kind is tuple and len(value) == 1 else ""
    return f"{first}{', '.join(parts)}{comma}{last}"

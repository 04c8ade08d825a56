"""What a JSON value must look like, written as data.

A shape is a type (``int`` is never a bool, ``float`` takes both numbers), a mapping of the fields
that must be there (``"name?"`` may be missing), a list of one shape, a set of allowed values, a
tuple of alternatives, or a function that gives the fault as text, or an empty text.
Fields that a shape does not name are welcome.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from kit.timeline import short

type_names = {dict: "object", list: "array", str: "text", int: "integer", bool: "boolean"}

Shape = Any
"""One of the forms above; Python's types cannot say it."""


def faults(shape: Shape, value: Any, place: str = "content") -> Iterator[str]:
    """What is wrong with a value, one text per fault; nothing if it fits."""
    if shape is Any:
        return
    if isinstance(shape, type):
        if not _is(value, shape):
            yield f"{place}: {short(value, 60)} is no {type_names.get(shape, shape.__name__)}"
    elif isinstance(shape, Mapping):
        if not isinstance(value, dict):
            yield f"{place}: {short(value, 60)} is no object"
            return
        for name, inner in shape.items():
            field = name.removesuffix("?")
            if field in value:
                yield from faults(inner, value[field], f"{place}.{field}")
            elif field == name:
                yield f"{place}.{field} is missing"
    elif isinstance(shape, list):
        if not isinstance(value, list):
            yield f"{place}: {short(value, 60)} is no array"
            return
        for index, each in enumerate(value):
            yield from faults(shape[0], each, f"{place}[{index}]")
    elif isinstance(shape, (set, frozenset)):
        if not isinstance(value, (str, int)) or value not in shape:
            yield f"{place}: {short(value, 60)} is none of {sorted(shape)}"
    elif isinstance(shape, tuple):
        found = [list(faults(each, value, place)) for each in shape]
        if all(found):
            yield min(found, key=len)[0]
    elif fault := shape(value):
        yield f"{place}: {fault}"


def matching(check: Callable[[Any], bool], name: str) -> Callable[[Any], str]:
    """A shape from a predicate and what it calls for."""
    return lambda value: "" if check(value) else f"{short(value, 60)} is no {name}"


def each_value(shape: Shape, key: Callable[[str], bool] = lambda _key: True) -> Shape:
    """The shape of an object whose names are free: every value fits, every name passes ``key``."""

    def check(value: Any) -> str:
        if not isinstance(value, dict):
            return f"{short(value, 60)} is no object"
        for name, inner in value.items():
            if not key(name):
                return f"{name!r} is no possible name"
            for fault in faults(shape, inner, name):
                return fault
        return ""

    return check


def _is(value: Any, kind: type) -> bool:
    if kind is float:
        return isinstance(value, (int, float)) and not isinstance(value, bool)
    if kind is int:
        return isinstance(value, int) and not isinstance(value, bool)
    return isinstance(value, kind)

"""What a test leaves of a type: ``if x``, ``x == "a"``, ``type(x) == "table"``, ``@cast``."""

from __future__ import annotations

from typing import TYPE_CHECKING, final

from tidelock.shared.language.types.kinds import (
    ANY,
    BASICS,
    BOOLEAN,
    FALSE,
    INTEGER,
    NEVER,
    NIL,
    NUMBER,
    TRUE,
    UNKNOWN,
    ClassType,
    Literal,
    Record,
    Tuple,
    Type,
    Variable,
    falsy,
    filtered,
    lua_type,
    may_be_false,
    may_be_true,
    options,
    truthy,
    union,
)

if TYPE_CHECKING:
    from tidelock.shared.language.types.flow import Recast, Test
    from tidelock.shared.language.types.inference import Types
    from tidelock.shared.language.types.texts import Text
    from tidelock.shared.model import Key

_OPEN = (UNKNOWN, ANY)


@final
class Narrowing:
    """Tests on the values of one ``Types``; used by its thread."""

    __slots__ = ("_types",)

    def __init__(self, types: Types) -> None:
        self._types = types

    def tested(self, text: Text, kind: Type, test: Test) -> Type:
        """A type after a test."""
        if test.key is not None:
            return self._by_field(text, kind, test, test.key)
        if test.kind == "true":
            return truthy(kind) if test.holds else falsy(kind)
        assert test.value is not None
        value = self._types.expression(text, test.value)
        if test.kind == "equal":
            return equal(kind, value) if test.holds else unequal(kind, value)
        if not isinstance(value, Literal) or not isinstance(value.value, str):
            return kind
        if test.kind == "type":
            return of_type(kind, value.value, test.holds)
        return of_number(kind, value.value, test.holds)

    def _by_field(self, text: Text, kind: Type, test: Test, key: Key) -> Type:
        """Keep the options whose field can pass the test."""
        if len(options(kind)) == 1:
            return kind
        value = None if test.value is None else self._types.expression(text, test.value)

        def passes(one: Type) -> bool:
            if one is NIL or one == FALSE:
                return False
            field = self._types.properties.get(one, key, exact=True)
            if field is None:
                if not isinstance(one, Record | Tuple | ClassType):
                    return True
                field = NIL
            if field in _OPEN:
                return True
            if value is None:
                return may_be_true(field) if test.holds else may_be_false(field)
            left = equal(field, value) if test.holds else unequal(field, value)
            return left is not NEVER

        return filtered(kind, passes)

    def recast(self, text: Text, kind: Type, flow: Recast) -> Type:
        """A type after a ``@cast``."""
        for change in flow.cast.changes:
            other: Type = NIL
            if change.type is not None:
                scope = self._types.calls.scope_at(text, flow.run.start)
                other = self._types.meanings.type(change.type, text, scope, flow.run.start)
            if change.sign == "+":
                kind = union([kind, other])
            elif change.sign == "-":
                gone = options(other)
                kind = filtered(kind, lambda one: not _is_among(one, gone))  # noqa: B023
            else:
                kind = other
        return kind

    def given(self, declared: Type, value: Type) -> Type:
        """What a variable with a declared type is after a value is assigned to it."""
        if value in _OPEN or value is NEVER:
            return declared
        allowed = options(declared)
        if len(allowed) == 1:
            return declared
        fits = self._types.generics.fits
        kept = [one for one in allowed if any(fits(one, each, 0) for each in options(value))]
        return union(kept) if kept else declared


def _is_among(one: Type, gone: tuple[Type, ...]) -> bool:
    return one in gone or (isinstance(one, Literal) and one.basic in gone)


def equal(kind: Type, value: Type) -> Type:
    """What is left of a type when a value equals one of another type."""
    if not isinstance(value, Literal) and value is not NIL:
        return kind
    for one in options(kind):
        if one in _OPEN or isinstance(one, Variable) or one == value:
            return value
        if isinstance(value, Literal):
            if one is value.basic or (one is NUMBER and value.basic is INTEGER):
                return value
            if isinstance(one, Literal) and one.basic in (INTEGER, NUMBER) and _same(one, value):
                return value
    return NEVER


def _same(one: Literal, other: Literal) -> bool:
    return other.basic in (INTEGER, NUMBER) and one.value == other.value


def unequal(kind: Type, value: Type) -> Type:
    """What is left of a type when a value does not equal a literal or nil."""
    if value in (TRUE, FALSE) and any(one is BOOLEAN for one in options(kind)):
        other = FALSE if value == TRUE else TRUE
        return union([other if one is BOOLEAN else one for one in options(kind)])
    if not isinstance(value, Literal) and value is not NIL:
        return kind
    return filtered(kind, lambda one: one != value)


def of_type(kind: Type, name: str, holds: bool) -> Type:
    """What is left of a type when Lua's ``type`` gives a name, or does not."""
    if not holds:
        return filtered(kind, lambda one: lua_type(one) != name)
    basic = BASICS.get(name)
    if basic is None:
        return kind
    found: list[Type] = []
    for one in options(kind):
        known = lua_type(one)
        if known is None:
            found.append(one if isinstance(one, Variable) else basic)
        elif known == name:
            found.append(one)
    return union(found)


def of_number(kind: Type, name: str, holds: bool) -> Type:
    """The same for ``math.type``."""
    if name not in ("integer", "float"):
        return kind

    def is_whole(one: Type) -> bool:
        return (one.basic if isinstance(one, Literal) else one) is INTEGER

    if not holds:
        return filtered(kind, lambda one: name == "float" or not is_whole(one))
    numbers = [one for one in options(kind) if lua_type(one) == "number"]
    if name == "float":
        kept = [one for one in numbers if not is_whole(one)]
        return union(kept) if kept else NUMBER
    whole = [one for one in numbers if is_whole(one)]
    return union(whole) if whole else INTEGER

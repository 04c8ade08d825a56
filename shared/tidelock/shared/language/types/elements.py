"""What tables hold at keys that only the running program knows: lists, maps, loops over them."""

from __future__ import annotations

from typing import TYPE_CHECKING, final

from tidelock.shared.language.luacats.written import Word
from tidelock.shared.language.paths import constant
from tidelock.shared.language.types.kinds import (
    ANY,
    INTEGER,
    NEVER,
    NIL,
    STRING,
    UNKNOWN,
    Array,
    Basic,
    ClassType,
    Function,
    Literal,
    Map,
    Record,
    Shape,
    Tuple,
    Type,
    Union,
    lua_type,
    union,
    widened,
)
from tidelock.shared.syntax.tree import KeyedField, NamedField

if TYPE_CHECKING:
    from tidelock.shared.language.types.inference import Types

from tidelock.shared.language.types.properties import name_of

_CHAIN = 12


@final
class Elements:
    """The elements of the values of one ``Types``; used by its thread."""

    __slots__ = ("_types",)

    def __init__(self, types: Types) -> None:
        self._types = types

    def get(self, kind: Type, index: Type) -> Type | None:
        """What a table gives for a key of some type; None when the text does not show it."""
        if isinstance(kind, Union):
            found = [self.get(one, index) for one in kind.options if one is not NIL]
            known = [one for one in found if one is not None]
            return union(known) if known else None
        if isinstance(kind, Array):
            return kind.element if _fits(index, INTEGER) else None
        if isinstance(kind, Tuple):
            return union(kind.items) if _fits(index, INTEGER) else None
        if isinstance(kind, Map):
            return kind.value if _fits(index, kind.index) else None
        for key, value in self.entries(kind):
            if _fits(index, key):
                return value
        return None

    def entries(self, kind: Type, depth: int = 0) -> list[tuple[Type, Type]]:
        """The keys and values of a table by their types, single named fields left out."""
        if isinstance(kind, Array):
            return [(INTEGER, kind.element)]
        if isinstance(kind, Map):
            return [(kind.index, kind.value)]
        if isinstance(kind, Tuple):
            return [(INTEGER, union(kind.items))]
        if isinstance(kind, Record):
            return list(kind.indexers)
        if isinstance(kind, ClassType) and depth < _CHAIN:
            return self._class_entries(kind, depth)
        if isinstance(kind, Shape):
            return self._shape_entries(kind, depth)
        return []

    def _class_entries(self, kind: ClassType, depth: int) -> list[tuple[Type, Type]]:
        meanings = self._types.meanings
        opened = meanings.opened(kind)
        if opened is not None:
            return self.entries(opened, depth + 1)
        found: list[tuple[Type, Type]] = []
        for text, declaration, scope in meanings.classes(kind):
            place = declaration.run.start
            for one in declaration.fields:
                key = one.tag.key
                if name_of(key) is None and not isinstance(key, Word):
                    index = meanings.type(key, text, scope, place)
                    found.append((index, meanings.type(one.tag.type, text, scope, place)))
            for parent in declaration.tag.parents:
                found += self.entries(meanings.type(parent, text, scope, place), depth + 1)
        return found

    def _shape_entries(self, shape: Shape, depth: int) -> list[tuple[Type, Type]]:
        types = self._types
        found: dict[Type, list[Type]] = {}
        node = shape.node
        if node is not None:
            items = [one for one in node.fields if not isinstance(one, NamedField | KeyedField)]
            for place, item in enumerate(items):
                last = place == len(items) - 1
                values = types.values(shape.text, [item]) if last else None
                given = types.expression(shape.text, item) if values is None else values.nth(0)
                if values is not None and values.rest not in (None, UNKNOWN):
                    given = union([given, *values.types[1:], values.rest or NEVER])
                found.setdefault(INTEGER, []).append(given)
            for one in node.fields:
                if isinstance(one, KeyedField) and constant(one.key) is None:
                    index = widened(types.expression(shape.text, one.key))
                    found.setdefault(index, []).append(types.expression(shape.text, one.value))
        if shape.path is not None:
            members = shape.text.members
            for element in members.elements(shape.path):
                index = INTEGER
                if element.key is not None:
                    index = widened(types.expression(shape.text, element.key))
                value = types.values(shape.text, [element.value]).nth(element.nth)
                found.setdefault(index, []).append(value)
            for key in members.fields(shape.path):
                if not isinstance(key, str):
                    places = types.properties.find(shape, key)
                    found.setdefault(INTEGER, []).append(types.properties.type(places))
        entries = [(index, _elements(values)) for index, values in found.items()]
        if not entries and shape.base is not None and depth < _CHAIN:
            return self.entries(shape.base, depth + 1)
        return entries

    def pairs(self, kind: Type) -> tuple[Type, Type] | None:
        """The types of all keys and of all values of a table; None when it shows none."""
        keys: list[Type] = []
        values: list[Type] = []
        for one in kind.options if isinstance(kind, Union) else (kind,):
            for index, value in self.entries(one):
                keys.append(index)
                values.append(value)
            if isinstance(one, Shape | Record):
                for key, places in self._types.properties.own(one).items():
                    if isinstance(key, str) and not key.startswith("__"):
                        keys.append(STRING)
                        values.append(self._types.properties.type(places))
            elif isinstance(one, ClassType) and not self.entries(one):
                keys.append(UNKNOWN)
                values.append(UNKNOWN)
        return (union(keys), widened(union(values))) if keys else None


def _elements(values: list[Type]) -> Type:
    known = [one for one in values if one is not NIL]
    return widened(union(known or values))


def _fits(index: Type, key: Type) -> bool:
    """Whether a key of one type may be one of another."""
    if index in (UNKNOWN, ANY) or key in (UNKNOWN, ANY):
        return True
    if isinstance(key, Union):
        return any(_fits(index, one) for one in key.options)
    if isinstance(index, Union):
        return any(_fits(one, key) for one in index.options)
    if isinstance(key, Literal):
        return index == key or index is key.basic
    if isinstance(key, Basic):
        wanted = lua_type(key)
        return wanted is None or lua_type(index) == wanted
    return index == key or isinstance(index, Function)

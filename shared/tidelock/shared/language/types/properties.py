"""The fields of values: what a table holds, what its metatable and its class add.

A field that nobody sets is not there, which need not mean that the value is nil: whoever asks must
not take silence for certainty. Chains of ``__index`` and of parents are followed so far.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, final

from tidelock.shared.language.annotations import Run, documented
from tidelock.shared.language.luacats.written import Constant, Word, Written
from tidelock.shared.language.members import Field
from tidelock.shared.language.paths import constant
from tidelock.shared.language.types.declared import DeclaredField
from tidelock.shared.language.types.kinds import (
    ANY,
    NIL,
    STRING,
    UNKNOWN,
    Basic,
    ClassType,
    Literal,
    Record,
    Shape,
    Tuple,
    Type,
    Union,
    Variable,
    options,
    union,
    widened,
)
from tidelock.shared.model import Key
from tidelock.shared.syntax.tree import FunctionBody, KeyedField, NamedField

if TYPE_CHECKING:
    from tidelock.shared.language.luacats.tags import Visibility
    from tidelock.shared.language.paths import Path
    from tidelock.shared.language.types.inference import Types
    from tidelock.shared.language.types.meanings import Scope
    from tidelock.shared.language.types.texts import Text

_CHAIN = 12


class Property(NamedTuple):
    """One place that gives a field a value or a type; several may be about one field.

    ``start`` and ``end`` are the key in ``text``. ``field`` is an assignment to ``path`` or a part
    of a constructor, ``declared`` a ``@field``; with neither, ``type`` is all.
    """

    key: Key
    text: Text | None = None
    start: int = 0
    end: int = 0
    field: Field | None = None
    declared: DeclaredField | None = None
    run: Run | None = None
    scope: Scope | None = None
    type: Type | None = None
    path: Path | None = None

    @property
    def body(self) -> FunctionBody | None:
        """The function it holds, if the text shows one."""
        return None if self.field is None else self.field.body

    @property
    def visibility(self) -> Visibility:
        """Who may use it."""
        return "public" if self.declared is None else self.declared.tag.visibility


Found = dict[Key, list[Property]]


@final
class Properties:
    """The fields of the values of one ``Types``; used by its thread."""

    __slots__ = ("_types",)

    def __init__(self, types: Types) -> None:
        self._types = types

    def fields(self, kind: Type) -> Found:
        """All fields of a type that can be named, the nearest first."""
        found: Found = {}
        self._collect(kind, found, set(), 0)
        return found

    def _collect(self, kind: Type, found: Found, seen: set[Type], depth: int) -> None:
        if kind in seen or depth > _CHAIN:
            return
        seen.add(kind)
        if isinstance(kind, Union):
            for one in kind.options:
                self._collect(one, found, seen, depth)
            return
        own, further = self._layer(kind)
        for key, places in own.items():
            if key not in found:
                found[key] = places
        for one in further:
            self._collect(one, found, seen, depth + 1)

    def behind(self, kind: Type) -> list[Type]:
        """The types whose fields a type has too, the nearest first: parents and ``__index``."""
        found: dict[Type, None] = {}
        todo = [(one, 0) for one in options(kind)]
        while todo:
            one, depth = todo.pop(0)
            if depth < _CHAIN:
                further = [each for each in self._layer(one)[1] if each not in found]
                found.update(dict.fromkeys(further))
                todo += [(each, depth + 1) for each in further]
        return list(found)

    def find(self, kind: Type, key: Key) -> list[Property]:
        """The places of one field, from where it is found first."""
        todo: list[tuple[Type, int]] = [(kind, 0)]
        seen: set[Type] = set()
        while todo:
            one, depth = todo.pop()
            if one in seen or depth > _CHAIN:
                continue
            seen.add(one)
            if isinstance(one, Union):
                todo += [(each, depth) for each in reversed(one.options)]
                continue
            own, further = self._layer(one, key)
            if key in own:
                return own[key]
            todo += [(each, depth + 1) for each in reversed(further)]
        return []

    def get(self, kind: Type, key: Key, exact: bool = False, depth: int = 0) -> Type | None:
        """The type of a field; None when the text shows no such field.

        A field that is assigned a literal may be assigned another: it counts only when ``exact``.
        """
        if isinstance(kind, Union):
            found = [self.get(one, key, exact, depth) for one in kind.options if one is not NIL]
            known = [one for one in found if one is not None]
            return union(known) if known else None
        if kind in (UNKNOWN, ANY) or isinstance(kind, Variable):
            if isinstance(kind, Variable) and kind.bound is not None:
                return self.get(kind.bound, key, exact, depth)
            return UNKNOWN
        if depth > _CHAIN:
            return UNKNOWN
        own, further = self._layer(kind, key)
        if key in own:
            return self.type(own[key], exact)
        for one in further:
            found_type = self.get(one, key, exact, depth + 1)
            if found_type is not None:
                return found_type
        return (
            self._types.elements.get(kind, Literal(key))
            if not isinstance(kind, Basic | Literal)
            else None
        )

    def type(self, places: list[Property], exact: bool = False) -> Type:
        """The type that a field has by all its places; what is declared counts alone."""
        declared = [one for one in places if one.declared is not None or one.type is not None]
        found = [self._type(one, exact) for one in declared or places]
        kept = [one for one in found if one is not NIL]
        return union(kept or found)

    def _type(self, place: Property, exact: bool) -> Type:
        if place.type is not None:
            return place.type
        assert place.text is not None
        if place.declared is not None:
            tag = place.declared.tag
            assert place.run is not None
            kind = self._types.meanings.type(
                tag.type, place.text, place.scope or {}, place.run.start
            )
            return union([kind, NIL]) if tag.is_optional else kind
        assert place.field is not None
        found = self._types.names.assigned(place.text, place.field)
        return found if exact else widened(found)

    def own(self, kind: Type) -> Found:
        """The fields that a value has by itself."""
        return self._layer(kind)[0]

    # -- one layer of a value: its own fields, and the values that are asked next --------------

    def _layer(self, kind: Type, key: Key | None = None) -> tuple[Found, list[Type]]:
        """The own fields of a type (only one of them if a key is given), and what is behind it."""
        if isinstance(kind, Literal):
            kind = kind.basic
        if kind is STRING:
            return {}, [self._types.names.of_global(self._types.current, "string")]
        if isinstance(kind, Shape):
            return self._shape(kind, key), self._behind(kind)
        if isinstance(kind, ClassType):
            return self._class(kind, key)
        if isinstance(kind, Record):
            own: Found = {}
            for field in kind.fields:
                given = union([field.type, NIL]) if field.is_optional else field.type
                own[field.name] = [Property(field.name, type=given)]
            return own, []
        if isinstance(kind, Tuple):
            return {at: [Property(at, type=one)] for at, one in enumerate(kind.items, 1)}, []
        return {}, []

    def _shape(self, shape: Shape, key: Key | None) -> Found:
        text = shape.text
        found: Found = {}
        if shape.path is not None:
            self._assigned(text, shape.path, key, found)
        if shape.node is not None and (shape.path is None or text.members.is_loose(shape.node)):
            self._written_out(shape, found)
        if shape.is_self:
            for one in self._types.metatables.instances(shape):
                for name, places in self._shape(one, key).items():
                    found.setdefault(name, []).extend(places)
        return found

    def _assigned(self, text: Text, path: Path, key: Key | None, found: Found) -> None:
        fields = text.members.fields(path)
        for name in fields if key is None else (key,) if key in fields else ():
            places = text.places(path, name)
            if places:
                found.setdefault(name, []).extend(
                    Property(name, text, one.start, one.end, one, path=path) for one in places
                )

    def _written_out(self, shape: Shape, found: Found) -> None:
        assert shape.node is not None
        for item in shape.node.fields:
            if isinstance(item, NamedField):
                key: Key | None = item.name.name
                start, end = item.name.start, item.name.end
            elif isinstance(item, KeyedField):
                key = constant(item.key)
                start, end = item.key.start, item.key.end
            else:
                continue
            if key is not None:
                body = item.value if isinstance(item.value, FunctionBody) else None
                field = Field(key, start, end, item.start, item.value, body)
                found.setdefault(key, []).append(Property(key, shape.text, start, end, field))

    def _behind(self, shape: Shape) -> list[Type]:
        found = [] if shape.base is None else [shape.base]
        return [*found, *self._types.metatables.index_of(shape)]

    def _class(self, kind: ClassType, key: Key | None) -> tuple[Found, list[Type]]:
        meanings = self._types.meanings
        opened = meanings.opened(kind)
        if opened is not None:
            return {}, [opened]
        found: Found = {}
        behind: list[Type] = []
        for text, declaration, scope in meanings.classes(kind):
            start = declaration.run.start
            for one in declaration.fields:
                name = name_of(one.tag.key)
                if name is not None and (key is None or name == key):
                    place = one.tag.key
                    found.setdefault(name, []).append(
                        Property(
                            name,
                            text,
                            start + place.start,
                            start + place.end,
                            None,
                            one,
                            declaration.run,
                            scope,
                        )
                    )
            if declaration.path is not None:
                shape = Shape(text, declaration.path, None, is_self=True)
                for name, places in self._shape(shape, key).items():
                    found.setdefault(name, []).extend(places)
                behind += [
                    one
                    for one in self._types.metatables.index_of(shape)
                    if not (isinstance(one, ClassType) and one.name == kind.name)
                ]
            parents = [meanings.type(one, text, scope, start) for one in declaration.tag.parents]
            behind = [*parents, *behind]
        return found, behind

    def documentation(self, place: Property) -> str:
        """What the comments say of a field."""
        if place.declared is not None:
            return place.declared.text
        if place.field is not None and place.text is not None:
            return documented(place.text.tree, place.field.statement).text
        return ""


def name_of(key: Word | Written) -> Key | None:
    """The key of a ``@field``, None when it is a type of keys."""
    if isinstance(key, Word):
        return int(key.text) if key.text.isdecimal() else key.text
    if isinstance(key, Constant) and not isinstance(key.value, bool):
        return key.value
    return None

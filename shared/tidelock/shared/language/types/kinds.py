"""What is known of values: the types that inference finds and annotations declare.

Types are compared by what they say and never changed. ``unknown`` stands for what nobody can tell
from the text; it is kept in unions, so that what is told is never more certain than it is.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from typing import TYPE_CHECKING, NamedTuple, final

if TYPE_CHECKING:
    from tidelock.shared.language.paths import Path
    from tidelock.shared.language.types.texts import Text
    from tidelock.shared.syntax.tree import FunctionBody, Table

_WIDEST = 32


class Type:
    """A type; ``key`` is what makes it equal to another of its kind."""

    __slots__ = ("key",)
    key: Hashable

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and self.key == other.key

    def __hash__(self) -> int:
        return hash(self.key)


@final
class Basic(Type):
    """A type that is its name: ``string``, ``nil``, ``unknown``."""

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name
        self.key = name


NIL: Type = Basic("nil")
BOOLEAN: Type = Basic("boolean")
NUMBER: Type = Basic("number")
INTEGER: Type = Basic("integer")
STRING: Type = Basic("string")
TABLE: Type = Basic("table")
FUNCTION: Type = Basic("function")
THREAD: Type = Basic("thread")
USERDATA: Type = Basic("userdata")
LIGHTUSERDATA: Type = Basic("lightuserdata")
ANY: Type = Basic("any")
UNKNOWN: Type = Basic("unknown")
NEVER: Type = Basic("never")
SELF: Type = Basic("self")
"""In a signature, the value before the colon or the dot."""

BASICS: dict[str, Type] = {
    str(one.key): one
    for one in (
        *(NIL, BOOLEAN, NUMBER, INTEGER, STRING, TABLE, FUNCTION, THREAD, USERDATA),
        *(LIGHTUSERDATA, ANY, UNKNOWN, NEVER, SELF),
    )
}


@final
class Literal(Type):
    """A type of one value; the number 1 and the float 1.0 are two."""

    __slots__ = ("value",)

    def __init__(self, value: str | int | float | bool) -> None:
        self.value = value
        self.key = (type(value), value)

    @property
    def basic(self) -> Type:
        """The type of all values of its kind."""
        if isinstance(self.value, bool):
            return BOOLEAN
        if isinstance(self.value, str):
            return STRING
        return INTEGER if isinstance(self.value, int) else NUMBER


TRUE: Type = Literal(True)
FALSE: Type = Literal(False)


@final
class Union(Type):
    """One of several types; made by ``union``. ``name`` is the alias or enum it comes from."""

    __slots__ = ("name", "options")

    def __init__(self, options: tuple[Type, ...], name: str = "") -> None:
        self.options = options
        self.name = name
        self.key = frozenset(options)


@final
class Array(Type):
    """A list of values of one type."""

    __slots__ = ("element",)

    def __init__(self, element: Type) -> None:
        self.element = element
        self.key = element


@final
class Map(Type):
    """A table with keys of one type and values of another."""

    __slots__ = ("index", "value")

    def __init__(self, index: Type, value: Type) -> None:
        self.index = index
        self.value = value
        self.key = (index, value)


@final
class Tuple(Type):
    """A list whose places have types of their own."""

    __slots__ = ("items",)

    def __init__(self, items: tuple[Type, ...]) -> None:
        self.items = items
        self.key = items


class RecordField(NamedTuple):
    """A field of a written table type."""

    name: str | int | float
    type: Type
    is_optional: bool


@final
class Record(Type):
    """A table as its type is written: named fields, and types of keys with types of values."""

    __slots__ = ("fields", "indexers")

    def __init__(
        self, fields: tuple[RecordField, ...], indexers: tuple[tuple[Type, Type], ...] = ()
    ) -> None:
        self.fields = fields
        self.indexers = indexers
        self.key = (fields, indexers)


@final
class ClassType(Type):
    """A declared class; ``text`` is where it was named, and knows where it is declared."""

    __slots__ = ("arguments", "name", "text")

    def __init__(self, name: str, arguments: tuple[Type, ...], text: Text) -> None:
        self.name = name
        self.arguments = arguments
        self.text = text
        self.key = (name, arguments)


@final
class Variable(Type):
    """A type variable of the signature or class whose place is ``owner``."""

    __slots__ = ("bound", "name", "owner")

    def __init__(self, name: str, owner: Hashable, bound: Type | None) -> None:
        self.name = name
        self.owner = owner
        self.bound = bound
        self.key = (name, owner)


@final
class Captured(Type):
    """A parameter whose text names the type that a variable stands for."""

    __slots__ = ("variable",)

    def __init__(self, variable: Variable) -> None:
        self.variable = variable
        self.key = variable


class Values(NamedTuple):
    """What an expression list or a call gives: some values, then any number of ``rest``."""

    types: tuple[Type, ...]
    rest: Type | None = None

    def nth(self, place: int) -> Type:
        """Value number ``place``, from 0; nil when there are fewer."""
        if place < len(self.types):
            return self.types[place]
        return NIL if self.rest is None else self.rest


NOTHING = Values(())
ANYTHING = Values((), UNKNOWN)


class Parameter(NamedTuple):
    """A parameter of a signature."""

    name: str
    type: Type
    is_optional: bool = False


class Signature(NamedTuple):
    """One way to call a function; without ``returns`` its body tells what it gives.

    ``rest`` is the type of further arguments, None when there are none. The parameters of a
    method begin with its ``self``.
    """

    parameters: tuple[Parameter, ...]
    rest: Type | None
    returns: Values | None
    variables: tuple[Variable, ...] = ()


@final
class Function(Type):
    """A function: as it is declared, or as it stands in a text (then ``body`` is there)."""

    __slots__ = ("body", "signatures", "text")

    def __init__(
        self,
        signatures: tuple[Signature, ...],
        text: Text | None = None,
        body: FunctionBody | None = None,
    ) -> None:
        self.signatures = signatures
        self.text = text
        self.body = body
        self.key = signatures if body is None else id(body)


@final
class Shape(Type):
    """A table of a text: what is written out (``node``), and all that is assigned to its ``path``.

    ``base`` is the value that the path was given when it is no table of this text, ``meta`` its
    metatable. With ``is_self`` it is the ``self`` of methods: the table or anything made of it.
    """

    __slots__ = ("base", "is_self", "meta", "node", "path", "text")

    def __init__(
        self,
        text: Text,
        path: Path | None,
        node: Table | None,
        base: Type | None = None,
        meta: Type | None = None,
        is_self: bool = False,
    ) -> None:
        self.text = text
        self.path = path
        self.node = node
        self.base = base
        self.meta = meta
        self.is_self = is_self
        self.key = (id(text), path, id(node), base, meta, is_self)


def union(types: Iterable[Type], name: str = "") -> Type:
    """The type of values that have one of several types."""
    found: dict[Type, None] = {}
    for one in types:
        if isinstance(one, Union):
            found.update(dict.fromkeys(one.options))
        elif one is not NEVER:
            found[one] = None
    if ANY in found:
        return ANY
    if TRUE in found and FALSE in found:
        found = {(BOOLEAN if one in (TRUE, FALSE) else one): None for one in found}
    if NUMBER in found:
        found.pop(INTEGER, None)
    options = [one for one in found if not _absorbed(one, found)]
    if len(options) == 1:
        return options[0]
    if not options:
        return NEVER
    return Union(tuple(options), name) if len(options) <= _WIDEST else UNKNOWN


def _absorbed(one: Type, found: dict[Type, None]) -> bool:
    if not isinstance(one, Literal):
        return False
    basic = one.basic
    return basic in found or (basic is INTEGER and NUMBER in found)


def options(kind: Type) -> tuple[Type, ...]:
    """The types a union is made of, or the one type."""
    return kind.options if isinstance(kind, Union) else (kind,)


def filtered(kind: Type, keep: Callable[[Type], bool]) -> Type:
    """The options of a type that pass."""
    found = options(kind)
    kept = [one for one in found if keep(one)]
    return kind if len(kept) == len(found) else union(kept)


def truthy(kind: Type) -> Type:
    """What is left of a type when a value is neither nil nor false."""
    if kind is BOOLEAN:
        return TRUE
    if not isinstance(kind, Union):
        return NEVER if kind is NIL or kind == FALSE else kind
    if not any(one is NIL or one is BOOLEAN or one == FALSE for one in kind.options):
        return kind
    return union([truthy(one) for one in kind.options])


def falsy(kind: Type) -> Type:
    """What is left of a type when a value is nil or false."""
    found: list[Type] = []
    for one in options(kind):
        if one is NIL or one == FALSE:
            found.append(one)
        elif one is BOOLEAN:
            found.append(FALSE)
        elif one in (UNKNOWN, ANY) or isinstance(one, Variable):
            found += [FALSE, NIL]
    return union(found)


def without_nil(kind: Type) -> Type:
    """A type without nil."""
    return filtered(kind, lambda one: one is not NIL)


def may_be_true(kind: Type) -> bool:
    """Whether a value of a type can count as true."""
    return truthy(kind) is not NEVER


def may_be_false(kind: Type) -> bool:
    """Whether a value of a type can count as false."""
    return falsy(kind) is not NEVER


def widened(kind: Type) -> Type:
    """A type with its literals replaced by the types of all such values."""
    if isinstance(kind, Literal):
        return kind.basic
    if isinstance(kind, Union) and any(isinstance(one, Literal) for one in kind.options):
        return union([widened(one) for one in kind.options])
    return kind


def without_numbers(kind: Type) -> Type:
    """A type whose numbers are not told one by one; texts and truth values still are."""
    if isinstance(kind, Literal) and not isinstance(kind.value, str | bool):
        return kind.basic
    if isinstance(kind, Union):
        return union([without_numbers(one) for one in kind.options], kind.name)
    return kind


def lua_type(kind: Type) -> str | None:
    """What Lua's ``type`` says of a value, None when it cannot be told."""
    if isinstance(kind, Literal):
        kind = kind.basic
    if isinstance(kind, Basic):
        if kind in (UNKNOWN, ANY, NEVER, SELF):
            return None
        return {"integer": "number", "lightuserdata": "userdata"}.get(kind.name, kind.name)
    if isinstance(kind, Function):
        return "function"
    if isinstance(kind, Shape):
        return "table" if kind.node is not None or kind.base is None else lua_type(kind.base)
    if isinstance(kind, Array | Map | Tuple | Record):
        return "table"
    if isinstance(kind, ClassType):
        return "userdata" if kind.name.endswith("*") else "table"
    return None

"""Metatables as the text sets them, and classes made by habit out of them.

``setmetatable({}, Class)`` with ``Class.__index = Class``, inheritance by ``__index``, and the
calls of small class libraries (``class "Name"``, ``Base:extend()``, ``Base:subclass "Name"``).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, final

from tidelock.shared.language.types.kinds import (
    NIL,
    UNKNOWN,
    Basic,
    ClassType,
    Function,
    Map,
    Shape,
    Type,
    Values,
    options,
    union,
)
from tidelock.shared.syntax.tree import Call, Expression, MethodCall, Name, String, Table

if TYPE_CHECKING:
    from tidelock.shared.language.types.inference import Types
    from tidelock.shared.language.types.texts import Text

LIBRARY_CLASS = Basic("class")
"""Stands for the metatable of a class that a class library made."""

_MAKERS = frozenset(("class", "Class", "middleclass"))
_HEIRS = frozenset(("extend", "subclass"))
_ALIASES = 4


@final
class Metatables:
    """The metatables of the values of one ``Types``; used by its thread."""

    __slots__ = ("_types",)

    def __init__(self, types: Types) -> None:
        self._types = types

    def of(self, kind: Type) -> list[Type]:
        """The metatables a value can have."""
        if isinstance(kind, ClassType):
            return [kind]
        if not isinstance(kind, Shape):
            return []
        found = [] if kind.meta is None or kind.meta is LIBRARY_CLASS else [kind.meta]
        if kind.path is not None:
            written = kind.text.members.metas(kind.path)
            found += [self._types.expression(kind.text, one) for one in written]
        if isinstance(kind.base, Shape):
            found += self.of(kind.base)
        return found

    def index_of(self, shape: Shape) -> tuple[Type, ...]:
        """The values that a table's ``__index`` leads to."""
        return self._types.remembered(
            shape.text, ("index", shape.key), lambda: self._index_of(shape), ()
        )

    def _index_of(self, shape: Shape) -> tuple[Type, ...]:
        found: dict[Type, None] = {}
        for meta in self.of(shape):
            for one in options(meta):
                if isinstance(one, ClassType):
                    found[one] = None
                    continue
                for target in options(self._types.properties.get(one, "__index") or UNKNOWN):
                    if isinstance(target, Function):
                        result = self._types.calls.call(target, Values((shape,), UNKNOWN)).nth(0)
                        found[Map(UNKNOWN, result)] = None
                    elif isinstance(target, Shape):
                        found[as_self(target)] = None
                    elif target is not UNKNOWN and target is not NIL:
                        found[target] = None
        return tuple(one for one in found if one not in (shape, as_self(shape)))

    def instances(self, shape: Shape) -> tuple[Shape, ...]:
        """The tables of a text that get a class by habit as metatable."""
        if shape.path is None:
            return ()
        return self._types.remembered(
            shape.text, ("instances", shape.path), lambda: self._instances(shape), ()
        )

    def _instances(self, shape: Shape) -> tuple[Shape, ...]:
        found = []
        text = shape.text
        members = text.members
        for path, metas in members.all_metas().items():
            if path == shape.path or "__index" in members.fields(path):
                continue  # itself, or a class that inherits
            if any(self._is_class(text, one, shape) for one in metas):
                found.append(Shape(text, path, None))
        for table, meta in members.made():
            if self._is_class(text, meta, shape):
                found.append(Shape(text, None, table))
        return tuple(found)

    def _is_class(self, text: Text, meta: Expression, shape: Shape) -> bool:
        """Whether a metatable is a class, or leads to it."""
        kind = self._types.expression(text, meta)
        if self._holds(kind, shape):
            return True
        if not isinstance(kind, Shape):
            return False
        target = self._types.properties.get(kind, "__index")
        return target is not None and self._holds(target, shape)

    def _holds(self, kind: Type, shape: Shape) -> bool:
        if isinstance(kind, Shape):
            return kind.text is shape.text and kind.path == shape.path
        if isinstance(kind, ClassType):
            return shape.text.declared.paths.get(shape.path or ()) == kind.name
        return False

    def is_class(self, shape: Shape) -> bool:
        """Whether a table is a class by habit: the ``__index`` of what is made of it."""
        return shape.path is not None and (
            "__index" in shape.text.members.fields(shape.path)
            or bool(self.instances(shape))
            or self.instance(shape) is not None
        )

    def set(self, text: Text, node: Call) -> Type:
        """What ``setmetatable`` gives."""
        table = node.arguments[0]
        kind = self._types.expression(text, table)
        meta = self._types.expression(text, node.arguments[1])
        if isinstance(meta, ClassType):
            return meta
        path = text.members.path(table)
        found: list[Type] = []
        for one in options(kind):
            if isinstance(one, Shape):
                known = one.path is not None and one.text.members.metas(one.path)
                found.append(one if known else Shape(one.text, one.path, one.node, one.base, meta))
            elif one is UNKNOWN:
                found.append(Shape(text, path, None, None, meta))
            elif one is not NIL:
                found.append(one)
        return union(found)

    # -- class libraries -----------------------------------------------------------------------

    def made(self, text: Text, node: Call | MethodCall, called: Type) -> Type | None:
        """The class that a call of a class library makes, None for any other call.

        ``called`` is the function, or what stands before the colon.
        """
        first = node.arguments[0] if node.arguments else None
        if isinstance(node, MethodCall):
            if node.key not in _HEIRS or not (first is None or isinstance(first, String)):
                return None
            if isinstance(called, Shape) and (
                called.is_self or self._is_own(text, called, node.key)
            ):
                return None
            if not isinstance(called, Shape) and called is not UNKNOWN:
                return None
            return Shape(text, None, None, self._base(called), LIBRARY_CLASS)
        name = node.function
        if not isinstance(name, Name) or name.name not in _MAKERS:
            return None
        if not isinstance(first, String) or self._is_made_here(text, called):
            return None
        parent: Type = UNKNOWN
        if len(node.arguments) > 1 and not isinstance(node.arguments[1], Table):
            parent = self._types.expression(text, node.arguments[1])
        return Shape(text, None, None, self._base(parent), LIBRARY_CLASS)

    def _is_own(self, text: Text, called: Shape, key: str) -> bool:
        """Whether a method is written in the same text, and so needs no guess."""
        places = self._types.properties.find(called, key)
        return any(one.text is text and one.body is not None for one in places)

    def _is_made_here(self, text: Text, called: Type) -> bool:
        return isinstance(called, Function) and called.text is text

    def _base(self, parent: Type) -> Type | None:
        return None if parent is UNKNOWN else parent

    def instance(self, kind: Type) -> Type | None:
        """What calling a class of a class library makes; None when it is none."""
        one = kind
        for _ in range(_ALIASES):
            if not isinstance(one, Shape):
                return None
            if one.meta is LIBRARY_CLASS:
                assert isinstance(kind, Shape)
                return Shape(kind.text, kind.path, kind.node, kind.base, kind.meta, True)
            if one.base is None:
                return None
            one = one.base
        return None


def as_self(shape: Shape) -> Shape:
    """A table as the ``self`` of its methods sees it."""
    if shape.is_self:
        return shape
    return Shape(shape.text, shape.path, shape.node, shape.base, shape.meta, True)

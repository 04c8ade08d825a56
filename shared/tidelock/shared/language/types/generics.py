"""Type variables: what they stand for in a call, and types with them filled in.

It also tells whether a value may be passed where a type is wanted; in doubt it may.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, final

from tidelock.shared.language.types.kinds import (
    ANY,
    INTEGER,
    NEVER,
    NIL,
    SELF,
    STRING,
    UNKNOWN,
    Array,
    Basic,
    Captured,
    ClassType,
    Function,
    Literal,
    Map,
    Record,
    RecordField,
    Signature,
    Tuple,
    Type,
    Union,
    Values,
    Variable,
    lua_type,
    options,
    union,
    widened,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from tidelock.shared.language.types.inference import Types

Bindings = dict[Variable, Type]
_DEEPEST = 8


@final
class Generics:
    """The type variables of one ``Types``; used by its thread."""

    __slots__ = ("_types",)

    def __init__(self, types: Types) -> None:
        self._types = types

    def bind(self, signature: Signature, given: Values, bindings: Bindings) -> None:
        """Find what the type variables of a signature stand for in a call."""
        for place, one in enumerate(signature.parameters):
            kind = given.nth(place)
            if one.is_optional and kind is NIL:
                continue
            if place < len(given.types) or given.rest is not None:
                self.unify(one.type, kind, bindings, 0)
        if signature.rest is not None:
            for kind in given.types[len(signature.parameters) :]:
                self.unify(signature.rest, kind, bindings, 0)

    def unify(self, wanted: Type, given: Type, bindings: Bindings, depth: int) -> None:
        """Note what type variables of a wanted type stand for, when a value has the given one."""
        if depth > _DEEPEST or not is_open(wanted):
            return
        if isinstance(wanted, Variable):
            kind = widened(given)
            before = bindings.get(wanted)
            bindings[wanted] = kind if before is None else union([before, kind])
        elif isinstance(wanted, Captured):
            if isinstance(given, Literal) and isinstance(given.value, str):
                bindings[wanted.variable] = self._types.named(given.value)
        elif isinstance(wanted, Union):
            closed = [one for one in wanted.options if not is_open(one)]
            rest = union([one for one in options(given) if one not in closed])
            for one in wanted.options:
                if is_open(one) and rest is not NEVER:
                    self.unify(one, rest, bindings, depth + 1)
        elif isinstance(given, Union):
            for one in given.options:
                if one is not NIL:
                    self.unify(wanted, one, bindings, depth + 1)
        else:
            self._unify_inside(wanted, given, bindings, depth + 1)

    def _unify_inside(self, wanted: Type, given: Type, bindings: Bindings, depth: int) -> None:
        properties = self._types.properties
        if isinstance(wanted, Array):
            element = self._types.elements.get(given, INTEGER)
            if element is not None:
                self.unify(wanted.element, element, bindings, depth)
        elif isinstance(wanted, Map):
            pair = self._types.elements.pairs(given)
            if pair is not None:
                self.unify(wanted.index, pair[0], bindings, depth)
                self.unify(wanted.value, pair[1], bindings, depth)
        elif isinstance(wanted, Tuple):
            for place, one in enumerate(wanted.items, 1):
                self.unify(one, properties.get(given, place) or UNKNOWN, bindings, depth)
        elif isinstance(wanted, Record):
            for field in wanted.fields:
                kind = properties.get(given, field.name)
                if kind is not None:
                    self.unify(field.type, kind, bindings, depth)
        elif isinstance(wanted, ClassType):
            if isinstance(given, ClassType) and given.name == wanted.name:
                for one, other in zip(wanted.arguments, given.arguments, strict=False):
                    self.unify(one, other, bindings, depth)
        elif isinstance(wanted, Function) and isinstance(given, Function):
            self._unify_function(wanted, given, bindings, depth)

    def _unify_function(
        self, wanted: Function, given: Function, bindings: Bindings, depth: int
    ) -> None:
        ours, theirs = self._types.calls.signatures(wanted), self._types.calls.signatures(given)
        if not ours or not theirs:
            return
        for one, other in zip(ours[0].parameters, theirs[0].parameters, strict=False):
            if other.type is not UNKNOWN:
                self.unify(one.type, other.type, bindings, depth)
        if ours[0].returns is None:
            return
        returns = theirs[0].returns
        if returns is None:
            assert given.text is not None
            assert given.body is not None
            returns = self._types.calls.inferred(given.text, given.body)
        for place, kind in enumerate(ours[0].returns.types):
            self.unify(kind, returns.nth(place), bindings, depth)
        if ours[0].returns.rest is not None and returns.types:
            self.unify(ours[0].returns.rest, union(returns.types), bindings, depth)

    def filled(self, kind: Type, bindings: Bindings, receiver: Type | None, depth: int = 0) -> Type:
        """A type with its variables replaced, unknown where nothing is known of one."""
        if depth > _DEEPEST or not is_open(kind):
            return kind
        if kind is SELF:
            return UNKNOWN if receiver is None else receiver
        if isinstance(kind, Variable):
            return bindings.get(kind, UNKNOWN if kind.bound is None else kind.bound)
        if isinstance(kind, Captured):
            return STRING

        def each(one: Type) -> Type:
            return self.filled(one, bindings, receiver, depth + 1)

        if isinstance(kind, Union):
            return union([each(one) for one in kind.options])
        if isinstance(kind, Array):
            return Array(each(kind.element))
        if isinstance(kind, Map):
            return Map(each(kind.index), each(kind.value))
        if isinstance(kind, Tuple):
            return Tuple(tuple(each(one) for one in kind.items))
        if isinstance(kind, Record):
            fields = tuple(
                RecordField(one.name, each(one.type), one.is_optional) for one in kind.fields
            )
            return Record(fields, tuple((each(a), each(b)) for a, b in kind.indexers))
        if isinstance(kind, ClassType):
            return ClassType(kind.name, tuple(each(one) for one in kind.arguments), kind.text)
        if isinstance(kind, Function) and kind.body is None:
            return Function(tuple(self._filled_signature(one, each) for one in kind.signatures))
        return kind

    def _filled_signature(self, signature: Signature, each: Callable[[Type], Type]) -> Signature:
        returns = signature.returns
        if returns is not None:
            rest = None if returns.rest is None else each(returns.rest)
            returns = Values(tuple(each(one) for one in returns.types), rest)
        return Signature(
            tuple(one._replace(type=each(one.type)) for one in signature.parameters),
            None if signature.rest is None else each(signature.rest),
            returns,
            signature.variables,
        )

    def fits(self, wanted: Type, given: Type, depth: int) -> bool:
        """Whether a value may be passed where another type is wanted; in doubt it may."""
        if wanted in (ANY, UNKNOWN, SELF) or given in (ANY, UNKNOWN, NEVER, SELF):
            return True
        if depth > _DEEPEST or isinstance(wanted, Variable | Captured):
            return True
        if isinstance(wanted, Union):
            return any(self.fits(one, given, depth + 1) for one in wanted.options)
        if isinstance(given, Union):
            return any(self.fits(wanted, one, depth + 1) for one in given.options)
        if isinstance(wanted, Literal):
            return wanted == given or given is wanted.basic
        if isinstance(wanted, Basic):
            if wanted is INTEGER:
                kind = given.basic if isinstance(given, Literal) else given
                return kind is INTEGER
            return lua_type(given) == lua_type(wanted)
        if isinstance(wanted, ClassType):
            return self._is_a(given, wanted, depth)
        return lua_type(given) == lua_type(wanted)

    def _is_a(self, given: Type, wanted: ClassType, depth: int) -> bool:
        opened = self._types.meanings.opened(wanted)
        if opened is not None:
            return self.fits(opened, given, depth + 1)
        if not isinstance(given, ClassType):
            return lua_type(given) == "table"
        if given.name == wanted.name:
            return True
        meanings = self._types.meanings
        return any(
            self.fits(wanted, meanings.type(parent, text, scope, declaration.run.start), depth + 1)
            for text, declaration, scope in meanings.classes(given)
            for parent in declaration.tag.parents
        )


def is_open(kind: Type, depth: int = 0) -> bool:
    """Whether a type has variables in it."""
    if kind is SELF or isinstance(kind, Variable | Captured):
        return True
    if depth > _DEEPEST:
        return False
    if isinstance(kind, Union):
        return any(is_open(one, depth + 1) for one in kind.options)
    if isinstance(kind, Array):
        return is_open(kind.element, depth + 1)
    if isinstance(kind, Map):
        return is_open(kind.index, depth + 1) or is_open(kind.value, depth + 1)
    if isinstance(kind, Tuple):
        return any(is_open(one, depth + 1) for one in kind.items)
    if isinstance(kind, ClassType):
        return any(is_open(one, depth + 1) for one in kind.arguments)
    if isinstance(kind, Record):
        return any(is_open(one.type, depth + 1) for one in kind.fields) or any(
            is_open(one, depth + 1) for pair in kind.indexers for one in pair
        )
    if isinstance(kind, Function) and kind.body is None:
        return any(_is_open_signature(one, depth + 1) for one in kind.signatures)
    return False


def _is_open_signature(signature: Signature, depth: int) -> bool:
    found = [one.type for one in signature.parameters]
    if signature.rest is not None:
        found.append(signature.rest)
    if signature.returns is not None:
        found += signature.returns.types
        if signature.returns.rest is not None:
            found.append(signature.returns.rest)
    return any(is_open(one, depth) for one in found)

"""What calls give: signatures from comments and bodies, the one meant, generics filled in.

What a body returns is found by reading its ``return`` statements, the same for every caller. A
call of something unknown gives unknown values, and nothing in here judges whether a call is right.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, final

from tidelock.shared.language.annotations import SILENCE, run_above
from tidelock.shared.language.luacats import tags
from tidelock.shared.language.types.flow import leaves
from tidelock.shared.language.types.generics import Bindings, is_open
from tidelock.shared.language.types.kinds import (
    ANY,
    ANYTHING,
    NEVER,
    NIL,
    NOTHING,
    SELF,
    TABLE,
    UNKNOWN,
    ClassType,
    Function,
    Parameter,
    Shape,
    Signature,
    Type,
    Union,
    Values,
    Variable,
    union,
    without_nil,
    without_numbers,
)
from tidelock.shared.syntax.tree import Expression, FunctionBody, Name, Return

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tidelock.shared.language.annotations import Run
    from tidelock.shared.language.types.inference import Types
    from tidelock.shared.language.types.meanings import Scope
    from tidelock.shared.language.types.texts import Text
    from tidelock.shared.syntax.tree import Node

_DEEPEST = 8
_OVERLOADS = 12
_GENERIC = re.compile(r"@generic\b|@class[^\n]*<")


@final
class Calls:
    """The calls in the texts of one ``Types``; used by its thread."""

    __slots__ = ("_types",)

    def __init__(self, types: Types) -> None:
        self._types = types

    def signatures(self, function: Function) -> tuple[Signature, ...]:
        """The ways to call a function, the one of its own parameters first."""
        if function.body is None or function.text is None:
            return function.signatures
        text, body = function.text, function.body
        return self._types.once(
            text, ("signatures", id(body)), lambda: self._signatures(text, body)
        )

    def comment(self, text: Text, body: FunctionBody) -> Run:
        """The comment that describes a function."""
        home = text.members.home(body)
        return SILENCE if home is None else run_above(text.tree, home)

    def _signatures(self, text: Text, body: FunctionBody) -> tuple[Signature, ...]:
        run = self.comment(text, body)
        items = run.block.items if run.raw else ()
        meanings = self._types.meanings
        place = run.start
        variables, scope = self.scope(text, body)
        documented: dict[str, tuple[Type, bool]] = {}
        results: list[tags.Result] | None = None
        others: list[Signature] = []
        for item in items:
            if isinstance(item, tags.Param):
                kind = UNKNOWN
                if item.type is not None:
                    kind = meanings.type(item.type, text, scope, place)
                documented[item.name.text] = kind, item.is_optional
            elif isinstance(item, tags.Vararg):
                documented["..."] = meanings.type(item.type, text, scope, place), False
            elif isinstance(item, tags.Return):
                results = [*(results or ()), *item.results]
            elif isinstance(item, tags.Overload):
                others.append(meanings.signature(item.function, text, scope, place))
            elif isinstance(item, tags.TypeOf) and not documented:
                kind = meanings.type(item.types[0], text, scope, place)
                if isinstance(kind, Function) and kind.signatures:
                    return kind.signatures
        returns = None if results is None else meanings.returns(results, text, scope, place)
        parameters = [
            Parameter(name.name, *documented.get(name.name, (UNKNOWN, False)))
            for name in body.parameters
        ]
        if body.method:
            parameters.insert(0, Parameter("self", SELF))
            others = [self._as_method(one) for one in others]
        rest = None if body.vararg is None else documented.get("...", (UNKNOWN, False))[0]
        own = Signature(tuple(parameters), rest, returns, variables)
        return (own, *others)

    def scope(self, text: Text, body: FunctionBody) -> tuple[tuple[Variable, ...], Scope]:
        """The type variables that a function declares, and all that can be named inside it."""
        return self._types.once(text, ("scope", id(body)), lambda: self._scope(text, body))

    def scope_at(self, text: Text, offset: int) -> Scope:
        """The type variables that a comment at an offset can name."""
        if not _GENERIC.search(text.tree.text):
            return {}
        found: Scope = {}
        for one in text.tree.path(offset):
            if isinstance(one, FunctionBody):
                found.update(self.scope(text, one)[1])
        return found

    def _scope(self, text: Text, body: FunctionBody) -> tuple[tuple[Variable, ...], Scope]:
        run = self.comment(text, body)
        scope = self._class_scope(text, body)
        variables: tuple[Variable, ...] = ()
        for item in run.block.items if run.raw else ():
            if isinstance(item, tags.Generic):
                more, scope = self._types.meanings.variables(item.variables, text, run.start, scope)
                variables += more
        return variables, scope

    def _as_method(self, one: Signature) -> Signature:
        if one.parameters and one.parameters[0].name == "self":
            return one
        return one._replace(parameters=(Parameter("self", SELF), *one.parameters))

    def _class_scope(self, text: Text, body: FunctionBody) -> Scope:
        """The type variables of the class whose method a function is."""
        owner = text.members.owner(body)
        name = None if owner is None else text.declared.paths.get(owner)
        if name is None:
            return {}
        return {
            one.name.text: Variable(one.name.text, (text.uri, name), None)
            for _, declaration, _ in self._types.meanings.classes(ClassType(name, (), text))
            for one in declaration.tag.variables
        }

    # -- parameters ----------------------------------------------------------------------------

    def parameter(self, text: Text, body: FunctionBody, place: int) -> Type:
        """What a parameter is inside its function; -1 is the hidden ``self``."""
        if place < 0:
            return self._types.names.self_type(text, body)
        if place >= len(body.parameters):
            return TABLE
        name = body.parameters[place].name
        (own, *_) = self.signatures(Function((), text, body))
        index = place + (1 if body.method else 0)
        if index < len(own.parameters):
            one = own.parameters[index]
            if one.type is not UNKNOWN:
                return union([one.type, NIL]) if one.is_optional else one.type
        if name == "self" and place == 0 and text.members.owner(body) is not None:
            return self._types.names.self_type(text, body)
        return self._types.remembered(
            text,
            ("expected", id(body), place),
            lambda: self._types.contexts.parameter(text, body, place),
            UNKNOWN,
        )

    def varargs(self, text: Text, node: Expression) -> Values:
        """What ``...`` is in the function that an expression stands in."""
        around = [one for one in text.tree.path(node.start) if isinstance(one, FunctionBody)]
        if not around:
            return ANYTHING
        (own, *_) = self.signatures(Function((), text, around[-1]))
        return Values((), UNKNOWN if own.rest is None else own.rest)

    # -- results -------------------------------------------------------------------------------

    def inferred(self, text: Text, body: FunctionBody) -> Values:
        """What the ``return`` statements of a function give."""
        return self._types.remembered(
            text, ("returns", id(body)), lambda: self._inferred(text, body), Values((NEVER,), NEVER)
        )

    def _inferred(self, text: Text, body: FunctionBody) -> Values:
        found = [self._returned(text, one) for one in returns_of(body.body)]
        if not found:
            return NOTHING
        if not leaves(body.body):
            found.append(NOTHING)
        return either(found)

    def _returned(self, text: Text, node: Return) -> Values:
        values = self._types.values(text, node.values)
        types = list(values.types)
        for place, one in enumerate(node.values[: len(types)]):
            if isinstance(one, Name) and one.name == "self":
                local = text.members.scopes.meaning(one.start)
                if local is not None and local.kind == "self":
                    types[place] = SELF
        rest = None if values.rest is None else without_numbers(values.rest)
        return Values(tuple(without_numbers(one) for one in types), rest)

    def call(
        self, called: Type, given: Values, receiver: Type | None = None, depth: int = 0
    ) -> Values:
        """What calling a value gives; ``receiver`` is what stood before the colon or the dot.

        With a colon it is not in ``given``: the caller puts it there.
        """
        if isinstance(called, Union):
            results = [
                self.call(one, given, receiver, depth) for one in called.options if one is not NIL
            ]
            return either(results) if results else ANYTHING
        if isinstance(called, Function):
            meant = self.meant(called, given)
            results = [self.result(called, one, given, receiver) for one in meant]
            return either(results) if results else ANYTHING
        if depth < _DEEPEST and isinstance(called, Shape | ClassType):
            return self._object(called, given, depth)
        return ANYTHING

    def _object(self, called: Shape | ClassType, given: Values, depth: int) -> Values:
        """What calling a table gives, by its ``__call``, its overloads or its operator."""
        if isinstance(called, ClassType):
            for text, declaration, scope in self._types.meanings.classes(called):
                place = declaration.run.start
                for overload in declaration.overloads:
                    one = self._types.meanings.signature(overload.function, text, scope, place)
                    return self.result(Function((one,)), one, given, called)
                for operator in declaration.operators:
                    if operator.name.text == "call" and operator.result is not None:
                        kind = self._types.meanings.type(operator.result, text, scope, place)
                        return Values((kind,))
        made = self._types.metatables.instance(called)
        if made is not None:
            return Values((made,))
        for meta in self._types.metatables.of(called):
            method = self._types.properties.get(meta, "__call")
            if method is not None and method is not UNKNOWN:
                return self.call(
                    method, Values((called, *given.types), given.rest), called, depth + 1
                )
        return ANYTHING

    def chosen(self, function: Function, given: Values) -> Signature | None:
        """The signature meant by arguments."""
        meant = self.meant(function, given)
        return meant[0] if meant else None

    def meant(self, function: Function, given: Values) -> list[Signature]:
        """The signatures that can be meant by arguments: one, unless an argument is unknown."""
        signatures = self.signatures(function)[:_OVERLOADS]
        taking = [one for one in signatures if len(signatures) == 1 or self.takes(one, given)]
        if not taking:
            return list(signatures[:1])
        taking.sort(key=_looseness)
        return taking if UNKNOWN in given.types else taking[:1]

    def takes(self, signature: Signature, given: Values) -> bool:
        """Whether a signature can be meant by arguments."""
        count = len(given.types)
        if count > len(signature.parameters) and signature.rest is None:
            return False
        fits = self._types.generics.fits
        for place, one in enumerate(signature.parameters):
            if place < count:
                kind = given.types[place]
                if not fits(one.type, kind, 0) and not (one.is_optional and kind is NIL):
                    return False
            elif given.rest is None and not one.is_optional and not _takes_nil(one.type):
                return False
        return True

    def result(
        self, function: Function, signature: Signature, given: Values, receiver: Type | None
    ) -> Values:
        """What a call with one signature gives."""
        returns = signature.returns
        if returns is None:
            assert function.text is not None
            assert function.body is not None
            returns = self.inferred(function.text, function.body)
        bindings: Bindings = {}
        if any(is_open(one) for one in (*returns.types, returns.rest or NIL)):
            self._types.generics.bind(signature, given, bindings)
            if isinstance(receiver, ClassType):
                self._bind_class(receiver, bindings)
        filled = [self._types.generics.filled(one, bindings, receiver) for one in returns.types]
        rest = (
            None
            if returns.rest is None
            else self._types.generics.filled(returns.rest, bindings, receiver)
        )
        return Values(tuple(filled), rest)

    def _bind_class(self, receiver: ClassType, bindings: Bindings) -> None:
        for text, _, scope in self._types.meanings.classes(receiver):
            for name, kind in scope.items():
                bindings.setdefault(Variable(name, (text.uri, receiver.name), None), kind)


def either(results: Sequence[Values]) -> Values:
    """The values of one of several calls or returns."""
    if len(results) == 1:
        return results[0]
    count = max(len(one.types) for one in results)
    types = tuple(union([one.nth(place) for one in results]) for place in range(count))
    rests = [one.rest for one in results if one.rest is not None]
    return Values(types, union(rests) if rests else None)


def returns_of(block: Node) -> list[Return]:
    """The ``return`` statements of a block that belong to no function inside it."""
    found: list[Return] = []
    todo: list[Node] = [block]
    while todo:
        node = todo.pop()
        if isinstance(node, Return):
            found.append(node)
        else:
            todo += [one for one in node.children() if not isinstance(one, Expression)]
    found.sort(key=_start)
    return found


def _looseness(signature: Signature) -> bool:
    return signature.rest is not None


def _start(node: Node) -> int:
    return node.start


def _takes_nil(kind: Type) -> bool:
    return kind in (ANY, UNKNOWN, NIL) or without_nil(kind) is not kind

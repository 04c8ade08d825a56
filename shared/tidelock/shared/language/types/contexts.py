"""What a function is expected to be where it stands: an argument, a method that is declared.

It tells the parameters of a function that nobody wrote types for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, final

from tidelock.shared.language.types.kinds import (
    UNKNOWN,
    ClassType,
    Function,
    Type,
    Values,
    options,
)
from tidelock.shared.syntax.tree import Call, FunctionBody, MethodCall, Paren

if TYPE_CHECKING:
    from tidelock.shared.language.types.generics import Bindings
    from tidelock.shared.language.types.inference import Types
    from tidelock.shared.language.types.texts import Text
    from tidelock.shared.model import Key


@final
class Contexts:
    """The places of functions in the texts of one ``Types``; used by its thread."""

    __slots__ = ("_types",)

    def __init__(self, types: Types) -> None:
        self._types = types

    def parameter(self, text: Text, body: FunctionBody, place: int) -> Type:
        """What parameter number ``place`` of a function must be, unknown if nothing tells."""
        holder = text.members.holder(body)
        if holder is None:
            wanted = self._argument(text, body)
        else:
            wanted = self._method(text, body)
            place += body.method
        if wanted is None:
            return UNKNOWN
        for one in options(wanted):
            if isinstance(one, Function):
                for signature in self._types.calls.signatures(one):
                    if place < len(signature.parameters):
                        return signature.parameters[place].type
                    return UNKNOWN if signature.rest is None else signature.rest
        return UNKNOWN

    def _method(self, text: Text, body: FunctionBody) -> Type | None:
        """The type that a class declares for the field a function is assigned to."""
        holder = text.members.holder(body) or ()
        if len(holder) < 2 or holder[:-1] not in text.declared.paths:
            return None
        kind = ClassType(text.declared.paths[holder[:-1]], (), text)
        key: Key = holder[-1]  # type: ignore[assignment]
        declared = [
            one for one in self._types.properties.find(kind, key) if one.declared is not None
        ]
        return self._types.properties.type(declared) if declared else None

    def _argument(self, text: Text, body: FunctionBody) -> Type | None:
        """The type of the parameter that a function is passed for."""
        around = [one for one in text.tree.path(body.start) if not isinstance(one, Paren)]
        if body not in around:
            return None
        call = around[around.index(body) - 1]
        if not isinstance(call, Call | MethodCall):
            return None
        types = self._types
        given = [
            UNKNOWN if isinstance(one, FunctionBody) else types.expression(text, one)
            for one in call.arguments
        ]
        index = next((at for at, one in enumerate(call.arguments) if one is body), -1)
        if index < 0:
            return None
        receiver: Type | None = None
        if isinstance(call, MethodCall):
            receiver = types.expression(text, call.object)
            given.insert(0, receiver)
            index += 1
        for one in options(types.called(text, call)):
            if isinstance(one, Function):
                signature = types.calls.chosen(one, Values(tuple(given)))
                if signature is None:
                    return None
                bindings: Bindings = {}
                types.generics.bind(signature, Values(tuple(given)), bindings)
                parameters = signature.parameters
                wanted = parameters[index].type if index < len(parameters) else signature.rest
                return None if wanted is None else types.generics.filled(wanted, bindings, receiver)
        return None

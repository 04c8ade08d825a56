"""Types as text, in the form in which annotations are written; long ones are cut."""

from __future__ import annotations

from typing import TYPE_CHECKING, final

from tidelock.shared.language.paths import path_text, quoted, tail
from tidelock.shared.language.types.kinds import (
    BOOLEAN,
    FALSE,
    NEVER,
    NIL,
    SELF,
    TRUE,
    UNKNOWN,
    Array,
    Basic,
    Captured,
    ClassType,
    Function,
    Literal,
    Map,
    Record,
    Shape,
    Signature,
    Tuple,
    Type,
    Union,
    Values,
    Variable,
    lua_type,
    union,
)

if TYPE_CHECKING:
    from tidelock.shared.language.types.inference import Types
    from tidelock.shared.language.types.properties import Property
    from tidelock.shared.model import Key

_DEEPEST = 3
_FIELDS = 8
_OPTIONS = 12


@final
class Printer:
    """Writes the types of one ``Types``; used inside one of its questions."""

    __slots__ = ("_types",)

    def __init__(self, types: Types) -> None:
        self._types = types

    def text(self, kind: Type, depth: int = 0) -> str:
        """A type in one line."""
        if isinstance(kind, Basic):
            return kind.name
        if isinstance(kind, Literal):
            return _literal(kind)
        if isinstance(kind, Union):
            return self._union(kind, depth)
        if isinstance(kind, ClassType):
            arguments = ", ".join(self.text(one, depth + 1) for one in kind.arguments)
            return f"{kind.name}<{arguments}>" if arguments else kind.name
        if isinstance(kind, Variable):
            return kind.name
        if isinstance(kind, Captured):
            return f"`{kind.variable.name}`"
        if isinstance(kind, Function):
            return self._function(kind, depth)
        if isinstance(kind, Shape):
            return self._shape(kind, depth)
        return self._table(kind, depth)

    def _table(self, kind: Type, depth: int) -> str:
        if isinstance(kind, Array):
            element = self.text(kind.element, depth + 1)
            is_plain = not isinstance(kind.element, Union | Function) or element.isidentifier()
            return f"{element}[]" if is_plain else f"({element})[]"
        if isinstance(kind, Map):
            return f"table<{self.text(kind.index, depth + 1)}, {self.text(kind.value, depth + 1)}>"
        if isinstance(kind, Tuple):
            return f"[{', '.join(self.text(one, depth + 1) for one in kind.items)}]"
        assert isinstance(kind, Record)
        if depth >= _DEEPEST:
            return "table"
        parts = []
        for field in kind.fields[:_FIELDS]:
            mark = "?" if field.is_optional else ""
            parts.append(f"{_key(field.name)}{mark}: {self.text(field.type, depth + 1)}")
        for index, value in kind.indexers:
            parts.append(f"[{self.text(index, depth + 1)}]: {self.text(value, depth + 1)}")
        return _braced(parts, len(kind.fields) > _FIELDS)

    def _union(self, kind: Union, depth: int) -> str:
        if kind.name:
            return kind.name
        options = [one for one in kind.options if one is not NIL]
        if TRUE in options and FALSE in options:
            options = [BOOLEAN, *(one for one in options if one not in (TRUE, FALSE))]
        texts = []
        for one in options[:_OPTIONS]:
            text = self.text(one, depth)
            texts.append(f"({text})" if isinstance(one, Function) else text)
        if len(options) > _OPTIONS:
            texts.append("...")
        texts = list(dict.fromkeys(texts))
        if len(options) == len(kind.options):
            return "|".join(texts)
        is_one = len(texts) == 1 and texts[0] != "false"
        return f"{texts[0]}?" if is_one else "|".join([*texts, "nil"])

    def _function(self, kind: Function, depth: int) -> str:
        signatures = self._types.calls.signatures(kind)
        if depth >= _DEEPEST or not signatures:
            return "function"
        return f"fun{self.parameters(signatures[0], depth)}{self.returns(kind, depth)}"

    def parameters(self, signature: Signature, depth: int = 0) -> str:
        """``(a: T, b?: U, ...)``."""
        parts = []
        for one in signature.parameters:
            mark = "?" if one.is_optional else ""
            known = "" if one.type in (UNKNOWN, SELF) else f": {self.text(one.type, depth + 1)}"
            parts.append(f"{one.name}{mark}{known}")
        if signature.rest is not None:
            known = "" if signature.rest is UNKNOWN else f": {self.text(signature.rest, depth + 1)}"
            parts.append(f"...{known}")
        return f"({', '.join(parts)})"

    def returns(self, kind: Function, depth: int = 0) -> str:
        """``: R, S``; empty when nothing is returned, or nothing is known of it."""
        (signature, *_) = self._types.calls.signatures(kind)
        values = signature.returns
        if values is None:
            assert kind.text is not None
            assert kind.body is not None
            values = self._types.calls.inferred(kind.text, kind.body)
        return self._values(values, depth)

    def _values(self, values: Values, depth: int) -> str:
        types = list(values.types)
        if NEVER in types:
            return ""
        if values.rest is None and all(one is UNKNOWN for one in types):
            types = types[:0] if len(types) < 2 else types
        parts = [self.text(one, depth + 1) for one in types]
        if values.rest is not None and values.rest not in (UNKNOWN, NEVER):
            parts.append(f"{self.text(values.rest, depth + 1)}...")
        return f": {', '.join(parts)}" if parts else ""

    def _shape(self, shape: Shape, depth: int) -> str:
        name = self.name(shape)
        if name:
            return name
        if isinstance(shape.base, ClassType):
            return self.text(shape.base, depth)
        properties = self._types.properties
        own = {
            key: places
            for key, places in properties.fields(shape).items()
            if isinstance(key, str) and not key.startswith("__")
        }
        entries = self._types.elements.entries(shape)
        if not own:
            if len(entries) == 1:
                index, value = entries[0]
                is_list = lua_type(index) == "number"
                return self._table(Array(value) if is_list else Map(index, value), depth)
            return "table" if shape.base is None else self.text(shape.base, depth)
        if depth >= _DEEPEST:
            return "table"
        parts = [
            f"{_key(key)}: {self._property(places, depth)}"
            for key, places in list(own.items())[:_FIELDS]
        ]
        parts += [
            f"[{self.text(index, depth + 1)}]: {self.text(value, depth + 1)}"
            for index, value in entries
        ]
        return _braced(parts, len(own) > _FIELDS)

    def _property(self, places: list[Property], depth: int) -> str:
        kind = self._types.properties.type(places)
        if isinstance(kind, Function) and depth + 1 >= _DEEPEST - 1:
            return "function"
        return self.text(_plain(kind), depth + 1)

    def name(self, shape: Shape) -> str:
        """The name of the class that a table is, or is made of; empty when there is none."""
        types = self._types
        if shape.path is not None and types.metatables.is_class(shape):
            return path_text(shape.path)
        for one in types.metatables.index_of(shape):
            if isinstance(one, Shape) and one.path is not None:
                return path_text(one.path)
            if isinstance(one, ClassType):
                return self.text(one)
        return ""


def _plain(kind: Type) -> Type:
    """Numbers and truth values of fields by their kind."""
    if isinstance(kind, Literal) and not isinstance(kind.value, str):
        return kind.basic
    if isinstance(kind, Union):
        return union([_plain(one) for one in kind.options], kind.name)
    return kind


def _braced(parts: list[str], more: bool) -> str:
    return f"{{ {', '.join([*parts, '...'] if more else parts)} }}"


def _literal(kind: Literal) -> str:
    value = kind.value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return quoted(value)
    return str(value)


def _key(key: Key) -> str:
    return tail((key,)).removeprefix(".")

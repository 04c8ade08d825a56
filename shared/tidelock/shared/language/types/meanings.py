"""What written types mean: names looked up, aliases opened, generics put in their place.

Classes, aliases and enums are known in all texts of a workspace. A name nobody declares is a class
without fields; nothing in here complains.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, final

from tidelock.shared.language.luacats.written import (
    Captured,
    Constant,
    Either,
    KeysOf,
    ListOf,
    Maybe,
    Named,
    Row,
    TypeVariable,
    Unreadable,
    Variadic,
    Word,
    Written,
    WrittenFunction,
    WrittenTable,
)
from tidelock.shared.language.types.declared import DeclaredAlias, DeclaredClass, DeclaredEnum
from tidelock.shared.language.types.kinds import (
    BASICS,
    NIL,
    UNKNOWN,
    Array,
    ClassType,
    Function,
    Literal,
    Map,
    Parameter,
    Record,
    RecordField,
    Signature,
    Tuple,
    Type,
    Values,
    Variable,
    union,
)
from tidelock.shared.language.types.kinds import Captured as CapturedType
from tidelock.shared.language.types.texts import library_texts
from tidelock.shared.syntax.tree import NamedField

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from tidelock.shared.language.luacats.tags import Result
    from tidelock.shared.language.types.declared import Declaration
    from tidelock.shared.language.types.inference import Types
    from tidelock.shared.language.types.texts import Text

Scope = dict[str, Type]
"""The type variables that can be named at a place."""


@final
class Meanings:
    """The meanings of the types written in the texts of one ``Types``; used by its thread."""

    __slots__ = ("_open", "_types")

    def __init__(self, types: Types) -> None:
        self._types = types
        self._open: list[DeclaredAlias] = []  # the aliases whose meaning is being found

    def declarations(self, name: str, text: Text) -> list[tuple[Text, Declaration]]:
        """Every declaration of a name that a text can see."""
        return self._types.once(
            text, ("declarations", name), lambda: self._declarations(name, text)
        )

    def _declarations(self, name: str, text: Text) -> list[tuple[Text, Declaration]]:
        texts = [text]
        if text.library is None:
            texts += self._types.declaring(name, text)
            texts += library_texts(text.dialect)
        else:
            texts += [one for one in library_texts(text.library) if one is not text]
        once = {id(one.tree): one for one in reversed(texts)}
        return [
            (one, declaration)
            for one in reversed(once.values())
            for declaration in one.declared.names.get(name, ())
        ]

    def classes(self, kind: ClassType) -> list[tuple[Text, DeclaredClass, Scope]]:
        """The declarations of a class, each with what its type variables stand for."""
        found = []
        for text, declaration in self.declarations(kind.name, kind.text):
            if isinstance(declaration, DeclaredClass):
                names = [one.name.text for one in declaration.tag.variables]
                given = [*kind.arguments, *[UNKNOWN] * len(names)]
                found.append((text, declaration, dict(zip(names, given, strict=False))))
        return found

    def variables(
        self, written: Iterable[TypeVariable], text: Text, place: int, scope: Scope
    ) -> tuple[tuple[Variable, ...], Scope]:
        """Type variables declared at a place, and the scope with them in it."""
        inner = dict(scope)
        found = []
        for one in written:
            bound = None if one.bound is None else self.type(one.bound, text, inner, place)
            variable = Variable(one.name.text, (text.uri, place), bound)
            inner[one.name.text] = variable
            found.append(variable)
        return tuple(found), inner

    def type(self, written: Written, text: Text, scope: Mapping[str, Type], place: int) -> Type:
        """The type that is written in a text; ``place`` tells its type variables from others."""
        if isinstance(written, Named):
            return self._named(written, text, scope, place)
        if isinstance(written, Constant):
            return Literal(written.value)
        if isinstance(written, Either):
            return union([self.type(one, text, scope, place) for one in written.options])
        if isinstance(written, Maybe):
            return union([self.type(written.inner, text, scope, place), NIL])
        if isinstance(written, ListOf):
            return Array(self.type(written.inner, text, scope, place))
        if isinstance(written, Row):
            return Tuple(tuple(self.type(one, text, scope, place) for one in written.items))
        if isinstance(written, WrittenTable):
            return self._table(written, text, scope, place)
        if isinstance(written, WrittenFunction):
            return Function((self.signature(written, text, scope, place),))
        if isinstance(written, Captured):
            variable = scope.get(written.name)
            return CapturedType(variable) if isinstance(variable, Variable) else UNKNOWN
        if isinstance(written, Variadic):
            return (
                UNKNOWN if written.inner is None else self.type(written.inner, text, scope, place)
            )
        if isinstance(written, KeysOf):
            inner = self.type(written.inner, text, scope, place)
            keys = self._types.properties.fields(inner)
            return union([Literal(key) for key in keys]) if keys else UNKNOWN
        assert isinstance(written, Unreadable)
        return UNKNOWN

    def _named(self, written: Named, text: Text, scope: Mapping[str, Type], place: int) -> Type:
        name = written.name.text
        if name in scope:
            return scope[name]
        arguments = tuple(self.type(one, text, scope, place) for one in written.arguments)
        if name == "table" and arguments:
            return Map(arguments[0] if len(arguments) > 1 else UNKNOWN, arguments[-1])
        if name in BASICS:
            return BASICS[name]
        for where, declaration in self.declarations(name, text):
            if isinstance(declaration, DeclaredAlias):
                if any(one is declaration for one in self._open):  # they name each other
                    break
                return self._alias(where, declaration, arguments)
            if isinstance(declaration, DeclaredEnum):
                return self._enum(where, declaration)
        return ClassType(name, arguments, text)

    def _alias(self, text: Text, declaration: DeclaredAlias, arguments: tuple[Type, ...]) -> Type:
        tag = declaration.tag
        name = tag.name.text
        if tag.type is None:
            return UNKNOWN
        # An alias that names itself is a class to whoever meets it inside.
        scope: Scope = {name: ClassType(name, arguments, text)}
        for place, variable in enumerate(tag.variables):
            given = arguments[place] if place < len(arguments) else UNKNOWN
            scope[variable.name.text] = given
        self._open.append(declaration)
        try:
            found = self.type(tag.type, text, scope, declaration.run.start)
        finally:
            self._open.pop()
        return union([found], name)

    def opened(self, kind: ClassType) -> Type | None:
        """What an alias that names itself stands for; None for a class."""
        for where, declaration in self.declarations(kind.name, kind.text):
            if isinstance(declaration, DeclaredAlias):
                return self._alias(where, declaration, kind.arguments)
        return None

    def _enum(self, text: Text, declaration: DeclaredEnum) -> Type:
        if declaration.table is None:
            return UNKNOWN
        found: list[Type] = []
        for field in declaration.table.fields:
            if isinstance(field, NamedField) and declaration.tag.of_keys:
                found.append(Literal(field.name.name))
            elif isinstance(field, NamedField):
                found.append(self._types.expression(text, field.value))
        return union(found, declaration.tag.name.text) if found else UNKNOWN

    def _table(
        self, written: WrittenTable, text: Text, scope: Mapping[str, Type], place: int
    ) -> Type:
        fields: list[RecordField] = []
        indexers: list[tuple[Type, Type]] = []
        items: list[Type] = []
        for field in written.fields:
            kind = self.type(field.type, text, scope, place)
            key = field.key
            if key is None:
                items.append(kind)
            elif isinstance(key, Word):
                name = int(key.text) if key.text.isdecimal() else key.text
                fields.append(RecordField(name, kind, field.is_optional))
            elif isinstance(key, Constant) and not isinstance(key.value, bool):
                fields.append(RecordField(key.value, kind, field.is_optional))
            else:
                indexers.append((self.type(key, text, scope, place), kind))
        if items and not fields and not indexers:
            return Tuple(tuple(items))
        numbered = [RecordField(at, kind, False) for at, kind in enumerate(items, 1)]
        return Record((*fields, *numbered), tuple(indexers))

    def signature(
        self, written: WrittenFunction, text: Text, scope: Mapping[str, Type], place: int
    ) -> Signature:
        """The way to call a function whose type is written."""
        variables, inner = self.variables(
            written.variables, text, place + written.start, dict(scope)
        )
        parameters: list[Parameter] = []
        rest: Type | None = None
        for one in written.parameters:
            kind = UNKNOWN if one.type is None else self.type(one.type, text, inner, place)
            if one.name.text == "...":
                rest = kind
            else:
                parameters.append(Parameter(one.name.text, kind, one.is_optional))
        returns = Values(())
        if written.returns is not None:
            results = [(one.type, one.name) for one in written.returns]
            returns = self._values(results, text, inner, place)
        return Signature(tuple(parameters), rest, returns, variables)

    def returns(
        self, results: Iterable[Result], text: Text, scope: Mapping[str, Type], place: int
    ) -> Values:
        """The values that ``@return`` lines promise."""
        return self._values([(one.type, one.name) for one in results], text, scope, place)

    def _values(
        self,
        results: list[tuple[Written, Word | None]],
        text: Text,
        scope: Mapping[str, Type],
        place: int,
    ) -> Values:
        found: list[Type] = []
        for written, name in results:
            kind = self.type(written, text, scope, place)
            if isinstance(written, Variadic) or (name is not None and name.text == "..."):
                return Values(tuple(found), kind)
            found.append(kind)
        return Values(tuple(found))

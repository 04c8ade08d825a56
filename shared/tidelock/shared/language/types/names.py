"""The types of variables: what reaches a use of a local, what a comment says, what globals hold."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast, final

from tidelock.shared.language.annotations import behind, run_above
from tidelock.shared.language.luacats import tags
from tidelock.shared.language.members import matched
from tidelock.shared.language.stdlib import library
from tidelock.shared.language.types.calls import returns_of
from tidelock.shared.language.types.flow import Flow, Joined, Recast, Source, Tested
from tidelock.shared.language.types.kinds import (
    ANY,
    INTEGER,
    NEVER,
    NIL,
    NUMBER,
    TABLE,
    TRUE,
    UNKNOWN,
    ClassType,
    Literal,
    Shape,
    Type,
    Values,
    union,
    widened,
    without_nil,
    without_numbers,
)
from tidelock.shared.language.types.kinds import Variable as TypeVariable
from tidelock.shared.language.types.metatables import as_self
from tidelock.shared.language.types.texts import Text, host_text, library_texts
from tidelock.shared.language.types.tracing import trace
from tidelock.shared.syntax.tree import (
    Assign,
    Call,
    Expression,
    FunctionBody,
    GenericFor,
    Local,
    MethodCall,
    Name,
    NumericFor,
    Vararg,
)

if TYPE_CHECKING:
    from tidelock.shared.language.annotations import Run
    from tidelock.shared.language.members import Field
    from tidelock.shared.language.paths import Path
    from tidelock.shared.language.scopes import Local as Variable
    from tidelock.shared.language.types.inference import Types


@final
class Names:
    """The variables in the texts of one ``Types``; used by its thread."""

    __slots__ = ("_types",)

    def __init__(self, types: Types) -> None:
        self._types = types

    def flow(self, text: Text, flow: Flow) -> Type:
        """The type of a value on its way."""
        steps: list[Tested | Recast] = []
        memo = self._types.memo(text)
        while isinstance(flow, Tested | Recast) and ("flow", flow) not in memo:
            steps.append(flow)
            flow = flow.flow
        found = self._types.remembered(
            text, ("flow", flow), lambda: self._source(text, flow), NEVER
        )
        for step in reversed(steps):
            if isinstance(step, Tested):
                found = self._types.narrowing.tested(text, found, step.test)
            else:
                found = self._types.narrowing.recast(text, found, step)
        return found

    def _source(self, text: Text, flow: Flow) -> Type:
        if isinstance(flow, Joined):
            return without_numbers(union([self.flow(text, one) for one in flow.ends()]))
        assert isinstance(flow, Source)
        declared = self._declared(text, flow)
        if flow.kind == "parameter":
            assert isinstance(flow.node, FunctionBody)
            return self._types.calls.parameter(text, flow.node, flow.place)
        if flow.kind == "number":
            assert isinstance(flow.node, NumericFor)
            return self._counter(text, flow.node)
        if flow.kind == "each":
            assert isinstance(flow.node, GenericFor)
            found = self._each(text, flow.node, flow.nth)
            return found if declared is None else declared
        if declared is not None and isinstance(flow.node, Local):
            return declared
        if flow.kind == "unset" or flow.kind == "none" or flow.value is None:
            return NIL if declared is None else declared
        found = self.result(text, flow.value, flow.nth)
        return found if declared is None else self._types.narrowing.given(declared, found)

    def result(self, text: Text, value: Expression, nth: int) -> Type:
        """Result ``nth`` of an expression."""
        if nth == 0 and not isinstance(value, Call | MethodCall | Vararg):
            return self._types.expression(text, value)
        return (
            self._types.expression(text, value)
            if nth == 0
            else self._types.values(text, [value]).nth(nth)
        )

    def _declared(self, text: Text, source: Source) -> Type | None:
        """The type that a comment gives to the variable that gets a value."""
        node = source.node
        if isinstance(node, Assign):
            for target in node.targets:
                if isinstance(target, Name):
                    local = text.members.scopes.meaning(target.start)
                    if local is not None and _gets(node, target, source):
                        return self.declared(text, local)
            return None
        if isinstance(node, Local):
            return self.annotated(text, node, source.place)
        return None

    def declared(self, text: Text, local: Variable) -> Type | None:
        """The type that a comment gives to a local at its declaration."""
        flow = trace(text.tree, local).get(local.start)
        return self._declared(text, flow) if isinstance(flow, Source) else None

    def annotated(self, text: Text, node: Local | Assign | Field, place: int) -> Type | None:
        """The type that the comment above or behind a statement gives to name number ``place``."""
        start = node.statement if not isinstance(node, Local | Assign) else node.start
        runs = [run_above(text.tree, start)]
        if isinstance(node, Local | Assign):
            runs.append(behind(text.tree, node.end))
        for run in runs:
            if "@" not in run.raw:
                continue
            found: Type | None = None
            for item in run.block.items:
                if isinstance(item, tags.TypeOf) and place < len(item.types):
                    scope = self._types.calls.scope_at(text, start)
                    found = self._types.meanings.type(item.types[place], text, scope, run.start)
                elif isinstance(item, tags.Class) and place == 0:
                    found = self._class(text, item, run)
                elif isinstance(item, tags.Module) and place == 0:
                    found = self.module(text, item.name.text)
            if found is not None:
                return found
        return None

    def _class(self, text: Text, tag: tags.Class, run: Run) -> Type:
        names = [one.name.text for one in tag.variables]
        arguments = tuple(TypeVariable(name, (text.uri, tag.name.text), None) for name in names)
        return ClassType(tag.name.text, arguments, text)

    def _counter(self, text: Text, node: NumericFor) -> Type:
        kinds = [self._types.expression(text, one) for one in (node.values[0], *node.values[2:])]
        whole = all(one is INTEGER or (isinstance(one, Literal) and one.basic is INTEGER)
                    for one in kinds)  # fmt: skip
        return INTEGER if whole else NUMBER

    def _each(self, text: Text, node: GenericFor, place: int) -> Type:
        given = self._types.values(text, node.values)
        called = given.nth(0)
        if called in (UNKNOWN, ANY):
            return UNKNOWN
        found = self._types.calls.call(called, Values((given.nth(1), given.nth(2))), None).nth(
            place
        )
        return without_nil(found) if place == 0 else found

    def assigned(self, text: Text, field: Field) -> Type:
        """The type of the value that a field gets at one place."""
        return self._types.remembered(
            text, ("assigned", field.start), lambda: self._assigned(text, field), NEVER
        )

    def _assigned(self, text: Text, field: Field) -> Type:
        declared = self.annotated(text, field, 0)
        if declared is not None:
            return declared
        if field.value is None:
            return UNKNOWN
        return self.result(text, field.value, field.nth)

    def of_local(self, text: Text, local: Variable) -> Type:
        """What a local can be anywhere: all that is ever assigned to it."""
        if local.kind == "self":
            return self.self_of(text, local)
        return self._types.remembered(
            text, ("local", local), lambda: self._of_local(text, local), NEVER
        )

    def _of_local(self, text: Text, local: Variable) -> Type:
        uses = trace(text.tree, local)
        writes = [local.start, *(one.start for one in local.references if one.write)]
        sources = [uses[start] for start in writes if start in uses]
        kinds = [self.flow(text, one) for one in sources]
        kept = [one for one in kinds if one is not NIL]
        return self._types.extended(text, (local,), union(kept or kinds))

    def self_of(self, text: Text, local: Variable) -> Type:
        """What the hidden ``self`` of a method is."""
        for one in text.tree.path(local.start):
            if isinstance(one, FunctionBody) and one.number == local.function:
                return self.self_type(text, one)
        return UNKNOWN

    def self_type(self, text: Text, body: FunctionBody) -> Type:
        """What ``self`` is in a method."""
        owner = text.members.owner(body)
        if owner is None:
            return UNKNOWN
        return self._types.remembered(
            text, ("self", owner), lambda: self._self_type(text, owner), UNKNOWN
        )

    def _self_type(self, text: Text, owner: Path) -> Type:
        kind = self.of_path(text, owner)
        return as_self(kind) if isinstance(kind, Shape) else kind

    def of_global(self, text: Text, name: str) -> Type:
        """The type of a global, by this text, the library, and the workspace."""
        return self._types.remembered(
            text, ("global", name), lambda: self._of_global(text, name), NEVER
        )

    def _of_global(self, text: Text, name: str) -> Type:
        if name in ("_G", "_ENV"):
            return TABLE
        found = self._own_global(text, name)
        if found is None:
            if text.library is None:
                found = self._library_global(text, name)
            else:
                others = [one for one in library_texts(text.library) if one is not text]
                kinds = [self._own_global(one, name) for one in others]
                found = next((one for one in kinds if one is not None), None)
        if found is None and text.library is None:
            texts = self._types.assigning(name, text)
            kinds = [self._own_global(one, name) for one in texts]
            known = [one for one in kinds if one is not None]
            found = union(known) if known else None
        if found is None and name == "python":
            found = self.of_module(text, name)
        return self._types.extended(text, (name,), UNKNOWN if found is None else found)

    def _own_global(self, text: Text, name: str) -> Type | None:
        places = text.places((), name)
        if not places:
            return None
        kinds = [widened(self.assigned(text, one)) for one in places]
        kept = [one for one in kinds if one is not NIL]
        return self._types.extended(text, (name,), union(kept or kinds))

    def _library_global(self, text: Text, name: str) -> Type | None:
        for one in library_texts(text.dialect):
            if one.places((), name):
                return self.of_global(one, name)
        return None

    def module(self, text: Text, name: str) -> Type:
        """What ``require(name)`` gives in a text."""
        found = self._types.required(name, text)
        return self.of_module(text, name) or UNKNOWN if found is None else self.exported(found)

    def exported(self, text: Text) -> Type:
        """What a text returns when it is loaded as a module."""
        return self._types.remembered(text, ("exported",), lambda: self._exported(text), NEVER)

    def _exported(self, text: Text) -> Type:
        body = text.tree.body
        found = [self._types.values(text, one.values).nth(0) for one in returns_of(body)]
        return union(found) if found else TRUE

    def of_module(self, text: Text, name: str) -> Type | None:
        """What a module that needs no file gives: a table of the library, or one of the host's."""
        host = host_text(name, text.dialect)
        if host is not None:
            return self.exported(host)
        entry = library(text.dialect).entry((name,))
        return self._library_global(text, name) if entry and entry.kind == "table" else None

    def of_path(self, text: Text, path: Path) -> Type:
        """The type of what a path leads to."""
        root = path[0]
        kind = self.of_global(text, root) if isinstance(root, str) else self.of_local(
            text, cast("Variable", root))  # fmt: skip
        for place, key in enumerate(path[1:], 2):
            found = self._types.properties.get(kind, cast("str", key))
            kind = self._types.extended(text, path[:place], UNKNOWN if found is None else found)
        return kind


def _gets(node: Assign, target: Name, source: Source) -> bool:
    """Whether it is this name of an assignment that a source gives a value."""
    if source.value is None:
        return True
    for one, value, nth in matched(node.targets, node.values):
        if one is target:
            return value is source.value and nth == source.nth
    return False

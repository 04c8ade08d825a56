"""The types of values, found by reading: literals, calls, classes by habit, tests on the way.

``Types`` answers for one frozen state of the texts it can see. Everything is found when it is
asked for and remembered; nothing is run. What cannot be told is unknown, and so is what would take
more than a bounded number of steps.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeVar, cast, final

from tidelock.shared.language.paths import constant
from tidelock.shared.language.types.builtins import Builtins
from tidelock.shared.language.types.calls import Calls
from tidelock.shared.language.types.contexts import Contexts
from tidelock.shared.language.types.elements import Elements
from tidelock.shared.language.types.generics import Generics
from tidelock.shared.language.types.guards import narrowed
from tidelock.shared.language.types.kinds import (
    ANY,
    ANYTHING,
    BASICS,
    NEVER,
    UNKNOWN,
    ClassType,
    Function,
    Literal,
    Shape,
    Type,
    Values,
    falsy,
    filtered,
    lua_type,
    options,
    truthy,
    union,
)
from tidelock.shared.language.types.literals import literal
from tidelock.shared.language.types.meanings import Meanings
from tidelock.shared.language.types.metatables import Metatables
from tidelock.shared.language.types.names import Names
from tidelock.shared.language.types.narrowing import Narrowing
from tidelock.shared.language.types.operators import Operators
from tidelock.shared.language.types.printing import Printer
from tidelock.shared.language.types.properties import Properties
from tidelock.shared.language.types.texts import Question, Text
from tidelock.shared.language.types.tracing import trace
from tidelock.shared.syntax.tree import (
    Binary,
    Call,
    Expression,
    FunctionBody,
    Index,
    Member,
    MethodCall,
    Name,
    Paren,
    Table,
    Tree,
    Unary,
    Vararg,
)
from tidelock.shared.unwanted import look

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from tidelock.shared.language.modules import Module, Workspace
    from tidelock.shared.language.paths import Path

T = TypeVar("T")

_DEPTH = 48
_STEPS = 20_000


@final
class Types:
    """The types in the texts of one snapshot; any thread may ask, one at a time is answered.

    The parts know each other through this: ``properties`` (fields), ``calls``, ``meanings``
    (written types).
    """

    def __init__(self, workspace: Workspace | None = None) -> None:
        self.workspace = workspace
        self.properties = Properties(self)
        self.calls = Calls(self)
        self.meanings = Meanings(self)
        self.builtins = Builtins(self)
        self.contexts = Contexts(self)
        self.metatables = Metatables(self)
        self.names = Names(self)
        self.elements = Elements(self)
        self.generics = Generics(self)
        self.printer = Printer(self)
        self.narrowing = Narrowing(self)
        self.operators = Operators(self)
        self._texts: dict[int, Text] = {}
        self._lock = threading.RLock()
        self._current: Text | None = None
        # What is being found now, in order, and the outermost of it that something came back to.
        self._active: dict[tuple[Text, Hashable], int] = {}
        self._lowest = _DEPTH + 1
        self._steps = 0
        # What is found once others have taken the texts over; not theirs to know.
        self._later: dict[Text, dict[object, object]] | None = None

    # -- texts ---------------------------------------------------------------------------------

    def text(self, tree: Tree, uri: str = "") -> Text:
        """A text to ask about."""
        found = self._texts.get(id(tree))
        if found is None:
            found = self._texts[id(tree)] = Text(uri, tree)
        return found

    def text_of(self, module: Module) -> Text:
        """A text of the workspace to ask about."""
        return self.text(module.tree, module.uri)

    def taken_over(self) -> list[Text]:
        """The texts with what was found in them, for other types; these go on by themselves."""
        with self._lock:
            self._later = {}
            return list(self._texts.values())

    def take(self, text: Text) -> None:
        """Have a text with what is known of it."""
        self._texts[id(text.tree)] = text

    def declaring(self, name: str, asker: Text) -> list[Text]:
        """The texts of the workspace that declare a class, an alias or an enum."""
        found = self.workspace.declaring(name) if self.workspace else ()
        return self._answering(asker, ("class", name), found)

    def assigning(self, name: str, asker: Text) -> list[Text]:
        """The texts of the workspace that set a global."""
        found = self.workspace.assigning(name) if self.workspace else ()
        return self._answering(asker, ("global", name), found)

    def required(self, name: str, asker: Text) -> Text | None:
        """The text of the workspace that is a module."""
        found = self.workspace.resolve(name, asker.uri) if self.workspace else None
        asker.requires[name] = "" if found is None else found.uri
        return None if found is None else self._answering(asker, None, [found])[0]

    def _answering(
        self, asker: Text, question: Question | None, found: Iterable[Module]
    ) -> list[Text]:
        texts = [self.text_of(one) for one in found]
        if self._later is None:
            asker.others.update(texts)
            if question is not None:
                asker.asked.add(question)
        return texts

    @property
    def current(self) -> Text:
        """The text that the present question is about."""
        assert self._current is not None
        return self._current

    @contextmanager
    def asking(self, text: Text) -> Iterator[None]:
        """One question with its own number of steps; questions inside it belong to it."""
        with self._lock:
            if self._current is not None:
                yield
                return
            self._current, self._steps = text, 0
            try:
                yield
            finally:
                self._current = None
                self._active.clear()
                self._lowest = _DEPTH + 1

    def remembered(self, text: Text, key: Hashable, find: Callable[[], T], unfinished: T) -> T:
        """What ``find`` finds, once; ``unfinished`` stands for it while it is being found.

        Something found with the help of an unfinished thing is not remembered, unless it is that
        thing itself.
        """
        memo = self.memo(text)
        found = memo.get(key)
        if found is not None:
            return cast("T", found)
        active = self._active
        mark = (text, key)
        place = active.get(mark)
        if place is not None:
            self._lowest = min(self._lowest, place)
            return unfinished
        look()
        place = len(active)
        self._steps += 1
        if place >= _DEPTH or self._steps > _STEPS:
            self._lowest = -1
            return cast("T", UNKNOWN if isinstance(unfinished, Type) else ANYTHING)
        before, self._lowest = self._lowest, _DEPTH + 1
        active[mark] = place
        found = find()
        del active[mark]
        if self._lowest >= place:
            memo[key] = found
            self._lowest = before
        else:
            self._lowest = min(self._lowest, before)
        return found

    def once(self, text: Text, key: Hashable, find: Callable[[], T]) -> T:
        """What ``find`` finds without coming back to itself, once."""
        memo = self.memo(text)
        found = memo.get(key)
        if found is None:
            found = memo[key] = find()
        return cast("T", found)

    def memo(self, text: Text) -> dict[object, object]:
        """What was found in a text."""
        return text.memo if self._later is None else self._later.setdefault(text, {})

    # -- expressions ---------------------------------------------------------------------------

    def expression(self, text: Text, node: Expression) -> Type:
        """The type of an expression's one value."""
        simple = literal(node)
        if simple is not None and not text.casts:
            return simple
        return self.remembered(
            text, ("value", id(node)), lambda: self._expression(text, node), NEVER
        )

    def _expression(self, text: Text, node: Expression) -> Type:
        cast = text.casts.get(node.end) if text.casts else None
        if cast is not None:
            run, written = cast
            scope = self.calls.scope_at(text, node.start)
            return self.meanings.type(written, text, scope, run.start)
        simple = literal(node)
        if simple is not None:
            return simple
        if isinstance(node, Name):
            return self._name(text, node)
        if isinstance(node, Member):
            path = text.members.path(node)
            if path == (node.key,):  # a field of ``_G``
                return self.names.of_global(text, node.key)
            kind = self._field(text, node.object, node.key)
            return narrowed(self, text, node, self.extended(text, path, kind))
        if isinstance(node, Index):
            return self._index(text, node)
        if isinstance(node, Call | MethodCall | Vararg):
            return self.values(text, [node]).nth(0)
        if isinstance(node, FunctionBody):
            return Function((), text, node)
        if isinstance(node, Table):
            return Shape(text, text.members.table(node), node)
        if isinstance(node, Paren):
            return self.expression(text, node.inner)
        if isinstance(node, Binary):
            return self.operators.binary(text, node)
        if isinstance(node, Unary):
            return self.operators.unary(text, node)
        return UNKNOWN

    def values(self, text: Text, nodes: Sequence[Expression]) -> Values:
        """The values of an expression list: the last one may give several."""
        if not nodes:
            return Values(())
        types = [self.expression(text, one) for one in nodes[:-1]]
        last = nodes[-1]
        if isinstance(last, Call | MethodCall):
            if text.casts and last.end in text.casts:
                return Values((*types, self.expression(text, last)))
            given = self.call(text, last)
            return Values((*types, *given.types), given.rest)
        if isinstance(last, Vararg):
            given = self.calls.varargs(text, last)
            return Values((*types, *given.types), given.rest)
        return Values((*types, self.expression(text, last)))

    def _name(self, text: Text, node: Name) -> Type:
        local = text.members.scopes.meaning(node.start)
        if local is None:
            return narrowed(self, text, node, self.names.of_global(text, node.name))
        if local.kind == "self":
            return self.names.self_of(text, local)
        flow = trace(text.tree, local).get(node.start)
        if flow is None:
            return UNKNOWN
        return self.extended(text, (local,), self.names.flow(text, flow))

    def _field(self, text: Text, holder: Expression, key: str | int | float) -> Type:
        if key == "":
            return UNKNOWN
        kind = self.expression(text, holder)
        found = self.properties.get(kind, key)
        return UNKNOWN if found is None else found

    def _index(self, text: Text, node: Index) -> Type:
        key = constant(node.key)
        if key is not None:
            return self.extended(text, text.members.path(node), self._field(text, node.object, key))
        kind = self.expression(text, node.object)
        index = self.expression(text, node.key)
        if isinstance(index, Literal) and not isinstance(index.value, bool):
            found = self.properties.get(kind, index.value)
        else:
            found = self.elements.get(kind, index)
        return UNKNOWN if found is None else found

    def extended(self, text: Text, path: Path | None, kind: Type) -> Type:
        """A value together with the fields that its text assigns to the path that holds it."""
        if path is None:
            return kind
        members = text.members
        if not members.fields(path) and not members.metas(path):
            return kind
        if kind is ANY or (
            isinstance(kind, ClassType) and text.declared.paths.get(path) == kind.name
        ):
            return kind
        rest = truthy(kind)
        if rest is NEVER or _is_at(rest, text, path):
            return kind
        if lua_type(rest) in ("string", "number", "boolean", "nil"):
            return kind
        if any(_is_at(one, text, path) for one in options(rest)):
            # ``o or {}``: what else it may be gets the same metatable, if there is one.
            is_made = members.metas(path)
            return filtered(kind, lambda one: one is not UNKNOWN) if is_made else kind
        shape = Shape(text, path, None, None if rest is UNKNOWN else rest)
        return shape if kind is UNKNOWN else union([shape, falsy(kind)])

    # -- functions -----------------------------------------------------------------------------

    def called(self, text: Text, node: Call | MethodCall) -> Type:
        """What a call calls, unknown if nothing tells."""
        if isinstance(node, Call):
            return self.expression(text, node.function)
        found = self.properties.get(self.expression(text, node.object), node.key)
        return UNKNOWN if found is None else found

    def call(self, text: Text, node: Call | MethodCall) -> Values:
        """What a call gives."""
        return self.remembered(
            text, ("call", id(node)), lambda: self._call(text, node), Values((NEVER,), NEVER)
        )

    def _call(self, text: Text, node: Call | MethodCall) -> Values:
        if isinstance(node, MethodCall):
            return self._method_call(text, node)
        special = self.builtins.call(text, node)
        if special is not None:
            return special
        called = self.expression(text, node.function)
        made = self.metatables.made(text, node, called)
        if made is not None:
            return Values((made,))
        given = self.values(text, node.arguments)
        receiver = None
        if isinstance(node.function, Member | Index):
            receiver = self.expression(text, node.function.object)
        return self.calls.call(called, given, receiver)

    def _method_call(self, text: Text, node: MethodCall) -> Values:
        receiver = self.expression(text, node.object)
        made = self.metatables.made(text, node, receiver)
        if made is None and node.key == "new":
            made = self.metatables.instance(receiver)
        if made is not None:
            return Values((made,))
        called = self.properties.get(receiver, node.key)
        if called is None or called is UNKNOWN:
            return ANYTHING
        given = self.values(text, node.arguments)
        return self.calls.call(called, Values((receiver, *given.types), given.rest), receiver)

    def named(self, name: str) -> Type:
        """The type a name stands for in the text of the present question."""
        if name in BASICS:
            return BASICS[name]
        for text, _ in self._active if self._later is None else ():
            text.others.add(self.current)
        return ClassType(name, (), self.current)


def _is_at(kind: Type, text: Text, path: Path) -> bool:
    return isinstance(kind, Shape) and kind.path == path and kind.text is text


def own_types(tree: Tree) -> Types:
    """The types of a text that knows no other, made at the first call."""
    return tree.once("types", lambda _tree: Types())

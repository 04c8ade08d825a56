"""What one unit of a tree gives to tables and locals, by reading it and nothing else.

What a unit gives to a path does not depend on other units, but for what the names mean that it
does not declare. So a text is read unit by unit, and of an edited text only the units that can
have the answer (``members``): the names which a unit gives something to are kept with it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar, cast, final

from tidelock.shared.language.paths import Path, constant, path_of
from tidelock.shared.model import Key
from tidelock.shared.syntax.tree import (
    Assign,
    Binary,
    Call,
    Expression,
    Function,
    FunctionBody,
    Global,
    Index,
    KeyedField,
    LocalFunction,
    Member,
    MethodCall,
    Name,
    NamedField,
    Node,
    Paren,
    Table,
    Vararg,
)
from tidelock.shared.syntax.tree import Local as LocalStatement

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from tidelock.shared.language.variables import Local, Scopes
    from tidelock.shared.syntax.tree import Tree

T = TypeVar("T")
_TELLING = frozenset(("=", "function", "setmetatable"))
"""Tokens of which one is in whatever gives a table something, besides ``insert``."""


class Field(NamedTuple):
    """One place where a field gets a value; ``start`` and ``end`` are those of its key.

    ``statement`` is where the statement begins whose comment describes it, ``body`` the function
    it holds, if the text shows one. The value is result number ``nth``, from 0, of ``value``.
    """

    key: Key
    start: int
    end: int
    statement: int
    value: Expression | None
    body: FunctionBody | None
    nth: int = 0

    @property
    def method(self) -> bool:
        """Whether it is a function that takes ``self``."""
        return self.body is not None and has_self(self.body)


class Element(NamedTuple):
    """Where a table gets a value at a computed key; without a ``key`` it is added to a list.

    By a call of ``adder`` it is one only if that is ``table.insert``.
    """

    key: Expression | None
    value: Expression
    nth: int
    adder: Path | None = None


class Given(NamedTuple):
    """The names whose values a unit may give something to, and whether it sets a metatable.

    They hold wherever the unit stands: what a path begins with is one of them, whatever it means.
    """

    names: frozenset[str]
    metas: bool


@final
class UnitMembers:
    """What one unit gives, where it stands now; complete when it is made.

    ``owners`` are the tables of methods and ``homes`` where the statement begins whose comment
    describes a function, ``holders`` the path it is assigned to, all by the number of the
    function; ``values`` what locals got at their declaration, and which of its results.
    ``tables`` are the paths of tables written out, by identity; ``loose`` ones keep their fields
    to themselves. ``metas`` are the second arguments of ``setmetatable`` by the path of the
    first, ``made`` both where the first is written out.
    """

    __slots__ = (
        "_names",
        "_scopes",
        "elements",
        "fields",
        "holders",
        "homes",
        "loose",
        "made",
        "metas",
        "owners",
        "tables",
        "values",
    )

    def __init__(self, tree: Tree, scopes: Scopes, index: int) -> None:
        self._scopes = scopes
        self._names: set[str] = set()
        self.fields: dict[Path, dict[Key, list[Field]]] = {}
        self.owners: dict[int, Path] = {}
        self.values: dict[Local, tuple[Expression, int]] = {}
        self.homes: dict[int, int] = {}
        self.holders: dict[int, Path] = {}
        self.tables: dict[int, Path] = {}
        self.loose: set[int] = set()
        self.metas: dict[Path, list[Expression]] = {}
        self.made: list[tuple[Table, Expression]] = []
        self.elements: dict[Path, list[Element]] = {}
        self._read(tree, index)

    @property
    def given(self) -> Given:
        """What there is to ask this unit for."""
        return Given(frozenset(self._names), bool(self.metas or self.made))

    def _read(self, tree: Tree, index: int) -> None:
        here = tree.tokens_of(index)
        tokens = zip(tree.tokens.starts[here], tree.tokens.texts[here], strict=True)
        # What is read stands in text order, so that the nodes between need no look inside.
        places = [start for start, text in tokens if text in _TELLING or text.endswith("insert")]
        if not places:
            return
        readers: dict[type[Node], Callable[[Any], None]] = {
            LocalStatement: self._declare,
            Global: self._declare,
            LocalFunction: self._local_function,
            Assign: self._assignment,
            Function: self._function,
            Call: self._call,
        }
        find = readers.get
        places.append(len(tree.text))
        left = iter(places)
        place = next(left)
        todo: list[Node] = [*reversed(tree.statements_of(index))]
        pop, push = todo.pop, todo.extend
        while todo:
            node = pop()
            start = node.start
            while place < start:
                place = next(left)
            if place >= node.end:
                continue
            reader = find(type(node))
            if reader is not None:
                reader(node)
            push([one for one in reversed(node.children()) if one.end > place])

    def _declare(self, node: LocalStatement | Global) -> None:
        if node.values:
            for name, value, nth in matched(node.names, node.values):
                self._bind(name, value, nth, node.start)

    def _local_function(self, node: LocalFunction) -> None:
        self._bind(node.name, node.body, 0, node.start)

    def _assignment(self, node: Assign) -> None:
        for target, value, nth in matched(node.targets, node.values):
            self._assign(target, value, nth, node.start)

    def _function(self, node: Function) -> None:
        if node.body.method and isinstance(node.target, Member):
            owner = self._given(node.target.object)
            if owner is not None:
                self.owners[node.body.number] = owner
        self._assign(node.target, node.body, 0, node.start)

    def _call(self, node: Call) -> None:
        called = node.function
        if isinstance(called, Name):
            if called.name == "setmetatable" and len(node.arguments) > 1:
                table, meta = node.arguments[:2]
                path = self._given(table)
                if path is not None:
                    self.metas.setdefault(path, []).append(meta)
                elif isinstance(table, Table):
                    self.made.append((table, meta))
            elif called.name.endswith("insert"):
                self._insert(called, node)
        elif isinstance(called, Member) and called.key == "insert":
            self._insert(called, node)

    def _insert(self, called: Expression, node: Call) -> None:
        adder = path_of(called, self.root)
        path = self._given(node.arguments[0]) if len(node.arguments) > 1 else None
        if path is not None and adder is not None:
            element = Element(None, node.arguments[-1], 0, adder)
            self.elements.setdefault(path, []).append(element)

    def _bind(self, name: Name, value: Expression, nth: int, statement: int) -> None:
        local = self._scopes.meaning(name.start)
        if local is None:
            self._assign(name, value, nth, statement)
            return
        self.values[local] = (value, nth)
        if isinstance(value, FunctionBody):
            self.homes[value.number] = statement
            self.holders[value.number] = (local,)
        elif nth == 0:
            self._constructor((local,), value)

    def _assign(self, target: Expression, value: Expression, nth: int, statement: int) -> None:
        path = self._given(target)
        if path is None:
            if isinstance(value, FunctionBody):
                self.homes[value.number] = statement
            if isinstance(target, Index):
                owner = self._given(target.object)
                if owner is not None:
                    self.elements.setdefault(owner, []).append(Element(target.key, value, nth))
            return
        body = value if isinstance(value, FunctionBody) else None
        if body is not None:
            self.homes[body.number] = statement
            self.holders[body.number] = path
        if isinstance(target, Name):
            if path == (target.name,):
                place = Field(target.name, target.start, target.end, statement, value, body, nth)
                self._add(path, place)
        elif isinstance(target, Member):
            start, end = target.key_start, target.end
            self._add(path, Field(target.key, start, end, statement, value, body, nth))
        elif isinstance(target, Index):
            key = path[-1]
            assert isinstance(key, Key)
            start, end = target.key.start, target.key.end
            self._add(path, Field(key, start, end, statement, value, body, nth))
        if body is None and nth == 0:
            self._constructor(path, value)

    def _add(self, path: Path, field: Field) -> None:
        self._note(path)
        self.fields.setdefault(path[:-1], {}).setdefault(field.key, []).append(field)

    def _constructor(self, path: Path, value: Expression) -> None:
        """Note the fields of a table written out, also inside ``setmetatable``."""
        todo: list[tuple[Path, Expression]] = [(path, value)]
        while todo:
            path, value = todo.pop()
            if isinstance(value, Table):
                self.tables.setdefault(id(value), path)
                todo += self._constructed(path, value)
            elif isinstance(value, Call):
                called = value.function
                if value.arguments and isinstance(called, Name) and called.name == "setmetatable":
                    if len(value.arguments) > 1:
                        self._note(path)
                        self.metas.setdefault(path, []).append(value.arguments[1])
                    todo.append((path, value.arguments[0]))
            elif isinstance(value, Binary):
                # ``o or {}``: one of several values, whose own fields are not those of the path.
                if value.operator == "or" and isinstance(value.right, Table):
                    self.tables.setdefault(id(value.right), path)
                    self.loose.add(id(value.right))
            elif isinstance(value, Paren):
                todo.append((path, value.inner))

    def _constructed(self, path: Path, table: Table) -> list[tuple[Path, Expression]]:
        inner: list[tuple[Path, Expression]] = []
        for item in table.fields:
            if isinstance(item, NamedField):
                key: Key | None = item.name.name
                place: Expression = item.name
            elif isinstance(item, KeyedField):
                key = constant(item.key)
                place = item.key
            else:
                continue
            if key is None:
                continue
            body = item.value if isinstance(item.value, FunctionBody) else None
            if body is not None:
                self.homes[body.number] = item.start
                self.holders[body.number] = (*path, key)
            field = Field(key, place.start, place.end, item.start, item.value, body)
            self._add((*path, key), field)
            inner.append(((*path, key), item.value))
        return inner

    def _given(self, node: Expression) -> Path | None:
        """The path of what gets something, and its name noted."""
        path = path_of(node, self._noted)
        if path is not None and "_G" in self._names:
            # Which of the two it begins with depends on what ``_G`` means.
            self._names.update(one for one in path[:2] if isinstance(one, str))
        return path

    def _note(self, path: Path) -> None:
        root = path[0]
        self._names.add(root if isinstance(root, str) else cast("Local", root).name)

    def _noted(self, name: Name) -> Path:
        self._names.add(name.name)
        return self.root(name)

    def root(self, name: Name) -> Path:
        """What a name stands for: in a method of this unit ``self`` is the method's table."""
        local = self._scopes.meaning(name.start)
        if local is None:
            return (name.name,)
        return self.owners.get(local.function, (local,)) if local.kind == "self" else (local,)


def matched(
    targets: Sequence[T], values: Sequence[Expression]
) -> Iterator[tuple[T, Expression, int]]:
    """Each target with the expression it gets its value from, and which of its results."""
    last = len(values) - 1
    for place, target in enumerate(targets):
        if place <= last:
            yield target, values[place], 0
        elif last >= 0 and isinstance(values[last], Call | MethodCall | Vararg):
            yield target, values[last], place - last


def has_self(body: FunctionBody) -> bool:
    """Whether a function has a first parameter ``self``, written or not."""
    first = body.parameters[:1]
    return body.method or (first != [] and first[0].name == "self")

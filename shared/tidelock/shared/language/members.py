"""What a text says about the fields of its tables, by reading and nothing else.

A table is known by its path: the local or the name of the global that holds it, then constant
keys. Fields come from constructors, assignments and function statements, wherever in the text;
globals are the fields of the empty path. ``self`` in a method stands for the method's table.
"""

from __future__ import annotations

from itertools import chain, compress, repeat
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar, final

from tidelock.shared.language.annotations import documented, signature
from tidelock.shared.language.paths import Path, constant, direct
from tidelock.shared.language.scopes import Local, resolve
from tidelock.shared.model import Key as Key
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

    from tidelock.shared.syntax.tree import Tree

T = TypeVar("T")
_ALIASES = 8
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
    """Where a table gets a value at a computed key; without a ``key`` it is added to a list."""

    key: Expression | None
    value: Expression
    nth: int


@final
class Members:
    """The fields of one text; made by ``members``, never changed.

    ``homes`` says for a function, by its number, where the statement begins whose comment
    describes it, ``holders`` the path it is assigned to. ``tables`` are the paths of tables
    written out, by identity; ``loose`` ones keep their fields to themselves. ``metas`` are the
    second arguments of ``setmetatable`` by the path of the first, ``made`` both where the first
    is written out.
    """

    __slots__ = (
        "_fields",
        "_owners",
        "_values",
        "elements",
        "holders",
        "homes",
        "loose",
        "made",
        "metas",
        "scopes",
        "tables",
        "tree",
    )

    def __init__(self, tree: Tree) -> None:
        self.tree = tree
        self.scopes = resolve(tree)
        self._fields: dict[Path, dict[Key, list[Field]]] = {}
        # The table a method belongs to, by the number of its function.
        self._owners: dict[int, Path] = {}
        # What a local got at its declaration, and which of its results.
        self._values: dict[Local, tuple[Expression, int]] = {}
        self.homes: dict[int, int] = {}
        self.holders: dict[int, Path] = {}
        self.tables: dict[int, Path] = {}
        self.loose: set[int] = set()
        self.metas: dict[Path, list[Expression]] = {}
        self.made: list[tuple[Table, Expression]] = []
        self.elements: dict[Path, list[Element]] = {}
        self._read()

    def _read(self) -> None:
        readers: dict[type[Node], Callable[[Any], None]] = {
            LocalStatement: self._declare,
            Global: self._declare,
            LocalFunction: self._local_function,
            Assign: self._assignment,
            Function: self._function,
            Call: self._call,
        }
        find = readers.get
        tokens = self.tree.tokens
        # What is read stands in text order, so that the nodes between need no look inside.
        telling = {*_TELLING, *(one for one in set(tokens.texts) if one.endswith("insert"))}
        found = compress(tokens.starts, map(telling.__contains__, tokens.texts))
        places = chain(found, repeat(len(self.tree.text)))
        place = next(places)
        todo: list[Node] = [self.tree.body]
        pop, push = todo.pop, todo.extend
        while todo:
            node = pop()
            start = node.start
            while place < start:
                place = next(places)
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
            owner = self.path(node.target.object)
            if owner is not None:
                self._owners[node.body.number] = owner
        self._assign(node.target, node.body, 0, node.start)

    def _call(self, node: Call) -> None:
        called = node.function
        if isinstance(called, Name):
            if called.name == "setmetatable" and len(node.arguments) > 1:
                table, meta = node.arguments[:2]
                path = self.path(table)
                if path is not None:
                    self.metas.setdefault(path, []).append(meta)
                elif isinstance(table, Table):
                    self.made.append((table, meta))
            elif called.name.endswith("insert"):
                path = self.path(called)
                if path is not None and self.real(path) == ("table", "insert"):
                    self._insert(node)
        elif isinstance(called, Member) and called.key == "insert":
            path = self.path(called)
            if path is not None and self.real(path) == ("table", "insert"):
                self._insert(node)

    def _insert(self, node: Call) -> None:
        path = self.path(node.arguments[0]) if len(node.arguments) > 1 else None
        if path is not None:
            element = Element(None, node.arguments[-1], 0)
            self.elements.setdefault(path, []).append(element)

    def _bind(self, name: Name, value: Expression, nth: int, statement: int) -> None:
        local = self.scopes.meaning(name.start)
        if local is None:
            self._assign(name, value, nth, statement)
            return
        self._values[local] = (value, nth)
        if isinstance(value, FunctionBody):
            self.homes[value.number] = statement
            self.holders[value.number] = (local,)
        elif nth == 0:
            self._constructor((local,), value)

    def _assign(self, target: Expression, value: Expression, nth: int, statement: int) -> None:
        path = self.path(target)
        if path is None:
            if isinstance(value, FunctionBody):
                self.homes[value.number] = statement
            if isinstance(target, Index):
                owner = self.path(target.object)
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
        self._fields.setdefault(path[:-1], {}).setdefault(field.key, []).append(field)

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

    def path(self, node: Expression) -> Path | None:
        """The path of a name or a chain of constant keys; ``self`` of a method is its table."""
        keys: list[Key] = []
        while True:
            if isinstance(node, Member):
                keys.append(node.key)
                node = node.object
            elif isinstance(node, Index) and (key := constant(node.key)) is not None:
                keys.append(key)
                node = node.object
            elif isinstance(node, Paren):
                node = node.inner
            else:
                break
        if not isinstance(node, Name) or not node.name:
            return None
        keys.reverse()
        return direct((*self.root(node.name, self.scopes.meaning(node.start)), *keys))

    def root(self, name: str, local: Local | None) -> Path:
        """Where a variable's fields are noted."""
        if local is None:
            return (name,)
        if local.kind == "self":
            return self._owners.get(local.function, (local,))
        return (local,)

    def owner(self, body: FunctionBody) -> Path | None:
        """The table whose method a function is."""
        if body.method:
            return self._owners.get(body.number)
        holder = self.holders.get(body.number, ())
        return holder[:-1] if len(holder) > 1 else None

    def given(self, local: Local) -> tuple[Expression, int] | None:
        """What a local got at its declaration, and which of its results."""
        return self._values.get(local)

    def real(self, path: Path) -> Path:
        """The path after following locals that only hold another path: ``local s = string``."""
        path = direct(path)
        for _ in range(_ALIASES):
            local = path[0]
            value = self.value(local) if isinstance(local, Local) else None
            other = None if value is None else self.path(value)
            if other is None or path in self._fields:
                break
            path = direct((*other, *path[1:]))
        return path

    def value(self, local: Local) -> Expression | None:
        """What a local got at its declaration, None once something else is assigned to it."""
        value, nth = self._values.get(local, (None, 0))
        if nth or local.is_set:
            return None
        return value

    def all(self) -> Iterator[tuple[Path, Field]]:
        """Every field with its path."""
        for path, fields in self._fields.items():
            for key, places in fields.items():
                for field in places:
                    yield (*path, key), field

    def fields(self, path: Path) -> dict[Key, list[Field]]:
        """The fields noted for a path by key, in the order of the text."""
        return self._fields.get(path, {})

    def field(self, path: Path) -> Field | None:
        """The first place where the last key of a path gets a value, functions first."""
        key = path[-1]
        if not isinstance(key, Key):
            return None
        found = self._fields.get(path[:-1], {}).get(key, [])
        for field in found:
            if field.body is not None:
                return field
        return found[0] if found else None


def members(tree: Tree) -> Members:
    """The fields of a text, read once, at the first call."""
    return tree.once("members", Members)


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


def shown(tree: Tree, name: str, body: FunctionBody, statement: int) -> tuple[str, str]:
    """The signature of a function of the text, and the text of the comment above it."""
    known = documented(tree, statement)
    return signature(name, parameters(body), known), known.text


def has_self(body: FunctionBody) -> bool:
    """Whether a function has a first parameter ``self``, written or not."""
    first = body.parameters[:1]
    return body.method or (first != [] and first[0].name == "self")


def parameters(body: FunctionBody) -> list[str]:
    """The parameters as written."""
    names = [name.name for name in body.parameters]
    if body.vararg is not None:
        names.append("..." + (body.vararg.name.name if body.vararg.name else ""))
    return names

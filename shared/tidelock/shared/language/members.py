"""What a text says about the fields of its tables, by reading and nothing else.

A table is known by its path: the local or the name of the global that holds it, then constant
keys. Fields come from constructors, assignments and function statements, wherever in the text;
globals are the fields of the empty path. ``self`` in a method stands for the method's table.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple, final

from tidelock.shared.language.annotations import documented, signature
from tidelock.shared.language.scopes import Local, resolve
from tidelock.shared.language.stdlib import library
from tidelock.shared.model import Key as Key
from tidelock.shared.syntax.tokens import KEYWORDS
from tidelock.shared.syntax.tree import (
    Assign,
    Call,
    Expression,
    Function,
    FunctionBody,
    Global,
    Index,
    KeyedField,
    LocalFunction,
    Member,
    Name,
    NamedField,
    Number,
    Paren,
    String,
    Table,
)
from tidelock.shared.syntax.tree import Local as LocalStatement

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tidelock.shared.language.stdlib import Entry
    from tidelock.shared.syntax.tree import Tree

Path = tuple[object, ...]
"""A ``Local`` or the name of a global, then keys."""

_ALIASES = 8
_NAME = re.compile(r"[A-Za-z_]\w*", re.ASCII)


class Field(NamedTuple):
    """One place where a field gets a value; ``start`` and ``end`` are those of its key.

    ``statement`` is where the statement begins whose comment describes it, ``body`` the function
    it holds, if the text shows one.
    """

    key: Key
    start: int
    end: int
    statement: int
    value: Expression | None
    body: FunctionBody | None

    @property
    def method(self) -> bool:
        """Whether it is a function that takes ``self``."""
        if self.body is None:
            return False
        first = self.body.parameters[:1]
        return self.body.method or (first != [] and first[0].name == "self")


@final
class Members:
    """The fields of one text; made by ``members``, never changed."""

    __slots__ = ("_fields", "_owners", "_values", "scopes", "tree")

    def __init__(self, tree: Tree) -> None:
        self.tree = tree
        self.scopes = resolve(tree)
        self._fields: dict[Path, dict[Key, list[Field]]] = {}
        # The table a method belongs to, by the number of its function.
        self._owners: dict[int, Path] = {}
        # What a local got at its declaration.
        self._values: dict[Local, Expression] = {}
        self._read()

    def _read(self) -> None:
        for node in self.tree.walk():
            if isinstance(node, LocalStatement | Global):
                for name, value in zip(node.names, node.values, strict=False):
                    self._bind(name, value, node.start)
            elif isinstance(node, LocalFunction):
                self._bind(node.name, node.body, node.start)
            elif isinstance(node, Assign):
                for target, value in zip(node.targets, node.values, strict=False):
                    self._assign(target, value, node.start)
            elif isinstance(node, Function):
                if node.body.method and isinstance(node.target, Member):
                    owner = self.path(node.target.object)
                    if owner is not None:
                        self._owners[node.body.number] = owner
                self._assign(node.target, node.body, node.start)

    def _bind(self, name: Name, value: Expression, statement: int) -> None:
        local = self.scopes.meaning(name.start)
        if local is None:
            self._assign(name, value, statement)
        else:
            self._values[local] = value
            self._constructor((local,), value, statement)

    def _assign(self, target: Expression, value: Expression, statement: int) -> None:
        path = self.path(target)
        if path is None:
            return
        body = value if isinstance(value, FunctionBody) else None
        if isinstance(target, Name):
            if path == (target.name,):
                place = Field(target.name, target.start, target.end, statement, value, body)
                self._add(path, place)
        elif isinstance(target, Member):
            start, end = target.key_start, target.end
            self._add(path, Field(target.key, start, end, statement, value, body))
        elif isinstance(target, Index):
            key = path[-1]
            assert isinstance(key, Key)
            start, end = target.key.start, target.key.end
            self._add(path, Field(key, start, end, statement, value, body))
        self._constructor(path, value, statement)

    def _add(self, path: Path, field: Field) -> None:
        self._fields.setdefault(path[:-1], {}).setdefault(field.key, []).append(field)

    def _constructor(self, path: Path, value: Expression, statement: int) -> None:
        """Note the fields of a table written out, also inside ``setmetatable``."""
        todo: list[tuple[Path, Expression]] = [(path, value)]
        while todo:
            path, value = todo.pop()
            if isinstance(value, Call) and isinstance(value.function, Name):
                if value.function.name == "setmetatable" and value.arguments:
                    todo.append((path, value.arguments[0]))
            elif isinstance(value, Table):
                todo += self._constructed(path, value)

    def _constructed(self, path: Path, table: Table) -> list[tuple[Path, Expression]]:
        inner: list[tuple[Path, Expression]] = []
        for item in table.fields:
            if isinstance(item, NamedField):
                key: Key | None = item.name.name
                place = item.name
            elif isinstance(item, KeyedField):
                key = constant(item.key)
                place = item.key  # type: ignore[assignment]
            else:
                continue
            if key is None:
                continue
            body = item.value if isinstance(item.value, FunctionBody) else None
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
        return (*self.root(node.name, self.scopes.meaning(node.start)), *keys)

    def root(self, name: str, local: Local | None) -> Path:
        """Where a variable's fields are noted."""
        if local is None:
            return (name,)
        if local.kind == "self":
            return self._owners.get(local.function, (local,))
        return (local,)

    def real(self, path: Path) -> Path:
        """The path after following locals that only hold another path: ``local s = string``."""
        for _ in range(_ALIASES):
            local = path[0]
            if not isinstance(local, Local) or any(one.write for one in local.references):
                break
            value = self._values.get(local)
            other = None if value is None else self.path(value)
            if other is None or path in self._fields:
                break
            path = (*other, *path[1:])
        return path

    def value(self, local: Local) -> Expression | None:
        """What a local got at its declaration, None once something else is assigned to it."""
        if any(one.write for one in local.references):
            return None
        return self._values.get(local)

    def borrowed(self, local: Local) -> list[Entry]:
        """What the library offers for the value a local was given: a string, an open file."""
        books = library(self.tree.dialect)
        value = self.value(local)
        if isinstance(value, String):
            return books.members(("string",))
        if isinstance(value, Call):
            path = self.path(value.function)
            entry = None if path is None else books.entry(self.real(path))
            kind = entry.returns[0].partition("|")[0] if entry and entry.returns else ""
            if kind == "string" or kind.endswith("*"):
                return books.members((kind,))
        return []

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


def constant(key: Expression) -> Key | None:
    """A key written as a string or number, None for any other."""
    if isinstance(key, String):
        return key.value
    if isinstance(key, Number):
        value = key.value
        return None if isinstance(value, complex) else value
    return None


def shown(tree: Tree, name: str, body: FunctionBody, statement: int) -> tuple[str, str]:
    """The signature of a function of the text, and the text of the comment above it."""
    known = documented(tree, statement)
    return signature(name, parameters(body), known), known.text


def parameters(body: FunctionBody) -> list[str]:
    """The parameters as written."""
    names = [name.name for name in body.parameters]
    if body.vararg is not None:
        names.append("..." + (body.vararg.name.name if body.vararg.name else ""))
    return names


def path_text(path: Path) -> str:
    """A path as it would be written."""
    root = path[0]
    return (root.name if isinstance(root, Local) else str(root)) + tail(path[1:])


def is_name(text: str) -> bool:
    """Whether a key can be written behind a dot in every Lua."""
    return _NAME.fullmatch(text) is not None and text not in KEYWORDS and text != "goto"


def tail(keys: Sequence[object]) -> str:
    """Constant keys as they are written behind a name."""
    return "".join(
        f".{key}" if isinstance(key, str) and is_name(key) else f"[{quoted(key)}]" for key in keys
    )


def quoted(key: object) -> str:
    """A key as Lua source."""
    if not isinstance(key, str):
        return str(key)
    escaped = key.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'

"""The classes, aliases and enums that the comments of one text declare.

What a declaration says is kept as it is written; nothing in here knows another text.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from typing import TYPE_CHECKING, NamedTuple, final

from tidelock.shared.language.annotations import runs
from tidelock.shared.language.luacats import tags
from tidelock.shared.language.members import members
from tidelock.shared.syntax.tree import (
    Assign,
    Block,
    Function,
    FunctionBody,
    KeyedField,
    Local,
    LocalFunction,
    NamedField,
    Node,
    Return,
    Table,
    within,
)

if TYPE_CHECKING:
    from tidelock.shared.language.annotations import Run
    from tidelock.shared.language.paths import Path
    from tidelock.shared.syntax.tree import Tree


class DeclaredField(NamedTuple):
    """A ``@field`` and the lines of text above it."""

    tag: tags.Field
    text: str


class DeclaredClass(NamedTuple):
    """A ``@class`` with what follows it; ``path`` is the variable below that holds its methods."""

    run: Run
    tag: tags.Class
    fields: tuple[DeclaredField, ...]
    operators: tuple[tags.Operator, ...]
    overloads: tuple[tags.Overload, ...]
    path: Path | None
    text: str


class DeclaredAlias(NamedTuple):
    """An ``@alias``."""

    run: Run
    tag: tags.Alias


class DeclaredEnum(NamedTuple):
    """An ``@enum`` and the table below it."""

    run: Run
    tag: tags.Enum
    table: Table | None


Declaration = DeclaredClass | DeclaredAlias | DeclaredEnum


@final
class Declared:
    """The declarations of one text by name; made by ``declared``, never changed.

    ``paths`` are the variables that hold a class.
    """

    __slots__ = ("names", "paths")

    def __init__(self, tree: Tree) -> None:
        self.names: dict[str, list[Declaration]] = {}
        self.paths: dict[Path, str] = {}
        for run in runs(tree):
            if _DECLARES.search(run.raw):
                self._read(tree, run)

    def _read(self, tree: Tree, run: Run) -> None:
        reading = _Reading(run)
        for item in run.block.items:
            if isinstance(item, tags.Class):
                self._end(reading, None)
                reading = _Reading(run, item, reading.text)
            elif isinstance(item, tags.Alias):
                self._end(reading, None)
                self._add(item.name.text, DeclaredAlias(run, item))
                reading = _Reading(run)
            elif isinstance(item, tags.Enum):
                self._end(reading, None)
                table = _table_below(tree, run)
                self._add(item.name.text, DeclaredEnum(run, item, table))
                reading = _Reading(run)
            else:
                reading.note(item)
        self._end(reading, path_below(tree, run) if reading.tag is not None else None)

    def _end(self, reading: _Reading, path: Path | None) -> None:
        tag = reading.tag
        if tag is None:
            return
        found = DeclaredClass(
            reading.run,
            tag,
            tuple(reading.fields),
            tuple(reading.operators),
            tuple(reading.overloads),
            path,
            "\n".join(reading.before).strip(),
        )
        self._add(tag.name.text, found)
        if path is not None:
            self.paths[path] = tag.name.text

    def _add(self, name: str, declaration: Declaration) -> None:
        self.names.setdefault(name, []).append(declaration)


_DECLARES = re.compile(r"@(?:class|alias|enum)\b")


@final
class _Reading:
    """A class whose lines are being read."""

    __slots__ = ("before", "fields", "operators", "overloads", "run", "tag", "text")

    def __init__(self, run: Run, tag: tags.Class | None = None, before: list[str] | None = None):
        self.run = run
        self.tag = tag
        self.before = before or []
        self.text: list[str] = []
        self.fields: list[DeclaredField] = []
        self.operators: list[tags.Operator] = []
        self.overloads: list[tags.Overload] = []

    def note(self, item: tags.Text | tags.Tag) -> None:
        """Take in a line below the ``@class``."""
        if isinstance(item, tags.Text):
            self.text.append(item.text)
        elif isinstance(item, tags.Field):
            text = "\n".join([*self.text, item.text]).strip()
            self.fields.append(DeclaredField(item, text))
            self.text = []
        elif isinstance(item, tags.Operator):
            self.operators.append(item)
        elif isinstance(item, tags.Overload):
            self.overloads.append(item)


def statement_below(tree: Tree, run: Run) -> Node | None:
    """The statement, or the field of a table, that begins on the line after a run of comments."""
    start = _start_below(tree, run)
    return None if start is None else _beginning(tree.body, start)


def read_below(tree: Tree, run: Run) -> Node | None:
    """As ``statement_below``, but with the offsets it was read with: no copy is made."""
    start = _start_below(tree, run)
    if start is None:
        return None
    node, shift = tree.as_read(start)
    return _beginning(node, start - shift)


def function_below(tree: Tree, run: Run) -> FunctionBody | None:
    """The function that comments stand above, with the offsets it was read with."""
    return function_of(read_below(tree, run))


def _start_below(tree: Tree, run: Run) -> int | None:
    end = run.start + len(run.raw)
    tokens, lines = tree.tokens, tree.lines
    index = bisect_right(tokens.starts, end - 1)
    if index >= len(tokens) or lines.line_of(tokens.starts[index]) != lines.line_of(end) + 1:
        return None
    return tokens.starts[index]


def _beginning(node: Node | None, start: int) -> Node | None:
    """The first node at or below one, outside of blocks, that begins at an offset."""
    while node is not None and (node.start != start or isinstance(node, Block)):
        around = within(node, start)
        node = next((one for one in around if one.start <= start < one.end), None)
    return node


def function_of(node: Node | None) -> FunctionBody | None:
    """The function that a statement or the field of a table is about, if it is about one."""
    if isinstance(node, Function | LocalFunction):
        return node.body
    value: object = None
    if isinstance(node, Local | Assign | Return) and node.values:
        value = node.values[0]
    elif isinstance(node, NamedField | KeyedField):
        value = node.value
    return value if isinstance(value, FunctionBody) else None


def path_below(tree: Tree, run: Run) -> Path | None:
    """The path that the statement below a run of comments assigns to."""
    statement = statement_below(tree, run)
    known = members(tree)
    if isinstance(statement, Local):
        name = statement.names[0]
        local = known.scopes.meaning(name.start) if name.name else None
        return None if local is None else (local,)
    if isinstance(statement, Assign):
        return known.path(statement.targets[0])
    return None


def _table_below(tree: Tree, run: Run) -> Table | None:
    statement = statement_below(tree, run)
    if isinstance(statement, Local | Assign) and statement.values:
        value = statement.values[0]
        return value if isinstance(value, Table) else None
    return None


def declared(tree: Tree) -> Declared:
    """The declarations of a text, read once, at the first call."""
    return tree.once("declared", Declared)

"""The standard library of each Lua, read from the definition files in ``library``.

The files are Lua with LuaCATS comments, parsed by our own parser and never run; ``@version`` says
in which Luas an entry exists. A library is read once per dialect, at its first use.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple, final

from tidelock.shared.language.annotations import documented, signature
from tidelock.shared.syntax.parser import parse
from tidelock.shared.syntax.statements import dotted
from tidelock.shared.syntax.tree import (
    Assign,
    Function,
    Local,
    Member,
    Name,
    Statement,
    Table,
    Tree,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tidelock.shared.language.annotations import Documentation
    from tidelock.shared.model import Dialect

EntryKind = Literal["function", "method", "table", "value"]


class Entry(NamedTuple):
    """A name of the library.

    ``path`` is how it is reached: ``("string", "rep")``, or the class and the method for the
    methods of values (``("file*", "read")``). ``signature`` is empty unless it can be called.
    """

    path: tuple[str, ...]
    kind: EntryKind
    type: str
    signature: str
    documentation: str
    returns: tuple[str, ...]

    @property
    def name(self) -> str:
        """The last part of the path."""
        return self.path[-1]


@final
class Library:
    """The entries of one dialect; made by ``library``, never changed."""

    __slots__ = ("_entries", "_members", "dialect")

    def __init__(self, dialect: Dialect, entries: Sequence[Entry]) -> None:
        self.dialect = dialect
        self._entries: dict[tuple[object, ...], Entry] = {entry.path: entry for entry in entries}
        self._members: dict[tuple[object, ...], list[Entry]] = {}
        for entry in self._entries.values():
            self._members.setdefault(entry.path[:-1], []).append(entry)

    def __iter__(self) -> Iterator[Entry]:
        return iter(self._entries.values())

    def entry(self, path: Sequence[object]) -> Entry | None:
        """The entry with a path such as ``("string", "rep")``; a leading ``_G`` is passed over."""
        keys = tuple(path)
        if len(keys) > 1 and keys[0] == "_G":
            keys = keys[1:]
        return self._entries.get(keys)

    def members(self, path: Sequence[object]) -> list[Entry]:
        """The entries right below a path; those of the globals for an empty path or ``_G``."""
        keys = tuple(path)
        if keys[:1] == ("_G",):
            keys = keys[1:]
        return [entry for entry in self._members.get(keys, []) if not entry.name.endswith("*")]


_FOLDER = Path(__file__).parent / "library"


@cache
def definitions() -> tuple[tuple[str, Tree], ...]:
    """The definition files by name."""
    paths = sorted(_FOLDER.glob("*.lua"))
    return tuple((path.name, parse(path.read_text(encoding="utf-8"))) for path in paths)


@cache
def host_definitions() -> dict[str, Tree]:
    """The definition files of the modules that Tidelock offers to programs, by their names."""
    paths = sorted((_FOLDER / "modules").glob("*.lua"))
    return {path.stem: parse(path.read_text(encoding="utf-8")) for path in paths}


@cache
def library(dialect: Dialect) -> Library:
    """The standard library of a Lua; LuaJIT is 2.1 as lupa bundles it."""
    entries: list[Entry] = []
    for _, tree in definitions():
        classes: dict[str, str] = {}
        for statement in tree.body.statements:
            known = documented(tree, statement.start)
            if isinstance(statement, Local):
                classes[statement.names[0].name] = known.class_name
            if known.dialects is None or dialect in known.dialects:
                entries += _entries(statement, known, classes)
    return Library(dialect, entries)


def _entries(
    statement: Statement, known: Documentation, classes: dict[str, str]
) -> Iterator[Entry]:
    if isinstance(statement, Function):
        body = statement.body
        path = dotted(statement.target, False).split(".")
        path[0] = classes.get(path[0], path[0])
        sign = ":" if body.method else "."
        parameters = [name.name for name in body.parameters] + ["..."] * (body.vararg is not None)
        shown = signature(sign.join(path), parameters, known)
        kind: EntryKind = "method" if body.method else "function"
        yield Entry(tuple(path), kind, "function", shown, known.text, known.returns)
    elif isinstance(statement, Assign):
        for target, value in zip(statement.targets, statement.values, strict=True):
            assert isinstance(target, Name | Member)
            table = isinstance(value, Table)
            path = dotted(target, False).split(".")
            kind = "table" if table else "value"
            yield Entry(tuple(path), kind, "table" if table else known.type, "", known.text, ())

"""Types of marked Lua: what a marked expression or name is, over one or several files.

    check_types("local <!x!> = 5", "5")

Each range is an expression, or a name where it is declared; the texts that follow are their types
in the order of the ranges, one after the other through all files.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from kit.marked import Marked, files
from tidelock.shared.language.members import members
from tidelock.shared.language.modules import Module
from tidelock.shared.language.types.declared import declared
from tidelock.shared.language.types.inference import Types
from tidelock.shared.model import Dialect
from tidelock.shared.syntax.parser import parse
from tidelock.shared.syntax.tree import Expression, Node, walk


class Space:
    """A workspace that is a few texts; a module is found beside the others by its name."""

    def __init__(self, source: str, dialect: Dialect = "5.4") -> None:
        self.files = files(source)
        self.modules = {
            path: Module(f"file:///{path}", parse(text.text, dialect))
            for path, text in self.files.items()
        }

    def resolve(self, name: str, from_uri: str) -> Module | None:
        path = name.replace(".", "/")
        return self.modules.get(f"{path}.lua") or self.modules.get(f"{path}/init.lua")

    def declaring(self, name: str) -> Sequence[Module]:
        return [one for one in self.modules.values() if name in declared(one.tree).names]

    def assigning(self, name: str) -> Sequence[Module]:
        return [one for one in self.modules.values() if name in members(one.tree).fields(())]


def types_of(source: str, dialect: Dialect = "5.4") -> list[str]:
    """The types of all ranges."""
    space = Space(source, dialect)
    types = Types(space)
    return [
        found
        for path, text in space.files.items()
        for found in _types(types, space.modules[path], text)
    ]


def _types(types: Types, module: Module, marks: Marked) -> Iterator[str]:
    text = types.text(module.tree, module.uri)
    for start, end in marks.ranges:
        node = _node(module.tree.body, start, end)
        with types.asking(text):
            yield types.printer.text(types.expression(text, node))


def _node(body: Node, start: int, end: int) -> Expression:
    for node in walk(body):
        if (node.start, node.end) == (start, end) and isinstance(node, Expression):
            return node
        key = getattr(node, "key_start", -1)
        if key == start and isinstance(node, Expression):
            return node
    raise AssertionError(f"no expression from {start} to {end}")


def check_types(source: str, *expected: str, dialect: Dialect = "5.4") -> None:
    """The ranges have these types."""
    found = types_of(source, dialect)
    assert found == list(expected), f"{found} in {source}"

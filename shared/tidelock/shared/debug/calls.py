"""The calls that a statement makes, in the order in which Lua makes them: what a step may go into.

It reads a text and runs nothing; whether a name leads to a function is asked elsewhere.
"""

from __future__ import annotations

from typing import NamedTuple

from tidelock.shared.language.paths import constant
from tidelock.shared.model import Dialect, Key
from tidelock.shared.positions import Place
from tidelock.shared.syntax.parser import parse
from tidelock.shared.syntax.statements import LineMap
from tidelock.shared.syntax.tree import (
    Call,
    Expression,
    FunctionBody,
    GenericFor,
    If,
    Index,
    Member,
    MethodCall,
    Name,
    Node,
    NumericFor,
    Repeat,
    Statement,
    Tree,
    While,
)

_WITH_BLOCKS = (If, While, NumericFor, GenericFor, Repeat)
_WIDTH = 60


class CallSite(NamedTuple):
    """One call by a name and constant keys: ``turn`` counts the calls of this name, from 1.

    ``first`` and ``last`` are the lines of its statement as Lua counts them; ``start`` and ``end``
    are zero-based, columns in UTF-16 units.
    """

    label: str
    start: Place
    end: Place
    root: str
    keys: tuple[Key, ...]
    turn: int
    first: int
    last: int


def calls(text: str, lua_line: int, dialect: Dialect) -> list[CallSite]:
    """The calls that are still to be made where a program stands on a line, as Lua counts lines.

    They are those of the statements that begin on the line, else of the one that reaches over it.
    Of a statement with a block only the calls on the line itself count. Calls of anything but
    names and constant keys are left out, and so is a text with errors.
    """
    tree = parse(text, dialect, "input")
    if not tree.ok:
        return []
    lines = LineMap(text)
    line = lines.from_lua(lua_line)
    found: list[CallSite] = []
    turns: dict[tuple[str, tuple[Key, ...]], int] = {}
    for statement in _statements(tree, line):
        first, last = _lines(tree, statement)
        if isinstance(statement, _WITH_BLOCKS):
            first = last = line
        for node in _in_order(statement):
            path = _path(node)
            start, end = (tree.lines.place(each, "utf-16") for each in (node.start, node.end))
            if path is None or end.line + 1 < line or start.line + 1 > last:
                continue
            turns[path] = turns.get(path, 0) + 1
            label = " ".join(text[node.start : node.end].split())
            label = label if len(label) <= _WIDTH else label[: _WIDTH - 1] + "…"
            reach = lines.to_lua(first), lines.to_lua(last)
            found.append(CallSite(label, start, end, *path, turns[path], *reach))
    return found


def _lines(tree: Tree, node: Node) -> tuple[int, int]:
    """The first and the last line of a node, from 1."""
    return tree.lines.line_of(node.start) + 1, tree.lines.line_of(max(node.end - 1, 0)) + 1


def _statements(tree: Tree, line: int) -> list[Statement]:
    beginning: list[Statement] = []
    around: list[Statement] = []
    for node in tree.walk():
        if isinstance(node, Statement):
            first, last = _lines(tree, node)
            if first == line:
                beginning.append(node)
            elif first < line <= last and not isinstance(node, _WITH_BLOCKS):
                around.append(node)
    return beginning or around[-1:]


def _in_order(statement: Statement) -> list[Call | MethodCall]:
    """The calls of a statement's own expressions: arguments before the call that takes them."""
    found: list[Call | MethodCall] = []
    todo: list[tuple[Node, bool]] = [(statement, False)]
    while todo:
        node, is_done = todo.pop()
        if is_done:
            assert isinstance(node, Call | MethodCall)
            found.append(node)
            continue
        if isinstance(node, Call | MethodCall):
            todo.append((node, True))
        elif isinstance(node, FunctionBody):
            continue
        todo.extend(
            (child, False)
            for child in reversed(node.children())
            if not isinstance(child, Statement)
        )
    return found


def _path(call: Call | MethodCall) -> tuple[str, tuple[Key, ...]] | None:
    keys: list[Key] = []
    node: Expression
    if isinstance(call, MethodCall):
        keys.append(call.key)
        node = call.object
    else:
        node = call.function
    while not isinstance(node, Name):
        if isinstance(node, Member):
            keys.append(node.key)
            node = node.object
        elif isinstance(node, Index) and (key := constant(node.key)) is not None:
            keys.append(key)
            node = node.object
        else:
            return None
    return node.name, tuple(reversed(keys))

"""Where statements and functions begin: the ground of breakpoints that are compiled in.

Offsets and lines speak of the text as the tree has it; ``LineMap`` joins its lines with the ones
Lua counts. Nothing in here changes a text.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from typing import TYPE_CHECKING, NamedTuple, final

from tidelock.shared.positions import Lines
from tidelock.shared.syntax.tree import (
    Assign,
    Broken,
    CallStatement,
    Empty,
    Expression,
    Function,
    FunctionBody,
    GenericFor,
    Global,
    Label,
    Local,
    LocalFunction,
    Member,
    Name,
    NamedField,
    Node,
    NumericFor,
    Result,
    Statement,
)

if TYPE_CHECKING:
    from tidelock.shared.syntax.tree import Tree


class Start(NamedTuple):
    """Where a statement begins; ``line`` counts from 1, ``function`` is 0 for the main chunk.

    ``kind`` is its first word (``local``, ``if``, ``return``, ``local function``), or ``call``,
    ``assignment`` or ``result`` (the values at the end of an input).
    """

    offset: int
    line: int
    function: int
    kind: str


class FunctionSpan(NamedTuple):
    """A function and its lines, the ones Lua calls ``linedefined`` and ``lastlinedefined``.

    The main chunk is number 0 and covers the text; it is its own parent. ``name`` is what the text
    calls the function (``a.b:c``), empty for one without a name.
    """

    number: int
    start_line: int
    end_line: int
    start: int
    end: int
    name: str
    parent: int


_KINDS: dict[type[Node], str] = {
    Assign: "assignment",
    CallStatement: "call",
    LocalFunction: "local function",
    NumericFor: "for",
    GenericFor: "for",
}
_SILENT = (Label, Empty, Broken)


def starts(tree: Tree) -> list[Start]:
    """Every statement that ``do ... end `` may be put in front of, in text order.

    The insertion changes nothing but what it does itself: it stands on the same line, between two
    statements, and after a character that cannot melt with its ``do``. Left out are statements
    that do nothing (labels, ``;``, ``global`` without values), those that own a problem, and the
    result of an input that begins with ``=``.
    """
    return list(tree.once("starts", _starts))


def _starts(tree: Tree) -> list[Start]:
    found = []
    text, lines = tree.text, tree.lines
    todo: list[tuple[Node, int]] = [(tree.body, 0)]
    while todo:
        node, function = todo.pop()
        if isinstance(node, FunctionBody):
            function = node.number
        elif isinstance(node, Statement) and _stands_alone(node, tree, text):
            line = lines.line_of(node.start) + 1
            kind = _KINDS.get(type(node)) or type(node).__name__.lower()
            found.append(Start(node.start, line, function, kind))
        todo.extend((child, function) for child in reversed(node.children()))
    return found


def _stands_alone(statement: Statement, tree: Tree, text: str) -> bool:
    start = statement.start
    if isinstance(statement, _SILENT) or start in tree.broken:
        return False
    if isinstance(statement, Global) and not statement.values:
        return False
    if isinstance(statement, Result) and (statement.marked or tree.mode == "expression"):
        return False
    before = text[start - 1] if start else " "
    # Lua reads "x=1do" as one malformed number and "enddo" as a name.
    return not (before.isalnum() or before in "_." or before > "\x7f")


def functions(tree: Tree) -> list[FunctionSpan]:
    """All functions of a text by number, the main chunk first."""
    return list(tree.once("functions", _functions))


def _functions(tree: Tree) -> list[FunctionSpan]:
    lines = tree.lines
    size = len(tree.text)
    spans = [FunctionSpan(0, 1, lines.line_of(size) + 1, 0, size, "main chunk", 0)]
    todo: list[tuple[Node, int, int, str]] = [(tree.body, 0, -1, "")]
    while todo:
        node, parent, start, name = todo.pop()
        if isinstance(node, FunctionBody):
            start = node.start if start < 0 else start
            first, last = lines.line_of(node.header) + 1, lines.line_of(max(node.end - 1, 0)) + 1
            spans.append(FunctionSpan(node.number, first, last, start, node.end, name, parent))
            parent = node.number
        names = _names(node, tree.text)
        for child in reversed(node.children()):
            named = names.get(id(child), "")
            outside = isinstance(node, Function | LocalFunction)
            todo.append((child, parent, node.start if outside else -1, named))
    return spans


def _names(node: Node, text: str) -> dict[int, str]:
    """What a node calls the functions directly inside it, by their identity."""
    if isinstance(node, LocalFunction):
        return {id(node.body): node.name.name}
    if isinstance(node, Function):
        return {id(node.body): dotted(node.target, node.body.method)}
    if isinstance(node, NamedField):
        return {id(node.value): node.name.name}
    if isinstance(node, Assign):
        return {
            id(value): dotted(target, False)
            for target, value in zip(node.targets, node.values, strict=False)
        }
    if isinstance(node, Local | Global):
        return {id(value): name.name for name, value in zip(node.names, node.values, strict=False)}
    return {}


def dotted(target: Expression, method: bool) -> str:
    """``a.b.c`` or ``a.b:c`` as written without spaces; empty for anything else."""
    keys: list[str] = []
    while isinstance(target, Member):
        keys.append(target.key)
        target = target.object
    if not isinstance(target, Name):
        return ""
    keys.append(target.name)
    keys.reverse()
    if method and len(keys) > 1:
        return ".".join(keys[:-1]) + ":" + keys[-1]
    return ".".join(keys)


def first_statements(tree: Tree, name: str) -> list[tuple[Start, FunctionSpan]]:
    """The first statement of every function that a text calls by a name, and the function.

    ``t:m`` and ``t.m`` are one name; functions that do nothing are left out.
    """
    wanted = name.replace(":", ".")
    found = []
    for span in functions(tree):
        start = first_statement(tree, span) if span.name.replace(":", ".") == wanted else None
        if start is not None:
            found.append((start, span))
    return found


def first_statement(tree: Tree, function: FunctionSpan) -> Start | None:
    """The first statement of a function's own body."""
    return next((start for start in starts(tree) if start.function == function.number), None)


def leads(tree: Tree, start: Start) -> bool:
    """Whether a statement is the first one of its function on its line."""
    return start.offset in tree.once("leaders", _leaders)


def _leaders(tree: Tree) -> set[int]:
    first: dict[tuple[int, int], int] = {}
    for start in starts(tree):
        first.setdefault((start.line, start.function), start.offset)
    return set(first.values())


def statement_at(tree: Tree, offset: int) -> Start | None:
    """The last statement that begins on the line of an offset and not after it.

    When the offset lies before the line's first statement, that one; None without any.
    """
    line = tree.lines.line_of(offset) + 1
    on_line = [start for start in starts(tree) if start.line == line]
    before = [start for start in on_line if start.offset <= offset]
    return before[-1] if before else next(iter(on_line), None)


def breakpoint_line(tree: Tree, line: int) -> Start | None:
    """The statement where a breakpoint on a line (from 1) stops.

    That is the first statement that begins on the line, else the first on the next line that has
    one in the same function (functions inside it do not count), else None.
    """
    found = starts(tree)
    for start in found:
        if start.line == line:
            return start
    if not 1 <= line <= len(tree.lines):
        return None
    function = _function_of_line(tree, line)
    for start in found:
        if start.line > line and start.function == function:
            return start
    return None


def _function_of_line(tree: Tree, line: int) -> int:
    """The innermost function around the first letter of a line, or around an empty line."""
    start, end = tree.lines.span(line - 1)
    inside = start + len(tree.text[start:end]) - len(tree.text[start:end].lstrip())
    number = 0
    for span in functions(tree):
        if span.start <= inside < span.end:
            number = span.number
    return number


_LUA_BREAK = re.compile(r"\r\n|\n\r|\n|\r")


@final
class LineMap:
    r"""Both ways to count the lines of a text: as editors do, and as Lua does.

    They differ in ``\n\r``, two line ends for an editor and one for Lua. All lines count from 1.
    Made once per text, never changed.
    """

    __slots__ = ("_lines", "_lua")

    def __init__(self, text: str) -> None:
        self._lines: Lines | None = None
        self._lua: list[int] = []
        if "\n\r" in text:
            self._lines = Lines(text)
            self._lua = [0, *(match.end() for match in _LUA_BREAK.finditer(text))]

    def to_lua(self, line: int) -> int:
        """The line Lua reports for the first statement of one of our lines."""
        if self._lines is None:
            return line
        return bisect_right(self._lua, self._lines.span(line - 1)[0])

    def from_lua(self, line: int) -> int:
        """Our line for a line that Lua reports."""
        if self._lines is None:
            return line
        line = min(max(line, 1), len(self._lua))
        return self._lines.line_of(self._lua[line - 1]) + 1

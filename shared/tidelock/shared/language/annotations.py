"""Which comments belong to a piece of Lua, and what they say of it in the LuaCATS form.

``run_above`` and ``behind`` find the comments of a place, ``tags`` reads them; ``Documentation`` is
the digest that people are shown. Text that is no tag is markdown. A comment never changes what
another one says, and nothing in here raises.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from typing import TYPE_CHECKING, NamedTuple

from tidelock.shared.language.luacats import tags
from tidelock.shared.language.luacats.blocks import Block, read_block
from tidelock.shared.language.luacats.written import Either
from tidelock.shared.model import Problem

if TYPE_CHECKING:
    from tidelock.shared.language.luacats.written import Written
    from tidelock.shared.model import Dialect
    from tidelock.shared.syntax.tree import Tree


class Parameter(NamedTuple):
    """A documented parameter; ``type`` and ``text`` may be empty."""

    name: str
    optional: bool
    type: str
    text: str


class Documentation(NamedTuple):
    """What the comment above something says; ``dialects`` is None when it holds for all."""

    text: str = ""
    parameters: tuple[Parameter, ...] = ()
    returns: tuple[str, ...] = ()
    type: str = ""
    class_name: str = ""
    dialects: frozenset[Dialect] | None = None
    deprecated: bool = False


class Run(NamedTuple):
    """Comments in a row, from ``start`` on, as they stand in the text.

    The offsets of what ``block`` holds count from ``start``.
    """

    start: int
    raw: str

    @property
    def block(self) -> Block:
        """What they say."""
        return read_block(self.raw)


NOTHING = Documentation()
SILENCE = Run(0, "")


_COMMENT = re.compile(r"--\[(=*)\[[\s\S]*?\]\1\]|--[^\r\n]*")


def comments_around(tree: Tree, offset: int) -> list[tuple[int, int]]:
    """The comments between the two tokens around an offset; none where it is inside a token."""
    tokens = tree.tokens
    index = bisect_left(tokens.starts, offset) - 1
    begin = tokens.ends[index] if index >= 0 else 0
    if begin > offset:
        return []
    end = tokens.starts[index + 1] if index + 1 < len(tokens.starts) else len(tree.text)
    return [match.span() for match in _COMMENT.finditer(tree.text, begin, end)]


def run_above(tree: Tree, offset: int) -> Run:
    """The comments right above the line of an offset, ``SILENCE`` when there are none.

    A blank line ends them, and so does code: a comment behind a statement belongs to that one.
    """
    text, lines = tree.text, tree.lines
    line = lines.line_of(offset)
    start = lines.starts[line]
    begin = end = -1
    for first, last in reversed(comments_around(tree, start)):
        if last > start:
            continue
        if lines.line_of(last) != line - 1:
            break
        line = lines.line_of(first)
        if text[lines.starts[line] : first].strip():
            break  # behind code
        begin, end = first, max(end, last)
    return SILENCE if begin < 0 else Run(begin, text[begin:end])


def behind(tree: Tree, end: int) -> Run:
    """The comment behind something that ends at an offset, on its line."""
    text = tree.text
    stop = text.find("\n", end)
    place = text.find("--", end, len(text) if stop < 0 else stop)
    if place < 0 or text[end:place].strip(" \t,;"):
        return SILENCE
    found = _COMMENT.match(text, place)
    return SILENCE if found is None else Run(place, found[0])


_LINE = r"--(?!\[=*\[)[^\r\n]*"
_LONG = re.compile(r"--\[=*\[")
_RUN = re.compile(rf"^[ \t]*({_LINE}(?:(?:\r\n|\n|\r)[ \t]*{_LINE})*)", re.MULTILINE)


def runs(tree: Tree) -> tuple[Run, ...]:
    """All comments of a text that hold an ``@``, in rows, those behind code by themselves."""
    return tree.once("runs", _runs)


def _runs(tree: Tree) -> tuple[Run, ...]:
    text = tree.text
    at = text.find("@")
    if at < 0:
        return ()
    found: dict[int, str] = {}
    rows = _RUN.finditer(text)
    row = next(rows, None)
    while at >= 0:
        while row is not None and row.end() <= at:
            row = next(rows, None)
        if row is not None and row.start(1) < at and is_comment(tree, row.start(1)):
            found[row.start(1)] = row[1]
            at = text.find("@", row.end())
            continue
        end = at + 1
        for start, stop in comments_around(tree, at):
            if start <= at < stop:
                found[start] = text[start:stop]
                end = stop
        at = text.find("@", end)
    return tuple(Run(start, found[start]) for start in sorted(found))


def run_at(tree: Tree, offset: int) -> Run | None:
    """The comments in a row that an offset is in or right behind; None where none are.

    They are those that ``runs`` has, found without a look at the rest of the text.
    """
    around = comments_around(tree, offset)
    one = next((span for span in around if span[0] < offset <= span[1]), None)
    if one is None:
        return None
    if not tree.text.startswith("--[", one[0]) or _LONG.match(tree.text, one[0]) is None:
        for row in _RUN.finditer(tree.text, _line_start(tree, around[0][0]), around[-1][1]):
            if row.start(1) <= one[0] < row.end() and is_comment(tree, row.start(1)):
                return Run(row.start(1), row[1])
    return Run(one[0], tree.text[slice(*one)])


def _line_start(tree: Tree, offset: int) -> int:
    return tree.lines.starts[tree.lines.line_of(offset)]


def is_comment(tree: Tree, start: int) -> bool:
    """Whether the dashes at an offset begin a comment, and are not inside something."""
    tokens = tree.tokens
    index = bisect_left(tokens.starts, start) - 1
    before = tokens.ends[index] if index >= 0 else 0
    if before > start:
        return False
    if tree.text.find("--[", before, start) < 0:
        return True
    return any(one == start for one, _ in comments_around(tree, start))


def problems(tree: Tree) -> list[Problem]:
    """What is malformed in the annotations of a text, in text order."""
    found: list[Problem] = []
    for run in runs(tree):
        for fault in run.block.faults:
            start, end = run.start + fault.start, run.start + fault.end
            found.append(Problem(fault.code, "warning", start, end, fault.message))
    return found


_META = re.compile(r"^[ \t]*---[ \t]*@meta\b", re.MULTILINE)


def is_definitions(tree: Tree) -> bool:
    """Whether a text only describes what is there, by ``---@meta``."""
    return _META.search(tree.text) is not None


def documented(tree: Tree, offset: int) -> Documentation:
    """What the comment above an offset says."""
    return digest(run_above(tree, offset))


def digest(run: Run) -> Documentation:
    """The documentation in a run of comments."""
    text: list[str] = []
    parameters: list[Parameter] = []
    returns: list[str] = []
    kind = class_name = ""
    dialects: frozenset[Dialect] | None = None
    deprecated = False
    for item in run.block.items:
        if isinstance(item, tags.Text):
            text.append(item.text)
        elif isinstance(item, tags.Param):
            written = "" if item.type is None else shown(run.raw, item.type)
            parameters.append(Parameter(item.name.text, item.is_optional, written, item.text))
        elif isinstance(item, tags.Return):
            returns += [_result(run.raw, result) for result in item.results]
        elif isinstance(item, tags.TypeOf):
            kind = shown(run.raw, item.types[0])
        elif isinstance(item, tags.Class):
            class_name = item.name.text
        elif isinstance(item, tags.Version):
            dialects = item.dialects
        elif isinstance(item, tags.Mark):
            deprecated = deprecated or item.word == "deprecated"
    return Documentation(
        "\n".join(text).strip(),
        tuple(parameters),
        tuple(returns),
        kind,
        class_name,
        dialects,
        deprecated,
    )


def _result(raw: str, result: tags.Result) -> str:
    written = shown(raw, result.type)
    return f"{written}..." if result.name is not None and result.name.text == "..." else written


_LINES = re.compile(r"\s*(?:#[^\r\n]*)?\r?\n[ \t]*-*[ \t]*")


def shown(raw: str, written: Written) -> str:
    """A type as it is written, in one line."""
    text = raw[written.start : written.end]
    if "\n" not in text:
        return text.strip()
    if isinstance(written, Either):
        return "|".join(shown(raw, option) for option in written.options)
    return _LINES.sub(" ", text).strip()


def signature(
    name: str,
    parameters: list[str],
    known: Documentation = NOTHING,
) -> str:
    """``name(a: T, b?: U): R``, from the parameters written and what the comment says of them."""
    types = {parameter.name: parameter for parameter in known.parameters}
    written = []
    for one in parameters:
        parameter = types.get(one)
        if parameter is None:
            written.append(one)
            continue
        mark = "?" if parameter.optional else ""
        written.append(f"{one}{mark}: {parameter.type}" if parameter.type else one + mark)
    returns = f": {', '.join(known.returns)}" if known.returns else ""
    return f"{name}({', '.join(written)}){returns}"

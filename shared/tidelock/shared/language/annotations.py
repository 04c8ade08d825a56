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
    from tidelock.shared.syntax.tree import Comment, Tree


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


def run_above(tree: Tree, offset: int) -> Run:
    """The comments right above the line of an offset, ``SILENCE`` when there are none.

    A blank line ends them, and so does code: a comment behind a statement belongs to that one.
    """
    comments = tree.comments
    first = tree.lines.line_of(offset)
    start = tree.lines.starts[first]
    index = bisect_left(comments, start, key=_start)
    last = index
    line = first
    while index > 0:
        comment = comments[index - 1]
        if tree.lines.line_of(comment.end) != line - 1:
            break
        line = tree.lines.line_of(comment.start)
        if not _is_alone(tree, comment, line):
            break
        index -= 1
    if index == last:
        return SILENCE
    begin, end = comments[index].start, comments[last - 1].end
    return Run(begin, tree.text[begin:end])


def behind(tree: Tree, end: int) -> Run:
    """The comment behind something that ends at an offset, on its line."""
    comments = tree.comments
    index = bisect_left(comments, end, key=_start)
    if index == len(comments):
        return SILENCE
    comment = comments[index]
    between = tree.text[end : comment.start]
    if len(between) > 80 or between.strip(" \t,;"):
        return SILENCE
    return Run(comment.start, comment.text)


def _start(comment: Comment) -> int:
    return comment.start


def _is_alone(tree: Tree, comment: Comment, line: int) -> bool:
    return not tree.text[tree.lines.starts[line] : comment.start].strip()


_MARKED = re.compile(r"--[^\n]*@")


def runs(tree: Tree) -> tuple[Run, ...]:
    """All comments of a text that hold an ``@``, in rows, those behind code by themselves."""
    return tree.once("runs", _runs)


def _runs(tree: Tree) -> tuple[Run, ...]:
    if "@" not in tree.text:
        return ()
    found: list[Run] = []
    begin = end = line = -1
    for comment in tree.comments:
        first = tree.lines.line_of(comment.start)
        is_alone = _is_alone(tree, comment, first)
        if begin >= 0 and is_alone and first == line + 1:
            end = comment.end
        else:
            if begin >= 0:
                found.append(Run(begin, tree.text[begin:end]))
            begin, end = comment.start, comment.end
        line = tree.lines.line_of(end) if is_alone else -2
    if begin >= 0:
        found.append(Run(begin, tree.text[begin:end]))
    return tuple(run for run in found if "@" in run.raw)


def problems(tree: Tree) -> list[Problem]:
    """What is malformed in the annotations of a text, in text order."""
    found: list[Problem] = []
    for run in runs(tree):
        for fault in run.block.faults:
            start, end = run.start + fault.start, run.start + fault.end
            found.append(Problem(fault.code, "warning", start, end, fault.message))
    return found


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

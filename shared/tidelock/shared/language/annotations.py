"""The comment above a piece of Lua, read as documentation in the LuaCATS form.

A few tags are understood (``@param``, ``@return``, ``@type``, ``@class``, ``@version``,
``@deprecated``); all others are passed over in silence. Text that is no tag is markdown for people.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from typing import TYPE_CHECKING, NamedTuple

from tidelock.shared.model import DIALECTS, Dialect

if TYPE_CHECKING:
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


NOTHING = Documentation()
_TAG = re.compile(r"@(\w+)[ \t]*(.*)")
_PARAMETER = re.compile(r"(\.\.\.|\w+)(\??)[ \t]*(.*)")
_NUMBERED = [dialect for dialect in DIALECTS if dialect != "luajit"]
_BRACKETS = {"(": ")", "{": "}", "[": "]", "<": ">"}


def above(tree: Tree, offset: int) -> list[str]:
    """The lines of the comments right above the line of an offset, without their dashes.

    A blank line ends them, and so does code: a comment behind a statement belongs to that one.
    """
    comments = tree.comments
    start = tree.lines.span(tree.lines.line_of(offset))[0]
    index = bisect_left(comments, start, key=_start)
    found: list[str] = []
    line = tree.lines.line_of(offset)
    while index > 0:
        index -= 1
        comment = comments[index]
        first = tree.lines.line_of(comment.start)
        if tree.lines.line_of(comment.end) != line - 1:
            break
        if tree.text[tree.lines.span(first)[0] : comment.start].strip():
            break
        found[:0] = _content(comment.text)
        line = first
    return found


def _start(comment: Comment) -> int:
    return comment.start


def _content(comment: str) -> list[str]:
    level = re.match(r"--\[(=*)\[", comment)
    if level is None:
        return [comment.lstrip("-").removeprefix(" ").rstrip()]
    inner = comment[level.end() :].removesuffix(f"]{level[1]}]")
    return [line.strip() for line in inner.strip("\r\n").splitlines()]


def documentation(lines: list[str]) -> Documentation:
    """Read comment lines."""
    text: list[str] = []
    parameters: list[Parameter] = []
    returns: list[str] = []
    values: dict[str, str] = {}
    for line in lines:
        tag = _TAG.match(line)
        if tag is None:
            text.append(line)
        elif tag[1] == "param" and (match := _PARAMETER.match(tag[2])):
            kind, rest = split_type(match[3])
            parameters.append(Parameter(match[1], bool(match[2]), kind, rest))
        elif tag[1] == "return":
            kind, rest = split_type(tag[2])
            returns.append(f"{kind}..." if rest.startswith("...") else kind)
        else:
            values[tag[1]] = tag[2]
    return Documentation(
        "\n".join(text).strip(),
        tuple(parameters),
        tuple(returns),
        split_type(values.get("type", ""))[0],
        values.get("class", "").partition(":")[0].strip(),
        _dialects(values["version"]) if "version" in values else None,
        "deprecated" in values,
    )


def split_type(text: str) -> tuple[str, str]:
    """A type at the start of a text, and the rest: ``fun(a: T): U, more`` holds together."""
    depth: list[str] = []
    for place, sign in enumerate(text):
        if sign in _BRACKETS:
            depth.append(_BRACKETS[sign])
        elif depth and sign == depth[-1]:
            depth.pop()
        elif sign in " \t" and not depth:
            before, after = text[:place].rstrip(), text[place:].lstrip()
            if not before.endswith(("|", ":", ",")) and not after.startswith("|"):
                return before, after
    return text.strip(), ""


def _dialects(versions: str) -> frozenset[Dialect]:
    """``5.1, JIT``, ``>5.3`` (from 5.3 on) or ``<5.2`` (up to 5.2)."""
    found: set[Dialect] = set()
    for version in versions.split(","):
        sign, number = version.strip()[:1], version.strip().lstrip("<>= ")
        if number == "JIT":
            found.add("luajit")
        elif number in _NUMBERED:
            place = _NUMBERED.index(number)
            last = len(_NUMBERED) if sign == ">" else place + 1
            found.update(_NUMBERED[0 if sign == "<" else place : last])
    return frozenset(found)


def signature(
    name: str,
    parameters: list[str],
    known: Documentation = NOTHING,
) -> str:
    """``name(a: T, b?: U): R``, from the parameters written and what the comment says of them."""
    types = {parameter.name: parameter for parameter in known.parameters}
    shown = []
    for written in parameters:
        parameter = types.get(written)
        if parameter is None:
            shown.append(written)
            continue
        mark = "?" if parameter.optional else ""
        shown.append(f"{written}{mark}: {parameter.type}" if parameter.type else written + mark)
    returns = f": {', '.join(known.returns)}" if known.returns else ""
    return f"{name}({', '.join(shown)}){returns}"

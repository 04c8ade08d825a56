"""What a REPL line or a notebook cell means: the chunk to load for it, and whether it is all.

Everything is decided by the parser; nothing is loaded or run.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

from tidelock.shared.syntax.parser import parse
from tidelock.shared.syntax.structure import structure
from tidelock.shared.syntax.tree import Call, Empty, MethodCall, Result

if TYPE_CHECKING:
    from tidelock.shared.model import Dialect
    from tidelock.shared.syntax.tree import Tree

_CALL = "return (function(...) return ... end)("
"""Keeps all values of a call and is no tail call: the chunk stays in the traceback of the call."""


class Completeness(NamedTuple):
    """Jupyter's answer to ``is_complete``; ``indent`` is for the next line of an incomplete one."""

    status: Literal["complete", "incomplete", "invalid", "unknown"]
    indent: str


def chunk(text: str, dialect: Dialect = "5.4") -> str:
    """The text to load for an input.

    A leading ``=`` is dropped, and values at the end are returned by a ``return`` put in front of
    them on the same line. A call that ends an input is one such value; it is wrapped so that it
    is not a tail call, which would take the chunk out of its tracebacks. Lines stay what they
    were. Inputs without values at their end, and those broken before it, are returned unchanged.
    """
    tree = parse(text, dialect, "input")
    result = _result(tree)
    if result is None or any(start < result.start for start in tree.broken):
        return text
    before, after = text[: result.start], text[result.end :]
    value = text[result.start + result.marked : result.end]
    for kind, start, end in tree.tokens:
        # An input may end in any number of ``;``, a ``return`` in one.
        if kind == ";" and start >= result.end:
            after = after[: start - result.end] + " " + after[end - result.end :]
    if before and (before[-1].isalnum() or before[-1] in "_."):
        before += " "
    only = result.values[0]
    if tree.ok and len(result.values) == 1 and isinstance(only, Call | MethodCall):
        return f"{before}{_CALL}{value}){after}"
    return f"{before}return {value}{after}"


def _result(tree: Tree) -> Result | None:
    for statement in reversed(tree.body.statements):
        if isinstance(statement, Result):
            return statement
        if not isinstance(statement, Empty):
            return None
    return None


def completeness(text: str, dialect: Dialect = "5.4") -> Completeness:
    """Whether an input is whole, wants more text, or is wrong whatever follows.

    Open blocks, brackets, long strings, comments and operators without a right side want more; so
    does a short string that ends in a continued line. Any other short string without its quote is
    wrong: no further line can close it.
    """
    tree = parse(text, dialect, "input")
    if tree.ok:
        return Completeness("complete", "")
    if not tree.incomplete:
        return Completeness("invalid", "")
    return Completeness("incomplete", _indent(tree))


def _indent(tree: Tree) -> str:
    """The indentation of the line after the text: one step inside what is still open."""
    if any(flag.open for flag in tree.tokens.flags):
        return ""
    lines = tree.lines
    margins = []
    for line in range(len(lines)):
        content = lines.line_text(line)
        if content.strip():
            margins.append(content[: len(content) - len(content.lstrip())])
    steps = sorted({margin for margin in margins if margin}, key=len)
    step = "\t" if steps and steps[0].startswith("\t") else (steps[0] if steps else "  ")
    opened = structure(tree.tokens).unclosed
    if not opened:
        return (margins[-1] if margins else "") + step
    content = lines.line_text(lines.line_of(tree.tokens.starts[max(opened)]))
    return content[: len(content) - len(content.lstrip())] + step

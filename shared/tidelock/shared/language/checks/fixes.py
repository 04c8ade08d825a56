"""What would mend a problem: edits of the text it is in, each set with a title.

A fix is offered only where what it does is plain; it is found when it is asked for, from the
problem and the text of the same version. Nothing is applied here.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from tidelock.shared.language.scopes import resolve

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tidelock.shared.model import Problem
    from tidelock.shared.syntax.tree import Tree


class Edit(NamedTuple):
    """New text for what lies between two offsets."""

    start: int
    end: int
    text: str


class Fix(NamedTuple):
    """One way to mend a problem; ``is_preferred`` marks the one that is surely meant."""

    title: str
    edits: tuple[Edit, ...]
    is_preferred: bool = False


def fixes(tree: Tree, problem: Problem) -> list[Fix]:
    """The ways to mend a problem of a text, the most likely first.

    What a text may ask not to see ends with that wish.
    """
    found: list[Fix] = []
    if problem.instead:
        edit = Edit(problem.start, problem.end, problem.instead)
        found.append(Fix(f"write '{problem.instead}'", (edit,), is_preferred=True))
    find = _FIXES.get(problem.code)
    if find is not None:
        found += find(tree, problem)
    if problem.severity != "error" and problem.origin != "load":
        found.append(_silence(tree, problem))
    return found


def _silence(tree: Tree, problem: Problem) -> Fix:
    """Asking not to see the problem on its line."""
    start, _ = tree.lines.span(tree.lines.line_of(problem.start))
    indent = _indent(tree.text, start)
    wish = f"{indent}---@diagnostic disable-next-line: {problem.code}\n"
    return Fix(f"hide '{problem.code}' on this line", (Edit(start, start, wish),))


def _indent(text: str, start: int) -> str:
    found = re.compile(r"[ \t]*").match(text, start)
    return "" if found is None else found[0]


# -- the grammar -------------------------------------------------------------------------------

_FOREIGN = re.compile(r"'\S+' is not Lua; write '(\S+)'")
_UNCLOSED = re.compile(r"this '(\S+)' is not closed")
_CLOSERS = {"repeat": "until", "(": ")", "[": "]", "{": "}"}


def _syntax(tree: Tree, problem: Problem) -> Iterator[Fix]:
    """Write what Lua writes instead; close what is open where it ends, or where Lua misses it."""
    for message in (problem.message, *(one.message for one in problem.related)):
        foreign = _FOREIGN.match(message)
        if foreign is not None:
            word = foreign[1]
            follows = tree.text[problem.end : problem.end + 1]
            space = " " if word == "not" and not follows.isspace() else ""
            edit = Edit(problem.start, problem.end, word + space)
            yield Fix(f"write '{word}'", (edit,), is_preferred=True)
            return
    opener = next((one for one in problem.related if _UNCLOSED.match(one.message)), None)
    if opener is None:
        return
    word = tree.text[opener.start : opener.end]
    closer = _CLOSERS.get(word, "end")
    if closer == "until":
        return  # nobody knows the condition
    title = f"add the '{closer}' of the '{word}' on line {tree.lines.line_of(opener.start) + 1}"
    place = max([problem.start, *_ends_before(problem)][-1], opener.end)
    if closer != "end":
        before = len(tree.text[:place].rstrip())
        yield Fix(title, (Edit(before, before, closer),), is_preferred=True)
        return
    indent = _indent(tree.text, tree.lines.span(tree.lines.line_of(opener.start))[0])
    line = tree.lines.line_of(place)
    start, _ = tree.lines.span(line)
    if tree.text[start:place].strip():
        before = len(tree.text[:place].rstrip())
        is_one_line = line == tree.lines.line_of(opener.start)
        closing = " end" if is_one_line else f"\n{indent}end"
        yield Fix(title, (Edit(before, before, closing),), is_preferred=True)
    else:
        first = "" if start == 0 or tree.text[start - 1] in "\n\r" else "\n"
        yield Fix(title, (Edit(start, start, f"{first}{indent}end\n"),), is_preferred=True)


def _ends_before(problem: Problem) -> list[int]:
    return [one.start for one in problem.related if one.message.endswith("ends before this")]


# -- names -------------------------------------------------------------------------------------


def _underscore(tree: Tree, problem: Problem) -> Iterator[Fix]:
    """Say by a ``_`` that a variable is not used on purpose, wherever it is named."""
    local = resolve(tree).meaning(problem.start)
    if local is None:
        return
    places = sorted({local.start, *(one.start for one in local.references)})
    edits = tuple(Edit(place, place, "_") for place in places)
    yield Fix(f"call it '_{local.name}'", edits)


_FIXES: dict[str, Callable[[Tree, Problem], Iterator[Fix]]] = {
    "syntax-error": _syntax,
    "unused-local": _underscore,
}

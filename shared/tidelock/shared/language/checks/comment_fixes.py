"""What mends annotations: lines that say nothing, parameters without one, wishes for nothing."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tidelock.shared.language.annotations import run_above, run_at
from tidelock.shared.language.checks.mending import REST, Edit, Fix, around, indent, line
from tidelock.shared.language.luacats import tags
from tidelock.shared.language.luacheck import options
from tidelock.shared.language.members import members
from tidelock.shared.language.scopes import resolve
from tidelock.shared.language.types.declared import DeclaredClass, declared, function_below
from tidelock.shared.syntax.tree import Call, Function, LocalFunction, Member, MethodCall, Name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tidelock.shared.model import Problem
    from tidelock.shared.syntax.tree import Tree


def annotation(tree: Tree, problem: Problem) -> Iterator[Fix]:
    """Take the line of an annotation away."""
    start, end = tree.lines.span(tree.lines.line_of(problem.start))
    if tree.text[start:end].lstrip().startswith("---"):
        after = REST.match(tree.text, end)
        edit = Edit(start, end if after is None else after.end(), "")
        yield Fix("remove the line", (edit,), is_preferred=not problem.instead)


def described(tree: Tree, problem: Problem) -> Iterator[Fix]:
    """Take the line away, or describe the parameters that have none."""
    yield from annotation(tree, problem)
    run = run_at(tree, problem.start)
    body = None if run is None else function_below(tree, run)
    if run is None or body is None:
        return
    known = [item for item in run.block.items if isinstance(item, tags.Param)]
    names = {item.name.text for item in known}
    lacking = [one.name for one in body.parameters if one.name and one.name not in names]
    if not lacking:
        return
    _, end = tree.lines.span(tree.lines.line_of(run.start + known[-1].start))
    space = indent(tree, run.start)
    lines = "".join(f"\n{space}---@param {one} any" for one in lacking)
    shown = ", ".join(f"'{one}'" for one in lacking[:3]) + ("..." if len(lacking) > 3 else "")
    yield Fix(f"describe {shown}", (Edit(end, end, lines),))


def wish(tree: Tree, problem: Problem) -> Iterator[Fix]:
    """Take a code out of a comment, or the comment away if it has no other."""
    run = run_at(tree, problem.start)
    text = tree.text
    said = () if run is None else run.block.items
    for item in said:
        if not isinstance(item, tags.Diagnostic) or run is None:
            continue
        words = [(run.start + one.start, run.start + one.end) for one in item.names]
        if (problem.start, problem.end) in words:
            start = text.rindex("---", 0, words[0][0])
            yield _without(tree, problem, words, (start, run.start + item.end))
            return
    for comment in options(tree):
        for one in comment:
            if problem.start in one.places:
                words = [
                    (at, at + len(word)) for at, word in zip(one.places, one.words, strict=True)
                ]
                whole = (text.rindex("--", 0, one.start), words[-1][1])
                if len(words) > 1 or len(comment) == 1:
                    yield _without(tree, problem, words, whole)
                return


def _without(
    tree: Tree, problem: Problem, words: list[tuple[int, int]], whole: tuple[int, int]
) -> Fix:
    if len(words) == 1:
        start, end = whole
        _, stop = tree.lines.span(tree.lines.line_of(end))
        if not tree.text[end:stop].strip():
            end = stop
        before = tree.text[tree.lines.span(tree.lines.line_of(start))[0] : start]
        edit = line(tree, start, end)
        if before.strip():  # beside code
            edit = Edit(start - len(before) + len(before.rstrip()), end, "")
        return Fix("remove it", (edit,), is_preferred=True)
    place = words.index((problem.start, problem.end))
    if place:
        edit = Edit(words[place - 1][1], problem.end, "")
    else:
        edit = Edit(problem.start, words[1][0], "")
    return Fix("remove it", (edit,), is_preferred=True)


_NEAREST = re.compile(r"; write '([^']+)'\Z")


def nearest(tree: Tree, problem: Problem) -> Iterator[Fix]:
    """The tag or operator that may be meant."""
    found = _NEAREST.search(problem.message)
    if found is not None:
        edit = Edit(problem.start, problem.end, found[1])
        yield Fix(f"write '{found[1]}'", (edit,), is_preferred=True)


_INJECTED = re.compile(r"'([^']+)' has no field '([^']+)'")


def field(tree: Tree, problem: Problem) -> Iterator[Fix]:
    """Declare a field of a class of this text, behind those that it has."""
    found = _INJECTED.match(problem.message)
    for one in () if found is None else declared(tree).names.get(found[1], ()):
        if isinstance(one, DeclaredClass) and found is not None:
            last = one.fields[-1].tag if one.fields else one.tag
            place = one.run.start + last.start
            _, end = tree.lines.span(tree.lines.line_of(place))
            words = f"\n{indent(tree, place)}---@field {found[2]} any"
            yield Fix(f"declare '{found[2]}' in '{found[1]}'", (Edit(end, end, words),))
            return


_NEEDED = re.compile(r"'[^']+' needs '([^']+)'\Z")


def optional(tree: Tree, problem: Problem) -> Iterator[Fix]:
    """Say in the comment of a function of this text that an argument may be left out."""
    needed = _NEEDED.match(problem.message)
    place = _defined(tree, problem)
    if needed is None or place is None:
        return
    run = run_above(tree, place)
    for item in run.block.items:
        if isinstance(item, tags.Param) and item.name.text == needed[1] and not item.is_optional:
            end = run.start + item.name.end
            yield Fix(f"let '{needed[1]}' be left out", (Edit(end, end, "?"),))


def _defined(tree: Tree, problem: Problem) -> int | None:
    """Where the statement begins that defines the function of a call."""
    call = around(tree, problem.start, Call | MethodCall)
    if call is None:
        return None
    if isinstance(call, Call) and isinstance(call.function, Name):
        local = resolve(tree).meaning(call.function.start)
        if local is not None:
            statement = around(tree, local.start, LocalFunction)
            is_it = statement is not None and statement.name.start == local.start
            return statement.start if statement is not None and is_it else None
    known = members(tree)
    if isinstance(call, MethodCall):
        holder = known.path(call.object)
        path = None if holder is None else (*holder, call.key)
    else:
        path = known.path(call.function) if isinstance(call.function, Name | Member) else None
    if path is None:
        return None
    for one in tree.walk():
        if isinstance(one, Function) and known.path(one.target) == path:
            return one.start
    return None

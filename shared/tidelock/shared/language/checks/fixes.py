"""What would mend a problem: edits of the text it is in, each set with a title.

A fix is offered only where what it does is plain; it is found when it is asked for, from the
problem and the text of the same version. Nothing is applied here.
"""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING

from tidelock.shared.language.annotations import comments_around
from tidelock.shared.language.checks import (
    comment_fixes,
    grammar_fixes,
    name_fixes,
    value_fixes,
    version_fixes,
)
from tidelock.shared.language.checks.mending import Edit, Fix, indent, line
from tidelock.shared.language.checks.walking import calls

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tidelock.shared.model import Problem
    from tidelock.shared.syntax.tree import Tree


def fixes(tree: Tree, problem: Problem) -> list[Fix]:
    """The ways to mend a problem of a text, the most likely first.

    What a text may ask not to see ends with that wish.
    """
    found: list[Fix] = []
    if problem.instead:
        edit = Edit(problem.start, problem.end, problem.instead)
        found.append(Fix(f"write '{problem.instead}'", (edit,), is_preferred=True))
    for find in _FIXES.get(problem.code, ()):
        found += find(tree, problem)
    if problem.severity != "error" and problem.origin != "load":
        found += _silence(tree, problem)
    return found


def _silence(tree: Tree, problem: Problem) -> Iterator[Fix]:
    """Asking not to see the problem on its line: above it, or behind if a string goes on there."""
    start, end = tree.lines.span(tree.lines.line_of(problem.start))
    title = f"hide '{problem.code}' on this line"
    if _is_code(tree, start):
        wish = f"{indent(tree, start)}---@diagnostic disable-next-line: {problem.code}\n"
        yield Fix(title, (Edit(start, start, wish),))
    elif _is_code(tree, end):
        yield Fix(title, (Edit(end, end, f" ---@diagnostic disable-line: {problem.code}"),))


def _is_code(tree: Tree, offset: int) -> bool:
    """Whether an offset is in no string and no comment."""
    tokens = tree.tokens
    index = bisect_left(tokens.starts, offset) - 1
    if index >= 0 and tokens.ends[index] > offset:
        return False
    return not any(first < offset <= last for first, last in comments_around(tree, offset))


def _remove(tree: Tree, problem: Problem) -> Iterator[Fix]:
    yield Fix("remove it", (line(tree, problem.start, problem.end),), is_preferred=True)


def _remove_listed(tree: Tree, problem: Problem) -> Iterator[Fix]:
    """Take the end of a list away, with the comma before it; who calls something there decides."""
    before = tree.text[: problem.start].rstrip()
    start = len(before[:-1].rstrip()) if before.endswith(",") else problem.start
    path = tree.path(problem.start)
    inside = [one for one in path[-1:] if one.start >= problem.start]
    inside += [
        child
        for node in path
        for child in node.children()
        if problem.start <= child.start < problem.end
    ]
    is_plain = not any(calls(one) for one in inside)
    yield Fix("remove it", (Edit(start, problem.end, ""),), is_preferred=is_plain)


_FIXES: dict[str, tuple[Callable[[Tree, Problem], Iterator[Fix]], ...]] = {
    "assign-to-const": (grammar_fixes.constant,),
    "break-outside-loop": (grammar_fixes.without,),
    "colon-mismatch": (value_fixes.sign,),
    "confusing-precedence": (value_fixes.precedence,),
    "count-down-loop": (value_fixes.step,),
    "deprecated": (version_fixes.renamed,),
    "doc-field-no-class": (comment_fixes.annotation,),
    "duplicate-doc-field": (comment_fixes.annotation,),
    "duplicate-doc-param": (comment_fixes.annotation,),
    "duplicate-index": (value_fixes.one_of_two,),
    "duplicate-label": (grammar_fixes.without,),
    "empty-block": (value_fixes.empty,),
    "empty-statement": (_remove,),
    "implicit-global": (name_fixes.made_local,),
    "inject-field": (comment_fixes.field,),
    "load-of-input": (value_fixes.quoted,),
    "missing-parameter": (value_fixes.argument, comment_fixes.optional),
    "newline-call": (value_fixes.end_statement,),
    "read-only-global": (name_fixes.made_local,),
    "redefined-local": (name_fixes.again,),
    "redundant-parameter": (_remove_listed,),
    "redundant-return": (_remove,),
    "redundant-return-value": (_remove_listed,),
    "redundant-value": (_remove_listed,),
    "secret-in-source": (value_fixes.environment,),
    "self-assignment": (_remove,),
    "shadowed-local": (name_fixes.again,),
    "suspicious-comparison": (value_fixes.comparison,),
    "syntax-error": (grammar_fixes.syntax,),
    "unbalanced-assignments": (value_fixes.fill,),
    "undeclared-name": (grammar_fixes.undeclared,),
    "undefined-doc-param": (comment_fixes.described,),
    "undefined-field": (version_fixes.renamed,),
    "undefined-global": (name_fixes.missing,),
    "undefined-label": (grammar_fixes.label,),
    "unknown-doc-tag": (comment_fixes.nearest,),
    "unknown-operator": (comment_fixes.nearest,),
    "unreachable-code": (_remove,),
    "unset-local": (name_fixes.initialised,),
    "unused-argument": (name_fixes.parameter,),
    "unused-function": (name_fixes.unused,),
    "unused-label": (grammar_fixes.without,),
    "unused-local": (name_fixes.unused,),
    "unused-loop-variable": (name_fixes.underscore,),
    "unused-value": (name_fixes.value,),
    "unused-suppression": (comment_fixes.wish,),
    "unused-vararg": (_remove_listed,),
    "vararg-outside-function": (grammar_fixes.vararg,),
    "write-only-local": (name_fixes.written,),
    "wrong-version-syntax": (version_fixes.version,),
}

"""Problems of marked Lua: what is found on the ranges, and what a fix leaves.

    check_problems("unused-local", "local <!x!> = 1")
    check_fix("undefined-global", "<!pritn!>(1)", "print(1)")

A text without a range must stay silent. Several files are one workspace, the first is judged.
"""

from __future__ import annotations

from typing import NamedTuple

from kit.marked import Marked, files
from tidelock.shared.language.checks.finding import at_once, in_depth
from tidelock.shared.language.checks.fixes import fixes
from tidelock.shared.language.checks.mending import Fix
from tidelock.shared.language.diagnostics import from_load, problems
from tidelock.shared.language.index import problems as wide
from tidelock.shared.language.index.requiring import requiring
from tidelock.shared.language.index.space import Places, Space
from tidelock.shared.language.suppressions import wanted
from tidelock.shared.model import Dialect, Problem
from tidelock.shared.runtime.check import Checker
from tidelock.shared.syntax.parser import parse
from tidelock.shared.syntax.tree import Tree

_LOAD = Checker().refusal


class Opened(NamedTuple):
    """A text of the workspace."""

    uri: str
    path: str
    tree: Tree
    version: int = 1


class Judged(NamedTuple):
    """The first text, with its marks and all that is found in it."""

    marks: Marked
    tree: Tree
    problems: list[Problem]

    def of(self, code: str) -> list[Problem]:
        """The problems with a code."""
        return [one for one in self.problems if one.code == code]


def judged(source: str, dialect: Dialect = "5.4") -> Judged:
    """Everything that is found in the first of some texts."""
    marks = files(source)
    opened = [
        Opened(f"file:///nowhere/{name}", f"/nowhere/{name}", parse(text.text, dialect))
        for name, text in marks.items()
    ]
    space = Space(opened=opened, places=Places("/nowhere"))
    uri, tree = opened[0].uri, opened[0].tree
    refusal = _LOAD(tree.text, dialect)
    found = problems(tree, from_load(tree, refusal) if refusal else None)
    found += at_once(tree)
    found += in_depth(tree, space.types, uri, others=lambda: wide.all_problems(tree, uri, space))
    found += wide.problems(tree, uri, space)
    found += wanted(tree, requiring(tree, uri, space))
    return Judged(next(iter(marks.values())), tree, sorted(found, key=lambda one: one.start))


def check_problems(code: str, source: str, dialect: Dialect = "5.4") -> list[Problem]:
    """What is found with a code stands on the ranges, and nowhere else."""
    text = judged(source, dialect)
    found = text.of(code)
    places = sorted((one.start, one.end) for one in found)
    shown = [(one.code, text.tree.text[one.start : one.end]) for one in text.problems]
    assert places == sorted(text.marks.ranges), f"{shown} in {source}"
    return found


def check_fix(
    code: str, source: str, expected: str, title: str = "", dialect: Dialect = "5.4"
) -> list[Fix]:
    """The first fix of the problem, or the one whose title has some words, leaves a text."""
    text = judged(source, dialect)
    problem = next(one for one in text.of(code) if not text.marks.ranges or _marked(text, one))
    offered = fixes(text.tree, problem)
    chosen = next(one for one in offered if title in one.title)
    assert applied(text.tree.text, chosen) == next(iter(files(expected).values())).text
    return offered


def _marked(text: Judged, problem: Problem) -> bool:
    return (problem.start, problem.end) in text.marks.ranges


def applied(text: str, fix: Fix) -> str:
    """A text after a fix, whose edits must not meet."""
    end = len(text) + 1
    for edit in sorted(fix.edits, reverse=True):
        assert edit.start <= edit.end <= end
        text = text[: edit.start] + edit.text + text[edit.end :]
        end = edit.start
    return text

"""What can be done about the problems of a stretch of text."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from tidelock.shared.language.checks.fixes import Edit, Fix, fixes

if TYPE_CHECKING:
    from tidelock.lsp.documents import Document
    from tidelock.shared.model import Problem


class Wish(NamedTuple):
    """One more entry for a list among the options of the project."""

    key: str
    entry: str


class Action(NamedTuple):
    """A fix for a problem; with ``is_for_all``, for all problems of its code in the text.

    One with a ``wish`` has no edits: it is an option of the project that changes.
    """

    problem: Problem
    fix: Fix
    is_for_all: bool = False
    wish: Wish | None = None


def code_actions(
    document: Document,
    start: int,
    end: int,
    problems: Sequence[Problem] = (),
    *,
    is_wanted: bool = True,
) -> list[Action]:
    """The fixes of the problems that touch a stretch; those of one code together after them.

    Globals that are missing may be declared, and a code be hidden, in the options of the project.

    ``problems`` are those of this version of the text. Where fixes are not wanted, there are none.
    """
    if not is_wanted:
        return []
    tree = document.tree
    found: list[Action] = []
    codes: dict[str, Problem] = {}
    for problem in problems:
        if problem.start <= end and problem.end >= start:
            found += [Action(problem, fix) for fix in fixes(tree, problem)]
            if problem.code in _OF_GLOBALS:
                name = document.text[problem.start : problem.end]
                wish = Wish("lsp.diagnostics.globals", name)
                fix = Fix(f"declare '{name}' in tidelock.toml", ())
                found.insert(len(found) - 1, Action(problem, fix, wish=wish))  # hiding is the last
            codes.setdefault(problem.code, problem)
    for code, problem in codes.items():
        every = [one for one in problems if one.code == code]
        edits: list[Edit] = []
        count, reached = 0, 0
        for one in every:
            best = next((fix for fix in fixes(tree, one) if fix.is_preferred), None)
            if best is not None and min(edit.start for edit in best.edits) >= reached:
                edits += sorted(best.edits)
                reached = max(edit.end for edit in best.edits)
                count += 1
        if count > 1:
            title = f"fix {count} problems '{code}' in this file"
            found.append(Action(problem, Fix(title, tuple(edits)), is_for_all=True))
        if problem.severity != "error" and problem.origin != "load":
            found.append(Action(problem, _silenced(document.text, code), is_for_all=True))
            fix, wish = Fix(f"hide '{code}' in this project", ()), Wish(_DISABLE, code)
            found.append(Action(problem, fix, is_for_all=True, wish=wish))
    return found


_OF_GLOBALS = ("undefined-global", "implicit-global")
_DISABLE = "lsp.diagnostics.disable"


def _silenced(text: str, code: str) -> Fix:
    """Asking not to see a kind of problem in a text, above everything but a first line with #."""
    place = text.find("\n") + 1 or len(text) if text.startswith("#") else 0
    wish = f"---@diagnostic disable: {code}\n"
    if text.startswith("--", place):
        wish += "\n"  # what is said of the statement below stays by itself
    return Fix(f"hide '{code}' in this file", (Edit(place, place, wish),))

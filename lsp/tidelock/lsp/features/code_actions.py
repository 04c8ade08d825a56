"""What can be done about the problems of a stretch of text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

from tidelock.lsp.features.auto_require import required
from tidelock.shared.language.checks.fixes import fixes
from tidelock.shared.language.checks.mending import Edit, Fix
from tidelock.shared.language.checks.version_fixes import selectable
from tidelock.shared.language.versions import shown

if TYPE_CHECKING:
    from tidelock.lsp.documents import Document
    from tidelock.shared.language.index.space import Space
    from tidelock.shared.model import Problem


class Wish(NamedTuple):
    """An option of the project that would change: one more entry of a list, or another value."""

    key: str
    text: str
    is_added: bool = True


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
    space: Space | None = None,
    *,
    is_wanted: bool = True,
) -> list[Action]:
    """The fixes of the problems that touch a stretch; those of one code together after them.

    Globals that are missing may be required where the ``space`` has a module of that name, or be
    declared in the options of the project; there a code may be hidden, and another Lua be selected.

    ``problems`` are those of this version of the text. Where fixes are not wanted, there are none.
    """
    if not is_wanted:
        return []
    tree = document.tree
    found: list[Action] = []
    codes: dict[str, Problem] = {}
    for problem in problems:
        if problem.start <= end and problem.end >= start:
            ways = [Action(problem, fix) for fix in fixes(tree, problem)]
            last = len(ways) - (problem.severity != "error")  # hiding is the last
            ways[last:last] = _further(document, problem, space)
            found += ways
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


def _further(document: Document, problem: Problem, space: Space | None) -> Iterator[Action]:
    """What takes more than the text that has a problem."""
    if problem.code in _OF_GLOBALS:
        name = document.text[problem.start : problem.end]
        if problem.code == "undefined-global" and space is not None:
            for fix in required(document, name, problem.start, space):
                yield Action(problem, fix)
        wish = Wish("lsp.diagnostics.globals", name)
        yield Action(problem, Fix(f"declare '{name}' in tidelock.toml", ()), wish=wish)
    elif problem.code == "wrong-version-syntax":
        other = selectable(document.tree, problem)
        if other is not None:
            wish = Wish("lua.version", other, is_added=False)
            yield Action(problem, Fix(f"select {shown(other)} in tidelock.toml", ()), wish=wish)


_OF_GLOBALS = ("undefined-global", "implicit-global")
_DISABLE = "lsp.diagnostics.disable"


def _silenced(text: str, code: str) -> Fix:
    """Asking not to see a kind of problem in a text, above everything but a first line with #."""
    place = text.find("\n") + 1 or len(text) if text.startswith("#") else 0
    wish = f"---@diagnostic disable: {code}\n"
    if text.startswith("--", place):
        wish += "\n"  # what is said of the statement below stays by itself
    return Fix(f"hide '{code}' in this file", (Edit(place, place, wish),))

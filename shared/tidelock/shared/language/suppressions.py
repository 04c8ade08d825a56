"""Which problems a text asks not to see, by ``---@diagnostic disable: name`` and its kin.

Luacheck's comments are among these. Lines count from 0. A name that is none hides nothing, and what
Lua itself refuses is never hidden.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, final

from tidelock.shared.language import luacheck
from tidelock.shared.language.annotations import runs
from tidelock.shared.language.checks.codes import NAMED
from tidelock.shared.language.luacats import tags

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from tidelock.shared.model import Problem
    from tidelock.shared.syntax.tree import Tree

_ALL = ""


@final
class Suppressions:
    """The wishes of one text; made by ``suppressions``, never changed.

    ``hidings`` are the words that hide something, each with what it is about.
    """

    __slots__ = ("_lines", "_luacheck", "_switches", "hidings")

    def __init__(self, tree: Tree) -> None:
        # Single lines, by what is hidden there; and per name the lines where it goes off and on.
        self._lines: dict[int, set[str]] = {}
        self._switches: dict[str, list[tuple[int, bool]]] = {}
        self._luacheck = luacheck.Comments(tree)
        said: list[tuple[int, tags.Diagnostic, int]] = []
        for run in runs(tree):
            for item in run.block.items:
                if isinstance(item, tags.Diagnostic):
                    line = tree.lines.line_of(run.start + item.start)
                    self._note(item, line)
                    said += [(run.start, item, line)]
        self.hidings = [*self._luacheck.hidings]
        for start, item, line in said:
            self.hidings += self._hidings(tree, start, item, line)

    def _note(self, wish: tags.Diagnostic, line: int) -> None:
        written = [name.text for name in wish.names]
        names = [code for name in written for code in NAMED.get(name, (name,))] or [_ALL]
        if wish.action.text in ("disable", "enable"):
            for name in names:
                self._switches.setdefault(name, []).append((line, wish.action.text == "disable"))
        else:
            line += wish.action.text == "disable-next-line"
            self._lines.setdefault(line, set()).update(names)

    def _hidings(
        self, tree: Tree, start: int, wish: tags.Diagnostic, line: int
    ) -> Iterator[luacheck.Hiding]:
        """What each of the names of a wish hides."""
        if wish.action.text == "enable":
            return
        last = line + 1
        if wish.action.text == "disable-next-line":
            line, last = line + 1, line + 2
        for name in wish.names:
            codes = NAMED.get(name.text, frozenset())
            if wish.action.text == "disable":
                again = (self._again(line, one) for one in codes)
                last = max((len(tree.lines) if one < 0 else one for one in again), default=line)
            first, end = tree.lines.span(line)[0], tree.lines.span(max(last - 1, line))[1] + 1
            place = start + name.start
            yield luacheck.Hiding(place, start + name.end, codes, first, end)

    def _again(self, line: int, code: str) -> int:
        """The line from which a code is shown again that is hidden from another on; or -1."""
        every = (one for name in (code, _ALL) for one in self._switches.get(name, ()))
        return min((place for place, off in every if place > line and not off), default=-1)

    def hides(self, problem: Problem, tree: Tree) -> bool:
        """Whether a problem of the text is not to be shown."""
        code, line = problem.code, tree.lines.line_of(problem.start)
        here = self._lines.get(line)
        if here is not None and (code in here or _ALL in here):
            return True
        if self._luacheck.hides(problem, tree.text):
            return True
        latest = -1, False
        for name in (code, _ALL):
            for place, off in self._switches.get(name, ()):
                if latest[0] <= place <= line:
                    latest = place, off
        return latest[1]


def suppressions(tree: Tree) -> Suppressions:
    """The wishes of a text, read once, at the first call."""
    return tree.once("suppressions", Suppressions)


def wanted(tree: Tree, problems: Iterable[Problem]) -> list[Problem]:
    """The problems that the text does not ask to hide, in text order."""
    hidden = suppressions(tree)
    shown = (one for one in problems if not hidden.hides(one, tree))
    return sorted(shown, key=lambda one: (one.start, one.end))

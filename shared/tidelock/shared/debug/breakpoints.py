"""The one table of breakpoints, whoever set them: requests resolved to lines, ids kept.

It knows texts and rules, never Lua: which line a request means, whether its expressions are
well formed, how a hit condition counts.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from tidelock.shared.model import Breakpoint, BreakpointRequest, Dialect, Spot
from tidelock.shared.syntax import conditions
from tidelock.shared.syntax.parser import parse
from tidelock.shared.syntax.statements import (
    FunctionSpan,
    LineMap,
    Start,
    breakpoint_line,
    first_statement,
    first_statements,
    functions,
    leads,
    starts,
    statement_at,
)
from tidelock.shared.syntax.tree import Tree

_HIT = re.compile(r"\s*(==|>=|<=|>|<|%)?\s*(\d+)\s*")


_NAME = re.compile(r"[^\W\d]\w*(?:[.:][^\W\d]\w*)*")
PENDING = "pending: "


@functools.lru_cache(maxsize=4)
def tree_of(text: str, dialect: Dialect) -> Tree:
    """The tree of a text: each of its breakpoints asks for it, and then its loading."""
    return parse(text, dialect)


class HitRule(NamedTuple):
    """When a hit stops: ``==`` the Nth only, the comparisons, ``%`` every Nth."""

    operator: str
    amount: int


def hit_rule(text: str) -> HitRule | None:
    """Read a hit condition; None when it is none of the known forms.

    Forms: ``N`` (the Nth hit only), ``== N``, ``> N``, ``>= N``, ``< N``, ``<= N``, ``% N``.
    """
    match = _HIT.fullmatch(text)
    if match is None or (match[1] == "%" and int(match[2]) == 0):
        return None
    return HitRule(match[1] or "==", int(match[2]))


class Table:
    """All breakpoints of a Context; the caller holds the lock.

    Args:
        dialect: the Lua whose grammar conditions follow.
        text_of: the text of a source now, or None when it cannot be read.
        loaded: the sources that are loaded, in which functions are looked for by name.
        limit: how many breakpoints there may be.
    """

    def __init__(
        self,
        dialect: Dialect,
        text_of: Callable[[str], str | None],
        loaded: Callable[[], Iterable[str]],
        limit: int,
    ) -> None:
        self._dialect = dialect
        self._text_of = text_of
        self._loaded = loaded
        self._limit = limit
        self._last_id = 0
        self._points: dict[int, Breakpoint] = {}

    def all(self) -> list[Breakpoint]:
        """Every breakpoint, by id."""
        return list(self._points.values())

    def of_source(self, chunk: str) -> list[Breakpoint]:
        """Those that were set in one source; function breakpoints for the empty name."""
        return [point for point in self._points.values() if point.source == chunk]

    def standing(self, chunk: str) -> list[tuple[Spot, Breakpoint]]:
        """The spots of one source with what stands on them."""
        return [
            (spot, point)
            for point in self._points.values()
            if point.verified
            for spot in point.spots
            if spot.chunk == chunk
        ]

    def are_functions(self, ids: Iterable[int]) -> bool:
        """Whether all of these are function breakpoints, and there is one."""
        points = [self._points.get(number) for number in ids]
        return bool(points) and all(point is not None and not point.source for point in points)

    def replace(
        self, owner: str, chunk: str, requests: Sequence[BreakpointRequest]
    ) -> tuple[list[Breakpoint], list[Breakpoint]]:
        """Replace an owner's breakpoints of one source; equal ones keep id, and so hits.

        Returns the new list, one for each request in order, and those that are gone.
        """
        mine = [p for p in self.of_source(chunk) if p.owner == owner]
        kept = {point.asked: point for point in mine}
        text = self._text_of(chunk)
        new: list[Breakpoint] = []
        seen: dict[BreakpointRequest, Breakpoint] = {}
        for request in requests:
            point = seen.get(request) or kept.get(request)
            if point is None:
                room = len(self._points) - len(mine) + len(seen) < self._limit
                point = self._make(owner, chunk, request, text, room=room)
            seen[request] = point
            new.append(point)
        removed = [point for point in mine if point.asked not in seen]
        for point in mine:
            del self._points[point.id]
        self._points.update({point.id: point for point in seen.values()})
        return new, removed

    def remove_owner(self, owner: str) -> list[Breakpoint]:
        """Forget everything a session set; returns what is gone."""
        gone = [point for point in self._points.values() if point.owner == owner]
        for point in gone:
            del self._points[point.id]
        return gone

    def reread(self, chunk: str, text: str) -> list[Breakpoint]:
        """A source is loaded with this text: find the places again; returns what changed."""
        fresh = [self._resolved(point, text) for point in self.of_source(chunk)]
        for point in self.of_source(""):
            if not self._wrong_request(point.asked):
                elsewhere = tuple(spot for spot in point.spots if spot.chunk != chunk)
                here = self._named(point.asked.function, chunk, text)
                fresh.append(_on_spots(point, (*elsewhere, *here)))
        return self._keep(fresh)

    def settle(self, number: int, chunk: str, defined: int) -> list[Breakpoint]:
        """A function breakpoint means the function of a source that begins on a line.

        An empty source is the library's, which has no lines.
        """
        point, text = self._points.get(number), self._text_of(chunk)
        if point is None:
            return []
        if text is None:
            words = f"{point.asked.function} is a function without a text, it has no lines"
            return self._keep([point._replace(message=words)])
        tree, lines = tree_of(text, self._dialect), LineMap(text)
        for span in functions(tree)[1:]:
            start = first_statement(tree, span)
            if start is not None and lines.to_lua(span.start_line) == defined:
                return self._keep([_on_spots(point, (_spot(chunk, tree, start, span),))])
        return []

    def _keep(self, fresh: Iterable[Breakpoint]) -> list[Breakpoint]:
        """Put breakpoints in the place of those with their ids; returns those that changed."""
        changed = [point for point in fresh if self._points[point.id] != point]
        self._points.update({point.id: point for point in changed})
        return changed

    def tell(self, ids: Iterable[int], message: str) -> list[Breakpoint]:
        """Set the message of breakpoints; returns those that changed."""
        changed = []
        for number in ids:
            point = self._points.get(number)
            if point is not None and point.verified and point.message != message:
                self._points[number] = point._replace(message=message)
                changed.append(self._points[number])
        return changed

    def _make(
        self, owner: str, chunk: str, asked: BreakpointRequest, text: str | None, *, room: bool
    ) -> Breakpoint:
        self._last_id += 1
        point = Breakpoint(self._last_id, owner, chunk, asked, asked.line, verified=False)
        if not room:
            return point._replace(message=f"there are {self._limit} breakpoints already")
        return self._resolved(point, text)

    def _resolved(self, point: Breakpoint, text: str | None) -> Breakpoint:
        asked = point.asked
        wrong = self._wrong_request(asked)
        if wrong:
            return point._replace(verified=False, message=wrong)
        if asked.function:
            return _on_spots(point, self._spots_of(asked.function))
        if text is None:
            return point._replace(
                verified=False, message=f"{PENDING}the source is not loaded yet", spots=()
            )
        tree = tree_of(text, self._dialect)
        start = _start(tree, asked) if tree.ok else None
        if start is None:
            words = "no statement on this line or after it in the same function"
            if not tree.ok:
                words = "the source has a syntax error"
            return point._replace(verified=False, line=asked.line, message=words, spots=())
        spot = _spot(point.source, tree, start)
        return point._replace(verified=True, line=spot.line, message="", spots=(spot,))

    def _spots_of(self, function: str) -> tuple[Spot, ...]:
        """The functions of a name in everything that is loaded."""
        spots: list[Spot] = []
        for chunk in self._loaded():
            spots += self._named(function, chunk, self._text_of(chunk) or "")
        return tuple(spots)

    def _named(self, function: str, chunk: str, text: str) -> tuple[Spot, ...]:
        if re.split("[.:]", function)[-1] not in text:
            return ()
        tree = tree_of(text, self._dialect)
        found = first_statements(tree, function) if tree.ok else []
        return tuple(_spot(chunk, tree, start, span) for start, span in found)

    def _wrong_request(self, asked: BreakpointRequest) -> str:
        if asked.function and not _NAME.fullmatch(asked.function):
            return f"{asked.function!r} is no name of a function; use f, M.f or T:m"
        if not asked.function and asked.line < 1:
            return f"line {asked.line} is no line; they count from 1"
        if asked.condition:
            problem = conditions.check(asked.condition, self._dialect)
            if problem is not None:
                return f"condition: {problem.message}"
        if asked.hit_condition and hit_rule(asked.hit_condition) is None:
            return (
                f"hit condition {asked.hit_condition!r} is not understood; "
                "use N, == N, > N, >= N, < N, <= N or % N"
            )
        for piece in conditions.pieces(asked.log_message, self._dialect):
            if not isinstance(piece, str):
                problem = conditions.check(piece.text, self._dialect)
                if problem is not None:
                    return f"log message {{{piece.text}}}: {problem.message}"
        return ""


def locations(text: str, dialect: Dialect, first: int, last: int) -> list[Spot]:
    """The statements that begin on the lines of a range; lines count from 1, both are included."""
    tree = tree_of(text, dialect)
    return [_spot("", tree, start) for start in starts(tree) if first <= start.line <= last]


def _start(tree: Tree, asked: BreakpointRequest) -> Start | None:
    if asked.column:
        offset = tree.lines.offset(asked.line - 1, asked.column - 1, "utf-16")
        start = statement_at(tree, offset)
        if start is not None and start.line == asked.line:
            return start
    return breakpoint_line(tree, asked.line)


def _spot(chunk: str, tree: Tree, start: Start, function: FunctionSpan | None = None) -> Spot:
    lines = tree.once("line map", lambda tree: LineMap(tree.text))
    column = tree.lines.place(start.offset, "utf-16").column + 1
    defined = lines.to_lua(function.start_line) if function else 0
    line = lines.to_lua(start.line)
    return Spot(chunk, start.offset, line, column, leads(tree, start), defined)


def _on_spots(point: Breakpoint, spots: tuple[Spot, ...]) -> Breakpoint:
    """A function breakpoint on all that its name means."""
    if not spots:
        words = f"{PENDING}no function that is loaded is called {point.asked.function}"
        return point._replace(verified=False, line=0, message=words, spots=())
    message = point.message if point.verified else ""
    return point._replace(verified=True, line=spots[0].line, message=message, spots=spots)

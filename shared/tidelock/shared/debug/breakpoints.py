"""The one table of breakpoints, whoever set them: requests resolved to lines, ids kept.

It knows texts and rules, never Lua: which line a request means, whether its expressions are
well formed, how a hit condition counts.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from tidelock.shared.model import Breakpoint, BreakpointRequest, Dialect
from tidelock.shared.syntax import conditions
from tidelock.shared.syntax.parser import parse
from tidelock.shared.syntax.statements import LineMap, breakpoint_line

_HIT = re.compile(r"\s*(==|>=|<=|>|<|%)?\s*(\d+)\s*")


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
        limit: how many breakpoints there may be.
    """

    def __init__(self, dialect: Dialect, text_of: Callable[[str], str | None], limit: int) -> None:
        self._dialect = dialect
        self._text_of = text_of
        self._limit = limit
        self._last_id = 0
        self._points: dict[int, Breakpoint] = {}

    def all(self) -> list[Breakpoint]:
        """Every breakpoint, by id."""
        return list(self._points.values())

    def of_source(self, chunk: str) -> list[Breakpoint]:
        """Those of one source."""
        return [point for point in self._points.values() if point.source == chunk]

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
        """A source is loaded with this text: find the lines again; returns what changed."""
        changed = []
        for point in self.of_source(chunk):
            fresh = self._resolved(point, text)
            if fresh != point:
                self._points[point.id] = fresh
                changed.append(fresh)
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
        if asked.line < 1:
            return point._replace(message=f"line {asked.line} is no line; they count from 1")
        wrong = self._wrong_expression(asked)
        if wrong:
            return point._replace(verified=False, message=wrong)
        if text is None:
            return point._replace(verified=False, message="pending: the source is not loaded yet")
        tree = parse(text, self._dialect)
        if not tree.ok:
            words = "the source has a syntax error"
            return point._replace(verified=False, line=asked.line, message=words)
        start = breakpoint_line(tree, asked.line)
        if start is None:
            words = "no statement on this line or after it in the same function"
            return point._replace(verified=False, line=asked.line, message=words)
        line = LineMap(text).to_lua(start.line)
        return point._replace(verified=True, line=line, message="")

    def _wrong_expression(self, asked: BreakpointRequest) -> str:
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

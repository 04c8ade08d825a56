"""The breakpoints of a session in a terminal: numbered, changed, listed, and what became of them.

The kernel keeps the one table that decides; this is what the user asked for.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

from tidelock.shared.errors import UsageError

if TYPE_CHECKING:
    from tidelock.dap.client import DebugClient
    from tidelock.shared.link.wire import Content
    from tidelock.terminal.places import Place


class Point(NamedTuple):
    """A breakpoint of this session; ``number`` is ours, ``id`` the kernel's (0: it has none).

    ``message`` is the kernel's: why it cannot stop (``is_set`` is false), or how it does.
    """

    number: int
    place: Place
    is_enabled: bool = True
    is_set: bool = False
    id: int = 0
    line: int = 0
    message: str = ""

    @property
    def where(self) -> str:
        """File and line, where it really stands."""
        return str(self.place._replace(line=self.line or self.place.line))

    def told(self) -> str:
        """What became of it, in a sentence."""
        if not self.is_set:
            return f"Breakpoint {self.number} at {self.place} cannot stop: {self.message}"
        moved = f", the next line with code after {self.place.line}"
        note = f" ({self.message})" if self.message else ""
        moved = moved if self.line != self.place.line else ""
        return f"Breakpoint {self.number} set at {self.where}{moved}{note}"


class Points:
    """All breakpoints of one session, by number.

    Args:
        client: the session.
    """

    def __init__(self, client: DebugClient) -> None:
        self._client = client
        self._all: list[Point] = []
        self._last_number = 0

    def __iter__(self) -> Iterator[Point]:
        return iter(list(self._all))

    def find(self, text: str) -> Point:
        """A breakpoint by its number.

        Raises:
            UsageError: there is none; names those that there are.
        """
        for point in self._all:
            if text == str(point.number):
                return point
        there = ", ".join(str(point.number) for point in self._all) or "none"
        raise UsageError(f"no breakpoint {text}", f"there are: {there}")

    def heard(self, body: Content) -> Point | None:
        """The kernel says that one has changed: its new state, None if it is none of ours."""
        for place, point in enumerate(self._all):
            if point.id == body.get("id"):
                self._all[place] = _judged(point, body)
                return self._all[place]
        return None

    def add(self, place: Place) -> Point:
        """Set one more breakpoint; its message says why where it cannot stop."""
        self._last_number += 1
        self._all.append(Point(self._last_number, place))
        self._send(place.path)
        return self._all[-1]

    def change(self, point: Point, **fields: Any) -> Point:
        """Change one, and have it set anew; its new state."""
        place = self._index(point)
        self._all[place] = point._replace(**fields)
        self._send(point.place.path)
        return self._all[place]

    def delete(self, point: Point) -> None:
        """Take one away."""
        del self._all[self._index(point)]
        self._send(point.place.path)

    def _index(self, point: Point) -> int:
        return next(i for i, each in enumerate(self._all) if each.number == point.number)

    def _send(self, path: str) -> None:
        wanted = [p for p in self._all if p.place.path == path and p.is_enabled]
        told = self._client.request(
            "setBreakpoints",
            source={"path": path},
            breakpoints=[point.place.request() for point in wanted],
        )
        for point, body in zip(wanted, told["breakpoints"], strict=True):
            index = self._index(point)
            if self._all[index] is point:  # else the kernel has said more since
                self._all[index] = _judged(point, body)


def _judged(point: Point, body: Content) -> Point:
    """A breakpoint with what the kernel says of it."""
    return point._replace(
        is_set=body["verified"],
        id=body.get("id", 0),
        line=body.get("line", 0),
        message=body.get("message", ""),
    )

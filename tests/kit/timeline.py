"""Everything that passed between a test client and its peer, in order, and what order is expected.

    client.timeline.expect(Request("next") >> (Event("continued") & Event("stopped")))

``>>`` is before, ``&`` in any order, ``|`` either; what else passed in between does not matter.
Each name in a pattern stands for a message of its own: ``Event("output") & Event("output")`` asks
for two. Nothing here knows a protocol, and nothing sleeps. The file is long because the patterns
and the search for them explain each other.
"""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal, TypeVar

Direction = Literal["sent", "received"]
T = TypeVar("T")

_WIDTH = 150


def seconds(timeout: float) -> float:
    """A time limit in seconds, stretched by ``TIDELOCK_TEST_SLOW`` on slow machines."""
    return timeout * float(os.environ.get("TIDELOCK_TEST_SLOW", "1"))


class Failure(AssertionError):  # noqa: N818 - a failed expectation, as in pytest
    """What the kit raises when an expectation is not met; the text shows what passed."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One message that passed.

    ``kind`` is request, response, event, notification or message, ``name`` its command, method
    or type, ``body`` the part that the fields of a pattern are compared with first, ``at`` the
    seconds since the timeline began, ``title`` what the picture shows for it.
    """

    index: int
    at: float
    direction: Direction
    kind: str
    name: str
    body: Any
    message: Mapping[str, Any]
    title: str = ""

    def __str__(self) -> str:
        arrow = "→" if self.direction == "sent" else "←"
        return (
            f"{self.index:4} {self.at:8.3f}  {arrow} {self.kind:12} {self.title or self.name}"
            + (f"  {short(self.body)}" if self.body not in (None, {}, []) else "")
        )


class Pattern:
    """What may be found in a timeline; made by the names below and joined by operators."""

    def __rshift__(self, later: Pattern) -> Pattern:
        return Sequel(self, later)

    def __and__(self, other: Pattern) -> Pattern:
        return Both(self, other)

    def __or__(self, other: Pattern) -> Pattern:
        return Either(self, other)

    def found(
        self, entries: Sequence[Entry], start: int, taken: frozenset[int] = frozenset()
    ) -> Iterator[frozenset[int]]:
        """The places, from ``start`` on and apart from ``taken``, where the pattern is met."""
        raise NotImplementedError

    def atoms(self) -> Iterator[Atom]:
        """The single messages that the pattern speaks of, from left to right."""
        raise NotImplementedError


@dataclass(frozen=True, repr=False)
class Atom(Pattern):
    """One message: a kind, a name (None is any) and fields its body or its top level must have.

    A field is compared with a value, a part of a nested mapping, or given to a function.
    """

    kind: str
    name: str | None
    where: Callable[[Mapping[str, Any]], Any] | None = None
    fields: Mapping[str, Any] = field(default_factory=dict)
    direction: Direction | None = None

    def sent(self) -> Atom:
        """The same, but only if the test client sent it."""
        return replace(self, direction="sent")

    def received(self) -> Atom:
        """The same, but only if the peer sent it."""
        return replace(self, direction="received")

    def fits(self, entry: Entry) -> bool:
        """Whether one entry is meant."""
        return (
            self.kind == entry.kind
            and self.name in (None, entry.name)
            and self.direction in (None, entry.direction)
            and all(_has(entry, name, wanted) for name, wanted in self.fields.items())
            and (self.where is None or bool(self.where(entry.message)))
        )

    def found(
        self, entries: Sequence[Entry], start: int, taken: frozenset[int] = frozenset()
    ) -> Iterator[frozenset[int]]:
        for index in range(start, len(entries)):
            if index not in taken and self.fits(entries[index]):
                yield frozenset((index,))

    def atoms(self) -> Iterator[Atom]:
        yield self

    def __repr__(self) -> str:
        parts = [repr(self.name)] if self.name is not None else []
        parts += [f"{name}={_shown(value)}" for name, value in self.fields.items()]
        if self.where is not None:
            parts.append(f"where={_shown(self.where)}")
        side = f".{self.direction}()" if self.direction else ""
        return f"{self.kind.capitalize()}({', '.join(parts)}){side}"


@dataclass(frozen=True, repr=False)
class Sequel(Pattern):
    """One pattern wholly before another."""

    before: Pattern
    after: Pattern

    def found(
        self, entries: Sequence[Entry], start: int, taken: frozenset[int] = frozenset()
    ) -> Iterator[frozenset[int]]:
        hopeless = len(entries)  # from here on the second part is known not to be found
        for first in self.before.found(entries, start, taken):
            follow = max(first) + 1
            if follow >= hopeless:
                continue
            any_after = False
            for second in self.after.found(entries, follow, taken):
                any_after = True
                yield first | second
            if not any_after:
                hopeless = follow

    def atoms(self) -> Iterator[Atom]:
        yield from self.before.atoms()
        yield from self.after.atoms()

    def __repr__(self) -> str:
        return f"{_nested(self.before, Either, Both)} >> {_nested(self.after, Either, Both)}"


@dataclass(frozen=True, repr=False)
class Both(Pattern):
    """Two patterns in any order, each with messages of its own."""

    left: Pattern
    right: Pattern

    def found(
        self, entries: Sequence[Entry], start: int, taken: frozenset[int] = frozenset()
    ) -> Iterator[frozenset[int]]:
        if next(self.right.found(entries, start, taken), None) is None:
            return
        for first in self.left.found(entries, start, taken):
            for second in self.right.found(entries, start, taken | first):
                yield first | second

    def atoms(self) -> Iterator[Atom]:
        yield from self.left.atoms()
        yield from self.right.atoms()

    def __repr__(self) -> str:
        return f"{_nested(self.left, Either, Sequel)} & {_nested(self.right, Either, Sequel)}"


@dataclass(frozen=True, repr=False)
class Either(Pattern):
    """One pattern or another."""

    left: Pattern
    right: Pattern

    def found(
        self, entries: Sequence[Entry], start: int, taken: frozenset[int] = frozenset()
    ) -> Iterator[frozenset[int]]:
        yield from self.left.found(entries, start, taken)
        yield from self.right.found(entries, start, taken)

    def atoms(self) -> Iterator[Atom]:
        yield from self.left.atoms()
        yield from self.right.atoms()

    def __repr__(self) -> str:
        return f"{_nested(self.left, Both, Sequel)} | {_nested(self.right, Both, Sequel)}"


def Request(
    name: str | None = None,
    where: Callable[[Mapping[str, Any]], Any] | None = None,
    /,
    **fields: Any,
) -> Atom:
    """A request of DAP or LSP, from either side."""
    return Atom("request", name, where, fields)


def Response(
    name: str | None = None,
    where: Callable[[Mapping[str, Any]], Any] | None = None,
    /,
    **fields: Any,
) -> Atom:
    """The answer to a request of DAP or LSP, named like the request."""
    return Atom("response", name, where, fields)


def Event(
    name: str | None = None,
    where: Callable[[Mapping[str, Any]], Any] | None = None,
    /,
    **fields: Any,
) -> Atom:
    """A DAP event."""
    return Atom("event", name, where, fields)


def Notification(
    name: str | None = None,
    where: Callable[[Mapping[str, Any]], Any] | None = None,
    /,
    **fields: Any,
) -> Atom:
    """An LSP notification, from either side."""
    return Atom("notification", name, where, fields)


def Message(
    name: str | None = None,
    where: Callable[[Mapping[str, Any]], Any] | None = None,
    /,
    **fields: Any,
) -> Atom:
    """A Jupyter message, named by its type; ``channel="iopub"`` is a field like any other."""
    return Atom("message", name, where, fields)


class Timeline:
    """The record of one client's conversation.

    Any thread may add and look; ``changed`` is the one lock that a client needs for its own
    state as well. A client without a reader thread gives ``pump``: called by waits, it takes in
    what comes within the seconds it is given.
    """

    def __init__(self, pump: Callable[[float], object] | None = None) -> None:
        self.changed = threading.Condition(threading.RLock())
        self.appendix: Callable[[], str] = str
        self._entries: list[Entry] = []
        self._began = time.monotonic()
        self._ended = ""
        self._pump = pump

    def add(
        self,
        direction: Direction,
        kind: str,
        name: str,
        body: Any,
        message: Mapping[str, Any],
        title: str = "",
    ) -> Entry:
        """Record a message and wake who waits."""
        with self.changed:
            at = time.monotonic() - self._began
            entry = Entry(len(self._entries), at, direction, kind, name, body, message, title)
            self._entries.append(entry)
            self.changed.notify_all()
            return entry

    def end(self, reason: str) -> None:
        """Nothing more can come: waits fail at once and say why."""
        with self.changed:
            self._ended = self._ended or reason
            self.changed.notify_all()

    @property
    def ended(self) -> str:
        """Why nothing more can come; empty while the conversation lives."""
        return self._ended

    @property
    def entries(self) -> tuple[Entry, ...]:
        """What passed so far."""
        with self.changed:
            return tuple(self._entries)

    def mark(self) -> int:
        """This moment, to be given as ``since``."""
        with self.changed:
            return len(self._entries)

    def all(self, atom: Atom, since: int = 0) -> list[Mapping[str, Any]]:
        """Every message that fits, in order."""
        return [entry.message for entry in self.entries[since:] if atom.fits(entry)]

    def expect(self, pattern: Pattern, since: int = 0) -> Mapping[str, Any]:
        """The pattern is in what passed so far; gives its last message."""
        entries = self.entries
        met = next(pattern.found(entries, since), None)
        if met is None:
            raise Failure(self._complaint(f"expected {pattern!r}", pattern, since))
        return entries[max(met)].message

    def none_of(self, pattern: Pattern, since: int = 0) -> None:
        """The pattern is nowhere in what passed so far."""
        met = next(pattern.found(self.entries, since), None)
        if met is not None:
            places = ", ".join(map(str, sorted(met)))
            raise Failure(
                self._complaint(f"not expected, yet at {places}: {pattern!r}", None, since)
            )

    def wait_for(
        self, pattern: Pattern, timeout: float = 10.0, since: int = 0
    ) -> Mapping[str, Any]:
        """Wait until the pattern has passed; gives its last message."""

        def look() -> Mapping[str, Any] | None:
            met = next(pattern.found(self._entries, since), None)
            return None if met is None else self._entries[max(met)].message

        return self.wait_until(look, timeout, f"{pattern!r}", pattern=pattern, since=since)

    def wait_until(
        self,
        look: Callable[[], T | None],
        timeout: float,
        what: str,
        *,
        pattern: Pattern | None = None,
        since: int = 0,
    ) -> T:
        """Wait until ``look`` gives something; it is called under the lock after each message."""
        limit = seconds(timeout)
        deadline = time.monotonic() + limit
        while True:
            with self.changed:
                found = look()
                if found is not None:
                    return found
                left = deadline - time.monotonic()
                if self._ended or left <= 0:
                    why = self._ended or f"{limit:g} s have passed"
                    text = f"waited for {what}, but {why}"
                    raise Failure(self._complaint(text, pattern, since))
                if self._pump is None:
                    self.changed.wait(left)
                    continue
            self._pump(left)

    def picture(self, since: int = 0, last: int = 80) -> str:
        """What passed, one line each, and what the client adds (the peer's standard error)."""
        entries = self.entries[since:]
        lines = [str(entry) for entry in entries[-last:]]
        if len(entries) > last:
            lines.insert(0, f"  ... {len(entries) - last} earlier")
        appendix = self.appendix()
        return "\n".join(
            ["timeline:", *(lines or ["  (nothing)"]), *([appendix] if appendix else [])]
        )

    def _complaint(self, text: str, pattern: Pattern | None, since: int) -> str:
        lines = [text]
        entries = self.entries
        for atom in pattern.atoms() if pattern else ():
            places = [str(min(met)) for met in atom.found(entries, since)]
            shown = ", ".join(places[:8]) + (", ..." if len(places) > 8 else "")
            lines.append(f"  {'✓' if places else '✗'} {atom!r}" + (f" at {shown}" if shown else ""))
        lines.append(self.picture(since))
        return "\n".join(lines)


def short(value: Any, width: int = _WIDTH) -> str:
    """A value on one line of at most ``width`` characters."""
    try:
        text = json.dumps(value, ensure_ascii=False, default=repr)
    except (TypeError, ValueError):
        text = repr(value)
    return text if len(text) <= width else text[: width - 1] + "…"


def _has(entry: Entry, name: str, wanted: Any) -> bool:
    for place in (entry.body, entry.message):
        if isinstance(place, Mapping) and name in place:
            return _agrees(place[name], wanted)
    return False


def _agrees(value: Any, wanted: Any) -> bool:
    if isinstance(wanted, Mapping):
        return isinstance(value, Mapping) and all(
            name in value and _agrees(value[name], part) for name, part in wanted.items()
        )
    if callable(wanted):
        return bool(wanted(value))
    return bool(value == wanted)


def _shown(value: Any) -> str:
    return getattr(value, "__name__", repr(value)) if callable(value) else repr(value)


def _nested(pattern: Pattern, *looser: type[Pattern]) -> str:
    return f"({pattern!r})" if isinstance(pattern, looser) else repr(pattern)


def until(look: Callable[[], T], what: str, timeout: float = 20.0) -> T:
    """Ask every other millisecond until there is something: for what sends no message.

    What is waited for may need the processor itself, so it is not asked without a pause.
    """
    limit = seconds(timeout)
    deadline = time.monotonic() + limit
    while not (found := look()):
        if time.monotonic() > deadline:
            raise Failure(f"waited for {what}, but {limit:g} s have passed")
        time.sleep(0.002)
    return found

"""What the server knows of the running program: its moment, questions to it, and their labels.

Frozen types and nothing that waits: ``live`` fills them from a kernel, the features read them.
Every fact that is shown carries the label of when and where it was seen.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Literal, NamedTuple, final

from tidelock.shared.model import Fact, Key
from tidelock.shared.sources import path_of_chunk

if TYPE_CHECKING:
    from tidelock.shared.link.wire import Content


class StoppedFrame(NamedTuple):
    """One frame of the stopped stack, innermost first in a ``Moment``.

    ``id`` is the debugger's own; ``line`` counts from one in ``text``, which is the text that was
    loaded for ``chunk`` as far as can be told (empty: cannot).
    """

    id: int
    chunk: str
    line: int
    text: str = ""


class Loaded(NamedTuple):
    """A loaded module that is written in Lua; ``text`` is the fingerprint of what was loaded."""

    name: str
    path: str
    text: str


class Moment(NamedTuple):
    """The running program as the kernel told it last.

    ``state`` is none (no kernel), idle, running, paused, or what a script waits for. ``names``
    are the globals that a program made, ``modules`` those that were loaded; of ``loaded`` the files
    are known. ``since_s`` is when it was first seen in this state, by the clock of the ``View``.
    ``is_cut`` says that there are more names or modules than are told.
    """

    state: str = "none"
    kernel: str = ""
    lua: str = ""
    revision: int = 0
    executions: int = 0
    execution: str = ""
    names: tuple[Fact, ...] = ()
    modules: tuple[str, ...] = ()
    frames: tuple[StoppedFrame, ...] = ()
    loaded: tuple[Loaded, ...] = ()
    since_s: float | None = None
    is_cut: bool = False

    @property
    def place(self) -> str:
        """Where it stands, as people read it; empty where it does not, or that is not known yet."""
        return place_text(f"{self.frames[0].chunk}:{self.frames[0].line}") if self.frames else ""

    def hinted(self, way: str, is_inline: bool) -> tuple[object, ...]:
        """What hints show of it by ``lsp.hints.values``, of clients with inline values or none."""
        if way == "on":
            return (*self.frames, *self.names)
        return self.frames if way == "auto" and not is_inline else ()


NOTHING = Moment()


def moment_of(told: Content, known: Moment = NOTHING) -> Moment:
    """The moment that a kernel tells, whole or as a difference to the one that is ``known``.

    Raises:
        KeyError, TypeError, ValueError: it is no moment.
    """
    names = {fact.name: fact for fact in known.names}
    for name in told.get("gone", ()):
        names.pop(name, None)
    names.update((fact.name, fact) for fact in facts_of(told["globals"]))
    modules = told.get("modules", known.modules) if "since" in told else told["modules"]
    return Moment(
        state=str(told["state"]),
        kernel=str(told["kernel_id"]),
        lua=str(told["lua"]),
        revision=int(told["revision"]),
        executions=int(told["execution_count"]),
        execution=str(told["execution"] or ""),
        names=tuple(names.values()),
        modules=tuple(str(name) for name in modules),
        is_cut=bool(told.get("cut")),
    )


def loaded_modules(told: Content) -> tuple[Loaded, ...]:
    """The answer of the action ``modules``."""
    return tuple(
        Loaded(str(one["name"]), str(one["path"]), str(one["loaded"])) for one in told["modules"]
    )


def facts_of(told: list[Content]) -> tuple[Fact, ...]:
    """Facts as a kernel tells them."""
    return tuple(Fact(**fact) for fact in told)


_MOST_COMPARED = 1_000_000


class Question(NamedTuple):
    """A bounded read: a root and constant keys, in a frame of the stopped stack or (0) globally."""

    what: Literal["names", "members", "value"]
    root: str = ""
    keys: tuple[Key, ...] = ()
    frame: int = 0


class Answered(NamedTuple):
    """What the program holds, and the state it was in when it was asked."""

    state: str
    facts: tuple[Fact, ...] = ()


Ask = Callable[[Question], Answered | None]
"""Ask and wait no longer than the deadline; None when nothing came in time."""


@final
class View:
    """The program as one request sees it: the moment when it arrived, and a way to ask.

    ``is_late`` is set when an answer did not come in time, so that there may be more to show.
    ``ran`` gives the text that was loaded for a chunk, None where that was not seen.
    """

    __slots__ = ("_ask", "_clock", "is_late", "moment", "ran")

    def __init__(
        self,
        moment: Moment = NOTHING,
        ask: Ask | None = None,
        ran: Callable[[str], str | None] = lambda chunk: None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.moment = moment
        self.is_late = False
        self.ran = ran
        self._ask = ask
        self._clock = clock

    def label(self, state: str, frame: StoppedFrame | None = None) -> str:
        """When something was seen, with the age of what is older than a minute."""
        words = label(state, self.moment.executions, frame)
        return words + (self.age if state in ("idle", "paused") else "")

    @property
    def age(self) -> str:
        """How long the program is in its state: ``, 3 min ago`` or nothing."""
        since_s = self.moment.since_s
        return "" if since_s is None else age(self._clock() - since_s)

    def ask(self, question: Question) -> Answered | None:
        """The answer; None without a program or when none came in time."""
        if self._ask is None or self.moment.state == "none":
            return None
        answered = self._ask(question)
        if answered is None:
            self.is_late = True
        return answered


def label(state: str, executions: int, frame: StoppedFrame | None = None) -> str:
    """When something was seen: ``observed after execution 7``, ``paused at main.lua:7``."""
    if frame is not None:
        return f"paused at {place_text(f'{frame.chunk}:{frame.line}')}"
    if state == "idle":
        return f"observed after execution {executions}" if executions else "observed"
    return "while paused" if state == "paused" else "while running"


def age(seconds: float) -> str:
    """``, 3 min ago``; empty for less than a minute."""
    minutes = int(seconds // 60)
    if minutes < 1:
        return ""
    if minutes < 60:
        return f", {minutes} min ago"
    return f", {minutes // 60} h ago"


def place_text(where: str) -> str:
    """A place ``chunk name:line`` as people read it: ``predictor.lua:163``, ``In[3]:1``."""
    chunk, _, line = where.rpartition(":")
    path = path_of_chunk(chunk)
    return f"{os.path.basename(path) or chunk.removeprefix('=')}:{line}" if chunk else where


def moved(old: str, new: str, line: int) -> int | None:
    """Where a line of a text, from one, stands in an edited text; None when that cannot be told.

    What the two texts share at their beginning and end did not change; between lie the edits.
    Texts of as many lines are taken to be edited within their lines.
    """
    before, after = old.split("\n"), new.split("\n")
    if len(before) == len(after):
        return line
    shorter = min(len(before), len(after))
    head = 0
    while head < shorter and before[head] == after[head]:
        head += 1
    if line <= head:
        return line
    tail = 0
    while tail < shorter - head and before[-1 - tail] == after[-1 - tail]:
        tail += 1
    if line > len(before) - tail:
        return line + len(after) - len(before)
    return _matched(before[head : len(before) - tail], after[head : len(after) - tail], line, head)


def _matched(before: list[str], after: list[str], line: int, head: int) -> int | None:
    """The same in what is left between head and tail, by the longest stretches in common."""
    if len(before) * len(after) > _MOST_COMPARED:
        return None
    from difflib import SequenceMatcher  # late: rarely needed

    for block in SequenceMatcher(None, before, after, autojunk=False).get_matching_blocks():
        if block.a < line - head <= block.a + block.size:
            return line + block.b - block.a
    return None

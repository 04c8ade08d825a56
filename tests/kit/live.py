"""A live context in the test's own process: run Lua, see its events, stop and look.

Everything waits with a time limit and says what it saw when that runs out; nothing sleeps.
"""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from kit.lua import build_under_test
from tidelock.shared.config import Settings
from tidelock.shared.context import Context
from tidelock.shared.debug.debugger import How
from tidelock.shared.events import (
    Event,
    ExecutionFinished,
    InputWanted,
    OutputWritten,
    PauseEnded,
    PauseStarted,
)
from tidelock.shared.model import BreakpointRequest, Frame, Outcome, Pause, Run
from tidelock.shared.sources import chunk_of_path

WAIT_S = 20.0


class Live:
    """An open context and everything it has published."""

    def __init__(self, **options: Any) -> None:
        options.setdefault("lua_version", build_under_test().option)
        self.context = Context(Settings(**options))
        self._seen: list[Event] = []
        self._changed = threading.Condition()
        self._numbers = itertools.count(1)
        self.context.bus.subscribe(self._take)
        self.context.open()
        self.debugger = self.context.debugger
        self.runtime = self.context.runtime

    def _take(self, event: Event) -> None:
        with self._changed:
            self._seen.append(event)
            self._changed.notify_all()

    def close(self) -> None:
        assert self.context.close(), "Lua did not let go"

    # -- waiting -----------------------------------------------------------------------------

    def wait(self, wanted: Callable[[Event], bool], what: str) -> Event:
        """The first event that is wanted, also one that came before."""
        with self._changed:
            found = self._changed.wait_for(lambda: self._first(wanted), WAIT_S)
        if not found:
            state = self.runtime.state
            raise AssertionError(f"no {what}; state {state}; seen:\n" + self.picture())
        assert self._first(wanted) is not None
        return self._first(wanted)  # type: ignore[return-value]

    def _first(self, wanted: Callable[[Event], bool]) -> Event | None:
        return next((event for event in self._seen if wanted(event)), None)

    def picture(self) -> str:
        return "\n".join(f"  {event}" for event in self._seen[-40:])

    # -- running -----------------------------------------------------------------------------

    def start(self, text: str, **fields: Any) -> str:
        """Queue Lua text; the id of its execution."""
        name = f"run-{next(self._numbers)}"
        fields.setdefault("chunk", f"=test{name}")
        fields.setdefault("is_input", False)
        self.context.execute(Run(id=name, text=text, **fields))
        return name

    def finish(self, name: str) -> Outcome:
        """How an execution ended."""
        event = self.wait(
            lambda e: isinstance(e, ExecutionFinished) and e.run.id == name, f"end of {name}"
        )
        assert isinstance(event, ExecutionFinished)
        return event.outcome

    def run(self, text: str, **fields: Any) -> Outcome:
        """Run Lua text to its end."""
        return self.finish(self.start(text, **fields))

    def output(self, name: str | None = None) -> str:
        """The standard output so far, of one execution or all."""
        with self._changed:
            return "".join(
                e.text
                for e in self._seen
                if isinstance(e, OutputWritten)
                and e.stream == "stdout"
                and name in (None, e.execution_id)
            )

    def logs(self) -> list[str]:
        """What log points said."""
        with self._changed:
            return [
                e.text for e in self._seen if isinstance(e, OutputWritten) and e.stream == "console"
            ]

    def printed(self, text: str, **fields: Any) -> str:
        """What a text prints that must run well."""
        name = self.start(text, **fields)
        outcome = self.finish(name)
        assert outcome.status == "ok", outcome
        return self.output(name)

    def value(self, expression: str) -> str:
        """The text of an expression at global scope, when nothing runs."""
        return self.debugger.evaluate(expression).result(WAIT_S).text

    def script(self, path: Any, **fields: Any) -> str:
        """Queue a script file as a launch does; the id of its execution."""
        script = self.context.sources.script(str(path))
        fields.setdefault("fresh_modules", True)
        fields.setdefault("search", (str(path.parent),))
        return self.start(
            script.text, chunk=script.chunk, kind="script", script=script.path, **fields
        )

    def wait_input(self) -> None:
        self.wait(lambda e: isinstance(e, InputWanted), "input request")

    # -- stopping ----------------------------------------------------------------------------

    def breakpoints(self, path_or_chunk: Any, *requests: int | BreakpointRequest) -> list[Any]:
        """Set breakpoints by line, or with everything else they have."""
        chunk = str(path_or_chunk)
        if not chunk.startswith("="):
            chunk = chunk_of_path(chunk)
        wanted = [r if isinstance(r, BreakpointRequest) else BreakpointRequest(r) for r in requests]
        return self.debugger.set_breakpoints("test", chunk, wanted)

    def stop(self, number: int = 1) -> Pause:
        """Wait for the nth pause of this context and give it."""
        with self._changed:
            found = self._changed.wait_for(lambda: len(self._pauses()) >= number, WAIT_S)
        if not found:
            state = self.runtime.state
            raise AssertionError(f"no pause {number}; state {state}; seen:\n" + self.picture())
        return self._pauses()[number - 1]

    def _pauses(self) -> list[Pause]:
        return [e.pause for e in self._seen if isinstance(e, PauseStarted)]

    def resume(self, how: How = "continue") -> None:
        """Resume and wait until it has happened."""
        pause = self.debugger.pause
        assert pause is not None, "nothing is paused"
        self.debugger.go_on(how)
        self.wait(lambda e: isinstance(e, PauseEnded) and e.pause.number == pause.number, "resume")

    def step(self, how: How) -> Frame | None:
        """Step; the innermost frame at the next stop, None when the execution ended."""
        before = self.debugger.pause
        assert before is not None, "nothing is paused"
        ended = self._ended()
        self.resume(how)
        with self._changed:
            self._changed.wait_for(
                lambda: len(self._pauses()) > before.number or self._ended() > ended, WAIT_S
            )
        return self.frames()[0] if len(self._pauses()) > before.number else None

    def _ended(self) -> int:
        return sum(isinstance(e, ExecutionFinished) for e in self._seen)

    def frames(self) -> list[Frame]:
        """The stopped stack, innermost first."""
        return list(self.debugger.stack().result(WAIT_S).frames)

    def lines(self) -> list[tuple[str, int]]:
        """The stopped stack as (name, line)."""
        return [(frame.name, frame.line) for frame in self.frames() if frame.line]

    def locals(self, level: int = 0) -> dict[str, str]:
        """The locals of a frame as text."""
        frame = self.frames()[level]
        scope = self.debugger.scopes(frame.id).result(WAIT_S)[0]
        children = self.debugger.children(scope.handle).result(WAIT_S)
        return {child.name: child.text for child in children}

    def evaluate(self, text: str, level: int = 0) -> str:
        """The text of an expression in a frame."""
        frame = self.frames()[level]
        return self.debugger.evaluate(text, frame.id).result(WAIT_S).text


@contextmanager
def live(**options: Any) -> Iterator[Live]:
    """A context that is closed at the end, paused or not."""
    opened = Live(**options)
    try:
        yield opened
    finally:
        opened.close()

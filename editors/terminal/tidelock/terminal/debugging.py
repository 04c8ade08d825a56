"""The debugger of a session: its breakpoints and watches, the stop, and what is asked there.

A debug client of the kernel like any editor, so all that it does others see, and the other way
round. It reads no lines; where things are shown is the session's. Output comes through it while
it is attached: one way keeps the order of what was printed, log messages and stops.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

from tidelock.dap.client import DebugClient
from tidelock.shared.errors import LuaFailure, UsageError
from tidelock.terminal.points import Points

if TYPE_CHECKING:
    from tidelock.dap.client import Open
    from tidelock.shared.link.wire import Content
    from tidelock.terminal.executing import Desk, Display
    from tidelock.terminal.session import Shown

_AROUND = 3  # lines shown before and after the one where it stopped
_SOON_S = 1.0
_STACK_PAGE = 20
_RESUMING = {"continue": "continue", "over": "next", "in": "stepIn", "out": "stepOut"}


class Stop(NamedTuple):
    """Where the program stands still: why, in words, and its frames."""

    reason: str
    text: str
    frames: tuple[Content, ...]
    total: int


class Debugging:
    """One debug session; methods on the thread that reads lines unless they say otherwise.

    Args:
        open_channel: opens debug sessions on the kernel.
        shown: where output and notices go.

    Raises:
        KernelError: the kernel has no debugger, or is lost.
    """

    def __init__(self, open_channel: Open, shown: Shown) -> None:
        self.shown = shown
        self.watches: list[str] = []
        self.stop: Stop | None = None
        self.selected = 0
        self.at_stop: Callable[[], None] = lambda: None
        self._desk: Desk | None = None
        self._waiting: deque[Callable[[], object]] = deque()
        self._heard = threading.Event()
        self._is_awaited = False
        self._is_at_stop = False  # lines are read for an execution of ours that stands still
        self._thread = 1  # which stopped, as the protocol counts
        self._stands = False  # by what the kernel said last
        self._client = DebugClient(open_channel, self._on_event)
        self.points = Points(self._client)
        told = self._client.request("initialize", adapterID="tidelock", supportsVariableType=True)
        offered = told["exceptionBreakpointFilters"]
        self.filters = [entry["filter"] for entry in offered]
        attached = self._client.ask("attach")
        self._client.request("threads")  # it is ready for what follows
        self.catch(next((entry["filter"] for entry in offered if entry["default"]), "none"))
        self._client.request("configurationDone")
        attached.result()
        self._client.request("threads")  # where it stands, if it does, is known by now

    def close(self) -> None:
        """Leave: the breakpoints go; what stands still goes on, unless somebody else debugs."""
        self._client.close()

    # -- beside an execution -------------------------------------------------------------------

    def begin(self, desk: Desk) -> None:
        """An execution of ours begins; what happens from now on is handed to its thread."""
        self._desk = desk

    def pause(self) -> object:
        """Stop at the next line; from any thread."""
        return self._client.ask("pause")

    def finish(self, then: Callable[[], None]) -> None:
        """Our execution has ended: everything about it comes before ``then``; on any thread."""

        def settled(_: object) -> None:
            then()
            self._desk = None

        self._client.ask("threads").then(settled)

    def pump(self) -> None:
        """Show what has happened since."""
        while self._waiting:
            self._waiting.popleft()()

    def _later(self, call: Callable[[], object]) -> None:
        self._waiting.append(call)
        if self._desk is not None:
            self._desk.put(self.pump)

    def _on_event(self, name: str, body: Content) -> None:
        """An event, on the receiving thread."""
        if name == "output":
            self._later(lambda: self._output(body))
        elif name == "stopped":
            self._stands = True
            self._later(lambda: self._stopped(body))
            if self._desk is None and not self._is_awaited:
                self.shown.complain("The program has stopped; an empty line shows where.")
            self._heard.set()
        elif name == "continued":
            self._resumed_by_others()
        elif name == "breakpoint":
            self._later(lambda: self._moved(body["breakpoint"]))

    def _output(self, body: Content) -> None:
        category, text = body.get("category", "console"), body["output"]
        self.shown.stream("stderr" if category == "stderr" else "stdout", text)

    def _moved(self, body: Content) -> None:
        point = self.points.heard(body)
        if point is not None and not point.is_set:
            self.shown.complain(point.told())

    def _resumed_by_others(self) -> None:
        """On the receiving thread: whoever reads a line here is to know."""
        self._stands = False
        if self.stop is not None:
            self.stop = None
            self.shown.complain("Resumed by another client.")

    # -- the stop ------------------------------------------------------------------------------

    def _stopped(self, body: Content) -> None:
        if not self._stands:  # somebody has resumed it meanwhile
            return
        self._thread = body.get("threadId", 1)
        told = self._client.request(
            "stackTrace", threadId=self._thread, startFrame=0, levels=_STACK_PAGE
        )
        frames = tuple(told["stackFrames"])
        self.stop = Stop(
            self._reason(body), body.get("text", ""), frames, told.get("totalFrames", len(frames))
        )
        self.selected = next((n for n, frame in enumerate(frames) if frame["line"]), 0)
        self.shown.say(self.notice())
        self.show_watches()
        if self._desk is not None and not self._is_at_stop:
            self._is_at_stop = True
            try:
                with self._desk.suspended():
                    self.at_stop()
            finally:
                self._is_at_stop = False

    def _reason(self, body: Content) -> str:
        hit = body.get("hitBreakpointIds", [])
        ours = [str(point.number) for point in self.points if point.id in hit]
        reason = body["reason"]
        if ours:
            return f"breakpoint {', '.join(ours)}"
        return f"{reason} of another client" if hit else str(reason)

    def notice(self) -> str:
        """Where it stands and why, with the lines around."""
        stop = self._standing()
        frame = stop.frames[self.selected]
        name = frame["name"]
        inside = name if " " in name else f"function '{name}'"
        lines = [f"Paused at {_where(frame)} in {inside} ({stop.reason})"]
        if stop.text:
            lines.append(stop.text)
        return "\n".join([*lines, *self.source(frame["line"], _AROUND)])

    def _standing(self) -> Stop:
        if self.stop is None:
            raise UsageError("Not paused.")
        return self.stop

    def resume(self, how: str) -> None:
        """Go on: continue, over, in or out."""
        self._standing()
        self._heard.clear()
        self._is_awaited = how != "continue"
        self.stop, self._stands = None, False
        self._client.request(_RESUMING[how], threadId=self._thread)

    def wait_for_stop(self) -> None:
        """Where nothing of ours runs: see whether it stops again soon."""
        if self._desk is None:
            self._heard.wait(_SOON_S)
        self._is_awaited = False

    def stop_now(self) -> None:
        """Stop whatever runs, or what is run next, at its next line."""
        self._heard.clear()
        self._is_awaited = True
        self._client.request("pause", threadId=1)
        self.wait_for_stop()

    # -- looking -------------------------------------------------------------------------------

    @property
    def frame(self) -> Content:
        """The selected frame."""
        return self._standing().frames[self.selected]

    def select(self, number: int) -> None:
        """Select a frame by its number; more of a deep stack is fetched when needed."""
        stop = self._standing()
        if not 0 <= number < stop.total:
            raise UsageError("Invalid frame index", f"there are 0 to {stop.total - 1}")
        if number >= len(stop.frames):
            self.stop = stop = self._whole(stop)
        self.selected = number

    def _whole(self, stop: Stop) -> Stop:
        told = self._client.request(
            "stackTrace", threadId=self._thread, startFrame=0, levels=stop.total
        )
        return stop._replace(frames=tuple(told["stackFrames"]))

    def stack(self, *, everything: bool) -> list[str]:
        """The frames as lines, the selected one marked."""
        stop = self._standing()
        if everything and len(stop.frames) < stop.total:
            self.stop = stop = self._whole(stop)
        lines = []
        for number in range(len(stop.frames)):
            mark = ">" if number == self.selected else " "
            lines.append(f"{mark} {self._line(number)}")
        left = stop.total - len(stop.frames)
        return [*lines, f"  … {left} more; .stack all shows them"] if left else lines

    def _line(self, number: int) -> str:
        frame = self._standing().frames[number]
        place = f"{_where(frame)} in " if frame["line"] else ""
        return f"#{number} {place}{frame['name']}"

    def described(self) -> str:
        """The selected frame with the lines around."""
        return "\n".join([self._line(self.selected), *self.source(self.frame["line"], _AROUND)])

    def scope(self, name: str) -> list[Content]:
        """The variables of a scope of the selected frame; none when it has no such scope."""
        told = self._client.request("scopes", frameId=self.frame["id"])
        for scope in told["scopes"]:
            if scope["name"] == name:
                reference = scope["variablesReference"]
                found = self._client.request("variables", variablesReference=reference)
                return list(found["variables"])
        return []

    def evaluate(self, text: str, context: str = "repl") -> Content:
        """The value of an expression in the selected frame, or at global scope without a stop."""
        where = {"frameId": self.frame["id"]} if self.stop is not None else {}
        return self._client.request("evaluate", expression=text, context=context, **where)

    def assign(self, target: str, text: str) -> tuple[str, str]:
        """Give a variable another value; the old and the new one as text."""
        old = self.evaluate(target)["result"]
        told = self._client.request(
            "setExpression", expression=target, value=text, frameId=self.frame["id"]
        )
        return old, told["value"]

    def source(self, line: int, around: int) -> list[str]:
        """Lines of the selected frame's source around a line; none when it has no text."""
        frame = self.frame
        if not frame.get("source"):
            return []
        try:
            told = self._client.request("source", source=frame["source"], sourceReference=0)
        except LuaFailure:
            return []
        texts = told["content"].splitlines()
        marked = {p.line for p in self.points if p.is_enabled and p.place.path == self.path}
        lines = []
        for number in range(max(line - around, 1), min(line + around, len(texts)) + 1):
            mark = ">" if number == frame["line"] else "*" if number in marked else " "
            lines.append(f"{number:>5} {mark} {texts[number - 1]}".rstrip())
        return lines

    @property
    def path(self) -> str:
        """The file of the selected frame, empty without one."""
        if self.stop is None:
            return ""
        return str(self.frame.get("source", {}).get("path", ""))

    def show_watches(self) -> None:
        """Each watched expression with its value or error."""
        for number, text in enumerate(self.watches, 1):
            try:
                value = self.evaluate(text, "watch")["result"]
            except LuaFailure as error:
                value = f"<{error}>"
            self.shown.say(f"  [{number}] {text} = {value}")

    def catch(self, which: str) -> None:
        """Which errors stop: all, uncaught or none."""
        wanted = [] if which == "none" else [which]
        if wanted and which not in self.filters:
            there = ", ".join([*self.filters, "none"])
            raise UsageError(f"there is no filter {which}", f"there are {there}")
        self._client.request("setExceptionBreakpoints", filters=wanted)


def _where(frame: Content) -> str:
    return f"{frame.get('source', {}).get('name', '?')}:{frame['line']}"


class Held:
    """A display of executions beside which a debugger is attached: output comes through that.

    Results and reports are held back until everything before them is out (``release``).
    """

    def __init__(self, inner: Display) -> None:
        self._inner = inner
        self._held: list[Callable[[], None]] = []

    def stream(self, name: str, text: str) -> None:
        """Nothing: the debugger shows it."""

    def displayed(self, data: Content, metadata: Content, *, is_update: bool) -> None:
        """Nothing: the debugger shows its text."""

    def prompt(self, text: str) -> None:
        """Ask for input."""
        self._inner.prompt(text)

    def result(self, text: str) -> None:
        """Keep the values."""
        self._held.append(lambda: self._inner.result(text))

    def error(self, lines: list[str]) -> None:
        """Keep the report."""
        self._held.append(lambda: self._inner.error(lines))

    def release(self) -> None:
        """Show what was kept."""
        for show in self._held:
            show()

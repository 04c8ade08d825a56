"""A live context in this process, driven the way its faces drive it: runs, a debug session.

Everything a debugger does here goes through a DAP session over memory, so that what is
measured is what an editor gets.
"""

from __future__ import annotations

import itertools
import queue
import time
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from tidelock.dap.session import Session
from tidelock.shared.config import Settings
from tidelock.shared.context import Context
from tidelock.shared.events import Event, ExecutionFinished, PauseEnded, PauseStarted
from tidelock.shared.link.loop import Loop
from tidelock.shared.model import Outcome, Pause, Run, Running

WAIT_S = 60.0
Body = dict[str, Any]


class Place(NamedTuple):
    """A breakpoint as a client asks for it."""

    line: int
    condition: str = ""


class Live:
    """An open context; ``close`` it.

    Args:
        lua: which Lua.
        jit: let LuaJIT compile.
        listener: told every event, on the thread that publishes it.
    """

    def __init__(
        self,
        lua: str = "5.4",
        *,
        jit: bool = False,
        listener: Callable[[Event], None] | None = None,
    ) -> None:
        self.context = Context(Settings(lua_version=lua, lua_jit="on" if jit else "off"))
        self.changed_lines: dict[str, int] = {}
        self.pauses: queue.SimpleQueue[Pause] = queue.SimpleQueue()
        self.resumes: queue.SimpleQueue[Pause] = queue.SimpleQueue()
        self._outcomes: dict[str, queue.SimpleQueue[Outcome]] = {}
        self._numbers = itertools.count(1)
        self._listener = listener
        self._attached: Attached | None = None
        self.context.bus.subscribe(self._take)
        self._record_loading()
        self.context.open()

    def _take(self, event: Event) -> None:
        if self._listener is not None:
            self._listener(event)
        if isinstance(event, PauseStarted):
            self.pauses.put(event.pause)
        elif isinstance(event, PauseEnded):
            self.resumes.put(event.pause)
        elif isinstance(event, ExecutionFinished) and event.run.id in self._outcomes:
            self._outcomes[event.run.id].put(event.outcome)

    def _record_loading(self) -> None:
        """Remember for each chunk how many lines were changed on its way into Lua."""
        prepare = self.context.debugger.prepare

        def recorded(chunk: str, text: str, token: str, *, guarded: bool) -> str | None:
            ready = prepare(chunk, text, token, guarded=guarded)
            loaded = text if ready is None else ready
            pairs = zip(text.split("\n"), loaded.split("\n"), strict=True)
            self.changed_lines[chunk] = sum(before != after for before, after in pairs)
            return ready

        self.context.debugger.prepare = recorded  # type: ignore[method-assign]

    def close(self) -> None:
        if self._attached is not None:
            self._attached.close()
        self.context.close()

    # -- running -----------------------------------------------------------------------------

    def start(self, text: str, chunk: str, **fields: Any) -> str:
        """Queue Lua text; the id of its execution."""
        name = f"run-{next(self._numbers)}"
        self._outcomes[name] = queue.SimpleQueue()
        self.context.execute(Run(id=name, text=text, chunk=chunk, is_input=False, **fields))
        return name

    def finish(self, name: str) -> Outcome:
        """Wait for an execution's end."""
        outcome = self._outcomes[name].get(timeout=WAIT_S)
        del self._outcomes[name]
        return outcome

    def run(self, text: str, chunk: str = "=benchmark", **fields: Any) -> Outcome:
        """Run Lua text to its end, which must be a good one."""
        outcome = self.finish(self.start(text, chunk, **fields))
        if outcome.status != "ok":
            raise RuntimeError(f"{chunk}: {outcome.text}")
        return outcome

    def value(self, name: str) -> str:
        """A global's value as text."""
        return self.context.debugger.evaluate(name).result(WAIT_S).text

    def is_running(self, name: str) -> bool:
        """Whether Lua runs this execution now."""
        state = self.context.runtime.state
        return isinstance(state, Running) and state.run.id == name

    def wait_running(self, name: str) -> None:
        """Wait until Lua runs an execution, or has run it."""
        while not self.is_running(name) and self._outcomes[name].empty():
            time.sleep(0.0001)

    @property
    def is_hooked(self) -> bool | None:
        """Whether a hook is set on the main state; None where that cannot be asked."""
        native = self.context.runtime._native
        return None if native is None else native.hooked()

    # -- debugging ---------------------------------------------------------------------------

    def attach(self) -> Attached:
        """Attach a debug session; once."""
        self._attached = Attached(self.context)
        return self._attached


class Attached:
    """A DAP client that has attached: requests in, answers out, over memory.

    ``stops`` gets the time (``time.perf_counter``) of every ``stopped`` event.
    """

    def __init__(self, context: Context) -> None:
        self._loop = Loop("benchmark-dap")
        self._loop.start()
        self._numbers = itertools.count(1)
        self._answers: queue.SimpleQueue[Body] = queue.SimpleQueue()
        self.stops: queue.SimpleQueue[float] = queue.SimpleQueue()
        self._session = Session(context, self._take, self._loop.call, trusted=True)
        self.request("initialize", adapterID="tidelock")
        self.request("attach")
        self.request("setExceptionBreakpoints", filters=[])
        self.request("configurationDone")

    def _take(self, message: Body) -> None:
        if message["type"] == "response":
            self._answers.put(message)
        elif message["event"] == "stopped":
            self.stops.put(time.perf_counter())

    def send(self, command: str, **arguments: Any) -> int:
        """Send a request; its number."""
        number = next(self._numbers)
        message = {"seq": number, "type": "request", "command": command, "arguments": arguments}
        self._loop.call(lambda: self._session.receive(message))
        return number

    def request(self, command: str, **arguments: Any) -> Body:
        """Do a request; the body of its answer. ``attach`` answers after ``configurationDone``."""
        number = self.send(command, **arguments)
        if command == "attach":
            return {}
        while True:
            answer = self._answers.get(timeout=WAIT_S)
            if answer["request_seq"] != number:
                continue
            if not answer["success"]:
                raise RuntimeError(f"{command}: {answer['message']}")
            body: Body = answer.get("body") or {}
            return body

    def set_breakpoints(self, path: str, places: Sequence[Place]) -> list[Body]:
        """Set a file's breakpoints; what the adapter says of each."""
        asked = [
            {"line": place.line, **({"condition": place.condition} if place.condition else {})}
            for place in places
        ]
        body = self.request("setBreakpoints", source={"path": path}, breakpoints=asked)
        found: list[Body] = body["breakpoints"]
        return found

    def resume(self, command: str = "continue") -> None:
        """Continue, or ``next``, ``stepIn``, ``stepOut``."""
        self.request(command, threadId=1)

    def close(self) -> None:
        self.request("disconnect")
        self._loop.stop()

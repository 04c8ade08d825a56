"""The common execution context: one live Lua runtime and everything its users share.

It names its parts and joins them; it holds no socket, client, message or reference of a
protocol, and no logic but opening and closing.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from tidelock.shared.answers import Answer
from tidelock.shared.config import Settings
from tidelock.shared.debug.debugger import Debugger
from tidelock.shared.errors import Unavailable
from tidelock.shared.events import (
    Bus,
    ExecutionFinished,
    ExecutionStarted,
    InputWanted,
    ModuleFound,
    OutputWritten,
    RuntimeRestarted,
    SourceLoaded,
)
from tidelock.shared.history import History
from tidelock.shared.link.wire import new_id
from tidelock.shared.model import Outcome, Run
from tidelock.shared.runtime.displays import Displays
from tidelock.shared.runtime.lane import Lane, Options
from tidelock.shared.runtime.streams import Streams
from tidelock.shared.sources import Sources, chunk_of_path, fingerprint, path_of_chunk

if TYPE_CHECKING:
    from tidelock.shared.store.records import Records


class Context:
    """One live runtime with its users' common parts.

    Args:
        settings: the options in force.
        identity: the id of this context (the kernel's id).
        workspace: the folder whose history it shares; empty for one of its own, in memory.
    """

    def __init__(
        self,
        settings: Settings,
        identity: str = "",
        clock: Callable[[], float] = time.time,
        ids: Callable[[], str] = new_id,
        workspace: str = "",
    ) -> None:
        self.id = identity or ids()
        self.settings = settings
        self.clock = clock
        self.ids = ids
        self.bus = Bus()
        self.sources = Sources()
        records = None
        if workspace and settings.store_backend == "sqlite":
            records = partial(_records, workspace, settings, self.id, clock)
        self.history = History(settings.history_size, records, clock)
        streams = Streams(
            lambda run, name, text: self.bus.publish(OutputWritten(run, name, text)),
            settings.output_flush_ms / 1000,
            settings.output_flush_bytes,
            settings.output_limit,
        )
        options = Options(
            settings.lua_version,
            settings.lua_jit == "on",
            settings.lua_max_memory,
            settings.lua_native,
            settings.kernel_input_timeout_s,
            settings.debug_condition_budget_ms / 1000,
            settings.lua_python_access,
        )
        self.runtime = Lane(options, streams, Displays(streams, self.bus.publish))
        self.debugger = Debugger(self.runtime, self.sources, self.bus, settings)
        # The files of modules with the fingerprints of what was loaded; the lane adds to it.
        self.modules: dict[str, tuple[str, str]] = {}
        # Runs that wait for their terminal to begin them, by id; for the loop's thread.
        self.prepared: dict[str, Run] = {}

    def open(self) -> None:
        """Open Lua.

        Raises:
            KernelError: it cannot be opened.
        """
        self.runtime.open(_Host(self))

    def close(self) -> bool:
        """Interrupt what runs and end the threads; False when Lua did not let go in time."""
        let_go = self.runtime.close()
        self.history.close()
        return let_go

    def execute(self, run: Run) -> None:
        """Queue an execution; everything about it comes as events."""
        self.runtime.submit(run)

    def restart(self) -> Answer[None]:
        """Replace the Lua state: globals are gone, breakpoints and history stay."""
        answer = self.runtime.restart()

        def restarted(done: Answer[None]) -> None:
            if done.error is None:
                self.history.restart()
                self.debugger.forget_loaded()
                self.runtime.ask("breakpoints", *self.debugger.points())
                self.runtime.ask("exceptions", *self.debugger.filters())
                self.bus.publish(RuntimeRestarted())

        answer.then(restarted)
        return answer


def _records(
    workspace: str, settings: Settings, identity: str, clock: Callable[[], float]
) -> Records:
    """What the workspace's store holds of executions.

    Raises:
        Unavailable: this Python cannot have one.
    """
    # Late: no reply waits for it.
    from tidelock.shared.store.place import place_of

    try:
        from tidelock.shared.store.records import Records
    except ImportError as error:
        raise Unavailable(f"the store: {error}", "use a Python that has sqlite3") from None
    place = place_of(workspace, settings.store_path)
    size, patience_ms = settings.history_size, settings.store_busy_timeout_ms
    return Records(place, identity, size, patience_ms, clock)


_INPUT_NAMES = {"repl": "repl:{}", "exec": "(exec)", "script": "stdin", "notebook": "In[{}]"}


class _Host:
    """What the lane tells the parts of a context; each call comes on the lane."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._counts: dict[str, int] = {}
        self._read: dict[str, str] = {}  # by chunk, of the text that was loaded last
        self._files: set[str] = set()
        debugger = context.debugger
        self.unprepared = debugger.unprepared
        self.points = debugger.points
        self.swap_begins = debugger.swap_begins
        self.swap_ends = debugger.swap_ends
        self.swap_left = debugger.swap_left
        self.modules_forgotten = debugger.forget_files
        self.stopped = debugger.stopped
        self.paused = debugger.paused
        self.resumed = debugger.resumed
        self.logged = debugger.logged

    def prepare(self, chunk: str, text: str, token: str, *, guarded: bool) -> str | None:
        self._context.bus.publish(SourceLoaded(chunk))
        return self._context.debugger.prepare(chunk, text, token, guarded=guarded)

    def module_found(self, name: str, path: str) -> None:
        chunk = chunk_of_path(path)
        self._context.modules[name] = path_of_chunk(chunk), self._read.get(chunk, "")
        self._context.bus.publish(ModuleFound(name, path))

    def read_source(self, path: str) -> tuple[str, str]:
        chunk = chunk_of_path(path)
        text = self._context.sources.text(chunk)
        if text is None:
            with open(path, "rb"):  # says why it cannot be read
                pass
            return "", chunk
        self._read[chunk] = fingerprint(text)
        self._files.add(chunk)
        return text, chunk

    def started(self, run: Run) -> Run:
        context = self._context
        history = context.history
        count = history.next() if run.store and not run.silent else history.count
        self._counts[run.id] = count
        if not run.chunk:
            name = _INPUT_NAMES.get(run.kind, _INPUT_NAMES["notebook"]).format(count)
            run = run._replace(chunk=f"={name}")
        if run.chunk.startswith("@"):
            self._files.add(run.chunk)
            if run.kind == "notebook":
                context.sources.entitle(run.chunk, _INPUT_NAMES["notebook"].format(count))
        else:
            context.sources.put_input(run.chunk, run.text)
        context.bus.publish(ExecutionStarted(run, count))
        return run

    def finished(self, run: Run, outcome: Outcome) -> None:
        context = self._context
        if outcome.error == "LuaError" and outcome.value_type == "string":
            outcome = outcome.placed(context.sources.places(outcome.text, self._files))
        count = self._counts.pop(run.id, context.history.count)
        is_stored = run.store and not run.silent and outcome.status != "aborted"
        if is_stored:
            context.history.add(count, run.code, outcome.text if outcome.status == "ok" else "")
        context.bus.publish(ExecutionFinished(run, count, outcome))
        if is_stored:
            context.history.save()

    def debugged(self) -> bool:
        return bool(self._context.debugger.sessions)

    def input_wanted(self, run: Run, prompt: str, *, password: bool) -> bool:
        if run.allow_input:
            self._context.bus.publish(InputWanted(run.id, prompt, password))
        return run.allow_input

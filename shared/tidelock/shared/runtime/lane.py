"""The lane: the one thread that owns Lua, what it runs, and the questions it serves.

Executions run one at a time in order of arrival. Questions are answered on the lane between
executions, at a safe point of a running script (through a hook that is armed only while one
waits), while the script waits for input, and at a pause. No other thread ever touches Lua. The
file is long because everything in it holds or waits for the one lock that decides what Lua does
next; in pieces nobody could check who holds it.
"""

from __future__ import annotations

import os
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from tidelock.shared.answers import Answer
from tidelock.shared.errors import KernelError, LuaFailure, NotStopped, TidelockError
from tidelock.shared.log import layer
from tidelock.shared.model import CallFrame, Idle, Outcome, Pause, Paused, Run, Running, State
from tidelock.shared.runtime import builds, pyroot
from tidelock.shared.runtime.budget import Budget
from tidelock.shared.runtime.displays import Displays
from tidelock.shared.runtime.native import Native, NativeUnavailable
from tidelock.shared.runtime.prelude import Prelude
from tidelock.shared.runtime.streams import Streams, shown
from tidelock.shared.sources import encode

if TYPE_CHECKING:
    from tidelock.shared.runtime.bridge import Bridge

log = layer("lane")

_STACK_BYTES = 64 * 1024 * 1024
_JIT_STACK_BYTES = 512 * 1024 * 1024
"""LuaJIT lets C functions call back 8,000 deep, 16 KiB of C stack each (measured); the other
builds stop at 200. Only what is used becomes memory."""
_MEMORY_LOOK_S = 0.005
_MEMORY_RESERVE = 32 * 1024 * 1024
"""The allocator's own limit lies this much, or a quarter, above the one that is wanted: where
an allocation fails inside the bridge between Lua and Python it cannot be an error, only an end
of the process. The wanted limit is watched from outside and ends the script in order."""
_MEMORY_TO_RECOVER = 4 * 1024 * 1024
_FIRST_WAIT_S = 0.001
_LONGEST_WAIT_S = 0.02
_QUESTIONS = (b"value", b"members", b"names", b"modules")
"""What is asked for its answer alone, and refused when a Python function keeps the lane."""
_POLITE_S = 0.5
"""How long a question waits for a line hook of ours to look before that is armed as well."""


Fields = tuple[Any, ...]


class Host(Protocol):
    """What the lane tells and asks the parts above it; every call comes on the lane thread."""

    def prepare(self, chunk: str, text: str, token: str, *, guarded: bool) -> str | None:
        """The text with its breakpoints compiled in, or None to load it as it is.

        ``token`` is the string whose call is the probe; ``guarded`` says that reading a
        global may raise, since the global table has a metatable.
        """

    def points(self) -> Fields:
        """The breakpoint table as the prelude takes it."""

    def swap_begins(self, number: int) -> bool:
        """Whether a plan to replace functions is still the newest for its chunk."""

    def swap_ends(self, number: int, has_left: bool) -> None:
        """A plan was carried out; calls of the old functions may be under way."""

    def swap_left(self, number: int) -> None:
        """The calls of old code that a plan left, or had to wait for, have ended."""

    def modules_forgotten(self) -> None:
        """A fresh launch: files that were loaded before do not count any more."""

    def module_found(self, name: str, path: str) -> None:
        """``require`` has loaded the text of a module."""

    def unprepared(self, chunk: str) -> None:
        """The prepared text did not load; the plain one is used."""

    def read_source(self, path: str) -> tuple[str, str]:
        """Text and chunk name of a file; raises OSError or TidelockError."""

    def started(self, run: Run) -> Run:
        """An execution begins; the run with its chunk name settled."""

    def finished(self, run: Run, outcome: Outcome) -> None:
        """An execution has ended and its output is out."""

    def stopped(self, reason: str, text: str, hit: tuple[int, ...], coroutine: int) -> Pause:
        """Lua stands still; the pause that this makes."""

    def paused(self, run: Run, pause: Pause) -> None:
        """The lane waits and can be asked and resumed from here on."""

    def resumed(self, run: Run, pause: Pause, how: str) -> None:
        """Lua goes on."""

    def logged(self, chunk: str, line: int, text: str) -> None:
        """A log point was reached."""

    def debugged(self) -> bool:
        """Whether anybody debugs, who could resume."""

    def input_wanted(self, run: Run, prompt: str, *, password: bool) -> bool:
        """The script wants a line; False when nobody can be asked."""


class Job(NamedTuple):
    """One question to the lane: an operation of the prelude with plain arguments."""

    operation: bytes
    arguments: Fields
    answer: Answer[Fields]
    live: bool


class Ending(NamedTuple):
    """Why the running execution is to end before its time."""

    error: str
    text: str
    exit_code: int | None = None


class Options(NamedTuple):
    """What a lane needs to know to open Lua."""

    lua: str = "5.4"
    jit: bool = False
    max_memory: int = 0
    native: bool = True
    input_timeout_s: float = 0.0
    condition_budget_s: float = 0.0
    python: bool = False


class Lane:
    """The Lua thread. Safe from any thread unless a method says otherwise."""

    def __init__(self, options: Options, streams: Streams, displays: Displays) -> None:
        self.options = options
        self.build = builds.find(options.lua)
        self.streams = streams
        self.displays = displays
        self.state: State = Idle()
        self.fallback = ""  # why native control is not available; empty when it is
        self.version = ""
        self.last_coroutine = 1  # the last number given; on the lane, over restarts
        self.host: Host
        self._changed = threading.Condition()
        self._errands: deque[Run | Callable[[], None]] = deque()
        self._jobs: deque[Job] = deque()
        self._given: dict[int, Job] = {}
        self._tokens = 0
        self._go_on: str | None = None
        self._lines: deque[str | None] = deque()
        self._ending: Ending | None = None
        self._ending_early: Ending | None = None  # of the run that is about to begin
        self._deadline: float | None = None
        self._closing = self._closed = False
        self._memory_limit = 0
        self._budget = Budget(options.condition_budget_s)
        self._visiting = False  # a job is being done, by our own coroutine
        self._native: Native | None = None
        self._bridge: Bridge | None = None
        self._trace: tuple[CallFrame, ...] = ()
        self._bell = threading.Event()
        self._served = threading.Event()
        self._threads: list[threading.Thread] = []

    # -- life --------------------------------------------------------------------------------

    def open(self, host: Host) -> None:
        """Start the thread and open Lua on it.

        Raises:
            KernelError: Lua could not be opened; the message says why.
        """
        self.host = host
        opened: Answer[None] = Answer()
        is_jit = self.build.dialect == "luajit"
        before = threading.stack_size(_JIT_STACK_BYTES if is_jit else _STACK_BYTES)
        try:
            self._start("tidelock-lane", lambda: pyroot.lua(lambda: self._main(opened)))
        finally:
            threading.stack_size(before)
        opened.result()

    def _start(self, name: str, target: Callable[[], None]) -> None:
        thread = threading.Thread(target=target, name=name, daemon=True)
        self._threads.append(thread)
        thread.start()

    def close(self, grace_s: float = 2.0) -> bool:
        """End what runs, then the threads; False when Lua did not let go in time."""
        with self._changed:
            self._closing = True
            waiting, self._errands = list(self._errands), deque()
        for errand in waiting:
            if isinstance(errand, Run):
                self.host.finished(errand, Outcome("aborted"))
        self.interrupt()
        with self._changed:
            self._changed.notify_all()
        self._bell.set()
        self._served.set()
        deadline = time.monotonic() + grace_s
        for thread in self._threads:
            thread.join(max(deadline - time.monotonic(), 0.05))
        self.streams.close()
        return not any(thread.is_alive() for thread in self._threads)

    def _main(self, opened: Answer[None]) -> None:
        try:
            self._open_lua()
        except TidelockError as error:
            opened.fail(error)
            return
        except Exception as error:
            opened.fail(KernelError(f"Lua {self.build.name} cannot be opened: {error}"))
            return
        opened.resolve(None)
        while True:
            with self._changed:
                while not (self._errands or self._jobs or self._closing):
                    self._changed.wait()
                if self._closing and not self._errands:
                    break
                errand = None if self._jobs else self._errands.popleft()
                if isinstance(errand, Run):  # from here on it can be ended
                    self._ending, self._ending_early = self._ending_early, None
                    self._trace = ()
                    self._visiting = False  # an error may have cut a question short
                    self._lines.clear()
                    self.state = Running(errand)
            if errand is None:
                self._prelude.serve_idle()
            elif isinstance(errand, Run):
                self._execute(errand)
            else:
                errand()
        self._fail_jobs()
        self._release()
        self._closed = True
        self._bell.set()

    def _open_lua(self) -> None:
        module = builds.load(self.build, share_symbols=True)
        self._memory_error = module.LuaMemoryError
        lua = module.LuaRuntime(
            encoding=None,
            unpack_returned_tuples=True,
            register_eval=False,
            register_builtins=False,
            **self._hard_limit(),
            **self._bridged(module),
        )
        self.version = shown(lua.eval(b"_VERSION"))
        if self.build.dialect == "luajit":
            self.version = shown(lua.eval(b"jit.version"))
        self._native = None
        self.fallback = ""
        prelude = Prelude(lua, self.build.dialect, _Callbacks(self))
        if self.options.native:
            native = Native(module, self.build.dialect)
            try:
                native.open(lua, prelude.serve_live)
            except NativeUnavailable as error:
                self.fallback = str(error)
            else:
                native.on_fire(self._fired)
                self._native = native
        else:
            self.fallback = "switched off by lua.native = false"
        prelude.open(self._native, jit=self.options.jit, bridge=self._bridge)
        self._prelude, self._lua = prelude, lua
        if len(self._threads) == 1:
            self._start("tidelock-bell", self._ring)

    def _hard_limit(self) -> dict[str, int]:
        wanted = self.options.max_memory
        if not wanted or self.build.dialect == "luajit":  # it has an allocator of its own
            return {}
        return {"max_memory": wanted + max(wanted // 4, _MEMORY_RESERVE)}

    def _bridged(self, module: Any) -> dict[str, Any]:
        if not self.options.python:
            return {}
        from tidelock.shared.runtime.bridge import Bridge  # late: few want it

        self._bridge = Bridge(module, self.streams, lambda: self._ending is not None)
        return {"attribute_handlers": (self._bridge.refuse, self._bridge.refuse)}

    def _release(self) -> None:
        """Close Lua here and now: its finalizers still call what the runtime gives them.

        Left to Python's collector it would be closed after what it calls is gone.
        """
        native = self._native
        if native is not None:
            native.disarm()
            native.let_go()
        if self._bridge is not None:
            self._bridge.close()
            self._bridge = None
        self._prelude.let_go()
        del self._prelude
        del self._lua  # the last reference
        self._native = None

    def restart(self) -> Answer[None]:
        """Replace the Lua state by a new one; what runs is interrupted, what waits is aborted."""
        answer: Answer[None] = Answer()

        def replace() -> None:
            self._release()
            try:
                self._open_lua()
            except Exception as error:
                answer.fail(KernelError(f"Lua cannot be opened again: {error}"))
            else:
                answer.resolve(None)

        with self._changed:
            waiting = [errand for errand in self._errands if isinstance(errand, Run)]
            self._errands = deque([replace])
            self._changed.notify_all()
        for run in waiting:
            self.host.finished(run, Outcome("aborted"))
        self.interrupt()
        return answer

    # -- executions --------------------------------------------------------------------------

    def submit(self, run: Run) -> None:
        """Queue an execution.

        Raises:
            KernelError: the lane is closing.
        """
        with self._changed:
            if self._closing:
                raise KernelError("the runtime is closing")
            self._errands.append(run)
            self._changed.notify_all()

    def _taken_along(self, failed: Run) -> list[Run]:
        """The queued runs that a failed one takes along, taken out; holding the lock."""
        if not failed.stop_on_error:
            return []
        taken = [
            errand
            for errand in self._errands
            if isinstance(errand, Run) and errand.client == failed.client
        ]
        for run in taken:
            self._errands.remove(run)
        return taken

    @property
    def queued(self) -> int:
        """How many executions wait."""
        return len(self._errands)

    def _execute(self, run: Run) -> None:
        began = time.monotonic()
        if self.options.max_memory and self._native is not None:
            # A run that begins above the limit may at least let go of what is too much.
            begun_with = self._native.memory_used() + _MEMORY_TO_RECOVER
            self._memory_limit = max(self.options.max_memory, begun_with)
        if self.options.max_memory or self._budget.is_wanted or self._ending is not None:
            self._bell.set()
        self.streams.begin(run.id, run.output_limit)
        self.displays.begin(run.id)
        run = self.host.started(run)
        before = os.getcwd() if run.directory else ""
        try:
            if run.directory:
                os.chdir(run.directory)
            self._let_be_armed(True)
            outcome = self._outcome(run)
        except OSError as error:
            outcome = Outcome("error", f"cannot work in {run.directory}: {error}", error="OSError")
        finally:
            if before:
                os.chdir(before)
        self._let_be_armed(False)
        if outcome.status == "ok" and run.expressions:
            self._let_be_armed(True)
            try:
                outcome = outcome._replace(expressions=self._evaluated(run))
            except Exception as error:
                outcome = self._ended(Outcome("error", str(error), error="InternalError"))
            self._let_be_armed(False)
        if outcome.error == "MemoryLimit":
            self._lua.gccollect()
        self.displays.settle()
        self.streams.flush(final=True)
        with self._changed:
            aborted = self._taken_along(run) if outcome.status == "error" else []
            self.state = Idle()
            self._ending, self._deadline = None, None
        self.host.finished(run, outcome._replace(duration_s=time.monotonic() - began))
        for other in aborted:
            self.host.finished(other, Outcome("aborted"))

    def _let_be_armed(self, may_be: bool) -> None:
        """Whether questions and ends may come at any instruction from here on."""
        if self._native is not None:
            (self._native.begin if may_be else self._native.disarm)()

    def _evaluated(self, run: Run) -> tuple[tuple[str, bool, str], ...]:
        found = []
        for name, text in run.expressions:
            good, shown_text = self._prelude.expression(encode(text))
            found.append((name, bool(good), shown(shown_text)))
        return tuple(found)

    def _outcome(self, run: Run) -> Outcome:
        prelude = self._prelude
        chunk = None
        try:
            if run.fresh_modules:
                prelude.forget_modules()
            if self._bridge is not None:
                self._bridge.begin(run.search, fresh=run.fresh_modules)
            if run.search:
                prelude.set_path(encode(_search_path(run.search)))
            arguments = [encode(word) for word in run.arguments]
            if run.script or arguments:
                prelude.set_arguments(encode(run.script), *arguments)
            text = prelude.plain(encode(self._code(run)))
            chunk, message = _pair(prelude.load_text(text, encode(run.chunk)))
            if chunk is None:
                return Outcome("error", shown(message), error="SyntaxError", value_type="string")
            if run.timeout_s:  # reading and loading the text is not its time
                self._deadline = time.monotonic() + run.timeout_s
                self._bell.set()
            result = prelude.run(chunk, _wanted(run), run.stop_on_entry, *arguments)
        except self._memory_error:
            return self._ended(Outcome("error", "not enough memory", error="MemoryLimit"))
        except Exception as error:
            return self._ended(Outcome("error", str(error), error="InternalError"))
        finally:
            del chunk  # the traceback of an error in Python may hold this frame
        return self._ended(_outcome_of(result))

    def _code(self, run: Run) -> str:
        if not run.is_input or self._has_no_value(run.text):
            return run.text
        from tidelock.shared.syntax import inputs  # late: the parser is an eighth of the start

        return inputs.chunk(run.text, self.build.dialect)

    def _has_no_value(self, text: str) -> bool:
        """Whether an input is plainly one without a value, which is loaded as it stands.

        That is a chunk whose last statement cannot be a call, for that ends in an argument. The
        parser would say the same.
        """
        end = text.rstrip()[-1:]
        return (
            (end.isalnum() or end == "_")
            and "--" not in text
            and self._prelude.is_chunk(encode(text))
        )

    def _ended(self, outcome: Outcome) -> Outcome:
        """The outcome, unless the execution was ended from outside: then that."""
        ending = self._ending
        if ending is None:
            return outcome
        if ending.exit_code is not None:
            return Outcome(
                "error" if ending.exit_code else "ok",
                ending.text,
                error=ending.error,
                exit_code=ending.exit_code,
            )
        return Outcome("error", ending.text, error=ending.error, stack=self._trace)

    # -- ending, pausing, going on -----------------------------------------------------------

    def interrupt(self, error: str = "Interrupted", text: str = "interrupted") -> bool:
        """End the running execution, however it catches errors, or the one about to run.

        False when there is none.
        """
        with self._changed:
            if isinstance(self.state, Idle):
                is_about_to = any(isinstance(errand, Run) for errand in self._errands)
                self._ending_early = Ending(error, text) if is_about_to else None
                return is_about_to
            if self._ending is None:
                self._ending = Ending(error, text)
            if isinstance(self.state, Paused):
                self._go_on = "interrupt"
            self._changed.notify_all()
        self._bell.set()
        return True

    def pause(self) -> Answer[Fields]:
        """Stop at the next line that any coroutine reaches; while idle, of the next execution."""
        return self.ask("pause", b"pause")

    def go_on(self, how: str) -> None:
        """Resume: continue, over, in or out.

        Raises:
            NotStopped: nothing is paused.
        """
        with self._changed:
            if not isinstance(self.state, Paused) or self._go_on is not None:
                raise NotStopped("not stopped")
            self._go_on = how
            self._changed.notify_all()

    def give_line(self, line: str | None) -> None:
        """Answer an input request: a line without its end, or None at the end of input."""
        with self._changed:
            self._lines.append(line)
            self._changed.notify_all()

    # -- questions ---------------------------------------------------------------------------

    def ask(self, operation: str, *arguments: object, live: bool = True) -> Answer[Fields]:
        """Ask the lane to do one operation of the prelude; bytes and numbers go in and out.

        ``live`` questions are also served while a script runs; the others fail then.
        """
        job = Job(operation.encode(), arguments, Answer(), live)
        with self._changed:
            if self._closing:
                job.answer.fail(KernelError("the runtime is closing"))
                return job.answer
            if not live and isinstance(self.state, Running):
                job.answer.fail(NotStopped("running"))
                return job.answer
            self._jobs.append(job)
            self._changed.notify_all()
        self._bell.set()
        return job.answer

    def _fail_jobs(self) -> None:
        with self._changed:
            jobs, self._jobs = list(self._jobs), deque()
        for job in jobs:
            job.answer.fail(KernelError("the runtime has closed"))

    def _refuse_questions(self) -> None:
        """A function of Python may run for long, or stand still in a debugger of its own."""
        with self._changed:
            refused = [job for job in self._jobs if job.operation in _QUESTIONS]
            for job in refused:
                self._jobs.remove(job)
        for job in refused:
            job.answer.fail(NotStopped("running a function of Python, which Lua waits for"))

    def _wants_lane(self) -> bool:
        return bool(self._jobs) or self._ending is not None

    def _ring(self) -> None:
        """The bell thread: arm the hook while somebody waits for a running script."""
        while not self._closed:
            self._bell.wait(self._patience())
            self._bell.clear()
            self._look_at_memory()
            self._look_at_evaluation()
            wait, waited = _FIRST_WAIT_S, 0.0
            while isinstance(self.state, Running) and self._wants_lane():
                native = self._native
                if native is None:
                    break
                self._served.clear()
                native.arm(anyway=waited > _POLITE_S)
                if self._served.wait(wait):
                    wait, waited = _FIRST_WAIT_S, 0.0
                    continue
                if wait == _LONGEST_WAIT_S and self._ending:
                    native.let_hooks_in()
                if waited > _POLITE_S and self._bridge is not None and self._bridge.is_inside:
                    self._refuse_questions()
                waited += wait
                wait = min(wait * 2, _LONGEST_WAIT_S)

    def _patience(self) -> float | None:
        """How long the bell may sleep: for ever while there is nothing to watch."""
        waits = [self._until_deadline()]
        if isinstance(self.state, Running) and not self.state.waiting:
            waits.append(self._budget.left())
            if self.options.max_memory:
                waits.append(_MEMORY_LOOK_S)
        return min((wait for wait in waits if wait is not None), default=None)

    def watch_evaluations(self, is_wanted: bool) -> None:
        """Whether breakpoints have expressions, which may run for a time and no longer."""
        if is_wanted != self._budget.is_wanted:
            self._budget.is_wanted = is_wanted
            self._bell.set()

    def _look_at_evaluation(self) -> None:
        """Ask which breakpoint's expression is being evaluated, and have an overdue one ended."""
        state, budget = self.state, self._budget
        if not isinstance(state, Running) or state.waiting or budget.left() != 0:
            return

        def keep(done: Answer[Fields]) -> None:
            budget.saw(int(done.result()[0]) if done.error is None else 0)
            self._bell.set()  # it has gone to sleep with the question out

        self.ask("evaluation", budget.begin()).then(keep)

    def _look_at_memory(self) -> None:
        """End the running script when it holds more than it may, garbage not counted."""
        limit, native = self._memory_limit, self._native
        if not limit or native is None or not isinstance(self.state, Running):
            return
        if self._ending is not None or native.memory_used() <= limit:
            return

        def judge(done: Answer[Fields]) -> None:
            if done.error is None and done.result()[0] * 1024 > limit:
                self.interrupt("MemoryLimit", "not enough memory")

        if not self._jobs:
            self.ask("collect").then(judge)

    def _until_deadline(self) -> float | None:
        """Seconds until the running execution's time is up; ends it when that is now."""
        deadline = self._deadline
        if deadline is None or not isinstance(self.state, Running) or self.state.waiting:
            return None
        left = deadline - time.monotonic()
        if left > 0:
            return left
        self._deadline = None
        self.interrupt("ExecutionTimeout", "the execution took longer than it may")
        return 0

    def _fired(self, state: int) -> None:
        """A hook fired at a safe point of the running script, on the lane."""
        native = self._native
        assert native is not None
        if self._visiting:
            return  # in the serving coroutine itself: the bell rings again
        if self._jobs:
            native.call_serve(state)
        if self._ending is not None:
            if self._wants_trace():
                native.call_serve(state)
            native.raise_everywhere()
        self._served.set()

    def _wants_trace(self) -> bool:
        """Before an end: have the stack read, unless that was done."""
        if self._trace:
            return False
        self._jobs.appendleft(Job(b"stack", (), self._trace_answer(), True))
        return True

    def _trace_answer(self) -> Answer[Fields]:
        answer: Answer[Fields] = Answer()

        def keep(done: Answer[Fields]) -> None:
            if done.error is None:
                self._trace = stack_of(done.result())

        answer.then(keep)
        return answer


class _Callbacks:
    """What the prelude may call, by these names; each runs on the lane, inside Lua."""

    def __init__(self, lane: Lane) -> None:
        self._lane = lane
        self._paused_at = 0.0
        self._asked_at = 0.0
        self.write = lane.streams.write
        self.flush = lane.streams.flush
        self.display = lane.displays.display
        self.clear_output = lane.displays.clear_output
        self.progress = lane.displays.progress

    def take(self, mode: bytes) -> Fields:
        """The next job, or how to go on: without end at a pause, never waiting otherwise."""
        lane = self._lane
        with lane._changed:
            if mode == b"live" and isinstance(lane.state, Paused):
                # A hook that was armed before a stop fired on the way to it: what is asked now is
                # about the stop, and levels of its frames count from where that serves.
                lane._served.set()
                return (False, b"")
            while True:
                while lane._jobs:
                    job = lane._jobs.popleft()
                    if job.answer.cancelled:
                        job.answer.fail(LuaFailure("cancelled"))
                        continue
                    lane._tokens += 1
                    lane._given[lane._tokens] = job
                    lane._visiting = True
                    return (lane._tokens, job.operation, *job.arguments)
                # What was asked before the resume is done before it.
                lane._visiting = False
                if mode != b"paused":
                    lane._served.set()
                    return (False, b"")
                if lane._go_on is not None:
                    return self._leave()
                lane._changed.wait()

    def _leave(self) -> Fields:
        lane = self._lane
        how, lane._go_on = lane._go_on or "continue", None
        assert isinstance(lane.state, Paused)
        run, pause = lane.state
        lane.state = Running(run)
        if lane._deadline is not None:
            lane._deadline += time.monotonic() - self._paused_at
        lane._bell.set()
        lane.host.resumed(run, pause, how)
        return (False, how.encode())

    def end(self) -> None:
        """Raise at the next instruction of every running coroutine: an end is wanted."""
        native = self._lane._native
        if native is not None:
            native.raise_everywhere()

    def answer(self, token: int, ok: bool, *fields: Any) -> None:
        """A job is done."""
        job = self._lane._given.pop(token, None)
        if job is None:
            return
        if not job.live:  # it may have run code: what that printed comes first
            self._lane.streams.flush()
        if ok:
            job.answer.resolve(fields)
        else:
            text = fields[0] if fields and isinstance(fields[0], bytes) else b"failed"
            job.answer.fail(LuaFailure(shown(text)))

    def cancelled(self) -> bool:
        """Whether whoever asked for the evaluation that runs has given up, or it must end."""
        lane = self._lane
        if lane._ending is not None or lane._closing or lane._go_on == "interrupt":
            return True
        return any(job.answer.cancelled for job in lane._given.values())

    def thread_number(self) -> int:
        """A number for a coroutine, never given before; the main one is 1."""
        self._lane.last_coroutine += 1
        return self._lane.last_coroutine

    def stopped(self, reason: bytes, text: bytes, ids: bytes, coroutine: int) -> None:
        """Lua stands still from here on."""
        lane = self._lane
        lane.displays.settle()
        lane.streams.flush(final=True)
        hit = tuple(int(piece) for piece in ids.split(b",") if piece)
        assert isinstance(lane.state, Running)
        run = lane.state.run
        pause = lane.host.stopped(reason.decode(), shown(text), hit, int(coroutine))
        with lane._changed:
            lane._go_on = "interrupt" if lane._ending is not None else None
            lane.state = Paused(run, pause)
        self._paused_at = time.monotonic()
        lane.host.paused(run, pause)

    def debugged(self) -> bool:
        """Whether anybody debugs, who could resume."""
        return self._lane.host.debugged()

    def log(self, chunk: bytes, line: int, text: bytes) -> None:
        """A log point speaks; in order with the script's own output."""
        self._lane.streams.flush()
        self._lane.host.logged(shown(chunk), line, shown(text))

    def exit(self, code: float) -> None:
        """os.exit: the execution ends, uncatchable; the process lives on."""
        lane = self._lane
        with lane._changed:
            if lane._ending is None:
                lane._ending = Ending("Exit" if code else "", "", int(code))
        self.end()

    def sleep(self, seconds: float) -> float | None:
        """Wait; None when the time is up, what is left of it when a question waits."""
        lane = self._lane
        lane.streams.flush()
        lane.displays.settle()
        until = time.monotonic() + seconds
        with lane._changed:
            while lane._ending is None and not lane._jobs:
                left = until - time.monotonic()
                if left <= 0:
                    return None
                lane._changed.wait(min(left, threading.TIMEOUT_MAX))
            if lane._ending is None:
                return max(until - time.monotonic(), 0.0)
        self.end()
        return None

    def input(self, prompt: bytes, is_password: bool) -> Fields:
        """A line for the script, the end of input, a pending question, or why there is none."""
        lane = self._lane
        state = lane.state
        if not isinstance(state, Running):
            return (b"error", b"stdin is not available here")
        with lane._changed:
            fresh = not state.waiting
        if fresh:
            lane.displays.settle()
            lane.streams.flush(final=True)
            self._asked_at = time.monotonic()
            # Before anybody is asked: a line that comes while nobody waits for one is dropped.
            lane.state = Running(state.run, "input")
            if not lane.host.input_wanted(state.run, shown(prompt), password=is_password):
                return self._answered(state.run, b"error", b"stdin is not available")
        limit = lane.options.input_timeout_s
        with lane._changed:
            while True:
                if lane._ending is not None:
                    self.end()
                    return self._answered(state.run, b"error", b"interrupted")
                if lane._lines:
                    line = lane._lines.popleft()
                    if line is None:
                        return self._answered(state.run, b"end")
                    return self._answered(state.run, b"line", encode(line))
                if lane._jobs:
                    return (b"serve",)
                left = self._asked_at + limit - time.monotonic() if limit else None
                if left is not None and left <= 0:
                    words = f"nobody has answered within {limit:g} s"
                    return self._answered(state.run, b"error", words.encode())
                lane._changed.wait(left)

    def _answered(self, run: Run, *fields: bytes) -> Fields:
        """The script goes on; the time it waited is not its own."""
        lane = self._lane
        lane.state = Running(run)
        if lane._deadline is not None:
            lane._deadline += time.monotonic() - self._asked_at
        lane._bell.set()
        return fields

    def prepare(self, chunk: bytes, text: bytes, guarded: bool) -> bytes | None:
        """The text with breakpoints compiled in, or None."""
        lane = self._lane
        token = lane._prelude.token
        try:
            ready = lane.host.prepare(_text(chunk), _text(text), token, guarded=guarded)
        except Exception as error:  # loading must not fail for the debugger's sake
            log.error("breakpoints were not compiled in", chunk=shown(chunk), error=repr(error))
            return None
        return None if ready is None else encode(ready)

    def module_found(self, name: bytes, path: bytes) -> None:
        """A module's text is loaded."""
        self._lane.host.module_found(shown(name), _text(path))

    def unprepared(self, chunk: bytes) -> None:
        """The instrumented text did not load."""
        self._lane.host.unprepared(_text(chunk))

    def points(self) -> Fields:
        """The breakpoint table, for a change that must be in force before the next line."""
        return self._lane.host.points()

    def swap_begins(self, number: int) -> bool:
        """Whether a plan is to be carried out."""
        return self._lane.host.swap_begins(number)

    def swap_ends(self, number: int, has_left: bool) -> None:
        """A plan was carried out."""
        self._lane.host.swap_ends(number, has_left)

    def swap_left(self, number: int) -> None:
        """The calls that a plan left or waits for have ended."""
        self._lane.host.swap_left(number)

    def modules_forgotten(self) -> None:
        """The Lua modules of earlier runs are dropped."""
        self._lane.host.modules_forgotten()

    def part(self, name: bytes) -> bytes:
        """The text of a part of the prelude that is not loaded at the start."""
        return self._lane._prelude.text(name.decode())

    def read_source(self, path: bytes) -> Fields:
        """Text and chunk name of a file, or nil and a message."""
        try:
            text, chunk = self._lane.host.read_source(_text(path))
        except OSError as error:
            return (None, b"cannot open " + path + b": " + encode(error.strerror or str(error)))
        except TidelockError as error:
            return (None, encode(str(error)))
        return (encode(text), encode(chunk))

    def hooks_are_on(self, is_on: bool) -> None:
        """Whether line hooks of ours carry a step or a breakpoint: they ask for ``wish``."""
        native = self._lane._native
        if native is not None:
            native.hooks_are_on(is_on)

    def wish(self) -> bytes:
        """What a line hook of ours is to do: serve, end (after serving), or nothing."""
        lane = self._lane
        if lane._ending is not None:
            lane._wants_trace()
            return b"end"
        return b"serve" if lane._jobs else b""

    def hooks_inside(self, is_wanted: bool) -> bool:
        """LuaJIT: whether hooks may fire inside a hook from here on; whether that is a change."""
        native = self._lane._native
        return native is not None and native.hooks_inside(is_wanted)

    def must_end(self, evaluation: int) -> bool:
        """Whether the expression of a late breakpoint is to be given up."""
        lane = self._lane
        return lane._ending is not None or lane._budget.is_over(int(evaluation))

    def budget_text(self) -> bytes:
        """What to say of an expression that took too long."""
        return self._lane._budget.text.encode()

    def ending(self) -> bool:
        """Fallback control: whether the execution is to end."""
        return self._lane._ending is not None

    def wanted(self) -> bool:
        """Fallback control: whether a question waits."""
        return bool(self._lane._jobs)


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "surrogateescape")


def _pair(result: Any) -> tuple[Any, bytes]:
    return result if isinstance(result, tuple) else (result, b"")


def _wanted(run: Run) -> bytes:
    """What is made of a run's results: nothing, text, or what front ends can draw as well."""
    if not run.is_input:
        return b""
    return b"rich" if run.kind == "notebook" and not run.silent else b"text"


def _search_path(folders: tuple[str, ...]) -> str:
    return "".join(f"{folder}/?.lua;{folder}/?/init.lua;" for folder in folders)


def stack_of(fields: Fields) -> tuple[CallFrame, ...]:
    """Call frames from flat fields: name, what, chunk, line."""
    frames = zip(*[iter(fields)] * 4, strict=True)
    return tuple(
        CallFrame(shown(name), shown(what), shown(chunk), max(int(line), 0))
        for name, what, chunk, line in frames
    )


def _outcome_of(result: Any) -> Outcome:
    ok, *fields = result
    if ok:
        count, text, *pairs = fields
        forms = zip(map(shown, pairs[::2]), pairs[1::2], strict=True)
        return Outcome("ok", shown(text), int(count), forms=tuple(forms))
    kind, text, _frames, *stack = fields
    error = "MemoryLimit" if text == b"not enough memory" else "LuaError"
    return Outcome(
        "error", shown(text), error=error, value_type=shown(kind), stack=stack_of(tuple(stack))
    )

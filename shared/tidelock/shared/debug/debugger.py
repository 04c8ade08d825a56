"""The debugger engine: breakpoints, the pause, and what can be asked at it.

One per Context; every face (DAP, Jupyter, terminal, language server) calls this and nothing
else. Commands come from any thread; at a stop the lane calls in. It knows no protocol, no sequence
number and no client. The file is long because all that the faces may call is one class.
"""

from __future__ import annotations

import contextlib
import functools
import threading
from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from tidelock.shared.answers import Answer, answered, failed
from tidelock.shared.config import Settings
from tidelock.shared.debug.loaded import (
    AT_ONCE,
    BY_HOOK,
    IN_REACH,
    MEANWHILE,
    UNDER_WAY,
    LoadedCode,
)
from tidelock.shared.errors import LuaFailure, NotStopped, TidelockError, Unavailable
from tidelock.shared.events import (
    BreakpointsChanged,
    Bus,
    OutputWritten,
    PauseEnded,
    PauseStarted,
)
from tidelock.shared.log import layer
from tidelock.shared.model import (
    Breakpoint,
    BreakpointRequest,
    CallFrame,
    Coroutine,
    ExceptionFilter,
    Fact,
    FactList,
    Frame,
    Key,
    Pause,
    Paused,
    Raised,
    Run,
    Running,
    Scope,
    Spot,
    Value,
)
from tidelock.shared.runtime.displays import bundle_of
from tidelock.shared.runtime.lane import Lane
from tidelock.shared.runtime.streams import shown
from tidelock.shared.sources import Sources, encode

if TYPE_CHECKING:
    from tidelock.shared.debug.breakpoints import Table
    from tidelock.shared.debug.calls import CallSite
    from tidelock.shared.debug.instrument import Site
    from tidelock.shared.debug.swap import Plan

log = layer("debug")

How = Literal["continue", "over", "in", "out"]
IN_PYTHON = "this frame is Python: nothing can be evaluated or changed in it from here"
Fields = tuple[Any, ...]


class Stack(NamedTuple):
    """A page of the stopped stack, innermost frame first, and how many frames there are."""

    frames: tuple[Frame, ...]
    total: int


class Coroutines(NamedTuple):
    """The coroutines of a stop, the running chain first; those known before that are no more.

    ``total`` counts also the ones beyond ``debug.max_threads``.
    """

    shown: tuple[Coroutine, ...]
    total: int
    ended: tuple[int, ...]


class Debugger:
    """See the module. Safe from any thread."""

    def __init__(self, lane: Lane, sources: Sources, bus: Bus, settings: Settings) -> None:
        self._lane = lane
        self._bus = bus
        self._lock = threading.RLock()
        self._sources = sources
        self._limit = settings.debug_breakpoint_limit
        self._max_threads = settings.debug_max_threads
        self._made_table: Table | None = None
        self._loaded = LoadedCode(
            lane.build.dialect, self._standing, sources.text, sources.is_known
        )
        self._pauses = 0
        self._frames: dict[int, Frame] = {}
        self._frame_ids: dict[tuple[int, int], int] = {}
        self._last_frame = 0
        self._filters: dict[str, tuple[ExceptionFilter, ...]] = {}
        self._sessions: set[str] = set()
        self._is_abandoned = False  # there were sessions, and the last one is gone

    def _standing(self, chunk: str) -> Sequence[tuple[Spot, Breakpoint]]:
        return self._made_table.standing(chunk) if self._made_table else []

    @property
    def _table(self) -> Table:
        """The table, made at the first breakpoint: the parser is a fifth of a kernel's start."""
        if self._made_table is None:
            from tidelock.shared.debug.breakpoints import Table

            dialect, text_of = self._lane.build.dialect, self._sources.text
            self._made_table = Table(dialect, text_of, self._loaded.chunks, self._limit)
        return self._made_table

    # -- breakpoints -------------------------------------------------------------------------

    def set_breakpoints(
        self, owner: str, chunk: str, requests: Sequence[BreakpointRequest]
    ) -> list[Breakpoint]:
        """Replace the owner's breakpoints of one source; one answer for each request, in order.

        They are in force in code that loads from now on, and in loaded code as soon as the
        lane has a safe point, which it is brought to.
        """
        with self._lock:
            _, removed = self._table.replace(owner, chunk, requests)
            plans = self._late_plans()
            mine = [p for p in self._table.of_source(chunk) if p.owner == owner]
            current = {point.asked: point for point in mine}
            found = [current[request] for request in requests]
        self._bus.publish(BreakpointsChanged(tuple(found), tuple(removed), owner))
        self._send_table()
        self._carry_out(plans)
        return found

    def set_function_breakpoints(
        self, owner: str, requests: Sequence[BreakpointRequest]
    ) -> list[Breakpoint]:
        """Replace the owner's function breakpoints; one answer for each request, in order.

        A name means every function that a loaded text calls so, now and later. Where there is
        none it means the value it leads to now, which is looked up: a change follows.
        """
        found = self.set_breakpoints(owner, "", requests)
        for point in found:
            if not point.verified and point.message.startswith("pending"):
                self._look_up(point)
        return found

    def _look_up(self, point: Breakpoint) -> None:
        root, *keys = point.asked.function.replace(":", ".").split(".")
        self.value(root, keys).then(lambda done: self._settle(point.id, done))
        if keys:
            path = ["loaded", root, *keys]
            self.value("package", path).then(lambda done: self._settle(point.id, done))

    def _settle(self, number: int, done: Answer[Fact | None]) -> None:
        fact = done.result() if done.error is None else None
        if fact is None or fact.type != "function":
            return
        chunk, _, line = fact.where.rpartition(":")
        with self._lock:
            changed = self._table.settle(number, chunk, int(line or 0))
            plans = self._late_plans() if changed else []
            changed = [p for p in self._table.of_source("") if changed and p.id == number]
        if changed:
            self._bus.publish(BreakpointsChanged(tuple(changed)))
            self._send_table()
            self._carry_out(plans)

    def locations(self, chunk: str, first: int, last: int) -> list[Spot]:
        """Where breakpoints can stand on the lines of a source; lines count from 1.

        Raises:
            Unavailable: the source cannot be read.
        """
        from tidelock.shared.debug.breakpoints import locations

        text = self._sources.text(chunk)
        if text is None:
            raise Unavailable("the text of that source", "it is not loaded and is no file")
        return locations(text, self._lane.build.dialect, first, last)

    def loaded(self) -> list[str]:
        """The chunk names of what is loaded and has a name of its own, in order of loading."""
        with self._lock:
            return [chunk for chunk in self._loaded.chunks() if chunk[:1] in ("@", "=")]

    def modules(self) -> Answer[list[tuple[str, str]]]:
        """The modules that the program has loaded: name, and path of those written in Lua."""
        asked = self._lane.ask("modules")
        return asked.map(lambda fields: [(shown(n), shown(p)) for n, p in _rows(fields, 2)])

    def count_anew(self, owner: str) -> None:
        """The hits of an owner's breakpoints are forgotten."""
        ids = [point.id for point in self.breakpoints() if point.owner == owner]
        if ids:
            self._lane.ask("count_anew", *ids)

    def breakpoints(self) -> list[Breakpoint]:
        """The one table."""
        with self._lock:
            return self._table.all() if self._made_table else []

    def set_exception_filters(self, owner: str, filters: Sequence[ExceptionFilter]) -> list[str]:
        """Replace the owner's filters; for each what is wrong with it, empty for a good one."""
        wrong = [self._wrong_filter(wanted) for wanted in filters]
        good = tuple(wanted for wanted, fault in zip(filters, wrong, strict=True) if not fault)
        with self._lock:
            had = self._filters.pop(owner, ())
            if good:
                self._filters[owner] = good
        if good != had:
            self._lane.ask("exceptions", *self.filters())
        return wrong

    def _wrong_filter(self, wanted: ExceptionFilter) -> str:
        if not wanted.condition:
            return ""
        from tidelock.shared.debug import exceptions  # late, like the table

        return exceptions.fault(wanted.condition, self._lane.build.dialect)

    def filters(self) -> Fields:
        """All filters in the form the prelude takes (``ops.exceptions``)."""
        with self._lock:
            wanted = [each for owned in self._filters.values() for each in owned]
        fields: list[object] = []
        for name, condition in dict.fromkeys(wanted):
            kind = ""
            if condition:
                from tidelock.shared.debug import exceptions

                is_pattern = exceptions.is_pattern(condition, self._lane.build.dialect)
                kind = "pattern" if is_pattern else "expression"
            fields += [name == "all", kind.encode(), encode(condition)]
        return tuple(fields)

    def exception(self) -> Answer[Raised]:
        """The error at which the program stands."""
        return self._lane.ask("exception", live=False).map(_raised)

    @property
    def sessions(self) -> frozenset[str]:
        """The debug sessions that are attached."""
        with self._lock:
            return frozenset(self._sessions)

    def join(self, owner: str) -> None:
        """A debug session attaches."""
        with self._lock:
            self._sessions.add(owner)
            self._is_abandoned = False

    def leave(self, owner: str) -> None:
        """A session is gone: its breakpoints and filters go too.

        After the last one a stop that was asked for and has not come yet is forgotten.
        """
        with self._lock:
            if owner in self._sessions:
                self._sessions.remove(owner)
                self._is_abandoned = not self._sessions
            removed = self._table.remove_owner(owner) if self._made_table else []
        self.set_exception_filters(owner, ())
        if removed:
            self._bus.publish(BreakpointsChanged((), tuple(removed), owner))
            self._send_table()
        if self._is_abandoned and self.pause is None:
            self._lane.ask("unpause")

    def _late_plans(self) -> list[tuple[int, Plan]]:
        """Plans to bring what came late into loaded functions; says of it what will be."""
        late = self._loaded.late(self._table.all())
        plans = self._loaded.plans(self._table.all())
        for chunk in {plan.chunk for _, plan in plans}:
            self._table.tell([point.id for _, point in late[chunk]], IN_REACH)
        for _, plan in plans:
            if plan.refusal:
                self._tell_hook(plan, plan.refusal)
        return [(number, plan) for number, plan in plans if not plan.refusal]

    def _carry_out(self, plans: Sequence[tuple[int, Plan]]) -> None:
        from tidelock.shared.debug.swap import fields

        for number, plan in plans:
            asked = self._lane.ask("swap", number, *fields(plan))
            asked.then(functools.partial(self._hear, plan))

    def _hear(self, plan: Plan, done: Answer[Fields]) -> None:
        if done.error is not None:
            log.error("functions could not be replaced", chunk=plan.chunk, error=repr(done.error))
        outcome, words = done.result() if done.error is None else (b"refused", b"it failed")
        if outcome in (b"done", b"replaced"):
            return
        with self._lock:
            if outcome == b"waiting":
                changed = self._tell_lines(
                    self._still_late(plan), f"{MEANWHILE} {shown(words)} runs"
                )
            else:
                changed = self._tell_hook(plan, shown(words))
        if changed:
            self._bus.publish(BreakpointsChanged(tuple(changed)))

    def _tell_hook(self, plan: Plan, why: str) -> list[Breakpoint]:
        """Say of breakpoints that only a hook carries them, and why."""
        return self._tell_lines(self._still_late(plan), f"{BY_HOOK} ({why})")

    def _still_late(self, plan: Plan) -> set[int]:
        late = self._loaded.late(self._table.all()).get(plan.chunk, [])
        return {point.id for _, point in late} & plan.late

    def _tell_lines(self, ids: Collection[int], words: str) -> list[Breakpoint]:
        """Say how a hook carries breakpoints, which stops where their lines begin."""
        inner = {
            point.id
            for point in self._table.all()
            if point.id in ids and point.source and not all(spot.leads for spot in point.spots)
        }
        told = self._table.tell(set(ids) - inner, words)
        return told + self._table.tell(inner, f"{words}, which stops where the line begins")

    def swap_begins(self, number: int) -> bool:
        """Whether a plan to replace functions is still wanted; on the lane."""
        with self._lock:
            return self._loaded.begins(number)

    def swap_ends(self, number: int, has_left: bool) -> None:
        """Functions were replaced by ones with breakpoints; on the lane."""
        with self._lock:
            ids = self._loaded.ends(number, has_left)
            tell = self._tell_lines if has_left else self._table.tell
            changed = tell(ids, UNDER_WAY if has_left else AT_ONCE)
        self._bus.publish(BreakpointsChanged(tuple(changed)))

    def swap_left(self, number: int) -> None:
        """The calls of old code that a plan left, or waited for, have ended; on the lane."""
        with self._lock:
            changed = self._table.tell(self._loaded.left(number), AT_ONCE)
            plans = self._late_plans()
        if changed:
            self._bus.publish(BreakpointsChanged(tuple(changed)))
        self._carry_out(plans)

    def _send_table(self) -> None:
        self._lane.ask("breakpoints", *self.points())

    def points(self) -> Fields:
        """The table in the form the prelude takes (``ops.breakpoints``)."""
        with self._lock:
            points = self.breakpoints()
            rows = [
                self._point_fields(point, spot, number, site)
                for point in points
                if point.verified
                for spot in point.spots
                for number, site in self._loaded.carriers(point, spot)
            ]
            # Conditions compiled in place cannot last; the others are evaluated, like messages.
            self._lane.watch_evaluations(any(row[6] or row[11] for row in rows))
        return (bool(points), *(field for row in rows for field in row))

    def _point_fields(
        self, point: Breakpoint, spot: Spot, number: int, site: Site | None
    ) -> list[object]:
        from tidelock.shared.debug.breakpoints import hit_rule
        from tidelock.shared.debug.instrument import needs
        from tidelock.shared.syntax import conditions

        dialect = self._lane.build.dialect
        asked = point.asked
        rule = hit_rule(asked.hit_condition) if asked.hit_condition else None
        condition = "" if site is not None and site.condition else asked.condition
        names = site.names if site is not None else ""
        if site is None and condition:
            found = conditions.names(condition, dialect)
            if found.bare and not found.varargs and found.inline:
                condition, names = found.inline, ", ".join(found.free)
        has_globals = not set(names.split(", ")).issuperset(needs(point, dialect).free)
        pieces: list[object] = []
        for piece in conditions.pieces(asked.log_message, dialect):
            is_text = isinstance(piece, str)
            pieces += [b"text" if is_text else b"code"]
            pieces += [encode(piece if isinstance(piece, str) else piece.text)]
        return [
            point.id,
            number,
            encode(spot.chunk),
            spot.line,
            spot.leads,
            spot.defined,
            encode(condition),
            (rule.operator if rule else "").encode(),
            rule.amount if rule else 0,
            encode(names),
            has_globals,
            len(pieces) // 2,
            *pieces,
        ]

    # -- loading, on the lane ----------------------------------------------------------------

    def prepare(self, chunk: str, text: str, token: str, *, guarded: bool) -> str | None:
        """The text of a chunk with its breakpoints compiled in; None when it has none."""
        with self._lock:
            self._loaded.load(chunk, text, token)
            if self._made_table is None:
                return None
            changed = self._table.reread(chunk, text)
            ready = self._loaded.instrument(chunk, text, guarded=guarded)
            if ready is not None:
                changed += self._table.tell([p.id for _, p in self._table.standing(chunk)], "")
        if changed:
            self._bus.publish(BreakpointsChanged(tuple(changed)))
        return ready

    def unprepared(self, chunk: str) -> None:
        """The prepared text did not load: its breakpoints work by hook."""
        with self._lock:
            self._loaded.strip(chunk)
            points = [point.id for _, point in self._table.standing(chunk)]
            changed = self._table.tell(points, BY_HOOK)
        log.info("breakpoints could not be compiled in", chunk=chunk)
        self._bus.publish(BreakpointsChanged(tuple(changed)))

    def forget_loaded(self) -> None:
        """Nothing counts as loaded: the Lua state is new."""
        with self._lock:
            self._loaded.forget_state()

    def forget_files(self) -> None:
        """A launch begins with fresh modules: only what inputs have made stays alive."""
        with self._lock:
            self._loaded.forget(keep=self._sources.is_input)

    # -- the pause ---------------------------------------------------------------------------

    def stopped(self, reason: str, text: str, hit: tuple[int, ...], coroutine: int) -> Pause:
        """Make the next pause; on the lane."""
        with self._lock:
            self._pauses += 1
            if reason == "breakpoint" and self._table.are_functions(hit):
                reason = "function breakpoint"
            self._frames.clear()
            self._frame_ids.clear()
            return Pause(self._pauses, reason, text, hit, coroutine)

    def paused(self, run: Run, pause: Pause) -> None:
        """The lane stands still; on the lane."""
        self._bus.publish(PauseStarted(run.id, pause))
        if self._is_abandoned:  # whoever asked for it left while it came
            with contextlib.suppress(NotStopped):  # it is to end, or goes on already
                self.go_on("continue")

    def resumed(self, run: Run, pause: Pause, how: str) -> None:
        """The lane goes on; on the lane."""
        with self._lock:
            self._frames.clear()
            self._frame_ids.clear()
        self._bus.publish(PauseEnded(run.id, pause, how))

    def logged(self, chunk: str, line: int, text: str) -> None:
        """A log point spoke; on the lane."""
        state = self._lane.state
        run = state.run.id if isinstance(state, Running | Paused) else ""
        self._bus.publish(OutputWritten(run, "console", text + "\n", chunk, line))

    @property
    def pause(self) -> Pause | None:
        """The pause that lasts now."""
        state = self._lane.state
        return state.pause if isinstance(state, Paused) else None

    def pause_now(self) -> Answer[Fields]:
        """Stop at the next line."""
        return self._lane.pause()

    def go_on(self, how: How) -> None:
        """Resume.

        Raises:
            NotStopped: nothing is paused.
        """
        self._lane.go_on(how)

    def aim_at(self, coroutine: int) -> Answer[Fields]:
        """Let the next step be one of another coroutine of the running chain."""
        return self._lane.ask("aim", coroutine, live=False)

    def aim_into(self, frame: int, call: CallSite) -> Answer[Fields]:
        """Let the next step in go into one of ``calls``, or over its statement if none is made."""
        lines = call.turn, call.first, call.last
        return self._ask_in(frame, "aim_call", *lines, *_path(call.root, call.keys))

    def calls(self, frame: int) -> Answer[list[CallSite]]:
        """The calls that the stopped frame's statement makes of functions written in Lua."""
        try:
            place = self.frame(frame)
        except NotStopped as error:
            return failed(error)
        from tidelock.shared.debug.calls import calls

        if place.what == "Python":
            return answered([])
        text = self._sources.text(place.chunk) if place.line else None
        found = calls(text, place.line, self._lane.build.dialect) if text else []
        paths: list[object] = []
        for call in found:
            paths += [len(call.keys), *_path(call.root, call.keys)]
        asked = self._ask_in(frame, "callable", *paths)
        return asked.map(
            lambda good: [call for call, is_good in zip(found, good, strict=False) if is_good]
        )

    # -- looking -----------------------------------------------------------------------------

    def coroutines(self, known: Sequence[int] = ()) -> Answer[Coroutines]:
        """The coroutines that run or can be reached from variables; ``known`` may have ended.

        Nothing is tracked: it is a raw look from the stopped stack, the globals and the modules,
        through at most 20,000 values and eight tables or functions deep.
        """
        if self.pause is None:
            return failed(NotStopped("not stopped"))
        asked = self._lane.ask("coroutines", self._max_threads, *known[:1000], live=False)
        return asked.map(_coroutines)

    def stack(self, start: int = 0, count: int = 200, coroutine: int = 0) -> Answer[Stack]:
        """A page of a coroutine's stack and its resumers' (0: the stopped one).

        Frame ids are the same for everyone while the pause lasts.
        """
        if self.pause is None:
            return failed(NotStopped("not stopped"))
        return self._lane.ask("frames", coroutine, start, count, live=False).map(self._stack)

    def _stack(self, fields: Fields) -> Stack:
        total, *rest = fields
        frames = []
        for thread, level, name, what, chunk, line, _, tail in _rows(rest, 8):
            with self._lock:
                number = self._frame_ids.get((thread, level))
                if number is None:
                    self._last_frame += 1
                    number = self._frame_ids[thread, level] = self._last_frame
                frame = Frame(
                    number, thread, level, shown(name), shown(what), shown(chunk),
                    max(int(line), 0), bool(tail),
                )  # fmt: skip
                self._frames[number] = frame
            frames.append(frame)
        return Stack(tuple(frames), int(total))

    def frame(self, number: int) -> Frame:
        """A frame that was handed out at this pause.

        Raises:
            NotStopped: there is no such frame, or it belongs to an older pause.
        """
        with self._lock:
            found = self._frames.get(number)
        if found is None:
            raise NotStopped(f"no such frame: {number} is not of this pause")
        if found.what == "label":
            raise NotStopped(f"no such frame: {number} is a mark between two coroutines")
        return found

    def signatures(
        self, frames: Sequence[Frame], *, types: bool, names: bool, values: bool, in_hex: bool
    ) -> Answer[list[str]]:
        """The parameters of frames of ``stack`` as text, one for each."""
        places = [number for frame in frames for number in (frame.thread, frame.level)]
        asked = self._ask("signatures", types, names, values, *places, in_hex=in_hex)
        return asked.map(lambda fields: [shown(text) for text in fields])

    def _ask(self, operation: str, *arguments: object, in_hex: bool = False) -> Answer[Fields]:
        if in_hex:
            return self._lane.ask("in_hex", operation.encode(), *arguments, live=False)
        return self._lane.ask(operation, *arguments, live=False)

    def _ask_in(
        self, frame: int, operation: str, *arguments: object, in_hex: bool = False
    ) -> Answer[Fields]:
        """Ask in a frame (0: at global scope)."""
        try:
            place = self.frame(frame) if frame else None
            if place and place.what == "Python" and operation != "scopes":
                raise LuaFailure(IN_PYTHON)
        except TidelockError as error:
            return failed(error)
        thread, level = (place.thread, place.level) if place else (0, 0)
        return self._ask(operation, thread, level, *arguments, in_hex=in_hex)

    def scopes(self, frame: int) -> Answer[list[Scope]]:
        """Locals, upvalues and globals of a frame."""
        return self._ask_in(frame, "scopes").map(_scopes)

    def children(
        self, handle: int, kind: str = "", start: int = 0, count: int = 0, *, in_hex: bool = False
    ) -> Answer[list[Value]]:
        """A page of what a handle holds; ``kind`` is indexed, named or both."""
        amount = count or 2**31
        asked = self._ask("children", handle, kind.encode(), start, amount, in_hex=in_hex)
        return asked.map(lambda fields: [_child(row) for row in _rows(fields[1:], 7)])

    def evaluate(
        self, text: str, frame: int = 0, *, in_hex: bool = False, whole: bool = False
    ) -> Answer[Value]:
        """Evaluate an expression, or else run statements, in a frame or at global scope.

        ``whole`` gives the full text of the value, and no children.
        """
        operation = "copy" if whole else "evaluate"
        asked = self._ask_in(frame, operation, encode(text), in_hex=in_hex)
        return asked.map(lambda fields: _value(text, fields[1:]))

    def rich(self, text: str, frame: int = 0) -> Answer[dict[str, Any]]:
        """The value of an expression as a bundle of MIME types, as a cell would show it."""
        asked = self._ask_in(frame, "rich", encode(text))
        return asked.map(lambda f: bundle_of(zip(map(shown, f[::2]), f[1::2], strict=True)))

    def globalize(self, text: str, frame: int, name: str) -> Answer[Value]:
        """Give a global the value of an expression in a frame."""
        asked = self._ask_in(frame, "globalize", encode(text), encode(name))
        return asked.map(lambda fields: _value(name, fields))

    def set_child(
        self, handle: int, name: str, text: str, frame: int = 0, *, in_hex: bool = False
    ) -> Answer[Value]:
        """Give a variable under a handle the value of an expression."""
        try:
            place = self.frame(frame) if frame else None
            if place and place.what == "Python":
                raise LuaFailure(IN_PYTHON)
        except TidelockError as error:
            return failed(error)
        thread, level = (place.thread, place.level) if place else (0, 0)
        fields = (handle, encode(name), thread, level, encode(text))
        asked = self._ask("set", *fields, in_hex=in_hex)
        return asked.map(lambda fields: _value(name, fields))

    def assign(
        self, target: str, text: str, frame: int = 0, *, in_hex: bool = False
    ) -> Answer[Value]:
        """Assign the value of an expression to a target such as ``t.x[1]``."""
        asked = self._ask_in(frame, "assign", encode(target), encode(text), in_hex=in_hex)
        return asked.map(lambda fields: _value(target, fields))

    # -- live questions ----------------------------------------------------------------------

    def members(self, root: str, keys: Sequence[Key], frame: int = 0) -> Answer[FactList]:
        """What a path really holds now; read raw, served while a script runs."""
        path = _path(root, keys)
        return self._live(frame, "members", *path).map(facts)

    def value(self, root: str, keys: Sequence[Key], frame: int = 0) -> Answer[Fact | None]:
        """The value at a path, None where there is none; read raw."""
        path = _path(root, keys)

        def one(fields: Fields) -> Fact | None:
            return facts(fields)[0] if fields[0] else None

        return self._live(frame, "value", *path).map(one)

    def names(self, frame: int = 0) -> Answer[FactList]:
        """Variables of a frame and the globals a program made; read raw."""
        return self._live(frame, "names").map(facts)

    def _live(self, frame: int, operation: str, *arguments: object) -> Answer[Fields]:
        if frame:
            return self._ask_in(frame, operation, *arguments)
        return self._lane.ask(operation, 0, 0, *arguments)


def _rows(fields: Sequence[Any], width: int) -> list[tuple[Any, ...]]:
    return list(zip(*[iter(fields)] * width, strict=True))


def _path(root: str, keys: Sequence[Key]) -> list[object]:
    return [encode(root), *(encode(key) if isinstance(key, str) else key for key in keys)]


def facts(fields: Fields) -> FactList:
    """Packed facts: whether there are more, the lengths of their fields, and these in a row."""
    is_cut, lengths, text = fields
    parts: list[str] = []
    start = 0
    for length in map(int, lengths.split()):
        parts.append(shown(text[start : start + length]))
        start += length
    return FactList((Fact(*row) for row in _rows(parts, 6)), is_cut=bool(is_cut))


def _coroutines(fields: Fields) -> Coroutines:
    total, count, *rest = fields
    size = int(count) * 3
    rows = _rows(rest[:size], 3)
    found = tuple(Coroutine(int(row[0]), shown(row[1]), shown(row[2])) for row in rows)
    return Coroutines(found, int(total), tuple(int(number) for number in rest[size:]))


def _child(row: Fields) -> Value:
    name, kind, text, handle, indexed, named, path = row
    return Value(shown(name), shown(kind), shown(text), handle, indexed, named, shown(path))


def _value(name: str, fields: Sequence[Any]) -> Value:
    kind, text, handle, indexed, named = fields
    return Value(name, shown(kind), shown(text), handle, indexed, named)


def _raised(fields: Fields) -> Raised:
    kind, text, is_caught, _, *frames = fields
    stack = [
        CallFrame(shown(name), shown(what), shown(chunk), max(int(line), 0))
        for _, _, name, what, chunk, line, _, _ in _rows(frames, 8)
        if what != b"label"
    ]
    return Raised(shown(kind), shown(text), bool(is_caught), tuple(stack))


def _scopes(fields: Fields) -> list[Scope]:
    local, local_count, upvalue, upvalue_count, world = fields
    found = [Scope("Locals", local, local_count)]
    if upvalue_count:
        found.append(Scope("Upvalues", upvalue, upvalue_count))
    return [*found, Scope("Globals", world, 0, expensive=True)] if world else found

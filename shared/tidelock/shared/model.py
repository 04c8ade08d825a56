"""The plain types every part of Tidelock speaks: one per concept, immutable, free of wire names.

They are named tuples rather than dataclasses: thirty frozen dataclasses cost the kernel
process 17 ms at import, thirty named tuples 3 ms, and start-up is a promise.
No type in here holds a Lua object, a socket or a client.
(Annotations are real here, not postponed: postponed ones are compiled again at import.)
"""

from collections.abc import Iterable
from typing import Literal, NamedTuple

Dialect = Literal["5.1", "5.2", "5.3", "5.4", "5.5", "luajit"]
DIALECTS: tuple[Dialect, ...] = ("5.1", "5.2", "5.3", "5.4", "5.5", "luajit")
"""The Lua languages; a lupa build speaks one of them (both LuaJIT builds speak ``luajit``)."""

Severity = Literal["error", "warning", "information", "hint"]


class Related(NamedTuple):
    """A second place that explains a problem; offsets are code points in the same text."""

    start: int
    end: int
    message: str


class Problem(NamedTuple):
    """Something wrong in a text.

    ``start`` and ``end`` are code point offsets, ``code`` the stable name of the kind of problem
    (``syntax-error``), ``origin`` who says so: our parser, Lua's own ``load``, or a user's rule.
    ``instead`` is what should stand in its place, where that is plain.
    """

    code: str
    severity: Severity
    start: int
    end: int
    message: str
    origin: Literal["parser", "load", "rule"] = "parser"
    related: tuple[Related, ...] = ()
    instead: str = ""


Kind = Literal["script", "exec", "repl", "debug", "notebook", "selection", "test"]
"""Why something is executed; stated by the asker, never guessed from the code."""


class Run(NamedTuple):
    """One request to execute code, as a face hands it to the Context.

    ``text`` is the code, ``chunk`` the name under which the sources know it; ``is_input`` asks
    for the rule of inputs (a last expression gives the result); ``fresh_modules`` forgets the
    Lua modules of earlier runs first; ``directory`` is the working folder while it runs;
    ``timeout_s`` counts running time only (0: none); ``output_limit`` are bytes of output, if
    fewer than all runs may write (0: no fewer); ``search`` are folders for ``require``;
    a failed run with ``stop_on_error`` takes the queued ones of the same ``client`` along;
    ``expressions`` are evaluated one by one after success: name and text; the first ``padding``
    lines of ``text`` are empty, so that the rest has the line numbers of its file. An empty
    ``chunk`` is named when the run begins, by its kind and number.
    """

    id: str
    text: str
    chunk: str
    kind: Kind = "notebook"
    is_input: bool = True
    script: str = ""
    arguments: tuple[str, ...] = ()
    silent: bool = False
    store: bool = True
    allow_input: bool = False
    fresh_modules: bool = False
    directory: str = ""
    search: tuple[str, ...] = ()
    timeout_s: float = 0.0
    stop_on_entry: bool = False
    client: str = ""
    stop_on_error: bool = False
    expressions: tuple[tuple[str, str], ...] = ()
    output_limit: int = 0
    padding: int = 0

    @property
    def code(self) -> str:
        """The text as it was sent."""
        return self.text[self.padding :]


class CallFrame(NamedTuple):
    """One frame of an error's stack: function name, chunk name, one-based line (0: unknown)."""

    name: str
    what: str
    chunk: str
    line: int


class Outcome(NamedTuple):
    """How an execution ended.

    ``error`` is the kind of failure (``LuaError``, ``SyntaxError``, ``Interrupted``,
    ``ExecutionTimeout``, ``MemoryLimit``), empty when it went well. ``text`` is the result or
    Lua's own error message unchanged; ``exit_code`` is there when the script called os.exit;
    ``expressions`` give name, whether it went well, and text; ``forms`` are the result in
    other forms than text, by MIME type.
    """

    status: Literal["ok", "error", "aborted"]
    text: str = ""
    values: int = 0
    error: str = ""
    value_type: str = ""
    stack: tuple[CallFrame, ...] = ()
    exit_code: int | None = None
    duration_s: float = 0.0
    expressions: tuple[tuple[str, bool, str], ...] = ()
    forms: tuple[tuple[str, bytes], ...] = ()

    def placed(self, places: list[tuple[str, int]]) -> "Outcome":
        """The same with the places of its message before the stack, if it does not show them.

        They are of frames that are gone: of a coroutine that the error has closed (Lua 5.4), or of
        what was caught and raised again. ``places`` are chunk and line, the innermost last.
        """
        shown = {(frame.chunk, frame.line) for frame in self.stack}
        if not places or places[-1] in shown:
            return self
        gone = [CallFrame("?", "Lua", *one) for one in reversed(places) if one not in shown]
        return self._replace(stack=(*gone, *self.stack))


class Pause(NamedTuple):
    """One stop: numbered per kernel, dead after the resume.

    ``reason`` is entry, breakpoint, function breakpoint, step, pause, exception or statement
    (the program called for it); ``text`` explains (a failed condition, an error message);
    ``breakpoints`` are the ids that were hit; ``coroutine`` is the number of the one that stopped.
    """

    number: int
    reason: str
    text: str = ""
    breakpoints: tuple[int, ...] = ()
    coroutine: int = 1


class Coroutine(NamedTuple):
    """A coroutine of a stopped program; ``id`` 1 is the main one, no number is given twice.

    ``name`` is the function it runs and where that is written; ``state`` is stopped (here),
    normal (it resumed another), suspended, or dead (by an error, with its stack kept).
    """

    id: int
    name: str
    state: str


class Idle(NamedTuple):
    """Nothing runs."""


class Running(NamedTuple):
    """Lua runs, or waits for input; ``waiting`` says what a blocked script waits for."""

    run: Run
    waiting: str = ""


class Paused(NamedTuple):
    """Lua stands still inside a script until someone resumes it."""

    run: Run
    pause: Pause


State = Idle | Running | Paused


class Frame(NamedTuple):
    """One frame of the stopped stack; ``id`` is given by the engine, the same for every client.

    ``thread`` is the number of its coroutine, ``level`` its level there; ``what`` is Lua, main, C
    or Python, or label: then it is no frame, but the mark before those of the coroutine that
    resumed the one above; lines are one-based, 0 where unknown. Python frames of the program have
    thread -1 and are counted from the innermost one.
    """

    id: int
    thread: int
    level: int
    name: str
    what: str
    chunk: str
    line: int
    is_tail_call: bool = False


class Value(NamedTuple):
    """A value as clients see it: type, one-line text, and how its children are reached.

    ``handle`` is 0 without children and dies at the resume; ``indexed`` and ``named`` count
    them; ``path`` is an expression that gives the value again, empty where there is none.
    """

    name: str
    type: str
    text: str
    handle: int = 0
    indexed: int = 0
    named: int = 0
    path: str = ""


class Scope(NamedTuple):
    """A group of variables of a frame, listed by its handle."""

    name: str
    handle: int
    size: int
    expensive: bool = False


Key = str | int | float
"""A constant key by which a table is indexed."""


class Fact(NamedTuple):
    """One name or field that is really there in the runtime, read without running anything.

    ``type`` is Lua's name of the type, ``text`` the value in a few words, ``signature`` how to
    call it (empty for what cannot be called). ``kind`` says what it is in the program: local,
    upvalue, global, field or method. ``where`` is the place of a function's source as
    ``chunk name:line``, empty if there is none.
    """

    name: str
    type: str
    text: str
    signature: str = ""
    kind: str = "field"
    where: str = ""


class FactList(list[Fact]):
    """What is there at one place; ``is_cut`` says that there is more than is told."""

    def __init__(self, found: Iterable[Fact], *, is_cut: bool) -> None:
        super().__init__(found)
        self.is_cut = is_cut


class ExceptionFilter(NamedTuple):
    """Which errors stop where they are raised.

    ``name`` is ``all``, or ``uncaught`` for those that nothing in the program catches. The
    condition is an expression in which ``err`` is the error value, or a string literal: a Lua
    pattern that the message must match.
    """

    name: str
    condition: str = ""


class Raised(NamedTuple):
    """The error at which a program stands: its type, its text, and where it was raised."""

    type: str
    text: str
    is_caught: bool
    stack: tuple[CallFrame, ...]


class BreakpointRequest(NamedTuple):
    """A breakpoint as a client asks for it: a one-based line, or the name of a ``function``.

    A ``column`` (one-based, UTF-16 units, 0 for none) chooses among the statements of the line.
    """

    line: int
    condition: str = ""
    hit_condition: str = ""
    log_message: str = ""
    function: str = ""
    column: int = 0


class Spot(NamedTuple):
    """A statement on which a breakpoint stands.

    ``line`` is the one Lua counts, ``column`` is one-based in UTF-16 units; ``leads`` says that it
    is the first of its line in its function; ``defined`` is the line on which the function begins
    that a function breakpoint means, else 0.
    """

    chunk: str
    offset: int
    line: int
    column: int
    leads: bool = True
    defined: int = 0


class Breakpoint(NamedTuple):
    """A breakpoint in the one table of the debugger.

    ``line`` is where it really stands, ``asked`` where the client wanted it; ``owner`` is the
    debug session it belongs to; ``message`` explains what is not verified, or how it works.
    ``source`` is empty for a function breakpoint, which stands wherever functions have its name.
    """

    id: int
    owner: str
    source: str
    asked: BreakpointRequest
    line: int
    verified: bool
    message: str = ""
    spots: tuple[Spot, ...] = ()

    @property
    def chunk(self) -> str:
        """The source in which it stands, or first of several; empty while there is none."""
        return self.source or (self.spots[0].chunk if self.spots else "")


class Entry(NamedTuple):
    """One stored execution: session and number in it, input as typed, text of its result.

    A session is one count of inputs from 1 on; ``at`` is the end, in seconds since 1970.
    """

    session: int
    number: int
    text: str
    result: str
    at: float


class Unclosed(NamedTuple):
    """A session of a kernel that was killed; ``opened`` is in seconds since 1970."""

    session: int
    kernel: str
    pid: int
    opened: float

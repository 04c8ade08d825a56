"""The closed set of facts the Context publishes, and the bus that carries them.

Each names the execution it belongs to. Every face handles or explicitly ignores each;
``EVENTS`` lists them for the test that checks it. The bus never waits for a subscriber.
"""

import threading
from collections.abc import Callable
from typing import Any, NamedTuple

from tidelock.shared.log import layer
from tidelock.shared.model import Breakpoint, Outcome, Pause, Run

log = layer("event")


class ExecutionStarted(NamedTuple):
    """The lane began an execution; ``number`` is its count, unchanged for unstored ones."""

    run: Run
    number: int


class OutputWritten(NamedTuple):
    """Text of a script, in order; ``stream`` is stdout, stderr or console (the debugger)."""

    execution_id: str
    stream: str
    text: str
    chunk: str = ""
    line: int = 0


class Displayed(NamedTuple):
    """Something other than text: content by MIME type, as the Jupyter protocol has it.

    Binary content is base64 text, JSON is plain data; ``text/plain`` is always there. ``id``
    names it for updates, and ``is_update`` puts it in the place of what has that id.
    """

    execution_id: str
    data: dict[str, Any]
    metadata: dict[str, Any]
    id: str = ""
    is_update: bool = False


class OutputCleared(NamedTuple):
    """What the execution has shown is to go; with ``wait`` when something new comes."""

    execution_id: str
    wait: bool


class InputWanted(NamedTuple):
    """The script reads a line; the asking client must answer or nothing goes on."""

    execution_id: str
    prompt: str
    password: bool = False


class ExecutionFinished(NamedTuple):
    """The lane ended an execution; all its output has been published before."""

    run: Run
    number: int
    outcome: Outcome


class PauseStarted(NamedTuple):
    """Lua stands still; the next line has not run."""

    execution_id: str
    pause: Pause


class PauseEnded(NamedTuple):
    """Someone resumed; every handle of that pause is dead."""

    execution_id: str
    pause: Pause
    how: str


class ValuesChanged(NamedTuple):
    """At a stop a session has set a variable or run code: what was read before may be old.

    ``by`` is that session.
    """

    by: str


class BreakpointsChanged(NamedTuple):
    """These breakpoints are new or have another line, state or message; some may be gone.

    ``by`` is the session whose request did it, empty when loading did.
    """

    changed: tuple[Breakpoint, ...]
    removed: tuple[Breakpoint, ...] = ()
    by: str = ""


class SourceLoaded(NamedTuple):
    """Lua loaded a chunk of this source."""

    chunk: str


class ModuleFound(NamedTuple):
    """``require`` found a module that is written in Lua, and loaded its text."""

    name: str
    path: str


class RuntimeRestarted(NamedTuple):
    """The Lua state was replaced by a new one; globals are gone, breakpoints stay."""


Event = (
    ExecutionStarted
    | OutputWritten
    | Displayed
    | OutputCleared
    | InputWanted
    | ExecutionFinished
    | PauseStarted
    | PauseEnded
    | ValuesChanged
    | BreakpointsChanged
    | SourceLoaded
    | ModuleFound
    | RuntimeRestarted
)
EVENTS: tuple[type, ...] = (
    ExecutionStarted,
    OutputWritten,
    Displayed,
    OutputCleared,
    InputWanted,
    ExecutionFinished,
    PauseStarted,
    PauseEnded,
    ValuesChanged,
    BreakpointsChanged,
    SourceLoaded,
    ModuleFound,
    RuntimeRestarted,
)

Subscriber = Callable[[Event], None]


class Bus:
    """Hands each event to every subscriber, in order, on the publishing thread.

    A subscriber must not block: it puts the event into a queue of its own thread. One that
    raises is logged and the others still get the event.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._subscribers: tuple[Subscriber, ...] = ()

    def subscribe(self, subscriber: Subscriber) -> Callable[[], None]:
        """Add a subscriber; the returned function takes it off again."""
        with self._lock:
            self._subscribers = (*self._subscribers, subscriber)

        def unsubscribe() -> None:
            with self._lock:
                self._subscribers = tuple(s for s in self._subscribers if s is not subscriber)

        return unsubscribe

    def publish(self, event: Event) -> None:
        """Tell everyone; callable from any thread."""
        for subscriber in self._subscribers:
            try:
                subscriber(event)
            except Exception as error:  # a broken listener is not the lane's failure
                log.error("a subscriber failed", event=type(event).__name__, error=repr(error))

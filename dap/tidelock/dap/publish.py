"""What the Context publishes, as DAP events.

Every event of the closed set stands in ``_PUBLISHERS``, with None where the adapter has
nothing to say about it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from tidelock.dap import launching, loaded
from tidelock.dap.convert import Body, breakpoint_body, stopped_body
from tidelock.dap.threads import stopped_thread
from tidelock.shared.events import (
    BreakpointsChanged,
    Displayed,
    Event,
    ExecutionFinished,
    ExecutionStarted,
    InputWanted,
    ModuleFound,
    OutputCleared,
    OutputWritten,
    PauseEnded,
    PauseStarted,
    RuntimeRestarted,
    SourceLoaded,
    ValuesChanged,
)
from tidelock.shared.report import error_lines
from tidelock.shared.sources import path_of_chunk

if TYPE_CHECKING:
    from tidelock.dap.session import Session

ERROR_IDS = {
    "internal": 1,
    "request": 2,
    "state": 3,
    "lua": 4,
    "NotImplemented": 5,
    "usage": 6,
    "unavailable": 7,
    "kernel": 8,
    "cancelled": 9,
}


def event(session: Session, happened: Event) -> None:
    """Tell one event to the client of a session that is under way."""
    publisher = _PUBLISHERS[type(happened)]
    if publisher is not None and session.state in ("configuring", "active"):
        publisher(session, happened)


def _written(session: Session, happened: OutputWritten) -> None:
    if session.notebook and happened.stream != "console":
        return  # the notebook shows its streams itself
    launched = session.launched
    if launched is not None and happened.execution_id not in (launched.id, ""):
        return
    if session.terminal and happened.execution_id and happened.stream != "console":
        return  # its terminal shows them
    body: Body = {"category": happened.stream, "output": happened.text}
    if happened.chunk:
        body["source"] = session.sources.source(happened.chunk, session.manner)
        body["line"] = session.manner.line_out(happened.line)
    session.event("output", body)


def _displayed(session: Session, happened: Displayed) -> None:
    """A debug console shows text; it has no place for a picture, nor for updates of one."""
    if not happened.is_update:
        text = f"{happened.data['text/plain']}\n"
        _written(session, OutputWritten(happened.execution_id, "stdout", text))


def _paused(session: Session, happened: PauseStarted) -> None:
    if session.state == "active":
        thread = stopped_thread(session, happened.pause)
        session.event("stopped", stopped_body(happened.pause, thread))


def _resumed(session: Session, happened: PauseEnded) -> None:
    session.frames_of.clear()
    session.targets.clear()
    asked, session.asked_to_resume = session.asked_to_resume, False
    # Who asked for it expects no event, except JupyterLab, which changes state by nothing else.
    if session.state == "active" and (session.notebook or not asked):
        thread = stopped_thread(session, happened.pause)
        session.event("continued", {"threadId": thread, "allThreadsContinued": True})


def _finished(session: Session, happened: ExecutionFinished) -> None:
    launched = session.launched
    if launched is None or happened.run.id != launched.id:
        return
    if launching.begin_again(session):
        return
    session.launch_finished = True
    outcome = happened.outcome
    if outcome.status == "error" and outcome.exit_code is None and not session.terminal:
        report = error_lines(outcome, happened.run.chunk, session.context.sources)
        session.event("output", {"category": "stderr", "output": "\n".join(report) + "\n"})
    code = outcome.exit_code
    if code is None:
        code = 0 if outcome.status == "ok" else 1
    session.event("exited", {"exitCode": code})
    session.event("terminated")


def _values(session: Session, happened: ValuesChanged) -> None:
    """Whoever changed something looks again by itself."""
    if session.manner.invalidated and happened.by != session.owner:
        session.event("invalidated", {"areas": ["variables"]})


def _breakpoints(session: Session, happened: BreakpointsChanged) -> None:
    if happened.by == session.owner:
        return  # the answer to its own request says it
    for point in happened.changed:
        # Of a notebook's cells the client knows the one that has the path.
        is_known = not session.notebook or path_of_chunk(point.source)
        if point.owner == session.owner and is_known:
            body = breakpoint_body(point, session.sources, session.manner)
            session.event("breakpoint", {"reason": "changed", "breakpoint": body})


def _loaded(session: Session, happened: SourceLoaded) -> None:
    loaded.tell(session, happened.chunk)


def _module_found(session: Session, happened: ModuleFound) -> None:
    loaded.tell_module(session, happened.name, happened.path)


_PUBLISHERS: dict[type, Callable[[Session, Any], None] | None] = {
    OutputWritten: _written,
    Displayed: _displayed,
    OutputCleared: None,
    PauseStarted: _paused,
    PauseEnded: _resumed,
    ExecutionFinished: _finished,
    ValuesChanged: _values,
    BreakpointsChanged: _breakpoints,
    ExecutionStarted: None,  # a launched program begins with the answer to launch
    InputWanted: None,  # reading is not available without a console of its own
    SourceLoaded: _loaded,
    ModuleFound: _module_found,
    RuntimeRestarted: None,  # the launched execution has ended before
}

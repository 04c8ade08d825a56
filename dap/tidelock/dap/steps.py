"""Going on after a stop: continue and the steps, of one coroutine or into one call.

A step of another coroutine than the one that stopped is possible along the running chain only.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from tidelock.dap.convert import LATER, Body, field
from tidelock.dap.threads import inward
from tidelock.shared.answers import Answer
from tidelock.shared.debug.debugger import How
from tidelock.shared.errors import BadRequest, NotStopped, TidelockError

if TYPE_CHECKING:
    from tidelock.dap.session import Session
    from tidelock.shared.debug.calls import CallSite


def resume(how: How) -> Callable[[Session, Body, Body], object]:
    """The function of a request that resumes."""

    def go_on(session: Session, arguments: Body, message: Body) -> object:
        debugger = session.context.debugger
        stop = debugger.pause
        thread = inward(session, arguments)
        target = field(arguments, "targetId", int, 0) if how == "in" else 0
        if target:
            if target not in session.targets:
                raise BadRequest(f"there is no target {target} at this stop")
            return _aimed(session, message, how, debugger.aim_into(*session.targets[target]))
        if how != "continue" and stop is not None and thread not in (0, stop.coroutine):
            return _aimed(session, message, how, debugger.aim_at(thread))
        _go_on(session, how)
        return {"allThreadsContinued": True} if how == "continue" else {}

    return go_on


def _go_on(session: Session, how: How) -> None:
    session.asked_to_resume = True
    try:
        session.context.debugger.go_on(how)
    except NotStopped:
        session.asked_to_resume = False
        raise


def _aimed(session: Session, message: Body, how: How, aimed: Answer[Any]) -> object:
    """Go on once it is known where to; the response leaves before anything that follows."""
    stop = session.context.debugger.pause

    def go_on() -> None:
        try:
            aimed.result()
            if session.context.debugger.pause is not stop:
                raise NotStopped("not stopped")
            _go_on(session, how)
        except TidelockError as error:
            session.fail(message, str(error), error.kind)
        else:
            session.respond(message, {})

    aimed.then(lambda _: session.soon(go_on))
    return LATER


def step_in_targets(session: Session, arguments: Body, message: Body) -> Answer[Body]:
    """The calls of the statement at which the program stands, with a number for each."""
    frame = field(arguments, "frameId", int)
    manner = session.manner

    def shown(found: list[CallSite]) -> Body:
        targets = []
        for call in found:
            session.last_target += 1
            session.targets[session.last_target] = (frame, call)
            targets.append(
                {
                    "id": session.last_target,
                    "label": call.label,
                    "line": call.start.line + manner.first_line,
                    "column": call.start.column + manner.first_column,
                    "endLine": call.end.line + manner.first_line,
                    "endColumn": call.end.column + manner.first_column,
                }
            )
        return {"targets": targets}

    return session.context.debugger.calls(frame).map(shown)

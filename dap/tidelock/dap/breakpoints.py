"""Breakpoints as clients ask for them: by line, and by the name of a function.

It converts between DAP's shapes and the debugger's; where a breakpoint stands is decided there.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from tidelock.dap import convert
from tidelock.dap.convert import Body, field
from tidelock.shared.errors import BadRequest
from tidelock.shared.model import Breakpoint, BreakpointRequest

if TYPE_CHECKING:
    from tidelock.dap.session import Session


def set_lines(session: Session, arguments: Body, message: Body) -> Body:
    """Replace the breakpoints of one source; as many answers as were asked for."""
    chunk = session.sources.chunk(field(arguments, "source", dict))
    debugger = session.context.debugger

    def put(wanted: list[BreakpointRequest]) -> list[Breakpoint]:
        for other in session.sources.others(chunk):
            debugger.set_breakpoints(session.owner, other, wanted)
        return debugger.set_breakpoints(session.owner, chunk, wanted)

    return _set(
        session,
        field(arguments, "breakpoints", list, []),
        lambda entry: convert.breakpoint_request(entry, session.manner),
        put,
    )


def set_functions(session: Session, arguments: Body, message: Body) -> Body:
    """Replace the function breakpoints; as many answers as were asked for."""
    debugger = session.context.debugger
    return _set(
        session,
        field(arguments, "breakpoints", list, []),
        convert.function_request,
        lambda wanted: debugger.set_function_breakpoints(session.owner, wanted),
    )


def locations(session: Session, arguments: Body, message: Body) -> Body:
    """Where breakpoints can stand in a range of lines; the end of the last line if none is said."""
    chunk, manner = session.sources.chunk(field(arguments, "source", dict)), session.manner
    first = manner.line_in(field(arguments, "line", int))
    last = manner.line_in(field(arguments, "endLine", int, manner.line_out(first)))
    start = manner.column_in(field(arguments, "column", int, manner.first_column))
    end = field(arguments, "endColumn", int, 0)
    found = [
        {"line": manner.line_out(spot.line), "column": manner.column_out(spot.column)}
        for spot in session.context.debugger.locations(chunk, first, last)
        if (spot.line > first or spot.column >= start)
        and (spot.line < last or not end or spot.column <= manner.column_in(end))
    ]
    return {"breakpoints": found}


def _set(
    session: Session,
    asked: list[Any],
    read: Callable[[Any], BreakpointRequest],
    put: Callable[[list[BreakpointRequest]], list[Breakpoint]],
) -> Body:
    """Set what can be read of a list, and say of the rest what is wrong with it."""
    if session.no_debug:
        words = "not set: the program was launched without debugging"
        return {"breakpoints": [{"verified": False, "message": words} for _ in asked]}
    requests: list[BreakpointRequest | BadRequest] = []
    for entry in asked:
        try:
            requests.append(read(entry))
        except BadRequest as error:
            requests.append(error)
    good = [request for request in requests if not isinstance(request, BadRequest)]
    points = iter(put(good))
    bodies = [
        {"verified": False, "message": str(request), "reason": "failed"}
        if isinstance(request, BadRequest)
        else convert.breakpoint_body(next(points), session.sources, session.manner)
        for request in requests
    ]
    return {"breakpoints": bodies}

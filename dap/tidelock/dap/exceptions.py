"""Exception filters and the error at which the program stands.

It converts between DAP's shapes and the debugger's; it decides nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tidelock.dap.convert import Body, field
from tidelock.shared import hints
from tidelock.shared.errors import BadRequest
from tidelock.shared.model import ExceptionFilter, Raised
from tidelock.shared.report import frame_text, with_helps

if TYPE_CHECKING:
    from tidelock.dap.session import Session
    from tidelock.shared.answers import Answer
    from tidelock.shared.sources import Sources

_CONDITION = 'err == nil, or another expression; or a pattern on the message, such as "boom"'
FILTERS: list[Body] = [
    {
        "filter": "all",
        "label": "All errors",
        "description": "Stop where an error is raised, also one that the program catches",
        "supportsCondition": True,
        "conditionDescription": _CONDITION,
    },
    {
        "filter": "uncaught",
        "label": "Uncaught errors",
        "description": "Stop where an error is raised that nothing in the program catches",
        "supportsCondition": True,
        "conditionDescription": _CONDITION,
    },
]


def offered(break_on: str) -> list[Body]:
    """The filters for a client to choose from; ``break_on`` names the one that is chosen first."""
    return [{**each, "default": each["filter"] == break_on} for each in FILTERS]


def set_filters(session: Session, arguments: Body, message: Body) -> Body:
    """Which errors stop where they are raised; as many answers as were asked for."""
    wanted = [ExceptionFilter(name) for name in field(arguments, "filters", list, [])]
    for option in field(arguments, "filterOptions", list, []):
        name = field(option, "filterId", str)
        wanted.append(ExceptionFilter(name, field(option, "condition", str, "").strip()))
    known = [entry["filter"] for entry in FILTERS]
    for name, _ in wanted:
        if name not in known:
            words = " and ".join(known)
            raise BadRequest(f"there is no exception filter {name!r}; there are {words}")
    debugger = session.context.debugger
    if session.no_debug:
        debugger.set_exception_filters(session.owner, ())
        words = "not set: the program was launched without debugging"
        return {"breakpoints": [{"verified": False, "message": words} for _ in wanted]}
    faults = debugger.set_exception_filters(session.owner, wanted)
    return {"breakpoints": [_breakpoint(fault) for fault in faults]}


def _breakpoint(fault: str) -> Body:
    if fault:
        return {"verified": False, "message": fault, "reason": "failed"}
    return {"verified": True}


def info(session: Session, arguments: Body, message: Body) -> Answer[Body]:
    """The error at which the program stands."""
    stop = session.context.debugger.pause
    if stop is None or stop.reason != "exception":
        raise BadRequest("not stopped at an error")
    sources = session.context.sources
    return session.context.debugger.exception().map(lambda raised: _shown(raised, sources))


def _shown(raised: Raised, sources: Sources) -> Body:
    message = sources.retitled(raised.text, [frame.chunk for frame in raised.stack])
    details: dict[str, Any] = {
        "message": message,
        "typeName": raised.type,
        "evaluateName": "_ERROR",
        "stackTrace": "\n".join(frame_text(frame, sources) for frame in raised.stack),
    }
    found = hints.helps(raised.text, raised.stack) if raised.type == "string" else ()
    return {
        "exceptionId": raised.type,
        "description": with_helps(message, found),
        "breakMode": "always" if raised.is_caught else "unhandled",
        "details": details,
    }

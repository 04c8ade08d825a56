"""The table of what the adapter answers: command, function, the states that allow it.

Who has read it has read the adapter; the capabilities are generated from it. A function gets
session, arguments and message; it gives the response's body, an ``Answer`` of it, or ``LATER``
when it answers by itself. The file is long because it is the whole table with what it names.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

from tidelock.dap import breakpoints, convert, exceptions, launching, loaded, stack
from tidelock.dap.convert import LATER, Body, field
from tidelock.dap.steps import resume as _resume
from tidelock.dap.steps import step_in_targets
from tidelock.dap.threads import stopped_thread, threads
from tidelock.shared.answers import Answer
from tidelock.shared.errors import BadRequest, LuaFailure, TidelockError
from tidelock.shared.events import ValuesChanged
from tidelock.shared.model import Fact, Idle, Value

if TYPE_CHECKING:
    from tidelock.dap.session import Session

FRESH = ("fresh",)
SET_UP = ("configuring", "active")
ANY = ("fresh", "initialized", "configuring", "active")


class NotImplementedHere(TidelockError):  # noqa: N818
    """A command the adapter does not know."""

    kind = "NotImplemented"

    def __init__(self, command: str) -> None:
        super().__init__(f"{command} is not available")


class WrongState(TidelockError):  # noqa: N818
    """A request at the wrong time."""

    kind = "state"

    def __init__(self, command: str, state: str) -> None:
        needed = {
            "fresh": "initialize comes first",
            "initialized": "launch or attach comes first",
            "configuring": "configurationDone comes first",
            "ended": "the session is over",
        }
        super().__init__(f"{command} is not possible now: {needed.get(state, state)}")


# -- beginning ---------------------------------------------------------------------------------


def hello(session: Session, arguments: Body, message: Body) -> Body:
    """The relay proves that it knows the key, before the client's first message."""
    _check_key(session, arguments)
    return {}


def _check_key(session: Session, arguments: Body) -> None:
    import hmac

    if session.trusted:
        return
    given = field(arguments, "key", str, "")
    if not hmac.compare_digest(given.encode(), session.key.encode()):
        raise BadRequest("key is missing or wrong; it stands in the kernel's connection file")
    session.trusted = True


def initialize(session: Session, arguments: Body, message: Body) -> Body:
    """The client says how it counts; the adapter says what it can."""
    session.manner = convert.Manner.of(arguments)
    session.state = "initialized"
    filters = exceptions.offered(session.context.settings.debug_break_on)
    return {**CAPABILITIES, "exceptionBreakpointFilters": filters}


def launch(session: Session, arguments: Body, message: Body) -> object:
    """Run a script or code on this kernel once the client has set its breakpoints."""
    _check_key(session, arguments)
    session.admit()
    session.no_debug = field(arguments, "noDebug", bool, False)
    session.debug_python = field(arguments, "debugPython", bool, False) and not session.no_debug
    if not isinstance(session.context.runtime.state, Idle):
        raise BadRequest("something runs on this kernel already; end it or wait")
    session.map_paths(arguments)
    session.terminal = launching.terminal_of(session, arguments)
    session.launched = launching.run_of(session, arguments)
    session.launch_arguments = arguments
    _begin(session, message)
    return LATER


def attach(session: Session, arguments: Body, message: Body) -> object:
    """Join whatever runs on this kernel."""
    _check_key(session, arguments)
    session.map_paths(arguments)
    session.admit()
    session.debug_python = field(arguments, "debugPython", bool, False)
    if session.notebook:
        session.state = "active"
        session.context.debugger.join(session.owner)
        session.respond(message, {})
        session.event("initialized")
        return LATER
    # What runs was launched elsewhere: a client that restarts leaves and comes again.
    session.event("capabilities", {"capabilities": {"supportsRestartRequest": False}})
    _begin(session, message)
    if field(arguments, "stopOnAttach", bool, False):
        session.context.debugger.pause_now()
    return LATER


def _begin(session: Session, message: Body) -> None:
    session.waiting_start = message
    session.state = "configuring"
    if not session.no_debug:
        session.context.debugger.join(session.owner)
    session.event("initialized")


def configuration_done(session: Session, arguments: Body, message: Body) -> object:
    """Everything is set: answer launch or attach, and let the program begin."""
    session.respond(message)
    waiting, session.waiting_start = session.waiting_start, None
    if waiting is None:  # a notebook attached before
        return LATER
    session.state = "active"
    session.respond(waiting)
    if session.debug_python:
        from tidelock.dap import python

        python.begin(session, lambda: _begin_program(session))
    else:
        _begin_program(session)
    return LATER


def _begin_program(session: Session) -> None:
    run = session.launched
    if launching.begin_again(session):  # asked for while Python's session was awaited
        return
    if run is not None:
        launching.begin(session, run)
    elif (stop := session.context.debugger.pause) is not None:
        session.event("stopped", convert.stopped_body(stop, stopped_thread(session, stop)))


# -- ending ------------------------------------------------------------------------------------


def disconnect(session: Session, arguments: Body, message: Body) -> object:
    """The client leaves; the program ends if it was launched here, unless the client objects."""
    wanted = arguments.get("terminateDebuggee")
    stop = wanted if isinstance(wanted, bool) else None
    stay = arguments.get("suspendDebuggee") is True and not stop
    session.respond(message)
    session.end(stop_program=False if stay else stop, stay_stopped=stay)
    return LATER


def terminate(session: Session, arguments: Body, message: Body) -> Body:
    """End the program; exited and terminated follow when it has."""
    launching.give_up(session)
    if not session.context.runtime.interrupt() and not session.launch_finished:
        session.launched = None  # it may be waiting for a Python session: it is not to begin
        session.event("terminated")
    return {}


# -- going on ----------------------------------------------------------------------------------


def pause(session: Session, arguments: Body, message: Body) -> Body:
    """Stop at the next line."""
    if session.context.debugger.pause is not None:
        raise BadRequest("stopped already")
    session.context.debugger.pause_now()
    return {}


# -- looking -----------------------------------------------------------------------------------


def scopes(session: Session, arguments: Body, message: Body) -> Answer[Body]:
    """Locals, upvalues and globals of a frame."""
    frame = field(arguments, "frameId", int)

    def shown(found: list[Any]) -> Body:
        for scope in found:
            session.frames_of[scope.handle] = frame
        return {"scopes": [convert.scope_body(scope) for scope in found]}

    return session.context.debugger.scopes(frame).map(shown)


def variables(session: Session, arguments: Body, message: Body) -> Answer[Body]:
    """A page of the children of a reference."""
    reference = field(arguments, "variablesReference", int)
    kind = field(arguments, "filter", str, "")
    start, count = field(arguments, "start", int, 0), field(arguments, "count", int, 0)
    frame, in_hex = session.frames_of.get(reference, 0), convert.in_hex(arguments)

    def shown(children: list[Value]) -> Body:
        for child in children:
            if child.handle:
                session.frames_of[child.handle] = frame
        return {"variables": [convert.variable_body(child, session.manner) for child in children]}

    asked = session.context.debugger.children(reference, kind, start, count, in_hex=in_hex)
    return asked.map(shown)


def evaluate(session: Session, arguments: Body, message: Body) -> Answer[Body]:
    """Evaluate in a frame or at global scope; a hover only reads names and constant keys."""
    text = field(arguments, "expression", str)
    frame = field(arguments, "frameId", int, 0)
    purpose = field(arguments, "context", str, "repl")
    if purpose == "hover":
        return _read_path(session, text, frame)

    def shown(value: Value) -> Body:
        if value.handle:
            session.frames_of[value.handle] = frame
        return convert.result_body(value, "result", session.manner)

    in_hex, whole = convert.in_hex(arguments), purpose == "clipboard"
    debugger = session.context.debugger
    asked = debugger.evaluate(text, frame, in_hex=in_hex, whole=whole)
    return (_telling(session, asked) if purpose == "repl" else asked).map(shown)


def _telling(session: Session, asked: Answer[Value]) -> Answer[Value]:
    """The other sessions hear of it: what they have read may be old."""

    def told(value: Value) -> Value:
        session.context.bus.publish(ValuesChanged(session.owner))
        return value

    return asked.map(told)


def _read_path(session: Session, text: str, frame: int) -> Answer[Body]:
    from tidelock.shared.language import hover
    from tidelock.shared.syntax.parser import parse

    tree = parse(text, session.context.runtime.build.dialect, "expression")
    path = hover.symbol_path(tree, len(text.rstrip()))
    if path is None or not tree.ok:
        raise BadRequest("a hover reads names and fields only")

    def shown(found: Fact | None) -> Body:
        if found is None:
            raise LuaFailure(f"'{text}' is nil or not defined here")
        value = Value(text, found.type, found.text)
        return convert.result_body(value, "result", session.manner)

    return session.context.debugger.value(path.root, path.keys, frame).map(shown)


def set_variable(session: Session, arguments: Body, message: Body) -> Answer[Body]:
    """Give a variable the value of an expression in its frame."""
    reference = field(arguments, "variablesReference", int)
    name, text = field(arguments, "name", str), field(arguments, "value", str)
    frame, in_hex = session.frames_of.get(reference, 0), convert.in_hex(arguments)
    changed = session.context.debugger.set_child(reference, name, text, frame, in_hex=in_hex)
    return _telling(session, changed).map(
        lambda value: convert.result_body(value, "value", session.manner)
    )


def set_expression(session: Session, arguments: Body, message: Body) -> Answer[Body]:
    """Assign to an expression in a frame."""
    target, text = field(arguments, "expression", str), field(arguments, "value", str)
    frame, in_hex = field(arguments, "frameId", int, 0), convert.in_hex(arguments)
    changed = session.context.debugger.assign(target, text, frame, in_hex=in_hex)
    return _telling(session, changed).map(
        lambda value: convert.result_body(value, "value", session.manner)
    )


def source(session: Session, arguments: Body, message: Body) -> Body:
    """The text of a source, also one without a file."""
    wanted = arguments.get("source") or {
        "sourceReference": field(arguments, "sourceReference", int, 0)
    }
    text = session.context.sources.text(session.sources.chunk(wanted))
    if text is None:
        raise BadRequest("the text of that source is not available")
    return {"content": text, "mimeType": "text/x-lua"}


def completions(session: Session, arguments: Body, message: Body) -> Answer[Body]:
    """Names and members for the debug console, from the frame."""
    from tidelock.shared.language import completion
    from tidelock.shared.language.facts import Facts
    from tidelock.shared.positions import Lines
    from tidelock.shared.syntax.parser import parse

    text = field(arguments, "text", str)
    line = field(arguments, "line", int, session.manner.first_line) - session.manner.first_line
    column = field(arguments, "column", int) - session.manner.first_column
    cursor = Lines(text).offset(line, column, "utf-16")
    frame = field(arguments, "frameId", int, 0)
    tree = parse(text, session.context.runtime.build.dialect, "input")
    target = completion.target(tree, cursor)
    debugger = session.context.debugger
    if target is None:
        raise BadRequest("nothing can be completed there")
    if target.root:
        asked = debugger.members(target.root, target.keys, frame)
    else:
        asked = debugger.names(frame)

    def shown(found: list[Fact]) -> Body:
        result = completion.complete(tree, cursor, Facts("observed", names=found, members=found))
        length = result.end - result.start
        targets = [
            {"label": item.label, "start": result.start, "length": length, "type": _kind(item.kind)}
            for item in result.items
        ]
        return {"targets": targets}

    return asked.map(shown)


def _kind(kind: str) -> str:
    known = {"function": "function", "method": "method", "field": "field", "keyword": "keyword"}
    return known.get(kind, "variable")


def cancel(session: Session, arguments: Body, message: Body) -> Body:
    """Give a request up; it is answered all the same."""
    session.cancel(field(arguments, "requestId", int, 0))
    return {}


class Route(NamedTuple):
    """One command; ``capability`` is what announces it."""

    function: Callable[[Session, Body, Body], Any]
    states: tuple[str, ...]
    needs_pause: bool = False
    capability: str = ""


ROUTES: dict[str, Route] = {
    "tidelock/hello": Route(hello, FRESH),
    "initialize": Route(initialize, FRESH),
    "launch": Route(launch, ("initialized",)),
    "attach": Route(attach, ("initialized",)),
    "configurationDone": Route(
        configuration_done, SET_UP, capability="supportsConfigurationDoneRequest"
    ),
    "disconnect": Route(disconnect, ANY),
    "restart": Route(launching.restart, ("active",), capability="supportsRestartRequest"),
    "terminate": Route(terminate, SET_UP, capability="supportsTerminateRequest"),
    "setBreakpoints": Route(breakpoints.set_lines, SET_UP),
    "setExceptionBreakpoints": Route(
        exceptions.set_filters, SET_UP, capability="supportsExceptionFilterOptions"
    ),
    "setFunctionBreakpoints": Route(
        breakpoints.set_functions, SET_UP, capability="supportsFunctionBreakpoints"
    ),
    "breakpointLocations": Route(
        breakpoints.locations, SET_UP, capability="supportsBreakpointLocationsRequest"
    ),
    "threads": Route(threads, SET_UP),
    "continue": Route(_resume("continue"), SET_UP, needs_pause=True),
    "next": Route(_resume("over"), SET_UP, needs_pause=True),
    "stepIn": Route(_resume("in"), SET_UP, needs_pause=True),
    "stepOut": Route(_resume("out"), SET_UP, needs_pause=True),
    "stepInTargets": Route(step_in_targets, SET_UP, True, "supportsStepInTargetsRequest"),
    "pause": Route(pause, SET_UP),
    "stackTrace": Route(stack.trace, SET_UP, True, "supportsValueFormattingOptions"),
    "scopes": Route(scopes, SET_UP, needs_pause=True),
    "variables": Route(variables, SET_UP),
    "evaluate": Route(evaluate, SET_UP, capability="supportsEvaluateForHovers"),
    "setVariable": Route(set_variable, SET_UP, True, "supportsSetVariable"),
    "setExpression": Route(set_expression, SET_UP, True, "supportsSetExpression"),
    "source": Route(source, SET_UP),
    "exceptionInfo": Route(exceptions.info, SET_UP, True, "supportsExceptionInfoRequest"),
    "loadedSources": Route(loaded.sources, SET_UP, capability="supportsLoadedSourcesRequest"),
    "modules": Route(loaded.modules, SET_UP, capability="supportsModulesRequest"),
    "completions": Route(completions, SET_UP, capability="supportsCompletionsRequest"),
    "cancel": Route(cancel, ANY, capability="supportsCancelRequest"),
}

CAPABILITIES: Body = {
    **{route.capability: True for route in ROUTES.values() if route.capability},
    "supportsConditionalBreakpoints": True,
    "supportsHitConditionalBreakpoints": True,
    "supportsLogPoints": True,
    "supportTerminateDebuggee": True,
    "supportSuspendDebuggee": True,
    "supportsClipboardContext": True,
    "supportsDelayedStackTraceLoading": True,
    "completionTriggerCharacters": [".", ":"],
}


def find(command: str) -> Route | None:
    """The route of a command."""
    return ROUTES.get(command)

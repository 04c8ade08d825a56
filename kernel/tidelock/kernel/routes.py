"""The table of what the kernel answers: message, channels, function, and whether in turn.

Who has read it has read the kernel. A function gets the kernel and the request and gives the
reply's content, an ``Answer`` of it, or None for messages without a reply. (``input_reply``,
the one message on stdin, is no request; the server takes it.)
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

from tidelock.kernel import comms, questions
from tidelock.kernel.execution import execute_request
from tidelock.shared.answers import Answer
from tidelock.shared.errors import BadRequest, TidelockError
from tidelock.shared.link.connection import PORTS
from tidelock.shared.link.wire import Content, Message

if TYPE_CHECKING:
    from tidelock.kernel.server import Kernel

Result = Content | Answer[Content] | None
Function = Callable[["Kernel", Message], Result]


class NotImplementedHere(TidelockError):  # noqa: N818
    """A request the kernel does not know."""

    kind = "NotImplemented"

    def __init__(self, name: str) -> None:
        super().__init__(f"the kernel has no {name}")


class NotSupported(TidelockError):  # noqa: N818
    """What the protocol has and this kernel refuses on purpose; the message says why."""

    kind = "unavailable"


class Route(NamedTuple):
    """One message: in turn means that it waits for the lane."""

    name: str
    channels: tuple[str, ...]
    function: Function
    in_turn: bool = False


def interrupt_request(kernel: Kernel, request: Message) -> Content:
    """End what runs; fine while idle too."""
    kernel.context.runtime.interrupt()
    return {"status": "ok"}


def shutdown_request(kernel: Kernel, request: Message) -> Result:
    """Stop, or give the runtime a new state in place."""
    restart = request.content.get("restart", False) if isinstance(request.content, dict) else False
    content: Content = {"status": "ok", "restart": bool(restart)}
    done: Answer[Content] = Answer()
    is_kept = restart and kernel.restarts_in_place
    if not is_kept:
        kernel.begin_stop(lambda: _resolve_now(done, content))
    kernel.channels.publish("shutdown_reply", content, request.raw_header)
    return kernel.context.restart().map(lambda _: content) if is_kept else done


def _resolve_now(done: Answer[Content], content: Content) -> None:
    done.resolve(content)


def debug_request(kernel: Kernel, request: Message) -> Result:
    """A DAP request; the response is the content of the reply."""
    content: Any = request.content
    port = kernel.debug_port
    if not isinstance(content, dict) or not isinstance(content.get("command"), str):
        raise BadRequest("command is missing or no text")
    if port is None:
        raise NotImplementedHere("debugger: it was not composed into this kernel")
    kernel.last_debug_request = request
    done: Answer[Content] = Answer()
    port.request(content, lambda response: _resolve_now(done, response))
    return done


def connect_request(kernel: Kernel, request: Message) -> Content:
    """The ports, for clients that know only one of them."""
    return {"status": "ok", **{name: getattr(kernel.connection, name) for name in PORTS}}


def no_subshell(kernel: Kernel, request: Message) -> Result:
    """Refuse subshells: completion, inspection and comms are answered while a cell runs."""
    raise NotSupported(
        "subshells: one Lua runtime runs one thing at a time",
        "whatever does not run Lua is answered meanwhile in the main shell",
    )


def refused(kernel: Kernel, request: Message) -> Result:
    """Refuse a message that is for a subshell, or of which only the header can be read."""
    if request.fault:
        raise BadRequest(request.fault)
    return no_subshell(kernel, request)


REFUSED = Route("", (), refused)
ROUTES: tuple[Route, ...] = (
    Route("execute_request", ("shell",), execute_request, in_turn=True),
    Route("kernel_info_request", ("shell", "control"), questions.kernel_info_request),
    Route("complete_request", ("shell",), questions.complete_request),
    Route("inspect_request", ("shell",), questions.inspect_request),
    Route("is_complete_request", ("shell",), questions.is_complete_request),
    Route("history_request", ("shell",), questions.history_request),
    Route("comm_info_request", ("shell",), comms.comm_info_request),
    Route("comm_open", ("shell",), comms.comm_open),
    Route("comm_msg", ("shell",), comms.comm_msg),
    Route("comm_close", ("shell",), comms.comm_close),
    Route("interrupt_request", ("control",), interrupt_request),
    Route("shutdown_request", ("control", "shell"), shutdown_request),
    Route("debug_request", ("control",), debug_request),
    Route("connect_request", ("shell", "control"), connect_request),
    Route("create_subshell_request", ("control",), no_subshell),
    Route("delete_subshell_request", ("control",), no_subshell),
    Route("list_subshell_request", ("control",), no_subshell),
)
_TABLE = {(channel, route.name): route for route in ROUTES for channel in route.channels}


def find(channel: str, kind: str) -> Route | None:
    """The route of a message on a channel."""
    return _TABLE.get((channel, kind))

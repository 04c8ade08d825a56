"""One debug session: a client's conversation over the Context's debugger.

It holds what belongs to the client (manner, state, open requests) and turns facts into events.
What each request does stands in ``routes``. All of it runs on the loop's thread.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Literal

from tidelock.dap import launching, publish, routes
from tidelock.dap.convert import LATER, Body, Manner, SourceBook
from tidelock.shared.answers import Answer
from tidelock.shared.context import Context
from tidelock.shared.errors import BadRequest, NotStopped, TidelockError
from tidelock.shared.events import Event
from tidelock.shared.log import layer
from tidelock.shared.model import Run

if TYPE_CHECKING:
    from tidelock.shared.debug.calls import CallSite

log = layer("dap")

State = Literal["fresh", "initialized", "configuring", "active", "ended"]
Send = Callable[[Body], None]
Console = Callable[[str], list[str]]


class Session:
    """A conversation. Every method on the loop's thread.

    Args:
        context: what is debugged.
        send: takes each message for the client.
        call: runs a function on the loop's thread, soon.
        trusted: the client has proved that it knows the kernel's key.
        key: the kernel's key, for clients that still have to.
        notebook: the client speaks through Jupyter, whose order of requests differs.
        console: gives the command line that is a program's console in a terminal.
        admit: raises TidelockError when there are too many clients already.
    """

    def __init__(
        self,
        context: Context,
        send: Send,
        call: Callable[[Callable[[], None]], None],
        *,
        trusted: bool,
        key: str = "",
        notebook: bool = False,
        console: Console | None = None,
        admit: Callable[[], None] = lambda: None,
    ) -> None:
        self.admit = admit
        self.context = context
        self.owner = f"dap-{context.ids()}"
        self.manner = Manner()
        self.state: State = "fresh"
        self.trusted = trusted
        self.key = key
        self.notebook = notebook
        self.console = console
        self.sources = SourceBook()
        self.launched: Run | None = None
        self.launch_arguments: Body = {}
        self.terminal = ""  # which kind of terminal the launched program has, empty for none
        self.restarting: tuple[Body, Run] | None = None  # the request, and what is to run next
        self.launch_finished = False
        self.waiting_start: Body | None = None
        self.no_debug = False
        self.debug_python = False
        self.asked_to_resume = False
        self.frames_of: dict[int, int] = {}
        self.told_sources: set[str] = set()
        self.told_modules: set[str] = set()
        self.threads: set[int] = set()  # shown to the client, and not told to have ended
        self.told_of_more = False
        self.targets: dict[int, tuple[int, CallSite]] = {}  # of this stop, by their numbers
        self.last_target = 0
        self._send_message = send
        self._call = call
        self._seq = 0
        self._open: dict[int, Answer[Any]] = {}
        self._asked: dict[int, Callable[[Body], None]] = {}  # reverse requests, by number
        self._unsubscribe = context.bus.subscribe(self._on_event)

    def map_paths(self, arguments: Body) -> None:
        """The client sees the sources at another place, if its launch or attach says so.

        Raises:
            BadRequest: what it says of that cannot be used.
        """
        if arguments.get("pathMappings") is not None:
            from tidelock.dap.mappings import Mappings  # late: few want it

            self.sources.mappings = Mappings.of(arguments)

    # -- messages ----------------------------------------------------------------------------

    def receive(self, message: Body) -> None:
        """Take one message of the client; every request gets exactly one response."""
        if message.get("type") == "response":
            answered = self._asked.pop(message.get("request_seq", 0), None)
            if answered is not None:
                answered(message)
            return
        if message.get("type") != "request":
            log.info("ignored a message that is no request", kind=str(message.get("type"))[:40])
            return
        if not isinstance(message.get("seq"), int) or not isinstance(message.get("command"), str):
            log.warn("ignored a request without seq or command")
            return
        try:
            result = self._do(message)
        except TidelockError as error:
            self.fail(message, str(error), error.kind)
            return
        except Exception as error:
            log.error("a request failed", command=message["command"], error=repr(error))
            self.fail(message, f"internal error: {error}", "internal")
            return
        if isinstance(result, Answer):
            self._open[message["seq"]] = result
            result.then(lambda done: self._call(lambda: self._settle(message, done)))
        elif result is not LATER:
            self.respond(message, result)

    def _do(self, message: Body) -> Any:
        command = message["command"]
        arguments = message.get("arguments") or {}
        route = routes.find(command)
        if route is None:
            raise routes.NotImplementedHere(command)
        if not isinstance(arguments, dict):
            raise BadRequest("arguments is no object")
        if self.state not in route.states:
            raise routes.WrongState(command, self.state)
        if route.needs_pause and self.context.debugger.pause is None:
            raise NotStopped("not stopped")
        return route.function(self, arguments, message)

    def _settle(self, message: Body, done: Answer[Any]) -> None:
        self._open.pop(message["seq"], None)
        if self.state == "ended":
            return
        if done.error is None:
            self.respond(message, done.result())
        elif done.cancelled:
            self.fail(message, "cancelled", "cancelled")
        else:
            kind = done.error.kind if isinstance(done.error, TidelockError) else "internal"
            self.fail(message, str(done.error), kind)

    def cancel(self, seq: int) -> None:
        """Give an open request up; it is still answered."""
        answer = self._open.get(seq)
        if answer is not None:
            answer.cancel()

    def respond(self, message: Body, body: Body | None = None) -> None:
        """Answer a request."""
        response: Body = {
            "type": "response",
            "request_seq": message["seq"],
            "command": message["command"],
            "success": True,
        }
        if body is not None:
            response["body"] = body
        self._send(response)

    def fail(self, message: Body, words: str, kind: str) -> None:
        """Refuse a request, saying why."""
        error = {"id": publish.ERROR_IDS.get(kind, 1), "format": words, "showUser": False}
        self._send(
            {
                "type": "response",
                "request_seq": message["seq"],
                "command": message["command"],
                "success": False,
                "message": words,
                "body": {"error": error},
            }
        )

    def event(self, name: str, body: Body | None = None) -> None:
        """Send an event."""
        message: Body = {"type": "event", "event": name}
        if body is not None:
            message["body"] = body
        self._send(message)

    def ask(self, command: str, arguments: Body, answered: Callable[[Body], None]) -> None:
        """Send a reverse request; ``answered`` gets the client's response."""
        self._asked[self._seq + 1] = answered
        self._send({"type": "request", "command": command, "arguments": arguments})

    def _send(self, message: Body) -> None:
        self._seq += 1
        self._send_message({"seq": self._seq, **message})

    def soon(self, function: Callable[[], None]) -> None:
        """Have a function called on the loop's thread; from any thread."""
        self._call(function)

    # -- facts and the end -------------------------------------------------------------------

    def _on_event(self, happened: Event) -> None:
        self._call(lambda: publish.event(self, happened))

    def end(self, *, stop_program: bool | None = None, stay_stopped: bool = False) -> None:
        """The session is over: its breakpoints go, a program it launched ends, a pause resumes.

        Args:
            stop_program: whether to end the program; None decides by who launched it.
            stay_stopped: a pause goes on, until someone comes and resumes.
        """
        if self.state == "ended":
            return
        launching.give_up(self)
        self.state = "ended"
        self._unsubscribe()
        for answer in self._open.values():
            answer.cancel()
        context = self.context
        context.debugger.leave(self.owner)
        stop = bool(self.launched) if stop_program is None else stop_program
        if stop and not (self.launched and self.launch_finished):
            context.runtime.interrupt()
        elif context.debugger.pause and not context.debugger.sessions and not stay_stopped:
            with contextlib.suppress(NotStopped):  # somebody was quicker
                context.debugger.go_on("continue")

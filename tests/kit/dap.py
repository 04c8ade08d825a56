"""A Debug Adapter Protocol client for tests: does what editors do and checks every message.

    with DapClient(StdioTransport([sys.executable, "-m", "debugpy.adapter"])) as client:
        client.launch(program=path, breakpoints={path: [3]})
        stop = client.wait_for_stop("breakpoint")
        assert client.locals() == {"x": "1"}

Each message both ways is checked against the schema, each received one also against the rules of
``RULES``; a breach is raised by the next call. It never guesses and never sends what the test did
not ask for. The file is long because it is one class with a short method per thing editors do.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from kit import dap_schema as schema
from kit.dap_conduct import RULES, Conduct
from kit.rules import Judge, ProtocolViolation, Violation
from kit.timeline import Failure, Timeline
from kit.transports import Handler, Json, MemoryTransport, StdioTransport, TcpTransport, Transport

__all__ = [
    "EDITORS",
    "RULES",
    "DapClient",
    "Handler",
    "MemoryTransport",
    "Pending",
    "ProtocolViolation",
    "RequestFailed",
    "StdioTransport",
    "Stop",
    "TcpTransport",
    "Transport",
]

EDITORS: Mapping[str, frozenset[str]] = {
    "vscode": frozenset(
        {
            "supportsVariableType",
            "supportsVariablePaging",
            "supportsRunInTerminalRequest",
            "supportsProgressReporting",
            "supportsInvalidatedEvent",
            "supportsMemoryReferences",
            "supportsMemoryEvent",
            "supportsArgsCanBeInterpretedByShell",
            "supportsStartDebuggingRequest",
        }
    ),
    "neovim": frozenset(
        {
            "supportsVariableType",
            "supportsRunInTerminalRequest",
            "supportsProgressReporting",
            "supportsStartDebuggingRequest",
        }
    ),
    "zed": frozenset(
        {
            "supportsVariableType",
            "supportsRunInTerminalRequest",
            "supportsMemoryReferences",
            "supportsStartDebuggingRequest",
            "supportsANSIStyling",
        }
    ),
    "helix": frozenset(
        {"supportsVariableType", "supportsRunInTerminalRequest", "supportsProgressReporting"}
    ),
    "emacs": frozenset(
        {
            "supportsRunInTerminalRequest",
            "supportsArgsCanBeInterpretedByShell",
            "supportsProgressReporting",
            "supportsStartDebuggingRequest",
        }
    ),
    "jupyterlab": frozenset(
        {"supportsVariableType", "supportsVariablePaging", "supportsRunInTerminalRequest"}
    ),
}
"""What each editor says of itself in ``initialize``."""


class RequestFailed(Failure):
    """The adapter refused a request; ``message`` is its short text, ``response`` all of it."""

    def __init__(self, response: Json, picture: str = "") -> None:
        self.response = response
        self.message = str(response.get("message"))
        body = response.get("body")
        error = body.get("error") if isinstance(body, Mapping) else None
        self.error: Mapping[str, Any] = error if isinstance(error, Mapping) else {}
        detail = f" ({self.error.get('format')})" if self.error else ""
        super().__init__(f"{response.get('command')} failed: {self.message}{detail}\n{picture}")


@dataclass(frozen=True)
class Stop:
    """A ``stopped`` event."""

    reason: str
    thread: int | None
    body: Mapping[str, Any]

    @property
    def text(self) -> str:
        """Additional information, for instance the error that was raised."""
        return str(self.body.get("text", ""))

    @property
    def hit(self) -> list[int]:
        """The ids of the breakpoints that were hit."""
        return list(self.body.get("hitBreakpointIds", ()))


class Pending:
    """A request that was sent, and its response once it is there."""

    def __init__(self, client: DapClient, request: Json) -> None:
        self.request = request
        self._client = client
        self._response: Json | None = None

    @property
    def command(self) -> str:
        """Its command."""
        return str(self.request["command"])

    @property
    def seq(self) -> int:
        """Its number, as ``cancel`` wants it."""
        return int(self.request["seq"])

    @property
    def answered(self) -> bool:
        """Whether the response is there."""
        return self._response is not None

    def answer(self, response: Json) -> None:
        """The response came; called by the client only."""
        self._response = response

    def wait(self, timeout: float | None = None) -> Json:
        """The response, of success or failure."""
        what = f"the response to {self.command} (seq {self.seq})"
        response: Json = self._client.wait_until(lambda: self._response, timeout, what)
        return response

    def result(self, timeout: float | None = None) -> Json:
        """The response; RequestFailed if it is a failure."""
        response = self.wait(timeout)
        if response.get("success") is not True:
            raise RequestFailed(response, self._client.timeline.picture())
        return response


class DapClient:
    """One debug session, seen from the editor.

    Args:
        transport: the way to the adapter; opened at once, closed by ``close``.
        timeout: how long each wait may take, in seconds.
        waive: names of ``RULES`` that this adapter is known to break.
        strict: if false, breaches are only collected in ``violations``.

    Methods are for the test's thread; what the adapter sends is taken in by the transport's.
    """

    def __init__(
        self,
        transport: Transport,
        *,
        timeout: float = 10.0,
        waive: Collection[str] = (),
        strict: bool = True,
    ) -> None:
        self.transport = transport
        self.timeline = Timeline()
        self.timeline.appendix = transport.describe
        self._judge = Judge(self.timeline, RULES, waive, strict)
        self._conduct = Conduct(self._judge)
        self._timeout = timeout
        self._seq = 0
        self._sent: dict[int, Pending] = {}
        self._last_stop: Stop | None = None
        self._events: dict[str, list[Json]] = {}  # by name, those not yet given to the test
        self._sending = threading.Lock()
        self._answers: dict[str, Callable[[Json], Mapping[str, Any] | None]] = {}
        transport.open(self)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if error is None:
            self.close()
        else:  # the error of the test is the one to be read
            with contextlib.suppress(Failure):
                self.close()

    @property
    def capabilities(self) -> Json:
        """What the adapter says it can."""
        return self._conduct.capabilities

    @property
    def violations(self) -> list[Violation]:
        """Every breach so far."""
        return self._judge.violations

    # Requests

    def post(
        self, command: str, arguments: Mapping[str, Any] | None = None, *, checked: bool = True
    ) -> Pending:
        """Send a request and do not wait; ``checked=False`` lets a malformed one through."""
        message: Json = {"type": "request", "command": command}
        if arguments is not None:
            message["arguments"] = dict(arguments)
        pending = Pending(self, message)

        self._send(message, checked, pending)
        return pending

    def request(
        self,
        command: str,
        arguments: Mapping[str, Any] | None = None,
        timeout: float | None = None,
    ) -> Json:
        """Send a request and give its successful response; RequestFailed otherwise."""
        return self.post(command, arguments).result(timeout)

    def request_failing(
        self,
        command: str,
        arguments: Mapping[str, Any] | None = None,
        timeout: float | None = None,
        *,
        checked: bool = True,
    ) -> Json:
        """Send a request that must be refused, and give the refusal."""
        response = self.post(command, arguments, checked=checked).wait(timeout)
        if response.get("success") is True:
            raise Failure(f"{command} was to fail, but did not\n{self.timeline.picture()}")
        return response

    def send_raw(self, data: bytes) -> None:
        """Send bytes as they are, past all checks."""
        self.transport.send_raw(data)

    def answer(
        self,
        command: str,
        body: Mapping[str, Any] | Callable[[Json], Mapping[str, Any] | None] | None = None,
    ) -> None:
        """What to answer to a reverse request: a body, or a function of its arguments.

        The function runs on the transport's thread: it must not wait for this adapter. If it
        raises, the request is refused with the error's text. Without any answer for its command
        a reverse request is refused.
        """
        self._answers[command] = body if callable(body) else lambda _arguments: body

    # Waiting

    def wait_until(self, look: Callable[[], Any], timeout: float | None, what: str) -> Any:
        """Wait until ``look`` gives something; a breach is raised at once."""
        return self.timeline.wait_until(
            self._judge.watching(look), self._timeout if timeout is None else timeout, what
        )

    def wait_for_event(
        self,
        name: str,
        predicate: Callable[[Json], Any] | None = None,
        timeout: float | None = None,
    ) -> Json:
        """The next event of a name that was not given before; ``predicate`` is asked its body."""

        seen = 0

        def look() -> Json | None:
            nonlocal seen
            events = self._events.get(name, [])
            for index in range(seen, len(events)):
                if predicate is None or predicate(events[index].get("body") or {}):
                    return events.pop(index)
            seen = len(events)
            return None

        event: Json = self.wait_until(look, timeout, f"the event {name}")
        return event

    def wait_for_stop(self, reason: str | None = None, timeout: float | None = None) -> Stop:
        """The next stop; it fails at once if its reason is another, or if the program has ended."""

        def look() -> Json | Failure | None:
            if stops := self._events.get("stopped"):
                return stops.pop(0)
            for name in ("terminated", "exited"):
                if name in self._conduct.over:
                    return Failure(f"{name} came instead of a stop")
            return None

        found = self.wait_until(look, timeout, f"a stop ({reason or 'any'})")
        if isinstance(found, Failure):
            raise Failure(f"{found}\n{self.timeline.picture()}")
        body = found.get("body") or {}
        stop = Stop(str(body.get("reason")), body.get("threadId"), body)
        self._last_stop = stop
        if reason is not None and stop.reason != reason:
            raise Failure(
                f"stopped by {stop.reason!r} instead of {reason!r}\n{self.timeline.picture()}"
            )
        return stop

    def wait_for_end(self, timeout: float | None = None) -> int | None:
        """Wait for ``terminated``; gives the exit code if ``exited`` told one."""
        self.wait_for_event("terminated", timeout=timeout)
        codes = [body["exitCode"] for body in self._bodies("exited")]
        return codes[-1] if codes else None

    # What editors do

    def initialize(self, editor: str = "vscode", **client_capabilities: Any) -> Json:
        """Introduce ourselves as an editor of ``EDITORS``; gives the adapter's capabilities."""
        flags = dict.fromkeys(sorted(EDITORS[editor]), True)
        names = {"clientID": editor, "clientName": editor, "adapterID": "tidelock"}
        counting = {"linesStartAt1": True, "columnsStartAt1": True, "pathFormat": "path"}
        self.request(
            "initialize", {**names, "locale": "en", **counting, **flags, **client_capabilities}
        )
        return self.capabilities

    def launch(
        self,
        program: str | Path | None = None,
        *,
        command: str = "launch",
        breakpoints: Mapping[str | Path, Sequence[int | Mapping[str, Any]]] | None = None,
        exceptions: Sequence[str] | None = None,
        configure: Callable[[DapClient], object] | None = None,
        editor: str = "vscode",
        timeout: float | None = None,
        **arguments: Any,
    ) -> Json:
        """Start a program as editors do, and give the response to ``launch``.

        initialize (unless done), launch without waiting, the event initialized, breakpoints,
        exception filters (the adapter's defaults unless given), ``configure``, configurationDone,
        and only then the response to launch.
        """
        if not self._conduct.client_capabilities:
            self.initialize(editor)
        if program is not None:
            arguments["program"] = str(program)
        started = self.post(command, arguments)
        self.wait_until(
            lambda: self._conduct.initialized or started.answered or None,
            timeout,
            "the event initialized",
        )
        if started.answered:
            started.result(timeout)  # a refusal is to be heard at once
        self.wait_until(lambda: self._conduct.initialized or None, timeout, "the event initialized")
        for path, lines in (breakpoints or {}).items():
            self.set_breakpoints(path, lines)
        filters = self.capabilities.get("exceptionBreakpointFilters") or ()
        if exceptions is None:
            exceptions = [each["filter"] for each in filters if each.get("default")]
        if exceptions or filters:
            self.request("setExceptionBreakpoints", {"filters": list(exceptions)})
        if configure is not None:
            configure(self)
        if self.capabilities.get("supportsConfigurationDoneRequest"):
            self.request("configurationDone", {}, timeout)
        return started.result(timeout)

    def attach(self, **arguments: Any) -> Json:
        """The same with ``attach``."""
        return self.launch(command="attach", **arguments)

    def set_breakpoints(
        self, source: str | Path | Mapping[str, Any], lines: Sequence[int | Mapping[str, Any]]
    ) -> list[Json]:
        """Replace the breakpoints of a path (or a DAP source); gives the adapter's answer."""
        asked = [{"line": each} if isinstance(each, int) else dict(each) for each in lines]
        if not isinstance(source, Mapping):
            source = {"name": Path(source).name, "path": str(source)}
        response = self.request("setBreakpoints", {"source": dict(source), "breakpoints": asked})
        return list(response["body"]["breakpoints"])

    def resume(self, thread: int | None = None, **arguments: Any) -> Json:
        """Continue."""
        return self.request("continue", {"threadId": self._thread(thread), **arguments})

    def step(
        self,
        command: str = "next",
        *,
        thread: int | None = None,
        reason: str | None = "step",
        timeout: float | None = None,
        **arguments: Any,
    ) -> Stop:
        """``next``, ``stepIn``, ``stepOut`` ..., and wait for the stop that follows."""
        self.request(command, {"threadId": self._thread(thread), **arguments}, timeout)
        return self.wait_for_stop(reason, timeout)

    def pause(self, thread: int | None = None, timeout: float | None = None) -> Stop:
        """Pause, and wait for the stop."""
        if thread is None and self._last_stop is None:
            thread = self.threads()[0]["id"]
        self.request("pause", {"threadId": self._thread(thread)}, timeout)
        return self.wait_for_stop("pause", timeout)

    def disconnect(self, **arguments: Any) -> Json:
        """End the session in order."""
        return self.request("disconnect", arguments)

    def threads(self) -> list[Json]:
        """The threads."""
        return list(self.request("threads")["body"]["threads"])

    def stack(self, thread: int | None = None, **arguments: Any) -> list[Json]:
        """The frames of a thread, innermost first; by default of the one that stopped last."""
        response = self.request("stackTrace", {"threadId": self._thread(thread), **arguments})
        return list(response["body"]["stackFrames"])

    def top_frame(self, thread: int | None = None) -> Json:
        """The innermost frame."""
        frames = self.stack(thread, startFrame=0, levels=1)
        if not frames:
            raise Failure(f"the stack is empty\n{self.timeline.picture()}")
        return frames[0]

    def scopes(self, frame: int | None = None) -> list[Json]:
        """The scopes of a frame, by default of the innermost one."""
        frame = self.top_frame()["id"] if frame is None else frame
        return list(self.request("scopes", {"frameId": frame})["body"]["scopes"])

    def variables(self, reference: int, **arguments: Any) -> list[Json]:
        """The children of a reference."""
        response = self.request("variables", {"variablesReference": reference, **arguments})
        return list(response["body"]["variables"])

    def scope(self, name: str, frame: int | None = None) -> dict[str, str]:
        """The variables of the scope of a name, as name and text."""
        scopes = self.scopes(frame)
        for scope in scopes:
            if scope["name"] == name:
                return self._texts(scope)
        raise Failure(f"no scope {name!r} in {[scope['name'] for scope in scopes]}")

    def locals(self, frame: int | None = None) -> dict[str, str]:
        """The local variables of a frame, as name and text."""
        scopes = self.scopes(frame)
        for scope in scopes:
            if scope.get("presentationHint") == "locals" or scope["name"].startswith("Local"):
                return self._texts(scope)
        raise Failure(f"no scope of locals in {[scope['name'] for scope in scopes]}")

    def evaluate(
        self,
        expression: str,
        frame: int | None = None,
        context: str | None = "repl",
        timeout: float | None = None,
    ) -> str:
        """The text of a value, in a frame, by default the innermost one of the stopped thread."""
        arguments: Json = {"expression": expression}
        if frame is None and self._conduct.halted:
            frame = self.top_frame()["id"]
        if frame is not None:
            arguments["frameId"] = frame
        if context is not None:
            arguments["context"] = context
        return str(self.request("evaluate", arguments, timeout)["body"]["result"])

    def output(self, *categories: str) -> str:
        """All output of these categories so far, stdout if none is given."""
        wanted = categories or ("stdout",)
        return "".join(
            body["output"]
            for body in self._bodies("output")
            if body.get("category", "console") in wanted
        )

    # The end

    def vanish(self) -> None:
        """Go away without a word, as an editor that crashed; breaches until now are raised."""
        self.transport.vanish()
        self._judge.settle()

    def close(self) -> None:
        """End the connection and raise what the adapter did wrong and no call has told yet."""
        if self._conduct.left():
            with contextlib.suppress(Failure):
                self.timeline.wait_until(
                    lambda: not self._conduct.unanswered or None, 1.0, "the last answers"
                )
            for request in self._conduct.unanswered:
                self._judge.broken("unanswered", f"{request['command']} never was", request)
        self.transport.close()
        self._judge.settle()

    # The listener, on the transport's thread

    def received(self, message: Json) -> None:
        """A message came; for the transport only."""
        with self.timeline.changed:
            kind = str(message.get("type"))
            name = str(message.get("event" if kind == "event" else "command"))
            body = message.get("arguments" if kind == "request" else "body")
            self.timeline.add("received", kind, name, body, message, _title(message))
            self._conduct.received(message)
            if kind == "event":
                self._events.setdefault(name, []).append(message)
            elif kind == "response" and isinstance(seq := message.get("request_seq"), int):
                pending = self._sent.get(seq)
                if pending is not None and not pending.answered:
                    pending.answer(message)
        if kind == "request":
            self._asked(name, message)

    def garbled(self, text: str) -> None:
        """Bytes came that are no message; for the transport only."""
        self._judge.broken("framing", text)

    def ended(self, reason: str) -> None:
        """Nothing more will come; for the transport only."""
        self.timeline.end(reason)

    def _asked(self, command: str, message: Json) -> None:
        answer = self._answers.get(command)
        reply: Json = {"type": "response", "request_seq": message.get("seq"), "command": command}
        if answer is None:
            reply.update(_refusal(f"the test gives no answer to {command}"))
        else:
            try:
                body = answer(message.get("arguments") or {})
            except Exception as error:
                reply.update(_refusal(f"{type(error).__name__}: {error}"))
            else:
                reply.update(success=True, **({} if body is None else {"body": dict(body)}))
        with contextlib.suppress(Failure):  # an adapter that is gone shows elsewhere
            self._send(reply)

    # Inside

    def _send(self, message: Json, checked: bool = True, pending: Pending | None = None) -> None:
        if checked and (faults := schema.faults({"seq": 1, **message})):
            raise Failure(f"the test's own message is wrong: {faults}\n{message}")
        # Not under the timeline's lock: the peer may have to be read before it takes all of this.
        with self._sending:
            with self.timeline.changed:
                self._seq += 1
                message["seq"] = self._seq
                if pending is not None:
                    self._sent[self._seq] = pending
                self._conduct.sent(message)
                kind, name = message["type"], message["command"]
                body = message.get("arguments" if kind == "request" else "body")
                self.timeline.add("sent", kind, name, body, message, _title(message))
            self.transport.send(message)

    def _thread(self, thread: int | None) -> int:
        if thread is not None:
            return thread
        if self._last_stop is None or self._last_stop.thread is None:
            raise Failure("nothing is stopped: which thread is meant?")
        return self._last_stop.thread

    def _bodies(self, event: str) -> list[Mapping[str, Any]]:
        return [
            entry.message.get("body") or {}
            for entry in self.timeline.entries
            if entry.kind == "event" and entry.name == event
        ]

    def _texts(self, scope: Mapping[str, Any]) -> dict[str, str]:
        found = self.variables(scope["variablesReference"])
        return {variable["name"]: variable["value"] for variable in found}


def _refusal(text: str) -> Json:
    return {"success": False, "message": text, "body": {"error": {"id": 1, "format": text}}}


def _title(message: Mapping[str, Any]) -> str:
    kind = message.get("type")
    name = message.get("event" if kind == "event" else "command")
    if kind != "response":
        return f"{name} #{message.get('seq')}"
    success = "" if message.get("success") else f" FAILED {message.get('message')!r}"
    return f"{name} #{message.get('seq')} to #{message.get('request_seq')}{success}"

"""How a debug adapter must behave beyond the form of its messages.

One ``Conduct`` follows one session by its messages alone; it sends nothing and waits for nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kit import dap_schema as schema
from kit.rules import Judge

Json = dict[str, Any]

RULES: Mapping[str, str] = {
    "framing": "the bytes are whole messages",
    "schema": "a message is as the schema says",
    "seq": "the numbers of one side rise",
    "response": "a request is answered exactly once, and only a request is",
    "error-body": "a failure has a message, and a body with the error",
    "initialize": "nothing but its response comes before initialize is answered",
    "initialized": "the event initialized comes once",
    "launch-order": "launch and attach are answered after configurationDone",
    "resume-order": "a request to resume is answered before the events that it causes",
    "breakpoints": "as many breakpoints are answered as were asked for",
    "breakpoint-line": "a verified breakpoint has an id and a line",
    "capability": "what a client did not announce is not used",
    "end": "exited comes before terminated, and each once",
    "unanswered": "at the end of an orderly session nothing is left without an answer",
}

_RESUMES = frozenset(
    ("continue", "next", "stepIn", "stepOut", "stepBack", "reverseContinue", "goto", "restartFrame")
)
_AFTER_RESUME = frozenset({"stopped", "continued", "exited", "terminated"})
_LISTS = {
    "setBreakpoints": ("breakpoints", "lines"),
    "setFunctionBreakpoints": ("breakpoints",),
    "setDataBreakpoints": ("breakpoints",),
    "setInstructionBreakpoints": ("breakpoints",),
}
_NEEDED = {
    "runInTerminal": "supportsRunInTerminalRequest",
    "startDebugging": "supportsStartDebuggingRequest",
    "progressStart": "supportsProgressReporting",
    "progressUpdate": "supportsProgressReporting",
    "progressEnd": "supportsProgressReporting",
    "invalidated": "supportsInvalidatedEvent",
    "memory": "supportsMemoryEvent",
}


class Conduct:
    """What has been said in a session, and the judge who hears of each broken rule.

    ``capabilities`` are the adapter's, ``over`` holds which of exited and terminated came,
    ``halted`` says whether some thread is stopped. Calls come one at a time, in order.
    """

    def __init__(self, judge: Judge) -> None:
        self.capabilities: Json = {}
        self.client_capabilities: Json = {}
        self.initialized = False
        self.over: set[str] = set()
        self._judge = judge
        self._open: dict[int, Json] = {}  # requests without an answer, by seq
        self._answered: dict[int, str] = {}
        self._ready = False
        self._configured = False
        self._seq = 0
        self._stopped: set[int] | None = set()  # threads; None is all
        self._resuming: dict[int, int | None] = {}  # seq of a resume: its thread, None is all

    @property
    def halted(self) -> bool:
        """Whether some thread is stopped."""
        return self._stopped is None or bool(self._stopped)

    @property
    def unanswered(self) -> list[Json]:
        """The requests that still wait for an answer."""
        return list(self._open.values())

    def left(self) -> bool:
        """Whether the client has taken its leave and the adapter has agreed."""
        return "disconnect" in self._answered.values()

    def sent(self, message: Json) -> None:
        """The client sends this."""
        if message["type"] != "request":
            return
        command, arguments = message["command"], _object(message.get("arguments"))
        self._open[message["seq"]] = message
        if command == "configurationDone":
            self._configured = True
        elif command == "initialize":
            self.client_capabilities = arguments
        elif command in _RESUMES:
            thread = arguments.get("threadId")
            if self._stopped is None or thread in self._stopped:
                self._resuming[message["seq"]] = None if self._stopped is None else thread

    def received(self, message: Json) -> None:
        """The adapter sent this."""
        faults = schema.faults(message)
        for fault in faults:
            self._judge.broken("schema", fault, message)
        kind = message.get("type")
        name = message.get("event" if kind == "event" else "command")
        self._numbered(message)
        if kind == "response":
            self._responded(message, sound=not faults)
            return
        if not self._ready:
            self._judge.broken("initialize", f"{kind} {name} before it was answered", message)
        if not isinstance(name, str) or faults:
            return  # nothing can be concluded from it
        needed = _NEEDED.get(name)
        if needed and not self.client_capabilities.get(needed):
            self._judge.broken("capability", f"{name} without {needed}", message)
        if kind == "event":
            self._happened(name, _object(message.get("body")), message)

    def _numbered(self, message: Json) -> None:
        seq = message.get("seq")
        if isinstance(seq, int):
            if seq <= self._seq:
                self._judge.broken("seq", f"{seq} after {self._seq}", message)
            self._seq = seq

    def _responded(self, message: Json, sound: bool) -> None:
        seq = message.get("request_seq")
        if not isinstance(seq, int) or (seq not in self._open and seq not in self._answered):
            self._judge.broken("response", "it answers no request of ours", message)
            return
        if seq in self._answered:
            self._judge.broken("response", f"{self._answered[seq]} was answered before", message)
            return
        request = self._open.pop(seq)
        command = self._answered[seq] = request["command"]
        self._resuming.pop(seq, None)
        if command == "initialize":
            self._ready = True
        if message.get("command") != command:
            self._judge.broken("response", f"it was {command} that was asked", message)
        if message.get("success") is not True:
            error = _object(message.get("body")).get("error")
            if not message.get("message") or not error:
                self._judge.broken("error-body", f"{command} failed without", message)
        elif sound:
            self._succeeded(command, request, message)

    def _succeeded(self, command: str, request: Json, message: Json) -> None:
        body = _object(message.get("body"))
        if command == "initialize":
            self.capabilities.update(body)
        elif command in ("launch", "attach"):
            due = self.capabilities.get("supportsConfigurationDoneRequest")
            if due and not self._configured:
                self._judge.broken(
                    "launch-order", f"{command} was answered before configurationDone", message
                )
        elif command in _RESUMES:
            self._stopped = set()
            self._resuming.clear()
        elif command in _LISTS:
            self._set(command, _object(request.get("arguments")), body["breakpoints"], message)

    def _set(self, command: str, arguments: Json, given: list[Json], message: Json) -> None:
        asked: list[Any] = next((arguments[key] for key in _LISTS[command] if key in arguments), [])
        if len(given) != len(asked):
            self._judge.broken("breakpoints", f"{len(asked)} were asked for", message)
        for each in given:
            if command == "setBreakpoints" and each["verified"] and not {"id", "line"} <= set(each):
                self._judge.broken("breakpoint-line", f"missing in {each}", message)

    def _happened(self, name: str, body: Json, message: Json) -> None:
        if name in _AFTER_RESUME:
            for seq, thread in self._resuming.items():
                if thread in (None, body.get("threadId", thread)):
                    command = self._open[seq]["command"]
                    self._judge.broken(
                        "resume-order", f"{name} before {command} was answered", message
                    )
        if name == "stopped":
            if body.get("allThreadsStopped"):
                self._stopped = None
            elif self._stopped is not None:
                self._stopped.add(body.get("threadId", 0))
        elif name == "continued":
            self._stopped = set()
        elif name == "initialized":
            if self.initialized:
                self._judge.broken("initialized", "it came before", message)
            self.initialized = True
        elif name == "capabilities":
            self.capabilities.update(_object(body.get("capabilities")))
        elif name in ("exited", "terminated"):
            self._stopped = set()
            if name in self.over:
                self._judge.broken("end", f"{name} came twice", message)
            elif "terminated" in self.over:
                self._judge.broken("end", "exited came after terminated", message)
            self.over.add(name)


def _object(value: Any) -> Json:
    return value if isinstance(value, dict) else {}

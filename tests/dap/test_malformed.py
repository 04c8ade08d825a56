"""What no client should send: every request in every state, and ten thousand messages of chance.

Each request gets one well-formed response, no failure is an internal one, and afterwards the
session works.
"""

from __future__ import annotations

import random
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from kit.dap_schema import faults
from kit.kernels import Served, embedded
from tidelock.dap.client import Channel
from tidelock.dap.routes import ROUTES
from tidelock.terminal import compose

Json = dict[str, Any]
LOOP = "local n = 0\nwhile not done do\n  n = n + 1\nend\nreturn n"
STATES = ("fresh", "initialized", "configuring", "idle", "running", "stopped", "ended")
WAIT_S = 20.0


class Raw:
    """A client that sends whatever it is told to, and keeps what comes."""

    def __init__(self, served: Served) -> None:
        assert served.embedded is not None
        self._served = served
        self._changed = threading.Condition()
        self._seq = 0
        self.messages: list[Json] = []
        self._responses: dict[int, list[Json]] = {}
        self._channel: Channel = compose.debug_inside(served.embedded)(self._receive)

    def _receive(self, message: Json | None) -> None:
        with self._changed:
            if message is not None:
                self.messages.append(message)
                if message["type"] == "response":
                    self._responses.setdefault(message["request_seq"], []).append(message)
            self._changed.notify_all()

    def send(self, command: Any, arguments: Any = None) -> int:
        """Send a request; its number."""
        self._seq += 1
        message = {"seq": self._seq, "type": "request", "command": command}
        self.send_message(message if arguments is None else {**message, "arguments": arguments})
        return self._seq

    def send_message(self, message: Json) -> None:
        self._channel.send(message)

    def responses(self, seq: int) -> list[Json]:
        return self._responses.get(seq, [])

    def answer(self, seq: int) -> Json:
        """The response to a request."""
        with self._changed:
            found = self._changed.wait_for(lambda: self.responses(seq), WAIT_S)
            assert found, f"no response\n{self._served.condition()}"
            return self.responses(seq)[0]

    def ask(self, command: str, **arguments: Any) -> Json:
        """The body of a response of success."""
        response = self.answer(self.send(command, arguments))
        assert response["success"], f"{response}\n{self._served.condition()}"
        return dict(response.get("body") or {})

    def wait_for_event(self, name: str, count: int = 1) -> None:
        def there() -> bool:
            return sum(1 for m in self.messages if m.get("event") == name) >= count

        with self._changed:
            found = self._changed.wait_for(there, WAIT_S)
            assert found, f"no event {name}\n{self._served.condition()}"

    def close(self) -> None:
        self._channel.close()

    def __enter__(self) -> Raw:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


@pytest.fixture
def kernel() -> Iterator[Served]:
    """One for each test: what one leaves behind is not the next one's fault."""
    with embedded() as served:
        yield served


@pytest.fixture
def raw(kernel: Served) -> Iterator[Raw]:
    with Raw(kernel) as made:
        yield made


def bring(raw: Raw, state: str) -> None:
    """Bring a new session into a state."""
    if state == "fresh":
        return
    raw.ask("initialize", adapterID="x")
    if state == "initialized":
        return
    if state in ("running", "stopped"):
        launch = raw.send("launch", {"code": f"done = false\n{LOOP}"})
    else:
        launch = raw.send("attach", {})
    if state == "configuring":
        return
    raw.ask("configurationDone")
    assert raw.answer(launch)["success"]
    if state == "stopped":
        raw.ask("pause")
        raw.wait_for_event("stopped")
    elif state == "ended":
        raw.ask("disconnect")


def finish(raw: Raw, kernel: Served) -> None:
    """Whatever became of it: what runs ends, and the next session debugs from end to end."""
    raw.close()
    quieten(kernel)
    with Raw(kernel) as after:
        bring(after, "stopped")
        assert after.ask("evaluate", expression="20 + 1")["result"] == "21"
    quieten(kernel)


def quieten(kernel: Served) -> None:
    """End what runs, and wait until it has."""
    assert kernel.embedded is not None
    kernel.embedded.client.interrupt().result(WAIT_S)
    execute(kernel, "nil")


def execute(kernel: Served, text: str) -> str:
    """Run a text; how it ended."""
    assert kernel.embedded is not None
    reply = kernel.embedded.client.execute(text)
    assert reply.wait(WAIT_S), f"{text} has no end\n{kernel.condition()}"
    return str(reply.result().content["status"])


SHAPES: list[Any] = [
    {},
    [],
    7,
    "text",
    {"threadId": "x", "frameId": [], "variablesReference": {}, "source": 5, "breakpoints": "b"},
    {"threadId": 99, "frameId": 99, "variablesReference": 99, "expression": "(", "name": 1},
    {"source": {"path": 3}, "breakpoints": [3, {"line": "x"}, {}], "filters": [7], "text": "f."},
    {"program": ["x"], "code": {}, "args": "a", "column": -1, "line": 10**12, "requestId": "x"},
    {"expression": "x", "value": None, "start": -5, "count": -5, "context": 3, "levels": -1},
]


@pytest.mark.parametrize("state", STATES)
def test_every_request_in_every_state_gets_one_response(kernel: Served, state: str) -> None:
    last = None
    for command in (*ROUTES, "dance"):
        if state == "ended" and command == "tidelock/hello":
            continue  # nobody listens any more
        with Raw(kernel) as raw:
            bring(raw, state)
            seqs = [raw.send(command, shape) for shape in SHAPES]
            if state != "ended":
                raw.send("configurationDone")  # launch and attach are answered then
                after = raw.send("cancel", {"requestId": 0})
                raw.answer(after)
                left = [m for m in raw.messages if m.get("command") == "disconnect"]
                for seq in seqs if not left else ():
                    judge(raw, seq, command)
        last = raw
        quieten(kernel)
    assert last is not None
    finish(last, kernel)


def judge(raw: Raw, seq: int, command: str) -> None:
    response = raw.answer(seq)
    assert len(raw.responses(seq)) == 1
    assert response["command"] == command
    if command in ROUTES and not command.startswith("tidelock/"):
        assert faults(response) == [], response
    if not response["success"]:
        assert response["message"], response
        assert "internal error" not in response["message"], response


WORDS = [
    "n",
    "",
    "x x",
    "1",
    "nil.x",
    "t[",
    "continue",
    "\0",
    "\udc80",
    "uncaught",
    "hover",
    "/x.lua",
]
NAMES = [
    "threadId", "frameId", "variablesReference", "expression", "context", "source", "path",
    "breakpoints", "line", "column", "condition", "hitCondition", "logMessage", "filters", "name",
    "value", "start", "count", "levels", "startFrame", "text", "requestId", "sourceReference",
]  # fmt: skip
LEAVING = ("disconnect", "terminate")
MESSAGES = 10_000


def anything(chance: random.Random, depth: int = 0) -> Any:
    """Some JSON, of shapes that requests have."""
    kind = chance.randrange(8 if depth < 3 else 6)
    if kind == 0:
        return None
    if kind == 1:
        return chance.choice((True, False))
    if kind == 2:
        return chance.choice((0, 1, -1, 2, 3, 2**31, -(2**63), 10**30))
    if kind == 3:
        return chance.choice((0.5, -1e308))
    if kind < 6:
        return chance.choice(WORDS)
    if kind == 6:
        return [anything(chance, depth + 1) for _ in range(chance.randrange(4))]
    return {chance.choice(NAMES): anything(chance, depth + 1) for _ in range(chance.randrange(6))}


def test_ten_thousand_messages_of_chance_leave_the_session_alive(kernel: Served, raw: Raw) -> None:
    chance = random.Random(20261126)
    bring(raw, "stopped")
    commands = [name for name in ROUTES if name not in LEAVING]
    sent = []
    for number in range(MESSAGES):
        if number % 50 == 0:
            raw.send_message(
                {name: anything(chance) for name in ("seq", "type", "command", "arguments", "more")}
            )
        command = chance.choice((*commands, chance.choice(WORDS)))
        arguments = anything(chance, chance.randrange(3))
        sent.append((raw.send(command, arguments), command))
        if number % 500 == 0:
            raw.answer(raw.send("threads"))
    raw.answer(raw.send("threads"))
    for seq, command in sent:
        judge(raw, seq, command)
    finish(raw, kernel)


def test_a_stop_that_was_asked_for_is_forgotten_with_who_asked(kernel: Served, raw: Raw) -> None:
    bring(raw, "idle")
    raw.ask("pause")
    raw.ask("disconnect")
    assert execute(kernel, "6 * 7") == "ok"

"""What passes for one request: the request, its reply, and all that is published because of it."""

from __future__ import annotations

import itertools
import uuid
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

from kit.timeline import Failure, short

if TYPE_CHECKING:
    from kit.jupyter import JupyterPeer

Json = dict[str, Any]


@dataclass(frozen=True)
class Message:
    """A message that came, or the part of it that was sent."""

    channel: str
    header: Json
    parent: Json
    metadata: Json
    content: Json
    buffers: tuple[bytes, ...] = ()

    @property
    def type(self) -> str:
        """Its type."""
        return str(self.header.get("msg_type"))

    @property
    def state(self) -> str | None:
        """What a ``status`` says; None for all other types."""
        return self.content.get("execution_state") if self.type == "status" else None

    @property
    def whole(self) -> Json:
        """As a mapping."""
        return {
            "channel": self.channel,
            "header": self.header,
            "parent_header": self.parent,
            "metadata": self.metadata,
            "content": self.content,
        }


class Exchange:
    """One request with everything that came on account of it.

    ``bound`` is false while its first or last words may be lost, so that nothing is concluded
    from their absence.
    """

    def __init__(self, peer: JupyterPeer, channel: str, header: Json, content: Json) -> None:
        self.channel = channel
        self.header = header
        self.request = content
        self.reply: Message | None = None
        self.published: list[Message] = []
        self.seen: Counter[str] = Counter()
        self.bound = True
        self._peer = peer

    def take(self, message: Message) -> None:
        """A message came on account of it."""
        if message.channel == "iopub":
            self.published.append(message)
            self.seen[message.state or message.type] += 1
        elif self.reply is None:
            self.reply = message

    @property
    def type(self) -> str:
        """The type of the request."""
        return str(self.header["msg_type"])

    @property
    def id(self) -> str:
        """The id of the request, which is the parent id of all the rest."""
        return str(self.header["msg_id"])

    @property
    def done(self) -> bool:
        """Whether idle is there, and the reply if it is a request (comm messages have none)."""
        replied = self.reply is not None or not self.type.endswith("_request")
        return replied and bool(self.seen["idle"])

    @property
    def content(self) -> Json:
        """The content of the reply."""
        if self.reply is None:
            raise Failure(f"{self.type} has no reply yet\n{self._peer.timeline.picture()}")
        return self.reply.content

    @property
    def status(self) -> str:
        """The status of the reply."""
        return str(self.content["status"])

    def of(self, *types: str) -> list[Message]:
        """What was published of some types, in order."""
        return [message for message in self.published if message.type in types]

    def wait(self, timeout: float | None = None) -> Self:
        """Wait for the reply and for idle."""
        self._peer.wait_until(
            lambda: self.done or None, timeout, f"reply and idle of {self.type} {self.id[-8:]}"
        )
        return self

    def wait_for(
        self,
        msg_type: str,
        predicate: Callable[[Json], Any] = lambda _content: True,
        timeout: float | None = None,
    ) -> Message:
        """Wait until a message of a type is published for it; ``predicate`` sees its content."""
        return self._peer.wait_until(
            lambda: next((each for each in self.of(msg_type) if predicate(each.content)), None),
            timeout,
            f"{msg_type} of {self.type} {self.id[-8:]}",
        )


class Execution(Exchange):
    """An ``execute_request`` and what a notebook would show of it."""

    def __init__(self, peer: JupyterPeer, channel: str, header: Json, content: Json) -> None:
        super().__init__(peer, channel, header, content)
        self.answers: list[str] = []
        self.prompts: list[str] = []

    @property
    def stdout(self) -> str:
        """Its standard output."""
        return self._stream("stdout")

    @property
    def stderr(self) -> str:
        """Its standard error."""
        return self._stream("stderr")

    @property
    def result(self) -> str | None:
        """The plain text of its result."""
        results = self.of("execute_result")
        return str(results[-1].content["data"]["text/plain"]) if results else None

    @property
    def displays(self) -> list[Json]:
        """The data of what it displayed."""
        return [each.content["data"] for each in self.of("display_data", "update_display_data")]

    @property
    def error(self) -> str | None:
        """Name and text of its error, as ``ename: evalue``."""
        errors = self.of("error")
        return "{ename}: {evalue}".format(**errors[-1].content) if errors else None

    @property
    def traceback(self) -> str:
        """The traceback of its error."""
        errors = self.of("error")
        return "\n".join(errors[-1].content["traceback"]) if errors else ""

    @property
    def count(self) -> int:
        """Its execution count."""
        return int(self.content["execution_count"])

    def _stream(self, name: str) -> str:
        streams = (each.content for each in self.of("stream"))
        return "".join(content["text"] for content in streams if content["name"] == name)


class Comm:
    """One comm, opened by the test."""

    def __init__(self, peer: JupyterPeer, target: str) -> None:
        self.id = uuid.uuid4().hex
        self.target = target
        self.messages: list[Message] = []
        self.closed = False
        self._peer = peer
        self._numbers = itertools.count(1)
        self._taken = 0

    def take(self, message: Message) -> None:
        """A message of the kernel came on it."""
        if message.type == "comm_close":
            self.closed = True
        else:
            self.messages.append(message)

    def send(
        self, data: Mapping[str, Any], timeout: float | None = None, *, wait: bool = True
    ) -> Exchange:
        """Send data; waits until the kernel is through with it."""
        content = {"comm_id": self.id, "data": dict(data)}
        exchange = self._peer.post("shell", "comm_msg", content)
        return exchange.wait(timeout) if wait else exchange

    def receive(
        self, predicate: Callable[[Json], Any] | None = None, timeout: float | None = None
    ) -> Json:
        """The data of the next message after the last one given that passes ``predicate``."""

        def look() -> Json | None:
            for index in range(self._taken, len(self.messages)):
                data: Json = self.messages[index].content["data"]
                if predicate is None or predicate(data):
                    self._taken = index + 1
                    return data
            return None

        return self._peer.wait_until(look, timeout, f"a message on the comm {self.target}")

    def ask(self, action: str, timeout: float | None = None, **fields: Any) -> Any:
        """An action of our own comms: ``{id, action}`` out, ``{id, ok, result}`` back.

        The answer has the request as its parent; ``ok: false`` raises.
        """
        number = next(self._numbers)
        exchange = self.send({"id": number, "action": action, **fields}, wait=False)
        answer = exchange.wait_for(
            "comm_msg", lambda content: content["data"].get("id") == number, timeout
        )
        exchange.wait(timeout)
        data = answer.content["data"]
        if data.get("ok") is not True:
            raise Failure(f"{action} failed: {short(data.get('error'))}")
        return data.get("result")

    def close(self, data: Mapping[str, Any] | None = None) -> None:
        """Close it."""
        content = {"comm_id": self.id, "data": dict(data or {})}
        self._peer.post("shell", "comm_close", content).wait()

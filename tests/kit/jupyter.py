"""A Jupyter client for tests: jupyter_client judges the wire, this file what is said on it.

    with JupyterPeer(connection_file) as peer:
        execution = peer.execute("print(6 * 7)")
        assert execution.stdout == "42\\n"

Every message is checked: signature, header, content by type, channel, parent (the header of the
request, exactly), busy first and idle last, the order within a cell, and that the reply agrees
with what was published. A breach is raised by the next call. All happens on the test's thread:
messages are taken in while a method waits. The file is long because it is one class with a short
method per thing front ends do.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import warnings
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

import zmq
from jupyter_client.blocking.client import BlockingKernelClient
from traitlets import CaselessStrEnum

from kit import framing
from kit.jupyter_conduct import RULES, Conduct
from kit.jupyter_exchanges import Comm, Exchange, Execution, Json, Message
from kit.jupyter_wire import RawMessage, RawPeer, connection_info
from kit.rules import Judge, ProtocolViolation, Violation
from kit.timeline import Direction, Failure, Timeline, seconds

__all__ = [
    "RULES",
    "Comm",
    "Exchange",
    "Execution",
    "JupyterPeer",
    "Message",
    "ProtocolViolation",
    "RawMessage",
    "RawPeer",
    "ReplyFailed",
]

T = TypeVar("T")
E = TypeVar("E", bound=Exchange)


class _Client(BlockingKernelClient):
    """jupyter_client's own, which would refuse an embedded kernel's transport."""

    transport = CaselessStrEnum(["tcp", "ipc", "inproc"], default_value="tcp", config=True)


class ReplyFailed(Failure):
    """A request was answered with an error; ``content`` is the reply's."""

    def __init__(self, exchange: Exchange, picture: str) -> None:
        self.content = exchange.content
        told = self.content.get("evalue", self.content.get("message"))
        name = self.content.get("ename", self.content.get("status", "failure"))
        super().__init__(f"{exchange.type} failed: {name}: {told}\n{picture}")


class JupyterPeer:
    """A well-behaved client on all channels.

    Args:
        connection: a connection file, or what it says.
        context: for ``inproc``, the kernel's ZeroMQ context.
        timeout: how long each wait may take, in seconds.
        waive: names of ``RULES`` that this kernel is known to break.
        strict: if false, breaches are only collected in ``violations``.
        wait: whether to wait until the kernel answers and iopub is joined.

    For one thread. ``client`` is the jupyter_client underneath.
    """

    def __init__(
        self,
        connection: str | Path | Mapping[str, Any],
        *,
        context: zmq.Context[zmq.Socket[bytes]] | None = None,
        timeout: float = 10.0,
        waive: Collection[str] = (),
        strict: bool = True,
        wait: bool = True,
    ) -> None:
        self.timeline = Timeline(pump=self._pump)
        self.exchanges: dict[str, Exchange] = {}
        self.others: list[Message] = []
        self._judge = Judge(self.timeline, RULES, waive, strict)
        self._timeout = timeout
        self._conduct = Conduct(self._judge)
        self._comms: dict[str, Comm] = {}
        self._debug_seq = itertools.count(1)
        self._debug_events: dict[str, list[Json]] = {}  # those not yet given to the test
        # Sockets without a limit on what waits: a message that is not there was never sent.
        self._own_context = context is None
        self._context = zmq.Context() if context is None else zmq.Context(context)
        self._context.setsockopt(zmq.RCVHWM, 0)
        self._context.setsockopt(zmq.LINGER, 0)
        self.client = _Client(context=self._context)
        info: Any = connection_info(connection)
        self.client.load_connection_info(info)
        self.client.start_channels(hb=False)
        self._sockets: dict[str, zmq.Socket[bytes]] = {
            "iopub": self.client.iopub_channel.socket,
            "stdin": self.client.stdin_channel.socket,
            "shell": self.client.shell_channel.socket,
            "control": self.client.control_channel.socket,
        }
        self._poller = zmq.Poller()
        for socket in self._sockets.values():
            self._poller.register(socket, zmq.POLLIN)
        if wait:
            try:
                self.ready()
            except BaseException:
                self._shut()
                raise

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
    def violations(self) -> list[Violation]:
        """Every breach so far."""
        return self._judge.violations

    @property
    def session(self) -> str:
        """Our session id."""
        return str(self.client.session.session)

    # Requests

    def ready(self, timeout: float | None = None) -> Json:
        """Wait until the kernel answers and iopub is joined; gives ``kernel_info_reply``."""
        while True:
            asked = self.post("shell", "kernel_info_request")
            asked.bound = False  # its first words may be lost while iopub is being joined
            self._first_reply(asked, timeout)
            if asked.done:
                return asked.content

    def _first_reply(self, asked: Exchange, timeout: float | None) -> None:
        self.wait_until(lambda: asked.reply, timeout, "the kernel's first reply")
        with contextlib.suppress(Failure):
            self.timeline.wait_until(lambda: asked.done or None, 0.3, "the first status on iopub")
        self._judge.settle()

    def post(
        self,
        channel: str,
        msg_type: str,
        content: Mapping[str, Any] | None = None,
        *,
        metadata: Mapping[str, Any] | None = None,
        buffers: Sequence[bytes] = (),
        subshell: str | None = None,
    ) -> Exchange:
        """Send any request and do not wait."""
        return self._post(Exchange, channel, msg_type, content or {}, metadata, buffers, subshell)

    def request(
        self,
        channel: str,
        msg_type: str,
        content: Mapping[str, Any] | None = None,
        timeout: float | None = None,
        **options: Any,
    ) -> Exchange:
        """Send any request and wait for its reply and idle, of success or failure."""
        return self.post(channel, msg_type, content, **options).wait(timeout)

    def start(
        self,
        code: str,
        *,
        silent: bool = False,
        store_history: bool = True,
        user_expressions: Mapping[str, str] | None = None,
        answers: Iterable[str] | None = None,
        stop_on_error: bool = True,
        metadata: Mapping[str, Any] | None = None,
        subshell: str | None = None,
        **more: Any,
    ) -> Execution:
        """Execute and do not wait; ``answers`` allow input and are given one by one."""
        content = {
            "code": code,
            "silent": silent,
            "store_history": store_history and not silent,
            "user_expressions": dict(user_expressions or {}),
            "allow_stdin": answers is not None,
            "stop_on_error": stop_on_error,
            **more,
        }
        execution = self._post(
            Execution, "shell", "execute_request", content, metadata, (), subshell
        )
        execution.answers = list(answers or ())
        return execution

    def execute(self, code: str, timeout: float | None = None, **options: Any) -> Execution:
        """Execute and wait for reply and idle; the options are those of ``start``."""
        return self.start(code, **options).wait(timeout)

    def kernel_info(self, channel: str = "shell") -> Json:
        """``kernel_info_request``, on shell or control."""
        return self._ask(channel, "kernel_info_request")

    def complete(self, code: str, cursor: int | None = None) -> Json:
        """``complete_request``; the cursor counts code points, and is at the end by default."""
        return self._ask("shell", "complete_request", **_at(code, cursor))

    def inspect(self, code: str, cursor: int | None = None, detail: int = 0) -> Json:
        """``inspect_request``."""
        return self._ask("shell", "inspect_request", **_at(code, cursor), detail_level=detail)

    def is_complete(self, code: str) -> Json:
        """``is_complete_request``."""
        return self._ask("shell", "is_complete_request", code=code)

    def history(self, access: str = "tail", **fields: Any) -> list[Any]:
        """``history_request``: the entries."""
        fields = {"output": False, "raw": True, "hist_access_type": access, "n": 100, **fields}
        if access == "range":
            fields = {"session": 0, "start": 1, "stop": 100, **fields}
        return list(self._ask("shell", "history_request", **fields)["history"])

    def comm_info(self, target: str | None = None) -> dict[str, str]:
        """``comm_info_request``: the target of each comm id."""
        asked = {} if target is None else {"target_name": target}
        comms = self._ask("shell", "comm_info_request", **asked)["comms"]
        return {comm_id: each["target_name"] for comm_id, each in comms.items()}

    def connect_info(self) -> Json:
        """``connect_request``."""
        return self._ask("shell", "connect_request")

    def interrupt(self) -> Json:
        """``interrupt_request``."""
        return self._ask("control", "interrupt_request")

    def shutdown(self, restart: bool = False) -> Json:
        """``shutdown_request``; idle is not waited for, the kernel may be gone."""
        asked = self.post("control", "shutdown_request", {"restart": restart})
        asked.bound = False
        self.wait_until(lambda: asked.reply, None, "the reply to shutdown_request")
        return asked.content

    def create_subshell(self) -> str:
        """``create_subshell_request``: the id of a new subshell."""
        return str(self._ask("control", "create_subshell_request")["subshell_id"])

    def delete_subshell(self, subshell: str) -> Json:
        """``delete_subshell_request``."""
        return self._ask("control", "delete_subshell_request", subshell_id=subshell)

    def list_subshells(self) -> list[str]:
        """``list_subshell_request``: the ids."""
        return list(self._ask("control", "list_subshell_request")["subshell_id"])

    def usage(self) -> Json:
        """``usage_request``."""
        return self._ask("control", "usage_request")

    def debug(
        self,
        command: str,
        arguments: Mapping[str, Any] | None = None,
        timeout: float | None = None,
    ) -> Json:
        """``debug_request``: the DAP response, if it is one of success."""
        exchange = self.post_debug(command, arguments).wait(timeout)
        if exchange.content.get("success") is not True:
            raise ReplyFailed(exchange, self.timeline.picture())
        return exchange.content

    def debug_failing(self, command: str, arguments: Mapping[str, Any] | None = None) -> Json:
        """A ``debug_request`` that must be refused: the refusal."""
        content = self.post_debug(command, arguments).wait().content
        if content.get("success") is True:
            raise Failure(f"{command} was to fail, but did not\n{self.timeline.picture()}")
        return content

    def post_debug(self, command: str, arguments: Mapping[str, Any] | None = None) -> Exchange:
        """``debug_request`` without waiting."""
        content = {
            "type": "request",
            "seq": next(self._debug_seq),
            "command": command,
            "arguments": dict(arguments or {}),
        }
        return self.post("control", "debug_request", content)

    def wait_for_debug_event(
        self,
        event: str,
        predicate: Callable[[Json], Any] = lambda _body: True,
        timeout: float | None = None,
    ) -> Json:
        """The next ``debug_event`` of a name that was not given before, as DAP event."""

        def look() -> Json | None:
            events = self._debug_events.get(event, [])
            for index, each in enumerate(events):
                if predicate(each.get("body") or {}):
                    return events.pop(index)
            return None

        return self.wait_until(look, timeout, f"the debug event {event}")

    def comm(self, target: str, data: Mapping[str, Any] | None = None) -> Comm:
        """Open a comm; ``closed`` tells whether the kernel refused it."""
        comm = Comm(self, target)
        self._comms[comm.id] = comm
        content = {"comm_id": comm.id, "target_name": target, "data": dict(data or {})}
        self.request("shell", "comm_open", content)
        return comm

    def beat(self, data: bytes = b"beat", timeout: float = 5.0) -> bytes:
        """What the heartbeat echoes."""
        socket = self._context.socket(zmq.REQ)
        try:
            socket.connect(self.client._make_url("hb"))
            socket.send(data)
            if not socket.poll(int(seconds(timeout) * 1000)):
                raise Failure(f"the heartbeat is silent\n{self.timeline.picture()}")
            return socket.recv()
        finally:
            socket.close(0)

    # Waiting

    def wait_until(self, look: Callable[[], T | None], timeout: float | None, what: str) -> T:
        """Take in messages until ``look`` gives something; a breach is raised at once."""
        return self.timeline.wait_until(
            self._judge.watching(look), self._timeout if timeout is None else timeout, what
        )

    def take_in(self) -> None:
        """Take in what is there already."""
        while self._pump(0):
            pass
        self._judge.settle()

    def close(self) -> None:
        """Take in what is there, close all sockets, and raise what no call has told yet."""
        if not self.client.shell_channel.is_alive():
            return
        with contextlib.suppress(ProtocolViolation):
            self.take_in()
        self._shut()
        self._judge.settle()

    def _shut(self) -> None:
        self.client.stop_channels()
        if self._own_context:
            self._context.term()

    # Inside

    def _ask(self, channel: str, msg_type: str, **content: Any) -> Json:
        exchange = self.request(channel, msg_type, content)
        if exchange.content.get("status") in ("error", "aborted"):
            raise ReplyFailed(exchange, self.timeline.picture())
        return exchange.content

    def _post(
        self,
        kind: type[E],
        channel: str,
        msg_type: str,
        content: Mapping[str, Any],
        metadata: Mapping[str, Any] | None,
        buffers: Sequence[bytes],
        subshell: str | None,
    ) -> E:
        session = self.client.session
        message = session.msg(msg_type, dict(content), metadata=dict(metadata or {}))
        if subshell is not None:
            message["header"]["subshell_id"] = subshell
        frames: list[bytes] = session.serialize(message)
        header: Json = json.loads(frames[2])  # as it goes over the wire
        exchange = kind(self, channel, header, dict(content))
        self.exchanges[exchange.id] = exchange
        shown = Message(channel, header, {}, dict(metadata or {}), dict(content))
        self._record("sent", shown)
        self._sockets[channel].send_multipart([*frames, *buffers])
        return exchange

    def _record(self, direction: Direction, message: Message) -> None:
        parent = str(message.parent.get("msg_id", ""))[-8:]
        own = str(message.header.get("msg_id", ""))[-8:]
        title = f"{message.channel:7} {message.type} " + (f"({parent})" if parent else f"[{own}]")
        self.timeline.add(direction, "message", message.type, message.content, message.whole, title)

    def _pump(self, timeout: float) -> bool:
        """Take in what comes next on each channel; false if nothing came in time."""
        ready = dict(self._poller.poll(int(timeout * 1000) + 1 if timeout else 0))
        for channel, socket in self._sockets.items():
            if socket in ready:
                self._received(channel, socket.recv_multipart())
        return bool(ready)

    def _received(self, channel: str, frames: list[bytes]) -> None:
        message = self._read(channel, frames)
        if message is None:
            return
        self._record("received", message)
        self._conduct.message(message)
        if message.type == "debug_event":
            name = str(message.content.get("event"))
            self._debug_events.setdefault(name, []).append(message.content)
        comm = self._comms.get(str(message.content.get("comm_id")))
        if comm is not None:
            comm.take(message)
        exchange = self.exchanges.get(str(message.parent.get("msg_id")))
        if exchange is None:
            self._conduct.stray(message, self.session)
            self.others.append(message)
            return
        self._conduct.belonging(exchange, message)
        if channel == "stdin":
            self._asked(exchange, message)
            return
        was_done = exchange.done
        exchange.take(message)
        if exchange.done and not was_done:
            self._conduct.complete(exchange)

    def _read(self, channel: str, frames: list[bytes]) -> Message | None:
        """The message, if jupyter_client and a strict JSON reader both take it."""
        session = self.client.session
        try:
            _identities, parts = session.feed_identities(frames)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # a date without a zone is a rule of ours
                session.deserialize(parts)
            header, parent, metadata, content = (framing.parse(part) for part in parts[1:5])
        except Exception as error:
            self._judge.broken("wire", f"on {channel}: {error!r}", [repr(each) for each in frames])
            return None
        for name, value in (("header", header), ("parent", parent), ("metadata", metadata)):
            if not isinstance(value, dict):
                self._judge.broken("wire", f"the {name} is no object: {value!r}")
                return None
        if not isinstance(content, dict):
            self._judge.broken("wire", f"the content is no object: {content!r}")
            return None
        return Message(channel, header, parent, metadata, content, tuple(parts[5:]))

    def _asked(self, exchange: Exchange, message: Message) -> None:
        if isinstance(exchange, Execution):
            exchange.prompts.append(str(message.content.get("prompt")))
            if exchange.answers:
                self.answer(exchange.answers.pop(0), message)

    def answer(self, value: str, request: Message | None = None) -> None:
        """Answer a request for input; ``Execution.answers`` are given without being asked."""
        session = self.client.session
        reply = session.msg("input_reply", {"value": value, "status": "ok"})
        if request is not None:
            reply["parent_header"] = request.header
        self._record("sent", Message("stdin", dict(reply["header"]), {}, {}, reply["content"]))
        self._sockets["stdin"].send_multipart(session.serialize(reply))


def _at(code: str, cursor: int | None) -> Json:
    return {"code": code, "cursor_pos": len(code) if cursor is None else cursor}

"""The kernel client: one class for a kernel in this process and for one anywhere else.

Signed Jupyter messages over ZeroMQ, whatever the transport; there is no second path. A thread of
its own serves the sockets; every request gives an ``Answer``. It knows the protocol, not what the
kernel does with it. The file is long because sending, waiting and losing a kernel share one state.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

import zmq

from tidelock.shared.answers import Answer
from tidelock.shared.errors import KernelError
from tidelock.shared.link import wire
from tidelock.shared.link.connection import Connection
from tidelock.shared.link.loop import Loop
from tidelock.shared.link.wire import Content, Message
from tidelock.shared.log import layer

if TYPE_CHECKING:
    from tidelock.shared.link.curve import Keys

log = layer("wire")

Listener = Callable[[Message], None]
InputHandler = Callable[[str, bool], str | None]
_RETRY_S = 0.1


class Reply(NamedTuple):
    """A finished request: the reply, and everything published for it, in order."""

    reply: Message
    published: tuple[Message, ...]

    @property
    def content(self) -> Content:
        """The reply's content."""
        return self.reply.content if isinstance(self.reply.content, dict) else {}


class _Open:
    """A request under way: done when the reply and the idle status are both there."""

    __slots__ = ("answer", "channel", "listener", "published", "reply", "want_idle")

    def __init__(self, channel: str, listener: Listener | None, *, want_idle: bool) -> None:
        self.answer: Answer[Reply] = Answer()
        self.channel = channel
        self.listener = listener
        self.published: list[Message] = []
        self.reply: Message | None = None
        self.want_idle = want_idle

    def check(self) -> bool:
        """Settle the answer when everything is there; whether it is."""
        if self.reply is None or self.want_idle:
            return False
        self.answer.resolve(Reply(self.reply, tuple(self.published)))
        return True


class KernelClient:
    """A connected client. Methods from any thread; listeners are called on the client's own.

    Args:
        connection: where the kernel is.
        context: the ZeroMQ context; an embedded kernel shares its own.
        username: who asks, in the headers.
        heartbeat_s: how often a heartbeat is asked for, 0 for never. Three missed ones end
            every open request with "kernel lost".

    Raises:
        KernelError: the connection is an encrypted one, and this libzmq or its keys are not fit.
    """

    def __init__(
        self,
        connection: Connection,
        context: zmq.Context[Any] | None = None,
        *,
        username: str = "tidelock",
        heartbeat_s: float = 1.0,
    ) -> None:
        self._keys: Keys | None = None
        if connection.encrypted:
            from tidelock.shared.link import curve

            self._keys = curve.keys(connection)
        self.connection = connection
        self.session = wire.new_id()
        self.username = username
        self.lost = ""
        self._signer = wire.Signer(connection.key.encode())
        self._checker = wire.Signer(connection.key.encode())
        self._loop = Loop("tidelock-client")
        self._open: dict[str, _Open] = {}
        self._listeners: list[Listener] = []
        self._subscriptions: dict[str, str] = {}  # the open comm of a target
        self._input: InputHandler | None = None
        self._lost_calls: list[Callable[[str], None]] = []
        self._welcome = threading.Event()
        self._context = context or zmq.Context.instance()
        self._sockets = self._connect()
        self._heartbeat_s = heartbeat_s if connection.transport != "inproc" else 0.0
        self._beat: zmq.Socket[Any] | None = None
        self._missed = 0
        self._closed = False
        self._loop.start()
        if self._heartbeat_s:
            self._loop.call(self._start_beating)

    def _connect(self) -> dict[str, zmq.Socket[Any]]:
        identity = self.session.encode()
        sockets: dict[str, zmq.Socket[Any]] = {}
        for channel in ("iopub", "shell", "control", "stdin"):
            made = self._context.socket(zmq.SUB if channel == "iopub" else zmq.DEALER)
            made.linger = 1000
            if channel == "iopub":
                made.rcvhwm = 0
                made.subscribe(b"")
            else:
                made.identity = identity
            if self._keys is not None:
                self._keys.join(made)
            made.connect(self.connection.address(channel))
            sockets[channel] = made
            self._loop.watch(made, lambda made=made, channel=channel: self._read(made, channel))  # type: ignore[misc]
        return sockets

    # -- life --------------------------------------------------------------------------------

    def wait_ready(self, timeout_s: float = 5.0) -> Content:
        """Wait until the kernel answers and this client is subscribed; its ``kernel_info``.

        Raises:
            KernelError: it does not answer in time.
        """
        deadline = time.monotonic() + timeout_s
        while True:
            left = deadline - time.monotonic()
            if left <= 0 or self.lost:
                where = self.connection.address("shell")
                raise KernelError(f"the kernel at {where} does not answer: {self.lost or 'silent'}")
            answer = self.request("kernel_info_request", {}, channel="control")
            try:
                reply = answer.result(min(left, _RETRY_S * 10))
            except TimeoutError:
                continue
            if self._welcome.is_set() or reply.published:
                return reply.content

    def close(self) -> None:
        """Close the sockets and end the thread; open requests fail."""
        if self._closed:
            return
        self._closed = True
        self._loop.call(self._close)
        self._loop.stop()

    def _close(self) -> None:
        self._fail_all("the client was closed")
        for made in self._sockets.values():
            self._loop.unwatch(made)
            made.close()
        if self._beat is not None:
            self._loop.unwatch(self._beat)
            self._beat.close(0)
            self._beat = None

    # -- sending -----------------------------------------------------------------------------

    def request(
        self,
        kind: str,
        content: Content,
        *,
        channel: str = "shell",
        metadata: Content | None = None,
        listener: Listener | None = None,
        silent: bool = False,
    ) -> Answer[Reply]:
        """Send a request; answered when its reply and its idle status are there.

        Args:
            kind: the message type.
            content: its content.
            channel: shell or control.
            metadata: its metadata.
            listener: called with every message published for it, as it comes.
            silent: the request has no reply (a comm message): idle alone answers it.
        """
        head = wire.header(kind, self.session, self.username)
        under_way = _Open(channel, listener, want_idle=True)
        if self._closed:
            under_way.answer.fail(KernelError("kernel lost: the client was closed"))
            return under_way.answer
        if silent:
            under_way.reply = Message(head, head, {}, {})

        def send() -> None:
            if self.lost or self._closed:
                under_way.answer.fail(KernelError(f"kernel lost: {self.lost or 'client closed'}"))
                return
            self._open[head["msg_id"]] = under_way
            self._sockets[channel].send_multipart(
                wire.pack(self._signer, head, content, metadata=metadata, exact=True)
            )

        self._loop.call(send)
        return under_way.answer

    def execute(
        self,
        code: str,
        *,
        listener: Listener | None = None,
        silent: bool = False,
        store_history: bool = True,
        user_expressions: dict[str, str] | None = None,
        allow_stdin: bool = False,
        stop_on_error: bool = True,
        tidelock: Content | None = None,
    ) -> Answer[Reply]:
        """Execute code; ``tidelock`` are our fields (kind, source, ...) of the metadata."""
        content: Content = {
            "code": code,
            "silent": silent,
            "store_history": store_history,
            "user_expressions": user_expressions or {},
            "allow_stdin": allow_stdin,
            "stop_on_error": stop_on_error,
        }
        metadata = {"tidelock": tidelock} if tidelock else None
        return self.request("execute_request", content, metadata=metadata, listener=listener)

    def complete(self, code: str, cursor: int) -> Answer[Reply]:
        """Completions at a code point offset."""
        return self.request("complete_request", {"code": code, "cursor_pos": cursor})

    def inspect(self, code: str, cursor: int, detail: int = 0) -> Answer[Reply]:
        """What is known of the name at an offset."""
        content = {"code": code, "cursor_pos": cursor, "detail_level": detail}
        return self.request("inspect_request", content)

    def is_complete(self, code: str) -> Answer[Reply]:
        """Whether an input is complete."""
        return self.request("is_complete_request", {"code": code})

    def history(self, amount: int) -> Answer[Reply]:
        """The last stored inputs."""
        content = {"hist_access_type": "tail", "n": amount, "output": False, "raw": True}
        return self.request("history_request", content)

    def kernel_info(self) -> Answer[Reply]:
        """What the kernel is."""
        return self.request("kernel_info_request", {}, channel="control")

    def interrupt(self) -> Answer[Reply]:
        """Interrupt what runs."""
        return self.request("interrupt_request", {}, channel="control")

    def shutdown(self, *, restart: bool = False) -> Answer[Reply]:
        """Stop the kernel, or restart its runtime in place."""
        return self.request("shutdown_request", {"restart": restart}, channel="control")

    def debug(self, command: str, arguments: Content | None = None, seq: int = 1) -> Answer[Reply]:
        """A DAP request through ``debug_request``."""
        content = {"type": "request", "seq": seq, "command": command, "arguments": arguments or {}}
        return self.request("debug_request", content, channel="control")

    def comm(self, target: str, data: Content) -> Answer[Content]:
        """Ask one of the kernel's comms (``tidelock.kernel``): open, ask, close.

        The answer is the ``result`` of the reply.

        Errors:
            KernelError: the comm is unknown or its answer is ``ok: false``.
        """
        return self._ask_comm(target, data, wire.new_id(), is_open=False)

    def subscribe(self, target: str, data: Content) -> Answer[Content]:
        """The same on the one comm of a target that stays open, which is opened if it is not.

        Errors:
            KernelError: as above; after that it is opened anew.
        """
        known = self._subscriptions.get(target)
        number = self._subscriptions[target] = known or wire.new_id()
        answer = self._ask_comm(target, data, number, is_open=known is not None)

        def forget(done: Answer[Content]) -> None:
            if done.error is not None:
                self._subscriptions.pop(target, None)

        answer.then(forget)
        return answer

    def _ask_comm(
        self, target: str, data: Content, comm_id: str, *, is_open: bool
    ) -> Answer[Content]:
        content = {"comm_id": comm_id, "data": data}
        if is_open:
            asked = self.request("comm_msg", content, silent=True)
        else:
            asked = self.request("comm_open", {**content, "target_name": target}, silent=True)

        def read(reply: Reply) -> Content:
            for message in reply.published:
                if message.type == "comm_close":
                    raise KernelError(f"the kernel has no comm {target}")
                if message.type == "comm_msg" and message.content.get("comm_id") == comm_id:
                    body: Content = message.content.get("data", {})
                    if body.get("ok"):
                        result: Content = body.get("result", {})
                        return result
                    raise KernelError(str(body.get("error", "refused")))
            raise KernelError(f"the comm {target} did not answer")

        return asked.map(read)

    def on_message(self, listener: Listener) -> Callable[[], None]:
        """Call with every published message, whoever asked; the result takes it off again."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def on_input(self, handler: InputHandler | None) -> None:
        """Answer input requests with a line, or None at the end of input.

        The handler gets prompt and whether it is a password, on a thread of its own.
        """
        self._input = handler

    def on_lost(self, call: Callable[[str], None]) -> None:
        """Call when the kernel is lost, with the reason."""
        self._lost_calls.append(call)

    # -- receiving, on the loop ----------------------------------------------------------------

    def _read(self, made: zmq.Socket[Any], channel: str) -> None:
        for _ in range(200):
            try:
                frames = made.recv_multipart(zmq.NOBLOCK)
            except zmq.Again:
                return
            try:
                message = wire.unpack(self._checker, frames)
            except wire.WireError as error:
                log.warn("dropped a message", channel=channel, why=str(error))
                continue
            if message.fault:
                log.warn("dropped a message", channel=channel, why=message.fault)
            elif channel == "iopub":
                self._published(message)
            elif channel == "stdin":
                self._asked_for_input(message)
            else:
                self._replied(message)

    def _published(self, message: Message) -> None:
        if message.type == "iopub_welcome":
            self._welcome.set()
        for listener in list(self._listeners):
            listener(message)
        under_way = self._open.get(message.parent_id)
        if under_way is None:
            return
        under_way.published.append(message)
        if under_way.listener is not None:
            under_way.listener(message)
        if message.type == "status" and message.content.get("execution_state") == "idle":
            under_way.want_idle = False
            if under_way.check():
                del self._open[message.parent_id]

    def _replied(self, message: Message) -> None:
        under_way = self._open.get(message.parent_id)
        if under_way is None:
            return
        under_way.reply = message
        if not self._welcome.is_set() and message.type == "kernel_info_reply":
            # Not subscribed yet: the idle of this request went by unseen.
            under_way.want_idle = False
        if under_way.check():
            del self._open[message.parent_id]

    def _asked_for_input(self, message: Message) -> None:
        handler = self._input
        if message.type != "input_request":
            return

        def ask() -> None:
            prompt = str(message.content.get("prompt", ""))
            line = handler(prompt, bool(message.content.get("password"))) if handler else None
            self._loop.call(lambda: self._give(line, message))

        threading.Thread(target=ask, name="tidelock-input", daemon=True).start()

    def _give(self, line: str | None, request: Message) -> None:
        if self._closed:
            return
        head = wire.header("input_reply", self.session, self.username)
        metadata = {"tidelock": {"eof": True}} if line is None else None
        frames = wire.pack(
            self._signer,
            head,
            {"value": line or "", "status": "ok"},
            parent=request.raw_header,
            metadata=metadata,
            exact=True,
        )
        self._sockets["stdin"].send_multipart(frames)

    # -- heartbeat -----------------------------------------------------------------------------

    def _start_beating(self) -> None:
        if self._beat is not None:
            self._loop.unwatch(self._beat)
            self._beat.close(0)
        self._beat = self._context.socket(zmq.REQ)
        self._beat.linger = 0
        if self._keys is not None:
            self._keys.join(self._beat)
        self._beat.connect(self.connection.address("hb"))
        self._loop.watch(self._beat, self._beaten)
        self._beat.send(b"beat")
        self._loop.later(self._heartbeat_s, self._check_beat)
        self._answered = False

    def _beaten(self) -> None:
        if self._beat is not None:
            self._beat.recv()
            self._answered = True
            self._missed = 0

    def _check_beat(self) -> None:
        if self._closed or self._beat is None:
            return
        if self._answered:
            self._answered = False
            self._beat.send(b"beat")
            self._loop.later(self._heartbeat_s, self._check_beat)
            return
        self._missed += 1
        if self._missed >= 3:
            self._lose("its heartbeat stopped")
            return
        self._start_beating()

    def _lose(self, reason: str) -> None:
        self.lost = reason
        self._fail_all(reason)
        for call in self._lost_calls:
            call(reason)

    def _fail_all(self, reason: str) -> None:
        waiting, self._open = list(self._open.values()), {}
        for under_way in waiting:
            under_way.answer.fail(KernelError(f"kernel lost: {reason}"))

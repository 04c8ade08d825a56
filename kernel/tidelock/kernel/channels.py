"""The kernel's five sockets: bound, read and written on the loop's thread, and nowhere else.

The heartbeat echoes by a ZeroMQ proxy on a thread of its own, which runs without the
interpreter lock. Nothing here knows what a message means.
"""

from __future__ import annotations

import contextlib
import struct
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import zmq

from tidelock.kernel.subscribers import Subscribers
from tidelock.shared.errors import KernelError
from tidelock.shared.link import wire
from tidelock.shared.link.connection import Connection
from tidelock.shared.link.loop import Loop
from tidelock.shared.link.wire import Content, Message
from tidelock.shared.log import layer

if TYPE_CHECKING:
    from tidelock.shared.link.curve import Keys

log = layer("wire")

Deliver = Callable[[str, Message], None]
_LINGER_MS = 1000
_READ_AT_ONCE = 100
_DROPS_TOLD_S = 1.0


class Channels:
    """Bound sockets of one kernel.

    Args:
        connection: addresses; a port of 0 is chosen and told by ``connection``.
        loop: whose thread uses the sockets.
        context: the ZeroMQ context.
        deliver: called with the channel and each authenticated message.
        listening: file descriptors that listen already, by channel (see ``launch``).
        largest: bytes of the largest message that is read.
        most_unread: bytes that a subscriber may leave unread, 0 for no limit.
        cut_off: called when a subscriber has left more.

    Raises:
        KernelError: an address cannot be bound, or not encrypted; nothing stays bound.
    """

    def __init__(
        self,
        connection: Connection,
        loop: Loop,
        context: zmq.Context[Any],
        deliver: Deliver,
        *,
        listening: Mapping[str, int] | None = None,
        largest: int,
        most_unread: int = 0,
        cut_off: Callable[[], None] = lambda: None,
    ) -> None:
        self._loop = loop
        self._context = context
        self._deliver = deliver
        self._signer = wire.Signer(connection.key.encode())
        self.session = wire.new_id()
        self.dropped = 0
        self._drop_told = float("-inf")
        self.subscribers = 0
        self.asked_for_input = ""
        self._first: zmq.Frame = zmq.Frame()
        self._on_end: Callable[[int], None] = lambda _: None
        self._on_subscription: list[Callable[[], None]] = []
        self._sockets: dict[str, zmq.Socket[Any]] = {}
        self._beat_context: zmq.Context[Any] | None = None
        self.connection = connection
        self._keys: Keys | None = None
        if connection.encrypted:
            from tidelock.shared.link import curve

            self._keys = curve.keys(connection)
        # In one process there is no process to watch: inproc has no heartbeat channel.
        channels = ["shell", "control", "stdin", "iopub"]
        if connection.transport != "inproc":
            channels.append("hb")
        try:
            for channel in channels:
                self._open(channel, (listening or {}).get(channel), largest)
        except zmq.ZMQError as error:
            self.close()
            address = self.connection.address(channel)
            raise KernelError(f"cannot bind {channel} to {address}: {error.strerror}") from None
        self._subscribers: Subscribers | None = None
        if most_unread and self.connection.transport == "tcp" and sys.platform == "linux":
            self._subscribers = Subscribers(
                self.connection.iopub_port, most_unread, cut_off, encrypted=connection.encrypted
            )
        if "hb" in self._sockets:
            echo = self._sockets.pop("hb")
            threading.Thread(
                target=_echo, args=[echo], name="tidelock-heartbeat", daemon=True
            ).start()

    def _open(self, channel: str, descriptor: int | None, largest: int) -> None:
        kinds = {"iopub": zmq.XPUB, "hb": zmq.ROUTER}
        context = self._context
        if channel == "hb":  # a context of its own, so that ending it ends the echo alone
            context = self._beat_context = zmq.Context()
        made = context.socket(kinds.get(channel, zmq.ROUTER))
        self._sockets[channel] = made
        made.linger = _LINGER_MS
        made.setsockopt(zmq.MAXMSGSIZE, largest)
        if channel == "iopub":
            # A subscriber is entered by us, so that its greeting comes before anything else.
            made.setsockopt(zmq.XPUB_MANUAL, 1)
            made.sndhwm = 0
        elif channel != "hb":
            made.setsockopt(zmq.ROUTER_HANDOVER, 1)
        if descriptor is not None:
            made.setsockopt(zmq.USE_FD, descriptor)
        where = self.connection
        if self._keys is not None:
            self._keys.serve(made)
        if not getattr(where, f"{channel}_port"):
            if where.transport == "ipc":
                taken = max(where[2:7])
                where = _with_port(where, channel, taken + 1)
                made.bind(where.address(channel))
            else:
                port = made.bind_to_random_port(f"{where.transport}://{where.ip}")
                where = _with_port(where, channel, port)
            self.connection = where
        else:
            made.bind(where.address(channel))

    def start(self) -> None:
        """Begin to read."""
        for channel in ("control", "shell", "stdin"):
            self._loop.watch(self._sockets[channel], lambda channel=channel: self._read(channel))  # type: ignore[misc]
        self._loop.watch(self._sockets["iopub"], self._read_subscriptions)
        self._read_subscriptions()  # who waited already is told of the start too

    def when_subscribed(self, call: Callable[[], None], within_s: float) -> None:
        """Call once somebody listens to iopub, or after a time."""
        if self.subscribers:
            call()
            return
        done: list[bool] = []

        def once() -> None:
            if not done:
                done.append(True)
                call()

        self._on_subscription.append(once)
        self._loop.later(within_s, once)

    def _read(self, channel: str) -> None:
        made = self._sockets[channel]
        for _ in range(_READ_AT_ONCE):
            if channel != "control" and self._sockets["control"].poll(0):
                self._read("control")
            try:
                self._first = made.recv(zmq.NOBLOCK, copy=False)
                frames = [self._first.bytes]
                if self._first.more:
                    frames += made.recv_multipart(zmq.NOBLOCK)
            except zmq.Again:
                return
            except zmq.ZMQError as error:
                log.warn("reading failed", channel=channel, error=str(error))
                return
            try:
                message = wire.unpack(self._signer, frames)
            except wire.WireError as error:
                self._drop(channel, str(error))
                continue
            self._deliver(channel, message)

    def source(self) -> int:
        """The connection that the message being delivered came through, -1 if there is none."""
        try:
            return int(self._first.get(zmq.SRCFD))
        except (zmq.ZMQError, AttributeError):
            return -1

    def when_disconnected(self, call: Callable[[int], None]) -> None:
        """Call with each connection (see ``source``) of the shell channel that ends."""
        where = f"inproc://tidelock-ends-{self.session}"
        self._sockets["shell"].monitor(where, zmq.EVENT_DISCONNECTED)
        ends = self._sockets["ends"] = self._context.socket(zmq.PAIR)
        ends.linger = 0
        ends.connect(where)
        self._on_end = call
        self._loop.watch(ends, self.read_ends)

    def read_ends(self) -> None:
        """Tell of the connections that have ended by now: their numbers are used again."""
        ends = self._sockets.get("ends")
        while ends is not None:
            try:
                event, _ = ends.recv_multipart(zmq.NOBLOCK)
            except (zmq.ZMQError, ValueError):
                return
            kind, number = struct.unpack("=HI", event)
            if kind == zmq.EVENT_DISCONNECTED:
                self._on_end(number)

    def _drop(self, channel: str, why: str) -> None:
        """Count what is no message for us; a flood is told once a second."""
        self.dropped += 1
        now = time.monotonic()
        if now - self._drop_told >= _DROPS_TOLD_S:
            self._drop_told = now
            log.warn("dropped a message", channel=channel, why=why, dropped=self.dropped)

    def _read_subscriptions(self) -> None:
        made = self._sockets["iopub"]
        while True:
            try:
                frame = made.recv(zmq.NOBLOCK)
            except zmq.Again:
                return
            sign, topic = frame[:1], frame[1:]
            if sign == b"\x00":
                made.setsockopt(zmq.UNSUBSCRIBE, topic)
                self.subscribers -= 1
            if sign != b"\x01":
                continue
            made.setsockopt(zmq.SUBSCRIBE, topic)
            self.subscribers += 1
            head = wire.header("iopub_welcome", self.session)
            content = {"subscription": topic.decode("utf-8", "replace")}
            made.send_multipart(wire.pack(self._signer, head, content, identities=[topic]))
            waiting, self._on_subscription = self._on_subscription, []
            for call in waiting:
                call()

    def reply(
        self,
        channel: str,
        request: Message,
        kind: str,
        content: object,
        metadata: Content | None = None,
    ) -> None:
        """Answer a request on its channel."""
        head = wire.header(kind, self.session)
        frames = wire.pack(
            self._signer, head, content,
            parent=request.raw_header, metadata=metadata, identities=request.identities,
        )  # fmt: skip
        self._send(channel, frames)

    def ask_for_input(self, request: Message, content: Content) -> None:
        """Send an input request to the client that asked for the execution."""
        head = wire.header("input_request", self.session)
        self.asked_for_input = str(head["msg_id"])
        frames = wire.pack(
            self._signer, head, content, parent=request.raw_header, identities=request.identities
        )
        self._send("stdin", frames)

    def publish(
        self,
        kind: str,
        content: object,
        parent: bytes,
        *,
        metadata: Content | None = None,
        buffers: Sequence[bytes] = (),
    ) -> None:
        """Send a message to every subscriber, under its parent header (raw bytes)."""
        head = wire.header(kind, self.session)
        topic = f"kernel.{self.session}.{kind}".encode()
        frames = wire.pack(
            self._signer, head, content,
            parent=parent, metadata=metadata, identities=[topic], buffers=buffers,
        )  # fmt: skip
        self._send("iopub", frames)

    def _send(self, channel: str, frames: list[bytes]) -> None:
        try:
            self._sockets[channel].send_multipart(frames, zmq.NOBLOCK)
            if channel == "iopub" and self._subscribers is not None:
                self._subscribers.published(frames)
        except KeyError:
            log.info("not sent: the channels are closed", channel=channel)
        except zmq.ZMQError as error:
            log.warn("sending failed", channel=channel, error=str(error))

    def close(self) -> None:
        """Close every socket, sending what was queued; on the loop's thread."""
        if "ends" in self._sockets:
            self._sockets["shell"].monitor(None, 0)
        for made in self._sockets.values():
            self._loop.unwatch(made)
            made.close()
        self._sockets.clear()
        if self._beat_context is not None:
            self._beat_context.term()


def _with_port(connection: Connection, channel: str, port: int) -> Connection:
    fields: dict[str, Any] = {f"{channel}_port": port}
    return connection._replace(**fields)


def _echo(heartbeat: zmq.Socket[Any]) -> None:
    """Echo until the socket's context ends; the proxy holds no interpreter lock."""
    with contextlib.suppress(zmq.ZMQError):
        zmq.proxy(heartbeat, heartbeat)
    heartbeat.close(0)

"""A Jupyter client that can do everything wrong: bare ZeroMQ sockets and an HMAC of its own.

It shares no code with the kernel or with jupyter_client, and checks nothing that it is not asked
to: it is for malformed, unsigned, forged, replayed and cut messages, and for seeing raw frames.
"""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import json
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import zmq

from kit.timeline import Failure, seconds, short

Json = dict[str, Any]
Frames = list[bytes]

DELIMITER = b"<IDS|MSG>"
CHANNELS = ("shell", "control", "stdin", "iopub", "hb")


def connection_info(connection: str | Path | Mapping[str, Any]) -> Json:
    """What a connection file says; a mapping is taken as it is."""
    if isinstance(connection, Mapping):
        return dict(connection)
    info: Json = json.loads(Path(connection).read_text("utf-8"))
    return info


def url(info: Mapping[str, Any], channel: str) -> str:
    """The address of a channel: ``tcp://ip:port``, for other transports ``ipc://ip-port``."""
    separator = ":" if info["transport"] == "tcp" else "-"
    return f"{info['transport']}://{info['ip']}{separator}{info[f'{channel}_port']}"


def sign(key: str | bytes, parts: Sequence[bytes]) -> bytes:
    """The signature of the four parts of a message; empty without a key."""
    if not key:
        return b""
    mac = hmac.new(key.encode() if isinstance(key, str) else key, digestmod=hashlib.sha256)
    for part in parts:
        mac.update(part)
    return mac.hexdigest().encode()


@dataclass(frozen=True)
class RawMessage:
    """A message as it came: frames, and what they say where they could be read."""

    frames: Frames

    @property
    def identities(self) -> Frames:
        """What is before the delimiter: on iopub the topic."""
        return self.frames[: self._delimiter]

    @property
    def signature(self) -> bytes:
        """The signature as it came."""
        return self.frames[self._delimiter + 1]

    @property
    def parts(self) -> Frames:
        """Header, parent header, metadata and content as they came."""
        return self.frames[self._delimiter + 2 : self._delimiter + 6]

    @property
    def buffers(self) -> Frames:
        """What follows the four parts."""
        return self.frames[self._delimiter + 6 :]

    @property
    def header(self) -> Json:
        """The header."""
        return self._part(0)

    @property
    def parent(self) -> Json:
        """The header of the request that caused it."""
        return self._part(1)

    @property
    def metadata(self) -> Json:
        """The metadata."""
        return self._part(2)

    @property
    def content(self) -> Json:
        """The content."""
        return self._part(3)

    @property
    def type(self) -> str:
        """The message type."""
        return str(self.header.get("msg_type"))

    @property
    def _delimiter(self) -> int:
        try:
            return self.frames.index(DELIMITER)
        except ValueError:
            raise Failure(f"no delimiter in {self.frames!r}") from None

    def _part(self, index: int) -> Json:
        value: Json = json.loads(self.parts[index])
        return value


class RawPeer:
    """Raw sockets to a kernel: DEALER for shell, control and stdin, SUB for iopub, REQ for hb.

    Args:
        connection: a connection file, or what it says; its keys for encryption are used.
        key: another key than the kernel's, to be refused.
        identity: the routing identity of the three DEALER sockets.
        context: for ``inproc``, the kernel's ZeroMQ context.
        timeout: how long each wait may take, in seconds.

    For the test's thread only. Sockets are opened when first used; iopub at once.
    """

    def __init__(
        self,
        connection: str | Path | Mapping[str, Any],
        *,
        key: str | None = None,
        identity: bytes | None = None,
        context: zmq.Context[zmq.Socket[bytes]] | None = None,
        timeout: float = 10.0,
    ) -> None:
        self.info = connection_info(connection)
        self.key = self.info.get("key", "") if key is None else key
        self.session = uuid.uuid4().hex
        self.identity = identity or self.session.encode()
        self._own_context = context is None
        self._context: zmq.Context[zmq.Socket[bytes]] = context or zmq.Context()
        self._timeout = timeout
        self._sockets: dict[str, zmq.Socket[bytes]] = {}
        self.socket("iopub")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def socket(self, channel: str) -> zmq.Socket[bytes]:
        """The socket of a channel."""
        if channel not in self._sockets:
            kinds = {"iopub": zmq.SUB, "hb": zmq.REQ}
            socket = self._context.socket(kinds.get(channel, zmq.DEALER))
            socket.linger = 0
            if channel == "iopub":
                socket.rcvhwm = 0
                socket.subscribe(b"")
            elif channel != "hb":
                socket.routing_id = self.identity
            if "curve_publickey" in self.info:
                socket.curve_serverkey = self.info["curve_publickey"].encode()
                socket.curve_publickey = self.info["curve_publickey"].encode()
                socket.curve_secretkey = self.info["curve_secretkey"].encode()
            socket.connect(url(self.info, channel))
            self._sockets[channel] = socket
        return self._sockets[channel]

    # Making messages

    def header(self, msg_type: str, **over: Any) -> Json:
        """A header; ``over`` replaces fields, None removes them."""
        header = {
            "msg_id": uuid.uuid4().hex,
            "session": self.session,
            "username": "raw",
            "date": datetime.now(UTC).isoformat(),
            "msg_type": msg_type,
            "version": "5.5",
            **over,
        }
        return {name: value for name, value in header.items() if value is not None}

    def message(
        self,
        msg_type: str,
        content: Any = None,
        *,
        header: Mapping[str, Any] | None = None,
        parent: Any = None,
        metadata: Any = None,
        buffers: Sequence[bytes] = (),
    ) -> Frames:
        """The frames of a well-signed message, without identities."""
        values = (
            self.header(msg_type) if header is None else header,
            {} if parent is None else parent,
            {} if metadata is None else metadata,
            {} if content is None else content,
        )
        return self.signed([json.dumps(value).encode() for value in values], buffers)

    def signed(self, parts: Sequence[bytes], buffers: Sequence[bytes] = ()) -> Frames:
        """The frames of a message from parts that need not be JSON, nor four."""
        return [DELIMITER, sign(self.key, parts), *parts, *buffers]

    @staticmethod
    def unsigned(frames: Frames) -> Frames:
        """The same message with an empty signature."""
        return [frames[0], b"", *frames[2:]]

    @staticmethod
    def forged(frames: Frames) -> Frames:
        """The same message with a signature of the right form that is not right."""
        digit = b"0" if frames[1][:1] != b"0" else b"1"
        return [frames[0], digit + frames[1][1:], *frames[2:]]

    @staticmethod
    def tampered(frames: Frames, content: Any) -> Frames:
        """The same message and signature with another content."""
        return [*frames[:5], json.dumps(content).encode(), *frames[6:]]

    @staticmethod
    def cut(frames: Frames, count: int) -> Frames:
        """The first ``count`` frames."""
        return frames[:count]

    # Sending and receiving

    def send(self, channel: str, frames: Sequence[bytes]) -> None:
        """Send frames as they are."""
        self.socket(channel).send_multipart(list(frames))

    def receive(self, channel: str, timeout: float | None = None) -> RawMessage:
        """The next message of a channel."""
        limit = seconds(self._timeout if timeout is None else timeout)
        socket = self.socket(channel)
        if not socket.poll(int(limit * 1000)):
            raise Failure(f"nothing came on {channel} within {limit:g} s")
        return RawMessage(socket.recv_multipart())

    def waiting(self, channel: str) -> bool:
        """Whether a message is there."""
        return bool(self.socket(channel).poll(0))

    def request(
        self, channel: str, msg_type: str, content: Any = None, timeout: float | None = None
    ) -> RawMessage:
        """Send a well-formed request and give the next message of its channel."""
        self.send(channel, self.message(msg_type, content))
        return self.receive(channel, timeout)

    def ready(self) -> Self:
        """Wait until the kernel answers and iopub is joined, and forget what was said for that."""
        self.request("shell", "kernel_info_request")
        while not self.socket("iopub").poll(int(seconds(0.3) * 1000)):
            self.request("shell", "kernel_info_request")
        last = self.header("kernel_info_request")
        self.send("shell", self.message("kernel_info_request", header=last))
        self.receive("shell")
        self.published(last["msg_id"])
        return self

    def assert_silent(self, channel: str = "shell") -> None:
        """The kernel lives, and what was sent on the channel before has no answer.

        It asks ``kernel_info_request`` on the same channel (for stdin, on shell) and expects
        nothing before the reply: what a kernel drops it has dropped when it answers the next one.
        """
        asked = channel if channel in ("shell", "control") else "shell"
        header = self.header("kernel_info_request")
        self.send(asked, self.message("kernel_info_request", header=header))
        reply = self.receive(asked)
        if reply.parent.get("msg_id") != header["msg_id"]:
            raise Failure(f"answered: {reply.type} {short(reply.content)}")
        if self.waiting(channel):
            raise Failure(f"something came on {channel}: {self.receive(channel).frames}")

    def assert_dropped(self, channel: str, frames: Sequence[bytes]) -> None:
        """The kernel survives these frames and does not answer them."""
        self.send(channel, frames)
        self.assert_silent(channel)

    def iopub(self, timeout: float | None = None) -> RawMessage:
        """The next message that the kernel publishes."""
        return self.receive("iopub", timeout)

    def published(self, msg_id: str, until: str = "idle") -> list[RawMessage]:
        """What is published on account of a request, up to its status ``until``."""
        found: list[RawMessage] = []
        while not found or found[-1].content.get("execution_state") != until:
            message = self.iopub()
            if message.parent.get("msg_id") == msg_id:
                found.append(message)
        return found

    def beat(self, data: bytes = b"beat", timeout: float | None = None) -> bytes:
        """What the heartbeat echoes."""
        self.send("hb", [data])
        return b"".join(self.receive("hb", timeout).frames)

    def close(self) -> None:
        """Close every socket at once, sent or not; may be called again."""
        for socket in self._sockets.values():
            socket.close(0)
        self._sockets.clear()
        if self._own_context:
            with contextlib.suppress(zmq.ZMQError):
                self._context.term()

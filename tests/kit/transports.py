"""Ways to reach a peer that speaks in framed JSON messages: a process, a port, an object.

All three hand whole messages to a listener on one thread of their own, in order.
"""

from __future__ import annotations

import contextlib
import queue
import socket
import struct
import threading
import traceback
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from kit.children import Child
from kit.framing import Decoder, FramingError, encode
from kit.timeline import Failure, seconds

Json = dict[str, Any]


class Listener(Protocol):
    """What a client shows to its transport; called on the transport's thread only."""

    def received(self, message: Json) -> None:
        """A whole message came."""

    def garbled(self, text: str) -> None:
        """Bytes came that are no message; nothing more will come."""

    def ended(self, reason: str) -> None:
        """Nothing more will come."""


class Transport(Protocol):
    """A way to a peer, opened once by the client that uses it."""

    def open(self, listener: Listener) -> None:
        """Connect; messages may come from now on."""

    def send(self, message: Json) -> None:
        """Send one message; any thread, one at a time."""

    def send_raw(self, data: bytes) -> None:
        """Send bytes as they are."""

    def vanish(self) -> None:
        """Go away without a word, as an editor that crashed."""

    def close(self) -> None:
        """End everything that was begun; may be called again."""

    def describe(self) -> str:
        """What a failure should show of the peer beside its messages."""


class _Inbox:
    """Bytes in, messages to the listener; shared by the transports."""

    def __init__(self, listener: Listener) -> None:
        self._listener = listener
        self._decoder = Decoder()
        self._over = False

    def feed(self, data: bytes) -> None:
        if self._over:
            return
        try:
            for message in self._decoder.feed(data):
                self._listener.received(message)
        except FramingError as error:
            self._over = True
            for message in error.messages:
                self._listener.received(message)
            self._listener.garbled(str(error))
            self._listener.ended("what came was no message")

    def end(self, reason: str) -> None:
        if self._over:
            return
        self._over = True
        try:
            self._decoder.finish()
        except FramingError as error:
            self._listener.garbled(str(error))
        self._listener.ended(reason)


class StdioTransport:
    """A process that speaks on standard input and output; its standard error is kept.

    ``grace`` is how many seconds it gets to end by itself at the end of its input; after TERM it
    gets four times as many.
    """

    def __init__(
        self,
        argv: Sequence[str | Path],
        cwd: str | Path | None = None,
        env: Mapping[str, str] | None = None,
        grace: float = 0.5,
    ) -> None:
        self._argv, self._cwd, self._env, self._grace = argv, cwd, env, grace
        self._errors = bytearray()
        self._lock = threading.Lock()
        self.child: Child | None = None

    def open(self, listener: Listener) -> None:
        inbox = _Inbox(listener)

        def output(stream: str, data: bytes) -> None:
            if stream == "stderr":
                self._errors.extend(data)
            elif data:
                inbox.feed(data)
            else:
                inbox.end("the process closed its standard output")

        self.child = Child(self._argv, output, cwd=self._cwd, env=self._env)

    def send(self, message: Json) -> None:
        self.send_raw(encode(message))

    def send_raw(self, data: bytes) -> None:
        assert self.child is not None, "the transport is not open"
        with self._lock:
            try:
                self.child.write(data)
            except BrokenPipeError:
                raise Failure(f"nobody reads any more\n{self.describe()}") from None

    def vanish(self) -> None:
        assert self.child is not None, "the transport is not open"
        self.child.close_input()

    def wait(self, timeout: float = 10.0) -> int:
        """The exit code of a process that ends by itself."""
        assert self.child is not None, "the transport is not open"
        code = self.child.wait(timeout)
        if code is None:
            raise Failure(f"still running after {timeout:g} s\n{self.describe()}")
        return code

    def close(self) -> None:
        if self.child is not None:
            self.child.stop(self._grace)

    @property
    def stderr(self) -> str:
        """What the process wrote to its standard error so far."""
        return self._errors.decode("utf-8", "replace")

    def describe(self) -> str:
        return f"process: {self.child}\nstandard error:\n{self.stderr or '  (nothing)'}"


class TcpTransport:
    """A peer that listens on a port."""

    def __init__(self, host: str, port: int) -> None:
        self._address = (host, port)
        self._socket: socket.socket | None = None
        self._reader: threading.Thread | None = None
        self._lock = threading.Lock()

    def open(self, listener: Listener) -> None:
        self._socket = socket.create_connection(self._address, seconds(10.0))
        self._socket.settimeout(None)
        name = f"reads {self._address}"
        self._reader = threading.Thread(
            target=self._read, args=(self._socket, _Inbox(listener)), name=name, daemon=True
        )
        self._reader.start()

    @staticmethod
    def _read(connection: socket.socket, inbox: _Inbox) -> None:
        reason = "the peer closed the connection"
        try:
            while data := connection.recv(65536):
                inbox.feed(data)
        except OSError as error:
            reason = f"the connection broke ({error})"
        inbox.end(reason)

    def send(self, message: Json) -> None:
        self.send_raw(encode(message))

    def send_raw(self, data: bytes) -> None:
        assert self._socket is not None, "the transport is not open"
        with self._lock:
            try:
                self._socket.sendall(data)
            except OSError as error:
                raise Failure(f"cannot send to {self._address}: {error}") from None

    def vanish(self) -> None:
        assert self._socket is not None, "the transport is not open"
        # Linger 0 makes the close a reset, as the kernel does for a killed client.
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._end(socket.SHUT_RD)

    def close(self) -> None:
        if self._socket is not None:
            self._end(socket.SHUT_RDWR)

    def _end(self, how: int) -> None:
        assert self._socket is not None
        assert self._reader is not None
        with contextlib.suppress(OSError):
            self._socket.shutdown(how)
        self._reader.join()
        self._socket.close()

    def describe(self) -> str:
        return "peer: {}:{}".format(*self._address)


class Handler(Protocol):
    """A session in this process, as ``MemoryTransport`` needs it."""

    def receive(self, message: Json) -> None:
        """Take one message of the client."""


class MemoryTransport:
    """A session in this process, without bytes in between.

    Args:
        handler: the session, whose attribute ``send`` is set to the function that takes its
            messages; or a function that is given this function and makes the session.

    ``receive`` is called on one thread, one message after the other; ``send`` may be called on
    any. Both ways a message goes through the framing, so that nothing is shared and what is not
    JSON fails here as it would on a wire. If ``receive`` raises, the conversation is over. A
    handler with a method ``close`` is told when the client is gone.
    """

    def __init__(self, handler: Handler | Callable[[Callable[[Json], None]], Handler]) -> None:
        self._made = handler
        self._queue: queue.SimpleQueue[Json | None] = queue.SimpleQueue()
        self._decoder = Decoder()
        self._worker: threading.Thread | None = None
        self._failure = ""
        self._over = threading.Event()
        self.handler: Any = None

    def open(self, listener: Listener) -> None:
        lock = threading.Lock()

        def deliver(message: Json) -> None:
            (copy,) = Decoder().feed(encode(message))  # raises to who sends what is not JSON
            with lock:
                if not self._over.is_set():
                    listener.received(copy)

        if hasattr(self._made, "receive"):
            self.handler = self._made
            self.handler.send = deliver
        else:
            self.handler = self._made(deliver)
        self._worker = threading.Thread(
            target=self._work, args=(listener,), name="delivers to the handler", daemon=True
        )
        self._worker.start()

    def _work(self, listener: Listener) -> None:
        reason = "the client closed the connection"
        while (message := self._queue.get()) is not None:
            try:
                self.handler.receive(message)
            except Exception:
                self._failure = traceback.format_exc()
                reason = "the handler raised"
                break
        listener.ended(reason)

    def send(self, message: Json) -> None:
        self.send_raw(encode(message))

    def send_raw(self, data: bytes) -> None:
        for message in self._decoder.feed(data):
            self._queue.put(message)

    def vanish(self) -> None:
        self.close()

    def close(self) -> None:
        self._over.set()
        self._queue.put(None)
        if self._worker is not None:
            self._worker.join(seconds(5.0))
            if self._worker.is_alive():
                raise Failure("the handler's receive does not return")
        gone = getattr(self.handler, "close", None)
        if gone is not None:
            gone()

    def describe(self) -> str:
        return f"the handler raised:\n{self._failure}" if self._failure else ""

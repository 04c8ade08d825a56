"""``tidelock dap`` on stdio: one client joined with the debug adapter of a kernel process.

It proves to the kernel that it knows the key and then passes bytes on unread. If the kernel
dies the client is told and the session ends; if the client goes the connection closes.
"""

from __future__ import annotations

import os
import socket
import threading
from io import RawIOBase
from typing import BinaryIO

from tidelock.dap.framing import Decoder, FramingError, encode
from tidelock.shared.errors import KernelError
from tidelock.shared.link.connection import DAP_HOST, Connection

_CHUNK = 1 << 16
_OUR_SEQ = 1_000_000_000


def _hello(kernel: socket.socket, key: str) -> None:
    message = {"seq": 0, "type": "request", "command": "tidelock/hello", "arguments": {"key": key}}
    kernel.sendall(encode(message))
    decoder = Decoder()
    while True:
        data = kernel.recv(1)  # byte by byte: what follows the answer is the client's
        if not data:
            raise KernelError("the kernel closed the debug connection")
        for answer in decoder.feed(data):
            if not answer.get("success"):
                raise KernelError(f"the kernel refused: {answer.get('message')}")
            return


def connect(connection: Connection) -> socket.socket:
    """A trusted connection to the kernel's debug adapter.

    Raises:
        KernelError: the kernel has no adapter, is not there, or refuses the key.
    """
    if not connection.dap_port:
        raise KernelError("that kernel has no debug adapter", "start one: tidelock kernel start")
    try:
        kernel = socket.create_connection((DAP_HOST, connection.dap_port), 5)
    except OSError as error:
        raise KernelError(f"cannot reach the debug adapter: {error.strerror or error}") from None
    kernel.settimeout(None)
    kernel.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    _hello(kernel, connection.key)
    return kernel


def relay(connection: Connection, source: BinaryIO | RawIOBase, sink: BinaryIO) -> int:
    """Pass bytes both ways until one side ends; the exit code."""
    kernel = connect(connection)
    client_gone = threading.Event()

    def forward() -> None:
        descriptor = source.fileno()
        while True:
            data = os.read(descriptor, _CHUNK)
            if not data:
                break
            try:
                kernel.sendall(data)
            except OSError:
                break
        client_gone.set()
        try:
            kernel.shutdown(socket.SHUT_WR)
        except OSError:
            return

    threading.Thread(target=forward, name="tidelock-relay", daemon=True).start()
    watch = _Watch()
    while True:
        try:
            data = kernel.recv(_CHUNK)
        except OSError:
            data = b""
        if not data:
            break
        watch.feed(data)
        try:
            sink.write(data)
            sink.flush()
        except (OSError, ValueError):
            break
    kernel.close()
    if not client_gone.is_set() and not watch.over:
        _tell_death(sink)
    return 0


class _Watch:
    """Notices the end of a session in what passes by, so that a death can be told from it."""

    def __init__(self) -> None:
        self.over = False
        self._decoder: Decoder | None = Decoder()

    def feed(self, data: bytes) -> None:
        if self._decoder is None:
            return
        try:
            for message in self._decoder.feed(data):
                ended = message.get("event") == "terminated"
                left = message.get("type") == "response" and message.get("command") == "disconnect"
                self.over = self.over or ended or left
        except FramingError:
            self._decoder = None


def _tell_death(sink: BinaryIO) -> None:
    words = "The Tidelock kernel has ended; the debug session is over.\n"
    for offset, (name, body) in enumerate(
        (
            ("output", {"category": "console", "output": words}),
            ("exited", {"exitCode": 1}),
            ("terminated", {}),
        )
    ):
        message = {"seq": _OUR_SEQ + offset, "type": "event", "event": name, "body": body}
        try:
            sink.write(encode(message))
            sink.flush()
        except (OSError, ValueError):
            return


def refuse(source: BinaryIO | RawIOBase, sink: BinaryIO, words: str) -> None:
    """Answer the client's first request with a failure that says why there is no kernel."""
    decoder = Decoder()
    while True:
        data = os.read(source.fileno(), _CHUNK)
        if not data:
            return
        try:
            messages = list(decoder.feed(data))
        except FramingError:
            return
        for message in messages:
            if message.get("type") != "request":
                continue
            answer = {
                "seq": 1,
                "type": "response",
                "request_seq": message.get("seq", 0),
                "command": message.get("command", ""),
                "success": False,
                "message": words,
                "body": {"error": {"id": 8, "format": words, "showUser": True}},
            }
            sink.write(encode(answer))
            sink.flush()
            return

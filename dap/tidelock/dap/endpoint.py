"""The debug adapter's port in a kernel process: one session for each connection.

Loopback only, and no session does anything before it has the kernel's key. Bytes that are no
DAP end their connection with a log line.
"""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Callable

from tidelock.dap.convert import Body
from tidelock.dap.framing import Decoder, FramingError, encode
from tidelock.dap.session import Console, Session
from tidelock.shared.context import Context
from tidelock.shared.link.loop import Loop
from tidelock.shared.log import layer

log = layer("dap")
_READ = 1 << 16
_UNSENT_LIMIT = 64 * 1024 * 1024


class Connection:
    """One client on the port; everything on the loop's thread."""

    def __init__(
        self,
        client: socket.socket,
        context: Context,
        loop: Loop,
        key: str,
        console: Console | None = None,
        admit: Callable[[], None] = lambda: None,
    ) -> None:
        client.setblocking(False)
        with contextlib.suppress(OSError):
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._client = client
        self._loop = loop
        self._decoder = Decoder()
        self._unsent = bytearray()
        self._closed = False
        self.session = Session(
            context, self._send, loop.call, trusted=False, key=key, console=console, admit=admit
        )
        loop.watch(client.fileno(), self._read)

    def _read(self) -> None:
        try:
            data = self._client.recv(_READ)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self.close()
            return
        try:
            for message in self._decoder.feed(data):
                self.session.receive(message)
        except FramingError as error:
            log.warn("closed a connection that speaks no DAP", why=str(error))
            self.close()
            return
        if self.session.state == "ended":
            self.close()

    def _send(self, message: Body) -> None:
        if self._closed:
            return
        self._unsent += encode(message)
        self._flush()

    def _flush(self) -> None:
        while self._unsent and not self._closed:
            try:
                sent = self._client.send(self._unsent)
            except BlockingIOError:
                if len(self._unsent) > _UNSENT_LIMIT:
                    log.warn("closed a connection that does not read")
                    self.close()
                else:
                    self._loop.later(0.01, self._flush)
                return
            except OSError:
                self.close()
                return
            del self._unsent[:sent]

    def close(self) -> None:
        """The client is gone or sent away."""
        if self._closed:
            return
        self._closed = True
        self._loop.unwatch(self._client.fileno())
        self.session.end()
        self._client.close()

"""A client of the debugger inside this program: requests out, answers and events in.

It speaks DAP with a session in this process or behind a kernel's port, which look alike from
here. It shows nothing and never waits by itself.
"""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable
from typing import Any, Protocol

from tidelock.dap.convert import Body
from tidelock.dap.framing import Decoder, FramingError, encode
from tidelock.shared.answers import Answer
from tidelock.shared.errors import KernelError, LuaFailure

_CHUNK = 1 << 16


class Channel(Protocol):
    """A way to a debug session."""

    def send(self, message: Body) -> None:
        """Send one message; OSError when nobody is there any more."""

    def close(self) -> None:
        """Leave; the session ends."""


Receive = Callable[[Body | None], None]
"""Takes each message of the session, and None when no more can come; on a thread of its own."""
Open = Callable[[Receive], Channel]
"""Makes the channel whose messages ``Receive`` gets."""


class DebugClient:
    """One debug conversation; requests from any thread.

    Args:
        open_channel: opens the way to the session.
        on_event: takes name and body of each event, on the receiving thread; must not block.
    """

    def __init__(self, open_channel: Open, on_event: Callable[[str, Body], None]) -> None:
        self._lock = threading.Lock()
        self._seq = 0
        self._waiting: dict[int, Answer[Body]] = {}
        self._is_over = False
        self._on_event = on_event
        self._channel = open_channel(self._receive)

    def ask(self, command: str, **arguments: Any) -> Answer[Body]:
        """Send a request; the answer is the body of the response.

        Errors:
            LuaFailure: the session refused; its words.
            KernelError: the session is over.
        """
        answer: Answer[Body] = Answer()
        with self._lock:
            self._seq += 1
            seq = self._seq
            self._waiting[seq] = answer
        message = {"seq": seq, "type": "request", "command": command, "arguments": arguments}
        try:
            self._channel.send(message)
        except OSError:
            self._lose()
        if self._is_over:
            self._lose()
        return answer

    def request(self, command: str, **arguments: Any) -> Body:
        """The body of the response to a request.

        Raises:
            LuaFailure: the session refused; its words.
            KernelError: the session is over.
            KeyboardInterrupt: while waiting; the request is cancelled.
        """
        answer = self.ask(command, **arguments)
        try:
            return answer.result()
        except KeyboardInterrupt:
            with self._lock:
                seq = next((n for n, open_ in self._waiting.items() if open_ is answer), 0)
            self.ask("cancel", requestId=seq)
            answer.wait()
            raise

    def _receive(self, message: Body | None) -> None:
        if message is None:
            self._lose()
        elif message["type"] == "event":
            self._on_event(message["event"], message.get("body") or {})
        elif message["type"] == "response":
            with self._lock:
                answer = self._waiting.pop(message["request_seq"], None)
            if answer is None:
                return
            if message["success"]:
                answer.resolve(message.get("body") or {})
            else:
                answer.fail(LuaFailure(message.get("message") or "refused"))

    def _lose(self) -> None:
        self._is_over = True
        with self._lock:
            waiting, self._waiting = list(self._waiting.values()), {}
        for answer in waiting:
            answer.fail(KernelError("the debug session is over"))

    def close(self) -> None:
        """Leave the session: it takes its breakpoints along, and resumes if it was the last."""
        self._channel.close()
        self._lose()


class Port:
    """A channel over a connection to a kernel's debug adapter (``relay.connect``)."""

    def __init__(self, kernel: socket.socket, receive: Receive) -> None:
        self._kernel = kernel
        self._thread = threading.Thread(
            target=self._read, args=(receive,), name="tidelock-debug-client", daemon=True
        )
        self._thread.start()

    def _read(self, receive: Receive) -> None:
        decoder = Decoder()
        with contextlib.suppress(OSError, FramingError):
            while data := self._kernel.recv(_CHUNK):
                for message in decoder.feed(data):
                    receive(message)
        receive(None)

    def send(self, message: Body) -> None:
        """Send one message."""
        self._kernel.sendall(encode(message))

    def close(self) -> None:
        """Close the connection."""
        with contextlib.suppress(OSError):
            self._kernel.shutdown(socket.SHUT_RDWR)
        self._thread.join(2)
        self._kernel.close()

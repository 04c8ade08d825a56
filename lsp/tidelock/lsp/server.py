"""The language server's wire: pygls reads and writes frames, a ``Session`` does the rest.

The only module that imports pygls. Standard output belongs to the protocol: its descriptor is
kept aside, and whatever a library prints goes to standard error.
"""

from __future__ import annotations

import contextlib
import gc
import json
import logging
import os
import queue
import re
import sys
import threading
import uuid
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, BinaryIO, cast

from pygls.io_ import run
from pygls.protocol.json_rpc import JsonRPCProtocol
from pygls.server import JsonRPCServer

from tidelock.lsp.convert import converter
from tidelock.lsp.manner import Json
from tidelock.lsp.session import INVALID_REQUEST, Number, Ports, Session, SettingsOf
from tidelock.lsp.watchdog import Watchdog
from tidelock.shared.log import layer

if TYPE_CHECKING:
    from tidelock.lsp.diagnostics import Check
    from tidelock.shared.config import Settings

log = layer("lsp")

_LENGTH = re.compile(rb"Content-Length:[ \t]*(\d{1,9})[ \t]*\r?\n\Z", re.IGNORECASE)
_PARSE_ERROR = -32700
_WATCH_S = 1.0
_SWITCH_S = 0.001


class Reader:
    """Reads as pygls wants it, and finds the next message behind bytes that are none."""

    def __init__(self, source: BinaryIO) -> None:
        self._source = source

    def readline(self) -> bytes:
        """A header line. One that ends with a length is taken for that, whatever stands before."""
        line = self._source.readline()
        length = _LENGTH.search(line)
        return line if length is None else b"Content-Length: %s\r\n" % length[1]

    def read(self, size: int) -> bytes:
        """A body."""
        return self._source.read(size)


class Writer:
    """Sends on a thread of its own, so that nobody waits for an editor that does not read."""

    def __init__(self, output: BinaryIO, gone: Callable[[], None]) -> None:
        self._output = output
        self._gone = gone
        self._queue: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="tidelock-writer", daemon=True)
        self._thread.start()

    def write(self, data: bytes) -> None:
        """Send after everything that was written before."""
        self._queue.put(data)

    def close(self, wait_s: float = 1.0) -> None:
        """Send the rest and end."""
        self._queue.put(None)
        self._thread.join(wait_s)

    def _run(self) -> None:
        while (data := self._queue.get()) is not None:
            try:
                self._output.write(data)
                self._output.flush()
            except (OSError, ValueError):
                self._gone()
                return


class Protocol(JsonRPCProtocol):
    """Frames and JSON by pygls; what a message means is the session's."""

    session: Session

    def __init__(self, server: JsonRPCServer, made: Any) -> None:
        super().__init__(server, made)
        self.ended = threading.Event()

    def structure_message(self, data: dict[str, Any]) -> Json:
        """Leave it as it is: the route of a message knows how to read it."""
        return data

    def handle_message(self, message: Json) -> None:
        """Hand a message to the session; after ``exit`` nothing more is read."""
        self.session.receive(message)
        if self.session.exit_code is not None:
            self.ended.set()

    def reply(self, number: Number, result: Json) -> None:
        """Answer a request."""
        self._send_data({"jsonrpc": "2.0", "id": number, "result": result})

    def refuse(self, number: Number | None, code: int, words: str) -> None:
        """Answer a request with an error."""
        error = {"code": code, "message": words}
        self._send_data({"jsonrpc": "2.0", "id": number, "error": error})

    def notify(self, method: str, params: Json = None) -> None:
        """Send a notification."""
        self._send_data({"jsonrpc": "2.0", "method": method, "params": params})

    def request(self, number: Number, method: str, params: Json) -> None:
        """Ask the editor; the session takes the answer."""
        message = {"jsonrpc": "2.0", "id": number, "method": method}
        self._send_data(message if params is None else {**message, "params": params})

    def failed(self, error: Exception, source: object) -> None:
        """Answer what came and is no message."""
        if isinstance(error, json.JSONDecodeError | UnicodeDecodeError):
            self.refuse(None, _PARSE_ERROR, f"no JSON: {error}")
        else:
            log.error("a message failed", error=repr(error))
            self.refuse(None, INVALID_REQUEST, "a message that cannot be read")


def serve(
    check: Check,
    settings: Settings,
    workspace: str,
    *,
    settings_of: SettingsOf | None = None,
    use_kernel: bool = True,
    stdin: BinaryIO | None = None,
    stdout: BinaryIO | None = None,
) -> int:
    """Be the language server until the editor says ``exit``, goes away, or dies.

    Called on the main thread: ``serve(Checker().refusal, settings, workspace,
    settings_of=invocation.settings, use_kernel=not options.no_kernel)``.

    Args:
        check: Lua's own verdict on a text in a Lua (``runtime.check.Checker.refusal``); raises
            ``Unavailable`` where that Lua is missing. Asked on one background thread.
        settings: the options in force in ``workspace``.
        workspace: the folder it was started in, or the one the user named.
        settings_of: the options of another workspace, when the editor opens one; None keeps to
            the given one, whatever the editor opens.
        use_kernel: whether a running program may be looked for at all.
        stdin: where the editor's messages come from; standard input by default.
        stdout: where answers go; standard output by default, which is then kept from all others.

    Returns:
        The exit code: 0 if the editor said ``shutdown`` before it left, else 1.
    """
    logging.getLogger("pygls").addHandler(logging.NullHandler())
    logging.getLogger("pygls").propagate = False
    source = Reader(stdin or _kept(0))
    sink = stdout or _kept(1)
    protocol = cast("Protocol", JsonRPCServer(Protocol, converter).protocol)
    writer = Writer(sink, protocol.ended.set)
    protocol.set_writer(writer)
    ports = Ports(check, settings, workspace, settings_of, use_kernel, _collect)
    session = protocol.session = Session(ports, protocol, lambda: str(uuid.uuid4()))
    threading.Thread(target=_watch, args=[protocol], name="tidelock-watch", daemon=True).start()
    with _brisk():
        try:
            run(protocol.ended, source, protocol, error_handler=protocol.failed)
        finally:
            protocol.ended.set()
            code = session.leave()
            session.close()
            writer.close()
    return code


@contextlib.contextmanager
def _brisk() -> Iterator[None]:
    """Python tuned for short answers, for as long as we serve.

    A worker that computes must not keep the thread that reads from its turn for 5 ms, and the
    collector must not go through every tree in the middle of a request: we call it ourselves.
    """
    interval = sys.getswitchinterval()
    sys.setswitchinterval(_SWITCH_S)
    gc.freeze()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
        gc.unfreeze()
        sys.setswitchinterval(interval)


def _collect() -> None:
    gc.collect()


def _kept(descriptor: int) -> BinaryIO:
    """A standard stream for the protocol; what others read or write there goes elsewhere."""
    kept = os.dup(descriptor)
    if descriptor == 0:
        nothing = os.open(os.devnull, os.O_RDONLY)
        os.dup2(nothing, 0)
        os.close(nothing)
        return os.fdopen(kept, "rb")
    os.dup2(2, descriptor)
    return os.fdopen(kept, "wb")


def _watch(protocol: Protocol) -> None:
    """Tell of a session that hangs; end when the editor's process is gone but its pipes are not."""
    watchdog = Watchdog(protocol.session.lane, protocol.session.hangs)
    while not protocol.ended.wait(_WATCH_S):
        watchdog.look()
        process = protocol.session.manner.process
        if process and not _lives(process):
            log.warn("the editor is gone", process=process)
            os._exit(protocol.session.leave())


def _lives(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True

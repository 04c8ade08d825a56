"""``debug_request``: the same debug session, spoken through Jupyter's control channel.

Besides DAP's commands it answers those that Jupyter adds (messaging specification 5.5,
"Additions to the DAP"): ``dumpCell`` and ``debugInfo``. Cells are sources whose path is a
hash of their text, which front ends compute as well.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from tidelock.dap import convert
from tidelock.dap.convert import Body, field
from tidelock.dap.session import Session
from tidelock.shared.errors import TidelockError
from tidelock.shared.sources import chunk_of_path

if TYPE_CHECKING:
    from tidelock.shared.context import Context

_SEED = 0xC70F6907
_M = 0x5BD1E995
_MASK = 0xFFFFFFFF


def murmur2(text: str, seed: int = _SEED) -> int:
    """MurmurHash2 of a text's UTF-8 bytes, 32 bits (Appleby's public-domain function)."""
    data = text.encode("utf-8", "surrogatepass")
    state = (seed ^ len(data)) & _MASK
    place = 0
    while len(data) - place >= 4:
        piece = int.from_bytes(data[place : place + 4], "little")
        piece = piece * _M & _MASK
        piece ^= piece >> 24
        piece = piece * _M & _MASK
        state = (state * _M & _MASK) ^ piece
        place += 4
    rest = data[place:]
    if rest:
        state ^= int.from_bytes(rest, "little")
        state = state * _M & _MASK
    state ^= state >> 13
    state = state * _M & _MASK
    return state ^ (state >> 15)


class Notebook:
    """The debug session of a kernel's Jupyter clients; everything on the loop's thread.

    Args:
        context: what is debugged.
        call: runs a function on the loop's thread.
        publish: sends an event to the front ends.
    """

    def __init__(
        self,
        context: Context,
        call: Callable[[Callable[[], None]], None],
        publish: Callable[[Body], None],
    ) -> None:
        self._context = context
        self._call = call
        self._publish = publish
        self._replies: dict[int, Callable[[Body], None]] = {}
        self._session: Session | None = None
        # Front ends take a path with "ipykernel_" in it for a cell, and show its number.
        folder = os.path.join(tempfile.gettempdir(), f"ipykernel_tidelock_{os.getpid()}")
        self._prefix = os.path.realpath(folder) + os.sep
        self._own: dict[str, Callable[[Body], Body]] = {
            "dumpCell": self._dump_cell,
            "debugInfo": self._debug_info,
        }

    def request(self, message: Body, reply: Callable[[Body], None]) -> None:
        """Do one request; ``reply`` gets the response."""
        seq = message.get("seq")
        number = seq if isinstance(seq, int) and not isinstance(seq, bool) else 0
        request = {**message, "type": "request", "seq": number}
        own = self._own.get(message["command"])
        if own is not None:
            reply(self._answer(request, own))
            return
        if message["command"] == "initialize" and self._session is not None:
            self._session.end(stop_program=False)
            self._session = None
        if self._session is None:
            self._session = Session(
                self._context, self._send, self._call, trusted=True, notebook=True
            )
        self._replies[number] = reply
        self._session.receive(request)
        if self._session.state == "ended":
            self._session = None

    def _answer(self, request: Body, own: Callable[[Body], Body]) -> Body:
        response: Body = {
            "type": "response",
            "seq": 0,
            "request_seq": request["seq"],
            "command": request["command"],
        }
        try:
            body = own(request.get("arguments") or {})
        except TidelockError as error:
            return {**response, "success": False, "message": str(error), "body": {}}
        return {**response, "success": True, "body": body}

    def _send(self, message: Body) -> None:
        if message["type"] == "event":
            self._publish(message)
            return
        reply = self._replies.pop(message["request_seq"], None)
        if reply is not None:
            reply(message)

    def cell_chunk(self, code: str) -> str:
        """The chunk name of a cell while a front end debugs, else the usual one."""
        if self._session is None or self._session.state != "active":
            return ""
        return self._remember(code)

    def _remember(self, code: str) -> str:
        chunk = chunk_of_path(f"{self._prefix}{murmur2(code)}.lua")
        self._context.sources.put_input(chunk, code)
        return chunk

    def _dump_cell(self, arguments: Body) -> Body:
        return {"sourcePath": self._remember(field(arguments, "code", str))[1:]}

    def _debug_info(self, arguments: Body) -> Body:
        by_source: dict[str, list[Any]] = {}
        for point in self._context.debugger.breakpoints():
            session = self._session
            if session is not None and point.owner == session.owner and point.source:
                shown = convert.breakpoint_body(point, session.sources, convert.Manner())
                del shown["source"]
                by_source.setdefault(point.source[1:], []).append(shown)
        return {
            "isStarted": self._session is not None and self._session.state == "active",
            "hashMethod": "Murmur2",
            "hashSeed": _SEED,
            "tmpFilePrefix": self._prefix,
            "tmpFileSuffix": ".lua",
            "breakpoints": [{"source": s, "breakpoints": p} for s, p in by_source.items()],
            "stoppedThreads": [1] if self._context.debugger.pause is not None else [],
            "richRendering": False,
            "exceptionPaths": [],
            "copyToGlobals": False,
        }

    def close(self) -> None:
        """The kernel ends."""
        if self._session is not None:
            self._session.end(stop_program=False)
            self._session = None

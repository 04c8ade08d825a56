"""``debug_request``: the same debug session, spoken through Jupyter's control channel.

Besides DAP's commands it answers those that Jupyter adds (messaging specification 5.5,
"Additions to the DAP"), also before a debugger is started. Cells are sources whose path is a
hash of their text, which front ends compute as well.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from tidelock.dap import convert
from tidelock.dap.convert import Body, Manner, SourceBook, field
from tidelock.dap.session import Session
from tidelock.shared.answers import Answer, answered, failed
from tidelock.shared.errors import BadRequest, TidelockError
from tidelock.shared.model import Fact
from tidelock.shared.sources import chunk_of_path, path_of_chunk

if TYPE_CHECKING:
    from tidelock.shared.context import Context
    from tidelock.shared.sources import Sources

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


def _response(request: Body, done: Answer[Body]) -> Body:
    response: Body = {
        "type": "response",
        "seq": 0,
        "request_seq": request["seq"],
        "command": request["command"],
    }
    if done.error is not None:
        return {**response, "success": False, "message": str(done.error), "body": {}}
    return {**response, "success": True, "body": done.result()}


def _with_values(arguments: Any) -> Any:
    """What a front end says of itself, but for types: JupyterLab 4 shows them for values."""
    if not isinstance(arguments, dict):
        return arguments
    return {**arguments, "supportsVariableType": False}


def _variable(fact: Fact) -> Body:
    return {
        "name": fact.name,
        "value": fact.text,
        "evaluateName": fact.name,
        "variablesReference": 0,
    }


class Cells(SourceBook):
    """The sources of a notebook, where a cell is what its text says, whenever it was run.

    Cells that were run before a debugger was switched on have the names of inputs; their functions
    are still there, and the front end knows them by the path that follows from the text.

    Args:
        sources: the texts of the cells.
        chunk_of: the chunk name that follows from a text.
    """

    def __init__(self, sources: Sources, chunk_of: Callable[[str], str]) -> None:
        super().__init__()
        self._sources = sources
        self._chunk_of = chunk_of

    def others(self, chunk: str) -> list[str]:
        """The cells that had the text of this one before."""
        text = self._sources.text(chunk)
        return [] if text is None else [c for c in self._sources.inputs_of(text) if c != chunk]

    def source(self, chunk: str, manner: Manner) -> Body:
        """A chunk as DAP's Source."""
        if chunk.startswith("=In["):
            chunk = self._chunk_of(self._sources.text(chunk) or "")
        return super().source(chunk, manner)


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
        self._own: dict[str, Callable[[Body], Body | Answer[Body]]] = {
            "dumpCell": self._dump_cell,
            "debugInfo": self._debug_info,
            "inspectVariables": self._inspect_variables,
            "richInspectVariables": self._rich_inspect,
            "copyToGlobals": self._copy_to_globals,
        }

    def request(self, message: Body, reply: Callable[[Body], None]) -> None:
        """Do one request; ``reply`` gets the response."""
        seq = message.get("seq")
        number = seq if isinstance(seq, int) and not isinstance(seq, bool) else 0
        request = {**message, "type": "request", "seq": number}
        own = self._own.get(message["command"])
        if own is not None:
            self._answer(request, own, reply)
            return
        if message["command"] == "initialize" and self._session is not None:
            self._session.end(stop_program=False)
            self._session = None
        if self._session is None:
            self._session = Session(
                self._context, self._send, self._call, trusted=True, notebook=True
            )
            self._session.sources = Cells(self._context.sources, self._chunk_of)
        if message["command"] == "initialize":
            request["arguments"] = _with_values(request.get("arguments"))
        self._replies[number] = reply
        self._session.receive(request)
        if self._session.state == "ended":
            self._session = None

    def _answer(
        self,
        request: Body,
        own: Callable[[Body], Body | Answer[Body]],
        reply: Callable[[Body], None],
    ) -> None:
        try:
            arguments = request.get("arguments") or {}
            if not isinstance(arguments, dict):
                raise BadRequest("arguments is no object")
            found = own(arguments)
        except TidelockError as error:
            found = failed(error)
        answer = found if isinstance(found, Answer) else answered(found)
        answer.then(lambda done: self._call(lambda: reply(_response(request, done))))

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

    def _chunk_of(self, code: str) -> str:
        return chunk_of_path(f"{self._prefix}{murmur2(code)}.lua")

    def _remember(self, code: str) -> str:
        chunk = self._chunk_of(code)
        self._context.sources.put_input(chunk, code)
        return chunk

    def _dump_cell(self, arguments: Body) -> Body:
        return {"sourcePath": self._remember(field(arguments, "code", str))[1:]}

    def _debug_info(self, arguments: Body) -> Body:
        by_source: dict[str, list[Any]] = {}
        for point in self._context.debugger.breakpoints():
            session = self._session
            is_ours = session is not None and point.owner == session.owner
            if session is not None and is_ours and path_of_chunk(point.source):
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
            "richRendering": True,
            "exceptionPaths": [],
            "copyToGlobals": True,
        }

    def _inspect_variables(self, arguments: Body) -> Answer[Body]:
        """The globals that programs made, also while one runs."""

        def shown(found: list[Fact]) -> Body:
            return {"variables": [_variable(fact) for fact in found]}

        return self._context.debugger.names().map(shown)

    def _rich_inspect(self, arguments: Body) -> Answer[Body]:
        """A variable of a frame, or a global, as a cell would show it."""
        name, frame = field(arguments, "variableName", str), field(arguments, "frameId", int, 0)
        found = self._context.debugger.rich(name, frame)
        return found.map(lambda data: {"data": data, "metadata": {}})

    def _copy_to_globals(self, arguments: Body) -> Answer[Body]:
        """A local of a frame becomes a global, to be worked with once the cell has ended."""
        from tidelock.shared.language.paths import is_name

        source = field(arguments, "srcVariableName", str)
        frame = field(arguments, "srcFrameId", int)
        target = field(arguments, "dstVariableName", str)
        if not is_name(target):
            raise BadRequest(f"dstVariableName {target!r} is no name of Lua")
        copied = self._context.debugger.globalize(source, frame, target)
        return copied.map(lambda value: convert.result_body(value, "value", convert.Manner()))

    def close(self) -> None:
        """The kernel ends."""
        if self._session is not None:
            self._session.end(stop_program=False)
            self._session = None

"""Between DAP's shapes and the plain types of Tidelock; the adapter's one converter.

Honours what the client said in ``initialize``: whether lines and columns start at one, and
whether paths are paths or URIs.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, NamedTuple

from tidelock.shared.errors import BadRequest
from tidelock.shared.model import Breakpoint, BreakpointRequest, Frame, Pause, Scope, Value
from tidelock.shared.sources import (
    chunk_of_path,
    display_name,
    path_of_chunk,
    path_of_uri,
    uri_of_path,
)

if TYPE_CHECKING:
    from tidelock.dap.mappings import Mappings

Body = dict[str, Any]
LATER = object()
"""What a request's function gives that answers by itself."""
REASONS = {
    "entry": "entry",
    "breakpoint": "breakpoint",
    "function breakpoint": "function breakpoint",
    "step": "step",
    "pause": "pause",
    "exception": "exception",
    "statement": "pause",
}


class Manner(NamedTuple):
    """How the client counts and writes paths (DAP, InitializeRequestArguments)."""

    first_line: int = 1
    first_column: int = 1
    uris: bool = False
    types: bool = False
    paging: bool = False
    invalidated: bool = False
    starts_sessions: bool = False
    terminals: bool = False

    @classmethod
    def of(cls, arguments: Body) -> Manner:
        """The manner that an ``initialize`` request states."""
        return cls(
            first_line=1 if arguments.get("linesStartAt1", True) else 0,
            first_column=1 if arguments.get("columnsStartAt1", True) else 0,
            uris=arguments.get("pathFormat", "path") == "uri",
            types=bool(arguments.get("supportsVariableType")),
            paging=bool(arguments.get("supportsVariablePaging")),
            invalidated=bool(arguments.get("supportsInvalidatedEvent")),
            starts_sessions=bool(arguments.get("supportsStartDebuggingRequest")),
            terminals=bool(arguments.get("supportsRunInTerminalRequest")),
        )

    def line_in(self, line: int) -> int:
        """A client's line as ours, from one."""
        return line + 1 - self.first_line

    def line_out(self, line: int) -> int:
        """Our line as the client's."""
        return max(line - 1 + self.first_line, self.first_line)

    def column_in(self, column: int) -> int:
        """A client's column as ours, from one."""
        return column + 1 - self.first_column

    def column_out(self, column: int) -> int:
        """Our column as the client's."""
        return column - 1 + self.first_column


def field(body: Any, name: str, kind: type | tuple[type, ...], default: Any = None) -> Any:
    """A field of a request's arguments, of a kind.

    Raises:
        BadRequest: it is missing without a default, or of another kind; names it.
    """
    value = body.get(name) if isinstance(body, dict) else None
    if value is None:
        value = default
    if isinstance(value, bool) and kind is not bool:
        value = None
    if not isinstance(value, kind):
        words = kind.__name__ if isinstance(kind, type) else "of the right kind"
        raise BadRequest(f"{name} is missing or no {words}")
    return value


class SourceBook:
    """The sources of one session: paths, and numbers for texts that have no file."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}
        self.mappings: Mappings | None = None

    def chunk(self, source: Any) -> str:
        """The chunk name that a client's source means.

        Raises:
            BadRequest: it has neither path nor reference.
        """
        reference = field(source, "sourceReference", int, 0)
        for chunk, number in self._numbers.items():
            if reference and number == reference:
                return chunk
        path = path_of_uri(field(source, "path", str, ""))
        if not path:
            raise BadRequest("source has no path")
        return chunk_of_path(self.inward(path))

    def inward(self, path: str) -> str:
        """A client's path as ours."""
        return self.mappings.inward(path) if self.mappings else path

    def path(self, path: str, manner: Manner) -> str:
        """A path of ours as the client sees and writes it."""
        shown = self.mappings.outward(path) if self.mappings else path
        return uri_of_path(shown) if manner.uris else shown

    def others(self, chunk: str) -> list[str]:
        """Further chunks that are the same source to the client."""
        return []

    def source(self, chunk: str, manner: Manner) -> Body:
        """A chunk as DAP's Source."""
        path = path_of_chunk(chunk)
        if path:
            return {"name": os.path.basename(path), "path": self.path(path, manner)}
        number = self._numbers.setdefault(chunk, len(self._numbers) + 1)
        return {"name": display_name(chunk), "sourceReference": number}


def breakpoint_request(body: Any, manner: Manner) -> BreakpointRequest:
    """One entry of ``setBreakpoints``."""
    line = field(body, "line", int)
    return BreakpointRequest(
        manner.line_in(line),
        field(body, "condition", str, "").strip(),
        field(body, "hitCondition", str, "").strip(),
        field(body, "logMessage", str, ""),
        column=manner.column_in(field(body, "column", int)) if "column" in body else 0,
    )


def function_request(body: Any) -> BreakpointRequest:
    """One entry of ``setFunctionBreakpoints``."""
    name = field(body, "name", str).strip()
    if not name:
        raise BadRequest("name is missing or empty")
    condition = field(body, "condition", str, "").strip()
    hits = field(body, "hitCondition", str, "").strip()
    return BreakpointRequest(0, condition, hits, function=name)


def breakpoint_body(point: Breakpoint, sources: SourceBook, manner: Manner) -> Body:
    """A breakpoint as DAP shows it."""
    body: Body = {"id": point.id, "verified": point.verified}
    if point.chunk:
        body["line"] = manner.line_out(point.line)
        body["source"] = sources.source(point.chunk, manner)
    if point.asked.column and point.spots:
        body["column"] = manner.column_out(point.spots[0].column)
    if point.message:
        body["message"] = point.message
    if not point.verified:
        body["reason"] = "pending" if point.message.startswith("pending") else "failed"
    return body


def in_hex(arguments: Body) -> bool:
    """Whether a request asks for integers in hexadecimal (DAP, ValueFormat)."""
    return field(arguments, "format", dict, {}).get("hex") is True


def frame_body(frame: Frame, name: str, source: Body | None, manner: Manner) -> Body:
    """A frame as DAP shows it."""
    body: Body = {
        "id": frame.id,
        "name": name,
        "line": manner.line_out(frame.line) if frame.line else 0,
        "column": manner.first_column if frame.line else 0,
    }
    if frame.line and source is not None:
        body["source"] = source
    else:
        body["presentationHint"] = "label" if frame.what == "label" else "subtle"
    return body


def scope_body(scope: Scope) -> Body:
    """A scope as DAP shows it."""
    body: Body = {
        "name": scope.name,
        "variablesReference": scope.handle,
        "expensive": scope.expensive,
    }
    if scope.name == "Locals":
        body["presentationHint"] = "locals"
    if scope.size:
        body["namedVariables"] = scope.size
    return body


def variable_body(value: Value, manner: Manner) -> Body:
    """A variable as DAP shows it."""
    body: Body = {
        "name": value.name,
        "value": value.text,
        "variablesReference": value.handle,
    }
    if manner.types:
        body["type"] = value.type
    if value.path:
        body["evaluateName"] = value.path
    if manner.paging and value.handle:
        body["indexedVariables"], body["namedVariables"] = value.indexed, value.named
    return body


def result_body(value: Value, key: str, manner: Manner) -> Body:
    """The body of evaluate (``result``) and of the setting requests (``value``)."""
    body = variable_body(value, manner)
    del body["name"]
    body[key] = body.pop("value")
    body.pop("evaluateName", None)
    return body


def stopped_body(pause: Pause, thread: int) -> Body:
    """The body of the ``stopped`` event."""
    body: Body = {
        "reason": REASONS[pause.reason],
        "threadId": thread,
        "allThreadsStopped": True,
    }
    if pause.breakpoints:
        body["hitBreakpointIds"] = list(pause.breakpoints)
    if pause.reason == "statement":
        body["description"] = "Paused by tidelock.pause"
    if pause.text:
        body["text"] = body["description"] = pause.text
    return body

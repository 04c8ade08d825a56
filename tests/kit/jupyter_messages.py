"""What each Jupyter message must hold: the messaging specification 5.5 as a table.

One entry per message type that a kernel sends. Types that are not here do not exist in the
specification; whoever sends one is told so.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from typing import Any

from kit import dap_schema as schema
from kit.shapes import Shape, each_value, faults, matching

_MIME = re.compile(r"[\w.+-]+/[\w.+-]+")


def _text(pattern: str, name: str) -> Shape:
    return matching(
        lambda value: isinstance(value, str) and bool(re.fullmatch(pattern, value, re.S)), name
    )


_VERSION = _text(r"\d+\.\d+\S*", "version")
_FILLED = _text(r".+", "text that is not empty")
_COUNT = matching(
    lambda value: isinstance(value, int) and not isinstance(value, bool) and value >= 0, "count"
)


def _date(value: Any) -> str:
    try:
        parsed = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        return f"{value!r} is no ISO 8601 date"
    return "" if parsed.tzinfo else f"{value!r} names no time zone"


def _bundle(value: Any) -> str:
    return next(faults(each_value(Any, key=lambda key: bool(_MIME.fullmatch(key))), value, ""), "")


HEADER: Shape = {
    "msg_id": _FILLED,
    "session": _FILLED,
    "username": str,
    "date": _date,
    "msg_type": _FILLED,
    "version": _text(r"5\.\d+(\.\d+)?", "version 5.x"),
}

_ERROR = {"ename": str, "evalue": str, "traceback": [str]}
_DISPLAY = {"data": _bundle, "metadata": dict, "transient?": {"display_id?": str}}
_SHOWN = matching(
    lambda value: isinstance(value, dict) and "text/plain" in value, "bundle with text/plain"
)
_EXPRESSION = (
    {"status": {"ok"}, "data": _bundle, "metadata": dict},
    {"status": {"error"}, **_ERROR},
)
_MATCH = {"start": _COUNT, "end": _COUNT, "text": str, "type?": str, "signature?": str}


def _history(value: Any) -> str:
    """(session, line, input) or (session, line, (input, output))."""
    if not isinstance(value, list) or len(value) != 3:
        return f"{value!r} has not three parts"
    pair = matching(lambda each: isinstance(each, list) and len(each) == 2, "pair")
    for shape, each in zip((int, int, (str, pair)), value, strict=True):
        for fault in faults(shape, each, ""):
            return fault
    return ""


def _indent(value: Any) -> str:
    has = "indent" in value
    if has and value.get("status") != "incomplete":
        return f"indent with status {value.get('status')!r}"
    return "" if not has or isinstance(value["indent"], str) else "indent is no text"


def _bounds(value: Any) -> str:
    start, end = value.get("cursor_start"), value.get("cursor_end")
    if isinstance(start, int) and isinstance(end, int) and start > end:
        return f"cursor_start {start} lies behind cursor_end {end}"
    return ""


_VARIABLE = {"name": str, "value": str, "variablesReference": _COUNT, "type?": str}
_DEBUG_BODIES: dict[str, Shape] = {
    "debugInfo": {
        "isStarted": bool,
        "hashMethod": {"Murmur2"},
        "hashSeed": int,
        "tmpFilePrefix": str,
        "tmpFileSuffix": str,
        "breakpoints": [{"source": str, "breakpoints": [{"line": int}]}],
        "stoppedThreads": [int],
        "richRendering": bool,
        "exceptionPaths": [str],
        "copyToGlobals": bool,
    },
    "dumpCell": {"sourcePath": _FILLED},
    "inspectVariables": {"variables": [_VARIABLE]},
    "richInspectVariables": {"data": _bundle, "metadata": dict},
}


def _debug(value: Any) -> str:
    """A DAP message; Jupyter's own commands have bodies that the DAP schema does not know."""
    found = schema.faults(value)
    if not found and value["type"] == "response" and value["success"]:
        shape = _DEBUG_BODIES.get(value["command"], Any)
        found = list(faults(shape, value.get("body"), "content.body"))
    return "; ".join(found)


REPLIES: dict[str, Shape] = {
    "kernel_info_reply": {
        "protocol_version": _VERSION,
        "implementation": _FILLED,
        "implementation_version": _VERSION,
        "language_info": {
            "name": _FILLED,
            "version": _VERSION,
            "mimetype": _text(_MIME.pattern, "MIME type"),
            "file_extension": _text(r"\.\w+", "extension with its dot"),
            "pygments_lexer?": str,
            "codemirror_mode?": (str, dict),
            "nbconvert_exporter?": str,
        },
        "banner": str,
        "debugger?": bool,
        "help_links?": [{"text": str, "url": str}],
        "supported_features?": [str],
    },
    "execute_reply": {
        "execution_count": _COUNT,
        "user_expressions": each_value(_EXPRESSION),
        "payload?": [{"source": str}],
    },
    "complete_reply": {
        "matches": [str],
        "cursor_start": _COUNT,
        "cursor_end": _COUNT,
        "metadata": {"_jupyter_types_experimental?": [_MATCH]},
    },
    "inspect_reply": {"found": bool, "data": _bundle, "metadata": dict},
    "history_reply": {"history": [_history]},
    "comm_info_reply": {"comms": each_value({"target_name": str})},
    "connect_reply": {
        f"{channel}_port": _COUNT for channel in ("shell", "iopub", "stdin", "control", "hb")
    },
    "interrupt_reply": {},
    "shutdown_reply": {"restart": bool},
    "create_subshell_reply": {"subshell_id": _FILLED},
    "delete_subshell_reply": {},
    "list_subshell_reply": {"subshell_id": [str]},
    "usage_reply": {},
}  # fmt: skip
"""Replies that say ``status``; this is what they hold when it is ok."""

CONTENTS: dict[str, Shape] = {
    "is_complete_reply": {"status": {"complete", "incomplete", "invalid", "unknown"}},
    "debug_reply": _debug,
    "debug_event": _debug,
    "status": {"execution_state": {"busy", "idle", "starting"}},
    "execute_input": {"code": str, "execution_count": _COUNT},
    "stream": {"name": {"stdout", "stderr"}, "text": str},
    "display_data": _DISPLAY,
    "update_display_data": {**_DISPLAY, "transient": {"display_id": str}},
    "execute_result": {**_DISPLAY, "execution_count": _COUNT},
    "clear_output": {"wait": bool},
    "error": _ERROR,
    "comm_open": {
        "comm_id": _FILLED,
        "target_name": str,
        "data": dict,
        "target_module?": (str, type(None)),
    },
    "comm_msg": {"comm_id": _FILLED, "data": dict},
    "comm_close": {"comm_id": _FILLED, "data": dict},
    "input_request": {"prompt": str, "password": bool},
    "iopub_welcome": {"subscription": str},
}  # fmt: skip
"""Everything else that a kernel sends."""

IOPUB = frozenset(
    (
        "status",
        "execute_input",
        "stream",
        "display_data",
        "update_display_data",
        "execute_result",
        "clear_output",
        "error",
        "comm_open",
        "comm_msg",
        "comm_close",
        "debug_event",
        "iopub_welcome",
    )
)
"""The types that belong on iopub; a kernel also repeats ``shutdown_reply`` there."""

OUTPUTS = frozenset(
    ("stream", "display_data", "update_display_data", "execute_result", "clear_output", "error")
)
"""What a cell shows: after ``execute_input``, before idle."""

_MORE: dict[str, Callable[[Any], str]] = {
    "is_complete_reply": _indent,
    "complete_reply": _bounds,
    "execute_result": lambda value: next(faults({"data": _SHOWN}, value, ""), ""),
}


def content_faults(msg_type: str, content: Any) -> list[str]:
    """What is wrong with the content of a message, one text per fault."""
    status = content.get("status") if isinstance(content, dict) else None
    if msg_type.endswith("_reply") and status == "error":
        counted = {"execution_count": _COUNT} if msg_type == "execute_reply" else {}
        return list(faults({**_ERROR, **counted}, content))
    if msg_type in CONTENTS:
        found = list(faults(CONTENTS[msg_type], content))
    elif msg_type in REPLIES:
        found = list(faults({"status": {"ok", "error", "aborted"}}, content))
        if status == "ok":
            found += faults(REPLIES[msg_type], content)
    else:
        # Of a request that does not exist only the refusal above may be the reply.
        return [f"there is no message type {msg_type!r}"]
    if not found and msg_type in _MORE:
        found += filter(None, [_MORE[msg_type](content)])
    return found

"""``execute_request``: from a message to a run of the Context.

It judges every field and runs nothing itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, get_args

from tidelock.shared.errors import BadRequest, KernelError
from tidelock.shared.link.wire import Content, Message
from tidelock.shared.model import Kind, Run
from tidelock.shared.sources import canonical, chunk_of_path, path_of_uri

if TYPE_CHECKING:
    from tidelock.kernel.server import Kernel

_KINDS = get_args(Kind)
_MOST_LINES = 1_000_000
"""Lines before a selection are handed to Lua as empty ones."""


class QueueFull(KernelError):  # noqa: N818
    """More executions wait than may."""


def field(content: Any, name: str, kind: type, default: Any = None) -> Any:
    """A field of a message's content, of a kind.

    Raises:
        BadRequest: it is missing without a default, or of another kind; names it.
    """
    if not isinstance(content, dict):
        raise BadRequest("content is no object")
    value = content.get(name, default)
    if isinstance(value, bool) and kind is not bool:
        value = None
    if not isinstance(value, kind):
        raise BadRequest(f"{name} is missing or no {kind.__name__}")
    return value


def execute_request(kernel: Kernel, request: Message) -> None:
    """Queue the run that a request asks for.

    Raises:
        BadRequest: a field is missing or of the wrong kind.
        QueueFull: too many runs wait.
    """
    settings = kernel.context.settings
    if kernel.context.runtime.queued >= settings.kernel_max_queue:
        kernel.clients.acted["kernel.max_queue"] += 1
        raise QueueFull(f"{settings.kernel_max_queue} executions wait already", "try again later")
    run = kernel.clients.bounded(_run(kernel, request))
    kernel.requests[run.id] = request
    kernel.context.execute(run)


def _run(kernel: Kernel, request: Message) -> Run:
    content = request.content
    silent = field(content, "silent", bool, False)
    ours = request.metadata.get("tidelock", {})
    if not isinstance(ours, dict):
        raise BadRequest("metadata.tidelock is no object")
    prepared = field(ours, "prepared", str, "")
    if prepared:
        run = kernel.context.prepared.pop(prepared, None)
        if run is None:
            raise BadRequest(f"no program {prepared} waits for its terminal")
        allow_input = field(content, "allow_stdin", bool, False)
        return run._replace(allow_input=allow_input, client=request.session)
    kind = field(ours, "kind", str, "notebook")
    if kind not in _KINDS:
        raise BadRequest(f"metadata.tidelock.kind is none of {', '.join(_KINDS)}")
    code = field(content, "code", str)
    chunk, script = "", ""
    source = path_of_uri(field(ours, "source", str, ""))
    if source:
        chunk, script = chunk_of_path(source), canonical(source)
    elif kernel.cell_chunk is not None and kind == "notebook":
        chunk = kernel.cell_chunk(code)
    padding = field(ours, "first_line", int, 1) - 1
    if not 0 <= padding < _MOST_LINES:
        raise BadRequest(f"metadata.tidelock.first_line is not within 1 and {_MOST_LINES}")
    is_file = kind in ("script", "debug", "test")
    return Run(
        id=request.id,
        text="\n" * padding + code,
        padding=padding,
        chunk=chunk,
        kind=kind,
        is_input=field(ours, "input", bool, not is_file),
        script=script if is_file else "",
        arguments=_texts(content, "script_args") or _texts(ours, "script_args"),
        silent=silent,
        store=field(content, "store_history", bool, True) and not silent,
        allow_input=field(content, "allow_stdin", bool, False),
        client=request.session,
        stop_on_error=field(content, "stop_on_error", bool, True),
        fresh_modules=field(ours, "fresh_modules", bool, is_file),
        directory=field(ours, "directory", str, ""),
        stop_on_entry=field(ours, "stop_on_entry", bool, False)
        and bool(kernel.context.debugger.sessions),  # else nobody could resume
        search=_texts(ours, "search"),
        timeout_s=_seconds(
            ours, settings_timeout=kernel.context.settings.kernel_execution_timeout_s
        ),
        expressions=_expressions(content),
    )


def _texts(content: Content, name: str) -> tuple[str, ...]:
    value = content.get(name, [])
    if not isinstance(value, list) or not all(isinstance(word, str) for word in value):
        raise BadRequest(f"{name} is no list of texts")
    return tuple(value)


def _seconds(ours: Content, *, settings_timeout: float) -> float:
    value = ours.get("timeout_s", settings_timeout)
    if isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
        raise BadRequest("metadata.tidelock.timeout_s is no number of seconds")
    return float(value)


def _expressions(content: Content) -> tuple[tuple[str, str], ...]:
    value = content.get("user_expressions") or {}
    if not isinstance(value, dict) or not all(isinstance(text, str) for text in value.values()):
        raise BadRequest("user_expressions is no object of texts")
    return tuple(value.items())

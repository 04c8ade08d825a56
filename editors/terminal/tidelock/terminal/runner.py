"""``run`` and ``exec``: one execution, shown as text, as one document, or as JSON Lines."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tidelock.shared.log import layer
from tidelock.shared.sources import display_name, path_of_chunk
from tidelock.terminal import exits, kernels
from tidelock.terminal.arguments import error_document
from tidelock.terminal.draw import Collected, Printed, Streamed
from tidelock.terminal.executing import Finished, Request, execute

if TYPE_CHECKING:
    from tidelock.shared.config import Settings
    from tidelock.terminal.console import Console
    from tidelock.terminal.executing import Display
    from tidelock.terminal.invocation import Invocation
    from tidelock.terminal.lines import Lines

log = layer("terminal")


def perform(
    invocation: Invocation, request: Request, settings: Settings, workspace: str, lines: Lines
) -> int:
    """Execute in the kernel that the flags name, and show it in the form they ask for."""
    console, options = invocation.console, invocation.options
    if options.stream:
        console.is_json = console.is_stream = True
    display = _display(console)
    with kernels.used(invocation, settings, workspace) as link:
        theirs = link.info.get("tidelock", {}).get("workspace")
        if not link.is_embedded and theirs != workspace:
            log.info("the kernel serves another workspace", workspace=theirs)
        finished = execute(link.client, request, display, lines)
    if isinstance(display, Collected):
        console.document(
            {
                "execution": _execution(finished),
                "exit_code": finished.code,
                "stdout": "".join(display.texts["stdout"]),
                "stderr": "".join(display.texts["stderr"]),
                "result": display.results,
                "displays": display.displays,
            },
            failure_document(finished),
        )
    elif console.is_stream:
        fields = {"execution": _execution(finished), "exit_code": finished.code}
        console.document(fields, failure_document(finished))
    return finished.code


def _display(console: Console) -> Display:
    if console.is_stream:
        return Streamed(console)
    return Collected(console) if console.is_json else Printed(console)


def _execution(finished: Finished) -> dict[str, Any]:
    return {
        "id": finished.id,
        "status": finished.status,
        "count": finished.count,
        "duration_ms": round(finished.duration_s * 1000, 3),
    }


def failure_document(finished: Finished) -> dict[str, Any] | None:
    """Why it failed, as JSON documents have it; None when it did not."""
    failure = finished.failure
    if failure is None:
        if finished.code == exits.DONE:
            return None
        return error_document("lua", f"the script ended with os.exit({finished.code})")
    stack = [
        {
            "name": frame.name,
            "file": path_of_chunk(frame.chunk) or display_name(frame.chunk),
            "line": frame.line or None,
        }
        for frame in failure.stack
    ]
    file = path_of_chunk(failure.chunk) or (display_name(failure.chunk) if failure.chunk else None)
    return error_document(
        failure.kind, failure.message, file=file, line=failure.line or None, stack=stack
    )

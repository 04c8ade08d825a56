"""What the Context publishes, as messages of the protocol; the kernel's one converter.

Every event of the closed set stands in ``_PUBLISHERS``, with None where the kernel has nothing
to say about it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from tidelock.shared.context import Context
from tidelock.shared.errors import TidelockError
from tidelock.shared.events import (
    BreakpointsChanged,
    Displayed,
    Event,
    ExecutionFinished,
    ExecutionStarted,
    InputWanted,
    ModuleFound,
    OutputCleared,
    OutputWritten,
    PauseEnded,
    PauseStarted,
    RuntimeRestarted,
    SourceLoaded,
    ValuesChanged,
)
from tidelock.shared.link.wire import Content
from tidelock.shared.log import layer
from tidelock.shared.model import Outcome
from tidelock.shared.report import error_lines, error_message, helps

log = layer("kernel")

if TYPE_CHECKING:
    from tidelock.kernel.server import Kernel


def event(kernel: Kernel, happened: Event) -> None:
    """Publish one event; on the loop's thread."""
    publisher = _PUBLISHERS[type(happened)]
    if publisher is not None:
        publisher(kernel, happened)


def refusal(error: BaseException, context: Context) -> Content:
    """The content of a reply to a request that cannot be done."""
    name = type(error).__name__
    if isinstance(error, TidelockError) and error.kind == "NotImplemented":
        name = "NotImplemented"
    words = str(error) or name
    return {
        "status": "error",
        "ename": name,
        "evalue": words,
        "traceback": [words],
        "execution_count": context.history.count,
    }


def _started(kernel: Kernel, happened: ExecutionStarted) -> None:
    run = happened.run
    parent = kernel.parent_of(run.id)
    kernel.begun.add(run.id)
    kernel.channels.publish("status", {"execution_state": "busy"}, parent)
    if not run.silent:
        content = {"code": run.code, "execution_count": happened.number}
        ours = {"chunk": run.chunk, "kind": run.kind}
        kernel.channels.publish("execute_input", content, parent, metadata={"tidelock": ours})


def _written(kernel: Kernel, happened: OutputWritten) -> None:
    name = "stdout" if happened.stream == "console" else happened.stream
    content = {"name": name, "text": happened.text}
    metadata = None
    if happened.chunk:
        place = {"chunk": happened.chunk, "line": happened.line, "stream": happened.stream}
        metadata = {"tidelock": place}
    parent = kernel.parent_of(happened.execution_id)
    kernel.channels.publish("stream", content, parent, metadata=metadata)
    if kernel.context.settings.kernel_policy_output_limit:
        _charge(kernel, happened.execution_id, len(happened.text))


def _displayed(kernel: Kernel, happened: Displayed) -> None:
    content: Content = {"data": happened.data, "metadata": happened.metadata}
    if happened.id:
        content["transient"] = {"display_id": happened.id}
    kind = "update_display_data" if happened.is_update else "display_data"
    kernel.channels.publish(kind, content, kernel.parent_of(happened.execution_id))
    if kernel.context.settings.kernel_policy_output_limit:
        _charge(
            kernel, happened.execution_id, sum(len(str(form)) for form in happened.data.values())
        )


def _charge(kernel: Kernel, execution_id: str, size: int) -> None:
    """Count what an execution has written against its client's policy."""
    request = kernel.requests.get(execution_id)
    if request is not None:
        kernel.clients.wrote(request.session, size)


def _cleared(kernel: Kernel, happened: OutputCleared) -> None:
    parent = kernel.parent_of(happened.execution_id)
    kernel.channels.publish("clear_output", {"wait": happened.wait}, parent)


def _input_wanted(kernel: Kernel, happened: InputWanted) -> None:
    request = kernel.requests.get(happened.execution_id)
    if happened.execution_id in kernel.left:
        kernel.context.runtime.give_line(None)
    elif request is not None:
        content = {"prompt": happened.prompt, "password": happened.password}
        kernel.channels.ask_for_input(request, content)


def _finished(kernel: Kernel, happened: ExecutionFinished) -> None:
    run, outcome, count = happened.run, happened.outcome, happened.number
    parent = kernel.parent_of(run.id)
    if outcome.status == "aborted":  # it never began: nobody was told that the kernel is busy
        kernel.channels.publish("status", {"execution_state": "busy"}, parent)
    reply: Content = {"status": outcome.status, "execution_count": count}
    extra: Content = {"duration_s": round(outcome.duration_s, 6), "kind": run.kind}
    if outcome.exit_code is not None:
        extra["exit_code"] = outcome.exit_code
    if outcome.status == "ok":
        reply["payload"] = []
        reply["user_expressions"] = _expressions(outcome)
        if outcome.text and not run.silent:
            data = {"text/plain": outcome.text, **_forms(outcome)}
            content = {"execution_count": count, "data": data, "metadata": {}}
            kernel.channels.publish("execute_result", content, parent)
    elif outcome.status == "error":
        if outcome.error == "ExecutionTimeout":
            kernel.clients.timed_out(run)
        failure = _failure(kernel, happened)
        extra["error"] = {
            "value_type": outcome.value_type,
            "stack": _stack(outcome),
            "help": list(helps(outcome)),
            "chunk": run.chunk,
            "kind": run.kind,
        }
        reply.update(failure)
        kernel.channels.publish(
            "error", failure, parent, metadata={"tidelock": {"error": extra["error"]}}
        )
    request = kernel.requests.get(run.id)
    if request is not None:
        kernel.channels.reply("shell", request, "execute_reply", reply, {"tidelock": extra})
    kernel.channels.publish("status", {"execution_state": "idle"}, parent)
    kernel.requests.pop(run.id, None)
    kernel.begun.discard(run.id)
    kernel.left.discard(run.id)
    kernel.moment_changed()


def _forms(outcome: Outcome) -> Content:
    """The result in other forms than text; one that cannot be shown is left out and logged."""
    if not outcome.forms:
        return {}
    from tidelock.shared.runtime.displays import bundle_of

    try:
        data = bundle_of(outcome.forms)
    except ValueError as error:
        log.warn("a result is shown as text only", why=str(error))
        return {}
    if "text/plain" not in dict(outcome.forms):
        del data["text/plain"]
    return data


def _failure(kernel: Kernel, happened: ExecutionFinished) -> Content:
    outcome = happened.outcome
    if outcome.exit_code is not None:
        words = f"os.exit({outcome.exit_code})"
        return {"ename": "Exit", "evalue": words, "traceback": [words]}
    where = happened.run.chunk, kernel.context.sources
    message = error_message(outcome, *where)
    return {"ename": outcome.error, "evalue": message, "traceback": error_lines(outcome, *where)}


def _stack(outcome: Outcome) -> list[Content]:
    return [
        {"name": f.name, "what": f.what, "chunk": f.chunk, "line": f.line} for f in outcome.stack
    ]


def _expressions(outcome: Outcome) -> Content:
    shown: Content = {}
    for name, good, text in outcome.expressions:
        if good:
            shown[name] = {"status": "ok", "data": {"text/plain": text}, "metadata": {}}
        else:
            failure = {"ename": "LuaError", "evalue": text, "traceback": [text]}
            shown[name] = {"status": "error", **failure}
    return shown


def _restarted(kernel: Kernel, happened: RuntimeRestarted) -> None:
    kernel.channels.publish("status", {"execution_state": "starting"}, b"{}")
    kernel.moment_changed()


def _state_changed(kernel: Kernel, happened: PauseStarted | PauseEnded) -> None:
    kernel.moment_changed()


_PUBLISHERS: dict[type, Callable[[Kernel, Any], None] | None] = {
    ExecutionStarted: _started,
    OutputWritten: _written,
    Displayed: _displayed,
    OutputCleared: _cleared,
    InputWanted: _input_wanted,
    ExecutionFinished: _finished,
    PauseStarted: _state_changed,
    PauseEnded: _state_changed,
    RuntimeRestarted: _restarted,
    ValuesChanged: None,
    BreakpointsChanged: None,  # told by the debug sessions
    ModuleFound: None,  # the moment names the modules
    SourceLoaded: None,  # told by the debug sessions
}

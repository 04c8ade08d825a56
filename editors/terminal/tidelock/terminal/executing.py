"""One execution as a command sees it: sent, shown as it comes, interrupted, judged.

The caller's thread shows the output, so a reader that is slow or gone holds up nobody else.
It knows no kernel but the client, and prints nothing itself.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from tidelock.shared.errors import KernelError
from tidelock.shared.model import CallFrame, Outcome
from tidelock.terminal import exits
from tidelock.terminal.signals import Inbox, Signals

if TYPE_CHECKING:
    from tidelock.shared.link.client import KernelClient, Reply
    from tidelock.shared.link.wire import Content, Message
    from tidelock.terminal.lines import Lines

_WITHDRAW_S = 1.0
_LIMITS = ("ExecutionTimeout", "MemoryLimit", "OutputLimit")
_KINDS = {"SyntaxError": "syntax", "Interrupted": "interrupt", **dict.fromkeys(_LIMITS, "limit")}


class Request(NamedTuple):
    """What is to be executed; the fields are those of ``tidelock.shared.model.Run``.

    But for ``prepared``: the id of a run that a debugger has prepared, and that is executed.
    """

    code: str
    kind: str
    source: str = ""
    arguments: tuple[str, ...] = ()
    search: tuple[str, ...] = ()
    timeout_s: float | None = None
    fresh_modules: bool = False
    stop_on_entry: bool = False
    prepared: str = ""

    def fields(self) -> Content:
        """Our fields of the message's metadata."""
        fields: Content = {
            "kind": self.kind,
            "script_args": list(self.arguments),
            "search": list(self.search),
            "fresh_modules": self.fresh_modules,
            "stop_on_entry": self.stop_on_entry,
        }
        if self.source:
            fields["source"] = self.source
        if self.timeout_s is not None:
            fields["timeout_s"] = self.timeout_s
        if self.prepared:
            fields["prepared"] = self.prepared
        return fields


class _Prompt(NamedTuple):
    """The script asks for a line, in these words."""

    text: str


class Failure(NamedTuple):
    """Why an execution failed: kind, Lua's message, the report for people, where, the stack."""

    kind: str
    message: str
    lines: tuple[str, ...]
    chunk: str
    line: int
    stack: tuple[CallFrame, ...]


class Finished(NamedTuple):
    """How an execution ended; ``code`` is the exit code it means."""

    id: str
    status: str
    count: int  # type: ignore[assignment]  # hides the method of tuples, which nobody needs
    duration_s: float
    code: int
    failure: Failure | None
    has_exited: bool = False


class Display(Protocol):
    """Where the output of an execution goes; called in order, on the caller's thread."""

    def stream(self, name: str, text: str) -> None:
        """A piece of standard output or error."""

    def displayed(self, data: Content, metadata: Content, *, is_update: bool) -> None:
        """Something other than text, by MIME type."""

    def prompt(self, text: str) -> None:
        """The script asks for a line."""

    def result(self, text: str) -> None:
        """The values of an input."""

    def error(self, lines: list[str]) -> None:
        """The report of the failure."""


class Desk(NamedTuple):
    """The thread that shows an execution, for who works beside it.

    ``put`` hands it something to do, in order with what it shows; ``suspended`` lets signals
    do for a while what they do when nothing runs.
    """

    put: Callable[[Callable[[], object]], None]
    suspended: Callable[[], contextlib.AbstractContextManager[None]]


class Companion(Protocol):
    """Who works beside an execution: a debugger."""

    def begin(self, desk: Desk) -> None:
        """The execution is about to begin."""

    def pause(self) -> object:
        """The user pressed Ctrl-C; must not block."""

    def finish(self, then: Callable[[], None]) -> None:
        """Lua has ended: call ``then`` once everything about it has been handed to the desk."""


def execute(
    client: KernelClient,
    request: Request,
    display: Display,
    lines: Lines,
    companion: Companion | None = None,
) -> Finished:
    """Execute, show what comes, and say how it ended.

    Raises:
        KernelError: the kernel refused, was lost, or stopped before it began.
        OSError: the output cannot be written any more; the execution was interrupted.
    """
    turn = lines.new_turn()
    inbox: Inbox[Message | _Prompt | Callable[[], object] | None] = Inbox()

    def read(prompt: str, is_password: bool) -> str | None:
        is_hidden = is_password and lines.is_terminal
        if is_hidden:
            lines.hide_typing()
        if prompt:
            inbox.put(_Prompt(prompt))
        line = lines.read(turn)
        if is_hidden:
            lines.show_typing()
            inbox.put(_Prompt("\n"))  # the one that was typed was hidden too
        return line

    client.on_input(read)
    ways = (client.interrupt,) if companion is None else (companion.pause, client.interrupt)
    with inbox, Signals(inbox, ways) as signals:
        if companion is not None:
            companion.begin(Desk(inbox.put, signals.suspended))
        answer = client.execute(
            request.code, listener=inbox.put, allow_stdin=True, tidelock=request.fields()
        )
        finish = companion.finish if companion is not None else _at_once
        answer.then(lambda _: finish(lambda: inbox.put(None)))
        try:
            while (message := inbox.get()) is not None:
                if isinstance(message, _Prompt):
                    display.prompt(message.text)
                elif callable(message):
                    message()
                else:
                    _show(message, display)
        except OSError:
            client.interrupt()
            answer.wait(_WITHDRAW_S)
            raise
        finally:
            lines.new_turn()
            lines.show_typing()
        finished = _judged(answer.result())
    if signals.terminated:
        finished = finished._replace(code=exits.TERMINATED)
    return finished


def _at_once(then: Callable[[], None]) -> None:
    then()


def _show(message: Message, display: Display) -> None:
    content = message.content
    if message.type == "stream":
        display.stream(content["name"], content["text"])
    elif message.type in ("display_data", "update_display_data"):
        is_update = message.type == "update_display_data"
        display.displayed(content["data"], content["metadata"], is_update=is_update)
    elif message.type == "execute_result":
        display.result(content["data"].get("text/plain", ""))
    elif message.type == "error" and content["ename"] != "Exit":  # its code says it all
        display.error(content["traceback"])


def _judged(reply: Reply) -> Finished:
    content, ours = reply.content, reply.reply.metadata.get("tidelock", {})
    finished = Finished(
        id=reply.reply.parent_id,
        status=content["status"],
        count=content.get("execution_count", 0),
        duration_s=ours.get("duration_s", 0.0),
        code=exits.DONE,
        failure=None,
    )
    if "exit_code" in ours:
        return finished._replace(code=ours["exit_code"] & 0xFF, has_exited=True)
    if finished.status == "ok":
        return finished
    if finished.status == "aborted":
        raise KernelError("the kernel was stopped or restarted before this could run")
    if "error" not in ours:
        raise KernelError(f"the kernel refused: {content.get('evalue', 'no reason given')}")
    failure = _failure(content, ours["error"])
    return finished._replace(code=_code(content["ename"]), failure=failure)


def _code(name: str) -> int:
    if name == "Interrupted":
        return exits.INTERRUPTED
    return exits.LIMIT if name in _LIMITS else exits.FAILED


def _failure(content: Content, detail: dict[str, Any]) -> Failure:
    from tidelock.shared.report import error_place

    stack = tuple(
        CallFrame(frame["name"], frame["what"], frame["chunk"], frame["line"])
        for frame in detail.get("stack", [])
    )
    message = content["evalue"]
    chunk, line = error_place(Outcome("error", message, error=content["ename"], stack=stack), "")
    kind = _KINDS.get(content["ename"], "lua")
    return Failure(kind, message, tuple(content["traceback"]), chunk, line, stack)

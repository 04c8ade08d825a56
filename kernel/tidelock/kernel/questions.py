"""What the kernel is asked out of turn: who it is, completions, inspection, history.

Answers come from the text at once and from the running program within a deadline; nothing in
here runs a script.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

from tidelock.kernel.about import banner, language_info
from tidelock.kernel.execution import field
from tidelock.shared.answers import Answer, answered
from tidelock.shared.errors import BadRequest
from tidelock.shared.link import wire
from tidelock.shared.link.wire import Content, Message
from tidelock.shared.model import Entry, Fact, FactList, Idle, Paused, Running
from tidelock.shared.version import VERSION

if TYPE_CHECKING:
    from tidelock.kernel.server import Kernel

T = TypeVar("T")
Question = tuple[object, ...]
_DEADLINE_S = 0.2
_ANSWERS_KEPT = 100


def state_name(kernel: Kernel) -> str:
    """idle, running, waiting for input, or paused."""
    state = kernel.context.runtime.state
    if isinstance(state, Idle):
        return "idle"
    if isinstance(state, Paused):
        return "paused"
    assert isinstance(state, Running)
    return f"waiting for {state.waiting}" if state.waiting else "running"


def status(kernel: Kernel) -> Content:
    """Who the kernel is and what it does; no part of Lua is asked."""
    context = kernel.context
    state = context.runtime.state
    return {
        "kernel_id": context.id,
        "state": state_name(kernel),
        "revision": kernel.revision,
        "execution": None if isinstance(state, Idle) else state.run.id,
        "execution_count": context.history.count,
        "queued": context.runtime.queued,
        "dropped": kernel.channels.dropped,
        "clients": kernel.clients.count(),
        "limits": dict(kernel.clients.acted),
        "lua": context.runtime.version,
        "workspace": kernel.connection.workspace,
    }


def kernel_info_request(kernel: Kernel, request: Message) -> Content:
    """Who the kernel is; the ``tidelock`` object holds what our own clients want to know."""
    where = kernel.connection
    return {
        "status": "ok",
        "protocol_version": wire.VERSION,
        "implementation": "tidelock",
        "implementation_version": VERSION,
        "banner": banner(kernel.context.runtime.version),
        "help_links": [{"text": "Lua manual", "url": "https://www.lua.org/manual/"}],
        "language_info": language_info(kernel.context.runtime),
        "supported_features": ["debugger"],
        "debugger": True,
        "tidelock": {
            "kernel_id": kernel.context.id,
            "session_id": kernel.channels.session,
            "workspace": where.workspace,
            "dap_port": where.dap_port,
            "lua": kernel.context.runtime.build.name,
            "state": state_name(kernel),
        },
    }


def within(
    kernel: Kernel, asked: Answer[T], seconds: float, use: Callable[[T | None], Content]
) -> Answer[Content]:
    """Make the content from a live answer, or from None when it is late or failed."""
    done: Answer[Content] = Answer()

    def settle(value: T | None) -> None:
        if not done.done:
            try:
                done.resolve(use(value))
            except Exception as error:
                done.fail(error)

    def late() -> None:
        asked.cancel()
        settle(None)

    def come(found: Answer[T]) -> None:
        kernel.loop.call(lambda: settle(None if found.error else found.result()))

    kernel.loop.later(seconds, late)
    asked.then(come)
    return done


def origin(kernel: Kernel, told: object) -> str:
    """What to say of facts: seen now, if the runtime told them, else earlier."""
    if told is None:
        return "observed earlier"
    state = state_name(kernel)
    return "observed" if state == "idle" else f"observed while {state}"


def _frame(kernel: Kernel) -> Answer[int]:
    """The innermost frame's id while paused, 0 otherwise."""
    if kernel.context.debugger.pause is None:
        return answered(0)
    stack = kernel.context.debugger.stack(0, 1)
    return stack.map(lambda found: found.frames[0].id if found.frames else 0)


def _chained(first: Answer[int], then: Callable[[int], Answer[T]]) -> Answer[T]:
    out: Answer[T] = Answer()

    def hand_over(done: Answer[T]) -> None:
        if done.error is not None:
            out.fail(done.error)
        else:
            out.resolve(done.result())

    def follow(done: Answer[int]) -> None:
        if done.error is not None:
            out.fail(done.error)
        else:
            then(done.result()).then(hand_over)

    first.then(follow)
    return out


class Seen:
    """The last answers of the runtime, for when it does not answer in time; on the loop only."""

    def __init__(self) -> None:
        self._answers: OrderedDict[Question, Any] = OrderedDict()

    def known(self, question: Question, answer: T | None) -> T | None:
        """Remember an answer; of one that did not come, the last to the same question."""
        if answer is None:
            return self._answers.get(question)
        self._answers[question] = answer
        self._answers.move_to_end(question)
        if len(self._answers) > _ANSWERS_KEPT:
            self._answers.popitem(last=False)
        return answer


def complete_request(kernel: Kernel, request: Message) -> Content | Answer[Content]:
    """Completions: names and members of the text, then what is really there."""
    from tidelock.shared.language import completion
    from tidelock.shared.language.facts import Facts
    from tidelock.shared.syntax.parser import parse

    code = field(request.content, "code", str)
    cursor = min(max(field(request.content, "cursor_pos", int), 0), len(code))
    tree = parse(code, kernel.context.runtime.build.dialect, "input")
    target = completion.target(tree, cursor)
    if target is None:
        return _matches([], cursor, cursor)
    debugger = kernel.context.debugger

    def ask(frame: int) -> Answer[FactList]:
        if target.root:
            return debugger.members(target.root, target.keys, frame)
        return debugger.names(frame)

    question = ("members", target.root, *target.keys)

    def use(found: FactList | None) -> Content:
        seen = kernel.seen.known(question, found) or ()
        live = Facts(origin(kernel, found), names=seen, members=seen)
        result = completion.complete(tree, cursor, live)
        return _matches(
            [(i.label, i.kind, i.detail) for i in result.items], result.start, result.end
        )

    return within(kernel, _chained(_frame(kernel), ask), _DEADLINE_S, use)


def _matches(items: list[tuple[str, str, str]], start: int, end: int) -> Content:
    types = [
        {"start": start, "end": end, "text": label, "type": kind, "signature": detail}
        for label, kind, detail in items
    ]
    return {
        "status": "ok",
        "matches": [label for label, _, _ in items],
        "cursor_start": start,
        "cursor_end": end,
        "metadata": {"_jupyter_types_experimental": types},
    }


def inspect_request(kernel: Kernel, request: Message) -> Content | Answer[Content]:
    """What is known of the name at the cursor, from the text and from the runtime."""
    from tidelock.shared.language import hover
    from tidelock.shared.language.facts import Facts
    from tidelock.shared.syntax.parser import parse

    code = field(request.content, "code", str)
    cursor = min(max(field(request.content, "cursor_pos", int), 0), len(code))
    wants_source = field(request.content, "detail_level", int, 0) > 0
    tree = parse(code, kernel.context.runtime.build.dialect, "input")
    path = hover.symbol_path(tree, cursor)

    def use(told: list[Fact] | None) -> Content:
        found = None
        if path is not None:
            known = kernel.seen.known(("value", path.root, *path.keys), told)
            found = known[0] if known else None
        live = Facts(origin(kernel, told), value=found) if found else None
        shown = hover.hover(tree, cursor, live)
        if shown is None:
            return {"status": "ok", "found": False, "data": {}, "metadata": {}}
        parts = [shown.signature, shown.documentation, *shown.facts]
        text = _source(kernel, found) if found and wants_source else ""
        plain = "\n".join(part for part in (*parts, text) if part)
        parts[0] = f"```lua\n{shown.signature}\n```"
        if text:
            parts.append(f"```lua\n{text}\n```")
        markdown = "\n\n".join(part for part in parts if part)
        data = {"text/plain": plain, "text/markdown": markdown}
        return {"status": "ok", "found": True, "data": data, "metadata": {}}

    if path is None:
        return use(None)

    def ask(frame: int) -> Answer[list[Fact]]:
        value = kernel.context.debugger.value(path.root, path.keys, frame)
        return value.map(lambda fact: [] if fact is None else [fact])

    return within(kernel, _chained(_frame(kernel), ask), _DEADLINE_S, use)


def _source(kernel: Kernel, fact: Fact) -> str:
    """The text of the function that a fact is about, empty when it cannot be found."""
    from tidelock.shared.language import functions
    from tidelock.shared.syntax.parser import parse
    from tidelock.shared.syntax.tree import Mode

    chunk, _, line = fact.where.rpartition(":")
    text = kernel.context.sources.text(chunk) if chunk else None
    if text is None:
        return ""
    mode: Mode = "chunk" if chunk.startswith("@") else "input"
    tree = parse(text, kernel.context.runtime.build.dialect, mode)
    return functions.source(tree, int(line), fact.name)


def is_complete_request(kernel: Kernel, request: Message) -> Content:
    """Whether an input is complete, by the parser alone."""
    from tidelock.shared.syntax import inputs

    code = field(request.content, "code", str)
    found = inputs.completeness(code, kernel.context.runtime.build.dialect)
    content: Content = {"status": found.status}
    if found.status == "incomplete":
        content["indent"] = found.indent
    return content


def history_request(kernel: Kernel, request: Message) -> Answer[Content]:
    """The last inputs, those of one session, or those that match a pattern."""
    content = request.content
    kind = field(content, "hist_access_type", str)
    history = kernel.context.history
    amount = field(content, "n", int, 10)
    if kind == "tail":
        found = history.tail(amount)
    elif kind == "range":
        session, start = field(content, "session", int, 0), field(content, "start", int, 0)
        found = history.between(session, start, field(content, "stop", int, 0))
    elif kind == "search":
        unique = field(content, "unique", bool, False)
        found = history.search(field(content, "pattern", str, "*"), amount, unique=unique)
    else:
        raise BadRequest(f"hist_access_type is {kind!r}, not tail, range or search")
    output = field(content, "output", bool, False)

    def told(entries: list[Entry]) -> Content:
        return {"status": "ok", "history": [_entry(entry, output=output) for entry in entries]}

    return found.map(told)


def _entry(entry: Entry, *, output: bool) -> list[object]:
    said = [entry.text, entry.result or None] if output else entry.text
    return [entry.session, entry.number, said]

"""Comms: the window through which language servers and front ends see the live runtime.

``tidelock.kernel`` tells the moment and answers questions, ``tidelock.sources`` takes editors'
unsaved texts. A request is ``{action, ...}``, an answer ``{ok, result}`` or ``{ok, error}`` on
the same comm. One that is opened with a question is answered and closed, unless it subscribes;
one that is opened without stays open for questions. Values are cut as everywhere; nothing in
here runs a script, and only ``evaluate`` runs code.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from tidelock.kernel import moments
from tidelock.kernel.execution import field
from tidelock.kernel.questions import state_name, status
from tidelock.shared.answers import Answer
from tidelock.shared.errors import BadRequest, TidelockError
from tidelock.shared.link.wire import Content, Message
from tidelock.shared.log import layer
from tidelock.shared.sources import path_of_uri

if TYPE_CHECKING:
    from tidelock.kernel.server import Kernel
    from tidelock.shared.history import Storage
    from tidelock.shared.model import FactList

log = layer("kernel")

_MOST_OPEN = 10_000
_EVALUATE_S = 5.0
Action = Callable[["Kernel", Content], Content | Answer[Content]]


def comm_info_request(kernel: Kernel, request: Message) -> Content:
    """The open comms, of one target or all."""
    content = request.content if isinstance(request.content, dict) else {}
    wanted = content.get("target_name")
    targets = {
        number: _target(opened)
        for number, opened in kernel.comms.items()
        if not wanted or _target(opened) == wanted
    }
    return {"status": "ok", "comms": {n: {"target_name": t} for n, t in targets.items()}}


def comm_open(kernel: Kernel, request: Message) -> Answer[Content] | None:
    """Open a comm; data that asks is answered at once."""
    number = field(request.content, "comm_id", str)
    target = field(request.content, "target_name", str)
    data = field(request.content, "data", dict, {})
    stays = not data or data.get("action") == "subscribe"
    if target not in _TARGETS or (stays and len(kernel.comms) >= _MOST_OPEN):
        log.warn("a comm was refused", target=target, open=len(kernel.comms))
        _close(kernel, request, number)
        return None
    if stays:
        kernel.comms[number] = request
    return _act(kernel, request, number, target, data) if data else None


def _close(kernel: Kernel, request: Message, number: str) -> None:
    kernel.channels.publish("comm_close", {"comm_id": number, "data": {}}, request.raw_header)


def comm_msg(kernel: Kernel, request: Message) -> Answer[Content] | None:
    """A request on an open comm."""
    number = field(request.content, "comm_id", str)
    opened = kernel.comms.get(number)
    if opened is None:
        _close(kernel, request, number)
        return None
    data = field(request.content, "data", dict, {})
    return _act(kernel, request, number, _target(opened), data)


def refuse(kernel: Kernel, request: Message, error: TidelockError) -> None:
    """Answer a message on a comm that a limit refuses."""
    content = request.content if isinstance(request.content, dict) else {}
    number = str(content.get("comm_id", ""))
    data = content.get("data")
    asked = data.get("id") if isinstance(data, dict) else None
    body = {"id": asked, "ok": False, "error": str(error)}
    kernel.channels.publish("comm_msg", {"comm_id": number, "data": body}, request.raw_header)
    if number not in kernel.comms:
        _close(kernel, request, number)


def comm_close(kernel: Kernel, request: Message) -> None:
    """The client is done with a comm."""
    kernel.comms.pop(field(request.content, "comm_id", str), None)


def _target(opened: Message) -> str:
    return str(opened.content.get("target_name"))


def _act(
    kernel: Kernel, request: Message, number: str, target: str, data: Content
) -> Answer[Content] | None:
    """Do an action and publish its answer before the request's idle."""
    finished: Answer[Content] = Answer()

    def publish(body: Content) -> None:
        content = {"comm_id": number, "data": {"id": data.get("id"), **body}}
        kernel.channels.publish("comm_msg", content, request.raw_header)
        if number not in kernel.comms:
            _close(kernel, request, number)

    def settle(done: Answer[Content]) -> None:
        if done.error is not None:
            publish({"ok": False, "error": str(done.error) or type(done.error).__name__})
        else:
            publish({"ok": True, "result": done.result()})
            if action is moments.moment:
                moments.answered(kernel, number, data, done.result())
        finished.resolve({})

    try:
        action = _TARGETS[target].get(str(data.get("action")))
        if action is None:
            raise BadRequest(f"{target} has no action {data.get('action')!r}")
        if data["action"] == "subscribe" and number in kernel.comms:
            moments.subscribe(kernel, number, data)
        result = action(kernel, data)
    except TidelockError as error:
        publish({"ok": False, "error": str(error)})
        return None
    if isinstance(result, Answer):
        result.then(lambda done: kernel.loop.call(lambda: settle(done)))
        return finished
    publish({"ok": True, "result": result})
    return None


def _status(kernel: Kernel, data: Content) -> Content:
    return status(kernel)


def _store(kernel: Kernel, data: Content) -> Answer[Content]:
    """Where the history is kept, and what is wrong there."""

    def told(storage: Storage) -> Content:
        unclosed = [lost._asdict() for lost in storage.unclosed]
        return {**storage._asdict(), "unclosed": unclosed}

    return kernel.context.history.storage().map(told)


def _shown(found: FactList) -> Content:
    return {"facts": [fact._asdict() for fact in found], "cut": found.is_cut}


def _ask(kernel: Kernel, data: Content) -> Answer[Content]:
    """A live question: names, members or value, by root and constant keys, maybe in a frame."""
    what = field(data, "what", str)
    frame = field(data, "frame", int, 0)
    debugger = kernel.context.debugger
    head = {"revision": kernel.revision, "state": state_name(kernel)}
    if what == "names":
        return debugger.names(frame).map(lambda found: {**head, **_shown(found)})
    root = field(data, "root", str)
    keys = field(data, "keys", list, [])
    if not all(isinstance(key, str | int | float) for key in keys):
        raise BadRequest("keys is no list of texts and numbers")
    if what == "members":
        asked = debugger.members(root, keys, frame)
        return asked.map(lambda found: {**head, **_shown(found)})
    if what == "value":
        one = debugger.value(root, keys, frame)
        return one.map(lambda found: {**head, "facts": [found._asdict()] if found else []})
    raise BadRequest(f"what is {what!r}, not names, members or value")


def _frames(kernel: Kernel, data: Content) -> Answer[Content]:
    """The stopped stack's innermost frames: id, name, chunk, line."""
    stack = kernel.context.debugger.stack(0, field(data, "count", int, 20))
    return stack.map(
        lambda found: {
            "frames": [
                {"id": f.id, "name": f.name, "chunk": f.chunk, "line": f.line} for f in found.frames
            ]
        }
    )


def _evaluate(kernel: Kernel, data: Content) -> Answer[Content]:
    """The value of an expression, globally or in a frame; given up after some seconds."""
    text, frame = field(data, "expression", str), field(data, "frame", int, 0)
    state = state_name(kernel)
    if state not in ("idle", "paused"):
        raise TidelockError(f"the program is {state}", "it is asked while idle or paused")
    asked = kernel.context.debugger.evaluate(text, frame, whole=True)
    kernel.loop.later(_EVALUATE_S, asked.cancel)
    return asked.map(lambda value: {"text": value.text, "type": value.type})


def _modules(kernel: Kernel, data: Content) -> Answer[Content]:
    """The loaded modules that are written in Lua: name, path, fingerprint of what was loaded."""

    def told(found: list[tuple[str, str]]) -> Content:
        known = kernel.context.modules
        shown = [(name, *known[name]) for name, path in found if path and name in known]
        return {"modules": [{"name": n, "path": p, "loaded": text} for n, p, text in shown]}

    return kernel.context.debugger.modules().map(told)


def _put(kernel: Kernel, data: Content) -> Content:
    path = path_of_uri(field(data, "source", str))
    kernel.context.sources.put_overlay(path, field(data, "text", str))
    return {}


def _drop(kernel: Kernel, data: Content) -> Content:
    kernel.context.sources.drop_overlay(path_of_uri(field(data, "source", str)))
    return {}


_TARGETS: dict[str, dict[str, Action]] = {
    "tidelock.kernel": {
        "status": _status,
        "store": _store,
        "moment": moments.moment,
        "ask": _ask,
        "evaluate": _evaluate,
        "frames": _frames,
        "modules": _modules,
        "subscribe": moments.moment,
    },
    "tidelock.sources": {"put": _put, "drop": _drop},
}

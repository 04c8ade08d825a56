"""How a language server must behave: the form of each message by lsprotocol, and the order.

One ``Conduct`` follows one server by its messages alone; it sends nothing and waits for nothing.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import Any

import cattrs
from lsprotocol import converters, types

from kit.rules import Judge
from kit.timeline import short

Json = dict[str, Any]

RULES: Mapping[str, str] = {
    "framing": "the bytes are whole messages",
    "jsonrpc": "a message is a request, a response or a notification of JSON-RPC 2.0",
    "schema": "params and results are what the method's types say, nothing changed to fit",
    "response": "a request is answered exactly once, and only a request is",
    "initialize": "before initialize is answered the server only shows and logs messages",
    "direction": "the server sends what a server may send",
    "capability": "what a client did not announce is not used",
    "progress": "progress is reported under a token that exists, from begin to end",
    "version": "diagnostics are not of a version that does not exist yet",
    "unanswered": "when shutdown is answered nothing is left without an answer",
}

_EARLY = frozenset(
    ("window/showMessage", "window/logMessage", "telemetry/event", "window/showMessageRequest")
)
_NEEDED = {
    "workspace/configuration": "workspace.configuration",
    "workspace/applyEdit": "workspace.applyEdit",
    "workspace/workspaceFolders": "workspace.workspaceFolders",
    "window/workDoneProgress/create": "window.workDoneProgress",
    "window/showDocument": "window.showDocument.support",
    "workspace/semanticTokens/refresh": "workspace.semanticTokens.refreshSupport",
    "workspace/inlayHint/refresh": "workspace.inlayHint.refreshSupport",
    "workspace/codeLens/refresh": "workspace.codeLens.refreshSupport",
    "workspace/diagnostic/refresh": "workspace.diagnostics.refreshSupport",
    "workspace/foldingRange/refresh": "workspace.foldingRange.refreshSupport",
    "workspace/inlineValue/refresh": "workspace.inlineValue.refreshSupport",
}


@functools.cache
def converter() -> cattrs.Converter:
    """lsprotocol's converter."""
    made = converters.get_converter()
    read_actions(made)
    return made


def read_actions(made: cattrs.Converter) -> None:
    """Have a converter read code actions that bring a command, which lsprotocol takes for one."""

    def read(value: Json, _kind: object) -> types.Command | types.CodeAction:
        is_command = isinstance(value.get("command"), str)
        found: types.Command | types.CodeAction = made.structure(
            value, types.Command if is_command else types.CodeAction
        )
        return found

    either: Any = types.Command | types.CodeAction
    made.register_structure_hook(either, read)


def structured(kind: type[Any], message: Json) -> Any:
    """A message as lsprotocol's type.

    Its converter is generous: it makes text of numbers and drops what it does not expect. So the
    message is turned back, and must then say what it said before.

    Raises:
        ValueError: the message does not fit; the text says where.
    """
    try:
        value = converter().structure(message, kind)
    except Exception as error:
        text = "; ".join(cattrs.transform_error(error, path="", format_exception=_explained))
        raise ValueError(f"{kind.__name__}: {text}") from None
    for fault in _lost(converter().unstructure(value), message, ""):
        raise ValueError(f"{kind.__name__}: {fault}")
    return value


class Conduct:
    """What has been said with a server, and the judge who hears of each broken rule.

    ``versions`` are those of the open documents by URI, kept by the client, ``closed`` the last
    ones of documents whose diagnostics may have crossed their ``didClose``. Calls come one at a
    time, in order.
    """

    def __init__(self, judge: Judge) -> None:
        self.versions: dict[str, int] = {}
        self.closed: dict[str, int] = {}
        self.capabilities: Json = {}
        self._judge = judge
        self._open: dict[int | str, str] = {}
        self._answered: dict[int | str, str] = {}
        self._ready = False
        self._tokens: dict[int | str, str] = {}  # begun, ended, or empty

    @property
    def unanswered(self) -> list[str]:
        """The methods of the requests that still wait for an answer."""
        return list(self._open.values())

    def sent(self, message: Json) -> None:
        """The client sends this."""
        method, params = message.get("method"), _object(message.get("params"))
        if method is None:
            return
        if "id" in message:
            self._open[message["id"]] = method
        if method == "initialize":
            self.capabilities = _object(params.get("capabilities"))
        for name in ("workDoneToken", "partialResultToken"):
            if name in params:
                self._tokens[params[name]] = "begun" if name == "partialResultToken" else ""

    def received(self, message: Json) -> Any:
        """The server sent this; gives it as lsprotocol's type, or None if it has none."""
        faults = list(_form(message))
        for fault in faults:
            self._judge.broken("jsonrpc", fault, message)
        if faults:
            return None
        if "method" in message:
            return self._said(message["method"], message)
        return self._answer(message)

    def _said(self, method: str, message: Json) -> Any:
        early = method in _EARLY or method == "$/progress"
        if not self._ready and not early:
            self._judge.broken("initialize", f"{method} before it was answered", message)
        if method not in types.METHOD_TO_TYPES:
            return None
        if types.message_direction(method) == "clientToServer":
            self._judge.broken("direction", f"{method} is for clients to send", message)
            return None
        needed = _NEEDED.get(method)
        if needed and not self._can(needed):
            self._judge.broken("capability", f"{method} without {needed}", message)
        value = self._structured(types.METHOD_TO_TYPES[method][0], message)
        if value is not None:
            self._checked(method, message.get("params", {}), message)
        return value

    def _checked(self, method: str, params: Json, message: Json) -> None:
        if method == "window/workDoneProgress/create":
            self._tokens[params["token"]] = ""
        elif method == "$/progress":
            self._progress(params["token"], _object(params["value"]).get("kind"), message)
        elif method == "textDocument/publishDiagnostics":
            uri, version = params["uri"], params.get("version")
            known = self.versions.get(uri, self.closed.get(uri))
            if version is None:
                self.closed.pop(uri, None)  # taken back: nothing that was sent before can follow
            if version is not None and (known is None or version > known):
                self._judge.broken("version", f"{version}, and the client has {known}", message)

    def _progress(self, token: int | str, kind: Any, message: Json) -> None:
        state = self._tokens.get(token)
        due = {None: (), "": ("begin",), "begun": ("report", "end"), "ended": ()}[state]
        if kind in ("begin", "report", "end"):
            if kind not in due:
                was = {None: "never created", "": "not begun"}.get(state, state)
                self._judge.broken("progress", f"{kind} of {token!r}, {was}", message)
            self._tokens[token] = "ended" if kind == "end" else "begun"
        elif state is None:
            self._judge.broken("progress", f"{token!r} was never created", message)

    def _answer(self, message: Json) -> Any:
        number = message["id"]
        if number in self._answered:
            text = f"{self._answered[number]} was answered before"
            self._judge.broken("response", text, message)
            return None
        if number not in self._open:
            # What cannot be read is answered with null, as JSON-RPC says.
            if number is not None or "error" not in message:
                self._judge.broken("response", "it answers no request of ours", message)
            return None
        method = self._answered[number] = self._open.pop(number)
        if method == "initialize" and "result" in message:
            self._ready = True
        kinds = types.METHOD_TO_TYPES.get(method)
        if "error" in message:
            return self._structured(types.ResponseErrorMessage, message)
        if kinds is None or kinds[1] is None:
            return None
        return self._structured(kinds[1], message)

    def _structured(self, kind: type[Any], message: Json) -> Any:
        try:
            return structured(kind, message)
        except ValueError as error:
            self._judge.broken("schema", str(error), message)
            return None

    def _can(self, path: str) -> bool:
        value: Any = self.capabilities
        for name in path.split("."):
            value = _object(value).get(name)
        return bool(value)


def _form(message: Json) -> list[str]:
    """The faults of a message by JSON-RPC 2.0."""
    faults = []
    if message.get("jsonrpc") != "2.0":
        faults.append(f"jsonrpc is {message.get('jsonrpc')!r}")
    number = message.get("id")
    if "method" in message:
        if not isinstance(message["method"], str):
            faults.append("method is no text")
        if "id" in message and not isinstance(number, (int, str)):
            faults.append(f"id is {number!r}")
        if not isinstance(message.get("params", {}), (dict, list)):
            faults.append("params are neither object nor array")
    else:
        if "id" not in message or not isinstance(number, (int, str, type(None))):
            faults.append(f"id is {number!r}" if "id" in message else "neither method nor id")
        if ("result" in message) == ("error" in message):
            faults.append("either result or error must be there")
    return faults


def _explained(error: BaseException, kind: type[Any] | None) -> str:
    return f"{cattrs.v.format_exception(error, kind)} ({error})"


def _lost(value: Any, raw: Any, place: str) -> list[str]:
    """Where a value that was structured and turned back says something else than the message."""
    if isinstance(value, dict) and isinstance(raw, dict):
        faults = []
        for name, inner in value.items():
            if name in raw:
                faults += _lost(inner, raw[name], f"{place}.{name}")
            elif inner is not None:
                faults.append(f"{place}.{name} is missing")
        return faults
    if isinstance(value, (list, tuple)) and isinstance(raw, list) and len(value) == len(raw):
        return [
            fault
            for index, (inner, each) in enumerate(zip(value, raw, strict=True))
            for fault in _lost(inner, each, f"{place}[{index}]")
        ]
    if isinstance(value, bool) != isinstance(raw, bool) or value != raw:
        return [f"{place}: {short(raw, 80)} is not of its type (it would be {short(value, 80)})"]
    return []


def _object(value: Any) -> Json:
    return value if isinstance(value, dict) else {}

"""A language client for tests: speaks as an editor does and checks every message.

    with LspClient([*TIDELOCK, "lsp"]) as client:
        client.initialize(tmp_path)
        client.open(path, "local x = ")
        assert client.diagnostics(path)

Lines and characters are counted from zero and in the position encoding that was agreed on, as on
the wire. Results are lsprotocol's types. A breach of ``RULES`` is raised by the next call. The
file is long because it is one class with a short method per thing editors do.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from lsprotocol import types

from kit.lsp_conduct import RULES, Conduct, converter, structured
from kit.rules import Judge, ProtocolViolation, Violation
from kit.timeline import Direction, Failure, Timeline
from kit.transports import Json, MemoryTransport, StdioTransport, Transport

__all__ = [
    "CAPABILITIES",
    "RULES",
    "LspClient",
    "MemoryTransport",
    "Pending",
    "ProtocolViolation",
    "RequestFailed",
    "StdioTransport",
    "uri",
]

_DYNAMIC = {"dynamicRegistration": True}
_KINDS = {"valueSet": list(range(1, 27))}

CAPABILITIES: Mapping[str, Any] = {
    "general": {"positionEncodings": ["utf-16"]},
    "window": {"workDoneProgress": True, "showDocument": {"support": True}},
    "workspace": {
        "applyEdit": True,
        "configuration": True,
        "workspaceFolders": True,
        "didChangeConfiguration": _DYNAMIC,
        "didChangeWatchedFiles": _DYNAMIC,
        "workspaceEdit": {"documentChanges": True},
        "semanticTokens": {"refreshSupport": True},
        "inlayHint": {"refreshSupport": True},
        "diagnostics": {"refreshSupport": True},
    },
    "textDocument": {
        "synchronization": {**_DYNAMIC, "didSave": True},
        "completion": {
            "completionItem": {"snippetSupport": True, "documentationFormat": ["markdown"]},
            "completionItemKind": _KINDS,
            "contextSupport": True,
        },
        "hover": {"contentFormat": ["markdown", "plaintext"]},
        "signatureHelp": {"signatureInformation": {"documentationFormat": ["markdown"]}},
        "definition": {"linkSupport": False},
        "documentSymbol": {"hierarchicalDocumentSymbolSupport": True, "symbolKind": _KINDS},
        "codeAction": {
            "codeActionLiteralSupport": {"codeActionKind": {"valueSet": ["quickfix", "refactor"]}}
        },
        "rename": {"prepareSupport": True},
        "publishDiagnostics": {"relatedInformation": True, "versionSupport": True},
    },
}
"""What the client says it can, like VS Code in what matters; ``initialize`` merges over it."""


class RequestFailed(Failure):
    """The server answered with an error; ``code`` and ``message`` are its own."""

    def __init__(self, method: str, error: types.ResponseError, picture: str = "") -> None:
        self.error, self.code, self.message = error, error.code, error.message
        super().__init__(f"{method} failed: {error.message} ({error.code})\n{picture}")


class Pending:
    """A request that was sent, and its answer once it is there."""

    def __init__(self, client: LspClient, method: str, number: int) -> None:
        self.method = method
        self.id = number
        self.error: types.ResponseError | None = None
        self.result: Any = None
        self.answered = False
        self._client = client

    def wait(self, timeout: float | None = None) -> Self:
        """Wait for the answer, of success or failure."""
        what = f"the response to {self.method} (id {self.id})"
        self._client.wait_until(lambda: self.answered or None, timeout, what)
        return self

    def value(self, timeout: float | None = None) -> Any:
        """The result; RequestFailed if it is an error."""
        self.wait(timeout)
        if self.error is not None:
            raise RequestFailed(self.method, self.error, self._client.timeline.picture())
        return self.result


class LspClient:
    """One language server, seen from the editor.

    Args:
        server: the command that starts it, or another transport.
        cwd: the folder it is started in, and the one that relative paths are meant in.
        env: its environment; the test's own by default.
        timeout: how long each wait may take, in seconds.
        settings: what ``workspace/configuration`` is answered, by section (dots nest).
        waive: names of ``RULES`` that this server is known to break.
        strict: if false, breaches are only collected in ``violations``.

    ``answers`` is the table of what the server's own requests are answered: functions of the
    params as JSON, called on the transport's thread. Methods are for the test's thread.
    """

    def __init__(
        self,
        server: Sequence[str | Path] | Transport,
        cwd: str | Path | None = None,
        env: Mapping[str, str] | None = None,
        *,
        timeout: float = 10.0,
        settings: Mapping[str, Any] | None = None,
        waive: Collection[str] = (),
        strict: bool = True,
    ) -> None:
        transport = StdioTransport(server, cwd, env) if isinstance(server, Sequence) else server
        self.transport: Transport = transport
        self.timeline = Timeline()
        self.timeline.appendix = transport.describe
        self.settings: Json = dict(settings or {})
        self.registered: dict[str, types.Registration] = {}
        self.capabilities: types.ServerCapabilities | None = None
        self.answers: dict[str, Callable[[Any], Any]] = {
            "workspace/configuration": self._configuration,
            "workspace/workspaceFolders": lambda _params: self._folders or None,
            "client/registerCapability": self._register,
            "client/unregisterCapability": self._unregister,
            "window/workDoneProgress/create": lambda _params: None,
            "window/showMessageRequest": lambda _params: None,
            "window/showDocument": lambda _params: {"success": True},
            "workspace/applyEdit": lambda _params: {"applied": True},
            "workspace/semanticTokens/refresh": lambda _params: None,
            "workspace/inlayHint/refresh": lambda _params: None,
            "workspace/diagnostic/refresh": lambda _params: None,
        }
        self._cwd = Path(cwd or ".").resolve()
        self._judge = Judge(self.timeline, RULES, waive, strict)
        self._conduct = Conduct(self._judge)
        self._timeout = timeout
        self._number = 0
        self._sent: dict[int, Pending] = {}
        self._said: dict[str, list[Any]] = {}  # notifications by method, not yet given
        self._published: dict[str, tuple[int, types.PublishDiagnosticsParams]] = {}
        self._pages: dict[str, str] = {}  # the notebook of a cell
        self._changed: dict[str, int] = {}  # where in the timeline a document changed last
        self._folders: list[Json] = []
        self._methods: dict[tuple[str, Any], str] = {}
        self._sending = threading.Lock()
        transport.open(self)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if error is None:
            self.stop()
        else:  # the error of the test is the one to be read
            with contextlib.suppress(Failure):
                self.stop()

    @property
    def violations(self) -> list[Violation]:
        """Every breach so far."""
        return self._judge.violations

    # Requests and notifications

    def post(self, method: str, params: Any = None, *, checked: bool = True) -> Pending:
        """Send a request and do not wait; ``checked=False`` lets a malformed one through."""
        with self._sending:
            self._number += 1
            pending = self._sent[self._number] = Pending(self, method, self._number)
            self._send({"id": pending.id, "method": method}, params, checked)
        return pending

    def request(self, method: str, params: Any = None, timeout: float | None = None) -> Any:
        """Send a request and give its result; RequestFailed if it is an error."""
        return self.post(method, params).value(timeout)

    def request_failing(
        self, method: str, params: Any = None, timeout: float | None = None, *, checked: bool = True
    ) -> types.ResponseError:
        """Send a request that must be refused, and give the error."""
        pending = self.post(method, params, checked=checked).wait(timeout)
        if pending.error is None:
            raise Failure(f"{method} was to fail, but did not\n{self.timeline.picture()}")
        return pending.error

    def notify(self, method: str, params: Any = None, *, checked: bool = True) -> None:
        """Send a notification."""
        with self._sending:
            self._send({"method": method}, params, checked)

    def cancel(self, pending: Pending) -> None:
        """Ask that a request be given up; it is answered nevertheless."""
        self.notify("$/cancelRequest", {"id": pending.id})

    def send_raw(self, data: bytes) -> None:
        """Send bytes as they are, past all checks."""
        self.transport.send_raw(data)

    # What editors do

    def initialize(
        self,
        root: str | Path | None = None,
        capabilities: Mapping[str, Any] | None = None,
        options: Any = None,
        timeout: float | None = None,
    ) -> types.InitializeResult:
        """``initialize`` and ``initialized``; capabilities are merged over ``CAPABILITIES``."""
        folder = None if root is None else self.uri(root)
        if folder is not None:
            self._folders = [{"uri": folder, "name": Path(root or ".").name}]
        params = {
            "processId": None,
            "clientInfo": {"name": "tests"},
            "rootUri": folder,
            "workspaceFolders": self._folders or None,
            "capabilities": _merged(CAPABILITIES, capabilities or {}),
        }
        if options is not None:
            params["initializationOptions"] = options
        result: types.InitializeResult = self.request("initialize", params, timeout)
        self.capabilities = result.capabilities
        self.notify("initialized", {})
        return result

    def open(self, path: str | Path, text: str | None = None, language: str = "lua") -> str:
        """Open a document, with the text of its file if none is given; gives its URI."""
        where = self.uri(path)
        text = Path(path).read_text("utf-8") if text is None else text
        self._conduct.versions[where] = 1
        self._changed[where] = self.timeline.mark()
        item = {"uri": where, "languageId": language, "version": 1, "text": text}
        self.notify("textDocument/didOpen", {"textDocument": item})
        return where

    def open_page(self, path: str | Path, cells: Mapping[str, str]) -> None:
        """Show a notebook of Lua cells: URI and text. They are edited as other texts are."""
        items = [
            {"uri": cell, "languageId": "lua", "version": 1, "text": text}
            for cell, text in cells.items()
        ]
        for cell in cells:
            self._conduct.versions[cell] = 1
            self._pages[cell] = self.uri(path)
            self._changed[cell] = self.timeline.mark()
        page = {
            "uri": self.uri(path),
            "notebookType": "jupyter-notebook",
            "version": 1,
            "cells": [{"kind": 2, "document": cell} for cell in cells],
        }
        opened = {"notebookDocument": page, "cellTextDocuments": items}
        self.notify("notebookDocument/didOpen", opened)

    def change(self, path: str | Path, text: str) -> int:
        """Replace the whole text; gives the new version."""
        return self._change(path, {"text": text})

    def edit(
        self, path: str | Path, start: tuple[int, int], end: tuple[int, int], text: str
    ) -> int:
        """Replace what lies between two places, as typing does; gives the new version."""
        places = [{"line": line, "character": character} for line, character in (start, end)]
        span = {"start": places[0], "end": places[1]}
        return self._change(path, {"range": span, "text": text})

    def save(self, path: str | Path, text: str | None = None) -> None:
        """Tell that a document was saved."""
        saved = {} if text is None else {"text": text}
        self.notify("textDocument/didSave", {**self.document(path), **saved})

    def close(self, path: str | Path) -> None:
        """Close a document."""
        self.notify("textDocument/didClose", self.document(path))
        with self.timeline.changed:
            self._conduct.closed[self.uri(path)] = self._conduct.versions.pop(self.uri(path))
            self._published.pop(self.uri(path), None)

    def document(self, path: str | Path) -> Json:
        """The params that name a document."""
        return {"textDocument": {"uri": self.uri(path)}}

    def at(self, path: str | Path, line: int, character: int) -> Json:
        """The params that name a place in a document."""
        return {**self.document(path), "position": {"line": line, "character": character}}

    def completion(
        self, path: str | Path, line: int, character: int, **context: Any
    ) -> list[types.CompletionItem]:
        """``textDocument/completion``: the items, from either form of answer."""
        params = self.at(path, line, character)
        if context:
            params["context"] = {
                "triggerKind": 2 if "triggerCharacter" in context else 1,
                **context,
            }
        found = self.request("textDocument/completion", params)
        return list(found.items if isinstance(found, types.CompletionList) else found or ())

    def hover(self, path: str | Path, line: int, character: int) -> types.Hover | None:
        """``textDocument/hover``."""
        found: types.Hover | None = self.request(
            "textDocument/hover", self.at(path, line, character)
        )
        return found

    def diagnostics(
        self,
        path: str | Path,
        version: int | None = None,
        predicate: Callable[[list[types.Diagnostic]], Any] = lambda _found: True,
        timeout: float | None = None,
    ) -> list[types.Diagnostic]:
        """The diagnostics of a document's version, by default of the one that was sent last.

        What a server publishes without a version counts if it came after that version was sent.
        ``predicate`` waits for a publication that has what is looked for.
        """
        where = self.uri(path)
        wanted = self._conduct.versions.get(where, 0) if version is None else version

        def look() -> list[types.Diagnostic] | None:
            index, params = self._published.get(where, (-1, None))
            if params is None:
                return None
            fresh = (
                index >= self._changed.get(where, 0)
                if params.version is None
                else params.version >= wanted
            )
            found = list(params.diagnostics)
            return found if fresh and predicate(found) else None

        found: list[types.Diagnostic] = self.wait_until(
            look, timeout, f"diagnostics of version {wanted} of {where}"
        )
        return found

    # Waiting

    def wait_until(self, look: Callable[[], Any], timeout: float | None, what: str) -> Any:
        """Wait until ``look`` gives something; a breach is raised at once."""
        return self.timeline.wait_until(
            self._judge.watching(look), self._timeout if timeout is None else timeout, what
        )

    def wait_for_notification(
        self,
        method: str,
        predicate: Callable[[Any], Any] = lambda _params: True,
        timeout: float | None = None,
    ) -> Any:
        """The params of the next notification of a method that was not given before."""

        def look() -> Any:
            said = self._said.get(method, [])
            for index, params in enumerate(said):
                if predicate(params):
                    return said.pop(index)
            return None

        return self.wait_until(look, timeout, f"the notification {method}")

    # The end

    def shutdown(self, timeout: float | None = None) -> int:
        """``shutdown`` and ``exit``: the exit code of the process."""
        self.request("shutdown", timeout=timeout)
        for method in self._conduct.unanswered:
            self._judge.broken("unanswered", f"{method} never was")
        self.notify("exit")
        assert isinstance(self.transport, StdioTransport)
        code = self.transport.wait(self._timeout if timeout is None else timeout)
        self._judge.settle()
        return code

    def vanish(self) -> None:
        """Go away without a word, as an editor that crashed; breaches until now are raised."""
        self.transport.vanish()
        self._judge.settle()

    def stop(self) -> None:
        """End the server and raise what it did wrong and no call has told yet."""
        self.transport.close()
        self._judge.settle()

    # The listener, on the transport's thread

    def received(self, message: Json) -> None:
        """A message came; for the transport only."""
        with self.timeline.changed:
            kind, name = self._record("received", message)
            value = self._conduct.received(message)
            params = getattr(value, "params", message.get("params"))
            if kind == "response":
                pending = self._sent.get(message.get("id"))  # type: ignore[arg-type]
                if pending is not None and not pending.answered:
                    self._answered(pending, message, value)
            elif kind == "notification":
                self._said.setdefault(name, []).append(params)
                if isinstance(params, types.PublishDiagnosticsParams):
                    index = len(self.timeline.entries) - 1
                    self._published[params.uri] = (index, params)
        if kind == "request":
            self._asked(name, message)

    def garbled(self, text: str) -> None:
        """Bytes came that are no message; for the transport only."""
        self._judge.broken("framing", text)

    def ended(self, reason: str) -> None:
        """Nothing more will come; for the transport only."""
        self.timeline.end(reason)

    def _answered(self, pending: Pending, message: Json, value: Any) -> None:
        if isinstance(value, types.ResponseErrorMessage):
            pending.error = value.error
        elif "error" in message:
            pending.error = types.ResponseError(code=0, message=str(message["error"]))
        else:
            pending.result = message.get("result") if value is None else value.result
        pending.answered = True

    def _asked(self, method: str, message: Json) -> None:
        reply: Json = {"id": message.get("id")}
        if method not in self.answers:
            text = f"the test gives no answer to {method}"
            reply["error"] = {"code": types.ErrorCodes.MethodNotFound.value, "message": text}
        else:
            try:
                reply["result"] = self.answers[method](message.get("params"))
            except Exception as error:
                text = f"{type(error).__name__}: {error}"
                reply["error"] = {"code": types.ErrorCodes.InternalError.value, "message": text}
        with contextlib.suppress(Failure), self._sending:  # a server that is gone shows elsewhere
            self._send(reply, None, checked=False)

    # Inside

    def uri(self, path: str | Path) -> str:
        """The URI of a path; a text with a scheme is one already."""
        return uri(path, self._cwd)

    def _change(self, path: str | Path, change: Json) -> int:
        where = self.uri(path)
        with self.timeline.changed:
            version = self._conduct.versions[where] = self._conduct.versions[where] + 1
            self._changed[where] = self.timeline.mark()
        document = {"uri": where, "version": version}
        if where in self._pages:
            page = {"uri": self._pages[where], "version": version}
            cells = {"textContent": [{"document": document, "changes": [change]}]}
            told: Json = {"notebookDocument": page, "change": {"cells": cells}}
            self.notify("notebookDocument/didChange", told)
        else:
            told = {"textDocument": document, "contentChanges": [change]}
            self.notify("textDocument/didChange", told)
        return version

    def _send(self, message: Json, params: Any, checked: bool) -> None:
        """Send a message; ``_sending`` is held."""
        message = {"jsonrpc": "2.0", **message}
        if params is not None:
            message["params"] = params if isinstance(params, (dict, list)) else _json(params)
        method = message.get("method")
        if checked and method in types.METHOD_TO_TYPES:
            try:
                structured(types.METHOD_TO_TYPES[method][0], message)
            except ValueError as error:
                raise Failure(f"the test's own message is wrong: {error}\n{message}") from None
        with self.timeline.changed:
            self._conduct.sent(message)
            self._record("sent", message)
        # Not under the timeline's lock: the peer may have to be read before it takes all of this.
        self.transport.send(message)

    def _record(self, direction: Direction, message: Json) -> tuple[str, str]:
        number = message.get("id")
        if "method" in message:
            kind, name = "request" if "id" in message else "notification", str(message["method"])
            body = message.get("params")
        else:
            kind, name = "response", self._methods.get((direction, number), "?")
            body = message.get("result", message.get("error"))
        if kind == "request":  # the method its response will be recorded under
            self._methods["received" if direction == "sent" else "sent", number] = name
        title = name + ("" if number is None else f" #{number}")
        title += " FAILED" if "error" in message else ""
        self.timeline.add(direction, kind, name, body, message, title)
        return kind, name

    def _configuration(self, params: Any) -> list[Any]:
        return [self._setting(item.get("section")) for item in params["items"]]

    def _setting(self, section: str | None) -> Any:
        value: Any = self.settings
        for name in (section or "").split(".") if section else ():
            value = value.get(name) if isinstance(value, dict) else None
        return value

    def _register(self, params: Any) -> None:
        for each in params["registrations"]:
            registration = converter().structure(each, types.Registration)
            self.registered[registration.id] = registration

    def _unregister(self, params: Any) -> None:
        for each in params["unregisterations"]:
            del self.registered[each["id"]]


def uri(path: str | Path, cwd: Path | None = None) -> str:
    """The URI of a path; a text with a scheme (``untitled:a``) is one already."""
    if isinstance(path, str) and ":" in path:
        return path
    return ((cwd or Path.cwd()) / path).as_uri()


def _json(params: Any) -> Any:
    return converter().unstructure(params)


def _merged(base: Mapping[str, Any], over: Mapping[str, Any]) -> Json:
    """One mapping over another, deeply; None removes."""
    merged = dict(base)
    for name, value in over.items():
        if isinstance(value, Mapping) and isinstance(merged.get(name), Mapping):
            merged[name] = _merged(merged[name], value)
        elif value is None:
            merged.pop(name, None)
        else:
            merged[name] = value
    return merged

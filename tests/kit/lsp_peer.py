"""An editor on pytest-lsp: a client that keeps what it hears, and the server it starts.

The client of pytest-lsp was written by others: it reads every message with lsprotocol's types and
warns (an error here) of answers that go beyond what the client said it can. All methods run in the
loop of the test.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import signal
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from lsprotocol import types
from pygls.protocol import default_converter
from pytest_lsp import ClientServerConfig, LanguageClient, client_capabilities
from pytest_lsp.client import progress, register_lsp_features

from kit.lsp_conduct import converter, read_actions
from kit.programs import TIDELOCK, environment
from kit.timeline import seconds
from tidelock.lsp import messages
from tidelock.shared.link import connection as files

Json = dict[str, Any]
_WAIT_S = 20.0

EDITORS: dict[str, Callable[[], types.ClientCapabilities]] = {
    "vscode": lambda: client_capabilities("visual-studio-code"),
    "neovim": lambda: client_capabilities("neovim@0.11"),
    "plain": types.ClientCapabilities,
}
"""What editors say they can, as pytest-lsp has recorded it; a plain one says nothing."""

OURS = {"experimental": {"tidelock": {"startDebugging": True}}}


def plain(value: Any) -> Any:
    """A value as it is on the wire; what pygls makes of unknown objects included."""
    if hasattr(value, "_asdict"):
        return {name: plain(inner) for name, inner in value._asdict().items()}
    if isinstance(value, (list, tuple)):
        return [plain(inner) for inner in value]
    return converter().unstructure(value)


def _reading() -> Any:
    """pygls' converter; selectors of notebooks, which lsprotocol 2025 cannot read, stay JSON."""
    made = default_converter()

    def read(value: Json, _kind: object) -> types.NotebookDocumentSyncOptions:
        return types.NotebookDocumentSyncOptions(value["notebookSelector"], value.get("save"))

    made.register_structure_hook(types.NotebookDocumentSyncOptions, read)
    read_actions(made)
    return made


class Editor(LanguageClient):
    """One editor; ``sent`` and ``heard`` are all methods that passed, with their params."""

    def __init__(self) -> None:
        super().__init__(converter_factory=_reading)
        self.home = Path(os.path.realpath(tempfile.mkdtemp(prefix="tl-")))
        self.work = self.home / "work"
        self.work.mkdir()
        self.speaks = self.main = ""
        self.sent: list[str] = []
        self.heard: list[tuple[str, Any]] = []
        self._changed = asyncio.Event()
        self._since = 0
        register_lsp_features(self)
        for method in (*messages.MESSAGES, *_ASKED, "$/logTrace"):
            self.feature(method)(self._listener(method))
        for method in (_PUBLISHED, _PROGRESS):
            self.protocol.fm._features.pop(method, None)
            self.feature(method)(self._listener(method))

    def _listener(self, method: str) -> Callable[[Any], Any]:
        def hear(params: Any) -> Any:
            if method == _PROGRESS:
                progress(self, params)  # what pytest-lsp looks at
            self.heard.append((method, params))
            self._changed.set()
            return _ASKED.get(method)

        return hear

    async def until(self, look: Callable[[], Any], what: str) -> Any:
        """Wait until ``look`` gives something."""
        try:
            async with asyncio.timeout(seconds(_WAIT_S)):
                while not (found := look()):
                    self._changed.clear()
                    await self._changed.wait()
                return found
        except TimeoutError:
            raise AssertionError(f"no {what}: {self.heard}") from None

    def attend(self) -> None:
        """From now on only what comes counts as told."""
        self._since = len(self.heard)

    async def told(self, method: str, fits: Callable[[Json], Any] = lambda told: True) -> Json:
        """The params of a message of the server that fit, as JSON."""

        def look() -> Json | None:
            every = [plain(params) for name, params in self.heard[self._since :] if name == method]
            return next(({"params": one} for one in every if fits(one)), None)

        return (await self.until(look, method))["params"]

    async def ask(self, method: str, params: Json | None = None) -> Any:
        """Send a request; its result in lsprotocol's types."""
        self.sent.append(method)
        kind = types.METHOD_TO_TYPES.get(method, (None, None, None))[2]
        typed = params if kind is None else converter().structure(params, kind)
        return await self.protocol.send_request_async(method, typed)

    def tell(self, method: str, params: Json | None = None) -> None:
        """Send a notification."""
        self.sent.append(method)
        kind = types.METHOD_TO_TYPES[method][2]
        self.protocol.notify(method, converter().structure(params, kind))

    async def command(self, name: str, *arguments: Any) -> Any:
        """``workspace/executeCommand``; the result as JSON."""
        params = {"command": name, "arguments": list(arguments)}
        self.sent.append(name)
        return plain(await self.ask("workspace/executeCommand", params))

    def file(self, name: str, text: str) -> str:
        """Write a file in the folder that is open; its URI."""
        path = self.work / name
        path.write_text(text, "utf-8")
        return path.as_uri()

    def open(self, uri: str, text: str) -> None:
        """Show a text."""
        item = {"uri": uri, "languageId": "lua", "version": 1, "text": text}
        self.tell("textDocument/didOpen", {"textDocument": item})

    def change(self, uri: str, version: int, text: str) -> None:
        """Show another text instead."""
        document = {"uri": uri, "version": version}
        changes = [{"text": text}]
        self.tell("textDocument/didChange", {"textDocument": document, "contentChanges": changes})

    async def problems(self, uri: str, fits: Callable[[list[str]], Any]) -> list[Json]:
        """The newest diagnostics of a text, once their messages fit."""

        def look() -> list[list[Json]] | None:
            shown = [p for name, p in self.heard if name == _PUBLISHED and p.uri == uri]
            found = plain(shown[-1].diagnostics) if shown else None
            if found is None or not fits([one["message"] for one in found]):
                return None
            return [found]

        (found,) = await self.until(look, f"problems of {uri}")
        return found

    async def begin(
        self, capabilities: types.ClientCapabilities, *further: Path
    ) -> types.InitializeResult:
        """``initialize`` and ``initialized``, with the folder and ``further`` ones."""
        folders = [types.WorkspaceFolder(one.as_uri(), one.name) for one in (self.work, *further)]
        params = types.InitializeParams(
            capabilities=capabilities, root_uri=folders[0].uri, workspace_folders=folders
        )
        self.sent += ["initialize", "initialized"]
        return await self.initialize_session(params)

    async def end(self) -> int | None:
        """``shutdown`` and ``exit``; the exit code of the server."""
        self.sent += ["shutdown", "exit"]
        await self.shutdown_session()
        return self._server.returncode if self._server is not None else None

    def tidy(self) -> None:
        """End the kernels and remove the folder."""
        for path in sorted((self.home / "run" / "kernels").glob("*.json")):
            with contextlib.suppress(ProcessLookupError):
                os.kill(files.read(str(path)).pid, signal.SIGKILL)
        shutil.rmtree(self.home, ignore_errors=True)


_PUBLISHED = "textDocument/publishDiagnostics"
_PROGRESS = "$/progress"
_ASKED = {
    "client/registerCapability": None,
    "workspace/inlineValue/refresh": None,
    "workspace/codeLens/refresh": None,
    "workspace/inlayHint/refresh": None,
    "workspace/semanticTokens/refresh": None,
    "workspace/applyEdit": types.ApplyWorkspaceEditResult(applied=True),
}
"""What the server asks, and the answers. pytest-lsp would refuse these."""


class Server(ClientServerConfig):
    """``tidelock lsp`` over stdio, in a home and a folder that are the editor's own."""

    async def start(self, devtools: str | None = None) -> Editor:
        """Start it; nothing is said yet."""
        editor = Editor()
        command = self.get_server_command(devtools)
        await editor.start_io(*command, env=environment(editor.home), cwd=editor.work)
        return editor


def server(*words: str) -> Server:
    """The command with these options."""
    return Server(server_command=[*TIDELOCK, "lsp", *words])

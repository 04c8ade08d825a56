"""Requests and commands that take long are shown by the editor, and end when it gives them up."""

from __future__ import annotations

import asyncio
import os
import sys
import threading
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_lsp
from lsprotocol import types
from pygls.exceptions import JsonRpcException

from kit.lsp_peer import EDITORS, Server
from kit.lsp_peer import Editor as Peer
from kit.programs import TIDELOCK, environment
from tidelock.lsp import progress, routes
from tidelock.lsp.commands import COMMANDS
from tidelock.lsp.live import Live

from .test_progress import CREATE
from .test_session import WAIT_S, Editor, Gate, about, at

Json = dict[str, Any]

WINDOW = {"window": {"workDoneProgress": True}}
ROWS = [
    *((route.method, route.feature, route.title) for route in routes.REQUESTS if route.title),
    *((search.method, search.feature, search.title) for search in routes.SEARCHES),
]


class Asking:
    """An editor whose requests are shown at once, and what it is told of them."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, capabilities: Json) -> None:
        self.editor = Editor()
        self.editor.ask("initialize", {"capabilities": capabilities})
        self.editor.tell("initialized", {})
        self.editor.open("local x = 1\nprint(x)")
        ready = {"state": "ready", "files": 0}  # the reading of the folder is not shown any more
        self._found(lambda: [1 for _, told in self.editor.said if told.get("index") == ready])
        monkeypatch.setattr(progress, "PATIENCE_S", 0.0)

    def created(self) -> Any:
        """Take what the server wants to be shown; its token."""
        number, _, params = self._found(
            lambda: [one for one in self.editor.requests if one[1] == CREATE]
        )
        self.editor.session.receive({"jsonrpc": "2.0", "id": number, "result": None})
        return params["token"]

    def values(self, token: Any) -> list[Json]:
        return self._found(
            lambda: [
                params["value"]
                for method, params in self.editor.said
                if method == "$/progress" and params["token"] == token
            ],
            every=True,
        )

    def _found(self, find: Any, *, every: bool = False) -> Any:
        with self.editor.changed:
            assert self.editor.changed.wait_for(find, WAIT_S)
            return find() if every else find()[0]


@pytest.mark.parametrize(("method", "feature", "title"), ROWS, ids=[row[0] for row in ROWS])
@pytest.mark.parametrize("is_theirs", [True, False])
def test_a_request_that_takes_long_is_shown_and_ends_when_it_is_given_up(
    monkeypatch: pytest.MonkeyPatch, method: str, feature: str, title: str, is_theirs: bool
) -> None:
    gate = Gate(monkeypatch, feature)
    asking = Asking(monkeypatch, {} if is_theirs else WINDOW)
    editor = asking.editor
    named = {"workDoneToken": 7} if is_theirs else {}
    number = editor.post(method, {**about(1, 6), "query": "x", **named})
    token = 7 if is_theirs else asking.created()
    assert gate.began.acquire(timeout=WAIT_S)
    begin = {"kind": "begin", "title": title, "cancellable": True}
    assert asking.values(token) == [begin]
    editor.tell("window/workDoneProgress/cancel", {"token": token})
    answer = editor.wait(number)
    assert (answer["code"], answer["words"]) == (-32800, f"{method} was cancelled")
    assert asking.values(token) == [begin, {"kind": "end", "message": "cancelled"}]
    gate.go_on.set()
    assert editor.ask("textDocument/hover", at(1, 6)) is not None
    assert len(editor.answers[number]) == 1
    editor.session.close()


def test_a_request_that_is_answered_is_shown_as_done_before_the_answer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    gate = Gate(monkeypatch, "references")
    asking = Asking(monkeypatch, WINDOW)
    editor = asking.editor
    order: list[str] = []
    reply, notify = editor.reply, editor.notify
    monkeypatch.setattr(editor, "reply", lambda *words: (order.append("answer"), reply(*words)))

    def notified(method: str, params: Json) -> None:
        if method == "$/progress":
            order.append(params["value"]["kind"])
        notify(method, params)

    monkeypatch.setattr(editor.session.board, "notify", notified)
    number = editor.post("textDocument/references", about(1, 6))
    token = asking.created()
    gate.go_on.set()
    assert len(editor.wait(number)["result"]) == 2
    assert asking.values(token)[-1] == {"kind": "end", "message": "done"}
    assert order == ["begin", "end", "answer"]
    editor.session.close()


def test_what_is_asked_all_the_time_is_never_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    gate = Gate(monkeypatch, "hover")
    asking = Asking(monkeypatch, WINDOW)
    number = asking.editor.post("textDocument/hover", {**at(1, 6), "workDoneToken": 7})
    assert gate.began.acquire(timeout=WAIT_S)
    gate.go_on.set()
    asking.editor.wait(number)
    assert not asking.editor.requests
    assert "$/progress" not in [method for method, _ in asking.editor.said]
    asking.editor.session.close()


def test_a_command_that_is_given_up_goes_no_further(monkeypatch: pytest.MonkeyPatch) -> None:
    began, go_on, over = threading.Event(), threading.Event(), threading.Event()
    done: list[str] = []

    def client(live: Live, *, start: bool) -> Any:
        began.set()
        assert go_on.wait(WAIT_S)

    def start(session: Any, folder: Any, arguments: Any) -> Any:
        try:
            folder.kernel(start=True)
            done.append("more")
        finally:
            over.set()

    monkeypatch.setattr(Live, "client", client)
    monkeypatch.setitem(COMMANDS, "tidelock.startKernel", start)  # type: ignore[misc]
    asking = Asking(monkeypatch, WINDOW)
    editor = asking.editor
    folder = editor.session.folders.first
    folder.live = Live(lambda start: None, 0.0, folder._moved_on)  # type: ignore[arg-type,return-value]
    number = editor.command("tidelock.startKernel")
    token = asking.created()
    assert began.wait(WAIT_S)
    assert asking.values(token)[0]["title"] == "Start kernel"
    editor.tell("window/workDoneProgress/cancel", {"token": token})
    assert editor.wait(number)["code"] == -32800
    go_on.set()
    assert over.wait(WAIT_S)
    assert done == []
    editor.session.close()


def test_a_token_that_is_none_is_let_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    asking = Asking(monkeypatch, {})
    for token in (None, True, 1.5, [], {}):
        asking.editor.tell("window/workDoneProgress/cancel", {"token": token})
        found = asking.editor.ask(
            "textDocument/references", {**about(1, 6), "workDoneToken": token}
        )
        assert len(found) == 2
    assert "$/progress" not in [method for method, _ in asking.editor.said]
    asking.editor.session.close()


@pytest.mark.parametrize("is_shown", [True, False])
def test_what_may_take_long_is_announced_to_who_shows_it(is_shown: bool) -> None:
    editor = Editor()
    result = editor.ask("initialize", {"capabilities": WINDOW if is_shown else {}})
    announced = {
        name
        for name, value in result["capabilities"].items()
        if isinstance(value, dict) and value.get("workDoneProgress")
    }
    kinds = ("references", "rename", "documentFormatting", "callHierarchy", "workspaceSymbol")
    wanted = {f"{kind}Provider" for kind in (*kinds, "executeCommand")}
    assert announced >= wanted if is_shown else not announced
    assert result["capabilities"]["renameProvider"]["prepareProvider"]
    editor.session.close()


# -- by pytest-lsp over stdio ----------------------------------------------------------------------


class SlowServer(Server):
    """``tidelock lsp`` where StyLua waits until somebody writes into a pipe."""

    async def start(self, devtools: str | None = None) -> Peer:
        editor = Peer()
        os.mkfifo(editor.home / "pipe")
        program = editor.home / "stylua"
        program.write_text(
            f"#!{sys.executable}\nimport sys\ntext = sys.stdin.read()\n"
            f"open({str(editor.home / 'pipe')!r}).read()\nprint('-- laid out')\n"
        )
        program.chmod(0o755)
        env = environment(editor.home)
        env["PATH"] = f"{editor.home}{os.pathsep}{env['PATH']}"
        command = self.get_server_command(devtools)
        await editor.start_io(*command, env=env, cwd=editor.work)
        return editor


@pytest_lsp.fixture(
    config=SlowServer(server_command=[*TIDELOCK, "lsp", "--no-kernel"]), scope="module"
)
async def peer(started: Peer) -> AsyncIterator[None]:
    result = await started.begin(EDITORS["vscode"]())
    offered = result.capabilities.document_formatting_provider
    assert isinstance(offered, types.DocumentFormattingOptions)
    assert offered.work_done_progress
    yield
    assert await started.end() == 0
    started.tidy()


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("is_theirs", [True, False])
async def test_formatting_that_takes_long_over_stdio(peer: Peer, is_theirs: bool) -> None:
    uri = peer.file(f"{is_theirs}.lua", "x=1\n")
    peer.open(uri, "x=1\n")
    options = {"tabSize": 2, "insertSpaces": True}
    params: Json = {"textDocument": {"uri": uri}, "options": options}
    if is_theirs:
        params["workDoneToken"] = 7
        peer.progress_reports[7] = []

    def told() -> list[Any]:
        """The tokens of what is shown of it, with what was said under them."""
        new = [(one, said) for one, said in peer.progress_reports.items() if one not in before]
        return [one for one in new if one[1] and getattr(one[1][0], "title", "") == "Formatting"]

    before = {one for one, said in peer.progress_reports.items() if said}
    asked = asyncio.ensure_future(peer.ask("textDocument/formatting", params))
    await peer.until(told, "progress")
    ((token, said),) = told()
    assert (token == 7) is is_theirs
    assert [one.kind for one in said] == ["begin"]
    peer.tell("window/workDoneProgress/cancel", {"token": token})
    with pytest.raises(JsonRpcException) as refusal:
        await asked
    assert refusal.value.code == -32800
    assert [(one.kind, one.message) for one in said[1:]] == [("end", "cancelled")]

    before |= {token}
    params["workDoneToken"] = name = f"another {is_theirs}"
    peer.progress_reports[name] = []
    asked = asyncio.ensure_future(peer.ask("textDocument/formatting", params))
    await peer.until(told, "progress")
    await asyncio.to_thread((peer.home / "pipe").write_text, "go on")
    (edit,) = await asked
    assert edit.new_text == "-- laid out\n"
    assert [one.kind for one in peer.progress_reports[name]] == ["begin", "end"]

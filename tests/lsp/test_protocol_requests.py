"""Every request, asked by pytest-lsp over stdio with what real editors say they can."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
import pytest_lsp
from pygls.exceptions import JsonRpcException, JsonRpcMethodNotFound

from kit.lsp_peer import EDITORS, Editor, plain, server
from kit.marked import marked
from tidelock.lsp import messages, routes
from tidelock.lsp.commands import COMMANDS

from .test_requests import LIB, MAIN, ROWS, params_of

pytestmark = pytest.mark.asyncio(loop_scope="module")


def leads_to_lib(found: Any) -> bool:
    """Links of clients that take them: where it leads, and what is underlined."""
    (link,) = found
    return link.target_uri.endswith("lib.lua") and link.target_selection_range.start.line == 10


def thrice(found: Any) -> bool:
    """Edits by URI, for clients that know no versions."""
    ((uri, edits),) = found.changes.items()
    return uri.endswith("main.lua") and [one.new_text for one in edits] == ["thrice", "thrice"]


BEYOND: dict[tuple[str, str], Callable[[Any], Any]] = {
    ("vscode", "textDocument/definition"): leads_to_lib,
    ("neovim", "textDocument/definition"): leads_to_lib,
    ("neovim", "textDocument/rename"): thrice,
    ("plain", "textDocument/rename"): thrice,
    ("plain", "textDocument/codeAction"): lambda found: found is None,
}
"""What an editor that can more, or less, is answered instead."""


@pytest_lsp.fixture(
    config=server("--no-kernel", "--set", "lsp.format.tool=own"),
    scope="module",
    params=list(EDITORS),
)
async def editor(request: pytest.FixtureRequest, started: Editor) -> AsyncIterator[None]:
    started.speaks = request.param
    started.file("lib.lua", LIB)
    started.main = started.file("main.lua", MAIN)
    result = await started.begin(EDITORS[request.param]())
    offered = result.capabilities.execute_command_provider
    assert offered is not None
    assert set(offered.commands) == set(COMMANDS)
    started.open(started.main, MAIN)
    started.open((started.work / "lib.lua").as_uri(), LIB)
    await started.problems(started.main, lambda found: any("pritn" in one for one in found))
    yield
    assert await started.end() == 0
    started.tidy()


@pytest.mark.parametrize("method", [route.method for route in routes.REQUESTS])
async def test_a_request(editor: Editor, method: str) -> None:
    row = ROWS[method]
    params = params_of(row, marked(MAIN), editor.main)
    if method.endswith("/delta"):
        full = await editor.ask("textDocument/semanticTokens/full", params)
        params["previousResultId"] = full.result_id
    found = await editor.ask(method, params)
    if method.startswith("tidelock/"):
        found = plain(found)
    check = BEYOND.get((editor.speaks, method), row.check)
    assert check(found), found


@pytest.mark.parametrize("method", [search.method for search in routes.SEARCHES])
async def test_a_search(editor: Editor, method: str) -> None:
    hits = await editor.ask(method, {"query": "twice"})
    assert [(one.name, one.location.uri) for one in hits] == [("twice", editor.main)]


async def test_a_rename_names_the_version_of_each_open_text(editor: Editor) -> None:
    editor.attend()
    uris = [editor.file(f"{name}.lua", "") for name in ("ebb", "flood", "closed")]
    editor.file("closed.lua", "print(neap)\n")
    editor.tell("workspace/didChangeWatchedFiles", {"changes": [{"uri": uris[2], "type": 1}]})
    editor.open(uris[0], "neap = 1\n")
    editor.open(uris[1], "")
    editor.change(uris[1], 5, "print(neap)\n")
    place = {"textDocument": {"uri": uris[0]}, "position": {"line": 0, "character": 1}}
    await editor.told(messages.STATUS, lambda told: told["index"]["files"] > 2)
    found = await editor.ask("textDocument/rename", {**place, "newName": "spring"})
    if editor.speaks == "vscode":
        texts = [one.text_document for one in found.document_changes]
        assert {one.uri: one.version for one in texts} == dict(zip(uris, (1, 5, None), strict=True))
    else:
        assert set(found.changes) == set(uris)


async def test_a_cancelled_request_is_answered_once_and_the_next_is_served(editor: Editor) -> None:
    place = {"textDocument": {"uri": editor.main}, "position": {"line": 1, "character": 16}}
    asked = asyncio.ensure_future(editor.ask("textDocument/hover", place))
    await asyncio.wait([asked], timeout=0)  # it is sent
    (number,) = editor.protocol._request_futures
    editor.tell("$/cancelRequest", {"id": number})
    (answer,) = await asyncio.gather(asked, return_exceptions=True)
    if isinstance(answer, JsonRpcException):
        assert answer.code == -32800
    else:
        assert "twice" in answer.contents.value  # it was faster
    found = await editor.ask("textDocument/hover", place)
    assert "twice" in found.contents.value


async def test_what_the_server_does_not_offer_is_refused(editor: Editor) -> None:
    with pytest.raises(JsonRpcMethodNotFound, match="there is no textDocument/moniker"):
        await editor.ask(
            "textDocument/moniker",
            {"textDocument": {"uri": editor.main}, "position": {"line": 0, "character": 0}},
        )

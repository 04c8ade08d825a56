"""Fixes as an editor is offered them over stdio, and what they leave of its texts."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_lsp

from kit.lsp_peer import EDITORS, Editor, plain, server
from kit.marked import marked
from tidelock.shared.positions import Lines

pytestmark = pytest.mark.asyncio(loop_scope="module")

HARBOUR = "local harbour = {}\nreturn harbour\n"
SETTINGS = '[lua]\nversion = "5.4"\n'


@pytest_lsp.fixture(config=server("--no-kernel"), scope="module")
async def editor(started: Editor) -> AsyncIterator[None]:
    started.file("harbour.lua", HARBOUR)
    (started.work / "sea").mkdir()
    started.file("sea/tides.lua", "require('main')\nreturn 1\n")
    started.file("tidelock.toml", SETTINGS)
    await started.begin(EDITORS["vscode"]())
    yield
    assert await started.end() == 0
    started.tidy()


CASES = {
    "continue": (
        "for i = 1, 3 do\n  if i then <!continue!> end\n  print(i)\nend\n",
        "write 'goto continue', with the label at the end of the loop",
        "for i = 1, 3 do\n  if i then goto continue end\n  print(i)\n  ::continue::\nend\n",
    ),
    "another": (
        "print(<!unpack!>({}))\n",
        "write 'table.unpack'",
        "print(table.unpack({}))\n",
    ),
    "field": (
        "local sizes = { small = 1 }\nprint(sizes.<!smal!>)\n",
        "write 'small'",
        "local sizes = { small = 1 }\nprint(sizes.small)\n",
    ),
    "names": (
        "require('sea.tides')\nrequire(<!'sea/tides'!>)\n",
        "write ''sea.tides''",
        "require('sea.tides')\nrequire('sea.tides')\n",
    ),
    "idle": (
        "print(1) ---@diagnostic disable-line: <!unused-local!>\n",
        "remove it",
        "print(1)\n",
    ),
    "module": (
        "print(<!harbour!>)\n",
        "require 'harbour'",
        'local harbour = require("harbour")\nprint(harbour)\n',
    ),
}


@pytest.mark.parametrize("name", CASES)
async def test_what_a_fix_leaves(editor: Editor, name: str) -> None:
    source, title, expected = CASES[name]
    text = marked(source)
    uri = editor.file(f"{name}.lua", text.text)
    editor.open(uri, text.text)
    lines = Lines(text.text)
    ((start, end),) = text.ranges
    places = [
        dict(zip(("line", "character"), lines.place(one), strict=True)) for one in (start, end)
    ]
    span = {"start": places[0], "end": places[1]}
    await editor.until(lambda: _shown(editor, uri, span), f"problem at {span}")
    params = {"textDocument": {"uri": uri}, "range": span, "context": {"diagnostics": []}}
    offered = plain(await editor.ask("textDocument/codeAction", params))
    (chosen,) = (one for one in offered if one["title"] == title)
    if "edit" not in chosen:
        chosen = plain(await editor.ask("codeAction/resolve", chosen))
    (change,) = chosen["edit"]["documentChanges"]
    assert _applied(text.text, change["edits"]) == expected


async def test_modules_that_require_each_other(editor: Editor) -> None:
    source = "require('sea.tides')\n"
    uri = editor.file("main.lua", source)
    editor.open(uri, source)
    words = "'sea.tides' comes back here while it loads"
    found = await editor.problems(uri, lambda found: words in found)
    (one,) = (one for one in found if one["message"] == words)
    assert (one["code"], one["severity"]) == ("circular-require", 3)
    assert one["range"]["start"] == {"line": 0, "character": 8}


async def test_a_text_for_another_lua_offers_to_select_it(editor: Editor) -> None:
    source = "global total\ntotal = 1\n"
    uri = editor.file("five.lua", source)
    editor.open(uri, source)
    span = {"start": {"line": 0, "character": 0}, "end": {"line": 0, "character": 6}}
    await editor.until(lambda: _shown(editor, uri, span), "problem")
    params = {"textDocument": {"uri": uri}, "range": span, "context": {"diagnostics": []}}
    offered = plain(await editor.ask("textDocument/codeAction", params))
    (chosen,) = (one for one in offered if one["title"] == "select Lua 5.5 in tidelock.toml")
    command = chosen["command"]
    assert command["arguments"] == [{"uri": uri, "key": "lua.version", "value": "5.5"}]
    await editor.command(command["command"], *command["arguments"])
    asked = await editor.told("workspace/applyEdit")
    (change,) = asked["edit"]["documentChanges"]
    assert _applied(SETTINGS, change["edits"]) == SETTINGS.replace("5.4", "5.5")


def _shown(editor: Editor, uri: str, span: Any) -> bool:
    told = [plain(params) for _, params in editor.heard if getattr(params, "uri", "") == uri]
    return any(one["range"] == span for params in told[-1:] for one in params["diagnostics"])


def _applied(text: str, edits: list[Any]) -> str:
    lines = Lines(text)
    changes = [
        (*(lines.offset(*one["range"][at].values()) for at in ("start", "end")), one["newText"])
        for one in edits
    ]
    for start, end, new in sorted(changes, reverse=True):
        text = text[:start] + new + text[end:]
    return text

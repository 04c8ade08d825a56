"""What the options of completion change for real editors, asked by pytest-lsp over stdio."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_lsp
from lsprotocol import types

from kit.lsp_peer import EDITORS, Editor, plain, server
from kit.marked import marked

pytestmark = pytest.mark.asyncio(loop_scope="module")

OPTIONS = ("max_items=50", "call_snippet=arguments", "workspace_words=true")


@pytest_lsp.fixture(
    config=server(
        "--no-kernel",
        *(word for one in OPTIONS for word in ("--set", f"lsp.completion.{one}")),
    ),
    scope="module",
    params=["vscode", "plain"],
)
async def editor(request: pytest.FixtureRequest, started: Editor) -> AsyncIterator[None]:
    started.speaks = request.param
    (started.work / "port").mkdir()
    started.file("port/gate.lua", "local gate = {}\ngate.sluice = other.sluicing\nreturn gate\n")
    await started.begin(EDITORS[request.param]())
    yield
    assert await started.end() == 0
    started.tidy()


async def completed(editor: Editor, name: str, source: str) -> types.CompletionList:
    """The list at the cursor of a new text."""
    text = marked(source)
    uri = (editor.work / name).as_uri()
    editor.open(uri, text.text)
    line = text.text.count("\n", 0, text.at)
    column = text.at - (text.text.rfind("\n", 0, text.at) + 1)
    params = {
        "textDocument": {"uri": uri},
        "position": {"line": line, "character": column},
    }
    found: types.CompletionList = await editor.ask("textDocument/completion", params)
    return found


def texts(found: types.CompletionList) -> dict[str, tuple[str, Any]]:
    """What each proposal writes, and in which format."""
    return {
        one.label: (one.text_edit.new_text, one.insert_text_format)
        for one in found.items
        if one.text_edit is not None
    }


async def test_forms_and_calls_go_to_who_takes_snippets(editor: Editor) -> None:
    found = texts(await completed(editor, "a.lua", "local function rest(a) end\nre$0"))
    if editor.speaks == "plain":
        assert found["rest"] == ("rest", None)
        assert "repeat … until" not in found
    else:
        snippet = types.InsertTextFormat.Snippet
        assert found["rest"] == ("rest(${1:a})$0", snippet)
        assert found["repeat … until"] == ("repeat\n\t$0\nuntil ${1:condition}", snippet)
        assert found["return"] == ("return", None)


async def test_what_is_made_of_an_expression_takes_its_place(editor: Editor) -> None:
    found = await completed(editor, "b.lua", "do\n  open(1).pc$0\nend")
    (item,) = [one for one in found.items if one.label == "pcall"]
    assert item.filter_text == "open(1).pcall"
    assert isinstance(item.text_edit, types.TextEdit)
    assert item.text_edit.range.start == types.Position(1, 2)
    assert item.text_edit.range.end == types.Position(1, 12)
    written = item.text_edit.new_text
    if editor.speaks == "plain":
        assert written == "local ok, result = pcall(open, 1)"
    else:
        assert written == "local ${1:ok}, ${2:result} = pcall(open, 1)$0"


async def test_a_list_that_was_cut_says_so(editor: Editor) -> None:
    names = "".join(f"name{number} = 1\n" for number in range(60))
    found = await completed(editor, "c.lua", f"{names}name$0")
    assert (len(found.items), found.is_incomplete) == (50, True)
    found = await completed(editor, "d.lua", f"{names}name1$0")
    assert (len(found.items), found.is_incomplete) == (11, False)


async def test_a_module_comes_with_its_line(editor: Editor) -> None:
    await editor.told("tidelock/status", lambda said: said["index"]["state"] == "ready")
    found = await completed(editor, "e.lua", "local a = require 'a'\nprint(gat$0)")
    (item,) = [one for one in found.items if one.label == "gate"]
    assert item.detail == "require 'port.gate'"
    place = types.Position(0, 21)
    line = types.TextEdit(types.Range(place, place), "\nlocal gate = require 'port.gate'")
    assert list(item.additional_text_edits or ()) == [line]


async def test_words_of_other_files_come_where_they_are_wished(editor: Editor) -> None:
    await editor.told("tidelock/status", lambda said: said["index"]["state"] == "ready")
    found = await completed(editor, "f.lua", "f().slui$0")
    kinds = {one.label: one.kind for one in found.items}
    assert kinds == dict.fromkeys(["sluice", "sluicing"], types.CompletionItemKind.Text)


async def test_what_is_said_of_a_proposal_comes_when_it_is_asked_for(editor: Editor) -> None:
    source = "--- Opens it.\nlocal function unbar(a) return 1 end\nunb$0"
    found = await completed(editor, "g.lua", source)
    (item,) = [one for one in found.items if one.label == "unbar"]
    if editor.speaks == "plain":
        assert item.data is None
        assert plain(item.documentation) == {"kind": "plaintext", "value": "Opens it."}
    else:
        assert item.documentation is None
        assert len(json.dumps(item.data)) < 200
        uri = (editor.work / "g.lua").as_uri()
        editor.change(uri, 2, "another text")  # the list is of the text before
        told = await editor.ask("completionItem/resolve", plain(item))
        assert told.label == item.label
        assert told.text_edit == item.text_edit
        assert told.documentation.value.startswith("```lua\nlocal function unbar(a): integer\n```")
        assert "Opens it." in told.documentation.value


async def test_every_way_to_call_a_function_is_told(editor: Editor) -> None:
    text = "---@overload fun(a: number, b: number)\nlocal function bar(a) end\nbar(1, )"
    uri = (editor.work / "h.lua").as_uri()
    editor.open(uri, text)
    place = {"textDocument": {"uri": uri}, "position": {"line": 2, "character": 7}}
    found = await editor.ask("textDocument/signatureHelp", place)
    assert [one.label for one in found.signatures] == ["bar(a)", "bar(a: number, b: number)"]
    assert (found.active_signature, found.active_parameter) == (1, 1)


@pytest.mark.parametrize("data", [None, [1, 99999], [99999, 1], ["a", 1], {"uri": "file:///a"}])
async def test_a_proposal_of_a_list_that_is_gone_stays_as_it_is(editor: Editor, data: Any) -> None:
    item = {"label": "x", "detail": "y", "kind": 6, "data": data}
    told = plain(await editor.ask("completionItem/resolve", item))
    assert {name: told.get(name) for name in item} == item
    assert "documentation" not in told

"""``tidelock.setOption``: the editor writes the option, and the server goes by it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from lsprotocol import types

from kit.lsp import LspClient, RequestFailed, uri
from tidelock.shared.positions import Lines

from .conftest import Place

CREATES = {"workspace": {"workspaceEdit": {"resourceOperations": ["create"]}}}
FILE = "# of this project\n[lsp.diagnostics]\ndisable = [] # nothing\n"


def applies(client: LspClient, path: Path) -> list[Any]:
    """Have the client apply edits of one file, as editors do; what it was asked."""
    asked: list[Any] = []

    def apply(params: Any) -> Any:
        asked.append(params)
        *created, change = params["edit"]["documentChanges"]
        assert [one["kind"] for one in created] == ([] if path.exists() else ["create"])
        text = path.read_bytes().decode() if path.exists() else ""
        assert change["textDocument"] == {"uri": uri(path), "version": None}
        (edit,) = change["edits"]
        start, end = (
            Lines(text).offset(edit["range"][one]["line"], edit["range"][one]["character"])
            for one in ("start", "end")
        )
        path.write_bytes((text[:start] + edit["newText"] + text[end:]).encode())
        return {"applied": True}

    client.answers["workspace/applyEdit"] = apply
    return asked


def set_option(client: LspClient, key: Any, value: Any) -> Any:
    command = {"command": "tidelock.setOption", "arguments": [{"key": key, "value": value}]}
    return client.request("workspace/executeCommand", command)


def test_an_option_is_written_by_the_editor_and_is_in_force(place: Place) -> None:
    path = place.file("tidelock.toml", FILE)
    client = place.server("--no-kernel")
    main = place.file("main.lua", "local x = require('tides')")
    place.file("modules/tides.lua", "return 1")
    client.open(main)
    codes = ["unused-local", "unresolved-require"]
    client.diagnostics(main, predicate=lambda found: [one.code for one in found] == codes)
    asked = applies(client, path)
    change = {"changes": [{"uri": uri(path), "type": 2}]}
    assert set_option(client, "lsp.diagnostics.disable", ["unused-local"]) == {"uri": uri(path)}
    assert path.read_text() == FILE.replace("[] #", '["unused-local"] #')
    client.notify("workspace/didChangeWatchedFiles", change)
    client.diagnostics(main, predicate=lambda found: [one.code for one in found] == codes[1:])
    set_option(client, "lua.path", ["modules"])
    client.notify("workspace/didChangeWatchedFiles", change)
    client.diagnostics(main, predicate=lambda found: not found)
    assert len(asked) == 2


def test_a_global_is_declared_and_a_code_hidden_by_what_is_offered(place: Place) -> None:
    path = place.file("tidelock.toml", '[lsp.diagnostics]\nglobals = ["ngx"] # the host\'s\n')
    client = place.server("--no-kernel")
    main = place.file("main.lua", "local x = host(ngx)")
    client.open(main)
    both = ["unused-local", "undefined-global"]
    found = client.diagnostics(main, predicate=lambda found: [one.code for one in found] == both)
    asked = applies(client, path)

    def choose(nth: int, title: str) -> None:
        at = convert_range(found[nth])
        params = {"textDocument": {"uri": uri(main)}, "range": at, "context": {"diagnostics": []}}
        offered = client.request("textDocument/codeAction", params)
        (command,) = (one.command for one in offered if one.title == title)
        asked_for = {"command": command.command, "arguments": list(command.arguments)}
        client.request("workspace/executeCommand", asked_for)
        change = {"changes": [{"uri": uri(path), "type": 2}]}
        client.notify("workspace/didChangeWatchedFiles", change)

    choose(1, "declare 'host' in tidelock.toml")
    client.diagnostics(main, predicate=lambda found: [one.code for one in found] == both[:1])
    assert path.read_text() == '[lsp.diagnostics]\nglobals = ["ngx", "host"] # the host\'s\n'
    choose(0, "hide 'unused-local' in this project")
    client.diagnostics(main, predicate=lambda found: not found)
    assert path.read_text().endswith('disable = ["unused-local"]\n')
    again = {"key": "lsp.diagnostics.globals", "add": "ngx"}
    command = {"command": "tidelock.setOption", "arguments": [again]}
    assert client.request("workspace/executeCommand", command) == {"uri": uri(path)}
    assert len(asked) == 2


def convert_range(found: Any) -> Any:
    """A problem's range as it goes over the wire."""
    start, end = found.range.start, found.range.end
    return {
        "start": {"line": start.line, "character": start.character},
        "end": {"line": end.line, "character": end.character},
    }


def test_a_file_that_is_not_there_is_made_by_the_editor(place: Place) -> None:
    path = place.work / "tidelock.toml"
    client = place.server("--no-kernel", initialize=False)
    client.initialize(place.work, CREATES)
    applies(client, path)
    set_option(client, "lsp.diagnostics.severity", {"unused-local": "hint"})
    assert path.read_text() == '[lsp.diagnostics]\nseverity = { unused-local = "hint" }\n'


def test_unsaved_text_of_the_file_counts(place: Place) -> None:
    path = place.file("tidelock.toml", FILE)
    client = place.server("--no-kernel")
    client.open(path, "[lsp.lens]\nrun = true\n", language="toml")
    asked: list[Any] = []

    def apply(params: Any) -> Any:
        asked.append(params["edit"]["documentChanges"][0])
        return {"applied": True}

    client.answers["workspace/applyEdit"] = apply
    set_option(client, "lsp.lens.run", False)
    assert asked[0]["textDocument"]["version"] == 1
    assert asked[0]["edits"][0]["newText"] == "false"
    assert path.read_text() == FILE


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        ("lua.versoin", "5.4", "did you mean 'lua.version'"),
        ("lua.version", "6.0", "expected one of"),
        ("lsp.lens.run", [1], "expected true or false"),
        (7, 1, "no object with a key"),
    ],
)
def test_what_is_no_option_is_refused(place: Place, key: Any, value: Any, words: str) -> None:
    client = place.server("--no-kernel")
    with pytest.raises(RequestFailed, match=words) as failed:
        set_option(client, key, value)
    assert failed.value.code == types.ErrorCodes.InvalidParams


def test_an_edit_that_is_not_applied_is_told(place: Place) -> None:
    client = place.server("--no-kernel")
    with pytest.raises(RequestFailed, match="creates no files"):
        set_option(client, "lsp.lens.run", False)
    place.file("tidelock.toml", "lsp = { lens = { run = true } }")
    with pytest.raises(RequestFailed, match="by hand"):
        set_option(client, "lsp.lens.run", False)
    place.file("tidelock.toml", "")
    refusal = {"applied": False, "failureReason": "the file is locked"}
    client.answers["workspace/applyEdit"] = lambda params: refusal
    with pytest.raises(RequestFailed, match="the file is locked"):
        set_option(client, "lsp.lens.run", False)
    other = place.server("--no-kernel", initialize=False)
    other.initialize(place.work, {"workspace": {"applyEdit": False}})
    with pytest.raises(RequestFailed, match="applies no edits"):
        set_option(other, "lsp.lens.run", False)

"""What other files of a folder are good for, over stdio: no answer waits for them."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

from kit.lsp import LspClient, uri

from .conftest import Place

BOAT = """local Boat = {}
Boat.__index = Boat
--- Makes a boat.
---@param name string
function Boat.new(name) return setmetatable({ name = name }, Boat) end
function Boat:sail() end
return Boat
"""
MAIN = """local Boat = require "port.boat"
local b = Boat.new("a")
b:sail()
greet(b, arg)
nowhere(b)
require "port.missing"
"""


def ready(client: LspClient, files: int) -> None:
    """Wait until the index has so many files."""
    wanted = {"state": "ready", "files": files}
    client.wait_for_notification("tidelock/status", lambda said: said["index"] == wanted)


def codes(found: list[Any]) -> list[tuple[str, int]]:
    return [(one.code, one.range.start.line) for one in found]


def harbour(place: Place) -> tuple[Path, LspClient]:
    place.file("port/boat.lua", BOAT)
    place.file("greet.lua", "function greet(...) print(...) end\n")
    place.file("node_modules/x.lua", "nowhere = 1\n")
    main = place.file("main.lua", MAIN)
    client = place.server("--no-kernel")
    client.open(main)
    return main, client


def test_answers_come_from_other_files(place: Place) -> None:
    main, client = harbour(place)
    ready(client, 3)
    found = client.diagnostics(main, predicate=len)
    assert codes(found) == [("undefined-global", 4), ("unresolved-require", 5)]
    boat = uri(place.work / "port/boat.lua")
    assert {item.label for item in client.completion(main, 2, 2)} >= {"sail"}
    assert "greet" in {item.label for item in client.completion(main, 3, 3)}
    hovered = client.hover(main, 1, 16)
    assert hovered is not None
    assert "Makes a boat." in hovered.contents.value  # type: ignore[union-attr]
    module = client.hover(main, 0, 24)
    assert module is not None
    assert str(place.work / "port/boat.lua") in module.contents.value  # type: ignore[union-attr]
    defined = client.request("textDocument/definition", client.at(main, 2, 3))
    assert (defined.uri, defined.range.start.line) == (boat, 5)
    signed = client.request("textDocument/signatureHelp", client.at(main, 1, 20))
    assert signed.signatures[0].label == "Boat.new(name: string): Boat"
    used = client.request(
        "textDocument/references",
        {**client.at(main, 2, 3), "context": {"includeDeclaration": True}},
    )
    assert {(one.uri, one.range.start.line) for one in used} == {(boat, 5), (uri(main), 2)}
    (symbol,) = client.request("workspace/symbol", {"query": "sail"})
    assert (symbol.name, symbol.container_name, symbol.location.uri) == ("sail", "Boat", boat)
    assert client.shutdown() == 0


def test_the_text_of_an_open_file_counts_and_others_are_judged_again(place: Place) -> None:
    main, client = harbour(place)
    client.diagnostics(main, predicate=lambda found: ("undefined-global", 4) in codes(found))
    other = place.file("other.lua", "")
    client.open(other)
    client.change(other, "function nowhere(...) end")
    client.diagnostics(main, predicate=lambda found: codes(found) == [("unresolved-require", 5)])
    client.close(other)
    client.diagnostics(main, predicate=lambda found: ("undefined-global", 4) in codes(found))


def test_changes_on_disk_are_followed(place: Place) -> None:
    main, client = harbour(place)
    known = client.registered
    client.wait_until(lambda: len(known) == 2 or None, None, "two registrations")
    watch = known["tidelock-files"]
    assert watch.method == "workspace/didChangeWatchedFiles"
    assert known["tidelock-settings"].register_options == {"section": "tidelock"}
    assert {one["globPattern"] for one in watch.register_options["watchers"]} >= {"**/*.lua"}
    client.diagnostics(main, predicate=lambda found: len(found) == 2)

    def tell(path: Path, kind: int) -> None:
        changes = [{"uri": uri(path), "type": kind}]
        client.notify("workspace/didChangeWatchedFiles", {"changes": changes})

    made = place.file("port/missing.lua", "function nowhere(...) end")
    tell(made, 1)
    client.diagnostics(main, predicate=lambda found: not found)
    made.write_text("")
    tell(made, 2)
    client.diagnostics(main, predicate=lambda found: codes(found) == [("undefined-global", 4)])
    made.unlink()
    tell(made, 3)
    client.diagnostics(main, predicate=lambda found: len(found) == 2)
    tell(place.work / "node_modules/x.lua", 2)
    tell(place.work / "note.txt", 1)
    assert client.shutdown() == 0


def test_many_files_are_read_by_processes(place: Place) -> None:
    for number in range(60):
        place.file(f"many/f{number}.lua", f"function global_{number}() end\n")
    main = place.file("main.lua", "global_7()\nglobal_77()")
    client = place.server("--no-kernel")
    client.open(main)
    found = client.diagnostics(main, predicate=len)
    assert codes(found) == [("undefined-global", 1)]
    ready(client, 61)
    assert len(client.request("workspace/symbol", {"query": "global_"})) == 60


def test_a_home_is_not_read(place: Place) -> None:
    main = place.file("main.lua", "nowhere()")
    home = place.work
    place.environment["HOME"] = str(home)
    client = place.server("--no-kernel")
    client.open(main)
    refused = {"state": "refused", "files": 0}
    client.wait_for_notification("tidelock/status", lambda said: said["index"] == refused)
    assert codes(client.diagnostics(main, predicate=len)) == [("undefined-global", 0)]


def test_a_file_that_may_set_any_global_makes_its_unknown_ones_hints(place: Place) -> None:
    main = place.file("main.lua", "for name in pairs(list) do _G[name] = 1 end\nmade()")
    other = place.file("other.lua", "for name in pairs({}) do rawset(_G, name, 1) end\nmade()")
    third = place.file("third.lua", "made()")
    client = place.server("--no-kernel")
    for path, severity in ((main, 4), (other, 4), (third, 2)):
        client.open(path)
        found = client.diagnostics(path, predicate=len)
        assert {(one.code, one.severity) for one in found} == {("undefined-global", severity)}


def test_the_cache_serves_the_next_start_and_can_be_passed_by(place: Place) -> None:
    main, client = harbour(place)
    ready(client, 3)
    assert client.shutdown() == 0
    (cache,) = (place.home / "cache" / "tidelock" / "index").glob("work-*.sqlite3")
    base = sqlite3.connect(cache)
    rows = base.execute("SELECT digest, summary FROM summaries").fetchall()
    assert len(rows) == 3
    for digest, summary in rows:  # a cache that says otherwise than the files: it is believed
        changed = summary.replace('"greet"', '"other"')
        base.execute("UPDATE summaries SET summary = ? WHERE digest = ?", [changed, digest])
    base.commit()
    base.close()
    again = place.server("--no-kernel")
    again.open(main)
    again.diagnostics(main, predicate=lambda found: ("undefined-global", 3) in codes(found))
    said = again.request("workspace/executeCommand", {"command": "tidelock.reindex"})
    assert said["index"]["files"] == 3
    again.diagnostics(main, predicate=lambda found: len(found) == 2)
    assert again.shutdown() == 0


def test_libraries_and_ignored_folders(place: Place) -> None:
    (place.home / "lib").mkdir()
    (place.home / "lib" / "extra.lua").write_text("function extra() end return {}")
    place.file("gen/made.lua", "function made() end")
    place.file("tidelock.toml", '[lsp.workspace]\nlibrary = ["../lib"]\nignore = ["gen"]\n')
    main = place.file("main.lua", 'require "extra"\nextra()\nmade()')
    client = place.server("--no-kernel")
    client.open(main)
    ready(client, 2)
    assert codes(client.diagnostics(main, predicate=len)) == [("undefined-global", 2)]


def test_project_files_of_other_tools(place: Place) -> None:
    place.file("src/m.lua", "return {}")
    place.file("build/made.lua", "function made() end")
    luarc = place.file(
        ".luarc.json",
        """{ // ours
            "runtime.version": "Lua 5.1", "runtime.path": ["src/?.lua"],
            "workspace.ignoreDir": ["build"], "diagnostics.globals": ["vim"],
            "diagnostics.severity": { "undefined-global": "Hint" }, "workspace.library": 3,
        }""",
    )
    place.file(".luacheckrc", 'globals = { "spare" }\nignore = { "113/^skip_" }')
    text = 'require "m"\nmade(vim, spare)\nskip_this()\nunpack({})\ngoto = 1'
    main = place.file("main.lua", text)
    client = place.server("--no-kernel")
    client.open(main)
    found = client.diagnostics(main, predicate=len)
    assert [(one.code, one.range.start.line, one.severity) for one in found] == [
        ("undefined-global", 1, 4)
    ]
    (wrong,) = client.diagnostics(luarc)
    assert wrong.message == "workspace.library: 3 cannot be used"
    luarc.write_text('{ "diagnostics.disable": ["undefined-global"] }')
    changes = [{"uri": uri(luarc), "type": 2}]
    client.notify("workspace/didChangeWatchedFiles", {"changes": changes})
    client.diagnostics(luarc, predicate=lambda found: not found)
    # Lua 5.4 now, in which goto is no name, and no path to the module.
    wanted = {"unresolved-require", "syntax-error"}
    client.diagnostics(main, predicate=lambda found: {one.code for one in found} == wanted)
    assert client.shutdown() == 0

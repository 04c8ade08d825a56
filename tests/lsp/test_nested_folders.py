"""A folder in a folder of one session: what is asked from a text of either reaches both."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from .test_folders import Desk
from .test_session import WAIT_S, at

LIB = """-- the harbour's boats
---@class Boat
local Boat = {}
function Boat.launch(name) return name end
fleet_size = 1
return Boat
"""
INSIDE = """local Boat = require "boat"
Boat.launch("a")
print(fleet_size)
---@type Boat
local one
print(one)
"""
OUTSIDE = """local Boat = require "inner.boat"
local function sail() Boat.launch("b") end
sail(fleet_size)
---@param boat Boat
local function moor(boat) end
moor()
"""


@pytest.fixture(params=["read by both", "left out by the outer"])
def desk(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Desk]:
    made = Desk(tmp_path)
    options = '[lsp.workspace]\nignore = ["inner"]\n' if request.param.startswith("left") else ""
    made.file("outer/tidelock.toml", options)
    made.file("outer/inner/tidelock.toml")
    made.file("outer/inner/boat.lua", LIB)
    made.file("outer/inner/deep/inside.lua", INSIDE)
    made.file("outer/outside.lua", OUTSIDE)
    made.begin("outer", "outer/inner")

    def read() -> set[str]:
        said = [p for method, p in made.editor.said if method == "tidelock/status"]
        return {one["workspace"] for one in said if one["index"]["state"] == "ready"}

    with made.editor.changed:
        assert made.editor.changed.wait_for(lambda: len(read()) == 2, WAIT_S), made.editor.said
    yield made
    made.session.close()


def show(desk: Desk, name: str) -> str:
    uri = desk.uri(name)
    desk.editor.open((desk.home / name).read_text(), uri=uri)
    return uri


def names(desk: Desk, found: list[Any]) -> list[str]:
    """Where links lead: files with lines, each once."""
    places = [f"{Path(one['uri']).name}:{one['range']['start']['line']}" for one in found]
    assert len(places) == len(set(places))
    return sorted(places)


def uses(desk: Desk, uri: str, line: int, character: int) -> list[str]:
    params = {**at(line, character, uri), "context": {"includeDeclaration": True}}
    return names(desk, desk.editor.ask("textDocument/references", params))


LAUNCHED = ["boat.lua:3", "inside.lua:1", "outside.lua:1"]
SIZED = ["boat.lua:4", "inside.lua:2", "outside.lua:2"]
TYPED = ["boat.lua:1", "inside.lua:3", "outside.lua:3"]


@pytest.mark.parametrize(
    ("name", "places"),
    [
        ("outer/inner/boat.lua", [(3, 15), (4, 2), (1, 10)]),
        ("outer/inner/deep/inside.lua", [(1, 6), (2, 8), (3, 10)]),
        ("outer/outside.lua", [(1, 28), (2, 6), (3, 17)]),
    ],
)
def test_uses_are_found_in_both(desk: Desk, name: str, places: list[tuple[int, int]]) -> None:
    uri = show(desk, name)
    for place, wanted in zip(places, (LAUNCHED, SIZED, TYPED), strict=True):
        assert uses(desk, uri, *place) == wanted


def test_a_text_that_is_not_saved_counts_as_it_is_shown(desk: Desk) -> None:
    inside = show(desk, "outer/inner/boat.lua")
    desk.editor.open(f"-- moved\n{OUTSIDE}", uri=desk.uri("outer/outside.lua"))
    assert uses(desk, inside, 4, 2) == ["boat.lua:4", "inside.lua:2", "outside.lua:3"]
    (item,) = desk.editor.ask("textDocument/prepareCallHierarchy", at(3, 15, inside))
    calls = desk.editor.ask("callHierarchy/incomingCalls", {"item": item})
    found = {one["from"]["name"]: one["fromRanges"][0]["start"]["line"] for one in calls}
    assert found == {"inside.lua": 1, "sail": 2}


def test_a_name_is_changed_in_both(desk: Desk) -> None:
    for name, places in (
        ("outer/inner/boat.lua", [(3, 15), (4, 2), (1, 10)]),
        ("outer/outside.lua", [(1, 28), (2, 6), (3, 17)]),
    ):
        uri = show(desk, name)
        for place, wanted in zip(places, (LAUNCHED, SIZED, TYPED), strict=True):
            params = {**at(*place, uri), "newName": "Renamed"}
            changes = desk.editor.ask("textDocument/rename", params)["changes"]
            edits = [{"uri": uri, **one} for uri, those in changes.items() for one in those]
            assert names(desk, edits) == wanted
            assert {one["newText"] for one in edits} == {"Renamed"}


def test_a_name_that_either_has_cannot_be_given(desk: Desk) -> None:
    taken = desk.file("outer/taken.lua", "taken_outside = 1\n")
    desk.editor.tell("workspace/didChangeWatchedFiles", {"changes": [{"uri": taken, "type": 1}]})
    reader = desk.uri("outer/reader.lua")
    desk.editor.open("print(taken_outside)", uri=reader)
    desk.codes(reader)
    uri = show(desk, "outer/inner/boat.lua")
    params = {**at(4, 2, uri), "newName": "taken_outside"}
    answer = desk.editor.wait(desk.editor.post("textDocument/rename", params))
    assert answer["words"] == "there is a global 'taken_outside' already in reader.lua"


def test_a_lens_counts_both(desk: Desk) -> None:
    options = desk.file("outer/inner/tidelock.toml", "[lsp.lens]\nreferences = true\n")
    changes = [{"uri": options, "type": 2}]
    desk.editor.tell("workspace/didChangeWatchedFiles", {"changes": changes})
    uri = show(desk, "outer/inner/boat.lua")
    lenses = desk.editor.ask("textDocument/codeLens", {"textDocument": {"uri": uri}})
    counted = [one for one in lenses if one["range"]["start"]["line"] == 3]
    (told,) = [one for one in counted if "command" not in one]
    assert desk.editor.ask("codeLens/resolve", told)["command"]["title"] == "2 references"

"""Classes above and below a class, and what a program has made, written as definitions."""

from __future__ import annotations

import pytest

from tidelock.lsp import convert_views as views
from tidelock.lsp.convert import plain
from tidelock.lsp.features.observed_definitions import observed_definitions
from tidelock.lsp.features.subtypes import subtypes
from tidelock.lsp.features.supertypes import supertypes
from tidelock.lsp.features.type_hierarchy import ClassItem, type_hierarchy
from tidelock.lsp.manner import Manner
from tidelock.lsp.moment import Question, View
from tidelock.shared.language.types.inference import own_types
from tidelock.shared.syntax.parser import parse

from .conftest import IDLE, Program, fact
from .test_rename import opened, space_of

CLASSES = """
-- base.lua --
---@class Thing
---@class Named
-- main.lua --
---@class Gate: Thing, Named
---@class Lock: Gate
local Lock = {}
---@class Bridge: Named
---@type Gate
local gate
print(gate)
"""


def names(found: list[ClassItem]) -> list[tuple[str, str]]:
    return [(one.name, one.link.uri.rpartition("/")[2]) for one in found]


@pytest.mark.parametrize(
    ("place", "own", "above", "below"),
    [
        ("Gate: Thing", ["Gate"], ["Thing", "Named"], ["Lock"]),
        ("gate)", ["Gate"], ["Thing", "Named"], ["Lock"]),
        ("Lock = {}", ["Lock"], ["Gate"], []),
        ("Named\n---@class Lock", ["Named"], [], ["Bridge", "Gate"]),
        ("print", [], [], []),
        ("class Bridge", [], [], []),
    ],
)
def test_classes_above_and_below(
    place: str, own: list[str], above: list[str], below: list[str]
) -> None:
    documents, document, at = opened(CLASSES.replace(place, f"$0{place}"))
    space = space_of(documents)
    assert [one.name for one in type_hierarchy(document, at, space)] == own
    assert [one.name for one in supertypes(document, at, space)] == above
    assert [one.name for one in subtypes(document, at, space)] == below


def test_classes_are_found_in_other_texts_and_shown_by_their_names() -> None:
    documents, document, at = opened(CLASSES.replace("gate)", "gate$0)"))
    space = space_of(documents)
    found = supertypes(document, at, space)
    assert names(found) == [("Thing", "base.lua"), ("Named", "base.lua")]
    items = views.class_items(found, document, Manner())
    assert items is not None
    asked = views.subtypes({"item": plain(items[0])})
    base = documents["base.lua"]
    assert base.text[base.lines.offset(*asked.places[0]) :].startswith("Thing")
    assert names(subtypes(base, base.lines.offset(*asked.places[0]), space)) == [
        ("Gate", "main.lua")
    ]
    assert views.class_items([], document, Manner()) is None


def test_what_a_program_has_made_as_definitions() -> None:
    globals_ = (
        fact("port", "{...}", "global", type="table"),
        fact("count", "3", "global"),
        fact("open", "function", "global", signature="open(depth, ...)", where="@/w/a.lua:3"),
        fact("odd name", "1", "global"),
    )
    members = [
        fact("gate", "function", signature="gate(self)"),
        fact("a b", "function", signature="?(b=1)"),
        fact("depth", "2"),
        fact("inner", "{}", type="table"),
    ]
    moment = IDLE._replace(names=globals_)
    program = Program(moment, (Question("members", "port"), members))
    text = observed_definitions(program.view())
    assert text == (
        "---@meta\n-- Observed after execution 7.\n\n"
        "---@type number\ncount = nil\n\n"
        "--- a.lua:3\nfunction open(depth, ...) end\n\n"
        "port = {}\n\n"
        "function port.gate(self) end\n\n"
        'port["a b"] = function(...) end\n\n'
        "---@type number\nport.depth = nil\n\n"
        "port.inner = {}\n"
    )
    tree = parse(text)
    assert tree.ok
    assert own_types(tree) is not None
    late = Program(moment, (Question("members", "port"), None))
    told = observed_definitions(late.view())
    assert "port = {}\n" in told
    assert "-- Fields are missing: the program did not tell all in time" in told
    assert observed_definitions(View()) == ""

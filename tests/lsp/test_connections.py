"""Types, implementations and calls, over several texts."""

from __future__ import annotations

import pytest
from lsprotocol import types

from kit.marked import files
from tidelock.lsp import convert_views as views
from tidelock.lsp.convert import plain
from tidelock.lsp.features.call_hierarchy import Callee, call_hierarchy
from tidelock.lsp.features.implementation import implementation
from tidelock.lsp.features.incoming_calls import incoming_calls
from tidelock.lsp.features.outgoing_calls import outgoing_calls
from tidelock.lsp.features.type_definition import type_definition
from tidelock.lsp.manner import Manner
from tidelock.shared.language.index.links import Link

from .test_rename import opened, space_of


def marks(source: str) -> list[tuple[str, int, int]]:
    return [(name, *span) for name, text in files(source).items() for span in text.ranges]


def places(found: list[Link]) -> list[tuple[str, int, int]]:
    return [(one.uri.rpartition("/")[2], one.start, one.end) for one in found]


@pytest.mark.parametrize(
    "source",
    [
        "---@class <!Gate!>\n\n---@type Gate\nlocal g$0",
        "---@class <!Gate!>\n\n---@param g Gate\nlocal function f(g) print(g$0) end",
        "---@class <!Gate!>\n---@class <!Port!>\n\n---@type Gate|Port|nil\nlocal g\nprint(g$0)",
        "---@class <!Gate!>\n\n---@type Gate[]\nlocal g\nprint(g$0)",
        "local t = <!{x = 1}!>\nprint(t$0)",
        "local t = {x = <!{}!>}\nprint(t.x$0)",
        "-- a.lua --\nreturn <!{}!>\n-- main.lua --\nlocal a = require 'a'\nprint(a$0)\n",
        "local n = 1\nprint(n$0)",
        "print($0)",
    ],
)
def test_where_types_are(source: str) -> None:
    documents, document, at = opened(source)
    assert places(type_definition(document, at, space_of(documents))) == marks(source)


@pytest.mark.parametrize(
    "source",
    [
        "local T = {}\nfunction T.<!f!>() end\nT.f$0()",
        "---@class A\nlocal A = {}\nfunction A:<!go!>() end\n---@class B: A\nlocal B = {}\n"
        "function B:<!go!>() end\nlocal C = {}\nfunction C:go() end\nA:go$0()",
        "local A = {}\nA.__index = A\nfunction A:<!go!>() end\n"
        "local B = setmetatable({}, {__index = A})\nfunction B:<!go!>() end\nA:go$0()",
        "local <!x!> = 1\nprint(x$0)",
    ],
)
def test_implementations(source: str) -> None:
    documents, document, at = opened(source)
    assert places(implementation(document, at, space_of(documents))) == marks(source)


CALLS = """
-- gate.lua --
local M = {}
function M.open$0(n)
  helper(n)
  helper(n)
  return other()
end
function helper(n) print(n) end
return M
-- main.lua --
local gate = require "gate"
local function run()
  gate.open(1)
  gate.open(2)
end
gate.open(3)
local kept = gate.open
"""


def called(found: list[tuple[Callee, list[Link]]]) -> list[tuple[str, int]]:
    return [(f"{one.uri.rpartition('/')[2]} {one.name}", len(each)) for one, each in found]


def test_calls_of_a_function_and_by_it() -> None:
    documents, document, at = opened(CALLS)
    space = space_of(documents)
    found = call_hierarchy(document, at, space)
    assert [(one.name, one.uri.rpartition("/")[2]) for one in found] == [("M.open", "gate.lua")]
    assert called(incoming_calls(document, at, space)) == [
        ("main.lua run", 2),
        ("main.lua main.lua", 1),
    ]
    assert called(outgoing_calls(document, at, space)) == [("gate.lua helper", 2)]
    main = documents["main.lua"]
    there = main.text.index("gate.open(1)") + len("gate.op")
    assert [one.name for one in call_hierarchy(main, there, space)] == ["M.open"]
    assert call_hierarchy(main, main.text.index("kept"), space) == []
    assert called(outgoing_calls(main, 0, space)) == [("gate.lua M.open", 3)]


def test_calls_as_the_protocol_has_them() -> None:
    documents, document, at = opened(CALLS)
    space, manner = space_of(documents), Manner()
    items = views.call_items(call_hierarchy(document, at, space), document, manner)
    assert items is not None
    asked = views.incoming({"item": plain(items[0])})
    assert document.text[document.lines.offset(*asked.places[0]) :].startswith("open(n)")
    made = views.incoming_calls(incoming_calls(document, at, space), document, manner)
    assert made is not None
    assert [one.from_.kind for one in made] == [types.SymbolKind.Function, types.SymbolKind.File]
    assert [len(one.from_ranges) for one in made] == [2, 1]
    assert views.outgoing_calls([], document, manner) is None

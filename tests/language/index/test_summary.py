"""What a text offers to the others."""

from __future__ import annotations

import gc
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit.marked import marked
from tidelock.shared.language.index.summary import Summary, summarize, summary_of

MODULE = """
    local helper = require("lib.helper")
    require 'other'
    local M = { size = 1 }
    M.__index = M
    --- Makes one.
    ---@param title string
    ---@return table
    function M.new(title)
        return setmetatable({ title = title }, M)
    end
    function M:rename(title) self.title = title end
    local function hidden(a, ...) return a end
    counter = 0
    function shout(text) print(text:upper()) end
    return M
"""


def offered(source: str) -> Summary:
    return summarize(marked(source).text, "5.4")


def symbols(source: str) -> set[tuple[str, str, str, str]]:
    return {(one.name, one.kind, one.container, one.reach) for one in offered(source).symbols}


def test_a_module_that_returns_its_table() -> None:
    found = offered(MODULE)
    assert symbols(MODULE) == {
        ("size", "variable", "M", "export"),
        ("__index", "variable", "M", "export"),
        ("new", "function", "M", "export"),
        ("rename", "method", "M", "export"),
        ("title", "variable", "M", "export"),
        ("hidden", "function", "", "local"),
        ("counter", "variable", "", "global"),
        ("shout", "function", "", "global"),
    }
    new = next(one for one in found.symbols if one.name == "new")
    assert new.signature == "M.new(title: string): table"
    assert new.documentation == "Makes one."
    assert (new.line, new.column) == (7, 11)
    assert [(one.name, one.line, one.column) for one in found.requires] == [
        ("lib.helper", 0, 23),
        ("other", 1, 8),
    ]
    assert found.sets == ("counter", "shout")
    assert set(found.reads) == {"require", "setmetatable", "print"}
    assert not found.is_dynamic


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("return { go = function(a) end, n = 1, sub = {} }",
         {("go", "function", "", "export"), ("n", "variable", "", "export"),
          ("sub", "table", "", "export")}),
        ("local C = setmetatable({}, {})\nfunction C.f() end\nreturn setmetatable(C, {})",
         {("f", "function", "C", "export"), ("C", "class", "", "export")}),
        ("local function f() end\nreturn f", {("f", "function", "", "export")}),
        ("local t = { deep = { deeper = function() end } }",
         {("deep", "table", "t", "local"), ("deeper", "function", "t.deep", "local")}),
        ("---@class Boat\n\n---@alias Id integer\n\n---@enum Way\nW = { a = 1 }",
         {("Boat", "class", "", "global"), ("Id", "alias", "", "global"),
          ("Way", "enum", "", "global"), ("W", "table", "", "global")}),
        ("local function f() local inner = { g = function() end } end",
         {("f", "function", "", "local")}),
    ],
)  # fmt: skip
def test_what_can_be_found_by_name(source: str, expected: set[tuple[str, str, str, str]]) -> None:
    assert symbols(source) == expected


@pytest.mark.parametrize(
    "source",
    ["x = 1", "_G.x = 1", '_G["x"] = 1', "_ENV.x = 1", 'rawset(_G, "x", 1)', "function x() end"],
)
def test_ways_to_set_a_global(source: str) -> None:
    found = offered(source)
    assert found.sets == ("x",)
    assert not found.is_dynamic


def test_lua_5_5_declares_globals() -> None:
    assert summarize("global x", "5.5").sets == ("x",)


@pytest.mark.parametrize(
    "source",
    [
        "_G[name] = 1",
        "rawset(_G, name, 1)",
        "setfenv(1, {})",
        'module("m")',
        "setmetatable(_G, {})",
    ],
)
def test_a_text_that_may_set_any_global(source: str) -> None:
    assert offered(source).is_dynamic


def test_a_read_is_no_write_and_a_local_is_neither() -> None:
    found = offered("local x = 1\nx = 2\nprint(y)\nlocal function f(z) z = 1 end")
    assert (found.sets, found.reads) == ((), ("print", "y"))


def test_where_modules_come_from() -> None:
    found = offered("""
        package.path = package.path .. ";src/?.lua;lib/?/init.lua"
        package.preload["made.here"] = function() return {} end
    """)
    assert found.paths == ("src/?.lua", "lib/?/init.lua")
    assert [(one.name, one.line) for one in found.preloads] == [("made.here", 1)]


def test_words_are_names_and_keys() -> None:
    found = offered('local a = b.c\nprint(a["key"], "two words", t:go())')
    assert [word for word in ("a", "b", "c", "key", "go") if not found.names(word)] == []
    assert not found.names("two words")
    assert not found.names("ke")


def test_a_summary_is_stored_as_json() -> None:
    found = offered(MODULE)
    assert summary_of(json.loads(json.dumps(found))) == found


def test_a_summary_leaves_nothing_for_the_collector() -> None:
    """The processes that read run without it."""
    text = marked(MODULE).text
    summarize(text, "5.4")
    gc.collect()
    gc.disable()
    try:
        summarize(f"{text} --", "5.4")
        assert gc.collect() == 0
    finally:
        gc.enable()


@given(st.text(alphabet="local function=.:(){}[]\"'x_G\n-@class ,requireturn0;", max_size=120))
def test_any_text_has_a_summary(text: str) -> None:
    found = summarize(text, "5.4")
    assert summary_of(json.loads(json.dumps(found))) == found

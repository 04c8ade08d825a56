"""The outline of a text, and definitions inside it."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings

from kit.chance import examples
from kit.marked import marked
from syntax.grow import programs
from tidelock.shared.language.symbols import Outline, definition, outline
from tidelock.shared.model import Dialect
from tidelock.shared.syntax.parser import parse


def drawn(entries: tuple[Outline, ...]) -> list[object]:
    shown: list[object] = []
    for entry in entries:
        shown.append(f"{entry.kind} {entry.name}{entry.detail}")
        if entry.children:
            shown.append(drawn(entry.children))
    return shown


def test_outline() -> None:
    text = """
    local M = { VERSION = 1, nested = { f = function(a) end } }
    local limit <const>, plain = 5
    --- Opens.
    function M.open(path, ...) local hidden = 1; local function inner() end end
    function M:close() end
    M.later = function(x) end
    if x then function conditional() end local seen end
    global_table = { deep = { deeper = {} } }
    x = 5
    call(function() local function passed() end end)
    return M
    """
    assert drawn(outline(parse(text))) == [
        "table M",
        ["table nested", ["function f(a)"]],
        "constant limit",
        "variable plain",
        "function M.open(path, ...)",
        ["function inner()"],
        "method M:close()",
        "function M.later(x)",
        "function conditional()",
        "variable seen",
        "table global_table",
        ["table deep", ["table deeper"]],
        "function passed()",
    ]


def test_annotated_types_have_their_kinds() -> None:
    text = """
    ---@class Gate: Thing
    ---@field width number
    ---@field [string] boolean
    local Gate = { size = { a = 1 } }

    ---@class Lock
    ---@field key string
    ---@alias Mode 'r'|'w'

    ---@enum State
    local S = { on = 1, off = 2, more = {} }
    ---@class Other
    ---@field x integer
    ---@class Last
    local l, m = f(), {}
    ---@class Of
    function go() end
    """
    assert drawn(outline(parse(text))) == [
        "class Gate",
        ["field widthnumber", "table size"],
        "class Lock",
        ["field keystring"],
        "alias Mode'r'|'w'",
        "enum SState",
        ["member on", "member off", "table more"],
        "class Other",
        ["field xinteger"],
        "class lLast",
        "table m",
        "class Of",
        "function go()",
    ]


CELLS = """\
local before = 1
-- %% Load
--#region Helpers
local function a() end
-- a comment
local function b()
  --#region inner
  -- %% none
  --#endregion
end
--#endregion
-- %%
local c = 2
--#region open
local d = {
  -- %% no cell
}
"""


def test_cells_and_regions_hold_what_stands_in_them() -> None:
    assert drawn(outline(parse(CELLS))) == [
        "variable before",
        "cell Load",
        ["region Helpers", ["function a()", "function b()"]],
        "cell Cell",
        ["variable c", "table d"],
    ]


def check_ranges(entries: tuple[Outline, ...], start: int, end: int) -> None:
    for one in entries:
        assert start <= one.start <= one.name_start <= one.name_end <= one.end <= end
        assert one.name
        is_part = one.kind in ("cell", "region")
        check_ranges(one.children, one.start if is_part else start, one.end if is_part else end)


@pytest.mark.parametrize(
    "text",
    [
        CELLS,
        "-- above\n-- %% A\n-- of f\nfunction f() end",
        "--#region a\n-- %% A\nf()\n--#endregion\ng()",
        "-- %% A\n--#region a\n-- %% B\n--#endregion",
        "--#region a\n--#region b\nlocal x = 1\n--#endregion\n--#endregion",
        "---@class A\n-- %% B\n---@field x integer\nlocal A = {}",
        "function f()\n-- %% A\nend\n-- %%",
    ],
)
def test_what_is_in_a_part_is_in_its_range(text: str) -> None:
    check_ranges(outline(parse(text)), 0, len(text))


def test_places_of_an_outline() -> None:
    text = "x()\n--- Opens.\n-- Twice.\nlocal function open() end\nfunction a.b.c() end"
    first, second = outline(parse(text))
    assert text[first.start : first.end].startswith("--- Opens.")
    assert text[first.name_start : first.name_end] == "open"
    assert text[second.name_start : second.name_end] == "c"


def test_outline_survives_broken_code() -> None:
    text = "local function f(\nlocal t = {\nfunction g() x = end\nfunction\nlocal z"
    assert drawn(outline(parse(text))) == [
        "function f()",
        "table t",
        "function g()",
        "function ?()",
        "variable z",
    ]


def test_outline_of_declared_globals() -> None:
    text = "global <const> a, b = 1, function() end\nglobal function c() end"
    assert drawn(outline(parse(text, "5.5"))) == ["constant a", "function b()", "function c()"]


@pytest.mark.parametrize(
    "source",
    [
        "local <!x!> = 1 $0x()",
        "local <!$0x!> = 1",
        "goto $0l ::<!l!>::",
        "::<!l!>:: goto $0l",
        "function <!f!>() end $0f()",
        "<!x!> = 1 x = 2 $0x()",
        "local t = { <!a!> = 1 } t.$0a()",
        "local t = {} t.a = 1 function t.<!a!>() end t.$0a()",
        "local t = {} function t:<!m!>() end t:$0m()",
        "local <!t!> = {} function t:m() $0self() end",
        "function <!T!>() end function T:m() $0self() end",
        "local t = {} function t:m() self.<!x!> = 1 end function t:n() self.$0x() end",
        "local t = { a = {} } local <!u!> = t.a $0u()",
        "local t = { a = { <!b!> = 1 } } local u = t.a u.$0b()",
        "t.a[<!'b'!>] = 1 t.a.$0b()",
    ],
)
def test_definition(source: str) -> None:
    text = marked(source)
    assert definition(parse(text.text), text.at) == text.ranges[0]


@pytest.mark.parametrize(
    "source",
    ["$0print()", "x.$0y()", "f().$0x()", "function m(t) t.$0x() end", "$0 x()", "x = 1$0"],
)
def test_no_definition(source: str) -> None:
    text = marked(source)
    assert definition(parse(text.text), text.at) is None


@settings(max_examples=examples(60), deadline=None, suppress_health_check=list(HealthCheck))
@given(programs())
def test_every_program_has_an_outline(program: tuple[Dialect, str]) -> None:
    dialect, text = program
    todo = list(outline(parse(text[: len(text) * 3 // 4], dialect)))
    while todo:
        entry = todo.pop()
        assert entry.start <= entry.name_start <= entry.name_end <= entry.end
        todo += entry.children

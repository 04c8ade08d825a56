"""What is said of the place under the cursor."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kit.chance import examples
from kit.marked import marked
from syntax.grow import programs
from tidelock.shared.language.facts import Fact, Facts
from tidelock.shared.language.hover import Symbol, hover, symbol_path
from tidelock.shared.model import Dialect
from tidelock.shared.syntax.parser import parse


def check_hover(
    source: str, signature: str, documentation: str = "", dialect: Dialect = "5.4"
) -> None:
    """The hover at the cursor is about the marked range and says this."""
    text = marked(source)
    found = hover(parse(text.text, dialect), text.at)
    assert found is not None
    assert (found.signature, found.documentation) == (signature, documentation)
    assert (found.start, found.end) == text.ranges[0]
    assert found.facts == ()


CONCAT = "table.concat(list: table, separator?: string, first?: integer, last?: integer): string"


@pytest.mark.parametrize(
    ("source", "signature", "documentation"),
    [
        ("local <!$0x!> = 5", "local x = 5", "local of line 1"),
        ("local x <const> = 5\nprint(<!$0x!>)", "local x <const> = 5", "local of line 1"),
        ("-- The height.\nlocal <!h$0!>", "local h", "The height.\n\nlocal of line 2"),
        ("for i = 1, 2 do print(<!$0i!>) end", "local i: integer", "for of line 1"),
        (
            "local t = { a = 1, f = function() end } <!t$0!>()",
            "local t = { a, f() }",
            "local of line 1",
        ),
        (
            "local c = table.concat <!$0c!>()",
            "local c = table.concat",
            f"`{CONCAT}`\n\nJoins the strings and numbers of a list.\n\nlocal of line 1",
        ),
        (
            "local x\nlocal function f() x = 1 end\nprint(<!x$0!>)",
            "local x: integer?",
            "local of line 1, used by inner functions",
        ),
        (
            "--- Adds.\n---@param a number\n---@return A\nlocal function add(a) end\n<!$0add!>(1)",
            "local function add(a: number): A",
            "Adds.\n\nfunction of line 4",
        ),
        (
            "--- Adds.\n---@param a number the first\nlocal function add(<!$0a!>) end",
            "local a",
            "`number`\n\nthe first\n\nparameter of line 3",
        ),
        ("local function add(<!$0a!>) end", "local a", "parameter of line 1"),
        ("function M:m() return <!$0self!> end", "self", "the method's table `M`"),
        ("function m(<!self$0!>) end", "local self", "parameter of line 1"),
        ("goto <!$0l!> ::l::", "::l::", "label on line 1"),
        ("goto l\n::<!$0l!>::", "::l::", "label on line 2"),
        ("x = 1 <!$0x!>()", "x = 1", "set on line 1"),
        (
            "-- Doubles.\nfunction d(a) end <!$0d!>(1)",
            "function d(a)",
            "Doubles.\n\ndefined on line 2",
        ),
        ("function <!d$0!>(a) end", "function d(a)", "defined on line 1"),
        ("local t = {}\nfunction t.<!f$0!>(x) end", "function t.f(x)", "defined on line 2"),
        ("function t:<!m$0!>() end", "function t:m()", "defined on line 1"),
        ("<!unkn$0own!>()", "unknown", "global"),
        ("a.b.<!$0c!> = 'x'", "a.b.c = 'x'", "set on line 1"),
        ("a.b[<!'$0c d'!>]()", 'a.b["c d"]', ""),
        ("local t = {}\nfunction t:m(x) end\nt:<!m$0!>()", "function t:m(x)", "defined on line 2"),
        ("local t = { <!$0a!> = { b = 1 } }", "t.a = { b }", "set on line 1"),
        ("local t = { [<!'a$0'!>] = 1 }", "t.a = 1", "set on line 1"),
        ("x = <!$0255!>", "255", "255, 0xff, 0b11111111"),
        ("x = <!0x10$0!>", "0x10", "16, 0x10, 0b10000"),
        ("x = <!2.$05!>", "2.5", "float 2.5"),
        ("x = <!2.$00!>", "2.0", "float 2, 0x2, 0b10"),
        ("x = <!'h$0é'!>", "'hé'", "3 bytes, 2 characters"),
        ("x = <!'$0a'!>", "'a'", "1 byte"),
        ("x = require <!'a$0.b'!>", "'a.b'", "module `a.b`"),
    ],
)
def test_hover(source: str, signature: str, documentation: str) -> None:
    check_hover(source, signature, documentation)


GLOBALS = "The table of all globals; it holds itself under its own name."


def test_hover_of_the_library() -> None:
    text = "The text `count` times in a row, with a separator between if given."
    shown = "string.rep(text: string, count: integer, separator?: string): string"
    check_hover("string.<!$0rep!>()", shown, text)
    check_hover("local s = 'a' s:<!$0rep!>()", shown, text)
    check_hover("<!$0math!>.pi()", "math: table", "Numbers: rounding, roots, angles, chance.")
    check_hover(
        "<!$0_VERSION!>()", "_VERSION: string", "The name of the running Lua, such as `Lua 5.4`."
    )
    check_hover("string.<!$0rep!>()", "string.rep(text: string, count: integer): string",
                "The text `count` times in a row.", "5.1")  # fmt: skip


@pytest.mark.parametrize(
    ("dialect", "source", "documentation"),
    [
        ("5.1", "x = <!16$0!>", "16, 0x10, 0b10000"),
        ("luajit", "x = <!2$0i!>", "imaginary number 2"),
        ("5.1", "x = <!3$0x!>", "malformed number"),
        ("5.4", "x = <!1e$03000!>", "float inf"),
    ],
)
def test_numbers(dialect: Dialect, source: str, documentation: str) -> None:
    text = marked(source)
    found = hover(parse(text.text, dialect), text.at)
    assert found is not None
    assert found.documentation == documentation


@pytest.mark.parametrize(
    "source",
    ["if$0 x then end", "x = $0 1", "-- x$0", "f().$0x()", "x = {}$0", "a[b]$0.c = 1", "$0"],
)
def test_nothing_to_say(source: str) -> None:
    text = marked(source)
    assert hover(parse(text.text), text.at) is None


def test_many_fields_are_cut() -> None:
    fields = ", ".join(f"f{number} = 1" for number in range(30))
    text = marked(f"local t = {{ {fields} }} t$0()")
    found = hover(parse(text.text), text.at)
    assert found is not None
    assert found.signature.endswith("f19, ... }")


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("a.b.$0c.d = 1", ("a", ("b", "c"), "a.b.c", False)),
        ("$0a.b.c = 1", ("a", (), "a", False)),
        ("local a a['b'].$0c()", ("a", ("b", "c"), "a['b'].c", True)),
        ("a[$01].x()", ("a", (1,), "a[1]", False)),
        ("a:$0m()", ("a", ("m",), "a:m", False)),
        ("local $0a = 1", ("a", (), "a", True)),
        ("function f($0p) end", ("p", (), "p", True)),
        ("print(x.y$0)", ("x", ("y",), "x.y", False)),
        ("f().$0x()", None),
        ("f().x.$0y()", None),
        ("a[b].$0x()", None),
        ("a[b$0].x()", ("b", (), "b", False)),
        ("a[f$0()].x()", ("f", (), "f", False)),
        ("x = { $0a = 1 }", None),
        ("goto $0l ::l::", None),
        ("x = '$0a'", None),
        ("a.$0", None),
    ],
)
def test_symbol_path(
    source: str, expected: tuple[str, tuple[object, ...], str, bool] | None
) -> None:
    text = marked(source)
    found = symbol_path(parse(text.text), text.at)
    if expected is None:
        assert found is None
        return
    assert isinstance(found, Symbol)
    shown = text.text[found.start : found.end]
    assert (found.root, found.keys, shown, found.local) == expected


def test_symbol_path_of_a_declared_global() -> None:
    assert symbol_path(parse("global limit = 1", "5.5"), 8) == Symbol("limit", (), 7, 12, False)


LIVE = Facts(
    "observed after execution 7",
    names=(
        Fact("x", "number", "42"),
        Fact("f", "function", "function", "f(a, b)", "global", "m.lua:3"),
    ),
    members=(Fact("size", "number", "43"),),
)


@pytest.mark.parametrize(
    ("source", "facts"),
    [
        ("x$0()", ("observed after execution 7: 42",)),
        ("local x = 1 x$0()", ("observed after execution 7: 42",)),
        ("f$0()", ("observed after execution 7: f(a, b) (m.lua:3)",)),
        ("t.size$0()", ("observed after execution 7: 43",)),
        ("t.other$0()", ()),
        ("y$0()", ()),
        ("x = 1$0", ()),
    ],
)
def test_observed_lines(source: str, facts: tuple[str, ...]) -> None:
    text = marked(source)
    found = hover(parse(text.text), text.at, LIVE)
    assert found is not None
    assert found.facts == facts


def test_a_value_handed_in_is_the_one_shown() -> None:
    facts = Facts("paused at main.lua:7", value=Fact("x", "table", "table with 3 keys"))
    found = hover(parse("x()"), 0, facts)
    assert found is not None
    assert found.facts == ("paused at main.lua:7: table with 3 keys",)


@settings(max_examples=examples(80), deadline=None, suppress_health_check=list(HealthCheck))
@given(programs(), st.data())
def test_every_place_of_a_program_has_an_answer(
    program: tuple[Dialect, str], data: st.DataObject
) -> None:
    dialect, text = program
    offset = data.draw(st.integers(0, len(text)))
    tree = parse(text[: data.draw(st.integers(0, len(text)))], dialect)
    found = hover(tree, offset, LIVE)
    if found is not None:
        assert found.start <= offset <= found.end
        assert "\n" not in found.signature


BOAT = """
    ---@class Ship
    ---@field name string
    ---@class Boat: Ship
    ---@field length number in metres
    ---@field crew? string[]
    local Boat = {}
    ---@param by number
    function Boat:move(by) end
"""


@pytest.mark.parametrize(
    "use",
    [
        "---@type Boat\nlocal <!$0boat!>",
        "---@type Boat?\nlocal boat = f()\nprint(<!bo$0at!>)",
        "---@type {boat: Boat}\nlocal t = f()\nprint(t.<!boa$0t!>)",
    ],
)
def test_a_value_of_a_class_shows_its_fields(use: str) -> None:
    text = marked(BOAT + use)
    found = hover(parse(text.text, "5.4"), text.at)
    assert found is not None
    head, *fields = found.signature.splitlines()
    assert head.endswith("{")
    assert fields == [
        "  length: number",
        "  crew?: string[]",
        "  move(by: number)",
        "  name: string",
        "}",
    ]


def test_so_many_fields_are_shown() -> None:
    def signature(source: str, most: int) -> str:
        text = marked(source)
        found = hover(parse(text.text, "5.4"), text.at, max_fields=most)
        return found.signature if found is not None else ""

    source = BOAT + "---@type Boat\nlocal boat\nprint(bo$0at)"
    assert signature(source, 1) == "local boat: Boat {\n  length: number\n  ... (3 more)\n}"
    assert signature(source, 0) == "local boat: Boat"
    table = "local t = { a = 1, b = 2 } print($0t)"
    assert signature(table, 1) == "local t = { a, ... }"
    assert signature(table, 2) == "local t = { a, b }"
    assert "a" not in signature(table, 0).partition("=")[2]

"""Completion and hover of what has a type: fields of classes, results of calls, other texts."""

from __future__ import annotations

import pytest

from kit.marked import marked
from kit.typing import Space
from tidelock.shared.language.completion import Completion, complete
from tidelock.shared.language.hover import hover
from tidelock.shared.language.types.inference import Types
from tidelock.shared.syntax.parser import parse


def completion_of(source: str) -> Completion:
    text = marked(source)
    return complete(parse(text.text), text.at)


def labels(source: str) -> list[str]:
    return [item.label for item in completion_of(source).items]


def check_hover(source: str, signature: str, documentation: str) -> None:
    """The hover at the cursor is about the marked range and says this."""
    text = marked(source)
    found = hover(parse(text.text), text.at)
    assert found is not None
    assert (found.signature, found.documentation) == (signature, documentation)
    assert (found.start, found.end) == text.ranges[0]


CLASS = """
    ---@class Point
    ---@field x integer
    ---@field private secret string
    ---@field on_move fun(self: Point, by: integer) when it moves
    ---@field compare fun(a: Point): boolean
    local Point = {}
    Point.__index = Point
    function Point.new() return setmetatable({}, Point) end
    --- Moves it.
    function Point:move(dx) self.moved = true end
"""


def test_fields_of_a_declared_class() -> None:
    found = completion_of(f"{CLASS}    local p = Point.new() p.$0")
    assert [(item.label, item.kind, item.detail, item.origin) for item in found.items] == [
        ("x", "field", "integer", "declared"),
        ("compare", "function", "fun(a: Point): boolean", "declared"),
        ("__index", "field", "field", "static"),
        ("new", "function", "new()", "static"),
        ("moved", "field", "field", "static"),
        ("on_move", "method", "fun(self: Point, by: integer)", "declared"),
        ("move", "method", "move(dx)", "static"),
    ]
    assert [item.documentation for item in found.items if item.label in ("on_move", "move")] == [
        "when it moves",
        "Moves it.",
    ]


def test_what_takes_self_follows_a_colon() -> None:
    assert labels(f"{CLASS}    local p = Point.new() p:$0") == ["on_move", "move"]
    assert labels(f"{CLASS}    Point.new():mo$0") == ["move"]
    assert labels("local s = io.read() or '' s:re$0") == ["rep", "reverse"]


def test_private_fields_are_for_methods() -> None:
    assert "secret" in labels(f"{CLASS}    function Point:tell() return self.$0 end")
    assert "secret" not in labels(f"{CLASS}    local p = Point.new() p.$0")


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("local function f() return { a = 1 } end f().$0", ["a"]),
        ("local x if y then x = { a = 1 } else x = { b = 1 } end x.$0", ["a", "b"]),
        ("local x = { f = function() return { deep = 1 } end } x.f().$0", ["deep"]),
        ("for _, one in ipairs({ { name = 'x' } }) do one.na$0 end", ["name"]),
        ("---@type { a: integer, b?: string }\nlocal t = f()\nt.$0", ["a", "b"]),
        ("---@param o { wide: boolean }\nlocal function f(o) o.$0 end", ["wide"]),
        ("---@class A\n---@field up integer\n---@class B: A\n---@type B\nlocal b = f() b.$0",
         ["up"]),
        ("local t = f() --[[@as { z: integer }]] t.$0", ["z"]),
        ("print(debug.getinfo(1).short_$0)", ["short_src"]),
        ("(x or { a = 1 }).$0", ["a"]),
    ],
)  # fmt: skip
def test_fields_of_what_has_a_type(source: str, expected: list[str]) -> None:
    assert labels(source) == expected


def test_fields_over_several_texts() -> None:
    space = Space("""
        -- main.lua --
        local shapes = require "shapes"
        local c = shapes.circle(1)
        c:$0
        -- shapes.lua --
        local Circle = {}
        Circle.__index = Circle
        --- Its size.
        function Circle:area(exact) return self.radius end
        local M = {}
        function M.circle(r) return setmetatable({ radius = r }, Circle) end
        return M
    """)
    main, cursor = space.modules["main.lua"], space.files["main.lua"].at
    found = complete(main.tree, cursor, types=Types(space), uri=main.uri)
    assert [(item.label, item.detail, item.documentation) for item in found.items] == [
        ("area", "area(exact)", "Its size.")
    ]
    assert complete(main.tree, cursor).items == []


POINT = """--- A place.
---@class Point
---@field x integer to the right
---@field name? string
local Point = {}
Point.__index = Point
--- Makes one.
---@param x integer to the right
---@return Point
function Point.new(x) end
function Point:move(dx) return self.x + dx, "done" end
function Point:size() return #self.name end
local p = Point.new(1)
"""


@pytest.mark.parametrize(
    ("source", "signature", "documentation"),
    [
        ("print(p.<!x$0!>)", "Point.x: integer", "to the right\n\ndeclared on line 3"),
        ("print(p.<!name$0!>)", "Point.name?: string", "declared on line 4"),
        ("p:<!size$0!>()", "function Point:size(): integer", "defined on line 12"),
        ("p:<!move$0!>(1)", 'function Point:move(dx): unknown, "done"', "defined on line 11"),
        (
            "Point.<!new$0!>(1)",
            "function Point.new(x: integer): Point",
            "Makes one.\n\n- `x`: to the right\n\ndefined on line 10",
        ),
        ("local n = p.x print(<!$0n!>)", "local n: integer = p.x", "local of line 14"),
        ("t = p.name print(<!$0t!>)", "t: string?", "set on line 14"),
        ("local t = { p } print(t[<!1$0!>])", "t[1]: Point", ""),
        ("io.stdout:<!$0close!>()", "file*:close(): boolean|nil, string?, integer?",
         "Closes the file; of a program, also tells how it ended."),
        ("table.sort({ 1 }, function(a) print(<!$0a!>) end)", "local a: integer",
         "parameter of line 14"),
    ],
)  # fmt: skip
def test_hover_of_what_has_a_type(source: str, signature: str, documentation: str) -> None:
    check_hover(POINT + source, signature, documentation)


@pytest.mark.parametrize(
    ("source", "lines"),
    [
        ("print(<!p$0!>)", ["local p: Point {", "  x: integer", "  move(dx)", "}"]),
        (
            "local f = io.open('x') print(<!$0f!>)",
            ["local f: file*? {", "  file*:close(): boolean|nil, string?, integer?", "}"],
        ),
    ],
)
def test_hover_of_a_value_of_a_class_shows_its_fields(source: str, lines: list[str]) -> None:
    text = marked(POINT + source)
    found = hover(parse(text.text), text.at)
    assert found is not None
    shown = found.signature.split("\n")
    assert [line for line in shown if line in lines] == lines


def test_hover_says_what_the_comment_of_a_function_says() -> None:
    check_hover(
        "--- Opens.\n---@param a A the first\n---@param b? B\n---@return A x what it is\n"
        "---@return B\n---@overload fun(a: A): C\n---@deprecated use another\n"
        "---@see other\n---@async\n"
        "local function <!op$0en!>(a, b) end",
        "local function open(a: A, b?: B): A, B",
        "Opens.\n\n- `a`: the first\n- returns `x`: what it is\n`@deprecated` use another\n"
        "`@see` other\n`@async`\n\n`open(a: A): C`\n\nfunction of line 10",
    )


def test_hover_over_several_texts() -> None:
    space = Space("""
        -- main.lua --
        local shapes = require "shapes"
        local c = shapes.circle(1)
        print(c.radius, c:area(), shared_count, shared_call())
        -- shapes.lua --
        local M = {}
        ---@class Circle
        ---@field radius number how far
        local Circle = {}
        Circle.__index = Circle
        --- Its size.
        function Circle:area() return 3 end
        function M.circle(r) return setmetatable({}, Circle) end
        shared_count = 1
        function shared_call(a) return "x" end
        return M
    """)
    main = space.modules["main.lua"]

    def said(word: str) -> tuple[str, str]:
        types = Types(space)
        found = hover(main.tree, main.tree.text.rindex(word), types=types, uri=main.uri)
        assert found is not None
        assert main.tree.text[found.start : found.end] == word
        return found.signature, found.documentation

    assert said("radius") == (
        "Circle.radius: number",
        "how far\n\ndeclared on line 3 of shapes.lua",
    )
    assert said("area") == (
        "function Circle:area(): integer",
        "Its size.\n\ndefined on line 7 of shapes.lua",
    )
    assert said("circle") == (
        "function shapes.circle(r): Circle",
        "defined on line 8 of shapes.lua",
    )
    assert said("shared_count") == ("shared_count: integer", "")
    assert said("shared_call") == ('function shared_call(a): "x"', "")
    alone = hover(main.tree, main.tree.text.rindex("radius"))
    assert alone is None or ":" not in alone.signature

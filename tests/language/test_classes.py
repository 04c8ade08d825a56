"""Classes by habit and by annotation, aliases, generics, modules, as marked Lua and its types."""

from __future__ import annotations

import pytest

from kit.typing import check_types

CLASS = """
    local Point = {}
    Point.__index = Point
    function Point.new(x) local self = setmetatable({}, Point) self.x = 1 return self end
    function Point:move(dx) self.moved = true return self end
    function Point:where() return self.x end
"""


def test_classes_by_habit() -> None:
    check_types(CLASS + "local p = Point.new(1) print(<!p!>, <!p.x!>, <!p.moved!>, <!p:where()!>)",
                "Point", "integer", "boolean", "integer")  # fmt: skip
    check_types(CLASS + "print(<!Point.new(1):move(2):move(3)!>)", "Point")
    check_types(CLASS + "function Point:see() return <!self!>, <!self.x!>, <!self:where()!> end",
                "Point", "integer", "integer")  # fmt: skip
    check_types("local A = {} A.__index = A function A.new()\n"
                "return setmetatable({ n = 1 }, A) end function A:get() return <!self.n!> end",
                "integer")  # fmt: skip
    check_types("""
        local Base = {}
        function Base:new(o)
          o = o or {}
          setmetatable(o, self)
          self.__index = self
          return o
        end
        function Base:name() return "base" end
        local b = Base:new()
        print(<!b!>, <!b:name()!>)
    """, "Base", '"base"')  # fmt: skip
    check_types("""
        local Base = {}
        Base.__index = Base
        function Base:name() return "base" end
        local Sub = setmetatable({}, { __index = Base })
        Sub.__index = Sub
        function Sub.new() return setmetatable({}, Sub) end
        function Sub:size() return 1, <!self:name()!> end
        local s = Sub.new()
        print(<!s!>, <!s:name()!>, <!s:size()!>, <!s:none()!>)
    """, '"base"', "Sub", '"base"', "integer", "unknown")  # fmt: skip
    check_types("local t = setmetatable({}, { __index = function() return 1 end }) print(<!t.x!>)",
                "integer")  # fmt: skip
    check_types("local V = {} V.__index = V V.__add = function(a, b)\n"
                "return setmetatable({}, V) end local v = setmetatable({}, V) print(<!v + v!>)",
                "V")  # fmt: skip
    check_types("local C = setmetatable({}, { __call = function(self, x) return 'made' end })\n"
                "print(<!C(1)!>)", '"made"')  # fmt: skip
    check_types("local mt = {} local t = setmetatable({}, mt) print(<!getmetatable(t) == mt!>)",
                "boolean")  # fmt: skip


@pytest.mark.parametrize(
    "made",
    [
        "local Object = require 'classic' local P = Object:extend()",
        "local class = require 'middleclass' local P = class('P')",
        "local class = require '30log' local P = class 'P'",
        "local class = require 'middleclass' local B = class('B') local P = B:subclass('P')",
    ],
)
def test_classes_of_class_libraries(made: str) -> None:
    check_types(
        f"{made} function P:init(x) self.x = 1 end function P:get() return <!self.x!> end\n"
        "local p, q = P(1), P:new(1) print(<!p!>, <!p.x!>, <!p:get()!>, <!q:get()!>)",
        *("integer", "P", "integer", "integer", "integer"),
    )


def test_declared_types() -> None:
    check_types("---@type string\nlocal <!x!> = f()", "string")
    check_types("---@type string, integer\nlocal <!x!>, <!y!> = f()", "string", "integer")
    check_types("local <!x!> = f() ---@type integer", "integer")
    check_types("---@type string?\nlocal x x = 'a' print(<!x!>) x = nil print(<!x!>)",
                "string", "nil")  # fmt: skip
    check_types("---@type 'a'|'b'\nlocal <!x!> = f()", '"a"|"b"')
    check_types("local x = f() --[=[@as string[]]=] print(<!x!>)", "string[]")
    check_types("print(<!f()!> --[[@as integer]])", "integer")
    check_types("local x = f()\n---@cast x string\nprint(<!x!>)", "string")
    check_types("---@type string?\nlocal x = f()\n---@cast x -?\nprint(<!x!>)", "string")
    check_types("---@type string\nlocal x = f()\n---@cast x +integer\nprint(<!x!>)",
                "string|integer")  # fmt: skip
    check_types("---@param a string\n---@param b? integer\nlocal function f(a, b, c)\n"
                "return <!a!>, <!b!>, <!c!> end", "string", "integer?", "unknown")  # fmt: skip
    check_types("---@return string a, integer? b\nlocal function f() end local <!x!>, <!y!> = f()",
                "string", "integer?")  # fmt: skip
    check_types("---@return string ...\nlocal function f() end local <!x!>, <!y!> = f()",
                "string", "string")  # fmt: skip
    check_types("---@vararg string\nlocal function f(...) local <!x!> = ... end", "string")
    check_types("---@param ... string\nlocal function f(...) return <!...!> end", "string")
    check_types("---@overload fun(a: integer): integer\n---@param a string\n---@return string\n"
                "local function f(a) end print(<!f('a')!>, <!f(1)!>)",
                "string", "integer")  # fmt: skip
    check_types("---@type fun(a: string): integer\nlocal f = function(a) return <!a!> end\n"
                "print(<!f('x')!>)", "string", "integer")  # fmt: skip
    check_types("---@type { a: string, b?: integer, [integer]: boolean }\nlocal t = f()\n"
                "print(<!t.a!>, <!t.b!>, <!t[1]!>)", "string", "integer?", "boolean")  # fmt: skip
    check_types("---@type [string, integer]\nlocal t = f() print(<!t[1]!>, <!t[2]!>)",
                "string", "integer")  # fmt: skip
    check_types("---@type table<string, integer>\nlocal t = f() print(<!t.x!>, <!t!>)",
                "integer", "table<string, integer>")  # fmt: skip


def test_declared_classes() -> None:
    check_types("""
        ---@class Base
        ---@field id integer
        ---@class (exact) Item<T>: Base
        ---@field name? string
        ---@field value T
        ---@field [integer] boolean
        ---@type Item<string>
        local item = f()
        print(<!item!>, <!item.id!>, <!item.name!>, <!item.value!>, <!item[1]!>, <!item.no!>)
    """, "Item<string>", "integer", "string?", "string", "boolean", "unknown")  # fmt: skip
    check_types("""
        ---@class Thing
        ---@field size integer
        local Thing = {}
        Thing.__index = Thing
        function Thing.new() return setmetatable({}, Thing) end
        function Thing:grow() return <!self!>, <!self.size!> end
        function Thing:me() self.seen = true return self end
        local t = Thing.new()
        print(<!t!>, <!t:me()!>, <!t.seen!>, <!t:grow()!>)
    """, "Thing", "integer", "Thing", "Thing", "boolean", "Thing")  # fmt: skip
    check_types("""
        ---@class V
        ---@operator add(V): V
        ---@operator add(integer): string
        ---@operator unm: integer
        ---@operator len: string
        ---@operator call(string): boolean
        ---@type V
        local v = f()
        print(<!v + v!>, <!v + 1!>, <!-v!>, <!#v!>, <!v('x')!>)
    """, "V", "string", "integer", "string", "boolean")  # fmt: skip
    check_types("""
        ---@class Made
        ---@overload fun(x: integer): Made
        local Made = setmetatable({}, {})
        print(<!Made(1)!>)
    """, "Made")  # fmt: skip
    check_types("""
        ---@class Handler
        ---@field on_event fun(self: Handler, name: string): boolean
        local Handler = {}
        function Handler:on_event(name) return <!name!> end
        print(<!Handler:on_event('x')!>)
    """, "string", "boolean")  # fmt: skip


def test_aliases_and_enums() -> None:
    check_types("---@alias Mode 'r'|'w'\n---@type Mode\nlocal <!m!> = f()", "Mode")
    check_types("---@alias Mode\n---| 'r' # read\n---| 'w'\n---@type Mode\nlocal m = f()\n"
                "if m == 'r' then print(<!m!>) else print(<!m!>) end", '"r"', '"w"')  # fmt: skip
    check_types("---@alias Box<T> { value: T }\n---@type Box<string>\nlocal b = f()\n"
                "print(<!b.value!>)", "string")  # fmt: skip
    check_types("---@alias Json string|Json[]\n---@type Json\nlocal j = f()\n"
                "if type(j) == 'table' then print(<!j[1]!>) end", "Json")  # fmt: skip
    check_types("---@alias Any string|List\n---@alias List Any[]\n---@type Any\nlocal j = f()\n"
                "if type(j) == 'table' then print(<!j!>, <!j[1]!>) end",
                "Any[]", "Any")  # fmt: skip
    check_types("---@enum Colour\nlocal Colour = { red = 1, blue = 2 }\n---@type Colour\n"
                "local c = f() print(<!c!>, <!Colour.red!>)", "Colour", "integer")  # fmt: skip
    check_types("---@enum (key) Name\nlocal N = { a = 1, b = 2 }\n---@type Name\nlocal n = f()\n"
                "if n ~= 'a' then print(<!n!>) end", '"b"')  # fmt: skip
    check_types("---@class T\n---@field a string\n---@field b string\n---@type keyof T\n"
                "local <!k!> = f()", '"a"|"b"')  # fmt: skip


def test_generics() -> None:
    check_types("---@generic T\n---@param x T\n---@return T\nlocal function f(x) end\n"
                "print(<!f('a')!>, <!f(1)!>, <!f(g())!>)",
                "string", "integer", "unknown")  # fmt: skip
    check_types("---@generic T, U\n---@param list T[]\n---@param f fun(x: T): U\n---@return U[]\n"
                "local function map(list, f) end\n"
                "print(<!map({ 1 }, function(x) return <!x!> .. 'a' end)!>)",
                "string[]", "integer")  # fmt: skip
    check_types("---@generic K, V\n---@param t table<K, V>\n---@return K, V\n"
                "local function any(t) end local <!k!>, <!v!> = any({ a = 1 })",
                "string", "integer")  # fmt: skip
    check_types("---@class Cat\n---@generic T\n---@param name `T`\n---@return T\n"
                "local function make(name) end print(<!make('Cat')!>)", "Cat")  # fmt: skip
    check_types("---@generic T: string\n---@return T\nlocal function f() end print(<!f()!>)",
                "string")  # fmt: skip
    check_types("""
        ---@class Stack<T>
        ---@field items T[]
        local Stack = {}
        ---@return T
        function Stack:pop() end
        ---@type Stack<integer>
        local s = f()
        print(<!s:pop()!>, <!s.items!>)
    """, "integer", "integer[]")  # fmt: skip


def test_parameters_by_where_a_function_goes() -> None:
    check_types("---@param f fun(a: string, b: integer)\nlocal function each(f) end\n"
                "each(function(a, b) print(<!a!>, <!b!>) end)", "string", "integer")  # fmt: skip
    check_types("table.sort({ 'a' }, function(a, b) return <!a!> < <!b!> end)", "string", "string")
    check_types("('x'):gsub('x', function(m) return <!m!> end)", "string")
    check_types("local o = {}\n---@param f fun(n: integer)\nfunction o:each(f) end\n"
                "o:each(function(n) return <!n!> end)", "integer")  # fmt: skip


def test_several_modules() -> None:
    check_types("""
        -- main.lua --
        local shapes = require("shapes")
        local c = shapes.circle(2)
        print(<!c!>, <!c.radius!>, <!c:area()!>, <!require("shapes").VERSION!>)
        local <!none!> = require("none")
        ---@type Circle
        local d = f()
        print(<!d.radius!>, <!shared.count!>)
        -- shapes.lua --
        local deeper = require("lib.deeper")
        local M = { VERSION = "1" }
        ---@class Circle
        ---@field radius number
        local Circle = {}
        Circle.__index = Circle
        function Circle:area() return self.radius * deeper.factor() end
        function M.circle(r) return setmetatable({ radius = r }, Circle) end
        shared = { count = 1 }
        return M
        -- lib/deeper.lua --
        return { factor = function() return 2 end }
    """, "Circle", "number", "number", "string", "unknown", "number", "integer")  # fmt: skip
    check_types("""
        -- a.lua --
        ---@module "b"
        local <!b!> = load_somehow("b")
        -- b.lua --
        return { x = 1 }
    """, "{ x: integer }")  # fmt: skip
    check_types("""
        -- a.lua --
        local b = require "b"
        return { make = function() return b.value end, mine = 1 }
        -- b.lua --
        local a = require "a"
        return { value = <!a.mine!>, other = <!a.make()!> }
    """, "integer", "integer")  # fmt: skip

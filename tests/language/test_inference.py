"""What values are, found by reading: a table of marked Lua and the types in it."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kit.chance import examples
from kit.typing import Space, check_types, types_of
from syntax.grow import programs
from tidelock.shared.language.types.inference import Types
from tidelock.shared.model import DIALECTS, Dialect
from tidelock.shared.syntax.parser import parse
from tidelock.shared.syntax.tree import Expression, walk


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("local <!x!> = 5", "5"),
        ("local <!x!> = 0x1p4", "16.0"),
        ("local <!x!> = 'a'", '"a"'),
        ("local <!x!> = true", "true"),
        ("local <!x!> = nil", "nil"),
        ("local <!x!>", "nil"),
        ("local y, <!x!> = 1", "nil"),
        ("local <!x!> = {}", "table"),
        ("local <!x!> = { 1, 2 }", "integer[]"),
        ("local <!x!> = { 1, 'a' }", "(integer|string)[]"),
        ("local <!x!> = { a = 1, b = { c = 'x' } }", "{ a: integer, b: { c: string } }"),
        ("local <!x!> = { [1] = 'a', [2] = 'b' }", "string[]"),
        ("local <!x!> = { ['a b'] = true }", '{ ["a b"]: boolean }'),
        ("local <!x!> = function(a, b, ...) return a, 1 end", "fun(a, b, ...): unknown, integer"),
        ("local <!x!> = function() end", "fun()"),
        ("local function <!f!>() return 'a', true end", 'fun(): "a", true'),
        ("local y = ... print(<!y!>)", "unknown"),
        ("print(<!unheard_of!>)", "unknown"),
        ("local <!x!> = (f())", "unknown"),
        ("x = 1 print(<!x!>)", "integer"),
        ("x = 1 x = 'a' print(<!x!>)", "integer|string"),
        ("local x = 1 x = 'a' print(<!x!>)", '"a"'),
        ("local x x = 1 print(<!x!>)", "1"),
        ("local a, b = 1, 'x' a, b = b, a print(<!a!>, <!b!>)", '"x" 1'),
        ("for <!i!> = 1, 10 do end", "integer"),
        ("for <!i!> = 1, 10, 0.5 do end", "number"),
        ("for <!i!> = 1, f() do end", "integer"),
        ("for <!i!> = f(), 2 do end", "number"),
    ],
)
def test_literals_and_variables(source: str, expected: str) -> None:
    assert " ".join(types_of(source)) == expected


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("1 + 2", "integer"),
        ("1 + 2.5", "number"),
        ("1 / 2", "number"),
        ("7 // 2", "integer"),
        ("2 ^ 2", "number"),
        ("1 & 2", "integer"),
        ("-5", "-5"),
        ("-f()", "unknown"),
        ("f() + 1", "unknown"),
        ("'a' .. 1", "string"),
        ("'a' .. f()", "string"),
        ("f() .. g()", "unknown"),
        ("1 < 2", "boolean"),
        ("f() == g()", "boolean"),
        ("not f()", "boolean"),
        ("not nil", "true"),
        ("not 'a'", "false"),
        ("#'abc'", "integer"),
        ("1 and 'a'", '"a"'),
        ("nil and 'a'", "nil"),
        ("nil or 'a'", '"a"'),
        ("1 or 'a'", "1"),
        ("f() or 'a'", 'unknown|"a"'),
        ("f() and 'a' or 'b'", '"a"|"b"'),
        ("'10' + 1", "number"),
        ("(function() return 1, 2 end)()", "integer"),
    ],
)
def test_operators(expression: str, expected: str) -> None:
    check_types(f"local <!x!> = {expression}", expected)


def test_results_of_calls() -> None:
    check_types("local function f() return 1, 'a' end local <!x!>, <!y!>, <!z!> = f()",
                "integer", '"a"', "nil")  # fmt: skip
    check_types("local function f() return 1 end local <!x!>, <!y!> = f(), f()",
                "integer", "integer")  # fmt: skip
    check_types("local function f(x) if x then return 1 end end print(<!f(2)!>)", "integer?")
    check_types("local function f(x) if x then return 1 else return 'a' end end print(<!f(2)!>)",
                'integer|"a"')  # fmt: skip
    check_types("local function f() end local <!x!> = f()", "nil")
    check_types("local function f(...) return ... end local <!x!> = f(1)", "unknown")
    check_types("local t = { f = function() return true end } print(<!t.f()!>)", "true")
    check_types("local function f(n) if n == 0 then return 1 end return n * f(n - 1) end\n"
                "print(<!f(5)!>)", "integer|unknown")  # fmt: skip
    check_types("local a, b local function a() return b() end function b() return a() end\n"
                "print(<!a()!>)", "never")  # fmt: skip
    check_types("local <!ok!>, <!x!>, <!y!> = pcall(function() return 1, 'a' end)",
                "boolean", "integer|unknown", '"a"?')  # fmt: skip
    check_types("local <!x!> = select(2, 1, 'a', true)", '"a"')
    check_types("local <!x!> = select('#', 1)", "integer")
    check_types("local x <const> = assert(io.open('a')) print(<!x!>)", "file*")
    check_types("local <!x!>, <!y!> = table.unpack({ 1, 2 })", "integer", "integer")


def test_fields_of_tables() -> None:
    check_types("local t = { a = 1 } t.b = 'x' t.c = {} t.c.d = true\n"
                "print(<!t.a!>, <!t.b!>, <!t.c.d!>, <!t.e!>)",
                "integer", "string", "boolean", "unknown")  # fmt: skip
    check_types("local t = {} t.a = nil t.a = 1 print(<!t.a!>)", "integer")
    check_types("local t = {} t[#t + 1] = 'a' print(<!t!>, <!t[1]!>, <!t[n]!>)",
                "string[]", "string", "string")  # fmt: skip
    check_types("local t = {} table.insert(t, { x = 1 }) print(<!t[1].x!>)", "integer")
    check_types("local t = {} for i = 1, 3 do t[i] = i * 2 end print(<!t!>)", "integer[]")
    check_types("local t = {} t[tostring(x)] = 1 print(<!t!>, <!t.any!>)",
                "table<string, integer>", "integer")  # fmt: skip
    check_types("local t = { x = 1 } local u = t u.y = 2 print(<!u.x!>, <!u.y!>)",
                "integer", "integer")  # fmt: skip
    check_types("local function f(o) o.x = 1 return <!o.x!>, <!o.y!> end", "integer", "unknown")
    check_types("a.b.c = 1 print(<!a.b.c!>, <!a.b!>)", "integer", "{ c: integer }")
    check_types("_G.shared = 1 print(<!shared!>, <!_G.shared!>)", "integer", "integer")
    check_types("local t = { f = 1 } local key = 'f' print(<!t[key]!>)", "integer")


def test_loops_over_tables() -> None:
    check_types("for <!i!>, <!v!> in ipairs({ 'a' }) do end", "integer", "string")
    check_types("for <!k!>, <!v!> in pairs({ a = 1, b = 'x' }) do end", "string", "integer|string")
    check_types("for <!k!>, <!v!> in pairs({ 1, 2 }) do end", "integer", "integer")
    check_types("for <!k!>, <!v!> in next, { a = 1 } do end", "string", "integer")
    check_types("for <!w!> in ('a b'):gmatch('%a') do end", "string")
    check_types("for <!l!> in io.lines('x') do end", "string")
    check_types("local function each() return function() return 1, 'a' end end\n"
                "for <!a!>, <!b!> in each() do end", "integer", '"a"')  # fmt: skip
    check_types("for <!x!> in f() do end", "unknown")


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("local x = f() if x then print(<!x!>) else print(<!x!>) end", "unknown false|nil"),
        ("local x if y then x = 1 end if x then print(<!x!>) end print(<!x!>)", "integer integer?"),
        ("local x if y then x = 1 end if not x then return end print(<!x!>)", "integer"),
        ("local x if y then x = 1 end if not x then error('no') end print(<!x!>)", "integer"),
        ("local x if y then x = 1 end if not x then os.exit() end print(<!x!>)", "integer"),
        ("local x if y then x = 1 end assert(x) print(<!x!>)", "integer"),
        ("local x if y then x = 1 end assert(x ~= nil, 'no') print(<!x!>)", "integer"),
        ("local x if y then x = 1 end print(x and <!x!>, x or <!x!>)", "integer nil"),
        ("local x if y then x = 1 end x = x or 'a' print(<!x!>)", 'integer|"a"'),
        ("local x if y then x = 1 end if x == nil then x = 'a' end print(<!x!>)", '"a"|integer'),
        ("local x if y then x = 1 else x = 'a' end print(<!x!>)", 'integer|"a"'),
        (
            "local x if y then x = 1 elseif z then x = 'a' else error() end print(<!x!>)",
            'integer|"a"',
        ),
        ("local x = f() if type(x) == 'string' then print(<!x!>) end", "string"),
        ("local x = f() if type(x) ~= 'table' then return end print(<!x!>)", "table"),
        ("local x = y and 1 or 'a' if type(x) == 'number' then print(<!x!>) else print(<!x!>) end",
         '1 "a"'),
        ("local x = y and 1 or 'a' if 'string' == type(x) then print(<!x!>) end", '"a"'),
        ("local x = f() if x == 'a' then print(<!x!>) end", '"a"'),
        ("local x = y and 'a' or 'b' if x ~= 'a' then print(<!x!>) end", '"b"'),
        ("local x = f() if x == nil then return end print(<!x!>)", "unknown"),
        ("local x = f() if x == nil or x == false then print(<!x!>) end", "false|nil"),
        ("local x if y then x = 1 end if y and x then print(<!x!>) end", "integer"),
        ("local x if y then x = 1 end if not (x and y) then print(<!x!>) end", "integer?"),
        ("local x if y then x = 1 end while not x do x = 'a' end print(<!x!>)", 'integer|"a"'),
        ("local x while true do if y then x = 1 break end end print(<!x!>)", "1"),
        ("local x = 1 for i = 1, 2 do x = 'a' end print(<!x!>)", 'integer|"a"'),
        ("local x = 1 repeat local z = x x = 'a' until <!z!> == <!x!>", 'integer|"a" "a"'),
        ("local n = 0 for i = 1, 2 do n = n + 1 end print(<!n!>)", "integer"),
        ("local n = 0 while n < 5 do n = n + 0.5 end print(<!n!>)", "number"),
        ("local x do local y = 1 x = y end print(<!x!>)", "1"),
        ("local x = 1 local function f() return <!x!> end", "1"),
        ("local x = 1 local function f() return <!x!> end x = 'a'", 'integer|"a"'),
        ("local x = 1 x = 'a' local function f() return <!x!> end", '"a"'),
        ("local x = false on(function() x = true end) print(<!x!>)", "boolean"),
        ("local x local function f() return <!x!> end x = 1", "integer"),
        ("local x if y then x = 1 end if x then f(function() return <!x!> end) end", "integer"),
        ("for i = 1, 2 do local x if i == 1 then goto on end x = 1 print(<!x!>) ::on:: end", "1"),
        ("local x = 1 goto done x = 'a' ::done:: print(<!x!>)", "integer"),
        ("local x = 1 ::again:: print(<!x!>) x = 'a' goto again", 'integer|"a"'),
        ("local x = y and { k = 'a', v = 1 } or { k = 'b', v = 'x' }\n"
         "if x.k == 'a' then print(<!x.v!>) else print(<!x.v!>) end", "integer string"),
        ("local x = f() if math.type(x) == 'integer' then print(<!x!>) end", "integer"),
        ("local x = nil if x then print(<!x!>) end", "never"),
        ("local x = f() return x and x.y and <!x!>", "unknown"),
    ],
)  # fmt: skip
def test_narrowing(source: str, expected: str) -> None:
    assert " ".join(types_of(source)) == expected


FIELD = "local t = { a = y and 1 or nil } "


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("if t.a then print(<!t.a!>) else print(<!t.a!>) end print(<!t.a!>)",
         "integer nil integer?"),
        ("if not t.a then print(<!t.a!>) elseif y then print(<!t.a!>) end", "nil integer"),
        ("if t['a'] ~= nil and y then print(<!t.a!>) end", "integer"),
        ("if nil == t.a or y then print(<!t.a!>) end", "integer?"),
        ("print(t.a and <!t.a!>, t.a or <!t.a!>)", "integer nil"),
        ("while t.a do print(<!t.a!>) end", "integer"),
        ("local function f() if not t.a then return end print(<!t.a!>) end", "integer"),
        ("local function f() assert(t.a) print(<!t.a!>) end", "integer"),
        ("if t.a then g(t) t.b = 1 print(<!t.a!>) end", "integer"),
        ("if t.a then t.a = h() print(<!t.a!>) end", "integer|unknown|nil"),
        ("if t.a then print(<!t.a!>) t.a = nil end", "integer"),
        ("if t.a then t = h() print(<!t.a!>) end", "integer?"),
        ("if t.a then t[k] = nil print(<!t.a!>) end", "integer?"),
        ("if t.a then while y do print(<!t.a!>) t.a = nil end end", "integer?"),
        ("if t.a then g(function() return <!t.a!> end) end", "integer?"),
        ("if t.a then ::again:: print(<!t.a!>) t.a = nil goto again end", "integer?"),
        ("if t.a then local t = { a = y and 'b' or nil } print(<!t.a!>) end", "string?"),
        ("if (type(u.v) == 'string') then print(<!u.v!>) end", "string"),
        ("if type(u.v) ~= 'table' then return end print(<!u.v!>)", "unknown"),
        ("shared = y and 1 or nil if shared then print(<!shared!>) end", "integer"),
        ("if unheard == 'a' then print(<!unheard!>) end", '"a"'),
    ],
)  # fmt: skip
def test_narrowing_of_fields_and_globals(source: str, expected: str) -> None:
    assert " ".join(types_of(FIELD + source)) == expected


def test_what_replaces_nil_is_one_of_several_values() -> None:
    check_types(
        """
        local t = f() if t == nil then t = { a = 1 } end print(<!t!>, <!t.a!>)
        local u = f() if not u then u = {} end u.x = 1 print(<!u!>)
        g = f() if g == nil then g = { a = 1 } end print(<!g!>)
        """,
        "{ a: integer }|unknown",
        "integer|unknown",
        "{ x: integer }|unknown",
        "unknown|{ a: integer }",
    )


def test_the_library_by_version() -> None:
    check_types("print(<!unpack!>)", "unknown")
    check_types("local <!x!> = unpack({ 1 })", "integer", dialect="5.1")
    check_types("local <!x!> = table.pack(1)", "unknown", dialect="5.1")
    check_types("local <!x!> = bit.band(1, 2)", "integer", dialect="luajit")
    check_types("print(<!string.rep!>)",
                "fun(text: string, count: integer): string", dialect="5.1")  # fmt: skip
    check_types("function string.twice(s) return s .. '!' end local s = 'a' print(<!s:twice()!>)",
                "string")  # fmt: skip
    check_types("local setmetatable = setmetatable local t =\n"
                "setmetatable({}, { __index = { a = 1 } }) print(<!t.a!>)", "integer")  # fmt: skip
    check_types("local function require() return 1 end local <!x!> = require('a')", "integer")


def test_work_is_bounded() -> None:
    chain = "local x0 = 1\n" + "".join(f"local x{n + 1} = x{n}\n" for n in range(500))
    check_types(chain + "print(<!x500!>)", "unknown")
    check_types("local x = " + "1 + " * 3000 + "1 print(<!x!>)", "unknown")
    wide = "".join(f"if y == {n} then x = '{n}' end " for n in range(40))
    check_types(f"local x {wide} print(<!x!>)", "unknown")
    long = "".join(f"elseif x == {n} then y = 1 " for n in range(1500))
    check_types(f"local x = f() if x then {long} end print(<!x!>)", "unknown|false|nil")
    grow = "".join(f"function f{n}() return f{n + 1}() or f{n + 2}() end\n" for n in range(200))
    assert types_of(f"{grow} print(<!f0()!>)")


CLASS = """
    local Point = {}
    Point.__index = Point
    function Point.new(x) local self = setmetatable({}, Point) self.x = 1 return self end
    function Point:move(dx) self.moved = true return self end
    function Point:where() return self.x end
"""


def test_the_same_question_has_the_same_answer_in_any_order() -> None:
    source = CLASS + "local p = Point.new(1) print(<!p!>, <!p.x!>, <!p:where()!>)"
    space = Space(source)
    (module,) = space.modules.values()
    (marks,) = space.files.values()
    nodes = [
        node
        for node in walk(module.tree.body)
        if isinstance(node, Expression) and (node.start, node.end) in marks.ranges
    ]
    answers = []
    for order in (nodes, list(reversed(nodes))):
        types = Types(space)
        text = types.text(module.tree, module.uri)
        found = {}
        for node in order:
            with types.asking(text):
                found[node.start] = types.printer.text(types.expression(text, node))
        answers.append(dict(sorted(found.items())))
    assert answers[0] == answers[1]


@settings(max_examples=examples(60), deadline=None, suppress_health_check=list(HealthCheck))
@given(programs(), st.data())
def test_every_expression_of_a_program_has_a_type(
    program: tuple[Dialect, str], data: st.DataObject
) -> None:
    dialect, source = program
    tree = parse(source[: data.draw(st.integers(0, len(source)))], dialect)
    types = Types()
    text = types.text(tree)
    for node in walk(tree.body):
        if isinstance(node, Expression):
            with types.asking(text):
                assert types.printer.text(types.expression(text, node))


WORDS = """
local x = y . : ( ) { } [ ] , if then else end function f return self setmetatable and or not ==
nil 1 'a' while do break ---@type
"""


@settings(max_examples=examples(100), deadline=None)
@given(
    st.sampled_from(DIALECTS),
    st.lists(
        st.sampled_from([*WORDS.split(), "\n"]),
        max_size=40,
    ).map(" ".join),
)
def test_any_text_has_types(dialect: Dialect, source: str) -> None:
    tree = parse(source, dialect)
    types = Types()
    text = types.text(tree)
    with types.asking(text):
        for node in walk(tree.body):
            if isinstance(node, Expression):
                assert types.printer.text(types.expression(text, node))

"""For each code the texts in which it is found on the ranges, and those in which it is not.

The file is long because every code is in it. A text that begins with ``LUA:`` is read as that Lua.
"""

from __future__ import annotations

from typing import NamedTuple


class Cases(NamedTuple):
    """What must be found, and what must stay silent."""

    found: tuple[str, ...]
    silent: tuple[str, ...]


def _names(count: int) -> str:
    return ", ".join(f"_{one}" for one in range(count))


GRAMMAR = {
    "syntax-error": Cases(
        ("x = <!=!> 1", "if a <!&&!> b then end", "f(1 <!2!>)", "x = <!!>"),
        ("x = 1", "if a and b then f() end", "-- x = = 1"),
    ),
    "wrong-version-syntax": Cases(
        ("5.1: x = 7 <!//!> 2", "5.1: x = 7 <!&!> 2", "5.2: x = 7 <!//!> 2"),
        ("5.4: x = 7 // 2", "5.1: x = 7 / 2", "luajit: goto done ::done::"),
    ),
    "compile-limit": Cases(
        (
            f"<!local {_names(201)}!>",
            f"print(1)\n<!local {_names(201)}!>",
            f"<!function f({_names(201)}) end!>",
        ),
        (f"local {_names(200)}", f"function f({_names(200)}) end", "x = ((((1))))"),
    ),
    "undefined-label": Cases(
        ("goto <!a!>", "do ::a:: end goto <!a!>", "function f() goto <!a!> end ::a::"),
        ("goto a ::a::", "::a:: do goto a end", "goto a do f() end ::a::"),
    ),
    "duplicate-label": Cases(
        ("::a:: ::<!a!>::", "::a:: do ::<!a!>:: end", "::a:: f() ::<!a!>::"),
        ("::a:: ::b::", "do ::a:: end do ::a:: end", "::a:: function f() ::a:: end"),
    ),
    "break-outside-loop": Cases(
        ("<!break!>", "if a then <!break!> end", "while a do function f() <!break!> end end"),
        ("while a do break end", "repeat break until a", "for i = 1, 2 do if i then break end end"),
    ),
    "vararg-outside-function": Cases(
        (
            "function f() return <!...!> end",
            "function f(...) return function() return <!...!> end end",
            "function f(a) g(<!...!>) end",
        ),
        ("return ...", "function f(...) return ... end", "f = function(...) g(...) end"),
    ),
    "assign-to-const": Cases(
        (
            "local a <const> = 1; <!a!> = 2",
            "local a <close> = nil; <!a!> = 2",
            "local a <const> = 1; function f() <!a!> = 2 end",
        ),
        (
            "local a <const> = 1; local a = 2; a = 3",
            "local a = 1; a = 2",
            "local a <const> = {}; a.b = 1",
        ),
    ),
    "undeclared-name": Cases(
        (
            "5.5: global a; a = 1; <!b!> = 2",
            "5.5: global none; <!print!>(none)",
            "5.5: global <const> a; f = <!g!>".replace("f = ", "a(").replace("<!g!>", "<!g!>)"),
        ),
        ("5.5: a = 1", "5.5: global *; a = 1", "5.5: do global a end; b = 1"),
    ),
}

NAMES = {
    "implicit-global": Cases(
        (
            "function f() <!a!> = 1 end",
            "function f() function <!g!>() end end",
            "local function f() <!a!> = 1 return a end",
            "-- main.lua --\nfunction f() <!a!> = 1 end\n-- b.lua --\nreturn a",
        ),
        (
            "a = 0 function f() a = 1 end",
            "function f() local a; a = 1 end",
            "function f() _G.a = 1 end",
            "function f() local _ENV = {}; a = 1 end",
            "-- main.lua --\nfunction f() a = 1 end\n-- b.lua --\na = 0",
            "5.1: function f() setfenv(1, {}) a = 1 end",
        ),
    ),
    "undefined-global": Cases(
        ("<!pritn!>(1)", "x = <!y!>", "function f() return <!nowhere!>.a end"),
        (
            "print(1)",
            "x = 1 y = x",
            "-- main.lua --\nf(shared)\n-- a.lua --\nshared = 1\nf = print",
        ),
    ),
    "unresolved-require": Cases(
        (
            "require(<!'nowhere'!>)",
            'local m = require <!"a.b"!>',
            "-- main.lua --\nrequire(<!'b'!>)\n-- a.lua --\nreturn 1",
        ),
        (
            "require('string')",
            "require(name)",
            "-- main.lua --\nrequire('a')\n-- a.lua --\nreturn 1",
        ),
    ),
    "read-only-global": Cases(
        ("<!print!> = 1", "function <!assert!>() end", "<!string!>, x = {}, 2"),
        (
            "local print = 1; print = 2",
            "string = string or {}",
            "5.4: unpack = table.unpack",
            "string.trim = 1",
        ),
    ),
    "unset-local": Cases(
        (
            "local <!a!>; print(a)",
            "local <!a!>, b; b = 1; print(a, b)",
            "local <!f!>; function g() return f() end",
        ),
        (
            "local a; a = 1; print(a)",
            "local a = nil; print(a)",
            "local f; function f() end f()",
            "local a",
        ),
    ),
    "redefined-local": Cases(
        (
            "local a = 1; local <!a!> = 2",
            "local function f(a) local <!a!> = 1; return a end",
            "local a; local function <!a!>() end",
        ),
        (
            "local a; do local a end",
            "do local a end local a",
            "local _ = 1; local _ = 2",
            "local a, b",
        ),
    ),
    "shadowed-local": Cases(
        (
            "local a; do local <!a!> end",
            "local a; function f(<!a!>) return a end",
            "local i; for <!i!> = 1, 2 do print(i) end",
        ),
        (
            "local a; local a",
            "do local a end do local a end",
            "function t:f() function t:g() end end",
            "for i = 1, 2 do end for i = 1, 2 do end",
        ),
    ),
    "unused-local": Cases(
        ("local <!a!> = 1", "local <!a!>, b = f(); print(b)", "do local <!a!> end"),
        (
            "local a = 1; print(a)",
            "local _, _a = 1, 2",
            "local a <close> = f()",
            "local a; function f() return a end",
            "local a = 1\nprint(a",
            "---@meta\nlocal a = 1",
        ),
    ),
    "unused-function": Cases(
        (
            "local function <!f!>() end",
            "local <!f!> = function() end",
            "local function <!f!>() return f() end",
        ),
        (
            "local function f() end f()",
            "function f() end",
            "local function _f() end",
            "local f; f = function() end f()",
        ),
    ),
    "unused-argument": Cases(
        (
            "function f(<!a!>) return 1 end",
            "function f(a, <!b!>) return a end",
            "function t:f(<!a!>) return self end",
        ),
        (
            "function f(a, b) return b end",
            "function f(_a) return 1 end",
            "function f(a) end",
            "function t:f() return 1 end",
            "function f(a, ...) return ... end".replace("f(a, ...)", "f(...)"),
        ),
    ),
    "unused-loop-variable": Cases(
        (
            "for <!i!> = 1, 2 do f() end",
            "for k, <!v!> in pairs(t) do f(k) end",
            "for <!k!>, <!v!> in pairs(t) do f() end",
        ),
        (
            "for i = 1, 2 do f(i) end",
            "for k, v in pairs(t) do f(v) end",
            "for _, _v in pairs(t) do f() end",
        ),
    ),
    "unused-vararg": Cases(
        (
            "function f(<!...!>) return 1 end",
            "f = function(a, <!...!>) return a end",
            "5.5: function f(...<!args!>) return 1 end",
        ),
        (
            "function f(...) return ... end",
            "function f(...) end",
            "5.1: function f(...) return arg end",
            "function f(...) local t = {...} return t end",
        ),
    ),
    "unused-label": Cases(
        ("::<!a!>::", "do ::<!a!>:: f() end", "::a:: ::<!b!>:: goto a"),
        ("::a:: goto a", "goto a ::a::", "::_a::"),
    ),
    "write-only-local": Cases(
        (
            "local <!a!>; a = 1",
            "local <!a!> = 1; function f() a = 2 end",
            "local <!f!>; function f() end",
        ),
        ("local a; a = 1; print(a)", "local a = {}; a.b = 1", "local _a; _a = 1"),
    ),
}

FLOW = {
    "empty-block": Cases(
        (
            "<!if a then!> end",
            "<!do!> end",
            "if a then f() <!else!> end",
            "<!while a do!> end",
            "<!for i = 1, 2 do!> end",
        ),
        (
            "if a then f() end",
            "if a then --[[ nothing ]] end",
            "while f() do end",
            "for _ in f() do end",
            "function f() end",
        ),
    ),
    "empty-statement": Cases(
        ("<!;!>", "f();<!;!>", "do <!;!> end"),
        ("f();", "f(); g();", "local a; f(a)"),
    ),
    "redundant-return": Cases(
        (
            "function f() g() <!return!> end",
            "local function f() <!return!> end",
            "f = function() g() <!return;!> end".replace("<!return;!>", "<!return!>;"),
        ),
        ("function f() return 1 end", "function f() if a then return end g() end", "return"),
    ),
    "unreachable-code": Cases(
        (
            "while a do break <!f()!> end",
            "error('x') <!f() g()!>",
            "while true do f() end <!g()!>",
            "if a then error('x') else os.exit() end <!f()!>",
            "do do return end <!f()!> end",
            "goto a <!f()!> do ::b:: end".replace(" do ::b:: end", ""),
        ),
        (
            "while a do break end f()",
            "goto a f() ::a:: g()",
            "if a then return end f()",
            "while true do if a then break end end f()",
            "local error = print error('x') f()",
            "error('x');",
        ),
    ),
    "endless-loop": Cases(
        (
            "<!while!> true do end",
            "<!while!> 1 do x = x + 1 end",
            "<!repeat!> x = x + 1 until false",
        ),
        (
            "while true do f() end",
            "while true do if x then break end end",
            "repeat x = x + 1 until x",
            "while true do goto a end ::a::",
        ),
    ),
    "single-pass-loop": Cases(
        (
            "<!while!> a do f() break end",
            "function f() <!for!> i = 1, 2 do return i end end",
            "<!repeat!> f() break until a",
            "<!for!> k in pairs(t) do f(k) break end",
        ),
        (
            "while a do if b then break end end",
            "function f() for k in pairs(t) do return k end end",
            "while a do goto next ::next:: break end",
            "while a do f() end",
        ),
    ),
    "count-down-loop": Cases(
        (
            "for i = <!10, 1!> do f(i) end",
            "for i = <!#t, 1!> do f(i) end",
            "for i = <!1, 10, -1!> do f(i) end",
            "for i = <!1, 10, 0!> do f(i) end",
        ),
        (
            "for i = 1, 10 do f(i) end",
            "for i = 10, 1, -1 do f(i) end",
            "for i = #t, 1, -1 do f(i) end",
            "for i = a, 1 do f(i) end",
            "for i = 1, 1 do f(i) end",
            "for i = 1, 0.5 + a do f(i) end",
        ),
    ),
    "constant-condition": Cases(
        (
            "if <!true!> then f() end",
            "if a then f() elseif <!'x'!> then g() end",
            "while <!a and false!> do f() end",
            "if <!not nil!> then f() end",
        ),
        (
            "if a then f() end",
            "while true do f() end",
            "repeat f() until true",
            "if a or b then f() end",
        ),
    ),
    "same-branches": Cases(
        (
            "if a then f() else <!f()!> end",
            "if a then f() elseif b then <!f()!> end",
            "if a then f() g() elseif b then h() else f() end".replace(
                "h() else f() end", "<!f() g()!> end"
            ),
        ),
        (
            "if a then f() else g() end",
            "if a then f() elseif b then g() else f() end",
            "if a then --[[ a ]] else --[[ a ]] end",
        ),
    ),
    "repeated-condition": Cases(
        (
            "if a then f() elseif <!a!> then g() end",
            "if a == 1 then f() elseif b then g() elseif <!a == 1!> then h() end",
            "if a.b then f() elseif <!a.b!> then g() end",
        ),
        (
            "if a then f() elseif b then g() end",
            "if f() then f() elseif f() then g() end",
            "if a then f() end if a then g() end",
        ),
    ),
}

VALUES = {
    "redundant-value": Cases(
        ("local a = 1, <!2!>", "a, b = 1, 2, <!3, 4!>", "a = f(), <!g()!>"),
        ("local a, b = 1, 2", "a, b = f()", "return 1, 2"),
    ),
    "unbalanced-assignments": Cases(
        ("local a, <!b!> = 1", "a, <!b, c!> = {}", "a, b, <!c!> = f(), 1"),
        ("local a, b", "local a, b = f()", "a, b = ...", "local a, b = nil", "a, b, c = 1, f()"),
    ),
    "almost-swapped": Cases(
        (
            "<!a = b b = a!>",
            "function f() <!t[1] = t[2] t[2] = t[1]!> end",
            "x = 1 <!a.b = c; c = a.b!>",
        ),
        ("a, b = b, a", "a = b b = c", "a = b f() b = a", "a = f() f = a"),
    ),
    "self-assignment": Cases(
        ("<!a = a!>", "<!a.b = a.b!>", "a, b = b, a <!c = c!>"),
        ("local print = print", "a = b", "f().a = f().a", "a.b = b.a"),
    ),
    "duplicate-index": Cases(
        ("return {a = 1, <!a!> = 2}", "return {1, [<!1!>] = 2}", "return {['a'] = 1, <!a!> = 2}"),
        (
            "return {a = 1, b = 2}",
            "return {[x] = 1, [x] = 2}",
            "return {[1] = 1, ['1'] = 2}",
            "return {[true] = 1, [1] = 2}",
        ),
    ),
    "duplicate-set-field": Cases(
        (
            "local M = {} function M.f() end function <!M.f!>() end",
            "local M = {} function M:f() end function <!M.f!>() end",
            "local M = {} function M.a.f() end function <!M.a.f!>() end",
        ),
        (
            "local M = {} function M.f() end function M.g() end",
            "local M = {} function M.f() end local M = {} function M.f() end",
            "local M = {} if a then function M.f() end else function M.f() end end",
            "function f() end function f() end",
        ),
    ),
    "newline-call": Cases(
        (
            "a = b\n<!(c)!>",
            "local a = f()\n<!(g or h)()!>".replace("()!>", "!>()"),
            "return {\n  a\n  <!(b)!>\n}",
        ),
        ("a = b;\n(c)()", "f(\n1)", "f\n'x'", "return {\n  a,\n  (b)\n}"),
    ),
    "confusing-precedence": Cases(
        (
            "return <!not a == b!>",
            "return <!not a > 1!>",
            "return <!a or 0 + 1!>",
            "return <!a or '' .. b!>",
        ),
        (
            "return not (a == b)",
            "return (not a) == b",
            "return not a == not b",
            "return a or b + c",
            "return (a or 0) + 1",
        ),
    ),
    "suspicious-comparison": Cases(
        (
            "return <!a == {}!>",
            "return <!a ~= 0 / 0!>",
            "return <!type(a == 'string')!>",
            "return <!type(a) == 'strnig'!>",
            "return <!type(a) == nil!>",
            "return <!#a == nil!>",
            "return <!a < a!>",
            "return <!1 < a < 3!>",
            "return <!a == function() end!>",
        ),
        (
            "return a ~= a",
            "return type(a) == 'string'",
            "return #a == 0",
            "local type = f return type(a) == 'x'",
            "return (a < b) == true",
            "return a == nil",
            "return next(a) == nil",
        ),
    ),
    "bad-escape": Cases(
        (r"5.1: return '<!\d!>'", r'5.1: return "a<!\%!>b"', r"5.1: return '\n<!\x!>41'"),
        (r"5.1: return '\n\065\\'", r"5.1: return [[\d]]", r"5.4: return '\x41\z  b'"),
    ),
    "concat-in-loop": Cases(
        (
            "local s = '' for i = 1, 2 do <!s!> = s .. i end",
            "local s = '' while a do <!s!> = s .. a .. b end",
            "for i = 1, 2 do if i then <!s!> = s .. i end end",
        ),
        (
            "for i = 1, 2 do local s = '' s = s .. i end",
            "s = s .. 'x'",
            "local s = '' for i = 1, 2 do s = i .. s end",
            "for i = 1, 2 do f(function() s = s .. i end) end",
        ),
    ),
    "load-of-input": Cases(
        (
            "load(<!'return ' .. a!>)",
            "5.1: loadstring(<!string.format('%s', a)!>)",
            "load(<!('x = %d'):format(a)!>)",
        ),
        ("load('return ' .. '1')", "load(a)", "load(f)", "local load = f load('x' .. a)"),
    ),
    "command-of-input": Cases(
        (
            "os.execute(<!'ls ' .. a!>)",
            "io.popen(<!string.format('ls %s', a)!>)",
            "os.execute(<!('ls ' .. a .. ' | sort')!>)",
        ),
        (
            "os.execute('ls')",
            "io.popen(command)",
            "local os = f os.execute('a' .. b)",
            "os.remove('a' .. b)",
        ),
    ),
    "secret-in-source": Cases(
        (
            "local password = <!'gh5Kq82LmzP0tX'!>",
            't = { api_key = <!"a1b2c3d4e5f6g7"!> }',
            "x = <!'AKIAIOSFODNN7EXAMPLE'!>",
        ),
        (
            "local password = 'hunter'",
            "-- password = 'gh5Kq82LmzP0tX'",
            "local secret = os.getenv('SECRET')",
            "t = { token_pattern = '%d+%a+%d+12abcdef' }",
        ),
    ),
}

ANNOTATIONS = {
    "doc-syntax-error": Cases(
        ("---<!@param!>", "---<!@type !>", "---<!@class !>"),
        ("---@param a integer", "---@type integer", "-- @param"),
    ),
    "unknown-doc-tag": Cases(
        ("---<!@retrun!> integer", "---<!@parm!> a integer", "---<!@clas!> A"),
        ("---@return integer", "---@author me", "-- mail me@retrun.org"),
    ),
    "unknown-operator": Cases(
        tuple(f"---@class A\n---@operator <!{name}!>(A): A" for name in ("plus", "minus", "times")),
        tuple(f"---@class A\n---@operator {name}(A): A" for name in ("add", "sub", "concat")),
    ),
}

ALL = {**GRAMMAR, **NAMES, **FLOW, **VALUES, **ANNOTATIONS}

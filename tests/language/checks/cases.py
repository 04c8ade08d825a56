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
        (
            "<!pritn!>(1)",
            "x = <!y!>",
            "function f() return <!nowhere!>.a end",
            "x = <!null!>",
            "f = <!unpack!> function f() return <!unpack!>({}) end",
        ),
        (
            "print(1)",
            "x = 1 y = x",
            "f = table.unpack or unpack function f() return unpack({}) end",
            "if setfenv then setfenv(1, {}) end",
            "f = loadstring ~= nil and loadstring or load",
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
    "different-requires": Cases(
        (
            "-- main.lua --\nrequire('a.b') require(<!'a/b'!>)\n-- a/b.lua --\nreturn 1",
            "-- main.lua --\nrequire(<!'a.init'!>) require('a')\n-- a/init.lua --\nreturn 1",
            "-- main.lua --\nrequire(<!'sea/tides'!>) require('sea.port')\n"
            "-- sea/tides.lua --\nreturn 1\n-- sea/port.lua --\nreturn require('sea.tides')",
        ),
        (
            "-- main.lua --\nrequire('a.b') require('a.b')\n-- a/b.lua --\nreturn 1",
            "-- main.lua --\nrequire('a') require('b')\n-- a.lua --\nreturn 1\n-- b.lua --",
            "-- main.lua --\nrequire('string') require('nowhere')\n-- a.lua --\nreturn 1",
            "-- main.lua --\nrequire('tides')\n-- sea/tides.lua --\n-- other.lua --\n"
            "require('sea.tides')",
            # what lies beside a file may not be what it asks for
            "-- main.lua --\nrequire('sea.tides') require('sea.port')\n"
            "-- sea/tides.lua --\nreturn 1\n-- sea/port.lua --\nreturn require('tides')",
            "-- main.lua --\nrequire('sea.tides')\n-- sea/tides.lua --\nrequire('tides')",
        ),
    ),
    "circular-require": Cases(
        (
            "-- main.lua --\nrequire(<!'a'!>)\n-- a.lua --\nlocal m = require('main')",
            "-- main.lua --\nrequire(<!'a'!>)\n-- a.lua --\nrequire('b')\n-- b.lua --\n"
            "require('c') require('main')\n-- c.lua --",
            "-- main.lua --\nif x then require(<!'a'!>) end\n-- a.lua --\nreturn require('main')",
        ),
        (
            "-- main.lua --\nrequire('a')\n-- a.lua --\nreturn 1",
            "-- main.lua --\nrequire('a')\n-- a.lua --\nfunction f() require('main') end",
            "-- main.lua --\nrequire('main')",
            "-- main.lua --\nfunction f() require('a') end\n-- a.lua --\nrequire('main')",
            "-- main.lua --\nrequire('a')\n-- a.lua --\nrequire('b')\n-- b.lua --\nrequire('a')",
        ),
    ),
    "read-only-global": Cases(
        (
            "<!print!> = 1",
            "function <!assert!>() end",
            "<!string!>, x = {}, 2",
            "<!string.upper!> = f",
            "function <!os.exit!>() end",
            "f() <!io . write!> = function(a) return a end",
        ),
        (
            "os.execute = nil",
            "local write = io.write io.write = function(...) write(...) end",
            "if not table.unpack then table.unpack = f end",
            "table.unpack = table.unpack or f",
            "package.path = './?.lua'",
            "local string = {} string.upper = f",
            "5.1: table.unpack = f",
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
            "local a; print(<!a!>); a = 1; print(a)",
            "local a, b; f(<!a!>, <!b!>) a, b = g() f(a, b)",
        ),
        (
            "local a; if b then a = 1 end print(a)",
            "local a; if not a then a = 1 end print(a)",
            "local a; for i = 1, 2 do print(a) a = i end",
            "local a; function f() print(a) end a = 1",
            "local a; local b = a or 1 a = b print(a)",
            "local a, b = f() print(b) a = 1 print(a)",
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
            "local a = f(function(a) return a end) print(a)",
            "for i = 1, 2 do end for i = 1, 2 do end",
        ),
    ),
    "unused-local": Cases(
        (
            "local <!a!> = 1",
            "local <!a!>, b = f(); print(b)",
            "do local <!a!> end",
            "local <!a!> = 1 print('---@meta')",
        ),
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
            "function f(a, ...) return ... end",
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
            "local <!a!> = {}; a.b = 1; a[2], a.c = 1",
            "do local <!a!> = { 1 } function a.f() end function a:g() end end",
        ),
        (
            "local a = {} a.b = 1 return a",
            "local a = f() a.b = 1",
            "local a = {} a.b = 1 print(a.b)",
            "local a = {} a.b.c = 1",
            "local a = setmetatable({}, t) a.b = 1",
            "local a = {} t[a] = 1 a.b = 1",
            "local a; a = 1; print(a)",
            "local _a; _a = 1",
        ),
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
            "if a then f() elseif b then g() else <!g()!> end",
            "if a then f() g() else <!f() g()!> end",
        ),
        (
            "if a then f() elseif b then f() else g() end",
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
        ("<!a = a!>", "local a = 1 <!a = a!>", "a, b = b, a <!c = c!>"),
        ("local print = print", "a = b", "a.b = a.b", "a.b = b.a"),
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
            "return a and b or 1 + 2",
            "return a or 'x' .. b",
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
    "bad-format": Cases(
        (
            "string.format(<!'%d %d'!>, 1)",
            "string.format(<!'%y'!>, 1)",
            "string.format(<!'100%'!>)",
            "string.format('%d', <!{}!>)",
            "string.format('%5.2f %s', <!true!>, 1)",
            "string.format('%s', 1, <!2, 3!>)",
            "string.format(<!'%123d'!>, 1)",
            "f((<!'%s'!>):format())",
            "5.1: string.format(<!'%s'!>)",
        ),
        (
            "string.format('%d %-5s %%', 1, 2)",
            "string.format('%d %d', f())",
            "string.format('%d %d', ...)",
            "string.format('%d', '10')",
            "string.format('%s %s', {}, nil)",
            "string.format('%+05.1f %x %q %c %p', 1, 2, 'a', 65, {})",
            "local string = f() string.format('%d')",
            "string = f() string.format('%d')",
            "string.format(f(), 1)",
            "('%d'):rep(3)",
            "---@class Big\n---@type Big\nlocal a = f() string.format('%d', a)",
        ),
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

CALLS = {
    "redundant-parameter": Cases(
        (
            "local function f(a) return a end f(1, <!2, 3!>)",
            "local M = {} function M:f() return self end M:f(<!1!>)",
            "local f = function() return 1 end f(<!1!>)",
            "math.abs(1, <!2!>)",
        ),
        (
            "local function f(a) return a end f(g())",
            "local function f(...) return ... end f(1, 2)",
            "local function f() return 1 end f = g f(1)",
            "---@overload fun(a, b)\nlocal function f(a) return a end f(1, 2)",
            "f(1, 2)",
        ),
    ),
    "missing-parameter": Cases(
        (
            "table.<!concat!>()",
            "string.<!rep!>()",
            "---@param a integer\nlocal function f(a) return a end <!f!>()",
        ),
        (
            "local function f(a) return a end f()",
            "---@param a? integer\nlocal function f(a) return a end f()",
            "---@param a integer|nil\nlocal function f(a) return a end f()",
            "setmetatable(f())",
        ),
    ),
    "colon-mismatch": Cases(
        (
            "local M = {} function M:f() return self end M<!.f!>()",
            "local M = {} function M.f() return 1 end M<!:f!>()",
            "local M = {} function M.f(a) return a end M<!:f!>(1)",
        ),
        (
            "local M = {} function M:f() return self end M:f()",
            "local M = {} function M:f() return self end M.f(M)",
            "local M = {} function M.f(self, a) return self, a end M:f(1)",
            "local M = {} function M.f(...) return ... end M:f(1)",
            "local M = {} function M.f(a, b) return a, b end M:f(1)",
        ),
    ),
    "call-non-callable": Cases(
        ("local a = 1 <!a!>()", "local t = { x = 'a' } <!t.x!>()", "local a = true <!a!>(1)"),
        (
            "local a = f() a()",
            "local a = 1 a = f a()",
            "local t = setmetatable({}, { __call = f }) t()",
            "f()",
        ),
    ),
    "close-non-object": Cases(
        (
            "local a <close> = <!1!>",
            "local a <const>, b <close> = 1, <!{ x = 1 }!>",
            "local name = 'a' local a <close> = <!name!>",
            "local a <close> = <!function() end!>",
            "local a <close> = <!true!>",
            "5.5: local <close> a = <!1!>",
        ),
        (
            "local a <close> = nil",
            "local a <close> = false",
            "local a <close> = io.open('a')",
            "local a <close> = f()",
            "local a <close> = setmetatable({}, { __close = f })",
            "local a <const> = 1",
        ),
    ),
    "deprecated": Cases(
        (
            "---@deprecated\nlocal function f() end <!f!>()",
            "local M = {}\n---@deprecated use g\nfunction M.f() end M.<!f!>()",
            "local M = {}\n---@deprecated\nfunction M:f() end M:<!f!>()",
            "5.1: x = table.<!getn!>(t)",
            "---@deprecated\nold = 1\nx = <!old!>",
            "local M = {}\n---@deprecated\nM.size = 1\nprint(M.<!size!>, M.other)",
            "---@deprecated\nlocal a = 1\nfor i = <!a!>, 2 do print(i) end",
            "luajit: x = math.<!pow!>(a, b)",
            "5.1: x = <!gcinfo!>()",
            "5.2: x = math . <!pow!>",
        ),
        (
            "---@deprecated\nlocal old = 1\nold = 2",
            "local M = {}\n---@deprecated\nM.size = 1\nM.size = 2\nprint(M.other)",
            "5.1: x = unpack(t) f = loadstring setfenv(1, {})",
            "5.1: local table = f() x = table.getn(t)",
            "5.1: table = f() x = table.getn(t)",
            "5.1: x = string.gmatch(a, b) y = math.powder",
            "5.2: x = bit32.band(a, b)",
            "local function f() end f()",
            "---@deprecated\nlocal function f() end",
            "---@deprecated\nlocal a = 1 a()",
        ),
    ),
    "discard-returns": Cases(
        (
            "string.<!format!>('%d', 1)",
            "<!tonumber!>('1')",
            "---@nodiscard\nlocal function f() return 1 end <!f!>()",
        ),
        (
            "local a = string.format('%d', 1)",
            "string.gsub('a', 'b', print)",
            "local function tonumber() end tonumber('1')",
            "print(string.upper('a'))",
        ),
    ),
}

TYPES = {
    "undefined-field": Cases(
        (
            "print(string.<!uper!>)",
            "math.<!flor!>(1)",
            "---@class A\n---@field x integer\n\n---@type A\nlocal a = f()\nprint(a.<!y!>)",
            "print(table.<!unpakc!>)",
            "x = math.<!pow!>(1, 2) y = table.<!getn!>({})",
            "local s = 'a' print(s:<!uper!>())",
            "print(('a'):upper():<!lowr!>())",
            "local t = { a = 1, ['b c'] = 2 } print(t.<!c!>)",
            "local t = { a = 1 } t.b = 2 function t.f() end print(t.a, t.b, t.f, t.<!c!>)",
        ),
        (
            "string.trim = f print(('a'):trim())",
            "function f(s) return s:uper() end",
            "if ('a').trim then print(1) end",
            "local t = { a = 1 } t[k] = 2 print(t.b)",
            "local t = { a = 1 } f(t) print(t.b)",
            "local t = { a = 1 } t:f() print(t.b)",
            "local t = { a = 1 } print(t.b) return t",
            "local t = { a = 1 } t = f() print(t.b)",
            "local t = { a = 1 } if t.b then print(t.b) end",
            "local t = { a = 1 } local b = t.b or 2 print(b)",
            "local t = { a = 1, f() } print(t.b)",
            "local t = { a = 1 }\nprint(t.b)\nfunction t.b(",
            "local _ENV = { a = 1, print = print } b = 2 print(_ENV.b)",
            "local t = { [k] = 1 } print(t.b)",
            "local t = { a = 1 } function f() return t end print(t.b)",
            "local t = { a = 1 } for k in pairs(t) do f(k) end print(t.b)",
            "print(string.upper)",
            "if string.uper then print(1) end",
            "string.trim = f print(string.trim)",
            "---@class A\n---@field x integer\n\n---@type A\nlocal a = f()\nprint(a.x)",
            "---@class A\n\n---@type A\nlocal a = f()\nprint(a.y)",
            "---@class A: Unknown\n---@field x integer\n\n---@type A\nlocal a = f()\nprint(a.y)",
            "---@class A\n---@field x integer\n---@field [string] integer\n\n---@type A\n"
            "local a = f()\nprint(a.y)",
            "local t = {} print(t.x)",
        ),
    ),
    "invisible": Cases(
        (
            *(
                f"---@class A\n---@field {word} x integer\n\n"
                "---@type A\nlocal a = f()\nprint(a.<!x!>)"
                for word in ("private", "protected")
            ),
            "-- main.lua --\n---@type A\nlocal a = f()\nprint(a.<!x!>)\n"
            "-- a.lua --\n---@class A\n---@field package x integer",
        ),
        (
            "---@class A\n---@field x integer\n\n---@type A\nlocal a = f()\nprint(a.x)",
            "---@class A\n---@field private x integer\nlocal A = {}\n"
            "function A:f() return self.x end",
            "---@class A\n---@field package x integer\n\n---@type A\nlocal a = f()\nprint(a.x)",
        ),
    ),
    "need-check-nil": Cases(
        (
            "local file = io.open('a') print(<!file!>:read())",
            "---@param a string?\nfunction f(a) return <!a!>:upper() end",
            "---@type { x: integer }|nil\nlocal t = f() print(<!t!>.x)",
        ),
        (
            "local file = io.open('a') if file then print(file:read()) end",
            "local file = assert(io.open('a')) print(file:read())",
            "---@param a string?\nfunction f(a) return a and a:upper() end",
            "---@param a string?\nfunction f(a) if not a then return end return a:upper() end",
            "local t if a then t = {} end print(t.x)",
            "local a = f() print(a.b)",
            "local file = io.open('a') if not file then f() end print(file:read())",
            "local file = io.open('a') check(file) print(file:read())",
            "local a, b = ('x'):match('(x)(y)') print(a and b:upper())",
        ),
    ),
    "param-type-mismatch": Cases(
        (
            "string.rep(<!{}!>, 2)",
            "---@param a boolean\nlocal function f(a) return a end f(<!'x'!>)",
            "---@param a fun()\nlocal function f(a) return a end f(<!1!>)",
            "---@param a 'x'|'y'\nlocal function f(a) return a end f(<!'z'!>)",
        ),
        (
            "string.rep('a', 2)",
            "string.rep(1, 2)",
            "string.rep(f(), 2)",
            "---@param a Unknown\nlocal function f(a) return a end f('x')",
            "---@param a? string\nlocal function f(a) return a end f(nil)",
            "---@param a integer\nlocal function f(a) return a end f(1.5 * 2)",
            "---@generic T\n---@param a T\nlocal function f(a) return a end f('x')",
        ),
    ),
    "assign-type-mismatch": Cases(
        (
            "---@type boolean\nlocal a = <!'x'!>",
            "---@type string[]\nlocal a = <!1!>",
            "---@type integer, boolean\nlocal a, b = 1, <!{}!>",
        ),
        (
            "---@type boolean\nlocal a = true",
            "---@type string\nlocal a = f()",
            "---@type string\nlocal a = nil",
            "---@type string[]\nlocal a = {}",
            "---@type Unknown\nlocal a = 1",
        ),
    ),
    "cast-local-type": Cases(
        (
            "---@type boolean\nlocal a\n<!a!> = 'x'",
            "---@type string[]\nlocal a = {}\nfunction f() <!a!> = 1 end",
            "---@type integer, boolean\nlocal a, b\na, <!b!> = 1, {}",
        ),
        (
            "---@type boolean\nlocal a\na = true",
            "---@type boolean\nlocal a\na = nil",
            "---@type boolean\nlocal a\na = f()",
            "local a = 1\na = 'x'",
            "---@type number\nlocal a\na = '1'",
            "---@class A\nlocal A = {}\nA = setmetatable({}, f)",
            "---@param a string\nfunction f(a) a = tonumber(a) return a end",
            "---@type string|boolean\nlocal a\na = 'x' a = true",
            "---@type Unknown\nlocal a\na = 1",
        ),
    ),
    "cast-type-mismatch": Cases(
        (
            "---@type boolean\nlocal a = f()\n---@cast a <!string!>",
            "local a = 'x'\n---@cast a <!boolean!>",
            "---@param a fun()\nfunction f(a)\n  ---@cast a <!string[]!>\n  return a\nend",
        ),
        (
            "---@type string|boolean\nlocal a = f()\n---@cast a string",
            "---@type string|boolean\nlocal a = f()\n---@cast a boolean|fun()",
            "---@type string\nlocal a = f()\n---@cast a string|boolean",
            "---@type string\nlocal a = f()\n---@cast a +boolean",
            "---@type string\nlocal a = f()\n---@cast a any",
            "---@type table\nlocal a = f()\n---@cast a string[]",
            "---@class A\n---@class B: A\n\n---@type A\nlocal a = f()\n---@cast a B",
            "local a = 'x'\na = f()\n---@cast a boolean",
            "local a = f()\n---@cast a boolean",
            "---@type string?\nlocal a = f()\n---@cast a -nil",
        ),
    ),
    "inject-field": Cases(
        (
            "---@class A\n---@field x integer\n\n---@type A\nlocal a = f()\na.<!y!> = 1",
            "---@class A\n---@field x integer\n\n---@param a A\n"
            "function f(a) function a.<!g!>() end end",
            "---@class A\n---@field x integer\nlocal A = {}\n\n---@type A\nlocal a = f()\n"
            "a.x, a.<!y!> = 1, 2",
            "---@class A\n---@field x integer\n---@field b A\n\n---@type A\nlocal a = f()\n"
            "a.b.<!y!> = 1",
        ),
        (
            "---@class A\n---@field x integer\n\n---@type A\nlocal a = f()\na.x = 1",
            "---@class A\n---@field x integer\nlocal A = {}\nA.y = 1 function A.f() end",
            "---@class A\n---@field x integer\nlocal A = {}\nfunction A:f() self.y = 1 end",
            "---@class A\n\n---@type A\nlocal a = f()\na.y = 1",
            "---@class A\n---@field x integer\n---@field [string] integer\n\n---@type A\n"
            "local a = f()\na.y = 1",
            "---@class A: Unknown\n---@field x integer\n\n---@type A\nlocal a = f()\na.y = 1",
            "---@class A\n---@field x integer\nlocal A = {}\nfunction A.new()\n"
            "  local self = setmetatable({}, { __index = A })\n  self.y = 1\n  return self\nend",
            "---@class A\n---@field x integer\nlocal A = {}\nfunction A:f() self.y = 1 end\n"
            "\n---@type A\nlocal a = f()\na.y = 2",
            "local a = {} a.y = 1",
            "---@class A\n---@field x integer\n\n---@return A\nlocal function new()\n"
            "  return f()\nend\nlocal a = new()\na.y = 1",
        ),
    ),
    "missing-fields": Cases(
        (
            "---@class A\n---@field x integer\n\n---@type A\nlocal a = <!{}!>",
            "---@class A\n---@field x integer\n---@field y string\n\n---@type A\n"
            "local a = <!{ x = 1 }!>",
            "---@class A\n---@field x integer\n---@class B: A\n---@field y integer\n\n---@type B\n"
            "local b = <!{ y = 1 }!>",
        ),
        (
            "---@class A\n---@field x? integer\n\n---@type A\nlocal a = {}",
            "---@class A\n---@field x integer|nil\n\n---@type A\nlocal a = {}",
            "---@class A\n---@field x integer\n\n---@type A\nlocal a = { x = 1 }",
            "---@class A\n---@field x integer\n\n---@type A\nlocal a = { [k] = 1 }",
        ),
    ),
    "return-type-mismatch": Cases(
        (
            "---@return boolean\nfunction f() return <!'x'!> end",
            "---@return string, integer\nfunction f() return 'x', <!{}!> end",
            "---@return string\nfunction f() if a then return <!true!> end return 'x' end",
        ),
        (
            "---@return boolean\nfunction f() return true end",
            "---@return string?\nfunction f() return nil end",
            "---@return string\nfunction f() return g() end",
            "function f() return 'x' end",
        ),
    ),
    "missing-return": Cases(
        (
            "---@return integer\nfunction f() print(1) <!end!>",
            "---@return integer\nfunction f() if a then return 1 end <!end!>",
            "---@return integer\nfunction f() while a do return 1 end <!end!>",
        ),
        (
            "---@return integer\nfunction f() return 1 end",
            "---@return integer\nfunction f() if a then return 1 else error('x') end end",
            "---@return integer?\nfunction f() print(1) end",
            "---@return integer\nfunction f() end",
            "---@return integer\nfunction f() while true do if a then return 1 end end end",
        ),
    ),
    "missing-return-value": Cases(
        (
            "---@return integer\nfunction f() <!return!> end",
            "---@return integer, string\nfunction f() <!return 1!> end",
            "---@return integer\nfunction f() if a then <!return!> end return 1 end",
        ),
        (
            "---@return integer\nfunction f() return 1 end",
            "---@return integer, string\nfunction f() return g() end",
            "---@return integer, string?\nfunction f() return 1 end",
        ),
    ),
    "redundant-return-value": Cases(
        (
            "---@return integer\nfunction f() return 1, <!2!> end",
            "---@return integer\nfunction f() return 1, <!2, 3!> end",
            "---@return integer\nfunction f() if a then return 1, <!g(), 2!> end return 1 end",
        ),
        (
            "---@return integer\nfunction f() return 1 end",
            "---@return integer\nfunction f() return g() end",
            "---@return integer ...\nfunction f() return 1, 2 end",
            "function f() return 1, 2 end",
        ),
    ),
    "unused-value": Cases(
        (
            "local a = f() print(a) <!a!> = f()",
            "local <!a!> = f() a = g() print(a)",
            "local <!a!> = f() if b then a = 1 else a = 2 end print(a)",
            "function f(a) print(a) <!a!> = 1 end",
        ),
        (
            "local a = f() print(a) a = f() print(a)",
            "local a = f() if b then a = g() end print(a)",
            "local a = 1 while b do print(a) a = a + 1 end",
            "local a = f() print(a) a = nil",
            "local a = f() function g() return a end a = h()",
            "local a = 1 ::top:: print(a) a = 2 goto top",
        ),
    ),
}

DOCS = {
    "undefined-doc-name": Cases(
        ("---@type <!Nowhere!>", "---@param a <!A!>|integer", "---@return table<string, <!B!>>"),
        (
            "---@type integer",
            "---@class A\n\n---@type A",
            "---@generic T\n---@param a T",
            "-- main.lua --\n---@type A\nlocal a\n-- a.lua --\n---@class A",
        ),
    ),
    "undefined-doc-class": Cases(
        ("---@class A: <!B!>", "---@class A: <!B!>, <!C!>", "---@class A\n---@class B: A, <!C!>"),
        ("---@class A", "---@class A\n---@class B: A", "---@class A: table"),
    ),
    "undefined-doc-param": Cases(
        (
            "---@param <!b!> integer\nfunction f(a) end",
            "---@param <!...!> integer\nlocal function f() end",
            "---@param <!nmae!> integer\nlocal f = function(name) end",
        ),
        (
            "---@param a integer\nfunction f(a) end",
            "---@param ... integer\nfunction f(...) end",
            "---@param self table\nfunction t:f() end",
            "---@param a integer",
        ),
    ),
    "duplicate-doc-param": Cases(
        (
            "---@param a integer\n---@param <!a!> string\nfunction f(a) end",
            "---@param a integer\n---@param b integer\n---@param <!a!> string",
            "---@param a integer\n---@param <!a!> string\n---@param <!a!> string",
        ),
        (
            "---@param a integer\n---@param b string",
            "---@param a integer\nf()\n---@param a integer",
            "---@param a integer",
        ),
    ),
    "duplicate-doc-field": Cases(
        (
            "---@class A\n---@field x integer\n---@field <!x!> string",
            "---@class A\n---@field x integer\n---@field y integer\n---@field <!x!> string",
            "---@class A\n---@field x fun()\n---@field <!x!> string",
        ),
        (
            "---@class A\n---@field x integer\n---@class B\n---@field x integer",
            "---@class A\n---@field x fun(a: 1)\n---@field x fun(a: 2)",
            "---@class A\n---@field [string] integer\n---@field [integer] integer",
        ),
    ),
    "duplicate-doc-alias": Cases(
        (
            "---@alias A string\n---@alias <!A!> integer",
            "---@alias A string\nf()\n---@alias <!A!> integer",
            "-- main.lua --\n---@alias <!B!> string\n-- a.lua --\n---@alias B string",
        ),
        (
            "---@alias A string\n---@alias B string",
            "---@alias A string",
            "---@class A\n---@class A",
        ),
    ),
    "circle-doc-class": Cases(
        (
            "---@class A: <!A!>",
            "---@class A: <!B!>\n---@class B: <!A!>",
            "---@class A: B, <!A!>\n---@class B",
        ),
        ("---@class A\n---@class B: A", "---@class A: B\n---@class B", "---@class A: table"),
    ),
    "doc-field-no-class": Cases(
        (
            "---@field <!x!> integer",
            "---@alias A string\n---@field <!x!> integer",
            "f()\n---@field <!x!> integer",
        ),
        (
            "---@class A\n---@field x integer",
            "---@class A\n--- text\n---@field x integer",
            "---@field [string] integer",
        ),
    ),
    "unknown-cast-variable": Cases(
        (
            "---@cast <!a!> integer",
            "do local a end\n---@cast <!a!> integer",
            "---@cast <!a.b!> integer",
        ),
        ("local a\n---@cast a integer", "print(a)\n---@cast a integer", "---@cast string integer"),
    ),
    "unused-suppression": Cases(
        (
            "---@diagnostic disable-next-line: <!unused-local!>\nprint(1)",
            "print(1) ---@diagnostic disable-line: <!empty-statement!>",
            "---@diagnostic disable: unused-local, <!unused-label!>\nlocal a = 1",
            "---@diagnostic disable: <!empty-statement!>\nf()\n---@diagnostic enable\ng();;",
            "---@diagnostic disable-next-line: <!undefined-global!>\nprint(1)",
            "print(1) -- luacheck: ignore <!211!>",
            "local b = 1 -- luacheck: ignore <!211/a!> 211/b",
            "-- luacheck: push ignore <!551!>\nf()\n-- luacheck: pop\ng();;",
        ),
        (
            "---@diagnostic disable-next-line: unused-local\nlocal a = 1",
            "---@diagnostic disable-next-line: undefined-global\nprint(nowhere)",
            "---@diagnostic disable-next-line: undefined-doc-name\n---@type Nowhere\nlocal a",
            "---@diagnostic disable: doc-syntax-error\n---@param",
            "---@diagnostic disable: empty-statement\n---@diagnostic disable: unused-local\n"
            "local a\nf();;",
            # what others may see there
            "---@diagnostic disable\nprint(1)",
            "---@diagnostic disable: need-check-nil, no-print, lowercase-global\nprint(1)",
            "---@diagnostic disable-next-line: unused-local\nfunction f(a, b) return b end",
            "print(1) -- luacheck: ignore",
            "print(1) -- luacheck: ignore 631 212 2",
            "print(1) -- luacheck: ignore self",
            "if a then -- luacheck: ignore 542\nend",
            "for i, v in f do print(v) end -- luacheck: ignore 213",
            "for i, v in f do print(v) end ---@diagnostic disable-line: unused-local",
            "local _a = 1 ---@diagnostic disable-line: unused-local",
            "local function f() end ---@diagnostic disable-line: unused-local, unused-function",
            "function f(a) a = 1 end ---@diagnostic disable-line: unused-local",
            "a = 1\nprint(a) -- luacheck: ignore 113",
            "print = f(print) -- luacheck: ignore 121",
            "return not (a == b) -- luacheck: ignore 581",
            "function A:f() function B:f() end end -- luacheck: ignore 432",
            "return {\n  a = 1, -- luacheck: ignore 314\n  a = 2,\n}",
            # what nobody can tell
            "---@diagnostic disable: unused-local\nx = = 1",
            "---@meta\n---@diagnostic disable: unused-local",
            "---@diagnostic disable-next-line: unused-suppression\n"
            "---@diagnostic disable-next-line: unused-local\nprint(1)",
        ),
    ),
    "unknown-diag-code": Cases(
        tuple(
            f"---@diagnostic disable: <!{name}!>"
            for name in ("unused-locl", "undefined-globals", "need-check-nill")
        ),
        tuple(
            f"---@diagnostic disable: {name}"
            for name in ("unused-local", "no-print", "lowercase-global", "ambiguity-1")
        ),
    ),
}

ALL = {**CALLS, **TYPES, **DOCS, **GRAMMAR, **NAMES, **FLOW, **VALUES, **ANNOTATIONS}

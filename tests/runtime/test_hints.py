"""What may help against an error: each entry by code that fails, and code that does not.

The cases hold for the Lua build under test, whatever its words are.
"""

from __future__ import annotations

import pytest

from kit.live import Live
from kit.lua import build_under_test
from tidelock.shared.hints import HINTS, helps, hint_of
from tidelock.shared.model import CallFrame

DIALECT = build_under_test().dialect
ALL = "5.1 5.2 5.3 5.4 5.5 luajit"
NEW = "5.2 5.3 5.4 5.5"
INTEGERS = "5.3 5.4 5.5"

CASES = [  # the entry, the dialects where it is met, what fails, what does not
    ("stack-overflow", ALL, "local function f() return 1 + f() end f()", ""),
    ("nil-method", ALL, "local t = {} t:go()", "local t = {go = print} t:go()"),
    ("gone-unpack", NEW, "unpack({})", "table.unpack({})"),
    ("gone-loadstring", INTEGERS, "loadstring('x = 1')", "load('x = 1')"),
    ("gone-setfenv", NEW, "setfenv(1, {})", "load('x = 1', 'x', 't', {})"),
    ("not-yet-unpack", "5.1 luajit", "table.unpack({})", "unpack({})"),
    ("gone-getn", NEW, "table.getn({})", "return #{}"),
    ("nil-call", ALL, "nothing()", "print()"),
    ("nil-call", ALL, "local t = {} t.go()", "local t = {go = print} t.go()"),
    ("call-non-function", ALL, "for k in {} do end", "for k in pairs({}) do end"),
    ("call-non-function", ALL, "local n = 1 n()", "local n = print n()"),
    ("nil-index", ALL, "local t return t.x", "local t = {} return t.x"),
    ("nil-index", ALL, "return nothing.x", "return string.x"),
    ("nil-arithmetic", ALL, "local n return n + 1", "local n = 1 return n + 1"),
    ("string-arithmetic", ALL, "return 'a' + 1", "return '1' + 1"),
    ("string-arithmetic", ALL, "return 1 - 'a'", "return 1 - '1'"),
    ("nil-concat", ALL, "local x return 'a' .. x", "local x = 1 return 'a' .. x"),
    ("bad-concat", ALL, "return 'a' .. {}", "return 'a' .. tostring({})"),
    ("compare-same", ALL, "return {} < {}", "return 1 < 2"),
    ("compare-types", ALL, "return 1 < '2'", "return '1' < '2'"),
    ("nil-length", ALL, "local t return #t", "local t = {} return #t"),
    ("for-values", ALL, "for i = 1, nil do end", "for i = 1, 1 do end"),
    ("for-values", ALL, "for i = {}, 1 do end", ""),
    ("for-step", "5.4 5.5", "for i = 1, 2, 0 do end", "for i = 1, 2, 1 do end"),
    ("iterate-nil", ALL, "for k in pairs(nil) do end", "for k in pairs({}) do end"),
    ("changed-while-iterating", ALL, "next({}, 1)", "next({1}, 1)"),
    ("bad-key", ALL, "local t = {} t[nil] = 1", "local t = {} return t[nil]"),
    ("bad-key", ALL, "local t = {} t[0/0] = 1", ""),
    ("method-without-self", ALL, "string.upper()", "string.upper('a')"),
    ("bad-list-item", ALL, "table.concat({{}})", "table.concat({1})"),
    ("integer", INTEGERS, "string.rep('a', 1.5)", "string.rep('a', 1.0)"),
    ("format", ALL, "string.format('%d', 'a')", "string.format('%d', 1)"),
    ("format", ALL, "string.format('%y', 1)", ""),
    ("bad-argument", ALL, "string.rep('a', {})", "string.rep('a', 1)"),
    ("bad-pattern", ALL, "string.find('a', '[')", "string.find('a', '%[')"),
    ("integer-division", INTEGERS, "return 1 // 0", "return 1 // 0.0"),
    ("integer-division", INTEGERS, "return 1 % 0", "return 1 % 0.0"),
    ("module-missing", ALL, "require 'nowhere'", "require 'string'"),
    ("dead-coroutine", ALL, "local f = coroutine.wrap(print) f() f()", "coroutine.wrap(print)()"),
    ("yield-outside", "5.2 5.3 5.4 5.5", "coroutine.yield()", ""),
    ("yield-across", ALL,
     "coroutine.wrap(function() string.gsub('a', 'a', coroutine.yield) end)()",
     "coroutine.wrap(function() coroutine.yield() end)()"),
    ("sort-order", ALL, "local t = {} for i = 1, 9 do t[i] = i end"
     " table.sort(t, function() return true end)", "table.sort({2, 1})"),
    ("protected-metatable", ALL, "setmetatable(setmetatable({}, {__metatable = 1}), {})",
     "setmetatable(setmetatable({}, {}), {})"),
    ("bad-close", "5.4 5.5", "local x <close> = {}", "local x <close> = nil"),
    ("assertion", ALL, "assert(nil)", "assert(1)"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "bad", "good"),
    [(name, bad, good) for name, where, bad, good in CASES if DIALECT in where.split()],
)
def test_an_error_is_met_by_its_own_entry(lua: Live, name: str, bad: str, good: str) -> None:
    outcome = lua.run(bad, chunk="@/w/main.lua")
    assert outcome.status == "error"
    found = hint_of(outcome.text, outcome.stack)
    assert (found and found.id) == name, (outcome.text, outcome.stack)
    assert lua.run(good).status == "ok"


def test_every_entry_has_a_case() -> None:
    assert {name for name, *_ in CASES} == {one.id for one in HINTS}


@pytest.mark.parametrize(
    "text",
    [
        "error('attempt to index a nil value')",
        "error('attempt to index a nil value', 0)",
        "assert(nil, 'attempt to index a nil value')",
        "error({code = 1})",
        "error('harbour closed')",
    ],
)
def test_what_a_program_raises_itself_gets_no_help(lua: Live, text: str) -> None:
    outcome = lua.run(text)
    assert helps(outcome.text, outcome.stack) == ()


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("local t\nreturn t.x", "'t' is nil here: set it first, or ask whether it is there"),
        ("return ({}).a.b", "is nil here: set it first, or ask whether it is there"),
        ("local t\nreturn #t", "'t' is nil here: set it first, or write #(t or {})"),
        ("string.upper()", "a method is called with ':', as in s:upper()"),
        ("return 'a' .. {}", "a table is no text: tostring(x) and table.concat(t) give one"),
    ],
)
def test_help_names_what_is_meant(lua: Live, text: str, wanted: str) -> None:
    outcome = lua.run(text)
    (found,) = helps(outcome.text, outcome.stack)
    assert found.endswith(wanted)


def test_lua_s_own_words_that_are_raised_again_keep_their_help() -> None:
    stack = (CallFrame("?", "Lua", "@/w/a.lua", 3), CallFrame("error", "C", "=[C]", 0))
    words = "a.lua:9: a.lua:3: attempt to get length of a nil value (field '?')"
    assert helps(words, stack) == ("the value is nil here: set it first, or write #(t or {})",)
    assert helps(words, stack[1:]) == ()

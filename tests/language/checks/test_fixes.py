"""What fixes leave of a text."""

from __future__ import annotations

import pytest

from kit.checking import applied, check_fix, judged
from tidelock.shared.language.checks.fixes import fixes
from tidelock.shared.model import Problem
from tidelock.shared.syntax.parser import parse


@pytest.mark.parametrize(
    ("code", "source", "expected"),
    [
        ("undefined-global", "pritn(1)", "print(1)"),
        ("undefined-global", "x = <!talbe!>.concat({})", "x = table.concat({})"),
        ("syntax-error", "if a then\n  b()\n", "if a then\n  b()\nend\n"),
        ("syntax-error", "if a then b()", "if a then b() end"),
        ("syntax-error", "while a do\n  b()", "while a do\n  b()\nend"),
        (
            "syntax-error",
            "local function f()\n  if a then\n    b()\nend\nlocal x\n",
            "local function f()\n  if a then\n    b()\n  end\nend\nlocal x\n",
        ),
        ("syntax-error", "f(1, 2\nlocal x", "f(1, 2)\nlocal x"),
        ("syntax-error", "t = {1,\nlocal y = 2", "t = {1,}\nlocal y = 2"),
        ("syntax-error", "x = a != b", "x = a ~= b"),
        ("undefined-field", "print(string.uper)", "print(string.upper)"),
        (
            "undefined-doc-param",
            "---@param nmae any\nfunction f(name) end",
            "---@param name any\nfunction f(name) end",
        ),
        (
            "unknown-diag-code",
            "---@diagnostic disable: unused-locl",
            "---@diagnostic disable: unused-local",
        ),
        ("almost-swapped", "a = b\nb = a", "a, b = b, a"),
        ("empty-statement", "f();;\ng()", "f();\ng()"),
        ("redundant-return", "function f()\n  g()\n  return\nend", "function f()\n  g()\nend"),
        ("unreachable-code", "while a do\n  break\n  f()\nend", "while a do\n  break\nend"),
        ("self-assignment", "f()\na = a\n", "f()\n"),
        ("unused-label", "::a:: f()", "f()"),
        ("unused-vararg", "function f(a, ...) return a end", "function f(a) return a end"),
        ("unused-vararg", "function f(...) return 1 end", "function f() return 1 end"),
        ("redundant-value", "a = 1, 2, 3", "a = 1"),
        (
            "redundant-parameter",
            "local f = function() return 1 end f(1)",
            "local f = function() return 1 end f()",
        ),
        (
            "redundant-return-value",
            "---@return any\nfunction f() return 1, 2 end",
            "---@return any\nfunction f() return 1 end",
        ),
        (
            "colon-mismatch",
            "local M = {} function M:f() return self end M.f()",
            "local M = {} function M:f() return self end M:f()",
        ),
        ("count-down-loop", "for i = 10, 1 do f(i) end", "for i = 10, 1, -1 do f(i) end"),
        ("syntax-error", "if a && b then end", "if a and b then end"),
        ("syntax-error", "x += 1", "x = x + 1"),
        ("syntax-error", "x.y[1] ..= f(a) -- c\ng()", "x.y[1] = x.y[1] .. f(a) -- c\ng()"),
        ("syntax-error", "x *= a + b\ng()", "x = x * (a + b)\ng()"),
        ("syntax-error", "x -= a -\n  b g()", "x = x - (a -\n  b) g()"),
        ("undefined-doc-name", "---@type stirng\nx = f()", "---@type string\nx = f()"),
        (
            "undefined-doc-name",
            "---@class Boat\n\n---@type Baot\nx = f()",
            "---@class Boat\n\n---@type Boat\nx = f()",
        ),
        (
            "undefined-doc-class",
            "---@class Boat\n\n---@class Ferry: Baot",
            "---@class Boat\n\n---@class Ferry: Boat",
        ),
        (
            "undefined-doc-param",
            "---@param a any\n---@param zzz any\nfunction f(a) end",
            "---@param a any\nfunction f(a) end",
        ),
        (
            "duplicate-doc-param",
            "---@param a any\n---@param a any\nfunction f(a) end",
            "---@param a any\nfunction f(a) end",
        ),
        (
            "duplicate-doc-field",
            "---@class A\n---@field x any\n---@field x any",
            "---@class A\n---@field x any\n",
        ),
        (
            "deprecated",
            "---@deprecated use `new`\nfunction old() end\nold()",
            "---@deprecated use `new`\nfunction old() end\nnew()",
        ),
        (
            "deprecated",
            "local M = {}\n---@deprecated Use M.new instead.\nfunction M.old() end\nM.old()",
            "local M = {}\n---@deprecated Use M.new instead.\nfunction M.old() end\nM.new()",
        ),
        (
            "unresolved-require",
            "-- main.lua --\nrequire('habour')\n-- harbour.lua --\nreturn 1",
            "-- main.lua --\nrequire('harbour')\n-- harbour.lua --\nreturn 1",
        ),
        (
            "unresolved-require",
            '-- main.lua --\nrequire "tides"\n-- sea/tides.lua --\nreturn 1',
            '-- main.lua --\nrequire "sea.tides"\n-- sea/tides.lua --\nreturn 1',
        ),
        ("syntax-error", "if !a then end", "if not a then end"),
        (
            "unused-suppression",
            "f()\n  ---@diagnostic disable-next-line: unused-local\nprint(1)",
            "f()\nprint(1)",
        ),
        (
            "unused-suppression",
            "local a ---@diagnostic disable-line: unused-label, unused-local",
            "local a ---@diagnostic disable-line: unused-local",
        ),
        (
            "unused-suppression",
            "local a ---@diagnostic disable-line: unused-local, unused-label",
            "local a ---@diagnostic disable-line: unused-local",
        ),
        ("unused-suppression", "print(1) -- luacheck: ignore 211\nf()", "print(1)\nf()"),
        (
            "unused-suppression",
            "local a -- luacheck: ignore 551 211",
            "local a -- luacheck: ignore 211",
        ),
        ("undefined-global", "x = null", "x = nil"),
        ("unknown-doc-tag", "---@retrun integer", "---@return integer"),
        (
            "unknown-operator",
            "---@class A\n---@operator subb(A): A",
            "---@class A\n---@operator sub(A): A",
        ),
        (
            "different-requires",
            '-- main.lua --\nrequire "a.b" require "a/b"\n-- a/b.lua --\nreturn 1',
            '-- main.lua --\nrequire "a.b" require "a.b"\n-- a/b.lua --\nreturn 1',
        ),
        ("undefined-global", "x = True", "x = true"),
        ("empty-block", "if a then\n  f()\nelse\nend", "if a then\n  f()\nend"),
        ("suspicious-comparison", "return type(a == 'x')", "return type(a) == 'x'"),
        ("suspicious-comparison", "return type(a) == 'strng'", "return type(a) == 'string'"),
        ("suspicious-comparison", "return type(a) == nil", 'return type(a) == "nil"'),
        ("suspicious-comparison", "return a == 0 / 0", "return a ~= a"),
        ("suspicious-comparison", "return 1 < a < 3", "return 1 < a and a < 3"),
    ],
)
def test_the_first_fix(code: str, source: str, expected: str) -> None:
    offered = check_fix(code, source, expected)
    assert offered[0].is_preferred


@pytest.mark.parametrize(
    ("code", "source", "expected"),
    [
        ("unused-local", "f()\nlocal a = 1\ng()", "f()\ng()"),
        ("unused-local", "local a = f(1)", "f(1)"),
        ("unused-local", "local a, b = f(), 1 print(b)", "local _a, b = f(), 1 print(b)"),
        ("unused-local", "local a = b.c", "local _a = b.c"),
        ("unused-function", "local function f()\n  g()\nend\ng()", "g()"),
        ("unused-function", "local f = function() end", ""),
        ("unused-argument", "function f(a) return 1 end", "function f(_a) return 1 end"),
        ("unused-loop-variable", "for i = 1, 2 do f() end", "for _i = 1, 2 do f() end"),
        ("write-only-local", "local a a = 1", ""),
        ("write-only-local", "local a a = f()", "local _a _a = f()"),
        ("implicit-global", "function f() a = 1 end", "function f() local a = 1 end"),
        ("read-only-global", "print = 1", "local print = 1"),
        ("unbalanced-assignments", "a, b, c = 1", "a, b, c = 1, nil, nil"),
        ("newline-call", "a = b\n(c)()", "a = b;\n(c)()"),
        ("assign-to-const", "local a <const> = 1 a = 2", "local a = 1 a = 2"),
        ("assign-to-const", "local a, b < const > = 1, 2 b = a", "local a, b = 1, 2 b = a"),
        ("missing-parameter", "string.rep('a')", "string.rep('a', nil)"),
        ("missing-parameter", "string.rep()", "string.rep(nil)"),
        ("newline-call", "t = {\n  a\n  (b)\n}", "t = {\n  a,\n  (b)\n}"),
        ("confusing-precedence", "return not a == b", "return a ~= b"),
        ("confusing-precedence", "return a or 0 + 1", "return (a or 0) + 1"),
        ("confusing-precedence", "return not a > b", "return not (a > b)"),
        ("redundant-value", "a = 1, {g()}", "a = 1"),
        (
            "redundant-parameter",
            "local function f() return 1 end f(g() + 1)",
            "local function f() return 1 end f()",
        ),
        (
            "duplicate-index",
            "t = {\n  a = 1,\n  b = 2,\n  a = 3,\n}",
            "t = {\n  b = 2,\n  a = 3,\n}",
        ),
        ("empty-block", "f()\nif a then\nend\ng()", "f()\ng()"),
        ("empty-block", "do end", ""),
        ("suspicious-comparison", "return a ~= {}", "return next(a) ~= nil"),
        ("suspicious-comparison", "return #t == nil", "return #t == 0"),
        (
            "load-of-input",
            "load('return ' .. a .. '+' .. b.c)",
            "load('return ' .. ('%q'):format(a) .. '+' .. ('%q'):format(b.c))",
        ),
        (
            "secret-in-source",
            "local apiKey = 'gh5Kq82LmzP0tX'",
            'local apiKey = os.getenv("API_KEY")',
        ),
        (
            "secret-in-source",
            "t = { password = 'gh5Kq82LmzP0tX' }",
            't = { password = os.getenv("PASSWORD") }',
        ),
        ("unused-value", "local a = f() print(a) a = g()", "local a = f() print(a) g()"),
        ("unused-value", "local a = 1\na = g()\nprint(a)", "local a\na = g()\nprint(a)"),
        (
            "unused-value",
            "function f(a)\n  print(a)\n  a = 1\nend",
            "function f(a)\n  print(a)\nend",
        ),
        ("unset-local", "local a\nprint(a)", "local a = nil\nprint(a)"),
        (
            "redefined-local",
            "local a = 1 print(a) local a = 2 print(a)",
            "local a = 1 print(a) a = 2 print(a)",
        ),
        (
            "shadowed-local",
            "local a = 1 do local a = 2 print(a) end",
            "local a = 1 do local a2 = 2 print(a2) end",
        ),
        (
            "undefined-global",
            "function f()\n  g(<!nowhere!>)\nend",
            "function f()\n  local nowhere\n  g(nowhere)\nend",
        ),
    ],
)
def test_one_way_of_several(code: str, source: str, expected: str) -> None:
    offered = check_fix(code, source, expected)
    assert not offered[0].is_preferred


@pytest.mark.parametrize(
    ("code", "title", "source", "expected"),
    [
        (
            "unused-argument",
            "remove",
            "function f(a, b) return a end",
            "function f(a) return a end",
        ),
        ("unused-argument", "remove", "function f(a) return 1 end", "function f() return 1 end"),
        ("count-down-loop", "from", "for i = 10, 1 do f(i) end", "for i = 1, 10 do f(i) end"),
        ("count-down-loop", "from", "for i = 1, 9, -1 do f(i) end", "for i = 9, 1, -1 do f(i) end"),
        ("confusing-precedence", "(a == b)", "return not a == b", "return not (a == b)"),
        (
            "missing-parameter",
            "left out",
            "---@param a any[]\nlocal function f(a) return a end\nf()",
            "---@param a? any[]\nlocal function f(a) return a end\nf()",
        ),
        (
            "missing-parameter",
            "left out",
            "local M = {}\n---@param a integer\nfunction M:f(a) return self, a end\nM:f()",
            "local M = {}\n---@param a? integer\nfunction M:f(a) return self, a end\nM:f()",
        ),
        (
            "undefined-doc-param",
            "describe",
            "---@param zz any\nfunction f(a, b) end",
            "---@param zz any\n---@param a any\n---@param b any\nfunction f(a, b) end",
        ),
        (
            "inject-field",
            "declare",
            "---@class A\n---@field x any\n\n---@type A\nlocal a\na.y = 1",
            "---@class A\n---@field x any\n---@field y any\n\n---@type A\nlocal a\na.y = 1",
        ),
        (
            "redefined-local",
            "a2",
            "local a = 1 print(a) local a = 2 print(a)",
            "local a = 1 print(a) local a2 = 2 print(a2)",
        ),
    ],
)
def test_a_further_way(code: str, title: str, source: str, expected: str) -> None:
    check_fix(code, source, expected, title)


@pytest.mark.parametrize(
    ("code", "title", "source"),
    [
        ("unused-argument", "remove", "function f(a, ...) return ... end"),
        ("empty-block", "remove", "if f() then end"),
        ("empty-block", "remove", "if a then f() elseif b then end"),
        ("duplicate-index", "remove", "t = { a = f(), a = 1 }"),
        ("unused-value", "remove", "local a = 1 print(a) a = b + 1"),
        ("suspicious-comparison", "write", "return 1 < f() < 3"),
        ("read-only-global", "local", "string.upper = f"),
        ("redefined-local", "first", "local a <const> = 1 print(a) local a = 2 print(a)"),
        ("redefined-local", "first", "local f = function(a, a) return a end f()"),
        ("redefined-local", "first", "local f = function() local a = 1 local function a() end end"),
        ("unused-local", "alone", "g()\nlocal a = (f or g)()"),
        ("unused-value", "alone", "local a = 1 print(a)\na = ('x'):rep(3)"),
        ("write-only-local", "remove", "local t = {} t[f()] = 1"),
        (
            "unused-value",
            "without",
            "local f = function() local a = 1 print(a) function a() end a = 2 print(a) end f()",
        ),
    ],
)
def test_a_way_that_is_not_offered(code: str, title: str, source: str) -> None:
    found = judged(source)
    offered = [fix for one in found.of(code) for fix in fixes(found.tree, one)]
    assert not [one for one in offered if title in one.title]


def test_a_variable_is_renamed_wherever_it_is_named() -> None:
    tree = parse("local x = 1\nx = 2")
    problem = Problem("write-only-local", "hint", 6, 7, "'x' is set and never read")
    remove, rename, silence = fixes(tree, problem)
    assert applied(tree.text, remove) == ""
    assert applied(tree.text, rename) == "local _x = 1\n_x = 2"
    assert applied(tree.text, silence) == (
        "---@diagnostic disable-next-line: write-only-local\nlocal x = 1\nx = 2"
    )


@pytest.mark.parametrize(
    ("code", "source"),
    [
        ("deprecated", "---@deprecated\nfunction old() end\nold()"),
        ("deprecated", "---@deprecated use the new one\nfunction old() end\nold()"),
        ("deprecated", "---@deprecated use a.b\nfunction old() end\nlocal M = { f = old }\nM.f()"),
        ("missing-parameter", "string.rep 'a'"),
        ("undefined-doc-name", "---@type Nowhere\nx = f()"),
        ("unresolved-require", "-- main.lua --\nrequire('zzz')\n-- a/zz.lua --\nreturn 1"),
        (
            "unresolved-require",
            "-- main.lua --\nrequire('c')\n-- a/c.lua --\nreturn 1\n-- b/c.lua --\nreturn 1",
        ),
        ("syntax-error", "x +="),
        ("syntax-error", "f().x += 1"),
        ("syntax-error", "t[o:next()] += 1"),
        ("syntax-error", "f().x++"),
    ],
)
def test_where_nothing_is_plain(code: str, source: str) -> None:
    found = judged(source)
    problems = found.of(code)
    assert problems
    offered = [fix.title for one in problems for fix in fixes(found.tree, one)]
    assert [one for one in offered if "hide" not in one] == []


def test_the_wish_not_to_see_it_keeps_the_indentation() -> None:
    expected = """
        do
          ---@diagnostic disable-next-line: undefined-global
          zzzz()
        end
    """
    check_fix("undefined-global", "do\n  zzzz()\nend\n", expected, "hide")


def test_the_wish_not_to_see_it_is_not_put_into_a_string() -> None:
    wish = " ---@diagnostic disable-line: undefined-global"
    source = "f([[\n  a\n]], zzzz)"
    check_fix("undefined-global", f"f = print\n{source}", f"f = print\n{source}{wish}", "hide")


@pytest.mark.parametrize("source", ["f([[\n]], zzzz) -- c", "f([[\n]], zzzz, [[\n]])"])
def test_where_there_is_no_room_for_a_wish(source: str) -> None:
    found = judged(f"f = print\n{source}")
    (problem,) = found.of("undefined-global")
    assert not [one for one in fixes(found.tree, problem) if "hide" in one.title]


@pytest.mark.parametrize("source", ["repeat f() ", "x = = 1", "x--", "/* c */"])
def test_what_nobody_can_know_has_no_fix(source: str) -> None:
    tree = parse(source)
    assert [fixes(tree, one) for one in tree.problems] == [[]] * len(tree.problems)

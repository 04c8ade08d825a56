"""What fixes leave of a text that Lua refuses, or that is written for another Lua."""

from __future__ import annotations

import pytest

from kit.checking import applied, check_fix, judged
from tidelock.shared.language.checks.fixes import fixes
from tidelock.shared.language.checks.version_fixes import selectable
from tidelock.shared.model import Dialect
from tidelock.shared.runtime.check import Checker

_LOAD = Checker().refusal


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("local i = 1\ni++\nprint(i)", "local i = 1\ni = i + 1\nprint(i)"),
        ("t.x[1] ++", "t.x[1] = t.x[1] + 1"),
        ("harbour.pilots[1].boats++", "harbour.pilots[1].boats = harbour.pilots[1].boats + 1"),
        ("harbour.pilots[1].boats += 2", "harbour.pilots[1].boats = harbour.pilots[1].boats + 2"),
        (
            "for i = 1, 3 do\n  if i then continue end\n  f(i)\nend",
            "for i = 1, 3 do\n  if i then goto continue end\n  f(i)\n  ::continue::\nend",
        ),
        (
            "while f() do if a then continue end g() end",
            "while f() do if a then goto continue end g() ::continue:: end",
        ),
        (
            "for k in f do\n  if k then continue end\n  g()\n  ::continue::\nend",
            "for k in f do\n  if k then goto continue end\n  g()\n  ::continue::\nend",
        ),
        (
            "if a then\n  f()\nelse if b then\n  g()\nend",
            "if a then\n  f()\nelseif b then\n  g()\nend",
        ),
        (
            "function h()\n  if a then\n    f()\n  else if b then\n    g()\n  end\nend\nh()\n",
            "function h()\n  if a then\n    f()\n  elseif b then\n    g()\n  end\nend\nh()\n",
        ),
        ("local s = 'abc\nf(s)", "local s = 'abc'\nf(s)"),
        ('f("abc)\ng()', 'f("abc")\ng()'),
        ('t = { "a", "b }', 't = { "a", "b" }'),
        ("f(1 2)", "f(1, 2)"),
        ("t = {a = 1 b = 2}", "t = {a = 1, b = 2}"),
        ("if a f() end", "if a then f() end"),
        ("while a\n  f()\nend", "while a do\n  f()\nend"),
        ("for i = 1, 2\n f() end", "for i = 1, 2 do\n f() end"),
        ("if a = 1 then f() end", "if a == 1 then f() end"),
        ("local a == 1", "local a = 1"),
        ("f())\ng()", "f()\ng()"),
        ("if a then f() end\nend\ng()", "if a then f() end\ng()"),
    ],
)
def test_one_word_mends_what_lua_refuses(source: str, expected: str) -> None:
    offered = check_fix("syntax-error", source, expected)
    assert offered[0].is_preferred
    assert _LOAD(expected, "5.4") == ""


@pytest.mark.parametrize(
    ("dialect", "source"),
    [
        ("5.1", "while a do if b then continue end f() end"),
        ("5.4", "repeat if a then continue end local b = f() until b"),
        ("5.4", "function f() while a do if b then continue end return 1 end end"),
        ("5.4", "x = [[abc"),
        ("5.4", "function 1() end"),
    ],
)
def test_where_no_word_is_enough(dialect: Dialect, source: str) -> None:
    found = judged(source, dialect)
    assert [fixes(found.tree, one) for one in found.of("syntax-error")] == [[]]


@pytest.mark.parametrize(
    ("code", "dialect", "source", "expected"),
    [
        ("undefined-label", "5.4", "goto don ::done::", "goto done ::done::"),
        ("duplicate-label", "5.4", "::a:: f() ::a:: goto a", "::a:: f() goto a"),
        ("break-outside-loop", "5.4", "f()\nbreak\n", "f()\n"),
        (
            "vararg-outside-function",
            "5.4",
            "local function f(a) return a, ... end f()",
            "local function f(a, ...) return a, ... end f()",
        ),
        (
            "vararg-outside-function",
            "5.4",
            "f = function() g(...) end",
            "f = function(...) g(...) end",
        ),
        ("assign-to-const", "5.5", "for i = 1, 2 do i = 3 end", "for i = 1, 2 do local i = 3 end"),
        (
            "assign-to-const",
            "5.4",
            "local f <close> = nil f = 1",
            "local f <close> = nil local f = 1",
        ),
        ("undeclared-name", "5.5", "global print\nprint(a)", "global print, a\nprint(a)"),
        (
            "undeclared-name",
            "5.5",
            "global <const> print\na = 1",
            "global <const> print\nglobal a\na = 1",
        ),
    ],
)
def test_jumps_and_names(code: str, dialect: Dialect, source: str, expected: str) -> None:
    check_fix(code, source, expected, dialect=dialect)
    assert _LOAD(expected, dialect) == ""


def test_all_names_can_be_allowed() -> None:
    source, expected = "global print\nprint(a)", "global print\nglobal *\nprint(a)"
    check_fix("undeclared-name", source, expected, "global *", "5.5")
    assert _LOAD(expected, "5.5") == ""


@pytest.mark.parametrize(
    ("dialect", "source", "expected"),
    [
        ("5.1", "x = a * b // c", "x = math.floor(a * b / c)"),
        ("5.2", "x = a & b", "x = bit32.band(a, b)"),
        ("luajit", "x = a<<2 | b", "x = bit.lshift(a, 2) | b"),
        ("luajit", "x = ~a", "x = bit.bnot(a)"),
        ("5.1", "local x <const> = 1", "local x = 1"),
        ("5.1", "f(); ;g()", "f(); g()"),
        ("5.1", "while a do break f() end", "while a do do break end f() end"),
        ("5.2", "return 'a\\u{e9}'", "return 'a\\195\\169'"),
        ("5.4", "return '\\d'", "return '\\\\d'"),
        ("5.4", "return 0xffULL", "return 0xff"),
    ],
)
def test_what_another_lua_writes(dialect: Dialect, source: str, expected: str) -> None:
    check_fix("wrong-version-syntax", source, expected, dialect=dialect)


@pytest.mark.parametrize(
    ("dialect", "source", "other"),
    [
        ("5.1", "x = a // b", "5.3"),
        ("5.1", "goto a ::a::", "5.2"),
        ("5.1", "local x <close> = f()", "5.4"),
        ("5.4", "global x", "5.5"),
        ("5.4", "x = 1LL", "luajit"),
    ],
)
def test_the_nearest_lua_that_takes_it(dialect: Dialect, source: str, other: str) -> None:
    found = judged(source, dialect)
    (problem,) = found.of("wrong-version-syntax")
    assert selectable(found.tree, problem) == other


@pytest.mark.parametrize(
    ("dialect", "source", "expected"),
    [
        ("5.4", "f(unpack(t))", "f(table.unpack(t))"),
        ("5.1", "f(table.unpack(t))", "f(unpack(t))"),
        ("5.4", "f = loadstring", "f = load"),
        ("5.4", "x = table.getn(t.x) + 1", "x = #t.x + 1"),
        ("5.4", "x = math.pow(a + 1, 2) * 3", "x = ((a + 1) ^ 2) * 3"),
        ("5.4", "x = bit32.band(a, 0xff)", "x = a & 0xff"),
        ("5.4", "x = string.gfind(a, b)", "x = string.gmatch(a, b)"),
        ("5.1", "x = gcinfo()", 'x = collectgarbage("count")'),
        ("5.1", "x = math.mod(a, b)", "x = math.fmod(a, b)"),
    ],
)
def test_what_stands_for_a_name_of_another_lua(
    dialect: Dialect, source: str, expected: str
) -> None:
    found = judged(source, dialect)
    codes = ("undefined-global", "undefined-field", "deprecated")
    ways = [fix for one in found.problems if one.code in codes for fix in fixes(found.tree, one)]
    best = next(one for one in ways if one.is_preferred)
    assert applied(found.tree.text, best) == expected


@pytest.mark.parametrize(
    "source",
    [
        "table.getn(t)",
        "x = math.cosh(1)",
        "x = bit32.bor(a, b, c)",
        "x = bit32.lshift(a, 24)",
        "x = bit.rshift(a, 1)",
    ],
)
def test_where_nothing_stands_for_it(source: str) -> None:
    found = judged(source)
    names = [one for one in found.problems if one.code.startswith("undefined")]
    assert names
    assert not [fix for one in names for fix in fixes(found.tree, one) if fix.is_preferred]

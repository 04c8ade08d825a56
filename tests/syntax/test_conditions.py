"""Conditions of breakpoints and messages of log points."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidelock.shared.syntax.conditions import Condition, Interpolation, check, names, pieces


@pytest.mark.parametrize(
    ("expression", "free", "varargs", "bare"),
    [
        ("x", "x", False, True),
        ("x == 1 and y ~= 'a' or not (z == nil)", "x y z", False, True),
        ("true", "", False, True),
        ("x == y == x", "x y", False, False),
        ("x == y", "x y", False, False),
        ("(x == 1) == y", "x y", False, True),
        ("not x ~= y", "x y", False, True),
        ("x == (-1) and (y or z)", "x y z", False, True),
        ("x == -1 or x == -0x1p4", "x", False, True),
        ("x == -y", "x y", False, False),
        ("x == -'1'", "x", False, False),
        ("x == - -1", "x", False, False),
        ("x < 1", "x", False, False),
        ("a.b", "a", False, False),
        ("a[b]", "a b", False, False),
        ("#t == 0", "t", False, False),
        ("f(x)", "f x", False, False),
        ("a:b()", "a", False, False),
        ("{x, y = z}", "x z", False, False),
        ("...", "", True, False),
        ("select('#', ...) == 1", "select", True, False),
        ("function(...) return ... end", "", False, False),
        ("function(a) local b = c return a + b + d end", "c d", False, False),
        ("function(a) local a = a return a, b end", "b", False, False),
        ("function() local x = x end", "x", False, False),
        ("function() local function f() return f end return g end", "g", False, False),
        ("function() for i = i, 2 do j = i end return i end", "i j", False, False),
        ("function() for k, v in k do v() end end", "k", False, False),
        ("function() repeat local a until a return a end", "a", False, False),
        ("function() do local a end while a do end if b then local b end end", "a b", False, False),
        ("function() x = 1 function y.z() end end", "x y", False, False),
        ("t.x(function() return ... end, ...)", "t", True, False),
    ],
)
def test_names(expression: str, free: str, varargs: bool, bare: bool) -> None:
    condition = names(expression)
    assert (" ".join(condition.free), condition.varargs, condition.bare) == (free, varargs, bare)


def test_self_is_not_free_in_a_method() -> None:
    expression = "function() function t:m() return self end return self end"
    assert names(expression).free == ("t", "self")


@pytest.mark.parametrize(
    ("expression", "inline"),
    [
        ("x == 1 -- the first", "x == 1"),
        ("x\n  == --[[ a ]] 1", "x == 1"),
        ("x == [[a]]", "x == [[a]]"),
        ("x == [[a\nb]]", None),
        ("x == 'a\\\nb'", None),
    ],
)
def test_inline(expression: str, inline: str | None) -> None:
    assert names(expression).inline == inline


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ("x == 1", None),
        ("...", None),
        ("f(function() return 1 end)", None),
        ("", "expression expected near <eof>"),
        ("-- x", "expression expected near <eof>"),
        ("x ==", "expression expected near <eof>"),
        ("x = 1", "end of the expression expected near '='"),
        ("x, y", "end of the expression expected near ','"),
        ("x; y()", "end of the expression expected near ';'"),
        ("return x", "expression expected near 'return'"),
        ("x) or (y", "end of the expression expected near ')'"),
        ("f(", "expression expected near <eof>"),
    ],
)
def test_check(expression: str, message: str | None) -> None:
    problem = check(expression)
    assert (problem and problem.message) == message


def test_check_goes_by_the_dialect() -> None:
    problem = check("a // b", "5.1")
    assert problem is not None
    assert problem.code == "wrong-version-syntax"
    assert names("1LL == goto", "luajit") == Condition(("goto",), False, True, "1LL == goto")


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ("plain", ["plain"]),
        ("", []),
        ("{x}", [Interpolation("x", 1)]),
        (
            "x = {x}, y = {y}!",
            ["x = ", Interpolation("x", 5), ", y = ", Interpolation("y", 14), "!"],
        ),
        ("{x}{y}", [Interpolation("x", 1), Interpolation("y", 4)]),
        (r"\{x\} {x}", ["{x} ", Interpolation("x", 7)]),
        (r"\n {x}", [r"\n ", Interpolation("x", 4)]),
        ("{ {1, {2}}[1] }", [Interpolation(" {1, {2}}[1] ", 1)]),
        ("{t['}']} {'{'}", [Interpolation("t['}']", 1), " ", Interpolation("'{'", 10)]),
        ("{f(function() return {} end)}", [Interpolation("f(function() return {} end)", 1)]),
        ("it's {x} o'clock", ["it's ", Interpolation("x", 6), " o'clock"]),
        ("{} { } {", ["{} { } {"]),
        ("}{x", ["}{x"]),
        ("{[[}]]}", [Interpolation("[[}]]", 1)]),
    ],
)
def test_pieces(message: str, expected: list[object]) -> None:
    assert pieces(message) == expected


@given(st.text(alphabet="ab{}\\'\"[]- ", max_size=30))
def test_pieces_lose_nothing(message: str) -> None:
    found = pieces(message)
    shown = "".join(piece if isinstance(piece, str) else "{" + piece.text + "}" for piece in found)
    assert shown == message.replace("\\{", "{").replace("\\}", "}") or "\\" in message
    for piece in found:
        if isinstance(piece, Interpolation):
            assert message[piece.start : piece.start + len(piece.text)] == piece.text

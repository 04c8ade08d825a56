"""Numerals and strings mean what they mean in each Lua."""

from __future__ import annotations

import math

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from kit.chance import examples
from syntax.oracle import build_of, encoded
from tidelock.shared.model import DIALECTS, Dialect
from tidelock.shared.syntax.literals import number, readers_of
from tidelock.shared.syntax.parser import parse
from tidelock.shared.syntax.tree import Number, String

DECIMAL = r"([0-9]{1,20}|\.[0-9])\.?[0-9]{0,5}([eE][+-]?[0-9]{0,3})?"
HEXADECIMAL = r"0[xX][0-9a-fA-F]{0,18}\.?[0-9a-fA-F]{0,3}([pP][+-]?[0-9]{0,4})?"
LUAJIT = r"(0[bB][01]{0,5}|0x[0-9a-f]{0,17}|[0-9]{1,20})([uU]?[lL][lL]|LLU|i)?"
NUMERALS = st.one_of(
    *(st.from_regex(form, fullmatch=True) for form in (DECIMAL, HEXADECIMAL, LUAJIT))
)


@pytest.mark.parametrize("dialect", DIALECTS)
@settings(max_examples=examples(150), deadline=None)
@given(NUMERALS)
@example("0X100P-1080")
def test_numbers(dialect: Dialect, text: str) -> None:
    build = build_of(dialect)
    if build.refusal(f"x={text}\n") is not None:
        assert number(text, dialect) is None or not parse(f"x={text}\n", dialect).ok
        return
    ours = number(text, dialect)
    assert ours is not None
    theirs = build.runtime.eval(encoded(text))
    if isinstance(ours, complex) or text[-1] in "lLuU":
        shown = build.runtime.eval(b"tostring(" + encoded(text) + b")").decode()
        assert shown.rstrip("ULi").startswith(("0+", "0-")) == isinstance(ours, complex)
        assert isinstance(ours, complex) or shown.rstrip("UL") == str(ours)
        return
    # Lua may round the smallest numbers twice: one step of theirs is no fault of either.
    assert math.isclose(ours, theirs, rel_tol=1e-15, abs_tol=math.ulp(0.0))
    if dialect in ("5.3", "5.4", "5.5"):
        kind = build.runtime.eval(b"math.type(" + encoded(text) + b")")
        assert kind == (b"integer" if isinstance(ours, int) else b"float")


def numbers(text: str, dialect: Dialect) -> list[object]:
    return [node.value for node in parse(text, dialect).walk() if isinstance(node, Number)]


def test_numbers_of_a_tree() -> None:
    assert numbers("x = 0x10 + 2 + 3x", "5.4") == [16, 2, None]
    assert numbers("x = 0x10 + 2 + 3x", "5.1") == [16.0, 2.0, None]
    assert isinstance(numbers("x = 2", "5.1")[0], float)
    assert numbers("x = -1ULL + 2i + 0b101", "luajit") == [1, 2j, 5.0]
    assert list(readers_of("1LL")) == ["LuaJIT"]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("9" * 5000, float("inf")),
        ("0x" + "f" * 40, -1),
        ("0x1p99999", float("inf")),
        ("0x0p99999", 0),
    ],
)
def test_huge_numbers(text: str, value: float) -> None:
    assert number(text, "5.4") == value


SIMPLE = r"\a \b \f \n \r \t \v \\ \" \' \0 \65 \065 \255 \256 \999 \q \é a 1 é"
HEX = r"\x41 \xfF \x4 \x \z \u{41} \u{} \u{7FF} \u{D7FF} \u{D800} \u{10FFFF} \u{110000} \u"
ESCAPES = st.sampled_from([*SIMPLE.split(), *HEX.split(), r"\u{7FFFFFFF}", r"\u{80000000}"])
SPACES = st.sampled_from([" ", "\\\n", "\\\r\n", "\\\n\r", "\\z \n\t ", "\\z\\z"])


@pytest.mark.parametrize("dialect", DIALECTS)
@settings(max_examples=examples(150), deadline=None)
@given(st.sampled_from("'\""), st.lists(ESCAPES | SPACES, max_size=4).map("".join))
def test_strings(dialect: Dialect, quote: str, inner: str) -> None:
    text = quote + inner + quote
    build = build_of(dialect)
    tree = parse("x = " + text, dialect)
    accepted = build.refusal("x = " + text) is None
    assert tree.ok == accepted
    if accepted:
        (node,) = (node for node in tree.walk() if isinstance(node, String))
        assert node.bytes == build.runtime.eval(encoded(text))


@pytest.mark.parametrize("dialect", DIALECTS)
@given(st.integers(0, 2), st.text(alphabet="a=\n\r\\ é", max_size=8))
def test_long_strings(dialect: Dialect, level: int, inner: str) -> None:
    text = f"[{'=' * level}[{inner}]{'=' * level}]"
    (node,) = (node for node in parse("x = " + text, dialect).walk() if isinstance(node, String))
    if node.text == text:
        assert node.bytes == build_of(dialect).runtime.eval(encoded(text))


def test_value_keeps_what_is_not_utf8() -> None:
    (node,) = (node for node in parse("x = '\\xff\udc80é'").walk() if isinstance(node, String))
    assert node.bytes == b"\xff\x80\xc3\xa9"
    assert node.value == "\udcff\udc80é"


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("x = 'abc", b"abc"),
        ("x = 'a\\q'", b"a\\q"),
        ("x = [[a", b"a"),
        ("x = 'a\ud800'", b"a\xed\xa0\x80"),
    ],
)
def test_damaged_strings_have_a_value(text: str, value: bytes) -> None:
    (node,) = (node for node in parse(text).walk() if isinstance(node, String))
    assert node.bytes == value

"""Comments read as documentation."""

from __future__ import annotations

import pytest

from kit.marked import marked
from tidelock.shared.language.annotations import (
    Documentation,
    Parameter,
    above,
    documentation,
    signature,
    split_type,
)
from tidelock.shared.syntax import parse


@pytest.mark.parametrize(
    ("source", "lines"),
    [
        ("-- a\n--- b\n$0x()", ["a", "b"]),
        ("-- far\n\n-- near\n$0x()", ["near"]),
        ("y() -- behind\n$0x()", []),
        ("-- a\n\n$0x()", []),
        ("--[[ a\n  b ]]\n$0x()", ["a", "b"]),
        ("--[==[\na\n]==]\n$0x()", ["a"]),
        ("  -- a\n  y() x$0()", ["a"]),
        ("$0x()", []),
        ("x() -- a\n-- b\n$0y()", ["b"]),
    ],
)
def test_above(source: str, lines: list[str]) -> None:
    text = marked(source)
    assert above(parse(text.text), text.at) == lines


def test_documentation() -> None:
    lines = [
        "Opens a file.",
        "",
        "- twice",
        "@param path string|nil the path",
        "@param mode? 'r' | 'w'",
        "@param ... any",
        "@return fun(a: A, b: B): C reader what reads",
        "@return any ...",
        "@deprecated",
        "@version >5.3, JIT",
        "@see other",
    ]
    assert documentation(lines) == Documentation(
        "Opens a file.\n\n- twice",
        (
            Parameter("path", False, "string|nil", "the path"),
            Parameter("mode", True, "'r' | 'w'", ""),
            Parameter("...", False, "any", ""),
        ),
        ("fun(a: A, b: B): C", "any..."),
        "",
        "",
        frozenset(("5.3", "5.4", "5.5", "luajit")),
        True,
    )
    assert documentation(["@class A: B", "@type table<K, V> x"]).class_name == "A"
    assert documentation(["@type table<K, V> x"]).type == "table<K, V>"
    assert documentation(["@version <5.2, 5.4, 9.9"]).dialects == frozenset(("5.1", "5.2", "5.4"))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("string", ("string", "")),
        ("string a text", ("string", "a text")),
        ("a | b c", ("a | b", "c")),
        ("{ a: string, b: table<K, V> } c", ("{ a: string, b: table<K, V> }", "c")),
        ("fun(x: { y: z }): w text", ("fun(x: { y: z }): w", "text")),
        ("", ("", "")),
    ],
)
def test_split_type(text: str, expected: tuple[str, str]) -> None:
    assert split_type(text) == expected


def test_signature() -> None:
    known = documentation(["@param a? A", "@param b", "@return R", "@return S"])
    assert signature("f", ["a", "b", "c", "..."], known) == "f(a?: A, b, c, ...): R, S"
    assert signature("f", []) == "f()"

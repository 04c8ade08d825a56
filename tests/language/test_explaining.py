"""What hover says of the words of annotations."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from kit.marked import marked
from tidelock.shared.language.hover import hover
from tidelock.shared.language.luacats.blocks import ACTIONS, read_block
from tidelock.shared.language.luacats.catalogue import ACTS, MANNERS, TAGS
from tidelock.shared.syntax.parser import parse

PAGE = (Path(__file__).parents[2] / "docs" / "annotations.md").read_text(encoding="utf-8")

GATE = """
--- A gate in a wall.
---@class Gate<T>: Thing, Wall
---@field width number # in metres
---@field private open? boolean
local Gate = {}
---@param far integer how far
function Gate:lift(far) end
"""


def told(source: str, **options: int) -> tuple[str, str] | None:
    text = marked(source)
    found = hover(parse(text.text), text.at, **options)
    if found is None:
        return None
    assert found.start <= text.at <= found.end
    return found.signature, found.documentation


def test_a_class_shows_its_fields_and_its_text() -> None:
    found = told(GATE + "\n---@type Gate$0\nlocal gate")
    assert found == (
        "(class) Gate<T>: Thing, Wall {\n  width: number\n  open?: boolean\n"
        "  lift(far: integer)\n}",
        "A gate in a wall.\n\ndeclared on line 2",
    )
    assert told(GATE.replace("@class Gate", "@class Gate$0")) == found


def test_of_a_wide_class_some_fields_are_shown() -> None:
    found = told("---@class A$0\n" + "".join(f"---@field f{n} integer\n" for n in range(30)))
    assert found is not None
    assert "f19" in found[0]
    assert "f20" not in found[0]
    assert "(10 more)" in found[0]


@pytest.mark.parametrize(
    ("source", "signature", "documentation"),
    [
        ("---@alias Mode 'r'|'w' how\n---@type Mode$0\nlocal m", "(alias) Mode = 'r'|'w'",
         "how\n\ndeclared on line 1"),
        ("---@alias Mode$0\n---| 'r' # read\n---| 'w'", "(alias) Mode = 'r'|'w'",
         "- `'r'`: read\n\ndeclared on line 1"),
        ("---@enum State$0\nlocal S = {\n  on = 1, off = 'x' }", "(enum) State {\n  on = 1\n"
         "  off = 'x'\n}", "declared on line 1"),
        ("---@type string$0\nlocal s", "(type) string", "a type of Lua"),
        ("---@class A\n---@field x$0? integer the place", "A.x?: integer", "the place"),
        ("---@param a$0 integer how many\nlocal function f(a) end", "local a",
         "how many"),
        ("---@generic T: Thing\n---@param a T$0", "(type variable) T: Thing", ""),
        ("---@cl$0ass A", "---@class Name: Parent",
         "a type with fields, those of its parents included"),
        ("---@class (exa$0ct) A", "exact",
         "the class has no other fields than those that are declared"),
        ("---@class A\n---@field priv$0ate x integer", "private", "for the methods of its class"),
        ("---@diagnostic dis$0able: x", "disable", "the problems are hidden from here on"),
        ("---@diagnostic disable: unused-$0local", "unused-local",
         "hint: a variable that is never read or assigned to\n\n"
         "mended by: call it '_a'; remove it"),
        ("---@class A\n\n---@see A$0", "(class) A", "declared on line 1"),
        ("local x = 'a' ---@type string\n---@cast x$0 string", "local x = 'a'", ""),
    ],
)  # fmt: skip
def test_words(source: str, signature: str, documentation: str) -> None:
    found = told(source)
    assert found is not None
    assert found[0] == signature
    assert documentation in found[1]


@pytest.mark.parametrize("source", ["---@type Nowhere$0", "---@param a x te$0xt", "-- @cl$0ass A"])
def test_what_says_nothing(source: str) -> None:
    assert told(source) is None


def test_every_tag_that_means_something_is_told() -> None:
    for word in TAGS:
        faults = read_block(f"---@{word}").faults
        assert "unknown-doc-tag" not in {one.code for one in faults}
    told_of = set(re.findall(r"`@(\w+)`", "".join(re.findall(r"^### .*$", PAGE, re.MULTILINE))))
    assert told_of <= set(TAGS)
    assert set(ACTS) == set(ACTIONS)
    assert set(MANNERS) >= {"exact", "partial", "key", "private", "protected", "package", "public"}

"""Whose comments they are, and what they say of it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kit.chance import examples
from kit.marked import marked
from tidelock.shared.language.annotations import (
    SILENCE,
    Documentation,
    Parameter,
    behind,
    documented,
    problems,
    run_above,
    runs,
    signature,
)
from tidelock.shared.language.luacats import tags
from tidelock.shared.syntax.parser import parse


@pytest.mark.parametrize(
    ("source", "code", "message"),
    [
        ("---<!@class!>", "doc-syntax-error", "'@class' needs the name of a class"),
        ("---<!@field!>", "doc-syntax-error", "'@field' needs a name and a type"),
        ("---@field a<!!>", "doc-syntax-error", "a type is expected here"),
        ("---<!@alias A!>", "doc-syntax-error", "'@alias' needs a type behind its name"),
        ("---<!@enum!>", "doc-syntax-error", "'@enum' needs a name"),
        ("---<!@param!>", "doc-syntax-error",
         "'@param' needs the name of a parameter and a type"),
        ("---<!@return!>", "doc-syntax-error", "'@return' needs a type"),
        ("---<!@type!>", "doc-syntax-error", "'@type' needs a type"),
        ("---<!@as!>", "doc-syntax-error", "'@as' needs a type"),
        ("---<!@vararg!>", "doc-syntax-error", "'@vararg' needs a type"),
        ("---<!@overload A!>", "doc-syntax-error",
         "'@overload' needs a function type such as 'fun(a: string): integer'"),
        ("---<!@cast!>", "doc-syntax-error", "'@cast' needs a variable and a type"),
        ("---<!@operator!>", "doc-syntax-error",
         "'@operator' needs an operator such as 'add(T): R'"),
        ("---@operator <!plus!>: A", "unknown-operator",
         "'plus' is no operator; write one of 'add', 'concat', 'call' and so on"),
        ("---<!@diagnostic stop!>", "doc-syntax-error",
         "'@diagnostic' needs one of disable, disable-line, disable-next-line, enable"),
        ("---<!@version 6.0!>", "doc-syntax-error",
         "'@version' needs versions of Lua such as '>5.2, JIT'"),
        ("---<!@retrun!> A", "unknown-doc-tag", "'@retrun' is no known tag; write '@return'"),
        ("---@param a <!{!> b: B", "doc-syntax-error", "the '{' is not closed; write '}'"),
    ],
)  # fmt: skip
def test_malformed_annotations_are_problems(source: str, code: str, message: str) -> None:
    text = marked(f"local x = 1\n\n{source}\nlocal y = 2")
    (found,) = problems(parse(text.text))
    assert (found.code, found.severity, found.message) == (code, "warning", message)
    assert text.ranges == ((found.start, found.end),)


@pytest.mark.parametrize(
    "source",
    [
        "-- @retrun A",
        "---- @retrun A",
        "--[[\n@retrun A\n]]",
        "---@[attribute]",
        "x = '---@retrun'",
        "---@author somebody",
    ],
)
def test_comments_that_are_no_annotations_are_let_be(source: str) -> None:
    assert problems(parse(source)) == []


def test_a_bad_line_takes_no_other_along() -> None:
    text = "---@param a {\n---@param\n---@param b B\n---@return C\nlocal function f(a, b) end"
    known = documented(parse(text), text.index("local"))
    assert [one.name for one in known.parameters] == ["a", "b"]
    assert known.returns == ("C",)


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
        ("--[[a]] -- b\n$0x()", []),
        ("--[[ a ]]\n-- b\n$0x()", ["a", "b"]),
        ("x = '--' -- a\n$0y()", []),
        ("x = [[\n-- a\n]]\n$0y()", []),
    ],
)
def test_comments_above(source: str, lines: list[str]) -> None:
    text = marked(source)
    run = run_above(parse(text.text), text.at)
    found = [item.text for item in run.block.items if isinstance(item, tags.Text)]
    assert found == lines
    assert (run is SILENCE) == (not lines)


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("local x$0 ---@type A", "---@type A"),
        ("t = { a = 1$0, --[[@as A]] }", "--[[@as A]]"),
        ("x()$0; -- b", "-- b"),
        ("x()$0 y() -- b", ""),
        ("x()$0\n-- b", ""),
        ("x()$0", ""),
    ],
)
def test_comments_behind(source: str, found: str) -> None:
    text = marked(source)
    assert behind(parse(text.text), text.at).raw == found


def test_documentation() -> None:
    text = """
--- Opens a file.
---
--- - twice
---@param path string|nil the path
---@param mode? 'r' | 'w'
---@param ... any
---@return fun(a: A, b: B): C reader what reads
---@return any ...
---@deprecated
---@version >5.3, JIT
---@see other
local function open() end
"""
    assert documented(parse(text), text.index("local")) == Documentation(
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
    known = documented(parse("---@class A: B\n---@type table<K, V> x\nx()"), 40)
    assert (known.class_name, known.type) == ("A", "table<K, V>")
    old = documented(parse("---@version <5.2, 5.4, 9.9\nx()"), 28)
    assert old.dialects == frozenset(("5.1", "5.2", "5.4"))


def test_signature() -> None:
    text = "---@param a? A\n---@param b\n---@return R\n---@return S\nx()"
    known = documented(parse(text), text.index("x()"))
    assert signature("f", ["a", "b", "c", "..."], known) == "f(a?: A, b, c, ...): R, S"
    assert signature("f", []) == "f()"


@settings(max_examples=examples(150), deadline=None)
@given(st.text(alphabet="@param |{}[]<>(),:?.'`\"#-\n\rTä5", max_size=80))
def test_places_map_back_to_the_text(text: str) -> None:
    tree = parse(f"local x\n---@{text}\nlocal y")
    for run in runs(tree):
        assert tree.text.startswith(run.raw, run.start)
        for item in run.block.items:
            for word in words(item):
                assert run.raw[word[0] : word[1]] == word[2]
    for problem in problems(tree):
        assert 0 <= problem.start <= problem.end <= len(tree.text)


def words(node: object) -> Iterator[tuple[int, int, str]]:
    if isinstance(node, tuple):
        if type(node).__name__ == "Word":
            yield node
        for part in node:
            yield from words(part)

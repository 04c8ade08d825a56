"""The words of annotations, each with its role."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit.marked import marked
from tidelock.shared.language.annotations import run_at, runs
from tidelock.shared.language.luacats.words import words
from tidelock.shared.language.mentions import local_of, mention_at, spans_about
from tidelock.shared.language.scopes import Local, resolve
from tidelock.shared.syntax.parser import parse


def spoken(raw: str, *but: str) -> str:
    found = [one for one in words(raw) if one.role not in ("tag", *but)]
    assert all(raw[one.start : one.end].strip("'\"") == one.text for one in found)
    return " ".join(f"{one.role}:{one.text}" for one in found)


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("---@class (exact) A.B: C, D", "manner:exact declaration:A.B type:C type:D"),
        (
            "---@class Box<T>: List<T>\n---@field item T[]\n---@field n U",
            "declaration:Box type variable:T type:List type variable:T "
            "field:item type variable:T field:n type:U",
        ),
        (
            "---@class A<T>\n---@class B\n---@field private x? T",
            "declaration:A type variable:T declaration:B manner:private field:x type:T",
        ),
        ("---@class A\n---@field ['x'] B", "declaration:A field:x type:B"),
        ("---@class A\n---@field [string] B", "declaration:A type:string type:B"),
        ("---@alias Mode\n---| 'r' # read\n---| Other", "declaration:Mode constant:r type:Other"),
        ("---@enum (key) E", "manner:key declaration:E"),
        (
            "---@param f fun<V>(v: V, w?: W): (r: X) text Y",
            "parameter:f type variable:V name:v type variable:V name:w type:W name:r type:X",
        ),
        ("---@generic T: Base\n---@param a `T`",
         "type variable:T type:Base parameter:a type variable:T"),
        ("---@return A name, B? # C", "type:A name:name type:B"),
        ("---@type { a: B, [C]: D, E }", "name:a type:B type:C type:D type:E"),
        ("---@cast a.b +C, -?", "variable:a.b type:C"),
        ("---@operator add(A): B", "operator:add type:A type:B"),
        ("---@diagnostic disable: unused-local, x", "action:disable code:unused-local code:x"),
        ("---@see M.f for more", "see:M.f"),
        ("--- A and B @see C", ""),
        ("-- plain A", ""),
    ],
)  # fmt: skip
def test_each_word_has_a_role(raw: str, expected: str) -> None:
    assert spoken(raw) == expected


def test_fields_belong_to_the_class_above_them() -> None:
    raw = "---@class A\n---@field x B\n---@alias C D\n---@field y B\n---@class E\n---@field z B"
    found = {one.text: one.holder for one in words(raw) if one.role == "field"}
    assert found == {"x": "A", "y": "", "z": "E"}


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("---@type A$0\nlocal a", "A"),
        ("---@type $0A\nlocal a", "A"),
        ("local a ---@type A$0\n---@type B", "A"),
        ("local a ---@type A\n---@type B$0\nlocal b", "B"),
        ("local a --[[@as A$0]]", "A"),
        ("--[[ x\n--- no\n]]\n---@type A$0", "A"),
        ("--[[\n@type A$0\n]]", "A"),
        ("print('---@type A$0')", None),
        ("---@ty$0pe A\nlocal a", "@type"),
        ("--- A$0 ---@type B", None),
        ("local a$0 ---@type A", None),
    ],
)
def test_the_word_at_a_place(source: str, expected: str | None) -> None:
    text = marked(source)
    found = mention_at(parse(text.text), text.at)
    assert (None if found is None else found.text) == expected


@given(st.lists(st.sampled_from(
    ["---@type A", "--[[@as B]]", "--[[", "]]", "local a", "--", "-- @x", "\n", "\n", "  ", "'--'"]
), max_size=12))  # fmt: skip
def test_comments_at_a_place_are_those_of_the_whole_text(parts: list[str]) -> None:
    tree = parse("".join(parts))
    for one in runs(tree):
        for word in words(one.raw):
            assert run_at(tree, one.start + word.start + 1) == one


@pytest.mark.parametrize(
    "source",
    [
        "---@param <!a!> A\nlocal function f(a$0) end",
        "---@param <!a!> A\n---@param b A\nfunction M:f(a$0, b) end",
        "---@param <!a!> A\nlocal f = function(a$0) end",
        "---@param <!a!> A\nM.f = function(a$0) end",
        "local t = {\n  ---@param <!a!> A\n  f = function(a$0) end }",
        "---@param <!a!> A\nreturn function(a$0) end",
        "local a$0 = 1\n---@cast <!a!> A\ndo local a\n---@cast a B\nend",
        "local a$0 = {}\n---@cast <!a!>.b A",
    ],
)
def test_annotations_about_a_local(source: str) -> None:
    text = marked(source)
    tree = parse(text.text)
    local = resolve(tree).at(text.at)
    assert isinstance(local, Local)
    assert tuple(spans_about(tree, local)) == text.ranges
    (span,) = text.ranges
    mention = mention_at(tree, span[0] + 1)
    assert mention is not None
    assert local_of(tree, mention) is local

"""What is proposed in an annotation that is being written, and where nothing is."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kit.chance import examples
from kit.marked import marked
from tidelock.shared.language.completion import complete
from tidelock.shared.language.doc_targets import doc_target, target_at
from tidelock.shared.syntax.parser import parse

FUNCTION = "\nlocal function f(first, second, ...) return first, second, ... end"


def labels(source: str) -> list[str]:
    text = marked(source)
    found = complete(
        parse(text.text, "5.4"), text.at, modules=("json", "tide"), declared=("Far", "Free")
    )
    return [item.label for item in found.items]


@pytest.mark.parametrize(
    ("line", "kind", "prefix"),
    [
        ("---@$0", "tag", ""),
        ("--- @pa$0", "tag", "pa"),
        ("--[[@a$0]] x = 1", "tag", "a"),
        ("--[[@as in$0]] x = 1", "type", "in"),
        ("--[=[@cast $0", "variable", ""),
        ("---@param $0", "parameter", ""),
        ("---@param fi$0rst", "parameter", "fi"),
        ("---@param first $0", "type", ""),
        ("---@param first? str$0", "type", "str"),
        ("---@param ... $0", "type", ""),
        ("---@type string|$0", "type", ""),
        ("---@type table<string, in$0", "type", "in"),
        ("---@type fun(a: in$0", "type", "in"),
        ("---@type fun(a: integer, b: $0", "type", ""),
        ("---@type fun(a: integer): bo$0", "type", "bo"),
        ("---@type { a: in$0", "type", "in"),
        ("---@type { [st$0", "type", "st"),
        ("---@type a.b.$0", "type", "a.b."),
        ("---@type (in$0", "type", "in"),
        ("---@return string name, in$0", "type", "in"),
        ("---@type string, in$0", "type", "in"),
        ("---@field private key? in$0", "type", "in"),
        ("---@field [string] in$0", "type", "in"),
        ("---@class A: $0", "type", ""),
        ("---@class (exact) A: B, F$0", "type", "F"),
        ("---@alias A<T> F$0", "type", "F"),
        ("---@alias A\n---| F$0", "type", "F"),
        ("---@generic T: $0", "type", ""),
        ("---@generic T: string, U: in$0", "type", "in"),
        ("---@cast x +in$0", "type", "in"),
        ("---@cast x -string, +in$0", "type", "in"),
        ("---@operator $0", "operator", ""),
        ("---@operator add(in$0", "type", "in"),
        ("---@operator add(A): in$0", "type", "in"),
        ("---@overload fun(a: in$0", "type", "in"),
        ("---@diagnostic dis$0", "action", "dis"),
        ("---@diagnostic disable: $0", "code", ""),
        ("---@diagnostic disable-next-line: unused-local, un$0", "code", "un"),
        ("---@module 'js$0", "require", "js"),
    ],
)
def test_what_is_being_typed(line: str, kind: str, prefix: str) -> None:
    text = marked(line + FUNCTION)
    found = target_at(parse(text.text, "5.4"), text.at)
    assert found is not None
    assert (found.kind, found.prefix) == (kind, prefix)
    assert text.text[found.start : text.at] == prefix
    assert found.start <= text.at <= found.end


@pytest.mark.parametrize(
    "line",
    [
        "-- @pa$0",
        "--@pa$0",
        "--[[ text @pa$0 ]]",
        "---@param first string the na$0",
        "---@param first string $0",
        "---@return string name $0",
        "---@return string name the na$0",
        "---@type string?$0",
        "---@type string[]$0",
        "---@type 'a$0",
        "---@type `T$0",
        "---@type fun($0",
        "---@type fun(a: string, b$0",
        "---@type { a$0",
        "---@type { a: string, b$0",
        "---@type 12$0",
        "---@class A$0",
        "---@class A $0",
        "---@see pr$0",
        "---@deprecated us$0",
        "---@diagnostic disable: unused-local $0",
        "--- text in$0",
        "$0---@type in",
    ],
)
def test_where_nothing_is_proposed(line: str) -> None:
    text = marked(line + FUNCTION)
    assert doc_target(parse(text.text, "5.4"), text.at) is None


def test_tags_the_usual_ones_first() -> None:
    assert labels("---@$0")[:3] == ["param", "return", "type"]
    assert labels("---@dep$0") == ["deprecated"]


def test_types_the_nearest_first() -> None:
    source = """
        ---@class Float

        ---@generic Found
        ---@param first F$0
        local function f(first) end
    """
    first = ["Found", "Float", "Far", "Free"]
    assert labels(source) == [*first, "function", "fun", "false", "file*"]
    assert "integer" in labels("---@type $0")
    assert "T" in labels("---@class Box<T>\n---@field item $0")


def test_parameters_that_are_not_described_yet() -> None:
    assert labels(f"---@param $0{FUNCTION}") == ["first", "second", "..."]
    assert labels(f"---@param first string\n---@param $0{FUNCTION}") == ["second", "..."]
    assert labels(f"---@param fi$0rst string{FUNCTION}") == ["first"]
    assert labels("---@param $0\nlocal x = 1") == []


def test_variables_codes_actions_operators_and_modules() -> None:
    assert labels("local height = 1\n---@cast hei$0\nprint(height)") == ["height"]
    assert labels("---@diagnostic disable-n$0") == ["disable-next-line"]
    assert labels("---@diagnostic disable: unused-lo$0") == ["unused-local", "unused-loop-variable"]
    assert labels("---@diagnostic disable: syntax$0") == []
    assert labels("---@operator con$0") == ["concat"]
    assert labels("---@module 'ti$0'") == ["tide"]


@settings(max_examples=examples(300), deadline=None)
@given(st.text("-@[]|<>(){}:,'\"` \nab.?+*5", max_size=40), st.integers(0, 60))
def test_nothing_that_is_typed_is_too_odd(typed: str, place: int) -> None:
    text = f"---@type {typed}"
    offset = min(place, len(text))
    found = doc_target(parse(text, "5.4"), offset)
    if found is not None:
        assert found.start <= offset <= found.end <= len(text)
        assert text[found.start : offset] == found.prefix

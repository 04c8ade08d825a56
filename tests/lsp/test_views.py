"""What is shown of a text beyond its problems: folds, selections, what its words are."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lsprotocol import types

from tidelock.lsp import convert_views as views
from tidelock.lsp.convert import Asked
from tidelock.lsp.documents import Document
from tidelock.lsp.features.folding import folding
from tidelock.lsp.features.selection import selection
from tidelock.lsp.features.semantic_tokens import semantic_tokens
from tidelock.lsp.manner import Manner
from tidelock.lsp.moment import View
from tidelock.lsp.sent import MODIFIERS, TYPES, Sent, difference
from tidelock.shared.language.index.space import Space

from .conftest import IDLE, document, fact

# -- folding -------------------------------------------------------------------------------------

FOLDED = """\
local a = require "a"          -- 0 imports
local b = require("b")
require "c"

-- two lines                   -- 4 comment
-- of words
local function f(x)            -- 6 block
  if x then                    -- 7 if
    g()
  elseif y then                -- 9 elseif
    h()
  else                         -- 11 else
    i()
  end
end
local t = {                    -- 15 table
  1,
}
call(1, {                      -- 18 both brackets
  2,
})
--#region words                -- 21 region
for i = 1, 2 do                -- 22 loop
  j()
end
--#endregion
s = [[                         -- 26
]]                             -- text
while x do k() end
call(function()                -- 29
  l()
end)
"""


def test_folds() -> None:
    text, _ = document(FOLDED)
    found = [f"{one.first}-{one.last} {one.kind}".strip() for one in folding(text)]
    assert found == [
        "0-2 imports",
        "4-5 comment",
        "6-13",
        "7-8",
        "9-10",
        "11-12",
        "15-16",
        "18-19",
        "21-25 region",
        "22-23",
        "26-27",
        "29-30",
    ]


@pytest.mark.parametrize(
    "source",
    ["", "if x then\n", "local t = {\n 1,", "f(\n", "s = [[\n", "--#endregion\n--{{{", "x ="],
)
def test_folds_of_broken_text_stay_inside_it(source: str) -> None:
    text = Document("file:///code/a.lua", 1, source)
    for one in folding(text):
        assert 0 <= one.first < one.last < len(text.lines)


def test_a_client_gets_as_many_folds_as_it_takes() -> None:
    text, _ = document(FOLDED)
    found = folding(text)
    assert len(views.folding_ranges(found, text, Manner())) == 12
    kinds = [one.kind for one in views.folding_ranges(found, text, Manner(fold_limit=2))]
    assert kinds == [types.FoldingRangeKind.Imports, types.FoldingRangeKind.Comment]


# -- selection -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "steps"),
    [
        ("local x = f(a, b$0 + 1)",
         ["b", "b + 1", "a, b + 1", "(a, b + 1)", "f(a, b + 1)", "local x = f(a, b + 1)"]),
        ("print('two wo$0rds')",
         ["two words", "'two words'", "('two words')", "print('two words')"]),
        ("function t.f(a$0, b) return 1 end",
         ["a", "a, b", "(a, b) return 1 end", "function t.f(a, b) return 1 end"]),
        ("do\n  x = 1\n  y$0 = 2\nend",
         ["y", "y = 2", "x = 1\n  y = 2", "do\n  x = 1\n  y = 2\nend"]),
        ("o:met$0hod(1)", ["method", "method(1)", "o:method(1)"]),
        ("-- some w$0ords\nx = 1", ["-- some words", "-- some words\nx = 1"]),
        ("x = (1$0 + ", ["1", "1 +", "(1 +", "x = (1 +", "x = (1 + "]),
        ("$0", [""]),
    ],
)  # fmt: skip
def test_a_selection_grows(source: str, steps: list[str]) -> None:
    text, marks = document(source)
    (found,) = selection(text, marks.at)
    assert [text.text[start:end] for start, end in found] == steps


def test_each_position_has_its_own_selection() -> None:
    text, _ = document("x = 1\ny = 2")
    asked = views.selection(
        {
            "textDocument": {"uri": text.uri},
            "positions": [{"line": line, "character": 0} for line in (0, 1)],
        }
    )
    offsets = [text.lines.offset(*place) for place in asked.places]
    made = views.selection_ranges(selection(text, *offsets), text, Manner())
    assert [one.range.start.line for one in made] == [0, 1]
    assert [one.range.end.character for one in made] == [1, 1]
    outer = made[1].parent
    assert outer is not None
    assert (outer.range.start.line, outer.range.end.character) == (1, 5)


# -- semantic tokens -----------------------------------------------------------------------------


def words(source: str) -> list[str]:
    """Each word with its type and modifiers."""
    text, _ = document(source)
    found = semantic_tokens(text)
    for before, after in pairwise(found):
        assert before.end <= after.start
    return [
        " ".join([text.text[one.start : one.end], one.type, *sorted(one.modifiers)])
        for one in found
        if one.type not in ("keyword", "operator", "number")
    ]


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("local x <const> = 1 x = x", ["x variable declaration readonly",
         "x variable modification readonly", "x variable readonly"]),
        ("local function f(a) return function() return a end end",
         ["f function declaration definition", "a parameter declaration", "a parameter upvalue"]),
        ("count = print(string.rep('x', 2))",
         ["count variable global modification", "print function defaultLibrary global",
          "string namespace defaultLibrary global", "rep function defaultLibrary", "'x' string"]),
        ("local t = {x = 1}\nt.y = t.z()\nt:m{}",
         ["t variable declaration", "x property declaration", "t variable", "y property",
          "t variable", "z function", "t variable", "m method"]),
        ("goto done ::done:: --- words\n-- more",
         ["done label", "done label declaration", "--- words comment documentation",
          "-- more comment"]),
        ("function T:m() return self end",
         ["T variable global", "m method definition", "self parameter"]),
        ("f(1) local g g'x'",
         ["f function global", "g variable declaration", "g function", "'x' string"]),
    ],
)  # fmt: skip
def test_what_words_are(source: str, expected: list[str]) -> None:
    assert words(source) == expected


def annotated(source: str) -> str:
    """The words of comments, each with its type and all its modifiers but one."""
    text, _ = document(source)
    found = semantic_tokens(text)
    for before, after in pairwise(found):
        assert before.end <= after.start
    shown = []
    for one in found:
        if "documentation" in one.modifiers:
            ways = sorted(one.modifiers - {"documentation"})
            shown.append("/".join([text.text[one.start : one.end], one.type, *ways]))
    return " ".join(shown)


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("---@class A: B", "---/comment @class/keyword A/class/declaration :/comment B/type"),
        ("---@field x A? text here\n---@class A",
         "---/comment @field/keyword x/property/declaration A/class ? text here/comment "
         "---/comment @class/keyword A/class/declaration"),
        ("---@alias M 'r'|5|true", "---/comment @alias/keyword M/type/declaration 'r'/string "
         "|/comment 5/number |/comment true/keyword"),
        ("---@param a integer",
         "---/comment @param/keyword a/parameter integer/type/defaultLibrary"),
        ("---@generic T\n--- plain @class", "---/comment @generic/keyword T/type "
         "--- plain @class/comment"),
        ("--[[@as\nA]]", "@as/keyword"),
        ("-- plain A @class A", ""),
    ],
)  # fmt: skip
def test_what_words_of_annotations_are(source: str, expected: str) -> None:
    assert annotated(source) == expected


def test_classes_of_other_texts_are_classes() -> None:
    text, _ = document("---@type A|B\nlocal x")
    other = Document("file:///code/other.lua", 1, "---@class A\n---@alias B integer")
    found = semantic_tokens(text, space=Space(opened=[text, other]))
    names = [one for one in found if text.text[one.start : one.end] in "AB"]
    assert [one.type for one in names] == ["class", "type"]


@pytest.mark.parametrize(
    "source",
    [
        "---@deprecated\nlocal function <!f!>() end\n<!f!>()\nlocal g = f2",
        "---@deprecated use g\nfunction <!f!>() end\n<!f!>()\nprint(t.f)",
        "local M = {}\n---@deprecated\nfunction M.<!f!>() end\nM.<!f!>()\nN.f()\nM.g()",
        "local M = {}\n---@deprecated\nM.<!f!> = function() end\nM:<!f!>()",
        "---@deprecated\nlocal <!x!> = 1\nlocal y = <!x!>\ndo local x = 2 end",
        "--- now @deprecated\n-- @deprecated\nlocal x = 1",
    ],
)
def test_what_is_deprecated(source: str) -> None:
    text, marks = document(source)
    found = [one for one in semantic_tokens(text) if "deprecated" in one.modifiers]
    assert tuple((one.start, one.end) for one in found) == marks.ranges


@pytest.mark.parametrize(
    "source",
    [
        "function <!f!>() end f()",
        "function a.b:<!c!>() end",
        "local <!f!> = function() end",
        "t.<!f!> = function() end t.x = 1",
        "t = { <!f!> = function() end, x = 1 }",
        "call(f) f()",
        "f",
    ],
)
def test_where_functions_are_defined(source: str) -> None:
    text, marks = document(source)
    found = [one for one in semantic_tokens(text) if "definition" in one.modifiers]
    assert tuple((one.start, one.end) for one in found) == marks.ranges


def test_globals_that_only_the_program_has_are_observed() -> None:
    text, _ = document("print(made, own, other, missing) own = 1")
    other = Document("file:///code/other.lua", 1, "other = 1")
    names = tuple(fact(name) for name in ("made", "own", "other", "print"))
    view = View(IDLE._replace(names=names))
    found = semantic_tokens(text, view=view, space=Space(opened=[text, other]))
    seen = [text.text[one.start : one.end] for one in found if "observed" in one.modifiers]
    assert seen == ["made"]


def test_goto_may_be_a_name() -> None:
    text, _ = document("local goto = 1", dialect="luajit")
    found = [one.type for one in semantic_tokens(text)]
    assert found == ["keyword", "variable", "operator", "number"]


def test_words_of_a_stretch() -> None:
    text, marks = document("local a = 1\n<!local b!> = 2")
    found = semantic_tokens(text, *marks.ranges[0])
    assert [text.text[one.start : one.end] for one in found] == ["local", "b"]


def decoded(text: Document, data: list[int], manner: Manner) -> list[tuple[str, str]]:
    """The words that numbers stand for, as a client reads them."""
    found, line, column = [], 0, 0
    for at in range(0, len(data), 5):
        down, right, size, kind, _ = data[at : at + 5]
        column = right if down else column + right
        line += down
        start = text.lines.offset(line, column, manner.encoding)
        end = text.lines.offset(line, column + size, manner.encoding)
        found.append((text.text[start:end], TYPES[kind]))
    return found


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-32"])
def test_places_are_counted_as_the_client_counts(encoding: str) -> None:
    text, _ = document("local s = '\U0001f600' .. x\nlocal é = [[one\ntwo\n\n]] y = 1")
    manner = Manner(encoding=encoding)  # type: ignore[arg-type]
    data = list(views.token_data(semantic_tokens(text), text, manner).data)
    assert decoded(text, data, manner)[3:] == [
        ("'\U0001f600'", "string"),
        ("..", "operator"), ("x", "variable"), ("local", "keyword"),
        *[("é", "variable"), ("=", "operator")],
        *[("[[one", "string"), ("two", "string"), ("]]", "string")],
        *[("y", "variable"), ("=", "operator"), ("1", "number")],
    ]  # fmt: skip


def test_only_what_has_changed_is_sent_again() -> None:
    sent, manner = Sent(), Manner()
    first, _ = document("local a = 1\nlocal b = 2\nlocal c = 3")
    second, _ = document("local a = 1\nlocal bb = 2\nlocal c = 3")
    data = [views.token_data(semantic_tokens(one), one, manner) for one in (first, second)]
    whole = views.full_tokens(sent, first, Asked(first.uri), data[0])
    assert whole.result_id is not None
    asked = Asked(first.uri, previous=whole.result_id)
    delta = views.changed_tokens(sent, second, asked, data[1])
    assert isinstance(delta, types.SemanticTokensDelta)
    (edit,) = delta.edits
    made = list(data[0].data)
    made[edit.start : edit.start + edit.delete_count] = edit.data or []
    assert made == list(data[1].data)
    assert edit.delete_count < 10
    again = views.changed_tokens(sent, second, asked, data[1])  # the id is of an older answer
    assert isinstance(again, types.SemanticTokens)
    same = views.changed_tokens(sent, second, Asked("", previous=again.result_id or ""), data[1])
    assert isinstance(same, types.SemanticTokensDelta)
    assert same.edits == []
    sent.forget(second.uri)
    late = views.changed_tokens(sent, second, Asked("", previous=same.result_id or ""), data[1])
    assert isinstance(late, types.SemanticTokens)


@given(st.lists(st.integers(0, 3)), st.lists(st.integers(0, 3)))
def test_a_difference_leads_from_one_list_to_the_other(old: list[int], new: list[int]) -> None:
    start, gone, come = difference(old, new)
    assert old[:start] + come + old[start + gone :] == new


def test_the_legend_names_what_features_say() -> None:
    legend = views.TOKENS.legend
    assert (tuple(legend.token_types), tuple(legend.token_modifiers)) == (TYPES, MODIFIERS)

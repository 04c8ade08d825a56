"""What is proposed at a cursor, in whole and in broken code."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kit.chance import examples
from kit.marked import marked
from syntax.grow import programs
from tidelock.shared.language.completion import Completion, Target, complete, target
from tidelock.shared.language.facts import Fact, Facts
from tidelock.shared.model import DIALECTS, Dialect
from tidelock.shared.syntax.parser import parse


def target_of(source: str, dialect: Dialect = "5.4") -> Target | None:
    text = marked(source)
    return target(parse(text.text, dialect), text.at)


def completion_of(source: str, facts: Facts | None = None, dialect: Dialect = "5.4") -> Completion:
    text = marked(source)
    return complete(parse(text.text, dialect), text.at, facts, modules=("json", "tides.report"))


def labels(source: str, facts: Facts | None = None, dialect: Dialect = "5.4") -> list[str]:
    return [item.label for item in completion_of(source, facts, dialect).items]


@pytest.mark.parametrize(
    ("source", "kind", "prefix", "root", "keys"),
    [
        ("$0", "name", "", "", ()),
        ("pri$0", "name", "pri", "", ()),
        ("p$0ri = 1", "name", "p", "", ()),
        ("x = $0", "name", "", "", ()),
        ("x = 1 + a$0", "name", "a", "", ()),
        ("f(a, $0", "name", "", "", ()),
        ("x = 'a$0'", "literal", "a", "", ()),
        ("f('a$0", "literal", "a", "", ()),
        ("en$0", "name", "en", "", ()),
        ("if x then en$0", "name", "en", "", ()),
        ("a.$0", "member", "", "a", ()),
        ("a.b$0", "member", "b", "a", ()),
        ("a.b.c$0", "member", "c", "a", ("b",)),
        ('a.b["c"].d$0', "member", "d", "a", ("b", "c")),
        ("a[1][2.5].$0", "member", "", "a", (1, 2.5)),
        ("a . b\n  . $0", "member", "", "a", ("b",)),
        ("a.\nlocal x$0", "name", "x", "", ()),
        ("f(a.$0", "member", "", "a", ()),
        ("x = {a.$0}", "member", "", "a", ()),
        ("a:$0", "method", "", "a", ()),
        ("a.b:m$0()", "method", "m", "a", ("b",)),
        ("a[b].$0", "member", "", "", ()),
        ("f().$0", "member", "", "", ()),
        ("a:b().c.$0", "member", "", "", ()),
        ("a:b.$0", "member", "", "", ()),
        ("('x'):$0", "method", "", "", ()),
        ("f('x'):$0", "method", "", "", ()),
        ("f('x', 'y'):$0", "method", "", "", ()),
        ("require('json').$0", "member", "", "json", ()),
        ("require 'json'.a.$0", "member", "", "json", ("a",)),
        ("require('js$0')", "require", "js", "", ()),
        ("require 'js$0", "require", "js", "", ()),
        ('require "$0"', "require", "", "", ()),
        ("require [[js$0]]", "require", "js", "", ()),
        ("t['a$0", "key", "a", "t", ()),
        ("t.b['a$0']", "key", "a", "t", ("b",)),
        ("goto con$0", "label", "con", "", ()),
        ("local x <$0", "attribute", "", "", ()),
        ("local x <co$0> = 1", "attribute", "co", "", ()),
        ("local x, y <c$0", "attribute", "c", "", ()),
        ("x < a$0", "name", "a", "", ()),
        ("end.$0", "member", "", "", ()),
        ("..$0", "name", "", "", ()),
        ("a..b$0", "name", "b", "", ()),
        ("--[[ a ]] b$0", "name", "b", "", ()),
        ("-- a\n$0", "name", "", "", ()),
    ],
)
def test_target(source: str, kind: str, prefix: str, root: str, keys: tuple[object, ...]) -> None:
    text = marked(source)
    found = target(parse(text.text), text.at)
    assert found is not None
    assert (found.kind, found.prefix, found.root, found.keys) == (kind, prefix, root, keys)
    assert text.text[found.start : text.at] == prefix
    assert found.end >= text.at


@pytest.mark.parametrize(
    "source",
    ["-- a$0", "--[[ a$0 ]]", "--[[ a$0", "x = 1$0", "x = 0x$0", "x = 1.$0", "x = [[a$0]]"],
)
def test_no_target(source: str) -> None:
    assert target_of(source) is None
    assert completion_of(source).items == []


def test_target_reaches_to_the_end_of_the_word() -> None:
    found = target_of("a.lon$0g_name = 1")
    assert found is not None
    assert (found.start, found.end) == (2, 11)
    assert target_of("goto x$0", "5.1") == Target("label", "x", 5, 6)
    base = target_of("('x'):$0")
    assert base is not None
    assert base.base == "string"


@given(st.sampled_from(DIALECTS), st.text(alphabet="ab.:[]()'\"1 -\n", max_size=20), st.data())
def test_every_place_has_an_answer(dialect: Dialect, text: str, data: st.DataObject) -> None:
    offset = data.draw(st.integers(-1, len(text) + 1))
    tree = parse(text, dialect)
    found = target(tree, offset)
    if found is not None:
        assert 0 <= found.start <= found.end <= len(text)
    assert complete(tree, offset).start <= complete(tree, offset).end


@settings(max_examples=examples(60), deadline=None, suppress_health_check=list(HealthCheck))
@given(programs(), st.data())
def test_every_place_of_a_program_has_an_answer(
    program: tuple[Dialect, str], data: st.DataObject
) -> None:
    dialect, text = program
    offset = data.draw(st.integers(0, len(text)))
    tree = parse(text[:offset], dialect)
    items = complete(tree, offset).items
    assert [item.sort for item in items] == sorted(item.sort for item in items)
    assert len({item.label for item in items}) == len(items)


def test_names_by_nearness() -> None:
    found = completion_of("""
        local test_far
        test_global = 1
        function test_function(a, b) end
        local function test_near(test_parameter)
          for test_loop = 1, 2 do
            tes$0
          end
          local test_later
        end
    """)
    assert [(item.label, item.kind, item.detail) for item in found.items] == [
        ("test_loop", "variable", "for"),
        ("test_parameter", "variable", "parameter"),
        ("test_near", "function", "test_near(test_parameter)"),
        ("test_far", "variable", "local"),
        ("test_global", "variable", "global of this file"),
        ("test_function", "function", "test_function(a, b)"),
    ]
    assert {item.origin for item in found.items} == {"static"}


def test_names_of_the_library_and_keywords() -> None:
    assert labels("re$0") == ["require", "repeat", "return"]
    assert labels("un$0") == ["until"]
    assert labels("un$0", dialect="5.1") == ["unpack", "until"]
    assert labels("got$0", dialect="5.1") == []
    assert labels("glo$0", dialect="5.5") == ["global"]
    assert labels("local func$0") == ["function"]
    assert labels("PRI$0") == ["print"]


def test_a_local_hides_what_has_its_name() -> None:
    (item,) = completion_of("local print = 1 prin$0").items
    assert item.detail == "local"


def test_attributes_are_told() -> None:
    (item,) = completion_of("local limit <const> = 1 lim$0").items
    assert item.detail == "local <const>"


def test_a_local_is_not_proposed_for_its_own_value() -> None:
    assert "zebra" not in labels("local zebra = ze$0")
    assert "zebra" in labels("local zebra = 1\nze$0")


def test_documentation_of_functions() -> None:
    (item,) = completion_of("""
        --- Tells the height.
        ---@param hour integer
        ---@return number
        local function height_at(hour, ...) end
        heigh$0
    """).items
    assert item.detail == "height_at(hour: integer, ...): number"
    assert item.documentation == "Tells the height."


TABLE = """
    local t = setmetatable({ size = 1, inner = { deep = 1 }, ["a b"] = 1, [1] = 2 }, {})
    t.later = 1
    t["quoted"] = 2
    t[x] = 3
    function t.plain(a) end
    function t:method(b) self.own = 1 end
    t.taking = function(self, c) end
"""


def test_members_of_a_table() -> None:
    found = completion_of(f"{TABLE}    t.$0")
    assert [(item.label, item.kind) for item in found.items] == [
        ("size", "field"),
        ("inner", "field"),
        ("a b", "field"),
        ("later", "field"),
        ("quoted", "field"),
        ("plain", "function"),
        ("own", "field"),
        ("method", "method"),
        ("taking", "method"),
    ]


def test_methods_of_a_table() -> None:
    assert labels(f"{TABLE}    t:$0") == ["method", "taking"]


def test_members_further_in() -> None:
    assert labels(f"{TABLE}    t.inner.$0") == ["deep"]
    assert labels(f"{TABLE}    t['inner'].$0") == ["deep"]
    assert labels(f"{TABLE}    t.none.$0") == []


def test_a_key_that_is_no_name_takes_the_dot_away() -> None:
    text = marked(f"{TABLE}    t.a$0")
    found = complete(parse(text.text), text.at)
    (item,) = found.items
    assert (item.label, item.insert) == ("a b", '["a b"]')
    assert text.text[item.start : found.end] == ".a"


def test_keys_in_brackets() -> None:
    found = completion_of(f"{TABLE}    t['a$0']")
    assert [(item.label, item.insert, item.start) for item in found.items] == [
        ("a b", "a b", found.start)
    ]
    (item,) = completion_of("t['a\"b'] = 1 t['a$0").items
    assert item.insert == 'a\\"b'


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("string.rep$0", ["rep"]),
        ("_G.string.rep$0", ["rep"]),
        ("math.pi$0", ["pi"]),
        ("local s = string\ns.rep$0", ["rep"]),
        ("local s, m = string, math\nm.pi$0", ["pi"]),
        ("local s = string\ns = {}\ns.rep$0", []),
        ("local s = string\nlocal z = s\nz.rep$0", ["rep"]),
        ("local text = 'a'\ntext:rep$0", ["rep"]),
        ("('a'):rep$0", ["rep"]),
        ("local f = io.open('x')\nf:rea$0", ["read"]),
        ("local f <close> = assert(io.open('x'))\nf:rea$0", ["read"]),
        ("io.stdout:wri$0", ["write"]),
        ("local string = {}\nstring.rep$0", []),
        ("string.mine = 1\nstring.mi$0", ["mine"]),
        ("M = {}\nM.a = 1\nM.$0", ["a"]),
        ("M = { a = 1 }\nfunction M.b() end\nM.$0", ["a", "b"]),
        ("local a = a\na.$0", []),
        (
            "local M = {}\nfunction M:set() self.x = 1 end\nfunction M:get() self.$0 end",
            ["x", "set", "get"],
        ),
        ("function f(self) self.$0 end", []),
        ("local t = { { x = 1 } }\nt[1].$0", ["x"]),
        ("local t = {}\nt[1] = { x = 1 }\nt[1].$0", ["x"]),
    ],
)
def test_members_of(source: str, expected: list[str]) -> None:
    assert labels(source) == expected


def test_names_in_quotes_and_after_goto() -> None:
    assert labels("require 't$0'") == ["tides.report"]
    assert labels("local x <c$0") == ["close", "const"]
    jumps = "::outer:: function f() ::inner:: goto $0 end"
    assert labels(jumps) == ["inner"]


LIVE = Facts(
    "observed after execution 7",
    names=(
        Fact("print", "function", "function", "print(...)", "global"),
        Fact("prime", "number", "7", "", "local"),
        Fact("probe", "function", "function", "probe(a, b)", "global", "main.lua:7"),
    ),
    members=(
        Fact("size", "number", "42"),
        Fact("grow", "function", "function", "grow(self, by)", "method", "main.lua:9"),
        Fact("name with blanks", "string", '"x"'),
    ),
)


def test_observed_names_follow_the_static_ones() -> None:
    found = completion_of("local process\npr$0", LIVE)
    assert [(item.label, item.origin, item.detail) for item in found.items] == [
        ("process", "static", "local"),
        ("print", "static", "observed after execution 7: print(...)"),
        ("prime", "observed", "observed after execution 7: 7"),
        ("probe", "observed", "observed after execution 7: probe(a, b) main.lua:7"),
    ]
    assert [item.kind for item in found.items[2:]] == ["variable", "function"]
    assert found.items[1].documentation.startswith("Writes its arguments")


def test_observed_members_follow_the_static_ones() -> None:
    found = completion_of("local t = { size = 1, shape = 2 }\nt.$0", LIVE)
    assert [(item.label, item.origin, item.kind, item.detail) for item in found.items] == [
        ("size", "static", "field", "field, observed after execution 7: 42"),
        ("shape", "static", "field", "field"),
        ("grow", "observed", "method", "observed after execution 7: grow(self, by) main.lua:9"),
        ("name with blanks", "observed", "field", 'observed after execution 7: "x"'),
    ]
    assert found.items[3].insert == '["name with blanks"]'


def test_only_what_can_be_called_follows_a_colon() -> None:
    assert labels("t:$0", LIVE) == ["grow"]
    assert labels("f().$0", LIVE) == ["grow", "name with blanks", "size"]


def test_facts_without_a_label() -> None:
    (item,) = completion_of("siz$0", Facts("", names=(Fact("size", "number", ""),))).items
    assert item.detail == "number"

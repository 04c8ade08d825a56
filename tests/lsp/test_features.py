"""Features on marked Lua, without a program: what the text and the library say."""

from __future__ import annotations

from pathlib import Path

import pytest

from kit.marked import marked
from tidelock.lsp.documents import Document
from tidelock.lsp.features.completion import completion
from tidelock.lsp.features.declaration import declaration
from tidelock.lsp.features.definition import definition
from tidelock.lsp.features.hover import hover
from tidelock.lsp.features.signature import signature
from tidelock.lsp.features.symbols import symbols
from tidelock.lsp.moment import View
from tidelock.shared.language.index.space import Space

from .conftest import document


def complete(source: str, trigger: str = "") -> list[str]:
    text, marks = document(source)
    found = completion(text, marks.at, View(), Space(), trigger)
    assert not found.is_incomplete
    assert found.cursor == marks.at <= found.end or not found.items
    return [item.label for item in found.items]


def test_completion_of_members_and_names() -> None:
    assert complete("local t = {height = 1, high = 2}\nt.hi$0\nfor i = 1, 2 do end") == ["high"]
    assert "string" in complete("str$0")
    assert complete("local height = 1\nhei$0") == ["height"]
    assert complete("-- hei$0") == []


@pytest.mark.parametrize(
    ("source", "trigger", "is_wanted"),
    [
        ("string.$0", ".", True),
        ("a ..$0", ".", False),
        ("('x'):$0", ":", True),
        ("::$0", ":", False),
        ('local t = {["a b"] = 1}\nt["$0', '"', True),
        ('print("$0', '"', False),
        ("local t = {}\nt[$0", "[", True),
        ("---@$0", "@", True),
        ("x = a @$0", "@", False),
        ("local x <$0", "<", True),
        ("---@type table<$0", "<", True),
        ("a <$0", "<", False),
        ("---@class A:$0", ":", True),
    ],
)
def test_a_typed_character_asks_only_for_what_it_begins(
    source: str, trigger: str, is_wanted: bool
) -> None:
    assert bool(complete(source, trigger)) == is_wanted


def test_types_of_other_texts_are_proposed() -> None:
    text, marks = document("---@class Tide\n\n---@type Ti$0")
    other, _ = document("---@class Tidal\n---@alias Time integer", "/code/other.lua")
    found = completion(text, marks.at, View(), Space(opened=[text, other]))
    assert [item.label for item in found.items] == ["Tide", "Tidal", "Time"]


def test_a_key_that_is_no_name_takes_the_dots_place() -> None:
    text, marks = document('local t = {["a b"] = 1}\nt.$0')
    item, *made = completion(text, marks.at, View(), Space()).items
    assert {one.kind for one in made} == {"snippet"}
    assert (item.insert, item.start) == ('["a b"]', marks.at - 1)
    assert complete('local t = {["a b"] = 1, c = 2}\nt. $0') == ["c"]  # the dot is further left


def test_more_than_an_editor_shows_is_cut() -> None:
    text, marks = document("".join(f"local name{n} = 1\n" for n in range(150)) * 2 + "name$0")
    assert not completion(text, marks.at, View(), Space()).is_incomplete
    globals_ = "".join(f"name{n} = 1\n" for n in range(300))
    text, marks = document(f"{globals_}name$0")
    found = completion(text, marks.at, View(), Space())
    assert (len(found.items), found.is_incomplete) == (200, True)


def test_modules_for_require(tmp_path: Path) -> None:
    for name in (
        "tides.lua",
        "port/init.lua",
        "port/gate.lua",
        "port/.x.lua",
        "a-b/c.lua",
        "n.txt",
    ):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("")

    def modules(source: str) -> list[str]:
        marks = marked(source)
        folders = (str(tmp_path / "missing"), str(tmp_path))
        text = Document("untitled:a", 1, marks.text, "5.4", folders)
        return [item.label for item in completion(text, marks.at, View(), Space()).items]

    assert modules('require "$0') == ["a-b.c", "port", "port.gate", "tides"]
    assert modules('require "port.$0"') == ["port.gate"]


def hovered(source: str) -> tuple[str, str] | None:
    text, marks = document(source)
    found = hover(text, marks.at, View(), Space())
    return None if found is None else (found.signature, text.text[found.start : found.end])


def test_hover() -> None:
    assert hovered("local x = 1\nprint(x$0)") == ("local x = 1", "x")
    assert hovered("string.re$0p") == (
        "string.rep(text: string, count: integer, separator?: string): string",
        "rep",
    )
    assert hovered("if $0 then") is None


def outline(source: str) -> list[str]:
    text, _ = document(source)
    return [f"{one.kind} {one.name}{one.detail}" for one in symbols(text)]


def test_symbols_of_broken_text() -> None:
    assert outline("local function a(x)\nend\nfunction T:m()\n  local y =") == [
        "function a(x)",
        "method T:m()",
    ]


def defined(source: str) -> str:
    text, marks = document(source)
    found = definition(text, marks.at, View(), Space())
    assert found is not None
    (link,) = found.links
    assert (link.uri, (link.start, link.end)) == (text.uri, marks.ranges[0])
    return text.text[slice(*found.origin)]


def test_definition_in_the_text() -> None:
    assert defined("local <!x!> = 1\nprint(x$0)") == "x"
    assert defined("local t = {}\nfunction t.<!f!>() end\nt.f$0()") == "t.f"
    text, marks = document("print$0(1)")
    assert definition(text, marks.at, View(), Space()) is None
    text, marks = document("-- $0")
    assert definition(text, marks.at, View(), Space()) is None


@pytest.mark.parametrize(
    "form", ["require '{}$0'", 'local m = require("$0{}")', "require [[$0{}]]"]
)
def test_definition_of_a_module(tmp_path: Path, form: str) -> None:
    (tmp_path / "port").mkdir()
    (tmp_path / "port/gate.lua").write_text("")
    (tmp_path / "tides").mkdir()
    (tmp_path / "tides/init.lua").write_text("")
    for name, file in (("port.gate", "port/gate.lua"), ("tides", "tides/init.lua"), ("x", "")):
        marks = marked(form.format(name))
        text = Document("untitled:a", 1, marks.text, "5.4", (str(tmp_path),))
        found = definition(text, marks.at, View(), Space())
        assert [link.uri for link in found.links] if found else not file
        if found:
            assert found.links[0].uri == (tmp_path / file).as_uri()
            assert name in marks.text[slice(*found.origin)]


def signed(source: str) -> str | None:
    """The signature, with its active parameter in angle brackets."""
    text, marks = document(source)
    found = signature(text, marks.at, View(), Space())
    if found is None:
        return None
    way = found.ways[found.active]
    if way.active >= len(way.parameters):
        return f"{way.text} {way.active}"
    start, end = way.parameters[way.active]
    return f"{way.text[:start]}<{way.text[start:end]}>{way.text[end:]}"


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("local function f(a, b) end\nf($0", "f(<a>, b)"),
        ("local function f(a, b) end\nf(1, $0)", "f(a, <b>)"),
        ("local function f(a, b) end\nf({1, 2}, g(3, 4), $0", "f(a, b) 2"),
        ("local function f(a, b) end\nf(g($0), 1)", None),
        ("local function f(a, ...) end\nf(1, 2, 3, $0)", "f(a, <...>)"),
        ("function f() end\nf($0)", "f() 0"),
        (
            "---@param a fun(x: T, y: T): U\nfunction f(a, b) end\nf(1, $0)",
            "f(a: fun(x: T, y: T): U, <b>)",
        ),
        ("local t = {}\nfunction t:m(a) end\nt:m($0)", "t:m(<a>)"),
        ("local t = {}\nfunction t:m(a) end\nt.m(t, $0)", "t:m(<a>)"),
        ("local t = {}\nfunction t.m(a, b) end\nt:m($0)", "t.m(a, <b>)"),
        ("local function f(a) end\nf(function() $0 end)", None),
        ("local function f(a) end\nf(1)$0", None),
        ("local function f(a) end\nf{$0}", None),
        ("print$0", None),
        ("local x = 1\nx($0", None),
    ],
)  # fmt: skip
def test_signature(source: str, expected: str | None) -> None:
    assert signed(source) == expected


OVERLOADED = """\
--- Opens it.
---@param depth number
---@overload fun(depth: number, by: Gate): Gate
---@overload fun(name: string, depth: number, ...: any)
local function open(depth) end
local gate = {}
---@overload fun(self, depth: number, by: number)
---@param depth number
function gate:open(depth) end
"""


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        ("open($0", "open(<depth: number>)"),
        ("open(1$0)", "open(<depth: number>)"),
        ("open(1, $0", "open(depth: number, <by: Gate>): Gate"),
        ("open($0, 2)", "open(<depth: number>, by: Gate): Gate"),
        ("open(1, 2, $0)", "open(name: string, depth: number, <...: any>)"),
        ("open(1, 2, 3, 4, $0)", "open(name: string, depth: number, <...: any>)"),
        ("gate:open($0)", "gate:open(<depth: number>)"),
        ("gate:open(1, $0)", "gate:open(depth: number, <by: number>)"),
    ],
)
def test_the_way_that_takes_as_many_arguments(call: str, expected: str) -> None:
    assert signed(OVERLOADED + call) == expected


def test_every_way_is_a_signature_of_its_own() -> None:
    text, marks = document(f"{OVERLOADED}open($0)")
    found = signature(text, marks.at, View(), Space())
    assert found is not None
    assert [one.text for one in found.ways] == [
        "open(depth: number)",
        "open(depth: number, by: Gate): Gate",
        "open(name: string, depth: number, ...: any)",
    ]
    assert {one.documentation.partition("\n\n")[0] for one in found.ways} == {"Opens it."}
    assert "by: Gate" not in found.ways[0].documentation


def test_signature_of_the_library() -> None:
    assert signed("string.rep('x', $0") == (
        "string.rep(text: string, <count: integer>, separator?: string): string"
    )
    assert signed("local s = string\ns.byte($0") == (
        "string.byte(<text: string>, first?: integer, last?: integer): integer..."
    )


@pytest.mark.parametrize(
    "source",
    [
        "---@class A\n---@field <!d!> number\n---@type A\nlocal a = {}\na.d = 3\nf(a.d$0)",
        "---@class P\n---@field <!w!> number\n---@class C: P\n---@type C\nlocal c = f()\nc.w$0 = 1",
        "---A number.\n---<!@type number!>\nlocal x = 1\nprint(x$0)",
        "---<!@param n!>? number\nlocal function f(n) return n$0 end",
        "---@param a number\nlocal function f(a, <!b!>) return b$0 end",
        "local B = {}\n---<!@return number # metres!>\nfunction B.f() end\nB.f$0()",
        "---@class <!A!>\n---@class B: A$0",
        "---@class B\n---@class <!A!>\n\n---@type A$0",
        "local <!x!> = 1\nprint(x$0)",
    ],
)
def test_declarations(source: str) -> None:
    text, marks = document(source)
    found = declaration(text, marks.at, Space(opened=[text]))
    assert tuple((one.start, one.end) for one in found) == marks.ranges


def test_a_definition_file_declares_before_others_define() -> None:
    text, marks = document("x = 1\nprint(x$0)")
    meta = Document("file:///code/host.lua", 1, "---@meta\n\nx = 0\n")
    found = declaration(text, marks.at, Space(opened=[text, meta]))
    assert [(one.uri, one.start) for one in found] == [(meta.uri, 10)]

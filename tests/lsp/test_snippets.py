"""Proposals that write more than a word: forms of the language, calls, what stands before a dot."""

from __future__ import annotations

from typing import Any

import pytest

from tidelock.lsp.features.completion import completion
from tidelock.lsp.features.snippets import escaped, filled
from tidelock.lsp.moment import View
from tidelock.shared.language.completion import Item
from tidelock.shared.language.index.space import Space

from .conftest import document


def proposed(source: str, **wishes: Any) -> dict[str, Item]:
    text, marks = document(source)
    given = {"takes_snippets": True, **wishes}
    return {item.label: item for item in completion(text, marks.at, View(), Space(), **given).items}


def taken(source: str, label: str, *, plain: bool = False, **wishes: Any) -> str:
    """The text once a proposal is taken; its places stay as they are written."""
    text, marks = document(source)
    item = proposed(source, takes_snippets=not plain, **wishes)[label]
    written = item.insert if plain or not item.snippet else item.snippet
    return text.text[: item.start] + written + text.text[marks.at :]


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("f$0", ["for … = … do", "for … in … do", "function …"]),
        ("i$0", ["if … then"]),
        ("x()\nwh$0", ["while … do"]),
        ("if x then\n  re$0\nend", ["repeat … until"]),
        ("lo$0", ["local function …"]),
        ("x = f$0", ["function …"]),
        ("return f$0", ["function …"]),
        ("x = w$0", []),
        ("local f$0", ["function …"]),
        ("function f$0", []),
        ("$0", []),
        ("x.f$0 = 1", []),
        ("-- f$0", []),
    ],
)
def test_forms_stand_where_they_may(source: str, expected: list[str]) -> None:
    found = [one.label for one in proposed(source).values() if one.kind == "snippet"]
    assert found == expected
    assert not [
        one
        for wish in ({"snippets": False}, {"takes_snippets": False})
        for one in proposed(source, **wish).values()
        if one.kind == "snippet"
    ]


def test_a_form_with_its_places() -> None:
    assert taken("wh$0", "while … do") == "while ${1:condition} do\n\t$0\nend"
    assert taken("x = fu$0", "function …") == "x = function(${1:parameters})\n\t$0\nend"
    assert taken("local fu$0", "function …").startswith("local function ${1:name}(")
    assert list(proposed("wh$0")) == ["while", "while … do"]  # the word itself comes first


@pytest.mark.parametrize(
    ("source", "label", "expected"),
    [
        ("gate.i$0", "if", "if gate then\n\t$0\nend"),
        ("a.b[1].$0\nx()", "if", "if a.b[1] then\n\t$0\nend\nx()"),
        (
            "gates.fo$0",
            "for",
            "for ${1:key}, ${2:value} in pairs(gates) do\n\t$0\nend",
        ),
        ("open(a, b).pc$0", "pcall", "local ${1:ok}, ${2:result} = pcall(open, a, b)$0"),
        ("open().$0", "pcall", "local ${1:ok}, ${2:result} = pcall(open)$0"),
        ("open 'x'.$0", "pcall", "local ${1:ok}, ${2:result} = pcall(open, 'x')$0"),
        ("x = m.open(a).$0", "pcall", "x = pcall(m.open, a)$0"),
        ("x = m:open(a).$0", "pcall", "x = pcall(m.open, m, a)$0"),
        ("f('${}').$0", "if", "if f('\\${\\}') then\n\t$0\nend"),
    ],
)
def test_what_is_made_of_an_expression(source: str, label: str, expected: str) -> None:
    assert taken(source, label) == expected
    assert label not in proposed(source, postfix=False)


@pytest.mark.parametrize(
    ("source", "missing"),
    [
        ("x = gate.$0", {"if", "for"}),
        ("f(gate.$0)", {"if", "for"}),
        ("gate.$0 = 1", {"if", "for"}),
        ("gate:$0", {"if", "for", "pcall"}),
        ("gate\n.$0", {"if", "for", "pcall"}),
        ("gate. $0", {"if", "for", "pcall"}),
        ("x = a.b:open(1).$0", {"pcall"}),
    ],
)
def test_what_cannot_be_made_is_not_proposed(source: str, missing: set[str]) -> None:
    assert not missing & set(proposed(source))


def test_fields_come_before_what_is_made_of_them() -> None:
    found = proposed("local t = {iffy = 1}\nt.i$0")
    assert list(found) == ["iffy", "if"]
    assert found["if"].filter == "t.if"
    assert found["if"].detail == "if t then"


def test_without_places_a_block_is_laid_out_as_its_line() -> None:
    source = "do\n  gate.i$0\nend"
    assert taken(source, "if", plain=True) == "do\n  if gate then\n  \n  end\nend"


@pytest.mark.parametrize(
    ("source", "label", "expected"),
    [
        ("local function open(a, b) end\nop$0", "open", "open(${1:a}, ${2:b})$0"),
        ("local function open() end\nop$0", "open", "open()$0"),
        ("local function open(a, ...) end\nop$0", "open", "open(${1:a})$0"),
        ("string.re$0", "rep", "rep(${1:text}, ${2:count})$0"),
        ("('x'):re$0", "rep", "rep(${1:count})$0"),
        ("local t = {}\nfunction t:m(a) end\nt:$0", "m", "m(${1:a})$0"),
        ("local t = {}\nfunction t:m(a) end\nt.$0", "m", "m(${1:self}, ${2:a})$0"),
        ("local t = {}\nfunction t.m(a, b) end\nt.$0", "m", "m(${1:a}, ${2:b})$0"),
        ("local open = 1\nop$0", "open", ""),
        ("string.re$0()", "rep", ""),
        ("string.re$0 'x'", "rep", ""),
        ("local t = {}\nfunction t.m(a) end\nfunction t.m$0", "m", ""),
    ],
)
def test_a_function_brings_its_arguments_where_it_is_wished(
    source: str, label: str, expected: str
) -> None:
    assert proposed(source, call_snippet="arguments")[label].snippet == expected
    assert not proposed(source)[label].snippet
    assert not proposed(source, call_snippet="arguments", takes_snippets=False)[label].snippet


def test_as_many_as_are_wished() -> None:
    text, marks = document("local qa, qb, qc = 1, 2, 3\nq$0")
    for most, is_cut in ((2, True), (3, False)):
        found = completion(text, marks.at, View(), Space(), max_items=most)
        labels = [one.label for one in found.items]
        assert labels == ["qc", "qb", "qa"][:most]
        assert found.is_incomplete == is_cut


def test_texts_in_snippets() -> None:
    assert escaped("a$b}c\\") == "a\\$b\\}c\\\\"
    assert filled(f"f({escaped('${}')}, ${{1:a}}$0, $2)") == "f(${}, a, )"

"""Every code is found where it must be, and silent where it must be; its example shows it."""

from __future__ import annotations

import re

import pytest

from kit.checking import check_problems, judged
from language.checks.cases import ALL
from tidelock.shared.language.checks.codes import CODES, NAMED, UNCHECKED

_LUA = re.compile(r"(5\.[1-5]|luajit): ")


def check(code: str, source: str) -> None:
    lua = _LUA.match(source)
    text = source if lua is None else source[lua.end() :]
    for problem in check_problems(code, text, "5.4" if lua is None else lua[1]):  # type: ignore[arg-type]
        assert len(problem.message) <= 120 or problem.origin == "load"
        assert not problem.message.endswith(".")


@pytest.mark.parametrize(
    "broken",
    [
        "local b = a +",
        "print(a, ",
        "if a then",
        "nowhere(a",
        "local function f() return a",
        "a.b:",
        "for i = a do nothing() end",
        "t = { a, nowhere",
        "local s = 'a",
        "return a,",
    ],
)
def test_a_broken_statement_has_its_own_problem_alone(broken: str) -> None:
    found = judged(f"local a, c = 1, 2\nlocal d\n{broken}\n")
    assert {one.code for one in found.problems if one.severity == "error"} == {"syntax-error"}
    start = found.tree.text.index(broken)
    assert [one.code for one in found.problems if one.start >= start] == ["syntax-error"]
    unused = [found.tree.text[one.start : one.end] for one in found.of("unused-local")]
    assert unused == ["c", "d"]


def test_other_tools_names_stand_for_codes() -> None:
    names = [name for code in CODES.values() for name in code.others]
    assert all(name.isdecimal() or "-" in name for name in names)
    assert NAMED["miss-end"] == {"syntax-error"}
    assert NAMED["luadoc-miss-param-name"] == {"doc-syntax-error"}
    assert not UNCHECKED & NAMED.keys()
    assert NAMED["lowercase-global"] == {"implicit-global"}
    assert NAMED["redefined-local"] == {"redefined-local", "shadowed-local"}
    source = "---@diagnostic disable: unused-local, 113\nlocal a = nowhere\nfor i = 1, 2 do end"
    shown = {one.code for one in judged(source).problems}
    assert shown == {"empty-block"}


@pytest.mark.parametrize("code", CODES)
def test_found_and_silent(code: str) -> None:
    cases = ALL[code]
    assert min(len(cases.found), len(cases.silent)) >= 3
    check_problems(code, CODES[code].example, CODES[code].dialect)
    for source in cases.found:
        assert "<!" in source
        check(code, source)
    for source in cases.silent:
        assert "<!" not in source
        check(code, source)

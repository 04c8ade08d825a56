"""Lua's verdict and our findings as one list."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kit.chance import examples
from kit.marked import marked
from syntax.grow import programs
from syntax.oracle import build_of
from tidelock.shared.language.diagnostics import from_load, problems
from tidelock.shared.model import DIALECTS, Dialect, Problem
from tidelock.shared.syntax.parser import parse


def judge(text: str, dialect: Dialect = "5.4") -> list[Problem]:
    """What is shown of a text when the build of its dialect is asked."""
    tree = parse(text, dialect)
    message = build_of(dialect).refusal(text)
    return problems(tree, None if message is None else from_load(tree, message))


@pytest.mark.parametrize(
    ("message", "line", "words", "code"),
    [
        ("text:2: unexpected symbol near 'x'", 2, "unexpected symbol near 'x'", "syntax-error"),
        ('[string "a = 1 ..."]:2: x expected', 2, "x expected", "syntax-error"),
        ('[string "t[":1:"]"]:2: x expected', 2, "x expected", "syntax-error"),
        ("C:\\a\\b.lua:2: x expected", 2, "x expected", "syntax-error"),
        ("/a/b.lua:2: x expected\nstack traceback:\n\t[C]: in ?", 2, "x expected", "syntax-error"),
        ('error loading code: [string "<python>"]:2: x', 2, "x", "syntax-error"),
        (
            "chunk has too many syntax levels",
            1,
            "chunk has too many syntax levels",
            "compile-limit",
        ),
        ("text:99: x expected", 3, "x expected", "syntax-error"),
        ("text:2: attempt to assign to const variable 'x'", 2, None, "assign-to-const"),
        ("text:2: no visible label 'x' for <goto> at line 1", 2, None, "undefined-label"),
        ("text:2: duplicate label 'x'", 2, None, "duplicate-label"),
        ("text:2: variable 'x' not declared", 2, None, "undeclared-name"),
        ("text:2: break outside loop at line 1", 2, None, "break-outside-loop"),
        ("text:2: too many local variables (limit is 200)", 2, None, "compile-limit"),
    ],
)
def test_from_load(message: str, line: int, words: str | None, code: str) -> None:
    text = "a = 1\n  b = 2\nc = 3"
    problem = from_load(text, message)
    assert (problem.code, problem.origin, problem.severity) == (code, "load", "error")
    assert problem.message == (words if words is not None else message.partition(": ")[2])
    assert text[problem.start : problem.end] == ["a = 1", "b = 2", "c = 3"][line - 1]


def test_from_load_counts_lines_as_lua_does() -> None:
    text = "a = 1\n\rb = 2\n\rc = = 3"
    problem = from_load(text, build_of("5.4").refusal(text) or "")
    assert text[problem.start : problem.end] == "c = = 3"


def test_from_load_finds_the_opener() -> None:
    text = "x()\nif a then\ny()\n"
    problem = from_load(text, build_of("5.4").refusal(text) or "")
    assert [(one.start, one.end, one.message) for one in problem.related] == [
        (4, 6, "this 'if' is not closed")
    ]
    assert from_load("x", "t:1: 'end' expected (to close 'if' at line 9) near 'x'").related == ()


def test_load_accepts_what_we_refuse() -> None:
    assert problems(parse("x = = 1"), None) == []


def test_without_a_lua_our_parser_decides() -> None:
    tree = parse("x = = 1")
    assert problems(tree, None, judged=False) == list(tree.problems)
    scoped = problems(parse("goto l"), None, judged=False)
    assert [problem.code for problem in scoped] == ["undefined-label"]


def test_load_refuses_what_we_accept() -> None:
    tree = parse("x = 1\ny = 2")
    verdict = from_load(tree, "text:2: too many upvalues (limit is 255)")
    assert problems(tree, verdict) == [verdict]


def test_words_of_lua_at_the_place_our_parser_found() -> None:
    text = marked("x = 1\ny = <!=!> 2")
    (problem,) = judge(text.text)
    assert problem.message == "unexpected symbol near '='"
    assert (problem.start, problem.end) == text.ranges[0]
    assert problem.origin == "load"
    assert [one.message for one in problem.related] == ["expression expected near '='"]


def test_our_further_findings_are_kept() -> None:
    found = judge("x = = 1\ny = 2\nz = (\nlocal w = 3 +\n")
    assert [(problem.origin, problem.message) for problem in found] == [
        ("load", "unexpected symbol near '='"),
        ("parser", "expression expected near 'local'"),
        ("parser", "expression expected near <eof>"),
    ]


def test_another_version_keeps_its_code() -> None:
    (problem,) = judge("x = a // b", "5.1")
    assert problem.code == "wrong-version-syntax"
    assert problem.message == "unexpected symbol near '/'"
    assert problem.related[-1].message == "'//' needs Lua 5.3 or later"


def test_a_missing_end_is_one_problem() -> None:
    text = marked("""
        local function f()
          <!if!> a then
            x()
        end
        <!local!> y
    """)
    (problem,) = judge(text.text)
    assert problem.message.startswith("'end' expected (to close 'function' at line 1)")
    assert [one.message for one in problem.related] == [
        "this 'if' is not closed",
        "by the indentation, it ends before this",
    ]
    opener, _ = text.ranges
    assert (problem.related[0].start, problem.related[0].end) == opener


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("goto l", "undefined-label"),
        ("local x <const> = 1; x = 2", "assign-to-const"),
        ("::l:: ::l::", "duplicate-label"),
        ("break", "break-outside-loop"),
        ("function f() return ... end", "vararg-outside-function"),
    ],
)
def test_scopes_give_the_place(text: str, code: str) -> None:
    (problem,) = judge(text)
    assert problem.code == code
    assert problem.end - problem.start <= 5


@settings(max_examples=examples(150), deadline=None, suppress_health_check=list(HealthCheck))
@given(programs(), st.sampled_from(DIALECTS), st.data())
def test_something_is_shown_exactly_when_load_refuses(
    program: tuple[Dialect, str], dialect: Dialect, data: st.DataObject
) -> None:
    _, text = program
    at = data.draw(st.integers(0, len(text)))
    text = text[:at] + data.draw(st.sampled_from(["", " = ", "(", "end ", "\n"])) + text[at:]
    found = judge(text, dialect)
    assert bool(found) == (build_of(dialect).refusal(text) is not None)
    assert sum(problem.origin == "load" for problem in found) == bool(found)
    assert found == sorted(found, key=lambda problem: (problem.start, problem.end))


def test_malformed_annotations_are_told_beside_the_verdict() -> None:
    found = judge("---@param\nlocal function f(a) end\nx = = 1")
    assert [(one.code, one.severity, one.origin) for one in found] == [
        ("doc-syntax-error", "warning", "parser"),
        ("syntax-error", "error", "load"),
    ]


@pytest.mark.parametrize(
    ("source", "lines"),
    [
        ("---@param\nf()\n---@retrun", [0, 2]),
        ("---@diagnostic disable-next-line: doc-syntax-error\n---@param\n---@param", [2]),
        ("---@diagnostic disable-next-line\n---@param\n---@param", [2]),
        ("---@diagnostic disable-next-line: unknown-doc-tag\n---@param\n---@param", [1, 2]),
        ("---@param\n---@diagnostic disable\n---@param\n---@diagnostic enable\n---@param", [0, 4]),
        ("---@diagnostic disable: doc-syntax-error\n---@param\n---@retrun", [2]),
        (
            "---@diagnostic disable\n---@diagnostic enable: unknown-doc-tag\n---@param\n---@retrun",
            [3],
        ),
        ("--[[@param]] f() ---@diagnostic disable-line\n--[[@param]] f()", [1]),
    ],
)
def test_a_text_asks_not_to_see_a_problem(source: str, lines: list[int]) -> None:
    tree = parse(source)
    assert [tree.lines.line_of(one.start) for one in problems(tree, None)] == lines


def test_what_lua_refuses_is_never_hidden() -> None:
    assert [one.code for one in judge("---@diagnostic disable\nx = = 1")] == ["syntax-error"]

"""Luacheck's comments: what they hide, on which lines and for which names."""

from __future__ import annotations

import pytest

from kit.checking import judged
from kit.marked import marked
from tidelock.shared.language.checks.finding import at_once
from tidelock.shared.language.luacheck import NUMBERED, options, pattern, standard
from tidelock.shared.syntax.parser import parse


@pytest.mark.parametrize(
    "source",
    [
        "local a -- luacheck: ignore\nlocal <!b!>",
        "local a -- luacheck: ignore 211\nlocal <!b!>",
        "local a --luacheck:ignore 211 (it is loaded for its effects)\nlocal <!b!>",
        "local <!a!> -- luacheck: ignore 212",
        "local a, <!b!> -- luacheck: ignore 211/a",
        "local ab, <!a!> -- luacheck: ignore ab",
        "local ab, ac, <!b!> -- luacheck: ignore a.",
        "local ab, <!b!> -- luacheck: ignore ^a",
        "local ba, <!b!> -- luacheck: ignore 211/a$",
        "local a_1, <!a_!> -- luacheck: ignore 21/a_%d",
        "--[[ luacheck: ignore 211/a ]] local a, <!b!>",
        "--[[ luacheck: ignore 211/a ]]\nlocal a, <!b!>",
        "local <!a!>\n-- luacheck: ignore 211\nlocal b\nlocal c",
        "-- luacheck: push\n-- luacheck: ignore 211\nlocal a\n-- luacheck: pop\nlocal <!b!>",
        "-- luacheck: push ignore 211\nlocal a\n-- luacheck: pop\nlocal <!b!>",
        "-- luacheck: push, ignore 211\nlocal a\n-- luacheck: pop\nlocal <!b!>",
        "-- luacheck: ignore 211/a, ignore 211/b\nlocal a, b, <!c!>",
        "-- luacheck: pop\nlocal <!a!>",
        "-- luacheck: no unused\nlocal a",
        "-- luacheck: no redefined\nlocal a = 1\nprint(a)\nlocal a = 2\nprint(a)",
        "-- luacheck: unused\nlocal <!a!>",
        "-- luacheck: ignore [\nlocal <!a!>",
        "-- luacheck: ignore 9\nlocal <!a!>",
        "-- luacheck:\nlocal <!a!>",
        'local <!a!> = "-- luacheck: ignore"',
        "-- see luacheck: ignore\nlocal <!a!>",
        """
            local f = function()
                -- luacheck: ignore 211
                local a
                return function()
                    local b
                end
            end
            local <!c!>
            f()
        """,
    ],
)
def test_what_is_hidden(source: str) -> None:
    text = marked(source)
    found = at_once(parse(text.text, "5.4"))
    assert [(one.start, one.end) for one in found] == list(text.ranges)


def shown(source: str) -> list[str]:
    """What is found in a text, as ``code: words``."""
    found = judged(source)
    return [f"{one.code}: {found.tree.text[one.start : one.end]}" for one in found.problems]


@pytest.mark.parametrize(
    ("source", "left"),
    [
        # Beside code it is about the line.
        ("x1() -- luacheck: ignore\nx2()", ["x2"]),
        ("x1() -- luacheck: ignore 113\nx2()", ["x2"]),
        ("x1(x2) -- luacheck: ignore 113/x1\n", ["x2"]),
        ("x1(x2) -- luacheck: ignore x1\n", ["x2"]),
        ("x1(x2, xx) -- luacheck: ignore x%d\n", ["xx"]),
        ("x1() -- luacheck: ignore 212", ["x1"]),
        ("x1() -- luacheck: ignore x", ["x1"]),
        ("x1() --luacheck:ignore 1..\nx2()", ["x2"]),
        ("x1() -- luacheck: globals x1\nx1()", ["x1"]),
        ("x1(\n  x2) -- luacheck: ignore\nx3()", ["x1", "x3"]),
        ("f = [[\n]] x1() -- luacheck: ignore\nx2()", ["x2"]),
        # Elsewhere about what follows in its function.
        ("x1()\n-- luacheck: ignore 113\nx2()", ["x1"]),
        ("local _ = function()\n  -- luacheck: ignore\n  x1()\nend\nx2()", ["x2"]),
        ("-- luacheck: globals x1 x2\nx1(x2, x3)", ["x3"]),
        ("-- luacheck: read globals x1\nx1(x2)", ["x2"]),
        ("-- luacheck: globals x1.y\nx1.y()", []),
        ("-- luacheck: globals x1 x2\n-- luacheck: new globals x3\nx1(x2, x3)", ["x1", "x2"]),
        ("-- luacheck: globals x1 x2, not globals x1\nx1(x2)", ["x1"]),
        ("-- luacheck: ignore 113\n-- luacheck: not globals x1\nx1()", []),
        ("-- luacheck: std +busted\ndescribe(it, x1)", ["x1"]),
        ("-- luacheck: std lua51c\nunpack(setfenv, x1)", ["x1"]),
        ("-- luacheck: compat\nunpack(x1)", ["x1"]),
        ("-- luacheck: no global\nx1()", []),
        ("-- luacheck: no global\n-- luacheck: global\nx1()", ["x1"]),
        ("-- luacheck: ignore 113, enable 113/x1\nx1(x2)", ["x1"]),
        # Between push and pop.
        ("-- luacheck: push ignore 113\nx1()\n-- luacheck: pop\nx2()", ["x2"]),
        ("-- luacheck: push\n-- luacheck: globals x1\nx1()\n-- luacheck: pop\nx1()", ["x1"]),
        ("-- luacheck: ignore x1\n-- luacheck: push\n-- luacheck: pop\nx1(x2)", ["x2"]),
        # What is said in brackets is said to people; what is no comment is not said at all.
        ("-- luacheck: ignore x1 (it is there (really), since 5.0)\nx1(x2)", ["x2"]),
        ("local _ = '-- luacheck: ignore'\nx1()", ["x1"]),
        ("--[==[ luacheck: ignore x1 ]==] x1(x2)", ["x2"]),
        ("--[[ -- luacheck: ignore ]]\nx1()", ["x1"]),
        ("--- luacheck: ignore\nx1()", ["x1"]),
        ("-- luacheck: ignore [\nx1()", ["x1"]),
        ("-- luacheck: nothing of the kind\nx1()", ["x1"]),
    ],
)  # fmt: skip
def test_undefined_globals(source: str, left: list[str]) -> None:
    assert shown(source) == [f"undefined-global: {one}" for one in left]


@pytest.mark.parametrize(
    ("comment", "left"),
    [
        ("", ["unused-local: a", "unused-argument: b", "shadowed-local: a", "implicit-global: g"]),
        ("no unused", ["shadowed-local: a", "implicit-global: g"]),
        ("no unused args", ["unused-local: a", "shadowed-local: a", "implicit-global: g"]),
        ("no unused, unused args",
         ["unused-argument: b", "shadowed-local: a", "implicit-global: g"]),
        ("no redefined", ["unused-local: a", "unused-argument: b", "implicit-global: g"]),
        ("ignore 2", ["shadowed-local: a", "implicit-global: g"]),
        ("ignore unused/.*", ["shadowed-local: a", "implicit-global: g"]),
        ("ignore unused-local/a",
         ["unused-argument: b", "shadowed-local: a", "implicit-global: g"]),
        ("ignore 4.[12]", ["unused-local: a", "unused-argument: b", "implicit-global: g"]),
        ("ignore a", ["unused-argument: b", "implicit-global: g"]),
        ("only 1", ["implicit-global: g"]),
        ("only 2, ignore 211", ["unused-argument: b"]),
        ("allow defined", ["unused-local: a", "unused-argument: b", "shadowed-local: a"]),
        ("globals g", ["unused-local: a", "unused-argument: b", "shadowed-local: a"]),
    ],
)  # fmt: skip
def test_other_kinds(comment: str, left: list[str]) -> None:
    source = f"-- luacheck: {comment}\nlocal a = 1\nreturn function(b)\n  local a = 2\n  g = a\nend"
    assert shown(source) == left


def test_what_luacheck_has_no_number_for_goes_by_a_bare_ignore_alone() -> None:
    assert shown("x = y == {} -- luacheck: ignore .") == ["suspicious-comparison: y == {}"]
    assert shown("x = y == {} -- luacheck: only 4") == ["suspicious-comparison: y == {}"]
    assert shown("x = y == {} -- luacheck: ignore") == []


def test_what_lua_refuses_is_shown_all_the_same() -> None:
    assert [one.split(":")[0] for one in shown("x = = 1 -- luacheck: ignore")] == ["syntax-error"]


def test_words_that_are_nearly_an_option() -> None:
    found = judged("-- luacheck: ingore x1, glboals x\nx1()")
    first, second = found.of("unknown-diag-code")
    assert (first.instead, second.instead) == ("ignore", "globals")
    assert found.tree.text[first.start : first.end] == "ingore"
    assert shown("-- luacheck: max line length 80, no self, operators +=") == []


@pytest.mark.parametrize(
    ("text", "hit", "missed"),
    [
        ("foo", "foo", "foobar"),
        ("foo.*", "foobar", "a_foo"),
        (".*_", "x_", "x_y"),
        ("^f.-o$", "foo", "fob"),
        ("^f", "fob", "of"),
        ("o$", "foo", "fob"),
        ("%l+", "abc", "aBc"),
        ("[%a_]%d?", "a1", "1a"),
        ("[^x]", "y", "x"),
        ("a%.b", "a.b", "axb"),
        ("a{2}", "a{2}", "aa"),
    ],
)
def test_patterns_of_names(text: str, hit: str, missed: str) -> None:
    made = pattern(text)
    assert made is not None
    assert made.codes == NUMBERED
    assert made.matches("unused-local", hit)
    assert not made.matches("unused-local", missed)
    assert not made.matches("suspicious-comparison", hit)


@pytest.mark.parametrize("text", ["[", "(", "%", "%bxy", "1[/x", "x/("])
def test_what_is_no_pattern(text: str) -> None:
    assert pattern(text) is None


def test_standards() -> None:
    assert {"describe", "it"} <= set(standard("lua54+busted"))
    assert "utf8" in standard("lua53")
    assert "utf8" not in standard("lua51")
    assert standard("nowhere") == ()


def test_options_are_read_once_for_a_text() -> None:
    tree = parse("-- luacheck: no unused args, ignore 21.\nf()")
    ((first, second),) = options(tree)
    assert (first.name, first.is_negated, second.words) == ("unused args", True, ("21.",))
    assert options(tree) is options(tree)

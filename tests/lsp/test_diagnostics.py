"""What is published for a text: our places, Lua's words, and whose verdict counts."""

from __future__ import annotations

import pytest

from tidelock.lsp.diagnostics import diagnose
from tidelock.shared.errors import Unavailable
from tidelock.shared.model import Problem
from tidelock.shared.runtime.check import Checker

from .conftest import document

CHECKER = Checker()


def check(source: str, lua: str = "5.4") -> list[Problem]:
    """Every problem of the text stands on a marked range, and the other way round."""
    text, marks = document(source)
    found = diagnose(text, CHECKER.refusal, lua)
    assert [(one.start, one.end) for one in found] == list(marks.ranges)
    return found


def test_a_good_text_has_none() -> None:
    assert check("local x = 1\nprint(x)\n") == []
    assert check("#!/usr/bin/lua\nprint(1)") == []
    assert check("") == []


def test_several_at_once_with_luas_words_on_the_first() -> None:
    first, second = check("x = <!+!>\nok = 1\nfor i = 1 <!do!> end\n")
    assert (first.message, first.origin) == ("unexpected symbol near '+'", "load")
    assert (second.origin, second.code) == ("parser", "syntax-error")


def test_what_only_load_finds_is_shown_on_its_line() -> None:
    names = ", ".join(f"_a{n}" for n in range(201))
    (found,) = check(f"print(1)\n<!local {names} = print()!>\n")
    assert (found.code, found.origin) == ("compile-limit", "load")


def test_what_load_accepts_is_no_problem() -> None:
    text, _ = document("local x = +")
    assert diagnose(text, lambda text, lua: "", "5.4") == []


def test_without_that_lua_our_parser_decides() -> None:
    def missing(text: str, lua: str) -> str:
        raise Unavailable(f"Lua {lua}")

    text, _ = document("local x = +")
    assert [one.origin for one in diagnose(text, missing, "5.4")] == ["parser"]
    text, _ = document("x = 1")
    assert diagnose(text, missing, "5.4") == []


def test_it_can_be_stopped_between_its_parts() -> None:
    text, _ = document("x")

    def stop() -> None:
        raise InterruptedError

    with pytest.raises(InterruptedError):
        diagnose(text, CHECKER.refusal, "5.4", stop)

"""The grammar of marked texts, which every other test trusts."""

from __future__ import annotations

import pytest

from kit.marked import files, marked


def test_marks_are_taken_out_and_remembered() -> None:
    text = marked("""
        local <!total!> = 1
        print(to$0tal) --@here
        return <!f(<!x!>)!>   --@last
    """)
    assert text.text == "local total = 1\nprint(total)\nreturn f(x)\n"
    assert text.text[: text.at].endswith("print(to")
    assert text.found == ["total", "f(x)", "x"]
    assert text.lines == {"here": 2, "last": 3}
    assert text.line_of(text.at) == 2


def test_a_text_without_marks_is_itself() -> None:
    text = marked("---@type integer\nx = 1 -- @plain\n")
    assert text == ("main.lua", "---@type integer\nx = 1 -- @plain\n", None, (), {})
    with pytest.raises(AssertionError, match=r"no \$0"):
        text.at  # noqa: B018


def test_marks_of_one_file_know_nothing_of_another() -> None:
    two = files("""
        -- main.lua --
        require "lib.tide" --@call
        -- lib/tide.lua --
        return $0{} --@call
    """)
    assert list(two) == ["main.lua", "lib/tide.lua"]
    assert two["main.lua"].text == 'require "lib.tide"\n'
    assert two["lib/tide.lua"].at == len("return ")
    assert two["main.lua"].lines == two["lib/tide.lua"].lines == {"call": 1}


def test_one_file_needs_no_head() -> None:
    assert files("x = 1")["main.lua"].text == "x = 1"


@pytest.mark.parametrize(
    ("source", "complaint"),
    [
        ("$0 $0", "two cursors"),
        ("<!x", "'<!' without"),
        ("x!>", "'!>' without"),
        ("x --@a\ny --@a", "two lines called a"),
        ("-- a.lua --\n-- a.lua --\n", "two files"),
        ("x\n-- a.lua --\n", "before the first file"),
    ],
)
def test_a_wrong_mark_is_refused(source: str, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        files(source)

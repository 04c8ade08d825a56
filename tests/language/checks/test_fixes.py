"""What fixes leave of a text."""

from __future__ import annotations

import pytest

from kit.checking import applied, check_fix
from tidelock.shared.language.checks.fixes import fixes
from tidelock.shared.model import Problem
from tidelock.shared.syntax.parser import parse


@pytest.mark.parametrize(
    ("code", "source", "expected"),
    [
        ("undefined-global", "pritn(1)", "print(1)"),
        ("undefined-global", "x = <!talbe!>.concat({})", "x = table.concat({})"),
        ("syntax-error", "if a then\n  b()\n", "if a then\n  b()\nend\n"),
        ("syntax-error", "if a then b()", "if a then b() end"),
        ("syntax-error", "while a do\n  b()", "while a do\n  b()\nend"),
        (
            "syntax-error",
            "local function f()\n  if a then\n    b()\nend\nlocal x\n",
            "local function f()\n  if a then\n    b()\n  end\nend\nlocal x\n",
        ),
        ("syntax-error", "f(1, 2\nlocal x", "f(1, 2)\nlocal x"),
        ("syntax-error", "t = {1,\nlocal y = 2", "t = {1,}\nlocal y = 2"),
        ("syntax-error", "x = a != b", "x = a ~= b"),
        ("syntax-error", "if a && b then end", "if a and b then end"),
        ("syntax-error", "if !a then end", "if not a then end"),
    ],
)
def test_the_first_fix(code: str, source: str, expected: str) -> None:
    offered = check_fix(code, source, expected)
    assert offered[0].is_preferred


def test_a_variable_is_renamed_wherever_it_is_named() -> None:
    tree = parse("local x = 1\nx = 2")
    problem = Problem("unused-local", "hint", 6, 7, "'x' is never used")
    rename, silence = fixes(tree, problem)
    assert applied(tree.text, rename) == "local _x = 1\n_x = 2"
    assert applied(tree.text, silence) == (
        "---@diagnostic disable-next-line: unused-local\nlocal x = 1\nx = 2"
    )


def test_the_wish_not_to_see_it_keeps_the_indentation() -> None:
    expected = """
        do
          ---@diagnostic disable-next-line: undefined-global
          zzzz()
        end
    """
    check_fix("undefined-global", "do\n  zzzz()\nend\n", expected, "hide")


@pytest.mark.parametrize("source", ["repeat f() ", "x = = 1", "x++", "for i = 1, 2\n f() end"])
def test_what_nobody_can_know_has_no_fix(source: str) -> None:
    tree = parse(source)
    assert [fixes(tree, one) for one in tree.problems] == [[]] * len(tree.problems)

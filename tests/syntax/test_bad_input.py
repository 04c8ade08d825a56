"""Texts that are no Lua: read in work that grows with their length, answered with problems.

Work is counted in calls of Python functions, which no busy machine changes.
"""

from __future__ import annotations

import random
import sys
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kit.chance import examples
from tidelock.shared.language.scopes import resolve
from tidelock.shared.model import DIALECTS, Dialect
from tidelock.shared.syntax.changes import parse_again
from tidelock.shared.syntax.parser import LONGEST, parse, parse_bounded


def garbage(size: int) -> str:
    data = random.Random(7).randbytes(size)
    return data.decode("utf-8", "surrogateescape")


def soup(size: int) -> str:
    words = [
        "end",
        "do",
        "if",
        "then",
        "else",
        "function",
        "(",
        ")",
        "{",
        "}",
        "[",
        "]",
        "[[",
        "]]",
        "=",
        ",",
        "local",
        "x",
        "'",
    ]
    return " ".join(random.Random(7).choices(words, k=size))


BAD: dict[str, Callable[[int], str]] = {
    "garbage": garbage,
    "zeros": lambda size: "\0" * size,
    "words in no order": soup,
    "brackets": lambda size: "x = " + "(" * size,
    "braces and brackets": lambda size: "{[(" * size,
    "functions": lambda size: "function f()\n" * size,
    "callbacks": lambda size: "f(function()\n" * size,
    "ends": lambda size: "end\n" * size,
    "quotes": lambda size: "'" * size,
    "unclosed long strings of every level": lambda size: "".join(
        f"[{'=' * (n % 50)}[ " for n in range(size // 10)
    ),
    "unclosed long comments": lambda size: "--[[ " * size,
    "continued strings": lambda size: "'\\\n" * size,
    "equals signs": lambda size: "a =\n" * size,
    "one long name": lambda size: "x" * size,
    "minus signs": lambda size: "x = " + "- " * size,
    "elses": lambda size: "if a then else\n" * size,
    "dots": lambda size: "." * size,
}


def calls(work: Callable[[], object]) -> int:
    """How many functions were called, Python's own included."""
    count = 0

    def note(_frame: object, event: str, _argument: object) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        work()
    finally:
        sys.setprofile(before)
    return count


@pytest.mark.parametrize("name", BAD)
def test_work_grows_with_the_length(name: str) -> None:
    small, large = BAD[name](1000), BAD[name](3000)
    least = calls(lambda: resolve(parse(small, "5.4")))
    most = calls(lambda: resolve(parse(large, "5.4")))
    # Three times the text; nine would be too much.
    assert most <= 5 * least + 500


@pytest.mark.parametrize("name", BAD)
@pytest.mark.parametrize("dialect", ["5.1", "5.5", "luajit"])
def test_a_bad_text_has_a_tree_and_problems(name: str, dialect: Dialect) -> None:
    text = BAD[name](2000)
    tree = parse(text, dialect)
    assert 1 <= len(tree.problems) <= 100
    assert tree.tokens.ends[-1] == len(text)
    for start, end, piece in zip(
        tree.tokens.starts, tree.tokens.ends, tree.tokens.texts, strict=True
    ):
        assert text[start:end] == piece


def test_ten_megabytes_of_one_thing() -> None:
    size = 10_000_000
    for text in ("x = '" + "a" * size, "--[[" + "a" * size):
        tree = parse(text)
        assert len(tree.problems) <= 1
        assert len(tree.tokens) <= 3


def test_a_text_that_is_too_long_is_told_so_and_not_read() -> None:
    text = "\0" * (LONGEST + 1)
    spent = calls(lambda: resolve(parse_bounded(text)))
    assert spent < 200
    (problem,) = parse_bounded(text).problems
    assert problem.code == "compile-limit"
    assert f"{LONGEST:,}" in problem.message
    assert parse_bounded("x = 1").ok


@pytest.mark.parametrize(
    ("opener", "closer"), [("do ", "end "), ("if a then\n", "end\n"), ("f(function()\n", "end)\n")]
)
def test_ten_thousand_levels(opener: str, closer: str) -> None:
    tree = parse(opener * 10_000 + closer * 10_000)
    assert any("too many syntax levels" in problem.message for problem in tree.problems)
    assert len(tree.problems) <= 100


@settings(max_examples=examples(60), deadline=None)
@given(st.sampled_from(DIALECTS), st.lists(st.binary(max_size=60), min_size=2, max_size=4))
def test_bytes_that_change(dialect: Dialect, versions: list[bytes]) -> None:
    tree = parse("", dialect)
    for data in versions:
        tree = parse_again(tree, data.decode("utf-8", "surrogateescape"))
        assert tree.tokens.ends[-1] == len(tree.text)
        assert all(0 <= one.start <= one.end <= len(tree.text) for one in tree.problems)

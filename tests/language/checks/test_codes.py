"""Every code is found where it must be, and silent where it must be; its example shows it."""

from __future__ import annotations

import re

import pytest

from kit.checking import check_problems
from language.checks.cases import ALL
from tidelock.shared.language.checks.codes import CODES

_LUA = re.compile(r"(5\.[1-5]|luajit): ")


def check(code: str, source: str) -> None:
    lua = _LUA.match(source)
    text = source if lua is None else source[lua.end() :]
    for problem in check_problems(code, text, "5.4" if lua is None else lua[1]):  # type: ignore[arg-type]
        assert len(problem.message) <= 120 or problem.origin == "load"
        assert not problem.message.endswith(".")


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

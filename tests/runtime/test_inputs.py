"""Inputs that are loaded as they stand, without asking the parser what they mean."""

from __future__ import annotations

from pathlib import Path

import pytest

from kit.live import Live
from kit.lua import build_under_test
from tidelock.shared.syntax import inputs

DIALECT = build_under_test().dialect
TIDES = Path(__file__).parents[2] / "examples" / "tides"
PROGRAMS = sorted(path for path in TIDES.glob("*.lua"))


@pytest.mark.parametrize(
    ("text", "is_plain"),
    [
        ("x = 1", True),
        ("for i = 1, 2 do print(i) end\n\n", True),
        ("local a_ = 1\nreturn a_", True),
        ("", False),
        ("6 * 7", False),
        ("=x", False),
        ("x", False),
        ("f()", False),
        ("f() -- done", False),
        ("f 'x'", False),
        ("f [[x]]", False),
        ("f {}", False),
        ("f();", False),
        ("x = = 1", False),
    ],
)
def test_what_is_plain(lua: Live, text: str, is_plain: bool) -> None:
    assert has_no_value(lua, text) is is_plain


def has_no_value(lua: Live, text: str) -> bool:
    """What the lane says, while it stands still."""
    return lua.runtime._has_no_value(text)


@pytest.mark.parametrize("path", PROGRAMS, ids=lambda path: path.name)
def test_the_parser_says_the_same(lua: Live, path: Path) -> None:
    lines = path.read_text("utf-8").splitlines()
    plain = 0
    for first in range(0, len(lines), 7):
        for last in range(first + 1, min(first + 40, len(lines))):
            text = "\n".join(line.partition("--")[0] for line in lines[first:last])
            if has_no_value(lua, text):
                plain += 1
                assert inputs.chunk(text, DIALECT) == text
    assert plain > 0

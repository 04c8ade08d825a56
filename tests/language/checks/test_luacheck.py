"""Luacheck's comments: what they hide, on which lines and for which names."""

from __future__ import annotations

import pytest

from kit.marked import marked
from tidelock.shared.language.checks.finding import at_once
from tidelock.shared.language.luacheck import wishes
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


@pytest.mark.parametrize(
    ("comment", "names"),
    [
        ("globals a b.c", {"a", "b"}),
        ("read globals a", {"a"}),
        ("new read globals a", {"a"}),
        ("std ngx_lua", {"ngx", "ndk"}),
        ("std +love", {"love"}),
        ("std nothing", set()),
        ("globals", set()),
    ],
)
def test_globals_are_there(comment: str, names: set[str]) -> None:
    found = wishes(parse(f"-- luacheck: {comment}\n", "5.4"))
    assert {one.name for one in found} == {rf"\A(?:{name})\Z" for name in names}
    assert "undefined-global" in {one.code for one in found} or not names
    assert {one.code for one in found} <= {
        *("undefined-global", "implicit-global", "read-only-global", "undefined-field"),
    }

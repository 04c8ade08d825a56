"""What is told of a value: counts of what is in it, also where it is large."""

from __future__ import annotations

import pytest

from kit.live import Live


@pytest.mark.parametrize(
    ("made", "indexed", "named"),
    [
        ("{}", 0, 0),
        ("{1, 2, 3, x = 1}", 3, 1),
        ("(function() local t = {} for i = 1, 5000 do t[i] = i end return t end)()", 5000, 0),
        (
            "(function() local t = {a = 1, [0.5] = 2} for i = 1, 5000 do t[i] = i end "
            "t.z = 3 return setmetatable(t, {}) end)()",
            5000,
            4,
        ),
        (
            "(function() local t = {} for i = 3000, 1, -1 do t[i] = i end "
            "t.last = 1 return t end)()",
            3000,
            1,
        ),
    ],
)
def test_a_table_counts_its_sequence_and_its_other_keys(
    lua: Live, made: str, indexed: int, named: int
) -> None:
    value = lua.debugger.evaluate(made).result(5)
    assert (value.indexed, value.named) == (indexed, named)
    if named:
        assert len(lua.debugger.children(value.handle, "named").result(5)) == named

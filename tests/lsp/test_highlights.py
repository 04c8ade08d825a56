"""What is marked along with the word under the cursor."""

from __future__ import annotations

import pytest

from tidelock.lsp.features.highlights import highlights
from tidelock.shared.language.index.space import Space

from .conftest import document


def highlighted(source: str) -> str:
    """The kinds of the marks, by their first letter; they must be the marked ranges."""
    text, marks = document(source)
    found = highlights(text, marks.at, Space(opened=[text]))
    assert [(one.start, one.end) for one in found] == list(marks.ranges)
    return "".join(one.kind[0] for one in found)


@pytest.mark.parametrize(
    ("source", "kinds"),
    [
        ("local <!x!> = 1\n<!x!> = <!x$0!> + 1\ndo local x = 2 end", "wwr"),
        ("<!count!> = 1\nprint(<!count$0!>)", "wr"),
        ("function <!f!>() end\n<!$0f!>()", "wr"),
        ("function T:m()\n  return <!self$0!>.x + <!self!>.y\nend", "rr"),
        ("local t = {<!x!> = 1}\nt.<!$0x!> = t.<!x!> + t.y", "wwr"),
        ("local t = {}\nfunction t.<!f$0!>() end\nt.<!f!>()\nlocal u = {f = 1}", "wr"),
        ("goto <!done$0!>\n::<!done!>::", "rw"),
        ("-- x$0\nlocal x = 1", ""),
        ("local x $0 = 1", ""),
        ("$0", ""),
        ("local function f(<!a$0!>) return <!a!> end", "wr"),
    ],
)
def test_uses_of_names(source: str, kinds: str) -> None:
    assert highlighted(source) == kinds


@pytest.mark.parametrize(
    "source",
    [
        "<!i$0f!> a <!then!> b() <!elseif!> c <!then!> if d then end <!else!> f() <!end!>",
        "if a then <!if!> b <!then!> c() <!end$0!> end",
        "<!for!> i = 1, 2 <!do!> while x do break end <!$0break!> <!end!>",
        "<!while!> f(function() return 1 end) <!d$0o!> <!break!> <!end!>",
        "<!repeat!> if x then <!break!> end <!until$0!> y",
        "<!do!> x() <!e$0nd!>",
        "local <!function!> f(a)\n<!return$0!> function() return a end\n<!end!>",
        "<!function!> t.m() if x then <!return!> 1 end <!en$0d!>",
        "f(<!func$0tion!>() <!return!> <!end!>)",
        "if x then <!return!> end\nlocal function f() return end\n<!return$0!> 1",
        "local$0 x = 1",
        "<!break$0!>",
        "<!if!> x <!then$0!> y(",
    ],
)
def test_words_of_a_block(source: str) -> None:
    assert set(highlighted(source)) <= {"t"}

"""The texts that are proposed in a string, and what an accepted one makes of the line."""

from __future__ import annotations

import pytest

from kit.marked import marked
from tidelock.shared.language.completion import complete
from tidelock.shared.syntax.parser import parse

MODE = "---@alias Mode 'read'|'write'|\"re-do\"\n"
FUNCTION = MODE + "---@param n integer\n---@param mode Mode\nlocal function f(n, mode) end\n"


def proposed(source: str) -> list[str]:
    text = marked(source)
    found = complete(parse(text.text), text.at)
    return [f"{text.text[:one.start]}{one.insert}{text.text[found.end:]}".rpartition("\n")[2]
            for one in found.items]  # fmt: skip


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        (FUNCTION + "f(1, '$0')", ["f(1, 'read')", "f(1, 'write')", "f(1, 're-do')"]),
        (FUNCTION + 'f(1, "re$0")', ['f(1, "read")', 'f(1, "re-do")']),
        (FUNCTION + "f(1, 'r$0xx')", ["f(1, 'read')", "f(1, 're-do')"]),
        (FUNCTION + "f(1, 'wr$0", ["f(1, 'write"]),
        (FUNCTION + "f(1, 'wr$0)", ["f(1, 'write)"]),
        (FUNCTION + "f('$0')", []),
        (FUNCTION + "f(1, 2, '$0')", []),
        (FUNCTION + "f(1, [[$0]])", []),
        ("local o = {}\n---@param m 'a'|nil\nfunction o:go(m) end\no:go('$0')", ["o:go('a')"]),
        ("---@overload fun(m: 'b')\n---@param m 'a'\nlocal function f(m) end\nf'$0'",
         ["f'a'", "f'b'"]),
        ("---@param ... 'a'\nlocal function f(...) end\nf(1, '$0')", ["f(1, 'a')"]),
        (MODE + "---@type Mode\nlocal m = f()\nif m == '$0' then end",
         ["if m == 'read' then end", "if m == 'write' then end", "if m == 're-do' then end"]),
        ("---@type 'a'|'b'\nlocal m = '$0'", ["local m = 'a'", "local m = 'b'"]),
        ("---@type 'a'\nt.m = '$0'", ["t.m = 'a'"]),
        ("local m = '$0'", []),
        ("print('$0')", []),
    ],
)  # fmt: skip
def test_texts_that_are_expected(source: str, expected: list[str]) -> None:
    assert proposed(source) == expected

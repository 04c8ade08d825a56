"""Reading standard input: lines come from whoever asked for the run."""

from __future__ import annotations

import pytest

from kit.live import Live


def reading(lua: Live, text: str, *lines: str | None) -> str:
    """What a text prints that reads these lines; None is the end of input."""
    name = lua.start(text, allow_input=True)
    lua.wait_input()
    for line in lines:
        lua.runtime.give_line(line)
    outcome = lua.finish(name)
    assert outcome.status == "ok", outcome
    return lua.output(name)


@pytest.mark.parametrize(
    ("text", "lines", "printed"),
    [
        ("print(io.read())", ["abc"], "abc\n"),
        ("print(io.read('*l'), io.read('L'))", ["a", "b"], "a\tb\n\n"),
        ("print(io.read('n') + 1)", ["41 rest"], "42\n"),
        ("print(io.read(2), io.read(2))", ["abcd"], "ab\tcd\n"),
        ("print(io.read('a'))", ["x", "y", None], "x\ny\n\n"),
        ("print(io.read())", [None], "nil\n"),
        ("for line in io.lines() do print('>' .. line) end", ["p", "q", None], ">p\n>q\n"),
        ("print(io.stdin:read('l', 'l'))", ["1", "2"], "1\t2\n"),
        ("print(io.read('n', 'l'))", ["12 apples"], "12\t apples\n"),
    ],
)
def test_formats(lua: Live, text: str, lines: list[str | None], printed: str) -> None:
    assert reading(lua, text, *lines) == printed


def test_without_anyone_to_ask_reading_is_an_error(lua: Live) -> None:
    outcome = lua.run("io.read()")
    assert outcome.text.endswith("stdin is not available")
    assert lua.printed("print(pcall(io.read))").startswith("false\tstdin is not available")


def test_a_bad_format_is_luas_error(lua: Live) -> None:
    outcome = lua.run("io.read('z')", allow_input=True)
    assert "bad argument #1 to 'read' (invalid format)" in outcome.text


def test_questions_are_answered_while_input_is_awaited(lua: Live) -> None:
    name = lua.start("here = 5 local line = io.read() print(line)", allow_input=True)
    lua.wait_input()
    assert [m.name for m in lua.debugger.names().result(20)] == ["here"]
    lua.runtime.give_line("go")
    lua.finish(name)
    assert lua.output(name) == "go\n"


def test_output_before_a_read_is_out_when_the_line_is_asked_for(lua: Live) -> None:
    name = lua.start("io.write('name? ') io.read()", allow_input=True)
    lua.wait_input()
    assert lua.output(name) == "name? "
    lua.runtime.give_line("x")
    lua.finish(name)

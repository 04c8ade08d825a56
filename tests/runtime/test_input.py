"""Reading standard input: lines come from whoever asked for the run."""

from __future__ import annotations

import threading

import pytest

from kit.live import Live, live


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


def test_nobody_answers_in_time() -> None:
    with live(kernel_input_timeout_s=0.05) as lua:
        outcome = lua.run("io.read()", allow_input=True)
        assert outcome.text.endswith("nobody has answered within 0.05 s")
        assert lua.printed("print('next')") == "next\n"


def test_waiting_for_a_line_is_not_running(lua: Live) -> None:
    name = lua.start(
        "io.read() for i = 1, 10 do io.write(i, ' ') end", allow_input=True, timeout_s=0.2
    )
    lua.wait_input()
    waited = lua.start("late = 1")  # behind it, so that nothing but the wait takes time
    assert not threading.Event().wait(0.3)
    lua.runtime.give_line("go")
    assert lua.finish(name).status == "ok"
    assert lua.finish(waited).status == "ok"
    assert lua.run("while true do end", timeout_s=0.05).error == "ExecutionTimeout"

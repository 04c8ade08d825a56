"""``tidelock repl`` from a pipe and on a terminal."""

from __future__ import annotations

import json
import signal

import pytest

from .conftest import Mode, Place


def test_a_dialogue_from_a_pipe(lua: Mode) -> None:
    lines = "x = 20\nx + 1\nfor i = 1, 2 do\n  print(i)\nend\n\n.vars x\n= 'last'"
    result = lua.place.run("repl", *lua.flags, stdin=lines)
    assert (result.code, result.stdout, result.stderr) == (
        0,
        '21\n1\n2\nx = 20 (number)\n"last"\n',
        "",
    )


def test_failures_go_to_standard_error_and_the_dialogue_goes_on(lua: Mode) -> None:
    result = lua.place.run("repl", *lua.flags, stdin="error('a', 0)\n.xyz\nprint('on')\nf(\n")
    assert (result.code, result.stdout) == (1, "on\n")
    errors = result.stderr.splitlines()
    assert errors[0] == "error: a"
    assert "unknown command .xyz; .help lists the commands" in errors
    assert errors[-4].startswith("syntax error: repl:")


def test_the_code_of_os_exit(lua: Mode) -> None:
    result = lua.place.run("repl", *lua.flags, stdin="print(1)\nos.exit(7)\nprint(2)\n")
    assert (result.code, result.stdout) == (7, "1\n")
    assert lua.run("exec", "'alive'").stdout == '"alive"\n'


def test_a_script_reads_the_lines_that_follow(lua: Mode) -> None:
    result = lua.place.run("repl", *lua.flags, stdin="a = io.read()\nfor the script\na\n")
    assert (result.code, result.stdout) == (0, '"for the script"\n')


def test_only_text(place: Place) -> None:
    result = place.run("repl", "--output", "json").expect(2)
    assert json.loads(result.stdout)["error"]["message"] == "repl speaks text only"


def test_nothing_to_read(place: Place) -> None:
    result = place.run("repl", stdin="")
    assert (result.code, result.stdout, result.stderr) == (0, "", "")


def test_an_interrupt_ends_one_input(lua: Mode) -> None:
    with lua.place.spawn("repl", *lua.flags) as program:
        program.write("print('on') while true do end\n")
        program.wait_for_line("on")
        program.signal(signal.SIGINT)
        program.wait_for_line("Interrupted", stream="stderr")
        program.write("'after'\n")
        program.wait_for_line('"after"')
        program.close_input()
        assert program.wait().code == 1


def test_a_request_to_terminate(place: Place) -> None:
    with place.spawn("repl") as program:
        program.write("print('on') while true do end\n")
        program.wait_for_line("on")
        program.signal(signal.SIGTERM)
        assert program.wait().code == 143


def test_a_terminal(place: Place) -> None:
    with place.pty("repl") as terminal:
        greeting = terminal.expect("tidelock> ")
        assert ", embedded kernel\n.help lists the commands, Ctrl-D leaves.\n" in greeting
        terminal.send_line("for i = 1, 2 do")
        terminal.expect("      ...   ")
        terminal.send_line("print(i)")
        terminal.expect("      ...   ")
        terminal.send_line("end")
        assert terminal.expect("tidelock> ") == "end\n1\n2\ntidelock> "
        terminal.send_line("io.write('open line')")
        assert terminal.expect("tidelock> ").startswith("io.write('open line')\nopen line")
        terminal.key("up")
        terminal.expect("io.write('open line')")
        terminal.key("ctrl-u")
        terminal.send_line("io.stderr:write('no end') ; nil")
        assert terminal.expect("tidelock> ").endswith("\nno end\ntidelock> ")
        terminal.key("ctrl-d")
        assert terminal.wait() == 0


def test_interrupts_on_a_terminal(place: Place) -> None:
    with place.pty("repl", "--quiet") as terminal:
        assert terminal.expect("tidelock> ") == "tidelock> "
        terminal.send_line("print('on') while true do end")
        terminal.expect("\non\n")
        terminal.key("ctrl-c")
        terminal.expect("Interrupted: interrupted")
        terminal.expect("tidelock> ")
        terminal.send_line("f(")
        terminal.expect("... ")
        terminal.key("ctrl-c")
        terminal.send_line()  # a prompt may hear of the signal only with the next line
        terminal.expect("tidelock> ")
        terminal.send_line(".exit")
        assert terminal.wait() == 0


def test_a_failed_input_is_no_failure_of_a_person(place: Place) -> None:
    with place.pty("repl") as terminal:
        terminal.expect("tidelock> ")
        terminal.send_line("error('x', 0)")
        terminal.expect("error: x")
        terminal.expect("tidelock> ")
        terminal.send_line("exit")
        assert terminal.wait() == 0


@pytest.mark.parametrize("dumb", [True, False])
def test_colour_on_a_terminal(place: Place, dumb: bool) -> None:
    with place.pty("exec", "error('x', 0)", env={"TERM": "dumb"} if dumb else {}) as terminal:
        terminal.expect("error: x")
        terminal.wait()
        assert (b"\x1b[1;31merror:\x1b[0m x" in terminal.raw) is not dumb

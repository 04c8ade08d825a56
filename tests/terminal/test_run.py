"""``run`` and ``exec`` as a user sees them: both streams to the byte, and the exit code."""

from __future__ import annotations

import json
import re
import signal

import pytest

from kit.lua import build_under_test, needs_lua
from kit.programs import Result

from .conftest import Mode, Place

UNCOMPILED = ("--set", "lua.jit=off")
"""For scripts to be interrupted: ``run`` lets LuaJIT compile, and compiled loops cannot be."""


def seen(result: Result) -> tuple[int, str, str]:
    return result.code, result.stdout, result.stderr


SCRIPT = """\
print("one", 2)
io.write("no end")
io.stderr:write("to stderr\\n")
print()
return 4
"""


def test_a_script(lua: Mode) -> None:
    script = lua.file("a.lua", SCRIPT)
    assert seen(lua.run("run", script)) == (0, "one\t2\nno end\n", "to stderr\n")


@pytest.mark.parametrize(
    ("code", "output"),
    [
        ("print('hello'); 2+2", "hello\n4\n"),
        ("= 1, 'a', nil", '1\t"a"\tnil\n'),
        ("return {1, 2, name = 'x'}", '{1, 2, name = "x"}\n'),
        ("local x = 1", ""),
        ("nil", ""),
        ("", ""),
        ("   ", ""),
        ("-- only a comment", ""),
    ],
)
def test_values_of_an_input(lua: Mode, code: str, output: str) -> None:
    assert seen(lua.run("exec", code)) == (0, output, "")


def test_script_arguments_arrive_as_they_are(lua: Mode) -> None:
    script = lua.file("args.lua", "print(select('#', ...)) for i = 1, #arg do print(arg[i]) end")
    words = ["two words", "", "*", "$HOME", "ünïcode", "--flag", "--", "-x"]
    result = lua.run("run", script, "--", *words)
    assert seen(result) == (0, "\n".join([str(len(words)), *words, ""]), "")


def test_a_thousand_arguments_and_bytes_that_are_no_text(lua: Mode) -> None:
    script = lua.file("many.lua", "print(select('#', ...), (...):byte(1, -1))")
    assert lua.run("run", script, "--", "\udcff\udcfe", *["x"] * 999).stdout == "1000\t255\t254\n"


def test_arguments_by_name(lua: Mode) -> None:
    script = lua.file("named.lua", "print(ARGS.days, ARGS.quiet, ARGS[1], arg[0] == ARGS[0])")
    result = lua.run("run", script, "--", "--days=7", "here", "--quiet")
    assert result.stdout == "7\ttrue\there\ttrue\n"


def test_a_script_from_standard_input(lua: Mode) -> None:
    result = lua.run("run", "-", "--", "a", stdin="print(..., io.read())\nerror('x')")
    assert seen(result)[:2] == (1, "a\tnil\n")
    assert result.stderr.startswith("error: stdin:2: x\n  --> stdin:2\n")
    assert lua.run("exec", "-", stdin="1 + 1").stdout == "2\n"


def test_modules_beside_the_script_are_found_from_any_folder(lua: Mode) -> None:
    lua.file("app/part.lua", "return 'part'")
    lua.file("app/deep/init.lua", "return 'deep'")
    script = lua.file("app/main.lua", "print((require 'part'), (require 'deep'))")
    assert lua.run("run", script, cwd="/").stdout == "part\tdeep\n"


def test_folders_of_the_configuration_are_found_from_any_folder(place: Place) -> None:
    place.file("tidelock.toml", "lua.path = ['lib']")
    place.file("lib/part.lua", "return 'of lib'")
    place.file("other.lua", "return 'of workspace'")
    script = place.file("deep/main.lua", "print((require 'part'), (require 'other'))")
    assert place.run("run", script, cwd="/").stdout == "of lib\tof workspace\n"


def test_an_edited_module_is_read_again(lua: Mode) -> None:
    script = lua.file("again.lua", "print((require 'edited'))")
    for text in ("first", "second"):
        lua.file("edited.lua", f"return '{text}'")
        assert lua.run("run", script).stdout == f"{text}\n"


def test_a_mark_and_a_first_line_for_the_shell_are_skipped(lua: Mode) -> None:
    script = lua.file("marked.lua", b"\xef\xbb\xbf#!/usr/bin/env lua\nerror('here')")
    assert "marked.lua:2: here\n" in lua.run("run", script).stderr


def test_bytes_that_are_no_utf8_are_kept(lua: Mode) -> None:
    script = lua.file("latin.lua", b"print(#'\xe4\xf6', ('\xe4'):byte()) error('\xfc')")
    result = lua.run("run", script)
    assert seen(result)[:2] == (1, "2\t228\n")
    assert "\\xfc\n" in result.stderr


def test_much_output_is_complete_and_in_order(lua: Mode) -> None:
    result = lua.run("exec", "for i = 1, 100000 do print(i) end", timeout=60)
    assert result.stdout == "".join(f"{i}\n" for i in range(1, 100001))


ERROR = """\
local function show(t)
  return t.name.first
end

show({})
"""


def test_an_error_is_reported(lua: Mode) -> None:
    script = lua.file("e.lua", ERROR)
    result = lua.run("run", script)
    assert (result.code, result.stdout) == (1, "")
    first, rest = result.stderr.split("\n", 1)
    assert first.startswith(f"error: {script}:2: attempt to index")
    assert rest == (
        "  --> e.lua:2\n"
        "  1 | local function show(t)\n"
        "  2 |   return t.name.first\n"
        "    |   ^^^^^^^^^^^^^^^^^^^\n"
        "  = help: 'name' is nil here: set it first, or ask whether it is there\n"
        "stack:\n"
        "  in function 'show' (e.lua:2)\n"
        "  in main chunk (e.lua:5)\n"
    )


def test_an_error_that_is_a_table(lua: Mode) -> None:
    result = lua.run("exec", "error({code = 7})")
    assert result.expect(1).stderr.startswith("error: {code = 7}\n  --> (exec):1\n")
    assert lua.run("exec", "error()").expect(1).stderr.startswith("error: error value is nil\n")


def test_a_syntax_error(lua: Mode) -> None:
    script = lua.file("s.lua", "print('never')\nlocal x = = 2\n")
    result = lua.run("run", script).expect(1)
    assert (result.stdout, result.stderr.splitlines()[1]) == ("", "  --> s.lua:2")
    assert result.stderr.startswith("syntax error: ")


def test_a_script_that_overflows_the_stack(lua: Mode) -> None:
    script = lua.file("deep.lua", "local function f() return f() + 1 end\nf()")
    result = lua.run("run", script).expect(1)
    assert "stack overflow" in result.stderr
    if not build_under_test().jit:  # which has no stack left to tell it from
        assert "  ...\n" in result.stderr


@pytest.mark.parametrize(
    ("call", "code"),
    [("os.exit()", 0), ("os.exit(true)", 0), ("os.exit(false)", 1), ("os.exit(3)", 3),
     ("os.exit(256)", 0), ("os.exit(-1)", 255), ("pcall(os.exit, 9)", 9)],
)  # fmt: skip
def test_the_exit_code_is_the_scripts(lua: Mode, call: str, code: int) -> None:
    script = lua.file("x.lua", f"print('before') {call} print('after')")
    assert seen(lua.run("run", script)) == (code, "before\n", "")


def test_lines_of_standard_input(lua: Mode) -> None:
    script = lua.file("in.lua", "print(io.read()) print(io.read('n')) print(io.read('a'))")
    result = lua.run("run", script, stdin="first\n 42 rest\nlast\n")
    assert seen(result) == (0, "first\n42\n rest\nlast\n\n", "")
    assert lua.run(
        "exec", "for line in io.lines() do print(#line) end", stdin="a\n\nccc"
    ).stdout == ("1\n0\n3\n")
    assert lua.run("exec", "print(io.read())").stdout == "nil\n"


def test_input_at_once_is_never_lost(lua: Mode) -> None:
    lines = "".join(f"{i}\n" for i in range(1000))
    result = lua.run("exec", "local n = 0 while io.read() do n = n + 1 end return n", stdin=lines)
    assert seen(result) == (0, "1000\n", "")


def test_a_timeout(lua: Mode) -> None:
    result = lua.run("exec", "print('on') while true do end", "--timeout", "0.1")
    assert (result.code, result.stdout) == (6, "on\n")
    assert result.stderr.startswith("ExecutionTimeout: ")


@needs_lua("lua", "luajit2.1")
def test_a_limit_of_memory(place: Place) -> None:
    code = "local t = {} for i = 1, 1e9 do t[i] = ('x'):rep(1000) .. i end"
    result = place.run("exec", code, "--set", "lua.max_memory=30000000")
    assert seen(result)[:2] == (6, "")
    assert result.stderr.startswith("MemoryLimit: not enough memory")


def test_output_before_an_endless_loop_arrives(lua: Mode) -> None:
    script = lua.file("loop.lua", "print('on') io.write('half a line') while true do end")
    with lua.spawn("run", script, *UNCOMPILED) as program:
        program.wait_for_line("^on$", stream="stdout")
        program.signal(signal.SIGINT)
        result = program.wait()
    assert (result.code, result.stdout) == (130, "on\nhalf a line")
    assert result.stderr.startswith("Interrupted: interrupted\n  --> loop.lua:1\n")


def test_an_interrupt_reaches_what_catches_errors(lua: Mode) -> None:
    code = "print('on') while true do pcall(function() while true do end end) end"
    with lua.spawn("exec", code) as program:
        program.wait_for_line("on")
        program.signal(signal.SIGINT)
        assert program.wait().code == 130
    assert lua.run("exec", "1 + 1").stdout == "2\n"


def test_an_interrupt_reaches_a_script_that_waits_for_input(lua: Mode) -> None:
    with lua.spawn("exec", "print('on') return io.read()") as program:
        program.wait_for_line("on")
        program.signal(signal.SIGINT)
        result = program.wait()
    assert (result.code, result.stdout) == (130, "on\n")
    assert result.stderr.startswith("Interrupted: interrupted\n")


def test_a_second_interrupt_ends_what_cannot_be_interrupted(place: Place) -> None:
    # A pattern that is found once and then takes for ever, inside one C function.
    code = "('b' .. ('a'):rep(40)):gsub(('a-'):rep(40) .. 'b', print)"
    with place.spawn("exec", code) as program:
        program.wait_for_line("b")
        program.signal(signal.SIGINT)
        program.wait_for_line("Ctrl-C again quits", stream="stderr")
        program.signal(signal.SIGINT)
        assert seen(program.wait())[:2] == (130, "b\n")


def test_a_request_to_terminate(lua: Mode) -> None:
    with lua.spawn("exec", "print('on') while true do end") as program:
        program.wait_for_line("on")
        program.signal(signal.SIGTERM)
        assert seen(program.wait())[:2] == (143, "on\n")
    assert lua.run("exec", "2").stdout == "2\n"


def test_a_reader_that_leaves(lua: Mode) -> None:
    script = lua.file("for-ever.lua", "while true do print(1) end")
    result = lua.place.shell(
        'tidelock run "$@" | head -1; echo ${PIPESTATUS[0]} >&2',
        str(script),
        *UNCOMPILED,
        *lua.flags,
    )
    assert seen(result) == (0, "1\n", "141\n")
    assert lua.run("exec", "3").stdout == "3\n"


def test_a_disk_that_is_full(place: Place) -> None:
    result = place.shell('tidelock exec "print(1)" > /dev/full')
    assert seen(result) == (1, "", "tidelock: No space left on device\n")
    assert seen(place.shell('tidelock exec "error()" 2> /dev/full')) == (1, "", "")


@pytest.mark.parametrize(
    ("closed", "stdout", "stderr"),
    [("<&-", "nil\n2\n", "e"), (">&-", "", "e"), ("2>&-", "nil\n2\n", "")],
)
def test_streams_that_are_closed(place: Place, closed: str, stdout: str, stderr: str) -> None:
    code = "print(io.read()) io.stderr:write('e') print(2)"
    result = place.shell(f'tidelock exec "$1" {closed}', code)
    assert seen(result) == (0, stdout, stderr)


def test_a_document(lua: Mode) -> None:
    result = lua.run("exec", "print('hi') io.stderr:write('e') 1, 'x'", "--output", "json").expect()
    document = json.loads(result.stdout)
    execution = document.pop("execution")
    assert document == {
        "command": "exec", "ok": True, "exit_code": 0, "stdout": "hi\n", "stderr": "e",
        "result": [{"text": '1\t"x"'}], "displays": [], "warnings": [], "error": None,
    }  # fmt: skip
    assert (execution["status"], result.stderr, result.stdout.count("\n")) == ("ok", "", 1)


def test_a_document_of_a_failure(lua: Mode) -> None:
    script = lua.file("e.lua", ERROR)
    result = lua.run("run", script, "--output", "json").expect(1)
    document = json.loads(result.stdout)
    error = document["error"]
    assert (document["ok"], document["exit_code"], error["kind"]) == (False, 1, "lua")
    assert (error["file"], error["line"]) == (str(script), 2)
    assert error["stack"] == [
        {"name": "show", "file": str(script), "line": 2},
        {"name": "main chunk", "file": str(script), "line": 5},
    ]
    assert result.stderr.startswith("error: ")


def test_json_lines(lua: Mode) -> None:
    code = "print('a') io.stderr:write('b') return 5"
    lines = [json.loads(line) for line in lua.run("exec", code, "--stream").stdout.splitlines()]
    assert lines[:-1] == [
        {"type": "stream", "name": "stdout", "text": "a\n"},
        {"type": "stream", "name": "stderr", "text": "b"},
        {"type": "result", "text": "5"},
    ]
    assert (lines[-1]["type"], lines[-1]["ok"], lines[-1]["exit_code"]) == ("reply", True, 0)


def test_each_embedded_command_has_its_own_globals(place: Place) -> None:
    place.run("exec", "x = 1").expect()
    assert place.run("exec", "tostring(x)").stdout == '"nil"\n'


def test_a_running_kernel_keeps_its_globals(outside: Place) -> None:
    outside.run("exec", "kept = 5", "--connect", "outside").expect()
    assert outside.run("exec", "kept", "--connect", "outside").stdout == "5\n"


@pytest.mark.parametrize(
    ("make", "words", "complaint"),
    [
        (None, ["nope.lua"], "script nope.lua does not exist"),
        (None, ["."], ". is a folder; name a Lua file"),
        (b"\x1bLua", ["x.luac"], "precompiled chunk not accepted: x.luac; run the Lua source"),
        (b"", ["x.lua", "word"], "unexpected argument 'word'; script arguments go after --"),
    ],
)
def test_scripts_that_cannot_run(
    place: Place, make: bytes | None, words: list[str], complaint: str
) -> None:
    if make is not None:
        place.file(words[0], make)
    assert seen(place.run("run", *words)) == (2, "", f"tidelock: {complaint}\n")


def test_a_precompiled_chunk_on_standard_input(place: Place) -> None:
    result = place.run("run", "-", stdin=b"\x1bLua")
    assert seen(result) == (2, "", "tidelock: precompiled chunk not accepted; run the Lua source\n")


def test_the_lua_that_is_asked_for(place: Place) -> None:
    assert place.run("exec", "_VERSION", "--lua", "5.1").stdout == '"Lua 5.1"\n'
    assert place.run("exec", "_VERSION", "--set", "lua.version=5.3").stdout == '"Lua 5.3"\n'
    result = place.run("exec", "1", "--lua", "6")
    assert (result.code, result.stdout) == (2, "")
    assert "unknown Lua version '6'" in result.stderr


def test_colour_only_when_asked_for(place: Place) -> None:
    plain = place.run("exec", "error('x')").stderr
    colored = place.run("exec", "error('x')", "--color", "always").stderr
    assert "\x1b" not in plain
    assert re.sub(r"\x1b\[[\d;]*m", "", colored) == plain != colored
    assert place.run("exec", "error('x')", env={"FORCE_COLOR": "1"}).stderr == colored


def test_ctrl_c_on_a_terminal(place: Place) -> None:
    script = place.file("loop.lua", "print('on') while true do end")
    with place.pty("run", script, *UNCOMPILED) as terminal:
        terminal.expect("on\n")
        terminal.key("ctrl-c")
        terminal.expect("Interrupted: interrupted")
        assert terminal.wait() == 130


def test_a_question_on_a_terminal(place: Place) -> None:
    script = place.file("ask.lua", "io.write('name? ') print('hello ' .. io.read())")
    with place.pty("run", script) as terminal:
        terminal.expect("name? ")
        terminal.send_line("Ada")
        terminal.expect("hello Ada")
        assert terminal.wait() == 0

"""What a run prints, gives back and fails with; the lane lives on after each."""

from __future__ import annotations

from pathlib import Path

import pytest

from kit.live import Live, live
from kit.lua import build_under_test, needs_lua
from tidelock.shared.sources import chunk_of_path

DIALECT = build_under_test().dialect


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("1 + 1", "2"),
        ("= 7", "7"),
        ("local x = 5\nx", "5"),
        ("x = 1", ""),
        ("nil", ""),
        ("1, nil, 'a'", '1\tnil\t"a"'),
        ("return 3", "3"),
        ("{1, 2, n = 'x', ['a b'] = true}", '{1, 2, ["a b"] = true, n = "x"}'),
        ("setmetatable({}, {__tostring = function() return 'mine' end})", "mine"),
        ("setmetatable({}, {__tostring = function() error('no') end})", "<__tostring failed>"),
        ("'\\255\\n'", '"\\xff\\n"'),
        ("function() end", "function (In[1]:1)"),
        ("print", "function builtin"),
        ("math.huge, -math.huge", "inf\t-inf"),
    ],
)
def test_the_last_expression_of_an_input_is_its_result(lua: Live, text: str, result: str) -> None:
    outcome = lua.run(text, chunk="=In[1]", is_input=True)
    assert (outcome.status, outcome.text) == ("ok", result)


def test_a_table_that_contains_itself_has_a_text(lua: Live) -> None:
    outcome = lua.run("t = {1} t.me = t return t")
    assert lua.value("t") == "{1, me = <table 1>}"
    assert outcome.status == "ok"


def test_print_follows_lua(lua: Live) -> None:
    text = (
        "print(1, nil, true, 'a\\tb', setmetatable({}, {__tostring = function() return 'T' end}))"
    )
    assert lua.printed(text) == "1\tnil\ttrue\ta\tb\tT\n"


@pytest.mark.parametrize("arguments", ["", "1", "1, 2"])
def test_print_gives_no_values(lua: Live, arguments: str) -> None:
    assert lua.run(f"return select('#', print({arguments}))", is_input=True).text == "0"


def test_io_write_gives_the_file_back_and_numbers_as_lua_writes_them(lua: Live) -> None:
    gives_file = "local out = io.write('a', 1, 2.5) io.write('b\\n') return out == io.stdout"
    outcome = lua.run(gives_file, is_input=True)
    assert lua.output() == "a12.5b\n"
    assert outcome.text == ("false" if DIALECT in ("5.1", "luajit") else "true")
    assert lua.run("io.write(nil)").text.endswith(
        "bad argument #1 to 'write' (string expected, got nil)"
    )


def test_standard_error_is_a_stream_of_its_own(lua: Live) -> None:
    lua.run("io.stderr:write('oops\\n') print('fine')")
    assert lua.output() == "fine\n"
    assert "stream='stderr', text='oops\\n'" in lua.picture()


def test_other_files_are_left_to_lua(lua: Live, tmp_path: object) -> None:
    path = f"{tmp_path}/out.txt"
    printed = lua.printed(
        f"""
        local f = assert(io.open({path!r}, "w"))
        f:write("one\\n", 2, "\\n")
        f:close()
        for line in io.lines({path!r}) do print(line) end
        local g = io.open({path!r})
        print(g:read("*n") == nil, g:seek("set"), g:read("*l"), g:read("*a"))
        g:close()
        io.output({path!r}); io.write("three"); io.close(); io.output(io.stdout)
        print(io.open({path!r}):read("*a"))
        """
    )
    assert printed == "one\n2\ntrue\t0\tone\t2\n\nthree\n"


def test_bytes_that_are_no_utf8_are_shown_as_escapes_and_split_characters_are_joined(
    lua: Live,
) -> None:
    assert lua.printed("io.write('\\195') io.write('\\164 \\255\\n')") == "ä \\xff\n"


def test_a_syntax_error_names_its_line_in_luas_words(lua: Live) -> None:
    outcome = lua.run("x = 1\ny = = 2", chunk="=In[3]")
    assert outcome.error == "SyntaxError"
    assert outcome.text == "In[3]:2: unexpected symbol near '='"


def test_an_error_keeps_its_message_and_the_stack_where_it_was_raised(lua: Live) -> None:
    outcome = lua.run("local function f()\n  error('boom')\nend\nf()", chunk="=In[1]")
    assert (outcome.error, outcome.text) == ("LuaError", "In[1]:2: boom")
    places = [(frame.name, frame.line) for frame in outcome.stack if frame.line]
    assert places == [("f", 2), ("main chunk", 4)]


@pytest.mark.parametrize(
    ("raised", "text", "kind"),
    [
        ("{code = 7}", "{code = 7}", "table"),
        ("nil", "error value is nil", "nil"),
        ("setmetatable({}, {__tostring = function() return 'E!' end})", "E!", "table"),
        (
            "setmetatable({}, {__tostring = function() error('x') end})",
            "<__tostring failed>",
            "table",
        ),
    ],
)
def test_error_values_of_any_kind_have_a_text(lua: Live, raised: str, text: str, kind: str) -> None:
    outcome = lua.run(f"error({raised})")
    assert (outcome.text, outcome.value_type) == (text, kind)


def test_a_stack_overflow_is_an_error_like_others(lua: Live) -> None:
    outcome = lua.run("local function f() return 1 + f() end f()")
    assert outcome.status == "error"
    assert "stack overflow" in outcome.text
    assert lua.run("1 + 1", is_input=True).text == "2"


def test_recursion_through_c_functions_is_survived(lua: Live) -> None:
    outcome = lua.run("local function f(s) return (s:gsub('.', f)) end f('x')")
    assert outcome.status == "error"
    if DIALECT != "luajit":  # it does not count how deep coroutines nest (docs/architecture.md)
        outcome = lua.run("local function f() return 1 + coroutine.wrap(f)() end f()")
        assert outcome.status == "error"
    assert lua.run("1 + 1", is_input=True).text == "2"


@pytest.mark.parametrize(
    "text",
    [
        "local t = {} while true do t[#t + 1] = ('x'):rep(1000) .. #t end",
        "kept = {} while true do pcall(function() while true do kept[#kept + 1] = {} end end) end",
        "local co = coroutine.wrap(function() local s = 'x' while true do s = s .. s end end) co()",
    ],
)
def test_a_memory_limit_ends_the_run_and_leaves_the_kernel_usable(text: str) -> None:
    with live(lua_max_memory=30_000_000) as small:
        outcome = small.run(text)
        assert outcome.error in ("MemoryLimit", "LuaError")
        assert "memory" in outcome.text
        assert small.run("kept = nil return 1 + 1", is_input=True).text == "2"


def test_garbage_does_not_count_against_the_memory_limit() -> None:
    with live(lua_max_memory=30_000_000) as small:
        text = "for i = 1, 300 do local s = ('x'):rep(500000) .. i end print('done')"
        assert small.printed(text) == "done\n"


def test_os_exit_ends_the_run_with_its_code_and_cannot_be_caught(lua: Live) -> None:
    outcome = lua.run("print('a') pcall(os.exit, 3) print('b')")
    assert (outcome.exit_code, lua.output()) == (3, "a\n")
    assert lua.run("pcall(function() os.exit(true) end) print('c')").exit_code == 0
    assert lua.run("coroutine.wrap(function() os.exit(false) end)()").exit_code == 1
    assert lua.output() == "a\n"
    assert lua.run("1 + 1", is_input=True).text == "2"


def test_globals_persist_and_locals_end_with_their_chunk(lua: Live) -> None:
    lua.run("a = 1 local b = 2")
    assert lua.printed("print(a, b)") == "1\tnil\n"


def test_expressions_after_a_run_are_judged_one_by_one(lua: Live) -> None:
    outcome = lua.run("x = 20", expressions=(("good", "x + 1"), ("bad", "x.y.z"), ("none", "nil")))
    good, bad, none = outcome.expressions
    assert good == ("good", True, "21")
    assert bad[1] is False
    assert "index" in bad[2]
    assert none == ("none", True, "nil")


def test_the_limit_on_output_cuts_with_a_note_and_the_run_goes_on() -> None:
    with live(output_limit=100) as small:
        name = small.start("for i = 1, 100 do print('line', i) end done = true")
        assert small.finish(name).status == "ok"
        assert "[output limit of 100 bytes reached" in small.output(name)
        assert len(small.output(name)) < 200
        assert small.value("done") == "true"


def test_a_hundred_thousand_lines_arrive_in_order_and_complete(lua: Live) -> None:
    printed = lua.printed("for i = 1, 100000 do print(i) end")
    assert printed == "".join(f"{number}\n" for number in range(1, 100001))


def test_output_appears_while_the_script_still_runs(lua: Live) -> None:
    name = lua.start("print('first') while true do end")
    lua.wait(lambda event: getattr(event, "text", "") == "first\n", "output of a running script")
    lua.runtime.interrupt()
    assert lua.finish(name).error == "Interrupted"


def test_the_working_folder_is_the_runs_own(lua: Live, tmp_path: object) -> None:
    printed = lua.printed("print(io.open('here.txt', 'w') ~= nil)", directory=str(tmp_path))
    assert printed == "true\n"
    outcome = lua.run("return 1", directory=f"{tmp_path}/nowhere")
    assert outcome.error == "OSError"
    assert "nowhere" in outcome.text


def test_arguments_arrive_byte_for_byte(lua: Live) -> None:
    words = ("a b", "*", "$HOME", "", "ä", "--name", "value", "--flag", "-x=1")
    name = lua.start(
        "print(select('#', ...), ...) print(arg[0], #arg, ARGS.name, ARGS.flag)",
        script="/somewhere/s.lua",
        arguments=words,
    )
    assert lua.finish(name).status == "ok"
    first, second = lua.output(name).splitlines()
    assert first.split("\t") == ["9", *words]
    assert second == "/somewhere/s.lua\t9\tvalue\ttrue"


def test_many_arguments(lua: Live) -> None:
    words = tuple(str(number) for number in range(1000))
    assert lua.printed("print(select('#', ...), #arg)", arguments=words) == "1000\t1000\n"


def test_python_is_not_reachable_from_scripts(lua: Live) -> None:
    assert lua.printed("print(python, package.loaded.python)") == "nil\tnil\n"


def test_queued_runs_go_one_after_the_other(lua: Live) -> None:
    names = [lua.start(f"print({number})") for number in range(20)]
    for name in names:
        lua.finish(name)
    assert lua.output() == "".join(f"{number}\n" for number in range(20))


def test_a_restart_gives_new_globals_and_keeps_the_history(lua: Live) -> None:
    lua.run("x = 1", chunk="", is_input=True, kind="notebook")
    lua.context.restart().result(20)
    assert lua.value("x") == "nil"
    assert [entry.text for entry in lua.context.history.tail(5).result(20)] == ["x = 1"]


def test_a_restart_ends_what_runs_and_aborts_what_waits(lua: Live) -> None:
    running = lua.start("while true do end")
    waiting = lua.start("print('never')")
    lua.wait(lambda e: type(e).__name__ == "ExecutionStarted", "start")
    lua.context.restart().result(20)
    assert lua.finish(running).error == "Interrupted"
    assert lua.finish(waiting).status == "aborted"
    assert lua.output() == ""


@needs_lua("5.1", "5.2", "5.3", "luajit")
def test_print_refuses_what_a_replaced_tostring_gives(lua: Live) -> None:
    for arguments in ("1", "1, 2", "1, 2, 3"):
        outcome = lua.run(f"tostring = function() end\nprint({arguments})", chunk="=s")
        assert outcome.text == "s:2: 'tostring' must return a string to 'print'"


WRAPPED = """
local function deep(x)
  RAISE
end
local outer = coroutine.wrap(function()
  local inner = coroutine.wrap(deep)
  inner()
end)
local function run()
  outer()
end
run()
"""
IS_KEPT = DIALECT in ("5.1", "5.2", "5.3", "luajit")
"""Whether a coroutine that an error has ended still has its stack."""


@pytest.mark.parametrize("raises", ["return x.y", "error('boom')", "error({code = 1})"])
@pytest.mark.parametrize("is_file", [True, False])
def test_an_error_that_coroutines_pass_on_is_placed_where_it_was_raised(
    lua: Live, tmp_path: Path, raises: str, is_file: bool
) -> None:
    chunk = chunk_of_path(str(tmp_path / ("long" * 20 + ".lua"))) if is_file else "=In[1]"
    outcome = lua.run(WRAPPED.replace("RAISE", raises), chunk=chunk)
    places = [(frame.chunk, frame.line) for frame in outcome.stack if frame.line]
    if "code" in raises and not IS_KEPT:  # nothing tells
        assert places[0] == (chunk, 10)
        return
    assert places[:3] == [(chunk, 3), (chunk, 7), (chunk, 10)]
    assert places[-1] == (chunk, 12)


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("local co = coroutine.create(function()\n  local x = nil + 1\nend)\n"
         "assert(coroutine.resume(co))", [2, 4]),
        ("local _, words = pcall(function()\n  local x = nil + 1\nend)\n"
         "error(words, 0)", [2, 4]),
        ("local function check()\n  error('bad', 2)\nend\ncheck()", [2, 4]),
        ("local words = 'notes.txt:3: bad'\nerror(words, 0)", [2]),
        ("local made = (loadstring or load)('local x = nil + 1')\nmade()", [1, 2]),
    ],
)  # fmt: skip
def test_an_error_that_was_raised_again_is_placed_where_it_came_from(
    lua: Live, text: str, lines: list[int]
) -> None:
    outcome = lua.run(text, chunk="=In[4]")
    assert [frame.line for frame in outcome.stack if frame.line] == lines

"""Stepping: where each step lands, in plain calls, coroutines, callbacks and errors."""

from __future__ import annotations

import threading

import pytest

from kit.live import WAIT_S, Live
from kit.lua import build_under_test
from tidelock.shared.events import OutputWritten

DIALECT = build_under_test().dialect


def lands(lua: Live, text: str, start: int, *steps: str) -> list[int]:
    """The lines at which steps stop that begin at a breakpoint."""
    lua.breakpoints("=s", start)
    lua.start(text, chunk="=s")
    lua.stop()
    lines = []
    for how in steps:
        frame = lua.step(how)  # type: ignore[arg-type]
        lines.append(frame.line if frame else 0)
        if frame is None:
            break
    return lines


CALLS = """\
local function inner(x)
  local y = x + 1
  return y
end
local function outer(x)
  local a = inner(x)
  local b = inner(a)
  return a + b
end
local first = outer(1)
local second = outer(first)
return second
"""


@pytest.mark.parametrize(
    ("start", "steps", "lines"),
    [
        (10, ["over", "over", "over"], [11, 12, 0]),
        (10, ["in", "in", "in", "in"], [6, 2, 3, 7]),
        (10, ["in", "over", "over", "over"], [6, 7, 8, 11]),
        (2, ["over", "over"], [3, 7]),
        (7, ["out", "out"], [11, 7]),
        (8, ["over"], [11]),
    ],
)
def test_calls(lua: Live, start: int, steps: list[str], lines: list[int]) -> None:
    assert lands(lua, CALLS, start, *steps)[: len(lines)] == lines


def test_out_stops_in_the_caller_before_the_rest_of_its_line(lua: Live) -> None:
    lua.breakpoints("=s", 2)
    lua.start(
        "local function inner()\n  return 1\nend\nmarked = false\n"
        "local function mark() marked = true return 1 end\n"
        "local sum = inner() + mark()\nlocal after = sum\n",
        chunk="=s",
    )
    lua.stop()
    lua.step("out")
    assert lua.lines()[0] == ("main chunk", 6)
    assert lua.evaluate("marked") == "false"
    lua.step("over")
    assert lua.lines()[0] == ("main chunk", 7)
    assert lua.evaluate("marked, sum") == "true\t2"


def test_going_on_after_a_step_out_is_safe_wherever_the_code_lies(lua: Live) -> None:
    """Lua 5.2 and 5.3 looked for the line of an instruction in another function's lines."""
    for round_ in range(25):
        lua.breakpoints("=s", 2)
        name = lua.start(
            "local function inner()\n  return 1\nend\n"
            f"local filler = {{{'1, ' * (round_ * 40)}}}\n"
            "local sum = inner() + #filler\nsum = sum + 1\nprint(sum)\n",
            chunk="=s",
        )
        lua.stop(2 * round_ + 1)
        lua.step("out")
        lua.breakpoints("=s")
        lua.resume()
        assert lua.finish(name).status == "ok"
        assert lua.output(name) == f"{round_ * 40 + 2}\n"


RECURSION = """\
local function fact(n)
  if n == 0 then
    return 1
  end
  local below = fact(n - 1)
  return n * below
end
local result = fact(4)
return result
"""


def test_over_a_recursive_call_stays_in_its_own_frame(lua: Live) -> None:
    assert lands(lua, RECURSION, 8, "in", "over", "over", "over") == [
        2, 5, 6, 9,
    ]  # fmt: skip


def test_a_breakpoint_inside_a_stepped_over_call_stops_there(lua: Live) -> None:
    lua.breakpoints("=s", 8, 3)
    lua.start(RECURSION, chunk="=s")
    lua.stop()
    assert lua.step("over").line == 3  # type: ignore[union-attr]
    assert len([f for f in lua.frames() if f.name == "fact"]) == 5


def test_a_step_onto_a_line_with_a_breakpoint_stops_once(lua: Live) -> None:
    lua.breakpoints("=s", 1, 2, 3)
    name = lua.start("a = 1\nb = 2\nc = 3\nd = 4", chunk="=s")
    lua.stop()
    assert lua.step("over").line == 2  # type: ignore[union-attr]
    assert lua.evaluate("b") == "nil"
    lua.resume()
    lua.stop(3)
    assert lua.lines()[0][1] == 3
    assert lua.evaluate("c") == "nil"
    assert lua.step("over").line == 4  # type: ignore[union-attr]
    lua.resume()
    assert lua.finish(name).status == "ok"
    assert len(lua._pauses()) == 4


def test_an_error_that_unwinds_the_frame_ends_the_step_after_the_pcall(lua: Live) -> None:
    text = (
        "local function fails()\n  error('x')\nend\n"
        "local function guarded()\n  pcall(fails)\n  return 1\nend\n"
        "guarded()\nlocal done = 1\n"
    )
    assert lands(lua, text, 2, "over") == [6]
    lua.resume()


def test_callbacks_from_c_are_stepped_into(lua: Live) -> None:
    text = (
        "local t = {3, 1, 2}\n"
        "table.sort(t, function(a, b)\n"
        "  return a < b\n"
        "end)\n"
        "local s = ('ab'):gsub('.', function(c)\n"
        "  return c:upper()\n"
        "end)\n"
        "return s\n"
    )
    # By way of the end of its argument, where the function is made.
    assert lands(lua, text, 2, "in", "in", "in") == [4, 2, 3]
    lua.breakpoints("=s")
    lua.resume()


COROUTINES = """\
local function numbers()
  local one = 1
  coroutine.yield(one)
  local two = 2
  coroutine.yield(two)
end
local co = coroutine.create(numbers)
local ok, a = coroutine.resume(co)
local step = coroutine.wrap(numbers)
local b = step()
local c = step()
return a, b, c
"""


@pytest.mark.parametrize(
    ("start", "steps", "lines"),
    [
        (8, ["over", "over", "over", "over"], [9, 10, 11, 12]),
        (8, ["in"], [2]),
        (10, ["in", "over", "over"], [2, 3, 11]),
        (2, ["over", "over"], [3, 9]),
        (2, ["out"], [9]),
    ],
)
def test_coroutines(lua: Live, start: int, steps: list[str], lines: list[int]) -> None:
    assert lands(lua, COROUTINES, start, *steps) == lines


def test_no_hook_is_left_after_a_step(lua: Live) -> None:
    lua.breakpoints("=s", 1)
    name = lua.start(
        "local co = coroutine.create(function() coroutine.yield() end)\n"
        "coroutine.resume(co)\n"
        "local new = coroutine.create(function() end)\n"
        "print((debug.gethook()), (debug.gethook(co)), (debug.gethook(new)))\n",
        chunk="=s",
    )
    lua.stop()
    for _ in range(3):
        lua.step("over")
    lua.resume()
    assert lua.finish(name).status == "ok"
    assert lua.output(name) == "nil\tnil\tnil\n"
    assert not lua.runtime._native.hooked()  # type: ignore[union-attr]


def test_a_step_that_ended_with_its_program_leaves_the_next_one_alone(lua: Live) -> None:
    lua.breakpoints("=s", 2)
    first = lua.start("x = 1\ny = 2\n", chunk="=s")
    lua.stop()
    assert lua.step("over") is None
    assert lua.finish(first).status == "ok"
    # With a hook of ours in its place there would be none to tell of, not even nil.
    assert lua.printed("print(select('#', debug.gethook()) > 0)") == "true\n"


def test_a_hook_of_the_program_is_put_back_after_a_step(lua: Live) -> None:
    lua.breakpoints("=s", 4)
    name = lua.start(
        "local counted = 0\n"
        "local function count() counted = counted + 1 end\n"
        "debug.sethook(count, '', 100)\n"
        "local x = 1\n"
        "local y = 2\n"
        "local before = counted\n"
        "for i = 1, 10000 do end\n"
        "print(counted > before, debug.gethook() == count)\n"
        "debug.sethook()\n",
        chunk="=s",
    )
    lua.stop()
    lua.step("over")
    lua.resume()
    assert lua.finish(name).status == "ok"
    assert lua.output(name) == "true\ttrue\n"


def test_stepping_out_of_the_main_chunk_ends_the_run(lua: Live) -> None:
    assert lands(lua, "x = 1\ny = 2\n", 2, "out") == [0]


def test_a_one_line_loop_is_one_step(lua: Live) -> None:
    assert lands(lua, "x = 0\nfor i = 1, 100 do x = x + i end\ny = x\n", 2, "over") == [3]


@pytest.mark.skipif(DIALECT == "luajit", reason="LuaJIT reports a tail call like any other")
def test_over_a_tail_call_stops_where_its_value_goes(lua: Live) -> None:
    text = (
        "local function last(n)\n  if n == 0 then return 'end' end\n  return last(n - 1)\nend\n"
        "local value = last(1000)\nlocal after = 1\n"
    )
    lua.breakpoints("=s", 5)
    lua.start(text, chunk="=s")
    lua.stop()
    assert lua.step("in").line == 2  # type: ignore[union-attr]
    assert lua.step("over").line == 3  # type: ignore[union-attr]
    assert lua.step("over").line == 6  # type: ignore[union-attr]


FINALIZER = (
    "p = newproxy(true) getmetatable(p).__gc = function()"
    if DIALECT in ("5.1", "luajit")
    else "local m = {} m.__gc = function() m.run() end p = setmetatable({}, m) m.run = function()"
)


METAMETHOD = "local t = setmetatable({}, {__index = function(_, k)\n  return k\nend})\nreturn t.x"
LOADED = "(loadstring or load)('\\n\\nlocal y = 1\\n', '=s')()"


@pytest.mark.parametrize(
    ("what", "text", "line"),
    [
        ("a metamethod", METAMETHOD, 2),
        ("a sort comparison", "table.sort({2, 1}, function(a, b)\n  return a < b\nend)", 2),
        ("a gsub callback", "('a'):gsub('.', function(c)\n  return c\nend)", 2),
        ("an iterator", "for x in (function()\n  return nil\nend) do end", 2),
        ("an error handler", "xpcall(error, function(e)\n  return e\nend)", 2),
        ("a finalizer", FINALIZER + "\n  local x = 1\nend\np = nil\ncollectgarbage()", 2),
        ("a loaded string", LOADED, 3),
    ],
)  # fmt: skip
def test_breakpoints_stop_wherever_lua_calls_back(
    lua: Live, what: str, text: str, line: int
) -> None:
    lua.breakpoints("=s", line)
    name = lua.start(text, chunk="=s" if what != "a loaded string" else "=main")
    lua.stop()
    assert lua.lines()[0][1] == line
    lua.breakpoints("=s")
    lua.resume()
    assert lua.finish(name).status == "ok"


def test_a_finalizer_that_a_question_sets_off_passes_its_breakpoint(lua: Live) -> None:
    """Nobody could ask anything there: the question is not answered yet."""
    lua.breakpoints("=s", 2)
    text = FINALIZER + "\n  ended = 'yes'\nend\np = nil\nprint('go')\nwhile not done do end"
    name = lua.start(f"collectgarbage('stop') {text}", chunk="=s")
    lua.wait(lambda e: isinstance(e, OutputWritten) and e.text.startswith("go"), "the loop")
    lua.runtime.ask("collect").result(WAIT_S)
    assert lua.debugger.value("ended", []).result(WAIT_S).text == '"yes"'  # type: ignore[union-attr]
    lua.runtime.pause()
    lua.stop()
    assert lua.lines()[0][1] == 6
    lua.evaluate("rawset(_G, 'done', true)")
    lua.resume()
    assert lua.finish(name).status == "ok"


def test_questions_do_not_make_a_step_miss_its_line(lua: Live) -> None:
    count = 100
    work = "local function work() local s = 0\nfor i = 1, 50 do s = s + i\nend return s end\n"
    lua.breakpoints("=steps", 4)
    lua.start(work + "x = work()\n" * count, chunk="=steps")
    lua.stop()
    is_over = threading.Event()

    def ask() -> None:
        while not is_over.is_set():
            lua.debugger.names().wait(WAIT_S)

    asker = threading.Thread(target=ask)
    asker.start()
    seen = [lua.frames()[0].line]
    for _ in range(count - 1):
        frame = lua.step("over")
        assert frame is not None
        seen.append(frame.line)
    is_over.set()
    asker.join()
    assert seen == list(range(4, 4 + count))


@pytest.mark.parametrize(
    "loop",
    [
        "while true do\nend",
        "pcall(function() while true do\nend end)",
        "coroutine.wrap(function() while true do\nend end)()",
        "while true do end",
    ],
)
def test_a_step_over_a_loop_without_end_is_interrupted(lua: Live, loop: str) -> None:
    text = f"local function loop() {loop} end\nloop()"
    lua.breakpoints("=loop", text.count("\n") + 1)
    name = lua.start(text, chunk="=loop")
    lua.stop()
    lua.resume("over")
    assert lua.context.runtime.interrupt()
    assert lua.finish(name).error == "Interrupted"
    assert lua.printed("print('next')") == "next\n"

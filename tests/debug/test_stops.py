"""Stops at breakpoints: the next line has not run, and what can be seen and changed there.

The file is long because it is one list of what must hold at a stop.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from kit.live import WAIT_S, Live
from kit.lua import build_under_test
from tidelock.shared.debug.loaded import IN_REACH
from tidelock.shared.errors import NotStopped, TidelockError
from tidelock.shared.events import BreakpointsChanged
from tidelock.shared.model import BreakpointRequest, ExceptionFilter, Run
from tidelock.shared.runtime.lane import _Callbacks
from tidelock.shared.sources import chunk_of_path

DIALECT = build_under_test().dialect

MODULE = """\
local M = {}
reached = {}

function M.double(n)
  local twice = n * 2
  reached[#reached + 1] = n
  return twice, M
end

return M
"""

MAIN = """\
local m = require("module")
local sum = 0
for i = 1, 10 do
  sum = sum + m.double(i)
end
print("sum", sum)
"""


@pytest.fixture
def program(tmp_path: Path) -> Path:
    (tmp_path / "module.lua").write_text(MODULE)
    (tmp_path / "main.lua").write_text(MAIN)
    return tmp_path / "main.lua"


def reached(lua: Live) -> str:
    """What the line after the breakpoint has done so far."""
    return lua.evaluate("#reached")


def test_a_breakpoint_stops_before_its_line_has_run(lua: Live, program: Path) -> None:
    (point,) = lua.breakpoints(program.parent / "module.lua", 6)
    assert (point.verified, point.line, point.message) == (True, 6, "")
    name = lua.script(program)
    pause = lua.stop()
    assert (pause.reason, pause.breakpoints) == ("breakpoint", (point.id,))
    assert lua.lines() == [("module.double", 6), ("main chunk", 4)]
    assert lua.locals() == {"n": "1", "twice": "2"}
    assert reached(lua) == "0"  # the line with the breakpoint has not run
    lua.resume()
    lua.stop(2)
    assert reached(lua) == "1"
    assert lua.locals()["n"] == "2"
    lua.breakpoints(program.parent / "module.lua")
    lua.resume()
    assert lua.finish(name).status == "ok"
    assert lua.output(name) == "sum\t110\n"


def test_while_it_is_stopped_nothing_goes_on_whoever_asks(lua: Live, program: Path) -> None:
    lua.breakpoints(program.parent / "module.lua", 6)
    lua.script(program)
    lua.stop()
    for _ in range(200):
        assert reached(lua) == "0"
    assert len(lua._pauses()) == 1


def test_a_condition_sees_what_its_line_sees(lua: Live, program: Path) -> None:
    lua.breakpoints(
        program.parent / "module.lua", BreakpointRequest(6, condition="n == 7 and M ~= nil")
    )
    lua.script(program)
    lua.stop()
    assert lua.locals()["n"] == "7"
    assert reached(lua) == "6"


@pytest.mark.parametrize(
    "condition",
    [
        "n > 4 and n % 5 == 0",
        "limit == n",
        "#tostring(n) == 1 and n == 5",
        "(function() return n end)() == 5",
    ],
)
def test_conditions_of_every_kind(lua: Live, program: Path, condition: str) -> None:
    lua.run("limit = 5")
    lua.breakpoints(program.parent / "module.lua", BreakpointRequest(6, condition=condition))
    lua.script(program)
    lua.stop()
    assert lua.locals()["n"] == "5"
    assert not lua.runtime._native.hooked()  # type: ignore[union-attr]


def test_a_condition_sees_the_globals_of_each_call(lua: Live) -> None:
    own = "local _ENV = env" if DIALECT not in ("5.1", "luajit") else "setfenv(1, env)"
    text = (
        "local setfenv = setfenv\n"
        "local function count(env)\n"
        f"  {own}\n"
        "  n = n + 1\n"
        "end\n"
        "local first, second = {n = 0, name = 'first'}, {n = 0, name = 'second'}\n"
        "for _ = 1, 3 do count(first) count(second) end\n"
    )
    lua.breakpoints("=calls", BreakpointRequest(4, condition="n + 0 == 2 and name == 'second'"))
    name = lua.start(text, chunk="=calls")
    lua.stop()
    assert lua.evaluate("env.name .. env.n") == '"second2"'
    lua.resume()
    assert lua.finish(name).status == "ok"
    assert len(lua._pauses()) == 1


OWN_GLOBALS = {
    "setfenv": "setfenv(count, env)",
    "debug.setfenv": "debug.setfenv(count, env)",
    "module": "package.loaded.own = env count = dofile(path)",
    "load": "count = assert(load(text, '@' .. path, 't', env))()",
    "loadfile": "count = assert(loadfile(path, 't', env))()",
}


@pytest.mark.skipif(DIALECT not in ("5.1", "luajit"), reason="globals there belong to functions")
@pytest.mark.parametrize("way", [*OWN_GLOBALS])
def test_a_condition_sees_globals_however_a_function_got_its_own(
    lua: Live, way: str, tmp_path: Path
) -> None:
    if DIALECT == "5.1" and way in ("load", "loadfile"):
        pytest.skip("load takes no globals there")
    start = "if n == 11 then module('own') end " if way == "module" else ""
    path = tmp_path / "counts.lua"
    path.write_text(start + "return function()\n  n = n + 1\n  return n\nend\n")
    lua.breakpoints(str(path), BreakpointRequest(3, condition="n + 0 == 2"))
    name = lua.start(
        f"local path = {str(path)!r}\n"
        "local file = io.open(path) local text = file:read('*a') file:close()\n"
        "n = 10\n"
        "local count = dofile(path) count()\n"  # the globals of all, before any others are made
        "local env = {n = 0}\n"
        f"{OWN_GLOBALS[way]}\n"
        "count() count() count()"
    )
    lua.stop()
    assert lua.evaluate("n") == "2"
    lua.resume()
    assert lua.finish(name).status == "ok"
    assert len(lua._pauses()) == 1


@pytest.mark.parametrize("place", ["compiled in", "by hook"])
def test_a_condition_sees_the_globals_of_its_function(lua: Live, place: str) -> None:
    own = "local _ENV = env" if DIALECT not in ("5.1", "luajit") else "setfenv(1, env)"
    text = (
        "env = {n = 0, print = print}\n"
        "n = 'another'\n"
        "local function count()\n"
        f"  {own}\n"
        "  while n < 5 do\n"
        "    n = n + 1\n"
        "  end\n"
        "end\n"
        "count()\n"
    )
    wanted = BreakpointRequest(6, condition="n > 2")
    lua.context.sources.put_input("=own", text)
    if place == "compiled in":
        lua.breakpoints("=own", wanted)
    lua.start(text, chunk="=own", stop_on_entry=place == "by hook")
    if place == "by hook":
        lua.stop()
        assert lua.breakpoints("=own", wanted)[0].message == IN_REACH
        lua.resume()
    lua.stop(2 if place == "by hook" else 1)
    assert lua.evaluate("n") == "3"


def test_a_condition_that_fails_stops_and_says_why(lua: Live, program: Path) -> None:
    lua.breakpoints(program.parent / "module.lua", BreakpointRequest(6, condition="n.x.y == 1"))
    name = lua.script(program)
    pause = lua.stop()
    assert pause.text.startswith("condition failed: ")
    assert "index" in pause.text
    lua.breakpoints(program.parent / "module.lua")
    lua.resume()
    assert lua.finish(name).status == "ok"  # the script never saw the error


def test_a_condition_under_strict_globals_does_not_raise_in_the_script(
    lua: Live, program: Path
) -> None:
    lua.run(
        "setmetatable(_G, {__index = function(_, k) error('undeclared ' .. k, 2) end,"
        " __newindex = rawset})"
    )
    lua.breakpoints(program.parent / "module.lua", BreakpointRequest(6, condition="nowhere == n"))
    name = lua.script(program)
    assert "undeclared nowhere" in lua.stop().text
    lua.breakpoints(program.parent / "module.lua")
    lua.resume()
    assert lua.finish(name).status == "ok"


@pytest.mark.parametrize(
    ("hits", "stops_at"),
    [("3", [3]), ("== 4", [4]), ("> 8", [9, 10]), (">= 9", [9, 10]), ("< 3", [1, 2]),
     ("<= 2", [1, 2]), ("% 4", [4, 8])],
)  # fmt: skip
def test_hit_conditions(lua: Live, program: Path, hits: str, stops_at: list[int]) -> None:
    lua.breakpoints(program.parent / "module.lua", BreakpointRequest(6, hit_condition=hits))
    name = lua.script(program)
    seen = []
    for number in range(1, len(stops_at) + 1):
        lua.stop(number)
        seen.append(int(lua.locals()["n"]))
        lua.resume()
    assert lua.finish(name).status == "ok"
    assert seen == stops_at


def test_hits_count_only_where_the_condition_holds(lua: Live, program: Path) -> None:
    request = BreakpointRequest(6, condition="n % 2 == 0", hit_condition="3")
    lua.breakpoints(program.parent / "module.lua", request)
    lua.script(program)
    lua.stop()
    assert lua.locals()["n"] == "6"


def test_a_log_point_writes_and_does_not_stop(lua: Live, program: Path) -> None:
    request = BreakpointRequest(
        6, condition="n > 8", log_message="n is {n}, \\{twice\\} {twice} {n.x.y} {M}"
    )
    lua.breakpoints(program.parent / "module.lua", request)
    name = lua.script(program)
    assert lua.finish(name).status == "ok"
    first, second = lua.logs()
    assert first.startswith("n is 9, {twice} 18 <error: ")
    assert "index" in first
    assert first.endswith("> {double = function (module.lua:4)}\n")
    assert second.startswith("n is 10, {twice} 20")
    assert lua._pauses() == []


def test_a_line_without_a_statement_moves_to_the_next_one_in_its_function(
    lua: Live, program: Path
) -> None:
    module = program.parent / "module.lua"
    blank, end, past = lua.breakpoints(module, 3, 8, 99)
    assert (blank.verified, blank.line) == (True, 4)
    assert (end.verified, end.message) == (
        False, "no statement on this line or after it in the same function",
    )  # fmt: skip
    assert past.verified is False


@pytest.mark.parametrize(
    ("request_", "words"),
    [
        (BreakpointRequest(0), "line 0 is no line"),
        (BreakpointRequest(6, condition="n =="), "condition: "),
        (BreakpointRequest(6, hit_condition="often"), "hit condition 'often' is not understood"),
        (BreakpointRequest(6, log_message="{n +}"), "log message {n +}: "),
    ],
)
def test_what_cannot_be_set_says_why_and_the_others_are_set(
    lua: Live, program: Path, request_: BreakpointRequest, words: str
) -> None:
    bad, good = lua.breakpoints(program.parent / "module.lua", request_, 6)
    assert not bad.verified
    assert bad.message.startswith(words)
    assert good.verified
    lua.script(program)
    assert lua.stop().breakpoints == (good.id,)


def test_equal_breakpoints_keep_their_ids_and_others_get_new_ones(lua: Live, program: Path) -> None:
    module = program.parent / "module.lua"
    first = lua.breakpoints(module, 5, BreakpointRequest(6, condition="n == 1"))
    again = lua.breakpoints(module, 5, BreakpointRequest(6, condition="n == 2"))
    assert again[0].id == first[0].id
    assert again[1].id not in (first[0].id, first[1].id)
    assert [point.id for point in lua.debugger.breakpoints()] == [p.id for p in again]


def test_equal_breakpoints_of_two_sessions_are_two(lua: Live, program: Path) -> None:
    chunk = chunk_of_path(str(program))
    first, second, again = (
        lua.debugger.set_breakpoints(owner, chunk, [BreakpointRequest(4)])
        for owner in ("one", "two", "one")
    )
    assert again == first
    assert second[0].id != first[0].id
    lua.script(program)
    assert set(lua.stop().breakpoints) == {first[0].id, second[0].id}


def test_a_source_that_is_not_there_is_pending_until_it_loads(lua: Live, tmp_path: Path) -> None:
    late = tmp_path / "late.lua"
    (point,) = lua.breakpoints(late, 2)
    assert (point.verified, point.message) == (False, "pending: the source is not loaded yet")
    late.write_text("local x = 1\nx = x + 1\nreturn x\n")
    lua.start(f"return dofile({str(late)!r})")
    lua.stop()
    changed = lua.wait(lambda e: isinstance(e, BreakpointsChanged) and not e.by, "change")
    assert isinstance(changed, BreakpointsChanged)
    assert [(p.id, p.verified, p.line) for p in changed.changed] == [(point.id, True, 2)]
    assert lua.locals() == {"x": "1"}


# -- code that is loaded already ------------------------------------------------------------------


def test_a_breakpoint_in_a_running_loop_works_at_once(lua: Live) -> None:
    lua.start("x = 0\nwhile true do\n  x = x + 1\n  y = x\nend", chunk="=loop")
    lua.wait(lambda e: type(e).__name__ == "SourceLoaded", "load")
    (_point,) = lua.breakpoints("=loop", 4)
    pause = lua.stop()
    assert pause.reason == "breakpoint"
    assert lua.lines() == [("main chunk", 4)]
    assert lua.evaluate("y == nil or x == y + 1") == "true"
    lua.breakpoints("=loop")
    lua.resume()
    assert lua.debugger.names().result(WAIT_S)
    assert len(lua._pauses()) == 1


def test_a_breakpoint_set_at_a_stop_in_loaded_code_says_how_it_works(
    lua: Live, program: Path
) -> None:
    module = program.parent / "module.lua"
    lua.breakpoints(module, 5)
    lua.script(program)
    lua.stop()
    _, new = lua.breakpoints(module, 5, BreakpointRequest(7, condition="n == 3"))
    assert new.message == IN_REACH
    lua.breakpoints(module, BreakpointRequest(7, condition="n == 3"))
    lua.resume()
    lua.stop(2)
    assert lua.locals() == {"n": "3", "twice": "6"}
    assert reached(lua) == "3"
    assert lua.lines()[0][1] == 7


def test_a_breakpoint_put_back_on_a_compiled_line_needs_no_hook(lua: Live, program: Path) -> None:
    module = program.parent / "module.lua"
    lua.breakpoints(module, 6)
    lua.script(program)
    lua.stop()
    lua.breakpoints(module)
    (again,) = lua.breakpoints(module, BreakpointRequest(6, hit_condition="2"))
    assert again.message == ""
    lua.resume()
    lua.stop(2)
    assert lua.locals()["n"] == "3"


@pytest.mark.parametrize(
    ("make", "go"), [("wrap", "{}()"), ("create", "assert(coroutine.resume({}))")]
)
def test_late_breakpoints_reach_coroutines_made_before_and_after(
    lua: Live, make: str, go: str
) -> None:
    lua.breakpoints("=co", 2)
    lua.start(
        "local function body()\n  local a = 1\n  local b = 2\n  coroutine.yield()\nend\n"
        f"local old = coroutine.{make}(body)\n"
        "local stop_here = true\n"
        f"{go.format('old')}\n"
        f"local new = coroutine.{make}(body)\n"
        f"{go.format('new')}\n",
        chunk="=co",
    )
    lua.stop()
    lua.breakpoints("=co", 3)
    lua.resume()
    lua.stop(2)
    assert lua.lines()[0][1] == 3
    assert lua.locals() == {"a": "1"}
    lua.resume()
    lua.stop(3)
    assert lua.lines()[0][1] == 3


def test_a_new_launch_compiles_late_breakpoints_in(lua: Live, program: Path) -> None:
    module = program.parent / "module.lua"
    lua.finish(lua.script(program))
    (point,) = lua.breakpoints(module, 6)
    assert point.message == IN_REACH
    lua.script(program)
    lua.stop()
    assert lua.debugger.breakpoints()[0].message == ""
    assert not lua.runtime._native.hooked()  # type: ignore[union-attr]


# -- at a stop ------------------------------------------------------------------------------------


@pytest.fixture
def stopped(lua: Live, program: Path) -> Live:
    lua.breakpoints(program.parent / "module.lua", BreakpointRequest(6, condition="n == 4"))
    lua.script(program)
    lua.stop()
    return lua


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("n + twice", "12"),
        ("M.double ~= nil", "true"),
        ("reached", "{1, 2, 3}"),
        ("n, twice", "4\t8"),
        ("local x = n; return x * 10", "40"),
        ("unknown_name", "nil"),
        ("(function(...) return select('#', ...) end)(1, 2)", "2"),
    ],
)
def test_evaluate_in_the_frame(stopped: Live, text: str, value: str) -> None:
    assert stopped.evaluate(text) == value


def test_evaluate_in_an_outer_frame(stopped: Live) -> None:
    assert stopped.evaluate("sum + i", level=1) == "16"


@pytest.mark.parametrize("text", ["n.x.y", "error('no')", "x = = 1", "coroutine.yield()"])
def test_an_evaluation_that_fails_leaves_the_stop_as_it_was(stopped: Live, text: str) -> None:
    with pytest.raises(TidelockError):
        stopped.evaluate(text)
    assert stopped.evaluate("n") == "4"
    assert reached(stopped) == "3"


def test_an_endless_evaluation_can_be_given_up(stopped: Live) -> None:
    frame = stopped.frames()[0].id
    asked = stopped.debugger.evaluate("(function() while true do end end)()", frame)
    asked.cancel()
    with pytest.raises(TidelockError):
        asked.result(WAIT_S)
    assert stopped.evaluate("n") == "4"


def test_breakpoints_in_evaluated_code_do_not_stop_again(stopped: Live) -> None:
    assert stopped.evaluate("M.double(4)") == "8\t{double = function (module.lua:4)}"
    assert len(stopped._pauses()) == 1


def test_variables_of_every_place_can_be_set_and_the_program_sees_it(stopped: Live) -> None:
    lua = stopped
    frame = lua.frames()[0].id
    scope = lua.debugger.scopes(frame).result(WAIT_S)[0]
    assert (
        lua.debugger.set_child(scope.handle, "twice", "n * 100", frame).result(WAIT_S).text == "400"
    )
    assert lua.evaluate("twice") == "400"
    lua.evaluate("M.extra = 7")
    assert lua.debugger.assign("reached[1]", "'one'", frame).result(WAIT_S).text == '"one"'
    with pytest.raises(TidelockError):
        lua.debugger.set_child(scope.handle, "twice", "n.x.y", frame).result(WAIT_S)
    lua.breakpoints(lua.frames()[0].chunk[1:])
    lua.resume()
    lua.wait(lambda e: type(e).__name__ == "ExecutionFinished", "end")
    assert lua.output() == f"sum\t{110 - 8 + 400}\n"
    assert lua.value("reached[1]") == '"one"'


def test_children_come_in_pages_and_know_how_to_be_reached_again(lua: Live) -> None:
    lua.breakpoints("=t", 5)
    lua.start(
        "local t = {name = 'x', [1.5] = true, ['a b'] = 1}\n"
        "for i = 1, 250 do t[i] = i end\n"
        "t.me = t\n"
        "setmetatable(t, {__index = {hidden = 1}, __tostring = function() error('never') end})\n"
        "local done = t\n",
        chunk="=t",
    )
    lua.stop()
    frame = lua.frames()[0].id
    scope = lua.debugger.scopes(frame).result(WAIT_S)[0]
    (table,) = lua.debugger.children(scope.handle).result(WAIT_S)
    assert (table.type, table.indexed, table.named) == ("table", 250, 5)
    page = lua.debugger.children(table.handle, "indexed", 100, 3).result(WAIT_S)
    assert [(child.name, child.text, child.path) for child in page] == [
        ("[101]", "101", "t[101]"), ("[102]", "102", "t[102]"), ("[103]", "103", "t[103]"),
    ]  # fmt: skip
    named = lua.debugger.children(table.handle, "named").result(WAIT_S)
    assert [child.name for child in named] == ["a b", "me", "name", "[1.5]", "(metatable)"]
    assert named[0].path == 't["a b"]'
    assert lua.evaluate('t["a b"]') == "1"
    assert named[1].text.startswith("{1, 2, 3, ")


def test_shadowed_names_and_varargs_are_told_apart(lua: Live) -> None:
    lua.breakpoints("=s", 4)
    lua.start(
        "local function f(...)\n  local x = 1\n  local x = 2\n  return x\nend\nf('a', nil, 3)",
        chunk="=s",
    )
    lua.stop()
    seen = lua.locals()
    assert seen["x"] == "2"
    assert seen["x (shadowed)"] == "1"
    assert lua.evaluate("x") == "2"
    if DIALECT != "5.1":  # it gives no access to varargs
        assert seen["..."] == '"a", nil, 3'
        assert lua.evaluate("select('#', ...)") == "3"


def test_reading_runs_no_code_of_the_program(lua: Live) -> None:
    lua.breakpoints("=m", 8)
    lua.start(
        "touched = 0\n"
        "local function touch() touched = touched + 1 end\n"
        "local trap = setmetatable({}, {\n"
        "  __index = touch, __tostring = touch, __len = touch, __pairs = touch,\n"
        "  __newindex = touch, __name = 'Trap',\n"
        "})\n"
        "local holder = {trap = trap, list = {trap, trap}}\n"
        "local done = true\n",
        chunk="=m",
    )
    lua.stop()
    frame = lua.frames()[0].id
    for scope in lua.debugger.scopes(frame).result(WAIT_S):
        for child in lua.debugger.children(scope.handle).result(WAIT_S):
            if child.handle:
                lua.debugger.children(child.handle).result(WAIT_S)
    lua.debugger.names(frame).result(WAIT_S)
    lua.debugger.members("holder", ["trap"], frame).result(WAIT_S)
    lua.debugger.value("holder", ["trap", "nothing"], frame).result(WAIT_S)
    assert lua.evaluate("touched") == "0"
    assert "Trap" in lua.locals()["trap"]


def test_a_hook_that_fires_on_the_way_to_a_stop_leaves_its_questions_alone(stopped: Live) -> None:
    """Levels of frames would be counted from where that hook serves."""
    lane = stopped.runtime
    with lane._changed:  # as if it had been armed before; the lane itself waits for the lock
        asked = lane.ask("frames", 0, 0, 10, live=False)
        assert _Callbacks(lane).take(b"live") == (False, b"")
        assert not asked.done
    assert asked.result(WAIT_S)[0] > 0


def test_what_belongs_to_an_old_stop_is_refused(stopped: Live) -> None:
    lua = stopped
    frame = lua.frames()[0].id
    handle = lua.debugger.scopes(frame).result(WAIT_S)[0].handle
    lua.resume()
    lua.wait(lambda e: type(e).__name__ == "ExecutionFinished", "end")
    with pytest.raises(NotStopped):
        lua.debugger.scopes(frame).result(WAIT_S)
    with pytest.raises(TidelockError, match="not available after resume"):
        lua.debugger.children(handle).result(WAIT_S)
    with pytest.raises(NotStopped):
        lua.debugger.stack().result(WAIT_S)
    with pytest.raises(NotStopped):
        lua.debugger.go_on("continue")


def test_an_interrupt_at_a_stop_ends_the_run(stopped: Live) -> None:
    stopped.runtime.interrupt()
    event = stopped.wait(lambda e: type(e).__name__ == "ExecutionFinished", "end")
    assert event.outcome.error == "Interrupted"  # type: ignore[union-attr]
    assert stopped.value("#reached") == "3"
    assert stopped.printed("print('on')") == "on\n"


def test_a_kernel_that_closes_at_a_stop_lets_go(program: Path) -> None:
    lua = Live()
    lua.breakpoints(program.parent / "module.lua", 6)
    lua.script(program)
    lua.stop()
    lua.close()


def test_an_uncaught_error_stops_where_it_is_raised(lua: Live) -> None:
    lua.debugger.set_exception_filters("test", [ExceptionFilter("uncaught")])
    name = lua.start(
        "local function f(x)\n  error('boom ' .. x)\nend\npcall(f, 1)\nf(2)", chunk="=e"
    )
    pause = lua.stop()
    assert (pause.reason, pause.text) == ("exception", "e:2: boom 2")
    assert lua.lines()[-2:] == [("f", 2), ("main chunk", 5)]
    lua.resume()
    assert lua.finish(name).text == "e:2: boom 2"
    assert len(lua._pauses()) == 1


def test_pausing_a_loop_stops_at_its_next_line(lua: Live) -> None:
    lua.start("n = 0\nwhile true do\n  n = n + 1\n  m = n\nend", chunk="=p")
    lua.wait(lambda e: type(e).__name__ == "SourceLoaded", "load")
    lua.debugger.pause_now()
    assert lua.stop().reason == "pause"
    count = lua.evaluate("n or 0")
    assert lua.evaluate("n or 0") == count
    lua.resume()
    lua.debugger.pause_now()
    lua.stop(2)
    assert int(lua.evaluate("n")) >= int(count)


def test_pausing_while_idle_stops_the_next_run_at_its_first_line(lua: Live) -> None:
    lua.debugger.pause_now().result(WAIT_S)
    lua.start("x = 1\ny = 2", chunk="=i")
    lua.stop()
    assert lua.lines() == [("main chunk", 1)]
    assert lua.evaluate("x") == "nil"


def test_stop_on_entry(lua: Live, program: Path) -> None:
    lua.script(program, stop_on_entry=True)
    assert lua.stop().reason == "entry"
    assert lua.lines() == [("main chunk", 1)]
    assert lua.evaluate("package.loaded.module") == "nil"


def test_a_program_that_loads_for_ever_is_forgotten_bit_by_bit(lua: Live) -> None:
    lua.run("function kept()\n  local x = 1\n  return x\nend", chunk="=kept", is_input=True)
    lua.breakpoints("=kept", 2)
    for number in range(2500):
        lua.context.execute(Run(id=f"n{number}", text=f"x = {number}", chunk=f"=In[{number}]"))
    assert lua.run("return x", is_input=True).text == "2499"
    loaded = lua.debugger.loaded()
    assert "=kept" in loaded
    assert "=In[2499]" in loaded
    assert len(loaded) <= 2002
    lua.start("kept()")
    lua.stop()
    assert lua.lines()[0][1] == 2


BY_HOOK = """\
local outer = "low"
function turn(n)
  local tide, n = outer, n
  local seen = n
  return seen
end
function raise(value)
  outer = value
end
"""


@pytest.mark.parametrize(
    ("condition", "stops"),
    [
        ("n == 2", ["2"]),
        ("2 == n and tide == 'high'", ["2"]),
        ("outer == 'high'", ["2", "3"]),
        ("level == n", ["1"]),
        ("level == 1", ["1", "2", "3"]),
        ("level == 1 and n == 3 or seen", ["3"]),
        ("nowhere", []),
        ("not nowhere and n ~= 1", ["2", "3"]),
    ],
)
@pytest.mark.parametrize("guarded", [False, True], ids=["plain", "globals with a metatable"])
def test_a_bare_condition_is_looked_at_by_hook(
    lua: Live, condition: str, stops: list[str], guarded: bool
) -> None:
    lua.run("function turn() end", chunk="=lib")
    lua.run(BY_HOOK, chunk="=lib")
    if guarded:
        lua.run("setmetatable(_G, {__index = function() end})")
    asked = BreakpointRequest(4, condition=condition)
    lua.breakpoints("=lib", asked)
    name = lua.start("level = 1 turn(1) raise('high') turn(2) turn(3) level = nil")
    seen = []
    for number, _ in enumerate(stops, 1):
        lua.stop(number)
        seen.append(lua.locals()["n"])
        lua.resume()
    assert lua.finish(name).status == "ok"
    assert seen == stops
    (point,) = lua.debugger.breakpoints()
    assert "works by a line hook" in point.message


def test_a_comparison_that_raises_is_not_the_programs_error(lua: Live) -> None:
    text = (
        "local raising = {__eq = function() error('no') end}\n"
        "local a, b = setmetatable({}, raising), setmetatable({}, raising)\n"
        "local line = 3\n"
        "return line"
    )
    lua.breakpoints("=s", BreakpointRequest(3, condition="a == b"))
    name = lua.start(text, chunk="=s", is_input=True)
    assert lua.stop().text.startswith("condition failed: ")
    lua.resume()
    assert lua.finish(name).text == "3"

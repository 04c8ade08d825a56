"""Ending what runs: interrupts, timeouts, and what they must not touch."""

from __future__ import annotations

import gc

import pytest

from kit.live import WAIT_S, Live, live
from kit.lua import build_under_test
from tidelock.shared.events import ExecutionStarted, OutputWritten

LOOPS = {
    "a bare loop": "while true do end",
    "a loop that catches errors": "while true do pcall(function() while true do end end) end",
    "a loop in a coroutine": "coroutine.wrap(function() while true do end end)()",
    "a catching loop in coroutines": """
        while true do
          local co = coroutine.create(function()
            while true do pcall(coroutine.wrap(function() while true do end end)) end
          end)
          coroutine.resume(co)
        end
    """,
    "a loop that makes coroutines": """
        while true do
          local co = coroutine.wrap(function() for i = 1, 3 do coroutine.yield(i) end end)
          co() co()
        end
    """,
    "a loop in a comparison": """
        local t = {3, 1, 2}
        table.sort(t, function(a, b) while true do end end)
    """,
    "a loop in a metamethod": """
        local t = setmetatable({}, {__index = function() while true do end end})
        return t.x
    """,
    "a loop in an error handler": "xpcall(error, function() while true do end end)",
    "a loop that prints": "while true do print('x') end",
}


def wait_for_start(lua: Live, name: str) -> None:
    lua.wait(lambda event: isinstance(event, ExecutionStarted) and event.run.id == name, "start")


@pytest.mark.parametrize("what", LOOPS)
def test_an_interrupt_ends_every_kind_of_loop_and_the_next_run_works(what: str) -> None:
    with live(output_limit=10_000) as lua:
        lua.run("kept = 'still here'")
        name = lua.start(LOOPS[what])
        wait_for_start(lua, name)
        assert lua.runtime.interrupt()
        outcome = lua.finish(name)
        assert outcome.error == "Interrupted"
        assert lua.printed("print(kept)") == "still here\n"


def test_interrupts_in_a_row_end_one_run_each(lua: Live) -> None:
    for _ in range(20):
        name = lua.start("while true do pcall(function() while true do end end) end")
        wait_for_start(lua, name)
        lua.runtime.interrupt()
        lua.runtime.interrupt()
        assert lua.finish(name).error == "Interrupted"
    assert lua.run("return 1").status == "ok"


def test_an_interrupt_reaches_a_run_that_is_about_to_begin(lua: Live) -> None:
    for _ in range(50):
        name = lua.start("while true do end")
        assert lua.runtime.interrupt()
        assert lua.finish(name).error == "Interrupted"
    assert lua.run("return 1").status == "ok"


def test_an_interrupt_while_idle_does_nothing(lua: Live) -> None:
    assert not lua.runtime.interrupt()
    assert lua.printed("for i = 1, 1000 do end print('fine')") == "fine\n"


def test_an_interrupt_names_the_place(lua: Live) -> None:
    text = "local function spin()\n  while true do inside = true end\nend\nspin()"
    name = lua.start(text, chunk="=In[1]")
    while lua.debugger.value("inside", []).result(20) is None:
        pass
    lua.runtime.interrupt()
    stack = [(frame.name, frame.line) for frame in lua.finish(name).stack]
    assert stack == [("spin", 2), ("main chunk", 4)]


def test_a_run_that_takes_too_long_is_ended(lua: Live) -> None:
    outcome = lua.run("while true do end", timeout_s=0.05)
    assert outcome.error == "ExecutionTimeout"
    assert lua.run("return 1", timeout_s=5).status == "ok"


def test_a_run_within_its_time_is_not_touched(lua: Live) -> None:
    assert lua.printed("for i = 1, 1e5 do end print('done')", timeout_s=60) == "done\n"


def test_waiting_for_input_can_be_interrupted(lua: Live) -> None:
    name = lua.start("io.read()", allow_input=True)
    lua.wait_input()
    lua.runtime.interrupt()
    assert lua.finish(name).error == "Interrupted"
    assert lua.run("1 + 1", is_input=True).text == "2"


def test_closing_ends_what_runs() -> None:
    lua = Live()
    name = lua.start("while true do pcall(function() while true do end end) end")
    wait_for_start(lua, name)
    lua.close()
    assert lua.finish(name).error == "Interrupted"


def test_hooks_are_gone_after_an_interrupt(lua: Live) -> None:
    name = lua.start("while true do end")
    wait_for_start(lua, name)
    lua.runtime.interrupt()
    lua.finish(name)
    assert lua.printed("print((debug.gethook()))") == "nil\n"


def test_a_hook_of_the_program_survives_questions(lua: Live) -> None:
    name = lua.start(
        """
        local seen = 0
        debug.sethook(function() seen = seen + 1 end, "", 1000)
        while not go do end
        local before = seen
        for i = 1, 1e5 do end
        print(seen > before, debug.gethook() ~= nil)
        debug.sethook()
        """
    )
    wait_for_start(lua, name)
    for _ in range(5):
        lua.debugger.names().result(20)
    lua.debugger.pause_now()
    lua.stop()
    lua.evaluate("go = true")
    lua.resume()
    assert lua.finish(name).status == "ok"
    assert lua.output(name) == "true\ttrue\n"


@pytest.mark.skipif(build_under_test().jit, reason="LuaJIT's hooks belong to the whole VM")
def test_questions_to_short_lived_coroutines_never_harm_them(lua: Live) -> None:
    """The churn in which a state may be collected while it is about to be armed."""
    name = lua.start(
        """
        local sum = 0
        for round = 1, 30000 do
          local co = coroutine.wrap(function()
            for i = 1, 3 do coroutine.yield(i) end
          end)
          sum = sum + co() + co() + co()
          if round % 1000 == 0 then collectgarbage() end
        end
        print(sum)
        """
    )
    answers = 0
    while not any(type(e).__name__ == "ExecutionFinished" for e in lua._seen):
        lua.debugger.names().result(20)
        answers += 1
    assert lua.finish(name).status == "ok"
    assert lua.output(name) == "180000\n"
    assert answers > 0


FINALIZER = """
local function last() print('last words') end
if newproxy then
  kept = newproxy(true)
  getmetatable(kept).__gc = last
else
  kept = setmetatable({}, {__gc = last})
end
"""


def test_finalizers_run_when_lua_is_closed() -> None:
    with live() as lua:
        lua.run(FINALIZER)
        lua.runtime.restart().result(WAIT_S)
        gc.collect()
        assert lua.printed("print(kept)") == "nil\n"
        lua.run(FINALIZER)
    gc.collect()
    written = [event.text for event in lua._seen if isinstance(event, OutputWritten)]
    assert "".join(written) == "last words\nnil\nlast words\n"

"""Control by a count hook, where the library exports no C API: slower, and all of it works."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from kit.live import WAIT_S, Live, live
from kit.lua import build_under_test

BUILD = build_under_test()
pytestmark = pytest.mark.skipif(
    BUILD.dialect in ("5.1", "luajit"), reason="they cannot name their main coroutine from Lua"
)


@pytest.fixture
def slow() -> Iterator[Live]:
    with live(lua_native=False) as opened:
        yield opened


def test_it_says_why(slow: Live) -> None:
    assert slow.runtime.fallback == "switched off by lua.native = false"


@pytest.mark.parametrize(
    "text",
    [
        "print('in') while true do end",
        "print('in') while true do pcall(function() while true do end end) end",
        "coroutine.wrap(function() print('in') while true do end end)()",
        "coroutine.wrap(function() print('in')"
        " while true do pcall(function() while true do end end) end end)()",
    ],
)
def test_interrupts_and_questions_reach_a_running_loop(slow: Live, text: str) -> None:
    name = slow.start(f"here = 1 {text}")
    slow.wait(lambda event: getattr(event, "text", "") == "in\n", "output")
    assert [fact.name for fact in slow.debugger.names().result(WAIT_S)] == ["here"]
    slow.runtime.interrupt()
    assert slow.finish(name).error == "Interrupted"
    assert slow.printed("print('on')") == "on\n"


def test_exit_ends_the_run(slow: Live) -> None:
    outcome = slow.run("pcall(os.exit, 4) print('no')")
    assert (outcome.exit_code, slow.output()) == (4, "")


def test_breakpoints_steps_and_variables(slow: Live) -> None:
    slow.breakpoints("=s", 2)
    name = slow.start("local a = 1\nlocal b = a + 1\nlocal c = b + 1\nprint(c)", chunk="=s")
    slow.stop()
    assert slow.locals() == {"a": "1"}
    assert slow.step("over").line == 3  # type: ignore[union-attr]
    assert slow.locals() == {"a": "1", "b": "2"}
    slow.resume()
    assert slow.finish(name).status == "ok"
    assert slow.output(name) == "3\n"


def test_pause_of_a_running_loop(slow: Live) -> None:
    name = slow.start("n = 0\nwhile true do\n  n = n + 1\nend", chunk="=s")
    slow.debugger.pause_now()
    slow.stop()
    slow.runtime.interrupt()
    assert slow.finish(name).error == "Interrupted"


def test_wrapped_coroutines_keep_their_errors(slow: Live) -> None:
    outcome = slow.run("coroutine.wrap(function() error('inside') end)()", chunk="=s")
    assert outcome.text.endswith("s:1: inside")

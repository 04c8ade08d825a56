"""Exception filters and the program: it cannot tell whether they are on, nor what they cost."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from kit.live import Live, live
from kit.lua import build_under_test
from tidelock.shared.debug.debugger import How
from tidelock.shared.debug.exceptions import fault
from tidelock.shared.model import BreakpointRequest, ExceptionFilter, Outcome

BUILD = build_under_test()
NEVER = {"all": ExceptionFilter("all", "false"), "uncaught": ExceptionFilter("uncaught", "false")}
ADDRESS = re.compile(r"\b(table|function|thread|userdata|builtin): (0x[0-9a-f]+|builtin: \S+)")
PROGRAMS = {
    "values and results": """
        print(pcall(function(...) return select('#', ...), ... end, 1, nil, nil))
        print(select('#', pcall(function() end)))
        print(pcall(error, nil))
        print(pcall(error, 'text', 0))
        print(pcall(error))
        print(pcall(nil))
        print(pcall(42, 1))
        print(pcall(setmetatable({}, {__call = function(self, a, b) return a, b end}), 1, 2))
        local t = {}
        print(select(2, pcall(error, t)) == t)
        print(xpcall(function() error(t) end, function(e) return e == t end))
        print(pcall(function() xpcall() end))
    """,
    "messages and levels": """
        local function check(v, level)
          if not v then error('wanted', level) end
        end
        for level = 1, 2 do
          print(pcall(function() check(false, level) end))
          print(pcall(check, false, level))
        end
        print(pcall(function() return pcall(function() error('deep', 2) end) end))
        print(pcall(function() local x = nil; return x.y end))
        print(pcall(string.rep))
        print(pcall(function() return error('tail') end))
    """,
    "nested and rethrown": """
        print(pcall(function()
          local ok, e = pcall(error, 'inner', 0)
          error(e .. ' again', 0)
        end))
        print(xpcall(function() error('a', 0) end, function(e)
          return pcall(error, e .. 'b', 0)
        end))
    """,
    "a traceback in a handler": """
        local function fails() error('x') end
        local function handler(e)
          local text = debug.traceback(e, 2)
          return text
        end
        print(select(2, xpcall(function() fails() end, handler)))
        print(select(2, xpcall(function() fails() end, debug.traceback)))
        print(select(2, xpcall(function() fails() end, function(e)
          local text = debug.traceback(e)
          return text
        end)))
    """,
    "a traceback in a protected call": """
        print(select(2, pcall(function()
          local text = debug.traceback('here')
          return text
        end)))
        print((select(2, pcall(function()
          local text = debug.traceback()
          return text
        end))))
        local function tail() return debug.traceback('tail', 2) end
        print((select(2, pcall(function()
          local text = tail()
          return text
        end))))
        print(select(2, xpcall(error, function(e) return debug.traceback(e, 2) end, 'e')))
        print(debug.traceback({}) ~= nil, debug.traceback('m', 1):match('^m\\nstack') ~= nil)
    """,
    "coroutines": """
        local co = coroutine.create(function(a)
          local b = coroutine.yield(a + 1)
          error('in ' .. b)
        end)
        print(coroutine.resume(co, 1))
        print(coroutine.resume(co, 'two'))
        print(coroutine.status(co), debug.traceback(co))
        print(coroutine.resume(co))
        local gen = coroutine.wrap(function() coroutine.yield(1) error('gone') end)
        print(gen())
        print(pcall(gen))
        print(pcall(gen))
        print(pcall(coroutine.wrap(function() error({}) end)))
        print(pcall(function() local w = coroutine.wrap(5) end))
        print(pcall(function() local w = coroutine.resume(5) end))
        for v in coroutine.wrap(function() for i = 1, 3 do coroutine.yield(i) end end) do
          print(v)
        end
        print(coroutine.resume(coroutine.create(function() return coroutine.running() ~= nil end)))
    """,
    "stack overflow": """
        local function deep() return 1 + deep() end
        local ok, e = pcall(deep)
        print(ok, (tostring(e):match('stack overflow')))
        print(pcall(string.upper, 'fine'))
    """,
    "an error that nothing catches": "local function f() error('lost') end\nf()",
    "an error that nothing catches in a coroutine": """
        coroutine.wrap(function() coroutine.wrap(function() error('lost') end)() end)()
    """,
}
YIELDING = """
    local co = coroutine.wrap(function()
      local ok, e = pcall(function()
        local got = coroutine.yield('out')
        error('in ' .. got, 0)
      end)
      print(ok, e)
      print(xpcall(function(a) return coroutine.yield(a) end, print, 'x'))
      return coroutine.isyieldable and coroutine.isyieldable()
    end)
    print(co())
    print(co('again'))
    print(co('last'))
"""
CLOSING = """
    local function closed(name)
      return setmetatable({}, {__close = function(_, e) print(name, e) end})
    end
    print(pcall(coroutine.wrap(function()
      local a <close> = closed('a')
      error('out', 0)
    end)))
    print(pcall(coroutine.wrap(function()
      local c <close> = setmetatable({}, {__close = function() error('another', 0) end})
      error('out', 0)
    end)))
    local co = coroutine.create(function()
      local b <close> = closed('b')
      error('late', 0)
    end)
    print(coroutine.resume(co))
    print(coroutine.close(co))
"""


@pytest.fixture(scope="module")
def two() -> Iterator[tuple[Live, Live]]:
    """A runtime without filters and one that gets them."""
    with live() as plain, live() as watched:
        yield plain, watched


def ran(lua: Live, text: str) -> tuple[str, Outcome]:
    name = lua.start(text, chunk="=program")
    outcome = lua.finish(name)
    # Lua 5.2 finds either name of a function first, as the addresses of its strings will have it.
    printed = ADDRESS.sub(r"\1", lua.output(name)).replace("'_G.", "'")
    return printed, outcome._replace(duration_s=0, text=ADDRESS.sub(r"\1", outcome.text), stack=())


def unnoticed(two: tuple[Live, Live], text: str, name: str) -> None:
    plain, watched = two
    wanted = ran(plain, text)
    watched.debugger.set_exception_filters("test", [NEVER[name]])
    assert ran(watched, text) == wanted
    watched.debugger.set_exception_filters("test", [])
    assert ran(watched, text) == wanted


@pytest.mark.parametrize("name", NEVER)
@pytest.mark.parametrize("what", PROGRAMS)
def test_a_program_does_not_notice(two: tuple[Live, Live], what: str, name: str) -> None:
    unnoticed(two, PROGRAMS[what], name)


@pytest.mark.parametrize("name", NEVER)
def test_what_may_yield_still_may(two: tuple[Live, Live], name: str) -> None:
    if BUILD.dialect == "5.1":
        pytest.skip("nothing yields across pcall there")
    unnoticed(two, YIELDING, name)


@pytest.mark.parametrize("name", NEVER)
def test_variables_are_closed_when_they_would_be(two: tuple[Live, Live], name: str) -> None:
    if BUILD.dialect not in ("5.4", "5.5"):
        pytest.skip("not in this Lua")
    unnoticed(two, CLOSING, name)


REPLACED = "return pcall == p, xpcall == x, coroutine.resume == r, debug.traceback == t"


def test_nothing_is_replaced_unless_a_filter_needs_it(lua: Live) -> None:
    lua.run("p, x, r, w, t = pcall, xpcall, coroutine.resume, coroutine.wrap, debug.traceback")
    assert lua.run(REPLACED, is_input=True).text == "true\ttrue\ttrue\ttrue"
    assert lua.run("return coroutine.wrap == w", is_input=True).text == "true"
    lua.debugger.set_exception_filters("test", [ExceptionFilter("uncaught")])
    assert lua.run("return pcall == p, xpcall == x, coroutine.resume == r", is_input=True).text == (
        "true\ttrue\ttrue"
    )
    closes = lua.run("return coroutine.close == nil, coroutine.wrap == w", is_input=True).text
    assert closes in ("true\ttrue", "false\tfalse")
    lua.debugger.set_exception_filters("test", [])
    assert lua.run(REPLACED, is_input=True).text == "true\ttrue\ttrue\ttrue"
    assert lua.run("return coroutine.wrap == w", is_input=True).text == "true"


def test_what_the_program_has_replaced_itself_stays(lua: Live) -> None:
    lua.run("mine = function(...) return 'mine', ... end; pcall = mine")
    lua.debugger.set_exception_filters("test", [ExceptionFilter("all")])
    assert lua.printed("print(pcall(1))") == "mine\t1\n"
    lua.debugger.set_exception_filters("test", [])
    assert lua.printed("print(pcall == mine)") == "true\n"


def test_filters_outlive_a_restart_of_lua(lua: Live) -> None:
    lua.debugger.set_exception_filters("test", [ExceptionFilter("all")])
    lua.context.restart().result(20)
    lua.start("pcall(error, 'again')")
    assert lua.stop().text == "again"


def test_an_interrupt_at_such_a_stop_ends_the_program(lua: Live) -> None:
    lua.debugger.set_exception_filters("test", [ExceptionFilter("all")])
    name = lua.start("while true do pcall(error, 'round') n = (n or 0) + 1 end")
    lua.stop()
    assert lua.value("n") == "nil"
    lua.runtime.interrupt()
    assert lua.finish(name).error == "Interrupted"


@pytest.mark.parametrize(
    ("text", "errors"),
    [
        ("while true do pcall(error, 'round') n = (n or 0) + 1 end", "false"),
        ("while true do pcall(function() n = (n or 0) + 1 end) end", ""),
        ("while true do coroutine.wrap(function() n = (n or 0) + 1 end)() end", ""),
    ],
)
def test_an_interrupt_is_no_error_of_the_program(lua: Live, text: str, errors: str) -> None:
    lua.debugger.set_exception_filters("test", [ExceptionFilter("all", errors)])
    name = lua.start(text)
    lua.wait(lambda e: type(e).__name__ == "SourceLoaded", "load")
    while not any(fact.name == "n" for fact in lua.debugger.names().result(20)):
        pass
    lua.runtime.interrupt()
    assert lua.finish(name).error == "Interrupted"
    assert lua._pauses() == []


def test_errors_in_the_condition_of_a_breakpoint_do_not_stop(lua: Live) -> None:
    lua.debugger.set_exception_filters("test", [ExceptionFilter("all")])
    lua.breakpoints("=c", BreakpointRequest(1, condition="pcall(error) == nil"))
    name = lua.start("x = 1\nx = 2\n", chunk="=c")
    assert lua.finish(name).status == "ok"
    assert lua._pauses() == []


def test_evaluated_code_and_conditions_do_not_stop(lua: Live) -> None:
    lua.debugger.set_exception_filters("test", [ExceptionFilter("all", "pcall(error) == false")])
    name = lua.start("pcall(error, 'one')")
    lua.stop()
    assert lua.evaluate("pcall(error, 'two')") == 'false\t"two"'
    lua.resume()
    assert lua.finish(name).status == "ok"
    assert len(lua._pauses()) == 1


@pytest.mark.parametrize("how", ["over", "in", "out"])
def test_a_step_from_an_error_ends_after_what_caught_it(lua: Live, how: How) -> None:
    lua.debugger.set_exception_filters("test", [ExceptionFilter("all")])
    lua.start(
        "local function fails()\n"
        "  error('boom')\n"
        "end\n"
        "local ok = pcall(fails)\n"
        "local after = ok\n"
        "print(after)\n",
        chunk="=s",
    )
    lua.stop()
    assert lua.lines()[0][1] == 2
    frame = lua.step(how)
    assert frame is not None
    assert frame.line == 5
    assert lua.locals()["ok"] == "false"


def test_without_native_control_the_stack_of_a_dead_coroutine_is_shown_as_well() -> None:
    if BUILD.dialect in ("5.1", "luajit"):
        pytest.skip("its main coroutine cannot be looked at there")
    with live(lua_native=False) as lua:
        lua.debugger.set_exception_filters("test", [ExceptionFilter("uncaught")])
        text = "local gen = coroutine.wrap(function()\n  error('lost')\nend)\ngen()\n"
        name = lua.start(text, chunk="=s")
        lua.stop()
        assert [line for _, line in lua.lines()] == [2, 4]
        lua.resume()
        assert lua.finish(name).text == "s:4: s:2: lost"
        assert len(lua._pauses()) == 1


@pytest.mark.parametrize(
    ("condition", "words"),
    [
        ("'[]]x[^]%a]+%b()%f[%w](a)(b%)%()'", ""),
        ("[[a%]] --[[ the message ]]", "malformed pattern (ends with '%')"),
        ("'%b('", "malformed pattern (missing arguments to '%b')"),
        ("'%fa'", "missing '[' after '%f' in pattern"),
        ("'[^]'", "malformed pattern (missing ']')"),
        ("'a)'", "invalid pattern capture"),
        ("'(('", "unfinished capture"),
        ("'(' .. '('", ""),  # an expression, not a pattern
        ("err.code ==", "expression expected"),
    ],
)
def test_a_condition_is_judged_before_it_is_used(condition: str, words: str) -> None:
    found = fault(condition, BUILD.dialect)  # type: ignore[arg-type]
    assert found == words or (words and found.startswith("condition: ") and words in found)

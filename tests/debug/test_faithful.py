"""A program with a breakpoint on every line that never stops behaves as one without."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, assume, given, settings

from kit.chance import examples
from kit.live import Live, live
from kit.lua import build_under_test
from syntax.grow import programs_of
from syntax.oracle import lua as bare
from tidelock.shared.events import ExecutionFinished
from tidelock.shared.model import BreakpointRequest, Outcome

BUILD = build_under_test()
DIALECT = BUILD.dialect
NEVER = {
    "a bare condition": {"condition": "nil == false and 1 ~= 1"},
    "a guarded condition": {"condition": "1 > 2"},
    "a condition that looks at a global": {"condition": "1 > 2 or (n == {})"},
    "a hit count never reached": {"hit_condition": "> 1000000000"},
}

CORPUS = {
    "loops with goto continue": """
        for i = 1, 5 do
          if i % 2 == 0 then
            goto continue
          end
          print(i)
          ::continue::
        end
    """,
    "repeat sees its body's locals": """
        local i = 0
        repeat
          local done = i >= 3
          i = i + 1
        until done
        print(i)
    """,
    "varargs": """
        local function f(...)
          local a, b = ...
          print(select('#', ...), a, b)
          return ...
        end
        print(f(1, nil, 3))
        print((f('x')))
    """,
    "closures share upvalues": """
        local fs = {}
        for i = 1, 3 do
          local n = i
          fs[#fs + 1] = function() n = n + 1 return n end
        end
        print(fs[1](), fs[1](), fs[2](), fs[3]())
    """,
    "method calls and returns at line starts": """
        local t = {n = 1}
        function t:add(k)
          self.n = self.n + k
          return self
        end
        t:add(1)
          :add(2)
        ;(t):add(3)
        print(t.n)
    """,
    "errors keep their words, lines and levels": """
        local function check(v)
          if type(v) ~= 'number' then
            error('number wanted', 2)
          end
          return v
        end
        print(pcall(function()
          check('x')
        end))
        print(pcall(function() local t = nil; return t.x end))
        print(pcall(function() return 1 + {} end))
        print(select(2, pcall(error, {code = 1})).code)
    """,
    "where functions are and what they capture": """
        local up = 1
        local function f(a, b)
          local c = up
          return a, b, c
        end
        local info = debug.getinfo(f, 'SLu')
        local lines = {}
        for line in pairs(info.activelines) do
          lines[#lines + 1] = line
        end
        table.sort(lines)
        print(info.linedefined, info.lastlinedefined, info.nups, table.concat(lines, ' '))
        print(debug.getupvalue(f, 1))
        print(f(1, 2))
    """,
    "the current line": """
        local function here()
          return debug.getinfo(2, 'l').currentline
        end
        print(here())
        print(here(), here())
    """,
    "coroutines": """
        local function gen(n)
          for i = 1, n do
            coroutine.yield(i)
          end
          return 'end'
        end
        local co = coroutine.create(gen)
        print(coroutine.resume(co, 2))
        print(coroutine.resume(co))
        print(coroutine.resume(co))
        print(coroutine.resume(co))
        print(coroutine.status(co))
        for v in coroutine.wrap(function() gen(2) end) do
          print(v)
        end
    """,
    "metamethods": """
        local mt = {}
        mt.__add = function(a, b)
          return setmetatable({v = a.v + b.v}, mt)
        end
        mt.__eq = function(a, b)
          return a.v == b.v
        end
        mt.__call = function(self, x)
          return self.v + x
        end
        local a, b = setmetatable({v = 1}, mt), setmetatable({v = 2}, mt)
        print((a + b).v, a == b, a(5))
    """,
    "garbage is collected": """
        local weak = setmetatable({}, {__mode = 'k'})
        do
          local key = {}
          weak[key] = true
          key = nil
        end
        collectgarbage()
        collectgarbage()
        print(next(weak))
    """,
    "strings cannot be called": """
        print(pcall(function()
          local s = 'text'
          local r = s(1)
          return r
        end))
        print(('x'):upper(), #'abc', ('a'):rep(3))
    """,
    "tail calls": """
        local function loop(n)
          if n == 0 then
            return 'done'
          end
          return loop(n - 1)
        end
        print(loop(100000))
    """,
    "assignments swap": """
        local a, b = 1, 2
        a, b = b, a
        print(a, b)
    """,
    "numeric and generic loops": """
        local sum = 0
        for i = 10, 1, -3 do
          sum = sum + i
        end
        for k, v in ipairs({5, 6}) do
          sum = sum + k * v
        end
        print(sum)
    """,
    "returns in the middle": """
        local function f(x)
          if x then return 1 end
          do return 2 end
        end
        print(f(true), f(false))
    """,
    "many locals": "\n".join(f"local v{n} = {n}" for n in range(190)) + "\nprint(v0 + v189)",
    "many upvalues": "\n".join(f"local v{n} = {n}" for n in range(50))
    + "\nlocal function f()\n  return "
    + " + ".join(f"v{n}" for n in range(50))
    + "\nend\nprint(f())",
    "an error nobody catches": """
        local function f()
          error('left alone')
        end
        f()
    """,
}
MODERN = {
    "attributes": """
        local closed = setmetatable({}, {__close = function() print('closed') end})
        do
          local c <close> = closed
          local k <const> = 5
          print(k)
        end
    """,
    "another environment": """
        local print = print
        local function f()
          local _ENV = {x = 1}
          x = x + 1
          return x
        end
        print(f(), x)
    """,
}
ADDRESS = re.compile(r"\b(table|function|thread|userdata|builtin): (0x[0-9a-f]+|builtin: \S+)")
SKIP_GOTO = DIALECT == "5.1"


@pytest.fixture(scope="module")
def two() -> Iterator[tuple[Live, Live]]:
    """A runtime for the plain programs and one for those with breakpoints."""
    with live() as plain, live() as watched:
        yield plain, watched


def ran(lua: Live, text: str) -> tuple[str, Outcome]:
    """What a text printed and how it ended, in a time that no test notices."""
    name = lua.start(text, chunk="=program", timeout_s=10)
    outcome = lua.finish(name)
    assert outcome.error != "ExecutionTimeout", text
    printed = ADDRESS.sub(r"\1", lua.output(name))
    lua._seen[:] = [e for e in lua._seen if isinstance(e, ExecutionFinished)][-1:]
    return printed, outcome._replace(duration_s=0, text=ADDRESS.sub(r"\1", outcome.text))


def watch_every_line(lua: Live, text: str, how: dict[str, str]) -> int:
    lua.context.sources.put_input("=program", text)
    lines = range(1, text.count("\n") + 2)
    points = lua.breakpoints("=program", *[BreakpointRequest(line, **how) for line in lines])
    return sum(point.verified for point in points)


@pytest.mark.parametrize("how", NEVER)
@pytest.mark.parametrize("what", [*CORPUS, *MODERN])
def test_nothing_changes(two: tuple[Live, Live], what: str, how: str) -> None:
    text = CORPUS.get(what) or MODERN[what]
    if (what in MODERN and DIALECT not in ("5.4", "5.5")) or (
        SKIP_GOTO and what == "loops with goto continue"
    ):
        pytest.skip("not in this Lua")
    if "capture" in what and "global" in how:
        pytest.skip("a condition with a global makes its function capture _ENV, and says so")
    plain, watched = two
    wanted = ran(plain, text)
    assert watch_every_line(watched, text, NEVER[how]) > 0
    assert ran(watched, text) == wanted
    assert watched.debugger.breakpoints()[0].message == ""  # compiled in, not by hook
    assert not watched.runtime._native.hooked()  # type: ignore[union-attr]
    watched.breakpoints("=program")


@settings(
    max_examples=examples(60),
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    derandomize=True,
)
@given(text=programs_of(DIALECT))  # type: ignore[arg-type]
def test_nothing_changes_in_grown_programs(two: tuple[Live, Live], text: str) -> None:
    plain, watched = two
    outcome = bare(BUILD.module.removeprefix("lupa.")).run(text)
    assume(outcome is not None and not outcome.endless)
    wanted = ran(plain, text)
    watch_every_line(watched, text, NEVER["a hit count never reached"])
    assert ran(watched, text) == wanted
    watched.breakpoints("=program")

"""Breakpoints set in code that is loaded: its functions are replaced, wherever they are held."""

from __future__ import annotations

import pytest

from kit.live import WAIT_S, Live
from kit.lua import build_under_test
from tidelock.shared.debug.loaded import AT_ONCE, BY_HOOK, MEANWHILE, UNDER_WAY
from tidelock.shared.events import BreakpointsChanged
from tidelock.shared.model import Breakpoint, BreakpointRequest

DIALECT = build_under_test().dialect
SHARES_VARIABLES = DIALECT != "5.1"
needs_sharing = pytest.mark.skipif(
    not SHARES_VARIABLES, reason="Lua 5.1 cannot share a variable between functions"
)


def told(lua: Live, words: str) -> Breakpoint:
    """The first breakpoint of which it was said, after it was set, how it works."""
    event = lua.wait(
        lambda e: (
            isinstance(e, BreakpointsChanged)
            and any(point.message.startswith(words) for point in e.changed)
        ),
        words,
    )
    assert isinstance(event, BreakpointsChanged)
    return next(point for point in event.changed if point.message.startswith(words))


def is_hooked(lua: Live) -> bool:
    native = lua.runtime._native
    assert native is not None
    lua.debugger.value("print", []).result(WAIT_S)  # after what was asked before
    return bool(native.hooked())


def test_the_functions_of_an_idle_program_stop_without_a_hook(lua: Live) -> None:
    lua.run("function add(a)\n  local b = a + 1\n  total = b\n  return b\nend", chunk="=lib")
    lua.breakpoints("=lib", 3)
    assert told(lua, AT_ONCE).line == 3
    name = lua.start("total = 0 add(4)")
    lua.stop()
    assert not is_hooked(lua)
    assert lua.locals() == {"a": "4", "b": "5"}
    assert lua.evaluate("total") == "0"
    assert lua.frames()[0].name == "add"
    lua.resume()
    assert lua.finish(name).status == "ok"
    assert lua.value("total") == "5"


def test_a_loop_that_runs_comes_to_it(lua: Live) -> None:
    text = (
        "function turn(n)\n  count = n\n  return n + 1\nend\n"
        "local n = 0\nprint('go')\nwhile not done do\n  n = turn(n)\nend\nprint('over')\n"
    )
    name = lua.start(text, chunk="=loop")
    lua.wait(lambda e: getattr(e, "text", "") == "go\n", "output")
    lua.breakpoints("=loop", 3)
    lua.stop()
    told(lua, AT_ONCE)
    assert lua.lines()[0] == ("turn", 3)
    assert lua.evaluate("count == n") == "true"
    lua.breakpoints("=loop", BreakpointRequest(3, condition="n < 0"))
    lua.debugger.evaluate("done = true", lua.frames()[0].id).result(WAIT_S)
    lua.resume()
    assert lua.finish(name).status == "ok"
    assert not is_hooked(lua)


HELD = {
    "a global": ("", "kept()"),
    "a local of a running function": ("local mine = kept kept = nil", "mine()"),
    "a table": ("box = { f = kept } kept = nil", "box.f()"),
    "a key": ("set = { [kept] = 1 } kept = nil", "for f in pairs(set) do f() end"),
    "an upvalue": (
        "local mine = kept kept = nil function call() return mine() end",
        "call()",
    ),
    "a metatable": ("object = setmetatable({}, { __call = kept }) kept = nil", "object()"),
    "the metatable of strings": ("getmetatable('').__len = kept", "kept()"),
    "a suspended coroutine": (
        "co = coroutine.create(function(f) coroutine.yield() f() end) "
        "coroutine.resume(co, kept) kept = nil",
        "assert(coroutine.resume(co))",
    ),
    "a wrapped coroutine": (
        "co = coroutine.wrap(function(f) coroutine.yield() f() end) co(kept) kept = nil",
        "co()",
    ),
    "the registry": ("debug.getregistry().mine = kept kept = nil", "debug.getregistry().mine()"),
    "extra arguments": (
        "co = coroutine.wrap(function(...) coroutine.yield() local f = ... f() end) "
        "co(kept) kept = nil",
        "co()",
    ),
    "an argument of a C function": ("", "pcall(kept)"),
}


@needs_sharing
@pytest.mark.parametrize("place", HELD)
def test_wherever_a_function_is_held(lua: Live, place: str) -> None:
    hold, call = HELD[place]
    lua.breakpoints("=held", 7)
    lua.start(
        "local secret = 41\nfunction kept()\n  secret = secret + 1\n  seen = secret\nend\n"
        f"{hold}\nready = true\n{call}\nafter = seen",
        chunk="=held",
    )
    lua.stop()
    lua.breakpoints("=held", 7, 4)
    told(lua, AT_ONCE)
    assert not is_hooked(lua)
    lua.resume()
    lua.stop(2)
    assert lua.lines()[0][1] == 4
    assert (lua.evaluate("secret"), lua.evaluate("seen")) == ("42", "nil")


@needs_sharing
def test_two_functions_go_on_sharing_their_variable(lua: Live) -> None:
    lua.run(
        "local n = 0\nfunction up()\n  n = n + 1\n  return n\nend\nfunction get() return n end\n"
        "same = up\nup()",
        chunk="=pair",
    )
    lua.breakpoints("=pair", BreakpointRequest(4, condition="n < 0"))
    told(lua, AT_ONCE)
    assert lua.printed("up() up() print(get(), same == up, same())") == "3\ttrue\t4\n"


def test_calls_under_way_stop_by_a_hook_that_goes_with_them(lua: Live) -> None:
    lua.breakpoints("=deep", BreakpointRequest(2, condition="n == 0"))
    name = lua.start(
        "function down(n)\n  if n > 0 then\n    down(n - 1)\n  end\n  last = n\nend\n"
        "local mark = 1\ndown(3)\nfor i = 1, 2000 do local x = i end\nfinal = 1\n",
        chunk="=deep",
    )
    lua.stop()
    lua.breakpoints("=deep", 5, 10)
    told(lua, UNDER_WAY)
    for number, n in enumerate("0123", 2):
        lua.resume()
        lua.stop(number)
        assert (lua.lines()[0], lua.evaluate("n")) == (("down", 5), n)
    lua.resume()
    lua.stop(6)
    assert lua.lines()[0] == ("main chunk", 10)
    assert lua.evaluate("final") == "nil"
    lua.breakpoints("=deep")
    lua.resume()
    assert lua.finish(name).status == "ok"


@needs_sharing
def test_a_hook_serves_until_functions_can_be_made_no_more(lua: Live) -> None:
    text = (
        "local mark = 1\nlocal function step(n)\n  sum = (sum or 0) + n\nend\n"
        "for i = 1, 600 do\n  step(i)\nend\nprint(sum)\n"
    )
    lua.start(text, chunk="=makes", stop_on_entry=True)
    lua.stop()
    lua.breakpoints("=makes", BreakpointRequest(3, condition="n == 590"))
    told(lua, MEANWHILE)
    lua.resume()
    lua.stop(2)
    told(lua, AT_ONCE)
    assert lua.lines()[0] == ("step", 3) or lua.lines()[0][1] == 3
    assert lua.evaluate("n") == "590"
    assert not is_hooked(lua)


def test_functions_made_in_a_loop_that_runs_stop_by_hook(lua: Live) -> None:
    text = (
        "local mark = 1\nfor i = 1, 3 do\n  local function f()\n    local here = i\n"
        "    last = here\n  end\n  f()\nend\n"
    )
    lua.breakpoints("=again", 7)
    lua.start(text, chunk="=again")
    lua.stop()
    lua.breakpoints("=again", 5)
    told(lua, MEANWHILE)
    for number, here in enumerate("123", 2):
        lua.resume()
        lua.stop(number)
        assert (lua.lines()[0][1], lua.evaluate("here")) == (5, here)


@needs_sharing
@pytest.mark.parametrize(
    ("text", "line", "why"),
    [
        ("function f() return (function() return 1 end)() end\nf()", 1, "on the same lines"),
        ("keep = coroutine.create(print)\nfunction f()\n  x = 1\nend", 3, "not begun"),
    ],
)
def test_what_cannot_be_replaced_says_why(lua: Live, text: str, line: int, why: str) -> None:
    lua.run(text, chunk="=hard")
    lua.breakpoints("=hard", BreakpointRequest(line, column=33 if line == 1 else 0))
    assert why in told(lua, BY_HOOK).message
    lua.start("f()")
    lua.stop()
    assert lua.lines()[0][1] == line


def test_a_text_that_was_loaded_in_two_versions_is_left_alone(lua: Live) -> None:
    lua.run("function one()\n  x = 1\nend", chunk="=edited")
    lua.run("function two()\n  x = 2\nend", chunk="=edited")
    lua.breakpoints("=edited", 2)
    assert "another version" in told(lua, BY_HOOK).message
    lua.start("two()")
    lua.stop()
    assert lua.lines()[0] == ("two", 2)


def test_looking_runs_no_code_of_the_program(lua: Live) -> None:
    lua.run(
        "ran = 0\nlocal function note() ran = ran + 1 end\n"
        "trap = setmetatable({}, { __index = note, __newindex = note, __pairs = note, "
        "__len = note, __eq = note, __tostring = note })\n"
        "function f()\n  y = 1\nend\nsetmetatable(_G, { __index = note })",
        chunk="=traps",
    )
    lua.breakpoints("=traps", 5)
    told(lua, AT_ONCE)
    assert lua.value("rawget(_G, 'ran')") == "0"


@needs_sharing
@pytest.mark.skipif(DIALECT not in ("5.4", "5.5"), reason="no such attribute")
def test_constants_that_lua_folds_away_keep_their_values(lua: Live) -> None:
    lua.run(
        "local N <const> = 5\nlocal word <const> = 'tide'\nfunction f()\n"
        "  local a = N + 1\n  return a .. word\nend",
        chunk="=const",
    )
    lua.breakpoints("=const", 5)
    told(lua, AT_ONCE)
    lua.start("print(f())")
    lua.stop()
    assert lua.locals() == {"a": "6"}
    lua.resume()
    lua.wait(lambda e: getattr(e, "text", "") == "6tide\n", "output")


def test_methods_extra_arguments_and_lines_stay(lua: Live) -> None:
    lua.run(
        "T = {}\nfunction T:m(a,\n    ...)\n  local n = select('#', ...)\n  if n > 1 then\n"
        "    error('many')\n  end\n  return self, a, n\nend",
        chunk="=method",
    )
    lua.breakpoints("=method", BreakpointRequest(5, condition="n < 0"))
    told(lua, AT_ONCE)
    assert lua.printed("local s, a, n = T:m(7, 8) print(s == T, a, n)") == "true\t7\t1\n"
    outcome = lua.run("T:m(1, 2, 3)")
    assert "method:6: many" in str(outcome)
    assert lua.printed(
        "local i = debug.getinfo(T.m, 'S') print(i.linedefined, i.lastlinedefined)"
    ) == "2\t9\n"  # fmt: skip

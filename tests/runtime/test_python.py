"""Python as scripts see it: off unless it is asked for; text stays text on both sides."""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from kit.live import Live, live

MATE = '''
class Mate:
    """Keeps what it is given."""

    def __init__(self, name):
        self.name = name
        self.kept = None

    @property
    def loud(self):
        return self.name.upper()

    def keep(self, call):
        self.kept = call

    def call(self, *arguments):
        return self.kept(*arguments)

berths = {"Hafen": 3, "Kai ä": None}
names = ["Anna", "Bea"]

def greet(name, greeting="Moin"):
    return f"{greeting}, {name} ({type(name).__name__}, {len(name)})"

def pair():
    return 1, "two"

def fail():
    raise ValueError("no berth left")

def attempt(call):
    try:
        return "fine", call()
    except Exception as error:
        return type(error).__name__, str(error)

def total(table):
    table["total"] = sum(table[index] for index in range(1, len(table) + 1))
    return sorted(str(key) for key in table)

def say(text):
    print(text)

def forever(call):
    while True:
        try:
            call()
        except Exception:
            pass
'''


@pytest.fixture
def python(tmp_path: Path) -> Iterator[Live]:
    """A context whose scripts reach Python, with a module beside them."""
    (tmp_path / "mate.py").write_text(MATE)
    with live(lua_python_access=True) as opened:
        opened.run("", search=(str(tmp_path),))
        yield opened


def of(python: Live, text: str) -> str:
    """What an expression prints, with the module at hand."""
    return python.printed(f"local mate = python.import('mate')\nprint({text})").rstrip("\n")


def test_there_is_nothing_of_it_by_default(lua: Live) -> None:
    assert lua.printed("print(python, package.loaded.python, pcall(require, 'python'))").startswith(
        "nil\tnil\tfalse"
    )


@pytest.mark.parametrize(
    ("text", "printed"),
    [
        ("mate.greet('Kai ä')", "Moin, Kai ä (str, 5)"),
        ("mate.greet('x', python.args{greeting = 'Hallo'})", "Hallo, x (str, 1)"),
        ("mate.Mate('Ann').name .. '!'", "Ann!"),
        ("mate.Mate('Ann').loud", "ANN"),
        ("mate.pair()", "1\ttwo"),
        ("mate.berths.Hafen, mate.berths['Kai ä']", "3\tnil"),
        ("mate.names[1]", "Bea"),
        ("python.as_attrgetter(mate.berths).get('Hafen')", "3"),
        ("python.builtins.len(mate.names)", "2"),
        ("python.eval('2 ** 10')", "1024"),
        ("tostring(mate.names)", "['Anna', 'Bea']"),
        ("python.as_function(mate.pair)()", "1\ttwo"),
        ("type(python.as_function(mate.pair)), type(mate.pair)", "function\tuserdata"),
        ("mate.greet('\\255')", "Moin, \\xff (str, 1)"),
    ],
)
def test_python_values_in_lua(python: Live, text: str, printed: str) -> None:
    assert of(python, text) == printed


def test_attributes_and_items_can_be_set(python: Live) -> None:
    assert (
        python.printed("""
        local mate = python.import('mate')
        local ann = mate.Mate('Ann')
        ann.name = 'Änn'
        mate.berths.Pier = 7
        print(ann.loud, mate.berths.Pier)
    """)
        == "ÄNN\t7\n"
    )


def test_loops_over_python_values_come_to_their_end(python: Live) -> None:
    assert (
        python.printed("""
        local mate = python.import('mate')
        for name in python.iter(python.eval("['a', None, (1, 2)]")) do print(tostring(name)) end
        for at, name in python.enumerate(mate.names) do print(at, name) end
        local items = python.as_attrgetter(mate.berths).items()
        for name, count in python.iterex(items) do print(name, count) end
    """)
        == "a\nNone\n(1, 2)\n0\tAnna\n1\tBea\nHafen\t3\nKai ä\tnil\n"
    )


def test_lua_values_in_python(python: Live) -> None:
    assert (
        python.printed("""
        local mate = python.import('mate')
        local t = {1, 2, 39, ["ä"] = true}
        for name in python.iter(mate.total(t)) do io.write(name, " ") end
        print(t.total, mate.total(t) == t)
    """)
        == "1 2 3 total ä 42\tfalse\n"
    )


def test_errors_of_python_are_lua_errors_that_say_where(python: Live) -> None:
    outcome = python.run("python.import('mate').fail()", chunk="=main")
    assert (outcome.status, outcome.text.partition(" (")[0]) == (
        "error",
        "ValueError: no berth left",
    )
    assert outcome.text.endswith(f"(mate.py:{line_of('raise ValueError')})")
    printed = of(python, "tostring(select(2, pcall(mate.fail))):match('^[^(]*')")
    assert printed == "ValueError: no berth left "
    missing = python.run("python.import('no_such_module')")
    assert missing.text == "ModuleNotFoundError: No module named 'no_such_module'"


def line_of(words: str) -> int:
    return next(n for n, line in enumerate(MATE.splitlines(), 1) if words in line)


def test_errors_pass_through_lua_as_they_were(python: Live) -> None:
    assert of(python, "mate.attempt(mate.fail)") == "ValueError\tno berth left"
    through = "mate.attempt(function() mate.fail() end)"
    assert of(python, through) == "ValueError\tno berth left"
    assert of(python, "mate.attempt(function() error('oh', 0) end)") == "LuaError\toh"
    assert of(python, "mate.attempt(function() return 'yes' end)") == "fine\tyes"


def test_print_of_python_is_output_of_the_execution_in_order(python: Live) -> None:
    before = sys.stdout
    assert (
        python.printed("""
        print(1)
        python.import('mate').say('zwei ä')
        print(3)
    """)
        == "1\nzwei ä\n3\n"
    )
    assert sys.stdout is before


def test_a_function_that_python_keeps_can_be_called_from_other_coroutines(python: Live) -> None:
    printed = python.printed("""
        local mate = python.import('mate')
        local ann = mate.Mate('Ann')
        do
          local co = coroutine.create(function() ann.keep(function(x)
            return x .. ' ' .. tostring(coroutine.running() ~= nil)
          end) end)
          coroutine.resume(co)
        end
        for _ = 1, 3 do collectgarbage() end
        print(ann.call('main'))
        for _ = 1, 50 do
          coroutine.resume(coroutine.create(function()
            local junk = {}
            for i = 1, 20 do junk[i] = {} end
            collectgarbage()
            assert(ann.call('other') == 'other true')
            collectgarbage()
          end))
        end
        print(ann.call('again'))
        ann.keep(nil)
        collectgarbage()
    """)
    assert [line.split()[0] for line in printed.splitlines()] == ["main", "again"]


def test_yielding_through_python_is_refused(python: Live) -> None:
    text = "mate.attempt(function() coroutine.yield() end)"
    inside = f"coroutine.wrap(function() return {text} end)()"
    kind, words = of(python, inside).split("\t")
    assert kind == "LuaError"
    assert "attempt to yield across" in words


def test_an_interrupt_ends_python_that_catches_everything(python: Live) -> None:
    loop = "function() print('in') while true do end end"
    text = f"python.import('mate').forever({loop})"
    name = python.start(text)
    python.wait(lambda event: "in" in getattr(event, "text", ""), "output")
    python.runtime.interrupt()
    assert python.finish(name).error == "Interrupted"
    assert of(python, "mate.greet('x')") == "Moin, x (str, 1)"


def test_a_launch_takes_changed_modules(python: Live, tmp_path: Path) -> None:
    script = tmp_path / "main.lua"
    script.write_text("print(python.import('tide').level)")
    printed = []
    for level in ("low", "high water"):
        (tmp_path / "tide.py").write_text(f"level = {level!r}")
        name = python.script(script)
        assert python.finish(name).status == "ok"
        printed.append(python.output(name))
    assert printed == ["low\n", "high water\n"]


def test_a_new_lua_state_lets_go_of_what_python_held(python: Live, tmp_path: Path) -> None:
    of(python, "mate.Mate('Ann')")
    kept = python.run("ann = python.import('mate').Mate('Ann') ann.keep(function() end)")
    assert kept.status == "ok"
    held = sys.modules["mate"]
    python.run("python.import('mate').ann = ann")
    assert python.context.restart().result(20) is None
    assert "mate" not in sys.modules
    assert str(tmp_path) not in sys.path
    with pytest.raises(RuntimeError, match="only by what Lua has called"):
        held.ann.kept()
    assert python.run("print(python.builtins.len('abc'))").status == "ok"


def test_lua_is_not_called_from_other_threads(python: Live) -> None:
    python.run("python.import('mate').ann = function() end")
    with pytest.raises(RuntimeError, match="on its thread"):
        sys.modules["mate"].ann()


@pytest.mark.parametrize(
    "text",
    [
        "ann = mate.Mate('Ann') ann.keep(function() end) ann.keep({})",
        "mate.fail()",
        "caught = select(2, pcall(mate.attempt, mate.fail)) pcall(mate.fail, {})",
        "mate.attempt(function() error('oh') end)",
    ],
)
def test_the_lua_state_is_closed_with_its_context(tmp_path: Path, text: str) -> None:
    """And not when Python's collector comes by: its finalizers call what is gone by then."""
    (tmp_path / "mate.py").write_text(MATE)

    def states() -> int:
        return sum(type(each).__name__ == "LuaRuntime" for each in gc.get_objects())

    gc.collect()
    before = states()
    gc.disable()
    try:
        with live(lua_python_access=True) as opened:
            opened.run(f"mate = python.import('mate') {text}", search=(str(tmp_path),))
            assert states() == before + 1
        assert states() == before
    finally:
        gc.enable()

"""``tidelock.reload``: the present text of a module takes its place, or the old one stays."""

from __future__ import annotations

from pathlib import Path

import pytest

from kit.live import Live
from kit.lua import build_under_test
from tidelock.shared.events import OutputWritten
from tidelock.shared.sources import fingerprint

RELOAD = "local ok, value = pcall(require('tidelock').reload, 'm') print(ok, value == m, value)"


@pytest.fixture
def module(lua: Live, tmp_path: Path) -> Path:
    """A module `m` with the field `n`, loaded and kept in a global."""
    path = tmp_path / "m.lua"
    path.write_text("return {n = 1}")
    lua.run("m = require('m')", search=(str(tmp_path),), chunk="=one")
    return path


def test_the_present_text_is_what_require_gives(lua: Live, module: Path) -> None:
    known = lua.context.modules
    assert known == {"m": (str(module), fingerprint("return {n = 1}"))}
    module.write_text("local name, path = ... return {n = 2, name = name, path = path}")
    assert (
        lua.printed(
            "local new = require('tidelock').reload('m') "
            "print(m.n, new.n, require('m') == new, new.name, new.path ~= nil)"
        )
        == "1\t2\ttrue\tm\ttrue\n"
    )
    assert known["m"][1] == fingerprint(module.read_text())


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("return = 1", "m.lua:1: unexpected symbol near '='"),
        ("package.loaded.m = {}\nerror('no')", "m.lua:2: no"),
        ("error({}, 0)", "table: "),
    ],
)
def test_what_fails_leaves_the_old_module(lua: Live, module: Path, text: str, words: str) -> None:
    before = dict(lua.context.modules)
    module.write_text(text)
    printed = lua.printed(f"{RELOAD} print(require('m') == m)")
    assert printed.startswith("false\tfalse\t")
    assert words in printed
    assert printed.endswith("\ntrue\n")
    assert lua.context.modules == before


def test_an_interrupt_leaves_the_old_module(lua: Live, module: Path) -> None:
    module.write_text("print('on') while true do end")
    name = lua.start("require('tidelock').reload('m')")
    lua.wait(lambda event: isinstance(event, OutputWritten), "output of the module")
    lua.runtime.interrupt()
    assert lua.finish(name).error == "Interrupted"
    assert lua.printed("print(require('m') == m)") == "true\n"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("x = 1", "boolean\ttrue"),
        ("package.loaded.m = {n = 3}", "table\tfalse"),
        ("return false", "boolean\tfalse"),
    ],
)
def test_a_module_without_a_value(lua: Live, module: Path, text: str, shown: str) -> None:
    module.write_text(text)
    code = "require('tidelock').reload('m') local v = package.loaded.m "
    assert lua.printed(f"{code} print(type(v), v == true)").strip() == shown


@pytest.mark.skipif(build_under_test().dialect not in ("5.1", "luajit"), reason="no `module`")
def test_a_module_of_lua_51_is_filled_again(lua: Live, module: Path) -> None:
    module.write_text("module('m', package.seeall) n = 4")
    lua.run("package.loaded.m = nil m = require('m')")
    module.write_text("module('m', package.seeall) n = 5")
    code = "require('tidelock').reload('m') print(m.n, package.loaded.m == m)"
    assert lua.printed(code) == "5\ttrue\n"


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("reload('string')", "'string' is no loaded module that is written in Lua"),
        ("package.loaded.m = nil reload('m')", "'m' is no loaded module"),
        ("reload(1)", "bad argument #1 to 'reload' (string expected, got number)"),
    ],
)
def test_what_cannot_be_reloaded(lua: Live, module: Path, code: str, words: str) -> None:
    outcome = lua.run(f"local reload = require('tidelock').reload {code}")
    assert words in outcome.text

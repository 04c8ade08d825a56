"""Which Lua is meant, without loading any."""

from __future__ import annotations

import sys

import pytest

from kit.lua import LuaBuild, build_under_test, lua_builds, needs_lua, speaks

ALL = ("5.1", "5.2", "5.3", "5.4", "5.5", "luajit2.0", "luajit2.1")


def build(name: str) -> LuaBuild:
    return LuaBuild(name, "")


def test_the_builds_of_this_machine_are_found_and_not_loaded() -> None:
    before = {name for name in sys.modules if name.startswith("lupa.lua")}
    names = [each.name for each in lua_builds()]
    assert "5.4" in names
    assert set(names) <= set(ALL)
    assert {name for name in sys.modules if name.startswith("lupa.lua")} == before


@pytest.mark.parametrize(
    ("wanted", "meant"),
    [
        ("5.4", ["5.4"]),
        ("5.2+", ["5.2", "5.3", "5.4", "5.5"]),
        ("5.2-", ["5.1", "5.2"]),
        ("luajit", ["luajit2.0", "luajit2.1"]),
        ("luajit2.1", ["luajit2.1"]),
        ("lua", ["5.1", "5.2", "5.3", "5.4", "5.5"]),
    ],
)
def test_what_is_meant(wanted: str, meant: list[str]) -> None:
    assert [name for name in ALL if speaks(build(name), wanted)] == meant


@pytest.mark.parametrize("wanted", ["5.6", "5.6+", "5", "lua5.4", "", "+", "5.2*"])
def test_what_names_no_lua_is_refused(wanted: str) -> None:
    with pytest.raises(ValueError, match="names no Lua"):
        speaks(build("5.4"), wanted)


def test_the_build_under_test(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TIDELOCK_TEST_LUA", raising=False)
    assert build_under_test() == LuaBuild("5.4", "lupa.lua54")
    for each in lua_builds():
        monkeypatch.setenv("TIDELOCK_TEST_LUA", each.name)
        assert build_under_test() == each
    monkeypatch.setenv("TIDELOCK_TEST_LUA", "5.0")
    with pytest.raises(LookupError, match=r"'5\.0'; the builds here are .*5\.4"):
        build_under_test()


def test_a_test_is_skipped_with_a_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TIDELOCK_TEST_LUA", raising=False)
    skipped = needs_lua("5.1", "luajit").mark
    assert skipped.name == "skipif"
    assert skipped.args == (True,)
    assert skipped.kwargs == {"reason": "needs Lua 5.1 or luajit, and this is 5.4"}
    assert needs_lua("luajit", "5.2+").mark.args == (False,)
    with pytest.raises(ValueError, match="names no Lua"):
        needs_lua("5.4", "5.9")


@needs_lua("5.1+", "luajit")
def test_the_mark_is_one_that_pytest_takes() -> None:
    assert build_under_test().dialect in ("5.1", "5.2", "5.3", "5.4", "5.5", "luajit")

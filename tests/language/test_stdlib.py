"""The definition files name what each bundled Lua really has, no more and no less."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import tidelock.shared.language.stdlib as module
from syntax.oracle import BUILDS, build_of, lua
from tidelock.shared.language.stdlib import library
from tidelock.shared.model import DIALECTS, Dialect
from tidelock.shared.syntax.parser import parse

LIST = b"""
local names = {}
local function add(path, value) names[#names + 1] = path .. '=' .. type(value) end
local function walk(path, value)
  for key, field in pairs(value) do
    if type(key) == 'string' then
      add(path .. '.' .. key, field)
      if path == 'jit' and type(field) == 'table' then walk(path .. '.' .. key, field) end
    end
  end
end
for key, value in pairs(_G) do
  if key ~= 'python' then
    add(key, value)
    if type(value) == 'table' and value ~= _G then walk(key, value) end
  end
end
for key, value in pairs(getmetatable(io.stdout).__index) do
  if key:sub(1, 2) ~= '__' then add('file*.' .. key, value) end
end
for key, value in pairs(string) do
  assert(getmetatable('').__index[key] == value)
end
return table.concat(names, ' ')
"""

ONLY_20 = {
    *("string.gfind", "math.mod", "table.setn"),
    *(f"jit.util.{name}" for name in ("funcbc", "funcinfo", "funck", "funcuvname", "ircalladdr")),
    *(f"jit.util.trace{name}" for name in ("exitstub", "info", "ir", "k", "mc", "snap")),
    "jit.util",
}
"""What LuaJIT 2.0 still has; the library describes 2.1."""
SINCE_21 = {"coroutine.isyieldable", "jit.security", "table.move"}
LOADED = re.compile(r"^package\.(loaded|preload)\.|^jit\.util")


def real(build: str) -> dict[str, str]:
    pairs = lua(build).runtime.execute(LIST).decode().split(" ")
    return dict(pair.split("=") for pair in pairs)


def described(dialect: Dialect) -> dict[str, str]:
    return {".".join(entry.path): entry.type for entry in library(dialect)}


@pytest.mark.parametrize("build", BUILDS)
def test_names_and_types_equal_the_build(build: str) -> None:
    ours = described(BUILDS[build])
    theirs = {name: kind for name, kind in real(build).items() if not LOADED.match(name)}
    if build == "luajit20":
        theirs = {name: kind for name, kind in theirs.items() if name not in ONLY_20}
        ours = {name: kind for name, kind in ours.items() if name not in SINCE_21}
    assert set(ours) == set(theirs)
    for name, kind in theirs.items():
        expected = {"integer": "number", "file*": "userdata"}.get(ours[name], ours[name])
        assert kind == expected, name


@pytest.mark.parametrize("dialect", DIALECTS)
def test_every_entry_is_described(dialect: Dialect) -> None:
    for entry in library(dialect):
        name = ".".join(entry.path)
        assert entry.documentation.endswith("."), name
        assert "\n" not in entry.documentation, name
        assert len(entry.documentation) <= 110, name
        if entry.type == "function":
            called = name.replace("*.", "*:") if entry.kind == "method" else name
            assert entry.signature.startswith(called + "("), name


@pytest.mark.parametrize("dialect", DIALECTS)
def test_calls_take_the_parameters_that_are_described(dialect: Dialect) -> None:
    """A call without its required arguments fails, as the signature says."""
    build = build_of(dialect)
    for name in ("string.rep", "string.find", "ipairs", "setmetatable", "table.concat"):
        entry = library(dialect).entry(name.split("."))
        assert entry is not None
        assert re.search(r"\(\w+: ", entry.signature)
        assert build.runtime.eval(f"(pcall({name}))".encode()) is False


def test_signatures() -> None:
    def shown(dialect: Dialect, *path: str) -> str:
        entry = library(dialect).entry(path)
        return entry.signature if entry else ""

    assert shown("5.4", "string", "rep") == (
        "string.rep(text: string, count: integer, separator?: string): string"
    )
    assert shown("5.1", "string", "rep") == "string.rep(text: string, count: integer): string"
    assert shown("5.4", "pcall") == "pcall(action: function, ...: any): boolean, any..."
    assert shown("5.4", "file*", "read") == "file*:read(...: any): any..."
    assert shown("5.4", "_G", "print") == "print(...: any)"
    assert shown("5.4", "getfenv") == ""


def test_members() -> None:
    names = {entry.name for entry in library("5.4").members(())}
    assert {"print", "string", "_G", "_VERSION"} <= names
    assert not any("*" in name for name in names)
    assert library("5.4").members(("_G",)) == library("5.4").members(())
    assert {entry.name for entry in library("5.4").members(("utf8",))} >= {"char", "len"}
    assert library("5.4").members(("print",)) == []


def test_definition_files_are_lua() -> None:
    folder = Path(module.__file__).parent / "library"
    paths = sorted(folder.glob("*.lua"))
    assert len(paths) == 11
    for path in paths:
        text = path.read_text(encoding="utf-8")
        assert parse(text, "5.1").ok
        assert text.startswith("---@meta\n")

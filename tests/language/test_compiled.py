"""Parameters, locals and upvalues of every function are those that the compiled code has."""

from __future__ import annotations

import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kit.chance import examples
from kit.corpus import lua_files
from syntax.bytecode import Compiled, compiled
from syntax.grow import programs_of
from syntax.oracle import BUILDS, lua
from tidelock.shared.language.scopes import Local, Reference, resolve
from tidelock.shared.model import Dialect
from tidelock.shared.syntax.parser import parse
from tidelock.shared.syntax.statements import functions
from tidelock.shared.syntax.tree import FunctionBody, Tree

_LUA_LINE = re.compile(r"\r\n|\n\r|\n|\r")
FILES = lua_files("examples", "benchmarks", "shared", "tests/clients")


def used(references: list[Reference], first: int, last: int, owners: set[int]) -> list[str]:
    """What functions with certain numbers use of variables further out, by first use."""
    seen: dict[Local | None, str] = {}
    for reference in references:
        if not first <= reference.start < last:
            continue
        local = reference.local or reference.environment
        if local is None or local.function not in owners:
            seen.setdefault(local, local.name if local else "_ENV")
    return list(seen.values())


def ours(tree: Tree) -> list[Compiled]:
    """What we say of the functions of a text, in the order of their first letters."""
    scopes = resolve(tree)
    bodies = sorted(
        (node for node in tree.walk() if isinstance(node, FunctionBody)),
        key=lambda node: node.number,
    )
    inside: dict[int, set[int]] = {
        body.number: {one.number for one in bodies if body.start <= one.start < body.end}
        for body in bodies
    }
    said = []
    for span in functions(tree):
        own = sorted(
            (local for local in scopes.locals if local.function == span.number),
            key=lambda local: (local.visible_from, local.start),
        )
        names = [local.name for local in own]
        if span.number == 0:
            upvalues = [] if tree.dialect in ("5.1", "luajit") else ["_ENV"]
            said.append(Compiled(0, 0, names, upvalues))
            continue
        body = bodies[span.number - 1]
        upvalues = used(scopes.references, body.start, body.end, inside[span.number])
        if tree.dialect in ("5.1", "luajit"):
            upvalues = [name for name in upvalues if name != "_ENV"]
        line = len(_LUA_LINE.findall(tree.text, 0, body.header)) + 1
        count = sum(local.kind in ("parameter", "self") for local in own)
        said.append(Compiled(line, count, names, upvalues))
    return said


def without_constants(names: list[str], constants: set[str], there: list[str]) -> list[str]:
    """Names but for the constants that are known at compile time, which no code has."""
    return [name for name in names if name in there or name not in constants]


def agree(build: str, text: str) -> int:
    """Both say the same of a text that loads; of how many functions."""
    dialect: Dialect = BUILDS[build]
    if lua(build).refusal(text) is not None:
        return 0
    tree = parse(text, dialect)
    constants = {local.name for local in resolve(tree).locals if local.attrib == "const"}
    theirs = compiled(lua(build), build, text)
    mine = ours(tree)
    assert len(mine) == len(theirs), text
    for we, they in zip(mine, theirs, strict=True):
        assert (we.line, we.parameters) == (they.line, they.parameters), text
        assert without_constants(we.upvalues, constants, they.upvalues) == they.upvalues, text
        assert without_constants(we.locals, constants, they.locals) == they.locals, text
    return len(mine)


@pytest.mark.parametrize("build", BUILDS)
@settings(max_examples=examples(100), deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_grown_programs(build: str, data: st.DataObject) -> None:
    agree(build, data.draw(programs_of(BUILDS[build])))


@pytest.mark.parametrize("build", BUILDS)
def test_the_lua_of_this_repository(build: str) -> None:
    texts = [path.read_text(encoding="utf-8") for path in FILES]
    checked = [agree(build, text) for text in texts]
    assert sum(checked) > 500
    assert sum(count == 0 for count in checked) <= 3, "texts that this build does not load"


CASES = """
local a local function f() return a end local function g() return f() + f() end
local a, b function t.u:v(p) a.b = p return function() return self, b, x end end
local a do local a = a function f() return a end end function g() return a end
local f = function(...) local a = ... return function() return a end end
local function f() return f end local g = function() return g end
for i = 1, 2 do f(function() return i end) end for k, v in p do f(function() return v, k end) end
repeat local a = f() until (function() return a end)()
local a; function f() x = 1; a = x; y = function() z = a end end
local x, y; function f() x, y = y, x end
local x; t = {function() return x end, [function() return y end] = function() return x, y end}
if a then local b function f() return b end elseif c then local d function f() return d end end
while x do local y; function f() y() end end
function f(a, b) return a, b, function(b) return a, b end end
"""
ENVIRONMENTS = """
local _ENV = {} function f() x = 1 end
function f(_ENV) return x, function() return y end end
local function f() local _ENV <const> = {} return function() return x end end
do local _ENV = {} function f() return x end end function g() return x end
"""


@pytest.mark.parametrize("build", BUILDS)
def test_table(build: str) -> None:
    for text in CASES.strip().splitlines():
        assert agree(build, text) > 1, text
    loaded = [agree(build, text) > 1 for text in ENVIRONMENTS.strip().splitlines()]
    assert loaded.count(False) == (BUILDS[build] not in ("5.4", "5.5"))

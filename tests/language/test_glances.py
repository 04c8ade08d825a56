"""What is found of one variable at its place is what reading the whole text finds."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings

from kit.chance import examples
from kit.corpus import lua_files
from syntax.grow import programs
from tidelock.shared.language.glances import Held, function_of_global, function_of_local
from tidelock.shared.language.members import members, parameters
from tidelock.shared.language.scopes import resolve
from tidelock.shared.model import Dialect
from tidelock.shared.syntax.changes import parse_again
from tidelock.shared.syntax.parser import parse
from tidelock.shared.syntax.tree import FunctionBody, Node, Tree

CORPUS = lua_files("shared", "examples", "benchmarks", "editors")


def told(held: Held | None) -> tuple[list[str], int] | None:
    return None if held is None else (parameters(held.body), held.statement)


def read(tree: Tree, value: Node | None) -> tuple[list[str], int] | None:
    if not isinstance(value, FunctionBody):
        return None
    return parameters(value), members(tree).home(value) or 0


def check_glances(tree: Tree) -> int:
    """Compare all variables; how many functions there were."""
    known, count = members(tree), 0
    for local in resolve(tree).locals:
        found = told(function_of_local(tree, local))
        assert found == read(tree, known.value(local)), local.name
        count += found is not None
    for name in resolve(tree).global_names():
        field = known.field((name,))
        found = told(function_of_global(tree, name))
        assert found == read(tree, None if field is None else field.body), name
        count += found is not None
    return count


@pytest.mark.parametrize("path", CORPUS, ids=lambda path: path.stem)
def test_files_as_read_and_after_they_have_moved(path: Path) -> None:
    text = path.read_bytes().decode("utf-8", "surrogateescape")
    tree = parse(text)
    count = check_glances(tree)
    later = parse_again(tree, f"local moved\n{text}")
    assert check_glances(later) == count


@settings(max_examples=examples(60), suppress_health_check=list(HealthCheck), deadline=None)
@given(programs())
def test_grown_programs(program: tuple[Dialect, str]) -> None:
    dialect, text = program
    tree = parse(text, dialect)
    check_glances(tree)
    check_glances(parse_again(tree, "local moved\n" + text))


@pytest.mark.parametrize(
    ("text", "dialect", "functions"),
    [
        ("function f(a) end\nf = 1", "5.4", 1),
        ("f = 1\nfunction f(a, ...) end", "5.4", 1),
        ("local f = function(a) end", "5.4", 1),
        ("local f = function(a) end\nf = nil", "5.4", 0),
        ("local a, f = 1, function(self) end\nlocal function g(b) end", "5.4", 2),
        ("local a, f = g()", "5.4", 0),
        ("local f = (function() end)", "5.4", 0),
        ("for f = 1, 2 do end for k, v in next, t do end function t:m(p) end", "5.4", 0),
        ("f = 1; _G.f = function(a) end", "5.4", 1),
        ('f = 1; (_G)["f"] = function(a) end', "5.4", 1),
        ("f = 1; _G = { f = function(a) end }", "5.4", 0),
        ("f = 1; _G[k] = function(a) end; _G.g = function() end", "5.4", 0),
        ("do local x = { k = function() h = function(b) end end } end", "5.4", 1),
        ("global f = 1\nglobal function g(a) end\nf = function() end", "5.5", 2),
        ("function f(a end\nlocal function g(", "5.4", 2),
    ],
)
def test_ways_to_get_a_function(text: str, dialect: Dialect, functions: int) -> None:
    assert check_glances(parse(text, dialect)) == functions

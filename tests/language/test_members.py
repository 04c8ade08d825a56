"""What is read of an edited text, unit by unit as it is asked for, is what reading it all says."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings

from kit.chance import examples
from kit.corpus import lua_files
from syntax.grow import programs
from tidelock.shared.language.members import Field, Members, members
from tidelock.shared.language.variables import Local
from tidelock.shared.model import Dialect, Key
from tidelock.shared.syntax.changes import parse_again
from tidelock.shared.syntax.parser import parse
from tidelock.shared.syntax.tree import FunctionBody, Node, Table, Tree

CORPUS = lua_files("shared", "examples", "benchmarks", "editors", "tests")


def at(node: Node | None) -> tuple[object, ...] | None:
    return None if node is None else (type(node).__name__, node.start, node.end)


def path_at(path: tuple[object, ...] | None) -> tuple[object, ...] | None:
    """A path of which the local is told by its place."""
    if path is None or not path or not isinstance(path[0], Local):
        return path
    return ((path[0].name, path[0].start, path[0].kind), *path[1:])


def told(field: Field) -> tuple[object, ...]:
    key, start, end, statement, value, body, nth = field
    return key, start, end, statement, at(value), at(body), nth


class Whole:
    """Everything that the members of a text say, asked for at once."""

    def __init__(self, tree: Tree) -> None:
        known = members(tree)
        self.fields: dict[object, dict[Key, list[tuple[object, ...]]]] = {}
        for path, field in known.all():
            places = self.fields.setdefault(path_at(path[:-1]), {})
            places.setdefault(field.key, []).append(told(field))
        self.metas = {
            path_at(path): [at(one) for one in metas] for path, metas in known.all_metas().items()
        }
        self.made = [(at(table), at(meta)) for table, meta in known.made()]
        paths = {path for path, _ in known.all()} | {path[:-1] for path, _ in known.all()}
        self.elements = {path_at(path): elements(known, path) for path in paths if path}
        self.nodes = {at(node): about(known, node) for node in tree.walk()}
        self.locals = {path_at((local,)): given_to(known, local) for local in known.scopes.locals}


def elements(known: Members, path: tuple[object, ...]) -> list[object]:
    return [(at(one.key), at(one.value), one.nth) for one in known.elements(path)]


def about(known: Members, node: Node) -> object:
    if isinstance(node, FunctionBody):
        return known.home(node), path_at(known.holder(node)), path_at(known.owner(node))
    if isinstance(node, Table):
        return path_at(known.table(node)), known.is_loose(node)
    return None


def given_to(known: Members, local: Local) -> object:
    value, nth = known.given(local) or (None, 0)
    return at(value), nth, path_at(known.real((local,))), path_at(known.root(local.name, local))


def check(tree: Tree, chance: Random) -> None:
    """Ask for a few things in any order, each in a tree nobody has asked, and then for all."""
    whole = Whole(parse(tree.text, tree.dialect))
    known = members(tree)
    paths = [path for path, _ in members(parse_again(tree, tree.text)).all()]
    by_place = {path_at((local,)): local for local in known.scopes.locals}
    asked: list[tuple[object, ...]] = []
    for path in chance.sample(paths, min(20, len(paths))):
        root = by_place[path_at(path[:1])] if isinstance(path[0], Local) else path[0]
        asked += [(root, *path[1:]), (root, *path[1:-1])]
    for path in asked:
        place = path_at(path)
        found = {key: [*map(told, places)] for key, places in known.fields(path).items()}
        assert found == whole.fields.get(place, {}), place
        assert [at(one) for one in known.metas(path)] == whole.metas.get(place, []), place
        if place in whole.elements:
            assert elements(known, path) == whole.elements[place], place
        assert isinstance(path[-1], Local | str | int | float)
        if isinstance(path[-1], Key):
            assert place is not None
            expected = whole.fields.get(place[:-1], {}).get(path[-1], [])
            assert [*map(told, known.places(path))] == expected, place
    nodes = [node for node in tree.walk() if isinstance(node, FunctionBody | Table)]
    for node in chance.sample(nodes, min(20, len(nodes))):
        assert about(known, node) == whole.nodes[at(node)], at(node)
        around = {told(field) for _, field in known.around(node.start)}
        assert around <= {told(field) for _, field in known.all()}
    for local in chance.sample(known.scopes.locals, min(20, len(by_place))):
        assert given_to(known, local) == whole.locals[path_at((local,))], local.name
    assert vars(Whole(tree)) == vars(whole)


def edited(tree: Tree, chance: Random) -> Tree:
    """The tree of a text that differs by a line, or by a name that now means something else."""
    lines = tree.text.split("\n")
    line = chance.randrange(len(lines))
    new = chance.choice(
        ["local moved", "local _G = {}", "moved = {}", "local t, M = {}", "function M:f() end"]
    )
    if chance.random() < 0.3:
        lines[line] = ""
    lines.insert(line, new)
    return parse_again(tree, "\n".join(lines))


@pytest.mark.parametrize("path", CORPUS, ids=lambda path: path.stem)
def test_files_and_the_same_after_edits(path: Path) -> None:
    chance = Random(path.stem)
    tree = parse(path.read_bytes().decode("utf-8", "surrogateescape"))
    check(tree, chance)
    for _ in range(3):
        tree = edited(tree, chance)
        check(tree, chance)


@settings(max_examples=examples(60), suppress_health_check=list(HealthCheck), deadline=None)
@given(programs())
def test_grown_programs(program: tuple[Dialect, str]) -> None:
    dialect, text = program
    chance = Random(text)
    tree = parse(text, dialect)
    for _ in range(3):
        check(tree, chance)
        tree = edited(tree, chance)
    check(tree, chance)


GIVING = """\
local M = {}
local insert = table.insert
function M:add(value)
  self.count = 1
  self.list[#self.list + 1] = value
  insert(self.list, value)
end
_G.shared = { first = 1 }
shared.second = 2
setmetatable(M, { __index = M })
M.list = {}
"""


def test_a_field_of_a_local_becomes_a_global() -> None:
    tree = parse(f"local _G = {{}}\n{GIVING}")
    assert {*members(tree).fields(("shared",))} == {"second"}
    later = parse_again(tree, GIVING)
    assert {*members(later).fields(("shared",))} == {"first", "second"}


def test_what_a_name_means_may_change_with_another_statement() -> None:
    tree = parse(GIVING)
    known = members(tree)
    holder = known.scopes.locals[0]
    assert {*known.fields(("shared",))} == {"first", "second"}
    assert len(known.elements((holder, "list"))) == 2
    later = parse_again(tree, f"local _G = {{}}\n{GIVING}")
    known = members(later)
    assert {*known.fields(("shared",))} == {"second"}
    assert {*known.fields((known.scopes.locals[0],))} == {"shared"}
    later = parse_again(later, GIVING.replace("table.insert", "table.concat"))
    known = members(later)
    assert {*known.fields(("shared",))} == {"first", "second"}
    assert len(known.elements((known.scopes.locals[0], "list"))) == 1
    later = parse_again(later, GIVING.replace("local M = {}", "M = {}"))
    assert {*members(later).fields(("M",))} == {"add", "list", "count"}

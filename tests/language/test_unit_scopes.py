"""Scopes that are put together by units say what playing the whole text says, however asked."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings

from kit.chance import examples
from kit.corpus import lua_files
from syntax.grow import programs
from tidelock.shared.language.scopes import by_units, played, resolve
from tidelock.shared.language.unit_scopes import JoinedScopes
from tidelock.shared.language.variables import (
    GlobalDeclaration,
    Label,
    Local,
    Reference,
    Scopes,
)
from tidelock.shared.model import Dialect
from tidelock.shared.syntax.changes import parse_again
from tidelock.shared.syntax.parser import parse
from tidelock.shared.syntax.tree import Name, Tree

CORPUS = lua_files("shared", "examples", "benchmarks", "editors", "tests")


def one(found: Reference | Local | GlobalDeclaration | Label | None) -> object:
    """What was found, as it can be compared."""
    if isinstance(found, Reference):
        return found.start, found.name, found.function, found.write, one(found.local)
    if isinstance(found, Local):
        return (
            *(found.name, found.kind, found.attrib, found.start, found.end),
            *(found.visible_from, found.visible_to, found.function),
        )
    if isinstance(found, Label):
        return found.name, found.start, found.function, found.gotos
    return None if found is None else (found.name, found.start)


def told(scopes: Scopes) -> list[object]:
    """All that scopes say."""
    return [
        [one(local) for local in scopes.locals],
        [[one(use) for use in local.references] for local in scopes.locals],
        [one(use) for use in scopes.references],
        [(name, [one(use) for use in uses]) for name, uses in scopes.globals.items()],
        [one(label) for label in scopes.labels],
        [one(declared) for declared in scopes.declared],
        list(scopes.problems),
    ]


def check(tree: Tree, chance: Random) -> bool:
    """Compare the two, asked place by place in any order; whether units made the one."""
    whole, scopes = played(tree), by_units(tree) or resolve(tree)
    names = [node.start for node in tree.walk() if isinstance(node, Name)]
    spread = [chance.randrange(len(tree.text) + 1) for _ in range(30)]
    for offset in chance.sample(names, min(len(names), 40)) + spread:
        assert one(scopes.meaning(offset)) == one(whole.meaning(offset)), offset
        assert one(scopes.at(offset)) == one(whole.at(offset)), offset
        seen = [(one(local), local.is_set) for local in scopes.visible(offset)]
        assert seen == [(one(local), local.is_set) for local in whole.visible(offset)], offset
    assert list(scopes.global_names()) == list(whole.global_names())
    for name in [*whole.globals, "nowhere"]:
        for found, known in (
            (scopes.global_sets(name), whole.global_sets(name)),
            (scopes.global_uses(name), whole.global_uses(name)),
        ):
            assert [one(use) for use in found] == [one(use) for use in known], name
    assert told(scopes) == told(whole)
    return isinstance(scopes, JoinedScopes)


@pytest.mark.parametrize("path", CORPUS, ids=lambda path: path.stem)
def test_files_and_the_same_after_an_edit(path: Path) -> None:
    text = path.read_bytes().decode("utf-8", "surrogateescape")
    chance = Random(text[:100])
    tree = parse(text)
    check(tree, chance)
    for start in (0, len(text) // 2, len(text)):
        place = text.find("\n", start) + 1
        tree = parse_again(tree, text[:place] + "local moved = function() end\n" + text[place:])
        check(tree, chance)


def test_whole_files_are_put_together_by_their_units() -> None:
    counted = [check(parse(path.read_text("utf-8")), Random(1)) for path in CORPUS[:20]]
    assert sum(counted) > 10


@settings(max_examples=examples(150), suppress_health_check=list(HealthCheck), deadline=None)
@given(programs())
def test_grown_programs(program: tuple[Dialect, str]) -> None:
    dialect, text = program
    check(parse(text, dialect), Random(text))


@pytest.mark.parametrize(
    "text",
    [
        "local a <const> = 1\nfunction f() a = 2 end",
        "goto out\nlocal a\n::out::",
        "do goto up end\n::up::",
        "local _ENV = {}\nx = 1",
        "local x = x\nlocal x = x\nx = 2\nlocal function x() return x end",
        "function t:m() self.x = self end self = 1",
        "local a = function() for i = 1, 2 do goto next ::next:: end end\na = a",
        "if a then local b = b",
    ],
)
def test_what_units_have_a_say_in_together(text: str) -> None:
    check(parse(text), Random(text))


def test_only_a_text_that_is_edited_is_put_together() -> None:
    tree = parse("local a = 1\nlocal b = a\nreturn b")
    assert not isinstance(resolve(tree), JoinedScopes)
    later = parse_again(tree, "local a = 2\nlocal b = a\nreturn b")
    assert later.is_changed
    assert isinstance(resolve(later), JoinedScopes)


def test_who_forgets_a_tree_leaves_nothing_for_the_collector() -> None:
    scopes = by_units(parse("local a = 1 local function f(b) a = b end"))
    assert scopes is not None
    locals_ = scopes.locals
    assert [len(local.references) for local in locals_] == [1, 0, 1]
    scopes.release()
    assert [local.references for local in locals_] == [[], [], []]

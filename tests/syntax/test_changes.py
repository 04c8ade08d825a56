"""The tree of a changed text: made from the tree before it, it is the tree of the text."""

from __future__ import annotations

import gc
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kit.chance import examples
from syntax.edits import TYPED
from syntax.grow import programs_of
from syntax.test_parse import WORDS, covers
from tidelock.shared.language.scopes import resolve
from tidelock.shared.model import DIALECTS, Dialect
from tidelock.shared.syntax.changes import foresee, parse_again
from tidelock.shared.syntax.collector import HeldOff
from tidelock.shared.syntax.parser import parse
from tidelock.shared.syntax.tree import Node, Tree
from tidelock.shared.syntax.units import settled

QUIET = list(HealthCheck)


def plain(value: Any) -> Any:
    """Anything of a tree as nested tuples, which can be compared."""
    if isinstance(value, Node) or type(value).__module__.startswith("tidelock.shared.language"):
        names = [name for one in type(value).__mro__ for name in getattr(one, "__slots__", ())]
        others = ("references", "local", "environment", "_references", "_find")
        shown = sorted(name for name in names if name not in others)
        return (type(value).__name__, *((name, plain(getattr(value, name))) for name in shown))
    if isinstance(value, dict):
        return {name: plain(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [plain(one) for one in value]
    return value


def all_of(tree: Tree) -> dict[str, Any]:
    """All that can be asked of a tree."""
    tokens, scopes = tree.tokens, resolve(tree)
    uses = [[use.start for use in local.references] for local in scopes.locals]
    return {
        "text": tree.text,
        "kinds": tokens.kinds,
        "texts": tokens.texts,
        "starts": tokens.starts,
        "ends": list(tokens.ends),
        "flags": tokens.flags,
        "comments": tree.comments,
        "statements": plain(list(tree.body.statements)),
        "body": (tree.body.start, tree.body.end),
        "problems": tree.problems,
        "broken": tree.broken,
        "incomplete": tree.incomplete,
        "settled": settled(tree),
        "tape": plain(tree.tape),
        "locals": plain(scopes.locals),
        "references": plain(scopes.references),
        "uses": uses,
        "globals": {name: [use.start for use in uses] for name, uses in scopes.globals.items()},
        "labels": plain(scopes.labels),
        "declared": plain(scopes.declared),
        "scope problems": scopes.problems,
    }


def check_same(tree: Tree) -> None:
    fresh = all_of(parse(tree.text, tree.dialect))
    for name, value in all_of(tree).items():
        assert value == fresh[name], (name, tree.text)


BITS = [*WORDS, *TYPED.values(), "\n", "end", "--[[", "]]", "--", "'", '"', "local x = 1", "::l::"]
EDITS = st.tuples(st.floats(0, 1), st.integers(0, 8) | st.integers(0, 80), st.sampled_from(BITS))


def edited(text: str, edit: tuple[float, int, str]) -> str:
    place, length, new = edit
    start = round(place * len(text))
    return text[:start] + new + text[start + length :]


@settings(max_examples=examples(150), deadline=None, suppress_health_check=QUIET)
@given(st.sampled_from(DIALECTS), st.data())
def test_any_edits_give_the_tree_of_the_text(dialect: Dialect, data: st.DataObject) -> None:
    grown = data.draw(st.lists(programs_of(dialect), min_size=1, max_size=3))
    tree = parse("\n".join(grown), dialect)
    for edit in data.draw(st.lists(EDITS, min_size=1, max_size=6)):
        tree = parse_again(tree, edited(tree.text, edit))
        check_same(tree)
    covers(tree)


@settings(max_examples=examples(150), deadline=None, suppress_health_check=QUIET)
@given(st.sampled_from(DIALECTS), st.lists(st.sampled_from(BITS), max_size=30), st.data())
def test_any_edits_of_any_text(dialect: Dialect, words: list[str], data: st.DataObject) -> None:
    tree = parse("\n".join(words), dialect)
    for edit in data.draw(st.lists(EDITS, min_size=1, max_size=6)):
        tree = parse_again(tree, edited(tree.text, edit))
        check_same(tree)


MANY = "".join(f"local v{n} = f(v{n - 1}, {{ {n} }})\n-- {n}\n" for n in range(300))


@pytest.mark.parametrize(
    ("old", "new", "most"),
    [
        ("f(v99,", "f(v99, v1,", 3),
        ("local v100", "local", 4),
        ("-- 100\n", "-- 100\n-- more\n", 3),
        ("-- 100\n", "-- 100\nlocal zzz =\n", 4),
        ("-- 100\n", "-- 100\nstring.\n", 4),
        ("-- 100\n", "-- 100\nlocal s = 'abc\n", 4),
        ("-- 100\n", "-- 100\nfunction f() return 1 end\n", 4),
        ("-- 100\n", "", 3),
        ("local v0", "x() local v0", 3),
        ("local v100", "xlocal v100", 4),
    ],
)
def test_an_edit_reads_few_statements_again(old: str, new: str, most: int) -> None:
    before = parse(MANY)
    after = parse_again(before, MANY.replace(old, new, 1))
    known = {id(placed.unit) for placed in before.units}
    made = [placed for placed in after.units if id(placed.unit) not in known]
    assert 1 <= len(made) <= most
    check_same(after)


FUNCTIONS = "".join(f"function t.f{n}(a)\n  return a + {n}\nend\n" for n in range(300))


@pytest.mark.parametrize("typed", ["local", "local f = g(", "x ="])
@pytest.mark.parametrize("next_one", ["function t.f100", "function f100", "local function f100"])
def test_what_takes_the_next_statement_in_reads_few_again(typed: str, next_one: str) -> None:
    text = FUNCTIONS.replace("function t.f100", f"\n{next_one}")
    before = parse(text)
    foresee(before)
    after = parse_again(before, text.replace(f"\n{next_one}", f"{typed}\n{next_one}"))
    known = {id(placed.unit) for placed in before.units}
    made = [placed for placed in after.units if id(placed.unit) not in known]
    assert 1 <= len(made) <= 5
    check_same(after)


def test_a_stray_word_is_read_again_with_what_is_before_it() -> None:
    before = parse("local zzz = [[abc\nelse")
    check_same(parse_again(before, "and" + before.text))


def test_a_text_that_is_the_same_keeps_its_tree() -> None:
    tree = parse(MANY)
    assert parse_again(tree, MANY) is tree


def test_statements_that_moved_are_copied_once_and_only_when_met() -> None:
    before = parse("x = 1\nlocal function f() end\ny = f(a.b, 'c')\n" * 20)
    after = parse_again(before, "-- moved\n" + before.text)
    last = after.body.statements[-1]
    assert last is after.body.statements[-1]
    assert (last.start, last.end) == (before.body.statements[-1].start + 9, len(after.text) - 1)
    assert after.path(len(after.text) - 4)[1] is last
    assert before.body.statements[-1].end == len(before.text) - 1


def test_an_old_tree_stays_what_it_was() -> None:
    before = parse(MANY)
    shown = all_of(before)
    parse_again(before, MANY.replace("v50", "w", 1))
    assert all_of(before) == shown


def test_what_follows_the_last_statement_counts_for_labels() -> None:
    tree = parse("do end\n" * 9 + "::l::")
    assert not settled(tree)
    check_same(parse_again(tree, tree.text + " x()"))
    open_end = parse("do end\n" * 9 + "::l:: x()")
    check_same(parse_again(open_end, open_end.text.replace("x()", "")))


@pytest.mark.parametrize("wanted", [True, False])
def test_the_collector_of_cycles_is_left_as_it_was(wanted: bool) -> None:
    assert gc.isenabled()
    seen = []
    try:
        if not wanted:
            gc.disable()
        with HeldOff(MANY):
            seen.append(gc.isenabled())
        seen.append(gc.isenabled())
        with HeldOff("x = 1"):
            seen.append(gc.isenabled())
    finally:
        gc.enable()
    assert seen == [False, wanted, wanted]

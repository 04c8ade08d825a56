"""The tree of a text that has changed, made from the tree it had: read again is what the edit met.

Top-level statements are the units. Those before the edit are taken as they are, those after it
move (``tree.Placed``), in constant time each, and the tokens between are cut and read again from
the last statement that has not seen the edit to the first that is met as it was.
Its answer is what ``parse`` would give. It gives up on what is not local, and parses anew: blocks
left open, texts that one long string could close, a hundred problems.
"""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING, NamedTuple

from tidelock.shared.syntax.collector import HeldOff
from tidelock.shared.syntax.parser import DEPTH, PROBLEMS, Parser, parse
from tidelock.shared.syntax.tokens import scan_between
from tidelock.shared.syntax.tree import Placed, Tree

if TYPE_CHECKING:
    from collections.abc import Callable

    from tidelock.shared.model import Problem

_AHEAD = 2
"""How many tokens a statement looks at behind the one that follows it."""


class Span(NamedTuple):
    """What differs between two texts: what lies between two offsets of the old one, and a shift."""

    start: int
    end: int
    shift: int


def parse_again(before: Tree, text: str) -> Tree:
    """The tree of a text, in the dialect and mode of a tree of an earlier version of it."""
    if text == before.text:
        return before
    tree = None
    if before.settled and before.units:
        try:
            with HeldOff(text):
                tree = _changed(before, text, difference(before.text, text))
        except RecursionError:
            tree = None  # parse has a stack of its own for that
    return parse(text, before.dialect, before.mode) if tree is None else tree


def difference(old: str, new: str) -> Span:
    """The shortest stretch outside which two texts are the same."""
    shortest = min(len(old), len(new))
    start = _same(shortest, lambda size: old[:size] == new[:size])
    tail = _same(shortest - start, lambda size: old[len(old) - size :] == new[len(new) - size :])
    return Span(start, len(old) - tail, len(new) - len(old))


def _changed(before: Tree, text: str, span: Span) -> Tree | None:
    """The tree of the changed text; None when it must be parsed anew."""
    old = before.units
    first = _first(before, span.start)
    last = _last(before, first, span.end)
    from_token = _token(old[first])
    until_token = _token(old[last]) if last < len(old) else len(before.tokens)
    scanned = scan_between(before.tokens, text, from_token, until_token, span.shift)
    if scanned is None:
        return None
    tokens, more = scanned
    if any(flag.open for flag in tokens.flags):
        return None

    parser = Parser(tokens, before.mode, DEPTH, None)
    parser.begin(old[first].unit, old[first].unit.number + old[first].number, from_token)
    parser.resume = {_token(one) + more: one.unit for one in old[last:] if not _bare(before, one)}
    statements = parser.run().statements
    rest: list[Placed] = []
    if parser.met >= 0:
        index = bisect_left(old, parser.met - more, key=_token)
        functions = parser.functions - old[index].unit.number - old[index].number
        rest = [
            Placed(unit, offset + span.shift, token + more, number + functions)
            for unit, offset, token, number in old[index:]
        ]
    units = [*old[:first], *parser.units(statements), *rest]
    problems = [problem for one in units if one.unit.problems for problem in _problems(one)]
    final = units[-1].unit.statements if units else ()
    if len(problems) >= PROBLEMS or not parser.settled(final):
        return None
    incomplete = bool(problems) and problems[0].start == len(text)
    return Tree(tokens, before.mode, units, problems, incomplete, settled=True)


def _same(limit: int, equal: Callable[[int], bool]) -> int:
    """The greatest size up to a limit for which something holds that holds for all smaller."""
    low, high = 0, limit
    while low < high:
        middle = (low + high + 1) // 2
        if equal(middle):
            low = middle
        else:
            high = middle - 1
    return low


def _token(one: Placed) -> int:
    """The index of the first token of a unit."""
    return one.unit.token + one.token


def _bare(tree: Tree, one: Placed) -> bool:
    """Whether a unit is a ``;``, whose meaning depends on what it follows."""
    return tree.tokens.kinds[_token(one)] == ";"


def _first(tree: Tree, start: int) -> int:
    """The last unit before which nothing has looked at what is at an offset or behind it."""
    tokens = tree.tokens
    for index in range(len(tree.units) - 1, 0, -1):
        token = _token(tree.units[index])
        ahead = token + _AHEAD
        if ahead >= len(tokens) or tokens.ends[ahead] >= start:
            continue
        gap = tree.text[tokens.ends[token - 1] : tokens.starts[token]]
        if "\n" in gap or "\r" in gap:
            return index
    return 0


def _last(tree: Tree, first: int, end: int) -> int:
    """The first unit after another that begins behind an offset."""
    starts = tree.tokens.starts
    for index in range(first + 1, len(tree.units)):
        if starts[_token(tree.units[index])] > end and not _bare(tree, tree.units[index]):
            return index
    return len(tree.units)


def _problems(one: Placed) -> list[Problem]:
    """The problems of a unit where it stands now."""
    offset = one.offset
    return [
        problem._replace(
            start=problem.start + offset,
            end=problem.end + offset,
            related=tuple(
                related._replace(start=related.start + offset, end=related.end + offset)
                for related in problem.related
            ),
        )
        for problem in one.unit.problems
    ]

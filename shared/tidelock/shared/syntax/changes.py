"""The tree of a text that has changed, made from the tree it had: read again is what the edit met.

Top-level statements are the units. Those before the edit are taken as they are, those after it
move (``tree.Placed``), in constant time each, and the tokens between are cut and read again from
the last statement that has not seen the edit to the first that is met as it was.
A statement that an edit leaves open is read up to where all that follows is in order by itself,
which is told by a line that begins at the margin with a word that begins a statement.
Its answer is what ``parse`` would give. It gives up on what is not local, and parses anew: many
open statements, strings that the edit closes or that reach behind it, a hundred problems.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from typing import TYPE_CHECKING, NamedTuple

from tidelock.shared.syntax.collector import HeldOff
from tidelock.shared.syntax.parser import DEPTH, Parser, parse
from tidelock.shared.syntax.structure import tidy
from tidelock.shared.syntax.tokens import NAME, scan_between
from tidelock.shared.syntax.tree import Placed, Tree
from tidelock.shared.syntax.units import Beyond, Reader, settled

if TYPE_CHECKING:
    from collections.abc import Callable

    from tidelock.shared.syntax.tree import Unit

_AHEAD = 2
"""How many tokens a statement looks at behind the one that follows it."""

_MARGIN = frozenset(("local", "if", "for", "while", "repeat"))
_CLOSER = re.compile(r"\]=*\]")


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
    doubtful = before.tokens.doubtful and before.problems
    if before.units and before.mode == "chunk" and not doubtful and settled(before):
        span = difference(before.text, text)
        # What takes the next statement in (``local`` above a function) may be whole with that.
        for further in (0, 1):
            try:
                with HeldOff(text):
                    tree = _changed(before, text, span, further)
            except Beyond:
                continue
            except RecursionError:
                pass  # for depth, parse has a stack of its own
            break
    return parse(text, before.dialect, before.mode) if tree is None else tree


def foresee(tree: Tree, breathe: Callable[[], None] = lambda: None) -> None:
    """Find what an edit that leaves something open asks of all statements, when there is time.

    It is kept with the statements; ``breathe`` is called between them.
    """
    for index, one in enumerate(tree.units):
        if one.unit.tidy is None:
            _is_tidy(tree, index)
            breathe()


def difference(old: str, new: str) -> Span:
    """The shortest stretch outside which two texts are the same."""
    shortest = min(len(old), len(new))
    start = _same(shortest, lambda low, high: new.startswith(old[low:high], low))
    more = len(new) - len(old)
    tail = _same(
        shortest - start,
        lambda low, high: new.endswith(old[len(old) - high : len(old) - low], 0, len(new) - low),
    )
    return Span(start, len(old) - tail, more)


def _changed(before: Tree, text: str, span: Span, further: int) -> Tree | None:
    """The tree of the changed text; None when it must be parsed anew.

    The statements that the edit met are read again, and so many ``further`` ones.

    Raises:
        Beyond: that is not enough.
    """
    old = before.units
    first = _first(before, span.start)
    last = _last(before, first, span.end)
    for _ in range(further):
        last = _last(before, last, span.end)
    from_token = _token(old[first])
    until_token = _token(old[last]) if last < len(old) else len(before.tokens)
    if _closes(before, text, span, from_token):
        return None
    scanned = scan_between(before.tokens, text, from_token, until_token, span.shift)
    if scanned is None:
        return None
    tokens, more = scanned

    parser = Parser(tokens, before.mode, DEPTH)
    reader = Reader(parser)
    reader.begin(old[first].unit, old[first].unit.number + old[first].number, from_token)

    def read_before(token: int) -> Unit | None:
        index = bisect_left(old, token - more, last, key=_token)
        if index == len(old) or _token(old[index]) != token - more or _bare(before, old[index]):
            return None
        return old[index].unit

    reader.resume = read_before
    sound = _sound(before, last)
    if sound < len(old):
        reader.sound = parser.bound = _token(old[sound]) + more

        def tail() -> int:
            index = _tidy(before, sound)
            return more + (_token(old[index]) if index < len(old) else len(before.tokens))

        reader.tail = tail
    made = reader.run()
    rest: list[Placed] = []
    if reader.met >= 0:
        index = bisect_left(old, reader.met - more, key=_token)
        functions = reader.functions - old[index].unit.number - old[index].number
        rest = [
            Placed(unit, offset + span.shift, token + more, number + functions)
            for unit, offset, token, number in old[index:]
        ]
        unit = reader.renewed(rest[0].unit)
        if unit is not rest[0].unit:
            starts = tokens.starts
            if len(rest) > 1 and parser.same_line(starts[reader.met], starts[_token(rest[1])]):
                return None
            rest[0] = rest[0]._replace(unit=unit)
    tree = Tree(tokens, before.mode, [*old[:first], *made, *rest], is_changed=True)
    doubtful = tokens.doubtful and tree.problems
    return tree if not doubtful and settled(tree) else None


def _same(limit: int, equal: Callable[[int, int], bool]) -> int:
    """How much of what is below a limit is equal, when each stretch can be compared."""
    low, high = 0, limit
    while low < high:
        middle = (low + high + 1) // 2
        if equal(low, middle):
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
    found = 0
    for index in range(tree.unit_at(start), 0, -1):
        token = _token(tree.units[index])
        ahead = token + _AHEAD
        if ahead >= len(tokens) or tokens.ends[ahead] >= start:
            continue
        gap = tree.text[tokens.ends[token - 1] : tokens.starts[token]]
        if "\n" in gap or "\r" in gap:
            found = index
            break
    # A stray word looks back as far as to a statement at the margin; what was left open has looked
    # at all that follows.
    while found and not _at_margin(tree, _token(tree.units[found])):
        found -= 1
    open_ = (index for index in tree.unsound if tree.units[index].unit.open)
    return min(next(open_, found), found)


def _last(tree: Tree, first: int, end: int) -> int:
    """The first unit after another that begins behind an offset."""
    starts = tree.tokens.starts
    for index in range(first + 1, len(tree.units)):
        if starts[_token(tree.units[index])] > end and not _bare(tree, tree.units[index]):
            return index
    return len(tree.units)


def _closes(tree: Tree, text: str, span: Span, token: int) -> bool:
    """Whether an edit may close a long string or comment that was open before a token."""
    if not any(flag.open and flag.token <= token for flag in tree.tokens.flags):
        return False
    start = text.rfind("\n", 0, span.start) + 1
    end = text.find("\n", span.end + span.shift)
    return _CLOSER.search(text, start, len(text) if end < 0 else end) is not None


def _sound(tree: Tree, last: int) -> int:
    """The first unit from an index on that begins at the margin while it and all later are sound.

    A block open there is read over them to the end of the text.
    """
    return _next_at_margin(tree, max(last, tree.unsound[-1] + 1 if tree.unsound else 0))


def _tidy(tree: Tree, sound: int) -> int:
    """The same, of units that are tidy too: the indentation says nothing new there."""
    units = tree.units
    index = len(units)
    while index > sound and _is_tidy(tree, index - 1):
        index -= 1
    return _next_at_margin(tree, index)


def _next_at_margin(tree: Tree, index: int) -> int:
    """The first unit from an index on that begins a line, at the margin, with no name or sign."""
    tokens = tree.tokens
    for later in range(index, len(tree.units)):
        token = _token(tree.units[later])
        kind = tokens.kinds[token]
        is_word = kind in _MARGIN or (kind == "function" and tokens.kinds[token + 1] == NAME)
        if is_word and _at_margin(tree, token):
            return later
    return len(tree.units)


def _at_margin(tree: Tree, token: int) -> bool:
    """Whether a token stands in the first column."""
    start = tree.tokens.starts[token]
    return start == 0 or tree.text[start - 1] in "\r\n"


def _is_tidy(tree: Tree, index: int) -> bool:
    """Whether a unit is tidy, which is looked up once where it begins a line."""
    unit, tokens = tree.units[index].unit, tree.tokens
    if unit.tidy is not None:
        return unit.tidy
    first = _token(tree.units[index])
    until = _token(tree.units[index + 1]) if index + 1 < len(tree.units) else len(tokens)
    found = tidy(tokens, first, until)
    gap = tree.text[tokens.ends[first - 1] if first else 0 : tokens.starts[first]]
    if first == 0 or "\n" in gap or "\r" in gap:
        unit.tidy = found
    return found

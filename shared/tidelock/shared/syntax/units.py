"""The top-level statements of a text, read one by one: each is a unit that an edit can leave alone.

A statement that leaves a block or a bracket open is read a second time by the indentation of what
follows (``structure``), and of two readings up to one place the one with fewer problems is taken.
Nothing read before it counts for it, and of what follows only what is not in order by itself; so
``changes`` can tell which statements an edit has no part in. This module has no grammar.
"""

from __future__ import annotations

from bisect import bisect_left
from copy import copy
from typing import TYPE_CHECKING, NamedTuple, final

from tidelock.shared.syntax.structure import structure
from tidelock.shared.syntax.tokens import END
from tidelock.shared.syntax.tree import Empty, Label, Placed, Unit

if TYPE_CHECKING:
    from collections.abc import Callable

    from tidelock.shared.model import Problem
    from tidelock.shared.syntax.parser import Parser, Place
    from tidelock.shared.syntax.tokens import Flag
    from tidelock.shared.syntax.tree import Statement, Tape, Tree

PROBLEMS = 100
"""How many problems one text may have; further ones are not news."""

GUIDES = 4
"""How many statements of a text are read twice; what follows the last is read by its indentation.

Each of them may be read up to the end of the text before it shows to be open."""


class Beyond(Exception):  # noqa: N818 - no error: a reading that need not go on
    """A block is still open at the token after which everything is in order by itself."""


class _Cut(NamedTuple):
    """Where a unit begins in the lists of a reading."""

    unit: Unit
    statements: int
    place: Place


class _Reading(NamedTuple):
    """What reading a statement has added to the lists of a parser, and how far it came."""

    end: Place
    cuts: list[_Cut]
    statements: list[Statement]
    tape: Tape
    problems: list[Problem]
    broken: list[int]


STRAYS = frozenset(("end", "else", "elseif", "until"))
"""What closes a block, and closes none where a top-level statement begins."""


def _token(flag: Flag) -> int:
    return flag.token


@final
class Reader:
    """One reading of a text with one parser; used once, by one thread.

    Of a text that has changed, ``resume`` tells the unit of before that begins with a token
    now, and ``sound`` is the token from which on these are in order. ``met`` is then the token
    where reading has stopped because all that follows was read before, just so.
    """

    __slots__ = (
        "_cuts",
        "_guides",
        "_parser",
        "_start",
        "_statements",
        "_stray",
        "met",
        "resume",
        "sound",
        "tail",
    )

    def __init__(self, parser: Parser) -> None:
        self._parser = parser
        self._statements: list[Statement] = []
        self._cuts: list[_Cut] = []
        self._guides = 0
        # The first stray word in the statement at hand.
        self._stray = -1
        self._start = parser.remember()
        self.resume: Callable[[int], Unit | None] = lambda token: None
        self.sound = len(parser.kinds)
        self.met = -1
        # Told only when it is asked for: the first token that ``tidy`` units alone follow.
        self.tail: Callable[[], int] = lambda: len(parser.kinds) - 1

    @property
    def functions(self) -> int:
        """How many functions there are up to where reading has stopped."""
        return self._parser.functions

    def renewed(self, unit: Unit) -> Unit:
        """The unit where reading has stopped, with the state in which it would be read now."""
        state = (*self._state(), self._parser.muted)
        if state == (unit.taken, unit.seen, unit.muted):
            return unit
        made = copy(unit)
        made.taken, made.seen, made.muted = state
        return made

    def begin(self, unit: Unit, functions: int, token: int) -> None:
        """Go to where an old unit begins, in the state in which it was read."""
        parser = self._parser
        parser.i = token
        parser.functions = functions
        flags = parser.tokens.flags
        parser.flag = bisect_left(flags, token, key=_token) + unit.taken
        more = parser.flag < len(flags)
        parser.flag_token = flags[parser.flag].token if more else len(parser.kinds)
        parser.muted = any(flag.open for flag in flags[: parser.flag])
        if unit.seen is not None:
            parser.seen = parser.starts[token] + unit.seen

    def run(self) -> list[Placed]:
        """Read the text to its end, or to what was read before; ``Beyond`` when that is no help."""
        parser, kinds = self._parser, self._parser.kinds
        statements = self._statements
        half = parser.limit // 2
        lasting = False
        parser.depth = parser.blocks = 1
        while kinds[parser.i] != END and not self._was_read():
            self._cut()
            if lasting:
                self._follow()
                continue
            parser.limit = half
            lasting = self._unit()
            if parser.i > parser.bound:
                raise Beyond
        if self.met < 0:
            parser.lexical(len(kinds))
            if statements and type(statements[-1]) in (Label, Empty):
                parser.mark_last(statements, -1)
        return self._units()

    def value(self) -> list[Placed]:
        """Read a text that is one value."""
        self._statements += self._parser.only_value()
        return self._units()

    def _state(self) -> tuple[int, int | None]:
        """How many flags at the next token were reported, and how far its line was."""
        parser = self._parser
        i = parser.i
        start = parser.starts[i]
        flags = parser.tokens.flags
        taken = 0
        while taken < parser.flag and flags[parser.flag - taken - 1].token >= i:
            taken += 1
        return taken, parser.seen - start if parser.same_line(parser.seen, start) else None

    def _was_read(self) -> bool:
        """Whether all from here on was read before, just so."""
        parser = self._parser
        i = parser.i
        known = self.resume(i)
        # What is wrong right before it may be new.
        if known is None or parser.flag_token == i:
            return False
        if i < self.sound:
            # A stray word looks back as far as to a statement at the margin.
            if known.open > 1 or self._column(i) or parser.kinds[i] in STRAYS:
                return False
            if (known.taken, known.seen, known.muted) != (*self._state(), parser.muted):
                return False
        self.met = parser.i
        return True

    def _cut(self) -> None:
        """Note that a top-level statement begins."""
        parser = self._parser
        i = parser.i
        taken, seen = self._state()
        parser.unit = Unit(parser.starts[i], i, parser.functions, taken, seen, parser.muted)
        self._cuts.append(_Cut(parser.unit, len(self._statements), parser.remember()))

    def _follow(self) -> None:
        """Read a statement, and the one after it if it should have been the last."""
        parser = self._parser
        last: Statement | None = None
        while True:
            if parser.kinds[parser.i] in STRAYS and self._stray < 0:
                self._stray = parser.i
            statement = parser.statement(last)
            self._statements.append(statement)
            if not parser.must_be_last(statement) or parser.kinds[parser.i] == END:
                return
            last = statement

    def _unit(self) -> bool:
        """Read the statement just noted, twice if need be; whether that was once too often."""
        parser = self._parser
        unit = parser.unit
        self._stray = -1
        parser.unbalanced = parser.endless = False
        closed = False
        try:
            self._follow()
        except Beyond:
            # It would be read to the end of the text and not find what closes it.
            if parser.i > parser.bound or unit.deep:
                raise
            if unit.early is None and not parser.muted:
                unit.early = True
            self._out()
        else:
            if not parser.unbalanced:
                return False
            closed = not parser.endless
        number = len(self._cuts) - 1
        if self._stray >= 0:
            number = self._partner(number)
        first = self._reading(number) if closed else None
        early = next((one.unit.early for one in self._cuts[number:] if one.unit.early), False)
        self._guides += 1
        self._back(number)
        self._guide()
        self._follow()
        while first is not None and parser.i < first.end.i:
            self._cut()
            self._follow()
        if first is not None:
            more = len(parser.problems) - self._cuts[number].place.problems
            if more > len(first.problems):
                self._take(number, first)
        for count, cut in enumerate(self._cuts[number:], 1):
            cut.unit.open = count
            cut.unit.early = early
        if self._guides > GUIDES:
            return True
        parser.guide = None
        parser.unclosed = frozenset()
        return False

    def _partner(self, number: int) -> int:
        """The cut from which on a stray word is better looked at: what it may have had to close."""
        column = self._column(self._stray)
        for earlier in range(number, -1, -1):
            unit = self._cuts[earlier].unit
            if unit.open:
                break
            if unit.token < self._stray and 0 <= self._column(unit.token) <= column:
                return earlier
        return number

    def _column(self, token: int) -> int:
        """The column of a token that begins a line, else -1."""
        parser = self._parser
        start = parser.starts[token]
        if token and parser.same_line(parser.ends[token - 1], start):
            return -1
        return parser.column(start)

    def _guide(self) -> None:
        """Let the indentation tell what is open from here on."""
        parser = self._parser
        tail = self.tail()
        parser.bound = max(parser.bound, tail)
        parser.guide = structure(parser.tokens, parser.i, tail)
        parser.unclosed = parser.guide.unclosed
        # What a statement read again may take, all in all: one more reading of what follows.
        parser.effort = len(parser.kinds) - parser.i

    def _reading(self, number: int) -> _Reading:
        """What was read since a cut."""
        parser, (_, size, place) = self._parser, self._cuts[number]
        return _Reading(
            parser.remember(),
            self._cuts[number + 1 :],
            self._statements[size:],
            parser.tape[place.tape :],
            parser.problems[place.problems :],
            parser.broken[place.broken :],
        )

    def _back(self, number: int) -> None:
        """Go back to a cut."""
        _, size, place = self._cuts[number]
        self._parser.recall(place)
        del self._statements[size:], self._cuts[number + 1 :]

    def _take(self, number: int, reading: _Reading) -> None:
        """Have what was read before instead of what was read since a cut."""
        self._back(number)
        parser = self._parser
        parser.tape += reading.tape
        parser.problems += reading.problems
        parser.broken += reading.broken
        parser.recall(reading.end)
        self._statements += reading.statements
        self._cuts += reading.cuts

    def _out(self) -> None:
        """Be outside of all blocks again."""
        parser = self._parser
        parser.depth = parser.blocks = 1
        parser.branches = parser.repeats = parser.loops = 0
        parser.variadic = True

    def _units(self) -> list[Placed]:
        """Give each top-level statement what reading it has added to the lists."""
        parser, statements, cuts = self._parser, self._statements, self._cuts
        if not cuts:
            if not statements and not parser.problems:
                return []
            cuts = [_Cut(parser.unit, 0, self._start)]
        end = parser.remember()
        stops = [*cuts[1:], _Cut(cuts[0].unit, len(statements), end)]
        for cut, until in zip(cuts, stops, strict=True):
            unit, place, stop = cut.unit, cut.place, until.place
            unit.statements = statements[cut.statements : until.statements]
            unit.tape = parser.tape[place.tape : stop.tape]
            unit.problems = parser.problems[place.problems : stop.problems]
            unit.broken = parser.broken[place.broken : stop.broken]
        return [Placed(cut.unit) for cut in cuts]


def settled(tree: Tree) -> bool:
    """Whether each unit of a tree was read by itself, so that it is known what it depends on."""
    final = tree.units[-1].unit.statements if tree.units else ()
    if final and type(final[-1]) in (Label, Empty):
        return False
    guides = sum(tree.units[index].unit.open == 1 for index in tree.unsound)
    return guides <= GUIDES and len(tree.problems) < PROBLEMS

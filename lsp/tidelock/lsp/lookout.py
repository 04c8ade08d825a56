"""Looks for changes of files on disk itself, in sessions whose editor does not tell of them.

It says when: seldom while nothing changes, soon after a change, at once when the editor saves or
somebody comes back to it, and never while somebody types. What it looks at is the index's affair.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, NamedTuple, final

from tidelock.shared.log import layer

if TYPE_CHECKING:
    from tidelock.lsp.work import Breathe, Later

log = layer("lsp")


class Times(NamedTuple):
    """In seconds: how long it waits for the next look.

    That is ``first_s`` after a look that found something and twice as long after each that did
    not, at most ``longest_s``. Typing is over after ``quiet_s``. Who says something after
    ``away_s`` of silence comes back. A look stands back after ``stretch_s`` for other work.
    """

    first_s: float = 2.0
    longest_s: float = 30.0
    quiet_s: float = 1.0
    away_s: float = 2.0
    stretch_s: float = 0.02


@final
class Lookout:
    """When files are looked at; methods from any thread, ``find`` and ``tell`` in the background.

    Args:
        later: has it done in the background.
        find: begins a look; gives the paths that have changed, bit by bit.
        tell: is given all that one look has found.
        times: how often.
        clock: seconds that only grow.
    """

    def __init__(
        self,
        later: Later,
        find: Callable[[], Iterator[list[str]]],
        tell: Callable[[list[str]], None],
        times: Times = Times(),  # noqa: B008 (never changed)
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.is_on = False
        self._later = later
        self._find = find
        self._tell = tell
        self._times = times
        self._clock = clock
        self._heard = clock()
        self._typed = -math.inf
        self._pause = times.first_s
        self._is_called = False
        # Of the look that is going on; the background's own.
        self._bits: Iterator[list[str]] | None = None
        self._found: list[str] = []

    def begin(self) -> None:
        """Look from now on."""
        if not self.is_on:
            self.is_on = True
            self._put(self._pause)

    def heard(self) -> None:
        """The editor has said something."""
        before, self._heard = self._heard, self._clock()
        if self._heard - before >= self._times.away_s:
            self._call()

    def typed(self) -> None:
        """The editor has changed a text."""
        self._typed = self._clock()

    def saved(self) -> None:
        """The editor has saved a text, and others may have done so with it."""
        self._typed = -math.inf
        self._call()

    def _call(self) -> None:
        if self.is_on:
            self._is_called = True
            self._put(0.0)

    def _put(self, delay_s: float) -> None:
        self._later("changes on disk", self._work, 0, delay_s)

    def _work(self, breathe: Breathe) -> None:
        wait_s = self._typed + self._times.quiet_s - self._clock()
        if wait_s <= 0:
            try:
                wait_s = self._look()
            except Exception as error:  # one folder that is odd must not end it
                log.error("the look for changes on disk stumbled", error=repr(error))
                self._bits, wait_s = None, self._times.longest_s
        self._put(wait_s)

    def _look(self) -> float:
        """Go on with a look, or begin one; how long to wait then."""
        times, until = self._times, self._clock() + self._times.stretch_s
        if self._bits is None:
            self._bits, self._found, self._is_called = self._find(), [], False
        for bit in self._bits:
            self._found += bit
            if self._clock() >= until:
                return 0.0
        self._bits = None
        self._pause = times.first_s if self._found else min(self._pause * 2, times.longest_s)
        if self._found:
            self._tell(list(dict.fromkeys(self._found)))
        return 0.0 if self._is_called else self._pause

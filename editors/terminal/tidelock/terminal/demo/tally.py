"""What the demo observes: every observation by name, whether it held, and what was seen.

The list is fixed beforehand, so that one that was never reached counts as not held. It knows
nothing of how anything is observed.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import NamedTuple, Protocol


class Expected(NamedTuple):
    """An observation that must hold: its step, its name, the sentence it proves."""

    step: int
    name: str
    sentence: str


class Observation(NamedTuple):
    """An observation made; ``at_s`` counts from the beginning of the demo."""

    step: int
    name: str
    sentence: str
    held: bool
    seen: str
    at_s: float


class Teller(Protocol):
    """Who tells the story while it happens."""

    def step(self, number: int, title: str, text: str) -> None:
        """A step begins."""

    def observation(self, observation: Observation) -> None:
        """Something was observed."""

    def picture(self, lines: Iterable[str]) -> None:
        """What a user would have before them."""


class Tally:
    """Keeps the observations of one run and passes them on."""

    def __init__(self, expected: Iterable[Expected], teller: Teller) -> None:
        self._began = time.monotonic()
        self._expected = {one.name: one for one in expected}
        self._made: dict[str, Observation] = {}
        self.teller = teller

    def see(self, name: str, held: object, seen: str) -> None:
        """Something was observed: whether it is as it must be, and what was there."""
        expected = self._expected[name]
        elapsed = time.monotonic() - self._began
        made = Observation(*_head(expected), bool(held), seen, elapsed)
        self._made[name] = made
        self.teller.observation(made)

    def give_up(self, step: int, why: str) -> None:
        """A step ended early: what was not observed in it did not hold."""
        for expected in self._expected.values():
            if expected.step == step and expected.name not in self._made:
                self.see(expected.name, False, why)

    @property
    def observations(self) -> list[Observation]:
        """All of them, in the order of the list; those never reached did not hold."""
        elapsed = time.monotonic() - self._began
        return [
            self._made.get(name) or Observation(*_head(one), False, "not reached", elapsed)
            for name, one in self._expected.items()
        ]


def _head(expected: Expected) -> tuple[int, str, str]:
    return expected.step, expected.name, expected.sentence

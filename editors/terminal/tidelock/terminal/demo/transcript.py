"""How the demo looks: a transcript for people, or one line for each observation."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tidelock.terminal.console import Console
    from tidelock.terminal.demo.tally import Observation

_WIDTH = 100


class Transcript:
    """Steps, what was seen, and small pictures, as they come."""

    def __init__(self, console: Console) -> None:
        self._console = console

    def step(self, number: int, title: str, text: str) -> None:
        """A heading."""
        paint = self._console.paint
        heading = paint(f"{number}  {title}", "strong")
        self._console.say(f"\n{heading}  {paint(text, 'dim')}")

    def observation(self, observation: Observation) -> None:
        """A line with a mark and the time, below it what was seen."""
        paint = self._console.paint
        mark = paint("✓", "good") if observation.held else paint("✗", "error")
        time = paint(f"{observation.at_s:6.2f} s", "dim")
        self._console.say(f"{time}  {mark} {observation.sentence}")
        seen = _cut(observation.seen) if observation.held else observation.seen
        self._console.say(f"{'':12}{paint(seen, 'place' if observation.held else 'error')}")

    def picture(self, lines: Iterable[str]) -> None:
        """What a user would have before them, set off to the right."""
        for line in lines:
            self._console.say(f"{'':14}{self._console.paint(_cut(line), 'dim')}")


class Checks:
    """One line for each observation, for people and programs that check."""

    def __init__(self, console: Console) -> None:
        self._console = console

    def step(self, number: int, title: str, text: str) -> None:
        """Nothing: the lines have the step's number."""

    def observation(self, observation: Observation) -> None:
        """The line: grade, step, name, sentence, what was seen."""
        grade = "ok  " if observation.held else "FAIL"
        painted = self._console.paint(grade, "good" if observation.held else "error")
        head = f"{observation.step} {observation.name}"
        self._console.say(f"{painted} {head}: {observation.sentence} ({observation.seen})")

    def picture(self, lines: Iterable[str]) -> None:
        """Nothing."""


def _cut(text: str) -> str:
    return text if len(text) <= _WIDTH else text[: _WIDTH - 1] + "…"

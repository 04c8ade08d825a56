"""The programs and the scenarios in which the debugger's cost is measured.

A scenario says what is done to Tidelock's runtime before the program is timed in it; a line of
a program is named by a mark in its text (``--@hot``).
"""

from __future__ import annotations

import os
from typing import NamedTuple

FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "lua")


class Program(NamedTuple):
    """A program and what its conditions are made of.

    ``sizes`` are its argument for an interpreter, for LuaJIT's compiler, and where hooks make it
    slow; ``local_name`` is a variable that the hot line sees and that is never -1; ``never`` is
    an expression that is false there, but would raise for a value of another type.
    """

    name: str
    sizes: tuple[int, int, int]
    local_name: str
    never: str

    @property
    def path(self) -> str:
        return os.path.join(FOLDER, f"{self.name}.lua")

    @property
    def text(self) -> str:
        with open(self.path, encoding="utf-8") as file:
            return file.read()

    def line(self, mark: str) -> int:
        """The one-based line of a mark.

        Raises:
            KeyError: no line has it.
        """
        for number, line in enumerate(self.text.splitlines(), 1):
            if line.endswith(f"--@{mark}"):
                return number
        raise KeyError(mark)


PROGRAMS = {
    program.name: program
    for program in (
        Program("fib", (31, 36, 25), "n", "n > 1000000000"),
        Program("nbody", (55_000, 600_000, 4_000), "i", "i > 1000000000"),
        Program("strtab", (25_000, 60_000, 2_500), "word", "#word > 1000"),
    )
}


class Scenario(NamedTuple):
    """What is done before the program is timed.

    ``mark`` is the line that gets a breakpoint and ``condition`` its condition (``{name}`` is the
    program's variable, ``{never}`` its expression); ``is_late`` sets it when the program is
    loaded already; ``is_paused`` pauses the program and lets it go on before; ``command`` resumes
    a stop in front of the program with a step; ``is_slow`` takes the small size. ``bar`` is what
    the ratio to the plain program may be, 0 for anything.
    """

    text: str
    attached: bool = False
    mark: str = ""
    condition: str = ""
    is_late: bool = False
    is_paused: bool = False
    command: str = ""
    is_slow: bool = False
    bar: float = 0.0


NOISE = "noise"
SCENARIOS: dict[str, Scenario] = {
    NOISE: Scenario("plain lupa against itself: the noise"),
    "none": Scenario("Tidelock, no debugging"),
    "attached": Scenario("attached, no breakpoint", attached=True, bar=1.02),
    "paused": Scenario("paused before and resumed", attached=True, is_paused=True, bar=1.02),
    "never": Scenario("breakpoint in the hot function, never reached", True, "never", bar=1.05),
    "cold": Scenario("breakpoint in a function that is not called", True, "cold", bar=1.05),
    "bare": Scenario("false condition on the hot line", True, "hot", "{name} == -1", bar=1.3),
    "bare long": Scenario(
        "the same with and, or, not",
        True,
        "hot",
        "not ({name} ~= -1 and {name} ~= 'moon' or {name} == nil)",
        bar=1.3,
    ),
    "compare": Scenario(
        "a condition that may raise", True, "hot", "{never}", is_slow=True, bar=10.0
    ),
    "call": Scenario(
        "a condition with a call", True, "hot", "type({name}) == 'nil'", is_slow=True, bar=10.0
    ),
    "late": Scenario(
        "breakpoint set after loading, elsewhere", True, "cold", is_late=True, bar=1.05
    ),
    "late hot": Scenario(
        "the same, a false condition on the hot line",
        True,
        "hot",
        "{name} == -1",
        is_late=True,
        bar=3.0,
    ),
    "step over": Scenario("a step over the whole program", True, command="next", is_slow=True),
    "step out": Scenario("a step out of it", True, command="stepOut", is_slow=True),
}

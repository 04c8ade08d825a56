"""Steps that pass the border between Lua and Python, where a Python debugger is in the process.

A step ends on one side and begins on the other: into a function that is called across, and out of
one that was. Each side has one at most; here is decided at every crossing which of them lives on.
Nothing is asked, and nothing paid, until ``use`` was called.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol


class PythonSteps(Protocol):
    """A debugger of Python; called on the lane only."""

    def is_there(self) -> bool:
        """Whether somebody debugs Python at all."""

    def is_under_way(self) -> bool:
        """Whether a step has begun that did not come to its stop yet."""

    def is_inward(self) -> bool:
        """Whether it stops in functions that are called."""

    def begin(self) -> None:
        """Stop at the next line of the program's Python, as a step does."""

    def end(self) -> None:
        """Give up the step that is under way."""


_steps: list[PythonSteps] = []
"""The one of this process, once there is one."""


def use(steps: PythonSteps) -> None:
    """Have steps pass the border from now on, in every Lua state of the process."""
    _steps[:] = [steps]


def into_python(here: Any, work: Mapping[str, Any]) -> IntoPython | None:
    """Lua is about to call Python; ``back`` is due when it is done.

    Args:
        here: calls a Lua function in the coroutine that calls.
        work: the Lua functions of ``python.work``.
    """
    return IntoPython(_steps[0], here, work) if _steps and _steps[0].is_there() else None


def into_lua(here: Any, work: Mapping[str, Any]) -> IntoLua | None:
    """Python is about to call Lua; as ``into_python``."""
    return IntoLua(_steps[0], here, work) if _steps and _steps[0].is_there() else None


class _Crossing:
    def __init__(self, steps: PythonSteps, here: Any, work: Mapping[str, Any]) -> None:
        self._steps = steps
        self._here = here
        self._work = work

    def _ask(self, name: str) -> Any:
        return self._here(self._work[name].inner)


class IntoPython(_Crossing):
    """One call of Python by Lua."""

    def __init__(self, steps: PythonSteps, here: Any, work: Mapping[str, Any]) -> None:
        super().__init__(steps, here, work)
        # One that is under way further out goes on when this call is over.
        self._is_alien = steps.is_under_way()
        if not self._is_alien and self._ask("take_step_in"):
            steps.begin()

    def back(self) -> None:
        """The call is over: a step that is still under way ends in Lua."""
        if not self._is_alien and self._steps.is_under_way():
            self._steps.end()
            self._ask("step")


class IntoLua(_Crossing):
    """One call of Lua by Python."""

    def __init__(self, steps: PythonSteps, here: Any, work: Mapping[str, Any]) -> None:
        super().__init__(steps, here, work)
        self._alien = self._ask("step_number")
        if steps.is_inward():
            steps.end()
            self._ask("step")

    def back(self) -> None:
        """The call is over: a step that began in it ends in Python."""
        number = self._ask("step_number")
        if number is not None and number != self._alien:
            self._ask("drop_step")
            self._steps.begin()

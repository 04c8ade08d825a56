"""The time that the expression of a breakpoint may take, kept by looking at it from outside.

A look marks the evaluation that lasts with a number, which costs those that end in time nothing;
here is what one look tells the next. It never touches Lua.
"""

from __future__ import annotations

import time

_LOOKS = 4
"""Looks per budget: an evaluation is ended after a quarter more than it may take, at most."""
_AGAIN_S = 0.02


class Budget:
    """Which evaluation lasts, since when it is known, and when to look again.

    Args:
        seconds: how long one may take; 0 for any time.

    One thread looks (``left``, ``begin``), the lane answers (``saw``, ``is_over``).
    """

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.is_wanted = False
        self._number = 0
        self._since = 0.0
        self._next = 0.0
        self._is_asked = False

    def left(self) -> float | None:
        """Seconds until the next look; None while there is nothing to look for."""
        if not self.is_wanted or not self.seconds or self._is_asked:
            return None
        return max(self._next - time.monotonic(), 0.0)

    def begin(self) -> int:
        """A look begins: the number of the evaluation that is overdue, or 0."""
        self._is_asked = True
        is_overdue = self._number and time.monotonic() - self._since >= self.seconds
        return self._number if is_overdue else 0

    def saw(self, number: int) -> None:
        """What a look saw: the evaluation that lasts, 0 for none."""
        now = time.monotonic()
        if number != self._number:
            self._number, self._since = number, now
        wait = self.seconds / _LOOKS
        if number:
            wait = min(wait, max(self._since + self.seconds - now, _AGAIN_S))
        self._next = now + wait
        self._is_asked = False

    def is_over(self, number: int) -> bool:
        """Whether an evaluation that asks about itself has taken too long."""
        if not self.seconds:
            return False
        if number != self._number:
            self._number, self._since = number, time.monotonic()
        return time.monotonic() - self._since >= self.seconds

    @property
    def text(self) -> str:
        """What to say of an expression that took too long."""
        return f"it ran longer than {self.seconds * 1000:g} ms"

"""Python's collector of cycles, held off while the many objects of a long text are made at once.

It is called upon by every 700 new objects, finds nothing (trees have no cycles) and takes a third
of the time. For short texts it is left alone, and whoever has switched it off finds it off.
"""

from __future__ import annotations

import gc
from typing import final

_LONG = 1_000
"""From how many characters on a text is long: some thirty lines."""


@final
class HeldOff:
    """While the block runs; of threads that overlap, the first that came ends it for all."""

    __slots__ = ("_wanted",)

    def __init__(self, text: str) -> None:
        self._wanted = len(text) >= _LONG

    def __enter__(self) -> None:
        self._wanted = self._wanted and gc.isenabled()
        if self._wanted:
            gc.disable()

    def __exit__(self, *_: object) -> None:
        if self._wanted:
            gc.enable()

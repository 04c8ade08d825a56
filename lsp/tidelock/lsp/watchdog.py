"""Tells of the document lane when it hangs: every text and every request waits for it.

It is asked from a thread that does nothing else, and asks nothing of the lane but since when it
has been at its job.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, final

from tidelock.shared import threads
from tidelock.shared.log import layer

if TYPE_CHECKING:
    from tidelock.lsp.work import Lane

log = layer("lsp")

_HANGS_S = 1.0


@final
class Watchdog:
    """Looks at a lane, from one thread.

    Args:
        lane: the lane.
        tell: called when it begins to hang and when it goes on, with whether it hangs.
        hangs_s: how long a job may take.
        clock: that of the lane.
    """

    def __init__(
        self,
        lane: Lane,
        tell: Callable[[bool], None],
        hangs_s: float = _HANGS_S,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._lane = lane
        self._tell = tell
        self._hangs_s = hangs_s
        self._clock = clock
        self._told: float | None = None

    def look(self) -> None:
        """See whether it hangs; what every thread does is logged once for each job that does."""
        began = self._lane.began
        if began is not None and self._clock() - began < self._hangs_s:
            began = None
        if began == self._told:
            return
        if began is not None:
            why = f"the documents have waited {self._hangs_s:g} s for one job"
            log.error("\n".join([why, *threads.stacks()]))
        if (began is None) is not (self._told is None):
            self._tell(began is not None)
        self._told = began

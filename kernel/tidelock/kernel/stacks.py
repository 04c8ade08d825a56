"""What every thread of a kernel does, written to the log: when asked, and when the loop hangs.

Whoever looks is none of the threads that may hang; nothing is asked of Lua or of the loop.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from tidelock.shared import threads
from tidelock.shared.log import layer

if TYPE_CHECKING:
    from tidelock.kernel.server import Kernel

log = layer("kernel")

_HANGS_S = 10.0


def write(kernel: Kernel, why: str) -> None:
    """Write the state of a kernel and the stacks of all its threads, at the level of errors."""
    from tidelock.kernel.questions import state_name

    lines = [
        why,
        f"state {state_name(kernel)}, {kernel.context.runtime.queued} waiting, "
        f"{kernel.clients.count()} clients, {kernel.channels.subscribers} subscribers, "
        f"turn {kernel.loop.turns}",
    ]
    log.error("\n".join([*lines, *threads.stacks()]))


class Watchdog:
    """A thread that tells of a turn of the loop that takes too long, once for each.

    While the kernel has nothing to do it sleeps without a timer.
    """

    def __init__(self, kernel: Kernel, hangs_s: float = _HANGS_S) -> None:
        self._kernel = kernel
        self._hangs_s = hangs_s
        self._woke = kernel.loop.woke = threading.Event()
        threading.Thread(target=self._watch, name="tidelock-watchdog", daemon=True).start()

    def _watch(self) -> None:
        loop, ended = self._kernel.loop, self._kernel.stopped
        while not ended.is_set():
            self._woke.wait()
            seen, told = loop.turns, -1
            while not ended.wait(self._hangs_s):
                if loop.turns != seen:
                    seen = loop.turns
                elif loop.is_waiting:
                    self._woke.clear()
                    if loop.is_waiting and loop.turns == seen:
                        break
                elif told != seen:
                    told = seen
                    why = f"the loop has not come round for {self._hangs_s:g} s"
                    write(self._kernel, why)

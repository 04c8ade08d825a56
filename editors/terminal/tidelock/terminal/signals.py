"""Ctrl-C and SIGTERM while a script runs.

The first Ctrl-C interrupts Lua, a second one within two seconds ends the command. SIGTERM
interrupts and ends it as soon as the interrupt is done, at the latest after a grace. Outside
the ``with`` block the signals do what they did before.
"""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable
from typing import Any, Self

from tidelock.terminal import exits

_AGAIN_S = 2.0
_GRACE_S = 1.5


class Signals:
    """The signals of the foreground execution; to be used on the main thread.

    Args:
        interrupt: interrupts Lua; must not block.
    """

    def __init__(self, interrupt: Callable[[], object]) -> None:
        self._interrupt = interrupt
        self._last = 0.0
        self._before: dict[int, Any] = {}
        self.terminated = False

    def __enter__(self) -> Self:
        self._last = 0.0
        if threading.current_thread() is threading.main_thread():
            for number, handler in ((signal.SIGINT, self._int), (signal.SIGTERM, self._term)):
                self._before[number] = signal.signal(number, handler)
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)
        self._before.clear()

    def _int(self, *_: object) -> None:
        now = time.monotonic()
        if self._last and now - self._last < _AGAIN_S:
            # Everything said so far is written; Lua may be deep in a call that never returns.
            os._exit(exits.INTERRUPTED)
        self._last = now
        self._interrupt()

    def _term(self, *_: object) -> None:
        if self.terminated:
            return
        self.terminated = True
        self._interrupt()
        last = threading.Timer(_GRACE_S, os._exit, [exits.TERMINATED])
        last.daemon = True
        last.start()

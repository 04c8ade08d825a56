"""A kernel's process seen from outside: whether it has ended, and how to end it.

Numbers of processes are used again, so it is held on to from the beginning where the platform
can (a pidfd), and its start time is compared before it is signalled.
"""

from __future__ import annotations

import os
import select
import signal
import time
from types import TracebackType
from typing import Self

from tidelock.shared.link.connection import Connection
from tidelock.shared.link.registry import lives

_POLL_S = 0.02


class Process:
    """The process of a kernel; to be used in a ``with`` block."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._handle = -1

    def __enter__(self) -> Self:
        if hasattr(os, "pidfd_open") and lives(self._connection):
            try:
                self._handle = os.pidfd_open(self._connection.pid)
            except OSError:
                self._handle = -1
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._handle >= 0:
            os.close(self._handle)

    def wait(self, seconds: float) -> bool:
        """Wait for its end; whether it has ended."""
        if self._handle >= 0:
            ended, _, _ = select.select([self._handle], [], [], seconds)
            return bool(ended)
        deadline = time.monotonic() + seconds
        while lives(self._connection):
            if time.monotonic() > deadline:
                return False
            time.sleep(_POLL_S)
        return True

    def send(self, number: signal.Signals) -> None:
        """Send a signal, unless it has ended."""
        try:
            if self._handle >= 0:
                signal.pidfd_send_signal(self._handle, number)
            elif lives(self._connection):
                os.kill(self._connection.pid, number)
        except ProcessLookupError:
            return

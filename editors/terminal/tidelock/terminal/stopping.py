"""Stopping a kernel: by asking, then by TERM, then by KILL; its file goes in any case.

It signals no process but the kernel's.
"""

from __future__ import annotations

import signal
from typing import Literal

from tidelock.shared.config import Settings
from tidelock.shared.errors import KernelError
from tidelock.shared.link import registry
from tidelock.shared.link.connection import Connection
from tidelock.terminal.kernels import connected
from tidelock.terminal.process import Process

How = Literal["graceful", "forced", "was already stopped"]
_TERM_S = 2.0
_KILL_S = 2.0


def stop(connection: Connection, settings: Settings, patience_s: float) -> How:
    """Stop a kernel and say how.

    Args:
        connection: which.
        settings: the options of this command.
        patience_s: how long an orderly stop may take before signals are sent.

    Raises:
        KernelError: its process does not end.
    """
    with Process(connection) as process:
        how: How = "graceful"
        if connection.pid and process.wait(0):
            how = "was already stopped"
        elif not _asked(connection, settings, process, patience_s):
            how = "forced"
            process.send(signal.SIGTERM)
            if not process.wait(_TERM_S):
                process.send(signal.SIGKILL)
                if not process.wait(_KILL_S):
                    raise KernelError(f"process {connection.pid} of the kernel does not end")
    _forget(connection)
    return how


def _asked(connection: Connection, settings: Settings, process: Process, patience_s: float) -> bool:
    """Ask for an orderly stop; whether the process then ended in time."""
    with connected(connection, settings) as client:
        answer = client.shutdown()
        if not connection.pid:  # a file that does not tell the process: the answer must do
            if answer.wait(patience_s) and answer.error is None:
                return True
            raise KernelError("the kernel does not answer, and its file names no process")
        return process.wait(patience_s)


def _forget(connection: Connection) -> None:
    """Remove the kernel's file, if it did not do so itself."""
    if connection.kernel_id:
        registry.forget(registry.path_of(connection.kernel_id))

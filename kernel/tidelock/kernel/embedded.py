"""A kernel inside the caller's process: the same code, the same signed messages over inproc.

There is no shorter way from its client to the Context than such a message.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import zmq

from tidelock.kernel.server import DebugPort, Kernel
from tidelock.shared.config import Settings
from tidelock.shared.context import Context
from tidelock.shared.link.client import KernelClient
from tidelock.shared.link.connection import Connection


def _no_policy() -> dict[str, Any]:
    """Policies protect clients from each other; a kernel in one's own process has no others."""
    defaults = Settings._field_defaults.items()
    return {name: value for name, value in defaults if name.startswith("kernel_policy_")}


class EmbeddedKernel:
    """A kernel and its client in one process, with a ZeroMQ context of their own.

    Args:
        settings: the options in force.
        workspace: the folder it serves.
        debug_port: makes what answers ``debug_request``.

    Raises:
        KernelError: Lua cannot be opened.
    """

    def __init__(
        self,
        settings: Settings,
        workspace: str = "",
        debug_port: Callable[[Kernel], DebugPort] | None = None,
    ) -> None:
        self._zmq: zmq.Context[Any] = zmq.Context()
        context = Context(settings._replace(**_no_policy()), workspace=workspace)
        connection = Connection(
            transport="inproc",
            ip=f"tidelock-{context.id}",
            shell_port=1, iopub_port=2, stdin_port=3, control_port=4, hb_port=5,
            key=os.urandom(32).hex(),
            kernel_id=context.id,
            workspace=workspace,
            lua=settings.lua_version,
        )  # fmt: skip
        self.kernel = Kernel(context, connection, zmq_context=self._zmq, debug_port=debug_port)
        self.kernel.start()
        self.client = KernelClient(self.kernel.connection, self._zmq)

    def close(self) -> None:
        """Stop the kernel and its client; no thread or socket stays behind."""
        self.client.close()
        self.kernel.stop()
        self._zmq.term()

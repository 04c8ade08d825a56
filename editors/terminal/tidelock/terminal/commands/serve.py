"""``tidelock lsp`` and ``tidelock dap``: what editors start, speaking on standard streams."""

from __future__ import annotations

import os
import socket
import sys
import threading
from typing import TYPE_CHECKING

from tidelock.shared.errors import KernelError, UsageError
from tidelock.shared.log import layer
from tidelock.terminal import exits
from tidelock.terminal.invocation import Invocation

if TYPE_CHECKING:
    from tidelock.shared.config import Settings
    from tidelock.shared.link.connection import Connection

log = layer("dap")


def lsp(invocation: Invocation) -> int:
    """Be the language server until the editor ends it."""
    workspace = invocation.workspace()
    settings = invocation.settings(workspace)
    from tidelock.lsp.server import serve
    from tidelock.shared.runtime.check import Checker

    use_kernel = not invocation.options.no_kernel
    return serve(
        Checker().refusal,
        settings,
        workspace,
        settings_of=invocation.settings,
        use_kernel=use_kernel,
    )


def dap(invocation: Invocation) -> int:
    """Pass DAP between an editor and a kernel's debug adapter."""
    options = invocation.options
    if options.stdio and options.tcp is not None:
        raise UsageError("--stdio and --tcp are two ways to be reached", "give one of them")
    if options.tcp is not None:
        return _listen(invocation, options.tcp)
    from tidelock.dap import relay

    source, sink = sys.stdin.buffer, sys.stdout.buffer
    try:
        return relay.relay(_kernel(invocation), source, sink)
    except KernelError as error:
        relay.refuse(source, sink, str(error))
        raise


def _kernel(invocation: Invocation) -> Connection:
    """The kernel to debug: the one that is named, else the workspace's, started if need be.

    Raises:
        KernelError: there is none.
    """
    workspace = invocation.workspace()
    settings: Settings = invocation.settings(workspace)
    if invocation.options.connect:
        from tidelock.shared.link import registry

        return registry.resolve(invocation.options.connect)
    from tidelock.shared.link.start import find_or_start

    return find_or_start(workspace, settings, may_start=settings.kernel_auto_start)


def _listen(invocation: Invocation, port: int) -> int:
    """Relay every connection to a port of loopback until interrupted.

    Raises:
        KernelError: the port is taken.
    """
    try:
        listener = socket.create_server(("127.0.0.1", port))
    except OSError as error:
        why = os.strerror(error.errno or 0)
        raise KernelError(f"port {port}: {why}", "choose another, or 0") from None
    with listener:
        invocation.console.note(f"DAP listening on 127.0.0.1:{listener.getsockname()[1]}")
        while True:
            client, _ = listener.accept()
            threading.Thread(
                target=_relay_one, args=[invocation, client], name="tidelock-dap", daemon=True
            ).start()


def _relay_one(invocation: Invocation, client: socket.socket) -> int:
    """One client on the port, to its end."""
    from tidelock.dap import relay

    client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    with client, client.makefile("rb", buffering=0) as source, client.makefile("wb") as sink:
        try:
            return relay.relay(_kernel(invocation), source, sink)
        except KernelError as error:
            log.error("no kernel to debug", error=str(error))
            relay.refuse(source, sink, str(error))
            return exits.KERNEL
        finally:
            _end(client)


def _end(client: socket.socket) -> None:
    """Wake the relay's reader, which may still wait for the client."""
    try:
        client.shutdown(socket.SHUT_RDWR)
    except OSError:
        return

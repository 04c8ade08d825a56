"""Where the faces are joined: the only module that sees kernel and dap together.

It fills the ports that the faces leave open and holds no logic of its own.
"""

from __future__ import annotations

import _socket
from typing import TYPE_CHECKING

from tidelock.kernel.launch import Endpoint
from tidelock.shared.config import Settings
from tidelock.shared.errors import KernelError
from tidelock.shared.link.connection import DAP_HOST

if TYPE_CHECKING:
    from tidelock.dap.client import Channel, Open, Receive
    from tidelock.dap.session import Console
    from tidelock.kernel.embedded import EmbeddedKernel
    from tidelock.kernel.server import DebugPort, Kernel
    from tidelock.shared.link.connection import Connection
    from tidelock.shared.link.wire import Content


def debug_port(kernel: Kernel) -> DebugPort:
    """What answers ``debug_request`` in a kernel."""
    from tidelock.dap.notebook import Notebook

    def publish(event: Content) -> None:
        parent = kernel.running_parent()
        if parent is None:
            last = kernel.last_debug_request
            parent = last.raw_header if last is not None else b"{}"
        kernel.channels.publish("debug_event", event, parent)

    notebook = Notebook(kernel.context, kernel.loop.call, publish)
    kernel.cell_chunk = notebook.cell_chunk
    return notebook


def debug_endpoint(settings: Settings, key: str, descriptor: int = -1) -> Endpoint:
    """The debug adapter's port, listening; its code is loaded when the first client comes.

    Args:
        settings: the options in force.
        key: what a client has to know.
        descriptor: a socket that listens already, -1 for none.

    Raises:
        KernelError: the port is taken.
    """
    listener = _listening(settings.kernel_dap_port, descriptor)
    listener.setblocking(False)

    def serve(kernel: Kernel) -> None:
        def accept() -> None:
            import socket

            from tidelock.dap.endpoint import Connection

            try:
                descriptor, _ = listener._accept()  # type: ignore[attr-defined]  # what socket.accept calls
            except OSError:
                return
            client = socket.socket(fileno=descriptor)
            console = console_command(kernel.connection.kernel_id)
            admit = kernel.clients.check_room
            Connection(client, kernel.context, kernel.loop, key, console, admit)

        kernel.loop.watch(listener.fileno(), accept)

    return Endpoint(listener.getsockname()[1], serve)


def _listening(port: int, descriptor: int) -> _socket.socket:
    if descriptor >= 0:
        return _socket.socket(fileno=descriptor)
    listener = _socket.socket(_socket.AF_INET, _socket.SOCK_STREAM)  # socket costs 3 ms more
    listener.setsockopt(_socket.SOL_SOCKET, _socket.SO_REUSEADDR, 1)
    try:
        listener.bind((DAP_HOST, port))
    except OSError as error:
        listener.close()
        raise KernelError(
            f"port {port} for the debug adapter: {error.strerror}",
            "choose another kernel.dap_port, or 0",
        ) from None
    listener.listen(16)
    return listener


def console_command(kernel_id: str) -> Console:
    """The command line that is the console of a program on a registered kernel."""

    def command(program: str) -> list[str]:
        import sys

        from tidelock.shared.link import registry

        words = [sys.executable, "-m", "tidelock.terminal", "kernel", "console", program]
        return [*words, "--connect", registry.path_of(kernel_id)]

    return command


def embedded(settings: Settings, workspace: str) -> EmbeddedKernel:
    """A kernel in this process, with everything a kernel process has but the ports."""
    from tidelock.kernel.embedded import EmbeddedKernel

    return EmbeddedKernel(settings, workspace, debug_port)


class _Inside:
    """A channel to a debug session in this process; its client is trusted."""

    def __init__(self, kernel: Kernel, receive: Receive) -> None:
        from tidelock.dap.session import Session

        self._call = kernel.loop.call
        self._session = Session(kernel.context, receive, kernel.loop.call, trusted=True)

    def send(self, message: Content) -> None:
        """Hand one message over."""
        self._call(lambda: self._session.receive(message))

    def close(self) -> None:
        """End the session."""
        self._call(lambda: self._session.end(stop_program=False))


def debug_inside(kernel: EmbeddedKernel) -> Open:
    """Opens debug sessions on a kernel in this process."""
    return lambda receive: _Inside(kernel.kernel, receive)


def debug_behind(connection: Connection) -> Open:
    """Opens debug sessions on a kernel's port.

    Opening raises KernelError when the kernel has no adapter or refuses.
    """

    def open_channel(receive: Receive) -> Channel:
        from tidelock.dap import client, relay

        return client.Port(relay.connect(connection), receive)

    return open_channel

"""``tidelock kernel start``: a kernel in this process, or one that detaches."""

from __future__ import annotations

import contextlib
import os
import re
from typing import TYPE_CHECKING

from tidelock.shared.errors import KernelError, UsageError
from tidelock.shared.link import registry
from tidelock.shared.link.connection import DAP_HOST, Connection
from tidelock.terminal import daemon, exits
from tidelock.terminal.commands.kernel import facts_of
from tidelock.terminal.invocation import Invocation

if TYPE_CHECKING:
    from tidelock.kernel.launch import Block
    from tidelock.shared.config import Settings

_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
_LOOPBACK = ("127.", "::1", "localhost")


def start(invocation: Invocation) -> int:
    """Serve a kernel until it is stopped, here or in the background."""
    options = invocation.options
    workspace = invocation.workspace()
    settings = _settings(invocation, workspace)
    if options.id:
        _check_id(options.id)
    ready = daemon.Ready.inherited()
    if options.daemon and ready is None:
        _check_shared(options.id, workspace)
        _warn_of_strangers(invocation, settings)
        connection, path = daemon.start(invocation, settings, workspace)
        _introduce(invocation, connection, path)
        return exits.DONE
    with contextlib.ExitStack() as held:
        if not options.id:
            held.enter_context(registry.lock(workspace))
            _check_shared(options.id, workspace)
        if ready is not None or settings.log_file:
            name = ready.kernel_id if ready is not None else ""
            path = daemon.log_of(settings, name, workspace)
            daemon.log_to(settings, path, takes_output=ready is not None)
        return _serve(invocation, settings, workspace, held, ready)


def _serve(
    invocation: Invocation,
    settings: Settings,
    workspace: str,
    held: contextlib.ExitStack,
    ready: daemon.Ready | None,
) -> int:
    """Be the kernel; what is ``held`` is let go when it can be found."""
    options = invocation.options
    from tidelock.kernel import launch as kernel
    from tidelock.terminal import compose

    if ready is None:
        _warn_of_strangers(invocation, settings)
    block = _ports(invocation, settings)
    plan = kernel.Plan(
        workspace=workspace,
        kernel_id=options.id or (ready.kernel_id if ready is not None else ""),
        shared=not options.id,
        idle_timeout_s=options.idle_timeout or 0.0,
        foreground=ready is None,
        port=block.first if block else 0,
    )

    def serves(connection: Connection, path: str) -> None:
        if ready is not None:
            ready.tell(path, connection)
        held.close()
        if ready is None:
            _introduce(invocation, connection, path)

    with daemon.pid_file(options.pid_file):
        return kernel.launch(
            plan,
            settings,
            endpoint=lambda key: compose.debug_endpoint(
                settings, key, block.debugger if block else -1
            ),
            debug_port=compose.debug_port,
            listening=block.channels if block else None,
            ready=serves,
            reread=None if ready is None else lambda: _settings(invocation, workspace),
        )


def _settings(invocation: Invocation, workspace: str) -> Settings:
    """The options in force, those among the command's flags included."""
    options = invocation.options
    flags = {
        "kernel.ip": options.ip,
        "kernel.port": options.port,
        "kernel.transport": options.transport,
        "kernel.dap_port": options.dap_port,
        "kernel.max_clients": options.max_clients,
        "log.file": os.path.abspath(options.log_file) if options.log_file else None,
        "log.rotate_size": options.log_rotate_size,
        "log.rotate_count": options.log_rotate_count,
    }
    given = [f"{key}={value}" for key, value in flags.items() if value is not None]
    return invocation.settings(workspace, *given)


def _ports(invocation: Invocation, settings: Settings) -> Block | None:
    """The ports that the kernel is to have, taken; None for any.

    Raises:
        KernelError: those that are named are taken.
    """
    if settings.kernel_transport != "tcp" or not settings.kernel_port:
        return None
    from tidelock.kernel import launch as kernel

    return kernel.listen_block(
        settings.kernel_ip,
        settings.kernel_port,
        exactly=invocation.options.port is not None,
        dap=not settings.kernel_dap_port,
    )


def _warn_of_strangers(invocation: Invocation, settings: Settings) -> None:
    if settings.kernel_transport == "tcp" and not settings.kernel_ip.startswith(_LOOPBACK):
        invocation.console.warn(
            f"the channels listen on {settings.kernel_ip}: messages are signed, not encrypted"
        )


def _check_shared(name: str | None, workspace: str) -> None:
    """Refuse a second kernel for a workspace.

    Raises:
        KernelError: it has one.
    """
    running = None if name else registry.shared_kernel(workspace)
    if running is not None:
        raise KernelError(
            f"{running.kernel_id} is the kernel of {workspace} already",
            "stop it, or start one of its own with --id",
        )


def _check_id(name: str) -> None:
    """Refuse an id that is malformed or in use.

    Raises:
        UsageError: it is.
    """
    if not _ID.fullmatch(name) or name.startswith("."):
        raise UsageError(f"--id {name!r}: up to 64 letters, digits, '.', '_' and '-' make an id")
    for entry in registry.scan(check=False):
        if entry.connection and entry.connection.kernel_id == name and entry.health != "dead":
            raise UsageError(f"a kernel {name} is running", "choose another id, or stop it")


def _introduce(invocation: Invocation, connection: Connection, path: str) -> None:
    console = invocation.console
    name = connection.kernel_id
    console.say(f"Kernel {console.paint(name, 'strong')}, Lua {connection.lua}")
    console.say(f"  workspace        {connection.workspace}")
    if invocation.options.daemon:
        console.say(f"  process          {connection.pid}")
    console.say(f"  shell            {connection.address('shell')}")
    console.say(f"  debug adapter    {DAP_HOST}:{connection.dap_port}")
    console.say(f"  connection file  {path or 'not registered'}")
    how = f"'tidelock kernel stop {name}' stops it."
    console.say(how if invocation.options.daemon else f"Ctrl-C or {how}")
    console.document({**facts_of(connection), "connection_file": path})

"""Which kernel a command uses: one in its own process, or one that is named.

A running kernel is never joined silently, and none is started in place of one that is missing.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from tidelock.shared.errors import KernelError, UsageError

if TYPE_CHECKING:
    from tidelock.dap.client import Open
    from tidelock.shared.config import Settings
    from tidelock.shared.link.client import KernelClient
    from tidelock.shared.link.connection import Connection
    from tidelock.shared.link.wire import Content
    from tidelock.terminal.invocation import Invocation


class Link(NamedTuple):
    """A client that is ready; ``is_embedded`` tells whose process the kernel lives in.

    ``debug`` opens debug sessions there.
    """

    client: KernelClient
    info: Content
    is_embedded: bool
    debug: Open


@contextlib.contextmanager
def used(
    invocation: Invocation, settings: Settings, workspace: str, *, is_conversation: bool = False
) -> Iterator[Link]:
    """The kernel that the flags name, for the time of a command.

    One in this process shares the workspace's history only if somebody converses with it: what
    a single command runs stands in the shell's history, and it leaves no file behind.

    Raises:
        UsageError: the flags contradict each other.
        KernelError: the named kernel is not there or does not answer.
    """
    from tidelock.terminal import compose

    named = wanted(invocation, workspace)
    if named is None:
        if not is_conversation:
            settings = settings._replace(store_backend="memory")
        kernel = compose.embedded(settings, workspace)
        try:
            info = kernel.client.wait_ready(settings.client_connect_timeout_s)
            yield Link(kernel.client, info, True, compose.debug_inside(kernel))
        finally:
            kernel.close()
        return
    with connected(named, settings) as client:
        info = client.wait_ready(settings.client_connect_timeout_s)
        _check_versions(info, invocation)
        yield Link(client, info, False, compose.debug_behind(named))


def wanted(invocation: Invocation, workspace: str) -> Connection | None:
    """The running kernel that the flags name; None for an embedded one.

    Raises:
        UsageError: the flags contradict each other.
        KernelError: there is no such kernel.
    """
    options = invocation.options
    if not (options.connect or options.workspace_kernel):
        return None
    if options.connect and options.workspace_kernel:
        raise UsageError("--connect and --workspace-kernel name two kernels", "give one of them")
    if getattr(options, "lua", None):
        raise UsageError("--lua chooses the Lua of an embedded kernel", "a running one has its own")
    from tidelock.shared.link import registry

    if options.connect:
        return registry.resolve(options.connect)
    found = registry.shared_kernel(workspace)
    if found is None:
        raise KernelError(f"no kernel runs for {workspace}", "start one: tidelock kernel start")
    return found


@contextlib.contextmanager
def connected(connection: Connection, settings: Settings) -> Iterator[KernelClient]:
    """A client of a running kernel, not yet known to answer."""
    from tidelock.shared.link.client import KernelClient

    client = KernelClient(connection, heartbeat_s=settings.client_heartbeat_interval_ms / 1000)
    try:
        yield client
    finally:
        client.close()


def _check_versions(info: Content, invocation: Invocation) -> None:
    from tidelock.shared.version import VERSION

    protocol, theirs = str(info.get("protocol_version")), info.get("implementation_version")
    if protocol.split(".")[0] != "5":
        raise KernelError(f"the kernel speaks version {protocol} of the protocol, not 5")
    if info.get("implementation") != "tidelock":
        raise KernelError(f"that kernel is {info.get('implementation')!r}, not Tidelock")
    if theirs != VERSION:
        invocation.console.warn(f"the kernel is Tidelock {theirs}, this command {VERSION}")

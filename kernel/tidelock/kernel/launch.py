"""A kernel process: from a connection file or a workspace to a kernel that serves.

Listens before it imports what it needs, registers itself, watches its parent, ends in order.
It imports nothing before the first reply that the first reply does not need.
"""

from __future__ import annotations

import errno
import json
import os
import signal
import sys
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from tidelock.kernel.server import DebugPort, Kernel
    from tidelock.shared.config import Settings
    from tidelock.shared.link.connection import Connection

_PORTS = ("shell_port", "iopub_port", "stdin_port", "control_port", "hb_port")
_SWITCH_S = 0.001
_PARENT_CHECK_S = 1.0
_IDLE_CHECK_S = 5.0


class Plan(NamedTuple):
    """What kind of kernel process to be.

    ``connection_file`` is one that Jupyter handed in; ``shared`` makes it the one kernel of
    the workspace; ``idle_timeout_s`` ends it after that time unused (0: never);
    ``foreground`` lets an interrupt stop it while idle; ``port`` is the first of the five that
    it takes in their order (0: any).
    """

    workspace: str
    kernel_id: str = ""
    connection_file: str = ""
    shared: bool = False
    idle_timeout_s: float = 0.0
    foreground: bool = False
    port: int = 0


class Endpoint(NamedTuple):
    """A debug adapter's listening port, and what begins to serve it."""

    port: int
    serve: Callable[[Kernel], None]


def listen_first(fields: dict[str, Any]) -> dict[str, int]:
    """Listen on the ports of a connection file at once, before ZeroMQ is imported.

    A client that connects while the kernel still starts then gets through at its first try
    instead of a tenth of a second later. TCP only; gives file descriptors by channel.
    """
    import _socket  # the plain module: socket costs 7 ms more

    if fields.get("transport", "tcp") != "tcp":
        return {}
    found = {}
    for name in _PORTS:
        port = fields.get(name)
        if not isinstance(port, int) or port <= 0:
            continue
        made = _socket.socket(_socket.AF_INET, _socket.SOCK_STREAM)
        made.setsockopt(_socket.SOL_SOCKET, _socket.SO_REUSEADDR, 1)
        try:
            made.bind((fields.get("ip", "127.0.0.1"), port))
            made.listen(128)
        except OSError:
            made.close()
            continue  # binding it by ZeroMQ will say why
        os.set_inheritable(made.fileno(), False)
        found[name.removesuffix("_port")] = made.detach()
    return found


class Block(NamedTuple):
    """Six ports in a row that listen: the channels' by name, and the debug adapter's."""

    first: int
    channels: dict[str, int]
    debugger: int


def listen_block(ip: str, first: int, *, exactly: bool, dap: bool) -> Block:
    """Take six ports, in the order shell, iopub, stdin, control, heartbeat, debug adapter.

    Ports are taken by listening on them, since one that was only looked at may be gone.

    Args:
        ip: where the channels listen.
        first: the first port.
        exactly: take these or none; else the first six in a row from there that are free.
        dap: take the sixth; else it is none of ours, and the descriptor is -1.

    Raises:
        KernelError: they are taken.
    """
    import _socket

    from tidelock.shared.errors import KernelError
    from tidelock.shared.link.connection import DAP_HOST

    names = [name.removesuffix("_port") for name in _PORTS]
    for base in range(first, 65536 - len(names), len(names) + 1):
        taken: dict[str, int] = {}
        for place, name in enumerate([*names, "dap"] if dap else names):
            made = _socket.socket(_socket.AF_INET, _socket.SOCK_STREAM)
            made.setsockopt(_socket.SOL_SOCKET, _socket.SO_REUSEADDR, 1)
            try:
                made.bind((DAP_HOST if name == "dap" else ip, base + place))
                made.listen(128)
            except OSError as error:
                made.close()
                for descriptor in taken.values():
                    os.close(descriptor)
                if exactly or error.errno not in (errno.EADDRINUSE, errno.EACCES):
                    raise KernelError(
                        f"port {base + place} of {ip} for {name}: {error.strerror}",
                        "choose another --port, or none",
                    ) from None
                break
            taken[name] = made.detach()
        else:
            return Block(base, taken, taken.pop("dap", -1))
    raise KernelError(f"no six free ports in a row from {first} on", "set kernel.port to 0")


def read_given(path: str) -> dict[str, Any]:
    """The fields of a connection file that Jupyter wrote; ports may still be 0.

    Raises:
        KernelError: it is missing, no JSON, or a field is missing or cannot be used.
    """
    from tidelock.shared.errors import KernelError

    try:
        with open(path, "rb") as file:
            fields: Any = json.loads(file.read())
    except OSError as error:
        raise KernelError(f"connection file {path}: {error.strerror}") from None
    except ValueError as error:
        raise KernelError(f"connection file {path} is not JSON: {error}") from None
    if not isinstance(fields, dict):
        raise KernelError(f"connection file {path} is no JSON object")
    for name in (*_PORTS, "ip", "key"):
        if name not in fields:
            raise KernelError(f"connection file {path}: {name} is missing")
    if not fields["key"]:
        raise KernelError(f"connection file {path}: the key is empty", "messages must be signed")
    if "curve_publickey" in fields or "curve_secretkey" in fields:
        from tidelock.shared.link.connection import check_curve

        check_curve(fields, path)
    return fields


def launch(
    plan: Plan,
    settings: Settings,
    *,
    endpoint: Callable[[str], Endpoint] | None = None,
    debug_port: Callable[[Kernel], DebugPort] | None = None,
    given: dict[str, Any] | None = None,
    listening: dict[str, int] | None = None,
    ready: Callable[[Connection, str], None] | None = None,
    reread: Callable[[], Settings] | None = None,
) -> int:
    """Be a kernel until it is stopped; the exit code.

    Args:
        plan: what kind.
        settings: the options in force.
        endpoint: opens the debug adapter's port for a key.
        debug_port: makes what answers ``debug_request``.
        given: the fields of Jupyter's connection file.
        listening: ports that listen already.
        ready: told the connection and its file when everything listens.
        reread: reads the options again when a hangup asks for it, which else ends the kernel.

    Raises:
        KernelError: it cannot start; nothing is left behind.
    """
    from tidelock.kernel.server import Kernel
    from tidelock.shared.context import Context
    from tidelock.shared.link.connection import write

    # Who answers must not wait 5 ms for its turn, nor Lua for that of who answers.
    sys.setswitchinterval(_SWITCH_S)
    context = Context(settings, plan.kernel_id, workspace=plan.workspace)
    connection = _connection(context.id, plan, settings, given)
    dap = endpoint(connection.key) if endpoint is not None else None
    if dap is not None:
        connection = connection._replace(dap_port=dap.port)
    kernel = Kernel(context, connection, listening=listening, debug_port=debug_port)
    kernel.restarts_in_place = given is None
    context.open()  # before the file: who finds it finds a kernel that answers
    if plan.connection_file and given is not None and any(given[name] == 0 for name in _PORTS):
        write(plan.connection_file, kernel.connection, base=given)
    registered = _Registration(kernel.connection)
    if given is None:
        registered.write()
    else:
        kernel.loop.later(0.2, registered.write)
    kernel.on_stop = registered.remove
    if dap is not None:
        dap.serve(kernel)
    _watch(kernel, plan, reread)
    if ready is not None:
        ready(kernel.connection, registered.path)
    try:
        kernel.serve()
    finally:
        registered.remove()
    return 0


def _connection(
    kernel_id: str, plan: Plan, settings: Settings, given: dict[str, Any] | None
) -> Connection:
    from tidelock.shared import processes
    from tidelock.shared.link.connection import Connection
    from tidelock.shared.version import VERSION

    base = given or _new(kernel_id, plan, settings)
    ports: dict[str, Any] = {name: int(base[name]) for name in _PORTS}
    return Connection(
        transport=str(base.get("transport", "tcp")),
        ip=str(base["ip"]),
        **ports,
        key=str(base["key"]),
        kernel_name=str(base.get("kernel_name") or "tidelock"),
        kernel_id=kernel_id,
        pid=os.getpid(),
        started_at=time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        process_started=processes.started(os.getpid()),
        workspace=plan.workspace,
        lua=settings.lua_version,
        shared=plan.shared,
        host=os.uname().nodename,
        version=VERSION,
        curve_publickey=base.get("curve_publickey") or "",
        curve_secretkey=base.get("curve_secretkey") or "",
    )


def _new(kernel_id: str, plan: Plan, settings: Settings) -> dict[str, Any]:
    """Addresses and key of a kernel that nobody has chosen them for."""
    ip = settings.kernel_ip
    if settings.kernel_transport == "ipc":
        from tidelock.shared.link import registry

        ip = registry.sockets_of(registry.path_of(kernel_id))
    ports = {name: plan.port and plan.port + place for place, name in enumerate(_PORTS)}
    return {"transport": settings.kernel_transport, "ip": ip, **ports, "key": os.urandom(32).hex()}


class _Registration:
    """The kernel's file in the registry."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.path = ""

    def write(self) -> None:
        """Register; a folder that cannot be written is said, the kernel serves all the same."""
        from tidelock.shared.errors import KernelError
        from tidelock.shared.link import registry
        from tidelock.shared.link.connection import write

        try:
            self.path = registry.path_of(self._connection.kernel_id)
            write(self.path, self._connection)
        except (KernelError, OSError) as error:
            self.path = ""
            print(f"tidelock: the kernel is not registered: {error}", file=sys.stderr)

    def remove(self) -> None:
        """Take the file away at an orderly end."""
        if self.path:
            from tidelock.shared.link import registry

            registry.forget(self.path)
            self.path = ""


def _watch(kernel: Kernel, plan: Plan, reread: Callable[[], Settings] | None) -> None:
    """Signals, the parent that launched us, the time unused, and whether the loop comes round."""
    from _thread import start_new_thread

    from tidelock.kernel import stacks

    def interrupt(*_: object) -> None:
        if not kernel.context.runtime.interrupt() and plan.foreground:
            kernel.begin_stop()

    def terminate(*_: object) -> None:
        kernel.begin_stop()

    def hang_up(*_: object) -> None:
        kernel.loop.call(lambda: kernel.reload(reread))

    def tell(*_: object) -> None:
        # A thread of the plainest kind: the handler may have come in the midst of anything.
        start_new_thread(stacks.write, (kernel, "asked by a signal"))

    signal.signal(signal.SIGINT, interrupt)
    signal.signal(signal.SIGTERM, terminate)
    if reread is not None:
        signal.signal(signal.SIGHUP, hang_up)
    elif signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # as nohup wants it
        signal.signal(signal.SIGHUP, terminate)
    signal.signal(signal.SIGUSR1, tell)
    signal.signal(signal.SIGPIPE, signal.SIG_IGN)
    stacks.Watchdog(kernel)
    kernel.loop.woken_by_signals()
    parent = os.environ.get("JPY_PARENT_PID", "")
    if parent.isdigit() and int(parent) > 1:
        _watch_parent(kernel, int(parent))
    if plan.idle_timeout_s:
        _watch_use(kernel, plan.idle_timeout_s)


def _watch_parent(kernel: Kernel, parent: int) -> None:
    """End when the process that launched us is gone."""

    def gone() -> bool:
        try:
            os.kill(parent, 0)
        except ProcessLookupError:
            return True
        except PermissionError:
            return False
        return False

    try:
        descriptor = os.pidfd_open(parent)
    except (AttributeError, OSError):

        def check() -> None:
            if gone():
                kernel.begin_stop()
            else:
                kernel.loop.later(_PARENT_CHECK_S, check)

        check()
        return

    def ended() -> None:
        kernel.loop.unwatch(descriptor)
        os.close(descriptor)
        kernel.begin_stop()

    kernel.loop.watch(descriptor, ended)


def _watch_use(kernel: Kernel, limit_s: float) -> None:
    """End when nobody has listened and nothing has run for a time."""
    from tidelock.shared.model import Idle

    unused_since = time.monotonic()

    def check() -> None:
        nonlocal unused_since
        idle = isinstance(kernel.context.runtime.state, Idle)
        if not idle or kernel.channels.subscribers or kernel.context.debugger.sessions:
            unused_since = time.monotonic()
        if time.monotonic() - unused_since > limit_s:
            kernel.begin_stop()
        else:
            kernel.loop.later(min(_IDLE_CHECK_S, limit_s / 4), check)

    check()

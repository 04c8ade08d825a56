"""The registry: one connection file per kernel of this user, and who is alive among them.

A folder only its owner can read. Files of dead processes are removed by whoever looks;
unresponsive kernels and those of another host are left alone. A health check is a real
heartbeat, never a connect and never a signal.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import stat
import time
from collections.abc import Iterator
from typing import Literal, NamedTuple

from tidelock.shared import processes
from tidelock.shared.errors import KernelError, UsageError
from tidelock.shared.link import connection as files
from tidelock.shared.link.connection import Connection
from tidelock.shared.log import layer

log = layer("kernel")

Health = Literal["alive", "unresponsive", "dead", "foreign", "broken"]
_PREFIX = "tidelock-kernel-"
_LEAST_PREFIX = 4


class Entry(NamedTuple):
    """One file of the registry; ``connection`` is None for a broken one, ``fault`` says why."""

    path: str
    health: Health
    connection: Connection | None
    fault: str = ""


def folder() -> str:
    """The registry's folder, made if missing.

    Raises:
        KernelError: it belongs to someone else or others may read it, or cannot be made.
    """
    named = os.environ.get("TIDELOCK_RUNTIME_DIR")
    if not named:
        import warnings

        import platformdirs  # late: a kernel that got its file handed in starts without it

        with warnings.catch_warnings():
            # Without XDG_RUNTIME_DIR it falls back to a folder of its own making, and says so.
            warnings.simplefilter("ignore")
            named = os.path.join(platformdirs.user_runtime_dir(), "tidelock")
    path = os.path.join(named, "kernels")
    try:
        os.makedirs(path, mode=0o700, exist_ok=True)
        status = os.stat(path)
    except OSError as error:
        raise KernelError(
            f"runtime folder {path}: {error.strerror}", "set TIDELOCK_RUNTIME_DIR to another one"
        ) from None
    if status.st_uid != os.getuid():
        raise KernelError(f"runtime folder {path} belongs to another user")
    if stat.S_IMODE(status.st_mode) & 0o077:
        os.chmod(path, 0o700)
    return path


def path_of(kernel_id: str) -> str:
    """The file of a kernel."""
    return os.path.join(folder(), f"{_PREFIX}{kernel_id}.json")


def lives(connection: Connection) -> bool:
    """Whether the process of a kernel is there, and no later one with its number.

    True as well for a file that names no process: then only the heartbeat can tell.
    """
    if connection.pid <= 0:
        return True
    return processes.lives(connection.pid, connection.process_started)


def beats(connection: Connection, timeout_s: float = 1.0) -> bool:
    """Whether the heartbeat echoes within a time.

    Raises:
        KernelError: the connection is encrypted, and nobody here can do that or the keys are bad.
    """
    import zmq

    context: zmq.Context[zmq.Socket[bytes]] = zmq.Context.instance()
    request = context.socket(zmq.REQ)
    request.linger = 0
    try:
        if connection.encrypted:
            from tidelock.shared.link import curve

            curve.keys(connection).join(request)
        request.connect(connection.address("hb"))
        request.send(b"tidelock")
        return bool(request.poll(int(timeout_s * 1000)))
    finally:
        request.close()


def log_of(path: str) -> str:
    """Where a kernel that was started on demand writes its log: beside its file."""
    return path.removesuffix(".json") + ".log"


def sockets_of(path: str) -> str:
    """What the names of a kernel's ipc sockets begin with: beside its file."""
    return path.removesuffix(".json")


def forget(path: str) -> None:
    """Remove the file of a kernel that has ended, its sockets, and its log if that says nothing."""
    with contextlib.suppress(OSError):
        os.unlink(path)
    for socket in (f"{sockets_of(path)}-{number}" for number in range(1, 6)):
        with contextlib.suppress(OSError):
            os.unlink(socket)
    with contextlib.suppress(OSError):
        if not os.path.getsize(log_of(path)):
            os.unlink(log_of(path))


def look(path: str, *, check: bool = True) -> Entry:
    """One file and how its kernel is; a dead kernel's file is removed."""
    try:
        connection = files.read(path)
    except KernelError as error:
        return Entry(path, "broken", None, str(error))
    if connection.host and connection.host != os.uname().nodename:
        return Entry(path, "foreign", connection)
    if not lives(connection):
        forget(path)
        return Entry(path, "dead", connection)
    try:
        if check and not beats(connection):
            return Entry(path, "unresponsive", connection)
    except KernelError as error:
        return Entry(path, "broken", None, f"connection file {path}: {error}")
    return Entry(path, "alive", connection)


def scan(*, check: bool = True) -> list[Entry]:
    """Every registered kernel, newest last."""
    here = folder()
    names = sorted(name for name in os.listdir(here) if name.startswith(_PREFIX))
    entries = [
        look(os.path.join(here, name), check=check) for name in names if name[-5:] == ".json"
    ]
    return sorted(
        entries, key=lambda entry: entry.connection.started_at if entry.connection else ""
    )


def shared_kernel(workspace: str) -> Connection | None:
    """The living shared kernel of a workspace."""
    for entry in scan(check=False):
        found = entry.connection
        if entry.health != "alive" or found is None:
            continue
        if found.shared and found.workspace == workspace and beats(found):
            return found
    return None


def resolve(address: str) -> Connection:
    """The kernel a user means: a file, ``tcp://HOST:PORT``, ``HOST:PORT``, an id or its prefix.

    Raises:
        KernelError: there is none, or its key is not known; says what was tried.
        UsageError: a prefix fits several; names them.
    """
    if os.path.isfile(address):
        return files.read(address)
    plain = address.removeprefix("tcp://")
    host, sign, port = plain.rpartition(":")
    entries = [entry for entry in scan() if entry.connection is not None]
    if sign and port.isdigit():
        for entry in entries:
            found = entry.connection
            if found and found.shell_port == int(port) and host in (found.ip, "localhost"):
                return found
        raise KernelError(
            f"no registered kernel has its shell on {plain}, so its key is not known",
            "give the path of its connection file",
        )
    fitting = []
    for entry in entries:
        found = entry.connection
        if found is None or entry.health == "dead":
            continue
        if found.kernel_id == address:
            return found
        if len(address) >= _LEAST_PREFIX and found.kernel_id.startswith(address):
            fitting.append(found)
    if len(fitting) > 1:
        names = ", ".join(found.kernel_id for found in fitting)
        raise UsageError(f"{address!r} fits several kernels: {names}", "give more of the id")
    if fitting:
        return fitting[0]
    raise KernelError(
        f"no kernel {address!r}: no such file, no address HOST:PORT, no id in {folder()}",
        "tidelock kernel list shows the running ones",
    )


@contextlib.contextmanager
def lock(workspace: str, timeout_s: float = 10.0) -> Iterator[None]:
    """Hold the lock under which the shared kernel of a workspace is found or started.

    Raises:
        KernelError: another process holds it for longer than the timeout.
    """
    import hashlib

    name = hashlib.sha256(workspace.encode()).hexdigest()[:16]
    path = os.path.join(folder(), f"starting-{name}.lock")
    deadline = time.monotonic() + timeout_s
    with open(path, "w") as file:
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except OSError:
                if time.monotonic() > deadline:
                    raise KernelError(
                        f"another process has been starting the kernel of {workspace} "
                        f"for {timeout_s:g} s"
                    ) from None
                time.sleep(0.02)
        yield

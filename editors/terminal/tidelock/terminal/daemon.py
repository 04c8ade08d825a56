"""A kernel that detaches: started in a session of its own, told ready by itself, logged to a file.

The process that starts it runs the same command once more; the end of a pipe, which the new one
inherits, tells it apart and tells the starter when it serves. The starter says so only when the
kernel has answered.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import subprocess
import sys
import uuid
from collections.abc import Iterator
from typing import IO, TYPE_CHECKING, NamedTuple

from tidelock.shared import log
from tidelock.shared.errors import KernelError
from tidelock.shared.link import registry
from tidelock.shared.link.connection import Connection
from tidelock.terminal.kernels import connected

if TYPE_CHECKING:
    from tidelock.shared.config import Settings
    from tidelock.terminal.invocation import Invocation

_PIPE = "TIDELOCK_DAEMON_PIPE"
_START_S = 10.0
_LAST_LINES = 10


class Ready(NamedTuple):
    """The end of the pipe by which a detached kernel tells that it serves."""

    pipe: int
    kernel_id: str

    @classmethod
    def inherited(cls) -> Ready | None:
        """That of this process, if it is one that is to detach; scripts do not see it."""
        pipe, _, kernel_id = os.environ.pop(_PIPE, "").partition(":")
        if not pipe:
            return None
        os.set_inheritable(int(pipe), False)
        return cls(int(pipe), kernel_id)

    def tell(self, path: str, connection: Connection) -> None:
        """Say that the kernel serves, and where; nothing more is told.

        Of a kernel that does not come so far the pipe is closed by its end, behind its last words.
        """
        told = json.dumps({"path": path, "connection": connection.document()})
        with contextlib.suppress(BrokenPipeError):
            os.write(self.pipe, told.encode())
        os.close(self.pipe)


def log_of(settings: Settings, kernel_id: str, workspace: str) -> str:
    """Where a detached kernel logs: as the options say, else beside its connection file."""
    if settings.log_file:
        return os.path.join(workspace, settings.log_file)
    return registry.log_of(registry.path_of(kernel_id))


def log_to(settings: Settings, path: str, *, takes_output: bool) -> None:
    """Log to a file, rotated as the options say.

    Raises:
        KernelError: it cannot be opened.
    """
    size, count = settings.log_rotate_size, settings.log_rotate_count
    try:
        log.write_to(log.LogFile(path, size, count, takes_output=takes_output))
    except OSError as error:
        raise _unusable(path, error) from None


def _unusable(path: str, error: OSError) -> KernelError:
    return KernelError(f"log file {path}: {error.strerror}", "choose another --log-file")


@contextlib.contextmanager
def pid_file(path: str | None) -> Iterator[None]:
    """Keep the number of this process in a file while the kernel serves.

    Raises:
        KernelError: it cannot be written, or names a process that lives.
    """
    if not path:
        yield
        return
    try:
        with contextlib.suppress(FileNotFoundError), open(path, encoding="utf-8") as file:
            _check_free(path, file.read().strip())
        with open(path, "w", encoding="utf-8") as file:
            file.write(f"{os.getpid()}\n")
    except OSError as error:
        raise KernelError(f"pid file {path}: {error.strerror}", "choose another") from None
    try:
        yield
    finally:
        with contextlib.suppress(OSError):
            os.unlink(path)


def _check_free(path: str, number: str) -> None:
    if not number.isascii() or not number.isdigit() or int(number) == os.getpid():
        return
    with contextlib.suppress(ProcessLookupError, OverflowError):
        with contextlib.suppress(PermissionError):
            os.kill(int(number), 0)
        raise KernelError(f"pid file {path} names process {number}, which lives", "stop that first")


def start(invocation: Invocation, settings: Settings, workspace: str) -> tuple[Connection, str]:
    """Start the kernel of a command in the background; its connection and the file of that.

    Raises:
        KernelError: it did not start; its last words are on standard error.
    """
    kernel_id = invocation.options.id or str(uuid.uuid4())
    path = log_of(settings, kernel_id, workspace)
    flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
    try:
        output = os.open(path, flags, 0o600)
    except OSError as error:
        raise _unusable(path, error) from None
    before = os.fstat(output).st_size
    told, pipe = os.pipe()
    child = subprocess.Popen(
        [sys.executable, "-P", "-m", "tidelock.terminal", *invocation.words],
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=output,
        env={**os.environ, _PIPE: f"{pipe}:{kernel_id}"},
        pass_fds=(pipe,),
        start_new_session=True,
    )
    os.close(output)
    os.close(pipe)
    try:
        with open(told, "rb") as words:
            found = _answering(words, settings)
    except BaseException as error:
        child.kill()
        child.wait()
        if isinstance(error, KernelError):
            _show_end(invocation, path, before)
        raise
    child.returncode = 0  # nobody here waits for its end
    return found


def _answering(words: IO[bytes], settings: Settings) -> tuple[Connection, str]:
    """The kernel that was started, once it has answered.

    Raises:
        KernelError: it ended before, or does not answer in time.
    """
    if not select.select([words], [], [], _START_S + settings.client_connect_timeout_s)[0]:
        raise KernelError("the kernel did not start in time")
    said = words.read()  # its end comes when the kernel lets go of the pipe, or ends
    if not said:
        raise KernelError("the kernel did not start")
    fields = json.loads(said)
    connection = Connection(**fields["connection"])
    with connected(connection, settings) as client:
        client.wait_ready(settings.client_connect_timeout_s)
    return connection, str(fields["path"])


def _show_end(invocation: Invocation, path: str, before: int) -> None:
    """The last lines that a log has gained, on standard error; an empty log goes."""
    try:
        with open(path, "rb") as file:
            file.seek(before)
            lines = file.read().decode("utf-8", "replace").splitlines()
    except OSError:
        return
    for line in lines[-_LAST_LINES:]:
        invocation.console.note(line)
    if not before and not lines:
        with contextlib.suppress(OSError):
            os.unlink(path)
    else:
        invocation.console.note(f"The whole log: {path}")

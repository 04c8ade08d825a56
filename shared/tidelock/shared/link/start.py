"""Finding a workspace's shared kernel, or starting it: what editor parties do on demand.

Under the workspace's lock, so that of several starters one wins and the others find its
kernel. The started process is on its own: it outlives the starter and ends when unused.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
import uuid

from tidelock.shared import config
from tidelock.shared.config import Settings
from tidelock.shared.errors import KernelError
from tidelock.shared.link import connection as files
from tidelock.shared.link import registry
from tidelock.shared.link.connection import Connection
from tidelock.shared.log import layer

log = layer("kernel")

_POLL_S = 0.005
_LAST_LINES = 5


def find_or_start(workspace: str, settings: Settings, *, may_start: bool = True) -> Connection:
    """The workspace's shared kernel; one that is started gets these settings.

    Raises:
        KernelError: there is none and none may or can be started; says why.
        ConfigError: the workspace's configuration cannot be used.
    """
    found = registry.shared_kernel(workspace)
    if found is not None:
        return found
    if not may_start:
        raise KernelError(f"no kernel runs for {workspace}", "start one: tidelock kernel start")
    with registry.lock(workspace):
        found = registry.shared_kernel(workspace)
        return found if found is not None else _start(workspace, settings)


def _start(workspace: str, settings: Settings) -> Connection:
    kernel_id = str(uuid.uuid4())
    path = registry.path_of(kernel_id)
    log_path = registry.log_of(path)
    command = [
        sys.executable, "-m", "tidelock.terminal", "kernel", "launch", "--shared",
        "--workspace", workspace, "--id", kernel_id,
        "--idle-timeout", str(settings.kernel_idle_timeout_s),
    ]  # fmt: skip
    for difference in config.differences(settings, config.load(workspace, said=True)):
        command += ["--set", difference]
    with open(os.open(log_path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as output:
        child = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            cwd=workspace,
            start_new_session=True,
        )
    deadline = time.monotonic() + settings.client_connect_timeout_s + 5
    while not os.path.exists(path):
        if child.poll() is not None:
            raise KernelError(f"the kernel of {workspace} did not start: {_tail(log_path)}")
        if time.monotonic() > deadline:
            child.kill()
            raise KernelError(f"the kernel of {workspace} did not start in time")
        time.sleep(_POLL_S)
    log.info("started a kernel", workspace=workspace, pid=child.pid)
    # Whoever starts it does not wait for its end; its exit must not make a warning either.
    child.returncode = 0
    return files.read(path)


def _tail(path: str) -> str:
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            lines = [line.strip() for line in file if line.strip()]
    except OSError:
        return "no log"
    return " / ".join(lines[-_LAST_LINES:]) or "it said nothing"

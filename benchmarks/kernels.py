"""Kernel processes to be measured, and the one client that asks them: bare ZeroMQ sockets.

A kernel is started as Jupyter starts it, from a connection file. Nothing here measures, and no
kernel is treated in a way of its own.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from typing import Any, NamedTuple

import zmq

from report import Options

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(ROOT, "tests"))

from kit.jupyter_wire import RawMessage, RawPeer  # noqa: E402 - found by the line above

CHANNELS = ("shell", "iopub", "stdin", "control", "hb")
WAIT_S = 30.0
RECONNECT_MS = 2
"""How often the client knocks while a kernel starts; ZeroMQ's own 100 would hide the start."""

OURS, THEIRS = "tidelock", "ipykernel"


class Launch(NamedTuple):
    """How a kernel is launched: its name, the command without the file, the environment."""

    name: str
    command: list[str]
    environment: dict[str, str]


class Kernel:
    """A kernel process and its client; ``close`` stops it.

    Raises:
        RuntimeError: it did not start; says what it said.
    """

    def __init__(self, launch: Launch) -> None:
        self.name = launch.name
        self._folder = tempfile.mkdtemp()
        path = os.path.join(self._folder, "connection.json")
        fields = _connection()
        with open(path, "w", encoding="utf-8") as file:
            json.dump(fields, file)
        self._output = tempfile.TemporaryFile()  # noqa: SIM115 - closed in close
        self._context: zmq.Context[Any] = zmq.Context()
        self._context.setsockopt(zmq.RECONNECT_IVL, RECONNECT_MS)
        self.peer = RawPeer(fields, context=self._context, timeout=WAIT_S)
        for channel in ("shell", "control", "stdin"):
            self.peer.socket(channel)
        self.began = time.perf_counter()
        self._process = subprocess.Popen(
            [*launch.command, path],
            cwd=self._folder,
            env=launch.environment,
            stdin=subprocess.DEVNULL,
            stdout=self._output,
            stderr=self._output,
            start_new_session=True,
        )
        self.peer.send("shell", self.peer.message("kernel_info_request"))
        try:
            self.peer.receive("shell")
        except AssertionError:
            self._output.seek(0)
            words = self._output.read().decode(errors="replace").strip()
            self.close()
            raise RuntimeError(f"{self.name} did not start: {words}") from None
        self.ready = time.perf_counter()

    def send(self, code: str) -> str:
        """Send a cell; the id of its request."""
        return self._ask("shell", "execute_request", {"code": code, "allow_stdin": True})

    def ask_control(self, kind: str) -> str:
        """Send a request on control; its id."""
        return self._ask("control", kind, {})

    def _ask(self, channel: str, kind: str, content: dict[str, Any]) -> str:
        header = self.peer.header(kind)
        self.peer.send(channel, self.peer.message(kind, content, header=header))
        return str(header["msg_id"])

    def reply(self, channel: str, request: str) -> RawMessage:
        """The reply to the one open request of a channel."""
        message = self.peer.receive(channel)
        if message.parent.get("msg_id") != request:
            raise RuntimeError(f"{self.name}: the answer to another request: {message.parent}")
        return message

    def run(self, code: str) -> list[RawMessage]:
        """Run a cell that must end well; what it published, up to idle."""
        request = self.send(code)
        reply = self.reply("shell", request)
        if reply.content["status"] != "ok":
            raise RuntimeError(f"{self.name}: {reply.content}")
        return self.peer.published(request)

    def wait_for(self, kind: str, request: str) -> None:
        """Wait until a message of a type is published on account of a request."""
        while True:
            message = self.peer.iopub()
            if message.type == kind and message.parent.get("msg_id") == request:
                return

    def begin(self, code: str) -> str:
        """Send a cell and wait until it runs; the id of its request."""
        request = self.send(code)
        self.wait_for("execute_input", request)
        time.sleep(0.02)  # from there to its loop no message tells the way
        return request

    def interrupt(self, request: str) -> float:
        """Interrupt a cell; seconds until its reply, which must tell of an error."""
        asked = time.perf_counter()
        interrupt = self.ask_control("interrupt_request")
        reply = self.reply("shell", request)
        ended = time.perf_counter()
        if reply.content["status"] != "error":
            raise RuntimeError(f"{self.name}: not interrupted: {reply.content}")
        self.reply("control", interrupt)
        self.peer.published(request)
        return ended - asked

    @property
    def pid(self) -> int:
        """Its process."""
        return self._process.pid

    def processor(self) -> float:
        """Milliseconds that its threads have run; steady where the machine is not."""
        threads = f"/proc/{self._process.pid}/task"
        total = 0
        for thread in os.listdir(threads):
            with open(f"{threads}/{thread}/schedstat", encoding="ascii") as file:
                total += int(file.read().split()[0])
        return total / 1e6

    def memory(self) -> float:
        """Resident memory in MiB."""
        with open(f"/proc/{self._process.pid}/status", encoding="ascii") as file:
            line = next(line for line in file if line.startswith("VmRSS"))
        return int(line.split()[1]) / 1024

    def close(self) -> None:
        """Ask it to end, and end it if it does not."""
        self.ask_control("shutdown_request")
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
        self.peer.close()
        self._context.destroy(0)
        self._output.close()
        shutil.rmtree(self._folder, ignore_errors=True)


def _connection() -> dict[str, Any]:
    """The fields of a connection file with ports that are free now."""
    with contextlib.ExitStack() as stack:
        sockets = {name: stack.enter_context(socket.socket()) for name in CHANNELS}
        for made in sockets.values():
            made.bind(("127.0.0.1", 0))
        ports = {f"{name}_port": made.getsockname()[1] for name, made in sockets.items()}
    return {
        "transport": "tcp", "ip": "127.0.0.1", **ports,
        "key": secrets.token_hex(32), "signature_scheme": "hmac-sha256",
    }  # fmt: skip


def launches(options: Options, home: str) -> list[Launch]:
    """Both kernels, ipykernel as its own kernelspec says; with a home of their own.

    Raises:
        RuntimeError: the peer's Python has no ipykernel.
    """
    ask = (
        "from ipykernel.kernelspec import make_ipkernel_cmd; import json; "
        "print(json.dumps(make_ipkernel_cmd()))"
    )
    done = subprocess.run([options.peer, "-c", ask], capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(
            "no ipykernel to compare with: install it, or name a Python that has it with --peer"
        )
    theirs = [word for word in json.loads(done.stdout) if word != "{connection_file}"]
    ours = [sys.executable, "-m", "tidelock.terminal", "kernel", "launch"]
    environment = {
        **os.environ,
        "HOME": home,
        "TIDELOCK_RUNTIME_DIR": home,
        "TIDELOCK_DATA_DIR": home,
    }
    environment.pop("PYTHONDONTWRITEBYTECODE", None)  # an installed program has its byte code
    return [
        Launch(OURS, [*ours, "--lua", options.lua, "-f"], environment),
        Launch(THEIRS, theirs, environment),
    ]

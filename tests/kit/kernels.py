"""Kernels for tests: embedded in this process or a process of their own, gone afterwards.

Both give a connection that every client of the kit can use; ``Served.dap`` opens a debug
client and ``Served.lsp`` a language server over whatever carries it there.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import traceback
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any
from unittest import mock

import zmq

from kit.dap import DapClient, MemoryTransport, StdioTransport, TcpTransport
from kit.jupyter import JupyterPeer, RawPeer
from kit.lsp import LspClient
from kit.lua import build_under_test
from kit.programs import TIDELOCK
from kit.timeline import Failure, until
from tidelock.dap.session import Session
from tidelock.kernel.embedded import EmbeddedKernel
from tidelock.lsp import folder as folders
from tidelock.lsp import session as languages
from tidelock.shared.config import Settings
from tidelock.shared.link import connection as files
from tidelock.shared.link.client import KernelClient
from tidelock.shared.link.connection import Connection
from tidelock.shared.runtime.check import Checker
from tidelock.terminal import compose

START_S = 20.0

# How long a live answer may take: what is tested here is that it comes, on a busy machine too.
_PATIENCE_MS = 2000


class Served:
    """A running kernel and its clients, which end with it."""

    def __init__(
        self,
        connection: Connection,
        stack: ExitStack,
        zmq_context: zmq.Context[Any] | None = None,
        embedded: EmbeddedKernel | None = None,
        process: subprocess.Popen[bytes] | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self.connection = connection
        self.embedded = embedded
        self.process = process
        self.environment = dict(environment or {})
        self._stack = stack
        self._zmq = zmq_context

    @property
    def fields(self) -> dict[str, Any]:
        """The connection file's fields."""
        return self.connection.document()

    def condition(self) -> str:
        """What an embedded kernel is doing, in words for the message of a failed test."""
        assert self.embedded is not None
        context = self.embedded.kernel.context
        lane, debugger = context.runtime, context.debugger
        inside = ("_jobs", "_errands", "_go_on", "_ending", "_visiting", "_has_hooks")
        words = [f"state {lane.state}", f"sessions {sorted(debugger.sessions)}"]
        words += [f"{name} {getattr(lane, name)}" for name in inside if hasattr(lane, name)]
        frames = sys._current_frames()
        for thread in threading.enumerate():
            if thread.name.startswith("tidelock-") and thread.ident in frames:
                stack = traceback.format_stack(frames[thread.ident], 6)
                words.append(f"{thread.name}\n{''.join(stack)}")
        return "\n".join(words)

    def client(self) -> KernelClient:
        """One of our own clients, ready."""
        made = KernelClient(self.connection, self._zmq)
        self._stack.callback(made.close)
        made.wait_ready(START_S)
        return made

    def peer(self, **options: Any) -> JupyterPeer:
        """A client that judges every message."""
        return self._stack.enter_context(JupyterPeer(self.fields, context=self._zmq, **options))

    def raw(self, **options: Any) -> RawPeer:
        """A client that may misbehave."""
        return self._stack.enter_context(RawPeer(self.fields, context=self._zmq, **options))

    def dap(self, *, over: str = "", **options: Any) -> DapClient:
        """A debug client: over memory when embedded, else over tcp or, if asked, stdio."""
        if self.embedded is not None:
            client = DapClient(MemoryTransport(self._session), **options)
        elif over == "stdio":
            command = [*TIDELOCK, "dap", "--connect", self.connection.kernel_id]
            client = DapClient(StdioTransport(command, env=self.environment), **options)
        else:
            port = self.connection.dap_port
            client = DapClient(TcpTransport("127.0.0.1", port), **options)
        return self._stack.enter_context(client)

    def lsp(self, folder: Path, **options: Any) -> LspClient:
        """A language server that knows this kernel: in this process when embedded, else on stdio.

        ``folder`` is the workspace; an external kernel must be its shared one. Initialized, but
        perhaps not joined to the kernel yet.
        """
        if self.embedded is not None:
            client = LspClient(MemoryTransport(self._editor), folder, **options)
        else:
            server = [*TIDELOCK, "lsp", "--set", f"lsp.live.deadline_ms={_PATIENCE_MS}"]
            client = LspClient(server, folder, self.environment, **options)
        self._stack.enter_context(client)
        client.initialize(folder)
        return client

    def _editor(self, send: Callable[[dict[str, Any]], None]) -> Any:
        # There is no registry to find an embedded kernel in.
        reach = mock.patch.object(folders, "connector", return_value=lambda _: self.client())
        self._stack.enter_context(reach)
        return _Editor(send)

    def _session(self, send: Callable[[dict[str, Any]], None]) -> Any:
        assert self.embedded is not None
        kernel = self.embedded.kernel
        return _OnLoop(kernel, send)


class _OnLoop:
    """A session that is called on the kernel's loop, as its own connections are."""

    def __init__(self, kernel: Any, send: Callable[[dict[str, Any]], None]) -> None:
        self._call = kernel.loop.call
        self.session = Session(kernel.context, send, kernel.loop.call, trusted=True)

    def receive(self, message: dict[str, Any]) -> None:
        self._call(lambda: self.session.receive(message))

    def close(self) -> None:
        self._call(self.session.end)


class _Editor:
    """A language server's session in this process, with the wire that it is given."""

    def __init__(self, send: Callable[[dict[str, Any]], None]) -> None:
        self._send = send
        settings = Settings(
            lua_version=build_under_test().option, lsp_live_deadline_ms=_PATIENCE_MS
        )
        ports = languages.Ports(Checker().refusal, settings, "")
        self.session = languages.Session(ports, self, lambda: str(uuid.uuid4()))

    def receive(self, message: dict[str, Any]) -> None:
        self.session.receive(message)

    def close(self) -> None:
        self.session.close()

    def reply(self, number: Any, result: Any) -> None:
        self._send({"jsonrpc": "2.0", "id": number, "result": result})

    def refuse(self, number: Any, code: int, words: str) -> None:
        self._send({"jsonrpc": "2.0", "id": number, "error": {"code": code, "message": words}})

    def notify(self, method: str, params: Any) -> None:
        self._send({"jsonrpc": "2.0", "method": method, "params": params})

    def request(self, number: Any, method: str, params: Any) -> None:
        message = {"jsonrpc": "2.0", "id": number, "method": method}
        self._send(message if params is None else {**message, "params": params})


@contextmanager
def embedded(workspace: str = "", **options: Any) -> Iterator[Served]:
    """A kernel in this process; one without a workspace keeps its history in memory."""
    options.setdefault("lua_version", build_under_test().option)
    with ExitStack() as stack:
        kernel = compose.embedded(Settings(**options), workspace)
        stack.callback(kernel.close)
        kernel.client.wait_ready(START_S)
        context = kernel._zmq
        yield Served(kernel.kernel.connection, stack, context, embedded=kernel)


@contextmanager
def external(
    folder: Path, *flags: str, kernel_id: str = "test-kernel", **options: Any
) -> Iterator[Served]:
    """A kernel process, registered in a folder of its own; killed if it does not stop.

    ``flags`` are those of ``tidelock kernel launch``, ``options`` Tidelock's own.
    """
    runtime = folder / "runtime"
    path = runtime / "kernels" / f"tidelock-kernel-{kernel_id}.json"
    environment = {
        **os.environ,
        "TIDELOCK_RUNTIME_DIR": str(runtime),
        "TIDELOCK_DATA_DIR": str(folder / "data"),
        "TIDELOCK_LUA_VERSION": build_under_test().option,
        **{f"TIDELOCK_{name.upper()}": str(value) for name, value in options.items()},
    }
    command = [*TIDELOCK, "kernel", "launch", "--id", kernel_id, "--workspace", str(folder), *flags]
    with ExitStack() as stack:
        log = "kernel.log" if kernel_id == "test-kernel" else f"{kernel_id}.log"
        output = stack.enter_context((folder / log).open("w+b"))
        process = subprocess.Popen(command, env=environment, stdout=output, stderr=output)
        stack.callback(_end, process, output)
        with suppress(Failure):
            until(lambda: path.exists() or process.poll() is not None, "a kernel", START_S)
        if not path.exists():
            output.seek(0)
            raise AssertionError(f"the kernel did not start:\n{output.read().decode()}")
        yield Served(files.read(str(path)), stack, process=process, environment=environment)


def _end(process: subprocess.Popen[bytes], output: Any) -> None:
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        output.seek(0)
        raise AssertionError(f"the kernel did not stop:\n{output.read().decode()}") from None


@contextmanager
def serving(how: str, folder: Path, *flags: str, **options: Any) -> Iterator[Served]:
    """``embedded`` or ``external``; the flags are for a process."""
    kernel = embedded(**options) if how == "embedded" else external(folder, *flags, **options)
    with kernel as served:
        yield served

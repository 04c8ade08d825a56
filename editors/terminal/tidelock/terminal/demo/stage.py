"""Everything the steps of the demo share: the program, the processes, the client, the tally."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from tidelock.shared.link.client import KernelClient
from tidelock.terminal.demo.peers import WAIT_S, Debugging, Editor, Silent

if TYPE_CHECKING:
    from tidelock.shared.config import Settings
    from tidelock.shared.link.client import Reply
    from tidelock.shared.link.connection import Connection
    from tidelock.shared.link.wire import Content
    from tidelock.terminal.demo.program import Program
    from tidelock.terminal.demo.tally import Tally

_UNUSED_S = 60
_PATIENCE_MS = 5000
"""How long the editor's server may wait for the program: it shows what it sees, not when."""


class Stage:
    """See the module; each process is there from the step that starts it."""

    def __init__(self, program: Program, settings: Settings, tally: Tally) -> None:
        self.program = program
        self._environment = _environment(settings)
        self.settings = settings
        self.tally = tally
        self.before = program.contents()
        self._editor: Editor | None = None
        self._debugging: Debugging | None = None
        self._client: KernelClient | None = None
        self.connection: Connection | None = None

    @property
    def scratch(self) -> str:
        """A file that is only open in the editor and never saved."""
        return os.path.join(self.program.folder, "scratch.lua")

    @property
    def editor(self) -> Editor:
        """The language server's client.

        Raises:
            Silent: it was not started.
        """
        if self._editor is None:
            raise Silent("the language server was not started")
        return self._editor

    def start_editor(self) -> Editor:
        """Start the language server."""
        self._editor = Editor(self.program.folder, self._environment)
        return self._editor

    def start_debugging(self) -> Debugging:
        """Start the debug adapter."""
        self._debugging = Debugging(self.program.folder, self._environment)
        return self._debugging

    @property
    def client(self) -> KernelClient:
        """The Jupyter client.

        Raises:
            Silent: there is no kernel.
        """
        if self._client is None:
            raise Silent("the workspace has no kernel")
        return self._client

    def connect(self, connection: Connection) -> Content:
        """Connect a Jupyter client to the kernel; its ``kernel_info``."""
        self.connection = connection
        self._client = KernelClient(connection)
        return self._client.wait_ready(WAIT_S)

    def ask(self, **data: object) -> Content:
        """Ask the kernel's comm a question, on any state of the runtime."""
        return self.client.comm("tidelock.kernel", data).result(WAIT_S)

    def settle(self) -> None:
        """Wait until the editor's server knows what the kernel is doing now."""
        told = self.ask(action="status")
        self.editor.sees(told["state"], told["execution_count"])

    def execute(self, code: str) -> Reply:
        """Execute a piece of Lua, as a notebook does."""
        return self.client.execute(code).result(WAIT_S)

    def value(self, code: str) -> str:
        """The value that a notebook would show."""
        for message in self.execute(code).published:
            if message.type == "execute_result":
                return str(message.content["data"]["text/plain"])
        return ""

    def leave(self) -> tuple[int | None, int | None]:
        """End both processes; their exit codes."""
        server, self._editor = self._editor, None
        adapter, self._debugging = self._debugging, None
        codes = [None if peer is None else _left(peer) for peer in (server, adapter)]
        return codes[0], codes[1]

    def close(self) -> None:
        """End what is still there."""
        self.leave()
        if self._client is not None:
            self._client.close()
            self._client = None


def _environment(settings: Settings) -> dict[str, str]:
    """Ours, but for the options that the story depends on; what it starts hands them on."""
    return {
        **os.environ,
        "TIDELOCK_LUA_VERSION": settings.lua_version,
        "TIDELOCK_LUA_JIT": "off",
        "TIDELOCK_KERNEL_AUTO_START": "true",
        "TIDELOCK_KERNEL_IDLE_TIMEOUT_S": str(_UNUSED_S),
        "TIDELOCK_LSP_LIVE_ENABLED": "true",
        "TIDELOCK_LSP_LIVE_DEADLINE_MS": str(_PATIENCE_MS),
        "TIDELOCK_STORE_BACKEND": "memory",  # the program's folder is gone afterwards
    }


def _left(peer: Editor | Debugging) -> int | None:
    try:
        return peer.leave()
    except Silent:
        return peer.end()

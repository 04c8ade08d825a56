"""What an editor starts: the language server and the debug adapter, as processes on stdio.

Two small clients that send what editors send and keep whatever comes back. They wait with a
limit and know nothing of what is expected of an answer.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from tidelock.dap.framing import Decoder, encode
from tidelock.shared.errors import TidelockError
from tidelock.shared.sources import uri_of_path

Json = dict[str, Any]
T = TypeVar("T")
WAIT_S = 20.0
_CHUNK = 1 << 16


class Silent(TidelockError):  # noqa: N818
    """Something did not come in time, or was refused."""


class Peer:
    """A child process that speaks JSON behind ``Content-Length``; LSP and DAP share that frame.

    Methods from one thread; what comes is read on a thread of its own.
    """

    def __init__(self, folder: str, environment: Mapping[str, str], *words: str) -> None:
        self._name = words[0]
        self._changed = threading.Condition()
        self._numbers = 0
        self._is_over = False
        self.received: list[Json] = []
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tidelock.terminal", *words],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=folder,
            env=dict(environment),
        )
        self._reader = threading.Thread(target=self._read, name=f"demo-{self._name}", daemon=True)
        self._reader.start()

    def _read(self) -> None:
        decoder = Decoder()
        assert self._process.stdout is not None
        while data := os.read(self._process.stdout.fileno(), _CHUNK):
            for message in decoder.feed(data):
                self._taken(message)
        with self._changed:
            self._is_over = True
            self._changed.notify_all()

    def _taken(self, message: Json) -> None:
        with self._changed:
            self.received.append(message)
            self._changed.notify_all()

    def _send(self, message: Json) -> None:
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(encode(message))
            self._process.stdin.flush()
        except OSError:
            raise Silent(f"tidelock {self._name} has ended") from None

    def _number(self) -> int:
        self._numbers += 1
        return self._numbers

    def wait(self, look: Callable[[Json], T | None], what: str, since: int = 0) -> T:
        """What ``look`` finds in a message, of those that came after the first ``since``.

        Raises:
            Silent: nothing like it came in time, or the process has ended.
        """
        deadline = time.monotonic() + WAIT_S
        with self._changed:
            while True:
                for message in self.received[since:]:
                    found = look(message)
                    if found is not None:
                        return found
                since = len(self.received)
                left = deadline - time.monotonic()
                if self._is_over or left <= 0:
                    how = "has ended" if self._is_over else f"was silent for {WAIT_S:g} s"
                    raise Silent(f"tidelock {self._name} {how}: no {what}")
                self._changed.wait(left)

    def end(self) -> int | None:
        """Close its input and wait for it; the exit code, None if it had to be killed."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        code: int | None = None
        try:
            self._process.stdin.close()
            code = self._process.wait(5)
        except (OSError, subprocess.TimeoutExpired):
            self._process.kill()
            self._process.wait()
        self._reader.join(5)
        self._process.stdout.close()
        return code


class Editor(Peer):
    """The editor's side of the language server protocol (LSP 3.17)."""

    def __init__(self, folder: str, environment: Mapping[str, str]) -> None:
        super().__init__(folder, environment, "lsp", "--stdio")
        self._folder = folder
        self._versions: dict[str, int] = {}

    def _taken(self, message: Json) -> None:
        if "method" in message and "id" in message:  # what it asks of us we do not offer
            self._send({"jsonrpc": "2.0", "id": message["id"], "result": None})
        super()._taken(message)

    def request(self, method: str, params: Any = None) -> Any:
        """Ask, and wait for the result.

        Raises:
            Silent: it refused, or did not answer in time.
        """
        number = self._number()
        since = len(self.received)
        self._send({"jsonrpc": "2.0", "id": number, "method": method, "params": params})

        def answer(message: Json) -> Json | None:
            return message if message.get("id") == number and "method" not in message else None

        found = self.wait(answer, f"answer to {method}", since)
        if "error" in found:
            raise Silent(f"{method}: {found['error'].get('message')}")
        return found.get("result")

    def notify(self, method: str, params: Any = None) -> None:
        """Tell."""
        self._send({"jsonrpc": "2.0", "method": method, "params": params})

    def initialize(self) -> Json:
        """Begin the session; what the server says of itself."""
        item = {"labelDetailsSupport": True, "documentationFormat": ["markdown"]}
        result: Json = self.request(
            "initialize",
            {
                "processId": os.getpid(),
                "rootUri": uri_of_path(self._folder),
                "capabilities": {
                    "textDocument": {
                        "completion": {"completionItem": item},
                        "hover": {"contentFormat": ["markdown"]},
                        "publishDiagnostics": {"versionSupport": True},
                    }
                },
            },
        )
        self.notify("initialized", {})
        return result

    def command(self, name: str) -> Any:
        """Execute a command of the server."""
        return self.request("workspace/executeCommand", {"command": name, "arguments": []})

    def show(self, path: str, text: str) -> None:
        """Put a text on the screen: open it there, or change what is open."""
        uri = uri_of_path(path)
        version = self._versions.get(uri, 0) + 1
        self._versions[uri] = version
        document: Json = {"uri": uri, "version": version}
        if version == 1:
            item = {**document, "languageId": "lua", "text": text}
            self.notify("textDocument/didOpen", {"textDocument": item})
        else:
            changes = [{"text": text}]
            body = {"textDocument": document, "contentChanges": changes}
            self.notify("textDocument/didChange", body)

    def problems(self, path: str) -> list[Json]:
        """The diagnostics of a text as it is shown now."""
        uri = uri_of_path(path)
        version = self._versions[uri]

        def published(message: Json) -> list[Json] | None:
            params = message.get("params")
            if message.get("method") != "textDocument/publishDiagnostics" or params is None:
                return None
            if params["uri"] != uri or params.get("version") != version:
                return None
            diagnostics: list[Json] = params["diagnostics"]
            return diagnostics

        return self.wait(published, "diagnostics")

    def sees(self, state: str, executions: int) -> None:
        """Wait until the server says that the kernel is in a state, and knows where it stands."""

        def known(message: Json) -> Json | None:
            if message.get("method") != "tidelock/status":
                return None
            status: Json = message["params"]
            if (status["kernel"], status["executionCount"]) != (state, executions):
                return None
            return status if state != "paused" or status["place"] else None

        self.wait(known, f"status {state} after {executions} executions")

    def completion(self, path: str, line: int, column: int) -> list[Json]:
        """The items at a place; line and column count from zero."""
        result = self.request("textDocument/completion", _place(path, line, column))
        items: list[Json] = result["items"] if isinstance(result, dict) else result or []
        return items

    def hover(self, path: str, line: int, column: int) -> str:
        """The Markdown at a place, empty where there is none."""
        result = self.request("textDocument/hover", _place(path, line, column))
        return str(result["contents"]["value"]) if result else ""

    def leave(self) -> int | None:
        """Shut the server down in order; its exit code."""
        self.request("shutdown")
        self.notify("exit")
        return self.end()


def _place(path: str, line: int, column: int) -> Json:
    position = {"line": line, "character": column}
    return {"textDocument": {"uri": uri_of_path(path)}, "position": position}


class Debugging(Peer):
    """The editor's side of the debug adapter protocol."""

    def __init__(self, folder: str, environment: Mapping[str, str]) -> None:
        super().__init__(folder, environment, "dap", "--stdio")

    def send(self, command: str, **arguments: Any) -> int:
        """Send a request; its number."""
        number = self._number()
        body = {"seq": number, "type": "request", "command": command, "arguments": arguments}
        self._send(body)
        return number

    def answer(self, number: int) -> Json:
        """Wait for the body of an answer.

        Raises:
            Silent: it was a refusal, or did not come in time.
        """
        found = self.wait(
            lambda message: (
                message
                if message["type"] == "response" and message["request_seq"] == number
                else None
            ),
            f"answer to request {number}",
        )
        if not found["success"]:
            raise Silent(f"{found['command']}: {found.get('message')}")
        body: Json = found.get("body") or {}
        return body

    def request(self, command: str, **arguments: Any) -> Json:
        """Ask, and wait for the body of the answer."""
        return self.answer(self.send(command, **arguments))

    def event(self, name: str, since: int = 0) -> Json:
        """Wait for an event; its body."""
        return self.wait(lambda message: _body(message, name), f"event {name}", since)

    def stop_after(self, command: str) -> Json:
        """Resume by a command and wait for the next stop; where it is (the innermost frame)."""
        since = len(self.received)
        self.request(command, threadId=self.thread())
        self.event("stopped", since)
        return self.stack()[0]

    def stack(self) -> list[Json]:
        """The frames of the stop, innermost first."""
        frames: list[Json] = self.request("stackTrace", threadId=self.thread())["stackFrames"]
        return frames

    def thread(self) -> int:
        """The thread that stopped last."""
        stops = [_body(message, "stopped") for message in list(self.received)]
        return next((int(stop["threadId"]) for stop in reversed(stops) if stop), 1)

    def locals(self, frame: int) -> tuple[int, dict[str, str]]:
        """The reference of a frame's locals, and their texts by name."""
        scope = self.request("scopes", frameId=frame)["scopes"][0]
        reference: int = scope["variablesReference"]
        found = self.request("variables", variablesReference=reference)["variables"]
        return reference, {variable["name"]: variable["value"] for variable in found}

    def evaluate(self, expression: str, frame: int) -> str:
        """The value of an expression in a frame, as text."""
        asked = {"expression": expression, "frameId": frame, "context": "repl"}
        return str(self.request("evaluate", **asked)["result"])

    def output(self) -> str:
        """What the program has printed so far."""
        pieces = [_body(message, "output") for message in list(self.received)]
        return "".join(
            piece["output"] for piece in pieces if piece and piece.get("category") == "stdout"
        )

    def leave(self) -> int | None:
        """Disconnect; the adapter's exit code."""
        self.request("disconnect")
        return self.end()


def _body(message: Json, event: str) -> Json | None:
    if message["type"] != "event" or message["event"] != event:
        return None
    return message.get("body") or {}

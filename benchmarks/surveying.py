"""One sample of the survey: a language server in a workspace of which nobody has a text open.

It is measured from outside, as an editor and a table of processes see it: until the pass over the
files ends, with the memory of the server and all that it has started, added up many times a second.
"""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any, NamedTuple

from tidelock.shared.sources import uri_of_path
from tidelock.terminal.demo.peers import Editor

_LOOK_S = 0.02
_LONGEST_S = 600.0
_PAGE_MB = os.sysconf("SC_PAGE_SIZE") / 2**20
_TICK_S = 1 / os.sysconf("SC_CLK_TCK")


class Sample(NamedTuple):
    """Seconds from ``initialized`` to the end and since the files were read, and what was found.

    ``computed`` are the seconds of all processes together, ``memory_mb`` the most that they held
    at the same moment, each with what it shares with others.
    """

    seconds: float
    judging: float
    computed: float
    memory_mb: float
    files: int
    problems: int


class Onlooker(Editor):
    """An editor that shows progress; when the files were read, and when the pass was over."""

    def __init__(self, folder: str, environment: dict[str, str]) -> None:
        self.read_at = self.ended_at = 0.0
        self.found: dict[str, int] = {}
        self._token: Any = None
        super().__init__(folder, environment)

    @property
    def process(self) -> int:
        """The server's number."""
        return self._process.pid

    def _taken(self, message: dict[str, Any]) -> None:
        now, method = time.perf_counter(), message.get("method")
        params = message.get("params") or {}
        if method == "tidelock/status" and params["index"]["state"] == "ready":
            self.read_at = self.read_at or now
        elif method == "textDocument/publishDiagnostics":
            self.found[params["uri"]] = len(params["diagnostics"])
        elif method == "$/progress":
            value = params["value"]
            if value.get("title") == "Checking Lua files":
                self._token = params["token"]
            elif value["kind"] == "end" and params["token"] == self._token:
                self.ended_at = now
        super()._taken(message)


def sample(folder: Path, home: Path) -> Sample:
    """Have a server read and judge a workspace, with no cache before.

    Raises:
        TimeoutError: it does not come to an end.
    """
    environment = {
        **os.environ,
        "TIDELOCK_RUNTIME_DIR": str(home / "run"),
        "TIDELOCK_DATA_DIR": str(home / "data"),
        "TIDELOCK_LSP_LIVE_ENABLED": "false",
        "XDG_CACHE_HOME": str(home / "cache"),
    }
    editor = Onlooker(str(folder), environment)
    try:
        capabilities = {"window": {"workDoneProgress": True}}
        params = {"processId": None, "rootUri": uri_of_path(str(folder))}
        editor.request("initialize", {**params, "capabilities": capabilities})
        editor.notify("initialized", {})
        began, most = time.perf_counter(), 0.0
        while not editor.ended_at:
            most = max(most, sum(map(_memory_mb, _family(editor.process))))
            if time.perf_counter() > began + _LONGEST_S:
                raise TimeoutError("the files are not judged")
            time.sleep(_LOOK_S)
        computed = sum(map(_computed_s, _family(editor.process)))
        editor.leave()
    finally:
        editor.end()
    return Sample(
        editor.ended_at - began,
        editor.ended_at - editor.read_at,
        computed,
        most,
        len(editor.found),
        sum(editor.found.values()),
    )


def _family(process: int) -> list[int]:
    """A process and all that come from it."""
    found = [process]
    for one in found:
        try:
            for thread in os.listdir(f"/proc/{one}/task"):
                children = Path(f"/proc/{one}/task/{thread}/children").read_text("ascii")
                found += map(int, children.split())
        except OSError:
            continue  # it has ended meanwhile
    return found


def _memory_mb(process: int) -> float:
    try:
        return int(Path(f"/proc/{process}/statm").read_text("ascii").split()[1]) * _PAGE_MB
    except OSError:
        return 0.0


def _computed_s(process: int) -> float:
    """What it has computed so far, with those of its children that have ended."""
    try:
        told = Path(f"/proc/{process}/stat").read_text("ascii").rpartition(")")[2].split()
    except OSError:
        return 0.0
    return sum(map(int, told[11:15])) * _TICK_S

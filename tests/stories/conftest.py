"""One live runtime and the windows on it: a notebook, an editor's language server, a debugger.

Every story is told on a kernel in this process, where the three speak over memory, and on the
shared kernel of a workspace, which they reach over ZeroMQ, stdio and the debug relay.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from kit.dap import DapClient
from kit.jupyter import Execution, JupyterPeer
from kit.kernels import Served, serving
from kit.lsp import LspClient
from kit.marked import Marked, files

Json = dict[str, Any]


class Runtime:
    """A kernel, a workspace's folder, and whoever looks at it."""

    def __init__(self, served: Served, folder: Path) -> None:
        self.served = served
        self.folder = folder

    def write(self, source: str) -> dict[str, Marked]:
        """Write the files of a marked text into the workspace."""
        found = files(source)
        for name, text in found.items():
            (self.folder / name).write_text(text.text)
        return found

    def path(self, name: str) -> Path:
        """A file of the workspace."""
        return self.folder / name

    def notebook(self) -> JupyterPeer:
        """A front end on the kernel's five channels."""
        return self.served.peer(timeout=20)

    def debugger(self, **options: Any) -> DapClient:
        """An editor's debug client, not yet launched or attached."""
        return self.served.dap(over="stdio", timeout=20, **options)

    def attached(self, breakpoints: Mapping[str, list[int | Json]] | None = None) -> DapClient:
        """A debug client that joined whatever runs, with breakpoints in the workspace's files."""
        client = self.debugger()
        points = {self.path(name): lines for name, lines in (breakpoints or {}).items()}
        client.attach(breakpoints=points)
        return client

    def editor(self) -> LspClient:
        """A language server that is joined to the kernel."""
        client = self.served.lsp(self.folder, timeout=20)
        state(client, "idle", "running", "paused")
        return client

    def script(self, notebook: JupyterPeer, name: str, **options: Any) -> Execution:
        """Run a file as a run command does, from a notebook's connection."""
        path = self.path(name)
        ours = {"kind": "script", "source": str(path), "search": [str(self.folder)]}
        return notebook.start(path.read_text(), metadata={"tidelock": ours}, **options)


def state(editor: LspClient, *wanted: str, count: int | None = None) -> Json:
    """Wait until the editor is told that the kernel is in one of these states; what it is told.

    What it was told before that is spent. With ``count``, only after so many executions: between
    two of them a kernel is idle for a moment too, and whether that is told depends on the time.
    A pause is waited for until its frames are known.
    """
    while True:
        told: Json = editor.wait_for_notification("tidelock/status")
        is_known = told["kernel"] != "paused" or told["place"] is not None
        if told["kernel"] in wanted and count in (None, told["executionCount"]) and is_known:
            return told


def proposals(editor: LspClient, path: Path, line: int, character: int) -> dict[str, str]:
    """What an editor proposes at a place: label and detail."""
    items = editor.completion(path, line, character)
    return {item.label: item.detail or "" for item in items}


def ask(notebook: JupyterPeer, what: str, root: str, *keys: str, frame: int = 0) -> list[Json]:
    """A bounded read of the running program, as front ends and language servers do it."""
    comm = notebook.comm("tidelock.kernel")
    facts: list[Json] = comm.ask("ask", what=what, root=root, keys=list(keys), frame=frame)["facts"]
    return facts


@pytest.fixture(params=["embedded", "external"])
def runtime(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Runtime]:
    """One runtime, in this process and as the shared kernel of a workspace."""
    folder = Path(os.path.realpath(tmp_path)) / "work"
    folder.mkdir()
    with serving(request.param, folder, "--shared") as served:
        yield Runtime(served, folder)

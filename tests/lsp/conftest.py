"""Documents from marked Lua, programs that say what a test told them, and servers of their own."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from kit.lsp import LspClient
from kit.marked import Marked, marked
from kit.programs import TIDELOCK, environment
from tidelock.lsp.documents import Document
from tidelock.lsp.moment import Answered, Moment, Question, View
from tidelock.shared.link import connection as files
from tidelock.shared.link.client import KernelClient
from tidelock.shared.link.connection import Connection
from tidelock.shared.model import Dialect, Fact

MAIN = "/code/main.lua"


def document(source: str, path: str = MAIN, dialect: Dialect = "5.4") -> tuple[Document, Marked]:
    """A document of marked Lua, with its marks."""
    text = marked(source)
    return Document(f"file://{path}", 1, text.text, dialect, ("/code",)), text


def fact(name: str, text: str = "1", kind: str = "field", **more: str) -> Fact:
    """What a program holds; a signature makes it a function."""
    type_ = "function" if "signature" in more else more.pop("type", "number")
    return Fact(name, type_, text, more.pop("signature", ""), kind, more.pop("where", ""))


class Program:
    """A running program of a few answers; it remembers what it was asked."""

    def __init__(self, moment: Moment, *answers: tuple[Question, list[Fact] | None]) -> None:
        self.moment = moment
        self.answers = dict(answers)
        self.asked: list[Question] = []

    def view(self) -> View:
        return View(self.moment, self._ask)

    def _ask(self, question: Question) -> Answered | None:
        self.asked.append(question)
        facts = self.answers.get(question, [])
        return None if facts is None else Answered(self.moment.state, tuple(facts))


IDLE = Moment("idle", "k1", "Lua 5.4", 3, 7)
RUNNING = IDLE._replace(state="running")


class Place:
    """Home, working folder and registry of one test; servers and kernels end with it."""

    def __init__(self, stack: contextlib.ExitStack) -> None:
        # Short and real: sockets in it have a limit, and chunk names are real paths.
        self.home = Path(os.path.realpath(tempfile.mkdtemp(prefix="tl-")))
        self.work = self.home / "work"
        self.work.mkdir()
        self.environment = environment(self.home)
        self._stack = stack

    def file(self, name: str, text: str | bytes = "") -> Path:
        """Write a file in the working folder."""
        path = self.work / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode() if isinstance(text, str) else text)
        return path

    def server(self, *words: str, initialize: bool = True, **options: Any) -> LspClient:
        """``tidelock lsp``, initialized unless told otherwise."""
        argv = [*TIDELOCK, "lsp", *words]
        client = LspClient(argv, self.work, self.environment, timeout=20, **options)
        self._stack.enter_context(client)
        if initialize:
            client.initialize(self.work)
        return client

    @property
    def connections(self) -> list[Connection]:
        """The registered kernels."""
        folder = self.home / "run" / "kernels"
        return [files.read(str(path)) for path in sorted(folder.glob("*.json"))]

    def kernel(self) -> KernelClient:
        """A client of the only kernel there is."""
        (connection,) = self.connections
        client = KernelClient(connection)
        self._stack.callback(client.close)
        client.wait_ready(20)
        return client

    def close(self) -> None:
        """End the kernels and remove the folder."""
        for connection in self.connections:
            with contextlib.suppress(ProcessLookupError):
                os.kill(connection.pid, signal.SIGKILL)
        shutil.rmtree(self.home, ignore_errors=True)


@pytest.fixture(scope="session")
def empty_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home").resolve()


@pytest.fixture(autouse=True)
def home(empty_home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The home of servers in this process, which has the options of texts in no folder."""
    monkeypatch.setenv("HOME", str(empty_home))
    return empty_home


@pytest.fixture
def place(monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    """The test's own place; kernels that are started there run the Lua under test."""
    with contextlib.ExitStack() as stack:
        made = Place(stack)
        stack.callback(made.close)  # the last thing, after clients and servers
        monkeypatch.setenv("TIDELOCK_RUNTIME_DIR", made.environment["TIDELOCK_RUNTIME_DIR"])
        yield made

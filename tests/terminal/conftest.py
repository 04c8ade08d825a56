"""A folder of its own for each test that runs ``tidelock``, and no kernel left behind."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from kit import programs
from kit.programs import Program, Pty, Result

Run = Callable[..., Result]


class Place:
    """Home, working folder and registry of one test."""

    def __init__(self) -> None:
        # Short and real: sockets in it have a limit, and chunk names are real paths.
        self.home = Path(os.path.realpath(tempfile.mkdtemp(prefix="tl-")))
        self.work = self.home / "work"
        self.work.mkdir()

    def run(self, *words: str | Path, **options: Any) -> Result:
        """Run a command to its end."""
        return programs.run(*words, home=self.home, cwd=options.pop("cwd", self.work), **options)

    def shell(self, line: str, *arguments: str) -> Result:
        """Run a line of bash in which ``tidelock`` is the command under test."""
        command = " ".join(f"'{word}'" for word in programs.TIDELOCK)
        function = f'tidelock() {{ {command} "$@"; }}; {line}'
        return self.run("-c", function, "bash", *arguments, program=["bash"])

    def spawn(self, *words: str | Path, **options: Any) -> Program:
        """Start a command and read along."""
        return programs.spawn(*words, home=self.home, cwd=self.work, **options)

    def pty(self, *words: str | Path, **options: Any) -> Pty:
        """Start a command on a terminal."""
        return Pty(*words, home=self.home, cwd=self.work, **options)

    def file(self, name: str, text: str | bytes) -> Path:
        """Write a file in the working folder."""
        path = self.work / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode() if isinstance(text, str) else text)
        return path

    def registered(self) -> list[dict[str, Any]]:
        """The connection files of the registry."""
        folder = self.home / "run" / "kernels"
        return [json.loads(path.read_text()) for path in sorted(folder.glob("*.json"))]

    @contextlib.contextmanager
    def kernel(self, *flags: str) -> Iterator[Program]:
        """A kernel in the foreground, ready."""
        with self.spawn("kernel", "start", *flags) as program:
            program.wait_for_line("stops it")
            yield program
            if program.child.process.poll() is None:
                program.signal(signal.SIGTERM)
                program.wait()

    def close(self) -> None:
        """Remove the folder; a kernel that is still registered is ended, and is a failure."""
        left = self.registered()
        for kernel in left:
            with contextlib.suppress(ProcessLookupError):
                os.kill(kernel["pid"], signal.SIGKILL)
        shutil.rmtree(self.home, ignore_errors=True)
        assert not left, f"kernels left behind: {left}"


@pytest.fixture
def place() -> Iterator[Place]:
    """The test's own place."""
    made = Place()
    yield made
    made.close()


@pytest.fixture(scope="module")
def outside() -> Iterator[Place]:
    """A place in which a kernel called ``outside`` runs."""
    made = Place()
    with made.kernel("--id", "outside"):
        yield made
    made.close()


class Mode:
    """Running scripts in one of the two ways; results must be the same."""

    def __init__(self, place: Place, flags: tuple[str, ...]) -> None:
        self.place = place
        self.flags = flags
        self.file = place.file

    def run(self, command: str, what: str | Path, *more: str, **options: Any) -> Result:
        """``run`` or ``exec``, with the flags that choose the kernel."""
        return self.place.run(command, what, *self.flags, *more, **options)

    def spawn(self, command: str, what: str | Path, *more: str) -> Program:
        """The same, to read along."""
        return self.place.spawn(command, what, *self.flags, *more)


@pytest.fixture(params=["embedded", "connected"])
def lua(request: pytest.FixtureRequest) -> Mode:
    """A kernel in the command's process, and one in a process of its own."""
    if request.param == "embedded":
        return Mode(request.getfixturevalue("place"), ())
    return Mode(request.getfixturevalue("outside"), ("--connect", "outside"))

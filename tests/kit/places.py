"""A place for one test: a home with a registry of its own, and no kernel left behind."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from kit import programs
from kit.programs import Program, Pty, Result


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

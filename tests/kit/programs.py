"""Running the ``tidelock`` command as a user would, in a home folder of its own.

    assert run("exec", "print(1 + 1)", home=tmp_path).expect(0).stdout == "2\\n"

``run`` waits for the end, ``spawn`` reads along, ``Pty`` is a terminal. Whatever was started is
ended with its children when the test leaves the ``with`` block. The file is long because a program
on pipes and one on a terminal are read alike.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import re
import select
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import termios
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from kit import lua
from kit.children import Child, Reader, described, end_group, interruptible
from kit.timeline import Failure, Timeline, seconds

TIDELOCK: tuple[str, ...] = (sys.executable, "-m", "tidelock.terminal")
"""The command; other programs can be given as ``program``."""

KEYS: Mapping[str, str] = {
    "up": "\x1b[A",
    "down": "\x1b[B",
    "right": "\x1b[C",
    "left": "\x1b[D",
    "home": "\x1b[H",
    "end": "\x1b[F",
    "delete": "\x1b[3~",
    "enter": "\r",
    "tab": "\t",
    "escape": "\x1b",
    "backspace": "\x7f",
}
"""What a terminal sends for keys that are no characters."""

_ESCAPES = re.compile(
    r"\x1b\[[0-?]*[ -/]*[@-~]"  # control sequences: colours, cursor, modes
    r"|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)"  # operating system commands: the window's title
    r"|\x1b[ -/]*[0-Z\\^-~]"  # two-character ones
)
_UNFINISHED = re.compile(r"(?:\x1b(?:\[[0-?]*[ -/]*|\][^\x07\x1b]*\x1b?|[ -/]*)|\r)\Z")
_ASKED_WHERE = b"\x1b[6n"
# Makes the terminal on standard input the controlling one, then becomes the program.
_CONTROLLING = (
    "import fcntl, os, sys, termios;"
    "fcntl.ioctl(0, termios.TIOCSCTTY, 0);"
    "os.execvp(sys.argv[1], sys.argv[1:])"
)


@dataclass(frozen=True)
class Result:
    """How a program ended. Output is decoded as UTF-8, other bytes as lone surrogates."""

    argv: tuple[str, ...]
    code: int
    stdout: str
    stderr: str

    def expect(self, code: int = 0) -> Self:
        """The same result, if its exit code is this one."""
        if self.code != code:
            raise Failure(f"exit code {self.code} instead of {code}\n{self}")
        return self

    def __str__(self) -> str:
        return (
            f"{' '.join(self.argv)} (exit code {self.code})\n"
            f"stdout:\n{self.stdout or '  (nothing)'}\nstderr:\n{self.stderr or '  (nothing)'}"
        )


def environment(home: str | Path, env: Mapping[str, str] | None = None) -> dict[str, str]:
    """An environment in which nothing of the user's reaches the program.

    Home, configuration, data, cache and runtime folders lie in ``home``; variables of Tidelock,
    Lua and Jupyter are left out; ``env`` is laid over it. The Lua build under test is the
    default of ``lua.version`` if ``TIDELOCK_TEST_LUA`` names one.
    """
    home = Path(home)
    clean = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("TIDELOCK_", "LUA_", "JUPYTER_", "JPY_", "XDG_"))
    }
    folders = {
        "HOME": home,
        "XDG_CONFIG_HOME": home / "config",
        "XDG_DATA_HOME": home / "data",
        "XDG_STATE_HOME": home / "state",
        "XDG_CACHE_HOME": home / "cache",
        "XDG_RUNTIME_DIR": home / "run",
        "TIDELOCK_RUNTIME_DIR": home / "run",
    }
    for name, folder in folders.items():
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        clean[name] = str(folder)
    if "TIDELOCK_TEST_LUA" in os.environ:
        clean["TIDELOCK_LUA_VERSION"] = lua.build_under_test().option
    return {**clean, "LANG": "C.UTF-8", "LC_ALL": "C.UTF-8", "TERM": "dumb", **(env or {})}


class _Place:
    """Where a program runs: the home given, or one that is removed in the end."""

    def __init__(
        self, home: str | Path | None, cwd: str | Path | None, env: Mapping[str, str] | None
    ) -> None:
        # Short, for the names of sockets in it have a limit of 107 bytes.
        self._made = tempfile.mkdtemp(prefix="tl-") if home is None else None
        self.home = Path(home or self._made or ".")
        self.env = environment(self.home, env)
        # Never the test's own folder, whose project file would be found.
        self.cwd = Path(cwd or self.home / "work")
        if cwd is None:
            self.cwd.mkdir(exist_ok=True)

    def remove(self) -> None:
        if self._made is not None:
            shutil.rmtree(self._made, ignore_errors=True)


class Program:
    """A program that runs while the test looks on.

    Lines are kept in the order in which they came; ``wait_for_line`` gives each only once.
    """

    def __init__(
        self,
        *argv: str | Path,
        cwd: str | Path | None = None,
        env: Mapping[str, str] | None = None,
        home: str | Path | None = None,
        program: Sequence[str | Path] = TIDELOCK,
    ) -> None:
        self._place = _Place(home, cwd, env)
        self.home = self._place.home
        self._output = {"stdout": bytearray(), "stderr": bytearray()}
        self._lines: list[tuple[str, str]] = []
        self._taken = {"stdout": 0, "stderr": 0}
        self._rest = {"stdout": b"", "stderr": b""}
        self._open = {"stdout", "stderr"}
        self._news = Timeline()
        try:
            self.child = Child(
                [*program, *argv], self._received, cwd=self._place.cwd, env=self._place.env
            )
        except BaseException:
            self._place.remove()
            raise
        self._news.appendix = self.__str__

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def __str__(self) -> str:
        lines = "".join(f"  {name[3:]}| {line}\n" for name, line in list(self._lines))
        return f"{self.child}\n{lines or '  (no line yet)'}"

    @property
    def pid(self) -> int:
        """Its process id."""
        return self.child.process.pid

    @property
    def stdout(self) -> str:
        """Its standard output so far."""
        return _text(self._output["stdout"])

    @property
    def stderr(self) -> str:
        """Its standard error so far."""
        return _text(self._output["stderr"])

    def wait_for_line(
        self, pattern: str, timeout: float = 10.0, stream: str | None = None
    ) -> re.Match[str]:
        """The next line (of a stream, or of either) in which a regular expression is found."""

        def look() -> re.Match[str] | None:
            for index, (name, line) in enumerate(self._lines):
                if stream in (None, name) and index >= self._taken[name]:
                    match = re.search(pattern, line)
                    if match:
                        self._taken[name] = index + 1
                        return match
            return None

        return self._news.wait_until(look, timeout, f"a line with {pattern!r}")

    def write(self, text: str) -> None:
        """Write to its standard input."""
        self.child.write(text.encode("utf-8", "surrogateescape"))

    def close_input(self) -> None:
        """End its standard input."""
        self.child.close_input()

    def signal(self, number: signal.Signals) -> None:
        """Send it a signal, and only it."""
        self.child.process.send_signal(number)

    def wait(self, timeout: float = 30.0) -> Result:
        """Wait for its end."""
        code = self.child.wait(timeout)
        if code is None:
            raise Failure(f"still running after {seconds(timeout):g} s\n{self}")
        return Result(tuple(self.child.argv), code, self.stdout, self.stderr)

    def stop(self, grace: float = 0.5) -> None:
        """End it with its children; may be called again."""
        self.child.stop(grace)
        self._place.remove()

    def _received(self, stream: str, data: bytes) -> None:
        with self._news.changed:
            self._output[stream] += data
            *lines, rest = (self._rest[stream] + data).split(b"\n")
            if not data and rest:  # what the stream ended with
                lines, rest = [*lines, rest], b""
            self._rest[stream] = rest
            self._lines += [(stream, _text(line)) for line in lines]
            if not data:
                self._open.discard(stream)
            if not self._open:
                self._news.end("both its outputs have ended")
            self._news.changed.notify_all()


def run(
    *argv: str | Path,
    stdin: str | bytes | None = None,
    cwd: str | Path | None = None,
    env: Mapping[str, str] | None = None,
    home: str | Path | None = None,
    timeout: float = 30.0,
    program: Sequence[str | Path] = TIDELOCK,
) -> Result:
    """Run a command to its end; without ``stdin`` its standard input is empty."""
    with Program(*argv, cwd=cwd, env=env, home=home, program=program) as running:
        data = stdin.encode("utf-8", "surrogateescape") if isinstance(stdin, str) else stdin
        with contextlib.suppress(BrokenPipeError):  # it need not read its input
            running.child.write(data or b"")
        running.close_input()
        return running.wait(timeout)


def spawn(
    *argv: str | Path,
    cwd: str | Path | None = None,
    env: Mapping[str, str] | None = None,
    home: str | Path | None = None,
    program: Sequence[str | Path] = TIDELOCK,
) -> Program:
    """Start a command; to be used in a ``with`` block."""
    return Program(*argv, cwd=cwd, env=env, home=home, program=program)


class Pty:
    """A program on a terminal of its own.

    What it prints is kept without escape sequences and with plain line ends; it is not a
    terminal's screen: what was overwritten is still there. Questions for the cursor's place are
    answered, since line editors wait for that.
    """

    def __init__(
        self,
        *argv: str | Path,
        cwd: str | Path | None = None,
        env: Mapping[str, str] | None = None,
        home: str | Path | None = None,
        program: Sequence[str | Path] = TIDELOCK,
        size: tuple[int, int] = (24, 80),
    ) -> None:
        self._place = _Place(home, cwd, {"TERM": "xterm-256color", **(env or {})})
        self.home = self._place.home
        self.argv = [str(part) for part in (*program, *argv)]
        self._raw = bytearray()
        self._looked = 0
        self._answered = 0
        self._writing = threading.Lock()
        self._news = Timeline()
        self._news.appendix = self.__str__
        self._master, slave = pty.openpty()
        self.resize(*size)
        try:
            with interruptible():
                self.process = subprocess.Popen(
                    [sys.executable, "-I", "-S", "-c", _CONTROLLING, *self.argv],
                    stdin=slave,
                    stdout=slave,
                    stderr=slave,
                    cwd=self._place.cwd,
                    env=self._place.env,
                    start_new_session=True,
                )
        finally:
            os.close(slave)
        self._reader = Reader({self._master: "terminal"}, self._received)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def __str__(self) -> str:
        shown = "\n".join(f"  | {line}" for line in self.text.split("\n"))
        return f"{described(self.argv, self.process)}\n{shown}"

    @property
    def raw(self) -> bytes:
        """All it printed so far, as it came."""
        return bytes(self._raw)

    @property
    def text(self) -> str:
        """All it printed so far, without escape sequences."""
        return plain(self._raw)

    def expect(self, text: str | re.Pattern[str], timeout: float = 10.0) -> str:
        """Wait for a text (or an expression) after the last one that was found.

        Gives what was printed from there up to and with it.
        """
        pattern = re.compile(re.escape(text)) if isinstance(text, str) else text

        def look() -> str | None:
            printed = self.text
            match = pattern.search(printed, self._looked)
            if match is None:
                return None
            found = printed[self._looked : match.end()]
            self._looked = match.end()
            return found

        return self._news.wait_until(look, timeout, f"{pattern.pattern!r} on the terminal")

    @property
    def echoes(self) -> bool:
        """Whether the terminal shows what is typed."""
        return bool(termios.tcgetattr(self._master)[3] & termios.ECHO)

    def send(self, text: str) -> None:
        """Type a text."""
        self._write(text.encode("utf-8"))

    def send_line(self, text: str = "") -> None:
        """Type a text and Enter."""
        self.send(text + KEYS["enter"])

    def key(self, name: str) -> None:
        """Press a key of ``KEYS``, or ``ctrl-x``.

        ``ctrl-c`` is a signal, and a prompt does not prove that a program is ready for it: one
        that reads with Python's ``input`` may hear of it only with the next line.
        """
        if name.startswith("ctrl-"):
            self._write(bytes([ord(name[5:].upper()) & 0x1F]))
        else:
            self.send(KEYS[name])

    def resize(self, rows: int, columns: int) -> None:
        """Give the terminal another size; the program is told by SIGWINCH."""
        fcntl.ioctl(self._master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def wait(self, timeout: float = 10.0) -> int:
        """Wait for its end: its exit code."""
        try:
            code = self.process.wait(seconds(timeout))
        except subprocess.TimeoutExpired:
            raise Failure(f"still running after {seconds(timeout):g} s\n{self}") from None
        self._reader.finish()
        return code

    def stop(self, grace: float = 0.5) -> None:
        """Close the terminal and end what still runs on it; may be called again."""
        if self._master < 0:
            return
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process.pid, signal.SIGHUP)  # as a terminal that is closed does
        end_group(self.process, grace)
        self._reader.finish()
        os.close(self._master)
        self._master = -1
        self._place.remove()

    def _write(self, data: bytes) -> None:
        with self._writing:
            view = memoryview(data)
            while view:
                try:
                    view = view[os.write(self._master, view) :]
                except BlockingIOError:
                    # The other side does not read; wait until it does.
                    _, ready, _ = select.select([], [self._master], [], seconds(10.0))
                    if not ready:
                        raise Failure(f"the terminal takes no input\n{self}") from None

    def _received(self, _stream: str, data: bytes) -> None:
        with self._news.changed:
            self._raw += data
            asked = self._raw.count(_ASKED_WHERE)
            if not data:
                self._news.end("the terminal was closed")
            self._news.changed.notify_all()
        while self._answered < asked:
            self._answered += 1
            with contextlib.suppress(OSError):
                self._write(b"\x1b[1;1R")


def plain(raw: bytes | bytearray) -> str:
    """What a terminal was sent, without escape sequences and with plain line ends.

    Of what is cut in the middle (a sequence, a character, a line end) nothing is shown yet, so
    that more bytes only ever add to the text.
    """
    text = raw.decode("utf-8", "ignore")
    return _ESCAPES.sub("", _UNFINISHED.sub("", text)).replace("\r\n", "\n")


def _text(data: bytes | bytearray) -> str:
    return data.decode("utf-8", "surrogateescape")

"""Log lines on stderr or in a file, cheap while nobody listens.

A module asks for its layer once (``log = layer("dap")``) and writes records with fields.
The standard logging package is not used: its import costs a quarter of the kernel's start.
Never logs keys: callers pass identities and counts, not secrets.
"""

from __future__ import annotations

import contextlib
import os
import sys
import threading
import time
from typing import Protocol

LEVELS = ("off", "error", "warn", "info", "debug", "trace")
_RANK = {name: rank for rank, name in enumerate(LEVELS)}


class Stream(Protocol):
    """What takes the lines: a text stream, or a ``LogFile``."""

    def write(self, text: str, /) -> object:
        """Take a line."""

    def flush(self) -> None:
        """Let it be seen."""


class LogFile:
    """A file of log lines for its owner only; when it is full, older ones are kept beside it.

    ``kernel.log`` becomes ``kernel.log.1``, that ``kernel.log.2``, and so on. Written from any
    thread under the sink's lock.

    Args:
        path: where.
        size: bytes in one file, 0 for no limit.
        count: how many older files are kept.
        takes_output: standard output and error go there as well, whichever file it is.

    Raises:
        OSError: it cannot be opened.
    """

    def __init__(self, path: str, size: int, count: int, *, takes_output: bool = False) -> None:
        self.path = path
        self._size = size
        self._count = count
        self._takes_output = takes_output
        self._file = -1
        self.reopen()

    def reopen(self) -> None:
        """Open the path anew: whoever rotates logs has moved the file away.

        Raises:
            OSError: it cannot be opened; the old one is still written to.
        """
        made = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        if self._file < 0:
            self._file = made
        else:
            os.dup2(made, self._file, inheritable=False)
            os.close(made)
        if self._takes_output:
            os.dup2(self._file, 1)
            os.dup2(self._file, 2)

    def write(self, text: str) -> None:
        """Append a line; one that does not fit any more begins a new file."""
        data = text.encode("utf-8", "backslashreplace")
        there = os.fstat(self._file).st_size if self._size else 0
        if there and there + len(data) > self._size:
            with contextlib.suppress(OSError):  # a full file is better than none
                self._rotate()
        while data:
            data = data[os.write(self._file, data) :]

    def _rotate(self) -> None:
        for number in range(self._count - 1, 0, -1):
            with contextlib.suppress(FileNotFoundError):
                os.replace(f"{self.path}.{number}", f"{self.path}.{number + 1}")
        if self._count:
            os.replace(self.path, f"{self.path}.1")
        else:
            os.unlink(self.path)
        self.reopen()

    def flush(self) -> None:
        """Nothing is kept back."""

    def close(self) -> None:
        """Write nothing more."""
        os.close(self._file)


class Sink:
    """Where records go and which are wanted; replaced as a whole by ``configure``."""

    __slots__ = ("_lock", "layers", "rank", "stream")

    def __init__(self, level: str, layers: dict[str, str], stream: Stream | None) -> None:
        self.rank = _RANK[level]
        self.layers = {name: _RANK[value] for name, value in layers.items()}
        self.stream = stream
        self._lock = threading.Lock()

    def write(self, line: str) -> None:
        """Write one line; a closed or full stream loses the line, never the caller."""
        stream = self.stream if self.stream is not None else sys.stderr
        with self._lock:
            try:
                stream.write(line)
                stream.flush()
            except (OSError, ValueError):
                return

    def reopen(self) -> None:
        """Open a log file anew.

        Raises:
            OSError: it cannot be opened; the old one is still written to.
        """
        if isinstance(self.stream, LogFile):
            with self._lock:
                self.stream.reopen()


class Layer:
    """The records of one named part (``wire``, ``lane``, ``dap``...); safe from any thread."""

    __slots__ = ("name",)

    sink = Sink("warn", {}, None)

    def __init__(self, name: str) -> None:
        self.name = name

    def wants(self, level: str) -> bool:
        """Whether a record of this level would be written; ask before building costly fields."""
        sink = Layer.sink
        return sink.layers.get(self.name, sink.rank) >= _RANK[level]

    def _write(self, level: str, message: str, fields: dict[str, object]) -> None:
        if not self.wants(level):
            return
        now = time.time()
        stamp = time.strftime("%Y-%m-%dT%H:%M:%S", time.localtime(now))
        tail = "".join(f" {key}={value!r}" for key, value in fields.items())
        milliseconds = int(now % 1 * 1000)
        Layer.sink.write(f"{stamp}.{milliseconds:03d} {level} {self.name} {message}{tail}\n")

    def error(self, message: str, **fields: object) -> None:
        """Record a failure of ours."""
        self._write("error", message, fields)

    def warn(self, message: str, **fields: object) -> None:
        """Record a surprise that was handled."""
        self._write("warn", message, fields)

    def info(self, message: str, **fields: object) -> None:
        """Record a step in the life of a part."""
        self._write("info", message, fields)

    def debug(self, message: str, **fields: object) -> None:
        """Record one operation."""
        self._write("debug", message, fields)


def layer(name: str) -> Layer:
    """The log of one layer of Tidelock."""
    return Layer(name)


def write_to(stream: Stream | None) -> None:
    """Send the records elsewhere; None is standard error."""
    Layer.sink.stream = stream


def reopen() -> None:
    """Open the log file anew, if the log goes to one.

    Raises:
        OSError: it cannot be opened; the old one is still written to.
    """
    Layer.sink.reopen()


def configure(spec: str) -> None:
    """Set level and layers from a ``--trace`` value such as ``warn,dap=debug``.

    Raises:
        ValueError: the level is not one of ``LEVELS``.
    """
    level, layers = "warn", {}
    for part in filter(None, (piece.strip() for piece in spec.split(","))):
        name, _, value = part.rpartition("=")
        if value not in _RANK:
            raise ValueError(f"unknown log level {value!r}; use one of {', '.join(LEVELS)}")
        if name:
            layers[name] = value
        else:
            level = value
    Layer.sink = Sink(level, layers, Layer.sink.stream)

"""Log lines on stderr or in a file, cheap while nobody listens.

A module asks for its layer once (``log = layer("dap")``) and writes records with fields.
The standard logging package is not used: its import costs a quarter of the kernel's start.
Never logs keys: callers pass identities and counts, not secrets.
"""

from __future__ import annotations

import sys
import threading
import time
from typing import TextIO

LEVELS = ("off", "error", "warn", "info", "debug", "trace")
_RANK = {name: rank for rank, name in enumerate(LEVELS)}


class Sink:
    """Where records go and which are wanted; replaced as a whole by ``configure``."""

    __slots__ = ("_lock", "layers", "rank", "stream")

    def __init__(self, level: str, layers: dict[str, str], stream: TextIO | None) -> None:
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


def configure(spec: str, stream: TextIO | None = None) -> None:
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
    Layer.sink = Sink(level, layers, stream)

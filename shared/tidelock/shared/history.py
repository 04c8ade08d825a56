"""What was executed: the count that names inputs, and the last inputs with their results.

Kept in memory for the kernel's life; it never holds output.
"""

from __future__ import annotations

import fnmatch
import threading
from collections import deque
from typing import NamedTuple


class Entry(NamedTuple):
    """One stored execution: number, input as typed, text of its result (empty: none)."""

    number: int
    text: str
    result: str


class History:
    """The stored executions of one Context; safe from any thread.

    Args:
        size: how many entries are kept.
    """

    def __init__(self, size: int) -> None:
        self._lock = threading.Lock()
        self._entries: deque[Entry] = deque(maxlen=max(size, 1))
        self.count = 0

    def next(self) -> int:
        """The number of the execution that begins now."""
        with self._lock:
            self.count += 1
            return self.count

    def add(self, number: int, text: str, result: str) -> None:
        """Store a finished execution."""
        with self._lock:
            self._entries.append(Entry(number, text, result))

    def restart(self) -> None:
        """Count from one again; entries stay."""
        with self._lock:
            self.count = 0

    def tail(self, amount: int) -> list[Entry]:
        """The last entries, oldest first."""
        with self._lock:
            entries = list(self._entries)
        return entries[-amount:] if amount > 0 else []

    def between(self, start: int, stop: int) -> list[Entry]:
        """Entries by number, from ``start`` up to but without ``stop`` (0: no end)."""
        with self._lock:
            entries = list(self._entries)
        return [e for e in entries if e.number >= start and (not stop or e.number < stop)]

    def search(self, pattern: str, amount: int, *, unique: bool) -> list[Entry]:
        """The last entries whose text matches a pattern with ``*`` and ``?``, oldest first."""
        with self._lock:
            entries = list(self._entries)
        found = [entry for entry in entries if fnmatch.fnmatchcase(entry.text, pattern)]
        if unique:
            found = list({entry.text: entry for entry in found}.values())
        return found[-amount:] if amount > 0 else found

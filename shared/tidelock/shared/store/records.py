"""The sessions and inputs of a workspace as its store keeps them.

A session is one count of inputs, from 1 on: that of a kernel since its start or restart. Its
row is made with its first input and closed when the kernel stops in order, so one of a dead
process that is still open tells of a kernel that was killed.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from tidelock.shared import processes
from tidelock.shared.log import layer
from tidelock.shared.model import Entry, Unclosed
from tidelock.shared.store.file import StoreFile
from tidelock.shared.store.place import Place

log = layer("store")

FORMAT = 1
_TABLES = (
    """CREATE TABLE sessions (
        number INTEGER PRIMARY KEY AUTOINCREMENT,
        kernel TEXT NOT NULL, host TEXT NOT NULL,
        pid INTEGER NOT NULL, process_started INTEGER NOT NULL,
        opened REAL NOT NULL, closed REAL
    )""",
    """CREATE TABLE inputs (
        id INTEGER PRIMARY KEY,
        session INTEGER NOT NULL, number INTEGER NOT NULL,
        at REAL NOT NULL, text TEXT NOT NULL, result TEXT NOT NULL,
        UNIQUE (session, number)
    )""",
)
_COLUMNS = "id, session, number, text, result, at"


class Records:
    """What one kernel writes into and reads from the store of its workspace; for one thread.

    Args:
        place: where the store is.
        kernel: the id of the kernel.
        size: how many inputs the store keeps.
        busy_timeout_ms: how long to wait for another process.
        clock: gives seconds since 1970.

    Each method raises StoreFault where the store cannot be used. ``numbers`` has the number of
    each session of this kernel that has a row, by its place among them.
    """

    def __init__(
        self, place: Place, kernel: str, size: int, busy_timeout_ms: int, clock: Callable[[], float]
    ) -> None:
        self.path = place.path
        self.unclosed: tuple[Unclosed, ...] = ()
        self.numbers: dict[int, int] = {}
        self._file = StoreFile(place, busy_timeout_ms, FORMAT, _TABLES)
        self._kernel = kernel
        self._size = size
        self._clock = clock
        self._has_looked = False
        self._told: set[int] = set()

    def write(self, entries: Sequence[Entry]) -> None:
        """Store inputs, all or none; their sessions are places among those of this kernel."""
        self.look()
        made: dict[int, int] = {}
        with self._file.writing() as connection:
            for each in entries:
                session = self.numbers.get(each.session) or made.get(each.session)
                if session is None:
                    session = made[each.session] = self._begin(connection)
                # Lone surrogates of a client and bytes of a script are no text to SQLite.
                text, result = _encoded(each.text), _encoded(each.result)
                connection.execute(
                    "INSERT OR IGNORE INTO inputs (session, number, at, text, result)"
                    " VALUES (?, ?, ?, CAST(? AS TEXT), CAST(? AS TEXT))",
                    (session, each.number, each.at, text, result),
                )
            connection.execute(
                "DELETE FROM inputs WHERE id <= (SELECT id FROM inputs ORDER BY id DESC"
                " LIMIT 1 OFFSET ?)",
                (self._size,),
            )
        self.numbers.update(made)

    def _begin(self, connection: Any) -> int:
        """Make the row of a session; those before it, and those of the killed, are closed."""
        now = self._clock()
        closed = [*self.numbers.values(), *(lost.session for lost in self.unclosed)]
        connection.executemany(
            "UPDATE sessions SET closed = ? WHERE number = ? AND closed IS NULL",
            [(now, number) for number in closed],
        )
        connection.execute(
            "DELETE FROM sessions WHERE closed IS NOT NULL"
            " AND number NOT IN (SELECT session FROM inputs)"
        )
        pid = os.getpid()
        row = (self._kernel, os.uname().nodename, pid, processes.started(pid), now)
        made = connection.execute(
            "INSERT INTO sessions (kernel, host, pid, process_started, opened)"
            " VALUES (?, ?, ?, ?, ?)",
            row,
        )
        return int(made.lastrowid)

    def close(self) -> None:
        """The kernel stops in order: its sessions are closed, and the file."""
        try:
            if self.numbers:
                with self._file.writing() as connection:
                    connection.executemany(
                        "UPDATE sessions SET closed = ? WHERE number = ? AND closed IS NULL",
                        [(self._clock(), number) for number in self.numbers.values()],
                    )
        finally:
            self._file.close()

    def look(self) -> None:
        """Find the sessions of kernels that were killed, once; and log them."""
        if self._has_looked:
            return
        with self._file.reading() as connection:
            rows = []
            if connection is not None:
                rows = connection.execute(
                    "SELECT number, kernel, pid, opened, host, process_started FROM sessions"
                    " WHERE closed IS NULL ORDER BY number"
                ).fetchall()
        self._has_looked = True
        here = os.uname().nodename.encode()
        found = []
        for number, kernel, pid, opened, host, start in rows:
            if host == here and isinstance(opened, float) and not _lives(pid, start):
                found.append(Unclosed(number, kernel.decode("utf-8", "replace"), pid, opened))
        self.unclosed = tuple(found)
        for lost in found:
            log.warn(
                "a kernel of this workspace did not stop in order; its last inputs may be missing",
                kernel=lost.kernel,
                pid=lost.pid,
                session=lost.session,
            )

    def highest(self) -> int:
        """The number of the newest session, 0 when there is none."""
        with self._file.reading() as connection:
            if connection is None:
                return 0
            (number,) = connection.execute("SELECT max(number) FROM sessions").fetchone()
            return number or 0

    def newest_first(self) -> Iterator[Entry]:
        """The inputs of other sessions than this kernel's, by session, the newest first."""
        marks = ", ".join("?" * len(self.numbers))
        return self._read(
            f"SELECT {_COLUMNS} FROM inputs WHERE session NOT IN ({marks})"  # noqa: S608
            " ORDER BY session DESC, number DESC",
            [*self.numbers.values()],
        )

    def of_session(self, number: int) -> Iterator[Entry]:
        """The inputs of one session, oldest first."""
        return self._read(
            f"SELECT {_COLUMNS} FROM inputs WHERE session = ? ORDER BY number",  # noqa: S608
            [number],
        )

    def _read(self, statement: str, values: list[int]) -> Iterator[Entry]:
        self.look()
        with self._file.reading() as connection:
            if connection is None:
                return
            cursor = connection.execute(statement, values)
            try:
                for row in cursor:
                    entry = self._decoded(*row)
                    if entry is not None:
                        yield entry
            finally:
                cursor.close()  # else the look at the file would go on

    def _decoded(self, row: int, *columns: Any) -> Entry | None:
        """A row as an entry; one that is damaged is logged once and left out."""
        session, number, text, result, at = columns
        try:
            if isinstance(session, int) and isinstance(number, int) and isinstance(at, float):
                return Entry(session, number, _decode(text), _decode(result), at)
        except (UnicodeDecodeError, AttributeError):
            pass
        if row not in self._told:
            self._told.add(row)
            log.warn("an input in the store is damaged and left out", path=self.path, row=row)
        return None


def _encoded(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _decode(raw: bytes) -> str:
    return raw.decode("utf-8", "surrogatepass")


def _lives(pid: int, start: int) -> bool:
    try:
        return processes.lives(pid, start)
    except (OverflowError, TypeError):  # no number of a process: the row is damaged
        return True

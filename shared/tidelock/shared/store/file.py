"""The SQLite file of a store: opened, made, checked, and its troubles told in words.

Several processes use it at once: changes are logged ahead (WAL), transactions are short and
begin by taking the lock that they need. A file that is damaged, newer than this program or
somebody else's is left as it is.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
import stat
import time
from collections.abc import Iterator

from tidelock.shared.errors import TidelockError
from tidelock.shared.log import layer
from tidelock.shared.store.place import Place, network

log = layer("store")

_RETRY_S = 0.01


class StoreFault(TidelockError):  # noqa: N818
    """The store cannot be used now; says why and what to do."""

    kind = "unavailable"


class StoreFile:
    """One store; for one thread, and opened when it is first needed.

    Whatever goes wrong closes it, and the next use opens it again: what was mended, works.

    Args:
        place: where it is.
        busy_timeout_ms: how long to wait for another process.
        form: the number of the form in which ``tables`` keep what they hold.
        tables: the statements that make the tables of a new store.
    """

    def __init__(
        self, place: Place, busy_timeout_ms: int, form: int, tables: tuple[str, ...]
    ) -> None:
        self.path = place.path
        self._is_ours = place.is_ours
        self._patience_s = busy_timeout_ms / 1000
        self._form = form
        self._tables = tables
        self._connection: sqlite3.Connection | None = None
        self._is_warned = False

    @contextlib.contextmanager
    def reading(self) -> Iterator[sqlite3.Connection | None]:
        """What can be asked; None while there is no file.

        Raises:
            StoreFault: it cannot be read.
        """
        with self._told():
            there = self._connection is not None or os.path.exists(self.path)
            yield self._opened() if there else None

    @contextlib.contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """One transaction, done whole or not at all; the file is made if there is none.

        Raises:
            StoreFault: it cannot be written; nothing of it is.
        """
        with self._told():
            if self._connection is None:
                self._make()
            connection = self._opened()
            try:
                connection.execute("BEGIN IMMEDIATE")
                yield connection
                connection.execute("COMMIT")
            except BaseException:
                self.close()
                raise

    def close(self) -> None:
        """Close the file; what had begun and was not committed is undone."""
        connection, self._connection = self._connection, None
        if connection is not None:
            with contextlib.suppress(sqlite3.Error):
                connection.close()

    @contextlib.contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, OSError, StoreFault) as error:
            self.close()
            raise self._fault(error) from None

    def _fault(self, error: Exception) -> StoreFault:
        if isinstance(error, StoreFault):
            return error
        store = f"the store {self.path}"
        if isinstance(error, OSError):
            words = f"{store} cannot be made: {error.strerror}"
            return StoreFault(words, "mend its folder, or set store.path to another file")
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF
        if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
            words = f"{store} is busy: another process has locked it for {self._patience_s:g} s"
            return StoreFault(words, "wait for that, or raise store.busy_timeout_ms")
        if code in (sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT):
            return StoreFault(f"{store} is damaged", "move it away, and a new one is made")
        if code == sqlite3.SQLITE_FULL:
            return StoreFault(f"{store} has no space left", "make room on its disk")
        if code == sqlite3.SQLITE_IOERR:
            return StoreFault(f"{store}: {error}", "look whether its disk is full or broken")
        return StoreFault(f"{store}: {error}", "mend its permissions, or set store.path")

    def _make(self) -> None:
        """Make folder and file, for their owner alone."""
        folder = os.path.dirname(self.path)
        if self._is_ours:
            os.makedirs(os.path.dirname(folder), mode=0o700, exist_ok=True)
        os.makedirs(folder, mode=0o700, exist_ok=True)
        os.close(os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))

    def _opened(self) -> sqlite3.Connection:
        if self._connection is not None:
            return self._connection
        folder = os.path.dirname(self.path)
        if self._is_ours and stat.S_IMODE(os.stat(folder).st_mode) & 0o077:
            os.chmod(folder, 0o700)
        deadline = time.monotonic() + self._patience_s
        while True:
            # Transactions are begun by statements of ours alone, texts are decoded by their users.
            connection = sqlite3.connect(
                self.path, timeout=self._patience_s, isolation_level=None, check_same_thread=True
            )
            connection.text_factory = bytes
            try:
                self._prepare(connection)
            except BaseException as error:
                connection.close()
                code = getattr(error, "sqlite_errorcode", 0) & 0xFF
                # Where several open a new file at once, SQLite refuses some without waiting.
                if code != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                    raise
                time.sleep(_RETRY_S)
            else:
                self._connection = connection
                self._warn_of_network()
                return connection

    def _prepare(self, connection: sqlite3.Connection) -> None:
        """See what the file is before anything of it is changed; make the tables of a new one."""
        connection.execute("BEGIN")
        is_new = self._is_new(connection)
        connection.execute("COMMIT")
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        if not is_new:
            return
        connection.execute("BEGIN IMMEDIATE")
        if self._is_new(connection):  # no other process was faster
            for statement in self._tables:
                connection.execute(statement)
            connection.execute(f"PRAGMA user_version = {self._form}")
        connection.execute("COMMIT")

    def _is_new(self, connection: sqlite3.Connection) -> bool:
        """Whether nothing is in the file; within a transaction, for others may make the tables."""
        (form,) = connection.execute("PRAGMA user_version").fetchone()
        if form > self._form:
            raise StoreFault(
                f"the store {self.path} has format {form}, this Tidelock knows {self._form}",
                "use a newer Tidelock, or set store.path to another file",
            )
        if form:
            return False
        (count,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
        if count:
            raise StoreFault(
                f"{self.path} is a database, but no store of Tidelock",
                "set store.path to another file",
            )
        return True

    def _warn_of_network(self) -> None:
        if self._is_warned:
            return
        self._is_warned = True
        try:
            with open("/proc/self/mountinfo", "rb") as file:
                kind = network(os.path.realpath(self.path), file.read())
        except OSError:
            return
        if kind:
            log.warn(
                "the store is on a network drive, where kernels of several machines may damage it",
                path=self.path,
                kind=kind,
                remedy="set store.path to a local file",
            )

"""Summaries kept from one start to the next, in the user's cache folder; by content, not by name.

Whatever is wrong with the file (damaged, of another version, on a disk that takes no writes), it
is dropped with a line in the log, and the texts are read as if there had been none.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import sqlite3
import time
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Self, final

from tidelock.shared.language.index.summary import FORMAT, Summary, summary_of
from tidelock.shared.log import layer
from tidelock.shared.store.place import folder_name
from tidelock.shared.version import VERSION

if TYPE_CHECKING:
    from tidelock.shared.model import Dialect

log = layer("lsp")

_BUSY_S = 1.0
_ASKED = 500


def digest(raw: bytes, dialect: Dialect) -> str:
    """What the summary of a file depends on: its bytes, the Lua, and how we summarize."""
    made = hashlib.blake2b(f"{VERSION} {FORMAT} {dialect}\n".encode(), digest_size=16)
    made.update(raw)
    return made.hexdigest()


def place(root: str) -> str:
    """The file of a workspace's cache; nothing is made."""
    import platformdirs  # late: it costs 10 ms

    folder = platformdirs.user_cache_dir("tidelock", appauthor=False)
    return os.path.join(folder, "index", f"{folder_name(root)}.sqlite3")


@final
class Cache:
    """The summaries of one workspace; used by one thread, several processes may share the file.

    Args:
        path: the file; empty for none.
        most_mb: what it may take; the longest unused goes first.
    """

    def __init__(self, path: str, most_mb: int = 200) -> None:
        self._path = path
        self._most = most_mb * 1024 * 1024
        self._base: sqlite3.Connection | None = None
        self._used: set[str] = set()
        self._later: dict[str, Summary] = {}
        if path:
            try:
                self._base = self._opened()
            except (sqlite3.Error, OSError) as error:
                self._drop(error)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.put(self._later)
        self.close()

    def _opened(self) -> sqlite3.Connection:
        os.makedirs(os.path.dirname(self._path), mode=0o700, exist_ok=True)
        base = sqlite3.connect(self._path, timeout=_BUSY_S)
        try:
            base.execute(
                "CREATE TABLE IF NOT EXISTS summaries"
                " (digest TEXT PRIMARY KEY, used INTEGER NOT NULL, summary TEXT NOT NULL)"
            )
        except sqlite3.Error:
            base.close()
            raise
        return base

    def _drop(self, error: Exception) -> None:
        """Do without from now on; a damaged file is removed, for the next start."""
        log.warn("the index's cache cannot be used", path=self._path, why=str(error))
        if self._base is not None:
            with contextlib.suppress(sqlite3.Error):
                self._base.close()
            self._base = None
        is_busy = isinstance(error, sqlite3.OperationalError)
        if isinstance(error, sqlite3.DatabaseError | ValueError | TypeError) and not is_busy:
            with contextlib.suppress(OSError):
                os.remove(self._path)

    def is_empty(self) -> bool:
        """Whether nothing can be found here."""
        if self._base is None:
            return True
        try:
            return self._base.execute("SELECT 1 FROM summaries LIMIT 1").fetchone() is None
        except sqlite3.Error as error:
            self._drop(error)
            return True

    def later(self, key: str, made: Summary) -> None:
        """Keep a summary when the cache is left, so that nobody waits for the disk."""
        self._later[key] = made

    def get(self, digests: Iterable[str]) -> dict[str, Summary]:
        """The summaries that are there."""
        found: dict[str, Summary] = {}
        wanted = list(dict.fromkeys(digests))
        if self._base is None:
            return found
        try:
            for start in range(0, len(wanted), _ASKED):
                part = wanted[start : start + _ASKED]
                marks = ",".join("?" * len(part))
                rows = self._base.execute(
                    f"SELECT digest, summary FROM summaries WHERE digest IN ({marks})",  # noqa: S608
                    part,
                )
                for key, stored in rows:
                    found[key] = summary_of(json.loads(stored))
        except (sqlite3.Error, ValueError, TypeError) as error:
            self._drop(error)
            return {}
        self._used.update(found)
        return found

    def put(self, made: Mapping[str, Summary]) -> None:
        """Keep summaries, and remember which were asked for; the oldest make room."""
        if self._base is None:
            return
        now = int(time.time())
        rows = [(key, now, json.dumps(one, separators=(",", ":"))) for key, one in made.items()]
        used = [(now, key) for key in self._used]
        try:
            with self._base:
                self._base.executemany("INSERT OR REPLACE INTO summaries VALUES (?, ?, ?)", rows)
                self._base.executemany("UPDATE summaries SET used = ? WHERE digest = ?", used)
            self._make_room()
        except sqlite3.Error as error:
            self._drop(error)

    def _make_room(self) -> None:
        base = self._base
        assert base is not None
        while os.path.getsize(self._path) > self._most:
            (count,) = base.execute("SELECT count(*) FROM summaries").fetchone()
            if not count:
                return
            with base:
                base.execute(
                    "DELETE FROM summaries WHERE digest IN"
                    " (SELECT digest FROM summaries ORDER BY used, rowid LIMIT ?)",
                    [(count + 1) // 2],
                )
            base.execute("VACUUM")

    def clear(self) -> None:
        """Forget everything."""
        self._later.clear()
        if self._base is not None:
            try:
                with self._base:
                    self._base.execute("DELETE FROM summaries")
            except sqlite3.Error as error:
                self._drop(error)

    def close(self) -> None:
        """Leave the file."""
        if self._base is not None:
            self._base.close()
            self._base = None

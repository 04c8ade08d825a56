"""What a walk over a workspace came by, and what of it has become another: for who is told nothing.

The times and sizes of files and folders are looked at, one system call for each; no text is read.
A folder is listed only when its own time says that something in it has come or gone.
"""

from __future__ import annotations

import os
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import final

from tidelock.shared.language.index.files import Limits, listing

_Stamp = tuple[int, ...]
_TICK_NS = 2_000_000_000
"""The coarsest clock of a file system (FAT): what changed now may change again in this tick."""


@final
class _Folder:
    """A folder that was listed when it was stamped so, and the Lua files in it; None: list it."""

    __slots__ = ("files", "stamp")

    def __init__(self, stamp: _Stamp | None) -> None:
        self.stamp = stamp
        self.files: dict[str, _Stamp | None] = {}


@final
class Outlook:
    """The files and folders of some roots as they were at the last look; for one thread at a time.

    It is filled by who walks first: ``come_by`` before a folder is listed, ``take`` before its
    files are read. So nothing can change unseen between that reading and the first look.

    Args:
        roots: canonical folders, as they are walked.
        limits: what the walk leaves out.
        named: single files that count too, also those that are not there yet.
        clock: nanoseconds as files are stamped with.
    """

    def __init__(
        self,
        roots: Sequence[str],
        limits: Limits,
        named: Iterable[str] = (),
        clock: Callable[[], int] = time.time_ns,
    ) -> None:
        self._roots = sorted(roots, key=len, reverse=True)
        self._limits = limits
        self._clock = clock
        self._named = {path: _stamp(path) for path in named}
        self._folders: dict[str, _Folder] = {}
        self._count = 0

    def come_by(self, folder: str) -> None:
        """A folder is about to be listed."""
        self._folders[folder] = _Folder(self._settled(_stamp(folder)))

    def take(self, paths: Iterable[str]) -> None:
        """Lua files were listed, and are not read yet."""
        for path in paths:
            self._folders[os.path.dirname(path)].files[path] = _stamp(path)
            self._count += 1

    def look(self) -> Iterator[list[str]]:
        """The files that have changed, come or gone since the last look, folder by folder.

        Most folders give nothing. Who does not go on to the end has looked at some of them.
        """
        yield _renew(self._named)
        todo = deque(self._folders)
        while todo:
            path = todo.popleft()
            folder, now = self._folders[path], _stamp(path)
            found = _renew(folder.files)
            gone = [one for one in found if folder.files[one] is None]
            for one in gone:
                del folder.files[one]
            self._count -= len(gone)
            if now is None and path not in self._roots:
                del self._folders[path]
            elif now != folder.stamp:
                folder.stamp = self._settled(now)
                found += self._come(path, folder, todo)
            yield found

    def _come(self, path: str, folder: _Folder, todo: deque[str]) -> list[str]:
        """The files that are new in a folder; folders that are new are to be looked into."""
        root = next(one for one in self._roots if path == one or path.startswith(f"{one}{os.sep}"))
        found = []
        for inner, is_folder in listing(root, path, self._limits):
            if inner in self._folders or inner in folder.files:
                continue
            if is_folder:
                self._folders[inner] = _Folder(None)
                todo.append(inner)
            elif self._count < self._limits.max_files:
                folder.files[inner] = _stamp(inner)
                self._count += 1
                found.append(inner)
        return found

    def _settled(self, stamp: _Stamp | None) -> _Stamp | None:
        """The stamp of a folder; None while the next change may leave it as it is."""
        if stamp is None or 0 <= self._clock() - stamp[0] < _TICK_NS:
            return None
        return stamp


def _renew(known: dict[str, _Stamp | None]) -> list[str]:
    """Stamp files anew; those for which that made a difference."""
    found = []
    for path, before in known.items():
        now = _stamp(path)
        if now != before:
            found.append(path)
            known[path] = now
    return found


def _stamp(path: str) -> _Stamp | None:
    """What is another when a file or a folder has changed; None where there is none."""
    try:
        status = os.stat(path)
    except OSError:
        return None
    return status.st_mtime_ns, status.st_ctime_ns, status.st_size, status.st_ino

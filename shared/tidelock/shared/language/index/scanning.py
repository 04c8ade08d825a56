"""The summaries of many files, made in processes: Python computes on one core at a time.

A few files are read right here; more go to workers, which end with the work. What a worker that
died had to do is done here.
"""

from __future__ import annotations

import json
import os
import queue
import subprocess
import sys
from collections import deque
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, final

from tidelock.shared import processes, threads
from tidelock.shared.language.index.cache import Cache, digest
from tidelock.shared.language.index.summary import summary_of
from tidelock.shared.language.index.worker import Read, read_file
from tidelock.shared.log import layer

if TYPE_CHECKING:
    from tidelock.shared.model import Dialect

log = layer("lsp")

_FEW = 24
_BATCH = 6


def scan(paths: Sequence[str], dialect: Dialect, workers: int = 0) -> Iterator[Read]:
    """The summaries of files, as they come.

    Args:
        paths: the files, the most wanted first.
        dialect: the Lua they are read as.
        workers: how many processes; 0 takes two, or one where there is one processor.
    """
    if len(paths) <= _FEW:
        yield from (read_file(path, dialect) for path in paths)
        return
    count = workers or min(2, os.cpu_count() or 1)
    todo = deque(paths)
    done: queue.SimpleQueue[Read | None] = queue.SimpleQueue()
    hands = [_Hand(todo, done, dialect) for _ in range(count)]
    try:
        left = count
        while left:
            read = done.get()
            if read is None:
                left -= 1
            else:
                yield read
        for path in [*(path for hand in hands for path in hand.unanswered), *todo]:
            yield read_file(path, dialect)
    finally:
        todo.clear()
        for hand in hands:
            hand.end()


def scan_cached(
    paths: Sequence[str], dialect: Dialect, cache: Cache, workers: int = 0
) -> Iterator[Read]:
    """The same, with those of the cache at once; what had to be read is kept when it is left."""
    digests: dict[str, str] = {}
    if not cache.is_empty():
        digests = {path: found for path in paths if (found := _digest_of(path, dialect))}
    known = cache.get(digests.values())
    for path, key in digests.items():
        if key in known:
            yield Read(path, key, known[key])
    missing = [path for path in paths if digests.get(path) not in known]
    for read in scan(missing, dialect, workers):
        if read.summary is not None:
            cache.later(read.digest, read.summary)
        yield read


def _digest_of(path: str, dialect: Dialect) -> str:
    try:
        with open(path, "rb") as file:
            return digest(file.read(), dialect)
    except OSError:
        return ""


@final
class _Hand:
    """One worker process, and the thread that hands it files, a few ahead of its answers."""

    def __init__(
        self, todo: deque[str], done: queue.SimpleQueue[Read | None], dialect: Dialect
    ) -> None:
        self.unanswered: deque[str] = deque()
        self._todo = todo
        self._done = done
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tidelock.shared.language.index.worker", dialect],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            encoding="ascii",
        )
        self._thread = threads.start("tidelock-scan", self._run)

    def _run(self) -> None:
        try:
            self._work()
        except (OSError, ValueError) as error:
            log.warn("a process that reads files has ended", why=str(error))
        finally:
            self._done.put(None)

    def _work(self) -> None:
        process = self._process
        assert process.stdin is not None
        assert process.stdout is not None
        while True:
            while len(self.unanswered) < _BATCH:
                try:
                    path = self._todo.popleft()
                except IndexError:
                    break
                self.unanswered.append(path)
                process.stdin.write(json.dumps(path) + "\n")
            if not self.unanswered:
                return
            process.stdin.flush()
            path, key, found = json.loads(process.stdout.readline())
            self.unanswered.popleft()
            self._done.put(Read(path, key, None if found is None else summary_of(found)))

    def end(self) -> None:
        """End the process, whatever it does."""
        self._process.kill()
        self._thread.join()
        processes.end(self._process)

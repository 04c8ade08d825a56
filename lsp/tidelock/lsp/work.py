"""Who does the work: one lane that keeps order, workers for requests, one for what can wait.

The lane does documents, one job after the other. Workers take the most urgent request first.
The background thread does one job per key, the newest, and stands back while a request is
worked on: Python runs one thread at a time, and typing comes first. For the same reason garbage
is collected here, between requests and never within one: it takes longer than most answers.
"""

from __future__ import annotations

import itertools
import queue
import threading
from collections.abc import Callable
from typing import final

from tidelock.shared.log import layer

log = layer("lsp")

Job = Callable[[], None]
Breathe = Callable[[], None]
_STAND_BACK_S = 0.25
_QUIET_S = 0.5
_MOST_UNTIDY = 5_000_000
_WORKERS = 2


def _guarded(job: Callable[..., None], *arguments: object) -> None:
    try:
        job(*arguments)
    except Exception as error:
        log.error("a job failed", error=repr(error))


@final
class Lane:
    """One thread that does jobs in the order they were put; ``put`` from anywhere."""

    def __init__(self, name: str) -> None:
        self._jobs: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def put(self, job: Job) -> None:
        """Do a job after those put before."""
        self._jobs.put(job)

    def close(self, wait_s: float = 1.0) -> None:
        """End after the jobs that are there; wait for that."""
        self._jobs.put(None)
        self._thread.join(wait_s)

    def _run(self) -> None:
        while (job := self._jobs.get()) is not None:
            _guarded(job)


@final
class Pool:
    """The workers and the background thread; everything from anywhere.

    Args:
        tidy: called in the background when nothing was done for a while, at the latest after
            jobs that together weigh five millions.
    """

    def __init__(self, tidy: Job = lambda: None) -> None:
        self._tidy = tidy
        self._urgent: queue.PriorityQueue[tuple[int, int, Job | None]] = queue.PriorityQueue()
        self._order = itertools.count()
        self._changed = threading.Condition()
        self._busy = 0
        self._later: dict[str, tuple[int, Callable[[Breathe], None]]] = {}
        self._closed = False
        for number in range(_WORKERS):
            name = f"tidelock-worker-{number}"
            threading.Thread(target=self._work, name=name, daemon=True).start()
        threading.Thread(target=self._rest, name="tidelock-background", daemon=True).start()

    def put(self, priority: int, job: Job) -> None:
        """Do a request's job; lower numbers first, then in order."""
        with self._changed:
            self._busy += 1
        self._urgent.put((priority, next(self._order), job))

    def later(self, key: str, job: Callable[[Breathe], None], weight: int = 1) -> None:
        """Do a job when there is time; it replaces one of the same key that has not begun.

        The job is given ``breathe``, to be called between its parts; ``weight`` is about how much
        it leaves behind, in letters of text.
        """
        with self._changed:
            self._later.pop(key, None)
            self._later[key] = weight, job
            self._changed.notify_all()

    def close(self) -> None:
        """End the threads after what they do now."""
        with self._changed:
            self._closed = True
            self._later.clear()
            self._changed.notify_all()
        for _ in range(_WORKERS):
            self._urgent.put((1000, next(self._order), None))

    def _work(self) -> None:
        while (job := self._urgent.get()[2]) is not None:
            _guarded(job)
            with self._changed:
                self._busy -= 1
                self._changed.notify_all()

    def _breathe(self) -> None:
        with self._changed:
            self._changed.wait_for(lambda: not self._busy, _STAND_BACK_S)

    def _rest(self) -> None:
        untidy = 0
        while True:
            with self._changed:
                quiet_s = _QUIET_S if untidy else None
                self._changed.wait_for(lambda: self._later or self._closed, quiet_s)
                if self._closed:
                    return
                is_quiet = not self._later
            if is_quiet or untidy >= _MOST_UNTIDY:
                untidy = 0
                _guarded(self._tidy)
                continue
            self._breathe()
            with self._changed:
                if not self._later:
                    continue
                weight, job = self._later.pop(next(iter(self._later)))
            untidy += weight
            _guarded(job, self._breathe)

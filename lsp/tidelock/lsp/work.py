"""Who does the work: one lane that keeps order, workers for requests, one for what can wait.

The lane does documents, one job after the other. Workers take the most urgent request first.
The background thread does one job per key, the newest, and stands back while a request is
worked on: Python runs one thread at a time, and typing comes first. For the same reason garbage
is collected here, between requests and never within one: it takes longer than most answers.
"""

from __future__ import annotations

import itertools
import math
import queue
import threading
import time
from collections.abc import Callable
from typing import NamedTuple, Protocol, final

from tidelock.shared.log import layer
from tidelock.shared.unwanted import look

log = layer("lsp")

Job = Callable[[], None]
Breathe = Callable[[], None]
_STAND_BACK_S = 0.25
_QUIET_S = 0.1
_MOST_UNTIDY = 5_000_000
_WORKERS = 2


def _guarded(job: Callable[..., None], *arguments: object) -> None:
    try:
        job(*arguments)
    except Exception as error:
        log.error("a job failed", error=repr(error))


@final
class Lane:
    """One thread that does jobs in the order they were put; ``put`` from anywhere.

    ``began`` is when its present job began, by the clock of ``time.monotonic``; None without one.
    """

    def __init__(self, name: str) -> None:
        self.began: float | None = None
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
            self.began = time.monotonic()
            _guarded(job)
            self.began = None


class Later(Protocol):
    """``Pool.later``, for who is given no more of the pool."""

    def __call__(
        self, key: str, job: Callable[[Breathe], None], weight: int = 1, delay_s: float = 0.0
    ) -> None:
        """Do a job when there is time; it replaces one of the same key that has not begun."""


class _Waiting(NamedTuple):
    """A job that can wait: when it may begin, what it leaves behind, what it does."""

    due: float
    weight: int
    job: Callable[[Breathe], None]


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
        self._later: dict[str, _Waiting] = {}
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

    def later(
        self,
        key: str,
        job: Callable[[Breathe], None],
        weight: int = 1,
        delay_s: float = 0.0,
    ) -> None:
        """Do a job when there is time; it replaces one of the same key that has not begun.

        The job is given ``breathe``, to be called between its parts: requests go first there, and
        a job that nobody wants ends (``unwanted.ends_if``). ``weight`` is about how much it leaves
        behind, in letters of text; it does not begin before the delay is over.
        """
        with self._changed:
            self._later.pop(key, None)
            self._later[key] = _Waiting(time.monotonic() + delay_s, weight, job)
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
        look()

    def _rest(self) -> None:
        untidy = 0
        while (key := self._due(_QUIET_S if untidy else math.inf)) is not None:
            self._breathe()
            if not key or untidy >= _MOST_UNTIDY:
                untidy = 0
                _guarded(self._tidy)
                continue
            with self._changed:
                later = self._later.pop(key, None)
            if later is not None:
                untidy += later.weight
                _guarded(later.job, self._breathe)

    def _due(self, quiet_s: float) -> str | None:
        """The job that may begin next, none for a while of quiet; None when all is over."""
        quiet_at = time.monotonic() + quiet_s
        with self._changed:
            while not self._closed:
                now = time.monotonic()
                if self._busy:
                    quiet_at = now + quiet_s
                key = next((key for key, one in self._later.items() if one.due <= now), "")
                if key or now >= quiet_at:
                    return key
                until = min([quiet_at, *(one.due for one in self._later.values())])
                self._changed.wait(None if until == math.inf else until - now)
        return None

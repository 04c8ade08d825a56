"""What was executed: the count that names inputs, and the inputs with their results.

Those of this kernel are in memory. With the records of a workspace behind it they are stored as
well, moments later and on a thread of its own, and what other kernels stored is found too. What
cannot be stored or read is logged once and keeps nobody from executing; it never holds output.
"""

from __future__ import annotations

import fnmatch
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from tidelock.shared.answers import Answer, answered
from tidelock.shared.errors import TidelockError
from tidelock.shared.log import layer
from tidelock.shared.model import Entry, Unclosed

if TYPE_CHECKING:
    from tidelock.shared.store.keeper import Keeper
    from tidelock.shared.store.records import Records

log = layer("store")

T = TypeVar("T")
_CLOSE_S = 2.0


class Storage(NamedTuple):
    """Where history is kept: ``fault`` says why it is not, ``unclosed`` what was cut off."""

    backend: str
    path: str = ""
    fault: str = ""
    unclosed: tuple[Unclosed, ...] = ()


class History:
    """The stored executions of one Context; safe from any thread.

    Args:
        size: how many entries are kept.
        records: opens those of a workspace, on the thread that uses them; None keeps all in memory.
        clock: gives seconds since 1970.
    """

    def __init__(
        self,
        size: int,
        records: Callable[[], Records] | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.count = 0
        self._size = max(size, 1)
        self._clock = clock
        self._lock = threading.Lock()
        self._session = 1  # its place among the sessions of this kernel
        self._entries: deque[Entry] = deque(maxlen=self._size)
        self._waiting: deque[Entry] = deque(maxlen=self._size)
        self._has_new = False  # something waits that was not tried yet
        self._keeper: Keeper | None = None
        # What follows is for the keeper's thread, or unused.
        self._open = records
        self._records: Records | None = None
        self._fault = ""
        self._told: set[str] = set()

    # -- what happens ------------------------------------------------------------------------

    def next(self) -> int:
        """The number of the execution that begins now."""
        with self._lock:
            self.count += 1
            return self.count

    def add(self, number: int, text: str, result: str) -> None:
        """Take a finished execution; ``save`` has it stored."""
        with self._lock:
            entry = Entry(self._session, number, text, result, self._clock())
            self._entries.append(entry)
            if self._open is not None:
                self._waiting.append(entry)
                self._has_new = True

    def save(self) -> None:
        """Store what was added, soon; called when everybody has been told of it."""
        if self._open is not None:
            self._begun().write_soon()

    def restart(self) -> None:
        """Count from one again, in a new session; entries stay."""
        with self._lock:
            if self._entries and self._entries[-1].session == self._session:
                self._session += 1
            self.count = 0

    def close(self) -> None:
        """Store what waits, and say in the store that this was an orderly end."""
        with self._lock:
            keeper = self._keeper
        if keeper is not None and not keeper.close(_CLOSE_S):
            log.warn("the store takes too long: the last inputs may be missing")

    # -- what is asked -----------------------------------------------------------------------

    def tail(self, amount: int) -> Answer[list[Entry]]:
        """The last entries, oldest first; those of this kernel come last."""
        return self._ask(lambda: self._tail(min(max(amount, 0), self._size)))

    def between(self, session: int, start: int, stop: int) -> Answer[list[Entry]]:
        """Entries of a session, by number from ``start`` up to but without ``stop`` (0: no end).

        Session 0 is the present one, and negative ones count back from it.
        """

        def find() -> list[Entry]:
            own = self._numbered()
            number = session if session > 0 else own[self._session] + session
            found = [e for e in self._own(own) if e.session == number]
            if not found and 0 < number < 1 << 63:
                found = list(self._stored(lambda records: records.of_session(number)))
            return [e for e in found if e.number >= start and (not stop or e.number < stop)]

        return self._ask(find)

    def search(self, pattern: str, amount: int, *, unique: bool) -> Answer[list[Entry]]:
        """The last entries whose text matches a pattern with ``*`` and ``?``, oldest first.

        Of entries with the same text ``unique`` takes the last; no amount is no limit.
        """

        def find() -> list[Entry]:
            found: list[Entry] = []
            seen: set[str] = set()
            for entry in self._newest_first():
                if not fnmatch.fnmatchcase(entry.text, pattern) or entry.text in seen:
                    continue
                if unique:
                    seen.add(entry.text)
                found.append(entry)
                if len(found) == amount:
                    break
            return found[::-1]

        return self._ask(find)

    def storage(self) -> Answer[Storage]:
        """Where this history is kept, and what is wrong there."""

        def find() -> Storage:
            records = self._opened()
            if records is not None:
                try:
                    records.look()
                except TidelockError as error:
                    self._tell(error)
            path, unclosed = (records.path, records.unclosed) if records is not None else ("", ())
            return Storage("sqlite", path, self._fault, unclosed)

        return answered(Storage("memory")) if self._open is None else self._ask(find)

    def _ask(self, find: Callable[[], T]) -> Answer[T]:
        def find_behind_own() -> T:
            # After a failure the next input tries again, not every question.
            if self._has_new:
                self._write()
            return find()

        return answered(find()) if self._open is None else self._begun().ask(find_behind_own)

    # -- on the keeper's thread --------------------------------------------------------------

    def _tail(self, amount: int) -> list[Entry]:
        return list(islice(self._newest_first(), amount))[::-1]

    def _newest_first(self) -> Iterator[Entry]:
        own = self._own(self._numbered())
        yield from reversed(own)
        yield from islice(self._stored(lambda r: r.newest_first()), self._size - len(own))

    def _numbered(self) -> dict[int, int]:
        """The number of each session of this kernel, by its place; if need be a likely one."""
        known = self._records.numbers if self._records is not None else {}
        places = range(1, self._session + 1)
        numbers = {place: known[place] for place in places if place in known}
        missing = [place for place in places if place not in known]
        if missing:
            highest = max(0, 0, *known.values(), *self._stored(lambda r: iter([r.highest()])))
            numbers.update(
                zip(missing, range(highest + 1, highest + 1 + len(missing)), strict=True)
            )
        return numbers

    def _own(self, numbers: dict[int, int]) -> list[Entry]:
        with self._lock:
            entries = list(self._entries)
        return [entry._replace(session=numbers[entry.session]) for entry in entries]

    def _stored(self, look: Callable[[Records], Iterator[T]]) -> Iterator[T]:
        """What the records answer, as far as they do."""
        records = self._opened()
        if records is not None:
            try:
                yield from look(records)
            except TidelockError as error:
                self._tell(error)

    def _opened(self) -> Records | None:
        if self._records is None and self._open is not None:
            try:
                self._records = self._open()
            except TidelockError as error:
                self._tell(error)
        return self._records

    def _write(self) -> None:
        records = self._opened()
        with self._lock:
            taken, self._waiting = self._waiting, deque(maxlen=self._size)
            self._has_new = False
        if records is None or not taken:
            return
        try:
            records.write(taken)
        except TidelockError as error:
            with self._lock:
                self._waiting = deque([*taken, *self._waiting], self._size)
            self._tell(error)
            return
        if self._fault:
            log.info("history is stored again", path=records.path)
        self._fault = ""
        self._told.clear()

    def _tell(self, error: TidelockError) -> None:
        self._fault = str(error)
        if self._fault not in self._told:
            self._told.add(self._fault)
            log.warn(f"history is kept in memory: {self._fault}")

    def _end(self) -> None:
        if self._records is not None:
            try:
                self._records.close()
            except TidelockError as error:
                self._tell(error)

    def _begun(self) -> Keeper:
        from tidelock.shared.store.keeper import Keeper

        with self._lock:
            if self._keeper is None:
                self._keeper = Keeper(self._write, self._end)
            return self._keeper

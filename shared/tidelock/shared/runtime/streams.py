r"""The script's output on its way out: gathered for milliseconds, published in order.

The first text of an execution, or after a silence, leaves at once; what follows within the flush
interval is joined, so that a burst costs few messages and loses nothing. Lua appends; one thread
of its own publishes what is joined. Text is decoded here: a character split over two writes is
joined, bytes that are no UTF-8 are shown as ``\\xNN``.
"""

from __future__ import annotations

import codecs
import threading
import time
from collections import deque
from collections.abc import Callable

from tidelock.shared import threads

Publish = Callable[[str, str, str], None]
NAMES = {1: "stdout", 2: "stderr"}
_decoder = codecs.getincrementaldecoder("utf-8")


def shown(raw: bytes) -> str:
    r"""Bytes of Lua as text for people: UTF-8 where it is, else ``\\xNN``."""
    return raw.decode("utf-8", "backslashreplace")


class Streams:
    """Standard output and error of the executions; ``write`` on the lane, the rest anywhere.

    Args:
        publish: called with execution id, stream name and text; must not block.
        interval_s: how long text is gathered after the first piece.
        gather_bytes: more than this is published without waiting.
        limit_bytes: at most this much text per execution, 0 for no limit.
    """

    def __init__(
        self, publish: Publish, interval_s: float, gather_bytes: int, limit_bytes: int
    ) -> None:
        self._publish = publish
        self._interval = interval_s
        self._gather = gather_bytes
        self._general_limit = self._limit = limit_bytes
        self._pieces: deque[tuple[int, bytes]] = deque()
        self._order = threading.Lock()
        self._wake = threading.Event()
        self._full = threading.Event()
        self._last = 0.0  # when something was published while the program ran
        self._closing = False
        self._execution = ""
        self._taken = 0  # bytes the lane has handed over; only the lane counts here
        self._published = 0  # bytes flushed; only whoever holds the order counts here
        self._allowed = 0  # where the running execution meets its limit
        self._mark = -1  # beyond it is something to do: the limit, or a gathered lot
        self._cut = False
        self._decoders = {1: _decoder("backslashreplace"), 2: _decoder("backslashreplace")}
        self._thread: threading.Thread | None = None

    def begin(self, execution_id: str, limit_bytes: int = 0) -> None:
        """Text belongs to this execution from now on, which may have a smaller limit."""
        self.flush(final=True)
        self._execution = execution_id
        limits = filter(None, (self._general_limit, limit_bytes))
        self._limit = min(limits, default=0)
        self._allowed = self._taken + self._limit
        self._cut = False
        self._mark = -1
        self._last = 0.0

    def admit(self, size: int) -> bool:
        """Whether so many bytes of something else may still be shown; they count as text does."""
        self._allowed -= size
        self._mark = -1
        if not self._limit or self._taken <= self._allowed:
            return True
        self.write(1, b"")
        return False

    def write(self, stream: int, data: bytes) -> None:
        """Take a piece of text; called for every print, so it mostly does next to nothing."""
        taken = self._taken + len(data)
        if taken > self._mark:
            data = self._beyond(taken, data)
            if not data:
                return
            taken = self._taken + len(data)
        self._taken = taken
        self._pieces.append((stream, data))
        if not self._wake.is_set():
            if time.monotonic() - self._last > self._interval:
                self.flush()
                self._last = time.monotonic()
                return
            if self._thread is None:
                self._start()
            self._wake.set()

    def _beyond(self, taken: int, data: bytes) -> bytes:
        """What is left of a piece at the limit; tells the thread when enough is gathered."""
        if self._limit and taken > self._allowed:
            if self._cut:
                return b""
            self._cut = True
            note = f"\n[output limit of {self._limit} bytes reached; the rest is not shown]\n"
            return data[: max(self._allowed - self._taken, 0)] + note.encode()
        gathered = self._published + self._gather
        if taken > gathered:
            self._full.set()
            gathered = taken + self._gather  # it is told once
        self._mark = min(gathered, self._allowed) if self._limit else gathered
        return data

    def _start(self) -> None:
        self._thread = threads.start("tidelock-output", self._run)

    def _run(self) -> None:
        while not self._closing:
            self._wake.wait()
            left = self._last + self._interval - time.monotonic()
            if left > 0:
                self._full.wait(left)
            self._full.clear()
            self._wake.clear()
            self.flush()
            self._last = time.monotonic()

    def flush(self, *, final: bool = False) -> None:
        """Publish what there is; ``final`` also gives half characters up.

        Callable from any thread: the lane flushes before a result, a stop or an input request.
        """
        with self._order:
            pieces = [self._pieces.popleft() for _ in range(len(self._pieces))]
            self._published += sum([len(data) for _, data in pieces])
            place, count = 0, len(pieces)
            while place < count:
                start, stream = place, pieces[place][0]
                while place < count and pieces[place][0] == stream:
                    place += 1
                raw = b"".join([data for _, data in pieces[start:place]])
                text = self._decoders[stream].decode(raw)
                if text:
                    self._publish(self._execution, NAMES[stream], text)
            if final:
                for stream, decoder in self._decoders.items():
                    rest = decoder.decode(b"", True)
                    if rest:
                        self._publish(self._execution, NAMES[stream], rest)

    def close(self) -> None:
        """Publish the rest and end the thread."""
        self.flush(final=True)
        self._closing = True
        self._wake.set()
        self._full.set()
        if self._thread is not None:
            self._thread.join(2)

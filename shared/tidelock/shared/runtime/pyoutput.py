"""What a script's Python prints, on its way to where the script's own output goes."""

from __future__ import annotations

import sys
import threading
from typing import Any

from tidelock.shared.runtime.streams import Streams
from tidelock.shared.sources import encode


class _Output:
    """``sys.stdout`` or ``sys.stderr`` while a script's Python runs: the lane's goes to it."""

    encoding = "utf-8"
    errors = "surrogateescape"

    def __init__(self, streams: Streams, number: int, other: Any) -> None:
        self._streams = streams
        self._number = number
        self._other = other
        self._lane = threading.get_ident()

    def write(self, text: str) -> int:
        if threading.get_ident() != self._lane:
            return int(self._other.write(text))
        self._streams.write(self._number, encode(text))
        return len(text)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._other, name)


class Redirection:
    """Standard output and error of Python go to a script's streams until ``end``."""

    def __init__(self, streams: Streams) -> None:
        self._before = sys.stdout, sys.stderr
        self._ours = _Output(streams, 1, sys.stdout), _Output(streams, 2, sys.stderr)
        sys.stdout, sys.stderr = self._ours

    def end(self) -> None:
        """Put back what was there, unless the script's Python has put something else there."""
        if sys.stdout is self._ours[0]:
            sys.stdout = self._before[0]
        if sys.stderr is self._ours[1]:
            sys.stderr = self._before[1]

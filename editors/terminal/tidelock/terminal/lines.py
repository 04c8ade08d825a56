"""Lines of standard input for scripts and piped sessions, one reader for both.

It reads the descriptor itself: Python's own reader cannot be called off, and a thread that
still waits in it would stop the process from ending.
"""

from __future__ import annotations

import contextlib
import os
import select
import threading
from typing import Any

from tidelock.shared.sources import decode

_CHUNK = 65536


class Lines:
    """A descriptor as lines; safe from any thread, one reads at a time.

    Args:
        descriptor: what is read; one that is closed is at its end.
    """

    def __init__(self, descriptor: int = 0) -> None:
        self._descriptor = descriptor
        self._reading = threading.Lock()
        self._waiting = bytearray()
        self._ended = False
        self._turn = 0
        self._modes: list[Any] | None = None  # the terminal's, while typing is hidden
        self.is_terminal = os.isatty(descriptor)
        self._stop_read, self._stop_write = os.pipe()
        os.set_blocking(self._stop_read, False)
        os.set_blocking(self._stop_write, False)

    def new_turn(self) -> int:
        """Call off whoever reads for an earlier turn; the number of the one that begins."""
        self._turn += 1
        with contextlib.suppress(BlockingIOError):  # full: it will be seen anyway
            os.write(self._stop_write, b"\0")
        return self._turn

    def read(self, turn: int | None = None) -> str | None:
        """The next line without its end; None at the end of input or when the turn is over."""
        wanted = self._turn if turn is None else turn
        with self._reading:
            while wanted == self._turn:
                stop = self._waiting.find(b"\n")
                if stop >= 0:
                    return self._take(stop, 1)
                if self._ended:
                    return self._take(len(self._waiting), 0) if self._waiting else None
                self._more()
        return None

    def rest(self) -> bytes:
        """Everything up to the end of input."""
        with self._reading:
            while not self._ended:
                self._more()
            data, self._waiting = bytes(self._waiting), bytearray()
            return data

    def hide_typing(self) -> None:
        """Let the terminal not show what is typed, until ``show_typing``."""
        import termios

        self._modes = termios.tcgetattr(self._descriptor)
        hidden = [*self._modes]
        hidden[3] &= ~termios.ECHO
        termios.tcsetattr(self._descriptor, termios.TCSAFLUSH, hidden)

    def show_typing(self) -> None:
        """Let the terminal show again what is typed; from any thread, and again."""
        modes, self._modes = self._modes, None
        if modes is not None:
            import termios

            termios.tcsetattr(self._descriptor, termios.TCSADRAIN, modes)

    def _take(self, length: int, end: int) -> str:
        line = decode(bytes(self._waiting[:length]))
        del self._waiting[: length + end]
        return line

    def _more(self) -> None:
        """Wait for a piece, or for the turn to change."""
        try:
            ready, _, _ = select.select([self._descriptor, self._stop_read], [], [])
            if self._stop_read in ready:
                with contextlib.suppress(BlockingIOError):
                    os.read(self._stop_read, _CHUNK)
                return
            data = os.read(self._descriptor, _CHUNK)
        except OSError:
            data = b""
        if data:
            self._waiting += data
        else:
            self._ended = True

    def close(self) -> None:
        """Close the wake-up pipe; nobody may read any more."""
        os.close(self._stop_read)
        os.close(self._stop_write)

"""Work that takes long, as the editor shows it, with a button that gives it up.

The protocol's work done progress: nothing is said in the first second, nor to a client that
does not show it.
"""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, final

if TYPE_CHECKING:
    from tidelock.shared.answers import Answer

PATIENCE_S = 1.0
_REPORT_S = 0.25


@final
class Progress:
    """One piece of work; ``at`` and ``end`` are its worker's, the rest is safe from any thread.

    ``is_cancelled`` is set by ``cancel``, and for the worker to look at.
    """

    def __init__(self, board: Board, token: str, title: str) -> None:
        self.is_cancelled = False
        self._board = board
        self._token = token
        self._title = title
        self._asked_at = board.clock() + PATIENCE_S
        self._reported_at = 0.0
        self._is_asked = self._has_begun = self._has_ended = False
        self._lock = threading.Lock()

    def at(self, done: int, total: int) -> None:
        """So many of the parts are done."""
        now = self._board.clock()
        if now < self._asked_at:
            return
        if not self._is_asked:
            self._is_asked = True
            self._board.create(self._token).then(self._begin)
        elif self._has_begun and now - self._reported_at >= _REPORT_S:
            self._reported_at = now
            words = {"message": f"{done} of {total}", "percentage": done * 100 // max(total, 1)}
            with self._lock:
                self._say("report", cancellable=True, **words)

    def end(self) -> None:
        """The work is over."""
        with self._lock:
            self._has_ended = True
            if self._has_begun:
                self._say("end", message="cancelled" if self.is_cancelled else "done")
        self._board.forget(self._token)

    def _begin(self, created: Answer[Any]) -> None:
        """The editor has a place for it, or refuses."""
        with self._lock:
            if created.error is None and not self._has_ended:
                self._say("begin", title=self._title, cancellable=True, percentage=0)
                self._has_begun = True

    def _say(self, kind: str, **fields: Any) -> None:
        self._board.notify("$/progress", {"token": self._token, "value": {"kind": kind, **fields}})


@final
class Board:
    """The work that an editor may see, once ``is_shown`` says that it does; from any thread.

    Args:
        ask: asks the editor.
        notify: sends it a notification.
        clock: seconds that only grow.
    """

    def __init__(
        self,
        ask: Callable[[str, Any], Answer[Any]],
        notify: Callable[[str, Any], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.is_shown = False
        self.notify = notify
        self.clock = clock
        self._ask = ask
        self._numbers = itertools.count(1)
        self._open: dict[str, Progress] = {}

    def begin(self, title: str) -> Progress | None:
        """A new piece of work; None where nobody would see it."""
        if not self.is_shown:
            return None
        token = f"tidelock-work-{next(self._numbers)}"
        made = self._open[token] = Progress(self, token, title)
        return made

    def create(self, token: str) -> Answer[Any]:
        """Ask for a place to show it in."""
        return self._ask("window/workDoneProgress/create", {"token": token})

    def cancel(self, token: str) -> None:
        """The user gives it up."""
        progress = self._open.get(token)
        if progress is not None:
            progress.is_cancelled = True

    def forget(self, token: str) -> None:
        """It is over."""
        self._open.pop(token, None)

"""Work that takes long, as the editor shows it, with a button that gives it up.

The protocol's work done progress: nothing is said in the first second, nor to a client that
neither shows work of the server's own nor has named a token to show it under.
"""

from __future__ import annotations

import itertools
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, final

if TYPE_CHECKING:
    from tidelock.shared.answers import Answer

Token = int | str
PATIENCE_S = 1.0
_REPORT_S = 0.25


@final
class Progress:
    """One piece of work; safe from any thread.

    ``is_theirs`` says that the editor has made the token. ``is_cancelled`` is set by ``cancel``,
    and for the worker to look at; ``has_ended`` by ``end``.
    """

    def __init__(
        self,
        board: Board,
        token: Token,
        title: str,
        give_up: Callable[[], None] | None,
        *,
        is_theirs: bool,
    ) -> None:
        self.token = token
        self.is_theirs = is_theirs
        self.due = board.clock() + PATIENCE_S
        self.is_cancelled = self.has_ended = False
        self._board = board
        self._title = title
        self._give_up = give_up
        self._reported_at = 0.0
        self._has_begun = False
        self._lock = threading.Lock()

    def at(self, done: int, total: int) -> None:
        """So many of the parts are done."""
        now = self._board.clock()
        with self._lock:
            if self._has_begun and not self.has_ended and now - self._reported_at >= _REPORT_S:
                self._reported_at = now
                words = {"message": f"{done} of {total}", "percentage": done * 100 // max(total, 1)}
                self._say("report", cancellable=True, **words)

    def end(self) -> None:
        """The work is over."""
        with self._lock:
            self.has_ended = True
            if self._has_begun:
                self._say("end", message="cancelled" if self.is_cancelled else "done")
        self._board.forget(self)

    def begin(self) -> None:
        """It has lasted, and the editor has a place for it; not if it is over by now."""
        with self._lock:
            if self.has_ended:
                return
            self._has_begun = True
            # Only who begins with a percentage may report one; parts are counted of our own work.
            counted = {"percentage": 0} if self._give_up is None else {}
            self._say("begin", title=self._title, cancellable=True, **counted)

    def cancel(self) -> None:
        """The user gives it up."""
        self.is_cancelled = True
        if self._give_up is not None:
            self._give_up()

    def _say(self, kind: str, **fields: Any) -> None:
        self._board.notify("$/progress", {"token": self.token, "value": {"kind": kind, **fields}})


def _wake(wait_s: float, look: Callable[[], None]) -> None:
    timer = threading.Timer(wait_s, look)
    timer.daemon = True
    timer.start()


@final
class Board:
    """The work that an editor may see, once ``is_shown`` says that it does; from any thread.

    Args:
        ask: asks the editor.
        notify: sends it a notification.
        clock: seconds that only grow.
        wake: calls back after so many seconds.
    """

    def __init__(
        self,
        ask: Callable[[str, Any], Answer[Any]],
        notify: Callable[[str, Any], None],
        clock: Callable[[], float] = time.monotonic,
        wake: Callable[[float, Callable[[], None]], None] = _wake,
    ) -> None:
        self.is_shown = False
        self.notify = notify
        self.clock = clock
        self._ask = ask
        self._wake = wake
        self._numbers = itertools.count(1)
        self._open: dict[Token, Progress] = {}
        self._waiting: deque[Progress] = deque()
        self._will_look = False
        self._lock = threading.Lock()

    def begin(
        self,
        title: str,
        token: Token | None = None,
        give_up: Callable[[], None] | None = None,
    ) -> Progress | None:
        """A new piece of work; None where nobody would see it.

        Args:
            title: what the editor shows.
            token: that of an editor who has named one with a request, and shows it there.
            give_up: ends the work; without it the worker looks at ``is_cancelled`` and counts.
        """
        if token is None and not self.is_shown:
            return None
        is_theirs = token is not None
        named = token if token is not None else f"tidelock-work-{next(self._numbers)}"
        made = Progress(self, named, title, give_up, is_theirs=is_theirs)
        with self._lock:
            self._open[named] = made
            self._waiting.append(made)
            is_first, self._will_look = not self._will_look, True
        if is_first:
            self._wake(PATIENCE_S, self.look)
        return made

    def look(self) -> None:
        """Show the work that has lasted for a second."""
        now, due, wait_s = self.clock(), [], 0.0
        with self._lock:
            while self._waiting and (self._waiting[0].has_ended or self._waiting[0].due <= now):
                due.append(self._waiting.popleft())
            self._will_look = bool(self._waiting)
            if self._waiting:
                wait_s = self._waiting[0].due - now
        for one in due:
            if not one.has_ended:
                self._show(one)
        if wait_s:
            self._wake(wait_s, self.look)

    def cancel(self, token: Token) -> None:
        """The user gives it up."""
        progress = self._open.get(token)
        if progress is not None:
            progress.cancel()

    def _show(self, progress: Progress) -> None:
        """Have it begin where the editor shows it: under its own token, or one it takes from us."""

        def begin(created: Answer[Any]) -> None:
            if created.error is None:
                progress.begin()

        if progress.is_theirs:
            progress.begin()
        else:
            self._ask("window/workDoneProgress/create", {"token": progress.token}).then(begin)

    def forget(self, progress: Progress) -> None:
        """It is over."""
        with self._lock:
            if self._open.get(progress.token) is progress:
                del self._open[progress.token]

"""When an editor is told to ask anew: where what it was answered would be another answer now.

Answers that an editor goes on showing are remembered with a way to find them again. After a change
that may touch them they are found again in the background and compared; nothing here is done while
somebody types, and nothing is sent for what nobody has asked.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple, final

from tidelock.shared.log import layer
from tidelock.shared.unwanted import Unwanted, ends_if

if TYPE_CHECKING:
    from tidelock.lsp.documents import Document, Documents
    from tidelock.lsp.manner import Refresh
    from tidelock.lsp.work import Breathe, Later

log = layer("lsp")

_INTERVAL_S = 0.5
_MOST = 8
"""Answers about one text that are remembered: an editor asks for the stretches that it shows."""


class Given(NamedTuple):
    """An answer that an editor shows.

    ``turn`` is what ``Refreshes.turn`` said before it was looked for, ``again`` finds it anew for
    the text as it is then read, ``asked`` tells it from others about the same text.
    """

    version: int
    asked: str
    turn: int
    answer: Any
    again: Callable[[Document], Any]


@final
class Refreshes:
    """The answers that one editor shows of its open texts; from any thread.

    Only what is in ``kinds`` is remembered: what the editor can be told to ask anew.

    Args:
        documents: the open texts.
        later: how what can wait is done.
        send: tells the editor to ask anew.
        clock: seconds that only grow.
    """

    def __init__(
        self,
        documents: Documents,
        later: Later,
        send: Callable[[Refresh], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.kinds: tuple[Refresh, ...] = ()
        self._documents = documents
        self._later = later
        self._send = send
        self._clock = clock
        self._lock = threading.Lock()
        self._turns: dict[Refresh, int] = {}
        self._sent: dict[Refresh, float] = {}
        self._given: dict[tuple[Refresh, str], dict[str, Given]] = {}

    def turn(self, what: Refresh) -> int:
        """How many changes there were; to be asked before anything that an answer depends on."""
        with self._lock:
            return self._turns.get(what, 0)

    def give(self, what: Refresh, uri: str, given: Given) -> None:
        """The editor has an answer about a text; it may be late for what has changed meanwhile.

        One about a text that was closed meanwhile is not kept: nobody would forget it.
        """
        if what not in self.kinds:
            return
        with self._lock:
            if self._documents.get(uri) is None:
                return
            answers = self._given.setdefault((what, uri), {})
            answers.pop(given.asked, None)
            answers[given.asked] = given
            while len(answers) > _MOST:
                del answers[next(iter(answers))]
            is_late = given.turn < self._turns.get(what, 0)
        if is_late:
            self._look_later(what)

    def forget(self, uri: str) -> None:
        """The text is closed."""
        with self._lock:
            for what in self.kinds:
                self._given.pop((what, uri), None)

    def change(self, what: Refresh) -> None:
        """Something has changed that such answers may depend on."""
        if what in self.kinds:
            with self._lock:
                self._turns[what] = self._turns.get(what, 0) + 1
            self._look_later(what)

    def _look_later(self, what: Refresh) -> None:
        with self._lock:
            wait_s = self._sent.get(what, -math.inf) + _INTERVAL_S - self._clock()
        key = f"refresh of {what}"
        self._later(key, lambda breathe: self._look(what, breathe), delay_s=max(wait_s, 0.0))

    def _look(self, what: Refresh, breathe: Breathe) -> None:
        """Have the editor ask anew if one of the answers is another now; in the background."""
        turn = self.turn(what)
        for uri, given in self._older(what, turn):
            document = self._documents.get(uri)
            if document is None or document.version != given.version:
                self._take_back(what, uri, given)  # an editor asks by itself after an edit
            elif self._is_other(what, document, given, breathe):
                with self._lock:
                    self._sent[what] = self._clock()
                    for key in [one for one in self._given if one[0] == what]:
                        del self._given[key]
                self._send(what)
                return
            else:
                self._take_back(what, uri, given, given._replace(turn=turn))

    def _older(self, what: Refresh, turn: int) -> list[tuple[str, Given]]:
        """The answers that were looked for before the newest change."""
        with self._lock:
            return [
                (uri, one)
                for (kind, uri), answers in self._given.items()
                for one in answers.values()
                if kind == what and one.turn < turn
            ]

    def _is_there(self, what: Refresh, uri: str, given: Given) -> bool:
        """Whether an answer is the newest to what was asked."""
        return self._given.get((what, uri), {}).get(given.asked) is given

    def _take_back(self, what: Refresh, uri: str, given: Given, now: Given | None = None) -> None:
        """Forget an answer, or put what it is now in its place; a newer one stays."""
        with self._lock:
            if self._is_there(what, uri, given):
                if now is None:
                    del self._given[what, uri][given.asked]
                else:
                    self._given[what, uri][given.asked] = now

    def _is_other(self, what: Refresh, document: Document, given: Given, breathe: Breathe) -> bool:
        """Whether an answer would be another; not if the editor has asked or edited meanwhile."""

        def is_over() -> bool:
            is_there = self._is_there(what, document.uri, given)
            return not (is_there and self._documents.is_present(document))

        try:
            with ends_if(is_over):
                breathe()
                return bool(given.again(document) != given.answer)
        except Unwanted:
            return False
        except Exception as error:  # whoever asks is told the same
            log.info("an answer that cannot be found again", what=what, error=repr(error))
            return False

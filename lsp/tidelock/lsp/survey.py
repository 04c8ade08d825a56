"""The problems of the files that nobody has open, found in a process of its own while all is quiet.

A thread compares what there is with what there was, and asks the process (``surveyor``) about the
files to which that makes a difference, one at a time. It stands back while somebody types, and the
process ends when there has been nothing to do for a while. Nothing here reads a text.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, final

from tidelock.lsp.sight import NOTHING, Sight, Terms, differences
from tidelock.lsp.standing import (
    NO_BASIS,
    Basis,
    Change,
    Offer,
    basis_of,
    change,
    concerned,
    offer_of,
    summarized,
)
from tidelock.shared import processes, threads
from tidelock.shared.log import layer
from tidelock.shared.sources import uri_of_path

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tidelock.lsp.progress import Progress

log = layer("lsp")
Json = dict[str, Any]

QUIET_S = 1.0
STAND_BACK_S = 0.25
IDLE_S = 30.0
_MOST_DEATHS = 3


@final
class Survey:
    """The survey of one workspace; all its methods from any thread.

    Nothing is judged before ``resume`` says how.

    Args:
        look: what there is now; None while that is not known.
        publish: is given the params of ``textDocument/publishDiagnostics`` for a file, also for
            one that was opened meanwhile.
        begin: makes the progress of a pass, if somebody sees it.
    """

    def __init__(
        self,
        look: Callable[[], Sight | None],
        publish: Callable[[Json], None],
        begin: Callable[[str], Progress | None] = lambda title: None,
    ) -> None:
        self._terms: Terms | None = None
        self._look = look
        self._publish = publish
        self._begin = begin
        self._changed = threading.Condition()
        self._touched = 0.0
        self._is_due = self._is_closed = self._is_anew = False
        self._thread: threading.Thread | None = None
        # All that follows is the thread's own; ``known`` reads single entries.
        self._sight = NOTHING
        self._todo: dict[str, bool] = {}  # whether a text is judged, or asked for its offer only
        self._came: set[str] = set()
        self._failed: set[str] = set()
        self._fresh: set[str] = set()  # judged since there was a change
        self._offers: dict[str, Offer] = {}
        self._bases: dict[str, Basis] = {}
        self._found: dict[str, list[Json]] = {}
        self._shown: set[str] = set()
        self._hand: Hand | None = None
        self._deaths = 0
        self._progress: Progress | None = None
        self._done = 0

    def poke(self) -> None:
        """Something has changed, or somebody types: look at it when nobody has for a while."""
        if self._terms is None and not self._is_anew:
            return
        with self._changed:
            self._touched = time.monotonic()
            self._is_due = True
            if self._thread is None and not self._is_closed:
                self._thread = threads.start("tidelock-survey", self._run)
            self._changed.notify_all()

    def known(self, path: str) -> Json | None:
        """The params with the problems of a file, if they are those of the file as it is."""
        found = self._found.get(path)
        return None if found is None else _params(path, found)

    def resume(self, terms: Terms | None) -> None:
        """Judge by these terms, None for not at all; what others have shown stays until then."""
        with self._changed:
            if terms == self._terms:
                return
            self._terms = terms
            self._is_anew = True
        self.poke()

    def close(self) -> None:
        """End the process and the thread, whatever they do, and take back what was shown."""
        with self._changed:
            self._is_closed = True
            self._changed.notify_all()
            hand = self._hand
        if hand is not None:
            hand.end()
        if self._thread is not None:
            self._thread.join(2.0)
        for path in sorted(self._shown):
            self._show(path, [])

    # -- the thread ----------------------------------------------------------------------------

    def _run(self) -> None:
        while self._wait():
            try:
                if self._is_anew:
                    self._restart()
                elif self._is_quiet():
                    self._take_stock()
                elif self._todo:
                    self._step()
            except Exception as error:  # one file that is odd must not end the survey
                log.error("the survey stumbled", error=repr(error))
        self._end_hand()

    def _is_quiet(self) -> bool:
        return self._is_due and time.monotonic() >= self._touched + QUIET_S

    def _wait(self) -> bool:
        """Wait until there is something to do, and nobody types; whether to go on."""
        idle_at = time.monotonic() + IDLE_S
        with self._changed:
            while not self._is_closed:
                now = time.monotonic()
                times = [self._touched + QUIET_S] if self._is_due else []
                if self._todo:
                    times.append(self._touched + STAND_BACK_S)
                if self._hand is not None and not times:
                    times.append(idle_at)
                if self._is_anew or (times and min(times) <= now):
                    if not self._is_due and not self._todo and not self._is_anew:
                        self._end_hand()
                        continue
                    return True
                self._changed.wait(min(times) - now if times else None)
        return False

    def _restart(self) -> None:
        """Forget what was found by other terms; what is shown stays until it is found again."""
        self._is_anew = False
        self._end_hand()
        self._sight = NOTHING
        for known in (self._todo, self._came, self._failed, self._offers, self._bases, self._found):
            known.clear()
        self._deaths = 0
        if self._terms is None:
            for path in sorted(self._shown):
                self._show(path, [])
        self._end_progress()

    def _take_stock(self) -> None:
        """Find out which files have to be judged: those that changed, or asked what changed."""
        self._is_due = False
        self._fresh.clear()
        terms, now = self._terms, self._look()
        if terms is None or now is None:
            return
        before, self._sight = self._sight, now
        if self._hand is not None:
            self._hand.tell(differences(before, now))
        for path in self._shown.union(before.files) - now.files.keys():
            self._found.pop(path, None)
            self._show(path, [])
        for path in before.files.keys() - now.files.keys():
            self._bases.pop(path, None)
            self._todo.pop(path, None)
            if path not in now.opened:
                self._spread(path, self._offers.pop(path, None) or summarized(before.files[path]))
        for path, summary in now.files.items():
            if before.files.get(path) is not summary:
                self._found.pop(path, None)
                if path in before.files:
                    self._offers.setdefault(path, summarized(before.files[path]))
                self._take(path, before)
        for key in before.opened.keys() | now.opened.keys():
            if before.opened.get(key) is not now.opened.get(key):
                self._take(key, before)
        globals_, modules = before.globals ^ now.globals, before.modules ^ now.modules
        if before is not NOTHING and (globals_ or modules):
            self._judge_again(Change(globals=globals_, modules=modules))

    def _take(self, key: str, before: Sight) -> None:
        """Have a text looked at: judged, or asked what it offers to others."""
        is_open = key in self._sight.opened
        is_known = key in before.files or key in before.opened
        if before is not NOTHING and not is_known:
            self._came.add(key)
        if is_open:
            self._todo[key] = False
        elif key in self._sight.files and self._terms and self._terms.holds(key):
            self._todo[key] = self._todo.get(key, False) or key not in self._found
        elif before is not NOTHING:
            self._todo[key] = False

    def _spread(self, key: str, before: Offer | None, after: Offer | None = None) -> None:
        """A text offers something else now: whoever asked for that is judged again."""
        opened = self._sight.opened.get(key)
        uris = {uri_of_path(key) if os.path.isabs(key) else key}
        if opened is not None:
            uris.add(opened.uri)
        self._judge_again(change(uris, key, before, after))

    def _judge_again(self, made: Change) -> None:
        for path in concerned(made, self._sight.files, self._bases):
            if path not in self._fresh:
                self._found.pop(path, None)
                if path not in self._sight.opened:
                    self._todo[path] = True

    def _step(self) -> None:
        """Ask about one text."""
        terms = self._terms
        key = next(iter(self._todo))
        is_judged = self._todo.pop(key)
        if terms is None or self._deaths >= _MOST_DEATHS:
            self._todo.clear()
            return
        if is_judged and self._progress is None:
            self._progress, self._done = self._begin("Checking Lua files"), 0
        answer = self._asked(terms, {"judge": key} if is_judged else {"offer": key})
        if answer is not None:
            self._heard(key, answer)
        elif key not in self._failed:  # it may have been the death of another
            self._failed.add(key)
            self._todo[key] = is_judged
        self._done += 1
        if self._progress is not None:
            self._progress.at(self._done, self._done + len(self._todo))
            if self._progress.is_cancelled:
                self._todo.clear()  # what is found stays
        if not self._todo:
            self._end_progress()

    def _asked(self, terms: Terms, question: Json) -> Json | None:
        """What the process says; None if it has died."""
        if self._hand is None:
            hand = Hand(terms)
            with self._changed:
                if self._is_closed:
                    hand.end()
                    return None
                self._hand = hand
            hand.tell(differences(NOTHING, self._sight))
        try:
            return self._hand.ask(question)
        except (OSError, ValueError) as error:
            self._end_hand()
            if not self._is_closed:
                self._deaths += 1
                log.warn("a process that checks files has ended", at=question, why=str(error))
            return None

    def _heard(self, key: str, answer: Json) -> None:
        after = None if answer.get("offer") is None else offer_of(answer["offer"])
        before = self._offers.pop(key, None)
        if after is not None:
            self._offers[key] = after
        if "diagnostics" in answer:
            found = answer["diagnostics"] or []
            self._bases[key] = basis_of(answer["basis"]) if "basis" in answer else NO_BASIS
            self._found[key] = found
            self._fresh.add(key)
            self._show(key, found)
        if before is not None or key in self._came:  # else nobody was judged by another one
            self._spread(key, before, after)
        self._came.discard(key)

    def _show(self, path: str, found: list[Json]) -> None:
        """Publish the problems of a file, unless there were none and are none."""
        if found or path in self._shown:
            self._publish(_params(path, found))
        (self._shown.add if found else self._shown.discard)(path)

    def _end_progress(self) -> None:
        if self._progress is not None:
            self._progress.end()
            self._progress = None

    def _end_hand(self) -> None:
        hand, self._hand = self._hand, None
        if hand is not None:
            hand.end()


def _params(path: str, found: list[Json]) -> Json:
    return {"uri": uri_of_path(path), "diagnostics": found}


@final
class Hand:
    """The process; used by one thread, but ``end`` from anywhere."""

    def __init__(self, terms: Terms) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tidelock.lsp.surveyor"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            encoding="utf-8",
        )
        self._lock = threading.Lock()
        self._has_ended = False
        self._say({"begin": terms.told})

    def _say(self, message: Json) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(message) + "\n")

    def tell(self, messages: Iterator[Json]) -> None:
        """Tell what has changed; it is read before the next question."""
        try:
            for message in messages:
                self._say(message)
        except OSError as error:  # the next question tells that it is gone
            log.info("a process that checks files does not listen", why=str(error))

    def ask(self, question: Json) -> Json:
        """The answer to a question; raises ``OSError`` or ``ValueError`` if there is none."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._say(question)
        self._process.stdin.flush()
        answer: Json = json.loads(self._process.stdout.readline())
        return answer

    def end(self) -> None:
        """End the process, whatever it does."""
        with self._lock:
            if not self._has_ended:
                self._has_ended = True
                processes.end(self._process)

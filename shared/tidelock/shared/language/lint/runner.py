"""Users' rules as the rest of Tidelock sees them: a text goes out, problems come back.

The rules themselves run in a worker process. One that raises, takes too long or ends the process
is switched off for as long as the runner lives, with one message that names it.
"""

from __future__ import annotations

import importlib.util
import json
import os
import select
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from importlib.metadata import entry_points
from typing import Any, final

from tidelock.shared import processes
from tidelock.shared.language.rules import GROUP
from tidelock.shared.language.suppressions import suppressions
from tidelock.shared.model import Problem
from tidelock.shared.syntax.tree import Tree

_START_S = 20.0
_PATIENCE = 10
"""How many times a rule's time on the processor may pass on the clock, and a second."""


class _Gone(Exception):  # noqa: N818
    """The worker has ended or does not answer."""


def resolved(paths: Iterable[str], folder: str) -> tuple[str, ...]:
    """The paths of ``lsp.rules.paths`` in full; relative ones begin at the workspace."""
    return tuple(os.path.normpath(os.path.join(folder, os.path.expanduser(one))) for one in paths)


@final
class Runner:
    """The rules of one session; for one thread, but ``known`` and ``close`` from anywhere.

    Args:
        paths: files and folders of rules, in full.
        time_ms: how long one rule may take for one text.
        tell: is given a sentence on each rule that is refused or switched off.
    """

    def __init__(self, paths: Iterable[str], time_ms: int, tell: Callable[[str], None]) -> None:
        self._paths = list(paths)
        self._time_ms = time_ms
        self._tell = tell
        self._off: list[str] = []
        self._worker: subprocess.Popen[bytes] | None = None
        self._unread = b""
        self._rules: list[str] | None = None
        self._has_told = False
        self._known: dict[str, tuple[str, list[Problem]]] = {}
        self._is_closed = False

    def known(self, name: str, tree: Tree) -> list[Problem] | None:
        """What the rules said last of a text under a name; None if it was another text."""
        text, problems = self._known.get(name, ("", None))
        return problems if text == tree.text else None

    def check(self, name: str, tree: Tree) -> list[Problem]:
        """What the rules say of a text, in text order, without what the text asks not to see."""
        known = self.known(name, tree)
        if known is not None:
            return known
        found = sorted(self._ask(tree), key=lambda one: (one.start, one.end))
        hidden = suppressions(tree)
        shown = [one for one in found if not hidden.hides(one, tree)]
        self._known[name] = tree.text, shown
        return shown

    def forget(self, name: str) -> None:
        """A text is closed."""
        self._known.pop(name, None)

    def close(self) -> None:
        """End the worker, whatever it does."""
        self._is_closed = True
        self._end()

    def _ask(self, tree: Tree) -> list[Problem]:
        """Ask until an answer comes: each time it does not, one rule less is asked."""
        while self._is_wanted():
            begun = ""
            try:
                self._say({"text": tree.text, "dialect": tree.dialect})
                patience_s = self._time_ms * _PATIENCE / 1000 + 1
                answer = self._hear(_START_S)
                while "begin" in answer:
                    begun = answer["begin"]
                    answer = self._hear(patience_s)
            except _Gone as error:
                self._end()
                if self._is_closed:
                    return []
                self._switch_off(begun, str(error))
                continue
            for code, words in answer["failed"]:
                self._switch_off(code, words)
            return [
                Problem(code, severity, start, end, message, "rule")
                for code, severity, start, end, message in answer["problems"]
            ]
        return []

    def _switch_off(self, code: str, words: str) -> None:
        if code:
            self._off.append(code)
            self._tell(f"the rule '{code}' is switched off: {words}")
        else:
            self._rules = []
            self._tell(f"the rules are switched off: {words}")

    def _is_wanted(self) -> bool:
        """Whether there is a rule to ask; starts the worker for that if there may be one."""
        if self._is_closed:
            return False
        if self._rules is not None and not set(self._rules) - set(self._off):
            return False
        if self._worker is not None:
            return True
        if self._rules is None and not self._paths and not entry_points(group=GROUP):
            self._rules = []
            return False
        if importlib.util.find_spec("luaparser") is None:
            self._switch_off("", "luaparser is not installed; pip install 'tidelock[rules]'")
            return False
        try:
            self._start()
        except _Gone as error:
            self._end()
            self._switch_off("", f"loading them: {error}")
        return bool(self._rules)

    def _start(self) -> None:
        # -P: the folder we are in is not a place to import from, it may be anybody's.
        words = [sys.executable, "-P", "-m", "tidelock.shared.language.lint.worker"]
        self._worker = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self._unread = b""
        self._say({"paths": self._paths, "off": self._off, "time_ms": self._time_ms})
        answer = self._hear(_START_S)
        self._rules = answer["rules"]
        if not self._has_told:
            self._has_told = True
            for words_of_one in answer["refused"]:
                self._tell(f"a rule is refused: {words_of_one}")

    def _say(self, message: dict[str, Any]) -> None:
        worker = self._worker
        if worker is None or worker.stdin is None:
            raise _Gone("its process has ended")
        try:
            worker.stdin.write(json.dumps(message).encode() + b"\n")
            worker.stdin.flush()
        except (OSError, ValueError):
            raise _Gone("its process has ended") from None

    def _hear(self, patience_s: float) -> dict[str, Any]:
        """The next message; raises ``_Gone`` when none comes."""
        worker = self._worker
        if worker is None or worker.stdout is None:
            raise _Gone("its process has ended")
        deadline = time.monotonic() + patience_s
        while b"\n" not in self._unread:
            left = deadline - time.monotonic()
            try:
                if left <= 0 or not select.select([worker.stdout], [], [], left)[0]:
                    raise _Gone(f"did not answer within {patience_s:g} s")
                piece = os.read(worker.stdout.fileno(), 65536)
            except (OSError, ValueError):
                raise _Gone("its process has ended") from None
            if not piece:
                raise _Gone("its process has ended")
            self._unread += piece
        line, _, self._unread = self._unread.partition(b"\n")
        message: dict[str, Any] = json.loads(line)
        return message

    def _end(self) -> None:
        worker, self._worker = self._worker, None
        if worker is not None:
            processes.end(worker)

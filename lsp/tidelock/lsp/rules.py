"""Users' rules for the texts of a session, asked on a thread of their own after everything else."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, final

from tidelock.lsp.work import Lane

if TYPE_CHECKING:
    from tidelock.lsp.documents import Document
    from tidelock.shared.config import Settings
    from tidelock.shared.language.lint.runner import Runner
    from tidelock.shared.model import Problem


def merged(problems: Iterable[Problem], more: Iterable[Problem]) -> list[Problem]:
    """Two lists of problems as one, in text order; our own first where two begin together."""
    return sorted([*problems, *more], key=lambda one: one.start)


@final
class Rules:
    """The rules of a session; its worker process starts with the first question.

    Everything may be called from anywhere; answers come on the rules' own thread.
    """

    def __init__(self, settings: Settings, workspace: str, tell: Callable[[str], None]) -> None:
        self._settings = settings
        self._workspace = workspace
        self._tell = tell
        self._lane = Lane("tidelock-rules")
        self._lock = threading.Lock()
        self._runner: Runner | None = None
        self._is_closed = False

    @staticmethod
    def are_others(one: Settings, other: Settings) -> bool:
        """Whether two settings name other rules, or give them other limits."""
        return (one.lsp_rules_paths, one.lsp_rules_time_ms) != (
            other.lsp_rules_paths,
            other.lsp_rules_time_ms,
        )

    def known(self, document: Document) -> list[Problem] | None:
        """What the rules say of a text, if they were asked before."""
        return self._runner.known(document.uri, document.tree) if self._runner else None

    def ask(
        self,
        document: Document,
        is_wanted: Callable[[], bool],
        answer: Callable[[list[Problem]], None],
    ) -> None:
        """Have the rules look at a text, unless it is not wanted any more when its turn comes."""

        def work() -> None:
            runner = self._made() if is_wanted() else None
            if runner is None:
                return
            problems = runner.check(document.uri, document.tree)
            if is_wanted():
                answer(problems)

        self._lane.put(work)

    def forget(self, uri: str) -> None:
        """A text is closed."""
        if self._runner is not None:
            self._runner.forget(uri)

    def close(self) -> None:
        """End the worker and the thread."""
        with self._lock:
            self._is_closed = True
            if self._runner is not None:
                self._runner.close()
        self._lane.close()

    def _made(self) -> Runner | None:
        from tidelock.shared.language.lint.runner import Runner, resolved

        with self._lock:
            if self._runner is None and not self._is_closed:
                settings = self._settings
                paths = resolved(settings.lsp_rules_paths, self._workspace)
                self._runner = Runner(paths, settings.lsp_rules_time_ms, self._tell)
            return None if self._is_closed else self._runner

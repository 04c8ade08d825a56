"""What was found in the open texts, by who found it: names at once, types and rules later.

What is still to be found in a text is as it was before the edit, outside of what was edited, so
that nothing goes away while people type and comes back.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Literal, NamedTuple, final

if TYPE_CHECKING:
    from tidelock.lsp.documents import Document
    from tidelock.shared.model import Problem
    from tidelock.shared.syntax.changes import Span

Part = Literal["names", "types", "rules"]


class _Known(NamedTuple):
    document: Document
    parts: dict[Part, list[Problem]]


@final
class Findings:
    """The problems of open texts; from any thread."""

    def __init__(self) -> None:
        self._known: dict[str, _Known] = {}
        self._lock = threading.Lock()

    def take(self, document: Document, part: Part, problems: list[Problem]) -> bool:
        """Keep what one part found in a version; whether that makes a difference.

        The first part of a version is ``names``; what another says of an older one is dropped.
        """
        with self._lock:
            known = self._known.get(document.uri)
            if known is None or known.document is not document:
                if part != "names":
                    return False
                carried = {} if known is None else _carried(known, document)
                self._known[document.uri] = _Known(document, {**carried, part: problems})
                return True
            before = known.parts.get(part, [])
            known.parts[part] = problems
            return before != problems or part == "names"

    def of(self, document: Document) -> list[Problem] | None:
        """All problems of a version in text order; None before there are any."""
        with self._lock:
            known = self._known.get(document.uri)
            if known is None or known.document is not document:
                return None
            found = [one for part in known.parts.values() for one in part]
        return sorted(found, key=lambda one: one.start)

    def forget(self, uri: str) -> None:
        """A text is closed."""
        with self._lock:
            self._known.pop(uri, None)


def _carried(known: _Known, document: Document) -> dict[Part, list[Problem]]:
    """What the later parts found before an edit, where it stands now."""
    if known.document.dialect != document.dialect:
        return {}
    from tidelock.shared.syntax.changes import difference  # late, as all of the syntax

    span = difference(known.document.text, document.text)
    return {
        part: [moved for one in problems if (moved := _moved(one, span, document.text)) is not None]
        for part, problems in known.parts.items()
        if part != "names"
    }


def _moved(problem: Problem, span: Span, text: str) -> Problem | None:
    """A problem that an edit left alone, with space between the two, where it stands now."""
    if any(one.end >= span.start for one in problem.related):
        return None
    start, end = problem.start + span.shift, problem.end + span.shift
    if problem.end <= span.start:
        start, end = problem.start, problem.end
    elif problem.start < span.end:
        return None
    around = text[start - 1 : start] + text[end : end + 1] if start else text[end : end + 1]
    at_edit = problem.end == span.start or problem.start == span.end
    return None if at_edit and around.strip() else problem._replace(start=start, end=end)

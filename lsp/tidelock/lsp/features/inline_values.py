"""What the variables of the stopped function hold, to be shown in its text."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from tidelock.lsp.moment import Question
from tidelock.shared.language.scopes import resolve

if TYPE_CHECKING:
    from tidelock.lsp.documents import Document
    from tidelock.lsp.moment import StoppedFrame, View
    from tidelock.shared.language.scopes import Local

_LONGEST = 60


class InlineValue(NamedTuple):
    """A stretch of the text that names a variable, and the words to show beside it."""

    start: int
    end: int
    text: str


def inline_values(
    document: Document, start: int, end: int, view: View, frame: int = 0
) -> list[InlineValue]:
    """The values of the locals that are named in a stretch, up to the stopped line.

    ``frame`` is the debugger's id; one that is not known stands for the innermost of the text.
    Each variable is shown once a line. A text that was changed since it was loaded shows none.
    """
    stopped = _frame(document, view, frame)
    if stopped is None or (stopped.text and stopped.text != document.text):
        return []
    line = stopped.line - 1
    place, last = document.lines.span(line)
    place += len(document.text[place:last]) - len(document.text[place:last].lstrip())
    answered = view.ask(Question("names", frame=stopped.id))
    if answered is None:
        return []
    scopes = resolve(document.tree)
    there: dict[str, Local] = {}
    for local in scopes.visible(place):
        there.setdefault(local.name, local)
    found: dict[tuple[int, str], InlineValue] = {}
    for fact in answered.facts:
        variable = there.get(fact.name)
        if variable is None or fact.kind not in ("local", "upvalue"):
            continue
        text = fact.text if len(fact.text) <= _LONGEST else f"{fact.text[: _LONGEST - 1]}…"
        places = [(one.start, one.end) for one in variable.references]
        if variable.kind != "self":
            places.append((variable.start, variable.end))
        for first, stop in sorted(places):
            if start <= first <= min(end, last):
                key = document.lines.line_of(first), fact.name
                found.setdefault(key, InlineValue(first, stop, f"{fact.name} = {text}"))
    return sorted(found.values())


def _frame(document: Document, view: View, wanted: int) -> StoppedFrame | None:
    if not document.chunk:
        return None
    own = [one for one in view.moment.frames if one.chunk == document.chunk]
    return next((one for one in own if one.id == wanted), own[0] if own else None)

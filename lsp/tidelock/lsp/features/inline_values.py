"""What the variables of the stopped function hold, to be shown in its text."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from tidelock.lsp.features.observed import unchanged
from tidelock.lsp.moment import Question
from tidelock.shared.language.hover import symbol_path
from tidelock.shared.language.scopes import resolve
from tidelock.shared.language.stdlib import library
from tidelock.shared.syntax.tree import Call, Index, Member

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from tidelock.lsp.documents import Document
    from tidelock.lsp.moment import StoppedFrame, View
    from tidelock.shared.language.scopes import Local
    from tidelock.shared.model import Fact
    from tidelock.shared.syntax.tree import Node, Tree

_LONGEST = 60
_MOST_ASKED = 50


class InlineValue(NamedTuple):
    """A stretch of the text that names a variable, and the words to show beside it."""

    start: int
    end: int
    text: str


def inline_values(
    document: Document, start: int, end: int, view: View, frame: int = 0
) -> list[InlineValue]:
    """The values of locals, and of fields with constant keys, in a stretch up to the stopped line.

    ``frame`` is the debugger's id; one that is not known stands for the innermost of the text.
    Each is shown once a line. Where a text was changed since it was loaded, only the stopped
    function shows some, if that is as it was. Fields are read raw: no code of the program runs.
    """
    stopped = _frame(document, view, frame)
    stands = None if stopped is None else unchanged(document, stopped)
    if stopped is None or stands is None:
        return []
    line, start, end = stands[0], max(start, stands[1]), min(end, stands[2])
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
        places = [(one.start, one.end) for one in variable.references]
        if variable.kind != "self":
            places.append((variable.start, variable.end))
        for first, stop in sorted(places):
            if start <= first <= min(end, last):
                key = document.lines.line_of(first), fact.name
                found.setdefault(key, _value(first, stop, fact.name, fact))
    for one in _fields(document, start, min(end, last), there, answered.facts, view, stopped.id):
        found.setdefault((document.lines.line_of(one.start), one.text.partition(" = ")[0]), one)
    return sorted(found.values())


def _value(start: int, end: int, name: str, fact: Fact) -> InlineValue:
    text = fact.text if len(fact.text) <= _LONGEST else f"{fact.text[: _LONGEST - 1]}…"
    return InlineValue(start, end, f"{name} = {text}")


def _fields(
    document: Document,
    start: int,
    end: int,
    there: Mapping[str, Local],
    facts: Sequence[Fact],
    view: View,
    frame: int,
) -> Iterator[InlineValue]:
    """The fields that are named in a stretch and that the frame's variables or globals lead to."""
    tree = document.tree
    held = {fact.name for fact in facts if fact.kind in ("local", "upvalue")}
    known: dict[Question, Fact | None] = {}
    for node in _named(tree, start, end):
        place = node.key_start if isinstance(node, Member) else node.key.start
        symbol = symbol_path(tree, place)
        name = tree.text[node.start : node.end]
        if symbol is None or "\n" in name:
            continue
        local = resolve(tree).meaning(symbol.start)
        if local is None and library(tree.dialect).entry((symbol.root,)) is not None:
            continue
        if local is not None and (there.get(symbol.root) is not local or local.name not in held):
            continue
        question = Question("value", symbol.root, symbol.keys, frame if local is not None else 0)
        if question not in known:
            answered = view.ask(question) if len(known) < _MOST_ASKED else None
            if answered is None:
                return  # late, or enough: what is known is shown
            known[question] = answered.facts[0] if answered.facts else None
        fact = known[question]
        if fact is not None:
            yield _value(node.start, node.end, name, fact)


def _named(tree: Tree, start: int, end: int) -> Iterator[Member | Index]:
    """The fields in a stretch, in text order: the whole of ``a.b.c`` only, and none called."""
    found: list[Member | Index] = []
    todo: list[tuple[Node, bool]] = [(tree.body, False)]
    while todo:
        node, is_part = todo.pop()
        part = node.function if isinstance(node, Call) else None
        if isinstance(node, Member | Index):
            part = node.object
            if not is_part and start <= node.start <= end:
                found.append(node)
        todo += [
            (one, one is part) for one in node.children() if one.start <= end and one.end >= start
        ]
    return iter(sorted(found, key=lambda one: one.start))


def _frame(document: Document, view: View, wanted: int) -> StoppedFrame | None:
    if not document.chunk:
        return None
    own = [one for one in view.moment.frames if one.chunk == document.chunk]
    return next((one for one in own if one.id == wanted), own[0] if own else None)

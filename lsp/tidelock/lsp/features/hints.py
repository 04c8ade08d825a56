"""Words beside a text that is shown: the types of its locals, what ends at an ``end``, values.

Each is about what stands in a stretch; lines with a syntax error have none.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Literal, NamedTuple

from tidelock.lsp.features.inline_values import inline_values
from tidelock.lsp.moment import label
from tidelock.shared.language.annotations import run_above
from tidelock.shared.language.descriptions import typed
from tidelock.shared.language.hover_fields import type_at
from tidelock.shared.language.scopes import Local as Variable
from tidelock.shared.language.scopes import resolve
from tidelock.shared.language.types.kinds import Function
from tidelock.shared.syntax import tree as nodes

if TYPE_CHECKING:
    from tidelock.lsp.documents import Document
    from tidelock.lsp.moment import View
    from tidelock.shared.language.types.inference import Types
    from tidelock.shared.language.types.texts import Text

_LONG = 15
_LONGEST = 40
_PLAIN = (nodes.Number, nodes.String, nodes.Constant, nodes.FunctionBody)
_BLOCKS = (nodes.If, nodes.While, nodes.NumericFor, nodes.GenericFor, nodes.Do)
_FUNCTIONS = (nodes.Function, nodes.LocalFunction)


class Hint(NamedTuple):
    """A word to show at an offset, before what stands there if it names a parameter.

    ``is_fallback`` says that it is only for clients that do not show values inline; ``origin``
    tells where a value was seen.
    """

    offset: int
    text: str
    kind: Literal["parameter", "type", "end", "value"] = "parameter"
    is_fallback: bool = False
    origin: str = ""


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def within(node: nodes.Node, start: int, end: int) -> Iterator[nodes.Node]:
    """A node and what lies in it, as far as it touches a stretch."""
    todo = [node]
    while todo:
        node = todo.pop()
        yield node
        todo += [one for one in node.children() if one.start <= end and one.end >= start]


# -- types -----------------------------------------------------------------------------------------


def type_hints(types: Types, text: Text, start: int, end: int) -> list[Hint]:
    """The types of locals whose text does not tell them, and what functions return.

    Nothing is repeated that a literal or an annotation says already.
    """
    found: list[Hint] = []
    for node in within(text.tree.body, start, end):
        if isinstance(node, nodes.Local):
            if "@type" not in run_above(text.tree, node.start).raw:
                found += _locals(types, text, node)
        elif isinstance(node, nodes.GenericFor):
            found += [hint for one in node.names for hint in _local(types, text, one)]
        elif isinstance(node, nodes.FunctionBody):
            found += _returns(types, text, node)
    return [one for one in found if start <= one.offset <= end]


def _locals(types: Types, text: Text, node: nodes.Local) -> Iterator[Hint]:
    for place, name in enumerate(node.names):
        value = node.values[place] if place < len(node.values) else None
        if not isinstance(value, _PLAIN):
            yield from _local(types, text, name)


def _local(types: Types, text: Text, name: nodes.Name) -> Iterator[Hint]:
    local = resolve(text.tree).at(name.start)
    if not isinstance(local, Variable) or name.name.startswith("_"):
        return
    with types.asking(text):
        kind = type_at(types, text, local, name.start)
        words = "" if kind is None or isinstance(kind, Function) else typed(types, kind)
    if words:
        yield Hint(name.end, _cut(words), "type")


def _returns(types: Types, text: Text, body: nodes.FunctionBody) -> Iterator[Hint]:
    if "@return" in types.calls.comment(text, body).raw:
        return
    with types.asking(text):
        words = types.printer.returns(Function((), text, body))
    last = body.vararg or (body.parameters[-1] if body.parameters else None)
    bracket = text.tree.text.find(")", body.start if last is None else last.end, body.end)
    if words and bracket >= 0:
        yield Hint(bracket + 1, _cut(words), "type")


# -- ends ------------------------------------------------------------------------------------------


def end_hints(document: Document, start: int, end: int) -> list[Hint]:
    """Behind the ``end`` of a block of more than so many lines, the line that it began with."""
    tree = document.tree
    found: list[Hint] = []
    named: set[int] = set()
    for node in within(tree.body, start, end):
        if isinstance(node, _FUNCTIONS):
            named.add(node.end)
        elif not isinstance(node, (*_BLOCKS, nodes.FunctionBody)) or node.end in named:
            continue
        first, last = tree.lines.line_of(node.start), tree.lines.line_of(node.end)
        is_ended = tree.text[node.end - 3 : node.end] == "end"
        if last - first >= _LONG and is_ended and start <= node.end <= end:
            stop = tree.lines.span(first)[1]
            found.append(Hint(node.end, _cut(tree.text[node.start : stop].strip()), "end"))
    return found


# -- values ----------------------------------------------------------------------------------------


def value_hints(document: Document, start: int, end: int, view: View, way: str) -> list[Hint]:
    """What the variables of a stretch hold, at the end of their lines.

    While the program stands in the text, those of the stopped frame; else, where ``way`` is ``on``
    (not ``auto``), the globals that are set there, as they were seen last.
    """
    lines = document.lines
    said: dict[int, list[str]] = {}
    if any(frame.chunk == document.chunk for frame in view.moment.frames):
        origin = f"paused at {view.moment.place}"
        for one in inline_values(document, start, end, view):
            said.setdefault(lines.line_of(one.start), []).append(one.text)
    elif way == "on" and view.moment.names:
        origin = label(view.moment.state, view.moment.executions)
        seen = {one.name: one.text for one in view.moment.names if one.type != "function"}
        written = sorted(
            (one.start, name)
            for name, references in resolve(document.tree).globals.items()
            for one in references
            if name in seen and one.write and one.environment is None and start <= one.start <= end
        )
        for place, name in written:
            said.setdefault(lines.line_of(place), []).append(f"{name} = {_cut(seen[name])}")
    found = []
    for line, words in said.items():
        place, stop = lines.span(line)
        stop = place + len(document.text[place:stop].rstrip())
        found.append(Hint(stop, ", ".join(words), "value", way == "auto", origin))
    return found

"""What the running program is asked about a place, and what of its answer counts there.

A name in the text and a name in the program are the same only when they mean the same variable:
a local is looked up in the stopped frame where our scopes find that very local, and never among
the globals.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tidelock.lsp.moment import Question, StoppedFrame, View, moved, place_text
from tidelock.shared.language.facts import Fact, Facts
from tidelock.shared.language.hover import symbol_path
from tidelock.shared.language.index.problems import at_run_time
from tidelock.shared.language.members import members as read
from tidelock.shared.language.scopes import Local, resolve
from tidelock.shared.sources import fingerprint, path_of_chunk, read_text
from tidelock.shared.syntax.parser import parse
from tidelock.shared.syntax.tree import Call, FunctionBody, Name, String

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tidelock.lsp.documents import Document
    from tidelock.shared.language.completion import Target
    from tidelock.shared.language.hover import Symbol
    from tidelock.shared.model import Key, Problem
    from tidelock.shared.syntax.tree import Node, Tree

_MOST_FIELDS = 20


def names(document: Document, offset: int, view: View) -> Facts | None:
    """The globals, and the variables of the stopped frame that can be seen from an offset."""
    stop = _stop(document, view)
    answered = view.ask(Question("names", frame=stop[0].id if stop else 0))
    if answered is None:
        seen = view.moment.names
        return Facts(f"observed earlier{view.age}", _shown(seen)) if seen else None
    facts: Iterable[Fact] = answered.facts
    if stop is not None:
        frame, place = stop
        scopes = resolve(document.tree)
        here = {local.name: local for local in reversed(scopes.visible(offset))}
        there = {local.name: local for local in reversed(scopes.visible(place))}
        facts = [
            fact
            for fact in facts
            if fact.kind == "global"
            or (fact.name in here and here[fact.name] is there.get(fact.name))
        ]
        return Facts(view.label("paused", frame), _shown(facts))
    return Facts(view.label(answered.state), _shown(facts))


def members(document: Document, target: Target, view: View) -> Facts | None:
    """The fields of the value that is being completed."""
    asked: tuple[Question, StoppedFrame | None] | None = None
    if target.base == "module":
        asked = Question("members", "package", ("loaded", target.root, *target.keys)), None
    elif target.base == "variable" and target.root:
        local = resolve(document.tree).local(target.root, target.start)
        asked = _path(document, target.root, target.keys, local, view)
    if asked is None:
        return None
    question, frame = asked
    answered = view.ask(question._replace(what="members"))
    if answered is None:
        return None
    when = view.label(answered.state, frame)
    return Facts(when, members=_shown(answered.facts))


def value(document: Document, symbol: Symbol, view: View) -> Facts | None:
    """The value under the cursor; the place of a function is as the program knows it."""
    local = resolve(document.tree).meaning(symbol.start) if symbol.local else None
    asked = _path(document, symbol.root, symbol.keys, local, view)
    if asked is None:
        return None
    question, frame = asked
    answered = view.ask(question)
    if answered is None or not answered.facts:
        return None
    fact = answered.facts[0]
    when = view.label(answered.state, frame)
    if is_edited(document, fact.where, frame, view):
        when += "; file changed since"
    return Facts(when, value=fact)


def is_edited(document: Document, where: str, frame: StoppedFrame | None, view: View) -> bool:
    """Whether the function at a place, else that of a stopped frame, is another text now.

    Of a module whose text was not seen, whether anything of its file is.
    """
    chunk, _, line = where.rpartition(":")
    ran = view.ran(chunk)
    if not chunk and frame is not None:
        chunk, line, ran = frame.chunk, str(frame.line), frame.text or None
    path = path_of_chunk(chunk)
    if not path:
        return False
    try:
        now = document.text if document.chunk == chunk else read_text(path)
    except OSError:
        return False
    if ran is None:
        loaded = next((one for one in view.moment.loaded if one.path == path), None)
        return loaded is not None and loaded.text != fingerprint(now)
    return ran != now and ran[slice(*_function(parse(ran, document.dialect), int(line)))] not in now


def unchanged(document: Document, frame: StoppedFrame) -> tuple[int, int, int] | None:
    """The line from zero on which a frame stands in this version, and what is as it was loaded.

    That is the whole text, or where other parts have changed the lines of the function alone, as
    offsets; None when the function has changed.
    """
    ran, line = frame.text, frame.line
    if not ran or ran == document.text:
        return line - 1, 0, len(document.text)
    now = moved(ran, document.text, line)
    if now is None:
        return None
    before = parse(ran, document.dialect)
    old, new = _function(before, line), _function(document.tree, now)
    first = before.lines.line_of(old[0]), document.lines.line_of(new[0])
    is_same = ran[slice(*old)] == document.text[slice(*new)] and line - now == first[0] - first[1]
    return (now - 1, *new) if is_same else None


def _function(tree: Tree, line: int) -> tuple[int, int]:
    """From where to where the lines of the innermost function around a line reach, as offsets.

    The line is counted from one; around one in no function lies the whole text.
    """
    found = 0, len(tree.lines) - 1
    todo: list[Node] = [tree.body]
    while todo:
        node = todo.pop()
        if isinstance(node, FunctionBody):
            span = tree.lines.line_of(node.header), tree.lines.line_of(node.end)
            if not span[0] < line <= span[1] + 1:
                continue
            found = max(found, span)
        todo += node.children()
    return tree.lines.span(found[0])[0], tree.lines.span(found[1])[1]


def fields(document: Document, found: list[Problem], view: View, way: str) -> list[Problem]:
    """The problems of a text, but for fields that the running program has.

    ``way`` is ``lsp.live.diagnostics``. At most so many are asked for, and none after one that was
    not told in time.
    """
    if way == "off" or view.moment.state == "none":
        return found
    kept: list[Problem] = []
    asked = 0
    for one in found:
        if one.code == "undefined-field" and asked < _MOST_FIELDS and not view.is_late:
            asked += 1
            symbol = symbol_path(document.tree, one.start)
            facts = value(document, symbol, view) if symbol else None
            if facts is not None and facts.value is not None and facts.value.type != "nil":
                if way == "remove":
                    continue
                words = at_run_time(f"'{document.text[one.start : one.end]}'")
                one = one._replace(severity="hint", message=words, instead="")
        kept.append(one)
    return kept


def shown(facts: Facts | None) -> Facts | None:
    """Facts whose places are written for people."""
    if facts is None or facts.value is None:
        return facts
    return facts._replace(value=_shown([facts.value])[0])


def _shown(facts: Iterable[Fact]) -> list[Fact]:
    return [fact._replace(where=place_text(fact.where)) for fact in facts]


def _path(
    document: Document, root: str, keys: tuple[Key, ...], local: Local | None, view: View
) -> tuple[Question, StoppedFrame | None] | None:
    """How the program reaches a variable of the text; None when it cannot."""
    if local is None:
        return Question("value", root, keys), None
    stop = _stop(document, view)
    if stop is not None:
        frame, place = stop
        if resolve(document.tree).local(root, place) is local:
            return Question("value", root, keys, frame.id), frame
    known = read(document.tree)
    path = known.real((*known.root(root, local), *keys))
    if isinstance(path[0], str):  # a local that only holds a global, or a method's self
        return Question("value", path[0], path[1:]), None  # type: ignore[arg-type]
    module = _module(document.tree, path[0])
    if module is None:
        return None
    return Question("value", "package", ("loaded", module, *path[1:])), None  # type: ignore[arg-type]


def _module(tree: Tree, local: object) -> str | None:
    """The module that a local holds: ``local m = require "module"``."""
    value = read(tree).value(local) if isinstance(local, Local) else None
    if not isinstance(value, Call) or not isinstance(value.function, Name):
        return None
    if value.function.name != "require" or not value.arguments:
        return None
    name = value.arguments[0]
    return name.value if isinstance(name, String) else None


def _stop(document: Document, view: View) -> tuple[StoppedFrame, int] | None:
    """The innermost stopped frame of this text, and where its line begins in this version."""
    for frame in view.moment.frames:
        if document.chunk and frame.chunk == document.chunk:
            line = moved(frame.text or document.text, document.text, frame.line)
            if line is None:
                return None
            start, end = document.lines.span(line - 1)
            text = document.text[start:end]
            return frame, start + len(text) - len(text.lstrip())
    return None

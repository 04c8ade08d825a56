"""The words of the annotations of one text: which one stands at a place, which variable it means.

Other texts are not looked at, and no type is found.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from tidelock.shared.language.annotations import Run, run_above, run_at, runs
from tidelock.shared.language.luacats.words import Role, words
from tidelock.shared.language.scopes import Local, resolve
from tidelock.shared.language.types.declared import function_of, statement_below
from tidelock.shared.syntax.tree import FunctionBody, KeyedField, NamedField, Statement

if TYPE_CHECKING:
    from tidelock.shared.syntax.tree import Tree

TYPES: tuple[Role, ...] = ("declaration", "type")
"""The roles of the names of classes, aliases and enums."""


class Mention(NamedTuple):
    """A word of an annotation, from ``start`` to ``end`` in its text; ``run`` are its comments."""

    start: int
    end: int
    text: str
    role: Role
    holder: str
    run: Run


def mention_at(tree: Tree, offset: int) -> Mention | None:
    """The word of an annotation that an offset is in or right behind; None for other text."""
    run = run_at(tree, offset)
    for one in words(run.raw) if run is not None else ():
        if run is not None and run.start + one.start <= offset <= run.start + one.end:
            return _of(run, *one)
    return None


def mentions(tree: Tree) -> Iterator[Mention]:
    """All the words of the annotations of a text, in text order."""
    for run in runs(tree):
        yield from (_of(run, *one) for one in words(run.raw))


def _of(run: Run, start: int, end: int, text: str, role: Role, holder: str) -> Mention:
    return Mention(run.start + start, run.start + end, text, role, holder, run)


def type_names(tree: Tree) -> frozenset[str]:
    """The names of types that the annotations of a text use or declare."""
    return frozenset(one.text for one in mentions(tree) if one.role in TYPES)


def local_of(tree: Tree, mention: Mention) -> Local | None:
    """The parameter that a ``@param`` describes, or the local that a ``@cast`` is about."""
    if mention.role == "variable":
        return resolve(tree).local(mention.text.split(".")[0], mention.start)
    if mention.role != "parameter":
        return None
    body = function_of(statement_below(tree, mention.run))
    for one in body.parameters if body is not None else ():
        if one.name == mention.text:
            found = resolve(tree).meaning(one.start)
            return found if isinstance(found, Local) else None
    return None


def spans_about(tree: Tree, local: Local) -> Iterator[tuple[int, int]]:
    """Where annotations name a local: ``@param`` and ``@cast``."""
    if local.kind == "parameter":
        path = tree.path(local.start)
        inner = max(at for at, node in enumerate(path) if isinstance(node, FunctionBody))
        around = next(
            node
            for node in reversed(path[:inner])
            if isinstance(node, Statement | NamedField | KeyedField)
        )
        run = run_above(tree, around.start)
        for one in words(run.raw):
            if one.role == "parameter" and one.text == local.name:
                yield run.start + one.start, run.start + one.end
    if "@cast" not in tree.text:
        return
    scopes = resolve(tree)
    for mention in mentions(tree):
        is_named = mention.role == "variable" and mention.text.split(".")[0] == local.name
        if is_named and scopes.local(local.name, mention.start) is local:
            yield mention.start, mention.start + len(local.name)

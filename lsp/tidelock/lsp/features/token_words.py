"""The words of annotations as semantic tokens; what is text for people stays a comment."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from tidelock.shared.language.annotations import runs
from tidelock.shared.language.luacats.words import Role, words
from tidelock.shared.language.types.declared import DeclaredClass, declared
from tidelock.shared.language.types.kinds import BASICS

if TYPE_CHECKING:
    from tidelock.shared.language.index.space import Space
    from tidelock.shared.language.luacats.words import Spoken
    from tidelock.shared.syntax.tree import Tree

_DOCUMENTATION = frozenset(("documentation",))
_DECLARED = frozenset(("documentation", "declaration"))
_OF_LUA = frozenset(("documentation", "defaultLibrary"))
_PLAIN: dict[Role, tuple[str, frozenset[str]]] = {
    "tag": ("keyword", _DOCUMENTATION),
    "manner": ("keyword", _DOCUMENTATION),
    "action": ("keyword", _DOCUMENTATION),
    "operator": ("operator", _DOCUMENTATION),
    "type variable": ("type", _DOCUMENTATION),
    "field": ("property", _DECLARED),
    "parameter": ("parameter", _DOCUMENTATION),
    "variable": ("variable", _DOCUMENTATION),
}

Word = tuple[int, int, str, frozenset[str]]
"""Where it stands, its type and its modifiers."""


def annotation_words(
    tree: Tree, start: int, stop: int, space: Space | None = None
) -> Iterator[Word]:
    """The words of the annotations that touch a stretch of a text, in text order.

    Types that other texts declare are told from classes only with a ``space``.
    """
    known: dict[str, str] = {}

    def kind(name: str) -> str:
        if name not in known:
            own = declared(tree).names.get(name)
            found = own[0] if own else None
            is_class = isinstance(found, DeclaredClass)
            if found is None and space is not None:
                is_class = space.declares_class(name)
            known[name] = "class" if is_class else "type"
        return known[name]

    for run in runs(tree):
        if run.start > stop:
            return
        if run.start + len(run.raw) < start:
            continue
        for one in words(run.raw):
            meant = _meant(run.raw, one, kind)
            if meant is not None:
                yield run.start + one.start, run.start + one.end, *meant


def _meant(raw: str, one: Spoken, kind: Callable[[str], str]) -> tuple[str, frozenset[str]] | None:
    if one.role == "type":
        if one.text in BASICS:
            return "type", _OF_LUA
        return kind(one.text), _DOCUMENTATION
    if one.role == "declaration":
        return kind(one.text), _DECLARED
    if one.role == "constant":
        first = raw[one.start]
        if first in "\"'":
            return "string", _DOCUMENTATION
        return ("keyword" if first.isalpha() else "number"), _DOCUMENTATION
    return _PLAIN.get(one.role)

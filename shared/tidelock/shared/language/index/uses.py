"""Where a text names fields, in whatever form: ``t.x``, ``t:x()``, ``t["x"]``, ``{ x = 1 }``."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from itertools import compress
from typing import TYPE_CHECKING, NamedTuple

from tidelock.shared.language.paths import constant
from tidelock.shared.syntax.tree import (
    Index,
    KeyedField,
    Member,
    MethodCall,
    NamedField,
    Table,
)

if TYPE_CHECKING:
    from tidelock.shared.model import Key
    from tidelock.shared.syntax.tree import Expression, Node, Tree

_QUOTES = frozenset("\"'[")


class Use(NamedTuple):
    """A place where a field is named; ``holder`` is the value it is a field of."""

    holder: Expression
    key: Key
    start: int
    end: int
    sets: bool = False


def use_at(tree: Tree, offset: int) -> Use | None:
    """The field that is named at an offset."""
    path = tree.under(offset)
    for around, node in zip([None, *path], path, strict=False):
        for one in _use(node, around):
            if one.start <= offset <= one.end:
                return one
    return None


def uses_of(tree: Tree, key: str) -> Iterator[Use]:
    """Where fields of a name are named, in text order."""
    found: list[Use] = []
    tokens = tree.tokens
    telling = {text for text in set(tokens.texts) if _may_be(text, key)}
    places = list(compress(tokens.starts, map(telling.__contains__, tokens.texts)))
    todo: list[tuple[Node, Node | None]] = [(tree.body, None)]
    while todo:
        node, around = todo.pop()
        found += [one for one in _use(node, around) if one.key == key]
        for child in node.children():
            place = bisect_left(places, child.start)
            if place < len(places) and places[place] < child.end:
                todo.append((child, node))
    return iter(sorted(found, key=lambda one: one.start))


def _may_be(token: str, key: str) -> bool:
    """Whether a token is a name, or may be a string with that value."""
    return token == key or (token[:1] in _QUOTES and (key in token or "\\" in token))


def _use(node: Node, around: Node | None) -> Iterator[Use]:
    """The field that a node names, if it does."""
    if isinstance(node, Member):
        yield Use(node.object, node.key, node.key_start, node.end, _is_set(node, around))
    elif isinstance(node, MethodCall):
        yield Use(node.object, node.key, node.key_start, node.key_start + len(node.key))
    elif isinstance(node, Index):
        key = constant(node.key)
        if key is not None:
            start, end = node.key.start, node.key.end
            yield Use(node.object, key, start, end, _is_set(node, around))
    elif isinstance(around, Table) and isinstance(node, NamedField):
        yield Use(around, node.name.name, node.name.start, node.name.end, True)
    elif isinstance(around, Table) and isinstance(node, KeyedField):
        key = constant(node.key)
        if key is not None:
            yield Use(around, key, node.key.start, node.key.end, True)


def _is_set(node: Expression, around: Node | None) -> bool:
    return node in getattr(around, "targets", ()) or getattr(around, "target", None) is node

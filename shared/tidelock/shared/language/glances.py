"""What single variables hold where they get it, found at their places without reading the text.

``members`` copies the statements that it reads, if they have moved since an earlier text; who
answers at each key asks for one thing of many of them. Both say the same.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from tidelock.shared.language.members import matched, members, shown
from tidelock.shared.language.paths import constant
from tidelock.shared.language.scopes import resolve
from tidelock.shared.syntax.tree import (
    Assign,
    Function,
    FunctionBody,
    Global,
    Index,
    LocalFunction,
    Member,
    Paren,
)
from tidelock.shared.syntax.tree import Local as LocalStatement

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tidelock.shared.language.variables import Local
    from tidelock.shared.model import Key
    from tidelock.shared.syntax.tree import Node, Tree, Unit

_SETTING = (Assign, Function, LocalStatement, LocalFunction, Global)


class Held(NamedTuple):
    """A function as it was read, and where the statement begins whose comment describes it.

    Its names and its shape are right, its offsets are those of an earlier text.
    """

    body: FunctionBody
    statement: int


def function_of_local(tree: Tree, local: Local) -> Held | None:
    """The function that a local got at its declaration, unless it gets something else later.

    Of a local declared by ``local f = function`` the statement begins where its name does, as
    that of any local.
    """
    if local.kind not in ("local", "function") or local.is_set:
        return None
    return _held(tree, local.start)


def function_of_global(tree: Tree, name: str) -> Held | None:
    """The function that a global gets, the first of several."""
    scopes = resolve(tree)
    others = tree.once("globals set in other ways", _set_in_other_ways)
    if name in others or None in others:
        field = members(tree).field((name,))
        return None if field is None or field.body is None else Held(field.body, field.statement)
    for use in scopes.global_sets(name):
        held = _held(tree, use.start)
        if held is not None:
            return held
    return None


def _set_in_other_ways(tree: Tree) -> set[Key | None]:
    """The globals set as fields of ``_G``; None among them when it may be any."""
    scopes = resolve(tree)
    found: set[Key | None] = {None} if scopes.declared else set()
    for use in scopes.global_uses("_G"):
        statement, shift = tree.as_read(use.start)
        for target, _ in _given(_around(statement, use.start - shift)):
            key: Key | None = None
            while isinstance(target, Member | Index | Paren):
                if isinstance(target, Paren):
                    target = target.inner
                    continue
                key = target.key if isinstance(target, Member) else constant(target.key)
                target = target.object
            if key is not None and target.start == use.start - shift:
                found.add(key)
    return found


def told(tree: Tree, name: str, held: Held) -> tuple[str, str]:
    """As ``members.shown``: the signature of a function, and the text of the comment above it."""
    index = tree.unit_at(held.statement)
    token = tree.tokens_of(index).start
    begin = tree.tokens.ends[token - 1] if token else 0
    above, line = (
        tree.text[begin : tree.begins[index]],
        tree.text[tree.begins[index] : held.statement],
    )
    if not token or "\n" not in above or "\n" in line or "\r" in line:
        return shown(tree, name, held.body, held.statement)
    # The comment is between the unit and the one before: as long as that stays, so does this.
    # Of each name the latest alone is kept: who types a comment makes another with each letter.
    kept: dict[str, _Told] = tree.units[index].unit.once("told", _nothing)
    known = kept.get(name)
    if known is None or known.body is not held.body or known.above != above:
        words = shown(tree, name, held.body, held.statement)
        known = kept[name] = _Told(held.body, above, words)
    return known.words


class _Told(NamedTuple):
    """What was told of a function, with what stood between it and the unit before."""

    body: FunctionBody
    above: str
    words: tuple[str, str]


def _nothing(unit: Unit) -> dict[Any, Any]:
    return {}


def _held(tree: Tree, start: int) -> Held | None:
    """The function that the variable gets whose name is written at an offset."""
    unit, shift, *_ = tree.units[tree.unit_at(start)]
    kept: dict[int, Held | None] = unit.once("held", _nothing)
    at = start - shift
    if at not in kept:
        statement, _ = tree.as_read(start)
        kept[at] = _given_at(statement, at)
    found = kept[at]
    return found and found._replace(statement=found.statement + shift)


def _given_at(node: Node | None, at: int) -> Held | None:
    """The function that the name at an offset gets in a statement; all as it was read."""
    statement = _around(node, at)
    for name, value in _given(statement):
        if name.start == at and isinstance(value, FunctionBody):
            assert statement is not None
            return Held(value, statement.start)
    return None


def _around(node: Node | None, at: int) -> Node | None:
    """The innermost statement around an offset that may set something."""
    found: Node | None = None
    while node is not None:
        if isinstance(node, _SETTING):
            found = node
        node = next((one for one in node.children() if one.start <= at < one.end), None)
    return found


def _given(node: Node | None) -> Iterator[tuple[Node, Node]]:
    """What a statement sets, and to what."""
    if isinstance(node, Function):
        yield node.target, node.body
    elif isinstance(node, LocalFunction):
        yield node.name, node.body
    elif isinstance(node, LocalStatement | Global):
        yield from ((name, value) for name, value, _ in matched(node.names, node.values))
    elif isinstance(node, Assign):
        yield from ((name, value) for name, value, _ in matched(node.targets, node.values))

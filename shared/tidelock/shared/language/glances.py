"""What single variables hold where they get it, found at their places without reading the text.

``members`` copies the statements that it reads, if they have moved since an earlier text; who
answers at each key asks for one thing of many of them. Both say the same.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from tidelock.shared.language.members import matched, members
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
    from tidelock.shared.syntax.tree import Node, Tree

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
        statement, shift = _around(tree, use.start)
        for target, _ in _given(statement):
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


def _held(tree: Tree, start: int) -> Held | None:
    """The function that the variable gets whose name is written at an offset."""
    statement, shift = _around(tree, start)
    for name, value in _given(statement):
        if name.start == start - shift and isinstance(value, FunctionBody):
            assert statement is not None
            return Held(value, statement.start + shift)
    return None


def _around(tree: Tree, offset: int) -> tuple[Node | None, int]:
    """The innermost statement around an offset that may set something, and its shift."""
    found: Node | None = None
    node: Node | None
    node, shift = tree.as_read(offset)
    at = offset - shift
    while node is not None:
        if isinstance(node, _SETTING):
            found = node
        node = next((one for one in node.children() if one.start <= at < one.end), None)
    return found, shift


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

"""Tables of a text that nobody else can see: written out for a local, and only asked for fields.

What such a table has is all there is, so a field that nothing sets is nil; one of which it is asked
whether it is there counts as known. What takes the table as a value, or calls a method of it, might
do anything with it; so might a broken statement with its name, and every global a local ``_ENV``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, final

from tidelock.shared.language.annotations import run_above
from tidelock.shared.language.checks.variables import damage
from tidelock.shared.syntax.tree import (
    Assign,
    Binary,
    Clause,
    Function,
    KeyedField,
    Local,
    Member,
    NamedField,
    Repeat,
    String,
    Table,
    Unary,
    While,
)

if TYPE_CHECKING:
    from tidelock.shared.language.variables import Local as Variable
    from tidelock.shared.syntax.tree import Node, Tree


@final
class KeptTables:
    """The keys of such tables, found at the first question about a variable."""

    __slots__ = ("_known", "_tree")

    def __init__(self, tree: Tree) -> None:
        self._tree = tree
        self._known: dict[Variable, frozenset[str]] = {}

    def keys(self, local: Variable) -> frozenset[str]:
        """The keys that the table of a variable ever has; none where that is not known."""
        if local not in self._known:
            self._known[local] = self._keys(local)
        return self._known[local]

    def _keys(self, local: Variable) -> frozenset[str]:
        keys = set(_written(self._tree, local))
        bad = damage(self._tree)
        if not keys or (bad and bad.may_use(local.name, local.visible_from, local.visible_to)):
            return _UNKNOWN
        for one in reversed(local.references):  # a module is handed out at its end
            path = self._tree.path(one.start)
            holder = path[-2] if len(path) > 1 else None
            if one.write or not isinstance(holder, Member) or holder.object is not path[-1]:
                return _UNKNOWN
            if _is_set(path[-3], holder) or is_asked(path[-3], holder):
                keys.add(holder.key)
        return frozenset(keys)


_UNKNOWN: frozenset[str] = frozenset()


def kept_tables(tree: Tree) -> KeptTables:
    """Those of a text."""
    return tree.once("kept tables", KeptTables)


def is_asked(outer: Node, node: Node) -> bool:
    """Whether it is asked if an expression is there at all: by a condition or an operator."""
    if isinstance(outer, Clause | While | Repeat):
        return outer.condition is node
    if isinstance(outer, Binary):
        return outer.operator in ("and", "or", "==", "~=")
    return isinstance(outer, Unary) and outer.operator == "not"


def _is_set(outer: Node, field: Member) -> bool:
    if isinstance(outer, Assign):
        return any(one is field for one in outer.targets)
    return isinstance(outer, Function) and outer.target is field


def _written(tree: Tree, local: Variable) -> frozenset[str]:
    """The keys of the table that a variable is declared with, if it has names for all of them."""
    path = tree.path(local.start)
    statement = path[-2] if len(path) > 1 else None
    if local.kind != "local" or local.name == "_ENV" or not isinstance(statement, Local):
        return _UNKNOWN
    pairs = zip(statement.names, statement.values, strict=False)
    table = next((value for name, value in pairs if name is path[-1]), None)
    if not isinstance(table, Table) or "@" in run_above(tree, statement.start).raw:
        return _UNKNOWN
    found: set[str] = set()
    for field in table.fields:
        if isinstance(field, NamedField):
            found.add(field.name.name)
        elif isinstance(field, KeyedField) and isinstance(field.key, String):
            found.add(field.key.value)
        else:
            return _UNKNOWN
    return frozenset(found)

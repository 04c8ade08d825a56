"""What a text says about the fields of its tables, by reading and nothing else.

A table is known by its path: the local or the name of the global that holds it, then constant
keys. Fields come from constructors, assignments and function statements, wherever in the text;
globals are the fields of the empty path. ``self`` in a method stands for the method's table.
A text is read unit by unit (``unit_members``), those that can have an answer, when it is asked for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, final

from tidelock.shared.language.annotations import documented, signature
from tidelock.shared.language.paths import Path, direct, path_of
from tidelock.shared.language.scopes import Local, resolve
from tidelock.shared.language.unit_members import (
    Element,
    Field,
    Given,
    UnitMembers,
    has_self,
    matched,
)
from tidelock.shared.model import Key as Key
from tidelock.shared.unwanted import look

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from tidelock.shared.syntax.tree import Expression, FunctionBody, Name, Table, Tree

_ALIASES = 8
_INSERT: Path = ("table", "insert")


@final
class Members:
    """The fields of one text; made by ``members``. What it says never changes.

    Two threads that ask for a unit at the same time get the same answer.
    """

    __slots__ = (
        "_elements",
        "_fields",
        "_given",
        "_globals",
        "_metas",
        "_units",
        "_whole",
        "scopes",
        "tree",
    )

    def __init__(self, tree: Tree) -> None:
        self.tree = tree
        self.scopes = resolve(tree)
        self._units: dict[int, UnitMembers] = {}
        self._given: list[Given] | None = None
        # What has been put together of several units.
        self._fields: dict[Path, dict[Key, list[Field]]] = {}
        self._globals: dict[Key, Sequence[Field]] = {}
        self._elements: dict[Path, Sequence[Element]] = {}
        self._metas: dict[Path, Sequence[Expression]] = {}
        self._whole: dict[Path, dict[Key, list[Field]]] | None = None

    # -- units ---------------------------------------------------------------------------------

    def _unit(self, index: int) -> UnitMembers:
        found = self._units.get(index)
        if found is None:
            look()
            made = UnitMembers(self.tree, self.scopes, index)
            found = self._units.setdefault(index, made)
        return found

    def _at(self, offset: int) -> UnitMembers:
        """The unit that an offset is in."""
        return self._unit(self.tree.unit_at(offset))

    def _all_given(self) -> list[Given]:
        """What each unit may give; those that nobody has read yet are read."""
        if self._given is None:
            self._given = self.tree.of_units("given", lambda index: self._unit(index).given)
        return self._given

    def may_give(self, name: str) -> bool:
        """Whether the text may set what has a name, or something of it."""
        return any(name in given.names for given in self._all_given())

    def _giving(self, path: Path) -> Iterator[UnitMembers]:
        """The units that may give something to a path, in text order."""
        given, name = self._all_given(), path[0]
        units = range(len(given))
        if isinstance(name, Local):
            units = range(*map(self.tree.unit_at, (name.start, name.visible_to)))
            units, name = range(units.start, units.stop + 1), name.name
        for index in units:
            if name in given[index].names:
                yield self._unit(index)

    def _with_metas(self) -> Iterator[UnitMembers]:
        for index, given in enumerate(self._all_given()):
            if given.metas:
                yield self._unit(index)

    # -- paths ---------------------------------------------------------------------------------

    def path(self, node: Expression) -> Path | None:
        """The path of a name or a chain of constant keys; ``self`` of a method is its table."""
        return path_of(node, self._root)

    def _root(self, name: Name) -> Path:
        return self.root(name.name, self.scopes.meaning(name.start))

    def root(self, name: str, local: Local | None) -> Path:
        """Where a variable's fields are noted."""
        if local is None:
            return (name,)
        if local.kind == "self":
            return self._at(local.start).owners.get(local.function, (local,))
        return (local,)

    def real(self, path: Path) -> Path:
        """The path after following locals that only hold another path: ``local s = string``."""
        path = direct(path)
        for _ in range(_ALIASES):
            local = path[0]
            value = self.value(local) if isinstance(local, Local) else None
            other = None if value is None else self.path(value)
            if other is None or self.fields(path):
                break
            path = direct((*other, *path[1:]))
        return path

    # -- locals --------------------------------------------------------------------------------

    def given(self, local: Local) -> tuple[Expression, int] | None:
        """What a local got at its declaration, and which of its results."""
        return self._at(local.start).values.get(local)

    def value(self, local: Local) -> Expression | None:
        """What a local got at its declaration, None once something else is assigned to it."""
        value, nth = self.given(local) or (None, 0)
        if nth or local.is_set:
            return None
        return value

    # -- functions -----------------------------------------------------------------------------

    def owner(self, body: FunctionBody) -> Path | None:
        """The table whose method a function is."""
        if body.method:
            return self._at(body.start).owners.get(body.number)
        holder = self.holder(body) or ()
        return holder[:-1] if len(holder) > 1 else None

    def home(self, body: FunctionBody) -> int | None:
        """Where the statement begins whose comment describes a function."""
        return self._at(body.start).homes.get(body.number)

    def holder(self, body: FunctionBody) -> Path | None:
        """The path that a function is assigned to."""
        return self._at(body.start).holders.get(body.number)

    # -- tables --------------------------------------------------------------------------------

    def table(self, node: Table) -> Path | None:
        """The path of a table that is written out."""
        return self._at(node.start).tables.get(id(node))

    def is_loose(self, node: Table) -> bool:
        """Whether the fields of a table written out are not those of its path."""
        return id(node) in self._at(node.start).loose

    def metas(self, path: Path) -> Sequence[Expression]:
        """The second arguments of ``setmetatable`` where the first is the value of a path."""
        found = self._metas.get(path)
        if found is None:
            found = [one for unit in self._giving(path) for one in unit.metas.get(path, ())]
            self._metas[path] = found
        return found

    def all_metas(self) -> Mapping[Path, Sequence[Expression]]:
        """The second arguments of ``setmetatable`` by the path of the first."""
        found: dict[Path, list[Expression]] = {}
        for unit in self._with_metas():
            for path, metas in unit.metas.items():
                found.setdefault(path, []).extend(metas)
        return found

    def made(self) -> Iterator[tuple[Table, Expression]]:
        """Both arguments of ``setmetatable`` where the first is a table without a path."""
        for unit in self._with_metas():
            for table, meta in unit.made:
                if id(table) not in unit.tables:
                    yield table, meta

    def elements(self, path: Path) -> Sequence[Element]:
        """Where a table gets values at keys that are computed, or at its end."""
        found = self._elements.get(path)
        if found is None:
            found = [
                one
                for unit in self._giving(path)
                for one in unit.elements.get(path, ())
                if one.adder is None or self.real(one.adder) == _INSERT
            ]
            self._elements[path] = found
        return found

    # -- fields --------------------------------------------------------------------------------

    def _all(self) -> dict[Path, dict[Key, list[Field]]]:
        if self._whole is None:
            units = [self._unit(index) for index in range(len(self.tree.units))]
            whole: dict[Path, dict[Key, list[Field]]] = {}
            for unit in units:
                for path, fields in unit.fields.items():
                    _join(whole.setdefault(path, {}), fields)
            self._whole = whole
        return self._whole

    def all(self) -> Iterator[tuple[Path, Field]]:
        """Every field with its path."""
        return _flat(self._all())

    def around(self, offset: int) -> Iterator[tuple[Path, Field]]:
        """Every field of the statement of the main chunk that an offset is in, with its path."""
        return _flat(self._at(offset).fields)

    def fields(self, path: Path) -> dict[Key, list[Field]]:
        """The fields noted for a path by key, in the order of the text; nobody may change them."""
        if not path:
            return self._all().get(path, {})
        found = self._fields.get(path)
        if found is None:
            found = {}
            for unit in self._giving(path):
                _join(found, unit.fields.get(path, {}))
            self._fields[path] = found
        return found

    def globals_through(self, name: str) -> Iterator[str]:
        """The globals set in the units that also set something of ``name``, say ``_G``."""
        for unit in self._giving((name,)):
            yield from (key for key in unit.fields.get((), ()) if isinstance(key, str))

    def places(self, path: Path) -> Sequence[Field]:
        """The places where the last key of a path gets a value."""
        key = path[-1]
        if not isinstance(key, Key):
            return ()
        if len(path) > 1:
            return self.fields(path[:-1]).get(key, ())
        found = self._globals.get(key)
        if found is None:
            units = self._giving(path)
            found = [one for unit in units for one in unit.fields.get((), {}).get(key, ())]
            self._globals[key] = found
        return found

    def field(self, path: Path) -> Field | None:
        """The first place where the last key of a path gets a value, functions first."""
        found = self.places(path)
        for field in found:
            if field.body is not None:
                return field
        return found[0] if found else None


def _join(whole: dict[Key, list[Field]], part: Mapping[Key, Iterable[Field]]) -> None:
    for key, places in part.items():
        whole.setdefault(key, []).extend(places)


def _flat(whole: Mapping[Path, Mapping[Key, Sequence[Field]]]) -> Iterator[tuple[Path, Field]]:
    for path, fields in whole.items():
        for key, places in fields.items():
            for field in places:
                yield (*path, key), field


def members(tree: Tree) -> Members:
    """The fields of a text, made at the first call."""
    return tree.once("members", Members)


def shown(tree: Tree, name: str, body: FunctionBody, statement: int) -> tuple[str, str]:
    """The signature of a function of the text, and the text of the comment above it."""
    known = documented(tree, statement)
    return signature(name, parameters(body), known), known.text


def parameters(body: FunctionBody) -> list[str]:
    """The parameters as written."""
    names = [name.name for name in body.parameters]
    if body.vararg is not None:
        names.append("..." + (body.vararg.name.name if body.vararg.name else ""))
    return names


__all__ = ["Element", "Field", "Members"]
__all__ += ["has_self", "matched", "members", "parameters", "shown"]

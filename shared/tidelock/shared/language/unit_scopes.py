"""What one unit of a tree says of its variables by itself, and the scopes that units make together.

A unit is a statement of the main chunk. All of its names mean the same wherever it stands, but for
those that it does not declare: they are locals of the main chunk declared before it, or globals.
What has a say beyond its unit in another way (labels and jumps of the main chunk, Lua 5.5's
``global``, a local ``_ENV``, anything that Lua would refuse) has no ``UnitScopes``: such a text is
played as a whole (``scopes.played``).
"""

from __future__ import annotations

from bisect import bisect_right
from operator import attrgetter
from typing import TYPE_CHECKING, NamedTuple, final

from tidelock.shared.language.variables import Label, Local, LocalKind, Reference, Scopes

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from tidelock.shared.syntax.tree import Tree


class _Local(NamedTuple):
    """A ``variables.Local`` as its unit was read; it has no end (0) if it is the main chunk's."""

    name: str
    kind: LocalKind
    attrib: str
    start: int
    end: int
    visible_from: int
    visible_to: int
    function: int


class _Use(NamedTuple):
    """A ``variables.Reference`` as its unit was read; ``local`` counts those of the unit.

    A free name has -1 there.
    """

    start: int
    name: str
    function: int
    local: int
    write: bool


class _Label(NamedTuple):
    """A ``variables.Label`` as its unit was read."""

    name: str
    start: int
    function: int
    gotos: tuple[tuple[int, int], ...]


class UnitScopes(NamedTuple):
    """The variables of one unit: offsets as it was read, functions counted from 1, 0 is the chunk.

    ``kept`` says which of the locals are the main chunk's. ``free`` are the names that it uses and
    does not declare before, ``sets`` those of them that it assigns to. ``meanings`` tells by the
    offset of a name which of the locals it means; a free one stands for itself.
    """

    locals: tuple[_Local, ...]
    uses: tuple[_Use, ...]
    labels: tuple[_Label, ...]
    kept: tuple[int, ...]
    free: dict[str, None]
    sets: tuple[str, ...]
    meanings: dict[int, int | str]
    functions: int


def noted(
    locals_: Sequence[Local],
    references: Sequence[Reference],
    labels: Sequence[Label],
    open_: Sequence[object],
    functions: int,
) -> UnitScopes:
    """What was found in a unit that was played alone, with the locals that are still ``open_``."""
    kept = set(map(id, open_))
    places = {id(one): place for place, one in enumerate(locals_)}
    free = [use for use in references if use.local is None]
    meanings: dict[int, int | str] = {
        use.start: places.get(id(use.local), use.name) for use in references
    }
    meanings.update((one.start, place) for place, one in enumerate(locals_) if one.kind != "self")
    return UnitScopes(
        tuple(
            _Local(
                one.name,
                one.kind,
                one.attrib,
                one.start,
                one.end,
                one.visible_from,
                0 if id(one) in kept else one.visible_to,
                one.function,
            )
            for one in locals_
        ),
        tuple(
            _Use(one.start, one.name, one.function, places.get(id(one.local), -1), one.write)
            for one in references
        ),
        tuple(_Label(one.name, one.start, one.function, tuple(one.gotos)) for one in labels),
        tuple(place for place, one in enumerate(locals_) if id(one) in kept),
        dict.fromkeys(use.name for use in free),
        tuple(dict.fromkeys(use.name for use in free if use.write)),
        meanings,
        functions,
    )


class _Made(NamedTuple):
    """The variables of a unit where it stands now."""

    locals: list[Local]
    uses: list[Reference]


@final
class JoinedScopes(Scopes):
    """The scopes of a tree by those of its units, each made when somebody asks for it.

    Two threads that ask for a unit or a local at the same time get the same answer.
    """

    __slots__ = (
        "_constants",
        "_counts",
        "_is_whole",
        "_kept",
        "_made",
        "_named",
        "_parts",
        "_setting",
        "_tree",
    )

    def __init__(self, tree: Tree, parts: Sequence[UnitScopes]) -> None:
        super().__init__([], [], {}, [], [], ())
        self._is_whole = False
        self._tree = tree
        self._parts = parts
        self._made: dict[int, _Made] = {}
        # The locals of the main chunk by unit and place in it: where they are, and those made.
        self._named: dict[str, list[tuple[int, int]]] = {}
        self._kept: dict[tuple[int, int], Local] = {}
        self._constants: list[tuple[int, int]] = []
        # The units that assign to a name which they do not declare.
        self._setting: dict[str, list[int]] = {}
        self._counts: list[int] = []
        count = 0
        for index, part in enumerate(parts):
            self._counts.append(count)
            for place in part.kept:
                name, _, attrib, *_ = part.locals[place]
                self._named.setdefault(name, []).append((index, place))
                if attrib:
                    self._constants.append((index, place))
            for name in part.sets:
                self._setting.setdefault(name, []).append(index)
            for label in part.labels:
                shift = tree.units[index].offset
                function = label.function and label.function + count
                made = Label(label.name, label.start + shift, function)
                made.gotos += [(start + shift, end + shift) for start, end in label.gotos]
                self._labels.append(made)
            count += part.functions

    @property
    def sets_constant(self) -> bool:
        """Whether a constant of the main chunk is assigned to."""
        constants = (self._keep(*one) for one in self._constants)
        return any(one.constant and self.sets(one) for one in constants)

    def _meaning(self, name: str, index: int) -> Local | None:
        """What a free name of a unit means."""
        for begin, place in reversed(self._named.get(name, ())):
            if begin < index:
                return self._keep(begin, place)
        return None

    def _keep(self, index: int, place: int) -> Local:
        """A local of the main chunk."""
        found = self._kept.get((index, place))
        if found is None:
            name, kind, attrib, start, end, since, _, _ = self._parts[index].locals[place]
            shift = self._tree.units[index].offset
            since += shift
            until = max(since, len(self._tree.text))
            made = Local(name, kind, attrib, start + shift, end + shift, since, 0, until, self)
            found = self._kept.setdefault((index, place), made)
        return found

    def _unit(self, index: int) -> _Made:
        found = self._made.get(index)
        return self._made.setdefault(index, self._make(index)) if found is None else found

    def _make(self, index: int) -> _Made:
        part, shift, count = self._parts[index], self._tree.units[index].offset, self._counts[index]
        locals_ = [
            Local(
                name,
                kind,
                attrib,
                start + shift,
                end + shift,
                since + shift,
                function and function + count,
                until + shift,
            )
            if until
            else self._keep(index, place)
            for place, (name, kind, attrib, start, end, since, until, function) in enumerate(
                part.locals
            )
        ]
        free = {name: self._meaning(name, index) for name in part.free}
        uses = []
        kept_here = frozenset(part.kept)
        for start, name, function, place, write in part.uses:
            local = locals_[place] if place >= 0 else free[name]
            function = function and function + count
            use = Reference(start + shift, name, function, local, None, write)
            if local is not None and place >= 0 and place not in kept_here:
                local.references.append(use)
            uses.append(use)
        return _Made(locals_, uses)

    def sets(self, local: Local) -> bool:
        """Whether a local of the main chunk is assigned to after its declaration."""
        name = local.name
        for index in self._setting.get(name, ()):
            if self._meaning(name, index) is local:
                return True
        begin = self._index(local.start)
        return any(
            write and place >= 0 and self._kept.get((begin, place)) is local
            for _, _, _, place, write in self._parts[begin].uses
        )

    def uses(self, local: Local) -> list[Reference]:
        """The uses of a local of the main chunk."""
        name, found = local.name, []
        begin = self._index(local.start)
        for index in range(begin, len(self._parts)):
            if index == begin or name in self._parts[index].free:
                found += [one for one in self._unit(index).uses if one.local is local]
        return found

    def _make_all(self) -> None:
        if self._is_whole:
            return
        made = [self._unit(index) for index in range(len(self._parts))]
        globals_: dict[str, list[Reference]] = {}
        for unit in made:
            for use in unit.uses:
                if use.local is None:
                    globals_.setdefault(use.name, []).append(use)
        self._locals = [one for unit in made for one in unit.locals]
        self._references = [one for unit in made for one in unit.uses]
        self._globals = globals_
        self._is_whole = True  # last: others may ask meanwhile

    @property
    def locals(self) -> list[Local]:
        """All locals, in the order of their declarations."""
        self._make_all()
        return self._locals

    @property
    def references(self) -> list[Reference]:
        """All uses, in text order."""
        self._make_all()
        return self._references

    @property
    def globals(self) -> dict[str, list[Reference]]:
        """The uses of each global, in text order."""
        self._make_all()
        return self._globals

    def release(self) -> None:
        """Let go of what refers to each other; nobody may ask any more."""
        made, self._made = self._made, {}
        for unit in made.values():
            for local in unit.locals:
                local.release()
        for local in self._kept.values():
            local.release()

    def global_uses(self, name: str) -> Sequence[Reference]:
        """The uses of one global, in text order."""
        naming = (index for index, part in enumerate(self._parts) if name in part.free)
        return self._global(name, naming)

    def global_sets(self, name: str) -> Sequence[Reference]:
        """The assignments to one global, in text order."""
        return [one for one in self._global(name, self._setting.get(name, ())) if one.write]

    def _global(self, name: str, units: Iterable[int]) -> Sequence[Reference]:
        return [
            use
            for index in units
            if self._meaning(name, index) is None
            for use in self._unit(index).uses
            if use.name == name and use.local is None
        ]

    def global_names(self) -> Iterator[str]:
        """The globals that the text assigns, each once, by their first mention."""
        found = {
            name
            for name, setting in self._setting.items()
            if any(self._meaning(name, index) is None for index in setting)
        }
        for index, part in enumerate(self._parts):
            if found.isdisjoint(part.free):
                continue
            for name in part.free:
                if name in found and self._meaning(name, index) is None:
                    found.discard(name)
                    yield name

    def _index(self, offset: int) -> int:
        return bisect_right(self._tree.begins, offset) - 1

    def meaning(self, start: int) -> Local | None:
        """The local that the name beginning at an offset uses or declares."""
        index = self._index(start)
        if index < 0:
            return None
        part = self._parts[index]
        found = part.meanings.get(start - self._tree.units[index].offset)
        if found is None or isinstance(found, str):
            return None if found is None else self._meaning(found, index)
        if found in part.kept:
            return self._keep(index, found)
        return self._unit(index).locals[found]

    def _around(self, offset: int) -> list[_Made]:
        """The unit that an offset is in or behind, and the one before, which may end there."""
        index = self._index(offset)
        return [self._unit(one) for one in (index - 1, index) if one >= 0]

    def near(self, offset: int, start: str = "") -> list[Local]:
        """The locals of the main chunk up to an offset, and those of the units around it."""
        last = self._index(offset)
        kept = [
            self._keep(index, place)
            for name, places in self._named.items()
            if name[: len(start)].lower() == start
            for index, place in places
            if index <= last
        ]
        found = {id(one): one for one in kept}
        found.update((id(one), one) for unit in self._around(offset) for one in unit.locals)
        return sorted(found.values(), key=_start)

    def around(self, offset: int) -> list[Local]:
        """The locals of the units around an offset."""
        return [one for unit in self._around(offset) for one in unit.locals]

    def used(self, offset: int) -> Reference | None:
        """The use of a variable that an offset is in or behind."""
        for unit in reversed(self._around(offset)):
            place = bisect_right(unit.uses, offset, key=_start) - 1
            if place >= 0:
                return unit.uses[place] if offset <= unit.uses[place].end else None
        return None


_start = attrgetter("start")

"""The variables and labels of one text, and the places where they are used.

Plain answers that do not know how ``scopes.resolve`` found them; offsets are code points.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from operator import attrgetter
from typing import TYPE_CHECKING, Literal, Protocol, final

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tidelock.shared.model import Problem

LocalKind = Literal["local", "function", "parameter", "for", "self", "vararg"]


@final
class Reference:
    """A use of a variable; without a ``local`` it is a global's.

    ``function`` is the number of the function it stands in. A global of a text that has a local
    ``_ENV`` in force is a field of that local, its ``environment``.
    """

    __slots__ = ("environment", "function", "local", "name", "start", "write")

    def __init__(
        self,
        start: int,
        name: str,
        function: int,
        local: Local | None,
        environment: Local | None,
        write: bool = False,
    ) -> None:
        self.start = start
        self.name = name
        self.function = function
        self.local = local
        self.environment = environment
        self.write = write

    @property
    def end(self) -> int:
        """Where the name ends."""
        return self.start + len(self.name)

    @property
    def upvalue(self) -> bool:
        """Whether the variable belongs to a function further out."""
        return self.local is not None and self.local.function != self.function


class Finder(Protocol):
    """Who finds the uses of a local when they are asked for."""

    def uses(self, local: Local) -> list[Reference]:
        """Them in text order."""

    def sets(self, local: Local) -> bool:
        """Whether one of them is an assignment."""


@final
class Local:
    """A local variable: where it is declared, where it can be seen, where it is used.

    It is visible from ``visible_from`` to ``visible_to``. The ``self`` of a method is declared
    nowhere: its ``start`` and ``end`` are those of the method's parameter bracket.
    Its uses are found when somebody asks, if there is somebody to ``find`` them.
    """

    __slots__ = (
        "_find",
        "_references",
        "attrib",
        "end",
        "function",
        "kind",
        "name",
        "start",
        "visible_from",
        "visible_to",
    )

    def __init__(
        self,
        name: str,
        kind: LocalKind,
        attrib: str,
        start: int,
        end: int,
        visible_from: int,
        function: int,
        visible_to: int = 0,
        find: Finder | None = None,
    ) -> None:
        self.name = name
        self.kind = kind
        self.attrib = attrib
        self.start = start
        self.end = end
        self.visible_from = visible_from
        self.visible_to = visible_to or visible_from
        self.function = function
        self._find = find
        self._references: list[Reference] | None = None if find else []

    @property
    def references(self) -> list[Reference]:
        """Its uses in text order."""
        found = self._references
        if found is None:
            find = self._find
            found = self._references = [] if find is None else find.uses(self)
        return found

    @property
    def is_set(self) -> bool:
        """Whether anything is assigned to it after its declaration."""
        if self._references is None and self._find is not None:
            return self._find.sets(self)
        return any(one.write for one in self.references)

    def release(self) -> None:
        """Let go of its uses, which refer to it."""
        self._find, self._references = None, None

    @property
    def constant(self) -> bool:
        """Whether it cannot be assigned to."""
        return self.attrib in ("const", "close")

    @property
    def captured(self) -> bool:
        """Whether a function inside its own uses it."""
        return any(reference.upvalue for reference in self.references)


@final
class GlobalDeclaration:
    """A name after Lua 5.5's ``global``; an empty name stands for ``*``."""

    __slots__ = ("attrib", "end", "name", "start")

    def __init__(self, name: str, attrib: str, start: int, end: int) -> None:
        self.name = name
        self.attrib = attrib
        self.start = start
        self.end = end


@final
class Label:
    """A label and the names of the ``goto`` that lead to it, as places of those names."""

    __slots__ = ("end", "function", "gotos", "name", "start")

    def __init__(self, name: str, start: int, function: int) -> None:
        self.name = name
        self.start = start
        self.end = start + len(name)
        self.function = function
        self.gotos: list[tuple[int, int]] = []


class Scopes:
    """The variables and labels of one tree; made by ``resolve``, never changed."""

    __slots__ = (
        "_globals",
        "_labels",
        "_locals",
        "_places",
        "_references",
        "_starts",
        "declared",
        "problems",
    )

    def __init__(
        self,
        locals_: list[Local],
        references: list[Reference],
        globals_: dict[str, list[Reference]],
        declared: list[GlobalDeclaration],
        labels: list[Label],
        problems: tuple[Problem, ...],
    ) -> None:
        self.declared = declared
        self.problems = problems
        self._locals = locals_
        self._references = references
        self._globals = globals_
        self._labels = labels
        self._starts = list(map(attrgetter("start"), references))
        self._places = {local.start: local for local in locals_ if local.kind != "self"}

    @property
    def locals(self) -> list[Local]:
        """All locals, in the order of their declarations."""
        return self._locals

    @property
    def references(self) -> list[Reference]:
        """All uses, in text order."""
        return self._references

    @property
    def globals(self) -> dict[str, list[Reference]]:
        """The uses of each global, in text order."""
        return self._globals

    @property
    def labels(self) -> list[Label]:
        """All labels, in text order."""
        return self._labels

    def release(self) -> None:
        """Let go of what refers to each other; nobody may ask any more."""
        for local in self._locals:
            local.release()

    def global_uses(self, name: str) -> Sequence[Reference]:
        """The uses of one global, in text order."""
        return self.globals.get(name, ())

    def global_sets(self, name: str) -> Sequence[Reference]:
        """The assignments to one global, in text order."""
        return [one for one in self.global_uses(name) if one.write]

    def global_names(self) -> Iterator[str]:
        """The globals that the text assigns or declares, each once, by their first mention."""
        seen = {declared.name for declared in self.declared if declared.name}
        yield from sorted(seen)
        for name, references in self.globals.items():
            if name not in seen and any(reference.write for reference in references):
                yield name

    def meaning(self, start: int) -> Local | None:
        """The local that the name beginning at an offset uses or declares."""
        declared = self._places.get(start)
        if declared is not None:
            return declared
        index = bisect_left(self._starts, start)
        if index < len(self._starts) and self._starts[index] == start:
            return self._references[index].local
        return None

    def near(self, offset: int, start: str = "") -> list[Local]:
        """The locals of which some may be visible at an offset.

        Those whose names do not ``start`` so, in small letters, may be left out.
        """
        return self._locals

    def around(self, offset: int) -> list[Local]:
        """The locals of which some may be declared at an offset."""
        return self._locals

    def used(self, offset: int) -> Reference | None:
        """The use of a variable that an offset is in or behind."""
        index = bisect_right(self._starts, offset) - 1
        found = self._references[index] if index >= 0 else None
        return found if found is not None and offset <= found.end else None

    def visible(self, offset: int, start: str = "") -> list[Local]:
        """The locals at an offset, the innermost first, shadowed ones after those that hide them.

        Only the first of several with one name can be reached. Those alone whose names ``start``
        so, in small letters.
        """
        near = self.near(offset, start)
        found = [one for one in near if one.visible_from <= offset <= one.visible_to]
        if start:
            found = [one for one in found if one.name.lower().startswith(start)]
        found.sort(key=_nearness)
        seen: set[str] = set()
        reached: list[Local] = []
        shadowed: list[Local] = []
        for local in found:
            (shadowed if local.name in seen else reached).append(local)
            seen.add(local.name)
        return reached + shadowed

    def local(self, name: str, offset: int) -> Local | None:
        """The local that a name means at an offset; None when it would be a global."""
        return next((local for local in self.visible(offset) if local.name == name), None)

    def at(self, offset: int) -> Reference | Local | GlobalDeclaration | Label | None:
        """What stands at an offset: a use of a variable, or the place that declares one."""
        used = self.used(offset)
        if used is not None:
            return used
        for local in self.around(offset):
            if local.start <= offset <= local.end and local.kind != "self":
                return local
        for declared in self.declared:
            if declared.start <= offset <= declared.end:
                return declared
        for label in self.labels:
            if label.start <= offset <= label.end:
                return label
            if any(start <= offset <= end for start, end in label.gotos):
                return label
        return None


def _nearness(local: Local) -> tuple[int, int]:
    return -local.visible_from, -local.start

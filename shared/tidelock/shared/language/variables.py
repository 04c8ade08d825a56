"""The variables and labels of one text, and the places where they are used.

Plain answers that do not know how ``scopes.resolve`` found them; offsets are code points.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from operator import attrgetter
from typing import TYPE_CHECKING, Literal, final

if TYPE_CHECKING:
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
    ) -> None:
        self.start = start
        self.name = name
        self.function = function
        self.local = local
        self.environment = environment
        self.write = False

    @property
    def end(self) -> int:
        """Where the name ends."""
        return self.start + len(self.name)

    @property
    def upvalue(self) -> bool:
        """Whether the variable belongs to a function further out."""
        return self.local is not None and self.local.function != self.function


@final
class Local:
    """A local variable: where it is declared, where it can be seen, where it is used.

    It is visible from ``visible_from`` to ``visible_to``. The ``self`` of a method is declared
    nowhere: its ``start`` and ``end`` are those of the method's parameter bracket.
    """

    __slots__ = (
        "attrib",
        "end",
        "function",
        "kind",
        "name",
        "references",
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
    ) -> None:
        self.name = name
        self.kind = kind
        self.attrib = attrib
        self.start = start
        self.end = end
        self.visible_from = visible_from
        self.visible_to = visible_from
        self.function = function
        self.references: list[Reference] = []

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


@final
class Scopes:
    """The variables and labels of one tree; made by ``resolve``, never changed."""

    __slots__ = (
        "_places",
        "_starts",
        "declared",
        "globals",
        "labels",
        "locals",
        "problems",
        "references",
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
        self.locals = locals_
        self.references = references
        self.globals = globals_
        self.declared = declared
        self.labels = labels
        self.problems = problems
        self._starts = list(map(attrgetter("start"), references))
        self._places = {local.start: local for local in locals_ if local.kind != "self"}

    def meaning(self, start: int) -> Local | None:
        """The local that the name beginning at an offset uses or declares."""
        declared = self._places.get(start)
        if declared is not None:
            return declared
        index = bisect_left(self._starts, start)
        if index < len(self._starts) and self._starts[index] == start:
            return self.references[index].local
        return None

    def visible(self, offset: int) -> list[Local]:
        """The locals at an offset, the innermost first, shadowed ones after those that hide them.

        Only the first of several with one name can be reached.
        """
        found = [local for local in self.locals if local.visible_from <= offset <= local.visible_to]
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
        index = bisect_right(self._starts, offset) - 1
        if index >= 0 and offset <= self.references[index].end:
            return self.references[index]
        for local in self.locals:
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

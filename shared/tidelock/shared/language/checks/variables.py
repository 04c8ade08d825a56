"""What the scopes of a text say against its variables: unused, unset, hidden, made by accident.

Names that begin with ``_`` are never unused. Where a statement is broken nobody can tell what it
uses, so every name in it counts as used, and nothing inside it is judged.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from typing import TYPE_CHECKING, NamedTuple, final

from tidelock.shared.language.scopes import resolve
from tidelock.shared.model import Problem, Related

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from tidelock.shared.language.variables import Local
    from tidelock.shared.syntax.tree import Tree


class Bodies(NamedTuple):
    """What is known of functions, by offsets of the text.

    ``named`` has the bodies of local functions by the start of their name, ``values`` the starts
    of variables that begin as a function, ``stubs`` the numbers of functions without statement,
    ``varargs`` the places of ``...`` that their function does not mention, ``open`` the numbers of
    functions that do. ``tables`` are the starts of variables that begin as a new table, ``filled``
    those of names whose fields are assigned to.
    """

    named: Mapping[int, tuple[int, int]]
    values: frozenset[int]
    stubs: frozenset[int]
    varargs: tuple[tuple[int, int], ...]
    open: frozenset[int]
    tables: frozenset[int] = frozenset()
    filled: frozenset[int] = frozenset()


@final
class Damage:
    """The stretches of a text whose statements are broken, and the words in them."""

    __slots__ = ("_spans", "_starts", "_words")

    def __init__(self, tree: Tree) -> None:
        starts = tree.begins
        ends = [*starts, len(tree.text)][1:]
        broken = [bool(one.unit.broken) for one in tree.units]
        self._spans = [
            (start, end) for start, end, is_bad in zip(starts, ends, broken, strict=True) if is_bad
        ]
        self._starts = [start for start, _ in self._spans]
        self._words = [set(_WORD.findall(tree.text, *span)) for span in self._spans]

    def __bool__(self) -> bool:
        return bool(self._spans)

    def holds(self, offset: int) -> bool:
        """Whether an offset is in a broken statement."""
        index = bisect_right(self._starts, offset) - 1
        return index >= 0 and offset < self._spans[index][1]

    def may_use(self, name: str, start: int, end: int) -> bool:
        """Whether a name stands in a broken statement that begins between two offsets."""
        return any(
            start <= first <= end and name in words
            for (first, _), words in zip(self._spans, self._words, strict=True)
        )


_WORD = re.compile(r"[A-Za-z_]\w*")


def damage(tree: Tree) -> Damage:
    """The broken stretches of a text, found once."""
    return tree.once("damage", Damage)


def variables(tree: Tree, bodies: Bodies, arguments: str) -> Iterator[Problem]:
    """The problems of the locals and labels of a text.

    ``arguments`` are the parameters that have to be used: ``after-last-used``, ``all`` or ``off``.
    """
    scopes = resolve(tree)
    bad = damage(tree)
    is_input = tree.mode != "chunk"
    judged = [
        one
        for one in scopes.locals
        if not (bad and (bad.holds(one.start) or _may_be_used(bad, one)))
    ]
    for local in judged:
        if local.kind in ("local", "function") and not (is_input and local.function == 0):
            yield from _local(local, bodies)
    if arguments != "off":
        yield from _unused_parameters(judged, bodies, arguments)
    yield from _hidden(tree, judged)
    for label in scopes.labels:
        if not label.gotos and not label.name.startswith("_") and not bad.holds(label.start):
            message = f"label '{label.name}' is never jumped to"
            yield _hint("unused-label", label.start, label.end, message)
    for start, end in bodies.varargs:
        if not bad.holds(start):
            yield _hint("unused-vararg", start, end, "'...' is never used")


def _may_be_used(bad: Damage, local: Local) -> bool:
    return bad.may_use(local.name, local.visible_from, local.visible_to)


def _hint(code: str, start: int, end: int, message: str, *related: Related) -> Problem:
    return Problem(code, "hint", start, end, message, "parser", related)


def _local(local: Local, bodies: Bodies) -> Iterator[Problem]:
    """What is wrong with the use of one variable."""
    name, start, end = local.name, local.start, local.end
    if name.startswith("_") or local.attrib == "close":
        return
    reads = [one for one in local.references if not one.write]
    if local.kind == "function" or start in bodies.values:
        first, last = bodies.named.get(start, (0, 0))
        if not [one for one in reads if not first <= one.start < last]:
            if len(reads) < len(local.references):
                yield _hint("write-only-local", start, end, f"'{name}' is set and never called")
                return
            how = "nothing but itself calls it" if reads else "never used"
            message = f"function '{name}' is {how}" if not reads else f"'{name}' is unused; {how}"
            yield _hint("unused-function", start, end, message)
        return
    if not local.references:
        yield _hint("unused-local", start, end, f"'{name}' is never used")
    elif not reads:
        yield _hint("write-only-local", start, end, f"'{name}' is set and never read")
    elif start in bodies.tables and all(one.start in bodies.filled for one in reads):
        yield _hint("write-only-local", start, end, f"'{name}' is filled and never read")


# -- parameters and the variables of loops -----------------------------------------------------


def _unused_parameters(
    locals_: Iterable[Local], bodies: Bodies, arguments: str
) -> Iterator[Problem]:
    groups: dict[tuple[str, int, int], list[Local]] = {}
    for one in locals_:
        if one.kind in ("parameter", "vararg"):
            groups.setdefault(("parameter", one.function, 0), []).append(one)
        elif one.kind == "for":
            groups.setdefault(("for", one.function, one.visible_from), []).append(one)
    for (kind, function, _), group in groups.items():
        if kind == "parameter" and function in bodies.stubs:
            continue
        if arguments == "after-last-used" and kind == "parameter" and function in bodies.open:
            continue
        for one in reversed(group):
            if one.references:
                if arguments == "after-last-used" or kind == "for":
                    break
                continue
            if one.name.startswith("_") or one.name == "self":
                continue
            if kind == "for":
                message = f"'{one.name}' is not used in the loop"
                yield _hint("unused-loop-variable", one.start, one.end, message)
            elif one.kind == "vararg":
                yield _hint("unused-vararg", one.start, one.end, f"'{one.name}' is never used")
            else:
                message = f"parameter '{one.name}' is never used"
                yield _hint("unused-argument", one.start, one.end, message)


# -- one name for several variables ------------------------------------------------------------


def _hidden(tree: Tree, locals_: Iterable[Local]) -> Iterator[Problem]:
    """Variables that take the name of one that is still there."""
    known: dict[str, list[Local]] = {}
    for local in locals_:
        name = local.name
        others = known.setdefault(name, [])
        while others and others[-1].visible_to < local.visible_from:
            others.pop()
        other = others[-1] if others else None
        others.append(local)
        if other is None or name.startswith("_") or name == "self":
            continue
        line = tree.lines.line_of(other.start) + 1
        is_same = other.visible_to == local.visible_to and other.function == local.function
        code = "redefined-local" if is_same else "shadowed-local"
        how = "is defined again" if is_same else "hides another"
        message = f"'{name}' {how}; the first one is on line {line}"
        first = Related(other.start, other.end, "the first definition")
        yield _hint(code, local.start, local.end, message, first)


def unset(tree: Tree, declared: Iterable[int]) -> Iterator[Problem]:
    """The variables that are read and never set; ``declared`` are those without a value."""
    scopes = resolve(tree)
    bad = damage(tree)
    for start in declared:
        local = scopes.meaning(start)
        if local is None or bad.holds(start) or not local.references or _may_be_used(bad, local):
            continue
        if not local.is_set:
            message = f"'{local.name}' is read and never set"
            yield Problem("unset-local", "warning", start, local.end, message)

"""Which name means which variable, by Lua's own rules; it knows one text and no runtime.

``resolve`` plays the tape of a tree once: there is no recursion and no second look at the nodes.
It plays it by the units of the tree, which may have moved since they were read: no offset of a
mark or a name is used before ``shift`` is added. In a text that is edited each unit is played by
itself, if none has a say in another, and what it says is kept with it (``unit_scopes``): after the
next edit little is played again. For a text that is read once that would be work for nothing.
A local begins after its statement, a local function before its body, the condition of a
``repeat`` sees the locals of its block, methods have a ``self``. Lua 5.5's ``global`` is followed
as the manual says: all names are free until the first declaration in scope.
"""

from __future__ import annotations

from bisect import bisect_left
from operator import attrgetter
from typing import TYPE_CHECKING, final

from tidelock.shared.language.unit_scopes import JoinedScopes, noted
from tidelock.shared.language.variables import (
    GlobalDeclaration,
    Label,
    Local,
    LocalKind,
    Reference,
    Scopes,
)
from tidelock.shared.model import Problem, Related
from tidelock.shared.syntax.collector import HeldOff
from tidelock.shared.syntax.tree import Label as LabelNode
from tidelock.shared.syntax.tree import Mark, Name, Placed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tidelock.shared.language.unit_scopes import UnitScopes
    from tidelock.shared.syntax.tree import Tree, Unit


@final
class _Goto:
    """A ``goto`` whose label has not come yet, with the variables active at its level."""

    __slots__ = ("active", "end", "name", "start")

    def __init__(self, name: str, start: int, end: int, active: int) -> None:
        self.name = name
        self.start = start
        self.end = end
        self.active = active


@final
class _Block:
    """An open block, or a function when it has a number of its own."""

    __slots__ = ("base", "first", "function", "gotos", "is_function", "labels")

    def __init__(self, function: int, is_function: bool, first: int, base: int) -> None:
        self.function = function
        self.is_function = is_function
        # The places of its first variable among all, and of the first of its function.
        self.first = first
        self.base = base
        self.labels: dict[str, tuple[Label, int]] = {}
        self.gotos: list[_Goto] = []

    @property
    def active(self) -> int:
        """How many variables its function had before it."""
        return self.first - self.base


@final
class _Player:
    """One run over a tape."""

    __slots__ = (
        "blocks",
        "count",
        "declared",
        "globals",
        "labels",
        "locals",
        "meanings",
        "named",
        "open",
        "problems",
        "references",
        "shift",
        "special",
        "tree",
    )

    def __init__(self, tree: Tree) -> None:
        self.tree = tree
        self.locals: list[Local] = []
        self.references: list[Reference] = []
        self.globals: dict[str, list[Reference]] = {}
        self.declared: list[GlobalDeclaration] = []
        self.labels: list[Label] = []
        self.problems: list[Problem] = []
        # What is visible, in order, and the newest meaning of each name last in its list.
        self.open: list[Local | GlobalDeclaration] = []
        self.meanings: dict[str, list[Local | GlobalDeclaration]] = {}
        # How many declared globals have a name: with one, all others must be declared too.
        self.named = 0
        # Whether the text has any, or a local ``_ENV``.
        self.special = False
        self.count = 0
        self.shift = 0
        self.blocks = [_Block(0, True, 0, 0)]

    def play(self, units: Sequence[Placed]) -> None:
        """Follow the tape of some units to its end."""
        meanings, references, globals_ = self.meanings, self.references, self.globals
        dispatch = {
            "function": self.function,
            "open": self.enter,
            "close": self.leave,
            "local": self.declare,
            "global": self.declare_global,
            "write": self.write,
            "goto": self.goto,
            "label": self.label,
        }
        blocks = self.blocks
        function = 0
        for unit, shift, _, _ in units:
            self.shift = shift
            for item in unit.tape:
                if type(item) is Name:
                    name = item.name
                    meaning = meanings.get(name)
                    if meaning and type(local := meaning[-1]) is Local:
                        reference = Reference(item.start + shift, name, function, local, None)
                        local.references.append(reference)
                    elif name == "":
                        continue
                    else:
                        reference = Reference(item.start + shift, name, function, None, None)
                        if name in globals_:
                            globals_[name].append(reference)
                        else:
                            globals_[name] = [reference]
                        if self.special:
                            self.free(reference)
                    references.append(reference)
                elif isinstance(item, Mark) and item.kind != "vararg":
                    dispatch[item.kind](item)
                    function = blocks[-1].function

    def problem(
        self, code: str, start: int, end: int, message: str, related: tuple[Related, ...] = ()
    ) -> None:
        """Keep a problem."""
        self.problems.append(Problem(code, "error", start, end, message, "parser", related))

    def free(self, reference: Reference) -> None:
        """Look at a use of a name that is no local, where that is not all there is to say."""
        name = reference.name
        environment = self.meanings.get("_ENV")
        local = environment[-1] if environment else None
        if type(local) is Local:
            reference.environment = local
        if self.named and not self.meanings.get(name) and not self.meanings.get(""):
            message = f"variable '{name}' not declared"
            self.problem("undeclared-name", reference.start, reference.end, message)

    def function(self, mark: Mark) -> None:
        """A function begins."""
        self.count += 1
        place = len(self.open)
        self.blocks.append(_Block(self.count, True, place, place))
        if mark.detail == "method":
            start = mark.offset + self.shift
            self.add_local(Local("self", "self", "", start, start, start, self.count))

    def enter(self, mark: Mark) -> None:
        """A block begins."""
        outer = self.blocks[-1]
        self.blocks.append(_Block(outer.function, False, len(self.open), outer.base))

    def active(self) -> int:
        """How many variables the current function has now."""
        return len(self.open) - self.blocks[-1].base

    def add_local(self, local: Local) -> None:
        """Make a name mean a local until its block ends."""
        self.open.append(local)
        self.locals.append(local)
        name = local.name
        if name in self.meanings:
            self.meanings[name].append(local)
        else:
            self.meanings[name] = [local]
            if name == "_ENV":
                self.special = True

    def add_global(self, declared: GlobalDeclaration) -> None:
        """Make a name mean a declared global until its block ends."""
        self.open.append(declared)
        self.meanings.setdefault(declared.name, []).append(declared)
        self.special = True
        self.declared.append(declared)
        self.named += declared.name != ""

    def declare(self, mark: Mark) -> None:
        """A local begins."""
        _, offset, node, detail, attribute = mark
        assert isinstance(node, Name)
        kind: LocalKind = detail  # type: ignore[assignment]
        if node.name:
            shift, function = self.shift, self.blocks[-1].function
            start, end, offset = node.start + shift, node.end + shift, offset + shift
            self.add_local(Local(node.name, kind, attribute, start, end, offset, function))

    def declare_global(self, mark: Mark) -> None:
        """A declaration of Lua 5.5 begins."""
        node, shift = mark.node, self.shift
        if node is None:
            start = mark.offset + shift
            self.add_global(GlobalDeclaration("", mark.attribute, start, start))
        elif isinstance(node, Name) and node.name:
            start, end = node.start + shift, node.end + shift
            self.add_global(GlobalDeclaration(node.name, mark.attribute, start, end))

    def leave(self, mark: Mark) -> None:
        """A block or function ends."""
        block = self.blocks.pop()
        self.forget(block, mark.offset + self.shift)
        if block.is_function:
            self.lost(block)
            return
        outer = self.blocks[-1]
        for goto in block.gotos:
            goto.active = min(goto.active, block.active)
            known = outer.labels.get(goto.name)
            if known is None:
                outer.gotos.append(goto)
            else:
                known[0].gotos.append((goto.start, goto.end))

    def forget(self, block: _Block, offset: int) -> None:
        """End what a block declared."""
        meanings = self.meanings
        for meaning in self.open[block.first :]:
            meanings[meaning.name].pop()
            if type(meaning) is not Local:
                self.named -= meaning.name != ""
            elif offset > meaning.visible_from:
                meaning.visible_to = offset
        del self.open[block.first :]

    def finish(self) -> Scopes:
        """The main chunk ends."""
        block = self.blocks.pop()
        self.forget(block, len(self.tree.text))
        self.lost(block)
        problems = tuple(sorted(self.problems, key=_place))
        return Scopes(
            self.locals, self.references, self.globals, self.declared, self.labels, problems
        )

    def lost(self, block: _Block) -> None:
        """Report the jumps of a function that found no label."""
        for goto in block.gotos:
            message = f"no visible label '{goto.name}' for this goto"
            self.problem("undefined-label", goto.start, goto.end, message)

    def write(self, mark: Mark) -> None:
        """A name met before is assigned to."""
        start = mark.offset + self.shift
        index = bisect_left(self.references, start, key=_start)
        if index == len(self.references) or self.references[index].start != start:
            return
        reference = self.references[index]
        reference.write = True
        if reference.local is not None:
            constant = reference.local.constant
        else:
            meaning = self.meanings.get(reference.name) or self.meanings.get("")
            constant = bool(meaning and meaning[-1].attrib == "const")
        if constant:
            message = f"attempt to assign to const variable '{reference.name}'"
            self.problem("assign-to-const", reference.start, reference.end, message)

    def goto(self, mark: Mark) -> None:
        """A jump: to a label of its block that came before, or to one still to come."""
        node = mark.node
        assert isinstance(node, Name)
        block = self.blocks[-1]
        start, end = node.start + self.shift, node.end + self.shift
        known = block.labels.get(node.name)
        if known is not None:
            known[0].gotos.append((start, end))
        elif node.name:
            block.gotos.append(_Goto(node.name, start, end, self.active()))

    def label(self, mark: Mark) -> None:
        """A label: the end of the jumps that waited for it."""
        node = mark.node
        assert isinstance(node, LabelNode)
        name = node.label.name
        if not name:
            return
        block = self.blocks[-1]
        label = Label(name, node.label.start + self.shift, block.function)
        self.labels.append(label)
        known = self.known_label(name)
        if known is not None:
            line = self.tree.lines.line_of(known.start) + 1
            message = f"label '{name}' already defined on line {line}"
            other = Related(known.start, known.end, "the first definition")
            self.problem("duplicate-label", label.start, label.end, message, (other,))
            return
        active = block.active if node.last else self.active()
        block.labels[name] = (label, active)
        waiting, block.gotos = block.gotos, []
        for goto in waiting:
            if goto.name != name:
                block.gotos.append(goto)
                continue
            label.gotos.append((goto.start, goto.end))
            if goto.active < active:
                self.into_scope(goto)

    def known_label(self, name: str) -> Label | None:
        """An earlier label of the same name that Lua does not allow twice."""
        nested = self.tree.dialect in ("5.4", "5.5")
        for block in reversed(self.blocks):
            if name in block.labels:
                return block.labels[name][0]
            if block.is_function or not nested:
                return None
        return None

    def into_scope(self, goto: _Goto) -> None:
        """Report a jump past a declaration."""
        entered = self.open[self.blocks[-1].base + goto.active].name or "*"
        message = f"goto '{goto.name}' jumps into the scope of '{entered}'"
        self.problem("syntax-error", goto.start, goto.end, message)


_start = attrgetter("start")


def _place(problem: Problem) -> tuple[int, int]:
    return problem.start, problem.end


def resolve(tree: Tree) -> Scopes:
    """The variables, labels and globals of a tree, and what Lua has against their use.

    A tree is resolved once, at the first call.
    """
    return tree.once("scopes", _resolve)


def _resolve(tree: Tree) -> Scopes:
    with HeldOff(tree.text):
        scopes = by_units(tree) if tree.is_changed else None
        return played(tree) if scopes is None else scopes


def by_units(tree: Tree) -> Scopes | None:
    """The scopes of a tree by those of its units; None where a unit has a say in another."""
    parts = tree.of_units("scopes", lambda index: _alone(tree, tree.units[index].unit))
    known = [part for part in parts if part is not None]
    if len(known) < len(parts):
        return None
    scopes = JoinedScopes(tree, known)
    return None if scopes.sets_constant else scopes


def played(tree: Tree) -> Scopes:
    """The scopes of a tree by following its whole tape."""
    player = _Player(tree)
    player.play(tree.units)
    return player.finish()


def _alone(tree: Tree, unit: Unit) -> UnitScopes | None:
    """What a unit says by itself; None where that depends on the others."""
    player = _Player(tree)
    player.play([Placed(unit)])
    (chunk, *open_) = player.blocks
    is_alone = not (open_ or chunk.labels or chunk.gotos or player.declared or player.special)
    found = None
    if is_alone and not player.problems:
        found = noted(player.locals, player.references, player.labels, player.open, player.count)
    for local in player.locals:
        local.release()
    return found


__all__ = ["GlobalDeclaration", "Label", "Local", "Reference", "Scopes"]
__all__ += ["by_units", "played", "resolve"]

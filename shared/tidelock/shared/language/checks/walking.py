"""One walk over the nodes of a text, by which every check of its form sees them.

The walk goes by the units of the tree, which may have moved since they were read, so that an edit
costs no copy of what follows it. Offsets of nodes are the unit's own: only ``Walk.report`` and
``Walk.text`` add the shift.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, final

from tidelock.shared.language.checks.codes import CODES
from tidelock.shared.language.checks.variables import Bodies
from tidelock.shared.language.scopes import resolve
from tidelock.shared.model import Problem, Related
from tidelock.shared.syntax.tree import (
    Break,
    Call,
    Constant,
    Empty,
    FunctionBody,
    Goto,
    Index,
    Label,
    Local,
    LocalFunction,
    Member,
    MethodCall,
    Name,
    Number,
    String,
    Table,
    Vararg,
    walk,
)
from tidelock.shared.unwanted import each

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from tidelock.shared.syntax.tree import Node, Statement, Tree

LEAVES = frozenset((Name, Number, String, Constant, Vararg, Break, Goto, Label, Empty))


def calls(node: Node) -> bool:
    """Whether anything in a node is called."""
    return any(isinstance(one, Call | MethodCall) for one in walk(node))


class Found(NamedTuple):
    """A problem, and the names that must be no locals for it to be one."""

    problem: Problem
    free: tuple[int, ...]


@final
class Walk:
    """One walk: what was found, and what is known of functions and variables after it.

    ``unset`` are the starts of variables that are declared without a value, ``grown`` those of
    names that are assigned themselves with something behind, ``top`` the whole statements of the
    main chunk with their shifts.
    """

    __slots__ = (
        "_filled",
        "_found",
        "_named",
        "_number",
        "_open",
        "_shift",
        "_source",
        "_stubs",
        "_tables",
        "_values",
        "_varargs",
        "dialect",
        "grown",
        "top",
        "tree",
        "unset",
    )

    def __init__(self, tree: Tree) -> None:
        self.tree = tree
        self.dialect = tree.dialect
        self.unset: list[int] = []
        self.grown: list[int] = []
        self.top: list[tuple[Statement, int]] = []
        self._source = tree.text
        self._shift = self._number = 0
        self._found: list[Found] = []
        self._named: dict[int, tuple[int, int]] = {}
        self._values: set[int] = set()
        self._stubs: set[int] = set()
        self._varargs: list[tuple[int, int]] = []
        self._open: set[int] = set()
        self._tables: set[int] = set()
        self._filled: set[int] = set()

    def run(self, checks: Mapping[type[Node], Sequence[Callable[[Walk, Node], None]]]) -> None:
        """See every node of the statements that are whole; leaves are seen by their parents."""
        for unit, shift, _, number in each(self.tree.units):
            self._shift, self._number = shift, number
            is_broken = bool(unit.broken)
            if not is_broken:
                self.top += [(one, shift) for one in unit.statements]
            todo: list[Node] = list(reversed(unit.statements))
            while todo:
                node = todo.pop()
                kind = type(node)
                if kind is FunctionBody:
                    self._function(node)
                elif kind is Local:
                    self._local(node)
                elif kind is LocalFunction:
                    self._local_function(node)
                if not is_broken:
                    for check in checks.get(kind, ()):
                        check(self, node)
                for child in reversed(node.children()):
                    if type(child) not in LEAVES:
                        todo.append(child)

    def _function(self, node: Node) -> None:
        assert isinstance(node, FunctionBody)
        if not node.body.statements:
            self._stubs.add(node.number + self._number)
            return
        vararg = node.vararg
        if vararg is not None and vararg.name is None:
            body = self.text(node.body.start, node.body.end)
            if "..." not in body and not (self.dialect == "5.1" and "arg" in body):
                self._varargs.append((vararg.start + self._shift, vararg.end + self._shift))
            else:
                self._open.add(node.number + self._number)

    def _local(self, node: Node) -> None:
        assert isinstance(node, Local)
        if not node.values:
            if not node.attributes:
                self.unset += [one.start + self._shift for one in node.names if one.name]
            return
        for name, value in zip(node.names, node.values, strict=False):
            if isinstance(value, FunctionBody):
                self._values.add(name.start + self._shift)
            elif type(value) is Table:
                self._tables.add(name.start + self._shift)

    def _local_function(self, node: Node) -> None:
        assert isinstance(node, LocalFunction)
        span = node.body.start + self._shift, node.body.end + self._shift
        self._named[node.name.start + self._shift] = span

    def fills(self, target: Node) -> None:
        """A field of a variable is assigned to, if it is one."""
        if isinstance(target, Member | Index) and type(holder := target.object) is Name:
            self._filled.add(holder.start + self._shift)

    def stand(self, shift: int) -> None:
        """What follows is about nodes with a shift."""
        self._shift = shift

    # -- for checks ----------------------------------------------------------------------------

    def text(self, start: int, end: int) -> str:
        """The text between two offsets of nodes."""
        return self._source[start + self._shift : end + self._shift]

    def of(self, node: Node) -> str:
        """The text of a node."""
        return self._source[node.start + self._shift : node.end + self._shift]

    def line(self, offset: int) -> int:
        """The line of an offset of a node, from 1."""
        return self.tree.lines.line_of(offset + self._shift) + 1

    def placed(self, offset: int) -> int:
        """Where an offset of a node is in the text."""
        return offset + self._shift

    def report(
        self,
        code: str,
        start: int,
        end: int,
        message: str,
        *,
        first: tuple[int, int, str] | None = None,
        instead: str = "",
        free: Sequence[Node] = (),
    ) -> None:
        """Keep a problem, which is none if one of the names in ``free`` is a local."""
        shift = self._shift
        related = () if first is None else (Related(first[0] + shift, first[1] + shift, first[2]),)
        severity = CODES[code].severity
        problem = Problem(
            code, severity, start + shift, end + shift, message, "parser", related, instead
        )
        self._found.append(Found(problem, tuple(one.start + shift for one in free)))

    # -- after the walk ------------------------------------------------------------------------

    @property
    def problems(self) -> list[Problem]:
        """What holds when the scopes are known."""
        scopes = resolve(self.tree)
        return [
            one.problem
            for one in self._found
            if not any(scopes.meaning(start) is not None for start in one.free)
        ]

    @property
    def bodies(self) -> Bodies:
        """What is known of the functions."""
        return Bodies(
            self._named,
            frozenset(self._values),
            frozenset(self._stubs),
            tuple(self._varargs),
            frozenset(self._open),
            frozenset(self._tables),
            frozenset(self._filled),
        )

"""What conditions around a use tell of a global or a field: ``if t.a then … t.a … end``.

Locals are followed exactly (``tracing``). What hangs on a path is narrowed only where a condition
surely was asked before in the same top-level statement, and nothing in between assigns to the path
or to what it begins with, comes round again, or is a function that may run later. That a call may
change the field is not reckoned with.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple, final

from tidelock.shared.language.types.flow import Test, leaves
from tidelock.shared.syntax.tree import (
    Assign,
    Binary,
    Block,
    Call,
    CallStatement,
    Constant,
    Expression,
    Function,
    FunctionBody,
    GenericFor,
    If,
    Index,
    Label,
    Member,
    Name,
    Node,
    Number,
    NumericFor,
    Paren,
    Repeat,
    String,
    Unary,
    While,
    walk,
    within,
)

if TYPE_CHECKING:
    from tidelock.shared.language.members import Members
    from tidelock.shared.language.paths import Path
    from tidelock.shared.language.types.inference import Types
    from tidelock.shared.language.types.kinds import Type
    from tidelock.shared.language.types.texts import Text
    from tidelock.shared.syntax.tree import Tree

_LOOPS = (While, Repeat, NumericFor, GenericFor)


class Guard(NamedTuple):
    """From ``start`` to ``end`` a test on a path has been passed."""

    start: int
    end: int
    test: Test


def narrowed(types: Types, text: Text, node: Expression, kind: Type) -> Type:
    """The type of a global or a field where it is used, by the conditions around it."""
    if not text.tree.once("conditions", _has_conditions):
        return kind
    path = text.members.path(node)
    if path is None:
        return kind
    for guard in _guards(text, node).around(node, path):
        kind = types.narrowing.tested(text, kind, guard.test)
    return kind


def _has_conditions(tree: Tree) -> bool:
    return "if" in tree.text or " and " in tree.text


def _guards(text: Text, node: Node) -> _Guards:
    """The guards of the top-level statement that a node is in."""
    around = within(text.tree.body, node.start)
    key = ("guards", around[0].start if around else -1)
    found = text.memo.get(key)
    if not isinstance(found, _Guards):
        found = text.memo[key] = _Guards(text.members, around)
    return found


@final
class _Guards:
    """The guards in one top-level statement; one of them is read at its first use."""

    def __init__(self, members: Members, around: Sequence[Node]) -> None:
        self._members = members
        self._guards: dict[Path, list[Guard]] = {}
        self._assigned: list[tuple[int, Path]] = []
        self._loops: list[tuple[int, int]] = []
        self._functions: list[tuple[int, int]] = []
        self._labels: list[int] = []
        for statement in around:
            for node in walk(statement):
                self._read(node)

    def around(self, node: Node, path: Path) -> Iterator[Guard]:
        """The guards that hold for a path at a node."""
        for guard in self._guards.get(path, ()):
            is_inside = guard.start <= node.start and node.end <= guard.end
            if is_inside and self._holds(guard, node, path):
                yield guard

    def _holds(self, guard: Guard, node: Node, path: Path) -> bool:
        def between(span: tuple[int, int]) -> bool:
            return guard.start <= span[0] <= node.start and node.end <= span[1]

        if any(map(between, self._functions)):
            return False
        if any(guard.start <= label < node.start for label in self._labels):
            return False
        reach = max([node.start, *(end for start, end in self._loops if between((start, end)))])
        return not any(
            guard.start <= offset < reach and path[: len(target)] == target
            for offset, target in self._assigned
        )

    # -- reading -------------------------------------------------------------------------------

    def _read(self, node: Node) -> None:
        if isinstance(node, If):
            self._branches(node)
        elif isinstance(node, While):
            self._note(node.condition, True, node.body.start, node.body.end)
        elif isinstance(node, Binary) and node.operator in ("and", "or"):
            right = node.right
            self._note(node.left, node.operator == "and", right.start, right.end)
        elif isinstance(node, Block):
            self._rest(node)
        elif isinstance(node, Assign):
            for target in node.targets:
                self._assign(target, node.end)
        elif isinstance(node, Function):
            self._assign(node.target, node.end)
        elif isinstance(node, Label):
            self._labels.append(node.start)
        if isinstance(node, _LOOPS):
            self._loops.append((node.start, node.end))
        elif isinstance(node, FunctionBody):
            self._functions.append((node.start, node.end))

    def _assign(self, target: Expression, offset: int) -> None:
        path = self._members.path(target)
        if path is not None:
            self._assigned.append((offset, path))
        elif isinstance(target, Index):  # any of its fields
            holder = self._members.path(target.object)
            if holder is not None:
                self._assigned.append((offset, holder))

    def _branches(self, node: If) -> None:
        for clause in node.clauses:
            self._note(clause.condition, True, clause.body.start, clause.body.end)
            self._note(clause.condition, False, clause.body.end, node.end)

    def _rest(self, block: Block) -> None:
        """What is known behind a statement that ends the block in one of two cases."""
        for node in block.statements:
            if isinstance(node, If) and node.otherwise is None:
                if all(leaves(clause.body) for clause in node.clauses):
                    for clause in node.clauses:
                        self._note(clause.condition, False, node.end, block.end)
            elif isinstance(node, CallStatement) and isinstance(node.call, Call):
                call = node.call
                if isinstance(call.function, Name) and call.function.name == "assert":
                    for one in call.arguments[:1]:
                        self._note(one, True, node.end, block.end)

    def _note(self, condition: Expression, holds: bool, start: int, end: int) -> None:
        """Whatever a condition says of paths when it holds, or does not, is known in a stretch."""
        todo = [(condition, holds)]
        while todo:
            node, holds = todo.pop()
            if isinstance(node, Paren):
                todo.append((node.inner, holds))
            elif isinstance(node, Unary) and node.operator == "not":
                todo.append((node.operand, not holds))
            elif isinstance(node, Binary):
                if node.operator == ("and" if holds else "or"):
                    todo += [(node.right, holds), (node.left, holds)]
                elif node.operator in ("==", "~="):
                    same = holds == (node.operator == "==")
                    self._compare(node.left, node.right, same, start, end)
                    self._compare(node.right, node.left, same, start, end)
            else:
                self._add(node, Test("true", holds), start, end)

    def _compare(
        self, one: Expression, other: Expression, holds: bool, start: int, end: int
    ) -> None:
        if not isinstance(other, Constant | Number | String | Unary):
            return
        if isinstance(one, Call) and len(one.arguments) == 1:
            called = one.function
            if isinstance(called, Name) and called.name == "type":
                self._add(one.arguments[0], Test("type", holds, other), start, end)
        else:
            self._add(one, Test("equal", holds, other), start, end)

    def _add(self, node: Expression, test: Test, start: int, end: int) -> None:
        if not isinstance(node, Name | Member | Index):
            return
        path = self._members.path(node)
        if path is not None and (len(path) > 1 or isinstance(path[0], str)):
            self._guards.setdefault(path, []).append(Guard(start, end, test))

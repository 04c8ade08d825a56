"""All that the checks find: at once what the text alone tells, later what takes its meaning.

What a text asks not to see is left out here, and nothing else is.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple, final

from tidelock.shared.language.annotations import is_definitions
from tidelock.shared.language.annotations import problems as malformed
from tidelock.shared.language.checks.assigning import assigned, casts
from tidelock.shared.language.checks.calls import call, dropped, marked
from tidelock.shared.language.checks.comments import comments
from tidelock.shared.language.checks.expressions import (
    EXPRESSIONS,
    exchanges,
    grown,
    swapped,
)
from tidelock.shared.language.checks.formats import formats
from tidelock.shared.language.checks.idle import idle, may_be_idle
from tidelock.shared.language.checks.standard import gone
from tidelock.shared.language.checks.statements import STATEMENTS, defined_twice, main_chunk
from tidelock.shared.language.checks.strings import strings
from tidelock.shared.language.checks.typed import closed, declared_locals, field, nil, returns
from tidelock.shared.language.checks.values import unused_values
from tidelock.shared.language.checks.variables import Bodies, damage, unset, variables
from tidelock.shared.language.checks.walking import LEAVES, Walk
from tidelock.shared.language.suppressions import wanted
from tidelock.shared.syntax.collector import HeldOff
from tidelock.shared.syntax.tree import (
    Assign,
    Binary,
    Block,
    Call,
    CallStatement,
    Clause,
    Function,
    FunctionBody,
    Index,
    Local,
    Member,
    MethodCall,
    Name,
    Repeat,
    Unary,
    While,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from tidelock.shared.language.types.inference import Types
    from tidelock.shared.language.types.texts import Text
    from tidelock.shared.language.variables import Local as Variable
    from tidelock.shared.model import Problem
    from tidelock.shared.syntax.tree import Node, Tree

SetsField = Callable[[str, str], bool]
"""Whether any text sets a field of a global, by the names of both."""

_PART_S = 0.02
"""How long nodes are looked at in a row."""

_CHECKS: dict[type[Node], list[Callable[[Walk, Node], None]]] = {Block: [swapped]}
for _table in (STATEMENTS, EXPRESSIONS):
    for _kind, _check in _table.items():
        _CHECKS.setdefault(_kind, []).append(_check)


def at_once(tree: Tree, arguments: str = "after-last-used") -> list[Problem]:
    """What the text alone tells of its form and names, in text order."""
    with HeldOff(tree.text):
        return wanted(tree, _at_once(tree, arguments))


def _at_once(tree: Tree, arguments: str) -> Iterator[Problem]:
    if is_definitions(tree):
        return
    form = tree.once("form", _form)
    yield from form.problems
    yield from variables(tree, form.bodies, arguments)
    yield from unset(tree, form.unset)
    yield from gone(tree)


class _Form(NamedTuple):
    """What one walk over a text finds, and what it knows of functions and variables."""

    problems: list[Problem]
    bodies: Bodies
    unset: list[int]


def _form(tree: Tree) -> _Form:
    look = Walk(tree)
    look.run(_CHECKS)
    main_chunk(look, look.top)
    defined_twice(look, look.top)
    exchanges(look, look.top)
    grown(look)
    strings(look)
    return _Form(look.problems, look.bodies, look.unset)


def in_depth(
    tree: Tree,
    types: Types,
    uri: str = "",
    sets: SetsField = lambda name, key: False,
    breathe: Callable[[], None] = lambda: None,
    others: Callable[[], Iterable[Problem]] = tuple,
) -> list[Problem]:
    """What takes the meaning of a text: its annotations, and the types of its values.

    Others may ask ``types`` in between; ``breathe`` is called between the parts of the work.
    ``others`` has what is found in the text beyond that, and beyond its form: with all of it, it is
    known which comments hide nothing.
    """
    text = types.text(tree, uri)
    with types.asking(text):
        found = list(comments(types, text))
        found += casts(types, text)
    if not is_definitions(tree):
        breathe()
        found += unused_values(tree)
        found += marked(text)
        found += _Depth(types, text, sets).run(breathe)
        if may_be_idle(tree):
            found += idle(tree, [*found, *_at_once(tree, "all"), *malformed(tree), *others()])
    return wanted(tree, found)


@final
class _Depth:
    """One look at the types in a text; each node is a question of its own."""

    __slots__ = ("asked", "checked", "sets", "text", "types")

    def __init__(self, types: Types, text: Text, sets: SetsField) -> None:
        self.types = types
        self.text = text
        self.sets = sets
        # The expressions of which it is asked whether they are there, and those assigned to.
        self.asked: set[int] = set()
        # The variables that were looked at before, by a condition or by what they were handed to.
        self.checked: set[Variable] = set()

    def run(self, breathe: Callable[[], None]) -> list[Problem]:
        """See every node of the statements that are whole."""
        found: list[Problem] = []
        bad = damage(self.text.tree)
        began = time.monotonic()
        for node in self.text.tree.walk():
            if type(node) in LEAVES or (bad and bad.holds(node.start)):
                continue
            if time.monotonic() - began > _PART_S:
                breathe()
                began = time.monotonic()
            self._note(node)
            with self.types.asking(self.text):
                found += self._problems(node)
        return found

    def _note(self, node: Node) -> None:
        asked: Sequence[Node] = ()
        if isinstance(node, Assign):
            asked = node.targets
        elif isinstance(node, Function):
            asked = (node.target,)
        elif isinstance(node, Clause | While | Repeat):
            asked = (node.condition,)
        elif isinstance(node, Unary):
            asked = (node.operand,)
        elif isinstance(node, Binary) and node.operator in ("and", "or", "==", "~="):
            asked = (node.left, node.right)
        elif isinstance(node, CallStatement):
            asked = node.call.arguments
        for one in asked:
            if not isinstance(node, CallStatement):
                self.asked.add(id(one))
            if isinstance(one, Name):
                local = self.text.members.scopes.meaning(one.start)
                if local is not None:
                    self.checked.add(local)

    def _problems(self, node: Node) -> Iterator[Problem]:
        types, text = self.types, self.text
        if isinstance(node, Call | MethodCall):
            yield from call(types, text, node)
            yield from formats(types, text, node)
        if isinstance(node, Member | MethodCall | Index):
            yield from nil(types, text, node, self.checked)
        if isinstance(node, Member | MethodCall) and id(node) not in self.asked:
            yield from field(types, text, node, self.sets)
        if isinstance(node, Assign | Function):
            yield from assigned(types, text, node)
        if isinstance(node, CallStatement):
            yield from dropped(types, text, node.call)
        elif isinstance(node, Local):
            yield from declared_locals(types, text, node)
            yield from closed(types, text, node)
        elif isinstance(node, FunctionBody):
            yield from returns(types, text, node)

"""How values reach the uses of a local variable, as a graph: sources, joins and tests.

It is read from the tree alone and knows no types: what a source is worth and what a test leaves of
it is found elsewhere. ``tracing`` makes the graph.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple, final

from tidelock.shared.language.annotations import Run
from tidelock.shared.language.luacats import tags
from tidelock.shared.syntax.tree import (
    Block,
    Break,
    Call,
    CallStatement,
    Constant,
    Do,
    Expression,
    FunctionBody,
    Goto,
    If,
    Member,
    Name,
    Node,
    Return,
    While,
)

if TYPE_CHECKING:
    from tidelock.shared.model import Key

_TESTS = 64

SourceKind = Literal["value", "unset", "none", "parameter", "number", "each"]


class Flow:
    """A value on its way; compared by identity."""

    __slots__ = ()


@final
class Source(Flow):
    """Where a value comes from: result ``nth`` of ``value``, or what a declaration gives.

    ``node`` is what declares or assigns: a ``Local`` (name number ``place``), an ``Assign``, a
    function or a loop. ``unset`` is a declaration without values, ``none`` one with too few.
    """

    __slots__ = ("kind", "node", "nth", "place", "value")

    def __init__(
        self,
        kind: SourceKind,
        node: Node,
        value: Expression | None = None,
        nth: int = 0,
        place: int = 0,
    ) -> None:
        self.kind = kind
        self.node = node
        self.value = value
        self.nth = nth
        self.place = place


@final
class Joined(Flow):
    """One of several values; a loop adds what comes round to its own list."""

    __slots__ = ("flows",)

    def __init__(self, flows: list[Flow]) -> None:
        self.flows = flows

    def ends(self) -> list[Flow]:
        """The flows that are no joins themselves, also those behind further joins."""
        found: dict[Flow, None] = {}
        todo: list[Flow] = [self]
        seen: set[Flow] = set()
        while todo:
            flow = todo.pop()
            if not isinstance(flow, Joined):
                found[flow] = None
            elif flow not in seen:
                seen.add(flow)
                todo.extend(reversed(flow.flows))
        return list(found)


class Test(NamedTuple):
    """What is known of a value, or of its field ``key``.

    ``kind`` says what is asked: whether it counts as true, whether it equals ``value``, whether
    ``type`` or ``math.type`` of it is the text ``value``; ``holds`` is the answer.
    """

    kind: Literal["true", "equal", "type", "math.type"]
    holds: bool
    value: Expression | None = None
    key: Key | None = None


@final
class Tested(Flow):
    """A value of which something is known; ``depth`` counts the tests in a row."""

    __slots__ = ("depth", "flow", "test")

    def __init__(self, flow: Flow, test: Test) -> None:
        self.flow = flow
        self.test = test
        self.depth: int = flow.depth + 1 if isinstance(flow, Tested) else 1


@final
class Recast(Flow):
    """A value whose type a ``@cast`` in ``run`` changes."""

    __slots__ = ("cast", "flow", "run")

    def __init__(self, flow: Flow, run: Run, cast: tags.Cast) -> None:
        self.flow = flow
        self.run = run
        self.cast = cast


def joined(flows: list[Flow]) -> Flow:
    """One of several flows, each counted once."""
    once = list(dict.fromkeys(flows))
    return once[0] if len(once) == 1 else Joined(once)


def never_returns(node: Node) -> bool:
    """Whether a call ends the program or raises: ``error``, ``os.exit``."""
    if not isinstance(node, Call):
        return False
    called = node.function
    if isinstance(called, Name):
        return called.name == "error"
    return (
        isinstance(called, Member)
        and isinstance(called.object, Name)
        and (called.object.name, called.key) == ("os", "exit")
    )


def leaves(block: Block) -> bool:
    """Whether the end of a block is never reached."""
    todo: list[Node] = [block]
    while todo:
        node = todo.pop()
        if isinstance(node, Block):
            if not node.statements:
                return False
            todo.append(node.statements[-1])
        elif isinstance(node, If):
            if node.otherwise is None:
                return False
            todo += [clause.body for clause in node.clauses]
            todo.append(node.otherwise)
        elif isinstance(node, Do):
            todo.append(node.body)
        elif isinstance(node, While):
            if not (isinstance(node.condition, Constant) and node.condition.text == "true"):
                return False
            if any(isinstance(inner, Break) for inner in _inside(node.body)):
                return False
        elif isinstance(node, CallStatement):
            if not never_returns(node.call):
                return False
        elif not isinstance(node, Return | Break | Goto):
            return False
    return True


def _inside(block: Block) -> list[Node]:
    """The nodes of a block that are in no function of their own."""
    found: list[Node] = []
    todo: list[Node] = [block]
    while todo:
        node = todo.pop()
        found.append(node)
        if not isinstance(node, FunctionBody):
            todo += node.children()
    return found


def tested(flow: Flow, test: Test) -> Flow:
    """A flow after a test; of very many tests in a row the last ones are not noted."""
    if isinstance(flow, Tested) and flow.depth >= _TESTS:
        return flow
    return Tested(flow, test)

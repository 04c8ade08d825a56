"""Follows one local variable through its scope: which values can reach each use.

Branches, loops, ``break``, ``goto``, early ends and closures are followed, and what conditions ask
of the variable is noted on the way. It reads the tree alone; the work is bounded.

The file is long because it is one walk over all kinds of statements.
"""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING, final

from tidelock.shared.language.annotations import Run, runs
from tidelock.shared.language.luacats import tags
from tidelock.shared.language.members import matched
from tidelock.shared.language.paths import constant
from tidelock.shared.language.scopes import resolve
from tidelock.shared.syntax.tree import (
    Assign,
    Binary,
    Block,
    Break,
    Call,
    CallStatement,
    Constant,
    Do,
    Expression,
    Function,
    FunctionBody,
    GenericFor,
    Goto,
    If,
    Index,
    Label,
    Local,
    LocalFunction,
    Member,
    MethodCall,
    Name,
    Node,
    Number,
    NumericFor,
    Paren,
    Repeat,
    Return,
    String,
    Tree,
    Unary,
    While,
    from_offset,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from tidelock.shared.language.variables import Local as Variable
    from tidelock.shared.model import Key

from tidelock.shared.language.types.flow import (
    Flow,
    Joined,
    Recast,
    Source,
    SourceKind,
    Test,
    joined,
    never_returns,
    tested,
)

_CHAIN = 100
_JUMPS = ("break", "goto", "return")
_DEEPEST = 100
_LEFT = (If, While, Repeat, NumericFor, GenericFor, Do, Return, Break, Goto)


def trace(tree: Tree, local: Variable) -> dict[int, Flow]:
    """The values that can reach each use of a local, by the start of the use.

    At an assignment it is the value after it; the declaration itself counts as a use.
    """
    traces = tree.once("traces", _Traces)
    found = traces.found.get(local)
    if found is None:
        found = traces.found[local] = _Tracer(tree, local, traces).run()
    return found


@final
class _Traces:
    """What is traced of one text, and what all traces of it need."""

    __slots__ = ("casts", "found", "jumps")

    def __init__(self, tree: Tree) -> None:
        self.found: dict[Variable, dict[int, Flow]] = {}
        self.jumps = sorted(place for word in _JUMPS for place in _places(tree.text, word))
        self.casts: dict[str, list[tuple[int, Run, tags.Cast]]] = {}
        for run in runs(tree):
            for item in run.block.items:
                if isinstance(item, tags.Cast):
                    cast = run.start + item.start, run, item
                    self.casts.setdefault(item.name.text, []).append(cast)


def _places(text: str, word: str) -> Iterator[int]:
    """Where a word stands; one in a comment or a string only causes a look in vain."""
    place = text.find(word)
    while place >= 0:
        yield place
        place = text.find(word, place + 1)


def _is_in(places: Sequence[int], start: int, end: int) -> bool:
    """Whether one of the places, which are in order, is in a stretch of the text."""
    index = bisect_left(places, start)
    return index < len(places) and places[index] < end


@final
class _Loop:
    """An open loop: what its ``break`` carry out."""

    __slots__ = ("breaks",)

    def __init__(self) -> None:
        self.breaks: list[Flow] = []


@final
class _Tracer:
    """One walk for one variable."""

    __slots__ = (
        "anything",
        "casts",
        "closures",
        "depth",
        "found",
        "interesting",
        "jumping",
        "labels",
        "leaks",
        "local",
        "loops",
        "rounds",
        "scopes",
        "sources",
        "tree",
        "uses",
        "written",
    )

    def __init__(self, tree: Tree, local: Variable, traces: _Traces) -> None:
        self.tree = tree
        self.local = local
        self.scopes = resolve(tree)
        self.found: dict[int, Flow] = {}
        self.uses = uses = sorted(use.start for use in local.references)
        self.written = [use.start for use in local.references if use.write]
        first = bisect_left(traces.jumps, local.visible_from)
        last = bisect_left(traces.jumps, local.visible_to)
        self.interesting = sorted([*uses, *traces.jumps[first:last]])
        self.casts = [
            cast
            for cast in traces.casts.get(local.name, ())
            if self.scopes.local(local.name, cast[0]) is local
        ]
        self.loops: list[_Loop] = []
        self.labels: dict[str, Joined] = {}
        self.jumping: dict[str, list[Flow]] = {}
        # What closures assign can be there at any time once they are made.
        self.leaks: list[Flow] = []
        self.closures = 0
        self.sources: list[Source] = []
        self.anything: list[Joined] = []
        # How many loops that assign to the variable are open.
        self.rounds = 0
        self.depth = 0

    def run(self) -> dict[int, Flow]:
        """Follow the variable from its declaration to the end of its scope."""
        path = self.tree.path(self.local.start)
        source, block, first = self._declaration(path)
        if source is None or block is None:
            return self.found
        self.sources.append(source)
        self.found[self.local.start] = source
        end = self._statements(block, first, source)
        around = next((node for node in reversed(path) if isinstance(node, Repeat)), None)
        if around is not None and around.body is block and end is not None:
            self._value(around.condition, end)
        # In a closure, a variable that was only declared has been given its value.
        given = [one for one in self.sources if one.kind != "unset"]
        for anything in self.anything:
            anything.flows = list(given or self.sources)
        return self.found

    def _declaration(self, path: Sequence[Node]) -> tuple[Source | None, Block | None, int]:
        """What declares the variable, the block where it is visible, and from where."""
        block: Block | None = None
        for node in path:
            if isinstance(node, Block):
                block = node
        name = path[-1]
        for node in reversed(path):
            if isinstance(node, Local) and name in node.names:
                for place, (one, value, nth) in enumerate(matched(node.names, node.values)):
                    if one is name:
                        return Source("value", node, value, nth, place), block, node.end
                place = node.names.index(name)
                kind: SourceKind = "none" if node.values else "unset"
                return Source(kind, node, None, 0, place), block, node.end
            if isinstance(node, LocalFunction):
                return Source("value", node, node.body), block, node.start
            if isinstance(node, FunctionBody):
                return self._parameter(node, name), node.body, node.body.start
            if isinstance(node, NumericFor):
                return Source("number", node), node.body, node.body.start
            if isinstance(node, GenericFor) and name in node.names:
                place = node.names.index(name)
                return Source("each", node, None, place), node.body, node.body.start
        return None, None, 0

    def _parameter(self, body: FunctionBody, name: Node) -> Source:
        """A parameter by its number; the hidden ``self`` is -1, a named vararg the one after."""
        if self.local.kind == "self":
            return Source("parameter", body, None, 0, -1)
        places = [place for place, one in enumerate(body.parameters) if one is name]
        return Source("parameter", body, None, 0, places[0] if places else len(body.parameters))

    def _mentions(self, start: int, end: int) -> bool:
        return _is_in(self.interesting, start, end)

    def _writes(self, node: Node) -> bool:
        return _is_in(self.written, node.start, node.end)

    # -- statements: each gives the value after it, None where nothing comes after -------------

    def _statements(self, block: Block, first: int, flow: Flow | None) -> Flow | None:
        before = first
        self.depth += 1
        if self.depth > _DEEPEST:
            self.depth -= 1
            return flow
        for place, read, shift in from_offset(block, first):
            is_label = isinstance(read, Label)
            if flow is None and not is_label:
                # Nothing gets here; what is used here is not told.
                continue
            start, end = read.start + shift, read.end + shift
            if self.casts and flow is not None:
                flow = self._cast(before, start, flow)
            before = end
            # Only these can be left by a jump that is in them.
            places = self.interesting if isinstance(read, _LEFT) else self.uses
            if is_label or _is_in(places, start, end):
                flow = self._statement(block.statements[place], flow)
            elif isinstance(read, CallStatement) and never_returns(read.call):
                flow = None
        if self.casts and flow is not None:
            flow = self._cast(before, block.end, flow)
        self.depth -= 1
        return flow

    def _cast(self, start: int, end: int, flow: Flow) -> Flow:
        for place, run, cast in self.casts:
            if start <= place < end:
                flow = Recast(flow, run, cast)
        return flow

    def _statement(self, node: Node, flow: Flow | None) -> Flow | None:
        if isinstance(node, Label):
            return self._label(node, flow)
        if flow is None:
            return None
        if isinstance(node, Assign):
            return self._assign(node, flow)
        if isinstance(node, CallStatement):
            flow = self._value(node.call, flow)
            return None if never_returns(node.call) else flow
        if isinstance(node, If):
            return self._if(node, flow)
        if isinstance(node, While):
            return self._while(node, flow)
        if isinstance(node, Repeat):
            return self._repeat(node, flow)
        if isinstance(node, NumericFor | GenericFor):
            flow = self._values(node.values, flow)
            return self._for(node.body, flow)
        if isinstance(node, Do):
            return self._statements(node.body, node.body.start, flow)
        if isinstance(node, Return):
            self._values(node.values, flow)
            return None
        if isinstance(node, Break):
            if self.loops:
                self.loops[-1].breaks.append(flow)
            return None
        if isinstance(node, Goto):
            self._goto(node, flow)
            return None
        if isinstance(node, Function):
            if isinstance(node.target, Name):
                return self._assigned([(node.target, node.body, 0)], node, flow)
            flow = self._value(node.target, flow)
            return self._value(node.body, flow)
        if isinstance(node, LocalFunction):
            return self._value(node.body, flow)
        return self._values([one for one in node.children() if isinstance(one, Expression)], flow)

    def _assign(self, node: Assign, flow: Flow) -> Flow:
        for target in node.targets:
            if not isinstance(target, Name):
                flow = self._value(target, flow)
        return self._assigned(list(matched(node.targets, node.values)), node, flow)

    def _assigned(
        self, pairs: list[tuple[Expression, Expression, int]], node: Node, flow: Flow
    ) -> Flow:
        seen: set[int] = set()
        for _, value, _ in pairs:
            if id(value) not in seen:
                seen.add(id(value))
                flow = self._value(value, flow)
        if isinstance(node, Assign):
            matching = {id(target) for target, _, _ in pairs}
            for extra in node.values[len(node.targets) :]:
                flow = self._value(extra, flow)
            for target in node.targets:
                if id(target) not in matching and self._is_ours(target):
                    flow = self._arrived(target, Source("none", node))
        for target, value, nth in pairs:
            if self._is_ours(target):
                flow = self._arrived(target, Source("value", node, value, nth))
        return flow

    def _arrived(self, target: Expression, source: Source) -> Flow:
        self.sources.append(source)
        self.found[target.start] = source
        if self.closures:
            self.leaks.append(source)
        return joined([source, *self.leaks]) if self.leaks else source

    def _is_ours(self, node: Node) -> bool:
        return (
            isinstance(node, Name)
            and node.name == self.local.name
            and self.scopes.meaning(node.start) is self.local
        )

    def _if(self, node: If, flow: Flow) -> Flow | None:
        ends: list[Flow | None] = []
        rest: Flow | None = flow
        for clause in node.clauses:
            if rest is None:
                break
            rest = self._value(clause.condition, rest)
            inside = self._tested(rest, clause.condition, True)
            ends.append(self._statements(clause.body, clause.body.start, inside))
            rest = self._tested(rest, clause.condition, False)
        if node.otherwise is not None and rest is not None:
            rest = self._statements(node.otherwise, node.otherwise.start, rest)
        return _join([*ends, rest])

    def _around(self, node: Node, flow: Flow) -> Joined | None:
        """Where a loop begins again, when the variable is assigned to in it."""
        self.loops.append(_Loop())
        if not self._writes(node):
            return None
        self.rounds += 1
        return Joined([flow])

    def _round(self, around: Joined | None, end: Flow | None) -> list[Flow]:
        """A loop ends: what its ``break`` carry out of it."""
        if around is not None:
            self.rounds -= 1
            if end is not None:
                around.flows.append(end)
        return self.loops.pop().breaks

    def _while(self, node: While, flow: Flow) -> Flow | None:
        around = self._around(node, flow)
        entry = self._value(node.condition, around or flow)
        inside = self._tested(entry, node.condition, True)
        end = self._statements(node.body, node.body.start, inside)
        breaks = self._round(around, end)
        return _join([self._tested(entry, node.condition, False), *breaks])

    def _repeat(self, node: Repeat, flow: Flow) -> Flow | None:
        around = self._around(node, flow)
        end = self._statements(node.body, node.body.start, around or flow)
        if end is not None:
            end = self._value(node.condition, end)
        breaks = self._round(around, self._tested(end, node.condition, False))
        return _join([self._tested(end, node.condition, True), *breaks])

    def _for(self, body: Block, flow: Flow) -> Flow | None:
        around = self._around(body, flow)
        end = self._statements(body, body.start, around or flow)
        breaks = self._round(around, end)
        return _join([around or flow, *breaks])

    def _goto(self, node: Goto, flow: Flow) -> None:
        name = node.label.name
        if name in self.labels:
            self.labels[name].flows.append(flow)
        else:
            self.jumping.setdefault(name, []).append(flow)

    def _label(self, node: Label, flow: Flow | None) -> Flow | None:
        arriving = [*self.jumping.pop(node.label.name, []), *([flow] if flow is not None else [])]
        if not arriving:
            return None
        place = Joined(arriving)
        self.labels[node.label.name] = place
        return place

    # -- expressions: each gives the value after it ---------------------------------------------

    def _values(self, nodes: Iterable[Expression], flow: Flow) -> Flow:
        for node in nodes:
            flow = self._value(node, flow)
        return flow

    def _value(self, node: Expression, flow: Flow) -> Flow:
        """Note the uses inside an expression; ``assert`` leaves what it asked behind."""
        if not self._mentions(node.start, node.end):
            return flow
        # Chains lean left without bound: go down their left side without recursion.
        spine: list[Node] = []
        while True:
            spine.append(node)
            if isinstance(node, Binary):
                node = node.left
            elif isinstance(node, Member | Index | MethodCall):
                node = node.object
            elif isinstance(node, Call):
                node = node.function
            elif isinstance(node, Paren):
                node = node.inner
            else:
                break
            if not self._mentions(node.start, node.end):
                break
        long = len(spine) > _CHAIN
        for one in reversed(spine):
            flow = self._alone(one, flow, long)
        return flow

    def _alone(self, node: Node, flow: Flow, long: bool) -> Flow:
        """What a node adds to its left side."""
        self.depth += 1
        if self.depth > _DEEPEST:
            self.depth -= 1
            return flow
        if isinstance(node, Name):
            if self._is_ours(node):
                self.found[node.start] = flow
        elif isinstance(node, Binary):
            inside: Flow | None = flow
            if node.operator in ("and", "or") and not long:
                inside = self._tested(flow, node.left, node.operator == "and")
            self._value(node.right, flow if inside is None else inside)
        elif isinstance(node, Member | Paren):
            pass
        elif isinstance(node, Index):
            flow = self._value(node.key, flow)
        elif isinstance(node, Call):
            flow = self._values(node.arguments, flow)
            if isinstance(node.function, Name) and node.function.name == "assert":
                asked = node.arguments[0] if node.arguments else None
                held = None if asked is None else self._tested(flow, asked, True)
                flow = flow if held is None else held
        elif isinstance(node, MethodCall):
            flow = self._values(node.arguments, flow)
        elif isinstance(node, FunctionBody):
            flow = self._closure(node, flow)
        else:
            for child in node.children():
                flow = self._part(child, flow)
        self.depth -= 1
        return flow

    def _part(self, node: Node, flow: Flow) -> Flow:
        if isinstance(node, Expression):
            return self._value(node, flow)
        for child in node.children():
            flow = self._part(child, flow)
        return flow

    def _closure(self, node: FunctionBody, flow: Flow) -> Flow:
        """A function that uses the variable: it may run at any time from here on.

        In one that does not, no jump leads out of it.
        """
        index = bisect_left(self.uses, node.start)
        if index == len(self.uses) or self.uses[index] >= node.end:
            return flow
        outer = self.loops, self.labels, self.jumping
        self.loops, self.labels, self.jumping = [], {}, {}
        inside = flow
        # Is it assigned to later, or in a closure, what is known here need not hold then.
        if self.leaks or self.rounds or (self.written and self.written[-1] > node.start):
            inside = Joined([])
            self.anything.append(inside)
        self.closures += 1
        before = len(self.leaks)
        self._statements(node.body, node.body.start, inside)
        self.closures -= 1
        self.loops, self.labels, self.jumping = outer
        new = self.leaks[before:]
        return joined([flow, *new]) if new else flow

    # -- conditions -----------------------------------------------------------------------------

    def _tested(self, flow: Flow | None, condition: Expression, holds: bool) -> Flow | None:
        """The value when a condition holds or does not; None where that cannot be."""
        if isinstance(condition, Constant):
            if condition.text == "true":
                return flow if holds else None
            return None if holds else flow
        if flow is None or not self._mentions(condition.start, condition.end):
            return flow
        self.depth += 1
        if self.depth > _DEEPEST:
            self.depth -= 1
            return flow
        found = self._asked(flow, condition, holds)
        self.depth -= 1
        return found

    def _asked(self, flow: Flow, condition: Expression, holds: bool) -> Flow | None:
        if isinstance(condition, Paren):
            return self._tested(flow, condition.inner, holds)
        if isinstance(condition, Unary) and condition.operator == "not":
            return self._tested(flow, condition.operand, not holds)
        if isinstance(condition, Binary):
            left, right = condition.left, condition.right
            if condition.operator in ("and", "or"):
                both = condition.operator == "and"
                if holds == both:
                    return self._tested(self._tested(flow, left, holds), right, holds)
                other = self._tested(self._tested(flow, left, both), right, holds)
                return _join([self._tested(flow, left, holds), other])
            if condition.operator in ("==", "~="):
                holds = holds == (condition.operator == "==")
                test = self._comparison(left, right, holds) or self._comparison(right, left, holds)
                return flow if test is None else tested(flow, test)
            return flow
        if self._is_ours(condition):
            return tested(flow, Test("true", holds))
        key = self._key(condition)
        return flow if key is None else tested(flow, Test("true", holds, None, key))

    def _comparison(self, one: Expression, other: Expression, holds: bool) -> Test | None:
        """What ``one == other`` says of the variable in ``one``."""
        if not isinstance(other, Constant | Number | String | Unary):
            return None
        if self._is_ours(one):
            return Test("equal", holds, other)
        key = self._key(one)
        if key is not None:
            return Test("equal", holds, other, key)
        if not (isinstance(one, Call) and one.arguments and self._is_ours(one.arguments[0])):
            return None
        called = one.function
        if isinstance(called, Name) and called.name == "type":
            return Test("type", holds, other)
        if isinstance(called, Member) and called.key == "type" and isinstance(called.object, Name):
            return Test("math.type", holds, other) if called.object.name == "math" else None
        return None

    def _key(self, node: Expression) -> Key | None:
        """The key of a field of the variable."""
        if isinstance(node, Member) and self._is_ours(node.object):
            return node.key
        if isinstance(node, Index) and self._is_ours(node.object):
            return constant(node.key)
        return None


def _join(flows: Iterable[Flow | None]) -> Flow | None:
    found = [flow for flow in flows if flow is not None]
    return joined(found) if found else None

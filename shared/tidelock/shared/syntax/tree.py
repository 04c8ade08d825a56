"""The nodes of a syntax tree, and the tree that holds them; no node knows a file or a scope.

Every node has ``start`` and ``end``, code point offsets in the text, and covers its children.
What the text lacks is in the tree too: a missing expression is a ``Missing`` node of no width, a
missing name a ``Name`` whose text is empty, and skipped tokens are inside a ``Broken`` statement.
Nesting is bounded (``parser.DEPTH``), but chains such as ``a.b.c()`` or ``1 + 1 + 1`` lean left
without bound: walk a tree with ``walk``, never by recursion over ``children``.

The file is long because it is the one list of what a tree is made of.
"""

# ruff: noqa: D102 - ``children`` is documented once, on ``Node``

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, Self, TypeVar, final, overload

from tidelock.shared.positions import Lines
from tidelock.shared.syntax import literals
from tidelock.shared.unwanted import each

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tidelock.shared.model import Dialect, Problem
    from tidelock.shared.syntax.tokens import Tokens

T = TypeVar("T")
Mode = Literal["chunk", "input", "expression"]
"""A file; a REPL or notebook input, which may start with ``=`` and end with values; one value."""


class Node:
    """A stretch of the text with a meaning."""

    __slots__ = ("end", "start")

    start: int
    end: int

    def children(self) -> Sequence[Node]:
        """The nodes directly inside, in text order."""
        return ()


class Expression(Node):
    """A node that has a value when it runs."""

    __slots__ = ()


class Statement(Node):
    """A node that does something when it runs."""

    __slots__ = ()


@final
class Name(Expression):
    """A variable, where it is used or declared; ``name`` is empty when the text lacks it."""

    __slots__ = ("name",)

    def __init__(self, start: int, end: int, name: str) -> None:
        self.start = start
        self.end = end
        self.name = name


@final
class Missing(Expression):
    """An expression that should be here and is not; it has no width."""

    __slots__ = ()

    def __init__(self, start: int) -> None:
        self.start = start
        self.end = start


@final
class Constant(Expression):
    """``nil``, ``true`` or ``false``, named by ``text``."""

    __slots__ = ("text",)

    def __init__(self, start: int, end: int, text: str) -> None:
        self.start = start
        self.end = end
        self.text = text


@final
class Number(Expression):
    """A numeral as written; ``value`` is what it stands for in the tree's dialect."""

    __slots__ = ("dialect", "text")

    def __init__(self, start: int, end: int, text: str, dialect: Dialect) -> None:
        self.start = start
        self.end = end
        self.text = text
        self.dialect = dialect

    @property
    def value(self) -> int | float | complex | None:
        """The number; None when it is malformed."""
        return literals.number(self.text, self.dialect)


@final
class String(Expression):
    """A string as written, quotes and all; ``value`` and ``bytes`` are what it stands for."""

    __slots__ = ("dialect", "text")

    def __init__(self, start: int, end: int, text: str, dialect: Dialect) -> None:
        self.start = start
        self.end = end
        self.text = text
        self.dialect = dialect

    @property
    def bytes(self) -> bytes:
        """The bytes Lua makes of it; of a damaged string, as much as can be told."""
        return literals.string(self.text, self.dialect)

    @property
    def value(self) -> str:
        """The bytes read as UTF-8; what is not UTF-8 is kept as surrogate escapes."""
        return self.bytes.decode("utf-8", "surrogateescape")


@final
class Vararg(Expression):
    """``...``, as a value or as the last parameter; ``name`` is Lua 5.5's name of the parameter."""

    __slots__ = ("name",)

    def __init__(self, start: int, end: int, name: Name | None = None) -> None:
        self.start = start
        self.end = end
        self.name = name

    def children(self) -> Sequence[Node]:
        return () if self.name is None else (self.name,)


@final
class Member(Expression):
    """``object.key``; ``key`` is empty when the text lacks it, and ends where the node ends."""

    __slots__ = ("key", "key_start", "object")

    def __init__(self, end: int, object: Expression, key: str, key_start: int) -> None:  # noqa: A002
        self.start = object.start
        self.end = end
        self.object = object
        self.key = key
        self.key_start = key_start

    def children(self) -> Sequence[Node]:
        return (self.object,)


@final
class Index(Expression):
    """``object[key]``."""

    __slots__ = ("key", "object")

    def __init__(self, end: int, object: Expression, key: Expression) -> None:  # noqa: A002
        self.start = object.start
        self.end = end
        self.object = object
        self.key = key

    def children(self) -> Sequence[Node]:
        return (self.object, self.key)


@final
class Call(Expression):
    """``function(arguments)``, ``function"text"`` or ``function{table}``.

    ``opening`` is where the arguments begin, their bracket included.
    """

    __slots__ = ("arguments", "function", "opening")

    def __init__(
        self, end: int, function: Expression, opening: int, arguments: list[Expression]
    ) -> None:
        self.start = function.start
        self.end = end
        self.function = function
        self.opening = opening
        self.arguments = arguments

    def children(self) -> Sequence[Node]:
        return (self.function, *self.arguments)


@final
class MethodCall(Expression):
    """``object:key(arguments)``; without arguments in the text, ``opening`` equals ``end``."""

    __slots__ = ("arguments", "key", "key_start", "object", "opening")

    def __init__(
        self,
        end: int,
        object: Expression,  # noqa: A002
        key: str,
        key_start: int,
        opening: int,
        arguments: list[Expression],
    ) -> None:
        self.start = object.start
        self.end = end
        self.object = object
        self.key = key
        self.key_start = key_start
        self.opening = opening
        self.arguments = arguments

    def children(self) -> Sequence[Node]:
        return (self.object, *self.arguments)


@final
class FunctionBody(Expression):
    """Parameters and block of a function, from ``function`` (in a named one, from the bracket) on.

    ``number`` counts the functions of a text in the order of their first letter; the main chunk is
    0. ``header`` is where the line that Lua calls ``linedefined`` is found.
    """

    __slots__ = ("body", "header", "method", "number", "parameters", "vararg")

    def __init__(
        self,
        start: int,
        end: int,
        header: int,
        number: int,
        method: bool,
        parameters: list[Name],
        vararg: Vararg | None,
        body: Block,
    ) -> None:
        self.start = start
        self.end = end
        self.header = header
        self.number = number
        self.method = method
        self.parameters = parameters
        self.vararg = vararg
        self.body = body

    def children(self) -> Sequence[Node]:
        if self.vararg is None:
            return (*self.parameters, self.body)
        return (*self.parameters, self.vararg, self.body)


@final
class NamedField(Node):
    """``name = value`` in a table."""

    __slots__ = ("name", "value")

    def __init__(self, name: Name, value: Expression) -> None:
        self.start = name.start
        self.end = value.end
        self.name = name
        self.value = value

    def children(self) -> Sequence[Node]:
        return (self.name, self.value)


@final
class KeyedField(Node):
    """``[key] = value`` in a table."""

    __slots__ = ("key", "value")

    def __init__(self, start: int, key: Expression, value: Expression) -> None:
        self.start = start
        self.end = value.end
        self.key = key
        self.value = value

    def children(self) -> Sequence[Node]:
        return (self.key, self.value)


@final
class Table(Expression):
    """``{ ... }``; a field without a key is its bare value."""

    __slots__ = ("fields",)

    def __init__(
        self, start: int, end: int, fields: list[Expression | NamedField | KeyedField]
    ) -> None:
        self.start = start
        self.end = end
        self.fields = fields

    def children(self) -> Sequence[Node]:
        return self.fields


@final
class Binary(Expression):
    """``left operator right``."""

    __slots__ = ("left", "operator", "right")

    def __init__(self, operator: str, left: Expression, right: Expression) -> None:
        self.start = left.start
        self.end = right.end
        self.operator = operator
        self.left = left
        self.right = right

    def children(self) -> Sequence[Node]:
        return (self.left, self.right)


@final
class Unary(Expression):
    """``operator operand``."""

    __slots__ = ("operand", "operator")

    def __init__(self, start: int, operator: str, operand: Expression) -> None:
        self.start = start
        self.end = operand.end
        self.operator = operator
        self.operand = operand

    def children(self) -> Sequence[Node]:
        return (self.operand,)


@final
class Paren(Expression):
    """``(inner)``, which cuts several values down to one."""

    __slots__ = ("inner",)

    def __init__(self, start: int, end: int, inner: Expression) -> None:
        self.start = start
        self.end = end
        self.inner = inner

    def children(self) -> Sequence[Node]:
        return (self.inner,)


@final
class Block(Node):
    """Statements in a row; it reaches from the word that opens it to the word that closes it."""

    __slots__ = ("statements",)

    def __init__(self, start: int, end: int, statements: Sequence[Statement]) -> None:
        self.start = start
        self.end = end
        self.statements = statements

    def children(self) -> Sequence[Node]:
        return self.statements


@final
class Local(Statement):
    """``local names = values``.

    ``attributes`` has one entry per name, or none at all when no name has one; ``default`` is the
    attribute that Lua 5.5 allows before the names.
    """

    __slots__ = ("attributes", "default", "names", "values")

    def __init__(
        self,
        start: int,
        end: int,
        names: list[Name],
        attributes: list[Name | None],
        default: Name | None,
        values: list[Expression],
    ) -> None:
        self.start = start
        self.end = end
        self.names = names
        self.attributes = attributes
        self.default = default
        self.values = values

    def children(self) -> Sequence[Node]:
        return (*_declared(self.default, self.names, self.attributes), *self.values)


@final
class Global(Statement):
    """``global names = values`` of Lua 5.5; with ``everything``, a ``*`` stands for the names."""

    __slots__ = ("attributes", "default", "everything", "names", "values")

    def __init__(
        self,
        start: int,
        end: int,
        names: list[Name],
        attributes: list[Name | None],
        default: Name | None,
        values: list[Expression],
        everything: bool,
    ) -> None:
        self.start = start
        self.end = end
        self.names = names
        self.attributes = attributes
        self.default = default
        self.values = values
        self.everything = everything

    def children(self) -> Sequence[Node]:
        return (*_declared(self.default, self.names, self.attributes), *self.values)


def _declared(default: Name | None, names: list[Name], attributes: list[Name | None]) -> list[Name]:
    nodes = [] if default is None else [default]
    for place, name in enumerate(names):
        nodes.append(name)
        if attributes and (attribute := attributes[place]) is not None:
            nodes.append(attribute)
    return nodes


@final
class LocalFunction(Statement):
    """``local function name() end``; with ``shared``, ``global function`` of Lua 5.5."""

    __slots__ = ("body", "name", "shared")

    def __init__(self, start: int, name: Name, body: FunctionBody, shared: bool) -> None:
        self.start = start
        self.end = body.end
        self.name = name
        self.body = body
        self.shared = shared

    def children(self) -> Sequence[Node]:
        return (self.name, self.body)


@final
class Function(Statement):
    """``function a.b.c() end`` or ``function a.b:c() end``; the target is a Name or a Member."""

    __slots__ = ("body", "target")

    def __init__(self, start: int, target: Expression, body: FunctionBody) -> None:
        self.start = start
        self.end = body.end
        self.target = target
        self.body = body

    def children(self) -> Sequence[Node]:
        return (self.target, self.body)


@final
class Assign(Statement):
    """``targets = values``."""

    __slots__ = ("targets", "values")

    def __init__(
        self, start: int, end: int, targets: list[Expression], values: list[Expression]
    ) -> None:
        self.start = start
        self.end = end
        self.targets = targets
        self.values = values

    def children(self) -> Sequence[Node]:
        return (*self.targets, *self.values)


@final
class CallStatement(Statement):
    """A call made for its effect."""

    __slots__ = ("call",)

    def __init__(self, call: Call | MethodCall) -> None:
        self.start = call.start
        self.end = call.end
        self.call = call

    def children(self) -> Sequence[Node]:
        return (self.call,)


@final
class Clause(Node):
    """One ``if`` or ``elseif`` with its condition and block."""

    __slots__ = ("body", "condition")

    def __init__(self, start: int, condition: Expression, body: Block) -> None:
        self.start = start
        self.end = body.end
        self.condition = condition
        self.body = body

    def children(self) -> Sequence[Node]:
        return (self.condition, self.body)


@final
class If(Statement):
    """``if ... then ... elseif ... else ... end``; ``otherwise`` is the block after ``else``."""

    __slots__ = ("clauses", "otherwise")

    def __init__(
        self, start: int, end: int, clauses: list[Clause], otherwise: Block | None
    ) -> None:
        self.start = start
        self.end = end
        self.clauses = clauses
        self.otherwise = otherwise

    def children(self) -> Sequence[Node]:
        return self.clauses if self.otherwise is None else (*self.clauses, self.otherwise)


@final
class While(Statement):
    """``while condition do ... end``."""

    __slots__ = ("body", "condition")

    def __init__(self, start: int, end: int, condition: Expression, body: Block) -> None:
        self.start = start
        self.end = end
        self.condition = condition
        self.body = body

    def children(self) -> Sequence[Node]:
        return (self.condition, self.body)


@final
class NumericFor(Statement):
    """``for name = first, limit, step do ... end``; ``values`` are the two or three numbers."""

    __slots__ = ("body", "name", "values")

    def __init__(
        self, start: int, end: int, name: Name, values: list[Expression], body: Block
    ) -> None:
        self.start = start
        self.end = end
        self.name = name
        self.values = values
        self.body = body

    def children(self) -> Sequence[Node]:
        return (self.name, *self.values, self.body)


@final
class GenericFor(Statement):
    """``for names in values do ... end``."""

    __slots__ = ("body", "names", "values")

    def __init__(
        self, start: int, end: int, names: list[Name], values: list[Expression], body: Block
    ) -> None:
        self.start = start
        self.end = end
        self.names = names
        self.values = values
        self.body = body

    def children(self) -> Sequence[Node]:
        return (*self.names, *self.values, self.body)


@final
class Repeat(Statement):
    """``repeat ... until condition``; the condition sees the locals of the block."""

    __slots__ = ("body", "condition")

    def __init__(self, start: int, end: int, body: Block, condition: Expression) -> None:
        self.start = start
        self.end = end
        self.body = body
        self.condition = condition

    def children(self) -> Sequence[Node]:
        return (self.body, self.condition)


@final
class Do(Statement):
    """``do ... end``."""

    __slots__ = ("body",)

    def __init__(self, start: int, end: int, body: Block) -> None:
        self.start = start
        self.end = end
        self.body = body

    def children(self) -> Sequence[Node]:
        return (self.body,)


@final
class Return(Statement):
    """``return values``."""

    __slots__ = ("values",)

    def __init__(self, start: int, end: int, values: list[Expression]) -> None:
        self.start = start
        self.end = end
        self.values = values

    def children(self) -> Sequence[Node]:
        return self.values


@final
class Result(Statement):
    """The values an input ends with: ``= values`` (then ``marked``), or a bare expression list."""

    __slots__ = ("marked", "values")

    def __init__(self, start: int, end: int, values: list[Expression], marked: bool) -> None:
        self.start = start
        self.end = end
        self.values = values
        self.marked = marked

    def children(self) -> Sequence[Node]:
        return self.values


@final
class Break(Statement):
    """``break``."""

    __slots__ = ()

    def __init__(self, start: int, end: int) -> None:
        self.start = start
        self.end = end


@final
class Goto(Statement):
    """``goto label``."""

    __slots__ = ("label",)

    def __init__(self, start: int, end: int, label: Name) -> None:
        self.start = start
        self.end = end
        self.label = label

    def children(self) -> Sequence[Node]:
        return (self.label,)


@final
class Label(Statement):
    """``::label::``; ``last`` says that nothing but labels and ``;`` follows in its block.

    A jump to such a label enters no scope: Lua ends the locals of the block before it.
    """

    __slots__ = ("label", "last")

    def __init__(self, start: int, end: int, label: Name) -> None:
        self.start = start
        self.end = end
        self.label = label
        self.last = False

    def children(self) -> Sequence[Node]:
        return (self.label,)


@final
class Empty(Statement):
    """A ``;`` that ends no statement."""

    __slots__ = ()

    def __init__(self, start: int, end: int) -> None:
        self.start = start
        self.end = end


@final
class Broken(Statement):
    """Text that is no statement, with the expressions that could still be read in it."""

    __slots__ = ("parts",)

    def __init__(self, start: int, end: int, parts: list[Expression]) -> None:
        self.start = start
        self.end = end
        self.parts = parts

    def children(self) -> Sequence[Node]:
        return self.parts


MarkKind = Literal[
    "function", "open", "close", "local", "global", "write", "vararg", "goto", "label"
]


class Mark(NamedTuple):
    """An event between the names of a text; see ``Tree.tape``.

    - ``function``: a function begins; ``detail`` is ``method`` when it has a ``self``.
    - ``open``: a block begins; ``detail`` is the word that opens it.
    - ``close``: the newest function or block ends; ``offset`` is the last place inside.
    - ``local``: ``node`` is a Name that is a variable from ``offset`` on; ``detail`` tells of what
      kind (``local``, ``function``, ``parameter``, ``for``, ``each``, ``vararg``), ``attribute``
      is its attribute.
    - ``global``: the same for Lua 5.5's ``global``; no node means ``*``.
    - ``write``: ``node`` is a Name, met as a use before, that is assigned to.
    - ``vararg``: ``...`` is used.
    - ``goto``: ``node`` is the Name of the label.
    - ``label``: ``node`` is the Label.
    """

    kind: MarkKind
    offset: int
    node: Node | None = None
    detail: str = ""
    attribute: str = ""


Tape = list[Name | Mark]

LINE = "line \0)"
"""In the message of a unit's problem: the line on which the first related place is in the end."""


class Comment(NamedTuple):
    """A comment as written, dashes and brackets included; a first line with ``#`` is one too."""

    start: int
    end: int
    text: str


class Derived:
    """What others made of something that never changes, kept with it."""

    __slots__ = ("_derived",)

    _derived: dict[str, Any]

    def once(self, name: str, make: Callable[[Self], T]) -> T:
        """What a function makes of this, made at the first call and kept under a name.

        Two threads that ask at once may both make it; nobody may change what is handed out.
        """
        found: Any = self._derived.get(name, self)
        if found is self:  # None is an answer
            found = self._derived[name] = make(self)
        made: T = found
        return made


@final
class Unit(Derived):
    """A top-level statement as it was read: what an edit elsewhere leaves as it is.

    Its nodes and problems have the offsets that they had then: it began at ``start`` with the
    token ``token``, after ``number`` functions. ``taken`` of its flags had been reported by the
    statement before; ``seen`` is how far its first line had been reported on, from its start;
    ``muted`` says that no problem of it would have been news.
    A second statement is in it where the first must be the last (``return``).

    ``early`` says that its first problem was that the text ends too early, wherever a ``...``
    may stand. ``open`` counts how many statements back something was left open that all that
    follows has a say in, 0 being none and 1 this one. ``deep`` says that it nests half as deep as
    is allowed, ``tidy`` that its indentation is as its blocks are, None that nobody has looked.
    What others make of it alone, as it was read, is kept with it: later trees find it there.
    """

    __slots__ = (
        "broken",
        "deep",
        "early",
        "muted",
        "number",
        "open",
        "problems",
        "seen",
        "start",
        "statements",
        "taken",
        "tape",
        "tidy",
        "token",
    )

    def __init__(
        self,
        start: int,
        token: int,
        number: int,
        taken: int,
        seen: int | None,
        muted: bool,
    ) -> None:
        self.start = start
        self.token = token
        self.number = number
        self.taken = taken
        self.seen = seen
        self.muted = muted
        self.early: bool | None = None
        self.open = 0
        self.deep = False
        self.tidy: bool | None = None
        self._derived: dict[str, Any] = {}
        self.statements: Sequence[Statement] = ()
        self.tape: Tape = []
        self.problems: Sequence[Problem] = ()
        self.broken: Sequence[int] = ()

    @property
    def is_sound(self) -> bool:
        """Whether it is read as it is wherever it stands, and closes nothing that is open there."""
        return not (self.problems or self.broken or self.open or self.deep)


class Placed(NamedTuple):
    """A unit in a tree: by how much its offsets, tokens and functions have moved since."""

    unit: Unit
    offset: int = 0
    token: int = 0
    number: int = 0


@final
class Moved(Sequence[Statement]):
    """The statements of a tree; those that have moved since they were read are copied when met."""

    __slots__ = ("_made", "_several", "_starts", "_units")

    def __init__(self, units: Sequence[Placed], begins: Sequence[int]) -> None:
        self._units = units
        self._made: dict[int, Statement] = {}
        self._starts = begins
        # Where some units are not one statement: the unit of each statement, and its place there.
        self._several: list[tuple[Placed, int]] = []
        if any(len(one.unit.statements) != 1 for one in units):
            self._several = [(one, n) for one in units for n in range(len(one.unit.statements))]
            self._starts = [one.unit.statements[n].start + one.offset for one, n in self._several]

    def __len__(self) -> int:
        return len(self._starts)

    @overload
    def __getitem__(self, index: int) -> Statement: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Statement]: ...
    def __getitem__(self, index: int | slice) -> Statement | Sequence[Statement]:
        if isinstance(index, slice):
            return [self[one] for one in range(*index.indices(len(self)))]
        one, statement = self._as_read(index)
        if not one.offset and not one.number:
            return statement
        index %= len(self)
        found = self._made.get(index)
        if found is None:
            # Of two threads that come at once one makes what both get.
            made = moved(statement, one.offset, one.number)
            found = self._made.setdefault(index, made)
        return found

    def around(self, offset: int) -> Sequence[Statement]:
        """The statement that an offset is in, as the only one."""
        index = self._at(offset)
        return (self[index],) if index >= 0 else ()

    def as_read(self, offset: int) -> tuple[Statement | None, int]:
        """The statement that an offset is in, not copied, and by how much it has moved since."""
        index = self._at(offset)
        if index < 0:
            return None, 0
        one, statement = self._as_read(index)
        return statement, one.offset

    def from_offset(self, first: int) -> Iterator[tuple[int, Statement, int]]:
        """As the function ``from_offset``."""
        for index in range(bisect_left(self._starts, first), len(self)):
            one, statement = self._as_read(index)
            yield index, statement, one.offset

    def between(self, start: int, end: int) -> Sequence[Statement]:
        """The statements that begin from one offset to before another."""
        return self[bisect_left(self._starts, start) : bisect_left(self._starts, end)]

    def _at(self, offset: int) -> int:
        return bisect_right(self._starts, offset) - 1

    def _as_read(self, index: int) -> tuple[Placed, Statement]:
        """A statement as it was read, and how far its unit has moved since."""
        if not self._several:
            one = self._units[index]
            return one, one.unit.statements[0]
        one, place = self._several[index]
        return one, one.unit.statements[place]


_POSITIONS = frozenset(("start", "end", "header", "key_start", "opening"))
N = TypeVar("N", bound=Node)


_PLANS: dict[type[Node], tuple[tuple[str, ...], tuple[str, ...]]] = {}


def _plan(kind: type[Node]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The attributes of a class of nodes: those that are offsets, and the others."""
    plan = _PLANS.get(kind)
    if plan is None:
        names = [name for one in kind.__mro__ for name in getattr(one, "__slots__", ())]
        positions = tuple(name for name in names if name in _POSITIONS)
        plan = positions, tuple(name for name in names if name not in _POSITIONS)
        _PLANS[kind] = plan
    return plan


def moved(node: N, offset: int, number: int) -> N:
    """A copy of a node with all below it, with greater offsets and numbers of functions."""
    made = type(node).__new__(type(node))
    todo: list[tuple[Node, Node]] = [(node, made)]

    def copied(value: Node) -> Node:
        if type(value) is Name:  # half of all nodes, and with nothing below
            return Name(value.start + offset, value.end + offset, value.name)
        copy = type(value).__new__(type(value))
        todo.append((value, copy))
        return copy

    while todo:
        old, new = todo.pop()
        positions, others = _plan(type(old))
        for name in positions:
            setattr(new, name, getattr(old, name) + offset)
        for name in others:
            value = getattr(old, name)
            if isinstance(value, Node):
                value = copied(value)
            elif isinstance(value, list):
                value = [copied(one) if isinstance(one, Node) else one for one in value]
            elif name == "number":
                value += number
            setattr(new, name, value)
    return made


@final
class Tree(Derived):
    """A text, its tokens, its nodes and what is wrong with it; made by ``parse``, never changed.

    It is made of ``units``, which it may share with the trees of earlier texts (``changes``);
    ``is_changed`` says that it does.
    ``begins`` says where each of them begins now, ``unsound`` which of them are not as they would
    be anywhere. ``broken`` holds the starts of the statements that own a problem.
    ``incomplete`` says that all is well up to the end, and that the text stops too early.
    """

    __slots__ = (
        "_lines",
        "begins",
        "body",
        "broken",
        "dialect",
        "incomplete",
        "is_changed",
        "mode",
        "problems",
        "text",
        "tokens",
        "units",
        "unsound",
    )

    def __init__(
        self, tokens: Tokens, mode: Mode, units: Sequence[Placed], *, is_changed: bool = False
    ) -> None:
        self.is_changed = is_changed
        self.text = tokens.text
        self.tokens = tokens
        self.dialect = tokens.dialect
        self.mode = mode
        self.units = units
        self.begins = [one.unit.start + one.offset for one in units]
        self.body = Block(0, len(self.text), Moved(units, self.begins))
        self._lines: Lines | None = None
        self._derived: dict[str, Any] = {}
        self.unsound = [index for index, one in enumerate(units) if not one.unit.is_sound]
        odd = [units[index] for index in self.unsound]
        faulty = [one for one in odd if one.unit.broken or one.unit.problems]
        found = [problem for one in faulty for problem in self._problems(one)]
        self.problems = tuple(sorted(found, key=_place))
        self.broken = frozenset(start + one.offset for one in faulty for start in one.unit.broken)
        self.incomplete = next((bool(one.unit.early) for one in faulty if one.unit.problems), False)

    @property
    def tape(self) -> Tape:
        """The text as Lua meets its names, put together once.

        Every Name that is used, in order, and between them the marks that open scopes and declare.
        Whoever plays it needs no walk over the nodes; who can count, plays it by the ``units``.
        """
        return self.once("tape", _tape)

    @property
    def ok(self) -> bool:
        """Whether the grammar of the dialect has nothing against the text."""
        return not self.problems

    @property
    def lines(self) -> Lines:
        """The lines of the text, found once."""
        if self._lines is None:
            self._lines = Lines(self.text)
        return self._lines

    def take_lines(self, lines: Lines) -> None:
        """Have the lines from who has found them before."""
        if lines.text is self.text:
            self._lines = lines

    @property
    def comments(self) -> tuple[Comment, ...]:
        """All comments in text order, found once."""
        return self.once("comments", _comments)

    @property
    def expression(self) -> Expression | None:
        """The value of a text parsed in mode ``expression``, else None."""
        if self.mode != "expression":
            return None
        (result,) = self.body.statements
        assert isinstance(result, Result)
        return result.values[0]

    def _problems(self, one: Placed) -> Iterator[Problem]:
        """The problems of a unit where it stands now."""
        offset = one.offset
        for problem in one.unit.problems:
            message, related = problem.message, problem.related
            if offset:
                related = tuple(
                    other._replace(start=other.start + offset, end=other.end + offset)
                    for other in related
                )
            if related and LINE in message:
                line = self.lines.line_of(related[0].start) + 1
                message = message.replace(LINE, f"line {line})", 1)
            start, end = problem.start + offset, problem.end + offset
            yield problem._replace(start=start, end=end, message=message, related=related)

    def forget(self) -> None:
        """Drop what was made of this tree: it refers back, and would wait for the collector.

        What refers to itself has a ``release`` of its own.
        """
        for one in list(self._derived.values()):
            release = getattr(one, "release", None)
            if release is not None:
                release()
        self._derived.clear()

    def of_units(self, name: str, make: Callable[[int], T]) -> list[T]:
        """What a function makes of each unit, given its index; kept with it, as by ``once``."""
        found: list[Any] = [one.unit._derived.get(name, self) for one in self.units]
        for index, known in enumerate(found):
            if known is self:
                found[index] = self.units[index].unit.once(name, lambda _, index=index: make(index))
        return found

    def unit_at(self, offset: int) -> int:
        """Which of the units an offset is in or behind; the first for what comes before all."""
        return max(bisect_right(self.begins, offset) - 1, 0)

    def tokens_of(self, index: int) -> slice:
        """The tokens of one of the units, those behind its statements included."""
        first, *after = self.units[index : index + 2]
        end = after[0].unit.token + after[0].token if after else len(self.tokens.texts)
        return slice(first.unit.token + first.token, end)

    def statements_of(self, index: int) -> Sequence[Statement]:
        """The statements of one of the units, where they are now."""
        begins, statements = self.begins, self.body.statements
        assert isinstance(statements, Moved)
        end = begins[index + 1] if index + 1 < len(begins) else len(self.text) + 1
        return statements.between(begins[index], end)

    def as_read(self, offset: int) -> tuple[Statement | None, int]:
        """The statement of the main chunk that an offset is in, and how far it has moved.

        Its offsets are those it was read with: no copy is made.
        """
        statements = self.body.statements
        assert isinstance(statements, Moved)
        return statements.as_read(offset)

    def walk(self) -> Iterator[Node]:
        """Every node of the text, a parent before its children."""
        return walk(self.body)

    def path(self, offset: int) -> list[Node]:
        """The nodes around an offset, the outermost first.

        A node whose end is the offset counts: the name just typed is the one meant. Between two
        nodes that touch there, the later wins.
        """
        return self._path(offset, past_bodies=False)

    def under(self, offset: int) -> list[Node]:
        """The nodes around a cursor: as ``path``, but behind its name is not yet in a function."""
        return self._path(offset, past_bodies=True)

    def _path(self, offset: int, *, past_bodies: bool) -> list[Node]:
        path: list[Node] = []
        node: Node | None = self.body
        while node is not None:
            path.append(node)
            inside = [child for child in within(node, offset) if child.start <= offset <= child.end]
            node = inside.pop() if inside else None
            if past_bodies and inside and type(node) is FunctionBody and node.start == offset:
                node = inside[-1]
        return path


def from_offset(block: Block, first: int) -> Iterator[tuple[int, Statement, int]]:
    """The statements of a block that begin at an offset or behind it.

    Each with its place, not copied, and by how much it has moved since it was read.
    """
    statements = block.statements
    if isinstance(statements, Moved):
        return statements.from_offset(first)
    index = bisect_left(statements, first, key=_start)
    return ((place, statements[place], 0) for place in range(index, len(statements)))


def within(node: Node, offset: int) -> Sequence[Node]:
    """The children of a node that may be around an offset."""
    if isinstance(node, Block) and isinstance(node.statements, Moved):
        return node.statements.around(offset)
    return node.children()


_start = attrgetter("start")


def _place(problem: Problem) -> tuple[int, int]:
    return problem.start, problem.end


def _tape(tree: Tree) -> Tape:
    tape: Tape = []
    for unit, offset, _, number in tree.units:
        if not offset and not number:
            tape += unit.tape
            continue
        for item in unit.tape:
            if isinstance(item, Name):
                tape.append(moved(item, offset, 0))
            else:
                node = None if item.node is None else moved(item.node, offset, 0)
                tape.append(item._replace(offset=item.offset + offset, node=node))
    return tape


def _comments(tree: Tree) -> tuple[Comment, ...]:
    return tree.tokens.comments()


def walk(node: Node) -> Iterator[Node]:
    """A node and all below it, in text order, a parent before its children; uses no recursion."""
    return each(_walk(node))


def _walk(node: Node) -> Iterator[Node]:
    todo = [node]
    while todo:
        node = todo.pop()
        yield node
        todo.extend(reversed(node.children()))

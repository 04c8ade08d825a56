"""What can be seen in expressions and assignments: values too many, comparisons that say nothing.

Each function looks at one node of a walk. What may have a reason that the text does not show is
left alone.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from tidelock.shared.language.checks.standard import assigned
from tidelock.shared.language.checks.statements import number
from tidelock.shared.language.checks.walking import calls
from tidelock.shared.language.scopes import resolve
from tidelock.shared.syntax.tree import (
    Assign,
    Binary,
    Block,
    Call,
    Constant,
    Expression,
    Function,
    FunctionBody,
    GenericFor,
    Index,
    KeyedField,
    Local,
    Member,
    MethodCall,
    Name,
    NamedField,
    Number,
    NumericFor,
    Paren,
    Repeat,
    Statement,
    String,
    Table,
    Unary,
    Vararg,
    While,
    moved,
    walk,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from tidelock.shared.language.checks.walking import Walk
    from tidelock.shared.syntax.tree import Node

_COMPARING = frozenset(("==", "~=", "<", ">", "<=", ">="))
_ORDERING = frozenset(("<", ">", "<=", ">="))
_ARITHMETIC = frozenset(("+", "-", "*", "/", "//", "%", "^", ".."))
TYPES = frozenset(
    ("nil", "number", "string", "boolean", "table", "function", "thread", "userdata", "cdata")
)


# -- assignments -------------------------------------------------------------------------------


def _counts(
    look: Walk, targets: Sequence[Expression], values: Sequence[Expression], end: int
) -> None:
    """As many values as targets, unless the last gives several."""
    if len(values) > len(targets):
        first, last = values[len(targets)], values[-1]
        number_of = len(values) - len(targets)
        what = "value has" if number_of == 1 else "values have"
        look.report("redundant-value", first.start, last.end, f"{number_of} {what} no variable")
    elif values and len(values) < len(targets):
        last = values[-1]
        is_open = isinstance(last, Call | MethodCall | Vararg)
        if not is_open and not (isinstance(last, Constant) and last.text == "nil"):
            missing = targets[len(values)]
            message = f"'{_short(look.of(missing))}' gets no value; it will be nil"
            look.report("unbalanced-assignments", missing.start, targets[-1].end, message)


def _short(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= 40 else f"{text[:37]}..."


def _local(look: Walk, node: Node) -> None:
    assert isinstance(node, Local)
    _counts(look, node.names, node.values, node.end)


def _assign(look: Walk, node: Node) -> None:
    assert isinstance(node, Assign)
    _counts(look, node.targets, node.values, node.end)
    for target in node.targets:
        look.fills(target)
    for target, value in zip(node.targets, node.values, strict=False):
        assigned(look, target, value)
        if type(target) is type(value) and isinstance(target, Name):
            text = look.of(target)
            if text == look.of(value):
                message = f"'{_short(text)}' is assigned to itself"
                look.report("self-assignment", target.start, value.end, message)
    if len(node.targets) == 1 and len(node.values) == 1:
        _grown(look, node.targets[0], node.values[0])


def _function(look: Walk, node: Node) -> None:
    assert isinstance(node, Function)
    assigned(look, node.target, node.body)
    look.fills(node.target)


def _grown(look: Walk, target: Expression, value: Expression) -> None:
    """A string that grows by ``..`` in each round of a loop."""
    if not (isinstance(target, Name) and isinstance(value, Binary) and value.operator == ".."):
        return
    left: Expression = value
    while isinstance(left, Binary) and left.operator == "..":
        left = left.left
    if isinstance(left, Name) and left.name == target.name:
        look.grown.append(look.placed(target.start))


def swapped(look: Walk, node: Node) -> None:
    """``a = b; b = a``, which leaves both the same; ``node`` is a block."""
    assert isinstance(node, Block)
    for first, second in pairwise(node.statements):
        exchange(look, first, second)


def exchange(look: Walk, first: Statement, second: Statement) -> None:
    """Two statements in a row that were meant to exchange two values."""
    if not (isinstance(first, Assign) and isinstance(second, Assign)):
        return
    if [len(one) for one in (first.targets, first.values, second.targets, second.values)] != [
        1
    ] * 4:
        return
    one, other = first.targets[0], first.values[0]
    if not isinstance(other, Name | Member | Index) or calls(other) or calls(one):
        return
    left, right = look.of(one), look.of(other)
    if left == right or look.of(second.targets[0]) != right or look.of(second.values[0]) != left:
        return
    message = f"'{_short(right)}' keeps its value; exchange both in one assignment"
    instead = f"{left}, {right} = {right}, {left}"
    look.report("almost-swapped", first.start, second.end, message, instead=instead)


def exchanges(look: Walk, row: Sequence[tuple[Statement, int]]) -> None:
    """The same for the statements of the main chunk, each with its shift."""
    for (first, shift), (second, other) in pairwise(row):
        if type(first) is Assign and type(second) is Assign:
            look.stand(shift)
            exchange(look, first, moved(second, other - shift, 0) if other != shift else second)


def grown(look: Walk) -> None:
    """Texts that grow in a loop, by a variable from outside of it."""
    scopes = resolve(look.tree)
    for start in look.grown:
        around = look.tree.path(start)
        loop = None
        for one in around:
            if isinstance(one, FunctionBody):
                loop = None
            elif isinstance(one, While | Repeat | NumericFor | GenericFor):
                loop = one
        local = scopes.meaning(start)
        if loop is None or (local is not None and local.start > loop.start):
            continue
        name = around[-1]
        assert isinstance(name, Name)
        look.stand(0)
        message = f"'{name.name}' is copied in every round; collect the parts for 'table.concat'"
        look.report("concat-in-loop", name.start, name.end, message)


# -- calls and tables --------------------------------------------------------------------------


def _call(look: Walk, node: Node) -> None:
    assert isinstance(node, Call)
    between = look.text(node.function.end, node.opening + 1)
    if between.endswith("(") and "\n" in between:
        message = "'(' on a new line makes a call of the line before; end that with ';'"
        look.report("newline-call", node.opening, node.end, message)
    function = node.function
    if not node.arguments:
        return
    first = node.arguments[0]
    if isinstance(function, Name):
        if function.name == "type" and len(node.arguments) == 1 and isinstance(first, Binary):
            if first.operator in ("==", "~=") and isinstance(first.right, String):
                message = "'type' is given a comparison; the bracket belongs before the operator"
                look.report(
                    "suspicious-comparison", node.start, node.end, message, free=(function,)
                )
        elif function.name in ("load", "loadstring") and _is_built(first):
            message = f"'{function.name}' runs a text that is put together here"
            look.report("load-of-input", first.start, first.end, message, free=(function,))
    elif isinstance(function, Member) and isinstance(function.object, Name):
        name = f"{function.object.name}.{function.key}"
        if name in ("os.execute", "io.popen") and _is_built(first):
            message = f"'{name}' runs a command that is put together here"
            free = (function.object,)
            look.report("command-of-input", first.start, first.end, message, free=free)


def _is_built(node: Expression) -> bool:
    """Whether a text is put together of parts that are not all written out."""
    while isinstance(node, Paren):
        node = node.inner
    if isinstance(node, Binary) and node.operator == "..":
        return any(not isinstance(one, Binary | String | Number) for one in walk(node))
    if isinstance(node, MethodCall) and node.key == "format":
        return any(not isinstance(one, String | Number) for one in node.arguments)
    if isinstance(node, Call) and isinstance(node.function, Member):
        function = node.function
        if function.key == "format" and isinstance(function.object, Name):
            return function.object.name == "string" and any(
                not isinstance(one, String | Number) for one in node.arguments
            )
    return False


def _table(look: Walk, node: Node) -> None:
    assert isinstance(node, Table)
    seen: dict[object, tuple[int, int]] = {}
    place = 0
    for field in node.fields:
        if isinstance(field, NamedField):
            key: object = field.name.name
            start, end = field.name.start, field.name.end
        elif isinstance(field, KeyedField):
            value = field.key
            key = value.value if isinstance(value, String) else number(value)
            if isinstance(value, Constant):
                key = value.text == "true"
            start, end = value.start, value.end
            if key is None or key == "":
                continue
        else:
            place += 1
            key, start, end = place, field.start, field.end
        first = seen.setdefault((type(key) is bool, key), (start, end))
        if first != (start, end):
            shown = key if isinstance(key, str) else f"[{key}]"
            message = (
                f"'{_short(str(shown))}' is in the table on line {look.line(first[0])} already"
            )
            other = (*first, "the first one")
            look.report("duplicate-index", start, end, message, first=other)


# -- operators ---------------------------------------------------------------------------------


def _binary(look: Walk, node: Node) -> None:
    assert isinstance(node, Binary)
    operator, left, right = node.operator, node.left, node.right
    if operator in _COMPARING:
        _comparison(look, node, operator, left, right)
    elif (
        operator == "or"
        and isinstance(right, Binary)
        and right.operator in _ARITHMETIC
        and not (isinstance(left, Binary) and left.operator == "and")
        and (isinstance(right.left, Number) or _is_empty(right.left))
    ):
        message = f"'{right.operator}' binds closer than 'or'; brackets say which is meant"
        look.report("confusing-precedence", node.start, node.end, message)


def _comparison(
    look: Walk, node: Binary, operator: str, left: Expression, right: Expression
) -> None:
    start, end = node.start, node.end
    if isinstance(left, Unary) and left.operator == "not":
        if not (isinstance(right, Unary) and right.operator == "not"):
            better = "; write '~=' or brackets" if operator == "==" else "; brackets say otherwise"
            message = f"'not' is applied before '{operator}'{better}"
            look.report("confusing-precedence", start, end, message)
        return
    if isinstance(left, Binary) and left.operator in _COMPARING:
        if operator in _ORDERING or not isinstance(right, Constant):
            message = f"'{operator}' compares the truth value of '{left.operator}'"
            look.report("suspicious-comparison", start, end, message)
        return
    if operator in _ORDERING:
        if isinstance(left, Name) and isinstance(right, Name) and left.name == right.name:
            answer = "true" if "=" in operator else "false"
            message = f"'{left.name}' is compared with itself, which is {answer}"
            look.report("suspicious-comparison", start, end, message)
        return
    answer = "false" if operator == "==" else "true"
    for one, other in ((left, right), (right, left)):
        why = ""
        if isinstance(one, Table | FunctionBody):
            what = "table" if isinstance(one, Table) else "function"
            why = f"a new {what} equals nothing, so this is always {answer}"
        elif _is_nan(one):
            why = f"NaN equals nothing, so this is always {answer}; 'x ~= x' asks for it"
        elif isinstance(one, Unary) and one.operator == "#" and _is_no_number(other):
            why = f"a length is a number, so this is always {answer}"
        elif (function := _type_of(one)) is not None:
            if isinstance(other, String) and other.value not in TYPES:
                why = f"'type' never says {other.text[:40]}"
            elif isinstance(other, Constant):
                why = f"'type' gives a text; write '\"{other.text}\"'"
            if why:
                look.report("suspicious-comparison", start, end, why, free=(function,))
                return
        if why:
            look.report("suspicious-comparison", start, end, why)
            return


def _is_empty(node: Expression) -> bool:
    return isinstance(node, String) and not node.value


def _is_nan(node: Expression) -> bool:
    while isinstance(node, Paren):
        node = node.inner
    if isinstance(node, Unary) and node.operator == "-":
        return _is_nan(node.operand)
    return (
        isinstance(node, Binary)
        and node.operator == "/"
        and number(node.left) == 0
        and number(node.right) == 0
    )


def _is_no_number(node: Expression) -> bool:
    return isinstance(node, String | Constant)


def _type_of(node: Expression) -> Name | None:
    if isinstance(node, Call) and isinstance(node.function, Name) and node.arguments:
        return node.function if node.function.name == "type" else None
    return None


EXPRESSIONS: Mapping[type[Node], Callable[[Walk, Node], None]] = {
    Assign: _assign,
    Binary: _binary,
    Call: _call,
    Function: _function,
    Local: _local,
    Table: _table,
}

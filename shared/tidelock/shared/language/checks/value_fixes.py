"""What mends values, operators, tables and loops that say something else than what is meant."""

from __future__ import annotations

import difflib
import re
from typing import TYPE_CHECKING

from tidelock.shared.language.checks.expressions import TYPES
from tidelock.shared.language.checks.mending import Edit, Fix, around, exactly, line, short
from tidelock.shared.language.checks.walking import calls
from tidelock.shared.syntax.tree import (
    Assign,
    Binary,
    Block,
    Call,
    CallStatement,
    Constant,
    Do,
    Expression,
    If,
    KeyedField,
    Local,
    Member,
    MethodCall,
    Name,
    NamedField,
    Number,
    NumericFor,
    Paren,
    String,
    Table,
    Unary,
    While,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tidelock.shared.model import Problem
    from tidelock.shared.syntax.tree import Tree


def fill(tree: Tree, problem: Problem) -> Iterator[Fix]:
    """Write out the values that are nil."""
    statement = around(tree, problem.start, Local | Assign)
    if isinstance(statement, Local | Assign):
        names = statement.names if isinstance(statement, Local) else statement.targets
        missing = len(names) - len(statement.values)
        end = statement.values[-1].end
        yield Fix("add 'nil'", (Edit(end, end, ", nil" * missing),))


def argument(tree: Tree, problem: Problem) -> Iterator[Fix]:
    """Write out an argument that is nil."""
    node = around(tree, problem.start, Call | MethodCall)
    if node is None or tree.text[node.end - 1] != ")":
        return
    place = node.arguments[-1].end if node.arguments else node.end - 1
    yield Fix("add 'nil'", (Edit(place, place, ", nil" if node.arguments else "nil"),))


def sign(tree: Tree, problem: Problem) -> Iterator[Fix]:
    """The other sign between an object and its function."""
    other = "." if tree.text[problem.start] == ":" else ":"
    edit = Edit(problem.start, problem.start + 1, other)
    yield Fix(f"call it with '{other}'", (edit,), is_preferred=True)


def end_statement(tree: Tree, problem: Problem) -> Iterator[Fix]:
    """A mark where the line before was meant to end."""
    place = len(tree.text[: problem.start].rstrip())
    inside = around(tree, problem.start, Table | CallStatement | Block)
    mark = "," if isinstance(inside, Table) else ";"
    yield Fix(f"end the line before with '{mark}'", (Edit(place, place, mark),))


def step(tree: Tree, problem: Problem) -> Iterator[Fix]:
    """A loop that counts the other way, or from the other end."""
    loop = around(tree, problem.start, NumericFor)
    if loop is None:
        return
    if len(loop.values) == 2:
        yield Fix("count down", (Edit(problem.end, problem.end, ", -1"),), is_preferred=True)
    first, last = loop.values[:2]
    one, other = tree.text[first.start : first.end], tree.text[last.start : last.end]
    edits = Edit(first.start, first.end, other), Edit(last.start, last.end, one)
    if one != other:
        yield Fix(f"go from {short(other)} to {short(one)}", edits)


# -- tables and blocks -----------------------------------------------------------------------------


def one_of_two(tree: Tree, problem: Problem) -> Iterator[Fix]:
    """Take the field away whose value the later one replaces."""
    table = around(tree, problem.start, Table)
    if table is None or not problem.related:
        return
    place = problem.related[0].start
    for field in table.fields:
        if not field.start <= place < field.end or not isinstance(field, NamedField | KeyedField):
            continue
        if calls(field.value):
            return
        found = _COMMA.match(tree.text, field.end)
        end = field.end if found is None else found.end(1)
        yield Fix("remove the first one", (line(tree, field.start, end),))


_COMMA = re.compile(r"(\s*[,;])")


def empty(tree: Tree, problem: Problem) -> Iterator[Fix]:
    """Take a block away that does nothing, where nothing is called to come to it."""
    node = around(tree, problem.start, If | Do | While | NumericFor)
    if isinstance(node, If):
        other = node.otherwise
        if other is not None and other.start - len("else") == problem.start:
            yield Fix("remove the 'else'", (Edit(problem.start, other.end, ""),), is_preferred=True)
        if other is not None or len(node.clauses) > 1 or calls(node.clauses[0].condition):
            return
    elif node is None or calls(node):
        return
    if node.start == problem.start:
        yield Fix("remove it", (line(tree, node.start, node.end),))


# -- operators -------------------------------------------------------------------------------------


def precedence(tree: Tree, problem: Problem) -> Iterator[Fix]:
    """``not a == b`` as ``a ~= b`` or in brackets, ``a or 0 + b`` with those that are meant."""
    node = exactly(tree, problem.start, problem.end, Binary)
    if node is None:
        return
    text = tree.text
    if isinstance(node.left, Unary):
        left, right = node.left.operand, node.right
        one, other = text[left.start : left.end], text[right.start : right.end]
        opposite = {"==": "~=", "~=": "=="}.get(node.operator)
        if opposite is not None:
            yield _written(node, f"{one} {opposite} {other}")
        yield _written(node, f"not ({one} {node.operator} {other})")
    elif isinstance(node.right, Binary) and node.operator == "or":
        inner = node.right
        words = f"({text[node.start : inner.left.end]}){text[inner.left.end : node.end]}"
        yield _written(node, words)


def _written(node: Expression, words: str, *, is_preferred: bool = False) -> Fix:
    edit = Edit(node.start, node.end, words)
    return Fix(f"write '{short(words)}'", (edit,), is_preferred)


def comparison(tree: Tree, problem: Problem) -> Iterator[Fix]:
    """The comparison that says what this one does not."""
    text = tree.text
    call = exactly(tree, problem.start, problem.end, Call)
    if call is not None:
        inner = call.arguments[0]
        if isinstance(inner, Binary):
            name = text[call.function.start : call.function.end]
            one = text[inner.left.start : inner.left.end]
            other = text[inner.right.start : inner.right.end]
            yield _written(call, f"{name}({one}) {inner.operator} {other}", is_preferred=True)
        return
    node = exactly(tree, problem.start, problem.end, Binary)
    if node is None:
        return
    if isinstance(node.left, Binary):
        yield from _chained(tree, node, node.left)
        return
    for first, second in ((node.left, node.right), (node.right, node.left)):
        words = text[second.start : second.end]
        opposite = "~=" if node.operator == "==" else "=="
        if isinstance(first, Table) and not first.fields:
            yield _written(node, f"next({words}) {node.operator} nil")
        elif isinstance(_bare(first), Binary) and isinstance(second, Name | Member):
            yield _written(node, f"{words} {opposite} {words}", is_preferred=True)
        elif isinstance(first, Unary) and isinstance(second, Constant) and second.text == "nil":
            yield Fix("write '0'", (Edit(second.start, second.end, "0"),))
        elif isinstance(first, Call) and isinstance(second, Constant):
            edit = Edit(second.start, second.end, f'"{second.text}"')
            if second.text == "nil":
                yield Fix("write '\"nil\"'", (edit,), is_preferred=True)
        elif isinstance(first, Call) and isinstance(second, String):
            near = difflib.get_close_matches(second.value, sorted(TYPES), 1, 0.6)
            if near:
                edit = Edit(second.start + 1, second.end - 1, near[0])
                yield Fix(f"write '{near[0]}'", (edit,), is_preferred=True)


def _bare(node: Expression) -> Expression:
    while isinstance(node, Paren):
        node = node.inner
    return _bare(node.operand) if isinstance(node, Unary) and node.operator == "-" else node


def _chained(tree: Tree, node: Binary, left: Binary) -> Iterator[Fix]:
    """``a < b < c`` as two comparisons."""
    ordering = ("<", "<=", ">", ">=")
    if left.operator in ordering and node.operator in ordering and not calls(left.right):
        middle = tree.text[left.right.start : left.right.end]
        first = tree.text[left.start : left.end]
        last = tree.text[node.right.start : node.right.end]
        yield _written(node, f"{first} and {middle} {node.operator} {last}", is_preferred=True)


# -- what is put together, and what is secret ------------------------------------------------------


def quoted(tree: Tree, problem: Problem) -> Iterator[Fix]:
    """Values in a program text as ``%q`` writes them, so that they are nothing but values."""
    node = next(
        (
            one
            for one in tree.path(problem.start)
            if isinstance(one, Expression) and (one.start, one.end) == (problem.start, problem.end)
        ),
        None,
    )
    while isinstance(node, Paren):
        node = node.inner
    if not isinstance(node, Binary):
        return
    edits: list[Edit] = []
    todo: list[Expression] = [node]
    while todo:
        one = todo.pop()
        if isinstance(one, Binary) and one.operator == "..":
            todo += [one.left, one.right]
        elif not isinstance(one, String | Number):
            edits += [Edit(one.start, one.start, "('%q'):format("), Edit(one.end, one.end, ")")]
    if edits:
        yield Fix("put values in by '%q'", tuple(sorted(edits)))


def environment(tree: Tree, problem: Problem) -> Iterator[Fix]:
    """Read a key from the environment, by the name it is given to."""
    path = tree.path(problem.start)
    outer = path[-2] if len(path) > 1 else None
    name = ""
    if isinstance(outer, NamedField):
        name = outer.name.name
    elif isinstance(outer, Local | Assign):
        targets = outer.names if isinstance(outer, Local) else outer.targets
        if len(targets) == len(outer.values) == 1:
            target = targets[0]
            name = target.name if isinstance(target, Name) else ""
            name = target.key if isinstance(target, Member) else name
    if name.isidentifier():
        words = f'os.getenv("{re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).upper()}")'
        yield Fix(f"write '{words}'", (Edit(problem.start, problem.end, words),))

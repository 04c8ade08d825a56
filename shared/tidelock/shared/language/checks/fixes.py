"""What would mend a problem: edits of the text it is in, each set with a title.

A fix is offered only where what it does is plain; it is found when it is asked for, from the
problem and the text of the same version. Nothing is applied here.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from tidelock.shared.language.scopes import resolve
from tidelock.shared.syntax.parser import parse
from tidelock.shared.syntax.tree import (
    Assign,
    Binary,
    Block,
    Call,
    CallStatement,
    Function,
    Index,
    Label,
    Local,
    LocalFunction,
    Member,
    MethodCall,
    Missing,
    Node,
    NumericFor,
    Table,
    Unary,
    walk,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import UnionType

    from tidelock.shared.model import Problem
    from tidelock.shared.syntax.tree import Tree


N = TypeVar("N", bound=Node)


class Edit(NamedTuple):
    """New text for what lies between two offsets."""

    start: int
    end: int
    text: str


class Fix(NamedTuple):
    """One way to mend a problem; ``is_preferred`` marks the one that is surely meant."""

    title: str
    edits: tuple[Edit, ...]
    is_preferred: bool = False


def fixes(tree: Tree, problem: Problem) -> list[Fix]:
    """The ways to mend a problem of a text, the most likely first.

    What a text may ask not to see ends with that wish.
    """
    found: list[Fix] = []
    if problem.instead:
        edit = Edit(problem.start, problem.end, problem.instead)
        found.append(Fix(f"write '{problem.instead}'", (edit,), is_preferred=True))
    find = _FIXES.get(problem.code)
    if find is not None:
        found += find(tree, problem)
    if problem.severity != "error" and problem.origin != "load":
        found.append(_silence(tree, problem))
    return found


def _silence(tree: Tree, problem: Problem) -> Fix:
    """Asking not to see the problem on its line."""
    start, _ = tree.lines.span(tree.lines.line_of(problem.start))
    indent = _indent(tree.text, start)
    wish = f"{indent}---@diagnostic disable-next-line: {problem.code}\n"
    return Fix(f"hide '{problem.code}' on this line", (Edit(start, start, wish),))


def _indent(text: str, start: int) -> str:
    found = re.compile(r"[ \t]*").match(text, start)
    return "" if found is None else found[0]


# -- the grammar -------------------------------------------------------------------------------

_COMPOUND = re.compile(r"'\S+=' is not Lua; write '.* (= .+) \.\.\.'")
_FOREIGN = re.compile(r"'\S+' is not Lua; write '(\S+)'")
_UNCLOSED = re.compile(r"this '(\S+)' is not closed")
_CLOSERS = {"repeat": "until", "(": ")", "[": "]", "{": "}"}


def _syntax(tree: Tree, problem: Problem) -> Iterator[Fix]:
    """Write what Lua writes instead; close what is open where it ends, or where Lua misses it."""
    for message in (problem.message, *(one.message for one in problem.related)):
        foreign = _FOREIGN.match(message)
        if foreign is not None:
            word = foreign[1]
            follows = tree.text[problem.end : problem.end + 1]
            space = " " if word == "not" and not follows.isspace() else ""
            edit = Edit(problem.start, problem.end, word + space)
            yield Fix(f"write '{word}'", (edit,), is_preferred=True)
            return
        compound = _COMPOUND.match(message)
        if compound is not None:
            yield from _written_out(tree, problem, compound[1])
            return
    opener = next((one for one in problem.related if _UNCLOSED.match(one.message)), None)
    if opener is None:
        return
    word = tree.text[opener.start : opener.end]
    closer = _CLOSERS.get(word, "end")
    if closer == "until":
        return  # nobody knows the condition
    title = f"add the '{closer}' of the '{word}' on line {tree.lines.line_of(opener.start) + 1}"
    place = max([problem.start, *_ends_before(problem)][-1], opener.end)
    if closer != "end":
        before = len(tree.text[:place].rstrip())
        yield Fix(title, (Edit(before, before, closer),), is_preferred=True)
        return
    indent = _indent(tree.text, tree.lines.span(tree.lines.line_of(opener.start))[0])
    line = tree.lines.line_of(place)
    start, _ = tree.lines.span(line)
    if tree.text[start:place].strip():
        before = len(tree.text[:place].rstrip())
        is_one_line = line == tree.lines.line_of(opener.start)
        closing = " end" if is_one_line else f"\n{indent}end"
        yield Fix(title, (Edit(before, before, closing),), is_preferred=True)
    else:
        first = "" if start == 0 or tree.text[start - 1] in "\n\r" else "\n"
        yield Fix(title, (Edit(start, start, f"{first}{indent}end\n"),), is_preferred=True)


def _written_out(tree: Tree, problem: Problem, words: str) -> Iterator[Fix]:
    """``x += 1`` as ``x = x + 1``; what binds less than the operator gets brackets."""
    rest = tree.text[problem.end : problem.end + _FURTHER]
    edits = [Edit(problem.start, problem.end, words)]
    first = next(iter(parse(f"_={rest}", tree.dialect).body.statements), None)
    if not isinstance(first, Assign) or len(first.values) != 1:
        return
    value = first.values[0]
    if isinstance(value, Missing):
        return
    if isinstance(value, Binary):
        start, end = (problem.end + one - 2 for one in (value.start, value.end))
        edits += [Edit(start, start, "("), Edit(end, end, ")")]
    yield Fix("write it out", tuple(edits), is_preferred=True)


_FURTHER = 2_000
"""How many characters the right side of such an assignment is looked for in."""


def _ends_before(problem: Problem) -> list[int]:
    return [one.start for one in problem.related if one.message.endswith("ends before this")]


# -- names -------------------------------------------------------------------------------------


def _underscore(tree: Tree, problem: Problem) -> Iterator[Fix]:
    """Say by a ``_`` that a variable is not used on purpose, wherever it is named."""
    local = resolve(tree).meaning(problem.start)
    if local is None:
        return
    places = sorted({local.start, *(one.start for one in local.references)})
    edits = tuple(Edit(place, place, "_") for place in places)
    yield Fix(f"call it '_{local.name}'", edits)


def _unused(tree: Tree, problem: Problem) -> Iterator[Fix]:
    """Take the statement away that declares nothing else, but for a call in it; or add a ``_``."""
    statement = _around(tree, problem.start, Local | LocalFunction)
    if isinstance(statement, LocalFunction) and statement.name.start == problem.start:
        yield Fix("remove the function", (_line(tree, statement.start, statement.end),))
    elif isinstance(statement, Local) and len(statement.names) == 1 and len(statement.values) < 2:
        value = statement.values[0] if statement.values else None
        if isinstance(value, Call | MethodCall):
            edit = Edit(statement.start, value.start, "")
            yield Fix("keep the call alone", (edit,))
        elif value is None or not any(isinstance(one, _DOING) for one in walk(value)):
            yield Fix("remove the variable", (_line(tree, statement.start, statement.end),))
    yield from _underscore(tree, problem)


_DOING = (Call, MethodCall, Member, Index, Binary)
"""What may do something when it is evaluated."""


def _around(tree: Tree, offset: int, kind: type[N] | UnionType) -> N | None:
    """The innermost node of a kind around an offset."""
    found = [one for one in tree.path(offset) if isinstance(one, kind)]
    return found[-1] if found else None


def _local(tree: Tree, problem: Problem) -> Iterator[Fix]:
    """Make a variable of the function's own where it is assigned to."""
    statement = _around(tree, problem.start, Assign | Function)
    is_one = isinstance(statement, Assign) and len(statement.targets) == 1
    if statement is not None and (is_one or isinstance(statement, Function)):
        yield Fix("make it local", (Edit(statement.start, statement.start, "local "),))


def _variable(tree: Tree, problem: Problem) -> Iterator[Fix]:
    """Take the ``<const>`` away with which a local was declared."""
    local = resolve(tree).meaning(problem.start)
    statement = None if local is None else _around(tree, local.start, Local)
    if local is None or statement is None:
        return
    for name, attribute in zip(statement.names, statement.attributes, strict=False):
        if name.start == local.start and attribute is not None and attribute.name == "const":
            end = tree.text.index(">", attribute.end) + 1
            yield Fix(f"let '{local.name}' change", (Edit(name.end, end, ""),))


def _remove_label(tree: Tree, problem: Problem) -> Iterator[Fix]:
    label = _around(tree, problem.start, Label)
    if label is not None:
        yield Fix("remove it", (_line(tree, label.start, label.end),), is_preferred=True)


# -- too much and too little ---------------------------------------------------------------------


def _line(tree: Tree, start: int, end: int) -> Edit:
    """Takes a stretch away, and its lines where nothing else is on them."""
    text = tree.text
    first, _ = tree.lines.span(tree.lines.line_of(start))
    rest = _REST.match(text, end)
    if not text[first:start].strip() and rest is not None:
        return Edit(first, rest.end(), "")
    gap = _GAP.match(text, end)
    return Edit(start, end if gap is None else gap.end(), "")


_REST = re.compile(r"[ \t]*;?[ \t]*(?:\r\n|\n|\r|\Z)")
_GAP = re.compile(r";?[ \t]+")


def _remove(tree: Tree, problem: Problem) -> Iterator[Fix]:
    yield Fix("remove it", (_line(tree, problem.start, problem.end),), is_preferred=True)


def _remove_listed(tree: Tree, problem: Problem) -> Iterator[Fix]:
    """Take the end of a list away, with the comma before it."""
    before = tree.text[: problem.start].rstrip()
    start = len(before[:-1].rstrip()) if before.endswith(",") else problem.start
    yield Fix("remove it", (Edit(start, problem.end, ""),), is_preferred=True)


def _fill(tree: Tree, problem: Problem) -> Iterator[Fix]:
    """Write out the values that are nil."""
    statement = _around(tree, problem.start, Local | Assign)
    if isinstance(statement, Local | Assign):
        names = statement.names if isinstance(statement, Local) else statement.targets
        missing = len(names) - len(statement.values)
        end = statement.values[-1].end
        yield Fix("add 'nil'", (Edit(end, end, ", nil" * missing),))


def _argument(tree: Tree, problem: Problem) -> Iterator[Fix]:
    """Write out an argument that is nil."""
    node = _around(tree, problem.start, Call | MethodCall)
    if node is None or tree.text[node.end - 1] != ")":
        return
    place = node.arguments[-1].end if node.arguments else node.end - 1
    yield Fix("add 'nil'", (Edit(place, place, ", nil" if node.arguments else "nil"),))


def _annotation(tree: Tree, problem: Problem) -> Iterator[Fix]:
    """Take the line of an annotation away."""
    start, end = tree.lines.span(tree.lines.line_of(problem.start))
    if tree.text[start:end].lstrip().startswith("---"):
        after = _REST.match(tree.text, end)
        edit = Edit(start, end if after is None else after.end(), "")
        yield Fix("remove the line", (edit,), is_preferred=not problem.instead)


def _sign(tree: Tree, problem: Problem) -> Iterator[Fix]:
    sign = "." if tree.text[problem.start] == ":" else ":"
    edit = Edit(problem.start, problem.start + 1, sign)
    yield Fix(f"call it with '{sign}'", (edit,), is_preferred=True)


def _step(tree: Tree, problem: Problem) -> Iterator[Fix]:
    loop = _around(tree, problem.start, NumericFor)
    if loop is not None and len(loop.values) == 2:
        yield Fix("count down", (Edit(problem.end, problem.end, ", -1"),), is_preferred=True)


def _end_statement(tree: Tree, problem: Problem) -> Iterator[Fix]:
    place = len(tree.text[: problem.start].rstrip())
    inside = _around(tree, problem.start, Table | CallStatement | Block)
    mark = "," if isinstance(inside, Table) else ";"
    yield Fix(f"end the line before with '{mark}'", (Edit(place, place, mark),))


def _negation(tree: Tree, problem: Problem) -> Iterator[Fix]:
    """``not a == b`` as ``a ~= b``, or with the brackets that it has in effect."""
    node = next(
        (
            one
            for one in tree.path(problem.start)
            if isinstance(one, Binary) and (one.start, one.end) == (problem.start, problem.end)
        ),
        None,
    )
    if node is None:
        return
    text = tree.text
    if isinstance(node.left, Unary) and node.operator == "==":
        left, right = node.left.operand, node.right
        words = f"{text[left.start : left.end]} ~= {text[right.start : right.end]}"
        yield Fix(f"write '{_short(words)}'", (Edit(node.start, node.end, words),))
    if isinstance(node.right, Binary) and node.operator == "or":
        inner = node.right
        words = f"({text[node.start : inner.left.end]}){text[inner.left.end : node.end]}"
        yield Fix(f"write '{_short(words)}'", (Edit(node.start, node.end, words),))


def _short(words: str) -> str:
    return words if len(words) <= 40 else f"{words[:37]}..."


_FIXES: dict[str, Callable[[Tree, Problem], Iterator[Fix]]] = {
    "assign-to-const": _variable,
    "colon-mismatch": _sign,
    "confusing-precedence": _negation,
    "count-down-loop": _step,
    "doc-field-no-class": _annotation,
    "duplicate-doc-field": _annotation,
    "duplicate-doc-param": _annotation,
    "empty-statement": _remove,
    "implicit-global": _local,
    "missing-parameter": _argument,
    "newline-call": _end_statement,
    "read-only-global": _local,
    "redundant-parameter": _remove_listed,
    "redundant-return": _remove,
    "redundant-return-value": _remove_listed,
    "redundant-value": _remove_listed,
    "self-assignment": _remove,
    "syntax-error": _syntax,
    "unbalanced-assignments": _fill,
    "undefined-doc-param": _annotation,
    "unreachable-code": _remove,
    "unused-argument": _underscore,
    "unused-function": _unused,
    "unused-label": _remove_label,
    "unused-local": _unused,
    "unused-loop-variable": _underscore,
    "unused-vararg": _remove_listed,
    "write-only-local": _underscore,
}

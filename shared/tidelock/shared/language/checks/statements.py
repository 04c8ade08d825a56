"""What can be seen in statements: ways that lead nowhere, blocks of nothing, conditions met twice.

Each function looks at one node of a walk. What may have a reason that the text does not show is
left alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tidelock.shared.language.checks.walking import calls
from tidelock.shared.language.scopes import resolve
from tidelock.shared.language.types.flow import leaves, never_returns
from tidelock.shared.syntax.tree import (
    Binary,
    Block,
    Break,
    Call,
    CallStatement,
    Constant,
    Do,
    Empty,
    Expression,
    Function,
    FunctionBody,
    GenericFor,
    Goto,
    If,
    Label,
    Member,
    MethodCall,
    Name,
    Number,
    NumericFor,
    Paren,
    Repeat,
    Return,
    Statement,
    String,
    Table,
    Unary,
    While,
    walk,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from tidelock.shared.language.checks.walking import Walk
    from tidelock.shared.syntax.tree import Clause, Node


def _block(look: Walk, node: Node) -> None:
    assert isinstance(node, Block)
    statements(look, node.statements)


def statements(look: Walk, row: Sequence[Statement]) -> None:
    """Statements in a row: those that nothing leads to, and lone ``;``."""
    last = len(row) - 1
    for place, one in enumerate(row):
        if type(one) is Empty:
            look.report("empty-statement", one.start, one.end, "';' ends no statement")
        elif place < last and type(one) in _LEAVING and _leaves(one):
            rest = [other for other in row[place + 1 :] if type(other) is not Empty]
            if rest and not any(isinstance(other, Label) for other in rest):
                _unreachable(look, one, rest[0].start, rest[-1].end)
                return


def _unreachable(look: Walk, ending: Statement, start: int, end: int) -> None:
    message = f"nothing leads here; the program goes elsewhere on line {look.line(ending.start)}"
    look.report("unreachable-code", start, end, message, free=_names_of(ending))


def main_chunk(look: Walk, row: Sequence[tuple[Statement, int]]) -> None:
    """The same for the statements of the main chunk, each with its shift."""
    for place, (one, shift) in enumerate(row):
        look.stand(shift)
        if type(one) is Empty:
            look.report("empty-statement", one.start, one.end, "';' ends no statement")
        elif type(one) in _LEAVING and _leaves(one):
            rest = [other for other in row[place + 1 :] if type(other[0]) is not Empty]
            if rest and not any(isinstance(other, Label) for other, _ in rest):
                start = rest[0][0].start + rest[0][1] - shift
                end = rest[-1][0].end + rest[-1][1] - shift
                _unreachable(look, one, start, end)
                return


def _leaves(node: Statement) -> bool:
    if isinstance(node, CallStatement):
        return never_returns(node.call)
    return leaves(Block(node.start, node.end, [node]))


def _names_of(node: Node) -> list[Node]:
    """The names of the functions that end something, wherever they are called in a statement."""
    return [
        one
        for one in walk(node)
        if isinstance(one, Name) and one.name in ("error", "os") and type(node) is not Return
    ]


_LEAVING = frozenset((CallStatement, Break, Goto, Return, If, Do, While))


# -- blocks of nothing -------------------------------------------------------------------------


def _empty(look: Walk, block: Block, start: int, what: str) -> None:
    if block.statements or look.text(block.start, block.end).strip():
        return
    look.report("empty-block", start, block.start, f"'{what}' has an empty block")


def _do(look: Walk, node: Node) -> None:
    assert isinstance(node, Do)
    _empty(look, node.body, node.start, "do")


def _function(look: Walk, node: Node) -> None:
    assert isinstance(node, FunctionBody)
    last = node.body.statements[-1] if node.body.statements else None
    if isinstance(last, Return) and not last.values:
        look.report("redundant-return", last.start, last.end, "'return' is the end of the function")


# -- conditions --------------------------------------------------------------------------------


def _if(look: Walk, node: Node) -> None:
    assert isinstance(node, If)
    asked: dict[str, Clause] = {}
    for clause in node.clauses:
        word = "if" if clause is node.clauses[0] else "elseif"
        _empty(look, clause.body, clause.start, word)
        _constant(look, clause.condition, word)
        text = look.of(clause.condition)
        before = asked.setdefault(text, clause)
        if before is not clause and not calls(clause.condition):
            condition = clause.condition
            message = f"'{_short(text)}' was asked on line {look.line(before.start)} already"
            look.report("repeated-condition", condition.start, condition.end, message)
    other = node.otherwise
    if other is None:
        return
    _empty(look, other, other.start - len("else"), "else")
    block = node.clauses[-1].body
    text = _inner(look, block)
    if text and text == _inner(look, other):
        first, last = other.statements[0], other.statements[-1]
        message = f"the same is done as on line {look.line(block.statements[0].start)}"
        look.report("same-branches", first.start, last.end, message)


def _inner(look: Walk, block: Block) -> str:
    if not block.statements:
        return ""
    return look.text(block.statements[0].start, block.statements[-1].end)


def _short(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= 40 else f"{text[:37]}..."


def _constant(look: Walk, condition: Expression, word: str) -> None:
    holds = _truth(condition)
    if holds is not None:
        message = f"'{word}' asks what is always {'true' if holds else 'false'}"
        look.report("constant-condition", condition.start, condition.end, message)


def _truth(node: Expression) -> bool | None:
    """Whether a value counts as true, None when that depends."""
    if isinstance(node, Constant):
        return node.text == "true"
    if isinstance(node, Number | String | Table | FunctionBody):
        return True
    if isinstance(node, Paren):
        return _truth(node.inner)
    if isinstance(node, Unary) and node.operator == "not":
        inner = _truth(node.operand)
        return None if inner is None else not inner
    if isinstance(node, Binary) and node.operator in ("and", "or"):
        ending = node.operator == "or"
        return ending if _truth(node.right) is ending else None
    return None


# -- loops -------------------------------------------------------------------------------------


def _while(look: Walk, node: Node) -> None:
    assert isinstance(node, While)
    holds = _truth(node.condition)
    if holds is False:
        _constant(look, node.condition, "while")
    elif holds:
        _endless(look, node, node.body)
    elif not calls(node.condition):
        _empty(look, node.body, node.start, "while")
    _once(look, node, node.body)


def _repeat(look: Walk, node: Node) -> None:
    assert isinstance(node, Repeat)
    if _truth(node.condition) is False:
        _endless(look, node, node.body)
    _once(look, node, node.body)


def _generic(look: Walk, node: Node) -> None:
    assert isinstance(node, GenericFor)
    if node.body.statements and isinstance(node.body.statements[-1], Break):
        _once(look, node, node.body)


def _endless(look: Walk, node: Statement, body: Block) -> None:
    """A loop that runs forever: nothing in it leaves it, or calls what may."""
    if any(isinstance(one, _WAYS_OUT) for one in walk(body)):
        return
    word = look.text(node.start, node.end).split(None, 1)[0]
    end = node.start + len(word)
    look.report("endless-loop", node.start, end, f"'{word}' never ends; nothing leaves it")


_WAYS_OUT = (Break, Return, Goto, Call, MethodCall)


def _once(look: Walk, node: Statement, body: Block) -> None:
    """A loop that its last statement leaves in the first round."""
    last = body.statements[-1] if body.statements else None
    if not isinstance(last, Return | Break) or any(isinstance(one, Goto) for one in walk(body)):
        return
    word = look.text(node.start, node.end).split(None, 1)[0]
    message = f"'{word}' never repeats; line {look.line(last.start)} leaves it"
    look.report("single-pass-loop", node.start, node.start + len(word), message)


def _numeric(look: Walk, node: Node) -> None:
    assert isinstance(node, NumericFor)
    _empty(look, node.body, node.start, "for")
    _once(look, node, node.body)
    if len(node.values) < 2:
        return
    step = number(node.values[2]) if len(node.values) > 2 else 1
    if step is None:
        return
    first, limit = number(node.values[0]), number(node.values[1])
    start, end = node.values[0].start, node.values[-1].end
    if step == 0:
        look.report("count-down-loop", start, end, "the loop goes by steps of 0")
        return
    is_length = isinstance(node.values[0], Unary) and node.values[0].operator == "#"
    if limit is None or not (first is not None or is_length):
        return
    never = step > 0 and limit <= 1 if first is None else (limit - first) * step < 0
    if never:
        what = "counts up" if step > 0 else "counts down"
        message = f"the loop {what} and never reaches its limit"
        if len(node.values) == 2:
            message += "; add ', -1'"
        look.report("count-down-loop", start, end, message)


def number(node: Expression) -> int | float | None:
    """The number that an expression writes out."""
    if isinstance(node, Unary) and node.operator == "-":
        value = number(node.operand)
        return None if value is None else -value
    if isinstance(node, Number) and isinstance(node.value, int | float):
        return node.value
    return None


# -- methods -----------------------------------------------------------------------------------


def defined_twice(look: Walk, row: Sequence[tuple[Statement, int]]) -> None:
    """Functions of the main chunk that replace one of the same name, with the same owner."""
    known: dict[tuple[str, object], tuple[int, int]] = {}
    scopes = resolve(look.tree)
    for one, shift in row:
        if not isinstance(one, Function) or not isinstance(one.target, Member):
            continue
        look.stand(shift)
        target = one.target
        name = "".join(look.of(target).split()).replace(":", ".")
        place = target.start + shift, target.end + shift
        first = known.setdefault((name, scopes.meaning(place[0])), place)
        if first is not place:
            line = look.tree.lines.line_of(first[0]) + 1
            message = f"'{name}' is defined on line {line} already"
            other = first[0] - shift, first[1] - shift, "the first one"
            look.report("duplicate-set-field", target.start, target.end, message, first=other)


STATEMENTS: Mapping[type[Node], Callable[[Walk, Node], None]] = {
    Block: _block,
    Do: _do,
    FunctionBody: _function,
    GenericFor: _generic,
    If: _if,
    NumericFor: _numeric,
    Repeat: _repeat,
    While: _while,
}

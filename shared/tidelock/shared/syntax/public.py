"""A text as luaparser's classes have it, built from our tree: what users' own rules visit.

luaparser (the extra ``rules``) is imported with this module, which nothing of Tidelock's own needs.
Positions are luaparser's, ``start_char`` and an inclusive ``stop_char`` in code points and lines
from 1, with two differences: every node has them, names too, and a node covers its children. Token
types and luaparser's comments within a statement are not imitated.

The file is long because it says for each kind of node what becomes of it.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, final

from antlr4.Token import CommonToken
from luaparser import astnodes as a

from tidelock.shared.model import Dialect
from tidelock.shared.syntax import tree as t
from tidelock.shared.syntax.parser import parse

if TYPE_CHECKING:
    from tidelock.shared.syntax.tree import Tree

Node = a.Node


class Left(NamedTuple):
    """A broken statement that is not in the tree: its place in the text, in code points."""

    start: int
    end: int


class Chunk(a.Chunk):
    """A whole text; ``left_out`` lists the statements that are broken and not in it, in order."""

    __slots__ = ("left_out",)  # no attribute, which luaparser would compare and visit

    def __init__(self, body: a.Block, left_out: tuple[Left, ...]) -> None:
        super().__init__(body)
        self.left_out = left_out


class GlobalAssign(a.Assign):
    """``global names = values`` of Lua 5.5; with ``everything``, ``*`` stands for the names.

    Names have their attributes as in a ``LocalAssign``, and so has ``*`` (``attribute``).
    """

    def __init__(self, targets: list[a.Name], values: list[a.Node]) -> None:
        super().__init__(targets, values)
        self._name = "GlobalAssign"
        self.everything = False
        self.attribute: a.Attribute | None = None


class GlobalFunction(a.Function):
    """``global function name() end`` of Lua 5.5."""

    def __init__(self, name: a.Name, args: list[a.Node], body: a.Block) -> None:
        super().__init__(name, args, body)
        self._name = "GlobalFunction"


class NamedVarargs(a.Varargs):
    """``...name`` as the last parameter, of Lua 5.5."""

    def __init__(self, name: a.Name) -> None:
        super().__init__()
        self._name = "NamedVarargs"
        self.name = name


class CNumber(a.Number):
    """A number of LuaJIT that is no Lua number; ``suffix`` is ``ll``, ``ull`` or ``i``."""

    def __init__(self, n: complex, suffix: str) -> None:
        super().__init__(n)
        self._name = "CNumber"
        self.suffix = suffix


def tree(text: str, dialect: Dialect = "5.4") -> Chunk:
    """The tree of a file's text; whatever the text is, it never raises."""
    return of_tree(parse(text, dialect))


def walk(root: Any) -> Iterator[Any]:
    """A node and all below it, a parent before its children; uses no recursion.

    Children come in the order of luaparser's fields, which is nearly that of the text.
    """
    todo = [root]
    while todo:
        node = todo.pop()
        if isinstance(node, list):
            todo += reversed(node)
        elif isinstance(node, a.Node):
            yield node
            todo += [
                value
                for name, value in reversed(node.__dict__.items())
                if not name.startswith("_") and name != "comments"
            ]


def of_tree(parsed: Tree) -> Chunk:
    """The same from a tree of ours that is there already."""
    return _Builder(parsed).chunk()


_BINARY: dict[str, type[a.BinaryOp]] = {
    "+": a.AddOp,
    "-": a.SubOp,
    "*": a.MultOp,
    "/": a.FloatDivOp,
    "//": a.FloorDivOp,
    "%": a.ModOp,
    "^": a.ExpoOp,
    "..": a.Concat,
    "and": a.AndLoOp,
    "or": a.OrLoOp,
    "==": a.EqToOp,
    "~=": a.NotEqToOp,
    "<": a.LessThanOp,
    ">": a.GreaterThanOp,
    "<=": a.LessOrEqThanOp,
    ">=": a.GreaterOrEqThanOp,
    "&": a.BAndOp,
    "|": a.BOrOp,
    "~": a.BXorOp,
    "<<": a.BShiftLOp,
    ">>": a.BShiftROp,
}
_UNARY: dict[str, type[a.UnaryOp]] = {
    "-": a.UMinusOp,
    "not": a.ULNotOp,
    "#": a.ULengthOP,
    "~": a.UBNotOp,
}
_CONSTANTS: dict[str, type[a.Expression]] = {
    "nil": a.Nil,
    "true": a.TrueExpr,
    "false": a.FalseExpr,
}
_DELIMITERS = {"'": a.StringDelimiter.SINGLE_QUOTE, '"': a.StringDelimiter.DOUBLE_QUOTE}
_SUFFIXES = ("ull", "ll", "i")
_LONG = re.compile(r"--\[=*\[")


class _Lost(Exception):  # noqa: N818
    """A part of the statement is missing."""


@final
class _Builder:
    """Makes the nodes of one tree, children before their parents, without recursion."""

    def __init__(self, parsed: Tree) -> None:
        self.parsed = parsed
        self.tokens = parsed.tokens
        self.broken = parsed.broken
        self.made: dict[int, Any] = {}
        self.left: list[Left] = []
        self.known_tokens: dict[int, CommonToken] = {}

    def chunk(self) -> Chunk:
        """The whole text."""
        for node in reversed(list(self.parsed.walk())):
            make = _MAKERS.get(type(node))
            if make is None:  # fields of a table and clauses are made with what they are in
                continue
            try:
                self.made[id(node)] = self.placed(make(self, node), node.start, node.end)
            except _Lost:
                continue
        body = self.made[id(self.parsed.body)]
        chunk = Chunk(body, tuple(sorted(self.left)))
        chunk._first_token, chunk._last_token = body._first_token, body._last_token
        _Comments(self.parsed, self.made).attach(chunk, self.parsed)
        return chunk

    # -- places ----------------------------------------------------------------------------------

    def placed(self, node: Any, start: int, end: int) -> Any:
        """The node from the first token at or after ``start`` to the last one before ``end``."""
        if node._first_token is None:
            first = bisect_left(self.tokens.starts, start)
            node._first_token = self.token(first)
            node._last_token = self.token(bisect_right(self.tokens.ends, end) - 1)
        return node

    def token(self, index: int) -> CommonToken:
        """One of our tokens as luaparser's are."""
        found = self.known_tokens.get(index)
        if found is None:
            tokens = self.tokens
            start, end = tokens.starts[index], tokens.ends[index]
            found = self.known_tokens[index] = _token(self.parsed, start, end, tokens.texts[index])
            found.tokenIndex = index
        return found

    def name(self, text: str, start: int) -> a.Name:
        """A name; raises ``_Lost`` for one that is missing."""
        if not text:
            raise _Lost
        return self.placed(a.Name(text), start, start + len(text))

    def attribute(self, node: t.Name) -> a.Attribute:
        """``<name>``."""
        name = self.name(node.name, node.start)
        index = bisect_left(self.tokens.starts, node.start)
        attribute = a.Attribute(name)
        attribute._first_token = self.token(index - 1)
        attribute._last_token = self.token(index + 1)
        return attribute

    # -- what was made already -------------------------------------------------------------------

    def of(self, node: t.Node) -> Any:
        """What a node became; raises ``_Lost`` when it became nothing."""
        made = self.made.get(id(node))
        if made is None:
            raise _Lost
        return made

    def all(self, nodes: Sequence[t.Node]) -> list[Any]:
        """What each of several nodes became."""
        return list(map(self.of, nodes))

    # -- expressions -----------------------------------------------------------------------------

    def make_name(self, node: t.Name) -> a.Name:
        return self.name(node.name, node.start)

    def make_constant(self, node: t.Constant) -> a.Expression:
        return _CONSTANTS[node.text]()

    def make_number(self, node: t.Number) -> a.Number:
        value = node.value
        if value is None:
            raise _Lost
        if node.dialect == "luajit":
            text = node.text.lower()
            for suffix in _SUFFIXES:
                if text.endswith(suffix):
                    return CNumber(value, suffix)
        return a.Number(value)

    def make_string(self, node: t.String) -> a.String:
        delimiter = _DELIMITERS.get(node.text[0])
        if delimiter is not None:
            return a.String(node.bytes, node.text[1:-1], delimiter)
        width = node.text.index("[", 1) + 1
        raw = node.text[width:-width]
        return a.String(node.bytes, raw, a.StringDelimiter.DOUBLE_SQUARE)

    def make_vararg(self, node: t.Vararg) -> a.Expression:
        return a.Dots()

    def make_member(self, node: t.Member) -> a.Index:
        key = self.name(node.key, node.key_start)
        return a.Index(key, self.of(node.object), a.IndexNotation.DOT)

    def make_index(self, node: t.Index) -> a.Index:
        return a.Index(self.of(node.key), self.of(node.object), a.IndexNotation.SQUARE)

    def style(self, opening: int) -> a.CallStyle:
        bare = self.parsed.text[opening : opening + 1] != "("
        return a.CallStyle.NO_PARENTHESIS if bare else a.CallStyle.DEFAULT

    def make_call(self, node: t.Call) -> a.Call:
        arguments = self.all(node.arguments)
        return a.Call(self.of(node.function), arguments, self.style(node.opening))

    def make_method_call(self, node: t.MethodCall) -> a.Invoke:
        if node.opening == node.end:
            raise _Lost
        key = self.name(node.key, node.key_start)
        arguments = self.all(node.arguments)
        return a.Invoke(self.of(node.object), key, arguments, self.style(node.opening))

    def parameters(self, node: t.FunctionBody) -> list[a.Expression]:
        made: list[a.Expression] = self.all(node.parameters)
        if node.vararg is not None:
            name = node.vararg.name
            last = a.Varargs() if name is None else NamedVarargs(self.of(name))
            made.append(self.placed(last, node.vararg.start, node.vararg.end))
        return made

    def make_function(self, node: t.FunctionBody) -> a.AnonymousFunction:
        return a.AnonymousFunction(self.parameters(node), self.of(node.body))

    def make_table(self, node: t.Table) -> a.Table:
        fields = []
        position = 0
        for one in node.fields:
            match one:
                case t.NamedField():
                    field = a.Field(self.of(one.name), self.of(one.value))
                case t.KeyedField():
                    field = a.Field(self.of(one.key), self.of(one.value), between_brackets=True)
                case _:
                    field = a.Field(None, self.of(one))
                    position += 1
                    field._index = position
            fields.append(self.placed(field, one.start, one.end))
        return a.Table(fields)

    def make_binary(self, node: t.Binary) -> a.BinaryOp:
        kind = _BINARY.get(node.operator)
        if kind is None:  # one of another language
            raise _Lost
        return kind(self.of(node.left), self.of(node.right))

    def make_unary(self, node: t.Unary) -> a.UnaryOp:
        kind = _UNARY.get(node.operator)
        if kind is None:
            raise _Lost
        return kind(self.of(node.operand))

    def make_paren(self, node: t.Paren) -> Any:
        inner = self.of(node.inner)
        inner.wrapped = True
        return inner

    # -- statements ------------------------------------------------------------------------------

    def make_block(self, node: t.Block) -> a.Block:
        body = []
        own = {one.start for one in node.statements if type(one) is t.Empty}
        for statement in node.statements:
            made = self.made.get(id(statement))
            if made is None or statement.start in self.broken:
                self.made.pop(id(statement), None)
                self.left = [one for one in self.left if not _inside(one, statement)]
                self.left.append(Left(statement.start, statement.end))
            else:
                body.append(made)
            body += self.semicolon(statement, own)
        block = a.Block(body)
        if body:
            block._first_token, block._last_token = body[0]._first_token, body[-1]._last_token
            return block
        # As luaparser has it: from the word that closes the block to the one that opens it.
        after = bisect_left(self.tokens.starts, node.end)
        block._first_token, block._last_token = self.token(after), self.token(max(after - 1, 0))
        return block

    def semicolon(self, statement: t.Statement, own: set[int]) -> Iterator[a.SemiColon]:
        """A ``;`` that ends a statement and is not its ``own``; luaparser has none for return."""
        index = bisect_left(self.tokens.starts, statement.end)
        start = self.tokens.starts[index]
        if self.tokens.kinds[index] == ";" and start not in own and type(statement) is not t.Return:
            yield self.placed(a.SemiColon(), start, self.tokens.ends[index])

    def declared(self, node: t.Local | t.Global) -> list[a.Name]:
        """The names with their attributes; one before the list is that of each without its own."""
        names = []
        for place, name in enumerate(node.names):
            made = self.of(name)
            attribute = (node.attributes[place] if node.attributes else None) or node.default
            if attribute is not None:
                made.attribute = self.attribute(attribute)
            names.append(made)
        return names

    def make_local(self, node: t.Local) -> a.LocalAssign:
        return a.LocalAssign(self.declared(node), self.all(node.values))

    def make_global(self, node: t.Global) -> GlobalAssign:
        made = GlobalAssign(self.declared(node), self.all(node.values))
        made.everything = node.everything
        if node.everything and node.default is not None:
            made.attribute = self.attribute(node.default)
        return made

    def make_local_function(self, node: t.LocalFunction) -> a.Statement:
        kind = GlobalFunction if node.shared else a.LocalFunction
        body = self.of(node.body.body)
        return kind(self.of(node.name), self.parameters(node.body), body)

    def make_named_function(self, node: t.Function) -> a.Statement:
        target = self.of(node.target)
        parameters, body = self.parameters(node.body), self.of(node.body.body)
        if node.body.method:
            return a.Method(target.value, target.idx, parameters, body)
        return a.Function(target, parameters, body)

    def make_assign(self, node: t.Assign) -> a.Assign:
        return a.Assign(self.all(node.targets), self.all(node.values))

    def make_call_statement(self, node: t.CallStatement) -> Any:
        return self.of(node.call)

    def make_if(self, node: t.If) -> a.If:
        rest = None if node.otherwise is None else self.of(node.otherwise)
        last = node.clauses[-1] if node.otherwise is None else node.otherwise
        for clause in reversed(node.clauses[1:]):
            rest = a.ElseIf(self.of(clause.condition), self.of(clause.body), rest)
            self.placed(rest, clause.start, last.end)
        first = node.clauses[0]
        return a.If(self.of(first.condition), self.of(first.body), rest)

    def make_while(self, node: t.While) -> a.While:
        return a.While(self.of(node.condition), self.of(node.body))

    def make_numeric_for(self, node: t.NumericFor) -> a.Fornum:
        values = self.all(node.values)
        step = values[2] if len(values) > 2 else 1
        return a.Fornum(self.of(node.name), *values[:2], step, self.of(node.body))

    def make_generic_for(self, node: t.GenericFor) -> a.Forin:
        return a.Forin(self.of(node.body), self.all(node.values), self.all(node.names))

    def make_repeat(self, node: t.Repeat) -> a.Repeat:
        return a.Repeat(self.of(node.body), self.of(node.condition))

    def make_do(self, node: t.Do) -> a.Do:
        return a.Do(self.of(node.body))

    def make_return(self, node: t.Return) -> a.Return:
        return a.Return(self.all(node.values))

    def make_break(self, node: t.Break) -> a.Break:
        return a.Break()

    def make_goto(self, node: t.Goto) -> a.Goto:
        return a.Goto(self.of(node.label))

    def make_label(self, node: t.Label) -> a.Label:
        return a.Label(self.of(node.label))

    def make_empty(self, node: t.Empty) -> a.SemiColon:
        return a.SemiColon()


def _inside(one: Left, node: t.Node) -> bool:
    return node.start <= one.start and one.end <= node.end


def _token(parsed: Tree, start: int, end: int, text: str) -> CommonToken:
    token = CommonToken(start=start, stop=end - 1)
    line = parsed.lines.line_of(start)
    token.line, token.column = line + 1, start - parsed.lines.starts[line]
    token.text = text
    return token


_MAKERS: dict[type[t.Node], Callable[[_Builder, Any], Any]] = {
    t.Name: _Builder.make_name,
    t.Constant: _Builder.make_constant,
    t.Number: _Builder.make_number,
    t.String: _Builder.make_string,
    t.Vararg: _Builder.make_vararg,
    t.Member: _Builder.make_member,
    t.Index: _Builder.make_index,
    t.Call: _Builder.make_call,
    t.MethodCall: _Builder.make_method_call,
    t.FunctionBody: _Builder.make_function,
    t.Table: _Builder.make_table,
    t.Binary: _Builder.make_binary,
    t.Unary: _Builder.make_unary,
    t.Paren: _Builder.make_paren,
    t.Block: _Builder.make_block,
    t.Local: _Builder.make_local,
    t.Global: _Builder.make_global,
    t.LocalFunction: _Builder.make_local_function,
    t.Function: _Builder.make_named_function,
    t.Assign: _Builder.make_assign,
    t.CallStatement: _Builder.make_call_statement,
    t.If: _Builder.make_if,
    t.While: _Builder.make_while,
    t.NumericFor: _Builder.make_numeric_for,
    t.GenericFor: _Builder.make_generic_for,
    t.Repeat: _Builder.make_repeat,
    t.Do: _Builder.make_do,
    t.Return: _Builder.make_return,
    t.Break: _Builder.make_break,
    t.Goto: _Builder.make_goto,
    t.Label: _Builder.make_label,
    t.Empty: _Builder.make_empty,
}


@final
class _Comments:
    """Gives each comment to the statement it belongs to.

    That is the one it is inside of (but not in a block of it), the one that ends on its line, the
    one whose block begins on its line, or the one below it with no empty line between. The others
    are their block's, at the top level the chunk's. Comments of what is left out go with it.
    """

    def __init__(self, parsed: Tree, made: dict[int, Any]) -> None:
        self.line_of = parsed.lines.line_of
        self.body = parsed.body
        self.comments = [one for one in parsed.comments if one.text.startswith("--")]
        self.made = made
        blocks = [node for node in parsed.walk() if type(node) is t.Block] if self.comments else []
        self.blocks = blocks[::-1]
        self.around: list[tuple[t.Block, t.Statement | None]] = []

    def attach(self, chunk: Chunk, parsed: Tree) -> None:
        """Put all comments in their places."""
        for place, comment in enumerate(self.comments):
            owner = self.owner(place)
            if owner is None:
                block = self.around[-1][0]
                owner = chunk if block is self.body else self.made.get(id(block))
            if owner is None:
                continue
            is_long = _LONG.match(comment.text) is not None
            made = a.Comment(comment.text, is_multi_line=is_long)
            made._first_token = _token(parsed, comment.start, comment.end, comment.text)
            made._last_token = made._first_token
            owner.comments.append(made)

    def owner(self, place: int) -> Any:
        """What a statement became that has a comment; None when it is the block's own."""
        comment = self.comments[place]
        self.enter(comment.start)
        block, holder = self.around[-1]
        statements = block.statements
        index = bisect_right(statements, comment.start, key=_start)
        line = self.line_of(comment.start)
        if index:
            before = statements[index - 1]
            if comment.start < before.end or line == self.line_of(before.end):
                return self.made.get(id(before))
        elif holder is not None and line == self.line_of(block.start):
            return self.made.get(id(holder))
        if index < len(statements) and self.touches(place, statements[index].start):
            return self.made.get(id(statements[index]))
        return None

    def enter(self, offset: int) -> None:
        """Make ``around`` the blocks around an offset, each with the statement it is in."""
        while self.around and self.around[-1][0].end <= offset and len(self.around) > 1:
            self.around.pop()
        while self.blocks and (self.blocks[-1].start <= offset or not self.around):
            block = self.blocks.pop()
            while len(self.around) > 1 and self.around[-1][0].end <= block.start:
                self.around.pop()
            holder = None
            if self.around:
                statements = self.around[-1][0].statements
                holder = statements[bisect_right(statements, block.start, key=_start) - 1]
            if block.end > offset or not self.around:
                self.around.append((block, holder))

    def touches(self, place: int, start: int) -> bool:
        """Whether nothing but comments, and no empty line, is between a comment and a place."""
        line = self.line_of(self.comments[place].end)
        for comment in self.comments[place + 1 :]:
            if comment.start >= start:
                break
            if self.line_of(comment.start) > line + 1:
                return False
            line = self.line_of(comment.end)
        return self.line_of(start) <= line + 1


def _start(node: t.Node) -> int:
    return node.start

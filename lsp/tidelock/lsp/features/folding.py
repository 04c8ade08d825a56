"""What of a text can be folded away: blocks, tables, calls, strings, comments, regions."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import TYPE_CHECKING, Literal, NamedTuple

from tidelock.shared.language.sections import MARK, regions
from tidelock.shared.syntax.tokens import STRING
from tidelock.shared.syntax.tree import (
    Call,
    CallStatement,
    Clause,
    Do,
    FunctionBody,
    GenericFor,
    If,
    Local,
    MethodCall,
    Name,
    NumericFor,
    Repeat,
    String,
    Table,
    While,
)

if TYPE_CHECKING:
    from tidelock.lsp.documents import Document
    from tidelock.shared.syntax.tree import Node, Statement, Tree

_BODIES = (Clause, Do, FunctionBody, GenericFor, NumericFor, Repeat, While)


class Fold(NamedTuple):
    """Lines, from zero, of which the first stays to be seen."""

    first: int
    last: int
    kind: Literal["", "comment", "imports", "region"] = ""


def folding(document: Document) -> list[Fold]:
    """What can be folded, in text order; of what begins on one line, the longest."""
    tree = document.tree
    longest: dict[int, Fold] = {}
    for fold in (*_nodes(tree), *_strings(tree), *_comments(tree), *_imports(tree)):
        known = longest.get(fold.first)
        if fold.last > fold.first and (known is None or known.last < fold.last):
            longest[fold.first] = fold
    return [longest[line] for line in sorted(longest)]


def _nodes(tree: Tree) -> Iterator[Fold]:
    """Blocks without the word that ends them, brackets without the one that closes them."""
    text, line_of = tree.text, tree.lines.line_of
    for node in tree.walk():
        if isinstance(node, _BODIES):
            start = node.header if isinstance(node, FunctionBody) else node.start
            yield Fold(line_of(start), _last(tree, node.body.end))
        elif isinstance(node, If) and node.otherwise is not None:
            yield Fold(line_of(node.otherwise.start - 1), _last(tree, node.otherwise.end))
        elif isinstance(node, Table | Call | MethodCall):
            start = node.start if isinstance(node, Table) else node.opening
            last = _last(tree, node.end - (text[node.end - 1 : node.end] in (")", "}")))
            if isinstance(node, Table) or last < line_of(node.end):
                yield Fold(line_of(start), last)


def _last(tree: Tree, closing: int) -> int:
    """The last line before what closes at an offset; its line itself if more stands there."""
    line = tree.lines.line_of(closing)
    before = tree.text[tree.lines.starts[line] : closing]
    return line if before.strip(" \t)}]") else line - 1


def _strings(tree: Tree) -> Iterator[Fold]:
    tokens, line_of = tree.tokens, tree.lines.line_of
    for index, kind in enumerate(tokens.kinds):
        if kind == STRING and "\n" in tokens.texts[index]:
            yield Fold(line_of(tokens.starts[index]), line_of(tokens.ends[index]))


def _comments(tree: Tree) -> Iterator[Fold]:
    """Comments in a row, long ones, and what lies between the marks of a region."""
    line_of = tree.lines.line_of
    for one in regions(tree):
        yield Fold(line_of(one.start), line_of(one.end), "region")
    run: tuple[int, int] | None = None
    for comment in tree.comments:
        first, last = line_of(comment.start), line_of(comment.end)
        mark = MARK.match(comment.text)
        is_alone = not tree.text[tree.lines.starts[first] : comment.start].strip()
        if mark is None and is_alone and run is not None and run[1] + 1 == first:
            run = run[0], last
            continue
        if run is not None:
            yield Fold(*run, "comment")
        run = (first, last) if mark is None and (is_alone or last > first) else None
    if run is not None:
        yield Fold(*run, "comment")


def _imports(tree: Tree) -> Iterator[Fold]:
    """Statements in a row that load modules."""
    line_of = tree.lines.line_of
    rows = [one for one in tree.body.statements if _loads(one)]
    first: Statement | None = None
    for one, after in pairwise([*rows, None]):
        assert one is not None
        first = first or one
        if after is None or line_of(after.start) > line_of(one.end) + 1:
            yield Fold(line_of(first.start), line_of(one.end), "imports")
            first = None


def _loads(statement: Statement) -> bool:
    value: Node | None = None
    if isinstance(statement, Local) and len(statement.values) == 1:
        value = statement.values[0]
    elif isinstance(statement, CallStatement):
        value = statement.call
    return (
        isinstance(value, Call)
        and isinstance(value.function, Name)
        and value.function.name == "require"
        and len(value.arguments) == 1
        and isinstance(value.arguments[0], String)
    )

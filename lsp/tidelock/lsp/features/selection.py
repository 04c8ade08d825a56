"""What a selection grows to, step by step: word, expression, list, statement, block, function."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from typing import TYPE_CHECKING

from tidelock.shared.language.annotations import comments_around
from tidelock.shared.syntax.tokens import STRING
from tidelock.shared.syntax.tree import Block, Call, Function, FunctionBody, MethodCall

if TYPE_CHECKING:
    from tidelock.lsp.documents import Document
    from tidelock.shared.syntax.tree import Node, Tree

Span = tuple[int, int]


def selection(document: Document, *offsets: int) -> list[list[Span]]:
    """For each offset the stretches around it, the smallest first; each is inside the next."""
    return [_grown(document.tree, offset) for offset in offsets]


def _grown(tree: Tree, offset: int) -> list[Span]:
    found: list[Span] = []
    for span in sorted(_around(tree, offset), key=lambda one: one[1] - one[0]):
        if span[0] <= offset <= span[1] and (
            not found or (span != found[-1] and span[0] <= found[-1][0] and found[-1][1] <= span[1])
        ):
            found.append(span)
    return found


def _around(tree: Tree, offset: int) -> Iterator[Span]:
    text, tokens = tree.text, tree.tokens
    index = bisect_right(tokens.starts, offset) - 1
    for at in (index, index - 1):  # two tokens may touch at the offset
        if 0 <= at < len(tokens) and tokens.ends[at] >= offset:
            start, end = tokens.starts[at], tokens.ends[at]
            if tokens.kinds[at] == STRING and text[start] in "'\"" and end - start > 1:
                yield start + 1, end - 1
            if tokens.kinds[at][0].isalpha() or tokens.kinds[at][0] == "<":
                yield start, end
                break
    for comment in comments_around(tree, offset):
        if comment[0] <= offset <= comment[1]:
            yield comment
    for node in tree.path(offset):
        yield from _spans(tree, node)
    yield 0, len(text)


def _spans(tree: Tree, node: Node) -> Iterator[Span]:
    text = tree.text
    if isinstance(node, Block):
        inside = text[node.start : node.end]
        if inside.strip():
            start = node.start + len(inside) - len(inside.lstrip())
            yield start, node.end - (len(inside) - len(inside.rstrip()))
        return
    if isinstance(node, Call | MethodCall) and node.arguments:
        yield node.arguments[0].start, node.arguments[-1].end
        yield node.opening, node.end
        if isinstance(node, MethodCall):
            yield node.key_start, node.end
    elif isinstance(node, FunctionBody) and node.parameters:
        last = node.vararg or node.parameters[-1]
        yield node.parameters[0].start, last.end
    elif isinstance(node, Function):
        yield node.target.start, node.target.end
    yield node.start, node.end

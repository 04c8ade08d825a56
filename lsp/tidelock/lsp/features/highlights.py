"""What belongs to the word under the cursor: uses of a variable, or the words of a block."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Literal, NamedTuple

from tidelock.shared.language.index import links, mentioned
from tidelock.shared.language.mentions import local_of, mention_at, spans_about
from tidelock.shared.language.modules import Module
from tidelock.shared.language.scopes import Local, Reference, resolve
from tidelock.shared.syntax.tokens import KEYWORDS, NAME, NUMBER, STRING
from tidelock.shared.syntax.tree import (
    Break,
    Clause,
    Do,
    Function,
    FunctionBody,
    GenericFor,
    If,
    LocalFunction,
    NumericFor,
    Repeat,
    Return,
    While,
)

if TYPE_CHECKING:
    from tidelock.lsp.documents import Document
    from tidelock.shared.language.index.space import Space
    from tidelock.shared.syntax.tree import Node, Tree

_LOOPS = (While, NumericFor, GenericFor, Repeat)
_FUNCTIONS = (Function, LocalFunction, FunctionBody)
_BLOCK_WORDS = frozenset(
    "function if then elseif else for while do repeat until end return break".split()  # noqa: SIM905
)


class Highlight(NamedTuple):
    """A stretch of the text; ``kind`` tells reading from writing, and both from mere words."""

    start: int
    end: int
    kind: Literal["text", "read", "write"]


def highlights(document: Document, offset: int, space: Space) -> list[Highlight]:
    """The uses in this text of what stands at an offset, in text order."""
    tree = document.tree
    mention = mention_at(tree, offset)
    if mention is not None and (named := local_of(tree, mention)) is not None:
        mention, offset = None, named.start
    index = _token(tree, offset)
    if index is not None and tree.tokens.kinds[index] in KEYWORDS:
        words = _words(tree, index) if tree.tokens.kinds[index] in _BLOCK_WORDS else ()
        spans = {(tree.tokens.starts[one], tree.tokens.ends[one]) for one in words}
        return [Highlight(*span, "text") for span in sorted(spans)]
    place = resolve(tree).at(offset)
    local = place.local if isinstance(place, Reference) else place
    if mention is None and isinstance(local, Local):
        found = [_use(one) for one in local.references]
        if local.kind != "self":
            found.append(Highlight(local.start, local.end, "write"))
        found += [Highlight(*span, "text") for span in spans_about(tree, local)]
        return sorted(found)
    module = Module(document.uri, tree)
    find = links.references if mention is None else mentioned.references
    every = find(space, module, offset, alone=True) or ()
    reads = set(find(space, module, offset, alone=True, declaration=False) or ())
    return sorted(
        Highlight(one.start, one.end, "read" if one in reads else "write") for one in every
    )


def keyword(tree: Tree, offset: int) -> str:
    """The keyword at an offset; empty where none is."""
    index = _token(tree, offset)
    kind = "" if index is None else tree.tokens.kinds[index]
    return kind if kind in KEYWORDS else ""


def _use(reference: Reference) -> Highlight:
    return Highlight(reference.start, reference.end, "write" if reference.write else "read")


def _token(tree: Tree, offset: int) -> int | None:
    """The token that an offset is in or right behind; the later of two that touch, if a word."""
    tokens = tree.tokens
    index = bisect_right(tokens.starts, offset) - 1
    if index >= 0 and index < len(tokens) and offset <= tokens.ends[index]:
        kind = tokens.kinds[index]
        is_word = kind in KEYWORDS or kind in (NAME, NUMBER, STRING)
        if is_word or offset > tokens.starts[index] or not index:
            return index
        index -= 1
    elif index >= 0 and index == len(tokens):  # the end of the text
        index -= 1
    return index if index >= 0 and offset <= tokens.ends[index] else None


# -- the words of blocks -----------------------------------------------------------------------


def _words(tree: Tree, index: int) -> Iterator[int]:
    """The tokens that belong together with a word of a block."""
    tokens = tree.tokens
    path = tree.path(tokens.starts[index])
    word = tokens.kinds[index]
    for depth in range(len(path) - 1, -1, -1):
        node = path[depth]
        around = path[depth - 1] if depth else None
        if isinstance(node, Clause) and isinstance(around, If):
            node, around = around, None
        if isinstance(node, FunctionBody) and isinstance(around, Function | LocalFunction):
            node = around
        if word == "break" and isinstance(node, _LOOPS):
            break
        if word == "return" and isinstance(node, _FUNCTIONS):
            break
        if word not in ("break", "return") and index in set(_own(tree, node)):
            break
    else:
        node = tree.body
        if word != "return":
            yield index
            return
    yield from (one for one in _own(tree, node) if tokens.kinds[one] in _BLOCK_WORDS)
    if isinstance(node, _LOOPS):
        yield from _leaving(tree, node.body, Break, (*_LOOPS, FunctionBody))
    elif isinstance(node, _FUNCTIONS) or node is tree.body:
        body = node.body if isinstance(node, Function | LocalFunction) else node
        yield from _leaving(tree, body, Return, (FunctionBody,))


def _leaving(
    tree: Tree, inside: Node, kind: type[Node], not_into: tuple[type[Node], ...]
) -> Iterator[int]:
    """The words that leave a loop or a function."""
    todo: list[Node] = list(inside.children())
    while todo:
        node = todo.pop()
        if isinstance(node, kind):
            yield bisect_left(tree.tokens.starts, node.start)
        if not isinstance(node, not_into):
            todo.extend(node.children())


def _own(tree: Tree, node: Node) -> Iterator[int]:
    """The keywords of a statement that stand in none of its parts."""
    if not isinstance(node, (*_LOOPS, *_FUNCTIONS, If, Do)):
        return
    parts: Iterable[Node] = node.children()
    if isinstance(node, If):
        # the words of its clauses are its own
        parts = [part for child in parts for part in _parts(child)]
    elif isinstance(node, Function | LocalFunction):
        head, body = parts
        parts = [head, *body.children()]
    start = node.start
    for part in parts:
        yield from _keywords(tree, start, part.start)
        start = part.end
    yield from _keywords(tree, start, node.end)


def _parts(node: Node) -> Iterable[Node]:
    return node.children() if isinstance(node, Clause) else (node,)


def _keywords(tree: Tree, start: int, end: int) -> Iterator[int]:
    tokens = tree.tokens
    index = bisect_left(tokens.starts, start)
    while index < len(tokens) and tokens.starts[index] < end:
        if tokens.kinds[index] in KEYWORDS:
            yield index
        index += 1

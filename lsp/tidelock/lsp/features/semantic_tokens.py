"""What each word of a text is: how it is coloured by what it means, not by how it looks."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, NamedTuple

from tidelock.lsp.features.token_words import annotation_words
from tidelock.shared.language.deprecations import deprecated
from tidelock.shared.language.index.summary import sets
from tidelock.shared.language.scopes import resolve
from tidelock.shared.language.stdlib import library
from tidelock.shared.syntax.tokens import KEYWORDS, NAME, NUMBER, STRING
from tidelock.shared.unwanted import each

if TYPE_CHECKING:
    from tidelock.lsp.documents import Document
    from tidelock.lsp.moment import View
    from tidelock.shared.language.index.space import Space
    from tidelock.shared.language.scopes import Local, Reference, Scopes
    from tidelock.shared.language.stdlib import Library
    from tidelock.shared.syntax.tree import Comment, Tree

_PLAIN = {NUMBER: "number", STRING: "string", "goto": "keyword"} | dict.fromkeys(
    KEYWORDS, "keyword"
) | dict.fromkeys(
    "+ - * / % ^ # & ~ | << >> // == ~= <= >= < > = .. ...".split(), "operator"  # noqa: SIM905
)  # fmt: skip
_CALLS = frozenset(("(", "{", STRING))

Words = dict[int, tuple[str, frozenset[str]]]
"""What the name at an offset is, and in which ways."""

_NONE: frozenset[str] = frozenset()
_DEFINITION = frozenset(("definition",))
_DEPRECATED = frozenset(("deprecated",))


class SemanticToken(NamedTuple):
    """A word with its type and modifiers, by the names that ``lsp.sent`` lists."""

    start: int
    end: int
    type: str
    modifiers: frozenset[str] = _NONE


def semantic_tokens(
    document: Document,
    start: int = 0,
    end: int = -1,
    view: View | None = None,
    space: Space | None = None,
) -> list[SemanticToken]:
    """The words of a text that touch a stretch of it, in text order; none overlaps another.

    A global is observed that no text sets and the running program of the ``view`` has.
    """
    tree = document.tree
    tokens, stop = tree.tokens, len(tree.text) if end < 0 else end
    words = _variables(tree, _observed(tree, view, space))
    old = deprecated(tree)
    known = library(tree.dialect)
    found: list[SemanticToken] = []
    for index in each(range(bisect_left(tokens.ends, start), len(tokens))):
        begin = tokens.starts[index]
        if begin > stop:
            break
        kind = tokens.kinds[index]
        if kind == NAME:
            word, ways = words.get(begin) or _field(tree, index, words, known)
            if word == "variable" and tokens.kinds[index + 1] in _CALLS:
                word = "function"
            if _is_definition(tree, index):
                ways |= _DEFINITION
            if begin in old:
                ways |= _DEPRECATED
            found.append(SemanticToken(begin, begin + len(tokens.texts[index]), word, ways))
        elif (plain := _PLAIN.get(kind)) is not None:
            found.append(SemanticToken(begin, begin + len(tokens.texts[index]), plain))
    said = [SemanticToken(*one) for one in annotation_words(tree, start, stop, space)]
    said.reverse()
    for comment in tree.comments:
        if comment.end >= start and comment.start <= stop:
            found += _comment(comment, said)
    found.sort(key=lambda one: one.start)
    return found


def _comment(comment: Comment, said: list[SemanticToken]) -> Iterator[SemanticToken]:
    """A comment with the words of annotations in it: those are taken that are next to say."""
    start = comment.start
    while said and said[-1].start < comment.end:
        word = said.pop()
        if word.start >= start:
            yield from _rest(comment, start, word.start)
            yield word
            start = word.end
    yield from _rest(comment, start, comment.end)


def _rest(comment: Comment, start: int, end: int) -> Iterator[SemanticToken]:
    """A stretch of a comment that is no word, without the spaces around it."""
    text = comment.text[start - comment.start : end - comment.start]
    bare = text.strip()
    if bare:
        at = start + text.index(bare)
        says = frozenset(("documentation",)) if comment.text.startswith("---") else _NONE
        yield SemanticToken(at, at + len(bare), "comment", says)


def _observed(tree: Tree, view: View | None, space: Space | None) -> frozenset[str]:
    """The globals that only the running program has."""
    if view is None:
        return frozenset()
    used = resolve(tree).globals
    own = sets(tree)
    return frozenset(
        fact.name
        for fact in view.moment.names
        if fact.name in used
        and fact.name not in own
        and not (space is not None and space.sets(fact.name))
    )


def _is_definition(tree: Tree, index: int) -> bool:
    """Whether a name is given a function here: ``function a.b:c(``, ``c = function``."""
    kinds = tree.tokens.kinds
    if kinds[index + 1] == "=":
        return kinds[index + 2] == "function"
    if kinds[index + 1] != "(":
        return False
    while index > 1 and kinds[index - 1] in (".", ":") and kinds[index - 2] == NAME:
        index -= 2
    return index > 0 and kinds[index - 1] == "function"


def _variables(tree: Tree, observed: frozenset[str]) -> Words:
    """The names that are variables or labels, by where they stand."""
    scopes = resolve(tree)
    words: Words = {}
    for local in scopes.locals:
        if local.kind != "self":
            words[local.start] = _type(local), _with("declaration", local)
    known = library(tree.dialect)
    standard = {entry.name: entry.kind for entry in known.members(())}
    for one in scopes.references:
        words[one.start] = _used(one, standard, observed)
    for declared in scopes.declared:
        if declared.name:
            words[declared.start] = "variable", frozenset(("declaration", "global"))
    _labels(scopes, words)
    return words


def _labels(scopes: Scopes, words: Words) -> None:
    for label in scopes.labels:
        words[label.start] = "label", frozenset(("declaration",))
        for start, _ in label.gotos:
            words[start] = "label", _NONE


def _type(local: Local) -> str:
    if local.kind in ("parameter", "self"):
        return "parameter"
    return "function" if local.kind == "function" else "variable"


def _with(word: str, local: Local) -> frozenset[str]:
    return frozenset((word, "readonly")) if local.constant else frozenset((word,))


def _used(
    one: Reference, standard: Mapping[str, str], observed: frozenset[str]
) -> tuple[str, frozenset[str]]:
    ways = {"modification"} if one.write else set()
    if one.local is not None:
        if one.upvalue:
            ways.add("upvalue")
        if one.local.constant:
            ways.add("readonly")
        return _type(one.local), frozenset(ways)
    ways.add("global")
    kind = standard.get(one.name)
    if kind is not None:
        ways.add("defaultLibrary")
    elif one.name in observed:
        ways.add("observed")
    word = {"function": "function", "table": "namespace"}.get(kind or "", "variable")
    return word, frozenset(ways)


def _field(tree: Tree, index: int, words: Words, known: Library) -> tuple[str, frozenset[str]]:
    """A name that is no variable: a key, or one that the text leaves without a meaning."""
    tokens = tree.tokens
    kinds = tokens.kinds
    before = kinds[index - 1] if index else ""
    is_called = kinds[index + 1] in _CALLS
    if before == ":":
        return "method", _NONE
    if before == ".":
        ways = _NONE
        holder = words.get(tokens.starts[index - 2]) if index > 1 else None
        if holder is not None and "defaultLibrary" in holder[1]:
            path = tokens.texts[index - 2], tokens.texts[index]
            if known.entry(path) is not None:
                ways = frozenset(("defaultLibrary",))
        return ("function" if is_called else "property"), ways
    if before == "<" and kinds[index + 1] == ">":
        return "keyword", _NONE  # an attribute
    if kinds[index + 1] == "=":
        return "property", frozenset(("declaration",))
    return "variable", _NONE

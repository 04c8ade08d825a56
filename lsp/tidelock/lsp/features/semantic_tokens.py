"""What each word of a text is: how it is coloured by what it means, not by how it looks."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

from tidelock.shared.language.scopes import resolve
from tidelock.shared.language.stdlib import library
from tidelock.shared.syntax.tokens import KEYWORDS, NAME, NUMBER, STRING
from tidelock.shared.unwanted import each

if TYPE_CHECKING:
    from tidelock.lsp.documents import Document
    from tidelock.shared.language.scopes import Local, Reference, Scopes
    from tidelock.shared.language.stdlib import Library
    from tidelock.shared.syntax.tree import Tree

_PLAIN = {NUMBER: "number", STRING: "string", "goto": "keyword"} | dict.fromkeys(
    KEYWORDS, "keyword"
) | dict.fromkeys(
    "+ - * / % ^ # & ~ | << >> // == ~= <= >= < > = .. ...".split(), "operator"  # noqa: SIM905
)  # fmt: skip
_CALLS = frozenset(("(", "{", STRING))

Words = dict[int, tuple[str, frozenset[str]]]
"""What the name at an offset is, and in which ways."""

_NONE: frozenset[str] = frozenset()


class SemanticToken(NamedTuple):
    """A word with its type and modifiers, by the names that ``lsp.sent`` lists."""

    start: int
    end: int
    type: str
    modifiers: frozenset[str] = _NONE


def semantic_tokens(document: Document, start: int = 0, end: int = -1) -> list[SemanticToken]:
    """The words of a text that touch a stretch of it, in text order; none overlaps another."""
    tree = document.tree
    tokens, stop = tree.tokens, len(tree.text) if end < 0 else end
    words = _variables(tree)
    known = library(tree.dialect)
    found: list[SemanticToken] = []
    for index in each(range(bisect_left(tokens.ends, start), len(tokens))):
        begin = tokens.starts[index]
        if begin > stop:
            break
        kind = tokens.kinds[index]
        if kind == NAME:
            word = words.get(begin) or _field(tree, index, words, known)
            if word[0] == "variable" and tokens.kinds[index + 1] in _CALLS:
                word = "function", word[1]
            found.append(SemanticToken(begin, tokens.ends[index], *word))
        elif (plain := _PLAIN.get(kind)) is not None:
            found.append(SemanticToken(begin, tokens.ends[index], plain))
    for comment in tree.comments:
        if comment.end >= start and comment.start <= stop:
            says = frozenset(("documentation",)) if comment.text.startswith("---") else _NONE
            found.append(SemanticToken(comment.start, comment.end, "comment", says))
    found.sort(key=lambda one: one.start)
    return found


def _variables(tree: Tree) -> Words:
    """The names that are variables or labels, by where they stand."""
    scopes = resolve(tree)
    words: Words = {}
    for local in scopes.locals:
        if local.kind != "self":
            words[local.start] = _type(local), _with("declaration", local)
    known = library(tree.dialect)
    standard = {entry.name: entry.kind for entry in known.members(())}
    for one in scopes.references:
        words[one.start] = _used(one, standard)
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


def _used(one: Reference, standard: Mapping[str, str]) -> tuple[str, frozenset[str]]:
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

"""The words of a text: names, keys, and texts that could be names; each between line ends."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from tidelock.shared.language.paths import is_name
from tidelock.shared.syntax.tokens import KEYWORDS

if TYPE_CHECKING:
    from tidelock.shared.syntax.tree import Tree

_LONGEST = 40
_QUOTES = frozenset("\"'")


def words(texts: Iterable[str]) -> str:
    """The words among the texts of tokens."""
    found = set()
    for text in set(texts):
        first = text[:1]
        if first in _QUOTES:
            if len(text) < _LONGEST and is_name(text[1:-1]):
                found.add(text[1:-1])
        elif (first == "_" or first.isalpha() or first > "\x7f") and text not in KEYWORDS:
            found.add(text)
    return lines(found)


def lines(names: Iterable[str]) -> str:
    """Names between line ends."""
    return "\n".join(["", *sorted(names), ""])


def words_of(tree: Tree, index: int) -> str:
    """The words of one of the units of a tree, found once for each statement."""
    texts = tree.tokens.texts
    unit = tree.units[index].unit
    return unit.once("words", lambda _: words(texts[tree.tokens_of(index)]))


def beginning(words: str, start: str) -> Iterator[str]:
    """Those of the words that begin with a text, letter by letter."""
    sought = f"\n{start}"
    place = words.find(sought)
    while place >= 0:
        end = words.find("\n", place + 1)
        if end < 0:
            return
        yield words[place + 1 : end]
        place = words.find(sought, end)

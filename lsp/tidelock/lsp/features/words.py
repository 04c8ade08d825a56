"""Words that stand anywhere in the workspace, for names of which nothing else is known."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from tidelock.shared.language.completion import Item
from tidelock.shared.language.index.words import beginning, words_of

if TYPE_CHECKING:
    from tidelock.lsp.documents import Document
    from tidelock.shared.language.index.space import Space
    from tidelock.shared.language.targets import Target

_KINDS = ("name", "member", "method")


def words(document: Document, wanted: Target, space: Space) -> Iterator[Item]:
    """The words that begin with what is typed, one letter at least, in order.

    They are names, keys and texts that could be names.
    """
    start, tree = wanted.prefix, document.tree
    if not start or wanted.kind not in _KINDS:
        return
    found = set(space.words(start, document.uri))
    for index in range(len(tree.units)):
        found.update(beginning(words_of(tree, index), start))
    found.discard(tree.text[wanted.start : wanted.end])
    for number, word in enumerate(sorted(found)):
        yield Item(word, "text", "", "", "static", f"9{number:06d}", word, wanted.start)

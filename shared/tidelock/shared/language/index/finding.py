"""Symbols of some spaces by a few letters of their names.

A file is opened only where its columns have to be counted in the units of a client.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

from tidelock.shared.unwanted import each

if TYPE_CHECKING:
    from tidelock.shared.language.index.space import Space, Summarized
    from tidelock.shared.language.index.summary import Symbol
    from tidelock.shared.positions import Lines


class Hit(NamedTuple):
    """A symbol of the text with a URI; ``lines`` are those of a text that is not ASCII."""

    uri: str
    symbol: Symbol
    lines: Lines | None = None


def find(spaces: Sequence[Space], query: str, most: int = 500) -> list[Hit]:
    """The symbols whose names have the letters of a query in this order.

    Whole names come first, then beginnings, then the query as it is written, then any other;
    shorter names before longer ones. A text that several spaces hold counts once.
    """
    letters = query.lower()
    found: list[tuple[int, int, str, Hit, Space | None]] = []
    for text, space in each(_texts(spaces)):
        counting = None if text.summary.is_ascii else space
        for symbol in text.summary.symbols:
            lowered = symbol.name.lower()
            if letters in lowered:
                rank = _rank(query, letters, symbol.name, lowered)
            elif _has(lowered, letters):
                rank = 5
            else:
                continue
            found.append((rank, len(symbol.name), symbol.name, Hit(text.uri, symbol), counting))
    found.sort(key=lambda one: one[:3])
    return [
        hit if counting is None else hit._replace(lines=counting.lines(hit.uri))
        for _, _, _, hit, counting in found[:most]
    ]


def _texts(spaces: Sequence[Space]) -> Iterator[tuple[Summarized, Space]]:
    seen: set[str] = set()
    for space in spaces:
        for text in space.summaries():
            if text.uri not in seen:
                seen.add(text.uri)
                yield text, space


def _rank(query: str, letters: str, name: str, lowered: str) -> int:
    if name == query:
        return 0
    if name.startswith(query):
        return 1
    if lowered.startswith(letters):
        return 2
    return 3 if query in name else 4


def _has(name: str, letters: str) -> bool:
    rest = iter(name)
    return all(letter in rest for letter in letters)

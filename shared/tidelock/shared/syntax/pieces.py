"""A text cut into pieces that together are the text again: words, signs, strings, comments.

One regular expression per dialect does the cutting inside ``findall``. A short string ends at its
line, closed or not; a long bracket that nothing closes ends at its line too, so that what follows
keeps its meaning. What a piece is, this module does not know.
"""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tidelock.shared.model import Dialect

LONG = re.compile(r"(?:--)?\[(=*)\[")
_CUTTERS: dict[Dialect, re.Pattern[str]] = {}

_NUMBERS = {
    "5.1": r"\.?[0-9][0-9.]*(?:[eE][+-]?)?\w*",
    "5.2": r"0[xX](?:[pP][+-]?|[0-9a-fA-F.])*|\.?[0-9](?:[eE][+-]?|[0-9a-fA-F.])*",
    "5.4": r"0[xX](?:[pP][+-]?|[0-9a-fA-F.])*\w*|\.?[0-9](?:[eE][+-]?|[0-9a-fA-F.])*\w*",
    "luajit": (
        r"0[xX](?:[pP][+-]|[.0-9A-Za-z_\x80-\U0010ffff])*"
        r"|\.?[0-9](?:[eE][+-]|[.0-9A-Za-z_\x80-\U0010ffff])*"
    ),
}
_NUMBERS["5.3"] = _NUMBERS["5.2"]
_NUMBERS["5.5"] = _NUMBERS["5.4"]


def _cutter(dialect: Dialect) -> re.Pattern[str]:
    """The expression that cuts a text.

    A long bracket swallows the rest of the text and leaves an empty piece: where it ends is found
    by ``str.find``, which no expression without a step back could do in linear time.
    """
    cutter = _CUTTERS.get(dialect)
    if cutter is None:
        skip = "" if dialect == "5.1" else r"z\s*|"
        escape = rf"\\(?>{skip}\r\n|\n\r|[\s\S])?"
        cutter = re.compile(
            r"--\[=*\[(?s:.*)|\[=*\[(?s:.*)|("
            r"\s+"
            r"|[A-Za-z_\x80-\U0010ffff][A-Za-z0-9_\x80-\U0010ffff]*"
            r"|[(){},;#\]]"
            rf"|{_NUMBERS[dialect]}"
            r"|\.\.=|\.{1,3}"
            r"|[=~<>!]=|::?"
            rf'|"(?>[^"\\\n\r]+|{escape})*+"?'
            rf"|'(?>[^'\\\n\r]+|{escape})*+'?"
            r"|--[^\n\r]*"
            r"|//=|//|<<|>>|&&|\|\||[-+*/%^|&]="
            r"|[-+*/%^&~|<>=\[!]"
            r"|[\s\S])",
            re.ASCII,
        )
        _CUTTERS[dialect] = cutter
    return cutter


def cut(
    text: str,
    dialect: Dialect,
    position: int,
    limit: int = sys.maxsize,
    doubted: set[str] | None = None,
) -> list[str]:
    """The pieces from a position on; the last may reach over the limit.

    With ``doubted``, the first few long brackets whose end is doubtful end at their line instead,
    and go into that set.
    """
    find = _cutter(dialect).findall
    pieces: list[str] = []
    unclosed: set[str] = set()
    limit = min(limit, len(text))
    while position < limit:
        found: list[str] = find(text, position, limit)
        if found[-1]:
            pieces += found
            break
        found.pop()
        pieces += found
        position += sum(map(len, found))
        level = LONG.match(text, position)
        assert level is not None
        closer = f"]{level[1]}]"
        end = -1 if closer in unclosed else text.find(closer, level.end())
        if end < 0:
            unclosed.add(closer)
            end = _line_end(text, level.end())
        else:
            end += len(closer)
            if doubted is not None and len(doubted) < _DOUBTS:
                inner = LONG.match(text[position:end])
                if inner is not None and is_doubtful(text[position:end], inner):
                    end = _line_end(text, level.end())
                    doubted.add(text[position:end])
        pieces.append(text[position:end])
        position = end
    return pieces


def _line_end(text: str, offset: int) -> int:
    match = _REST_OF_LINE.match(text, offset)
    return match.end() if match else offset


_DOUBTS = 8
_REST_OF_LINE = re.compile(r"[^\n\r]*")
_PREFIX = re.compile("(\ufeff?)(#[^\n\r]*)?")


def first_line(text: str) -> list[str]:
    """The byte order mark and the first line with ``#`` that a chunk may begin with."""
    if text[:1] not in ("#", "\ufeff"):
        return []
    prefix = _PREFIX.match(text)
    assert prefix is not None
    return [piece for piece in prefix.groups() if piece]


def is_doubtful(piece: str, level: re.Match[str]) -> bool:
    """Whether the end of a long bracket looks as if it was another's, or two indexes' (``]]``)."""
    inner = piece[level.end() : -len(level[1]) - 2]
    line = inner.find("\n") + 1
    if not line:
        return False
    if inner.find(f"[{level[1]}[", line) >= 0:
        return True
    last = inner[inner.rfind("\n") :]
    return not level[1] and last.count("[") - last.count("]") >= 2

"""What can be seen in strings, which the walk passes by: keys of services, idle escapes."""

from __future__ import annotations

import re
from bisect import bisect_right
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tidelock.shared.language.checks.walking import Walk

_SHAPES = {
    "sk-": re.compile(r"sk-[A-Za-z0-9_-]{20,}"),
    "ghp_": re.compile(r"ghp_[A-Za-z0-9]{30,}"),
    "gho_": re.compile(r"gho_[A-Za-z0-9]{30,}"),
    "AKIA": re.compile(r"AKIA[0-9A-Z]{16}"),
    "xoxb-": re.compile(r"xoxb-[A-Za-z0-9-]{10,}"),
    "xoxp-": re.compile(r"xoxp-[A-Za-z0-9-]{10,}"),
    "-----BEGIN ": re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----"),
}
_NAMES = ("passwor", "passwd", "secret", "api_key", "apikey", "access_key", "auth_token")
_VALUE = re.compile(
    r"""\w*["']?\]?\s*=\s*"""
    r"""(["'])(?=[^"'\s]*[0-9])(?=[^"'\s]*[A-Za-z])[^"'\s\\%$<>{}]{12,}\1"""
)
_ESCAPE = re.compile(r"""\\(?:[abfnrtv\\"'\n\r]|[0-9]{1,3}|(?P<bad>.))""")


def strings(look: Walk) -> None:
    """Keys that should not stand in a text, and in Lua 5.1 escapes that mean their letter."""
    look.stand(0)
    spans = sorted({span for place in _suspects(look.tree.text) if (span := _string(look, place))})
    for start, end in spans:
        message = "this looks like a key; read it from the environment or a file"
        look.report("secret-in-source", start, end, message)
    if look.dialect == "5.1" and "\\" in look.tree.text:
        _escapes(look)


def _suspects(text: str) -> Iterator[int]:
    """Offsets inside texts that look like keys, by their form or the name they are given to."""
    for beginning, shape in _SHAPES.items():
        for place in _places(text, beginning):
            if shape.match(text, place):
                yield place
    lower = text.lower()
    for name in _NAMES:
        for place in _places(lower, name):
            found = _VALUE.match(text, place)
            if found is not None:
                yield found.start(1) + 1


def _places(text: str, word: str) -> Iterator[int]:
    place = text.find(word)
    while place >= 0:
        yield place
        place = text.find(word, place + 1)


def _string(look: Walk, place: int) -> tuple[int, int] | None:
    """The string around an offset; None where that is in a comment or a name."""
    tokens = look.tree.tokens
    index = bisect_right(tokens.starts, place) - 1
    if index < 0:
        return None
    start, end = tokens.starts[index], tokens.ends[index]
    return (start, end) if place < end and look.tree.text[start] in "'\"[" else None


def _escapes(look: Walk) -> None:
    text, tokens = look.tree.text, look.tree.tokens
    for start, end in zip(tokens.starts, tokens.ends, strict=True):
        if text[start:end][:1] not in ("'", '"'):
            continue
        for match in _ESCAPE.finditer(text, start, end):
            if match["bad"]:
                message = f"'{match[0]}' is just '{match['bad']}' in Lua 5.1"
                look.report("bad-escape", *match.span(), message)

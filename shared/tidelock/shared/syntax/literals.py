"""What the numerals and strings of a text stand for, in each Lua; never raises on what is typed."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from tidelock.shared.model import DIALECTS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tidelock.shared.model import Dialect


class Fault(NamedTuple):
    """What is wrong with a piece of text.

    Offsets count from the start of the piece, and an ``end`` below zero means its end. ``open``
    says that text still to come could close what is unfinished.
    """

    code: str
    message: str
    start: int = 0
    end: int = -1
    open: bool = False


_DECIMAL = r"(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?"
_HEX = r"0[xX](?:[0-9a-fA-F]+\.?[0-9a-fA-F]*|\.[0-9a-fA-F]+)(?:[pP][+-]?[0-9]+)?"
_SUFFIX = re.compile(r"(?:u?ll|llu|i)\Z", re.IGNORECASE)


@cache
def _numeral(dialect: Dialect) -> re.Pattern[str]:
    if dialect == "luajit":
        whole = r"(?:[0-9]+|0[xX][0-9a-fA-F]+|0[bB][01]+)(?:[uU]?[lL][lL]|[lL][lL][uU])?"
        return re.compile(rf"{whole}|(?:{_DECIMAL}|{_HEX}|0[bB][01]+)[iI]?")
    return re.compile(rf"{_HEX}|{_DECIMAL}")


def number(text: str, dialect: Dialect) -> int | float | complex | None:
    """The value of a numeral, None when the dialect refuses it.

    Lua 5.1 and 5.2 have floats only; from 5.3 on integers wrap round at 64 bits when written in
    hexadecimal and turn into floats when written in decimal. LuaJIT adds 64-bit and imaginary ones.
    """
    if text.isdecimal() and text.isascii() and len(text) < 19:
        return int(text) if dialect in ("5.3", "5.4", "5.5") else float(text)
    if _numeral(dialect).fullmatch(text) is None:
        return None
    if dialect == "luajit":
        return _luajit(text)
    value = _plain(text)
    if dialect in ("5.1", "5.2"):
        return float(value)
    if isinstance(value, int):
        if text[:2] in ("0x", "0X"):
            return _wrap(value)
        if value >= 1 << 63:
            return float(value)
    return value


def _plain(text: str) -> int | float:
    """A numeral without suffix; an integer unless it has a point or an exponent."""
    if text[:2] in ("0b", "0B"):
        return int(text, 2)
    if text[:2] not in ("0x", "0X"):
        if text.isdecimal():
            # Python refuses to read more than 4,300 digits as an integer; Lua would round anyway.
            return int(text) if len(text) < 4000 else float(text)
        return float(text)
    if "." not in text and "p" not in text.lower():
        return int(text, 16)
    try:
        return float.fromhex(text)
    except OverflowError:
        return float("inf")


def _wrap(value: int) -> int:
    value &= (1 << 64) - 1
    return value - (1 << 64) if value >> 63 else value


def _luajit(text: str) -> int | float | complex | None:
    suffix = _SUFFIX.search(text)
    if suffix is None or (text[:2] in ("0x", "0X") and suffix[0] == ""):
        return float(_plain(text))
    value = _plain(text[: suffix.start()])
    if suffix[0] in "iI":
        return complex(0, float(value))
    if not isinstance(value, int) or value >> 64:
        return None
    return value if "u" in suffix[0].lower() else _wrap(value)


def readers_of(text: str) -> Iterator[str]:
    """The names of the Luas that read a numeral, oldest first."""
    for dialect in DIALECTS:
        if number(text, dialect) is not None:
            yield "LuaJIT" if dialect == "luajit" else f"Lua {dialect}"


_SIMPLE = {
    "a": b"\a",
    "b": b"\b",
    "f": b"\f",
    "n": b"\n",
    "r": b"\r",
    "t": b"\t",
    "v": b"\v",
    "\\": b"\\",
    '"': b'"',
    "'": b"'",
    "\n": b"\n",
    "\r": b"\n",
    "\r\n": b"\n",
    "\n\r": b"\n",
}
_LONG = re.compile(r"\[(=*)\[")


@cache
def _escape(dialect: Dialect) -> re.Pattern[str]:
    """A backslash with all that belongs to it in a dialect, right or wrong."""
    if dialect == "5.1":
        more = ""
    elif dialect == "5.2":
        more = r"z\s*|x[0-9a-fA-F]{0,2}|"
    else:
        more = r"z\s*|x[0-9a-fA-F]{0,2}|u(?:\{[0-9a-fA-F]*\}?)?|"
    return re.compile(rf"\\({more}[0-9]{{1,3}}|\r\n|\n\r|[\s\S]|\Z)", re.ASCII)


@cache
def _whole(dialect: Dialect) -> re.Pattern[str]:
    """A closed short string."""
    skip = "" if dialect == "5.1" else r"z\s*|"
    escape = rf"\\(?>{skip}\r\n|\n\r|[\s\S])"
    return re.compile(rf'"(?>[^"\\\n\r]+|{escape})*+"|' rf"'(?>[^'\\\n\r]+|{escape})*+'", re.ASCII)


def closed(text: str, dialect: Dialect) -> bool:
    """Whether a short string has its second quote."""
    if "\\" not in text:
        return len(text) > 1 and text[0] == text[-1]
    return _whole(dialect).fullmatch(text) is not None


def wrong_escape(text: str, dialect: Dialect) -> Fault | None:
    """The first escape of a short string that the dialect refuses."""
    if "\\" not in text:
        return None
    for match in _escape(dialect).finditer(text):
        if _escaped(match[1], dialect) is None:
            return _refusal(match, dialect)
    return None


def _refusal(match: re.Match[str], dialect: Dialect) -> Fault:
    if match[1][:1].isdigit():
        message = f"decimal escape '{match[0]}' is too large; the largest is '\\255'"
        return Fault("syntax-error", message, match.start(), match.end())
    readers = []
    end = match.end()
    for other in DIALECTS[1:]:
        again = _escape(other).match(match.string, match.start())
        if again is not None and _escaped(again[1], other) is not None:
            readers.append("LuaJIT" if other == "luajit" else other)
            end = again.end()
    shown = match.string[match.start() : end][:20]
    if readers:
        message = f"escape '{shown}' is not in this Lua, only in {', '.join(readers)}"
    elif match[1][:1] in "xu":
        return Fault("syntax-error", f"invalid escape '{shown}'", match.start(), end)
    else:
        message = f"escape '{shown}' is not in this Lua, only in 5.1"
    return Fault("wrong-version-syntax", message, match.start(), end)


def _escaped(body: str, dialect: Dialect) -> bytes | None:
    """The bytes an escape stands for, given what follows its backslash; None when refused."""
    simple = _SIMPLE.get(body)
    if simple is not None:
        return simple
    first = body[:1]
    if first.isascii() and first.isdigit():
        code = int(body)
        return bytes((code,)) if code < 256 else None
    if dialect == "5.1":
        return body.encode("utf-8", "surrogateescape")
    if first == "z":
        return b""
    if first == "x" and len(body) == 3:
        return bytes((int(body[1:], 16),))
    if first == "u" and dialect != "5.2":
        return _character(body, dialect)
    return None


def _character(body: str, dialect: Dialect) -> bytes | None:
    """The bytes of ``u{...}``: UTF-8, in its original form of up to six bytes from Lua 5.4 on."""
    if len(body) < 4 or body[-1] != "}":
        return None
    code = int(body[2:-1], 16)
    if dialect in ("5.4", "5.5"):
        if code >= 1 << 31:
            return None
    elif code > 0x10FFFF or (dialect == "luajit" and 0xD800 <= code < 0xE000):
        return None
    if code < 0x80:
        return bytes((code,))
    tail = []
    room = 0x3F
    while code > room:
        tail.append(0x80 | code & 0x3F)
        code >>= 6
        room >>= 1
    tail.append(~room << 1 & 0xFF | code)
    return bytes(reversed(tail))


def string(text: str, dialect: Dialect) -> bytes:
    """The bytes of a string as written; refused escapes stand for themselves."""
    level = _LONG.match(text)
    if level is not None:
        inner = text[level.end() :]
        closer = f"]{level[1]}]"
        inner = inner.removesuffix(closer)
        inner = re.sub("\r\n|\n\r|\r", "\n", inner)
        return _encoded(inner.removeprefix("\n"))
    inner = text[1:-1] if closed(text, dialect) else text[1:]
    if "\\" not in inner:
        return _encoded(inner)
    parts = []
    offset = 0
    for match in _escape(dialect).finditer(inner):
        parts.append(_encoded(inner[offset : match.start()]))
        escaped = _escaped(match[1], dialect)
        parts.append(_encoded(match[0]) if escaped is None else escaped)
        offset = match.end()
    parts.append(_encoded(inner[offset:]))
    return b"".join(parts)


def _encoded(text: str) -> bytes:
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        # A lone surrogate that no byte stands for: keep it as the three bytes it would take.
        return text.encode("utf-8", "surrogatepass")

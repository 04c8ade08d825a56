"""The tokens of a text, with what is wrong with each in itself.

Each distinct piece of a text (``pieces``) is looked at once.
Never raises and never drops a character; what no Lua reads is a piece of kind ``<bad>``.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import accumulate, compress
from operator import add
from typing import TYPE_CHECKING, NamedTuple, final, overload

from tidelock.shared.syntax import literals
from tidelock.shared.syntax.literals import Fault
from tidelock.shared.syntax.pieces import LONG, cut, first_line, is_doubtful
from tidelock.shared.syntax.tree import Comment

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tidelock.shared.model import Dialect
    from tidelock.shared.syntax.tree import Mode

NAME, NUMBER, STRING, END, BAD = "<name>", "<number>", "<string>", "<eof>", "<bad>"
"""The kinds of token that have many texts; a keyword or an operator is its own kind."""

SPACE, COMMENT = "<space>", "<comment>"
_SPACES = " \t\r\n\f\v"
_WORDS = (
    "and break do else elseif end false for function if in local nil not or repeat return then"
    " true until while"
)
_SIGNS = "+ - * / % ^ # & ~ | << >> // == ~= <= >= < > = ( ) { } [ ] :: ; : , . .. ..."
KEYWORDS = frozenset(_WORDS.split())
_FOREIGN = {
    "!=": "'!=' is not Lua; write '~='",
    "&&": "'&&' is not Lua; write 'and'",
    "||": "'||' is not Lua; write 'or'",
    "!": "'!' is not Lua; write 'not'",
}
COMPOUND = frozenset("+= -= *= /= %= ^= ..= //= |= &=".split())  # noqa: SIM905
"""Assignments of other languages, read as one token so that one sentence can answer them."""

_INTEGER_OPERATORS = frozenset(("//", "&", "|", "~", "<<", ">>"))


class Token(NamedTuple):
    """A token with its place; ``kind`` is the text itself for keywords and operators."""

    kind: str
    start: int
    end: int


class Flag(NamedTuple):
    """A token that is wrong in itself; ``open`` says that only the end of the text closed it."""

    token: int
    code: str
    start: int
    end: int
    message: str
    open: bool = False


@final
class _Ends(Sequence[int]):
    """Where tokens end, told by where they start: of a changed text few are asked for."""

    __slots__ = ("_starts", "_texts")

    def __init__(self, starts: list[int], texts: list[str]) -> None:
        self._starts = starts
        self._texts = texts

    def __len__(self) -> int:
        return len(self._starts)

    @overload
    def __getitem__(self, index: int) -> int: ...
    @overload
    def __getitem__(self, index: slice) -> list[int]: ...
    def __getitem__(self, index: int | slice) -> int | list[int]:
        if isinstance(index, slice):
            return list(map(add, self._starts[index], map(len, self._texts[index])))
        return self._starts[index] + len(self._texts[index])

    def __iter__(self) -> Iterator[int]:
        return map(add, self._starts, map(len, self._texts))


@final
class Tokens:
    """The tokens of a text in parallel lists, closed by one of kind ``<eof>``; never changed.

    It is ``doubtful`` whether a long string or comment was meant to end where it does.
    """

    __slots__ = ("dialect", "doubtful", "ends", "flags", "kinds", "starts", "text", "texts")

    def __init__(
        self,
        text: str,
        dialect: Dialect,
        kinds: list[str],
        texts: list[str],
        starts: list[int],
        ends: Sequence[int],
        flags: list[Flag],
        doubtful: bool,
    ) -> None:
        self.text = text
        self.dialect = dialect
        self.kinds = kinds
        self.texts = texts
        self.starts = starts
        self.ends = ends
        self.flags = flags
        self.doubtful = doubtful

    def __len__(self) -> int:
        return len(self.kinds) - 1

    def __getitem__(self, index: int) -> Token:
        return Token(self.kinds[index], self.starts[index], self.ends[index])

    def __iter__(self) -> Iterator[Token]:
        return map(Token, self.kinds[:-1], self.starts, self.ends)

    def between(self) -> Iterator[tuple[int, str]]:
        """The spaces and comments between the tokens, each with the offset where it begins."""
        text = self.text
        before = 0
        for start, end in zip(self.starts, self.ends, strict=True):
            if before < start:
                offset = before
                gap = text[before:start]
                pieces = [gap] if gap.isspace() else cut(gap, self.dialect, 0)
                if before == 0 and gap[0] in "#\ufeff":
                    pieces = first_line(gap)
                    pieces += cut(gap, self.dialect, sum(map(len, pieces)))
                for piece in pieces:
                    yield offset, piece
                    offset += len(piece)
            before = end

    def comments(self) -> tuple[Comment, ...]:
        """All comments in text order."""
        return tuple(
            Comment(start, start + len(piece), piece)
            for start, piece in self.between()
            if piece.startswith("--") or (piece.startswith("#") and len(piece) > 1)
        )


class _Kinds(dict[str, str]):
    """The kind of every distinct piece of one text, filled as pieces are met."""

    def __init__(self, dialect: Dialect, doubted: set[str]) -> None:
        super().__init__(_known(dialect))
        self.dialect = dialect
        self.doubted = doubted
        self.doubtful = False
        self.faults: dict[str, Fault] = {}

    def __missing__(self, piece: str) -> str:
        kind = self._classify(piece)
        self[piece] = kind
        return kind

    def _classify(self, piece: str) -> str:
        first = piece[0]
        if first in _SPACES:
            return SPACE
        if "a" <= first <= "z" or "A" <= first <= "Z" or first == "_" or first > "\x7f":
            return self._name(piece)
        if first == "-":
            return self._comment(piece)
        if first in "\"'[":
            fault = self._string_fault(piece)
            if fault is not None:
                self.faults[piece] = fault
            return STRING
        if first in ".0123456789":
            if literals.number(piece, self.dialect) is None:
                self._malformed(piece)
            return NUMBER
        if piece in _FOREIGN:
            self.faults[piece] = Fault("syntax-error", _FOREIGN[piece])
            return piece
        if piece in _INTEGER_OPERATORS:
            message = f"'{piece}' needs Lua 5.3 or later"
            self.faults[piece] = Fault("wrong-version-syntax", message)
            return piece
        return BAD

    def _name(self, piece: str) -> str:
        if self.dialect == "luajit" or piece.isascii():
            return NAME
        if not piece.isidentifier():
            return BAD
        message = f"'{piece[:30]}' has letters beyond ASCII, which only LuaJIT allows in names"
        self.faults[piece] = Fault("wrong-version-syntax", message)
        return NAME

    def _comment(self, piece: str) -> str:
        level = LONG.match(piece)
        if level is not None:
            fault = self._long_fault(piece, level, "comment")
            if fault is not None:
                self.faults[piece] = fault
        return COMMENT

    def _string_fault(self, piece: str) -> Fault | None:
        level = LONG.match(piece)
        if level is not None:
            return self._long_fault(piece, level, "string")
        if not literals.closed(piece, self.dialect):
            # A line that the string itself continues may go on in text not yet typed.
            goes_on = _GOES_ON.search(piece) is not None
            return Fault("syntax-error", "unfinished string", open=goes_on)
        return literals.wrong_escape(piece, self.dialect)

    def _long_fault(self, piece: str, level: re.Match[str], what: str) -> Fault | None:
        closer = f"]{level[1]}]"
        if not piece.endswith(closer) or len(piece) < level.end() + len(closer):
            goes_on = piece not in self.doubted
            return Fault("syntax-error", f"unfinished long {what}", 0, level.end(), open=goes_on)
        if is_doubtful(piece, level):
            self.doubtful = True
        if self.dialect == "5.1" and closer == "]]" and "[[" in piece[level.end() :]:
            inner = piece.index("[[", level.end())
            message = f"'[[' inside a long {what} is refused by Lua 5.1; use '[=[' outside"
            return Fault("wrong-version-syntax", message, inner, inner + 2)
        return None

    def _malformed(self, piece: str) -> None:
        for other in literals.readers_of(piece):
            message = f"'{piece[:30]}' is a number of {other} only"
            self.faults[piece] = Fault("wrong-version-syntax", message)
            return
        self.faults[piece] = Fault("syntax-error", f"malformed number '{piece[:30]}'")


_GOES_ON = re.compile(r"(?<!\\)(?:\\\\)*\\(?:z\s*|[\r\n]+)\Z")
_KNOWN: dict[Dialect, dict[str, str]] = {}


def _known(dialect: Dialect) -> dict[str, str]:
    known = _KNOWN.get(dialect)
    if known is None:
        words = [*KEYWORDS, *_SIGNS.split(), *COMPOUND]
        if dialect in ("5.2", "5.3", "5.4", "5.5"):
            words.append("goto")
        known = {word: word for word in words}
        if dialect in ("5.1", "5.2", "luajit"):
            for operator in _INTEGER_OPERATORS:
                del known[operator]
        _KNOWN[dialect] = known
    return known


def scan(text: str, dialect: Dialect, mode: Mode = "chunk", *, doubt: bool = False) -> Tokens:
    """Cut a text; in a chunk, a byte order mark and a first line with ``#`` are spaces.

    With ``doubt``, long brackets that have a doubtful end count as not closed.
    """
    skipped = first_line(text) if mode == "chunk" else []
    size, position = len(text), sum(map(len, skipped))
    doubted: set[str] = set()
    pieces = cut(text, dialect, position, doubted=doubted if doubt else None)
    tokens = _sorted(text, dialect, pieces, position, doubted)
    tokens.ends = [*tokens.ends, size]
    tokens.kinds.append(END)
    tokens.texts.append("")
    tokens.starts.append(size)
    return tokens


def _sorted(
    text: str, dialect: Dialect, pieces: list[str], position: int, doubted: set[str]
) -> Tokens:
    """The tokens among the pieces that a text has from a position on, not closed."""
    known = _Kinds(dialect, doubted)
    kinds = list(map(known.__getitem__, pieces))
    wanted = [kind is not SPACE and kind is not COMMENT for kind in kinds]
    ends = list(accumulate(map(len, pieces), initial=position))
    flags = _flags(pieces, ends, kinds, known.faults) if known.faults else []
    token_texts = list(compress(pieces, wanted))
    token_ends = list(compress(ends[1:], wanted))
    token_starts = list(compress(ends, wanted))
    return Tokens(
        text,
        dialect,
        list(compress(kinds, wanted)),
        token_texts,
        token_starts,
        token_ends,
        flags,
        known.doubtful or bool(doubted),
    )


def scan_between(
    before: Tokens, text: str, first: int, last: int, shift: int
) -> tuple[Tokens, int] | None:
    """Cut a changed text anew from one token up to another, which is on a new line; both stay.

    The text from ``last`` on has moved by ``shift``. Gives the tokens of the whole text and how
    many more there are now; None when what began between reaches into what was to stay.
    """
    start = before.starts[first] if first else sum(map(len, first_line(text)))
    if before.kinds[last] == END:
        end = len(text)
        pieces = cut(text, before.dialect, start)
    else:
        end = before.starts[last] + shift
        pieces = cut(text, before.dialect, start, end)
        if not pieces or pieces[-1][0] not in _SPACES or sum(map(len, pieces)) != end - start:
            return None
    made = _sorted(text, before.dialect, pieces, start, set())
    more = len(made.kinds) - (last - first)
    flags = [flag for flag in before.flags if first and flag.start < start and flag.token <= first]
    flags += [flag._replace(token=flag.token + first) for flag in made.flags]
    flags += [
        flag._replace(token=flag.token + more, start=flag.start + shift, end=flag.end + shift)
        for flag in before.flags
        if flag.start >= before.starts[last]
    ]
    kinds, texts = before.kinds.copy(), before.texts.copy()
    kinds[first:last] = made.kinds
    texts[first:last] = made.texts
    starts = before.starts[:first]
    starts += made.starts
    starts += [offset + shift for offset in before.starts[last:]]
    ends = _Ends(starts, texts)
    doubtful = before.doubtful or made.doubtful
    return Tokens(text, before.dialect, kinds, texts, starts, ends, flags, doubtful), more


def _flags(
    pieces: list[str], ends: list[int], kinds: list[str], faults: dict[str, Fault]
) -> list[Flag]:
    """What is wrong with the pieces, ``ends`` beginning with where the first of them starts."""
    flags = []
    index = 0
    for piece, start, piece_end, kind in zip(pieces, ends, ends[1:], kinds, strict=False):
        fault = faults.get(piece)
        if fault is not None:
            end = piece_end if fault.end < 0 else start + fault.end
            place = start + fault.start
            flags.append(Flag(index, fault.code, place, end, fault.message, fault.open))
        if kind is not SPACE and kind is not COMMENT:
            index += 1
    return flags

"""Which words that open a block or a bracket are never closed, read from the indentation.

The grammar alone notices a missing ``end`` where the text runs out, far from where it is missing.
People indent, though: an ``end`` below an ``if`` closes that ``if``. This pass looks at tokens
only and judges nothing; the parser uses its answer to parse a broken text a second time.
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, NamedTuple, final

from tidelock.shared.syntax.tokens import NAME

if TYPE_CHECKING:
    from tidelock.shared.syntax.tokens import Tokens

_STATEMENTS = frozenset(("local", "return", "break", "if", "for", "while", "repeat", "goto"))
_PAIRS = {")": "(", "]": "[", "}": "{"}
_ROUNDS = 8
_DEPTH = 200
_OPENERS = frozenset(("function", "if", "for", "while", "repeat"))
_SHAPING = _OPENERS.union(("do", "end", "until", "else", "elseif"))


class Structure(NamedTuple):
    """What the indentation says; all numbers but the columns are indexes of tokens.

    ``columns`` has the column of each token that is the first on its line, else -1. ``indents``
    has the column of the first token on the line of each token. An ``end`` or ``else`` that is
    ``stray`` belongs to no block that is open; such an ``else`` is ``unclosed`` too if it opens
    none either.
    """

    columns: list[int]
    indents: list[int]
    unclosed: frozenset[int]
    stray: frozenset[int]


@final
class _Open:
    """A block or bracket that waits for its end; ``header`` while its ``then`` or ``do`` is due.

    An ``if`` is ``last`` in its ``else``, which no other may follow.
    """

    __slots__ = ("header", "indent", "kind", "last", "token")

    def __init__(self, token: int, kind: str, indent: int, header: bool) -> None:
        self.token = token
        self.kind = kind
        self.indent = indent
        self.header = header
        self.last = False


def columns(tokens: Tokens, first: int, until: int) -> tuple[list[int], list[int]]:
    """The columns of the tokens that begin a line, and the indentation of every token's line.

    They are told of the tokens from one to another, both counted.
    """
    text, texts, starts, ends = tokens.text, tokens.texts, tokens.starts, tokens.ends
    begin = first
    while begin and not _line_between(text, ends[begin - 1], starts[begin]):
        begin -= 1
    before = ends[begin - 1] if begin else 0
    found, indents = [], []
    indent = 0
    for index in range(begin, until + 1):
        start = starts[index]
        if index > 0 and (start == before or (start == before + 1 and text[before] == " ")):
            found.append(-1)  # as most are: behind another, or a space
            indents.append(indent)
            before = start + len(texts[index])
            continue
        between = text[before:start]
        line_start = max(between.rfind("\n"), between.rfind("\r")) + 1
        if line_start or index == 0:
            margin = between[line_start:]
            indent = len(margin.expandtabs(8)) if "\t" in margin else len(margin)
            found.append(indent)
        else:
            found.append(-1)
        indents.append(indent)
        before = start + len(texts[index])
    return found[first - begin :], indents[first - begin :]


def _line_between(text: str, start: int, end: int) -> bool:
    return text.find("\n", start, end) >= 0 or text.find("\r", start, end) >= 0


def structure(tokens: Tokens, first: int = 0, until: int = -1) -> Structure:
    """Read the indentation of a text in linear time, or that from one token up to another."""
    size = len(tokens.kinds)
    if until < 0:
        until = size - 1
    found, indents = columns(tokens, first, until)
    found = [*[-1] * first, *found, *[-1] * (size - 1 - until)]
    indents = [*[0] * first, *indents, *[0] * (size - 1 - until)]
    stray: set[int] = set()
    for _ in range(_ROUNDS):
        matcher = _Matcher(tokens, found, indents, stray)
        suspect = matcher.run(first, until)
        if suspect < 0:
            break
        stray.add(suspect)
    stray.update(matcher.lone)
    return Structure(found, indents, frozenset(matcher.unclosed), frozenset(stray))


def tidy(tokens: Tokens, first: int, until: int) -> bool:
    """Whether the matcher passes over statements in order as if they were not there.

    They are, if no ``end`` stands further left than what it closes, and each ``else`` that begins
    a line stands under its ``if``.
    """
    if _SHAPING.isdisjoint(tokens.kinds[first:until]):
        return True
    found, indents = columns(tokens, first, until)
    opened: list[tuple[str, int]] = []
    for index, kind in enumerate(tokens.kinds[first:until]):
        if kind in _OPENERS:
            opened.append((kind, indents[index]))
        elif kind == "do":
            if opened and opened[-1][0] in ("for", "while"):
                opened[-1] = (kind, opened[-1][1])
            else:
                opened.append((kind, indents[index]))
        elif kind == "end" or kind == "until":
            if not opened:
                return False
            _, indent = opened.pop()
            if kind == "end" and 0 <= found[index] < indent:
                return False
        elif kind in ("else", "elseif") and (not opened or found[index] not in (-1, opened[-1][1])):
            return False
    return True


@final
class _Matcher:
    """One run over the tokens of a text with a stack of what is open."""

    __slots__ = ("columns", "counts", "indents", "kinds", "lone", "stack", "stray", "unclosed")

    def __init__(
        self, tokens: Tokens, first: list[int], indents: list[int], stray: set[int]
    ) -> None:
        self.kinds = tokens.kinds
        self.columns = first
        self.indents = indents
        self.stray = stray
        self.unclosed: set[int] = set()
        self.lone: set[int] = set()
        self.stack: list[_Open] = []
        # How many entries of the stack a search could find: none means no search, which keeps
        # the pass linear on texts that are all brackets.
        self.counts: dict[str | int | tuple[str, int], int] = {}

    def run(self, first: int, until: int) -> int:
        """Match the tokens from one up to another; an ``end`` that seems one too many, or -1.

        An ``end`` is under suspicion when it is indented more than what it closes. It is cleared
        when something opened before it is closed in its own column; when an ``end`` or an ``else``
        is left over, the first one still under suspicion began the trouble.
        """
        suspects: list[tuple[int, int]] = []
        for token in range(first, until):
            kind = self.kinds[token]
            if kind in "([{":
                self._push(token, kind)
            elif kind in _PAIRS:
                if self._drop_to(_PAIRS[kind]):
                    self._pop()
            elif kind == "end":
                if token in self.stray:
                    continue
                self._drop_brackets()
                if self.stack:
                    self._close_block(token, suspects)
                elif suspects:
                    return suspects[0][0]
            elif kind == "function":
                if self.kinds[token + 1] == NAME and self.kinds[token - 1] != "local":
                    self._begin_statement(token)
                self._push(token, kind)
            elif kind in _STATEMENTS:
                self._begin_statement(token)
                if kind in ("if", "for", "while", "repeat"):
                    self._push(token, kind, kind != "repeat")
            elif kind in ("then", "do"):
                self._header(token, kind)
            elif kind in ("else", "elseif"):
                column = self.columns[token]
                if suspects and column >= 0 and not self.counts.get(("if", column)):
                    return suspects[0][0]
                self._branch(token, kind)
            elif kind == "until" and self._drop_to("repeat"):
                self._pop()
        self.unclosed.update(entry.token for entry in self.stack)
        return -1

    def _push(self, token: int, kind: str, header: bool = False) -> None:
        entry = _Open(token, kind, self.indents[token], header)
        self.stack.append(entry)
        for key in _keys(entry):
            self.counts[key] = self.counts.get(key, 0) + 1

    def _pop(self) -> _Open:
        entry = self.stack.pop()
        for key in _keys(entry):
            self.counts[key] -= 1
        return entry

    def _drop_to(self, key: str | int | tuple[str, int]) -> bool:
        """Give up on all that was opened after the newest entry with a key, if there is one."""
        if not self.counts.get(key):
            return False
        while key not in _keys(self.stack[-1]):
            self.unclosed.add(self._pop().token)
        return True

    def _drop_brackets(self, column: int = -1) -> None:
        """Give up on brackets that a statement follows, unless it stands deeper than they do."""
        while self.stack and self.stack[-1].kind in "([{" and column <= self.stack[-1].indent:
            self.unclosed.add(self._pop().token)

    def _begin_statement(self, token: int) -> None:
        """Settle what a statement cannot follow: an open bracket, a header without ``do``."""
        column = self.columns[token]
        self._drop_brackets(column)
        while self.stack and self.stack[-1].header:
            if 0 <= column <= self.stack[-1].indent:
                self.unclosed.add(self._pop().token)
            else:
                self.stack[-1].header = False

    def _close_block(self, token: int, suspects: list[tuple[int, int]]) -> None:
        """Close the block an ``end`` belongs to."""
        column = self.columns[token]
        if 0 <= column < self.stack[-1].indent:
            self._drop_to(column)
        indent = self._pop().indent
        depth = len(self.stack)
        if column > indent:
            suspects.append((token, depth))
        elif column == indent:
            while suspects and suspects[-1][1] > depth:
                suspects.pop()

    def _header(self, token: int, kind: str) -> None:
        self._drop_brackets()
        owners = ("if", "elseif") if kind == "then" else ("for", "while")
        if self.stack and self.stack[-1].header and self.stack[-1].kind in owners:
            self.stack[-1].header = False
        else:
            self._push(token, kind)

    def _branch(self, token: int, kind: str) -> None:
        self._drop_brackets()
        owner = self._owner(self.columns[token])
        if owner is None:
            self.lone.add(token)
            self._push(token, kind, kind == "elseif")
        elif owner.last:
            self.lone.add(token)
            self.unclosed.add(token)
        else:
            while self.stack[-1] is not owner:
                self.unclosed.add(self._pop().token)
            owner.header = kind == "elseif"
            owner.last = kind == "else"

    def _owner(self, column: int) -> _Open | None:
        """The ``if`` of a branch word: one in its column, else the newest in its function."""
        newest = None
        inside = True
        for entry in islice(reversed(self.stack), _DEPTH):
            if entry.kind in ("if", "then"):
                if entry.indent == column:
                    return entry
                if inside and newest is None:
                    newest = entry
            elif entry.kind == "function":
                inside = False
        return newest


def _keys(entry: _Open) -> tuple[str | int | tuple[str, int], ...]:
    """What an entry can be searched by: its kind, and for a block its indentation."""
    if entry.kind in "([{":
        return (entry.kind,)
    if entry.kind in ("if", "then"):
        return ("if", ("if", entry.indent), entry.indent)
    return (entry.kind, entry.indent)

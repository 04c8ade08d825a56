"""A conservative layout: indentation, single spaces, no trailing ones, at most one blank line.

Only the spaces between tokens and comments change, and lines are neither joined nor split, so that
a program means and prints what it did, line numbers but for blank lines included. The tokens of
the result are compared with those of the text before anything is given out. Text between
``-- fmt: off`` and ``-- fmt: on`` stays as it is, and so does all of a text that has errors.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple, final

from tidelock.shared.language.annotations import comments_around
from tidelock.shared.language.checks.mending import Edit
from tidelock.shared.syntax.parser import parse
from tidelock.shared.syntax.tokens import NAME, NUMBER, STRING
from tidelock.shared.syntax.tree import Block, walk
from tidelock.shared.unwanted import each

if TYPE_CHECKING:
    from tidelock.shared.syntax.tree import Node, Tree

COMMENT = "<comment>"
_BREAK = re.compile(r"\r\n|\n|\r")
_SWITCH = re.compile(r"--[ \t]*fmt:[ \t]*(off|on)\b")
_OPERANDS = frozenset((NAME, NUMBER, STRING, ")", "]", "}", "...", "nil", "true", "false", "end"))
_HOLDERS = frozenset((NAME, ")", "]"))
_UNARY = frozenset(("-", "~", "#"))
_OPENERS = frozenset(("(", "{", "[", "function", "repeat", "then", "do", "else"))
_CLOSERS = frozenset((")", "}", "]", "end", "until", "else", "elseif"))
_BRACKETS = frozenset(("(", "{", "["))
_AWAIT = frozenset(("if", "elseif", "while", "for"))


class Item(NamedTuple):
    """A token or a comment; the kind of a token is that of ``syntax.tokens``."""

    kind: str
    start: int
    end: int


def formatted(tree: Tree, indent: str = "  ") -> str | None:
    """The text laid out; None when it has errors."""
    found = edits(tree, indent)
    return None if found is None else applied(tree.text, found)


def applied(text: str, found: list[Edit]) -> str:
    """A text with edits that are in order."""
    parts, done = [], 0
    for one in found:
        parts += [text[done : one.start], one.text]
        done = one.end
    return "".join(parts) + text[done:]


def edits(tree: Tree, indent: str = "  ") -> list[Edit] | None:
    """The spaces that change, in text order; None when the text has errors.

    ``indent`` is one step of indentation.
    """
    if tree.problems:
        return None
    found = list(_changes(tree, indent))
    laid_out = applied(tree.text, found)
    again = parse(laid_out, tree.dialect, tree.mode)
    is_same = again.tokens.texts == tree.tokens.texts and [one.text for one in again.comments] == [
        one.text for one in tree.comments
    ]
    return found if is_same else None


def items(tree: Tree, start: int = 0, end: int | None = None) -> Iterator[Item]:
    """The tokens and comments between two offsets, in order."""
    tokens = tree.tokens
    stop = len(tree.text) if end is None else end
    first = bisect_left(tokens.starts, start)
    done = start
    for index in range(first, len(tokens) + 1):
        begin = tokens.starts[index]
        if tree.text.find("-", done, begin) >= 0 or (not done and tree.text[:1] == "#"):
            for comment in _comments(tree, done, begin):
                if comment.start < stop:
                    yield comment
        if begin >= stop or index == len(tokens):
            return
        done = tokens.ends[index]
        yield Item(tokens.kinds[index], begin, done)


def _comments(tree: Tree, start: int, end: int) -> Iterator[Item]:
    if start == 0:
        found = [(one.start, one.end) for one in tree.comments]
    else:
        found = comments_around(tree, start)
    yield from (Item(COMMENT, *span) for span in found if start <= span[0] < end)


def _changes(tree: Tree, indent: str) -> Iterator[Edit]:
    text = tree.text
    line_end = _BREAK.search(text)
    newline = line_end[0] if line_end is not None else "\n"
    levels = Levels(tree.body)
    spaces = _Spaces(tree)
    done, is_off = 0, False
    for item in each(items(tree)):
        gap = text[done : item.start]
        breaks = len(_BREAK.findall(gap)) if done else 0
        if breaks or not done:
            new = newline * min(breaks, 2) + indent * levels.begin(item)
        else:
            new = spaces.between(item, gap)
        switch = _SWITCH.match(text, item.start) if item.kind == COMMENT else None
        if switch is not None and switch[1] == "on":
            is_off = False
        elif new != gap and not is_off and (not gap or gap.isspace()):
            yield Edit(done, item.start, new)
        if switch is not None and switch[1] == "off":
            is_off = True
        levels.take(item)
        spaces.take(item)
        done = item.end
    rest = text[done:]
    last = newline if done else ""
    if rest != last and not is_off and (not rest or rest.isspace()):
        yield Edit(done, len(text), last)


@final
class Levels:
    """How far lines are indented, counted in steps; it follows the items of a node in order.

    ``begin`` is asked for the first item of a line before ``take`` is given it.
    """

    __slots__ = ("_awaited", "_before", "_level", "_open", "_statements")

    def __init__(self, root: Node) -> None:
        # What is open with the level of the line that opened it; the levels of the lines with
        # an 'if', 'while' or 'for' whose block has not begun.
        self._open: list[tuple[str, int]] = []
        self._awaited: list[int] = []
        self._level = 0
        self._before = ""
        self._statements = {root.start} | {
            one.start for node in walk(root) if isinstance(node, Block) for one in node.statements
        }

    def begin(self, item: Item) -> int:
        """The level of the line that an item begins."""
        self._level = self.level(item.kind, item.start)
        return self._level

    def level(self, kind: str, start: int) -> int:
        """The level that a line would have that begins with such an item."""
        if kind in _CLOSERS and self._open:
            return self._open[-1][1]
        opener, level = self._open[-1] if self._open else ("", -1)
        if kind == COMMENT:
            return level + 1
        if opener in _BRACKETS:
            is_further = self._before not in (",", ";", opener)
        else:
            is_further = start not in self._statements and kind not in ("end", ";", "")
        return level + 1 + is_further

    def take(self, item: Item) -> None:
        """Go on behind an item."""
        kind = item.kind
        if kind == COMMENT:
            return
        self._before = kind
        level = self._level
        if kind in _CLOSERS and self._open:
            _, level = self._open.pop()
        if kind in _AWAIT:
            self._awaited.append(level)
        elif kind in ("then", "do") and self._awaited:
            level = self._awaited.pop()
        if kind in _OPENERS:
            self._open.append((kind, level))


@final
class _Spaces:
    """What stands between two items of one line; it follows the items of a text in order."""

    __slots__ = ("_attributes", "_before", "_is_unary", "_text")

    def __init__(self, tree: Tree) -> None:
        self._text = tree.text
        self._before = Item("", 0, 0)
        self._is_unary = False
        kinds, starts = tree.tokens.kinds, tree.tokens.starts
        self._attributes = {
            starts[place]
            for at, kind in enumerate(kinds)
            if kind == "<" and kinds[at + 1 : at + 3] == [NAME, ">"]
            for place in (at, at + 2)
        }

    def take(self, item: Item) -> None:
        """Go on behind an item."""
        if item.kind in _UNARY:
            self._is_unary = self._before.kind not in _OPERANDS
        elif item.kind != COMMENT:
            self._is_unary = False
        self._before = item

    def between(self, item: Item, gap: str) -> str:
        """The spaces before an item, where ``gap`` stands now."""
        before = self._before
        was, kind = before.kind, item.kind
        one = " " if gap else ""
        if kind == COMMENT:
            return gap if gap and not gap.strip(" ") else " "
        if was == COMMENT or "::" in (was, kind) or "^" in (was, kind):
            return one
        if before.start in self._attributes or item.start in self._attributes:
            return one
        tight = self._tight(was, kind, before, item)
        if tight is not None:
            return one if tight == "kept" else tight
        return " "

    def _tight(self, was: str, kind: str, before: Item, item: Item) -> str | None:
        """What brackets, dots and signs ask for; None where a space belongs."""
        if kind in (",", ";", ")"):
            return ""
        if was == "(":
            return ""
        if was == "[":
            return " " if self._text[item.start] == "[" else ""
        if kind == "]":
            return " " if was == STRING and self._text[before.end - 1] == "]" else ""
        if was == "{" or kind == "}":
            return "" if was == "{" and kind == "}" else "kept"
        if {was, kind} & {".", ":"}:
            return ""
        if was in _UNARY and self._is_unary:
            return "kept" if self._text[item.start] == "-" else ""
        if kind == "(":
            if was in _HOLDERS or was == "function":
                return ""
            return "kept" if was in (STRING, "}", "end") else None
        if kind == "[":
            return "" if was in _HOLDERS else "kept" if was == STRING else None
        if kind in ("{", STRING) and was in (*_HOLDERS, STRING, "}"):
            return "kept"
        return None

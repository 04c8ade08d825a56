r"""Lines and columns of a text, in code points and in the units a protocol counts.

Offsets are code points from the start of the text. A line ends at ``\\n``, ``\\r\\n`` or ``\\r``
and nowhere else (LSP 3.17, section Text Documents). Lines and columns are zero based here;
the faces add one where their protocol counts from one.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from itertools import accumulate, count
from operator import add
from typing import Literal, NamedTuple

Encoding = Literal["utf-8", "utf-16", "utf-32"]
_BREAK = re.compile(r"\r\n|\n|\r")


class Place(NamedTuple):
    """A zero-based line and a zero-based column; the column's unit is the asker's encoding."""

    line: int
    column: int


class Lines:
    """Where the lines of one text begin; made once per text, never changed."""

    __slots__ = ("_ascii", "starts", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        if "\r" in text:
            self.starts = [0, *(match.end() for match in _BREAK.finditer(text))]
        else:  # several times as fast, and asked of every version of every text
            sizes = map(len, text.split("\n")[:-1])
            self.starts = list(map(add, accumulate(sizes, initial=0), count()))
        self._ascii = text.isascii()

    def edited(self, text: str, start: int, end: int) -> Lines:
        """The lines of a text that differs from this one between two offsets of this one."""
        if "\r" in text or "\r" in self.text:
            return Lines(text)  # an edit may come between the two signs of a line end
        made = object.__new__(Lines)
        made.text = text
        made._ascii = text.isascii()
        more = len(text) - len(self.text)
        first, last = bisect_right(self.starts, start), bisect_right(self.starts, end)
        starts = self.starts[:first]
        begin = text.find("\n", start, end + more)
        while begin >= 0:
            starts.append(begin + 1)
            begin = text.find("\n", begin + 1, end + more)
        starts += [offset + more for offset in self.starts[last:]]
        made.starts = starts
        return made

    def __len__(self) -> int:
        return len(self.starts)

    def line_of(self, offset: int) -> int:
        """The zero-based line that holds an offset; offsets outside the text are clamped."""
        return max(bisect_right(self.starts, offset) - 1, 0)

    def span(self, line: int) -> tuple[int, int]:
        """Start and end offset of a line without its line end; the line is clamped."""
        line = min(max(line, 0), len(self.starts) - 1)
        start = self.starts[line]
        end = self.starts[line + 1] if line + 1 < len(self.starts) else len(self.text)
        while end > start and self.text[end - 1] in "\r\n":
            end -= 1
        return start, end

    def line_text(self, line: int) -> str:
        """The text of a line without its line end."""
        start, end = self.span(line)
        return self.text[start:end]

    def place(self, offset: int, encoding: Encoding = "utf-32") -> Place:
        """The line and column of an offset; outside offsets are clamped to the text."""
        offset = min(max(offset, 0), len(self.text))
        line = self.line_of(offset)
        start = self.starts[line]
        if self._ascii or encoding == "utf-32":
            return Place(line, offset - start)
        return Place(line, units(self.text[start:offset], encoding))

    def offset(self, line: int, column: int, encoding: Encoding = "utf-32") -> int:
        """The offset of a line and column; past the line's end gives its end, as LSP asks."""
        if line < 0:
            return 0
        if line >= len(self.starts):
            return len(self.text)
        start, end = self.span(line)
        if self._ascii or encoding == "utf-32":
            return min(start + max(column, 0), end)
        left = column
        for offset in range(start, end):
            if left <= 0:
                return offset
            left -= units(self.text[offset], encoding)
        return end


def units(text: str, encoding: Encoding) -> int:
    """How many units of an encoding a text takes; lone surrogates count as one code unit each."""
    if encoding == "utf-32" or text.isascii():
        return len(text)
    if encoding == "utf-16":
        return len(text) + sum(char > "\uffff" for char in text)
    return len(text.encode("utf-8", "surrogatepass"))

"""Marked Lua text, the one grammar of all tests: it is the text plus what the test points at.

- ``$0`` is the cursor.
- ``<!x!>`` is a range; ranges may lie inside each other.
- ``--@name`` at the end of a line names that line; the mark and the spaces before it are no text
  (``---@param`` is a LuaCATS comment, and text).
- a line ``-- path.lua --`` starts a file; without one, all is the file ``main.lua``.

A text may start on the line after the opening quotes and be indented as a whole.
"""

from __future__ import annotations

import re
import textwrap
from typing import NamedTuple

_FILE = re.compile(r"^-- (\S+\.\w+) --[ \t]*\n?", re.MULTILINE)
_MARK = re.compile(r"\$0|<!|!>|[ \t]*(?<!-)--@([A-Za-z_]\w*)")


class Marked(NamedTuple):
    """A text without its marks; offsets are code points, lines count from 1."""

    path: str
    text: str
    cursor: int | None
    ranges: tuple[tuple[int, int], ...]
    lines: dict[str, int]

    @property
    def at(self) -> int:
        """The cursor of a text that has one."""
        assert self.cursor is not None, f"no $0 in {self.path}"
        return self.cursor

    @property
    def found(self) -> list[str]:
        """The texts of the ranges."""
        return [self.text[start:end] for start, end in self.ranges]

    def line_of(self, offset: int) -> int:
        """The line of an offset, from 1."""
        return self.text.count("\n", 0, offset) + 1


def marked(source: str, path: str = "main.lua") -> Marked:
    """Take the marks out of one file."""
    source = textwrap.dedent(source.removeprefix("\n"))
    parts: list[str] = []
    length = 0
    line = 1
    done = 0
    cursor: int | None = None
    opened: list[int] = []
    ranges: list[tuple[int, int]] = []
    lines: dict[str, int] = {}
    for match in _MARK.finditer(source):
        part = source[done : match.start()]
        parts.append(part)
        length += len(part)
        line += part.count("\n")
        done = match.end()
        mark = match[0]
        if mark == "$0":
            if cursor is not None:
                raise ValueError(f"two cursors in {path}")
            cursor = length
        elif mark == "<!":
            opened.append(length)
        elif mark == "!>":
            if not opened:
                raise ValueError(f"'!>' without '<!' on line {line} of {path}")
            ranges.append((opened.pop(), length))
        elif match[1] in lines:
            raise ValueError(f"two lines called {match[1]} in {path}")
        else:
            lines[match[1]] = line
    if opened:
        raise ValueError(f"'<!' without '!>' in {path}")
    parts.append(source[done:])
    return Marked(path, "".join(parts), cursor, tuple(sorted(ranges)), lines)


def files(source: str) -> dict[str, Marked]:
    """Take a text with several files apart, in the order they stand there."""
    source = textwrap.dedent(source.removeprefix("\n"))
    heads = list(_FILE.finditer(source))
    if not heads:
        return {"main.lua": marked(source)}
    if source[: heads[0].start()].strip():
        raise ValueError("text before the first file")
    found: dict[str, Marked] = {}
    ends = [head.start() for head in heads[1:]] + [len(source)]
    for head, end in zip(heads, ends, strict=True):
        if head[1] in found:
            raise ValueError(f"two files called {head[1]}")
        found[head[1]] = marked(source[head.end() : end], head[1])
    return found

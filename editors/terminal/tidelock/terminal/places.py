"""How people write a breakpoint: ``[FILE:]LINE [if EXPR] [hit COUNT] [log TEXT]``.

It reads the words and knows no debugger; whether the line has code is told by whom it is set.
"""

from __future__ import annotations

import os
import re
from typing import Any, NamedTuple

from tidelock.shared.errors import UsageError
from tidelock.shared.sources import canonical

FORM = "[FILE:]LINE [if EXPR] [hit COUNT] [log TEXT]"
_PLACE = r"(?P<line>\d+)(?:\s+(?P<rest>\S.*))?"
_HERE, _THERE = (
    re.compile(p, re.DOTALL) for p in (f"(?P<file>){_PLACE}", f"(?P<file>.+?):{_PLACE}")
)
_REST = re.compile(
    r"(?:if\s+(?=\S))?(?P<condition>.*?)"
    r"(?:(?:^|\s+)hit\s+(?P<hit>(?:[<>=]=|[<>%])?\s*\d+))?"
    r"(?:(?:^|\s+)log\s+(?P<log>.*))?",
    re.DOTALL,
)


class Place(NamedTuple):
    """A breakpoint as it was written; ``path`` is absolute, ``line`` counts from 1."""

    path: str
    line: int
    condition: str = ""
    hit: str = ""
    log: str = ""

    def request(self) -> dict[str, Any]:
        """The same as an entry of DAP's ``setBreakpoints``."""
        fields: dict[str, Any] = {"line": self.line}
        for name, text in (
            ("condition", self.condition),
            ("hitCondition", self.hit),
            ("logMessage", self.log),
        ):
            if text:
                fields[name] = text
        return fields

    def __str__(self) -> str:
        """The place alone, short, as messages show it."""
        return f"{os.path.basename(self.path)}:{self.line}"


def read(text: str, current: str) -> Place:
    """Read one; a bare line stands in the file ``current``, names are also looked for beside it.

    Raises:
        UsageError: it has no such form, or the file is not there; names the part.
    """
    whole = _HERE.fullmatch(text.strip()) or _THERE.fullmatch(text.strip())
    if whole is None:
        raise UsageError(f"{text!r} is no place for a breakpoint", f"write {FORM}")
    path = _path(whole["file"], current)
    line = int(whole["line"])
    if line < 1:
        raise UsageError(f"line {line} is no line", "they count from 1")
    rest = _REST.fullmatch(whole["rest"] or "")
    assert rest is not None  # its first part takes anything
    return Place(path, line, rest["condition"].strip(), rest["hit"] or "", rest["log"] or "")


def _path(name: str, current: str) -> str:
    if not name:
        if not current:
            raise UsageError("which file?", "write FILE:LINE")
        return current
    for folder in ("", os.path.dirname(current)):
        path = os.path.join(folder, os.path.expanduser(name))
        if os.path.isfile(path):
            return canonical(path)
    raise UsageError(f"there is no file {name}", f"write {FORM}")

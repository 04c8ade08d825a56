"""What luacheck's words mean here: its patterns of warnings, and its ``-- luacheck:`` comments.

A wish holds for the line of its comment where code stands there too, else from the comment to the
end of the function around it, or to ``pop``. What cannot be read asks for nothing.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

from tidelock.shared.language.annotations import comments_around
from tidelock.shared.language.checks.codes import NAMED
from tidelock.shared.syntax.tree import FunctionBody

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from tidelock.shared.syntax.tree import Tree

STANDARDS: Mapping[str, tuple[str, ...]] = {
    "busted": ("describe", "insulate", "expose", "it", "pending", "before_each", "after_each",
               "lazy_setup", "lazy_teardown", "strict_setup", "strict_teardown", "setup",
               "teardown", "context", "spec", "test", "assert", "finally", "mock", "spy", "stub"),
    "love": ("love",),
    "ngx_lua": ("ngx", "ndk"),
    "playdate": ("playdate", "json", "import", "kTextAlignment"),
}  # fmt: skip
"""Sets of globals by the name that ``std`` gives them."""

SWITCHES: Mapping[str, tuple[str, ...]] = {
    "unused": ("2", "3"),
    "unused args": ("212",),
    "redefined": ("4",),
    "global": ("1",),
}
"""Options that are on, by the patterns of what is not told without them."""

_GLOBALS = ("globals", "read globals", "new globals", "new read globals")
_GLOBAL = "1"
_COMMENT = re.compile(r"--(?:\[=*\[)?[ \t]*luacheck:([^\r\n]*)")
_REMARK = re.compile(r"\([^)]*\)?|\]=*\]\Z")
_MOST = 10_000


class Wish(NamedTuple):
    """A code that is not shown on some lines, from 0; only for a ``name``, if it is not empty."""

    first: int
    last: int
    code: str
    name: str


def hidden(patterns: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Our codes that patterns mean, each with a regular expression for names.

    They are ``CODE``, ``CODE/NAME`` or ``NAME``: Lua patterns, of a code for its beginning, of a
    name for all of it, unless it has an anchor.
    """
    for pattern in patterns:
        code, slash, name = pattern.partition("/")
        if not slash and not code[:1].isdigit():
            code, name = "", pattern
        form, numbers = name.replace("%", "\\"), code.replace("%", "\\")
        if not is_pattern(form) or not is_pattern(numbers):
            continue
        is_anchored = form.startswith("^") or form.endswith("$")
        whole = form if is_anchored else rf"\A(?:{form})\Z"
        meant = [one for one in NAMED if one.isdecimal() and re.match(numbers, one)]
        for ours in sorted({one for number in meant for one in NAMED[number]}):
            yield ours, whole if form else ""


def is_pattern(text: str) -> bool:
    """Whether it is a regular expression."""
    try:
        re.compile(text)
    except re.error:
        return False
    return True


def wishes(tree: Tree) -> list[Wish]:
    """What the comments of a text ask not to see."""
    text, lines = tree.text, tree.lines
    found: list[Wish] = []
    marks: list[int] = []
    place = text.find("luacheck:")
    while place >= 0:
        for start, end in comments_around(tree, place):
            read = _COMMENT.match(text, start, end) if start < place < end else None
            if read is None or len(found) > _MOST:
                continue
            line = lines.line_of(start)
            last = line
            if not _has_code(tree, line, start, end):
                last = _end(tree, start)
            for words in _REMARK.sub("", read[1].strip()).split(","):
                option = words.split()
                if option[:1] == ["push"]:  # alone, or before an option
                    marks.append(len(found))
                    option = option[1:]
                if option == ["pop"]:
                    since = marks.pop() if marks else len(found)
                    found[since:] = [
                        one._replace(last=min(one.last, line)) for one in found[since:]
                    ]
                else:
                    found += (Wish(line, last, code, name) for code, name in _meant(option))
        place = text.find("luacheck:", place + 1)
    return found


def _meant(option: list[str]) -> Iterator[tuple[str, str]]:
    """The codes, each with a form of names, that an option hides; an empty code for every one."""
    words = " ".join(option)
    if option[:1] == ["ignore"]:
        yield from hidden(option[1:]) if option[1:] else (("", ""),)
    elif option[:1] == ["std"]:
        names = (name for one in option[1:] for part in one.split("+")
                 for name in STANDARDS.get(part, ()))  # fmt: skip
        yield from hidden(f"{_GLOBAL}/{re.escape(name)}" for name in names)
    elif words.startswith("no ") and words.removeprefix("no ") in SWITCHES:
        yield from hidden(SWITCHES[words.removeprefix("no ")])
    for head in _GLOBALS:
        if words.startswith(f"{head} "):
            names = (one.partition(".")[0] for one in words.removeprefix(f"{head} ").split())
            yield from hidden(f"{_GLOBAL}/{re.escape(name)}" for name in names)


def _has_code(tree: Tree, line: int, start: int, end: int) -> bool:
    """Whether anything but the comment from ``start`` to ``end`` stands on its first line."""
    first, last = tree.lines.span(line)
    return bool(tree.text[first:start].strip() or tree.text[min(end, last) : last].strip())


def _end(tree: Tree, offset: int) -> int:
    """The last line of the function around an offset, or of the text."""
    inner = [one for one in tree.path(offset) if isinstance(one, FunctionBody)]
    return tree.lines.line_of(inner[-1].end) if inner else len(tree.lines)

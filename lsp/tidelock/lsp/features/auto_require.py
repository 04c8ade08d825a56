"""Modules that a text does not require yet: proposed by their names, with the line that does.

What the modules hold is not looked at, and nothing is written but by the client, with the choice.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from tidelock.shared.language.checks.mending import Edit, Fix
from tidelock.shared.language.completion import Item
from tidelock.shared.language.index.summary import requires
from tidelock.shared.language.scopes import resolve
from tidelock.shared.syntax.tokens import STRING
from tidelock.shared.syntax.tree import Call, Local, Name

if TYPE_CHECKING:
    from tidelock.lsp.documents import Document
    from tidelock.shared.language.index.space import Space
    from tidelock.shared.language.targets import Target
    from tidelock.shared.syntax.tree import Tree

_MOST = 30


class Line(NamedTuple):
    """Where the line of a new module goes, and what stands around the module's two names."""

    offset: int
    before: str
    between: str
    after: str

    def text(self, local: str, module: str) -> str:
        """The line for a module that is kept in a local."""
        return f"{self.before}{local}{self.between}{module}{self.after}"


def auto_require(document: Document, wanted: Target, space: Space) -> Iterator[Item]:
    """The modules whose last name begins with what is typed, one letter of it at least."""
    found = space.modules(wanted.prefix, document.path) if wanted.prefix else ()
    line: Line | None = None
    known: set[str] = set()
    number = 0
    for local, path in found:
        if line is None:
            line = _line(document.tree, wanted.start)
            asked = requires(document.tree)
            known = {space.find(one.name, document.search) for one in asked}
        module = "" if path in known else space.name_of(path, document.search)
        if not module:
            continue
        text = line.text(local, module)
        sort, detail = f"6{number:04d}", text.strip().partition(" = ")[2]
        item = Item(local, "module", detail, "", "static", sort, local, wanted.start)
        if line.offset == wanted.start:  # two edits of one place would have no order
            yield item._replace(insert=text + local)
        else:
            yield item._replace(beside=(line.offset, text))
        number += 1
        if number == _MOST:
            return


def required(document: Document, name: str, start: int, space: Space) -> Iterator[Fix]:
    """The lines that would give a name its module, for a use of it that begins at an offset."""
    line = _line(document.tree, start)
    for local, path in space.modules(name, document.path):
        module = space.name_of(path, document.search) if local == name else ""
        if module:
            edit = Edit(line.offset, line.offset, line.text(local, module))
            yield Fix(f"require '{module}'", (edit,))


def _line(tree: Tree, start: int) -> Line:
    """Behind the first lines that require modules, and as they are written; else at the top."""
    end = "\r\n" if "\r\n" in tree.text[:10_000] else "\n"
    last: Call | None = None
    unit = -1
    for use in resolve(tree).global_uses("require"):
        if use.start >= start:
            break
        here = tree.unit_at(use.start)
        call = _kept(tree, use.start)
        if call is not None and (last is None or here == unit + 1):
            last, unit = call, here
        elif last is not None:
            break
    line = tree.lines.line_of(start)
    if last is not None and tree.lines.line_of(last.end) < line:
        place = tree.lines.span(tree.lines.line_of(last.end))[1]
        return Line(place, f"{end}local ", *_manner(tree, last))
    return Line(_top(tree, start), "local ", ' = require("', f'"){end}')


def _kept(tree: Tree, start: int) -> Call | None:
    """The call at an offset, where a ``local`` of the main chunk holds what it gives."""
    path = tree.path(start)
    held = path[1] if len(path) > 1 else None
    if not isinstance(held, Local) or len(held.values) != 1:
        return None
    value = held.values[0]
    is_plain = isinstance(value, Call) and isinstance(value.function, Name)
    return value if isinstance(value, Call) and is_plain and value.function.start == start else None


def _manner(tree: Tree, call: Call) -> tuple[str, str]:
    """What a call of ``require`` has around the module's name: brackets, space and quotes."""
    index = bisect_left(tree.tokens.starts, call.function.end)
    while tree.tokens.kinds[index] == "(":
        index += 1
    string = tree.tokens.texts[index]
    if tree.tokens.kinds[index] != STRING or string[0] not in "\"'":
        return ' = require("', '")'
    before = tree.text[call.function.start : tree.tokens.starts[index] + 1]
    return f" = {before}", string[0] + tree.text[tree.tokens.ends[index] : call.end]


def _top(tree: Tree, start: int) -> int:
    """The line of the first statement, above the annotations that belong to it."""
    begins = tree.begins
    lines = tree.lines
    line = lines.line_of(min(begins[0], start) if len(begins) else start)
    while line and lines.line_text(line - 1).lstrip().startswith("---"):
        line -= 1
    return lines.span(line)[0]

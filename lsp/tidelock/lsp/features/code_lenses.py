"""What can be run: the text, its module again, its cells; and where its functions are used."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, NamedTuple

from tidelock.lsp.reloads import is_changed
from tidelock.shared.language.sections import cells
from tidelock.shared.language.symbols import outline

if TYPE_CHECKING:
    from tidelock.lsp.documents import Document
    from tidelock.lsp.moment import View
    from tidelock.shared.language.symbols import Outline


class Lens(NamedTuple):
    """A stretch of the text and the command for it; ``is_part`` if it is not all of the text.

    Without a command it is about the uses of the function whose name begins at ``start``.
    """

    start: int
    end: int
    title: str
    command: str
    is_part: bool = False


def code_lenses(
    document: Document,
    view: View,
    *,
    is_wanted: bool = True,
    is_loaded_wanted: bool = True,
    are_references_wanted: bool = False,
) -> list[Lens]:
    """Run and debug the text, reload it where it is a loaded module, run each of its cells.

    Where ``are_references_wanted`` its functions have a lens each, to be counted later.
    """
    text = document.text
    found: list[Lens] = []
    if are_references_wanted:
        found += [Lens(*span, "", "") for span in _functions(outline(document.tree))]
    modules = [one for one in view.moment.loaded if one.path == document.path]
    if is_loaded_wanted and modules:
        title = "Reload (changed since loaded)" if any(map(is_changed, modules)) else "Reload"
        found.append(Lens(0, 0, title, "tidelock.reload"))
    if not is_wanted or not text.strip():
        return found
    found[:0] = [
        Lens(0, 0, "Run", "tidelock.run"),
        Lens(0, 0, "Debug", "tidelock.debug"),
    ]
    for one in cells(text):
        found.append(Lens(one.start, one.end, "Run cell", "tidelock.run", is_part=True))
    return found


def _functions(entries: Iterable[Outline]) -> Iterator[tuple[int, int]]:
    """Where the names of the functions of a text stand."""
    for one in entries:
        if one.kind in ("function", "method"):
            yield one.name_start, one.name_end
        yield from _functions(one.children)

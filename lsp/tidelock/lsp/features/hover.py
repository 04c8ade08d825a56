"""What stands under the cursor, with the value it has in the running program."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tidelock.lsp.features import observed
from tidelock.lsp.reloads import is_changed
from tidelock.shared.language import hover as language
from tidelock.shared.language.index.links import required

if TYPE_CHECKING:
    from tidelock.lsp.documents import Document
    from tidelock.lsp.moment import View
    from tidelock.shared.language.index.space import Space


def hover(
    document: Document,
    offset: int,
    view: View,
    space: Space,
    *,
    values: bool = True,
    max_fields: int = 20,
) -> language.Hover | None:
    """What there is to say about an offset; None where nothing stands that has a meaning.

    With ``values`` the running program is asked too. Tables and classes show ``max_fields``.
    """
    tree, uri = document.tree, document.uri
    symbol = language.symbol_path(tree, offset) if values else None
    facts = observed.value(document, symbol, view) if symbol else None
    found = language.hover(
        tree, offset, observed.shown(facts), types=space.types, uri=uri, max_fields=max_fields
    )
    module = required(tree, offset) if found is not None else None
    if found is None or module is None:
        return found
    path = space.find(module.value, document.search)
    told = [path] if path else []
    if values:
        told += _version(module.value, path, view)
    return found._replace(facts=(*found.facts, *told))


def _version(name: str, path: str, view: View) -> list[str]:
    """Which version of a module the program has loaded; nothing for one that it has not."""
    if name not in view.moment.modules:
        return []
    loaded = next((one for one in view.moment.loaded if one.name == name), None)
    words = "loaded"
    if loaded is not None and path and loaded.path != path:
        words = f"loaded from {loaded.path}"
    if loaded is not None:
        words += "; file changed since" if is_changed(loaded) else ", as the file is now"
    return [f"{view.label(view.moment.state)}: {words}"]

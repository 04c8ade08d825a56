"""Where something is used, in all the texts of the workspace."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from tidelock.shared.language.index import links, mentioned
from tidelock.shared.language.modules import Module

if TYPE_CHECKING:
    from tidelock.lsp.documents import Document
    from tidelock.shared.language.index.links import Link
    from tidelock.shared.language.index.space import Space


def references(
    document: Document,
    offset: int,
    space: Space,
    *,
    declaration: bool = True,
    nested: Sequence[Space] = (),
) -> list[Link]:
    """The uses of what stands at an offset, its declarations with them if wanted.

    Those in ``nested`` workspaces, which hold that of the text or lie in it, are among them.
    """
    module = Module(document.uri, document.tree)
    found = mentioned.references(space, module, offset, declaration=declaration, nested=nested)
    if found is None:
        found = links.references(space, module, offset, declaration=declaration, nested=nested)
    return found

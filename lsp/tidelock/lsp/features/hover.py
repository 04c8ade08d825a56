"""What stands under the cursor, with the value it has in the running program."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tidelock.lsp.features import observed
from tidelock.shared.language import hover as language

if TYPE_CHECKING:
    from tidelock.lsp.documents import Document
    from tidelock.lsp.moment import View


def hover(document: Document, offset: int, view: View) -> language.Hover | None:
    """What there is to say about an offset; None where nothing stands that has a meaning."""
    symbol = language.symbol_path(document.tree, offset)
    facts = observed.value(document, symbol, view) if symbol else None
    return language.hover(document.tree, offset, observed.shown(facts))

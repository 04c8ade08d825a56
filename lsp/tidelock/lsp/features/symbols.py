"""The outline of a text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tidelock.shared.language.symbols import Outline, outline

if TYPE_CHECKING:
    from tidelock.lsp.documents import Document


def symbols(document: Document) -> tuple[Outline, ...]:
    """Functions, methods, tables and the variables of the main chunk, also of broken text."""
    return outline(document.tree)

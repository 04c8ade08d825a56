"""Whether and what would be renamed at a place."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tidelock.lsp.features.rename import Subject, subject

if TYPE_CHECKING:
    from tidelock.lsp.documents import Document
    from tidelock.shared.language.index.space import Space


def prepare_rename(document: Document, offset: int, space: Space) -> Subject | None:
    """What would be renamed; None where no name stands, ``CannotRename`` for one that stays."""
    return subject(document, offset, space)

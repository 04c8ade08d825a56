"""The names of a workspace, found by a few of their letters."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from tidelock.shared.language.index.finding import Hit, find

if TYPE_CHECKING:
    from tidelock.shared.language.index.space import Space


def workspace_symbols(spaces: Sequence[Space], query: str) -> list[Hit]:
    """At most 500 symbols whose names have these letters in this order."""
    return find(spaces, query)

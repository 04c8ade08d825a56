"""The newest lists of proposals, so that more can be said of what stands in them.

A list is kept with the text as it was: what is typed behind it changes nothing in what it says.
"""

from __future__ import annotations

import itertools
import threading
from typing import TYPE_CHECKING, NamedTuple, final

if TYPE_CHECKING:
    from tidelock.lsp.documents import Document
    from tidelock.lsp.features.completion import Completed
    from tidelock.shared.language.index.space import Space

_MOST = 2


class Listed(NamedTuple):
    """A list, and what it was made from."""

    document: Document
    space: Space
    found: Completed


@final
class Proposals:
    """The last two lists by their numbers; from any thread."""

    def __init__(self) -> None:
        self._lists: dict[int, Listed] = {}
        self._numbers = itertools.count(1)
        self._lock = threading.Lock()

    def keep(self, document: Document, space: Space, found: Completed) -> Completed:
        """Keep a list that is sent; the same with its number."""
        with self._lock:
            number = next(self._numbers)
            made = found._replace(number=number)
            self._lists[number] = Listed(document, space, made)
            while len(self._lists) > _MOST:
                del self._lists[min(self._lists)]
        return made

    def get(self, number: int, index: int) -> Listed | None:
        """A list; None when it is gone, or has no proposal at an index."""
        with self._lock:
            found = self._lists.get(number)
        return found if found is not None and 0 <= index < len(found.found.items) else None

    def forget(self, uri: str) -> None:
        """The text is closed."""
        with self._lock:
            for number, one in list(self._lists.items()):
                if one.document.uri == uri:
                    del self._lists[number]

"""The converter's part for requests that show a text in further ways; it changes nothing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from lsprotocol import types

from tidelock.lsp.convert import Asked, Json, Manner, asked_at, place_of, range_of, structured

if TYPE_CHECKING:
    from tidelock.lsp.documents import Document
    from tidelock.lsp.features.highlights import Highlight

Decoder = Callable[[Json], Asked]


def placed(kind: type[Any]) -> Decoder:
    """The decoder of params with a document and a position."""
    return lambda params: asked_at(params, kind)[0]


def whole(kind: type[Any]) -> Decoder:
    """The decoder of params with a document and nothing else that counts."""
    return lambda params: Asked(structured(params, kind).text_document.uri)


def ranged(kind: type[Any]) -> Decoder:
    """The decoder of params with a document and a range."""

    def decode(params: Json) -> Asked:
        read = structured(params, kind)
        return Asked(read.text_document.uri, (place_of(read.range.start), place_of(read.range.end)))

    return decode


_HIGHLIGHTS = {
    "text": types.DocumentHighlightKind.Text,
    "read": types.DocumentHighlightKind.Read,
    "write": types.DocumentHighlightKind.Write,
}

highlight: Decoder = placed(types.DocumentHighlightParams)


def highlight_list(
    found: Sequence[Highlight], document: Document, manner: Manner
) -> list[types.DocumentHighlight] | None:
    """Stretches of the text; null for none."""
    lines, encoding = document.lines, manner.encoding
    return [
        types.DocumentHighlight(
            range_of(lines, one.start, one.end, encoding), _HIGHLIGHTS[one.kind]
        )
        for one in found
    ] or None

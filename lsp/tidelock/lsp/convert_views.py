"""The converter's part for requests that show a text in further ways; it changes nothing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from lsprotocol import types

from tidelock.lsp.convert import (
    Asked,
    asked_at,
    place_of,
    plain,
    position_of,
    range_of,
    structured,
)
from tidelock.lsp.manner import Json, Manner
from tidelock.lsp.sent import MODIFIERS, TYPES, Sent, difference
from tidelock.shared.errors import BadRequest
from tidelock.shared.positions import Place, units

if TYPE_CHECKING:
    from tidelock.lsp.documents import Document
    from tidelock.lsp.features.call_hierarchy import Callee
    from tidelock.lsp.features.code_lenses import Lens
    from tidelock.lsp.features.document_links import FileLink
    from tidelock.lsp.features.folding import Fold
    from tidelock.lsp.features.highlights import Highlight
    from tidelock.lsp.features.hints import Hint
    from tidelock.lsp.features.inline_values import InlineValue
    from tidelock.lsp.features.lens_references import Counted
    from tidelock.lsp.features.selection import Span
    from tidelock.lsp.features.semantic_tokens import SemanticToken
    from tidelock.lsp.features.type_hierarchy import ClassItem
    from tidelock.shared.language.index.links import Link

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


# -- folding and selecting ---------------------------------------------------------------------

folding: Decoder = whole(types.FoldingRangeParams)

_FOLDS = {
    "": None,
    "comment": types.FoldingRangeKind.Comment,
    "imports": types.FoldingRangeKind.Imports,
    "region": types.FoldingRangeKind.Region,
}


def folding_ranges(
    found: Sequence[Fold], document: Document, manner: Manner
) -> list[types.FoldingRange]:
    """Whole lines, at most as many as the client takes."""
    most = manner.fold_limit or len(found)
    return [
        types.FoldingRange(first, last, kind=_FOLDS[kind]) for first, last, kind in found[:most]
    ]


def selection(params: Json) -> Asked:
    """``textDocument/selectionRange``."""
    read = structured(params, types.SelectionRangeParams)
    return Asked(read.text_document.uri, tuple(place_of(one) for one in read.positions))


def selection_ranges(
    found: Sequence[Sequence[Span]], document: Document, manner: Manner
) -> list[types.SelectionRange]:
    """For each position the smallest range, with those around it."""
    made = []
    for spans in found:
        outer: types.SelectionRange | None = None
        for start, end in reversed(spans):
            span = range_of(document.lines, start, end, manner.encoding)
            outer = types.SelectionRange(span, outer)
        assert outer is not None  # the whole text at least
        made.append(outer)
    return made


# -- semantic tokens ---------------------------------------------------------------------------

TOKENS = types.SemanticTokensOptions(
    legend=types.SemanticTokensLegend(list(TYPES), list(MODIFIERS)),
    range=True,
    full=types.SemanticTokensFullDelta(delta=True),
)
_TYPE_NUMBERS = {name: number for number, name in enumerate(TYPES)}
_MODIFIER_BITS = {name: 1 << number for number, name in enumerate(MODIFIERS)}

_WHOLE = Place(0, 0), Place(2**31 - 1, 0)  # to the end, wherever that is


def tokens(params: Json) -> Asked:
    """``textDocument/semanticTokens/full``."""
    return Asked(structured(params, types.SemanticTokensParams).text_document.uri, _WHOLE)


tokens_range: Decoder = ranged(types.SemanticTokensRangeParams)


def tokens_delta(params: Json) -> Asked:
    """``textDocument/semanticTokens/full/delta``."""
    read = structured(params, types.SemanticTokensDeltaParams)
    return Asked(read.text_document.uri, _WHOLE, previous=read.previous_result_id)


def token_data(
    found: Sequence[SemanticToken], document: Document, manner: Manner
) -> types.SemanticTokens:
    """Five numbers for each word, its place counted from the one before; one line at a time."""
    text, lines, encoding = document.text, document.lines, manner.encoding
    starts = [*lines.starts, len(text)]
    is_ascii = encoding == "utf-32" or text.isascii()
    data: list[int] = []
    line = last_line = last_column = 0
    known, is_plain = -1, is_ascii
    bits: dict[frozenset[str], int] = {}
    for start, end, kind, ways in found:
        if ways not in bits:
            bits[ways] = sum(_MODIFIER_BITS[one] for one in ways)
        while line + 2 < len(starts) and starts[line + 1] <= start:
            line += 1
        while True:
            is_last = end <= starts[line + 1]
            stop = end if is_last else lines.span(line)[1]
            if start < stop:
                before = starts[line]
                if not is_ascii and line != known:
                    known, is_plain = line, text[before : starts[line + 1]].isascii()
                column = start - before if is_plain else units(text[before:start], encoding)
                size = stop - start if is_plain else units(text[start:stop], encoding)
                step = column - last_column if line == last_line else column
                data += (line - last_line, step, size, _TYPE_NUMBERS[kind], bits[ways])
                last_line, last_column = line, column
            if is_last:
                break
            line += 1
            start = starts[line]
    return types.SemanticTokens(data)


def full_tokens(
    sent: Sent, document: Document, asked: Asked, found: types.SemanticTokens
) -> types.SemanticTokens:
    """All of them, under an id by which the next answer can be a difference."""
    now, _ = sent.exchange(document.uri, list(found.data))
    return types.SemanticTokens(now.data, now.id)


def changed_tokens(
    sent: Sent, document: Document, asked: Asked, found: types.SemanticTokens
) -> types.SemanticTokens | types.SemanticTokensDelta:
    """What has changed since the answer that the client names, or everything."""
    now, before = sent.exchange(document.uri, list(found.data))
    if before.id != asked.previous:
        return types.SemanticTokens(now.data, now.id)
    start, gone, come = difference(before.data, now.data)
    edits = [types.SemanticTokensEdit(start, gone, come)] if gone or come else []
    return types.SemanticTokensDelta(edits, now.id)


# -- words beside the text ---------------------------------------------------------------------

LENSES = types.CodeLensOptions(resolve_provider=True)
LINKS = types.DocumentLinkOptions()

hints: Decoder = ranged(types.InlayHintParams)
links: Decoder = whole(types.DocumentLinkParams)
lenses: Decoder = whole(types.CodeLensParams)


_HINT_KINDS = {
    "parameter": types.InlayHintKind.Parameter,
    "type": types.InlayHintKind.Type,
}


def hint_list(
    found: Sequence[Hint], document: Document, manner: Manner
) -> list[types.InlayHint] | None:
    """Words beside the text; values only where the client has no other way; null for none."""
    return [
        types.InlayHint(
            position_of(document.lines, one.offset, manner.encoding),
            one.text,
            _HINT_KINDS.get(one.kind),
            tooltip=one.origin or None,
            padding_left=one.kind in ("end", "value"),
            padding_right=one.kind == "parameter",
        )
        for one in found
        if not (one.is_fallback and manner.inline_values)
    ] or None


def link_list(
    found: Sequence[FileLink], document: Document, manner: Manner
) -> list[types.DocumentLink] | None:
    """Links to files; null for none."""
    return [
        types.DocumentLink(range_of(document.lines, start, end, manner.encoding), target)
        for start, end, target in found
    ] or None


def inline_values(params: Json) -> Asked:
    """``textDocument/inlineValue``."""
    read = structured(params, types.InlineValueParams)
    places = place_of(read.range.start), place_of(read.range.end)
    return Asked(read.text_document.uri, places, {"frame": read.context.frame_id})


def inline_value_list(
    found: Sequence[InlineValue], document: Document, manner: Manner
) -> list[types.InlineValueText] | None:
    """Values as text; null for none."""
    return [
        types.InlineValueText(range_of(document.lines, start, end, manner.encoding), text)
        for start, end, text in found
    ] or None


def lens_list(
    found: Sequence[Lens], document: Document, manner: Manner
) -> list[types.CodeLens] | None:
    """Commands for stretches; to debug only where the client starts the debugger when asked to."""
    made = []
    for one in found:
        if one.command == "tidelock.debug" and not manner.starts_debugging:
            continue
        span = range_of(document.lines, one.start, one.end, manner.encoding)
        if not one.command:
            made.append(types.CodeLens(span, data={"uri": document.uri}))
            continue
        argument: dict[str, Json] = {"uri": document.uri}
        if one.is_part:
            argument["range"] = plain(span)
        head = types.Range(span.start, span.start)
        command = types.Command(one.title, one.command, arguments=[argument])
        made.append(types.CodeLens(head, command))
    return made or None


def lens(params: Json) -> Asked:
    """``codeLens/resolve``: the text of a lens that was given before, and where it begins."""
    read = structured(params, types.CodeLens)
    uri = read.data.get("uri") if isinstance(read.data, dict) else None
    if not isinstance(uri, str):
        raise BadRequest("a lens that is not ours")
    return Asked(uri, (place_of(read.range.start), place_of(read.range.end)))


def counted_lens(found: Counted, document: Document, manner: Manner) -> types.CodeLens:
    """The lens with its words; no client has to know a command for it."""
    span = range_of(document.lines, found.start, found.end, manner.encoding)
    words = f"{found.uses} reference{'' if found.uses == 1 else 's'}"
    return types.CodeLens(span, types.Command(words, ""))


# -- what "run what stands here" means ---------------------------------------------------------

OURS = {"tidelock": {"statementRange": True}}
statement_range: Decoder = placed(types.TextDocumentPositionParams)


def span(found: Span | None, document: Document, manner: Manner) -> types.Range | None:
    """A stretch of the text; null for none."""
    return None if found is None else range_of(document.lines, *found, manner.encoding)


# -- calls -------------------------------------------------------------------------------------

declaration: Decoder = placed(types.DeclarationParams)
type_definition: Decoder = placed(types.TypeDefinitionParams)
implementation: Decoder = placed(types.ImplementationParams)
call_hierarchy: Decoder = placed(types.CallHierarchyPrepareParams)


def _of_item(kind: type[Any]) -> Decoder:
    """The decoder of params with an item that was given before: the place of its name."""

    def decode(params: Json) -> Asked:
        item = structured(params, kind).item
        return Asked(item.uri, (place_of(item.selection_range.start),))

    return decode


incoming: Decoder = _of_item(types.CallHierarchyIncomingCallsParams)
outgoing: Decoder = _of_item(types.CallHierarchyOutgoingCallsParams)


def call_items(
    found: Sequence[Callee], document: Document, manner: Manner
) -> list[types.CallHierarchyItem] | None:
    """Functions; null for none."""
    return [_item(one, manner) for one in found] or None


def _item(one: Callee, manner: Manner) -> types.CallHierarchyItem:
    encoding = manner.encoding
    is_text = one.name_end == 0
    return types.CallHierarchyItem(
        name=one.name,
        kind=types.SymbolKind.File if is_text else types.SymbolKind.Function,
        uri=one.uri,
        range=range_of(one.lines, one.start, one.end, encoding),
        selection_range=range_of(one.lines, one.name_start, one.name_end, encoding),
    )


def incoming_calls(
    found: Sequence[tuple[Callee, Sequence[Link]]], document: Document, manner: Manner
) -> list[types.CallHierarchyIncomingCall] | None:
    """Callers with the places of their calls; null for none."""
    return [
        types.CallHierarchyIncomingCall(_item(one, manner), _ranges(places, manner))
        for one, places in found
    ] or None


def outgoing_calls(
    found: Sequence[tuple[Callee, Sequence[Link]]], document: Document, manner: Manner
) -> list[types.CallHierarchyOutgoingCall] | None:
    """What is called, with the places of the calls; null for none."""
    return [
        types.CallHierarchyOutgoingCall(_item(one, manner), _ranges(places, manner))
        for one, places in found
    ] or None


def _ranges(places: Sequence[Link], manner: Manner) -> list[types.Range]:
    return [range_of(one.lines, one.start, one.end, manner.encoding) for one in places]


type_hierarchy: Decoder = placed(types.TypeHierarchyPrepareParams)
supertypes: Decoder = _of_item(types.TypeHierarchySupertypesParams)
subtypes: Decoder = _of_item(types.TypeHierarchySubtypesParams)


def class_items(
    found: Sequence[ClassItem], document: Document, manner: Manner
) -> list[types.TypeHierarchyItem] | None:
    """Classes by the places of their names; null for none."""
    made = []
    for name, link in found:
        span = range_of(link.lines, link.start, link.end, manner.encoding)
        made.append(types.TypeHierarchyItem(name, types.SymbolKind.Class, link.uri, span, span))
    return made or None

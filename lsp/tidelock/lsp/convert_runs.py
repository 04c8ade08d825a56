"""The converter's part for what runs and reloads leave behind: problems of the texts that ran."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lsprotocol import types

from tidelock.lsp.convert import range_of
from tidelock.shared.sources import path_of_chunk, uri_of_path

if TYPE_CHECKING:
    from tidelock.lsp.documents import Document
    from tidelock.lsp.failures import Shown
    from tidelock.lsp.manner import Manner


def reload_refused(refused: Shown, document: Document, manner: Manner) -> types.Diagnostic:
    """Why the present text of a loaded module does not run."""
    return types.Diagnostic(
        range_of(document.lines, refused.start, refused.end, manner.encoding),
        refused.message,
        severity=types.DiagnosticSeverity.Error,
        code="reload-refused",
        source="tidelock",
    )


def runtime_error(failure: Shown, document: Document, manner: Manner) -> types.Diagnostic:
    """The error that ended a run, with its stack where the client shows it."""
    made = types.Diagnostic(
        range_of(document.lines, failure.start, failure.end, manner.encoding),
        failure.message,
        severity=types.DiagnosticSeverity.Error,
        code="runtime-error",
        source="lua",
    )
    if manner.related and failure.stack:
        made.related_information = []
        for one in failure.stack:
            start = types.Position(one.line - 1, 0)
            path = path_of_chunk(one.chunk)  # a cell's chunk is its URI
            uri = uri_of_path(path) if path else one.chunk
            place = types.Location(uri, types.Range(start, start))
            words = f"called from {one.name}" if one.name else "called from here"
            made.related_information.append(types.DiagnosticRelatedInformation(place, words))
    return made

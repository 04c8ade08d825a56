"""The converter's part for notebooks: their cells as texts of their own."""

from __future__ import annotations

from typing import NamedTuple

from lsprotocol import types

from tidelock.lsp.convert import Changed, Opened, changes_of, structured
from tidelock.lsp.manner import Json

_LANGUAGE = "lua"

SYNC = types.NotebookDocumentSyncOptions(
    [types.NotebookDocumentFilterWithCells([types.NotebookCellLanguage(_LANGUAGE)])]
)


class NotebookChange(NamedTuple):
    """What became of the cells of a notebook: some have come, some gone, some were edited."""

    notebook: str
    opened: list[Opened]
    closed: list[str]
    edited: list[Changed]


def opened(params: Json) -> NotebookChange:
    """``notebookDocument/didOpen``."""
    read = structured(params, types.DidOpenNotebookDocumentParams)
    return NotebookChange(read.notebook_document.uri, _cells(read.cell_text_documents), [], [])


def changed(params: Json) -> NotebookChange:
    """``notebookDocument/didChange``; places in the list of cells do not matter."""
    read = structured(params, types.DidChangeNotebookDocumentParams)
    made = NotebookChange(read.notebook_document.uri, [], [], [])
    cells = read.change.cells
    if cells is not None and cells.structure is not None:
        made.opened.extend(_cells(cells.structure.did_open or ()))
        made.closed.extend(one.uri for one in cells.structure.did_close or ())
    for one in (cells.text_content or ()) if cells is not None else ():
        document = one.document
        made.edited.append(Changed(document.uri, document.version, changes_of(one.changes)))
    return made


def closed(params: Json) -> NotebookChange:
    """``notebookDocument/didClose``."""
    read = structured(params, types.DidCloseNotebookDocumentParams)
    gone = [one.uri for one in read.cell_text_documents]
    return NotebookChange(read.notebook_document.uri, [], gone, [])


def _cells(found: Json) -> list[Opened]:
    return [Opened(one.uri, one.version, one.text) for one in found if one.language_id == _LANGUAGE]

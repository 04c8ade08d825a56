"""Notebooks: each cell is a text of its own, an input, and shares the globals of the others."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from .test_session import Editor, at

Json = dict[str, Any]
NOTEBOOK = "file:///w/page.ipynb"
CAN = {"notebookDocument": {"synchronization": {"dynamicRegistration": False}}}


def cell(number: int) -> str:
    return f"vscode-notebook-cell:/w/page.ipynb#W{number}"


def item(number: int, text: str, language: str = "lua") -> Json:
    return {"uri": cell(number), "languageId": language, "version": 1, "text": text}


@pytest.fixture
def editor() -> Iterator[Editor]:
    made = Editor()
    capabilities = made.ask("initialize", {"capabilities": CAN})["capabilities"]
    (selector,) = capabilities["notebookDocumentSync"]["notebookSelector"]
    assert selector["cells"] == [{"language": "lua"}]
    made.tell("initialized", {})
    cells = [item(1, "count = 1\nlocal own = 2"), item(2, "= count + nothing"), item(3, "x=", "py")]
    made.tell(
        "notebookDocument/didOpen",
        {
            "notebookDocument": {
                "uri": NOTEBOOK,
                "notebookType": "jupyter-notebook",
                "version": 1,
                "cells": [{"kind": 2, "document": one["uri"]} for one in cells],
            },
            "cellTextDocuments": cells,
        },
    )
    yield made
    made.session.close()


def change(editor: Editor, **cells: Any) -> None:
    notebook = {"uri": NOTEBOOK, "version": 2}
    params = {"notebookDocument": notebook, "change": {"cells": cells}}
    editor.tell("notebookDocument/didChange", params)


def told(editor: Editor, number: int, *messages: str) -> None:
    """A cell is told to have exactly these problems, by the words each begins with."""

    def fits(params: Json) -> bool:
        found = [one["message"] for one in params["diagnostics"]]
        return (
            params["uri"] == cell(number)
            and len(found) == len(messages)
            and all(one.startswith(words) for one, words in zip(found, messages, strict=True))
        )

    editor.published(fits)


def test_cells_share_globals_and_not_locals(editor: Editor) -> None:
    told(editor, 2, "'nothing' is not defined")
    change(
        editor,
        textContent=[
            {
                "document": {"uri": cell(2), "version": 2},
                "changes": [{"text": "print(count, own)\ncount"}],
            }
        ],
    )
    told(editor, 2, "'own' is not defined")
    found = editor.ask("textDocument/definition", at(1, 2, cell(2)))
    assert (found["uri"], found["range"]["start"]["line"]) == (cell(1), 0)
    assert "2" in editor.ask("textDocument/hover", at(1, 7, cell(1)))["contents"]["value"]


def test_cells_come_and_go(editor: Editor) -> None:
    told(editor, 2, "'nothing' is not defined")
    structure = {
        "array": {"start": 0, "deleteCount": 1, "cells": [{"kind": 2, "document": cell(4)}]},
        "didOpen": [item(4, "nothing = 1")],
        "didClose": [{"uri": cell(1)}],
    }
    change(editor, structure=structure)
    told(editor, 2, "'count' is not defined")
    told(editor, 1)
    assert editor.ask("textDocument/hover", at(0, 0, cell(1))) is None
    assert editor.ask("textDocument/hover", at(0, 0, cell(3))) is None
    gone = [{"uri": cell(2)}, {"uri": cell(4)}, {"uri": cell(9)}]
    params = {"notebookDocument": {"uri": NOTEBOOK}, "cellTextDocuments": gone}
    editor.tell("notebookDocument/didClose", params)
    assert editor.ask("textDocument/hover", at(0, 0, cell(4))) is None


def test_a_notebook_that_cannot_be_read_changes_nothing(editor: Editor) -> None:
    for params in (None, {}, {"notebookDocument": {"uri": NOTEBOOK}}):
        for name in ("didOpen", "didChange", "didSave", "didClose"):
            editor.tell(f"notebookDocument/{name}", params)
    assert editor.ask("textDocument/hover", at(0, 0, cell(1))) is not None


def test_a_client_without_notebooks_is_not_told_of_them() -> None:
    editor = Editor()
    assert (
        "notebookDocumentSync" not in editor.ask("initialize", {"capabilities": {}})["capabilities"]
    )
    editor.session.close()

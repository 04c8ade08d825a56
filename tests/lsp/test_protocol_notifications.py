"""Every notification that the server hears, sent by pytest-lsp over stdio, and what follows."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
import pytest_lsp
from lsprotocol import types

from kit.lsp_peer import EDITORS, Editor, server
from tidelock.lsp import routes

pytestmark = pytest.mark.asyncio(loop_scope="module")

_numbers = itertools.count()
UNDEFINED = "'pritn' is not defined; did you mean 'print'?"
NOTEBOOKS = types.NotebookDocumentClientCapabilities(
    synchronization=types.NotebookDocumentSyncClientCapabilities()
)


@pytest_lsp.fixture(config=server("--no-kernel"), scope="module")
async def editor(started: Editor) -> AsyncIterator[None]:
    capabilities = EDITORS["vscode"]()
    capabilities.notebook_document = NOTEBOOKS
    await started.begin(capabilities)
    told = await started.told("client/registerCapability")
    (registration,) = told["registrations"]
    assert registration["method"] == "workspace/didChangeWatchedFiles"
    yield
    assert await started.end() == 0
    started.tidy()


def fresh(editor: Editor) -> str:
    """The URI of a text of its own."""
    return (editor.work / f"text{next(_numbers)}.lua").as_uri()


async def is_served(editor: Editor) -> None:
    """A text is read and a question about it answered."""
    uri = fresh(editor)
    editor.open(uri, "local total = 7\nreturn total")
    place = {"textDocument": {"uri": uri}, "position": {"line": 1, "character": 8}}
    found = await editor.ask("textDocument/hover", place)
    assert "total" in found.contents.value
    assert "7" in found.contents.value


async def opening(editor: Editor) -> None:
    uri = fresh(editor)
    editor.open(uri, "pritn(1)")
    (shown,) = await editor.problems(uri, lambda found: found)
    assert (shown["message"], shown["code"]) == (UNDEFINED, "undefined-global")
    assert shown["range"] == {
        "start": {"line": 0, "character": 0},
        "end": {"line": 0, "character": 5},
    }


async def changing(editor: Editor) -> None:
    uri = fresh(editor)
    editor.open(uri, "pritn(1)")
    await editor.problems(uri, lambda found: found == [UNDEFINED])
    editor.change(uri, 2, "print(1)")
    await editor.problems(uri, lambda found: found == [])


async def closing(editor: Editor) -> None:
    uri = fresh(editor)
    editor.open(uri, "pritn(1)")
    await editor.problems(uri, lambda found: found == [UNDEFINED])
    editor.tell("textDocument/didClose", {"textDocument": {"uri": uri}})
    await editor.problems(uri, lambda found: found == [])


async def saving(editor: Editor) -> None:
    """A text that no program has loaded: its problems stay as they are."""
    uri = fresh(editor)
    editor.open(uri, "pritn(1)")
    editor.tell("textDocument/didSave", {"textDocument": {"uri": uri}})
    await editor.problems(uri, lambda found: found == [UNDEFINED])
    await is_served(editor)


def notebook(editor: Editor, *texts: str) -> tuple[str, list[str]]:
    """Open a notebook of these cells; its URI and theirs."""
    uri = fresh(editor).replace(".lua", ".ipynb")
    cells = [f"{uri.replace('file:', 'vscode-notebook-cell:')}#c{n}" for n in range(len(texts))]
    editor.tell(
        "notebookDocument/didOpen",
        {
            "notebookDocument": {
                "uri": uri,
                "notebookType": "jupyter-notebook",
                "version": 1,
                "cells": [{"kind": 2, "document": cell} for cell in cells],
            },
            "cellTextDocuments": [
                {"uri": cell, "languageId": "lua", "version": 1, "text": text}
                for cell, text in zip(cells, texts, strict=True)
            ],
        },
    )
    return uri, cells


async def opening_a_notebook(editor: Editor) -> None:
    _, cells = notebook(editor, "depth = 2", "print(depth, pritn)")
    await editor.problems(cells[1], lambda found: found == [UNDEFINED])
    place = {"textDocument": {"uri": cells[1]}, "position": {"line": 0, "character": 7}}
    found = await editor.ask("textDocument/definition", place)
    assert [one.target_uri for one in found] == [cells[0]]


async def changing_a_notebook(editor: Editor) -> None:
    uri, (cell,) = notebook(editor, "pritn(1)")
    await editor.problems(cell, lambda found: found == [UNDEFINED])
    text = {"document": {"uri": cell, "version": 2}, "changes": [{"text": "print(1)"}]}
    editor.tell(
        "notebookDocument/didChange",
        {
            "notebookDocument": {"uri": uri, "version": 2},
            "change": {"cells": {"textContent": [text]}},
        },
    )
    await editor.problems(cell, lambda found: found == [])


async def saving_a_notebook(editor: Editor) -> None:
    uri, (cell,) = notebook(editor, "pritn(1)")
    editor.tell("notebookDocument/didSave", {"notebookDocument": {"uri": uri}})
    await editor.problems(cell, lambda found: found == [UNDEFINED])


async def closing_a_notebook(editor: Editor) -> None:
    uri, (cell,) = notebook(editor, "pritn(1)")
    await editor.problems(cell, lambda found: found == [UNDEFINED])
    closed = {"notebookDocument": {"uri": uri}, "cellTextDocuments": [{"uri": cell}]}
    editor.tell("notebookDocument/didClose", closed)
    await editor.problems(cell, lambda found: found == [])


async def changing_files(editor: Editor) -> None:
    """A global that another file sets from now on is undefined no more."""
    uri = fresh(editor)
    editor.open(uri, "print(low_water)")
    await editor.problems(uri, lambda found: found == ["'low_water' is not defined"])
    other = editor.file(f"other{next(_numbers)}.lua", "low_water = 1")
    changed = {"changes": [{"uri": other, "type": 1}]}
    editor.tell("workspace/didChangeWatchedFiles", changed)
    await editor.problems(uri, lambda found: found == [])


async def configuring(editor: Editor) -> None:
    """The editor is asked, for what it pushes may be of no folder; what it says is in force."""
    uri = fresh(editor)
    editor.open(uri, "local unused = 1")
    await editor.problems(uri, lambda found: found)
    for wanted in ([], ["unused-local"]):
        disabled = [] if wanted else ["unused-local"]
        ours = {"lsp": {"diagnostics": {"disable": disabled}}}
        editor.set_configuration({"tidelock": ours}, scope_uri=editor.work.as_uri())
        editor.tell("workspace/didChangeConfiguration", {"settings": None})
        await editor.problems(uri, lambda found, wanted=wanted: len(found) == len(wanted))  # type: ignore[misc]
    await is_served(editor)


async def changing_folders(editor: Editor) -> None:
    """A text goes to the folder that is opened around it, and back."""
    near = editor.home / "near"
    near.mkdir()
    (near / "tidelock.toml").write_text("")
    (near / "tide.lua").write_text("spring_tide = 1")
    uri = (near / "text.lua").as_uri()
    editor.open(uri, "print(spring_tide)")
    await editor.problems(uri, lambda found: found == ["'spring_tide' is not defined"])
    folder = {"uri": near.as_uri(), "name": "near"}
    for event, wanted in (
        ({"added": [folder], "removed": []}, []),
        ({"added": [], "removed": [folder]}, ["'spring_tide' is not defined"]),
    ):
        editor.tell("workspace/didChangeWorkspaceFolders", {"event": event})
        await editor.problems(uri, lambda found, wanted=wanted: found == wanted)  # type: ignore[misc]
    await is_served(editor)


async def tracing(editor: Editor) -> None:
    told = {}
    for value in ("messages", "verbose", "off"):
        before = len(editor.heard)
        editor.tell("$/setTrace", {"value": value})
        await is_served(editor)
        new = [params for name, params in editor.heard[before:] if name == "$/logTrace"]
        told[value] = [(one.message, bool(one.verbose)) for one in new]
    words = "textDocument/hover was answered"
    assert told == {"messages": [(words, False)], "verbose": [(words, True)], "off": []}


async def cancelling(editor: Editor) -> None:
    """Of work that is done already."""
    editor.tell("window/workDoneProgress/cancel", {"token": "over"})
    await is_served(editor)


HEARD: dict[str, Callable[[Editor], Awaitable[None]]] = {
    "textDocument/didOpen": opening,
    "textDocument/didChange": changing,
    "textDocument/didClose": closing,
    "textDocument/didSave": saving,
    "notebookDocument/didOpen": opening_a_notebook,
    "notebookDocument/didChange": changing_a_notebook,
    "notebookDocument/didSave": saving_a_notebook,
    "notebookDocument/didClose": closing_a_notebook,
    "workspace/didChangeConfiguration": configuring,
    "workspace/didChangeWatchedFiles": changing_files,
    "workspace/didChangeWorkspaceFolders": changing_folders,
    "$/setTrace": tracing,
    "window/workDoneProgress/cancel": cancelling,
}


@pytest.mark.parametrize("method", [heard.method for heard in routes.NOTIFICATIONS])
async def test_a_notification(editor: Editor, method: str) -> None:
    before = len(editor.sent)
    await HEARD[method](editor)
    assert method in editor.sent[before:]

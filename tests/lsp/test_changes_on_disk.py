"""Files that change outside an editor which does not tell of it, over stdio."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_lsp

from kit.lsp_peer import EDITORS, Editor, plain, server

pytestmark = pytest.mark.asyncio(loop_scope="module")

READS = "print(before, after)\n"


@pytest_lsp.fixture(config=server("--no-kernel"), scope="module")
async def editor(started: Editor) -> AsyncIterator[None]:
    (started.work / "lib").mkdir()
    (started.work / "lib/tide.lua").write_text("before = 1\n")
    await started.begin(EDITORS["neovim"]())
    yield
    assert await started.end() == 0
    started.tidy()


async def undefined(editor: Editor, uri: str, *names: str) -> None:
    """These globals of a text are undefined before long."""
    wanted = [f"'{name}' is not defined" for name in names]
    await editor.problems(uri, lambda found: found == wanted)


def reading(editor: Editor, name: str) -> str:
    """Show a text that reads both globals; its URI."""
    uri = editor.file(name, READS)
    editor.open(uri, READS)
    return uri


def saved(editor: Editor, uri: str) -> None:
    editor.tell("textDocument/didSave", {"textDocument": {"uri": uri}})


async def places(editor: Editor, uri: str, character: int) -> list[str]:
    """Where a global of the text that reads both is defined: file names with lines."""
    position = {"line": 0, "character": character}
    found = plain(
        await editor.ask(
            "textDocument/definition", {"textDocument": {"uri": uri}, "position": position}
        )
    )
    listed = found if isinstance(found, list) else [found] if found else []
    ends = [
        (one.get("targetUri") or one["uri"], one.get("targetRange") or one["range"])
        for one in listed
    ]
    return [f"{Path(where).name}:{span['start']['line']}" for where, span in ends]


async def test_nobody_says_a_word(editor: Editor) -> None:
    uri = reading(editor, "main.lua")
    await undefined(editor, uri, "after")
    sent = len(editor.sent)
    (editor.work / "lib/tide.lua").write_text("-- moved down\nbefore, after = 1, 2\n")
    await undefined(editor, uri)
    assert editor.sent[sent:] == []
    assert await places(editor, uri, 7) == ["tide.lua:1"]
    (editor.work / "lib/tide.lua").unlink()
    saved(editor, uri)
    await undefined(editor, uri, "before", "after")
    (editor.work / "new/deep").mkdir(parents=True)
    (editor.work / "new/deep/tide.lua").write_text("after = 1\n")
    saved(editor, uri)
    await undefined(editor, uri, "before")
    assert await places(editor, uri, 15) == ["tide.lua:0"]


async def test_a_text_that_is_open_stays_as_it_is_shown(editor: Editor) -> None:
    uri = reading(editor, "reader.lua")
    shown = editor.file("shown.lua", "before = 1\n")
    editor.open(shown, "\n\nbefore = 2\n")
    await undefined(editor, uri)
    editor.file("shown.lua", "nothing_more = 1\n")
    editor.file("another.lua", "after_all = 1\n")
    saved(editor, uri)
    witness = editor.file("witness.lua", "print(after_all, nothing_more)\n")
    editor.open(witness, "print(after_all, nothing_more)\n")
    await undefined(editor, witness, "nothing_more")  # the look is over
    assert await places(editor, uri, 7) == ["shown.lua:2"]
    editor.change(shown, 2, "before, after_that = 2, 3\n")
    assert await places(editor, uri, 7) == ["shown.lua:0"]
    editor.tell("textDocument/didClose", {"textDocument": {"uri": shown}})
    await undefined(editor, uri, "before")


async def test_the_options_of_the_folder_are_read_again(editor: Editor) -> None:
    uri = editor.file("old.lua", "goto = unpack\n")
    editor.open(uri, "goto = unpack\n")
    await editor.problems(uri, len)
    editor.file("tidelock.toml", '[lua]\nversion = "5.1"\n')
    saved(editor, uri)
    await editor.problems(uri, lambda found: found == [])

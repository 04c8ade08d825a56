"""Two folders in one session over stdio: two Luas, two sets of options, two kernels."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_lsp

from kit.lsp_peer import EDITORS, Editor, server
from tidelock.lsp import messages

pytestmark = pytest.mark.asyncio(loop_scope="module")

OLD = '[lua]\nversion = "5.1"\n[lsp.diagnostics]\nseverity = { unused-local = "error" }\n'
SPLIT = "local half = 7 // 2\n"
"""Lua from 5.3 on."""


def other(editor: Editor) -> Path:
    return editor.home / "other"


@pytest_lsp.fixture(config=server("--set", "lsp.live.deadline_ms=1000"), scope="module")
async def editor(started: Editor) -> AsyncIterator[None]:
    for folder, text in ((started.work, ""), (other(started), OLD)):
        folder.mkdir(exist_ok=True)
        (folder / "tidelock.toml").write_text(text)
    (other(started) / "lib.lua").write_text("in_other = 1\n")
    result = await started.begin(EDITORS["vscode"](), other(started))
    announced = result.capabilities.workspace
    assert announced is not None
    assert announced.workspace_folders is not None
    assert announced.workspace_folders.change_notifications is True
    yield
    assert await started.end() == 0
    started.tidy()


def shown(editor: Editor, folder: Path, name: str, text: str) -> str:
    """Open a text in a folder; its URI."""
    uri = (folder / name).as_uri()
    editor.open(uri, text)
    return uri


async def codes(editor: Editor, uri: str, *wanted: str) -> list[dict[str, Any]]:
    """The problems of a text, once they are these."""

    def look() -> list[list[dict[str, Any]]] | None:
        told = [p for m, p in editor.heard if m == "textDocument/publishDiagnostics"]
        newest = next((p for p in reversed(told) if p.uri == uri), None)
        found = [] if newest is None else newest.diagnostics
        fits = newest is not None and tuple(one.code for one in found) == wanted
        return [found] if fits else None

    (found,) = await editor.until(look, f"{wanted} in {uri}")
    return list(found)


async def test_a_text_is_valid_in_one_only(editor: Editor) -> None:
    (new,) = await codes(editor, shown(editor, editor.work, "a.lua", SPLIT), "unused-local")
    assert new.severity == 4  # type: ignore[attr-defined]
    uri = shown(editor, other(editor), "a.lua", SPLIT)
    (problem,) = await codes(editor, uri, "wrong-version-syntax")
    assert "'/'" in problem.message  # type: ignore[attr-defined]
    editor.change(uri, 2, "local half = 7 / 2\n")
    (old,) = await codes(editor, uri, "unused-local")
    assert old.severity == 1  # type: ignore[attr-defined]


async def test_a_global_is_one_folders(editor: Editor) -> None:
    text = "print(in_other, nowhere)\n"
    await codes(editor, shown(editor, other(editor), "b.lua", text), "undefined-global")
    uri = shown(editor, editor.work, "b.lua", text)
    await codes(editor, uri, "undefined-global", "undefined-global")


async def tide(editor: Editor, folder: Path, name: str) -> None:
    """Have the program of a folder make a global that no text shows."""
    text = f"(loadstring or load)('{name} = _VERSION')()\n"
    run = shown(editor, folder, f"{name}.lua", text)
    begun = await editor.command("tidelock.run", {"uri": run})
    told = await editor.told(
        messages.EXECUTION_FINISHED, lambda told: told["execution"] == begun["execution"]
    )
    assert told["outcome"] == "ok", told


async def test_each_has_its_kernel(editor: Editor) -> None:
    texts = {}
    for folder, name in ((editor.work, "new_tide"), (other(editor), "old_tide")):
        texts[name] = shown(editor, folder, "c.lua", "print(new_tide, old_tide)\n")
        await codes(editor, texts[name], "undefined-global", "undefined-global")
        await tide(editor, folder, name)
    for name, uri in texts.items():
        (left,) = await codes(editor, uri, "undefined-global")
        assert name not in left.message  # type: ignore[attr-defined]
    statuses = [
        await editor.command("tidelock.status", *arguments)
        for arguments in ([], [{"uri": texts["old_tide"]}], [{"uri": other(editor).as_uri()}])
    ]
    assert [one["workspace"] for one in statuses] == [
        str(editor.work), str(other(editor)), str(other(editor)),
    ]  # fmt: skip
    assert [one["lua"].split(".")[:2] for one in statuses] == [
        ["Lua 5", "4"], ["Lua 5", "1"], ["Lua 5", "1"],
    ]  # fmt: skip
    assert len({one["kernelId"] for one in statuses}) == 2
    told = {
        one["workspace"]: one["kernelId"]
        for one in [await status_of(editor, folder) for folder in (editor.work, other(editor))]
    }
    assert told == {one["workspace"]: one["kernelId"] for one in statuses}


async def status_of(editor: Editor, folder: Path) -> dict[str, Any]:
    """What is told of a folder with its kernel at rest."""
    return await editor.told(
        messages.STATUS, lambda told: told["workspace"] == str(folder) and told["kernel"] == "idle"
    )


async def test_commands_are_about_the_folder_of_their_text(editor: Editor) -> None:
    await tide(editor, editor.work, "new_moon")
    await tide(editor, other(editor), "old_moon")
    read = shown(editor, other(editor), "moon.lua", "print(old_moon)\n")
    await codes(editor, read)  # it is known by now
    told = await editor.command(
        "tidelock.evaluate", {"expression": "_VERSION", "uri": other(editor).as_uri()}
    )
    assert told["text"] == '"Lua 5.1"'
    assert (await editor.command("tidelock.evaluate", {"expression": "_VERSION"}))["text"] == (
        '"Lua 5.4"'
    )
    definitions = await editor.command(
        "tidelock.exportDefinitions", {"uri": other(editor).as_uri()}
    )
    assert "old_moon" in definitions["text"]
    assert "new_moon" not in definitions["text"]


async def test_a_folder_is_closed_and_opened_again(editor: Editor) -> None:
    folder = {"uri": other(editor).as_uri(), "name": "other"}
    await tide(editor, other(editor), "old_flood")
    uri = shown(editor, other(editor), "d.lua", "print(in_other, old_flood, 7 // 2)\n")
    await codes(editor, uri, "wrong-version-syntax")
    event = {"removed": [folder], "added": []}
    editor.tell("workspace/didChangeWorkspaceFolders", {"event": event})
    await codes(editor, uri, "undefined-global", "undefined-global")  # Lua 5.4, and another program
    assert (await editor.command("tidelock.status", {"uri": uri}))["workspace"] == str(editor.home)
    editor.attend()
    event = {"removed": [], "added": [folder]}
    editor.tell("workspace/didChangeWorkspaceFolders", {"event": event})
    await codes(editor, uri, "wrong-version-syntax")
    assert (await status_of(editor, other(editor)))["lua"].startswith("Lua 5.1")
    editor.change(uri, 2, "print(in_other, old_flood)\n")
    await codes(editor, uri)  # its kernel has lived on


async def test_texts_that_lie_in_no_folder_are_served_alone(editor: Editor) -> None:
    await tide(editor, other(editor), "old_ebb")
    await tide(editor, editor.work, "new_ebb")
    text = "print(in_other, new_ebb, old_ebb, 7 // 2)\n"
    editor.open("memory:/new.lua", text)
    for uri in ("memory:/new.lua", shown(editor, editor.home, "away.lua", text)):
        await codes(editor, uri, *["undefined-global"] * 3)
    editor.change("memory:/new.lua", 2, "own_ebb = _VERSION\nprint(_VERSION)\n")
    editor.attend()
    begun = await editor.command("tidelock.run", {"uri": "memory:/new.lua"})
    assert (await editor.told(messages.OUTPUT))["text"] == "Lua 5.4\n"
    told = await editor.told(messages.EXECUTION_FINISHED)
    assert (told["execution"], told["outcome"]) == (begun["execution"], "ok")
    places = [editor.work.as_uri(), other(editor).as_uri(), "memory:/new.lua"]
    statuses = [await editor.command("tidelock.status", {"uri": uri}) for uri in places]
    assert statuses[-1]["workspace"] == str(editor.home)
    assert len({one["kernelId"] for one in statuses}) == 3
    for folder in (editor.work, other(editor)):
        await codes(editor, shown(editor, folder, "e.lua", "print(own_ebb)\n"), "undefined-global")


async def test_a_run_is_lost_with_its_folder_and_the_kernel_runs_on(editor: Editor) -> None:
    folder = {"uri": other(editor).as_uri(), "name": "other"}
    loop = shown(editor, other(editor), "loop.lua", "print('on')\nwhile true do end\n")
    editor.attend()
    begun = await editor.command("tidelock.run", {"uri": loop})
    await editor.told(messages.OUTPUT, lambda told: told["text"] == "on\n")
    event = {"removed": [folder], "added": []}
    editor.tell("workspace/didChangeWorkspaceFolders", {"event": event})
    told = await editor.told(messages.EXECUTION_FINISHED)
    assert (told["execution"], told["outcome"]) == (begun["execution"], "lost")
    editor.attend()
    event = {"removed": [], "added": [folder]}
    editor.tell("workspace/didChangeWorkspaceFolders", {"event": event})
    await editor.told(
        messages.STATUS,
        lambda told: told["workspace"] == str(other(editor)) and told["kernel"] == "running",
    )
    await editor.command("tidelock.interrupt", {"uri": loop})
    await status_of(editor, other(editor))

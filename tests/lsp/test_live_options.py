"""What the options of ``lsp.live`` and ``lsp.hover`` change, by pytest-lsp over stdio."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_lsp

from kit.lsp_peer import EDITORS, Editor, plain, server
from tidelock.lsp import messages

pytestmark = pytest.mark.asyncio(loop_scope="module")

PATIENT = ("--set", "lsp.live.deadline_ms=5000")
MADE = "for _, name in ipairs { 'harbour' } do _G[name] = 7 end\n"
MAKER = "for _, name in ipairs { 'tides' } do string[name] = 7 end\n" + MADE
USER = "print(harbour, string.tides, string.ebb)\n"
BOAT = """\
---@class Boat
---@field name string
---@field length number
---@type Boat
local boat = make()
print(boat, harbour)
"""


async def began(editor: Editor) -> None:
    await editor.begin(EDITORS["vscode"]())
    await editor.told(messages.STATUS)  # its folders have begun


@pytest_lsp.fixture(config=server(*PATIENT), scope="module")
async def removing(started: Editor) -> AsyncIterator[None]:
    await began(started)
    yield
    assert await started.end() == 0
    started.tidy()


LABELLING = (
    *PATIENT,
    *("--set", "lsp.live.diagnostics=label"),
    *("--set", "lsp.hover.values=false"),
    *("--set", "lsp.hover.max_fields=1"),
    *("--set", "lsp.hints.types=true"),
    *("--set", "lsp.hints.block_ends=true"),
    *("--set", "lsp.hints.values=on"),
    *("--set", "lsp.lens.references=true"),
)


@pytest_lsp.fixture(config=server(*LABELLING), scope="module")
async def labelling(started: Editor) -> AsyncIterator[None]:
    await began(started)
    yield
    assert await started.end() == 0
    started.tidy()


@pytest_lsp.fixture(config=server(*PATIENT, "--set", "lsp.live.max_names=3"), scope="module")
async def short(started: Editor) -> AsyncIterator[None]:
    await began(started)
    yield
    assert await started.end() == 0
    started.tidy()


async def run(editor: Editor, name: str, text: str) -> None:
    uri = editor.file(name, text)
    begun = await editor.command("tidelock.run", {"uri": uri})
    told = await editor.told(
        messages.EXECUTION_FINISHED, lambda told: told["execution"] == begun["execution"]
    )
    assert told["outcome"] == "ok"


async def judged(editor: Editor, *wanted: tuple[str, int]) -> None:
    """The codes and severities of the user's text, before the run and after it."""
    uri = editor.file("user.lua", USER)
    editor.open(uri, USER)
    await editor.problems(uri, lambda words: len(words) == 3)
    await run(editor, "maker.lua", MAKER)
    newest: list[Any] = []

    def look() -> bool:
        shown = [
            params.diagnostics
            for method, params in editor.heard
            if method == "textDocument/publishDiagnostics" and params.uri == uri
        ]
        newest[:] = [(one.code, int(one.severity)) for one in shown[-1]]
        return newest == list(wanted)

    await editor.until(look, f"problems {wanted}")


async def test_what_the_program_has_is_not_missing(removing: Editor) -> None:
    await judged(removing, ("undefined-field", 2))


async def test_what_the_program_has_is_labelled(labelling: Editor) -> None:
    hints = [("undefined-global", 4), ("undefined-field", 4)]
    await judged(labelling, *hints, ("undefined-field", 2))


async def hovered(editor: Editor, line: int, character: int) -> str:
    uri = editor.work.as_uri() + "/boat.lua"
    place = {"textDocument": {"uri": uri}, "position": {"line": line, "character": character}}
    found = await editor.ask("textDocument/hover", place)
    return str(found.contents.value)


async def test_hover_says_that_a_function_was_edited_since_it_ran(removing: Editor) -> None:
    source = "function tide()\n  return 1\nend\ntide()\n"
    uri = removing.file("tide.lua", source)
    removing.open(uri, source)
    await run(removing, "tide.lua", source)
    place = {"textDocument": {"uri": uri}, "position": {"line": 3, "character": 1}}
    found = await removing.ask("textDocument/hover", place)
    assert "observed after execution" in found.contents.value
    assert "changed since" not in found.contents.value
    removing.change(uri, 2, source.replace("return 1", "return 2"))
    found = await removing.ask("textDocument/hover", place)
    assert "; file changed since: tide() (tide.lua:1)" in found.contents.value


async def test_hover_shows_fields_and_values(removing: Editor, labelling: Editor) -> None:
    for editor in (removing, labelling):
        await run(editor, "maker.lua", MAKER)
        editor.open(editor.file("boat.lua", BOAT), BOAT)
    boat = await hovered(removing, 5, 7)
    assert "{\n  name: string\n  length: number\n}" in boat
    assert "observed after execution" in await hovered(removing, 5, 14)
    boat = await hovered(labelling, 5, 7)
    assert "{\n  name: string\n  ... (1 more)\n}" in boat
    assert "observed" not in await hovered(labelling, 5, 14)


BESIDE = "local function f()\n" + "  print()\n" * 15 + "  return 1\nend\nseen = f()\n"
ALL = {"start": {"line": 0, "character": 0}, "end": {"line": 99, "character": 0}}


async def beside(editor: Editor, count: int) -> list[tuple[int, str]]:
    """The hints of a text that has run, once there are so many."""
    await run(editor, "beside.lua", BESIDE)
    uri = editor.work.as_uri() + "/beside.lua"
    editor.open(uri, BESIDE)
    while True:
        mark = len(editor.heard)
        asked = {"textDocument": {"uri": uri}, "range": ALL}
        found = await editor.ask("textDocument/inlayHint", asked) or []
        if len(found) == count:
            return [(one.position.line, one.label) for one in found]
        await editor.until(lambda mark=mark: len(editor.heard) > mark, "news of the program")


async def test_hints_of_a_text_that_ran(removing: Editor, labelling: Editor) -> None:
    assert await beside(removing, 0) == []
    types = [(0, ": integer"), (17, "local function f()")]
    assert await beside(labelling, 3) == [*types, (18, "seen = 1")]


async def test_lenses_count_references(labelling: Editor) -> None:
    uri = labelling.file("counted.lua", BESIDE)
    labelling.open(uri, BESIDE)
    found = await labelling.ask("textDocument/codeLens", {"textDocument": {"uri": uri}})
    (one,) = [each for each in found if each.command is None]
    assert (await labelling.ask("codeLens/resolve", plain(one))).command.title == "1 reference"


async def exported(editor: Editor, has: str) -> str:
    """The definitions of what the program has made, once they have some words."""
    while True:
        mark = len(editor.heard)
        text = str((await editor.command("tidelock.exportDefinitions"))["text"])
        if has in text:
            return text
        await editor.until(lambda mark=mark: len(editor.heard) > mark, "news of the program")


async def test_so_many_names_are_kept(short: Editor) -> None:
    await run(short, "many.lua", "for i = 1, 9 do _G['made' .. i] = i end\n")
    text = await exported(short, "made")
    assert text.count("\nmade") == 3
    assert "-- Names are missing: there are more than 'lsp.live.max_names' or can be told." in text
    await run(short, "few.lua", "for i = 1, 9 do _G['made' .. i] = nil end few = 1\n")
    text = await exported(short, "few")
    assert "missing" not in text

"""Every command and every message of ours, by pytest-lsp over stdio, with a kernel behind it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
import pytest_lsp

from kit.lsp_peer import EDITORS, OURS, Editor, plain, server
from tidelock.lsp import messages
from tidelock.lsp.commands import COMMANDS

pytestmark = pytest.mark.asyncio(loop_scope="module")

LIB = "local lib = {}\nfunction lib.high()\n  return 2\nend\nreturn lib\n"
MAIN = "lib = require('lib')\nprint(lib.high())\n"
LOOP = "print('on')\nwhile true do end\n"


@pytest_lsp.fixture(config=server("--set", "lsp.live.deadline_ms=1000"), scope="module")
async def editor(started: Editor) -> AsyncIterator[None]:
    capabilities = EDITORS["vscode"]()
    capabilities.experimental = OURS["experimental"]
    started.file("lib.lua", LIB)
    started.main = started.file("main.lua", MAIN)
    await started.begin(capabilities)
    yield
    assert await started.end() == 0
    started.tidy()


async def ran(editor: Editor, uri: str, **more: Any) -> dict[str, Any]:
    """Run a text to its end."""
    begun = await editor.command("tidelock.run", {"uri": uri, **more})
    return await finished(editor, begun["execution"])


async def finished(editor: Editor, execution: str) -> dict[str, Any]:
    """What is told of its end."""
    return await editor.told(
        messages.EXECUTION_FINISHED, lambda told: told["execution"] == execution
    )


def state(editor: Editor) -> str:
    """What the newest status says of the kernel."""
    told = [plain(params) for method, params in editor.heard if method == messages.STATUS]
    return str(told[-1]["kernel"]) if told else ""


async def running(editor: Editor) -> None:
    begun = await editor.command("tidelock.run", {"uri": editor.main})
    told = await finished(editor, begun["execution"])
    assert (told["outcome"], told["uri"]) == ("ok", editor.main)
    output = await editor.told(
        messages.OUTPUT, lambda told: told["execution"] == begun["execution"]
    )
    assert (output["stream"], output["text"]) == ("stdout", "2\n")


async def running_fails(editor: Editor) -> None:
    """The error stands at its line."""
    uri = editor.file("bad.lua", "local t\nprint(t.x)\n")
    told = await ran(editor, uri)
    assert told["outcome"] == "error"
    assert "attempt to index a nil value" in told["error"]["message"]


async def debugging(editor: Editor) -> None:
    told = await editor.command("tidelock.debug", {"uri": editor.main, "stopOnEntry": True})
    assert (told["request"], told["program"]) == ("launch", str(editor.work / "main.lua"))
    asked = await editor.told(messages.START_DEBUGGING)
    assert asked["configuration"] == told


async def interrupting(editor: Editor) -> None:
    uri = editor.file("loop.lua", LOOP)
    begun = await editor.command("tidelock.run", {"uri": uri})
    await editor.told(messages.STATUS, lambda told: told["kernel"] == "running")
    await editor.told(messages.OUTPUT, lambda told: told["text"] == "on\n")
    assert await editor.command("tidelock.interrupt") is None
    assert (await finished(editor, begun["execution"]))["outcome"] != "ok"
    assert (await ran(editor, editor.main))["outcome"] == "ok"


async def reindexing(editor: Editor) -> None:
    """What is known stays while everything is read anew."""
    told = [plain(params) for method, params in editor.heard if method == messages.STATUS]
    if not any(one["index"]["state"] == "ready" for one in told):
        await editor.told(messages.STATUS, lambda told: told["index"]["state"] == "ready")
    told = await editor.command("tidelock.reindex")
    assert told["workspace"] == str(editor.work)
    hits = await editor.ask("workspace/symbol", {"query": "high"})
    assert ("high", "lib") in [(one.name, one.container_name) for one in hits]


async def restarting(editor: Editor) -> None:
    ask = editor.file("ask.lua", "return lib == nil")
    editor.open(ask, "return lib == nil")
    whole = {"start": {"line": 0, "character": 0}, "end": {"line": 0, "character": 17}}
    await ran(editor, editor.main)
    assert (await ran(editor, ask, range=whole))["value"] == "false"
    before = await editor.command("tidelock.status")
    after = await editor.command("tidelock.restartKernel")
    assert after["kernelId"] == before["kernelId"]
    assert (await ran(editor, ask, range=whole))["value"] == "true"


async def exporting(editor: Editor) -> None:
    """The run's globals, once the editor knows of them.

    On a busy machine fields are left out that come after ``lsp.live.deadline_ms``: it is longer.
    """
    count = (await editor.command("tidelock.status"))["executionCount"]
    await ran(editor, editor.main)
    await editor.told(
        messages.STATUS, lambda told: told["kernel"] == "idle" and told["executionCount"] > count
    )
    text = (await editor.command("tidelock.exportDefinitions"))["text"]
    assert "lib" in text
    assert "high" in text


async def reloading(editor: Editor) -> None:
    await ran(editor, editor.main)
    editor.file("lib.lua", LIB.replace("return 2", "return = 3"))
    try:
        told = await editor.command("tidelock.reload", {"uri": f"{editor.work.as_uri()}/lib.lua"})
        (refused,) = told["refused"]
        assert refused["message"].endswith("; the old code still runs")
    finally:
        editor.file("lib.lua", LIB)
    told = await editor.command("tidelock.reload", {"uri": f"{editor.work.as_uri()}/lib.lua"})
    (begun,) = told["reloading"]
    assert (await finished(editor, begun["execution"]))["outcome"] == "ok"


async def setting(editor: Editor) -> None:
    uri = editor.file("tidelock.toml", '# ours\n[lua]\nversion = "5.4"\n')
    try:
        told = await editor.command("tidelock.setOption", {"key": "lsp.lens.run", "value": False})
        assert told == {"uri": uri}
        edit = (await editor.told("workspace/applyEdit"))["edit"]
        assert "run = false" in str(edit)
        assert "lens.run" not in (editor.work / "tidelock.toml").read_text()
    finally:
        (editor.work / "tidelock.toml").unlink()


async def starting(editor: Editor) -> None:
    """A kernel that stops before its start was told is told of not at all: one after the other."""
    await editor.command("tidelock.startKernel")
    await editor.until(lambda: state(editor) == "idle", "kernel that is idle")
    await editor.command("tidelock.stopKernel")
    await editor.told(messages.STATUS, lambda told: told["kernel"] == "none")
    told = await editor.command("tidelock.startKernel")
    shown = await editor.told(messages.STATUS, lambda told: told["kernel"] == "idle")
    assert shown["kernelId"]
    assert told["problem"] is None


async def asking(editor: Editor) -> None:
    await editor.command("tidelock.startKernel")
    told = await editor.command("tidelock.status")
    assert (told["dialect"], told["workspace"]) == ("5.4", str(editor.work))
    assert told["kernelId"]


async def evaluating(editor: Editor) -> None:
    await ran(editor, editor.main)
    told = await editor.command("tidelock.evaluate", {"expression": "lib.high() + 1"})
    assert told["text"] == "3"
    assert told["type"] in ("integer", "number")


async def stopping(editor: Editor) -> None:
    await editor.command("tidelock.startKernel")
    assert await editor.command("tidelock.stopKernel") is None
    await editor.told(messages.STATUS, lambda told: told["kernel"] == "none")
    assert (await editor.command("tidelock.status"))["kernelId"] is None


ASKED: dict[str, Callable[[Editor], Awaitable[None]]] = {
    "tidelock.startKernel": starting,
    "tidelock.status": asking,
    "tidelock.run": running,
    "tidelock.debug": debugging,
    "tidelock.interrupt": interrupting,
    "tidelock.reindex": reindexing,
    "tidelock.restartKernel": restarting,
    "tidelock.exportDefinitions": exporting,
    "tidelock.reload": reloading,
    "tidelock.evaluate": evaluating,
    "tidelock.setOption": setting,
    "tidelock.stopKernel": stopping,
}

TOLD = {
    messages.OUTPUT: running,
    messages.EXECUTION_FINISHED: running_fails,
    messages.STATUS: starting,
    messages.START_DEBUGGING: debugging,
}


@pytest.mark.parametrize("name", list(COMMANDS))
async def test_a_command(editor: Editor, name: str) -> None:
    editor.attend()
    before = len(editor.sent)
    await ASKED[name](editor)
    assert name in editor.sent[before:]


@pytest.mark.parametrize("method", list(messages.MESSAGES))
async def test_a_message_of_ours(editor: Editor, method: str) -> None:
    editor.attend()
    await TOLD[method](editor)
    await editor.told(method)

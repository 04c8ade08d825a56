"""Ends of every kind: an interrupt, a client that vanishes, a restart; and what all see of them."""

from __future__ import annotations

from typing import Any

import pytest

from kit.jupyter import JupyterPeer
from stories.conftest import Runtime, ask, proposals, state

ENDLESS = {
    "a bare loop": "while true do spins = spins + 1 end",
    "a loop that catches errors": (
        "while true do pcall(function() spins = spins + 1 error('again') end) end"
    ),
    "a loop in a coroutine": (
        "coroutine.wrap(function() while true do spins = spins + 1 end end)()"
    ),
    "a loop in a coroutine that catches errors": (
        "local co = coroutine.create(function() while true do\n"
        "  pcall(function() spins = spins + 1 end)\nend end)\n"
        "while true do coroutine.resume(co) end"
    ),
}


@pytest.mark.parametrize(
    ("how", "by"),
    list(
        zip(ENDLESS, ["the notebook", "the editor", "another notebook", "a debugger"], strict=True)
    ),
)
def test_an_endless_loop_is_seen_and_ended_by_anyone(runtime: Runtime, how: str, by: str) -> None:
    notebook, other, editor = runtime.notebook(), runtime.notebook(), runtime.editor()
    kept = notebook.execute("spins, kept = 0, 'kept'")
    running = notebook.start(f"print('begun') {ENDLESS[how]}")
    running.wait_for("stream")
    state(editor, "running")
    assert spins_on(other)

    if by == "the editor":
        editor.request("workspace/executeCommand", {"command": "tidelock.interrupt"})
    elif by == "a debugger":
        runtime.attached().request("terminate", {})
    else:
        (notebook if by == "the notebook" else other).interrupt()
    assert running.wait().error == "Interrupted: interrupted"
    state(editor, "idle", count=kept.count + 1)
    assert [m.content["ename"] for m in seen_by(other, "error")] == ["Interrupted"]

    assert other.execute("return kept").result == '"kept"'
    assert notebook.execute("return spins > 0").result == "true"


def test_an_interrupt_right_after_a_run_ends_it(runtime: Runtime) -> None:
    runtime.write("""
        -- main.lua --
        while true do end
    """)
    main = runtime.path("main.lua")
    editor = runtime.editor()
    editor.open(main)
    run = {"command": "tidelock.run", "arguments": [{"uri": main.as_uri()}]}
    for _ in range(5):
        number = editor.request("workspace/executeCommand", run)["execution"]
        editor.request("workspace/executeCommand", {"command": "tidelock.interrupt"})
        told = editor.wait_for_notification(
            "tidelock/executionFinished", lambda told, number=number: told["execution"] == number
        )
        assert told["error"]["message"] == "interrupted"


def test_an_editor_gives_the_kernel_a_new_state_and_ends_it(runtime: Runtime) -> None:
    notebook, editor = runtime.notebook(), runtime.editor()
    notebook.execute("kept = 1")
    editor.request("workspace/executeCommand", {"command": "tidelock.restartKernel"})
    assert notebook.execute("return kept == nil").result == "true"
    editor.request("workspace/executeCommand", {"command": "tidelock.stopKernel"})
    assert state(editor, "none")["kernelId"] is None


def spins_on(peer: JupyterPeer) -> bool:
    """Whether the loop goes on between questions; two in a row may meet the same turn of it."""
    first = ask(peer, "value", "spins")
    return any(ask(peer, "value", "spins") != first for _ in range(50))


def seen_by(peer: JupyterPeer, kind: str) -> list[Any]:
    """What was published for others, as every front end sees it."""
    peer.take_in()
    return [message for message in peer.others if message.type == kind]


def test_a_debugger_that_attached_and_vanishes_lets_the_cell_go_on(runtime: Runtime) -> None:
    line = runtime.write("""
        -- main.lua --
        local height = 1
        height = height + 1 --@stop
        print("height", height)
    """)["main.lua"].lines["stop"]
    notebook, editor = runtime.notebook(), runtime.editor()
    debugger = runtime.attached({"main.lua": [line]})
    running = runtime.script(notebook, "main.lua")
    debugger.wait_for_stop("breakpoint")
    state(editor, "paused")
    debugger.vanish()
    assert running.wait().stdout == "height\t2\n"
    state(editor, "idle", count=1)
    # Its breakpoints went with it: nobody is there who could resume.
    assert runtime.script(notebook, "main.lua").wait().stdout == "height\t2\n"


def test_a_debugger_that_launched_and_vanishes_takes_its_program_along(runtime: Runtime) -> None:
    line = runtime.write("""
        -- main.lua --
        started = true
        finished = true --@stop
    """)["main.lua"].lines["stop"]
    main = runtime.path("main.lua")
    notebook, editor = runtime.notebook(), runtime.editor()
    debugger = runtime.debugger()
    debugger.launch(main, breakpoints={main: [line]})
    debugger.wait_for_stop("breakpoint")
    state(editor, "paused")
    waiting = notebook.start("return started, finished")
    debugger.vanish()
    assert waiting.wait().result == "true\tnil"
    state(editor, "idle", count=2)


def test_the_other_debugger_keeps_the_stop_when_one_vanishes(runtime: Runtime) -> None:
    line = runtime.write("""
        -- main.lua --
        local height = 1
        height = height + 1 --@stop
        print("height", height)
    """)["main.lua"].lines["stop"]
    notebook = runtime.notebook()
    first = runtime.attached({"main.lua": [line]})
    second = runtime.attached()
    running = runtime.script(notebook, "main.lua")
    first.wait_for_stop("breakpoint")
    second.wait_for_stop("breakpoint")
    first.vanish()
    assert second.evaluate("height") == "1"
    assert running.reply is None
    second.resume()
    assert running.wait().stdout == "height\t2\n"


def test_a_restart_keeps_breakpoints_and_clients_and_forgets_globals(runtime: Runtime) -> None:
    line = runtime.write("""
        -- main.lua --
        local height = harbour or "nothing known"
        print(height) --@stop
    """)["main.lua"].lines["stop"]
    notebook, other, editor = runtime.notebook(), runtime.notebook(), runtime.editor()
    debugger = runtime.attached({"main.lua": [line]})
    notebook.execute("harbour = 'Golden Gate'")
    page = runtime.path("page.lua")
    editor.open(page, "harb")
    state(editor, "idle", count=1)
    assert "harbour" in proposals(editor, page, 0, 4)

    running = runtime.script(notebook, "main.lua")
    debugger.wait_for_stop("breakpoint")
    assert debugger.locals() == {"height": '"Golden Gate"'}
    state(editor, "paused")
    notebook.shutdown(restart=True)
    assert running.wait().status in ("aborted", "error")
    debugger.wait_for_event("continued")
    state(editor, "idle", count=0)
    assert "starting" in [message.state for message in seen_by(other, "status")]

    assert proposals(editor, page, 0, 4) == {}
    again = runtime.script(other, "main.lua")
    debugger.wait_for_stop("breakpoint")
    assert debugger.locals() == {"height": '"nothing known"'}
    assert again.reply is None
    debugger.resume()
    assert again.wait().stdout == "nothing known\n"
    assert again.count == 1

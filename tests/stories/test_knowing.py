"""An editor knows what only the running program has: after it, while it runs, where it stands."""

from __future__ import annotations

import pytest

from kit.lua import build_under_test

from .conftest import Runtime, ask, proposals, state

SOURCE = """
-- main.lua --
harbour = {}
local function fill(port)
  for _, name in ipairs {"quay", "tide"} do
    port["high_" .. name] = #name
  end
end
fill(harbour)
-- loop.lua --
fresh = {}
fresh["in_" .. "loop"] = true
print("on")
local turns = 0
while not done do turns = turns + 1 end
-- stop.lua --
local gate = {}
gate["low_" .. "water"] = 3
print("open")  --@stop
"""


def test_fields_that_no_text_names_are_proposed(runtime: Runtime) -> None:
    marks = runtime.write(SOURCE)
    notebook, editor = runtime.notebook(), runtime.editor()
    after, looking = runtime.path("after.lua"), runtime.path("looking.lua")
    editor.open(after, "harbour.")
    assert "high_tide" not in proposals(editor, after, 0, len("harbour."))

    runtime.script(notebook, "main.lua").wait()
    state(editor, "idle", count=1)
    found = proposals(editor, after, 0, len("harbour."))
    assert {"high_quay", "high_tide"} <= set(found)
    assert "observed after execution 1" in found["high_tide"]

    running = runtime.script(notebook, "loop.lua")
    running.wait_for("stream")
    state(editor, "running")
    editor.open(looking, "fresh.")
    found = proposals(editor, looking, 0, len("fresh."))
    assert "while running" in found["in_loop"]
    assert "while running" in proposals(editor, after, 0, len("harbour."))["high_tide"]
    assert running.reply is None  # it looped all the while
    notebook.interrupt()
    assert running.wait().error == "Interrupted: interrupted"
    state(editor, "idle", count=2)

    stop, line = runtime.path("stop.lua"), marks["stop.lua"].lines["stop"]
    debugger = runtime.debugger()
    debugger.launch(stop, breakpoints={stop: [line]})
    debugger.wait_for_stop("breakpoint")
    state(editor, "paused")
    lines = marks["stop.lua"].text.split("\n")
    editor.open(stop, "\n".join([*lines[: line - 1], "gate.", *lines[line - 1 :]]))
    found = proposals(editor, stop, line - 1, len("gate."))
    assert f"paused at stop.lua:{line}" in found["low_water"]
    assert debugger.output() == ""  # the stopped line has not run
    debugger.resume()
    assert debugger.wait_for_end() == 0
    assert debugger.output() == "open\n"


STEP = "turns = turns + 1 twice = twice + 2 if twice ~= 2 * turns then broken = true end"
LOOPS = {
    "tight": f"while true do {STEP} end",
    "caught": f"while true do pcall(function() while true do {STEP} end end) end",
    "coroutine": f"coroutine.wrap(function() while true do {STEP} end end)()",
    "deeper": "local function run()\n  local inner = coroutine.wrap(function()\n"
    f"    while true do {STEP} coroutine.yield() end\n  end)\n  while true do inner() end\nend\n"
    "coroutine.wrap(run)()",
    "from C": f'string.gsub("x", "x", function() while true do {STEP} end end)',
}


@pytest.mark.parametrize("loop", LOOPS)
def test_a_running_loop_is_asked_and_goes_on_as_it_was(runtime: Runtime, loop: str) -> None:
    head = (
        'turns, twice, fresh = 0, 0, {}\nfresh["in_" .. "loop"] = function(a, b) end\nprint("on")\n'
    )
    runtime.path("loop.lua").write_text(head + LOOPS[loop] + "\n")
    notebook, editor = runtime.notebook(), runtime.editor()
    looking = runtime.path("looking.lua")
    running = runtime.script(notebook, "loop.lua")
    running.wait_for("stream")
    state(editor, "running")
    editor.open(looking, "fresh.")
    for _ in range(20):
        assert "while running" in proposals(editor, looking, 0, len("fresh."))["in_loop"]
    editor.change(looking, "fresh.in_loop(")
    place = editor.at(looking, 0, len("fresh.in_loop("))
    shown = editor.request("textDocument/signatureHelp", place)
    # Lua 5.1 tells nobody what parameters a function has: there a file has to be read for them.
    if shown is not None or build_under_test().dialect != "5.1":
        assert "(a, b)" in shown.signatures[0].label
    (turns,) = ask(notebook, "value", "turns")
    assert int(turns["text"]) > 0
    (later,) = ask(notebook, "value", "turns")
    assert int(later["text"]) > int(turns["text"]), "it goes on"
    assert running.reply is None
    notebook.interrupt()
    assert running.wait().error == "Interrupted: interrupted"
    assert ask(notebook, "value", "broken") == []

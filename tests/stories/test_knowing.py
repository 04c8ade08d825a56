"""An editor knows what only the running program has: after it, while it runs, where it stands."""

from __future__ import annotations

from .conftest import Runtime, proposals, state

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

"""The first click on Run, where no kernel is yet: a text that is not saved, and all it writes."""

from __future__ import annotations

from .conftest import Place

UNSAVED = """\
-- not on the disk
for i = 1, 200 do print(i) end
print(debug.getinfo(1, "S").source, debug.getinfo(1, "l").currentline)
local t
return t.x
"""


def test_the_first_click_runs_what_is_shown(place: Place) -> None:
    path = place.file("main.lua", "print('saved')\n")
    client = place.server()
    assert place.connections == []
    client.open(path, UNSAVED)
    command = {"command": "tidelock.run", "arguments": [{"uri": path.as_uri()}]}
    begun = client.request("workspace/executeCommand", command)
    told = client.wait_for_notification(
        "tidelock/executionFinished", lambda told: told["execution"] == begun["execution"]
    )
    assert told["outcome"] == "error"
    assert len(place.connections) == 1
    written = "".join(
        entry.body["text"]
        for entry in client.timeline.entries
        if entry.name == "tidelock/output" and entry.body["execution"] == begun["execution"]
    )
    lines = written.split("\n")
    assert lines[:200] == [str(i) for i in range(1, 201)]
    assert lines[200:] == [f"@{path}\t3", ""]
    found = client.diagnostics(
        path, predicate=lambda found: any(one.code == "runtime-error" for one in found)
    )
    (error,) = [one for one in found if one.code == "runtime-error"]
    assert error.range.start.line == 4
    assert error.message.startswith(f"{path}:5: attempt to index")


def test_no_kernel_is_started_where_that_is_not_wanted(place: Place) -> None:
    path = place.file("main.lua", UNSAVED)
    client = place.server("--set", "kernel.auto_start=false")
    client.open(path)
    command = {"command": "tidelock.run", "arguments": [{"uri": path.as_uri()}]}
    failed = client.request_failing("workspace/executeCommand", command)
    assert "start one: tidelock kernel start" in failed.message
    assert place.connections == []

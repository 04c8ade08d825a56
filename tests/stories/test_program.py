"""The example program, run as a notebook runs it and looked at by a debugger while it runs."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from stories.conftest import Runtime, ask, proposals, state

TIDES = Path(__file__).parents[2] / "examples" / "tides"


@pytest.fixture
def tides(runtime: Runtime) -> Runtime:
    """The workspace is a copy of the example."""
    shutil.copytree(TIDES, runtime.folder, dirs_exist_ok=True)
    return runtime


def line_of(path: Path, words: str) -> int:
    """The line in which some words stand for the first time."""
    lines = path.read_text("utf-8").splitlines()
    return next(number for number, line in enumerate(lines, 1) if words in line)


def test_it_prints_while_it_runs_and_tells_the_tides(tides: Runtime) -> None:
    predictor = tides.path("predictor.lua")
    notebook, editor = tides.notebook(), tides.editor()
    point = {"line": line_of(predictor, "local kind = rising"), "condition": "rising == true"}
    debugger = tides.attached({"predictor.lua": [point]})

    running = tides.script(notebook, "main.lua")
    debugger.wait_for_stop("breakpoint")
    running.wait_for("stream", lambda content: "High and low water" in content["text"])
    begun = running.stdout
    assert running.reply is None
    assert "high 08:15" not in begun  # what the stopped line finds out is not printed yet
    assert "Highest" not in begun
    frame = debugger.top_frame()
    assert frame["source"]["path"] == str(predictor)
    (fact,) = ask(notebook, "value", "rising", frame=frame["id"])
    assert fact["text"] == "true"
    editor.open(predictor)
    state(editor, "paused")

    debugger.set_breakpoints(predictor, [])
    debugger.resume()
    assert running.wait(60).status == "ok"
    assert running.stdout.startswith(begun)
    for words in ("high 08:15", "Highest"):
        assert words in running.stdout
    state(editor, "idle", count=1)
    page = tides.path("page.lua")
    editor.open(page, 'local Harbour = require "harbour"\nprint(Harbour.)')
    assert proposals(editor, page, 1, len("print(Harbour."))

"""Edit and run again: the kernel stays, its globals stay, and every module is the new text."""

from __future__ import annotations

from stories.conftest import Runtime, proposals, state

FIRST = """
    -- main.lua --
    runs = (runs or 0) + 1
    print(runs, require("tides").high())

    -- tides.lua --
    local names = require "names"
    local tides = {}
    function tides.high()
      local height = 2 --@stop
      return names.high .. " " .. height
    end
    return tides

    -- names.lua --
    return {high = "high water"}
"""
SECOND = """
    -- tides.lua --
    local names = require "names"
    local tides = {}

    --- Two lines and a comment have come in above.
    function tides.high()
      local height = 3 --@stop
      return names.high .. " " .. height .. names.mark
    end
    return tides

    -- names.lua --
    return {high = "HIGH WATER", mark = "!"}
"""


def test_a_run_after_an_edit_is_of_the_new_text_whoever_runs(runtime: Runtime) -> None:
    runtime.write(FIRST)
    main = runtime.path("main.lua")
    notebook, editor = runtime.notebook(), runtime.editor()
    editor.open(main)

    def by_editor() -> str:
        command = {"command": "tidelock.run", "arguments": [{"uri": main.as_uri()}]}
        number = editor.request("workspace/executeCommand", command)["execution"]
        editor.wait_for_notification(
            "tidelock/executionFinished", lambda told: told["execution"] == number
        )
        told = [
            entry.body
            for entry in editor.timeline.entries
            if entry.name == "tidelock/output" and entry.body["execution"] == number
        ]
        return "".join(each["text"] for each in told)

    def by_debugger() -> str:
        debugger = runtime.debugger()
        debugger.launch(main)
        assert debugger.wait_for_end() == 0
        debugger.disconnect()
        return debugger.output()

    def by_notebook() -> str:
        return runtime.script(notebook, "main.lua").wait().stdout

    runs = (by_editor, by_debugger, by_notebook)
    assert [run() for run in runs] == [f"{number}\thigh water 2\n" for number in (1, 2, 3)]
    runtime.write(SECOND)
    assert [run() for run in runs] == [f"{number}\tHIGH WATER 3!\n" for number in (4, 5, 6)]

    # What a cell has required is the module of the last run, and what the editor sees of it too.
    assert notebook.execute("return require('names').mark").result == '"!"'
    page = runtime.path("page.lua")
    editor.open(page, 'local names = require "names"\nprint(names.)')
    state(editor, "idle", count=7)
    assert set(proposals(editor, page, 1, len("print(names."))) == {"high", "mark"}


def test_breakpoints_are_where_the_editor_moved_them(runtime: Runtime) -> None:
    first = runtime.write(FIRST)["tides.lua"].lines["stop"]
    main, module = runtime.path("main.lua"), runtime.path("tides.lua")
    debugger = runtime.debugger()
    debugger.launch(main, breakpoints={module: [first]})
    debugger.wait_for_stop("breakpoint")
    second = runtime.write(SECOND)["tides.lua"].lines["stop"]
    assert second > first

    # The stopped program is still the old one; what is set now is for the next run.
    assert debugger.locals() == {}
    debugger.set_breakpoints(module, [])
    debugger.resume()
    assert debugger.wait_for_end() == 0
    assert debugger.output() == "1\thigh water 2\n"
    debugger.disconnect()

    again = runtime.debugger()
    again.launch(main, breakpoints={module: [second]})
    stop = again.wait_for_stop("breakpoint")
    frame = again.top_frame()
    assert (frame["line"], frame["source"]["path"]) == (second, str(module))
    assert again.locals() == {}  # the line has not run
    again.step("next")
    assert again.locals() == {"height": "3"}
    assert len(stop.hit) == 1
    again.resume()
    assert again.wait_for_end() == 0
    assert again.output() == "2\tHIGH WATER 3!\n"


def test_a_breakpoint_left_behind_is_told_where_it_is_now(runtime: Runtime) -> None:
    """An attached client that does not hear of the edit: line 4 is a comment in the new text."""
    first = runtime.write(FIRST)["tides.lua"].lines["stop"]
    notebook = runtime.notebook()
    debugger = runtime.attached({"tides.lua": [first]})
    running = runtime.script(notebook, "main.lua")
    debugger.wait_for_stop("breakpoint")
    assert debugger.top_frame()["line"] == first
    debugger.resume()
    assert running.wait().stdout == "1\thigh water 2\n"

    second = runtime.write(SECOND)["tides.lua"].lines["stop"]
    running = runtime.script(notebook, "main.lua")
    told = debugger.wait_for_event(
        "breakpoint", lambda body: body["breakpoint"].get("line") != first
    )["body"]["breakpoint"]
    assert told["verified"] is True
    assert told["line"] == second - 1  # the function, the next statement after the comment
    debugger.wait_for_stop("breakpoint")
    assert debugger.top_frame()["line"] == told["line"]
    assert running.stdout == ""
    debugger.resume()
    assert running.wait().stdout == "2\tHIGH WATER 3!\n"


def test_an_error_stands_at_its_line_whoever_runs_until_the_line_is_edited(
    runtime: Runtime,
) -> None:
    runtime.write("-- main.lua --\nlocal function f(x)\n  return x.y\nend\nprint(f())\n")
    main = runtime.path("main.lua")
    editor, notebook = runtime.editor(), runtime.notebook()
    editor.open(main)

    def failures(count: int) -> list[tuple[int, list[int]]]:
        found = editor.diagnostics(
            main,
            predicate=lambda every: count == sum(one.code == "runtime-error" for one in every),
        )
        return [
            (
                one.range.start.line,
                [around.location.range.start.line for around in one.related_information or ()],
            )
            for one in found
            if one.code == "runtime-error"
        ]

    runtime.script(notebook, "main.lua").wait()
    assert failures(1) == [(1, [3])]
    editor.edit(main, (0, 0), (0, 0), "-- a line above\n")
    assert failures(1) == [(2, [3])]
    editor.edit(main, (2, 2), (2, 2), "do end ")
    assert failures(0) == []


def test_an_editor_shows_the_values_of_the_frame_that_a_debugger_chose(runtime: Runtime) -> None:
    marks = runtime.write(FIRST)["tides.lua"]
    main, module = runtime.path("main.lua"), runtime.path("tides.lua")
    editor, debugger = runtime.editor(), runtime.debugger()
    editor.open(module)
    debugger.launch(main, breakpoints={module: [marks.lines["stop"]]})
    debugger.wait_for_stop("breakpoint")
    state(editor, "paused")
    debugger.step("next")
    state(editor, "paused")
    frame = debugger.top_frame()
    lines = {"start": {"line": 0, "character": 0}, "end": {"line": 99, "character": 0}}
    params = {
        **editor.document(module),
        "range": lines,
        "context": {"frameId": frame["id"], "stoppedLocation": lines},
    }
    found = editor.request("textDocument/inlineValue", params) or ()
    texts = [one.text for one in found]
    assert "height = 2" in texts
    assert all(one.range.start.line < frame["line"] for one in found)
    debugger.resume()
    assert debugger.wait_for_end() == 0
    state(editor, "idle")
    assert not editor.request("textDocument/inlineValue", params)

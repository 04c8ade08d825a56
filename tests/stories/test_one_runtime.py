"""A value goes round: set in a notebook, seen in an editor, changed in a debugger, seen by all."""

from __future__ import annotations

from kit.timeline import Event, Response
from stories.conftest import Runtime, ask, proposals, state


def test_what_one_sets_all_see_and_may_change(runtime: Runtime) -> None:
    text = runtime.write("""
        -- report.lua --
        local depth = harbour.depth
        print("depth", depth) --@stop
        print("harbour", harbour.depth)
    """)["report.lua"]
    notebook, editor = runtime.notebook(), runtime.editor()
    notebook.execute("harbour = {name = 'Golden Gate', depth = 12}")
    state(editor, "idle", count=1)

    page = runtime.path("page.lua")
    editor.open(page, "print(harbour.)")
    seen = proposals(editor, page, 0, len("print(harbour."))
    assert set(seen) == {"name", "depth"}
    assert "12" in seen["depth"]
    assert "observed after execution 1" in seen["depth"]

    debugger = runtime.debugger()
    report = runtime.path("report.lua")
    debugger.launch(report, breakpoints={report: [text.lines["stop"]]})
    debugger.wait_for_stop("breakpoint")
    assert debugger.locals() == {"depth": "12"}
    frame = debugger.top_frame()["id"]
    debugger.request("setExpression", {"expression": "depth", "value": "13", "frameId": frame})
    changed = debugger.request(
        "setExpression", {"expression": "harbour.depth", "value": "depth + 2", "frameId": frame}
    )
    assert changed["body"]["value"] == "15"

    (fact,) = ask(notebook, "value", "harbour", "depth")
    assert fact["text"] == "15"
    assert debugger.output() == ""  # the line with the breakpoint has not run
    debugger.resume()
    assert debugger.wait_for_end() == 0
    assert debugger.output() == "depth\t13\nharbour\t15\n"
    debugger.disconnect()

    assert notebook.execute("return harbour.depth").result == "15"
    state(editor, "idle", count=3)
    assert "15" in proposals(editor, page, 0, len("print(harbour."))["depth"]


def test_a_stop_is_one_stop_for_all_and_who_resumes_resumes_for_all(runtime: Runtime) -> None:
    found = runtime.write("""
        -- main.lua --
        local tides = require "tides"
        total = 0
        tides.add(4)
        print("total", total)

        -- tides.lua --
        local tides = {}
        function tides.add(height)
          local doubled = height * 2
          total = total + doubled --@stop
          return total
        end
        return tides
    """)
    module, main = runtime.path("tides.lua"), runtime.path("main.lua")
    notebook, editor = runtime.notebook(), runtime.editor()
    debugger = runtime.debugger()
    debugger.launch(main, breakpoints={module: [found["tides.lua"].lines["stop"]]})
    debugger.wait_for_stop("breakpoint")
    frame = debugger.top_frame()

    # The notebook reads in the frame that the debugger shows, though its own cells must wait.
    (fact,) = ask(notebook, "value", "doubled", frame=frame["id"])
    assert fact["text"] == "8"
    assert "8" in notebook.inspect("doubled")["data"]["text/plain"]
    waiting = notebook.start("return total")

    # The editor completes at the stopped line with what is in the frame.
    assert state(editor, "paused")["execution"]
    lines = found["tides.lua"].text.split("\n")
    at = found["tides.lua"].lines["stop"] - 1
    editor.open(module, "\n".join([*lines[:at], "  dou", *lines[at:]]))
    detail = proposals(editor, module, at, len("  dou"))["doubled"]
    assert "8" in detail
    assert f"paused at tides.lua:{at + 1}" in detail

    # A second debug client sees the same stop, in the same frame.
    other = runtime.attached()
    other.wait_for_stop("breakpoint")
    assert other.top_frame()["id"] == frame["id"]

    # However long all of them looked, the line has not run.
    assert (debugger.evaluate("total"), debugger.output()) == ("0", "")
    assert waiting.reply is None

    other.resume()
    debugger.wait_for_event("continued")
    assert debugger.wait_for_end() == 0
    assert debugger.output() == "total\t8\n"
    assert waiting.wait().result == "8"
    state(editor, "idle", count=2)
    debugger.timeline.expect(
        Event("stopped") >> Event("continued") >> Event("exited") >> Event("terminated")
    )
    other.timeline.expect(Event("stopped") >> Response("continue"))


def test_an_editor_evaluates_in_the_frame_where_another_stopped(runtime: Runtime) -> None:
    line = runtime.write("""
        -- main.lua --
        local height = 1
        local function add(depth)
          local sum = height + depth
          return sum --@stop
        end
        print(add(4), height)
    """)["main.lua"].lines["stop"]
    main = runtime.path("main.lua")
    debugger, editor = runtime.debugger(), runtime.editor()
    debugger.launch(main, breakpoints={main: [line]})
    debugger.wait_for_stop("breakpoint")

    def evaluated(expression: str, **more: int) -> str:
        arguments = [{"expression": expression, **more}]
        command = {"command": "tidelock.evaluate", "arguments": arguments}
        return str(editor.request("workspace/executeCommand", command)["text"])

    inner, outer = debugger.stack()[:2]
    assert evaluated("sum + depth") == "9"
    assert evaluated("sum", frameId=inner["id"]) == "5"
    assert evaluated("type(add)", frameId=outer["id"]) == '"function"'
    assert evaluated("depth", frameId=10**6) == "4"
    debugger.resume()
    assert debugger.wait_for_end() == 0
    assert debugger.output() == "5\t1\n"


def test_a_notebook_resumes_what_an_editor_stopped(runtime: Runtime) -> None:
    line = runtime.write("""
        -- main.lua --
        local height = 1
        height = height + 1 --@stop
        print("height", height)
    """)["main.lua"].lines["stop"]
    main = runtime.path("main.lua")
    debugger = runtime.debugger()
    debugger.launch(main, breakpoints={main: [line]})
    debugger.wait_for_stop("breakpoint")
    notebook = runtime.notebook()
    notebook.debug("initialize", {"clientID": "jupyterlab", "adapterID": ""})
    notebook.debug("attach", {})
    notebook.debug("configurationDone")
    assert notebook.debug("debugInfo")["body"]["stoppedThreads"] == [1]
    (frame,) = notebook.debug("stackTrace", {"threadId": 1})["body"]["stackFrames"]
    assert frame["id"] == debugger.top_frame()["id"]
    told = notebook.debug("evaluate", {"expression": "height", "frameId": frame["id"]})
    assert told["body"]["result"] == "1"  # the line has not run
    notebook.debug("continue", {"threadId": 1})
    debugger.wait_for_event("continued")
    assert debugger.wait_for_end() == 0
    assert debugger.output() == "height\t2\n"

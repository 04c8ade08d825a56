"""Debug sessions as editors hold them, over memory and tcp; every message is judged by the kit.

The file is long because it tells everything an editor does with one session, in its order.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from kit.dap import DapClient, TcpTransport
from kit.kernels import Served, external, serving
from kit.timeline import Event, Failure, Response

MAIN = """\
local total = 0
local function add(n)
  local before = total
  total = total + n
  return total
end
for i = 1, 5 do
  add(i)
end
print("total", total)
"""


@pytest.fixture
def script(tmp_path: Path) -> Path:
    path = tmp_path / "main.lua"
    path.write_text(MAIN)
    return path


def key(served: Served) -> dict[str, str]:
    """What an editor adds that connects to the port by itself."""
    return {} if served.embedded else {"key": served.connection.key}


def stopped(served: Served, script: Path, line: int = 4, **fields: Any) -> DapClient:
    """A client at its first stop."""
    client = served.dap()
    point = {"line": line, **fields}
    client.launch(str(script), breakpoints={str(script): [point]}, **key(served))
    client.wait_for_stop("breakpoint")
    return client


def test_a_whole_session(served: Served, script: Path) -> None:
    client = stopped(served, script)
    assert client.top_frame()["line"] == 4
    assert client.locals() == {"n": "1", "before": "0"}
    assert client.evaluate("total") == "0"  # the line has not run
    client.step("next")
    assert client.top_frame()["line"] == 5
    assert client.evaluate("total") == "1"
    client.set_breakpoints(str(script), [])
    client.resume()
    assert client.wait_for_end() == 0
    assert client.output("stdout") == "total\t15\n"


def test_what_an_evaluation_prints_comes_before_its_answer(served: Served, script: Path) -> None:
    client = stopped(served, script)
    asked = client.post("evaluate", {"expression": "print('from here')"})
    asked.wait()
    assert client.output("stdout") == "from here\n"
    client.timeline.expect(Event("output") >> Response("evaluate"))


def test_a_program_ended_at_a_stop_leaves_the_next_one_its_stops(
    served: Served, script: Path
) -> None:
    client = stopped(served, script)
    client.set_breakpoints(str(script), [])
    client.request("terminate")
    client.wait_for_end()
    again = served.dap()
    again.launch(str(script), stopOnEntry=True, **key(served))
    again.wait_for_stop("entry")
    assert again.top_frame()["line"] == 1
    (late,) = again.set_breakpoints(str(script), [{"line": 5}])
    assert "already loaded" in late["message"]
    again.resume()
    again.wait_for_stop("breakpoint")
    assert again.top_frame()["line"] == 5


def test_the_end_of_a_program_is_told_in_order(served: Served, script: Path) -> None:
    client = served.dap()
    client.launch(str(script), **key(served))
    client.wait_for_end()
    client.timeline.expect(
        Response("launch") >> Event("process") >> Event("output") >> Event("exited")
        >> Event("terminated")
    )  # fmt: skip


@pytest.mark.parametrize(
    ("text", "code", "words"),
    [
        ("error('boom')", 1, "boom"),
        ("x = = 1", 1, "unexpected symbol near '='"),
        ("os.exit(7)", 7, ""),
        ("io.read()", 1, "stdin is not available"),
    ],
)
def test_how_a_program_ends_is_its_exit_code(
    served: Served, tmp_path: Path, text: str, code: int, words: str
) -> None:
    script = tmp_path / "ends.lua"
    script.write_text(text)
    client = served.dap()
    client.launch(str(script), exceptions=[], **key(served))
    assert client.wait_for_end() == code
    assert words in client.output("stderr")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({}, "give program"),
        ({"program": "/nowhere/x.lua"}, "does not exist"),
        ({"program": "/"}, "is a folder"),
        ({"program": 5}, "program is missing or no str"),
        ({"code": "x=1", "args": [1]}, "args is no list of texts"),
        ({"code": "x=1", "cwd": "/nowhere"}, "cwd /nowhere is no folder"),
        ({"code": "x=1", "env": {"A": "1"}}, "not available: env"),
        ({"code": "x=1", "lua": "9.9"}, "not available: Lua 9.9"),
    ],
)
def test_a_launch_that_cannot_be_says_why_and_the_next_one_works(
    served: Served, script: Path, arguments: dict[str, Any], words: str
) -> None:
    client = served.dap()
    client.initialize()
    failed = client.request_failing("launch", {**arguments, **key(served)})
    assert words in failed["message"]
    assert failed["body"]["error"]["format"] == failed["message"]
    client.launch(str(script), **key(served))
    assert client.wait_for_end() == 0


def test_arguments_folder_and_code(served: Served, tmp_path: Path) -> None:
    client = served.dap()
    code = "print(..., arg[1]) print(io.open('here', 'w') ~= nil)"
    client.launch(None, code=code, args=["a b"], cwd=str(tmp_path), **key(served))
    assert client.wait_for_end() == 0
    assert client.output("stdout") == "a b\ta b\ntrue\n"
    assert (tmp_path / "here").exists()


@pytest.mark.parametrize("way", ["embedded", "external"])
def test_modules_are_found_beside_the_script_in_the_workspace_and_on_lua_path(
    tmp_path: Path, way: str
) -> None:
    for name in ("app/beside.lua", "inside.lua", "lib/listed.lua"):
        module = tmp_path / name
        module.parent.mkdir(exist_ok=True)
        module.write_text(f"return '{module.stem}'")
    (tmp_path / "tidelock.toml").write_text("lua.path = ['lib']")
    script = tmp_path / "app" / "main.lua"
    script.write_text("print((require 'beside'), (require 'inside'), (require 'listed'))")
    with serving(way, tmp_path, lua_path=("lib",) if way == "embedded" else "lib") as served:
        client = served.dap()
        client.launch(str(script), **key(served))
        client.wait_for_end()
        assert client.output("stdout").split() == ["beside", "inside", "listed"]


def test_stop_on_entry(served: Served, script: Path) -> None:
    client = served.dap()
    client.launch(str(script), stopOnEntry=True, **key(served))
    client.wait_for_stop("entry")
    assert client.top_frame()["line"] == 1
    assert client.locals() == {}


def test_conditions_hits_and_logs(served: Served, script: Path) -> None:
    client = served.dap()
    points = [
        {"line": 4, "condition": "n == 4"},
        {"line": 5, "hitCondition": "2"},
        {"line": 3, "logMessage": "n={n}"},
    ]
    client.launch(str(script), breakpoints={str(script): points}, **key(served))
    client.wait_for_stop("breakpoint")
    assert (client.top_frame()["line"], client.locals()["n"]) == (5, "2")
    client.resume()
    client.wait_for_stop("breakpoint")
    assert (client.top_frame()["line"], client.locals()["n"]) == (4, "4")
    client.resume()
    assert client.wait_for_end() == 0
    assert client.output("console") == "".join(f"n={n}\n" for n in range(1, 6))


def test_wrong_breakpoints_are_answered_one_by_one(served: Served, script: Path) -> None:
    client = served.dap()
    client.initialize()
    client.post("launch", {"program": str(script), **key(served)})
    client.wait_for_event("initialized")
    answer = client.request(
        "setBreakpoints",
        {
            "source": {"path": str(script)},
            "breakpoints": [
                {"line": 4},
                {"line": 0},
                {"line": 4, "condition": "n =="},
                {"line": 6},
            ],
        },
    )
    good, zero, condition, end = answer["body"]["breakpoints"]
    assert (good["verified"], good["line"]) == (True, 4)
    assert zero["verified"] is False
    assert condition["message"].startswith("condition: ")
    assert end["verified"] is False
    failed = client.request_failing(
        "setBreakpoints", {"source": {}, "breakpoints": []}, checked=False
    )
    assert "source has no path" in failed["message"]
    client.request("configurationDone")
    client.wait_for_stop("breakpoint")


def test_variables_are_shown_changed_and_completed(served: Served, tmp_path: Path) -> None:
    script = tmp_path / "values.lua"
    script.write_text(
        "local point = {x = 1, y = {deep = true}}\n"
        "local list = {10, 20, 30}\n"
        "shared_name = 'global'\n"
        "local done = point\n"
        "print(point.x, list[2])\n"
    )
    client = stopped(served, script)
    assert client.locals() == {"point": "{x = 1, y = {…}}", "list": "{10, 20, 30}"}
    frame = client.top_frame()["id"]
    scope = client.scopes(frame)[0]
    by_name = {child["name"]: child for child in client.variables(scope["variablesReference"])}
    fields = client.variables(by_name["point"]["variablesReference"])
    assert [(f["name"], f["value"], f["evaluateName"]) for f in fields] == [
        ("x", "1", "point.x"), ("y", "{deep = true}", "point.y"),
    ]  # fmt: skip
    changed = client.request(
        "setVariable",
        {
            "variablesReference": by_name["point"]["variablesReference"],
            "name": "x",
            "value": "list[1] * 2",
        },
    )
    assert changed["body"]["value"] == "20"
    client.request("setExpression", {"expression": "list[2]", "value": "99", "frameId": frame})
    failed = client.request_failing(
        "setVariable",
        {"variablesReference": scope["variablesReference"], "name": "nothing", "value": "1"},
    )
    assert "no variable 'nothing' here" in failed["message"]
    targets = client.request("completions", {"text": "point.", "column": 7, "frameId": frame})
    assert [t["label"] for t in targets["body"]["targets"]] == ["x", "y"]
    names = client.request("completions", {"text": "sha", "column": 4, "frameId": frame})
    assert "shared_name" in [t["label"] for t in names["body"]["targets"]]
    client.resume()
    client.wait_for_end()
    assert client.output("stdout") == "20\t99\n"


@pytest.mark.parametrize(
    ("context", "text", "result"),
    [
        ("watch", "n + 1", "2"),
        ("repl", "before = 5; return before", "5"),
        ("hover", "total", "0"),
        ("variables", "{n, before}", "{1, 0}"),
        ("clipboard", "n", "1"),
    ],
)
def test_evaluation_contexts(
    served: Served, script: Path, context: str, text: str, result: str
) -> None:
    client = stopped(served, script)
    assert client.evaluate(text, context=context) == result


@pytest.mark.parametrize("text", ["add(1)", "n + 1", "'x'", "nowhere"])
def test_a_hover_reads_and_never_calls(served: Served, script: Path, text: str) -> None:
    client = stopped(served, script)
    frame = client.top_frame()["id"]
    client.request_failing("evaluate", {"expression": text, "context": "hover", "frameId": frame})
    assert client.evaluate("total") == "0"


def test_an_evaluation_can_be_cancelled(served: Served, script: Path) -> None:
    client = stopped(served, script)
    frame = client.top_frame()["id"]
    pending = client.post(
        "evaluate", {"expression": "(function() while true do end end)()", "frameId": frame}
    )
    client.request("cancel", {"requestId": pending.seq})
    answer = pending.wait()
    assert (answer["success"], answer["message"]) == (False, "cancelled")
    assert client.evaluate("n") == "1"


def test_evaluation_while_nothing_runs_and_while_something_does(
    served: Served, script: Path
) -> None:
    client = served.dap()
    client.initialize()
    client.attach(**key(served))
    assert client.evaluate("1 + 1", frame=None) == "2"
    ours = served.client()
    running = ours.execute("while true do end")
    ours.comm("tidelock.kernel", {"action": "ask", "what": "names"}).result(20)
    failed = client.request_failing("evaluate", {"expression": "1"})
    assert failed["message"] == "running"
    ours.interrupt()
    running.result(20)


def test_pause_of_a_running_loop(served: Served, tmp_path: Path) -> None:
    script = tmp_path / "loop.lua"
    script.write_text("n = 0\nwhile true do\n  n = n + 1\nend\n")
    client = served.dap()
    client.launch(str(script), **key(served))
    assert client.pause().reason == "pause"
    count = client.evaluate("n")
    assert client.evaluate("n") == count
    client.request("terminate")
    assert client.wait_for_end() == 1


def test_an_uncaught_error_stops_with_its_stack(served: Served, tmp_path: Path) -> None:
    script = tmp_path / "fails.lua"
    script.write_text("local function f(x)\n  return x.y.z\nend\nf({})\n")
    client = served.dap()
    client.launch(str(script), exceptions=["uncaught"], **key(served))
    stop = client.wait_for_stop("exception")
    assert "index" in stop.text
    assert client.top_frame()["line"] == 2
    assert client.locals() == {"x": "{}"}
    info = client.request("exceptionInfo", {"threadId": 1})["body"]
    help_ = "'y' is nil here: set it first, or ask whether it is there"
    assert info["description"] == f"{stop.text}\nhelp: {help_}"
    client.resume()
    assert client.wait_for_end() == 1


def test_an_unknown_exception_filter_is_refused(served: Served, script: Path) -> None:
    client = stopped(served, script)
    failed = client.request_failing("setExceptionBreakpoints", {"filters": ["panic"]})
    assert "there is no exception filter 'panic'" in failed["message"]


def test_lines_and_paths_follow_the_clients_manner(served: Served, script: Path) -> None:
    client = served.dap()
    client.initialize(linesStartAt1=False, columnsStartAt1=False, pathFormat="uri")
    client.launch(str(script), breakpoints={script.as_uri(): [3]}, **key(served))
    client.wait_for_stop("breakpoint")
    frame = client.top_frame()
    assert (frame["line"], frame["column"]) == (3, 0)
    assert frame["source"]["path"] == script.as_uri()


def test_the_text_of_code_without_a_file_can_be_read(served: Served) -> None:
    client = served.dap()
    client.launch(None, code="local x = 1\nerror('here')", exceptions=["uncaught"], **key(served))
    client.wait_for_stop("exception")
    raised, chunk = client.stack()
    assert raised["presentationHint"] == "subtle"  # the function error itself
    source = chunk["source"]
    assert source["sourceReference"] > 0
    text = client.request(
        "source", {"source": source, "sourceReference": source["sourceReference"]}
    )
    assert text["body"]["content"] == "local x = 1\nerror('here')"


def test_two_clients_see_one_stop_and_either_resumes(served: Served, script: Path) -> None:
    first = stopped(served, script)
    second = served.dap()
    second.initialize()
    second.attach(**key(served))
    second.wait_for_stop("breakpoint")
    assert second.top_frame()["line"] == 4
    assert second.top_frame()["id"] == first.top_frame()["id"]
    second.evaluate("n = 100", context="repl")
    assert first.evaluate("n") == "100"
    first.set_breakpoints(str(script), [])
    second.resume()
    first.wait_for_event("continued")
    assert first.wait_for_end() == 0
    assert first.output("stdout") == f"total\t{100 + 2 + 3 + 4 + 5}\n"
    refused = second.request_failing("continue", {"threadId": 1})
    assert refused["message"] == "not stopped"


def test_what_one_client_changes_the_others_look_at_again(served: Served, script: Path) -> None:
    first = stopped(served, script)
    second = served.dap()
    second.initialize()
    second.attach(**key(served))
    second.wait_for_stop("breakpoint")
    assert second.locals()["n"] == "1"
    first.evaluate("n = 7")
    assert second.wait_for_event("invalidated")["body"]["areas"] == ["variables"]
    assert second.locals()["n"] == "7"
    first.timeline.none_of(Event("invalidated"))  # it knows


CALLS = """\
local tidelock = require("tidelock")
tidelock.pause(1 > 2)
tidelock.pause(true, "here")
local seen = 1
coroutine.wrap(function()
  pcall(function() tidelock.pause(seen) end)
  seen = 2
end)()
print(seen)
"""


def test_a_program_can_call_for_a_stop(served: Served, tmp_path: Path) -> None:
    script = tmp_path / "calls.lua"
    script.write_text(CALLS)
    client = served.dap()
    client.launch(str(script), **key(served))
    stop = client.wait_for_stop("pause")
    assert stop.body["text"] == "here"
    assert client.top_frame()["line"] == 3
    assert "seen" not in client.locals()  # the next line has not run
    client.resume()
    assert "tidelock.pause" in client.wait_for_stop("pause").body["description"]
    assert client.top_frame()["line"] == 6
    assert client.evaluate("seen") == "1"
    client.resume()
    assert client.wait_for_end() == 0
    assert client.output("stdout") == "2\n"


def test_nobody_debugs_and_a_program_calls_for_a_stop(served: Served, tmp_path: Path) -> None:
    script = tmp_path / "calls.lua"
    script.write_text(CALLS)
    reply = served.client().execute(script.read_text()).result(20)
    assert reply.content["status"] == "ok"
    client = served.dap()
    client.launch(str(script), noDebug=True, **key(served))
    assert client.wait_for_end() == 0


def test_a_client_that_vanishes_at_a_stop_leaves_no_hung_kernel(
    served: Served, script: Path
) -> None:
    client = stopped(served, script)
    client.vanish()
    ours = served.client()
    reply = ours.execute("return 1 + 1").result(20)
    assert reply.content["status"] == "ok"
    assert ours.comm("tidelock.kernel", {"action": "status"}).result(20)["state"] == "idle"


def test_an_attached_client_that_leaves_lets_the_program_run_on(
    served: Served, script: Path
) -> None:
    client = served.dap()
    client.initialize()
    client.attach(**key(served))
    client.set_breakpoints(str(script), [4])
    ours = served.client()
    running = ours.execute(script.read_text(), tidelock={"kind": "script", "source": str(script)})
    client.wait_for_stop("breakpoint")
    client.disconnect()
    reply = running.result(20)
    assert reply.content["status"] == "ok"
    text = "".join(m.content["text"] for m in reply.published if m.type == "stream")
    assert text == "total\t15\n"


def test_a_launched_program_ends_with_its_client(served: Served, script: Path) -> None:
    client = stopped(served, script)
    client.disconnect()
    ours = served.client()
    assert ours.execute("return 2").result(20).content["status"] == "ok"


def test_a_second_launch_while_something_runs_is_refused(served: Served, script: Path) -> None:
    stopped(served, script)
    second = served.dap()
    second.initialize()
    failed = second.request_failing("launch", {"program": str(script), **key(served)})
    assert "something runs on this kernel already" in failed["message"]


def test_without_debugging_nothing_stops(served: Served, script: Path) -> None:
    client = served.dap()
    client.launch(str(script), breakpoints={str(script): [4]}, noDebug=True, **key(served))
    assert client.wait_for_end() == 0


def test_running_again_after_an_edit_runs_the_new_text_of_every_module(
    served: Served, tmp_path: Path
) -> None:
    module, script = tmp_path / "part.lua", tmp_path / "whole.lua"
    module.write_text("return 'old'\n")
    script.write_text("kept = (kept or 0) + 1\nprint(require('part'), kept)\n")
    for expected, text in (("old\t1\n", "return 'new'\n"), ("new\t2\n", "return 'newer'\n")):
        client = served.dap()
        client.launch(str(script), **key(served))
        assert client.wait_for_end() == 0
        assert client.output("stdout") == expected
        client.disconnect()
        module.write_text(text)
    client = served.dap()
    client.launch(str(script), keepModules=True, **key(served))
    client.wait_for_end()
    assert client.output("stdout") == "new\t3\n"


BEFORE_A_STOP = ["stackTrace", "scopes", "continue", "next", "stepIn", "stepOut", "exceptionInfo"]


@pytest.mark.parametrize("command", BEFORE_A_STOP)
def test_what_needs_a_stop_is_refused_without_one(served: Served, command: str) -> None:
    client = served.dap()
    client.initialize()
    client.attach(**key(served))
    arguments = {"threadId": 1, "frameId": 1}
    assert client.request_failing(command, arguments)["message"] == "not stopped"


@pytest.mark.parametrize("command", ["setBreakpoints", "threads", "evaluate", "continue", "pause"])
def test_what_comes_too_early_is_refused(served: Served, command: str) -> None:
    client = served.dap()
    failed = client.request_failing(command, {}, checked=False)
    assert "initialize comes first" in failed["message"]
    client.initialize()
    failed = client.request_failing(command, {}, checked=False)
    assert "launch or attach comes first" in failed["message"]


@pytest.mark.parametrize(
    ("command", "arguments", "words"),
    [
        ("dance", {}, "dance is not available"),
        ("evaluate", {}, "expression is missing"),
        ("evaluate", {"expression": 5}, "expression is missing or no str"),
        ("evaluate", {"expression": "1", "frameId": 99999}, "no such frame"),
        ("variables", {"variablesReference": "x"}, "variablesReference is missing or no int"),
        ("variables", {"variablesReference": 99999}, "not available after resume"),
        ("scopes", {"frameId": 99999}, "no such frame"),
        ("stackTrace", {"threadId": 7}, "there is no thread 7"),
        ("setFunctionBreakpoints", {"breakpoints": 1}, "breakpoints is missing or no list"),
        ("source", {"sourceReference": 99}, "source has no path"),
        ("pause", {"threadId": 1}, "stopped already"),
    ],
)
def test_bad_requests_are_refused_with_the_field_and_the_session_goes_on(
    served: Served, script: Path, command: str, arguments: dict[str, Any], words: str
) -> None:
    client = stopped(served, script)
    failed = client.request_failing(command, arguments, checked=False)
    assert words in failed["message"]
    assert client.evaluate("n") == "1"


def test_every_announced_capability_has_its_request(served: Served) -> None:
    client = served.dap()
    client.initialize()
    assert client.capabilities["supportsConfigurationDoneRequest"] is True
    for never in ("supportsStepBack", "supportsDataBreakpoints", "supportsGotoTargetsRequest"):
        assert never not in client.capabilities


# -- the port --------------------------------------------------------------------------------


def test_the_port_does_nothing_for_who_does_not_know_the_key(tmp_path: Path, script: Path) -> None:
    with external(tmp_path) as served:
        client = served.dap()
        client.initialize()
        for given in ({}, {"key": "wrong"}, {"key": 5}):
            failed = client.request_failing("launch", {"program": str(script), **given})
            assert "key" in failed["message"]
            failed = client.request_failing("attach", given)
            assert "key" in failed["message"]
        assert "initialize" not in client.request_failing("evaluate", {"expression": "1"})


@pytest.mark.parametrize(
    "garbage",
    [
        b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
        b"Content-Length: 3\r\n\r\nnop",
        b"Content-Length: x\r\n\r\n",
        b"Content-Length: 99999999999\r\n\r\n",
        b"Content-Length: 2\r\n\r\n[]",
        b"\x00" * 10000,
    ],
)
def test_bytes_that_are_no_dap_end_their_connection_alone(
    tmp_path: Path, script: Path, garbage: bytes
) -> None:
    with external(tmp_path) as served:
        bad = TcpTransport("127.0.0.1", served.connection.dap_port)
        with DapClient(bad, strict=False) as client:
            client.send_raw(garbage)
            with pytest.raises(Failure, match=r"closed the connection|broke"):
                client.wait_for_event("nothing")
        good = served.dap()
        good.launch(str(script), **key(served))
        assert good.wait_for_end() == 0


def test_the_relay_carries_a_session_over_stdio(tmp_path: Path, script: Path) -> None:
    with external(tmp_path) as served:
        client = served.dap(over="stdio")
        client.launch(str(script), breakpoints={str(script): [4]})
        client.wait_for_stop("breakpoint")
        assert client.locals() == {"n": "1", "before": "0"}
        client.set_breakpoints(str(script), [])
        client.resume()
        assert client.wait_for_end() == 0
        client.disconnect()


def test_the_relay_finds_the_adapter_of_a_kernel_with_another_address(
    tmp_path: Path, script: Path
) -> None:
    with external(tmp_path, kernel_ip="127.0.0.2") as served:
        client = served.dap(over="stdio")
        client.launch(str(script))
        assert client.wait_for_end() == 0


def test_the_relay_tells_the_client_when_the_kernel_dies(tmp_path: Path, script: Path) -> None:
    with external(tmp_path) as served:
        client = served.dap(over="stdio", waive=["seq"])
        client.launch(str(script), breakpoints={str(script): [4]})
        client.wait_for_stop("breakpoint")
        assert served.process is not None
        served.process.kill()
        assert client.wait_for_end() == 1
        assert "kernel has ended" in client.output("console")

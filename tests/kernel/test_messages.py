"""What the kernel answers, embedded and external; every message is judged by the kit."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from kit.jupyter import JupyterPeer, ReplyFailed
from kit.kernels import Served, embedded
from kit.lua import build_under_test

DIALECT = build_under_test().dialect


@pytest.fixture
def peer(served: Served) -> JupyterPeer:
    return served.peer()


def test_the_order_of_one_execution(peer: JupyterPeer) -> None:
    done = peer.execute("print('out') return 6 * 7")
    assert (done.stdout, done.result, done.status, done.count) == ("out\n", "42", "ok", 1)


def test_a_failure_has_its_place_its_source_lines_and_its_stack(peer: JupyterPeer) -> None:
    done = peer.execute("local function f(x)\n  return x.y.z\nend\nf({})")
    assert done.error is not None
    assert done.error.startswith("LuaError: In[1]:2: attempt to index")
    lines = done.traceback.splitlines()
    assert lines[0].startswith("error: In[1]:2: attempt to index")
    assert lines[1:5] == [
        "  --> In[1]:2",
        "  1 | local function f(x)",
        "  2 |   return x.y.z",
        "    |   ^^^^^^^^^^^^",
    ]
    assert lines[-1] == "  in main chunk (In[1]:4)"


def test_silent_and_unstored_runs_leave_counter_and_history_alone(peer: JupyterPeer) -> None:
    assert peer.execute("x = 1").count == 1
    silent = peer.execute("print('s') return 5", silent=True, store_history=False)
    assert (silent.stdout, silent.result, silent.count) == ("s\n", None, 1)
    unstored = peer.execute("return 6", store_history=False)
    assert (unstored.result, unstored.count) == ("6", 1)
    assert peer.execute("return 7").count == 2
    assert [entry[2] for entry in peer.history()] == ["x = 1", "return 7"]


def test_user_expressions(peer: JupyterPeer) -> None:
    done = peer.execute("x = 20", user_expressions={"good": "x + 1", "bad": "x.y.z"})
    shown = done.content["user_expressions"]
    assert shown["good"]["data"]["text/plain"] == "21"
    assert shown["bad"]["status"] == "error"


def test_a_failure_aborts_what_its_client_has_queued_and_nothing_else(served: Served) -> None:
    first, second = served.peer(), served.peer()
    failing = first.start("print('in') while not stop do end error('x')")
    failing.wait_for("stream")
    aborted = first.start("print('never')")
    other = second.start("print('other')")
    asked = first.post("shell", "kernel_info_request", {})
    assert asked.wait().status == "ok"  # not a victim of the failure, nor of the loop
    first.interrupt()
    assert failing.wait().status == "error"
    assert aborted.wait().status == "aborted"
    assert other.wait().stdout == "other\n"


def test_without_stop_on_error_the_queue_runs_on(peer: JupyterPeer) -> None:
    failing = peer.start("error('x')", stop_on_error=False)
    next_one = peer.start("print('runs')")
    assert failing.wait().status == "error"
    assert next_one.wait().stdout == "runs\n"


def test_input_goes_to_who_asked_and_to_nobody_else(served: Served) -> None:
    first, second = served.peer(), served.peer()
    done = first.execute("io.write('name? ') return io.read()", answers=["Lua"])
    assert (done.stdout, done.result) == ("name? ", '"Lua"')
    refused = second.execute("return io.read()")
    assert "stdin is not available" in refused.traceback


def test_kernel_info_on_both_channels_says_what_is_true(served: Served) -> None:
    peer = served.peer()
    for channel in ("shell", "control"):
        info = peer.kernel_info(channel)
        assert info["implementation"] == "tidelock"
        assert info["language_info"]["name"] == "lua"
        assert info["protocol_version"].startswith("5.")
        assert info["tidelock"]["state"] == "idle"


def test_completion_of_names_and_members_with_their_kinds(peer: JupyterPeer) -> None:
    peer.execute("tide = {high = 1, low = 2, turn = function(at, kind) end}")
    found = peer.complete("ti")
    assert "tide" in found["matches"]
    assert (found["cursor_start"], found["cursor_end"]) == (0, 2)
    members = peer.complete("x = 1\ntide.")
    assert members["matches"] == ["high", "low", "turn"]
    types = members["metadata"]["_jupyter_types_experimental"]
    assert [entry["type"] for entry in types][:1] == ["field"]
    assert "form" in " ".join(peer.complete("string.for")["matches"])
    assert peer.complete("-- comment ti", 10)["matches"] == []


def test_completion_while_a_loop_runs_and_while_it_is_beyond_the_text(served: Served) -> None:
    peer, other = served.peer(), served.peer()
    running = peer.start("made_at_run_time = {deep = {x = 1}} print('in') while true do end")
    running.wait_for("stream")
    assert other.complete("made_at")["matches"] == ["made_at_run_time"]
    assert other.complete("made_at_run_time.deep.")["matches"] == ["x"]
    assert other.complete("made_at", 9999)["cursor_end"] == 7
    peer.interrupt()
    assert running.wait().error == "Interrupted: interrupted"


def test_completion_runs_no_code_of_the_program(peer: JupyterPeer) -> None:
    peer.execute(
        "touched = 0 trap = setmetatable({}, {__index = function() touched = touched + 1 end,"
        " __pairs = function() touched = touched + 1 end})"
    )
    peer.complete("trap.")
    peer.inspect("trap.anything", 8)
    assert peer.execute("return touched").result == "0"


def test_inspection(peer: JupyterPeer) -> None:
    peer.execute("answer = 42")
    assert "42" in peer.inspect("print(answer)", 8)["data"]["text/plain"]
    assert "string.format" in peer.inspect("string.format", 9)["data"]["text/plain"]
    assert peer.inspect("nothing_of_that_name", 3)["data"] is not None
    assert peer.inspect("   ", 1)["found"] is False


def test_inspection_shows_the_source_when_more_is_wanted(peer: JupyterPeer, tmp_path: Path) -> None:
    text = "local function turn(at)\n  return at -- the tide\nend"
    peer.execute(f"{text}\nmoon = {{turn = turn}} function moon.rise() end rise = moon.rise")
    assert "the tide" not in peer.inspect("moon.turn", 6)["data"]["text/plain"]
    shown = peer.inspect("moon.turn", 6, detail=1)["data"]
    assert shown["text/plain"].endswith(text)
    assert shown["text/markdown"].endswith(f"```lua\n{text}\n```")
    assert peer.inspect("rise", 1, detail=1)["data"]["text/plain"].endswith(
        "function moon.rise() end"
    )
    module = tmp_path / "part.lua"
    module.write_text("#!lua\nfunction from_file() end")
    peer.execute(f"dofile({str(module)!r})")
    found = peer.inspect("from_file", 1, detail=1)["data"]["text/plain"]
    assert found.endswith("function from_file() end")
    assert "print" in peer.inspect("print", 1, detail=1)["data"]["text/plain"]


def test_what_was_seen_earlier_is_told_while_the_runtime_cannot_answer(served: Served) -> None:
    peer, other = served.peer(), served.peer()
    peer.execute("tide = {high = 1}")
    assert other.complete("tide.")["matches"] == ["high"]
    assert "{high = 1}" in other.inspect("tide", 2)["data"]["text/plain"]
    # A single call of the library that takes a second: no question gets in.
    running = peer.start("print('in') string.rep('a', 1400):find('^a-a-a-b')")
    running.wait_for("stream")
    assert other.complete("tide.")["matches"] == ["high"]
    assert "observed earlier" in other.inspect("tide", 2)["data"]["text/plain"]
    peer.interrupt()
    assert running.wait(60).error == "Interrupted: interrupted"
    peer.execute("tide = nil")
    assert other.complete("tide.")["matches"] == []


@pytest.mark.parametrize(
    ("code", "status"),
    [
        ("x = 1", "complete"),
        ("for i = 1, 3 do", "incomplete"),
        ("x = [[ open", "incomplete"),
        ("f(", "incomplete"),
        ("x = = 1", "invalid"),
        ("", "complete"),
        ("'end of text'", "complete"),
    ],
)
def test_is_complete(peer: JupyterPeer, code: str, status: str) -> None:
    assert peer.is_complete(code)["status"] == status


def test_history_by_range_and_pattern(peer: JupyterPeer) -> None:
    for number in range(1, 4):
        peer.execute(f"x = {number}")
    assert [e[2] for e in peer.history("range", start=2, stop=3)] == ["x = 2"]
    assert [e[2] for e in peer.history("search", pattern="*= 3")] == ["x = 3"]
    assert peer.history("tail", n=1, output=True) == [[1, 3, ["x = 3", None]]]
    with pytest.raises(ReplyFailed, match="hist_access_type"):
        peer.history("sideways")


def test_an_interrupt_ends_a_loop_and_the_next_run_works(peer: JupyterPeer) -> None:
    running = peer.start("kept = 1 print('in') while true do pcall(error) end")
    running.wait_for("stream")
    assert peer.interrupt()["status"] == "ok"
    assert running.wait().error == "Interrupted: interrupted"
    assert peer.execute("return kept").result == "1"
    assert peer.interrupt()["status"] == "ok"  # while idle: no effect
    assert peer.execute("return kept").result == "1"


def test_os_exit_ends_the_run_and_not_the_kernel(peer: JupyterPeer) -> None:
    done = peer.execute("print('bye') os.exit(3)")
    assert (done.status, done.error, done.stdout) == ("error", "Exit: os.exit(3)", "bye\n")
    assert done.reply is not None
    assert done.reply.metadata["tidelock"]["exit_code"] == 3
    assert peer.execute("return 1").result == "1"


def test_a_restart_in_place_keeps_the_clients(served: Served) -> None:
    peer, other = served.peer(), served.peer()
    peer.execute("x = 1")
    peer.shutdown(restart=True)
    done = other.execute("return x")
    assert (done.result, done.count) == (None, 1)


def test_a_stop_is_answered_and_idle_before_the_kernel_is_gone(served: Served) -> None:
    client = served.client()
    reply = client.shutdown().result(5.0)
    assert reply.content == {"status": "ok", "restart": False}
    states = [m.content["execution_state"] for m in reply.published if m.type == "status"]
    assert states == ["busy", "idle"]


def test_a_kernel_that_ends_is_not_found_any_more_when_it_says_so() -> None:
    with embedded() as served:
        assert served.embedded is not None
        kernel, order = served.embedded.kernel, []
        kernel.on_stop = lambda: order.append("not found")
        publish = kernel.channels.publish

        def note(kind: str, *rest: Any) -> None:
            if kind == "shutdown_reply":
                order.append("said")
            publish(kind, *rest)

        kernel.channels.publish = note  # type: ignore[method-assign]
        assert served.client().shutdown().result(5.0).content["status"] == "ok"
        assert order == ["not found", "said"]


def test_comms_tell_the_moment_and_answer_questions(served: Served) -> None:
    peer = served.peer()
    peer.execute("tide = {high = 1} package.loaded.mine = tide")
    moment = peer.comm("tidelock.kernel").ask("moment")
    assert [fact["name"] for fact in moment["globals"]] == ["tide"]
    assert moment["modules"] == ["mine"]
    comm = peer.comm("tidelock.kernel")
    found = comm.ask("ask", what="members", root="tide")
    assert [fact["name"] for fact in found["facts"]] == ["high"]


def test_a_comm_stays_open_until_it_is_closed(served: Served) -> None:
    peer = served.peer()
    comm = peer.comm("tidelock.kernel")
    assert [comm.ask("status")["state"] for _ in range(3)] == ["idle"] * 3
    assert peer.comm_info("tidelock.kernel") == {comm.id: "tidelock.kernel"}
    assert peer.comm_info("other") == {}
    comm.close()
    assert peer.comm_info() == {}
    comm.send({"action": "status"})
    assert comm.closed
    asked = peer.comm("tidelock.kernel", {"action": "status"})
    assert (asked.receive()["result"]["state"], asked.closed) == ("idle", True)


def test_an_unknown_comm_is_closed_and_bad_questions_are_refused(served: Served) -> None:
    peer = served.peer()
    assert peer.comm("no.such.target").closed
    with pytest.raises(Exception, match="no action 'dance'"):
        peer.comm("tidelock.kernel").ask("dance")
    with pytest.raises(Exception, match="what is missing"):
        peer.comm("tidelock.kernel").ask("ask")


def test_a_subscriber_is_told_the_moment_after_each_run(served: Served) -> None:
    peer = served.peer()
    comm = peer.comm("tidelock.kernel", {"action": "subscribe"})
    first = comm.receive(lambda data: data.get("ok") is True)
    peer.execute("fresh = 'yes'")
    told = comm.receive(
        lambda data: (
            data.get("event") == "moment"
            and any(fact["name"] == "fresh" for fact in data["result"]["globals"])
        )
    )
    assert told["result"]["revision"] > first["result"]["revision"]


def test_unsaved_text_is_what_require_loads(served: Served, tmp_path: Path) -> None:
    module = tmp_path / "part.lua"
    module.write_text("return 'saved'")
    peer = served.peer()
    path = str(tmp_path / "?.lua")
    run = f"package.loaded.part = nil package.path = {path!r} return (require('part'))"
    assert peer.execute(run).result == '"saved"'
    peer.comm("tidelock.sources").ask("put", source=module.as_uri(), text="return 'unsaved'")
    assert peer.execute(run).result == '"unsaved"'
    peer.comm("tidelock.sources").ask("drop", source=str(module))
    assert peer.execute(run).result == '"saved"'


BAD: list[tuple[str, dict[str, Any]]] = [
    ("execute_request", {}),
    ("execute_request", {"code": None}),
    ("execute_request", {"code": 5, "silent": "no"}),
    ("execute_request", {"code": "1", "user_expressions": [1]}),
    ("execute_request", {"code": "1", "script_args": "x"}),
    ("complete_request", {"code": "x"}),
    ("complete_request", {"code": "x", "cursor_pos": "1"}),
    ("inspect_request", {"cursor_pos": 1}),
    ("is_complete_request", {}),
    ("history_request", {"hist_access_type": 3}),
    ("made_up_request", {}),
    ("inspect_request", {"code": "x", "cursor_pos": 1, "detail_level": "more"}),
]


@pytest.mark.parametrize(("kind", "content"), BAD)
def test_a_request_that_makes_no_sense_is_answered_and_the_next_one_works(
    served: Served, kind: str, content: dict[str, Any]
) -> None:
    raw = served.raw()
    reply = raw.request("shell", kind, content)
    assert reply.content["status"] == "error"
    assert reply.content["evalue"]
    good = raw.request("shell", "execute_request", {"code": "return 1"})
    assert good.content["status"] == "ok"


def test_a_selection_has_the_lines_of_its_file_and_is_echoed_as_it_was_sent(
    served: Served,
) -> None:
    peer = served.peer()
    run = peer.execute("\n\nerror('low')", metadata={"tidelock": {"first_line": 40}})
    assert run.error == "LuaError: In[1]:42: low"  # the kit compares the echo
    assert [text for _, _, text in peer.history()] == ["\n\nerror('low')"]
    for wrong in (0, 10**12, "1"):
        refused = peer.execute("ran = true", metadata={"tidelock": {"first_line": wrong}})
        assert refused.content["ename"] == "BadRequest"
    assert peer.execute("ran").result is None


def test_subshells_are_refused_with_a_reason(served: Served) -> None:
    peer = served.peer()
    for kind in ("create", "delete", "list"):
        refused = peer.request("control", f"{kind}_subshell_request", {"subshell_id": "x"})
        assert (refused.status, refused.content["ename"]) == ("error", "NotSupported")
        assert "one Lua runtime runs one thing at a time" in refused.content["evalue"]
    assert "kernel subshells" not in peer.kernel_info()["supported_features"]
    stray = peer.start("ran = true", subshell="nowhere").wait()
    assert (stray.status, stray.content["ename"]) == ("error", "NotSupported")
    assert peer.execute("return ran").result is None


def test_the_ports_can_be_asked_for(served: Served) -> None:
    told = served.peer().connect_info()
    assert told["control_port"] == served.connection.control_port
    assert told["hb_port"] == served.connection.hb_port


def test_a_front_end_that_shows_the_last_status_sees_a_running_cell_as_busy(
    served: Served,
) -> None:
    peer, other = served.peer(), served.peer()
    running = peer.start("print('in') while not stop do end")
    running.wait_for("stream")
    other.complete("x")
    running.wait_for("status", lambda _: running.seen["busy"] == 2)
    statuses = [m for m in peer.others if m.type == "status"]
    assert statuses[-1].content["execution_state"] == "idle"  # the other's, before the second busy
    peer.interrupt()
    assert running.wait().error == "Interrupted: interrupted"


@pytest.mark.parametrize("content", [None, [], "text", 7])
def test_content_of_another_kind_is_answered(served: Served, content: Any) -> None:
    raw = served.raw()
    for kind in ("execute_request", "complete_request", "history_request"):
        assert raw.request("shell", kind, content).content["status"] == "error"
    assert raw.request("control", "debug_request", content).content["status"] == "error"
    assert raw.request("shell", "kernel_info_request", {}).content["status"] == "ok"


def test_a_subscriber_is_greeted_before_anything_else(served: Served) -> None:
    busy = served.raw().ready()
    for _ in range(10):
        for _ in range(20):  # each publishes twice
            busy.send("shell", busy.message("kernel_info_request"))
        assert served.raw().iopub().type == "iopub_welcome"

"""What one client may take from others: clients, requests, queue, time, output, unread messages."""

from __future__ import annotations

import json
import os
import re
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import zmq

from kit.jupyter import RawMessage, RawPeer
from kit.jupyter_wire import url
from kit.kernels import Served, external
from kit.places import Place
from kit.timeline import until
from tidelock.kernel.clients import Bucket
from tidelock.kernel.subscribers import Subscribers


def refused(reply: RawMessage | Any, name: str, words: str) -> str:
    """The words of a refusal."""
    content = reply.content
    assert (content["status"], content["ename"]) == ("error", name)
    assert re.search(words, content["evalue"])
    return str(content["evalue"])


def execute(raw: RawPeer, code: str) -> RawMessage:
    """Execute, and give the reply."""
    return raw.request("shell", "execute_request", {"code": code})


def status(raw: RawPeer) -> dict[str, Any]:
    """What the kernel says of itself, on a comm of one question."""
    header = raw.header("comm_open")
    data = {"comm_id": header["msg_id"], "target_name": "tidelock.kernel"}
    raw.send(
        "shell", raw.message("comm_open", {**data, "data": {"action": "status"}}, header=header)
    )
    for message in raw.published(header["msg_id"]):
        if message.type == "comm_msg":
            result: dict[str, Any] = message.content["data"]["result"]
            return result
    raise AssertionError("the comm did not answer")


# -- how many ------------------------------------------------------------------------------------


def test_one_client_more_than_may_be(tmp_path: Path) -> None:
    with external(tmp_path, kernel_max_clients=3) as served:
        first, *others = [served.raw() for _ in range(3)]
        for raw in (first, *others):
            assert execute(raw, "n = (n or 0) + 1").content["status"] == "ok"
        late = served.raw()
        words = (
            "kernel.max_clients is 3, and as many use this kernel already; close one, or raise it"
        )
        refused(execute(late, "n = 0"), "TooManyClients", words)
        refused(late.request("shell", "complete_request", {"code": "n"}), "TooManyClients", words)
        assert late.request("control", "kernel_info_request").content["status"] == "ok"
        told = status(late)
        assert (told["clients"], told["limits"]) == (3, {"kernel.max_clients": 2})
        assert execute(others[0], "n = n + 1").content["status"] == "ok"
        first.close()
        until(
            lambda: execute(late, "n = n + 1").content["status"] == "ok", "the place of the first"
        )
        assert status(late)["clients"] == 3


@pytest.mark.parametrize("most", [10, 100])
def test_sessions_are_counted_whatever_connection_they_use(tmp_path: Path, most: int) -> None:
    options = {} if most == 100 else {"kernel_max_clients": most}  # 100 is the default
    with external(tmp_path, **options) as served:
        raw = served.raw()
        for number in range(most + 1):
            raw.session = f"session-{number}"
            reply = execute(raw, "return 1").content
            assert reply["status"] == ("ok" if number < most else "error"), number
        assert reply["ename"] == "TooManyClients"
        assert status(raw)["clients"] == most


def test_debug_sessions_count_as_clients(tmp_path: Path) -> None:
    with external(tmp_path, kernel_max_clients=2) as served:
        raw, late = served.raw(), served.raw()
        assert execute(raw, "x = 1").content["status"] == "ok"
        with served.dap() as debugger:
            debugger.attach(key=served.connection.key)
            refused(execute(late, "x = 2"), "TooManyClients", "kernel.max_clients is 2")
            second = served.dap()
            second.initialize()
            said = second.request_failing("attach", {"key": served.connection.key})
            assert "kernel.max_clients is 2" in json.dumps(said)
        until(lambda: execute(late, "x = 2").content["status"] == "ok", "the debugger's place")


# -- how much of one -----------------------------------------------------------------------------


def test_requests_over_the_rate_are_refused_and_others_are_not(tmp_path: Path) -> None:
    options = {"kernel_policy_requests_per_s": 0.01, "kernel_policy_burst": 3}
    with external(tmp_path, **options) as served:
        eager, calm = served.raw(), served.raw()
        for _ in range(3):
            assert execute(eager, "n = (n or 0) + 1").content["status"] == "ok"
        reply = execute(eager, "n = 0")
        said = refused(reply, "RateLimited", r"a client may send 0.01 requests a second; try again")
        (wait_s,) = re.findall(r"in ([\d.]+) s$", said)
        assert 90 < float(wait_s) <= 100
        assert reply.metadata["tidelock"]["retry_after_s"] == pytest.approx(float(wait_s), abs=0.01)
        assert eager.request("control", "kernel_info_request").content["status"] == "ok"
        assert execute(calm, "n = n + 1").content["status"] == "ok"
        assert status(eager)["limits"] == {"kernel.policy.requests_per_s": 1}
        header = eager.header("comm_open")
        content = {"comm_id": "c1", "target_name": "tidelock.kernel", "data": {"action": "moment"}}
        eager.send("shell", eager.message("comm_open", content, header=header))
        answer = [m for m in eager.published(header["msg_id"]) if m.type.startswith("comm_")]
        assert [message.type for message in answer] == ["comm_msg", "comm_close"]
        assert "a client may send" in answer[0].content["data"]["error"]


def test_the_rate_comes_back_with_time(tmp_path: Path) -> None:
    options = {"kernel_policy_requests_per_s": 50, "kernel_policy_burst": 1}
    with external(tmp_path, **options) as served:
        raw = served.raw()
        statuses = [execute(raw, "return 1").content["status"] for _ in range(2)]
        while "error" not in statuses[1:] or statuses[-1] != "ok":
            statuses.append(execute(raw, "return 1").content["status"])
            assert len(statuses) < 10_000


def test_one_client_cannot_fill_the_queue(tmp_path: Path) -> None:
    with external(tmp_path, kernel_policy_max_queued=2) as served:
        greedy, other = served.peer(), served.peer()
        running = greedy.start("print('on') while true do end")
        greedy.wait_until(lambda: running.stdout or None, None, "its output")
        waiting = [greedy.start(f"return {n}", stop_on_error=False) for n in range(2)]
        refused(greedy.execute("return 3"), "RateLimited", "2 executions of this client wait")
        theirs = other.start("return 'theirs'")
        assert other.kernel_info("control")["tidelock"]["state"] == "running"
        greedy.interrupt()
        assert running.wait().content["ename"] == "Interrupted"
        assert theirs.wait().result == '"theirs"'
        assert [one.wait().content["status"] for one in waiting] == ["aborted", "aborted"]
        assert greedy.execute("return 4").result == "4"


def test_the_whole_queue_is_a_limit_too(tmp_path: Path) -> None:
    with external(tmp_path, kernel_max_queue=1) as served:
        peer = served.peer()
        running = peer.start("print('on') while true do end")
        peer.wait_until(lambda: running.stdout or None, None, "its output")
        waiting = peer.start("return 1")
        refused(peer.execute("return 2"), "QueueFull", "1 executions wait already")
        peer.interrupt()
        running.wait()
        waiting.wait()
        assert status(served.raw().ready())["limits"] == {"kernel.max_queue": 1}


@pytest.mark.parametrize("asked", [{}, {"timeout_s": 0}, {"timeout_s": 3600}])
def test_no_client_runs_longer_than_its_policy(tmp_path: Path, asked: dict[str, Any]) -> None:
    with external(tmp_path, kernel_policy_execution_timeout_s=0.2) as served:
        peer = served.peer()
        done = peer.execute("while true do end", metadata={"tidelock": asked})
        assert done.content["ename"] == "ExecutionTimeout"
        assert peer.execute("return 1").result == "1"
        limits = status(served.raw().ready())["limits"]
        assert limits == {"kernel.policy.execution_timeout_s": 1}


def test_output_over_the_policy_is_cut_and_the_next_execution_waits(tmp_path: Path) -> None:
    with external(tmp_path, kernel_policy_output_limit=1000) as served:
        peer, other = served.peer(), served.peer()
        done = peer.execute("print(('x'):rep(5000))")
        assert done.stdout.startswith("x" * 1000 + "\n[output limit of 1000 bytes reached")
        refused(peer.execute("print(1)"), "RateLimited", "may write 1000 bytes a minute; try again")
        assert other.execute("print(2)").stdout == "2\n"
        shown = "require('tidelock').display{text = ('y'):rep(900), html = ('z'):rep(5000)}"
        other.execute(shown)
        assert status(served.raw().ready())["limits"] == {"kernel.policy.output_limit": 1}


def test_displays_count_as_output(tmp_path: Path) -> None:
    with external(tmp_path, kernel_policy_output_limit=1000) as served:
        peer = served.peer()
        shown = peer.execute("require('tidelock').display{text = ('y'):rep(990)}")
        assert len(shown.displays) == 1
        assert peer.execute("print(('y'):rep(900))").stdout
        refused(peer.execute("print(1)"), "RateLimited", "may write 1000 bytes a minute")


def test_a_kernel_in_ones_own_process_has_no_policy(place: Place) -> None:
    place.file(
        "tidelock.toml", "[kernel.policy]\noutput_limit = 5\nrequests_per_s = 0.01\nburst = 1\n"
    )
    lines = "print('longer')\n" * 3
    assert place.run("repl", stdin=lines).expect().stdout == "longer\n" * 3


def test_a_bucket_is_refilled_and_never_overflows() -> None:
    now = [0.0]
    bucket = Bucket(10, 2, lambda: now[0])
    bucket.take(10)
    assert bucket.wait_for(1) == 0.5
    now[0] = 0.5
    assert bucket.wait_for(1) == 0
    bucket.take(21)  # late: a debt
    assert bucket.wait_for(1) == 10.5
    now[0] = 1000.0
    bucket.take(10)
    assert bucket.wait_for(1) == 0.5


# -- who is gone ---------------------------------------------------------------------------------


def test_what_a_vanished_client_held_is_freed(tmp_path: Path) -> None:
    with external(tmp_path) as served:
        watcher = served.raw().ready()
        with RawPeer(served.fields) as gone:
            data = {"target_name": "tidelock.kernel", "data": {"action": "subscribe"}}
            gone.send("shell", gone.message("comm_open", {"comm_id": "c1", **data}))
            gone.socket("stdin")
            asking = {"code": "x, y = io.read(), io.read() done = true", "allow_stdin": True}
            gone.send("shell", gone.message("execute_request", asking))
            until(lambda: status(watcher)["state"] == "waiting for input", "its question")
            comms = watcher.request("shell", "comm_info_request").content["comms"]
            assert list(comms) == ["c1"]
            assert status(watcher)["clients"] == 2
        until(lambda: status(watcher)["state"] == "idle", "the end of the input")
        header = watcher.header("execute_request")
        code = {"code": "print(x, y, done)"}
        watcher.send("shell", watcher.message("execute_request", code, header=header))
        (shown,) = [m for m in watcher.published(header["msg_id"]) if m.type == "stream"]
        assert shown.content["text"] == "nil\tnil\ttrue\n"
        watcher.receive("shell")
        assert watcher.request("shell", "comm_info_request").content["comms"] == {}
        assert status(watcher)["clients"] == 1


def test_a_client_that_comes_back_at_once_keeps_what_it_held(tmp_path: Path) -> None:
    data = {"target_name": "tidelock.kernel", "data": {"action": "subscribe"}}
    with external(tmp_path) as served:
        watcher = served.raw().ready()
        first, second = RawPeer(served.fields), RawPeer(served.fields)
        for number, raw in (("c1", first), ("c2", second)):
            raw.send("shell", raw.message("comm_open", {"comm_id": number, **data}))
            execute(raw, "return 1")
        first.close()
        until(lambda: status(watcher)["clients"] == 2, "its end")
        with RawPeer(served.fields, identity=first.identity) as back:
            back.session = first.session
            execute(back, "return 1")
            assert status(watcher)["clients"] == 3
            second.close()  # whose time is up later than that of the first

            def open_comms() -> list[str]:
                return list(watcher.request("shell", "comm_info_request").content["comms"])

            until(lambda: "c2" not in open_comms(), "the end of the second")
            assert open_comms() == ["c1"]


def test_what_it_started_goes_on(tmp_path: Path) -> None:
    with external(tmp_path) as served:
        watcher = served.raw().ready()
        gone = served.peer()
        running = gone.start("print('on') while not stop do end", allow_stdin=True)
        gone.wait_until(lambda: running.stdout or None, None, "its output")
        gone.close()
        until(lambda: status(watcher)["clients"] == 1, "its end")
        assert status(watcher)["state"] == "running"
        watcher.request("control", "interrupt_request")
        until(lambda: status(watcher)["state"] == "idle", "the interrupt")


# -- who does not read ---------------------------------------------------------------------------


def memory(served: Served) -> int:
    """The most memory that the kernel's process has had, in bytes."""
    assert served.process is not None
    text = Path(f"/proc/{served.process.pid}/status").read_text()
    return int(re.findall(r"VmHWM:\s+(\d+) kB", text)[0]) * 1024


MIB = 1 << 20


@pytest.mark.parametrize("line", [100, 10_000])
def test_a_subscriber_that_never_reads_is_cut_off(tmp_path: Path, line: int) -> None:
    limit = 8 * MIB
    with external(tmp_path, output_subscriber_limit=limit) as served, ExitStack() as stack:
        context = stack.enter_context(zmq.Context())
        stuck = stack.enter_context(context.socket(zmq.SUB))
        stuck.linger, stuck.rcvhwm, stuck.rcvbuf = 0, 1, 65536
        stuck.subscribe(b"")
        stuck.connect(url(served.fields, "iopub"))
        assert stuck.poll(20_000)  # it is subscribed: its greeting is there
        peer = served.peer(timeout=60)
        before = memory(served)
        code = f"for i = 1, 200 do io.write(('x'):rep({line}), '\\n') io.flush() end"
        for _ in range(400):
            done = peer.execute(code)
            assert len(done.stdout) == 200 * (line + 1)  # who reads loses nothing
            # It will not know before it reads again.
            if "cut off a subscriber that does not read" in (tmp_path / "kernel.log").read_text():
                break
        else:
            raise AssertionError("it was not cut off")
        assert memory(served) - before < 3 * limit
        told = status(served.raw().ready())["limits"]
        assert told["output.subscriber_limit"] >= 1


def test_a_look_that_fails_leaves_publishing_alone(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse(path: str) -> list[str]:
        raise OSError(24, "Too many open files")

    monkeypatch.setattr(os, "listdir", refuse)
    watch = Subscribers(1, 16_000, pytest.fail, encrypted=False)
    for _ in range(30):
        watch.published([b"x" * 100])
    said = capsys.readouterr().err
    assert 1 <= said.count("the subscribers could not be looked at") < 30


def test_without_a_limit_nobody_is_cut_off(tmp_path: Path) -> None:
    with external(tmp_path, output_subscriber_limit=0) as served:
        peer = served.peer(timeout=60)
        for _ in range(10):
            assert len(peer.execute("io.write(('x'):rep(1000000))").stdout) == 1_000_000
        assert status(served.raw().ready())["limits"] == {}


def test_limits_are_shown_by_the_command(place: Place) -> None:
    with place.kernel("--id", "k1", "--set", "kernel.max_clients=1"):
        place.run("exec", "1", "--connect", "k1").expect()
        (fields,) = place.registered()
        with RawPeer(fields) as raw, RawPeer(fields) as late:
            until(lambda: execute(raw, "return 1").content["status"] == "ok", "its place")
            refused(execute(late, "return 2"), "TooManyClients", "kernel.max_clients is 1")
            shown = place.run("kernel", "status", "k1").expect().stdout
            assert re.search(r"^clients +1$", shown, re.MULTILINE)
            assert re.search(r"^limits acted +kernel.max_clients \d+$", shown, re.MULTILINE)
            told = place.run("kernel", "status", "k1", "--output", "json").expect().stdout
            assert json.loads(told)["kernels"][0]["limits"]["kernel.max_clients"] >= 1

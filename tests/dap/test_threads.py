"""Coroutines as threads of a stop: which are told, their stacks and variables, their numbers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from kit.dap import DapClient
from kit.jupyter import JupyterPeer
from kit.kernels import Served, serving
from kit.lua import build_under_test
from kit.marked import marked

BUILD = build_under_test()
KEEPS_FAILED_WRAPS = BUILD.dialect not in ("5.4", "5.5")
"""Since Lua 5.4 a function of ``coroutine.wrap`` closes its coroutine when that fails."""

FEED = marked("""
    local queue = {}

    local function producer(count) --@producer
      for i = 1, count do
        local item = "item " .. i
        coroutine.yield(item) --@yield
      end
    end

    function consumer(source) --@consumer
      local got = source()
      queue[#queue + 1] = got --@got
      coroutine.yield()
      queue[#queue + 1] = source() --@second
    end

    local source = coroutine.wrap(producer)
    local first = source(3) --@first
    local sink = coroutine.create(consumer)
    coroutine.resume(sink, source) --@resume
    local failed = coroutine.create(function(why) --@failing
      local reason = "because " .. why
      error(reason) --@error
    end)
    print(coroutine.resume(failed, "it must"))
    local fresh = coroutine.create(producer)
    local over = coroutine.create(function() end)
    coroutine.resume(over)
    print(#queue) --@end
""")


@pytest.fixture
def feed(tmp_path: Path) -> Path:
    path = tmp_path / "feed.lua"
    path.write_text(FEED.text)
    return path


def key(served: Served) -> dict[str, str]:
    """What an editor adds that connects to the port by itself."""
    return {} if served.embedded else {"key": served.connection.key}


def stopped(served: Served, script: Path, *names: str) -> tuple[DapClient, int]:
    """A client at its first stop, and the thread that stopped."""
    client = served.dap()
    lines = [FEED.lines[name] for name in names]
    client.launch(str(script), breakpoints={str(script): lines}, **key(served))
    stop = client.wait_for_stop("breakpoint")
    assert stop.body["allThreadsStopped"] is True
    assert stop.thread is not None
    return client, stop.thread


def names(client: DapClient) -> dict[int, str]:
    """The threads by number."""
    return {thread["id"]: thread["name"] for thread in client.threads()}


def number(client: DapClient, start: str) -> int:
    """The number of the one thread whose name begins so."""
    (found,) = [each for each, name in names(client).items() if name.startswith(start)]
    return found


def pictured(client: DapClient, thread: int) -> list[tuple[str, int]]:
    """A stack as (name, line), without what is written in C."""
    return [
        (frame["name"], frame["line"])
        for frame in client.stack(thread)
        if not frame["name"].startswith("[C]")
    ]


def test_a_stop_shows_every_coroutine_that_can_be_reached(served: Served, feed: Path) -> None:
    client, thread = stopped(served, feed, "end")
    assert thread == 1
    found = names(client)
    assert found.pop(1) == "main, stopped"
    producer, consumer, failing = (FEED.lines[name] for name in ("producer", "consumer", "failing"))
    assert sorted(found.values()) == [
        f"consumer (feed.lua:{consumer}), suspended",
        "coroutine that has not begun, suspended",
        f"function (feed.lua:{failing}), dead",
        f"producer (feed.lua:{producer}), suspended",
    ]
    assert client.output("stdout").count("\n") == 1  # the line with the breakpoint has not run


def test_a_suspended_coroutine_has_a_stack_and_variables(served: Served, feed: Path) -> None:
    client, _ = stopped(served, feed, "end")
    thread = number(client, "producer")
    frames = client.stack(thread)
    assert frames[0]["presentationHint"] == "subtle"  # the function yield itself
    frame = frames[1]
    assert (frame["line"], frame["source"]["path"]) == (FEED.lines["yield"], str(feed))
    assert client.locals(frame["id"])["item"] == '"item 2"'
    assert client.evaluate("item .. '!', count", frame=frame["id"]) == '"item 2!"\t3'
    client.evaluate("count = 1", frame=frame["id"], context="repl")
    assert client.evaluate("count", frame=frame["id"]) == "1"


def test_what_died_of_an_error_keeps_its_stack(served: Served, feed: Path) -> None:
    client, _ = stopped(served, feed, "end")
    thread = number(client, f"function (feed.lua:{FEED.lines['failing']})")
    frame = next(frame for frame in client.stack(thread) if frame["line"])
    assert frame["line"] == FEED.lines["error"]
    assert client.locals(frame["id"]) == {"why": '"it must"', "reason": '"because it must"'}


def test_a_stack_leads_on_to_those_that_resumed_it(served: Served, feed: Path) -> None:
    client, thread = stopped(served, feed, "got")
    assert thread != 1
    consumer = f"consumer (feed.lua:{FEED.lines['consumer']})"
    assert list(names(client).items())[:2] == [
        (thread, f"{consumer}, stopped"), (1, "main, normal"),
    ]  # fmt: skip
    assert client.evaluate("got") == '"item 2"'
    main = ("main chunk", FEED.lines["resume"])
    assert pictured(client, thread) == [
        ("consumer", FEED.lines["got"]), ("resumed by main", 0), main,
    ]  # fmt: skip
    assert pictured(client, 1) == [main]
    mark = next(f for f in client.stack(thread) if f["name"] == "resumed by main")
    assert mark["presentationHint"] == "label"
    refused = client.request_failing("scopes", {"frameId": mark["id"]})
    assert "a mark between two coroutines" in refused["message"]
    whole = client.stack(thread)
    assert client.stack(thread, startFrame=1, levels=2) == whole[1:3]


def test_numbers_stay_and_the_stops_tell_which_coroutine_it_is(served: Served, feed: Path) -> None:
    client, thread = stopped(served, feed, "yield", "got", "end")
    producer = number(client, "producer")
    assert producer == thread
    assert names(client) == names(client)
    client.resume(thread)
    second = client.wait_for_stop("breakpoint")  # the consumer has resumed the producer
    assert second.thread == producer
    assert [name for _, name in pictured_marks(client, producer)] == [
        f"resumed by coroutine {number(client, 'consumer')}", "resumed by main",
    ]  # fmt: skip
    client.resume(producer)
    assert client.wait_for_stop("breakpoint").thread == number(client, "consumer")
    client.resume()
    assert client.wait_for_stop("breakpoint").thread == 1
    assert number(client, "producer") == producer


def pictured_marks(client: DapClient, thread: int) -> list[tuple[str, str]]:
    """The marks of a stack."""
    return [
        (frame["presentationHint"], frame["name"])
        for frame in client.stack(thread)
        if frame.get("presentationHint") == "label"
    ]


def test_the_other_client_is_told_which_thread_goes_on(served: Served, feed: Path) -> None:
    client, thread = stopped(served, feed, "got")
    second = served.dap()
    second.initialize()
    second.attach(**key(served))
    assert second.wait_for_stop("breakpoint").thread == thread
    assert names(second) == names(client)
    client.resume()
    told = second.wait_for_event("continued")["body"]
    assert told == {"threadId": thread, "allThreadsContinued": True}


def test_a_step_of_the_one_that_resumed_runs_the_coroutine_on(served: Served, feed: Path) -> None:
    client, thread = stopped(served, feed, "got")
    assert client.evaluate("#queue") == "0"
    client.request("next", {"threadId": 1})
    assert client.wait_for_stop("step").thread == 1
    assert client.top_frame()["line"] == FEED.lines["failing"]
    assert client.evaluate("#queue") == "1"
    assert "suspended" in names(client)[thread]
    refused = client.request_failing("next", {"threadId": thread})
    assert refused["message"] == f"coroutine {thread} does not run: it cannot be stepped"
    assert client.top_frame()["line"] == FEED.lines["failing"]


def test_without_a_stop_there_is_the_main_thread_alone(served: Served, feed: Path) -> None:
    client = served.dap()
    client.initialize()
    client.attach(**key(served))
    assert client.threads() == [{"id": 1, "name": "main"}]


def test_those_that_ended_are_told_once_and_only_if_they_were_shown(
    served: Served, tmp_path: Path
) -> None:
    script = tmp_path / "short.lua"
    script.write_text(
        "local shown = coroutine.wrap(function() coroutine.yield() end)\n"
        "shown()\n"
        "local stop = 1\n"  # 3
        "shown()\n"
        "for i = 1, 100000 do coroutine.wrap(function() end)() end\n"
        "stop = 2\n"  # 6
        "stop = 3\n"
    )
    client = served.dap(timeout=30)
    client.launch(str(script), breakpoints={str(script): [3, 6, 7]}, **key(served))
    client.wait_for_stop("breakpoint")
    (thread,) = set(names(client)) - {1}
    client.resume()
    client.wait_for_stop("breakpoint")
    assert names(client) == {1: "main, stopped"}
    assert client.wait_for_event("thread")["body"] == {"reason": "exited", "threadId": thread}
    client.resume()
    client.wait_for_stop("breakpoint")
    assert names(client) == {1: "main, stopped"}
    told = [entry for entry in client.timeline.entries if entry.name == "thread"]
    assert len(told) == 1


def test_a_number_is_never_given_to_another_coroutine(served: Served, tmp_path: Path) -> None:
    script = tmp_path / "again.lua"
    script.write_text(
        "for i = 1, 5 do\n"
        "  local co = coroutine.create(function() coroutine.yield() end)\n"
        "  coroutine.resume(co)\n"
        "  collectgarbage()\n"  # 4
        "end\n"
    )
    client = served.dap()
    client.launch(str(script), breakpoints={str(script): [4]}, **key(served))
    seen: list[int] = []
    for _ in range(5):
        client.wait_for_stop("breakpoint")
        new = set(names(client)) - {1} - set(seen)
        assert len(new) == 1
        seen += new
        client.resume()
    assert len(set(seen)) == 5
    client.wait_for_end()


@pytest.mark.parametrize("way", ["embedded", "external"])
def test_many_are_cut_and_counted(tmp_path: Path, way: str) -> None:
    script = tmp_path / "many.lua"
    script.write_text(
        "local all = {}\n"
        "for i = 1, 50 do\n"
        "  all[i] = coroutine.create(function() coroutine.yield(i) end)\n"
        "  coroutine.resume(all[i])\n"
        "end\n"
        "print(#all)\n"
    )
    with serving(way, tmp_path, debug_max_threads=10) as served:
        client = served.dap()
        client.launch(str(script), breakpoints={str(script): [6]}, **key(served))
        client.wait_for_stop("breakpoint")
        body = client.request("threads")["body"]
        assert (len(body["threads"]), body["totalThreads"]) == (10, 51)
        assert body["threads"][0]["name"] == "main, stopped"
        client.request("threads")
        client.resume()
        client.wait_for_end()
        words = "the first 10 of 51 coroutines are shown (debug.max_threads)\n"
        assert client.output("console") == words


def scheduler(tmp_path: Path) -> Path:
    """A program whose coroutines are found only through a module's upvalue."""
    (tmp_path / "tasks.lua").write_text(
        "local waiting = {first = {}}\n"
        "local M = {}\n"
        "function M.add(f, name)\n"
        "  waiting.first[name] = {thread = coroutine.create(f), at = 0}\n"
        "  coroutine.resume(waiting.first[name].thread)\n"
        "end\n"
        "return M\n"
    )
    script = tmp_path / "main.lua"
    script.write_text(
        "local tasks = require('tasks')\n"
        "do tasks.add(function() coroutine.yield() end, 'one') end\n"
        "local done = 1\n"
    )
    return script


def test_those_behind_a_modules_functions_are_found(served: Served, tmp_path: Path) -> None:
    script = scheduler(tmp_path)
    client = served.dap()
    client.launch(str(script), breakpoints={str(script): [3]}, **key(served))
    client.wait_for_stop("breakpoint")
    assert sorted(names(client).values()) == ["function (main.lua:2), suspended", "main, stopped"]


def test_the_look_runs_nothing_and_ends(served: Served, tmp_path: Path) -> None:
    script = tmp_path / "trap.lua"
    script.write_text(
        "touched = 0\n"
        "local function touch() touched = touched + 1 end\n"
        "local trap = setmetatable({}, {__index = touch, __pairs = touch, __len = touch})\n"
        "trap.me = trap\n"
        "rawset(trap, 'co', coroutine.wrap(function() coroutine.yield() end))\n"
        "trap.co()\n"
        "for i = 1, 100000 do rawset(trap, i, {i}) end\n"
        "touched = 0\n"
        "local done = 1\n"  # 9
    )
    client = served.dap(timeout=30)
    client.launch(str(script), breakpoints={str(script): [9]}, **key(served))
    client.wait_for_stop("breakpoint")
    assert set(names(client)) >= {1}
    assert client.evaluate("touched") == "0"


def test_jupyterlab_which_knows_one_thread_sees_the_one_that_stopped(served: Served) -> None:
    peer: JupyterPeer = served.peer()
    code = (
        "local function inside(n)\n"
        "  local twice = n * 2\n"
        "  coroutine.yield(twice)\n"  # 3
        "end\n"
        "local co = coroutine.wrap(inside)\n"
        "local result = co(4)\n"
        "return result"
    )
    peer.debug("initialize", {"clientID": "jupyterlab", "adapterID": ""})
    peer.debug("attach", {})
    path = peer.debug("dumpCell", {"code": code})["body"]["sourcePath"]
    source: dict[str, Any] = {"source": {"path": path}, "breakpoints": [{"line": 3}]}
    peer.debug("setBreakpoints", source)
    peer.debug("configurationDone")
    running = peer.start(code)
    assert peer.wait_for_debug_event("stopped")["body"]["threadId"] == 1
    (thread,) = peer.debug("threads", {})["body"]["threads"]
    assert thread["id"] == 1
    assert thread["name"].endswith(", stopped")
    frames = peer.debug("stackTrace", {"threadId": 1})["body"]["stackFrames"]
    assert [frame["line"] for frame in frames if frame["line"]] == [3, 6]
    peer.debug("next", {"threadId": 1})
    assert peer.wait_for_debug_event("continued")["body"]["threadId"] == 1
    assert peer.wait_for_debug_event("stopped")["body"]["threadId"] == 1
    frames = peer.debug("stackTrace", {"threadId": 1})["body"]["stackFrames"]
    assert [frame["line"] for frame in frames] == [7]
    peer.debug("continue", {"threadId": 1})
    assert running.wait().result == "8"


@pytest.mark.skipif(KEEPS_FAILED_WRAPS, reason="this Lua keeps the stack")
def test_a_wrap_that_failed_is_gone_since_lua_5_4(served: Served, tmp_path: Path) -> None:
    script = tmp_path / "wrap.lua"
    script.write_text(
        "local failing = coroutine.wrap(function() error('x') end)\npcall(failing)\nlocal x = 1\n"
    )
    client = served.dap()
    client.launch(str(script), breakpoints={str(script): [3]}, **key(served))
    client.wait_for_stop("breakpoint")
    assert names(client) == {1: "main, stopped"}

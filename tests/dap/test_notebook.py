"""JupyterLab's debugging conversation through ``debug_request``, embedded and external."""

from __future__ import annotations

import pytest

from kit.jupyter import JupyterPeer
from kit.kernels import Served
from tidelock.dap.notebook import murmur2

CELL = "local n = 1\nfor i = 1, 3 do\n  n = n + i\nend\nreturn n"


@pytest.fixture
def peer(served: Served) -> JupyterPeer:
    return served.peer()


@pytest.mark.parametrize(
    ("text", "seed", "expected"),
    [("", 0, 0), ("a", 0, 0x92685F5E), ("abc", 0, 0x13577C9B), ("abcd", 0, 0x26873021)],
)
def test_the_hash_is_the_one_front_ends_compute(text: str, seed: int, expected: int) -> None:
    assert murmur2(text, seed) == expected


def attach(peer: JupyterPeer, *lines: int) -> str:
    """What JupyterLab does when its debugger is switched on; the cell's source path."""
    info = peer.debug("debugInfo")["body"]
    assert (info["isStarted"], info["hashMethod"]) == (False, "Murmur2")
    client = {"clientID": "jupyterlab", "adapterID": "", "supportsVariableType": True}
    peer.debug("initialize", client)
    peer.debug("attach", {})
    path = peer.debug("dumpCell", {"code": CELL})["body"]["sourcePath"]
    name = murmur2(CELL, info["hashSeed"])
    assert path == f"{info['tmpFilePrefix']}{name}{info['tmpFileSuffix']}"
    points = [{"line": line} for line in lines]
    answer = peer.debug("setBreakpoints", {"source": {"path": path}, "breakpoints": points})
    assert [point["verified"] for point in answer["body"]["breakpoints"]] == [True] * len(lines)
    peer.debug("configurationDone")
    return path


def test_a_cell_stops_shows_its_variables_and_goes_on(peer: JupyterPeer) -> None:
    path = attach(peer, 3)
    running = peer.start(CELL)
    stopped = peer.wait_for_debug_event("stopped")
    assert stopped["body"]["threadId"] == 1
    (frame,) = peer.debug("stackTrace", {"threadId": 1})["body"]["stackFrames"]
    assert (frame["line"], frame["source"]["path"]) == (3, path)
    scope = peer.debug("scopes", {"frameId": frame["id"]})["body"]["scopes"][0]
    assert scope["name"] == "Locals"
    found = peer.debug("variables", {"variablesReference": scope["variablesReference"]})
    assert {v["name"]: v["value"] for v in found["body"]["variables"]}["n"] == "1"
    assert all("type" not in v for v in found["body"]["variables"])  # it would hide the value
    assert peer.debug("debugInfo")["body"]["stoppedThreads"] == [1]
    assert "n = n + i" in peer.debug("source", {"source": {"path": path}})["body"]["content"]
    peer.debug("setBreakpoints", {"source": {"path": path}, "breakpoints": []})
    peer.debug("continue", {"threadId": 1})
    assert running.wait().result == "7"


def test_the_debuggers_state_is_there_for_a_page_that_is_loaded_again(peer: JupyterPeer) -> None:
    path = attach(peer, 1, 3)
    info = peer.debug("debugInfo")["body"]
    assert info["isStarted"] is True
    (source,) = info["breakpoints"]
    assert source["source"] == path
    assert [point["line"] for point in source["breakpoints"]] == [1, 3]


def test_an_error_names_the_cell_and_not_the_path_made_for_it(peer: JupyterPeer) -> None:
    path = attach(peer)
    failed = peer.execute("\nfunction fails()\n  error('too low')\nend\nfails()")
    words = "In[1]:3: too low"
    assert (failed.status, failed.error) == ("error", f"LuaError: {words}")
    assert failed.traceback.splitlines() == [
        f"error: {words}",
        "  --> In[1]:3",
        "  1 | ",
        "  2 | function fails()",
        "  3 |   error('too low')",
        "    |   ^^^^^^^^^^^^^^^^",
        "stack:",
        "  in function 'error' ([C])",
        "  in function 'fails' (In[1]:3)",
        "  in main chunk (In[1]:5)",
    ]
    assert peer.execute("fails()").traceback.startswith(f"error: {words}\n  --> In[1]:3\n")
    assert path.removesuffix(".lua") not in failed.traceback


def test_an_interrupt_ends_a_stopped_cell_and_breakpoints_stay(peer: JupyterPeer) -> None:
    attach(peer, 3)
    running = peer.start(CELL)
    peer.wait_for_debug_event("stopped")
    peer.interrupt()
    assert running.wait().status == "error"
    again = peer.start(CELL)
    peer.wait_for_debug_event("stopped")
    peer.interrupt()
    assert again.wait().status == "error"


def test_it_can_be_switched_off_and_on_again(peer: JupyterPeer) -> None:
    attach(peer, 3)
    peer.debug("disconnect", {"restart": False, "terminateDebuggee": False})
    assert peer.debug("debugInfo")["body"]["isStarted"] is False
    assert peer.execute(CELL).result == "7"
    attach(peer, 3)
    running = peer.start(CELL)
    peer.wait_for_debug_event("stopped")
    peer.debug("disconnect", {})
    assert running.wait().result == "7"


@pytest.mark.parametrize("when", ["before it ran", "after it ran", "after a launch"])
def test_a_function_of_an_earlier_cell_stops_also_after_a_fresh_launch(
    peer: JupyterPeer, when: str
) -> None:
    """A launch begins with fresh modules, but what cells have made is still there."""
    attach(peer)
    code = "function double(n)\n  local twice = n * 2\n  return twice\nend"
    path = peer.debug("dumpCell", {"code": code})["body"]["sourcePath"]

    def set_breakpoint() -> None:
        arguments = {"source": {"path": path}, "breakpoints": [{"line": 3}]}
        (point,) = peer.debug("setBreakpoints", arguments)["body"]["breakpoints"]
        assert (point["verified"], point["line"]) == (True, 3)

    if when == "before it ran":
        set_breakpoint()
    peer.execute(code)
    if when == "after it ran":
        set_breakpoint()
    launched = peer.start("launched = true", metadata={"tidelock": {"kind": "script"}})
    assert launched.wait().status == "ok"
    if when == "after a launch":
        set_breakpoint()
    running = peer.start("return double(4)")
    peer.wait_for_debug_event("stopped")
    frame = peer.debug("stackTrace", {"threadId": 1})["body"]["stackFrames"][0]
    assert (frame["line"], frame["source"]["path"]) == (3, path)
    scope = peer.debug("scopes", {"frameId": frame["id"]})["body"]["scopes"][0]
    found = peer.debug("variables", {"variablesReference": scope["variablesReference"]})
    assert {v["name"]: v["value"] for v in found["body"]["variables"]} == {"n": "4", "twice": "8"}
    peer.debug("continue", {"threadId": 1})
    assert running.wait().result == "8"


@pytest.mark.parametrize("end", ["", "\ndepth(0)"], ids=["functions", "and a value"])
def test_a_function_of_a_cell_that_ran_before_the_debugger_stops(
    peer: JupyterPeer, end: str
) -> None:
    code = f"function depth(n)\n  local half = n / 2\n  return half + 1\nend{end}"
    peer.execute(code)
    attach(peer)
    path = peer.debug("dumpCell", {"code": code})["body"]["sourcePath"]
    points = {"source": {"path": path}, "breakpoints": [{"line": 3}]}
    (point,) = peer.debug("setBreakpoints", points)["body"]["breakpoints"]
    assert point["verified"]
    running = peer.start("local whole = depth(4) return whole")
    assert peer.wait_for_debug_event("stopped")["body"]["reason"] == "breakpoint"
    frame, below = peer.debug("stackTrace", {"threadId": 1})["body"]["stackFrames"]
    assert (frame["name"], frame["line"], frame["source"]["path"]) == ("depth", 3, path)
    assert below["source"]["path"] != path
    (source,) = peer.debug("debugInfo")["body"]["breakpoints"]
    assert (source["source"], len(source["breakpoints"])) == (path, 1)
    peer.debug("setBreakpoints", {**points, "breakpoints": []})
    peer.debug("continue", {"threadId": 1})
    assert running.wait().result in ("3", "3.0")
    assert peer.execute("return depth(4)").result in ("3", "3.0")


def test_what_makes_no_sense_fails_with_a_reason(peer: JupyterPeer) -> None:
    assert "initialize comes first" in peer.debug_failing("stackTrace", {})["message"]
    assert "code is missing" in peer.debug_failing("dumpCell", {})["message"]
    attach(peer)
    assert "not available" in peer.debug_failing("dance", {})["message"]
    assert "not stopped" in peer.debug_failing("stackTrace", {"threadId": 1})["message"]
    assert peer.execute("return 1").result == "1"


def variables(peer: JupyterPeer) -> dict[str, str]:
    found = peer.debug("inspectVariables")["body"]["variables"]
    return {variable["name"]: variable["value"] for variable in found}


def test_variables_are_listed_before_a_debugger_is_started(peer: JupyterPeer) -> None:
    peer.execute("x = 41; t = { 1, 2 }")
    assert variables(peer) == {"x": "41", "t": "{1, 2}"}
    assert peer.debug("debugInfo")["body"]["isStarted"] is False
    shown = peer.debug("richInspectVariables", {"variableName": "t"})["body"]
    assert shown == {"data": {"text/plain": "{1, 2}"}, "metadata": {}}


def test_a_variable_is_shown_as_a_cell_would_show_it(peer: JupyterPeer) -> None:
    peer.execute("people = { { name = 'Ann', age = 3 }, { name = 'Bo', age = 4 } }")
    data = peer.debug("richInspectVariables", {"variableName": "people"})["body"]["data"]
    assert "<td>Ann</td>" in data["text/html"]
    assert data["text/plain"].startswith("{{")


def test_a_local_of_a_stopped_cell_is_shown_and_kept(peer: JupyterPeer) -> None:
    attach(peer, 3)
    running = peer.start(CELL)
    peer.wait_for_debug_event("stopped")
    (frame,) = peer.debug("stackTrace", {"threadId": 1})["body"]["stackFrames"]
    wanted = {"variableName": "n", "frameId": frame["id"]}
    assert peer.debug("richInspectVariables", wanted)["body"]["data"] == {"text/plain": "1"}
    copy = {"srcVariableName": "n", "srcFrameId": frame["id"], "dstVariableName": "kept"}
    assert peer.debug("copyToGlobals", copy)["body"]["value"] == "1"
    peer.debug("disconnect", {})
    assert running.wait().result == "7"
    assert peer.execute("kept").result == "1"


@pytest.mark.parametrize(
    ("command", "arguments", "words"),
    [
        ("richInspectVariables", {}, "variableName is missing"),
        ("richInspectVariables", {"variableName": "x x"}, "near 'x'"),
        ("richInspectVariables", {"variableName": "x", "frameId": 99}, "no such frame: 99"),
        ("copyToGlobals", {"srcVariableName": "x"}, "srcFrameId is missing"),
        (
            "copyToGlobals",
            {"srcVariableName": "x", "srcFrameId": 99, "dstVariableName": "y"},
            "no such frame: 99",
        ),
        (
            "copyToGlobals",
            {"srcVariableName": "x", "srcFrameId": 1, "dstVariableName": "a b"},
            "'a b' is no name of Lua",
        ),
        ("dumpCell", {"code": 5}, "code is missing or no str"),
    ],
)
def test_what_a_front_end_asks_wrongly_is_refused_with_the_reason(
    peer: JupyterPeer, command: str, arguments: dict[str, object], words: str
) -> None:
    assert words in peer.debug_failing(command, arguments)["message"]
    assert peer.execute("1 + 1").result == "2"

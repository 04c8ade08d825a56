"""Conditions and messages of breakpoints that run too long, and evaluations that are given up."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from kit.dap import DapClient
from kit.kernels import Served, serving
from kit.lua import build_under_test

BUILD = build_under_test()

LOOP = """\
function forever() while true do end end
function stubborn() while true do pcall(forever) end end
function elsewhere() coroutine.wrap(forever)() end
done = 0
for i = 1, 3 do
  local n = i
  done = done + n
end
print(done)
"""
BODY = 7

ENDLESS = [
    "forever()",
    "stubborn()",
    "pcall(forever)",
    "elsewhere()",
    "xpcall(forever, tostring)",
]


@pytest.fixture(params=["embedded", "external"])
def served(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Served]:
    """A kernel whose conditions may take 200 ms."""
    with serving(request.param, tmp_path, debug_condition_budget_ms=200) as kernel:
        yield kernel


def key(served: Served) -> dict[str, str]:
    """What an editor adds that connects to the port by itself."""
    return {} if served.embedded else {"key": served.connection.key}


def launched(served: Served, folder: Path, **point: Any) -> tuple[DapClient, Path]:
    """A client whose program has started with one breakpoint."""
    script = folder / "loop.lua"
    script.write_text(LOOP)
    client = served.dap(timeout=20)
    points = [{"line": BODY, **point}]
    client.launch(str(script), breakpoints={str(script): points}, **key(served))
    return client, script


@pytest.mark.parametrize("condition", ENDLESS)
def test_a_condition_that_runs_too_long_stops_there(
    served: Served, tmp_path: Path, condition: str
) -> None:
    client, script = launched(served, tmp_path, condition=f"n == 2 and {condition}")
    stop = client.wait_for_stop("breakpoint")
    assert stop.text == "condition failed: it ran longer than 200 ms"
    assert client.locals() == {"i": "2", "n": "2"}
    assert client.evaluate("done") == "1"  # the line has not run
    client.step("next")
    client.set_breakpoints(str(script), [])
    client.resume()
    assert client.wait_for_end() == 0
    assert client.output("stdout") == "6\n"


def test_a_condition_in_a_coroutine_is_ended_as_well(served: Served, tmp_path: Path) -> None:
    script = tmp_path / "co.lua"
    script.write_text(
        "local co = coroutine.wrap(function(n)\n  local x = n\n  return x\nend)\nprint(co(5))\n"
    )
    condition = "coroutine.wrap(function() while true do end end)()"
    client = served.dap(timeout=20)
    points = {str(script): [{"line": 3, "condition": condition}]}
    client.launch(str(script), breakpoints=points, **key(served))
    stop = client.wait_for_stop("breakpoint")
    assert stop.text == "condition failed: it ran longer than 200 ms"
    client.resume()
    assert client.wait_for_end() == 0
    assert client.output("stdout") == "5\n"


def test_a_message_that_runs_too_long_stops_there(served: Served, tmp_path: Path) -> None:
    client, script = launched(served, tmp_path, logMessage="{n} {forever()} {n}")
    assert (
        client.wait_for_stop("breakpoint").text == "log message failed: it ran longer than 200 ms"
    )
    assert client.evaluate("done") == "0"
    client.set_breakpoints(str(script), [{"line": BODY, "logMessage": "n={n}"}])
    client.resume()
    assert client.wait_for_end() == 0
    assert client.output("console") == "n=2\nn=3\n"


@pytest.mark.parametrize("condition", [each for each in ENDLESS if each != "elsewhere()"])
def test_a_late_breakpoints_condition_is_ended_as_well(
    served: Served, tmp_path: Path, condition: str
) -> None:
    script = tmp_path / "loop.lua"
    script.write_text(LOOP)
    client = served.dap(timeout=20)
    client.launch(str(script), stopOnEntry=True, **key(served))
    client.wait_for_stop("entry")
    point = {"line": BODY, "condition": f"n == 2 and {condition}"}
    (answer,) = client.set_breakpoints(str(script), [point])
    assert "already loaded" in answer["message"]
    client.resume()
    stop = client.wait_for_stop("breakpoint")
    assert stop.text == "condition failed: it ran longer than 200 ms"
    assert client.evaluate("done") == "1"
    client.set_breakpoints(str(script), [])
    client.resume()
    assert client.wait_for_end() == 0


def test_slow_enough_conditions_are_let_run(served: Served, tmp_path: Path) -> None:
    """Many that are quick one by one take as long as they take together."""
    script = tmp_path / "many.lua"
    script.write_text(
        "local n = 0\nlocal began = os.clock()\n"
        "while os.clock() - began < 0.8 do\n  n = n + 1\nend\nprint(n > 100)\n"
    )
    points = {str(script): [{"line": 4, "condition": "tostring(n) == 'x'"}]}
    client = served.dap(timeout=20)
    client.launch(str(script), breakpoints=points, **key(served))
    assert client.wait_for_end() == 0
    assert client.output("stdout") == "true\n"


def test_a_condition_that_yields_ends_nothing(served: Served, tmp_path: Path) -> None:
    """Where Lua lets it yield, the program goes on, and is not taken for the condition."""
    script = tmp_path / "yields.lua"
    script.write_text(
        "local co = coroutine.create(function()\n  local x = 1\n  return x\nend)\n"
        "coroutine.resume(co)\nlocal began = os.clock()\n"
        "while os.clock() - began < 0.8 do end\nprint('on')\n"
    )
    points = {str(script): [{"line": 3, "condition": "coroutine.yield() or false"}]}
    client = served.dap(timeout=20)
    client.launch(str(script), breakpoints=points, **key(served))
    if BUILD.dialect == "5.1":  # it does not yield across pcall
        assert client.wait_for_stop("breakpoint").text.startswith("condition failed: ")
        client.resume()
    assert client.wait_for_end() == 0
    assert client.output("stdout") == "on\n"


@pytest.mark.parametrize("stop", ["breakpoint", "step"])
def test_an_endless_evaluation_is_given_up_when_it_is_cancelled(
    served: Served, tmp_path: Path, stop: str
) -> None:
    client, _ = launched(served, tmp_path)
    client.wait_for_stop("breakpoint")
    if stop == "step":
        client.step("next")
    before = client.evaluate("done")
    arguments = {"expression": "while true do end", "frameId": client.top_frame()["id"]}
    pending = client.post("evaluate", {**arguments, "context": "repl"})
    client.request("cancel", {"requestId": pending.seq})
    answer = pending.wait()
    assert (answer["success"], answer["message"]) == (False, "cancelled")
    assert client.evaluate("done") == before

"""The form in which values and frames are shown, and a stop that outlives its client."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from kit.dap import DapClient
from kit.kernels import Served

MAIN = """\
local function inspect(first, second, ...)
  local list = {255, -16, [4096] = {n = 10}, half = 0.5, text = "255"}
  local count = 31
  print(count, list[1], list.half, ...)
end
inspect(10, {x = 11}, "more")
"""
HEX = {"format": {"hex": True}}


@pytest.fixture
def stopped(served: Served, tmp_path: Path) -> DapClient:
    script = tmp_path / "main.lua"
    script.write_text(MAIN)
    client = served.dap()
    key = {} if served.embedded else {"key": served.connection.key}
    client.launch(str(script), breakpoints={str(script): [4]}, **key)
    client.wait_for_stop("breakpoint")
    return client


def evaluated(client: DapClient, text: str, **arguments: Any) -> dict[str, Any]:
    frame = client.top_frame()["id"]
    asked = {"expression": text, "frameId": frame, **arguments}
    body: dict[str, Any] = client.request("evaluate", asked)["body"]
    return body


def test_integers_are_shown_in_hexadecimal_where_asked(stopped: DapClient) -> None:
    client = stopped
    scope = client.scopes()[0]["variablesReference"]
    shown = {v["name"]: v for v in client.variables(scope, **HEX)}
    assert shown["count"]["value"] == "0x1F"
    assert shown["list"]["value"] == ('{0xFF, -0x10, half = 0.5, text = "255", [0x1000] = {…}}')
    reference = shown["list"]["variablesReference"]
    children = {v["name"]: v["value"] for v in client.variables(reference, **HEX)}
    assert children["[1]"] == "0xFF"
    assert children["[4096]"] == "{n = 0xA}"
    assert {v["name"]: v["value"] for v in client.variables(reference)}["[1]"] == "255"
    assert evaluated(client, "count + 1", **HEX)["result"] == "0x20"
    assert evaluated(client, "count + 1")["result"] == "32"
    changed = client.request(
        "setVariable", {"variablesReference": scope, "name": "count", "value": "0x40", **HEX}
    )
    assert changed["body"]["value"] == "0x40"
    client.request(
        "setVariable", {"variablesReference": reference, "name": "[1]", "value": "7", **HEX}
    )
    frame = client.top_frame()["id"]
    assigned = {"expression": "list[2]", "value": "171", "frameId": frame, **HEX}
    assert client.request("setExpression", assigned)["body"]["value"] == "0xAB"
    client.resume()
    assert client.wait_for_end() == 0
    assert client.output("stdout") == "64\t7\t0.5\tmore\n"


def test_an_evaluation_that_fails_in_hexadecimal_leaves_the_next_one_plain(
    stopped: DapClient,
) -> None:
    frame = stopped.top_frame()["id"]
    failing = {"expression": "count.x.y", "frameId": frame, **HEX}
    assert "index" in stopped.request_failing("evaluate", failing)["message"]
    assert evaluated(stopped, "count")["result"] == "31"


@pytest.mark.parametrize(
    ("form", "name"),
    [
        ({}, "inspect"),
        ({"parameters": True}, "inspect(first = 10, second = {x = 11})"),
        ({"parameters": True, "hex": True}, "inspect(first = 0xA, second = {x = 0xB})"),
        ({"parameterNames": True}, "inspect(first, second)"),
        (
            {"parameterNames": True, "parameterTypes": True},
            "inspect(first: number, second: table)",
        ),
        ({"parameterValues": True}, "inspect(10, {x = 11})"),
        ({"line": True}, "inspect line 4"),
        ({"module": True, "line": True}, "main.lua!inspect line 4"),
    ],
)
def test_frames_are_named_in_the_form_that_is_asked_for(
    stopped: DapClient, form: dict[str, bool], name: str
) -> None:
    frames = stopped.stack(format=form)
    assert frames[0]["name"].endswith(name)
    assert "main chunk" in frames[1]["name"]
    assert frames[0]["id"] == stopped.top_frame()["id"]


def test_the_clipboard_gets_the_whole_value(stopped: DapClient) -> None:
    client = stopped
    long = "(function() local t = {} for i = 1, 300 do t[i] = i end return t end)()"
    assert "more" in evaluated(client, long)["result"]
    copied = evaluated(client, long, context="clipboard")["result"]
    assert copied == "{" + ", ".join(map(str, range(1, 301))) + "}"
    text = evaluated(client, "('x'):rep(5000)", context="clipboard")["result"]
    assert text == '"' + "x" * 5000 + '"'
    deep = evaluated(client, "{{{{{{'deep'}}}}}}", context="clipboard")["result"]
    assert deep == '{{{{{{"deep"}}}}}}'
    many = "(function() local t = {} for i = 1, 20000 do t[i] = {i} end return t end)()"
    assert evaluated(client, many, context="clipboard")["result"].endswith("… 10000 more}")
    square = many.replace("20000", "200").replace("{i}", "{('.'):rep(200):byte(1, -1)}")
    rows = evaluated(client, square, context="clipboard")["result"].split("}, {")
    assert {len(row) > 400 for row in rows[:40]} == {True}
    assert {row.strip("{}") for row in rows[60:]} == {"…"}
    cycle = "(function() local t = {1} t[2] = t return t end)()"
    assert evaluated(client, cycle, context="clipboard")["result"] == "{1, <table 1>}"
    hexed = evaluated(client, "count, 16", context="clipboard", **HEX)["result"]
    assert hexed == "0x1F\t0x10"


def test_a_client_that_leaves_may_leave_the_stop_behind(served: Served, stopped: DapClient) -> None:
    stopped.disconnect(suspendDebuggee=True)
    ours = served.client()
    assert ours.comm("tidelock.kernel", {"action": "status"}).result(20)["state"] == "paused"
    second = served.dap()
    key = {} if served.embedded else {"key": served.connection.key}
    second.initialize()
    second.attach(**key)
    second.wait_for_stop("breakpoint")
    assert second.locals()["count"] == "31"
    second.evaluate("count = 5")
    second.resume()
    second.wait_for_event("output")
    assert second.output("stdout") == "5\t255\t0.5\tmore\n"


def test_a_client_that_ends_the_program_leaves_no_stop(served: Served, stopped: DapClient) -> None:
    stopped.disconnect(suspendDebuggee=True, terminateDebuggee=True)
    ours = served.client()
    assert ours.execute("return 1").result(20).content["status"] == "ok"


def test_what_was_announced(stopped: DapClient) -> None:
    for name in (
        "supportsValueFormattingOptions",
        "supportsClipboardContext",
        "supportSuspendDebuggee",
        "supportsExceptionFilterOptions",
        "supportsFunctionBreakpoints",
        "supportsBreakpointLocationsRequest",
        "supportsLoadedSourcesRequest",
        "supportsModulesRequest",
    ):
        assert stopped.capabilities[name] is True

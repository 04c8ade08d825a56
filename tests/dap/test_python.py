"""Python between Lua's frames: one stack, and nothing in a Python frame that fails by surprise."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from kit.dap import DapClient
from kit.kernels import Served, serving
from kit.marked import marked

PILOT = marked(
    """
    import functools

    class Pilot:
        def __init__(self):
            self.log = []

        @property
        def depth(self):
            return self.sound() #@property

        def guide(self, ships, call):
            names = {"first": "Anna", "more": [1, 2.5, None]}
            for ship in ships.values():
                harbour_master(call, ship) #@guide
            return len(names)

    def harbour_master(call, ship):
        return call(ship) #@master

    def again(depth, call):
        if depth == 0:
            return call() #@deepest
        return again(depth - 1, call) #@again

    ordered = functools.partial(sorted)
""".replace("#@", "--@")
)

HARBOUR = marked("""
    local pilot = python.import("pilot")
    local guide = pilot.Pilot()

    local function moor(ship)
      local berth = "berth of " .. ship --@moor
      return berth --@after
    end

    local function arrive()
      local count = guide.guide({ "Anna" }, moor) --@call
      return count --@arrived
    end

    print(arrive()) --@plain
    local co = coroutine.wrap(function()
      local n = arrive() --@inside
      return n
    end)
    print(co()) --@wrapped
    guide.sound = function()
      return 4 --@sound
    end
    print(guide.depth) --@depth
    local sort = python.as_function(pilot.ordered)
    local function key(n)
      return -n --@key
    end
    print(sort(python.eval("[2, 1]"), python.args({ key = key }))) --@sort
    pilot.again(1, function()
      pilot.again(1, function()
        print("deep") --@deep
      end) --@inner
    end) --@outer
""")


@pytest.fixture(params=["embedded", "external"])
def served(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Served]:
    (tmp_path / "pilot.py").write_text(PILOT.text.replace("--@", "#@"))
    (tmp_path / "harbour.lua").write_text(HARBOUR.text)
    with serving(request.param, tmp_path, lua_python_access=True) as kernel:
        yield kernel


def stopped(served: Served, folder: Path, name: str) -> DapClient:
    client = served.dap()
    script = folder / "harbour.lua"
    key: dict[str, Any] = {} if served.embedded else {"key": served.connection.key}
    client.launch(str(script), breakpoints={str(script): [HARBOUR.lines[name]]}, **key)
    client.wait_for_stop("breakpoint")
    return client


def picture(client: DapClient) -> list[str]:
    """The stack with the names of lines, innermost first."""
    names = {("harbour.lua", line): name for name, line in HARBOUR.lines.items()}
    names |= {("pilot.py", line): name for name, line in PILOT.lines.items()}
    shown = []
    for frame in client.stack():
        file = Path(frame["source"]["path"]).name if "source" in frame else ""
        place = f" @{names.get((file, frame['line']), frame['line'])}" if file else ""
        name = "function" if frame["name"].startswith("function <") else frame["name"]
        shown.append(name + place)
    return [frame for frame in shown if "tail call" not in frame]


def test_the_stack_shows_python_between_lua(served: Served, tmp_path: Path) -> None:
    client = stopped(served, tmp_path, "moor")
    assert picture(client) == [
        "function @moor",
        "[Python] harbour_master @master",
        "[Python] Pilot.guide @guide",
        "arrive @call",
        "main chunk @plain",
    ]
    frame = client.stack()[1]
    assert frame["source"]["path"] == str(tmp_path / "pilot.py")
    (page,) = client.stack(startFrame=1, levels=1)
    assert page == frame
    client.request("terminate", {})
    client.wait_for_end()


def test_a_callback_in_a_coroutine_has_its_whole_stack(served: Served, tmp_path: Path) -> None:
    client = stopped(served, tmp_path, "inside")
    client.set_breakpoints(str(tmp_path / "harbour.lua"), [HARBOUR.lines["moor"]])
    client.resume()
    client.wait_for_stop("breakpoint")
    assert [frame for frame in picture(client) if not frame.startswith("[C]")] == [
        "function @moor",
        "[Python] harbour_master @master",
        "[Python] Pilot.guide @guide",
        "arrive @call",
        "function @inside",
        "resumed by main",
        "main chunk @wrapped",
    ]
    client.request("terminate", {})
    client.wait_for_end()


def test_a_property_is_a_frame_like_any_other(served: Served, tmp_path: Path) -> None:
    client = stopped(served, tmp_path, "sound")
    assert picture(client)[1:] == ["[Python] Pilot.depth @property", "main chunk @depth"]
    client.request("terminate", {})
    client.wait_for_end()


def test_a_function_of_python_that_is_written_in_c_has_no_place(
    served: Served, tmp_path: Path
) -> None:
    client = stopped(served, tmp_path, "key")
    _, sort, main = picture(client)
    assert sort.startswith("[Python] ")
    assert "@" not in sort
    assert main == "main chunk @sort"
    client.request("terminate", {})
    client.wait_for_end()


def test_calls_within_calls_are_told_apart(served: Served, tmp_path: Path) -> None:
    client = stopped(served, tmp_path, "deep")
    seen = [frame.partition(" @")[2] or frame for frame in picture(client)]
    python = ["deepest", "again"]
    assert seen[:3] == ["deep", *python]
    assert seen[4:6] == python
    assert len(seen) == 7
    client.request("terminate", {})
    client.wait_for_end()


def test_a_python_frame_shows_its_variables_and_refuses_the_rest(
    served: Served, tmp_path: Path
) -> None:
    client = stopped(served, tmp_path, "moor")
    inner, frame = (client.stack()[level]["id"] for level in (0, 2))
    (scope,) = client.request("scopes", {"frameId": frame})["body"]["scopes"]
    assert scope["name"] == "Locals"
    reference = scope["variablesReference"]
    listed = client.request("variables", {"variablesReference": reference})["body"]["variables"]
    assert {each["name"]: each["value"] for each in listed} == {
        "self": "<Pilot object>",
        "ships": "<LuaTable object>",
        "call": "<LuaFunction object>",
        "names": "{'first': 'Anna', 'more': [1, 2.5, None]}",
        "ship": "'Anna'",
    }
    assert [each["type"] for each in listed if each["name"] == "names"] == ["dict"]
    assert all(each["variablesReference"] == 0 for each in listed)
    page = {"variablesReference": reference, "filter": "named", "start": 1, "count": 2}
    assert client.request("variables", page)["body"]["variables"] == listed[1:3]

    for command, arguments in [
        ("evaluate", {"expression": "ship", "frameId": frame, "context": "watch"}),
        ("evaluate", {"expression": "ship", "frameId": frame, "context": "hover"}),
        ("setExpression", {"expression": "ship", "value": "1", "frameId": frame}),
        ("completions", {"text": "sh", "column": 3, "frameId": frame}),
    ]:
        refusal = client.request_failing(command, arguments)
        assert refusal["message"].startswith("this frame is Python"), command
    changed = {"variablesReference": reference, "name": "ship", "value": "1"}
    assert "Python" in client.request_failing("setVariable", changed)["message"]
    assert client.request("stepInTargets", {"frameId": frame})["body"]["targets"] == []
    value = client.request("evaluate", {"expression": "ship", "frameId": inner})
    assert value["body"]["result"] == '"Anna"'
    formatted = {"threadId": 1, "format": {"parameters": True, "line": True, "module": True}}
    names = [
        each["name"] for each in client.request("stackTrace", formatted)["body"]["stackFrames"]
    ]
    assert names[2] == f"{tmp_path / 'pilot.py'}![Python] Pilot.guide line {PILOT.lines['guide']}"
    client.request("terminate", {})
    client.wait_for_end()


def test_steps_take_a_call_of_python_as_any_native_one(served: Served, tmp_path: Path) -> None:
    client = stopped(served, tmp_path, "call")
    client.request("next", {"threadId": 1})
    client.wait_for_stop("step")
    assert picture(client)[0] == "arrive @arrived"
    client.request("terminate", {})
    client.wait_for_end()


def test_a_step_in_enters_what_python_calls_back(served: Served, tmp_path: Path) -> None:
    client = stopped(served, tmp_path, "call")
    client.request("stepIn", {"threadId": 1})
    client.wait_for_stop("step")
    assert picture(client)[0] == "function @moor"
    client.request("next", {"threadId": 1})
    client.wait_for_stop("step")
    assert picture(client)[0] == "function @after"
    client.request("terminate", {})
    client.wait_for_end()


def test_a_python_error_stops_where_lua_called(served: Served, tmp_path: Path) -> None:
    client = served.dap()
    key: dict[str, Any] = {} if served.embedded else {"key": served.connection.key}
    script = tmp_path / "harbour.lua"
    script.write_text("local pilot = python.import('pilot')\npilot.again(0, 5)\n")
    client.launch(str(script), **key)
    stop = client.wait_for_stop("exception")
    words = f"TypeError: 'int' object is not callable (pilot.py:{PILOT.lines['deepest']})"
    assert stop.text == words
    info = client.request("exceptionInfo", {"threadId": 1})["body"]
    assert info["description"] == words
    assert [frame["line"] for frame in client.stack() if frame["line"]] == [2]
    client.request("terminate", {})
    client.wait_for_end()

"""Function breakpoints as editors set them: every function of a name, wherever it is loaded."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from kit.dap import DapClient
from kit.kernels import Served

MODULE = """\
local M = {count = 0}

function M.add(n)
  M.count = M.count + n
  return M.count
end

M.other = function(n) return n * 2 end

local Thing = {}
function Thing:grow(by)
  self.size = self.size + by
end
M.Thing = Thing

return M
"""
MAIN = """\
local m = require("module")
local function twice(n)

  -- the first statement comes late
  local result = n + n
  return result
end
for i = 1, 4 do
  twice(i)
  m.add(i)
end
m.Thing.size = 0
m.Thing:grow(5)
print(m.count, m.other(2), m.Thing.size)
"""


@pytest.fixture
def program(tmp_path: Path) -> Path:
    (tmp_path / "module.lua").write_text(MODULE)
    (tmp_path / "main.lua").write_text(MAIN)
    return tmp_path / "main.lua"


def asked(client: DapClient, *points: str | dict[str, Any]) -> list[dict[str, Any]]:
    wanted = [{"name": point} if isinstance(point, str) else point for point in points]
    answer = client.request("setFunctionBreakpoints", {"breakpoints": wanted})
    found: list[dict[str, Any]] = answer["body"]["breakpoints"]
    return found


def launched(served: Served, program: Path, *points: str | dict[str, Any]) -> DapClient:
    client = served.dap()
    key = {} if served.embedded else {"key": served.connection.key}
    client.launch(str(program), configure=lambda c: asked(c, *points), **key)
    return client


@pytest.mark.parametrize(
    ("name", "line", "variables"),
    [
        ("twice", 5, {"n": "1"}),
        ("M.add", 4, {"n": "1"}),
        ("M.other", 8, {"n": "2"}),
        ("Thing:grow", 12, {"self": "{grow = function (module.lua:11), size = 0}", "by": "5"}),
        ("Thing.grow", 12, {"self": "{grow = function (module.lua:11), size = 0}", "by": "5"}),
    ],
)
def test_a_function_stops_at_its_first_statement(
    served: Served, program: Path, name: str, line: int, variables: dict[str, str]
) -> None:
    client = launched(served, program, name)
    changed = client.wait_for_event("breakpoint")["body"]["breakpoint"]
    assert (changed["verified"], changed["line"]) == (True, line)
    stop = client.wait_for_stop("function breakpoint")
    assert stop.body["hitBreakpointIds"] == [changed["id"]]
    assert client.top_frame()["line"] == line
    found = client.locals()
    assert {key: found[key] for key in variables} == variables
    assert "result" not in found  # the statement has not run
    asked(client)
    client.resume()
    assert client.wait_for_end() == 0
    assert client.output("stdout") == "10\t4\t5\n"


def test_conditions_and_hits_of_functions(served: Served, program: Path) -> None:
    client = launched(
        served,
        program,
        {"name": "twice", "condition": "n == 3"},
        {"name": "M.add", "hitCondition": "4"},
    )
    client.wait_for_stop("function breakpoint")
    assert (client.top_frame()["line"], client.locals()["n"]) == (5, "3")
    client.resume()
    client.wait_for_stop("function breakpoint")
    assert (client.top_frame()["line"], client.locals()["n"]) == (4, "4")
    assert client.evaluate("M.count") == "6"
    client.resume()
    assert client.wait_for_end() == 0


def test_functions_of_one_name_share_their_hits(served: Served, tmp_path: Path) -> None:
    (tmp_path / "other.lua").write_text("local function work()\n  return 1\nend\nreturn work\n")
    script = tmp_path / "main.lua"
    script.write_text(
        "local first\n"
        "do\n"
        "  local function work() return 2 end\n"
        "  first = work\n"
        "end\n"
        "local function work()\n"
        "  return 3\n"
        "end\n"
        "print(first(), work(), require('other')(), work())\n"
    )
    client = launched(served, script, {"name": "work", "hitCondition": "> 1"})
    seen = []
    for _ in range(3):
        client.wait_for_stop("function breakpoint")
        frame = client.top_frame()
        seen.append((frame["source"]["name"], frame["line"]))
        client.resume()
    assert seen == [("main.lua", 7), ("other.lua", 2), ("main.lua", 7)]
    assert client.wait_for_end() == 0
    assert client.output("stdout") == "2\t3\t1\t3\n"


def test_a_function_on_one_line_does_not_stop_where_it_is_made(
    served: Served, tmp_path: Path
) -> None:
    script = tmp_path / "main.lua"
    script.write_text(
        "local seen = 0\n"
        "for i = 1, 3 do\n"
        "  local function inner(n) seen = n end\n"
        "  if i == 3 then inner(i) end\n"
        "end\n"
    )
    client = served.dap()
    key = {} if served.embedded else {"key": served.connection.key}
    client.launch(str(script), stopOnEntry=True, **key)
    client.wait_for_stop("entry")
    (point,) = asked(client, "inner")
    assert (point["verified"], point["line"]) == (True, 3)
    client.resume()
    client.wait_for_stop("function breakpoint")
    assert client.locals() == {"n": "3"}
    assert client.evaluate("seen") == "0"
    client.resume()
    assert client.wait_for_end() == 0


def test_a_function_that_is_loaded_already_stops_from_now_on(served: Served, program: Path) -> None:
    client = served.dap()
    key = {} if served.embedded else {"key": served.connection.key}
    client.launch(str(program), breakpoints={str(program): [9]}, **key)
    client.wait_for_stop("breakpoint")
    client.set_breakpoints(str(program), [])
    (point,) = asked(client, "M.add")
    assert (point["verified"], point["line"]) == (True, 4)
    assert point["source"]["path"] == str(program.parent / "module.lua")
    assert "already loaded" in point["message"]
    client.resume()
    client.wait_for_stop("function breakpoint")
    assert client.top_frame()["line"] == 4
    assert client.evaluate("M.count") == "0"


@pytest.mark.parametrize("home", ["tools =", "package.loaded.tools ="])
def test_a_name_that_only_the_running_program_knows_is_looked_up(
    served: Served, tmp_path: Path, home: str
) -> None:
    script = tmp_path / "main.lua"
    script.write_text(
        "local function hidden(n)\n"
        "  return n + 1\n"
        "end\n"
        f"{home} {{apply = hidden}}\n"
        "local here = true\n"
        "print((tools or require('tools')).apply(1))\n"
    )
    client = served.dap()
    key = {} if served.embedded else {"key": served.connection.key}
    client.launch(str(script), breakpoints={str(script): [5]}, **key)
    client.wait_for_stop("breakpoint")
    (point,) = asked(client, "tools.apply")
    assert point["verified"] is False
    assert point["reason"] == "pending"
    changed = client.wait_for_event("breakpoint")["body"]["breakpoint"]
    assert (changed["id"], changed["verified"], changed["line"]) == (point["id"], True, 2)
    client.resume()
    client.wait_for_stop("function breakpoint")
    assert client.locals() == {"n": "1"}
    client.resume()
    assert client.wait_for_end() == 0
    assert client.output("stdout") == "2\n"


@pytest.mark.parametrize(
    ("point", "words"),
    [
        ({"name": "nowhere"}, "pending: no function that is loaded is called nowhere"),
        ({"name": "no name"}, "'no name' is no name of a function; use f, M.f or T:m"),
        ({"name": ""}, "name is missing or empty"),
        ({"name": "f", "condition": "n =="}, "condition: "),
        ({"name": "f", "hitCondition": "often"}, "hit condition 'often' is not understood"),
    ],
)
def test_what_cannot_be_set_says_why(
    served: Served, program: Path, point: dict[str, Any], words: str
) -> None:
    client = served.dap()
    client.initialize()
    client.attach(**({} if served.embedded else {"key": served.connection.key}))
    bad, other = asked(client, point, "twice")
    assert bad["verified"] is False
    assert bad["message"].startswith(words)
    assert other["message"].startswith("pending")


def test_a_function_of_the_library_has_no_lines(served: Served) -> None:
    client = served.dap()
    client.initialize()
    client.attach(**({} if served.embedded else {"key": served.connection.key}))
    (point,) = asked(client, "string.rep")
    assert point["verified"] is False
    changed = client.wait_for_event("breakpoint")["body"]["breakpoint"]
    assert (changed["id"], changed["verified"]) == (point["id"], False)
    assert changed["message"] == "string.rep is a function without a text, it has no lines"


def test_a_step_into_a_function_with_a_breakpoint_is_one_stop(
    served: Served, program: Path
) -> None:
    client = served.dap()
    key = {} if served.embedded else {"key": served.connection.key}
    client.launch(
        str(program),
        breakpoints={str(program): [9]},
        configure=lambda c: asked(c, "twice"),
        **key,
    )
    client.wait_for_stop("breakpoint")
    client.step("stepIn")
    assert client.top_frame()["line"] == 5
    client.set_breakpoints(str(program), [])
    client.step("next")
    assert client.top_frame()["line"] == 6

"""Steps into one chosen call, and what calls returned during a step."""

from __future__ import annotations

from pathlib import Path

import pytest

from kit.dap import DapClient
from kit.kernels import Served
from kit.lua import build_under_test
from kit.marked import Marked, marked

BUILD = build_under_test()
TELLS_RETURNS = BUILD.dialect in ("5.4", "5.5")

SUMS = marked("""
    local lib = {sum = {}}
    function lib.sum.of(a, b) --@of
      return a + b
    end
    function lib:double(n) --@double
      return n * 2
    end
    local function one() --@one
      return 1
    end
    local function pair() return 1, 2 end
    local function nothing() end
    local total = lib.sum.of(lib:double(one()), --@start
      lib:double(5) + math.max(one(), 2)) --@second
    local after = total --@after
    if one() == 2 then total = one() end --@if
    local x, y = pair() --@pair
    nothing() --@nothing
    local never = y == 3 and one() --@never
    local text = tostring(one()) --@text
    print(text, never) --@end
    local last = text
""")


def key(served: Served) -> dict[str, str]:
    """What an editor adds that connects to the port by itself."""
    return {} if served.embedded else {"key": served.connection.key}


def stopped(served: Served, folder: Path, *names: str, text: Marked = SUMS) -> DapClient:
    """A client at its first stop."""
    script = folder / "sums.lua"
    script.write_text(text.text)
    client = served.dap()
    lines = [text.lines[name] for name in names]
    client.launch(str(script), breakpoints={str(script): lines}, **key(served))
    client.wait_for_stop("breakpoint")
    return client


def targets(client: DapClient) -> dict[str, int]:
    """What can be stepped into where the program stands, in order."""
    asked = client.request("stepInTargets", {"frameId": client.top_frame()["id"]})
    return {target["label"]: target["id"] for target in asked["body"]["targets"]}


def test_the_calls_of_a_statement_are_told_in_their_order(served: Served, tmp_path: Path) -> None:
    client = stopped(served, tmp_path, "start")
    assert client.capabilities["supportsStepInTargetsRequest"] is True
    asked = client.request("stepInTargets", {"frameId": client.top_frame()["id"]})["body"]
    whole = "lib.sum.of(lib:double(one()), lib:double(5) + math.max(one(…"
    assert [(t["label"], t["line"]) for t in asked["targets"]] == [
        ("one()", SUMS.lines["start"]),
        ("lib:double(one())", SUMS.lines["start"]),
        ("lib:double(5)", SUMS.lines["second"]),
        ("one()", SUMS.lines["second"]),
        (whole, SUMS.lines["start"]),
    ]  # fmt: skip
    first = asked["targets"][0]
    text = SUMS.text.splitlines()[first["line"] - 1]
    assert text[first["column"] - 1 : first["endColumn"] - 1] == "one()"


@pytest.mark.parametrize(
    ("index", "function", "values"),
    [
        (0, "one", {}),
        (1, "double", {"n": "1"}),
        (2, "double", {"n": "5"}),
        (3, "one", {}),
        (4, "of", {"a": "2", "b": "12"}),
    ],
)
def test_a_step_goes_into_the_call_that_is_chosen_and_no_other(
    served: Served, tmp_path: Path, index: int, function: str, values: dict[str, str]
) -> None:
    client = stopped(served, tmp_path, "start")
    asked = client.request("stepInTargets", {"frameId": client.top_frame()["id"]})["body"]
    client.step("stepIn", targetId=asked["targets"][index]["id"])
    frame = client.top_frame()
    assert frame["line"] == SUMS.lines[function] + 1
    found = client.locals()
    found.pop("self", None)
    assert found == values
    caller = next(each for each in client.stack()[1:] if each["line"])
    assert caller["name"] == "main chunk"
    assert SUMS.lines["start"] <= caller["line"] <= SUMS.lines["second"]


def test_a_call_that_is_not_made_is_stepped_over(served: Served, tmp_path: Path) -> None:
    client = stopped(served, tmp_path, "never")
    client.step("stepIn", targetId=targets(client)["one()"])
    assert client.top_frame()["line"] == SUMS.lines["text"]


def test_only_functions_written_in_lua_are_targets(served: Served, tmp_path: Path) -> None:
    client = stopped(served, tmp_path, "text", "end")
    assert list(targets(client)) == ["one()"]
    client.resume()
    client.wait_for_stop("breakpoint")
    assert targets(client) == {}


def test_a_breakpoint_on_the_way_stops_there(served: Served, tmp_path: Path) -> None:
    client = stopped(served, tmp_path, "start")
    chosen = targets(client)["lib:double(5)"]
    script = tmp_path / "sums.lua"
    client.set_breakpoints(str(script), [SUMS.lines["one"] + 1])
    client.request("stepIn", {"threadId": 1, "targetId": chosen})
    client.wait_for_stop("breakpoint")
    assert client.top_frame()["line"] == SUMS.lines["one"] + 1


def test_targets_die_with_their_stop_and_other_frames_have_none(
    served: Served, tmp_path: Path
) -> None:
    client = stopped(served, tmp_path, "start", "after")
    old = targets(client)["one()"]
    client.step("stepIn")
    outer = client.stack()[1]["id"]
    assert client.request("stepInTargets", {"frameId": outer})["body"]["targets"] == []
    line = client.top_frame()["line"]
    refused = client.request_failing("stepIn", {"threadId": 1, "targetId": old})
    assert refused["message"] == f"there is no target {old} at this stop"
    assert client.top_frame()["line"] == line


def test_a_tail_call_is_a_target(served: Served, tmp_path: Path) -> None:
    text = marked("""
        local function last(n) return n end --@last
        local function middle(n)
          return last(n + 1) --@call
        end
        print(middle(1))
    """)
    client = stopped(served, tmp_path, "call", text=text)
    client.step("stepIn", targetId=targets(client)["last(n + 1)"])
    assert (client.top_frame()["line"], client.locals()) == (text.lines["last"], {"n": "2"})


needs_returns = pytest.mark.skipif(not TELLS_RETURNS, reason="Lua tells of it since 5.4")


def returned(client: DapClient) -> dict[str, str]:
    """What the locals show of calls."""
    return {name: text for name, text in client.locals().items() if name.startswith("(return)")}


@needs_returns
@pytest.mark.parametrize(
    ("start", "expected"),
    [
        ("pair", {"(return) pair": "1, 2"}),
        ("nothing", {}),
        ("text", {"(return) one": "1", "(return) tostring": '"1"'}),
    ],
)
def test_a_step_over_shows_what_calls_returned(
    served: Served, tmp_path: Path, start: str, expected: dict[str, str]
) -> None:
    client = stopped(served, tmp_path, start)
    assert returned(client) == {}
    client.step("next")
    assert returned(client) == expected
    client.step("next")
    assert set(returned(client)) & set(expected) == set()


@needs_returns
def test_a_step_out_shows_what_the_function_returned(served: Served, tmp_path: Path) -> None:
    script = tmp_path / "tables.lua"
    script.write_text(
        "local function make(n)\n"
        "  local made = {name = 'made', n = tostring(n)}\n"
        "  return made\n"
        "end\n"
        "print(make(3).name)\n"
    )
    client = served.dap()
    client.launch(str(script), breakpoints={str(script): [2]}, **key(served))
    client.wait_for_stop("breakpoint")
    client.step("stepOut")
    assert client.top_frame()["line"] == 5
    scope = client.scopes()[0]
    assert scope["namedVariables"] == 2
    (shown,) = [
        each
        for each in client.variables(scope["variablesReference"])
        if each["name"].startswith("(return)")
    ]
    assert (shown["name"], shown["value"]) == ("(return) make", '{n = "3", name = "made"}')
    children = client.variables(shown["variablesReference"])
    assert {child["name"]: child["value"] for child in children} == {"n": '"3"', "name": '"made"'}
    refused = client.request_failing(
        "setVariable",
        {"variablesReference": scope["variablesReference"], "name": "(return) make", "value": "1"},
    )
    assert "'(return) make' cannot be changed" in refused["message"]


@needs_returns
def test_a_breakpoint_shows_no_returns(served: Served, tmp_path: Path) -> None:
    client = stopped(served, tmp_path, "pair", "nothing")
    client.resume()
    client.wait_for_stop("breakpoint")
    assert returned(client) == {}


@pytest.mark.skipif(TELLS_RETURNS, reason="this Lua tells of them")
def test_older_luas_show_no_returns(served: Served, tmp_path: Path) -> None:
    client = stopped(served, tmp_path, "pair")
    client.step("next")
    assert returned(client) == {}

"""Stops at errors, as editors ask for them: filters, conditions, and what is told of the error."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from kit.dap import DapClient
from kit.kernels import Served, serving


def launched(
    served: Served, tmp_path: Path, text: str, *filters: str, options: Sequence[Any] = ()
) -> DapClient:
    """A client that runs a text with exception filters."""
    script = tmp_path / "main.lua"
    script.write_text(text)
    client = served.dap()

    def configure(client: DapClient) -> None:
        asked = {"filters": list(filters), "filterOptions": list(options)}
        client.request("setExceptionBreakpoints", asked)

    key = {} if served.embedded else {"key": served.connection.key}
    client.launch(str(script), exceptions=[], configure=configure, **key)
    return client


def user_lines(client: DapClient) -> list[int]:
    """The lines of the program on the stack, innermost first."""
    return [frame["line"] for frame in client.stack() if "source" in frame]


def info(client: DapClient) -> dict[str, Any]:
    body: dict[str, Any] = client.request("exceptionInfo", {"threadId": 1})["body"]
    return body


CAUGHT = """\
steps = 0
local function fails(value)
  local kept = value
  steps = steps + 1
  %s
  steps = 100
end
print(pcall(fails, {x = 1}))
print(xpcall(function() fails({x = 1}) end, function(e) return "handled", e end))
print(steps)
"""


HELPS = {
    "value()": [
        "a table cannot be called: a loop over a table needs pairs(t), and a variable may hide"
        " a function"
    ],
    "local size = #nil + 1": ["the value is nil here: set it first, or write #(t or {})"],
    "string.rep()": ["a method is called with ':', as in s:rep()"],
    "assert(value == nil)": ['assert takes words of its own: assert(x, "what is wrong")'],
}


@pytest.mark.parametrize(
    ("statement", "words", "kind"),
    [
        ("error('boom')", "boom", "string"),
        ("error({code = 7})", "{code = 7}", "table"),
        ("error()", "nil", ""),
        ("assert(false, 'claim')", "claim", "string"),
        ("assert(value == nil)", "assertion failed!", "string"),
        ("local y = value.x.y.z", "index", "string"),
        ("value()", "call", "string"),
        ("local size = #nil + 1", "length", "string"),
        ("string.rep()", "bad argument #1", "string"),
    ],
)
def test_all_errors_stop_where_they_are_raised(
    served: Served, tmp_path: Path, statement: str, words: str, kind: str
) -> None:
    client = launched(served, tmp_path, CAUGHT % statement, "all")
    for number in (1, 2):
        stop = client.wait_for_stop("exception")
        assert user_lines(client)[0] == 5
        frame = next(f for f in client.stack() if "source" in f)
        assert client.locals(frame["id"])["kept"] == "{x = 1}"
        assert client.evaluate("steps") == str(number)  # nothing has run since
        told = info(client)
        if kind:
            assert words in stop.text
            assert told["exceptionId"] == told["details"]["typeName"] == kind
        message, *helps = told["description"].split("\nhelp: ")
        assert message == told["details"]["message"] == stop.text
        assert helps == HELPS.get(statement, [])
        assert told["breakMode"] == "always"
        assert "main.lua:5)" in told["details"]["stackTrace"]
        client.resume()
    assert client.wait_for_end() == 0
    lines = client.output("stdout").splitlines()
    assert [line.split("\t")[0] for line in lines[:2]] == ["false", "false"]
    assert lines[1] == "false\thandled"
    assert lines[2] == "2"


def test_without_the_filter_a_caught_error_does_not_stop(served: Served, tmp_path: Path) -> None:
    client = launched(served, tmp_path, CAUGHT % "error('boom')", "uncaught")
    assert client.wait_for_end() == 0
    first, *rest = client.output("stdout").splitlines()
    assert first.endswith("main.lua:5: boom")
    assert rest == ["false\thandled", "2"]


def test_an_error_value_can_be_opened(served: Served, tmp_path: Path) -> None:
    client = launched(served, tmp_path, "pcall(error, {code = 7, inner = {deep = true}})", "all")
    client.wait_for_stop("exception")
    details = info(client)["details"]
    assert details["message"] == "{code = 7, inner = {…}}"
    frame = client.top_frame()["id"]
    answer = client.request(
        "evaluate", {"expression": details["evaluateName"], "frameId": frame, "context": "watch"}
    )["body"]
    fields = {v["name"]: v["value"] for v in client.variables(answer["variablesReference"])}
    assert fields == {"code": "7", "inner": "{deep = true}"}
    client.resume()
    assert client.wait_for_end() == 0


UNCAUGHT_IN_COROUTINES = """\
local function inner(n)
  local mine = n
  error("lost")
end
local gen = coroutine.wrap(function()
  coroutine.yield(1)
  local middle = coroutine.wrap(inner)
  middle(42)
end)
gen()
after = false
gen()
after = true
"""


@pytest.mark.parametrize("filters", [["uncaught"], ["all"], ["all", "uncaught"]])
def test_an_error_that_nothing_catches_stops_once_with_the_stack_of_every_coroutine(
    served: Served, tmp_path: Path, filters: list[str]
) -> None:
    client = launched(served, tmp_path, UNCAUGHT_IN_COROUTINES, *filters)
    stop = client.wait_for_stop("exception")
    assert "lost" in stop.text
    lines = user_lines(client)
    assert lines[0] == 3
    assert lines[-2:] == [8, 12]
    frame = next(f for f in client.stack() if f.get("line") == 3)
    assert client.locals(frame["id"]) == {"n": "42", "mine": "42"}
    assert client.evaluate("mine + 1", frame["id"]) == "43"
    assert client.evaluate("after") == "false"
    assert info(client)["breakMode"] == "unhandled"
    client.resume()
    assert client.wait_for_end() == 1
    assert "lost" in client.output("stderr")


def test_an_error_that_ends_a_resumed_coroutine_stops_with_its_stack(
    served: Served, tmp_path: Path
) -> None:
    text = (
        "local co = coroutine.create(function(a)\n"
        "  local b = a + coroutine.yield(a)\n"
        "  error({b})\n"
        "end)\n"
        "coroutine.resume(co, 1)\n"
        "local ok, e = coroutine.resume(co, 2)\n"
        "print(ok, e[1], coroutine.status(co), coroutine.resume(co))\n"
    )
    client = launched(served, tmp_path, text, "all")
    client.wait_for_stop("exception")
    assert user_lines(client) == [3, 6]
    frame = next(f for f in client.stack() if "source" in f)
    assert client.locals(frame["id"]) == {"a": "1", "b": "3"}
    assert info(client)["breakMode"] == "always"
    client.resume()
    assert client.wait_for_end() == 0
    assert client.output("stdout") == "false\t3\tdead\tfalse\tcannot resume dead coroutine\n"


CONDITIONS: list[tuple[str, list[str]]] = [
    ('"bo+m"', ["boom 1", "booom 2"]),
    ("type(err) == 'table' and err.code == 7", ["{code = 7}"]),
    ("count == 3", ["{code = 7}"]),
    ("", ["boom 1", "booom 2", "{code = 7}", "other"]),
]
RAISING = """\
local function raise(value)
  count = (count or 0) + 1
  local count = count
  error(value, 0)
end
for _, value in ipairs {"boom 1", "booom 2", {code = 7}, "other"} do
  pcall(raise, value)
end
"""


@pytest.mark.parametrize(("condition", "stops"), CONDITIONS)
def test_a_condition_chooses_the_errors_that_stop(
    served: Served, tmp_path: Path, condition: str, stops: list[str]
) -> None:
    option = {"filterId": "all", "condition": condition}
    client = launched(served, tmp_path, RAISING, options=[option])
    for words in stops:
        assert client.wait_for_stop("exception").text == words
        client.resume()
    assert client.wait_for_end() == 0


def test_a_condition_that_fails_stops_and_says_why(served: Served, tmp_path: Path) -> None:
    option = {"filterId": "all", "condition": "err.code.x.y"}
    client = launched(served, tmp_path, "pcall(error, {code = {}})", options=[option])
    assert client.wait_for_stop("exception").text.startswith("condition failed: ")
    assert info(client)["description"] == "{code = {}}"
    client.resume()
    assert client.wait_for_end() == 0


@pytest.mark.parametrize(
    ("condition", "words"),
    [
        ("err ==", "condition: "),
        ('"[a"', "condition: malformed pattern (missing ']')"),
        ("'%'", "condition: malformed pattern (ends with '%')"),
        ("'(a'", "condition: unfinished capture"),
    ],
)
def test_a_bad_condition_is_not_verified_and_the_other_filter_works(
    served: Served, tmp_path: Path, condition: str, words: str
) -> None:
    script = tmp_path / "main.lua"
    script.write_text("pcall(error, 'caught')\nerror('lost')\n")
    client = served.dap()
    answers: list[Any] = []

    def configure(client: DapClient) -> None:
        asked = {
            "filters": ["uncaught"],
            "filterOptions": [{"filterId": "all", "condition": condition}],
        }
        answers.extend(client.request("setExceptionBreakpoints", asked)["body"]["breakpoints"])

    key = {} if served.embedded else {"key": served.connection.key}
    client.launch(str(script), exceptions=[], configure=configure, **key)
    good, bad = answers
    assert good["verified"] is True
    assert bad["verified"] is False
    assert bad["message"].startswith(words)
    assert "lost" in client.wait_for_stop("exception").text


def test_filters_can_be_changed_while_the_program_runs_and_end_with_their_session(
    served: Served, tmp_path: Path
) -> None:
    text = "go = true\nwhile go do\n  pcall(error, 'round')\nend\nprint(pcall == saved)\n"
    served.client().execute("saved = pcall").result(20)
    client = launched(served, tmp_path, text)
    client.request("setExceptionBreakpoints", {"filters": ["all"]})
    assert client.wait_for_stop("exception").text == "round"
    client.request("setExceptionBreakpoints", {"filters": []})
    client.request("evaluate", {"expression": "go = false", "frameId": client.top_frame()["id"]})
    client.resume()
    assert client.wait_for_end() == 0
    assert client.output("stdout") == "true\n"
    client.request("setExceptionBreakpoints", {"filters": ["all"]})
    client.disconnect()
    free = served.client().execute("assert(pcall == saved) return pcall(error, 'free')")
    assert free.result(20).content["status"] == "ok"


@pytest.mark.parametrize("choice", ["uncaught", "all", "none"])
def test_which_filter_a_client_begins_with_is_an_option(tmp_path: Path, choice: str) -> None:
    with serving("embedded", tmp_path, debug_break_on=choice) as served:
        client = served.dap()
        filters = client.initialize()["exceptionBreakpointFilters"]
        assert [each["filter"] for each in filters] == ["all", "uncaught"]
        chosen = [each["filter"] for each in filters if each["default"]]
        assert chosen == ([] if choice == "none" else [choice])

"""Where breakpoints can stand, columns of breakpoints, loaded sources and modules."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from kit.dap import DapClient
from kit.kernels import Served
from kit.timeline import Event
from tidelock.dap.mappings import Mappings

MAIN = """\
local part = require("part")
a, b = 0, 0
for i = 1, 3 do a = a + i; b = b + a; part(b) end
if a > 5 then
  print(a, b)
end
"""


@pytest.fixture
def script(tmp_path: Path) -> Path:
    (tmp_path / "part.lua").write_text("return function(x) return x end\n")
    path = tmp_path / "main.lua"
    path.write_text(MAIN)
    return path


def key(served: Served) -> dict[str, str]:
    return {} if served.embedded else {"key": served.connection.key}


def locations(client: DapClient, script: Path, **range_: int) -> list[tuple[int, int]]:
    asked = {"source": {"path": str(script)}, **range_}
    found = client.request("breakpointLocations", asked)["body"]["breakpoints"]
    return [(each["line"], each["column"]) for each in found]


def test_statements_of_a_range_are_where_breakpoints_can_stand(
    served: Served, script: Path
) -> None:
    client = served.dap()
    client.initialize()
    client.attach(**key(served))
    assert locations(client, script, line=3) == [(3, 1), (3, 17), (3, 28), (3, 39)]
    assert locations(client, script, line=3, column=18, endColumn=28) == [(3, 28)]
    assert locations(client, script, line=4, endLine=6) == [(4, 1), (5, 3)]
    assert locations(client, script, line=6) == []
    failed = client.request_failing(
        "breakpointLocations", {"source": {"path": "/nowhere/x.lua"}, "line": 1}
    )
    assert "the text of that source" in failed["message"]


def test_locations_and_columns_follow_the_clients_manner(served: Served, script: Path) -> None:
    script.write_text("local s = '\U0001f319' local t = s\nprint(t)\n")
    client = served.dap()
    client.initialize(linesStartAt1=False, columnsStartAt1=False)
    client.launch(
        str(script), breakpoints={str(script): [{"line": 0, "column": 15}]}, **key(served)
    )
    assert locations(client, script, line=0) == [(0, 0), (0, 15)]  # the moon takes two units
    client.wait_for_stop("breakpoint")
    assert set(client.locals()) == {"s"}


@pytest.mark.parametrize(
    ("column", "stands", "a", "b"),
    [
        (17, 17, "0", "0"),
        (28, 28, "1", "0"),
        (30, 28, "1", "0"),
        (39, 39, "1", "1"),
        (1, 1, "0", "0"),
    ],
)
def test_a_column_chooses_the_statement_of_a_line(
    served: Served, script: Path, column: int, stands: int, a: str, b: str
) -> None:
    client = served.dap()
    answers: list[Any] = []

    def configure(client: DapClient) -> None:
        answers.extend(client.set_breakpoints(str(script), [{"line": 3, "column": column}]))

    client.launch(str(script), configure=configure, **key(served))
    assert [(p["verified"], p["line"], p["column"]) for p in answers] == [(True, 3, stands)]
    client.wait_for_stop("breakpoint")
    assert (client.evaluate("a"), client.evaluate("b")) == (a, b)
    client.set_breakpoints(str(script), [])
    client.resume()
    assert client.wait_for_end() == 0
    assert client.output("stdout") == "6\t10\n"


def test_two_columns_of_a_line_stop_one_after_the_other(served: Served, script: Path) -> None:
    client = served.dap()
    points = [{"line": 3, "column": 17, "condition": "i == 2"}, {"line": 3, "column": 39}]
    client.launch(str(script), breakpoints={str(script): points}, **key(served))
    seen = []
    for _ in range(4):
        client.wait_for_stop("breakpoint")
        seen.append((client.evaluate("i"), client.evaluate("a"), client.evaluate("b")))
        client.resume()
    assert seen == [("1", "1", "1"), ("2", "1", "1"), ("2", "3", "4"), ("3", "6", "10")]
    assert client.wait_for_end() == 0


def test_a_step_onto_a_line_does_not_pass_over_its_second_statement(
    served: Served, script: Path
) -> None:
    script.write_text("x = 1\ny = 1; z = 2\nprint(x, y, z)\n")
    client = served.dap()
    points = [{"line": 1}, {"line": 2, "column": 8}]
    client.launch(str(script), breakpoints={str(script): points}, **key(served))
    client.wait_for_stop("breakpoint")
    client.step("next")
    assert client.evaluate("y") == "nil"
    client.step("next", reason="breakpoint")
    assert (client.evaluate("y"), client.evaluate("z")) == ("1", "nil")


def test_a_column_in_loaded_code_says_where_it_stops(served: Served, script: Path) -> None:
    client = served.dap()
    client.launch(str(script), stopOnEntry=True, **key(served))
    client.wait_for_stop("entry")
    (point,) = client.set_breakpoints(str(script), [{"line": 3, "column": 39}])
    assert point["verified"]
    told = client.wait_for_event("breakpoint")["body"]["breakpoint"]
    assert told["message"].endswith("stops where the line begins")


def test_loaded_sources_are_listed_and_told(served: Served, script: Path) -> None:
    client = served.dap()
    client.launch(str(script), breakpoints={str(script): [5]}, **key(served))
    client.wait_for_stop("breakpoint")
    paths = [str(script), str(script.parent / "part.lua")]
    found = client.request("loadedSources", {})["body"]["sources"]
    assert [source["path"] for source in found][-2:] == paths
    told = [client.wait_for_event("loadedSource")["body"] for _ in paths]
    assert [(body["reason"], body["source"]["path"]) for body in told] == [
        ("new", paths[0]), ("new", paths[1]),
    ]  # fmt: skip
    client.evaluate(f"dofile({paths[1]!r})")
    again = client.wait_for_event("loadedSource")["body"]
    assert (again["reason"], again["source"]["path"]) == ("changed", paths[1])


def test_code_without_a_file_is_a_loaded_source_that_can_be_read(served: Served) -> None:
    client = served.dap()
    client.launch(None, code="local x = 1\nerror('here')", exceptions=["uncaught"], **key(served))
    client.wait_for_stop("exception")
    source = client.request("loadedSources", {})["body"]["sources"][-1]
    read = client.request(
        "source", {"source": source, "sourceReference": source["sourceReference"]}
    )
    assert read["body"]["content"] == "local x = 1\nerror('here')"


def test_modules_are_listed_with_their_paths(served: Served, script: Path) -> None:
    (script.parent / "again.lua").write_text("package.loaded.made = {} return 1\n")
    script.write_text("require('part') require('again')\nprint('ready')\n")
    client = served.dap()
    client.launch(str(script), breakpoints={str(script): [2]}, **key(served))
    client.wait_for_stop("breakpoint")
    body = client.request("modules", {})["body"]
    assert [(m["name"], m.get("path", "")) for m in body["modules"]] == [
        ("again", str(script.parent / "again.lua")),
        ("made", ""),
        ("part", str(script.parent / "part.lua")),
    ]
    assert body["totalModules"] == 3
    page = client.request("modules", {"startModule": 1, "moduleCount": 1})["body"]
    assert [m["id"] for m in page["modules"]] == ["made"]
    assert page["totalModules"] == 3


def test_modules_are_told_when_they_are_required(served: Served, script: Path) -> None:
    (script.parent / "part.lua").write_text("print('part runs')\nreturn true\n")
    (script.parent / "bad.lua").write_text("error('no', 0)\n")
    script.write_text("require('part')\nprint(pcall(require, 'bad'))\nrequire('part')\n")
    client = served.dap()
    client.launch(str(script), breakpoints={str(script): [3]}, exceptions=[], **key(served))
    client.wait_for_stop("breakpoint")
    told = [client.wait_for_event("module")["body"] for _ in range(2)]
    assert [(body["reason"], body["module"]["name"]) for body in told] == [
        ("new", "part"),
        ("new", "bad"),
    ]
    assert told[0]["module"]["path"] == str(script.parent / "part.lua")
    client.timeline.expect(Event("loadedSource") >> Event("module") >> Event("output"))
    client.request("restart", {})
    client.wait_for_stop("breakpoint")
    again = client.wait_for_event("module")["body"]
    assert (again["reason"], again["module"]["id"]) == ("changed", "part")


@pytest.mark.parametrize("root", ["/projects/tides", "C:\\work\\tides", "/projects/tides/"])
def test_a_client_that_sees_the_sources_elsewhere(served: Served, script: Path, root: str) -> None:
    separator = "\\" if "\\" in root else "/"
    local = root.rstrip("/") + separator + "main.lua"
    client = served.dap()
    mapped = [{"localRoot": root, "remoteRoot": str(script.parent)}]
    client.launch(local, breakpoints={local: [5]}, pathMappings=mapped, **key(served))
    client.wait_for_stop("breakpoint")
    (frame,) = client.request("stackTrace", {"threadId": 1})["body"]["stackFrames"]
    assert (frame["line"], frame["source"]["path"]) == (5, local)
    loaded = client.request("loadedSources")["body"]["sources"]
    part = root.rstrip("/") + separator + "part.lua"
    assert {local, part} <= {source.get("path") for source in loaded}
    (module,) = client.request("modules", {})["body"]["modules"]
    assert module["path"] == part
    text = client.request("source", {"source": {"path": local}, "sourceReference": 0})
    assert text["body"]["content"] == MAIN
    client.resume()
    assert client.wait_for_end() == 0


@pytest.mark.parametrize(
    ("mappings", "words"),
    [
        ("x", "pathMappings is missing or no list"),
        ([3], 'pathMappings is a list of {"localRoot": FOLDER, "remoteRoot": FOLDER}'),
        ([{"localRoot": "/a"}], "remoteRoot is missing"),
        ([{"localRoot": "", "remoteRoot": "/b"}], "localRoot of pathMappings is empty"),
        ([{"localRoot": "/a", "remoteRoot": "b"}], "remoteRoot b is no absolute path"),
    ],
)
def test_path_mappings_that_make_no_sense(served: Served, mappings: Any, words: str) -> None:
    client = served.dap()
    client.initialize()
    failed = client.request_failing("attach", {"pathMappings": mappings, **key(served)})
    assert words in failed["message"]


def test_of_several_mappings_the_longest_is_meant() -> None:
    pairs = [("/a", "/x"), ("/a/b", "/y"), ("/c", "/x/deep")]
    mapped = Mappings(pairs)
    for local, remote in (("/a/f", "/x/f"), ("/a/b/f", "/y/f"), ("/c/f", "/x/deep/f")):
        assert mapped.inward(local) == remote
        assert mapped.outward(remote) == local
    for outside in ("/ab/f", "/z", "f"):
        assert mapped.inward(outside) == outside
        assert mapped.outward(outside) == outside

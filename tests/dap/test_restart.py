"""The request ``restart``: the program begins again; kernel, session and breakpoints stay."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from kit.dap import DapClient
from kit.kernels import Served
from kit.timeline import Event, Response

MAIN = """\
runs = (runs or 0) + 1
local count = 0
for i = 1, 5 do
  count = count + i
end
print(runs, count, ...)
"""


@pytest.fixture
def script(tmp_path: Path) -> Path:
    path = tmp_path / "main.lua"
    path.write_text(MAIN)
    return path


def key(served: Served) -> dict[str, str]:
    return {} if served.embedded else {"key": served.connection.key}


def stopped(served: Served, script: Path) -> DapClient:
    """A client at its first stop."""
    client = served.dap()
    client.launch(str(script), breakpoints={script: [4]}, args=["first"], **key(served))
    client.wait_for_stop("breakpoint")
    return client


def finish(client: DapClient) -> str:
    """Let the program run to its end; what it printed."""
    client.resume()
    assert client.wait_for_end() == 0
    return client.output("stdout")


def test_a_restart_at_a_stop(served: Served, script: Path) -> None:
    client = stopped(served, script)
    (before,) = client.set_breakpoints(str(script), [4])
    client.step("next")
    assert client.evaluate("count") == "1"
    script.write_text(MAIN.replace("count + i", "count + 10 * i"))
    client.request("restart", {"arguments": {"program": str(script), "args": ["second"]}})
    stop = client.wait_for_stop("breakpoint")
    assert stop.hit == [before["id"]]
    assert client.top_frame()["line"] == 4
    assert client.evaluate("count") == "0"  # from the beginning, and before its line
    client.timeline.expect(
        Event("stopped") >> Event("continued") >> Response("restart") >> Event("process")
        >> Event("stopped")
    )  # fmt: skip
    assert client.output("stdout", "stderr") == ""
    client.set_breakpoints(str(script), [])
    # One end is told, that of the program which ran the new text with the new arguments.
    assert finish(client) == "2\t150\tsecond\n"


def test_a_running_program_restarts_with_what_it_had(served: Served, tmp_path: Path) -> None:
    script = tmp_path / "loop.lua"
    script.write_text("local n = 0\nwhile not enough do\n  n = n + 1\nend\nprint(...)\n")
    client = served.dap()
    client.launch(str(script), args=["a", "b"], stopOnEntry=True, **key(served))
    client.wait_for_stop("entry")
    client.resume()
    client.request("restart", {})
    client.wait_for_stop("entry")
    assert client.top_frame()["line"] == 1
    client.evaluate("enough = true")
    assert finish(client) == "a\tb\n"


@pytest.mark.parametrize("keeps", [False, True])
def test_hits_are_counted_anew_and_modules_are_fresh_unless_kept(
    served: Served, tmp_path: Path, keeps: bool
) -> None:
    (tmp_path / "part.lua").write_text("return {loads = 0}\n")
    script = tmp_path / "main.lua"
    script.write_text(
        'local part = require("part")\npart.loads = part.loads + 1\n'
        "for i = 1, 5 do\n  last = i\nend\nprint(part.loads)\n"
    )
    client = served.dap()
    point = {"line": 4, "hitCondition": "3"}
    client.launch(str(script), breakpoints={script: [point]}, keepModules=keeps, **key(served))
    for _ in range(2):
        client.wait_for_stop("breakpoint")
        assert client.evaluate("i") == "3"
        client.request("restart", {})
    client.wait_for_stop("breakpoint")
    assert client.evaluate("i") == "3"
    assert finish(client) == ("3\n" if keeps else "1\n")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"arguments": 5}, "arguments is missing or no dict"),
        ({"arguments": {}}, "give program"),
        ({"arguments": {"program": "/nowhere/x.lua"}}, "does not exist"),
        ({"arguments": {"code": "x = 1", "args": "a"}}, "args is missing or no list"),
        ({"arguments": {"code": "x = 1", "noDebug": True}}, "noDebug cannot change"),
    ],
)
def test_a_restart_that_cannot_be_leaves_the_program_at_its_stop(
    served: Served, script: Path, arguments: dict[str, Any], words: str
) -> None:
    client = stopped(served, script)
    failed = client.request_failing("restart", arguments, checked=False)
    assert words in failed["message"]
    assert client.evaluate("i + count") == "1"
    client.set_breakpoints(str(script), [])
    assert finish(client) == "1\t15\tfirst\n"


def test_before_the_program_begins_and_after_its_end(served: Served, script: Path) -> None:
    client = served.dap()

    def too_early(client: DapClient) -> None:
        failed = client.request_failing("restart", {})
        assert "configurationDone comes first" in failed["message"]

    client.launch(str(script), configure=too_early, **key(served))
    client.wait_for_end()
    assert "has ended" in client.request_failing("restart", {})["message"]


def test_a_client_that_attached_has_nothing_to_restart(served: Served) -> None:
    client = served.dap()
    assert client.initialize()["supportsRestartRequest"] is True
    client.attach(**key(served))
    assert client.capabilities["supportsRestartRequest"] is False
    assert "launched no program" in client.request_failing("restart", {})["message"]
    client.timeline.expect(Event("capabilities") >> Event("initialized"))


def test_a_program_that_takes_long_to_end(served: Served, tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    client = served.dap()
    client.launch(code=f'os.execute("cat {pipe}")', **key(served))
    with pipe.open("w"):  # until it is closed, the program cannot be ended
        restart = client.post("restart", {})
        again = client.request_failing("restart", {})
        assert "being restarted already" in again["message"]
        assert not restart.answered
        client.request("terminate")
        assert restart.wait()["message"] == "the program was ended meanwhile"
    assert client.wait_for_end() == 1

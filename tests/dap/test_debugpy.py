"""`debugPython`: Lua and Python under their own debuggers, in two sessions of one client."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from kit.dap import DapClient, TcpTransport
from kit.kernels import Served, external, serving
from kit.marked import marked

PILOT = marked("""
    def guide(call):
        depth = 4 --@before
        answer = call(depth) --@call
        return answer + 1 --@return
""")
HARBOUR = marked("""
    local pilot = python.import("pilot")
    local function sound(depth)
      return depth * 10 --@sound
    end
    print("before") --@begin
    print(pilot.guide(sound))
    print("after") --@after
""")

STANDING = ("main, stopped", "tidelock-lane")
"""How the two sessions call the thread that stands."""


@pytest.fixture
def harbour(tmp_path: Path) -> Path:
    (tmp_path / "pilot.py").write_text(PILOT.text)
    script = tmp_path / "harbour.lua"
    script.write_text(HARBOUR.text)
    return script


@pytest.fixture
def served(harbour: Path) -> Iterator[Served]:
    """In a process of its own: debugpy would trace the tests' own."""
    with external(harbour.parent, lua_python_access=True) as kernel:
        yield kernel


class Editor:
    """A client that opens a session on debugpy when it is asked to."""

    def __init__(self, served: Served, breakpoints: dict[str | Path, list[Any]]) -> None:
        self.lua = served.dap(timeout=20)
        self.asked = threading.Event()
        self.wanted: dict[str, Any] = {}
        self._breakpoints = breakpoints
        self.lua.answer("startDebugging", self._start)

    def _start(self, arguments: Any) -> dict[str, Any]:
        self.wanted = dict(arguments)
        self.asked.set()
        return {}

    def join(self) -> DapClient:
        """Open the second session, as it was asked to."""
        assert self.asked.wait(20), self.lua.timeline.picture()
        assert self.wanted["request"] == "attach"
        configuration = self.wanted["configuration"]
        assert configuration["type"] == "debugpy"
        connect = configuration["connect"]
        transport = TcpTransport(connect["host"], connect["port"])
        client = DapClient(transport, timeout=20, strict=False)
        passed = {key: configuration[key] for key in ("name", "connect", "justMyCode", "rules")}
        client.attach(breakpoints=self._breakpoints, **passed)
        return client


def launch(client: DapClient, served: Served, script: Path, *names: str, **options: Any) -> None:
    key = {} if served.embedded else {"key": served.connection.key}
    lines = [HARBOUR.lines[name] for name in names]
    client.launch(str(script), breakpoints={str(script): lines}, **{**key, **options})


def told(client: DapClient) -> str:
    """The next text about debugPython on the console."""
    event = client.wait_for_event("output", lambda body: body["category"] == "console")
    return str(event["body"]["output"]).removeprefix("debugPython: ").rstrip()


def places(client: DapClient) -> list[tuple[str, int]]:
    return [(frame["name"].partition(" <")[0], frame["line"]) for frame in client.stack()]


def test_a_stop_in_each_of_lua_python_and_lua(served: Served, harbour: Path) -> None:
    pilot = harbour.parent / "pilot.py"
    editor = Editor(served, {pilot: [PILOT.lines["call"], PILOT.lines["return"]]})
    lua = editor.lua
    launch(lua, served, harbour, "begin", "sound", "after", debugPython=True)
    python = editor.join()

    lua.wait_for_stop("breakpoint")  # nothing has run before the Python session was there
    assert places(lua) == [("main chunk", HARBOUR.lines["begin"])]
    lua.resume()
    python.wait_for_stop("breakpoint")
    assert places(python)[0] == ("guide", PILOT.lines["call"])
    assert python.locals()["depth"] == "4"
    assert "answer" not in python.locals()  # the line has not run
    assert "after" not in lua.output("stdout")

    # The lane stands in Python: everything else answers.
    assert served.raw().beat() == b"beat"
    assert [thread["name"] for thread in lua.threads()] == ["main"]
    for command, arguments, words in [
        ("stackTrace", {"threadId": 1}, "not stopped"),
        ("evaluate", {"expression": "1"}, "running"),
        ("evaluate", {"expression": "pilot", "context": "hover"}, "running a function of Python"),
        ("completions", {"text": "pri", "column": 4}, "running a function of Python"),
        ("modules", {}, "running a function of Python"),
    ]:
        assert words in lua.request_failing(command, arguments)["message"], command
    assert lua.set_breakpoints(harbour, [HARBOUR.lines["sound"], HARBOUR.lines["after"]])
    assert "answer" not in python.locals()

    python.resume()
    lua.wait_for_stop("breakpoint")
    assert places(lua) == [
        ("function", HARBOUR.lines["sound"]),
        ("[Python] guide", PILOT.lines["call"]),
        ("main chunk", HARBOUR.lines["sound"] + 3),
    ]
    assert lua.locals() == {"depth": "4"}
    lua.resume()
    python.wait_for_stop("breakpoint")
    assert python.locals()["answer"] == "40"
    python.resume()
    lua.wait_for_stop("breakpoint")
    assert lua.output("stdout") == "before\n41\n"
    lua.resume()
    assert lua.wait_for_end() == 0
    python.close()


def onward(here: DapClient, command: str, there: DapClient) -> None:
    """A step from where a session stands to a stop that the other session tells of."""
    (standing,) = [thread for thread in here.threads() if thread["name"] in STANDING]
    here.request(command, {"threadId": standing["id"]})
    there.wait_for_stop("step")


def test_steps_pass_the_border(served: Served, harbour: Path) -> None:
    editor = Editor(served, {})
    lua = editor.lua
    launch(lua, served, harbour, "begin", debugPython=True)
    python = editor.join()
    lua.wait_for_stop("breakpoint")
    lua.step("next")

    onward(lua, "stepIn", python)  # from Lua into a function of Python
    assert places(python)[0] == ("guide", PILOT.lines["before"])
    assert "depth" not in python.locals()
    python.step("next")
    assert places(python)[0] == ("guide", PILOT.lines["call"])

    onward(python, "stepIn", lua)  # from there into a function of Lua
    assert places(lua)[0] == ("function", HARBOUR.lines["sound"])
    assert lua.locals() == {"depth": "4"}

    onward(lua, "stepOut", python)  # back to Python
    assert places(python)[0] == ("guide", PILOT.lines["return"])
    assert python.locals()["answer"] == "40"

    onward(python, "stepOut", lua)  # and to Lua
    assert places(lua)[0] == ("main chunk", HARBOUR.lines["after"])
    assert lua.output("stdout") == "before\n41\n"
    lua.resume()
    assert lua.wait_for_end() == 0
    python.close()


def test_a_step_over_python_stays_in_lua(served: Served, harbour: Path) -> None:
    editor = Editor(served, {})
    lua = editor.lua
    launch(lua, served, harbour, "begin", debugPython=True)
    python = editor.join()
    lua.wait_for_stop("breakpoint")
    lua.step("next")
    lua.step("next")
    assert places(lua)[0] == ("main chunk", HARBOUR.lines["after"])
    lua.resume()
    assert lua.wait_for_end() == 0
    assert "stopped" not in python.timeline.picture()
    python.close()


def test_a_step_over_lua_stays_in_python_and_a_continue_ends_it(
    served: Served, harbour: Path
) -> None:
    editor = Editor(served, {harbour.parent / "pilot.py": [PILOT.lines["call"]]})
    lua = editor.lua
    launch(lua, served, harbour, "after", debugPython=True)
    python = editor.join()
    python.wait_for_stop("breakpoint")
    python.step("next")
    assert places(python)[0] == ("guide", PILOT.lines["return"])
    python.resume()
    lua.wait_for_stop("breakpoint")  # and no step before
    assert places(lua)[0] == ("main chunk", HARBOUR.lines["after"])
    lua.resume()
    assert lua.wait_for_end() == 0
    python.close()


def test_a_step_into_what_is_not_written_in_python_goes_on_in_lua(
    served: Served, tmp_path: Path
) -> None:
    script = tmp_path / "size.lua"
    script.write_text(
        "local len, eval = python.builtins.len, python.eval\n"
        "local size = len('four')\n"
        "local fine, words = pcall(eval, '1 / 0')\n"
        "print(size, fine)\n"
    )
    editor = Editor(served, {})
    lua = editor.lua
    key = {"key": served.connection.key}
    lua.launch(str(script), breakpoints={str(script): [2]}, debugPython=True, **key)
    python = editor.join()
    lua.wait_for_stop("breakpoint")
    for line in (3, 4):
        lua.step("stepIn")
        assert places(lua)[0] == ("main chunk", line)
    lua.resume()
    assert lua.wait_for_end() == 0
    assert "stopped" not in python.timeline.picture()
    assert lua.output("stdout") == "4\tfalse\n"
    python.close()


def test_an_error_that_leaves_python_in_a_step_stops_in_lua(served: Served, harbour: Path) -> None:
    (harbour.parent / "wreck.py").write_text("def sink():\n    raise ValueError('deep')\n")
    script = harbour.parent / "wreck.lua"
    script.write_text(
        "local wreck = python.import('wreck')\nlocal fine, words = pcall(wreck.sink)\nprint(fine)\n"
    )
    editor = Editor(served, {harbour.parent / "wreck.py": [2]})
    lua = editor.lua
    lua.launch(str(script), debugPython=True, key=served.connection.key)
    python = editor.join()
    python.wait_for_stop("breakpoint")
    onward(python, "stepOut", lua)
    assert places(lua)[0] == ("main chunk", 3)
    assert lua.locals()["fine"] == "false"
    lua.resume()
    assert lua.wait_for_end() == 0
    python.close()


def test_a_pause_that_is_asked_for_in_python_comes_in_lua(served: Served, harbour: Path) -> None:
    editor = Editor(served, {harbour.parent / "pilot.py": [PILOT.lines["call"]]})
    launch(editor.lua, served, harbour, debugPython=True)
    python = editor.join()
    python.wait_for_stop("breakpoint")
    editor.lua.request("pause", {"threadId": 1})
    python.resume()
    editor.lua.wait_for_stop("pause")
    assert places(editor.lua)[0] == ("function", HARBOUR.lines["sound"])
    editor.lua.disconnect(terminateDebuggee=True)
    python.close()


def test_the_program_can_be_debugged_again(served: Served, harbour: Path) -> None:
    for _ in range(2):
        editor = Editor(served, {harbour.parent / "pilot.py": [PILOT.lines["before"]]})
        launch(editor.lua, served, harbour, debugPython=True)
        python = editor.join()
        python.wait_for_stop("breakpoint")
        python.disconnect()
        assert editor.lua.wait_for_end() == 0
        editor.lua.disconnect()
        editor.lua.close()
        python.close()


def test_only_one_client_debugs_python(served: Served, harbour: Path) -> None:
    editor = Editor(served, {harbour.parent / "pilot.py": [PILOT.lines["before"]]})
    launch(editor.lua, served, harbour, debugPython=True)
    python = editor.join()
    python.wait_for_stop("breakpoint")
    other = served.dap()
    other.attach(debugPython=True, key=served.connection.key)
    assert "has a client already" in told(other)
    other.disconnect(terminateDebuggee=False)
    python.resume()
    assert editor.lua.wait_for_end() == 0
    python.close()


def test_a_client_that_cannot_be_asked_is_told_where(served: Served, harbour: Path) -> None:
    client = served.dap()
    client.initialize("helix")
    launch(client, served, harbour, "after", debugPython=True)
    words = told(client)
    assert words.startswith("debugpy listens on 127.0.0.1:")
    client.wait_for_stop("breakpoint")
    port = int(words.partition("127.0.0.1:")[2].partition(";")[0])
    with DapClient(TcpTransport("127.0.0.1", port), strict=False) as python:
        python.initialize()
        assert python.capabilities["supportsConfigurationDoneRequest"]
    client.resume()
    assert client.wait_for_end() == 0


def test_a_client_that_refuses_debugs_lua(served: Served, harbour: Path) -> None:
    client = served.dap()  # it has no answer to startDebugging
    launch(client, served, harbour, "sound", debugPython=True)
    assert told(client).startswith("the client opened no session for Python: ")
    client.wait_for_stop("breakpoint")
    client.resume()
    assert client.wait_for_end() == 0


def test_a_program_that_is_ended_while_it_waits_does_not_begin(
    served: Served, harbour: Path
) -> None:
    client = served.dap()

    def end_first(_: object) -> None:
        client.post("terminate", {})
        raise RuntimeError("there will be none")

    client.answer("startDebugging", end_first)
    launch(client, served, harbour, debugPython=True)
    client.wait_for_event("terminated")
    assert told(client).endswith("there will be none")
    other = served.peer()
    for _ in range(20):
        assert other.execute("return 1").status == "ok"
    client.disconnect()
    assert client.output("stdout") == ""


def test_without_debugpy_lua_is_debugged(
    harbour: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    hidden = tmp_path / "hidden"
    hidden.mkdir()
    (hidden / "sitecustomize.py").write_text("import sys\nsys.modules['debugpy'] = None\n")
    monkeypatch.setenv("PYTHONPATH", str(hidden))
    with external(tmp_path, lua_python_access=True) as served:
        client = served.dap()
        launch(client, served, harbour, "sound", debugPython=True)
        assert told(client) == (
            "debugpy is not installed (pip install 'tidelock[python]'); only Lua is debugged"
        )
        client.wait_for_stop("breakpoint")
        client.resume()
        assert client.wait_for_end() == 0


@pytest.mark.parametrize("how", ["embedded", "external"])
def test_where_lua_reaches_no_python_it_is_said(how: str, tmp_path: Path) -> None:
    script = tmp_path / "plain.lua"
    script.write_text("print(python)\n")
    with serving(how, tmp_path) as served:
        client = served.dap()
        key = {} if served.embedded else {"key": served.connection.key}
        client.launch(str(script), debugPython=True, **key)
        assert told(client) == "Lua calls no Python here, lua.python_access is off"
        assert client.wait_for_end() == 0
        assert client.output("stdout") == "nil\n"


@pytest.mark.parametrize("how", ["embedded", "external"])
@pytest.mark.parametrize("command", ["launch", "attach"])
def test_a_wrong_value_is_refused_by_name(
    how: str, command: str, harbour: Path, tmp_path: Path
) -> None:
    with serving(how, tmp_path) as served:
        client = served.dap()
        client.initialize()
        key = {} if served.embedded else {"key": served.connection.key}
        arguments = {"program": str(harbour), "debugPython": "yes", **key}
        refusal = client.request_failing(command, arguments)
        assert refusal["message"] == "debugPython is missing or no bool"


def test_a_kernel_that_stands_in_python_can_be_stopped(harbour: Path) -> None:
    with external(harbour.parent, lua_python_access=True) as served:
        editor = Editor(served, {harbour.parent / "pilot.py": [PILOT.lines["call"]]})
        launch(editor.lua, served, harbour, debugPython=True)
        python = editor.join()
        python.wait_for_stop("breakpoint")
        assert served.process is not None
        served.process.terminate()
        assert served.process.wait(20) is not None
        python.wait_for_event("terminated")
        python.transport.close()

"""Jupyter's own programs: console, run, execute, client and conformance suite."""

from __future__ import annotations

import itertools
import json
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from clients.installed import HERE, REPOSITORY, python_module, python_program
from kit.lua import LuaBuild, lua_builds
from kit.places import Place

pytestmark = pytest.mark.clients


@pytest.fixture
def connection(place: Place) -> Iterator[Path]:
    """The connection file of a kernel that runs on its own."""
    with place.kernel("--id", "outside"):
        yield place.home / "run" / "kernels" / "tidelock-kernel-outside.json"


@pytest.mark.parametrize("lua", lua_builds(), ids=lambda build: build.option)
def test_the_conformance_suite(place: Place, spec: dict[str, str], lua: LuaBuild) -> None:
    python_module("jupyter_kernel_test")
    suite = [sys.executable, HERE / "conformance.py"]
    environment = {**spec, "TIDELOCK_LUA_VERSION": lua.option}
    result = place.run(program=suite, env=environment, timeout=100).expect(0)
    lines = result.stderr.splitlines()
    skipped = {line.split()[0] for line in lines if "skipped" in line and line.startswith("test_")}
    assert skipped == {"test_pager"}, result
    assert "Ran 13 tests" in result.stderr, result


def test_the_console(place: Place, connection: Path) -> None:
    python_module("jupyter_console")
    console = [sys.executable, "-m", "jupyter_console", "--existing", str(connection)]
    with place.pty(program=console, size=(40, 100)) as terminal:
        terminal.expect("Tidelock", 20)
        terminal.expect("In [1]:")
        terminal.send_line("moon = 'full'")
        terminal.expect("In [2]:")
        terminal.send_line("moon")
        terminal.expect('Out[2]: "full"')
        terminal.expect("In [3]:")
        terminal.send_line("for i = 1, 2 do")
        terminal.expect("...:")
        terminal.send_line("print('water ' .. i)")
        terminal.expect("...:")
        terminal.send_line("end")
        terminal.expect("water 1\nwater 2\n")
        terminal.expect("In [4]:")
        terminal.send("moon:rev")
        terminal.key("tab")
        terminal.expect("erse")  # what it adds is drawn, or the whole line
        terminal.send_line("()")
        terminal.expect('Out[4]: "lluf"')
        terminal.expect("In [5]:")
        terminal.send_line("error('high water')")
        terminal.expect("error: In[5]:1: high water\n  --> In[5]:1")
        terminal.expect("In [6]:")
        terminal.send_line("io.write('name? '); return #io.read()")
        terminal.expect("\nname? ")
        terminal.send_line("luna")
        terminal.expect("Out[6]: 4")
        terminal.expect("In [7]:")
        terminal.send_line("print('on') while true do end")
        terminal.expect("\non")
        place.run("kernel", "interrupt", "outside").expect(0)
        terminal.expect("interrupted")
        terminal.expect("In [8]:")
        terminal.key("ctrl-d")
        terminal.expect("exit")
        terminal.send_line("y")
        terminal.expect("keeping kernel alive")
        assert terminal.wait() == 0
    result = place.run("exec", "print(moon)", "--connect", "outside").expect(0)
    assert result.stdout == "full\n"


def test_a_file_is_run_on_an_existing_kernel(place: Place, connection: Path) -> None:
    run = [python_program("jupyter-run"), "--existing", str(connection)]
    place.file("count.lua", "times = (times or 0) + 1\nprint('time ' .. times)\nreturn times")
    place.file("fails.lua", "print('on')\nerror('high water')")
    for time in ("1", "2"):
        result = place.run("count.lua", program=run).expect(0)
        assert result.stdout == f"time {time}\n{time}"
    result = place.run("fails.lua", program=run).expect(1)
    assert result.stdout.startswith("on\n")
    assert "error: In[3]:2: high water\n  --> In[3]:2\n" in result.stderr


def test_the_blocking_client(place: Place, connection: Path) -> None:
    client = python_module("jupyter_client").BlockingKernelClient()
    client.load_connection_file(str(connection))
    client.start_channels()
    try:
        client.wait_for_ready(timeout=10)
        seen: list[tuple[str, Any]] = []

        def heard(message: dict[str, Any]) -> None:
            content = message["content"]
            told = content.get("execution_state") or content.get("text") or content.get("data")
            seen.append((message["msg_type"], told))

        def asked(message: dict[str, Any]) -> None:
            client.input("luna")

        code = "io.write('name? ') local name = io.read() io.stderr:write(name) return #name, name"
        reply = client.execute_interactive(
            code, output_hook=heard, stdin_hook=asked, allow_stdin=True, timeout=10
        )
        assert reply["content"]["status"] == "ok"
        assert seen == [
            ("status", "busy"),
            ("execute_input", None),
            ("stream", "name? "),
            ("stream", "luna"),
            ("execute_result", {"text/plain": '4\t"luna"'}),
            ("status", "idle"),
        ]
        client.execute("moon = {phase = 'full'}", reply=True, timeout=10)
        assert client.complete("moon.ph", reply=True, timeout=10)["content"]["matches"] == ["phase"]
        shown = client.inspect("moon.phase", reply=True, timeout=10)["content"]["data"]
        assert "full" in shown["text/plain"]
        past = client.history(hist_access_type="tail", n=1, reply=True, timeout=10)["content"]
        assert past["history"] == [[1, 2, "moon = {phase = 'full'}"]]

        running = client.execute("print('on') while true do end")
        while client.get_iopub_msg(timeout=10)["content"].get("text") != "on\n":
            pass
        client.control_channel.send(client.session.msg("interrupt_request", {}))
        assert client.get_control_msg(timeout=10)["content"]["status"] == "ok"
        ended = client.get_shell_msg(timeout=10)
        assert ended["parent_header"]["msg_id"] == running
        assert ended["content"]["status"] == "error"
        assert ended["content"]["ename"] == "Interrupted"
        after = client.execute("return moon.phase", reply=True, timeout=10)
        assert after["content"]["status"] == "ok"
    finally:
        client.stop_channels()


def test_the_debugger_of_jupyterlab(place: Place, connection: Path) -> None:
    """What JupyterLab sends, in its order, through the client that its server uses."""
    client = python_module("jupyter_client").BlockingKernelClient()
    client.load_connection_file(str(connection))
    client.start_channels()
    numbers = itertools.count(1)

    def debug(command: str, **arguments: Any) -> dict[str, Any]:
        request = {"type": "request", "seq": next(numbers), "command": command}
        message = client.session.msg("debug_request", {**request, "arguments": arguments})
        client.control_channel.send(message)
        reply = client.get_control_msg(timeout=10)
        assert reply["parent_header"]["msg_id"] == message["header"]["msg_id"]
        assert reply["content"]["success"], reply["content"]
        return dict(reply["content"].get("body") or {})

    def published(kind: str, **wanted: Any) -> dict[str, Any]:
        while True:
            message = client.get_iopub_msg(timeout=10)
            content: dict[str, Any] = message["content"]
            if message["msg_type"] == kind and wanted.items() <= content.items():
                return content

    try:
        client.wait_for_ready(timeout=10)
        code = "local sum = 0\nfor hour = 1, 3 do\n  sum = sum + hour\nend\nreturn sum"
        assert debug("debugInfo")["isStarted"] is False
        assert debug("initialize", clientID="jupyterlab", adapterID="")[
            "supportsConfigurationDoneRequest"
        ]
        debug("attach")
        debug("setExceptionBreakpoints", filters=[])
        path = debug("dumpCell", code=code)["sourcePath"]
        points = debug("setBreakpoints", source={"path": path}, breakpoints=[{"line": 3}])
        assert [point["verified"] for point in points["breakpoints"]] == [True]
        debug("configurationDone")
        assert debug("debugInfo")["breakpoints"][0]["source"] == path
        request = client.execute(code)
        stopped = published("debug_event", event="stopped")["body"]
        (frame,) = debug("stackTrace", threadId=stopped["threadId"])["stackFrames"]
        assert (frame["line"], frame["source"]["path"]) == (3, path)
        scopes = debug("scopes", frameId=frame["id"])["scopes"]
        seen = debug("variables", variablesReference=scopes[0]["variablesReference"])["variables"]
        assert [(one["name"], one["value"]) for one in seen] == [("sum", "0"), ("hour", "1")]
        debug("next", threadId=1)
        published("debug_event", event="stopped")
        debug("stepIn", threadId=1)
        published("debug_event", event="stopped")
        (frame,) = debug("stackTrace", threadId=1)["stackFrames"]
        told = debug("evaluate", expression="sum", frameId=frame["id"], context="repl")
        assert told["result"] == "1"
        debug("setBreakpoints", source={"path": path}, breakpoints=[])
        debug("continue", threadId=1)
        assert published("execute_result")["data"]["text/plain"] == "6"
        assert client.get_shell_msg(timeout=10)["parent_header"]["msg_id"] == request
        debug("disconnect")
        assert debug("debugInfo")["isStarted"] is False
    finally:
        client.stop_channels()


def cell(number: int, source: str) -> dict[str, Any]:
    named = {"id": f"cell-{number}", "cell_type": "code", "metadata": {}, "source": source}
    return {**named, "execution_count": None, "outputs": []}


def test_a_notebook_is_executed(place: Place, spec: dict[str, str]) -> None:
    execute = python_program("jupyter-execute")
    cells = ["local h = 2\nheight = h", "print('water') height * 2", "error('high water')", "3"]
    notebook = {
        "cells": [cell(*numbered) for numbered in enumerate(cells)],
        "metadata": {"kernelspec": {"name": "tidelock", "display_name": "Lua", "language": "lua"}},
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    path = place.file("tides.ipynb", json.dumps(notebook))
    result = place.run("--inplace", "--allow-errors", path, program=[execute], env=spec)
    result.expect(0)
    shown = [one["outputs"] for one in json.loads(path.read_text())["cells"]]
    assert shown[0] == []
    assert shown[1][0]["text"] == ["water\n"]
    assert shown[1][1]["data"] == {"text/plain": ["4"]}
    assert shown[2][0]["ename"] == "LuaError"
    assert shown[3][0]["data"] == {"text/plain": ["3"]}


TIDES = REPOSITORY / "examples" / "tides"
NBCONVERT = ("jupyter-nbconvert", "--to", "notebook", "--execute", "--output", "done")


@pytest.mark.parametrize(
    "program",
    [("jupyter-execute", "--output", "done"), NBCONVERT, ("papermill",)],
    ids=lambda words: words[0],
)
def test_the_example_shows_the_same_again(
    place: Place, spec: dict[str, str], program: tuple[str, ...]
) -> None:
    shutil.copytree(TIDES, place.work / "tides")
    name, *options = program
    words = [python_program(name), *options]
    further = ["done.ipynb"] if name == "papermill" else []
    result = place.run("tides.ipynb", *further, program=words, cwd=place.work / "tides", env=spec)
    result.expect(0)
    stored, shown = (
        json.loads((place.work / "tides" / name).read_text("utf-8"))
        for name in ("tides.ipynb", "done.ipynb")
    )
    assert [outputs(cell) for cell in shown["cells"]] == [outputs(cell) for cell in stored["cells"]]


def outputs(cell: dict[str, Any]) -> list[dict[str, Any]]:
    """What a cell shows, texts in one piece."""
    kept = []
    for output in cell.get("outputs", []):
        data = {mime: "".join(text) for mime, text in output.get("data", {}).items()}
        rest = {key: output[key] for key in ("output_type", "evalue", "traceback") if key in output}
        kept.append({**rest, "data": data, "text": "".join(output.get("text", ""))})
    return kept

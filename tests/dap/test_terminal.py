"""A launched program with a terminal of its own, which the client starts by ``runInTerminal``."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from kit.dap import DapClient
from kit.kernels import Served, embedded, external
from kit.timeline import Event, Response

WAIT_S = 20.0
MAIN = """\
io.write("name? ")
local name = io.read()
print("hello " .. name, ...)
io.stderr:write("to stderr\\n")
os.exit(name == "Ann" and 3 or 4)
"""


class Terminals:
    """The client's terminals: what it was asked for, and the processes it has started."""

    def __init__(self) -> None:
        self.asked: list[dict[str, Any]] = []
        self.started: list[subprocess.Popen[str]] = []
        self.environment: dict[str, str] = {}

    def run(self, arguments: dict[str, Any]) -> dict[str, Any]:
        """Answer ``runInTerminal``."""
        self.asked.append(arguments)
        pipe = subprocess.PIPE
        process = subprocess.Popen(
            arguments["args"],
            cwd=arguments["cwd"],
            env=self.environment,
            stdin=pipe,
            stdout=pipe,
            stderr=pipe,
            text=True,
        )
        self.started.append(process)
        return {"processId": process.pid}

    def close(self) -> None:
        for process in self.started:
            process.kill()
            process.communicate()


@pytest.fixture
def kernel(tmp_path: Path) -> Iterator[Served]:
    with external(tmp_path) as served:
        yield served


@pytest.fixture
def terminals(kernel: Served) -> Iterator[Terminals]:
    made = Terminals()
    made.environment = kernel.environment
    yield made
    made.close()


@pytest.fixture
def script(tmp_path: Path) -> Path:
    path = tmp_path / "main.lua"
    path.write_text(MAIN)
    return path


def launch(kernel: Served, terminals: Terminals | None, script: Path, **more: Any) -> DapClient:
    """A client whose launch has been answered."""
    client = kernel.dap(timeout=WAIT_S)
    if terminals is not None:
        client.answer("runInTerminal", terminals.run)
    more.setdefault("console", "integratedTerminal")
    client.launch(str(script), args=["a b"], key=kernel.connection.key, **more)
    return client


def test_a_program_reads_and_writes_in_its_terminal(
    kernel: Served, terminals: Terminals, script: Path
) -> None:
    client = launch(kernel, terminals, script, breakpoints={script: [3]})
    client.wait_until(lambda: terminals.started or None, None, "a terminal")
    (process,) = terminals.started
    assert process.stdin is not None
    process.stdin.write("Ann\n")
    process.stdin.flush()
    client.wait_for_stop("breakpoint")
    assert client.evaluate("name") == '"Ann"'
    client.resume()
    assert client.wait_for_end() == 3
    out, err = process.communicate(timeout=WAIT_S)
    assert (out, err) == ("name? hello Ann\ta b\n", "to stderr\n")
    assert process.returncode == 3
    assert client.output("stdout", "stderr") == ""  # all of it is in the terminal
    (asked,) = terminals.asked
    assert asked["kind"] == "integrated"
    assert asked["title"].endswith("main.lua")
    assert asked["cwd"] == str(script.parent)


def test_an_external_terminal_and_a_program_that_is_ended(
    kernel: Served, terminals: Terminals, script: Path
) -> None:
    client = launch(kernel, terminals, script, stopOnEntry=True, console="externalTerminal")
    client.wait_for_stop("entry")
    assert terminals.asked[0]["kind"] == "external"
    client.request("terminate")
    assert client.wait_for_end() == 1
    _, err = terminals.started[0].communicate(timeout=WAIT_S)
    assert "interrupted" in err


def test_a_restart_has_a_terminal_of_its_own(
    kernel: Served, terminals: Terminals, script: Path
) -> None:
    client = launch(kernel, terminals, script, stopOnEntry=True)
    client.wait_for_stop("entry")
    client.request("restart", {})
    client.wait_for_stop("entry")
    assert len(terminals.started) == 2
    client.resume()
    out, _ = terminals.started[1].communicate("Bob\n", timeout=WAIT_S)
    assert out == "name? hello Bob\ta b\n"
    assert client.wait_for_end() == 4


def test_a_terminal_that_the_client_does_not_start(kernel: Served, script: Path) -> None:
    client = kernel.dap(timeout=WAIT_S)
    client.launch(str(script), console="integratedTerminal", key=kernel.connection.key)
    client.wait_for_event("terminated")
    assert "no terminal: the test gives no answer" in client.output("stderr")
    client.timeline.expect(Response("launch") >> Event("output") >> Event("terminated"))
    again = kernel.dap()
    again.launch(code="print(7)", key=kernel.connection.key)
    assert again.wait_for_end() == 0


def test_a_program_that_was_ended_before_its_terminal_came(
    kernel: Served, terminals: Terminals, script: Path
) -> None:
    client = kernel.dap(timeout=WAIT_S)
    asked: list[dict[str, Any]] = []
    client.answer("runInTerminal", lambda arguments: asked.append(arguments) or {})
    client.launch(str(script), console="integratedTerminal", key=kernel.connection.key)
    client.wait_until(lambda: asked or None, None, "runInTerminal")
    client.request("restart", {})  # the first one has not begun, the second one neither
    client.wait_until(lambda: len(asked) == 2 or None, None, "runInTerminal")
    client.request("terminate")
    client.wait_for_event("terminated")
    for each in asked:
        terminals.run(each)
        _, err = terminals.started[-1].communicate(timeout=WAIT_S)
        assert "waits for its terminal" in err
        assert terminals.started[-1].returncode not in (0, None)


@pytest.mark.parametrize(
    ("console", "editor", "words"),
    [
        ("window", {}, "console window is none of internalConsole"),
        (5, {}, "console is missing or no str"),
        (
            "integratedTerminal",
            {"supportsRunInTerminalRequest": False},
            "this client does not start terminals",
        ),
    ],
)
def test_consoles_that_cannot_be(
    kernel: Served, script: Path, console: Any, editor: dict[str, Any], words: str
) -> None:
    client = kernel.dap()
    client.initialize(**editor)
    arguments = {"program": str(script), "console": console, "key": kernel.connection.key}
    assert words in client.request_failing("launch", arguments)["message"]
    arguments["console"] = "internalConsole"
    client.launch(exceptions=[], **arguments)
    assert client.wait_for_end() == 1  # there is nothing to read from
    assert "stdin is not available" in client.output("stderr")


def test_a_kernel_without_a_connection_file_has_no_terminals(script: Path) -> None:
    with embedded() as served:
        client = served.dap()
        client.initialize()
        arguments = {"program": str(script), "console": "integratedTerminal"}
        failed = client.request_failing("launch", arguments)
        assert "this kernel is in no registry" in failed["message"]

"""``tidelock dap`` and ``tidelock lsp``: what editors start, and how it is joined with kernels."""

from __future__ import annotations

import signal
import socket

import pytest

from kit import framing
from kit.dap import DapClient, RequestFailed, StdioTransport, TcpTransport
from kit.lsp import LspClient
from kit.programs import TIDELOCK, environment

from .conftest import Place


def transport(place: Place, *words: str) -> StdioTransport:
    env = environment(place.home)
    return StdioTransport([*TIDELOCK, "dap", *words], cwd=place.work, env=env)


def test_the_workspaces_kernel_is_started_and_debugged(place: Place) -> None:
    script = place.file("a.lua", "local x = 1\nprint(x)\nprint('end')\n")
    with DapClient(transport(place)) as client:
        client.launch(program=str(script), breakpoints={script: [2]})
        client.wait_for_stop("breakpoint")
        assert client.locals()["x"] == "1"
        assert place.registered()[0]["shared"]
        assert place.run("kernel", "status", "--output", "json").stdout.count('"paused"') == 1
        client.resume()
        client.wait_for_end()
    place.run("kernel", "stop", "--all").expect()


def test_the_kernel_that_an_editor_starts_has_the_settings_of_its_command_line(
    place: Place,
) -> None:
    script = place.file("a.lua", "print(_VERSION)\n")
    other = place.file("other.toml", "lua.path = ['here', 'there']\n")
    place.file("tidelock.toml", "lua.version = '5.3'\nhistory.size = 77\n")
    stdio = transport(place, "--set", "lua.version=5.1", "--config", str(other))
    with DapClient(stdio) as client:
        client.launch(program=str(script), breakpoints={script: [1]})
        client.wait_for_stop("breakpoint")
        assert client.evaluate("_VERSION") == '"Lua 5.1"'
        for folder in ("here", "there"):
            found = f"package.path:find('{place.work}/{folder}/?.lua', 1, true) ~= nil"
            assert client.evaluate(found) == "true"
        client.resume()
        client.wait_for_end()
    place.run("kernel", "stop", "--all").expect()


def test_an_unknown_option_is_named_once_where_a_kernel_is_started(place: Place) -> None:
    place.file("tidelock.toml", "lua.vresion = '5.1'\n")
    said = place.run("dap", stdin="").stderr
    assert len(place.registered()) == 1
    assert said.count("lua.vresion: unknown option") == 1
    place.run("kernel", "stop", "--all").expect()


def test_two_editors_over_tcp(place: Place) -> None:
    script = place.file("a.lua", "print('end')\n")
    with (
        place.kernel("--id", "k1"),
        place.spawn("dap", "--tcp", "0", "--connect", "k1") as relay,
    ):
        port = int(relay.wait_for_line(r"DAP listening on 127\.0\.0\.1:(\d+)")[1])
        for _ in range(2):
            with DapClient(TcpTransport("127.0.0.1", port)) as client:
                client.launch(program=str(script))
                client.wait_for_end()
        relay.signal(signal.SIGINT)
        assert relay.wait().code == 130


def test_a_kernel_that_may_not_be_started(place: Place) -> None:
    place.file("tidelock.toml", "kernel.auto_start = false")
    stdio = transport(place)
    with DapClient(stdio) as client:
        with pytest.raises(RequestFailed) as refusal:
            client.initialize()
        assert "no kernel runs for" in refusal.value.message
        assert stdio.wait() == 4
    assert place.registered() == []


def test_a_kernel_that_dies_ends_the_session(place: Place) -> None:
    script = place.file("a.lua", "print('on')\nwhile true do end\n")
    with place.kernel("--id", "k1") as kernel:
        with DapClient(transport(place, "--connect", "k1")) as client:
            client.launch(program=str(script))
            client.wait_for_event("output", lambda body: body["output"] == "on\n")
            kernel.signal(signal.SIGKILL)
            client.wait_for_end()
        place.run("kernel", "list").expect()


def test_a_port_that_is_taken(place: Place) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        result = place.run("dap", "--tcp", port).expect(4)
        assert (
            result.stderr
            == f"tidelock: port {port}: Address already in use; choose another, or 0\n"
        )


def test_standard_output_carries_nothing_but_the_protocol(place: Place) -> None:
    result = place.run("dap", stdin=b"", env={"TIDELOCK_KERNEL_AUTO_START": "false"})
    assert (result.code, result.stdout) == (4, "")
    assert result.stderr.startswith("tidelock: no kernel runs for ")


@pytest.mark.parametrize("flags", [["--no-kernel"], ["--stdio"]])
def test_a_language_server(place: Place, flags: list[str]) -> None:
    file = place.file("a.lua", "local x = = 1\n")
    env = environment(place.home, {"TIDELOCK_KERNEL_AUTO_START": "false"})
    with LspClient([*TIDELOCK, "lsp", *flags], cwd=place.work, env=env) as client:
        client.initialize(place.work)
        client.open(file)
        assert client.diagnostics(file)
        assert client.shutdown() == 0
    assert place.registered() == []


@pytest.mark.parametrize(("last", "code"), [("shutdown", 0), ("initialize", 1)])
def test_an_editor_that_leaves_without_exit(place: Place, last: str, code: int) -> None:
    """Neovim says ``shutdown`` and is gone."""
    requests = {"initialize": {"capabilities": {}}, "shutdown": None}
    said = list(requests)[: list(requests).index(last) + 1]
    frames = [
        framing.encode({"jsonrpc": "2.0", "id": name, "method": name, "params": requests[name]})
        for name in said
    ]
    result = place.run("lsp", "--no-kernel", stdin=b"".join(frames)).expect(code)
    assert [name for name in said if f'"id":"{name}"' in result.stdout.replace(" ", "")] == said

"""CurveZMQ on the kernel's channels: with the keys everything works, without them nothing comes."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import jupyter_client
import pytest
import zmq
from jupyter_client.connect import write_connection_file
from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.manager import KernelManager

from kit.jupyter import JupyterPeer, RawPeer
from kit.jupyter_wire import url
from kit.kernels import START_S
from kit.lua import build_under_test
from kit.places import Place
from kit.programs import Program, environment
from kit.timeline import until
from tidelock.shared.errors import KernelError
from tidelock.shared.link import connection as files
from tidelock.shared.link import registry
from tidelock.shared.link.client import KernelClient

ENDS = (
    zmq.EVENT_HANDSHAKE_SUCCEEDED
    | zmq.EVENT_HANDSHAKE_FAILED_NO_DETAIL
    | zmq.EVENT_HANDSHAKE_FAILED_PROTOCOL
    | zmq.EVENT_HANDSHAKE_FAILED_AUTH
    | zmq.EVENT_DISCONNECTED
)
"""How a handshake may end."""
KINDS = {"iopub": zmq.SUB, "hb": zmq.REQ}
NEW_ENOUGH = jupyter_client.version_info[:2] >= (8, 9)


def pair() -> dict[str, str]:
    """New keys, as they stand in a connection file."""
    public, secret = zmq.curve_keypair()
    return {"curve_publickey": public.decode(), "curve_secretkey": secret.decode()}


def written(place: Place, **more: Any) -> tuple[str, dict[str, Any]]:
    """A connection file as Jupyter writes it, with more in it."""
    path, fields = write_connection_file(str(place.home / "jupyter.json"), key=b"signing-key-1234")
    fields = {**fields, **more}
    Path(path).write_text(json.dumps(fields))
    return path, fields


@contextmanager
def launched(place: Place, path: str, *flags: str) -> Iterator[Program]:
    """A kernel of a connection file; what it says is looked through for its keys."""
    fields = json.loads(Path(path).read_text())
    with place.spawn("kernel", "launch", "-f", path, "--id", "moon", *flags) as program:

        def is_there() -> bool:
            assert program.child.process.poll() is None, program.stderr
            return bool(place.registered())

        until(is_there, "a kernel", START_S)
        yield program
        program.child.process.terminate()
        ended = program.wait()
    assert ended.code == 0
    for name in ("key", "curve_publickey", "curve_secretkey"):
        assert fields[name] not in ended.stdout + ended.stderr


@pytest.fixture(params=["tcp", "ipc"])
def fields(
    request: pytest.FixtureRequest, place: Place, monkeypatch: pytest.MonkeyPatch
) -> Iterator[dict[str, Any]]:
    """An encrypted kernel that is served, as its connection file has it."""
    more: dict[str, Any] = pair()
    if request.param == "ipc":
        more |= {"transport": "ipc", "ip": str(place.home / "kernel")}
    path, fields = written(place, **more)
    monkeypatch.setenv("TIDELOCK_RUNTIME_DIR", str(place.home / "run"))
    with launched(place, path):
        yield fields


def test_every_channel_is_served_to_who_has_the_keys(fields: dict[str, Any]) -> None:
    with JupyterPeer(fields, timeout=30) as peer:
        done = peer.execute("print('in') return io.read()", answers=["secret line"])
        assert (done.stdout, done.result) == ("in\n", '"secret line"')
        assert peer.kernel_info("control")["status"] == "ok"
    connection = files.read(registry.path_of("moon"))
    assert registry.beats(connection, 30)


def turned_away(info: dict[str, Any], channel: str, frames: list[bytes]) -> None:
    """Connect with what ``info`` says, send, and see the kernel end it without a word."""
    with zmq.Context() as context, context.socket(KINDS.get(channel, zmq.DEALER)) as made:
        made.linger = 0
        if "curve_publickey" in info:
            made.curve_serverkey = info["curve_publickey"].encode()
            made.curve_publickey = info["curve_publickey"].encode()
            made.curve_secretkey = info["curve_secretkey"].encode()
        if channel == "iopub":
            made.subscribe(b"")
        with made.get_monitor_socket(ENDS) as handshake:
            made.connect(url(info, channel))
            if channel != "iopub":
                made.send_multipart(frames)
            assert handshake.poll(30_000), channel
            kind = int.from_bytes(handshake.recv_multipart()[0][:2], sys.byteorder)
            assert kind != zmq.EVENT_HANDSHAKE_SUCCEEDED, channel
            assert not made.poll(0), channel
            made.disable_monitor()


@pytest.mark.parametrize("knows", ["no keys", "keys of another"])
def test_who_has_not_the_keys_gets_nothing(fields: dict[str, Any], knows: str) -> None:
    wrong = {name: value for name, value in fields.items() if not name.startswith("curve_")}
    if knows != "no keys":
        wrong |= pair()
    with JupyterPeer(fields, timeout=30) as good, RawPeer(fields) as raw:
        for channel in ("shell", "control", "stdin", "iopub", "hb"):
            turned_away(wrong, channel, raw.message("execute_request", {"code": "harm = 1"}))
        assert good.execute("return tostring(harm)").result == '"nil"'


def test_our_own_client_and_the_commands_use_the_registered_keys(place: Place) -> None:
    path, fields = written(place, **pair())
    with launched(place, path, "--workspace", str(place.work)):
        with JupyterPeer(fields, timeout=30) as peer:
            peer.execute("x = 42")
        assert place.run("exec", "x", "--connect", "moon").expect().stdout == "42\n"
        shown = place.run("kernel", "status", "moon", "--output", "json", "--trace", "trace")
        status = json.loads(shown.expect().stdout)["kernels"][0]
        assert status["status"] == "idle"
        for name in ("curve_publickey", "curve_secretkey", "key"):
            assert fields[name] not in shown.stdout + shown.stderr
        (registered,) = place.registered()
        assert registered["curve_secretkey"] == fields["curve_secretkey"]
        place.run("kernel", "stop", "moon").expect()


def test_a_plain_kernels_file_has_no_word_of_keys(place: Place) -> None:
    with place.kernel("--id", "k1"):
        (registered,) = place.registered()
        assert [name for name in registered if name.startswith("curve")] == []


NO_PAIR = "curve_publickey and curve_secretkey of the connection are no pair of keys"


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ({"curve_publickey": "x" * 40}, "curve_secretkey is missing or no text"),
        ({"curve_secretkey": "x" * 40}, "curve_publickey is missing or no text"),
        ({**pair(), "curve_secretkey": 1}, "curve_secretkey is missing or no text"),
        ({**pair(), "curve_publickey": ""}, "curve_publickey is missing or no text"),
        ({"curve_publickey": "short", "curve_secretkey": "short"}, NO_PAIR),
        ({**pair(), "curve_publickey": pair()["curve_publickey"]}, NO_PAIR),
    ],
)
def test_keys_that_cannot_be_used_are_refused(
    place: Place, monkeypatch: pytest.MonkeyPatch, keys: dict[str, Any], said: str
) -> None:
    path, _ = written(place, **keys)
    refused = place.run("kernel", "launch", "-f", path).expect(4)
    assert (refused.stdout, said in refused.stderr) == ("", True)
    assert place.registered() == []
    with pytest.raises(KernelError, match=said):  # neither does a client go on in plain text
        KernelClient(files.read(path))
    monkeypatch.setenv("TIDELOCK_RUNTIME_DIR", str(place.home / "run"))
    copy = registry.path_of("bad")
    os.replace(path, copy)
    assert registry.look(copy).health == "broken"
    assert said in registry.look(copy).fault
    os.unlink(copy)


WITHOUT_CURVE = """
import sys, zmq
zmq.has = lambda name: False
from tidelock.terminal.main import main
sys.exit(main(sys.argv[1:]))
"""


def test_a_libzmq_without_curve_refuses_and_says_what_to_do(place: Place) -> None:
    path, fields = written(place, **pair())
    program = [sys.executable, "-c", WITHOUT_CURVE]
    refused = place.run("kernel", "launch", "-f", path, program=program).expect(4)
    assert "this libzmq has no CURVE; install a pyzmq that has it" in refused.stderr
    assert fields["curve_secretkey"] not in refused.stderr
    place.run("kernel", "install", "--prefix", "there", program=program).expect()
    folder = place.work / "there" / "share" / "jupyter" / "kernels" / "tidelock"
    told = json.loads((folder / "kernel.json").read_text())["metadata"]
    assert told == {"debugger": True}  # so that Jupyter gives it no keys


@pytest.mark.skipif(not NEW_ENOUGH, reason="this jupyter_client cannot encrypt")
def test_jupyters_own_manager_can_require_it(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    build = build_under_test()
    place.run("kernel", "install", "--user", "--name", "moon", "--lua", build.option).expect()
    for name, value in environment(place.home).items():
        if name.startswith(("TIDELOCK_", "XDG_", "HOME")):
            monkeypatch.setenv(name, value)
    folder = str(place.home / "data" / "jupyter" / "kernels")
    manager = KernelManager(
        kernel_name="moon",
        kernel_spec_manager=KernelSpecManager(kernel_dirs=[folder]),
        transport_encryption="required",
    )
    manager.start_kernel(cwd=str(place.work))
    try:
        for _ in range(2):
            info: Any = manager.get_connection_info()
            assert len(info["curve_secretkey"]) == 40
            with JupyterPeer(info, timeout=30) as peer:
                assert peer.execute("return 6 * 7").result == "42"
            client = manager.blocking_client()
            client.start_channels()
            client.wait_for_ready(timeout=30)
            assert client.hb_channel.is_beating()
            client.stop_channels()
            manager.restart_kernel()
    finally:
        manager.shutdown_kernel()
    assert place.registered() == []

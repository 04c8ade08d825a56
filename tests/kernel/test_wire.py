"""Hostile and broken messages on every channel: dropped or answered, and the kernel lives."""

from __future__ import annotations

import json
import socket
from pathlib import Path
from typing import Any

import pytest

from kit.jupyter import RawPeer
from kit.kernels import Served, external

CHANNELS = ("shell", "control", "stdin")


def broken(raw: RawPeer) -> dict[str, list[bytes]]:
    """Messages that are no messages, by what is wrong with them."""
    good = raw.message("execute_request", {"code": "broken_ran = true"})
    header = raw.header("execute_request")
    empty = [b"{}", b"{}", b"{}"]

    def signed(head: Any, *rest: bytes) -> list[bytes]:
        body = head if isinstance(head, bytes) else json.dumps(head).encode()
        return raw.signed([body, *(rest or empty)])

    return {
        "nothing": [b""],
        "no delimiter": good[1:],
        "only the delimiter": good[:1],
        "three frames": [b"<IDS|MSG>", b"x", b"{}"],
        "too short": good[:5],
        "unsigned": raw.unsigned(good),
        "forged": raw.forged(good),
        "tampered": raw.tampered(good, {"code": "broken_ran = true --"}),
        "header no JSON": signed(b"{"),
        "header no object": signed(b"[]"),
        "header not UTF-8": signed(b'{"msg_id": "\xff"}'),
        "header without type": signed({k: v for k, v in header.items() if k != "msg_type"}),
        "type no text": signed({**header, "msg_type": 5}),
        "id no text": signed({**header, "msg_id": None}),
        "session no text": signed({**header, "session": []}),
    }


def unreadable(raw: RawPeer) -> dict[str, tuple[list[bytes], str]]:
    """Signed requests of which only the header can be read, and what they are answered."""

    def signed(*rest: bytes, buffers: int = 0) -> list[bytes]:
        head = json.dumps(raw.header("execute_request")).encode()
        return [*raw.signed([head, *rest]), *[b"x"] * buffers]

    code = b'{"code": "broken_ran = true"}'
    deep = b"[" * 100_000 + b"]" * 100_000
    return {
        "parent no object": (signed(b"7", b"{}", code), "parent header is no object"),
        "metadata null": (signed(b"{}", b"null", code), "metadata is no object"),
        "metadata no JSON": (signed(b"{}", b"{", code), "metadata is not JSON"),
        "content no JSON": (signed(b"{}", b"{}", b"nope"), "content is not JSON"),
        "content no UTF-8": (signed(b"{}", b"{}", b'"\xff"'), "content is not JSON"),
        "content deep": (signed(b"{}", b"{}", deep), "content is nested deeper than 200"),
        "many frames": (signed(b"{}", b"{}", code, buffers=500), "507 frames are more than 200"),
    }


@pytest.mark.parametrize("channel", CHANNELS)
def test_what_is_no_message_is_dropped_and_nothing_runs(served: Served, channel: str) -> None:
    raw = served.raw().ready()
    for name, frames in broken(raw).items():
        try:
            raw.assert_dropped(channel, frames)
        except Exception as error:
            raise AssertionError(f"{name} on {channel}: {error}") from error
    reply = raw.request("shell", "execute_request", {"code": "x = broken_ran return 1"})
    assert reply.content["status"] == "ok"
    peer = served.peer()
    assert peer.execute("return broken_ran").result is None


@pytest.mark.parametrize("channel", ["shell", "control"])
def test_what_is_signed_is_answered_whatever_is_wrong_with_it(served: Served, channel: str) -> None:
    raw = served.raw().ready()
    for frames, said in unreadable(raw).values():
        raw.send(channel, frames)
        reply = raw.receive(channel)
        assert reply.type == "execute_reply"
        assert (reply.content["status"], reply.content["ename"]) == ("error", "BadRequest")
        assert said in reply.content["evalue"]
        states = [
            message.content["execution_state"] for message in raw.published(reply.parent["msg_id"])
        ]
        assert states == ["busy", "idle"]
    assert served.peer().execute("return broken_ran").result is None


def test_a_replay_runs_nothing(served: Served) -> None:
    raw = served.raw().ready()
    frames = raw.message("execute_request", {"code": "times = (times or 0) + 1"})
    raw.send("shell", frames)
    assert raw.receive("shell").content["status"] == "ok"
    for _ in range(3):
        raw.assert_dropped("shell", frames)
    assert served.peer().execute("return times").result == "1"


def test_a_flood_of_forgeries_does_not_wash_out_what_was_seen(served: Served) -> None:
    raw = served.raw().ready()
    frames = raw.message("execute_request", {"code": "count = (count or 0) + 1"})
    raw.send("shell", frames)
    raw.receive("shell")
    for number in range(3000):
        raw.send("shell", [b"<IDS|MSG>", b"%064x" % number, b"{}", b"{}", b"{}", b"{}"])
    raw.assert_dropped("shell", frames)
    assert served.peer().execute("return count").result == "1"


@pytest.mark.parametrize("channel", CHANNELS)
def test_replies_and_private_types_sent_as_requests_are_not_answered(
    served: Served, channel: str
) -> None:
    raw = served.raw().ready()
    for kind in ("execute_reply", "stream", "_private", "status", "input_reply"):
        raw.assert_dropped(channel, raw.message(kind, {"value": "x"}))


def test_text_of_every_kind_is_survived(served: Served) -> None:
    peer = served.peer()
    for code in (
        "return '\\ud800'",
        "return '\x00'",
        "-- \U0001f30a\nreturn 'ok'",
        "\ufeffreturn 1",
    ):
        done = peer.execute(code)
        assert done.status in ("ok", "error")
    assert peer.execute("return '\\0\\255\\200'").result == '"\\x00\\xff\\xc8"'
    assert peer.execute("print('\\195\\164\\255')").stdout == "ä\\xff\n"


def test_a_large_cell_and_a_large_line(served: Served) -> None:
    peer = served.peer()
    code = "-- " + "x" * 4_000_000 + "\nreturn 'read'"
    assert peer.execute(code, timeout=60).result == '"read"'
    assert len(peer.execute("print(('x'):rep(8000000))", timeout=60).stdout) == 8_000_001


def test_raw_bytes_on_each_port_are_survived(tmp_path: Path) -> None:
    with external(tmp_path) as served:
        where = served.connection
        for port in where[2:7]:
            for data in (b"GET / HTTP/1.1\r\n\r\n", b"\xff" * 70_000, b"\x00", bytes(range(256))):
                with socket.create_connection(("127.0.0.1", port), 5) as plain:
                    plain.sendall(data)
        peer = served.peer()
        assert peer.execute("return 1").result == "1"
        assert peer.beat(b"alive") == b"alive"


def test_a_message_over_the_limit_is_refused_without_harm(tmp_path: Path) -> None:
    with external(tmp_path, kernel_max_message=1_000_000) as served:
        big = served.raw()
        big.send("shell", big.message("execute_request", {"code": "x" * 2_000_000}))
        assert served.peer().execute("return 1").result == "1"


def test_the_key_is_nowhere_but_in_the_connection_file(tmp_path: Path) -> None:
    with external(tmp_path) as served:
        key = served.connection.key
        raw = served.raw()
        raw.send("shell", raw.forged(raw.message("kernel_info_request")))
        peer = served.peer()
        shown = str(peer.kernel_info()) + str(peer.comm("tidelock.kernel").ask("status"))
        assert key not in shown
        assert key not in repr(served.connection)
    assert key not in (tmp_path / "kernel.log").read_text()


def test_heartbeat_and_control_answer_while_lua_runs_and_while_it_is_paused(tmp_path: Path) -> None:
    with external(tmp_path) as served:
        peer = served.peer()
        running = peer.start("print('in') while true do end")
        running.wait_for("stream")
        assert peer.beat(b"busy") == b"busy"
        assert peer.kernel_info("control")["tidelock"]["state"] == "running"
        dap = served.dap()
        dap.initialize()
        dap.attach(key=served.connection.key)
        assert dap.pause().reason == "pause"
        assert peer.beat(b"paused") == b"paused"
        assert peer.kernel_info("control")["tidelock"]["state"] == "paused"
        peer.interrupt()
        assert running.wait().status == "error"

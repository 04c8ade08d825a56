"""Ten thousand bad messages on every channel: nothing runs, nothing is left unanswered."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from kit.jupyter import RawPeer
from kit.kernels import Served, external

COUNT = 10_000
HARM = {"code": "harm = (harm or 0) + 1"}
Frames = list[bytes]


def hostile(raw: RawPeer) -> Iterator[Callable[[], Frames]]:
    """Ways to make a message that must be dropped without a word, for ever in turn."""
    ran = raw.message("execute_request", {"code": "once = (once or 0) + 1"})
    raw.send("shell", ran)
    assert raw.receive("shell").content["status"] == "ok"

    def good() -> Frames:
        return raw.message("execute_request", HARM)

    cut = itertools.cycle(range(6))
    deep = json.dumps(raw.header("execute_request"))[:-1].encode() + b',"x":' + b"[" * 5000
    return itertools.cycle(
        [
            lambda: ran,
            lambda: raw.unsigned(good()),
            lambda: raw.forged(good()),
            lambda: raw.tampered(good(), {"code": "harm = 1"}),
            lambda: raw.cut(good(), next(cut)) or [b""],
            lambda: [b"\xff" * 50, *good()[1:]],
            lambda: [*[b"id"] * 20, *good()],
            lambda: raw.signed([b'{"msg_id":1}', b"{}", b"{}", b"{}"]),
            lambda: raw.signed([deep, b"{}", b"{}", b"{}"]),
            lambda: raw.message("stream", {"name": "stdout", "text": "x"}),
        ]
    )


BAD: list[tuple[str, Any]] = [
    ("execute_request", None),
    ("execute_request", {"code": 5}),
    ("execute_request", {"code": "harm = 1", "silent": "no"}),
    ("complete_request", {"code": "x", "cursor_pos": None}),
    ("inspect_request", []),
    ("is_complete_request", {"code": {}}),
    ("history_request", {"hist_access_type": "sideways"}),
    ("debug_request", {"seq": 1}),
    ("made_up_request", {"x": 1}),
    ("delete_subshell_request", {"subshell_id": "x"}),
]


def survives(served: Served) -> None:
    """The next good requests work, and nothing of the flood has run."""
    peer = served.peer()
    assert peer.execute("return harm, once").result == "nil\t1"
    assert peer.complete("stri")["matches"] == ["string"]
    assert peer.kernel_info("control")["tidelock"]["state"] == "idle"


@pytest.fixture
def outside(tmp_path: Path) -> Iterator[Served]:
    with external(tmp_path) as served:
        yield served


@pytest.mark.parametrize("channel", ["shell", "control", "stdin"])
def test_what_is_hostile_is_dropped(outside: Served, channel: str) -> None:
    raw = outside.raw(timeout=60).ready()
    for make in itertools.islice(hostile(raw), COUNT):
        raw.send(channel, make())
    raw.assert_silent(channel)
    comm = outside.peer().comm("tidelock.kernel")
    expected = COUNT * 9 // 10  # the last kind is well made, and merely odd
    asked = 0
    while (dropped := comm.ask("status")["dropped"]) < expected:  # stdin is read by and by
        asked += 1
        assert asked < 5000
    assert dropped == expected
    survives(outside)


@pytest.mark.parametrize("channel", ["shell", "control"])
def test_what_is_signed_is_answered_each_time(outside: Served, channel: str) -> None:
    raw = outside.raw(timeout=60).ready()
    raw.request("shell", "execute_request", {"code": "once = 1"})
    sent: dict[str, str] = {}
    for kind, content in itertools.islice(itertools.cycle(BAD), COUNT):
        header = raw.header(kind)
        raw.send(channel, raw.message(kind, content if content is not None else 7, header=header))
        sent[header["msg_id"]] = kind
    while sent:
        reply = raw.receive(channel)
        kind = sent.pop(reply.parent["msg_id"])
        assert reply.type == kind.removesuffix("_request") + "_reply"
        assert reply.content["status"] == "error"
    raw.assert_silent(channel)
    survives(outside)


def test_messages_over_the_limit_on_every_channel(tmp_path: Path) -> None:
    with external(tmp_path, kernel_max_message=20_000) as served:
        big = {"code": "harm = 1 --" + "x" * 30_000}
        for channel in ("shell", "control", "stdin"):
            for _ in range(50):
                # The connection of who sends it is cut, so each comes on one of its own.
                raw = RawPeer(served.fields)
                raw.send(channel, raw.message("execute_request", big))
                raw.socket(channel).close(linger=1000)
                raw.close()
        served.peer().execute("once = 1")
        survives(served)


def test_garbage_on_iopub_and_the_heartbeat(outside: Served) -> None:
    raw = outside.raw(timeout=60).ready()
    for number in range(COUNT):
        raw.socket("iopub").subscribe(b"topic %d" % number)
    for number in range(COUNT):
        raw.socket("iopub").unsubscribe(b"topic %d" % number)
    assert raw.beat(b"x" * 1_000_000) == b"x" * 1_000_000
    outside.peer().execute("once = 1")
    survives(outside)


def test_a_flood_of_forgeries_leaves_others_their_kernel(outside: Served) -> None:
    raw, peer = outside.raw().ready(), outside.peer()
    message = raw.forged(raw.message("execute_request", HARM))
    for number in range(10):
        for _ in range(COUNT // 10):
            raw.send("shell", message)
        assert peer.execute(f"return {number}").result == str(number)
        assert peer.kernel_info("control")["status"] == "ok"

"""The wire codec: what goes in comes out, and nothing else is let in."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidelock.shared.link import wire
from tidelock.shared.link.wire import Signer, WireError, header, pack, to_json, unpack

KEY = b"secret"
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)  # fmt: skip


def both() -> tuple[Signer, Signer]:
    """A sender's signer and a receiver's."""
    return Signer(KEY), Signer(KEY)


@given(
    content=st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), JSON, max_size=5),
    identities=st.lists(st.binary(min_size=1, max_size=8), max_size=3),
    buffers=st.lists(st.binary(max_size=50), max_size=3),
)
def test_a_message_survives_the_wire(
    content: dict[str, Any], identities: list[bytes], buffers: list[bytes]
) -> None:
    sender, receiver = both()
    text = json.dumps(content)
    if any("\ud800" <= char <= "\udfff" for char in json.loads(json.dumps(text))):
        return
    head = header("execute_request", "me")
    frames = pack(
        sender, head, json.loads(text), metadata={"a": 1}, identities=identities, buffers=buffers
    )
    found = unpack(receiver, frames)
    assert found.header == head
    assert to_json(found.content) == to_json(content)
    assert (found.identities, found.buffers) == (tuple(identities), tuple(buffers))
    assert (found.type, found.session, found.metadata) == ("execute_request", "me", {"a": 1})
    assert json.loads(found.raw_header) == head


@given(place=st.integers(1, 5), flip=st.integers(0, 255), index=st.integers(0, 500))
def test_a_changed_byte_is_noticed(place: int, flip: int, index: int) -> None:
    sender, receiver = both()
    frames = pack(sender, header("x", "me"), {"code": "1"})
    frame = bytearray(frames[place])
    if not frame:
        return
    spot = index % len(frame)
    if frame[spot] == flip:
        return
    frame[spot] = flip
    frames[place] = bytes(frame)
    with pytest.raises(WireError):
        unpack(receiver, frames)


@given(st.lists(st.binary(max_size=40), max_size=12))
def test_any_frames_are_judged_without_harm(frames: list[bytes]) -> None:
    with pytest.raises(WireError):
        unpack(Signer(KEY), frames)


def test_what_was_seen_is_a_replay_and_forgeries_are_not_remembered() -> None:
    sender, receiver = both()
    frames = pack(sender, header("x", "me"), {})
    unpack(receiver, frames)
    for number in range(200):
        with pytest.raises(WireError, match="signature"):
            unpack(receiver, [frames[0], b"%064d" % number, *frames[2:]])
    with pytest.raises(WireError, match="replay"):
        unpack(receiver, frames)


def test_the_memory_of_signatures_is_bounded_oldest_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire, "_SEEN_LIMIT", 3)
    sender, receiver = both()
    sent = [pack(sender, header("x", "me"), {"n": n}) for n in range(5)]
    for frames in sent:
        unpack(receiver, frames)
    unpack(receiver, sent[0])  # forgotten
    with pytest.raises(WireError, match="replay"):
        unpack(receiver, sent[4])


def test_messages_are_always_signed() -> None:
    with pytest.raises(ValueError, match="needs a key"):
        Signer(b"")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({"a": float("nan")}, '{"a":"nan"}'),
        ([float("inf"), {"b": float("-inf")}], '["inf",{"b":"-inf"}]'),
        ({"s": "x\ud800y"}, '{"s":"x?y"}'),
        ({"s": "ä🌊"}, '{"s":"ä🌊"}'),
    ],
)
def test_no_value_makes_a_message_fail(value: object, text: str) -> None:
    assert to_json(value).decode() == text


def test_nesting_has_a_limit_that_strings_do_not_count_against() -> None:
    sender, receiver = both()
    fine = pack(sender, header("x", "me"), {"text": "[" * 5000 + "\\" + "{" * 5000})
    assert unpack(receiver, fine).content["text"].startswith("[[[")
    deep = "[" * 201 + "]" * 201
    parts = [to_json(header("x", "me")), b"{}", b"{}", deep.encode()]
    message = unpack(receiver, [wire.DELIMITER, sender.sign(parts), *parts])
    assert (message.fault, message.content) == ("content is nested deeper than 200", {})
    parts = [to_json({**header("x", "me"), "x": json.loads(deep)}), b"{}", b"{}", b"{}"]
    with pytest.raises(WireError, match="header is nested deeper"):
        unpack(receiver, [wire.DELIMITER, sender.sign(parts), *parts])


def test_times_and_ids_have_the_protocols_form() -> None:
    from datetime import datetime
    from uuid import UUID

    assert datetime.fromisoformat(wire.timestamp()).tzinfo is not None
    assert UUID(wire.new_id()).version == 4
    assert wire.new_id() != wire.new_id()

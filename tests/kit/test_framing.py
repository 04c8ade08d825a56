"""The framing: whole messages from any cut of the bytes, and a name for each kind of garbage."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit.framing import Decoder, FramingError, encode, parse

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)  # fmt: skip


@given(st.lists(st.dictionaries(st.text(), JSON, max_size=4), max_size=4), st.integers(1, 50))
def test_messages_survive_any_cut(messages: list[dict[str, object]], size: int) -> None:
    data = b"".join(map(encode, messages))
    decoder = Decoder()
    got = [
        message
        for start in range(0, len(data), size)
        for message in decoder.feed(data[start : start + size])
    ]
    decoder.finish()
    assert got == messages


def test_the_length_counts_bytes() -> None:
    assert encode({"a": "é"}) == b'Content-Length: 11\r\n\r\n{"a": "\xc3\xa9"}'


def test_other_headers_are_read_over() -> None:
    data = b"Content-Type: application/vscode-jsonrpc; charset=utf-8\r\nCONTENT-LENGTH: 2\r\n\r\n{}"
    assert Decoder().feed(data) == [{}]


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"hello\n", "not a header"),
        (b"Content-Length: 2\n\n{}" + b" " * 5000, "not a header"),
        (b"Content-Length: two\r\n\r\n{}", "no Content-Length"),
        (b"Content-Length: -2\r\n\r\n{}", "no Content-Length"),
        (b"Content-Type: x\r\n\r\n{}", "no Content-Length"),
        (b"Content-Length: 2\r\nnonsense\r\n\r\n{}", "not a header"),
        (b"Content-Length: 2\xc3\xa9\r\n\r\n{}", "not a header"),
        (b"Content-Length: 1\r\n\r\n{}", "not JSON"),
        (b"Content-Length: 2\r\n\r\n[]", "not an object"),
        (b"Content-Length: 2\r\n\r\n\xff\xff", "not UTF-8"),
        (b'Content-Length: 10\r\n\r\n{"a": NaN}', "NaN"),
        (b'Content-Length: 14\r\n\r\n{"a":1, "a":2}', "same name twice"),
    ],
)
def test_garbage_has_a_name(data: bytes, text: str) -> None:
    decoder = Decoder()
    with pytest.raises(FramingError, match=text) as caught:
        decoder.feed(encode({"good": 1}) + data)
    assert caught.value.messages == [{"good": 1}]


def test_half_a_message_at_the_end_is_told() -> None:
    decoder = Decoder()
    assert decoder.feed(b"Content-Length: 10\r\n\r\n{") == []
    with pytest.raises(FramingError, match="ended inside a message"):
        decoder.finish()


def test_what_is_not_json_cannot_be_sent() -> None:
    for value in ({"a": float("nan")}, {"a": object()}):
        with pytest.raises((ValueError, TypeError)):
            encode(value)
    with pytest.raises(UnicodeEncodeError):
        encode({"a": "\ud800"})


def test_deep_nesting_is_an_error_like_others() -> None:
    with pytest.raises(FramingError, match="nested too deeply"):
        parse("[" * 200_000)

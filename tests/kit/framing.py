"""Messages in bytes as DAP and LSP write them: a header with ``Content-Length``, then JSON.

The decoder is as strict as the specifications: a peer that sends a bare newline, a wrong length
or a NaN is told so, where a tolerant editor would guess.
"""

from __future__ import annotations

import json
from typing import Any

_END = b"\r\n\r\n"
_HEADER_LIMIT = 4096


class FramingError(ValueError):
    """Bytes that are no message; nothing after them can be trusted."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.messages: list[dict[str, Any]] = []


def encode(message: Any) -> bytes:
    """A message with its header; the body is UTF-8 without NaN or infinity."""
    body = json.dumps(message, ensure_ascii=False, allow_nan=False).encode("utf-8")
    return b"Content-Length: %d\r\n\r\n" % len(body) + body


def parse(text: str | bytes) -> Any:
    """Strict JSON: RFC 8259, that is without NaN and infinity, and no name twice in an object."""
    try:
        if isinstance(text, bytes):
            text = text.decode("utf-8")
        return json.loads(text, parse_constant=_refuse, object_pairs_hook=_unique)
    except RecursionError:
        raise FramingError("JSON nested too deeply") from None
    except ValueError as error:
        raise FramingError(f"not JSON ({error})") from None


class Decoder:
    """Takes bytes as they come and gives whole messages; one per connection and direction."""

    def __init__(self) -> None:
        self._left = bytearray()
        self._wanted = 0

    def feed(self, data: bytes) -> list[dict[str, Any]]:
        """The messages that these bytes complete.

        Raises:
            FramingError: the bytes are no message; ``messages`` holds those before them.
        """
        self._left += data
        messages: list[dict[str, Any]] = []
        try:
            while (message := self._next()) is not None:
                messages.append(message)
        except FramingError as error:
            self._left.clear()
            error.messages = messages
            raise
        return messages

    def finish(self) -> None:
        """The stream has ended: nothing may be left over."""
        if self._left:
            raise FramingError(f"the stream ended inside a message: {bytes(self._left[:200])!r}")

    def _next(self) -> dict[str, Any] | None:
        if len(self._left) < self._wanted:
            return None
        end = self._left.find(_END, 0, _HEADER_LIMIT)
        if end < 0:
            if len(self._left) > _HEADER_LIMIT or not _may_begin(self._left):
                raise FramingError(f"not a header: {bytes(self._left[:200])!r}")
            return None
        begin = end + len(_END)
        self._wanted = begin + _length(bytes(self._left[:end]))
        if len(self._left) < self._wanted:
            return None
        body = bytes(self._left[begin : self._wanted])
        del self._left[: self._wanted]
        self._wanted = 0
        try:
            text = body.decode("utf-8")
        except UnicodeDecodeError as error:
            raise FramingError(f"the body is not UTF-8 ({error}): {body[:200]!r}") from None
        message = parse(text)
        if not isinstance(message, dict):
            raise FramingError(f"the body is not an object: {text[:200]!r}")
        return message


def _may_begin(data: bytearray) -> bool:
    """Whether bytes without a complete header can still become one."""
    word = b"content-"
    return bytes(data[: len(word)]).lower() == word[: len(data)]


def _length(head: bytes) -> int:
    fields: dict[str, str] = {}
    for line in head.split(b"\r\n"):
        name, colon, value = line.partition(b":")
        if not colon or not head.isascii():
            raise FramingError(f"not a header: {head[:200]!r}")
        fields[name.decode().strip().lower()] = value.decode().strip()
    value_text = fields.get("content-length", "")
    if not value_text.isdigit():
        raise FramingError(f"no Content-Length in {head[:200]!r}")
    return int(value_text)


def _refuse(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    names = dict(pairs)
    if len(names) != len(pairs):
        twice = sorted({name for name, _ in pairs if sum(name == other for other, _ in pairs) > 1})
        raise ValueError(f"the same name twice in an object: {twice}")
    return names

"""The base protocol of DAP: ``Content-Length`` headers around JSON bodies, bytes in, bytes out.

Header names in any case, further headers, split and joined packets are accepted. It holds no
socket; what cannot be read ends the connection, never the process.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

LARGEST = 64 * 1024 * 1024
_LONGEST_HEADER = 8192


class FramingError(Exception):
    """Bytes that are no DAP message; the text says why."""


def encode(message: dict[str, Any]) -> bytes:
    """The bytes of a message; lone surrogates become ``?``."""
    body = json.dumps(message, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
    return b"Content-Length: %d\r\n\r\n%s" % (len(body), body)


class Decoder:
    """Turns a stream of bytes into messages."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._wanted: int | None = None

    def feed(self, data: bytes) -> Iterator[dict[str, Any]]:
        """Take bytes; gives every message they complete.

        Raises:
            FramingError: the stream cannot be read any further.
        """
        self._buffer += data
        while True:
            if self._wanted is None:
                self._wanted = self._header()
                if self._wanted is None:
                    return
            if len(self._buffer) < self._wanted:
                return
            body = bytes(self._buffer[: self._wanted])
            del self._buffer[: self._wanted]
            self._wanted = None
            yield _message(body)

    def _header(self) -> int | None:
        end = self._buffer.find(b"\r\n\r\n")
        if end < 0:
            if len(self._buffer) > _LONGEST_HEADER:
                raise FramingError("no end of the header")
            return None
        lines = bytes(self._buffer[:end]).split(b"\r\n")
        del self._buffer[: end + 4]
        for line in lines:
            name, _, value = line.partition(b":")
            if name.strip().lower() == b"content-length":
                digits = value.strip()
                if not digits.isdigit():
                    raise FramingError(f"Content-Length is {digits[:20]!r}")
                if int(digits) > LARGEST:
                    raise FramingError(f"a body of {int(digits)} bytes")
                return int(digits)
        raise FramingError("no Content-Length")


def _message(body: bytes) -> dict[str, Any]:
    try:
        value = json.loads(body.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise FramingError(f"the body is not JSON: {error}") from None
    if not isinstance(value, dict):
        raise FramingError("the body is no JSON object")
    return value

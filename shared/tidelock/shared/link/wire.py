"""The Jupyter wire: signed multipart messages to frames and back, as pure functions.

``[identities..., <IDS|MSG>, signature, header, parent header, metadata, content, buffers...]``
(Jupyter messaging specification 5.5, "The Wire Protocol"). It holds no socket and decodes
nothing by shape. Signing cannot be switched off.
"""

from __future__ import annotations

import hmac
import json
import os
import time
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

DELIMITER = b"<IDS|MSG>"
VERSION = "5.5"
_SEEN_LIMIT = 65536
_MOST_FRAMES = 200
_DEEPEST = 200

Content = dict[str, Any]


class WireError(Exception):
    """Frames that are no message for us; the text says why, and is only logged."""


class Message(NamedTuple):
    """One message; ``raw_header`` is what the sender signed, echoed as a parent header.

    ``fault`` says what is wrong with the rest of a message whose header can be read: whoever
    sent it gets that as an answer.
    """

    header: Content
    parent: Content
    metadata: Content
    content: Any
    identities: tuple[bytes, ...] = ()
    buffers: tuple[bytes, ...] = ()
    raw_header: bytes = b"{}"
    fault: str = ""

    @property
    def type(self) -> str:
        """The ``msg_type``."""
        return str(self.header["msg_type"])

    @property
    def id(self) -> str:
        """The ``msg_id``."""
        return str(self.header["msg_id"])

    @property
    def session(self) -> str:
        """The sender's session."""
        return str(self.header["session"])

    @property
    def subshell(self) -> str:
        """The subshell that it is for, empty for the main one."""
        return str(self.header.get("subshell_id") or "")

    @property
    def parent_id(self) -> str:
        """The ``msg_id`` of the request this belongs to, empty for none."""
        return str(self.parent.get("msg_id", ""))


def new_id() -> str:
    """An id nobody else has: a random UUID (RFC 9562, version 4), without uuid's import."""
    raw = os.urandom(16).hex()
    return f"{raw[:8]}-{raw[8:12]}-4{raw[13:16]}-a{raw[17:20]}-{raw[20:]}"


def timestamp() -> str:
    """Now, as the protocol writes it: ISO 8601 in UTC with microseconds."""
    now = time.time()
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(now)) + f".{int(now % 1 * 1e6):06d}Z"


def header(kind: str, session: str, username: str = "tidelock") -> Content:
    """A header for a new message."""
    return {
        "msg_id": new_id(),
        "msg_type": kind,
        "session": session,
        "username": username,
        "date": timestamp(),
        "version": VERSION,
    }


_encoder = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False)
_exact_encoder = json.JSONEncoder(ensure_ascii=True, separators=(",", ":"), allow_nan=False)


def to_json(value: object, *, exact: bool = False) -> bytes:
    """JSON bytes of plain data; NaN, infinities and lone surrogates never fail a message.

    Lone surrogates, which stand for bytes that are no UTF-8 (see ``sources.decode``), become
    ``?``; ``exact`` keeps them, escaped, for a receiver who makes the bytes of them again.
    """
    try:
        return _encoder.encode(value).encode()
    except UnicodeEncodeError:
        encoder = _exact_encoder if exact else _encoder
        return encoder.encode(value).encode("utf-8", "replace")
    except ValueError:
        return to_json(_finite(value), exact=exact)


def _finite(value: Any) -> Any:
    if isinstance(value, float) and (value != value or value in (float("inf"), float("-inf"))):
        return str(value)
    if isinstance(value, Mapping):
        return {str(key): _finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    return value


class Signer:
    """HMAC-SHA256 of a connection's key, and the memory of what was seen; on one thread.

    Args:
        key: the connection's key, never empty.

    Raises:
        ValueError: the key is empty, which would mean unsigned messages.
    """

    def __init__(self, key: bytes) -> None:
        if not key:
            raise ValueError("a connection needs a key: messages are always signed")
        self._base = hmac.new(key, digestmod="sha256")
        self._seen: OrderedDict[bytes, None] = OrderedDict()

    def sign(self, parts: Sequence[bytes]) -> bytes:
        """The signature of the four dictionaries, in hex."""
        digest = self._base.copy()
        for part in parts:
            digest.update(part)
        return digest.hexdigest().encode()

    def verify(self, signature: bytes, parts: Sequence[bytes]) -> None:
        """Check a signature in constant time, then that it is new; only good ones are kept.

        Raises:
            WireError: it is wrong, or was seen before (a replay).
        """
        if not hmac.compare_digest(self.sign(parts), signature):
            raise WireError("wrong signature")
        if signature in self._seen:
            raise WireError("seen before: a replay")
        self._seen[signature] = None
        if len(self._seen) > _SEEN_LIMIT:
            self._seen.popitem(last=False)


def pack(
    signer: Signer,
    head: Content,
    content: object,
    *,
    parent: bytes = b"{}",
    metadata: object = None,
    identities: Sequence[bytes] = (),
    buffers: Sequence[bytes] = (),
    exact: bool = False,
) -> list[bytes]:
    """The frames of a message; ``exact`` is for texts that may be no UTF-8 (``to_json``)."""
    meta = b"{}" if not metadata else to_json(metadata, exact=exact)
    parts = [to_json(head), parent, meta, to_json(content, exact=exact)]
    return [*identities, DELIMITER, signer.sign(parts), *parts, *buffers]


def unpack(signer: Signer, frames: Sequence[bytes]) -> Message:
    """The message in frames that are signed, new, and whose header can be read.

    The content may still be of any JSON kind: the route of its type judges it.

    Raises:
        WireError: anything else.
    """
    try:
        place = list(frames[:16]).index(DELIMITER)
    except ValueError:
        raise WireError("no delimiter") from None
    body = frames[place + 1 :]
    if len(body) < 5:
        raise WireError(f"{len(body)} frames after the delimiter instead of 5")
    signature, parts, buffers = body[0], body[1:5], body[5:]
    signer.verify(signature, parts)
    head = _dictionary(parts[0], "header")
    for name in ("msg_id", "msg_type", "session"):
        if not isinstance(head.get(name), str):
            raise WireError(f"header without {name}")
    message = Message(head, {}, {}, {}, tuple(frames[:place]), tuple(buffers), parts[0])
    try:
        parent, metadata = _dictionary(parts[1], "parent header"), _dictionary(parts[2], "metadata")
        content = _loads(parts[3], "content")
        if len(frames) > _MOST_FRAMES:
            raise WireError(f"{len(frames)} frames are more than {_MOST_FRAMES}")
    except WireError as error:
        return message._replace(fault=str(error))
    return message._replace(parent=parent, metadata=metadata, content=content)


def _loads(raw: bytes, part: str) -> Any:
    if raw.count(b"[") + raw.count(b"{") > _DEEPEST and _depth(raw) > _DEEPEST:
        raise WireError(f"{part} is nested deeper than {_DEEPEST}")
    try:
        return json.loads(raw.decode("utf-8", "surrogatepass"))
    except (ValueError, RecursionError) as error:
        raise WireError(f"{part} is not JSON: {error}") from None


def _depth(raw: bytes) -> int:
    """Greatest nesting, counting brackets outside strings."""
    depth = deepest = 0
    inside = escaped = False
    for byte in raw:
        if escaped:
            escaped = False
        elif byte == 0x5C:
            escaped = inside
        elif byte == 0x22:
            inside = not inside
        elif not inside:
            if byte in b"[{":
                depth += 1
                deepest = max(deepest, depth)
                if deepest > _DEEPEST:
                    return deepest
            elif byte in b"]}":
                depth -= 1
    return deepest


def _dictionary(raw: bytes, part: str) -> Content:
    value = _loads(raw, part)
    if not isinstance(value, dict):
        raise WireError(f"{part} is no object")
    return value

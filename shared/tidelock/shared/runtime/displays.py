"""What a script shows besides its streams, on its way out: bundles, cleared output, progress.

In order with the text that was written before. A progress bar is told at most some times a
second, its last state always. It never runs Lua and keeps nothing once an execution has ended.
"""

from __future__ import annotations

import binascii
import json
import time
from collections.abc import Callable, Iterable
from typing import Any

from tidelock.shared.events import Displayed, Event, OutputCleared
from tidelock.shared.runtime.streams import Streams, shown

_PROGRESS_S = 0.1
_BAR_WIDTH = 30
_TEXTUAL = ("text/", "image/svg+xml", "application/javascript")


def content_of(mime: str, raw: bytes) -> Any:
    """Content as the protocol has it: JSON as data, binary kinds as base64, the rest as text.

    Raises:
        ValueError: it is no JSON though its type says so.
    """
    if mime == "application/json" or mime.endswith("+json"):
        try:
            return json.loads(_json_text(raw))
        except (ValueError, RecursionError) as error:
            raise ValueError(f"the content of {mime} is not JSON: {error}") from None
    if mime.startswith(_TEXTUAL) or mime.endswith("+xml"):
        return shown(raw)
    if mime.startswith(("image/", "audio/", "video/", "font/", "application/")):
        return binascii.b2a_base64(raw, newline=False).decode()
    return shown(raw)


def _json_text(raw: bytes) -> str:
    """JSON in which bytes that are no UTF-8 stand as people see them everywhere."""
    try:
        return raw.decode()
    except UnicodeDecodeError:
        text = raw.decode("utf-8", "surrogateescape")
        return "".join(
            f"\\\\x{ord(c) - 0xDC00:02x}" if "\udc80" <= c <= "\udcff" else c for c in text
        )


_READABLE = ("text/markdown", "text/latex")
"""Markup that is written to be read as it is."""


def bundle_of(pairs: Iterable[tuple[str, bytes]]) -> dict[str, Any]:
    """A bundle with a text for those who can show nothing else.

    Raises:
        ValueError: one content is not what its type says.
    """
    data = {}
    sizes = []
    for mime, raw in pairs:
        data[mime] = content_of(mime, raw)
        sizes.append(f"<{mime}, {len(raw)} bytes>")
    if "text/plain" not in data:
        readable = [data[mime] for mime in _READABLE if mime in data]
        data["text/plain"] = readable[0] if readable else " ".join(sizes)
    return data


class Displays:
    """The displays of the running execution; on the lane only.

    Args:
        streams: the text that must go out first, and the limit that counts both.
        publish: takes the events; must not block.
    """

    def __init__(self, streams: Streams, publish: Callable[[Event], None]) -> None:
        self._streams = streams
        self._publish = publish
        self._execution = ""
        self._bars: dict[bytes, _Bar] = {}

    def begin(self, execution_id: str) -> None:
        """What is shown belongs to this execution from now on."""
        self._execution = execution_id
        self._bars.clear()

    def display(
        self, is_update: bool, name: bytes, details: bytes, *pairs: bytes
    ) -> tuple[bool, bytes]:
        """Show content: MIME type, bytes, and so on; whether it could be shown, and why not."""
        kinds = [shown(kind) for kind in pairs[::2]]
        try:
            data = bundle_of(zip(kinds, pairs[1::2], strict=True))
            metadata = json.loads(_json_text(details))
        except ValueError as error:
            return (False, str(error).encode())
        self._show(data, metadata, shown(name), is_update)
        return (True, b"")

    def _show(
        self, data: dict[str, Any], metadata: dict[str, Any], name: str, is_update: bool
    ) -> None:
        """Publish a bundle, unless the execution has shown as much as it may."""
        size = sum(len(content) for content in data.values() if isinstance(content, str))
        if self._streams.admit(size):
            self._streams.flush()
            self._publish(Displayed(self._execution, data, metadata, name, is_update))

    def clear_output(self, wait: bool) -> None:
        """What was shown is to go."""
        self._streams.flush()
        self._publish(OutputCleared(self._execution, wait))

    def progress(self, done: float, total: float | None, text: bytes, name: bytes) -> None:
        """Tell how far a bar is, unless that was told just now."""
        bar = self._bars.get(name)
        if bar is None:
            bar = self._bars[name] = _Bar(f"progress-{self._execution}-{len(self._bars)}")
        bar.state = (done, total, shown(text))
        now = time.monotonic()
        finished = total is not None and done >= total
        if finished or now - bar.told_at >= _PROGRESS_S:
            self._tell(bar, now)

    def _tell(self, bar: _Bar, now: float) -> None:
        if bar.told == bar.state:
            return
        done, total, text = bar.state
        metadata = {"tidelock": {"progress": {"done": done, "total": total, "text": text}}}
        self._show(_bar_data(done, total, text), metadata, bar.id, bar.told is not None)
        bar.told, bar.told_at = bar.state, now

    def settle(self) -> None:
        """Tell the last state of every bar: the execution stands still or has ended."""
        for bar in self._bars.values():
            self._tell(bar, time.monotonic())


class _Bar:
    """One progress bar of the running execution."""

    __slots__ = ("id", "state", "told", "told_at")

    def __init__(self, name: str) -> None:
        self.id = name
        self.state: tuple[float, float | None, str] = (0, None, "")
        self.told: tuple[float, float | None, str] | None = None
        self.told_at = 0.0


def _bar_data(done: float, total: float | None, text: str) -> dict[str, Any]:
    import html  # late: most executions show no progress

    label = f"{done:g}" if total is None else f"{done:g}/{total:g}"
    if text:
        label += " " + text
    if total is None:
        return {"text/plain": label, "text/html": f"<progress></progress> {html.escape(label)}"}
    share = min(max(done / total, 0.0), 1.0) if total > 0 else 1.0
    filled = int(share * _BAR_WIDTH)
    bar = f'<progress value="{share:.4f}" max="1"></progress> {html.escape(label)}'
    plain = f"[{'#' * filled}{'.' * (_BAR_WIDTH - filled)}] {label}"
    return {"text/plain": plain, "text/html": bar}

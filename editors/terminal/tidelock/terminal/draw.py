"""How executions look: as text, kept for a document, or as JSON Lines.

It never decides what is shown.
"""

from __future__ import annotations

import sys
from typing import Any

from tidelock.terminal.console import Console


def _progress(metadata: dict[str, Any]) -> dict[str, Any] | None:
    """What the metadata of a display says of a progress bar."""
    ours = metadata.get("tidelock")
    return ours.get("progress") if isinstance(ours, dict) else None


class Printed:
    """Output as it is: standard output there, errors and their report on standard error."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._ended_line = True
        self._bar_is_open = False

    def stream(self, name: str, text: str) -> None:
        """Write a piece at once."""
        self._leave_bar()
        self._ended_line = text.endswith("\n")
        if name == "stderr":
            self._console.write_error(text)
        else:
            self._console.write(text)

    def displayed(self, data: dict[str, Any], metadata: dict[str, Any], *, is_update: bool) -> None:
        """Print the text of something displayed; a progress bar stays on its line."""
        progress = _progress(metadata)
        if progress is None:
            if not is_update:
                self.stream("stdout", str(data["text/plain"]) + "\n")
        elif sys.stderr.isatty():
            self._bar_is_open = progress["total"] is None or progress["done"] < progress["total"]
            end = "" if self._bar_is_open else "\n"
            self._console.write_error(f"\r{data['text/plain']}\x1b[K{end}")

    def _leave_bar(self) -> None:
        if self._bar_is_open:
            self._bar_is_open = False
            self._console.write_error("\n")

    def prompt(self, text: str) -> None:
        """Ask for input."""
        self._leave_bar()
        self._console.write_error(text)

    def result(self, text: str) -> None:
        """Print the values."""
        self._leave_bar()
        self._console.write(text + "\n")

    def error(self, lines: list[str]) -> None:
        """Print the report."""
        self._leave_bar()
        self._console.report(lines)

    def say(self, text: str) -> None:
        """What a command of the session answers."""
        self._console.write(text + "\n")

    def complain(self, text: str) -> None:
        """What is wrong with a command of the session."""
        self._console.note(text)

    def end_line(self) -> None:
        """Begin a new line if a script left its last one open; for terminals."""
        self._leave_bar()
        if not self._ended_line:
            self._ended_line = True
            self._console.write("\n")


class Collected:
    """Output kept for the document; the report of an error is shown as well."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self.texts: dict[str, list[str]] = {"stdout": [], "stderr": []}
        self.results: list[dict[str, Any]] = []
        self.displays: list[dict[str, Any]] = []

    def stream(self, name: str, text: str) -> None:
        """Keep a piece."""
        self.texts[name].append(text)

    def displayed(self, data: dict[str, Any], metadata: dict[str, Any], *, is_update: bool) -> None:
        """Keep a bundle; progress is not a part of the outcome."""
        if _progress(metadata) is None:
            self.displays.append({"data": data, "metadata": metadata, "is_update": is_update})

    def prompt(self, text: str) -> None:
        """Ask for input on standard error."""
        self._console.write_error(text)

    def result(self, text: str) -> None:
        """Keep the values."""
        self.results.append({"text": text})

    def error(self, lines: list[str]) -> None:
        """Print the report."""
        self._console.report(lines)


class Streamed:
    """Every message as a line of JSON, as it comes."""

    def __init__(self, console: Console) -> None:
        self._console = console

    def stream(self, name: str, text: str) -> None:
        """A piece of output."""
        self._console.record({"type": "stream", "name": name, "text": text})

    def displayed(self, data: dict[str, Any], metadata: dict[str, Any], *, is_update: bool) -> None:
        """A bundle."""
        fields = {"type": "display", "data": data, "metadata": metadata, "is_update": is_update}
        self._console.record(fields)

    def prompt(self, text: str) -> None:
        """A question for input."""
        self._console.record({"type": "input_request", "prompt": text})

    def result(self, text: str) -> None:
        """The values."""
        self._console.record({"type": "result", "text": text})

    def error(self, lines: list[str]) -> None:
        """The report."""
        self._console.record({"type": "error", "lines": lines})

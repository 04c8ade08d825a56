"""How executions look: as text, kept for a document, or as JSON Lines.

It never decides what is shown.
"""

from __future__ import annotations

from typing import Any

from tidelock.terminal.console import Console


class Printed:
    """Output as it is: standard output there, errors and their report on standard error."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._ended_line = True

    def stream(self, name: str, text: str) -> None:
        """Write a piece at once."""
        self._ended_line = text.endswith("\n")
        if name == "stderr":
            self._console.write_error(text)
        else:
            self._console.write(text)

    def result(self, text: str) -> None:
        """Print the values."""
        self._console.write(text + "\n")

    def error(self, lines: list[str]) -> None:
        """Print the report."""
        self._console.report(lines)

    def say(self, text: str) -> None:
        """What a command of the session answers."""
        self._console.write(text + "\n")

    def complain(self, text: str) -> None:
        """What is wrong with a command of the session."""
        self._console.note(text)

    def end_line(self) -> None:
        """Begin a new line if a script left its last one open; for terminals."""
        if not self._ended_line:
            self._ended_line = True
            self._console.write("\n")


class Collected:
    """Output kept for the document; the report of an error is shown as well."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self.texts: dict[str, list[str]] = {"stdout": [], "stderr": []}
        self.results: list[dict[str, Any]] = []

    def stream(self, name: str, text: str) -> None:
        """Keep a piece."""
        self.texts[name].append(text)

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

    def result(self, text: str) -> None:
        """The values."""
        self._console.record({"type": "result", "text": text})

    def error(self, lines: list[str]) -> None:
        """The report."""
        self._console.record({"type": "error", "lines": lines})

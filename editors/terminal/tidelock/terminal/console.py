"""What a command says: text for people or one JSON document, colour only where it is seen.

Standard output carries results and what scripts print, standard error everything else. Every
write is flushed, so that nothing is lost when the process is ended. It never decides what
is said.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from typing import Any, Literal, TextIO

Paint = Literal["error", "place", "dim", "good", "warn", "strong"]
_CODES: dict[str, str] = {
    "error": "1;31",
    "place": "36",
    "dim": "2",
    "good": "32",
    "warn": "33",
    "strong": "1",
}


def open_streams() -> None:
    """Make the standard streams usable whatever they are; call it once, first.

    One that was closed by whoever started us is opened on nothing: its number would else be
    given to the next pipe or socket.
    """
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        if getattr(sys, name) is None:
            descriptor = os.open(os.devnull, os.O_RDWR)
            if descriptor != number:
                os.dup2(descriptor, number)
                os.close(descriptor)
            setattr(sys, name, open(number, "w" if number else "r"))  # noqa: SIM115
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]


def abandon_streams() -> None:
    """Let go of outputs that nobody reads, so that the end of the process is quiet."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (sys.stdout, sys.stderr):
        os.dup2(nowhere, stream.fileno())


def is_colored(stream: TextIO, wish: str, environment: Mapping[str, str]) -> bool:
    """Whether a stream gets colour; the wish is ``auto``, ``always`` or ``never``."""
    if wish != "auto":
        return wish == "always"
    if environment.get("FORCE_COLOR"):
        return True
    if environment.get("NO_COLOR") or environment.get("TERM") == "dumb":
        return False
    return stream.isatty()


class Console:
    """Both output streams of one command; text without colour until ``begin``."""

    def __init__(self) -> None:
        self.command = ""
        self.is_json = False
        self.is_stream = False
        self.warnings: list[str] = []
        self._color = "auto"

    def begin(self, command: str, output: str, color: str) -> None:
        """The command is known, and what is wanted: ``text`` or ``json``, colour or not."""
        self.command = command
        self.is_json = output == "json"
        self._color = color

    def write(self, text: str) -> None:
        """Write a piece of a result, as it is."""
        sys.stdout.write(text)
        sys.stdout.flush()

    def write_error(self, text: str) -> None:
        """Write to standard error, as it is."""
        sys.stderr.write(text)
        sys.stderr.flush()

    def say(self, text: str = "") -> None:
        """A line of a result for people; nothing where a document is wanted."""
        if not self.is_json:
            self.write(text + "\n")

    def note(self, text: str) -> None:
        """A line on standard error."""
        self.write_error(text + "\n")

    def warn(self, text: str) -> None:
        """A surprise the user should know of; it goes into the document as well."""
        self.warnings.append(text)
        self.note(f"{self.paint('warning:', 'warn', sys.stderr)} {text}")

    def paint(self, text: str, how: Paint, stream: TextIO | None = None) -> str:
        """The text in colour, if the stream (standard output) gets any."""
        target = sys.stdout if stream is None else stream
        if not text or not is_colored(target, self._color, os.environ):
            return text
        return f"\x1b[{_CODES[how]}m{text}\x1b[0m"

    def report(self, lines: list[str]) -> None:
        """The report of a failed execution, on standard error."""
        self.note("\n".join(self._report_line(line) for line in lines))

    def _report_line(self, line: str) -> str:
        label, sign, rest = line.partition(": ")
        if sign and not line.startswith(" "):
            return f"{self.paint(label + ':', 'error', sys.stderr)} {rest}"
        if line.startswith("  --> "):
            return self.paint(line, "place", sys.stderr)
        if line == "stack:" or line.startswith("  in ") or line == "  ...":
            return self.paint(line, "dim", sys.stderr)
        if line.strip(" |^") == "" and "^" in line:
            return self.paint(line, "error", sys.stderr)
        return line

    def document(self, fields: Mapping[str, Any], error: Mapping[str, Any] | None = None) -> None:
        """The one JSON document of a command, where JSON is wanted."""
        if not self.is_json:
            return
        kind = {"type": "reply"} if self.is_stream else {}
        body = {**kind, "command": self.command, "ok": error is None, **fields}
        self.record({**body, "warnings": self.warnings, "error": error})

    def record(self, fields: Mapping[str, Any]) -> None:
        """One JSON object as a line."""
        import json

        self.write(json.dumps(fields, ensure_ascii=False) + "\n")

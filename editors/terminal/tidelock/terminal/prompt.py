"""Where a session's lines come from: a terminal, with editing and recall, or a pipe.

It only reads: what a line means is the session's.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Protocol

from tidelock.terminal import exits
from tidelock.terminal.session import AT_STOP, Session, Step

if TYPE_CHECKING:
    from tidelock.terminal.draw import Printed
    from tidelock.terminal.executing import Request
    from tidelock.terminal.lines import Lines

PROMPTS = {"input": "tidelock> ", "more": "      ... ", "debug": "debug> "}


class Reader(Protocol):
    """Reads lines for a session."""

    def read(self, step: Step) -> str | None:
        """The next line, None at the end; raises KeyboardInterrupt for Ctrl-C."""


class Piped:
    """Lines from a pipe or file: no prompt, no greeting."""

    def __init__(self, lines: Lines) -> None:
        self._lines = lines

    def read(self, step: Step) -> str | None:
        """The next line."""
        return self._lines.read()


class Typed:
    """Lines from a terminal, edited and recalled by readline where there is one."""

    def __init__(self, display: Printed) -> None:
        self._display = display
        try:
            import readline
        except ImportError:
            self._readline = None
        else:
            self._readline = readline

    def read(self, step: Step) -> str | None:
        """Prompt for a line; a continuation begins with its indentation."""
        self._display.end_line()
        if self._readline is not None:
            text, insert = step.indent, self._readline.insert_text
            self._readline.set_startup_hook(lambda: insert(text) if text else None)
        try:
            return input(PROMPTS[step.wants])
        except EOFError:
            print()
            return None


def converse(session: Session, reader: Reader) -> int:
    """Read, run and show until the end; the code that a script's exit asked for."""
    session.at_stop = lambda: _dwell(session, reader)
    step = session.ready()
    while step.wants != "leave":
        try:
            line = reader.read(step)
        except KeyboardInterrupt:
            print()
            step = session.drop()
            continue
        step = session.end() if line is None else session.feed(line)
    return step.code


def watch(session: Session, reader: Reader, request: Request) -> int:
    """Execute once, reading lines whenever it stands still; the exit code, 0 after ``.exit``."""
    session.at_stop = lambda: _dwell(session, reader)
    finished = session.execute(request)
    if session.is_leaving:
        return exits.DONE
    return exits.KERNEL if finished is None else finished.code


def _dwell(session: Session, reader: Reader) -> None:
    """Read and do lines while a program of this session stands still."""
    while session.is_stopped:
        try:
            line = reader.read(AT_STOP)
            if line is None:
                session.no_more_lines()
            elif not session.is_stopped:
                session.fail("It was resumed by another client.")
            elif session.feed(line).wants == "leave":
                session.leave_stop()
        except KeyboardInterrupt:
            if not isinstance(reader, Typed):
                session.leave_stop()
                raise
            print()


def is_terminal() -> bool:
    """Whether somebody types here and sees what is printed."""
    return bool(sys.stdin) and sys.stdin.isatty() and sys.stdout.isatty()

"""A REPL session: lines in, executions and answers out.

All the logic and none of the terminal: it is given a client and a display, and neither reads
nor draws. Inputs are whole when the kernel's parser says so.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal, NamedTuple, Protocol

from tidelock.shared.errors import KernelError, TidelockError
from tidelock.terminal import exits
from tidelock.terminal.executing import Display, Finished, Request, execute

if TYPE_CHECKING:
    from tidelock.terminal.kernels import Link
    from tidelock.terminal.lines import Lines

_COMMAND = re.compile(r"\s*\.([A-Za-z?][\w-]*)\s*(.*)$", re.DOTALL)
_ANSWER_S = 5.0


class Shown(Display, Protocol):
    """Where a session shows things: executions, and its own words."""

    def say(self, text: str) -> None:
        """The answer of a command."""

    def complain(self, text: str) -> None:
        """What is wrong with a command."""


class Step(NamedTuple):
    """What comes next: a new input, more of this one (with its indentation), or the end."""

    wants: Literal["input", "more", "leave"]
    indent: str = ""
    code: int = exits.DONE


READY = Step("input")


class Session:
    """One dialogue with one kernel, on the thread that reads.

    Args:
        link: the kernel.
        shown: where everything is shown.
        lines: standard input, for scripts that read it.
        search: folders for ``require``.
        workspace: the folder it is about.
    """

    def __init__(
        self, link: Link, shown: Shown, lines: Lines, search: tuple[str, ...], workspace: str
    ) -> None:
        self.link = link
        self.client = link.client
        self.shown = shown
        self.search = search
        self.workspace = workspace
        self.has_failed = False
        self._lines = lines
        self._pending: list[str] = []

    def feed(self, line: str) -> Step:
        """Take one line.

        Raises:
            KernelError: the kernel is lost.
        """
        if not self._pending:
            command = _COMMAND.match(line)
            if command:
                return self._command(command[1], command[2].strip())
            if line.strip() in ("exit", "quit") and not self._is_known(line.strip()):
                return Step("leave")
        self._pending.append(line)
        text = "\n".join(self._pending)
        if not text.strip():
            self._pending.clear()
            return READY
        told = self.client.is_complete(text).result(_ANSWER_S).content
        if told.get("status") == "incomplete":
            return Step("more", told.get("indent", ""))
        return self._run(text)

    def drop(self) -> Step:
        """Forget the unfinished input."""
        self._pending.clear()
        return READY

    def end(self) -> Step:
        """No more lines come; an unfinished input runs, to show what is wrong with it."""
        step = self._run("\n".join(self._pending)) if self._pending else READY
        return step if step.wants == "leave" else Step("leave")

    def _is_known(self, name: str) -> bool:
        question = {"action": "ask", "what": "value", "root": name}
        facts = self.client.comm("tidelock.kernel", question).result(_ANSWER_S)["facts"]
        return any(fact["type"] != "nil" for fact in facts)

    def _run(self, text: str) -> Step:
        self._pending.clear()
        finished = self.execute(Request(text, "repl", search=self.search))
        if finished is not None and (finished.has_exited or finished.code == exits.TERMINATED):
            return Step("leave", code=finished.code)
        return READY

    def execute(self, request: Request) -> Finished | None:
        """Execute and show; None when the kernel refused, which is shown too.

        Raises:
            KernelError: the kernel is lost.
        """
        try:
            finished = execute(self.client, request, self.shown, self._lines)
        except KernelError as error:
            if self.client.lost:
                raise
            self.fail(str(error))
            return None
        self.has_failed = self.has_failed or finished.failure is not None
        return finished

    def fail(self, words: str) -> None:
        """Say what is wrong with an input."""
        self.has_failed = True
        self.shown.complain(words)

    def _command(self, name: str, rest: str) -> Step:
        from tidelock.terminal import meta

        try:
            return meta.perform(self, name, rest)
        except TidelockError as error:
            if self.client.lost:
                raise
            self.fail(str(error))
        except TimeoutError:
            self.fail("the kernel does not answer in time")
        return READY

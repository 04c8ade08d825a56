"""A REPL session: lines in, executions and answers out.

All the logic and none of the terminal: it is given a client and a display, and neither reads
nor draws. Inputs are whole when the kernel's parser says so.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Literal, NamedTuple, Protocol, Self

from tidelock.shared.errors import KernelError, TidelockError, UsageError
from tidelock.terminal import exits
from tidelock.terminal.executing import Display, Finished, Request, execute

if TYPE_CHECKING:
    from tidelock.terminal.debugging import Debugging
    from tidelock.terminal.kernels import Link
    from tidelock.terminal.lines import Lines

_COMMAND = re.compile(r"\s*\.([A-Za-z?][\w-]*)\s*(.*)$", re.DOTALL)
_BARE = re.compile(r"\s*([a-z]+)(?:\s+([^\s=.,:+*/%^&|~<>-].*))?\s*$", re.DOTALL)
"""A command as it may be written at a stop: a word, then nothing that makes it an expression."""
_ANSWER_S = 5.0


class Shown(Display, Protocol):
    """Where a session shows things: executions, and its own words."""

    def say(self, text: str) -> None:
        """The answer of a command."""

    def complain(self, text: str) -> None:
        """What is wrong with a command."""


class Step(NamedTuple):
    """What comes next: a new input, more of this one (with its indentation), or the end."""

    wants: Literal["input", "more", "leave", "debug"]
    indent: str = ""
    code: int = exits.DONE


READY = Step("input")
AT_STOP = Step("debug")


class Session:
    """One dialogue with one kernel, on the thread that reads.

    Args:
        link: the kernel.
        shown: where everything is shown.
        lines: standard input, for scripts that read it.
        search: folders for ``require``.
        workspace: the folder it is about.
        script: the file that a place without one means.
    """

    def __init__(
        self,
        link: Link,
        shown: Shown,
        lines: Lines,
        search: tuple[str, ...],
        workspace: str,
        script: str = "",
    ) -> None:
        self.link = link
        self.client = link.client
        self.shown = shown
        self.search = search
        self.workspace = workspace
        self.script = script
        self.has_failed = False
        self.at_stop: Callable[[], None] = lambda: None  # reads lines while Lua stands still
        self._lines = lines
        self._pending: list[str] = []
        self._debugging: Debugging | None = None
        self.is_leaving = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop_debugging()

    @property
    def is_debugging(self) -> bool:
        """Whether the debugger is attached."""
        return self._debugging is not None

    @property
    def is_stopped(self) -> bool:
        """Whether Lua stands still, as far as has been shown."""
        return self._debugging is not None and self._debugging.stop is not None

    def debugger(self) -> Debugging:
        """The debugger of this session, attached when it is first needed."""
        if self._debugging is None:
            from tidelock.terminal.debugging import Debugging

            self._debugging = Debugging(self.link.debug, self.shown)
            self._debugging.at_stop = lambda: self.at_stop()
        return self._debugging

    def stopped(self) -> Debugging:
        """The debugger, at a stop.

        Raises:
            UsageError: nothing stands still.
        """
        if self._debugging is None or self._debugging.stop is None:
            raise UsageError("Not paused.")
        return self._debugging

    def stop_debugging(self) -> None:
        """Detach: its breakpoints go."""
        debugging, self._debugging = self._debugging, None
        if debugging is not None:
            debugging.close()

    def ready(self) -> Step:
        """Show what happened meanwhile; what is wanted next."""
        if self._debugging is not None:
            self._debugging.pump()
        return AT_STOP if self.is_stopped else READY

    def feed(self, line: str) -> Step:
        """Take one line.

        Raises:
            KernelError: the kernel is lost.
        """
        if not self._pending:
            command = _COMMAND.match(line)
            if command:
                return self._command(command[1], command[2].strip())
            if self.is_stopped:
                return self._at_stop(line)
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

    def _at_stop(self, line: str) -> Step:
        """A line without a dot while Lua stands still: a command, or Lua in the frame."""
        from tidelock.terminal import meta

        bare = _BARE.match(line)
        if bare and bare[1] in meta.by_name():
            return self._command(bare[1], (bare[2] or "").strip())
        if line.strip():
            return self._command("print", line.strip())
        return self.ready()

    def leave_stop(self) -> None:
        """End what stands still here, and the session with it."""
        self.is_leaving = True
        debugging = self.debugger()
        if debugging.stop is not None:
            debugging.stop = None
            self.client.interrupt()

    def no_more_lines(self) -> None:
        """The input ends while Lua stands still: an error that nothing catches takes its course."""
        debugging = self.debugger()
        if debugging.stop is not None and debugging.stop.reason == "exception":
            debugging.resume("continue")
        else:
            self.leave_stop()

    def drop(self) -> Step:
        """Forget the unfinished input."""
        self._pending.clear()
        return self.ready()

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
        if self.is_leaving:
            return Step("leave")
        if finished is not None and (finished.has_exited or finished.code == exits.TERMINATED):
            return Step("leave", code=finished.code)
        return self.ready()

    def execute(self, request: Request) -> Finished | None:
        """Execute and show; None when the kernel refused, which is shown too.

        Raises:
            KernelError: the kernel is lost.
            UsageError: a program stands still, which has to end first.
        """
        if self.is_stopped:
            raise UsageError("the program stands still", ".continue lets it go on")
        try:
            finished = self._execute(request)
        except KernelError as error:
            if self.client.lost:
                raise
            self.fail(str(error))
            return None
        self.has_failed = self.has_failed or finished.failure is not None
        return finished

    def _execute(self, request: Request) -> Finished:
        debugging = self._debugging
        if debugging is None:
            return execute(self.client, request, self.shown, self._lines)
        from tidelock.terminal.debugging import Held

        display = Held(self.shown)
        finished = execute(self.client, request, display, self._lines, debugging)
        if not self.is_leaving:
            display.release()
        return finished

    def fail(self, words: str) -> None:
        """Say what is wrong with an input."""
        self.has_failed = True
        self.shown.complain(words)

    def _command(self, name: str, rest: str) -> Step:
        from tidelock.terminal import meta

        try:
            step = meta.perform(self, name, rest)
            return self.ready() if step is READY else step
        except TidelockError as error:
            if self.client.lost:
                raise
            self.fail(str(error))
        except TimeoutError:
            self.fail("the kernel does not answer in time")
        return self.ready()

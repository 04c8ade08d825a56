"""How a failed execution is shown to people: message, place, source lines, help, stack.

The same lines go to a terminal, a notebook and a log. Lua's own message stays unchanged, but for
names that were made for a debugger's client.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from tidelock.shared.model import CallFrame, Outcome
from tidelock.shared.sources import Sources

_PLACE = re.compile(r"^(?P<place>[^\n]*?):(?P<line>\d+): (?P<words>.*)$", re.DOTALL)
_SHOWN_BEFORE = 2
_STACK_LIMIT = 20
_STACK_TAIL = 5


def error_place(outcome: Outcome, chunk: str) -> tuple[str, int]:
    """Chunk name and line where a failed execution failed, line 0 when it cannot be told.

    A syntax error names its line in the message; the chunk may be a module's.
    """
    for frame in outcome.stack:
        if frame.line > 0:
            return frame.chunk, frame.line
    match = _PLACE.match(outcome.text)
    return (chunk, int(match["line"])) if match else (chunk, 0)


def error_message(outcome: Outcome, chunk: str, sources: Sources) -> str:
    """The message of a failed execution."""
    return sources.retitled(outcome.text, {chunk, *(frame.chunk for frame in outcome.stack)})


def error_lines(outcome: Outcome, chunk: str, sources: Sources) -> list[str]:
    """The report of a failed execution, line by line."""
    lines = [f"{_label(outcome)}: {error_message(outcome, chunk, sources)}"]
    place, number = error_place(outcome, chunk)
    if number:
        lines.append(f"  --> {sources.title(place)}:{number}")
        lines += _excerpt(sources.text(place), number)
    lines += [f"  = help: {one}" for one in helps(outcome)]
    if outcome.stack:
        lines.append("stack:")
        lines += [f"  {frame_text(frame, sources)}" for frame in _folded(outcome.stack)]
    return lines


def helps(outcome: Outcome) -> tuple[str, ...]:
    """What may help against the error of a failed execution, one sentence each."""
    if outcome.error != "LuaError" or outcome.value_type not in ("", "string"):
        return ()
    from tidelock.shared import hints  # late: no kernel starts with an error

    return hints.helps(outcome.text, outcome.stack)


def with_helps(message: str, found: Iterable[str]) -> str:
    """A message with what may help in lines of its own, for who shows all as one text."""
    return "\nhelp: ".join((message, *found))


def _label(outcome: Outcome) -> str:
    return {"SyntaxError": "syntax error", "LuaError": "error"}.get(outcome.error, outcome.error)


def _excerpt(text: str | None, number: int) -> list[str]:
    if text is None:
        return []
    lines = text.splitlines()
    if not 1 <= number <= len(lines):
        return []
    width = len(str(number))
    first = max(number - _SHOWN_BEFORE, 1)
    shown = [f"  {place:{width}} | {lines[place - 1]}" for place in range(first, number + 1)]
    line = lines[number - 1]
    start = len(line) - len(line.lstrip())
    carets = "^" * max(len(line.strip()), 1)
    return [*shown, f"  {'':{width}} | {line[:start]}{carets}"]


def _folded(stack: tuple[CallFrame, ...]) -> list[CallFrame | None]:
    if len(stack) <= _STACK_LIMIT:
        return list(stack)
    return [*stack[: _STACK_LIMIT - _STACK_TAIL], None, *stack[-_STACK_TAIL:]]


def frame_text(frame: CallFrame | None, sources: Sources) -> str:
    """A frame as one line, dots for those left out."""
    if frame is None:
        return "..."
    where = "[C]" if frame.what == "C" else f"{sources.title(frame.chunk)}:{frame.line}"
    name = frame.name if frame.what == "main" else f"function '{frame.name}'"
    return f"in {name} ({where})"

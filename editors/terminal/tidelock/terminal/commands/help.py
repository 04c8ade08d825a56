"""``tidelock help``."""

from __future__ import annotations

from tidelock.shared.errors import UsageError
from tidelock.terminal import exits
from tidelock.terminal import help as texts
from tidelock.terminal.arguments import nearest
from tidelock.terminal.catalogue import BY_NAME, FAMILIES
from tidelock.terminal.invocation import Invocation


def run(invocation: Invocation) -> int:
    """Print the overview, or the help of a command.

    Raises:
        UsageError: there is no such command.
    """
    words = invocation.options.topic
    text = texts.topic(words)
    if text is None:
        name = " ".join(words)
        near = nearest(name, [*BY_NAME, *FAMILIES])
        raise UsageError(f"no help on {name!r}", near or "see tidelock help")
    invocation.console.write(text)
    return exits.DONE

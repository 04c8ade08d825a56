"""The command ``tidelock``: reads the command line, does one thing, gives an exit code.

A kernel that is being launched goes its own short way, for its start is measured; everything
else is read by ``arguments`` and done in ``commands``.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

_INTERRUPTED = 130  # exits.INTERRUPTED; also while that module is still being imported


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; the exit code (see ``exits``)."""
    words = list(sys.argv[1:] if argv is None else argv)
    try:
        if words[:2] == ["kernel", "launch"] and not {"-h", "--help"} & set(words):
            from tidelock.terminal.launching import launch

            return launch(words[2:])
        from tidelock.terminal.arguments import run

        return run(words)
    except KeyboardInterrupt:
        return _INTERRUPTED

"""The exit codes of ``tidelock``: what each means, and which one an error ends with."""

from __future__ import annotations

DONE = 0
FAILED = 1
USAGE = 2
CONFIG = 3
KERNEL = 4
UNAVAILABLE = 5
LIMIT = 6
INTERNAL = 70
INTERRUPTED = 130
PIPE_CLOSED = 141
TERMINATED = 143

MEANINGS = {
    DONE: "done",
    FAILED: "it ran and failed: a Lua error, or a check that found something",
    USAGE: "usage: unknown command or flag, malformed argument, unreadable script",
    CONFIG: "the configuration is invalid",
    KERNEL: "a kernel was not found, not reachable, not started, or lost",
    UNAVAILABLE: "not available in this installation or in the chosen Lua",
    LIMIT: "a limit ended it: time or memory",
    INTERNAL: "an internal error of Tidelock",
    INTERRUPTED: "interrupted (Ctrl-C)",
    PIPE_CLOSED: "whoever read the output is gone",
    TERMINATED: "terminated (SIGTERM)",
}
"""What each code means, for help texts; a script's own ``os.exit(n)`` gives n."""

_OF_KIND = {
    "usage": USAGE,
    "config": CONFIG,
    "kernel": KERNEL,
    "unavailable": UNAVAILABLE,
    "lua": FAILED,
}


def of_error(kind: str) -> int:
    """The exit code of an error by its ``kind`` (see ``tidelock.shared.errors``)."""
    return _OF_KIND.get(kind, INTERNAL)

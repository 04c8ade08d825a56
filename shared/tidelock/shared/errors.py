"""The errors Tidelock reports to people, one class per kind of the exit-code table.

An error names what failed and what to do about it; it never carries a key or a secret.
"""

from __future__ import annotations


class TidelockError(Exception):
    """An error with a remedy.

    Args:
        message: one sentence that names what failed.
        hint: what the user can do; empty when the message says it already.
    """

    kind = "internal"

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message}; {self.hint}" if self.hint else self.message


class UsageError(TidelockError):
    """A malformed command, argument or unreadable script (exit code 2)."""

    kind = "usage"


class ConfigError(TidelockError):
    """An option that cannot be used as it stands (exit code 3)."""

    kind = "config"


class KernelError(TidelockError):
    """A kernel that is not there, not reachable, refused to start or was lost (exit code 4)."""

    kind = "kernel"


class Unavailable(TidelockError):  # noqa: N818 - reads as the sentence it prints
    """Something this build or this Lua cannot do (exit code 5); the message says what."""

    kind = "unavailable"

    def __init__(self, what: str, hint: str = "") -> None:
        super().__init__(f"not available: {what}", hint)


class LuaFailure(TidelockError):  # noqa: N818
    """A Lua error that ended what was asked (exit code 1)."""

    kind = "lua"


class NotStopped(TidelockError):  # noqa: N818
    """A request that needs a paused runtime came while nothing is paused."""

    kind = "state"


class BadRequest(TidelockError):  # noqa: N818
    """A request whose content cannot be used; the message names the field."""

    kind = "request"

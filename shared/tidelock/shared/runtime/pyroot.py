"""The outermost frame of the lane in the Python stack, which a debugger of Python shows as ``lua``.

It is the only one of ours that such a debugger is asked to show: a step out needs a frame to go to,
and where it has none it lets the program run on.
"""

from __future__ import annotations

from collections.abc import Callable


def lua(go_on: Callable[[], None]) -> None:
    """All that Lua does, and what it calls in Python."""
    go_on()

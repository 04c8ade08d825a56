"""The bit in which LuaJIT notes that a hook runs, found by looking what arming a hook changes.

While it is set no hook fires in the whole VM, so that code which is evaluated at a stop inside a
hook could not be given up. It is cleared for such code and set again; nothing else is written,
and nothing at all where it is not found.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable

Read = Callable[[int, int], bytes | None]
Arm = Callable[[int], None]

_SPAN = 1024
_ACTIVE = 0x10
_EVENTS = 0x0F
_REFERENCES = ((16, 8), (8, 4))
"""Where a state keeps its global state, with references of 64 and of 32 bits (lj_obj.h)."""


def find(state: int, arm: Arm, read: Read) -> int:
    """The address of the byte, 0 when there is not exactly one that behaves like it.

    Args:
        state: the main state, idle.
        arm: sets a hook for a mask of events, or none for 0.
        read: reads memory, and gives None where there is none.
    """
    for offset, size in _REFERENCES:
        raw = read(state + offset, size)
        world = int.from_bytes(raw, "little") if raw else 0
        seen = []
        for mask in (8, 4, 0):
            arm(mask)
            seen.append(read(world, _SPAN))
        arm(0)
        count, line, none = seen
        if count is None or line is None or none is None:
            continue
        found = [
            place
            for place in range(_SPAN)
            if (count[place], line[place]) == (none[place] | 8, none[place] | 4)
            and not none[place] & _EVENTS
        ]
        if len(found) == 1:
            return world + found[0]
    return 0


def let_in(address: int, is_wanted: bool) -> bool:
    """Let hooks fire inside a hook, or no more; whether that changed anything. On the lane."""
    byte = ctypes.c_uint8.from_address(address)
    before = byte.value
    byte.value = before & ~_ACTIVE if is_wanted else before | _ACTIVE
    return byte.value != before

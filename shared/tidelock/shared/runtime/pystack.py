"""The program's own frames in the Python stack of the lane, cut where Lua called Python.

Tidelock's frames, and those of a debugger or the import system, are never shown.
"""

from __future__ import annotations

import sys
from types import CodeType, FrameType
from typing import Any

from tidelock.shared.runtime import pyvalues
from tidelock.shared.sources import chunk_of_path, encode

_LIMIT = 1000  # frames: LuaJIT hands over some 8000 values at once
_NOT_THE_PROGRAM = ("tidelock.", "importlib", "debugpy", "pydevd", "_pydev")


def fields(border: CodeType) -> tuple[Any, ...]:
    """The frames as flat fields, innermost first.

    Of each: how many calls from Lua lie further inside, name, chunk, line. ``border`` is the code
    that every call from Lua passes.
    """
    found: list[Any] = []
    for borders, frame in _frames(border):
        code = frame.f_code
        found += [borders, encode(code.co_qualname)]
        found += [encode(chunk_of_path(code.co_filename)), frame.f_lineno or 0]
    return tuple(found)


def variables(border: CodeType, number: int) -> tuple[Any, ...]:
    """The local variables of one of these frames (from 1): name, type, text of each."""
    found = _frames(border)
    if not 0 < number <= len(found):
        return ()
    texts: list[bytes] = []
    for name, value in found[number - 1][1].f_locals.items():
        if name.isidentifier():  # not what a comprehension goes through, `.0`
            texts += map(encode, (name, pyvalues.type_name(value), pyvalues.brief(value)))
    return tuple(texts)


def is_of_program(frame: FrameType) -> bool:
    """Whether somebody who debugs a program wants to see a frame."""
    name = frame.f_globals.get("__name__", "")
    if not isinstance(name, str) or frame.f_code.co_filename.startswith("<frozen"):
        return False
    return not name.startswith(_NOT_THE_PROGRAM)


def _frames(border: CodeType) -> list[tuple[int, FrameType]]:
    found: list[tuple[int, FrameType]] = []
    borders = 0
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and len(found) < _LIMIT:
        if frame.f_code is border:
            borders += 1
        elif frame.f_code.co_qualname == "Lane._main":
            break
        elif is_of_program(frame):
            found.append((borders, frame))
        frame = frame.f_back
    return found

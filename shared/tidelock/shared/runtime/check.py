"""Lua's own verdict on a text: a bare state that compiles and never calls what it compiled.

The language server asks it whether a text is valid in the Lua that is selected, and in whose
words it is not. No program ever runs here, so it is no second runtime.
"""

from __future__ import annotations

import threading
from typing import Any

from tidelock.shared.runtime import builds
from tidelock.shared.runtime.streams import shown
from tidelock.shared.sources import encode


class Checker:
    """Bare states, one for each Lua that is asked for; safe from any thread.

    A state is opened at the first question about its Lua.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._loads: dict[str, Any] = {}

    def refusal(self, text: str, lua: str) -> str:
        """What ``load`` has against a text as a file of its own: ``LINE: words``, or empty.

        A byte order mark and a first line that begins with ``#`` are blanked first, as the
        loader of files does; the line stays counted.

        Raises:
            Unavailable: this lupa does not bring that Lua.
        """
        with self._lock:
            load = self._loads.get(lua)
            if load is None:
                load = self._loads[lua] = _open(lua)
            return shown(load(encode(_plain(text))))


def _plain(text: str) -> str:
    text = text.removeprefix("\ufeff")
    if text.startswith("#"):
        end = text.find("\n")
        return text[end:] if end >= 0 else ""
    return text


def _open(lua: str) -> Any:
    module = builds.load(builds.find(lua), share_symbols=False)
    state = module.LuaRuntime(encoding=None, register_eval=False, register_builtins=False)
    return state.eval(
        b"(function() local load = loadstring or load local byte = string.byte "
        b"return function(text) if byte(text) == 27 then return ':1: a precompiled chunk' end "
        b"local chunk, message = load(text, '=') return chunk and '' or message end end)()"
    )

"""What the kernel says of itself: version, banner, language."""

from __future__ import annotations

from tidelock.shared.link.wire import Content
from tidelock.shared.runtime.lane import Lane
from tidelock.shared.version import VERSION


def banner(lua: str) -> str:
    """The greeting of consoles."""
    return f"Tidelock {VERSION}, {lua}: one live Lua runtime for editor, notebook and terminal"


def language_info(runtime: Lane) -> Content:
    """The ``language_info`` of ``kernel_info_reply``."""
    return {
        "name": "lua",
        "version": runtime.version.removeprefix("Lua ").removeprefix("LuaJIT "),
        "mimetype": "text/x-lua",
        "file_extension": ".lua",
        "pygments_lexer": "lua",
        "codemirror_mode": "lua",
    }

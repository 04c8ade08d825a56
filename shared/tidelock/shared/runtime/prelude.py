"""The Lua half of the runtime, loaded into a fresh state before any program.

It knows the files of the ``lua`` folder and the functions they offer; what they do is said
there. Bytes in, bytes out: nothing here decodes.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from tidelock.shared.model import Dialect
from tidelock.shared.runtime.native import Native

if TYPE_CHECKING:
    from tidelock.shared.runtime.bridge import Bridge

_FOLDER = os.path.join(os.path.dirname(__file__), "lua")
_FILES = (
    "originals",
    "values",
    "serve",
    "inspect",
    "coroutines",
    "evaluate",
    "breakpoints",
    "late",
    "budget",
    "leftovers",
    "returns",
    "stepping",
    "moment",
    "streams",
    "loader",
    "fallback",
    "run",
)
_CHUNK = b"=[tidelock]"
_PLAIN_FUNCTIONS = b"""function(functions)
  for name, value in next, functions do
    if type(value) == "userdata" then
      functions[name] = python.as_function(value)
    end
  end
end"""


class Prelude:
    """The prelude in one Lua state; on the lane only.

    Args:
        lua: the ``LuaRuntime``.
        dialect: its language.
        callbacks: an object whose public methods the prelude may call, by their names.
    """

    def __init__(self, lua: Any, dialect: Dialect, callbacks: object) -> None:
        self._lua = lua
        self._dialect = dialect
        names = [name for name in dir(callbacks) if not name.startswith("_")]
        self._host = lua.table_from({name.encode(): getattr(callbacks, name) for name in names})
        # Compiled-in breakpoints call this string; nobody can guess it.
        self.token = f"tidelock {os.urandom(8).hex()}"
        self._host[b"token"] = self.token.encode()
        self._table = lua.table_from({})
        for name in _FILES[:3]:
            self._load(name)
        self.serve_live: Callable[[], None] = self._table[b"serve_live"]
        self.serve_idle: Callable[[], None] = self._table[b"serve_idle"]

    def text(self, name: str) -> bytes:
        """The text of one file."""
        with open(os.path.join(_FOLDER, name + ".lua"), "rb") as file:
            return file.read()

    def _load(self, name: str) -> None:
        plain_load = b"loadstring" if self._dialect == "5.1" else b"load"
        chunk = self._lua.eval(
            b"function(text, name) return assert(" + plain_load + b"(text, name)) end"
        )
        chunk(self.text(name), _CHUNK)(self._table, self._host)

    def open(self, native: Native | None, *, jit: bool, bridge: Bridge | None) -> None:
        """Load the rest, once it is known how the state can be controlled."""
        if native is not None:
            self._host[b"chain"] = native.chain_function
            self._host[b"upvalue"] = native.upvalue_function
            self._host[b"serving"] = native.serving_function
            self._host[b"served"] = native.served_function
            self._table[b"main"] = native.main_thread
        elif self._dialect not in ("5.1", "luajit"):
            self._table[b"main"] = self._lua.eval(b"(coroutine.running())")
        self._table[b"native"] = native is not None
        add = self._lua.eval(
            b"function(path, cpath) package.path = package.path .. path "
            b"package.cpath = package.cpath .. cpath end"
        )
        add(*(text.encode() for text in _installed_modules(self._dialect)))
        if bridge is not None:  # our own functions are not called in the way the program's are
            self._lua.eval(_PLAIN_FUNCTIONS)(self._host)
        for name in _FILES[3:]:
            self._load(name)
        if self._dialect == "luajit" and not jit:
            self._lua.execute(b"jit.off() jit.flush()")
        if bridge is not None:
            self._open_python(bridge)
        else:  # Python is reached through what a host registers, not through lupa's own door
            self._lua.execute(b"python = nil package.loaded.python = nil")
        for name in (
            "run", "load_text", "forget_modules", "set_path", "set_arguments", "plain", "is_chunk",
            "expression",
        ):  # fmt: skip
            setattr(self, name, self._table[name.encode()])

    def let_go(self) -> None:
        """Hold nothing of Lua's any more, also where something holds this."""
        vars(self).clear()

    def _open_python(self, bridge: Bridge) -> None:
        self._load("python")
        look = {
            b"frames": bridge.frames,
            b"variables": bridge.variables,
            b"text": bridge.text,
        }
        table = self._lua.table_from
        looks = table(look)
        self._lua.eval(_PLAIN_FUNCTIONS)(looks)
        bridge.open(self._table[b"python"][b"work"])
        self._table[b"open_python"](table(bridge.offered), table(bridge.ways), looks)

    run: Callable[..., Any]
    load_text: Callable[..., Any]
    forget_modules: Callable[[], None]
    set_path: Callable[[bytes], None]
    set_arguments: Callable[..., None]
    plain: Callable[[bytes], bytes]
    is_chunk: Callable[[bytes], bool]
    expression: Callable[[bytes], tuple[bool, bytes]]


def _installed_modules(dialect: Dialect) -> tuple[str, str]:
    """Where Debian and LuaRocks put modules, as ends for ``package.path`` and ``cpath``.

    The library in the wheel was built with the bare defaults, below ``/usr/local``.
    """
    version = "5.1" if dialect == "luajit" else dialect
    multiarch = getattr(sys.implementation, "_multiarch", "")
    home = os.path.expanduser("~/.luarocks")
    path = cpath = ""
    for root in (home, "/usr"):
        share = f"{root}/share/lua/{version}"
        if os.path.isdir(share):
            path += f";{share}/?.lua;{share}/?/init.lua"
    for folder in (f"{home}/lib/lua/{version}", f"/usr/lib/{multiarch}/lua/{version}"):
        if os.path.isdir(folder):
            cpath += f";{folder}/?.so"
    return path, cpath

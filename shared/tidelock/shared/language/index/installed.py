"""Modules outside the workspace: where Lua itself would look, by its defaults and environment.

Lua's own paths are compiled into it; those that its makefile and the packages of systems and
LuaRocks use are taken here. Nothing is loaded.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tidelock.shared.model import Dialect

_ROOTS = ("/usr/local", "/usr", "~/.luarocks")
_LUAJIT = ("bit", "ffi", "jit", "jit.opt", "jit.p", "jit.profile", "jit.util", "jit.v", "jit.zone",
           "string.buffer", "table.clear", "table.new", "table.isempty", "table.isarray",
           "table.nkeys", "table.clone")  # fmt: skip


def host_globals(*, python: bool) -> tuple[str, ...]:
    """Globals that our runtime sets before a program runs; ``python`` where it may reach Python."""
    return ("arg", "ARGS", *(("python",) if python else ()))


def built_in(dialect: Dialect) -> tuple[str, ...]:
    """Modules that need no file, besides the tables of the standard library."""
    return ("tidelock", *_LUAJIT) if dialect == "luajit" else ("tidelock",)


def is_installed(name: str, dialect: Dialect, environment: Mapping[str, str] = os.environ) -> bool:
    """Whether Lua would find a module without the workspace: one in Lua or in C."""
    if not name.strip(".") or "\0" in name:
        return False
    inner = name.replace(".", os.sep)
    head = name.partition(".")[0]
    for template in _templates(dialect, environment):
        for part in dict.fromkeys((inner, head) if template.endswith(".so") else (inner,)):
            if os.path.isfile(os.path.expanduser(template.replace("?", part))):
                return True
    return False


def _templates(dialect: Dialect, environment: Mapping[str, str]) -> Iterator[str]:
    version = "5.1" if dialect == "luajit" else dialect
    for name in ("LUA_PATH", "LUA_CPATH"):
        for variable in (f"{name}_{version.replace('.', '_')}", name):
            given = environment.get(variable)
            if given is not None:
                parts = given.split(";")
                yield from (part for part in parts if "?" in part and os.path.isabs(part))
                break
    for root in _ROOTS:
        share = os.path.join(root, "share", "lua", version)
        yield os.path.join(share, "?.lua")
        yield os.path.join(share, "?", "init.lua")
        yield os.path.join(root, "lib", "lua", version, "?.so")
        if root == "/usr":
            for triple in _triples():
                yield os.path.join(root, "lib", triple, "lua", version, "?.so")


def _triples() -> tuple[str, ...]:
    """What Debian calls this machine in its folders."""
    machine = os.uname().machine if hasattr(os, "uname") else ""
    return (f"{machine}-linux-gnu",) if machine else ()

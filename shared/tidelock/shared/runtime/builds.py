"""The Lua builds that the installed lupa brings, and how one of them is opened.

It must never import a build that nobody asked for: each is a shared library of its own,
and the symbols of the one the kernel uses are made global for C modules such as ``lpeg``.
"""

from __future__ import annotations

import importlib
import importlib.util
import os
import sys
from types import ModuleType
from typing import NamedTuple

from tidelock.shared.errors import Unavailable, UsageError
from tidelock.shared.model import Dialect


class Build(NamedTuple):
    """One Lua that lupa bundles: the name users select it by, its module and its language."""

    name: str
    module: str
    dialect: Dialect


BUILDS: tuple[Build, ...] = (
    Build("5.1", "lupa.lua51", "5.1"),
    Build("5.2", "lupa.lua52", "5.2"),
    Build("5.3", "lupa.lua53", "5.3"),
    Build("5.4", "lupa.lua54", "5.4"),
    Build("5.5", "lupa.lua55", "5.5"),
    Build("luajit2.1", "lupa.luajit21", "luajit"),
    Build("luajit2.0", "lupa.luajit20", "luajit"),
)


def available() -> list[Build]:
    """The builds that are installed here; LuaJIT is missing on some platforms."""
    return [build for build in BUILDS if importlib.util.find_spec(build.module) is not None]


def find(name: str) -> Build:
    """The build a user means by ``5.4``, ``luajit`` (the newest there is) or ``luajit2.0``.

    Raises:
        UsageError: no build has that name.
        Unavailable: the name is right but this lupa does not bring the build.
    """
    wanted = name.lower().removeprefix("lua ") or "5.4"
    named = [build for build in BUILDS if wanted in (build.name, build.dialect)]
    if not named:
        names = ", ".join(["5.1", "5.2", "5.3", "5.4", "5.5", "luajit"])
        raise UsageError(f"unknown Lua version {name!r}", f"choose one of {names}")
    for build in named:
        if importlib.util.find_spec(build.module) is not None:
            return build
    here = ", ".join(build.name for build in available())
    raise Unavailable(f"Lua {name}", f"this lupa brings {here}")


_shared: list[str] = []
"""The build whose symbols are global in this process: a fact of the process, not a setting."""


def load(build: Build, *, share_symbols: bool) -> ModuleType:
    """Import the build's lupa module.

    Every build exports the same names, so each is bound to its own (RTLD_DEEPBIND, where the
    platform has it): a second one would otherwise call into the first and crash.

    Args:
        build: which one.
        share_symbols: make its C symbols global, as Lua C modules need them (Linux: without
            it they fail with "undefined symbol"). Only the first build that asks gets it; in
            one process C modules work for one Lua.
    """
    if build.module in sys.modules or not hasattr(sys, "setdlopenflags"):
        return importlib.import_module(build.module)
    flags = sys.getdlopenflags()
    wanted = flags | getattr(os, "RTLD_DEEPBIND", 0)
    if share_symbols and not _shared:
        _shared.append(build.name)
        wanted |= os.RTLD_GLOBAL
    sys.setdlopenflags(wanted)
    try:
        return importlib.import_module(build.module)
    finally:
        sys.setdlopenflags(flags)

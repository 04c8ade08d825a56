"""The Lua builds of this machine, and the one that the tests are about.

Nothing here imports a build: how its library is loaded is the runtime's choice, and the first
import decides.
"""

from __future__ import annotations

import functools
import importlib.util
import os
from typing import NamedTuple

import pytest

_VERSIONS = ("5.1", "5.2", "5.3", "5.4", "5.5")
_MODULES = {
    **{version: f"lupa.lua{version.replace('.', '')}" for version in _VERSIONS},
    "luajit2.0": "lupa.luajit20",
    "luajit2.1": "lupa.luajit21",
}


class LuaBuild(NamedTuple):
    """One build: its name (``5.4``, ``luajit2.1``) and the module that holds it."""

    name: str
    module: str

    @property
    def jit(self) -> bool:
        """Whether it is a LuaJIT."""
        return self.name.startswith("luajit")

    @property
    def dialect(self) -> str:
        """The language it speaks: ``5.1`` to ``5.5``, or ``luajit``."""
        return "luajit" if self.jit else self.name

    @property
    def option(self) -> str:
        """What selects it in the option ``lua.version``."""
        return self.name


@functools.cache
def lua_builds() -> tuple[LuaBuild, ...]:
    """The builds that can be imported here, oldest first."""
    return tuple(
        LuaBuild(name, module)
        for name, module in _MODULES.items()
        if importlib.util.find_spec(module) is not None
    )


def build_under_test() -> LuaBuild:
    """The build that ``TIDELOCK_TEST_LUA`` names; 5.4 if it names none.

    Raises:
        LookupError: there is no such build here; the text lists those that are.
    """
    name = os.environ.get("TIDELOCK_TEST_LUA") or "5.4"
    for build in lua_builds():
        if build.name == name:
            return build
    here = ", ".join(build.name for build in lua_builds())
    raise LookupError(f"TIDELOCK_TEST_LUA is {name!r}; the builds here are {here}")


def speaks(build: LuaBuild, wanted: str) -> bool:
    """Whether a build is meant by ``5.4``, ``5.2+``, ``5.3-``, ``luajit``, ``lua`` and the like.

    A sign includes the version itself and means no LuaJIT; ``lua`` is every build that is none.
    """
    if wanted == "lua":
        return not build.jit
    if wanted == "luajit" or wanted in _MODULES:
        return wanted in (build.name, build.dialect)
    version, sign = wanted[:-1], wanted[-1:]
    if version not in _VERSIONS or sign not in "+-":
        raise ValueError(
            f"{wanted!r} names no Lua; write 5.4, 5.2+, 5.3-, luajit, luajit2.1 or lua"
        )
    if build.jit:
        return False
    at, limit = _VERSIONS.index(build.name), _VERSIONS.index(version)
    return at >= limit if sign == "+" else at <= limit


def needs_lua(*wanted: str) -> pytest.MarkDecorator:
    """Skip a test unless the build under test is one of those meant.

    @needs_lua("5.2+", "luajit")
    def test_goto(): ...
    """
    build = build_under_test()
    meant = [speaks(build, each) for each in wanted]
    return pytest.mark.skipif(
        not any(meant),
        reason=f"needs Lua {' or '.join(wanted)}, and this is {build.name}",
    )

"""Names of the standard library that some Luas have and others do not, and what stands for them.

Which Lua has a name is read from the definition files; what replaces it is written down here, as
far as the manuals of Lua say so ("Incompatibilities with the Previous Version").
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from tidelock.shared.language.stdlib import library
from tidelock.shared.model import DIALECTS, Dialect

_NAMED = {"luajit": "LuaJIT"}


class Successor(NamedTuple):
    """What stands for a name: another name, or with ``{0}`` an expression of the arguments.

    ``dialects`` are the Luas in which it does. Empty words of ``form`` say that there is none, and
    ``advice`` then what to do.
    """

    form: str
    dialects: tuple[Dialect, ...]
    advice: str = ""

    @property
    def words(self) -> str:
        """What it is called in a message."""
        return self.advice or self.form


_FIRST: tuple[Dialect, ...] = ("5.1", "luajit")
_FROM_2: tuple[Dialect, ...] = ("5.2", "5.3", "5.4", "5.5")
_FROM_3: tuple[Dialect, ...] = ("5.3", "5.4", "5.5")
_BITS = {"band": "&", "bor": "|", "bxor": "~"}
_SHIFTS = {"lshift": "<<", "rshift": ">>"}
"""The functions work on 32 bits and the operators on 64, so that nothing is put in their place."""

SUCCESSORS: Mapping[str, Successor] = {
    "gcinfo": Successor('collectgarbage("count")', DIALECTS),
    "loadstring": Successor("load", _FROM_2),
    "math.atan2": Successor("math.atan", _FROM_3),
    "math.ldexp": Successor("{0} * 2.0 ^ {1}", ("5.3", "5.4"), "m * 2.0 ^ e"),
    "math.log10": Successor("math.log({0}, 10)", _FROM_2, "math.log(x, 10)"),
    "math.mod": Successor("math.fmod", DIALECTS),
    "math.pow": Successor("{0} ^ {1}", DIALECTS, "^"),
    "package.loaders": Successor("package.searchers", _FROM_2),
    "package.searchers": Successor("package.loaders", _FIRST),
    "string.gfind": Successor("string.gmatch", DIALECTS),
    "table.foreach": Successor("", DIALECTS, "for ... in pairs"),
    "table.foreachi": Successor("", DIALECTS, "for ... in ipairs"),
    "table.getn": Successor("#{0}", DIALECTS, "#"),
    "table.unpack": Successor("unpack", _FIRST),
    "unpack": Successor("table.unpack", _FROM_2),
    **{
        f"{library_}.{name}": Successor(f"{{0}} {sign} {{1}}", _FROM_3, sign)
        for library_ in ("bit", "bit32")
        for name, sign in _BITS.items()
    },
    **{
        f"{library_}.{name}": Successor("", _FROM_3, sign)
        for library_ in ("bit", "bit32")
        for name, sign in _SHIFTS.items()
    },
}
"""By the name that is gone, or is not there yet, what does the same."""


def shown(dialect: Dialect) -> str:
    """What people call a Lua."""
    return _NAMED.get(dialect, f"Lua {dialect}")


def successor(name: str, dialect: Dialect) -> Successor | None:
    """What stands for a name such as ``table.getn`` in a Lua."""
    found = SUCCESSORS.get(name)
    return found if found is not None and dialect in found.dialects else None


def elsewhere(name: str, dialect: Dialect) -> str:
    """What is to be said of a name that only other Luas have; empty if none has it."""
    path = name.split(".")
    others = [one for one in DIALECTS if one != dialect and library(one).entry(path) is not None]
    if not others:
        return ""
    better = successor(name, dialect)
    if better is None:
        return f"'{name}' is not in {shown(dialect)}; {shown(others[0])} has it"
    has = f"'{name}' is in {shown(others[0])}, not in {shown(dialect)}"
    return f"{has}; write '{better.words}'"


def dropped(dialect: Dialect) -> Mapping[str, str]:
    """The names of a Lua that a later one has not, and that it can do without, with what to say."""
    found: dict[str, str] = {}
    own = library(dialect)
    later = DIALECTS[DIALECTS.index("5.1" if dialect == "luajit" else dialect) + 1 :]
    for name in SUCCESSORS:
        better = successor(name, dialect)
        path = name.split(".")
        if better is None or own.entry(path) is None:
            continue
        without = [one for one in later if one != "luajit" and library(one).entry(path) is None]
        if without:
            found[name] = f"'{name}' is gone in {shown(without[0])}; use '{better.words}'"
    return found

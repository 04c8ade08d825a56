"""Breakpoints compiled into a chunk: a call in front of the statement, on the same line.

The call is ``do ("token")(site, names) end`` through the string metatable: it needs no name
that a script could shadow, adds no upvalue of its own and keeps every line number. It only
rewrites text; what a site means is decided when it is reached.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from tidelock.shared.debug.breakpoints import tree_of
from tidelock.shared.language.scopes import resolve
from tidelock.shared.model import Breakpoint, Dialect, Spot
from tidelock.shared.syntax import conditions

_WITHOUT_ENV = ("5.1", "luajit")


class Site(NamedTuple):
    """One call compiled into a loaded chunk.

    ``names`` are the variables it hands over, in order, comma separated; ``condition`` is the
    one compiled in place, empty when the call is made every time; ``visible`` are the local names
    there, handed over or not.
    """

    number: int
    spot: Spot
    names: str
    condition: str
    visible: frozenset[str]

    def serves(self, wanted: Needs, dialect: Dialect) -> bool:
        """Whether what the call hands over is all that a breakpoint's expressions take."""
        names = self.names.split(", ") if self.names else []
        globals_reach = "_ENV" in names or dialect in _WITHOUT_ENV
        return ("..." in names or not wanted.varargs) and all(
            name in names or (globals_reach and name not in self.visible) for name in wanted.free
        )


class Instrumented(NamedTuple):
    """A text with its calls, and the sites they carry."""

    text: str
    sites: tuple[Site, ...]


class Needs(NamedTuple):
    """What the expressions of a breakpoint take from where they stand."""

    free: tuple[str, ...]
    varargs: bool


def needs(point: Breakpoint, dialect: Dialect) -> Needs:
    """The free names of a breakpoint's condition and log message together."""
    expressions = [point.asked.condition] if point.asked.condition else []
    for piece in conditions.pieces(point.asked.log_message, dialect):
        if not isinstance(piece, str):
            expressions.append(piece.text)
    free: dict[str, None] = {}
    varargs = False
    for expression in expressions:
        found = conditions.names(expression, dialect)
        free.update(dict.fromkeys(found.free))
        varargs = varargs or found.varargs
    return Needs(tuple(free), varargs)


def handed_over(wanted: Sequence[Needs], visible: set[str], dialect: Dialect) -> str:
    """The argument list of a call: visible variables by name, globals through ``_ENV``."""
    free = dict.fromkeys(name for need in wanted for name in need.free)
    names = [name for name in free if name in visible]
    if len(names) < len(free) and dialect not in _WITHOUT_ENV and "_ENV" not in names:
        names.append("_ENV")
    if any(need.varargs for need in wanted):
        names.append("...")
    return ", ".join(names)


class Call(NamedTuple):
    """A call as it is written, and the offset of the statement in front of which it stands."""

    offset: int
    text: str


def instrument(
    text: str,
    dialect: Dialect,
    breakpoints: Sequence[tuple[Spot, Breakpoint]],
    token: str,
    first_site: int,
    *,
    guarded_globals: bool,
) -> Instrumented:
    """Put a call in front of every statement that one of the breakpoints stands on.

    Args:
        text: the chunk's text, as Lua would load it.
        dialect: the Lua that will load it.
        breakpoints: those of this text, with the spots on which they stand.
        token: the string whose call is the probe.
        first_site: number of the first new site.
        guarded_globals: the global table has a metatable, so that reading a global may raise
            and a condition with globals must not be compiled bare.
    """
    tree = tree_of(text, dialect)
    if not tree.ok or not breakpoints:
        return Instrumented(text, ())
    scopes = resolve(tree)

    def visible(offset: int) -> set[str]:
        return {found.name for found in scopes.visible(offset)}

    written, sites = calls(
        dialect, breakpoints, visible, token, first_site, guarded_globals=guarded_globals
    )
    return Instrumented(woven(text, written), tuple(sites))


def calls(
    dialect: Dialect,
    breakpoints: Sequence[tuple[Spot, Breakpoint]],
    visible_at: Callable[[int], set[str]],
    token: str,
    first_site: int,
    *,
    guarded_globals: bool,
) -> tuple[list[Call], list[Site]]:
    """The calls for breakpoints and their sites, in the order of the text.

    ``visible_at`` gives the local names that code at an offset can use; for the rest see
    ``instrument``.
    """
    spots = {spot.offset: spot for spot, _ in breakpoints}
    sites: list[Site] = []
    written: list[Call] = []
    for number, offset in enumerate(sorted(spots), first_site):
        standing = [point for spot, point in breakpoints if spot.offset == offset]
        visible = visible_at(offset)
        names = handed_over([needs(point, dialect) for point in standing], visible, dialect)
        bare = _bare(standing, visible, dialect, guarded_globals=guarded_globals)
        call = f'("{token}")({number}{", " + names if names and not bare else ""})'
        if bare:
            call = f"if {bare} then {call} end"
        written.append(Call(offset, f"do {call} end "))
        condition = standing[0].asked.condition if bare else ""
        handed = "" if bare else names
        sites.append(Site(number, spots[offset], handed, condition, frozenset(visible)))
    return written, sites


def woven(text: str, written: Sequence[Call], start: int = 0, end: int | None = None) -> str:
    """A part of a text with the calls that belong in it."""
    end = len(text) if end is None else end
    pieces: list[str] = []
    place = start
    for call in written:
        if start <= call.offset < end:
            pieces += [text[place : call.offset], call.text]
            place = call.offset
    return "".join([*pieces, text[place:end]])


def _bare(
    standing: list[Breakpoint], visible: set[str], dialect: Dialect, *, guarded_globals: bool
) -> str:
    """The condition to compile in place, where one breakpoint has one that cannot raise."""
    if len(standing) != 1 or not standing[0].asked.condition:
        return ""
    found = conditions.names(standing[0].asked.condition, dialect)
    if not found.bare or found.varargs or not found.inline:
        return ""
    if guarded_globals and not visible.issuperset(found.free):
        return ""
    return found.inline

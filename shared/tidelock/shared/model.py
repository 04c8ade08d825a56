"""The plain types every part of Tidelock speaks: one per concept, immutable, free of wire names.

They are named tuples rather than dataclasses: thirty frozen dataclasses cost the kernel
process 17 ms at import, thirty named tuples 3 ms, and start-up is a promise.
No type in here holds a Lua object, a socket or a client.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

Dialect = Literal["5.1", "5.2", "5.3", "5.4", "5.5", "luajit"]
DIALECTS: tuple[Dialect, ...] = ("5.1", "5.2", "5.3", "5.4", "5.5", "luajit")
"""The Lua languages; a lupa build speaks one of them (both LuaJIT builds speak ``luajit``)."""

Severity = Literal["error", "warning", "information", "hint"]


class Related(NamedTuple):
    """A second place that explains a problem; offsets are code points in the same text."""

    start: int
    end: int
    message: str


class Problem(NamedTuple):
    """Something wrong in a text.

    ``start`` and ``end`` are code point offsets, ``code`` the stable name of the kind of problem
    (``syntax-error``), ``origin`` who says so: our parser, or Lua's own ``load``.
    """

    code: str
    severity: Severity
    start: int
    end: int
    message: str
    origin: Literal["parser", "load"] = "parser"
    related: tuple[Related, ...] = ()

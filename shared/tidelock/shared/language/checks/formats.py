"""Formats of ``string.format`` that are written out: their conversions, and the values for them.

Only what every Lua refuses counts as wrong, and values beyond the last conversion. Formats that
are put together, and those of patterns, ``os.date`` and ``string.pack``, are left alone.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tidelock.shared.language.types.kinds import ClassType, lua_type
from tidelock.shared.model import Problem
from tidelock.shared.syntax.tree import Call, Member, MethodCall, Name, Paren, String, Vararg

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tidelock.shared.language.types.inference import Types
    from tidelock.shared.language.types.texts import Text
    from tidelock.shared.syntax.tree import Expression

_CONVERSION = re.compile(r"%[-+ #0]*([0-9]*)(?:\.([0-9]*))?(.?)", re.DOTALL)
_LETTERS = frozenset("aAcdeEfFgGiopqsuxX")
"""Those that some Lua knows."""
_NUMERIC = frozenset("aAcdeEfFgGiouxX")
_NO_NUMBERS = ("boolean", "table", "function")


def formats(types: Types, text: Text, node: Call | MethodCall) -> Iterator[Problem]:
    """The problems of one call, if it is one of ``string.format`` with its format written out."""
    written, values = _written(text, node)
    if written is None:
        return
    letters: list[tuple[str, str]] = []
    for match in _CONVERSION.finditer(written.value):
        width, precision, letter = match[1], match[2] or "", match[3]
        if match[0] == "%%":
            continue
        if letter not in _LETTERS or len(width) > 2 or len(precision) > 2:
            shown = match[0][:20].encode("unicode_escape", "replace").decode()
            message = f"'{shown}' is no conversion of 'string.format'"
            if not letter:
                message += "; write '%%' for a percent sign"
            yield Problem("bad-format", "warning", written.start, written.end, message)
            return
        letters.append((match[0][:20], letter))
    is_open = bool(values) and isinstance(values[-1], Call | MethodCall | Vararg)
    known = values[:-1] if is_open else values
    if len(values) < len(letters) and not is_open:
        message = f"'{letters[len(values)][0]}' has no value; {_are(len(values))} given"
        yield Problem("bad-format", "warning", written.start, written.end, message)
    elif len(known) > len(letters):
        first = known[len(letters)]
        message = f"the format has no place for this; it takes {_values(len(letters))}"
        yield Problem("bad-format", "warning", first.start, values[-1].end, message)
    for value, (shown, letter) in zip(known, letters, strict=False):
        if letter not in _NUMERIC:
            continue
        given = types.expression(text, value)
        kind = lua_type(given)
        if kind in _NO_NUMBERS and not isinstance(given, ClassType):  # one of LuaJIT's numbers?
            message = f"'{shown}' wants a number; this is a {kind}"
            yield Problem("bad-format", "warning", value.start, value.end, message)


def _written(text: Text, node: Call | MethodCall) -> tuple[String | None, Sequence[Expression]]:
    """The format of a call and the values behind it."""
    if isinstance(node, MethodCall):
        holder = node.object
        inner = holder.inner if isinstance(holder, Paren) else holder
        is_ours = node.key == "format" and isinstance(inner, String)
        return (inner if is_ours and isinstance(inner, String) else None), node.arguments
    function = node.function
    if not (
        isinstance(function, Member)
        and function.key == "format"
        and isinstance(function.object, Name)
        and function.object.name == "string"
        and node.arguments
        and isinstance(node.arguments[0], String)
    ):
        return None, ()
    scopes = text.members.scopes
    if scopes.meaning(function.object.start) is not None:
        return None, ()
    if scopes.global_sets("string"):
        return None, ()
    return node.arguments[0], node.arguments[1:]


def _values(count: int) -> str:
    return f"{count} value{'' if count == 1 else 's'}"


def _are(count: int) -> str:
    return f"{_values(count)} {'is' if count == 1 else 'are'}"

"""The fields that hover shows of a table or of a value of an annotated class.

What stands in the text or is declared; nothing of the running program is in here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tidelock.shared.language.descriptions import describe, typed
from tidelock.shared.language.paths import tail
from tidelock.shared.language.scopes import Local, Reference
from tidelock.shared.language.types.kinds import NIL, ClassType, options
from tidelock.shared.language.types.tracing import trace
from tidelock.shared.syntax.tree import Member, Name

if TYPE_CHECKING:
    from tidelock.shared.language.members import Members
    from tidelock.shared.language.paths import Path
    from tidelock.shared.language.types.inference import Types
    from tidelock.shared.language.types.kinds import Type
    from tidelock.shared.language.types.properties import Found
    from tidelock.shared.language.types.texts import Text

_LONGEST = 80


def shape(known: Members, path: Path, most: int) -> str:
    """The fields of a table as far as the text shows them, on one line."""
    fields = known.fields(path)
    if not fields or not most:
        return ""
    parts = []
    for key, places in list(fields.items())[:most]:
        name = tail((key,)).removeprefix(".")
        function = any(place.body is not None for place in places)
        parts.append(f"{name}()" if function else name)
    more = ", ..." if len(fields) > most else ""
    return f" = {{ {', '.join(parts)}{more} }}"


def type_at(types: Types, text: Text, local: Local, start: int) -> Type | None:
    """The type that a local has at one of its uses, or where it is declared."""
    flow = trace(text.tree, local).get(start)
    if flow is None:
        return None
    return types.extended(text, (local,), types.names.flow(text, flow))


def written_type(types: Types, text: Text, local: Local, start: int) -> str:
    """The type as it is written behind a name; empty where nothing tells it."""
    kind = type_at(types, text, local, start)
    return "" if kind is None else typed(types, kind)


def with_fields(types: Types, text: Text, offset: int, signature: str, most: int) -> str:
    """A signature with the fields of the class, a line each, where an offset has a value of one.

    A table of which the text shows fields has them in its signature already.
    """
    if not most or " = { " in signature:
        return signature
    kind = _kind(types, text, offset)
    classes = [] if kind is None else [one for one in options(kind) if one is not NIL]
    if len(classes) != 1 or not isinstance(classes[0], ClassType):
        return signature
    return listed(types, signature, types.properties.fields(classes[0]), most)


def listed(types: Types, signature: str, found: Found, most: int) -> str:
    """A signature with fields, a line each."""
    lines = [
        describe(types, tail((key,)).removeprefix("."), places, infer=False).signature
        for key, places in list(found.items())[:most]
    ]
    return braced(signature, lines, len(found) - most) if lines else signature


def braced(signature: str, lines: list[str], more: int) -> str:
    """A signature with lines in braces, long ones cut; ``more`` of them are not shown."""
    cut = [one if len(one) <= _LONGEST else f"{one[: _LONGEST - 1]}…" for one in lines]
    if more > 0:
        cut.append(f"... ({more} more)")
    return "\n".join([f"{signature} {{", *(f"  {one}" for one in cut), "}"])


def _kind(types: Types, text: Text, offset: int) -> Type | None:
    """The type of the variable or field at an offset."""
    place = text.members.scopes.at(offset)
    if isinstance(place, Local):
        return type_at(types, text, place, place.start)
    if isinstance(place, Reference) and place.local is not None:
        return type_at(types, text, place.local, place.start)
    for node in reversed(text.tree.under(offset)):
        if isinstance(node, Name) and node.name:
            return types.expression(text, node)
        if isinstance(node, Member):
            is_key = node.key and node.key_start <= offset
            return types.expression(text, node) if is_key else None
    return None

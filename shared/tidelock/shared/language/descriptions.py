"""Fields as people are shown them: how one is called, of what type it is, what is said of it.

What is asked stands in a question to ``Types``; nothing in here decides which fields there are.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

from tidelock.shared.language.annotations import digest, shown, signature
from tidelock.shared.language.luacats import tags
from tidelock.shared.language.members import parameters
from tidelock.shared.language.paths import path_text
from tidelock.shared.language.stdlib import library
from tidelock.shared.language.types.kinds import NEVER, NIL, UNKNOWN, Function, Shape
from tidelock.shared.language.variables import Local

if TYPE_CHECKING:
    from tidelock.shared.language.annotations import Run
    from tidelock.shared.language.stdlib import Entry
    from tidelock.shared.language.types.inference import Types
    from tidelock.shared.language.types.kinds import Type
    from tidelock.shared.language.types.properties import Property
    from tidelock.shared.language.types.texts import Text
    from tidelock.shared.model import Key
    from tidelock.shared.syntax.tree import FunctionBody


class Described(NamedTuple):
    """A field: ``signature`` is how it is called, or its type, under the name it was asked by.

    ``entry`` is what the library says of it, ``place`` where it is best found.
    """

    kind: Literal["function", "method", "field"]
    signature: str
    documentation: str
    place: Property
    entry: Entry | None = None
    is_declared: bool = False


def describe(types: Types, name: str, places: list[Property], *, infer: bool = True) -> Described:
    """A field by its places, under a name such as ``t.size``.

    With ``infer``, types that nobody wrote are found too, which takes more time.
    """
    place = next((one for one in places if one.body is not None), places[0])
    entry = library_entry(place)
    if entry is not None:
        kind: Literal["function", "method", "field"] = "field"
        if entry.kind in ("function", "method"):
            kind = "method" if entry.kind == "method" else "function"
        text = entry.signature or f"{name}: {entry.type}"
        return Described(kind, text, entry.documentation, place, entry)
    declared = next((one for one in places if one.declared is not None), None)
    if declared is not None and declared.declared is not None and place.body is None:
        assert declared.run is not None
        tag = declared.declared.tag
        written = shown(declared.run.raw, tag.type)
        mark = "?" if tag.is_optional else ""
        return Described(
            "function" if written.startswith("fun(") else "field",
            f"{name}{mark}: {written}",
            declared.declared.text,
            declared,
            None,
            True,
        )
    if place.body is not None and place.text is not None:
        is_method = place.field is not None and place.field.method
        text, said = of_function(types, place.text, name, place.body, infer=infer)
        return Described("method" if is_method else "function", text, said, place)
    return Described("field", f"{name}{typed(types, types.properties.type(places))}",
                     types.properties.documentation(place), place)  # fmt: skip


def of_function(
    types: Types, text: Text, name: str, body: FunctionBody, *, infer: bool = True
) -> tuple[str, str]:
    """The signature of a function, with what it was found to return, and what is said of it."""
    run = types.calls.comment(text, body)
    known = digest(run)
    found = signature(name, parameters(body), known)
    if infer and not known.returns:
        found += types.printer.returns(Function((), text, body))
    return found, told(name, run)


def told(name: str, run: Run) -> str:
    """What the comment of a function says: text, parameters and results, other ways to call it."""
    text = digest(run).text
    lines: list[str] = []
    ways = [f"`{one}`" for one in overloads(name, run)]
    for item in run.block.items:
        if isinstance(item, tags.Param) and item.text:
            lines.append(f"- `{item.name.text}`: {item.text}")
        elif isinstance(item, tags.Return) and (item.text or _named(item)):
            names = ", ".join(f"`{one}`" for one in _named(item))
            lines.append(f"- returns {names}: {item.text}" if names and item.text
                         else f"- returns {names or item.text}")  # fmt: skip
        elif isinstance(item, tags.Mark):
            lines.append(f"`@{item.word}` {item.text}".rstrip())
    return "\n\n".join(part for part in (text, "\n".join(lines), "\n\n".join(ways)) if part)


def overloads(name: str, run: Run) -> list[str]:
    """The other ways to call a function, as its comment writes them."""
    written = [item.function for item in run.block.items if isinstance(item, tags.Overload)]
    return [name + shown(run.raw, one).partition("fun")[2] for one in written]


def _named(item: tags.Return) -> list[str]:
    return [
        one.name.text for one in item.results if one.name is not None and one.name.text != "..."
    ]


def typed(types: Types, kind: Type) -> str:
    """``: T`` behind a name, empty where nothing is known that is worth saying."""
    if kind in (UNKNOWN, NIL, NEVER):
        return ""
    if isinstance(kind, Shape) and kind.base is None and not types.properties.fields(kind):
        text = types.printer.text(kind)
        return "" if text == "table" else f": {text}"
    return f": {types.printer.text(kind)}"


def library_entry(place: Property) -> Entry | None:
    """What the standard library says of a field that is its own."""
    text = place.text
    if text is None or text.library is None or place.path is None:
        return None
    return library(text.library).entry((*class_path(text, place.path), place.key))


def class_path(text: Text, path: tuple[object, ...]) -> tuple[object, ...]:
    """A path whose root is the name of the class that a local holds."""
    root = path[:1]
    name = text.declared.paths.get(root) if root and isinstance(root[0], Local) else None
    return path if name is None else (name, *path[1:])


def qualified(place: Property, key: Key) -> str:
    """A field with the table it is noted at, as it would be written there."""
    if place.path is None:
        return str(key)
    return path_text((*place.path, key))

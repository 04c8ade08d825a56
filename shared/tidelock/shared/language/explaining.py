"""What the words of annotations say when they are pointed at: types with their fields, tags, codes.

Parameters are told as the variables that they are (``hover``).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tidelock.shared.language.annotations import shown
from tidelock.shared.language.checks.codes import CODES
from tidelock.shared.language.descriptions import describe
from tidelock.shared.language.hover_fields import braced, listed
from tidelock.shared.language.luacats import tags
from tidelock.shared.language.luacats.catalogue import ACTS, MANNERS, TAGS
from tidelock.shared.language.mentions import TYPES
from tidelock.shared.language.paths import tail
from tidelock.shared.language.types.declared import DeclaredAlias, DeclaredClass, DeclaredEnum
from tidelock.shared.language.types.kinds import BASICS, ClassType
from tidelock.shared.syntax.tree import NamedField

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tidelock.shared.language.mentions import Mention
    from tidelock.shared.language.types.declared import Declaration
    from tidelock.shared.language.types.inference import Types
    from tidelock.shared.language.types.texts import Text


def explain(types: Types, text: Text, mention: Mention, most: int) -> tuple[str, str] | None:
    """A word as Lua or annotation, and what is said of it as markdown; None for nothing.

    Of a class or an enum ``most`` fields are shown.
    """
    word = mention.text
    if mention.role in TYPES or mention.role == "see":
        return of_type(types, text, word, most)
    if mention.role == "tag":
        told = TAGS.get(word.removeprefix("@"))
        return None if told is None else (f"---{word} {told.usage}".rstrip(), told.meaning)
    if mention.role == "type variable":
        return f"(type variable) {word}{_bound(mention)}", ""
    if mention.role == "field":
        return _field(types, text, mention)
    if mention.role == "code" and word in CODES:
        code = CODES[word]
        fix = f"\n\nmended by: {code.fix}" if code.fix else ""
        return word, f"{code.severity}: {code.meaning}{fix}"
    said = {"manner": MANNERS, "action": ACTS}.get(mention.role, {}).get(word)
    return None if said is None else (word, said)


def of_type(types: Types, text: Text, name: str, most: int) -> tuple[str, str] | None:
    """A type by its name: what it is, its fields or values, and what its comment says."""
    found = types.meanings.declarations(name, text)
    if not found:
        return (f"(type) {name}", "a type of Lua") if name in BASICS else None
    where, first = next((one for one in found if not isinstance(one[1], DeclaredClass)), found[0])
    if isinstance(first, DeclaredAlias):
        written = "" if first.tag.type is None else f" = {shown(first.run.raw, first.tag.type)}"
        return f"(alias) {name}{written}", joined(first.tag.text, _place(text, where, first))
    if isinstance(first, DeclaredEnum):
        values = list(_values(where, first))
        head = f"(enum) {name}"
        if values and most:
            head = braced(head, values[:most], len(values) - most)
        return head, joined(first.tag.text, _place(text, where, first))
    return _class(types, text, found, most)


def _class(
    types: Types, text: Text, found: list[tuple[Text, Declaration]], most: int
) -> tuple[str, str]:
    classes = [(where, one) for where, one in found if isinstance(one, DeclaredClass)]
    tag = classes[0][1].tag
    name = tag.name.text
    variables = ", ".join(one.name.text for one in tag.variables)
    parents = dict.fromkeys(
        shown(one.run.raw, parent) for _, one in classes for parent in one.tag.parents
    )
    head = f"(class) {name}{f'<{variables}>' if variables else ''}"
    head += f": {', '.join(parents)}" if parents else ""
    head = listed(types, head, types.properties.own(ClassType(name, (), text)), most)
    said = [one.text or one.tag.text for _, one in classes]
    places = [_place(text, where, one) for where, one in classes]
    return head, joined(*said, *dict.fromkeys(places))


def _values(where: Text, declaration: DeclaredEnum) -> Iterator[str]:
    """The lines of the table of an enum."""
    fields = () if declaration.table is None else declaration.table.fields
    source = where.tree.text
    for one in fields:
        if isinstance(one, NamedField):
            yield f"{one.name.name} = {source[one.value.start : one.value.end]}"


def _field(types: Types, text: Text, mention: Mention) -> tuple[str, str] | None:
    if not mention.holder:
        return None
    key = int(mention.text) if mention.text.isdecimal() else mention.text
    places = types.properties.find(ClassType(mention.holder, (), text), key)
    if not places:
        return None
    described = describe(types, f"{mention.holder}{tail((key,))}", places)
    return described.signature, described.documentation


def _bound(mention: Mention) -> str:
    for item in mention.run.block.items:
        variables = item.variables if isinstance(item, tags.Generic | tags.Class) else ()
        for one in variables:
            if one.name.text == mention.text and one.bound is not None:
                return f": {shown(mention.run.raw, one.bound)}"
    return ""


def _place(text: Text, where: Text, declaration: Declaration) -> str:
    """Where a type is declared: its line, and the file when it is another."""
    if where.library is not None:
        return "a type of the library"
    line = where.tree.lines.line_of(declaration.run.start + declaration.tag.start) + 1
    found = f"declared on line {line}"
    is_here = where is text or not where.uri
    return found if is_here else f"{found} of {where.uri.rpartition('/')[2]}"


def joined(*parts: str) -> str:
    """Paragraphs, without the empty ones."""
    return "\n\n".join(part for part in parts if part)

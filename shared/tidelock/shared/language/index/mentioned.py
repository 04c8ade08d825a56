"""What the words of annotations lead to, and where else they stand, in all the texts of a space.

Names of types are the same wherever they are written; type variables are those of their comment.
Parameters and fields are what the code makes of them (``links``).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from tidelock.shared.language.index import links
from tidelock.shared.language.index.links import Link
from tidelock.shared.language.luacats.words import words
from tidelock.shared.language.mentions import TYPES, local_of, mention_at, mentions
from tidelock.shared.language.types.kinds import (
    UNKNOWN,
    Captured,
    ClassType,
    Function,
    Parameter,
    options,
)
from tidelock.shared.syntax.tree import Call, MethodCall, String

if TYPE_CHECKING:
    from tidelock.shared.language.index.space import Space
    from tidelock.shared.language.mentions import Mention
    from tidelock.shared.language.modules import Module
    from tidelock.shared.language.types.kinds import Type
    from tidelock.shared.language.types.texts import Text

_NONE = Parameter("", UNKNOWN)
_PARTS = re.compile(r"[.:#]")


def definitions(space: Space, module: Module, offset: int) -> list[Link] | None:
    """Where the word of an annotation at an offset is defined; None where no such word stands."""
    mention = mention_at(module.tree, offset)
    if mention is None:
        return None
    tree = module.tree
    if mention.role in TYPES:
        return list(links.declarations(space, module, mention.text))
    if mention.role == "see":
        return seen(space, module, mention)
    if mention.role == "type variable":
        return variables(module, mention)[:1]
    if mention.role == "field":
        field = links.field_at(space, module, offset)
        return [] if field is None else links.links_of(field.places)
    local = local_of(tree, mention)
    if local is not None:
        return [Link(module.uri, tree.lines, local.start, local.end)]
    if mention.role == "variable":
        return [*_globals(space, module, mention.text.split(".")[0])]
    return []


def references(
    space: Space,
    module: Module,
    offset: int,
    *,
    declaration: bool = True,
    alone: bool = False,
    nested: Sequence[Space] = (),
) -> list[Link] | None:
    """Where the word of an annotation at an offset stands or is used, this text first.

    None where no such word stands; the rest is as in ``links.references``.
    """
    mention = mention_at(module.tree, offset)
    if mention is None:
        return None
    if mention.role in TYPES:
        spaces = () if alone else (space, *nested)
        return links.distinct(types(spaces, module, mention.text, declaration=declaration))
    if mention.role == "type variable":
        return variables(module, mention)
    local = None if mention.role == "field" else local_of(module.tree, mention)
    if mention.role != "field" and local is None:
        return []
    start = offset if local is None else local.start
    return links.references(
        space, module, start, declaration=declaration, alone=alone, nested=nested
    )


def types(
    spaces: Sequence[Space], module: Module, name: str, *, declaration: bool = True
) -> Iterator[Link]:
    """Where annotations name a type, this text first; some places more than once."""
    others = (one for space in spaces for one in space.naming_type(name))
    for text in (module, *(one for one in others if one.uri != module.uri)):
        for one in mentions(text.tree):
            is_meant = one.role == "type" or (declaration and one.role == "declaration")
            if one.text == name and (is_meant or one.role == "see"):
                yield Link(text.uri, text.tree.lines, one.start, one.end)


def variables(module: Module, mention: Mention) -> list[Link]:
    """The places of a type variable in its comment."""
    start = mention.run.start
    return [
        Link(module.uri, module.tree.lines, start + one.start, start + one.end)
        for one in words(mention.run.raw)
        if one.role == "type variable" and one.text == mention.text
    ]


def captured(space: Space, name: str) -> Iterator[Link]:
    """The strings in code that name a type, for a parameter whose type is in backticks."""
    for module in space.naming(name):
        if f'"{name}"' not in module.tree.text and f"'{name}'" not in module.tree.text:
            continue
        text = space.types.text(module.tree, module.uri)
        for node in module.tree.walk():
            if not isinstance(node, Call | MethodCall):
                continue
            for place, one in enumerate(node.arguments):
                is_named = isinstance(one, String) and one.value == name
                if is_named and _captures(space, text, node, place):
                    yield Link(module.uri, module.tree.lines, one.start, one.end)


def _captures(space: Space, text: Text, call: Call | MethodCall, place: int) -> bool:
    """Whether a parameter takes the name of a type."""
    types = space.types
    with types.asking(text):
        place += isinstance(call, MethodCall)
        return any(
            isinstance(kind, Captured)
            for one in options(types.called(text, call))
            if isinstance(one, Function)
            for signature in types.calls.signatures(one)
            for kind in options(dict(enumerate(signature.parameters)).get(place, _NONE).type)
        )


def _globals(space: Space, module: Module, name: str) -> Iterator[Link]:
    yield from links.settings(module, name)
    for other in space.assigning(name):
        if other.uri != module.uri:
            yield from links.settings(other, name)


def seen(space: Space, module: Module, mention: Mention) -> list[Link]:
    """What ``@see`` names: a type, a variable, or a field of either: ``M.f``, ``Class:m``."""
    name = mention.text
    found = list(links.declarations(space, module, name))
    if found:
        return found
    root, *keys = _PARTS.split(name)
    text = space.types.text(module.tree, module.uri)
    types = space.types
    local = text.members.scopes.local(root, mention.start)
    if not keys:
        if local is not None:
            return [Link(module.uri, module.tree.lines, local.start, local.end)]
        return [*_globals(space, module, root)]
    with types.asking(text):
        kind: Type | None
        if types.meanings.declarations(root, text):
            kind = ClassType(root, (), text)
        elif local is not None:
            kind = types.names.of_local(text, local)
        else:
            kind = types.names.of_global(text, root)
        for key in keys[:-1]:
            kind = None if kind is None else types.properties.get(kind, key)
        places = [] if kind is None else types.properties.find(kind, keys[-1])
    return links.links_of(places)

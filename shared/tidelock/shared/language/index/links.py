"""Where the thing under a cursor is defined and used, in all the texts of a space.

Locals are exact. Fields are the same when types find them at the same place; a field of which
nothing is known is like any other of its name.
"""

from __future__ import annotations

import gc
import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

from tidelock.shared.language.annotations import comments_around
from tidelock.shared.language.index.summary import NO_USES, summary
from tidelock.shared.language.index.uses import Use, use_at, uses_of
from tidelock.shared.language.mentions import mention_at, spans_about
from tidelock.shared.language.scopes import GlobalDeclaration, Label, Local, Reference, resolve
from tidelock.shared.language.symbols import definition as own_definition
from tidelock.shared.language.types.declared import declared
from tidelock.shared.language.types.inference import Types
from tidelock.shared.language.types.kinds import ClassType, Shape, options
from tidelock.shared.sources import path_of_uri
from tidelock.shared.syntax.tree import (
    Call,
    Name,
    String,
)

if TYPE_CHECKING:
    from tidelock.shared.language.index.space import Space, Summarized
    from tidelock.shared.language.index.summary import Summary
    from tidelock.shared.language.modules import Module
    from tidelock.shared.language.paths import Path
    from tidelock.shared.language.types.properties import Property
    from tidelock.shared.language.types.texts import Text
    from tidelock.shared.model import Key
    from tidelock.shared.positions import Lines
    from tidelock.shared.syntax.tree import Tree

_TOGETHER = 100
"""How many files are looked at with the same types, which keep every tree they were asked about."""

Owner = tuple[str, int]
"""The URI of a text, and where in it a field gets a value or a type."""


class Link(NamedTuple):
    """A stretch of a text of the space; ``lines`` are those of that text."""

    uri: str
    lines: Lines
    start: int
    end: int


class Field(NamedTuple):
    """The field that a place names, in code or as a ``@field``.

    ``places`` give it a value or a type, ``path`` is its holder where it is one of the text.
    """

    key: Key
    start: int
    end: int
    places: list[Property]
    path: Path | None = None


def required(tree: Tree, offset: int) -> String | None:
    """The string under the cursor, when it names a module for ``require``."""
    path = tree.path(offset)
    if len(path) < 2 or not isinstance(path[-1], String) or not isinstance(path[-2], Call):
        return None
    caller = path[-2].function
    return path[-1] if isinstance(caller, Name) and caller.name == "require" else None


# -- definitions -------------------------------------------------------------------------------


def definitions(space: Space, module: Module, offset: int) -> list[Link]:
    """Where the name at an offset is defined; this text first. Nothing for ``require`` itself."""
    tree = module.tree
    named = declared_name(tree, offset)
    if named is not None:
        return list(declarations(space, module, named))
    found: list[Link] = []
    own = own_definition(tree, offset)
    if own is not None:
        found.append(Link(module.uri, tree.lines, *own))
    place = resolve(tree).at(offset)
    if isinstance(place, Local | Label) or (isinstance(place, Reference) and place.local):
        return found
    if isinstance(place, Reference | GlobalDeclaration):
        for other in space.assigning(place.name):
            found += settings(other, place.name)
    elif (use := use_at(tree, offset)) is not None:
        found += links_of(places(space, module, use))
    return list(dict.fromkeys(found))


def settings(module: Module, name: str) -> Iterator[Link]:
    """Where a text sets a global."""
    scopes = resolve(module.tree)
    places = [(one.start, one.end) for one in scopes.declared if one.name == name]
    places += [(one.start, one.end) for one in scopes.global_sets(name)]
    for place in sorted(places):
        yield Link(module.uri, module.tree.lines, *place)


_WORD = re.compile(r"[A-Za-z_][\w.*-]*")


def declared_name(tree: Tree, offset: int) -> str | None:
    """The word under a cursor that stands in a comment with annotations."""
    for start, end in comments_around(tree, offset):
        if start <= offset <= end:
            for match in _WORD.finditer(tree.text, start, end):
                if match.start() <= offset <= match.end():
                    return match[0]
    return None


def declarations(space: Space, module: Module, name: str) -> Iterator[Link]:
    """Where the comments of the workspace declare a class, an alias or an enum; this text first."""
    others = [one for one in space.declaring(name) if one.uri != module.uri]
    for text in (module, *others):
        for one in declared(text.tree).names.get(name, ()):
            start = one.run.start + one.tag.name.start
            yield Link(text.uri, text.tree.lines, start, start + len(name))


# -- references --------------------------------------------------------------------------------


def references(
    space: Space,
    module: Module,
    offset: int,
    *,
    declaration: bool = True,
    alone: bool = False,
    nested: Sequence[Space] = (),
) -> list[Link]:
    """Where the thing at an offset is used, this text first; declarations only if wanted.

    With ``alone`` no other text is looked at. ``nested`` are workspaces that hold this one, or
    lie in it: their texts count too.
    """
    tree = module.tree
    place = resolve(tree).at(offset)
    if isinstance(place, Reference) and place.local is not None:
        place = place.local
    if isinstance(place, Local | Label):
        uses = (
            [(one.start, one.end) for one in place.references]
            if isinstance(place, Local)
            else place.gotos
        )
        is_shown = declaration and not (isinstance(place, Local) and place.kind == "self")
        about = spans_about(tree, place) if isinstance(place, Local) else ()
        spans = sorted({*uses, *about, *([(place.start, place.end)] if is_shown else ())})
        return [Link(module.uri, tree.lines, *span) for span in spans]
    if isinstance(place, Reference | GlobalDeclaration) and place.name:
        found = list(_global_uses(summary(tree), module.uri, tree.lines, place.name, declaration))
        for each in () if alone else (space, *nested):
            for other in each.summaries(but=module.uri):
                if place.name in other.summary.uses and other.uri != module.uri:
                    found += _global_uses_in(each, other, place.name, declaration)
        return distinct(found)
    field = field_at(space, module, offset)
    if field is None or not isinstance(field.key, str):
        return []
    if alone:
        found, unsure = _field_uses(space, module, field, [module], declaration)
    else:
        found, unsure = field_uses(space, module, field, nested, declaration=declaration)
    if declaration:
        declared_at = declared_places(field)
        found += [one for one in declared_at if not alone or one.uri == module.uri]
    return distinct(found + unsure)


def distinct(found: Iterable[Link]) -> list[Link]:
    """Each stretch once, whichever space has found it."""
    return list({(one.uri, one.start, one.end): one for one in found}.values())


def field_at(space: Space, module: Module, offset: int, key: str = "") -> Field | None:
    """The field that is named at an offset, or the one with another ``key`` of its holder."""
    text = space.types.text(module.tree, module.uri)
    mention = mention_at(module.tree, offset)
    if mention is not None:
        if mention.role != "field" or not mention.holder:
            return None
        own: Key = int(mention.text) if mention.text.isdecimal() else mention.text
        with space.types.asking(text):
            kind = ClassType(mention.holder, (), text)
            found = space.types.properties.find(kind, key or own)
        return Field(own, mention.start, mention.end, found)
    use = use_at(module.tree, offset)
    if use is None:
        return None
    found = _all_places(space.types, text, use._replace(key=key) if key else use)
    return Field(use.key, use.start, use.end, found, text.members.path(use.holder))


def links_of(places: Iterable[Property]) -> list[Link]:
    """The places of fields in the texts of users."""
    return [
        Link(one.text.uri, one.text.tree.lines, one.start, one.end)
        for one in places
        if one.text is not None and one.text.library is None
    ]


def declared_places(field: Field) -> list[Link]:
    """The ``@field`` lines of a field in the texts of users."""
    return links_of(one for one in field.places if one.declared is not None)


def field_uses(
    space: Space,
    module: Module,
    field: Field,
    nested: Sequence[Space] = (),
    *,
    declaration: bool = True,
) -> tuple[list[Link], list[Link]]:
    """The uses of a field in code: those that are certain, and those that may be its."""
    sure: list[Link] = []
    unsure: list[Link] = []
    for each in (space, *nested) if isinstance(field.key, str) else ():
        others = own_first(each, module, str(field.key))
        certain, possible = _field_uses(each, module, field, others, declaration)
        sure, unsure = sure + certain, unsure + possible
    places = {(one.uri, one.start) for one in sure}
    unsure = [one for one in unsure if (one.uri, one.start) not in places]
    return distinct(sure), distinct(unsure)


def global_fields(module: Module, name: str, holders: Collection[str]) -> Iterator[Link]:
    """Where a text names a global as a field: ``_G.name``."""
    scopes = resolve(module.tree)
    for one in uses_of(module.tree, name):
        holder = one.holder
        is_there = isinstance(holder, Name) and holder.name in holders
        if is_there and scopes.meaning(holder.start) is None:
            yield Link(module.uri, module.tree.lines, one.start, one.end)


def own_first(space: Space, module: Module, word: str) -> Iterator[Module]:
    """The texts that name a word, the one that is given before others."""
    yield module
    yield from (one for one in space.naming(word) if one.uri != module.uri)


def _global_uses_in(
    space: Space, other: Summarized, name: str, declaration: bool
) -> Iterator[Link]:
    """The uses in another text; it is parsed only when it is no longer what was summarized."""
    lines = space.lines(other.uri)
    if lines is None:
        return
    found = list(_global_uses(other.summary, other.uri, lines, name, declaration))
    if any(lines.text[one.start : one.end] != name for one in found):
        module = space.module(path_of_uri(other.uri))
        if module is None:
            return
        lines = module.tree.lines
        found = list(_global_uses(summary(module.tree), other.uri, lines, name, declaration))
    yield from found


def _global_uses(
    known: Summary, uri: str, lines: Lines, name: str, declaration: bool
) -> Iterator[Link]:
    reads, writes = known.uses.get(name, NO_USES)
    for start in sorted((*reads, *writes) if declaration else reads):
        yield Link(uri, lines, start, start + len(name))


def _field_uses(
    space: Space, module: Module, field: Field, others: Iterable[Module], declaration: bool
) -> tuple[list[Link], list[Link]]:
    assert isinstance(field.key, str)
    own = _owners(field.places)
    path = field.path
    sure: list[Link] = []
    unsure: list[Link] = []
    read = space.trees.read
    for count, other in enumerate(others):
        if count % _TOGETHER == 0:
            types = Types(space) if count else space.types
            if space.trees.read > read + space.trees.most and not gc.isenabled():
                gc.collect()  # trees that were given up since are rings, and many
                read = space.trees.read
        there = types.text(other.tree, other.uri)
        for one in uses_of(other.tree, field.key):
            if one.sets and not declaration:
                continue
            link = Link(other.uri, other.tree.lines, one.start, one.end)
            is_same = (
                there.tree is module.tree
                and path is not None
                and path == there.members.path(one.holder)
            )
            if is_same or (own and not own.isdisjoint(owners(types, there, one))):
                sure.append(link)
            elif not own and not owners(types, there, one):
                unsure.append(link)
    return sure, unsure


def places(space: Space, module: Module, use: Use) -> list[Property]:
    """Where a field gets a value or a type, as far as its holder is known."""
    return _places(space.types, space.types.text(module.tree, module.uri), use)


def _places(types: Types, text: Text, use: Use) -> list[Property]:
    with types.asking(text):
        return types.properties.find(types.expression(text, use.holder), use.key)


def _all_places(types: Types, text: Text, use: Use) -> list[Property]:
    """As ``_places``, with those of the value that a variable of the text was given."""
    with types.asking(text):
        kind = types.expression(text, use.holder)
        found = types.properties.find(kind, use.key)
        for one in options(kind):
            if isinstance(one, Shape) and one.base is not None:
                found = [*found, *types.properties.find(one.base, use.key)]
    return found


def owners(types: Types, text: Text, use: Use) -> set[Owner]:
    """The places of a field by which it is told from others of its name."""
    return _owners(_all_places(types, text, use))


def _owners(found: Iterable[Property]) -> set[Owner]:
    return {(one.text.uri, one.start) for one in found if one.text is not None}

"""A name changed wherever it means the same thing, or the reason why that cannot be done.

What each name means is found anew in the changed texts: where one would mean another variable
than before, nothing is changed.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Literal, NamedTuple

from tidelock.lsp.features.highlights import keyword
from tidelock.shared.errors import TidelockError
from tidelock.shared.language.index import links, mentioned
from tidelock.shared.language.index.links import Link
from tidelock.shared.language.index.space import module_in
from tidelock.shared.language.luacats import tags
from tidelock.shared.language.luacats.reader import NAME as TYPE_NAME
from tidelock.shared.language.luacats.words import words
from tidelock.shared.language.mentions import (
    TYPES,
    local_of,
    mention_at,
    mentions,
    spans_about,
)
from tidelock.shared.language.modules import Module
from tidelock.shared.language.paths import is_name
from tidelock.shared.language.scopes import GlobalDeclaration, Label, Local, Reference, resolve
from tidelock.shared.language.stdlib import library
from tidelock.shared.language.types.kinds import BASICS
from tidelock.shared.sources import path_of_uri
from tidelock.shared.syntax.parser import parse

if TYPE_CHECKING:
    from tidelock.lsp.documents import Document
    from tidelock.shared.language.index.space import Space
    from tidelock.shared.language.mentions import Mention
    from tidelock.shared.language.scopes import Scopes
    from tidelock.shared.syntax.tree import Tree

_ENVIRONMENTS = ("_G", "_ENV")


class CannotRename(TidelockError):  # noqa: N818 - reads as the sentence it prints
    """A name that stays as it is; the message says why."""

    kind = "request"


class Subject(NamedTuple):
    """What is renamed: a name and where it stands; ``meaning`` is its variable, if it is one."""

    kind: Literal["local", "label", "global", "field", "type", "type variable"]
    name: str
    start: int
    end: int
    meaning: Local | Label | None = None


class Renaming(NamedTuple):
    """The places whose text becomes ``text``; for those in ``unsure`` nobody can tell.

    ``versions`` are those of the open texts, by URI, in which the places were found.
    """

    text: str
    links: tuple[Link, ...] = ()
    unsure: tuple[Link, ...] = ()
    versions: Mapping[str, int] = {}


def rename(
    document: Document, offset: int, space: Space, name: str = "", *, nested: Sequence[Space] = ()
) -> Renaming | None:
    """The changes that give what stands at an offset another name.

    Those in ``nested`` workspaces, which hold that of the text or lie in it, are among them.

    Raises:
        CannotRename: the name has to stay, or the new one cannot be given.
    """
    found = subject(document, offset, space)
    if found is None:
        return None
    if name == found.name:
        return Renaming(name)
    tree, spaces = document.tree, (space, *nested)
    if found.kind == "type":
        certain = _renamed_type(spaces, document, found.name, name)
        _check_places(spaces, document, certain)
        return Renaming(name, tuple(certain), versions=_versions(spaces))
    if not is_name(name) and not (document.dialect in ("5.1", "luajit") and name == "goto"):
        raise CannotRename(f"'{name}' is no name in Lua")
    module = Module(document.uri, tree)
    unsure: list[Link] = []
    if found.kind == "field":
        field = links.field_at(space, module, offset)
        assert field is not None
        for each in spaces:
            other = links.field_at(each, module, offset, name)
            if other is not None and other.places:
                raise CannotRename(f"there is a field '{name}' already")
        certain, unsure = links.field_uses(space, module, field, nested)
        certain += links.declared_places(field)
    elif found.kind == "type variable":
        certain = _renamed_variable(document, offset, name)
    elif found.kind == "global":
        certain = links.references(space, module, offset, nested=nested)
        for each in spaces:
            _check_new_global(each, document, name)
            for text in each.naming(found.name):
                certain += links.global_fields(text, found.name, _ENVIRONMENTS)
    else:
        assert found.meaning is not None
        certain = [Link(document.uri, tree.lines, *span) for span in _own(tree, found)]
    certain = [_bare(one) for one in links.distinct(certain)]
    unsure = [_bare(one) for one in unsure]
    _check_places(spaces, document, [*certain, *unsure])
    for uri, places in _by_text([*certain, *unsure]).items():
        shown = module if uri == document.uri else module_in(spaces, path_of_uri(uri))
        if shown is not None:
            _check_meanings(shown.tree, places, name)
    return Renaming(name, tuple(certain), tuple(unsure), _versions(spaces))


def subject(document: Document, offset: int, space: Space) -> Subject | None:
    """What would be renamed at an offset; None where no name stands.

    Raises:
        CannotRename: it has to keep its name.
    """
    tree = document.tree
    mention = mention_at(tree, offset)
    if mention is not None:
        return _mentioned(document, offset, space, mention)
    place = resolve(tree).at(offset)
    if isinstance(place, Reference) and place.local is not None:
        start, end, place = place.start, place.end, place.local
    elif place is not None:
        start, end = place.start, place.end
    if isinstance(place, Local):
        if place.kind == "self":
            raise CannotRename("'self' is what ':' gives a method")
        return Subject("local", place.name, start, end, place)
    if isinstance(place, Label):
        spans = [(place.start, place.end), *place.gotos]
        start, end = next(one for one in spans if one[0] <= offset <= one[1])
        return Subject("label", place.name, start, end, place)
    if isinstance(place, Reference | GlobalDeclaration) and place.name:
        if isinstance(place, Reference) and place.environment is not None:
            raise CannotRename(f"'{place.name}' is a field of a local '_ENV'")
        _check_own(document, place.name)
        return Subject("global", place.name, start, end)
    field = _field(document, offset, space)
    if field is None and (word := keyword(tree, offset)):
        raise CannotRename(f"'{word}' is a word of the language")
    return field


def _mentioned(document: Document, offset: int, space: Space, mention: Mention) -> Subject | None:
    """What a word of an annotation names."""
    local = local_of(document.tree, mention)
    if local is not None:
        end = mention.start + len(local.name)
        return Subject("local", local.name, mention.start, end, local)
    if mention.role == "field":
        return _field(document, offset, space)
    if mention.role in TYPES:
        _check_type(space, document, mention.text)
        return Subject("type", mention.text, mention.start, mention.end)
    if mention.role == "type variable":
        _check_variable(mention)
        return Subject("type variable", mention.text, mention.start, mention.end)
    if mention.role in ("tag", "manner", "action", "operator"):
        raise CannotRename(f"'{mention.text}' is a word of annotations")
    return None


def _field(document: Document, offset: int, space: Space) -> Subject | None:
    module = Module(document.uri, document.tree)
    use = links.field_at(space, module, offset)
    if use is None or not isinstance(use.key, str) or not use.key:
        return None
    name = use.key
    if any(one.text is not None and one.text.library for one in use.places):
        raise CannotRename(f"'{name}' is a field of the library")
    if name.startswith("__"):
        raise CannotRename(f"'{name}' has a meaning to Lua itself")
    bare = _bare(Link(document.uri, document.tree.lines, use.start, use.end))
    return Subject("field", name, bare.start, bare.end)


def _check_own(document: Document, name: str) -> None:
    if name in _ENVIRONMENTS or library(document.dialect).entry((name,)) is not None:
        raise CannotRename(f"'{name}' belongs to the library")


def _check_new_global(space: Space, document: Document, name: str) -> None:
    _check_own(document, name)
    for module in (*space.naming(name), Module(document.uri, document.tree)):
        scopes = resolve(module.tree)
        if name in scopes.globals or any(one.name == name for one in scopes.declared):
            raise CannotRename(f"there is a global '{name}' already in {_file(module.uri)}")


# -- places ------------------------------------------------------------------------------------


def _own(tree: Tree, found: Subject) -> Iterator[tuple[int, int]]:
    """The places of a local or a label, those in comments about it with them."""
    meaning = found.meaning
    assert meaning is not None
    yield meaning.start, meaning.end
    if isinstance(meaning, Label):
        yield from meaning.gotos
        return
    yield from ((one.start, one.end) for one in meaning.references)
    yield from spans_about(tree, meaning)


def _bare(link: Link) -> Link:
    """A key without the quotes of its string."""
    text = link.lines.text[link.start : link.end]
    if text[:1] in ("'", '"'):
        if "\\" in text or len(text) < 2 or text[-1] != text[0]:
            raise CannotRename(f"{text} cannot be rewritten")
        return link._replace(start=link.start + 1, end=link.end - 1)
    if text.startswith("["):
        raise CannotRename(f"{text} cannot be rewritten")
    return link


# -- what may be done --------------------------------------------------------------------------


def _file(uri: str) -> str:
    return os.path.basename(path_of_uri(uri)) if uri.startswith("file:") else uri


def _check_places(spaces: Sequence[Space], document: Document, found: Iterable[Link]) -> None:
    roots = tuple(os.path.join(one.places.root, "") for one in spaces if one.places.root)
    for one in found:
        if one.uri == document.uri or not roots or not one.uri.startswith("file:"):
            continue
        if not path_of_uri(one.uri).startswith(roots):
            raise CannotRename(f"{_file(one.uri)}, outside the workspace, uses it")


def _versions(spaces: Sequence[Space]) -> dict[str, int]:
    return {one.uri: one.version for space in spaces for one in space.opened.values()}


def _by_text(found: Sequence[Link]) -> dict[str, list[Link]]:
    texts: dict[str, list[Link]] = {}
    for one in found:
        texts.setdefault(one.uri, []).append(one)
    return texts


def _check_meanings(tree: Tree, places: Sequence[Link], name: str) -> None:
    """See that each name means the same variable in the changed text."""
    text, done, parts = tree.text, 0, []
    for one in sorted(places, key=lambda link: link.start):
        parts += [text[done : one.start], name]
        done = one.end
    changed = parse("".join(parts) + text[done:], tree.dialect, tree.mode)
    before, after = resolve(tree), resolve(changed)
    meant = zip(before.references, _meanings(before), _meanings(after), strict=False)
    for reference, old, new in meant:
        if old != new:
            line = tree.lines.line_of(reference.start) + 1
            raise CannotRename(f"'{name}' on line {line} would mean another variable")
    is_same = (
        len(before.references) == len(after.references)
        and len(tree.problems) == len(changed.problems)
        and len(before.problems) == len(after.problems)
        and [len(one.gotos) for one in before.labels] == [len(one.gotos) for one in after.labels]
    )
    if not is_same:
        raise CannotRename(f"the text would mean something else with '{name}'")


def _meanings(scopes: Scopes) -> list[int]:
    """For each use of a variable the number of its local; -1 for a global."""
    numbers = {id(local): number for number, local in enumerate(scopes.locals)}
    return [-1 if one.local is None else numbers[id(one.local)] for one in scopes.references]


# -- types -------------------------------------------------------------------------------------


def _check_type(space: Space, document: Document, name: str) -> None:
    """See that a type can have another name."""
    if name in BASICS:
        raise CannotRename(f"'{name}' is a type of Lua")
    module = Module(document.uri, document.tree)
    text = space.types.text(module.tree, module.uri)
    if any(one.library for one, _ in space.types.meanings.declarations(name, text)):
        raise CannotRename(f"'{name}' is a type of the library")
    if not any(links.declarations(space, module, name)):
        raise CannotRename(f"'{name}' is declared nowhere")


def _renamed_type(spaces: Sequence[Space], document: Document, old: str, name: str) -> list[Link]:
    """All the places of a type, in annotations and in strings that name it."""
    if TYPE_NAME.fullmatch(name) is None or name == "fun":
        raise CannotRename(f"'{name}' is no name of a type")
    module = Module(document.uri, document.tree)
    for space in spaces:
        text = space.types.text(module.tree, module.uri)
        if name in BASICS or space.types.meanings.declarations(name, text):
            raise CannotRename(f"there is a type '{name}' already")
    for other in (module, *(one for space in spaces for one in space.naming_type(old))):
        for one in mentions(other.tree):
            if one.text == name and one.role == "type variable":
                line = other.tree.lines.line_of(one.start) + 1
                where = f"line {line} of {_file(other.uri)}"
                raise CannotRename(f"'{name}' is a type variable on {where}")
    found = list(mentioned.types(spaces, module, old))
    found += [_bare(one) for space in spaces for one in mentioned.captured(space, old)]
    return links.distinct(found)


def _check_variable(mention: Mention) -> None:
    for item in mention.run.block.items:
        if isinstance(item, tags.Class) and any(
            one.name.text == mention.text for one in item.variables
        ):
            raise CannotRename(f"'{mention.text}' is known to the methods of '{item.name.text}'")


def _renamed_variable(document: Document, offset: int, name: str) -> list[Link]:
    """The places of a type variable in its comment."""
    mention = mention_at(document.tree, offset)
    assert mention is not None
    if TYPE_NAME.fullmatch(name) is None or name in BASICS:
        raise CannotRename(f"'{name}' is no name of a type")
    roles = {one.role for one in words(mention.run.raw) if one.text == name}
    if not roles.isdisjoint((*TYPES, "type variable")):
        raise CannotRename(f"there is a type '{name}' in the comment already")
    return mentioned.variables(Module(document.uri, document.tree), mention)

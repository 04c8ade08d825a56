"""Classes, types and fields by inheritance, in all the texts of a space."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from tidelock.shared.language.index.links import (
    Link,
    Owner,
    declared_name,
    definitions,
    own_first,
    owners,
)
from tidelock.shared.language.index.uses import Use, use_at, uses_of
from tidelock.shared.language.luacats.written import Named
from tidelock.shared.language.scopes import Local, resolve
from tidelock.shared.language.types.declared import DeclaredClass, declared
from tidelock.shared.language.types.kinds import Array, ClassType, Shape, Type, options
from tidelock.shared.syntax.tree import Call, Index, Member, MethodCall, Name

if TYPE_CHECKING:
    from tidelock.shared.language.index.space import Space
    from tidelock.shared.language.modules import Module
    from tidelock.shared.language.types.inference import Types
    from tidelock.shared.language.types.texts import Text


def implementations(space: Space, module: Module, offset: int) -> list[Link]:
    """Where the field at an offset gets its values: in its own table or class, and in heirs.

    What is no field is where it is defined.
    """
    use = use_at(module.tree, offset)
    if use is None or not isinstance(use.key, str):
        return definitions(space, module, offset)
    types = space.types
    text = types.text(module.tree, module.uri)
    own = owners(types, text, use)
    found: list[Link] = []
    for other in own_first(space, module, use.key):
        there = types.text(other.tree, other.uri)
        for one in uses_of(other.tree, use.key):
            if one.sets and not own.isdisjoint(_inherited(types, there, one)):
                found.append(Link(other.uri, other.tree.lines, one.start, one.end))
    return found or definitions(space, module, offset)


def _inherited(types: Types, text: Text, use: Use) -> set[Owner]:
    """The places of a field, and those of the same in what its holder inherits from."""
    found = owners(types, text, use)
    with types.asking(text):
        for kind in types.properties.behind(types.expression(text, use.holder)):
            places = types.properties.find(kind, use.key)
            found |= {(one.text.uri, one.start) for one in places if one.text is not None}
    return found


def class_names(space: Space, module: Module, offset: int) -> list[str]:
    """The classes that are named in a comment at an offset, or that a value there is of."""
    word = declared_name(module.tree, offset)
    if word is not None:
        return [word] if any(_classes(space, module, word)) else []
    kinds = _kinds_at(space, module, offset)
    return list(dict.fromkeys(one.name for one in kinds if isinstance(one, ClassType)))


def parents(space: Space, module: Module, names: Iterable[str]) -> list[str]:
    """What classes say that they inherit from."""
    found = [
        parent.name.text
        for name in names
        for one in _classes(space, module, name)
        for parent in one.tag.parents
        if isinstance(parent, Named)
    ]
    return list(dict.fromkeys(found))


def heirs(space: Space, module: Module, names: Iterable[str]) -> list[str]:
    """The classes that say that they inherit from some."""
    wanted = set(names)
    candidates = {
        name for text in space.summaries() for name in text.summary.declares if name not in wanted
    }
    return sorted(
        name for name in candidates if not wanted.isdisjoint(parents(space, module, [name]))
    )


def _classes(space: Space, module: Module, name: str) -> Iterator[DeclaredClass]:
    others = [one for one in space.declaring(name) if one.uri != module.uri]
    for text in (module, *others):
        for one in declared(text.tree).names.get(name, ()):
            if isinstance(one, DeclaredClass):
                yield one


def type_places(space: Space, module: Module, offset: int) -> list[Link]:
    """Where the types of what stands at an offset are declared, or their tables written."""
    types = space.types
    found: list[Link] = []
    for one in _kinds_at(space, module, offset):
        if isinstance(one, ClassType):
            for where, declaration in types.meanings.declarations(one.name, one.text):
                start = declaration.run.start + declaration.tag.name.start
                if where.library is None:
                    end = start + len(one.name)
                    found.append(Link(where.uri, where.tree.lines, start, end))
        elif isinstance(one, Shape) and one.text.library is None and one.node is not None:
            lines = one.text.tree.lines
            found.append(Link(one.text.uri, lines, one.node.start, one.node.end))
    return list(dict.fromkeys(found))


_VALUES = (Name, Member, Index, MethodCall, Call)


def _kinds_at(space: Space, module: Module, offset: int) -> list[Type]:
    """The types of the value at an offset; those of the elements with a list."""
    types, tree = space.types, module.tree
    text = types.text(tree, module.uri)
    place = resolve(tree).at(offset)
    with types.asking(text):
        if isinstance(place, Local):
            kind = types.names.of_local(text, place)
        else:
            node = next(
                (one for one in reversed(tree.under(offset)) if isinstance(one, _VALUES)), None
            )
            if node is None:
                return []
            kind = types.expression(text, node)
    found = list(options(kind))
    for one in found:
        if isinstance(one, Array):
            found += options(one.element)
    return found

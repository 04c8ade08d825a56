"""The words of annotations: what each of them is for, so that they can be looked up like code.

A word has a role by where it stands; nothing in here knows what it leads to. Text for people has
no words, but for what ``@see`` names.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Literal, NamedTuple

from tidelock.shared.language.luacats import tags
from tidelock.shared.language.luacats.blocks import read_block
from tidelock.shared.language.luacats.written import (
    Captured,
    Constant,
    Named,
    TypeVariable,
    Word,
    Written,
    WrittenField,
    WrittenFunction,
    WrittenParameter,
    WrittenResult,
)

Role = Literal[
    "tag",
    "manner",
    "declaration",
    "type",
    "type variable",
    "field",
    "parameter",
    "variable",
    "name",
    "constant",
    "operator",
    "action",
    "code",
    "see",
]
"""``declaration`` is the name of a class, an alias or an enum where it is declared, ``type`` where
it is used. ``parameter`` and ``field`` are those of ``@param`` and ``@field``, ``variable`` what
``@cast`` begins with; ``name`` are names inside written types and of results, which lead nowhere.
``manner`` are words such as ``private`` or ``exact``, ``action`` is what ``@diagnostic`` does.
"""


class Spoken(NamedTuple):
    """A word of annotations; ``holder`` is the class or enum that a field belongs to."""

    start: int
    end: int
    text: str
    role: Role
    holder: str = ""


_MANNER = re.compile(r"[ \t]*\(([\w, \t]*)\)")
_VISIBILITY = re.compile(r"[ \t]*(public|protected|private|package)\b")
_NAME = re.compile(r"\w+")
_SEEN = re.compile(r"[ \t]*([^\W\d]\w*(?:[.:#-]\w+)*)")


@lru_cache(maxsize=4096)
def words(raw: str) -> tuple[Spoken, ...]:
    """The words of comments as they stand in a text, in order; offsets count from their start."""
    if "@" not in raw:
        return ()
    found: list[Spoken] = []
    general: set[str] = set()  # the type variables of all the lines
    own: set[str] = set()  # those of the class that is being read
    holder = ""
    for item in read_block(raw).items:
        if isinstance(item, tags.Text):
            continue
        if isinstance(item, tags.Class | tags.Alias | tags.Enum):
            own = set()
            holder = item.name.text if isinstance(item, tags.Class) else ""
        if isinstance(item, tags.Class | tags.Alias):
            own = {one.name.text for one in item.variables}
        elif isinstance(item, tags.Generic):
            general |= {one.name.text for one in item.variables}
        found += _words(raw, item, general | own, holder)
    return tuple(sorted(set(found)))


def _words(raw: str, item: tags.Tag, variables: set[str], holder: str) -> Iterator[Spoken]:
    tag = _NAME.match(raw, item.start + 1)
    if tag is None:  # a line that begins with '|'
        return
    yield Spoken(item.start, tag.end(), raw[item.start : tag.end()], "tag")
    if isinstance(item, tags.Class | tags.Enum):
        manner = _MANNER.match(raw, tag.end(), item.end)
        if manner is not None:
            for one in _NAME.finditer(raw, *manner.span(1)):
                yield Spoken(one.start(), one.end(), one[0], "manner")
    elif isinstance(item, tags.Field):
        found = _VISIBILITY.match(raw, tag.end(), item.key.start)
        if found is not None:
            yield Spoken(found.start(1), found.end(1), found[1], "manner")
    elif isinstance(item, tags.Mark) and item.word == "see":
        found = _SEEN.match(raw, tag.end(), item.end)
        if found is not None:
            yield Spoken(found.start(1), found.end(1), found[1], "see")
    yield from _named(item, variables, holder)


def _named(item: tags.Tag, variables: set[str], holder: str) -> Iterator[Spoken]:
    """The names of a tag, and those of the types in it."""
    if isinstance(item, tags.Class | tags.Alias | tags.Enum):
        yield _spoken(item.name, "declaration")
    elif isinstance(item, tags.Param):
        yield _spoken(item.name, "parameter")
    elif isinstance(item, tags.Cast):
        yield _spoken(item.name, "variable")
    elif isinstance(item, tags.Operator):
        yield _spoken(item.name, "operator")
    elif isinstance(item, tags.Diagnostic):
        yield _spoken(item.action, "action")
        yield from (_spoken(one, "code") for one in item.names)
        return
    elif isinstance(item, tags.Module | tags.Mark | tags.Version):
        return
    for part in item:
        if isinstance(item, tags.Field) and part is item.key:
            if isinstance(part, Word):
                yield _spoken(part, "field", holder)
                continue
            if isinstance(part, Constant):
                yield Spoken(part.start, part.end, str(part.value), "field", holder)
                continue
        if isinstance(part, tuple) and not isinstance(part, Word):
            yield from _types(part, variables)


def _spoken(word: Word, role: Role, holder: str = "") -> Spoken:
    return Spoken(word.start, word.end, word.text, role, holder)


def _types(part: tuple[object, ...] | Written, variables: set[str]) -> Iterator[Spoken]:
    """The names in written types, at any depth."""
    todo: list[tuple[tuple[object, ...], set[str]]] = [(part, variables)]
    while todo:
        one, known = todo.pop()
        if isinstance(one, Named):
            yield _spoken(one.name, "type variable" if one.name.text in known else "type")
            todo.append((one.arguments, known))
            continue
        if isinstance(one, Constant):
            yield Spoken(one.start, one.end, str(one.value), "constant")
            continue
        if isinstance(one, Captured):
            yield Spoken(one.start + 1, one.end - 1, one.name, "type variable")
            continue
        if isinstance(one, WrittenFunction):
            known = known | {each.name.text for each in one.variables}
        elif isinstance(one, TypeVariable):
            yield _spoken(one.name, "type variable")
        elif isinstance(one, tags.Result | WrittenResult | WrittenParameter | WrittenField):
            name = one.key if isinstance(one, WrittenField) else one.name
            if isinstance(name, Word) and name.text != "...":
                yield _spoken(name, "name")
        todo += [
            (each, known) for each in one if isinstance(each, tuple) and not isinstance(each, Word)
        ]

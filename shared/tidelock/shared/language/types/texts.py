"""A text as inference works on it: its tree, what was read from it once, what was found so far."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Literal, final

from tidelock.shared.language.annotations import documented, runs
from tidelock.shared.language.luacats import tags
from tidelock.shared.language.members import Members, members
from tidelock.shared.language.stdlib import definitions, host_definitions
from tidelock.shared.language.types.declared import Declared, declared

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tidelock.shared.language.annotations import Run
    from tidelock.shared.language.luacats.written import Written
    from tidelock.shared.language.members import Field
    from tidelock.shared.language.paths import Path
    from tidelock.shared.model import Dialect, Key
    from tidelock.shared.syntax.tree import Tree


Question = tuple[Literal["global", "class"], str]
"""Who sets a global, or declares a class, an alias or an enum, of a name."""


@final
class Text:
    """One text under one URI.

    ``memo`` is what ``Types`` has found in it. ``library`` is the dialect whose part of a
    definition file it is, None for the texts of users.
    What was found stands on what the workspace was ``asked``, on the URI of each module it
    ``requires`` (empty when there is none), and on the ``others`` that answered.
    """

    __slots__ = ("_casts", "asked", "library", "memo", "others", "requires", "tree", "uri")

    def __init__(self, uri: str, tree: Tree, library: Dialect | None = None) -> None:
        self.uri = uri
        self.tree = tree
        self.library = library
        self.memo: dict[object, object] = {}
        self.asked: set[Question] = set()
        self.requires: dict[str, str] = {}
        self.others: set[Text] = set()
        self._casts: dict[int, tuple[Run, Written]] | None = None

    @property
    def members(self) -> Members:
        """Its tables and assignments."""
        return members(self.tree)

    @property
    def declared(self) -> Declared:
        """Its classes, aliases and enums."""
        return declared(self.tree)

    @property
    def dialect(self) -> Dialect:
        """The Lua it is read as."""
        return self.library or self.tree.dialect

    def places(self, path: Path, key: Key) -> Sequence[Field]:
        """Where a field of a path gets a value in this Lua."""
        found = self.members.places((*path, key))
        return [one for one in found if self.holds(one.statement)] if self.library else found

    def holds(self, statement: int) -> bool:
        """Whether the statement at an offset of a definition file is about this Lua."""
        dialects = documented(self.tree, statement).dialects
        return dialects is None or self.library is None or self.library in dialects

    @property
    def casts(self) -> dict[int, tuple[Run, Written]]:
        """The types of ``@as``, by the end of the expression before."""
        if self._casts is None:
            self._casts = dict(_casts(self.tree)) if _AS.search(self.tree.text) else {}
        return self._casts


_AS = re.compile(r"@as\b")


def _casts(tree: Tree) -> list[tuple[int, tuple[Run, Written]]]:
    found = []
    for run in runs(tree):
        for item in run.block.items:
            if isinstance(item, tags.As):
                before = tree.text[: run.start].rstrip()
                found.append((len(before), (run, item.type)))
    return found


@cache
def host_text(name: str, dialect: Dialect) -> Text | None:
    """The definition file of a module that Tidelock offers to programs; None if there is none."""
    tree = host_definitions().get(name)
    return None if tree is None else Text(f"tidelock:library/modules/{name}.lua", tree, dialect)


@cache
def library_texts(dialect: Dialect) -> tuple[Text, ...]:
    """The definition files of the standard library of a Lua."""
    return tuple(Text(f"tidelock:library/{name}", tree, dialect) for name, tree in definitions())

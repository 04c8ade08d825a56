"""What the problems of a file stand on, and what a text offers to others: who is looked at again.

A file is judged again when something that it asked has another answer, and for no other reason:
a comment that changes, or a function that nobody else sees the types of, leaves all others alone.
"""

from __future__ import annotations

import os
import sys
from bisect import bisect_left
from collections.abc import Iterable, Mapping
from hashlib import blake2b
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from tidelock.shared.language.index.summary import Summary
    from tidelock.shared.language.types.inference import Types
    from tidelock.shared.syntax.tree import Tree


class Offer(NamedTuple):
    """What others may see of a text.

    ``face`` is the same for two texts that differ in space and plain comments only. ``extends``
    are the fields that it gives to tables of the standard library, as ``string.trim``.
    """

    face: str = ""
    sets: tuple[str, ...] = ()
    declares: tuple[str, ...] = ()
    preloads: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()
    extends: tuple[str, ...] = ()


class Basis(NamedTuple):
    """What was asked of others for the problems of a file, by them as well.

    ``texts`` are the URIs of those that answered, ``modules`` the names that were required.
    """

    texts: tuple[str, ...] = ()
    globals: tuple[str, ...] = ()
    classes: tuple[str, ...] = ()
    modules: tuple[str, ...] = ()


NO_BASIS = Basis()


def offer(tree: Tree) -> Offer:
    """What a text offers."""
    from tidelock.shared.language.types.declared import declared

    names = tuple(declared(tree).names)
    return glanced(tree)._replace(face=_face(tree), declares=names, extends=tuple(_extends(tree)))


def glanced(tree: Tree) -> Offer:
    """As much of what a text offers as is asked after each edit: globals and ways to modules."""
    from tidelock.shared.language.index.summary import paths, preloads, sets

    names = tuple(one.name for one in preloads(tree))
    return Offer(sets=sets(tree), preloads=names, paths=paths(tree))


def summarized(known: Summary) -> Offer:
    """What a file offers whose text is not at hand; its face is unlike any."""
    preloads = tuple(one.name for one in known.preloads)
    return Offer("", known.sets, known.declares, preloads, known.paths)


def _face(tree: Tree) -> str:
    """A digest of the tokens and the comments with annotations, and of where these stand."""
    from tidelock.shared.language.annotations import runs

    starts = tree.tokens.starts
    digest = blake2b("\0".join(tree.tokens.texts).encode("utf-8", "surrogatepass"), digest_size=12)
    for run in runs(tree):
        place = bisect_left(starts, run.start)
        lines = [line.strip() for line in run.raw.splitlines()]
        told = "\n".join(line for line in lines if line.startswith("---") or "@" in line)
        digest.update(f"\0{place}\0{told}".encode("utf-8", "surrogatepass"))
    return digest.hexdigest()


def _extends(tree: Tree) -> Iterable[str]:
    from tidelock.shared.language.members import members
    from tidelock.shared.language.stdlib import library

    known = members(tree)
    for entry in library(tree.dialect).members(()):
        if entry.kind == "table" and entry.name != "_G":
            for key in known.fields((entry.name,)):
                yield f"{entry.name}.{key}"


def basis(types: Types, tree: Tree, uri: str) -> Basis:
    """What was asked for all that is known of the types in a text."""
    first = types.text(tree, uri)
    seen, todo = {first}, [first]
    while todo:
        new = todo.pop().others - seen
        seen |= new
        todo += new
    asked = {one for text in seen for one in text.asked}
    own = {text.uri for text in seen if text is not first and text.library is None}
    return Basis(
        tuple(sorted(own)),
        tuple(sorted(name for kind, name in asked if kind == "global")),
        tuple(sorted(name for kind, name in asked if kind == "class")),
        tuple(sorted({name for text in seen for name in text.requires})),
    )


def basis_of(stored: list[list[str]]) -> Basis:
    """A basis from what became of it as JSON; names that many files have are kept once."""
    return Basis(*(tuple(map(sys.intern, names)) for names in stored))


def offer_of(stored: list[Any]) -> Offer:
    """An offer from what became of it as JSON."""
    face, *names = stored
    return Offer(str(face), *(tuple(map(sys.intern, one)) for one in names))


class Change(NamedTuple):
    """What has become another answer: everything that a file may have asked for."""

    texts: frozenset[str] = frozenset()
    globals: frozenset[str] = frozenset()
    classes: frozenset[str] = frozenset()
    modules: frozenset[str] = frozenset()
    stems: frozenset[str] = frozenset()
    keys: frozenset[str] = frozenset()
    all_modules: bool = False

    def concerns(self, known: Summary, basis: Basis) -> bool:
        """Whether a file has asked for any of it; ``known`` is what it names itself."""
        if not self.texts.isdisjoint(basis.texts) or not self.classes.isdisjoint(basis.classes):
            return True
        names = self.globals
        if names and not (names.isdisjoint(basis.globals) and names.isdisjoint(known.uses)):
            return True
        if any(known.names(key) for key in self.keys):
            return True
        if not (self.modules or self.stems or self.all_modules):
            return False
        required = {*basis.modules, *(one.name for one in known.requires)}
        return bool(required) and (
            self.all_modules
            or not self.modules.isdisjoint(required)
            or not self.stems.isdisjoint(_last(name) for name in required)
        )


NO_CHANGE = Change()


def change(uris: Iterable[str], path: str, before: Offer | None, after: Offer | None) -> Change:
    """What two versions of a text, or its coming and going, mean to others."""
    old, new = before or Offer(), after or Offer()
    has_moved = (before is None) != (after is None)
    if old.face == new.face and not has_moved:
        return NO_CHANGE
    stem = os.path.basename(path).removesuffix(".lua")
    stems = {stem, os.path.basename(os.path.dirname(path))} if stem == "init" else {stem}
    extended = {*old.extends} ^ {*new.extends}
    return Change(
        frozenset(uris),
        frozenset({*old.sets} ^ {*new.sets}),
        frozenset({*old.declares} ^ {*new.declares}),
        frozenset({*old.preloads} ^ {*new.preloads}),
        frozenset(stems if has_moved else ()),
        frozenset(one.rpartition(".")[2] for one in extended),
        old.paths != new.paths,
    )


def concerned(
    made: Change, files: Mapping[str, Summary], bases: Mapping[str, Basis]
) -> Iterable[str]:
    """The files, of those with a basis, that have asked for what is another now."""
    if made == NO_CHANGE:
        return
    for path, known in bases.items():
        if path in files and made.concerns(files[path], known):
            yield path


def _last(module: str) -> str:
    return module.replace("/", ".").rpartition(".")[2]

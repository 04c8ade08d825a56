"""What may be typed in an annotation: tags, types, the function's parameters, codes of problems.

``doc_targets`` says what is being typed; this makes the words for it, in the order in which they
are shown. Nothing of another text is read.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from tidelock.shared.language.annotations import run_at
from tidelock.shared.language.checks.codes import CODES
from tidelock.shared.language.luacats import tags
from tidelock.shared.language.luacats.blocks import ACTIONS, OPERATORS
from tidelock.shared.language.luacats.catalogue import TAGS
from tidelock.shared.language.scopes import resolve
from tidelock.shared.language.types.declared import declared, function_below
from tidelock.shared.language.types.kinds import BASICS
from tidelock.shared.language.types.texts import library_texts

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from tidelock.shared.language.targets import Target
    from tidelock.shared.syntax.tree import Tree


class DocWord(NamedTuple):
    """A word, what it is, and how it is used."""

    label: str
    kind: str
    detail: str = ""


def doc_words(
    tree: Tree, wanted: Target, types: Iterable[str] = (), modules: Iterable[str] = ()
) -> Iterator[DocWord]:
    """The words for a place in an annotation; ``types`` and ``modules`` are of other texts."""
    if wanted.kind == "tag":
        for name, told in TAGS.items():
            yield DocWord(name, "keyword", told.usage)
    elif wanted.kind == "type":
        yield from _types(tree, wanted.start, types)
    elif wanted.kind == "parameter":
        yield from _parameters(tree, wanted.start)
    elif wanted.kind == "variable":
        for local in resolve(tree).visible(wanted.start):
            yield DocWord(local.name, "variable", local.kind)
        for name in resolve(tree).global_names():
            yield DocWord(name, "variable", "global of this file")
    elif wanted.kind == "operator":
        yield from (DocWord(name, "keyword") for name in sorted(OPERATORS))
    elif wanted.kind == "action":
        yield from (DocWord(name, "keyword") for name in ACTIONS)
    elif wanted.kind == "code":
        for one in CODES.values():
            if one.severity != "error":  # what Lua refuses is never hidden
                yield DocWord(one.name, "keyword", one.meaning)
    else:
        yield from (DocWord(name, "module") for name in modules)


def _types(tree: Tree, offset: int, others: Iterable[str]) -> Iterator[DocWord]:
    """Type variables and declarations, the nearest first, then what is there without any."""
    run = run_at(tree, offset)
    for item in run.block.items if run is not None else ():
        if isinstance(item, tags.Generic | tags.Class | tags.Alias):
            yield from (DocWord(one.name.text, "class", "type variable") for one in item.variables)
    for name in declared(tree).names:
        yield DocWord(name, "class", "declared in this file")
    for name in others:
        yield DocWord(name, "class", "declared in another file")
    for name in (*BASICS, "fun", "true", "false"):
        yield DocWord(name, "keyword")
    for text in library_texts(tree.dialect):
        for name in text.declared.names:
            yield DocWord(name, "class", "of Lua's library")


def _parameters(tree: Tree, offset: int) -> Iterator[DocWord]:
    """The parameters of the function below that are not described yet."""
    run = run_at(tree, offset)
    body = None if run is None else function_below(tree, run)
    if run is None or body is None:
        return
    described = {
        item.name.text
        for item in run.block.items
        if isinstance(item, tags.Param) and run.start + item.name.start != offset
    }
    names = [one.name for one in body.parameters] + ["..."] * (body.vararg is not None)
    for name in names:
        if name and name not in described:
            yield DocWord(name, "variable", "parameter")

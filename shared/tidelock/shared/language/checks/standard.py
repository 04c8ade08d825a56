"""What is done with names of the standard library: given other values, used though they are gone.

Only names that are no locals are looked at.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tidelock.shared.language.scopes import resolve
from tidelock.shared.language.stdlib import library
from tidelock.shared.language.versions import dropped
from tidelock.shared.model import Problem
from tidelock.shared.syntax.tree import Constant, Member, Name, walk

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tidelock.shared.language.checks.walking import Walk
    from tidelock.shared.syntax.tree import Expression, Tree


def assigned(look: Walk, target: Expression, value: Expression) -> None:
    """A name of the library gets a value that has nothing to do with the old one."""
    if isinstance(target, Name):
        _name(look, target, value)
    elif isinstance(target, Member) and isinstance(target.object, Name):
        _field(look, target, target.object, value)


def _name(look: Walk, target: Name, value: Expression) -> None:
    name = target.name
    if library(look.dialect).entry((name,)) is None:
        return
    if any(isinstance(one, Name) and one.name == name for one in walk(value)):
        return
    message = f"'{name}' belongs to the standard library"
    look.report("read-only-global", target.start, target.end, message, free=(target,))


def _field(look: Walk, target: Member, holder: Name, value: Expression) -> None:
    """A function that is taken away, kept elsewhere, or put where it is lacking is left alone."""
    if holder.name in ("_G", "package") or isinstance(value, Constant):
        return
    if library(look.dialect).entry((holder.name, target.key)) is None:
        return
    if (holder.name, target.key) in look.tree.once("handed on", _handed_on):
        return
    message = f"'{holder.name}.{target.key}' belongs to the standard library"
    look.report("read-only-global", target.start, target.end, message, free=(holder,))


def _handed_on(tree: Tree) -> frozenset[tuple[str, str]]:
    """The fields of the library that a text has as values, or asks for: neither called nor set."""
    names = (one.name for one in library(tree.dialect).members(()) if one.kind == "table")
    found: set[tuple[str, str]] = set()
    for name in names:
        for one in resolve(tree).globals.get(name, ()):
            field = _FIELD.match(tree.text, one.start + len(name))
            if field is not None:
                found.add((name, field[1]))
    return frozenset(found)


_FIELD = re.compile(r"\s*\.\s*(\w+)\b(?!\s*(?:[({'\"\[.:]|=[^=]))")


def gone(tree: Tree) -> Iterator[Problem]:
    """Names that a later Lua has no more, where this one has what replaces them."""
    names = dropped(tree.dialect)
    if not names:
        return
    scopes = resolve(tree)
    for name, message in names.items():
        first, _, key = name.partition(".")
        form = re.compile(rf"{first}\s*\.\s*({key})\b" if key else rf"({first})\b")
        for one in scopes.globals.get(first, ()):
            found = None if one.write or one.environment else form.match(tree.text, one.start)
            if found is not None and not scopes.global_sets(first):
                yield Problem("deprecated", "hint", found.start(1), found.end(1), message)

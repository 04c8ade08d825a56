"""All that the checks find: at once what the text alone tells, later what takes its meaning.

What a text asks not to see is left out here, and nothing else is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tidelock.shared.language.checks.expressions import (
    EXPRESSIONS,
    exchanges,
    grown,
    swapped,
)
from tidelock.shared.language.checks.statements import STATEMENTS, defined_twice, main_chunk
from tidelock.shared.language.checks.strings import strings
from tidelock.shared.language.checks.variables import unset, variables
from tidelock.shared.language.checks.walking import Walk
from tidelock.shared.language.suppressions import wanted
from tidelock.shared.syntax.collector import HeldOff
from tidelock.shared.syntax.tree import Block

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tidelock.shared.model import Problem
    from tidelock.shared.syntax.tree import Node, Tree

_CHECKS: dict[type[Node], list[Callable[[Walk, Node], None]]] = {Block: [swapped]}
for _table in (STATEMENTS, EXPRESSIONS):
    for _kind, _check in _table.items():
        _CHECKS.setdefault(_kind, []).append(_check)


def at_once(tree: Tree, arguments: str = "after-last-used") -> list[Problem]:
    """What the text alone tells of its form and names, in text order."""
    with HeldOff(tree.text):
        return wanted(tree, _at_once(tree, arguments))


def _at_once(tree: Tree, arguments: str) -> Iterator[Problem]:
    if is_definitions(tree):
        return
    look = Walk(tree)
    look.run(_CHECKS)
    main_chunk(look, look.top)
    defined_twice(look, look.top)
    exchanges(look, look.top)
    grown(look)
    strings(look)
    yield from look.problems
    yield from variables(tree, look.bodies, arguments)
    yield from unset(tree, look.unset)


def is_definitions(tree: Tree) -> bool:
    """Whether a text only describes what is there, by ``---@meta``."""
    return "@meta" in tree.text

"""What the comments of a text call deprecated: the places of its names in that text.

Functions that only types lead to are told by the checks (``checks.calls``).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tidelock.shared.language.annotations import runs
from tidelock.shared.language.luacats import tags
from tidelock.shared.language.members import members
from tidelock.shared.language.scopes import Local, resolve
from tidelock.shared.language.types.declared import path_below, statement_below
from tidelock.shared.syntax.tree import Function, LocalFunction, Member, MethodCall

if TYPE_CHECKING:
    from tidelock.shared.language.annotations import Run
    from tidelock.shared.language.paths import Path
    from tidelock.shared.syntax.tree import Tree


def deprecated(tree: Tree) -> frozenset[int]:
    """Where the names begin that comments of a text call deprecated, found at the first call."""
    return tree.once("deprecated", _deprecated)


def _deprecated(tree: Tree) -> frozenset[int]:
    if "@deprecated" not in tree.text:
        return frozenset()
    paths = {path for run in runs(tree) if _is_said(run) and (path := _path_below(tree, run))}
    found: set[int] = set()
    scopes = members(tree).scopes
    for path in paths:
        (root, *keys) = path
        if not keys and isinstance(root, Local):
            found |= {root.start, *(one.start for one in root.references)}
        elif not keys and isinstance(root, str):
            found |= {one.start for one in scopes.globals.get(root, ())}
    fields = {path for path in paths if len(path) > 1}
    return frozenset(found | _fields(tree, fields))


def _is_said(run: Run) -> bool:
    return "@deprecated" in run.raw and any(
        isinstance(item, tags.Mark) and item.word == "deprecated" for item in run.block.items
    )


def _path_below(tree: Tree, run: Run) -> Path | None:
    """The variable or field that the statement below comments is about."""
    node = statement_below(tree, run)
    if isinstance(node, LocalFunction):
        local = resolve(tree).meaning(node.name.start) if node.name.name else None
        return None if local is None else (local,)
    if isinstance(node, Function):
        return members(tree).path(node.target)
    return path_below(tree, run)


def _fields(tree: Tree, paths: set[Path]) -> set[int]:
    """Where the fields with some paths are named."""
    if not paths:
        return set()
    known = members(tree)
    keys = {path[-1] for path in paths}
    found: set[int] = set()
    for node in tree.walk():
        if isinstance(node, Member | MethodCall) and node.key in keys:
            holder = known.path(node.object)
            if holder is not None and (*holder, node.key) in paths:
                found.add(node.key_start)
    return found

"""Values that no use of their variable can see, and uses that see none yet: by following them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tidelock.shared.language.checks.judging import sources
from tidelock.shared.language.checks.tables import is_asked
from tidelock.shared.language.checks.variables import damage
from tidelock.shared.language.scopes import resolve
from tidelock.shared.language.types.flow import Source
from tidelock.shared.language.types.tracing import trace
from tidelock.shared.model import Problem
from tidelock.shared.syntax.tree import Constant

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tidelock.shared.language.variables import Local
    from tidelock.shared.syntax.tree import Tree


def unused_values(tree: Tree) -> Iterator[Problem]:
    """The assignments to locals that are overwritten, or end, before anything reads them.

    With them are the uses of variables that are set later alone.
    """
    if damage(tree):
        return
    for local in resolve(tree).locals:
        if local.kind in ("local", "parameter") and not local.name.startswith("_"):
            yield from _values(tree, local)


def _is_asked(tree: Tree, start: int) -> bool:
    path = tree.path(start)
    return len(path) > 1 and is_asked(path[-2], path[-1])


def _values(tree: Tree, local: Local) -> Iterator[Problem]:
    reads = [one.start for one in local.references if not one.write]
    if not reads or len(reads) == len(local.references) or local.captured or local.attrib:
        return
    flows = trace(tree, local)
    if any(start not in flows for start in reads):
        return
    for start in reads:
        found = sources(flows[start])
        if found and all(one.kind == "unset" for one in found) and not _is_asked(tree, start):
            message = f"'{local.name}' is read before it is set"
            yield Problem("unset-local", "warning", start, start + len(local.name), message)
    seen = {source for start in reads for source in sources(flows[start])}
    for start, flow in flows.items():
        if start in reads or not isinstance(flow, Source) or flow in seen or flow.kind != "value":
            continue
        if isinstance(flow.value, Constant):
            continue  # a beginning, or a farewell
        message = f"this value of '{local.name}' is never read"
        yield Problem("unused-value", "hint", start, start + len(local.name), message)

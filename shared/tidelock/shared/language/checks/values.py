"""Values that no use of their variable can see, found by following them through the program."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tidelock.shared.language.checks.judging import sources
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
    """The assignments to locals that are overwritten, or end, before anything reads them."""
    if damage(tree):
        return
    for local in resolve(tree).locals:
        if local.kind in ("local", "parameter") and not local.name.startswith("_"):
            yield from _values(tree, local)


def _values(tree: Tree, local: Local) -> Iterator[Problem]:
    reads = [one.start for one in local.references if not one.write]
    if not reads or len(reads) == len(local.references) or local.captured or local.attrib:
        return
    flows = trace(tree, local)
    if any(start not in flows for start in reads):
        return
    seen = {source for start in reads for source in sources(flows[start])}
    for start, flow in flows.items():
        if start in reads or not isinstance(flow, Source) or flow in seen or flow.kind != "value":
            continue
        if isinstance(flow.value, Constant):
            continue  # a beginning, or a farewell
        message = f"this value of '{local.name}' is never read"
        yield Problem("unused-value", "hint", start, start + len(local.name), message)

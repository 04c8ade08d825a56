"""Where what stands at a place is declared: by an annotation, else in a definition file.

What nobody has declared is where it is defined.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from tidelock.shared.language.annotations import comments_around, is_definitions, run_above
from tidelock.shared.language.index.links import Link, definitions
from tidelock.shared.language.index.uses import use_at
from tidelock.shared.language.scopes import Local, Reference, resolve
from tidelock.shared.language.types.kinds import ClassType, options
from tidelock.shared.sources import path_of_uri

if TYPE_CHECKING:
    from tidelock.shared.language.index.space import Space
    from tidelock.shared.language.modules import Module
    from tidelock.shared.syntax.tree import Tree

_TAG = re.compile(r"@(?:class|type|param|return|overload|enum|generic|vararg|async|deprecated)\b.*")


def places(space: Space, module: Module, offset: int) -> list[Link]:
    """The declarations of what stands at an offset: annotations, else definition files, else all.

    A field is declared by its ``@field``, a parameter by its ``@param``, anything else by the
    annotations right above.
    """
    fields = list(dict.fromkeys(_fields(space, module, offset)))
    if fields:
        return fields
    found = definitions(space, module, offset)
    here = resolve(module.tree).at(offset)
    local = here.local if isinstance(here, Reference) else here
    annotated: list[Link] = []
    meta: list[Link] = []
    for link in found:
        other = module if link.uri == module.uri else space.module(path_of_uri(link.uri))
        if other is None:
            continue
        is_parameter = isinstance(local, Local) and local.kind == "parameter"
        span = _annotation(other.tree, link, parameter=is_parameter)
        if span is not None:
            annotated.append(Link(link.uri, other.tree.lines, *span))
        if is_definitions(other.tree):
            meta.append(link)
    return list(dict.fromkeys(annotated)) or meta or found


def _fields(space: Space, module: Module, offset: int) -> Iterator[Link]:
    """The ``@field`` lines of the field at an offset, in the classes of its holder."""
    use = use_at(module.tree, offset)
    if use is None:
        return
    types = space.types
    text = types.text(module.tree, module.uri)
    with types.asking(text):
        for kind in options(types.expression(text, use.holder)):
            for holder in (kind, *types.properties.behind(kind)):
                found = (
                    types.properties.find(holder, use.key) if isinstance(holder, ClassType) else []
                )
                for one in found:
                    where = one.text
                    if one.declared is not None and where is not None and where.library is None:
                        yield Link(where.uri, where.tree.lines, one.start, one.end)


def _annotation(tree: Tree, link: Link, *, parameter: bool) -> tuple[int, int] | None:
    """The annotation above a definition; of a parameter that which names it."""
    if any(start <= link.start < end for start, end in comments_around(tree, link.start)):
        return link.start, link.end
    run = run_above(tree, link.start)
    form = _TAG
    if parameter:
        name = re.escape(tree.text[link.start : link.end])
        form = re.compile(rf"@param[ \t]+{name}\b")
    found = form.search(run.raw)
    if found is None:
        return None
    start, end = found.span()
    return run.start + start, run.start + end

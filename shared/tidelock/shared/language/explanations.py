"""What there is to say of a name or a field that stands nowhere yet: of one that is proposed.

It is what hover says once it is written. Nothing is run.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tidelock.shared.language.completion import holder
from tidelock.shared.language.hover import of_field, of_local, of_path
from tidelock.shared.language.types.inference import own_types

if TYPE_CHECKING:
    from tidelock.shared.language.hover import Hover
    from tidelock.shared.language.targets import Target
    from tidelock.shared.language.types.inference import Types
    from tidelock.shared.syntax.tree import Tree

_FIELDS = 20


def explain(
    tree: Tree, wanted: Target, name: str, types: Types | None = None, uri: str = ""
) -> Hover | None:
    """What there is to say of a name that is proposed at a target; None where nothing is known.

    Args:
        tree: the text.
        wanted: what is being typed.
        name: what it may become.
        types: what knows the other texts, among which this one has a ``uri``; None keeps to it.
        uri: what the text is called.
    """
    asked = types or own_types(tree)
    text = asked.text(tree, uri)
    known = text.members
    start, end = wanted.start, wanted.end
    with asked.asking(text):
        if wanted.kind == "name":
            visible = known.scopes.visible(start)
            local = next((one for one in visible if one.name == name), None)
            if local is not None:
                return of_local(asked, text, local, (start, end), _FIELDS)
            return of_path(asked, text, (name,), start, end, _FIELDS)
        node = holder(tree, start)
        if node is None or wanted.kind not in ("member", "method", "key"):
            return None
        path = known.path(node)
        if path is not None:
            found = of_path(asked, text, (*path, name), start, end, _FIELDS)
            if found.documentation or ":" in found.signature:
                return found
        return of_field(asked, text, node, name, (start, end))

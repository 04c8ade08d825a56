"""What is said of one proposal of a list, found when somebody looks at it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from tidelock.shared.language.doc_targets import target_at
from tidelock.shared.language.explanations import explain

if TYPE_CHECKING:
    from tidelock.lsp.proposals import Listed

_EXPLAINED = ("function", "method", "field", "variable", "module")


class Told(NamedTuple):
    """How a thing is called or of what type it is, and what is said of it; either may be empty."""

    signature: str
    documentation: str


def resolve(listed: Listed, index: int) -> Told:
    """What there is to say of a proposal, in the text as it was when the list was made."""
    document, space, found = listed
    item = found.items[index]
    wanted = target_at(document.tree, found.cursor)
    if wanted is None or item.kind not in _EXPLAINED or item.origin == "observed" or item.beside:
        return Told("", item.documentation)
    # Those of all texts are there when the list needed them; a name is found without.
    types = space.types if wanted.kind in ("member", "method", "key") else None
    more = explain(document.tree, wanted, item.label, types, document.uri)
    if more is None:
        return Told("", item.documentation)
    is_plain = more.signature == item.label  # nothing but the name
    return Told("" if is_plain else more.signature, more.documentation or item.documentation)

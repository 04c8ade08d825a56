"""What may be typed at a place: from the text, the library, the modules and the program."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from tidelock.lsp.features import modules, observed, snippets
from tidelock.lsp.features.auto_require import auto_require
from tidelock.lsp.features.words import words
from tidelock.shared.language.completion import Item, Target, complete
from tidelock.shared.language.doc_targets import target_at

if TYPE_CHECKING:
    from tidelock.lsp.documents import Document
    from tidelock.lsp.moment import View
    from tidelock.shared.language.index.space import Space

_TRIGGERS = {
    ".": ("member",),
    ":": ("method", "type", "code"),
    '"': ("require", "key", "literal"),
    "'": ("require", "key", "literal"),
    "@": ("tag",),
    "<": ("attribute", "type"),
}


class Completed(NamedTuple):
    """Proposals in order; each replaces the text from its own start to ``end``.

    ``cursor`` is where one was asked. ``is_incomplete`` says that asking again after the next
    letter may bring others: the program was late, or there were too many. ``number`` is that of a
    list that is kept, so that more can be said of its proposals.
    """

    items: list[Item]
    cursor: int
    end: int
    is_incomplete: bool = False
    number: int = 0


class Wishes(NamedTuple):
    """The options ``lsp.completion``; ``takes_snippets`` is what the client can."""

    max_items: int = 200
    snippets: bool = True
    call_snippet: Literal["off", "arguments"] = "off"
    auto_require: bool = True
    postfix: bool = True
    workspace_words: bool = False
    takes_snippets: bool = False


def completion(
    document: Document, offset: int, view: View, space: Space, trigger: str = "", **wishes: Any
) -> Completed:
    """The proposals at an offset.

    Args:
        document: the text.
        offset: the cursor.
        view: the running program.
        space: the other texts.
        trigger: the character whose typing asked, empty when the user did.
        wishes: the fields of ``Wishes``.
    """
    wished = Wishes(**wishes)
    tree = document.tree
    wanted = target_at(tree, offset)
    if wanted is None or wanted.kind not in _TRIGGERS.get(trigger, (wanted.kind,)):
        return Completed([], offset, offset)
    facts = types = None
    found: list[str] = []
    if wanted.kind == "name":
        facts = observed.names(document, offset, view)
    elif wanted.kind == "require":
        found = modules.names(document.search, wanted.prefix)
        further = [*space.preloaded(), *view.moment.modules]
        found += [name for name in dict.fromkeys(further) if name not in found]
    elif wanted.kind == "literal":
        types = space.types
    elif wanted.kind in ("member", "method", "key"):
        facts = observed.members(document, wanted, view)
        types = space.types  # only here: they hold all the texts, and are work to let go
    others = [*space.globals(document.uri)] if wanted.kind == "name" else ()
    declared = space.declared_names() if wanted.kind == "type" else ()
    proposed = complete(
        tree,
        offset,
        facts,
        modules=found,
        types=types,
        uri=document.uri,
        others=others,
        declared=declared,
    )
    items = [item for item in proposed.items if _fits(document.text, item, wanted)]
    items = _with_more(document, wanted, items, space, wished)
    is_incomplete = view.is_late or len(items) > wished.max_items
    return Completed(items[: wished.max_items], offset, proposed.end, is_incomplete)


def _with_more(
    document: Document, wanted: Target, items: list[Item], space: Space, wished: Wishes
) -> list[Item]:
    """The proposals, and those that stand for no single thing or are not in reach yet."""
    tree = document.tree
    if wished.call_snippet == "arguments" and wished.takes_snippets:
        items = snippets.with_arguments(tree, wanted, items)
    further: list[Item] = []
    if wanted.kind == "name" and wished.snippets and wished.takes_snippets:
        further += snippets.forms(tree, wanted)
    if wanted.kind == "member" and wished.postfix:
        further += snippets.postfix(tree, wanted)
    known = {item.label for item in items}
    if wanted.kind == "name" and wished.auto_require:
        modules_ = auto_require(document, wanted, space)
        further += [item for item in modules_ if item.label not in known]
        known.update(item.label for item in further)
    if wished.workspace_words:
        further += [item for item in words(document, wanted, space) if item.label not in known]
    return sorted([*items, *further], key=lambda item: item.sort) if further else items


def _fits(text: str, item: Item, wanted: Target) -> bool:
    """A key in brackets takes the place of the dot; it cannot where the dot is further left."""
    return item.start == wanted.start or text[item.start : wanted.start] == "."

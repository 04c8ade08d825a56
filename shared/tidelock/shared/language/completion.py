"""What may be typed at a place, from the text, its types, the library and what ran.

``targets`` says what is being typed, ``complete`` makes the list. Nothing is run, and other texts
are read only through the types that a caller hands in. Static items keep their place when the
running program knows them too; what only the program knows follows, labelled as observed.
"""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING, Literal, NamedTuple

from tidelock.shared.language.descriptions import describe, library_entry
from tidelock.shared.language.doc_completion import doc_words
from tidelock.shared.language.doc_targets import doc_target
from tidelock.shared.language.glances import function_of_global, function_of_local, told
from tidelock.shared.language.literals import literals
from tidelock.shared.language.members import has_self
from tidelock.shared.language.paths import is_name, quoted
from tidelock.shared.language.scopes import Local, resolve
from tidelock.shared.language.stdlib import library
from tidelock.shared.language.targets import Target, target
from tidelock.shared.language.types.inference import own_types
from tidelock.shared.language.types.kinds import Function, lua_type, options
from tidelock.shared.syntax.tokens import KEYWORDS
from tidelock.shared.syntax.tree import Expression, FunctionBody, Name

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from tidelock.shared.language.facts import Fact, Facts
    from tidelock.shared.language.index.summary import Symbol
    from tidelock.shared.language.stdlib import Entry
    from tidelock.shared.language.types.inference import Types
    from tidelock.shared.language.types.properties import Property
    from tidelock.shared.language.types.texts import Text
    from tidelock.shared.model import Dialect
    from tidelock.shared.syntax.tree import Tree

Origin = Literal["static", "declared", "observed"]


class Item(NamedTuple):
    """One proposal; ``insert`` replaces the text from ``start`` to the completion's end.

    Items are in order, and sorting by ``sort`` keeps them so. ``snippet`` is what to insert with
    places to fill in, ``filter`` what the text before the cursor is compared with; empty where
    it is ``insert`` and the label. ``beside`` is an offset, and what is put in there as well.
    """

    label: str
    kind: str
    detail: str
    documentation: str
    origin: Origin
    sort: str
    insert: str
    start: int
    snippet: str = ""
    filter: str = ""
    beside: tuple[int, str] | None = None


class Completion(NamedTuple):
    """The proposals, and the stretch of text that each replaces unless it says otherwise."""

    items: list[Item]
    start: int
    end: int


class _Proposal(NamedTuple):
    """An item before it is sorted; ``rank`` says how near it is."""

    label: str
    kind: str
    detail: str
    documentation: str
    rank: int
    origin: Origin = "static"


def complete(
    tree: Tree,
    offset: int,
    facts: Facts | None = None,
    *,
    modules: Sequence[str] = (),
    types: Types | None = None,
    uri: str = "",
    others: Sequence[Symbol] = (),
    declared: Iterable[str] = (),
) -> Completion:
    """The proposals at an offset that begin with what is typed, whatever its capital letters.

    ``modules`` are the names ``require`` could find; ``types`` know the other texts, among which
    this one has a ``uri``; ``others`` are the globals that they set, ``declared`` the names of the
    types that their comments declare.
    """
    wanted = target(tree, offset)
    if wanted is None and (wanted := doc_target(tree, offset)) is not None:
        words = doc_words(tree, wanted, declared, modules)
        said = (_Proposal(one.label, one.kind, one.detail, "", 0) for one in words)
        return Completion(_items(wanted, said, (), ""), wanted.start, wanted.end)
    if wanted is None:
        return Completion([], offset, offset)
    observed: Sequence[Fact] = ()
    if wanted.kind == "name":
        proposals = _names(tree, wanted, others)
        observed = facts.names if facts else ()
    elif wanted.kind == "require":
        proposals = iter([_Proposal(name, "module", "", "", 0) for name in modules])
    elif wanted.kind == "literal":
        asked = types or own_types(tree)
        texts = literals(asked, asked.text(tree, uri), offset)
        proposals = iter([_Proposal(one, "literal", "", "", 0) for one in texts])
    elif wanted.kind == "label":
        proposals = _labels(tree, offset)
    elif wanted.kind == "attribute":
        proposals = iter([_Proposal(name, "keyword", "", "", 0) for name in ("close", "const")])
    else:
        proposals = _members(tree, wanted, types, uri)
        observed = facts.members if facts else ()
    if wanted.kind == "method":
        observed = [fact for fact in observed if fact.type == "function"]
    label = facts.label if facts else ""
    items = _items(wanted, proposals, observed, label)
    return Completion(items, wanted.start, wanted.end)


def _items(
    wanted: Target, proposals: Iterable[_Proposal], observed: Sequence[Fact], label: str
) -> list[Item]:
    seen = {fact.name: fact for fact in observed}
    found: dict[str, Item] = {}
    start = wanted.prefix.lower()
    for proposal in proposals:
        name = proposal.label
        if name in found or not name.lower().startswith(start):
            continue
        fact = seen.get(name)
        detail = proposal.detail if fact is None else _observed(proposal.detail, fact, label)
        sort = f"{proposal.rank}{len(found):04d}"
        insert, place = _insertion(wanted, name)
        found[name] = Item(
            name,
            proposal.kind,
            detail,
            proposal.documentation,
            proposal.origin,
            sort,
            insert,
            place,
        )
    for name, fact in sorted(seen.items()):
        if name in found or not name.lower().startswith(start):
            continue
        kind = "function" if fact.type == "function" else "variable"
        if wanted.kind != "name":
            kind = "method" if fact.kind == "method" else kind.replace("variable", "field")
        insert, place = _insertion(wanted, name)
        detail = _observed("", fact, label)
        sort = f"8{len(found):04d}"
        found[name] = Item(name, kind, detail, "", "observed", sort, insert, place)
    return sorted(found.values(), key=lambda item: item.sort)


def _observed(static: str, fact: Fact, label: str) -> str:
    """The detail of what the running program has, with the label of when it was seen."""
    value = fact.signature or fact.text or fact.type
    where = f" {fact.where}" if fact.where else ""
    live = f"{label}: {value}{where}" if label else f"{value}{where}"
    return f"{static}, {live}" if static and not fact.signature else live


def _insertion(wanted: Target, name: str) -> tuple[str, int]:
    """What to put in, and from where: a key that is no name goes into brackets, the dot with it."""
    if wanted.kind == "member" and not is_name(name):
        return f"[{quoted(name)}]", wanted.start - 1
    if wanted.kind in ("key", "literal"):
        return quoted(name)[1:-1], wanted.start
    return name, wanted.start


def _names(tree: Tree, wanted: Target, others: Sequence[Symbol]) -> Iterator[_Proposal]:
    index = bisect_left(tree.tokens.starts, wanted.start) - 1
    if index >= 0 and tree.tokens.kinds[index] == "local":
        yield _Proposal("function", "keyword", "", "", 0)
        return
    start = wanted.prefix.lower()  # what is said of a name is read for those that are proposed
    for local in resolve(tree).visible(wanted.start, start):
        yield _local(tree, local)
    yield from _globals(tree, start)
    for one in others:
        detail = one.signature or "global of another file"
        kind = "function" if one.signature else "variable"
        yield _Proposal(one.name, kind, detail, one.documentation, 3)
    for word in _keywords(tree.dialect):
        yield _Proposal(word, "keyword", "", "", 4)


def _globals(tree: Tree, start: str) -> Iterator[_Proposal]:
    for name in resolve(tree).global_names():
        if name.lower().startswith(start):
            yield _global(tree, name)
    for entry in sorted(library(tree.dialect).members(()), key=_name_of):
        yield _entry(entry, 3)


def _global(tree: Tree, name: str) -> _Proposal:
    held = function_of_global(tree, name)
    if held is None:
        return _Proposal(name, "variable", "global of this file", "", 2)
    detail, text = told(tree, name, held)
    return _Proposal(name, "method" if has_self(held.body) else "function", detail, text, 2)


def _name_of(entry: Entry) -> str:
    return entry.name


def _keywords(dialect: Dialect) -> list[str]:
    words = set(KEYWORDS)
    if dialect != "5.1":
        words.add("goto")
    if dialect == "5.5":
        words.add("global")
    return sorted(words)


def _local(tree: Tree, local: Local) -> _Proposal:
    held = function_of_local(tree, local)
    if held is not None:
        detail, text = told(tree, local.name, held._replace(statement=local.start))
        return _Proposal(local.name, "function", detail, text, 1)
    detail = f"{local.kind} <{local.attrib}>" if local.attrib else local.kind
    return _Proposal(local.name, "variable", detail, "", 1)


def _entry(entry: Entry, rank: int) -> _Proposal:
    kind = {"table": "module", "value": "variable"}.get(entry.kind, entry.kind)
    detail = entry.signature or entry.type
    return _Proposal(entry.name, kind, detail, entry.documentation, rank)


def _labels(tree: Tree, offset: int) -> Iterator[_Proposal]:
    """The labels of the function at the cursor."""
    number = function_at(tree, offset)
    for label in resolve(tree).labels:
        if label.function == number:
            yield _Proposal(label.name, "label", "", "", 0)


def function_at(tree: Tree, offset: int) -> int:
    """The number of the innermost function around an offset, 0 for the main chunk."""
    number = 0
    for node in tree.path(offset):
        if isinstance(node, FunctionBody):
            number = node.number
    return number


def _members(tree: Tree, wanted: Target, types: Types | None, uri: str) -> Iterator[_Proposal]:
    node = holder(tree, wanted.start)
    if node is None:
        return
    asked = types or own_types(tree)
    text = asked.text(tree, uri)
    called = wanted.kind == "method"
    if (
        isinstance(node, Name)
        and node.name == "_G"
        and text.members.scopes.meaning(node.start) is None
    ):
        yield from _globals(tree, wanted.prefix.lower())
        return
    with asked.asking(text):
        kind = asked.expression(text, node)
        is_own = isinstance(node, Name) and node.name == "self"
        for key, places in asked.properties.fields(kind).items():
            if not isinstance(key, str) or (_is_hidden(places, text) and not is_own):
                continue
            proposal = _member(asked, key, places, called, lua_type(kind) == "string")
            if proposal is not None:
                yield proposal


def _member(
    types: Types, key: str, places: list[Property], called: bool, is_text: bool
) -> _Proposal | None:
    """A field as a proposal, None for one that takes no self where one is wanted."""
    place = next((one for one in places if one.body is not None), places[0])
    method = any(one.field is not None and one.field.method for one in places)
    entry = library_entry(place)
    if entry is not None:
        method = entry.kind == "method"
        proposal = _entry(entry, 1)
        return proposal if not called or method or (is_text and entry.kind == "function") else None
    if place.body is None and places[0].declared is None:
        return None if called else _Proposal(key, "field", "field", "", 1)
    found = describe(types, key, places, infer=False)
    if found.is_declared:
        method = takes_self(types, places)
    if called and not method:
        return None
    kind = "method" if method else found.kind
    detail = found.signature
    origin: Origin = "static"
    if found.is_declared:
        origin, detail = "declared", detail.partition(": ")[2]
    rank = 2 if method and not called else 1
    return _Proposal(key, kind, detail, found.documentation, rank, origin)


def takes_self(types: Types, places: list[Property]) -> bool:
    """Whether a declared field is a function whose first parameter is ``self``."""
    for one in options(types.properties.type(places)):
        if isinstance(one, Function):
            for signature in types.calls.signatures(one):
                return bool(signature.parameters) and signature.parameters[0].name == "self"
    return False


def _is_hidden(places: list[Property], text: Text) -> bool:
    """Whether only the methods of its class may use a field."""
    place = places[0]
    if place.visibility == "package":
        return place.text is not text
    return place.visibility in ("private", "protected")


def holder(tree: Tree, start: int) -> Expression | None:
    """What stands before the ``.``, ``:`` or ``[`` in front of an offset."""
    tokens = tree.tokens
    index = bisect_left(tokens.starts, start) - 1
    while index >= 0 and tokens.kinds[index] not in (".", ":", "["):
        index -= 1
    if index < 1:
        return None
    end = tokens.ends[index - 1]
    found: Expression | None = None
    for node in tree.path(end):
        if isinstance(node, Expression) and node.end == end:
            found = node
            break
    return found


__all__ = ["Completion", "Item", "Origin", "Target", "complete", "function_at", "holder", "target"]

"""What may be typed at a place, from the text, the library and what the caller saw at run time.

``target`` reads tokens only, so that it works in code nobody can parse; ``complete`` makes the
list. Nothing is run and nothing outside the text is read. Static items keep their place when the
running program knows them too; what only the program knows follows, labelled as observed.
"""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING, Literal, NamedTuple

from tidelock.shared.language.members import members, shown
from tidelock.shared.language.paths import is_name, quoted
from tidelock.shared.language.scopes import Local, global_names, resolve
from tidelock.shared.language.stdlib import library
from tidelock.shared.model import Key
from tidelock.shared.syntax.tokens import KEYWORDS, NAME, NUMBER, STRING
from tidelock.shared.syntax.tree import FunctionBody, Number, String

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from tidelock.shared.language.facts import Fact, Facts
    from tidelock.shared.language.members import Field, Members
    from tidelock.shared.language.stdlib import Entry
    from tidelock.shared.model import Dialect
    from tidelock.shared.syntax.tree import Tree

TargetKind = Literal["name", "member", "method", "require", "key", "label", "attribute"]
Base = Literal["variable", "module", "string", "unknown"]
Origin = Literal["static", "declared", "observed"]


class Target(NamedTuple):
    """What is being completed: the text from ``start`` to ``end``, of which ``prefix`` is typed.

    For ``member``, ``method`` and ``key``, ``root`` and ``keys`` lead to the value whose fields
    are wanted. ``base`` says what ``root`` is: a variable, the module of a ``require``, a string;
    it is ``unknown`` after a call or anything else that only the running program could tell.
    """

    kind: TargetKind
    prefix: str
    start: int
    end: int
    root: str = ""
    keys: tuple[Key, ...] = ()
    base: Base = "variable"


class Item(NamedTuple):
    """One proposal; ``insert`` replaces the text from ``start`` to the completion's end.

    Items are in order, and sorting by ``sort`` keeps them so.
    """

    label: str
    kind: str
    detail: str
    documentation: str
    origin: Origin
    sort: str
    insert: str
    start: int


class Completion(NamedTuple):
    """The proposals, and the stretch of text that each replaces unless it says otherwise."""

    items: list[Item]
    start: int
    end: int


def target(tree: Tree, offset: int) -> Target | None:
    """What is being completed at an offset; None in comments, numbers and plain strings."""
    tokens = tree.tokens
    offset = min(max(offset, 0), len(tree.text))
    for comment in tree.comments:
        line = not comment.text.startswith("--[") or "]" not in comment.text
        if comment.start < offset and (offset < comment.end or (line and offset == comment.end)):
            return None
    # The token that ends at the cursor or reaches over it, and the one before what is typed.
    index = bisect_left(tokens.starts, offset) - 1
    start = end = offset
    prefix = ""
    if index >= 0 and tokens.ends[index] >= offset:
        kind = tokens.kinds[index]
        if kind == NUMBER:
            return None
        if kind == STRING:
            if offset < tokens.ends[index] or any(flag.token == index for flag in tokens.flags):
                return _in_string(tree, index, offset)
        elif kind == NAME or kind in KEYWORDS or kind == "goto":
            start, end = tokens.starts[index], tokens.ends[index]
            prefix = tree.text[start:offset]
            index -= 1
    before = tokens.kinds[index] if index >= 0 else ""
    if before in (".", ":"):
        root, keys, base = _chain(tree, index)
        kind_: TargetKind = "member" if before == "." else "method"
        return Target(kind_, prefix, start, end, root, keys, base)
    if before == "goto" or (before == NAME and tokens.texts[index] == "goto"):
        return Target("label", prefix, start, end)
    if before == "<" and tokens.kinds[index - 1] == NAME and _declares(tree, index - 1):
        return Target("attribute", prefix, start, end)
    return Target("name", prefix, start, end)


def _declares(tree: Tree, index: int) -> bool:
    """Whether a name is in the list of a ``local``, where ``<`` can only begin an attribute."""
    kinds = tree.tokens.kinds
    while index > 0 and kinds[index] in (NAME, ",", "<", ">"):
        index -= 1
    return kinds[index] == "local"


def _in_string(tree: Tree, index: int, offset: int) -> Target | None:
    """The name of a module, or a key in brackets."""
    tokens = tree.tokens
    text = tokens.texts[index]
    start = tokens.starts[index] + (1 if text[0] in "\"'" else text.index("[", 1) + 1)
    closed = len(text) > 1 and text[-1] == text[0]
    end = tokens.ends[index] - closed if text[0] in "\"'" else tokens.ends[index]
    if offset < start:
        return None
    end = max(min(end, tokens.ends[index]), offset)
    prefix = tree.text[start:offset]
    before = index - 1
    if before >= 0 and tokens.kinds[before] == "(":
        before -= 1
    if before >= 0 and tokens.kinds[before] == NAME and tokens.texts[before] == "require":
        return Target("require", prefix, start, end)
    if tokens.kinds[index - 1] == "[" and index > 1:
        root, keys, base = _chain(tree, index - 1)
        return Target("key", prefix, start, end, root, keys, base)
    return None


def _chain(tree: Tree, index: int) -> tuple[str, tuple[Key, ...], Base]:
    """What stands before a ``.``, ``:`` or ``[``, read backwards: ``a.b["c"]``."""
    tokens = tree.tokens
    kinds = tokens.kinds
    keys: list[Key] = []
    index -= 1
    while index >= 0:
        kind = kinds[index]
        if kind == NAME:
            if kinds[index - 1] == "." and index > 1:
                keys.append(tokens.texts[index])
                index -= 2
                continue
            if kinds[index - 1] == ":":
                break
            return tokens.texts[index], tuple(reversed(keys)), "variable"
        if kind == "]" and index > 2 and kinds[index - 2] == "[":
            key = _key(tree, index - 1)
            if key is None:
                break
            keys.append(key)
            index -= 3
            continue
        if kind == ")" and index > 1 and kinds[index - 1] == STRING:
            return _bracketed(tree, index, tuple(reversed(keys)))
        if kind == STRING and kinds[index - 1] == NAME and tokens.texts[index - 1] == "require":
            return _text(tree, index), tuple(reversed(keys)), "module"
        break
    return "", (), "unknown"


def _bracketed(tree: Tree, index: int, keys: tuple[Key, ...]) -> tuple[str, tuple[Key, ...], Base]:
    """``("text")`` or ``require("module")`` before the bracket at ``index``."""
    tokens = tree.tokens
    if tokens.kinds[index - 2] != "(":
        return "", (), "unknown"
    caller = tokens.kinds[index - 3] if index > 2 else ""
    if caller == NAME and tokens.texts[index - 3] == "require":
        return _text(tree, index - 1), keys, "module"
    if caller in (NAME, ")", "]", STRING, "}"):
        return "", (), "unknown"
    return "", keys, "string"


def _key(tree: Tree, index: int) -> Key | None:
    tokens = tree.tokens
    if tokens.kinds[index] == STRING:
        return _text(tree, index)
    if tokens.kinds[index] != NUMBER:
        return None
    value = Number(0, 0, tokens.texts[index], tree.dialect).value
    return None if isinstance(value, complex) else value


def _text(tree: Tree, index: int) -> str:
    return String(0, 0, tree.tokens.texts[index], tree.dialect).value


class _Proposal(NamedTuple):
    """An item before it is sorted; ``rank`` says how near it is."""

    label: str
    kind: str
    detail: str
    documentation: str
    rank: int


def complete(
    tree: Tree,
    offset: int,
    facts: Facts | None = None,
    *,
    modules: Sequence[str] = (),
) -> Completion:
    """The proposals at an offset that begin with what is typed, whatever its capital letters.

    ``modules`` are the names ``require`` could find.
    """
    wanted = target(tree, offset)
    if wanted is None:
        return Completion([], offset, offset)
    observed: Sequence[Fact] = ()
    if wanted.kind == "name":
        proposals = _names(tree, wanted)
        observed = facts.names if facts else ()
    elif wanted.kind == "require":
        proposals = iter([_Proposal(name, "module", "", "", 0) for name in modules])
    elif wanted.kind == "label":
        proposals = _labels(tree, offset)
    elif wanted.kind == "attribute":
        proposals = iter([_Proposal(name, "keyword", "", "", 0) for name in ("close", "const")])
    else:
        proposals = _members(tree, wanted)
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
            name, proposal.kind, detail, proposal.documentation, "static", sort, insert, place
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
    if wanted.kind == "key":
        return quoted(name)[1:-1], wanted.start
    return name, wanted.start


def _names(tree: Tree, wanted: Target) -> Iterator[_Proposal]:
    index = bisect_left(tree.tokens.starts, wanted.start) - 1
    if index >= 0 and tree.tokens.kinds[index] == "local":
        yield _Proposal("function", "keyword", "", "", 0)
        return
    known = members(tree)
    for local in known.scopes.visible(wanted.start):
        yield _local(known, local)
    for name in global_names(known.scopes):
        yield _field(known, name, known.field((name,)), "global of this file", 2)
    for entry in sorted(library(tree.dialect).members(()), key=_name_of):
        yield _entry(entry, 3)
    for word in _keywords(tree.dialect):
        yield _Proposal(word, "keyword", "", "", 4)


def _name_of(entry: Entry) -> str:
    return entry.name


def _keywords(dialect: Dialect) -> list[str]:
    words = set(KEYWORDS)
    if dialect != "5.1":
        words.add("goto")
    if dialect == "5.5":
        words.add("global")
    return sorted(words)


def _local(known: Members, local: Local) -> _Proposal:
    value = known.value(local)
    if isinstance(value, FunctionBody):
        detail, text = shown(known.tree, local.name, value, local.start)
        return _Proposal(local.name, "function", detail, text, 1)
    detail = f"{local.kind} <{local.attrib}>" if local.attrib else local.kind
    return _Proposal(local.name, "variable", detail, "", 1)


def _field(known: Members, name: str, field: Field | None, otherwise: str, rank: int) -> _Proposal:
    if field is None or field.body is None:
        return _Proposal(name, "field" if rank == 1 else "variable", otherwise, "", rank)
    detail, text = shown(known.tree, name, field.body, field.statement)
    return _Proposal(name, "method" if field.method else "function", detail, text, rank)


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


def _members(tree: Tree, wanted: Target) -> Iterator[_Proposal]:
    books = library(tree.dialect)
    called = wanted.kind == "method"
    if wanted.base == "string":
        yield from (_entry(entry, 1) for entry in books.members(("string",)))
    if wanted.base != "variable":
        return
    known = members(tree)
    local = known.scopes.local(wanted.root, wanted.start)
    path = known.real((*known.root(wanted.root, local), *wanted.keys))
    for key, fields in known.fields(path).items():
        method = any(field.method for field in fields)
        if not isinstance(key, str) or (called and not method):
            continue
        field = next((field for field in fields if field.body is not None), fields[0])
        proposal = _field(known, key, field, "field", 1)
        yield proposal if called or not method else proposal._replace(rank=2)
    if isinstance(path[0], str) and not called:
        yield from (_entry(entry, 1) for entry in books.members(path))
    if isinstance(path[0], Local) and len(path) == 1:
        yield from (_entry(entry, 2) for entry in known.borrowed(path[0]))

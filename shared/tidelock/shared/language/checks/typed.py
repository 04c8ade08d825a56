"""What is known to be wrong by the types of values: fields that are none, nil, fits, returns.

What is not certain is not told: a type that is partly unknown makes no problem.
"""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

from tidelock.shared.language.annotations import run_above
from tidelock.shared.language.checks.judging import (
    differs,
    is_certain,
    is_closed,
    may_be_nil,
    sources,
    takes_nil,
)
from tidelock.shared.language.checks.tables import kept_tables
from tidelock.shared.language.luacats import tags
from tidelock.shared.language.stdlib import library
from tidelock.shared.language.types.calls import returns_of
from tidelock.shared.language.types.flow import leaves
from tidelock.shared.language.types.kinds import NIL, ClassType, Function, lua_type
from tidelock.shared.language.types.tracing import trace
from tidelock.shared.language.versions import elsewhere
from tidelock.shared.model import Problem
from tidelock.shared.syntax.tree import (
    Call,
    Constant,
    FunctionBody,
    Index,
    Local,
    Member,
    MethodCall,
    Name,
    NamedField,
    Table,
    Vararg,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator

    from tidelock.shared.language.types.inference import Types
    from tidelock.shared.language.types.kinds import Type, Values
    from tidelock.shared.language.types.texts import Text
    from tidelock.shared.language.variables import Local as Variable


def _shown(types: Types, kind: Type) -> str:
    words = types.printer.text(kind)
    return words if len(words) <= 40 else f"{words[:37]}..."


# -- fields ------------------------------------------------------------------------------------


def field(
    types: Types, text: Text, node: Member | MethodCall, sets: Callable[[str, str], bool]
) -> Iterator[Problem]:
    """A field that is read; ``sets`` says whether any text sets a field of a global."""
    start, end = node.key_start, node.key_start + len(node.key)
    holder = node.object
    if not node.key:
        return
    if isinstance(holder, Name) and text.members.scopes.meaning(holder.start) is None:
        yield from _library_field(text, holder.name, node.key, start, end, sets)
        return
    kind = types.expression(text, holder)
    if isinstance(holder, Name) and isinstance(node, Member):
        yield from _kept_field(text, holder, node.key, start, end)
    if lua_type(kind) == "string" and not isinstance(kind, ClassType):
        yield from _library_field(text, "string", node.key, start, end, sets)
    if not isinstance(kind, ClassType):
        return
    places = types.properties.find(kind, node.key)
    if places:
        if not _may_see(types, text, node, kind, places[0].visibility, places[0].text):
            message = f"'{node.key}' of '{kind.name}' is {places[0].visibility}"
            yield Problem("invisible", "warning", start, end, message)
    elif is_closed(types, kind) and types.properties.get(kind, node.key) is None:
        near = difflib.get_close_matches(
            node.key, [str(one) for one in types.properties.fields(kind)], 1, 0.7
        )
        yield _no_field(kind.name, node.key, start, end, near)


def _no_field(owner: str, key: str, start: int, end: int, near: list[str]) -> Problem:
    hint = f"; did you mean '{near[0]}'?" if near else ""
    message = f"'{owner}' has no field '{key}'{hint}"
    return Problem(
        "undefined-field", "warning", start, end, message, instead=near[0] if near else ""
    )


def _library_field(
    text: Text, name: str, key: str, start: int, end: int, sets: Callable[[str, str], bool]
) -> Iterator[Problem]:
    known = library(text.dialect)
    entry = known.entry((name,))
    if entry is None or entry.kind != "table" or name == "_G" or known.entry((name, key)):
        return
    if text.members.scopes.global_sets(name) or sets(name, key):
        return
    if key in text.members.fields((name,)):
        return
    other = elsewhere(f"{name}.{key}", text.dialect)
    if other:
        yield Problem("undefined-field", "warning", start, end, other)
        return
    near = difflib.get_close_matches(key, [one.name for one in known.members((name,))], 1, 0.7)
    yield _no_field(name, key, start, end, near)


def _kept_field(text: Text, holder: Name, key: str, start: int, end: int) -> Iterator[Problem]:
    """A field that a table has not, all of whose uses are in sight."""
    local = text.members.scopes.meaning(holder.start)
    keys = frozenset() if local is None else kept_tables(text.tree).keys(local)
    if keys and key not in keys:
        near = difflib.get_close_matches(key, sorted(keys), 1, 0.7)
        yield _no_field(holder.name, key, start, end, near)


def _may_see(
    types: Types,
    text: Text,
    node: Member | MethodCall,
    kind: ClassType,
    visibility: str,
    where: Text | None,
) -> bool:
    if visibility == "public":
        return True
    if visibility == "package":
        return where is text
    for body in text.tree.path(node.start):
        if isinstance(body, FunctionBody):
            owner = text.members.owner(body)
            name = None if owner is None else text.declared.paths.get(owner)
            if name == kind.name or (name is not None and visibility == "protected"):
                return True
    return False


def nil(
    types: Types, text: Text, node: Member | MethodCall | Index, checked: Collection[Variable]
) -> Iterator[Problem]:
    """Something is asked of a variable that may be nil here.

    Those that were ``checked`` before may have been checked in a way that types do not see, and
    of several results one may tell of the others.
    """
    holder = node.object
    if not isinstance(holder, Name):
        return
    local = text.members.scopes.meaning(holder.start)
    if local is None or local.kind not in ("local", "parameter") or local in checked:
        return
    kind = types.expression(text, holder)
    if not may_be_nil(kind) or not is_certain(types, kind):
        return
    flow = trace(text.tree, local).get(holder.start)
    given = sources(flow) if flow is not None else set()
    if given and all(one.kind in ("value", "parameter") and one.nth == 0 for one in given):
        message = f"'{holder.name}' may be nil here"
        yield Problem("need-check-nil", "warning", holder.start, holder.end, message)


# -- what is declared and what is given ------------------------------------------------------------


def declared_locals(types: Types, text: Text, node: Local) -> Iterator[Problem]:
    """Values of variables whose types a comment tells."""
    run = run_above(text.tree, node.start)
    if "@type" not in run.raw:
        return
    written = [
        one for item in run.block.items if isinstance(item, tags.TypeOf) for one in item.types
    ]
    scope = types.calls.scope_at(text, node.start)
    for name, value, one in zip(node.names, node.values, written, strict=False):
        wanted = types.meanings.type(one, text, scope, run.start)
        given = types.expression(text, value)
        if given is not NIL and differs(types, wanted, given):
            words = f"'{name.name}' is {_shown(types, wanted)}; this is {_shown(types, given)}"
            yield Problem("assign-type-mismatch", "warning", value.start, value.end, words)
        elif isinstance(value, Table) and isinstance(wanted, ClassType):
            yield from _missing_fields(types, wanted, value)


def closed(types: Types, text: Text, node: Local) -> Iterator[Problem]:
    """Values of ``<close>`` variables that Lua refuses to close; nil and false it passes by.

    Of tables only those written in place are surely without a metatable.
    """
    attributes = node.attributes or [None] * len(node.names)
    for name, own, value in zip(node.names, attributes, node.values, strict=False):
        attribute = own or node.default
        if attribute is None or attribute.name != "close":
            continue
        kind = lua_type(types.expression(text, value))
        if isinstance(value, Table):
            kind = "table"
        elif kind not in ("number", "string", "function"):
            kind = "boolean" if isinstance(value, Constant) and value.text == "true" else None
        if kind is not None:
            message = f"'{name.name}' is a {kind}; it cannot be closed"
            yield Problem("close-non-object", "warning", value.start, value.end, message)


def _missing_fields(types: Types, wanted: ClassType, node: Table) -> Iterator[Problem]:
    if not all(isinstance(one, NamedField) for one in node.fields) or not is_closed(types, wanted):
        return
    given = {one.name.name for one in node.fields if isinstance(one, NamedField)}
    missing = [
        str(key)
        for key, places in types.properties.fields(wanted).items()
        if key not in given
        and all(one.declared is not None and not one.declared.tag.is_optional for one in places)
        and not takes_nil(types.properties.type(places))
    ]
    if missing:
        names = ", ".join(missing[:3]) + (" ..." if len(missing) > 3 else "")
        message = f"'{wanted.name}' also has {names}"
        yield Problem("missing-fields", "warning", node.start, node.end, message)


def returns(types: Types, text: Text, body: FunctionBody) -> Iterator[Problem]:
    """The ``return`` statements of a function whose comment promises something."""
    own = types.calls.signatures(Function((), text, body))[0]
    run = types.calls.comment(text, body)
    if own.returns is None or "@return" not in run.raw:
        return
    promised = own.returns
    least = sum(1 for _ in _needed(promised))
    for node in returns_of(body.body):
        given = node.values
        is_open = bool(given) and isinstance(given[-1], Call | MethodCall | Vararg)
        if len(given) - is_open < least and not is_open:
            message = f"the function gives {_values(least)}; this gives {len(given)}"
            yield Problem("missing-return-value", "warning", node.start, node.end, message)
        if promised.rest is None and len(given) - is_open > len(promised.types):
            first = given[len(promised.types)]
            message = f"the function gives {_values(len(promised.types))}"
            yield Problem("redundant-return-value", "warning", first.start, given[-1].end, message)
        for value, wanted in zip(given, promised.types, strict=False):
            found = types.expression(text, value)
            if differs(types, wanted, found):
                words = f"this is {_shown(types, found)}; promised is {_shown(types, wanted)}"
                yield Problem("return-type-mismatch", "warning", value.start, value.end, words)
    if least and body.body.statements and not leaves(body.body):
        message = f"the function gives {_values(least)} and may end without 'return'"
        yield Problem("missing-return", "warning", body.end - 3, body.end, message)


def _values(count: int) -> str:
    return f"{count} value{'' if count == 1 else 's'}"


def _needed(promised: Values) -> Iterator[Type]:
    """The values that are promised up to the last that cannot be nil."""
    last = 0
    for place, one in enumerate(promised.types, 1):
        if not takes_nil(one):
            last = place
    yield from promised.types[:last]

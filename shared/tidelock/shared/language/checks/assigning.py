"""What is assigned against a declared type: to variables, to fields that a class lacks, by casts.

What is not certain is not told. Parameters may be put into another form of the same thing, so
what they are given is not looked at.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tidelock.shared.language.annotations import runs
from tidelock.shared.language.checks.judging import differs, is_certain, is_closed
from tidelock.shared.language.luacats import tags
from tidelock.shared.language.types.flow import Source
from tidelock.shared.language.types.kinds import NIL, ClassType, Shape, options
from tidelock.shared.language.types.tracing import trace
from tidelock.shared.model import Problem
from tidelock.shared.syntax.tree import Assign, Function, FunctionBody, Member, Name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tidelock.shared.language.annotations import Run
    from tidelock.shared.language.types.inference import Types
    from tidelock.shared.language.types.kinds import Type
    from tidelock.shared.language.types.texts import Text
    from tidelock.shared.language.variables import Local as Variable
    from tidelock.shared.syntax.tree import Expression


def assigned(types: Types, text: Text, node: Assign | Function) -> Iterator[Problem]:
    """The targets of one assignment, or of a function that is given to a field."""
    if isinstance(node, Function):
        yield from _injected(types, text, node.target)
        return
    for target in node.targets:
        yield from _injected(types, text, target)
    for target, value in zip(node.targets, node.values, strict=False):
        local = text.members.scopes.meaning(target.start) if isinstance(target, Name) else None
        wanted = None if local is None else types.names.declared(text, local)
        if local is None or wanted is None:
            continue
        given = types.expression(text, value)
        if given is not NIL and differs(types, wanted, given):
            words = f"'{local.name}' is {_shown(types, wanted)}; this is {_shown(types, given)}"
            yield Problem("cast-local-type", "warning", target.start, target.end, words)


def _shown(types: Types, kind: Type) -> str:
    words = types.printer.text(kind)
    return words if len(words) <= 40 else f"{words[:37]}..."


def _injected(types: Types, text: Text, target: Expression) -> Iterator[Problem]:
    """A field that the class of a declared variable or field does not have.

    Where a class is made its fields are too, and what a call gives may be made into another.
    """
    if not isinstance(target, Member) or not target.key:
        return
    if not _is_declared(types, text, target.object):
        return
    kind = types.expression(text, target.object)
    if isinstance(kind, Shape) and kind.base is not None and not kind.is_self:
        kind = kind.base  # what it is but for the fields that are assigned here
    if not isinstance(kind, ClassType) or not is_closed(types, kind):
        return
    path = text.members.path(target.object)
    if path is not None and text.declared.paths.get(path) == kind.name:
        return
    if types.properties.find(kind, target.key) or types.properties.get(kind, target.key):
        return
    message = f"'{kind.name}' has no field '{target.key}'; declare it with '@field'"
    yield Problem("inject-field", "warning", target.key_start, target.end, message)


def _is_declared(types: Types, text: Text, holder: Expression) -> bool:
    """Whether a comment says what an expression is."""
    if isinstance(holder, Member):
        places = types.properties.find(types.expression(text, holder.object), holder.key)
        return bool(places) and all(one.declared is not None for one in places)
    local = text.members.scopes.meaning(holder.start) if isinstance(holder, Name) else None
    if local is None:
        return False
    flow = trace(text.tree, local).get(local.start)
    if isinstance(flow, Source) and isinstance(flow.node, FunctionBody):
        items = types.calls.comment(text, flow.node).block.items
        return any(isinstance(one, tags.Param) and one.name.text == local.name for one in items)
    return types.names.declared(text, local) is not None


# -- casts -----------------------------------------------------------------------------------------


def casts(types: Types, text: Text) -> Iterator[Problem]:
    """Casts to types that a variable surely never has."""
    for run in runs(text.tree):
        for item in run.block.items:
            if isinstance(item, tags.Cast):
                yield from _cast(types, text, run, item)


def _cast(types: Types, text: Text, run: Run, item: tags.Cast) -> Iterator[Problem]:
    change = item.changes[0] if len(item.changes) == 1 else None
    place = run.start + item.start
    local = text.members.scopes.local(item.name.text, place)
    if change is None or change.type is None or change.sign or local is None:
        return
    before = _declared(types, text, local)
    after = types.meanings.type(change.type, text, types.calls.scope_at(text, place), run.start)
    if before is None or not (is_certain(types, before) and is_certain(types, after)):
        return
    pairs = [(one, other) for one in options(before) for other in options(after)]
    if all(differs(types, one, other) and differs(types, other, one) for one, other in pairs):
        start, end = run.start + change.type.start, run.start + change.type.end
        words = f"'{local.name}' is {_shown(types, before)}; it is never {_shown(types, after)}"
        yield Problem("cast-type-mismatch", "warning", start, end, words)


def _declared(types: Types, text: Text, local: Variable) -> Type | None:
    """What a comment says that a variable is, or what it is given once and for all."""
    found = types.names.declared(text, local)
    if found is not None or any(one.write for one in local.references):
        return found
    flow = trace(text.tree, local).get(local.start)
    return None if flow is None else types.names.flow(text, flow)

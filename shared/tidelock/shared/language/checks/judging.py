"""Whether a value may stand where another type is wanted: only what is certain counts as wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tidelock.shared.language.luacats.written import Named
from tidelock.shared.language.types.flow import Joined, Recast, Source, Tested
from tidelock.shared.language.types.generics import is_open
from tidelock.shared.language.types.kinds import (
    ANY,
    INTEGER,
    NEVER,
    NIL,
    SELF,
    UNKNOWN,
    ClassType,
    Type,
    Union,
    Variable,
    lua_type,
    options,
)

if TYPE_CHECKING:
    from tidelock.shared.language.types.flow import Flow
    from tidelock.shared.language.types.inference import Types

_COERCED = {"number", "string"}


def is_certain(types: Types, kind: Type) -> bool:
    """Whether a type says all that the value can be."""
    for one in options(kind):
        if one in (UNKNOWN, ANY, NEVER, SELF) or isinstance(one, Variable) or is_open(one):
            return False
        if isinstance(one, ClassType) and not types.meanings.classes(one):
            return False
    return True


def differs(types: Types, wanted: Type, given: Type) -> bool:
    """Whether a value is surely none of a type; numbers and texts stand for each other."""
    if not is_certain(types, wanted) or not is_certain(types, given):
        return False
    if types.generics.fits(wanted, given, 0):
        return False
    wants = {lua_type(one) for one in options(wanted)}
    gives = {lua_type(one) for one in options(given) if one is not NIL}
    if INTEGER in options(wanted) and gives == {"number"}:
        return False  # a float may have no fraction
    return not (gives and gives <= _COERCED and not gives <= wants and wants & _COERCED)


def is_closed(types: Types, kind: ClassType) -> bool:
    """Whether all that a class and its parents have is known."""
    todo, seen = [kind], set[str]()
    while todo:
        one = todo.pop()
        if one.name in seen:
            continue
        seen.add(one.name)
        declarations = types.meanings.classes(one)
        if not declarations or not any(found.fields for _, found, _ in declarations):
            return False
        for where, declaration, _ in declarations:
            for parent in declaration.tag.parents:
                if not isinstance(parent, Named):
                    return False
                todo.append(ClassType(parent.name.text, (), where))
    return True


def takes_nil(kind: Type) -> bool:
    """Whether nothing has to be given where a type is wanted."""
    return any(one in (NIL, ANY, UNKNOWN) or isinstance(one, Variable) for one in options(kind))


def may_be_nil(kind: Type) -> bool:
    """Whether a value, all of whose types are known, can be nil and something else."""
    return isinstance(kind, Union) and NIL in kind.options


def sources(flow: Flow) -> set[Source]:
    """Where the values of a flow come from."""
    found: set[Source] = set()
    seen: set[Flow] = set()
    todo: list[Flow] = [flow]
    while todo:
        one = todo.pop()
        if one in seen:
            continue
        seen.add(one)
        if isinstance(one, Source):
            found.add(one)
        elif isinstance(one, Joined):
            todo += one.flows
        elif isinstance(one, Tested | Recast):
            todo.append(one.flow)
    return found

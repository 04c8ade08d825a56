"""What is known to be wrong with calls: arguments, the sign before the name, results dropped.

A call is judged only where the one function that it calls is known.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tidelock.shared.language.annotations import digest
from tidelock.shared.language.checks.judging import differs, takes_nil
from tidelock.shared.language.deprecations import deprecated
from tidelock.shared.language.luacats import tags
from tidelock.shared.language.types.kinds import UNKNOWN, Function, Type, lua_type
from tidelock.shared.model import Problem
from tidelock.shared.syntax.tree import (
    Assign,
    Call,
    Expression,
    Index,
    Member,
    MethodCall,
    Name,
    Vararg,
)
from tidelock.shared.syntax.tree import Function as Defined

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tidelock.shared.language.annotations import Run
    from tidelock.shared.language.types.inference import Types
    from tidelock.shared.language.types.kinds import Signature
    from tidelock.shared.language.types.texts import Text

_PURE = frozenset(
    (
        *("type", "tonumber", "rawequal", "rawget", "rawlen", "select"),
        *(f"string.{one}" for one in ("byte", "char", "find", "format", "len", "lower", "match")),
        *(f"string.{one}" for one in ("rep", "reverse", "sub", "upper", "gmatch")),
        *(f"math.{one}" for one in ("abs", "ceil", "floor", "max", "min", "sqrt", "fmod")),
        *(f"table.{one}" for one in ("concat", "unpack", "pack")),
        *(f"os.{one}" for one in ("time", "clock", "getenv", "difftime")),
    )
)


def call(types: Types, text: Text, node: Call | MethodCall) -> Iterator[Problem]:
    """The problems of one call."""
    called = _called(types, text, node)
    place = _place(node)
    if isinstance(node, Call) and lua_type(called) in ("number", "string", "boolean"):
        function = node.function
        if isinstance(function, Name | Member | Index):
            message = f"'{_short(text, function)}' is a {lua_type(called)}; it cannot be called"
            yield Problem("call-non-callable", "warning", function.start, function.end, message)
        return
    if not isinstance(called, Function):
        return
    run = _comment(types, called)
    if run is not None and digest(run).deprecated:
        named, instead = _successor(text, node, run)
        hint = f"; use '{named}'" if named else ""
        message = f"'{text.tree.text[slice(*place)]}' is deprecated{hint}"
        yield Problem("deprecated", "hint", *place, message, instead=instead)
    signatures = types.calls.signatures(called)
    if not signatures:
        return
    mismatch = _sign(text, node, called, signatures[0])
    if mismatch is not None:
        yield mismatch
        return
    found = list(_counts(text, node, signatures))
    yield from found
    if len(signatures) == 1 and not found:
        yield from _arguments(types, text, node, signatures[0])


def marked(text: Text) -> Iterator[Problem]:
    """Uses of what comments of the text call deprecated, that are no calls."""
    tree = text.tree
    for start in sorted(deprecated(tree)):
        path = tree.path(start)
        node, outer = path[-1], path[-2]
        if not isinstance(node, Name | Member):
            continue
        local = text.members.scopes.meaning(start) if isinstance(node, Name) else None
        is_declared = local is not None and local.start == start
        is_set = isinstance(outer, Assign) and any(one is node for one in outer.targets)
        is_set = is_set or (isinstance(outer, Defined) and outer.target is node)
        is_called = isinstance(outer, Call) and outer.function is node
        if not (is_declared or is_set or is_called):
            message = f"'{tree.text[start : node.end]}' is deprecated"
            yield Problem("deprecated", "hint", start, node.end, message)


def _called(types: Types, text: Text, node: Call | MethodCall) -> Type:
    if isinstance(node, Call):
        return types.expression(text, node.function)
    found = types.properties.get(types.expression(text, node.object), node.key)
    return UNKNOWN if found is None else found


def _place(node: Call | MethodCall) -> tuple[int, int]:
    """The name of what is called."""
    if isinstance(node, MethodCall):
        return node.key_start, node.key_start + len(node.key)
    function = node.function
    if isinstance(function, Member):
        return function.key_start, function.end
    return function.start, function.end


def _short(text: Text, node: Expression) -> str:
    words = " ".join(text.tree.text[node.start : node.end].split())
    return words if len(words) <= 40 else f"{words[:37]}..."


def _comment(types: Types, function: Function) -> Run | None:
    if function.text is None or function.body is None:
        return None
    return types.calls.comment(function.text, function.body)


_NAMED = r"[A-Za-z_]\w*(?:[.:][A-Za-z_]\w*)*"
_INSTEAD = re.compile(
    r"\b(?:use|replaced by|in favou?r of)\s+"
    rf"(?:[`'\"]({_NAMED})(?:\(\))?[`'\"]|({_NAMED})(?=\(|\s+instead\b|[.!]?\s*$))",
    re.IGNORECASE,
)


def _successor(text: Text, node: Call | MethodCall, run: Run) -> tuple[str, str]:
    """What ``@deprecated`` says to use, and what that is in the place of the name that is called.

    The second is empty where more than the name would have to change.
    """
    marks = (one for one in run.block.items if isinstance(one, tags.Mark))
    words = next((one.text for one in marks if one.word == "deprecated"), "")
    found = _INSTEAD.search(words)
    if found is None:
        return "", ""
    named: str = found[1] or found[2]
    last = re.split("[.:]", named)[-1]
    table = named[: -len(last) - 1]
    if not table:
        return named, last
    if isinstance(node, MethodCall):
        return named, last if ":" in named else ""
    if isinstance(node.function, Member):
        before = node.function.object
        is_same = text.tree.text[before.start : before.end] == table and "." in named
        return named, last if is_same else ""
    return named, named if ":" not in named else ""


def _is_open(nodes: list[Expression]) -> bool:
    return bool(nodes) and isinstance(nodes[-1], Call | MethodCall | Vararg)


def _sign(
    text: Text, node: Call | MethodCall, called: Function, signature: Signature
) -> Problem | None:
    """``.`` where the function wants its object, ``:`` where it takes none."""
    body = called.body
    if body is None:
        return None
    start, end = _place(node)
    name = text.tree.text[start:end]
    if isinstance(node, Call):
        if not (body.method and isinstance(node.function, Member)) or node.arguments:
            return None
        message = f"'{name}' is a method; call it with ':'"
        return Problem("colon-mismatch", "warning", start - 1, end, message)
    names = [one.name for one in signature.parameters]
    given = len(node.arguments)
    if body.method or "self" in names or signature.rest is not None or _is_open(node.arguments):
        return None
    if given == len(names):
        message = f"'{name}' takes no object before its arguments; call it with '.'"
        return Problem("colon-mismatch", "warning", start - 1, end, message)
    return None


def _counts(
    text: Text, node: Call | MethodCall, signatures: tuple[Signature, ...]
) -> Iterator[Problem]:
    """More or fewer arguments than any way to call the function takes."""
    before = isinstance(node, MethodCall)
    given = node.arguments
    is_open = _is_open(given)
    least = len(given) - is_open + before
    if all(one.rest is None for one in signatures):
        most = max(len(one.parameters) for one in signatures)
        if least > most:
            first = given[max(most - before, 0)]
            word = "argument" if most - before == 1 else "arguments"
            message = f"'{_name(text, node)}' takes {max(most - before, 0)} {word}"
            yield Problem("redundant-parameter", "warning", first.start, given[-1].end, message)
            return
    if is_open:
        return
    lacking = [one.parameters[least] for one in signatures if _needs(one, least)]
    if len(lacking) == len(signatures):
        start, end = _place(node)
        message = f"'{_name(text, node)}' needs '{lacking[0].name}'"
        yield Problem("missing-parameter", "warning", start, end, message)


def _needs(signature: Signature, count: int) -> bool:
    """Whether a parameter behind some has to be given; the first such is the one."""
    if count >= len(signature.parameters):
        return False
    one = signature.parameters[count]
    return not one.is_optional and not takes_nil(one.type)


def _name(text: Text, node: Call | MethodCall) -> str:
    return text.tree.text[slice(*_place(node))]


def _arguments(
    types: Types, text: Text, node: Call | MethodCall, signature: Signature
) -> Iterator[Problem]:
    parameters = signature.parameters[isinstance(node, MethodCall) :]
    if parameters and parameters[0].name == "thread":
        return  # the library's functions that may begin with one take all else a place earlier
    for one, parameter in zip(node.arguments, parameters, strict=False):
        given = types.expression(text, one)
        if parameter.is_optional and lua_type(given) == "nil":
            continue
        if differs(types, parameter.type, given):
            wanted, found = types.printer.text(parameter.type), types.printer.text(given)
            message = f"'{parameter.name}' is {_cut(wanted)}; this is {_cut(found)}"
            yield Problem("param-type-mismatch", "warning", one.start, one.end, message)


def _cut(words: str) -> str:
    return words if len(words) <= 40 else f"{words[:37]}..."


def dropped(types: Types, text: Text, node: Call | MethodCall) -> Iterator[Problem]:
    """A call as a statement whose only use is what it gives."""
    called = _called(types, text, node)
    name = ""
    if isinstance(node, Call):
        function = node.function
        free = function.object if isinstance(function, Member) else function
        if isinstance(free, Name) and text.members.scopes.meaning(free.start) is None:
            name = text.tree.text[function.start : function.end]
    is_pure = name in _PURE
    if isinstance(called, Function):
        run = _comment(types, called)
        items = run.block.items if run is not None and run.raw else ()
        is_pure = is_pure or any(
            isinstance(item, tags.Mark) and item.word == "nodiscard" for item in items
        )
    if is_pure:
        message = f"what '{_name(text, node)}' gives is dropped"
        yield Problem("discard-returns", "warning", *_place(node), message)

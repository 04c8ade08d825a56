"""What mends a text that is written for another Lua: the same in words of the one selected.

Names of another Lua's library are among it. Where the other way does not do the same, none is
offered.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tidelock.shared.language.checks.mending import Edit, Fix, around, line, short
from tidelock.shared.language.versions import successor
from tidelock.shared.model import DIALECTS
from tidelock.shared.syntax.parser import parse
from tidelock.shared.syntax.tree import (
    Binary,
    Break,
    Call,
    CallStatement,
    Expression,
    Index,
    Local,
    Member,
    MethodCall,
    Name,
    Number,
    Paren,
    String,
    Unary,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tidelock.shared.model import Dialect, Problem
    from tidelock.shared.syntax.tree import Node, Tree

_FUNCTIONS = {"&": "band", "|": "bor", "~": "bxor", "<<": "lshift", ">>": "rshift"}
_BITS = {"5.2": "bit32", "luajit": "bit"}


def version(tree: Tree, problem: Problem) -> Iterator[Fix]:
    """The same in the Lua that is selected."""
    here = tree.text[problem.start : problem.end]
    if here == "//" or here in _FUNCTIONS:
        yield from _operator(tree, problem, here)
    elif here == "<":
        yield from _attribute(tree, problem)
    elif here == ";":
        yield Fix("remove it", (line(tree, problem.start, problem.end),), is_preferred=True)
    elif here.startswith("\\"):
        yield from _escape(tree, problem, here)
    elif here[:1].isdigit():
        yield from _number(tree, problem, here)
    else:
        yield from _break(tree, problem)


def _operator(tree: Tree, problem: Problem, sign: str) -> Iterator[Fix]:
    """A function for an operator."""
    start, end = problem.start, problem.end
    name = "math.floor" if sign == "//" else f"{_BITS.get(tree.dialect, '')}."
    name += "" if sign == "//" else _FUNCTIONS[sign]
    if name.startswith("."):
        return
    for node in reversed(tree.path(start)):
        if isinstance(node, Unary) and node.start == start:
            name = name.replace("bxor", "bnot")
            inner = node.operand
            edits = [Edit(start, inner.start, f"{name}("), Edit(inner.end, inner.end, ")")]
        elif isinstance(node, Binary) and node.left.end <= start and end <= node.right.start:
            between = Edit(start, end, "/")
            if sign != "//":
                between = Edit(node.left.end, node.right.start, ", ")
            edits = [Edit(node.start, node.start, f"{name}("), between]
            edits.append(Edit(node.end, node.end, ")"))
        else:
            continue
        yield Fix(f"write it with '{name}'", tuple(edits), is_preferred=True)
        return


def _attribute(tree: Tree, problem: Problem) -> Iterator[Fix]:
    """A local that may change is one that can be read all the same."""
    statement = around(tree, problem.start, Local)
    if statement is None:
        return
    for name, attribute in zip(statement.names, statement.attributes, strict=False):
        if attribute is not None and attribute.name == "const" and name.end <= problem.start:
            end = tree.text.index(">", attribute.end) + 1
            edit = Edit(name.end, end, "")
            if name.end <= problem.start < end:
                yield Fix("leave '<const>' out", (edit,), is_preferred=True)


_ESCAPE = re.compile(r"\\(?:x([0-9A-Fa-f]{2})|u\{([0-9A-Fa-f]+)\}|(.))", re.DOTALL)


def _escape(tree: Tree, problem: Problem, here: str) -> Iterator[Fix]:
    """The bytes as every Lua reads them; a letter with the backslash that was meant, or none."""
    found = _ESCAPE.fullmatch(here)
    if found is None:
        return
    byte, point, letter = found.groups()
    if letter is not None:
        if letter in "xuz":
            return
        yield Fix(f"write '\\{here}'", (Edit(problem.start, problem.start, "\\"),))
        yield Fix(f"write '{letter}'", (Edit(problem.start, problem.end, letter),))
        return
    if byte is None and int(point, 16) > 0x10FFFF:
        return
    data = bytes([int(byte, 16)]) if byte else chr(int(point, 16)).encode("utf-8", "surrogatepass")
    words = "".join(f"\\{one:03}" for one in data)
    edit = Edit(problem.start, problem.end, words)
    yield Fix(f"write '{words}'", (edit,), is_preferred=True)


def _number(tree: Tree, problem: Problem, here: str) -> Iterator[Fix]:
    """A number of LuaJIT as one that all read."""
    plain = re.sub(r"(?i)u?ll\Z", "", here)
    if re.fullmatch(r"0[bB][01]+", here):
        plain = str(int(here[2:], 2))
    if plain != here:
        edit = Edit(problem.start, problem.end, plain)
        yield Fix(f"write '{short(plain)}'", (edit,), is_preferred=True)


def _break(tree: Tree, problem: Problem) -> Iterator[Fix]:
    """``break`` in a block of its own, where it has to be the last statement."""
    before = len(tree.text[: problem.start].rstrip())
    leaving = around(tree, max(before - 1, 0), Break)
    if leaving is not None and leaving.end == before:
        edit = Edit(leaving.start, leaving.end, "do break end")
        yield Fix("write 'do break end'", (edit,), is_preferred=True)


def selectable(tree: Tree, problem: Problem) -> Dialect | None:
    """The Lua nearest to the one selected that takes what this one refuses."""
    place = DIALECTS.index(tree.dialect)
    index = tree.unit_at(problem.start)
    begins = tree.begins
    end = begins[index + 2] if index + 2 < len(begins) else len(tree.text)
    text = tree.text[begins[index] if index else 0 : end]
    least = len(parse(text, tree.dialect, tree.mode).problems)
    for other in (*DIALECTS[place + 1 :], *reversed(DIALECTS[:place])):
        if len(parse(text, other, tree.mode).problems) < least:
            return other
    return None


# -- names of another Lua ------------------------------------------------------------------------

_PLAIN = (Name, Number, String, Member, Index, Call, MethodCall, Paren)


def renamed(tree: Tree, problem: Problem) -> Iterator[Fix]:
    """What stands for a name of another Lua, in its place."""
    path = tree.path(problem.start)
    named = next((one for one in reversed(path) if isinstance(one, Name | Member)), None)
    if named is None:
        return
    if isinstance(named, Name) and named.end < problem.start:
        return
    place = path.index(named)
    outer = path[place - 1] if place else None
    if isinstance(named, Name) and isinstance(outer, Member) and outer.object is named:
        named = outer  # the table is not there, so its field is not
        place -= 1
    name = "".join(tree.text[named.start : named.end].split())
    better = successor(name, tree.dialect)
    if better is None or not better.form:
        return
    if "{0}" not in better.form and "(" not in better.form:
        edit = Edit(named.start, named.end, better.form)
        yield Fix(f"write '{better.form}'", (edit,), is_preferred=True)
        return
    call = path[place - 1] if place else None
    if not isinstance(call, Call) or call.function is not named:
        return
    outer = path[place - 2] if place > 1 else None
    is_value = not isinstance(outer, CallStatement) or "(" in better.form
    if len(call.arguments) != better.form.count("{") or not is_value:
        return
    parts = [_argument(tree, one) for one in call.arguments]
    words = better.form.format(*parts)
    if outer is not None and "(" not in better.form and _binds(outer, call, better.form):
        words = f"({words})"
    edit = Edit(call.start, call.end, words)
    yield Fix(f"write '{short(words)}'", (edit,), is_preferred=True)


def _argument(tree: Tree, node: Expression) -> str:
    words = tree.text[node.start : node.end]
    return words if isinstance(node, _PLAIN) else f"({words})"


def _binds(outer: Node, inner: Node, form: str) -> bool:
    """Whether an operator has to be in brackets where a call stood."""
    if isinstance(outer, Call):
        return outer.function is inner
    if isinstance(outer, Binary) and form.startswith("#"):
        return outer.operator == "^"
    return isinstance(outer, Binary | Unary | Member | Index | MethodCall)

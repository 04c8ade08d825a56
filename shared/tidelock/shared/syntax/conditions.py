"""The expressions people attach to breakpoints: conditions, and log messages with ``{values}``.

They are read and described here, never run. A condition is compiled into the script it watches,
so what matters is which names it takes from there and whether it can raise.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from tidelock.shared.syntax.parser import parse
from tidelock.shared.syntax.tokens import scan
from tidelock.shared.syntax.tree import (
    Binary,
    Block,
    Constant,
    Name,
    Number,
    Paren,
    Result,
    String,
    Unary,
)

if TYPE_CHECKING:
    from tidelock.shared.model import Dialect, Problem
    from tidelock.shared.syntax.tree import Node, Tree


class Condition(NamedTuple):
    """What an expression needs from where it stands.

    ``free`` are the names it does not declare itself, in the order of their first use; ``varargs``
    tells of ``...`` outside its own functions. ``bare`` means that it is built of names, constants
    (``-1`` is one), ``==``, ``~=``, ``and``, ``or``, ``not`` and brackets only, and that it only
    compares with constants and truth values, so that no metamethod is called. ``inline`` is the
    same expression on one line and without comments, None when a long string keeps it from being
    that.
    """

    free: tuple[str, ...]
    varargs: bool
    bare: bool
    inline: str | None


class Interpolation(NamedTuple):
    """A ``{value}`` of a log message: the expression without its braces, and where it begins."""

    text: str
    start: int


def check(expression: str, dialect: Dialect = "5.4") -> Problem | None:
    """The first thing the grammar has against an expression, None when there is nothing."""
    problems = parse(expression, dialect, "expression").problems
    return problems[0] if problems else None


@lru_cache(maxsize=1000)
def names(expression: str, dialect: Dialect = "5.4") -> Condition:
    """What an expression takes from its surroundings."""
    tree = parse(expression, dialect, "expression")
    free, varargs = _free(tree)
    bare = all(map(_bare, tree.walk()))
    pieces = [tree.text[start:end] for _, start, end in tree.tokens]
    inline = " ".join(pieces)
    one_line = "\n" not in inline and "\r" not in inline
    return Condition(free, varargs, bare, inline if one_line else None)


def _free(tree: Tree) -> tuple[tuple[str, ...], bool]:
    free: dict[str, None] = {}
    varargs = False
    scopes: list[set[str]] = []
    functions: list[int] = []
    for item in tree.tape:
        if isinstance(item, Name):
            if item.name and not any(item.name in scope for scope in scopes):
                free[item.name] = None
        elif item.kind == "function":
            functions.append(len(scopes))
            scopes.append(set())
        elif item.kind == "open":
            scopes.append(set())
        elif item.kind == "close":
            scopes.pop()
            if functions and functions[-1] == len(scopes):
                functions.pop()
        elif item.kind == "local" and isinstance(item.node, Name):
            scopes[-1].add(item.node.name)
        elif item.kind == "vararg" and not functions:
            varargs = True
    return tuple(free), varargs


def _bare(node: Node) -> bool:
    if isinstance(node, Binary):
        if node.operator in ("==", "~="):
            return _is_plain(node.left) or _is_plain(node.right)
        return node.operator in ("and", "or")
    if isinstance(node, Unary):
        is_number = node.operator == "-" and isinstance(node.operand, Number)
        return is_number or node.operator == "not"
    return isinstance(node, Name | Constant | Number | String | Paren | Result | Block)


def _is_plain(node: Node) -> bool:
    """Whether a value has no ``__eq`` that a comparison could call: a constant or a truth value."""
    if isinstance(node, Paren):
        return _is_plain(node.inner)
    if isinstance(node, Unary):
        return node.operator in ("-", "not")
    is_truth = isinstance(node, Binary) and node.operator in ("==", "~=")
    return is_truth or isinstance(node, Constant | Number | String)


def pieces(message: str, dialect: Dialect = "5.4") -> list[str | Interpolation]:
    r"""Cut a log message into plain text and ``{expressions}``.

    Braces and quotes inside an expression are read as Lua reads them. ``\{`` and ``\}`` are plain
    braces, and so is a brace that is never closed or has nothing inside.
    """
    found: list[str | Interpolation] = []
    plain: list[str] = []
    offset = 0
    while offset < len(message):
        sign = message[offset]
        if sign == "\\" and message[offset + 1 : offset + 2] in ("{", "}"):
            plain.append(message[offset + 1])
            offset += 2
            continue
        end = _closing(message, offset + 1, dialect) if sign == "{" else -1
        inner = message[offset + 1 : end] if end >= 0 else ""
        if not inner.strip():
            plain.append(sign)
            offset += 1
            continue
        if plain:
            found.append("".join(plain))
            plain = []
        found.append(Interpolation(inner, offset + 1))
        offset = end + 1
    if plain:
        found.append("".join(plain))
    return found


def _closing(message: str, start: int, dialect: Dialect) -> int:
    """Where the brace that opened before ``start`` is closed, or -1."""
    depth = 0
    for kind, token_start, _ in scan(message[start:], dialect, "expression"):
        if kind == "{":
            depth += 1
        elif kind == "}":
            if depth == 0:
                return start + token_start
            depth -= 1
    return -1

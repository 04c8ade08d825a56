"""Proposals with places to fill in: forms of the language, and calls with their arguments.

Places are written as in the snippets of the protocol (LSP 3.17, Snippet Syntax). What is in scope
is not looked at.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator
from typing import TYPE_CHECKING

from tidelock.lsp.features.signature import parameters
from tidelock.shared.language.completion import Item, holder
from tidelock.shared.syntax.tree import Call, Function, MethodCall, Name, Statement

if TYPE_CHECKING:
    from tidelock.shared.language.targets import Target
    from tidelock.shared.syntax.tree import Expression, Tree

_FUNCTION = "function ${1:name}(${2:parameters})\n\t$0\nend"
_STATEMENTS = (
    ("if … then", "if ${1:condition} then\n\t$0\nend"),
    ("for … = … do", "for ${1:index} = ${2:1}, ${3:10} do\n\t$0\nend"),
    ("for … in … do", "for ${1:key}, ${2:value} in pairs(${3:table}) do\n\t$0\nend"),
    ("while … do", "while ${1:condition} do\n\t$0\nend"),
    ("repeat … until", "repeat\n\t$0\nuntil ${1:condition}"),
    ("do … end", "do\n\t$0\nend"),
    ("function …", _FUNCTION),
    ("local function …", f"local {_FUNCTION}"),
)
_AFTER = {"local": (("function …", _FUNCTION),), "function": (), "for": (), "goto": ()}
_VALUES = (("function …", "function(${1:parameters})\n\t$0\nend"),)
_SPECIAL = re.compile(r"[\\$}]")
_PLACES = re.compile(r"\\(.)|\$\{\d+:([^}$]*)\}|\$\d+", re.DOTALL)
_METHOD = re.compile(r"[\w\])]:\w+$")
_CALLED = ("(", "{", '"', "'", "[[", "[=")


def forms(tree: Tree, wanted: Target) -> Iterator[Item]:
    """The forms of the language that begin with what is typed, where a name is due.

    They are for clients that take snippets; nothing is proposed before the first letter.
    """
    start, typed = wanted.start, wanted.prefix.lower()
    if not typed:
        return
    if _begins(tree, start, start + len(typed)):
        known: tuple[tuple[str, str], ...] = _STATEMENTS
    else:
        index = bisect_left(tree.tokens.starts, start) - 1
        known = _AFTER.get(tree.tokens.kinds[index] if index >= 0 else "", _VALUES)
    for number, (label, snippet) in enumerate(known):
        if label.startswith(typed):
            yield _item(label, f"5{number:04d}", snippet, start)


def postfix(tree: Tree, wanted: Target) -> Iterator[Item]:
    """What may be made of the expression before a dot: ``x.if`` becomes ``if x then … end``.

    The expression must be on one line, right before the dot. Blocks are proposed where it could
    be a statement of its own, ``pcall`` wherever there may be a value, behind what is no call once
    a letter is typed.
    """
    node = holder(tree, wanted.start)
    if wanted.kind != "member" or node is None:
        return
    text = tree.text
    written = text[node.start : node.end]
    if "\n" in written or "\r" in written or text[node.end : wanted.start] != ".":
        return
    line = tree.lines.span(tree.lines.line_of(node.start))
    margin = text[line[0] : node.start]
    made: dict[str, str] = {}
    is_alone = not text[wanted.end : line[1]].strip() and _begins(tree, node.start, wanted.end)
    # Most values behind a dot are tables, whose fields are meant until a letter says otherwise.
    is_call = isinstance(node, Call | MethodCall)
    protected = _protected(tree, node) if is_call or wanted.prefix else ""
    if is_alone:
        value = escaped(written)
        made["if"] = f"if {value} then\n\t$0\nend"
        made["for"] = f"for ${{1:key}}, ${{2:value}} in pairs({value}) do\n\t$0\nend"
        protected = protected and f"local ${{1:ok}}, ${{2:result}} = {protected}"
    if protected:
        made["pcall"] = protected
    for number, (label, snippet) in enumerate(made.items()):
        if label.startswith(wanted.prefix.lower()):
            item = _item(label, f"7{number:04d}", snippet, node.start, margin)
            said = filled(snippet).splitlines()[0]
            yield item._replace(filter=f"{written}.{label}", detail=said)


def _protected(tree: Tree, node: Expression) -> str:
    """The call of an expression through ``pcall``, as a snippet; empty where it has no such."""
    text = tree.text
    if isinstance(node, Call):
        inner = [text[node.function.start : node.function.end], _arguments(text, node)]
    elif isinstance(node, MethodCall):
        if not isinstance(node.object, Name):
            return ""  # it would be evaluated twice
        name = node.object.name
        inner = [f"{name}.{node.key}", name, _arguments(text, node)]
    else:
        inner = [text[node.start : node.end]]
    return f"pcall({', '.join(escaped(one) for one in inner if one)})$0"


def _arguments(text: str, call: Call | MethodCall) -> str:
    if text[call.opening : call.opening + 1] == "(":
        return text[call.opening + 1 : call.end - 1].strip()
    return text[call.arguments[0].start : call.arguments[-1].end] if call.arguments else ""


def with_arguments(tree: Tree, wanted: Target, items: list[Item]) -> list[Item]:
    """The proposals with a call of each function that can be seen, where none is written yet."""
    behind = tree.text[wanted.end : wanted.end + 80].lstrip(" \t")
    named = any(
        isinstance(node, Function) and node.target.start <= wanted.start <= node.target.end
        for node in tree.path(wanted.start)
    )
    if named or behind.startswith(_CALLED) or wanted.kind not in ("name", "member", "method"):
        return items
    return [_called(item, wanted) for item in items]


def _called(item: Item, wanted: Target) -> Item:
    detail = item.detail
    if item.kind not in ("function", "method") or "(" not in detail or item.snippet:
        return item
    names: list[str] = []
    for start, end in parameters(detail):
        name = detail[start:end].partition(":")[0].strip()
        if name.endswith("?") or not name.isidentifier():
            break  # those behind it need not be given either
        names.append(name)
    is_method = item.kind == "method" or _METHOD.search(detail[: detail.index("(")]) is not None
    is_hidden = is_method and names[:1] != ["self"]
    if wanted.kind == "method" and not is_hidden:
        names = names[1:]
    elif wanted.kind != "method" and is_hidden:
        names.insert(0, "self")
    places = ", ".join(f"${{{number}:{name}}}" for number, name in enumerate(names, 1))
    return item._replace(snippet=f"{escaped(item.insert)}({places})$0")


def _begins(tree: Tree, start: int, offset: int) -> bool:
    """Whether a statement begins at ``start`` and reaches to an offset."""
    return any(isinstance(node, Statement) and node.start == start for node in tree.path(offset))


def _item(label: str, sort: str, snippet: str, start: int, margin: str = "") -> Item:
    plain = filled(snippet)
    if "\n" in plain:
        plain = plain.replace("\t", "").replace("\n", "\n" + margin)
    return Item(label, "snippet", "", "", "static", sort, plain, start, snippet)


def escaped(text: str) -> str:
    """A text that means itself in a snippet."""
    return _SPECIAL.sub(lambda sign: f"\\{sign[0]}", text)


def filled(snippet: str) -> str:
    """The text of a snippet with its places as they are proposed."""
    return _PLACES.sub(lambda place: place[1] or place[2] or "", snippet)

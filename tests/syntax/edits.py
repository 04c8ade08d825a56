"""Ways to leave a program unfinished, and what of it must be found all the same."""

from __future__ import annotations

import random
import re
from collections import Counter

from tidelock.shared.syntax.tree import Mark, Name, Tree

Declaration = tuple[str, str, tuple[str, ...]]

TYPED = {
    "a member": "string.",
    "a method": "self:",
    "a value": "local zzz =",
    "an argument": "foo(a,",
    "a condition": "if zzz then",
    "a parameter": "local function zzz(a",
    "a string": 'local zzz = "abc',
    "a field": "local zzz = { a = 1,",
    "a loop": "for zzz in pairs(t) do",
    "a loop header": "for zzz in pairs(",
    "half a loop": "while zzz",
    "a callback": "foo(function()",
    "a function value": "zzz = function(a)",
    "a repeat": "repeat",
    "an assignment": "zzz.a =",
    "an index": "zzz[",
    "a call of a string": "foo 'abc",
    "an operator": "zzz = 1 +",
    "a name": "zzz",
    "a stray sign": "@",
    "an extra end": "end",
    "a long string": "local zzz = [[abc",
    "a long comment": "--[[ abc",
    "a return": "return zzz.",
    "an else": "else",
    "a function name": "function zzz",
    "a keyword": "local",
}
"""What is typed on a line of its own, at the indentation of the statement that follows it."""

REMOVED = {
    "an end": r"(?m)^[ \t]*end[,)]*[ \t]*$",
    "a bracket": r"\)",
    "a brace": r"\}",
    "a then": r"\bthen\b",
    "a do": r"\bdo\b",
    "a quote": r"\"",
    "an opening bracket": r"\(",
    "a comma": r",",
    "an equals sign": r" = ",
}
"""What is taken away once, wherever it stands."""


PLACE = re.compile(r"(?m)^([ \t]*)(?=(local|if|for|return|[a-z.]+ =))")
"""Where something can be typed."""


def declarations(tree: Tree) -> list[tuple[int, Declaration]]:
    """Every local and function of a tree with its kind, its name and the blocks it is in."""
    found: list[tuple[int, Declaration]] = []
    path: list[str] = []
    for item in tree.tape:
        if isinstance(item, Name):
            continue
        if item.kind == "function":
            path.append("function")
        elif item.kind == "open":
            path.append(item.detail)
        elif item.kind == "close":
            path.pop()
        elif item.kind == "local" and isinstance(item.node, Name):
            declared = (item.detail, item.node.name, tuple(path))
            found.append((item.node.start, declared))
        elif item.kind == "write" and isinstance(item.node, Name):
            found.append((item.node.start, ("write", item.node.name, tuple(path))))
    return found


def lost(before: Tree, after: Tree, edited: range) -> list[Declaration]:
    """The declarations outside an edited stretch that are gone or have changed their block."""
    left = Counter(declared for _, declared in declarations(after))
    missing = []
    for start, declared in declarations(before):
        if start in edited:
            continue
        if left[declared] == 0:
            missing.append(declared)
        left[declared] -= 1
    return missing


def type_in(text: str, typed: str, chooser: random.Random) -> tuple[str, range]:
    """Type something on a line of its own before a random statement."""
    places = list(PLACE.finditer(text))
    place = chooser.choice(places)
    return f"{text[: place.start()]}{place[1]}{typed}\n{text[place.start() :]}", range(0)


def take_out(text: str, pattern: str, chooser: random.Random) -> tuple[str, range] | None:
    """Take something out, the line it leaves empty included."""
    places = list(re.finditer(pattern, text))
    if not places:
        return None
    place = chooser.choice(places)
    line_start = text.rfind("\n", 0, place.start()) + 1
    line_end = text.find("\n", place.end())
    return text[: place.start()] + text[place.end() :], range(line_start, line_end)


__all__ = ["PLACE", "REMOVED", "TYPED", "Mark", "declarations", "lost", "take_out", "type_in"]

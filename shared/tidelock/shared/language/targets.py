"""What is being typed at a place: a name, a field, a module, a label.

It is read from the tokens alone, so that it is known in code nobody can parse.
"""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING, Literal, NamedTuple

from tidelock.shared.language.annotations import comments_around
from tidelock.shared.model import Key
from tidelock.shared.syntax.tokens import KEYWORDS, NAME, NUMBER, STRING
from tidelock.shared.syntax.tree import Number, String

if TYPE_CHECKING:
    from tidelock.shared.syntax.tree import Tree

CodeKind = Literal["name", "member", "method", "require", "key", "label", "attribute", "literal"]
DocKind = Literal["tag", "type", "parameter", "variable", "operator", "action", "code", "require"]
TargetKind = CodeKind | DocKind
Base = Literal["variable", "module", "string", "unknown"]


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


def target(tree: Tree, offset: int) -> Target | None:
    """What is being completed at an offset; None in comments, numbers and long strings."""
    tokens = tree.tokens
    offset = min(max(offset, 0), len(tree.text))
    for first, last in comments_around(tree, offset):
        is_line = not tree.text.startswith("--[", first) or "]" not in tree.text[first:last]
        if first < offset and (offset < last or (is_line and offset == last)):
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
    """The name of a module, a key in brackets, or any text: it may be one that is expected."""
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
    if text[0] == "[":
        return None
    return Target("literal", prefix, start, end if closed else offset)


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

"""Paths to values of a text: a variable, then constant keys; and how they are written in Lua."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tidelock.shared.language.scopes import Local
from tidelock.shared.model import Key
from tidelock.shared.syntax.tokens import KEYWORDS
from tidelock.shared.syntax.tree import Index, Member, Name, Number, Paren, String

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tidelock.shared.syntax.tree import Expression

Path = tuple[object, ...]
"""A ``Local`` or the name of a global, then keys."""

_NAME = re.compile(r"[A-Za-z_]\w*", re.ASCII)


def direct(path: Path) -> Path:
    """A path without a leading ``_G``."""
    return path[1:] if path[0] == "_G" and len(path) > 1 and isinstance(path[1], str) else path


def constant(key: Expression) -> Key | None:
    """A key written as a string or number, None for any other."""
    if isinstance(key, String):
        return key.value
    if isinstance(key, Number):
        value = key.value
        return None if isinstance(value, complex) else value
    return None


def path_of(node: Expression, root: Callable[[Name], Path]) -> Path | None:
    """The path of a name or a chain of constant keys; ``root`` tells what a name stands for."""
    keys: list[Key] = []
    while True:
        if isinstance(node, Member):
            keys.append(node.key)
            node = node.object
        elif isinstance(node, Index) and (key := constant(node.key)) is not None:
            keys.append(key)
            node = node.object
        elif isinstance(node, Paren):
            node = node.inner
        else:
            break
    if not isinstance(node, Name) or not node.name:
        return None
    keys.reverse()
    return direct((*root(node), *keys))


def path_text(path: Path) -> str:
    """A path as it would be written."""
    root = path[0]
    return (root.name if isinstance(root, Local) else str(root)) + tail(path[1:])


def is_name(text: str) -> bool:
    """Whether a key can be written behind a dot in every Lua."""
    return _NAME.fullmatch(text) is not None and text not in KEYWORDS and text != "goto"


def tail(keys: Sequence[object]) -> str:
    """Constant keys as they are written behind a name."""
    return "".join(
        f".{key}" if isinstance(key, str) and is_name(key) else f"[{quoted(key)}]" for key in keys
    )


def quoted(key: object) -> str:
    """A key as Lua source."""
    if not isinstance(key, str):
        return str(key)
    escaped = key.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'

"""The text of a ``tidelock.toml`` with one option changed, by as small an edit as there can be.

Comments, order and layout stay. What an edit makes of the file is read by ``tomllib`` before
anybody sees it: it must say what it said, and the option besides. It writes nothing. (The libraries
that edit TOML would be one more dependency of every installation, for one command.)
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from tidelock.shared.errors import ConfigError

Keys = tuple[str, ...]


class Replacement(NamedTuple):
    """New text for a stretch of the file."""

    start: int
    end: int
    text: str


class _Entry(NamedTuple):
    """A header, or a key with the stretch of its value; the line ends at ``end``."""

    keys: Keys
    value: tuple[int, int] | None
    end: int


def with_option(text: str, key: str, value: Any) -> Replacement:
    """The edit that gives an option (``lsp.hints.parameters``) a value.

    Args:
        text: the file as it is, empty for a new one.
        key: the option's name, with dots.
        value: what TOML can say: a truth value, number, text, list of texts, or table of texts.

    Raises:
        ConfigError: the file is no TOML, or has the option in a form that only a person can change.
    """
    keys = tuple(key.split("."))
    value = list(value) if isinstance(value, tuple) else value
    wanted = _joined(_read(text), keys, value)
    for edit in _edits(text, keys, _written(value)):
        try:
            after = tomllib.loads(text[: edit.start] + edit.text + text[edit.end :])
        except tomllib.TOMLDecodeError:
            continue
        if wanted is not None and after == wanted:
            return edit
    raise ConfigError(
        f"{key} cannot be set without changing more of tidelock.toml", "write it there by hand"
    )


def listed(text: str, key: str) -> list[Any]:
    """What the file has as the list of an option, nothing where it has none.

    Raises:
        ConfigError: the file is no TOML.
    """
    value: Any = _read(text)
    for name in key.split("."):
        value = value.get(name) if isinstance(value, Mapping) else None
    return value if isinstance(value, list) else []


def _read(text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"tidelock.toml is no TOML: {error}") from None


def _joined(table: Mapping[str, Any], keys: Keys, value: Any) -> dict[str, Any] | None:
    """A table with one more value; None where something else is in its way."""
    head, rest = keys[0], keys[1:]
    if not rest:
        return {**table, head: value}
    inner = table.get(head, {})
    if not isinstance(inner, dict):
        return None
    joined = _joined(inner, rest, value)
    return None if joined is None else {**table, head: joined}


def _written(value: Any) -> str:
    """A value as TOML writes it."""
    if isinstance(value, Mapping):
        inside = ", ".join(f"{_key(name)} = {_written(one)}" for name, one in value.items())
        return f"{{ {inside} }}" if inside else "{}"
    if isinstance(value, list):
        return f"[{', '.join(_written(one) for one in value)}]"
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def _key(name: str) -> str:
    return name if re.fullmatch(r"[A-Za-z0-9_-]+", name) else _written(name)


def _edits(text: str, keys: Keys, value: str) -> Iterator[Replacement]:
    """What can be tried: in place, in its section, in a new section, in one around that."""
    end = "\r\n" if "\r\n" in text else "\n"
    section: Keys = ()
    last: dict[Keys, int] = {(): 0}
    """Where the last line of each section ends."""
    for one in _entries(text):
        if one.value is None:
            section = one.keys
        elif one.keys == keys:
            yield Replacement(*one.value, value)
        last[section] = one.end

    def line(size: int) -> Iterator[Replacement]:
        place = last.get(keys[:size])
        if place is not None:
            head = end if place and text[place - 1] != "\n" else ""
            name = ".".join(map(_key, keys[size:]))
            yield Replacement(place, place, f"{head}{name} = {value}{end}")

    yield from line(len(keys) - 1)
    gap = "" if not text else end if text.endswith("\n") else end * 2
    name = ".".join(map(_key, keys[:-1]))
    yield Replacement(len(text), len(text), f"{gap}[{name}]{end}{_key(keys[-1])} = {value}{end}")
    for size in range(len(keys) - 2, -1, -1):
        yield from line(size)


_EQUALS = re.compile(r"[= \t]*")
_SPACE = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_PART = re.compile(r"""[ \t]*(?:([\w-]+)|"((?:[^"\\\n]|\\.)*)"|'([^'\n]*)')[ \t]*(\.?)""", re.ASCII)
_TOKEN = re.compile(
    r'''"""(?:[^\\]|\\.)*?"{3,5}|"(?:[^"\\\n]|\\.)*"|#[^\n]*|[^"'#\[\]{}\r\n]+|'''
    r"""'''.*?'{3,5}|'[^'\n]*'|.""",
    re.DOTALL,
)


def _entries(text: str) -> Iterator[_Entry]:
    """The headers and keys of a file that is TOML."""
    section: Keys = ()
    at = 0
    while (at := _space_end(text, at)) < len(text):
        if text[at] == "[":
            is_array = text.startswith("[[", at)
            section, at = _dotted(text, at + 1 + is_array)
            if is_array:  # its elements are no sections of options
                section = (*section, "")
            at = _line_end(text, at)
            yield _Entry(section, None, at)
        else:
            keys, at = _dotted(text, at)
            start = at + len(_EQUALS.match(text, at)[0])  # type: ignore[index]
            stop = _value_end(text, start)
            at = _line_end(text, stop)
            yield _Entry((*section, *keys), (start, stop), at)


def _space_end(text: str, at: int) -> int:
    found = _SPACE.match(text, at)
    assert found is not None  # it may be empty
    return found.end()


def _dotted(text: str, at: int) -> tuple[Keys, int]:
    """A key and where it ends."""
    keys: list[str] = []
    while (found := _PART.match(text, at)) is not None:
        keys.append(found[1] or found[2] or found[3] or "")
        at = found.end()
        if not found[4]:
            break
    return tuple(keys), at


def _value_end(text: str, start: int) -> int:
    """Where a value ends; behind it on its line are spaces and a comment at most."""
    depth, end = 0, start
    for found in _TOKEN.finditer(text, start):
        word = found[0]
        if not depth and (word[0] in "#\r\n"):
            break
        depth += (word in "[{") - (word in "]}")
        if word[0] != "#" and word.strip():
            end = found.start() + len(word.rstrip())
    return end


def _line_end(text: str, at: int) -> int:
    """Where the line of an offset ends, its line break included."""
    found = text.find("\n", at)
    return len(text) if found < 0 else found + 1

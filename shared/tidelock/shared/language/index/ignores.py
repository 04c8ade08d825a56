"""The rules of ``.gitignore`` files, as git has them: the last rule that fits a path decides.

A rule is about paths below the folder of its file, written with ``/``. What no rule names is kept.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple


class Rule(NamedTuple):
    """One line; ``keeps`` for those that begin with ``!``."""

    form: re.Pattern[str]
    keeps: bool
    folders_only: bool


def read(lines: Iterable[str]) -> tuple[Rule, ...]:
    """The rules of a file, in order; lines that say nothing are passed over."""
    found = []
    for line in lines:
        text = line.rstrip("\r\n")
        while text.endswith(" ") and not text.endswith("\\ "):
            text = text[:-1]
        keeps = text.startswith("!")
        text = text[keeps:]
        folders_only = text.endswith("/")
        text = text.rstrip("/")
        if text and not text.startswith("#"):
            found.append(Rule(_form(text), keeps, folders_only))
    return tuple(found)


def verdict(rules: tuple[Rule, ...], path: str, *, is_folder: bool) -> bool | None:
    """Whether a path is ignored; None when no rule is about it."""
    for rule in reversed(rules):
        if (is_folder or not rule.folders_only) and rule.form.fullmatch(path):
            return not rule.keeps
    return None


_PARTS = re.compile(r"(^|/)\*\*(/|$)|\*+|\?|\[(!|\^)?(\]?[^\]/]*)\]|\\(.)|(.)", re.DOTALL)


def _form(text: str) -> re.Pattern[str]:
    """A pattern with a slash before its end starts at the folder, any other fits at any depth."""
    is_anchored = "/" in text
    form = _PARTS.sub(_translated, text.removeprefix("/"))
    try:
        return re.compile(form if is_anchored else f"(?:.*/)?{form}", re.DOTALL)
    except re.error:  # a range of characters that is none
        return re.compile(re.escape(text))


def _translated(match: re.Match[str]) -> str:
    whole = match[0]
    if match[2] is not None:
        if whole == "**":
            return ".*"
        if whole == "**/":
            return "(?:.*/)?"
        return "/.*" if whole == "/**" else "/(?:.*/)?"
    if whole.startswith("*"):
        return "[^/]*"
    if whole == "?":
        return "[^/]"
    if match[4] is not None:
        inner = match[4].replace("\\", "\\\\")
        return f"[{'^/' if match[3] else ''}{inner}]"
    return re.escape(match[5] or match[6])

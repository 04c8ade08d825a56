"""The Lua files that ``require`` would find; looked up on disk when asked, never read or run."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence

from tidelock.shared.language.index.files import entries_of

_LIMIT = 500
_NAME = re.compile(r"\w[\w-]*")


def names(folders: Sequence[str], prefix: str) -> list[str]:
    """The modules below the part of a name that is typed up to its last dot, one folder deep."""
    parent = prefix.rpartition(".")[0]
    dotted = f"{parent}." if parent else ""
    found: set[str] = set()
    for folder in folders:
        for name in _modules(os.path.join(folder, *parent.split("."))):
            if len(found) < _LIMIT:
                found.add(dotted + name)
    return sorted(found)


def _modules(folder: str) -> Iterator[str]:
    for entry in entries_of(folder):
        stem, suffix = os.path.splitext(entry.name)
        if suffix == ".lua":
            if stem != "init" and _NAME.fullmatch(stem):
                yield stem
        elif _NAME.fullmatch(entry.name) and entry.is_dir():
            for inner in entries_of(entry.path):
                stem, suffix = os.path.splitext(inner.name)
                if suffix == ".lua" and _NAME.fullmatch(stem):
                    yield entry.name if stem == "init" else f"{entry.name}.{stem}"

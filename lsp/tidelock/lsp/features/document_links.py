"""The texts in which files are named: modules that are required, files that are loaded."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

from tidelock.shared.language.scopes import resolve
from tidelock.shared.sources import uri_of_path
from tidelock.shared.syntax.tree import Call, Name, String

if TYPE_CHECKING:
    from tidelock.lsp.documents import Document
    from tidelock.shared.language.index.space import Space

_LOADING = ("dofile", "loadfile")


class FileLink(NamedTuple):
    """A stretch of the text and the URI of the file that it names."""

    start: int
    end: int
    target: str


def document_links(document: Document, space: Space) -> list[FileLink]:
    """What leads to a file that is there, in text order."""
    tree = document.tree
    wanted = ("require", *_LOADING)
    if not any(word in tree.text for word in wanted):
        return []
    scopes = resolve(tree)
    found: list[FileLink] = []
    for node in tree.walk():
        if not isinstance(node, Call) or not isinstance(node.function, Name) or not node.arguments:
            continue
        name, first = node.function, node.arguments[0]
        if name.name not in wanted or not isinstance(first, String):
            continue
        if scopes.meaning(name.start) is not None:
            continue
        if name.name == "require":
            path = space.find(first.value, document.search)
        else:
            path = _file(document, space, first.value)
        if path:
            inner = 1 if first.text[:1] in ("'", '"') else first.text.find("[", 1) + 1
            found.append(FileLink(first.start + inner, first.end - inner, uri_of_path(path)))
    return found


def _file(document: Document, space: Space, name: str) -> str:
    """A file that is named from the folder of the text or from the workspace on."""
    if "\0" in name:
        return ""
    folder = os.path.dirname(document.path) if document.path else ""
    for base in (folder, space.places.root):
        path = os.path.normpath(os.path.join(base, name)) if base else ""
        if path and os.path.isfile(path):
            return path
    return ""

"""The functions that a place names, as the ends of calls."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from tidelock.shared.language.index.links import definitions
from tidelock.shared.language.index.space import module_in
from tidelock.shared.language.modules import Module
from tidelock.shared.language.symbols import Outline, outline
from tidelock.shared.sources import path_of_uri

if TYPE_CHECKING:
    from tidelock.lsp.documents import Document
    from tidelock.shared.language.index.space import Space
    from tidelock.shared.positions import Lines


class Callee(NamedTuple):
    """A function of a text, or all of a text that calls at its top; offsets are in ``lines``."""

    uri: str
    lines: Lines
    name: str
    start: int
    end: int
    name_start: int
    name_end: int


def call_hierarchy(document: Document, offset: int, space: Space) -> list[Callee]:
    """The functions whose name stands at an offset, or that it leads to."""
    return list(callees(document, Module(document.uri, document.tree), offset, space))


def callees(document: Document, module: Module, offset: int, space: Space) -> Iterator[Callee]:
    """The same for any text of the workspace."""
    for link in definitions(space, module, offset):
        text = module_of(document, link.uri, space)
        for one in functions(text) if text is not None else ():
            if one.name_start <= link.start <= one.name_end:
                yield _callee(link.uri, link.lines, one)


def module_of(document: Document, uri: str, *spaces: Space) -> Module | None:
    """The text with a URI, as it is shown if one of some spaces says how."""
    if uri == document.uri:
        return Module(uri, document.tree)
    return module_in(spaces, path_of_uri(uri)) if uri.startswith("file:") else None


def functions(module: Module) -> Iterator[Outline]:
    """The named functions of a text, outer ones first."""
    todo = list(outline(module.tree))
    for one in todo:
        if one.kind in ("function", "method"):
            yield one
        todo += one.children


def around(module: Module, offset: int) -> Callee:
    """The innermost named function around an offset, or the text as a whole."""
    inside = [one for one in functions(module) if one.start <= offset < one.end]
    if inside:
        best = min(inside, key=lambda one: one.end - one.start)
        return _callee(module.uri, module.tree.lines, best)
    name = os.path.basename(path_of_uri(module.uri)) if ":" in module.uri else module.uri
    return Callee(module.uri, module.tree.lines, name or module.uri, 0, len(module.tree.text), 0, 0)


def _callee(uri: str, lines: Lines, one: Outline) -> Callee:
    return Callee(uri, lines, one.name, one.start, one.end, one.name_start, one.name_end)

"""A feature ends in the middle when nobody waits for it, and the next one answers as if alone."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from tidelock.lsp.diagnostics import Beyond, deepen, diagnose
from tidelock.lsp.documents import Document
from tidelock.lsp.features.folding import folding
from tidelock.lsp.features.formatting import formatting
from tidelock.lsp.features.hover import hover
from tidelock.lsp.features.incoming_calls import incoming_calls
from tidelock.lsp.features.inlay_hints import inlay_hints
from tidelock.lsp.features.references import references
from tidelock.lsp.features.rename import rename
from tidelock.lsp.features.semantic_tokens import semantic_tokens
from tidelock.lsp.features.symbols import symbols
from tidelock.lsp.features.workspace_symbols import workspace_symbols
from tidelock.lsp.moment import View
from tidelock.shared import unwanted
from tidelock.shared.language.index.space import Space
from tidelock.shared.unwanted import Unwanted, each, ends_if, look

PART = """\
local function part{0}(first, second)
  local made = {{ first = first, second = second, {0} }}
  made.next = part{1}(first, made.second)
  total = (total or 0) + made.first
  return made.next
end
local found{0} = part{0}(1, 'two')
"""
TEXT = "local part0\n" + "".join(PART.format(number, number - 1) for number in range(1, 60))


class Patience:
    """Somebody who waits for some looks and no longer."""

    def __init__(self, looks: float) -> None:
        self.left = looks
        self.looks = 0

    def is_over(self) -> bool:
        self.looks += 1
        return self.looks > self.left


FEATURES: dict[str, Callable[[Document, Space], Any]] = {
    "deepen": lambda one, space: deepen(one, Beyond(space)),
    "diagnose": lambda one, space: diagnose(one, lambda text, lua: "", "5.4"),
    "folding": lambda one, space: folding(one),
    "formatting": lambda one, space: formatting(one, "    ", "own"),
    "hover": lambda one, space: hover(one, TEXT.rindex("found"), View(), space),
    "incoming calls": lambda one, space: incoming_calls(one, TEXT.index("part1(") + 1, space),
    "inlay hints": lambda one, space: inlay_hints(one, 0, len(TEXT), View(), space),
    "references": lambda one, space: references(one, TEXT.index("total"), space),
    "rename": lambda one, space: rename(one, TEXT.index("total"), space, "sum"),
    "symbols": lambda one, space: symbols(one),
    "tokens": lambda one, space: semantic_tokens(one),
}


@pytest.mark.parametrize("name", FEATURES)
def test_a_feature_looks_and_leaves_nothing_half_done(name: str) -> None:
    feature = FEATURES[name]
    first = Document("file:///w/a.lua", 1, TEXT)
    patient = Patience(float("inf"))
    with ends_if(patient.is_over):
        wanted = feature(first, _space(first))
    assert patient.looks > 3
    for looks in {0, 1, patient.looks // 2, patient.looks - 1}:
        other = Document("file:///w/a.lua", 1, TEXT)
        space = _space(other)
        with pytest.raises(Unwanted), ends_if(Patience(looks).is_over):
            feature(other, space)
        assert said(feature(other, space)) == said(wanted)


def test_a_search_in_many_texts_looks() -> None:
    space = Space(opened=[Document(f"file:///w/{n}.lua", 1, "tide = 1") for n in range(200)])
    patient = Patience(3)
    with pytest.raises(Unwanted), ends_if(patient.is_over):
        workspace_symbols([space], "tide")
    assert len(workspace_symbols([space], "tide")) == 200


def said(found: object) -> str:
    """An answer as text, without where its parts are in memory."""
    return re.sub(" at 0x[0-9a-f]+", "", str(found))


def _space(document: Document) -> Space:
    return Space(opened=[document])


def test_who_was_told_nothing_is_wanted() -> None:
    look()
    assert list(each(range(100))) == list(range(100))
    with ends_if(lambda: False), pytest.raises(Unwanted), ends_if(lambda: True):
        look()
    with pytest.raises(Unwanted), ends_if(lambda: True):
        list(each([1]))
    look()
    assert unwanted.Unwanted.__mro__[1] is BaseException  # no 'except Exception' may keep it

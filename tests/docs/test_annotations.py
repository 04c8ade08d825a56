"""``docs/annotations.md``: every ``-->`` of its examples is what inference says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from kit.marked import files
from kit.typing import types_of
from tidelock.shared.language.annotations import problems, run_above
from tidelock.shared.language.descriptions import told
from tidelock.shared.syntax.parser import parse

PAGE = (Path(__file__).parents[2] / "docs" / "annotations.md").read_text(encoding="utf-8")
SECTION = re.compile(r"^##+ (.*)$", re.MULTILINE)
SAID = re.compile(r"print\((.*)\) --> (.*)")
TAGS = (
    "class field alias enum param return type overload generic meta module deprecated async "
    "nodiscard see cast diagnostic operator vararg as"
)


def examples() -> list[tuple[str, str]]:
    """Every block of Lua with the heading it stands under."""
    found = []
    pieces = SECTION.split(PAGE)[1:]
    for heading, text in zip(pieces[::2], pieces[1::2], strict=True):
        found += [(heading, block) for block in re.findall(r"```lua\n(.*?)```", text, re.DOTALL)]
    return found


@pytest.mark.parametrize(("heading", "block"), examples())
def test_the_types_of_the_examples(heading: str, block: str) -> None:
    for text in files(block).values():
        tree = parse(text.text)
        assert tree.ok
        assert problems(tree) == []
    expected = [match[2] for match in SAID.finditer(block)]
    found = types_of(SAID.sub(r"print(<!\1!>)", block))
    assert list(zip(SAID.findall(block), found, strict=True)) == [
        (said, kind) for said, kind in zip(SAID.findall(block), expected, strict=True)
    ]


@pytest.mark.parametrize("tag", TAGS.split())
def test_every_tag_has_its_section(tag: str) -> None:
    assert any(f"`@{tag}`" in heading for heading in SECTION.findall(PAGE))


def test_what_hover_says_of_marks() -> None:
    (block,) = (block for heading, block in examples() if "@deprecated" in heading)
    (expected,) = re.findall(r"```markdown\n(.*?)```", PAGE, re.DOTALL)
    tree = parse(block)
    assert told("land", run_above(tree, block.index("function"))) == expected.strip()

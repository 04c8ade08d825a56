"""What is made from the code is compared, or written where the flag says so."""

from __future__ import annotations

from pathlib import Path

import pytest

from kit.generated import FLAG, check_made, table
from kit.timeline import Failure

PAGE = "before\n<!-- made: x -->\nold\n<!-- end: x -->\nafter\n"


@pytest.fixture
def page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.delenv(FLAG, raising=False)
    path = tmp_path / "page.md"
    path.write_text(PAGE)
    return path


def test_what_is_fresh_passes_and_stays(page: Path) -> None:
    check_made(page, "x", "old\n")
    assert page.read_text() == PAGE


def test_what_is_stale_fails_and_stays(page: Path) -> None:
    with pytest.raises(Failure, match=r"(?s)x is stale.*-old.*\+new"):
        check_made(page, "x", "new\n")
    assert page.read_text() == PAGE


def test_the_flag_writes_the_part_alone(page: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(FLAG, "1")
    check_made(page, "x", "new\n")
    assert page.read_text() == PAGE.replace("old", "new")


@pytest.mark.parametrize("name", ["y", "x -->"])
def test_a_part_that_is_not_there_fails(page: Path, name: str) -> None:
    with pytest.raises(Failure, match=r"page\.md has no part"):
        check_made(page, name, "")


def test_a_table_keeps_its_bars() -> None:
    assert table(["a"], [["b|c"]]) == "| a |\n| --- |\n| b\\|c |\n"

"""How breakpoints are written on the command line and at the prompt."""

from __future__ import annotations

from pathlib import Path

import pytest

from tidelock.shared.errors import UsageError
from tidelock.terminal.places import Place, read


@pytest.fixture
def main(tmp_path: Path) -> str:
    (tmp_path / "main.lua").write_text("")
    (tmp_path / "a module.lua").write_text("")
    return str(tmp_path / "main.lua")


@pytest.mark.parametrize(
    ("text", "condition", "hit", "log"),
    [
        ("12", "", "", ""),
        (" 12 ", "", "", ""),
        ("12 if x > 1", "x > 1", "", ""),
        ("12 x > 1", "x > 1", "", ""),
        ("12 if  log > 3", "log > 3", "", ""),
        ('12 if s:find(":3 ")', 's:find(":3 ")', "", ""),
        ("12 hit 3", "", "3", ""),
        ("12 hit >= 3", "", ">= 3", ""),
        ("12 hit %2", "", "%2", ""),
        ("12 log x is {x}", "", "", "x is {x}"),
        ("12 if x hit > 2 log if {x}: hit 3", "x", "> 2", "if {x}: hit 3"),
    ],
)
def test_what_follows_the_line(main: str, text: str, condition: str, hit: str, log: str) -> None:
    assert read(text, main) == Place(main, 12, condition, hit, log)


def test_files_are_found_here_and_beside_the_script(
    main: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir("/")
    beside = str(tmp_path / "a module.lua")
    assert read("a module.lua:7 if x", main) == Place(beside, 7, "x")
    assert read(f"{beside}:7", "") == Place(beside, 7)
    monkeypatch.chdir(tmp_path)
    assert read("main.lua:7", "").path == main
    assert str(read("main.lua:7", "")) == "main.lua:7"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "'' is no place for a breakpoint"),
        ("x", "'x' is no place"),
        ("-1", "'-1' is no place"),
        ("12x", "'12x' is no place"),
        ("0", "line 0 is no line; they count from 1"),
        ("nowhere.lua:3", "there is no file nowhere.lua"),
    ],
)
def test_what_is_no_place(main: str, text: str, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        read(text, main)


def test_a_line_needs_a_file() -> None:
    with pytest.raises(UsageError, match="which file"):
        read("12", "")


def test_as_the_protocol_has_it(main: str) -> None:
    assert read("12", main).request() == {"line": 12}
    assert read("3 if a hit 2 log b", main).request() == {
        "line": 3,
        "condition": "a",
        "hitCondition": "2",
        "logMessage": "b",
    }

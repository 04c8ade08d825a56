"""Tables of results: bars that hold or not, how a table looks, a document that takes it in."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from measure import Spread
from report import Bar, Cell, Options, Table, as_json, as_text, main, put_in, shown

DOCUMENT = """\
# Performance
<!-- table speed -->
old
<!-- end -->
Said by hand.
<!-- table other -->
<!-- end -->
"""


def table(ratio: Cell, bar: Bar | None = None) -> Table:
    made = Table("speed", "How quick it is", "python speed.py")
    made.add("the program", bar, ratio=ratio, hooks_seen="0 of 9")
    return made


@pytest.mark.parametrize(
    ("cell", "at_most", "at_least"),
    [
        (1.02, True, True),
        (1.03, False, True),
        (1, True, False),
        (Spread(0.9, 1.0, 1.5, 5), True, False),
        (Spread(0.9, 1.5, 1.6, 5), False, True),
        (None, False, False),
        ("1.0", False, False),
    ],
)
def test_a_bar_holds(cell: Cell, at_most: bool, at_least: bool) -> None:
    assert Bar(1.02, ("ratio",)).holds(cell) is at_most
    assert Bar(1.02, ("ratio",), at_least=True).holds(cell) is at_least


def test_a_bar_over_several_columns_is_missed_by_one() -> None:
    made = Table("speed", "How quick it is", "python speed.py")
    made.add("all well", Bar(2, ("a", "b")), a=1, b=2)
    made.add("one slow", Bar(2, ("a", "b")), a=1, b=2.5)
    made.add("one missing", Bar(2, ("a", "b")), a=1)
    assert [line.verdict for line in made.lines] == ["≤ 2 holds", "≤ 2 MISSED", "≤ 2 MISSED"]
    assert [line.name for line in made.missed] == ["one slow", "one missing"]


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        (None, "-"),
        ("0 of 9", "0 of 9"),
        (1234567, "1,234,567"),
        (12, "12"),
        (1234.5, "1,234"),
        (123.45, "123"),
        (12.345, "12.3"),
        (2.345, "2.35"),
        (1.0449, "1.045"),
        (Spread(0.98, 1.0, 1.021, 9), "1.000 [0.980, 1.021]"),
    ],
)
def test_how_a_cell_is_shown(cell: Cell, text: str) -> None:
    assert shown(cell) == text


def test_a_table_is_markdown() -> None:
    made = table(1.5, Bar(1.3, ("ratio",)))
    made.notes.append("a remark")
    assert (
        as_text(made)
        == """\
### How quick it is

`python speed.py`

|             | ratio | hooks seen | bar          |
|-------------|-------|------------|--------------|
| the program | 1.500 | 0 of 9     | ≤ 1.3 MISSED |

- a remark
"""
    )


def test_a_table_takes_its_place_in_a_document() -> None:
    once = put_in(DOCUMENT, table(1.5), "a machine")
    assert once.startswith("# Performance\n<!-- table speed -->\n### How quick it is\n")
    assert "old" not in once
    assert once.endswith(
        "Measured on a machine.\n<!-- end -->\nSaid by hand.\n<!-- table other -->\n<!-- end -->\n"
    )
    assert put_in(once, table(1.5), "a machine") == once


TABLES = "debugger 5.4, debugger all, pause 5.4, idle 5.4, kernel start, kernel answers"


@pytest.mark.parametrize("name", [*TABLES.split(", "), "kernel interrupts"])
def test_the_page_has_a_place_for_every_table(name: str) -> None:
    page = (Path(__file__).parents[2] / "docs" / "performance.md").read_text("utf-8")
    assert "How quick it is" in put_in(
        page, Table(name, "How quick it is", "python x.py"), "a machine"
    )


@pytest.mark.parametrize("document", ["", "<!-- table speed -->\n", "<!-- end -->\n"])
def test_a_document_without_a_place_is_refused(document: str) -> None:
    with pytest.raises(ValueError, match="'speed'"):
        put_in(document, table(1.5), "a machine")


@pytest.mark.parametrize(
    ("ratio", "words", "code"), [(1.5, ["--check"], 1), (1.5, [], 0), (1.2, ["--check"], 0)]
)
def test_a_script(
    ratio: float, words: list[str], code: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "doc.md").write_text(DOCUMENT)
    asked: list[Options] = []

    def measure(options: Options) -> list[Table]:
        asked.append(options)
        return [table(ratio, Bar(1.3, ("ratio",)))]

    written, plain = str(tmp_path / "doc.md"), str(tmp_path / "out.json")
    given = ["--quick", "--lua", "5.1", "--write", written, "--json", plain, *words]
    assert main(measure, words=given) == code
    assert (asked[0].quick, asked[0].lua) == (True, "5.1")
    out = capsys.readouterr().out
    assert ("missed: How quick it is: the program" in out) is (ratio > 1.3)
    assert "| the program |" in Path(written).read_text()
    (told,) = json.loads(Path(plain).read_text())["tables"]
    assert told == as_json(table(ratio, Bar(1.3, ("ratio",))))
    assert told["lines"][0]["ratio"] == ratio

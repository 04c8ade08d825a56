"""The example program `examples/tides`, run by plain lupa on every build of Lua there is."""

from __future__ import annotations

import importlib
import importlib.util
import re
import shutil
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

TIDES = Path(__file__).parents[2] / "examples" / "tides"
BROKEN = TIDES / "broken" / "predictor.lua"
SOUND = sorted(path for path in TIDES.rglob("*.lua") if path != BROKEN)

BUILDS = [
    build
    for build in ("lua51", "lua52", "lua53", "lua54", "lua55", "luajit20", "luajit21")
    if importlib.util.find_spec(f"lupa.{build}")
]

LOAD = """
function(text, name)
  local chunk, problem = (loadstring or load)(text, name)
  return { chunk = chunk, problem = problem }
end
"""

# Computed by a C program from the values that libtcd gives for the harmonics file: heights at
# every second, and the samples higher or lower than both neighbours. It knows no derivative
# and shares no code or data file with the example.
COMPUTED = """
2026-11-21 01:41:34 low   0.5231
2026-11-21 08:15:16 high  1.8428
2026-11-21 14:54:48 low   0.0430
2026-11-21 21:35:20 high  1.3589
2026-11-22 02:24:30 low   0.6439
2026-11-22 08:48:19 high  1.9565
2026-11-22 15:35:51 low  -0.1677
2026-11-22 22:34:52 high  1.4208
2028-02-29 01:17:36 high  1.6699
2028-02-29 07:32:09 low   0.2876
2028-02-29 13:58:42 high  1.2798
2028-02-29 19:12:29 low   0.5770
"""

# NOAA's predictions of the king tides of January 2024 for the San Francisco gauge, in feet, as
# the Floating Homes Association of Sausalito published them, https://ft.floatinghomes.org/?p=36022
PUBLISHED = """
2024-01-09 08:55 high 6.6
2024-01-10 09:42 high 6.8
2024-01-11 10:30 high 6.9
2024-01-12 11:19 high 6.9
2024-01-13 12:10 high 6.6
"""

# What a hand would change to mend the broken module, and in which function.
REPAIRS = {
    "year_at": ("t > year.to\n", "t > year.to then\n"),
    "height_at": ("* cos(angle\n", "* cos(angle)\n"),
    "turn_between": ("      after = middle\n", "      after = middle\n    end\n"),
    "extremes": ("still_rising != rising", "still_rising ~= rising"),
}


@dataclass
class Run:
    """What one run of the program printed, returned and left behind."""

    lua: Any
    result: Any = None
    lines: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        return "\n".join(self.lines)


@dataclass(frozen=True)
class Water:
    """A high or low water; the time is the station's, the height in metres."""

    kind: str
    time: datetime
    height: float


def new_lua(build: str) -> Any:
    return importlib.import_module(f"lupa.{build}").LuaRuntime()


def load(lua: Any, path: Path) -> Any:
    return lua.eval(LOAD)(path.read_text(), f"@{path}")


def run(build: str, *words: str, folder: Path = TIDES) -> Run:
    lua = new_lua(build)
    ran = Run(lua)
    main = folder / "main.lua"
    lua.globals().print = ran.lines.append
    lua.globals().arg = lua.table_from(dict(enumerate(words, start=1)))
    ran.result = load(lua, main).chunk()
    return ran


def waters(text: str) -> list[Water]:
    found = []
    for date, cells in re.findall(r"^  \w{3} (\d{4}-\d\d-\d\d)  (.*)$", text, re.MULTILINE):
        for kind, clock, height in re.findall(r"(high|low) +(\d\d:\d\d) +(-?\d\.\d\d)", cells):
            found.append(Water(kind, datetime.fromisoformat(f"{date} {clock}"), float(height)))
    return found


def table(text: str) -> list[Water]:
    rows = [line.split() for line in text.strip().splitlines()]
    return [
        Water(kind, datetime.fromisoformat(f"{date} {clock}"), float(height))
        for date, clock, kind, height in rows
    ]


def copy_of_program(tmp_path: Path) -> Path:
    return Path(shutil.copytree(TIDES, tmp_path / "a copy"))


def damage(data: Path, old: str, new: str) -> int:
    """Replace a text in the data file; return the number of the line where that text ends."""
    before, found, after = data.read_text().partition(old)
    assert found
    data.write_text(before + new + after)
    return (before + found).count("\n") + 1


@pytest.fixture(scope="module")
def by_default() -> dict[str, Run]:
    """One run without arguments on each build."""
    return {build: run(build) for build in BUILDS}


@pytest.mark.parametrize("build", BUILDS)
def test_prints_the_same_on_every_build(by_default: dict[str, Run], build: str) -> None:
    assert by_default[build].text == by_default[BUILDS[0]].text


def test_prints_a_curve_a_table_and_a_year(by_default: dict[str, Run]) -> None:
    text = by_default[BUILDS[0]].text
    assert text.startswith("San Francisco (Golden Gate), California\n31 constituents")
    assert "  08:00   1.84            |============================*\n" in text
    assert "  Highest water   2.14 on 25 Nov 10:50\n  Lowest water  -0.50 on 25 Nov 17:52\n" in text
    assert text.splitlines()[-1] == (
        "  Dec  mean   0.96  highest   2.20 on 24 Dec 10:37  lowest  -0.55 on 24 Dec 17:42"
    )
    assert text.isascii()


def test_prints_line_by_line(by_default: dict[str, Run]) -> None:
    lines = by_default[BUILDS[0]].lines
    days = [line for line in lines if re.match(r"  \w{3} 2026-11-2\d  ", line)]
    months = [line for line in lines if re.match(r"  \w{3}  mean ", line)]
    assert (len(days), len(months)) == (7, 12)


@pytest.mark.parametrize(("first", "days"), [("2026-11-21", "2"), ("2028-02-29", "1")])
def test_agrees_with_an_independent_computation(first: str, days: str) -> None:
    start = datetime.fromisoformat(first)
    end = start + timedelta(days=int(days))
    expected = [water for water in table(COMPUTED) if start <= water.time < end]
    predicted = waters(run(BUILDS[0], first, days).text)
    assert [water.kind for water in predicted] == [water.kind for water in expected]
    for ours, theirs in zip(predicted, expected, strict=True):
        assert abs(ours.time - theirs.time) <= timedelta(minutes=1)
        assert ours.height == pytest.approx(theirs.height, abs=0.01)


def test_agrees_with_published_predictions() -> None:
    predicted = waters(run(BUILDS[-1], "2024-01-09", "5").text)
    for theirs in table(PUBLISHED):
        ours = min(predicted, key=lambda water: abs(water.time - theirs.time))
        assert ours.kind == theirs.kind
        assert abs(ours.time - theirs.time) <= timedelta(minutes=1)
        assert round(ours.height / 0.3048, 1) == theirs.height


@pytest.mark.parametrize("day", ["2024-01-01", "2030-12-31"])
def test_predicts_the_first_and_the_last_day_of_the_tables(day: str) -> None:
    assert len(waters(run(BUILDS[-1], day, "1").text)) == 4


@pytest.mark.parametrize("build", BUILDS)
def test_leaves_the_station_behind(by_default: dict[str, Run], build: str) -> None:
    ran = by_default[build]
    lua = ran.lua
    assert (
        lua.eval("tostring(harbour)") == "San Francisco (Golden Gate), California: 31 constituents"
    )
    assert lua.eval("harbour.by_name.M2.speed") == 28.9841042
    assert lua.eval("harbour.by_name.M2 == harbour.constituents[1]")
    assert lua.eval("harbour.about.identifier") == "NOAA 9414290"
    assert lua.eval("rawget(predictor.years, 2026) ~= nil and rawget(predictor.years, 2027) == nil")
    assert lua.eval("#predictor.years[2027].waves") == 31
    lua.globals().returned = ran.result
    assert lua.eval("rawequal(returned, harbour)")


def test_runs_twice_in_one_runtime() -> None:
    ran = run(BUILDS[-1])
    once = ran.text
    path = ran.lua.eval("package.path")
    ran.lines.clear()
    load(ran.lua, TIDES / "main.lua").chunk()
    assert ran.text == once
    assert ran.lua.eval("package.path") == path


@pytest.mark.parametrize("build", BUILDS)
def test_takes_its_words_from_the_varargs_too(build: str) -> None:
    lua = new_lua(build)
    lines: list[str] = []
    lua.globals().print = lines.append
    load(lua, TIDES / "main.lua").chunk("2026-11-21", "none")
    assert lines == ["tides: the number of days is 1 to 31, not 'none'"]


def test_runs_from_any_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    folder = copy_of_program(tmp_path)
    assert len(waters(run(BUILDS[-1], "2026-11-21", "1", folder=folder).text)) == 4


def test_runs_by_a_relative_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(TIDES)
    assert len(waters(run(BUILDS[-1], "2026-11-21", "1", folder=Path()).text)) == 4


@pytest.mark.parametrize("build", BUILDS)
def test_refuses_a_missing_data_file(build: str, tmp_path: Path) -> None:
    folder = copy_of_program(tmp_path)
    data = folder / "data" / "san_francisco.txt"
    data.unlink()
    assert run(build, folder=folder).lines == [f"tides: cannot read the data file {data}"]


@pytest.mark.parametrize("build", BUILDS)
@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["tomorrow"], "'tomorrow' is not a date like 2026-11-21"),
        (["2026-11-21T08"], "'2026-11-21T08' is not a date like 2026-11-21"),
        (["2026-02-29"], "there is no day 2026-02-29 in the calendar"),
        (["2026-13-01"], "there is no day 2026-13-01 in the calendar"),
        (["2026-11-21", "0"], "the number of days is 1 to 31, not '0'"),
        (["2026-11-21", "1.5"], "the number of days is 1 to 31, not '1.5'"),
        (["2023-12-31"], "2023 is outside the tables of the data file, 2024 to 2030"),
        (["2030-12-31", "2"], "2031 is outside the tables of the data file, 2024 to 2030"),
    ],
)
def test_refuses_what_it_cannot_predict(build: str, words: list[str], message: str) -> None:
    ran = run(build, *words)
    assert ran.lines == [f"tides: {message}"]
    assert ran.result is None


@pytest.mark.parametrize("build", BUILDS)
@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("mean level: 3.12\n", "", "{data}: there is no line 'mean level: ...'"),
        ("mean level: 3.12", "mean level: low", "{data}: 'mean level: low' is not a number"),
        ("units: feet", "units: fathoms", "{data}: the units are neither feet nor metres"),
        ("units: feet", "units", "{line}: 'key: value' expected, found 'units'"),
        ("28.9841042", "28,9841042", "{line}: '28,9841042' is not a number"),
        ("28.9841042", "0x1C", "{line}: '0x1C' is not a number"),
        ("1.89  208.20", "1.89", "{line}: M2 needs 3 numbers and has 2"),
        ("[node factors]", "[node]", "{data}: there is no section [node factors]"),
        (
            "[equilibrium]\nM2 ",
            "[equilibrium]\nM9 ",
            "{line}: M9 is not among the constituents",
        ),
        (
            "[equilibrium]\nM2     247.82",
            "[equilibrium]\nM2",
            "{line}: M2 needs 7 numbers and has 6",
        ),
        (
            "[node factors]\nM2 ",
            "[node factors]\n#M2",
            "the data file has no values of M2 for 2026",
        ),
    ],
)
def test_refuses_a_damaged_data_file(
    build: str, tmp_path: Path, old: str, new: str, message: str
) -> None:
    folder = copy_of_program(tmp_path)
    data = folder / "data" / "san_francisco.txt"
    number = damage(data, old, new)
    expected = message.format(data=data, line=f"{data.name}:{number}")
    assert run(build, folder=folder).lines == [f"tides: {expected}"]


def test_reads_a_data_file_with_windows_line_ends(tmp_path: Path) -> None:
    folder = copy_of_program(tmp_path)
    data = folder / "data" / "san_francisco.txt"
    data.write_bytes(data.read_bytes().replace(b"\n", b"\r\n"))
    build = BUILDS[-1]
    day = ("2026-11-21", "1")
    assert run(build, *day, folder=folder).text == run(build, *day).text


def test_lets_its_own_mistakes_through(tmp_path: Path) -> None:
    """Only refusals are printed: any other error must reach whoever runs or debugs the program."""
    folder = copy_of_program(tmp_path)
    report = folder / "report.lua"
    report.write_text(report.read_text().replace("harbour.datum", "harbour.datum.name.first"))
    with pytest.raises(Exception, match=r"report\.lua:\d+: attempt to index"):
        run(BUILDS[-1], folder=folder)


@pytest.mark.parametrize("build", BUILDS)
@pytest.mark.parametrize("path", SOUND, ids=lambda path: path.name)
def test_every_module_loads_on_every_build(build: str, path: Path) -> None:
    loaded = load(new_lua(build), path)
    assert loaded.problem is None
    assert loaded.chunk is not None


@pytest.mark.parametrize("build", BUILDS)
def test_the_broken_module_is_refused_by_every_build(build: str) -> None:
    loaded = load(new_lua(build), BROKEN)
    assert loaded.chunk is None
    assert "predictor.lua:96: 'then' expected" in loaded.problem


@pytest.mark.parametrize("build", BUILDS)
@pytest.mark.parametrize("left", REPAIRS)
def test_each_mistake_of_the_broken_module_is_one_by_itself(
    build: str, left: str, tmp_path: Path
) -> None:
    path = tmp_path / "predictor.lua"
    path.write_text(mended(except_for=left))
    assert load(new_lua(build), path).chunk is None


def test_the_broken_module_is_the_sound_one_but_for_its_mistakes() -> None:
    sound = (TIDES / "predictor.lua").read_text().splitlines()
    assert mended().splitlines()[1:] == sound[1:]


def mended(except_for: str | None = None) -> str:
    text = BROKEN.read_text()
    for function, (wrong, right) in REPAIRS.items():
        assert text.count(wrong) == 1
        if function != except_for:
            text = text.replace(wrong, right)
    return text

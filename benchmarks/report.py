"""Tables of results: printed, written as JSON or into a document, compared with their bars.

Every script here hands its tables to this module, so all of them have the same flags. A missed
bar fails nothing unless ``--check`` asks for it: shared machines are too noisy for a gate.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from typing import Any

from measure import Spread

Cell = str | float | int | Spread | None


@dataclass(frozen=True)
class Options:
    """What the command line asks for.

    ``rounds`` is 0 where each script is to choose; ``peer`` is the Python that has the programs
    we are compared with (ipykernel, luaparser).
    """

    quick: bool = False
    lua: str = "5.4"
    rounds: int = 0
    peer: str = sys.executable
    only: tuple[str, ...] = ()


@dataclass(frozen=True)
class Bar:
    """A limit that the cells of these columns are to keep: at most, or at least."""

    limit: float
    columns: tuple[str, ...]
    at_least: bool = False

    def holds(self, cell: Cell) -> bool:
        """Whether a cell keeps it, a spread by its median; one without a number does not."""
        value = cell.middle if isinstance(cell, Spread) else cell
        if not isinstance(value, int | float):
            return False
        return value >= self.limit if self.at_least else value <= self.limit

    def __str__(self) -> str:
        sign = "≥" if self.at_least else "≤"
        return f"{sign} {self.limit:.3g}"


@dataclass
class Line:
    """One row: its name, a cell for every column it has something to say about, its bar."""

    name: str
    cells: dict[str, Cell]
    bar: Bar | None = None

    @property
    def verdict(self) -> str:
        if self.bar is None:
            return ""
        held = all(self.bar.holds(self.cells.get(column)) for column in self.bar.columns)
        return f"{self.bar} {'holds' if held else 'MISSED'}"


@dataclass
class Table:
    """Lines under a title, with remarks below; ``name`` is its mark in a document."""

    name: str
    title: str
    command: str
    lines: list[Line] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def add(self, name: str, bar: Bar | None = None, **cells: Cell) -> None:
        """Add a line."""
        self.lines.append(Line(name, dict(cells), bar))

    @property
    def columns(self) -> list[str]:
        return list(dict.fromkeys(name for line in self.lines for name in line.cells))

    @property
    def missed(self) -> list[Line]:
        return [line for line in self.lines if line.verdict.endswith("MISSED")]


def shown(cell: Cell) -> str:
    """A cell as text: three digits, the quartiles of a spread in brackets."""
    if cell is None:
        return "-"
    if isinstance(cell, Spread):
        return f"{_digits(cell.middle)} [{_digits(cell.low)}, {_digits(cell.high)}]"
    return cell if isinstance(cell, str) else _digits(cell)


def _digits(value: float) -> str:
    size = abs(value)
    if isinstance(value, int) or size >= 1000:
        return f"{value:,.0f}"
    if size >= 100:
        return f"{value:.0f}"
    return f"{value:.1f}" if size >= 10 else f"{value:.3f}" if size < 2 else f"{value:.2f}"


def as_text(table: Table) -> str:
    """A table as a block of text, which is also Markdown."""
    columns = [name.replace("_", " ") for name in table.columns]
    has_bars = any(line.bar for line in table.lines)
    rows = [["", *columns, *(["bar"] if has_bars else [])]]
    for line in table.lines:
        cells = [
            shown(line.cells.get(name)) if name in line.cells else "" for name in table.columns
        ]
        rows.append([line.name, *cells, *([line.verdict] if has_bars else [])])
    widths = [max(len(row[place]) for row in rows) for place in range(len(rows[0]))]
    texts = ["| " + " | ".join(map(str.ljust, row, widths)) + " |" for row in rows]
    texts.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    notes = [f"- {note}" for note in table.notes]
    if notes:
        texts += ["", *notes]
    return "\n".join([f"### {table.title}", "", f"`{table.command}`", "", *texts, ""])


def put_in(document: str, table: Table, where: str) -> str:
    """A document with a table in the place of what was between its marks.

    Args:
        document: Markdown with ``<!-- table NAME -->`` and ``<!-- end -->`` on lines of their own.
        table: what to put there.
        where: the line about the machine.

    Raises:
        ValueError: the document has no such marks.
    """
    begin, end = f"<!-- table {table.name} -->\n", "<!-- end -->"
    before, mark, rest = document.partition(begin)
    _, closing, after = rest.partition(end)
    if not mark or not closing:
        raise ValueError(f"no marks for the table {table.name!r}")
    return f"{before}{mark}{as_text(table)}\nMeasured on {where}.\n{closing}{after}"


def as_json(table: Table) -> dict[str, Any]:
    """A table as plain data; a spread as low, median, high and count."""

    def plain(cell: Cell) -> Any:
        if isinstance(cell, Spread):
            return {"low": cell.low, "median": cell.middle, "high": cell.high, "count": cell.size}
        return cell

    return {
        "title": table.title,
        "command": table.command,
        "notes": table.notes,
        "lines": [
            {
                "name": line.name,
                **{name: plain(cell) for name, cell in line.cells.items()},
                **({"bar": line.verdict} if line.bar else {}),
            }
            for line in table.lines
        ],
    }


def machine() -> str:
    """What it runs on and how busy that is, in one line."""
    load = os.getloadavg()[0]
    return (
        f"{os.cpu_count()} CPUs, {platform.system()} {platform.machine()}, "
        f"{platform.python_implementation()} {platform.python_version()}, "
        f"lupa {version('lupa')}, pyzmq {version('pyzmq')}, load {load:.1f} at the start"
    )


Measure = Callable[[Options], list[Table]]


def parser(description: str) -> argparse.ArgumentParser:
    """The flags that every script has."""
    made = argparse.ArgumentParser(description=description)
    made.add_argument("--quick", action="store_true", help="few rounds, for a look at everything")
    made.add_argument("--json", metavar="FILE", help="write the results there as well")
    made.add_argument("--write", metavar="FILE", help="put the tables between their marks there")
    made.add_argument("--check", action="store_true", help="exit with 1 if a bar is missed")
    made.add_argument(
        "--lua", default="5.4", metavar="V", help="5.1 to 5.5, luajit; all (debugger)"
    )
    made.add_argument("--rounds", type=int, default=0, metavar="N", help="rounds to take")
    made.add_argument("--only", action="append", default=[], metavar="NAME", help="a part of it")
    made.add_argument(
        "--peer", default=sys.executable, metavar="PYTHON", help="the Python that has ipykernel"
    )
    return made


def main(*measures: Measure, words: Sequence[str] | None = None) -> int:
    """The command line of a script: measure, show each table when it is done; the exit code."""
    said = parser((sys.modules["__main__"].__doc__ or "").split("\n")[0]).parse_args(words)
    options = Options(said.quick, said.lua, said.rounds, said.peer, tuple(said.only))
    where = machine()
    print(where, end="\n\n", flush=True)
    tables: list[Table] = []
    for measure in measures:
        for table in measure(options):
            tables.append(table)
            print(as_text(table), flush=True)
            if said.write:
                _rewrite(said.write, table, where)
    if said.json:
        with open(said.json, "w", encoding="utf-8") as file:
            json.dump({"machine": where, "tables": [as_json(t) for t in tables]}, file, indent=1)
    missed = [f"{table.title}: {line.name}" for table in tables for line in table.missed]
    for name in missed:
        print(f"missed: {name}")
    return 1 if missed and said.check else 0


def _rewrite(path: str, table: Table, where: str) -> None:
    with open(path, encoding="utf-8") as file:
        document = file.read()
    with open(path, "w", encoding="utf-8") as file:
        file.write(put_in(document, table, where))

"""A large workspace: read for the first time, from the cache, after one change, and judged.

The workspace is made here: modules with classes, comments and requires, no two alike. Each sample
is a fresh process; what the processes took together is their memory.
"""

from __future__ import annotations

import json
import random
import subprocess
import sys
import tempfile
from pathlib import Path

from measure import spread
from report import Bar, Options, Table, main
from surveying import sample

FILES, PARTS = 605, 8
COLD_BAR = Bar(3.0, ("seconds",))
CACHE_BAR = Bar(0.5, ("seconds",))
MEMORY_BAR = Bar(300.0, ("memory_mb",))
SURVEY_BAR = Bar(8.0, ("seconds",))

NAMES = ("tide", "moon", "harbour", "buoy", "chart", "pilot", "signal", "depth", "current", "wave")
PART = """
--- Computes the {a} of the {b}.
---@param x number how far east
---@param options? {{ scale: number, name: string }}
---@return number
function {M}.{a}_{n}(x, options)
  local total = x * {n} + (options and options.scale or 1)
  for i = 1, {n} do
    if total > limits[i] and {b}.state[i] then
      total = total - {b}.step(i, "{a}", {{ first = i, second = total }})
    elseif not registry.{a} then
      return total
    end
  end
  return total
end

function {M}:set_{b}_{n}(value)
  self.{b}_{n} = value or {M}.{a}_{n}(#value, {{ scale = 2, name = "{b}" }})
  return self
end
"""


def write(folder: Path) -> int:
    """Make the workspace; how many lines it has."""
    chance = random.Random(7)
    lines = 0
    for number in range(FILES):
        a, b = chance.choice(NAMES), chance.choice(NAMES)
        table = f"{a.title()}{number}"
        parts = [
            f'local {b} = require "part{(number * 7 + 1) % 20}.{b}{(number + 1) % FILES}"',
            f"---@class {table}",
            f"local {table} = {{}}",
            f"{table}.__index = {table}",
            f"function {table}.new(state)",
            f"  return setmetatable({{ state = state, size = {number} }}, {table})",
            "end",
            *(
                PART.format(M=table, a=chance.choice(NAMES), b=b, n=part + 1)
                for part in range(PARTS)
            ),
            f"registry_{number} = {table}",
            f"return {table}\n",
        ]
        path = folder / f"part{number % 20}" / f"{a}{number}.lua"
        path.parent.mkdir(exist_ok=True)
        text = "\n".join(parts)
        path.write_text(text)
        lines += text.count("\n")
    return lines


def measure(options: Options) -> list[Table]:
    """The tables of reading and of judging; ``--only index`` and ``--only survey`` give one."""
    tables = {"index": reading, "survey": judging}
    return [make(options) for name, make in tables.items() if name in (options.only or tables)]


def judging(options: Options) -> Table:
    """The problems of all files, in a server of which none of them is shown."""
    rounds = options.rounds or (1 if options.quick else 5)
    command = "python benchmarks/index.py --only survey"
    table = Table("survey", "Judging a workspace that nobody has open", command)
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made).resolve() / "workspace"
        folder.mkdir()
        lines = write(folder)
        samples = [sample(folder, Path(made) / f"home{number}") for number in range(rounds)]
    assert all(one.files == FILES for one in samples), samples
    table.add(
        "from the start to the last problem",
        SURVEY_BAR,
        seconds=spread([one.seconds for one in samples]),
        computed=spread([one.computed for one in samples]),
    )
    table.add(
        "of that, after the files were read", seconds=spread([one.judging for one in samples])
    )
    memory = spread([one.memory_mb for one in samples])
    table.add("most memory of all processes at once", MEMORY_BAR, memory_mb=memory)
    table.notes.append(
        f"{FILES} files, {lines:,} lines, {samples[0].problems:,} problems, no cache; the pass "
        f"begins after a second of quiet; {rounds} rounds, medians with quartiles; computed is "
        "the processor's time of all processes, memory is added up 50 times a second"
    )
    return table


def reading(options: Options) -> Table:
    """How long it takes to know the files."""
    rounds = options.rounds or (1 if options.quick else 5)
    table = Table("index", "Reading a workspace, in seconds and MB", "python benchmarks/index.py")
    samples: dict[str, list[dict[str, float]]] = {}
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made).resolve() / "workspace"
        folder.mkdir()
        lines = write(folder)
        changed = next(folder.glob("part0/*.lua"))
        for number in range(rounds):
            cache = str(Path(made) / f"cache{number}.sqlite3")
            for name in (
                "for the first time",
                "from the cache",
                "from the cache, one file changed",
            ):
                if "changed" in name:
                    changed.write_text(changed.read_text() + f"-- {number}\n")
                samples.setdefault(name, []).append(_sample(str(folder), cache))
    for name, found in samples.items():
        assert all(one["files"] == FILES for one in found), found
        bar = COLD_BAR if "first" in name else CACHE_BAR
        table.add(
            name,
            bar,
            seconds=spread([one["seconds"] for one in found]),
            computed=spread([one["computed"] for one in found]),
        )
    memory = spread([one["memory_mb"] for one in samples["for the first time"]])
    table.add("memory of all processes", MEMORY_BAR, memory_mb=memory)
    table.notes.append(
        f"{FILES} files, {lines:,} lines, two processes that read; {rounds} rounds, medians with "
        "quartiles; what all processes computed together says what a machine without other work "
        "would take"
    )
    return table


def _sample(folder: str, cache: str) -> dict[str, float]:
    script = Path(__file__).with_name("indexing.py")
    made = subprocess.run(
        [sys.executable, str(script), folder, cache], capture_output=True, check=True, text=True
    )
    found: dict[str, float] = json.loads(made.stdout)
    return found


if __name__ == "__main__":
    sys.exit(main(measure))

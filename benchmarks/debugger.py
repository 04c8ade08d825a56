"""What the debugger costs a running program, as ratios to the same program in lupa alone.

Every sample is a fresh process (``sample.py``) in which both run in turn, and the best times of
both are compared, since what disturbs a run only ever makes it longer. Where nothing may be
paid, what was seen of hooks and of the loaded text stands beside the ratio.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from measure import Spread, in_turn, ratios
from report import Bar, Cell, Options, Table, main
from scenarios import NOISE, PROGRAMS, SCENARIOS, Program
from tidelock.shared.runtime import builds

SAMPLE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "sample.py")
Seen = dict[str, Any]
Samples = dict[str, list[Seen]]


def measure(options: Options) -> list[Table]:
    """The table of every scenario and program; with ``--lua all`` of every scenario and build."""
    return [every_build(options)] if options.lua == "all" else [one_build(options)]


def one_build(options: Options) -> Table:
    """What each scenario costs each program."""
    rounds = options.rounds or (1 if options.quick else 6)
    names = _chosen(options)
    samples = {program.name: take(options, program, names, rounds) for program in PROGRAMS.values()}
    with_jit = " with its compiler on" if _is_jit(options) else ""
    table = Table(
        f"debugger {options.lua}",
        f"The debugger's cost, Lua {options.lua}{with_jit}",
        f"python benchmarks/debugger.py --lua {options.lua}",
    )
    for name in names:
        bar = SCENARIOS[name].bar
        table.add(
            SCENARIOS[name].text,
            Bar(bar, tuple(samples)) if bar and options.lua == "5.4" else None,
            **{program: cost(taken[name]) for program, taken in samples.items()},
            **_seen(seen for taken in samples.values() for seen in taken[name]),
        )
    table.notes += [_how(options, rounds), *_REMARKS]
    return table


def every_build(options: Options) -> Table:
    """What each scenario costs at most, for every build of Lua."""
    rounds = options.rounds or (1 if options.quick else 3)
    names = _chosen(options)
    table = Table(
        "debugger all",
        "The debugger's cost for every Lua, LuaJIT with its compiler on",
        "python benchmarks/debugger.py --lua all",
    )
    samples = {
        build.name: [
            take(replace(options, lua=build.name), program, names, rounds)
            for program in PROGRAMS.values()
        ]
        for build in builds.available()
    }
    for name in names:
        table.add(
            SCENARIOS[name].text,
            None,
            **{
                build: max(cost(taken[name]).middle for taken in programs)
                for build, programs in samples.items()
            },
            **_seen(seen for each in samples.values() for taken in each for seen in taken[name]),
        )
    table.notes += [
        f"the greatest of the ratios for {', '.join(PROGRAMS)}; how they are made stands under "
        f"the table of one Lua, here with {rounds} processes",
        *_REMARKS,
    ]
    return table


_REMARKS = (
    "hooks seen: looks at the running program that found a hook set, of all looks",
    "changed lines: lines of the program that were loaded in another form than written",
)


def _how(options: Options, rounds: int) -> str:
    return (
        f"ratios to lupa alone in the same process, best of {_repeats(options)} runs in turn; "
        f"medians of {rounds} processes (quartiles in brackets), {_fewer(rounds)} for steps"
    )


def _chosen(options: Options) -> list[str]:
    return [name for name in SCENARIOS if not options.only or name in (NOISE, *options.only)]


def take(options: Options, program: Program, names: Iterable[str], rounds: int) -> Samples:
    """Samples of one program in some scenarios, in turn; those with hooks fewer times."""
    ways = {name: partial(sample, options, program, name) for name in names}
    quick = {name: way for name, way in ways.items() if not _has_hooks(name)}
    slow = {name: way for name, way in ways.items() if _has_hooks(name)}
    return {**in_turn(rounds, quick), **in_turn(_fewer(rounds), slow)}


def sample(options: Options, program: Program, name: str) -> Seen:
    """One sample: what the process saw.

    Raises:
        RuntimeError: the program did something else than alone, or its breakpoint was idle.
    """
    is_jit, scenario = _is_jit(options), SCENARIOS[name]
    asked = {
        "program": program.name,
        "scenario": name,
        "lua": options.lua,
        "size": program.sizes[2 if scenario.is_slow else int(is_jit)],
        "repeats": 1 if _has_hooks(name) else _repeats(options),
        "jit": is_jit,
    }
    done = subprocess.run(
        [sys.executable, SAMPLE, json.dumps(asked)], capture_output=True, text=True, timeout=300
    )
    if done.returncode:
        raise RuntimeError(f"{program.name}, {name}: {done.stderr.strip()}")
    seen: Seen = json.loads(done.stdout)
    idle = seen.get("control") is False or seen.get("verified") is False
    if idle or seen.get("stops") or len(set(seen["results"])) != 1:
        raise RuntimeError(f"{program.name}, {name}: not what was to be measured: {seen}")
    return seen


def cost(samples: Sequence[Seen]) -> Spread:
    """The ratio of a scenario to lupa alone."""
    return ratios([min(seen["times"]) for seen in samples], [min(seen["base"]) for seen in samples])


def hooks_seen(samples: Iterable[Seen]) -> str:
    """The looks that found a hook, of all."""
    looks = [seen["hooked"] for seen in samples if seen.get("hooked") is not None]
    if not looks:
        return ""
    return f"{sum(found for found, _ in looks)} of {sum(count for _, count in looks)}"


def _seen(samples: Iterable[Seen]) -> dict[str, Cell]:
    """What was seen of hooks and of the loaded text."""
    every = list(samples)
    changed = sorted({seen["changed"] for seen in every if "changed" in seen})
    return {"hooks_seen": hooks_seen(every), "changed_lines": " or ".join(map(str, changed))}


def _has_hooks(name: str) -> bool:
    scenario = SCENARIOS[name]
    return scenario.command != ""


def _is_jit(options: Options) -> bool:
    return builds.find(options.lua).dialect == "luajit"


def _fewer(rounds: int) -> int:
    return -(-rounds // 3)


def _repeats(options: Options) -> int:
    return 3 if options.quick else 5


if __name__ == "__main__":
    sys.exit(main(measure))

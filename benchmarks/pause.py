"""Pausing a running program: how soon it stands still, and what that costs while nobody asks.

The latency is what a debug client sees: from its ``pause`` request to the ``stopped`` event. The
cost is that of ``debugger.py``, for a program that runs in Tidelock and may be paused.
"""

from __future__ import annotations

import random
import sys
import time

from debugger import cost, hooks_seen, take
from live import WAIT_S, Live
from measure import percentile
from report import Bar, Options, Table, main
from scenarios import NOISE, PROGRAMS, SCENARIOS

LOOPS = {
    "endless empty loop": "while true do end",
    "calls": "local function f(n) return n and f(nil) or 1 end while true do f(1) end",
    "pcall loop": "while true do pcall(error, 'caught') end",
    "coroutines made and resumed": (
        "while true do\n  local f = coroutine.wrap(function() coroutine.yield(1) end)\n"
        "  f() f()\nend"
    ),
    "strings": "while true do string.rep('tide', 10):gsub('t', 'T') end",
}


def measure(options: Options) -> list[Table]:
    """The latencies and the cost."""
    return [latencies(options), idle_cost(options)]


def latencies(options: Options) -> Table:
    """How soon each loop stands still."""
    count = 50 * _rounds(options)
    table = Table(
        f"pause {options.lua}",
        f"Pausing a running loop, Lua {options.lua}, in milliseconds",
        f"python benchmarks/pause.py --lua {options.lua}",
    )
    for name, text in LOOPS.items():
        times = [second * 1000 for second in _pauses(options.lua, text, count)]
        table.add(
            name,
            Bar(5.0, ("p99",)),
            p50=percentile(times, 0.5),
            p99=percentile(times, 0.99),
            longest=max(times),
        )
    table.notes.append(
        f"from the request to the stopped event of a debug session over memory; {count} pauses "
        "of each, at random moments"
    )
    return table


def idle_cost(options: Options) -> Table:
    """What it costs that a program can be paused."""
    rounds = _rounds(options)
    names = [NOISE, "none", "paused"]
    samples = take(options, PROGRAMS["fib"], names, rounds)
    table = Table(
        f"idle {options.lua}",
        f"What it costs that fib can be paused, Lua {options.lua}",
        f"python benchmarks/pause.py --lua {options.lua}",
    )
    for name in names:
        table.add(
            SCENARIOS[name].text,
            Bar(1.02, ("ratio",)) if name != NOISE else None,
            ratio=cost(samples[name]),
            hooks_seen=hooks_seen(samples[name]),
        )
    return table


def _rounds(options: Options) -> int:
    return options.rounds or (1 if options.quick else 6)


def _pauses(lua: str, text: str, count: int) -> list[float]:
    """Seconds from asking for a pause to hearing of it, again and again."""
    chance = random.Random(1)
    live = Live(lua)
    try:
        session = live.attach()
        name = live.start(text, "=loop")
        live.wait_running(name)
        times = []
        for _ in range(count):
            time.sleep(chance.uniform(0.0002, 0.003))  # anywhere in the loop
            asked = time.perf_counter()
            session.send("pause", threadId=1)
            times.append(session.stops.get(timeout=WAIT_S) - asked)
            session.resume()
            live.resumes.get(timeout=WAIT_S)
        live.context.runtime.interrupt()
        live.finish(name)
        return times
    finally:
        live.close()


if __name__ == "__main__":
    sys.exit(main(measure))

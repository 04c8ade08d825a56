"""At a stop: how soon a client has what it asks for, from its request to the answer.

The client is a debug session over memory, as for pauses. A step is measured from the request to
the ``stopped`` event, attaching from ``initialize`` to the answer of ``configurationDone``.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable

from live import WAIT_S, Attached, Live
from measure import percentile
from report import Bar, Options, Table, main

VARIABLES = 100
ENTRIES = 1_000_000
DEPTH = 20
PROGRAM = "\n".join(
    [
        "local function look()",
        *(f"  local v{number} = {{ {number} }}" for number in range(VARIABLES)),
        "  local here, big = 1, big",
        "  while true do",
        "    here = here + 1",
        "    here = here - 1",
        "  end",
        "end",
        "local function deep(n) if n == 0 then look() else deep(n - 1) end return n end",
        f"deep({DEPTH})",
    ]
)


def measure(options: Options) -> list[Table]:
    """The one table."""
    rounds = options.rounds or (20 if options.quick else 200)
    table = Table(
        f"stops {options.lua}",
        f"What is asked at a stop, Lua {options.lua}, in milliseconds",
        f"python benchmarks/stops.py --lua {options.lua}",
    )
    live = Live(options.lua)
    try:
        live.run(f"big = {{}} for i = 1, {ENTRIES} do big[i] = i end")
        name = live.start(PROGRAM, "=stops")
        live.wait_running(name)
        session = live.attach()
        session.request("pause")
        session.stops.get(timeout=WAIT_S)
        for text, bar, ask in _questions(live, session):
            times = [ask() * 1000 for _ in range(rounds)]
            table.add(
                text,
                Bar(bar, ("p95",)),
                p50=percentile(times, 0.5),
                p95=percentile(times, 0.95),
            )
        live.context.runtime.interrupt()
        live.finish(name)
    finally:
        live.close()
    table.notes.append(f"{rounds} of each, one after the other, at one stop")
    return [table]


def _questions(live: Live, session: Attached) -> list[tuple[str, float, Callable[[], float]]]:
    """What is asked, the bar in milliseconds, and what takes the time of one in seconds."""
    frames = session.request("stackTrace", threadId=1)["stackFrames"]
    frame = frames[0]["id"]
    scope = session.request("scopes", frameId=frame)["scopes"][0]["variablesReference"]
    shown = session.request("variables", variablesReference=scope)["variables"]
    big = next(each for each in shown if each["name"] == "big")

    def asked(command: str, **arguments: object) -> Callable[[], float]:
        def ask() -> float:
            began = time.perf_counter()
            session.request(command, **arguments)
            return time.perf_counter() - began

        return ask

    def stepped() -> float:
        began = time.perf_counter()
        session.send("next", threadId=1)
        return session.stops.get(timeout=WAIT_S) - began

    def attached() -> float:
        began = time.perf_counter()
        other = Attached(live.context)
        took = time.perf_counter() - began
        other.close()
        return took

    page = {"variablesReference": big["variablesReference"], "start": 0, "count": 100}
    return [
        (f"the stack, {len(frames)} frames", 10, asked("stackTrace", threadId=1)),
        (
            f"{len(shown)} variables", 5,
            asked("variables", variablesReference=scope),
        ),
        (f"the first page of {ENTRIES:,} entries", 20, asked("variables", **page)),
        ("an evaluation", 10, asked("evaluate", expression="here + 1", frameId=frame)),
        ("attaching", 10, attached),
        ("a step, to the stop", 20, stepped),
    ]  # fmt: skip


if __name__ == "__main__":
    sys.exit(main(measure))

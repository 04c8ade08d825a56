"""One sample of the debugger's cost: a fresh process that times one program in one scenario.

The program times itself with ``os.clock`` (CPU time), once it is loaded and everything is
attached. Prints the times and what was seen of hooks and of the loaded text as JSON.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
import tempfile
import time
from typing import Any

from scenarios import BASES, PROGRAMS, SCENARIOS, Program, Scenario

DRIVER = "local started = os.clock()\nresult = bench({size})\nelapsed = os.clock() - started\n"
STEP_OUT = (
    "local started = os.clock()\n"
    "(function()\n  local size = {size}\n  result = bench(size)\nend)()\n"
    "elapsed = os.clock() - started\n"
)
LOOKS = 10


def plain(lua: str, program: Program, size: int, repeats: int) -> dict[str, Any]:
    """Time a program in lupa alone."""
    from tidelock.shared.runtime import builds  # only to find the module of a name

    module = importlib.import_module(builds.find(lua).module)
    runtime = module.LuaRuntime()
    runtime.execute(program.text)
    driver, times = DRIVER.format(size=size), []
    for _ in range(repeats):
        runtime.execute(driver)
        times.append(float(runtime.globals().elapsed))
    return {"times": times, "result": str(runtime.globals().result)}


def ours(
    lua: str, program: Program, scenario: Scenario, size: int, repeats: int, *, jit: bool
) -> dict[str, Any]:
    """Time a program in Tidelock's runtime."""
    from live import Live, Place

    live = Live(lua, jit=jit)
    try:
        places = _places(program, scenario)
        session = live.attach() if scenario.attached else None
        told: list[Any] = []
        if session is not None and places and not scenario.is_late:
            told = session.set_breakpoints(program.path, places)
        live.run(program.text, "@" + program.path, kind="script", script=program.path)
        if session is not None and scenario.is_late:
            told = session.set_breakpoints(program.path, places)
        times = [_timed(live, scenario, size) for _ in range(repeats)]
        seen = {
            "times": times,
            "result": live.value("result").strip('"'),
            "rewritten": live.prepared["@" + program.path],
            "breakpoints": [[body["verified"], body.get("message", "")] for body in told],
            "stops": live.pauses.qsize(),
        }
        if not scenario.command:
            seen["hooked"] = _hooked(live, size)
        if scenario.mark == "hot" and session is not None:
            session.set_breakpoints(program.path, [Place(places[0].line)])
            seen["control"] = _stops(live, session)
        return seen
    finally:
        live.close()


def _places(program: Program, scenario: Scenario) -> list[Any]:
    from live import Place

    if not scenario.mark:
        return []
    condition = scenario.condition.format(name=program.local_name)
    return [Place(program.line(scenario.mark), condition)]


def _timed(live: Any, scenario: Scenario, size: int) -> float:
    """Seconds of one run of the loaded program."""
    if scenario.command:
        _step(live, scenario, size)
    else:
        live.run(DRIVER.format(size=size), "=driver")
    return float(live.value("elapsed"))


def _step(live: Any, scenario: Scenario, size: int) -> None:
    """Stop in front of the program, and step: the plan lasts while the program runs."""
    from live import WAIT_S, Place

    text = (STEP_OUT if scenario.command == "stepOut" else DRIVER).format(size=size)
    line = next(n for n, content in enumerate(text.splitlines(), 1) if "bench(" in content)
    session = live._attached
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as file:
        file.write(text)
        file.flush()
        session.set_breakpoints(file.name, [Place(line)])
        name = live.start(text, "@" + os.path.realpath(file.name))
        live.pauses.get(timeout=WAIT_S)
        session.resume(scenario.command)
        live.pauses.get(timeout=WAIT_S)
        session.resume()
        live.finish(name)


def _hooked(live: Any, size: int) -> int | None:
    """How often a look at the running program found a hook, of ``LOOKS``; None: cannot be told."""
    if live.is_hooked is None:
        return None
    found = 0
    for _ in range(LOOKS):
        name = live.start(f"bench({size})", "=looked at")
        live.wait_running()
        time.sleep(0.001)
        found += bool(live.is_hooked)
        live.finish(name)
    return found


def _stops(live: Any, session: Any) -> bool:
    """Whether the same breakpoint without its condition stops, so that it was no idle one."""
    from live import WAIT_S

    name = live.start("bench(2)", "=control")
    live.pauses.get(timeout=WAIT_S)
    session.set_breakpoints(PROGRAMS["fib"].path, [])
    live.context.runtime.interrupt()
    return bool(live.finish(name).error == "Interrupted")


def main() -> None:
    asked = json.loads(sys.argv[1])
    program, scenario = PROGRAMS[asked["program"]], SCENARIOS[asked["scenario"]]
    lua, size, repeats = asked["lua"], asked["size"], asked["repeats"]
    if asked["scenario"] in BASES:
        seen = plain(lua, program, size, repeats)
    else:
        seen = ours(lua, program, scenario, size, repeats, jit=asked["jit"])
    print(json.dumps(seen))


if __name__ == "__main__":
    main()

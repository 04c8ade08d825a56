"""One sample of the debugger's cost: a fresh process that times one program in one scenario.

The program times itself with ``os.clock`` (CPU time), once it is loaded and everything is
attached; in turn with it the same program runs in lupa alone. Prints the times of both, and what
was seen of hooks and of the loaded text, as JSON.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
import tempfile
import time
from typing import Any

from scenarios import NOISE, PROGRAMS, SCENARIOS, Program, Scenario

DRIVER = "local started = os.clock()\nresult = bench({size})\nelapsed = os.clock() - started\n"
STEP_OUT = (
    "local started = os.clock();\n"
    "(function()\n  local size = {size}\n  result = bench(size)\nend)()\n"
    "elapsed = os.clock() - started\n"
)
LOOKED_AT = "local stop = os.clock() + 0.05\nrepeat\n  bench({size})\nuntil os.clock() > stop\n"
LOOKS = 10


class Alone:
    """A program in lupa alone."""

    def __init__(self, lua: str, program: Program) -> None:
        from tidelock.shared.runtime import builds  # to find the module of a name, no more

        self._lua = importlib.import_module(builds.find(lua).module).LuaRuntime()
        self._lua.execute(program.text)

    def timed(self, size: int) -> float:
        """Seconds of one run."""
        self._lua.execute(DRIVER.format(size=size))
        return float(self._lua.globals().elapsed)

    @property
    def result(self) -> str:
        """What the last run gave."""
        return str(self._lua.eval("tostring(result)"))


def noise(lua: str, program: Program, size: int, repeats: int) -> dict[str, Any]:
    """Time a program in lupa alone against the same."""
    first, second = Alone(lua, program), Alone(lua, program)
    pairs = [(first.timed(size), second.timed(size)) for _ in range(repeats)]
    base, times = zip(*pairs, strict=True)
    return {"base": base, "times": times, "results": [first.result, second.result]}


def cost(
    lua: str, program: Program, scenario: Scenario, size: int, repeats: int, *, jit: bool
) -> dict[str, Any]:
    """Time a program in Tidelock's runtime against lupa alone."""
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
        if scenario.is_paused:
            _pause(live, size)
        alone = Alone(lua, program)
        pairs = [(alone.timed(size), _timed(live, scenario, size)) for _ in range(repeats)]
        base, times = zip(*pairs, strict=True)
        seen = {
            "base": base,
            "times": times,
            "results": [alone.result, live.value("result").strip('"')],
            "changed": live.changed_lines["@" + program.path],
            "verified": all(body["verified"] for body in told),
            "stops": live.pauses.qsize(),
        }
        if not scenario.command:
            seen["hooked"] = _hooked(live, size)
        if scenario.mark == "hot" and session is not None:
            session.set_breakpoints(program.path, [Place(places[0].line)])
            live.run(program.text, "@" + program.path, kind="script", script=program.path)
            seen["control"] = _stops(live, session, program)
        return seen
    finally:
        live.close()


def _places(program: Program, scenario: Scenario) -> list[Any]:
    from live import Place

    if not scenario.mark:
        return []
    condition = scenario.condition.format(name=program.local_name, never=program.never)
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


def _pause(live: Any, size: int) -> None:
    """Pause the running program some times, and let it go on."""
    from live import WAIT_S

    name = live.start(f"while true do bench({size}) end", "=paused")
    live.wait_running(name)
    for _ in range(LOOKS):
        live._attached.request("pause", threadId=1)
        live.pauses.get(timeout=WAIT_S)
        live._attached.resume()
        live.resumes.get(timeout=WAIT_S)
    live.context.runtime.interrupt()
    live.finish(name)


def _hooked(live: Any, size: int) -> list[int] | None:
    """How many looks at the running program found a hook, and of how many; None: untold."""
    if live.is_hooked is None:
        return None
    found = looks = 0
    name = live.start(LOOKED_AT.format(size=size), "=looked at")
    live.wait_running(name)
    while looks < LOOKS and live.is_running(name):
        found += bool(live.is_hooked)
        looks += 1
        time.sleep(0.002)
    live.finish(name)
    return [found, looks]


def _stops(live: Any, session: Any, program: Program) -> bool:
    """Whether the same breakpoint without its condition stops, so that it was no idle one."""
    from live import WAIT_S

    name = live.start("bench(2)", "=control")
    live.pauses.get(timeout=WAIT_S)
    session.set_breakpoints(program.path, [])
    live.context.runtime.interrupt()
    return bool(live.finish(name).error == "Interrupted")


def main() -> None:
    asked = json.loads(sys.argv[1])
    program, scenario = PROGRAMS[asked["program"]], SCENARIOS[asked["scenario"]]
    lua, size, repeats = asked["lua"], asked["size"], asked["repeats"]
    if asked["scenario"] == NOISE:
        seen = noise(lua, program, size, repeats)
    else:
        seen = cost(lua, program, scenario, size, repeats, jit=asked["jit"])
    print(json.dumps(seen))


if __name__ == "__main__":
    main()

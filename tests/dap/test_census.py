"""Ten debug sessions at once and a hundred one after another leave nothing behind.

What is counted: our objects in the process, what the debugger and the bus hold, Lua's memory,
and of a kernel process its threads and open files.
"""

from __future__ import annotations

import contextlib
import gc
import queue
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from kit.kernels import Served, embedded, external
from kit.timeline import Failure, until
from tidelock.dap.client import DebugClient, Open
from tidelock.terminal import compose

WAIT_S = 20.0
AT_ONCE = 10
IN_TURN = 100
SPARE = IN_TURN // 5
"""What may come and go by chance; what each session leaves behind is five times as much."""
LUA_SPARE_KIB = 40.0
MAIN = """\
local function ferry(cars)
  local aboard = {cars, {cars}}
  return aboard
end
local worker = coroutine.wrap(function(...) ferry(...) coroutine.yield() end)
worker({1, 2, 3})
ferry({})
"""


class Visitor:
    """A debug session that looks at everything there is at a stop."""

    def __init__(self, open_channel: Open, key: str) -> None:
        self._events: queue.Queue[tuple[str, dict[str, Any]]] = queue.Queue()
        self._key = key
        self.client = DebugClient(open_channel, lambda name, body: self._events.put((name, body)))

    def wait_for(self, name: str) -> dict[str, Any]:
        """The body of the next event of a name."""
        while True:
            found, body = self._events.get(timeout=WAIT_S)
            if found == name:
                return body

    def begin(self, script: Path, command: str = "launch") -> None:
        """Launch the script, or attach, with breakpoints of every kind."""
        ask = self.client.request
        ask("initialize", adapterID="census")
        asked = self.client.ask(command, program=str(script), key=self._key)
        self.wait_for("initialized")
        points = [{"line": 3}, {"line": 7, "condition": "false"}, {"line": 2, "logMessage": "{x}"}]
        ask("setBreakpoints", source={"path": str(script)}, breakpoints=points)
        ask("setFunctionBreakpoints", breakpoints=[{"name": "nowhere"}])
        ask("setExceptionBreakpoints", filters=["all"])
        ask("configurationDone")
        asked.result(WAIT_S)

    def look(self) -> None:
        """Ask for all that a stop has."""
        thread = self.wait_for("stopped")["threadId"]
        ask = self.client.request
        for each in ask("threads")["threads"]:
            ask("stackTrace", threadId=each["id"])
        frame = ask("stackTrace", threadId=thread)["stackFrames"][0]["id"]
        for scope in ask("scopes", frameId=frame)["scopes"]:
            ask("variables", variablesReference=scope["variablesReference"])
        shown = ask("evaluate", expression="aboard", frameId=frame)
        ask("variables", variablesReference=shown["variablesReference"])
        ask("stepInTargets", frameId=frame)

    def leave(self, number: int) -> None:
        """Go: after the program's end, in order, or without a word."""
        if number % 3 == 0:
            self.client.request("setBreakpoints", source={"path": "/"}, breakpoints=[])
            self.client.request("continue", threadId=1)
            self.wait_for("stopped")  # the second call
            self.client.request("continue", threadId=1)
            self.wait_for("terminated")
        if number % 3 < 2:
            self.client.request("disconnect")
        self.client.close()


def visit_at_once(open_channel: Open, key: str, script: Path) -> None:
    """Ten sessions at one stop; the first one has launched the program."""
    visitors = [Visitor(open_channel, key) for _ in range(AT_ONCE)]
    for visitor in visitors[1:]:
        visitor.begin(script, "attach")
    visitors[0].begin(script)
    for visitor in visitors:
        visitor.look()
    for number, visitor in enumerate(reversed(visitors)):
        visitor.leave(1 + number % 2)


def visit_in_turn(open_channel: Open, key: str, script: Path, idle: Callable[[], None]) -> None:
    """A hundred sessions, one after another."""
    for number in range(IN_TURN):
        visitor = Visitor(open_channel, key)
        visitor.begin(script)
        visitor.look()
        visitor.leave(number)
        idle()


def eventually(look: Callable[[], Any], expected: Any) -> None:
    """What is counted is what it was, once the last session has been put away."""
    with contextlib.suppress(Failure):
        until(lambda: look() == expected, "what was before", WAIT_S)
    assert look() == expected


@pytest.fixture
def script(tmp_path: Path) -> Path:
    path = tmp_path / "main.lua"
    path.write_text(MAIN)
    return path


def become_idle(served: Served) -> None:
    """What a session that left has ended has ended."""
    assert served.embedded is not None
    served.embedded.client.execute("nil", store_history=False).result(WAIT_S)


def lua_memory(served: Served) -> float:
    """Lua's memory after a collection, KiB."""
    assert served.embedded is not None
    code = "(collectgarbage() and collectgarbage() and collectgarbage('count'))"
    asked = served.embedded.client.execute(
        "nil", store_history=False, user_expressions={"size": code}
    )
    content = asked.result(WAIT_S).content["user_expressions"]["size"]
    return float(content["data"]["text/plain"])


def our_objects() -> Counter[str]:
    """How many objects of each of our types there are."""
    gc.collect()
    found = (type(each) for each in gc.get_objects())
    return Counter(
        kind.__qualname__ for kind in found if str(kind.__module__).startswith("tidelock.")
    )


def held(served: Served) -> dict[str, int]:
    """What the parts of the Context hold for sessions."""
    assert served.embedded is not None
    kernel = served.embedded.kernel
    debugger = kernel.context.debugger
    return {
        "sessions": len(debugger.sessions),
        "breakpoints": len(debugger.breakpoints()),
        "filters": len(debugger.filters()),
        "subscribers": len(kernel.context.bus._subscribers),
        "prepared": len(kernel.context.prepared),
    }


def test_nothing_is_left_in_the_process(script: Path) -> None:
    with embedded(history_size=1) as served:
        assert served.embedded is not None
        open_channel = compose.debug_inside(served.embedded)

        def idle() -> None:
            become_idle(served)

        visit_at_once(open_channel, "", script)
        idle()
        holding, objects, memory = held(served), our_objects(), lua_memory(served)
        assert holding["sessions"] == holding["breakpoints"] == holding["filters"] == 0
        visit_at_once(open_channel, "", script)
        idle()
        visit_in_turn(open_channel, "", script, idle)
        eventually(lambda: held(served), holding)
        grown = {kind: more for kind, more in (our_objects() - objects).items() if more >= SPARE}
        assert grown == {}
        assert lua_memory(served) - memory < LUA_SPARE_KIB


def test_nothing_is_left_of_a_kernel_process(tmp_path: Path, script: Path) -> None:
    with external(tmp_path) as served:
        assert served.process is not None
        place = Path(f"/proc/{served.process.pid}")
        open_channel = compose.debug_behind(served.connection)
        client = served.client()

        def idle() -> None:
            client.execute("nil").result(WAIT_S)

        def census() -> tuple[int, int]:
            return len(list((place / "fd").iterdir())), len(list((place / "task").iterdir()))

        visit_at_once(open_channel, served.connection.key, script)
        idle()
        client.history(1).result(WAIT_S)  # from here on the store is open
        before = census()
        visit_in_turn(open_channel, served.connection.key, script, idle)
        visit_at_once(open_channel, served.connection.key, script)
        idle()
        eventually(census, before)

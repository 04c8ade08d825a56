"""Ten clients that use one kernel for half an hour: its memory stays, and nothing goes astray.

Each client does one thing after the other, by chance: cells that print, that fail, that read a
line; completion, inspection and history; endless loops that it interrupts; a cell that stops at
a breakpoint and goes on. It compares every text that comes under its requests with what they
must give, so that an output lost or under another's request is found by whoever misses it or
gets it.
"""

from __future__ import annotations

import contextlib
import os
import random
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable
from typing import Any

from kernels import OURS, Kernel, RawMessage, RawPeer, launches
from measure import spread
from report import Bar, Options, Table, main

COMMAND = "python benchmarks/soak.py"
CLIENTS = 10
MINUTES = 30
GROWTH = 1.05
_SAMPLE_S = 5.0
_WAIT_S = 60.0
_MARK = "soak:"


class AstrayError(RuntimeError):
    """Something did not come, or came to the wrong one; says what."""


def measure(options: Options) -> list[Table]:
    """The table of a soak; a round is a minute."""
    minutes = options.rounds or (1 if options.quick else MINUTES)
    table = Table("soak", f"{CLIENTS} clients for {minutes} minutes", COMMAND)
    with contextlib.ExitStack() as stack:
        home = stack.enter_context(tempfile.TemporaryDirectory())
        ours = next(launch for launch in launches(options, home) if launch.name == OURS)
        kernel = Kernel(ours)
        stack.callback(kernel.close)
        soak = Soak(kernel.peer.info, CLIENTS)
        stack.callback(soak.close)
        soak.go(lambda done: done < 50)  # everything is loaded, every client has joined
        before = Footprint.of(kernel.pid)
        memory: list[float] = []
        until = time.monotonic() + minutes * 60
        watcher = threading.Thread(target=_watch, args=(kernel, memory, until))
        watcher.start()
        soak.go(lambda _: time.monotonic() < until)
        watcher.join()
        after = Footprint.of(kernel.pid)
    third = max(len(memory) // 3, 1)
    first, second, last = (spread(memory[i * third :][:third] or memory[-1:]) for i in range(3))
    table.add("memory in the first third, MiB", tidelock=first)
    table.add("memory in the second third, MiB", tidelock=second)
    table.add("memory in the last third, MiB", tidelock=last)
    growth = last.middle / second.middle
    table.add("growth from second to last", Bar(GROWTH, (OURS,)), tidelock=growth)
    table.add("threads and files more than before", Bar(0, (OURS,)), tidelock=after - before)
    for name, count in sorted(soak.counts.items()):
        table.add(name, tidelock=count)
    table.add("outputs lost or under another's request", Bar(0, (OURS,)), tidelock=0)
    table.notes.append("a text that is not what its request must give ends the run with an error")
    return [table]


class Footprint:
    """What a process holds besides memory: threads and open files."""

    def __init__(self, threads: int, files: int) -> None:
        self.threads, self.files = threads, files

    @classmethod
    def of(cls, pid: int) -> Footprint:
        """Count it now."""
        place = f"/proc/{pid}"
        return cls(len(os.listdir(f"{place}/task")), len(os.listdir(f"{place}/fd")))

    def __sub__(self, before: Footprint) -> int:
        return max(self.threads - before.threads, 0) + max(self.files - before.files, 0)


def _watch(kernel: Kernel, memory: list[float], until: float) -> None:
    while time.monotonic() < until:
        memory.append(kernel.memory())
        time.sleep(min(_SAMPLE_S, max(until - time.monotonic(), 0)))


class Soak:
    """Clients of one kernel, each with a thread while they ``go``.

    Args:
        fields: the fields of the kernel's connection file.
        clients: how many there are.
        seed: what they do follows from it; when each does it, from the machine.
    """

    def __init__(self, fields: dict[str, Any], clients: int, seed: int = 20261127) -> None:
        self.counts: Counter[str] = Counter()
        self._users = [_User(fields, number, seed + number) for number in range(clients)]

    def go(self, goes_on: Callable[[int], bool]) -> None:
        """Let every client work while ``goes_on`` of its number of things done.

        Raises:
            AstrayError: something went wrong; all have ended.
        """
        faults: list[Exception] = []
        lock = threading.Lock()

        def work(user: _User) -> None:
            done = 0
            try:
                while goes_on(done) and not faults:
                    name = user.act()
                    done += 1
                    with lock:
                        self.counts[name] += 1
            except Exception as error:
                faults.append(error)

        threads = [threading.Thread(target=work, args=(user,)) for user in self._users]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if faults:
            raise AstrayError(f"a client met: {faults[0]}") from faults[0]

    def close(self) -> None:
        """Close the clients."""
        for user in self._users:
            user.peer.close()


class _User:
    """One client and what it may do; the first one has the debugger of the notebook."""

    def __init__(self, fields: dict[str, Any], number: int, seed: int) -> None:
        self.name = f"c{number}"
        self.peer = RawPeer(fields, timeout=_WAIT_S)
        for channel in ("stdin", "control"):
            self.peer.socket(channel)
        self.peer.ready()
        self.chance = random.Random(seed)
        self.turn = 0
        self.seq = 0
        ways: list[tuple[str, int, Callable[[], None]]] = [
            ("cells that print", 10, self._print),
            ("cells with a result", 6, self._result),
            ("cells that fail", 2, self._fail),
            ("cells that read a line", 1, self._read),
            ("completions", 4, self._complete),
            ("inspections and histories", 2, self._ask),
            ("loops interrupted", 1, self._interrupt),
        ]
        if number == 0:
            ways.append(("stops at a breakpoint", 4, self._debug))
        self.ways = {name: way for name, _, way in ways}
        self.names = [name for name, weight, _ in ways for _ in range(weight)]

    def act(self) -> str:
        """Do one thing; its name."""
        self.turn += 1
        name = self.chance.choice(self.names)
        self.ways[name]()
        return name

    # What they ask

    def _print(self) -> None:
        lines = self.chance.choice((1, 2, 50, 500))
        word = f"{_MARK}{self.name}.{self.turn}."
        code = f"for i = 1, {lines} do print('{word}' .. i) end"
        text = "".join(f"{word}{number}\n" for number in range(1, lines + 1))
        self._runs(code, text)

    def _result(self) -> None:
        size = self.chance.randrange(1, 200)
        code = f"local t = {{}} for i = 1, {size} do t[i] = {{n = i}} end kept_{self.name} = t #t"
        self._runs(code, "", str(size))

    def _fail(self) -> None:
        self._runs(f"error('{_MARK}{self.name}.{self.turn}')", "", status="error")

    def _read(self) -> None:
        request = self._send("io.write('line? ') print(io.read())")
        asked = self.peer.receive("stdin")
        if asked.parent.get("msg_id") != request:
            raise AstrayError(f"{self.name} was asked for another's line")
        answer = self.peer.header("input_reply")
        line = f"{self.name}.{self.turn}"
        self.peer.send(
            "stdin",
            self.peer.message("input_reply", {"value": line}, header=answer, parent=asked.header),
        )
        self._ends(request, f"line? {line}\n", None, "ok")

    def _complete(self) -> None:
        content = {"code": "string.re", "cursor_pos": 9}
        reply = self._request("complete_request", content)
        if not {"rep", "reverse"} <= set(reply.content["matches"]):
            raise AstrayError(f"{self.name} was told {reply.content}")

    def _ask(self) -> None:
        told = self._request("inspect_request", {"code": "print", "cursor_pos": 5}).content
        past = {"hist_access_type": "tail", "n": 5, "output": False, "raw": True}
        if not told["found"] or self._request("history_request", past).content["status"] != "ok":
            raise AstrayError(f"{self.name} was told {told}")

    def _interrupt(self) -> None:
        word = f"{_MARK}{self.name}.{self.turn}.on"
        request = self._send(f"print('{word}') while true do pcall(error) end")
        seen = []
        while not any(m.type == "stream" for m in seen):
            seen.append(self._next_of(request))
        asked = self.peer.header("interrupt_request")
        self.peer.send("control", self.peer.message("interrupt_request", header=asked))
        self.peer.receive("control")
        self._ends(request, f"{word}\n", None, "error", seen)

    def _debug(self) -> None:
        code = f"local n = {self.turn}\nn = n + 1\nprint('{_MARK}{self.turn}')\nreturn n"
        client = {"clientID": "jupyterlab", "supportsVariableType": True}
        self._debugs("initialize", client)
        self._debugs("attach", {})
        path = self._debugs("dumpCell", {"code": code})["sourcePath"]
        points = {"source": {"path": path}, "breakpoints": [{"line": 3}]}
        self._debugs("setBreakpoints", points)
        self._debugs("configurationDone")
        request = self._send(code)
        seen = []
        while not any(m.content.get("event") == "stopped" for m in seen):
            seen.append(self._next_of(request))
        if any(m.type == "stream" for m in seen):
            raise AstrayError(f"{self.name}: the line after the stop has run")
        (frame,) = self._debugs("stackTrace", {"threadId": 1})["stackFrames"]
        if frame["line"] != 3:
            raise AstrayError(f"{self.name} stopped on line {frame['line']}")
        self._debugs("continue", {"threadId": 1})
        self._ends(request, f"{_MARK}{self.turn}\n", str(self.turn + 1), "ok", seen)
        self._debugs("disconnect")

    # How they ask

    def _send(self, code: str) -> str:
        header = self.peer.header("execute_request")
        # A failed cell takes along what its own client has queued, which is nothing.
        content = {"code": code, "allow_stdin": True, "stop_on_error": True}
        self.peer.send("shell", self.peer.message("execute_request", content, header=header))
        return str(header["msg_id"])

    def _next_of(self, request: str) -> RawMessage:
        while True:
            message = self.peer.iopub()
            if message.parent.get("msg_id") == request:
                return message

    def _runs(self, code: str, text: str, result: str | None = None, status: str = "ok") -> None:
        self._ends(self._send(code), text, result, status)

    def _ends(
        self,
        request: str,
        text: str,
        result: str | None,
        status: str,
        seen: list[RawMessage] | None = None,
    ) -> None:
        """Wait for reply and idle, and compare what came with what must come."""
        seen = seen or []
        while not seen or seen[-1].content.get("execution_state") != "idle":
            seen.append(self._next_of(request))
        reply = self.peer.receive("shell")
        if reply.parent.get("msg_id") != request or reply.content["status"] != status:
            raise AstrayError(f"{self.name} was told {reply.content}")
        came = "".join(m.content["text"] for m in seen if m.type == "stream")
        results = [m.content["data"]["text/plain"] for m in seen if m.type == "execute_result"]
        if came != text or results != ([] if result is None else [result]):
            raise AstrayError(f"{self.name} got {came[-200:]!r}, {results}, not {text[-200:]!r}")

    def _request(self, kind: str, content: dict[str, Any]) -> RawMessage:
        header = self.peer.header(kind)
        self.peer.send("shell", self.peer.message(kind, content, header=header))
        reply = self.peer.receive("shell")
        if reply.parent.get("msg_id") != header["msg_id"]:
            raise AstrayError(f"{self.name} got another's reply")
        self.peer.published(header["msg_id"])
        return reply

    def _debugs(self, command: str, arguments: dict[str, Any] | None = None) -> dict[str, Any]:
        self.seq += 1
        content = {
            "type": "request", "seq": self.seq, "command": command, "arguments": arguments or {}
        }  # fmt: skip
        reply = self.peer.request("control", "debug_request", content).content
        if not reply.get("success"):
            raise AstrayError(f"{self.name}: {command}: {reply}")
        return dict(reply.get("body") or {})


if __name__ == "__main__":
    sys.exit(main(measure))

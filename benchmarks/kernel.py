"""The kernel beside ipykernel: start, round trips, output, answers while it is busy, interrupts.

Both are processes started as Jupyter starts them, from a connection file, and both are asked by
the same client of bare ZeroMQ sockets (``RawPeer`` of the test kit). What they run is the same
program in their own language.
"""

from __future__ import annotations

import contextlib
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from functools import partial
from typing import NamedTuple

from kernels import OURS, THEIRS, Kernel, Launch, launches
from measure import Spread, in_turn, percentile, spread
from report import Bar, Options, Table, main

COMMAND = "python benchmarks/kernel.py"

ENDLESS = {OURS: "while true do end", THEIRS: "while True: pass"}
LOOPS = {
    "an endless loop": ENDLESS,
    "a loop that catches errors": {
        OURS: "while true do pcall(error, 'caught') end",
        THEIRS: "while True:\n  try: raise ValueError('caught')\n  except ValueError: pass",
    },
    "a loop in a coroutine": {
        OURS: "coroutine.wrap(function() while true do end end)()",
        THEIRS: "def run():\n  while True: pass\n  yield\nnext(run())",
    },
    "waiting for a line": {OURS: "io.read()", THEIRS: "input()"},
    "a sleep": {
        OURS: "require('tidelock').sleep(60)",
        THEIRS: "import time; time.sleep(60)",
    },
}
SPEAKS = {
    OURS: "print('now') local stop = os.clock() + 0.3 while os.clock() < stop do end",
    THEIRS: (
        "import time\nprint('now')\nstop = time.process_time() + 0.3\n"
        "while time.process_time() < stop: pass"
    ),
}
LINES = 100_000
PRINTS = {
    OURS: f"for i = 1, {LINES} do print(i, 'a line of output') end",
    THEIRS: f"for i in range({LINES}): print(i, 'a line of output')",
}
HOLDS = {OURS: "assert(x == 1)", THEIRS: "assert x == 1"}


class Start(NamedTuple):
    """One start: milliseconds to the first replies, also of processor time; memory in MiB."""

    info: float
    processor: float
    execute: float
    memory: float


def measure(options: Options) -> list[Table]:
    """The tables of start, answers and interrupts."""
    with contextlib.ExitStack() as stack:
        home = stack.enter_context(tempfile.TemporaryDirectory())
        launched = launches(options, home)
        tables = [starts(options, launched)]
        kernels = []
        for launch in launched:
            kernels.append(Kernel(launch))
            stack.callback(kernels[-1].close)
            kernels[-1].run("x = 1")
        tables += [answers(options, kernels), interrupts(options, kernels)]
    return tables


def _beside(
    table: Table, title: str, cells: Mapping[str, Spread | float], bar: Bar | None = None
) -> None:
    """A line with both kernels and the ratio of ours to theirs."""
    middles = {
        name: cell.middle if isinstance(cell, Spread) else cell for name, cell in cells.items()
    }
    table.add(title, bar, **cells, ratio=middles[OURS] / middles[THEIRS])


# -- starting ------------------------------------------------------------------------------------


def starts(options: Options, launched: list[Launch]) -> Table:
    """From making the process to its first replies."""
    rounds = options.rounds or (4 if options.quick else 25)
    ways = {launch.name: partial(_start, launch) for launch in launched}
    samples = in_turn(rounds, ways, warm=True)
    table = Table("kernel start", "Starting a kernel, and its memory", COMMAND)
    for title, limit, field in (
        ("process start to first kernel_info_reply, ms", 1 / 3, "info"),
        ("its processor time up to then, ms", 1 / 3, "processor"),
        ("process start to first execute_reply, ms", 1 / 4, "execute"),
        ("memory after that, MiB", 0.6, "memory"),
    ):
        cells = {
            name: spread([getattr(start, field) for start in some])
            for name, some in samples.items()
        }
        _beside(table, title, cells, Bar(limit, ("ratio",)))
    table.notes.append(f"{rounds} starts in turn, medians with quartiles; the ratio is of medians")
    return table


def _start(launch: Launch) -> Start:
    kernel = Kernel(launch)
    try:
        processor = kernel.processor()
        request = kernel.send("x = 1")
        kernel.reply("shell", request)
        executed = time.perf_counter()
        return Start(
            (kernel.ready - kernel.began) * 1000,
            processor,
            (executed - kernel.began) * 1000,
            kernel.memory(),
        )
    finally:
        kernel.close()


# -- answering -----------------------------------------------------------------------------------


def answers(options: Options, kernels: list[Kernel]) -> Table:
    """Round trips of a kernel that runs, idle and busy."""
    table = Table("kernel answers", "Answers of a running kernel, in milliseconds", COMMAND)
    many, few = (20, 1) if options.quick else (100, 3)
    blocks = options.rounds or (2 if options.quick else 8)
    own = Bar(5.0, (OURS,))
    for title, how, count, bars in (
        (
            "execute, request to reply",
            _executes,
            many,
            {0.5: _at_most(1 / 5), 0.99: _at_most(1 / 3)},
        ),
        ("first output of a running cell", _first_outputs, few, {0.5: None, 0.95: own}),
        ("control, while a cell runs", _controls, many, {0.5: None, 0.99: own}),
    ):
        ways = {kernel.name: partial(how, kernel, count) for kernel in kernels}
        times = {
            name: [each for block in taken for each in block]
            for name, taken in in_turn(blocks, ways).items()
        }
        for share, bar in bars.items():
            cells = {name: percentile(some, share) * 1000 for name, some in times.items()}
            _beside(table, f"{title}, p{share * 100:.0f}", cells, bar)
    printed = in_turn(
        options.rounds or (1 if options.quick else 5),
        {kernel.name: partial(_prints, kernel) for kernel in kernels},
        warm=True,
    )
    spreads = {name: spread(some) for name, some in printed.items()}
    _beside(table, f"{LINES:,} printed lines, sent to idle", spreads, _at_most(1 / 5))
    table.notes.append(
        f"{blocks} blocks of {many} requests ({few} cells for the first output) in turn; "
        "the executed cell is `x = 1` in both"
    )
    return table


def _at_most(ratio: float) -> Bar:
    return Bar(ratio, ("ratio",))


def _executes(kernel: Kernel, count: int) -> list[float]:
    """Seconds from a cell to its reply."""
    times = []
    for _ in range(count):
        asked = time.perf_counter()
        request = kernel.send("x = 1")
        kernel.reply("shell", request)
        times.append(time.perf_counter() - asked)
        kernel.peer.published(request)
    return times


def _first_outputs(kernel: Kernel, count: int) -> list[float]:
    """Seconds from a cell that prints and goes on to its output."""
    times = []
    for _ in range(count):
        asked = time.perf_counter()
        request = kernel.send(SPEAKS[kernel.name])
        kernel.wait_for("stream", request)
        times.append(time.perf_counter() - asked)
        kernel.reply("shell", request)
        kernel.peer.published(request)
    return times


def _controls(kernel: Kernel, count: int) -> list[float]:
    """Seconds from a request on control to its reply, while an endless loop runs."""
    times = []
    busy = kernel.begin(ENDLESS[kernel.name])
    for _ in range(count):
        asked = time.perf_counter()
        kernel.reply("control", kernel.ask_control("kernel_info_request"))
        times.append(time.perf_counter() - asked)
    kernel.interrupt(busy)
    return times


def _prints(kernel: Kernel) -> float:
    """Milliseconds of a cell that prints many lines, up to idle; every line must come."""
    asked = time.perf_counter()
    published = kernel.run(PRINTS[kernel.name])
    taken = time.perf_counter() - asked
    text = "".join(message.content["text"] for message in published if message.type == "stream")
    if text.count("\n") != LINES:
        raise RuntimeError(f"{kernel.name}: {text.count(chr(10))} lines came of {LINES}")
    return taken * 1000


# -- interrupting --------------------------------------------------------------------------------


def interrupts(options: Options, kernels: list[Kernel]) -> Table:
    """How soon a cell ends that is told to; what it made before stays."""
    rounds = options.rounds or (4 if options.quick else 25)
    table = Table("kernel interrupts", "Interrupting a cell, in milliseconds", COMMAND)
    for title, codes in LOOPS.items():
        ways: dict[str, Callable[[], float]] = {
            kernel.name: partial(_interrupt, kernel, codes[kernel.name]) for kernel in kernels
        }
        cells = {name: spread(some) for name, some in in_turn(rounds, ways).items()}
        _beside(table, title, cells, Bar(20.0, (OURS,)))
    table.notes.append(
        f"from interrupt_request to the cell's reply, {rounds} times in turn, medians with "
        "quartiles; what the kernel held before is there afterwards"
    )
    return table


def _interrupt(kernel: Kernel, code: str) -> float:
    """Milliseconds from the interrupt to the cell's reply; its state must have stayed."""
    request = kernel.begin(code)
    if "read" in code or "input" in code:
        kernel.peer.receive("stdin")
    taken = kernel.interrupt(request)
    kernel.run(HOLDS[kernel.name])
    return taken * 1000


if __name__ == "__main__":
    sys.exit(main(measure))

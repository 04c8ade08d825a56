"""The process in which users' rules run: JSON lines in, JSON lines out, and nothing else.

A rule that raises, or takes more than its time on the processor, is not asked again. What it
prints goes to standard error; what stands still is the parent's to end (``runner``).
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sys
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Any, BinaryIO, NamedTuple

from tidelock.shared.language.lint.loading import load
from tidelock.shared.language.rules import Rule
from tidelock.shared.syntax import public

Json = dict[str, Any]
Visit = Callable[[Any, Callable[[Any, str], None]], object]


class _Overrun(BaseException):
    """The time of a rule is up."""


class Found(NamedTuple):
    """A problem that a rule reports, in code points."""

    code: str
    severity: str
    start: int
    end: int
    message: str


def apply(rule: type[Rule], tree: Any, all_nodes: list[Any]) -> list[Found]:
    """What a rule says of a text; raises whatever the rule raises."""
    found: list[Found] = []

    def report(node: Any, message: str) -> None:
        if not isinstance(node, public.Node) or not isinstance(message, str):
            raise TypeError("report takes a node of the tree and a text")
        start = tree.start_char if node.start_char is None else node.start_char
        stop = start - 1 if node.stop_char is None else node.stop_char
        found.append(Found(rule.code, rule.severity, start, max(stop + 1, start), message))

    visitor = rule()
    visits: dict[type, Visit | None] = {}
    for node in all_nodes:
        kind = type(node)
        if kind not in visits:
            named = (getattr(visitor, f"visit_{one.__name__}", None) for one in kind.__mro__)
            visits[kind] = next((one for one in named if one is not None), None)
        visit = visits[kind]
        if visit is not None:
            visit(node, report)
    return found


@contextlib.contextmanager
def limited(time_ms: int) -> Iterator[None]:
    """Raise within when it has taken that time on the processor."""

    def up(number: int, frame: FrameType | None) -> None:
        raise _Overrun

    before = signal.signal(signal.SIGPROF, up)
    signal.setitimer(signal.ITIMER_PROF, time_ms / 1000)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


def serve(source: BinaryIO, sink: BinaryIO) -> None:
    """Answer the parent until it is gone."""

    def say(message: Json) -> None:
        sink.write(json.dumps(message).encode() + b"\n")
        sink.flush()

    begin = json.loads(source.readline())
    loaded = load(begin["paths"])
    rules = {code: rule for code, rule in loaded.rules.items() if code not in begin["off"]}
    say({"rules": sorted(rules), "refused": loaded.refused})
    for line in source:
        asked = json.loads(line)
        tree = public.tree(asked["text"], asked["dialect"])
        all_nodes = list(public.walk(tree))
        problems: list[Found] = []
        failed: list[tuple[str, str]] = []
        for code, rule in list(rules.items()):
            say({"begin": code})
            try:
                with limited(begin["time_ms"]):
                    problems += apply(rule, tree, all_nodes)
            except _Overrun:
                failed.append((code, f"took more than {begin['time_ms']} ms"))
            except BaseException as error:
                failed.append((code, f"{type(error).__name__}: {error}"))
            if failed and failed[-1][0] == code:
                del rules[code]
        say({"problems": problems, "failed": failed})


def main() -> None:
    """Keep the standard streams for the parent; rules get others."""
    source, sink = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.dup2(2, 1)
    sys.stdout = sys.stderr
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent's to hear; it closes our input
    serve(source, sink)


if __name__ == "__main__":
    main()

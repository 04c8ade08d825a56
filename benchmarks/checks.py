"""What it takes to judge a text: its form and names at once, then annotations and types.

The long file is that of ``parsing.py``, and stands for a text that nobody has judged before; its
tree, its scopes and its comments are there already. All of it is computing on one thread, so the
processor's time is taken, which a busy machine changes least.
"""

from __future__ import annotations

import sys
import time

from measure import percentile
from parsing import joined
from report import Bar, Options, Table, main
from tidelock.shared.language.checks.finding import at_once, in_depth
from tidelock.shared.language.scopes import resolve
from tidelock.shared.language.suppressions import suppressions
from tidelock.shared.language.types.inference import Types
from tidelock.shared.syntax.parser import parse

NAMES_BAR = Bar(50.0, ("p50",))


def measure(options: Options) -> list[Table]:
    """The two phases of judging a text."""
    rounds = options.rounds or (3 if options.quick else 15)
    table = Table(
        "checks",
        f"Judging a file of {joined().count(chr(10)):,} lines, in milliseconds",
        "python benchmarks/checks.py",
    )
    text = joined().replace("@meta", "meta")  # which would leave only its annotations to judge
    names: list[float] = []
    types: list[float] = []
    found = 0
    for _ in range(rounds):
        tree = parse(text, "luajit")
        resolve(tree)
        suppressions(tree)
        began = time.process_time()
        found = len(at_once(tree))
        between = time.process_time()
        found += len(in_depth(tree, Types()))
        names.append((between - began) * 1000)
        types.append((time.process_time() - between) * 1000)
    for name, times, bar in (
        ("form and names, at once", names, NAMES_BAR),
        ("annotations and types, after a pause", types, None),
    ):
        table.add(name, bar, p50=percentile(times, 0.5), p95=percentile(times, 0.95))
    table.notes.append(f"{found:,} problems; {rounds} rounds")
    return [table]


if __name__ == "__main__":
    sys.exit(main(measure))

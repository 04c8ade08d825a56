"""Understanding text: lines parsed in a second, and the time from an edit to new scopes.

The texts are the Lua that we ship: the runtime, the library definitions, the examples. The long
file is made of the same, one file after the other without their last ``return``.
An edit is measured as the language server makes it: a change of a document, its tree, its scopes
and a look at what is visible there; as there, the collector of cycles runs between edits only.
All of it is computing on one thread, so the processor's time is taken, which a busy machine
changes least.
"""

from __future__ import annotations

import gc
import random
import sys
import time
from functools import cache, partial
from pathlib import Path

from measure import percentile, spread
from report import Bar, Options, Table, main
from tidelock.lsp.documents import Change, Document
from tidelock.shared.language.scopes import resolve
from tidelock.shared.positions import Lines
from tidelock.shared.syntax.parser import parse
from tidelock.shared.syntax.tokens import scan
from tidelock.shared.syntax.tree import Return

ROOT = Path(__file__).parents[1]
FOLDERS = ("shared", "benchmarks", "examples", "tests/clients")
LONG = 5000
LINE_BAR = Bar(60_000, ("a_second",), at_least=True)
EDIT_BAR = Bar(40.0, ("p95",))

TYPED = {
    "a statement, letter by letter": "local total = compute(first, 'second')",
    "a comment, letter by letter": "-- what follows is old",
    "a block, letter by letter": "if ready then\n  start(1)\nend",
}
"""What is typed on a line of its own, each letter an edit; the words of a block leave it open."""

PUT_IN = {
    "a whole statement": "local total = compute(first)",
    "half a line": "local total = compute(first,",
    "an unclosed string": "local total = compute('first",
    "an unclosed block": "if ready then",
    "an unclosed function": "local function total(first)",
    "an unclosed long string": "local total = [[first",
}
"""What is put on a line of its own at the indentation of the next, and taken away again."""


@cache
def shipped() -> dict[str, str]:
    """The texts of the Lua files of this repository that are in order, by their path."""
    texts = {}
    for folder in FOLDERS:
        for path in sorted((ROOT / folder).glob("**/*.lua")):
            text = path.read_text(encoding="utf-8")
            if parse(text, "luajit").ok:
                texts[str(path.relative_to(ROOT))] = text
    return texts


@cache
def joined(lines: int = LONG) -> str:
    """The texts in one file of so many lines or some more that is in order."""
    parts: list[str] = []
    size = 0
    while size < lines:
        for text in shipped().values():
            last = parse(text, "luajit").body.statements[-1:]
            cut = text[: last[0].start] if last and isinstance(last[0], Return) else text
            parts.append(cut)
            size += cut.count("\n")
            if size >= lines:
                break
    made = "\n".join(parts)
    assert parse(made, "luajit").ok
    return made


def measure(options: Options) -> list[Table]:
    """Both tables."""
    return [parsing(options), editing(options)]


def parsing(options: Options) -> Table:
    """Lines parsed in a second, and what the tokens and the scopes alone take."""
    rounds = options.rounds or (3 if options.quick else 15)
    table = Table(
        "syntax parsing",
        "Lines of Lua read in a second",
        "python benchmarks/parsing.py",
    )
    files = list(shipped().values())
    lines = sum(text.count("\n") for text in files)
    words = sum(len(scan(text, "luajit")) for text in files)
    long_lines = joined().count("\n")
    seconds: dict[str, list[float]] = {}
    for _ in range(rounds):
        for name, count, take in (
            (f"{len(files)} files, parsed", lines, partial(_parse, files)),
            ("one long file, parsed", long_lines, partial(_parse, [joined()])),
        ):
            seconds.setdefault(name, []).append(count / _seconds(take))
        scans = _seconds(lambda: scan(joined(), "luajit"))
        seconds.setdefault("one long file, cut into tokens only", []).append(long_lines / scans)
        tree = parse(joined(), "luajit")
        scopes = _seconds(partial(resolve, tree))
        seconds.setdefault("one long file, scopes of a tree", []).append(long_lines / scopes)
    for name, samples in seconds.items():
        bar = LINE_BAR if "parsed" in name else None
        table.add(name, bar, a_second=spread(samples), best=max(samples))
    table.notes.append(
        "a file is let go before the next is read, as the index and validate do; "
        f"{lines:,} lines with {words / lines:.1f} tokens each, comments and empty lines counted; "
        f"the long file has {long_lines:,}; {rounds} rounds, medians with quartiles"
    )
    return table


def _parse(texts: list[str]) -> None:
    for text in texts:
        parse(text, "luajit")


def _seconds(take: object) -> float:
    assert callable(take)
    began = time.process_time()
    take()
    return time.process_time() - began


def editing(options: Options) -> Table:
    """The time from an edit of the long file to its new scopes."""
    places = options.rounds or (2 if options.quick else 12)
    table = Table(
        "syntax editing",
        f"From an edit of a file of {joined().count(chr(10)):,} lines to its new scopes, in "
        "milliseconds",
        "python benchmarks/parsing.py",
    )
    document = Document("untitled:long", 1, joined(), "luajit")
    resolve(document.tree)
    gc.collect()
    gc.freeze()
    gc.disable()
    try:
        _edits(table, document, places)
    finally:
        gc.enable()
        gc.unfreeze()
    whole = [
        _seconds(lambda: resolve(parse(document.text, "luajit"))) * 1000 for _ in range(places)
    ]
    _add(table, "for comparison: everything anew", whole)
    return table


def _edits(table: Table, document: Document, places: int) -> None:
    """A row for each kind of edit, and one for all together."""
    everything: list[float] = []
    for name, typed in TYPED.items():
        chance = random.Random(name)
        times: list[float] = []
        for _ in range(places):
            gc.collect()
            line = chance.randrange(len(document.lines))
            document, more = _type(document, line, typed)
            times += more
        everything += times
        _add(table, name, times)
    for name, put in PUT_IN.items():
        chance = random.Random(name)
        times = []
        for _ in range(places * 3):
            gc.collect()
            start, end = document.lines.span(chance.randrange(len(document.lines)))
            text = document.text[start:end]
            margin = text[: len(text) - len(text.lstrip())]
            document, taken = _edit(document, start, start, f"{margin}{put}\n")
            times.append(taken)
            document, _ = _edit(document, start, start + len(margin) + len(put) + 1, "")
        everything += times
        _add(table, name, times)
    chance = random.Random(1)
    times = []
    for _ in range(places * 10):
        start = chance.randrange(len(document.text) - 4)
        document, taken = _edit(document, start, start + 1, "x")
        times.append(taken)
        document, taken = _edit(document, start, start + 1, joined()[start : start + 1])
        times.append(taken)
    everything += times
    _add(table, "any one letter made an x, and back", times)
    _add(table, "all of these", everything, EDIT_BAR)


def _add(table: Table, name: str, times: list[float], bar: Bar | None = None) -> None:
    table.add(
        name,
        bar,
        edits=len(times),
        p50=percentile(times, 0.5),
        p95=percentile(times, 0.95),
        longest=max(times),
    )


def _type(document: Document, line: int, typed: str) -> tuple[Document, list[float]]:
    """Type on a new line after one, then take it away again; the milliseconds of each edit."""
    start = document.lines.span(line)[1]
    document, _ = _edit(document, start, start, "\n")
    times = []
    place = start + 1
    for letter in typed:
        document, taken = _edit(document, place, place, letter)
        times.append(taken)
        place += 1
    document, taken = _edit(document, start, place, "")
    times.append(taken)
    return document, times


def _edit(document: Document, start: int, end: int, text: str) -> tuple[Document, float]:
    """Make one edit; the new version and the milliseconds until its scopes could be asked."""
    lines = Lines(document.text)
    change = Change(text, lines.place(start, "utf-16"), lines.place(end, "utf-16"))
    began = time.process_time()
    document = document.changed(document.version + 1, [change], "utf-16")
    resolve(document.tree).visible(start)
    return document, (time.process_time() - began) * 1000


if __name__ == "__main__":
    sys.exit(main(measure))

"""The language server over standard input and output, as an editor meets it.

The long file is that of ``parsing.py``; the short one is made of the first of its texts. Letters
are typed into a line of their own at places all over the file, and each answer is waited for: the
times are those between a message and its answer at the client, the edit before it included.
"""

from __future__ import annotations

import contextlib
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any
from unittest.mock import patch

from measure import in_turn, percentile, ratios, spread
from parsing import joined
from report import Bar, Options, Table, main
from tidelock.lsp.live import Live, connector
from tidelock.lsp.moment import Question
from tidelock.shared.config import Settings
from tidelock.shared.sources import uri_of_path
from tidelock.terminal.demo.peers import Editor

COMMAND = "python benchmarks/editor.py"
SHORT, LONG = 1000, 5000
TYPED = "local total = string.format(fir"
LOOP = "beats = 0 while true do beats = beats + 1 end"
PYGLS = "import pygls.lsp.server as s; v = s.LanguageServer('empty', '1'); v.start_io()"
Place = tuple[int, int]


def measure(options: Options) -> list[Table]:
    """The tables of the start, of typing, and of typing beside a program that runs."""
    return [starts(options), typing(options), beside(options)]


class Typist(Editor):
    """An editor that sends each edit as what it changed."""

    def change(self, path: str, start: Place, end: Place, text: str) -> None:
        """Put a text in the place of what stands between two places."""
        uri = uri_of_path(path)
        self._versions[uri] += 1
        range_ = {
            name: dict(zip(("line", "character"), place, strict=True))
            for name, place in (("start", start), ("end", end))
        }
        document = {"uri": uri, "version": self._versions[uri]}
        changes = [{"range": range_, "text": text}]
        body = {"textDocument": document, "contentChanges": changes}
        self.notify("textDocument/didChange", body)


@contextlib.contextmanager
def session(files: dict[str, str], *, live: bool) -> Iterator[tuple[Typist, Path]]:
    """An initialized editor in a folder of its own, with what it starts; all of it ends with it."""
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made).resolve() / "work"
        folder.mkdir()
        for name, text in files.items():
            (folder / name).write_text(text, encoding="utf-8")
        environment = {
            **os.environ,
            "TIDELOCK_RUNTIME_DIR": f"{made}/run",
            "TIDELOCK_DATA_DIR": f"{made}/data",
            "TIDELOCK_LSP_LIVE_ENABLED": str(live).lower(),
        }
        editor = Typist(str(folder), environment)
        try:
            editor.initialize()
            yield editor, folder
            if live:
                command(editor, "tidelock.stopKernel")
            editor.leave()
        finally:
            editor.end()


def command(editor: Typist, name: str, **arguments: Any) -> Any:
    """Execute a command of the server."""
    asked = {"command": name, "arguments": [arguments] if arguments else []}
    return editor.request("workspace/executeCommand", asked)


# -- starting ------------------------------------------------------------------------------------


def starts(options: Options) -> Table:
    """From making the process to the answer to ``initialize``, beside a server of bare pygls."""
    rounds = options.rounds or (3 if options.quick else 15)
    ours = [sys.executable, "-m", "tidelock.terminal", "lsp", "--stdio"]
    ways = {
        "tidelock": partial(_start, ours),
        "pygls": partial(_start, [sys.executable, "-c", PYGLS]),
    }
    samples = in_turn(rounds, ways, warm=True)
    table = Table("editor start", "Starting the language server", COMMAND)
    table.add(
        "process start to the answer to initialize, ms",
        Bar(1.3, ("ratio",)),
        **{name: spread(some) for name, some in samples.items()},
        ratio=ratios(samples["tidelock"], samples["pygls"]),
    )
    table.notes.append(f"{rounds} starts in turn; pygls is a server without a feature")
    return table


def _start(words: list[str]) -> float:
    params = {"processId": None, "rootUri": None, "capabilities": {}}
    asked = {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": params}
    body = json.dumps(asked).encode()
    began = time.perf_counter()
    with subprocess.Popen(
        words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
        process.stdin.flush()
        if not process.stdout.readline().startswith(b"Content-"):
            raise RuntimeError(f"{words} did not answer")
        took = time.perf_counter() - began
        process.kill()
    return took * 1000


# -- typing --------------------------------------------------------------------------------------


def typing(options: Options) -> Table:
    """Diagnostics, completion, hover and the rest in a short and in a long file."""
    places = options.rounds or (2 if options.quick else 12)
    table = Table("editor typing", "Answers while a file is edited, ms", COMMAND)
    for lines in (SHORT, LONG):
        text = joined(lines)
        with session({"long.lua": text}, live=False) as (editor, folder):
            path = str(folder / "long.lua")
            began = time.perf_counter()
            editor.show(path, text)
            editor.problems(path)
            opened = (time.perf_counter() - began) * 1000
            size = text.count("\n")
            table.add(f"{size:,} lines: open to diagnostics", ms=opened)
            bars = {
                "diagnostics": Bar(150.0 if lines == SHORT else 400.0, ("p95",)),
                "completion": Bar(30.0, ("p95",)),
                "hover": Bar(20.0, ("p95",)),
                "definition": Bar(20.0, ("p95",)),
            }
            for name, samples in _type(editor, path, text, places).items():
                _line(table, f"{size:,} lines: edit to {name}", samples, bars.get(name))
            _whole(table, editor, path, size, options)
    table.notes.append(
        f"{places} places; {TYPED!r} typed there letter by letter, each letter an edit; "
        "the time holds the edit and its answer; no kernel"
    )
    return table


def _line(table: Table, name: str, samples: list[float], bar: Bar | None) -> None:
    table.add(name, bar, p50=percentile(samples, 0.5), p95=percentile(samples, 0.95))


def _type(editor: Typist, path: str, text: str, places: int) -> dict[str, list[float]]:
    """What the answers took after each letter, by what was asked."""
    asks: dict[str, Callable[[Place], Any]] = {
        "completion": lambda at: editor.completion(path, *at),
        "hover": lambda at: editor.hover(path, at[0] + 1, 8),
        "definition": lambda at: _ask(editor, "definition", path, at[0] + 1, 8),
        "diagnostics": lambda at: editor.problems(path),
    }
    samples: dict[str, list[float]] = {name: [] for name in asks}
    lines = text.split("\n")
    starts = [n for n, line in enumerate(lines) if n and line.startswith(("local ", "function "))]
    chance = random.Random(5)
    for number in range(places):
        line = chance.choice(starts)
        editor.change(path, (line, 0), (line, 0), "\n")
        for end in range(1, len(TYPED) + 1):
            name, ask = list(asks.items())[(number + end) % len(asks)]
            letter = TYPED[end - 1]
            began = time.perf_counter()
            editor.change(path, (line, end - 1), (line, end - 1), letter)
            ask((line, end))
            samples[name].append((time.perf_counter() - began) * 1000)
            if name != "diagnostics":
                editor.problems(path)
        editor.change(path, (line, 0), (line + 1, 0), "")
        editor.problems(path)
    return samples


def _ask(editor: Typist, name: str, path: str, line: int, column: int) -> Any:
    document = {"uri": uri_of_path(path)}
    position = {"line": line, "character": column}
    return editor.request(f"textDocument/{name}", {"textDocument": document, "position": position})


def _whole(table: Table, editor: Typist, path: str, size: int, options: Options) -> None:
    """What tells of the whole file: its symbols and its coloured words."""
    document = {"textDocument": {"uri": uri_of_path(path)}}
    for name, method in (
        ("document symbols", "textDocument/documentSymbol"),
        ("semantic tokens", "textDocument/semanticTokens/full"),
    ):
        samples = []
        for _ in range(3 if options.quick else 10):
            began = time.perf_counter()
            editor.request(method, document)
            samples.append((time.perf_counter() - began) * 1000)
        _line(table, f"{size:,} lines: {name}", samples, Bar(150.0, ("p50",)))


# -- beside a program ----------------------------------------------------------------------------


def beside(options: Options) -> Table:
    """Completion of names, while Lua does nothing and while it runs, and of a live table."""
    places = options.rounds or (2 if options.quick else 12)
    text = joined(LONG)
    table = Table("editor beside", "Completion beside a program, ms", COMMAND)
    files = {"long.lua": text, "loop.lua": f"host = {{ depth = 3 }}\n{LOOP}\n", "ask.lua": "host."}
    with session(files, live=True) as (editor, folder):
        path, ask = str(folder / "long.lua"), str(folder / "ask.lua")
        editor.show(path, text)
        editor.show(ask, files["ask.lua"])
        editor.problems(path)
        command(editor, "tidelock.startKernel")
        editor.sees("idle", 0)
        idle = _type(editor, path, text, places)["completion"]
        command(editor, "tidelock.run", uri=uri_of_path(str(folder / "loop.lua")))
        editor.sees("running", 1)
        busy = _type(editor, path, text, places)["completion"]
        live = []
        for _ in range(10 if options.quick else 100):
            began = time.perf_counter()
            items = editor.completion(ask, 0, len("host."))
            live.append((time.perf_counter() - began) * 1000)
            assert any(item["label"] == "depth" for item in items), items
        command(editor, "tidelock.interrupt")
    questions = _questions(files["loop.lua"], 100 if options.quick else 1000)
    _line(table, "while nothing runs", idle, Bar(30.0, ("p95",)))
    _line(table, "while a loop without end runs", busy, Bar(30.0, ("p95",)))
    table.add(
        "the second by the first",
        Bar(1.3, ("p95",)),
        p50=percentile(busy, 0.5) / percentile(idle, 0.5),
        p95=percentile(busy, 0.95) / percentile(idle, 0.95),
    )
    _line(table, "a field that exists only in the running program", live, None)
    _line(table, "a question put to the loop, alone", questions, Bar(10.0, ("p95",)))
    table.notes.append(
        "after each letter typed as above, in the long file; the field is asked of the running "
        "Lua, and every answer has it; a question alone is what the server puts to the kernel for "
        "it, one dropped at its deadline of 50 ms counted with that"
    )
    return table


def _questions(loop: str, many: int) -> list[float]:
    """How long the language server's link to a kernel waits for the members of a table.

    The server itself shows a short file only, so that one of two cores is there to ask from.
    """
    samples, deadline_s = [], 0.05
    with session({"loop.lua": loop}, live=True) as (editor, folder):
        command(editor, "tidelock.startKernel")
        command(editor, "tidelock.run", uri=uri_of_path(str(folder / "loop.lua")))
        editor.sees("running", 1)
        with patch.dict(os.environ, TIDELOCK_RUNTIME_DIR=str(folder.parent / "run")):
            link = Live(connector(str(folder), Settings()), deadline_s, lambda moment: None)
            link.client(start=False)
        for _ in range(many):
            began = time.perf_counter()
            answered = link.ask(Question("members", "host"))
            took = time.perf_counter() - began
            samples.append((deadline_s if answered is None else took) * 1000)
            assert answered is None or any(one.name == "depth" for one in answered.facts), answered
        link.close()
        command(editor, "tidelock.interrupt")
    return samples


if __name__ == "__main__":
    sys.exit(main(measure))

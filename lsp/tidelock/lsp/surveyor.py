"""A process that judges files nobody has open: ``python -m tidelock.lsp.surveyor``.

It is told in lines of JSON what there is, and asked about one text at a time; each question has
one line as its answer. It ends with its input, so that it does not outlive the language server,
and leaves the processor to whoever types.

The first line says how texts are judged (``begin``). Then come, in any order: a file with its
summary, or null (``file``); an open text with its URI, or null (``open``); what the running program
has (``names``); and the questions ``judge``, with a path, and ``offer``, with a path or URI.
"""

from __future__ import annotations

import contextlib
import gc
import json
import os
import re
from typing import TYPE_CHECKING, Any, TextIO, final

from tidelock.lsp import convert
from tidelock.lsp.documents import Document
from tidelock.lsp.judging import Judge
from tidelock.lsp.manner import Manner
from tidelock.lsp.standing import basis, offer
from tidelock.lsp.workspace import dialect_of
from tidelock.shared.config import Settings
from tidelock.shared.language.index import foreign
from tidelock.shared.language.index.snapshot import EMPTY
from tidelock.shared.language.index.space import Places
from tidelock.shared.language.index.summary import Summary, summary_of
from tidelock.shared.language.lint.runner import Runner, resolved
from tidelock.shared.log import layer
from tidelock.shared.runtime.check import Checker

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tidelock.lsp.judging import File

log = layer("lsp")
Json = dict[str, Any]

_LONGEST_LINE = 5000
_HEAD = 5
_MARK = re.compile(r"--.*(?:@generated\b|\b(?:auto-?)?generated (?:by|from)\b|do not edit)", re.I)


def is_generated(text: str) -> bool:
    """Whether a program has written a text: its first lines say so, or a line is very long."""
    head = text.split("\n", _HEAD)[:_HEAD]
    if any(_MARK.search(line) for line in head):
        return True
    return any(len(line) > _LONGEST_LINE for line in text.split("\n"))


@final
class Surveyor:
    """What the process knows; everything on its one thread.

    Args:
        begin: how texts are judged, as ``survey.Terms.told`` says it.
    """

    def __init__(self, begin: Json) -> None:
        self._settings = Settings(**_with_tuples(begin["settings"]))
        self._manner = Manner(**begin["manner"])
        self._lua = str(begin["lua"])
        self._places = Places(*_with_tuples(begin["places"]).values())
        root = begin["workspace"]
        self._wishes = foreign.with_settings(foreign.read(root), self._settings)
        paths = resolved(self._settings.lsp_rules_paths, root)
        self._rules = Runner(paths, self._settings.lsp_rules_time_ms, log.warn)
        self._check = Checker().refusal
        self._snapshot = EMPTY
        self._files: dict[str, Summary | None] = {}
        self._opened: dict[str, Document] = {}
        self._names: tuple[frozenset[str], frozenset[str]] = (frozenset(), frozenset())
        self._judge: Judge | None = None

    def hear(self, message: Json) -> Json | None:
        """Take a message; the answer to a question."""
        if "judge" in message:
            return self._judged(message["judge"])
        if "offer" in message:
            return self._offer(message["offer"])
        self._judge = None
        if "file" in message:
            stored = message["summary"]
            self._files[message["file"]] = None if stored is None else summary_of(stored)
        elif "open" in message:
            self._open(message)
        else:
            self._names = frozenset(message["names"]), frozenset(message["modules"])
        return None

    def close(self) -> None:
        """End the users' rules."""
        self._rules.close()

    def _open(self, message: Json) -> None:
        key, text = message["open"], message["text"]
        self._opened.pop(key, None)
        if text is not None:
            dialect = dialect_of(self._lua)
            uri, mode = message["uri"], message["mode"]
            self._opened[key] = Document(uri, 0, text, dialect, (), mode)

    def _made(self) -> Judge:
        if self._judge is None:
            if self._files:
                self._snapshot = self._snapshot.changed(self._files)
                self._files = {}
            gc.collect()
            self._judge = Judge(
                self._snapshot,
                self._opened.values(),
                self._places,
                self._lua,
                self._check,
                self._wishes,
                self._settings,
                self._rules,
                self._names,
            )
        return self._judge

    def _judged(self, path: str) -> Json:
        judge = self._made()
        file = judge.file(path)
        if file is None:
            return {"diagnostics": None}
        found = [] if is_generated(file.text) else self._diagnostics(judge, file)
        stands_on = basis(judge.space.types, file.tree, file.uri)
        return {"diagnostics": found, "basis": stands_on, "offer": offer(file.tree)}

    def _diagnostics(self, judge: Judge, file: File) -> list[Any]:
        problems = judge.problems(file, self._wishes.is_wide)
        shown: list[Any] = convert.plain(convert.publication(file, problems, self._manner))[
            "diagnostics"
        ]
        return shown

    def _offer(self, key: str) -> Json:
        opened = self._opened.get(key)
        if opened is not None:
            return {"offer": offer(opened.tree)}
        file = self._made().file(key)
        return {"offer": None if file is None else offer(file.tree)}


def _with_tuples(stored: Mapping[str, Any]) -> Json:
    """Values from what became of them as JSON, where a tuple becomes a list."""
    return {key: tuple(one) if isinstance(one, list) else one for key, one in stored.items()}


def serve(source: TextIO, output: TextIO) -> None:
    """Answer until there is nothing more to read."""
    surveyor = Surveyor(json.loads(source.readline())["begin"])
    try:
        for line in source:
            answer = surveyor.hear(json.loads(line))
            if answer is not None:
                output.write(json.dumps(answer) + "\n")
                output.flush()
    finally:
        surveyor.close()


def main() -> None:
    """Be the process: standard output is the parent's alone."""
    with contextlib.suppress(AttributeError, OSError):
        os.nice(10)  # whoever types goes before
    source = os.fdopen(os.dup(0), encoding="utf-8")
    output = os.fdopen(os.dup(1), "w", encoding="utf-8")
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.dup2(2, 1)
    gc.disable()  # the judge collects when it lets go of what it has read
    with contextlib.suppress(BrokenPipeError, KeyboardInterrupt):
        serve(source, output)


if __name__ == "__main__":
    main()

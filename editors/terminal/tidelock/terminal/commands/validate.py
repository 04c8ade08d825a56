"""``tidelock validate``: the problems an editor would show, for files and folders; nothing runs."""

from __future__ import annotations

import gc
import os
import sys
import threading
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, NamedTuple

from tidelock.shared.errors import UsageError
from tidelock.shared.sources import canonical, decode, read_text, uri_of_path
from tidelock.terminal import exits
from tidelock.terminal.invocation import Invocation, current_folder

if TYPE_CHECKING:
    from tidelock.lsp.diagnostics import Judged
    from tidelock.lsp.documents import Document
    from tidelock.lsp.judging import Judge
    from tidelock.lsp.workspace import News, Workspace
    from tidelock.shared.config import Settings
    from tidelock.shared.language.lint.runner import Runner
    from tidelock.shared.model import Problem
    from tidelock.terminal.console import Paint

_PAINTS: dict[str, Paint] = {"error": "error", "warning": "warn"}


class Text(NamedTuple):
    """A text to look at; ``shown`` is what the user calls it."""

    shown: str
    path: str
    text: str


def validate(invocation: Invocation) -> int:
    """Say what is wrong with each file; 1 if there are errors, with ``--strict`` warnings too."""
    options, console = invocation.options, invocation.console
    texts = list(_texts(options.paths, options.stdin_filename))
    near = os.path.dirname(texts[0].path)
    workspace = invocation.workspace(near)
    settings = invocation.settings(workspace, trusted=options.trust)
    if not options.trust:
        trusted = invocation.settings(workspace, trusted=True, said=True)
        if trusted.lsp_rules_paths != settings.lsp_rules_paths:
            console.warn("the project's own rules are not run; --trust runs them")
    judge = _Judge(settings, workspace, console.warn)
    selected, ignored = _codes(options.select), _codes(options.ignore)
    counts = {"error": 0, "warning": 0, "information": 0, "hint": 0}
    found = []
    try:
        for text in texts:
            for problem, places in judge.problems(text):
                if (selected and problem.code not in selected) or problem.code in ignored:
                    continue
                counts[problem.severity] += 1
                record = _record(text, problem, places)
                found.append(record)
                place = console.paint("{file}:{line}:{column}:".format(**record), "place")
                how = _PAINTS.get(problem.severity, "dim")
                severity = console.paint(problem.severity, how)
                console.say(f"{place} {severity} {problem.code} {problem.message}")
    finally:
        judge.close()
    failed = counts["error"] > 0 or (options.strict and counts["warning"] > 0)
    console.say(_summary(len(texts), counts))
    console.document({"failed": failed, "files": len(texts), "problems": found, "counts": counts})
    return exits.FAILED if failed else exits.DONE


def _texts(paths: list[str], name: str | None) -> Iterator[Text]:
    """Every text that was named, once.

    Raises:
        UsageError: something named cannot be read, or there is no Lua file.
    """
    from tidelock.shared.language.index.files import lua_files

    seen: set[str] = set()
    for path in paths:
        if path == "-":
            shown = name or "stdin.lua"
            yield Text(shown, canonical(shown), decode(sys.stdin.buffer.read()))
            seen.add(path)
            continue
        files = lua_files(canonical(path)) if os.path.isdir(path) else [canonical(path)]
        for file in files:
            if file in seen:
                continue
            seen.add(file)
            try:
                text = read_text(file)
            except OSError as error:
                raise UsageError(f"{path}: {error.strerror}") from None
            yield Text(_shown(file), file, text)
    if not seen:
        raise UsageError(f"no Lua file in {', '.join(paths)}")


def _shown(path: str) -> str:
    """A path as people write it here: relative where that is no way up."""
    folder = os.path.join(canonical(current_folder()), "")
    return path.removeprefix(folder)


def _codes(given: list[str] | None) -> set[str]:
    return {code.strip() for one in given or [] for code in one.split(",") if code.strip()}


def _record(
    text: Text, problem: Problem, places: tuple[int, int, int, int]
) -> dict[str, str | int]:
    line, column, end_line, end_column = places
    return {
        "file": text.shown,
        "line": line,
        "column": column,
        "end_line": end_line,
        "end_column": end_column,
        "severity": problem.severity,
        "code": problem.code,
        "message": problem.message,
        "origin": problem.origin,
    }


def _summary(files: int, counts: dict[str, int]) -> str:
    parts = [
        f"{number} {name}{'s' if number != 1 and name in ('error', 'warning', 'hint') else ''}"
        for name, number in counts.items()
        if number
    ]
    return f"{', '.join(parts) or 'no problems'} in {files} file{'s' if files != 1 else ''}"


class _Judge:
    """What the language server does for the texts of a workspace, without a server."""

    def __init__(self, settings: Settings, workspace: str, tell: Callable[[str], None]) -> None:
        from tidelock.lsp.judging import Judge
        from tidelock.lsp.workspace import Workspace, dialect_of, lua_of, planned
        from tidelock.shared.language.index import foreign
        from tidelock.shared.language.lint.runner import Runner, resolved
        from tidelock.shared.runtime.check import Checker

        wishes = foreign.with_settings(foreign.read(workspace), settings)
        lua = lua_of(settings, wishes)
        paths = resolved(settings.lsp_rules_paths, workspace)
        self._rules: Runner = Runner(paths, settings.lsp_rules_time_ms, tell)
        read = threading.Event()

        def tell_index(news: News) -> None:
            if self._index.state in ("ready", "refused"):
                read.set()

        plan = planned(workspace, dialect_of(lua), settings, wishes)
        self._index: Workspace = Workspace(plan, tell_index)
        self._index.start()
        read.wait()
        snapshot = self._index.space(()).snapshot

        def judge(*opened: Document) -> Judge:
            check = Checker().refusal
            rules = self._rules
            return Judge(snapshot, opened, plan.places, lua, check, wishes, settings, rules)

        gc.disable()  # the judge lets go of what it has read by itself
        self._judge = judge
        self._of_files = judge()

    def problems(self, text: Text) -> Iterator[tuple[Problem, tuple[int, int, int, int]]]:
        """The problems of a text, each with its first and last line and column, from 1."""
        from tidelock.lsp.documents import Document

        file = self._of_files.file(text.path)
        if file is not None and file.text == text.text:
            judged: Judged = file
            found = self._of_files.problems(file)
        else:  # from standard input, or written to since
            document = Document(uri_of_path(text.path), 0, text.text, self._of_files.dialect)
            judged, found = document, self._judge(document).problems(document)
        for problem in found:
            start, end = judged.lines.place(problem.start), judged.lines.place(problem.end)
            yield problem, (start.line + 1, start.column + 1, end.line + 1, end.column + 1)

    def close(self) -> None:
        """End what it has started."""
        gc.enable()
        self._index.close()
        self._rules.close()

"""Progress: the first reading of a large folder is shown, and can be given up."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tidelock.lsp import progress
from tidelock.lsp.progress import Board
from tidelock.shared.answers import Answer, answered
from tidelock.shared.config import Settings
from tidelock.shared.errors import TidelockError
from tidelock.shared.language.index import scanning

from .test_session import WAIT_S, Editor

Json = dict[str, Any]


class Clock:
    """Time that stands until it is told to go on."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def board(answer: Answer[Any]) -> tuple[Board, Clock, list[Any]]:
    clock, said = Clock(), []

    def ask(method: str, params: Any) -> Answer[Any]:
        said.append((method, params["token"]))
        return answer

    made = Board(ask, lambda method, params: said.append((method, params["value"])), clock)
    made.is_shown = True
    return made, clock, said


def test_what_is_said_and_when() -> None:
    made, clock, said = board(answered(None))
    work = made.begin("Reading")
    assert work is not None
    work.at(1, 10)
    clock.now = 0.99
    work.at(2, 10)
    assert said == []
    clock.now = 1.0
    work.at(3, 10)
    token = "tidelock-work-1"
    begin = {"kind": "begin", "title": "Reading", "cancellable": True, "percentage": 0}
    assert said == [("window/workDoneProgress/create", token), ("$/progress", begin)]
    clock.now = 2.0
    work.at(4, 10)
    clock.now = 2.1
    work.at(5, 10)
    report = {"kind": "report", "message": "4 of 10", "percentage": 40, "cancellable": True}
    work.end()
    assert said[2:] == [
        ("$/progress", report),
        ("$/progress", {"kind": "end", "message": "done"}),
    ]
    made.cancel(token)
    assert not work.is_cancelled  # it is over


def test_short_work_and_work_that_nobody_shows_say_nothing() -> None:
    made, _, said = board(answered(None))
    work = made.begin("Reading")
    assert work is not None
    work.at(1, 1)
    work.end()
    made.is_shown = False
    assert made.begin("Reading") is None
    assert said == []


def test_nothing_begins_where_the_editor_refuses_or_the_work_is_over_first() -> None:
    for is_refused in (True, False):
        answer: Answer[Any] = Answer()
        made, clock, said = board(answer)
        work = made.begin("Reading")
        assert work is not None
        clock.now = 2.0
        work.at(1, 2)
        if is_refused:
            answer.fail(TidelockError("no"))
        clock.now = 3.0
        work.at(2, 2)
        work.end()
        if not is_refused:
            answer.resolve(None)
        assert [method for method, _ in said] == ["window/workDoneProgress/create"]


class Reading:
    """A session that reads a folder, whose reading stands after the first file."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        for name in ("a", "b", "c"):
            (folder / f"{name}.lua").write_text(f"{name}_global = 1\n")
        self.go_on = threading.Event()
        real = scanning.scan_cached

        def scan(*arguments: Any) -> Iterator[Any]:
            for count, read in enumerate(real(*arguments)):
                yield read
                if not count:
                    assert self.go_on.wait(WAIT_S)

        monkeypatch.setattr(scanning, "scan_cached", scan)
        monkeypatch.setattr(progress, "PATIENCE_S", 0.0)
        settings = Settings(lsp_workspace_cache_mb=0, lsp_workspace_workers=1)
        self.editor = Editor(workspace=str(folder), options=settings)
        window = {"window": {"workDoneProgress": True}}
        self.editor.ask("initialize", {"capabilities": window, "rootUri": folder.as_uri()})
        self.editor.tell("initialized", {})
        number, _, params = self.asked()
        self.token = params["token"]
        self.editor.session.receive({"jsonrpc": "2.0", "id": number, "result": None})
        assert self.values()[0]["kind"] == "begin"

    def asked(self) -> Any:
        def find() -> Any:
            return next(
                (one for one in self.editor.requests if one[1].endswith("Progress/create")), None
            )

        with self.editor.changed:
            assert self.editor.changed.wait_for(find, WAIT_S)
            return find()

    def values(self) -> list[Json]:
        return [params["value"] for method, params in self.editor.said if method == "$/progress"]

    def end(self) -> tuple[Json, Json]:
        """How the progress ended, and what the status says of the index then."""
        with self.editor.changed:
            assert self.editor.changed.wait_for(lambda: self.values()[-1]["kind"] == "end", WAIT_S)
        status = self.editor.wait(self.editor.command("tidelock.status"))["result"]
        return self.values()[-1], status["index"]


def test_a_reading_is_shown_to_its_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    reading = Reading(tmp_path, monkeypatch)
    reading.go_on.set()
    last, index = reading.end()
    assert (last["message"], index) == ("done", {"state": "ready", "files": 3})
    reading.editor.session.close()


def test_a_reading_that_is_given_up_keeps_what_it_has(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reading = Reading(tmp_path, monkeypatch)
    editor = reading.editor
    editor.tell("window/workDoneProgress/cancel", {"token": "another"})
    editor.tell("window/workDoneProgress/cancel", {"token": reading.token})
    editor.wait(editor.command("tidelock.status"))  # the lane has heard it
    reading.go_on.set()
    last, index = reading.end()
    assert (last["message"], index) == ("cancelled", {"state": "cancelled", "files": 1})

    # What was not read is not judged missing, and reading it all again is a command away.
    uri = (tmp_path / "main.lua").as_uri()
    editor.open("print(b_global)", uri=uri)
    found = editor.published(lambda params: params["uri"] == uri)
    assert found["diagnostics"] == []
    editor.wait(editor.command("tidelock.reindex"))
    with editor.changed:
        ready = {"state": "ready", "files": 3}
        assert editor.changed.wait_for(
            lambda: any(params.get("index") == ready for _, params in editor.said), WAIT_S
        )
    editor.session.close()

"""Progress: work that takes long is shown, and can be given up, as the reading of a folder."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tidelock.lsp import progress
from tidelock.lsp.progress import Board, Progress
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


class Desk:
    """A board with a clock and a wake that are the test's, and what it says to an editor."""

    def __init__(self, answer: Answer[Any] | None = None) -> None:
        self.clock = Clock()
        self.said: list[Any] = []
        self.wakes: list[float] = []
        self.answer = answered(None) if answer is None else answer
        self.board = Board(self._ask, self._notify, self.clock, self._wake)
        self.board.is_shown = True

    def _ask(self, method: str, params: Any) -> Answer[Any]:
        self.said.append((method, params["token"]))
        return self.answer

    def _notify(self, method: str, params: Any) -> None:
        self.said.append((params["token"], params["value"]))

    def _wake(self, wait_s: float, look: Any) -> None:
        self.wakes.append(self.clock.now + wait_s)

    def begin(self, title: str = "Reading", **more: Any) -> Progress:
        made = self.board.begin(title, **more)
        assert made is not None
        return made

    def at(self, now: float) -> None:
        """The time is come; it looks if it wanted to be woken by now."""
        self.clock.now = now
        due = [one for one in self.wakes if one <= now]
        self.wakes = [one for one in self.wakes if one > now]
        for _ in due:
            self.board.look()


CREATE = "window/workDoneProgress/create"


def test_what_is_said_and_when() -> None:
    desk = Desk()
    work = desk.begin()
    work.at(1, 10)
    desk.at(0.99)
    work.at(2, 10)
    assert desk.said == []
    desk.at(1.0)
    token = "tidelock-work-1"
    begin = {"kind": "begin", "title": "Reading", "cancellable": True, "percentage": 0}
    assert desk.said == [(CREATE, token), (token, begin)]
    desk.at(2.0)
    work.at(4, 10)
    desk.at(2.1)
    work.at(5, 10)
    report = {"kind": "report", "message": "4 of 10", "percentage": 40, "cancellable": True}
    work.end()
    work.at(6, 10)
    assert desk.said[2:] == [(token, report), (token, {"kind": "end", "message": "done"})]
    desk.board.cancel(token)
    assert not work.is_cancelled  # it is over
    assert desk.wakes == []


def test_each_is_shown_a_second_after_it_began_and_nobody_is_woken_for_nothing() -> None:
    desk = Desk()
    first = desk.begin("first")
    desk.at(0.25)
    second = desk.begin("second")
    desk.at(0.5)
    desk.begin("third")
    assert desk.wakes == [1.0]
    second.end()
    desk.at(1.0)
    assert [value["title"] for _, value in desk.said[1::2]] == ["first"]
    assert desk.wakes == [1.5]
    first.end()
    desk.at(1.5)
    assert desk.said[-1][1]["title"] == "third"
    assert desk.wakes == []
    desk.begin("fourth")
    assert desk.wakes == [2.5]


def test_short_work_and_work_that_nobody_shows_say_nothing() -> None:
    desk = Desk()
    desk.begin().end()
    desk.at(5.0)
    desk.board.is_shown = False
    assert desk.board.begin("Reading") is None
    assert desk.said == []


def test_work_that_an_editor_has_named_is_shown_there_and_can_be_given_up() -> None:
    desk, given_up = Desk(), []
    desk.board.is_shown = False
    for token in (7, "7"):
        desk.begin("Renaming", token=token, give_up=lambda token=token: given_up.append(token))
    desk.at(1.0)
    begin = {"kind": "begin", "title": "Renaming", "cancellable": True}
    assert desk.said == [(7, begin), ("7", begin)]
    desk.board.cancel(7)
    desk.board.cancel("8")
    assert given_up == [7]


def test_nothing_begins_where_the_editor_refuses_or_the_work_is_over_first() -> None:
    for is_refused in (True, False):
        answer: Answer[Any] = Answer()
        desk = Desk(answer)
        work = desk.begin()
        desk.at(2.0)
        if is_refused:
            answer.fail(TidelockError("no"))
        work.at(2, 2)
        work.end()
        if not is_refused:
            answer.resolve(None)
        assert [method for method, _ in desk.said] == [CREATE]


# -- the reading of a folder -----------------------------------------------------------------------


class Reading:
    """A session that reads a folder, whose reading stands after the first file."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        for name in ("a", "b", "c"):
            (folder / f"{name}.lua").write_text(f"{name}_global = 1\n")
        self.go_on, self.has_one = threading.Event(), threading.Event()
        real = scanning.scan_cached

        def scan(*arguments: Any) -> Iterator[Any]:
            for count, read in enumerate(real(*arguments)):
                yield read
                if not count:
                    self.has_one.set()
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
    assert reading.has_one.wait(WAIT_S)
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

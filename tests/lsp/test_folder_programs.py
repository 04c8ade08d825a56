"""The programs of several folders in one session: what each tells, and who knows of it."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tidelock.lsp import folder as folders
from tidelock.lsp.failures import Began, Place
from tidelock.lsp.live import Live
from tidelock.lsp.moment import Moment, StoppedFrame
from tidelock.shared.config import Settings
from tidelock.shared.errors import KernelError
from tidelock.shared.model import Fact

from .test_folders import Desk
from .test_session import WAIT_S, at


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    made = Desk(tmp_path)
    made.file("one/tidelock.toml")
    made.file("two/tidelock.toml")
    made.begin("one", "two")
    yield made
    made.session.close()


def test_each_folder_tells_its_status(desk: Desk) -> None:
    files = [desk.file(name) for name in ("one/a.lua", "two/a.lua", "two/b.lua")]
    changes = [{"uri": uri, "type": 1} for uri in files]
    desk.editor.tell("workspace/didChangeWatchedFiles", {"changes": changes})

    def told() -> dict[str, int]:
        said = [p for method, p in desk.editor.said if method == "tidelock/status"]
        return {os.path.basename(one["workspace"]): one["index"]["files"] for one in said}

    with desk.editor.changed:
        assert desk.editor.changed.wait_for(lambda: told() == {"one": 1, "two": 2}, WAIT_S), told()


def program(desk: Desk, name: str, moment: Moment) -> Live:
    """Give a folder a program."""
    folder = desk.folder(name)
    folder.live = live = Live(lambda start: None, 0.0, folder._moved_on)  # type: ignore[arg-type,return-value]
    live._set(moment)
    return live


def test_what_a_program_made_is_known_in_its_folder(desk: Desk) -> None:
    one, two = desk.uri("one/a.lua"), desk.uri("two/a.lua")
    for uri in (one, two):
        desk.editor.open("print(made_here)", uri=uri)
        desk.codes(uri, "undefined-global")
    program(desk, "two", Moment("idle", "k2", names=(Fact("made_here", "number", "1"),)))
    desk.codes(two)
    desk.codes(one, "undefined-global")
    assert "made_here" in str(desk.editor.ask("textDocument/completion", at(0, 10, two)))
    labels = [
        each["label"]
        for each in desk.editor.ask("textDocument/completion", at(0, 10, one))["items"]
    ]
    assert "made_here" not in labels
    for uri, kernel in ((None, None), (one, None), (two, "k2")):
        arguments = [] if uri is None else [{"uri": uri}]
        status = desk.editor.wait(desk.editor.command("tidelock.status", *arguments))["result"]
        assert status["kernelId"] == kernel
    assert desk.editor.wait(desk.editor.command("tidelock.status", {"uri": 1}))["code"] == -32602


def test_a_text_shows_the_program_that_stands_in_it(desk: Desk) -> None:
    uri = desk.uri("one/a.lua")
    desk.editor.open("local x = 1\nprint(x)", uri=uri)
    desk.settle()
    document = desk.session.documents.get(uri)
    assert document is not None
    folders = desk.session.folders
    assert folders.stopped_in(document) is desk.folder("one")
    frame = StoppedFrame(1, document.chunk, 2, document.text)
    program(desk, "two", Moment("paused", "k2", frames=(frame,)))
    assert folders.stopped_in(document) is desk.folder("two")


def test_the_error_of_any_program_stands_at_its_line(desk: Desk) -> None:
    uri = desk.file("one/a.lua", "x = 1")
    desk.editor.open("x = 1", uri=uri)
    desk.codes(uri)
    document = desk.session.documents.get(uri)
    assert document is not None
    failures = desk.folder("two").failures
    stack = [Place("main chunk", document.chunk, 1)]
    desk.session.show_again(lambda: failures.take(Began(document.chunk), "no tide", (), stack))
    desk.problems(uri, len)
    desk.change(removed=("two",))
    desk.problems(uri, lambda found: not found)


def test_a_kernel_is_started_where_a_text_is_open(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sought: list[tuple[str, bool]] = []
    changed = threading.Condition()

    def connector(workspace: str, settings: Settings) -> Callable[[bool], Any]:
        def connect(start: bool) -> Any:
            with changed:
                sought.append((os.path.basename(workspace), start))
                changed.notify_all()
            raise KernelError("none")

        return connect

    def first_of(name: str, start: bool) -> None:
        with changed:
            assert changed.wait_for(lambda: (name, start) in sought, WAIT_S), sought

    monkeypatch.setattr(folders, "connector", connector)
    desk = Desk(tmp_path, use_kernel=True)
    for name in ("one", "two", "three"):
        desk.file(f"{name}/tidelock.toml")
    desk.begin("one", "two", "three")
    first_of("one", True)
    first_of("two", False)
    first_of("three", False)
    desk.editor.open("x = 1", uri=desk.uri("two/a.lua"))
    first_of("two", True)
    assert ("three", True) not in sought
    desk.change(removed=("one", "two"))  # it is the first now
    first_of("three", True)
    desk.session.close()

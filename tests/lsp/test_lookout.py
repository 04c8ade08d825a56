"""When files are looked at in a session whose editor does not tell of changes; by a set clock."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tidelock.lsp.lookout import Lookout, Times
from tidelock.lsp.work import Breathe
from tidelock.shared.language.index import files

from .test_session import WAIT_S, Editor, Json


class Watch:
    """A lookout whose clock and whose background are the test's."""

    def __init__(self, times: Times = Times()) -> None:  # noqa: B008
        self.now = 100.0
        self.due: float | None = None
        self.weight = 0
        self.job: Callable[[Breathe], None] | None = None
        self.bits: list[list[str]] = []
        self.looked: list[float] = []
        self.told: list[list[str]] = []
        self.lookout = Lookout(self._later, self._find, self.told.append, times, lambda: self.now)

    def _later(
        self, key: str, job: Callable[[Breathe], None], weight: int = 1, delay_s: float = 0.0
    ) -> None:
        self.job, self.weight, self.due = job, weight, self.now + delay_s

    def _find(self) -> Iterator[list[str]]:
        self.looked.append(self.now)
        bits, self.bits = self.bits, []
        yield from bits

    def step(self) -> float:
        """Let the background come to its next job; after how long it did."""
        assert self.job is not None
        assert self.due is not None
        waited, self.now = self.due - self.now, max(self.due, self.now)
        job, self.job, self.due = self.job, None, None
        job(lambda: None)
        return waited


@pytest.fixture
def watch() -> Watch:
    made = Watch()
    made.lookout.begin()
    return made


def test_it_looks_ever_more_seldom_while_nothing_changes(watch: Watch) -> None:
    watch.lookout.begin()  # once is enough
    assert [watch.step() for _ in range(7)] == [2, 4, 8, 16, 30, 30, 30]
    assert watch.told == []
    assert watch.weight == 0  # it leaves nothing behind for the collector


def test_a_change_is_told_in_one_and_it_looks_soon_again(watch: Watch) -> None:
    for _ in range(4):
        watch.step()
    watch.bits = [["a"], [], ["b", "a"]]
    watch.step()
    assert watch.told == [["a", "b"]]
    assert [watch.step() for _ in range(3)] == [2, 4, 8]
    assert watch.told == [["a", "b"]]


def test_it_looks_at_once_when_the_editor_saves(watch: Watch) -> None:
    for _ in range(5):
        watch.step()
    watch.lookout.typed()
    watch.lookout.saved()
    assert watch.step() == 0
    assert watch.step() == 30  # the pause is what it was: nothing was found


def test_it_looks_at_once_when_somebody_comes_back(watch: Watch) -> None:
    watch.lookout.heard()  # nobody was away
    assert watch.step() == 2
    watch.lookout.heard()
    assert watch.step() == 0
    watch.now += 1.5
    watch.lookout.heard()
    watch.now += 1.5
    watch.lookout.heard()
    assert len(watch.looked) == 2
    watch.now += 2
    watch.lookout.heard()
    assert watch.step() == 0


def test_it_does_not_look_while_somebody_types(watch: Watch) -> None:
    watch.now += 1.5
    watch.lookout.typed()
    watch.step()
    assert (watch.now, watch.looked) == (102, [])
    watch.lookout.typed()
    watch.step()
    assert (watch.now, watch.looked) == (102.5, [])
    watch.step()
    assert watch.looked == [103]


def test_it_is_off_until_it_begins() -> None:
    watch = Watch()
    watch.now += 60
    for said in (watch.lookout.heard, watch.lookout.typed, watch.lookout.saved):
        said()
    assert watch.job is None


def test_a_long_look_lets_others_go_first(watch: Watch) -> None:
    def find() -> Iterator[list[str]]:
        for number in range(5):
            watch.now += 0.015
            yield [f"f{number}"]

    watch.lookout._find = find
    watch.step()
    assert watch.step() == watch.step() == 0
    assert watch.told == [["f0", "f1", "f2", "f3", "f4"]]
    assert watch.step() == 2


def test_a_save_in_the_midst_of_a_look_leads_to_another(watch: Watch) -> None:
    def find() -> Iterator[list[str]]:
        watch.looked.append(watch.now)
        if len(watch.looked) == 1:
            watch.lookout.saved()
        yield []

    watch.lookout._find = find
    assert watch.step() == 2
    assert watch.step() == 0
    assert watch.step() == 8
    assert len(watch.looked) == 3


def test_a_look_that_stumbles_is_not_the_last(watch: Watch) -> None:
    find = watch.lookout._find

    def fail() -> Iterator[list[str]]:
        raise LookupError("no luck")
        yield []

    watch.lookout._find = fail
    watch.step()
    watch.lookout._find, watch.bits = find, [["a"]]
    assert watch.step() == 30
    assert watch.told == [["a"]]


# -- in a session --------------------------------------------------------------------------------


class Room:
    """An editor that watches no files, in a folder that was read."""

    def __init__(self, folder: Path, capabilities: Json) -> None:
        self.root = folder.resolve()
        self.put("a.lua", "first = 1")
        self.editor = Editor(workspace=str(self.root))
        # Files are looked at when the editor saves, and at no other time.
        self.editor.session.lookout._times = Times(first_s=1e6, longest_s=1e6, away_s=1e6)
        self.editor.session.lookout._pause = 1e6
        params = {"capabilities": capabilities, "rootUri": self.root.as_uri()}
        self.editor.ask("initialize", params)
        self.editor.tell("initialized", {})

    def put(self, name: str, text: str) -> str:
        path = self.root / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
        return path.as_uri()

    def show(self, name: str, text: str) -> str:
        """A text whose undefined globals are known."""
        uri = (self.root / name).as_uri()
        self.editor.open(text, uri=uri)
        return uri

    def save(self) -> None:
        document = {"textDocument": {"uri": (self.root / "main.lua").as_uri()}}
        self.editor.tell("textDocument/didSave", document)

    def missing(self, uri: str, *names: str) -> None:
        """These globals of a text are undefined before long."""

        def look() -> bool:
            told = [p for method, p in self.editor.said if method.endswith("publishDiagnostics")]
            newest = next((one for one in reversed(told) if one["uri"] == uri), None)
            words = [] if newest is None else [one["message"] for one in newest["diagnostics"]]
            return newest is not None and [one.split("'")[1] for one in words] == list(names)

        with self.editor.changed:
            assert self.editor.changed.wait_for(look, WAIT_S), self.editor.said


WATCHES = {"workspace": {"didChangeWatchedFiles": {"dynamicRegistration": True}}}
READS = "print(first, second)"


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Callable[..., Room]]:
    made: list[Room] = []

    def enter(capabilities: Json) -> Room:
        made.append(Room(tmp_path, capabilities))
        return made[-1]

    yield enter
    for one in made:
        one.editor.session.close()


def test_a_change_is_heard_of_as_if_the_client_had_told_it(room: Callable[..., Room]) -> None:
    made = room({})
    uri = made.show("main.lua", READS)
    made.missing(uri, "second")
    made.put("deep/b.lua", "second = 1")
    made.save()
    made.missing(uri)
    os.remove(made.root / "a.lua")
    made.save()
    made.missing(uri, "first")
    made.put("tidelock.toml", '[lsp.diagnostics]\nglobals = ["first"]\n')
    made.put(".luarc.json", '{ "diagnostics.globals": ["first"] }')
    made.save()
    made.missing(uri)


def test_the_text_of_an_open_file_stays_the_editors(room: Callable[..., Room]) -> None:
    made = room({})
    uri = made.show("main.lua", READS)
    made.missing(uri, "second")
    shown = made.show("a.lua", "first, second = 1, 2")
    made.missing(uri)
    made.put("a.lua", "nothing = 1")
    made.put("c.lua", "third = 1")
    made.save()
    third = made.show("d.lua", "print(third, nothing)")
    made.missing(third, "nothing")
    made.missing(uri)
    made.editor.tell("textDocument/didClose", {"textDocument": {"uri": shown}})
    made.missing(uri, "first", "second")


def test_a_client_that_watches_is_left_to_it(room: Callable[..., Room]) -> None:
    made = room(WATCHES)
    uri = made.show("main.lua", READS)
    made.missing(uri, "second")
    (registered,) = [one for one in made.editor.requests if one[1] == "client/registerCapability"]
    made.editor.session.receive({"jsonrpc": "2.0", "id": registered[0], "result": None})
    made.save()
    assert made.editor.ask("workspace/symbol", {"query": "first"})
    session = made.editor.session
    assert not session.lookout.is_on
    assert list(session._look_at_files()) == []


def test_a_client_that_refuses_to_watch(room: Callable[..., Room]) -> None:
    made = room(WATCHES)
    uri = made.show("main.lua", READS)
    made.missing(uri, "second")
    (registered,) = [one for one in made.editor.requests if one[1] == "client/registerCapability"]
    refusal: dict[str, Any] = {"code": -32601, "message": "no"}
    made.editor.session.receive({"jsonrpc": "2.0", "id": registered[0], "error": refusal})
    made.put("b.lua", "second = 1")  # found by the reading that begins the watch, or by the look
    made.save()
    made.missing(uri)
    made.put("b.lua", "")
    made.save()
    made.missing(uri, "second")


def test_a_folder_that_is_not_read_is_not_looked_at(
    room: Callable[..., Room], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "is_too_wide", lambda root: True)
    made = room({})
    uri = made.show("main.lua", READS)
    made.missing(uri, "first", "second")
    made.put("b.lua", "second = 1")
    assert made.editor.session.lookout.is_on
    assert list(made.editor.session._look_at_files()) == []

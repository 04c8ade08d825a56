"""An editor is told to ask anew where it would be answered something else, and only there."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import pytest
import pytest_lsp

from kit.lsp_peer import EDITORS, server
from kit.lsp_peer import Editor as Peer
from tidelock.lsp import messages, refreshes
from tidelock.lsp.documents import Change, Document, Documents
from tidelock.lsp.live import Live
from tidelock.lsp.moment import Loaded, Moment
from tidelock.lsp.refreshes import Given, Refreshes
from tidelock.shared.config import Settings
from tidelock.shared.unwanted import look

from .conftest import fact
from .test_session import URI, WAIT_S, Editor, at

KINDS = ("codeLens", "inlayHint", "inlineValue", "semanticTokens")


class Desk:
    """Texts, the answers about them, and a background whose jobs a test does itself."""

    def __init__(self) -> None:
        self.now = 100.0
        self.jobs: dict[str, tuple[Any, float]] = {}
        self.sent: list[str] = []
        self.documents = Documents()
        self.documents.open(Document(URI, 1, "x"))
        self.made = Refreshes(self.documents, self._later, self.sent.append, lambda: self.now)
        self.made.kinds = ("codeLens", "inlayHint")
        self.shown = "old"
        self.looks = 0

    def _later(self, key: str, job: Any, weight: int = 1, delay_s: float = 0.0) -> None:
        self.jobs.pop(key, None)
        self.jobs[key] = job, delay_s

    def again(self, document: Document) -> str:
        self.looks += 1
        return self.shown

    def give(self, asked: str = "all", uri: str = URI, **more: Any) -> None:
        """The editor asks, and is answered what is shown now."""
        fields = {"version": 1, "turn": self.made.turn("codeLens"), "answer": self.shown, **more}
        self.made.give("codeLens", uri, Given(asked=asked, **{"again": self.again, **fields}))

    def work(self, breathe: Callable[[], None] = lambda: None) -> None:
        """Do what waits."""
        while self.jobs:
            self.jobs.pop(next(iter(self.jobs)))[0](breathe)


def test_only_another_answer_is_told_and_only_to_who_has_asked() -> None:
    desk = Desk()
    desk.made.change("codeLens")
    desk.work()
    desk.give()
    for _ in range(100):
        desk.made.change("codeLens")
        desk.made.change("inlayHint")  # which nobody has asked for
        desk.made.change("inlineValue")  # which this editor cannot be told
    assert sorted(desk.jobs) == ["refresh of codeLens", "refresh of inlayHint"]
    desk.work()
    assert (desk.sent, desk.looks) == ([], 1)
    desk.shown = "new"
    desk.work()  # nobody has said that something changed
    desk.made.change("inlayHint")
    desk.work()
    assert desk.sent == []
    desk.made.change("codeLens")
    desk.work()
    desk.made.change("codeLens")
    desk.work()  # it has been told, and shows nothing that it was given before
    assert desk.sent == ["codeLens"]


def test_twice_a_second_at_most() -> None:
    desk = Desk()
    for step in range(3):
        desk.give()
        desk.shown = f"new {step}"
        desk.made.change("codeLens")
        ((_, delay_s),) = desk.jobs.values()
        assert delay_s == (0.25 if step else 0.0)
        desk.work()
        desk.now += 0.25
    desk.now += 10
    desk.made.change("codeLens")
    ((_, delay_s),) = desk.jobs.values()
    assert delay_s == 0.0


def test_an_answer_that_was_late_is_looked_at_when_it_is_given() -> None:
    desk = Desk()
    before = desk.made.turn("codeLens")
    desk.made.change("codeLens")
    desk.work()
    desk.give(turn=before, answer="older")
    desk.work()
    assert desk.sent == ["codeLens"]
    desk.give()
    assert not desk.jobs


def test_texts_that_were_edited_or_closed_are_asked_about_by_the_editor_itself() -> None:
    desk = Desk()
    desk.give()
    desk.shown = "new"
    desk.documents.change(URI, 2, [Change("y")], "utf-16")
    desk.made.change("codeLens")
    desk.work()
    desk.give(version=2)
    desk.shown = "newer"
    desk.made.forget(URI)
    desk.made.change("codeLens")
    desk.work()
    assert (desk.sent, desk.looks) == ([], 0)


@pytest.mark.parametrize("is_edited", [True, False])
def test_a_look_ends_when_the_editor_edits_or_has_asked_by_itself(is_edited: bool) -> None:
    desk, done = Desk(), []

    def again(document: Document) -> str:
        look()
        if is_edited:
            desk.documents.change(URI, 2, [Change("y")], "utf-16")
        else:
            desk.give()
        look()
        done.append(document)
        return "new"

    desk.give(again=again)
    desk.made.change("codeLens")
    desk.work()
    assert (desk.sent, done) == ([], [])


def test_an_answer_that_cannot_be_found_again_keeps_no_other_from_being_told() -> None:
    desk = Desk()

    def again(document: Document) -> str:
        raise LookupError("no luck")

    desk.give("broken", again=again)
    desk.give()
    desk.shown = "new"
    desk.made.change("codeLens")
    desk.work()
    assert desk.sent == ["codeLens"]


def test_an_answer_about_a_text_that_was_closed_meanwhile_is_not_kept() -> None:
    desk = Desk()
    desk.documents.close(URI)
    desk.made.forget(URI)
    desk.give()
    desk.documents.open(Document(URI, 1, "y"))
    desk.made.change("codeLens")
    desk.work()
    assert desk.looks == 0


def test_not_all_stretches_that_were_ever_shown_are_remembered() -> None:
    desk = Desk()
    for line in range(50):
        desk.give(f"line {line}")
    desk.made.change("codeLens")
    desk.work()
    assert desk.looks == refreshes._MOST


# -- in a session ----------------------------------------------------------------------------------

TEXT = "made = 1\nlocal two = 1 + made\nlocal function f(depth) end\nf(1)\nprint(other)\ng(1)\n"
WHOLE = {"start": {"line": 0, "character": 0}, "end": {"line": 9, "character": 0}}
ASKED = {
    "textDocument/codeLens": {},
    "textDocument/inlayHint": {"range": WHOLE},
    "textDocument/inlineValue": {
        "range": WHOLE,
        "context": {"frameId": 1, "stoppedLocation": WHOLE},
    },
    "textDocument/semanticTokens/full": {},
}


class Shown:
    """An editor that shows a text with all that stands beside it, and a program of moments."""

    def __init__(self, kinds: tuple[str, ...] = KINDS) -> None:
        options = Settings(lsp_hints_values="on")
        self.editor = Editor(
            options=options,
            settings_of=lambda workspace, editor, **more: options._replace(
                lsp_hints_types=bool(editor)
            ),
        )
        can = {"workspace": {what: {"refreshSupport": True} for what in kinds}}
        self.editor.ask("initialize", {"capabilities": can})
        self.editor.tell("initialized", {})
        self.editor.open(TEXT)
        self.editor.published(lambda params: params["version"] == 1)
        folder = self.editor.session.folders.first
        folder.live = self.live = Live(lambda start: None, 0.0, folder._moved_on)  # type: ignore[arg-type,return-value]
        self.executions = 0
        self.settle()
        self.ask()

    def ask(self) -> None:
        """What an editor asks when it is told to, and when a text comes into sight."""
        for method, more in ASKED.items():
            self.editor.ask(method, {"textDocument": {"uri": URI}, **more})

    def run(self, **seen: Any) -> None:
        """The program has run once more."""
        self.executions += 1
        moment = Moment("idle", "k", revision=self.executions, executions=self.executions)
        self.live._set(moment._replace(**seen))

    def settle(self) -> None:
        """Wait until all that was begun in the background is done."""
        for _ in range(3):  # the background may put something on the lane, and that something there
            self.editor.ask("textDocument/hover", at(0, 0))
            done = threading.Semaphore(0)
            self.editor.session._pool.later("done", lambda breathe, done=done: done.release())
            assert done.acquire(timeout=WAIT_S)

    def told(self) -> Counter[str]:
        self.settle()
        methods = [method for _, method, _ in self.editor.requests]
        return Counter(one.split("/")[1] for one in methods if one.endswith("/refresh"))


@pytest.fixture
def shown() -> Iterator[Shown]:
    made = Shown()
    yield made
    made.editor.session.close()


def test_a_hundred_runs_that_change_nothing_that_is_shown(shown: Shown) -> None:
    elsewhere = Loaded("a", "/elsewhere/a.lua", "1")
    for count in range(100):
        shown.run(names=(fact(f"name{count}"),), modules=("a",), loaded=(elsewhere,))
    assert shown.told() == {}


def test_a_run_that_changes_one_thing_tells_of_that_once(shown: Shown) -> None:
    ran: list[tuple[str, Any]] = [
        ("inlayHint", {"names": (fact("made"),)}),
        ("codeLens", {"names": (fact("made"),), "loaded": (Loaded("a", "/w/a.lua", "1"),)}),
    ]
    told: Counter[str] = Counter()
    for what, seen in ran:
        for _ in range(100):
            shown.run(**seen)
        told[what] += 1
        assert shown.told() == told
        shown.ask()
    shown.run(names=(fact("other"),), loaded=ran[1][1]["loaded"])
    assert shown.told()["semanticTokens"] == 1


def test_another_text_that_is_opened_tells_of_what_it_adds(shown: Shown) -> None:
    shown.editor.open("local nothing = 1\n", uri="file:///w/b.lua")
    assert shown.told() == {}
    shown.editor.open("function g(depth) end\n", uri="file:///w/c.lua")
    assert shown.told() == {"inlayHint": 1}


def test_an_option_that_changes_what_is_shown_tells_of_that(shown: Shown) -> None:
    wanted = {"settings": {"tidelock": {"lsp.hints.types": True}}}
    shown.editor.tell("workspace/didChangeConfiguration", wanted)
    assert shown.told() == {"inlayHint": 1}


def test_who_cannot_be_told_is_not() -> None:
    shown = Shown(("codeLens",))
    shown.run(names=(fact("made"),))
    assert shown.told() == {}
    shown.run(loaded=(Loaded("a", "/w/a.lua", "1"),))
    assert shown.told() == {"codeLens": 1}
    shown.editor.session.close()


# -- by pytest-lsp over stdio ----------------------------------------------------------------------


@pytest_lsp.fixture(config=server(), scope="module")
async def peer(started: Peer) -> AsyncIterator[None]:
    await started.begin(EDITORS["vscode"]())
    await started.told(messages.STATUS)
    yield
    assert await started.end() == 0
    started.tidy()


@pytest.mark.asyncio(loop_scope="module")
async def test_runs_over_stdio_tell_of_what_has_become_another_thing(peer: Peer) -> None:
    uri = peer.file("main.lua", 'load("made = 1")()\n')
    user = peer.file("user.lua", "print(made)\n")
    peer.open(user, "print(made)\n")
    document = {"textDocument": {"uri": user}}
    await peer.command("tidelock.startKernel")
    await peer.told(messages.STATUS, lambda told: told["index"]["state"] == "ready")

    async def run(text: str) -> None:
        peer.file("main.lua", text)
        begun = await peer.command("tidelock.run", {"uri": uri})
        await peer.told(
            messages.EXECUTION_FINISHED, lambda told: told["execution"] == begun["execution"]
        )

    def refreshed() -> Counter[str]:
        return Counter(name for name, _ in peer.heard if name.endswith("/refresh"))

    await peer.ask("textDocument/codeLens", document)
    before = await peer.ask("textDocument/semanticTokens/full", document)
    await run("nothing = 1\n")
    await run('load("made = 1")()\n')
    again = "workspace/semanticTokens/refresh"
    await peer.until(lambda: refreshed()[again], again)
    after = await peer.ask("textDocument/semanticTokens/full", document)
    assert after.data != before.data
    await run('load("made = 2")()\n')
    await peer.ask("textDocument/semanticTokens/full", document)
    assert refreshed() == {again: 1}

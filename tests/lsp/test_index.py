"""The index of a workspace in this process: what it knows when, and who is told."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tidelock.lsp.documents import Document
from tidelock.lsp.workspace import (
    NO_NEWS,
    News,
    Workspace,
    concerns,
    difference,
    joined,
    offered,
    planned,
)
from tidelock.shared.config import Settings
from tidelock.shared.language.index import files, scanning
from tidelock.shared.language.index.foreign import NO_WISHES
from tidelock.shared.language.index.summary import summarize
from tidelock.shared.language.index.worker import Read
from tidelock.shared.log import Layer

from .test_session import WAIT_S, Editor, at

FIRST = "function first() end"


class Index:
    """A workspace in a folder of its own, and what it told."""

    def __init__(self, folder: Path) -> None:
        self.root = os.path.realpath(folder)
        self.news: list[News] = []
        self.told = threading.Condition()
        self.workspace = Workspace(self.plan(), self._tell)

    def plan(self, **options: Any) -> Any:
        settings = Settings(lsp_workspace_cache_mb=0)._replace(**options)
        return planned(self.root, "5.4", settings, NO_WISHES)

    def _tell(self, news: News) -> None:
        with self.told:
            self.news.append(news)
            self.told.notify_all()

    def wait(self, look: Callable[[], Any]) -> None:
        with self.told:
            assert self.told.wait_for(look, WAIT_S), self.news

    def put(self, name: str, text: str) -> str:
        path = os.path.join(self.root, name)
        Path(path).parent.mkdir(exist_ok=True)
        Path(path).write_text(text)
        return path

    def sets(self, name: str) -> bool:
        return self.workspace.space(()).sets(name)


@pytest.fixture
def index(tmp_path: Path) -> Iterator[Index]:
    made = Index(tmp_path)
    yield made
    made.workspace.close()


def test_a_workspace_is_read_and_read_again(index: Index) -> None:
    gone = index.put("a.lua", FIRST)
    index.put("b.lua", "second = 1")
    assert index.workspace.told == {"state": "none", "files": 0}
    index.workspace.start()
    index.workspace.start()  # once is enough
    index.wait(lambda: index.workspace.state == "ready" and len(index.news) == 2)
    assert index.news == [NO_NEWS, News(is_wide=True)]
    assert index.workspace.told == {"state": "ready", "files": 2}
    assert index.sets("first")
    os.remove(gone)
    index.put("c.lua", "third = 1")
    index.workspace.reindex()
    index.wait(lambda: index.sets("third"))
    assert not index.sets("first")
    assert index.workspace.summary(gone) is None


def test_what_a_change_means_to_others_is_told(index: Index) -> None:
    path = index.put("a.lua", FIRST)
    index.workspace.start()
    index.wait(lambda: len(index.news) == 2)
    index.put("a.lua", f"-- said\n{FIRST}")
    index.workspace.reread([path])
    index.wait(lambda: len(index.news) == 3)
    assert index.news[2] == NO_NEWS
    index.workspace.reread([index.put("b.lua", "b = 1"), index.put("b.txt", "")])
    index.wait(lambda: len(index.news) == 4)
    assert index.news[3] == News(frozenset({"b"}), True)
    index.workspace.reread([index.put(".git/c.lua", "c = 1")])  # nothing of the workspace
    index.put("a.lua", "function other() end")
    index.workspace.reread([path])
    index.wait(lambda: len(index.news) == 5)
    assert index.news[4] == News(frozenset({"first", "other"}), False)
    os.remove(path)
    index.workspace.reread([path])
    index.wait(lambda: len(index.news) == 6)
    assert index.news[5] == News(frozenset({"other"}), True)
    assert index.workspace.told["files"] == 1


def test_files_that_are_too_large_are_named_once(
    index: Index, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines: list[str] = []
    monkeypatch.setattr(Layer, "_write", lambda self, level, text, fields: lines.append(text))
    index.workspace.replan(index.plan(lsp_workspace_max_file_kb=1))
    index.put("a.lua", FIRST)
    path = index.put("large.lua", f"large = 1{' ' * 1024}")
    index.workspace.start()
    told = {"state": "ready", "files": 1, "tooLarge": 1}
    index.wait(lambda: index.workspace.told == told)
    index.workspace.reindex()
    index.workspace.reread([path])
    index.workspace.reread([index.put("b.lua", "b = 1")])
    index.wait(lambda: index.workspace.told["files"] == 2)
    assert index.workspace.summary(path) is None
    assert lines == ["files larger than lsp.workspace.max_file_kb are not read"]
    index.workspace.replan(index.plan())
    index.wait(lambda: index.workspace.told == {"state": "ready", "files": 3})


def test_another_plan_reads_other_files(index: Index) -> None:
    index.put("a.lua", FIRST)
    index.put("gen/b.lua", "second = 1")
    index.workspace.start()
    index.wait(lambda: index.workspace.state == "ready")
    index.workspace.replan(index.plan(lsp_workspace_ignore=("gen",)))
    index.wait(lambda: index.workspace.told == {"state": "ready", "files": 1})
    index.workspace.replan(index.plan()._replace(dialect="5.1"))
    index.wait(lambda: index.workspace.told == {"state": "ready", "files": 2})
    assert index.workspace.trees.dialect == "5.1"


def test_a_folder_that_is_too_wide(index: Index, monkeypatch: pytest.MonkeyPatch) -> None:
    index.put("a.lua", FIRST)
    monkeypatch.setattr(files, "is_too_wide", lambda root: True)
    index.workspace.start()
    index.wait(lambda: index.workspace.told == {"state": "refused", "files": 0})
    index.wait(lambda: index.news == [News(is_wide=True)])  # what waited for it is judged now


def test_an_index_that_stumbles_goes_on(index: Index, monkeypatch: pytest.MonkeyPatch) -> None:
    path = index.put("a.lua", FIRST)

    def fail(*arguments: object) -> None:
        raise LookupError("no luck")

    with monkeypatch.context() as patched:
        patched.setattr(files, "lua_files", fail)
        index.workspace.start()
        index.wait(lambda: index.news == [NO_NEWS])
        index.workspace.reread([])
    index.workspace.reindex()
    index.wait(lambda: index.workspace.summary(path) is not None)


def test_the_same_texts_have_the_same_space(index: Index) -> None:
    one = Document("file:///w/a.lua", 1, "x = 1")
    space = index.workspace.space([one])
    assert index.workspace.space([one]) is space
    assert index.workspace.space([one, Document("file:///w/b.lua", 1, "")]) is not space
    assert index.workspace.space([Document("file:///w/a.lua", 2, "x = 1")]) is not space


def test_what_two_versions_mean_to_others() -> None:
    before, after = offered(summarize("a = 1", "5.4")), offered(summarize("b = 1", "5.4"))
    assert difference(before, after) == News(frozenset("ab"))
    assert difference(before, before) == NO_NEWS
    assert difference(None, after) == News(frozenset("b"), True)
    assert difference(None, None) == NO_NEWS
    loads = offered(summarize("package.preload['m'] = 1", "5.4"))
    assert difference(offered(summarize("", "5.4")), loads).is_wide
    assert joined(News(frozenset("a")), News(frozenset("b"), True)) == News(frozenset("ab"), True)
    assert concerns(News(frozenset("a")), Document("a", 1, "print(a)"))
    assert not concerns(News(frozenset("b")), Document("a", 1, "print(a)"))


def test_no_answer_waits_for_the_index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.lua").write_text(FIRST)
    (tmp_path / "b.lua").write_text("second = 1")
    began, go_on = threading.Event(), threading.Event()

    def slow(paths: list[str], *further: object) -> Iterator[Read]:
        began.set()
        assert go_on.wait(WAIT_S)
        yield Read(paths[0], "", summarize(FIRST, "5.4"))

    monkeypatch.setattr(scanning, "scan_cached", slow)
    editor = Editor(workspace=str(tmp_path.resolve()))
    root = tmp_path.resolve().as_uri()
    editor.ask("initialize", {"capabilities": {}, "rootUri": root})
    editor.tell("initialized", {})
    editor.open("local x = 1\nprint(x, first, nowhere)", uri=f"{root}/main.lua")
    assert began.wait(WAIT_S)
    hovered = editor.ask("textDocument/hover", at(0, 6, f"{root}/main.lua"))
    assert "local x" in hovered["contents"]["value"]
    assert editor.ask("workspace/symbol", {"query": "first"}) == []
    published = editor.published(lambda params: params["uri"].endswith("main.lua"))
    assert published["diagnostics"] == []  # nothing is told before it is certain
    go_on.set()
    told = editor.published(lambda params: params["diagnostics"])
    assert [one["message"] for one in told["diagnostics"]] == ["'nowhere' is not defined"]
    assert [one["name"] for one in editor.ask("workspace/symbol", {"query": "first"})] == ["first"]
    assert editor.refused("workspace/symbol", {}) == -32602
    editor.session.close()


def test_a_search_that_raises_is_an_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    editor = Editor().begin()
    name = "tidelock.lsp.features.workspace_symbols.workspace_symbols"

    def fail(*arguments: object) -> None:
        raise LookupError("no luck")

    monkeypatch.setattr(name, fail)
    assert editor.refused("workspace/symbol", {"query": ""}) == -32603
    editor.session.close()


def test_files_are_watched_where_the_client_offers_it() -> None:
    editor = Editor()
    offered = {"workspace": {"didChangeWatchedFiles": {"dynamicRegistration": True}}}
    editor.ask("initialize", {"capabilities": offered})
    editor.tell("initialized", {})
    with editor.changed:
        assert editor.changed.wait_for(lambda: editor.requests, WAIT_S)
    ((number, method, params),) = editor.requests
    assert method == "client/registerCapability"
    assert params["registrations"][0]["method"] == "workspace/didChangeWatchedFiles"
    refusal = {"jsonrpc": "2.0", "id": number, "error": {"code": 1, "message": "no"}}
    editor.session.receive(refusal)
    editor.tell("workspace/didChangeWatchedFiles", {"changes": []})
    assert editor.ask("workspace/symbol", {"query": ""}) == []
    editor.session.close()

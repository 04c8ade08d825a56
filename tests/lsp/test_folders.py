"""Several folders in one session of this process: which serves a text, and what comes and goes."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from tidelock.lsp.folder import Folder
from tidelock.shared.config import Settings, load
from tidelock.shared.errors import KernelError
from tidelock.shared.runtime.check import Checker

from .test_session import WAIT_S, Editor, Json

LUA_51 = '[lua]\nversion = "5.1"\n'
GRAVE = '[lsp.diagnostics]\nseverity = { unused-local = "error" }\n'
UNTITLED = "untitled:a"


class Desk:
    """An editor in a folder of its own, with folders and files in it."""

    def __init__(self, home: Path, **options: Any) -> None:
        self.home = home.resolve()
        self.editor = Editor(
            Checker().refusal, workspace=str(self.home), settings_of=self._settings, **options
        )
        self.session = self.editor.session

    def _settings(
        self, workspace: str, *, trusted: bool, said: bool, editor: Mapping[str, object]
    ) -> Settings:
        found = load(workspace, trusted=trusted, said=said, editor=editor)
        return found._replace(lsp_workspace_cache_mb=0)

    def file(self, name: str, text: str = "") -> str:
        path = self.home / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path.as_uri()

    def uri(self, name: str) -> str:
        return (self.home / name).as_uri()

    def begin(self, *names: str, **params: Any) -> None:
        folders = [{"uri": self.uri(name), "name": name} for name in names]
        capabilities = {"workspace": {"workspaceFolders": True}}
        given = {"capabilities": capabilities, "workspaceFolders": folders, **params}
        self.editor.ask("initialize", given)
        self.editor.tell("initialized", {})
        self.settle()

    def settle(self) -> None:
        """Wait until everything that was said has reached the documents."""
        self.editor.wait(self.editor.command("tidelock.status"))

    def change(self, removed: tuple[str, ...] = (), added: tuple[str, ...] = ()) -> None:
        event = {
            kind: [{"uri": self.uri(name), "name": name} for name in names]
            for kind, names in (("removed", removed), ("added", added))
        }
        self.editor.tell("workspace/didChangeWorkspaceFolders", {"event": event})
        self.settle()

    def names(self) -> list[str]:
        """The workspaces that are open, from here on."""
        every = [one for one in self.session.folders if one.is_open]
        return [os.path.relpath(one.workspace, self.home) for one in every]

    def serving(self, uri: str) -> str:
        return os.path.relpath(self.session.folders.of(uri).workspace, self.home)

    def folder(self, name: str) -> Folder:
        return self.session.folders.of(self.uri(name))

    def newest(self, uri: str) -> Json | None:
        said = [p for method, p in self.editor.said if method == "textDocument/publishDiagnostics"]
        return next((p for p in reversed(said) if p["uri"] == uri), None)

    def problems(self, uri: str, fits: Callable[[list[Any]], Any]) -> list[Any]:
        """The newest codes and severities of a text, once they fit."""

        def look() -> list[Any] | None:
            shown = self.newest(uri)
            if shown is None:
                return None
            found = [(one.get("code"), one["severity"]) for one in shown["diagnostics"]]
            return [found] if fits(found) else None

        with self.editor.changed:
            found = self.editor.changed.wait_for(look, WAIT_S)
        assert found, self.newest(uri)
        return found[0]  # type: ignore[no-any-return]

    def codes(self, uri: str, *wanted: str) -> None:
        """These are the problems of a text before long."""
        self.problems(uri, lambda found: [code for code, _ in found] == list(wanted))


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    made = Desk(tmp_path)
    yield made
    made.session.close()


# -- whose a text is -----------------------------------------------------------------------------


def test_the_innermost_folder_serves_a_text(desk: Desk) -> None:
    for name in ("one/tidelock.toml", "one/inner/tidelock.toml", "one-more/tidelock.toml"):
        desk.file(name)
    desk.begin("one", "one/inner", "one-more")
    assert desk.names() == ["one", "one/inner", "one-more"]
    assert desk.serving(desk.uri("one/a.lua")) == "one"
    assert desk.serving(desk.uri("one/inner/deep/a.lua")) == "one/inner"
    assert desk.serving(desk.uri("one-more/a.lua")) == "one-more"
    assert desk.serving(desk.uri("one-more")) == "one-more"  # the folder itself
    assert desk.serving("") == "one"  # no text at all


def test_folders_of_one_workspace_are_one(desk: Desk) -> None:
    desk.file("one/tidelock.toml")
    desk.file("one/src/a.lua")
    desk.begin("one/src", "one", "one/src/")
    assert desk.names() == ["one"]
    desk.change(removed=("one/src",))
    assert desk.names() == ["one"]
    desk.change(removed=("one",))
    assert [(one.workspace, one.is_open) for one in desk.session.folders] == [
        (str(desk.home), False)
    ]


def test_a_folder_that_is_not_there_is_none(desk: Desk) -> None:
    desk.file("one/tidelock.toml")
    desk.begin("gone", "one")
    assert desk.names() == ["one"]
    desk.change(added=("gone",))
    assert desk.names() == ["one"]
    desk.file("gone/tidelock.toml")
    desk.change(added=("gone",))
    assert desk.names() == ["one", "gone"]
    os.remove(desk.home / "gone/tidelock.toml")
    os.rmdir(desk.home / "gone")
    desk.change(removed=("gone",))
    assert desk.names() == ["one"]


@pytest.mark.parametrize("params", [{}, {"workspaceFolders": None}, {"workspaceFolders": []}])
def test_a_client_with_a_root_or_none_at_all(desk: Desk, params: Json) -> None:
    desk.file("one/tidelock.toml", LUA_51)
    desk.begin(rootUri=desk.uri("one") if params else None, **params)
    assert (desk.names(), desk.serving("")) == ((["one"], "one") if params else ([], "."))
    for uri in (UNTITLED, desk.uri("one/a.lua")):
        desk.editor.open("goto = 1", uri=uri)  # a name in Lua 5.1 only
        if params:
            desk.codes(uri)
        else:
            desk.problems(uri, lambda found: "syntax-error" in dict(found))


def test_a_client_is_told_that_folders_may_change(desk: Desk) -> None:
    for can in (True, False):
        editor = Editor()
        capabilities = {"workspace": {"workspaceFolders": can}}
        told = editor.ask("initialize", {"capabilities": capabilities})["capabilities"]
        wanted = {"workspaceFolders": {"supported": True, "changeNotifications": True}}
        assert told.get("workspace") == (wanted if can else None)
        editor.session.close()


# -- each its own --------------------------------------------------------------------------------


def test_each_folder_has_its_lua_and_its_severities(desk: Desk) -> None:
    desk.file("old/tidelock.toml", LUA_51 + GRAVE)
    desk.file("new/tidelock.toml")
    old, new = desk.file("old/a.lua"), desk.file("new/a.lua")
    desk.begin("old", "new")
    for uri in (old, new):
        desk.editor.open("local goto = 1", uri=uri)
    assert desk.problems(old, len) == [("unused-local", 1)]
    assert "syntax-error" in dict(desk.problems(new, len))
    desk.editor.change("local come = 1", 2, uri=new)
    desk.problems(new, lambda found: found == [("unused-local", 4)])


def test_a_changed_option_is_one_folders(desk: Desk) -> None:
    desk.file("one/tidelock.toml")
    path = desk.file("two/tidelock.toml")
    one, two = desk.file("one/a.lua"), desk.file("two/a.lua")
    desk.begin("one", "two")
    for uri in (one, two):
        desk.editor.open("local goto = 1", uri=uri)
        desk.problems(uri, lambda found: "syntax-error" in dict(found))
    desk.file("two/tidelock.toml", LUA_51)
    changes = [{"uri": path, "type": 2}]
    desk.editor.tell("workspace/didChangeWatchedFiles", {"changes": changes})
    desk.codes(two, "unused-local")
    assert [desk.folder(name).dialect for name in ("one", "two")] == ["5.4", "5.1"]
    assert "syntax-error" in dict(desk.problems(one, len))


def test_globals_stay_in_their_folder(desk: Desk) -> None:
    for name in ("one", "two"):
        desk.file(f"{name}/tidelock.toml")
        desk.file(f"{name}/lib.lua", f"in_{name} = 1")
    text = "print(in_one, in_two, unsaved)"
    one, two = desk.file("one/a.lua", text), desk.file("two/a.lua", text)
    desk.begin("one", "two")
    for uri in (one, two):
        desk.editor.open(text, uri=uri)
    shown = {}
    for uri in (one, two):
        desk.codes(uri, "undefined-global", "undefined-global")
        shown[uri] = [each["message"] for each in (desk.newest(uri) or {})["diagnostics"]]
    assert [words.split("'")[1] for words in shown[one]] == ["in_two", "unsaved"]
    assert [words.split("'")[1] for words in shown[two]] == ["in_one", "unsaved"]
    desk.editor.open("unsaved = 1", uri=desk.uri("two/b.lua"))
    desk.codes(two, "undefined-global")
    desk.codes(one, "undefined-global", "undefined-global")
    symbols = desk.editor.ask("workspace/symbol", {"query": "in_"})
    assert sorted(each["name"] for each in symbols) == ["in_one", "in_two"]


def test_an_outer_folder_knows_the_texts_of_an_inner_one(desk: Desk) -> None:
    desk.file("one/tidelock.toml")
    desk.file("one/inner/tidelock.toml")
    desk.file("one/lib.lua", "outer = 1")
    desk.file("one/inner/lib.lua", "inner = 1")
    text = "print(outer, inner, unsaved)"
    outside, inside = desk.file("one/a.lua", text), desk.file("one/inner/a.lua", text)
    desk.begin("one", "one/inner")
    for uri in (outside, inside):
        desk.editor.open(text, uri=uri)
    desk.codes(outside, "undefined-global")
    desk.codes(inside, "undefined-global", "undefined-global")
    desk.editor.open("unsaved = 1", uri=desk.uri("one/inner/b.lua"))
    desk.codes(outside)
    desk.codes(inside, "undefined-global")
    symbols = desk.editor.ask("workspace/symbol", {"query": "inner"})
    assert [each["name"] for each in symbols] == ["inner"]  # once, though two folders have it
    closed = {"textDocument": {"uri": desk.uri("one/inner/b.lua")}}
    desk.editor.tell("textDocument/didClose", closed)
    desk.codes(outside, "undefined-global")
    desk.codes(inside, "undefined-global", "undefined-global")


def test_a_library_is_served_by_who_reads_it(desk: Desk) -> None:
    desk.file("one/tidelock.toml")
    desk.file("two/tidelock.toml", '[lsp.workspace]\nlibrary = ["../lib"]\n')
    library = desk.file("lib/a.lua", "shared = 1")
    desk.begin("one", "two")
    assert desk.serving(library) == "two"
    desk.editor.open("shared_now = 1", uri=library)
    text = "print(shared_now, nowhere)"
    for name, codes in (("one", ["undefined-global"] * 2), ("two", ["undefined-global"])):
        desk.editor.open(text, uri=desk.uri(f"{name}/a.lua"))
        desk.codes(desk.uri(f"{name}/a.lua"), *codes)
    desk.editor.change("print(shared_now, nowhere)", 2, uri=library)
    desk.editor.open("shared_now = 2", uri=desk.uri("two/b.lua"))
    desk.codes(library, "undefined-global")
    changed = desk.file("two/tidelock.toml")
    changes = [{"uri": changed, "type": 2}]
    desk.editor.tell("workspace/didChangeWatchedFiles", {"changes": changes})
    desk.codes(library, "undefined-global", "undefined-global")
    assert desk.folder("lib") is desk.session.folders.alone


def test_a_cell_belongs_where_its_notebook_lies(desk: Desk) -> None:
    desk.file("one/tidelock.toml")
    desk.file("two/tidelock.toml", LUA_51)
    desk.begin("one", "two")
    notebook, cell = desk.uri("two/page.ipynb"), "vscode-notebook-cell:/page.ipynb#W1"
    opened = {
        "uri": notebook,
        "notebookType": "jupyter-notebook",
        "version": 1,
        "cells": [{"kind": 2, "document": cell}],
    }
    item = {"uri": cell, "languageId": "lua", "version": 1, "text": "goto = 1"}
    given = {"notebookDocument": opened, "cellTextDocuments": [item]}
    desk.editor.tell("notebookDocument/didOpen", given)
    desk.codes(cell)
    assert desk.serving(cell) == "two"
    desk.change(removed=("two",))
    desk.problems(cell, lambda found: "syntax-error" in dict(found))
    closed = {"notebookDocument": {"uri": notebook}, "cellTextDocuments": [{"uri": cell}]}
    desk.editor.tell("notebookDocument/didClose", closed)
    desk.change(added=("two",))
    assert desk.session.folders.of(cell) is desk.session.folders.alone  # nothing is known of it


# -- coming and going ----------------------------------------------------------------------------


def test_options_are_read_when_a_folder_is_opened_again(desk: Desk) -> None:
    desk.file("tidelock.toml")  # of the workspace that the server was started in
    desk.begin(".")
    assert desk.session.folders.first.dialect == "5.4"
    desk.change(removed=(".",))
    desk.file("tidelock.toml", LUA_51)
    desk.change(added=(".",))
    assert desk.session.folders.first.dialect == "5.1"


def test_a_folder_that_goes_from_the_disk_has_no_files(desk: Desk) -> None:
    desk.file("one/tidelock.toml")
    desk.file("two/tidelock.toml", LUA_51)
    paths = [desk.uri("two/tidelock.toml"), desk.file("two/lib.lua", "in_two = 1")]
    uri = desk.file("two/a.lua")
    desk.begin("one", "two")
    desk.editor.open("print(in_two, nowhere)", uri=uri)
    desk.codes(uri, "undefined-global")
    shutil.rmtree(desk.home / "two")
    changes = [{"uri": path, "type": 3} for path in paths]
    desk.editor.tell("workspace/didChangeWatchedFiles", {"changes": changes})
    desk.codes(uri, "undefined-global", "undefined-global")
    assert desk.serving(uri) == "two"
    assert [desk.folder(name).dialect for name in ("one", "two")] == ["5.4", "5.4"]


def test_what_is_read_has_its_name_where_there_are_several(desk: Desk) -> None:
    desk.file("one/tidelock.toml")
    desk.file("two/tidelock.toml")
    desk.begin("one")
    board = desk.session.board
    board.is_shown = True

    def title(name: str) -> str:
        progress = desk.folder(name)._begin("Reading Lua files")
        assert progress is not None
        return progress._title

    assert title("one") == "Reading Lua files"
    desk.change(added=("two",))
    assert title("one") == "Reading Lua files of one"
    assert title("two") == "Reading Lua files of two"


def test_texts_move_to_the_folder_that_holds_them_now(desk: Desk) -> None:
    desk.file("one/tidelock.toml")
    desk.file("two/tidelock.toml", LUA_51)
    desk.file("two/lib.lua", "in_two = 1")
    uri = desk.file("two/a.lua")
    desk.begin("one")
    desk.editor.open("goto = in_two + nowhere", uri=uri)
    desk.problems(uri, lambda found: "syntax-error" in dict(found))
    desk.change(added=("two",))
    desk.codes(uri, "undefined-global")
    document = desk.session.documents.get(uri)
    assert document is not None
    assert (document.dialect, document.search) == ("5.1", (str(desk.home / "two"),))
    desk.change(removed=("two",))
    desk.problems(uri, lambda found: "syntax-error" in dict(found))
    desk.editor.change("print(in_two)", 2, uri=uri)
    desk.codes(uri, "undefined-global")


def test_a_text_is_judged_once_when_folders_change(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.file("one/tidelock.toml")
    desk.file("two/tidelock.toml", LUA_51)
    desk.begin("one")
    uris = [desk.uri("one/a.lua"), desk.uri("two/a.lua")]
    for uri in uris:
        desk.editor.open("print(nowhere)", uri=uri)
        desk.codes(uri, "undefined-global")
    judged: list[str] = []
    monkeypatch.setattr(desk.session, "judge", lambda text, before=None: judged.append(text.uri))
    monkeypatch.setattr(desk.session, "judge_others", lambda *those: None)  # files were read
    desk.change(added=("two",))
    assert sorted(judged) == uris
    desk.change(removed=("two",))
    assert sorted(judged) == sorted(uris * 2)


def test_what_a_closed_folder_told_is_taken_back(desk: Desk) -> None:
    desk.file("one/tidelock.toml")
    desk.file("two/tidelock.toml")
    wrong = desk.file("two/.luarc.json", '{"diagnostics.disable": 4}')
    desk.begin("one")
    desk.change(added=("two",))
    desk.problems(wrong, len)
    folder = desk.folder("two")
    desk.change(removed=("two",))
    desk.problems(wrong, lambda found: not found)
    count = len(desk.editor.said)
    folder._tell_later()
    folder.tell_status()
    assert [told for told in desk.editor.said[count:] if told[0] == "tidelock/status"] == []
    with pytest.raises(KernelError):
        folder.kernel(start=True)

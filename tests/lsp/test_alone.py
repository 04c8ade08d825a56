"""Texts that lie in no folder of a session: files elsewhere, virtual documents; and new texts."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tidelock.lsp import folder as folders
from tidelock.lsp import survey
from tidelock.lsp.moment import Moment
from tidelock.shared.config import Settings
from tidelock.shared.errors import KernelError
from tidelock.shared.model import Fact

from .test_folder_programs import program
from .test_folders import LUA_51, UNTITLED, Desk
from .test_session import WAIT_S, at
from .test_survey import PATIENCE_S

REVISION = "git:/one/a.lua?HEAD"
VIRTUAL = "memory:/new.lua"
READS = "print(in_one, nowhere)"


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    made = Desk(tmp_path)
    made.file("one/tidelock.toml", LUA_51)
    made.file("one/lib.lua", "in_one = 1\nreturn { tide = in_one }")
    yield made
    made.session.close()


def elsewhere(desk: Desk) -> list[str]:
    return [desk.file("away/a.lua"), VIRTUAL, REVISION, "vscode-vfs://x/one/a.lua"]


def test_they_have_the_options_of_the_home(desk: Desk, home: Path) -> None:
    desk.begin("one")
    for uri in elsewhere(desk):
        assert desk.session.folders.of(uri).workspace == str(home)
        desk.editor.open("local half = 7 // 2\nprint(half)", uri=uri)  # not in Lua 5.1
        desk.codes(uri)


def test_the_users_own_configuration_counts(
    desk: Desk, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    own = home / ".config/tidelock/config.toml"
    own.parent.mkdir(parents=True)
    own.write_text('[lsp.diagnostics]\ndisable = ["unused-local"]\n')
    try:
        desk.begin("one")
        desk.editor.open("local unused\nlocal goto = nowhere", uri=VIRTUAL)
        desk.problems(VIRTUAL, lambda found: "syntax-error" in dict(found))
        desk.editor.change("local unused\nprint(nowhere)", 2, uri=VIRTUAL)
        desk.codes(VIRTUAL, "undefined-global")
    finally:
        own.unlink()


def test_the_editors_settings_count_that_are_no_folders(desk: Desk) -> None:
    desk.begin("one", capabilities={"workspace": {"configuration": True}})
    with desk.editor.changed:
        assert desk.editor.changed.wait_for(lambda: desk.editor.requests, WAIT_S)
    ((number, _, params),) = desk.editor.requests
    assert params["items"][-1] == {"section": "tidelock"}
    given = [
        {"lsp": {"diagnostics": {"disable": [one]}}} for one in ("undefined-global", "unused-local")
    ]
    desk.session.receive({"jsonrpc": "2.0", "id": number, "result": given})
    text = "local unused\nprint(nowhere)"
    desk.editor.open(text, uri=VIRTUAL)
    desk.codes(VIRTUAL, "undefined-global")
    desk.editor.open(text, uri=desk.uri("one/b.lua"))
    desk.codes(desk.uri("one/b.lua"), "unused-local")


def test_nothing_of_the_folder_is_known_there(desk: Desk) -> None:
    desk.begin("one")
    inside = desk.uri("one/a.lua")
    desk.editor.open(READS, uri=inside)
    desk.codes(inside, "undefined-global")
    for uri in elsewhere(desk):
        desk.editor.open(READS, uri=uri)
        desk.codes(uri, "undefined-global", "undefined-global")
        labels = {one["label"] for one in completed(desk, uri, 0, 6)}
        assert "print" in labels
        assert "in_one" not in labels
        assert desk.editor.ask("textDocument/definition", at(0, 8, uri)) in (None, [])
    assert "in_one" in {one["label"] for one in completed(desk, inside, 0, 6)}


def completed(desk: Desk, uri: str, line: int, character: int) -> list[Any]:
    found = desk.editor.ask("textDocument/completion", at(line, character, uri))
    return list(found["items"])


def test_nothing_of_them_is_known_in_the_folder(desk: Desk) -> None:
    desk.begin("one")
    inside = desk.uri("one/a.lua")
    for number, uri in enumerate(elsewhere(desk)):
        desk.editor.open(f"made_{number} = 1", uri=uri)
        desk.codes(uri)
    desk.editor.open("print(made_0, made_1, made_2, made_3)", uri=inside)
    desk.codes(inside, *["undefined-global"] * 4)
    uses = desk.editor.ask(
        "textDocument/references",
        {**at(0, 7, inside), "context": {"includeDeclaration": True}},
    )
    assert [one["uri"] for one in uses] == [inside]
    found = desk.editor.ask("workspace/symbol", {"query": "made_"})
    assert len(found) == 4  # a symbol is looked for in all that the editor shows


def test_what_lies_beside_a_file_is_found_and_not_judged(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(survey, "QUIET_S", 0.02)
    desk.file("one/tidelock.toml", "")  # the problems of files nobody has open are shown
    uri, beside = desk.file("away/a.lua"), desk.file("away/tide.lua", "nowhere()\nreturn {}")
    judged = desk.file("one/b.lua", "nowhere()")
    desk.begin("one")
    desk.editor.open('local tide = require "tide"\nrequire "gone"\nprint(tide)', uri=uri)
    desk.codes(uri, "unresolved-require")
    defined = desk.editor.ask("textDocument/definition", at(0, 24, uri))
    assert (defined if isinstance(defined, dict) else defined[0])["uri"] == beside
    with desk.editor.changed:  # a process of low priority has judged the file
        assert desk.editor.changed.wait_for(lambda: desk.newest(judged), PATIENCE_S)
    assert desk.newest(beside) is None


def test_a_folder_that_comes_takes_its_texts_and_gives_them_back(desk: Desk) -> None:
    desk.file("away/tidelock.toml", LUA_51)
    desk.file("away/lib.lua", "in_away = 1")
    uri = desk.uri("away/a.lua")
    desk.begin("one")
    desk.editor.open("print(in_away)\nlocal goto = 1\nprint(goto)", uri=uri)
    desk.problems(uri, lambda found: "syntax-error" in dict(found))
    desk.change(added=("away",))
    desk.codes(uri)
    desk.change(removed=("away",))
    desk.problems(uri, lambda found: "syntax-error" in dict(found))


def test_with_the_last_folder_gone_they_are_served_as_in_an_editor_without(desk: Desk) -> None:
    desk.begin("one")
    alone = desk.session.folders.alone
    desk.editor.open("print(nowhere)", uri=VIRTUAL)
    desk.codes(VIRTUAL, "undefined-global")
    desk.change(removed=("one",))
    assert desk.session.folders.alone is not alone
    assert desk.serving(VIRTUAL) == "."
    desk.editor.change("print(nowhere, neither)", 2, uri=VIRTUAL)
    desk.codes(VIRTUAL, "undefined-global", "undefined-global")
    desk.change(added=("one",))
    desk.editor.change("print(nowhere)", 3, uri=VIRTUAL)
    desk.codes(VIRTUAL, "undefined-global")


def test_an_open_home_serves_them(desk: Desk, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(desk.home / "one"))
    desk.file("two/tidelock.toml")
    desk.begin("one", "two")
    assert desk.serving(VIRTUAL) == "one"
    assert len(list(desk.session.folders)) == 2
    desk.change(removed=("one",))
    assert (desk.serving(VIRTUAL), desk.names()) == ("one", ["two"])
    assert not desk.session.folders.alone.is_open


def test_a_module_that_a_folder_looks_for_elsewhere_is_one_of_its_texts(desk: Desk) -> None:
    desk.file("one/tidelock.toml", '[lua]\npath = ["../common"]\n')
    desk.file("common/tide.lua", "return {}")
    common, inside = desk.uri("common/tide.lua"), desk.uri("one/a.lua")
    desk.begin("one")
    assert desk.serving(common) == "one"
    text = 'local tide = require "tide"\nprint(tide.high)\n'
    desk.editor.open(text, uri=inside)
    desk.editor.open("return { high = 1 } -- not saved", uri=common)
    desk.codes(common)
    assert "high" in {one["label"] for one in completed(desk, inside, 1, 11)}


def test_a_new_text_is_one_of_the_first_folder(desk: Desk) -> None:
    desk.file("two/tidelock.toml")
    desk.begin("one", "two")
    assert desk.serving(UNTITLED) == "one"
    desk.editor.open("local goto = 1\nprint(goto, in_one, made_here)", uri=UNTITLED)
    desk.codes(UNTITLED, "undefined-global")
    program(desk, "one", Moment("idle", "k1", names=(Fact("made_here", "number", "1"),)))
    desk.codes(UNTITLED)


# -- their program -------------------------------------------------------------------------------


def test_no_program_of_a_folder_is_theirs(desk: Desk) -> None:
    desk.begin("one")
    inside = desk.uri("one/a.lua")
    for uri in (inside, VIRTUAL):
        desk.editor.open("print(made_here)", uri=uri)
        desk.codes(uri, "undefined-global")
    program(desk, "one", Moment("idle", "k1", names=(Fact("made_here", "number", "1"),)))
    desk.codes(inside)
    desk.codes(VIRTUAL, "undefined-global")
    for arguments, kernel in (([], "k1"), ([{"uri": VIRTUAL}], None)):
        status = desk.editor.wait(desk.editor.command("tidelock.status", *arguments))["result"]
        assert status["kernelId"] == kernel


def test_a_kernel_is_started_for_them_by_commands_only(
    tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sought: list[tuple[str, bool]] = []
    changed = threading.Condition()

    def connector(workspace: str, settings: Settings) -> Callable[[bool], Any]:
        def connect(start: bool) -> Any:
            with changed:
                sought.append((workspace, start))
                changed.notify_all()
            raise KernelError("none")

        return connect

    def wait(*wanted: tuple[str, bool]) -> None:
        with changed:
            assert changed.wait_for(lambda: set(wanted) <= set(sought), WAIT_S), sought

    monkeypatch.setattr(folders, "connector", connector)
    desk = Desk(tmp_path, use_kernel=True)
    desk.file("one/tidelock.toml")
    desk.begin("one")
    own = str(desk.home / "one")
    wait((own, True))
    assert {workspace for workspace, _ in sought} == {own}
    desk.editor.open("print(1)", uri=VIRTUAL)
    wait((str(home), False))
    assert (str(home), True) not in sought
    answer = desk.editor.wait(desk.editor.command("tidelock.run", {"uri": VIRTUAL}))
    assert answer["words"] == "none"
    wait((str(home), True))
    desk.session.close()


def test_nothing_is_told_of_them_before_there_is_one(desk: Desk, home: Path) -> None:
    desk.begin("one")
    inside = desk.uri("one/a.lua")
    desk.editor.open("print(nowhere)", uri=inside)
    desk.codes(inside, "undefined-global")
    desk.session.hangs(True)

    def told() -> set[str]:
        said = [p for method, p in desk.editor.said if method == "tidelock/status"]
        return {os.path.basename(one["workspace"]) for one in said}

    assert told() == {"one"}
    desk.editor.open("print(nowhere)", uri=VIRTUAL)
    with desk.editor.changed:
        assert desk.editor.changed.wait_for(lambda: told() == {"one", home.name}, WAIT_S), told()

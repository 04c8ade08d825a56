"""A workspace of open texts and files."""

from __future__ import annotations

import os
from pathlib import Path
from typing import NamedTuple

from tidelock.shared.language.index.links import references
from tidelock.shared.language.index.snapshot import EMPTY, Snapshot
from tidelock.shared.language.index.space import Places, Space
from tidelock.shared.language.index.summary import summarize
from tidelock.shared.language.index.trees import Trees
from tidelock.shared.syntax.parser import parse
from tidelock.shared.syntax.tree import Tree


class Open(NamedTuple):
    uri: str
    path: str
    tree: Tree


class Folder:
    """Files of a test, on disk and indexed."""

    def __init__(self, root: Path, files: dict[str, str]) -> None:
        self.root = os.path.realpath(root)
        for name, text in files.items():
            path = Path(self.root, name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        self.snapshot = EMPTY.changed(
            {self.path(name): summarize(text, "5.4") for name, text in files.items()}
        )

    def path(self, name: str) -> str:
        return os.path.join(self.root, *name.split("/"))

    def uri(self, name: str) -> str:
        return Path(self.root, name).as_uri()

    def space(self, opened: dict[str, str] | None = None, *folders: str) -> Space:
        texts = [
            Open(self.uri(name), self.path(name), parse(text))
            for name, text in (opened or {}).items()
        ]
        return Space(self.snapshot, texts, Trees("5.4"), Places(self.root, folders))

    def names(self, space: Space, module: str, asker: str = "main.lua") -> str:
        found = space.resolve(module, self.uri(asker))
        return os.path.relpath(found.uri.removeprefix("file://"), self.root) if found else ""


def test_a_module_is_beside_the_asker_or_at_the_root(tmp_path: Path) -> None:
    folder = Folder(tmp_path, {"a.lua": "", "s/a.lua": "", "s/b/init.lua": "", "lib/c.lua": ""})
    space = folder.space({}, "lib")
    assert folder.names(space, "a") == "a.lua"
    assert folder.names(space, "a", "s/x.lua") == "s/a.lua"
    assert folder.names(space, "s.a") == "s/a.lua"
    assert folder.names(space, "s.b") == "s/b/init.lua"
    assert folder.names(space, "c") == "lib/c.lua"
    assert folder.names(space, "b") == ""
    assert folder.names(space, "") == folder.names(space, "..") == folder.names(space, "\0") == ""


def test_package_path_of_any_text_is_looked_through(tmp_path: Path) -> None:
    files = {"boot.lua": 'package.path = "src/?.lua;" .. package.path', "src/x/y.lua": "return 1"}
    folder = Folder(tmp_path, files)
    assert folder.names(folder.space(), "x.y") == "src/x/y.lua"


def test_an_open_text_is_as_it_is_shown(tmp_path: Path) -> None:
    folder = Folder(tmp_path, {"a.lua": "x = 1", "b.lua": "y = 1"})
    space = folder.space({"a.lua": "---@class K\nz = 1", "new.lua": "w = 1"})
    assert [name for name in "wxyz" if space.sets(name)] == ["w", "y", "z"]
    assert space.assigning("x") == []
    (module,) = space.assigning("z")
    assert module.tree.text.endswith("z = 1")
    assert [one.uri for one in space.declaring("K")] == [folder.uri("a.lua")]
    assert folder.names(space, "new") == "new.lua"
    assert [one.name for one in space.globals(folder.uri("a.lua"))] == ["w", "y"]


def test_words_lead_to_texts(tmp_path: Path) -> None:
    folder = Folder(tmp_path, {"a.lua": "t.size = 1", "b.lua": "t.sizes = 1", "c.lua": "size()"})
    space = folder.space({"c.lua": "print()"})
    assert [one.uri for one in space.naming("size")] == [folder.uri("a.lua")]


def test_preloaded_modules(tmp_path: Path) -> None:
    folder = Folder(tmp_path, {"a.lua": '\npackage.preload["m"] = function() end'})
    ((uri, place),) = folder.space().preloading("m")
    assert (uri, place.line, place.column) == (folder.uri("a.lua"), 1, 16)
    assert folder.space().preloading("n") == []


def test_a_file_that_has_gone_is_nowhere(tmp_path: Path) -> None:
    folder = Folder(tmp_path, {"a.lua": "x = 1"})
    os.remove(folder.path("a.lua"))
    assert folder.space().assigning("x") == []
    assert not Space(folder.snapshot.changed({folder.path("a.lua"): None})).sets("x")


def test_uses_of_globals_are_told_by_the_index(tmp_path: Path) -> None:
    folder = Folder(
        tmp_path,
        {"a.lua": "shared = 1 print(shared)", "b.lua": "local x = shared", "c.lua": "t.shared = 1"},
    )
    space = folder.space({"main.lua": "print(shared)"})

    def found(*, declaration: bool = True) -> list[tuple[str, int]]:
        module = space.module(folder.path("main.lua"))
        assert module is not None
        links = references(space, module, 6, declaration=declaration)
        assert all(one.lines.text[one.start : one.end] == "shared" for one in links)
        return [(os.path.basename(one.uri), one.start) for one in links]

    assert found() == [("main.lua", 6), ("a.lua", 0), ("a.lua", 17), ("b.lua", 10)]
    assert found(declaration=False) == [("main.lua", 6), ("a.lua", 17), ("b.lua", 10)]
    assert space.trees.read == 0
    Path(folder.path("b.lua")).write_text("-- later\nlocal x = shared")
    assert found() == [("main.lua", 6), ("a.lua", 0), ("a.lua", 17), ("b.lua", 19)]


def test_a_snapshot_never_changes() -> None:
    first = EMPTY.changed({"/a": summarize("x = 1", "5.4")})
    second = first.changed({"/a": summarize("y = 1", "5.4"), "/b": summarize("x = 2", "5.4")})
    third = second.changed({"/c": summarize("y = 3 package.path = 'q/?.lua'", "5.4")})
    assert (first.setting, EMPTY.setting) == ({"x": ("/a",)}, {})
    assert second.setting == {"y": ("/a",), "x": ("/b",)}
    assert third.setting == {"y": ("/a", "/c"), "x": ("/b",)}
    assert (second.templates, third.templates) == ((), ("q/?.lua",))
    assert third.setting == Snapshot(third.files).setting


def test_trees_are_read_again_when_their_file_changed(tmp_path: Path) -> None:
    trees = Trees("5.4", most=20)
    paths = []
    for name in "ab":
        path = tmp_path / f"{name}.lua"
        path.write_text(f"{name} = 12345678")
        paths.append(str(path))
    first = trees.get(paths[0])
    assert first is not None
    assert trees.get(paths[0]) is first
    Path(paths[0]).write_text("changed = 1")
    again = trees.get(paths[0])
    assert again is not None
    assert again.text == "changed = 1"
    assert trees.get(paths[1]) is not None  # takes the place of the first
    assert trees.get(paths[0]) is not again
    assert trees.get(str(tmp_path / "none.lua")) is None

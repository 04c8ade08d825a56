"""What has become another on disk since it was read, by the times and sizes of files."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tidelock.shared.language.index import outlook
from tidelock.shared.language.index.files import Limits, lua_files
from tidelock.shared.language.index.outlook import Outlook


class Ground:
    """A folder with some files, and an outlook on it that was filled by a walk."""

    def __init__(self, folder: Path, limits: Limits, *names: str) -> None:
        self.root = folder.resolve()
        for name in names:
            self.put(name)
        for inner in (self.root, *(one for one in self.root.rglob("*") if one.is_dir())):
            self.age(inner)
        self.outlook = Outlook([str(self.root)], limits, [str(self.root / "tidelock.toml")])
        large: list[str] = []
        found = lua_files(str(self.root), limits, large.append, self.outlook.come_by)
        self.outlook.take([*found, *large])

    def put(self, name: str, text: str = "") -> Path:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    def age(self, path: Path) -> None:
        """Let the last change of a file or folder be long ago."""
        os.utime(path, (1, 1))

    def look(self) -> list[str]:
        """What one look finds."""
        return [os.path.relpath(one, self.root) for bit in self.outlook.look() for one in bit]


Make = Callable[..., Ground]


@pytest.fixture
def ground(tmp_path: Path) -> Make:
    return lambda *names, **limits: Ground(tmp_path, Limits(**limits), *names)


def test_what_changes_comes_and_goes_is_found_once(ground: Make) -> None:
    made = ground("a.lua", "s/b.lua", "s/t/c.lua")
    assert made.look() == []
    made.put("a.lua", "x = 1")
    (made.root / "s/b.lua").unlink()
    made.put("s/t/d.lua")
    assert made.look() == ["a.lua", "s/b.lua", "s/t/d.lua"]
    assert made.look() == []
    made.put("s/t/d.lua", "x = 1")
    made.put("s/b.lua")
    assert made.look() == ["s/b.lua", "s/t/d.lua"]
    assert made.look() == []


def test_a_file_that_another_one_takes_the_place_of_has_changed(ground: Make) -> None:
    made = ground("a.lua")
    new = made.put("new", "")
    status = os.stat(made.root / "a.lua")
    os.utime(new, ns=(status.st_atime_ns, status.st_mtime_ns))
    new.rename(made.root / "a.lua")
    assert made.look() == ["a.lua"]


def test_folders_come_move_and_go_with_all_that_is_in_them(ground: Make) -> None:
    made = ground("a.lua")
    made.put("new/b.lua")
    made.put("new/deep/c.lua")
    assert made.look() == ["new/b.lua", "new/deep/c.lua"]
    (made.root / "new").rename(made.root / "newer")
    assert sorted(made.look()) == [
        "new/b.lua", "new/deep/c.lua", "newer/b.lua", "newer/deep/c.lua",
    ]  # fmt: skip
    shutil.rmtree(made.root / "newer")
    assert made.look() == ["newer/b.lua", "newer/deep/c.lua"]
    assert made.look() == []


def test_the_root_may_go_and_come_back(ground: Make) -> None:
    made = ground("a.lua")
    away = made.root.with_name("away")
    made.root.rename(away)
    assert made.look() == ["a.lua"]
    assert made.look() == []
    away.rename(made.root)
    assert made.look() == ["a.lua"]


def test_what_a_walk_passes_over_is_not_looked_at(ground: Make) -> None:
    made = ground("a.lua", "node_modules/x.lua", ".gitignore", ignore=("gen",))
    (made.root / ".gitignore").write_text("/build/\n*_tmp.lua\n")
    for name in ("node_modules/x.lua", "node_modules/y.lua", "gen/z.lua", "build/b.lua"):
        made.put(name, "x = 1")
    for name in ("s/build/b.lua", "s/a_tmp.lua", "note.txt", ".git/c.lua"):
        made.put(name, "x = 1")
    assert made.look() == ["s/build/b.lua"]


def test_the_rules_of_every_folder_above_count(ground: Make) -> None:
    made = ground("s/t/a.lua")
    made.put("s/.gitignore", "b.lua\n")
    made.put("s/t/.gitignore", "c.lua\n")
    for name in ("b", "c", "d"):
        made.put(f"s/t/{name}.lua")
    assert made.look() == ["s/t/d.lua"]


def test_named_files_count_also_before_they_are_there(ground: Make) -> None:
    made = ground("a.lua")
    made.put("tidelock.toml")
    assert made.look() == ["tidelock.toml"]
    assert made.look() == []
    (made.root / "tidelock.toml").unlink()
    assert made.look() == ["tidelock.toml"]


def test_no_more_files_than_are_read_at_most(ground: Make) -> None:
    made = ground("a.lua", "b.lua", max_files=3)
    made.put("c.lua")
    made.put("d.lua")
    assert made.look() == ["c.lua"]
    (made.root / "a.lua").unlink()
    assert made.look() == ["a.lua", "d.lua"]


def test_a_large_file_that_shrinks(tmp_path: Path) -> None:
    (tmp_path / "large.lua").write_text("-" * 2000)
    made = Ground(tmp_path, Limits(max_file_kb=1))
    made.put("large.lua", "x = 1")
    assert made.look() == ["large.lua"]


def test_two_changes_of_a_folder_within_one_tick_of_its_clock(
    ground: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = ground("a.lua")
    stamp, now = outlook._stamp, (time.time_ns(),)  # a clock that stands still for folders
    is_file = lambda path: path.endswith(".lua")  # noqa: E731
    monkeypatch.setattr(outlook, "_stamp", lambda path: stamp(path) if is_file(path) else now)
    made.put("b.lua")
    assert made.look() == ["tidelock.toml", "b.lua"]
    made.put("c.lua")
    assert made.look() == ["c.lua"]


def test_a_folder_that_has_rested_is_not_listed(
    ground: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = ground("a.lua", "s/b.lua")
    listed: list[str] = []
    name = "tidelock.shared.language.index.outlook.listing"
    monkeypatch.setattr(name, lambda root, folder, limits: listed.append(folder) or iter(()))
    made.put("a.lua", "x = 1")
    assert made.look() == ["a.lua"]
    assert listed == []
    made.put("s/c.lua")
    assert made.look() == []
    assert listed == [str(made.root / "s")]


def test_a_library_inside_what_the_workspace_leaves_out(tmp_path: Path) -> None:
    root, library = tmp_path.resolve(), tmp_path.resolve() / "node_modules/lib"
    library.mkdir(parents=True)
    (library / "a.lua").write_text("")
    made = Outlook([str(root), str(library)], Limits())
    for one in (root, library):
        made.take(list(lua_files(str(one), Limits(), come_by=made.come_by)))
    (library / "b.lua").write_text("")
    (root / "node_modules/c.lua").write_text("")
    assert [one for bit in made.look() for one in bit] == [str(library / "b.lua")]

"""Which files a walk comes by."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tidelock.shared.language.index import files, ignores
from tidelock.shared.language.index.files import Limits, is_too_wide, is_wanted, lua_files


def put(root: Path, *names: str, text: str = "") -> Path:
    root = Path(os.path.realpath(root))
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


def walked(root: Path, limits: Limits = files.NO_LIMITS) -> list[str]:
    found = list(lua_files(str(root), limits))
    assert all(is_wanted(str(root), path, limits) for path in found)
    return [os.path.relpath(path, root) for path in found]


def test_files_near_the_root_come_first(tmp_path: Path) -> None:
    root = put(tmp_path, "z.lua", "a/b/deep.lua", "a/near.lua", "a/note.txt", "a.lua")
    assert walked(root) == ["a.lua", "z.lua", "a/near.lua", "a/b/deep.lua"]


def test_hidden_and_foreign_folders_are_passed_over(tmp_path: Path) -> None:
    root = put(tmp_path, "a.lua", ".git/b.lua", "node_modules/x/c.lua", "s/.cache/d.lua")
    assert walked(root) == ["a.lua"]
    assert not is_wanted(str(root), str(root / "node_modules/x/c.lua"))
    assert not is_wanted(str(root), str(root / "a.txt"))
    assert not is_wanted(str(root / "s"), str(root / "a.lua"))


def test_ignore_files_hold_below_their_folder(tmp_path: Path) -> None:
    root = put(tmp_path, "build/a.lua", "s/build/b.lua", "s/c.lua", "s/t/gen.lua", "t/gen.lua")
    (root / ".gitignore").write_text("/build/\n")
    (root / "s" / ".gitignore").write_text("gen.lua\n")
    assert walked(root) == ["s/c.lua", "t/gen.lua", "s/build/b.lua"]
    assert not is_wanted(str(root), str(root / "s/t/gen.lua"))
    without = Limits(use_gitignore=False, ignore=("t",))
    assert walked(root, without) == ["build/a.lua", "s/c.lua", "s/build/b.lua"]


def test_a_nearer_rule_takes_back_what_a_farther_one_said(tmp_path: Path) -> None:
    root = put(tmp_path, "s/a.lua", "s/b.lua")
    (root / ".gitignore").write_text("*.lua\n")
    (root / "s" / ".gitignore").write_text("!b.lua\n")
    assert walked(root) == ["s/b.lua"]


def test_limits_of_number_and_size(tmp_path: Path) -> None:
    root = put(tmp_path, "a.lua", "b.lua", "c.lua")
    (root / "a.lua").write_text("-" * 3000)
    assert walked(root, Limits(max_file_kb=2)) == ["b.lua", "c.lua"]
    assert walked(root, Limits(max_files=2)) == ["a.lua", "b.lua"]


def test_links_do_not_lead_out_or_in_circles(tmp_path: Path) -> None:
    root = put(tmp_path / "root", "a.lua")
    outside = put(tmp_path / "outside", "b.lua")
    (root / "circle").symlink_to(root)
    (root / "out.lua").symlink_to(outside / "b.lua")
    (root / "in.lua").symlink_to(root / "a.lua")
    (root / "broken.lua").symlink_to(root / "none.lua")
    assert walked(root) == ["a.lua", "in.lua"]


def test_a_folder_that_cannot_be_read_has_no_files(tmp_path: Path) -> None:
    assert walked(tmp_path / "missing") == []


def test_a_home_is_too_wide(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "me"))
    assert is_too_wide(str(tmp_path / "me"))
    assert is_too_wide(str(tmp_path))
    assert is_too_wide("/")
    assert is_too_wide("/usr")
    assert not is_too_wide(str(tmp_path / "me" / "project"))


@pytest.mark.parametrize(
    ("rule", "ignored", "kept"),
    [
        ("*.lua", ["a.lua", "s/a.lua"], ["a.luac"]),
        ("/a.lua", ["a.lua"], ["s/a.lua"]),
        ("s/a.lua", ["s/a.lua"], ["t/s/a.lua"]),
        ("**/x/a.lua", ["x/a.lua", "s/t/x/a.lua"], ["x/b.lua"]),
        ("s/**", ["s/a.lua", "s/t/b.lua"], ["s", "t/s"]),
        ("a/**/b", ["a/b", "a/x/b", "a/x/y/b"], ["ab", "a/xb"]),
        ("a?c", ["abc"], ["ac", "a/c"]),
        ("[a-c].lua", ["b.lua"], ["d.lua"]),
        ("[!a].lua", ["b.lua"], ["a.lua", "/.lua"]),
        ("\\#a", ["#a"], ["a"]),
        ("a\\ ", ["a "], ["a"]),
        ("a  ", ["a"], ["a  "]),
        ("[z-a]", ["[z-a]"], ["z"]),
        ("a.b", ["a.b"], ["axb"]),
    ],
)
def test_rules_are_git_s(rule: str, ignored: list[str], kept: list[str]) -> None:
    rules = ignores.read([rule])
    assert [one for one in ignored if not ignores.verdict(rules, one, is_folder=False)] == []
    assert [one for one in kept if ignores.verdict(rules, one, is_folder=False)] == []


def test_the_last_rule_decides() -> None:
    rules = ignores.read(["# all", "", "*.lua", "!keep.lua", "dir/"])
    assert ignores.verdict(rules, "keep.lua", is_folder=False) is False
    assert ignores.verdict(rules, "a.lua", is_folder=False) is True
    assert ignores.verdict(rules, "dir", is_folder=False) is None
    assert ignores.verdict(rules, "dir", is_folder=True) is True

"""What is kept from one start to the next."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

import pytest

from tidelock.shared.language.index import scanning
from tidelock.shared.language.index.cache import Cache, digest, place
from tidelock.shared.language.index.scanning import scan_cached
from tidelock.shared.language.index.summary import Summary, summarize
from tidelock.shared.log import Layer

ONE = summarize("--- Says it.\nfunction say(x) end\nreturn { a = 1 }", "5.4")


@pytest.fixture
def logged(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    lines: list[str] = []
    monkeypatch.setattr(Layer, "_write", lambda self, level, text, fields: lines.append(text))
    return lines


def test_what_was_put_is_there_again(tmp_path: Path) -> None:
    path = str(tmp_path / "deep" / "a.sqlite3")
    with Cache(path) as cache:
        assert cache.get(["k"]) == {}
        cache.put({"k": ONE, "other": Summary()})
    with Cache(path) as cache:
        assert cache.get(["k", "none"]) == {"k": ONE}
        cache.clear()
        assert cache.get(["k"]) == {}


def test_what_is_for_later_is_written_when_the_cache_is_left(tmp_path: Path) -> None:
    path = str(tmp_path / "a.sqlite3")
    with Cache(path) as cache:
        assert cache.is_empty()
        cache.later("k", ONE)
        assert cache.is_empty()
    with Cache(path) as cache:
        assert not cache.is_empty()
        assert cache.get(["k"]) == {"k": ONE}


def test_the_content_and_the_lua_are_the_key() -> None:
    assert digest(b"a", "5.4") == digest(b"a", "5.4")
    assert len({digest(b"a", "5.4"), digest(b"b", "5.4"), digest(b"a", "5.1")}) == 3


@pytest.mark.parametrize(
    "content", [b"no database at all " * 100, b"SQLite format 3\0" + b"x" * 900]
)
def test_a_damaged_file_is_dropped(tmp_path: Path, logged: list[str], content: bytes) -> None:
    path = tmp_path / "a.sqlite3"
    path.write_bytes(content)
    with Cache(str(path)) as cache:
        assert cache.get(["k"]) == {}
        cache.put({"k": ONE})
    assert logged == ["the index's cache cannot be used"]
    with Cache(str(path)) as cache:
        cache.put({"k": ONE})
        assert cache.get(["k"]) == {"k": ONE}


@pytest.mark.parametrize("stored", ["no json", "[1]", "null"])
def test_a_damaged_row_is_no_summary(tmp_path: Path, logged: list[str], stored: str) -> None:
    path = str(tmp_path / "a.sqlite3")
    with Cache(path) as cache:
        cache.put({"k": ONE})
    base = sqlite3.connect(path)
    base.execute("UPDATE summaries SET summary = ?", [stored])
    base.commit()
    base.close()
    with Cache(path) as cache:
        assert cache.get(["k"]) == {}
    assert logged == ["the index's cache cannot be used"]
    assert not os.path.exists(path)


def test_a_place_that_takes_no_files_is_done_without(tmp_path: Path, logged: list[str]) -> None:
    (tmp_path / "file").write_text("")
    with Cache(str(tmp_path / "file" / "a.sqlite3")) as cache:
        cache.put({"k": ONE})
        cache.clear()
        assert cache.get(["k"]) == {}
    assert logged == ["the index's cache cannot be used"]
    with Cache("") as cache:
        cache.put({"k": ONE})
        assert cache.get(["k"]) == {}
    assert len(logged) == 1


def test_another_server_that_writes_is_no_damage(
    tmp_path: Path, logged: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = str(tmp_path / "a.sqlite3")
    with Cache(path) as cache:
        cache.put({"k": ONE})
    monkeypatch.setattr("tidelock.shared.language.index.cache._BUSY_S", 0.01)
    other = sqlite3.connect(path)
    other.execute("BEGIN EXCLUSIVE")
    with Cache(path) as cache:
        cache.put({"l": ONE})
    other.rollback()
    other.close()
    assert logged
    with Cache(path) as cache:
        assert cache.get(["k"]) == {"k": ONE}


def test_the_oldest_make_room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = str(tmp_path / "a.sqlite3")
    now = 1000.0
    monkeypatch.setattr("time.time", lambda: now)
    big = Summary(words="x" * 20_000)
    with Cache(path, 1) as cache:
        cache.put({"first": ONE, "used": ONE})
        now += 1
        cache.put({f"k{number}": big for number in range(30)})
        now += 1
        assert cache.get(["used"])
        cache.put({f"l{number}": big for number in range(28)})
        kept = cache.get(["first", "used", "k0", "l27"])
    assert "used" in kept
    assert "first" not in kept
    assert os.path.getsize(path) <= 1024 * 1024


def test_only_what_changed_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    paths = []
    for number in range(3):
        path = tmp_path / f"f{number}.lua"
        path.write_text(f"name{number} = 1")
        paths.append(str(path))
    paths.append(str(tmp_path / "missing.lua"))
    base = str(tmp_path / "a.sqlite3")
    with Cache(base) as cache:
        first = {read.path: read for read in scan_cached(paths, "5.4", cache)}
    Path(paths[1]).write_text("changed = 1")
    read_again: list[str] = []
    real = scanning.read_file

    def read_file(path: str, dialect: str) -> object:
        read_again.append(path)
        return real(path, "5.4")

    monkeypatch.setattr(scanning, "read_file", read_file)
    with Cache(base) as cache:
        second = {read.path: read for read in scan_cached(paths, "5.4", cache)}
    assert read_again == [paths[1], paths[3]]
    assert second[paths[0]] == first[paths[0]]
    summary = second[paths[1]].summary
    assert summary is not None
    assert summary.sets == ("changed",)
    assert second[paths[3]].summary is None


def test_a_workspace_has_a_place_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", "/somewhere")
    assert place("/a/port").startswith("/somewhere/tidelock/index/port-")
    assert place("/a/port") != place("/b/port")

"""The store itself: its place, many that open it at once, texts of any kind."""

from __future__ import annotations

import os
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidelock.shared.history import History
from tidelock.shared.log import Layer, Sink
from tidelock.shared.model import Entry
from tidelock.shared.store import file as store_file
from tidelock.shared.store.file import StoreFault
from tidelock.shared.store.keeper import Keeper
from tidelock.shared.store.place import Place, data_folder, network, place_of
from tidelock.shared.store.records import Records


def records(folder: Path, kernel: str = "k", size: int = 1000) -> Records:
    """What a kernel writes into a store."""
    return Records(Place(str(folder / "store.sqlite3"), True), kernel, size, 20_000, lambda: 1.5)


def entries(*texts: str, session: int = 1) -> list[Entry]:
    return [Entry(session, number, text, "", 1.5) for number, text in enumerate(texts, 1)]


# -- its place -----------------------------------------------------------------------------------


def test_each_workspace_has_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TIDELOCK_DATA_DIR", "/data")
    same_name = place_of("/one/tides"), place_of("/two/tides")
    for place in same_name:
        folder, name = os.path.split(place.path)
        assert (os.path.dirname(folder), name, place.is_ours) == (
            "/data/workspaces",
            "store.sqlite3",
            True,
        )
        assert os.path.basename(folder).startswith("tides-")
    assert same_name[0] != same_name[1]
    assert place_of("/one/tides") == same_name[0]
    odd = os.path.dirname(place_of(f"/{'ä b' * 100}\udcff").path)
    assert len(os.path.basename(odd).encode()) < 100
    assert " " not in odd
    assert os.path.dirname(place_of("/").path).startswith("/data/workspaces/-")


def test_a_named_place_is_meant_from_the_workspace_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home of one")
    assert place_of("/w", "kept/h.db") == Place("/w/kept/h.db", False)
    assert place_of("/w", "/kept/h.db") == Place("/kept/h.db", False)
    assert place_of("/w", "~/h.db") == Place("/home of one/h.db", False)


def test_data_lies_where_the_platform_has_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TIDELOCK_DATA_DIR")
    monkeypatch.setenv("XDG_DATA_HOME", "/somewhere")
    assert data_folder() == "/somewhere/tidelock"


MOUNTS = rb"""22 1 254:0 / / rw,relatime - ext4 /dev/vda rw
30 22 0:40 / /net rw - nfs4 server:/net rw
31 30 254:1 / /net/moon/scratch\040disk rw shared:1 - ext4 /dev/vdb rw
32 22 0:41 / /netstead rw - tmpfs none rw
broken
"""


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/net/moon/store", "nfs4"),
        ("/net/moon/scratch disk/store", ""),
        ("/netstead/store", ""),
        ("/store", ""),
    ],
)
def test_network_drives_are_known(path: str, kind: str) -> None:
    assert network(path, MOUNTS) == kind
    assert network(path, b"") == ""


def test_a_network_drive_is_warned_of_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(Layer, "sink", Sink("warn", {}, None))
    monkeypatch.setattr(store_file, "network", lambda path, mounts: "nfs" if mounts else "")
    kept = records(tmp_path)
    kept.write(entries("x = 1"))
    kept.close()
    kept.highest()  # opened again
    kept.close()
    assert capsys.readouterr().err.count("the store is on a network drive") == 1


# -- who uses it ---------------------------------------------------------------------------------


def test_many_that_make_it_at_once(tmp_path: Path) -> None:
    """Whoever comes first makes the tables; the others wait, and nothing of theirs is lost."""
    kernels = 12

    def write(number: int) -> None:
        kept = records(tmp_path, f"k{number}")
        for run in range(5):
            kept.write([Entry(1, run, f"k{number} = {run}", "", 1.5)])
        kept.close()

    with ThreadPoolExecutor(kernels) as threads:
        list(threads.map(write, range(kernels)))
    last = records(tmp_path)
    found = list(last.newest_first())
    assert len({entry.session for entry in found}) == kernels
    assert len({entry.text for entry in found}) == len(found) == kernels * 5
    last.close()


def test_what_is_written_twice_is_there_once(tmp_path: Path) -> None:
    kept = records(tmp_path)
    kept.write(entries("x = 1"))
    kept.write(entries("x = 1", "x = 2"))  # as after a failure of which nobody knows how it ended
    assert [entry.text for entry in kept.of_session(1)] == ["x = 1", "x = 2"]
    kept.close()


def test_sessions_without_inputs_leave_and_numbers_are_not_used_again(tmp_path: Path) -> None:
    for number in range(1, 4):
        kept = records(tmp_path, size=1)
        kept.write(entries(f"x = {number}"))
        assert kept.numbers == {1: number}
        assert kept.highest() == number
        kept.close()
    last = records(tmp_path)
    assert [(e.session, e.text) for e in last.newest_first()] == [(3, "x = 3")]
    last.close()


def test_a_failed_transaction_leaves_nothing(tmp_path: Path) -> None:
    kept = records(tmp_path)
    kept.write(entries("x = 1"))
    with pytest.raises(AttributeError):
        kept.write([*entries("y = 1", session=2), Entry(2, 2, None, "", 1.5)])  # type: ignore[arg-type]
    assert kept.highest() == 1
    kept.write(entries("y = 1", session=2))
    assert [entry.text for entry in kept.of_session(2)] == ["y = 1"]
    kept.close()


def test_a_file_that_cannot_be_written(tmp_path: Path) -> None:
    kept = records(tmp_path)
    kept.write(entries("x = 1"))
    kept.close()
    store = tmp_path / "store.sqlite3"
    store.unlink()
    store.mkdir()
    with pytest.raises(StoreFault, match=r"Is a directory; mend its folder"):
        kept.write(entries("x = 1", "x = 2"))
    with pytest.raises(StoreFault, match="Is a directory"):
        kept.close()
    assert stat.S_ISDIR(store.stat().st_mode)


def test_a_store_that_may_not_grow(tmp_path: Path) -> None:
    """SQLite's own limit stands in for a disk without space: it ends writing in the same way."""
    kept = records(tmp_path)
    kept.write(entries("x = 1"))
    with kept._file.writing() as connection:
        connection.execute("PRAGMA max_page_count = 10")
    with pytest.raises(StoreFault, match="has no space left; make room on its disk"):
        kept.write(entries("x = 1", "x" * 100_000))
    assert [entry.text for entry in kept.of_session(1)] == ["x = 1"]
    kept.close()


# -- what is kept --------------------------------------------------------------------------------


@given(texts=st.lists(st.text(st.characters(exclude_categories=())), min_size=1, max_size=5))
def test_every_text_comes_back(tmp_path_factory: pytest.TempPathFactory, texts: list[str]) -> None:
    """Lone surrogates included, in which Python has bytes that are no text."""
    kept = records(tmp_path_factory.mktemp("store"))
    kept.write([entry._replace(result=entry.text) for entry in entries(*texts)])
    found = [(entry.text, entry.result) for entry in kept.of_session(1)]
    kept.close()
    assert found == [(text, text) for text in texts]


def test_more_waits_than_is_kept(tmp_path: Path) -> None:
    """While the store cannot be used, no more is held than a history may have."""
    blocked = tmp_path / "blocked"
    blocked.write_text("no folder")
    history = History(3, lambda: records(blocked / "below", size=3))
    for number in range(1, 6):
        history.add(number, f"x = {number}", "")
    assert [entry.number for entry in history.tail(10).result(20)] == [3, 4, 5]
    blocked.unlink()
    history.save()
    history.close()
    later = records(blocked / "below")
    assert [entry.text for entry in later.of_session(1)] == ["x = 3", "x = 4", "x = 5"]
    later.close()


# -- its thread ----------------------------------------------------------------------------------


def test_an_error_of_ours_ends_no_thread(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(Layer, "sink", Sink("warn", {}, None))
    done: list[str] = []

    def fail() -> None:
        done.append("write")
        raise ZeroDivisionError("of ours")

    keeper = Keeper(fail, lambda: done.append("end"))
    keeper.write_soon()
    with pytest.raises(ZeroDivisionError):
        keeper.ask(lambda: 1 // 0).result(20)
    assert keeper.ask(lambda: 2).result(20) == 2
    assert keeper.close(20)
    assert done == ["write", "write", "end"]
    assert "ZeroDivisionError('of ours')" in capsys.readouterr().err
    with pytest.raises(Exception, match="the kernel is stopping"):
        keeper.ask(lambda: 3).result(20)

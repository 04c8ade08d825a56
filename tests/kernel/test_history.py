"""History as a client asks for it: over kernel runs, of several kernels, and when the store fails.

Kernels are processes of one workspace; each test has a data folder of its own. The file is long
because each way in which a store can fail is told once, with the same few questions.
"""

from __future__ import annotations

import contextlib
import os
import resource
import signal
import sqlite3
import stat
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from kit.kernels import Served, embedded, external

FIRST = ("tide = 'high'", "return #tide", "error('ebb')")


def store_of(folder: Path) -> Path:
    """The one store below a data folder."""
    (found,) = (folder / "data" / "workspaces").glob("*/store.sqlite3")
    return found


def texts(entries: list[Any]) -> list[str]:
    return [entry[2] for entry in entries]


def told(served: Served) -> dict[str, Any]:
    """What a kernel says of its store."""
    return dict(served.client().comm("tidelock.kernel", {"action": "store"}).result(20))


def logged(folder: Path, words: str, kernel_id: str = "kernel") -> list[str]:
    """The lines of a kernel's log that hold some words."""
    lines = (folder / f"{kernel_id}.log").read_text().splitlines()
    return [line for line in lines if words in line]


@contextlib.contextmanager
def changed(path: Path) -> Iterator[sqlite3.Connection]:
    """A store that a test changes behind the kernels' backs."""
    with contextlib.closing(sqlite3.connect(path)) as connection, connection:
        yield connection


@pytest.fixture
def before(tmp_path: Path) -> Path:
    """A workspace in which a kernel has run and ended."""
    with external(tmp_path) as served:
        peer = served.peer()
        for code in FIRST:
            peer.execute(code)
        peer.execute("silent = 1", silent=True)
        peer.execute("unstored = 1", store_history=False)
    return tmp_path


def test_a_later_kernel_answers_for_both(before: Path) -> None:
    with external(before) as served:
        peer = served.peer()
        assert peer.history("tail") == [[1, number, text] for number, text in enumerate(FIRST, 1)]
        peer.execute("tide = 'low'")
        everything = [*FIRST, "tide = 'low'"]
        assert texts(peer.history("tail")) == everything
        assert peer.history("tail", n=2, output=True) == [
            [1, 3, ["error('ebb')", None]],
            [2, 1, ["tide = 'low'", None]],
        ]
        assert peer.history("tail", n=0) == []
        assert texts(peer.history("tail", n=1 << 70)) == everything

        assert peer.history("range") == [[2, 1, "tide = 'low'"]]
        assert texts(peer.history("range", session=-1)) == list(FIRST)
        assert texts(peer.history("range", session=1, start=2, stop=3)) == [FIRST[1]]
        assert texts(peer.history("range", session=1, start=2, stop=0)) == list(FIRST[1:])
        assert peer.history("range", session=1, start=2, stop=3, output=True) == [
            [1, 2, [FIRST[1], "4"]]
        ]
        assert texts(peer.history("range", session=2)) == ["tide = 'low'"]
        for nobodys in (-2, -1 << 70, 3, 1 << 70):
            assert peer.history("range", session=nobodys) == []

        assert texts(peer.history("search", pattern="tide = *")) == [FIRST[0], "tide = 'low'"]
        assert texts(peer.history("search", pattern="tide = *", n=1)) == ["tide = 'low'"]
        assert texts(peer.history("search", pattern="TIDE*")) == []
        assert texts(peer.history("search", pattern="return ?tide")) == [FIRST[1]]
        peer.execute(FIRST[0])
        found = peer.history("search", pattern="tide*", unique=True)
        assert found == [[2, 1, "tide = 'low'"], [2, 2, FIRST[0]]]
        assert len(peer.history("search", pattern="tide*")) == 3


def test_an_embedded_kernel_of_a_workspace_shares_it(
    before: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TIDELOCK_DATA_DIR", str(before / "data"))
    with embedded(str(before)) as served:
        peer = served.peer()
        peer.execute("here = 1")
        assert texts(peer.history()) == [*FIRST, "here = 1"]
    with external(before) as served:
        assert texts(served.peer().history()) == [*FIRST, "here = 1"]
        assert told(served)["unclosed"] == []


def test_two_kernels_at_once(tmp_path: Path) -> None:
    with external(tmp_path) as one, external(tmp_path, kernel_id="other") as other:
        first, second = one.peer(), other.peer()
        first.execute("a = 1")
        assert texts(first.history()) == ["a = 1"]  # it is stored when this answer is there
        second.execute("b = 1")
        second.execute("b = 2")
        assert second.history() == [[1, 1, "a = 1"], [2, 1, "b = 1"], [2, 2, "b = 2"]]
        first.execute("a = 2")
        # What the asked one ran is last: that is what its user wants again.
        assert texts(first.history()) == ["b = 1", "b = 2", "a = 1", "a = 2"]
        assert texts(second.history("range", session=1)) == ["a = 1", "a = 2"]
        assert texts(second.history("range", session=-1)) == ["a = 1", "a = 2"]
        assert texts(first.history("search", pattern="b*")) == ["b = 1", "b = 2"]


def test_nothing_is_lost_between_several_writers(tmp_path: Path) -> None:
    kernels, runs = 3, 30
    with contextlib.ExitStack() as stack:
        opened = [external(tmp_path, kernel_id=f"k{number}") for number in range(kernels)]
        served = [stack.enter_context(kernel) for kernel in opened]
        clients = [kernel.client() for kernel in served]

        def write(number: int) -> None:
            for run in range(runs):
                clients[number].execute(f"k{number} = {run}").result(20)

        with ThreadPoolExecutor(kernels) as threads:
            list(threads.map(write, range(kernels)))
    assert [logged(tmp_path, "store", f"k{number}") for number in range(kernels)] == [[], [], []]
    with external(tmp_path) as last:
        found = last.peer().history(n=1000)
    by_session: dict[int, list[str]] = {}
    for session, number, text in found:
        by_session.setdefault(session, []).append(text)
        assert number == len(by_session[session])
    assert sorted(by_session.values()) == [
        [f"k{number} = {run}" for run in range(runs)] for number in range(kernels)
    ]


def test_a_restart_in_place_begins_a_session(tmp_path: Path) -> None:
    with external(tmp_path) as served:
        peer, client = served.peer(), served.client()
        peer.execute("a = 1")
        client.shutdown(restart=True).result(20)
        assert peer.history("range") == []
        assert peer.history("range", session=-1) == [[1, 1, "a = 1"]]
        client.shutdown(restart=True).result(20)  # a session without inputs has no number
        assert peer.execute("b = 1").count == 1
        assert peer.history("range") == [[2, 1, "b = 1"]]
        assert peer.history() == [[1, 1, "a = 1"], [2, 1, "b = 1"]]
    with external(tmp_path) as served:
        assert served.peer().history() == [[1, 1, "a = 1"], [2, 1, "b = 1"]]
        assert told(served)["unclosed"] == []


def test_memory_ends_with_the_kernel(tmp_path: Path) -> None:
    for _ in range(2):
        with external(tmp_path, store_backend="memory") as served:
            peer = served.peer()
            assert peer.history() == []
            peer.execute("x = 1")
            served.client().shutdown(restart=True).result(20)
            peer.execute("x = 2")
            assert peer.history() == [[1, 1, "x = 1"], [2, 1, "x = 2"]]
            assert peer.history("range", session=-1) == [[1, 1, "x = 1"]]
            assert told(served) == {"backend": "memory", "path": "", "fault": "", "unclosed": []}
    assert not (tmp_path / "data").exists()


def test_the_size_bounds_what_a_workspace_keeps(before: Path) -> None:
    with external(before, history_size=4) as served:
        peer = served.peer()
        for number in range(3):
            peer.execute(f"x = {number}")
        assert texts(peer.history()) == [FIRST[2], "x = 0", "x = 1", "x = 2"]
        for number in range(3, 6):
            peer.execute(f"x = {number}")
        assert texts(peer.history()) == ["x = 2", "x = 3", "x = 4", "x = 5"]
    with external(before) as served:
        assert texts(served.peer().history()) == ["x = 2", "x = 3", "x = 4", "x = 5"]
        assert served.peer().history("range", session=1) == []


def test_any_text_comes_back(tmp_path: Path) -> None:
    code = "return '\\255\\0end', [[ä\U0001f319\nline]]  --\x00"
    with external(tmp_path) as served:
        shown = served.peer().execute(code).result
    with external(tmp_path) as served:
        assert served.peer().history(output=True) == [[1, 1, [code, shown]]]


def test_nothing_is_made_before_something_is_stored(tmp_path: Path) -> None:
    with external(tmp_path) as served:
        peer = served.peer()
        assert peer.history() == []
        assert peer.history("range", session=-1) == []
        peer.execute("x = 1", store_history=False)
        assert told(served)["fault"] == ""
    assert not (tmp_path / "data").exists()


def test_the_store_is_its_owners_alone(before: Path) -> None:
    store = store_of(before)
    assert stat.S_IMODE(store.stat().st_mode) == 0o600
    for folder in (store.parent, store.parent.parent):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    store.parent.chmod(0o755)
    with external(before) as served:
        served.peer().execute("x = 1")
        assert served.peer().history("range") != []
    assert stat.S_IMODE(store.parent.stat().st_mode) == 0o700


def test_the_place_may_be_named(tmp_path: Path) -> None:
    shared = tmp_path / "kept"
    shared.mkdir(mode=0o755)
    for _ in range(2):
        with external(tmp_path, store_path="kept/history.db") as served:
            peer = served.peer()
            peer.execute("x = 1")
            assert told(served)["path"] == str(shared / "history.db")
            count = len(peer.history())
    assert count == 2
    assert not (tmp_path / "data").exists()
    assert stat.S_IMODE(shared.stat().st_mode) == 0o755  # a folder that is not only ours


# -- ends that are no orderly ones ---------------------------------------------------------------


def kill(served: Served) -> None:
    assert served.process is not None
    served.process.send_signal(signal.SIGKILL)
    served.process.wait()


def test_a_killed_kernel_loses_nothing_that_was_stored_and_is_told_of(tmp_path: Path) -> None:
    with external(tmp_path) as served:
        peer = served.peer()
        peer.execute("x = 1")
        peer.execute("x = 2")
        assert len(peer.history()) == 2  # stored when this answer is there
        pid = served.connection.pid
        kill(served)
    (tmp_path / "runtime" / "kernels" / "tidelock-kernel-test-kernel.json").unlink()
    with external(tmp_path, kernel_id="next") as served:
        assert texts(served.peer().history()) == ["x = 1", "x = 2"]
        (line,) = logged(tmp_path, "did not stop in order", "next")
        assert f"kernel='test-kernel' pid={pid} session=1" in line
        (lost,) = told(served)["unclosed"]
        assert (lost["kernel"], lost["pid"], lost["session"]) == ("test-kernel", pid, 1)
        with external(tmp_path, kernel_id="beside") as beside:  # one that runs was not killed
            beside.peer().execute("y = 1")
            assert len(told(beside)["unclosed"]) == 1
        served.peer().execute("x = 3")
    with external(tmp_path) as served:
        assert told(served)["unclosed"] == []  # it was said, and is over
        assert texts(served.peer().history()) == ["x = 1", "x = 2", "y = 1", "x = 3"]


def test_a_number_of_a_process_that_another_has_now(before: Path) -> None:
    """A living process with the number of a dead kernel does not stand in for it."""
    with changed(store_of(before)) as store:
        store.execute(
            "UPDATE sessions SET closed = NULL, pid = ?, process_started = 1", (os.getpid(),)
        )
    with external(before) as served:
        assert len(told(served)["unclosed"]) == 1


@pytest.mark.parametrize(
    "change", ["host = 'elsewhere'", "pid = 1 << 40", "opened = 'never'", "pid = 'x'"]
)
def test_sessions_that_cannot_be_judged_are_let_be(before: Path, change: str) -> None:
    with changed(store_of(before)) as store:
        store.execute(f"UPDATE sessions SET closed = NULL, {change}")
    with external(before) as served:
        assert told(served)["unclosed"] == []
        assert texts(served.peer().history()) == list(FIRST)


# -- stores that cannot be used ------------------------------------------------------------------


def assert_kept_in_memory(served: Served, folder: Path, why: str) -> None:
    """Executions work, the kernel's own history does, and one warning says why."""
    peer = served.peer()
    for number in range(3):
        assert peer.execute(f"return {number}").result == str(number)
        assert peer.history("tail", n=1, output=True)[0][1:] == [
            number + 1,
            [f"return {number}", str(number)],
        ]
    assert texts(peer.history("range")) == ["return 0", "return 1", "return 2"]
    assert why in told(served)["fault"]
    (line,) = logged(folder, "history is kept in memory")
    assert " warn store " in line
    assert why in line


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file where a folder should be")
    with external(tmp_path) as served:
        assert_kept_in_memory(served, tmp_path, "cannot be made: Not a directory; mend its folder")
        (tmp_path / "data").unlink()  # what is mended, works: also for what was executed before
        served.peer().execute("return 3")
    assert len(logged(tmp_path, "history is kept in memory")) == 1
    with external(tmp_path) as served:
        found = texts(served.peer().history())
        assert found == ["return 0", "return 1", "return 2", "return 3"]


def test_a_place_that_is_a_folder(tmp_path: Path) -> None:
    with external(tmp_path, store_path=str(tmp_path)) as served:
        assert_kept_in_memory(served, tmp_path, "unable to open database file")


@pytest.mark.parametrize("damage", ["all of it", "its tables"])
def test_a_damaged_store_is_left_as_it_is(before: Path, damage: str) -> None:
    store = store_of(before)
    content = bytearray(store.read_bytes())
    content[0 if damage == "all of it" else 100 :] = b"tidal " * 2000
    store.write_bytes(content)
    with external(before) as served:
        assert_kept_in_memory(served, before, "is damaged; move it away, and a new one is made")
    assert store.read_bytes() == content
    store.unlink()
    with external(before) as served:
        served.peer().execute("x = 1")
        assert told(served)["fault"] == ""
    with external(before) as served:
        assert texts(served.peer().history()) == ["x = 1"]


def test_a_newer_format_is_refused_with_both_numbers(before: Path) -> None:
    store = store_of(before)
    with changed(store) as connection:
        connection.execute("PRAGMA user_version = 7")
    content = store.read_bytes()
    with external(before) as served:
        assert_kept_in_memory(served, before, "has format 7, this Tidelock knows 1")
    assert store.read_bytes() == content


def test_another_programs_database_is_let_be(tmp_path: Path) -> None:
    other = tmp_path / "other.db"
    with changed(other) as connection:
        connection.execute("CREATE TABLE sessions (theirs)")
    content = other.read_bytes()
    with external(tmp_path, store_path=str(other)) as served:
        assert_kept_in_memory(served, tmp_path, "is a database, but no store of Tidelock")
    assert other.read_bytes() == content


def test_rows_that_are_damaged_are_left_out(before: Path) -> None:
    with changed(store_of(before)) as store:
        store.execute("UPDATE inputs SET text = CAST(x'FF' AS TEXT) WHERE number = 1")
        store.execute("UPDATE inputs SET at = 'never' WHERE number = 2")
    with external(before) as served:
        peer = served.peer()
        assert texts(peer.history()) == [FIRST[2]]
        assert texts(peer.history("range", session=1)) == [FIRST[2]]
        assert len(logged(before, "an input in the store is damaged")) == 2  # each is said once
        peer.execute("x = 1")
        assert texts(peer.history()) == [FIRST[2], "x = 1"]
        assert told(served)["fault"] == ""


def test_a_full_disk(before: Path) -> None:
    """Files of the kernel's process may not grow: what fills a disk ends writing the same way."""
    with external(before) as served:
        peer = served.peer()
        peer.execute("x = 1")
        assert len(peer.history()) == 4
        limit = 200_000
        long = f"-- {'x' * limit}"
        resource.prlimit(served.connection.pid, resource.RLIMIT_FSIZE, (limit, limit * 100))
        peer.execute(long)
        assert peer.history("range") == [[2, 1, "x = 1"], [2, 2, long]]
        assert texts(peer.history("tail", n=5)) == [*FIRST, "x = 1", long]
        assert "disk" in told(served)["fault"]
        assert peer.execute("return x").result == "1"
        assert peer.execute("return x").result == "1"
        assert len(peer.history("range")) == 4
        (line,) = logged(before, "history is kept in memory")
        assert "look whether its disk is full" in line
        resource.prlimit(served.connection.pid, resource.RLIMIT_FSIZE, (limit * 100, limit * 100))
        peer.execute("x = 2")  # there is room again: nothing is lost
        assert len(peer.history()) == 8
        assert told(served)["fault"] == ""
    with external(before) as served:
        expected = [*FIRST, "x = 1", long, "return x", "return x", "x = 2"]
        assert texts(served.peer().history()) == expected


def test_a_store_that_another_process_has_locked(before: Path) -> None:
    with external(before, store_busy_timeout_ms=50) as served:
        peer = served.peer()
        with changed(store_of(before)) as other:
            other.execute("BEGIN IMMEDIATE")
            assert_kept_in_memory(served, before, "has locked it for 0.05 s")
            assert texts(peer.history("search", pattern="tide*")) == [FIRST[0]]  # it can be read
            other.execute("ROLLBACK")
        peer.execute("x = 1")
        assert texts(peer.history("range"))[-1] == "x = 1"
        assert told(served)["fault"] == ""
    with external(before) as served:
        stored = texts(served.peer().history("range", session=-1))
        assert stored == ["return 0", "return 1", "return 2", "x = 1"]


def test_a_kernel_waits_for_others_that_write(before: Path) -> None:
    with external(before, store_busy_timeout_ms=60_000) as served:
        client = served.client()
        with changed(store_of(before)) as other:
            other.execute("BEGIN IMMEDIATE")
            client.execute("x = 1").result(20)
            asked = client.history(1)
            assert client.kernel_info().result(20).content["status"] == "ok"  # the loop goes on
            assert client.execute("return x").result(20).content["status"] == "ok"
            assert not asked.done
            other.execute("ROLLBACK")
        assert asked.result(20).content["history"] == [[2, 2, "return x"]]
        assert logged(before, "store") == []


def test_a_python_without_sqlite(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    modules = tmp_path / "modules"
    modules.mkdir()
    (modules / "sqlite3.py").write_text("raise ImportError('No module named _sqlite3')")
    monkeypatch.setenv("PYTHONPATH", str(modules))
    with external(tmp_path) as served:
        assert_kept_in_memory(served, tmp_path, "No module named _sqlite3; use a Python that has")


def test_a_locked_store_does_not_keep_a_kernel_from_stopping(before: Path) -> None:
    with changed(store_of(before)) as other, external(before) as served:
        other.execute("BEGIN IMMEDIATE")
        served.client().execute("x = 1").result(20)
        assert served.process is not None
        served.process.terminate()
        assert served.process.wait(20) == 0
        assert len(logged(before, "the store takes too long")) == 1
        other.execute("ROLLBACK")

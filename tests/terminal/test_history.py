"""History in the terminal: what sessions share, what single commands leave behind."""

from __future__ import annotations

import contextlib
import signal
import subprocess
from pathlib import Path

import pytest

from .conftest import Place


def stores(place: Place) -> list[Path]:
    """The stores below the user's data folder."""
    return sorted((place.home / "data").rglob("*.sqlite3"))


def repl(place: Place, *lines: str, **options: str) -> list[str]:
    result = place.run("repl", stdin="\n".join(lines), env=options).expect()
    assert result.stderr == ""
    return result.stdout.splitlines()


def test_sessions_share_the_workspaces_history(place: Place) -> None:
    assert repl(place, "x = 1", ".history") == ["    1  x = 1"]
    (store,) = stores(place)
    assert store.is_relative_to(place.home / "data" / "tidelock" / "workspaces")
    shown = repl(place, "for i = 1, 2 do", "end", ".history", ".history x")
    assert shown == ["  1/1  x = 1", "    1  for i = 1, 2 do", "       end", "  1/1  x = 1"]
    with place.kernel("--id", "k1"):
        place.run("exec", "z = 1", "--connect", "k1").expect()
        for _ in range(20):  # a kernel stores an input moments after its reply
            if (shown := repl(place, ".history 1")) == ["  3/1  z = 1"]:
                break
        assert shown == ["  3/1  z = 1"]
    assert stores(place) == [store]


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGTERM])
@pytest.mark.parametrize("meanwhile", ["", "print('on') while true do end"])
def test_a_closed_terminal_ends_a_session_in_order(
    place: Place, number: signal.Signals, meanwhile: str
) -> None:
    with place.pty("repl") as terminal:
        terminal.expect("tidelock> ")
        terminal.send_line("print('x' .. 1)")
        terminal.expect("x1")
        terminal.expect("tidelock> ")
        if meanwhile:
            terminal.send_line(meanwhile)
            terminal.expect("\non\n")
        assert ended(terminal.process, number) == 128 + number
    shown = repl(place, ".history")  # and nothing is said of a kernel that was killed
    assert shown[0] == "  1/1  print('x' .. 1)"


def ended(process: subprocess.Popen[bytes], number: signal.Signals) -> int:
    """The exit code after a signal: again, where it came just before the wait for a key began."""
    for _ in range(20):
        process.send_signal(number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            return process.wait(1)
    return process.wait(0)


def test_memory_is_for_one_session(place: Place) -> None:
    for _ in range(2):
        assert repl(place, "x = 1", ".history", TIDELOCK_STORE_BACKEND="memory") == ["    1  x = 1"]
    assert stores(place) == []


@pytest.mark.parametrize("command", ["run", "exec", "debug", "repl"])
def test_single_commands_leave_no_file(place: Place, command: str) -> None:
    """A session in which nothing is executed does not either."""
    script = place.file("tides.lua", "print('high')")
    words = {"run": [script], "exec": ["print('high')"], "debug": [script], "repl": []}[command]
    place.run(command, *words, stdin="").expect()
    assert stores(place) == []


def test_an_unknown_backend_is_refused(place: Place) -> None:
    result = place.run("repl", env={"TIDELOCK_STORE_BACKEND": "redis"}).expect(3)
    assert "store.backend: expected one of sqlite, memory, got 'redis'" in result.stderr


def test_a_store_that_fails_is_said_in_the_session(place: Place) -> None:
    place.file("blocked", "no folder")
    env = {"TIDELOCK_STORE_PATH": "blocked/store"}
    result = place.run("repl", stdin="x = 1\nx\n.history\n", env=env).expect()
    assert result.stdout.splitlines() == ["1", "    1  x = 1", "    2  x"]
    (line,) = result.stderr.splitlines()
    assert "history is kept in memory" in line
    assert "set store.path to another file" in line


def test_status_tells_of_the_store(place: Place) -> None:
    with place.kernel("--id", "k1") as killed:
        place.run("exec", "x = 1", "--connect", "k1").expect()
        fresh = place.run("kernel", "status", "k1").expect().stdout
        (store,) = stores(place)
        assert f"store            sqlite {store}\n" in fresh
        assert "not stopped" not in fresh
        killed.signal(signal.SIGKILL)
        killed.wait()
    with place.kernel("--id", "k2"):
        told = place.run("kernel", "status", "k2").expect().stdout
        wanted = f"not stopped      kernel k1 (process {killed.pid}), session 1 of 20"
        assert wanted in told
        assert "store fault" not in told
    store.write_bytes(b"no database")
    with place.kernel("--id", "k3"):
        told = place.run("kernel", "status", "k3").expect().stdout
        assert f"store fault      the store {store} is damaged; move it away" in told

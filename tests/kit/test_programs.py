"""Running programs: what is seen of them, and that nothing of them or of the user is left."""

from __future__ import annotations

import json
import os
import re
import select
import signal
import sys
from pathlib import Path

import pytest

from kit.programs import TIDELOCK, Pty, environment, plain, run, spawn
from kit.timeline import Failure, seconds

PYTHON = (sys.executable, "-c")


def gone(pid: int) -> bool:
    """Whether a process has ended or does so within some seconds."""
    try:
        process = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    ended, _, _ = select.select([process], [], [], seconds(5.0))
    os.close(process)
    return bool(ended)


def test_the_command_is_tidelock() -> None:
    assert (sys.executable, "-m", "tidelock.terminal") == TIDELOCK


def test_a_result_is_exact() -> None:
    body = "import sys; sys.stdout.write(sys.stdin.read().upper()); sys.stderr.write('e'); exit(3)"
    result = run(body, stdin="one\ntwo", program=PYTHON)
    assert (result.code, result.stdout, result.stderr) == (3, "ONE\nTWO", "e")
    assert result.expect(3) is result
    with pytest.raises(Failure, match=r"(?s)exit code 3 instead of 0.*stdout:\nONE\nTWO\nstderr:"):
        result.expect()


def test_bytes_that_are_no_text_survive() -> None:
    body = "import sys; sys.stdout.buffer.write(sys.stdin.buffer.read() + b'\\r\\n')"
    result = run(body, stdin=b"\xff\x00", program=PYTHON).expect()
    assert result.stdout.encode("utf-8", "surrogateescape") == b"\xff\x00\r\n"
    assert run(body, stdin="\udcff", program=PYTHON).stdout == "\udcff\r\n"


def test_a_program_need_not_read_its_input() -> None:
    assert run("print(1)", stdin="x" * 1_000_000, program=PYTHON).expect().stdout == "1\n"
    assert run("print(input() if 0 else 2)", program=PYTHON).expect().stdout == "2\n"


def test_much_output_and_much_input_at_once() -> None:
    body = "import sys\nfor line in sys.stdin: sys.stdout.write(line)"
    text = "line\n" * 200_000
    assert run(body, stdin=text, program=PYTHON).stdout == text


def test_a_program_that_takes_too_long_is_ended_and_shown() -> None:
    body = "import time; print('so far', flush=True); time.sleep(60)"
    with spawn(body, program=PYTHON) as program:
        program.wait_for_line("so far")
        with pytest.raises(Failure, match=r"(?s)still running after 0\.3 s.*out\| so far"):
            program.wait(0.3)


def test_children_do_not_outlive_a_test(tmp_path: Path) -> None:
    body = (
        "import subprocess, sys; print(subprocess.Popen([sys.executable, '-c', sys.argv[1]]).pid)"
    )
    sleeper = "import time; time.sleep(60)"
    result = run(body, sleeper, program=PYTHON, home=tmp_path).expect()
    assert gone(int(result.stdout))


def test_nothing_of_the_user_reaches_a_program(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("TIDELOCK_LUA_VERSION", "LUA_PATH", "LUA_INIT", "JUPYTER_PATH", "XDG_DATA_DIRS"):
        monkeypatch.setenv(name, "/of/the/user")
    monkeypatch.delenv("TIDELOCK_TEST_LUA", raising=False)
    body = "import json, os; print(json.dumps([dict(os.environ), os.getcwd()]))"
    result = run(body, home=tmp_path, env={"MORE": "1", "HOME": "/other"}, program=PYTHON)
    seen, cwd = json.loads(result.expect().stdout)
    assert "/of/the/user" not in seen.values()
    assert (seen["MORE"], seen["HOME"]) == ("1", "/other")
    assert cwd == str(tmp_path / "work")
    for name in ("TIDELOCK_RUNTIME_DIR", "XDG_RUNTIME_DIR", "XDG_CONFIG_HOME", "XDG_STATE_HOME"):
        assert Path(seen[name]).parent == tmp_path
    assert (tmp_path / "run").stat().st_mode & 0o777 == 0o700


def test_the_build_under_test_is_the_default(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TIDELOCK_TEST_LUA", "5.4")
    assert environment(tmp_path)["TIDELOCK_LUA_VERSION"] == "5.4"
    assert environment(tmp_path, {"TIDELOCK_LUA_VERSION": "5.1"})["TIDELOCK_LUA_VERSION"] == "5.1"
    monkeypatch.delenv("TIDELOCK_TEST_LUA")
    assert "TIDELOCK_LUA_VERSION" not in environment(tmp_path)


def test_a_home_that_was_not_given_is_removed(tmp_path: Path) -> None:
    home = run("import os; print(os.environ['HOME'])", program=PYTHON).expect().stdout.strip()
    assert not Path(home).exists()
    with spawn("print(1)", program=PYTHON, home=tmp_path, cwd=tmp_path) as program:
        assert program.home == tmp_path
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "cache", "config", "data", "run", "state",
    ]  # fmt: skip


def test_lines_are_read_while_a_program_runs() -> None:
    body = (
        "import sys\n"
        "print('ready at 1', flush=True)\n"
        "for line in sys.stdin: print('got', line, end='', flush=True)\n"
        "print('bye', file=sys.stderr); print(end='last')\n"
    )
    with spawn(body, program=PYTHON) as program:
        assert program.wait_for_line(r"ready at (\d)")[1] == "1"
        for text in ("one", "two"):
            program.write(f"{text}\n")
            assert program.wait_for_line("got", stream="stdout").string == f"got {text}"
        program.close_input()
        program.wait_for_line("last")
        program.wait_for_line("bye", stream="stderr")
        result = program.wait()
        assert (result.code, result.stderr) == (0, "bye\n")
        assert result.stdout == program.stdout == "ready at 1\ngot one\ngot two\nlast"
        with pytest.raises(Failure, match="both its outputs have ended"):
            program.wait_for_line("got", timeout=60)


def test_a_line_that_does_not_come_shows_those_that_came() -> None:
    body = "import time; print('hello', flush=True); time.sleep(60)"
    with spawn(body, program=PYTHON) as program:
        program.wait_for_line("hello")
        with pytest.raises(Failure, match=r"(?s)a line with 'hello'.*out\| hello"):
            program.wait_for_line("hello", timeout=0.01)


def test_a_signal_reaches_a_program() -> None:
    body = "import time; print('up', flush=True); time.sleep(60)"
    with spawn(body, program=PYTHON) as program:
        program.wait_for_line("up")
        program.signal(signal.SIGTERM)
        assert program.wait().code == -signal.SIGTERM
        assert gone(program.pid)


def test_a_program_that_does_not_exist(tmp_path: Path) -> None:
    for start in (run, spawn):
        with pytest.raises(FileNotFoundError):
            start(program=[tmp_path / "missing"])


ASK = """
import os, sys
print("\\x1b[1mterminal\\x1b[0m", *os.get_terminal_size(), sys.stdin.isatty(), flush=True)
while True:
    try:
        print(input("\\x1b]0;title\\x07> ").upper())
    except EOFError:
        sys.exit(7)
"""

# Blocked and fetched, a signal is not missed. A program that waits in input() can miss one:
# if it comes after the prompt and before the read, Python hears of it with the next line only.
SIGNALS = """
import os, signal
awaited = {signal.SIGINT, signal.SIGWINCH}
signal.pthread_sigmask(signal.SIG_BLOCK, awaited)
print("ready", flush=True)
while True:
    print(signal.Signals(signal.sigwait(awaited)).name, *os.get_terminal_size(), flush=True)
"""


def test_a_program_on_a_terminal() -> None:
    with Pty(ASK, program=PYTHON, size=(30, 100)) as terminal:
        assert terminal.expect("> ") == "terminal 100 30 True\n> "
        terminal.send_line("hello")
        assert terminal.expect(re.compile("[A-Z]+")) == "hello\nHELLO"
        terminal.expect("> ")
        terminal.send("wrong")
        terminal.expect("wrong")
        terminal.key("ctrl-u")
        terminal.key("ctrl-d")
        assert terminal.wait() == 7
        assert b"\x1b]0;title\x07" in terminal.raw
        with pytest.raises(Failure, match="'more' on the terminal, but the terminal was closed"):
            terminal.expect("more", timeout=60)


def test_keys_and_a_new_size_are_signals_to_a_program() -> None:
    with Pty(SIGNALS, program=PYTHON, size=(30, 100)) as terminal:
        terminal.expect("ready\n")
        terminal.key("ctrl-c")
        assert terminal.expect("100 30\n") == "^CSIGINT 100 30\n"
        terminal.resize(10, 20)
        assert terminal.expect("20 10\n") == "SIGWINCH 20 10\n"


def test_a_terminal_says_where_its_cursor_is() -> None:
    body = (
        "import sys, tty; tty.setraw(0)\n"
        "for _ in range(2):\n"
        "    sys.stdout.write('where\\x1b[6n'); sys.stdout.flush()\n"
        "    print(repr(sys.stdin.buffer.read(6)), end='\\r\\n', flush=True)\n"
    )
    with Pty(body, program=PYTHON) as terminal:
        terminal.expect("b'\\x1b[1;1R'")
        terminal.expect("b'\\x1b[1;1R'")
        assert terminal.wait() == 0


SPOKEN = (
    "a\x1b[31;1mb\x1b[0m\x1b]0;title\x07c\x1b]2;t\x1b\\d\x1b(Be\x1b=f\r\ng\x1b[?2004hé\x1b7"
).encode()


def test_escape_sequences_are_no_text() -> None:
    assert plain(SPOKEN) == "abcdef\ngé"


@pytest.mark.parametrize("end", range(len(SPOKEN)))
def test_more_bytes_only_add_to_the_text(end: int) -> None:
    assert plain(SPOKEN).startswith(plain(SPOKEN[:end]))


def test_a_terminal_that_is_left_ends_its_program() -> None:
    body = "import os, time; print(os.getpid(), flush=True); time.sleep(60)"
    with Pty(body, program=PYTHON) as terminal:
        pid = int(terminal.expect(re.compile(r"\d+\n")))
        with pytest.raises(Failure, match=r"still running after 0\.01 s"):
            terminal.wait(timeout=0.01)
    terminal.stop()
    assert gone(pid)


def test_no_files_are_left_open() -> None:
    def count() -> int:
        return len(os.listdir("/proc/self/fd"))

    run("", program=PYTHON)
    before = count()
    run("", program=PYTHON)
    with Pty("", program=PYTHON) as terminal:
        terminal.wait()
    assert count() == before

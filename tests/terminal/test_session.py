"""A REPL session without a terminal: lines in, and what it shows."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from kit.lua import build_under_test
from tidelock.shared.config import Settings
from tidelock.terminal.compose import debug_inside, embedded
from tidelock.terminal.kernels import Link
from tidelock.terminal.lines import Lines
from tidelock.terminal.session import Session, Step


class Shown:
    """Everything a session shows, one text for each piece, with what it is."""

    def __init__(self) -> None:
        self.pieces: list[tuple[str, str]] = []

    def stream(self, name: str, text: str) -> None:
        """Text that comes in several messages is one piece: where it is parted is chance."""
        if self.pieces and self.pieces[-1][0] == name:
            text = self.pieces.pop()[1] + text
        self.pieces.append((name, text))

    def displayed(self, data: dict[str, Any], metadata: dict[str, Any], *, is_update: bool) -> None:
        self.pieces.append(("displayed", data["text/plain"]))

    def prompt(self, text: str) -> None:
        self.pieces.append(("prompt", text))

    def result(self, text: str) -> None:
        self.pieces.append(("result", text))

    def error(self, lines: list[str]) -> None:
        self.pieces.append(("error", lines[0]))

    def say(self, text: str) -> None:
        self.pieces.append(("said", text))

    def complain(self, text: str) -> None:
        self.pieces.append(("complaint", text))


class Dialogue:
    """A session and its display."""

    def __init__(self, link: Link, workspace: str) -> None:
        self.shown = Shown()
        self.session = Session(link, self.shown, Lines(), (workspace,), workspace)
        self.last = Step("input")

    def feed(self, *lines: str) -> list[tuple[str, str]]:
        """What comes of some lines."""
        self.shown.pieces.clear()
        for line in lines:
            self.last = self.session.feed(line)
        return self.shown.pieces


@pytest.fixture(scope="module")
def link() -> Iterator[Link]:
    kernel = embedded(Settings(lua_version=build_under_test().option), "/")
    yield Link(kernel.client, kernel.client.wait_ready(), True, debug_inside(kernel))
    kernel.close()


@pytest.fixture
def repl(link: Link, tmp_path: Path) -> Dialogue:
    link.client.shutdown(restart=True).result(5)
    return Dialogue(link, str(tmp_path))


def test_values_are_shown_and_globals_stay(repl: Dialogue) -> None:
    assert repl.feed("x = 20") == []
    assert repl.feed("x + 1") == [("result", "21")]
    assert repl.feed("= x, 'a'") == [("result", '20\t"a"')]
    assert repl.feed("print('a', 1)") == [("stdout", "a\t1\n")]
    assert repl.last == Step("input")


def test_an_input_goes_on_until_it_is_whole(repl: Dialogue) -> None:
    assert repl.feed("for i = 1, 2 do") == []
    assert repl.last == Step("more", "  ")
    assert repl.feed("  print('end')", "end") == [("stdout", "end\nend\n")]
    assert repl.feed("s = [[", ".exit", "]]", "s") == [
        ("result", r'"\n.exit\n"'.replace(r"\n", "", 1))
    ]


def test_an_unfinished_input_can_be_dropped(repl: Dialogue) -> None:
    repl.feed("function f(")
    assert repl.session.drop() == Step("input")
    assert repl.feed("1") == [("result", "1")]


def test_an_unfinished_input_at_the_end_is_an_error(repl: Dialogue) -> None:
    repl.feed("function f(")
    assert repl.session.end() == Step("leave")
    ((kind, text),) = repl.shown.pieces
    assert (kind, text[:13]) == ("error", "syntax error:")
    assert repl.session.has_failed


def test_errors_are_shown_and_the_dialogue_goes_on(repl: Dialogue) -> None:
    assert repl.feed("error('oops', 0)") == [("error", "error: oops")]
    assert repl.session.has_failed
    ((kind, text),) = repl.feed("x = = 1")
    assert (kind, text[:13]) == ("error", "syntax error:")
    assert repl.feed("'still here'") == [("result", '"still here"')]


def test_blank_lines_do_nothing(repl: Dialogue) -> None:
    assert repl.feed("", "   ", "-- a comment") == []
    assert repl.last == Step("input")


@pytest.mark.parametrize("line", [".exit", ".quit", ".q", "exit", "quit", " exit "])
def test_ways_to_leave(repl: Dialogue, line: str) -> None:
    assert repl.feed(line) == []
    assert repl.last == Step("leave")


def test_a_global_called_exit_is_lua(repl: Dialogue) -> None:
    assert repl.feed("exit = 3", "exit") == [("result", "3")]
    assert repl.last == Step("input")
    repl.feed("quit")
    assert repl.last.wants == "leave"


def test_the_exit_of_a_script_leaves_with_its_code(repl: Dialogue) -> None:
    repl.feed("os.exit(7)")
    assert repl.last == Step("leave", code=7)
    assert not repl.session.has_failed


def test_the_globals_one_made(repl: Dialogue) -> None:
    repl.feed("beta = {1}", "alpha = 'x'", "function gamma() end")
    pieces = [text for _, text in repl.feed(".vars")]
    assert pieces[:2] == ['alpha = "x" (string)', "beta = {1} (table)"]
    assert pieces[2:] == ["gamma = function (repl:3:1) (function)"]
    assert repl.feed(".vars alp") == [("said", 'alpha = "x" (string)')]
    assert repl.feed(".vars b*") == [("said", "beta = {1} (table)")]
    assert repl.feed(".vars a b") == [("complaint", "one pattern at most; usage: .vars [PATTERN]")]


def test_the_kernel_is_described(repl: Dialogue, link: Link) -> None:
    facts = dict(text.split(maxsplit=1) for _, text in repl.feed("1", ".info")[1:])
    assert facts["kernel"] == f"{link.client.connection.kernel_id}, in this process"
    assert facts["inputs"] == "1"


def test_a_file_is_run_in_this_state(repl: Dialogue, tmp_path: Path) -> None:
    (tmp_path / "part.lua").write_text("return 'part'")
    script = tmp_path / "a file.lua"
    script.write_text("made = (...) .. require 'part' print(made, ARGS.days) error('e', 0)")
    assert repl.feed(f".run '{script}' one --days=2") == [
        ("stdout", "onepart\t2\n"),
        ("error", "error: e"),
    ]
    assert repl.feed("made") == [("result", '"onepart"')]


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        (".run", "a file is missing; usage: .run FILE [ARGS]"),
        (".run nope.lua", "script nope.lua does not exist"),
        (".run 'nope", ".run: No closing quotation; usage: .run FILE [ARGS]"),
        (".vrs", "unknown command .vrs; did you mean '.vars'?"),
        (".xyzzy", "unknown command .xyzzy; .help lists the commands"),
        (".help xyzzy", "no command xyzzy; .help lists them"),
    ],
)
def test_commands_that_are_wrong(repl: Dialogue, line: str, complaint: str) -> None:
    assert repl.feed(line) == [("complaint", complaint)]
    assert repl.session.has_failed
    assert repl.last == Step("input")


def test_the_last_inputs(repl: Dialogue) -> None:
    repl.feed("first = 1", "if first then", "end", "'[x]*'")
    shown = [text.strip() for _, text in repl.feed(".history 2")]
    assert [text.split(maxsplit=1)[1] for text in shown] == ["if first then\n       end", "'[x]*'"]
    assert [text for _, text in repl.feed(".history [x]*")] == ["    3  '[x]*'"]
    assert repl.feed(".history nothing-like-it") == []


def test_a_new_state(repl: Dialogue) -> None:
    repl.feed("x = 1")
    assert repl.feed(".reset") == [("said", "New Lua state; history and breakpoints stay.")]
    assert repl.feed("tostring(x)") == [("result", '"nil"')]


def test_help_lists_every_command(repl: Dialogue) -> None:
    from tidelock.terminal import debug_commands, meta

    commands = (*meta.COMMANDS, *debug_commands.COMMANDS)
    shown = [text for kind, text in repl.feed(".help")]
    assert [line.split()[0] for line in shown[:-1]] == [f".{c.names[0]}" for c in commands]
    assert repl.feed(".help .vars") == [("said", ".vars [PATTERN]          the globals you made")]
    assert repl.feed(".?") == [("said", text) for text in shown]

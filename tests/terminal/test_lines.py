"""Standard input as lines, which can be called off."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator

import pytest

from tidelock.terminal.lines import Lines


class Pipe:
    """A pipe and its lines."""

    def __init__(self) -> None:
        self.out, self.into = os.pipe()
        self.lines = Lines(self.out)

    def write(self, data: bytes) -> None:
        os.write(self.into, data)

    def end(self) -> None:
        os.close(self.into)
        self.into = -1


@pytest.fixture
def pipe() -> Iterator[Pipe]:
    made = Pipe()
    yield made
    if made.into >= 0:
        made.end()
    os.close(made.out)
    made.lines.close()


def test_lines_and_the_end(pipe: Pipe) -> None:
    pipe.write(b"one\n\ntw")
    assert [pipe.lines.read(), pipe.lines.read()] == ["one", ""]
    pipe.write(b"o\nno end \xff")
    pipe.end()
    assert [pipe.lines.read() for _ in range(4)] == ["two", "no end \udcff", None, None]


def test_the_rest(pipe: Pipe) -> None:
    pipe.write(b"first\nrest\n\xfe")
    pipe.end()
    assert pipe.lines.read() == "first"
    assert pipe.lines.rest() == b"rest\n\xfe"
    assert pipe.lines.read() is None


def test_a_read_that_is_called_off_takes_nothing(pipe: Pipe) -> None:
    got: list[str | None] = []
    turn = pipe.lines.new_turn()
    thread = threading.Thread(target=lambda: got.append(pipe.lines.read(turn)))
    thread.start()
    pipe.lines.new_turn()
    thread.join(10)
    assert got == [None]
    pipe.write(b"for the next\n")
    assert pipe.lines.read(turn) is None
    assert pipe.lines.read() == "for the next"


def test_many_turns_without_a_reader(pipe: Pipe) -> None:
    for _ in range(100_000):
        pipe.lines.new_turn()
    pipe.write(b"x\n")
    assert pipe.lines.read() == "x"


def test_a_descriptor_that_is_closed_is_at_its_end() -> None:
    out, into = os.pipe()
    lines = Lines(out)
    os.close(out)
    os.close(into)
    assert lines.read() is None
    lines.close()

"""The error of a run as a problem of its text: where it stands, and when it goes."""

from __future__ import annotations

import pytest
from lsprotocol import types

from tidelock.lsp import convert_runs as left
from tidelock.lsp.documents import Document
from tidelock.lsp.failures import Began, Failures, Place
from tidelock.lsp.manner import Manner

from .conftest import MAIN

CHUNK = f"@{MAIN}"
RAN = "local x\nlocal y = 2\n  x.y = 1\nprint(x)\n"
STACK = (
    Place("f", CHUNK, 3),
    Place("", "=[C]", 0),
    Place("main", "@/code/other.lua", 7),
    Place("?", "=In[2]", 1),
)
CELL = "vscode-notebook-cell:/code/page.ipynb#W1"
SCRIPT = Began(CHUNK, "script")
WORDS = "main.lua:3: attempt to index a nil value"
HELP = "set it first"


def failed(*texts: str, stack: tuple[Place, ...] = STACK, began: Began = SCRIPT) -> Failures:
    made = Failures(
        lambda chunk: texts if chunk == CHUNK else (), lambda code: CELL if code == RAN else ""
    )
    made.begin(began)
    made.take(began, WORDS, (HELP,), stack)
    return made


def shown(failures: Failures, source: str, uri: str = f"file://{MAIN}") -> str | None:
    text = Document(uri, 1, source)
    found = failures.of(text)
    assert len(found) < 2
    return text.text[found[0].start : found[0].end] if found else None


@pytest.mark.parametrize(
    ("source", "line"),
    [
        (RAN, "x.y = 1"),
        ("-- more\n\n" + RAN, "x.y = 1"),
        (RAN.replace("y = 2", "y = 3"), "x.y = 1"),
        (RAN + "print(y)", "x.y = 1"),
        (RAN.replace("x.y = 1", "x.y = 2"), None),
        (RAN.replace("  x.y = 1\n", ""), None),
        ("", None),
    ],
)
def test_it_follows_its_line_and_goes_when_that_changes(source: str, line: str | None) -> None:
    assert shown(failed(RAN), source) == line


def test_the_text_that_ran_is_the_one_that_fits() -> None:
    assert shown(failed("old text", RAN), RAN) == "x.y = 1"
    assert shown(failed(), RAN) is None


@pytest.mark.parametrize(
    ("began", "stays"),
    [
        (Began(CHUNK, "script"), False),
        (Began(CHUNK, "debug"), False),
        (Began("@/code/other.lua", "script"), True),
        (Began(CHUNK, "selection"), True),
        (Began("=In[3]", "notebook", "f()"), True),
        (Began("=repl:4", "repl", RAN), True),
    ],
)
def test_it_goes_when_its_text_is_run(began: Began, stays: bool) -> None:
    failures = failed(RAN)
    assert failures.begin(began) == (set() if stays else {CHUNK})
    assert shown(failures, RAN) == ("x.y = 1" if stays else None)


def test_it_goes_when_what_led_to_it_is_run() -> None:
    failures = failed(RAN, began=Began("@/code/other.lua", "script"))
    assert failures.begin(Began("@/code/third.lua", "script")) == set()
    assert failures.begin(Began("@/code/other.lua", "script")) == {CHUNK}
    assert shown(failures, RAN) is None


def test_what_is_typed_takes_along_what_was_typed_before() -> None:
    failures = failed(RAN, began=Began("=repl:3", "repl"))
    assert shown(failures, RAN) == "x.y = 1"
    assert failures.begin(Began("@/code/other.lua", "script")) == set()
    assert failures.begin(Began("=repl:4", "repl")) == {CHUNK}


def test_each_run_has_its_own_error() -> None:
    other, third = Began("@/code/b.lua", "script"), "@/code/c.lua"
    failures = failed(RAN)
    assert failures.take(other, "x", (), [Place("f", "@/code/b.lua", 1)]) == {"@/code/b.lua"}
    assert shown(failures, RAN) == "x.y = 1"
    told = failures.take(SCRIPT, "x", (), [Place("f", third, 1)])
    assert told == {CHUNK, third}
    assert shown(failures, RAN) is None


def test_frames_without_a_text_are_no_places() -> None:
    stack = (Place("", "=[C]", 0), Place("", "=In[1]", 3))
    assert failed(RAN, stack=stack).begin(SCRIPT) == set()


def test_an_error_of_a_cell_stands_in_the_cell() -> None:
    began = Began("=In[2]", "notebook", RAN)
    stack = (Place("f", "=In[2]", 3), Place("main chunk", CHUNK, 1), Place("?", "=In[2]", 4))
    failures = failed(stack=stack, began=began)
    assert shown(failures, RAN, CELL) == "x.y = 1"
    assert shown(failures, RAN.replace("x.y", "x.z"), CELL) is None
    text = Document(CELL, 1, RAN)
    (found,) = failures.of(text)
    made = left.runtime_error(found, text, Manner(related=True))
    around = [one.location.uri for one in made.related_information or ()]
    assert around == [f"file://{MAIN}", CELL]
    assert failures.begin(Began("=In[3]", "notebook", RAN)) == {CELL}  # the cell, run again
    other = Began("=In[2]", "notebook", "another cell of that number")
    assert failures.begin(other) == set()
    assert failures.take(other, "x", (), stack[::2]) == set(), "that cell is not open"


def test_the_stack_is_shown_where_the_client_shows_it() -> None:
    text = Document(f"file://{MAIN}", 1, RAN)
    (found,) = failed(RAN).of(text)
    made = left.runtime_error(found, text, Manner(related=True))
    assert (made.code, made.severity) == ("runtime-error", types.DiagnosticSeverity.Error)
    assert made.message == f"{WORDS}\nhelp: {HELP}"
    assert (made.range.start.line, made.range.start.character) == (2, 2)
    assert made.related_information is not None
    (around,) = made.related_information
    assert around.location.uri == "file:///code/other.lua"
    assert (around.location.range.start.line, around.message) == (6, "called from main")
    assert left.runtime_error(found, text, Manner()).related_information is None

"""The error of the last run as a problem of its text: where it stands, and when it goes."""

from __future__ import annotations

import pytest
from lsprotocol import types

from tidelock.lsp import convert_runs as left
from tidelock.lsp.documents import Document
from tidelock.lsp.failures import Failures, Place
from tidelock.lsp.manner import Manner

from .conftest import MAIN, document

CHUNK = f"@{MAIN}"
RAN = "local x\nlocal y = 2\n  x.y = 1\nprint(x)\n"
STACK = (
    Place("f", CHUNK, 3),
    Place("", "=[C]", 0),
    Place("main", "@/code/other.lua", 7),
    Place("?", "=In[2]", 1),
)


def failed(*texts: str, stack: tuple[Place, ...] = STACK) -> Failures:
    made = Failures(lambda chunk: texts if chunk == CHUNK else ())
    made.take("main.lua:3: attempt to index a nil value", stack)
    return made


def shown(failures: Failures, source: str) -> str | None:
    text, _ = document(source)
    found = failures.of(text)
    return None if found is None else text.text[found.start : found.end]


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


def test_it_goes_when_something_is_run() -> None:
    failures = failed(RAN)
    assert failures.clear() == {CHUNK}
    assert shown(failures, RAN) is None
    assert failures.clear() == set()
    assert failures.take("x", [Place("f", CHUNK, 1)]) == {CHUNK}
    assert failures.take("x", [Place("f", "@/code/b.lua", 1)]) == {CHUNK, "@/code/b.lua"}


def test_frames_without_a_file_are_no_places() -> None:
    assert failed(RAN, stack=(Place("", "=[C]", 0), Place("", "=In[1]", 3))).clear() == set()


def test_the_stack_is_shown_where_the_client_shows_it() -> None:
    text = Document(f"file://{MAIN}", 1, RAN)
    found = failed(RAN).of(text)
    assert found is not None
    made = left.runtime_error(found, text, Manner(related=True))
    assert (made.code, made.severity) == ("runtime-error", types.DiagnosticSeverity.Error)
    assert made.message == "main.lua:3: attempt to index a nil value"
    assert (made.range.start.line, made.range.start.character) == (2, 2)
    assert made.related_information is not None
    (around,) = made.related_information
    assert around.location.uri == "file:///code/other.lua"
    assert (around.location.range.start.line, around.message) == (6, "called from main")
    assert left.runtime_error(found, text, Manner()).related_information is None

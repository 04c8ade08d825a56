"""What stays of later findings when a text is edited, and when they come."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from kit.marked import marked
from tidelock.lsp.documents import Document
from tidelock.lsp.failures import Began, Place, Shown
from tidelock.lsp.findings import Findings
from tidelock.shared.config import Settings
from tidelock.shared.model import Problem, Related

from .test_session import Editor

URI = "file:///w/a.lua"


def found(text: str, *related: Related) -> tuple[Document, list[Problem]]:
    """A text, with a problem on each range."""
    marks = marked(text)
    problems = [Problem("x-y", "hint", *span, "words", "parser", related) for span in marks.ranges]
    return Document(URI, 1, marks.text), problems


def check_stays(before: str, after: str) -> None:
    """What types found before an edit is still on the ranges after it."""
    known = Findings()
    first, problems = found(before)
    assert known.take(first, "names", [])
    assert known.take(first, "types", problems)
    second, moved = found(after)
    assert known.of(second) is None
    assert known.take(second, "names", [])
    assert known.of(second) == moved
    assert not known.take(second, "types", moved)
    assert not known.take(first, "types", [])
    assert known.of(second) == moved


def test_what_later_parts_found_moves_with_the_text() -> None:
    check_stays("<!a!> = 1\n<!b!> = 2\n", "<!a!> = 1\n\n<!b!> = 2\n")
    check_stays("\n<!a!> = 1\n<!b!> = 2\n", "x = 1\n\n<!a!> = 1\n<!b!> = 2\n")
    check_stays("x = 1\n\n<!a!> = 1\n<!b!> = 2\n", "\n<!a!> = 1\n<!b!> = 2\n")


def test_what_is_edited_goes() -> None:
    check_stays("<!first!> = 1\n<!b!> = 2\n", "fist = 1\n<!b!> = 2\n")
    check_stays("<!a!> = 1\n<!b!> = 2\n", "<!a!> = 1\nbb = 2\n")


def test_a_problem_whose_other_place_moves_goes() -> None:
    known = Findings()
    first, problems = found("a = 1\n\n<!a!> = 2\n", Related(0, 1, "the first"))
    known.take(first, "names", [])
    known.take(first, "types", problems)
    second = Document(URI, 2, "aa = 1\n\na = 2\n")
    known.take(second, "names", [])
    assert known.of(second) == []
    known.forget(URI)
    assert known.of(second) is None
    assert not known.take(second, "rules", problems)


def codes(params: Any) -> list[str]:
    return [one["code"] for one in params["diagnostics"]]


def test_types_are_told_after_names_and_stay_while_the_text_is_edited() -> None:
    editor = Editor(options=Settings(lsp_diagnostics_delay_ms=0)).begin()
    text = "local n = 1\nn()\n"
    editor.open(text, uri=URI)
    editor.published(lambda params: codes(params) == ["call-non-callable"])
    editor.change("\n" + text, 2, uri=URI)
    first = editor.published(lambda params: params["version"] == 2)
    assert codes(first) == ["call-non-callable"]
    assert first["diagnostics"][0]["range"]["start"]["line"] == 2
    editor.session.close()


def test_with_no_end_of_the_wait_names_are_told_alone() -> None:
    editor = Editor(options=Settings(lsp_diagnostics_delay_ms=10**7)).begin()
    editor.open("local n = 1\nlocal m = 2\nn()\n", uri=URI)
    first = editor.published(lambda params: params["diagnostics"])
    assert codes(first) == ["unused-local"]
    editor.session.close()


def test_what_was_looked_at_earlier_is_not_told_later(monkeypatch: pytest.MonkeyPatch) -> None:
    editor = Editor()
    editor.ask("initialize", {"capabilities": {}})
    editor.tell("initialized", {})
    item = {"uri": URI, "languageId": "lua", "version": 1, "text": "print(1)"}
    editor.tell("textDocument/didOpen", {"textDocument": item})
    editor.published(lambda told: bool(told["uri"] == URI))
    session = editor.session
    document = session.documents.get(URI)
    assert document is not None
    failures = session.folders.of(URI).failures
    monkeypatch.setattr(failures, "_texts_of", lambda chunk: ("print(1)",))
    has_looked, may_tell = threading.Event(), threading.Event()
    real = failures.of

    def slowly(text: Document) -> list[Shown]:
        shown = real(text)
        if not has_looked.is_set():
            has_looked.set()
            may_tell.wait(10)
        return shown

    monkeypatch.setattr(failures, "of", slowly)
    slow = threading.Thread(target=session._publish, args=(document,))
    slow.start()
    assert has_looked.wait(10)
    stack = [Place("main chunk", document.chunk, 1)]
    session.show_again(lambda: failures.take(Began(document.chunk), "boom", (), stack))
    editor.published(lambda told: [one["message"] for one in told["diagnostics"]] == ["boom"])
    may_tell.set()
    slow.join(10)
    is_done = threading.Event()
    session.lane.put(is_done.set)
    assert is_done.wait(10)
    told = [params for method, params in editor.said if method.endswith("publishDiagnostics")]
    assert [one["message"] for one in told[-1]["diagnostics"]] == ["boom"]
    session.close()

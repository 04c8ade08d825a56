"""Labels of what was observed, and lines that move with edits."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidelock.lsp.moment import (
    NOTHING,
    Moment,
    Question,
    StoppedFrame,
    View,
    label,
    moved,
    place_text,
)


@pytest.mark.parametrize(
    ("state", "executions", "words"),
    [
        ("idle", 7, "observed after execution 7"),
        ("idle", 0, "observed"),
        ("running", 7, "while running"),
        ("waiting for input", 7, "while running"),
        ("paused", 7, "while paused"),
    ],
)
def test_labels(state: str, executions: int, words: str) -> None:
    assert label(state, executions) == words
    frame = StoppedFrame(1, "@/code/tides/predictor.lua", 163)
    assert label(state, executions, frame) == "paused at predictor.lua:163"


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (59, ""), (60, ", 1 min ago"), (3599, ", 59 min ago"), (3600, ", 1 h ago"),
        (200_000, ", 55 h ago"),
    ],
)  # fmt: skip
def test_what_is_old_says_so(seconds: int, words: str) -> None:
    moment = Moment("idle", executions=7, since_s=1000.0)
    view = View(moment, clock=lambda: 1000.0 + seconds)
    assert view.label("idle") == f"observed after execution 7{words}"
    frame = StoppedFrame(1, "@/code/a.lua", 3)
    assert view.label("paused", frame) == f"paused at a.lua:3{words}"
    assert view.label("running") == "while running"
    unknown = View(moment._replace(since_s=None), clock=lambda: 1e9)
    assert unknown.label("idle") == "observed after execution 7"


def test_places_as_people_read_them() -> None:
    assert place_text("@/code/a.lua:3") == "a.lua:3"
    assert place_text("=In[2]:1") == "In[2]:1"
    assert place_text("") == ""


@pytest.mark.parametrize(
    ("old", "new", "line", "found"),
    [
        ("a\nb\nc", "a\nb\nc", 2, 2),
        ("a\nb\nc", "a\nnew\nb\nc", 3, 4),  # a line above
        ("a\nb\nc", "a\nb\nc\nnew", 2, 2),  # a line below
        ("a\nb\nc", "b\nc", 3, 2),  # one less above
        ("a\nb\nc", "a\nB!\nc", 2, 2),  # edited, and still there
        ("a\nb\nc", "a\nx\ny\nc", 2, None),  # split
        ("a\nb\nc\nd", "new\na\nb\nc\nD", 2, 3),  # edited above and below
        ("a\nb\nc", "a\nc", 2, None),  # gone
    ],
)
def test_a_line_moves_with_edits(old: str, new: str, line: int, found: int | None) -> None:
    assert moved(old, new, line) == found


def test_texts_that_have_little_in_common_are_not_compared() -> None:
    old = "\n".join(f"old {n}" for n in range(1500))
    new = "\n".join(f"new {n}" for n in range(1400))
    assert moved(old, new, 700) is None


@given(st.lists(st.sampled_from("abcdefgh"), min_size=1, max_size=8, unique=True), st.data())
def test_a_line_that_was_not_edited_is_found(lines: list[str], data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(lines)))
    end = data.draw(st.integers(start, len(lines)))
    inserted = data.draw(st.lists(st.sampled_from("xyz"), max_size=3))
    new = [*lines[:start], *inserted, *lines[end:]] or [""]
    for line in [*range(1, start + 1), *range(end + 1, len(lines) + 1)]:
        found = moved("\n".join(lines), "\n".join(new), line)
        assert found is not None
        assert new[found - 1] == lines[line - 1]


def test_nobody_is_asked_without_a_program() -> None:
    view = View()
    assert view.ask(Question("names")) is None
    assert not view.is_late
    late = View(NOTHING._replace(state="idle"), lambda question: None)
    assert late.ask(Question("names")) is None
    assert late.is_late

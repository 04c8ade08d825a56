"""Open texts: edits land where the client meant them, in every encoding, whatever the text."""

from __future__ import annotations

import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidelock.lsp.documents import Change, Document, Documents, chunk_of_uri
from tidelock.shared.positions import Encoding, Lines, Place
from tidelock.shared.syntax.parser import LONGEST

ENCODINGS: tuple[Encoding, ...] = ("utf-8", "utf-16", "utf-32")
TEXT = st.text(alphabet="ab \n\r\t\x0c\x00é\u2028\u0085€😀\ud800", max_size=30)


def encoded(text: str, encoding: Encoding) -> bytes:
    name = {"utf-8": "utf-8", "utf-16": "utf-16-le", "utf-32": "utf-32-le"}[encoding]
    return text.encode(name, "surrogatepass")


WIDTH = {"utf-8": 1, "utf-16": 2, "utf-32": 4}


def reference(text: str, offset: int, encoding: Encoding) -> Place:
    """Line and column of an offset by the words of the protocol, slowly and apart from ours."""
    before = text[:offset]
    if before.endswith("\r") and text[offset : offset + 1] == "\n":
        before = before[:-1]  # between the two there is no place
    flat = before.replace("\r\n", "\n").replace("\r", "\n")
    line = flat.rpartition("\n")[2]
    return Place(flat.count("\n"), len(encoded(line, encoding)) // WIDTH[encoding])


@st.composite
def edits(draw: st.DrawFn) -> tuple[str, list[tuple[int, int, str]]]:
    """A text, and edits of it as offsets into what the edit before left."""
    text = start = draw(TEXT)
    made = []
    for _ in range(draw(st.integers(0, 6))):
        ends = sorted(draw(st.tuples(*[st.integers(0, len(text))] * 2)))
        insert = draw(TEXT)
        made.append((ends[0], ends[1], insert))
        text = text[: ends[0]] + insert + text[ends[1] :]
    return start, made


@pytest.mark.parametrize("encoding", ENCODINGS)
@given(script=edits())
def test_edits_land_where_the_client_made_them(
    encoding: Encoding, script: tuple[str, list[tuple[int, int, str]]]
) -> None:
    text, made = script
    document = Document("untitled:a", 1, text)
    changes = []
    for start, end, insert in made:
        places = [reference(text, offset, encoding) for offset in (start, end)]
        # What stands between CR and LF is at the end of the line, before both.
        start, end = (
            offset - (text[offset - 1 : offset + 1] == "\r\n" and offset > 0)
            for offset in (start, end)
        )
        changes.append(Change(insert, *places))
        text = text[:start] + insert + text[end:]
    at_once = document.changed(2, changes, encoding)
    assert at_once.text == text
    one_by_one = document
    for version, change in enumerate(changes, 2):
        one_by_one = one_by_one.changed(version, [change], encoding)
    assert one_by_one.text == text
    assert one_by_one.lines.starts == Lines(text).starts


@given(before=TEXT, removed=TEXT, after=TEXT, insert=TEXT, has_returns=st.booleans())
def test_the_lines_of_an_edited_text_are_those_of_the_text(
    before: str, removed: str, after: str, insert: str, has_returns: bool
) -> None:
    if not has_returns:
        before, removed, after, insert = (
            one.replace("\r", "") for one in (before, removed, after, insert)
        )
    text = before + insert + after
    edited = Lines(before + removed + after).edited(text, len(before), len(before + removed))
    assert (edited.text, edited.starts) == (text, Lines(text).starts)
    assert edited.place(len(text), "utf-16") == Lines(text).place(len(text), "utf-16")


def test_form_feed_and_line_separator_end_no_line() -> None:
    document = Document("untitled:a", 1, "a\x0cb\u2028c\nlocal x")
    made = document.changed(2, [Change("y", Place(1, 6), Place(1, 7))], "utf-16")
    assert made.text == "a\x0cb\u2028c\nlocal y"


def test_positions_past_the_end_are_clamped() -> None:
    document = Document("untitled:a", 1, "ab\ncd")
    assert (
        document.changed(2, [Change("!", Place(0, 99), Place(0, 99))], "utf-16").text == "ab!\ncd"
    )
    assert document.changed(2, [Change("!", Place(9, 0), Place(9, 9))], "utf-16").text == "ab\ncd!"
    backwards = Change("!", Place(1, 1), Place(0, 0))
    assert document.changed(2, [backwards], "utf-16").text == "ab\nc!d"


def test_a_whole_text_and_then_an_edit_of_it() -> None:
    document = Document("untitled:a", 1, "old")
    changes = [Change("new\ntext"), Change("T", Place(1, 0), Place(1, 1))]
    assert document.changed(2, changes, "utf-16").text == "new\nText"


def test_a_version_that_does_not_grow_changes_nothing() -> None:
    documents = Documents()
    documents.open(Document("untitled:a", 3, "a"))
    assert documents.change("untitled:a", 3, [Change("b")], "utf-16") is None
    assert documents.change("untitled:b", 4, [Change("b")], "utf-16") is None
    changed = documents.change("untitled:a", 4, [Change("b")], "utf-16")
    assert changed is not None
    assert changed.text == "b"
    assert documents.get("untitled:a") is changed
    assert documents.is_present(changed)
    documents.open(Document("untitled:a", 1, "again"))
    assert not documents.is_present(changed)
    assert [one.text for one in documents] == ["again"]
    assert documents.close("untitled:a") is not None
    assert documents.close("untitled:a") is None


def test_one_file_has_one_identity_whatever_the_spelling() -> None:
    documents = Documents()
    documents.open(Document("file:///tmp/a%20b.lua", 1, "x"))
    for uri in ("file:///tmp/a b.lua", "file://localhost/tmp/a%20b.lua", "file:///tmp/./a%20b.lua"):
        assert documents.get(uri) is not None
    assert documents.get("file:///tmp/a.lua") is None
    assert chunk_of_uri("untitled:Untitled-1") == ""
    assert chunk_of_uri("git:/tmp/a.lua") == ""
    assert Document("untitled:1", 1, "").path == ""


def test_a_version_is_parsed_once() -> None:
    document = Document("untitled:a", 1, "local x = 1\n" * 2000)
    trees = []
    threads = [threading.Thread(target=lambda: trees.append(document.tree)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(trees) == 4
    assert all(tree is trees[0] for tree in trees)


def test_a_text_that_grows_too_long_is_not_read_until_it_is_shorter() -> None:
    document = Document("untitled:a", 1, "local a = 1\n")
    assert document.tree.ok
    longer = document.changed(2, [Change("x" * (LONGEST + 1))], "utf-8")
    (problem,) = longer.tree.problems
    assert problem.code == "compile-limit"
    assert not longer.tree.body.statements
    shorter = longer.changed(3, [Change("local b = 2\n")], "utf-8")
    assert shorter.tree.ok
    assert len(shorter.tree.body.statements) == 1

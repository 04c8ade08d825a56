"""Names changed everywhere, and those that stay, with the reason."""

from __future__ import annotations

from pathlib import Path

import pytest

from kit.marked import files
from tidelock.lsp import convert_edits as edits
from tidelock.lsp.documents import Document
from tidelock.lsp.features.prepare_rename import prepare_rename
from tidelock.lsp.features.rename import CannotRename, Renaming, rename
from tidelock.lsp.manner import Manner
from tidelock.shared.errors import TidelockError
from tidelock.shared.language.index.snapshot import EMPTY
from tidelock.shared.language.index.space import Places, Space
from tidelock.shared.language.index.worker import read_file
from tidelock.shared.model import Dialect


def opened(source: str, dialect: Dialect = "5.4") -> tuple[dict[str, Document], Document, int]:
    """The documents of marked Lua by name, the one with the cursor, and the cursor."""
    texts = files(source)
    found = {
        name: Document(f"file:///nowhere/{name}", 1, text.text, dialect)
        for name, text in texts.items()
    }
    (asked,) = (name for name, text in texts.items() if text.cursor is not None)
    return found, found[asked], texts[asked].at


def space_of(documents: dict[str, Document]) -> Space:
    return Space(opened=documents.values(), places=Places("/nowhere"))


def renamed(source: str, name: str = "new", dialect: Dialect = "5.4") -> tuple[Renaming, str]:
    documents, document, at = opened(source, dialect)
    found = rename(document, at, space_of(documents), name)
    assert found is not None
    shown = []
    for file, one in documents.items():
        text = one.text
        places = {link for link in found.links if link.uri == one.uri}
        for link in sorted(places, key=lambda link: -link.start):
            text = text[: link.start] + found.text + text[link.end :]
        shown.append(f"-- {file} --\n{text}" if len(documents) > 1 else text)
    return found, "".join(shown)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("local x$0 = 1\nprint(x)\ndo local x = 2 end",
         "local new = 1\nprint(new)\ndo local x = 2 end"),
        ("local function f(a)\n  return f(a$0)\nend",
         "local function f(new)\n  return f(new)\nend"),
        (
            "---@param a number\n---@param b number a\nlocal function f(a$0, b) return a end",
            "---@param new number\n---@param b number a\nlocal function f(new, b) return new end",
        ),
        (
            "local t = {\n  ---@param a number\n  m = function(_, a$0) end,\n}",
            "local t = {\n  ---@param new number\n  m = function(_, new) end,\n}",
        ),
        ("goto x$0\n::x::", "goto new\n::new::"),
        ("::x::\ngoto x$0", "::new::\ngoto new"),
        ("local x$0 ---@type any\n---@cast x string\nprint(x)",
         "local new ---@type any\n---@cast new string\nprint(new)"),
        ("local t = {x = 1}\nt.x$0 = t['x'] + t.y", "local t = {new = 1}\nt.new = t['new'] + t.y"),
        ("local t = {}\nfunction t.f$0() end\nt.f()\nlocal u = {f = 1}\nu.f = 2",
         "local t = {}\nfunction t.new() end\nt.new()\nlocal u = {f = 1}\nu.f = 2"),
        ("---@class C\n---@field a number\nlocal C = {}\nC.a$0 = 1",
         "---@class C\n---@field new number\nlocal C = {}\nC.new = 1"),
        ("local x$0 = 1\ndo local new = 2 end\nreturn x",
         "local new = 1\ndo local new = 2 end\nreturn new"),
        (
            "-- a.lua --\ncount$0 = 1\n-- b.lua --\nprint(count, _G.count)\nlocal count = 2\n",
            "-- a.lua --\nnew = 1\n-- b.lua --\nprint(new, _G.new)\nlocal count = 2\n",
        ),
        (
            "-- a.lua --\nlocal M = {}\nfunction M.go$0() end\nreturn M\n"
            "-- b.lua --\nlocal a = require 'a'\na.go()\nlocal b = {go = 1}\nprint(b.go)\n",
            "-- a.lua --\nlocal M = {}\nfunction M.new() end\nreturn M\n"
            "-- b.lua --\nlocal a = require 'a'\na.new()\nlocal b = {go = 1}\nprint(b.go)\n",
        ),
    ],
)  # fmt: skip
def test_renamed_everywhere(before: str, after: str) -> None:
    found, text = renamed(before)
    assert text == after
    assert not found.unsure


@pytest.mark.parametrize(
    ("source", "name", "why"),
    [
        ("local x$0 = 1", "end", "'end' is no name in Lua"),
        ("local x$0 = 1", "a b", "'a b' is no name in Lua"),
        ("local x$0 = 1", "", "'' is no name in Lua"),
        ("if$0 x then end", "new", "'if' is a word of the language"),
        ("print$0(1)", "new", "'print' belongs to the library"),
        ("string.rep$0('x', 1)", "new", "'rep' is a field of the library"),
        ("function T:m() return self$0 end", "new", "'self' is what ':' gives a method"),
        ("local x$0 = 1\nlocal y = 2\nprint(x)", "y", "'y' on line 3 would mean another variable"),
        ("local y = 2\ndo local x$0 = 1\nprint(y) end", "y", "'y' on line 3 would mean another"),
        ("x$0 = 1\nlocal function f(new) return x, new end", "new", "on line 2 would mean another"),
        ("x$0 = 1\nnew = 2", "new", "there is a global 'new' already in main.lua"),
        ("x$0 = 1", "print", "'print' belongs to the library"),
        ("goto x$0\ngoto y\n::x::\n::y::", "y", "the text would mean something else with 'y'"),
        ("local _ENV = {}\nx$0 = 1", "new", "'x' is a field of a local '_ENV'"),
        ("local t = {x = 1, new = 2}\nprint(t.x$0)", "new", "there is a field 'new' already"),
        ("local t = setmetatable({}, {__index$0 = f})", "new", "has a meaning to Lua itself"),
        ("local t = {['a\\n'] = 1}\nt['a\\n$0'] = 2", "new", "cannot be rewritten"),
        ("_G$0.x = 1", "new", "'_G' belongs to the library"),
    ],
)
def test_refused_with_a_reason(source: str, name: str, why: str) -> None:
    documents, document, at = opened(source)
    with pytest.raises(CannotRename) as refusal:
        rename(document, at, space_of(documents), name)
    assert why in str(refusal.value)


def test_files_outside_the_workspace_stay() -> None:
    first = Document("file:///nowhere/a.lua", 1, "count = 1")
    other = Document("file:///elsewhere/b.lua", 1, "print(count)")
    space = Space(opened=[first, other], places=Places("/nowhere"))
    with pytest.raises(CannotRename, match=r"b\.lua, outside the workspace, uses it"):
        rename(first, 0, space, "new")


def test_a_name_of_its_own_is_no_change() -> None:
    assert renamed("local x$0 = 1", "x")[0] == Renaming("x")
    assert renamed("local x$0 = 1", "goto", "luajit")[1] == "local goto = 1"


def prepared(source: str) -> str | None:
    documents, document, at = opened(source)
    found = prepare_rename(document, at, space_of(documents))
    if found is None:
        return None
    assert document.text[found.start : found.end] == found.name
    return f"{found.kind} {found.name}"


def test_what_would_be_renamed() -> None:
    assert prepared("local abc = 1\nprint(a$0bc)") == "local abc"
    assert prepared("goto a$0\n::a::") == "label a"
    assert prepared("abc$0 = 1") == "global abc"
    assert prepared("local t = {}\nt['ab$0c'] = 1") == "field abc"
    assert prepared("local t = {}\nt.x.y$0 = 1") == "field y"
    assert prepared("-- a$0") is None
    assert prepared("x = 1 $0 + 2") is None
    with pytest.raises(CannotRename):
        prepared("for$0 i = 1, 2 do end")


UNSURE = "local function f(a, b)\n  return a.x$0 + b.x\nend"


def test_what_may_be_another_field_is_asked_about() -> None:
    documents, document, at = opened(UNSURE)
    found = rename(document, at, space_of(documents), "new")
    assert found is not None
    assert len(found.unsure) == 1
    can = Manner(document_changes=True, annotates=True)
    made = edits.rename_edit(found, document, can)
    assert made is not None
    assert made.document_changes is not None
    assert made.change_annotations is not None
    (change,) = made.document_changes
    marks = [getattr(one, "annotation_id", None) for one in change.edits]
    assert marks == [None, *made.change_annotations]
    with pytest.raises(TidelockError, match="1 more uses of the name may mean the same field"):
        edits.rename_edit(found, document, Manner(document_changes=True))


def test_edits_in_the_form_of_the_client() -> None:
    documents, document, at = opened("local x$0 = 1\nprint(x)")
    found = rename(document, at, space_of(documents), "new")
    plain = edits.rename_edit(found, document, Manner())
    assert plain is not None
    assert plain.changes is not None
    assert [len(one) for one in plain.changes.values()] == [2]
    assert versions_of(found, document) == {"main.lua": 1}


def versions_of(found: Renaming | None, document: Document) -> dict[str, int | None]:
    """The versions of the texts that an edit is about, by the names of their files."""
    made = edits.rename_edit(found, document, Manner(document_changes=True, annotates=True))
    assert made is not None
    assert made.document_changes is not None
    texts = [one.text_document for one in made.document_changes]
    return {one.uri.rpartition("/")[2]: one.version for one in texts}


def test_each_open_text_has_its_own_version_in_an_edit(tmp_path: Path) -> None:
    root = tmp_path.resolve()
    (root / "c.lua").write_text("print(count)")
    first = Document((root / "a.lua").as_uri(), 3, "count = 1")
    second = Document((root / "b.lua").as_uri(), 7, "print(count)")
    path = str(root / "c.lua")
    snapshot = EMPTY.changed({path: read_file(path, "5.4").summary})
    found = rename(first, 0, Space(snapshot, [first, second], places=Places(str(root))), "new")
    assert found is not None
    assert versions_of(found, first) == {"a.lua": 3, "b.lua": 7, "c.lua": None}


def test_versions_are_named_where_uses_are_asked_about() -> None:
    documents, document, at = opened(UNSURE)
    found = rename(document, at, space_of(documents), "new")
    assert found is not None
    assert versions_of(found, document) == {"main.lua": 1}

"""What is known of other texts stays over edits, and never longer than it is true."""

from __future__ import annotations

import gc
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kit.chance import examples
from tidelock.shared.language.index.snapshot import EMPTY
from tidelock.shared.language.index.space import Places, Space
from tidelock.shared.language.index.succession import Succession
from tidelock.shared.language.index.summary import summarize
from tidelock.shared.language.index.trees import Trees
from tidelock.shared.language.types.texts import Text
from tidelock.shared.syntax.parser import parse
from tidelock.shared.syntax.tree import Tree

FILES = {
    "main.lua": "return require('mid').value",
    "mid.lua": "local M = {} M.value = require('deep').value return M",
    "deep.lua": "return { value = 'text' }",
    "other.lua": "---@type Thing\nlocal t\nlocal o = ('x'):own()\n"
    "return { size = t.size, shared = shared, own = o }",
}


class Open(NamedTuple):
    uri: str
    path: str
    tree: Tree


class Folder:
    """A workspace of files, some of them open and edited."""

    def __init__(self, root: Path, files: dict[str, str] = FILES) -> None:
        self.root = os.path.realpath(root)
        self.trees, self.succession = Trees("5.4"), Succession()
        self.opened: dict[str, Open] = {}
        for name, text in files.items():
            Path(self.root, name).parent.mkdir(exist_ok=True)
            Path(self.root, name).write_text(text)
        self.snapshot = EMPTY.changed(
            {os.path.join(self.root, name): summarize(text, "5.4") for name, text in files.items()}
        )

    def open(self, name: str, text: str) -> Space:
        """The workspace with a text as an editor has it now."""
        path = os.path.join(self.root, name)
        self.opened[name] = Open(Path(path).as_uri(), path, parse(text))
        return self.space()

    def space(self) -> Space:
        places = Places(self.root)
        return Space(
            self.snapshot, self.opened.values(), self.trees, places, succession=self.succession
        )

    def text(self, space: Space, name: str) -> Text:
        found = space.module(os.path.join(self.root, name))
        assert found is not None
        return space.types.text_of(found)

    def returned(self, space: Space, name: str = "main.lua") -> str:
        """The type of what a text gives as a module."""
        types, text = space.types, self.text(space, name)
        with types.asking(text):
            return types.printer.text(types.names.exported(text))


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path)


def test_an_edit_leaves_what_is_known_of_the_texts_below(folder: Folder) -> None:
    first = folder.open("main.lua", FILES["main.lua"])
    assert folder.returned(first) == "string"
    known = {name: folder.text(first, name) for name in ("mid.lua", "deep.lua")}
    assert all(text.memo for text in known.values())
    second = folder.open("main.lua", f"local x {FILES['main.lua']}")
    assert {name: folder.text(second, name) for name in known} == known
    assert folder.returned(second) == "string"


def test_a_changed_export_is_seen_through_others(folder: Folder) -> None:
    space = folder.open("main.lua", FILES["main.lua"])
    for value, kind in (("'text'", "string"), ("{}", "table"), ("5", "integer"), ("nil", "nil")):
        space = folder.open("deep.lua", f"return {{ value = {value} }}")
        assert folder.returned(space) == kind


def test_a_file_that_changed_on_disk_is_seen(folder: Folder) -> None:
    assert folder.returned(folder.open("main.lua", FILES["main.lua"])) == "string"
    Path(folder.root, "deep.lua").write_text("return { value = 12345 }")
    assert folder.returned(folder.open("main.lua", f"{FILES['main.lua']} ")) == "integer"


def test_a_module_that_comes_is_seen_by_those_that_miss_it(tmp_path: Path) -> None:
    folder = Folder(tmp_path, {one: FILES[one] for one in ("main.lua", "mid.lua")})
    assert folder.returned(folder.open("main.lua", FILES["main.lua"])) == "unknown"
    Path(folder.root, "deep.lua").write_text(FILES["deep.lua"])
    assert folder.returned(folder.open("main.lua", f"{FILES['main.lua']} ")) == "string"


@pytest.mark.parametrize(
    ("edit", "seen"),
    [
        ("", "{ size: unknown, shared: unknown, own: unknown }"),
        ("shared = 'text'", "{ size: unknown, shared: string, own: unknown }"),
        (
            "---@class Thing\n---@field size number",
            "{ size: number, shared: unknown, own: unknown }",
        ),
    ],
)
def test_globals_and_classes_that_come_and_go_are_seen(
    folder: Folder, edit: str, seen: str
) -> None:
    plain = "{ size: unknown, shared: unknown, own: unknown }"
    assert folder.returned(folder.open("main.lua", ""), "other.lua") == plain
    assert folder.returned(folder.open("main.lua", edit), "other.lua") == seen
    assert folder.returned(folder.open("main.lua", "local x"), "other.lua") == plain


def test_functions_of_strings_that_come_make_everything_new(folder: Folder) -> None:
    first = folder.open("main.lua", FILES["main.lua"])
    folder.returned(first)
    mid = folder.text(first, "mid.lua")
    second = folder.open("main.lua", "function string.own() return 5 end")
    assert folder.text(second, "mid.lua") is not mid


def test_a_space_of_before_answers_as_it_was(folder: Folder) -> None:
    folder.open("deep.lua", "return { value = 'text' }")
    before = folder.open("main.lua", FILES["main.lua"])
    folder.text(before, "mid.lua")
    after = folder.open("deep.lua", "return { value = 5 }")
    assert folder.returned(after) == "integer"
    assert folder.returned(before) == "string"
    assert folder.returned(after) == "integer"
    assert folder.returned(folder.open("main.lua", f"{FILES['main.lua']} ")) == "integer"


def test_an_older_space_asked_later_answers_as_it_was(folder: Folder) -> None:
    older = folder.open("main.lua", FILES["main.lua"])
    newer = folder.open("deep.lua", "return { value = 5 }")
    assert folder.returned(newer) == "integer"
    assert folder.returned(older) == "string"
    assert folder.returned(newer) == "integer"


MAKER = """
local C = {} C.__index = C
---@generic T
---@param name `T`
---@return T
function C.of(name) end
function C.plain() return { n = 1 } end
return C
"""


@contextmanager
def _trees_of(mark: str) -> Iterator[list[int]]:
    found: list[int] = []
    yield found
    gc.collect()
    found += [id(one) for one in gc.get_objects() if isinstance(one, Tree) and mark in one.text]


def test_edited_texts_are_let_go_of(tmp_path: Path) -> None:
    maker = {"maker.lua": MAKER}
    folder = Folder(tmp_path, maker)
    with _trees_of("once_upon") as kept:
        for count in range(20):
            text = f"local c = require('maker') local once_upon = {{ a = {count} }} "
            text += "---@class Own\nlocal o = setmetatable(c.plain(), { __index = once_upon }) "
            text += "return { o = o.a, own = c.of('Own') }"
            seen = folder.returned(folder.open("main.lua", text))
            assert seen == "{ o: integer, own: Own }"
    assert len(kept) <= 3


PIECES = [
    "local a = require('a')\n",
    "local b = require('b')\n",
    "local c = require('c.d')\n",
    "local M = {}\nM.__index = M\n",
    "M = M or {}\n",
    "function M.new(x) return setmetatable({ x = x }, M) end\n",
    "function M:get() return self.x, shared end\n",
    "---@class Thing\n---@field size number\nlocal t = {}\n",
    "---@class Thing: Base\nlocal t = {}\n",
    "---@class Base\n---@field kind 'base'\n",
    "---@alias Base string|number\n",
    "---@type Thing\nlocal t\n",
    "---@generic T\n---@param name `T`\n---@return T\nfunction made(name) end\n",
    "shared = 5\n",
    "shared = a and a.x or t\n",
    "function string.own(s) return s, 5 end\n",
    "o = a and a.new(b) or c\n",
    "local o = setmetatable(a, { __index = b })\n",
    "local v = made('Thing')\n",
    "local s = ('x'):own()\n",
    "if o == nil then o = { own = t } end\n",
]
ENDS = [
    "return M\n",
    "return { a = a, b = b, x = a and a.x, o = o and o.size, s = s, v = v, t = t and t.kind }\n",
    "return a and a.new and a.new(1):get() or made and made('Thing')\n",
]
NAMES = ["a.lua", "b.lua", "c/d.lua", "e.lua"]
texts = st.builds(
    lambda pieces, end: "".join(pieces) + end,
    st.lists(st.sampled_from(PIECES), max_size=6),
    st.sampled_from(ENDS),
)


@settings(max_examples=examples(40), deadline=None, suppress_health_check=list(HealthCheck))
@given(
    st.fixed_dictionaries(dict.fromkeys(NAMES, texts)),
    st.lists(st.tuples(st.sampled_from(NAMES[:2]), texts), min_size=1, max_size=6),
)
def test_what_is_kept_is_what_would_be_found(
    tmp_path_factory: pytest.TempPathFactory, files: dict[str, str], edits: list[tuple[str, str]]
) -> None:
    folder = Folder(tmp_path_factory.mktemp("w"), files)
    for name in NAMES[:2]:
        folder.open(name, files[name])
    for name, text in [(NAMES[0], files[NAMES[0]]), *edits]:
        space = folder.open(name, text)
        fresh = Space(folder.snapshot, folder.opened.values(), folder.trees, space.places)
        for other in NAMES:
            assert folder.returned(space, other) == folder.returned(fresh, other), other

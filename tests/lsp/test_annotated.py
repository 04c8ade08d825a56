"""The words of annotations as an editor meets them: they lead somewhere and are renamed as code."""

from __future__ import annotations

from itertools import accumulate

import pytest
from lsprotocol import types

from kit.marked import files
from tidelock.lsp.documents import Document
from tidelock.lsp.features.definition import definition
from tidelock.lsp.features.highlights import highlights
from tidelock.lsp.features.references import references
from tidelock.lsp.features.rename import CannotRename, rename
from tidelock.lsp.moment import View
from tidelock.lsp.sent import MODIFIERS
from tidelock.shared.language.index.links import Link
from tidelock.shared.language.index.space import Places, Space

from .conftest import Place


class Texts:
    """Open texts of marked Lua, one of them with the cursor."""

    def __init__(self, source: str) -> None:
        self.marks = files(source)
        self.documents = {
            name: Document(f"file:///nowhere/{name}", 1, one.text, "5.4")
            for name, one in self.marks.items()
        }
        self.space = Space(opened=self.documents.values(), places=Places("/nowhere"))
        (name,) = (name for name, one in self.marks.items() if one.cursor is not None)
        self.document, self.at = self.documents[name], self.marks[name].at

    def marked(self) -> list[tuple[str, int, int]]:
        return sorted((name, *span) for name, one in self.marks.items() for span in one.ranges)


def placed(links: list[Link]) -> list[tuple[str, int, int]]:
    return sorted((link.uri.rpartition("/")[2], link.start, link.end) for link in links)


@pytest.mark.parametrize(
    "source",
    [
        "---@class <!A!>\n\n---@type A$0\nlocal a",
        "-- a.lua --\n---@type A?|B$0[]\nlocal a\n-- b.lua --\n---@alias <!B!> integer\n",
        "-- a.lua --\n---@param e E$0 text\nlocal function f(e) end\n"
        "-- b.lua --\n---@enum <!E!>\nlocal E = {on = 1}\n",
        "---@param a$0 A text\nlocal function f(<!a!>) end",
        "---@param b$0 A\nfunction M:f(a, <!b!>) end",
        "local <!x!> = f()\n---@cast x$0 string",
        "-- a.lua --\n---@cast x$0 string\n-- b.lua --\n<!x!> = 1\n",
        "---@class A\n---@field <!x$0!> number\n\n---@type A\nlocal a\na.x = 1",
        "---@class A\nlocal A = {}\nfunction A:<!go!>() end\n\n---@see A:go$0",
        "local M = {}\nfunction M.<!go!>() end\n---@see M.go$0 for more\nlocal x",
        "-- a.lua --\n---@see go$0\n-- b.lua --\nfunction <!go!>() end\n",
        "---@class <!A!>\n\n---@see A$0\nlocal x",
        "---@generic <!T!>: A\n---@param a T$0[]\nlocal function f(a) end",
    ],
)
def test_a_word_leads_to_what_it_names(source: str) -> None:
    texts = Texts(source)
    found = definition(texts.document, texts.at, View(), texts.space)
    assert found is not None
    assert placed(list(found.links)) == texts.marked()
    start, end = found.origin
    assert start <= texts.at <= end
    assert (
        texts.document.text[start:end].isidentifier()
        or "." in texts.document.text[start:end]
        or ":" in texts.document.text[start:end]
    )


@pytest.mark.parametrize(
    "source",
    ["---@cl$0ass A", "---@type Nowhere$0", "---@type string$0", "---@type 'r$0'", "---@see 5$0"],
)
def test_a_word_that_leads_nowhere(source: str) -> None:
    texts = Texts(source)
    assert definition(texts.document, texts.at, View(), texts.space) is None


@pytest.mark.parametrize(
    "source",
    [
        "-- a.lua --\n---@class <!A$0!>\n---@field next <!A!>?\n---@class B: <!A!>\n"
        "-- b.lua --\n---@param a table<string, <!A!>>\nlocal function f(a) end\nA = 1\n",
        "---@alias <!M!> 'r'\n---@type <!M$0!>\nlocal M\n---@see <!M!>",
        "---@class A<<!T!>>\n---@field x <!T$0!>\n\n---@class B<T>\n---@field y T",
        "---@param <!a$0!> A\nlocal function f(<!a!>) return <!a!> end\nlocal a",
        "---@param <!a!> A\nlocal function f(<!a!>) return <!a$0!> end\nlocal a",
        "-- a.lua --\n---@class A\n---@field <!x$0!> number\n---@class B\n---@field x number\n"
        "-- b.lua --\n---@type A\nlocal a\nprint(a.<!x!>)\n---@type B\nlocal b\nprint(b.x)\n",
        "---@class A\n---@field <!x!> number\n\n---@type A\nlocal a\nprint(a.<!x$0!>)",
    ],
)
def test_uses_in_annotations_and_in_code(source: str) -> None:
    texts = Texts(source)
    assert placed(references(texts.document, texts.at, texts.space)) == texts.marked()


def test_references_without_declarations() -> None:
    texts = Texts("---@class A\n---@type <!A$0!>\nlocal a")
    found = references(texts.document, texts.at, texts.space, declaration=False)
    assert placed(found) == texts.marked()


@pytest.mark.parametrize(
    ("source", "kinds"),
    [
        ("---@class <!A!>\n\n---@type <!A$0!>\nlocal A", "wr"),
        ("---@param <!a$0!> A\nlocal function f(<!a!>) return <!a!> end", "twr"),
        ("---@param <!a!> A\nlocal function f(<!a!>) return <!a$0!> end", "twr"),
        ("---@class A\n---@field <!x$0!> number\n\n---@type A\nlocal a\na.<!x!> = a.<!x!>", "wwr"),
        ("---@cl$0ass A", ""),
    ],
)
def test_highlights(source: str, kinds: str) -> None:
    texts = Texts(source)
    found = highlights(texts.document, texts.at, texts.space)
    assert [("main.lua", one.start, one.end) for one in found] == texts.marked()
    assert "".join(one.kind[0] for one in found) == kinds


@pytest.mark.parametrize(
    "source",
    [
        "-- a.lua --\n---@class <!A$0!>: Base\n---@field next <!A!>?\n"
        "-- b.lua --\n---@return <!A!>[] A\nlocal function f() end\nlocal A\n",
        "---@class <!a.A$0!>\n---@type <!a.A!>\n---@type a",
        "---@class <!A!>\n\n---@generic T\n---@param name `T`\n---@return T\n"
        "local function new(name) end\nlocal a = new('<!A!>') ---@type <!A$0!>\nprint('A')",
        "---@alias <!M!> 'r'|'w'\n---@param m <!M$0!>\nlocal function f(m) end",
        "---@generic <!T!>\n---@param a <!T$0!>\n---@return <!T!>\nlocal function f(a) end",
        "---@param <!a$0!> A a\nlocal function f(<!a!>) return <!a!> end",
        "local <!x!> = f()\n---@cast <!x$0!>.y string\nprint(<!x!>)",
        "-- a.lua --\n---@class A\n---@field <!x$0!> number\n"
        "-- b.lua --\n---@type A\nlocal a\nprint(a.<!x!>, x)\n",
    ],
)
def test_renamed_in_annotations_and_in_code(source: str) -> None:
    texts = Texts(source)
    found = rename(texts.document, texts.at, texts.space, "new_name")
    assert found is not None
    assert placed(list(found.links)) == texts.marked()
    assert not found.unsure


@pytest.mark.parametrize(
    ("source", "name", "why"),
    [
        ("---@type string$0", "new", "'string' is a type of Lua"),
        ("---@type file*$0", "new", "'file*' is a type of the library"),
        ("---@type Nowhere$0", "new", "'Nowhere' is declared nowhere"),
        ("---@class A$0\n---@class B", "B", "there is a type 'B' already"),
        ("---@class A$0", "integer", "there is a type 'integer' already"),
        ("---@class A$0", "a b", "'a b' is no name of a type"),
        ("---@class A$0\n\n---@generic T\n---@type T|A\nlocal a", "T", "a type variable on line 3"),
        ("---@class A<T$0>\n---@field x T", "U", "'T' is known to the methods of 'A'"),
        ("---@generic T$0\n---@param a T|U", "U", "there is a type 'U' in the comment already"),
        ("---@class A\n---@field x$0 number\n---@field y number", "y", "a field 'y' already"),
        ("---@param a$0 A\nlocal function f(a, b) return a, b end", "b", "mean another variable"),
        ("---@cl$0ass A", "new", "'@class' is a word of annotations"),
    ],
)
def test_a_name_that_stays_with_the_reason(source: str, name: str, why: str) -> None:
    texts = Texts(source)
    with pytest.raises(CannotRename) as refusal:
        rename(texts.document, texts.at, texts.space, name)
    assert why in str(refusal.value)


def test_a_type_of_a_file_outside_the_workspace_stays() -> None:
    first = Document("file:///nowhere/a.lua", 1, "---@class A")
    other = Document("file:///elsewhere/b.lua", 1, "---@type A\nlocal a")
    space = Space(opened=[first, other], places=Places("/nowhere"))
    with pytest.raises(CannotRename, match=r"b\.lua, outside the workspace, uses it"):
        rename(first, len("---@class A"), space, "B")


def test_over_stdio_with_a_file_that_nobody_has_open(place: Place) -> None:
    place.file("gates.lua", "---@class Gate\n---@field width number\n")
    main = place.file("main.lua", "---@type Gate\nlocal gate\nprint(gate.width)\n")
    client = place.server()
    client.open(main, main.read_text())
    at = client.at(main, 0, 10)

    found = client.wait_until(
        lambda: client.request("textDocument/definition", at), None, "the index"
    )
    assert found.uri.rpartition("/")[2] == "gates.lua"
    wanted = {**at, "context": {"includeDeclaration": True}}
    found = client.request("textDocument/references", wanted)
    places = [(one.uri.rpartition("/")[2], one.range.start.line) for one in found]
    assert places == [("main.lua", 0), ("gates.lua", 0)]
    edit = client.request("textDocument/rename", {**at, "newName": "Lock"})
    texts = [(one.text_document.uri.rpartition("/")[2], [each.new_text for each in one.edits])
             for one in edit.document_changes]  # fmt: skip
    assert sorted(texts) == [("gates.lua", ["Lock"]), ("main.lua", ["Lock"])]
    said = client.hover(main, 0, 10)
    assert said is not None
    assert said.contents.value == (  # type: ignore[union-attr]
        "```lua\n(class) Gate {\n  width: number\n}\n```\n\ndeclared on line 1 of gates.lua"
    )


def test_tokens_are_asked_for_again_when_the_program_has_other_names(place: Place) -> None:
    main = place.file("main.lua", 'load("made = 1")()\nprint(made)\n')
    client = place.server(initialize=False)
    asked = []
    client.answers["workspace/semanticTokens/refresh"] = asked.append
    client.initialize(place.work)
    client.open(main)
    document = client.document(main)
    bit = 1 << MODIFIERS.index("observed")

    def ways() -> list[int]:
        """The modifiers of each word of the second line."""
        data = client.request("textDocument/semanticTokens/full", document).data
        lines = accumulate(data[::5])
        return [one for line, one in zip(lines, data[4::5], strict=True) if line]

    assert not any(one & bit for one in ways())
    params = {"command": "tidelock.run", "arguments": [{"uri": main.as_uri()}]}
    client.request("workspace/executeCommand", params)
    while True:
        before = len(asked)
        if [bool(one & bit) for one in ways()] == [False, True]:
            break
        client.wait_until(
            lambda before=before: len(asked) > before or None, None, "to be told to ask again"
        )


def test_the_outline_over_stdio(place: Place) -> None:
    text = (
        "-- %% Gates\n---@class Gate\n---@field width number\nlocal Gate = {}\n"
        "---@enum State\nlocal State = { on = 1 }\n"
    )
    main = place.file("main.lua", text)
    client = place.server()
    client.open(main)
    (cell,) = client.request("textDocument/documentSymbol", client.document(main))
    kinds = types.SymbolKind
    assert (cell.name, cell.kind, cell.selection_range.end.character) == ("Gates", kinds.Module, 11)
    gate, state = cell.children
    assert (gate.name, gate.kind, gate.range.start.line) == ("Gate", kinds.Class, 1)
    assert [(one.name, one.kind, one.detail) for one in gate.children] == [
        ("width", kinds.Field, "number")
    ]
    assert (state.kind, state.children[0].kind) == (kinds.Enum, kinds.EnumMember)


def test_expected_texts_over_stdio(place: Place) -> None:
    text = "---@param mode 'read'|'write'\nlocal function f(mode) end\nf('')\n"
    main = place.file("main.lua", text)
    client = place.server()
    client.open(main)
    found = client.completion(main, 2, 3, triggerCharacter="'")
    assert [(one.label, one.kind) for one in found] == [
        ("read", types.CompletionItemKind.EnumMember),
        ("write", types.CompletionItemKind.EnumMember),
    ]

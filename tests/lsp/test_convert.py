"""The converter: clients of every kind are understood, and answered in their manner."""

from __future__ import annotations

from typing import Any

import pytest
from lsprotocol import types

from tidelock.lsp import convert
from tidelock.lsp.documents import Document
from tidelock.lsp.features.completion import Completed
from tidelock.lsp.features.definition import Definition
from tidelock.lsp.features.signature import Signature, Signatures
from tidelock.lsp.manner import Manner
from tidelock.shared.errors import BadRequest
from tidelock.shared.language.completion import Item
from tidelock.shared.language.hover import Hover
from tidelock.shared.language.index.links import Link
from tidelock.shared.language.symbols import Outline
from tidelock.shared.model import Problem, Related
from tidelock.shared.positions import Place

TEXT = Document("file:///w/a.lua", 4, "é😀  = 1\nt.x\n")


def encodings(*offered: Any) -> Any:
    return {"capabilities": {"general": {"positionEncodings": list(offered)}}}


@pytest.mark.parametrize(
    ("params", "encoding"),
    [
        ({}, "utf-16"),
        ({"capabilities": None}, "utf-16"),
        ({"capabilities": {"general": {"positionEncodings": 3}}}, "utf-16"),
        (encodings(), "utf-16"),
        (encodings("utf-7", None), "utf-16"),
        (encodings("utf-8", "utf-16"), "utf-8"),
        (encodings("utf-7", "utf-32"), "utf-32"),
    ],
)
def test_the_first_encoding_of_the_client_that_is_known(params: Any, encoding: str) -> None:
    assert Manner.of(params).encoding == encoding


def test_what_a_client_says_of_itself() -> None:
    assert Manner.of({"capabilities": {"textDocument": []}}) == Manner()
    text = {
        "completion": {"completionItem": {"insertReplaceSupport": True, "documentationFormat": 1}},
        "hover": {"contentFormat": ["plaintext", "markdown"]},
        "definition": {"linkSupport": "yes"},
    }
    manner = Manner.of({"processId": 7, "capabilities": {"textDocument": text}})
    expected = Manner(insert_replace=True, hover_markdown=True, process=7)
    assert manner == expected
    assert Manner.of({"processId": True}).process == 0
    with pytest.raises(BadRequest):
        Manner.of([1])


@pytest.mark.parametrize(
    ("params", "folders"),
    [
        ({"rootUri": "file:///a%20b"}, ("/a b",)),
        ({"rootUri": None, "rootPath": "/c"}, ("/c",)),
        ({"rootUri": "vscode-vfs://x/y"}, ()),
        ({"workspaceFolders": [{"uri": "file:///one"}, {"uri": "file:///two"}]}, ("/one", "/two")),
        ({"workspaceFolders": [], "rootUri": "file:///r"}, ("/r",)),
        ({"workspaceFolders": [{"uri": "vscode-vfs://x"}, {"uri": "file:///b"}]}, ("/b",)),
        ({"workspaceFolders": ["x"], "rootPath": 4}, ()),
    ],
)
def test_the_folders_that_are_open(params: Any, folders: tuple[str, ...]) -> None:
    assert Manner.of(params).folders == folders


def test_a_change_of_folders_is_read_as_editors_send_it() -> None:
    one = {"uri": "file:///a%20b", "name": "a b"}
    read = convert.folder_change({"event": {"added": [one], "removed": [[]]}})  # Neovim 0.7
    assert read == convert.FolderChange(removed=(), added=("/a b",))
    read = convert.folder_change({"event": {"removed": [{"uri": "vscode-vfs://x"}, one, 4]}})
    assert read == convert.FolderChange(removed=("/a b",), added=())
    for params in (None, [], {}, {"event": [one]}):
        with pytest.raises(BadRequest):
            convert.folder_change(params)


WRONG: list[Any] = [
    None,
    [],
    "x",
    {},
    {"textDocument": 1},
    {"textDocument": {"uri": "a"}, "position": {"line": -1, "character": 0}},
    {"textDocument": {"uri": "a"}, "position": {"line": {}, "character": 0}},
]


@pytest.mark.parametrize("params", WRONG)
def test_params_that_do_not_fit_are_refused(params: Any) -> None:
    for decode in (convert.completion, convert.hover, convert.definition, convert.signature):
        with pytest.raises(BadRequest):
            decode(params)


def test_notifications_that_do_not_fit_are_refused() -> None:
    for decode in (convert.opened, convert.changed, convert.closed, convert.trace):
        with pytest.raises(BadRequest):
            decode({"value": "loud"})


def test_the_argument_of_a_command() -> None:
    span = {"start": {"line": 1, "character": 2}, "end": {"line": 3, "character": 4}}
    assert convert.stretch([{"uri": "a", "new": 1}]) == ("a", None, None)
    assert convert.stretch([{"uri": "a", "range": span}]) == ("a", Place(1, 2), Place(3, 4))
    for wrong in ([], ["a"], [{}], [{"uri": 1}], [{"uri": "a", "range": 1}]):
        with pytest.raises(BadRequest):
            convert.stretch(wrong)


def item(label: str, start: int, insert: str = "", **more: str) -> Item:
    detail, documentation = more.get("detail", ""), more.get("documentation", "")
    kind = more.get("kind", "field")
    return Item(label, kind, detail, documentation, "static", "10000", insert or label, start)


def span(line: int, start: int, end: int) -> types.Range:
    return types.Range(types.Position(line, start), types.Position(line, end))


def test_proposals_with_their_edits() -> None:
    found = Completed([item("xyz", 10, detail="d", documentation="*m*")], 10, 11, True)
    answer = structured(convert.completion_list(found, TEXT, Manner()))
    assert answer.is_incomplete
    (made,) = answer.items
    assert made.text_edit == types.TextEdit(span(1, 2, 3), "xyz")
    assert made.label_details is None
    assert made.documentation == types.MarkupContent(types.MarkupKind.PlainText, "*m*")
    manner = Manner(insert_replace=True, label_details=True, item_markdown=True)
    (made,) = structured(convert.completion_list(found, TEXT, manner)).items
    assert made.text_edit == types.InsertReplaceEdit("xyz", span(1, 2, 2), span(1, 2, 3))
    assert made.label_details == types.CompletionItemLabelDetails(description="d")
    found = found._replace(end=10)
    (made,) = structured(convert.completion_list(found, TEXT, manner)).items
    assert made.text_edit == types.TextEdit(span(1, 2, 2), "xyz")


def structured(answer: Any) -> types.CompletionList:
    """Proposals as the protocol's library reads them: nothing of them is lost or unknown to it."""
    made = convert.structured(answer, types.CompletionList)
    assert convert.plain(made) == answer
    return made


def test_a_key_in_brackets_is_found_by_its_dot() -> None:
    found = Completed([item("a b", 9, '["a b"]'), item("x", 10)], 10, 10)
    bracket, plain = structured(convert.completion_list(found, TEXT, Manner())).items
    assert bracket.filter_text == ".a b"
    assert bracket.text_edit == types.TextEdit(span(1, 1, 2), '["a b"]')
    assert plain.filter_text is None


@pytest.mark.parametrize(("encoding", "end"), [("utf-8", 6), ("utf-16", 3), ("utf-32", 2)])
def test_hover_in_the_manner_of_the_client(encoding: Any, end: int) -> None:
    found = Hover(0, 2, "é😀", "text", ("observed: 1",))
    answer = convert.hover_answer(found, TEXT, Manner(encoding, hover_markdown=True))
    assert answer is not None
    assert answer.range == span(0, 0, end)
    assert isinstance(answer.contents, types.MarkupContent)
    assert answer.contents.value == "```lua\né😀\n```\n\ntext\n\nobserved: 1"
    answer = convert.hover_answer(found, TEXT, Manner(encoding))
    assert answer is not None
    assert answer.contents == types.MarkupContent(
        types.MarkupKind.PlainText, "é😀\n\ntext\n\nobserved: 1"
    )
    assert convert.hover_answer(None, TEXT, Manner()) is None


def test_signatures_by_text_and_by_offsets() -> None:
    found = Signatures((Signature("f(é, b)", "text", ((2, 3), (5, 6)), 1),))
    answer = convert.signature_help(found, TEXT, Manner())
    assert answer is not None
    (one,) = answer.signatures
    assert [each.label for each in one.parameters or ()] == ["é", "b"]
    assert (answer.active_signature, answer.active_parameter) == (0, 1)
    answer = convert.signature_help(found, TEXT, Manner(label_offsets=True))
    assert answer is not None
    assert [each.label for each in answer.signatures[0].parameters or ()] == [(2, 3), (5, 6)]
    assert convert.signature_help(None, TEXT, Manner()) is None
    other = Signature("f(a)", "", ((2, 3),), 0)
    answer = convert.signature_help(Signatures((*found.ways, other), 1), TEXT, Manner())
    assert answer is not None
    assert [one.label for one in answer.signatures] == ["f(é, b)", "f(a)"]
    assert (answer.active_signature, answer.active_parameter) == (1, 0)


def test_definitions_as_places_and_as_links() -> None:
    here = Definition((10, 11), (Link(TEXT.uri, TEXT.lines, 8, 9),))
    there = Definition((10, 11), lines=(("file:///w/b.lua", 3),))
    both = Definition((10, 11), here.links, there.lines)
    assert convert.definition_answer(here, TEXT, Manner()) == types.Location(
        TEXT.uri, span(1, 0, 1)
    )
    assert convert.definition_answer(there, TEXT, Manner(links=True)) == [
        types.LocationLink("file:///w/b.lua", span(3, 0, 0), span(3, 0, 0), span(1, 2, 3))
    ]
    assert convert.definition_answer(both, TEXT, Manner()) == [
        types.Location(TEXT.uri, span(1, 0, 1)),
        types.Location("file:///w/b.lua", span(3, 0, 0)),
    ]
    assert convert.definition_answer(None, TEXT, Manner()) is None


def test_the_outline_as_tree_and_flat() -> None:
    inner = Outline("m", "method", "(a)", 8, 11, 10, 11, ())
    outer = Outline("t", "table", "", 8, 11, 8, 9, (inner,))
    (tree,) = convert.symbol_tree([outer], TEXT, Manner(hierarchical=True))
    assert isinstance(tree, types.DocumentSymbol)
    assert [child.name for child in tree.children or ()] == ["m"]
    assert tree.selection_range == span(1, 0, 1)
    flat = convert.symbol_tree([outer], TEXT, Manner())
    assert [isinstance(one, types.SymbolInformation) for one in flat] == [True, True]
    assert [getattr(one, "container_name", "") for one in flat] == [None, "t"]


def test_problems_with_what_explains_them() -> None:
    problem = Problem("syntax-error", "error", 8, 9, "words", "load", (Related(10, 11, "why"),))
    published = convert.publication(TEXT, [problem], Manner(related=True))
    assert (published.uri, published.version) == (TEXT.uri, 4)
    (made,) = published.diagnostics
    assert (made.message, made.code, made.source) == ("words", "syntax-error", "lua")
    assert made.severity == types.DiagnosticSeverity.Error
    (related,) = made.related_information or ()
    assert (related.message, related.location.range) == ("why", span(1, 2, 3))
    ours = problem._replace(origin="parser")
    (made,) = convert.publication(TEXT, [ours], Manner()).diagnostics
    assert (made.source, made.related_information) == ("tidelock", None)
    assert convert.withdrawal("a").diagnostics == []


def test_problems_are_tagged_for_who_can_show_it() -> None:
    named = {"unused-local": "Unnecessary", "deprecated": "Deprecated", "undefined-global": None}
    for code, tag in named.items():
        problem = Problem(code, "hint", 8, 9, "words")
        (made,) = convert.publication(TEXT, [problem], Manner(tags=True)).diagnostics
        assert made.tags == (None if tag is None else [types.DiagnosticTag[tag]])
        (made,) = convert.publication(TEXT, [problem], Manner()).diagnostics
        assert made.tags is None
    support = {"publishDiagnostics": {"tagSupport": {"valueSet": [1, 2]}}}
    assert Manner.of({"capabilities": {"textDocument": support}}).tags

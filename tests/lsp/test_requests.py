"""Every request of the table: over the wire in one session, and with params that make no sense."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from lsprotocol import types

from kit.lsp_conduct import converter
from kit.marked import Marked, marked
from tidelock.lsp import routes

from .conftest import Place
from .test_session import URI, Editor, about

Json = dict[str, Any]

LIB = """\
local lib = {}

---@class Thing

---@class Gate: Thing
---@field depth number

--- Opens it.
---@param depth number
---@return Gate
function lib.open(depth)
  return {depth = depth}
end
return lib
"""

MAIN = """\
local lib = require("lib")
local function twice(n)
  if n then
    return lib.open(2)
  end
end
local gate = twice(1)
print(gate.depth, gate.dept, pritn)
-- %% cell
x   = 1
"""


WHOLE = {"start": {"line": 0, "character": 0}, "end": {"line": 99, "character": 0}}


class Row:
    """A request: where it is asked, with what else, and what its answer must show."""

    def __init__(self, at: str, check: Callable[[Any], Any], **params: Any) -> None:
        self.at = at
        self.check = check
        self.params = params


def texts(found: Any) -> list[str]:
    return [edit.new_text for one in found.document_changes for edit in one.edits]


ROWS: dict[str, Row] = {
    "textDocument/completion": Row(
        "gate.dept", lambda found: "depth" in [one.label for one in found.items], after=5
    ),
    "textDocument/signatureHelp": Row(
        "2)", lambda found: found.signatures[0].label.startswith("lib.open(depth")
    ),
    "textDocument/hover": Row("twice(1)", lambda found: "twice" in found.contents.value),
    "textDocument/definition": Row(
        "open(2)", lambda found: found.uri.endswith("lib.lua") and found.range.start.line == 10
    ),
    "textDocument/typeDefinition": Row(
        "gate =", lambda found: [one.range.start.line for one in found] == [4]
    ),
    "textDocument/declaration": Row(
        "depth, gate", lambda found: [one.range.start.line for one in found] == [5]
    ),
    "textDocument/implementation": Row(
        "open(2)", lambda found: [one.range.start.line for one in found] == [10]
    ),
    "textDocument/references": Row(
        "twice(n)", lambda found: len(found) == 2, context={"includeDeclaration": True}
    ),
    "textDocument/documentHighlight": Row("if n", lambda found: len(found) == 3),
    "textDocument/prepareRename": Row("twice(1)", lambda found: found.placeholder == "twice"),
    "textDocument/rename": Row(
        "twice(1)", lambda found: texts(found) == ["thrice", "thrice"], newName="thrice"
    ),
    "textDocument/codeAction": Row(
        "pritn",
        lambda found: "write 'print'" in [one.title for one in found],
        context={"diagnostics": []},
    ),
    "codeAction/resolve": Row("pritn", lambda found: found.edit is not None),
    "textDocument/foldingRange": Row(
        "", lambda found: (1, 4) in [(one.start_line, one.end_line) for one in found]
    ),
    "textDocument/selectionRange": Row(
        "gate.depth", lambda found: found[0].parent.range.end.character > 0
    ),
    "textDocument/semanticTokens/full": Row("", lambda found: len(found.data) > 100),
    "textDocument/semanticTokens/full/delta": Row("", lambda found: not found.edits),
    "textDocument/semanticTokens/range": Row("", lambda found: len(found.data) == 5),
    "textDocument/inlayHint": Row(
        "", lambda found: [one.label for one in found] == ["depth:", "n:"], range=WHOLE
    ),
    "textDocument/documentLink": Row("", lambda found: found[0].target.endswith("lib.lua")),
    "textDocument/inlineValue": Row("", lambda found: found is None),
    "textDocument/codeLens": Row(
        "", lambda found: [one.command.title for one in found] == ["Run", "Run cell"]
    ),
    "codeLens/resolve": Row("twice(n)", lambda found: found.command.title == "1 reference"),
    "textDocument/prepareCallHierarchy": Row("open(2)", lambda found: found[0].name == "lib.open"),
    "callHierarchy/incomingCalls": Row("open(2)", lambda found: found[0].from_.name == "twice"),
    "callHierarchy/outgoingCalls": Row("", lambda found: "twice" in [one.to.name for one in found]),
    "textDocument/prepareTypeHierarchy": Row(
        "gate =", lambda found: [one.name for one in found] == ["Gate"]
    ),
    "typeHierarchy/supertypes": Row(
        "gate =", lambda found: [one.name for one in found] == ["Thing"]
    ),
    "typeHierarchy/subtypes": Row("gate =", lambda found: found is None),
    "textDocument/formatting": Row("", lambda found: [one.new_text for one in found] == [" "]),
    "textDocument/rangeFormatting": Row("", lambda found: not found),
    "textDocument/onTypeFormatting": Row("return lib", lambda found: not found, ch="\n"),
    "tidelock/statementRange": Row(
        "return lib.open", lambda found: [found[one]["line"] for one in ("start", "end")] == [1, 5]
    ),
    "textDocument/documentSymbol": Row("", lambda found: "twice" in [one.name for one in found]),
}


def test_every_request_is_in_the_table() -> None:
    assert set(ROWS) == {route.method for route in routes.REQUESTS}


def params_of(row: Row, text: Marked, uri: str) -> Json:
    """The params of a request, those that others need among them."""
    offset = text.text.index(row.at) + row.params.get("after", 0)
    line = text.text.count("\n", 0, offset)
    column = offset - (text.text.rfind("\n", 0, offset) + 1)
    return {**about(line, column, uri), **{k: v for k, v in row.params.items() if k != "after"}}


def test_one_session_asks_everything(place: Place) -> None:
    """Over stdio; the client checks each answer against the protocol's types."""
    lib, main = place.file("lib.lua", LIB), place.file("main.lua", MAIN)
    text = marked(MAIN)
    client = place.server("--no-kernel", "--set", "lsp.format.tool=own")
    capabilities = client.capabilities
    assert capabilities is not None
    client.open(main)
    client.open(lib)
    client.diagnostics(main, predicate=lambda found: any(one.code for one in found))
    for method, row in ROWS.items():
        params = params_of(row, text, main.as_uri())
        if method.endswith("/delta"):
            params["previousResultId"] = client.request(
                "textDocument/semanticTokens/full", params
            ).result_id
        found = client.request(method, params)
        assert row.check(found), (method, found)
    hits = client.request("workspace/symbol", {"query": "twice"})
    assert [one.name for one in hits] == ["twice"]
    status = client.request("workspace/executeCommand", {"command": "tidelock.status"})
    assert status["kernel"] == "none"
    debug = {"command": "tidelock.debug", "arguments": [{"uri": main.as_uri()}]}
    assert client.request("workspace/executeCommand", debug)["program"] == str(main)
    assert client.shutdown() == 0


@pytest.fixture(scope="module")
def broken() -> Any:
    """A session in this process whose text is half typed."""
    editor = Editor()
    editor.begin()
    editor.open("local function f(a\n  return a +\n\U0001f600 if")
    yield editor
    editor.session.close()


@pytest.mark.parametrize("route", routes.REQUESTS, ids=lambda route: route.method)
def test_params_that_make_no_sense(broken: Editor, route: routes.Route) -> None:
    """They are refused, places outside the text are taken as its end, and the next is served."""
    for params in (None, [], {}, {"textDocument": {}, "item": 1}):
        assert broken.refused(route.method, params) == -32602
    for line, character in ((0, 10**6), (10**6, 0), (2, 1), (2, 2), (1, 2)):
        answer = broken.wait(broken.post(route.method, about(line, character, URI)))
        if "result" in answer:
            message = {"jsonrpc": "2.0", "id": 1, "result": answer["result"]}
            kind = types.METHOD_TO_TYPES.get(route.method, (None, None))[1]
            assert (kind is None) == route.method.startswith("tidelock/")
            if kind is not None:
                converter().structure(message, kind)
        else:
            assert answer["code"] == -32803, answer  # a name that stays, with the reason


def test_positions_before_the_text_are_refused(broken: Editor) -> None:
    assert broken.refused("textDocument/hover", about(-1, 0)) == -32602

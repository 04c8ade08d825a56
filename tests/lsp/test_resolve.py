"""What is said of one proposal, once somebody looks at it."""

from __future__ import annotations

import pytest

from tidelock.lsp.features.completion import Completed, completion
from tidelock.lsp.features.resolve import Told, resolve
from tidelock.lsp.moment import Question, View
from tidelock.lsp.proposals import Listed, Proposals
from tidelock.shared.language.index.space import Space

from .conftest import RUNNING, Program, document, fact


def listed(source: str, view: View | None = None) -> Listed:
    text, marks = document(source)
    found = completion(text, marks.at, view or View(), Space(), takes_snippets=True)
    return Listed(text, Space(), found)


def told(source: str, label: str, view: View | None = None) -> Told:
    made = listed(source, view)
    return resolve(made, [one.label for one in made.found.items].index(label))


OPEN = """\
--- Opens it.
---@param depth number
local function open(depth)
  return depth > 1
end
"""
GATE = """\
---@class Gate
---@field depth number how far down
local Gate = {}
--- Lets it down.
function Gate:close(by) return by .. "" end
local gate ---@type Gate
"""


@pytest.mark.parametrize(
    ("source", "label", "signature", "said"),
    [
        (f"{OPEN}op$0", "open", "local function open(depth: number): boolean", "Opens it."),
        ("--- How deep.\nlocal deep = 3\nde$0", "deep", "local deep = 3", "How deep."),
        (f"{GATE}gate.de$0", "depth", "Gate.depth: number", "how far down"),
        (f"{GATE}gate:cl$0", "close", "function Gate:close(by): string", "Lets it down."),
        ("string.re$0", "rep", "string.rep(text: string,", "text"),
        ("pri$0", "print", "print(", "standard output"),
        ("--- Of all.\nfunction all() end\nal$0", "all", "function all()", "Of all."),
        ("local t = {['a b'] = 1}\nt['$0", "a b", 't["a b"] = 1', "line 1"),
    ],
)
def test_what_is_proposed_is_explained(source: str, label: str, signature: str, said: str) -> None:
    found = told(source, label)
    assert found.signature.startswith(signature), found
    assert said in found.documentation


def test_what_explains_itself_stays_as_it_is() -> None:
    assert told("wh$0", "while") == Told("", "")
    assert told("wh$0", "while … do") == Told("", "")
    program = Program(RUNNING, (Question("names"), [fact("harbour", kind="global")]))
    assert told("har$0", "harbour", program.view()) == Told("", "")


def test_the_newest_two_lists_are_kept() -> None:
    proposals = Proposals()
    text, space = document("")[0], Space()
    item = listed("whil$0").found.items[0]
    lists = [proposals.keep(text, space, Completed([item], 0, 0)) for _ in range(3)]
    kept = [proposals.get(one.number, 0) for one in lists]
    assert kept == [None, (text, space, lists[1]), (text, space, lists[2])]
    for number, index in ((lists[2].number, 1), (lists[2].number, -1), (0, 0)):
        assert proposals.get(number, index) is None
    proposals.forget("file:///other.lua")
    assert proposals.get(lists[2].number, 0) is not None
    proposals.forget(text.uri)
    assert proposals.get(lists[2].number, 0) is None

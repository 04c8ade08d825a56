"""What is shown beside a text: hints, links, values, things to run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tidelock.lsp import convert_views as views
from tidelock.lsp.documents import Document
from tidelock.lsp.features.code_lenses import code_lenses
from tidelock.lsp.features.document_links import document_links
from tidelock.lsp.features.inlay_hints import Which, inlay_hints
from tidelock.lsp.features.inline_values import inline_values
from tidelock.lsp.features.lens_references import lens_references
from tidelock.lsp.features.statement_range import statement_range
from tidelock.lsp.manner import Manner
from tidelock.lsp.moment import Loaded, Moment, Question, StoppedFrame, View
from tidelock.shared.language.index.space import Places, Space
from tidelock.shared.model import Fact
from tidelock.shared.sources import fingerprint

from .conftest import IDLE, MAIN, Program, document, fact

# -- hints ---------------------------------------------------------------------------------------


def hinted(source: str, which: Which = "literals") -> str:
    """The last line of the text with its hints in angle brackets."""
    return beside(source, which=which).rpartition("\n")[2]


def beside(source: str, view: View | None = None, **options: Any) -> str:
    """The text with its hints in angle brackets."""
    text, _ = document(source)
    shown, space = text.text, Space(opened=[text])
    found = inlay_hints(text, 0, len(shown), view or View(), space, **options)
    for one in reversed(found):
        shown = f"{shown[: one.offset]}<{one.text}>{shown[one.offset :]}"
    return shown


@pytest.mark.parametrize(
    ("source", "shown"),
    [
        ("local function f(a, b) end\nf(1, x)", "f(<a:>1, x)"),
        ("local function f(a, b) end\nf(nil, -1, true)", "f(<a:>nil, <b:>-1, true)"),
        ("local function f(a, ...) end\nf('x', 2)", "f(<a:>'x', 2)"),
        ("local function f(_, _b, c) end\nf(1, 2, 3)", "f(1, 2, <c:>3)"),
        ("local t = {}\nfunction t:m(depth) end\nt:m(3)", "t:m(<depth:>3)"),
        ("local t = {}\nfunction t.m(self, depth) end\nt:m(3)", "t:m(<depth:>3)"),
        ("string.rep('x', 3)", "string.rep(<text:>'x', <count:>3)"),
        ("('x'):rep(3)", "('x'):rep(<count:>3)"),
        ("local function f(a) end\nf'x'", "f'x'"),
        ("local f\nf(1)", "f(1)"),
        ("require('x')", "require('x')"),
        ("local function f(a) end\nf(1 ", "f(1 "),
        ("---@param depth number\nfunction g(depth) end\ng(f(1), 2)", "g(f(1), 2)"),
    ],
)
def test_names_of_parameters(source: str, shown: str) -> None:
    assert hinted(source) == shown


def test_which_arguments_have_hints() -> None:
    source = "local function f(a, b, c) end\nf(a, t.b, x + 1)"
    assert hinted(source) == "f(a, t.b, x + 1)"
    assert hinted(source, "all") == "f(a, t.b, <c:>x + 1)"
    assert hinted("local function f(a) end\nf(1)", "off") == "f(1)"


def test_hints_of_a_stretch() -> None:
    text, marks = document("local function f(a) end\nf(1)\n<!f(2)!>\nf(3)")
    found = inlay_hints(text, *marks.ranges[0], View(), Space(opened=[text]))
    assert [text.text[one.offset] for one in found] == ["2"]
    made = views.hint_list(found, text, Manner())
    assert made is not None
    assert (made[0].position.line, made[0].label) == (2, "a:")
    assert views.hint_list([], text, Manner()) is None


TYPED = """\
---@return string
local function name() end
local function both(a) return 1, name() end
local n, s = both(2)
local five = 5
local t = { a = 1 }
---@type number
local told = both()
local copy = n
for index, one in ipairs({ "a" }) do end
local unknown = nobody()
f = function(x, ...) return x and "a" end
local broken = = both(2)
"""


def test_types_of_locals_and_returns() -> None:
    assert beside(TYPED, which="off", types=True).splitlines() == [
        "---@return string",
        "local function name() end",
        "local function both(a)<: integer, string> return 1, name() end",
        "local n<: integer>, s<: string> = both(2)",
        "local five = 5",
        "local t<: { a: integer }> = { a = 1 }",
        "---@type number",
        "local told = both()",
        "local copy<: integer> = n",
        'for index<: integer>, one<: string> in ipairs({ "a" }) do end',
        "local unknown = nobody()",
        'f = function(x, ...)<: false|"a"|nil> return x and "a" end',
        "local broken = = both(2)",
    ]
    assert beside(TYPED, which="off") == TYPED


def test_what_long_blocks_began_with() -> None:
    filling = "  x = 1\n" * 15
    for head in ("function t.go(a)", "local function go()", "if x then", "for i = 1, 2 do"):
        source = f"{head} -- why\n{filling}end\n"
        words = f"{head} -- why"
        assert beside(source, which="off", ends=True) == f"{head} -- why\n{filling}end<{words}>\n"
        assert beside(source, which="off") == source
    short = "if x then\n" + "  x = 1\n" * 3 + "end"
    assert beside(short, which="off", ends=True) == short
    loop = f"repeat\n{filling}until x"
    assert beside(loop, which="off", ends=True) == loop
    called = f"call(function()\n{filling}end)"
    assert beside(called, which="off", ends=True).endswith("end<function()>)")


# -- links ---------------------------------------------------------------------------------------


def test_what_leads_to_files(tmp_path: Path) -> None:
    for name in ("main.lua", "port/gate.lua", "data/run.lua"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("")
    source = (
        "local a = require 'port.gate'\nlocal b = require('none')\nrequire [[port.gate]]\n"
        "dofile('data/run.lua')\nloadfile('none.lua')\ndofile(x)\nprint('port.gate')\n"
        "do local require = f; require 'port.gate' end\ndofile('\\0')"
    )
    path = tmp_path / "main.lua"
    text = Document(path.as_uri(), 1, source, "5.4", (str(tmp_path),))
    found = document_links(text, Space(opened=[text], places=Places(str(tmp_path))))
    assert [(text.text[one.start : one.end], one.target) for one in found] == [
        ("port.gate", (tmp_path / "port/gate.lua").as_uri()),
        ("port.gate", (tmp_path / "port/gate.lua").as_uri()),
        ("data/run.lua", (tmp_path / "data/run.lua").as_uri()),
    ]
    made = views.link_list(found, text, Manner())
    assert made is not None
    assert made[0].range.start.character == len("local a = require '")


# -- values --------------------------------------------------------------------------------------

STOPPED = """\
local depth = 3
local function f(a)
  local b = a + depth
  do local b = 1 print(b) end
  return b  --@stop
end
print(depth, f)
"""


def valued(
    facts: list[Fact], frame: int = 11, text: str = "", now: str = ""
) -> list[tuple[str, int]]:
    document_, marks = document(STOPPED)
    frames = (
        StoppedFrame(10, "=[C]", 0),
        StoppedFrame(11, f"@{MAIN}", marks.lines["stop"], text or document_.text),
        StoppedFrame(12, f"@{MAIN}", marks.lines["stop"], text or document_.text),
    )
    moment: Moment = IDLE._replace(state="paused", frames=frames)
    asked = frame if frame in (11, 12) else 11
    program = Program(moment, (Question("names", frame=asked), facts))
    document_ = Document(document_.uri, 2, now) if now else document_
    found = inline_values(document_, 0, len(document_.text), program.view(), frame)
    return [(one.text, document_.lines.line_of(one.start)) for one in found]


def test_values_of_the_stopped_frame_where_they_are_named() -> None:
    facts = [
        fact("a", "2", "local"), fact("b", "5", "local"), fact("depth", "3", "upvalue"),
        fact("g", "1", "global"), fact("f", "function", "upvalue"),
    ]  # fmt: skip
    assert valued(facts) == [
        ("depth = 3", 0), ("f = function", 1), ("a = 2", 1), ("b = 5", 2), ("a = 2", 2),
        ("depth = 3", 2), ("b = 5", 4),
    ]  # fmt: skip
    assert valued(facts, frame=12)[2] == ("a = 2", 1)
    assert valued(facts, frame=99)[2] == ("a = 2", 1)


LOADED = document(STOPPED)[0].text


@pytest.mark.parametrize(
    ("now", "shown"),
    [
        ("-- a line above\n" + LOADED, 1),
        (LOADED.replace("print(depth, f)", "print(f)"), 0),
        (LOADED.replace("depth = 3", "depth = 4"), 0),
        (LOADED.replace("a + depth", "a - depth"), None),
        (LOADED.replace("  return b\n", "  -- more\n  return b\n"), None),
        (LOADED.replace("  return b\n", ""), None),
    ],
)
def test_values_while_the_stopped_function_is_as_it_was(now: str, shown: int | None) -> None:
    facts = [fact("a", "2", "local"), fact("b", "5", "local"), fact("depth", "3", "upvalue")]
    wanted = [("a = 2", 1), ("b = 5", 2), ("a = 2", 2), ("depth = 3", 2), ("b = 5", 4)]
    found = valued(facts, text=LOADED, now=now)
    assert found == ([] if shown is None else [(words, line + shown) for words, line in wanted])


def test_no_values_where_they_might_be_wrong() -> None:
    facts = [fact("a", "2", "local")]
    assert valued(facts, text="local other = 1") == []
    text, _ = document(STOPPED)
    assert inline_values(text, 0, 9, Program(IDLE).view()) == []
    untitled = Document("untitled:a", 1, STOPPED)
    assert inline_values(untitled, 0, 9, Program(IDLE).view()) == []


def test_long_values_are_cut() -> None:
    (first, *_) = valued([fact("depth", "x" * 100, "upvalue")])
    assert first[0] == f"depth = {'x' * 59}…"


def value_hints(way: str, view: View) -> list[tuple[str, int]]:
    text, _ = document(STOPPED)
    found = inlay_hints(text, 0, len(text.text), view, Space(opened=[text]), "off", values=way)
    made = views.hint_list(found, text, Manner()) or []
    assert len(views.hint_list(found, text, Manner(inline_values=True)) or []) == (
        0 if way == "auto" else len(made)
    )
    assert all(one.tooltip == "paused at main.lua:5" and one.padding_left for one in made)
    return [(str(one.label), one.position.line) for one in made]


def test_hints_with_the_values_of_the_stopped_frame() -> None:
    text, marks = document(STOPPED)
    stopped = StoppedFrame(11, f"@{MAIN}", marks.lines["stop"], text.text)
    moment = IDLE._replace(state="paused", frames=(stopped,))
    facts = [fact("a", "2", "local"), fact("depth", "3", "upvalue")]
    view = Program(moment, (Question("names", frame=11), facts)).view()
    wanted = [("depth = 3", 0), ("a = 2", 1), ("a = 2, depth = 3", 2)]
    assert value_hints("auto", view) == wanted
    assert value_hints("on", view) == wanted
    assert value_hints("off", view) == []


def test_hints_with_globals_as_they_were_seen_last() -> None:
    source = "harbour = f() -- why  \nlocal harbour = 2\nprint(tide)\nfunction go() tide = 1 end"
    names = (fact("harbour", "42"), fact("tide", "3"), fact("go", "function", type="function"))
    view = View(IDLE._replace(names=names))
    shown = beside(source, view, which="off", values="on").splitlines()
    assert shown == [
        "harbour = f() -- why<harbour = 42>  ",
        "local harbour = 2",
        "print(tide)",
        "function go() tide = 1 end<tide = 3>",
    ]
    assert beside(source, view, which="off", values="auto") == source
    text, _ = document(source)
    (one, _) = inlay_hints(text, 0, 999, view, Space(), "off", values="on")
    assert one.origin == "observed after execution 7"


def test_values_as_the_protocol_has_them() -> None:
    text, _ = document("local x = 1")
    place = {"line": 0, "character": 0}
    span = {"start": place, "end": place}
    asked = views.inline_values(
        {
            "textDocument": {"uri": text.uri},
            "range": span,
            "context": {"frameId": 7, "stoppedLocation": span},
        }
    )
    assert asked.options == {"frame": 7}
    assert views.inline_value_list([], text, Manner()) is None


# -- things to run -------------------------------------------------------------------------------


def test_lenses() -> None:
    text, _ = document("-- %% one\nx = 1\n--%% two\ny = 2\n")
    found = code_lenses(text, View())
    assert [(one.title, text.text[one.start : one.end]) for one in found] == [
        ("Run", ""),
        ("Debug", ""),
        ("Run cell", "-- %% one\nx = 1\n"),
        ("Run cell", "--%% two\ny = 2\n"),
    ]
    assert code_lenses(text, View(), is_wanted=False) == []
    assert code_lenses(Document("untitled:a", 1, " \n"), View()) == []
    plain = views.lens_list(found, text, Manner())
    assert plain is not None
    titles = [one.command.title for one in plain if one.command]
    assert titles == ["Run", "Run cell", "Run cell"]
    able = views.lens_list(found, text, Manner(starts_debugging=True))
    assert able is not None
    command = able[-1].command
    assert command is not None
    assert command.arguments is not None
    assert command.arguments[0]["range"]["start"] == {"line": 2, "character": 0}


def test_how_often_functions_are_used() -> None:
    text, _ = document("local function f() return f end\nfunction g.h() end\nf() f() g.h()")
    found = code_lenses(text, View(), is_wanted=False, are_references_wanted=True)
    assert [text.text[one.start : one.end] for one in found] == ["f", "h"]
    plain = views.lens_list(found, text, Manner())
    assert plain is not None
    words = []
    for one in plain:
        assert one.command is None
        asked = views.lens({"range": views.plain(one.range), "data": one.data})
        assert asked.uri == text.uri
        places = [text.lines.offset(*place) for place in asked.places]
        counted = lens_references(text, *places, Space(opened=[text]))
        made = views.counted_lens(counted, text, Manner())
        assert made.range == one.range
        assert made.command is not None
        words.append(made.command.title)
    assert words == ["3 references", "1 reference"]
    assert code_lenses(text, View(), is_wanted=False) == []


def test_a_loaded_module_can_be_reloaded(tmp_path: Path) -> None:
    path = tmp_path / "tides.lua"
    path.write_text("return 1")
    text = Document(path.as_uri(), 1, "return 3")
    moment = IDLE._replace(loaded=(Loaded("tides", str(path), fingerprint("return 1")),))

    def titles(view: View, **options: bool) -> list[str]:
        return [one.title for one in code_lenses(text, view, **options)]

    assert titles(View(moment)) == ["Run", "Debug", "Reload"]
    path.write_text("return 2")
    assert titles(View(moment), is_wanted=False) == ["Reload (changed since loaded)"]
    assert titles(View(moment), is_loaded_wanted=False) == ["Run", "Debug"]
    path.unlink()
    assert titles(View(moment))[2:] == ["Reload"]
    assert titles(View(IDLE)) == ["Run", "Debug"]


# -- what "run what stands here" means -----------------------------------------------------------


@pytest.mark.parametrize(
    "source",
    [
        "local a = 1\n<!lo$0cal b = 2!>\nprint(a)",
        "local a = 1\n\n-- a remark$0\n<!print(a)!>",
        "<!local a = 1!>  -- a rem$0ark\nprint(a)",
        "local a = 1;<!$0print(a)!>",
        "f()  $0  <!g()!>",
        "<!if a then\n  local b = 1\n  print($0b)\nend!>",
        "<!function f(x)\n  return x$0\nend!>\nf(1)",
        "local a = (1 +\n<!local b$0 = 2!>\nprint(",
        "local a = 1\n  $0",
        "-- %% one\nx = 1\n<!-- %% t$0wo\ny = 2\nz = 3!>\n\n-- %% three\n",
        "-- %% one\n<!x = $01!>\ny = 2",
    ],
)
def test_what_runs_where_the_cursor_is(source: str) -> None:
    text, marks = document(source)
    assert statement_range(text, marks.at) == (marks.ranges[0] if marks.ranges else None)


def test_a_cell_of_a_notebook_runs_as_a_whole() -> None:
    cell = Document("vscode-notebook-cell:a#1", 1, "x = 1\nx + 1", mode="input")
    assert statement_range(cell, 0) == (0, len(cell.text))
    assert statement_range(Document(cell.uri, 2, " \n", mode="input"), 0) is None

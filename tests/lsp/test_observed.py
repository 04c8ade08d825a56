"""What the running program adds: the right question, the right variable, the right label."""

from __future__ import annotations

from pathlib import Path

import pytest

from tidelock.lsp.diagnostics import Beyond, deepen
from tidelock.lsp.documents import Document
from tidelock.lsp.features import observed
from tidelock.lsp.features.completion import completion
from tidelock.lsp.features.definition import definition
from tidelock.lsp.features.hover import hover
from tidelock.lsp.features.signature import signature
from tidelock.lsp.loaded import LoadedTexts
from tidelock.lsp.moment import Loaded, Moment, Question, StoppedFrame, View
from tidelock.lsp.runs import Runs
from tidelock.shared.language.index.space import Places, Space
from tidelock.shared.sources import chunk_of_path, fingerprint

from .conftest import IDLE, MAIN, RUNNING, Program, document, fact


def complete(source: str, program: Program) -> dict[str, str]:
    """Labels and details."""
    text, marks = document(source)
    found = completion(text, marks.at, program.view(), Space(), postfix=False)
    return {item.label: item.detail for item in found.items}


def paused(source: str, line: str = "stop", chunk: str = f"@{MAIN}") -> Moment:
    """A program that stands on the line of a mark of this text, in frame 11."""
    text, marks = document(source)
    frames = (
        StoppedFrame(10, "=[C]", 0),
        StoppedFrame(11, chunk, marks.lines[line], text.text),
        StoppedFrame(12, chunk, 1, text.text),
    )
    return IDLE._replace(state="paused", frames=frames)


def test_members_of_a_global() -> None:
    question = Question("members", "harbour", ("gate", 2))
    program = Program(IDLE, (question, [fact("depth", "3"), fact("deep", signature="deep(a)")]))
    assert complete("harbour.gate[2].de$0", program) == {
        "depth": "observed after execution 7: 3",
        "deep": "observed after execution 7: deep(a)",
    }
    assert program.asked == [question]


def test_while_running_the_label_says_so() -> None:
    program = Program(RUNNING, (Question("members", "t"), [fact("x", where="@/w/a.lua:3")]))
    assert complete("t.$0", program) == {"x": "while running: 1 a.lua:3"}


def test_static_members_keep_their_place() -> None:
    program = Program(IDLE, (Question("members", "T"), [fact("b"), fact("z")]))
    assert complete("T = {b = 1, a = 2}\nT.$0", program) == {
        "b": "field, observed after execution 7: 1",
        "a": "field",
        "z": "observed after execution 7: 1",
    }


def test_a_local_is_not_looked_up_among_the_globals() -> None:
    program = Program(IDLE)
    assert complete("local t = f()\nt.$0", program) == {}
    assert complete("local function f(t) t.$0 end", program) == {}
    assert program.asked == []


@pytest.mark.parametrize(
    ("source", "root", "keys"),
    [
        ("local t = global\nt.$0", "global", ()),
        ("local t = global.inner\nt.x.$0", "global", ("inner", "x")),
        ("function Class:method() self.$0 end", "Class", ()),
        ("local m = require 'port.gate'\nm.$0", "package", ("loaded", "port.gate")),
        ("local m = require('a')\nm.x.$0", "package", ("loaded", "a", "x")),
        ("require('a').$0", "package", ("loaded", "a")),
        ("a['b c'].$0", "a", ("b c",)),
    ],
)
def test_how_a_value_is_reached(source: str, root: str, keys: tuple[str, ...]) -> None:
    program = Program(IDLE)
    complete(source, program)
    assert program.asked == [Question("members", root, keys)]


@pytest.mark.parametrize("source", ["('x').$0", "f().$0", "local m = require(name)\nm.$0"])
def test_what_cannot_be_reached_is_not_asked(source: str) -> None:
    program = Program(IDLE)
    complete(source, program)
    assert program.asked == []


def test_names_are_globals_when_nothing_is_stopped() -> None:
    program = Program(RUNNING, (Question("names"), [fact("harbour", kind="global")]))
    assert complete("har$0", program) == {"harbour": "while running: 1"}


def test_a_late_answer_leaves_the_text_and_the_last_moment() -> None:
    moment = RUNNING._replace(names=(fact("harbour", "2", "global"),))
    program = Program(moment, (Question("names"), None), (Question("members", "T"), None))
    assert complete("har$0", program) == {"harbour": "observed earlier: 2"}
    text, marks = document("T = {a = 1}\nT.$0")
    found = completion(text, marks.at, program.view(), Space(), postfix=False)
    assert [item.label for item in found.items] == ["a"]
    assert found.is_incomplete
    text, marks = document("har$0")
    nothing = Program(RUNNING, (Question("names"), None))
    assert completion(text, marks.at, nothing.view(), Space(), postfix=False).items == []


STOPPED = """
    local outer = 1
    local function go(tide)
      local depth = {}
      print(depth, outer) --@stop
      local later = 2
      do
        local depth = "another"
        de$0
      end
    end
"""


def test_names_of_the_stopped_frame_are_those_that_the_cursor_sees() -> None:
    told = [
        fact("depth", "{}", "local"),
        fact("tide", "5", "local"),
        fact("outer", "1", "upvalue"),
        fact("hidden", "9", "local"),
        fact("delta", "7", "global"),
    ]
    program = Program(paused(STOPPED), (Question("names", frame=11), told))
    # Another depth is meant at the cursor than in the frame; hidden is none of the text's.
    assert complete(STOPPED, program) == {
        "depth": "local",
        "debug": "table",
        "delta": "paused at main.lua:4: 7",
    }
    assert complete(STOPPED.replace("de$0", "$0"), program)["tide"] == (
        "parameter, paused at main.lua:4: 5"
    )
    assert complete(STOPPED.replace("de$0", "ou$0"), program)["outer"] == (
        "local, paused at main.lua:4: 1"
    )


def test_members_of_a_local_in_the_stopped_frame() -> None:
    source = STOPPED.replace("de$0", "tide.$0")
    question = Question("members", "tide", frame=11)
    program = Program(paused(source), (question, [fact("high")]))
    assert complete(source, program) == {"high": "paused at main.lua:4: 1"}
    shadowed = STOPPED.replace("de$0", "depth.$0")
    program = Program(paused(shadowed))
    complete(shadowed, program)
    assert program.asked == []


def test_the_stopped_line_is_found_in_an_edited_text() -> None:
    moment = paused(STOPPED)
    edited = STOPPED.replace("local outer = 1", "-- a\n    -- b\n    local outer = 1")
    edited = edited.replace("de$0", "tide.$0")
    question = Question("members", "tide", frame=11)
    program = Program(moment, (question, [fact("high")]))
    assert complete(edited, program) == {"high": "paused at main.lua:4: 1"}
    gone = STOPPED.replace("      print(depth, outer) --@stop\n", "").replace("de$0", "tide.$0")
    program = Program(moment, (question, [fact("high")]))
    assert complete(gone, program) == {}
    assert program.asked == []


def test_in_another_file_the_frame_does_not_count() -> None:
    source = STOPPED.replace("de$0", "tide.$0")
    program = Program(paused(source, chunk="@/code/other.lua"))
    assert complete(source, program) == {}
    assert program.asked == []
    names = Program(paused(STOPPED, chunk="=In[1]"), (Question("names"), [fact("delta")]))
    assert complete(STOPPED, names)["delta"] == "while paused: 1"


def test_hover_shows_the_value() -> None:
    def hovered(source: str, program: Program) -> tuple[str, ...]:
        text, marks = document(source)
        found = hover(text, marks.at, program.view(), Space())
        return found.facts if found else ()

    value = fact("depth", "42", where="@/w/a.lua:3")
    program = Program(IDLE, (Question("value", "harbour", ("depth",)), [value]))
    assert hovered("harbour.dep$0th", program) == ("observed after execution 7: 42 (a.lua:3)",)
    program = Program(paused(STOPPED), (Question("value", "tide", frame=11), [fact("tide", "5")]))
    here = STOPPED.replace("print(depth, outer)", "print(ti$0de)").replace("de$0\n", "\n")
    assert hovered(here, program) == ("paused at main.lua:4; file changed since: 5",)
    program = Program(paused(here), (Question("value", "tide", frame=11), [fact("tide", "5")]))
    assert hovered(here, program) == ("paused at main.lua:4: 5",)
    assert hovered("local x$0 = 1", Program(IDLE)) == ()
    assert hovered("harbour$0", Program(IDLE)) == ()
    assert hovered("harbour$0", Program(IDLE, (Question("value", "harbour"), None))) == ()


def test_definition_where_a_function_was_loaded_from() -> None:
    def place(where: str) -> tuple[str, int] | None:
        value = fact("tide", signature="tide()", where=where)
        program = Program(IDLE, (Question("value", "package", ("loaded", "m", "tide")), [value]))
        text, marks = document("local m = require 'm'\nm.ti$0de()")
        found = definition(text, marks.at, program.view(), Space())
        return found.lines[0] if found else None

    assert place("@/code/m.lua:12") == ("file:///code/m.lua", 11)
    assert place("=In[1]:1") is None
    assert place("") is None


def test_signature_of_a_function_made_at_run_time() -> None:
    text, marks = document("harbour.tide(1, $0)")
    value = fact("tide", signature="tide(place, when)")
    program = Program(IDLE, (Question("value", "harbour", ("tide",)), [value]))
    found = signature(text, marks.at, program.view(), Space())
    assert found is not None
    (way,) = found.ways
    assert (way.text, way.active, way.documentation) == (
        "tide(place, when)",
        1,
        "observed after execution 7",
    )
    number = Program(IDLE, (Question("value", "harbour", ("tide",)), [fact("tide")]))
    assert signature(text, marks.at, number.view(), Space()) is None
    assert signature(text, marks.at, Program(IDLE).view(), Space()) is None


def test_modules_that_are_loaded_are_proposed() -> None:
    program = Program(IDLE._replace(modules=("tides", "port")))
    assert list(complete("require 'ti$0'", program)) == ["tides"]


FIELD = "print(string.tides, string.ebb)"


def fields(program: Program, way: str) -> list[tuple[str, str]]:
    text, _ = document(FIELD)
    found = deepen(text, Beyond(Space()))
    return [
        (one.severity, one.message)
        for one in observed.fields(text, found, program.view(), way)
        if one.code == "undefined-field"
    ]


def test_fields_that_the_program_has_are_not_missing() -> None:
    tides, ebb = Question("value", "string", ("tides",)), Question("value", "string", ("ebb",))
    missing = [("warning", f"'string' has no field '{name}'") for name in ("tides", "ebb")]

    def program() -> Program:
        return Program(IDLE, (tides, [fact("tides")]), (ebb, []))

    assert fields(program(), "remove") == missing[1:]
    hint = ("hint", "'tides' is there only at run time")
    assert fields(program(), "label") == [hint, missing[1]]
    off = program()
    assert fields(off, "off") == missing
    assert off.asked == []
    late = Program(RUNNING, (tides, None))
    assert fields(late, "remove") == missing
    assert late.asked == [tides]
    nil = Program(IDLE, (tides, [fact("tides", "nil", type="nil")]))
    assert fields(nil, "remove") == missing


def test_hover_asks_nothing_where_values_are_not_wanted() -> None:
    text, marks = document("harbour$0 = 1")
    program = Program(IDLE, (Question("value", "harbour"), [fact("harbour", "42")]))
    found = hover(text, marks.at, program.view(), Space(), values=False)
    assert found is not None
    assert found.facts == ()
    assert program.asked == []


RAN = """\
local function other() return 1 end
function tide(place)
  local height = place
  return height
end
function ebb() end
"""


@pytest.mark.parametrize(
    ("now", "is_edited"),
    [
        (RAN, False),
        ("-- above\n" + RAN.replace("ebb", "low"), False),
        (RAN.replace("local height = place", "local height = 2"), True),
        ("", True),
    ],
)
def test_a_function_that_was_edited_since_it_ran(now: str, is_edited: bool) -> None:
    text, _ = document(now)
    view = View(IDLE, ran=lambda chunk: RAN if chunk == f"@{MAIN}" else None)
    assert observed.is_edited(text, f"@{MAIN}:2", None, view) is is_edited
    frame = StoppedFrame(1, f"@{MAIN}", 3, RAN)
    assert observed.is_edited(text, "", frame, View(IDLE)) is is_edited
    for where in ("", "=In[1]:2", "@/nowhere/else.lua:2"):
        assert not observed.is_edited(text, where, None, view)


def test_a_module_whose_text_was_not_seen() -> None:
    text, _ = document(RAN)
    module = Loaded("main", MAIN, fingerprint(RAN))
    place = f"@{MAIN}:2"
    same = View(IDLE._replace(loaded=(module,)))
    assert not observed.is_edited(text, place, None, same)
    other = View(IDLE._replace(loaded=(module._replace(text="1-0"),)))
    assert observed.is_edited(text, place, None, other)
    assert not observed.is_edited(text, place, None, View(IDLE))


def test_hover_says_of_an_edited_function_that_it_was() -> None:
    text, marks = document(RAN.replace("return height", "return 1") + "ti$0de()")
    value = fact("tide", signature="tide(place)", where=f"@{MAIN}:2")
    program = Program(IDLE, (Question("value", "tide"), [value]))
    view = View(IDLE, program.view().ask, lambda chunk: RAN)
    found = hover(text, marks.at, view, Space())
    assert found is not None
    words = "observed after execution 7; file changed since: tide(place) (main.lua:2)"
    assert found.facts == (words,)


def test_hover_says_which_version_of_a_module_is_loaded(tmp_path: Path) -> None:
    path = tmp_path / "tides.lua"
    path.write_text(RAN)
    main = Document((tmp_path / "main.lua").as_uri(), 1, "require 'tides'", "5.4", (str(tmp_path),))

    def told(moment: Moment, **options: bool) -> tuple[str, ...]:
        space = Space(places=Places(str(tmp_path)))
        found = hover(main, 10, View(moment), space, **options)
        return found.facts if found else ()

    module = Loaded("tides", str(path), fingerprint(RAN))
    loaded = IDLE._replace(modules=("tides",), loaded=(module,))
    when = "observed after execution 7"
    assert told(IDLE) == (str(path),)
    assert told(loaded) == (str(path), f"{when}: loaded, as the file is now")
    assert told(loaded, values=False) == (str(path),)
    assert told(loaded._replace(loaded=())) == (str(path), f"{when}: loaded")
    elsewhere = loaded._replace(loaded=(module._replace(path="/old/tides.lua"),))
    assert told(elsewhere)[1].startswith(f"{when}: loaded from /old/tides.lua")
    path.write_text(RAN + "--")
    assert told(loaded) == (str(path), f"{when}: loaded; file changed since")


def test_texts_of_modules_are_kept_as_they_were_loaded(tmp_path: Path) -> None:
    path = tmp_path / "tides.lua"
    path.write_text(RAN)
    texts = LoadedTexts(Runs(lambda method, params: None, lambda: "1"))
    module = Loaded("tides", str(path), fingerprint(RAN))
    chunk = chunk_of_path(str(path))
    texts.take([module])
    path.write_text("edited")
    texts.take([module])
    assert texts.of(chunk) == RAN
    texts.take([module._replace(text="1-0")])
    assert texts.of(chunk) is None
    assert texts.likely(chunk) == ("edited",)

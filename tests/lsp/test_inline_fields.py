"""Fields at a stop: which of them are read, how often, and what is shown in the text."""

from __future__ import annotations

from typing import Any

from tidelock.lsp.features.inline_values import inline_values
from tidelock.lsp.moment import Question, StoppedFrame
from tidelock.shared.model import Fact

from .conftest import IDLE, MAIN, Program, document, fact

FIELDS = """\
local t, other = {}, {}
local function f(a)
  local other = a
  print(t.size, t.size, a.b["c d"][1], t.deep.f(t.x), other.y, Made.z, string.char, a[b].c)
  t.deep.set = a
  stop()  --@stop
  return t.late
end
"""


def fielded(**more: list[Fact] | None) -> tuple[list[str], Program]:
    text, marks = document(FIELDS)
    stopped = StoppedFrame(11, f"@{MAIN}", marks.lines["stop"], text.text)
    held = [fact("t", "{}", "upvalue"), fact("a", "{}", "local")]  # of 'other' nothing is known
    values: dict[tuple[str, tuple[Any, ...], int], list[Fact] | None] = {
        ("t", ("size",), 11): more.get("size", [fact("size", "4")]),
        ("a", ("b", "c d", 1), 11): [fact("1", "'x'")],
        ("t", ("x",), 11): [],
        ("Made", ("z",), 0): [fact("z", "y" * 80)],
        ("t", ("deep", "set"), 11): [fact("set", "{}")],
        ("t", ("deep",), 11): [fact("deep", "{}")],
        ("t", ("late",), 11): [fact("late", "1")],
    }
    program = Program(
        IDLE._replace(state="paused", frames=(stopped,)),
        (Question("names", frame=11), held),
        *((Question("value", *asked), told) for asked, told in values.items()),
    )
    found = inline_values(text, 0, len(text.text), program.view(), 11)
    return [one.text for one in found if "." in one.text or "[" in one.text], program


def test_values_of_fields_are_read_once_and_raw() -> None:
    found, program = fielded()
    cut = f"Made.z = {'y' * 59}…"
    assert found == ["t.size = 4", "a.b[\"c d\"][1] = 'x'", cut, "t.deep.set = {}"]
    asked = [one for one in program.asked if one.what == "value"]
    assert len(asked) == len(set(asked)) == 5  # neither what is called nor what may be another
    assert {one.root for one in asked} == {"t", "a", "Made"}


def test_a_program_that_is_late_is_not_asked_for_more_fields() -> None:
    found, program = fielded(size=None)
    assert found == []
    assert len([one for one in program.asked if one.what == "value"]) == 1

"""An error of a run stands in the text that raised it, whoever ran it, and goes again."""

from __future__ import annotations

import pytest
from lsprotocol import types

from kit.lsp import LspClient

from .conftest import Runtime, state

CELL = "vscode-notebook-cell:/work/page.ipynb#W1"
HELP = "set it first, or ask whether it is there"


def failures(editor: LspClient, where: object, count: int) -> list[types.Diagnostic]:
    """The errors of runs in a text, once there are so many."""

    def fits(found: list[types.Diagnostic]) -> bool:
        return count == sum(one.code == "runtime-error" for one in found)

    found = editor.diagnostics(str(where), predicate=fits)
    return [one for one in found if one.code == "runtime-error"]


def around(one: types.Diagnostic) -> list[tuple[str, int]]:
    """The places of the calls around it: file, line from one."""
    places = [each.location for each in one.related_information or ()]
    return [(each.uri.rpartition("/")[2], each.range.start.line + 1) for each in places]


CASES = {
    "required": ("local t\nreturn t.x  --@raise", 'require("part")', [("main.lua", 1)]),
    "value": ("error({code = 7})  --@raise", 'require("part")', [("main.lua", 1)]),
    "wrap": (
        "return coroutine.wrap(function()\n  local t\n  return t.x  --@raise\nend)",
        'local f = require("part")\nf()',
        [("main.lua", 2)],
    ),
    "resume": (
        "return coroutine.create(function()\n  local t\n  return t.x  --@raise\nend)",
        'local co = require("part")\nassert(coroutine.resume(co))',
        [("main.lua", 2)],
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_an_error_in_a_module(runtime: Runtime, case: str) -> None:
    part, main, calls = CASES[case]
    marks = runtime.write(f"-- main.lua --\n{main}\n-- part.lua --\n{part}\n")["part.lua"]
    path = runtime.path("part.lua")
    editor, notebook = runtime.editor(), runtime.notebook()
    editor.open(path)

    runtime.script(notebook, "main.lua").wait()
    (one,) = failures(editor, path, 1)
    assert one.range.start.line == marks.lines["raise"] - 1
    assert around(one) == calls
    words, *helps = one.message.split("\nhelp: ")
    if case == "value":
        assert (words, helps) == ("{code = 7}", [])
    else:
        assert f"part.lua:{marks.lines['raise']}: attempt to index" in words
        assert helps == [f"'t' is nil here: {HELP}"]

    notebook.execute("other = 1")
    state(editor, "idle", count=2)
    assert len(failures(editor, path, 1)) == 1, "something else has run"
    path.write_text("return function() end")
    runtime.path("main.lua").write_text("")
    runtime.script(notebook, "main.lua").wait()
    assert failures(editor, path, 0) == []


def test_an_error_in_a_cell(runtime: Runtime) -> None:
    runtime.write("-- main.lua --\nopen(nil)\n")
    source = "function open(gate)\n  return gate.bar\nend\nready = true"
    editor, notebook = runtime.editor(), runtime.notebook()
    editor.open_page(runtime.path("page.ipynb"), {CELL: source})
    assert failures(editor, CELL, 0) == []  # it is read

    notebook.execute(source)
    notebook.execute("open(nil)")
    (one,) = failures(editor, CELL, 1)
    assert one.range.start.line == 1
    assert one.message.startswith("In[1]:2: attempt to index")
    assert one.message.endswith(f"\nhelp: 'gate' is nil here: {HELP}")

    notebook.execute(source)  # the cell itself runs well
    assert failures(editor, CELL, 0) == []
    runtime.script(notebook, "main.lua").wait()
    (one,) = failures(editor, CELL, 1)
    assert one.message.startswith("In[3]:2: attempt to index")
    assert around(one) == [("main.lua", 1)]
    editor.edit(CELL, (1, 2), (1, 8), "x =")
    assert failures(editor, CELL, 0) == []

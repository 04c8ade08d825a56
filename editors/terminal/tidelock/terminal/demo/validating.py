"""Steps 2 and 4: what the editor shows of the texts, before the program ran and after."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tidelock.shared.errors import TidelockError

if TYPE_CHECKING:
    from tidelock.terminal.demo.peers import Json
    from tidelock.terminal.demo.stage import Stage

_LIVE = "print(harbour.by_name.)"
_READ = "print(harbour.by_name.M2.amplitude)"


def validate(stage: Stage) -> None:
    """Step 2: problems, completion and hover from the texts alone."""
    see, editor, program = stage.tally.see, stage.editor, stage.program
    editor.show(program.predictor, program.broken)
    problems = editor.problems(program.predictor)
    places = [problem["range"]["start"]["line"] + 1 for problem in problems]
    see("several-problems", len(problems) == 4, f"lines {', '.join(map(str, places))}")
    first = problems[0] if problems else {"message": "", "source": "", "range": None}
    asked = _own_words(stage)
    see(
        "own-words",
        first["source"] == "lua" and asked == f"predictor.lua:{places[0]}: {first['message']}",
        asked,
    )
    stage.tally.teller.picture(_underlined(program.broken, problems))
    editor.show(program.predictor, program.text)
    problems = editor.problems(program.predictor)
    see("good-module", not problems, f"{len(problems)} problems")
    _look(stage)


def _own_words(stage: Stage) -> str:
    """What the kernel's own Lua says of the broken module."""
    text = 'io.open("broken/predictor.lua"):read("*a")'
    code = f'select(2, (loadstring or load)({text}, "@predictor.lua"))'
    try:
        return stage.value(code).strip('"')
    except TidelockError as error:  # what the editor shows does not depend on it
        return str(error)


def _underlined(text: str, problems: list[Json]) -> list[str]:
    """The lines with problems, as an editor underlines them."""
    lines = text.split("\n")
    shown = []
    for problem in problems:
        start, end = problem["range"]["start"], problem["range"]["end"]
        number = start["line"]
        width = max(end["character"] - start["character"], 1)
        shown.append(f"{number + 1:>4} | {lines[number]}")
        shown.append(f"     | {' ' * start['character']}{'^' * width} {problem['message']}")
    return shown


def _look(stage: Stage) -> None:
    see, editor, program = stage.tally.see, stage.editor, stage.program
    lines = program.text.split("\n")
    last = program.line("return Predictor") - 1
    editor.show(program.predictor, "\n".join([*lines[:last], "Predictor:", *lines[last:]]))
    items = editor.completion(program.predictor, last, len("Predictor:"))
    found = _detail(items, "height_at")
    see("static-completion", "number" in found and "observed" not in found, found)
    editor.show(program.predictor, program.text)
    line = program.line("local height = self:height_at")
    column = lines[line - 1].index("height_at")
    hover = _plain(editor.hover(program.predictor, line - 1, column))
    see("static-hover", "Predictor:height_at" in hover and "observed" not in hover, hover)
    editor.show(stage.scratch, _LIVE)
    items = editor.completion(stage.scratch, 0, len(_LIVE) - 1)
    see("not-yet", not _detail(items, "M2"), f"{len(items)} fields of harbour.by_name")


def look_again(stage: Stage) -> None:
    """Step 4: the same questions, now that the program has run."""
    see, editor = stage.tally.see, stage.editor
    stage.settle()
    editor.show(stage.scratch, _LIVE)
    items = editor.completion(stage.scratch, 0, len(_LIVE) - 1)
    found = _detail(items, "M2")
    see("observed-completion", found.startswith("observed after execution"), found)
    names = [item["label"] for item in items]
    stage.tally.teller.picture([f"{_LIVE[:-1]}  →  {', '.join(names[:9])}, …"] if names else [])
    editor.show(stage.scratch, _READ)
    hover = _plain(editor.hover(stage.scratch, 0, _READ.index("amplitude")))
    really = stage.value("harbour.by_name.M2.amplitude")
    see("observed-hover", "observed" in hover and bool(really) and really in hover, hover)


def _detail(items: list[Json], label: str) -> str:
    """What stands beside an item; empty when there is none of that name."""
    return next((str(item.get("detail", "")) for item in items if item["label"] == label), "")


def _plain(markdown: str) -> str:
    """A hover's text without its fences, in one line."""
    lines = [line for line in markdown.splitlines() if line and not line.startswith("```")]
    return " · ".join(lines)

"""Step 5: the same program on the same runtime, under the debugger, seen from three windows."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tidelock.terminal.demo.peers import Debugging, Json
    from tidelock.terminal.demo.stage import Stage

_STOP, _NEXT = "local kind = rising", "local height = self:height_at"
_CONDITION = "rising == true"
_MARK = "set by the notebook"


def debug(stage: Stage) -> None:
    """Launch with a conditional breakpoint, stop, look, change, step, and go on to the end."""
    stage.execute(f"mark = '{_MARK}'")
    debugging = stage.start_debugging()
    frame = _launch(stage, debugging)
    _look(stage, debugging, frame)
    _look_from_elsewhere(stage, frame)
    _step(stage, debugging)
    _finish(stage, debugging)


def _launch(stage: Stage, debugging: Debugging) -> Json:
    """Up to the first stop; the innermost frame."""
    see, program = stage.tally.see, stage.program
    line = program.line(_STOP)
    debugging.request("initialize", adapterID="tidelock", clientID="tidelock-demo")
    launch = debugging.send("launch", program=program.main)
    debugging.event("initialized")
    point = _set_breakpoints(stage, debugging, [{"line": line, "condition": _CONDITION}])[0]
    see(
        "breakpoint",
        point["verified"] and point["line"] == line,
        f"predictor.lua:{point.get('line')} if {_CONDITION}",
    )
    debugging.request("setExceptionBreakpoints", filters=["uncaught"])
    debugging.request("configurationDone")
    debugging.answer(launch)
    stopped = debugging.event("stopped")
    frames = debugging.stack()
    top = frames[0]
    place = f"{os.path.basename(top['source']['path'])}:{top['line']}"
    see(
        "stopped",
        stopped["reason"] == "breakpoint" and place == f"predictor.lua:{line}",
        f"{stopped['reason']} at {place}",
    )
    stage.tally.teller.picture(_stopped_lines(program.text, line))
    names = [frame["name"] for frame in frames]
    files = [os.path.basename(frame.get("source", {}).get("path", "")) for frame in frames]
    through = [name for name in files if name]
    see(
        "stack",
        through[:2] == ["predictor.lua", "almanac.lua"] and through[-1] == "main.lua",
        " ← ".join(f"{name} ({file})" for name, file in zip(names, files, strict=True) if file),
    )
    caller = next(frame for frame, file in zip(frames, files, strict=True) if file == "almanac.lua")
    passed = debugging.evaluate("#summary.waters", caller["id"])
    see("condition", passed == "1", f"{passed} low water had gone by without a stop")
    return top


def _set_breakpoints(stage: Stage, debugging: Debugging, points: list[Json]) -> list[Json]:
    source = {"path": stage.program.predictor}
    found: list[Json] = debugging.request("setBreakpoints", source=source, breakpoints=points)[
        "breakpoints"
    ]
    return found


def _look(stage: Stage, debugging: Debugging, frame: Json) -> None:
    see = stage.tally.see
    _, found = debugging.locals(frame["id"])
    kind = debugging.evaluate("kind", frame["id"])
    printed = "High and low water\n" in debugging.output()
    see(
        "next-line-not-run",
        "kind" not in found
        and kind == "nil"
        and printed
        and "high 08:15" not in debugging.output(),
        f"kind is {kind}, and the day's line is not printed",
    )
    see(
        "locals",
        found.get("rising") == "true" and "time" in found,
        ", ".join(f"{name} = {found.get(name)}" for name in ("rising", "time", "before")),
    )
    value = debugging.evaluate("string.format('%.2f', self:height_at(time))", frame["id"])
    see("evaluate", value == '"1.84"', f"the height there is {value}")
    mark = debugging.evaluate("mark", frame["id"])
    see("same-runtime", mark == f'"{_MARK}"', f"mark is {mark}")


def _look_from_elsewhere(stage: Stage, frame: Json) -> None:
    """The stop as a notebook and the language server see it."""
    see, program, editor = stage.tally.see, stage.program, stage.editor
    told = stage.ask(action="ask", what="value", root="rising", keys=[], frame=frame["id"])
    value = told["facts"][0]["text"] if told["facts"] else "not found"
    see(
        "second-client",
        told["state"] == "paused" and value == "true",
        f"a Jupyter client reads rising = {value} while {told['state']}",
    )
    lines = program.text.split("\n")
    line = program.line(_STOP)
    stage.settle()
    editor.show(program.predictor, "\n".join([*lines[: line - 1], "ris", *lines[line - 1 :]]))
    items = editor.completion(program.predictor, line - 1, len("ris"))
    detail = next((item.get("detail", "") for item in items if item["label"] == "rising"), "")
    see("completes-in-frame", "paused" in detail and "true" in detail, detail)
    editor.show(program.predictor, program.text)


def _step(stage: Stage, debugging: Debugging) -> None:
    see, program = stage.tally.see, stage.program
    top = debugging.stop_after("next")
    reference, found = debugging.locals(top["id"])
    following = program.line(_NEXT)
    see(
        "step-over",
        top["line"] == following and found.get("kind") == '"high"',
        f"line {top['line']}, kind is {found.get('kind')}",
    )
    answer = debugging.request(
        "setVariable", variablesReference=reference, name="kind", value='"HIGH"'
    )
    read = debugging.evaluate("kind", top["id"])
    see("set-variable", answer["value"] == read == '"HIGH"', f"kind is {read}")
    inner = debugging.stop_after("stepIn")
    begin = program.line("local year = self:year_at(t)")
    see(
        "step-in",
        "height_at" in inner["name"] and inner["line"] == begin,
        f"{inner['name']}, line {inner['line']}",
    )
    outer = debugging.stop_after("stepOut")
    see(
        "step-out",
        following <= outer["line"] <= following + 1 and outer["name"] == top["name"],
        f"{outer['name']}, line {outer['line']}",
    )


def _finish(stage: Stage, debugging: Debugging) -> None:
    see = stage.tally.see
    _set_breakpoints(stage, debugging, [])
    since = len(debugging.received)
    debugging.request("continue", threadId=debugging.thread())
    ended = debugging.event("exited", since)
    debugging.event("terminated", since)
    see("continues", ended.get("exitCode") == 0, f"exit code {ended.get('exitCode')}")
    changed = [line for line in debugging.output().splitlines() if "HIGH" in line]
    see(
        "change-seen",
        len(changed) == 1 and "HIGH 08:15" in changed[0],
        changed[0].strip() if changed else "no line has HIGH",
    )


def _stopped_lines(text: str, line: int) -> list[str]:
    """The source around the stop, as an editor shows it."""
    lines = text.split("\n")
    return [
        f"{'→' if number == line else ' '}{number:>4} | {lines[number - 1]}"
        for number in range(line - 2, line + 3)
    ]

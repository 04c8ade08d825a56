"""The debugger's commands of a session, all in one table.

Each is one operation of the debugger put into words; none decides anything.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from tidelock.shared.errors import UsageError
from tidelock.terminal import places
from tidelock.terminal.meta import Meta
from tidelock.terminal.session import READY, Step

if TYPE_CHECKING:
    from tidelock.terminal.debugging import Debugging
    from tidelock.terminal.points import Point
    from tidelock.terminal.session import Session

_LIST_AROUND = 5


def _break(session: Session, words: list[str]) -> Step:
    if not words:
        return _breakpoints(session, words)
    debugging = session.debugger()
    point = debugging.points.add(places.read(words[0], debugging.path or session.script))
    session.shown.say(point.told())
    return READY


def _breakpoints(session: Session, words: list[str]) -> Step:
    points = list(session.debugger().points)
    for point in points:
        place = point.place
        parts = [f"{point.number:>3} {point.where}"]
        for word, text in (("if", place.condition), ("hit", place.hit), ("log", place.log)):
            if text:
                parts.append(f"{word} {text}")
        if not point.is_enabled:
            parts.append("(disabled)")
        elif point.message:
            parts.append(f"({point.message})")
        session.shown.say(" ".join(parts))
    if not points:
        session.shown.say("No breakpoints")
    return READY


def _chosen(debugging: Debugging, words: list[str], command: str) -> list[Point]:
    if not words:
        raise UsageError("which one?", f"usage: .{command} ID… or all")
    if words == ["all"]:
        return list(debugging.points)
    return [debugging.points.find(word) for word in words]


def _delete(session: Session, words: list[str]) -> Step:
    debugging = session.debugger()
    for point in _chosen(debugging, words, "delete"):
        debugging.points.delete(point)
        session.shown.say(f"Breakpoint {point.number} at {point.where} deleted")
    return READY


def _enable(session: Session, words: list[str]) -> Step:
    debugging = session.debugger()
    for point in _chosen(debugging, words, "enable"):
        session.shown.say(debugging.points.change(point, is_enabled=True).told())
    return READY


def _disable(session: Session, words: list[str]) -> Step:
    debugging = session.debugger()
    for point in _chosen(debugging, words, "disable"):
        debugging.points.change(point, is_enabled=False, is_set=False, id=0, message="")
        session.shown.say(f"Breakpoint {point.number} at {point.where} disabled")
    return READY


def _ignore(session: Session, words: list[str]) -> Step:
    if len(words) != 2 or not words[1].isdigit():
        raise UsageError("which one, and how often?", "usage: .ignore ID N")
    debugging = session.debugger()
    point = debugging.points.find(words[0])
    debugging.points.change(point, place=point.place._replace(hit=f"> {words[1]}"))
    session.shown.say(f"Breakpoint {point.number} passes over its next {words[1]} hits")
    return READY


def _resuming(how: str) -> Callable[[Session, list[str]], Step]:
    def resume(session: Session, words: list[str]) -> Step:
        debugging = session.stopped()
        debugging.resume(how)
        if how == "continue":
            session.shown.say("Continuing")
        else:
            debugging.wait_for_stop()
        return READY

    return resume


def _pause(session: Session, words: list[str]) -> Step:
    debugging = session.debugger()
    if debugging.stop is not None:
        raise UsageError("It stands still already.")
    debugging.stop_now()
    return READY


def _stack(session: Session, words: list[str]) -> Step:
    for line in session.stopped().stack(everything=words == ["all"]):
        session.shown.say(line)
    return READY


def _move(session: Session, number: int) -> Step:
    debugging = session.stopped()
    debugging.select(number)
    session.shown.say(debugging.described())
    debugging.show_watches()
    return READY


def _frame(session: Session, words: list[str]) -> Step:
    debugging = session.stopped()
    return _move(session, _number(words, debugging.selected))


def _up(session: Session, words: list[str]) -> Step:
    return _move(session, session.stopped().selected + _number(words, 1))


def _down(session: Session, words: list[str]) -> Step:
    return _move(session, session.stopped().selected - _number(words, 1))


def _number(words: list[str], default: int) -> int:
    if not words:
        return default
    if not words[0].isdigit():
        raise UsageError(f"{words[0]} is no number")
    return int(words[0])


def _listing(scope: str, title: str) -> Callable[[Session, list[str]], Step]:
    def show(session: Session, words: list[str]) -> Step:
        if not session.is_stopped:
            session.shown.say(f"No {title} (not paused)")
            return READY
        debugging = session.stopped()
        found = debugging.scope(scope)
        session.shown.say(f"{title.capitalize()}:" if found else f"No {title}")
        for value in found:
            session.shown.say(f"  {value['name']} = {value['value']} ({value['type']})")
        return READY

    return show


_locals = _listing("Locals", "local variables")
_upvalues = _listing("Upvalues", "upvalues")
_globals = _listing("Globals", "globals")


def _print(session: Session, words: list[str]) -> Step:
    _show(session, words, ".print EXPR", "repl")
    return READY


def _inspect(session: Session, words: list[str]) -> Step:
    _show(session, words, ".inspect EXPR", "clipboard")
    return READY


def _show(session: Session, words: list[str], usage: str, context: str) -> None:
    if not words:
        raise UsageError("an expression is missing", f"usage: {usage}")
    debugging = session.debugger()
    text = debugging.evaluate(words[0], context)["result"]
    debugging.pump()  # what it printed comes first
    if text:  # statements have none
        session.shown.say(text)


def _watch(session: Session, words: list[str]) -> Step:
    debugging = session.debugger()
    debugging.watches += words
    if debugging.stop is not None:
        debugging.show_watches()
    else:
        for number, text in enumerate(debugging.watches, 1):
            session.shown.say(f"  [{number}] {text}")
    return READY


def _unwatch(session: Session, words: list[str]) -> Step:
    watches = session.debugger().watches
    text = words[0] if words else ""
    if text == "all":
        watches.clear()
    elif text in watches:
        watches.remove(text)
    elif text.isdigit() and 1 <= int(text) <= len(watches):
        del watches[int(text) - 1]
    else:
        raise UsageError(f"no watch {text or 'given'}", "usage: .unwatch ID, EXPR or all")
    return READY


def _assign(session: Session, words: list[str]) -> Step:
    target, sign, text = words[0].partition("=") if words else ("", "", "")
    if not sign or not target.strip() or not text.strip():
        raise UsageError("what is assigned?", "usage: .assign NAME = EXPR")
    old, new = session.stopped().assign(target.strip(), text.strip())
    session.shown.say(f"{target.strip()} = {new} (was {old})")
    return READY


def _list(session: Session, words: list[str]) -> Step:
    debugging = session.stopped()
    for line in debugging.source(_number(words, debugging.frame["line"]), _LIST_AROUND):
        session.shown.say(line)
    return READY


def _catch(session: Session, words: list[str]) -> Step:
    which = words[0] if words else ""
    session.debugger().catch(which)
    session.shown.say(f"Stops at errors: {which}")
    return READY


def _debug(session: Session, words: list[str]) -> Step:
    if words == ["off"]:
        session.stop_debugging()
    elif words == ["on"]:
        session.debugger()
    elif words:
        raise UsageError(f"{words[0]} is neither on nor off", "usage: .debug [on|off]")
    if session.is_debugging:
        session.shown.say("The debugger is attached; lines without a breakpoint cost nothing.")
    else:
        session.shown.say("The debugger is not attached.")
    return READY


COMMANDS = (
    Meta(("break", "b"), ".break PLACE", f"stop there: {places.FORM}", _break, True),
    Meta(("breakpoints", "bl"), ".breakpoints", "your breakpoints", _breakpoints),
    Meta(("delete", "d"), ".delete ID…|all", "take breakpoints away", _delete),
    Meta(("enable",), ".enable ID…|all", "let them stop again", _enable),
    Meta(("disable",), ".disable ID…|all", "keep them, but do not stop", _disable),
    Meta(("ignore",), ".ignore ID N", "pass over the next N hits", _ignore),
    Meta(("catch",), ".catch all|uncaught|none", "which errors stop", _catch),
    Meta(("continue", "c"), ".continue", "go on", _resuming("continue")),
    Meta(("next", "n", "stepover"), ".next", "to the next line, over calls", _resuming("over")),
    Meta(("step", "s", "stepin"), ".step", "to the next line, into calls", _resuming("in")),
    Meta(("finish", "f", "stepout"), ".finish", "run to the caller", _resuming("out")),
    Meta(("pause",), ".pause", "stop what runs at its next line", _pause),
    Meta(("stack", "bt", "backtrace", "where", "w"), ".stack [all]", "who called whom", _stack),
    Meta(("frame",), ".frame [N]", "select a frame", _frame),
    Meta(("up",), ".up [N]", "select the caller", _up),
    Meta(("down",), ".down [N]", "select the called", _down),
    Meta(("locals", "l"), ".locals", "variables of the frame", _locals),
    Meta(("upvalues",), ".upvalues", "those it shares with others", _upvalues),
    Meta(("globals",), ".globals", "its globals", _globals),
    Meta(("print", "p"), ".print EXPR", "a value in the frame", _print, True),
    Meta(("inspect",), ".inspect EXPR", "the whole of it", _inspect, True),
    Meta(("assign",), ".assign NAME = EXPR", "change a variable", _assign, True),
    Meta(("watch",), ".watch [EXPR]", "show it at each stop", _watch, True),
    Meta(("unwatch",), ".unwatch ID|EXPR|all", "no longer", _unwatch, True),
    Meta(("list", "source"), ".list [LINE]", "the source around", _list),
    Meta(("debug",), ".debug [on|off]", "attach the debugger, or not", _debug),
)  # fmt: skip

"""The commands of a REPL session that begin with a dot; help and parsing from one table."""

from __future__ import annotations

import functools
import os
import shlex
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

from tidelock.shared.errors import UsageError
from tidelock.shared.link.connection import DAP_HOST
from tidelock.shared.sources import Sources
from tidelock.terminal.arguments import nearest
from tidelock.terminal.executing import Request
from tidelock.terminal.session import READY, Step

if TYPE_CHECKING:
    from tidelock.terminal.session import Session

_ANSWER_S = 5.0
_HISTORY = 20
_MOST = 10000


class Meta(NamedTuple):
    """One command: its names, usage, what it does in words, and in code.

    ``takes_text``: what follows is one text, not words.
    """

    names: tuple[str, ...]
    usage: str
    text: str
    function: Callable[[Session, list[str]], Step]
    takes_text: bool = False


def perform(session: Session, name: str, rest: str) -> Step:
    """Do the command of a line that begins with a dot.

    Raises:
        UsageError: there is none of that name, or its arguments are wrong.
    """
    known = by_name()
    command = known.get(name)
    if command is None:
        hint = nearest(f".{name}", [f".{one}" for one in known])
        raise UsageError(f"unknown command .{name}", hint or ".help lists the commands")
    if command.takes_text:
        return command.function(session, [rest] if rest else [])
    try:
        words = shlex.split(rest)
    except ValueError as error:
        raise UsageError(f".{name}: {error}", f"usage: {command.usage}") from None
    return command.function(session, words)


@functools.cache
def by_name() -> dict[str, Meta]:
    """Every command by each of its names, the debugger's too."""
    from tidelock.terminal import debug_commands

    return {name: made for made in (*COMMANDS, *debug_commands.COMMANDS) for name in made.names}


def _help(session: Session, words: list[str]) -> Step:
    known = by_name()
    wanted = [known[word] for word in (w.removeprefix(".") for w in words) if word in known]
    if words and not wanted:
        raise UsageError(f"no command {words[0]}", ".help lists them")
    for command in wanted or dict.fromkeys(known.values()):
        session.shown.say(f"{command.usage:<24} {command.text}")
    if not words:
        session.shown.say("Everything else is Lua; '= EXPR' is always Lua.")
    return READY


def _exit(session: Session, words: list[str]) -> Step:
    return Step("leave")


def _vars(session: Session, words: list[str]) -> Step:
    if len(words) > 1:
        raise UsageError("one pattern at most", "usage: .vars [PATTERN]")
    moment = session.client.comm("tidelock.kernel", {"action": "moment"}).result(_ANSWER_S)
    pattern = words[0] if words else "*"
    for fact in sorted(moment["globals"], key=lambda fact: str(fact["name"])):
        if _fits(fact["name"], pattern):
            session.shown.say(f"{fact['name']} = {fact['text']} ({fact['type']})")
    return READY


def _fits(name: str, pattern: str) -> bool:
    """Whether a name has a text in it, or matches a pattern with ``*`` and ``?``."""
    from fnmatch import fnmatchcase

    return fnmatchcase(name, pattern) if set(pattern) & set("*?[") else pattern in name


def _info(session: Session, words: list[str]) -> Step:
    told = session.client.comm("tidelock.kernel", {"action": "status"}).result(_ANSWER_S)
    ours = session.link.info.get("tidelock", {})
    where = "in this process" if session.link.is_embedded else "in a process of its own"
    facts: dict[str, Any] = {
        "kernel": f"{told['kernel_id']}, {where}",
        "process": os.getpid() if session.link.is_embedded else session.client.connection.pid,
        "Lua": told["lua"],
        "workspace": told["workspace"] or session.workspace,
        "inputs": told["execution_count"],
        "debug adapter": f"{DAP_HOST}:{ours['dap_port']}" if ours.get("dap_port") else "none",
    }
    for name, value in facts.items():
        session.shown.say(f"{name:<14} {value}")
    return READY


def _run(session: Session, words: list[str]) -> Step:
    if not words:
        raise UsageError("a file is missing", "usage: .run FILE [ARGS]")
    script = Sources().script(os.path.expanduser(words[0]))
    search = (os.path.dirname(script.path), *session.search)
    session.execute(
        Request(
            script.text,
            "script",
            source=script.path,
            arguments=tuple(words[1:]),
            search=tuple(dict.fromkeys(search)),
        )
    )
    return READY


def _history(session: Session, words: list[str]) -> Step:
    content: dict[str, Any] = {"hist_access_type": "tail", "n": _HISTORY}
    if words and words[0].isdigit():
        content["n"] = int(words[0])
    elif words:
        text = "".join(f"[{sign}]" if sign in "*?[" else sign for sign in " ".join(words))
        content = {"hist_access_type": "search", "pattern": f"*{text}*", "n": _MOST}
    present: dict[str, Any] = {"hist_access_type": "range", "session": 0}
    own = {entry[0] for entry in _remembered(session, present)}
    for number, count, text in _remembered(session, content):
        name = str(count) if number in own else f"{number}/{count}"
        shown = str(text).replace("\n", f"\n{'':{max(len(name), 5)}}  ")
        session.shown.say(f"{name:>5}  {shown}")
    return READY


def _remembered(session: Session, content: dict[str, Any]) -> list[tuple[int, int, str]]:
    """Inputs that the kernel knows: session, number in it, text."""
    content = {**content, "output": False, "raw": True}
    reply = session.client.request("history_request", content).result(_ANSWER_S)
    return [tuple(entry) for entry in reply.content["history"]]


def _reset(session: Session, words: list[str]) -> Step:
    session.client.shutdown(restart=True).result(_ANSWER_S)
    session.shown.say("New Lua state; history and breakpoints stay.")
    return READY


COMMANDS = (
    Meta(("help", "h", "?"), ".help [COMMAND]", "this list", _help),
    Meta(("exit", "quit", "q"), ".exit", "leave; Ctrl-D does as well", _exit),
    Meta(("vars", "variables"), ".vars [PATTERN]", "the globals you made", _vars),
    Meta(("info", "kernel"), ".info", "the kernel, its Lua and workspace", _info),
    Meta(("run",), ".run FILE [ARGS]", "run a file in this Lua state", _run),
    Meta(("history", "hist"), ".history [N|TEXT]", "the last inputs, or some", _history),
    Meta(("reset",), ".reset", "a new Lua state in the same kernel", _reset),
)  # fmt: skip

"""A launched program: what the arguments ask for, its beginning, and the same once more.

It decides nothing about who may launch; that stands in ``routes``.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from tidelock.dap.convert import LATER, Body, field
from tidelock.shared.errors import BadRequest, Unavailable
from tidelock.shared.model import Idle, Run
from tidelock.shared.sources import display_name, search_folders, workspace_of

if TYPE_CHECKING:
    from tidelock.dap.session import Session

TERMINALS = {
    "internalConsole": "",
    "integratedTerminal": "integrated",
    "externalTerminal": "external",
}
"""The consoles of a launch, and what ``runInTerminal`` calls them."""


def run_of(session: Session, arguments: Body) -> Run:
    """What the arguments of a launch ask for.

    Raises:
        BadRequest: a field is missing or wrong; names it.
        Unavailable: this kernel cannot run it so.
    """
    context = session.context
    wanted = field(arguments, "lua", str, "")
    build = context.runtime.build
    if wanted and wanted not in (build.name, build.dialect):
        raise Unavailable(f"Lua {wanted} on this kernel", f"it runs {build.name}")
    if arguments.get("env"):
        raise Unavailable("env on a shared kernel", "start a kernel with that environment")
    words = field(arguments, "args", list, [])
    if not all(isinstance(word, str) for word in words):
        raise BadRequest("args is no list of texts")
    here = session.sources.inward
    directory = here(field(arguments, "cwd", str, ""))
    if directory and not os.path.isdir(directory):
        raise BadRequest(f"cwd {directory} is no folder")
    program, code = here(field(arguments, "program", str, "")), field(arguments, "code", str, "")
    if bool(program) == bool(code):
        raise BadRequest("give program, the path of a Lua file, or code")
    folder = os.path.dirname(os.path.abspath(program)) if program else directory or os.getcwd()
    text, chunk, script = code, "", ""
    if program:
        script, text, chunk = context.sources.script(program)
    return Run(
        id=context.ids(),
        text=text,
        chunk=chunk,
        kind="debug",
        is_input=not program,
        script=script,
        arguments=tuple(words),
        fresh_modules=not field(arguments, "keepModules", bool, False),
        directory=directory,
        search=search_folders(folder, workspace_of(folder), context.settings.lua_path),
        stop_on_entry=field(arguments, "stopOnEntry", bool, False) and not session.no_debug,
    )


def terminal_of(session: Session, arguments: Body) -> str:
    """The kind of terminal that a launch asks for: integrated, external, or empty for none.

    Raises:
        BadRequest: there is no such console.
        Unavailable: the client starts no terminals, or none could find this kernel.
    """
    wanted = field(arguments, "console", str, "internalConsole")
    if wanted not in TERMINALS:
        raise BadRequest(f"console {wanted} is none of {', '.join(TERMINALS)}")
    kind = TERMINALS[wanted]
    if kind and not session.manner.terminals:
        raise Unavailable(f"console {wanted}", "this client does not start terminals")
    if kind and session.console is None:
        raise Unavailable(f"console {wanted}", "this kernel is in no registry")
    return kind


def begin(session: Session, run: Run) -> None:
    """Tell of the program, and let it run as soon as the lane is free, or its terminal there."""
    name = run.script or "code"
    session.event("process", {"name": name, "startMethod": "launch", "isLocalProcess": True})
    if session.terminal and session.console is not None:
        session.context.prepared[run.id] = run
        arguments: Body = {
            "kind": session.terminal,
            "title": display_name(run.chunk) if run.chunk else name,
            "cwd": run.directory or os.path.dirname(run.script) or os.getcwd(),
            "args": session.console(run.id),
        }
        session.ask("runInTerminal", arguments, lambda response: _opened(session, run, response))
    else:
        session.context.execute(run)


def _opened(session: Session, run: Run, response: Body) -> None:
    """The client has started the terminal, whose console begins the program; or it has not."""
    if response.get("success") is True or not session.context.prepared.pop(run.id, None):
        return
    words = response.get("message") or "the client gives no reason"
    session.launch_finished = True
    session.event("output", {"category": "stderr", "output": f"no terminal: {words}\n"})
    session.event("terminated")


def restart(session: Session, arguments: Body, message: Body) -> object:
    """End the launched program and launch it again; the kernel and the breakpoints stay.

    Answered when the old one has ended and the new one begins: with the arguments that the
    request brings, else with those of before.
    """
    old = session.launched
    if old is None:
        raise BadRequest("this session has launched no program; attach again instead")
    if session.launch_finished:
        raise BadRequest("the program has ended; launch it in a new session")
    if session.restarting is not None:
        raise BadRequest("the program is being restarted already")
    state = session.context.runtime.state
    if not isinstance(state, Idle) and state.run.id != old.id:
        raise BadRequest("something else runs on this kernel; the program waits for it")
    fresh = field(arguments, "arguments", dict, session.launch_arguments)
    if field(fresh, "noDebug", bool, False) != session.no_debug:
        raise BadRequest("noDebug cannot change at a restart; launch in a new session")
    session.map_paths(fresh)
    terminal = terminal_of(session, fresh)
    run = run_of(session, fresh)
    session.launch_arguments = fresh
    session.restarting = (message, run)
    session.terminal = terminal
    if session.context.prepared.pop(old.id, None):  # its terminal has not begun it yet
        begin_again(session)
    else:
        session.context.runtime.interrupt()
    return LATER


def begin_again(session: Session) -> bool:
    """The launched program has ended: begin the next one if that was a restart."""
    if session.restarting is None:
        return False
    (message, run), session.restarting = session.restarting, None
    session.launched = run
    session.context.debugger.count_anew(session.owner)
    session.respond(message)
    begin(session, run)
    return True


def give_up(session: Session) -> None:
    """The program is to end for good: it does not begin any more, nor once more."""
    if session.launched is not None:
        session.context.prepared.pop(session.launched.id, None)
    if session.restarting is not None:
        (message, _), session.restarting = session.restarting, None
        session.fail(message, "the program was ended meanwhile", "cancelled")

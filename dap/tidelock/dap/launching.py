"""A launched program: what the arguments ask for, its beginning, and the same once more.

It decides nothing about who may launch; that stands in ``routes``.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from tidelock.dap.convert import LATER, Body, field
from tidelock.shared.errors import BadRequest, Unavailable
from tidelock.shared.model import Idle, Run
from tidelock.shared.sources import search_folders, workspace_of

if TYPE_CHECKING:
    from tidelock.dap.session import Session


def run_of(session: Session, arguments: Body) -> Run:
    """What the arguments of a launch ask for.

    Raises:
        BadRequest: a field is missing or wrong; names it.
        Unavailable: this kernel cannot run it so.
    """
    context = session.context
    wanted = field(arguments, "lua", str, "")
    here = context.runtime.build
    if wanted and wanted not in (here.name, here.dialect):
        raise Unavailable(f"Lua {wanted} on this kernel", f"it runs {here.name}")
    if arguments.get("env"):
        raise Unavailable("env on a shared kernel", "start a kernel with that environment")
    words = field(arguments, "args", list, [])
    if not all(isinstance(word, str) for word in words):
        raise BadRequest("args is no list of texts")
    directory = field(arguments, "cwd", str, "")
    if directory and not os.path.isdir(directory):
        raise BadRequest(f"cwd {directory} is no folder")
    program, code = field(arguments, "program", str, ""), field(arguments, "code", str, "")
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


def begin(session: Session, run: Run) -> None:
    """Tell of the program, and let it run as soon as the lane is free."""
    name = run.script or "code"
    session.event("process", {"name": name, "startMethod": "launch", "isLocalProcess": True})
    session.context.execute(run)


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
    run = run_of(session, fresh)
    session.launch_arguments = fresh
    session.restarting = (message, run)
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


def give_up_restart(session: Session) -> None:
    """The program is to end for good: a restart that is under way is refused."""
    if session.restarting is not None:
        (message, _), session.restarting = session.restarting, None
        session.fail(message, "the program was ended meanwhile", "cancelled")

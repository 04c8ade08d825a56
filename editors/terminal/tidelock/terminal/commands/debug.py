"""``tidelock debug``: a script under the debugger, told what to do by lines."""

from __future__ import annotations

import os

from tidelock.shared.errors import UsageError
from tidelock.shared.sources import Script, Sources, search_folders
from tidelock.terminal import kernels, places, prompt
from tidelock.terminal.draw import Printed
from tidelock.terminal.executing import Request
from tidelock.terminal.invocation import Invocation, current_folder
from tidelock.terminal.lines import Lines
from tidelock.terminal.places import Place
from tidelock.terminal.session import Session


def run(invocation: Invocation) -> int:
    """Run the script, or look at what runs on a kernel; the script's code, 0 after ``.exit``."""
    console, options = invocation.console, invocation.options
    if console.is_json:
        raise UsageError("debug speaks text only", "run takes --output json")
    script = Sources().script(options.script) if options.script else None
    if script is None and not (options.connect or options.workspace_kernel):
        raise UsageError("a script is missing", "or name a running kernel: --connect ADDR")
    path = script.path if script is not None else ""
    wanted = [places.read(text, path) for text in options.break_at or []]
    workspace = invocation.workspace(path)
    settings = invocation.settings(workspace)
    lines, display = Lines(), Printed(console)
    folder = os.path.dirname(path) if path else current_folder()
    search = search_folders(folder, workspace, settings.lua_path)
    is_terminal = prompt.is_terminal()
    reader = prompt.Typed(display) if is_terminal else prompt.Piped(lines)
    with (
        kernels.used(invocation, settings, workspace) as link,
        Session(link, display, lines, search, workspace, path) as session,
    ):
        _prepare(session, wanted, options.watch or [], options.break_on)
        if script is None:
            return prompt.converse(session, reader)
        return _run(session, reader, script, invocation)


def _prepare(session: Session, wanted: list[Place], watches: list[str], errors: str | None) -> None:
    """Set what the flags say; which errors stop is the kernel's choice unless they name some.

    Raises:
        UsageError: a breakpoint cannot stop; nothing has run.
    """
    debugging = session.debugger()
    if errors is not None:
        debugging.catch(errors)
    debugging.watches += watches
    for place in wanted:
        point = debugging.points.add(place)
        if not point.is_set:
            raise UsageError(f"--break-at {place}: {point.message}", f"write {places.FORM}")
        if point.line != place.line:
            session.shown.complain(point.told())


def _run(session: Session, reader: prompt.Reader, script: Script, invocation: Invocation) -> int:
    options = invocation.options
    request = Request(
        script.text,
        "debug",
        source=script.path,
        arguments=invocation.arguments,
        search=session.search,
        timeout_s=options.timeout,
        fresh_modules=True,
        stop_on_entry=options.step,
    )
    return prompt.watch(session, reader, request)

"""``tidelock run``: a script, from a file or from standard input."""

from __future__ import annotations

import os

from tidelock.shared.errors import UsageError
from tidelock.shared.sources import Script, Sources, decode, search_folders
from tidelock.terminal.executing import Request
from tidelock.terminal.invocation import Invocation, current_folder
from tidelock.terminal.lines import Lines
from tidelock.terminal.runner import perform


def run(invocation: Invocation) -> int:
    """Run the script; its exit code."""
    options, lines = invocation.options, Lines()
    script = _from_input(lines) if options.script == "-" else Sources().script(options.script)
    workspace = invocation.workspace(script.path)
    settings = invocation.settings(workspace)
    folder = os.path.dirname(script.path) if script.path else current_folder()
    if settings.lua_jit == "auto":
        settings = settings._replace(lua_jit="on")
    request = Request(
        script.text,
        "script",
        source=script.path,
        arguments=invocation.arguments,
        search=search_folders(folder, workspace, settings.lua_path),
        timeout_s=options.timeout,
        fresh_modules=True,
    )
    return perform(invocation, request, settings, workspace, lines)


def _from_input(lines: Lines) -> Script:
    text = decode(lines.rest())
    if text.startswith("\x1b"):
        raise UsageError("precompiled chunk not accepted", "run the Lua source")
    return Script("", text, "=stdin")

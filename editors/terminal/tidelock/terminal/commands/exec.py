"""``tidelock exec``: a piece of Lua, and its values printed."""

from __future__ import annotations

from tidelock.shared.sources import decode, search_folders
from tidelock.terminal.executing import Request
from tidelock.terminal.invocation import Invocation, current_folder
from tidelock.terminal.lines import Lines
from tidelock.terminal.runner import perform


def run(invocation: Invocation) -> int:
    """Execute the code; its exit code."""
    options, lines = invocation.options, Lines()
    code = decode(lines.rest()) if options.code == "-" else options.code
    workspace = invocation.workspace()
    settings = invocation.settings(workspace)
    request = Request(
        code,
        "exec",
        arguments=invocation.arguments,
        search=search_folders(current_folder(), workspace, settings.lua_path),
        timeout_s=options.timeout,
    )
    return perform(invocation, request, settings, workspace, lines)

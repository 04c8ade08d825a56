"""``tidelock repl``: Lua typed at a terminal or piped in."""

from __future__ import annotations

import signal

from tidelock.shared.errors import UsageError
from tidelock.shared.sources import search_folders
from tidelock.shared.version import VERSION
from tidelock.terminal import exits, kernels, prompt
from tidelock.terminal.draw import Printed
from tidelock.terminal.invocation import Invocation, current_folder
from tidelock.terminal.kernels import Link
from tidelock.terminal.lines import Lines
from tidelock.terminal.session import Session


def run(invocation: Invocation) -> int:
    """Converse until the end; 1 if piped input failed somewhere."""
    console = invocation.console
    if console.is_json:
        raise UsageError("repl speaks text only", "exec and run take --output json")
    workspace = invocation.workspace()
    settings = invocation.settings(workspace)
    lines, display = Lines(), Printed(console)
    _leave_in_order()
    search = search_folders(current_folder(), workspace, settings.lua_path)
    with (
        kernels.used(invocation, settings, workspace, is_conversation=True) as link,
        Session(link, display, lines, search, workspace) as session,
    ):
        is_terminal = prompt.is_terminal()
        if is_terminal and not invocation.options.quiet:
            for line in _greeting(link):
                console.say(line)
        reader = prompt.Typed(display) if is_terminal else prompt.Piped(lines)
        code = prompt.converse(session, reader)
    if code == exits.DONE and session.has_failed and not is_terminal:
        return exits.FAILED
    return code


def _leave_in_order() -> None:
    """Have a closed terminal and a request to terminate end the session as its user would.

    What was typed last is stored then, and the store does not tell of a kernel that was killed.
    """
    ends = (signal.SIGHUP, signal.SIGTERM)

    def leave(number: int, _: object) -> None:
        for each in ends:
            signal.signal(each, signal.SIG_IGN)
        raise SystemExit(128 + number)

    for each in ends:
        signal.signal(each, leave)


def _greeting(link: Link) -> tuple[str, str]:
    language = link.info.get("language_info", {}).get("version", "")
    where = "embedded kernel" if link.is_embedded else f"kernel {link.client.connection.kernel_id}"
    return (
        f"Tidelock {VERSION}, Lua {language}, {where}",
        ".help lists the commands, Ctrl-D leaves.",
    )

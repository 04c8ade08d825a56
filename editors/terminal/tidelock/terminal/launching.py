"""``tidelock kernel launch``: the process that Jupyter, an editor or the starter makes.

Its own small reading of the command line: argparse costs a tenth of the time there is.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

_TAKES = ("-f", "--workspace", "--id", "--lua", "--idle-timeout")


def _options(words: Sequence[str], settings: list[str]) -> dict[str, str]:
    """The flags that are given; what ``--set`` gives goes to ``settings``."""
    found: dict[str, str] = {}
    place = 0
    while place < len(words):
        word, _, value = words[place].partition("=")
        if words[place] == "--set" and place + 1 < len(words):
            place += 1
            settings.append(words[place])
        elif word in _TAKES and value:
            found[word] = value
        elif word in _TAKES and place + 1 < len(words):
            place += 1
            found[word] = words[place]
        elif word == "--shared":
            found[word] = "yes"
        else:
            raise ValueError(f"unknown argument {words[place]}")
        place += 1
    return found


def _idle_timeout(options: dict[str, str]) -> float:
    text = options.get("--idle-timeout", "0")
    try:
        if 0 <= (value := float(text)) < float("inf"):
            return value
    except ValueError:
        pass
    raise ValueError(f"--idle-timeout {text}: no number of seconds")


def launch(words: Sequence[str]) -> int:
    """Be a kernel; 0 after an orderly end, 2 for a wrong call, 4 when it cannot start."""
    given_settings: list[str] = []
    try:
        options = _options(words, given_settings)
        idle_timeout_s = _idle_timeout(options)
    except ValueError as error:
        print(f"tidelock kernel launch: {error}", file=sys.stderr)
        print("usage: tidelock kernel launch -f CONNECTION_FILE [--lua V]", file=sys.stderr)
        return 2
    from tidelock.kernel import launch as kernel

    given, listening = None, None
    path = options.get("-f", "")
    from tidelock.shared.errors import TidelockError

    try:
        if path:
            given = kernel.read_given(path)
            listening = kernel.listen_first(given)
        from tidelock.shared import log
        from tidelock.shared.config import load
        from tidelock.shared.sources import workspace_of
        from tidelock.terminal import compose

        workspace = options.get("--workspace") or workspace_of(os.getcwd())
        lua = [f"lua.version={options['--lua']}"] if "--lua" in options else []
        settings = load(workspace, [*lua, *reversed(given_settings)])
        log.configure(settings.log_level)
        plan = kernel.Plan(
            workspace=workspace,
            kernel_id=options.get("--id", ""),
            connection_file=path,
            shared="--shared" in options,
            idle_timeout_s=idle_timeout_s,
        )
        return kernel.launch(
            plan,
            settings,
            endpoint=lambda key: compose.debug_endpoint(settings, key),
            debug_port=compose.debug_port,
            given=given,
            listening=listening,
        )
    except TidelockError as error:
        print(f"tidelock: {error}", file=sys.stderr)
        return 3 if error.kind == "config" else 4

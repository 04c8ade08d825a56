"""``tidelock config``: the options in force and the files they come from."""

from __future__ import annotations

import os

from tidelock.shared.config import OPTIONS, attribute, find_project_file, user_file
from tidelock.terminal import exits
from tidelock.terminal.invocation import Invocation


def show(invocation: Invocation) -> int:
    """Print every option with its value, as a configuration file has it."""
    import json

    console = invocation.console
    settings = invocation.settings(invocation.workspace())
    values = {option.key: getattr(settings, attribute(option.key)) for option in OPTIONS}
    width = max(len(key) + len(json.dumps(value)) for key, value in values.items()) + 3
    for option in OPTIONS:
        value = values[option.key]
        shown = json.dumps(list(value) if isinstance(value, tuple) else value)
        line = f"{option.key} = {shown}"
        console.say(f"{line:<{width}}  {console.paint('# ' + option.text, 'dim')}")
    console.document({"options": values})
    return exits.DONE


def path(invocation: Invocation) -> int:
    """Print the files that are looked at, strongest first, and whether they are there."""
    console, options = invocation.console, invocation.options
    workspace = invocation.workspace()
    files: list[str] = []
    if not options.no_config:
        named = options.config or os.environ.get("TIDELOCK_CONFIG", "")
        project = named or find_project_file(workspace) or os.path.join(workspace, "tidelock.toml")
        files = [project, user_file()]
    for name in files:
        console.say(name if os.path.isfile(name) else f"{name} (does not exist)")
    console.document({"files": [{"path": n, "exists": os.path.isfile(n)} for n in files]})
    return exits.DONE

"""``tidelock kernel install`` and ``uninstall``: what Jupyter knows of this kernel."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from tidelock.kernel import specifications
from tidelock.shared.errors import UsageError
from tidelock.terminal import exits

if TYPE_CHECKING:
    from tidelock.terminal.invocation import Invocation


def install(invocation: Invocation) -> int:
    """Install the specification of one Lua, or list what is installed."""
    options, console = invocation.options, invocation.console
    data = _data(invocation)
    if options.list:
        return _list(invocation, data)
    lua = _lua(invocation)
    made = specifications.install(
        data or specifications.usual_data(), lua, options.name or "", options.display_name or ""
    )
    console.say(f"Installed {made.name}, {made.display_name!r}, in {made.folder}")
    if os.path.dirname(os.path.dirname(made.folder)) not in specifications.searched():
        console.note(
            "Jupyter looks there only if it is installed there, or if JUPYTER_PATH says so"
        )
    console.document(made._asdict())
    return exits.DONE


def uninstall(invocation: Invocation) -> int:
    """Remove a specification from the place that is named, else wherever Jupyter finds it."""
    options, console = invocation.options, invocation.console
    data = _data(invocation)
    name = options.name or specifications.usual_name(_lua(invocation))
    gone = specifications.uninstall([data] if data else specifications.searched(), name)
    for one in gone:
        console.say(f"Removed {one.name} from {one.folder}")
    console.document({"removed": [one._asdict() for one in gone]})
    return exits.DONE


def _list(invocation: Invocation, data: str) -> int:
    console = invocation.console
    found = specifications.installed([data] if data else None)
    width = max((len(one.name) for one in found), default=0)
    for one in found:
        console.say(f"{one.name:<{width}}  {one.folder}")
    if not found:
        console.say("None is installed")
    console.document({"specifications": [one._asdict() for one in found]})
    return exits.DONE


def _lua(invocation: Invocation) -> str:
    """The Lua that is named, empty for none.

    Raises:
        UsageError: there is no such Lua.
        Unavailable: it is not installed.
    """
    if not invocation.options.lua:
        return ""
    from tidelock.shared.runtime import builds

    return builds.find(invocation.options.lua).name


def _data(invocation: Invocation) -> str:
    """The Jupyter data folder that the flags name, empty for none.

    Raises:
        UsageError: they name more than one.
    """
    options = invocation.options
    named = [
        folder
        for wanted, folder in (
            (options.user, specifications.user_data()),
            (options.sys_prefix, specifications.below(sys.prefix)),
            (options.prefix, specifications.below(os.path.abspath(options.prefix or ""))),
        )
        if wanted
    ]
    if len(named) > 1:
        raise UsageError("--user, --sys-prefix and --prefix name several places", "give one")
    return named[0] if named else ""

"""``tidelock kernel console``: the terminal of a program that an editor's debugger launched.

The debugger starts it by ``runInTerminal``; what is to run stands ready in the kernel.
"""

from __future__ import annotations

from tidelock.shared.errors import UsageError
from tidelock.terminal.executing import Request
from tidelock.terminal.invocation import Invocation
from tidelock.terminal.lines import Lines
from tidelock.terminal.runner import perform


def run(invocation: Invocation) -> int:
    """Begin the program and be its console; its exit code."""
    options = invocation.options
    if not (options.connect or options.workspace_kernel):
        raise UsageError("the program waits in a running kernel", "name it: --connect ADDR")
    workspace = invocation.workspace()
    request = Request("", "debug", prepared=options.program)
    return perform(invocation, request, invocation.settings(workspace), workspace, Lines())

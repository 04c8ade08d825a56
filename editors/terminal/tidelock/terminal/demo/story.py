"""The story: what an editor, a notebook and a debugger do with one program on one runtime.

Seven steps through the real protocols and real processes. Each step says what it saw; nothing
here is assumed, and a step that breaks off does not keep the next one from being tried.
"""

from __future__ import annotations

import contextlib
import os
import stat
import tempfile
from collections.abc import Callable
from typing import NamedTuple

from tidelock.shared.config import Settings
from tidelock.shared.errors import KernelError, TidelockError
from tidelock.shared.link import registry
from tidelock.terminal import stopping
from tidelock.terminal.demo import debugging, running, validating
from tidelock.terminal.demo.peers import Silent
from tidelock.terminal.demo.program import copy
from tidelock.terminal.demo.stage import Stage
from tidelock.terminal.demo.tally import Expected, Tally, Teller

_STOP_S = 5.0


def _open(stage: Stage) -> None:
    """Step 1: the language server, and through it the workspace's kernel."""
    see = stage.tally.see
    told = stage.start_editor().initialize()
    server = told["serverInfo"]
    see("server", server["name"] == "tidelock", f"{server['name']} {server['version']}")
    status = stage.editor.command("tidelock.startKernel")
    found = registry.shared_kernel(stage.program.folder)
    if found is None:
        raise Silent(f"no kernel is registered for {stage.program.folder}")
    see(
        "kernel",
        status["kernelId"] == found.kernel_id and found.pid not in (os.getpid(), 0),
        f"{found.kernel_id[:8]}, process {found.pid}",
    )
    path = registry.path_of(found.kernel_id)
    mode = stat.S_IMODE(os.stat(path).st_mode)
    see("private-file", mode == 0o600 and found.key, f"{os.path.basename(path)} ({mode:o})")
    info = stage.connect(found)
    lua = info["language_info"]["version"]
    see(
        "kernel-info",
        info["implementation"] == "tidelock" and info["tidelock"]["kernel_id"] == found.kernel_id,
        f"Lua {lua}, protocol {info['protocol_version']}",
    )


def _close(stage: Stage) -> None:
    """Step 7: everything ends in order, and nothing is left behind."""
    see = stage.tally.see
    server, adapter = stage.leave()
    see("processes-end", (server, adapter) == (0, 0), f"exit codes {server} and {adapter}")
    connection = stage.connection
    if connection is None:
        raise Silent("the workspace has no kernel")
    how = stopping.stop(connection, stage.settings, _STOP_S)
    is_gone = not os.path.exists(registry.path_of(connection.kernel_id))
    see("kernel-ends", how == "graceful" and is_gone, f"{how}, its file is gone: {is_gone}")
    changed = stage.program.contents() != stage.before
    see("files-untouched", not changed, "changed" if changed else f"{len(stage.before)} files")


class Step(NamedTuple):
    """One step: its title, a sentence, what it does, and what must be seen in it."""

    title: str
    text: str
    play: Callable[[Stage], None]
    observations: dict[str, str]


STEPS = (
    Step(
        "Open",
        "an editor starts 'tidelock lsp', which finds or starts the workspace's kernel",
        _open,
        {
            "server": "the language server answers on standard input and output",
            "kernel": "the workspace's kernel is registered, a process of its own",
            "private-file": "its connection file is private and holds a key",
            "kernel-info": "it answers signed Jupyter messages",
        },
    ),
    Step(
        "Validate",
        "a broken module, then the good one; completion and hover before anything ran",
        validating.validate,
        {
            "several-problems": "the broken module shows all its problems at once",
            "own-words": "the first is where and what this Lua itself says",
            "good-module": "the good module shows none",
            "static-completion": "completion knows the methods from the text",
            "static-hover": "hover knows the function from the text",
            "not-yet": "what only exists at run time is not offered yet",
        },
    ),
    Step(
        "Run",
        "the script, by a signed execute_request",
        running.run,
        {
            "wrong-key": "a request signed with a wrong key runs nothing",
            "prints-while-running": "output appears while the program runs",
            "runs": "the program ends well",
            "right-output": "it prints the tide that was computed independently",
        },
    ),
    Step(
        "Look again",
        "the same questions, now that values are loaded",
        validating.look_again,
        {
            "observed-completion": "completion offers what is really there, and says so",
            "observed-hover": "hover shows the value, and when it was seen",
        },
    ),
    Step(
        "Debug",
        "the same script on the same runtime through 'tidelock dap'",
        debugging.debug,
        {
            "breakpoint": "a conditional breakpoint stands in a module",
            "stopped": "the program stops there",
            "stack": "the stack leads out of the coroutine to the main chunk",
            "condition": "the condition let an earlier pass go by",
            "next-line-not-run": "the next line has not run",
            "locals": "locals are shown",
            "evaluate": "an expression is evaluated in the frame, with a call",
            "same-runtime": "the frame sees what the notebook made",
            "second-client": "a second client reads a value of the stopped frame",
            "completes-in-frame": "the language server completes in the frame",
            "step-over": "a step over runs one line",
            "set-variable": "a variable takes a new value",
            "step-in": "a step in enters the method",
            "step-out": "a step out comes back",
            "continues": "the program goes on to its end",
            "change-seen": "what was changed is what it printed",
        },
    ),
    Step(
        "Interrupt",
        "a loop without end, looked into and ended",
        running.interrupt,
        {
            "asked-while-running": "a value is read while the loop runs",
            "interrupted": "the loop is interrupted",
            "goes-on": "the next execution works and the state is kept",
        },
    ),
    Step(
        "Close",
        "everything ends in order",
        _close,
        {
            "processes-end": "language server and debug adapter exit with 0",
            "kernel-ends": "the kernel stops and leaves no file",
            "files-untouched": "no file of the program was written",
        },
    ),
)

EXPECTED = tuple(
    Expected(number, name, sentence)
    for number, step in enumerate(STEPS, 1)
    for name, sentence in step.observations.items()
)


def tell(settings: Settings, teller: Teller) -> Tally:
    """Play the story; the tally of what was observed.

    Raises:
        Unavailable: this installation came without the example program.
    """
    tally = Tally(EXPECTED, teller)
    with tempfile.TemporaryDirectory(prefix="tidelock-demo-") as folder:
        stage = Stage(copy(folder), settings, tally)
        try:
            for number, step in enumerate(STEPS, 1):
                teller.step(number, step.title, step.text)
                _play(stage, number, step)
        finally:
            stage.close()
            _end_kernel(stage)
    return tally


def _play(stage: Stage, number: int, step: Step) -> None:
    try:
        step.play(stage)
    except TidelockError as error:
        stage.tally.give_up(number, str(error))
    except Exception as error:  # an answer that is not as it should be fails the observation
        stage.tally.give_up(number, f"{type(error).__name__}: {error}")


def _end_kernel(stage: Stage) -> None:
    """Leave no kernel behind, also when the demo was interrupted."""
    with contextlib.suppress(KernelError):  # that there are none to be found was told before
        found = registry.shared_kernel(stage.program.folder)
        if found is not None:
            stopping.stop(found, stage.settings, _STOP_S)

"""``tidelock kernel``: stop, look at and interrupt kernel processes (``start`` starts them)."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from tidelock.shared.errors import KernelError, UsageError
from tidelock.shared.link import registry
from tidelock.shared.link.connection import Connection
from tidelock.shared.link.registry import Entry
from tidelock.terminal import exits
from tidelock.terminal.invocation import Invocation
from tidelock.terminal.kernels import connected
from tidelock.terminal.stopping import How
from tidelock.terminal.stopping import stop as stop_one

if TYPE_CHECKING:
    from tidelock.shared.config import Settings
    from tidelock.shared.link.client import KernelClient
    from tidelock.shared.link.wire import Content

_STATE_WAIT_S = 5.0  # its heart beats, so it lives: a busy machine may make it slow
_ALL_PATIENCE_S = 2.0


def stop(invocation: Invocation) -> int:
    """Stop the named kernel, or all."""
    options, console = invocation.options, invocation.console
    settings = invocation.settings(invocation.workspace())
    if options.id and options.all:
        raise UsageError("an id and --all contradict each other")
    patience = settings.kernel_shutdown_timeout_s
    if options.id:
        gone = _already_gone(options.id)
        found = [] if gone else [registry.resolve(options.id)]
    else:
        found, gone = _all_of_mine(), None
        patience = _ALL_PATIENCE_S
        if len(found) > 1 and not options.all and not _agreed(found):
            return exits.USAGE
    if options.timeout is not None:
        patience = options.timeout
    stopped: list[tuple[str, How]] = [(gone, "was already stopped")] if gone else []
    stopped += [(one.kernel_id, stop_one(one, settings, patience)) for one in found]
    for name, how in stopped:
        console.say(f"{name}: {how if how.startswith('was') else f'stopped ({how})'}")
    if not stopped:
        console.say("No kernels running")
    console.document({"stopped": [{"kernel_id": name, "how": how} for name, how in stopped]})
    return exits.DONE


def _all_of_mine() -> list[Connection]:
    entries = registry.scan()
    return [e.connection for e in entries if e.connection and e.health in ("alive", "unresponsive")]


def _already_gone(address: str) -> str | None:
    """The id of a dead kernel that an address names; its file is removed by looking."""
    if os.path.isfile(address):
        entries = [registry.look(address, check=False)]
    else:
        entries = registry.scan(check=False)
        entries = [e for e in entries if e.connection and e.connection.kernel_id == address]
    for entry in entries:
        if entry.connection and entry.health == "dead":
            return entry.connection.kernel_id
    return None


def _agreed(found: list[Connection]) -> bool:
    """Whether the user at the terminal wants all of them stopped; a script does."""
    if not sys.stdin or not sys.stdin.isatty():
        return True
    for one in found:
        print(f"{one.kernel_id}  {one.workspace}", file=sys.stderr)
    return input(f"Stop these {len(found)} kernels? [y/N] ").strip().lower() in ("y", "yes")


def status(invocation: Invocation) -> int:
    """All kernels as a table, or everything about one."""
    options, console = invocation.options, invocation.console
    if not options.id:
        return show_list(invocation)
    settings = invocation.settings(invocation.workspace())
    connection = registry.resolve(options.id)
    with connected(connection, settings) as client:
        client.wait_ready(settings.client_connect_timeout_s)
        told, store = _told(client), _told(client, "store")
    facts = {**facts_of(connection), "status": told["state"]}
    for name in ("lua", "execution", "execution_count", "queued", "clients", "dropped"):
        facts[name] = told[name]
    facts["limits"] = told["limits"]
    for name, value in facts.items():
        if name == "ports":
            for channel, number in value.items():
                console.say(f"{channel + ' port':<16} {number}")
        elif name == "limits":
            acted = ", ".join(f"{limit} {times}" for limit, times in value.items())
            console.say(f"{'limits acted':<16} {acted or '-'}")
        else:
            console.say(f"{name:<16} {'-' if value is None else value}")
    for name, text in _kept(store):
        console.say(f"{name:<16} {text}")
    console.document({"kernels": [{**facts, "store": store}]})
    return exits.DONE


def _kept(store: Content) -> Iterator[tuple[str, str]]:
    """Where a kernel keeps its history, and what is wrong there, a line each."""
    yield "store", f"{store['backend']} {store['path']}".rstrip()
    if store["fault"]:
        yield "store fault", store["fault"]
    for lost in store["unclosed"]:
        opened = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(lost["opened"]))
        who = f"kernel {lost['kernel']} (process {lost['pid']}), session {lost['session']}"
        yield "not stopped", f"{who} of {opened}: its last inputs may be missing"


def show_list(invocation: Invocation) -> int:
    """The kernels of this user, one a line."""
    console = invocation.console
    settings = invocation.settings(invocation.workspace())
    rows = []
    for entry in registry.scan():
        if entry.connection is None:
            rows.append({"kernel_id": os.path.basename(entry.path), "status": entry.health})
            console.warn(entry.fault)
        elif entry.health != "dead":
            rows.append({**facts_of(entry.connection), "status": _state(entry, settings)})
    if rows:
        _table(invocation, rows)
    else:
        console.say("No kernels running")
    console.document({"kernels": rows})
    return exits.DONE


def _state(entry: Entry, settings: Settings) -> str:
    """What a kernel does: idle, running, paused, waiting for input; else its health."""
    if entry.health != "alive" or entry.connection is None:
        return entry.health
    with connected(entry.connection, settings) as client:
        try:
            client.wait_ready(_STATE_WAIT_S)
            return str(_told(client)["state"])
        except KernelError:
            return "unresponsive"


def _told(client: KernelClient, action: str = "status") -> Content:
    """What a kernel says of its state, or of its store.

    Raises:
        KernelError: it says nothing in time.
    """
    try:
        return client.comm("tidelock.kernel", {"action": action}).result(_STATE_WAIT_S)
    except TimeoutError:
        raise KernelError(f"the kernel answers, but does not tell its {action}") from None


def facts_of(connection: Connection) -> dict[str, Any]:
    """What a connection file tells of a kernel; never its key."""
    ports = {
        "shell": connection.shell_port,
        "iopub": connection.iopub_port,
        "stdin": connection.stdin_port,
        "control": connection.control_port,
        "heartbeat": connection.hb_port,
    }
    return {
        "kernel_id": connection.kernel_id,
        "status": "idle",
        "pid": connection.pid,
        "started_at": connection.started_at,
        "workspace": connection.workspace,
        "shared": connection.shared,
        "lua": connection.lua,
        "ports": ports,
        "dap_port": connection.dap_port,
    }


_COLUMNS = ("kernel_id", "status", "pid", "lua", "started_at", "workspace")
_TITLES = ("ID", "STATE", "PID", "LUA", "STARTED", "WORKSPACE")


def _table(invocation: Invocation, rows: list[dict[str, Any]]) -> None:
    cells = [[str(row.get(name, "-")) for name in _COLUMNS] for row in rows]
    for line, row in zip(cells, rows, strict=True):
        if row.get("shared"):
            line[-1] += " (shared)"
    widths = [max(len(text) for text in column) for column in zip(_TITLES, *cells, strict=True)]

    def joined(texts: tuple[str, ...] | list[str]) -> str:
        padded = (text.ljust(width) for text, width in zip(texts, widths, strict=True))
        return "  ".join(padded).rstrip()

    console = invocation.console
    console.say(console.paint(joined(_TITLES), "dim"))
    for line in cells:
        console.say(joined(line))


def _named(invocation: Invocation) -> Connection:
    """The kernel of the command: by its id, else the workspace's.

    Raises:
        KernelError: there is none.
    """
    if invocation.options.id:
        return registry.resolve(invocation.options.id)
    workspace = invocation.workspace()
    found = registry.shared_kernel(workspace)
    if found is None:
        raise KernelError(f"no kernel runs for {workspace}", "name one: tidelock kernel list")
    return found


def interrupt(invocation: Invocation) -> int:
    """Interrupt what a kernel runs; fine when it runs nothing."""
    settings = invocation.settings(invocation.workspace())
    connection = _named(invocation)
    with connected(connection, settings) as client:
        client.wait_ready(settings.client_connect_timeout_s)
        client.interrupt().result(settings.client_connect_timeout_s)
    invocation.console.say(f"{connection.kernel_id}: interrupted")
    invocation.console.document({"kernel_id": connection.kernel_id})
    return exits.DONE


def restart(invocation: Invocation) -> int:
    """Give a kernel a new Lua state."""
    settings = invocation.settings(invocation.workspace())
    connection = _named(invocation)
    with connected(connection, settings) as client:
        client.wait_ready(settings.client_connect_timeout_s)
        client.shutdown(restart=True).result(settings.client_connect_timeout_s)
    invocation.console.say(f"{connection.kernel_id}: restarted")
    invocation.console.document({"kernel_id": connection.kernel_id})
    return exits.DONE


def launch(invocation: Invocation) -> int:
    """Refuse: a kernel that is launched reads its own few flags (see ``launching``).

    Raises:
        UsageError: always.
    """
    raise UsageError("kernel launch takes no flags before its name", "tidelock kernel launch -h")

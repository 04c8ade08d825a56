"""Every command with its flags: who has read this table has read the program.

Parsing, help texts and suggestions come from it; what a command does stands in ``commands``.
"""

import math
from typing import Any, NamedTuple


class Argument(NamedTuple):
    """One flag or positional, in argparse's words."""

    names: tuple[str, ...]
    options: dict[str, Any]


class Command(NamedTuple):
    """One command.

    ``module`` and ``function`` name what does it, below ``tidelock.terminal.commands``;
    ``has_script_arguments`` says that the words after ``--`` belong to a script.
    """

    name: str
    group: str
    module: str
    function: str
    text: str
    example: str
    arguments: tuple[Argument, ...] = ()
    has_script_arguments: bool = False
    more: str = ""


def seconds(text: str) -> float:
    """A number of seconds; raises ValueError for anything else."""
    value = float(text)
    if not (value >= 0 and math.isfinite(value)):
        raise ValueError(text)
    return value


def port(text: str) -> int:
    """A port; raises ValueError for anything else."""
    value = int(text)
    if not 0 <= value <= 65535:
        raise ValueError(text)
    return value


def count(text: str) -> int:
    """A whole number; raises ValueError for anything else."""
    value = int(text)
    if value < 0:
        raise ValueError(text)
    return value


def _argument(*names: str, **options: Any) -> Argument:
    return Argument(names, options)


_ERRORS = ("all", "uncaught", "none")
_OUTPUTS, _COLORS = ("text", "json"), ("auto", "always", "never")
GLOBAL = (
    _argument("-c", "--config", metavar="FILE", help="stands in for the project's tidelock.toml"),
    _argument("--no-config", action="store_true", help="read no configuration file"),
    _argument("--set", metavar="KEY=VALUE", action="append", help="set an option; repeatable"),
    _argument("--trace", metavar="SPEC", help="what is logged: off, error, warn, info, debug"),
    _argument("--output", choices=_OUTPUTS, default="text", help="text or one JSON document"),
    _argument("--color", choices=_COLORS, default="auto", help="colour, by default on terminals"),
    _argument("--workspace", metavar="DIR", help="the workspace, if not the one around the script"),
)
"""Flags of every command, before or after its name."""

GROUPS = ("Run Lua", "Kernels", "Editors", "Upkeep")

_KERNEL = (
    _argument("--connect", metavar="ADDR", help="use a running kernel: id, HOST:PORT or file"),
    _argument("--workspace-kernel", action="store_true", help="use the workspace's shared kernel"),
)
_LUA = _argument("--lua", metavar="V", help="which Lua: 5.1, 5.2, 5.3, 5.4, 5.5 or luajit")
_ONE_KERNEL = _argument("id", nargs="?", metavar="ID", help="id or its beginning, HOST:PORT, file")
_DATA_FOLDERS = (
    _argument("--user", action="store_true", help="the user's own Jupyter folder"),
    _argument("--sys-prefix", action="store_true", help="this Python's environment"),
    _argument("--prefix", metavar="DIR", help="another installation: DIR/share/jupyter"),
)
_EXECUTION = (
    *_KERNEL,
    _LUA,
    _argument("--timeout", metavar="S", type=seconds, help="end it after S seconds (exit code 6)"),
    _argument("--stream", action="store_true", help="JSON Lines: every message as it comes"),
)

COMMANDS = (
    Command(
        "run", "Run Lua", "run", "run", "run a script",
        "tidelock run tides.lua -- --days 7",
        (_argument("script", metavar="SCRIPT", help="a Lua file, - for stdin"), *_EXECUTION),
        has_script_arguments=True,
        more="The script's os.exit(n) is the exit code.",
    ),
    Command(
        "exec", "Run Lua", "exec", "run", "run a piece of Lua and print its values",
        "tidelock exec \"print('hello'); 2 + 2\"",
        (_argument("code", metavar="CODE", help="Lua, - for stdin"), *_EXECUTION),
        has_script_arguments=True,
        more="A last expression is printed; no 'return' and no leading '=' is needed.",
    ),
    Command(
        "repl", "Run Lua", "repl", "run", "type Lua and see what it gives",
        "echo 'x = 20; x + 1' | tidelock repl",
        (*_KERNEL, _LUA, _argument("--quiet", action="store_true", help="no greeting")),
        more="Piped input runs without prompts; the exit code is 1 if an input failed.",
    ),
    Command(
        "debug", "Run Lua", "debug", "run", "run a script under the debugger",
        "tidelock debug tides.lua --break-at '12 if height > 2'",
        (
            _argument("script", nargs="?", metavar="SCRIPT", help="a Lua file"),
            *_KERNEL,
            _LUA,
            _argument("--timeout", metavar="S", type=seconds, help="end it after S seconds"),
            _argument("--break-at", metavar="PLACE", action="append", help="where to stop"),
            _argument("--watch", metavar="EXPR", action="append", help="show it at each stop"),
            _argument("--step", action="store_true", help="stop before the first line"),
            _argument("--break-on", choices=_ERRORS, help="errors that stop (debug.break_on)"),
        ),
        has_script_arguments=True,
        more="--break-at and --watch are repeatable. PLACE is\n"
        "[FILE:]LINE [if EXPR] [hit COUNT] [log TEXT].\n"
        "At a stop, lines are commands (help lists them) or Lua in the frame, also from\n"
        "a pipe. Without SCRIPT it joins what runs on the kernel that --connect names.",
    ),
    Command(
        "kernel start", "Kernels", "start", "start", "serve a kernel until it is stopped",
        "tidelock kernel start --daemon --idle-timeout 3600",
        (
            _argument("--id", metavar="NAME", help="a kernel of its own, not the workspace's"),
            _LUA,
            _argument("--port", metavar="N", type=port, help="first of six ports in a row"),
            _argument("--dap-port", metavar="N", type=port, help="port of the debug adapter"),
            _argument("--ip", metavar="ADDR", help="address of the channels (kernel.ip)"),
            _argument("--transport", choices=("tcp", "ipc"), help="how it is reached"),
            _argument("--max-clients", metavar="N", type=count, help="clients at most"),
            _argument("--idle-timeout", metavar="S", type=seconds, help="end when unused for S"),
            _argument("--daemon", action="store_true", help="detach; return when it answers"),
            _argument("--pid-file", metavar="FILE", help="keep the process's number there"),
            _argument("--log-file", metavar="FILE", help="where it logs (log.file)"),
            _argument("--log-rotate-size", metavar="N", type=count, help="bytes in one log file"),
            _argument("--log-rotate-count", metavar="N", type=count, help="older logs kept"),
        ),
        more="In the foreground, Ctrl-C interrupts what runs there, and stops the kernel when\n"
        "nothing does. A detached one logs beside its connection file by default; SIGHUP\n"
        "makes it open its log anew and read its options again, SIGUSR1 writes what every\n"
        "thread does to the log.",
    ),
    Command(
        "kernel stop", "Kernels", "kernel", "stop", "stop one kernel, or all",
        "tidelock kernel stop --all",
        (
            _ONE_KERNEL,
            _argument("--all", action="store_true", help="every kernel of yours"),
            _argument("--timeout", metavar="S", type=seconds, help="seconds for an orderly stop"),
        ),
    ),
    Command(
        "kernel status", "Kernels", "kernel", "status", "show kernels, or all about one",
        "tidelock kernel status",
        (_ONE_KERNEL,),
    ),
    Command(
        "kernel list", "Kernels", "kernel", "show_list", "list the kernels",
        "tidelock kernel list --output json",
    ),
    Command(
        "kernel interrupt", "Kernels", "kernel", "interrupt", "interrupt what a kernel runs",
        "tidelock kernel interrupt tides",
        (_ONE_KERNEL,),
    ),
    Command(
        "kernel restart", "Kernels", "kernel", "restart", "give a kernel a new Lua state",
        "tidelock kernel restart tides",
        (_ONE_KERNEL,),
        more="Id, ports, clients, breakpoints and history stay; globals are gone.",
    ),
    Command(
        "kernel install", "Kernels", "jupyter", "install", "make Jupyter know this kernel",
        "tidelock kernel install --lua 5.1",
        (
            *_DATA_FOLDERS,
            _argument("--name", metavar="NAME", help="its name, by default tidelock[-VERSION]"),
            _argument("--display-name", metavar="TEXT", help="how notebooks call it"),
            _LUA,
            _argument("--list", action="store_true", help="show those that are installed"),
        ),
        more="Without a place it goes into the virtual environment, else to the user's folder.",
    ),
    Command(
        "kernel uninstall", "Kernels", "jupyter", "uninstall", "make Jupyter forget it",
        "tidelock kernel uninstall --name tidelock-5.1",
        (
            *_DATA_FOLDERS,
            _argument("--name", metavar="NAME", help="which one, by default tidelock[-VERSION]"),
            _LUA,
        ),
        more="Without a place it is removed wherever Jupyter would find it.",
    ),
    Command(
        "kernel console", "Kernels", "console", "run", "what debuggers start in a terminal",
        "tidelock kernel console PROGRAM --connect tides",
        (
            _argument("program", metavar="PROGRAM", help="a program that a debugger has launched"),
            *_KERNEL,
            _argument("--stream", action="store_true", help="JSON Lines: every message"),
        ),
        more="It begins the program, shows its output and gives it what is typed.",
    ),
    Command(
        "kernel launch", "Kernels", "kernel", "launch", "what Jupyter and editors start",
        "tidelock kernel launch -f connection.json",
        (
            _argument("-f", dest="file", metavar="FILE", help="Jupyter's connection file"),
            _argument("--id", metavar="NAME", help="the kernel's id"),
            _LUA,
            _argument("--shared", action="store_true", help="be the workspace's kernel"),
            _argument("--idle-timeout", metavar="S", type=seconds, help="end when unused for S"),
        ),
    ),
    Command(
        "validate", "Editors", "validate", "validate", "the problems an editor would show",
        "tidelock validate src --strict",
        (
            _argument("paths", nargs="+", metavar="PATH", help="Lua files, folders, - for stdin"),
            _argument("--strict", action="store_true", help="warnings fail, too"),
            _argument("--select", metavar="CODES", action="append", help="show only these"),
            _argument("--ignore", metavar="CODES", action="append", help="do not show these"),
            _argument("--trust", action="store_true", help="run the project's own rules"),
            _argument("--stdin-filename", metavar="FILE", help="what the text of - is called"),
            _LUA,
        ),
        more="Exit code 1 if there are errors. Lua code is compiled, never run.",
    ),
    Command(
        "lsp", "Editors", "serve", "lsp", "the language server, on standard input and output",
        "tidelock lsp --stdio",
        (
            _argument("--stdio", action="store_true", help="speak on standard streams (always)"),
            _argument("--no-kernel", action="store_true", help="never look for a running program"),
        ),
    ),
    Command(
        "dap", "Editors", "serve", "dap", "the debug adapter of the workspace's kernel",
        "tidelock dap --tcp 4711",
        (
            _argument("--stdio", action="store_true", help="speak on standard streams (default)"),
            _argument("--tcp", metavar="PORT", type=port, help="listen on this port of loopback"),
            _argument("--connect", metavar="ADDR", help="debug this kernel, never start one"),
        ),
    ),
    Command(
        "demo", "Upkeep", "demo", "run", "see one program validated, run and debugged, in seconds",
        "tidelock demo --check",
        (_LUA, _argument("--check", action="store_true", help="one line for each observation")),
        more="It plays an editor's part with real processes; exit code 1 if anything is off.",
    ),
    Command(
        "doctor", "Upkeep", "doctor", "run", "check this installation, say what to do",
        "tidelock doctor",
    ),
    Command(
        "config show", "Upkeep", "config", "show", "the options in force",
        "tidelock config show --set lua.version=5.1",
    ),
    Command(
        "config path", "Upkeep", "config", "path", "the configuration files that are read",
        "tidelock config path",
    ),
    Command(
        "help", "Upkeep", "help", "run", "help on a command",
        "tidelock help kernel stop",
        (_argument("topic", nargs="*", metavar="COMMAND", help="the command's words"),),
    ),
)  # fmt: skip

BY_NAME = {command.name: command for command in COMMANDS}
FAMILIES = tuple(dict.fromkeys(name.split()[0] for name in BY_NAME if " " in name))
"""First words that need a second one: ``kernel``, ``config``."""

RETIRED = {"--debug": "--trace debug", "--verbose": "--trace info"}
"""Flags that people try, and today's form."""

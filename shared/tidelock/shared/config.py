"""The options: one table, one frozen settings object, six places a value may come from.

Command line, then environment, then ``tidelock.toml`` of the project, then what the editor is set
to, then the user's file, then the defaults; the first that names an option wins. In what is taste
the editor goes before all of them. Bad values are all reported at once, with where they stand.
Nothing is read at import. The file is long because the table of the options stands in it.
"""

import os
import sys
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple, cast

from tidelock.shared.errors import ConfigError
from tidelock.shared.log import LEVELS, layer

log = layer("terminal")

Plain = str | int | float | bool | tuple[str, ...]


class Settings(NamedTuple):
    """Every option with its default; the option ``kernel.auto_start`` is ``kernel_auto_start``."""

    lua_version: str = "5.4"
    lua_jit: str = "auto"
    lua_max_memory: int = 0
    lua_native: bool = True
    lua_path: tuple[str, ...] = ()
    lua_python_access: bool = False
    kernel_ip: str = "127.0.0.1"
    kernel_port: int = 9555
    kernel_transport: str = "tcp"
    kernel_auto_start: bool = True
    kernel_max_message: int = 64 * 1024 * 1024
    kernel_max_queue: int = 1000
    kernel_max_clients: int = 100
    kernel_execution_timeout_s: float = 0.0
    kernel_input_timeout_s: float = 0.0
    kernel_idle_timeout_s: float = 3600.0
    kernel_shutdown_timeout_s: float = 5.0
    kernel_dap_port: int = 0
    kernel_policy_requests_per_s: float = 0.0
    kernel_policy_burst: int = 20
    kernel_policy_max_queued: int = 0
    kernel_policy_execution_timeout_s: float = 0.0
    kernel_policy_output_limit: int = 0
    client_connect_timeout_s: float = 5.0
    client_heartbeat_interval_ms: int = 1000
    output_limit: int = 64 * 1024 * 1024
    output_subscriber_limit: int = 256 * 1024 * 1024
    output_flush_ms: int = 20
    output_flush_bytes: int = 65536
    debug_breakpoint_limit: int = 1000
    debug_break_on: str = "uncaught"
    debug_condition_budget_ms: int = 1000
    debug_max_threads: int = 100
    history_size: int = 10000
    store_backend: str = "sqlite"
    store_path: str = ""
    store_busy_timeout_ms: int = 5000
    lsp_live_enabled: bool = True
    lsp_live_deadline_ms: int = 50
    lsp_live_max_names: int = 5000
    lsp_live_diagnostics: str = "remove"
    lsp_hover_values: bool = True
    lsp_hover_max_fields: int = 20
    lsp_completion_max_items: int = 200
    lsp_completion_snippets: bool = True
    lsp_completion_call_snippet: str = "off"
    lsp_completion_auto_require: bool = True
    lsp_completion_postfix: bool = True
    lsp_completion_workspace_words: bool = False
    lsp_hints_parameters: str = "literals"
    lsp_hints_types: bool = False
    lsp_hints_block_ends: bool = False
    lsp_hints_values: str = "auto"
    lsp_lens_run: bool = True
    lsp_lens_references: bool = False
    lsp_lens_loaded: bool = True
    lsp_format_tool: str = "auto"
    lsp_diagnostics_enable: bool = True
    lsp_diagnostics_disable: tuple[str, ...] = ()
    lsp_diagnostics_severity: tuple[str, ...] = ()
    lsp_diagnostics_scope: tuple[str, ...] = ()
    lsp_diagnostics_globals: tuple[str, ...] = ()
    lsp_diagnostics_globals_pattern: tuple[str, ...] = ()
    lsp_diagnostics_delay_ms: int = 250
    lsp_diagnostics_workspace: str = "idle"
    lsp_diagnostics_max_per_file: int = 200
    lsp_diagnostics_unused_arguments: str = "after-last-used"
    lsp_workspace_library: tuple[str, ...] = ()
    lsp_workspace_ignore: tuple[str, ...] = ()
    lsp_workspace_use_gitignore: bool = True
    lsp_workspace_max_files: int = 20000
    lsp_workspace_max_file_kb: int = 500
    lsp_workspace_cache_mb: int = 200
    lsp_workspace_workers: int = 0
    lsp_rules_paths: tuple[str, ...] = ()
    lsp_rules_time_ms: int = 200
    log_level: str = "warn"
    log_file: str = ""
    log_rotate_size: int = 10 * 1024 * 1024
    log_rotate_count: int = 5


class Option(NamedTuple):
    """What one option means, for help texts and messages.

    One that ``runs_code`` is taken from a project's file only where the project is trusted.
    With ``words`` it is a table of names, each with one of the words: a list of ``NAME=WORD``.
    """

    key: str
    text: str
    choices: tuple[str, ...] = ()
    least: float | None = None
    runs_code: bool = False
    words: tuple[str, ...] = ()


_LUA_NAMES = ("5.1", "5.2", "5.3", "5.4", "5.5", "luajit", "luajit2.0", "luajit2.1")

OPTIONS: tuple[Option, ...] = (
    Option("lua.version", "which Lua runs", _LUA_NAMES),
    Option(
        "lua.jit",
        "let LuaJIT compile (auto: for 'run'); compiled loops cannot be paused or interrupted",
        ("auto", "on", "off"),
    ),
    Option("lua.max_memory", "bytes that Lua may use, 0 for no limit", (), 0),
    Option("lua.native", "control Lua through its C API; off: by a count hook that costs time"),
    Option("lua.path", "folders for require, after those of script and workspace"),
    Option("lua.python_access", "let scripts reach Python by the global 'python'"),
    Option("kernel.ip", "address the kernel binds"),
    Option("kernel.port", "where 'kernel start' looks for free ports, 0 for any", (), 0),
    Option("kernel.transport", "how clients reach a kernel that Tidelock starts", ("tcp", "ipc")),
    Option("kernel.auto_start", "editors may start the workspace's kernel"),
    Option("kernel.max_message", "bytes of the largest message that is read", (), 1024),
    Option("kernel.max_queue", "executions that may wait", (), 1),
    Option("kernel.max_clients", "clients and debug sessions that may use the kernel", (), 1),
    Option("kernel.execution_timeout_s", "seconds an execution may run, 0 for no limit", (), 0),
    Option("kernel.input_timeout_s", "seconds a script waits for input, 0 for no limit", (), 0),
    Option("kernel.idle_timeout_s", "seconds an editor's kernel lives unused, 0 for ever", (), 0),
    Option("kernel.shutdown_timeout_s", "seconds an orderly stop may take", (), 0),
    Option("kernel.dap_port", "port of the debug adapter, 0 for any free one", (), 0),
    Option(
        "kernel.policy.requests_per_s", "requests a second of one client, 0 for no limit", (), 0
    ),
    Option("kernel.policy.burst", "requests that a client may send at once all the same", (), 1),
    Option("kernel.policy.max_queued", "executions of one client that may wait, 0 for all", (), 0),
    Option(
        "kernel.policy.execution_timeout_s",
        "seconds an execution of a client may run whatever it asks for, 0 for no limit",
        (),
        0,
    ),
    Option(
        "kernel.policy.output_limit",
        "bytes of output of one client a minute, 0 for no limit",
        (),
        0,
    ),
    Option("client.connect_timeout_s", "seconds to try to reach a kernel", (), 0),
    Option("client.heartbeat_interval_ms", "how often a client asks for a heartbeat", (), 50),
    Option("output.limit", "bytes of output per execution, 0 for no limit", (), 0),
    Option(
        "output.subscriber_limit",
        "bytes a subscriber may leave unread before it is cut off, 0 for no limit",
        (),
        0,
    ),
    Option("output.flush_ms", "how long output is gathered", (), 0),
    Option("output.flush_bytes", "bytes of output that are published at once", (), 1),
    Option(
        "debug.break_on",
        "errors that stop unless a debugger says otherwise",
        ("uncaught", "all", "none"),
    ),
    Option("debug.breakpoint_limit", "how many breakpoints there may be", (), 1),
    Option(
        "debug.condition_budget_ms",
        "milliseconds a breakpoint's condition or message may take, 0 for no limit",
        (),
        0,
    ),
    Option("debug.max_threads", "how many coroutines a stop shows", (), 1),
    Option("history.size", "inputs that a workspace remembers", (), 1),
    Option("store.backend", "where history is kept: a file, or memory", ("sqlite", "memory")),
    Option("store.path", "the workspace's store; empty: in the folder for the user's data"),
    Option("store.busy_timeout_ms", "how long to wait for others that use the store", (), 0),
    Option("lsp.live.enabled", "ask the running program for completion and hover"),
    Option("lsp.live.deadline_ms", "how long an editor's answer may wait for it", (), 0),
    Option("lsp.live.max_names", "globals and modules of it that an editor keeps", (), 1),
    Option(
        "lsp.live.diagnostics",
        "what becomes of problems of names and fields that the running program has",
        ("remove", "label", "off"),
    ),
    Option("lsp.hover.values", "show the values that the running program has"),
    Option("lsp.hover.max_fields", "fields of a table or a class that are shown", (), 0),
    Option("lsp.completion.max_items", "proposals that are sent at once", (), 1),
    Option("lsp.completion.snippets", "propose loops, conditions and functions as a whole"),
    Option(
        "lsp.completion.call_snippet",
        "what a function that is chosen brings along",
        ("off", "arguments"),
    ),
    Option(
        "lsp.completion.auto_require",
        "propose modules that a text does not require yet, with the line that does",
    ),
    Option("lsp.completion.postfix", "propose '.if', '.for' and '.pcall' behind expressions"),
    Option("lsp.completion.workspace_words", "propose words of all files after all else"),
    Option(
        "lsp.hints.parameters",
        "which arguments show the name of their parameter",
        ("literals", "all", "off"),
    ),
    Option("lsp.hints.types", "show the types of locals and of what functions return"),
    Option("lsp.hints.block_ends", "show behind the 'end' of a long block what it began with"),
    Option(
        "lsp.hints.values",
        "show values of a paused program (auto: where the editor has no inline values; on: also"
        " globals as they were seen last)",
        ("auto", "on", "off"),
    ),
    Option("lsp.lens.run", "offer above a text to run it"),
    Option("lsp.lens.references", "say above a function how often it is used"),
    Option("lsp.lens.loaded", "offer above a loaded module to reload it, and say if it changed"),
    Option(
        "lsp.format.tool",
        "what lays out a text (auto: StyLua where it is installed)",
        ("auto", "own", "stylua"),
    ),
    Option("lsp.diagnostics.enable", "show problems that Lua itself does not refuse"),
    Option("lsp.diagnostics.disable", "codes of problems that are not shown"),
    Option(
        "lsp.diagnostics.severity",
        "a table of codes and how grave they are; 'unused-local=warning' where it is one text",
        words=("error", "warning", "information", "hint", "off"),
    ),
    Option(
        "lsp.diagnostics.scope",
        "a table of codes and where they are told: in open files, or in all of the workspace",
        words=("open", "workspace", "off"),
    ),
    Option("lsp.diagnostics.globals", "names of globals that are there"),
    Option("lsp.diagnostics.globals_pattern", "regular expressions for such names"),
    Option("lsp.diagnostics.delay_ms", "quiet after an edit before types are looked at", (), 0),
    Option(
        "lsp.diagnostics.workspace",
        "whether files that are not open are looked at, while nobody types",
        ("idle", "off"),
    ),
    Option("lsp.diagnostics.max_per_file", "problems of one text that are shown", (), 1),
    Option(
        "lsp.diagnostics.unused_arguments",
        "which parameters that are not used are told",
        ("after-last-used", "all", "off"),
    ),
    Option("lsp.workspace.library", "folders outside the workspace that are read as well"),
    Option("lsp.workspace.ignore", "what is not read, as in '.gitignore', from the workspace on"),
    Option("lsp.workspace.use_gitignore", "what '.gitignore' files name is not read"),
    Option("lsp.workspace.max_files", "how many files of a workspace are read", (), 0),
    Option("lsp.workspace.max_file_kb", "kilobytes of the largest file that is read", (), 1),
    Option("lsp.workspace.cache_mb", "megabytes kept from one start to the next, 0: none", (), 0),
    Option("lsp.workspace.workers", "processes that read a workspace, 0: one or two", (), 0),
    Option("lsp.rules.paths", "files and folders of rules of your own", runs_code=True),
    Option("lsp.rules.time_ms", "how long one of them may work on a text", (), 1),
    Option("log.level", "what is logged", LEVELS),
    Option("log.file", "file that 'kernel start' logs to; empty: standard error"),
    Option("log.rotate_size", "bytes in that file before a new one is begun, 0: any", (), 0),
    Option("log.rotate_count", "how many older files are kept", (), 0),
)
PROJECT_FILE = "tidelock.toml"
_BY_KEY = {option.key: option for option in OPTIONS}
_DEFAULTS = Settings()


def attribute(key: str) -> str:
    """The name of an option in ``Settings``."""
    return key.replace(".", "_")


def variable(key: str) -> str:
    """The environment variable of an option."""
    return "TIDELOCK_" + key.replace(".", "_").upper()


_BY_VARIABLE = {variable(option.key): option.key for option in OPTIONS}
_OTHER_VARIABLES = tuple(
    variable(name)
    for name in ("config", "runtime_dir", "data_dir", "daemon_pipe", "clients", "test_")
)


_OF_TASTE = ("lsp.completion.", "lsp.hover.", "lsp.hints.", "lsp.lens.", "lsp.live.")
_OF_EDITORS = ("lua.", "lsp.")
_EDITOR = "the editor's settings"


def is_taste(key: str) -> bool:
    """Whether an option changes what one person is shown, and nothing that is found."""
    return key.startswith(_OF_TASTE)


def differences(wanted: Settings, known: Settings) -> list[str]:
    """The options that are other than known, as ``KEY=VALUE`` for ``--set``."""
    found = []
    for option in OPTIONS:
        value = getattr(wanted, attribute(option.key))
        if value != getattr(known, attribute(option.key)):
            text = ",".join(value) if isinstance(value, tuple) else str(value)
            found.append(f"{option.key}={text}")
    return found


class _Reader:
    """Collects values and problems while the places are read."""

    def __init__(self, said: bool) -> None:
        self._said = said
        self.values: dict[str, Plain] = {}
        self.problems: list[str] = []

    def take(self, key: str, raw: object, where: str) -> None:
        """Take one value unless a stronger place has given one."""
        option = _BY_KEY.get(key)
        if option is None:
            self.unknown(f"{where}: {key}", key, _BY_KEY)
            return
        default = getattr(_DEFAULTS, attribute(key))
        try:
            value = _converted(raw, default)
        except ValueError:
            self.problems.append(f"{where}: {key}: expected {_kind(default)}, got {raw!r}")
            return
        if option.choices and value not in option.choices:
            names = ", ".join(option.choices)
            self.problems.append(f"{where}: {key}: expected one of {names}, got {raw!r}")
        elif option.words and (wrong := _wrong(value, option.words)):
            names = ", ".join(option.words)
            self.problems.append(f"{where}: {key}: expected NAME=one of {names}, got {wrong!r}")
        elif option.least is not None and float(str(value)) < option.least:
            self.problems.append(f"{where}: {key}: expected at least {option.least}, got {raw!r}")
        else:
            self.values.setdefault(attribute(key), value)

    def unknown(self, place: str, name: str, known: Iterable[str]) -> None:
        """Name an option that there is not."""
        if not self._said:
            log.warn(f"{place}: unknown option{_near(name, known)}")

    def unused(self, words: str) -> None:
        """Say that a value is passed over."""
        if not self._said:
            log.info(words)


def _kind(default: object) -> str:
    if isinstance(default, bool):
        return "true or false"
    if isinstance(default, int):
        return "an integer"
    if isinstance(default, float):
        return "a number"
    return "a list of texts" if isinstance(default, tuple) else "a text"


def _wrong(value: Plain, words: tuple[str, ...]) -> str:
    """The first entry of a table that is no name with one of the words."""
    assert isinstance(value, tuple)
    for one in value:
        name, _, word = one.partition("=")
        if not name or word not in words:
            return one
    return ""


_TRUTH = {
    "true": True, "1": True, "yes": True, "on": True,
    "false": False, "0": False, "no": False, "off": False,
}  # fmt: skip


def _converted(raw: object, default: object) -> Plain:
    if isinstance(default, bool):
        word = str(raw).lower()
        if word not in _TRUTH:
            raise ValueError(raw)
        return _TRUTH[word]
    if isinstance(raw, bool):
        if isinstance(default, str):  # where on and off are two of several words
            return "on" if raw else "off"
        raise ValueError(raw)
    if isinstance(default, int):
        return int(str(raw))
    if isinstance(default, float):
        return float(str(raw))
    if isinstance(default, tuple):
        if isinstance(raw, str):
            return tuple(piece.strip() for piece in raw.split(",") if piece.strip())
        if isinstance(raw, list) and all(isinstance(item, str) for item in raw):
            return tuple(raw)
        if isinstance(raw, dict):
            return tuple(f"{name}={word}" for name, word in raw.items())
        raise ValueError(raw)
    if not isinstance(raw, str):
        raise ValueError(raw)
    return raw


def _flat(table: Mapping[str, Any], prefix: str = "") -> Iterable[tuple[str, object]]:
    for name, value in table.items():
        key = prefix + name
        option = _BY_KEY.get(key)
        if isinstance(value, dict) and not (option is not None and option.words):
            yield from _flat(value, key + ".")
        else:
            yield key, value


def wished(table: Mapping[str, Any]) -> tuple[dict[str, object], list[str]]:
    """What the settings of an editor say, by option, and why some of it cannot be used.

    ``table`` is nested as in a file or has dots in its names; null stands for nothing. Only
    options of ``lua`` and ``lsp`` are the editor's.
    """
    found: dict[str, object] = {}
    problems: list[str] = []
    for key, raw in _flat(table):
        if raw is None:
            continue
        if key not in _BY_KEY:
            problems.append(f"{_EDITOR}: there is no option {key}{_near(key, _BY_KEY)}")
        elif not key.startswith(_OF_EDITORS):
            problems.append(f"{_EDITOR}: {key} is not read there; it belongs in tidelock.toml")
        else:
            try:
                checked(key, raw, _EDITOR)
                found[key] = raw
            except ConfigError as error:
                problems.append(str(error))
    return found, problems


def checked(key: str, raw: object, where: str = "the value") -> object:
    """A value for an option as ``Settings`` would hold it; ``where`` it stands is for messages.

    Raises:
        ConfigError: there is no such option, or it cannot have the value.
    """
    if key not in _BY_KEY:
        raise ConfigError(f"there is no option {key}{_near(key, _BY_KEY)}")
    reader = _Reader(said=True)
    reader.take(key, raw, where)
    if reader.problems:
        raise ConfigError("\n".join(reader.problems))
    return reader.values[attribute(key)]


def user_file() -> str:
    """The user's own configuration file on this platform."""
    if sys.platform == "linux":
        # What platformdirs says there (XDG base directories), without its 10 ms at every start.
        named = os.environ.get("XDG_CONFIG_HOME", "")
        base = named if named.strip() else os.path.expanduser("~/.config")
        return os.path.join(base, "tidelock", "config.toml")
    import platformdirs

    return os.path.join(platformdirs.user_config_dir("tidelock", appauthor=False), "config.toml")


def find_project_file(folder: str) -> str:
    """The nearest ``tidelock.toml`` from a folder upwards, empty when there is none."""
    while True:
        candidate = os.path.join(folder, PROJECT_FILE)
        if os.path.isfile(candidate):
            return candidate
        above = os.path.dirname(folder)
        if above == folder:
            return ""
        folder = above


def load(
    folder: str,
    given: Iterable[str] = (),
    *,
    environment: Mapping[str, str] | None = None,
    project_file: str = "",
    files: bool = True,
    trusted: bool = False,
    said: bool = False,
    editor: Mapping[str, object] | None = None,
) -> Settings:
    """The settings in force.

    Args:
        folder: where the search for ``tidelock.toml`` begins.
        given: ``KEY=VALUE`` texts of the command line.
        environment: the environment variables; None takes the process's.
        project_file: a file that stands in for the project's.
        files: whether files are read at all.
        trusted: whether the project found there may have code of its own run.
        said: whether what is unknown or not used has been named before, and is not again.
        editor: what the settings of an editor say, by option, as ``wished`` gives it.

    Raises:
        ConfigError: at least one value cannot be used; all are named.
    """
    variables = os.environ if environment is None else environment
    reader = _Reader(said)
    if editor:
        _take_editor(editor, reader, trusted, taste=True)
    for text in given:
        key, sign, value = text.partition("=")
        if not sign:
            reader.problems.append(f"--set {text}: expected KEY=VALUE")
        else:
            reader.take(key.strip(), value.strip(), "--set")
    for name in sorted(variables):
        if name in _BY_VARIABLE:
            reader.take(_BY_VARIABLE[name], variables[name], name)
        elif name.startswith("TIDELOCK_") and not name.startswith(_OTHER_VARIABLES):
            reader.unknown(name, name, _BY_VARIABLE)
    project, user = "", ""
    if files:
        named = project_file or variables.get("TIDELOCK_CONFIG", "")
        if named and not os.path.isfile(named):
            raise ConfigError(f"configuration file {named} does not exist")
        project, user = named or find_project_file(folder), user_file()
        if project and os.path.isfile(project):
            _read_file(project, reader, trusted or project in (named, user))
    if editor:
        _take_editor(editor, reader, trusted, taste=False)
    if user and os.path.isfile(user):
        _read_file(user, reader, trusted=True)
    if reader.problems:
        raise ConfigError("\n".join(reader.problems))
    return _DEFAULTS._replace(**cast("dict[str, Any]", reader.values))


def _near(name: str, known: Iterable[str]) -> str:
    import difflib

    near = difflib.get_close_matches(name, known, 1)
    return f"; did you mean '{near[0]}'?" if near else ""


def _take_editor(
    editor: Mapping[str, object], reader: _Reader, trusted: bool, *, taste: bool
) -> None:
    """Take what an editor is set to; its settings may be the folder's, and then are no one's."""
    for key, raw in editor.items():
        if is_taste(key) != taste:
            continue
        if trusted or not _BY_KEY[key].runs_code:
            reader.take(key, raw, _EDITOR)
        else:
            reader.unused(f"{_EDITOR}: {key} is not used: the folder is not trusted")


def _read_file(path: str, reader: _Reader, trusted: bool) -> None:
    import tomllib  # late: most kernels start without a file

    try:
        with open(path, "rb") as file:
            table = tomllib.load(file)
    except tomllib.TOMLDecodeError as error:
        reader.problems.append(f"{path}: {error}")
        return
    except OSError as error:
        reader.problems.append(f"{path}: {error.strerror}")
        return
    for key, value in _flat(table):
        option = _BY_KEY.get(key)
        if trusted or option is None or not option.runs_code:
            reader.take(key, value, path)
        else:
            reader.unused(f"{path}: {key} is not used: the folder is not trusted")


__all__ = [
    "OPTIONS",
    "Option",
    "Settings",
    "attribute",
    "checked",
    "differences",
    "find_project_file",
    "is_taste",
    "load",
    "user_file",
    "variable",
    "wished",
]

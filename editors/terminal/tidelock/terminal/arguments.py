"""The command line: found, read once, done, and its errors told in one sentence.

There are no argparse subparsers, since they overwrite what was said before the command: the
command is looked up first and its parser reads all flags, wherever they stand.
"""

from __future__ import annotations

import contextlib
import importlib
import sys
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from tidelock.shared import log
from tidelock.shared.errors import LuaFailure, TidelockError, UsageError
from tidelock.terminal import console, exits
from tidelock.terminal.catalogue import BY_NAME, FAMILIES, GLOBAL, RETIRED, Command
from tidelock.terminal.console import Console
from tidelock.terminal.invocation import Invocation

if TYPE_CHECKING:
    from argparse import Namespace

_BARE = {"--no-config", "--version", "-h", "--help"}
_VALUED = {name for flag in GLOBAL for name in flag.names} - _BARE
_LAYERS = ("terminal", "kernel", "wire", "lane", "debug", "dap", "lsp", "event", "store")


class _Words(NamedTuple):
    """A command line taken apart: the command, its other words, those behind ``--``."""

    command: str
    flags: list[str]
    script: tuple[str, ...] | None


def run(words: Sequence[str]) -> int:
    """Do what a command line says; the exit code."""
    console.open_streams()
    said = Console()
    try:
        return _run(list(words), said)
    except TidelockError as error:
        _tell(error, said)
        return exits.of_error(error.kind)
    except BrokenPipeError:
        console.abandon_streams()
        return exits.PIPE_CLOSED
    except KeyboardInterrupt:
        return exits.INTERRUPTED
    except OSError as error:
        # The system's refusal, not ours: a full disk, a folder that is gone.
        place = f"{error.filename}: " if error.filename else ""
        with contextlib.suppress(OSError):
            _tell(LuaFailure(f"{place}{error.strerror or error}"), said)
        console.abandon_streams()
        return exits.FAILED
    except Exception as error:
        _tell_internal(error, said)
        return exits.INTERNAL


def _run(words: list[str], said: Console) -> int:
    said.is_json = _wants_document(words)
    taken = _take_apart(words)
    if taken.command not in BY_NAME:
        return _without_command(taken, said)
    command = BY_NAME[taken.command]
    options = _options(command, taken)
    said.begin(command.name, options.output, options.color)
    if options.version:
        return _version(said)
    if options.help:
        from tidelock.terminal import help as texts

        said.write(texts.of_command(command))
        return exits.DONE
    if options.config and options.no_config:
        raise UsageError("--config and --no-config contradict each other")
    if options.trace is not None:
        _trace(options.trace)
    module = importlib.import_module(f"tidelock.terminal.commands.{command.module}")
    function: Callable[[Invocation], int] = getattr(module, command.function)
    return function(Invocation(command.name, options, taken.script or (), said, tuple(words)))


def _wants_document(words: list[str]) -> bool:
    """Whether JSON is asked for, as far as can be told before the words are read."""
    ours = words[: words.index("--")] if "--" in words else words
    return "--output=json" in ours or "--output json" in " ".join(ours)


def _take_apart(words: list[str]) -> _Words:
    """Find the command between the flags.

    Raises:
        UsageError: there is no such command, or a flag before it that is not a global one.
    """
    script = None
    if "--" in words:
        place = words.index("--")
        words, script = words[:place], tuple(words[place + 1 :])
    names: list[str] = []
    flags = list(words)
    place = 0
    while place < len(flags):
        word = flags[place]
        if word.startswith("-") and word != "-":
            place += _width(word)
            continue
        names.append(flags.pop(place))
        if names[0] not in FAMILIES or len(names) == 2:
            break
    name = " ".join(names)
    if name and name not in BY_NAME and name not in FAMILIES:
        known = {part.split()[0] for part in BY_NAME} if len(names) == 1 else set(BY_NAME)
        raise UsageError(f"unknown command {name!r}", nearest(name, known) or "see tidelock --help")
    return _Words(name, flags, script)


def _width(word: str) -> int:
    """How many words a flag before the command takes.

    Raises:
        UsageError: it is no global flag.
    """
    flag, sign, _ = word.partition("=")
    if flag in _VALUED or (flag[:2] == "-c" and flag[2:3] != "-"):
        return 1 if sign or (flag[:2] == "-c" and len(word) > 2) else 2
    if flag not in _BARE:
        raise _unknown_flag(word, [*_VALUED, *_BARE], "flags of a command stand after it")
    return 1


def _unknown_flag(word: str, known: Iterable[str], hint: str = "") -> UsageError:
    flag = word.partition("=")[0]
    if flag in RETIRED:
        return UsageError(f"unknown flag {flag}", f"use {RETIRED[flag]}")
    return UsageError(f"unknown flag {flag}", nearest(flag, known) or hint)


def nearest(word: str, known: Iterable[str]) -> str:
    """A question whether the nearest known word was meant, or nothing."""
    import difflib

    near = difflib.get_close_matches(word, sorted(known), 1, 0.65)
    return f"did you mean {near[0]!r}?" if near else ""


def _without_command(taken: _Words, said: Console) -> int:
    """A family's name alone, or no command at all: help, which is only right if asked for."""
    from tidelock.terminal import help as texts

    if "--version" in taken.flags:
        return _version(said)
    said.write(texts.topic([taken.command] if taken.command else []) or "")
    return exits.DONE if {"-h", "--help"} & set(taken.flags) else exits.USAGE


def _version(said: Console) -> int:
    from tidelock.shared.version import VERSION

    said.write(f"tidelock {VERSION}\n")
    return exits.DONE


def _options(command: Command, taken: _Words) -> Namespace:
    """Read the flags of a command.

    Raises:
        UsageError: one of them is unknown, malformed or missing.
    """
    from tidelock.terminal.help import parser

    made = parser(command)
    if {"-h", "--help", "--version"} & set(taken.flags):
        for action in made._actions:  # what it needs does not matter to its help
            if not action.option_strings:
                action.nargs = "*"
    try:
        options, rest = made.parse_known_intermixed_args(taken.flags)
    except ValueError as error:
        raise UsageError(f"{command.name}: {error}") from None
    if rest:
        known = [name for name in made._option_string_actions if name.startswith("--")]
        raise _unexpected(rest[0], known, command)
    if taken.script is not None and not command.has_script_arguments:
        raise UsageError(f"tidelock {command.name} runs no script that -- could give arguments to")
    return options


def _unexpected(word: str, known: list[str], command: Command) -> UsageError:
    if word.startswith("-") and word != "-":
        return _unknown_flag(word, known, f"see tidelock {command.name} --help")
    if command.has_script_arguments:
        return UsageError(f"unexpected argument {word!r}", "script arguments go after --")
    return UsageError(f"unexpected argument {word!r}", f"see tidelock {command.name} --help")


def _trace(spec: str) -> None:
    """Set what is logged.

    Raises:
        UsageError: a level or a layer is not known.
    """
    for piece in spec.split(","):
        name, sign, _ = piece.strip().rpartition("=")
        if sign and name not in _LAYERS:
            raise UsageError(f"--trace {spec}: unknown layer {name!r}", f"use {', '.join(_LAYERS)}")
    try:
        log.configure(spec)
    except ValueError as error:
        raise UsageError(f"--trace {spec}: {error}") from None


def _tell(error: TidelockError, said: Console) -> None:
    label = said.paint("tidelock:", "error", sys.stderr)
    said.note(f"{label} {error}")
    said.document({}, error_document(error.kind, error.message, hint=error.hint))


def _tell_internal(error: Exception, said: Console) -> None:
    words = f"internal error: {type(error).__name__}: {error}"
    label = said.paint("tidelock:", "error", sys.stderr)
    if log.layer("terminal").wants("debug"):
        import traceback

        said.write_error("".join(traceback.format_exception(error)))
        said.note(f"{label} {words}")
    else:
        said.note(f"{label} {words}; --trace debug shows where")
    said.document({}, error_document("internal", words))


def error_document(kind: str, message: str, **more: Any) -> dict[str, Any]:
    """An error as JSON documents have it."""
    place = {"file": None, "line": None, "column": None}
    empty = {"hint": "", "stack": [], "locals": []}
    return {"kind": kind, "message": message, **place, **empty, **more}

"""Help texts: the overview, one for each family of commands, one for each command.

Made from the catalogue; 80 columns.
"""

from __future__ import annotations

import argparse

from tidelock.terminal import exits
from tidelock.terminal.catalogue import COMMANDS, FAMILIES, GLOBAL, GROUPS, Argument, Command

_WIDTH = 79


def _formatter(prog: str) -> argparse.HelpFormatter:
    # A width that is given saves asking the terminal, and the import that this costs.
    return argparse.RawDescriptionHelpFormatter(prog, max_help_position=26, width=_WIDTH)


class Parser(argparse.ArgumentParser):
    """An argparse parser that raises its complaints instead of printing them and leaving."""

    def __init__(self, prog: str, **options: object) -> None:
        super().__init__(
            prog,
            add_help=False,
            allow_abbrev=False,
            formatter_class=_formatter,
            **options,  # type: ignore[arg-type]
        )

    def error(self, message: str) -> None:  # type: ignore[override]
        """Raise the complaint."""
        raise ValueError(message.removeprefix("argument "))


def parser(command: Command) -> Parser:
    """The parser of one command: its own flags and the global ones."""
    end = f"example: {command.example}\n"
    if command.more:
        end = f"{command.more}\n{end}"
    made = Parser(
        f"tidelock {command.name}",
        description=f"{command.text[0].upper()}{command.text[1:]}.",
        epilog=f"{end}global flags: tidelock --help",
    )
    for argument in command.arguments:
        made.add_argument(*argument.names, **argument.options)
    made.add_argument("-h", "--help", action="store_true", help="show this text")
    made.add_argument("--version", action="store_true", help=argparse.SUPPRESS)
    for argument in GLOBAL:
        made.add_argument(*argument.names, **{**argument.options, "help": argparse.SUPPRESS})
    return made


def of_command(command: Command) -> str:
    """The help text of a command."""
    text = parser(command).format_help()
    if command.has_script_arguments:
        first, rest = text.split("\n\n", 1)
        return f"{first} [-- ARGS]\n\n{rest}"
    return text


def of_family(family: str) -> str:
    """The help text of commands that share their first word."""
    lines = [f"usage: tidelock {family} COMMAND", ""]
    lines += [_entry(command) for command in COMMANDS if command.name.split()[0] == family]
    return "\n".join([*lines, "", f"one of them: tidelock {family} COMMAND --help", ""])


def overview() -> str:
    """What there is."""
    lines = [
        "usage: tidelock COMMAND [FLAGS] [-- SCRIPT ARGUMENTS]",
        "",
        "One live Lua runtime for editor, notebook, terminal and debugger.",
    ]
    for group in GROUPS:
        lines += ["", f"{group}:"]
        lines += [_entry(command) for command in COMMANDS if command.group == group]
    lines += ["", "Flags of every command, before or after its name:"]
    lines += [_flag(argument) for argument in GLOBAL]
    lines += ["  --version               the version", "  -h, --help              this text"]
    lines += ["", "Exit codes:"]
    lines += [f"  {code:<4}{text}" for code, text in exits.MEANINGS.items()]
    return "\n".join([*lines, ""])


def _entry(command: Command) -> str:
    return f"  {command.name:<18}{command.text}"


def _flag(argument: Argument) -> str:
    value = argument.options.get("metavar", "")
    if "choices" in argument.options:
        value = "|".join(argument.options["choices"])
    names = f"{', '.join(argument.names)} {value}".rstrip()
    text = str(argument.options["help"])
    if len(names) > 22:
        return f"  {names}\n{'':26}{text}"
    return f"  {names:<24}{text}"


def topic(words: list[str]) -> str | None:
    """The help text for a command's words; None when there is no such command."""
    name = " ".join(words)
    if not name:
        return overview()
    if name in FAMILIES:
        return of_family(name)
    for command in COMMANDS:
        if command.name == name:
            return of_command(command)
    return None

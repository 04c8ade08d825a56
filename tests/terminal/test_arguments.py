"""The command line itself: flags on both sides, suggestions, help, exit codes of misuse."""

from __future__ import annotations

import json
import re
import shlex
import sys
from pathlib import Path

import pytest

import tidelock
from tidelock.shared.config import user_file
from tidelock.terminal import arguments, exits
from tidelock.terminal import help as texts
from tidelock.terminal.catalogue import COMMANDS, FAMILIES, GLOBAL, Command

from .conftest import Place


def said(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    """Exit code and both streams of a command that needs no process of its own."""
    code = arguments.run(words)
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def test_both_forms_are_the_same_program(place: Place) -> None:
    version = place.run("--version").expect().stdout
    assert version.startswith("tidelock ")
    assert (
        place.run("--version", program=[Path(sys.executable).with_name("tidelock")]).stdout
        == version
    )
    assert place.run("run", "--version").stdout == version


def test_no_command_is_an_overview_and_a_misuse(capsys: pytest.CaptureFixture[str]) -> None:
    assert said(capsys) == (2, texts.overview(), "")
    assert said(capsys, "--help") == (0, texts.overview(), "")
    assert said(capsys, "help") == (0, texts.overview(), "")
    assert said(capsys, "kernel") == (2, texts.of_family("kernel"), "")
    assert said(capsys, "kernel", "-h") == (0, texts.of_family("kernel"), "")


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name)
def test_help_of_a_command(command: Command, capsys: pytest.CaptureFixture[str]) -> None:
    text = texts.of_command(command)
    words = command.name.split()
    assert said(capsys, *words, "--help") == (0, text, "")
    assert said(capsys, "-h", *words) == (0, text, "")
    assert said(capsys, "help", *words) == (0, text, "")
    assert text.startswith(f"usage: tidelock {command.name} ")
    for flag in (name for argument in command.arguments for name in argument.names):
        assert flag in text or not flag.startswith("-")


@pytest.mark.parametrize(
    "text",
    [texts.overview(), *map(texts.of_command, COMMANDS), *map(texts.of_family, FAMILIES)],
)
def test_help_fits_eighty_columns(text: str) -> None:
    assert max(map(len, text.splitlines())) <= 80
    assert text.endswith("\n")
    assert not text.endswith("\n\n")


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name)
def test_examples_are_read_without_complaint(command: Command) -> None:
    words = shlex.split(command.example.rpartition("| ")[2])
    assert words.pop(0) == "tidelock"
    taken = arguments._take_apart(words)
    assert taken.command == command.name
    arguments._options(command, taken)


@pytest.mark.parametrize(
    "code", [v for k, v in vars(exits).items() if k.isupper() and isinstance(v, int)]
)
def test_every_exit_code_is_explained(code: int) -> None:
    assert exits.MEANINGS[code]


FLAGS = {
    "--config": "FILE", "--set": "lua.version=5.3", "--trace": "info", "--output": "json",
    "--color": "never", "--workspace": "/", "--no-config": None,
}  # fmt: skip


def test_the_table_of_flags_is_whole() -> None:
    assert set(FLAGS) == {argument.names[-1] for argument in GLOBAL}


@pytest.mark.parametrize("flag", FLAGS)
@pytest.mark.parametrize("command", ["run", "exec", "kernel stop", "doctor"])
def test_global_flags_mean_the_same_on_both_sides(flag: str, command: str) -> None:
    value = FLAGS[flag]
    said = [flag] if value is None else [flag, value]
    joined = said if value is None else [f"{flag}={value}"]
    what = ["x"] if command in ("run", "exec") else []
    words = command.split()

    def read(line: list[str]) -> object:
        taken = arguments._take_apart(line)
        assert taken.command == command
        return arguments._options(arguments.BY_NAME[command], taken)

    after = read([*words, *what, *said])
    assert getattr(after, flag[2:].replace("-", "_")) in (True, value, [value])
    assert read([*said, *words, *what]) == after
    assert read([*joined, *words, *what]) == after
    assert read([words[0], *said, *words[1:], *what]) == after


def test_the_last_flag_wins_and_settings_add_up(place: Place) -> None:
    words = ["--set", "lua.version=5.1", "--set", "history.size=5", "config", "show",
             "--set", "lua.version=5.2", "--output", "text", "--output", "json"]  # fmt: skip
    options = json.loads(place.run(*words).expect().stdout)["options"]
    assert (options["lua.version"], options["history.size"]) == ("5.2", 5)


def test_an_option_that_nobody_knows_is_named(place: Place) -> None:
    place.file("tidelock.toml", "lua.vresion = '5.1'\n")
    env = {"TIDELOCK_HISTROY_SIZE": "5", "TIDELOCK_TEST_LUA": "5.4"}
    said = place.run("exec", "print(1)", env=env).expect().stderr
    assert "TIDELOCK_HISTROY_SIZE: unknown option; did you mean 'TIDELOCK_HISTORY_SIZE'?" in said
    assert "tidelock.toml: lua.vresion: unknown option; did you mean 'lua.version'?" in said
    assert said.count("unknown option") == 2


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ("kernl", "unknown command 'kernl'; did you mean 'kernel'?"),
        ("kernel stpo", "unknown command 'kernel stpo'; did you mean 'kernel stop'?"),
        ("xyzzy", "unknown command 'xyzzy'; see tidelock --help"),
        ("help kernel stpo", "no help on 'kernel stpo'; did you mean 'kernel stop'?"),
        ("run x.lua --timout 3", "unknown flag --timout; did you mean '--timeout'?"),
        ("run --xyzzy x.lua", "unknown flag --xyzzy; see tidelock run --help"),
        ("--outptu json run x.lua", "unknown flag --outptu; did you mean '--output'?"),
        ("--lua 5.1 run x.lua", "unknown flag --lua; flags of a command stand after it"),
        ("run", "run: the following arguments are required: SCRIPT"),
        ("run x.lua y.lua", "unexpected argument 'y.lua'; script arguments go after --"),
        ("doctor now", "unexpected argument 'now'; see tidelock doctor --help"),
        ("doctor -- x", "tidelock doctor runs no script that -- could give arguments to"),
        ("exec 1 --timeout x", "exec: --timeout: invalid seconds value: 'x'"),
        ("exec 1 --timeout -1", "exec: --timeout: invalid seconds value: '-1'"),
        ("exec 1 --timeout nan", "exec: --timeout: invalid seconds value: 'nan'"),
        ("exec 1 --timeout", "exec: --timeout: expected one argument"),
        ("dap --tcp 70000", "dap: --tcp: invalid port value: '70000'"),
        ("dap --tcp 1 --stdio", "--stdio and --tcp are two ways to be reached; give one of them"),
        ("exec 1 --output yaml",
         "exec: --output: invalid choice: 'yaml' (choose from 'text', 'json')"),
        ("--debug exec 1", "unknown flag --debug; use --trace debug"),
        ("exec 1 --verbose", "unknown flag --verbose; use --trace info"),
        ("exec 1 --trace loud", "--trace loud: unknown log level 'loud'; "
         "use one of off, error, warn, info, debug, trace"),
        ("exec 1 --connect a --workspace-kernel",
         "--connect and --workspace-kernel name two kernels; give one of them"),
        ("exec 1 --connect a --lua 5.1",
         "--lua chooses the Lua of an embedded kernel; a running one has its own"),
        ("exec 1 -c x --no-config", "--config and --no-config contradict each other"),
        ("exec 1 --workspace /nowhere", "--workspace /nowhere is no folder"),
        ("kernel start --id ../x",
         "--id '../x': up to 64 letters, digits, '.', '_' and '-' make an id"),
        ("kernel stop x --all", "an id and --all contradict each other"),
        ("--no-config kernel launch",
         "kernel launch takes no flags before its name; tidelock kernel launch -h"),
    ],
)  # fmt: skip
def test_misuse(line: str, complaint: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert said(capsys, *shlex.split(line)) == (2, "", f"tidelock: {complaint}\n")


def test_an_unknown_layer_of_the_log(capsys: pytest.CaptureFixture[str]) -> None:
    code, _, complaint = said(capsys, "exec", "1", "--trace", "warn,dab=debug")
    assert code == 2
    assert "unknown layer 'dab'" in complaint


def test_every_layer_of_the_log_can_be_named() -> None:
    folders = [Path(folder) for folder in tidelock.__path__]
    texts = (path.read_text() for folder in folders for path in folder.rglob("*.py"))
    used = {name for text in texts for name in re.findall(r'^log = layer\("(\w+)"\)', text, re.M)}
    assert used <= set(arguments._LAYERS)


def test_a_failure_has_its_document(capsys: pytest.CaptureFixture[str]) -> None:
    code, output, complaint = said(capsys, "run", "nope.lua", "--output", "json")
    error = json.loads(output)["error"]
    assert (code, error["kind"], error["message"]) == (2, "usage", "script nope.lua does not exist")
    assert complaint == "tidelock: script nope.lua does not exist\n"
    code, output, _ = said(capsys, "--output", "json", "kernl")
    assert json.loads(output)["error"]["hint"] == "did you mean 'kernel'?"


def test_configuration_that_cannot_be_used(place: Place) -> None:
    place.file("tidelock.toml", "lua.version = '7'\n[kernel]\nmax_queue = 0\n")
    result = place.run("exec", "1").expect(3)
    lines = result.stderr.splitlines()
    assert lines[0].startswith("tidelock: ")
    assert "lua.version: expected one of" in lines[0]
    assert "kernel.max_queue: expected at least 1" in lines[1]
    assert place.run("exec", "1", "--no-config").expect().stdout == "1\n"
    assert "nope.toml does not exist" in place.run("exec", "1", "-c", "nope.toml").expect(3).stderr
    other = place.file("other.toml", "[history]\nsize = 5\n")
    assert "history.size = 5 " in place.run("config", "show", "-c", other).stdout


def test_configuration_of_every_place(place: Place) -> None:
    place.file("tidelock.toml", "output.flush_ms = 5")
    deep = place.work / "deep"
    deep.mkdir()
    shown = place.run("config", "path", cwd=deep).expect().stdout.splitlines()
    assert shown == [
        str(place.work / "tidelock.toml"),
        f"{place.home}/config/tidelock/config.toml (does not exist)",
    ]
    shown = place.run("config", "show", cwd=deep, env={"TIDELOCK_HISTORY_SIZE": "7"}).stdout
    assert "output.flush_ms = 5 " in shown
    assert "history.size = 7 " in shown


def test_the_users_file_is_where_the_platform_wants_it(monkeypatch: pytest.MonkeyPatch) -> None:
    import platformdirs

    for folder in ("", "/somewhere", None):
        monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
        if folder is not None:
            monkeypatch.setenv("XDG_CONFIG_HOME", folder)
        wanted = Path(platformdirs.user_config_dir("tidelock", appauthor=False), "config.toml")
        assert user_file() == str(wanted)


def test_a_bad_flag_of_a_launched_kernel(place: Place) -> None:
    result = place.run("kernel", "launch", "--nope").expect(2)
    assert "unknown argument --nope" in result.stderr
    result = place.run("kernel", "launch", "-f", "nope.json").expect(4)
    assert "nope.json: No such file" in result.stderr
    result = place.run("kernel", "launch", "--idle-timeout", "soon").expect(2)
    assert "--idle-timeout soon: no number of seconds" in result.stderr


def test_logging_leaves_standard_output_alone(place: Place) -> None:
    plain = place.run("exec", "print(1) 2")
    traced = place.run("exec", "print(1) 2", "--trace", "debug")
    assert traced.stdout == plain.stdout
    assert place.run("exec", "1", "--trace", "off").stderr == ""


def test_an_internal_error_is_one_sentence(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from tidelock.terminal.commands import doctor

    def broken(invocation: object) -> int:
        raise ValueError("wrong")

    monkeypatch.setattr(doctor, "run", broken)
    words = "tidelock: internal error: ValueError: wrong"
    assert said(capsys, "doctor") == (70, "", f"{words}; --trace debug shows where\n")
    code, _, complaint = said(capsys, "doctor", "--trace", "debug")
    assert (code, complaint.splitlines()[0]) == (70, "Traceback (most recent call last):")
    assert complaint.endswith(f"{words}\n")
    arguments._trace("warn")


def test_a_folder_that_is_gone(place: Place) -> None:
    result = place.shell("mkdir gone && cd gone && rmdir ../gone && tidelock exec 1")
    assert (result.code, result.stderr) == (2, "tidelock: the current folder no longer exists\n")

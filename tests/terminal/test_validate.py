"""``tidelock validate``: what an editor would show, as lines or one document, and exit codes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from kit.lsp import LspClient
from kit.places import Place
from kit.programs import TIDELOCK, environment
from tidelock.shared.language.checks.codes import CODES

RULE = Path(__file__).parents[2] / "examples" / "rules" / "no_print.py"
GOOD = "local M = {}\nreturn M\n"


def test_lines_counts_and_exit_codes(place: Place) -> None:
    place.file("src/a.lua", "local a = 'é' .. missing\nprint(a)\n")
    place.file("src/sub/b.lua", "x = = 1\n")
    place.file("src/c.lua", GOOD)
    result = place.run("validate", "src").expect(1)
    assert result.stdout == (
        "src/a.lua:1:18: warning undefined-global 'missing' is not defined\n"
        "src/sub/b.lua:1:5: error syntax-error unexpected symbol near '='\n"
        "1 error, 1 warning in 3 files\n"
    )
    assert result.stderr == ""
    place.run("validate", "src/a.lua").expect(0)
    place.run("validate", "src/a.lua", "--strict").expect(1)
    clean = place.run("validate", "src/c.lua", "src/c.lua").expect(0)
    assert clean.stdout == "no problems in 1 file\n"


def test_an_unknown_option_is_named_once(place: Place) -> None:
    place.file("tidelock.toml", "lua.vresion = '5.1'\n")
    place.file("a.lua", GOOD)
    said = place.run("validate", "a.lua").expect().stderr
    assert said.count("lua.vresion: unknown option") == 1


def test_what_is_too_large_is_named_once(place: Place) -> None:
    place.file("src/a.lua", GOOD)
    place.file("src/large.lua", f"x = = 1{' ' * 512_000}")
    result = place.run("validate", "src").expect(0)
    assert result.stdout == "no problems in 1 file\n"
    assert result.stderr.count("large.lua") == 1
    assert "larger than lsp.workspace.max_file_kb" in result.stderr
    place.run("validate", "src/large.lua").expect(1)


def test_codes_are_chosen(place: Place) -> None:
    place.file("a.lua", "print(missing)\nlocal x <const> = 1\nx = 2\n")
    shown = place.run("validate", "a.lua", "--select", "undefined-global,other").expect(0)
    assert shown.stdout.splitlines()[1:] == ["1 warning in 1 file"]
    shown = place.run("validate", "a.lua", "--ignore", "undefined-global").expect(1)
    assert "undefined-global" not in shown.stdout
    assert "a.lua:3:1: error assign-to-const" in shown.stdout


def test_one_document(place: Place) -> None:
    place.file("a.lua", "x = = 1\n")
    result = place.run("validate", "a.lua", "--output", "json").expect(1)
    document = json.loads(result.stdout)
    (problem,) = document["problems"]
    assert problem.pop("message")
    assert problem == {
        "file": "a.lua",
        "line": 1,
        "column": 5,
        "end_line": 1,
        "end_column": 6,
        "severity": "error",
        "code": "syntax-error",
        "origin": "load",
    }
    assert document["failed"]
    assert document["counts"]["error"] == 1


def test_a_text_from_standard_input(place: Place) -> None:
    result = place.run("validate", "-", stdin="x = = 1").expect(1)
    assert result.stdout.startswith("stdin.lua:1:5: error syntax-error")
    result = place.run("validate", "-", "--stdin-filename", "lib/m.lua", stdin=GOOD)
    assert result.expect(0).stdout == "no problems in 1 file\n"


def test_what_the_host_sets_is_defined(place: Place) -> None:
    place.file("a.lua", "print(arg[1], ARGS)\n")
    assert place.run("validate", "a.lua").expect().stdout == "no problems in 1 file\n"


def test_the_lua_that_is_selected_judges(place: Place) -> None:
    place.file("a.lua", "local x = 7 // 2\nreturn x\n")
    place.run("validate", "a.lua").expect(0)
    place.run("validate", "a.lua", "--lua", "5.1").expect(1)


def test_what_is_not_there(place: Place) -> None:
    place.file("empty/readme.txt", "")
    assert "no Lua file in empty" in place.run("validate", "empty").expect(2).stderr
    assert "none.lua" in place.run("validate", "none.lua").expect(2).stderr


def test_nothing_of_a_folder_runs_unless_it_is_trusted(place: Place) -> None:
    place.file("tidelock.toml", "[lsp.rules]\npaths = ['rules']\n")
    place.file("rules/trap.py", f"open({str(place.work / 'sprung')!r}, 'w').close()\n")
    place.file("rules/no_print.py", RULE.read_text(encoding="utf-8"))
    place.file("a.lua", "os.remove('b.lua')\nprint('x')\n")
    place.file("b.lua", GOOD)
    result = place.run("validate", "a.lua", "b.lua").expect(0)
    assert result.stdout == "no problems in 2 files\n"
    warning = "warning: the project's own rules are not run; --trust runs them\n"
    assert result.stderr == warning
    assert not (place.work / "sprung").exists()
    result = place.run("validate", "a.lua", "b.lua", "--trust").expect(0)
    assert "a.lua:2:1: warning no-print print is for programs" in result.stdout
    assert result.stderr == ""
    assert (place.work / "sprung").exists()


def test_rules_of_the_users_own_configuration_always_run(place: Place) -> None:
    place.file("tidelock.toml", "[lsp.rules]\npaths = ['trap.py']\n")
    place.file("trap.py", "raise SystemExit\n")
    place.file("a.lua", "print('x')\n")
    option = f"lsp.rules.paths={RULE}"
    result = place.run("validate", "a.lua", "--set", option).expect(0)
    assert "no-print" in result.stdout


@pytest.mark.parametrize("trusted", [True, False])
def test_the_language_server_says_the_same(place: Place, trusted: bool) -> None:
    place.file("tidelock.toml", f"[lsp.rules]\npaths = ['{RULE}']\n")
    text = "local x = missing\nprint(x)\nlocal y <const> = 1\ny = 2\nreturn require('nowhere')\n"
    path = place.file("a.lua", text)
    flags = ["--trust"] if trusted else []
    document = json.loads(
        place.run("validate", "a.lua", "--output", "json", *flags).expect(1).stdout
    )
    said = {(one["line"] - 1, one["column"] - 1, one["code"]) for one in document["problems"]}
    assert ("no-print" in {code for _, _, code in said}) is trusted
    env = environment(place.home)
    with LspClient([*TIDELOCK, "lsp", "--no-kernel"], env=env, cwd=place.work) as client:
        client.initialize(place.work, options={"trusted": trusted})
        client.open(path, text)

        def places(found: list[Any]) -> set[tuple[int, int, str]]:
            return {(one.range.start.line, one.range.start.character, one.code) for one in found}

        shown = client.diagnostics(path, predicate=lambda found: places(found) == said)
        assert len(shown) == len(said)


def test_the_language_server_says_the_same_of_files_that_are_not_open(place: Place) -> None:
    for number, code in enumerate(CODES.values()):
        text = code.example.replace("<!", "").replace("!>", "")
        if code.dialect == "5.4":
            place.file(f"src/f{number:02}.lua", f"{text}\n")
    place.file("src/hub.lua", "local M = {}\nfunction M.f(a) return a end\nreturn M\n")
    place.file(
        "src/far.lua", "local hub = require('hub')\nhub.f(1, 2)\nhub:f()\nprint('\u00e9', x)\n"
    )
    place.file("tidelock.toml", "[lsp.diagnostics]\nscope = { empty-block = 'workspace' }\n")
    document = json.loads(place.run("validate", "src", "--output", "json").expect(1).stdout)
    said: dict[str, set[tuple[Any, ...]]] = {}
    for one in document["problems"]:
        is_wide = one["code"] == "empty-block" or CODES[one["code"]].scope == "workspace"
        if is_wide:
            start, end = (one["line"], one["column"]), (one["end_line"], one["end_column"])
            entry = (one["code"], one["severity"], one["message"], start, end)
            said.setdefault(one["file"], set()).add(entry)
    assert len(said) > 20
    env = environment(place.home)
    with LspClient([*TIDELOCK, "lsp", "--no-kernel"], env=env, cwd=place.work) as client:
        client.initialize(place.work)
        for name, entries in sorted(said.items()):
            found = client.diagnostics(place.work / name, timeout=60)
            assert {_entry(one) for one in found} == entries, name


def _entry(one: Any) -> tuple[Any, ...]:
    """A diagnostic of a client that counts in code points, as ``validate`` tells it."""
    start, end = one.range.start, one.range.end
    return (
        one.code,
        one.severity.name.lower(),
        one.message,
        (start.line + 1, start.character + 1),
        (end.line + 1, end.character + 1),
    )


def test_a_code_that_is_off_is_told_nowhere(place: Place) -> None:
    place.file("a.lua", "print(missing)\nlocal one\n")
    place.file("tidelock.toml", "[lsp.diagnostics]\nscope = { undefined-global = 'open' }\n")
    assert "undefined-global" in place.run("validate", "a.lua").expect(0).stdout
    place.file("tidelock.toml", "[lsp.diagnostics]\nscope = { '113' = 'off' }\n")
    shown = place.run("validate", "a.lua").expect(0).stdout
    assert "undefined-global" not in shown
    assert "unused-local" in shown
    place.file("tidelock.toml", "[lsp.diagnostics]\nscope = { undefined-global = 'all' }\n")
    refused = place.run("validate", "a.lua").expect(3).stderr
    assert "lsp.diagnostics.scope: expected NAME=one of open, workspace, off" in refused

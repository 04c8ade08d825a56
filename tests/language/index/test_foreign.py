"""The project files of other tools."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidelock.shared.config import Settings
from tidelock.shared.language.checks.codes import NAMED
from tidelock.shared.language.index.foreign import NO_WISHES, Wishes, _Reader, read, with_settings
from tidelock.shared.model import Problem, Severity


def wishes(folder: Path, name: str, text: str) -> Wishes:
    (folder / name).write_text(text)
    return read(str(folder))


def complaints(found: Wishes) -> list[str]:
    return [one.message for file in found.files for one in file.problems]


@pytest.mark.parametrize(
    "text",
    [
        """{
            // the Lua
            "runtime": { "version": "LuaJIT", "path": ["src/?.lua", "?/init.lua"], },
            "workspace": { "library": ["lib", "${3rd}/love2d"], "ignoreDir": ["build"],
                           /* all */ "useGitIgnore": false },
            "diagnostics": { "globals": ["vim", "it"], "globalsRegex": ["^T_"],
                             "disable": ["unused-local"],
                             "severity": { "undefined-global": "Hint!" } }
        }""",
        """{
            "Lua.runtime.version": "LuaJIT", "runtime.path": ["src/?.lua", "?/init.lua"],
            "Lua": { "workspace": { "library": { "lib": true, "not": false } } },
            "workspace.ignoreDir": ["build"], "workspace.useGitIgnore": false,
            "diagnostics.globals": ["vim", "it"], "diagnostics.globalsRegex": ["^T_"],
            "diagnostics.disable": ["unused-local"],
            "diagnostics.severity": { "undefined-global": "Hint" },
            "hint.enable": true
        }""",
    ],
)
@pytest.mark.parametrize("name", [".luarc.json", ".luarc.jsonc"])
def test_what_luals_reads(tmp_path: Path, name: str, text: str) -> None:
    found = wishes(tmp_path, name, text)
    assert complaints(found) == []
    assert found._replace(files=()) == Wishes(
        "luajit",
        ("src/?.lua", "?/init.lua"),
        ("lib",),
        ("build",),
        False,
        ("vim", "it"),
        ("^T_",),
        frozenset(NAMED["unused-local"]),
        (("undefined-global", "hint"),),
    )
    assert found.is_global("vim")
    assert found.is_global("T_X")
    assert not found.is_global("x")


@pytest.mark.parametrize(
    ("text", "words", "marked"),
    [
        ('{ "a": }', "no JSON: expecting value", "}"),
        ("[]", "expected an object", "["),
        ('{ "runtime": { "version": "Lua 9" } }', 'runtime.version: "Lua 9" cannot be used',
         '"version"'),
        ('{ "runtime.path": 3 }', "runtime.path: 3 cannot be used", '"'),
        ('{ "diagnostics.globalsRegex": ["("] }',
         'diagnostics.globalsRegex: ["("] cannot be used', '"'),
        ('{ "diagnostics": { "disable": "x" } }', 'diagnostics.disable: "x" cannot be used',
         '"disable"'),
        ('{ "diagnostics": { "severity": { "a": "Loud" } } }',
         'diagnostics.severity: {"a": "Loud"} cannot be used', '"severity"'),
        ('{ "diagnostics": { "severity": 1 } }', "diagnostics.severity: 1 cannot be used",
         '"severity"'),
        ('{ "workspace": { "library": 1 } }', "workspace.library: 1 cannot be used", '"library"'),
        ('{ "workspace": { "useGitIgnore": 1 } }', "workspace.useGitIgnore: 1 cannot be used",
         '"useGitIgnore"'),
    ],
)  # fmt: skip
def test_what_cannot_be_used_is_a_problem_of_the_file(
    tmp_path: Path, text: str, words: str, marked: str
) -> None:
    found = wishes(tmp_path, ".luarc.json", text)
    assert complaints(found) == [words]
    (problem,) = found.files[0].problems
    assert (problem.code, problem.severity) == ("configuration", "warning")
    assert text[problem.start : problem.end].startswith(marked)


def test_the_rest_of_a_file_counts_all_the_same(tmp_path: Path) -> None:
    found = wishes(tmp_path, ".luarc.json", '{"runtime.version": 1, "diagnostics.globals": ["a"]}')
    assert found.globals == ("a",)
    assert len(complaints(found)) == 1


def test_what_luacheck_reads(tmp_path: Path) -> None:
    found = wishes(
        tmp_path,
        ".luacheckrc",
        """
        std = "lua51+ngx_lua"
        globals = { "a", b = { fields = { "c" } }, ["d"] = {}, "e.f" }
        read_globals = { "g" }
        ignore = { "113/x_.*", "y_", "211", "1/z", "[", "%" }
        files["spec"] = { std = "+busted" }
        exclude_files = { "build" }
        unused_args = false
        redefined = true
        os.exit(1)
        """,
    )
    assert complaints(found) == []
    assert set(found.globals) == {"ngx", "ndk", "a", "b", "d", "e", "g"}
    hidden = {name: {code for code, one in found.hidden if one == name} for _, name in found.hidden}
    assert hidden[r"\A(?:x_.*)\Z"] == {"undefined-global"}
    assert hidden[""] == {
        *("unused-local", "unused-function", "unused-argument", "unused-loop-variable"),
    }
    assert hidden[r"\A(?:z)\Z"] == {
        *("undefined-global", "undefined-field", "implicit-global", "read-only-global"),
    }
    assert hidden[r"\A(?:y_)\Z"] > hidden[""] | hidden[r"\A(?:z)\Z"]
    assert len(hidden) == 4
    text = "y_ = my_ + x_1"
    problems = [
        Problem("undefined-global", "warning", *at, "") for at in ((0, 2), (5, 8), (11, 14))
    ]
    shown = [one.start for one in problems if found.judged(one, text)]
    assert shown == [5]  # a pattern is meant for all of a name


def test_what_is_no_constant_in_luacheckrc(tmp_path: Path) -> None:
    found = wishes(tmp_path, ".luacheckrc", "globals = read()\nstd = f()\nignore = x\nstd = 'max'")
    assert complaints(found) == [
        "'globals' is no constant and is passed over",
        "'std' is no constant and is passed over",
        "'ignore' is no constant and is passed over",
    ]
    broken = wishes(tmp_path, ".luacheckrc", "globals = { 'a'\nread_globals = { 'b' }")
    assert len(complaints(broken)) >= 1


def test_the_files_add_up(tmp_path: Path) -> None:
    (tmp_path / ".luarc.json").write_text('{"diagnostics.globals": ["a"]}')
    (tmp_path / ".luacheckrc").write_text('globals = {"b"}')
    found = read(str(tmp_path))
    assert found.globals == ("a", "b")
    assert [Path(one.path).name for one in found.files] == [".luarc.json", ".luacheckrc"]
    assert read(str(tmp_path / "none")) == NO_WISHES


def test_without_a_folder_nothing_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".luacheckrc").write_text('globals = {"b"}')
    monkeypatch.chdir(tmp_path)
    assert read("") == NO_WISHES


def test_how_problems_are_shown() -> None:
    told = Wishes(disabled=frozenset({"a"}), severities=(("b", "hint"),), hidden=(("c", "x_"),))
    one = Problem("a", "warning", 0, 3, "words")
    assert told.judged(one, "x_y") is None
    assert told.judged(one._replace(origin="load"), "x_y") is not None
    assert told.judged(one._replace(code="b"), "x_y") == one._replace(code="b", severity="hint")
    assert told.judged(one._replace(code="c"), "x_y") is None
    assert told.judged(one._replace(code="c"), "y_x") == one._replace(code="c")


def test_the_projects_own_options_win() -> None:
    told = Wishes(disabled=frozenset({"endless-loop", "empty-block"}), globals=("a",))
    settings = Settings(
        lsp_diagnostics_disable=("unused-local",),
        lsp_diagnostics_severity=(
            "unused-label=error",
            "521=hint",
            "empty-block=warning",
            "x-y=off",
        ),
        lsp_diagnostics_globals=("b",),
        lsp_diagnostics_globals_pattern=("^T_", "("),
    )
    made = with_settings(told, settings)
    shown = {
        code: made.judged(Problem(code, "hint", 0, 1, ""), "x")
        for code in ("unused-argument", "unused-label", "empty-block", "endless-loop", "x-y", "z-z")
    }
    assert {code: one and one.severity for code, one in shown.items()} == {
        "unused-argument": None,
        "unused-label": "error",
        "empty-block": "warning",
        "endless-loop": None,
        "x-y": None,
        "z-z": "hint",
    }
    assert [name for name in ("a", "b", "T_1", "c") if made.is_global(name)] == ["a", "b", "T_1"]
    silent = with_settings(told, Settings(lsp_diagnostics_enable=False))
    assert silent.judged(Problem("z-z", "hint", 0, 1, ""), "x") is None
    assert silent.judged(Problem("syntax-error", "error", 0, 1, ""), "x") is not None


def test_where_problems_are_told() -> None:
    def is_wide(made: Wishes, code: str, severity: Severity = "warning") -> bool:
        return made.is_wide(Problem(code, severity, 0, 1, ""))

    usual = with_settings(NO_WISHES, Settings())
    for code in ("syntax-error", "undefined-global", "param-type-mismatch", "of-a-rule"):
        assert is_wide(usual, code)
    for code in ("unused-local", "empty-block", "self-assignment", "deprecated"):
        assert not is_wide(usual, code)
    assert not is_wide(usual, "of-a-rule", "hint")
    table = (
        "113=open",
        "unused-local=workspace",
        "unused-argument=open",
        "of-a-rule=open",
        "111=off",
    )
    made = with_settings(NO_WISHES, Settings(lsp_diagnostics_scope=table))
    assert not is_wide(made, "undefined-global")
    assert is_wide(made, "unused-local")
    assert is_wide(made, "write-only-local")  # one of LuaLS's unused-local
    assert not is_wide(made, "unused-argument")  # by its own name
    assert not is_wide(made, "of-a-rule")
    off = {
        code: made.judged(Problem(code, "warning", 0, 1, ""), "x")
        for code in ("implicit-global", "undefined-global")
    }
    assert off["implicit-global"] is None
    assert off["undefined-global"] is not None


@given(st.text(alphabet='{}[]",:/*\n \\abtrue1.', max_size=60), st.booleans())
def test_no_text_makes_it_fail(text: str, is_json: bool) -> None:
    reader = _Reader(NO_WISHES)
    (reader.luarc if is_json else reader.luacheck)(text)
    for problem in reader.problems:
        assert 0 <= problem.start <= problem.end

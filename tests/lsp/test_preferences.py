"""What an editor is set to: how it is learnt, what it wins over, and what is told of it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tidelock.shared.config import load, wished

from .test_folders import Desk
from .test_session import WAIT_S, Json

ASKED = {"workspace": {"configuration": True}}
CALL = "local function f(low, high) return low, high end\nf(1, 2)\n"


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    made = Desk(tmp_path)
    made.file("one/tidelock.toml")
    made.file("two/tidelock.toml")
    yield made
    made.session.close()


def push(desk: Desk, settings: Any) -> None:
    desk.editor.tell("workspace/didChangeConfiguration", {"settings": settings})
    desk.settle()


def asked(desk: Desk, count: int = 1) -> list[tuple[Any, Json]]:
    """The questions for the settings: number and params."""

    def look() -> list[tuple[Any, Json]]:
        return [
            (number, params)
            for number, method, params in desk.editor.requests
            if method == "workspace/configuration"
        ]

    with desk.editor.changed:
        assert desk.editor.changed.wait_for(lambda: len(look()) >= count, WAIT_S), look()
    return look()


def answer(desk: Desk, number: Any, *found: Any) -> None:
    """Answer for each folder; the last one is that of the texts which lie in none."""
    desk.session.receive({"jsonrpc": "2.0", "id": number, "result": [*found, None]})
    desk.settle()


def hints(desk: Desk, uri: str) -> int:
    """How many hints a text shows."""
    whole = {"start": {"line": 0, "character": 0}, "end": {"line": 9, "character": 0}}
    found = desk.editor.ask(
        "textDocument/inlayHint", {"textDocument": {"uri": uri}, "range": whole}
    )
    return len(found or ())


def warned(desk: Desk) -> list[str]:
    return [p["message"] for method, p in desk.editor.said if method == "window/showMessage"]


# -- what wins over what -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("key", "values", "wins"),
    [
        ("lsp.hints.parameters", ("off", "all", "literals"), "editor"),
        ("lsp.diagnostics.delay_ms", (11, 12, 13), "project"),
        ("lsp.format.tool", ("own", "stylua", "auto"), "project"),
    ],
)
def test_findings_are_the_projects_and_taste_is_the_editors(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, key: str, values: tuple[Any, ...], wins: str
) -> None:
    home = tmp_path / "home"
    monkeypatch.setenv("XDG_CONFIG_HOME", str(home))
    section, _, name = key.rpartition(".")
    places = {"editor": values[0], "project": values[1], "user": values[2]}
    for place, path in (
        ("user", home / "tidelock/config.toml"),
        ("project", tmp_path / "tidelock.toml"),
    ):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"[{section}]\n{name} = {places[place]!r}\n")

    def value(**more: Any) -> Any:
        found = load(str(tmp_path), environment={}, editor={key: places["editor"]}, **more)
        return getattr(found, key.replace(".", "_"))

    assert value() == places[wins]
    told = value(given=[f"{key}={values[2]}"])
    assert told == (places["editor"] if wins == "editor" else values[2])
    (tmp_path / "tidelock.toml").write_text("")
    assert value() == places["editor"]  # before the user's own file


def test_what_an_editor_says_is_read_nested_and_with_dots() -> None:
    found, problems = wished(
        {
            "lsp": {
                "hints.parameters": "off",
                "lens": {"run": False, "loaded": None},
                "diagnostics": {"severity": {"unused-local": "error"}},
            }
        }
    )
    assert found == {
        "lsp.hints.parameters": "off",
        "lsp.lens.run": False,
        "lsp.diagnostics.severity": {"unused-local": "error"},
    }
    assert problems == []


def test_code_that_an_editor_names_runs_where_the_folder_is_trusted(tmp_path: Path) -> None:
    editor = {"lsp.rules.paths": ["rules.lua"]}
    for trusted, wanted in ((False, ()), (True, ("rules.lua",))):
        found = load(str(tmp_path), environment={}, editor=editor, trusted=trusted)
        assert found.lsp_rules_paths == wanted


# -- how it is learnt ----------------------------------------------------------------------------


def test_each_folder_has_its_own(desk: Desk) -> None:
    desk.begin("one", "two", capabilities=ASKED)
    ((number, params),) = asked(desk)
    assert params["items"] == [
        *({"scopeUri": desk.uri(name), "section": "tidelock"} for name in ("one", "two")),
        {"section": "tidelock"},
    ]
    answer(desk, number, {"lsp": {"hints": {"parameters": "off"}}}, None)
    for name, count in (("one", 0), ("two", 2)):
        desk.editor.open(CALL, uri=desk.uri(f"{name}/a.lua"))
        assert hints(desk, desk.uri(f"{name}/a.lua")) == count
    push(desk, {"tidelock": {"lsp": {"hints": {"parameters": "off"}}}})
    assert hints(desk, desk.uri("two/a.lua")) == 2  # it is asked, and that is what counts
    answer(desk, asked(desk, 2)[1][0], None, {"lsp": {"hints": {"parameters": "off"}}})
    assert [hints(desk, desk.uri(f"{name}/a.lua")) for name in ("one", "two")] == [2, 0]


def test_a_client_that_cannot_be_asked_pushes(desk: Desk) -> None:
    desk.begin("one", "two")
    uri = desk.uri("two/a.lua")
    desk.editor.open(CALL, uri=uri)
    for settings, count in (
        ({"tidelock": {"lsp": {"hints": {"parameters": "off"}}}}, 0),
        ({"tidelock": {}}, 2),
        ({"tidelock.lsp.hints.parameters": "off"}, 0),
        ({"other": {"lsp": {}}}, 2),
        (None, 2),
        ([], 2),
    ):
        push(desk, settings)
        assert hints(desk, uri) == count, settings
    assert not [one for one in desk.editor.requests if one[1] == "workspace/configuration"]


def test_a_folder_that_comes_later_is_asked_for(desk: Desk) -> None:
    desk.begin("one", capabilities=ASKED)
    desk.change(added=("two",))
    number, params = asked(desk, 2)[1]
    wanted = [desk.uri("one"), desk.uri("two"), None]
    assert [one.get("scopeUri") for one in params["items"]] == wanted
    answer(desk, number, None, {"lsp": {"hints": {"parameters": "off"}}})
    desk.editor.open(CALL, uri=desk.uri("two/a.lua"))
    assert hints(desk, desk.uri("two/a.lua")) == 0


def test_the_reading_begins_with_the_answer(desk: Desk) -> None:
    desk.file("one/hidden/low.lua", "low_water = 1")
    desk.begin("one", capabilities=ASKED)
    index = desk.folder("one").index
    ((number, _),) = asked(desk)
    answer(desk, number, {"lsp": {"workspace": {"ignore": ["hidden"]}}})
    desk.editor.open("print(low_water)", uri=desk.uri("one/a.lua"))
    desk.codes(desk.uri("one/a.lua"), "undefined-global")
    assert index.plan.limits.ignore == ("hidden",)
    assert index.state == "ready"


@pytest.mark.parametrize("found", [None, "refused", [None, None, None], [7, 7]])
def test_a_client_that_answers_badly_is_served(desk: Desk, found: Any) -> None:
    desk.begin("one", capabilities=ASKED)
    ((number, _),) = asked(desk)
    error = {"error": {"code": -32601, "message": "no"}}
    rest = error if found == "refused" else {"result": found}
    desk.session.receive({"jsonrpc": "2.0", "id": number, **rest})
    desk.editor.open("print(low_water)", uri=desk.uri("one/a.lua"))
    desk.codes(desk.uri("one/a.lua"), "undefined-global")


def test_a_client_that_never_answers_is_served(desk: Desk) -> None:
    desk.begin("one", capabilities=ASKED)
    asked(desk)
    desk.editor.open("print(low_water)", uri=desk.uri("one/a.lua"))
    desk.codes(desk.uri("one/a.lua"), "undefined-global")


# -- what follows --------------------------------------------------------------------------------


def test_problems_are_judged_anew(desk: Desk) -> None:
    desk.begin("one")
    uri = desk.uri("one/a.lua")
    desk.editor.open("local unused = 1", uri=uri)
    desk.codes(uri, "unused-local")
    push(desk, {"tidelock": {"lsp": {"diagnostics": {"disable": ["unused-local"]}}}})
    desk.codes(uri)
    push(desk, {"tidelock": {}})
    desk.codes(uri, "unused-local")
    push(desk, {"tidelock": {"lua": {"version": "5.1"}}})
    desk.editor.open("local half = 7 // 2\nreturn half", uri=desk.uri("one/b.lua"))
    desk.codes(desk.uri("one/b.lua"), "wrong-version-syntax")


def test_taste_leads_to_no_reading(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.begin("one")
    desk.editor.open("print(low_water)", uri=desk.uri("one/a.lua"))
    desk.codes(desk.uri("one/a.lua"), "undefined-global")
    index = desk.folder("one").index
    plans: list[object] = []
    monkeypatch.setattr(index, "replan", plans.append)
    push(desk, {"tidelock": {"lsp": {"hints": {"parameters": "off"}}}})
    assert plans == []
    push(desk, {"tidelock": {"lsp": {"workspace": {"max_files": 7}}}})
    assert len(plans) == 1


def test_what_cannot_be_used_is_told_once(desk: Desk) -> None:
    desk.begin("one", "two")
    uri = desk.uri("one/a.lua")
    desk.editor.open(CALL, uri=uri)
    lsp = {"hints": {"parameters": "of"}, "lens": {"run": "maybe"}, "fritz": 1}
    for _ in range(2):
        push(desk, {"tidelock": {"lsp": lsp, "kernel": {"auto_start": False}}})
    assert warned(desk) == [
        "\n".join(
            (
                "the editor's settings: lsp.hints.parameters: "
                "expected one of literals, all, off, got 'of'",
                "the editor's settings: lsp.lens.run: expected true or false, got 'maybe'",
                "the editor's settings: there is no option lsp.fritz",
                "the editor's settings: kernel.auto_start is not read there; "
                "it belongs in tidelock.toml",
            )
        )
    ]
    assert hints(desk, uri) == 2
    push(desk, {"tidelock": {"lsp": {"hints": {"parameters": "no"}}}})
    assert len(warned(desk)) == 2


def test_the_editor_may_switch_the_program_off_and_on(desk: Desk) -> None:
    desk.begin("one")
    folder = desk.folder("one")
    for wanted in (False, True):
        push(desk, {"tidelock": {"lsp": {"live": {"enabled": wanted, "deadline_ms": 70}}}})
        assert folder.settings.lsp_live_enabled is wanted


def test_commands_reach_the_kernel_before_the_settings_are_known(tmp_path: Path) -> None:
    made = Desk(tmp_path, use_kernel=True)
    made.file("one/tidelock.toml", "[kernel]\nauto_start = false\n")
    made.begin("one", capabilities=ASKED)
    asked(made)
    said = made.editor.wait(made.editor.command("tidelock.run", {"uri": made.uri("one/a.lua")}))
    assert said["words"] != "this language server uses no kernel"
    made.session.close()

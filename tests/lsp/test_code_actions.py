"""Fixes as an editor is offered them."""

from __future__ import annotations

from typing import Any

import pytest

from tidelock.lsp import convert
from tidelock.lsp import convert_edits as edits
from tidelock.lsp.documents import Document
from tidelock.lsp.features.code_actions import Action, code_actions
from tidelock.lsp.features.resolved_action import resolved_action
from tidelock.lsp.manner import Manner
from tidelock.shared.errors import BadRequest, TidelockError
from tidelock.shared.language.format.layout import applied
from tidelock.shared.language.index.space import Places, Space
from tidelock.shared.language.suppressions import suppressions
from tidelock.shared.model import Problem
from tidelock.shared.syntax.parser import parse

CAN = Manner(action_literals=True)


def acted(source: str, *problems: Problem, at: int = 0, **options: Any) -> list[Action]:
    return code_actions(Document("file:///code/a.lua", 1, source), at, at, problems, **options)


def typo(start: int) -> Problem:
    message = "'pritn' is not defined; did you mean 'print'?"
    return Problem("undefined-global", "warning", start, start + 5, message, instead="print")


def test_the_fixes_of_the_problems_of_a_place() -> None:
    found = acted("pritn(1)", typo(0))
    assert [one.fix.title for one in found] == [
        "write 'print'",
        "declare 'pritn' in tidelock.toml",
        "hide 'undefined-global' on this line",
        "hide 'undefined-global' in this file",
        "hide 'undefined-global' in this project",
    ]
    assert [one.wish for one in found if one.wish] == [
        ("lsp.diagnostics.globals", "pritn", True),
        ("lsp.diagnostics.disable", "undefined-global", True),
    ]
    assert found[0].fix.is_preferred
    assert acted("pritn(1)", typo(0), at=7) == []
    assert acted("pritn(1)", typo(0), is_wanted=False) == []


def test_all_problems_of_a_kind_at_once() -> None:
    found = acted("pritn(1)\npritn(2)\n", typo(0), typo(9))
    last = found[-3]
    assert last.is_for_all
    assert last.fix.title == "fix 2 problems 'undefined-global' in this file"
    assert [(one.start, one.text) for one in last.fix.edits] == [(0, "print"), (9, "print")]


@pytest.mark.parametrize(
    ("source", "line"), [("pritn(1)", 1), ("#!/usr/bin/lua\npritn(1)", 2), ("-- why\npritn(1)", 3)]
)
def test_a_kind_of_problem_is_hidden_in_a_file(source: str, line: int) -> None:
    start = source.index("pritn")
    found = acted(source, typo(start), at=start)[-2]
    text = applied(source, list(found.fix.edits))
    tree = parse(text)
    assert tree.ok
    there = tree.lines.span(line)[0]
    other = Problem("unused-local", "hint", there, there, "")
    assert suppressions(tree).hides(typo(there), tree)
    assert not suppressions(tree).hides(other, tree)
    assert text.startswith("#") == source.startswith("#")


def test_an_action_brings_its_edit_and_its_problem() -> None:
    text = Document("file:///code/a.lua", 4, "pritn(1)")
    made = edits.code_action_list(code_actions(text, 0, 0, [typo(0)]), text, CAN)
    assert made is not None
    first = made[0]
    assert (first.is_preferred, first.title) == (True, "write 'print'")
    assert first.diagnostics is not None
    assert first.diagnostics[0].code == "undefined-global"
    assert first.edit is not None
    assert first.edit.changes is not None
    (edit,) = first.edit.changes[text.uri]
    assert (edit.new_text, edit.range.end.character) == ("print", 5)
    assert edits.code_action_list(code_actions(text, 0, 0, [typo(0)]), text, Manner()) is None


def test_an_editor_that_resolves_actions_gets_the_edit_of_the_chosen_one() -> None:
    text = Document("file:///code/a.lua", 4, "local _\npritn(1)")
    problem = typo(8)
    manner = CAN._replace(resolves_actions=True)
    offered = edits.code_action_list(code_actions(text, 8, 8, [problem]), text, manner) or []
    assert [one.edit for one in offered] == [None] * len(offered)
    asked = edits.unresolved_action(convert.plain(offered[0]))
    places = [text.lines.offset(*place, "utf-16") for place in asked.places]
    found = resolved_action(text, *places, [problem], **asked.options)
    made = edits.resolved_action(found, text, manner)
    assert made.title == offered[0].title
    assert made.edit is not None
    assert made.edit.changes is not None
    assert [one.new_text for one in made.edit.changes[text.uri]] == ["print"]
    with pytest.raises(TidelockError, match="was edited"):
        resolved_action(text, *places, [], **asked.options)
    with pytest.raises(BadRequest):
        edits.unresolved_action({"title": "write 'print'"})


def test_what_changes_the_project_is_a_command_for_editors_that_apply_edits() -> None:
    text = Document("file:///code/a.lua", 4, "pritn(1)")
    found = code_actions(text, 0, 0, [typo(0)])
    shown = edits.code_action_list(found, text, CAN._replace(applies_edits=True)) or []
    (declare, hide) = (one for one in shown if one.command)
    assert declare.command is not None
    assert declare.edit is None
    assert declare.command.arguments == [
        {"uri": text.uri, "key": "lsp.diagnostics.globals", "add": "pritn"}
    ]
    assert hide.title == "hide 'undefined-global' in this project"
    assert not [one for one in edits.code_action_list(found, text, CAN) or [] if one.command]


def test_a_text_for_another_lua_may_select_it() -> None:
    text = Document("file:///code/a.lua", 4, "x = 1 // 2", "5.1")
    (problem,) = text.tree.problems
    found = code_actions(text, 6, 6, [problem])
    assert [one.fix.title for one in found] == [
        "write it with 'math.floor'",
        "select Lua 5.3 in tidelock.toml",
    ]
    made = edits.code_action_list(found, text, CAN._replace(applies_edits=True)) or []
    assert made[1].command is not None
    assert made[1].command.arguments == [{"uri": text.uri, "key": "lua.version", "value": "5.3"}]


def test_a_global_that_is_a_module_can_be_required() -> None:
    source = 'local sea = require "sea"\n\nfunction f()\n  harbour.open(sea)\nend\n'
    text = Document("file:///code/a.lua", 1, source, search=("/code",))
    modules = [
        Document(f"file:///code/{name}", 1, "return {}") for name in ("harbour.lua", "harbours.lua")
    ]
    space = Space(opened=[text, *modules], places=Places("/code"))
    start = source.index("harbour")
    problem = Problem("undefined-global", "warning", start, start + 7, "'harbour' is not defined")
    found = code_actions(text, start, start, [problem], space)
    (wanted,) = (one.fix for one in found if one.fix.title.startswith("require"))
    assert wanted.title == "require 'harbour'"
    line = 'local harbour = require "harbour"\n'
    assert applied(source, list(wanted.edits)) == source.replace("\n\n", f"\n{line}\n", 1)


def test_an_error_is_not_hidden_anywhere() -> None:
    found = acted("x = ", Problem("syntax-error", "error", 0, 1, "words"))
    assert [one for one in found if "hide" in one.fix.title] == []


@pytest.mark.parametrize(
    ("only", "is_wanted"),
    [
        (None, True), ([], True), (["quickfix"], True), ([""], True),
        (["refactor"], False), (["source", "quickfix"], True), (["quick"], False),
    ],
)  # fmt: skip
def test_only_the_kinds_that_are_asked_for(only: list[str] | None, is_wanted: bool) -> None:
    place = {"line": 0, "character": 0}
    params = {
        "textDocument": {"uri": "file:///a.lua"},
        "range": {"start": place, "end": place},
        "context": {"diagnostics": [], **({} if only is None else {"only": only})},
    }
    assert edits.code_actions(params).options.get("is_wanted", True) == is_wanted

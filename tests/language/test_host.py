"""What Tidelock offers to programs is known to the editor, and is what the runtime has."""

from __future__ import annotations

import json
from typing import Any

import pytest

from kit.marked import marked
from kit.places import Place
from kit.typing import check_types
from tidelock.shared.language.completion import complete
from tidelock.shared.language.hover import hover
from tidelock.shared.language.stdlib import host_definitions
from tidelock.shared.model import DIALECTS, Dialect
from tidelock.shared.syntax.parser import parse
from tidelock.shared.syntax.tree import Assign, Function, Member

NAMES = """
local names = {}
for name, value in pairs(require(%r)) do
  names[#names + 1] = '"' .. name .. '"'
end
table.sort(names)
print("[" .. table.concat(names, ",") .. "]")
"""


def described(name: str) -> set[str]:
    body = host_definitions()[name].body
    functions = [one.target for one in body.statements if isinstance(one, Function)]
    values = [one.targets[0] for one in body.statements if isinstance(one, Assign)]
    return {one.key for one in [*functions, *values] if isinstance(one, Member)}


@pytest.mark.parametrize("name", ["tidelock", "python"])
def test_the_names_are_those_of_the_runtime(place: Place, name: str) -> None:
    code = NAMES.replace("%r", repr(name))
    result = place.run("exec", code, "--set", "lua.python_access=true").expect()
    assert described(name) == set(json.loads(result.stdout))


@pytest.mark.parametrize("name", ["tidelock", "python"])
def test_the_parameters_are_documented(name: str) -> None:
    tree = host_definitions()[name]
    assert tree.ok
    functions = [one for one in tree.body.statements if isinstance(one, Function)]
    assert functions
    for one in functions:
        comment = tree.text[: one.start].rpartition("\n\n")[2]
        for parameter in one.body.parameters:
            assert f"@param {parameter.name}" in comment


@pytest.mark.parametrize("dialect", DIALECTS)
def test_types(dialect: Dialect) -> None:
    check_types(
        'local t = require("tidelock") print(<!t.read_password()!>, <!t.sleep(1)!>)\n'
        'print(<!require("string").rep("a", 2)!>, <!require("none")!>)\n'
        'print(<!python.builtins!>, <!require("python").none!>)',
        *("string?", "nil", "string", "unknown", "userdata", "userdata"),
        dialect=dialect,
    )


def labels(source: str) -> list[str]:
    text = marked(source)
    return [item.label for item in complete(parse(text.text), text.at).items]


def test_completion() -> None:
    assert set(labels('local t = require "tidelock"\nt.$0')) == described("tidelock")
    assert set(labels("python.$0")) == described("python")
    assert "tidelock" not in labels("$0")


def test_hover() -> None:
    text = marked('local t = require "tidelock"\nt.sl$0eep(1)')
    found: Any = hover(parse(text.text), text.at)
    assert found.signature == "function t.sleep(seconds: number)"
    assert found.documentation.startswith("Does nothing for a while; it can be interrupted.")


def test_a_file_of_the_workspace_wins() -> None:
    check_types(
        "-- tidelock.lua --\nreturn 1\n-- main.lua --\nlocal <!x!> = require('tidelock')", "1"
    )

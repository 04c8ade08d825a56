"""Modules that are proposed by their names, with the line that requires them, and words."""

from __future__ import annotations

from pathlib import Path

import pytest

from kit.marked import marked
from language.index.test_space import Folder
from tidelock.lsp.documents import Document
from tidelock.lsp.features.completion import completion
from tidelock.lsp.moment import View
from tidelock.shared.language.completion import Item
from tidelock.shared.language.index.space import Space

MODULE = "local M = {}\nreturn M\n"


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(
        tmp_path,
        {
            "tides.lua": MODULE,
            "port/gate.lua": MODULE,
            "port/init.lua": MODULE,
            "port/gate-way.lua": MODULE,
            "port/end.lua": MODULE,
            "gauge.lua": "print('a script')\nfield.slipway = 1\n",
        },
    )


def proposed(folder: Folder, source: str, space: Space | None = None, **wishes: bool) -> list[Item]:
    text = marked(source)
    made = Document(folder.uri("main.lua"), 1, text.text, "5.4", (folder.root,))
    return completion(made, text.at, View(), space or folder.space(), **wishes).items


def taken(folder: Folder, source: str, label: str = "gate") -> str:
    """The text once a module is chosen."""
    text = marked(source)
    (item,) = [one for one in proposed(folder, source) if one.label == label]
    made = text.text[: item.start] + item.insert + text.text[text.at :]
    if item.beside is not None:
        offset, line = item.beside
        assert offset < item.start
        made = made[:offset] + line + made[offset:]
    return made


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("print(ga$0)", 'local gate = require("port.gate")\nprint(gate)'),
        ("ga$0", 'local gate = require("port.gate")\ngate'),
        ("-- a script\n\nprint(ga$0)",
         '-- a script\n\nlocal gate = require("port.gate")\nprint(gate)'),
        ("x()\nlocal function f()\n  ga$0\nend",
         'local gate = require("port.gate")\nx()\nlocal function f()\n  gate\nend'),
        ("---@param a number\nlocal function f(a)\n  ga$0\nend",
         'local gate = require("port.gate")\n---@param a number\nlocal function f(a)\n  gate\nend'),
        ("local a = require 'a' -- first\nlocal x = 1\nga$0",
         "local a = require 'a' -- first\nlocal gate = require 'port.gate'\nlocal x = 1\ngate"),
        ("local a = require('a')\nlocal b = require('b')\nx()\nlocal c = require 'c'\nga$0",
         "local a = require('a')\nlocal b = require('b')\nlocal gate = require('port.gate')\n"
         "x()\nlocal c = require 'c'\ngate"),
        ("ga$0\nlocal a = require 'a'",
         'local gate = require("port.gate")\ngate\nlocal a = require \'a\''),
        ("x()\r\nprint(ga$0)", 'local gate = require("port.gate")\r\nx()\r\nprint(gate)'),
    ],
)  # fmt: skip
def test_the_line_goes_to_the_others(folder: Folder, source: str, expected: str) -> None:
    assert taken(folder, source) == expected


def labels(items: list[Item]) -> list[str]:
    return [item.label for item in items if item.kind == "module"]


def test_what_is_proposed(folder: Folder) -> None:
    assert labels(proposed(folder, "g$0")) == ["gate", "gate_way"]
    assert labels(proposed(folder, "GATE$0")) == ["gate", "gate_way"]
    assert labels(proposed(folder, "po$0")) == ["port"]
    assert "gauge" not in labels(proposed(folder, "ga$0"))  # it gives nothing
    assert "end" not in labels(proposed(folder, "en$0"))  # no variable is called so
    assert labels(proposed(folder, "$0")) == labels(proposed(folder, "$0", auto_require=False))
    assert not labels(proposed(folder, "ga$0", auto_require=False))
    assert not labels(proposed(folder, "x.ga$0"))
    (item,) = [one for one in proposed(folder, "po$0") if one.kind == "module"]
    assert item.detail == 'require("port")'


def test_what_is_there_already_is_not_proposed(folder: Folder) -> None:
    assert labels(proposed(folder, "local g = require 'port.gate'\nga$0")) == ["gate_way"]
    assert labels(proposed(folder, "local gate = 1\nga$0")) == ["gate_way"]
    text = marked("local M = {}\npo$0\nreturn M")
    own = Document(folder.uri("port/init.lua"), 1, text.text, "5.4", (folder.root,))
    assert labels(completion(own, text.at, View(), folder.space()).items) == []


def test_a_file_that_is_not_saved_yet(folder: Folder) -> None:
    space = folder.space({"harbour.lua": MODULE, "haul.lua": "x = 1"})
    assert labels(proposed(folder, "ha$0", space)) == ["harbour"]


def test_a_module_that_another_hides_has_no_name(folder: Folder, tmp_path: Path) -> None:
    space = folder.space({}, "port")
    assert space.name_of(folder.path("port/gate.lua"), (folder.root,)) == "port.gate"
    folders = (folder.path("port"), folder.root)
    assert space.name_of(folder.path("port/gate.lua"), folders) == "gate"
    assert space.name_of(folder.path("tides.lua"), folders) == "tides"
    assert space.name_of(folder.path("tides.lua"), (folder.path("port"),)) == ""
    Path(folder.path("port/tides.lua")).write_text(MODULE)
    assert folder.space().name_of(folder.path("tides.lua"), folders) == ""


def test_words_of_all_files_come_last_where_they_are_wished(folder: Folder) -> None:
    source = "local t = f()\nt.slim = 1\nprint(sl$0)"
    found = proposed(folder, source, workspace_words=True)
    assert [one.label for one in found] == ["slim", "slipway"]
    assert {one.kind for one in found} == {"text"}
    assert proposed(folder, source) == []
    member = [one.label for one in proposed(folder, "g().sli$0", workspace_words=True)]
    assert member == ["slipway"]
    assert proposed(folder, "g().zz$0", workspace_words=True) == []  # nor what is being typed
    local = proposed(folder, "local slipway = 1\nprint(sli$0)", workspace_words=True)
    assert [(one.label, one.kind) for one in local] == [("slipway", "variable")]

"""Definitions, uses and symbols over several texts."""

from __future__ import annotations

from typing import NamedTuple

import pytest

from kit.marked import Marked, files
from tidelock.shared.language.index.finding import find
from tidelock.shared.language.index.links import Link, definitions, references
from tidelock.shared.language.index.problems import Known, Observed, problems
from tidelock.shared.language.index.space import Places, Space
from tidelock.shared.language.modules import Module
from tidelock.shared.model import Dialect, Problem
from tidelock.shared.syntax.parser import parse
from tidelock.shared.syntax.tree import Tree


class Open(NamedTuple):
    uri: str
    path: str
    tree: Tree


class Texts:
    """Open texts of marked Lua in a folder that is not there."""

    def __init__(self, source: str, dialect: Dialect = "5.4") -> None:
        self.marks = files(source)
        self.opened = [
            Open(f"file:///nowhere/{name}", f"/nowhere/{name}", parse(text.text, dialect))
            for name, text in self.marks.items()
        ]
        self.space = Space(opened=self.opened, places=Places("/nowhere"))

    @property
    def asked(self) -> tuple[Module, int]:
        """The text with the cursor."""
        for one, marks in zip(self.opened, self.marks.values(), strict=True):
            if marks.cursor is not None:
                return Module(one.uri, one.tree), marks.cursor
        raise AssertionError("no cursor")

    def places(self) -> list[tuple[str, int, int]]:
        """The marked ranges, text by text."""
        marked: list[tuple[str, Marked]] = list(self.marks.items())
        return [(name, *span) for name, text in marked for span in text.ranges]


def placed(links: list[Link]) -> list[tuple[str, int, int]]:
    return [(link.uri.rpartition("/")[2], link.start, link.end) for link in links]


def check_definitions(source: str) -> None:
    texts = Texts(source)
    assert placed(definitions(texts.space, *texts.asked)) == texts.places()


def check_references(source: str, *, declaration: bool = True) -> None:
    texts = Texts(source)
    found = references(texts.space, *texts.asked, declaration=declaration)
    assert sorted(placed(found)) == sorted(texts.places())


@pytest.mark.parametrize(
    "source",
    [
        """
        -- main.lua --
        local shapes = require "shapes"
        shapes.cir$0cle(1)
        -- shapes.lua --
        local M = {}
        function M.<!circle!>(r) end
        return M
        """,
        """
        -- main.lua --
        sh$0out("a")
        -- a.lua --
        function <!shout!>(text) end
        -- b.lua --
        shout("b")
        """,
        """
        -- main.lua --
        local <!x!> = 1
        x = x$0 + 1
        -- a.lua --
        x = 2
        """,
        """
        -- main.lua --
        local Boat = require "boat"
        local b = Boat.new()
        b:sa$0il()
        -- boat.lua --
        local Boat = {}
        Boat.__index = Boat
        function Boat.new() return setmetatable({}, Boat) end
        function Boat:<!sail!>() end
        return Boat
        """,
        """
        -- main.lua --
        ---@type Bo$0at
        local b
        -- boat.lua --
        ---@class <!Boat!>
        local Boat = {}
        """,
        """
        -- main.lua --
        config.wid$0th = 2
        -- config.lua --
        config = { <!width!> = 1 }
        """.replace("wid$0th = 2", "height = 2\n        print(config.wid$0th)"),
        """
        -- main.lua --
        print(string.re$0p)
        """,
        """
        -- main.lua --
        local t = f()
        t.any$0thing()
        """,
        """
        -- main.lua --
        goto e$0nd_
        ::<!end_!>::
        """,
    ],
)
def test_definitions(source: str) -> None:
    check_definitions(source)


@pytest.mark.parametrize(
    "source",
    [
        """
        -- main.lua --
        local <!x!> = 1
        print(<!x!>, <!x$0!>)
        do local x = 2 print(x) end
        -- a.lua --
        x = 2
        """,
        """
        -- main.lua --
        <!shout$0!>("a")
        -- a.lua --
        function <!shout!>(text) end
        -- b.lua --
        local shout = 1
        print(shout, t.shout)
        """,
        """
        -- main.lua --
        local shapes = require "shapes"
        shapes.<!circle$0!>(1)
        local other = { circle = 1 }
        print(other.circle)
        -- shapes.lua --
        local M = {}
        function M.<!circle!>(r) end
        M.<!circle!>(2)
        return M
        -- user.lua --
        print(require("shapes").<!circle!>)
        """,
        """
        -- main.lua --
        local t = f()
        t.<!any$0!>()
        g().<!any!> = 1
        local known = { any = 1 }
        """,
        """
        -- main.lua --
        local M = {}
        function M:<!go!>() self:<!go$0!>() end
        M["<!go!>"](M)
        return { go = M.<!go!> }
        """.replace('"<!go!>"', '<!"go"!>'),
        """
        -- main.lua --
        goto <!e$0nd_!>
        ::<!end_!>::
        """,
        """
        -- main.lua --
        print(1 $0)
        """,
        """
        -- main.lua --
        local t = { 1 }
        print(t[1$0])
        """,
    ],
)
def test_references(source: str) -> None:
    check_references(source)


def test_references_without_declarations() -> None:
    check_references("local x = 1 print(<!x$0!>)", declaration=False)
    check_references(
        """
        -- main.lua --
        print(<!a$0!>)
        -- b.lua --
        a = 1
        """,
        declaration=False,
    )
    check_references("local M = {} function <!M!>.f() end <!M$0!>.f()", declaration=False)
    check_references("local M = { f = 1 } M.<!f$0!>()", declaration=False)


def test_a_key_is_found_however_it_is_written() -> None:
    check_references(
        r"""local M = { <!f$0!> = 1 } M[<!"f"!>](M[<!"\102"!>], M[ <![[f]]!> ], M["g"])"""
    )


def test_symbols_by_a_few_letters() -> None:
    texts = Texts("""
        -- a.lua --
        function read_file() end
        function Read() end
        function spread() end
        function rXeXaXd() end
        function readable() end
        function other() end
    """)
    assert [hit.symbol.name for hit in find([texts.space], "Read")] == [
        "Read",
        "readable",
        "read_file",
        "spread",
        "rXeXaXd",
    ]
    assert len(find([texts.space], "", 3)) == 3
    assert find([texts.space], "readx") == []


def test_columns_of_texts_that_are_not_ascii() -> None:
    texts = Texts("-- a.lua --\nlocal t = { '\U0001f30a' } function f() end")
    (hit,) = find([texts.space], "f")
    assert hit.lines is not None
    assert hit.lines.text.startswith("local")


def found(source: str, known: Known | None = None, dialect: Dialect = "5.4") -> list[Problem]:
    texts = Texts(source, dialect)
    first = texts.opened[0]
    problems_ = problems(first.tree, first.uri, texts.space, known or Known())
    marks = next(iter(texts.marks.values()))
    assert [(one.start, one.end) for one in problems_] == list(marks.ranges)
    return problems_


@pytest.mark.parametrize(
    "source",
    [
        "print(string.rep('x', 2), _G, _ENV, _VERSION)",
        "x = 1 print(x)",
        "local _ENV = {} print(y)",
        "---@diagnostic disable: undefined-global\nprint(nowhere)",
        "print(nowhere) ---@diagnostic disable-line: undefined-global",
        """
        -- main.lua --
        print(made)
        -- a.lua --
        _G.made = 1
        """,
        "require 'string'",
        "package.preload['m'] = f print(1)\nlocal function f() end f() return require 'm'".replace(
            "= f print", "= 1 print"
        ),
        """
        -- main.lua --
        require "a"
        require("b.c")
        -- a.lua --
        -- b/c.lua --
        """,
        "---@diagnostic disable-next-line: unresolved-require\nrequire 'nowhere'",
        "require(name())".replace("name()", "tostring(1)"),
    ],
)
def test_nothing_is_missing(source: str) -> None:
    assert found(source) == []


def test_undefined_globals() -> None:
    (one,) = found("print(<!talbe!>.concat({}))")
    assert (one.code, one.severity) == ("undefined-global", "warning")
    assert one.message == "'talbe' is not defined; did you mean 'table'?"
    (one,) = found("""
        -- main.lua --
        print(<!registery!>)
        -- a.lua --
        registry = 1
    """)
    assert one.message == "'registery' is not defined; did you mean 'registry'?"
    assert [one.message for one in found("<!zz!>(<!zz!>)")] == ["'zz' is not defined"] * 2
    (one,) = found("<!unpack!>({})")
    assert one.message == "'unpack' is in Lua 5.1, not in Lua 5.4; write 'table.unpack'"
    (one,) = found("<!utf8!>.char(1)", dialect="luajit")
    assert one.message == "'utf8' is not in LuaJIT; Lua 5.3 has it"
    (one,) = found("setfenv(1, {}) print(<!any!>)", dialect="5.1")
    assert one.severity == "hint"


def test_what_is_known_from_elsewhere_is_not_missing() -> None:
    known = Known({"host"}, {"tidelock"}, str.isupper, lambda name: name == "lfs")
    assert found("host(LOUD) require 'tidelock' require 'lfs'", known) == []
    found("<!host!>() require <!'tidelock'!> require <!'lfs'!>")


SEEN = Observed({"made", "implied"}, {"built"})


def test_what_the_running_program_has_is_not_missing() -> None:
    known = Known(observed=SEEN)
    assert found("print(made) require 'built'", known) == []
    (one,) = found("function f() <!implied!> = 1 end", known)
    assert one.code == "implicit-global"
    (one,) = found("print(<!mad!>)", known)
    assert one.instead == "made"


def test_what_only_the_running_program_has_is_a_hint_where_that_is_wanted() -> None:
    known = Known(observed=SEEN._replace(is_labelled=True))
    one, two = found("print(<!made!>) require <!'built'!>", known)
    assert (one.code, one.severity, one.instead) == ("undefined-global", "hint", "")
    assert one.message == "'made' is there only at run time"
    assert (two.code, two.severity) == ("unresolved-require", "hint")
    assert two.message == "'built' is there only at run time"


def test_unresolved_modules() -> None:
    one, two = found('require <!"no.where"!>\nlocal x = require(<!"nor"!>)')
    assert (one.code, one.severity) == ("unresolved-require", "warning")
    assert one.message == "'no.where' is no module that can be found; searched in /nowhere"
    assert two.message.startswith("'nor' is")

"""Breakpoints compiled in: where they may stand, and that standing there changes nothing.

The file is long because most of it is tables of cases.
"""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kit.chance import examples
from kit.marked import marked
from syntax.grow import programs
from syntax.oracle import BUILDS, Lua, Outcome, lua
from tidelock.shared.model import Dialect
from tidelock.shared.syntax.parser import parse
from tidelock.shared.syntax.statements import (
    LineMap,
    breakpoint_line,
    functions,
    starts,
)

EMPTY = "do local _ = nil end "
CALL = 'do ("")(7) end '
"""A call that the string metatable answers with nothing: the form that breakpoints are given."""

INSTALL = b"""
getmetatable('').__call = function() end
"""


def insert(text: str, dialect: Dialect, code: str) -> str:
    for start in reversed(starts(parse(text, dialect))):
        text = text[: start.offset] + code + text[start.offset :]
    return text


def check_nothing_changes(build: str, text: str) -> Outcome:
    """The program with code at every start says what it says without, lines of errors included."""
    program: Lua = lua(build)
    program.runtime.execute(INSTALL)
    before = program.run(text)
    assert before is not None, program.refusal(text)
    if before.endless:
        return before
    for code in (EMPTY, CALL):
        changed = insert(text, BUILDS[build], code)
        assert program.run(changed) == before, program.refusal(changed)
    return before


@settings(max_examples=examples(250), deadline=None, suppress_health_check=list(HealthCheck))
@given(programs())
def test_nothing_changes_in_grown_programs(program: tuple[Dialect, str]) -> None:
    dialect, text = program
    for build, spoken in BUILDS.items():
        if spoken == dialect and lua(build).refusal(text) is None:
            outcome = check_nothing_changes(build, text)
            lines = LineMap(text)
            spans = {
                (lines.to_lua(span.start_line), lines.to_lua(span.end_line))
                for span in functions(parse(text, dialect))
            }
            assert outcome.spans <= spans


PROGRAMS: list[tuple[str, str]] = [
    (
        "closures in loops",
        """
        local all = {}
        for i = 1, 3 do local j = i * 2 all[#all + 1] = function() j = j + 1 return i, j end end
        for _, f in ipairs(all) do print(f()) print(f()) end
        """,
    ),
    (
        "repeat sees its locals",
        """
        local n = 0
        repeat local done = n >= 2 n = n + 1 until done
        print(n)
        repeat local x x = 1 if x then break end until false
        """,
    ),
    (
        "methods and varargs",
        """
        local C = {} C.__index = C
        function C.new(...) return setmetatable({n = select('#', ...), ...}, C) end
        function C:sum(...) local s = 0 for i = 1, self.n do s = s + self[i] end return s, ... end
        print(C.new(1, 2, 3):sum(nil, nil))
        print(select('#', C.new():sum(nil, nil)))
        """,
    ),
    (
        "brackets at the start of a statement",
        """
        local f = print;
        (f or error)('a');("x"):rep(3)
        do local g = f; (g)('b') end
        local t = {f = f};(t.f)('c')
        """,
    ),
    (
        "errors keep their lines",
        """
        local function fail() error('here') end
        local ok, message = pcall(fail) print(message)
        print(select(2, pcall(function()
          local t
          t.x = 1
        end)))
        print(select(2, pcall(function() local a, b = 1, {}; return a + b end)))
        undefined_function()
        """,
    ),
    (
        "coroutines",
        """
        local co = coroutine.wrap(function(a)
          local b = coroutine.yield(a + 1)
          for i = 1, 2 do b = coroutine.yield(b * i) end return 'end'
        end)
        print(co(1)) print(co(2)) print(co(3)) print(co(4))
        """,
    ),
    (
        "returns everywhere",
        """
        local function f(x)
          if x == 1 then return 'one' elseif x == 2 then do return end end return x, x end
        print(f(1)) print(select('#', f(2))) print(f(3))
        local function tail(n) if n == 0 then return 'done' end return tail(n - 1) end
        print(tail(100))
        return f(1), f(3)
        """,
    ),
    (
        "adjacent letters",
        """
        do local x=1 end(print)('a')
        local y=[[a]]local z={}y=z[1]print(y)if y then end
        """,
    ),
]
JUMPS: list[tuple[str, str]] = [
    (
        "continue",
        """
        for i = 1, 4 do
          if i % 2 == 0 then goto continue end
          local square = i * i
          print(square)
          ::continue::
        end
        """,
    ),
    (
        "back and forth",
        """
        local n = 0
        ::again:: n = n + 1
        if n < 3 then goto again end
        goto done
        do print('never') end
        ::done:: print(n)
        do goto last; local x = 1 ::last:: ::very_last:: end
        """,
    ),
    (
        "closures of a loop made of gotos",
        """
        local all = {}
        do
          local i = 1
          ::top::
          local k = i
          all[i] = function() return k end
          i = i + 1
          if i <= 3 then goto top end
        end
        print(all[1](), all[2](), all[3]())
        """,
    ),
]
NEWER: list[tuple[str, str]] = [
    (
        "attributes",
        """
        local function closing(name)
          return setmetatable({}, {__close = function() print(name) end}) end
        do
          local a <close> = closing('a') local b <const> = 1 local c <close> = closing('c')
          print(b)
        end
        for i = 1, 2 do local x <close> = closing(i) if i == 1 then goto next end ::next:: end
        local function f() local x <close> = closing('x') return print('returning') end
        f()
        """,
    ),
]
NEWEST: list[tuple[str, str]] = [
    (
        "global declarations",
        """
        global print, select, G
        G = 1
        global function shown(...rest) print(rest.n, ...) end
        shown(1, nil)
        do global <const> * print(G) end
        local <const> a, b = 1, 2
        print(a + b)
        """,
    ),
]


def _cases() -> list[object]:
    cases = []
    for build, dialect in BUILDS.items():
        tables = [PROGRAMS]
        tables += [JUMPS] if dialect != "5.1" else []
        tables += [NEWER] if dialect in ("5.4", "5.5") else []
        tables += [NEWEST] if dialect == "5.5" else []
        for table in tables:
            cases += [pytest.param(build, text, id=f"{build}-{name}") for name, text in table]
    return cases


@pytest.mark.parametrize(("build", "text"), _cases())
def test_nothing_changes(build: str, text: str) -> None:
    outcome = check_nothing_changes(build, marked(text).text)
    assert outcome.printed


def check_starts(source: str, dialect: Dialect = "5.4") -> None:
    """Each ``^`` below a line stands where a statement of that line begins."""
    lines = marked(source).text.splitlines()
    text, expected = [], []
    for line in lines:
        if line.strip(" ^") or not line.strip():
            text.append(line)
        else:
            expected += [(len(text), column) for column, sign in enumerate(line) if sign == "^"]
    tree = parse("\n".join(text), dialect)
    places = [tree.lines.place(start.offset) for start in starts(tree)]
    assert [(place.line + 1, place.column) for place in places] == expected


def test_starts_of_every_kind() -> None:
    check_starts("""
        local a = 1; a = 2 ; ;
        ^            ^
        function f() return 1 end local function g() end
        ^            ^            ^
        if a then f() elseif b then g() else h() end
        ^         ^                 ^        ^
        for i = 1, 2 do break end while a do local b end
        ^               ^         ^          ^
        repeat local x until x do end ::l:: goto l
        ^      ^               ^            ^
        f(function() return end, { g = function() h() end })
        ^            ^                            ^
        return a
        ^
    """)


def test_no_start_where_code_would_melt_with_what_is_before() -> None:
    check_starts(
        """
        x=1g=2
        ^
        do x=1 end(f)()
        ^  ^
        x=1.(f)()
        ^
        x="a"y=2 x={}(f)()
        ^    ^   ^   ^
        """,
        "5.3",
    )


def test_no_start_at_what_is_broken_or_does_nothing() -> None:
    check_starts("""
        local x =
        local y = 1
        ^
        x = = 2
        if z then y() end
        ^         ^
        foo.
    """)
    check_starts(
        """
        global x, y
        global z = 1 global *
        ^
        global function f() end
        ^
        """,
        "5.5",
    )


def test_starts_of_an_input() -> None:
    assert [start.kind for start in starts(parse("x = 1 f()", mode="input"))] == [
        "assignment",
        "result",
    ]
    assert starts(parse("= x", mode="input")) == []
    assert starts(parse("f(function() g() end)", mode="expression"))[0].kind == "call"


def test_kinds_and_functions_of_starts() -> None:
    tree = parse("local f = function() g() end for i = 1, 2 do end function h() return end")
    assert [(start.kind, start.function) for start in starts(tree)] == [
        ("local", 0),
        ("call", 1),
        ("for", 0),
        ("function", 0),
        ("return", 2),
    ]


def test_functions() -> None:
    text = marked("""
        local function a()          --@a
          return function(x) return x end
        end                         --@end_a
        local t = { f = function() end, [1] = function() end }
        function t.u.v:w() end
        t.x, y = function() end, function() end
        local z = function() end
        print(function
          () end)                   --@call
    """)
    spans = functions(parse(text.text))
    assert [(span.number, span.name, span.parent) for span in spans] == [
        (0, "main chunk", 0),
        (1, "a", 0),
        (2, "", 1),
        (3, "f", 0),
        (4, "", 0),
        (5, "t.u.v:w", 0),
        (6, "t.x", 0),
        (7, "y", 0),
        (8, "z", 0),
        (9, "", 0),
    ]
    assert (spans[1].start_line, spans[1].end_line) == (text.lines["a"], text.lines["end_a"])
    assert text.text[spans[1].start : spans[1].end].startswith("local function a()")
    # Lua counts a function in a value from the line of its bracket.
    assert (spans[9].start_line, spans[9].end_line) == (text.lines["call"], text.lines["call"])
    assert (spans[0].start, spans[0].end) == (0, len(text.text))


def check_breakpoint(source: str, wanted: str, lands: str | None) -> None:
    text = marked(source)
    start = breakpoint_line(parse(text.text), text.lines[wanted])
    assert (None if start is None else start.line) == (None if lands is None else text.lines[lands])


FUNCTION = """
    --@blank
    local function f(a,         --@head
                     b)         --@parameters

      local x = {               --@x
        a,                      --@field
      }
      -- nothing                --@comment
      if x then                 --@if
        g()                     --@g
      end                       --@end_if
    end                         --@end

    f()                         --@call
                                --@after
"""


@pytest.mark.parametrize(
    ("wanted", "lands"),
    [
        ("blank", "head"),
        ("head", "head"),
        ("x", "x"),
        ("field", "if"),
        ("comment", "if"),
        ("if", "if"),
        ("end_if", None),
        ("end", None),
        ("call", "call"),
        ("after", None),
    ],
)
def test_breakpoint_line(wanted: str, lands: str | None) -> None:
    check_breakpoint(FUNCTION, wanted, lands)


@pytest.mark.parametrize("line", [0, -1, 99])
def test_a_line_outside_the_text_has_no_breakpoint(line: int) -> None:
    assert breakpoint_line(parse("x = 1"), line) is None


@pytest.mark.parametrize("text", ["a\nb", "a\r\nb", "a\rb\n\nc", ""])
def test_lines_agree_unless_a_line_ends_backwards(text: str) -> None:
    lines = LineMap(text)
    for line in range(1, text.count("\n") + 2):
        assert lines.to_lua(line) == lines.from_lua(line) == line


def test_lua_reads_lf_cr_as_one_line_end() -> None:
    text = "a()\n\rb()\n\r\nc()\r\nd()"
    lines = LineMap(text)
    ours = {word: parse(text).lines.line_of(text.index(word)) + 1 for word in "abcd"}
    assert ours == {"a": 1, "b": 3, "c": 5, "d": 6}
    for word, theirs in zip("abcd", (1, 2, 4, 5), strict=True):
        assert lines.to_lua(ours[word]) == theirs
        assert lines.from_lua(theirs) == ours[word]
    assert lines.from_lua(99) == 6


@given(st.lists(st.sampled_from(["\n", "\r", "x", " "]), max_size=12).map("".join))
def test_lua_agrees_on_lines(blank: str) -> None:
    text = "local a = '" + "\\z" + blank.replace("x", "\n") + "'\nerror('here')"
    message = lua("lua54").run(text)
    assert message is not None
    line = int(message.printed.split("text:")[1].split(":")[0])
    ours = parse(text).lines.line_of(text.index("error")) + 1
    assert LineMap(text).to_lua(ours) == line
    assert LineMap(text).from_lua(line) == ours


@settings(max_examples=examples(100), deadline=None, suppress_health_check=list(HealthCheck))
@given(programs(), st.data())
def test_a_breakpoint_stays_in_its_function(
    program: tuple[Dialect, str], data: st.DataObject
) -> None:
    dialect, text = program
    tree = parse(text, dialect)
    found = starts(tree)
    line = data.draw(st.integers(1, len(tree.lines)))
    start = breakpoint_line(tree, line)
    if start is not None:
        assert start in found
        assert start.line >= line
        between = [one for one in found if line <= one.line < start.line]
        assert all(one.function != start.function for one in between)

"""Which name means which variable: tables of cases, and Lua's own bytecode as the judge.

The file is long because most of it is tables of cases.
"""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings

from kit.chance import examples
from kit.marked import marked
from syntax.grow import programs
from syntax.oracle import build_of, encoded
from syntax.test_acceptance import LINES, TEXTS
from tidelock.shared.language.scopes import (
    GlobalDeclaration,
    Label,
    Local,
    Reference,
    Scopes,
    resolve,
)
from tidelock.shared.model import DIALECTS, Dialect
from tidelock.shared.syntax.parser import parse
from tidelock.shared.syntax.statements import starts


def scopes_of(source: str, dialect: Dialect = "5.4") -> Scopes:
    return resolve(parse(marked(source).text, dialect))


def agree(dialect: Dialect, text: str) -> None:
    """Parser and scopes together refuse exactly what ``load`` refuses."""
    tree = parse(text, dialect)
    refusal = build_of(dialect).refusal(text)
    accepted = tree.ok and not resolve(tree).problems
    assert accepted == (refusal is None), (text, dialect, refusal, tree.problems)


SCOPED = """
goto l
goto l ::l::
::a:: ::a::
::a:: do ::a:: end
do ::a:: end ::a::
::a:: local f = function() ::a:: end
do goto l end ::l::
goto l do ::l:: end
do goto l; local x; ::l:: end
do goto l; local x; ::l:: ; end
do goto l; local x; ::l:: ::m:: end
do goto l; local x; ::l:: x() end
do goto l; local x; ::l:: return end
do do goto l end local x; ::l:: x() end
do local x; goto l; ::l:: x() end
repeat goto l; local x; ::l:: until x
repeat goto l; local x; ::l:: until true
do ::l:: local x; goto l end
while true do goto next; local x = 1; ::next:: end
::l:: (function() goto l end)()
do goto a; do goto a; ::a:: end; ::a:: end
for i = 1, 2 do i = 3 end
for k, v in x do k = 3 end
for k, v in x do v = 3 end
for i = 1, 2 do local i = 3; i = 4 end
local x <const> = 1; x = 2
local x <const> = 1; local x = 2; x = 3
local x <const> = 1; function x() end
local x <const> = 1; function x.y() end
local x <const> = {}; x.y = 1
local x <close> = nil; x = 2
local x <const> = 1; (function() x = 2 end)()
local <const> x, y = 1, 2; y = 3
function f(...t) t = 1 end
function f(...t) return t, t.n, ... end
global x; y = 1
global x; x = 1
global x; print(x)
global x; global *; y = 1
global *; global x; y = 1
global x; do global *; y = 1 end y = 1
global <const> *; x = 1
global <const> *; print(x)
global <const> x; x = 1
global <const> x = 1
global <const> *; global x; x = 1
global x; local y; y = x
local y; global x; y = x
global function f() f() end g()
global function f() f() end f()
goto l; global x; ::l:: x()
do goto l; global *; ::l:: f() end
local _ENV = {}; x = 1
local _ENV <const> = {}; x = 1
"""


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("text", SCOPED.strip().splitlines())
def test_accepts_what_load_accepts(dialect: Dialect, text: str) -> None:
    agree(dialect, text)


@pytest.mark.parametrize("dialect", DIALECTS)
def test_accepts_what_load_accepts_of_the_grammar(dialect: Dialect) -> None:
    for text in [*TEXTS.splitlines(), *LINES]:
        agree(dialect, text)


@settings(max_examples=examples(200), deadline=None, suppress_health_check=list(HealthCheck))
@given(programs())
def test_accepts_what_load_accepts_of_grown_programs(program: tuple[Dialect, str]) -> None:
    for dialect in DIALECTS:
        agree(dialect, program[1])


def renamed(text: str, dialect: Dialect) -> str:
    """The text with a name of its own for every local that is written down."""
    scopes = resolve(parse(text, dialect))
    edits: list[tuple[int, int, str]] = []
    for number, local in enumerate(scopes.locals):
        if local.kind in ("self", "vararg") or local.name == "_ENV":
            continue
        fresh = f"renamed_{number}"
        edits.append((local.start, local.end, fresh))
        edits += [(one.start, one.end, fresh) for one in local.references]
    for start, end, fresh in sorted(edits, reverse=True):
        text = text[:start] + fresh + text[end:]
    return text


@settings(max_examples=examples(200), deadline=None, suppress_health_check=list(HealthCheck))
@given(programs())
def test_bytecode_does_not_change_when_locals_are_renamed(program: tuple[Dialect, str]) -> None:
    dialect, text = program
    build = build_of(dialect)
    if dialect in ("5.1", "5.2") or build.refusal(text) is not None:
        return
    dump = build.runtime.eval(
        b"function(text) return string.dump((loadstring or load)(text, '='), true) end"
    )
    assert dump(encoded(renamed(text, dialect))) == dump(encoded(text))


def check_meaning(source: str, dialect: Dialect = "5.4") -> None:
    """The name at the cursor means the local in the marked range, or no local without one."""
    text = marked(source)
    found = resolve(parse(text.text, dialect)).at(text.at)
    assert isinstance(found, Reference)
    place = None if found.local is None else (found.local.start, found.local.end)
    assert place == (text.ranges[0] if text.ranges else None)


@pytest.mark.parametrize(
    "source",
    [
        "local <!x!> = 1 print(x$0)",
        "local <!x!> = 1 local x = $0x",
        "local x = 1 local <!x!> = x print($0x)",
        "local x = $0x",
        "local function <!f!>() return $0f end",
        "local f = function() return $0f end",
        "local function f(<!a!>) return $0a end",
        "local function f(a) end return $0a",
        "for <!i!> = 1, 2 do print($0i) end",
        "for i = 1, $0i do end",
        "for k, <!v!> in x do $0v() end",
        "for k in $0k do end",
        "repeat local <!x!> until $0x",
        "repeat local x until y; $0x()",
        "while $0x do local x end",
        "if a then local x elseif $0x then end",
        "if a then local x else $0x() end",
        "do local x end $0x()",
        "local <!x!> do local x end $0x()",
        "local <!x!> local function f() $0x() end",
        "function t:m() local <!self!> = 1; $0self() end",
        "function t.m() return $0self end",
        "local <!x!>; $0x = 1",
        "local x, <!x!> = 1, 2 print($0x)",
        "$0x = 1 local x",
        "local <!t!> function t.a:m() $0t() end",
        "local <!t!> function $0t.a:m() end",
        "local function f(...) local <!a!>, b = ... return $0a end",
        "local <!x!> = 1\nfoo(\nx$0",
        "local <!x!> = 1\nif a then\n  x$0.",
    ],
)
def test_meaning(source: str) -> None:
    check_meaning(source)


def test_self_of_a_method() -> None:
    scopes = scopes_of("function t:m(a) return self, a, function() return self end end")
    method = scopes.locals[0]
    assert (method.name, method.kind, method.function) == ("self", "self", 1)
    assert [(one.function, one.upvalue) for one in method.references] == [(1, False), (2, True)]
    assert method.captured
    assert not scopes.locals[1].captured


def test_reads_and_writes() -> None:
    scopes = scopes_of("local x x = x + 1 y, z.w = x function f() end function z.g() end x()")
    assert [(one.name, one.write) for one in scopes.references] == [
        ("x", True),
        ("x", False),
        ("y", True),
        ("z", False),
        ("x", False),
        ("f", True),
        ("z", False),
        ("x", False),
    ]
    assert list(scopes.globals) == ["y", "z", "f"]
    assert list(scopes.global_names()) == ["y", "f"]


def test_kinds_attributes_and_places() -> None:
    text = marked("local a <const>, b <close> = 1 local function f(p, ...) for i = 1, 2 do end end")
    scopes = resolve(parse(text.text))
    assert [(one.name, one.kind, one.attrib, one.function) for one in scopes.locals] == [
        ("a", "local", "const", 0),
        ("b", "local", "close", 0),
        ("f", "function", "", 0),
        ("p", "parameter", "", 1),
        ("i", "for", "", 1),
    ]
    assert [one.constant for one in scopes.locals] == [True, True, False, False, False]
    for local in scopes.locals:
        assert text.text[local.start : local.end] == local.name


def test_visible_tells_near_from_far_and_hidden() -> None:
    text = marked("""
        local a, b
        local function f(a)
          for c = 1, 2 do
            local b = 1
            $0
          end
          local later
        end
    """)
    found = resolve(parse(text.text)).visible(text.at)
    assert [(one.name, one.kind) for one in found] == [
        ("b", "local"),
        ("c", "for"),
        ("a", "parameter"),
        ("f", "function"),
        ("b", "local"),
        ("a", "local"),
    ]


@pytest.mark.parametrize(
    ("source", "names"),
    [
        ("local a $0", "a"),
        ("local a = $0", ""),
        ("local a = 1$0", "a"),
        ("local function f(a) $0", "a f"),
        ("local function f(a$0", "f"),
        ("function t:m(a)\n  local b\n  $0\nlocal c", "b a self"),
        ("if x then local a end $0", ""),
        ("if x then local a $0 end", "a"),
        ("repeat local a until $0", "a"),
        ("repeat local a until(a)$0b()", ""),
        ("repeat local a until b$0 == 1", "a"),
        ("for i = 1, 2 do $0", "i"),
        ("local a = function(b) return b.$0", "b"),
        ("do local a end do $0 end", ""),
        ("local x = 1\nx.$0\nlocal y", "x"),
    ],
)
def test_visible_in_finished_and_unfinished_code(source: str, names: str) -> None:
    text = marked(source)
    found = resolve(parse(text.text)).visible(text.at)
    assert " ".join(local.name for local in found) == names


def test_arg_of_lua_51() -> None:
    text = "function f(a, ...) return arg.n end print(arg)"
    assert [one.local and one.local.kind for one in scopes_of(text, "5.1").references] == [
        None,
        "vararg",
        None,
        None,
    ]
    assert all(one.local is None for one in scopes_of(text, "5.2").references)


PROBE = b"""
function(see)
  getmetatable('').__call = function(_, number)
    local names = {}
    local index = 1
    while true do
      local name = debug.getlocal(2, index)
      if not name then break end
      if name:sub(1, 1) ~= '(' then names[#names + 1] = name end
      index = index + 1
    end
    see(number, table.concat(names, ' '))
  end
end
"""


@settings(max_examples=examples(150), deadline=None, suppress_health_check=list(HealthCheck))
@given(programs())
def test_a_running_frame_has_the_locals_that_are_visible(program: tuple[Dialect, str]) -> None:
    dialect, text = program
    build = build_of(dialect)
    if build.refusal(text) is not None:
        return
    tree = parse(text, dialect)
    found = starts(tree)
    seen: dict[int, list[str]] = {}
    build.runtime.eval(PROBE)(lambda number, names: seen.update({number: names.decode().split()}))
    for number, start in reversed(list(enumerate(found))):
        text = f'{text[: start.offset]}do ("")({number}) end {text[start.offset :]}'
    build.run(text)
    for number, names in seen.items():
        start = found[number]
        ours = [
            local
            for local in resolve(tree).visible(start.offset)
            if local.function == start.function
            # Lua 5.4 keeps constants it knows at compile time in no frame.
            and (local.attrib != "const" or local.name in names)
        ]
        ours.sort(key=lambda local: (local.visible_from, local.start))
        assert [local.name for local in ours] == names


def test_local_at_an_offset() -> None:
    scopes = resolve(parse("local a = 1 do local a = 2 end "))
    found = [scopes.local(name, offset) for name, offset in (("a", 27), ("a", 31), ("b", 31))]
    assert [local and local.start for local in found] == [21, 6, None]


@pytest.mark.parametrize(
    ("source", "kind"),
    [
        ("local x$0 = 1", Local),
        ("local x = 1 x$0()", Reference),
        ("goto l$0 ::l::", Label),
        ("goto l ::$0l::", Label),
        ("x = 1   $0  y()", type(None)),
        ("function t:m() end$0", type(None)),
    ],
)
def test_at(source: str, kind: type) -> None:
    text = marked(source)
    assert type(resolve(parse(text.text)).at(text.at)) is kind


def test_labels_know_their_jumps() -> None:
    text = marked("goto <!a!> do goto <!a!> end ::a:: goto <!a!> (function() ::a:: goto a end)()")
    first, second = resolve(parse(text.text, "5.3")).labels
    assert sorted(first.gotos) == list(text.ranges)
    assert (first.function, second.function) == (0, 1)
    assert len(second.gotos) == 1


def test_environment_makes_fields_of_globals() -> None:
    scopes = scopes_of("x() local _ENV = {} y() function f(_ENV) z = 1 end _ENV.w = 1")
    assert [(one.name, one.environment and one.environment.kind) for one in scopes.references] == [
        ("x", None),
        ("y", "local"),
        ("f", "local"),
        ("z", "parameter"),
        ("_ENV", None),
    ]


def test_global_declarations() -> None:
    scopes = scopes_of("global a, b <const> = 1 global * global function f() end", "5.5")
    assert [(one.name, one.attrib) for one in scopes.declared] == [
        ("a", ""),
        ("b", "const"),
        ("", ""),
        ("f", ""),
    ]
    assert list(scopes.global_names()) == ["a", "b", "f"]
    assert isinstance(scopes.at(8), GlobalDeclaration)


INTO = "goto 'l' jumps into the scope of "


@pytest.mark.parametrize(
    ("dialect", "source", "code", "message"),
    [
        ("5.4", "goto <!l!>", "undefined-label", "no visible label 'l' for this goto"),
        ("5.4", "::l::\n::<!l!>::", "duplicate-label", "label 'l' already defined on line 1"),
        (
            "5.4",
            "goto <!l!> local x ::l:: x()",
            "syntax-error",
            "goto 'l' jumps into the scope of 'x'",
        ),
        (
            "5.5",
            "goto <!l!> global * ::l:: x()",
            "syntax-error",
            "goto 'l' jumps into the scope of '*'",
        ),
        (
            "5.4",
            "local x <const> = 1 <!x!> = 2",
            "assign-to-const",
            "attempt to assign to const variable 'x'",
        ),
        ("5.5", "global x <!y!>()", "undeclared-name", "variable 'y' not declared"),
    ],
)
def test_problem(dialect: Dialect, source: str, code: str, message: str) -> None:
    text = marked(source)
    (problem,) = resolve(parse(text.text, dialect)).problems
    assert (problem.code, problem.message) == (code, message)
    assert (problem.start, problem.end) == text.ranges[0]


@settings(max_examples=examples(100), deadline=None, suppress_health_check=list(HealthCheck))
@given(programs())
def test_every_name_is_found_where_it_stands(program: tuple[Dialect, str]) -> None:
    dialect, text = program
    scopes = resolve(parse(text[: len(text) * 2 // 3], dialect))
    for reference in scopes.references:
        assert text[reference.start : reference.end] == reference.name
        assert scopes.at(reference.start) in (reference, scopes.at(reference.end))
        if reference.local is not None:
            assert reference.local.name == reference.name
            assert reference in reference.local.references
            assert (
                reference.local in scopes.visible(reference.start) or reference.local.kind == "for"
            )
    for local in scopes.locals:
        assert local.visible_from <= local.visible_to

"""The parser refuses what ``load`` refuses, in every Lua that lupa bundles, and nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kit.chance import examples
from syntax.grow import programs
from syntax.oracle import about_scopes, build_of, lua
from tidelock.shared.model import DIALECTS, Dialect
from tidelock.shared.syntax.parser import parse

TEXTS = r"""
x = 1 y = 2
x=1g=2
x=1do end
x=0x1p4
x=0x1.8
x=0x.8p-2
x=0x
x=0xep1
x=0xe+1
x=3e
x=3e+
x=.5
x=5.
x=1..2
x=1LL
x=1ULL
x=1llu
x=1UL
x=0xFFll
x=1.5LL
x=99999999999999999999LL
x=1i
x=1e3i
x=0x1i
x=1_0
x='\q'
x='\x41'
x='\x4'
x='\u{48}'
x='\u{D800}'
x='\u{110000}'
x='\u{7FFFFFFF}'
x='\u{80000000}'
x='\u{}'
x='\u'
x='\300'
x='\65\066'
x='\z   a'
x='a
x="a\"
x=[[a [[ b]]
x=[==[ ]] ]==]
x=[=a
x=[[
--[[
--[==[ x ]] ]==] x=1
--[[ [[ ]] x=1
goto=1
local goto = 1
goto continue
do goto l ::l:: end
::l:: x=1
local function goto() end
global=1
local global = 1 global=2
global x
global x, y = 1, 2
global x <const>
global x <close>
global <const> *
global *
global function f() end
global none; local x <const>, y = 1
while true do break break end
while true do break; end
while true do break end
break
while true do (function() break end)() end
for i=1,2 do break end
repeat break until true
return
return 1;
return;;
return 1 x=2
do return end x=1
;
x=1;;
x=1;y=2
function f(...t) end
function f(...) end
function f(a,...) end
function f(...,a) end
function f(a,) end
function f(1) end
function f() return ... end
x=...
x=function() return ... end
local x <const> = 1
local x <close>, y <close> = nil
local x <close>, y <const> = nil
local <close> x = nil
local <close> x, y = nil
local <const> x, y <close> = 1
local x <foo> = 1
local x < const > = 1
local x <const>= 1
local a.b = 1
local x y
local function f() end
local function a.b() end
function a.b:c() end
function a:b.c() end
function f end
function (a) end
f
f()
f'x'
f{}
f'x'.y = 1
a.b
a.b:c = 1
a.b:c()
(a) = 1
(a).b = 1
(a)()
a() = 1
a, b = 1
a, f() = 1
a.b, c[1] = 1, 2
a b
x = a ~= b ~ c
x = ~1
x = 1//2
x = 1 & 2 | 3 << 4 >> 5
x = a ~ b
x = a < b < c
x = 2^-3^2
x = - - 1
x = not not nil
x = #t
x = a !b
x = a != b
x = a && b
x += 1
x = 'a':f()
x = ('a'):f()
x = {1;2,3;}
x = {,}
x = {1,,}
x = {a=1,[2]=3,4}
x = {a.b=1}
f(,)
f(1,)
f(1
x = {1
x = a[1
x = (1
x = a.
x = a:
x = a.end
x =
local x =
local
if x then
if x then else elseif y then end
if x then elseif y then else end
if x do end
while x then end
for i do end
for i=1 do end
for i=1,2,3,4 do end
for i=1,2 end
for i,j=1,2 do end
for i in x end
for 1=1,2 do end
repeat until
repeat
do end
do
end
until x
else
x = function() end
x = function f() end
@
x = $
x = 1 -- comment
héllo = 1
x = “a”
and = 1
x = a.and
"""
"""One text to a line; what each Lua thinks of it is asked, not written down."""

LINES = [
    "f\n()",
    "f\n'x'",
    "f\n{}",
    "a.b\n(c)()",
    "x = f\n(g)()",
    "x = f -- c\n(g)()",
    "x = f;\n(g)()",
    "a:b\n()",
    "x='a\\\r\nb'",
    "x='a\\\n\rb'",
    "x='a\\\n\nb'",
    "x='\\z \n\t a'",
    "x=[[\r\n a \n\r]]",
    "global\nx",
    "global\n*\n",
    "goto\nl ::l::",
    "x = 1 --[[ a\n ]] y = 2",
    "\x00",
    "x='a\x00b' --\x00",
    "x = 1 \x0b\x0c y = 2",
    "x = 1 \x85 y = 2",
    "return\nf()",
    "local function f(...\n t) end",
]


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("text", [*TEXTS.strip().splitlines(), *LINES])
def test_table(dialect: Dialect, text: str) -> None:
    agree(dialect, text)


def agree(dialect: Dialect, text: str) -> None:
    refusal = build_of(dialect).refusal(text)
    tree = parse(text, dialect)
    if refusal is None:
        assert tree.ok, (text, dialect, tree.problems)
    elif not about_scopes(refusal):
        assert not tree.ok, (text, dialect, refusal)


@settings(max_examples=examples(150), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(programs())
def test_grown_programs(program: tuple[Dialect, str]) -> None:
    _, text = program
    for other in DIALECTS:
        agree(other, text)


SOUP = """
and break do else elseif end false for function if in local nil not or repeat return then true until
while goto global a b self 1 0x1p4 3LL 'a' "b\\n" [[x]] + - * / // % ^ # & ~ | << >> == ~= <= >= <
> = ( ) { } [ ] :: ; : , . .. ... != @ é <const> function() end
"""


@settings(max_examples=examples(300), deadline=None)
@given(st.sampled_from(DIALECTS), st.lists(st.sampled_from([*SOUP.split(), "--c\n"]), max_size=14))
def test_token_soup(dialect: Dialect, words: list[str]) -> None:
    agree(dialect, " " + " ".join(words))


EXAMPLES = sorted(Path(__file__).parents[2].glob("examples/**/*.lua"))


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_examples(dialect: Dialect, path: Path) -> None:
    agree(dialect, path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("text", ["x=0b101", "x=0b11LL", "x='\\u{48}'"])
def test_what_luajit_21_added(text: str) -> None:
    """One dialect stands for both builds; these are the texts on which 2.0 thinks otherwise."""
    tree = parse(text, "luajit")
    assert tree.ok
    assert lua("luajit21").refusal(text) is None
    assert lua("luajit20").refusal(text) is not None


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_byte_order_mark_and_a_first_line_with_hash_belong_to_files(dialect: Dialect) -> None:
    assert parse("\ufeff#!/usr/bin/lua\nx = 1", dialect).ok
    assert parse("#\nx = 1", dialect).ok
    assert not parse("x = 1\n#!/usr/bin/lua", dialect).ok

"""What a REPL line and a notebook cell mean, and when they are whole."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kit.chance import examples
from syntax.grow import programs
from syntax.oracle import BUILDS, Lua, build_of, lua
from tidelock.shared.model import DIALECTS, Dialect
from tidelock.shared.syntax.inputs import chunk, completeness
from tidelock.shared.syntax.parser import parse

CALL = "return (function(...) return ... end)("


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("x = 1", "x = 1"),
        ("1 + 1", "return 1 + 1"),
        ("= 1", "return  1"),
        ("=f()", f"{CALL}f())"),
        ("a, b", "return a, b"),
        ("a, b = 1", "a, b = 1"),
        ("a.b -- c", "return a.b -- c"),
        ("f()", f"{CALL}f())"),
        ("f{}", f"{CALL}f{{}})"),
        ("a:b'c'", f"{CALL}a:b'c')"),
        ("(f())", "return (f())"),
        ("f(), 1", "return f(), 1"),
        ("f() + 1", "return f() + 1"),
        ("local x = 1\nx", "local x = 1\nreturn x"),
        ("local x = 1; x;", "local x = 1; return x "),
        ("do end(f)()", f"do end {CALL}(f)())"),
        ("x = 1 f()\n-- done\n", f"x = 1 {CALL}f())\n-- done\n"),
        ("x;;", "return x  "),
        ("function() end", "return function() end"),
        ("function(a) return a end, {}", "return function(a) return a end, {}"),
        ("-x", "return -x"),
        ("not x", "return not x"),
        ("#t", "return #t"),
        ("...", "return ..."),
        ("'a'", "return 'a'"),
        ("(a or b)[1]", "return (a or b)[1]"),
        ("{1, 2}", "return {1, 2}"),
        ("return 1", "return 1"),
        ("return f()", "return f()"),
        ("function f() end", "function f() end"),
        ("if x then y() end", "if x then y() end"),
        ("", ""),
        ("-- nothing", "-- nothing"),
        ("1 +", "return 1 +"),
        ("= ", "return  "),
        ("x y", "x y"),
        ("a b c()", "a b c()"),
        ("f() f", "f() return f"),
        ("x == 1", "return x == 1"),
        ("function() return 1 end x = 2", "function() return 1 end x = 2"),
    ],
)
def test_chunk(text: str, expected: str) -> None:
    assert chunk(text) == expected


@pytest.mark.parametrize("build", BUILDS)
def test_all_values_of_a_call_come_back_and_its_chunk_stays_in_the_traceback(build: str) -> None:
    runtime = Lua(build).runtime  # it sets a global
    text = "local function f(...) trace = debug.traceback() return 1, nil, ..., nil end\n\nf(2, 3)"
    values = runtime.execute(chunk(text, BUILDS[build]).encode())
    assert values == (1, None, 2, None)
    traced = runtime.globals()[b"trace"].decode()
    assert ":3: in main chunk" in traced or ":3: in function <" in traced
    assert "tail call" not in traced


@pytest.mark.parametrize("build", BUILDS)
def test_errors_of_an_input_name_its_lines(build: str) -> None:
    text = "local t = nil\n\nt.x"
    outcome = lua(build).run(chunk(text, BUILDS[build]))
    assert outcome is not None
    assert "text:3: attempt to index" in outcome.printed


@settings(max_examples=examples(150), deadline=None, suppress_health_check=list(HealthCheck))
@given(programs(), st.sampled_from(["", "f()", "x", "1, 2", "(x)()", "'a'", "{}", "t:m()"]))
def test_the_chunk_of_a_good_input_loads(program: tuple[Dialect, str], last: str) -> None:
    dialect, text = program
    text = f"{text};{last}" if last.startswith("(") else f"{text} {last}"
    if parse(text, dialect, "input").ok and build_of(dialect).refusal(program[1]) is None:
        assert build_of(dialect).refusal(chunk(text, dialect)) is None


@settings(max_examples=examples(100), deadline=None, suppress_health_check=list(HealthCheck))
@given(programs())
def test_an_input_without_values_is_left_alone(program: tuple[Dialect, str]) -> None:
    dialect, text = program
    text += " ::l::" if dialect != "5.1" else "\nlocal x = 1"
    assert chunk(text, dialect) == text


@pytest.mark.parametrize(
    ("text", "indent"),
    [
        ("if x then", "  "),
        ("for i = 1, 2 do\n    f()", "    "),
        ("  while x do", "    "),
        ("function f()\n\tif x then", "\t\t"),
        ("f(", "  "),
        ("t = {\n  a = {", "    "),
        ("x =", "  "),
        ("x = 1 +", "  "),
        ("x = a and", "  "),
        ("a.", "  "),
        ("a:", "  "),
        ("f(a:\nm", "  "),
        ("local", "  "),
        ("for i", "  "),
        ("return 1,", "  "),
        ("x = [[ a", ""),
        ("--[[ a", ""),
        ("x = 'a\\\n", ""),
        ("x = 'a\\z  ", ""),
        ("repeat x()", "  "),
        ("x = function(a,", "  "),
        ("if x then y() else", "  "),
        ("f(function() return {", "  "),
        ("::l", "  "),
    ],
)
def test_incomplete(text: str, indent: str) -> None:
    assert completeness(text) == ("incomplete", indent)


@pytest.mark.parametrize(
    "text",
    [
        *("", "\n", "-- a", "x", "x = 1", "f()", "= x", "if x then y() end", "local x", "return"),
        *("{1, 2}", "function() end", "x = 'a\\\nb'", "do end do end", "x = [[\n]]"),
    ],
)
def test_complete(text: str) -> None:
    assert completeness(text) == ("complete", "")


@pytest.mark.parametrize(
    "text",
    [
        *("x = = 1", "end", "x y", "if x then else else end", "x = 'a", "x = 'a\ny", "f(a b"),
        *("break", "x = 1 )", "x = 3x", "local 1", "for 1", "a.1", "x = a..", "!", "'a", "x +="),
        *("if x y", "f() = 1", "goto = 1", "x = '\\q'"),
    ],
)
def test_invalid(text: str) -> None:
    expected = "incomplete" if text == "x = a.." else "invalid"
    assert completeness(text).status == expected


@settings(max_examples=examples(150), deadline=None, suppress_health_check=list(HealthCheck))
@given(programs(), st.data())
def test_a_program_cut_between_its_tokens_is_never_invalid(
    program: tuple[Dialect, str], data: st.DataObject
) -> None:
    dialect, text = program
    if not parse(text, dialect).ok:
        return
    ends = parse(text, dialect).tokens.ends
    cut = text[: data.draw(st.sampled_from(ends))]
    assert completeness(cut, dialect).status in ("complete", "incomplete")


@pytest.mark.parametrize("dialect", DIALECTS)
@settings(max_examples=examples(40), deadline=None)
@given(st.text(alphabet="fx()={}[]'\"-.,; \n1", max_size=12))
def test_lua_agrees_that_more_could_help(dialect: Dialect, text: str) -> None:
    """Lua's own REPL goes by ``<eof>`` at the end of the message; we agree, strings apart."""
    tree = parse(text, dialect)
    refusal = build_of(dialect).refusal(text)
    if refusal is None:
        assert tree.ok
    elif text[:1] != "#" and "string near" not in refusal and not tree.ok:
        assert tree.incomplete == refusal.rstrip("'").endswith("<eof>"), refusal

"""What the parser makes of texts: pictures of valid ones, promises about all of them."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kit.chance import examples
from kit.marked import marked
from syntax.grow import programs
from syntax.oracle import build_of
from syntax.picture import picture
from tidelock.shared.model import DIALECTS, Dialect
from tidelock.shared.syntax.parser import parse
from tidelock.shared.syntax.statements import functions, starts
from tidelock.shared.syntax.tree import Mark, Mode, Name, Tree

MODES: tuple[Mode, ...] = ("chunk", "input", "expression")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("local a <const>, b = 1, 'x'", "local a<const>, b = 1, 'x';"),
        ("x.y[1] = -2^2 .. 'a' .. b", "x.y[1] = ((- (2 ^ 2)) .. ('a' .. b));"),
        ("x = 1 + 2 * 3 - 4", "x = ((1 + (2 * 3)) - 4);"),
        ("x = a or b and c == d", "x = (a or (b and (c == d)));"),
        ("x = not a == b", "x = ((not a) == b);"),
        ("x = a < b == c", "x = ((a < b) == c);"),
        ("x = 1 << 2 + 3 | 4 & 5 ~ 6", "x = ((1 << (2 + 3)) | ((4 & 5) ~ 6));"),
        ("x = 2^-3^2", "x = (2 ^ (- (3 ^ 2)));"),
        ("f'a':g{1}(2)", "f('a'):g({1})(2);"),
        ("(f or g)(...)", "[(f or g)](...);"),
        ("t = {1, a=2; [3]=4, f(), ...}", "t = {1, a=2, [3]=4, f(), ...};"),
        ("function a.b:c(x, ...) return x end", "function method a.b.c(x, ...){return x;}"),
        ("local function f() end", "local function f(){}"),
        ("if a then b() elseif c then else d() end", "if a {b();} if c {} else {d();}"),
        ("for i = 1, 2 do break end", "for i = 1, 2 {break;}"),
        ("for k, v in pairs(t) do end", "for k, v in pairs(t) {}"),
        ("while a do end repeat local x until x", "while a {} repeat {local x;} until x"),
        ("do goto l; x() ::l:: ; ::m:: end", "do {goto l; x(); ::l::! ; ::m::!}"),
        ("::l:: x() ;;", "::l:: x(); ;"),
        ("return a, b;", "return a, b;"),
        ("a\n(b)\n.c\n:d()", "a(b).c:d();"),
    ],
)
def test_picture(text: str, expected: str) -> None:
    tree = parse(text)
    assert picture(tree) == expected
    assert tree.ok
    again = parse(text)
    assert picture(again) == expected


@pytest.mark.parametrize(
    ("dialect", "text", "expected"),
    [
        ("5.5", "global x <const>, y = 1", "global x<const>, y = 1;"),
        ("5.5", "global <const> * local <close> a", "global <const>*; local <close>, a;"),
        ("5.5", "global function f(...t) end", "global function f(...t){}"),
        ("5.5", "global = 1; x = global", "global = 1; x = global;"),
        ("5.1", "goto = goto", "goto = goto;"),
        ("luajit", "goto = 1 goto goto", "goto = 1; goto goto;"),
        ("luajit", "::l:: ; ::m::", "::l:: ; ::m::!"),
        ("luajit", "größe = 0b11", "größe = 0b11;"),
    ],
)
def test_dialects(dialect: Dialect, text: str, expected: str) -> None:
    tree = parse(text, dialect)
    assert picture(tree) == expected
    assert tree.ok


@pytest.mark.parametrize(
    ("dialect", "text", "message"),
    [
        ("5.2", "x = a <!//!> b", "'//' needs Lua 5.3 or later"),
        ("5.1", "<!goto!> l", "'goto' needs Lua 5.2 or later, or LuaJIT"),
        ("5.1", "<!::!>l::", "labels need Lua 5.2 or later, or LuaJIT"),
        ("5.4", "<!global!> x = 1", "global declarations need Lua 5.5"),
        ("5.4", "<!global!> <const> x", "global declarations need Lua 5.5"),
        ("5.4", "function f(...<!t!>) end", "a name for '...' needs Lua 5.5"),
        ("luajit", "x();<!;!>", "an empty statement needs Lua 5.2 or later"),
        ("5.1", "while x do break <!y!>() end", "'break' must be the last statement of its block"),
        ("5.1", "f\n<!(!>g)()", "'(' on a new line is ambiguous in this Lua"),
        ("5.1", "f\n<!(!>g)():h()", "'(' on a new line is ambiguous in this Lua"),
        ("5.1", "a:f\n<!(!>g)", "'(' on a new line is ambiguous in this Lua"),
        ("5.4", "<!größe!> = 1", "'größe' has letters beyond ASCII"),
        ("5.4", "x = <!1LL!>", "'1LL' is a number of LuaJIT only"),
        ("5.3", "x = '<!\\q!>'", "escape '\\q' is not in this Lua, only in 5.1"),
        ("5.2", "x = '<!\\u{48}!>'", "escape '\\u{48}' is not in this Lua, only in 5.3"),
        ("5.1", "x = [[ <![[!> ]]", "'[[' inside a long string is refused by Lua 5.1"),
        ("5.1", "--[[ <![[!> ]]", "'[[' inside a long comment is refused by Lua 5.1"),
    ],
)
def test_another_lua_has_it(dialect: Dialect, text: str, message: str) -> None:
    check_problem(dialect, text, message, "wrong-version-syntax")


@pytest.mark.parametrize(
    ("dialect", "text", "message"),
    [
        ("5.3", "local x <const>", "attributes need Lua 5.4 or later"),
        ("5.4", "local <const> x", "an attribute before the names needs Lua 5.5"),
    ],
)
def test_another_lua_has_that_attribute(dialect: Dialect, text: str, message: str) -> None:
    (problem,) = parse(text, dialect).problems
    assert (problem.code, problem.message) == ("wrong-version-syntax", message)
    assert text[problem.start : problem.end] == "<"


def check_problem(dialect: Dialect, source: str, message: str, code: str = "syntax-error") -> None:
    text = marked(source)
    tree = parse(text.text, dialect)
    (problem,) = tree.problems
    assert problem.message.startswith(message)
    assert (problem.start, problem.end) == text.ranges[0]
    assert (problem.code, problem.severity, problem.origin) == (code, "error", "parser")
    assert not tree.ok


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("x = <!@!>", "expression expected near '@'"),
        ("local x =\n<!local!> y = 1", "expression expected near 'local'"),
        ("if a <!b!>() end", "'then' expected near 'b'"),
        ("x = f(a\n<!local!> y", "')' expected (to close '(' at line 1) near 'local'"),
        ("f(a <!b!>)", "',' or ')' expected near 'b'"),
        ("x = {a = 1 <!b!> = 2}", "',' or '}' expected near 'b'"),
        ("x = {1 <![!>2] = 2}", "',' or '}' expected near '['"),
        ("x = {[1] <!2!>}", "'=' expected near '2'"),
        ("x = a.<!!>", "name expected near <eof>"),
        ("x = a.<!end!>", "'end' is a keyword; write [\"end\"]"),
        ("local <!end!> = 1", "'end' is a keyword and cannot be a name"),
        ("a.b <!c!>()", "'=' or a call expected near 'c'"),
        ("a.b:c <!=!> 1", "function arguments expected near '='"),
        ("a, b <!c!>()", "'=' expected near 'c'"),
        ("a, <!1!> = 2", "expression expected near '1'"),
        ("f() <!=!> 1", "variable expected before '=', not a value"),
        ("<!=!> 1", "statement expected near '='"),
        ("<!else!> x() end", "'if' expected before 'else'"),
        ("<!then!> x() end", "'if' expected before 'then'"),
        ("<!elseif!> a then x() end", "'if' expected before 'elseif'"),
        ("x() <!end!>", "statement expected near 'end'"),
        ("x() <!until!> y", "statement expected near 'until'"),
        ("for i<!!>", "'=' or 'in' expected near <eof>"),
        ("for i = 1 <!do!> end", "two or three values expected before 'do'"),
        ("function <!(!>a) end", "name expected near '('"),
        ("function f<!!>", "'(' expected near <eof>"),
        ("function f(a, <!1!>) end", "name expected near '1'"),
        ("function f(a <!b!>) end", "name expected near 'b'"),
        ("return 1 <!x!> = 2", "'return' must be the last statement; not followed by 'x'"),
        ("local x <<!foo!>> = 1", "unknown attribute 'foo'"),
        ("local x <close>, y <close<!>!>", "multiple to-be-closed variables in local list"),
        ("x <!+=!> 1", "'+=' is not Lua; write 'x = x + ...'"),
        ("x = a <!!=!> b", "'!=' is not Lua; write '~='"),
        ("x = a <!&&!> b", "'&&' is not Lua; write 'and'"),
        ("while true do <!continue!> end", "'continue' is not Lua"),
        ("x = <!3x!>", "malformed number '3x'"),
        ("x = <!'abc!>\ny = 1", "unfinished string"),
        ("x = <![==[!> abc\ny = = 1", "unfinished long string"),
        ("x = 1 <!--[[!> abc\ny = = 1", "unfinished long comment"),
        ("x = '<!\\400!>'", "decimal escape '\\400' is too large"),
        ("x = '<!\\x!>Z'", "invalid escape '\\x'"),
        ("<!break!>", "'break' is outside a loop"),
        ("function f() return <!...!> end", "cannot use '...' outside a vararg function"),
    ],
)
def test_problem(text: str, message: str) -> None:
    codes = {"'break'": "break-outside-loop", "cannot": "vararg-outside-function"}
    check_problem("5.4", text, message, codes.get(message.split()[0], "syntax-error"))


@pytest.mark.parametrize(
    ("dialect", "text", "message"),
    [
        ("5.5", "global x <close<!>!>", "global variables cannot be to-be-closed"),
        ("5.1", "x = <!0x!>.8", "malformed number '0x'"),
    ],
)
def test_problem_of_one_dialect(dialect: Dialect, text: str, message: str) -> None:
    check_problem(dialect, text, message)


def test_a_problem_names_what_was_left_open() -> None:
    text = marked("""
        local function tide(day)
          <!if!> day then
            return 1
        end
        <!local!> x = 2
    """)
    (problem,) = parse(text.text).problems
    opener, _ = text.ranges
    assert [(one.start, one.end, one.message) for one in problem.related] == [
        (*opener, "this 'if' is not closed")
    ]
    assert problem.message == "'end' expected (to close 'if' at line 2) near 'end'"


def test_one_problem_for_a_statement_and_a_hundred_for_a_text() -> None:
    assert len(parse("x = = = = 1 ) ) y = = 2").problems) == 1
    assert len(parse("x = {\n  @,\n  @,\n}\n").problems) == 1
    assert len(parse("x = = 1\ny = = 2\nz = 3").problems) == 2
    assert len(parse("x = = 1\n" * 1000).problems) == 100
    inner = "x = f(@, function()\n  y = = 1\nend)"
    assert [problem.start for problem in parse(inner).problems] == [6, 26]


def test_tokens_comments_and_expression() -> None:
    tree = parse("#!/usr/bin/lua\n--[[ a ]] x = 1 -- b")
    assert [comment.text for comment in tree.comments] == ["#!/usr/bin/lua", "--[[ a ]]", "-- b"]
    assert [tree.text[token.start : token.end] for token in tree.tokens] == ["x", "=", "1"]
    assert len(tree.tokens) == 3
    assert tree.tokens[0] == ("<name>", 25, 26)
    assert tree.expression is None
    value = parse("a.b", mode="expression").expression
    assert value is not None
    assert (value.start, value.end) == (0, 3)


def test_path_prefers_the_name_just_typed() -> None:
    tree = parse("x = {a.b, c}")
    assert [type(node).__name__ for node in tree.path(8)][-2:] == ["Table", "Member"]
    assert [type(node).__name__ for node in tree.path(5)][-2:] == ["Member", "Name"]


def covers_text(tree: Tree) -> None:
    """Tokens and what is between them are the text again."""
    pieces = [*tree.tokens.between(), *zip(tree.tokens.starts, tree.tokens.texts, strict=True)]
    assert "".join(piece for _, piece in sorted(pieces)) == tree.text


def covers(tree: Tree) -> None:
    """All that is promised of every tree."""
    text = tree.text
    covers_text(tree)
    assert [text[start:end] for _, start, end in tree.tokens] == tree.tokens.texts[:-1]
    assert len(tree.problems) <= 100
    for problem in tree.problems:
        assert 0 <= problem.start <= problem.end <= len(text)
    todo = [tree.body]
    while todo:
        node = todo.pop()
        last = node.start
        for child in node.children():
            assert last <= child.start <= child.end <= node.end
            last = child.end
            todo.append(child)
    depth = 0
    for item in tree.tape:
        if isinstance(item, Mark):
            depth += (item.kind in ("function", "open")) - (item.kind == "close")
            assert depth >= 0
    assert depth == 0
    numbers = [span.number for span in functions(tree)]
    assert numbers == list(range(len(numbers)))
    assert len({start.offset for start in starts(tree)}) == len(starts(tree))
    names = [item for item in tree.tape if isinstance(item, Name)]
    assert sorted(names, key=lambda name: name.start) == names


PIECES = """
and break do else elseif end false for function if in local nil not or repeat return then true until
while goto global continue a b self 1 0x1p4 3LL 'a' 'a "b [[x]] [==[ --[[ ]] + - * / // % ^ # & ~ |
<< >> == ~= <= >= < > = ( ) { } [ ] :: ; : , . .. ... += != && ! @ $ \\ é “
\ufeff <const> function()
"""
WORDS = [*PIECES.split(), "\n", "\r", "\n\r", "--c\n", " ", "\udc80", "\x00", "\ud800"]
SOUPS = st.lists(st.sampled_from(WORDS), max_size=30).map(" ".join)


@settings(max_examples=examples(300), deadline=None)
@given(st.sampled_from(DIALECTS), st.sampled_from(MODES), SOUPS | st.text(max_size=60))
def test_every_text_has_a_tree(dialect: Dialect, mode: Mode, text: str) -> None:
    covers(parse(text, dialect, mode))


@settings(max_examples=examples(200), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(programs(), st.data())
def test_every_damaged_program_has_a_tree(
    program: tuple[Dialect, str], data: st.DataObject
) -> None:
    dialect, text = program
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(text)))
        cut = data.draw(st.integers(0, 6))
        text = text[:at] + data.draw(st.sampled_from(["", *WORDS])) + text[at + cut :]
    for mode in MODES:
        covers(parse(text, dialect, mode))


@given(st.binary(max_size=80))
def test_every_file_survives(data: bytes) -> None:
    text = data.decode("utf-8", "surrogateescape")
    tree = parse(text, "luajit")
    assert tree.text.encode("utf-8", "surrogateescape") == data
    covers(tree)


@pytest.mark.parametrize(
    ("make", "problems"),
    [
        (lambda n: "x = " + "(" * n, 1),
        (lambda n: "x = " + "(" * n + "1" + ")" * n, 1),
        (lambda n: "x = " + "{" * n + "}" * n, 1),
        (lambda n: "x = " + "f(" * n, 1),
        (lambda n: "x = " + "a:b(" * n, 1),
        (lambda n: "x = " + "a[" * n, 1),
        (lambda n: "x = " + "not " * n + "a", 1),
        (lambda n: "x = " + "a .. " * n + "a", 1),
        (lambda n: "x = " + "a ^ " * n + "a", 1),
        (lambda n: "x = function() " * n, 1),
        (lambda n: "local function f() " * n, 1),
        (lambda n: "do " * n + "end " * n, 1),
        (lambda n: "if a then\n" * n, 100),
        (lambda n: "if a then\n" + "elseif b then\n" * 2 * n + "end", 0),
        (lambda n: "x = 1" + " + 1" * 10 * n, 0),
        (lambda n: "x = a" + ".b" * n, 0),
        (lambda n: "x = a" + "()" * n, 0),
        (lambda n: "x" + ", x" * n + " = 1", 0),
        (lambda n: "x = [[\n" * n, 1),
        (lambda n: "x = {[(\n" * n + ")]}\n" * n, 100),
    ],
)
def test_depth_is_a_problem_and_length_is_none(make: Callable[[int], str], problems: int) -> None:
    tree = parse(make(10_000))
    assert len(tree.problems) == problems
    covers_text(tree)
    assert sum(1 for _ in tree.walk()) > 0
    assert len(functions(tree)) > 0
    assert isinstance(starts(tree), list)


@pytest.mark.parametrize(
    ("start", "opening", "closing"),
    [
        ("", "do ", "end "),
        ("", "if a then ", "end "),
        ("", "local function f() ", "end "),
        ("x = a", "(f", ")"),
        ("x = ", "f{", "}"),
    ],
)
def test_what_lua_nests_we_nest(start: str, opening: str, closing: str) -> None:
    text = start + opening * 90 + closing * 90
    assert build_of("5.4").refusal(text) is None
    assert parse(text).ok


def test_a_caller_deep_in_its_stack_gets_the_same_tree() -> None:
    text = "x = " + "a:b(" * 190 + ")" * 190

    def dive(depth: int) -> Tree:
        return dive(depth - 1) if depth else parse(text)

    tree = dive(sys.getrecursionlimit() - 250)
    assert tree.ok
    assert picture(tree) == picture(parse(text))


def test_a_lowered_recursion_limit_makes_a_problem() -> None:
    trees: list[Tree] = []
    limit = sys.getrecursionlimit()

    def read() -> None:
        trees.append(parse("x = " + "(" * 150 + ")" * 150))

    sys.setrecursionlimit(300)
    try:
        thread = threading.Thread(target=read)
        thread.start()
        thread.join()
    finally:
        sys.setrecursionlimit(limit)
    assert [problem.message for problem in trees[0].problems] == [
        "chunk has too many syntax levels"
    ]

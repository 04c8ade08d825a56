"""Our layout: what changes, what never does."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kit.chance import examples
from kit.corpus import whole_files
from syntax.grow import programs
from tidelock.shared.language.format.layout import formatted
from tidelock.shared.model import Dialect
from tidelock.shared.syntax.parser import parse

FILES = whole_files("examples", "benchmarks", "shared")


def laid_out(source: str, indent: str = "  ", dialect: Dialect = "5.4") -> str | None:
    return formatted(parse(source, dialect), indent)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("x=1", "x = 1\n"),
        ("  x  =  1 ;\n\n\n\ny=2  \n\n", "x = 1;\n\ny = 2\n"),
        ("local a,b=1,- 2", "local a, b = 1, -2\n"),
        ("x = not  a==# b..'c'", "x = not a == #b .. 'c'\n"),
        ("x = - -1", "x = - -1\n"),
        ("x = a- -1", "x = a - -1\n"),
        ("x=2^10+y ^ 2", "x = 2^10 + y ^ 2\n"),
        ("f (  1,2 )", "f(1, 2)\n"),
        ("f 'x' ; g{ 1 }", "f 'x'; g{ 1 }\n"),
        ("return (a)", "return (a)\n"),
        ("local f=function (a,...) end", "local f = function(a, ...) end\n"),
        ("a [ 1 ] . b : c ( )", "a[1].b:c()\n"),
        ("a[ [[x]] ]=1", "a[ [[x]] ] = 1\n"),
        ("t = {[1]=2,  x=3 }", "t = {[1] = 2, x = 3 }\n"),
        ("local x <const> = 1", "local x <const> = 1\n"),
        ("goto   a ::a::", "goto a ::a::\n"),
        ("if x then\ny()\nelseif z then\nw()\nelse\nv()\nend",
         "if x then\n  y()\nelseif z then\n  w()\nelse\n  v()\nend\n"),
        ("for i=1,2 do\nwhile x do\nrepeat\ny()\nuntil z\nend end",
         "for i = 1, 2 do\n  while x do\n    repeat\n      y()\n    until z\n  end end\n"),
        ("if a\nand b then\nc()\nend", "if a\n  and b then\n  c()\nend\n"),
        ("local x =\nf(\n1,\n2\n)", "local x =\n  f(\n    1,\n    2\n  )\n"),
        ("f({\na = 1,\nb = 2 +\n3,\n})", "f({\n  a = 1,\n  b = 2 +\n    3,\n})\n"),
        ("f(function()\nx()\nend)", "f(function()\n  x()\nend)\n"),
        ("x\n:y(function()\nz()\nend)\n:w()", "x\n  :y(function()\n    z()\n  end)\n  :w()\n"),
        ("if x then\n-- why\ny() -- what\n-- end\nend",
         "if x then\n  -- why\n  y() -- what\n  -- end\nend\n"),
        ("x = 1      -- kept where it is", "x = 1      -- kept where it is\n"),
        ("x = [[\n  a\n    b ]]", "x = [[\n  a\n    b ]]\n"),
        ("x = 1\r\ny   = 2\r\n", "x = 1\r\ny = 2\r\n"),
        ("#!/usr/bin/lua\nx=1", "#!/usr/bin/lua\nx = 1\n"),
        ("\ufeffx=1", "\ufeffx = 1\n"),
        ("-- fmt: off\nx  =1\n-- fmt: on\ny  =2", "-- fmt: off\nx  =1\n-- fmt: on\ny = 2\n"),
        ("-- fmt: off\nx  =1", "-- fmt: off\nx  =1"),
        ("", ""),
        ("\n\n", ""),
        ("-- only words", "-- only words\n"),
        ("x = --[[why]] 1", "x = --[[why]] 1\n"),
        ("x = 1 .. 2", "x = 1 .. 2\n"),
        ("a = b < c > d", "a = b < c > d\n"),
        ("do ; end", "do; end\n"),
        ("x = a and(b)or{}", "x = a and (b) or {}\n"),
    ],
)  # fmt: skip
def test_layout(before: str, after: str) -> None:
    assert laid_out(before) == after
    assert laid_out(after) == after


def test_a_step_of_indentation() -> None:
    assert laid_out("do\nx()\nend", "\t") == "do\n\tx()\nend\n"


@pytest.mark.parametrize("source", ["x =", "if x then", "f(", "x = 'a", "}"])
def test_a_text_with_errors_stays(source: str) -> None:
    assert laid_out(source) is None


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_our_own_files_keep_their_lines(path: Path) -> None:
    """They are laid out by hand: what we would change is little, and no line moves."""
    text = path.read_text("utf-8")
    once = laid_out(text)
    assert once is not None
    assert laid_out(once) == once
    assert [line.split() for line in once.splitlines() if line.strip()] != []
    assert once.count("\n") == text.count("\n")


def words(text: str, dialect: Dialect) -> list[str]:
    tree = parse(text, dialect)
    return [*tree.tokens.texts, *(one.text for one in tree.comments)]


@settings(deadline=None, max_examples=examples(60), suppress_health_check=list(HealthCheck))
@given(programs(), st.randoms(use_true_random=False))
def test_any_program_keeps_its_words_and_is_laid_out_once(
    program: tuple[Dialect, str], random: object
) -> None:
    dialect, text = program
    loose = re.sub(r"(?<=[,;])[ ]", lambda _: " " * random.randint(1, 3), text)
    for source in (text, loose):
        if parse(source, dialect).problems:
            continue
        once = laid_out(source, dialect=dialect)
        assert once is not None
        assert words(once, dialect) == words(source, dialect)
        assert laid_out(once, dialect=dialect) == once

"""What mends a text that Lua refuses: words of other languages, what is missing or too much.

What only looks like a way is tried: it is offered if Lua has less against the text afterwards.
"""

from __future__ import annotations

import difflib
import re
from bisect import bisect_left
from itertools import chain
from typing import TYPE_CHECKING

from tidelock.shared.language.checks.mending import (
    Edit,
    Fix,
    around,
    before_statement,
    helps,
    indent,
    line,
)
from tidelock.shared.language.scopes import resolve
from tidelock.shared.syntax.parser import parse
from tidelock.shared.syntax.tree import (
    Assign,
    Binary,
    Break,
    Broken,
    Call,
    FunctionBody,
    GenericFor,
    Global,
    Label,
    Local,
    MethodCall,
    Missing,
    NumericFor,
    Repeat,
    Return,
    Statement,
    While,
    walk,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tidelock.shared.model import Problem
    from tidelock.shared.syntax.tree import Tree

_COMPOUND = re.compile(r"'(\S+)=' is not Lua; write '")
_FOREIGN = re.compile(r"'\S+' is not Lua; write '(\S+)'\Z")
_UNCLOSED = re.compile(r"this '(\S+)' is not closed")
_CLOSERS = {"repeat": "until", "(": ")", "[": "]", "{": "}"}


def syntax(tree: Tree, problem: Problem) -> Iterator[Fix]:
    """Write what Lua writes instead; close what is open; put in or take away one word."""
    words = [problem.message, *(one.message for one in problem.related)]
    for message in words:
        foreign = _FOREIGN.match(message)
        if foreign is not None:
            word = foreign[1]
            follows = tree.text[problem.end : problem.end + 1]
            space = " " if word == "not" and not follows.isspace() else ""
            edit = Edit(problem.start, problem.end, word + space)
            yield Fix(f"write '{word}'", (edit,), is_preferred=True)
            return
        compound = _COMPOUND.match(message)
        if compound is not None:
            yield from _written_out(tree, problem, compound[1])
            return
        if message.startswith("'++' is not Lua"):
            yield from _counted(tree, problem)
            return
        if message.startswith("'continue' is not Lua"):
            yield from _continued(tree, problem)
            return
    if any(one.startswith("unfinished string") for one in words):
        yield from _quoted(tree, problem)
        return
    opener = next((one for one in problem.related if _UNCLOSED.match(one.message)), None)
    if opener is None:
        yield from _one_word(tree, problem, words)
        return
    yield from _else_if(tree, problem, opener.start)
    yield from _closed(tree, problem, opener.start, opener.end)


def _target(tree: Tree, problem: Problem) -> str:
    """The variable before a sign that changes it, in full: a message may cut it short.

    Empty where it cannot be told, or must not be written twice: what it calls would be called so.
    """
    statement = around(tree, problem.start, Broken)
    if statement is None or not statement.parts or statement.parts[0].end > problem.start:
        return ""
    if any(isinstance(node, Call | MethodCall) for node in walk(statement.parts[0])):
        return ""
    return tree.text[statement.start : statement.parts[0].end]


def _counted(tree: Tree, problem: Problem) -> Iterator[Fix]:
    """``x++`` as ``x = x + 1``."""
    target = _target(tree, problem)
    if target:
        gap = "" if tree.text[problem.start - 1].isspace() else " "
        edit = Edit(problem.start, problem.end, f"{gap}= {target} + 1")
        yield Fix("write it out", (edit,), is_preferred=True)


def _written_out(tree: Tree, problem: Problem, sign: str) -> Iterator[Fix]:
    """``x += 1`` as ``x = x + 1``; what binds less than the operator gets brackets."""
    target = _target(tree, problem)
    if not target:
        return
    rest = tree.text[problem.end : problem.end + _FURTHER]
    edits = [Edit(problem.start, problem.end, f"= {target} {sign}")]
    first = next(iter(parse(f"_={rest}", tree.dialect).body.statements), None)
    if not isinstance(first, Assign) or len(first.values) != 1:
        return
    value = first.values[0]
    if isinstance(value, Missing):
        return
    if isinstance(value, Binary):
        start, end = (problem.end + one - 2 for one in (value.start, value.end))
        edits += [Edit(start, start, "("), Edit(end, end, ")")]
    yield Fix("write it out", tuple(edits), is_preferred=True)


_FURTHER = 2_000
"""How many characters the right side of such an assignment is looked for in."""


def _continued(tree: Tree, problem: Problem) -> Iterator[Fix]:
    """``goto continue``, and that label at the end of the loop if it is not there.

    A label behind ``return`` is refused, one before ``until`` may not be jumped to over a local.
    """
    loop = around(tree, problem.start, FunctionBody | NumericFor | GenericFor | While | Repeat)
    if not isinstance(loop, NumericFor | GenericFor | While) or tree.dialect == "5.1":
        return
    row = loop.body.statements
    last = row[-1] if row else None
    if isinstance(last, Return) or (tree.dialect == "luajit" and isinstance(last, Break)):
        return
    jump = Edit(problem.start, problem.end, "goto continue")
    if isinstance(last, Label) and last.label.name == "continue":
        yield Fix("write 'goto continue'", (jump,), is_preferred=True)
        return
    end = loop.end - len("end")
    start, _ = tree.lines.span(tree.lines.line_of(end))
    if tree.text[start:end].strip():
        label = Edit(end, end, "::continue:: ")
    else:
        inner = indent(tree, row[-1].start) if row else indent(tree, loop.start)
        label = Edit(start, start, f"{inner}::continue::\n")
    title = "write 'goto continue', with the label at the end of the loop"
    if helps(tree, problem.start, (jump, label)):
        yield Fix(title, (jump, label), is_preferred=True)


def _quoted(tree: Tree, problem: Problem) -> Iterator[Fix]:
    """End a string on its line: behind all, or before the brackets that follow it."""
    quote = tree.text[problem.start]
    _, end = tree.lines.span(tree.lines.line_of(problem.start))
    end = problem.start + len(tree.text[problem.start : end].rstrip())
    while end > problem.start and quote in "'\"":
        edit = Edit(end, end, quote)
        if helps(tree, problem.start, (edit,)):
            yield Fix(f"close the string with {quote}", (edit,), is_preferred=True)
            return
        if tree.text[end - 1] not in ")]},;":
            return
        end = problem.start + len(tree.text[problem.start : end - 1].rstrip())


_EXPECTED = re.compile(r"(?:'([^']+)'|<name>)(?: or '([^']+)')? expected")
_PUT_IN = frozenset(("then", "do", ",", ")", "]", "}", "="))
_TAKEN_AWAY = frozenset(("end", ")", "]", "}", ",", ";", "then", "do", "until"))
_SIGNS = {"=": "==", "==": "="}


def _one_word(tree: Tree, problem: Problem, words: list[str]) -> Iterator[Fix]:
    """What mends the text when one word is put in before the place, changed, or taken away."""
    start, end = problem.start, problem.end
    here = tree.text[start:end]
    starts = tree.tokens.starts
    index = bisect_left(starts, start)
    before = tree.tokens.ends[index - 1] if index else 0
    ways: list[tuple[str, Edit]] = []
    if here in _SIGNS:
        ways.append((f"write '{_SIGNS[here]}'", Edit(start, end, _SIGNS[here])))
    found = chain.from_iterable(_EXPECTED.findall(one) for one in reversed(words))
    for word in dict.fromkeys(chain.from_iterable(found)):
        if word in _PUT_IN:
            gap = "" if word in ",)]}" else " "
            behind = " " if before == start else ""
            ways.append((f"add '{word}'", Edit(before, before, f"{gap}{word}{behind}")))
    if here in _TAKEN_AWAY:
        ways.append((f"remove '{here}'", line(tree, start, end)))
    is_first = True
    for title, edit in ways:
        if helps(tree, start, (edit,)):
            yield Fix(title, (edit,), is_preferred=is_first)
            is_first = False


_ELSE_IF = re.compile(r"\belse[ \t]+if\b")


def _else_if(tree: Tree, problem: Problem, opener: int) -> Iterator[Fix]:
    """``else if`` as one word, where that is the ``if`` that nothing closes."""
    for found in reversed([*_ELSE_IF.finditer(tree.text, opener, problem.start)]):
        edit = Edit(*found.span(), "elseif")
        if helps(tree, problem.start, (edit,)):
            where = tree.lines.line_of(found.start()) + 1
            yield Fix(f"write 'elseif' on line {where}", (edit,), is_preferred=True)
            return


def _closed(tree: Tree, problem: Problem, start: int, end: int) -> Iterator[Fix]:
    """Close what is open where it ends by the indentation, or where Lua misses it."""
    word = tree.text[start:end]
    closer = _CLOSERS.get(word, "end")
    if closer == "until":
        return  # nobody knows the condition
    first = tree.lines.line_of(start)
    title = f"add the '{closer}' of the '{word}' on line {first + 1}"
    place = max([problem.start, *_ends_before(problem)][-1], end)
    if closer != "end":
        before = len(tree.text[:place].rstrip())
        yield Fix(title, (Edit(before, before, closer),), is_preferred=True)
        return
    space = indent(tree, start)
    last = tree.lines.line_of(place)
    begin, _ = tree.lines.span(last)
    if tree.text[begin:place].strip():
        before = len(tree.text[:place].rstrip())
        closing = " end" if last == first else f"\n{space}end"
        yield Fix(title, (Edit(before, before, closing),), is_preferred=True)
    else:
        gap = "" if begin == 0 or tree.text[begin - 1] in "\n\r" else "\n"
        yield Fix(title, (Edit(begin, begin, f"{gap}{space}end\n"),), is_preferred=True)


def _ends_before(problem: Problem) -> list[int]:
    return [one.start for one in problem.related if one.message.endswith("ends before this")]


# -- labels, loops, varargs ----------------------------------------------------------------------


def label(tree: Tree, problem: Problem) -> Iterator[Fix]:
    """The label that may be meant by a jump that has none."""
    name = tree.text[problem.start : problem.end]
    names = {one.name for one in resolve(tree).labels if one.name != name}
    for near in difflib.get_close_matches(name, sorted(names), 3, 0.6):
        edit = Edit(problem.start, problem.end, near)
        if helps(tree, problem.start, (edit,)):
            yield Fix(f"write '{near}'", (edit,), is_preferred=True)
            return


def without(tree: Tree, problem: Problem) -> Iterator[Fix]:
    """Take the statement away that has the problem."""
    node = around(tree, problem.start, Label | Break)
    if node is not None:
        is_preferred = problem.severity != "error"
        yield Fix("remove it", (line(tree, node.start, node.end),), is_preferred)


def vararg(tree: Tree, problem: Problem) -> Iterator[Fix]:
    """Let the function take ``...``."""
    body = around(tree, problem.start, FunctionBody)
    if body is None or body.vararg is not None:
        return
    if body.parameters:
        place = body.parameters[-1].end
        edit = Edit(place, place, ", ...")
    else:
        place = tree.text.index("(", body.start) + 1
        edit = Edit(place, place, "...")
    yield Fix("add '...' to the function", (edit,), is_preferred=True)


# -- variables that keep their value, and those that have to be declared ---------------------------


def constant(tree: Tree, problem: Problem) -> Iterator[Fix]:
    """Make a variable of its own, or take the ``<const>`` away with which it was declared."""
    local = resolve(tree).meaning(problem.start)
    declared = None if local is None else around(tree, local.start, Local)
    if local is not None and declared is not None:
        for name, attribute in zip(declared.names, declared.attributes, strict=False):
            if name.start == local.start and attribute is not None and attribute.name == "const":
                end = tree.text.index(">", attribute.end) + 1
                yield Fix(f"let '{local.name}' change", (Edit(name.end, end, ""),))
    statement = around(tree, problem.start, Statement)
    is_one = isinstance(statement, Assign) and len(statement.targets) == 1
    if local is not None and statement is not None and is_one:
        edit = Edit(statement.start, statement.start, "local ")
        yield Fix(f"make another local '{local.name}'", (edit,))


def undeclared(tree: Tree, problem: Problem) -> Iterator[Fix]:
    """Declare the name where others are declared, or before its statement; or all names."""
    name = tree.text[problem.start : problem.end]
    inside = tree.path(problem.start)
    before = [
        one
        for block in inside
        for one in block.children()
        if isinstance(one, Global) and one.end <= problem.start and not one.everything
    ]
    plain = [one for one in before if not (one.values or one.default or any(one.attributes))]
    if plain:
        place = plain[-1].names[-1].end
        edit = Edit(place, place, f", {name}")
        where = tree.lines.line_of(place) + 1
        yield Fix(f"declare '{name}' on line {where}", (edit,), is_preferred=True)
    statements = [one for one in inside if isinstance(one, Statement)]
    if statements:
        start = statements[-1].start
        if not plain:
            edit = before_statement(tree, start, f"global {name}")
            yield Fix(f"declare '{name}' here", (edit,))
        every = before_statement(tree, start, "global *")
        yield Fix("allow all names from here on: 'global *'", (every,))

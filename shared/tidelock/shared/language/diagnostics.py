"""What is wrong with a text: the verdict of Lua's own ``load``, and what our parser adds to it.

``load`` decides whether a text is valid; the caller asks it, nothing is loaded here. It names one
fault and a line, our parser more of them and exact places: together they are one list, with what
is malformed in the annotations.
"""

from __future__ import annotations

import re

from tidelock.shared.language.annotations import problems as malformed
from tidelock.shared.language.scopes import resolve
from tidelock.shared.language.suppressions import suppressions
from tidelock.shared.model import Problem, Related
from tidelock.shared.positions import Lines
from tidelock.shared.syntax.parser import LONGEST
from tidelock.shared.syntax.statements import LineMap
from tidelock.shared.syntax.tree import Tree

_PLACE = re.compile(
    r"(?:error loading code: )?(?:\[string \"[^\n]*?\"\]|[^\n]*?):(\d+): (.*)", re.S
)
_OPENER = re.compile(r"\(to close '([^']+)' at line (\d+)\)")
_AT_END = re.compile(r"near '?<eof>'?\Z")
_CODES = (
    (r"too many|limit|overflow|too long|too complex", "compile-limit"),
    (r"const variable", "assign-to-const"),
    (r"no visible label|undefined label", "undefined-label"),
    (r"label '.*' already defined|duplicate label", "duplicate-label"),
    (r"not declared", "undeclared-name"),
    (r"loop", "break-outside-loop"),
    (r"outside a vararg function", "vararg-outside-function"),
)


def from_load(source: Tree | str, message: str) -> Problem:
    """The problem in a message of ``load``, such as ``chunk:3: unexpected symbol near 'x'``.

    Lua's words are kept; its line, counted as Lua counts, becomes the line's range. A message that
    names no line stands on the whole first line, without the traceback some of them carry.
    """
    text = source if isinstance(source, str) else source.text
    lines = Lines(text) if isinstance(source, str) else source.lines
    message = message.partition("\nstack traceback:")[0]
    place = _PLACE.match(message)
    line = 0
    words = message
    numbers = LineMap(text)
    if place is not None:
        words = place[2]
        line = numbers.from_lua(int(place[1])) - 1
    start, end = lines.span(line)
    start += len(text[start:end]) - len(text[start:end].lstrip())
    code = next((code for form, code in _CODES if re.search(form, words)), "syntax-error")
    return Problem(code, "error", start, end, words, "load", _related(text, lines, numbers, words))


def _related(text: str, lines: Lines, numbers: LineMap, words: str) -> tuple[Related, ...]:
    """The opener that Lua's words speak of."""
    opener = _OPENER.search(words)
    if opener is None:
        return ()
    start, end = lines.span(numbers.from_lua(int(opener[2])) - 1)
    place = text.find(opener[1], start, end)
    if place < 0:
        return ()
    return (Related(place, place + len(opener[1]), f"this '{opener[1]}' is not closed"),)


def problems(
    tree: Tree,
    load_problem: Problem | None,
    *,
    judged: bool = True,
) -> list[Problem]:
    """Everything to show for a text, in text order.

    ``load_problem`` is what ``load`` said, None when it accepts: then nothing is wrong, whatever
    our parser thinks, unless the text is too long for it. Without a Lua to ask, ``judged`` is
    False and our parser decides. When ``load`` refuses, its words stand on the line it names, at
    the exact place if our parser found something there, and our other findings are kept. Malformed
    annotations are said in any case, unless the text asks not to.
    """
    found = _verdict(tree, load_problem, judged)
    hidden = suppressions(tree)
    remarks = [one for one in malformed(tree) if not hidden.hides(one, tree)]
    return sorted([*found, *remarks], key=_place) if remarks else found


def _verdict(tree: Tree, load_problem: Problem | None, judged: bool) -> list[Problem]:
    if load_problem is None:
        return [] if judged and len(tree.text) <= LONGEST else _ours(tree)
    ours = _ours(tree)
    same = _same(tree, ours, load_problem)
    if same is None:
        return sorted([load_problem, *ours], key=_place)
    ours.remove(same)
    related = same.related
    if tree.lines.line_of(same.start) == tree.lines.line_of(load_problem.start):
        start, end, code = same.start, same.end, same.code
        if same.message != load_problem.message:
            related = (*related, Related(start, end, same.message))
    else:
        start, end, code = load_problem.start, load_problem.end, load_problem.code
        hint = "by the indentation, it ends before this"
        related = (*related, Related(same.start, same.end, hint))
    merged = load_problem._replace(start=start, end=end, code=code, related=related)
    return sorted([merged, *ours], key=_place)


def _ours(tree: Tree) -> list[Problem]:
    """What the grammar has against the text, or if it has nothing, what the scopes have."""
    if tree.problems:
        return list(tree.problems)
    return list(resolve(tree).problems)


def _same(tree: Tree, ours: list[Problem], theirs: Problem) -> Problem | None:
    """Our finding of the fault that ``load`` names.

    It is the one on the same line; and when Lua only noticed at the end of the text that
    something is not closed, the one that says where it should have been.
    """
    line = tree.lines.line_of(theirs.start)
    for problem in ours:
        if tree.lines.line_of(problem.start) == line:
            return problem
    if _AT_END.search(theirs.message):
        for problem in ours:
            if problem.related:
                return problem
    return None


def _place(problem: Problem) -> tuple[int, int]:
    return problem.start, problem.end

"""What replaces functions that are loaded, so that breakpoints set late are compiled in as well.

``plan`` looks at one text: which functions have to be replaced (those with a late breakpoint, and
those that make them), the text that makes each anew, and from which lines a call that is under way
can still reach old code. It knows no runtime: ``runtime/lua/swap.lua`` carries the plan out.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Sequence
from typing import NamedTuple

from tidelock.shared.debug.breakpoints import tree_of
from tidelock.shared.debug.instrument import Call, Site, calls, woven
from tidelock.shared.language.scopes import resolve
from tidelock.shared.language.variables import Local as Variable
from tidelock.shared.language.variables import Scopes
from tidelock.shared.model import Breakpoint, Dialect, Spot
from tidelock.shared.sources import encode
from tidelock.shared.syntax.statements import FunctionSpan, functions, starts
from tidelock.shared.syntax.tree import (
    FunctionBody,
    GenericFor,
    Goto,
    Local,
    Node,
    NumericFor,
    Repeat,
    Tree,
    While,
)

Range = tuple[int, int]
_BRACKET = re.compile(r"function\s*(?=\()")
_CONSTANT = re.compile(r"-?[\w.]+|\"[^\"\\\n]*\"|'[^'\\\n]*'")


class Replacement(NamedTuple):
    """One function to replace, by the lines that Lua calls ``linedefined``, ``lastlinedefined``.

    ``before`` stands in front of a declaration of ``outer``, ``after`` behind it; together they
    give the function back. ``constants`` are outer locals that Lua has folded away. A call of the
    old function that stands on a line of ``reaches`` may still come to a late breakpoint, on one
    of ``makes`` still make an old function. The main chunk has the lines 0, 0.
    """

    first: int
    last: int
    before: str
    after: str
    outer: tuple[str, ...]
    constants: tuple[str, ...]
    reaches: tuple[Range, ...]
    makes: tuple[Range, ...]


class Plan(NamedTuple):
    """How to bring late breakpoints into one loaded chunk; ``late`` are their ids.

    ``refusal`` says why it cannot be done; then there are no replacements.
    """

    chunk: str
    late: frozenset[int]
    replacements: tuple[Replacement, ...]
    sites: tuple[Site, ...]
    refusal: str = ""


def plan(
    chunk: str,
    text: str,
    dialect: Dialect,
    standing: Sequence[tuple[Spot, Breakpoint]],
    late: Collection[tuple[Spot, int]],
    token: str,
    first_site: int,
    *,
    guarded_globals: bool,
) -> Plan:
    """What has to be replaced so that ``late`` spots (with breakpoint ids) have their calls.

    Args:
        chunk: the chunk's name.
        text: its text as Lua loaded it.
        dialect: the Lua that loaded it.
        standing: all breakpoints of it with their spots: a new function carries all of them.
        late: those that no loaded code carries.
        token: the string whose call is the probe.
        first_site: number of the first new site.
        guarded_globals: reading a global may raise.
    """
    ids = frozenset(number for _, number in late)
    tree = tree_of(text, dialect)
    if "\n\r" in text or not tree.ok:
        return Plan(chunk, ids, (), (), "its lines cannot be told apart")
    spans, scopes = functions(tree), resolve(tree)
    owner = {start.offset: start.function for start in starts(tree)}
    homes = {owner[spot.offset] for spot, _ in late if spot.offset in owner}
    wanted = {number for home in homes for number in _with_parents(spans, home)}
    lines = Counter((span.start_line, span.end_line) for span in spans[1:])
    if any(
        number and lines[spans[number].start_line, spans[number].end_line] > 1 for number in wanted
    ):
        return Plan(chunk, ids, (), (), "several functions stand on the same lines")
    bodies = {node.number: node for node in _nodes(tree) if isinstance(node, FunctionBody)}

    def visible(offset: int) -> set[str]:
        span = spans[owner.get(offset, 0)]
        inside = {v.name for v in scopes.visible(offset) if v.function == span.number}
        return inside | set(_captured(scopes, bodies.get(span.number)))

    here = [(spot, point) for spot, point in standing if owner.get(spot.offset) is not None]
    written, sites = calls(
        dialect, here, visible, token, first_site, guarded_globals=guarded_globals
    )
    targets = [spot.offset for spot, _ in late]
    made = []
    for number in sorted(wanted):
        span = spans[number]
        replacement = _replacement(tree, scopes, span, bodies.get(number), written)
        if replacement is None:
            return Plan(chunk, ids, (), (), f"{span.name or 'a function'} cannot be made alone")
        reaches = [offset for offset in targets if owner.get(offset) == number]
        makes = [
            bodies[child].end - 1 for child in wanted if child and spans[child].parent == number
        ]
        made.append(
            replacement._replace(
                reaches=_ranges(tree, bodies.get(number), reaches),
                makes=_ranges(tree, bodies.get(number), makes),
            )
        )
    return Plan(chunk, ids, tuple(made), tuple(sites))


def _with_parents(spans: Sequence[FunctionSpan], number: int) -> list[int]:
    chain = [number]
    while number:
        number = spans[number].parent
        chain.append(number)
    return chain


def _nodes(tree: Tree) -> list[Node]:
    todo: list[Node] = [tree.body]
    for node in todo:
        todo.extend(node.children())
    return todo


def _captured(scopes: Scopes, body: FunctionBody | None) -> dict[str, Variable]:
    """The locals of functions further out that a function or one inside it uses, by name."""
    if body is None:
        return {}
    return {
        reference.name: reference.local
        for reference in scopes.references
        if body.start <= reference.start < body.end
        and reference.local is not None
        and not body.start <= reference.local.start < body.end
    }


def _replacement(
    tree: Tree,
    scopes: Scopes,
    span: FunctionSpan,
    body: FunctionBody | None,
    written: Sequence[Call],
) -> Replacement | None:
    text, lines = tree.text, tree.lines
    if body is None:
        return Replacement(0, 0, "", woven(text, written), (), (), (), ())
    bracket = body.start
    if text[bracket] != "(":
        match = _BRACKET.match(text, bracket)
        if match is None:
            return None
        bracket = match.end()
    header = lines.line_of(body.header)
    down = "\n" * (lines.line_of(bracket) - header)
    itself = ""
    if body.method:
        itself = "self, " if body.parameters or body.vararg is not None else "self"
    captured = _captured(scopes, body)
    constants = {
        name: value
        for name, local in captured.items()
        if (value := _constant(tree, local)) is not None
    }
    return Replacement(
        span.start_line,
        span.end_line,
        "\n" * header,
        f"return function({itself}{down}{woven(text, written, bracket + 1, body.end)}",
        tuple(name for name in captured if name not in constants),
        tuple(f"local {name} <const> = {value} " for name, value in constants.items()),
        (),
        (),
    )


def _constant(tree: Tree, local: Variable) -> str | None:
    """The value of a local that Lua 5.4 and 5.5 fold away, as written, if it is a plain one."""
    if local.attrib != "const":
        return None
    for node in _nodes(tree):
        if isinstance(node, Local) and len(node.names) == len(node.values) == 1:
            value = node.values[0]
            if node.names[0].start == local.start:
                written = tree.text[value.start : value.end]
                return written if _CONSTANT.fullmatch(written) and _is_literal(written) else None
    return None


def _is_literal(written: str) -> bool:
    return written[0] in "\"'-.0123456789" or written in ("true", "false", "nil")


def fields(plan: Plan) -> list[object]:
    """A plan in the form the prelude takes (``runtime/lua/swap.lua``), texts encoded."""
    flat: list[object] = [encode(plan.chunk), len(plan.replacements)]
    for one in plan.replacements:
        flat += [one.first, one.last, encode(one.before), encode(one.after)]
        for words in (one.outer, one.constants):
            flat += [len(words), *map(encode, words)]
        for ranges in (one.reaches, one.makes):
            flat += [2 * len(ranges), *(line for pair in ranges for line in pair)]
    return flat


def _ranges(tree: Tree, body: FunctionBody | None, targets: Sequence[int]) -> tuple[Range, ...]:
    """The lines from which a function's own code can still come to one of some offsets.

    Everything up to the target, and the loops around it; everything where it jumps with ``goto``.
    """
    if not targets:
        return ()
    line = tree.lines.line_of
    ranges: list[Range] = [(0, max(line(target) for target in targets) + 1)]
    todo: list[Node] = [body.body if body is not None else tree.body]
    for node in todo:
        if isinstance(node, Goto):
            return ((0, len(tree.lines) + 1),)
        is_loop = isinstance(node, While | Repeat | NumericFor | GenericFor)
        if is_loop and any(node.start <= target < node.end for target in targets):
            ranges.append((line(node.start) + 1, line(max(node.end - 1, 0)) + 1))
        todo.extend(child for child in node.children() if not isinstance(child, FunctionBody))
    return tuple(ranges)

"""What mends variables: those that are unused, hidden, never set, or that nobody declares."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING

from tidelock.shared.language.checks.mending import Edit, Fix, around, before_statement, line
from tidelock.shared.language.checks.version_fixes import renamed
from tidelock.shared.language.checks.walking import calls
from tidelock.shared.language.scopes import resolve
from tidelock.shared.syntax.tree import (
    Assign,
    Binary,
    Call,
    CallStatement,
    Function,
    FunctionBody,
    Index,
    Local,
    LocalFunction,
    Member,
    MethodCall,
    Name,
    Statement,
    walk,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tidelock.shared.model import Problem
    from tidelock.shared.syntax.tree import Node, Tree


def underscore(tree: Tree, problem: Problem) -> Iterator[Fix]:
    """Say by a ``_`` that a variable is not used on purpose, wherever it is named."""
    local = resolve(tree).meaning(problem.start)
    if local is None:
        return
    places = sorted({local.start, *(one.start for one in local.references)})
    edits = tuple(Edit(place, place, "_") for place in places)
    yield Fix(f"call it '_{local.name}'", edits)


def unused(tree: Tree, problem: Problem) -> Iterator[Fix]:
    """Take the statement away that declares nothing else, but for a call in it; or add a ``_``."""
    statement = around(tree, problem.start, Local | LocalFunction)
    if isinstance(statement, LocalFunction) and statement.name.start == problem.start:
        yield Fix("remove the function", (line(tree, statement.start, statement.end),))
    elif isinstance(statement, Local) and len(statement.names) == 1 and len(statement.values) < 2:
        value = statement.values[0] if statement.values else None
        if isinstance(value, Call | MethodCall):
            yield from _call_alone(tree, statement, value)
        elif value is None or not any(isinstance(one, _DOING) for one in walk(value)):
            yield Fix("remove the variable", (line(tree, statement.start, statement.end),))
    yield from underscore(tree, problem)


def _call_alone(tree: Tree, statement: Local | Assign, call: Call | MethodCall) -> Iterator[Fix]:
    """Keep the call of a statement; one that begins with a bracket would go on the line before."""
    if tree.text[call.start] != "(":
        yield Fix("keep the call alone", (Edit(statement.start, call.start, ""),))


_DOING = (Call, MethodCall, Member, Index, Binary)
"""What may do something when it is evaluated."""


def parameter(tree: Tree, problem: Problem) -> Iterator[Fix]:
    """Add a ``_`` to a parameter; take it away if it is the last."""
    yield from underscore(tree, problem)
    body = around(tree, problem.start, FunctionBody)
    names = [] if body is None else body.parameters
    if body is not None and names and body.vararg is None and names[-1].start == problem.start:
        start = names[-2].end if len(names) > 1 else problem.start
        yield Fix("remove it", (Edit(start, problem.end, ""),))


def value(tree: Tree, problem: Problem) -> Iterator[Fix]:
    """Take an assignment away that nothing sees, but for a call in it."""
    statement = around(tree, problem.start, Local | Assign)
    if statement is None or len(statement.values) != 1:
        return
    given = statement.values[0]
    names = statement.names if isinstance(statement, Local) else statement.targets
    if len(names) != 1 or names[0].start != problem.start:
        return  # it is set in another way, in a function that the statement has
    if isinstance(statement, Local):
        if not calls(given) and names[0].end < given.start:
            edit = Edit(names[0].end, given.end, "")
            yield Fix("declare it without the value", (edit,))
    elif isinstance(given, Call | MethodCall):
        yield from _call_alone(tree, statement, given)
    elif not any(isinstance(one, _DOING) for one in walk(given)):
        yield Fix("remove the assignment", (line(tree, statement.start, statement.end),))


def written(tree: Tree, problem: Problem) -> Iterator[Fix]:
    """Take a variable away with all that is assigned to it, where nothing else is done."""
    local = resolve(tree).meaning(problem.start)
    if local is None:
        return
    statements = [
        _alone(tree, place) for place in (local.start, *(one.start for one in local.references))
    ]
    whole = [one for one in statements if one is not None]
    edits = sorted(line(tree, one.start, one.end) for one in whole)
    if len(whole) == len(statements) and all(one.end <= two.start for one, two in pairwise(edits)):
        yield Fix("remove the variable", tuple(edits))
    yield from underscore(tree, problem)


def _alone(tree: Tree, place: int) -> Local | Assign | None:
    """The statement that sets the variable at a place, and does nothing else."""
    found = around(tree, place, Statement)
    if isinstance(found, Local):
        is_alone = len(found.names) == 1
    elif isinstance(found, Assign):
        is_alone = len(found.targets) == 1 and found.start == place
    else:
        return None
    parts: list[Node] = [*found.values]
    if isinstance(found, Assign):
        parts += [one.key for one in found.targets if isinstance(one, Index)]
    does = any(isinstance(one, _DOING) for part in parts for one in walk(part))
    return found if is_alone and not does else None


def initialised(tree: Tree, problem: Problem) -> Iterator[Fix]:
    """Say where a variable is declared that it is nil."""
    statement = around(tree, problem.start, Local)
    if statement is not None and len(statement.names) == 1 and not statement.values:
        yield Fix("begin with 'nil'", (Edit(statement.end, statement.end, " = nil"),))


def again(tree: Tree, problem: Problem) -> Iterator[Fix]:
    """Assign to the variable that is there, or give the new one a name of its own."""
    statement = around(tree, problem.start, Local)
    scopes = resolve(tree)
    first = scopes.meaning(problem.related[0].start) if problem.related else None
    is_same = problem.code == "redefined-local" and first is not None and not first.attrib
    names = [] if statement is None else statement.names
    is_it = len(names) == 1 and names[0].start == problem.start
    if statement is not None and is_it and statement.values and is_same:
        edit = Edit(statement.start, problem.start, "")
        if not any(statement.attributes) and statement.default is None:
            yield Fix("assign to the first one", (edit,))
    local = scopes.meaning(problem.start)
    if local is None:
        return
    number = 2
    while re.search(rf"\b{local.name}_?{number}\b", tree.text):
        number += 1
    name = f"{local.name}{'_' if local.name[-1].isdigit() else ''}{number}"
    places = sorted({local.start, *(one.start for one in local.references)})
    edits = tuple(Edit(place, place + len(local.name), name) for place in places)
    yield Fix(f"call it '{name}'", edits)


# -- globals ---------------------------------------------------------------------------------------


def made_local(tree: Tree, problem: Problem) -> Iterator[Fix]:
    """Make a variable of the function's own where it is assigned to."""
    statement = around(tree, problem.start, Assign | Function)
    is_one = isinstance(statement, Assign) and len(statement.targets) == 1
    target = statement.target if isinstance(statement, Function) else None
    if isinstance(statement, Assign) and is_one:
        target = statement.targets[0]
    if statement is not None and isinstance(target, Name):
        yield Fix("make it local", (Edit(statement.start, statement.start, "local "),))


def missing(tree: Tree, problem: Problem) -> Iterator[Fix]:
    """What stands for a global of another Lua; a local of the name before the statement."""
    found = list(renamed(tree, problem))
    yield from found
    statement = around(tree, problem.start, Statement)
    if statement is None or found or problem.instead:
        return
    if not isinstance(statement, CallStatement) or statement.start != problem.start:
        name = tree.text[problem.start : problem.end]
        edit = before_statement(tree, statement.start, f"local {name}")
        yield Fix(f"declare a local '{name}' before it", (edit,))

"""luaparser as a second reader of valid Lua: its trees and ours say the same."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from luaparser import ast, astnodes

from syntax.grow import programs
from tidelock.shared.model import Dialect
from tidelock.shared.syntax import tree as t
from tidelock.shared.syntax.parser import parse

Shape = tuple[object, ...]

FAULTY = re.compile(r"[\n\r]")
"""Strings over several lines: luaparser keeps the line end that Lua drops, and each ``\\z``."""

OPERATORS = {
    "AddOp": "+",
    "SubOp": "-",
    "MultOp": "*",
    "FloatDivOp": "/",
    "FloorDivOp": "//",
    "ModOp": "%",
    "ExpoOp": "^",
    "Concat": "..",
    "AndLoOp": "and",
    "OrLoOp": "or",
    "EqToOp": "==",
    "NotEqToOp": "~=",
    "LessThanOp": "<",
    "GreaterThanOp": ">",
    "LessOrEqThanOp": "<=",
    "GreaterOrEqThanOp": ">=",
    "BAndOp": "&",
    "BOrOp": "|",
    "BXorOp": "~",
    "BShiftLOp": "<<",
    "BShiftROp": ">>",
    "UMinusOp": "-",
    "ULNotOp": "not",
    "ULengthOP": "#",
    "UBNotOp": "~",
}


def ours(node: t.Node | list[Any] | None) -> object:
    """Our node without places and brackets, in luaparser's terms."""
    match node:
        case None:
            return None
        case list():
            return [ours(one) for one in node]
        case t.Block():
            return [ours(one) for one in node.statements if not isinstance(one, t.Empty)]
        case t.Paren():
            return ours(node.inner)
        case t.Name():
            return ("name", node.name)
        case t.Constant():
            return (node.text,)
        case t.Number():
            return ("number", node.value)
        case t.String():
            return ("string", FAULTY.search(node.text) is None and node.bytes)
        case t.Vararg():
            return ("...",)
        case t.Member():
            return ("index", ours(node.object), node.key)
        case t.Index():
            return ("index", ours(node.object), ours(node.key))
        case t.Call():
            return ("call", ours(node.function), ours(node.arguments))
        case t.MethodCall():
            return ("invoke", ours(node.object), node.key, ours(node.arguments))
        case t.FunctionBody():
            return ("function", *body(node))
        case t.Table():
            return ("table", [field(one) for one in node.fields])
        case t.Binary():
            return (node.operator, ours(node.left), ours(node.right))
        case t.Unary():
            return (node.operator, ours(node.operand))
        case t.Local():
            return ("local", ours([*node.names]), ours(node.values))
        case t.LocalFunction():
            return ("local function", node.name.name, *body(node.body))
        case t.Function() if node.body.method:
            assert isinstance(node.target, t.Member)
            return ("method", ours(node.target.object), node.target.key, *body(node.body))
        case t.Function():
            return ("named function", ours(node.target), *body(node.body))
        case t.Assign():
            return ("assign", ours([*node.targets]), ours(node.values))
        case t.CallStatement():
            return ours(node.call)
        case t.If():
            return (
                "if",
                [(ours(c.condition), ours(c.body)) for c in node.clauses],
                ours(node.otherwise),
            )
        case t.While():
            return ("while", ours(node.condition), ours(node.body))
        case t.Repeat():
            return ("repeat", ours(node.body), ours(node.condition))
        case t.NumericFor():
            values = [*map(ours, node.values), ("number", 1)]
            return ("for", ours(node.name), values[:3], ours(node.body))
        case t.GenericFor():
            return ("each", ours([*node.names]), ours(node.values), ours(node.body))
        case t.Do():
            return ("do", ours(node.body))
        case t.Return():
            return ("return", ours(node.values))
        case t.Break():
            return ("break",)
        case t.Goto():
            return ("goto", node.label.name)
        case t.Label():
            return ("label", node.label.name)
    raise AssertionError(node)


def body(node: t.FunctionBody) -> Shape:
    parameters = [ours(name) for name in node.parameters]
    return ([*parameters, ("...",)] if node.vararg else parameters, ours(node.body))


def field(node: t.Node) -> Shape:
    if isinstance(node, t.NamedField):
        return (node.name.name, ours(node.value))
    if isinstance(node, t.KeyedField):
        return (ours(node.key), ours(node.value))
    return (None, ours(node))


def theirs(node: Any) -> object:
    """Their node as a tuple of the same form."""
    name = type(node).__name__
    if node is None:
        return None
    if isinstance(node, list):
        return [theirs(one) for one in node if type(one).__name__ != "SemiColon"]
    if name == "Block":
        return theirs(node.body)
    if name in OPERATORS:
        if hasattr(node, "operand"):
            return (OPERATORS[name], theirs(node.operand))
        return (OPERATORS[name], theirs(node.left), theirs(node.right))
    match name:
        case "Name":
            return ("name", node.id)
        case "Nil" | "TrueExpr" | "FalseExpr":
            return ({"Nil": "nil", "TrueExpr": "true", "FalseExpr": "false"}[name],)
        case "Number":
            return ("number", node.n)
        case "String":
            raw = str(node.raw)
            return ("string", "\n" not in raw and "\r" not in raw and node.s)
        case "Varargs" | "Dots":
            return ("...",)
        case "Index":
            dotted = node.notation == astnodes.IndexNotation.DOT
            return ("index", theirs(node.value), node.idx.id if dotted else theirs(node.idx))
        case "Call":
            return ("call", theirs(node.func), theirs(node.args))
        case "Invoke":
            return ("invoke", theirs(node.source), node.func.id, theirs(node.args))
        case "AnonymousFunction":
            return ("function", theirs(node.args), theirs(node.body))
        case "Table":
            return ("table", [their_field(one) for one in node.fields])
        case "LocalAssign":
            return ("local", theirs(node.targets), theirs(node.values))
        case "LocalFunction":
            return ("local function", node.name.id, theirs(node.args), theirs(node.body))
        case "Method":
            return (
                "method",
                theirs(node.source),
                node.name.id,
                theirs(node.args),
                theirs(node.body),
            )
        case "Function":
            return ("named function", theirs(node.name), theirs(node.args), theirs(node.body))
        case "Assign":
            return ("assign", theirs(node.targets), theirs(node.values))
        case "If":
            return ("if", *their_branches(node))
        case "While":
            return ("while", theirs(node.test), theirs(node.body))
        case "Repeat":
            return ("repeat", theirs(node.body), theirs(node.test))
        case "Fornum":
            step = theirs(node.step) if not isinstance(node.step, int) else ("number", node.step)
            values = [theirs(node.start), theirs(node.stop), step or ("number", 1)]
            return ("for", theirs(node.target), values, theirs(node.body))
        case "Forin":
            return ("each", theirs(node.targets), theirs(node.iter), theirs(node.body))
        case "Do":
            return ("do", theirs(node.body))
        case "Return":
            values = theirs(node.values)
            return ("return", values or [])
        case "Break":
            return ("break",)
        case "Goto":
            return ("goto", node.label.id)
        case "Label":
            return ("label", node.id.id)
    raise AssertionError(name)


def their_branches(node: Any) -> tuple[list[object], object]:
    clauses: list[object] = []
    while type(node).__name__ in ("If", "ElseIf"):
        clauses.append((theirs(node.test), theirs(node.body)))
        node = node.orelse
    return clauses, theirs(node)


def their_field(node: Any) -> Shape:
    if node.key is None or (isinstance(node.key, astnodes.Number) and not node.between_brackets):
        return (None, theirs(node.value))
    if node.between_brackets:
        return (theirs(node.key), theirs(node.value))
    return (node.key.id, theirs(node.value))


def check_same(text: str) -> None:
    tree = parse(text, "5.4")
    assert tree.ok
    assert ours(tree.body) == theirs(ast.parse(text).body)


EXAMPLES = sorted(Path(__file__).parents[2].glob("examples/tides/*.lua"))


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_examples(path: Path) -> None:
    check_same(path.read_text(encoding="utf-8"))


@settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
@given(programs())
def test_grown_programs(program: tuple[Dialect, str]) -> None:
    _, text = program
    if parse(text, "5.4").ok:
        check_same(text)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("x = 0xF0.0", "hexadecimal floats with a point raise ValueError"),
        ("x = 0xffffffffffffffffff", "hexadecimal integers do not wrap round at 64 bits"),
        ("x = [[\na]]", "the line end after an opening long bracket is kept"),
        ("x = '\ud83d'", "lone surrogates raise UnicodeEncodeError"),
        ("global x = 1", "Lua 5.5 is not known"),
    ],
)
def test_known_faults(text: str, fault: str) -> None:
    """What luaparser 4.2 does otherwise; one that is mended can leave the list."""
    tree = parse(text, "5.5")
    assert tree.ok
    try:
        (statement,) = ast.parse(text).body.body
    except (ValueError, ast.SyntaxException):
        return
    value = statement.values[0]
    literal = next(node for node in tree.walk() if isinstance(node, t.Number | t.String))
    theirs_is = value.n if isinstance(value, astnodes.Number) else value.s
    assert theirs_is != (literal.value if isinstance(literal, t.Number) else literal.bytes), fault

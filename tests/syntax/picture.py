"""A tree as one line of text: what a test compares, and what a reader of the test understands."""

from __future__ import annotations

from tidelock.shared.syntax import tree as t


def picture(tree: t.Tree) -> str:
    """All statements of a tree, separated by blanks."""
    return " ".join(map(draw, tree.body.statements))


def listed(nodes: list[t.Expression]) -> str:
    return ", ".join(map(draw, nodes))


def block(body: t.Block) -> str:
    return "{" + " ".join(map(draw, body.statements)) + "}"


def names(names: list[t.Name], attributes: list[t.Name | None], default: t.Name | None) -> str:
    parts = [] if default is None else [f"<{default.name}>"]
    for place, name in enumerate(names):
        attribute = attributes[place] if attributes else None
        parts.append(draw(name) + ("" if attribute is None else f"<{attribute.name}>"))
    return ", ".join(parts)


def body(function: t.FunctionBody) -> str:
    parameters = [draw(name) for name in function.parameters]
    if function.vararg is not None:
        parameters.append(draw(function.vararg))
    return f"({', '.join(parameters)}){block(function.body)}"


def draw(node: t.Node) -> str:
    """One node."""
    match node:
        case t.Name():
            return node.name or "?"
        case t.Missing():
            return "?"
        case t.Constant() | t.Number() | t.String():
            return node.text
        case t.Vararg():
            return "..." + (draw(node.name) if node.name else "")
        case t.Member():
            return f"{draw(node.object)}.{node.key or '?'}"
        case t.Index():
            return f"{draw(node.object)}[{draw(node.key)}]"
        case t.Call():
            return f"{draw(node.function)}({listed(node.arguments)})"
        case t.MethodCall():
            return f"{draw(node.object)}:{node.key or '?'}({listed(node.arguments)})"
        case t.FunctionBody():
            return f"function{body(node)}"
        case t.NamedField():
            return f"{draw(node.name)}={draw(node.value)}"
        case t.KeyedField():
            return f"[{draw(node.key)}]={draw(node.value)}"
        case t.Table():
            return "{" + ", ".join(map(draw, node.fields)) + "}"
        case t.Binary():
            return f"({draw(node.left)} {node.operator} {draw(node.right)})"
        case t.Unary():
            return f"({node.operator} {draw(node.operand)})"
        case t.Paren():
            return f"[{draw(node.inner)}]"
        case t.Local():
            tail = f" = {listed(node.values)}" if node.values else ""
            return f"local {names(node.names, node.attributes, node.default)}{tail};"
        case t.Global():
            tail = f" = {listed(node.values)}" if node.values else ""
            shown = names(node.names, node.attributes, node.default)
            return f"global {shown}{'*' if node.everything else ''}{tail};"
        case t.LocalFunction():
            word = "global" if node.shared else "local"
            return f"{word} function {draw(node.name)}{body(node.body)}"
        case t.Function():
            method = " method" if node.body.method else ""
            return f"function{method} {draw(node.target)}{body(node.body)}"
        case t.Assign():
            return f"{listed(node.targets)} = {listed(node.values)};"
        case t.CallStatement():
            return f"{draw(node.call)};"
        case t.If():
            parts = [f"if {draw(one.condition)} {block(one.body)}" for one in node.clauses]
            if node.otherwise is not None:
                parts.append(f"else {block(node.otherwise)}")
            return " ".join(parts)
        case t.While():
            return f"while {draw(node.condition)} {block(node.body)}"
        case t.NumericFor():
            return f"for {draw(node.name)} = {listed(node.values)} {block(node.body)}"
        case t.GenericFor():
            shown = ", ".join(map(draw, node.names))
            return f"for {shown} in {listed(node.values)} {block(node.body)}"
        case t.Repeat():
            return f"repeat {block(node.body)} until {draw(node.condition)}"
        case t.Do():
            return f"do {block(node.body)}"
        case t.Return():
            return f"return {listed(node.values)};"
        case t.Result():
            return f"{'=' if node.marked else ''}result {listed(node.values)};"
        case t.Break():
            return "break;"
        case t.Goto():
            return f"goto {draw(node.label)};"
        case t.Label():
            return f"::{draw(node.label)}::{'!' if node.last else ''}"
        case t.Empty():
            return ";"
        case t.Broken():
            return f"broken({listed(node.parts)});"
    raise AssertionError(node)

"""What stands under the cursor, in a few lines: a signature, its description, what was observed.

Literals tell what they stand for. Live values come from the caller, who finds out with
``symbol_path`` what to ask the running program; nothing is asked or run in here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from tidelock.shared.language.annotations import documented
from tidelock.shared.language.members import members, shown
from tidelock.shared.language.paths import constant, path_text, tail
from tidelock.shared.language.scopes import GlobalDeclaration, Label, Local, Reference, resolve
from tidelock.shared.language.stdlib import library
from tidelock.shared.syntax.tree import (
    Call,
    FunctionBody,
    Index,
    MethodCall,
    Name,
    Number,
    String,
    Table,
)
from tidelock.shared.syntax.tree import Member as MemberNode

if TYPE_CHECKING:
    from tidelock.shared.language.facts import Facts
    from tidelock.shared.language.members import Members
    from tidelock.shared.language.paths import Path
    from tidelock.shared.language.scopes import Scopes
    from tidelock.shared.model import Key
    from tidelock.shared.syntax.tree import Expression, Tree

_FIELDS = 20


class Hover(NamedTuple):
    """What to show for the text from ``start`` to ``end``.

    ``signature`` is Lua, ``documentation`` markdown; ``facts`` are lines that each name their
    origin.
    """

    start: int
    end: int
    signature: str
    documentation: str
    facts: tuple[str, ...]


class Symbol(NamedTuple):
    """A variable and constant keys that lead to the value under the cursor.

    ``local`` says that ``root`` is a local where it stands: a frame has it, the globals do not.
    ``start`` and ``end`` are the expression up to the key under the cursor.
    """

    root: str
    keys: tuple[Key, ...]
    start: int
    end: int
    local: bool


def symbol_path(tree: Tree, offset: int) -> Symbol | None:
    """What the running program could be asked about the place under the cursor."""
    scopes = resolve(tree)
    declared = scopes.at(offset)
    if isinstance(declared, Local):
        return Symbol(declared.name, (), declared.start, declared.end, True)
    if isinstance(declared, GlobalDeclaration) and declared.name:
        return Symbol(declared.name, (), declared.start, declared.end, False)
    for node in reversed(tree.path(offset)):
        if isinstance(node, Name):
            used = isinstance(declared, Reference)
            return _symbol(scopes, node, (), node.end) if used else None
        if isinstance(node, MemberNode) and node.key_start <= offset:
            return _symbol(scopes, node.object, (node.key,), node.end)
        if isinstance(node, MethodCall) and node.key_start <= offset <= _key_end(node):
            return _symbol(scopes, node.object, (node.key,), _key_end(node))
        if isinstance(node, Index) and node.key.start <= offset <= node.key.end:
            key = constant(node.key)
            return None if key is None else _symbol(scopes, node.object, (key,), node.end)
    return None


def _key_end(node: MethodCall) -> int:
    return node.key_start + len(node.key)


def _symbol(scopes: Scopes, node: Expression, keys: tuple[Key, ...], end: int) -> Symbol | None:
    found = list(reversed(keys))
    start = node.start
    while not isinstance(node, Name):
        if isinstance(node, MemberNode):
            found.append(node.key)
            node = node.object
        elif isinstance(node, Index) and (key := constant(node.key)) is not None:
            found.append(key)
            node = node.object
        else:
            return None
    if not node.name or "" in found:
        return None
    local = scopes.meaning(node.start) is not None
    return Symbol(node.name, tuple(reversed(found)), start, end, local)


def hover(tree: Tree, offset: int, facts: Facts | None = None) -> Hover | None:
    """What there is to say about an offset; None where nothing stands that has a meaning."""
    found = _label(tree, offset) or _variable(tree, offset)
    if found is None:
        found = _literal(tree, offset)
    if found is None or facts is None:
        return found
    return found._replace(facts=found.facts + _observed(tree, offset, facts))


def _label(tree: Tree, offset: int) -> Hover | None:
    label = resolve(tree).at(offset)
    if not isinstance(label, Label):
        return None
    places = [(label.start, label.end), *label.gotos]
    start, end = next(place for place in places if place[0] <= offset <= place[1])
    line = tree.lines.line_of(label.start) + 1
    return Hover(start, end, f"::{label.name}::", f"label on line {line}", ())


def _variable(tree: Tree, offset: int) -> Hover | None:
    known = members(tree)
    place = known.scopes.at(offset)
    if isinstance(place, Local):
        return _local(known, place, place.start, place.end)
    if isinstance(place, Reference) and place.local is not None:
        local = place.local
        if local.kind == "self" and (owner := known.root("self", local)) != (local,):
            text = path_text(owner)
            return Hover(place.start, place.end, "self", f"the method's table `{text}`", ())
        return _local(known, local, place.start, place.end)
    field = _field_place(tree, known, offset)
    if field is None:
        symbol = symbol_path(tree, offset)
        if symbol is None:
            return None
        holder = known.scopes.local(symbol.root, symbol.start) if symbol.local else None
        path = (*known.root(symbol.root, holder), *symbol.keys)
        field = (path, *_key_place(tree, offset, symbol))
    return _path(known, *field)


def _key_place(tree: Tree, offset: int, symbol: Symbol) -> tuple[int, int]:
    """Where the last key of a symbol stands, or its root when it has no keys."""
    for node in reversed(tree.path(offset)):
        if isinstance(node, MemberNode | MethodCall) and symbol.keys:
            return node.key_start, symbol.end
        if isinstance(node, Index) and symbol.keys:
            return node.key.start, node.key.end
    return symbol.start, symbol.end


def _field_place(tree: Tree, known: Members, offset: int) -> tuple[Path, int, int] | None:
    """The field of a constructor whose name is under the cursor, with its path."""
    if not any(isinstance(node, Table) for node in tree.path(offset)):
        return None
    for path, field in known.all():
        if field.start <= offset <= field.end:
            return path, field.start, field.end
    return None


def _local(known: Members, local: Local, start: int, end: int) -> Hover:
    tree = known.tree
    value = known.value(local)
    line = f"{local.kind} of line {tree.lines.line_of(local.start) + 1}"
    if local.captured:
        line += ", used by inner functions"
    if isinstance(value, FunctionBody):
        signature, text = shown(tree, local.name, value, local.start)
        return Hover(start, end, f"local function {signature}", _joined(text, line), ())
    text = documented(tree, local.start).text if local.kind == "local" else ""
    if local.kind == "parameter":
        text = _parameter(tree, local)
    attribute = f" <{local.attrib}>" if local.attrib else ""
    real = known.real((local,))
    entry = library(tree.dialect).entry(real)
    if entry is not None:
        text = _joined(text, f"`{entry.signature}`" if entry.signature else "", entry.documentation)
    shape = f" = {path_text(real)}" if real != (local,) else _shape(known, real)
    if isinstance(value, Number | String) and value.end - value.start <= 60:
        shape = f" = {value.text}"
    return Hover(start, end, f"local {local.name}{attribute}{shape}", _joined(text, line), ())


def _parameter(tree: Tree, local: Local) -> str:
    """What the comment above its function says of a parameter."""
    for node in tree.path(local.start):
        if isinstance(node, FunctionBody) and node.number == local.function:
            for one in documented(tree, node.header).parameters:
                if one.name == local.name:
                    return _joined(f"`{one.type}`" if one.type else "", one.text)
    return ""


def _path(known: Members, path: Path, start: int, end: int) -> Hover | None:
    """A global, or a field of anything."""
    tree = known.tree
    path = known.real(path) if len(path) > 1 else path
    name = path_text(path)
    field = known.field(path)
    if field is not None and field.body is not None:
        if field.body.method:
            name = ":".join(name.rsplit(".", 1))
        signature, text = shown(tree, name, field.body, field.statement)
        line = f"defined on line {tree.lines.line_of(field.start) + 1}"
        return Hover(start, end, f"function {signature}", _joined(text, line), ())
    entry = library(tree.dialect).entry(path)
    if entry is None and len(path) == 2 and isinstance(path[0], Local):
        entry = next((one for one in known.borrowed(path[0]) if one.name == path[1]), None)
    if entry is not None and field is None:
        signature = entry.signature or f"{name}: {entry.type}"
        return Hover(start, end, signature, entry.documentation, ())
    if field is not None:
        text = documented(tree, field.statement).text
        line = f"set on line {tree.lines.line_of(field.start) + 1}"
        shape = _shape(known, path)
        if isinstance(field.value, Number | String) and not shape:
            shape = f" = {field.value.text[:60]}"
        return Hover(start, end, f"{name}{shape}", _joined(text, line), ())
    return Hover(start, end, name, "global" if len(path) == 1 else "", ())


def _joined(*parts: str) -> str:
    return "\n\n".join(part for part in parts if part)


def _shape(known: Members, path: Path) -> str:
    """The fields of a table as far as the text shows them."""
    fields = known.fields(path)
    if not fields:
        return ""
    parts = []
    for key, places in list(fields.items())[:_FIELDS]:
        name = tail((key,)).removeprefix(".")
        function = any(place.body is not None for place in places)
        parts.append(f"{name}()" if function else name)
    more = ", ..." if len(fields) > _FIELDS else ""
    return f" = {{ {', '.join(parts)}{more} }}"


def _literal(tree: Tree, offset: int) -> Hover | None:
    path = tree.path(offset)
    node = path[-1]
    if isinstance(node, Number):
        return Hover(node.start, node.end, node.text, _bases(node), ())
    if not isinstance(node, String):
        return None
    size = len(node.bytes)
    characters = len(node.value)
    text = f"{size} byte{'' if size == 1 else 's'}"
    if characters != size:
        text += f", {characters} character{'' if characters == 1 else 's'}"
    caller = path[-2].function if isinstance(path[-2], Call) else None
    if isinstance(caller, Name) and caller.name == "require":
        text = f"module `{node.value}`"
    shown_text = node.text if len(node.text) <= 60 else node.text[:60] + "..."
    return Hover(node.start, node.end, shown_text.splitlines()[0], text, ())


def _bases(node: Number) -> str:
    value = node.value
    if value is None:
        return "malformed number"
    if isinstance(value, complex):
        return f"imaginary number {value.imag:g}"
    if isinstance(value, float) and not (value.is_integer() and abs(value) < 2**53):
        return f"float {value!r}"
    whole = int(value)
    kind = "float" if isinstance(value, float) and node.dialect in ("5.3", "5.4", "5.5") else ""
    return f"{kind} {whole}, {whole:#x}, {whole:#b}".strip()


def _observed(tree: Tree, offset: int, facts: Facts) -> tuple[str, ...]:
    """The line of what the running program has here, with the label of when it was seen."""
    fact = facts.value
    if fact is None:
        symbol = symbol_path(tree, offset)
        if symbol is None:
            return ()
        seen = facts.members if symbol.keys else facts.names
        name = symbol.keys[-1] if symbol.keys else symbol.root
        fact = next((one for one in seen if one.name == name), None)
    if fact is None:
        return ()
    where = f" ({fact.where})" if fact.where else ""
    return (f"{facts.label}: {fact.signature or fact.text or fact.type}{where}",)

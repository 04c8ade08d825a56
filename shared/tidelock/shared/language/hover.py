"""What stands under the cursor, in a few lines: a signature, its description, what was observed.

Literals tell what they stand for. Live values come from the caller, who finds out with
``symbol_path`` what to ask the running program; nothing is asked or run in here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from tidelock.shared.language.annotations import documented
from tidelock.shared.language.descriptions import describe, of_function, typed
from tidelock.shared.language.explaining import explain, joined
from tidelock.shared.language.hover_fields import shape, with_fields, written_type
from tidelock.shared.language.mentions import local_of, mention_at
from tidelock.shared.language.paths import constant, path_text, tail
from tidelock.shared.language.scopes import GlobalDeclaration, Label, Local, Reference, resolve
from tidelock.shared.language.stdlib import library
from tidelock.shared.language.types.inference import own_types
from tidelock.shared.language.types.kinds import ClassType, Function, Shape
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
    from tidelock.shared.language.mentions import Mention
    from tidelock.shared.language.paths import Path
    from tidelock.shared.language.scopes import Scopes
    from tidelock.shared.language.types.inference import Types
    from tidelock.shared.language.types.properties import Property
    from tidelock.shared.language.types.texts import Text
    from tidelock.shared.model import Key
    from tidelock.shared.syntax.tree import Expression, Tree


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
    for node in reversed(tree.under(offset)):
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


def hover(
    tree: Tree,
    offset: int,
    facts: Facts | None = None,
    *,
    types: Types | None = None,
    uri: str = "",
    max_fields: int = 20,
) -> Hover | None:
    """What there is to say about an offset; None where nothing stands that has a meaning.

    ``types`` know the other texts, among which this one has a ``uri``. Of a table or a class
    ``max_fields`` are shown.
    """
    found = _label(tree, offset)
    if found is None:
        asked = types or own_types(tree)
        text = asked.text(tree, uri)
        mention = mention_at(tree, offset)
        with asked.asking(text):
            if mention is not None:
                return _mentioned(asked, text, mention, max_fields)
            found = _variable(asked, text, offset, max_fields)
            if found is not None:
                found = found._replace(
                    signature=with_fields(asked, text, offset, found.signature, max_fields)
                )
    if found is None:
        found = _literal(tree, offset)
    if found is None or facts is None:
        return found
    return found._replace(facts=found.facts + _observed(tree, offset, facts))


def _mentioned(types: Types, text: Text, mention: Mention, most: int) -> Hover | None:
    """A word of an annotation; a parameter or local is told as the variable that it is."""
    span = mention.start, mention.end
    if (local := local_of(text.tree, mention)) is not None:
        return of_local(types, text, local, span, most)
    said = explain(types, text, mention, most)
    return None if said is None else Hover(*span, *said, ())


def _label(tree: Tree, offset: int) -> Hover | None:
    label = resolve(tree).at(offset)
    if not isinstance(label, Label):
        return None
    places = [(label.start, label.end), *label.gotos]
    start, end = next(place for place in places if place[0] <= offset <= place[1])
    line = tree.lines.line_of(label.start) + 1
    return Hover(start, end, f"::{label.name}::", f"label on line {line}", ())


def _variable(types: Types, text: Text, offset: int, most: int) -> Hover | None:
    known, tree = text.members, text.tree
    place = known.scopes.at(offset)
    if isinstance(place, Local):
        return of_local(types, text, place, (place.start, place.end), most)
    if isinstance(place, Reference) and place.local is not None:
        local = place.local
        if local.kind == "self" and (owner := known.root("self", local)) != (local,):
            table = path_text(owner)
            return Hover(place.start, place.end, "self", f"the method's table `{table}`", ())
        return of_local(types, text, local, (place.start, place.end), most)
    field = _field_place(tree, known, offset)
    if field is not None:
        return of_path(types, text, *field, most)
    symbol = symbol_path(tree, offset)
    found = None
    if symbol is not None:
        holder = known.scopes.local(symbol.root, symbol.start) if symbol.local else None
        path = (*known.root(symbol.root, holder), *symbol.keys)
        start, end = _key_place(tree, offset, symbol)
        found = of_path(types, text, path, start, end, most)
        if found.documentation not in ("", "global") or ":" in found.signature:
            return found
    return _by_type(types, text, offset) or found


def _by_type(types: Types, text: Text, offset: int) -> Hover | None:
    """A field of a value whose type is known, or a global of another text."""
    for node in reversed(text.tree.under(offset)):
        if isinstance(node, Name) and node.name:
            kind = types.expression(text, node)
            body = kind.body if isinstance(kind, Function) else None
            if body is not None and isinstance(kind, Function) and kind.text is not None:
                shown_as, said = of_function(types, kind.text, node.name, body)
                return Hover(node.start, node.end, f"function {shown_as}", said, ())
            rest = typed(types, kind)
            return Hover(node.start, node.end, node.name + rest, "", ()) if rest else None
        if isinstance(node, MemberNode) and node.key_start <= offset:
            return of_field(types, text, node.object, node.key, (node.key_start, node.end))
        if isinstance(node, MethodCall) and node.key_start <= offset <= _key_end(node):
            return of_field(types, text, node.object, node.key, (node.key_start, _key_end(node)))
        if isinstance(node, Index) and node.key.start <= offset <= node.key.end:
            key = constant(node.key)
            if key is None:
                return None
            return of_field(types, text, node.object, key, (node.key.start, node.key.end))
    return None


def of_field(
    types: Types, text: Text, holder: Expression, key: Key, span: tuple[int, int]
) -> Hover | None:
    """What there is to say of a field of a value whose type is known."""
    if key == "":
        return None
    kind = types.expression(text, holder)
    places = types.properties.find(kind, key)
    path = text.members.path(holder)
    name = path_text((*path, key)) if path is not None else tail((key,)).removeprefix(".")
    if not places:
        found = types.properties.get(kind, key)
        rest = "" if found is None else typed(types, found)
        return Hover(*span, name + rest, "", ()) if rest else None
    found_at = next((one for one in places if one.body is not None), places[0])
    owner = types.printer.text(kind) if isinstance(kind, ClassType | Shape) else ""
    if owner.isidentifier():
        name = f"{owner}{tail((key,))}"
    body = found_at.body
    if body is not None and (body.method or (found_at.field is not None and found_at.field.method)):
        name = ":".join(name.rsplit(".", 1))
    described = describe(types, name, places)
    if described.kind != "field" and described.entry is None and not described.is_declared:
        line = _where(text, described.place, "defined")
        return Hover(
            *span, f"function {described.signature}", joined(described.documentation, line), ()
        )
    line = "" if described.entry else _where(text, described.place, "set")
    return Hover(*span, described.signature, joined(described.documentation, line), ())


def _where(text: Text, place: Property, word: str) -> str:
    """Where a field is found: its line, and the file when it is another."""
    if place.text is None:
        return ""
    word = "declared" if place.declared is not None else word
    line = f"{word} on line {place.text.tree.lines.line_of(place.start) + 1}"
    if place.text is text or not place.text.uri:
        return line
    return f"{line} of {place.text.uri.rpartition('/')[2]}"


def _key_place(tree: Tree, offset: int, symbol: Symbol) -> tuple[int, int]:
    """Where the last key of a symbol stands, or its root when it has no keys."""
    for node in reversed(tree.under(offset)):
        if isinstance(node, MemberNode | MethodCall) and symbol.keys:
            return node.key_start, symbol.end
        if isinstance(node, Index) and symbol.keys:
            return node.key.start, node.key.end
    return symbol.start, symbol.end


def _field_place(tree: Tree, known: Members, offset: int) -> tuple[Path, int, int] | None:
    """The field of a constructor whose name is under the cursor, with its path."""
    if not any(isinstance(node, Table) for node in tree.under(offset)):
        return None
    for path, field in known.around(offset):
        if field.start <= offset <= field.end:
            return path, field.start, field.end
    return None


def of_local(types: Types, text: Text, local: Local, span: tuple[int, int], most: int) -> Hover:
    """What there is to say of a local; ``most`` fields of a table are shown."""
    start, end = span
    known, tree = text.members, text.tree
    value = known.value(local)
    line = f"{local.kind} of line {tree.lines.line_of(local.start) + 1}"
    if local.captured:
        line += ", used by inner functions"
    if isinstance(value, FunctionBody):
        signature, said = of_function(types, text, local.name, value)
        return Hover(start, end, f"local function {signature}", joined(said, line), ())
    said = documented(tree, local.start).text if local.kind == "local" else ""
    if local.kind == "parameter":
        said = _parameter(tree, local)
    attribute = f" <{local.attrib}>" if local.attrib else ""
    real = known.real((local,))
    entry = library(tree.dialect).entry(real)
    if entry is not None:
        said = joined(said, f"`{entry.signature}`" if entry.signature else "", entry.documentation)
    if isinstance(value, Number | String) and value.end - value.start <= 60:
        rest = f" = {value.text}"
    elif real != (local,):
        known_type = "" if entry else written_type(types, text, local, start)
        rest = f"{'' if ': fun(' in known_type else known_type} = {path_text(real)}"
    elif isinstance(value, Table) and (rest := shape(known, real, most)):
        pass
    else:
        rest = "" if said.startswith("`") else written_type(types, text, local, start)
        rest = rest or shape(known, real, most)
    return Hover(start, end, f"local {local.name}{attribute}{rest}", joined(said, line), ())


def _parameter(tree: Tree, local: Local) -> str:
    """What the comment above its function says of a parameter."""
    for node in tree.path(local.start):
        if isinstance(node, FunctionBody) and node.number == local.function:
            for one in documented(tree, node.header).parameters:
                if one.name == local.name:
                    return joined(f"`{one.type}`" if one.type else "", one.text)
    return ""


def of_path(types: Types, text: Text, path: Path, start: int, end: int, most: int) -> Hover:
    """A global, or a field of anything, as far as this text and the library tell."""
    known, tree = text.members, text.tree
    path = known.real(path) if len(path) > 1 else path
    name = path_text(path)
    field = known.field(path)
    if field is not None and field.body is not None:
        if field.body.method:
            name = ":".join(name.rsplit(".", 1))
        signature, said = of_function(types, text, name, field.body)
        line = f"defined on line {tree.lines.line_of(field.start) + 1}"
        return Hover(start, end, f"function {signature}", joined(said, line), ())
    entry = library(tree.dialect).entry(path)
    if entry is not None and field is None:
        signature = entry.signature or f"{name}: {entry.type}"
        return Hover(start, end, signature, entry.documentation, ())
    if field is not None:
        said = documented(tree, field.statement).text
        line = f"set on line {tree.lines.line_of(field.start) + 1}"
        rest = shape(known, path, most)
        if isinstance(field.value, Number | String) and not rest:
            rest = f" = {field.value.text[:60]}"
        rest = rest or typed(types, types.names.of_path(text, path))
        return Hover(start, end, f"{name}{rest}", joined(said, line), ())
    return Hover(start, end, name, "global" if len(path) == 1 else "", ())


def _literal(tree: Tree, offset: int) -> Hover | None:
    path = tree.under(offset)
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

"""The outline of one text, and where a name in it is defined; nothing beyond that text."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple, final

from tidelock.shared.language.annotations import SILENCE, run_above
from tidelock.shared.language.hover import symbol_path
from tidelock.shared.language.members import members, parameters
from tidelock.shared.language.scopes import Label, Local, Reference
from tidelock.shared.syntax.statements import dotted
from tidelock.shared.syntax.tree import (
    Assign,
    Function,
    FunctionBody,
    Global,
    LocalFunction,
    Member,
    NamedField,
    Table,
)
from tidelock.shared.syntax.tree import Local as LocalStatement
from tidelock.shared.unwanted import each

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tidelock.shared.language.members import Members
    from tidelock.shared.syntax.tree import Expression, Node, Tree

OutlineKind = Literal["function", "method", "table", "variable", "constant"]


class Outline(NamedTuple):
    """A function, table or variable worth finding, with those inside it.

    ``start`` and ``end`` cover all of it with the comment above; ``name_start`` and ``name_end``
    are its name. ``detail`` are the parameters of a function.
    """

    name: str
    kind: OutlineKind
    detail: str
    start: int
    end: int
    name_start: int
    name_end: int
    children: tuple[Outline, ...]


@final
class _Entry:
    """An outline before its children are known."""

    __slots__ = ("children", "detail", "end", "kind", "name", "place", "start")

    def __init__(
        self, name: str, kind: OutlineKind, detail: str, start: int, end: int, place: Node
    ) -> None:
        self.name = name
        self.kind = kind
        self.detail = detail
        self.start = start
        self.end = end
        self.place = place
        self.children: list[_Entry] = []


def outline(tree: Tree) -> tuple[Outline, ...]:
    """The functions, methods and tables of a text, and the variables of its main chunk."""
    top: list[_Entry] = []
    made: list[_Entry] = []
    todo: list[tuple[Node, list[_Entry], bool]] = [(tree.body, top, True)]
    while todo:
        node, siblings, main = todo.pop()
        homes: dict[int, list[_Entry]] = {}
        for entry, value in _entries(tree, node, main):
            siblings.append(entry)
            made.append(entry)
            homes[id(value)] = entry.children
        main = main and not isinstance(node, FunctionBody)
        for child in each(reversed(node.children())):
            todo.append((child, homes.get(id(child), siblings), main))
    finished: dict[int, Outline] = {}
    for entry in reversed(made):
        children = tuple(finished[id(child)] for child in entry.children)
        place = entry.place
        name_start = place.key_start if isinstance(place, Member) else place.start
        finished[id(entry)] = Outline(
            entry.name,
            entry.kind,
            entry.detail,
            entry.start,
            entry.end,
            name_start,
            place.end,
            children,
        )
    return tuple(finished[id(entry)] for entry in top)


def _entries(tree: Tree, node: Node, main: bool) -> Iterator[tuple[_Entry, Expression | None]]:
    """What a node defines, with the value whose insides belong to it."""
    if isinstance(node, LocalFunction):
        yield _entry(tree, node, node.name.name, node.name, node.body, node.end), node.body
    elif isinstance(node, Function):
        name = dotted(node.target, node.body.method)
        yield _entry(tree, node, name, node.target, node.body, node.end), node.body
    elif isinstance(node, LocalStatement | Global):
        for place, name_node in enumerate(node.names):
            value = node.values[place] if place < len(node.values) else None
            if name_node.name and (main or isinstance(value, FunctionBody | Table)):
                end = node.end if len(node.names) == 1 else (value or name_node).end
                entry = _entry(tree, node, name_node.name, name_node, value, end)
                if value is not None and _constant(node, place):
                    entry.kind = "constant"
                yield entry, value
    elif isinstance(node, Assign):
        for target, value in zip(node.targets, node.values, strict=False):
            name = dotted(target, False)
            if name and isinstance(value, FunctionBody | Table):
                yield _entry(tree, node, name, target, value, value.end), value
    elif isinstance(node, NamedField) and isinstance(node.value, FunctionBody | Table):
        yield _entry(tree, node, node.name.name, node.name, node.value, node.end), node.value


def _constant(node: LocalStatement | Global, place: int) -> bool:
    own = node.attributes[place] if node.attributes else None
    chosen = own or node.default
    plain = not isinstance(node.values[place], FunctionBody | Table)
    return chosen is not None and chosen.name == "const" and plain


def _entry(
    tree: Tree, node: Node, name: str, place: Node, value: Expression | None, end: int
) -> _Entry:
    start = node.start
    comment = run_above(tree, start)
    if comment is not SILENCE:
        start = tree.lines.starts[tree.lines.line_of(comment.start)]
    kind: OutlineKind = "table" if isinstance(value, Table) else "variable"
    detail = ""
    if isinstance(value, FunctionBody):
        kind = "method" if value.method else "function"
        detail = f"({', '.join(parameters(value))})"
    return _Entry(name or "?", kind, detail, start, end, place)


def definition(tree: Tree, offset: int) -> tuple[int, int] | None:
    """Where the name under the cursor is defined in this text; None when it is not."""
    known = members(tree)
    place = known.scopes.at(offset)
    if isinstance(place, Local | Label):
        return place.start, place.end
    if isinstance(place, Reference) and place.local is not None:
        if place.local.kind != "self":
            return place.local.start, place.local.end
        owner = known.root("self", place.local)
        return _defined(known, owner)
    symbol = symbol_path(tree, offset)
    if symbol is None:
        return None
    holder = known.scopes.local(symbol.root, symbol.start) if symbol.local else None
    return _defined(known, (*known.root(symbol.root, holder), *symbol.keys))


def _defined(known: Members, path: tuple[object, ...]) -> tuple[int, int] | None:
    if len(path) == 1 and isinstance(path[0], Local):
        local = path[0]
        return (local.start, local.end) if local.kind != "self" else None
    field = known.field(known.real(path)) or known.field(path)
    return None if field is None else (field.start, field.end)

"""The outline of one text, and where a name in it is defined; nothing beyond that text."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple, final

from tidelock.shared.language.annotations import SILENCE, run_above, shown
from tidelock.shared.language.hover import symbol_path
from tidelock.shared.language.luacats import tags
from tidelock.shared.language.luacats.written import Word
from tidelock.shared.language.members import members, parameters
from tidelock.shared.language.scopes import Label, Local, Reference
from tidelock.shared.language.sections import cells, regions
from tidelock.shared.language.types.declared import (
    DeclaredAlias,
    DeclaredClass,
    DeclaredEnum,
    declared,
)
from tidelock.shared.syntax.statements import dotted
from tidelock.shared.syntax.tree import (
    Assign,
    Constant,
    Function,
    FunctionBody,
    Global,
    LocalFunction,
    Member,
    Missing,
    Name,
    NamedField,
    Number,
    String,
    Table,
    Vararg,
)
from tidelock.shared.syntax.tree import Local as LocalStatement
from tidelock.shared.unwanted import each

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tidelock.shared.language.members import Members
    from tidelock.shared.language.sections import Section
    from tidelock.shared.language.types.declared import Declaration
    from tidelock.shared.syntax.tree import Expression, Node, Tree

OutlineKind = Literal[
    "function",
    "method",
    "table",
    "variable",
    "constant",
    "class",
    "enum",
    "alias",
    "field",
    "member",
    "cell",
    "region",
]


class Outline(NamedTuple):
    """A function, table, variable, type or part of a text worth finding, with those inside it.

    ``start`` and ``end`` cover all of it with the comment above; ``name_start`` and ``name_end``
    are its name. ``detail`` are the parameters of a function, the type of an alias or a field.
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

    __slots__ = ("children", "declared", "detail", "end", "kind", "name", "place", "start")

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
        self.declared: Declaration | None = None


_DEFINING = frozenset((LocalFunction, Function, LocalStatement, Global, Assign, NamedField))
_LEAVES = frozenset((Name, String, Number, Constant, Missing, Vararg))


def outline(tree: Tree) -> tuple[Outline, ...]:
    """The functions, methods and tables of a text, and the variables of its main chunk.

    Annotated classes, aliases and enums are among them, under the variable below if there is one;
    cells and regions hold what stands in them.
    """
    types = {
        one.run.start + one.tag.start: one
        for found in declared(tree).names.values()
        for one in found
    }
    top: list[_Entry] = []
    made: list[_Entry] = []
    todo: list[tuple[Node, list[_Entry], bool]] = [(tree.body, top, True)]
    while todo:
        node, siblings, main = todo.pop()
        homes: dict[int, list[_Entry]] = {}
        if type(node) in _DEFINING:
            for entry, value in _entries(tree, node, main):
                if types:
                    _declare(tree, node, entry, value, types)
                siblings.append(entry)
                made.append(entry)
                homes[id(value)] = entry.children
        main = main and type(node) is not FunctionBody
        for child in each(reversed(node.children())):
            if type(child) not in _LEAVES:
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
            (*_parts(entry.declared), *children),
        )
    own = [finished[id(entry)] for entry in top]
    own += [_declaration(tree, one) for one in types.values()]
    return divided(tree, sorted(own, key=lambda one: one.name_start) if types else own)


def _declare(
    tree: Tree,
    node: Node,
    entry: _Entry,
    value: Expression | None,
    types: dict[int, Declaration],
) -> None:
    """Make of a variable the class or enum that the comment above it declares."""
    if isinstance(node, LocalStatement | Global):
        is_first = node.names[0] is entry.place
    else:
        is_first = isinstance(node, Assign) and node.targets[0] is entry.place
    if not is_first:
        return
    run = run_above(tree, node.start)
    said = [one for one in run.block.items if isinstance(one, tags.Class | tags.Alias | tags.Enum)]
    found = types.get(run.start + said[-1].start) if said else None
    if isinstance(found, DeclaredClass):
        entry.kind = "class"
    elif isinstance(found, DeclaredEnum) and isinstance(value, Table):
        entry.kind = "enum"
    else:
        return
    name = found.tag.name.text
    entry.detail = "" if name == entry.name else name
    entry.declared = types.pop(found.run.start + found.tag.start)


def _declaration(tree: Tree, found: Declaration) -> Outline:
    """A type that no variable stands for."""
    run, tag = found.run, found.tag
    detail = ""
    kind: OutlineKind = "class" if isinstance(found, DeclaredClass) else "enum"
    if isinstance(found, DeclaredAlias):
        kind = "alias"
        detail = "" if found.tag.type is None else shown(run.raw, found.tag.type)
    parts = _parts(found)
    start = run.start + tag.start
    start = max(run.start, tree.lines.starts[tree.lines.line_of(start)])
    end = max([run.start + tag.end, *(one.end for one in parts)])
    name = run.start + tag.name.start, run.start + tag.name.end
    return Outline(tag.name.text, kind, detail, start, end, *name, parts)


def _parts(found: Declaration | None) -> tuple[Outline, ...]:
    """The fields of a class, or the plain values of an enum."""
    made: list[Outline] = []
    if isinstance(found, DeclaredClass):
        run = found.run
        for field in found.fields:
            key, tag = field.tag.key, field.tag
            if isinstance(key, Word):
                made.append(
                    Outline(
                        key.text,
                        "field",
                        shown(run.raw, tag.type),
                        run.start + tag.start,
                        run.start + tag.end,
                        run.start + key.start,
                        run.start + key.end,
                        (),
                    )
                )
    elif isinstance(found, DeclaredEnum) and found.table is not None:
        for one in found.table.fields:
            if isinstance(one, NamedField) and not isinstance(one.value, FunctionBody | Table):
                name = one.name.start, one.name.end
                made.append(Outline(one.name.name, "member", "", one.start, one.end, *name, ()))
    return tuple(made)


def divided(tree: Tree, found: list[Outline]) -> tuple[Outline, ...]:
    """What a text has, in the cells and regions it stands in; one that cuts another is none."""
    parts = _sections(tree, found)
    if not parts:
        return tuple(found)
    inside: dict[int, list[Outline]] = {at: [] for at in range(-1, len(parts))}

    def home(start: int, end: int, below: int) -> int:
        """The innermost part around a stretch, of those before one."""
        around = (at for at in range(below - 1, -1, -1)
                  if parts[at].start <= start and end <= parts[at].end)  # fmt: skip
        return next(around, -1)

    for one in found:
        at = home(one.name_start, one.end, len(parts))
        start = one.start
        if at >= 0 and start < parts[at].head:  # the comment above it begins with the part's own
            start = min(parts[at].head + 1, one.name_start)
        inside[at].append(one._replace(start=start))
    for at in range(len(parts) - 1, -1, -1):
        part = parts[at]
        children = tuple(sorted(inside[at], key=lambda one: one.name_start))
        name = part.name or ("Cell" if part.kind == "cell" else "Region")
        span = part.start, part.end, part.start, part.head
        made = Outline(name, part.kind, "", *span, children)
        inside[home(part.start, part.end, at)].append(made)
    return tuple(sorted(inside[-1], key=lambda one: one.name_start))


def _sections(tree: Tree, found: list[Outline]) -> list[Section]:
    """The cells and regions that cut nothing in two, the outer ones first."""
    begun = [one for one in cells(tree.text) if not _is_inside(one.start, found)]
    ends = [*(one.start for one in begun), len(tree.text)][1:]
    wanted = [one._replace(end=end) for one, end in zip(begun, ends, strict=True)]
    wanted += [
        one
        for one in regions(tree)
        if not _is_inside(one.start, found) and not _is_inside(one.end, found)
    ]
    kept: list[Section] = []
    around: list[Section] = []
    for one in sorted(wanted, key=lambda one: (one.start, -one.end)):
        while around and around[-1].end <= one.start:
            around.pop()
        if not around or one.end <= around[-1].end:
            kept.append(one)
            around.append(one)
    return kept


def _is_inside(offset: int, found: list[Outline]) -> bool:
    """Whether an offset is in the code of something."""
    return any(one.name_end <= offset < one.end for one in found)


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

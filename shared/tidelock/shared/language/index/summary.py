"""What one text offers to the others, found in one look at its tree and without inference.

A summary is plain values that can be stored. Places are lines and columns from zero, columns in
code points.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from tidelock.shared.language.annotations import documented, signature
from tidelock.shared.language.index.words import lines, words
from tidelock.shared.language.members import members, parameters
from tidelock.shared.language.mentions import type_names
from tidelock.shared.language.paths import Path, constant, path_text
from tidelock.shared.language.scopes import Local, resolve
from tidelock.shared.language.types.declared import DeclaredAlias, DeclaredClass, declared
from tidelock.shared.syntax.tokens import STRING
from tidelock.shared.syntax.tree import (
    Call,
    FunctionBody,
    LocalFunction,
    Name,
    NamedField,
    Return,
    String,
    Table,
)

if TYPE_CHECKING:
    from tidelock.shared.language.members import Field, Members
    from tidelock.shared.language.scopes import Scopes
    from tidelock.shared.model import Dialect
    from tidelock.shared.syntax.tree import Expression, Tree

FORMAT = "5"
"""Changes whenever a summary of the same text would be another one."""

SymbolKind = Literal["function", "method", "table", "variable", "class", "alias", "enum"]
Reach = Literal["global", "export", "local"]
_DOCUMENTATION = 600
_DEEPEST = 4
_LONGEST = 40
_QUOTES = frozenset("\"'")


class Symbol(NamedTuple):
    """Something worth finding by its name.

    ``container`` is the table or class it belongs to; ``reach`` says who else can name it: every
    text, those that require this one, or nobody. ``signature`` is how a function is called.
    """

    name: str
    kind: SymbolKind
    container: str
    reach: Reach
    line: int
    column: int
    signature: str = ""
    documentation: str = ""


class Place(NamedTuple):
    """A name of a module, and where it stands."""

    name: str
    line: int
    column: int


class Uses(NamedTuple):
    """Where a text names a global, as offsets; ``writes`` are assignments and declarations."""

    reads: tuple[int, ...]
    writes: tuple[int, ...]


NO_USES = Uses((), ())


class Summary(NamedTuple):
    """One text as the others need to know it.

    ``sets`` are names of globals, ``uses`` the places where globals are named; ``is_dynamic`` says
    that it may set any other, by a computed key, ``setfenv``, ``module`` or a metatable of ``_G``.
    ``declares`` are classes,
    aliases and enums, ``requires`` what it asks for by a constant name, ``preloads`` the modules
    it puts into ``package.preload``, ``paths`` what it adds to ``package.path``. ``words`` are all
    names and name-like strings, each between line ends, ``types`` the names of types that comments
    use or declare, in the same form. In a text that ``is_ascii`` columns are the
    same in every encoding. One that ``is_module`` ends with a value for those that require it.
    """

    symbols: tuple[Symbol, ...] = ()
    sets: tuple[str, ...] = ()
    uses: dict[str, Uses] = {}  # noqa: RUF012 - never changed
    declares: tuple[str, ...] = ()
    requires: tuple[Place, ...] = ()
    preloads: tuple[Place, ...] = ()
    paths: tuple[str, ...] = ()
    words: str = "\n"
    types: str = "\n"
    is_dynamic: bool = False
    is_ascii: bool = True
    is_module: bool = False

    @property
    def reads(self) -> tuple[str, ...]:
        """The globals that it reads."""
        return tuple(name for name, uses in self.uses.items() if uses.reads)

    def names(self, word: str) -> bool:
        """Whether a word occurs as a name or a key."""
        return f"\n{word}\n" in self.words

    def names_type(self, name: str) -> bool:
        """Whether a comment uses or declares a type of this name."""
        return f"\n{name}\n" in self.types


def summary_of(stored: list[Any]) -> Summary:
    """A summary from what became of it as JSON."""
    symbols, sets, uses, declares, requires, preloads, paths, words, types, *flags = stored
    return Summary(
        tuple(Symbol(*one) for one in symbols),
        tuple(sets),
        {name: Uses(tuple(reads), tuple(writes)) for name, (reads, writes) in uses.items()},
        tuple(declares),
        tuple(Place(*one) for one in requires),
        tuple(Place(*one) for one in preloads),
        tuple(paths),
        str(words),
        str(types),
        *map(bool, flags),
    )


def summarize(text: str, dialect: Dialect) -> Summary:
    """The summary of a text; whatever it is, this never raises."""
    from tidelock.shared.syntax.parser import parse_bounded

    tree = parse_bounded(text, dialect)
    try:
        return summary(tree)
    finally:
        tree.forget()


def summary(tree: Tree) -> Summary:
    """The summary of a tree, made at the first call."""
    return tree.once("summary", _summary)


def sets(tree: Tree) -> tuple[str, ...]:
    """The globals that a text sets, found at the first call."""
    return tree.once("sets", _sets)


def _sets(tree: Tree) -> tuple[str, ...]:
    scopes = resolve(tree)
    found = dict.fromkeys(scopes.global_names())
    known = members(tree)
    found.update(dict.fromkeys(known.globals_through("_G")))
    found.update((key, None) for key in known.fields(("_ENV",)) if isinstance(key, str))
    found.update(dict.fromkeys(key for key in _raw_keys(tree) if isinstance(key, str)))
    return tuple(found)


def _summary(tree: Tree) -> Summary:
    known = members(tree)
    scopes = known.scopes
    return Summary(
        tuple(_symbols(known)),
        sets(tree),
        _uses(scopes),
        tuple(declared(tree).names),
        requires(tree),
        preloads(tree),
        paths(tree),
        words(tree.tokens.texts),
        lines(type_names(tree)),
        is_dynamic(tree),
        tree.text.isascii(),
        _last_return(tree) is not None,
    )


# -- symbols -----------------------------------------------------------------------------------


def _symbols(known: Members) -> Iterator[Symbol]:
    tree = known.tree
    exported = _exported(known)
    place = tree.lines.place
    for name, declarations in declared(tree).names.items():
        for one in declarations:
            kind: SymbolKind = "class" if isinstance(one, DeclaredClass) else "enum"
            kind = "alias" if isinstance(one, DeclaredAlias) else kind
            where = place(one.run.start + one.tag.name.start)
            text = one.text if isinstance(one, DeclaredClass) else ""
            yield Symbol(name, kind, "", "global", *where, "", text[:_DOCUMENTATION])
    for path, field in known.all():
        if len(path) > _DEEPEST or not isinstance(field.key, str):
            continue
        reach = _reach(known, path, exported)
        is_plain = field.body is None and not isinstance(field.value, Table)
        if reach == "local" and (is_plain or not _is_outer(path[0])):
            continue
        if is_plain and len(path) > 1 and reach == "global":
            continue
        yield _field(known, path, field, reach)
    for statement in tree.body.statements:
        if isinstance(statement, LocalFunction) and statement.name.name:
            own = statement.name
            reach = "export" if exported == (known.scopes.meaning(own.start),) else "local"
            said = _told(tree, own.name, statement.body, statement.start)
            yield Symbol(own.name, "function", "", reach, *place(own.start), *said)
        elif isinstance(statement, Return) and statement.values:
            yield from _returned(known, statement.values[0])
    for path in known.all_metas():
        holder = path[0]
        if len(path) == 1 and isinstance(holder, Local) and _is_outer(holder):
            reach = "export" if path == exported else "local"
            yield Symbol(holder.name, "class", "", reach, *place(holder.start))


def _field(known: Members, path: Path, field: Field, reach: Reach) -> Symbol:
    tree = known.tree
    kind: SymbolKind = "table" if isinstance(field.value, Table) else "variable"
    said = ("", "")
    holder = path_text(path[:-1]) if len(path) > 1 else ""
    if field.body is not None:
        kind = "method" if field.method else "function"
        sign = ":" if field.body.method else "."
        name = f"{holder}{sign}{field.key}" if holder else str(field.key)
        said = _told(tree, name, field.body, field.statement)
    elif known.metas(path):
        kind = "class"
    return Symbol(str(field.key), kind, holder, reach, *tree.lines.place(field.start), *said)


def _told(tree: Tree, name: str, body: FunctionBody, statement: int) -> tuple[str, str]:
    """How a function is called and what its comment says."""
    names = parameters(body)
    tokens = tree.tokens
    before = bisect_left(tokens.starts, statement) - 1
    if tree.text.find("--", tokens.ends[before] if before >= 0 else 0, statement) < 0:
        return signature(name, names), ""
    known = documented(tree, statement)
    return signature(name, names, known), known.text[:_DOCUMENTATION]


def _is_outer(root: object) -> bool:
    """Whether a root is a global, or a local of the main chunk."""
    return isinstance(root, str) or (isinstance(root, Local) and root.function == 0)


def _reach(known: Members, path: Path, exported: Path | None) -> Reach:
    if isinstance(path[0], str):
        return "global"
    return "export" if exported is not None and path[: len(exported)] == exported else "local"


def _last_return(tree: Tree) -> Expression | None:
    statements = tree.body.statements
    last = statements[-1] if statements else None
    return last.values[0] if isinstance(last, Return) and last.values else None


def _exported(known: Members) -> Path | None:
    """The path of the table that the text returns: ``return M``, ``return setmetatable(M, …)``."""
    value = _last_return(known.tree)
    while isinstance(value, Call) and value.arguments:
        if not isinstance(value.function, Name) or value.function.name != "setmetatable":
            return None
        value = value.arguments[0]
    return None if value is None else known.path(value)


def _returned(known: Members, value: Expression) -> Iterator[Symbol]:
    """The fields of a table that is written out in the ``return`` itself."""
    tree = known.tree
    if not isinstance(value, Table):
        return
    for item in value.fields:
        if not isinstance(item, NamedField):
            continue
        name, body = item.name.name, item.value
        where = tree.lines.place(item.name.start)
        if isinstance(body, FunctionBody):
            said = _told(tree, name, body, item.start)
            yield Symbol(name, "function", "", "export", *where, *said)
        else:
            kind: SymbolKind = "table" if isinstance(body, Table) else "variable"
            yield Symbol(name, kind, "", "export", *where)


# -- names and modules -------------------------------------------------------------------------


def _uses(scopes: Scopes) -> dict[str, Uses]:
    found: dict[str, Uses] = {}
    for name, references in scopes.globals.items():
        own = [one for one in references if one.environment is None]
        reads = tuple(one.start for one in own if not one.write)
        writes = tuple(one.start for one in own if one.write)
        if name and own:
            found[name] = Uses(reads, writes)
    for one in scopes.declared:
        if one.name:
            before = found.get(one.name, NO_USES)
            found[one.name] = Uses(before.reads, (*before.writes, one.start))
    return found


def _raw_keys(tree: Tree) -> Iterator[object]:
    """The keys of ``rawset(_G, key, value)``; None for one that is computed."""
    for use in resolve(tree).global_uses("rawset"):
        for node in tree.path(use.start):
            if not isinstance(node, Call) or node.function.start != use.start:
                continue
            table, key = (*node.arguments, None, None)[:2]
            if isinstance(table, Name) and table.name in ("_G", "_ENV") and key is not None:
                yield constant(key)


def is_dynamic(tree: Tree) -> bool:
    """Whether a text may set any global, by a computed key, ``setfenv``, ``module`` or so."""
    scopes = resolve(tree)
    if scopes.global_uses("setfenv") or scopes.global_uses("module"):
        return True
    if None in _raw_keys(tree):
        return True
    known = members(tree)
    return any(
        known.metas(path) or any(one.key is not None for one in known.elements(path))
        for path in (("_G",), ("_ENV",))
    )


def requires(tree: Tree) -> tuple[Place, ...]:
    """The modules that a text asks for by a constant name."""
    return tree.once("requires", lambda tree: tuple(_requires(tree)))


def _requires(tree: Tree) -> Iterator[Place]:
    tokens = tree.tokens
    for reference in resolve(tree).global_uses("require"):
        index = bisect_left(tokens.starts, reference.start) + 1
        if tokens.kinds[index] == "(" and tokens.kinds[index + 2] == ")":
            index += 1
        if tokens.kinds[index] == STRING:
            start = tokens.starts[index]
            name = String(start, tokens.ends[index], tokens.texts[index], tree.dialect).value
            yield Place(name, *tree.lines.place(start))


def preloads(tree: Tree) -> tuple[Place, ...]:
    """The modules that a text puts into ``package.preload``."""
    found = members(tree).fields(("package", "preload")).items()
    places = ((key, tree.lines.place(fields[0].start)) for key, fields in found)
    return tuple(Place(key, *place) for key, place in places if isinstance(key, str))


def paths(tree: Tree) -> tuple[str, ...]:
    """The templates in the constant parts of assignments to ``package.path``."""
    return tuple(_paths(members(tree)))


def _paths(known: Members) -> Iterator[str]:
    for field in known.fields(("package",)).get("path", ()):
        if field.value is None:
            continue
        todo: list[Any] = [field.value]
        while todo:
            node = todo.pop()
            if isinstance(node, String):
                yield from (part for part in node.value.split(";") if "?" in part)
            todo.extend(reversed(node.children()))

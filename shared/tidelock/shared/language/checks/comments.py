"""What is wrong with annotations whose form is right: names that mean nothing, or two things."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, TypeVar

from tidelock.shared.language.annotations import runs
from tidelock.shared.language.checks.codes import NAMED, UNCHECKED
from tidelock.shared.language.luacats import tags
from tidelock.shared.language.luacats.written import (
    Named,
    TypeVariable,
    Word,
    WrittenFunction,
)
from tidelock.shared.language.luacheck import OPTIONS, options
from tidelock.shared.language.scopes import resolve
from tidelock.shared.language.stdlib import library
from tidelock.shared.language.types.declared import (
    DeclaredAlias,
    DeclaredClass,
    declared,
    function_below,
)
from tidelock.shared.language.types.kinds import BASICS
from tidelock.shared.model import Problem

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from tidelock.shared.language.annotations import Run
    from tidelock.shared.language.types.inference import Types
    from tidelock.shared.language.types.texts import Text

T = TypeVar("T")

_CHAIN = 30


def comments(types: Types, text: Text) -> Iterator[Problem]:
    """The problems of the annotations of a text."""
    variables = {
        one.name.text
        for run in runs(text.tree)
        for item in run.block.items
        for one in _parts(item, TypeVariable)
    }
    yield from _luacheck(text)
    for run in runs(text.tree):
        yield from _parameters(text, run)
        yield from _fields(run)
        for item in run.block.items:
            if isinstance(item, tags.Class):
                yield from _parents(types, text, run, item)
            if isinstance(item, tags.Alias):
                yield from _alias(types, text, run, item)
            if isinstance(item, tags.Cast):
                yield from _cast(text, run, item)
            if isinstance(item, tags.Diagnostic):
                yield from _codes(run, item)
            parents = item.parents if isinstance(item, tags.Class) else ()
            for named in _parts(item, Named):
                name = named.name
                if named in parents or name.text in variables or _is_known(types, text, name.text):
                    continue
                near = _nearest(name.text, _types(text))
                hint = f"; did you mean '{near}'?" if near else ""
                message = f"'{name.text}' is no type{hint}"
                yield _problem("undefined-doc-name", run, name, message, near)


def _problem(code: str, run: Run, word: Word, message: str, instead: str = "") -> Problem:
    start, end = run.start + word.start, run.start + word.end
    return Problem(code, "warning", start, end, message, instead=instead)


def _parts(item: object, kind: type[T]) -> Iterator[T]:
    """The parts of a tag that are of one kind, at any depth."""
    todo: list[object] = [item]
    while todo:
        one = todo.pop()
        if isinstance(one, kind):
            yield one
        if isinstance(one, tuple):
            todo.extend(one)


def _is_known(types: Types, text: Text, name: str) -> bool:
    return (
        name in BASICS
        or name == "type"
        or name.endswith("lib")
        or bool(types.meanings.declarations(name, text))
    )


# -- parameters and fields ---------------------------------------------------------------------


def _parameters(text: Text, run: Run) -> Iterator[Problem]:
    words = [item.name for item in run.block.items if isinstance(item, tags.Param)]
    if not words:
        return
    seen: set[str] = set()
    for word in words:
        if word.text in seen:
            message = f"parameter '{word.text}' is described twice"
            yield _problem("duplicate-doc-param", run, word, message)
        seen.add(word.text)
    body = function_below(text.tree, run)
    if body is None:
        return
    names = [one.name for one in body.parameters]
    names += ["self"] * body.method + ["..."] * (body.vararg is not None)
    for word in words:
        if word.text not in names:
            near = _nearest(word.text, [one for one in names if one not in seen])
            hint = f"; did you mean '{near}'?" if near else ""
            message = f"the function has no parameter '{word.text}'{hint}"
            yield _problem("undefined-doc-param", run, word, message, near)


def _types(text: Text) -> Iterator[str]:
    """The types that may be meant: Lua's own, and those that the text declares."""
    yield from sorted(BASICS)
    yield from declared(text.tree).names


def _nearest(word: str, names: Iterable[str]) -> str:
    found = difflib.get_close_matches(word, list(names), 1, 0.7)
    return found[0] if found else ""


def _fields(run: Run) -> Iterator[Problem]:
    known: dict[str, tags.Field] | None = None
    for item in run.block.items:
        if isinstance(item, tags.Class):
            known = {}
        elif isinstance(item, tags.Alias | tags.Enum):
            known = None
        elif isinstance(item, tags.Field) and isinstance(item.key, Word):
            word = item.key
            if known is None:
                message = f"field '{word.text}' has no '@class' above it"
                yield _problem("doc-field-no-class", run, word, message)
                continue
            before = known.setdefault(word.text, item)
            are_functions = isinstance(item.type, WrittenFunction) and isinstance(
                before.type, WrittenFunction
            )
            if before is not item and not are_functions:
                message = f"field '{word.text}' is described twice"
                yield _problem("duplicate-doc-field", run, word, message)


# -- declarations ------------------------------------------------------------------------------


def _parents(types: Types, text: Text, run: Run, item: tags.Class) -> Iterator[Problem]:
    name = item.name.text
    for parent in item.parents:
        if not isinstance(parent, Named):
            continue
        word = parent.name
        if not _is_known(types, text, word.text):
            near = _nearest(word.text, declared(text.tree).names)
            hint = f"; did you mean '{near}'?" if near and near != name else ""
            message = f"class '{word.text}' is declared nowhere{hint}"
            yield _problem("undefined-doc-class", run, word, message, near if hint else "")
        elif _descends(types, text, word.text, name):
            message = f"class '{name}' is a parent of its own parent '{word.text}'"
            yield _problem("circle-doc-class", run, word, message)


def _descends(types: Types, text: Text, name: str, wanted: str) -> bool:
    """Whether a class is another, or has it among its ancestors."""
    todo, seen = [name], set[str]()
    while todo and len(seen) < _CHAIN:
        one = todo.pop()
        if one == wanted:
            return True
        if one in seen:
            continue
        seen.add(one)
        for _, declaration in types.meanings.declarations(one, text):
            if isinstance(declaration, DeclaredClass):
                todo += [up.name.text for up in declaration.tag.parents if isinstance(up, Named)]
    return False


def _alias(types: Types, text: Text, run: Run, item: tags.Alias) -> Iterator[Problem]:
    name = item.name
    for where, other in types.meanings.declarations(name.text, text):
        if not isinstance(other, DeclaredAlias) or where.library is not None:
            continue
        is_before = where is text and other.run.start + other.tag.start < run.start + item.start
        if is_before or (where is not text and where.uri < text.uri):
            message = f"alias '{name.text}' is declared already"
            yield _problem("duplicate-doc-alias", run, name, message)
            return


def _cast(text: Text, run: Run, item: tags.Cast) -> Iterator[Problem]:
    name = item.name.text.partition(".")[0]
    scopes = resolve(text.tree)
    if scopes.local(name, run.start + item.start) is not None or name in scopes.globals:
        return
    if library(text.dialect).entry((name,)) is None:
        yield _problem("unknown-cast-variable", run, item.name, f"'{name}' is no variable here")


def _codes(run: Run, item: tags.Diagnostic) -> Iterator[Problem]:
    """Codes that are nearly one of ours; any other may be that of a user's rule."""
    for word in item.names:
        if word.text in NAMED or word.text in UNCHECKED:
            continue
        found = difflib.get_close_matches(word.text, NAMED, 1, 0.8)
        if found:
            message = f"'{word.text}' is no code; did you mean '{found[0]}'?"
            yield _problem("unknown-diag-code", run, word, message, found[0])


def _luacheck(text: Text) -> Iterator[Problem]:
    """Words in ``-- luacheck:`` that are nearly an option; all others are luacheck's to judge."""
    for option in (one for comment in options(text.tree) for one in comment if not one.name):
        found = difflib.get_close_matches(option.word, OPTIONS, 1, 0.8)
        if found:
            end = option.start + len(option.word)
            message = f"'{option.word}' is no option of luacheck; did you mean '{found[0]}'?"
            code = "unknown-diag-code"
            yield Problem(code, "warning", option.start, end, message, instead=found[0])

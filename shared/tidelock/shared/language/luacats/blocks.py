"""Runs of comments read as LuaCATS: line by line, tags and text.

``read_block`` takes the comments as they stand in the text. It never raises and gives up no line
because of another: what is malformed is kept as far as it can be read, with a ``Fault``. Tags that
other tools know are passed over. All offsets count from the start of the run.

The file is long because it is the one list of how each tag is written.
"""

from __future__ import annotations

import re
from difflib import get_close_matches
from functools import lru_cache
from typing import TYPE_CHECKING, Literal, NamedTuple, cast

from tidelock.shared.language.luacats.reader import TypeReader
from tidelock.shared.language.luacats.tags import (
    Alias,
    As,
    Cast,
    Change,
    Class,
    Diagnostic,
    Enum,
    Field,
    Generic,
    Mark,
    Module,
    Operator,
    Overload,
    Param,
    Result,
    Return,
    Tag,
    Text,
    TypeOf,
    Vararg,
    Version,
    Visibility,
)
from tidelock.shared.language.luacats.written import (
    Either,
    Fault,
    Unreadable,
    Word,
    Written,
    WrittenFunction,
)
from tidelock.shared.model import DIALECTS, Dialect

if TYPE_CHECKING:
    from collections.abc import Callable


class Block(NamedTuple):
    """What a run of comments says, line by line, and what is wrong with it."""

    items: tuple[Text | Tag, ...]
    faults: tuple[Fault, ...]


_MARKS = """
async deprecated meta nodiscard package private protected public see source
"""
_FOREIGN = """
accessor attribute builtin export flag interface internal language mapping mutable namespace other
overwrite readonly return_cast return_overload schema type_guard using visibility
article author classmod comment copyright description example factory feature file function int
license local lfunction list metamethod name number pragma raise release script section set sort
static string submodule summary tab table tag tfield thread todo topic tparam treturn types unused
usage within
"""
KNOWN = frozenset((*_MARKS.split(), *_FOREIGN.split()))
"""Words without parts: ours, then those of EmmyLua, LDoc and LuaDoc, which mean nothing here."""

_OPERATORS = """
add sub mul div mod pow unm idiv band bor bxor bnot shl shr concat len call
eq lt le index newindex
"""
OPERATORS = frozenset(_OPERATORS.split())
ACTIONS = ("disable", "disable-line", "disable-next-line", "enable")

_LINE = re.compile(r"[^\r\n]*")
_OPENING = re.compile(r"[ \t]*--(?:(\[=*\[)|-*)")
_TAG = re.compile(r"[ \t]*@(\w+)[ \t]*")
_ATTRIBUTE = re.compile(r"[ \t]*@\[")
_OPTION = re.compile(r"[ \t]*\|[>+]*[ \t]*(?=[^\s|])")
_MANNER = re.compile(r"\(([\w, \t]*)\)[ \t]*")
_PARAMETER = re.compile(r"[ \t]*(\.\.\.|[^\W\d]\w*)(\??)")
_FIELD = re.compile(r"[ \t]*([^\W\d][\w\-]*|\d+)(\??)")
_VISIBILITY = re.compile(r"[ \t]*(public|protected|private|package)[ \t]+(?=\[|\S+[ \t]+[^\s#@])")
_VARIABLE = re.compile(r"[ \t]*([^\W\d]\w*(?:\.\w+)*)")
_RESULT = re.compile(r"[ \t]*(\.\.\.|[^\W\d]\w*)(?=[ \t,#]|\Z)")
_WORD = re.compile(r"[ \t]*([\w\-]+)")
_QUOTED = re.compile(r"[ \t]*([\"'])([^\"'\r\n]*)\1")
_VERSION = re.compile(r"[ \t]*([<>]?=?)[ \t]*(5\.\d|JIT|jit|LuaJIT)(?![\w.])")
_NUMBERED: list[Dialect] = [dialect for dialect in DIALECTS if dialect != "luajit"]


class _Line(NamedTuple):
    """A line of a comment: where its content begins and ends, and whether tags may stand in it."""

    start: int
    end: int
    is_doc: bool
    is_strict: bool


@lru_cache(maxsize=4096)
def read_block(raw: str) -> Block:
    """Read comments as they stand in a text, from the first dash to the end of the last line."""
    items: list[Text | Tag] = []
    faults: list[Fault] = []
    done = 0
    for line in _lines(raw) if raw else ():
        if line.end <= done and done:
            continue
        if line.is_doc and (tag := _TAG.match(raw, line.start, line.end)):
            reader = TypeReader(raw, tag.end(), line.end, len(raw))
            start = tag.start(1) - 1
            found = _READERS.get(tag[1], _mark)(reader, start, tag[1])
            if isinstance(found, Fault):
                reader.faults.append(found)
                found = Mark(start, reader.end, tag[1], "")
            items.append(found)
            done = reader.end
            if line.is_strict:
                faults += reader.faults
        elif line.is_doc and (option := _OPTION.match(raw, line.start, line.end)):
            reader = TypeReader(raw, option.end(), line.end, len(raw))
            if not _continued(items, reader):
                items.append(_text(raw, line))
            elif line.is_strict:
                faults += reader.faults
            done = reader.end
        elif not (line.is_doc and _ATTRIBUTE.match(raw, line.start, line.end)):
            items.append(_text(raw, line))
    for item in items:
        if isinstance(item, Alias) and item.type is None:
            faults.append(Fault(item.start, item.end, "'@alias' needs a type behind its name"))
    return Block(tuple(items), tuple(faults))


def _text(raw: str, line: _Line) -> Text:
    return Text(line.start, line.end, raw[line.start : line.end].removeprefix(" ").rstrip())


def _lines(raw: str) -> list[_Line]:
    """The lines of the comments, without their dashes and brackets."""
    found: list[_Line] = []
    at = 0
    closer = ""
    is_strict = False
    while at <= len(raw):
        line = _LINE.match(raw, at)
        assert line is not None
        start, end = line.span()
        if not closer:
            opening = _OPENING.match(raw, start, end)
            if opening is not None and opening[1]:
                closer = "]" + "=" * (len(opening[1]) - 2) + "]"
                is_strict = raw.startswith("@", opening.end())
                start = opening.end()
            else:
                start = opening.end() if opening else start
                is_doc = opening is not None and opening[0].lstrip() == "---"
                found.append(_Line(start, end, is_doc, True))
                at = _next(raw, end)
                continue
        place = raw.find(closer, start, end)
        last = end if place < 0 else place
        content = raw[start:last].strip()
        if content or (found and place < 0):
            begin = start + len(raw[start:last]) - len(raw[start:last].lstrip())
            found.append(_Line(min(begin, last), last, True, is_strict))
        if place >= 0:
            closer = ""
        at = _next(raw, end)
    return found


def _next(raw: str, end: int) -> int:
    if raw.startswith("\r\n", end):
        return end + 2
    return end + 1


def _continued(items: list[Text | Tag], reader: TypeReader) -> bool:
    """Add a line such as ``| "r" # to read`` to the type of the tag before it."""
    before = items[-1] if items else None
    if not isinstance(before, Alias | Param | Field | Return | TypeOf):
        return False
    option = reader.type()
    text = reader.rest()
    if isinstance(before, Return):
        *first, last = before.results
        whole = _joined(last.type, option)
        items[-1] = before._replace(results=(*first, last._replace(type=whole)), end=reader.end)
    elif isinstance(before, TypeOf):
        *others, kind = before.types
        items[-1] = before._replace(types=(*others, _joined(kind, option)), end=reader.end)
    else:
        whole = _joined(before.type, option)
        items[-1] = before._replace(type=whole, end=reader.end)
    if text:
        shown = reader.text[option.start : option.end]
        last_item = cast("Alias | Param | Field | Return | TypeOf", items[-1])
        lines = f"{last_item.text}\n- `{shown}`: {text}".lstrip("\n")
        items[-1] = last_item._replace(text=lines)
    return True


def _joined(before: Written | None, option: Written) -> Written:
    if before is None or isinstance(before, Unreadable):
        return option
    options = before.options if isinstance(before, Either) else (before,)
    return Either(before.start, option.end, (*options, option))


def _missing(reader: TypeReader, start: int, word: str, what: str) -> Fault:
    return Fault(start, reader.end, f"'@{word}' needs {what}")


def _manner(reader: TypeReader) -> frozenset[str]:
    found = reader.match(_MANNER)
    return frozenset(re.findall(r"\w+", found[1])) if found else frozenset()


def _class(reader: TypeReader, start: int, word: str) -> Tag | Fault:
    manner = _manner(reader)
    name = reader.word()
    if name is None:
        return _missing(reader, start, word, "the name of a class")
    variables = reader.variables()
    parents: list[Written] = []
    if reader.sign(":"):
        parents.append(reader.type())
        while reader.sign(","):
            parents.append(reader.type())
    exact, partial = "exact" in manner, "partial" in manner
    text = reader.rest()
    return Class(start, reader.end, name, variables, tuple(parents), exact, partial, text)


def _field(reader: TypeReader, start: int, word: str) -> Tag | Fault:
    found = reader.match(_VISIBILITY)
    visibility = cast("Visibility", found[1] if found else "public")
    reader.space()
    key: Word | Written
    if reader.peek() == "[":
        opener = reader.open()
        key = reader.type()
        reader.close(opener, "]")
        is_optional = reader.sign("?")
    elif found := reader.match(_FIELD):
        key = Word(found.start(1), found.end(1), found[1])
        is_optional = found[2] == "?"
    else:
        return _missing(reader, start, word, "a name and a type")
    reader.sign(":")
    written = reader.type()
    return Field(start, reader.end, visibility, key, is_optional, written, reader.rest())


def _alias(reader: TypeReader, start: int, word: str) -> Tag | Fault:
    name = reader.word()
    if name is None:
        return _missing(reader, start, word, "a name and a type")
    variables = reader.variables()
    reader.space()
    written = reader.type() if reader.peek() not in ("", "#") else None
    return Alias(start, reader.end, name, variables, written, reader.rest())


def _enum(reader: TypeReader, start: int, word: str) -> Tag | Fault:
    manner = _manner(reader)
    name = reader.word()
    if name is None:
        return _missing(reader, start, word, "a name")
    return Enum(start, reader.end, name, "key" in manner, reader.rest())


def _param(reader: TypeReader, start: int, word: str) -> Tag | Fault:
    found = reader.match(_PARAMETER)
    if found is None:
        return _missing(reader, start, word, "the name of a parameter and a type")
    name = Word(found.start(1), found.end(1), found[1])
    reader.space()
    written = reader.type() if reader.peek() not in ("", "#") else None
    return Param(start, reader.end, name, found[2] == "?", written, reader.rest())


def _return(reader: TypeReader, start: int, word: str) -> Tag | Fault:
    reader.space()
    if not reader.peek():
        return _missing(reader, start, word, "a type")
    results: list[Result] = []
    while True:
        written = reader.type()
        name = None
        if found := reader.match(_RESULT):
            name = Word(found.start(1), found.end(1), found[1])
        results.append(Result(written, name))
        if not reader.sign(","):
            break
    return Return(start, reader.end, tuple(results), reader.rest())


def _type(reader: TypeReader, start: int, word: str) -> Tag | Fault:
    reader.space()
    if not reader.peek():
        return _missing(reader, start, word, "a type")
    types = [reader.type()]
    while reader.sign(","):
        types.append(reader.type())
    return TypeOf(start, reader.end, tuple(types), reader.rest())


def _as(reader: TypeReader, start: int, word: str) -> Tag | Fault:
    reader.space()
    if not reader.peek():
        return _missing(reader, start, word, "a type")
    return As(start, reader.end, reader.type())


def _generic(reader: TypeReader, start: int, word: str) -> Tag | Fault:
    variables = reader.variable_list()
    return Generic(start, reader.end, variables)


def _overload(reader: TypeReader, start: int, word: str) -> Tag | Fault:
    reader.space()
    written = reader.type()
    if not isinstance(written, WrittenFunction):
        del reader.faults[:]
        return _missing(reader, start, word, "a function type such as 'fun(a: string): integer'")
    return Overload(start, reader.end, written, reader.rest())


def _vararg(reader: TypeReader, start: int, word: str) -> Tag | Fault:
    reader.space()
    if not reader.peek():
        return _missing(reader, start, word, "a type")
    written = reader.type()
    return Vararg(start, reader.end, written, reader.rest())


def _cast(reader: TypeReader, start: int, word: str) -> Tag | Fault:
    found = reader.match(_VARIABLE)
    if found is None:
        return _missing(reader, start, word, "a variable and a type")
    name = Word(found.start(1), found.end(1), found[1])
    changes: list[Change] = []
    while True:
        reader.space()
        sign: Literal["+", "-", ""] = ""
        if reader.peek() in ("+", "-"):
            sign = "+" if reader.peek() == "+" else "-"
            reader.at += 1
        if sign and reader.peek() == "?":
            reader.at += 1
            changes.append(Change(sign, None))
        else:
            changes.append(Change(sign, reader.type()))
        if not reader.sign(","):
            break
    return Cast(start, reader.end, name, tuple(changes))


def _operator(reader: TypeReader, start: int, word: str) -> Tag | Fault:
    found = reader.match(_WORD)
    if found is None:
        return _missing(reader, start, word, "an operator such as 'add(T): R'")
    name = Word(found.start(1), found.end(1), found[1])
    if name.text not in OPERATORS:
        near = get_close_matches(name.text, sorted(OPERATORS), 1, 0.5)
        words = f"'{name.text}' is no operator; write "
        words += f"'{near[0]}'" if near else "one of 'add', 'concat', 'call' and so on"
        reader.faults.append(Fault(name.start, name.end, words, "unknown-operator"))
    operand = None
    reader.space()
    if reader.peek() == "(":
        opener = reader.open()
        operand = reader.type() if reader.peek() != ")" else None
        while reader.sign(","):
            reader.type()
        reader.close(opener, ")")
    result = reader.type() if reader.sign(":") else None
    return Operator(start, reader.end, name, operand, result)


def _diagnostic(reader: TypeReader, start: int, word: str) -> Tag | Fault:
    found = reader.match(_WORD)
    if found is None or found[1] not in ACTIONS:
        return _missing(reader, start, word, f"one of {', '.join(ACTIONS)}")
    action = Word(found.start(1), found.end(1), found[1])
    names: list[Word] = []
    if reader.sign(":"):
        while found := reader.match(_WORD):
            names.append(Word(found.start(1), found.end(1), found[1]))
            if not reader.sign(","):
                break
    return Diagnostic(start, reader.end, action, tuple(names))


def _module(reader: TypeReader, start: int, word: str) -> Tag | Fault:
    found = reader.match(_QUOTED)
    if found is None:  # LDoc writes the name of the file's own module without quotes
        return Mark(start, reader.end, word, reader.rest())
    return Module(start, reader.end, Word(found.start(2), found.end(2), found[2]))


def _version(reader: TypeReader, start: int, word: str) -> Tag | Fault:
    dialects: set[Dialect] = set()
    while found := reader.match(_VERSION):
        dialects |= _meant(found[1], found[2])
        if not reader.sign(","):
            break
    reader.space()
    if reader.peek() or not dialects:
        reader.faults.append(_missing(reader, start, word, "versions of Lua such as '>5.2, JIT'"))
    return Version(start, reader.end, frozenset(dialects))


def _meant(sign: str, number: str) -> set[Dialect]:
    """``5.1``, ``>5.3`` (from 5.3 on), ``<5.2`` (up to 5.2) or ``JIT``."""
    if number.endswith(("JIT", "jit")):
        return {"luajit"}
    if number not in _NUMBERED:
        return set()
    place = _NUMBERED.index(number)
    last = len(_NUMBERED) if sign[:1] == ">" else place + 1
    return set(_NUMBERED[0 if sign[:1] == "<" else place : last])


def _mark(reader: TypeReader, start: int, word: str) -> Tag | Fault:
    if word not in KNOWN:
        place = start + 1 + len(word)
        near = get_close_matches(word, sorted((*_READERS, *_MARKS.split())), 1, 0.6)
        message = f"'@{word}' is no known tag" + (f"; write '@{near[0]}'" if near else "")
        reader.faults.append(Fault(start, place, message, "unknown-doc-tag"))
    return Mark(start, reader.end, word, reader.rest())


_READERS: dict[str, Callable[[TypeReader, int, str], Tag | Fault]] = {
    "alias": _alias,
    "as": _as,
    "cast": _cast,
    "class": _class,
    "diagnostic": _diagnostic,
    "enum": _enum,
    "field": _field,
    "generic": _generic,
    "module": _module,
    "operator": _operator,
    "overload": _overload,
    "param": _param,
    "return": _return,
    "type": _type,
    "vararg": _vararg,
    "version": _version,
}

"""What is being typed in an annotation: a tag, a type, a parameter, a code.

It is read from the line up to the cursor alone, as far as that goes, for what people type is
unfinished. What is no annotation, and the text for people behind a type, is nothing.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tidelock.shared.language.annotations import comments_around
from tidelock.shared.language.luacats.reader import TypeReader
from tidelock.shared.language.targets import Target, target

if TYPE_CHECKING:
    from tidelock.shared.language.targets import DocKind
    from tidelock.shared.syntax.tree import Tree

_OPENING = re.compile(r"---[ \t]*@|--\[=*\[[ \t]*@")
_OPTION = re.compile(r"---[ \t]*\|[>+]?")
_TAG = re.compile(r"(\w*)")
_WORD = re.compile(r"[^\W\d][\w.\-]*\*?\Z|\Z")
_NAME = re.compile(r"[ \t]+([\w.]*)\Z")
_MANNER = re.compile(r"[ \t]*\([\w, \t]*\)")
_FIELD = re.compile(
    r"[ \t]+(?:(?:public|protected|private|package)[ \t]+)?(?:\[[^\]]*\]|[\w\-]+)\??[ \t]+"
)
_ALIAS = re.compile(r"[ \t]+[\w.]+(?:<[^>]*>)?[ \t]+")
_PARAM = re.compile(r"[ \t]+(?:\.\.\.|\w+)\??[ \t]+")
_PARENTS = re.compile(r"[ \t]+[\w.]+\*?(?:<[^>]*>)?[ \t]*:")
_BOUND = re.compile(r"(?:.*,)?[ \t]*\w+[ \t]*:")
_CAST = re.compile(r"[ \t]+[\w.]+[ \t]+")
_OPERATOR = re.compile(r"[ \t]*\w+(?:(?:\([^)]*\))?[ \t]*:|\()")
_CODES = re.compile(r"[ \t]+[\w\-]+[ \t]*:(?:[ \t]*[\w\-]+[ \t]*,)*[ \t]*([\w\-]*)\Z")
_ACTION = re.compile(r"[ \t]+([\w\-]*)\Z")
_MODULE = re.compile(r"[ \t]+[\"']([^\"']*)\Z")
_BEHIND = re.compile(r"[ \t]*(?:\.\.\.|[^\W\d]\w*)?[ \t]*,")
_SIGN = re.compile(r"[ \t]*[+\-]")
_DOT = re.compile(r"\w\.\Z")
_ENDS = frozenset("?])}>'\"`*")

_WORDS: dict[str, tuple[tuple[DocKind, re.Pattern[str]], ...]] = {
    "param": (("parameter", _NAME),),
    "cast": (("variable", _NAME),),
    "operator": (("operator", _NAME),),
    "diagnostic": (("action", _ACTION), ("code", _CODES)),
    "module": (("require", _MODULE),),
}
"""Tags whose parts are words: what is typed where a form fits the line up to the cursor."""

_TYPES: dict[str, re.Pattern[str] | None] = {
    "param": _PARAM,
    "cast": _CAST,
    "operator": _OPERATOR,
    "field": _FIELD,
    "alias": _ALIAS,
    "class": _PARENTS,
    "generic": _BOUND,
    "type": None,
    "return": None,
    "as": None,
    "vararg": None,
    "overload": None,
}
"""Tags with types, and what stands before these."""


def target_at(tree: Tree, offset: int) -> Target | None:
    """What is being completed at an offset, in code or in an annotation."""
    return target(tree, offset) or doc_target(tree, offset)


def doc_target(tree: Tree, offset: int) -> Target | None:
    """What is being completed at an offset in an annotation; None anywhere else."""
    for first, last in comments_around(tree, offset):
        if not first < offset <= last:
            continue
        start = max(first, tree.lines.starts[tree.lines.line_of(offset)])
        line = tree.text[start:offset]
        if option := _OPTION.match(line):
            return _type(tree, offset, line[option.end() :])
        opening = _OPENING.match(tree.text, first, offset)
        if opening is None or opening.end() <= start:
            return None
        return _in_tag(tree, offset, tree.text[opening.end() : offset])
    return None


def _in_tag(tree: Tree, offset: int, line: str) -> Target | None:
    """What is typed behind an ``@``."""
    word = _TAG.match(line)
    assert word is not None
    if word.end() == len(line):
        return _target(tree, offset, "tag", line)
    tag, rest = word[1], line[word.end() :]
    for kind, form in _WORDS.get(tag, ()):
        if fits := form.match(rest):
            return _target(tree, offset, kind, fits[1])
    if tag not in _TYPES:
        return None
    if tag == "class" and (manner := _MANNER.match(rest)):
        rest = rest[manner.end() :]
    before = _TYPES[tag]
    if before is not None:
        found = before.match(rest)
        if found is None:
            return None
        rest = rest[found.end() :]
    return _type(tree, offset, rest)


def _type(tree: Tree, offset: int, written: str) -> Target | None:
    """A type that is not written to its end; None where one cannot be named."""
    end = len(written) - bool(_DOT.search(written))
    reader = TypeReader(written, 0, end, end)
    while True:
        if sign := _SIGN.match(written, reader.at):
            reader.at = sign.end()
        reader.space()
        if reader.at == end:
            break
        reader.type()
        if reader.at == end:
            break
        between = _BEHIND.match(written, reader.at)
        if between is None:
            return None  # text for people
        reader.at = between.end()
    word = _WORD.search(written)
    assert word is not None
    before = written[: word.start()]
    if before.rstrip()[-1:] in _ENDS or before.rstrip()[-1:].isalnum() or not _is_named(before):
        return None
    return _target(tree, offset, "type", word[0])


def _is_named(before: str) -> bool:
    """Whether a type may begin behind this, and not a text, a parameter or a key."""
    quote = ""
    opened: list[tuple[str, bool]] = []  # brackets, and whether a type is next in them
    for place, sign in enumerate(before):
        if quote:
            quote = "" if sign == quote else quote
        elif sign in "\"'`":
            quote = sign
        elif sign in "([{<":
            is_function = sign == "(" and before[:place].rstrip().endswith(("fun", ">"))
            opened.append((sign, not is_function and sign != "{"))
        elif sign in ")]}>" and opened:
            opened.pop()
        elif sign in ":," and opened:
            bracket, _ = opened[-1]
            names = bracket == "{" or (bracket == "(" and before.rfind("fun", 0, place) >= 0)
            opened[-1] = bracket, sign == ":" or not names
    return not quote and (not opened or opened[-1][1])


def _target(tree: Tree, offset: int, kind: DocKind, prefix: str) -> Target:
    """What is typed, and what of the word stands behind the cursor."""
    form = _REST_OF_CODE if kind in ("action", "code") else _REST
    rest = form.match(tree.text, offset)
    assert rest is not None
    return Target(kind, prefix, offset - len(prefix), rest.end())


_REST = re.compile(r"\w*")
_REST_OF_CODE = re.compile(r"[\w\-]*")

"""What the words of luacheck mean here: patterns, standards, flags, and ``-- luacheck:`` comments.

Nothing is found here, only said what is not to be shown; nobody is told what cannot be understood.

The meaning follows luacheck's manual (inline options, filtering warnings). A name is what a problem
stands on. Problems that luacheck has no number for are hidden by a bare ``ignore`` alone.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Mapping
from typing import TYPE_CHECKING, Literal, NamedTuple, final

from tidelock.shared.language.annotations import is_comment
from tidelock.shared.language.checks.codes import NAMED
from tidelock.shared.language.stdlib import library
from tidelock.shared.model import DIALECTS
from tidelock.shared.syntax.tree import FunctionBody

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from tidelock.shared.model import Problem
    from tidelock.shared.syntax.tree import Tree

NUMBERED = frozenset(code for name, codes in NAMED.items() if name.isdecimal() for code in codes)
"""The codes that luacheck has a number for."""


class Pattern(NamedTuple):
    """Problems by their codes, None for all, and by names: a regular expression, empty for any."""

    codes: frozenset[str] | None
    form: str = ""

    def matches(self, code: str, name: str) -> bool:
        """Whether a problem that stands on a name is meant."""
        is_code = self.codes is None or code in self.codes
        return is_code and (not self.form or re.search(self.form, name) is not None)


def pattern(text: str) -> Pattern | None:
    """``CODE``, ``CODE/NAME`` or ``NAME``, Lua patterns each; None where one is none.

    Codes count from their beginning, names in full unless they have an anchor. In front of a ``/``
    our names and those of LuaLS will do as well.
    """
    code, slash, name = text.partition("/")
    if not slash and re.search(r"[A-Za-z_]", text):
        code, name = "", text
    form = _regexp(name)
    codes = re.escape(code) if code in NAMED else _regexp(code)
    if codes is None or form is None:
        return None
    known = (one for one in NAMED if one.isdecimal() or (slash and not code[:1].isdecimal()))
    found = frozenset(ours for one in known if re.match(codes, one) for ours in NAMED[one])
    is_anchored = name.startswith("^") or name.endswith("$")
    whole = form if is_anchored else rf"\A(?:{form})\Z"
    return Pattern(found if code else NUMBERED, whole if name else "")


_CLASSES = {
    "a": "A-Za-z", "c": r"\x00-\x1f\x7f", "d": "0-9", "g": "!-~", "l": "a-z", "u": "A-Z",
    "p": r"!-/:-@\[-`{-~", "s": r"\s", "w": "A-Za-z0-9", "x": "0-9A-Fa-f",
}  # fmt: skip
_PIECE = re.compile(r"%(?P<escaped>.)|(?P<set>\[\^?(?:%.|[^%])[^\]%]*(?:%.[^\]%]*)*\])|(?P<one>.)")


def _regexp(text: str) -> str | None:
    """A Lua pattern as a regular expression of Python; without ``%b`` and ``%f``."""
    made = ""
    for piece in _PIECE.finditer(text):
        escaped, one = piece["escaped"], piece["one"]
        if escaped is not None:
            if escaped in "bf":
                return None
            inner = _CLASSES.get(escaped.lower()) if escaped.isalpha() else None
            sign = "^" if escaped.isupper() else ""
            made += re.escape(escaped) if inner is None else f"[{sign}{inner}]"
        elif one is None:
            made += re.sub(r"%(.)|\\", _in_set, piece["set"])
        elif one in "[%":
            return None
        elif one == "-" and made:
            made += "*?"
        elif one == "^" and piece.start() == 0:
            made += r"\A"
        elif one == "$" and piece.end() == len(text):
            made += r"\Z"
        else:
            made += one if one in ".*+?()" else re.escape(one)
    return made if is_pattern(made) else None


def is_pattern(text: str) -> bool:
    """Whether it is a regular expression."""
    try:
        re.compile(text)
    except re.error:
        return False
    return True


def _in_set(found: re.Match[str]) -> str:
    letter = found[1]
    return "\\\\" if letter is None else _CLASSES.get(letter, "\\" + letter)


def _of(numbers: str, form: str = "") -> Pattern:
    codes = (NAMED[one] for one in NAMED if one.isdecimal() and re.match(numbers, one))
    return Pattern(frozenset().union(*codes), form)


FLAGS: Mapping[str, Pattern] = {
    "global": _of("1"),
    "unused": _of("[23]"),
    "redefined": _of("4[123]"),
    "unused_args": _of("21[23]"),
    "self": _of("212", "^self$"),
}
"""What is not shown where a flag of luacheck is off."""

_GRANTS = {"allow_defined": Pattern(frozenset({"implicit-global"}))}
_GRANTS["module"] = _GRANTS["allow_defined"]
"""What is not shown where a flag is on."""

_ADDED: Mapping[str, tuple[str, ...]] = {
    "busted": ("describe", "insulate", "expose", "it", "pending", "before_each", "after_each",
               "lazy_setup", "lazy_teardown", "strict_setup", "strict_teardown", "setup",
               "teardown", "context", "spec", "test", "assert", "finally", "mock", "spy", "stub"),
    "love": ("love",),
    "ngx_lua": ("ngx", "ndk"),
    "playdate": ("playdate", "json", "import", "kTextAlignment"),
}  # fmt: skip
_VERSIONS = {"luajit": ("luajit",), "max": DIALECTS} | {
    f"lua{one.replace('.', '')}{more}": (one,)
    for one in DIALECTS
    if one != "luajit"
    for more in ("", "c")
}


def standard(text: str, *, with_versions: bool = True) -> tuple[str, ...]:
    """The globals of ``lua54+busted`` and the like; none for parts that are not known."""
    found: list[str] = []
    for word in text.split("+"):
        found += _ADDED.get(word, ())
        if with_versions:
            for dialect in _VERSIONS.get(word, ()):
                found += (entry.name for entry in library(dialect).members(()))
    return tuple(dict.fromkeys(found))


def named(names: Iterable[str], *codes: str) -> Pattern:
    """Problems with globals of some names; of ``a.b`` it is ``a``."""
    words = dict.fromkeys(one.partition(".")[0] for one in names)
    return Pattern(frozenset(codes), rf"\A(?:{'|'.join(map(re.escape, words)) or '(?!)'})\Z")


# -- comments ----------------------------------------------------------------------------------

_COMMENT = re.compile(r"(?<!-)--(?:\[(=*)\[)?[ \t]*luacheck:([^\r\n]*)")
_NOTE = re.compile(r"\([^()]*\)")
_LISTS = (
    "new globals", "new read globals", "read globals", "not globals", "globals",
    "ignore", "enable", "only", "std",
)  # fmt: skip
_BARE = ("push", "pop", "compat")
_ELSEWHERE = (
    "allow defined top", "unused secondaries", "max line length", "max code line length",
    "max string line length", "max comment line length", "max cyclomatic complexity", "operators",
)  # fmt: skip
"""Options that change nothing here: what they are about is not looked for."""

_FLAGS = tuple(one.replace("_", " ") for one in (*FLAGS, *_GRANTS))
OPTIONS = tuple(sorted((*_LISTS, *_BARE, *_ELSEWHERE, *_FLAGS), key=len, reverse=True))
"""The words of options in comments, longer ones first."""

_Kind = Literal["hide", "show", "only"]


class Option(NamedTuple):
    """One option of a comment: where it begins, its first word, its name or none, and the rest.

    ``places`` are those of the rest.
    """

    start: int
    word: str
    name: str
    words: tuple[str, ...]
    is_negated: bool = False
    places: tuple[int, ...] = ()


def options(tree: Tree) -> tuple[tuple[Option, ...], ...]:
    """The options of each ``-- luacheck:`` comment of a text, in text order."""
    return tree.once("luacheck", _options)


def _options(tree: Tree) -> tuple[tuple[Option, ...], ...]:
    if "luacheck:" not in tree.text:
        return ()
    return tuple(
        tuple(_read(_body(found), found.start(2)))
        for found in _COMMENT.finditer(tree.text)
        if is_comment(tree, found.start())
    )


def _body(found: re.Match[str]) -> str:
    """The words of a comment, of a long one to its end or that of its line."""
    return found[2] if found[1] is None else found[2].partition(f"]{found[1]}]")[0]


def _read(body: str, start: int) -> Iterator[Option]:
    """The options in the words behind ``luacheck:``, without notes in brackets."""
    while (plain := _NOTE.sub(lambda note: " " * len(note[0]), body)) != body:
        body = plain
    for part in re.finditer(r"[^,]+", body):
        found = re.compile(r"\S+").finditer(body, part.start(), part.end())
        words = [(one[0], start + one.start()) for one in found]
        while words:
            negated = words[0][0] == "no" and len(words) > 1
            place = words[negated][1]
            text = [one for one, _ in words[negated:]]
            name = next((one for one in OPTIONS if text[: len(one.split())] == one.split()), "")
            size = len(name.split())
            rest = words[negated + size :]
            if name != "push":
                more, places = tuple(one for one, _ in rest), tuple(one for _, one in rest)
                yield Option(place, text[0], name, more, negated, places)
                break
            yield Option(place, name, name, ())
            words = rest


class _Rule(NamedTuple):
    """What one option does with problems that begin between two offsets."""

    start: int
    end: int
    kind: _Kind
    patterns: tuple[Pattern, ...]


class Hiding(NamedTuple):
    """A word of a comment that hides problems of some codes between ``first`` and ``last``.

    ``form`` is a regular expression for the names they stand on, empty for any.
    """

    start: int
    end: int
    codes: frozenset[str]
    first: int
    last: int
    form: str = ""

    def hides(self, problem: Problem, text: str) -> bool:
        """Whether a problem of the text is meant."""
        if problem.code not in self.codes or not self.first <= problem.start < self.last:
            return False
        name = text[problem.start : problem.end]
        return not self.form or re.search(self.form, name) is not None


@final
class Comments:
    """What the ``-- luacheck:`` comments of a text hide; made once, never changed.

    Beside code an option is about its line, elsewhere about what follows in its function; between
    ``push`` and ``pop`` it ends there.
    """

    __slots__ = ("_filters", "_globals", "hidings")

    def __init__(self, tree: Tree) -> None:
        # The two are asked by themselves: to declare no global is not to ask for its problems.
        self._filters: list[_Rule] = []
        self._globals: list[_Rule] = []
        marks: list[tuple[int, int]] = []
        ignoring: list[tuple[int, Option]] = []
        for comment in options(tree):
            if not comment:
                continue
            start, end = _stretch(tree, comment[0].start)
            for one in comment:
                if one.name == "push":
                    marks.append((len(self._filters), len(self._globals)))
                elif one.name == "pop" and marks:
                    first, second = marks.pop()
                    _cut(self._filters, first, one.start)
                    _cut(self._globals, second, one.start)
                if one.name == "ignore":
                    ignoring.append((len(self._filters), one))
                for kind, patterns in _filters(one):
                    self._filters.append(_Rule(start, end, kind, patterns))
                for kind, patterns in _declared(one):
                    self._globals.append(_Rule(start, end, kind, patterns))

        self.hidings = [
            Hiding(place, place + len(word), codes, rule.start, rule.end, form)
            for index, one in ignoring
            for rule in (self._filters[index],)
            for word, place in zip(one.words, one.places, strict=True)
            for codes, form in _exactly(word)
        ]

    def hides(self, problem: Problem, text: str) -> bool:
        """Whether a problem of the text is not to be shown."""
        if not self._filters and not self._globals:
            return False
        name = text[problem.start : problem.end]
        return any(_hides(rules, problem, name) for rules in (self._filters, self._globals))


_ALONE = frozenset(("113",))
"""What luacheck finds in more places, for it looks at one file at a time."""


def _exactly(word: str) -> Iterator[tuple[frozenset[str], str]]:
    """The pattern of a word that begins with one number of luacheck, which is known here."""
    number = word.partition("/")[0]
    is_known = number in NAMED and number.isdecimal() and number not in _ALONE
    found = pattern(word) if is_known else None
    if found is not None:
        yield NAMED[number], found.form


def _hides(rules: list[_Rule], problem: Problem, name: str) -> bool:
    """What the last rule says that is about a problem."""
    for rule in reversed(rules):
        if not rule.start <= problem.start < rule.end:
            continue
        if any(one.matches(problem.code, name) for one in rule.patterns):
            return rule.kind == "hide"
        if rule.kind == "only" and problem.code in NUMBERED:
            return True
    return False


def _cut(rules: list[_Rule], first: int, end: int) -> None:
    rules[first:] = [one._replace(end=min(one.end, end)) for one in rules[first:]]


def _stretch(tree: Tree, place: int) -> tuple[int, int]:
    """The line of a comment beside code; else from the comment to where its function ends."""
    start, end = tree.lines.span(tree.lines.line_of(place))
    tokens = tree.tokens
    index = bisect_left(tokens.starts, start)
    begins = index < len(tokens.starts) and tokens.starts[index] < end
    if begins or (index and tokens.ends[index - 1] > start):
        return start, end + 1
    inside = [one for one in tree.path(place) if isinstance(one, FunctionBody)]
    return place, inside[-1].end if inside else len(tree.text) + 1


_ANYTHING = Pattern(None)
_KINDS: Mapping[str, _Kind] = {"ignore": "hide", "enable": "show", "only": "only"}


def _filters(option: Option) -> Iterator[tuple[_Kind, tuple[Pattern, ...]]]:
    name, on = option.name.replace(" ", "_"), not option.is_negated
    if name in _KINDS:
        found = tuple(filter(None, map(pattern, option.words)))
        if option.words or name == "ignore":
            yield _KINDS[name], found if option.words else (_ANYTHING,)
    elif name in FLAGS:
        yield "show" if on else "hide", (FLAGS[name],)
    elif name in _GRANTS:
        yield "hide" if on else "show", (_GRANTS[name],)


_READ = "undefined-global"
_WRITTEN = (_READ, "implicit-global", "read-only-global")


def _declared(option: Option) -> Iterator[tuple[_Kind, tuple[Pattern, ...]]]:
    name, words = option.name, option.words
    if name.startswith("new "):
        codes = (_READ,) if "read" in name else _WRITTEN
        yield "show", (Pattern(frozenset(codes)),)
    if name in ("globals", "new globals"):
        yield "hide", (named(words, *_WRITTEN),)
    elif name in ("read globals", "new read globals"):
        yield "hide", (named(words, _READ),)
    elif name == "not globals":
        yield "show", (named(words, *_WRITTEN),)
    elif name == "compat" and not option.is_negated:
        yield "hide", (named(standard("max"), _READ),)
    elif name == "std" and words:
        yield "hide", (named(standard(words[0].lstrip("+")), _READ),)

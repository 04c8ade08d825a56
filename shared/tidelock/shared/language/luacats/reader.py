"""Reads one written type after the other from a comment, and the names between them.

Unions, ``T?``, ``T[]``, ``[A, B]``, ``{ a: T, [K]: V }``, ``fun(a: T, ...: U): R``, ``Box<T>``,
literals, backticks and brackets. It never raises, and reads any text in bounded time.

The file is long because a grammar cut in pieces is a grammar nobody can read.
"""

from __future__ import annotations

import re
from typing import final

from tidelock.shared.language.luacats.written import (
    Captured,
    Constant,
    Either,
    Fault,
    KeysOf,
    ListOf,
    Maybe,
    Named,
    Row,
    TypeVariable,
    Unreadable,
    Variadic,
    Word,
    Written,
    WrittenField,
    WrittenFunction,
    WrittenParameter,
    WrittenResult,
    WrittenTable,
)

DEPTH = 50
"""How deep types may nest."""

_SPACE = re.compile(r"[ \t]*")
# Inside brackets a type may go on in the next line of the comment, a remark before it.
_ACROSS = re.compile(r"(?:[ \t]|(?:#[^\r\n]*)?\r?\n[ \t]*+(?:--++)?+(?![ \t]*(?:@|\|)))*")
NAME = re.compile(r"[^\W\d][\w]*(?:[.\-][\w]+)*\*?")
_NUMBER = re.compile(
    r"-?(?:0[xX][0-9a-fA-F]+|[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?)(?!\w|\.(?!\.))"
)
_STRING = re.compile(r""""(?:[^"\\\r\n]|\\.)*"|'(?:[^'\\\r\n]|\\.)*'""")
_BACKTICK = re.compile(r"`([^`\r\n]*)`")
_ESCAPE = re.compile(r"\\(.)")
_FUN = re.compile(r"(?:(async)[ \t]+)?fun(?=[ \t]*[(<])")
_KEYOF = re.compile(r"keyof[ \t]+(?=[\w{(])")
_RETURNS = re.compile(r"[ \t]*:")
_PARAMETER = re.compile(r"(\.\.\.|[^\W\d]\w*)[ \t]*(\?)?")
_RESULT_NAME = re.compile(r"(\.\.\.|[^\W\d]\w*)[ \t]*\??[ \t]*:(?!:)")
_KEY = re.compile(r"([^\W\d][\w\-]*|\d+)[ \t]*(\?)?[ \t]*:")
_AFTER_KEY = re.compile(r"[ \t]*\??[ \t]*:")
_NEXT = re.compile(r"""[\[)}\]>]|(?:\.\.\.|[\w\-]+|"[^"\r\n]*"|'[^'\r\n]*')[ \t]*\??[ \t]*:|\Z""")
# What makes of a bracket one around a type, and not around the results of a function.
_SUFFIX = re.compile(r"\[|\?|[ \t]*\|")
_FAR = 2000
_PIECE = re.compile(r"[^\s,|)>\]}]*")
_DIGITS = 40
_VALUES: dict[str, bool] = {"true": True, "false": False}


@final
class TypeReader:
    """Reads types and names from a text, from ``at`` to ``end``; used by one thread, once.

    ``end`` grows when a bracket goes on in the next line, up to ``limit``.
    """

    __slots__ = ("at", "depth", "end", "faults", "limit", "nesting", "text")

    def __init__(self, text: str, at: int, end: int, limit: int) -> None:
        self.text = text
        self.at = at
        self.end = end
        self.limit = limit
        self.depth = 0
        self.nesting = 0
        self.faults: list[Fault] = []

    def fault(self, start: int, end: int, message: str) -> None:
        """Say what is wrong."""
        self.faults.append(Fault(start, max(end, start), message))

    def space(self) -> None:
        """Pass over spaces, in brackets over the ends of lines too."""
        form = _ACROSS if self.depth else _SPACE
        match = form.match(self.text, self.at, self.limit if self.depth else self.end)
        assert match is not None
        self.at = match.end()
        if self.at > self.end:
            self.end = self._line_end(self.at)

    def _line_end(self, offset: int) -> int:
        for place in range(offset, self.limit):
            if self.text[place] in "\r\n":
                return place
        return self.limit

    def match(self, form: re.Pattern[str]) -> re.Match[str] | None:
        """What a form finds here, passed over."""
        found = form.match(self.text, self.at, self.end)
        if found is not None:
            self.at = found.end()
        return found

    def sign(self, sign: str) -> bool:
        """Pass over a sign, with the spaces before it, if it is next."""
        start = self.at
        self.space()
        if self.text.startswith(sign, self.at) and self.at + len(sign) <= self.end:
            self.at += len(sign)
            return True
        self.at = start
        return False

    def peek(self) -> str:
        """The next character, empty at the end."""
        return self.text[self.at] if self.at < self.end else ""

    def word(self) -> Word | None:
        """A name, after spaces."""
        self.space()
        found = self.match(NAME)
        return None if found is None else Word(found.start(), found.end(), found[0])

    def rest(self) -> str:
        """What is left of the line, as text for people; a leading ``#`` is only a mark."""
        found = self.text[self.at : self.end].strip()
        self.at = self.end
        return found[1:].lstrip() if found[:1] in ("#", "@") else found

    def type(self) -> Written:
        """A type."""
        self.space()
        start = self.at
        self.nesting += 1
        if self.nesting > DEPTH:
            self.fault(start, self.end, "the type is nested too deeply")
            self.at = self.end
            self.nesting -= 1
            return Unreadable(start, self.at)
        self.sign("|")
        options = [self.suffixed()]
        while self.sign("|"):
            options.append(self.suffixed())
        self.nesting -= 1
        if len(options) == 1:
            return options[0]
        return Either(start, self.at, tuple(options))

    def suffixed(self) -> Written:
        """A type with the ``?``, ``[]`` and ``...`` behind it."""
        self.space()
        start = self.at
        found = self.single()
        for _ in range(DEPTH):
            if self.text.startswith("[]", self.at, self.end):
                self.at += 2
                found = ListOf(start, self.at, found)
            elif self.peek() == "?":
                self.at += 1
                found = Maybe(start, self.at, found)
            elif self.text.startswith("...", self.at, self.end):
                self.at += 3
                return Variadic(start, self.at, found)
            else:
                break
        return found

    def single(self) -> Written:
        """A type without anything behind it."""
        start = self.at
        sign = self.peek()
        if sign in ("'", '"'):
            return self.string(sign)
        if sign == "`":
            return self.backtick()
        if sign == "(":
            return self.bracketed()
        if sign == "{":
            return self.table()
        if sign == "[":
            return self.row()
        if self.text.startswith("...", start, self.end):
            self.at += 3
            inner = self.suffixed() if NAME.match(self.text, self.at, self.end) else None
            return Variadic(start, self.at, inner)
        if found := self.match(_FUN):
            return self.function(start, found[1] is not None)
        if self.match(_KEYOF):
            inner = self.suffixed()
            return KeysOf(start, self.at, inner)
        if found := self.match(_NUMBER):
            return Constant(start, self.at, _number(found[0]))
        if found := self.match(NAME):
            return self.named(Word(start, self.at, found[0]))
        return self.unreadable()

    def unreadable(self) -> Unreadable:
        """Nothing that could be a type."""
        start = self.at
        found = _PIECE.match(self.text, start, self.end)
        assert found is not None
        self.at = found.end()
        what = f", not '{found[0][:20]}'" if found[0] else ""
        self.fault(start, max(self.at, start), f"a type is expected here{what}")
        return Unreadable(start, self.at)

    def string(self, quote: str) -> Constant:
        """A type of one string."""
        start = self.at
        if found := self.match(_STRING):
            return Constant(start, self.at, _ESCAPE.sub(r"\1", found[0][1:-1]))
        self.at = self.end
        self.fault(start, self.at, f"the text is not closed; write {quote} behind it")
        return Constant(start, self.at, self.text[start + 1 : self.at])

    def backtick(self) -> Written:
        """A name in backticks."""
        start = self.at
        if found := self.match(_BACKTICK):
            return Captured(start, self.at, found[1].strip())
        self.at = self.end
        self.fault(start, self.at, "the backtick is not closed; write ` behind the name")
        return Unreadable(start, self.at)

    def open(self) -> int:
        """Pass over an opening bracket; its place."""
        start = self.at
        self.at += 1
        self.depth += 1
        self.space()
        return start

    def close(self, start: int, sign: str) -> bool:
        """Pass over the closing bracket, or say that it is missing."""
        self.space()
        self.depth -= 1
        if self.peek() == sign:
            self.at += 1
            return True
        opener = self.text[start]
        self.fault(start, start + 1, f"the '{opener}' is not closed; write '{sign}'")
        self.at = min(self.at, self.end)
        return False

    def bracketed(self) -> Written:
        """``(T)``."""
        start = self.open()
        inner = self.type()
        if self.close(start, ")"):
            return inner
        return Unreadable(start, self.at)

    def row(self) -> Row:
        """``[A, B]``."""
        start = self.open()
        items: list[Written] = []
        while self.peek() not in ("]", ""):
            items.append(self.type())
            if not self.sign(","):
                break
            self.space()
        self.close(start, "]")
        return Row(start, self.at, tuple(items))

    def named(self, name: Word) -> Written:
        """A name, and its arguments in angle brackets."""
        if name.text in _VALUES:
            return Constant(name.start, name.end, _VALUES[name.text])
        if self.peek() != "<":
            return Named(name.start, name.end, name)
        start = self.open()
        arguments = [self.type()]
        while self.sign(","):
            arguments.append(self.type())
        self.close(start, ">")
        return Named(name.start, self.at, name, tuple(arguments))

    def table(self) -> WrittenTable:
        """``{ ... }``."""
        start = self.open()
        fields: list[WrittenField] = []
        while self.peek() not in ("}", ""):
            fields.append(self.field())
            if not (self.sign(",") or self.sign(";")):
                break
            self.space()
        self.close(start, "}")
        return WrittenTable(start, self.at, tuple(fields))

    def field(self) -> WrittenField:
        """One field of a table type."""
        start = self.at
        key: Word | Written | None = None
        is_optional = False
        if found := self.match(_KEY):
            key = Word(found.start(1), found.end(1), found[1])
            is_optional = found[2] is not None
        elif self.peek() == "[" and _AFTER_KEY.match(self.text, self.behind(), self.limit):
            opener = self.open()
            key = self.type()
            self.close(opener, "]")
            is_optional = self.sign("?")
            self.sign(":")
        elif (found := _STRING.match(self.text, start, self.end)) and _AFTER_KEY.match(
            self.text, found.end(), self.end
        ):
            key = self.string(found[0][0])
            is_optional = self.sign("?")
            self.sign(":")
        written = self.type()
        return WrittenField(start, self.at, key, is_optional, written)

    def variables(self) -> tuple[TypeVariable, ...]:
        """``<T: Bound, U>`` if it is next."""
        if self.peek() != "<":
            return ()
        start = self.open()
        found = self.variable_list()
        self.close(start, ">")
        return found

    def variable_list(self) -> tuple[TypeVariable, ...]:
        """``T: Bound, U``."""
        found: list[TypeVariable] = []
        while True:
            name = self.word()
            if name is None:
                self.fault(self.at, self.at, "the name of a type variable is expected here")
                break
            bound = self.type() if self.sign(":") else None
            found.append(TypeVariable(name.start, self.at, name, bound))
            self.sign("...")
            if not self.sign(","):
                break
        return tuple(found)

    def function(self, start: int, is_async: bool) -> Written:
        """What follows ``fun``."""
        self.space()
        variables = self.variables()
        self.space()
        if self.peek() != "(":
            self.fault(start, self.at, "'fun' has no parameters; write 'fun()'")
            return Unreadable(start, self.at)
        opener = self.open()
        parameters: list[WrittenParameter] = []
        while self.peek() not in (")", ""):
            parameters.append(self.parameter())
            if not self.sign(","):
                break
            self.space()
        self.close(opener, ")")
        returns = self.results() if self.match(_RETURNS) else None
        return WrittenFunction(start, self.at, variables, tuple(parameters), returns, is_async)

    def parameter(self) -> WrittenParameter:
        """``name?: T``, ``...: T`` or a name alone."""
        self.space()
        start = self.at
        found = self.match(_PARAMETER)
        if found is None:
            unreadable = self.unreadable()
            name = Word(start, unreadable.end, self.text[start : unreadable.end])
            self.faults[-1] = self.faults[-1]._replace(message="a parameter is expected here")
            return WrittenParameter(start, self.at, name, False, None)
        name = Word(found.start(1), found.end(1), found[1])
        written: Written | None = None
        bare = name.text == "..." and NAME.match(self.text, self.at, self.end)
        if self.sign(":") or bare:
            written = self.type()
        return WrittenParameter(start, self.at, name, found[2] is not None, written)

    def results(self) -> tuple[WrittenResult, ...]:
        """The results of a function type; only those in brackets have names."""
        self.space()
        if self.peek() != "(" or _SUFFIX.match(self.text, self.behind(), self.limit):
            return self.bare_results()
        opener = self.open()
        found: list[WrittenResult] = []
        while self.peek() not in (")", ""):
            start = self.at
            match = self.match(_RESULT_NAME)
            name = None if match is None else Word(match.start(1), match.end(1), match[1])
            written = self.type()
            found.append(WrittenResult(start, self.at, name, written))
            if not self.sign(","):
                break
            self.space()
        self.close(opener, ")")
        return tuple(found)

    def bare_results(self) -> tuple[WrittenResult, ...]:
        """Results without brackets, up to what must be the next field or parameter."""
        found: list[WrittenResult] = []
        while True:
            written = self.type()
            found.append(WrittenResult(written.start, self.at, None, written))
            before = self.at
            if not self.sign(","):
                break
            self.space()
            if self.depth and _NEXT.match(self.text, self.at, self.end):
                self.at = before
                break
        return tuple(found)

    def behind(self) -> int:
        """The place behind the bracket that closes the one here, else where the text ends."""
        depth = 0
        place = self.at
        last = min(self.limit, place + _FAR)
        while place < last:
            if string := _STRING.match(self.text, place, last):
                place = string.end()
                continue
            sign = self.text[place]
            depth += (sign in "([{<") - (sign in ")]}>")
            place += 1
            if not depth:
                return place
        return self.limit


def _number(text: str) -> int | float:
    if "x" in text or "X" in text:
        return int(text, 16)
    whole = text.lstrip("-").isdecimal() and len(text) <= _DIGITS
    return int(text) if whole else float(text)


def read_type(text: str) -> tuple[Written, list[Fault]]:
    """The type that a whole text is, and what is wrong with it."""
    reader = TypeReader(text, 0, len(text), len(text))
    found = reader.type()
    reader.space()
    if reader.at < reader.end:
        reader.fault(reader.at, reader.end, "the type ends before this")
    return found, reader.faults

"""The grammar of every Lua as one recursive descent over tokens; it never fails and never prints.

A text with faults gives a tree all the same: what is missing is put in its place as a node of no
width, statement keywords end whatever was left open, and each statement reports at most one
problem. A top-level statement that leaves a block or bracket open is read a second time with what
its indentation says (``structure``); ``units`` decides that, and takes each such statement by
itself.

Depth is guarded as in Lua; long chains are loops. The file is long because a grammar cut in
pieces is a grammar nobody can read.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, final

from tidelock.shared import threads
from tidelock.shared.model import Problem, Related
from tidelock.shared.syntax.collector import HeldOff
from tidelock.shared.syntax.tokens import (
    BAD,
    COMPOUND,
    END,
    KEYWORDS,
    NAME,
    NUMBER,
    STRING,
    Tokens,
    scan,
)
from tidelock.shared.syntax.tree import (
    LINE,
    Assign,
    Binary,
    Block,
    Break,
    Broken,
    Call,
    CallStatement,
    Clause,
    Constant,
    Do,
    Empty,
    Expression,
    Function,
    FunctionBody,
    GenericFor,
    Global,
    Goto,
    If,
    Index,
    KeyedField,
    Label,
    Local,
    LocalFunction,
    Mark,
    Member,
    MethodCall,
    Missing,
    Mode,
    Name,
    NamedField,
    Number,
    NumericFor,
    Paren,
    Repeat,
    Result,
    Return,
    Statement,
    String,
    Table,
    Tape,
    Tree,
    Unary,
    Unit,
    Vararg,
    While,
)
from tidelock.shared.syntax.units import PROBLEMS, STRAYS, Beyond, Reader

if TYPE_CHECKING:
    from collections.abc import Callable

    from tidelock.shared.model import Dialect
    from tidelock.shared.syntax.structure import Structure

DEPTH = 200
"""How deep statements and expressions may nest, as in Lua (``LUAI_MAXCCALLS``)."""

LONGEST = 2_000_000
"""How many characters of a text an editor's answers are made from; to read them takes seconds."""

_LEFT = {
    "or": 1, "||": 1, "and": 2, "&&": 2,
    "<": 3, ">": 3, "<=": 3, ">=": 3, "~=": 3, "==": 3, "!=": 3,
    "|": 4, "~": 5, "&": 6, "<<": 7, ">>": 7, "..": 9,
    "+": 10, "-": 10, "*": 11, "/": 11, "//": 11, "%": 11, "^": 14,
}  # fmt: skip
_RIGHT = {**_LEFT, "..": 8, "^": 13}
_UNARY = frozenset(("not", "-", "#", "~", "!"))
_UNARY_POWER = 12
_CONSTANTS = frozenset(("nil", "true", "false"))
_VALUES = frozenset((NAME, NUMBER, STRING, "(", "{", "function", "...")) | _UNARY | _CONSTANTS
"""The tokens a value can begin with."""

_CLOSING = {"(": ")", "{": "}"}
_SUFFIXES = frozenset((".", ":", "(", "[", "{", STRING))
_CLOSERS = STRAYS | {END}
_WALL = "<wall>"
"""Stands for the kind of a token that belongs to no statement before it; never left in a list."""

_VARARG = "vararg-outside-function"
_SOFT = frozenset(("goto", "global"))
_STATEMENT_WORDS = KEYWORDS - _VALUES - frozenset(("and", "or"))
_ATTRIBUTES = frozenset(("const", "close"))


class Place(NamedTuple):
    """How far a reading had come; the lists are remembered by their lengths."""

    i: int
    tape: int
    problems: int
    broken: int
    functions: int
    flag: int
    flag_token: int
    reported: bool
    muted: bool
    seen: int


@final
class Parser:
    """One reading of one list of tokens; used once, by one thread."""

    __slots__ = (
        "blocks",
        "bound",
        "branches",
        "broken",
        "depth",
        "dialect",
        "effort",
        "endless",
        "ends",
        "flag",
        "flag_token",
        "functions",
        "guide",
        "i",
        "kinds",
        "limit",
        "loops",
        "mode",
        "most",
        "muted",
        "old",
        "problems",
        "repeats",
        "reported",
        "seen",
        "starts",
        "tape",
        "text",
        "texts",
        "tokens",
        "unbalanced",
        "unclosed",
        "unit",
        "variadic",
    )

    def __init__(self, tokens: Tokens, mode: Mode, limit: int) -> None:
        self.tokens = tokens
        self.text = tokens.text
        self.kinds = tokens.kinds
        self.texts = tokens.texts
        self.starts = tokens.starts
        self.ends = tokens.ends
        self.mode = mode
        self.dialect = tokens.dialect
        self.old = tokens.dialect in ("5.1", "luajit")
        # What the indentation says, while a statement is read by it.
        self.guide: Structure | None = None
        self.unclosed: frozenset[int] = frozenset()
        self.effort = 0
        # The token that no block is read on to: what follows is known to close none.
        self.bound = len(tokens.kinds)
        self.i = 0
        # ``limit`` is half of ``most`` until a statement shows to be deep.
        self.limit = self.most = limit
        self.depth = 0
        self.functions = 0
        # Open blocks, and among them those an ``else`` or an ``until`` could belong to.
        self.blocks = 0
        self.branches = 0
        self.repeats = 0
        self.loops = 0
        self.variadic = True
        self.tape: Tape = []
        self.problems: list[Problem] = []
        self.broken: list[int] = []
        # The top-level statement at hand.
        self.unit = Unit(0, 0, 0, 0, None, False)
        self.reported = False
        self.seen = -1
        self.muted = False
        self.unbalanced = self.endless = False
        self.flag = 0
        self.flag_token = tokens.flags[0].token if tokens.flags else len(self.kinds)

    def report(
        self, message: str, code: str = "syntax-error", at: int = -1, opener: int = -1
    ) -> None:
        """Say what is wrong with the current token, or with the token ``at``."""
        i = self.i if at < 0 else at
        if self.flag_token <= i:
            self.lexical(i + 1)
        related: tuple[Related, ...] = ()
        if opener >= 0:
            opened = f"this '{self.texts[opener]}' is not closed"
            related = (Related(self.starts[opener], self.ends[opener], opened),)
        ends_early = self.kinds[i] == END
        self.add(code, self.starts[i], self.ends[i], message, related, ends_early)

    def add(
        self,
        code: str,
        start: int,
        end: int,
        message: str,
        related: tuple[Related, ...],
        ends_early: bool,
    ) -> None:
        """Keep a problem unless its statement, or its line, has one already."""
        if self.unit.early is None and self.guide is None and code != _VARARG and not self.muted:
            self.unit.early = ends_early
        news = not self.reported and not self.muted and len(self.problems) < PROBLEMS
        if news and not self.same_line(self.seen, start):
            self.problems.append(Problem(code, "error", start, end, message, "parser", related))
        self.reported = True
        self.seen = end

    def same_line(self, before: int, after: int) -> bool:
        """Whether no line ends between two offsets; an offset below zero is on no line."""
        if before < 0:
            return False
        text = self.text
        return text.find("\n", before, after) < 0 and text.find("\r", before, after) < 0

    def lexical(self, limit: int) -> None:
        """Report the tokens before a limit that are wrong in themselves."""
        flags = self.tokens.flags
        while self.flag_token < limit:
            flag = flags[self.flag]
            self.flag += 1
            more = self.flag < len(flags)
            self.flag_token = flags[self.flag].token if more else len(self.kinds)
            self.add(flag.code, flag.start, flag.end, flag.message, (), flag.open)
            if flag.open:
                # All that follows was meant to be inside the string or comment.
                self.muted = True

    def version(self, message: str, at: int) -> None:
        """Report a construct that another Lua has."""
        self.report(message, "wrong-version-syntax", at)

    def near(self, i: int) -> str:
        """How a token is called in messages."""
        if self.kinds[i] == END:
            return "<eof>"
        shown = self.texts[i].splitlines()[0][:30]
        return f"'{shown}'"

    def missing(self, kind: str, opener: int = -1) -> None:
        """Report that the current token is not the one expected, and go on as if it had been."""
        message = f"'{kind}' expected"
        if opener >= 0:
            self.unbalanced = True
            message += f" (to close '{self.texts[opener]}' at {LINE}"
        self.report(f"{message} near {self.near(self.i)}", opener=opener)

    def expect(self, kind: str) -> None:
        """Take a token, or report that it is missing and pass over what stands before it."""
        i = self.i
        if self.kinds[i] == kind:
            self.i = i + 1
            return
        self.missing(kind)
        while self.kinds[i] not in _STATEMENTS or self.kinds[i] in (NAME, "("):
            if self.kinds[i] in _CLOSERS or not self.same_line(self.ends[i - 1], self.starts[i]):
                return
            i += 1
        if self.kinds[i] == kind:
            self.i = i + 1

    def close(self, kind: str, opener: int) -> int:
        """Take the token that closes an opener, or report it missing; the end of what it closes."""
        i = self.i
        if self.kinds[i] == kind and opener not in self.unclosed:
            self.i = i + 1
            return self.ends[i]
        self.missing(kind, opener)
        return self.ends[i - 1]

    def close_block(self, body: Block, kind: str, opener: int) -> int:
        """The same for a block, which ends with its last token when its closing word is missing."""
        i = self.i
        end = self.close(kind, opener)
        if self.i == i:
            body.end = end = max(end, body.start)
            if self.kinds[i] == END:
                self.endless = True
        return end

    def too_deep(self) -> bool:
        """Whether one more level is too many; then it is reported."""
        if self.depth < self.limit:
            return False
        if self.depth < self.most:
            self.unit.deep = True
            self.limit = self.most
            return False
        self.report("chunk has too many syntax levels", at=self.i)
        return True

    def outside(self, i: int, opener: int) -> bool:
        """Whether a token is not inside an unclosed opener, going by its indentation."""
        assert self.guide is not None
        return 0 <= self.guide.columns[i] <= self.guide.indents[opener]

    def deeper(self, i: int, opener: int) -> bool:
        """Whether a token stands on the line of the one before it, or deeper than the opener."""
        if self.same_line(self.ends[i - 1], self.starts[i]):
            return True
        return self.column(self.starts[i]) > self.column(self.starts[opener])

    def column(self, offset: int) -> int:
        """The column of the first letter on the line of an offset."""
        text = self.text
        line = text.rfind("\n", 0, offset) + 1
        line = text.rfind("\r", line, offset) + 1 or line
        margin = text[line:offset]
        margin = margin[: len(margin) - len(margin.lstrip())]
        return len(margin.expandtabs(8)) if "\t" in margin else len(margin)

    def only_value(self) -> list[Statement]:
        """Read a text that is one value."""
        self.blocks = 1
        value = self.expression()
        if self.kinds[self.i] != END:
            self.report(f"end of the expression expected near {self.near(self.i)}")
        self.lexical(len(self.kinds))
        return [Result(value.start, value.end, [value], False)]

    def block(self, opener: int) -> Block:
        """Statements up to a word that closes a block; the word is left to the caller."""
        i = self.i
        start = self.ends[i - 1]
        if self.flag_token < i:
            self.lexical(i)
        if self.too_deep():
            return Block(start, start, [])
        reported = self.reported
        self.depth += 1
        self.blocks += 1
        kinds = self.kinds
        guided = opener in self.unclosed
        statements: list[Statement] = []
        last: Statement | None = None
        while True:
            i = self.i
            kind = kinds[i]
            if guided and (kind in ")]}" or self.outside(i, opener)):
                break
            if i >= self.bound:
                if last is not None:
                    self.not_last(last)
                raise Beyond
            if kind in _CLOSERS and self.closes(kind):
                break
            statement = self.statement(last)
            statements.append(statement)
            last = statement if self.must_be_last(statement) else None
        self.reported = reported
        self.depth -= 1
        self.blocks -= 1
        if statements and type(statements[-1]) in (Label, Empty):
            self.mark_last(statements, opener)
        return Block(start, max(self.starts[self.i], start), statements)

    def statement(self, last: Statement | None) -> Statement:
        """One statement; ``last`` is the one before it if that should have been the last."""
        handler = _STATEMENTS.get(self.kinds[self.i], Parser.other_statement)
        if last is not None:
            self.not_last(last)
        self.reported = False
        before = None if self.guide is None else self.remember()
        statement = handler(self)
        i = self.i
        kind = self.kinds[i]
        if kind == ";":
            if type(statement) is not Label:
                self.i = i + 1
        elif kind == "=":
            statement = self.cut_short(before, handler, statement)
        if self.flag_token < self.i:
            self.lexical(self.i)
        if self.reported:
            self.broken.append(statement.start)
        return statement

    def must_be_last(self, statement: Statement) -> bool:
        """Whether no statement may follow the one just read."""
        kind = type(statement)
        return (kind is Return or (self.old and kind is Break)) and not self.reported

    def cut_short(
        self,
        before: Place | None,
        handler: Callable[[Parser], Statement],
        statement: Statement,
    ) -> Statement:
        """Read a statement again that ran on into the assignment on the next line."""
        if before is None or self.guide is None:
            self.unbalanced = self.endless = True
            return statement
        wall = self.i - 1
        while wall > before.i and self.guide.columns[wall] < 0:
            wall -= 1
        effort = self.i - before.i
        if wall <= before.i or effort > self.effort:
            return statement
        # Statements inside statements are read again inside what is read again: all of it
        # together must not take longer than one more reading of the text.
        self.effort -= effort
        self.recall(before)
        kind = self.kinds[wall]
        self.kinds[wall] = _WALL
        statement = handler(self)
        self.kinds[wall] = kind
        return statement

    def closes(self, kind: str) -> bool:
        """Whether a closing word can belong to a block that is open; else it is a stray."""
        if self.guide is not None and self.i in self.guide.stray:
            return False
        if kind == "end":
            return self.blocks > 1
        if kind == "until":
            return self.repeats > 0
        return kind == END or self.branches > 0

    def not_last(self, statement: Statement) -> None:
        """Report what follows a ``return``, or a ``break`` of Lua 5.1, in its block."""
        self.reported = False
        if type(statement) is Return:
            self.report(f"'return' must be the last statement; not followed by {self.near(self.i)}")
        else:
            self.version("'break' must be the last statement of its block in this Lua", self.i)
        self.broken.append(statement.start)

    def mark_last(self, statements: list[Statement], opener: int) -> None:
        """Tell the labels at the end of a block that no statement follows them."""
        if opener >= 0 and self.kinds[opener] == "repeat":
            return
        for statement in reversed(statements):
            if type(statement) is Label:
                statement.last = True
            elif type(statement) is not Empty or self.old:
                break

    def open(self, offset: int, word: str) -> None:
        """Note on the tape that a scope opens."""
        self.tape.append(Mark("open", offset, None, word))

    def shut(self, offset: int) -> None:
        """Note on the tape that the newest scope ends."""
        self.tape.append(Mark("close", offset))

    def scoped_block(self, opener: int, word: str) -> Block:
        """A block with a scope of its own."""
        self.open(self.ends[self.i - 1], word)
        body = self.block(opener)
        self.shut(body.end)
        return body

    def loop_block(self, opener: int, names: list[Name]) -> Block:
        """The block of a loop, with the variables of a ``for``."""
        offset = self.ends[self.i - 1]
        self.open(offset, self.kinds[opener])
        for place, name in enumerate(names):
            constant = "const" if place == 0 and self.dialect == "5.5" else ""
            self.tape.append(Mark("local", offset, name, "for", constant))
        self.loops += 1
        body = self.block(opener)
        self.loops -= 1
        self.shut(body.end)
        return body

    def do_statement(self) -> Statement:
        """``do ... end``."""
        opener = self.i
        self.i = opener + 1
        body = self.scoped_block(opener, "do")
        return Do(self.starts[opener], self.close_block(body, "end", opener), body)

    def while_statement(self) -> Statement:
        """``while condition do ... end``."""
        opener = self.i
        self.i = opener + 1
        condition = self.expression()
        self.expect("do")
        body = self.loop_block(opener, [])
        end = self.close_block(body, "end", opener)
        return While(self.starts[opener], end, condition, body)

    def repeat_statement(self) -> Statement:
        """``repeat ... until condition``."""
        opener = self.i
        self.i = opener + 1
        self.open(self.ends[opener], "repeat")
        self.loops += 1
        self.repeats += 1
        body = self.block(opener)
        self.repeats -= 1
        self.loops -= 1
        end = self.close_block(body, "until", opener)
        condition: Expression
        if self.kinds[self.i - 1] == "until":
            condition = self.expression()
            end = condition.end
        else:
            condition = Missing(end)
        # A name right behind the condition is outside already, a cursor behind ``until`` is not.
        self.shut(end - 1 if type(condition) is not Missing else self.starts[self.i])
        return Repeat(self.starts[opener], end, body, condition)

    def if_statement(self) -> Statement:
        """``if ... then ... elseif ... else ... end``, also when its first word is missing."""
        opener = self.i
        word = self.kinds[opener]
        if word != "if":
            self.report(f"'if' expected before {self.near(opener)}")
        start = self.starts[opener]
        clauses: list[Clause] = []
        otherwise: Block | None = None
        self.branches += 1
        body = Block(start, start, [])
        clause_start = start
        while word != "else":
            condition: Expression = Missing(start)
            if word != "then":
                self.i += 1
                condition = self.expression()
            self.expect("then")
            body = self.scoped_block(opener, "if")
            clauses.append(Clause(clause_start, condition, body))
            word = self.kinds[self.i]
            if word not in ("elseif", "else") or self.leaves(opener):
                word = ""
                break
            clause_start = self.starts[self.i]
        self.branches -= 1
        if word == "else":
            self.i += 1
            body = otherwise = self.scoped_block(opener, "else")
        end = self.close_block(body, "end", opener)
        if otherwise is None:
            clauses[-1].end = body.end
        return If(start, end, clauses, otherwise)

    def leaves(self, opener: int) -> bool:
        """Whether the branch word at hand belongs to a block around an unclosed ``if``."""
        if self.guide is None or opener not in self.unclosed:
            return False
        return 0 <= self.guide.columns[self.i] < self.guide.indents[opener]

    def for_statement(self) -> Statement:
        """Both kinds of ``for``."""
        opener = self.i
        start = self.starts[opener]
        self.i = opener + 1
        names = [self.name()]
        if self.kinds[self.i] == "=":
            self.i += 1
            values = self.values()
            if not 2 <= len(values) <= 3:
                self.report(f"two or three values expected before {self.near(self.i)}")
            self.expect("do")
            body = self.loop_block(opener, names)
            end = self.close_block(body, "end", opener)
            return NumericFor(start, end, names[0], values, body)
        while self.kinds[self.i] == ",":
            self.i += 1
            names.append(self.name())
        values = []
        if self.kinds[self.i] == "in":
            self.i += 1
            values = self.values()
        else:
            self.report(f"'=' or 'in' expected near {self.near(self.i)}")
        self.expect("do")
        body = self.loop_block(opener, names)
        return GenericFor(start, self.close_block(body, "end", opener), names, values, body)

    def function_statement(self) -> Statement:
        """``function a.b:c() ... end``."""
        opener = self.i
        start = self.starts[opener]
        if self.kinds[opener + 1] == "(" and self.at_top():
            return self.input_statement()
        self.i = opener + 1
        name = self.name()
        target: Expression = name
        self.tape.append(name)
        method = False
        while self.kinds[self.i] in (".", ":") and not method:
            method = self.kinds[self.i] == ":"
            target = self.member(target)
        if target is name:
            self.tape.append(Mark("write", name.start, name))
        return Function(
            start, target, self.function_body(self.starts[self.i], opener, start, method)
        )

    def local_statement(self) -> Statement:
        """``local names = values`` and ``local function``."""
        i = self.i
        start = self.starts[i]
        self.i = i + 1
        if self.kinds[i + 1] == "function":
            return self.named_function(start, False)
        default = self.attribute(True) if self.kinds[i + 1] == "<" else None
        names, attributes = self.declared()
        values: list[Expression] = []
        if self.kinds[self.i] == "=":
            self.i += 1
            values = self.values()
        end = self.ends[self.i - 1]
        after = self.after() if self.reported else end
        tape = self.tape
        if not attributes and default is None:
            for name in names:
                tape.append(Mark("local", after, name, "local"))
            return Local(start, end, names, attributes, None, values)
        chosen = self.chosen(names, attributes, default)
        if chosen.count("close") > 1:
            self.report("multiple to-be-closed variables in local list", at=self.i - 1)
        for name, attribute in zip(names, chosen, strict=True):
            tape.append(Mark("local", after, name, "local", attribute))
        return Local(start, end, names, attributes, default, values)

    def after(self) -> int:
        """Where what follows an unfinished piece begins: past the end when nothing follows."""
        return self.starts[self.i] + (self.kinds[self.i] == END)

    def named_function(self, start: int, shared: bool) -> Statement:
        """The rest of ``local function`` or ``global function``."""
        opener = self.i
        self.i = opener + 1
        name = self.name()
        self.tape.append(Mark("global" if shared else "local", name.end, name, "function"))
        body_start = self.starts[self.i]
        header = start if shared else body_start
        return LocalFunction(
            start, name, self.function_body(body_start, opener, header, False), shared
        )

    def declared(self) -> tuple[list[Name], list[Name | None]]:
        """Names with their attributes; the second list is empty when there are none."""
        kinds = self.kinds
        names: list[Name] = []
        attributes: list[Name | None] = []
        while True:
            names.append(self.name())
            if kinds[self.i] == "<":
                attributes += [None] * (len(names) - 1 - len(attributes))
                attributes.append(self.attribute(False))
            if kinds[self.i] != ",":
                break
            self.i += 1
        if attributes:
            attributes += [None] * (len(names) - len(attributes))
        return names, attributes

    def attribute(self, leading: bool) -> Name:
        """``<const>`` or ``<close>``."""
        opener = self.i
        if self.dialect not in ("5.4", "5.5"):
            self.version("attributes need Lua 5.4 or later", opener)
        elif leading and self.dialect != "5.5":
            self.version("an attribute before the names needs Lua 5.5", opener)
        self.i = opener + 1
        name = self.name()
        if name.name and name.name not in _ATTRIBUTES:
            self.report(f"unknown attribute '{name.name[:30]}'", at=self.i - 1)
        self.close(">", opener)
        return name

    def chosen(
        self, names: list[Name], attributes: list[Name | None], default: Name | None
    ) -> list[str]:
        """The attribute in force for each name."""
        common = "" if default is None else default.name
        if not attributes:
            return [common] * len(names)
        return [common if own is None else own.name for own in attributes]

    def global_statement(self) -> Statement:
        """``global names``, ``global *`` and ``global function``."""
        i = self.i
        start = self.starts[i]
        if self.dialect != "5.5":
            self.version("global declarations need Lua 5.5", i)
        self.i = i + 1
        if self.kinds[i + 1] == "function":
            return self.named_function(start, True)
        default = self.attribute(True) if self.kinds[i + 1] == "<" else None
        if self.kinds[self.i] == "*":
            self.i += 1
            end = self.ends[self.i - 1]
            attribute = "" if default is None else default.name
            self.tape.append(Mark("global", end, None, "", attribute))
            self.refuse_close([attribute])
            return Global(start, end, [], [], default, [], True)
        names, attributes = self.declared()
        values: list[Expression] = []
        if self.kinds[self.i] == "=":
            self.i += 1
            values = self.values()
        end = self.ends[self.i - 1]
        chosen = self.chosen(names, attributes, default)
        self.refuse_close(chosen)
        for name, attribute in zip(names, chosen, strict=True):
            self.tape.append(Mark("global", end, name, "", attribute))
        return Global(start, end, names, attributes, default, values, False)

    def refuse_close(self, attributes: list[str]) -> None:
        """Report a global that should be closed."""
        if "close" in attributes:
            self.report("global variables cannot be to-be-closed", at=self.i - 1)

    def return_statement(self) -> Statement:
        """``return values``."""
        i = self.i
        self.i = i + 1
        values: list[Expression] = []
        if self.kinds[self.i] in _VALUES and not self.named_function_ahead(self.i):
            values = self.values()
        return Return(self.starts[i], self.ends[self.i - 1], values)

    def break_statement(self) -> Statement:
        """``break``."""
        i = self.i
        self.i = i + 1
        if not self.loops:
            self.report("'break' is outside a loop", "break-outside-loop", i)
        return Break(self.starts[i], self.ends[i])

    def goto_statement(self) -> Statement:
        """``goto label``."""
        i = self.i
        if self.dialect == "5.1":
            self.version("'goto' needs Lua 5.2 or later, or LuaJIT", i)
        self.i = i + 1
        label = self.name()
        self.tape.append(Mark("goto", self.starts[i], label))
        return Goto(self.starts[i], self.ends[self.i - 1], label)

    def label_statement(self) -> Statement:
        """``::label::``."""
        i = self.i
        if self.dialect == "5.1":
            self.version("labels need Lua 5.2 or later, or LuaJIT", i)
        self.i = i + 1
        name = self.name()
        self.expect("::")
        label = Label(self.starts[i], self.ends[self.i - 1], name)
        self.tape.append(Mark("label", label.start, label))
        return label

    def empty_statement(self) -> Statement:
        """A ``;`` of its own."""
        i = self.i
        if self.old and self.kinds[i - 1] != "::":
            self.version("an empty statement needs Lua 5.2 or later", i)
        self.i = i + 1
        return Empty(self.starts[i], self.ends[i])

    def name_statement(self) -> Statement:
        """A statement that begins with a name: mostly an assignment or a call."""
        i = self.i
        if self.texts[i] in _SOFT and (soft := self.soft_statement(i)) is not None:
            return soft
        if self.at_top():
            return self.input_statement()
        return self.expression_statement()

    def soft_statement(self, i: int) -> Statement | None:
        """``goto`` and ``global`` where they are names: what follows decides."""
        following = self.kinds[i + 1]
        if self.texts[i] == "goto":
            here = self.dialect == "luajit" or self.same_line(self.ends[i], self.starts[i + 1])
            return self.goto_statement() if following == NAME and here else None
        if self.dialect == "5.5":
            wanted = following in (NAME, "function", "*", "<")
        else:
            wanted = (
                following in (NAME, "function") or self.texts[i + 2 : i + 3] == ["const"]
            ) and self.same_line(self.ends[i], self.starts[i + 1])
        return self.global_statement() if wanted else None

    def expression_statement(self) -> Statement:
        """An assignment or a call; anything else is broken, and its value is kept."""
        node = self.suffixed()
        kind = self.kinds[self.i]
        if kind in ("=", ","):
            return self.assignment(node)
        if type(node) is Call or type(node) is MethodCall:
            return CallStatement(node)
        if kind in COMPOUND:
            return self.compound(node, kind)
        if kind == "+" and self.text.startswith("++", self.starts[self.i]):
            return self.counted(node)
        if type(node) is Name and node.name == "continue" and self.loops:
            message = "'continue' is not Lua; write 'goto' and a label at the end of the loop"
            self.report(message, at=self.i - 1)
        else:
            self.report(f"'=' or a call expected near {self.near(self.i)}")
        return Broken(node.start, node.end, [node])

    def compound(self, node: Expression, kind: str) -> Statement:
        """``a += b`` of other languages."""
        name = self.text[node.start : node.end][:20]
        self.report(f"'{kind}' is not Lua; write '{name} = {name} {kind[:-1]} ...'")
        self.i += 1
        values = self.values()
        return Broken(node.start, self.ends[self.i - 1], [node, *values])

    def counted(self, node: Expression) -> Statement:
        """``a++`` of other languages."""
        name = self.text[node.start : node.end][:20]
        start, end = self.starts[self.i], self.ends[self.i + 1]
        self.i += 2
        message = f"'++' is not Lua; write '{name} = {name} + 1'"
        if self.flag_token < self.i:
            self.lexical(self.i)
        self.add("syntax-error", start, end, message, (), self.kinds[self.i] == END)
        return Broken(node.start, end, [node])

    def assignment(self, first: Expression) -> Statement:
        """``targets = values`` after the first target."""
        targets = [first]
        self.check_target(first)
        while self.kinds[self.i] == ",":
            self.i += 1
            if self.kinds[self.i] in (NAME, "("):
                target = self.suffixed()
                self.check_target(target)
            else:
                target = self.no_value()
            targets.append(target)
        values: list[Expression] = []
        if self.kinds[self.i] == "=":
            self.i += 1
            values = self.values()
        else:
            self.report(f"'=' expected near {self.near(self.i)}")
        for target in targets:
            if type(target) is Name:
                self.tape.append(Mark("write", target.start, target))
        return Assign(first.start, self.ends[self.i - 1], targets, values)

    def check_target(self, target: Expression) -> None:
        """Report a target that no value can be assigned to."""
        if type(target) not in (Name, Member, Index):
            self.report(f"variable expected before {self.near(self.i)}, not a value")

    def other_statement(self) -> Statement:
        """What begins with a token no statement begins with."""
        kind = self.kinds[self.i]
        if kind in _CLOSERS:
            self.unbalanced = True
            if kind in ("else", "elseif") and self.i not in self.unclosed:
                return self.if_statement()
            return self.broken_statement()
        if kind in _VALUES and self.at_top():
            return self.input_statement()
        return self.broken_statement()

    def at_top(self) -> bool:
        """Whether a list of values may stand here: outside all blocks of an input."""
        return self.mode == "input" and self.blocks == 1

    def bracket_statement(self) -> Statement:
        """A statement that begins with a bracket."""
        if self.at_top():
            return self.input_statement()
        return self.expression_statement()

    def input_statement(self) -> Statement:
        """A statement of an input, where a list of values may be the last one."""
        kind = self.kinds[self.i]
        before = self.remember()
        statement: Statement | None = None
        if kind in (NAME, "("):
            statement = self.expression_statement()
            following = self.kinds[self.i]
            if not self.reported and following not in _LEFT:
                if type(statement) is CallStatement and self.at_end():
                    return Result(statement.start, statement.end, [statement.call], False)
                return statement
            self.recall(before)
        start = self.starts[self.i]
        values = self.values()
        if self.at_end():
            return Result(start, self.ends[self.i - 1], values, False)
        self.recall(before)
        return self.broken_statement() if statement is None else self.expression_statement()

    def marked_result(self) -> Statement:
        """``= values``, the first letter of an input."""
        if self.mode != "input" or self.i:
            return self.broken_statement()
        self.i = 1
        values = self.values()
        if not self.at_end():
            self.report(f"end of input expected near {self.near(self.i)}")
        return Result(self.starts[0], self.ends[self.i - 1], values, True)

    def at_end(self) -> bool:
        """Whether nothing but ``;`` is left, and no more of those than the dialect allows."""
        i = self.i
        while self.kinds[i] == ";" and (i == self.i or not self.old):
            i += 1
        return self.kinds[i] == END

    def remember(self) -> Place:
        """All that a second try of the same tokens needs back."""
        return Place(
            self.i,
            len(self.tape),
            len(self.problems),
            len(self.broken),
            self.functions,
            self.flag,
            self.flag_token,
            self.reported,
            self.muted,
            self.seen,
        )

    def recall(self, place: Place) -> None:
        """Go back to where ``remember`` was asked."""
        self.i = place.i
        del self.tape[place.tape :]
        del self.problems[place.problems :]
        del self.broken[place.broken :]
        self.functions = place.functions
        self.flag = place.flag
        self.flag_token = place.flag_token
        self.reported = place.reported
        self.muted = place.muted
        self.seen = place.seen

    def broken_statement(self) -> Statement:
        """What cannot begin a statement, with all on its line that cannot begin one either."""
        first = i = self.i
        self.report(f"statement expected near {self.near(i)}")
        parts: list[Expression] = []
        while i == first or self.skippable(i):
            if self.kinds[i] in _VALUES and not self.named_function_ahead(i):
                parts.append(self.expression())
            if self.i == i:
                self.i = i + 1
            i = self.i
        return Broken(self.starts[first], self.ends[i - 1], parts)

    def skippable(self, i: int) -> bool:
        """Whether a token goes with the broken statement before it."""
        kind = self.kinds[i]
        if kind in _STATEMENTS or kind in _CLOSERS:
            return False
        return self.same_line(self.ends[i - 1], self.starts[i])

    def named_function_ahead(self, i: int) -> bool:
        """Whether a ``function`` begins a statement rather than a value."""
        return self.kinds[i] == "function" and self.kinds[i + 1] == NAME

    def values(self) -> list[Expression]:
        """One or more values with commas between them."""
        values = [self.expression()]
        while self.kinds[self.i] == ",":
            self.i += 1
            values.append(self.expression())
        return values

    def expression(self, limit: int = 0) -> Expression:
        """A value whose operators bind more tightly than ``limit``."""
        i = self.i
        kind = self.kinds[i]
        node: Expression
        if kind == NAME or kind == "(":
            node = self.suffixed()
        elif kind == STRING:
            self.i = i + 1
            node = String(self.starts[i], self.ends[i], self.texts[i], self.dialect)
        elif kind == NUMBER:
            self.i = i + 1
            node = Number(self.starts[i], self.ends[i], self.texts[i], self.dialect)
        elif kind in _CONSTANTS:
            self.i = i + 1
            node = Constant(self.starts[i], self.ends[i], kind)
        elif kind == "{":
            node = self.table()
        elif kind == "function" and self.kinds[i + 1] != NAME:
            self.i = i + 1
            start = self.starts[i]
            self.depth += 1
            node = self.function_body(start, i, self.starts[i + 1], False)
            self.depth -= 1
        elif kind in _UNARY:
            node = self.unary(i, kind)
        elif kind == "...":
            node = self.vararg(i)
        else:
            node = self.no_value()
        kinds = self.kinds
        while True:
            operator = kinds[self.i]
            power = _LEFT.get(operator, 0)
            if power <= limit:
                return node
            if self.too_deep():
                return node
            self.i += 1
            self.depth += 1
            node = Binary(operator, node, self.expression(_RIGHT[operator]))
            self.depth -= 1

    def no_value(self) -> Expression:
        """Report that a value is missing; what no Lua reads stands for it."""
        i = self.i
        self.report(f"expression expected near {self.near(i)}")
        if self.kinds[i] == BAD:
            self.i = i + 1
        return Missing(self.ends[i - 1] if i else 0)

    def unary(self, i: int, operator: str) -> Expression:
        """``not``, ``-``, ``#`` or ``~`` with its operand."""
        if self.too_deep():
            return Missing(self.starts[i])
        self.i = i + 1
        self.depth += 1
        operand = self.expression(_UNARY_POWER)
        self.depth -= 1
        return Unary(self.starts[i], operator, operand)

    def vararg(self, i: int) -> Expression:
        """``...`` as a value."""
        self.i = i + 1
        if not self.variadic:
            message = "cannot use '...' outside a vararg function"
            self.report(message, _VARARG, i)
        self.tape.append(Mark("vararg", self.starts[i]))
        return Vararg(self.starts[i], self.ends[i])

    def suffixed(self) -> Expression:
        """A name or a bracket with all that follows it: members, indexes, calls."""
        kinds, starts, ends = self.kinds, self.starts, self.ends
        i = self.i
        node: Expression
        if kinds[i] == NAME:
            node = name = Name(starts[i], ends[i], self.texts[i])
            self.tape.append(name)
            i += 1
        else:
            node = self.paren()
            i = self.i
        while (kind := kinds[i]) in _SUFFIXES:
            if kind == "." or kind == ":":
                if kinds[i + 1] == NAME:
                    key_start = starts[i + 1]
                    node = Member(ends[i + 1], node, self.texts[i + 1], key_start)
                    i += 2
                else:
                    self.i = i
                    node = self.member(node)
                    i = self.i
                if kind == ":":
                    self.i = i
                    node = self.method_call(node)
                    i = self.i
            elif kind == "(":
                if self.old:
                    self.check_call(i)
                self.i = i
                arguments = self.arguments()
                node = Call(ends[self.i - 1], node, starts[i], arguments)
                i = self.i
            elif kind == STRING:
                text = String(starts[i], ends[i], self.texts[i], self.dialect)
                node = Call(text.end, node, text.start, [text])
                i += 1
            elif kind == "{":
                self.i = i
                table = self.table()
                node = Call(table.end, node, table.start, [table])
                i = self.i
            else:
                self.i = i + 1
                key = self.inside(i)
                node = Index(max(self.close("]", i), key.end), node, key)
                i = self.i
        self.i = i
        return node

    def check_call(self, i: int) -> None:
        """Report a call whose bracket stands on a new line, in a Lua that finds it ambiguous."""
        if not self.same_line(self.ends[i - 1], self.starts[i]):
            self.version("'(' on a new line is ambiguous in this Lua; write ';' before it", i)

    def inside(self, opener: int) -> Expression:
        """The value in a bracket."""
        if self.too_deep():
            return Missing(self.ends[opener])
        if opener in self.unclosed and self.outside(self.i, opener):
            return self.no_value()
        self.depth += 1
        node = self.expression()
        self.depth -= 1
        return node

    def paren(self) -> Expression:
        """``(value)``."""
        i = self.i
        self.i = i + 1
        inner = self.inside(i)
        return Paren(self.starts[i], max(self.close(")", i), inner.end), inner)

    def member(self, node: Expression) -> Member:
        """``.key`` or ``:key``; a keyword counts as the key only right behind the sign."""
        i = self.i + 1
        kind = self.kinds[i]
        if kind == NAME:
            self.i = i + 1
        elif kind in KEYWORDS and self.starts[i] == self.ends[i - 1]:
            self.report(f"'{kind}' is a keyword; write [\"{kind}\"]", at=i)
            self.i = i + 1
        else:
            self.i = i
            self.report(f"name expected near {self.near(i)}", at=i)
            return Member(self.ends[i - 1], node, "", self.ends[i - 1])
        return Member(self.ends[i], node, self.texts[i], self.starts[i])

    def method_call(self, member: Expression) -> Expression:
        """The arguments after ``object:key``."""
        assert type(member) is Member
        i = self.i
        kind = self.kinds[i]
        arguments: list[Expression]
        opening = self.starts[i]
        if kind == "(":
            if self.old:
                self.check_call(i)
            arguments = self.arguments()
        elif kind == STRING:
            self.i = i + 1
            arguments = [String(opening, self.ends[i], self.texts[i], self.dialect)]
        elif kind == "{":
            arguments = [self.table()]
        elif kind != END and member.key and not self.same_line(member.object.end, member.key_start):
            # The name on the next line begins a statement of its own.
            self.i = i = i - 1
            self.report(f"name expected near {self.near(i)}")
            end = self.ends[i - 1]
            return MethodCall(end, member.object, "", end, end, [])
        else:
            self.report(f"function arguments expected near {self.near(i)}")
            arguments = []
            opening = self.ends[i - 1]
        end = self.ends[self.i - 1]
        return MethodCall(end, member.object, member.key, member.key_start, opening, arguments)

    def arguments(self) -> list[Expression]:
        """``(values)``."""
        opener = self.i
        kinds = self.kinds
        self.i = opener + 1
        values: list[Expression] = []
        if kinds[self.i] != ")" and not self.too_deep():
            self.depth += 1
            guided = opener in self.unclosed
            while True:
                if guided and self.outside(self.i, opener):
                    if values:
                        values.append(self.no_value())
                    break
                values.append(self.expression())
                if kinds[self.i] == ",":
                    self.i += 1
                elif kinds[self.i] == ")" or not self.goes_on(opener, ")"):
                    break
            self.depth -= 1
        self.close(")", opener)
        return values

    def goes_on(self, opener: int, closer: str) -> bool:
        """Whether a list goes on though its comma is missing, which is reported."""
        i = self.i
        kind = self.kinds[i]
        if opener in self.unclosed or not self.deeper(i, opener):
            return False
        if (kind not in _VALUES and kind != BAD) or self.named_function_ahead(i):
            return self.guide is not None and self.skip_statement(opener)
        self.report(f"',' or '{closer}' expected near {self.near(i)}")
        return True

    def skip_statement(self, opener: int) -> bool:
        """Pass over the line of a statement inside a bracket that is closed later."""
        i = self.i
        assert self.guide is not None
        if self.guide.columns[i] < 0 or self.kinds[i] not in _STATEMENTS:
            return False
        self.report(f"'{_CLOSING[self.kinds[opener]]}' expected near {self.near(i)}")
        while True:
            i += 1
            if self.kinds[i] == END or not self.same_line(self.ends[i - 1], self.starts[i]):
                break
        self.i = i
        return self.kinds[i] != _CLOSING[self.kinds[opener]]

    def table(self) -> Table:
        """``{ fields }``."""
        opener = self.i
        kinds = self.kinds
        self.i = opener + 1
        fields: list[Expression | NamedField | KeyedField] = []
        if not self.too_deep():
            self.depth += 1
            guided = opener in self.unclosed
            while kinds[self.i] != "}" and not (guided and self.outside(self.i, opener)):
                fields.append(self.field())
                kind = kinds[self.i]
                if kind == "," or kind == ";":
                    self.i += 1
                elif kind == "}" or not self.field_follows(opener):
                    break
            self.depth -= 1
        end = self.close("}", opener)
        return Table(self.starts[opener], end, fields)

    def field_follows(self, opener: int) -> bool:
        """Whether a table goes on though its comma is missing, which is reported."""
        if self.kinds[self.i] != "[":
            return self.goes_on(opener, "}")
        if opener in self.unclosed or not self.deeper(self.i, opener):
            return False
        self.report("',' or '}' expected near '['")
        return True

    def field(self) -> Expression | NamedField | KeyedField:
        """One field of a table."""
        i = self.i
        kind = self.kinds[i]
        if kind == NAME and self.kinds[i + 1] == "=":
            self.i = i + 2
            name = Name(self.starts[i], self.ends[i], self.texts[i])
            return NamedField(name, self.expression())
        if kind != "[":
            return self.expression()
        self.i = i + 1
        key = self.expression()
        self.close("]", i)
        value: Expression
        if self.kinds[self.i] == "=":
            self.i += 1
            value = self.expression()
        else:
            self.report(f"'=' expected near {self.near(self.i)}")
            value = Missing(self.ends[self.i - 1])
        return KeyedField(self.starts[i], key, value)

    def name(self) -> Name:
        """A name that is declared; without one, an empty Name and a report."""
        i = self.i
        kind = self.kinds[i]
        if kind == NAME:
            self.i = i + 1
            return Name(self.starts[i], self.ends[i], self.texts[i])
        before = self.ends[i - 1]
        if kind in KEYWORDS and self.kinds[i + 1] in ("=", ",", "(") and kind != "function":
            if self.same_line(before, self.starts[i]):
                self.report(f"'{kind}' is a keyword and cannot be a name")
                self.i = i + 1
                return Name(self.starts[i], self.ends[i], self.texts[i])
        else:
            self.report(f"name expected near {self.near(i)}")
        return Name(before, before, "")

    def function_body(self, start: int, opener: int, header: int, method: bool) -> FunctionBody:
        """Parameters, statements and ``end``."""
        self.functions += 1
        number = self.functions
        tape = self.tape
        tape.append(Mark("function", start, None, "method" if method else ""))
        parameters, vararg = self.parameters()
        offset = self.ends[self.i - 1] if self.kinds[self.i - 1] == ")" else self.after()
        for name in parameters:
            tape.append(Mark("local", offset, name, "parameter"))
        if vararg is not None and vararg.name is not None:
            tape.append(Mark("local", offset, vararg.name, "vararg", "const"))
        elif vararg is not None and self.dialect == "5.1":
            # Lua 5.1 still makes a local of its own for the arguments behind the last name.
            name = Name(vararg.start, vararg.end, "arg")
            tape.append(Mark("local", offset, name, "vararg"))
        outer = self.loops, self.variadic
        self.loops = 0
        self.variadic = vararg is not None
        body = self.block(opener)
        self.loops, self.variadic = outer
        self.shut(body.end)
        end = self.close_block(body, "end", opener)
        start = min(start, body.start)
        return FunctionBody(start, end, header, number, method, parameters, vararg, body)

    def parameters(self) -> tuple[list[Name], Vararg | None]:
        """``(names, ...)``."""
        kinds = self.kinds
        opener = self.i
        parameters: list[Name] = []
        if kinds[opener] != "(":
            self.missing("(")
            return parameters, None
        self.i = opener + 1
        vararg: Vararg | None = None
        if kinds[self.i] != ")":
            while True:
                i = self.i
                if kinds[i] == "...":
                    vararg = self.vararg_parameter(i)
                    break
                parameters.append(self.name())
                if kinds[self.i] != ",":
                    break
                self.i += 1
        if kinds[self.i] != ")":
            self.skip_parameters(opener)
        self.close(")", opener)
        return parameters, vararg

    def vararg_parameter(self, i: int) -> Vararg:
        """``...`` or, in Lua 5.5, ``...name``."""
        self.i = i + 1
        name: Name | None = None
        if self.kinds[i + 1] == NAME:
            if self.dialect == "5.5":
                name = self.name()
            elif self.same_line(self.ends[i], self.starts[i + 1]):
                self.version("a name for '...' needs Lua 5.5", i + 1)
                name = self.name()
        return Vararg(self.starts[i], self.ends[self.i - 1], name)

    def skip_parameters(self, opener: int) -> None:
        """Pass over what is no parameter when the bracket closes later on the line."""
        i = self.i
        while self.kinds[i] not in _STATEMENT_WORDS and self.kinds[i] != END:
            if not self.same_line(self.ends[i - 1], self.starts[i]):
                return
            if self.kinds[i] == ")":
                self.report(f"name expected near {self.near(self.i)}", opener=opener)
                self.i = i
                return
            i += 1


_STATEMENTS: dict[str, Callable[[Parser], Statement]] = {
    "local": Parser.local_statement,
    NAME: Parser.name_statement,
    "if": Parser.if_statement,
    "return": Parser.return_statement,
    "function": Parser.function_statement,
    "for": Parser.for_statement,
    "while": Parser.while_statement,
    "repeat": Parser.repeat_statement,
    "do": Parser.do_statement,
    "break": Parser.break_statement,
    "goto": Parser.goto_statement,
    "::": Parser.label_statement,
    ";": Parser.empty_statement,
    "(": Parser.bracket_statement,
    "then": Parser.if_statement,
    "=": Parser.marked_result,
}


def parse(text: str, dialect: Dialect = "5.4", mode: Mode = "chunk") -> Tree:
    """The tree of any text, in linear time; see ``Tree.problems`` for what is wrong with it."""
    with HeldOff(text):
        tokens = scan(text, dialect, mode)
        tree = _read(tokens, mode)
        if tokens.doubtful and tree.problems:
            other = _read(scan(text, dialect, mode, doubt=True), mode)
            if len(other.problems) <= len(tree.problems):
                return other
        return tree


def parse_bounded(text: str, dialect: Dialect = "5.4", mode: Mode = "chunk") -> Tree:
    """The same of a text of any length: of one too long, a problem and no statement."""
    if len(text) <= LONGEST:
        return parse(text, dialect, mode)
    tokens = Tokens(text, dialect, [END], [""], [0], [0], [], doubtful=False)
    parser = Parser(tokens, mode, DEPTH)
    reader = Reader(parser)
    message = f"not analysed: {len(text):,} characters, and no more than {LONGEST:,} are read"
    parser.report(message, "compile-limit")
    return Tree(tokens, mode, reader.run())


def _read(tokens: Tokens, mode: Mode) -> Tree:
    try:
        return _tree(tokens, mode, DEPTH)
    except RecursionError:
        # The caller has used up Python's stack: a thread has one of its own.
        return _with_own_stack(tokens, mode)


def _tree(tokens: Tokens, mode: Mode, limit: int) -> Tree:
    reader = Reader(Parser(tokens, mode, limit))
    return Tree(tokens, mode, reader.value() if mode == "expression" else reader.run())


def _with_own_stack(tokens: Tokens, mode: Mode) -> Tree:
    trees: list[Tree] = []

    def read() -> None:
        try:
            trees.append(_tree(tokens, mode, DEPTH))
        except RecursionError:
            # Someone has lowered Python's limit below its default.
            trees.append(_tree(tokens, mode, DEPTH // 8))

    threads.start("tidelock-parser", read).join()
    return trees[0]

"""Programs grown from the grammar of a dialect, mostly such that they run and print something.

The file is long because it is a grammar, and a grammar in pieces is one nobody can read.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st

from tidelock.shared.model import DIALECTS, Dialect
from tidelock.shared.syntax.parser import parse
from tidelock.shared.syntax.tree import Block, Node

_LAYOUT = (" ", " ", " ", " ", "\n", "\n  ", " --[[ do ]] ", " -- end\n", "\t", "\r\n", "\n\r")


class Grower:
    """Draws one program; knows the names in scope so that most of what it draws works."""

    def __init__(self, draw: Callable[[st.SearchStrategy[Any]], Any], dialect: Dialect) -> None:
        self.draw = draw
        self.dialect = dialect
        self.jumps = dialect != "5.1"
        self.attributes = dialect in ("5.4", "5.5")
        self.integers = dialect in ("5.3", "5.4", "5.5")
        self.names: list[tuple[str, str]] = []
        self.count = 0
        self.loops: list[str | None] = []
        self.variadic = [True]
        self.words: list[str] = []

    def pick(self, *choices: Any) -> Any:
        return choices[self.draw(st.integers(0, len(choices) - 1))]

    def chance(self, percent: int) -> bool:
        return self.draw(st.integers(1, 100)) <= percent

    def fresh(self, prefix: str) -> str:
        self.count += 1
        return f"{prefix}{self.count}"

    def known(self, kind: str) -> str | None:
        names = [name for name, known in self.names if known == kind]
        return self.pick(*names) if names else None

    def say(self, *words: str) -> None:
        self.words += words

    # Values are written at once, so that a statement can be said word by word.

    def number(self, depth: int) -> None:
        name = self.known("number")
        choice = self.draw(st.integers(0, 7 if depth > 0 else 2))
        if choice == 0 or (choice < 3 and name is None):
            self.say(self.pick("0", "1", "2", "7", "0x1F", ".5", "3.", "1e1"))
        elif choice < 3:
            assert name is not None
            self.say(name)
        elif choice == 3:
            self.say("(")
            self.number(depth - 1)
            self.say(")")
        elif choice == 4:
            self.say("-")
            self.number(depth - 1)
        elif choice == 5:
            self.say("#")
            self.text(0)
        elif choice == 6 and self.variadic[-1]:
            self.say("select", "(", "'#'", ",", "...", ")")
        else:
            self.number(depth - 1)
            self.say(self.pick("+", "-", "*", "//" if self.integers else "/"))
            self.number(depth - 1)

    def text(self, depth: int) -> None:
        choice = self.draw(st.integers(0, 6 if depth > 0 else 3))
        if choice < 4:
            more = ["'\\z \n x'"] if self.dialect != "5.1" else []
            self.say(
                self.pick(
                    "'a'", '"do"', "'it\\'s'", "[[end]]", "[==[\nx]]]==]", "'\\\nx'", "''", *more
                )
            )
        elif choice == 4:
            self.text(depth - 1)
            self.say("..")
            self.number(0)
        elif choice == 5:
            self.say("(")
            self.text(depth - 1)
            self.say(")", ":", "rep", "(", self.pick("1", "2"), ")")
        else:
            self.say("tostring")
            self.say("(")
            self.value(depth - 1)
            self.say(")")

    def truth(self, depth: int) -> None:
        choice = self.draw(st.integers(0, 5 if depth > 0 else 1))
        if choice < 2:
            self.say(self.pick("true", "false", "nil"))
        elif choice == 2:
            self.say("not")
            self.truth(depth - 1)
        elif choice == 3:
            self.number(depth - 1)
            self.say(self.pick("<", "<=", "==", "~=", ">", ">="))
            self.number(depth - 1)
        else:
            self.truth(depth - 1)
            self.say(self.pick("and", "or"))
            self.truth(depth - 1)

    def function(self, depth: int) -> None:
        self.say("function")
        self.body(depth)

    def body(self, depth: int, method: bool = False) -> None:
        self.say("(")
        before = len(self.names)
        if method:
            self.names.append(("self", "table"))
        count = self.draw(st.integers(0, 2))
        names = [self.fresh("p") for _ in range(count)]
        variadic = self.chance(40)
        parameters = names + (["..."] if variadic else [])
        for place, name in enumerate(parameters):
            if place:
                self.say(",")
            self.say(name)
        if variadic and self.dialect == "5.5" and self.chance(30):
            self.say(self.fresh("va"))
        self.say(")")
        self.names += [(name, "any") for name in names]
        self.variadic.append(variadic)
        loops, self.loops = self.loops, []
        self.block(depth - 1, result=True)
        self.loops = loops
        self.variadic.pop()
        del self.names[before:]
        self.say("end")

    def table(self, depth: int) -> None:
        self.say("{")
        for _ in range(self.draw(st.integers(0, 3))):
            form = self.draw(st.integers(0, 2))
            if form == 0:
                self.say(self.pick("k", "goto_", "n"), "=")
            elif form == 1:
                self.say("[")
                self.number(0)
                self.say("]", "=")
            self.value(depth - 1)
            self.say(self.pick(",", ";"))
        self.say("}")

    def value(self, depth: int) -> None:
        choice = self.draw(st.integers(0, 7 if depth > 0 else 2))
        if choice == 0:
            self.number(depth)
        elif choice == 1:
            self.text(depth)
        elif choice == 2:
            self.truth(depth)
        elif choice == 3:
            self.table(depth)
        elif choice == 4:
            self.function(depth)
        elif choice == 5 and self.variadic[-1]:
            self.say("...")
        elif choice == 6 and (name := self.known("function")):
            self.say(name)
            self.arguments(depth - 1)
        else:
            self.say(self.known("any") or "nil")

    def arguments(self, depth: int) -> None:
        form = self.draw(st.integers(0, 3))
        if form == 0:
            self.say("'s'")
        elif form == 1:
            self.table(depth)
        else:
            self.say("(")
            for place in range(self.draw(st.integers(0, 2))):
                if place:
                    self.say(",")
                self.value(depth - 1)
            self.say(")")

    def block(self, depth: int, result: bool = False) -> None:
        before = len(self.names)
        for _ in range(self.draw(st.integers(0, 3 if depth > 0 else 1))):
            self.statement(depth)
            if self.chance(20):
                self.say(";")
        if result and self.chance(60):
            self.say("return")
            if self.chance(80):
                self.value(depth - 1)
            if self.chance(30):
                self.say(";")
        elif self.loops and self.chance(15):
            self.say("break")
        del self.names[before:]

    def statement(self, depth: int) -> None:
        simple = [self.local, self.local, self.assign, self.show, self.show, self.line]
        if self.jumps:
            simple.append(self.jump)
        if self.dialect == "5.5":
            simple.append(self.declare)
        if depth > 0:
            simple += [self.branch, self.count_loop, self.each_loop, self.while_loop]
            simple += [self.repeat_loop, self.local_function, self.method, self.do, self.bracket]
        self.pick(*simple)(depth)

    def local(self, depth: int) -> None:
        kind, write = self.pick(("number", self.number), ("any", self.value))
        name = self.fresh("v")
        self.say("local")
        if self.dialect == "5.5" and self.chance(10):
            self.say("<", "const", ">")
            kind = "any"
        self.say(name)
        if self.attributes and self.chance(15):
            self.say("<", "const", ">")
            kind = "any"
        if kind == "any" and self.chance(20):
            self.say(",", self.fresh("w"))
        if self.attributes and self.chance(5):
            self.say(",", self.fresh("c"), "<", "close", ">", "=", "1", ",", "nil")
            kind = "any"
        elif kind == "number" or self.chance(80):
            self.say("=")
            write(depth)
        self.names.append((name, kind))

    def assign(self, depth: int) -> None:
        name = self.known("number")
        if name is not None and self.chance(50):
            self.say(name, "=")
            self.number(depth)
            return
        table = self.known("table")
        if table is not None and self.chance(50):
            self.say(table, self.pick(".", ":") if self.chance(2) else ".", "k", "=")
        elif self.chance(30):
            self.say("G1", ",", "G2", "=")
        else:
            self.say(self.pick("G1", "G2"), "=")
        self.value(depth)

    def declare(self, depth: int) -> None:
        form = self.draw(st.integers(0, 2))
        if form == 0:
            self.say("global", "*")
        elif form == 1:
            self.say("global", "<", "const", ">", "*")
        else:
            self.say("global", "G1", ",", "G2", ",", "print", ",", "select", ";", "global", "*")

    def show(self, depth: int) -> None:
        self.say("print", "(")
        self.value(depth)
        if name := self.known("number"):
            self.say(",", name)
        self.say(")")

    def line(self, depth: int) -> None:
        self.say("print", "(", "debug", ".", "getinfo", "(", "1", ",", "'l'", ")")
        self.say(".", "currentline", ")")

    def bracket(self, depth: int) -> None:
        self.say("G1", "=", "nil", ";", "(", "print", ")", "(")
        self.value(depth - 1)
        self.say(")")

    def do(self, depth: int) -> None:
        self.say("do")
        self.block(depth - 1)
        self.say("end")

    def jump(self, depth: int) -> None:
        label = self.fresh("l")
        if self.loops and self.loops[-1] and self.chance(60):
            self.say("if")
            self.truth(0)
            self.say("then", "goto", str(self.loops[-1]), "end")
            return
        self.say("do")
        if self.chance(90):
            self.say("goto", label)
        self.block(depth - 1)
        self.say("::", label, "::")
        if self.chance(30):
            self.say("print", "(", "'after'", ")")
        self.say("end")

    def branch(self, depth: int) -> None:
        self.say("if")
        self.truth(depth - 1)
        self.say("then")
        self.block(depth - 1)
        while self.chance(30):
            self.say("elseif")
            self.truth(depth - 1)
            self.say("then")
            self.block(depth - 1)
        if self.chance(40):
            self.say("else")
            self.block(depth - 1)
        self.say("end")

    def inside(self, depth: int, names: list[tuple[str, str]]) -> None:
        """The block of a loop, with a label at its end for those who skip."""
        label = self.fresh("next") if self.jumps and self.chance(40) else None
        before = len(self.names)
        self.names += names
        self.loops.append(label)
        if label:
            self.say("do")
        self.block(depth - 1)
        if label:
            self.say("end", "::", label, "::")
            if self.chance(20) and self.dialect != "luajit":
                self.say(";")
        self.loops.pop()
        del self.names[before:]

    def count_loop(self, depth: int) -> None:
        name = self.fresh("i")
        self.say("for", name, "=", "1", ",", self.pick("2", "3", "0"))
        if self.chance(20):
            self.say(",", "2")
        self.say("do")
        self.inside(depth, [(name, "any")])
        self.say("end")

    def each_loop(self, depth: int) -> None:
        key, value = self.fresh("k"), self.fresh("v")
        self.say("for", key, ",", value, "in", "ipairs", "(", "{", "4", ",", "'x'", "}", ")", "do")
        self.inside(depth, [(key, "any"), (value, "any")])
        self.say("end")

    def while_loop(self, depth: int) -> None:
        name = self.fresh("w")
        self.say("local", name, "=", "0", "while", name, "<", self.pick("1", "2"), "do")
        self.say(name, "=", name, "+", "1")
        self.inside(depth, [(name, "any")])
        self.say("end")

    def repeat_loop(self, depth: int) -> None:
        outer, inner = self.fresh("r"), self.fresh("u")
        self.say("local", outer, "=", "0", "repeat", outer, "=", outer, "+", "1")
        self.say("do")
        self.inside(depth, [(outer, "any")])
        self.say("end")
        self.say("local", inner, "=", outer, "until", inner, ">", self.pick("0", "1"))

    def local_function(self, depth: int) -> None:
        name = self.fresh("f")
        self.say("local", "function", name)
        self.body(depth)
        self.names.append((name, "function"))

    def method(self, depth: int) -> None:
        name = self.fresh("t")
        self.say("local", name, "=", "{", "}")
        self.names.append((name, "table"))
        sign = self.pick(":", ".")
        self.say("function", name, sign, "m")
        self.body(depth, method=sign == ":")
        self.say("print", "(", name, ":", "m")
        self.arguments(1)
        self.say(")")

    def layout(self) -> str:
        """The words with spaces between them: few lines, or a word to a line."""
        wild = self.chance(30)
        parts: list[str] = []
        for word in self.words:
            if parts:
                tight = not (parts[-1][-1].isalnum() or parts[-1][-1] in "_.-<>=~[:'\"")
                if wild:
                    parts.append(self.pick(*_LAYOUT))
                elif not (tight and word[0] in "(){},;" and self.chance(50)):
                    parts.append("\n" if word in ("local", "print", "if", "end") else " ")
            parts.append(word)
        return "".join(parts)


@st.composite
def programs(draw: Callable[[st.SearchStrategy[Any]], Any]) -> tuple[Dialect, str]:
    """A dialect and a program in it."""
    dialect: Dialect = draw(st.sampled_from(DIALECTS))
    return dialect, draw(programs_of(dialect))


@st.composite
def programs_of(draw: Callable[[st.SearchStrategy[Any]], Any], dialect: Dialect) -> str:
    """A program in a dialect."""
    grower = Grower(draw, dialect)
    for _ in range(draw(st.integers(1, 4))):
        grower.statement(3)
    return grower.layout()


def indented(text: str, dialect: Dialect) -> str:
    """A program as people lay it out: a statement to a line, its blocks two columns further in."""
    tree = parse(text, dialect)
    assert tree.ok
    begins: dict[int, int] = {}
    blocks = [(tree.body, 0)]
    while blocks:
        block, depth = blocks.pop()
        if depth:
            begins[block.end] = depth - 1
        for statement in block.statements:
            begins[statement.start] = depth
            blocks += [(inner, depth + 1) for inner in _blocks(statement)]
    parts: list[str] = []
    for token, words in zip(tree.tokens, tree.tokens.texts, strict=False):
        if token.start in begins:
            parts.append("\n" + "  " * begins[token.start])
        elif parts:
            parts.append(" ")
        parts.append(words)
    return "".join(parts).lstrip() + "\n"


def _blocks(node: Node) -> list[Block]:
    """The outermost blocks inside a statement."""
    found = []
    todo = [node]
    while todo:
        for child in todo.pop().children():
            if isinstance(child, Block):
                found.append(child)
            else:
                todo.append(child)
    return found

"""The grammar of LuaCATS: written types and tags, as pictures."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kit.chance import examples
from kit.marked import marked
from tidelock.shared.language.annotations import shown
from tidelock.shared.language.luacats import tags
from tidelock.shared.language.luacats.blocks import read_block
from tidelock.shared.language.luacats.reader import DEPTH, read_type


def drawn(node: object) -> str:
    """A node as a small picture: its kind and its parts without their places."""
    if isinstance(node, tuple):
        fields = getattr(node, "_fields", None)
        if fields is None:
            return f"[{' '.join(map(drawn, node))}]"
        if type(node).__name__ == "Word":
            return str(node[2])
        parts = [drawn(part) for part in node[2 if fields[0] == "start" else 0 :]]
        parts = [part for part in parts if part not in ("", "-", "[]")]
        return f"{type(node).__name__}({', '.join(parts)})"
    if node is None or node is False:
        return "-"
    if isinstance(node, frozenset):
        return "{" + " ".join(sorted(node)) + "}"
    return str(node)


def parts(node: object) -> Iterator[tuple[int, int]]:
    """The places of a node and of all below it."""
    if not isinstance(node, tuple):
        return
    if getattr(node, "_fields", ("",))[0] == "start":
        yield node[0], node[1]
    for part in node:
        yield from parts(part)


@pytest.mark.parametrize(
    ("text", "picture"),
    [
        ("string", "Named(string)"),
        ("file*", "Named(file*)"),
        ("a.b-c.D", "Named(a.b-c.D)"),
        ("größe", "Named(größe)"),
        ("a|b | nil", "Either([Named(a) Named(b) Named(nil)])"),
        ("|a|b", "Either([Named(a) Named(b)])"),
        ("T?", "Maybe(Named(T))"),
        ("T[]?", "Maybe(ListOf(Named(T)))"),
        ("(a|b)[]", "ListOf(Either([Named(a) Named(b)]))"),
        ("((a))", "Named(a)"),
        ("'x'", "Constant(x)"),
        (r'"a\"b"', 'Constant(a"b)'),
        ("-5|0x1F|1.5e2|007", "Either([Constant(-5) Constant(31) Constant(150.0) Constant(7)])"),
        ("true|false", "Either([Constant(True) -])".replace("-", "Constant()")),
        ("`T`", "Captured(T)"),
        ("...", "Variadic()"),
        ("...string", "Variadic(Named(string))"),
        ("any...", "Variadic(Named(any))"),
        ("Box<A, B<C>>", "Named(Box, [Named(A) Named(B, [Named(C)])])"),
        ("table<string, integer>", "Named(table, [Named(string) Named(integer)])"),
        ("[A, B]", "Row([Named(A) Named(B)])"),
        ("[]", "Row()"),
        ("{}", "WrittenTable()"),
        (
            "{ a: A, b?: B; 'c d': C, [string]: D, [1]: E }",
            "WrittenTable([WrittenField(a, Named(A)) WrittenField(b, True, Named(B))"
            " WrittenField(Constant(c d), Named(C)) WrittenField(Named(string), Named(D))"
            " WrittenField(Constant(1), Named(E))])",
        ),
        (
            "{ A, [B], [C]: D }",
            "WrittenTable([WrittenField(Named(A)) WrittenField(Row([Named(B)]))"
            " WrittenField(Named(C), Named(D))])",
        ),
        ("fun()", "WrittenFunction()"),
        (
            "fun(a: A, b?: B, c, ...: D): E, F?",
            "WrittenFunction([WrittenParameter(a, Named(A)) WrittenParameter(b, True, Named(B))"
            " WrittenParameter(c) WrittenParameter(..., Named(D))],"
            " [WrittenResult(Named(E)) WrittenResult(Maybe(Named(F)))])",
        ),
        (
            "async fun<T: A>(x: T): (ok: boolean, error?: string)",
            "WrittenFunction([TypeVariable(T, Named(A))], [WrittenParameter(x, Named(T))],"
            " [WrittenResult(ok, Named(boolean)) WrittenResult(error, Named(string))], True)",
        ),
        ("fun():(a|b)[]", "WrittenFunction([WrittenResult(ListOf(Either([Named(a) Named(b)])))])"),
        (
            "{ f: fun(): A, b: B }",
            "WrittenTable([WrittenField(f, WrittenFunction([WrittenResult(Named(A))]))"
            " WrittenField(b, Named(B))])",
        ),
        (
            "fun(f: fun(): A, b: B)",
            "WrittenFunction([WrittenParameter(f, WrittenFunction([WrittenResult(Named(A))]))"
            " WrittenParameter(b, Named(B))])",
        ),
        ("keyof T", "KeysOf(Named(T))"),
    ],
)
def test_types(text: str, picture: str) -> None:
    written, faults = read_type(text)
    assert faults == []
    assert drawn(written) == picture
    assert (written.start, written.end) == (0, len(text)) or text == "((a))"


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("<!!>", "a type is expected here"),
        ("a |<!!>", "a type is expected here"),
        ("<!$$!>", "a type is expected here, not '$$'"),
        ("<!{!> a: A", "the '{' is not closed; write '}'"),
        ("<!fun!>", None),
        ("fun<!(!>a: A", "the '(' is not closed; write ')'"),
        ("<![!>A, B", "the '[' is not closed; write ']'"),
        ("<!'abc!>", "the text is not closed; write ' behind it"),
        ("<!`T!>", "the backtick is not closed; write ` behind the name"),
        ("fun(<!5!>)", "a parameter is expected here"),
        ("a <!b!>", "the type ends before this"),
        ("fun<<!!>>()", "the name of a type variable is expected here"),
    ],
)
def test_types_that_are_none(source: str, message: str | None) -> None:
    text = marked(source)
    _, faults = read_type(text.text)
    if message is None:
        assert faults == []
        return
    assert [(fault.start, fault.end) for fault in faults] == list(text.ranges)
    assert [fault.message for fault in faults] == [message]


def test_types_nest_up_to_a_limit() -> None:
    assert read_type("(" * (DEPTH - 1) + "a" + ")" * (DEPTH - 1))[1] == []
    messages = {fault.message for fault in read_type("(" * 10_000)[1]}
    assert "the type is nested too deeply" in messages
    assert read_type("{[" * 10_000)[1]
    assert read_type("9" * 5000)[1] == []


@pytest.mark.parametrize(
    ("line", "picture"),
    [
        ("@class A", "Class(A)"),
        ("@class (exact) a.B<T: X, U>: C<T>, D # text", (
            "Class(a.B, [TypeVariable(T, Named(X)) TypeVariable(U)],"
            " [Named(C, [Named(T)]) Named(D)], True, text)"
        )),
        ("@class (partial) A", "Class(A, True)"),
        ("@field a A the text", "Field(public, a, Named(A), the text)"),
        ("@field private a? A|nil", "Field(private, a, True, Either([Named(A) Named(nil)]))"),
        ("@field private string", "Field(public, private, Named(string))"),
        ("@field [string] A", "Field(public, Named(string), Named(A))"),
        ("@field protected ['a b'] A", "Field(protected, Constant(a b), Named(A))"),
        ("@alias A B|C", "Alias(A, Either([Named(B) Named(C)]))"),
        ("@alias A<T> T[] # text", "Alias(A, [TypeVariable(T)], ListOf(Named(T)), text)"),
        ("@enum A", "Enum(A)"),
        ("@enum (key) A", "Enum(A, True)"),
        ("@param a A the text", "Param(a, Named(A), the text)"),
        ("@param a? A @ text", "Param(a, True, Named(A), text)"),
        ("@param a", "Param(a)"),
        ("@param ... A", "Param(..., Named(A))"),
        ("@return A", "Return([Result(Named(A))])"),
        ("@return A a, B b # text", "Return([Result(Named(A), a) Result(Named(B), b)], text)"),
        ("@return A ...", "Return([Result(Named(A), ...)])"),
        ("@return A ... text", "Return([Result(Named(A), ...)], text)"),
        ("@return A 'text'", "Return([Result(Named(A))], 'text')"),
        ("@type A, B", "TypeOf([Named(A) Named(B)])"),
        ("@as A", "As(Named(A))"),
        ("@generic T: A, U", "Generic([TypeVariable(T, Named(A)) TypeVariable(U)])"),
        (
            "@overload fun(a): A text",
            "Overload(WrittenFunction([WrittenParameter(a)], [WrittenResult(Named(A))]), text)",
        ),
        ("@vararg A", "Vararg(Named(A))"),
        (
            "@cast a.b +A, -?, B",
            "Cast(a.b, [Change(+, Named(A)) Change() Change(Named(B))])",
        ),
        ("@operator add(A): B", "Operator(add, Named(A), Named(B))"),
        ("@operator unm: A", "Operator(unm, Named(A))"),
        ("@operator call(A, B): C", "Operator(call, Named(A), Named(C))"),
        (
            "@diagnostic disable-next-line: unused-local, lowercase-global",
            "Diagnostic(disable-next-line, [unused-local lowercase-global])",
        ),
        ("@diagnostic enable", "Diagnostic(enable)"),
        ("@module 'a.b'", "Module(a.b)"),
        ("@module a.b", "Mark(module, a.b)"),
        ("@version <5.2, JIT", "Version({5.1 5.2 luajit})"),
        ("@version >5.4", "Version({5.4 5.5})"),
        ("@deprecated use other", "Mark(deprecated, use other)"),
        ("@meta", "Mark(meta)"),
        ("@async", "Mark(async)"),
        ("@nodiscard", "Mark(nodiscard)"),
        ("@see a.b", "Mark(see, a.b)"),
        ("@source a.c:5", "Mark(source, a.c:5)"),
        ("@private", "Mark(private)"),
        ("@protected", "Mark(protected)"),
        ("@package", "Mark(package)"),
        ("@public", "Mark(public)"),
        ("@tparam string a", "Mark(tparam, string a)"),
        ("plain text", "Text(plain text)"),
        ("mail@example", "Text(mail@example)"),
    ],
)  # fmt: skip
def test_tags(line: str, picture: str) -> None:
    for form in (f"---{line}", f"--- {line}\r"):
        block = read_block(form)
        assert block.faults == ()
        assert drawn(block.items[0]) == picture


def test_types_over_several_lines() -> None:
    raw = "---@type {\n---  a: A, # one\n---  b: fun(\n---    x: X\n---  ): B,\n---}\n--- text"
    block = read_block(raw)
    assert block.faults == ()
    assert drawn(block.items[0]) == (
        "TypeOf([WrittenTable([WrittenField(a, Named(A)) WrittenField(b,"
        " WrittenFunction([WrittenParameter(x, Named(X))], [WrittenResult(Named(B))]))])])"
    )
    assert drawn(block.items[1]) == "Text(text)"
    assert isinstance(block.items[0], tags.TypeOf)
    assert shown(raw, block.items[0].types[0]) == "{ a: A, b: fun( x: X ): B, }"


def test_options_in_lines_of_their_own() -> None:
    raw = '---@alias Mode\n---| "r" # to read\n---|> "w" # to write\n---@param a A\n---| B'
    alias, param = read_block(raw).items
    assert drawn(alias) == (
        'Alias(Mode, Either([Constant(r) Constant(w)]), - `"r"`: to read\n- `"w"`: to write)'
    )
    assert drawn(param) == "Param(a, Either([Named(A) Named(B)]))"
    assert isinstance(alias, tags.Alias)
    assert alias.type is not None
    assert shown(raw, alias.type) == '"r"|"w"'
    assert drawn(read_block("---| no option").items) == "[Text(| no option)]"


VOCABULARY = """
---@ @param @class @return @field @type @cast @alias @generic @operator @version @overload @enum
fun fun( async keyof ( ) { } [ ] < > | ? , : ; ... # ` ' " + - nil string T a.b 5.1 0x JIT -- ä \\
disable-line private exact --[[ ]]
"""
WORDS = st.sampled_from(VOCABULARY.split())
PIECES = st.one_of(WORDS, st.sampled_from([" ", "\n", "\n---", "\n---@", "\n---|", "\r\n"]))


@settings(max_examples=examples(300), deadline=None)
@given(st.one_of(st.lists(PIECES, max_size=40).map("".join), st.text(max_size=60)))
def test_any_text_has_a_reading_whose_places_are_in_it(text: str) -> None:
    raw = f"---@{text}"
    for start, end in parts(tuple(read_block(raw))):
        assert 0 <= start <= end <= len(raw)
    written, faults = read_type(text)
    for start, end in parts((written, *faults)):
        assert 0 <= start <= end <= len(text)


def test_every_example_of_a_tag_is_read_in_linear_time() -> None:
    raw = "\n".join(f"---@field a{number} fun(x: {{ a: A }}): B" for number in range(2000))
    block = read_block(raw)
    assert len(block.items) == 2000
    assert "Unreadable" not in repr(block)

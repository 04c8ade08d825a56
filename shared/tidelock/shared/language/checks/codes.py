"""The codes: everything that can be wrong with a text, what it means, and what mends it.

This is the one list there is; the page of documentation is made from it, and no problem of
Tidelock's own has a code that is not here. Examples are marked as in the tests: ``<!x!>`` is what
is found.

The file is long because it is that list.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, NamedTuple

from tidelock.shared.model import Dialect, Severity

Group = Literal[
    "grammar", "names", "unused", "flow", "values", "calls", "types", "annotations", "safety"
]
Tag = Literal["", "unnecessary", "deprecated"]
Scope = Literal["open", "workspace"]
UNNECESSARY: Tag = "unnecessary"


class Code(NamedTuple):
    """One kind of problem.

    ``fix`` says what is offered to mend it, ``tag`` how an editor may show it; ``others`` are
    names that other tools have for it, of luacheck its numbers.
    """

    name: str
    group: Group
    severity: Severity
    meaning: str
    example: str
    fix: str = ""
    others: tuple[str, ...] = ()
    tag: Tag = ""
    dialect: Dialect = "5.4"

    @property
    def scope(self) -> Scope:
        """Where it is told unless a project says otherwise: in open texts, or in all files.

        In all are what Lua refuses, and what an edit in another file can bring about or is unsafe;
        what a text has by itself, and every hint, is for who works on it.
        """
        is_wide = self.group in _WIDE and self.severity != "hint"
        return "workspace" if is_wide else "open"


_WIDE: tuple[Group, ...] = ("grammar", "names", "calls", "types", "annotations", "safety")


# fmt: off
_LIST = (
    # -- grammar: Lua refuses the text -------------------------------------------------------------
    Code("syntax-error", "grammar", "error", "Lua refuses the text",
         "if a <!!=!> b then end",
         "write what Lua writes instead; write out '+='; close what is open; add or remove a word",
         ("011",)),
    Code("wrong-version-syntax", "grammar", "error", "another Lua would take it, not this one",
         "local x = 7 <!//!> 2", "the same in this Lua; select that Lua", dialect="5.1"),
    Code("compile-limit", "grammar", "error", "a limit: locals, nesting, the length of a text",
         "<!local " + ", ".join(f"_{one}" for one in range(1, 202)) + "!>"),
    Code("undefined-label", "grammar", "error", "a 'goto' that has no label",
         "goto <!done!>", "the nearest label"),
    Code("duplicate-label", "grammar", "error", "a label that is there already",
         "::a::\n::<!a!>::", "remove it"),
    Code("break-outside-loop", "grammar", "error", "a 'break' that has no loop to leave",
         "<!break!>", "remove it"),
    Code("vararg-outside-function", "grammar", "error", "'...' in a function that takes none",
         "local function f()\n  return <!...!>\nend", "let the function take it"),
    Code("assign-to-const", "grammar", "error", "a value for a variable that keeps the one it has",
         "local limit <const> = 3\n<!limit!> = 4", "let it change; make another local",
         ("local-const-reassign",)),
    Code("undeclared-name", "grammar", "error", "a name that no declaration in scope has",
         "global print\n<!total!> = 1", "declare it; 'global *'", dialect="5.5"),

    # -- names -------------------------------------------------------------------------------------
    Code("undefined-global", "names", "warning",
         "a global that no text, library, setting or running program has",
         "<!pritn!>(1)",
         "the nearest name; what this Lua has for it; require its module; declare it", ("113",)),
    Code("unresolved-require", "names", "warning", "a module that cannot be found",
         'local m = require(<!"nowhere"!>)', "the nearest module"),
    Code("different-requires", "names", "warning", "a module that is required by two names",
         "-- main.lua --\nprint(require('sea.tides'), require(<!'sea/tides'!>))\n"
         "-- sea/tides.lua --\nreturn 1", "the plainer name"),
    Code("circular-require", "names", "information",
         "modules that require each other while they load",
         "-- main.lua --\nlocal sea = require(<!'sea'!>)\n-- sea.lua --\nreturn require('main')"),
    Code("implicit-global", "names", "warning",
         "a function makes a global that nothing sets outside of functions",
         "function count()\n  <!total!> = 1\nend", "make it local; declare it",
         ("lowercase-global", "111", "112")),
    Code("read-only-global", "names", "warning",
         "a name of the standard library gets a value that has nothing to do with the old one",
         "<!print!> = nil", "make it local", ("121", "122")),
    Code("unset-local", "names", "warning",
         "a variable that is read and never gets a value, or not before that",
         "local <!total!>\nprint(total)", "begin with 'nil'", ("221", "321")),
    Code("redefined-local", "names", "hint", "a second variable of a name in the same scope",
         "local a = 1\nlocal <!a!> = 2\nprint(a)", "assign to the first one; another name",
         ("411", "412", "413")),
    Code("shadowed-local", "names", "hint", "a variable hides one of the same name further out",
         "local a = 1\ndo\n  local <!a!> = 2\n  print(a)\nend", "another name",
         ("redefined-local", "421", "422", "423", "431", "432", "433")),

    # -- unused ------------------------------------------------------------------------------------
    Code("unused-local", "unused", "hint", "a variable that is never read or assigned to",
         "local <!a!> = 1", "call it '_a'; remove it", ("211",), UNNECESSARY),
    Code("unused-function", "unused", "hint", "a local function that nothing but itself calls",
         "local function <!f!>() end", "call it '_f'; remove it", ("211",), UNNECESSARY),
    Code("unused-argument", "unused", "hint",
         "a parameter that is never read, with none behind it that is",
         "return function(a, <!b!>)\n  return a\nend", "call it '_b'; remove the last",
         ("unused-local", "212"), UNNECESSARY),
    Code("unused-loop-variable", "unused", "hint",
         "a variable of a loop that is never read, with none behind it that is",
         "for key, <!value!> in pairs({}) do\n  print(key)\nend", "call it '_value'",
         ("unused-local", "213"), UNNECESSARY),
    Code("unused-vararg", "unused", "hint", "'...' that the function never looks at",
         "return function(<!...!>)\n  return 1\nend", "remove it", (), UNNECESSARY),
    Code("unused-label", "unused", "hint", "a label that no 'goto' leads to",
         "::<!a!>::", "remove it", ("521",), UNNECESSARY),
    Code("unused-value", "unused", "hint", "a value that no use of its variable can see",
         "local a = f()\nprint(a)\n<!a!> = f()", "remove it; keep the call",
         ("311", "312", "313", "331"), UNNECESSARY),
    Code("write-only-local", "unused", "hint",
         "a variable that is assigned to, or filled, and never read",
         "local <!a!>\na = 1", "remove it; call it '_a'",
         ("unused-local", "231", "232", "233", "241"), UNNECESSARY),

    # -- flow: the course of a program -------------------------------------------------------------
    Code("empty-block", "flow", "hint", "a block without statement or comment",
         "<!if a then!>\nend", "remove it", ("541", "542"), UNNECESSARY),
    Code("empty-statement", "flow", "hint", "a ';' that ends no statement",
         "print(1);<!;!>", "remove it", ("551",), UNNECESSARY),
    Code("redundant-return", "flow", "hint", "a bare 'return' where the function ends anyway",
         "return function()\n  print(1)\n  <!return!>\nend", "remove it", (), UNNECESSARY),
    Code("unreachable-code", "flow", "hint", "statements that no way leads to",
         "while true do\n  break\n  <!print(1)!>\nend", "remove it",
         ("code-after-break", "511"), UNNECESSARY),
    Code("endless-loop", "flow", "hint", "a loop that nothing leaves and that calls nothing",
         "local n = 0\n<!while!> true do\n  n = n + 1\nend"),
    Code("single-pass-loop", "flow", "warning", "a loop that its first round always leaves",
         "<!while!> a do\n  print(a)\n  break\nend", "", ("512",)),
    Code("count-down-loop", "flow", "warning", "a loop whose steps lead away from its limit",
         "for i = <!10, 1!> do\n  print(i)\nend", "add '-1'; swap them", ("571",)),
    Code("constant-condition", "flow", "hint", "a condition that is always true or always false",
         "if <!a or true!> then\n  print(a)\nend", "", ("unnecessary-if",)),
    Code("same-branches", "flow", "warning", "two branches in a row that do the same",
         "if a then\n  print(1)\nelse\n  <!print(1)!>\nend"),
    Code("repeated-condition", "flow", "warning", "a condition that an earlier branch has asked",
         "if a then\n  print(1)\nelseif <!a!> then\n  print(2)\nend"),

    # -- values ------------------------------------------------------------------------------------
    Code("redundant-value", "values", "warning", "more values than variables",
         "local a = 1, <!2!>\nprint(a)", "remove them", ("531",)),
    Code("unbalanced-assignments", "values", "warning", "more variables than values",
         "local a, <!b!> = 1\nprint(a, b)", "add 'nil'", ("532",)),
    Code("almost-swapped", "values", "warning", "an exchange that leaves both the same",
         "local a, b = 1, 2\n<!a = b\nb = a!>\nprint(a, b)", "exchange them at once"),
    Code("self-assignment", "values", "warning", "a variable gets the value it has",
         "local a = 1\n<!a = a!>\nprint(a)", "remove it"),
    Code("duplicate-index", "values", "warning", "a key that the table has already",
         "return { a = 1, <!a!> = 2 }", "remove the first one", ("314",)),
    Code("duplicate-set-field", "values", "warning", "a function that replaces one of its name",
         "local M = {}\nfunction M.f() end\nfunction <!M.f!>() end\nreturn M"),
    Code("newline-call", "values", "warning", "a bracket on a new line that makes a call",
         "local a = print\n<!(a)!>", "end the line before with ';'", ("newfield-call",)),
    Code("confusing-precedence", "values", "warning", "operators that bind otherwise than it looks",
         "return <!not a == b!>", "write '~='; brackets", ("ambiguity-1", "581", "582")),
    Code("suspicious-comparison", "values", "warning", "a comparison that says nothing",
         "return <!a == {}!>", "the comparison that is meant"),
    Code("bad-escape", "values", "warning", "an escape that Lua 5.1 takes as its letter",
         r"return '<!\d!>+'", dialect="5.1"),
    Code("bad-format", "values", "warning",
         "a format that 'string.format' refuses, or that does not fit its values",
         "return string.format(<!'%d %s'!>, 1)"),
    Code("concat-in-loop", "values", "hint", "a text that grows by '..' in each round of a loop",
         "local s = ''\nfor i = 1, 3 do\n  <!s!> = s .. i\nend\nprint(s)"),

    # -- calls -------------------------------------------------------------------------------------
    Code("redundant-parameter", "calls", "warning", "more arguments than the function takes",
         "local function f(a)\n  return a\nend\nf(1, <!2!>)", "remove them"),
    Code("missing-parameter", "calls", "warning", "fewer arguments than the function needs",
         "string.<!rep!>()", "add 'nil'; let it be left out"),
    Code("colon-mismatch", "calls", "warning", "a method called with '.', a function with ':'",
         "local M = {}\nfunction M:f()\n  return self\nend\nM<!.f!>()", "the other sign"),
    Code("call-non-callable", "calls", "warning", "a call of a value that cannot be called",
         "local a = 1\n<!a!>()"),
    Code("close-non-object", "calls", "warning", "a variable to be closed with what cannot be",
         "local file <close> = <!'a.txt'!>\nprint(file)"),
    Code("deprecated", "calls", "hint",
         "what a comment calls deprecated, or a later Lua has no more and this one need not use",
         "---@deprecated\nlocal function f() end\n<!f!>()",
         "what the comment says to use; what replaces it", tag="deprecated"),
    Code("discard-returns", "calls", "warning", "a call whose only use is what it gives, dropped",
         "string.<!upper!>('a')"),

    # -- types -------------------------------------------------------------------------------------
    Code("undefined-field", "types", "warning",
         "a field that its library, its annotated class, or a table all in sight does not have",
         "string.<!uper!>('a')", "the nearest name; what this Lua has for it", ("143",)),
    Code("invisible", "types", "warning", "a field that is private, protected or of its text",
         "---@class A\n---@field private x integer\n\n---@type A\nlocal a = f()\nprint(a.<!x!>)"),
    Code("need-check-nil", "types", "warning", "something is asked of what may be nil",
         "local file = io.open('a')\nprint(<!file!>:read())"),
    Code("param-type-mismatch", "types", "warning", "an argument of another type than is wanted",
         "string.rep(<!{}!>, 2)"),
    Code("assign-type-mismatch", "types", "warning", "a value of another type than is declared",
         "---@type boolean\nlocal a = <!'yes'!>\nprint(a)"),
    Code("cast-local-type", "types", "warning", "a variable gets what its type does not allow",
         "---@type boolean\nlocal a\n<!a!> = 'yes'\nprint(a)"),
    Code("cast-type-mismatch", "types", "warning", "a cast to what the variable never is",
         "---@type boolean\nlocal a = f()\n---@cast a <!string!>\nprint(a)"),
    Code("inject-field", "types", "warning", "a field is set that the class of the object lacks",
         "---@class A\n---@field x integer\n\n---@type A\nlocal a = f()\na.<!y!> = 1",
         "declare it"),
    Code("missing-fields", "types", "warning", "a table without fields that its class has",
         "---@class A\n---@field x integer\n\n---@type A\nlocal a = <!{}!>\nprint(a)"),
    Code("return-type-mismatch", "types", "warning", "a result of another type than is promised",
         "---@return boolean\nlocal function f()\n  return <!'yes'!>\nend\nf()"),
    Code("missing-return", "types", "warning", "a way without 'return' where results are promised",
         "---@return integer\nlocal function f()\n  print(1)\n<!end!>\nf()"),
    Code("missing-return-value", "types", "warning", "fewer results than are promised",
         "---@return integer\nlocal function f()\n  <!return!>\nend\nf()"),
    Code("redundant-return-value", "types", "warning", "more results than are promised",
         "---@return integer\nlocal function f()\n  return 1, <!2!>\nend\nf()"),

    # -- safety ------------------------------------------------------------------------------------
    Code("load-of-input", "safety", "warning", "a program that is put together while it runs",
         "load(<!'return ' .. a!>)", "put values in by '%q'"),
    Code("command-of-input", "safety", "warning", "a command that is put together while it runs",
         "os.execute(<!'ls ' .. a!>)"),
    Code("secret-in-source", "safety", "warning", "what looks like a key of a service",
         'local password = <!"gh5Kq82LmzP0tX"!>\nprint(password)',
         "read it from the environment"),

    # -- annotations -------------------------------------------------------------------------------
    Code("doc-syntax-error", "annotations", "warning", "an annotation that cannot be read",
         "---<!@param!>\nreturn function(a)\n  return a\nend"),
    Code("undefined-doc-name", "annotations", "warning", "a type that nothing declares",
         "---@type <!Nowhere!>\nlocal a = f()\nprint(a)", "the nearest name"),
    Code("undefined-doc-class", "annotations", "warning", "a parent that nothing declares",
         "---@class A: <!Nowhere!>", "the nearest name"),
    Code("undefined-doc-param", "annotations", "warning", "a '@param' that is no parameter",
         "---@param <!nmae!> string\nlocal function f(name)\n  return name\nend\nf()",
         "the nearest name; remove it; describe those that lack"),
    Code("duplicate-doc-param", "annotations", "warning", "a parameter that is described twice",
         "---@param a string\n---@param <!a!> string\nlocal function f(a)\n  return a\nend\nf('')",
         "remove it"),
    Code("duplicate-doc-field", "annotations", "warning", "a field that is described twice",
         "---@class A\n---@field x integer\n---@field <!x!> string", "remove it"),
    Code("duplicate-doc-alias", "annotations", "warning", "an alias that is declared twice",
         "---@alias A string\n---@alias <!A!> integer"),
    Code("circle-doc-class", "annotations", "warning", "a class among its own parents",
         "---@class A: <!B!>\n---@class B: <!A!>"),
    Code("doc-field-no-class", "annotations", "warning", "a '@field' without a '@class' above it",
         "---@field <!x!> integer", "remove it"),
    Code("unknown-cast-variable", "annotations", "warning", "a '@cast' of no variable",
         "---@cast <!nowhere!> integer"),
    Code("unknown-diag-code", "annotations", "warning",
         "a name in '@diagnostic' or 'luacheck:' that is nearly a known one",
         "---@diagnostic disable: <!unused-locl!>", "the nearest name", ("021",)),
    Code("unused-suppression", "annotations", "hint", "a comment that hides what is not there",
         "---@diagnostic disable-next-line: <!unused-local!>\nprint(1)", "remove it",
         tag=UNNECESSARY),
    Code("unknown-doc-tag", "annotations", "warning", "a tag that is nearly one of the known",
         "---<!@retrun!> integer", "the nearest tag"),
    Code("unknown-operator", "annotations", "warning", "an '@operator' that Lua does not have",
         "---@class A\n---@operator <!plus!>(A): A", "the nearest operator"),
)
# fmt: on

CODES: Mapping[str, Code] = {one.name: one for one in _LIST}
"""Every code by its name."""


_GRAMMAR: Mapping[str, str] = {
    "syntax-error": """
        action-after-return ambiguous-syntax args-after-dots block-after-else err-assign-as-eq
        err-c-long-comment err-comment-prefix err-do-as-then err-eq-as-assign err-esc
        err-nonstandard-symbol err-then-as-do exp-in-action global-close-attribute
        index-in-func-name jump-local-scope keyword malformed-number miss-end miss-esc-x miss-exp
        miss-exponent miss-field miss-loop-max miss-loop-min miss-method miss-name
        miss-sep-in-table miss-space-between miss-symbol need-paren nesting-long-mark
        unexpect-efunc-name unexpect-gfunc-name unexpect-lfunc-name unexpect-symbol unicode-name
        unknown-attribute unknown-symbol declare-const multi-close 033
    """,
    "wrong-version-syntax": "unsupport-named-vararg unsupport-symbol",
    "compile-limit": "local-limit",
    "undefined-label": "no-visible-label",
    "duplicate-label": "redefined-label",
    "break-outside-loop": "break-outside",
    "vararg-outside-function": "unexpect-dots",
    "assign-to-const": "assign-const-global set-const 441",
    "undeclared-name": "env-is-global variable-not-declared",
    "doc-syntax-error": """
        lua-doc-miss-sign luadoc-error-diag-mode luadoc-miss-alias-extends luadoc-miss-alias-name
        luadoc-miss-arg-name luadoc-miss-cate-name luadoc-miss-class-extends-name
        luadoc-miss-class-name luadoc-miss-diag-mode luadoc-miss-diag-name
        luadoc-miss-field-extends luadoc-miss-field-name luadoc-miss-fun-after-overload
        luadoc-miss-generic-name luadoc-miss-local-name luadoc-miss-module-name
        luadoc-miss-operator-name luadoc-miss-param-extends luadoc-miss-param-name
        luadoc-miss-see-name luadoc-miss-sign-name luadoc-miss-symbol luadoc-miss-type-name
        luadoc-miss-vararg-type luadoc-miss-version
    """,
}
"""Others' names of what their parsers refuse, by our codes; too many for a column of the page."""

_UNCHECKED = """
await-in-sync codestyle-check global-element
global-in-nil-env incomplete-signature-doc missing-global-doc
missing-local-export-doc name-style-check no-unknown not-yieldable spell-check trailing-space
undefined-env-child unnecessary-assert
022 023 131 142 214 341 561 611 612 613 614 621 631
"""
UNCHECKED = frozenset(_UNCHECKED.split())
"""Others' names of what is not looked at here; they may be written and mean nothing."""


def _named() -> dict[str, frozenset[str]]:
    found: dict[str, set[str]] = {}
    for one in _LIST:
        for name in (one.name, *one.others, *_GRAMMAR.get(one.name, "").split()):
            found.setdefault(name, set()).add(one.name)
    return {name: frozenset(codes) for name, codes in found.items()}


NAMED: Mapping[str, frozenset[str]] = _named()
"""The codes that a name stands for, in our words or those of other tools."""

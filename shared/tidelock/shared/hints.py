"""What may help against an error of Lua's: one table for terminal, notebook, debugger and editor.

It is chosen by Lua's own words, which it never changes or replaces. An error that the program
raises itself gets none, whatever it says.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tidelock.shared.model import CallFrame


class Hint(NamedTuple):
    """An entry: the words it is for, and the help, in which ``{type}`` is a group of the words.

    ``match`` is a regular expression on the message without its place, in which a variable,
    ``{name}``, stands as Lua 5.3 and later have it: ``a nil value (local 'x')``. ``raised`` says
    that the program has to call ``assert`` for it.
    """

    id: str
    match: str
    help: str
    raised: bool = False


_VARIABLE = r"(?: \(\w+(?: iterator)? '(?P<name>[^']*)'\))?"
_PLACES = re.compile(r"(?:[^\n]*?:\d+: )+")
_OLD = re.compile(r"(local|global|field|upvalue|method) ('[^']*') \((an? \w+ value)\)")
_RAISERS = ("error", "assert")

HINTS: tuple[Hint, ...] = (
    Hint("stack-overflow", "stack overflow",
         "what repeats in the stack calls itself and never ends"),
    Hint("nil-method", r"attempt to call a nil value \(method '(?P<name>.*)'\)",
         "the object has no method {name}: its metatable or '__index' may be missing"),
    Hint("gone-unpack", r"attempt to call a nil value \(global 'unpack'\)",
         "it is table.unpack since Lua 5.2"),
    Hint("gone-loadstring", r"attempt to call a nil value \(global 'loadstring'\)",
         "load takes texts since Lua 5.2"),
    Hint("gone-setfenv", r"attempt to call a nil value \(global '[sg]etfenv'\)",
         "since Lua 5.2 an environment is given to load, or is a local '_ENV'"),
    Hint("not-yet-unpack", r"attempt to call a nil value \(field 'unpack'\)",
         "it is unpack before Lua 5.2"),
    Hint("gone-getn", r"attempt to call a nil value \(field 'getn'\)",
         "the length of a list is #t since Lua 5.1"),
    Hint("nil-call", f"attempt to call a nil value{_VARIABLE}",
         "no function is there by that name: it may be spelled otherwise, set later, or be a local"
         " of another chunk"),
    Hint("call-non-function", r"attempt to call an? (?P<type>\w+) value",
         "a {type} cannot be called: a loop over a table needs pairs(t), and a variable may hide"
         " a function"),
    Hint("nil-index", f"attempt to index a nil value{_VARIABLE}",
         "{name} is nil here: set it first, or ask whether it is there"),
    Hint("nil-arithmetic", f"attempt to perform arithmetic on a nil value{_VARIABLE}",
         "{name} is nil here: set it first, or give a default as in (x or 0)"),
    Hint("string-arithmetic",
         r"attempt to (?:perform arithmetic on a string value"
         r"|\w+ a 'string' with a '\w+'|\w+ a '\w+' with a 'string')",
         "the text is no number: tonumber(s) makes one, and '..' joins texts"),
    Hint("nil-concat", f"attempt to concatenate a nil value{_VARIABLE}",
         "{name} is nil here: set it first, or write tostring(x)"),
    Hint("bad-concat", r"attempt to concatenate an? (?P<type>\w+) value",
         "a {type} is no text: tostring(x) and table.concat(t) give one"),
    Hint("compare-same", r"attempt to compare two (?P<type>\w+) values",
         "a {type} has no order: compare one of its fields, or define __lt"),
    Hint("compare-types", r"attempt to compare (?P<a>\w+) with (?P<b>\w+)",
         "{a} and {b} have no order: convert one of them, or find out where it comes from"),
    Hint("nil-length", f"attempt to get length of a nil value{_VARIABLE}",
         "{name} is nil here: set it first, or write #(t or {{}})"),
    Hint("for-values", r"(?:bad )?'for' (?P<part>initial|limit|step)\b.*number",
         "the {part} of the loop is no number: convert it, or give a default"),
    Hint("for-step", "'for' step is zero", "with a step of 0 the loop would never end"),
    Hint("iterate-nil",
         r"bad argument #1 to '(?:for iterator|pairs|ipairs|next)' \(table expected, got n",
         "what the loop goes over is nil: set it first, or write pairs(t or {{}})"),
    Hint("changed-while-iterating", "invalid key to 'next'",
         "no keys may be added to a table while a loop goes over it: collect them first"),
    Hint("bad-key", r"(?:table )?index is (?P<key>nil|NaN)",
         "the key between the brackets is {key}: only other values can be keys"),
    Hint("method-without-self",
         r"bad argument #1 to '(?P<method>\w+)' \(string expected, got no value\)",
         "a method is called with ':', as in s:{method}()"),
    Hint("bad-list-item", r"invalid value \(.*\) at index (?P<index>\d+) in table for 'concat'",
         "only texts and numbers can be joined: item {index} needs tostring(x)"),
    Hint("integer", r"(?:bad argument .*\()?number has no integer representation",
         "a whole number is needed: math.floor(x) gives one"),
    Hint("format", r"bad argument #\d+ to 'format'|invalid (?:conversion|option) '%",
         "each % of the format needs a value of its kind: '%s' takes any, '%%' is a % itself"),
    Hint("bad-argument", r"bad argument #(?P<index>\d+) to '(?P<name>[^']*)' \((?P<what>.*)\)",
         "look at what argument {index} of {name} is here; the object before a ':' is not counted"),
    Hint("bad-pattern", "malformed pattern",
         "a % makes a magic character plain, and find(s, x, 1, true) takes x as it is"),
    Hint("integer-division", r"attempt to (?:divide by zero|perform 'n(?://|%%?)0')",
         "whole numbers cannot be divided by 0: ask before, or divide with 0.0"),
    Hint("module-missing", r"module '(?P<name>.*?)' not found",
         "no file of that name lies in the folders above: lua.path in tidelock.toml adds folders"),
    Hint("dead-coroutine", "cannot resume dead coroutine",
         "its function has ended: coroutine.status(co) says so before"),
    Hint("yield-outside", "attempt to yield from outside a coroutine",
         "only what coroutine.create or coroutine.wrap has made can yield"),
    Hint("yield-across", r"attempt to yield across (?:a |metamethod/)?C-call boundary",
         "what a C function calls, as in gsub and sort, cannot yield here"),
    Hint("sort-order", "invalid order function for sorting",
         "the function must say whether a comes before b: 'a < b', never 'a <= b'"),
    Hint("protected-metatable", "cannot change a protected metatable",
         "its '__metatable' forbids it"),
    Hint("bad-close", r"variable '(?P<name>.*)' got a non-closable value",
         "what '<close>' is to close needs a metatable with '__close'"),
    Hint("assertion", "assertion failed!",
         "assert takes words of its own: assert(x, \"what is wrong\")", raised=True),
)  # fmt: skip


@lru_cache(maxsize=1)
def _compiled() -> tuple[tuple[Hint, re.Pattern[str]], ...]:
    return tuple((hint, re.compile(hint.match)) for hint in HINTS)


def hint_of(message: str, stack: Sequence[CallFrame]) -> Hint | None:
    """The first entry that is for an error, by its message and its stack, innermost first."""
    found = _found(message, stack)
    return found[0] if found else None


def helps(message: str, stack: Sequence[CallFrame]) -> tuple[str, ...]:
    """What to tell of an error beside Lua's words, one sentence each."""
    found = _found(message, stack)
    if found is None:
        return ()
    hint, groups = found
    name = groups.get("name")
    shown = f"'{name}'" if name not in (None, "", "?") else "the value"
    return (hint.help.format_map({**groups, "name": shown}),)


def _found(message: str, stack: Sequence[CallFrame]) -> tuple[Hint, dict[str, str]] | None:
    is_raised = bool(stack) and stack[0].what == "C" and stack[0].name in _RAISERS
    words = _OLD.sub(r"\3 (\1 \2)", message[_end_of_places(message) :])
    for hint, pattern in _compiled():
        match = pattern.match(words)
        if match is not None and hint.raised == is_raised:
            return hint, match.groupdict()
    return None


def _end_of_places(message: str) -> int:
    match = _PLACES.match(message)
    return match.end() if match else 0

"""The types that people write in LuaCATS comments, as a tree; no node knows what a name means.

Offsets count from the start of the text that was read. What could not be read is in the tree too,
as an ``Unreadable``, and a ``Fault`` says why.
"""

from __future__ import annotations

from typing import NamedTuple


class Fault(NamedTuple):
    """What is wrong with a comment, and where."""

    start: int
    end: int
    message: str
    code: str = "doc-syntax-error"


class Word(NamedTuple):
    """A name with its place."""

    start: int
    end: int
    text: str


class Named(NamedTuple):
    """``integer``, ``file*``, ``a.b.C`` or ``Box<string>``; ``name`` is the place of the name."""

    start: int
    end: int
    name: Word
    arguments: tuple[Written, ...] = ()


class Constant(NamedTuple):
    """A type of one value: a string, a number, ``true`` or ``false``."""

    start: int
    end: int
    value: str | int | float | bool


class Captured(NamedTuple):
    """A name in backticks: the type that the text of the argument names."""

    start: int
    end: int
    name: str


class Either(NamedTuple):
    """``A|B``."""

    start: int
    end: int
    options: tuple[Written, ...]


class Maybe(NamedTuple):
    """``T?``: the type or nil."""

    start: int
    end: int
    inner: Written


class ListOf(NamedTuple):
    """``T[]``."""

    start: int
    end: int
    inner: Written


class Row(NamedTuple):
    """``[A, B]``: a list whose places have types of their own."""

    start: int
    end: int
    items: tuple[Written, ...]


class Variadic(NamedTuple):
    """``...T`` or ``T...``: any number of them."""

    start: int
    end: int
    inner: Written | None


class WrittenField(NamedTuple):
    """``key: T`` or ``[K]: T`` in a table type; a bare ``T`` is an element and has no key."""

    start: int
    end: int
    key: Word | Written | None
    is_optional: bool
    type: Written


class WrittenTable(NamedTuple):
    """``{ key: T, [K]: V }``."""

    start: int
    end: int
    fields: tuple[WrittenField, ...]


class WrittenParameter(NamedTuple):
    """A parameter of a function type; a ``type`` may be missing."""

    start: int
    end: int
    name: Word
    is_optional: bool
    type: Written | None


class WrittenResult(NamedTuple):
    """One result of a function type, with its name if it has one."""

    start: int
    end: int
    name: Word | None
    type: Written


class TypeVariable(NamedTuple):
    """A name that stands for a type, and the type it must be."""

    start: int
    end: int
    name: Word
    bound: Written | None


class WrittenFunction(NamedTuple):
    """``fun<T>(a: A, b?: B, ...: C): R, S``; ``returns`` is None when none are written."""

    start: int
    end: int
    variables: tuple[TypeVariable, ...]
    parameters: tuple[WrittenParameter, ...]
    returns: tuple[WrittenResult, ...] | None
    is_async: bool = False


class KeysOf(NamedTuple):
    """``keyof T``."""

    start: int
    end: int
    inner: Written


class Unreadable(NamedTuple):
    """Where a type should be."""

    start: int
    end: int


Written = (
    Named
    | Constant
    | Captured
    | Either
    | Maybe
    | ListOf
    | Row
    | Variadic
    | WrittenTable
    | WrittenFunction
    | KeysOf
    | Unreadable
)
